package byhand

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"article14/internal/calendar"
	"article14/mailer"
	"article14/mailer/track"
)

// PullOutError says which letters of a batch must not be posted any more.
type PullOutError struct {
	Letters []LetterJob
}

func (e *PullOutError) Error() string {
	var refs []string
	for _, j := range e.Letters {
		refs = append(refs, j.Code+" ("+strings.ReplaceAll(j.PullOut, "_", " ")+")")
	}
	return fmt.Sprintf("%d of the letters are not to be posted any more: %s. Take them out and name them with --except; where they are gone already, say so with --gone",
		len(refs), strings.Join(refs, ", "))
}

// WithdrawnError says which letters somebody put back into the queue while a person said
// that they were posted. The others of the batch are posted.
type WithdrawnError struct {
	References []string
}

func (e *WithdrawnError) Error() string {
	return fmt.Sprintf("%d of the letters were withdrawn by somebody at the same time, and wait again: %s. They are not posted, and will be printed anew: take them out, or, if they are gone, expect that these people are written to twice",
		len(e.References), strings.Join(e.References, ", "))
}

// Why letters are pulled out of a batch.
const (
	PullSuppressed = "suppressed" // nothing may be sent to the address any more
	PullTold       = "told"       // the person was told another way
	PullErased     = "erased"     // the address is gone
	PullNotOwed    = "not_owed"   // its duties are owed no more
)

// PostedOrder is a person's word that a batch went to the post.
type PostedOrder struct {
	Batch  mailer.ID
	On     calendar.Date
	Except []string // references of letters that were pulled out
	Gone   bool     // letters that should have been pulled out went, too
	By     string
}

// Posted marks the letters of a batch as handed over on a day: their duties are met,
// late if that is behind their date (E2, D7). What is excepted waits again. It can be
// said again, with the same words, and changes nothing then. What somebody withdraws at
// the same time is a *WithdrawnError.
func (l *Letters) Posted(ctx context.Context, o PostedOrder) (LetterBatch, error) {
	b, jobs, err := l.Store.LetterBatch(ctx, l.Controller, o.Batch, l.Now())
	if err != nil {
		return b, err
	}
	if b.State == BatchPosted && b.PostedOn == o.On.String() {
		return b, nil
	}
	p, err := l.posting(b, o)
	if err != nil {
		return b, err
	}
	if p.Except, err = excepted(jobs, o.Except); err != nil {
		return b, err
	}
	going := slices.DeleteFunc(jobs, func(j LetterJob) bool { return j.State != mailer.Sending || slices.Contains(p.Except, j.DeliveryID) })
	if out := slices.DeleteFunc(slices.Clone(going), func(j LetterJob) bool { return j.PullOut == "" }); len(out) > 0 && !o.Gone {
		return b, &PullOutError{out}
	}
	fenced, err := l.settlePosted(ctx, going, p)
	if err != nil {
		return b, err
	}
	refused := l.Store.BatchPosted(ctx, l.Controller, p)
	if refused != nil && !errors.Is(refused, ErrBatchNotMade) {
		return b, refused
	}
	if b, jobs, err = l.Store.LetterBatch(ctx, l.Controller, o.Batch, l.Now()); err != nil {
		return b, err
	}
	if out := withdrawn(going, fenced, jobs); len(out) > 0 {
		return b, &WithdrawnError{out}
	}
	return b, refused
}

// settlePosted has the letters of a batch be sent. It gives those that somebody else has
// settled or taken out meanwhile.
func (l *Letters) settlePosted(ctx context.Context, going []LetterJob, p Posting) (fenced []mailer.ID, err error) {
	for chunk := range slices.Chunk(going, lettersAtOnce) {
		ends := make([]mailer.Settlement, len(chunk))
		for i, j := range chunk {
			ends[i] = j.Settlement(mailer.Relayed, mailer.ClassAccepted, p.At)
			ends[i].AttemptID, ends[i].Duty, ends[i].Reply, ends[i].ByHand = j.AttemptID, mailer.DutyMet, "posted on "+p.On, true
		}
		out, err := l.Queue.Settle(ctx, ends)
		if err != nil {
			return fenced, err
		}
		fenced = append(fenced, out...)
	}
	return fenced, nil
}

