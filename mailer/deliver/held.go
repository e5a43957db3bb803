package deliver

import (
	"sync"
	"time"

	"article14/mailer"
)

// heldClaims counts what is not yet settled of each claim, so that its lease is
// renewed, and knows until when each stands.
//
// A machine may sleep, a process be stopped, a database be away, for longer than a
// lease. By then what was on record ahead of the connections belongs to whoever
// rescued it. So nothing is sent under a claim of whose lease less than half is
// left, and such a claim never stands again, whatever a late renewal says.
type heldClaims struct {
	mu     sync.Mutex
	claims map[mailer.ID]*heldClaim
	ended  func(mailer.ID) // told of each claim of which all is settled or released
}

type heldClaim struct {
	open  int       // deliveries not yet settled or released
	until time.Time // by the wall clock: the other one stops while a machine sleeps
	may   permit    // under which it was made
}

func (h *heldClaims) add(claim mailer.ID, n int, until time.Time, may permit) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.claims == nil {
		h.claims = map[mailer.ID]*heldClaim{}
	}
	if n > 0 {
		h.claims[claim] = &heldClaim{n, until.Round(0), may}
	}
}

// permit is the one under which a claim was made.
func (h *heldClaims) permit(claim mailer.ID) permit {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c := h.claims[claim]; c != nil {
		return c.may
	}
	return permit{}
}

// count is how many deliveries are held.
func (h *heldClaims) count() (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range h.claims {
		n += c.open
	}
	return n
}

func (h *heldClaims) done(claim mailer.ID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := h.claims[claim]
	if c == nil {
		return
	}
	if c.open--; c.open <= 0 {
		delete(h.claims, claim)
		h.ended(claim)
	}
}

// stands tells whether at least so much of a claim's lease is left, and the day is not
// over for which its relay gave leave.
func (h *heldClaims) stands(claim mailer.ID, now time.Time, least time.Duration) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := h.claims[claim]
	return c != nil && c.until.Sub(now.Round(0)) >= least && !c.may.over(now)
}

func (h *heldClaims) renewed(claims []mailer.ID, until time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, claim := range claims {
		if c := h.claims[claim]; c != nil {
			c.until = until.Round(0)
		}
	}
}

// all are the claims that are held, and those of them of whose lease at least so
// much is left.
func (h *heldClaims) all(now time.Time, least time.Duration) (all, standing []mailer.ID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for id, c := range h.claims {
		all = append(all, id)
		if c.until.Sub(now.Round(0)) >= least {
			standing = append(standing, id)
		}
	}
	return all, standing
}
