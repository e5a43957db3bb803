package intake

import (
	"strings"
	"sync"
	"unicode"

	"article14/internal/language"
)

// totalWords begin a total line, folded, in the languages of spreadsheets.
var totalWords = sync.OnceValue(func() map[string]bool {
	words := map[string]bool{}
	for _, w := range strings.Split("total,grand total,sub total,subtotal,totals,sum,count,total general,somme,sous total,nombre,effectif,gesamt,gesamtsumme,summe,"+
		"zwischensumme,insgesamt,anzahl,totaal,som,aantal,totale,totale generale,somma,suma,suma total,suma total general,razem,łącznie,ogółem,"+
		"soma,total geral,celkem,součet,spolu,súčet,összesen,összeg,skupaj,vsota,ukupno,zbroj,total geral,yhteensä,summa,totalt,i alt,antal,antall,"+
		"kokku,kopā,iš viso,suma bendra,σύνολο,άθροισμα,общо,сума,iomlán,samtals,total ġenerali,somom", ",") {
		words[language.Fold(w)] = true
	}
	return words
})

// isTotal tells the line under a table that counts or adds up what stands
// above: it begins with the word for that, and the rest are numbers.
func isTotal(cells []string) bool {
	label := ""
	for _, cell := range cells {
		cell = strings.TrimSpace(cell)
		switch {
		case cell == "":
		case label == "":
			if c := cell[0]; c >= '0' && c <= '9' || len(cell) > 60 {
				return false
			}
			label = cell
		case strings.ContainsFunc(cell, func(r rune) bool { return unicode.IsLetter(r) || r == '@' }):
			return false
		}
	}
	return label != "" && totalWords()[language.Fold(strings.TrimRightFunc(label, func(r rune) bool { return !unicode.IsLetter(r) }))]
}
