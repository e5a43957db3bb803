package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lib/pq"

	"article14/internal/wish"
	"article14/mailer"
	"article14/mailer/retain"
	"article14/mailer/status"
	"article14/mailer/track"
)

var _ track.AnswerStore = (*Store)(nil)

// wentOut are the states of a notice that its reader may have, or had.
var wentOut = slices.Concat(retain.HandedOver, []mailer.DeliveryState{mailer.Uncertain, mailer.Bounced})

// answerRow is a row of answer.
type answerRow struct {
	ContactID  mailer.ID         `db:"contact_id"`
	ID         mailer.ID         `db:"id"`
	DeliveryID mailer.ID         `db:"delivery_id"`
	Door       string            `db:"door"`
	ReceivedAt instant           `db:"received_at"`
	By         track.MatchedBy   `db:"matched_by"`
	Language   string            `db:"language"`
	Kind       wish.Kind         `db:"kind"`
	Why        pq.StringArray    `db:"why"`
	No         track.AnswerNo    `db:"no"`
	DueAt      instant           `db:"due_at"`
	State      track.AnswerState `db:"state"`
	ClosedAt   instant           `db:"closed_at"`
	ClosedBy   string            `db:"closed_by"`
	ClosedAs   track.AnswerEnd   `db:"closed_as"`
	ClosedWhy  string            `db:"closed_why"`
}

func (r answerRow) item() track.AnswerItem {
	return track.AnswerItem{ID: r.ID, ContactID: r.ContactID, DeliveryID: r.DeliveryID, Door: r.Door, ReceivedAt: r.ReceivedAt.Time, By: r.By,
		Language: r.Language, Kind: r.Kind, Why: r.Why, No: r.No, DueAt: r.DueAt.Time, State: r.State,
		ClosedAt: r.ClosedAt.Time, ClosedBy: r.ClosedBy, ClosedAs: r.ClosedAs, ClosedWhy: r.ClosedWhy}
}

// answers are those that a statement gives.
func (t tx) answers(ctx context.Context, name string, args ...any) ([]track.AnswerItem, error) {
	var rows []answerRow
	err := t.all(ctx, &rows, name, args...)
	out := make([]track.AnswerItem, len(rows))
	for i, r := range rows {
		out[i] = r.item()
	}
	return out, err
}

// FileAnswer takes an answer in, once for its source and external id, and once
// where the same message came through two doors.
func (s *Store) FileAnswer(ctx context.Context, controller mailer.ID, f track.AnswerFile, resolve func(track.AnswerTrail) track.AnswerItem) (item track.AnswerItem, replayed bool, err error) {
	err = s.write(ctx, func(t tx) error {
		earlier, err := t.sameMessage(ctx, controller, f)
		if err != nil {
			return err
		}
		trail, err := t.trail(ctx, controller, f)
		if err != nil {
			return err
		}
		item = resolve(trail)
		if replayed = item.Repeats(earlier); replayed {
			return nil
		}
		n, err := t.exec(ctx, "report_receive", controller, f.Report.Source(), f.Report.ExternalID, f.Item.ID, f.Report.ReceivedAt)
		if replayed = err == nil && n == 0; err != nil || replayed {
			return err
		}
		return t.addAnswer(ctx, controller, item, f)
	})
	return item, replayed, err
}

// sourceMessage is the source under which a message of a person is known, whoever it was for.
const sourceMessage = "message"

// sameMessage is the item that the message became when it came before; zero if it did not. Of two
// doors that bring it at once, one waits here for the other.
func (t tx) sameMessage(ctx context.Context, controller mailer.ID, f track.AnswerFile) (track.AnswerItem, error) {
	n, err := t.exec(ctx, "report_receive", controller, sourceMessage, f.Report.Message, f.Item.ID, f.Report.ReceivedAt)
	if err != nil || n > 0 {
		return track.AnswerItem{}, err
	}
	var row answerRow
	_, err = t.one(ctx, &row, "answer_same_message", controller, sourceMessage, f.Report.Message)
	return row.item(), err
}

