package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"article14/mailer"
	"article14/mailer/telling"
)

// mortal is a store whose process is killed at its nth call: before the call does anything, or
// after it has committed. Whatever is called then fails.
type mortal struct {
	*Store
	left  int
	after bool
}

var errKilled = errors.New("the process is gone")

func (m *mortal) dies(do func() error) error {
	m.left--
	switch {
	case m.left > 0:
		return do()
	case m.left == 0 && m.after:
		if err := do(); err != nil {
			return err
		}
	}
	return errKilled
}

func (m *mortal) ClaimTellings(ctx context.Context, controller mailer.ID, recipient string, claim mailer.ID, limit int, now, until time.Time) (jobs []telling.Job, err error) {
	err = m.dies(func() error {
		jobs, err = m.Store.ClaimTellings(ctx, controller, recipient, claim, limit, now, until)
		return err
	})
	return jobs, err
}

func (m *mortal) BeginTelling(ctx context.Context, a telling.Attempt) (ok bool, err error) {
	err = m.dies(func() error { ok, err = m.Store.BeginTelling(ctx, a); return err })
	return ok, err
}

func (m *mortal) SettleTelling(ctx context.Context, controller mailer.ID, s telling.Settlement) (ok bool, err error) {
	err = m.dies(func() error { ok, err = m.Store.SettleTelling(ctx, controller, s); return err })
	return ok, err
}

func (m *mortal) ReleaseTellings(ctx context.Context, claim mailer.ID) error {
	return m.dies(func() error { return m.Store.ReleaseTellings(ctx, claim) })
}

// outbox is a house whose recipient is told, at any pace and through any kill.
type outbox struct {
	*house
	now    time.Time
	people []mailer.ID
	sys    *system
	taken  []mailer.ID // tellings that the recipient took, in order
	listed map[mailer.ID]bool
	wrong  string // what the recipient saw that must not be; it hears in a goroutine of its own
}

// row is a telling as the database has it.
type outboxRow struct {
	ID      mailer.ID        `db:"id"`
	Contact mailer.ID        `db:"contact_id"`
	Number  int              `db:"number"`
	State   mailer.TellState `db:"state"`
	EndedBy string           `db:"ended_by"`
}

func (o *outbox) rows() (rows []outboxRow) {
	o.t.Helper()
	must(o.t, o.db.SelectContext(o.ctx, &rows, `SELECT id, contact_id, number, state, ended_by FROM telling WHERE controller_id = $1 ORDER BY contact_id, number`, o.controller))
	return rows
}

// receive is the recipient. It holds what it gets against the books.
func (o *outbox) receive(answer int) func(telling.Message) telling.Answer {
	return func(m telling.Message) telling.Answer {
		rows := o.rows()
		i := slices.IndexFunc(rows, func(r outboxRow) bool { return r.ID == m.ID })
		for _, r := range rows {
			switch {
			case r.Contact != rows[i].Contact:
			case r.ID == m.ID && r.State != mailer.TellSending:
				o.wrong = fmt.Sprintf("telling %d is %s and was sent", r.Number, r.State)
			case r.Number < rows[i].Number && (r.State == mailer.TellWaiting || r.State == mailer.TellSending):
				o.wrong = fmt.Sprintf("telling %d was sent before %d, which is %s", rows[i].Number, r.Number, r.State)
			case r.Number > rows[i].Number && (r.State == mailer.TellTold || r.State == mailer.TellDone):
				o.wrong = fmt.Sprintf("telling %d was sent behind %d, which is %s", rows[i].Number, r.Number, r.State)
			}
		}
		if answer == 200 {
			o.taken = append(o.taken, m.ID)
		}
		if answer == 0 { // it took it, and the answer was lost on the way
			o.taken = append(o.taken, m.ID)
			return telling.Answer{Fault: telling.FaultTimeout}
		}
		return telling.Answer{Status: answer}
	}
}

func (o *outbox) happens(t *rapid.T) {
	event := rapid.SampledFrom(mailer.TellEvents).Draw(t, "event")
	o.house.happens(event, rapid.SampledFrom(o.people).Draw(t, "contact"), o.now)
}

// work makes a pass that may be killed at any of its steps.
func (o *outbox) work(t *rapid.T) {
	o.sys.answer = o.receive(rapid.SampledFrom([]int{200, 200, 200, 0, 400, 500, 410}).Draw(t, "answer"))
	tell := o.teller(o.sys, o.now)
	tell.Options.Schedule = telling.Schedule{time.Minute, time.Minute}
	tell.Store = &mortal{Store: o.Store, left: rapid.IntRange(1, 12).Draw(t, "steps"), after: rapid.Bool().Draw(t, "after the commit")}
	if _, err := tell.Pass(o.ctx, "crm"); err != nil && !errors.Is(err, errKilled) {
		o.t.Fatal(err)
	}
}

