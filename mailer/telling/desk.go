package telling

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"article14/mailer"
)

// Desk is what people do about tellings: look, have one tried again, say that it was done by
// other means, and export what no machine will tell.
type Desk struct {
	Store      DeskStore
	Controller mailer.ID
	Now        func() time.Time
}

// order is a decision with its author, or an error where one is missing.
func (d *Desk) order(by, why string) (Order, error) {
	if strings.TrimSpace(by) == "" || strings.TrimSpace(why) == "" {
		return Order{}, errors.New("this is put on record with the name of the person who decides (--by) and the reason (--why)")
	}
	return Order{By: by, Why: why, At: d.Now()}, nil
}

// Retry has a dead telling tried again.
func (d *Desk) Retry(ctx context.Context, id mailer.ID, by, why string) error {
	o, err := d.order(by, why)
	if err != nil {
		return err
	}
	return d.Store.RetryTelling(ctx, d.Controller, id, o)
}

// RetryAll has all dead tellings of a recipient tried again, and its system switched on again
// if it had said that it is gone. Those that something later has overtaken stay dead.
func (d *Desk) RetryAll(ctx context.Context, recipient, by, why string) (again, overtaken int, err error) {
	o, err := d.order(by, why)
	if err != nil {
		return 0, 0, err
	}
	again, overtaken, enabled, err := d.Store.RetryRecipient(ctx, d.Controller, recipient, o)
	if err == nil && again+overtaken == 0 && !enabled {
		err = ErrNoneToTell
	}
	return again, overtaken, err
}

// Done puts on record that a person told the recipient by other means.
func (d *Desk) Done(ctx context.Context, id mailer.ID, by, why string) error {
	o, err := d.order(by, why)
	if err != nil {
		return err
	}
	return d.Store.TellingDone(ctx, d.Controller, id, o)
}

// Place is where a telling stands among all that one recipient is told of one person.
type Place struct {
	ID     mailer.ID
	Number int
	State  mailer.TellState
}

// MayRetry refuses what is not dead, and what is behind its time: a recipient that has heard, or
// is just hearing, of something later would take the older for the newer.
func MayRetry(id mailer.ID, queue []Place) error {
	i := slices.IndexFunc(queue, func(p Place) bool { return p.ID == id })
	if i < 0 || queue[i].State != mailer.TellDead {
		return ErrState
	}
	if slices.ContainsFunc(queue, func(p Place) bool {
		return p.Number > queue[i].Number && (p.State == mailer.TellSending || p.State == mailer.TellTold || p.State == mailer.TellDone)
	}) {
		return ErrOvertaken
	}
	return nil
}

// MayBeDone refuses what has ended or is being sent, and what would be told before its time: what
// is still to come of the same person would be taken for newer.
func MayBeDone(id mailer.ID, queue []Place) error {
	i := slices.IndexFunc(queue, func(p Place) bool { return p.ID == id })
	if i < 0 || !slices.Contains(mailer.TellMoves[queue[i].State], mailer.TellDone) {
		return ErrState
	}
	if slices.ContainsFunc(queue, func(p Place) bool {
		return p.Number < queue[i].Number && (p.State == mailer.TellWaiting || p.State == mailer.TellSending)
	}) {
		return ErrEarlier
	}
	return nil
}

// Line is one telling of a list, in the words of its columns.
type Line struct {
	ID         string
	At         time.Time // when the right took effect
	Event      mailer.TellEvent
	Activity   string
	Scope      mailer.ObjectionScope
	References string
	Name       string
	Emails     string
	Profiles   string
	Phones     string
	Others     string
	Changes    string
}

// List is where an export is written. Only when Keep has come back without an error is anything
// marked; Drop throws away what was written of one that broke off.
type List interface {
	Write(Line) error
	Keep() error
	Drop()
}

// exportAtOnce is how many tellings are read, and marked, in one transaction.
const exportAtOnce = 1000

// Export writes what a recipient is to be told and no machine will tell it, in the order in
// which it happened, and marks it as told by that person. If it is broken off before the end
// nothing is lost: what was not marked is in the next list, too.
func (d *Desk) Export(ctx context.Context, recipient, by string, open func() (List, error)) (n int, err error) {
	o, err := d.order(by, "exported as a list")
	if err != nil {
		return 0, err
	}
	page, err := d.Store.ToExport(ctx, d.Controller, recipient, After{}, exportAtOnce)
	if err != nil || len(page) == 0 {
		return 0, err
	}
	list, err := open()
	if err != nil {
		return 0, err
	}
	written, err := d.write(ctx, recipient, page, list)
	if err != nil {
		list.Drop()
		return 0, err
	}
	if err := list.Keep(); err != nil {
		return 0, err
	}
	for len(written) > 0 {
		chunk := written[:min(exportAtOnce, len(written))]
		marked, err := d.Store.Exported(ctx, d.Controller, recipient, chunk, o)
		if err != nil {
			return n, err
		}
		n, written = n+marked, written[len(chunk):]
	}
	return n, nil
}

// write writes a page and all behind it, and gives what is on the list.
func (d *Desk) write(ctx context.Context, recipient string, page []Written, list List) (written []mailer.DutyRef, err error) {
	for len(page) > 0 {
		for _, w := range page {
			line, err := w.line()
			if err == nil {
				err = list.Write(line)
			}
			if err != nil {
				return nil, err
			}
			written = append(written, mailer.DutyRef{ContactID: w.ContactID, ID: w.ID})
		}
		last := page[len(page)-1]
		after := After{last.MadeAt, last.ContactID, last.ID}
		if page, err = d.Store.ToExport(ctx, d.Controller, recipient, after, exportAtOnce); err != nil {
			return nil, err
		}
	}
	return written, nil
}

// line is an entry with its body, in columns.
func (w Written) line() (Line, error) {
	var b mailer.TidingsBody
	if err := json.Unmarshal(w.Body, &b); err != nil {
		return Line{}, fmt.Errorf("telling %s: its stored values cannot be read", w.ID)
	}
	l := Line{ID: w.ID.String(), At: b.Timestamp, Event: w.Event, Activity: w.ActivityKey, Scope: b.Data.Scope,
		References: strings.Join(b.Data.References, " "), Name: b.Data.Name}
	for _, id := range b.Data.Identifiers {
		into := &l.Others
		switch id.Kind {
		case mailer.ByEmail:
			into = &l.Emails
		case mailer.ByProfileURL:
			into = &l.Profiles
		case mailer.ByPhone:
			into = &l.Phones
		}
		*into = strings.TrimSpace(*into + " " + id.Value)
	}
	for i, c := range b.Data.Changes {
		if i > 0 {
			l.Changes += "; "
		}
		l.Changes += c.Field + ": " + c.Value
	}
	return l, nil
}
