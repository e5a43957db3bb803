package track

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"article14/mailer"
)

// Ruling is a person's decision about a delivery that may have arrived and that
// nobody sends any more: they asked the relay's log, or the recipient (E5).
type Ruling struct {
	DeliveryID mailer.ID
	To         mailer.DeliveryState // Relayed: its duties are met; Rejected: they have failed, and are looked after again
	By         string
	Reason     string // how they know
}

// minReason is how many characters a reason has at least.
const minReason = 10

// ErrNoDelivery says that an id is no delivery's.
var ErrNoDelivery = errors.New("no delivery has that id: 'article14 contact show' lists those of a person")

// RulingStore settles what no relay will.
type RulingStore interface {
	// SettleUncertain ends a delivery and its duties as a ruling says. Its duties
	// are met at its last attempt, not when somebody looked.
	SettleUncertain(ctx context.Context, controller mailer.ID, v Ruling, now time.Time) error
}

// Check refuses a ruling that says nothing.
func (v Ruling) Check() error {
	switch {
	case v.To != mailer.Relayed && v.To != mailer.Rejected:
		return errors.New("a delivery is settled as relayed or as rejected")
	case strings.TrimSpace(v.By) == "":
		return errors.New("say who decides, for the record")
	case utf8.RuneCountInString(strings.TrimSpace(v.Reason)) < minReason:
		return errors.New("say how you know, for the record: what the relay's log says under its Message-ID, for example")
	case mailer.MaskAddresses(v.Reason) != v.Reason:
		return errors.New("the reason holds an address: it stands in the audit, so write it without personal data")
	}
	return nil
}

// Way is how a delivery goes from where it stands to what the ruling says, by
// legal moves. Besides an uncertain one that can be one that waits in the queue of a
// cancelled campaign and had an uncertain attempt: it is never sent again.
func (v Ruling) Way(from mailer.DeliveryState, mayHaveArrived, cancelled bool) ([]mailer.DeliveryState, error) {
	switch {
	case from == mailer.Uncertain:
		return []mailer.DeliveryState{v.To}, nil
	case from == mailer.Queued && mayHaveArrived && cancelled:
		return []mailer.DeliveryState{mailer.Sending, v.To}, nil
	case from == mailer.Deferred && mayHaveArrived && cancelled:
		return []mailer.DeliveryState{mailer.Queued, mailer.Sending, v.To}, nil
	case from == mailer.Queued || from == mailer.Deferred || from == mailer.Sending:
		return nil, fmt.Errorf("the delivery is %s: a worker is going to find out what becomes of it", from)
	}
	return nil, fmt.Errorf("the delivery is %s: there is nothing to settle", from)
}
