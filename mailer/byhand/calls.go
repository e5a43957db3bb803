package byhand

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"article14/mailer"
)

// CallResult is what came of a call.
type CallResult string

// Results of calls.
const (
	CallTold        CallResult = "told"         // the words were said to them
	CallNotReached  CallResult = "not_reached"  // nobody, or not the person
	CallWrongNumber CallResult = "wrong_number" // somebody else's
	CallRefused     CallResult = "refused"      // they would not listen
)

// CallResults lists them.
var CallResults = []CallResult{CallTold, CallNotReached, CallWrongNumber, CallRefused}

const (
	// callTries is how often somebody is called who is not reached.
	callTries = 3
	// callAgain is how long after a call that reached nobody the next one may be made:
	// another time of the day.
	callAgain = 4 * time.Hour
	// phoneRelay is what attempts call the telephone.
	phoneRelay = "phone"
	// maxNote bounds what is noted about a call.
	maxNote = 300
)

// CallStore keeps who is to be called. Each method is one transaction.
type CallStore interface {
	// WaitingCalls are the next people to be called, the earliest date first; those
	// whose number is gone or suppressed are left out.
	WaitingCalls(ctx context.Context, controller mailer.ID, limit int, now time.Time) ([]WaitingCall, error)
	// Call gives the call that a contact waits for, or ErrNoCall.
	Call(ctx context.Context, controller, contact mailer.ID) (mailer.Job, error)
	// LogCall ends a try as e says. It fails with ErrNoCall where the delivery is not
	// what it was when it was decided about.
	LogCall(ctx context.Context, controller mailer.ID, j mailer.Job, a mailer.Attempt, e mailer.Settlement, by string, result CallResult, now time.Time) error
}

// WaitingCall is somebody to be called.
type WaitingCall struct {
	ContactID   mailer.ID `json:"contact"`
	Name        string    `json:"name"`
	Phone       string    `json:"phone"`
	Languages   string    `json:"languages"`
	CampaignKey string    `json:"campaign"`
	DueAt       time.Time `json:"due_at"`
	Tries       int       `json:"tries"`
	NotBefore   time.Time `json:"not_before,omitzero"` // after one that reached nobody
}

// ErrNoCall says that nobody is to call a contact.
var ErrNoCall = errors.New("they are not to be called: 'article14 call list' shows who is")

// Calls are the notices that people read out on the telephone.
type Calls struct {
	Store      CallStore
	Composer   LetterWriter
	Skeletons  mailer.SkeletonStore
	Registers  *mailer.Registers
	Tokens     mailer.Tokens
	Controller mailer.ID
	Now        func() time.Time
}

// LetterWriter composes letters from people's values.
type LetterWriter interface {
	mailer.Composer
	LetterComposer
}

// CallScript is what is read out.
type CallScript struct {
	mailer.Job
	Text  string
	Slots mailer.Slots
	At    time.Time
}

// Script is the notice's words for somebody who is to be called, in their language. It
// changes nothing.
func (c *Calls) Script(ctx context.Context, contact mailer.ID) (CallScript, error) {
	j, err := c.Store.Call(ctx, c.Controller, contact)
	if err != nil {
		return CallScript{}, err
	}
	reg, err := c.Registers.Version(ctx, j.RegisterID)
	if err != nil {
		return CallScript{}, err
	}
	body, err := c.Skeletons.Skeleton(ctx, j.SkeletonHash)
	if err != nil {
		return CallScript{}, err
	}
	s := CallScript{Job: j, Slots: j.Slots, At: j.ComposedAt}
	if s.Slots == nil {
		s.At = c.Now().Truncate(time.Second)
		s.Slots, err = c.Composer.Slots(reg, mailer.SlotInput{Key: mailer.SkeletonKey{Document: j.Document, Languages: j.Languages, Form: j.Form}, Facts: j.Facts, ActivityKey: j.ActivityKey,
			Now: s.At, CreatedAt: j.CreatedAt, Code: j.Code})
		if err != nil {
			return s, err
		}
		s.Slots[mailer.SlotTokenKey] = c.Tokens.Keys.Newest(mailer.TokenKey).ID
	}
	text, err := c.Composer.Letter(mailer.Skeleton{Hash: j.SkeletonHash, Body: body}, s.Slots, false)
	s.Text = text.Text()
	return s, err
}

