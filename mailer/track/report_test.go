package track

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"article14/mailer"
)

var (
	deadBounce   = Verdict{Action: ActionFailed, Class: mailer.ClassDeadAddress, Reply: mailer.Reply{Code: 550, Enhanced: "5.1.1"}, Recipient: "Ann@Example.org"}
	fullBounce   = Verdict{Action: ActionFailed, Class: mailer.ClassMailboxFull, Recipient: "ann@example.org"}
	policyBounce = Verdict{Action: ActionFailed, Class: mailer.ClassPolicy, Reply: mailer.Reply{Enhanced: "5.7.1"}, Recipient: "ann@example.org"}
	home         = mailer.Identifier{ID: mailer.ID{1}, Kind: mailer.ByEmail, Value: "ann@example.org", Hash: []byte("hash"), KeyID: "a"}
	work         = mailer.Channel{Identifier: mailer.Identifier{ID: mailer.ID{2}, Kind: mailer.ByEmail, Value: "ann@work.example"}}
)

func reported(state mailer.DeliveryState, channels ...mailer.Channel) ReportedDelivery {
	return ReportedDelivery{ContactID: mailer.ID{3}, ID: mailer.ID{4}, CampaignID: mailer.ID{5}, Document: mailer.DocNotice, State: state, Attempts: 1, To: home,
		Channels: append([]mailer.Channel{{Identifier: home}}, channels...)}
}

// short writes a consequence down in a few words.
func short(c Consequence) string {
	words := []string{string(c.To), string(c.Duty), string(c.Reason)}
	for what, is := range map[string]bool{"block": c.Block, "suppress": c.Suppress != nil, "alert": c.Alert != nil, "wait": c.Wait} {
		if is {
			words = append(words, what)
		}
	}
	words = slices.DeleteFunc(words, func(w string) bool { return w == "" })
	slices.Sort(words[min(len(words), 3):])
	return strings.Join(words, " ")
}

