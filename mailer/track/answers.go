package track

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"article14/internal/calendar"
	"article14/internal/wish"
	"article14/mailer"
	"article14/mailer/rights"
)

// AnswerStore keeps what people wrote back. Each method is one transaction.
type AnswerStore interface {
	// FileAnswer takes an answer in, once for its door and external id; resolve says whose it is.
	FileAnswer(ctx context.Context, controller mailer.ID, f AnswerFile, resolve func(AnswerTrail) AnswerItem) (item AnswerItem, replayed bool, err error)
	// Answers gives a page of items: of the open ones those whose date comes first, else the newest.
	Answers(ctx context.Context, controller mailer.ID, open bool, limit int) ([]AnswerItem, error)
	// Answer gives an item with its words, or ErrNoAnswer. The words are zero where their time is over.
	Answer(ctx context.Context, controller, id mailer.ID) (AnswerItem, AnswerText, error)
	// PendingAnswers are those behind an id whose "no" is to take effect, the oldest first.
	PendingAnswers(ctx context.Context, controller, after mailer.ID, limit int) ([]AnswerItem, error)
	// NoTaken puts on record what became of the pending "no" of an item's contact, and closes the item
	// with it if end is not "". One that has been linked to somebody else since stays as it is.
	NoTaken(ctx context.Context, controller mailer.ID, item AnswerItem, no AnswerNo, end AnswerEnd, now time.Time) error
	// LinkAnswer says whose an open item is, by a person; no tells what becomes of a clear "no" in
	// it. It gives ErrNoAnswer, ErrAnswerClosed, ErrNoContact.
	LinkAnswer(ctx context.Context, controller, id, contact mailer.ID, by string, now time.Time) (AnswerItem, error)
	// CloseAnswer closes an open item; ErrNoAnswer, ErrAnswerClosed.
	CloseAnswer(ctx context.Context, controller, id mailer.ID, end AnswerEnd, by, why string, now time.Time) error
	// RemindAnswers raises an alert for each open item whose date is near or past, once for
	// each of both.
	RemindAnswers(ctx context.Context, controller mailer.ID, now, near time.Time, alert func(AnswerItem) mailer.Alert, limit int) (int, error)
	// ForgetAnswers deletes words whose time has come (T4).
	ForgetAnswers(ctx context.Context, controller mailer.ID, now time.Time, limit int) (int, error)
}

// Answers is what becomes of people's answers. What they ask for is a person's to
// decide; only a clear "no" takes effect by itself.
type Answers struct {
	Store      AnswerStore
	Rights     *rights.Rights
	Keys       *mailer.Keyring
	Controller mailer.ID
	Company    mailer.Controller // its zone decides dates (D10), its own addresses never object
	Now        func() time.Time
	Log        *slog.Logger
}

// How long the words and the bytes of answers are kept (T4). The words show afterwards what was
// asked, and so that it was answered; the bytes serve while it is: a month, and two more where
// Article 12(3) allows them.
const (
	answerTextKept = 365 * 24 * time.Hour
	answerRawKept  = 92 * 24 * time.Hour
	// answerNear is how long before its date an open answer is an alert.
	answerNear    = 7 * 24 * time.Hour
	answersAtOnce = 200
)

// Errors of answers.
var (
	ErrNoAnswer     = errors.New("no answer has that id")
	ErrAnswerClosed = errors.New("that answer is closed already")
)

// take puts an answer into the books, and has a clear "no" take effect. When it
// returns without an error the answer is kept; a "no" that could not take effect yet, a worker
// sees to.
func (a *Answers) take(ctx context.Context, f ReportFile, said Said) (ReportFate, error) {
	file := a.file(f, said)
	item, replayed, err := a.Store.FileAnswer(ctx, a.Controller, file, file.Resolve)
	if err != nil || replayed {
		return ReportFate{Replayed: replayed}, err
	}
	if item.No == NoPending {
		if done, err := a.object(ctx, item); err != nil {
			a.Log.Error("an objection by mail waits for the worker", "answer", item.ID, "error", mailer.MaskAddresses(err.Error()))
		} else {
			item = done
		}
	}
	a.Log.Debug("answer", "answer", item.ID, "door", f.Door, "kind", item.Kind, "matched_by", item.By, "no", item.No)
	return ReportFate{ContactID: item.ContactID, DeliveryID: item.DeliveryID, Answer: &item}, nil
}

// file reads what an answer asks for. Its subject says something only if it is the author's own.
func (a *Answers) file(f ReportFile, said Said) AnswerFile {
	text := said.safe()
	text.Until = f.ReceivedAt.Add(answerTextKept)
	f.RawUntil = f.ReceivedAt.Add(answerRawKept)
	asks := wish.Read(ownSubject(text.Subject), text.Body)
	return AnswerFile{
		Item: AnswerItem{ID: f.ID, Door: f.Door, ReceivedAt: f.ReceivedAt, Language: asks.Language, Kind: asks.Kind, Why: asks.Why,
			DueAt: rights.RequestDue(f.ReceivedAt, a.Company.Zone), State: AnswerOpen},
		Text: text, FromHash: EmailHash(a.Keys.Newest(mailer.IdentityKey), said.From), Own: ownAddress(a.Company, said.From), Clear: asks.Objects, Report: f,
	}
}

