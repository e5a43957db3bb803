package rights

import (
	"errors"

	"article14/mailer"
)

// ErrNoMailbox says that a person has no mailbox of theirs that is alive: what is to be said
// to them goes by post or telephone, by hand.
var ErrNoMailbox = errors.New("the person has no e-mail address that can be written to: send them a letter, and put that on record")

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
