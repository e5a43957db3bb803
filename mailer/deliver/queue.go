package deliver

import (
	"context"
	"time"

	"article14/mailer"
)

// Queue is made of deliveries. Each method is one transaction.
type Queue interface {
	// Claim takes up to limit deliveries of open lanes for a worker: those still
	// on time have what they need of it, the rest is shared out with the oldest of
	// the backlog (D7, Share); paces are kept across workers; the suppressed are moved to suppressed in the same
	// statement and their duties set failed.
	Claim(ctx context.Context, controller mailer.ID, claim mailer.ID, limit int, now time.Time, lease time.Duration) ([]mailer.Job, error)
	// Begin puts attempts on record before the wire is touched. It returns the ids
	// of the attempts whose claim still stands; the others must not be sent. A lease
	// that would pass before leaseUntil is prolonged to it. An attempt is counted by
	// what ends it.
	Begin(ctx context.Context, attempts []mailer.Attempt, leaseUntil time.Time) (map[mailer.ID]bool, error)
	// Settle ends claims. Those whose claim no longer stands are returned and left as they are.
	Settle(ctx context.Context, batch []mailer.Settlement) (fenced []mailer.ID, err error)
	// Release returns untouched deliveries to the queue; no attempt is charged.
	// attempts that were begun and never touched the wire are taken back. No ids (nil)
	// are all that the claim still holds: its worker is gone, and it never stands again.
	Release(ctx context.Context, claim mailer.ID, deliveries []mailer.ID) error
	// Renew keeps claims alive.
	Renew(ctx context.Context, claims []mailer.ID, leaseUntil time.Time) error
	// Wake moves deferred and, by the policy resend, uncertain deliveries whose time has come back to queued;
	// the uncertain ones of cancelled campaigns stay as they are.
	Wake(ctx context.Context, controller mailer.ID, now time.Time, resendUncertain bool, limit int) (int, error)
	// Rescue ends claims whose lease has passed, a few at a time: begun and not
	// settled becomes uncertain, untouched goes back to queued.
	Rescue(ctx context.Context, controller mailer.ID, now, uncertainUntil time.Time) (queued, uncertain int, err error)
	// Lanes gives the state of every lane, to be asked often.
	Lanes(ctx context.Context, controller mailer.ID) ([]mailer.Lane, error)
	// FinishCampaigns ends running campaigns of kind once with nothing left to send and nothing failed to place again.
	FinishCampaigns(ctx context.Context, controller mailer.ID, now time.Time) ([]string, error)
	// FoldCounters adds up counter deltas.
	FoldCounters(ctx context.Context) error
}
