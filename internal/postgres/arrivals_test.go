package postgres

import (
	"math/rand/v2"
	"testing"

	"article14/mailer"
)

// An index over the page itself would refuse a row of more than 2,704 bytes.
func TestTheLongestPageThatIsTakenInIsStored(t *testing.T) { // S1
	h := newHouse(t)
	m := h.newPerson(1, noon)
	rnd := rand.New(rand.NewPCG(1, 2))
	page := make([]rune, 2048)
	page[0] = '\\'
	for i := range page[1:] {
		page[i+1] = 0x4e00 + rune(rnd.IntN(20_000)) // three bytes each, and nothing to compress
	}
	contact := m.NewContacts[0].ID
	m.Acquisitions[contact][0].Page = string(page)
	h.store(m)
	again := m
	again.NewContacts = nil
	again.Acquisitions = map[mailer.ID][]mailer.Acquisition{contact: {m.Acquisitions[contact][0]}}
	again.Acquisitions[contact][0].ID = mailer.NewID(noon)
	h.store(again)
	equal(t, "obtainings, the same one twice", h.count(`SELECT count(*) FROM acquisition`), 1)
	again.Acquisitions[contact][0].Page = string(page[:2047])
	again.Acquisitions[contact][0].ID = mailer.NewID(noon)
	h.store(again)
	equal(t, "obtainings, one of another page", h.count(`SELECT count(*) FROM acquisition`), 2)
}
