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
	for _, w := range strings.Split("total,grand total,sub total,subtotal,totals,sum,total general,somme,sous total,gesamt,gesamtsumme,summe,"+
		"zwischensumme,insgesamt,totaal,totale,totale generale,somma,suma,suma total,razem,łącznie,ogółem,"+
		"soma,celkem,součet,spolu,súčet,összesen,összeg,skupaj,vsota,ukupno,zbroj,total geral,yhteensä,summa,totalt,i alt,"+
		"kokku,kopā,iš viso,suma bendra,σύνολο,άθροισμα,общо,сума,iomlán,samtals,total ġenerali", ",") {
		words[language.Fold(w)] = true
	}
	return words
})

// isTotal tells the line under a table that counts or adds up what stands
// above: it begins with the word for that, and the rest are amounts.
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
		case !isAmount(cell):
			return false
		}
	}
	return label != "" && totalWords()[language.Fold(strings.TrimRightFunc(label, func(r rune) bool { return !unicode.IsLetter(r) }))]
}

// isAmount tells a number that counts something from one that somebody is
// called by: that begins with + or a nought, or is longer.
func isAmount(cell string) bool {
	digits := 0
	for _, r := range cell {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case unicode.IsLetter(r), strings.ContainsRune("+@/_", r):
			return false
		}
	}
	return digits <= 9 && !(digits > 1 && cell[0] == '0' && cell[1] >= '0' && cell[1] <= '9')
}