func TestWhatFollowsFromAReport(t *testing.T) { // E2, E3
	suppressed := work
	suppressed.Suppressed = true
	receipt := reported(mailer.Relayed)
	receipt.Document, receipt.CampaignID = mailer.DocObjectionReceipt, mailer.ID{}
	untouched := reported(mailer.Queued)
	untouched.Attempts = 0
	elsewhere := deadBounce
	elsewhere.Recipient = "ann@elsewhere.example"
	erased := reported(mailer.Relayed)
	erased.To, erased.Channels = mailer.Identifier{}, nil
	for _, c := range []struct {
		name string
		v    Verdict
		by   MatchedBy
		d    ReportedDelivery
		want string
	}{
		{"a dead address, no other one", deadBounce, ByEnvelope, reported(mailer.Relayed), "bounced failed address_dead block suppress"},
		{"a dead address, another one is there", deadBounce, ByEnvelope, reported(mailer.Relayed, work), "bounced failed address_dead suppress"},
		{"a dead address, the other one is dead as well", deadBounce, ByEnvelope, reported(mailer.Relayed, suppressed), "bounced failed address_dead block suppress"},
		{"a late bounce wins over delivered", deadBounce, ByEnvelopeID, reported(mailer.Delivered, work), "bounced failed address_dead suppress"},
		{"a bounce settles what was uncertain", deadBounce, ByEnvelope, reported(mailer.Uncertain), "bounced failed address_dead block suppress"},
		{"without proof nobody is suppressed", deadBounce, ByMessageID, reported(mailer.Relayed), "bounced failed address_dead block"},
		{"the mailbox passed it on, and that one is dead", elsewhere, ByEnvelope, reported(mailer.Relayed), "bounced failed address_dead block"},
		{"the address is erased", deadBounce, ByEnvelope, erased, "bounced failed address_dead block"},
		{"full to the end", fullBounce, ByEnvelope, reported(mailer.Relayed), "bounced failed refused block"},
		{"about us", policyBounce, ByEnvelope, reported(mailer.Relayed, work), "bounced failed policy alert block"},
		{"it bounced before, and is dead", deadBounce, ByEnvelope, reported(mailer.Bounced), "suppress"},
		{"it bounced before, and is dead, says somebody", deadBounce, ByMessageID, reported(mailer.Bounced), ""},
		{"it bounced before", policyBounce, ByEnvelope, reported(mailer.Bounced, work), ""},
		{"it was rejected at once", deadBounce, ByEnvelope, reported(mailer.Rejected), ""},
		{"it is being sent", deadBounce, ByEnvelope, reported(mailer.Sending), "wait"},
		{"it waits to be sent again, and its address is dead", deadBounce, ByEnvelope, reported(mailer.Queued), "suppress"},
		{"it waits to be sent again, and was refused", policyBounce, ByEnvelope, reported(mailer.Deferred), ""},
		{"it never went out", deadBounce, ByEnvelope, untouched, ""},
		{"a receipt has no duty", deadBounce, ByEnvelope, receipt, "bounced suppress"},
		{"delivered", Verdict{Action: ActionDelivered}, ByEnvelope, reported(mailer.Relayed), "delivered"},
		{"delivered, and it was uncertain", Verdict{Action: ActionDelivered}, ByEnvelope, reported(mailer.Uncertain), "delivered met"},
		{"delivered, says somebody", Verdict{Action: ActionDelivered}, ByMessageID, reported(mailer.Uncertain), ""},
		{"delivered after it bounced", Verdict{Action: ActionDelivered}, ByEnvelope, reported(mailer.Bounced), ""},
		{"delayed", Verdict{Action: ActionDelayed}, ByEnvelope, reported(mailer.Relayed), ""},
		{"expanded", Verdict{Action: ActionExpanded}, ByEnvelope, reported(mailer.Relayed), ""},
		{"not understood", Verdict{}, ByEnvelope, reported(mailer.Relayed), ""},
		{"called unwanted, so it has arrived", Verdict{Kind: KindComplaint}, ByEnvelope, reported(mailer.Relayed), "complained"},
		{"called unwanted after it was delivered", Verdict{Kind: KindComplaint}, ByEnvelope, reported(mailer.Delivered), "complained"},
		{"called unwanted, and it was uncertain", Verdict{Kind: KindComplaint}, ByEnvelopeID, reported(mailer.Uncertain), "complained met"},
		{"called unwanted, says somebody", Verdict{Kind: KindComplaint}, ByMessageID, reported(mailer.Uncertain), ""},
		{"called unwanted after it bounced", Verdict{Kind: KindComplaint}, ByEnvelope, reported(mailer.Bounced), ""},
		{"an automatic reply", Verdict{Kind: KindAutomatic}, ByEnvelope, reported(mailer.Relayed), ""},
		{"an answer", Verdict{Kind: KindAnswer}, ByEnvelope, reported(mailer.Relayed), ""},
	} {
		if got := short(c.v.Follows(c.by, c.d)); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// everyVerdict visits all that a report can come to.
func everyVerdict(visit func(Verdict)) {
	for _, action := range Actions {
		for _, class := range BounceClasses {
			v := Verdict{Kind: KindDelivery, Action: action, Recipient: home.Value}
			if action == ActionFailed {
				v.Class = class
			}
			visit(v)
		}
	}
	for _, kind := range append([]ReportKind{"", KindDelivery}, OtherKinds...) {
		visit(Verdict{Kind: kind})
	}
}

func TestNoReportMakesAnIllegalMove(t *testing.T) {
	seen := map[ReportKind]int{}
	everyVerdict(func(v Verdict) {
		for _, state := range mailer.DeliveryStates {
			for _, by := range []MatchedBy{ByEnvelope, ByEnvelopeID, ByMessageID} {
				c := v.Follows(by, reported(state))
				if c.To != "" && !slices.Contains(mailer.DeliveryMoves[state], c.To) {
					t.Errorf("%s takes a delivery from %s to %s", v.Finding(), state, c.To)
				}
				if c.To == "" && (c.Duty != "" || c.Block || c.Alert != nil) {
					t.Errorf("%s moves duties and leaves the delivery %s", v.Finding(), state)
				}
				if c.To != "" {
					seen[v.Kind]++
				}
			}
		}
	})
	if seen[KindDelivery] < 30 || seen[KindComplaint] < 4 || len(seen) != 2 {
		t.Fatalf("these moves were looked at: %v", seen)
	}
}

func TestAFindingIsOneBoundedWord(t *testing.T) {
	failed := []RecipientReport{{Action: ActionFailed, Class: mailer.ClassContent}}
	for _, c := range []struct {
		r          Report
		want       string
		understood bool
	}{
		{Report{Kind: KindDelivery, Recipients: failed}, "content", true},
		{Report{Kind: KindDelivery, Recipients: []RecipientReport{{Action: ActionFailed}}}, "refused", true}, // nobody judged it
		{Report{Kind: KindDelivery, Recipients: []RecipientReport{{Action: ActionDelayed, Class: mailer.ClassTransient}}}, "delayed", true},
		{Report{Kind: KindDelivery}, NotUnderstood, false},
		{Report{}, NotUnderstood, false},
		{Report{Kind: KindComplaint, Feedback: "abuse", Recipients: failed}, "complaint", true},
		{Report{Kind: KindComplaint, Feedback: "not-spam"}, "automatic_reply", true},     // the opposite of one
		{Report{Kind: KindComplaint, Feedback: "auth-failure"}, "automatic_reply", true}, // RFC 6591: of a server, about DMARC
		{Report{Kind: KindAutomatic}, "automatic_reply", true},
		{Report{Kind: KindAnswer}, "answer", false}, // for people to read
	} {
		if v := c.r.Verdict(); v.Finding() != c.want || v.Understood() != c.understood {
			t.Errorf("%+v is %s, understood: %v", c.r, v.Finding(), v.Understood())
		}
	}
}

func TestOfSeveralRecipientsTheOneThatFailedCounts(t *testing.T) {
	r := Report{Kind: KindDelivery, Recipients: []RecipientReport{{Action: ActionExpanded}, {Action: ActionDelivered},
		{Action: ActionFailed, Status: "5.1.1", Recipient: "b@list.example", Diagnostic: "550 <b@list.example> unknown"}, {Action: ActionDelayed}}}
	v := r.Verdict()
	if v.Action != ActionFailed || v.Recipient != "b@list.example" || v.Reply.Text != "550 <[address]> unknown" {
		t.Errorf("the verdict is %+v", v)
	}
	if v := (Report{}).Verdict(); v.Finding() != NotUnderstood {
		t.Errorf("a report without recipients is %q", v.Finding())
	}
}

func TestOfSeveralThatFailedOursIsTheOneThatCounts(t *testing.T) { // E3: an alias that we wrote to, and one behind it
	r := Report{Kind: KindDelivery, Recipients: []RecipientReport{
		{Action: ActionFailed, Status: "5.2.2", Recipient: "other@list.example", Class: mailer.ClassMailboxFull},
		{Action: ActionFailed, Status: "5.1.1", Recipient: "Ours@list.example", Class: mailer.ClassDeadAddress}}}
	ours := mailer.Identifier{ID: mailer.ID{1}, Kind: mailer.ByEmail, Hash: []byte("h"), KeyID: "a", Value: "ours@list.example"}
	got := r.Verdict().Follows(ByEnvelope, ReportedDelivery{State: mailer.Relayed, Document: mailer.DocNotice, To: ours})
	if got.Suppress == nil || string(got.Suppress.Hash) != "h" || got.Reason != mailer.BlockAddressDead {
		t.Errorf("our dead address is not suppressed: %+v", got)
	}
	if v := r.Verdict().About(ours); v.Class != mailer.ClassDeadAddress || v.Reply.Enhanced != "5.1.1" {
		t.Errorf("what is kept is of another: %+v", v)
	}
	stranger := mailer.Identifier{ID: mailer.ID{1}, Kind: mailer.ByEmail, Hash: []byte("s"), KeyID: "a", Value: "stranger@list.example"}
	if got := r.Verdict().Follows(ByEnvelope, ReportedDelivery{State: mailer.Relayed, Document: mailer.DocNotice, To: stranger}); got.To != mailer.Bounced || got.Suppress != nil {
		t.Errorf("who is not named is blamed, or the failure is lost: %+v", got)
	}
	if v := r.Verdict().About(mailer.Identifier{}); v.Class != mailer.ClassMailboxFull {
		t.Errorf("of somebody erased: %+v", v)
	}
}

func TestAReportIsMatchedByTheSurestThatItHas(t *testing.T) {
	tokens := mailer.Tokens{Keys: mailer.NewKeyring()}
	ids := []mailer.ID{mailer.NewID(time.Unix(1, 0)), mailer.NewID(time.Unix(2, 0)), mailer.NewID(time.Unix(3, 0)), mailer.NewID(time.Unix(4, 0))}
	sender := func(i int) string { return tokens.EnvelopeFrom(ids[i], "b.example") }
	foreign := (mailer.Tokens{Keys: mailer.NewKeyring()}).EnvelopeFrom(ids[0], "b.example")
	messageID := strings.ToUpper(ids[3].String()) + "@b.example"
	for _, c := range []struct {
		name   string
		sentTo []string
		r      Report
		want   Clue
	}{
		{"what the mail system says", []string{"x@y.example", sender(0)}, Report{SentTo: []string{sender(1)}, EnvelopeID: mailer.EnvelopeID(sender(2)), MessageID: messageID}, Clue{DeliveryID: ids[0], By: ByEnvelope}},
		{"what the message says", []string{"postmaster@b.example"}, Report{SentTo: []string{"z@y.example", sender(1)}, EnvelopeID: mailer.EnvelopeID(sender(2))}, Clue{DeliveryID: ids[1], By: ByEnvelope}},
		{"the envelope sender that it quotes", []string{"x@y.example"}, Report{Sender: sender(1), EnvelopeID: mailer.EnvelopeID(sender(2)), MessageID: messageID}, Clue{DeliveryID: ids[1], By: ByEnvelope}},
		{"a forged envelope sender that it quotes", nil, Report{Sender: foreign, MessageID: messageID}, Clue{Why: UnmatchedForged}},
		{"its ENVID", nil, Report{EnvelopeID: mailer.EnvelopeID(sender(2)), MessageID: messageID}, Clue{DeliveryID: ids[2], By: ByEnvelopeID}},
		{"the Message-ID", []string{"bounces@b.example"}, Report{MessageID: messageID}, Clue{DeliveryID: ids[3], By: ByMessageID}},
		{"a forged sender, and a Message-ID", []string{foreign}, Report{MessageID: messageID}, Clue{Why: UnmatchedForged}},
		{"a forged ENVID, and a Message-ID", nil, Report{EnvelopeID: mailer.EnvelopeID(foreign), MessageID: messageID}, Clue{Why: UnmatchedForged}},
		{"a forged sender, and an ENVID that is ours", []string{foreign}, Report{EnvelopeID: mailer.EnvelopeID(sender(2))}, Clue{DeliveryID: ids[2], By: ByEnvelopeID}},
		{"somebody else's message", nil, Report{MessageID: "20260101.abc@c.example"}, Clue{Why: UnmatchedNoClue}},
		{"nothing", nil, Report{}, Clue{Why: UnmatchedNoClue}},
	} {
		if got := c.r.Clue(tokens, c.sentTo); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestNoForgedReportFindsADelivery(t *testing.T) { // field by field, whatever stands there
	tokens := mailer.Tokens{Keys: mailer.NewKeyring()}
	other := mailer.Tokens{Keys: mailer.NewKeyring()}
	rapid.Check(t, func(t *rapid.T) {
		anything := rapid.OneOf(rapid.String(), rapid.Custom(func(t *rapid.T) string {
			return other.EnvelopeFrom(mailer.ID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id")), "b.example")
		}))
		r := Report{SentTo: rapid.SliceOfN(anything, 0, 3).Draw(t, "sent to"), EnvelopeID: anything.Draw(t, "envid"), Sender: anything.Draw(t, "sender")}
		if c := r.Clue(tokens, nil); !c.DeliveryID.IsZero() {
			t.Fatalf("%+v leads to %v", r, c)
		}
	})
}
