package postgres

import (
	"testing"
	"time"

	"article14/mailer"
	"article14/mailer/telling"
)

// BenchmarkTellings is what the outbox itself costs: a recipient that answers at once.
func BenchmarkTellings(b *testing.B) {
	h := newHouse(b)
	for _, id := range h.people(b.N, noon.Add(day)) {
		h.passOn(id, "crm", "")
		h.happens(mailer.TellObjected, id, noon)
	}
	s := &system{keys: []string{"crm"}}
	tell := h.teller(s, noon.Add(time.Minute))
	tell.Options = telling.Options{}
	b.ResetTimer()
	for len(s.got) < b.N {
		if _, err := tell.Pass(h.ctx, "crm"); err != nil {
			b.Fatal(err)
		}
	}
}