// withdrawn are the references of letters that could not be settled and are in their
// batch no more. One that is in it still was posted by somebody who said so first.
func withdrawn(going []LetterJob, fenced []mailer.ID, now []LetterJob) (refs []string) {
	for _, j := range going {
		in := func(other LetterJob) bool { return other.DeliveryID == j.DeliveryID }
		if slices.Contains(fenced, j.DeliveryID) && !slices.ContainsFunc(now, in) {
			refs = append(refs, j.Code)
		}
	}
	return refs
}

// posting checks what a person says of a batch.
func (l *Letters) posting(b LetterBatch, o PostedOrder) (Posting, error) {
	now := l.Now()
	p := Posting{Batch: b.ID, On: o.On.String(), By: o.By, Now: now, At: o.On.EndOf(l.Zone)}
	if p.At.After(now) {
		p.At = now
	}
	made := calendar.DateOf(b.MadeAt, l.Zone)
	switch {
	case strings.TrimSpace(o.By) == "":
		return p, errors.New("this is put on record with the name of the person who says so (--by)")
	case b.State == BatchMaking:
		return p, fmt.Errorf("the files of batch %s were never finished: write them with 'letter batch --resume', or withdraw it", b.ID)
	case b.State == BatchPosted:
		return p, fmt.Errorf("batch %s was marked as posted on %s by %s already", b.ID, b.PostedOn, b.EndedBy)
	case b.State != BatchMade:
		return p, fmt.Errorf("batch %s is %s: nothing of it is to be posted", b.ID, b.State)
	case calendar.DateOf(now, l.Zone).Before(o.On):
		return p, errors.New("a day that lies ahead cannot be the one on which the letters were posted")
	case o.On.Before(made):
		return p, fmt.Errorf("the batch was made on %s, and cannot have been posted before", made)
	}
	return p, nil
}

// excepted are the letters behind references that a person typed.
func excepted(jobs []LetterJob, refs []string) ([]mailer.ID, error) {
	var out []mailer.ID
	for _, ref := range refs {
		code, ok := mailer.ReadCode(ref)
		at := slices.IndexFunc(jobs, func(j LetterJob) bool { return j.Code == code })
		if !ok || at < 0 {
			return nil, errors.New("a reference that was named is no letter's of this batch: 'letter show' lists them")
		}
		if jobs[at].State != mailer.Sending {
			return nil, fmt.Errorf("letter %s is %s already", code, jobs[at].State)
		}
		out = append(out, jobs[at].DeliveryID)
	}
	return out, nil
}

// Withdraw puts unposted letters back into the queue: all of a batch, or those named.
func (l *Letters) Withdraw(ctx context.Context, batch mailer.ID, refs []string, by, why string) (int, error) {
	b, jobs, err := l.Store.LetterBatch(ctx, l.Controller, batch, l.Now())
	if err != nil {
		return 0, err
	}
	letters, err := excepted(jobs, refs)
	switch {
	case err != nil:
		return 0, err
	case strings.TrimSpace(by) == "" || strings.TrimSpace(why) == "":
		return 0, errors.New("this is put on record with the name of the person who decides (--by) and the reason (--why)")
	case mailer.MaskAddresses(why) != why:
		return 0, errors.New("the reason holds an address: it stands in the audit, so write it without personal data")
	case b.State == BatchPosted:
		return 0, fmt.Errorf("batch %s was posted on %s: what comes back is taken in with 'letter returned'", b.ID, b.PostedOn)
	case b.State == BatchWithdrawn:
		return 0, nil
	}
	return l.Store.WithdrawLetters(ctx, l.Controller, batch, letters, by, why, l.Now())
}

// doorLetter is by which returned letters come in.
const doorLetter = "letter"

