package track

import (
	"slices"
	"strings"
	"time"

	"article14/mailer"
)

// Incoming is a message as a door received it. It is what others wrote: nothing in it is proven.
type Incoming struct {
	Door       string    // one of Doors
	ExternalID []byte    // of the provider's event; nil: the message's own hash
	MailFrom   string    // the envelope sender; "" is the null sender (RFC 5321, 4.5.5), or none is known
	SentTo     []string  // the addresses to which it was sent, as the mail system knows them; the one that it is taken for stands first
	Raw        []byte    // what is kept of it
	ReceivedAt time.Time // zero: now
}

// The doors through which messages come.
const (
	DoorPipe   = "pipe"   // article14 bounce, run by a mail system
	DoorSMTP   = "smtp"   // our own listener
	DoorLMTP   = "lmtp"   // the same, behind a mail system of the house (RFC 2033)
	DoorSES    = "ses"    // Amazon SES by way of SNS
	DoorEvents = "events" // any provider's events, as Standard Webhooks
	DoorIMAP   = "imap"   // a mailbox that is emptied
)

// Doors lists them.
var Doors = []string{DoorPipe, DoorSMTP, DoorLMTP, DoorSES, DoorEvents, DoorIMAP}

// DoorOutcome is what a door did with what came, in one bounded word.
type DoorOutcome string

// Outcomes at a door.
const (
	DoorKept      DoorOutcome = "kept"      // it is in the books, and the sender was told so
	DoorUnknown   DoorOutcome = "unknown"   // for an address or a topic that is not ours, or a forged one
	DoorUnproven  DoorOutcome = "unproven"  // its signature, its time or its certificate is not right
	DoorMalformed DoorOutcome = "malformed" // it will never be right
	DoorLimited   DoorOutcome = "limited"   // more than one client, or one message, may be
	DoorAway      DoorOutcome = "away"      // we could not keep it: the sender shall bring it again
)

// DoorOutcomes lists them.
var DoorOutcomes = []DoorOutcome{DoorKept, DoorUnknown, DoorUnproven, DoorMalformed, DoorLimited, DoorAway}

// Accepts tells whether a door that is spoken to by strangers shall take mail for
// an address: an envelope sender or a reply address that a key of ours made, or one of
// the mailboxes that the operator named. The domain of an envelope sender is not looked at: it
// may have been another when the notice left, and the MAC proves more than a name.
func (r *Reports) Accepts(addr string, mailboxes []string) bool {
	for _, open := range []func(string) (mailer.ID, error){r.Tokens.OpenEnvelope, r.Tokens.OpenAnswer} {
		if _, err := open(addr); err == nil {
			return strings.Contains(addr, "@")
		}
	}
	return slices.ContainsFunc(mailboxes, func(m string) bool { return sameMailbox(m, addr) })
}
