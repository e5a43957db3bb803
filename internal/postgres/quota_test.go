package postgres

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"article14/internal/pacing"
	"article14/internal/privatepg/pgtest"
	"article14/mailer/deliver"
)

// twoStores are a house and one more store on its database, as of another worker.
func twoStores(t *testing.T) (*house, *Store) {
	t.Helper()
	url := pgtest.New(t, migrate)
	stores := make([]*Store, 2)
	for i := range stores {
		var err error
		stores[i], err = Open(t.Context(), url)
		must(t, err)
		t.Cleanup(func() { must(t, stores[i].Close()) })
	}
	return moveIn(t.Context(), t, stores[0], "acme"), stores[1]
}

func TestTwoWorkersTogetherKeepARelaysSecondAndDay(t *testing.T) {
	h, other := twoStores(t)
	stores := []*Store{h.Store, other}
	caps, midnight := pacing.Caps{PerSecond: 50, PerDay: 120}, noon.Add(-12*time.Hour)
	for i, want := range []int{50, 50, 20, 0} {
		second := noon.Add(time.Duration(i) * time.Second)
		var given atomic.Int64
		var workers sync.WaitGroup
		for _, s := range stores {
			for range 8 {
				workers.Go(func() {
					n, err := s.LeaseQuota(h.ctx, h.controller, "default", 7, caps, second, midnight)
					if err != nil {
						t.Error(err)
					}
					given.Add(int64(n))
				})
			}
		}
		workers.Wait()
		equal(t, "given in a second", int(given.Load()), want)
	}
	must(t, other.ReturnQuota(h.ctx, h.controller, "default", 5, noon, midnight))
	n, err := h.LeaseQuota(h.ctx, h.controller, "default", 7, caps, noon.Add(5*time.Second), midnight)
	must(t, err)
	equal(t, "given of what came back", n, 5)
	n, err = h.LeaseQuota(h.ctx, h.controller, "other", 7, caps, noon.Add(5*time.Second), midnight)
	must(t, err)
	equal(t, "given to another relay", n, 7)
	f, err := h.Figures(h.ctx, h.controller, noon)
	must(t, err)
	equal(t, "relays", len(f.Relays), 2)
	equal(t, "a relay's figures", f.Relays[0], deliver.RelayFigures{Relay: "default", Day: midnight, OnDay: 120, Caps: caps})
}