// trail finds to whom an answer leads.
func (t tx) trail(ctx context.Context, controller mailer.ID, f track.AnswerFile) (trail track.AnswerTrail, err error) {
	if clue := f.Report.Clue; !clue.DeliveryID.IsZero() {
		found, err := t.one(ctx, &trail.Contact, "answer_trail", controller, clue.DeliveryID)
		if err != nil {
			return trail, err
		}
		if found {
			trail.Delivery = clue.DeliveryID
			if err := t.all(ctx, &trail.Addresses, "answer_addresses", trail.Contact); err != nil {
				return trail, err
			}
		}
	}
	if len(f.FromHash) == 0 {
		return trail, nil
	}
	var holders []linkRow
	err = t.all(ctx, &holders, "answer_holders", controller, f.FromHash, texts(wentOut))
	for _, h := range holders {
		trail.Holders = append(trail.Holders, track.Holder{ContactID: h.ContactID, DeliveryID: h.ID})
	}
	return trail, err
}

func (t tx) addAnswer(ctx context.Context, controller mailer.ID, item track.AnswerItem, f track.AnswerFile) error {
	_, err := t.exec(ctx, "answer_add", item.ContactID, item.ID, controller, item.DeliveryID, item.Door, item.ReceivedAt, string(item.By), item.Language,
		string(item.Kind), texts(item.Why), string(item.No), item.DueAt)
	if err != nil {
		return err
	}
	files := make([]string, len(f.Text.Attachments))
	for i, a := range f.Text.Attachments {
		files[i] = fmt.Sprintf("%s %d", a.Type, a.Size)
	}
	_, err = t.exec(ctx, "answer_text_add", item.ContactID, item.ID, controller, f.Text.From, f.Text.Subject, f.Text.Body, texts(files), f.Text.Until)
	if err != nil {
		return err
	}
	c := filing{controller: controller, file: f.Report, counts: tally{}}
	if err := c.keepRaw(ctx, t, item.ContactID); err != nil {
		return err
	}
	c.counts.add(controller, mailer.ID{}, countReport, "", string(track.KindAnswer), 1)
	c.counts.add(controller, mailer.ID{}, countAnswer, "", string(item.Kind), 1)
	return c.counts.note(ctx, t, time.Time{})
}

// Answers gives a page of items.
func (s *Store) Answers(ctx context.Context, controller mailer.ID, open bool, limit int) (out []track.AnswerItem, err error) {
	name := "answers_newest"
	if open {
		name = "answers_open"
	}
	err = s.read(ctx, func(t tx) error {
		out, err = t.answers(ctx, name, controller, limit)
		return err
	})
	return out, err
}

// PendingAnswers are those behind an id whose "no" is to take effect.
func (s *Store) PendingAnswers(ctx context.Context, controller, after mailer.ID, limit int) (out []track.AnswerItem, err error) {
	err = s.read(ctx, func(t tx) error {
		out, err = t.answers(ctx, "answers_pending", controller, after.String(), limit)
		return err
	})
	return out, err
}

// Answer gives an item with its words.
func (s *Store) Answer(ctx context.Context, controller, id mailer.ID) (item track.AnswerItem, text track.AnswerText, err error) {
	err = s.read(ctx, func(t tx) error {
		var row answerRow
		found, err := t.one(ctx, &row, "answer", controller, id)
		if err == nil && !found {
			err = track.ErrNoAnswer
		}
		if err != nil {
			return err
		}
		item = row.item()
		var words struct {
			Sender      string         `db:"sender"`
			Subject     string         `db:"subject"`
			Body        string         `db:"body"`
			Attachments pq.StringArray `db:"attachments"`
			ExpiresAt   instant        `db:"expires_at"`
		}
		if _, err := t.one(ctx, &words, "answer_text", row.ContactID.String(), id); err != nil {
			return err
		}
		text = track.AnswerText{From: words.Sender, Subject: words.Subject, Body: words.Body, Until: words.ExpiresAt.Time}
		for _, file := range words.Attachments {
			var a track.Attachment
			kind, size, _ := strings.Cut(file, " ")
			a.Type = kind
			if _, err := fmt.Sscan(size, &a.Size); err != nil {
				return fmt.Errorf("read the attachments of answer %s: %w", id, err)
			}
			text.Attachments = append(text.Attachments, a)
		}
		return nil
	})
	return item, text, err
}

