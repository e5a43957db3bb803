package plain

import (
	"slices"
	"strings"
)

var german = rulebook{
	lix:           52,
	ordinals:      true,
	abbreviations: strings.Fields("z b z.b d h d.h u a u.a bzw ggf vgl evtl dr prof hr fr inkl zzgl gem i.v.m"),
	beforeNumber:  strings.Fields("art abs nr nrn lit s tel ca"),
	refused: slices.Concat(
		phrases(sayPeriod, `
			so lange|lang wie nötig|erforderlich|notwendig
			solange wie nötig|erforderlich|notwendig
			solange nötig|erforderlich|notwendig
			solange dies|es|das nötig|erforderlich|notwendig ist
			solange wie dies|es|das nötig|erforderlich|notwendig ist
			die erforderliche|notwendige|nötige dauer|zeit`),
		phrases(sayPurpose, `
			berechtigte*|legitime* geschäftszweck*|geschäftsinteressen
			berechtigte*|legitime* geschäftliche* zweck*|interesse*
			berechtigte*|legitime* zweck*
			geschäftliche* zweck*
			verschiedene* zweck*`),
		[]phrase{
			{words: "partner|partnern|partnerunternehmen|geschäftspartner|geschäftspartnern", instead: sayWho, bare: true},
			{words: "dritte|dritten|dritter|drittanbieter|drittanbietern", instead: sayWho, bare: true, noun: true},
			{words: "verbundene* unternehmen", instead: sayWho, bare: true},
		},
		phrases(saySource, `
			öffentlich|frei|allgemein zugängliche*|verfügbare* quelle*|daten|informationen
			öffentliche*|offene* quellen`),
		phrases(sayLaw, `
			gemäß|nach geltendem|anwendbarem recht
			im einklang mit geltendem|anwendbarem recht
			im einklang mit dem geltenden|anwendbaren recht
			im rahmen der gesetzlichen bestimmungen|vorschriften`),
		phrases(sayOnly, `
			bitte beachten sie
			bitte nehmen sie zur kenntnis`),
	),
	modals:     []string{"können", "könnten"},
	impersonal: []string{"kann", "könnte"},
	vague: phrases(sayWhatHolds, `
		möglicherweise|vielleicht|eventuell|wahrscheinlich|mitunter
		gegebenenfalls|ggf|evtl
		unter umständen
		manchmal|oft|häufig|gelegentlich|normalerweise|üblicherweise|grundsätzlich|teilweise
		in der regel
		von zeit zu zeit
		einige|einigen|einiger|manche|manchen|mancher
		gewisse*|bestimmte|bestimmten
		mögliche|möglichen|möglicher|mögliches
		soweit|sofern|falls erforderlich|nötig`),
	others: []string{"sie"},
	ours:   []string{"wir"},
}
