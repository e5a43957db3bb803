package postgres

import (
	"testing"
	"time"

	"article14/mailer"
)

// shortenAll is what an import does to duties whose date it learns.
const shortenAll = `UPDATE duty SET due_at = due_at - interval '1 hour'`

func TestABatchOfWhichAPlaceIsForgottenAndAnotherStaleEndsEveryDuty(t *testing.T) {
	h := newHouse(t)
	ids := h.people(2, noon.Add(day))
	// a second duty of the first person
	_, err := h.db.Exec(`INSERT INTO duty SELECT (jsonb_populate_record(d, jsonb_build_object('id', gen_random_uuid(), 'cause', 'x'))).* FROM duty d WHERE contact_id = $1`, ids[0])
	must(t, err)
	h.running("spring", 0)
	jobs := h.claim(2, noon)
	equal(t, "duties in flight", h.count(`SELECT count(*) FROM duty WHERE state='in_flight'`), 3)
	as := h.begin(noon, jobs...)
	var one, two mailer.Job
	for _, j := range jobs {
		if j.ContactID == ids[0] {
			one = j
		} else {
			two = j
		}
	}
	// the book was started anew (more than placesAtMost), and knows the second only
	h.places.note(map[mailer.ID]rowPlaces{})
	delete(h.places.known, one.DeliveryID)
	_, err = h.db.Exec(`UPDATE duty SET due_at = due_at - interval '1 hour' WHERE contact_id = $1`, two.ContactID) // an import has shortened it
	must(t, err)
	equal(t, "fenced", len(h.settle(mailer.Relayed, noon, as...)), 0)
	equal(t, "relayed", h.count(`SELECT count(*) FROM delivery WHERE state = 'relayed'`), 2)
	equal(t, "met", h.count(`SELECT count(*) FROM duty WHERE state = 'met'`), 3)
}

func TestADeliveryThatMovesAgainWhileItIsSettledIsSettled(t *testing.T) {
	h := newHouse(t)
	h.people(1, noon.Add(day))
	h.running("spring", 0)
	jobs := h.claim(1, noon)
	as := h.begin(noon, jobs...)
	var v string
	must(t, h.db.Get(&v, `SELECT version()`))
	t.Log(v)
	move := `UPDATE delivery SET due_at = due_at - interval '1 hour'`
	moveD := `UPDATE duty SET due_at = due_at - interval '1 hour'`
	_, err := h.db.Exec(move)
	must(t, err)
	_, err = h.db.Exec(moveD)
	must(t, err)
	tx, err := h.db.Begin()
	must(t, err)
	_, err = tx.Exec(moveD)
	must(t, err)
	_, err = tx.Exec(move)
	must(t, err)
	done := make(chan []mailer.ID)
	go func() { done <- h.settle(mailer.Relayed, noon, as...) }()
	time.Sleep(700 * time.Millisecond)
	must(t, tx.Commit())
	t.Log("fenced", len(<-done))
	t.Log("state", h.state(jobs[0].DeliveryID), "duties met", h.count(`SELECT count(*) FROM duty WHERE state='met'`), "outcomes", h.count(`SELECT count(*) FROM outcome`))
	late := noon.Add(time.Hour)
	q, u, err := h.Rescue(h.ctx, h.controller, late, late)
	must(t, err)
	t.Log("rescued", q, u, h.state(jobs[0].DeliveryID))
	for i := range 3 {
		at := late.Add(time.Duration(i) * time.Hour)
		js := h.claim(1, at)
		if len(js) == 0 {
			break
		}
		st, err := h.Begin(h.ctx, []mailer.Attempt{{ID: mailer.NewID(at), ContactID: js[0].ContactID, DeliveryID: js[0].DeliveryID, ClaimID: js[0].ClaimID, Number: js[0].Attempts + 1, Relay: "r", BegunAt: at}}, at.Add(time.Hour))
		must(t, err)
		t.Log("again: number", js[0].Attempts+1, "stands", len(st))
		q, u, err := h.Rescue(h.ctx, h.controller, at.Add(3*time.Hour), at.Add(3*time.Hour))
		must(t, err)
		t.Log("rescued", q, u)
	}
	if h.state(jobs[0].DeliveryID) != mailer.Relayed || h.count(`SELECT count(*) FROM duty WHERE state='met'`) != 1 {
		t.Fatal("lost")
	}
}

func TestADutyThatMovesAgainWhileItIsSettledIsMet(t *testing.T) {
	h := newHouse(t)
	h.people(1, noon.Add(day))
	h.running("spring", 0)
	as := h.begin(noon, h.claim(1, noon)...)
	moveD := `UPDATE duty SET due_at = due_at - interval '1 hour'`
	_, err := h.db.Exec(moveD)
	must(t, err)
	tx, err := h.db.Begin()
	must(t, err)
	_, err = tx.Exec(moveD)
	must(t, err)
	done := make(chan []mailer.ID)
	go func() { done <- h.settle(mailer.Relayed, noon, as...) }()
	time.Sleep(700 * time.Millisecond)
	must(t, tx.Commit())
	t.Log("fenced", len(<-done))
	equal(t, "met", h.count(`SELECT count(*) FROM duty WHERE state='met'`), 1)
}

func TestADutyThatIsShortenedWhileItsDeliveryIsCancelledIsOpenAgain(t *testing.T) {
	h := newHouse(t)
	h.people(1, noon.Add(day))
	c := h.running("spring", 0)
	tx, err := h.db.Begin()
	must(t, err)
	_, err = tx.Exec(shortenAll)
	must(t, err)
	done := make(chan error)
	go func() { done <- h.cancelQueued(h.ctx, c.ID, noon, 5) }()
	time.Sleep(500 * time.Millisecond)
	must(t, tx.Commit())
	must(t, <-done)
	equal(t, "cancelled", h.count(`SELECT count(*) FROM delivery WHERE state='cancelled'`), 1)
	equal(t, "open again", h.count(`SELECT count(*) FROM duty WHERE state='open'`), 1)
}

func TestADutyThatIsShortenedWhileItIsSettledIsMetWithoutItsPlace(t *testing.T) {
	h := newHouse(t)
	h.people(1, noon.Add(day))
	h.running("spring", 0)
	as := h.begin(noon, h.claim(1, noon)...)
	h.places.known = nil
	tx, err := h.db.Begin()
	must(t, err)
	_, err = tx.Exec(shortenAll)
	must(t, err)
	done := make(chan []mailer.ID)
	go func() { done <- h.settle(mailer.Relayed, noon, as...) }()
	time.Sleep(500 * time.Millisecond)
	must(t, tx.Commit())
	<-done
	equal(t, "met", h.count(`SELECT count(*) FROM duty WHERE state='met'`), 1)
}

func TestADutyThatIsShortenedWhileItIsSettledIsMet(t *testing.T) {
	h := newHouse(t)
	h.people(1, noon.Add(day))
	h.running("spring", 0)
	as := h.begin(noon, h.claim(1, noon)...)
	tx, err := h.db.Begin()
	must(t, err)
	_, err = tx.Exec(shortenAll)
	must(t, err)
	done := make(chan []mailer.ID)
	go func() { done <- h.settle(mailer.Relayed, noon, as...) }()
	time.Sleep(500 * time.Millisecond)
	must(t, tx.Commit())
	<-done
	equal(t, "met", h.count(`SELECT count(*) FROM duty WHERE state='met'`), 1)
}
