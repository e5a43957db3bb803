package postgres

import (
	"testing"

	"article14/mailer"
)

// Changes that an import makes to what a worker has in its hands.
const (
	shortenDuties     = `UPDATE duty SET due_at = due_at - interval '1 hour'`
	shortenDeliveries = `UPDATE delivery SET due_at = due_at - interval '1 hour'`
)

// beside runs do while somebody else changes rows and has not committed yet, and lets
// them commit when do waits for that.
func (h *house) beside(do func() error, changes ...string) {
	h.t.Helper()
	other, err := h.db.Begin()
	must(h.t, err)
	for _, q := range changes {
		_, err := other.Exec(q)
		must(h.t, err)
	}
	done := make(chan error, 1)
	go func() { done <- do() }()
	for h.count(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) == 0 {
	}
	must(h.t, other.Commit())
	must(h.t, <-done)
}

func (h *house) settling(as []mailer.Attempt) func() error {
	return func() error {
		h.settle(mailer.Relayed, noon, as...)
		return nil
	}
}

func TestWhatIsChangedWhileItIsSettledIsToldAndMet(t *testing.T) { // E2, invariant 4
	for name, c := range map[string]struct {
		before  string // and so the rows are not at their places any more
		beside  []string
		forgets bool
	}{
		"a duty at its place":                         {"", []string{shortenDuties}, false},
		"a duty whose place is not known":             {"", []string{shortenDuties}, true},
		"a duty that had moved before":                {shortenDuties, []string{shortenDuties}, false},
		"a delivery at its place":                     {"", []string{shortenDeliveries}, false},
		"a delivery and a duty that had moved before": {shortenDeliveries, []string{shortenDuties, shortenDeliveries}, false},
		"a delivery and a duty whose places are gone": {"", []string{shortenDuties, shortenDeliveries}, true},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.people(2, noon.Add(day))
			h.running("spring", 0)
			as := h.begin(noon, h.claim(2, noon)...)
			if c.before != "" {
				_, err := h.db.Exec(c.before)
				must(t, err)
			}
			if c.forgets {
				h.places.known = nil
			}
			h.beside(h.settling(as), c.beside...)
			equal(t, "relayed", h.count(`SELECT count(*) FROM delivery WHERE state = 'relayed' AND attempts = 1`), 2)
			equal(t, "met", h.count(`SELECT count(*) FROM duty WHERE state = 'met'`), 2)
			equal(t, "outcomes", h.count(`SELECT count(*) FROM outcome`), 2)
			equal(t, "claims", h.count(`SELECT count(*) FROM claim`), 0)
		})
	}
}

func TestADutyThatIsShortenedWhileItsDeliveryIsCancelledIsOpenAgain(t *testing.T) { // invariant 4
	h := newHouse(t)
	h.people(1, noon.Add(day))
	c := h.running("spring", 0)
	h.beside(func() error { return h.cancelQueued(h.ctx, c.ID, noon, 5) }, shortenDuties)
	equal(t, "cancelled", h.count(`SELECT count(*) FROM delivery WHERE state = 'cancelled'`), 1)
	equal(t, "open again", h.count(`SELECT count(*) FROM duty WHERE state = 'open'`), 1)
}

func TestABatchOfWhichOnePlaceIsForgottenAndAnotherStaleEndsEveryDuty(t *testing.T) { // invariant 4
	h := newHouse(t)
	ids := h.people(2, noon.Add(day))
	_, err := h.db.Exec(`INSERT INTO duty SELECT (jsonb_populate_record(d, jsonb_build_object('id', gen_random_uuid(), 'cause', 'x'))).* FROM duty d WHERE contact_id = $1`, ids[0])
	must(t, err)
	h.running("spring", 0)
	jobs := h.claim(2, noon)
	equal(t, "duties in flight", h.count(`SELECT count(*) FROM duty WHERE state = 'in_flight'`), 3)
	as := h.begin(noon, jobs...)
	for _, j := range jobs {
		if j.ContactID == ids[0] {
			h.places.forget([]mailer.ID{j.DeliveryID})
		}
	}
	_, err = h.db.Exec(shortenDuties+` WHERE contact_id = $1`, ids[1])
	must(t, err)
	equal(t, "fenced", len(h.settle(mailer.Relayed, noon, as...)), 0)
	equal(t, "relayed", h.count(`SELECT count(*) FROM delivery WHERE state = 'relayed'`), 2)
	equal(t, "met", h.count(`SELECT count(*) FROM duty WHERE state = 'met'`), 3)
}