func (o *outbox) wait(t *rapid.T) {
	o.now = o.now.Add(time.Duration(rapid.SampledFrom([]int{1, 3, 60}).Draw(t, "minutes")) * time.Minute)
	must(o.t, o.teller(o.sys, o.now).KeepHouse(o.ctx))
}

func (o *outbox) decide(t *rapid.T) {
	rows := o.rows()
	if len(rows) == 0 {
		return
	}
	r := rapid.SampledFrom(rows).Draw(t, "telling")
	desk := o.desk(o.now)
	var err error
	switch rapid.IntRange(0, 3).Draw(t, "decision") {
	case 0:
		err = desk.Done(o.ctx, r.ID, "Ann", "by telephone")
	case 1:
		err = desk.Retry(o.ctx, r.ID, "Ann", "mended")
	case 2:
		_, _, err = desk.RetryAll(o.ctx, "crm", "Ann", "mended")
	case 3:
		var l list
		_, err = desk.Export(o.ctx, "crm", "Ann", func() (telling.List, error) { return &l, nil })
		for _, line := range l.lines {
			id, perr := mailer.ParseID(line.ID)
			must(o.t, perr)
			o.listed[id] = true
		}
	}
	if err != nil && !errors.Is(err, telling.ErrState) && !errors.Is(err, telling.ErrOvertaken) && !errors.Is(err, telling.ErrEarlier) && !errors.Is(err, telling.ErrNoneToTell) {
		o.t.Fatal(err)
	}
}

// drain has everything come to its end with a recipient that takes all.
func (o *outbox) drain() {
	o.sys.answer = o.receive(200)
	for round := 0; ; round++ {
		o.now = o.now.Add(time.Hour)
		_, _, err := o.desk(o.now).RetryAll(o.ctx, "crm", "Ann", "mended")
		if err != nil && !errors.Is(err, telling.ErrNoneToTell) {
			o.t.Fatal(err)
		}
		tell := o.teller(o.sys, o.now)
		must(o.t, tell.KeepHouse(o.ctx))
		_, err = tell.Pass(o.ctx, "crm")
		must(o.t, err)
		if o.count(`SELECT count(*) FROM telling WHERE controller_id = $1 AND state IN ('waiting', 'sending')`, o.controller) == 0 {
			return
		}
		if round == 100 {
			o.t.Fatalf("it does not come to its end: %v", o.rows())
		}
	}
}

// TestRecipientsAreToldAtLeastOnceInOrderAndNeverAfterTheEnd kills the teller at every step.
func TestRecipientsAreToldAtLeastOnceInOrderAndNeverAfterTheEnd(t *testing.T) { // R7, invariant 7
	s := open(t)
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		h := moveIn(t.Context(), rt, s, fmt.Sprintf("acme-%d", n))
		o := &outbox{house: h, now: noon, people: h.people(2, noon.Add(day)), sys: &system{keys: []string{"crm"}}, listed: map[mailer.ID]bool{}}
		for _, id := range o.people {
			o.passOn(id, "crm", id.String())
		}
		rt.Repeat(map[string]func(*rapid.T){
			"happens": o.happens, "work": o.work, "work again": o.work, "wait": o.wait, "decide": o.decide,
			"": func(t *rapid.T) {
				if o.wrong != "" {
					t.Fatal(o.wrong)
				}
			},
		})
		o.drain()
		equal(rt, "in the end", o.wrong, "")
		last := map[mailer.ID]int{} // contact to the number that the recipient heard last, for good
		for _, r := range o.rows() {
			at := -1
			for i, id := range o.taken {
				if id == r.ID {
					at = i
				}
			}
			switch {
			case r.State == mailer.TellTold && r.EndedBy == "" && at < 0:
				rt.Fatalf("telling %d is told, and was never taken", r.Number)
			case r.State == mailer.TellTold && r.EndedBy != "" && !o.listed[r.ID]:
				rt.Fatalf("telling %d was exported, and is on no list", r.Number)
			case r.State == mailer.TellTold && r.EndedBy == "" && at < last[r.Contact]:
				rt.Fatalf("telling %d was heard before one that came before it", r.Number)
			case r.State != mailer.TellTold && r.State != mailer.TellDone && r.State != mailer.TellDead:
				rt.Fatalf("telling %d is %s in the end", r.Number, r.State)
			}
			if r.State == mailer.TellTold && r.EndedBy == "" {
				last[r.Contact] = at
			}
		}
		o.tellingsAddUp()
	})
}
