package postgres

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"article14/mailer"
)

// TestOnePersonIsTheSameByOneStatementAsAmongMany has somebody with two of everything,
// nothing known of some of it.
func TestOnePersonIsTheSameByOneStatementAsAmongMany(t *testing.T) {
	h, a := told(t)
	id := a.ContactID
	for _, q := range []string{
		`UPDATE contact SET name = E'Ö"\\\n’', tell_at = $2, objected_at = $2 WHERE id = $1`,
		`INSERT INTO identifier (contact_id, id, controller_id, kind, value, hash, key_id, added_at)
		 SELECT contact_id, gen_random_uuid(), controller_id, 'phone', '+33 1', hash || '\x00ff', key_id, $2 FROM identifier WHERE contact_id = $1`,
		`INSERT INTO acquisition (contact_id, id, controller_id, source_key, activity_key, obtained_at, obtained_basis, page, visibility, import_id, line, recorded_at)
		 SELECT contact_id, gen_random_uuid(), controller_id, source_key, activity_key, NULL, obtained_basis, page, visibility, import_id, NULL, $2
		 FROM acquisition WHERE contact_id = $1`,
	} {
		if _, err := h.db.ExecContext(h.ctx, q, id, noon.Add(1234567*time.Microsecond)); err != nil {
			t.Fatal(err)
		}
	}
	must(t, h.read(h.ctx, func(x tx) error {
		many, err := x.people(h.ctx, h.controller, []mailer.ID{id})
		must(t, err)
		one, err := x.person(h.ctx, h.controller, id)
		must(t, err)
		if len(one.identifiers) != 2 || len(one.acquisitions) != 2 || len(one.duties) == 0 {
			t.Fatalf("%+v", one)
		}
		if diff := cmp.Diff(many[id], one, cmp.AllowUnexported(person{})); diff != "" {
			t.Error(diff)
		}
		nobody, err := x.person(h.ctx, mailer.NewID(noon), id)
		if nobody != nil || err != nil {
			t.Errorf("another controller's: %v, %v", nobody, err)
		}
		return nil
	}))
}
