package intake_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"article14/internal/intake"
	"article14/internal/sample"
)

// BenchmarkRows reads files of 20,000 rows in every layout; its figures are for a row.
func BenchmarkRows(b *testing.B) {
	for _, l := range sample.Layouts() {
		b.Run(l.FileName, func(b *testing.B) {
			var body bytes.Buffer
			if _, err := l.Write(&body, 1, 20_000); err != nil {
				b.Fatal(err)
			}
			s := settings(b)
			s.Source = l.Source
			b.ReportAllocs()
			b.SetBytes(int64(body.Len()) / 20_000)
			b.ResetTimer()
			var file *intake.File
			for range b.N {
				if file == nil {
					var err error
					if file, err = intake.Open(bytes.NewReader(body.Bytes()), s); err != nil {
						b.Fatal(err)
					}
				}
				if _, _, err := file.Next(); errors.Is(err, io.EOF) {
					file = nil
				} else if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
