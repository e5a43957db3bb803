package postgres

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/lib/pq"

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

// TestAnImportLooksItsPeopleUpByTheirKeys holds that a batch costs the same in a
// table of any size: nothing in it reads a whole table, however long its lists.
func TestAnImportLooksItsPeopleUpByTheirKeys(t *testing.T) {
	h := newHouse(t)
	h.people(1, noon)
	for _, q := range []string{
		`INSERT INTO contact (id, controller_id, created_at, updated_at)
		 SELECT gen_random_uuid(), controller_id, created_at, updated_at FROM contact, generate_series(1, 5000)`,
		`INSERT INTO identifier (contact_id, id, controller_id, kind, hash, key_id, value, added_at)
		 SELECT c.id, gen_random_uuid(), c.controller_id, i.kind, sha256(CAST(c.id AS text)::bytea), i.key_id, i.value, i.added_at
		 FROM contact c, identifier i WHERE c.id <> i.contact_id`,
		`INSERT INTO acquisition (contact_id, id, controller_id, source_key, activity_key, obtained_basis, visibility, recorded_at)
		 SELECT c.id, gen_random_uuid(), c.controller_id, a.source_key, a.activity_key, a.obtained_basis, a.visibility, a.recorded_at
		 FROM contact c, acquisition a WHERE c.id <> a.contact_id`,
		`INSERT INTO duty (contact_id, id, controller_id, activity_key, source_key, cause, due_at, due_rule, due_inputs, state, opened_at)
		 SELECT c.id, gen_random_uuid(), c.controller_id, d.activity_key, d.source_key, d.cause, d.due_at, d.due_rule, d.due_inputs, d.state, d.opened_at
		 FROM contact c, duty d WHERE c.id <> d.contact_id`,
		`INSERT INTO suppression (controller_id, id, kind, hash, key_id, scope, reason, created_at)
		 SELECT controller_id, id, kind, hash, key_id, 'use', 'objected', added_at FROM identifier`,
		`ANALYZE`,
	} {
		_, err := h.db.Exec(q)
		must(t, err)
	}
	var ids []mailer.ID
	kinds, hashes := make([]mailer.IdentifierKind, 4000), make([][]byte, 4000)
	for i := range hashes {
		kinds[i], hashes[i] = mailer.ByEmail, address(i).Hash
		ids = append(ids, mailer.NewID(noon))
	}
	for name, args := range map[string][]any{
		"intake_known":        {h.controller, texts(kinds), pq.ByteaArray(hashes)},
		"intake_suppressed":   {h.controller, texts(kinds), pq.ByteaArray(hashes), noon},
		"people_contacts":     {h.controller, uuids(ids)},
		"people_identifiers":  {h.controller, uuids(ids)},
		"people_acquisitions": {h.controller, uuids(ids)},
		"people_duties":       {h.controller, uuids(ids)},
	} {
		var lines []string
		must(t, h.read(h.ctx, func(x tx) error { return x.SelectContext(h.ctx, &lines, "EXPLAIN "+statement(name), args...) }))
		if plan := strings.Join(lines, "\n"); strings.Contains(plan, "Seq Scan") || !strings.Contains(plan, "Index") {
			t.Errorf("%s reads more than it looks for: %.300s", name, plan)
		}
	}
}
