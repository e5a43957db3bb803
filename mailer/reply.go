package mailer

import (
	"fmt"
	"regexp"
	"strings"
)

// Stage is where in the SMTP dialogue (RFC 5321) something happened.
type Stage string

// Stages of a transaction.
const (
	StageConnect Stage = "connect" // dial, greeting, EHLO, STARTTLS, AUTH
	StageMail    Stage = "mail"
	StageRcpt    Stage = "rcpt"
	StageData    Stage = "data" // the DATA command and the body, before the final dot
	StageDot     Stage = "dot"  // the final dot was handed to the wire
)

// Reply is the answer of an SMTP server (RFC 5321, RFC 3463).
type Reply struct {
	Code     int    // 250, 451, ...
	Enhanced string // "5.1.1", "" if the server gave none
	Text     string // addresses masked: replies often quote the recipient
}

// DeliveryError says how a transaction failed. Code 0 means that no reply
// came: the connection was lost, refused, timed out, or spoke nonsense.
type DeliveryError struct {
	Stage Stage
	Reply Reply
	Cause error
}

// Error names stage and code, never the recipient.
func (e *DeliveryError) Error() string {
	if e.Reply.Code != 0 {
		return fmt.Sprintf("the relay answered %d %s at %s: %s", e.Reply.Code, e.Reply.Enhanced, e.Stage, e.Reply.Text)
	}
	return fmt.Sprintf("the relay was lost at %s: %s", e.Stage, MaskAddresses(fmt.Sprint(e.Cause)))
}

// Unwrap gives the cause.
func (e *DeliveryError) Unwrap() error { return e.Cause }

// ReplyClass is what a failure means for us (docs/states.md).
type ReplyClass string

// Classes of replies.
const (
	ClassAccepted    ReplyClass = "accepted"
	ClassDeadAddress ReplyClass = "dead_address" // 5.1.1, 5.1.2, 5.1.10, 5.2.1: the address is dead
	ClassMailboxFull ReplyClass = "mailbox_full" // x.2.2: later
	ClassPolicy      ReplyClass = "policy"       // x.7.z: mostly our own standing; the address is not to blame
	ClassTransient   ReplyClass = "transient"    // 4.y.z
	ClassRefused     ReplyClass = "refused"      // other 5.y.z: the message, its size, its form; of a report: it does not say why
	ClassContent     ReplyClass = "content"      // of a report: what the message says, or its form
	ClassTooLarge    ReplyClass = "too_large"    // of a report: its size
	ClassRelayAway   ReplyClass = "relay_away"   // the relay's fault: nothing is charged to the person
	ClassCut         ReplyClass = "cut"          // lost before the dot
	ClassUncertain   ReplyClass = "uncertain"    // lost after the dot
	ClassReturned    ReplyClass = "returned"     // a letter that the post brought back
)

var addressLike = regexp.MustCompile(`[^\s<>"'(),;:]+@[^\s<>"'(),;]+|"[^"]*"@[^\s<>"'(),;]+`)

// MaskAddresses replaces whatever looks like an address, so that replies and
// errors can be kept and logged.
func MaskAddresses(s string) string {
	if !strings.Contains(s, "@") { // as nearly always
		return s
	}
	return addressLike.ReplaceAllString(s, "[address]")
}
