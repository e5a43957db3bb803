package track

import (
	"bytes"
	"strings"
	"time"

	"article14/internal/address"
	"article14/internal/wish"
	"article14/mailer"
)

// AnswerItem is what a person wrote back, as an item for the privacy team, without its
// words. docs/answers.md.
type AnswerItem struct {
	ID         mailer.ID
	ContactID  mailer.ID // zero: nobody knows whose it is
	DeliveryID mailer.ID // what it answers, or the newest notice of whoever wrote it; zero: there is none
	Door       string
	ReceivedAt time.Time
	By         MatchedBy // "": not matched
	Language   string    // base code, "" unknown
	Kind       wish.Kind // a suggestion, by words alone
	Why        []string  // the phrases behind it, of our own table
	No         AnswerNo
	DueAt      time.Time // Art. 12(3), from its receipt (D9)
	State      AnswerState
	ClosedAt   time.Time
	ClosedBy   string // "": it took effect by itself
	ClosedAs   AnswerEnd
	ClosedWhy  string
}

// AnswerState is where an item stands.
type AnswerState string

// States of an answer.
const (
	AnswerOpen   AnswerState = "open"
	AnswerClosed AnswerState = "closed"
)

// AnswerNo is what becomes of a clear "no" in an answer (R5).
type AnswerNo string

// What becomes of it.
const (
	NoNone     AnswerNo = ""
	NoUnknown  AnswerNo = "unknown_person" // it is not known whose it is, or no notice went to them: a person links or answers it
	NoPending  AnswerNo = "pending"        // it takes effect now
	NoRecorded AnswerNo = "recorded"       // use has stopped
	NoRight    AnswerNo = "left_to_person" // there is no right to object there (R10), nothing is held any more, or it came from our own address: a person answers
)

// AnswerEnd is what an item came to.
type AnswerEnd string

// What answers come to.
const (
	EndAccess    AnswerEnd = "request:access" // a request with its own deadline (Art. 15)
	EndObjection AnswerEnd = "objection"      // Art. 21
	EndAnswered  AnswerEnd = "answered"       // by a person, elsewhere
	EndNothing   AnswerEnd = "nothing"        // it asks for nothing
	EndErased    AnswerEnd = "erased"         // whoever wrote it was erased
)

// AnswerEnds are those that a person chooses from.
var AnswerEnds = []AnswerEnd{EndAccess, EndObjection, EndAnswered, EndNothing}

// AnswerText is the words of an answer, safe to show. It is personal data.
type AnswerText struct {
	From        string
	Subject     string
	Body        string
	Attachments []Attachment
	Until       time.Time // T4
}

// AnswerFile is an answer on its way into the books.
type AnswerFile struct {
	Item     AnswerItem
	Text     AnswerText
	FromHash []byte // of the author's address, as identifiers are hashed; nil: it has none
	Own      bool   // the author's address is one of ours: nothing takes effect
	Clear    bool   // it says a clear "no"
	Report   ReportFile
}

// AnswerTrail is to whom an answer leads.
type AnswerTrail struct {
	Contact   mailer.ID // of the delivery that its clue names; zero: there is none
	Delivery  mailer.ID // that delivery
	Addresses [][]byte  // hashes of that person's mail addresses
	Holders   []Holder  // who has the author's address: two at most are looked for
}

// Holder is a person with a mail address, and the newest notice that went to them.
type Holder struct {
	ContactID  mailer.ID
	DeliveryID mailer.ID // zero: none did
}

// Repeats tells whether an item says no more than an earlier one that the same message became: by
// another door, which knows less of whom it was for, or the same. One message to the reply addresses of
// two notices is two items.
func (item AnswerItem) Repeats(earlier AnswerItem) bool {
	if earlier.ID.IsZero() {
		return false
	}
	byAddress := item.By == ByReply || item.By.Proven()
	return !byAddress || item.ContactID == earlier.ContactID && item.DeliveryID == earlier.DeliveryID
}

