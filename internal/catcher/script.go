package catcher

import (
	"strings"

	"github.com/emersion/go-smtp"
)

// Step is a place in an SMTP transaction, in the order in which they come.
type Step int

// The steps, and what a sender knows when the connection is cut there.
const (
	// Now is the command being asked about.
	Now Step = iota
	// AtMail: in place of the answer to MAIL. Nothing was delivered.
	AtMail
	// AtRcpt: in place of the answer to RCPT. Nothing was delivered.
	AtRcpt
	// AtData: in place of the 354 to DATA. Nothing was delivered.
	AtData
	// InBody: once the first byte of the mail has come. Nothing was delivered,
	// but a sender that had already written the final dot cannot know it.
	InBody
	// AfterDot: the mail is taken and kept, and the answer is lost.
	AfterDot
)

// Envelope is what a Script decides on.
type Envelope struct {
	Step       Step   // AtMail or AtRcpt: which command asks
	From       string // the reverse-path; empty for the null sender
	To         string // the recipient; empty at MAIL
	EnvelopeID string // ENVID (RFC 3461), decoded
	// Try counts how often this recipient (at MAIL: this sender) was asked
	// about, 1 for the first time. Domains fold case, local parts do not.
	Try int
}

// Script decides what happens to a mail. It is asked at MAIL and once for each
// recipient, from many goroutines at once. A verdict for a later step is kept
// for the mail; where several recipients bring one, the first stands.
type Script func(Envelope) Verdict

// Verdict is what a Script wants done. Make one with Reply or Drop; the zero
// value is Accept.
type Verdict struct {
	Step     Step
	Drop     bool // cut the connection
	Code     int  // or answer with this: 4yz or 5yz; 421 also closes
	Enhanced Enhanced
	Text     string
}

// Enhanced is a status code of RFC 3463.
type Enhanced [3]int

// Accept lets the mail pass.
var Accept Verdict

// Reply answers with a code at a step: Now, AtMail, AtRcpt or AfterDot, whereupon
// the mail is not kept. For AtData and InBody the answer comes after the dot:
// go-smtp has said 354 by then. Code 421 closes the connection after it.
func Reply(step Step, code int, enhanced Enhanced, text string) Verdict {
	return Verdict{Step: step, Code: code, Enhanced: enhanced, Text: text}
}

// Drop cuts the connection at a step, without an answer.
func Drop(step Step) Verdict { return Verdict{Step: step, Drop: true} }

func (v Verdict) err() *smtp.SMTPError {
	return &smtp.SMTPError{
		Code:         v.Code,
		EnhancedCode: smtp.EnhancedCode(v.Enhanced),
		Message:      strings.Join(strings.Fields(v.Text), " "), // one reply is one line
	}
}

// LocalPart is one row of the table behind ByLocalPart.
type LocalPart struct {
	Prefix    string  // how the local part begins, in any case
	FirstOnly bool    // later tries are accepted
	Verdict   Verdict // what happens
	Meaning   string  // the same in words
}

// LocalParts is the table of ByLocalPart. The longest prefix that fits wins.
//
//	refuse...       550 5.1.1 at RCPT                       always
//	full...         452 4.2.2 at RCPT                       always
//	reject-body...  554 5.6.0 after the dot                 always
//	greylist...     451 4.7.1 at RCPT                       first try
//	busy...         421 4.3.2 at RCPT, and closes           first try
//	drop...         connection cut in place of the 354      first try
//	drop-body...    connection cut in the middle of a mail  first try
//	lost-answer...  mail taken, connection cut unanswered   first try
func LocalParts() []LocalPart {
	return []LocalPart{
		{"refuse", false, Reply(AtRcpt, 550, Enhanced{5, 1, 1}, "no such mailbox here"),
			"the mailbox does not exist"},
		{"full", false, Reply(AtRcpt, 452, Enhanced{4, 2, 2}, "mailbox full"),
			"the mailbox is full, for ever"},
		{"reject-body", false, Reply(AfterDot, 554, Enhanced{5, 6, 0}, "message content refused"),
			"the mail is refused once it was read"},
		{"greylist", true, Reply(AtRcpt, 451, Enhanced{4, 7, 1}, "greylisted, try again later"),
			"deferred at the first try, accepted later"},
		{"busy", true, Reply(AtRcpt, 421, Enhanced{4, 3, 2}, "too busy, closing the connection"),
			"the server closes the connection at the first try, accepts later"},
		{"drop", true, Drop(AtData),
			"the connection breaks at DATA at the first try, accepted later"},
		{"drop-body", true, Drop(InBody),
			"the connection breaks in the middle of the mail at the first try, accepted later"},
		{"lost-answer", true, Drop(AfterDot),
			"the mail is taken but its answer is lost at the first try; a second one is taken too"},
	}
}

// ByLocalPart is a script that reads its order from the local part of the
// recipient's address, by the table of LocalParts. Any other address is accepted.
func ByLocalPart() Script {
	table := LocalParts()
	return func(e Envelope) Verdict {
		row, found := longestPrefix(table, strings.ToLower(e.To))
		if !found || row.FirstOnly && e.Try > 1 {
			return Accept
		}
		return row.Verdict
	}
}

func longestPrefix(table []LocalPart, address string) (best LocalPart, found bool) {
	for _, row := range table {
		if strings.HasPrefix(address, row.Prefix) && len(row.Prefix) > len(best.Prefix) {
			best, found = row, true
		}
	}
	return best, found
}