// NoTaken puts on record what became of a "no". One that is somebody else's by now has not
// taken effect for them.
func (s *Store) NoTaken(ctx context.Context, controller mailer.ID, item track.AnswerItem, no track.AnswerNo, end track.AnswerEnd, now time.Time) error {
	return s.write(ctx, func(t tx) error {
		row, err := t.lockAnswer(ctx, controller, item.ID)
		if err != nil || row.ContactID != item.ContactID {
			return err
		}
		if _, err := t.exec(ctx, "answer_no_taken", item.ID, string(no)); err != nil || end == "" || row.State == track.AnswerClosed {
			return err
		}
		return t.closeAnswer(ctx, controller, row, end, "", "", now)
	})
}

// lockAnswer gives an item that nobody else changes meanwhile.
func (t tx) lockAnswer(ctx context.Context, controller, id mailer.ID) (row answerRow, err error) {
	found, err := t.one(ctx, &row, "answer_lock", controller, id)
	if err == nil && !found {
		err = track.ErrNoAnswer
	}
	return row, err
}

// CloseAnswer closes an open item.
func (s *Store) CloseAnswer(ctx context.Context, controller, id mailer.ID, end track.AnswerEnd, by, why string, now time.Time) error {
	return s.write(ctx, func(t tx) error {
		row, err := t.lockAnswer(ctx, controller, id)
		if err != nil {
			return err
		}
		if row.State == track.AnswerClosed {
			return track.ErrAnswerClosed
		}
		if end == track.EndObjection {
			if _, err := t.exec(ctx, "answer_no_taken", id, string(track.NoRecorded)); err != nil {
				return err
			}
		}
		if err := t.closeAnswer(ctx, controller, row, end, by, why, now); err != nil {
			return err
		}
		return t.audit(ctx, entry{controller, now, by, "answer.close", id.String(), map[string]any{"as": end}})
	})
}

// closeAnswer closes an item and settles what reminds of it.
func (t tx) closeAnswer(ctx context.Context, controller mailer.ID, row answerRow, end track.AnswerEnd, by, why string, now time.Time) error {
	if _, err := t.exec(ctx, "answer_close", row.ID, now, string(end), by, why); err != nil {
		return err
	}
	counts := tally{}
	if err := t.answerEnded(ctx, controller, row.ID, row.Kind, by, now, counts); err != nil {
		return err
	}
	return counts.note(ctx, t, time.Time{})
}

// answerEnded counts an item that is open no more.
func (t tx) answerEnded(ctx context.Context, controller, id mailer.ID, kind wish.Kind, by string, now time.Time, counts tally) error {
	counts.add(controller, mailer.ID{}, countAnswer, string(kind), "", 1)
	var settled []mailer.AlertKind
	if err := t.all(ctx, &settled, "answer_alert_settle", controller, id.String(), now, by); err != nil {
		return err
	}
	for _, k := range settled {
		counts.add(controller, mailer.ID{}, countAlert, string(k), "", 1)
	}
	return nil
}