// CallLog is what a person says of a call that they made.
type CallLog struct {
	ContactID mailer.ID
	On        time.Time
	Result    CallResult
	By        string
	Note      string
}

// CallFate is what became of a call.
type CallFate struct {
	To    mailer.DeliveryState
	Again time.Time // the next try; zero: none
}

// Log takes down a call. Told, the duties are met at its instant (E2); a wrong number is
// suppressed, and the next channel is looked for (E3).
func (c *Calls) Log(ctx context.Context, l CallLog) (CallFate, error) {
	if err := c.check(l); err != nil {
		return CallFate{}, err
	}
	s, err := c.Script(ctx, l.ContactID)
	if err != nil {
		return CallFate{}, err
	}
	if l.On.Before(s.CreatedAt.Truncate(time.Minute)) { // people give minutes
		return CallFate{}, errors.New("the call lies before they came onto the list of calls: correct its time")
	}
	a := mailer.Attempt{ID: mailer.NewID(c.Now()), ContactID: s.ContactID, DeliveryID: s.DeliveryID, Number: s.Attempts + 1, Relay: phoneRelay, BegunAt: l.On}
	if s.Job.Slots == nil {
		sum := sha256.Sum256([]byte(s.Text))
		a.Message = &mailer.MessageRecord{SHA256: sum[:], Size: len(s.Text), ComposedAt: s.At, Slots: s.Slots}
	}
	end := l.settlement(s.Job, a)
	return CallFate{end.To, end.ReadyAt}, c.Store.LogCall(ctx, c.Controller, s.Job, a, end, l.By, l.Result, c.Now())
}

func (c *Calls) check(l CallLog) error {
	switch {
	case strings.TrimSpace(l.By) == "":
		return errors.New("this is put on record with the name of the person who called (--by)")
	case l.On.After(c.Now()):
		return errors.New("a call that lies ahead was not made yet: correct its time")
	case utf8.RuneCountInString(l.Note) > maxNote:
		return fmt.Errorf("the note is longer than %d characters: say what matters", maxNote)
	}
	return nil
}

// settlement is what follows from the result of a call.
func (l CallLog) settlement(j mailer.Job, a mailer.Attempt) mailer.Settlement {
	end := j.Settlement(mailer.Relayed, mailer.ClassAccepted, l.On)
	end.AttemptID, end.Duty, end.ByHand = a.ID, mailer.DutyMet, true
	end.Reply = mailer.MaskAddresses(strings.TrimSpace(string(l.Result) + " " + l.Note))
	fail := func(class mailer.ReplyClass, reason mailer.BlockReason) {
		end.To, end.Class, end.Duty, end.DutyReason = mailer.Rejected, class, mailer.DutyFailed, reason
	}
	switch l.Result {
	case CallWrongNumber:
		fail(mailer.ClassDeadAddress, mailer.BlockAddressDead)
		end.Suppress = mailer.DeadAddress(mailer.ByPhone, j.AddressHash, j.AddressKeyID, string(CallWrongNumber), l.On)
	case CallRefused:
		fail(mailer.ClassRefused, mailer.BlockRefused)
	case CallNotReached:
		if a.Number >= callTries {
			fail(mailer.ClassTransient, mailer.BlockNotReached)
			break
		}
		end.To, end.Class, end.Duty, end.ReadyAt = mailer.Deferred, mailer.ClassTransient, "", l.On.Add(callAgain)
	}
	return end
}
