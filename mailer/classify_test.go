package mailer

import (
	"errors"
	"slices"
	"testing"
)

// docs/states.md and E2, E3, E5.
func TestClassifyAndNext(t *testing.T) {
	lost := errors.New("connection reset")
	for _, c := range []struct {
		sentence string
		stage    Stage
		code     int
		enhanced string
		class    ReplyClass
		to       DeliveryState
	}{
		{"a relay that cannot be reached charges nobody", StageConnect, 0, "", ClassRelayAway, Queued},
		{"a relay that greets with 554 charges nobody", StageConnect, 554, "5.3.2", ClassRelayAway, Queued},
		{"a refused password charges nobody", StageConnect, 535, "5.7.8", ClassRelayAway, Queued},
		{"a connection lost at MAIL charges nobody", StageMail, 0, "", ClassRelayAway, Queued},
		{"421 at MAIL charges nobody", StageMail, 421, "4.3.2", ClassRelayAway, Queued},
		{"450 at MAIL charges nobody", StageMail, 450, "4.7.1", ClassRelayAway, Queued},

		{"530 at MAIL is about us", StageMail, 530, "5.7.0", ClassPolicy, Deferred},
		{"550 5.7.1 at MAIL is about us", StageMail, 550, "5.7.1", ClassPolicy, Deferred},
		{"550 5.1.1 at MAIL speaks of the sender", StageMail, 550, "5.1.1", ClassPolicy, Deferred},
		{"a bare 550 at MAIL is about us", StageMail, 550, "", ClassPolicy, Deferred},
		{"a message over the relay's limit is refused", StageMail, 552, "5.3.4", ClassRefused, Rejected},
		{"a message over the relay's limit is refused without enhanced code too", StageMail, 552, "", ClassRefused, Rejected},
		{"an address that the relay cannot carry is refused", StageMail, 553, "5.6.7", ClassRefused, Rejected},

		{"a connection lost at RCPT is transient", StageRcpt, 0, "", ClassCut, Deferred},
		{"a connection lost in the body is transient", StageData, 0, "", ClassCut, Deferred},
		{"a connection lost after the dot is uncertain", StageDot, 0, "", ClassUncertain, Uncertain},
		{"a success that came as a failure before the dot is a lost connection", StageData, 250, "2.0.0", ClassCut, Deferred},
		{"a code that SMTP lacks after the dot is uncertain", StageDot, 700, "", ClassUncertain, Uncertain},

		{"5.1.1: no such mailbox", StageRcpt, 550, "5.1.1", ClassDeadAddress, Rejected},
		{"5.1.1 after the dot: no such mailbox", StageDot, 550, "5.1.1", ClassDeadAddress, Rejected},
		{"5.1.2: no such domain", StageRcpt, 550, "5.1.2", ClassDeadAddress, Rejected},
		{"5.1.10: the domain takes no mail", StageRcpt, 556, "5.1.10", ClassDeadAddress, Rejected},
		{"5.2.1: mailbox disabled", StageRcpt, 550, "5.2.1", ClassDeadAddress, Rejected},
		{"5.7.13: account disabled", StageRcpt, 550, "5.7.13", ClassDeadAddress, Rejected},
		{"5.7.17: the mailbox has a new owner", StageRcpt, 550, "5.7.17", ClassDeadAddress, Rejected},
		{"4.1.1 is no dead address", StageRcpt, 450, "4.1.1", ClassTransient, Deferred},
		{"an enhanced code of another class is not believed", StageRcpt, 450, "5.1.1", ClassTransient, Deferred},
		{"5.1.16 is not 5.1.1", StageRcpt, 550, "5.1.16", ClassRefused, Rejected},
		{"a bare 550 at RCPT proves no dead address", StageRcpt, 550, "", ClassRefused, Rejected},
		{"a bare 551 at RCPT proves no dead address", StageRcpt, 551, "", ClassRefused, Rejected},
		{"a bare 553 at RCPT proves no dead address", StageRcpt, 553, "", ClassRefused, Rejected},

		{"4.2.2: the mailbox is full", StageRcpt, 452, "4.2.2", ClassMailboxFull, Deferred},
		{"5.2.2: the mailbox is full", StageRcpt, 552, "5.2.2", ClassMailboxFull, Deferred},
		{"a bare 552 at RCPT is treated as 452", StageRcpt, 552, "", ClassMailboxFull, Deferred},
		{"a bare 552 to the dot is about the message", StageDot, 552, "", ClassRefused, Rejected},

		{"4.7.1 is greylisting", StageRcpt, 451, "4.7.1", ClassTransient, Deferred},
		{"4.7.0 is our standing", StageRcpt, 421, "4.7.0", ClassPolicy, Deferred},
		{"5.7.1 is our standing", StageRcpt, 550, "5.7.1", ClassPolicy, Deferred},
		{"5.7.26 after the dot is our standing", StageDot, 550, "5.7.26", ClassPolicy, Deferred},
		{"530 at RCPT wants us to authenticate", StageRcpt, 530, "", ClassPolicy, Deferred},
		{"503 is our conversation", StageRcpt, 503, "5.5.1", ClassPolicy, Deferred},
		{"555 at RCPT objects to a parameter", StageRcpt, 555, "5.5.4", ClassPolicy, Deferred},
		{"501 at RCPT is about this address", StageRcpt, 501, "5.1.3", ClassRefused, Rejected},
		{"504 with a word on the mailbox is about the mailbox", StageRcpt, 504, "5.2.1", ClassDeadAddress, Rejected},

		{"450 greylists", StageRcpt, 450, "", ClassTransient, Deferred},
		{"421 at RCPT stays on record and waits", StageRcpt, 421, "4.3.2", ClassTransient, Deferred},
		{"421 at DATA stays on record and waits", StageData, 421, "", ClassTransient, Deferred},
		{"421 to the dot is no acceptance", StageDot, 421, "4.3.0", ClassTransient, Deferred},
		{"451 to the dot is no acceptance", StageDot, 451, "", ClassTransient, Deferred},
		{"554 to DATA", StageData, 554, "5.5.1", ClassRefused, Rejected},
		{"554 to the dot", StageDot, 554, "5.6.0", ClassRefused, Rejected},
	} {
		t.Run(c.sentence, func(t *testing.T) {
			e := &DeliveryError{Stage: c.stage, Reply: Reply{Code: c.code, Enhanced: c.enhanced}, Cause: lost}
			class := Classify(e)
			if next := Next(class); class != c.class || next.To != c.to {
				t.Errorf("%d %s at %s: %s, then %s; want %s, then %s", c.code, c.enhanced, c.stage, class, next.To, c.class, c.to)
			}
		})
	}
	if Classify(nil) != ClassAccepted {
		t.Error("no error is not accepted")
	}
}

