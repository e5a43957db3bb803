package postgres

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"article14/mailer"
	"article14/mailer/byhand"
	"article14/mailer/deliver"
	"article14/mailer/retain"
)

// faults fail one operation of a batch: the nth that is counted.
type faults struct{ left int }

func (f *faults) next() error {
	f.left--
	if f.left == 0 {
		return errTray
	}
	return nil
}

type faultyStore struct {
	byhand.LetterStore
	*faults
}

func (s faultyStore) BatchMade(ctx context.Context, controller, id mailer.ID) error {
	if err := s.next(); err != nil {
		return err
	}
	return s.LetterStore.BatchMade(ctx, controller, id)
}

type faultyQueue struct {
	deliver.Queue
	*faults
}

func (q faultyQueue) Begin(ctx context.Context, as []mailer.Attempt, until time.Time) (map[mailer.ID]bool, error) {
	if err := q.next(); err != nil {
		return nil, err
	}
	stands, err := q.Queue.Begin(ctx, as, until)
	return stands, errors.Join(err, q.next()) // it is on record, and its answer is lost
}

func (q faultyQueue) Settle(ctx context.Context, ends []mailer.Settlement) ([]mailer.ID, error) {
	if err := q.next(); err != nil {
		return nil, err
	}
	return q.Queue.Settle(ctx, ends)
}

type faultyTray struct {
	*tray
	*faults
}

func (f faultyTray) Letter(l byhand.FinishedLetter) error {
	if err := f.next(); err != nil {
		return err
	}
	return f.tray.Letter(l)
}

func (f faultyTray) Done(b byhand.LetterBatch) error {
	if err := f.next(); err != nil {
		return err
	}
	return errors.Join(f.tray.Done(b), f.next()) // it stands there, and its process is killed
}

// TestABatchThatIsKilledAtAnyStepIsCompletedWithTheSameBytes fails each operation in turn.
func TestABatchThatIsKilledAtAnyStepIsCompletedWithTheSameBytes(t *testing.T) { // E5, DESIGN 7
	p := newPost(t)
	wide := func(n int) mailer.Identifier {
		i := postal(n)
		i.Value = mailer.PostalAddress{Street: []string{"1 Rue"}, Locality: "Lyon", Country: "FR"}.Value()
		return i
	}
	p.Letters.Printer = narrowPrinter{}
	killed := 0
	for step := 1; ; step++ {
		p.reached(3, noon.Add(day), postal)
		p.reached(1, noon.Add(day), wide) // cannot be printed
		p.release(fmt.Sprintf("c%d", step))
		f, out := &faults{step}, &tray{}
		p.Letters.Store, p.Letters.Queue = faultyStore{p.house.Store, f}, faultyQueue{p.house.Store, f}
		b, _, err := p.Letters.Batch(p.ctx, byhand.BatchOrder{Limit: 100, By: "ann"}, func(b byhand.LetterBatch) (byhand.LetterFolder, error) {
			_, err := out.open(b)
			return faultyTray{out, f}, err
		})
		p.Letters.Store, p.Letters.Queue = p.house.Store, p.house.Store
		seen := out.letters
		if err == nil {
			if f.left > 0 {
				break // behind its last step
			}
			t.Fatalf("step %d failed and nobody heard of it", step)
		}
		killed++
		p.at = p.at.Add(time.Hour)
		_, _, err = p.Resume(p.ctx, b.ID, out.open)
		must(t, err)
		equal(t, "letters", len(out.letters), 3)
		for ref, pdf := range seen {
			equal(t, "the bytes of "+ref, out.letters[ref], pdf)
		}
		p.posted(b)
	}
	if killed < 8 {
		t.Errorf("only %d steps were seen", killed)
	}
	equal(t, "met", p.count(`SELECT count(*) FROM duty WHERE state = 'met'`), int64(3*killed))
	equal(t, "attempts", p.count(`SELECT count(*) FROM attempt a JOIN outcome o ON o.id = a.id WHERE o.outcome = 'relayed'`), int64(3*killed))
}

func TestWhoseLetterLiesInABatchIsErasedWhenItIsWithdrawn(t *testing.T) { // T2, T3
	p := newPost(t)
	id := p.reached(1, noon.Add(day), postal)[0]
	p.release("first")
	var out tray
	b := p.batch(&out)
	e := &retain.Eraser{Store: p.house.Store, Registers: p.Letters.Registers, Controller: p.controller, Key: p.key, Now: func() time.Time { return p.at }}
	equal(t, "while it lies there", e.Erase(p.ctx, id, "ben", "they asked for it"), retain.ErrOnItsWay)
	_, err := p.Withdraw(p.ctx, b.ID, out.names, "ben", "they asked to be erased")
	must(t, err)
	must(t, e.Erase(p.ctx, id, "ben", "they asked for it"))
	equal(t, "postal addresses", p.count(`SELECT count(*) FROM identifier WHERE kind = 'postal'`), 0)
	equal(t, "letters that wait", p.figures(noon).ByHand.Letters, 0)
	_, _, err = p.Letters.Batch(p.ctx, byhand.BatchOrder{Limit: 10, By: "ann"}, out.open)
	equal(t, "the next batch", err, byhand.ErrNothingWaits)
}

func TestALetterThatComesBackForSomebodyErasedCorrectsTheirRecord(t *testing.T) { // T3
	p := newPost(t)
	id := p.reached(1, noon.Add(day), postal)[0]
	p.release("first")
	var out tray
	p.posted(p.batch(&out))
	e := &retain.Eraser{Store: p.house.Store, Registers: p.Letters.Registers, Controller: p.controller, Key: p.key, Now: func() time.Time { return p.at }}
	p.at = noon.Add(day)
	must(t, e.Erase(p.ctx, id, "ben", "they asked for it"))
	equal(t, "as it stands", p.count(`SELECT count(*) FROM duty WHERE contact_id = $1 AND reason = 'informed'`, id), 1)
	_, err := p.Returned(p.ctx, out.names[0], mailer.ReturnUnknown, today(p.at), "ben")
	must(t, err)
	equal(t, "as it was", p.count(`SELECT count(*) FROM duty WHERE contact_id = $1 AND state = 'erased' AND reason = 'erased_before_informed'`, id), 1)
	equal(t, "suppressed: nobody is known there", p.count(`SELECT count(*) FROM suppression WHERE kind = 'postal' AND scope = 'address'`), 0)
}
