package track

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"article14/internal/address"
	"article14/mailer"
)

// ReportStore keeps reports. Each method is one transaction.
type ReportStore interface {
	// FileReport takes a report in, once for its door and external id. If its clue
	// leads to a delivery, that is locked, decide says what follows, and it is done
	// in the same transaction; otherwise, or if decide says to wait, it is parked.
	FileReport(ctx context.Context, controller mailer.ID, f ReportFile, decide func(ReportedDelivery) Consequence) (ReportFate, error)
	// RefileReport does the same for one that is parked, and only if it still waits.
	RefileReport(ctx context.Context, controller mailer.ID, f ReportFile, decide func(ReportedDelivery) Consequence) (ReportFate, error)
	// PutOffReport has one that is parked wait for the file's next try, or gives it up where
	// there is none, whatever keeps it from being filed.
	PutOffReport(ctx context.Context, controller mailer.ID, f ReportFile) error
	// ParkedReports are those that are to be tried again by now, the longest due first.
	ParkedReports(ctx context.Context, controller mailer.ID, now time.Time, limit int) ([]ParkedReport, error)
	// ForgetReports deletes the bytes of reports whose time has come (T4). Those that wait
	// still are given up with them.
	ForgetReports(ctx context.Context, controller mailer.ID, now time.Time, limit int) (int, error)
	// ForgetSuppressions deletes suppressions whose time has passed (T4).
	ForgetSuppressions(ctx context.Context, controller mailer.ID, now time.Time, limit int) (int, error)
}

// Reports takes in what comes back. Nothing is ever answered.
type Reports struct {
	Store      ReportStore
	Read       func(raw []byte) Report // internal/bounce: takes anything, and may find nothing in it
	Answers    *Answers                // what becomes of people's answers; nil: they are kept as reports that nobody understood
	Tokens     mailer.Tokens
	Allowed    mailer.Allowed                         // channels beside mail, by the register in force at the start: who has one is not blocked at once
	Objectable func(activity string) bool             // R10, by the same register; nil: each is
	Objected   func(mailer.Objection) *mailer.Tidings // what recipients are told of an objection (R7), by the same register; nil: nothing
	Controller mailer.ID
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

// Take takes one message in. When it has returned without an error, the message is
// kept, and only then may its door say so; an error means: bring it again.
func (r *Reports) Take(ctx context.Context, in Incoming) error {
	_, _, err := r.Judge(ctx, in)
	return err
}

// Judge is Take for a door that shows its user what became of the message.
func (r *Reports) Judge(ctx context.Context, in Incoming) (ReportFate, Verdict, error) {
	now := r.Now()
	if in.ReceivedAt.IsZero() {
		in.ReceivedAt = now
	}
	report := r.read(in)
	f := r.file(ParkedReport{ID: mailer.NewID(now), Door: in.Door, ReceivedAt: in.ReceivedAt, SentTo: in.SentTo, Raw: in.Raw}, report, now)
	if in.ExternalID != nil {
		f.ExternalID = in.ExternalID
	}
	if report.Kind == KindAnswer && r.Answers != nil {
		fate, err := r.Answers.take(ctx, f, report.Said)
		return fate, f.Verdict, err
	}
	fate, err := r.Store.FileReport(ctx, r.Controller, f, r.decide(f))
	if err == nil {
		r.tell(f, fate)
	}
	return fate, f.Verdict, err
}

// read reads a message as a door brought it. What a mail system sent by the null sender no
// person wrote, whatever it looks like (RFC 3834, 2).
func (r *Reports) read(in Incoming) Report {
	report := r.Read(in.Raw)
	if report.Kind == KindAnswer && in.MailFrom == "" && (in.Door == DoorSMTP || in.Door == DoorLMTP) {
		report.Kind = KindAutomatic
	}
	return report
}

// parked is a parked message as its door brought it: doors that speak SMTP put the envelope
// sender in front of what they keep (RFC 5321, 4.4).
func parked(p ParkedReport) Incoming {
	in := Incoming{Door: p.Door, SentTo: p.SentTo, Raw: p.Raw, ReceivedAt: p.ReceivedAt}
	line, _, _ := bytes.Cut(p.Raw, []byte("\r\n"))
	if path, ok := bytes.CutPrefix(line, []byte("Return-Path: ")); ok {
		in.MailFrom = strings.Trim(string(path), "<>")
	}
	return in
}

// Retry looks again at what is parked and due. One that cannot be filed is put off, so
// that those behind it have their turn. It tells whether duties failed, so that the next
// channel is looked for soon.
func (r *Reports) Retry(ctx context.Context) (reopened bool, err error) {
	waiting, err := r.Store.ParkedReports(ctx, r.Controller, r.Now(), reportsAtOnce)
	if err != nil {
		return false, err
	}
	failed := 0
	for _, p := range waiting {
		p.Tries++
		f := r.file(p, r.read(parked(p)), r.Now())
		fate, wrong := r.Store.RefileReport(ctx, r.Controller, f, r.decide(f))
		if wrong != nil {
			failed++
			err = cmp.Or(err, wrong)
			if wrong = r.Store.PutOffReport(ctx, r.Controller, f); wrong != nil {
				return reopened, wrong // nothing is to be had of the store now
			}
			continue
		}
		r.tell(f, fate)
		reopened = reopened || fate.Duty == mailer.DutyFailed
	}
	if err != nil {
		err = fmt.Errorf("%d of %d reports could not be filed, and are put off; the first: %w", failed, len(waiting), err)
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

// file makes of a message what goes into the books, the first time and again: keys
// may have been added, and a newer program may understand more.
func (r *Reports) file(p ParkedReport, report Report, now time.Time) ReportFile {
	clue := report.Clue(r.Tokens, p.SentTo)
	if report.Kind != KindDelivery { // a mail system reports to the envelope sender
		clue = report.AnswerClue(r.Tokens, p.SentTo)
	}
	f := ReportFile{ID: p.ID, Door: p.Door, ExternalID: ownID(report, clue), Message: report.ExternalID, ReceivedAt: p.ReceivedAt, At: now,
		Clue: clue, Verdict: report.Verdict(),
		SentTo: p.SentTo, Raw: p.Raw, RawUntil: p.ReceivedAt.Add(reportRawKept)}
	if now.Sub(p.ReceivedAt) < reportGiveUp {
		f.NextTry = now.Add(reportTries[min(p.Tries, len(reportTries)-1)])
	}
	return f
}

// ownID is what a message that comes again is known by: its hash, and the delivery
// that it is about. Of one message to two of our envelope senders, both count.
func ownID(report Report, clue Clue) []byte {
	if clue.DeliveryID.IsZero() {
		return report.ExternalID
	}
	sum := sha256.Sum256(slices.Concat(report.ExternalID, clue.DeliveryID[:]))
	return sum[:]
}

func (r *Reports) decide(f ReportFile) func(ReportedDelivery) Consequence {
	return func(d ReportedDelivery) Consequence {
		d.Allowed = r.Allowed
		d.NoObjection = r.Objectable != nil && !r.Objectable(d.ActivityKey)
		what := f.Verdict.Follows(f.Clue.By, d)
		if o := what.Object; o != nil {
			o.MadeAt = f.ReceivedAt
			if r.Objected != nil {
				o.Tell = r.Objected(*o)
			}
		}
		return what
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