func TestEachRuleDecidesSomething(t *testing.T) {
	decided := make([]bool, len(replyRules))
	everyAnswer(func(v answer) {
		for i, rule := range replyRules {
			if rule.holds(v) {
				decided[i] = true
				return
			}
		}
	})
	for i, rule := range replyRules {
		if !decided[i] {
			t.Errorf("rule %q never decides: a rule above it has all of its cases", rule.rule)
		}
	}
}

// R9, E2, E3, E5: what must hold whatever a relay answers.
func TestWhateverARelayAnswers(t *testing.T) {
	everyAnswer(func(v answer) {
		e := &DeliveryError{Stage: v.stage, Reply: Reply{Code: v.code}}
		if v.detail != "" {
			e.Reply.Enhanced = string('0'+rune(v.code/100)) + "." + v.detail
		}
		class := Classify(e)
		next := Next(class)
		switch {
		case next.To == "" || !slices.Contains(DeliveryMoves[Sending], next.To):
			t.Errorf("%v: %s leads to %q, which is no move from sending", e.Reply, class, next.To)
		case next.To == Relayed:
			t.Errorf("%v at %s: a failure was taken for acceptance", e.Reply, e.Stage)
		case next.To == Rejected && v.code < 500:
			t.Errorf("%v at %s: rejected for good without a 5yz", e.Reply, e.Stage)
		case next.Suppress && (v.stage == StageConnect || v.stage == StageMail):
			t.Errorf("%v at %s: an address is dead before the relay heard of it", e.Reply, e.Stage)
		case (next.To == Uncertain) != (v.stage == StageDot && v.code == 0):
			t.Errorf("%v at %s: %s", e.Reply, e.Stage, next.To)
		case next.To == Queued && v.stage != StageConnect && v.stage != StageMail:
			t.Errorf("%v at %s: no attempt is charged for a person whom the relay heard of", e.Reply, e.Stage)
		case next.Duty != "" && !slices.Contains(DutyMoves[DutyInFlight], next.Duty):
			t.Errorf("%v: a duty in flight cannot go to %s", e.Reply, next.Duty)
		case (next.Duty == DutyFailed) != (next.To == Rejected && next.Reason != ""):
			t.Errorf("%v: %s, duty %q for reason %q", e.Reply, next.To, next.Duty, next.Reason)
		}
	})
}

func everyAnswer(visit func(answer)) {
	details := []string{"", "0.0", "1.1", "1.2", "1.3", "1.10", "2.1", "2.2", "3.2", "3.4", "5.1", "5.4", "6.0", "6.7", "7.0", "7.1", "7.13", "7.17", "7.26"}
	for _, stage := range []Stage{StageConnect, StageMail, StageRcpt, StageData, StageDot} {
		visit(answer{stage: stage})
		for code := 400; code < 600; code++ {
			for _, d := range details {
				visit(answer{stage: stage, code: code, detail: d})
			}
		}
	}
}