// object has the "no" of an item take effect. Who asks for something else as well is answered by
// a person still.
func (a *Answers) object(ctx context.Context, item AnswerItem) (AnswerItem, error) {
	was := item
	item.No = NoRecorded
	end := EndObjection
	if item.Kind != wish.Objection {
		end = ""
	}
	_, err := a.Rights.ObjectTo(ctx, mailer.Link{Purpose: mailer.TokenObjection, ContactID: item.ContactID, DeliveryID: item.DeliveryID}, mailer.WayAnswer, item.ReceivedAt)
	if errors.Is(err, mailer.ErrNoSuchLink) {
		item.No, end, err = NoRight, "", nil
	}
	if err != nil {
		return item, err
	}
	now := a.Now()
	if end != "" {
		item.State, item.ClosedAs, item.ClosedAt = AnswerClosed, end, now
	}
	return item, a.Store.NoTaken(ctx, a.Controller, was, item.No, end, now)
}

// KeepHouse has every "no" take effect that has not yet, and says which answers are
// due soon (D8, D9).
func (a *Answers) KeepHouse(ctx context.Context) error {
	err := a.takePending(ctx)
	now := a.Now()
	_, failed := a.Store.RemindAnswers(ctx, a.Controller, now, now.Add(answerNear), a.reminder, answersAtOnce)
	return errors.Join(err, failed)
}

// takePending goes through all that is pending, page by page: however many fail for good,
// what stands behind them has its turn (R5).
func (a *Answers) takePending(ctx context.Context) error {
	var first error
	failed, seen := 0, 0
	for after := (mailer.ID{}); ; {
		page, err := a.Store.PendingAnswers(ctx, a.Controller, after, answersAtOnce)
		if err != nil {
			return err
		}
		for _, item := range page {
			if _, err := a.object(ctx, item); err != nil {
				failed, first = failed+1, cmp.Or(first, err)
			}
			after = item.ID
		}
		seen += len(page)
		if len(page) < answersAtOnce || ctx.Err() != nil {
			break
		}
	}
	if first != nil {
		return fmt.Errorf("%d of %d objections by mail could not take effect; the first: %w", failed, seen, first)
	}
	return nil
}

// Forget deletes words whose time has come (T4).
func (a *Answers) Forget(ctx context.Context) error {
	_, err := a.Store.ForgetAnswers(ctx, a.Controller, a.Now(), answersAtOnce)
	return err
}

func (a *Answers) reminder(item AnswerItem) mailer.Alert {
	return mailer.Alert{Kind: mailer.AlertAnswerDue, Subject: item.ID.String(), Detail: fmt.Sprintf("%s, to be answered by %s", item.Kind, calendar.DateOf(item.DueAt, a.Company.Zone))}
}

// Link says whose an answer is, because a person found that out; a clear "no" in it takes effect.
func (a *Answers) Link(ctx context.Context, id, contact mailer.ID, by string) (AnswerItem, error) {
	if strings.TrimSpace(by) == "" {
		return AnswerItem{}, errors.New("this is put on record with the name of the person who says so (--by)")
	}
	item, err := a.Store.LinkAnswer(ctx, a.Controller, id, contact, by, a.Now())
	if err != nil || item.No != NoPending {
		return item, err
	}
	return a.object(ctx, item)
}

// Close puts on record what an answer came to. As a request or an objection it becomes one, of the
// day on which it was received.
func (a *Answers) Close(ctx context.Context, id mailer.ID, end AnswerEnd, by, why string) error {
	if strings.TrimSpace(by) == "" || strings.TrimSpace(why) == "" {
		return errors.New("this is put on record with the name of the person who closes it (--by) and the reason (--why)")
	}
	if !slices.Contains(AnswerEnds, end) {
		return fmt.Errorf("an answer is not closed as %q: one of %s", end, joined(AnswerEnds))
	}
	item, _, err := a.Store.Answer(ctx, a.Controller, id)
	if err != nil {
		return err
	}
	if item.State == AnswerClosed {
		return ErrAnswerClosed
	}
	if err := a.become(ctx, item, end); err != nil {
		return err
	}
	return a.Store.CloseAnswer(ctx, a.Controller, id, end, by, why, a.Now())
}

// become makes an objection or a request of an answer. Both are made once, however often it is asked for.
func (a *Answers) become(ctx context.Context, item AnswerItem, end AnswerEnd) (err error) {
	if end != EndAccess && end != EndObjection {
		return nil
	}
	if item.ContactID.IsZero() {
		return errors.New("it is not known whose it is: say so first, with 'answer link ID CONTACT'")
	}
	if item.DeliveryID.IsZero() {
		return errors.New("no notice has gone to them, so there is nothing that this could be recorded with: answer them, and close it as answered")
	}
	link := mailer.Link{Purpose: mailer.TokenObjection, ContactID: item.ContactID, DeliveryID: item.DeliveryID}
	if end == EndObjection {
		_, err = a.Rights.ObjectTo(ctx, link, mailer.WayAnswer, item.ReceivedAt)
	} else {
		_, err = a.Rights.AskFor(ctx, link, mailer.RequestAccess, mailer.WayAnswer, item.ReceivedAt)
	}
	if errors.Is(err, mailer.ErrNoSuchLink) {
		err = errors.New("that cannot be recorded: their data are erased, or the law gives no right to object there (R10); answer them, and close it as answered")
	}
	return err
}

func joined[S ~string](words []S) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = string(w)
	}
	return strings.Join(out, ", ")
}
