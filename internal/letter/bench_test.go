package letter

import (
	"testing"

	"article14/mailer"
)

// BenchmarkLetter prints whole notices, from approved text to PDF; docs/letters.md has
// the figures.
func BenchmarkLetter(b *testing.B) {
	made := newBench(b)
	for _, size := range []mailer.LetterSize{mailer.LetterNormal, mailer.LetterLarge} {
		b.Run(string(size), func(b *testing.B) {
			l := made.letter(b, "fr", "Élodie Bérard")
			l.Size = size
			var p mailer.PrintedLetter
			for b.Loop() {
				var err error
				if p, err = made.printer.Print(l); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "letters/s")
			b.ReportMetric(float64(len(p.PDF))/1000, "kB/letter")
			b.ReportMetric(float64(p.Pages), "pages")
		})
	}
}
