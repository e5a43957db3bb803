package letter

import (
	"syscall"
	"testing"
	"time"

	"article14/mailer"
	"article14/mailer/byhand"
)

// BenchmarkLetter prints whole notices; docs/letters.md has the figures. It counts the
// processor's time, which other work on the machine changes little.
func BenchmarkLetter(b *testing.B) {
	made := newBench(b)
	for _, size := range []mailer.LetterSize{mailer.LetterNormal, mailer.LetterLarge} {
		b.Run(string(size), func(b *testing.B) {
			l := made.letter(b, "fr", "Élodie Bérard")
			l.Size = size
			var p byhand.PrintedLetter
			begun := processorTime(b)
			for b.Loop() {
				var err error
				if p, err = made.printer.Print(l); err != nil {
					b.Fatal(err)
				}
			}
			each := (processorTime(b) - begun) / time.Duration(b.N)
			b.ReportMetric(float64(each.Microseconds())/1000, "cpu-ms/letter")
			b.ReportMetric(1/each.Seconds(), "letters/cpu-s")
			b.ReportMetric(float64(len(p.PDF))/1000, "kB/letter")
			b.ReportMetric(float64(p.Pages), "pages")
		})
	}
}

func processorTime(b *testing.B) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
