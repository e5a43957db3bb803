package mailer

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"article14/internal/address"
)

// ReportStore keeps reports. Each method is one transaction.
type ReportStore interface {
	// FileReport takes a report in, once for its door and external id. If its clue
	// leads to a delivery, that is locked, decide says what follows, and it is done
	// in the same transaction; otherwise, or if decide says to wait, it is parked.
	FileReport(ctx context.Context, controller ID, f ReportFile, decide func(ReportedDelivery) Consequence) (ReportFate, error)
	// RefileReport does the same for one that is parked, and only if it still waits.
	RefileReport(ctx context.Context, controller ID, f ReportFile, decide func(ReportedDelivery) Consequence) (ReportFate, error)
	// ParkedReports are those that are to be tried again by now, the longest due first.
	ParkedReports(ctx context.Context, controller ID, now time.Time, limit int) ([]ParkedReport, error)
	// ForgetReports deletes the bytes of reports whose time has come (T4).
	ForgetReports(ctx context.Context, controller ID, now time.Time, limit int) (int, error)
	// ForgetSuppressions deletes suppressions whose time has passed (T4).
	ForgetSuppressions(ctx context.Context, controller ID, now time.Time, limit int) (int, error)
}

// Reports takes in what comes back. Nothing is ever answered.
type Reports struct {
	Store      ReportStore
	Read       func(raw []byte) Report // internal/bounce: takes anything, and may find nothing in it
	Tokens     Tokens
	Allowed    Allowed // channels beside mail, by the register in force at the start: who has one is not blocked at once
	Controller ID
	Now        func() time.Time
	Log        *slog.Logger
}

// reportTries are the waits before a parked report is looked at again; the last
// one repeats. A report that was faster than our own commit is matched by the
// first ones, a lease that must pass first by the third.
var reportTries = []time.Duration{time.Minute, 5 * time.Minute, 20 * time.Minute, time.Hour, 4 * time.Hour, 12 * time.Hour, 24 * time.Hour}

const (
	// reportGiveUp is for how long a report is tried at all.
	reportGiveUp = 5 * 24 * time.Hour
	// reportRawKept is for how long the bytes of what nobody matched or understood
	// are kept for somebody to look at (T4). They name people.
	reportRawKept = 30 * 24 * time.Hour
	// reportsAtOnce bounds one round of trying again and of forgetting.
	reportsAtOnce = 200
)

// Take takes one message in that a door received; sentTo are the addresses to
// which the mail system says it was sent, which it knows better than the message
// does. When Take has returned without error, the report is kept.
func (r *Reports) Take(ctx context.Context, door string, sentTo []string, raw []byte) (ReportFate, Verdict, error) {
	now := r.Now()
	f := r.file(ParkedReport{ID: NewID(now), Door: door, ReceivedAt: now, SentTo: sentTo, Raw: raw}, now)
	fate, err := r.Store.FileReport(ctx, r.Controller, f, r.decide(f))
	if err == nil {
		r.tell(f, fate)
	}
	return fate, f.Verdict, err
}

// Retry looks again at what is parked and due. It tells whether duties failed, so
// that the next channel is looked for soon.
func (r *Reports) Retry(ctx context.Context) (reopened bool, err error) {
	parked, err := r.Store.ParkedReports(ctx, r.Controller, r.Now(), reportsAtOnce)
	for _, p := range parked {
		p.Tries++
		f := r.file(p, r.Now())
		fate, err := r.Store.RefileReport(ctx, r.Controller, f, r.decide(f))
		if err != nil {
			return reopened, err
		}
		r.tell(f, fate)
		reopened = reopened || fate.Duty == DutyFailed
	}
	return reopened, err
}

// Forget deletes bytes and suppressions whose time has come.
func (r *Reports) Forget(ctx context.Context) error {
	if _, err := r.Store.ForgetReports(ctx, r.Controller, r.Now(), reportsAtOnce); err != nil {
		return err
	}
	_, err := r.Store.ForgetSuppressions(ctx, r.Controller, r.Now(), reportsAtOnce)
	return err
}

// file reads a message, the first time and again: keys may have been added, and
// a newer program may understand more.
func (r *Reports) file(p ParkedReport, now time.Time) ReportFile {
	report := r.Read(p.Raw)
	f := ReportFile{ID: p.ID, Door: p.Door, ExternalID: report.ExternalID, ReceivedAt: p.ReceivedAt, At: now,
		Clue: r.Tokens.Clue(p.SentTo, report), Verdict: report.Verdict(),
		SentTo: p.SentTo, Raw: p.Raw, RawUntil: p.ReceivedAt.Add(reportRawKept)}
	if now.Sub(p.ReceivedAt) < reportGiveUp {
		f.NextTry = now.Add(reportTries[min(p.Tries, len(reportTries)-1)])
	}
	return f
}

func (r *Reports) decide(f ReportFile) func(ReportedDelivery) Consequence {
	return func(d ReportedDelivery) Consequence {
		d.Allowed = r.Allowed
		return f.Verdict.Follows(f.Clue.By, d)
	}
}

func (r *Reports) tell(f ReportFile, fate ReportFate) {
	r.Log.Debug("report", "report", f.ID, "door", f.Door, "finding", f.Verdict.Finding(), "status", f.Verdict.Reply.Enhanced,
		"delivery", fate.DeliveryID, "to", fate.To, "replayed", fate.Replayed, "unmatched", fate.Why)
}

// sameMailbox tells whether two addresses are one, as mail systems quote them:
// many fold the case of the local part.
func sameMailbox(a, b string) bool {
	x, errX := address.Parse(a)
	y, errY := address.Parse(b)
	return errX == nil && errY == nil && strings.EqualFold(x.Normal(), y.Normal())
}
