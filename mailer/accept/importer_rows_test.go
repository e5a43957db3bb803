package accept_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"article14/mailer"
	"article14/mailer/accept"
)

// endless gives rows without end and counts them.
type endless struct {
	given atomic.Int64
}

func (e *endless) Next() (accept.Record, *accept.Refusal, error) {
	n := e.given.Add(1)
	return rec(n, func(r *accept.Record) { r.Line = n }), nil, nil
}

// stuck is a store that takes some batches, and fails when it is told.
type stuck struct {
	accept.ImportStore
	left    int
	reached chan struct{} // closed when the first batch too many is there
	fail    chan struct{}
}

func (s *stuck) Merge(ctx context.Context, controller, imp mailer.ID, keys accept.BatchKeys, now time.Time, decide func([]mailer.Known, map[string]bool) accept.Merge) error {
	if s.left--; s.left >= 0 {
		return s.ImportStore.Merge(ctx, controller, imp, keys, now, decide)
	}
	close(s.reached)
	<-s.fail
	return errDatabaseAway
}

// TestReadingAheadIsBoundedAndEndsWithTheImport holds that a slow database makes
// the reader wait, and that nothing of the file is read once Run has returned.
func TestReadingAheadIsBoundedAndEndsWithTheImport(t *testing.T) {
	rows := &endless{}
	store := &stuck{ImportStore: newMemory(), left: 3, reached: make(chan struct{}), fail: make(chan struct{})}
	p := planOf("fair", "endless")
	p.Rows = rows
	im := importerFor(newMemory(), 10)
	im.Store = store
	ended := make(chan error)
	go func() { _, err := im.Run(t.Context(), p); ended <- err }()
	<-store.reached
	close(store.fail)
	if err := <-ended; !errors.Is(err, errDatabaseAway) {
		t.Fatalf("it ended with %v", err)
	}
	after := rows.given.Load()
	if after < 40 || after > 60 {
		t.Errorf("%d rows were read for four batches of ten, and no more than two ahead", after)
	}
	for range 1000 {
		if rows.given.Load() != after {
			t.Fatal("the file is read on after the import has ended")
		}
	}
}

// TestAnInstantIsTakenAsFineAsTheStoreKeepsIt: two rows that differ in
// nanoseconds are one obtaining, for they are one in the store as well.
func TestAnInstantIsTakenAsFineAsTheStoreKeepsIt(t *testing.T) { // D5, S1
	m := newMemory()
	at := importNow.AddDate(0, 0, -3).Truncate(time.Second)
	row := func(line int64, nanos time.Duration) accept.Record {
		return rec(line, func(r *accept.Record) { r.SourceRef, r.ObtainedAt = "1", at.Add(nanos) })
	}
	imports(t, m, planOf("fair", "file", row(2, 1000), row(3, 1999)))
	if as := m.only(t).Acquisitions; len(as) != 1 || !as[0].ObtainedAt.Equal(at.Add(time.Microsecond)) {
		t.Errorf("obtainings: %+v", as)
	}
}