// Returned takes in that a letter came back: its duties are open again, nothing more
// goes to that letter box, and the next channel is looked for (E3). Said again it
// changes nothing.
func (l *Letters) Returned(ctx context.Context, ref string, reason mailer.LetterReturn, on calendar.Date, by string) (track.ReportFate, error) {
	code, ok := mailer.ReadCode(ref)
	if !ok {
		return track.ReportFate{}, errors.New("that is no letter's reference (XXXX-XXXX-XXXX): it stands on the letter under the date, and is the name of its file")
	}
	if err := mailer.CheckReturn(reason); err != nil {
		return track.ReportFate{}, err
	}
	link, err := l.Codes(ctx, l.Controller, code)
	if errors.Is(err, mailer.ErrNoSuchLink) {
		return track.ReportFate{}, errors.New("no letter bears that reference: read it again from the letter")
	}
	if err != nil {
		return track.ReportFate{}, err
	}
	b, err := l.Store.LetterSent(ctx, l.Controller, link.DeliveryID)
	switch now := l.Now(); {
	case errors.Is(err, ErrNoBatch):
		return track.ReportFate{}, errors.New("that letter was not marked as posted: mark its batch with 'letter posted' first")
	case err != nil:
		return track.ReportFate{}, err
	case strings.TrimSpace(by) == "":
		return track.ReportFate{}, errors.New("this is put on record with the name of the person who says so (--by)")
	case calendar.DateOf(now, l.Zone).Before(on), on.String() < b.PostedOn:
		return track.ReportFate{}, fmt.Errorf("the letter was posted on %s: it came back on a day from then until today", b.PostedOn)
	}
	return l.takeBack(ctx, ReturnedLetter{link.DeliveryID, b.ID, reason, on.StartOf(l.Zone), by})
}

// takeBack files a returned letter as the report that it is.
func (l *Letters) takeBack(ctx context.Context, r ReturnedLetter) (track.ReportFate, error) {
	now := l.Now()
	once := sha256.Sum256(r.DeliveryID[:])
	f := track.ReportFile{ID: mailer.NewID(now), Door: doorLetter, ExternalID: once[:], ReceivedAt: r.On, At: now, Clue: track.Clue{DeliveryID: r.DeliveryID, By: track.ByReference},
		Verdict: track.Verdict{Action: track.ActionFailed, Class: mailer.ClassReturned, Reply: mailer.Reply{Text: "returned: " + string(r.Reason)}}}
	fate, err := l.Reports.FileReport(ctx, l.Controller, f, func(d track.ReportedDelivery) track.Consequence {
		d.Allowed = l.Allowed
		return f.Verdict.Follows(track.ByReference, d)
	})
	if err != nil {
		return fate, err
	}
	return fate, l.Store.LetterReturned(ctx, l.Controller, r, now)
}

const (
	// unpostedFor is how long a batch may lie before somebody is asked about it.
	unpostedFor = 5 * 24 * time.Hour
	// batchesLooked bounds how many batches are looked through for that.
	batchesLooked = 1000
)

// KeepHouse has operators see batches that nobody has posted, and letters whose date
// is near (D8).
func (l *Letters) KeepHouse(ctx context.Context) error {
	now := l.Now()
	var alerts []mailer.Alert
	batches, err := l.Store.LetterBatches(ctx, l.Controller, batchesLooked)
	if err != nil {
		return err
	}
	for _, b := range batches {
		if (b.State == BatchMade || b.State == BatchMaking) && now.Sub(b.MadeAt) >= unpostedFor {
			alerts = append(alerts, mailer.Alert{Kind: mailer.AlertLettersUnposted, Subject: b.ID.String(),
				Detail: fmt.Sprintf("%d letters, made on %s by %s", b.Letters, calendar.DateOf(b.MadeAt, l.Zone), b.MadeBy)})
		}
	}
	_, reg, err := l.Registers.Current(ctx, l.Key)
	if err != nil {
		return err
	}
	waiting, err := l.Store.WaitingLetters(ctx, l.Controller, 1)
	if err != nil {
		return err
	}
	for _, w := range waiting {
		if by := w.DueAt.Add(-reg.Letters.Lead()); !now.Before(by) {
			detail := fmt.Sprintf("the first is due by %s", calendar.DateOf(w.DueAt, l.Zone))
			if w.LaneState == mailer.LanePaused {
				detail += ", and its campaign is paused: resume it first"
			}
			alerts = append(alerts, mailer.Alert{Kind: mailer.AlertLettersDue, Subject: l.Controller.String(), Detail: detail})
		}
	}
	if len(alerts) == 0 {
		return nil
	}
	return l.Store.Raise(ctx, l.Controller, alerts, now)
}
