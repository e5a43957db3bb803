package plain

import (
	"slices"
	"strings"
)

var french = rulebook{
	lix:           48,
	elision:       true,
	abbreviations: strings.Fields("p p.ex c.-à-d cf m mm mme mmes mlle dr"),
	beforeNumber:  strings.Fields("art al pp n env tél"),
	refused: slices.Concat(
		phrases(sayPeriod, `
			aussi longtemps que|qu' nécessaire
			aussi longtemps que cela est nécessaire
			aussi longtemps qu' il est nécessaire
			tant que nécessaire
			tant que cela est nécessaire
			tant qu' il est nécessaire
			le temps nécessaire
			la durée nécessaire`),
		phrases(sayPurpose, `
			finalités|fins|buts|objectifs commerciales|commerciaux légitimes
			finalités|fins|buts|objectifs légitimes
			finalités|fins commerciales|professionnelles légitimes
			diverses finalités`),
		[]phrase{
			{words: "partenaires|partenaire", instead: sayWho, bare: true},
			{words: "tiers|tierces", instead: sayWho, bare: true, after: []string{"pays", "état", "états", "deux"}},
			{words: "sociétés affiliées", instead: sayWho, bare: true},
		},
		phrases(saySource, `
			sources accessibles|disponibles au public
			sources publiquement accessibles|disponibles
			sources librement accessibles
			sources publiques|ouvertes
			données|informations accessibles au public`),
		phrases(sayLaw, `
			conformément à la loi|législation|réglementation applicable
			conformément à la loi|législation|réglementation en vigueur
			conformément au droit applicable
			conformément aux lois applicables`),
		phrases(sayOnly, `
			veuillez noter que|qu'
			il convient de noter que|qu'`),
	),
	impersonal: strings.Fields("peut peuvent pouvons pourrait pourraient pourrions"),
	vague: phrases(sayWhatHolds, `
		peut être
		éventuellement|éventuel|éventuelle|éventuels|éventuelles
		parfois|souvent|généralement|habituellement|normalement|probablement
		en général
		le cas échéant
		si nécessaire
		de temps en|à temps|autre
		certains|certaines|certain|certaine
		quelques|divers|diverses
		possible|possibles
		susceptible|susceptibles`),
	others: []string{"vous", "ils", "elles"},
	ours:   []string{"nous", "on"},
}