// Resolve says whose an answer is and what becomes of it, by where it leads.
//
// Whoever writes to the address of one mail has had that mail. A Message-ID travels further, so
// that it tells whose an answer is, but a "no" takes effect only if its author has that person's
// address as well. An author's address alone is easily forged; yet an objection does its
// subject no harm, and is acknowledged to the address that we know, never to the author's.
func (f AnswerFile) Resolve(t AnswerTrail) AnswerItem {
	item := f.Item
	item.By, item.State = "", AnswerOpen
	theirs := len(f.FromHash) > 0 && containsHash(t.Addresses, f.FromHash)
	switch by := f.Report.Clue.By; {
	case !t.Contact.IsZero() && by == ByMessageID && theirs:
		item.ContactID, item.DeliveryID, item.By = t.Contact, t.Delivery, ByAuthor
	case !t.Contact.IsZero():
		item.ContactID, item.DeliveryID, item.By = t.Contact, t.Delivery, by
	case f.Report.Clue.Why == UnmatchedForged: // and nothing weaker is tried
	case len(t.Holders) == 1:
		item.ContactID, item.DeliveryID, item.By = t.Holders[0].ContactID, t.Holders[0].DeliveryID, BySenderOnly
	}
	item.No = f.no(item)
	return item
}

func (f AnswerFile) no(item AnswerItem) AnswerNo {
	switch {
	case !f.Clear:
		return NoNone
	case f.Own:
		return NoRight
	case item.DeliveryID.IsZero() || item.By == ByMessageID:
		return NoUnknown
	}
	return NoPending
}

// LinkedTo is the item when a person has said whose it is, with the newest notice that
// went to them. A "no" that took effect for somebody else, to whom the author's address
// led, takes effect for them as well.
func (item AnswerItem) LinkedTo(contact, notice mailer.ID) AnswerItem {
	wrong := item.No == NoRecorded && item.ContactID != contact
	item.ContactID, item.DeliveryID, item.By = contact, notice, ByPerson
	switch {
	case item.No != NoUnknown && !wrong:
	case notice.IsZero():
		item.No = NoUnknown
	default:
		item.No = NoPending
	}
	return item
}

func containsHash(hashes [][]byte, hash []byte) bool {
	for _, h := range hashes {
		if bytes.Equal(h, hash) {
			return true
		}
	}
	return false
}

// AnswerClue looks in an answer for the delivery that it is about: by the addresses to which it
// was sent, of answers first, and then as in any report.
func (r Report) AnswerClue(t mailer.Tokens, sentTo []string) Clue {
	forged := false
	for _, addrs := range [][]string{sentTo, r.SentTo} {
		for _, addr := range addrs {
			id, err := t.OpenAnswer(addr)
			if err == nil {
				return Clue{DeliveryID: id, By: ByReply}
			}
			forged = forged || err == mailer.ErrForgedEnvelope
		}
	}
	if forged {
		return Clue{Why: UnmatchedForged}
	}
	return r.Clue(t, sentTo)
}

// EmailHash is what a mail address is recognised by, or nil for what is none.
func EmailHash(key mailer.Key, addr string) []byte {
	a, err := address.Parse(addr)
	if err != nil {
		return nil
	}
	return key.MAC([]byte(mailer.ByEmail), []byte(a.Normal()))
}

// ownAddress tells whether an address is one that we write from or are written to at.
func ownAddress(c mailer.Controller, addr string) bool {
	_, domain, _ := strings.Cut(addr, "@")
	for _, own := range []string{c.Mail.BounceDomain, c.Mail.AnswerDomain} {
		if own != "" && strings.EqualFold(own, domain) {
			return true
		}
	}
	return sameMailbox(addr, c.Email) || sameMailbox(addr, c.Mail.From)
}

// replyMarks are what mail programs put in front of the subject that they answer to.
var replyMarks = []string{"re", "aw", "antw", "antwort", "sv", "vs", "rif", "res", "odp", "ynt", "atb", "fwd", "fw", "wg", "tr", "απ", "отг", "vá", "ré", "r"}

// ownSubject is a subject that its author wrote: one that answers is ours.
func ownSubject(subject string) string {
	mark, _, found := strings.Cut(subject, ":")
	mark, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(mark)), "[") // "Re[2]:"
	for _, m := range replyMarks {
		if found && mark == m {
			return ""
		}
	}
	return subject
}
