package mailer

import "slices"

// Outcome is what follows from a class of reply. It is one row of the table
// that Next reads.
type Outcome struct {
	// To is the delivery's next state. Queued means that the claim is released
	// and no attempt is charged.
	To DeliveryState
	// Duty is where its duties go; "" leaves them in flight.
	Duty DutyState
	// Reason says why duties failed: what blocks them if no other channel is left.
	Reason BlockReason
	// Suppress says that the address is dead and must not be written to again (E3).
	Suppress bool
	// OurStanding says that the reply is about us: a lane with too large a share of
	// them is paused, and nobody's address is blamed (docs/states.md).
	OurStanding bool
}

// outcomes says what follows from each class. Duties stay in flight while a
// delivery may yet arrive, so deferred and uncertain deliveries leave them alone.
var outcomes = map[ReplyClass]Outcome{
	ClassAccepted:    {To: Relayed, Duty: DutyMet},
	ClassDeadAddress: {To: Rejected, Duty: DutyFailed, Reason: BlockAddressDead, Suppress: true},
	ClassRefused:     {To: Rejected, Duty: DutyFailed, Reason: BlockRefused},
	ClassContent:     {To: Rejected, Duty: DutyFailed, Reason: BlockRefused},
	ClassTooLarge:    {To: Rejected, Duty: DutyFailed, Reason: BlockRefused},
	ClassMailboxFull: {To: Deferred},
	ClassPolicy:      {To: Deferred, Reason: BlockPolicy, OurStanding: true},
	ClassTransient:   {To: Deferred},
	ClassCut:         {To: Deferred},
	ClassRelayAway:   {To: Queued},
	ClassReturned:    {To: Rejected, Duty: DutyFailed, Reason: BlockAddressDead, Suppress: true},
	ClassUncertain:   {To: Uncertain}, // it may have arrived: the person must not be told twice without a reason on record (E5)
}

// Next gives what follows from a class.
func Next(class ReplyClass) Outcome { return outcomes[class] }

// Classify says what a failed transaction means for us, by the class of its
// SMTP code and its enhanced code (docs/states.md), and by its stage. nil is
// a message that the relay took.
func Classify(e *DeliveryError) ReplyClass {
	if e == nil {
		return ClassAccepted
	}
	v := answerOf(e)
	for _, rule := range replyRules {
		if rule.holds(v) {
			return rule.class
		}
	}
	return ClassRefused // a 5yz that no rule above knows: the message, its size, its form
}

// answer is what the rules look at.
type answer struct {
	stage  Stage
	code   int    // 0: no answer that means anything
	detail string // enhanced code without its class: "1.1" of "5.1.1"; "" if none, or of another class than the code's
}

func answerOf(e *DeliveryError) answer {
	v := answer{stage: e.Stage, code: e.Reply.Code}
	if v.code < 400 || v.code > 599 {
		v.code = 0 // a success that came as a failure was no answer to what we said
	}
	if enh := e.Reply.Enhanced; v.code != 0 && len(enh) > 2 && int(enh[0]-'0') == v.code/100 && enh[1] == '.' {
		v.detail = enh[2:]
	}
	return v
}

func (v answer) lost() bool                { return v.code == 0 }
func (v answer) temporary() bool           { return v.code/100 == 4 }
func (v answer) permanent() bool           { return v.code/100 == 5 }
func (v answer) detailIn(d ...string) bool { return slices.Contains(d, v.detail) }
func (v answer) codeIn(c ...int) bool      { return slices.Contains(c, v.code) }
func (v answer) aboutPolicy() bool         { return len(v.detail) > 2 && v.detail[:2] == "7." }
func (v answer) aboutContent() bool        { return len(v.detail) > 2 && v.detail[:2] == "6." }

// replyRules are asked from the top, and the first that holds decides.
var replyRules = []struct {
	rule  string
	class ReplyClass
	holds func(v answer) bool
}{
	{"no answer to the final dot: it may have been taken", ClassUncertain,
		func(v answer) bool { return v.lost() && v.stage == StageDot }},

	// Until MAIL is answered the relay has not heard who the mail is for: whatever
	// goes wrong for a while is between it and us, and nothing is charged.
	{"the relay could not be reached, secured or authenticated with", ClassRelayAway,
		func(v answer) bool { return v.stage == StageConnect }},
	{"the relay is lost, or not ready, before it heard of the person", ClassRelayAway,
		func(v answer) bool { return v.stage == StageMail && !v.permanent() }},

	{"the connection was lost before the final dot", ClassCut,
		func(v answer) bool { return v.lost() }},

	// A permanent no to MAIL is about the message (RFC 1870, RFC 6531), or about us
	// as a sender; it never is about the person.
	{"the message is too large for the relay, or in a form that it cannot carry", ClassRefused,
		func(v answer) bool {
			return v.stage == StageMail && (v.codeIn(552) || v.detailIn("3.4") || v.aboutContent())
		}},
	{"the relay will not have us as a sender", ClassPolicy,
		func(v answer) bool { return v.stage == StageMail }},

	// RFC 3463: no such mailbox, no such domain, no mail server (RFC 7505), mailbox
	// disabled; RFC 6710, RFC 7293: account disabled, mailbox has a new owner. A
	// bare 550 does not say so: filters answer with it too, and an address that is
	// wrongly held to be dead is a person who is never told.
	{"the address is dead", ClassDeadAddress,
		func(v answer) bool {
			return v.permanent() && v.detailIn("1.1", "1.2", "1.10", "2.1", "7.13", "7.17")
		}},
	{"the mailbox is full", ClassMailboxFull,
		func(v answer) bool { return v.detailIn("2.2") }},
	{"552 to RCPT, which RFC 5321 4.5.3.1.10 has treated as 452", ClassMailboxFull,
		func(v answer) bool { return v.stage == StageRcpt && v.code == 552 && v.detail == "" }},

	{"greylisted: a first try is put off, whoever it is from", ClassTransient,
		func(v answer) bool { return v.temporary() && v.detailIn("7.1") }},
	{"security or policy: mostly our own standing", ClassPolicy,
		func(v answer) bool { return v.aboutPolicy() }},
	// Unknown or misplaced commands, unknown parameters, authentication wanted, a
	// host that takes no mail (RFC 7504): our conversation, whoever it is about.
	{"the relay objects to how we talk, not to whom we write", ClassPolicy,
		func(v answer) bool {
			return v.codeIn(500, 502, 503, 504, 521, 530, 534, 535, 538, 555) && v.detailIn("", "5.0", "5.1", "5.2", "5.4")
		}},

	// 421 to RCPT or later belongs here too: the person was named, so the attempt
	// stays on record, and a relay that hangs up whenever it hears of one odd domain
	// does not get that same delivery first each time it is back.
	{"try again later", ClassTransient,
		func(v answer) bool { return v.temporary() }},
}
