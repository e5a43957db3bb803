package rights

import (
	"context"
	"errors"
	"time"

	"article14/mailer"
)

// ErrNoMailbox says that a person has no mailbox of theirs that is alive: what is to be said
// to them goes by post or telephone, by hand.
var ErrNoMailbox = errors.New("the person has no e-mail address that can be written to: send them a letter, and put that on record")

// Correspondence writes to people about their rights. It needs no notice that was approved
// with the words: they are made on demand from the register in force, checked as a
// notice's are, and stored once as a content version of their own.
type Correspondence struct {
	Store      CorrespondenceStore
	Registers  *mailer.Registers
	Composer   mailer.Composer
	Tokens     mailer.Tokens
	Controller mailer.ID
	Key        string // the controller's, as in the register
	Now        func() time.Time
}

// To says to whom a mail goes.
type To struct {
	Contact mailer.ID
	// Activity is what it is about; "" for that of their newest notice, or else of what was
	// obtained last.
	Activity string
	// Address is one of their mail identifiers, that of the mailbox which is to be proved;
	// zero for that of their notice, if it is alive, or else their first that is.
	Address mailer.ID
}

// CorrespondenceStore keeps the texts of correspondence, and knows whom it goes to.
type CorrespondenceStore interface {
	// SaveContent stores a content version with its skeletons; the same hash again changes
	// nothing and gives the one that is there.
	SaveContent(ctx context.Context, controller mailer.ID, v mailer.ContentVersion, now time.Time) (mailer.ContentVersion, error)
	// Addressee gives what is known of a person, or ErrNoContact. The notice is the newest that they were
	// given or are about to be, of the activity if that is not "".
	Addressee(ctx context.Context, controller, contact mailer.ID, activity string, now time.Time) (Addressee, error)
}

// Addressee is somebody who is written to about their rights.
type Addressee struct {
	Contact    mailer.Contact
	Mailboxes  []mailer.Channel // in the order in which they were added
	Activities []string         // for which something was obtained, the latest first
	Notice     *GivenNotice     // nil: there is none
}

// GivenNotice is what a person's newest notice says about how they are written to.
type GivenNotice struct {
	Activity   string
	Languages  string
	RegisterID mailer.ID
	Identifier mailer.ID // the address that it went to, of whatever channel
}

// Plan makes a delivery for the express lane: the text rendered, checked and stored, the person's
// values drawn, and their address and languages chosen. Nothing is queued: whoever asks
// does it in the transaction of what the mail is about. It gives ErrNoMailbox where there
// is no address, and an error that says what to do where a text is missing (L2) or m lacks
// what the document needs.
//
// The six digits of a code are nowhere in what it gives: see [mailer.Tokens.ProofCode],
// with the key whose id is in Values under [mailer.SlotTokenKey].
func (c *Correspondence) Plan(ctx context.Context, to To, doc mailer.Document, m mailer.Matter) (*mailer.PlannedDelivery, error) {
	return nil, errors.New("not yet")
}