// LinkAnswer says whose an open item is.
func (s *Store) LinkAnswer(ctx context.Context, controller, id, contact mailer.ID, by string, now time.Time) (item track.AnswerItem, err error) {
	err = s.write(ctx, func(t tx) error {
		n, err := t.exec(ctx, "contact_lock", controller, contact)
		if err == nil && n == 0 {
			err = mailer.ErrNoContact
		}
		if err != nil {
			return err
		}
		row, err := t.lockAnswer(ctx, controller, id)
		if err != nil {
			return err
		}
		if row.State == track.AnswerClosed {
			return track.ErrAnswerClosed
		}
		var notice mailer.ID
		if _, err := t.one(ctx, &notice, "answer_newest_notice", contact, texts(wentOut)); err != nil {
			return err
		}
		item = row.item().LinkedTo(contact, notice)
		if _, err := t.exec(ctx, "answer_link", id, contact, item.DeliveryID, string(item.No)); err != nil {
			return err
		}
		if _, err := t.exec(ctx, "answer_text_link", id, contact, row.ContactID); err != nil {
			return err
		}
		if _, err := t.exec(ctx, "answer_raw_link", id, contact); err != nil {
			return err
		}
		return t.audit(ctx, entry{controller, now, by, "answer.link", id.String(), map[string]any{"contact": contact}})
	})
	return item, err
}

// RemindAnswers raises alerts for open items whose date is near or past.
func (s *Store) RemindAnswers(ctx context.Context, controller mailer.ID, now, near time.Time, alert func(track.AnswerItem) mailer.Alert, limit int) (n int, err error) {
	err = s.write(ctx, func(t tx) error {
		items, err := t.answers(ctx, "answers_to_remind", controller, now, near, limit)
		if n = len(items); err != nil || n == 0 {
			return err
		}
		ids, alerts := make([]mailer.ID, n), make([]mailer.Alert, n)
		for i, item := range items {
			ids[i], alerts[i] = item.ID, alert(item)
		}
		counts := tally{}
		if err := t.raiseFound(ctx, controller, alerts, now, counts); err != nil {
			return err
		}
		if _, err := t.exec(ctx, "answers_reminded", uuids(ids), now); err != nil {
			return err
		}
		return counts.note(ctx, t, time.Time{})
	})
	return n, err
}

// ForgetAnswers deletes words whose time has come (T4).
func (s *Store) ForgetAnswers(ctx context.Context, controller mailer.ID, now time.Time, limit int) (n int, err error) {
	err = s.write(ctx, func(t tx) error {
		deleted, err := t.exec(ctx, "answers_forget", controller, now, limit)
		n = int(deleted)
		return err
	})
	return n, err
}

// answerFigures are the items that are open.
func (t tx) answerFigures(ctx context.Context, controller mailer.ID, open map[string]int64) (f status.AnswerFigures, err error) {
	var row struct {
		Oldest instant `db:"oldest"`
		DueAt  instant `db:"due_at"`
	}
	_, err = t.one(ctx, &row, "figures_answers", controller)
	return status.AnswerFigures{Open: named[wish.Kind](open), Oldest: row.Oldest.Time, DueAt: row.DueAt.Time}, err
}

// eraseAnswers has the words of answers go, and closes what is open of people who go altogether.
func (e *erasure) eraseAnswers(ctx context.Context, t tx) error {
	if len(e.whole) == 0 {
		return nil
	}
	var ended []struct {
		ID   mailer.ID `db:"id"`
		Kind wish.Kind `db:"kind"`
	}
	if err := t.all(ctx, &ended, "erase_open_answers", uuids(e.whole), e.now, string(track.EndErased)); err != nil {
		return err
	}
	for _, a := range ended {
		if err := t.answerEnded(ctx, e.controller, a.ID, a.Kind, "", e.now, e.counts); err != nil {
			return err
		}
	}
	return nil
}

// receiptLately tells whether a receipt's address got correspondence since an instant.
func (t tx) receiptLately(ctx context.Context, contact mailer.ID, d *mailer.PlannedDelivery) (lately bool, err error) {
	if d == nil || d.QuietSince.IsZero() {
		return false, nil
	}
	if _, err := t.exec(ctx, "receipt_lock", contact, d.Identifier); err != nil {
		return false, err
	}
	_, err = t.one(ctx, &lately, "receipt_lately", contact, d.Identifier, d.QuietSince)
	return lately, err
}
