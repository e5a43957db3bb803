package track

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"article14/internal/wish"
	"article14/mailer"
	"article14/mailer/rights"
)

func TestTheReplyAddressOfAMailIsItsOwnAndProvesItself(t *testing.T) { // R3
	tokens := mailer.Tokens{Keys: mailer.NewKeyring()}
	id := mailer.NewID(time.Unix(1, 0))
	slots := mailer.Slots{}
	addr, err := tokens.AnswerTo(id, "answers.example", slots, false)
	if err != nil {
		t.Fatal(err)
	}
	local, domain, _ := strings.Cut(addr, "@")
	if len(local) > 64 || domain != "answers.example" || !strings.HasPrefix(local, "a-") || slots[mailer.SlotAnswerKey] == "" {
		t.Fatalf("the address is %q, its key %q", addr, slots[mailer.SlotAnswerKey])
	}
	if strings.Contains(addr, id.String()) {
		t.Error("the address shows the id")
	}
	for _, folded := range []string{addr, strings.ToUpper(addr), local} {
		if got, err := tokens.OpenAnswer(folded); err != nil || got != id {
			t.Errorf("%q opens %v, %v", folded, got, err)
		}
	}
	for name, forged := range map[string]string{
		"another's":              mustAnswer(t, mailer.Tokens{Keys: mailer.NewKeyring()}, id),
		"an envelope sender's":   "a-" + strings.TrimPrefix(tokens.EnvelopeFrom(id, "x.example"), "b-"),
		"changed in the middle":  addr[:20] + map[bool]string{true: "b", false: "a"}[addr[20] == 'a'] + addr[21:],
		"an envelope sender":     tokens.EnvelopeFrom(id, "answers.example"),
		"of a controller's name": "privacy@answers.example",
	} {
		if _, err := tokens.OpenAnswer(forged); err == nil {
			t.Errorf("%s opens", name)
		}
	}
	door := Reports{Tokens: tokens}
	if !door.Accepts(addr, nil) || door.Accepts(mustAnswer(t, mailer.Tokens{Keys: mailer.NewKeyring()}, id), nil) || door.Accepts(local, nil) {
		t.Error("a door takes what is forged, or not what is ours")
	}
	if _, err := tokens.OpenEnvelope(addr); err == nil {
		t.Error("a reply address is taken for an envelope sender: whoever has the mail could bounce it")
	}
	if err := tokens.Keys.Rotate(mailer.EnvelopeKey); err != nil {
		t.Fatal(err)
	}
	if again, err := tokens.AnswerTo(id, "answers.example", slots, true); err != nil || again != addr {
		t.Errorf("a second attempt has %q, %v: other bytes than the first (E1)", again, err)
	}
	if _, err := (mailer.Tokens{Keys: mailer.NewKeyring()}).AnswerTo(id, "answers.example", mailer.Slots{mailer.SlotAnswerKey: "z"}, true); err == nil {
		t.Error("a key that is gone is replaced by another")
	}
	if none, err := tokens.AnswerTo(id, "", slots, true); none != "" || err != nil {
		t.Errorf("without a domain there is %q, %v", none, err)
	}
}

func mustAnswer(t *testing.T, tokens mailer.Tokens, id mailer.ID) string {
	t.Helper()
	addr, err := tokens.AnswerTo(id, "answers.example", mailer.Slots{}, false)
	if err != nil {
		t.Fatal(err)
	}
	return addr
}

func TestAnAnswerIsMatchedByTheSurestThatItHas(t *testing.T) {
	tokens := mailer.Tokens{Keys: mailer.NewKeyring()}
	one, two := mailer.NewID(time.Unix(1, 0)), mailer.NewID(time.Unix(2, 0))
	reply := mustAnswer(t, tokens, one)
	for name, c := range map[string]struct {
		sentTo []string
		r      Report
		want   Clue
	}{
		"the reply address":                   {[]string{"x@y.example", strings.ToUpper(reply)}, Report{MessageID: two.String() + "@b.example"}, Clue{DeliveryID: one, By: ByReply}},
		"as the message says":                 {nil, Report{SentTo: []string{reply}}, Clue{DeliveryID: one, By: ByReply}},
		"an envelope sender":                  {[]string{tokens.EnvelopeFrom(two, "b.example")}, Report{}, Clue{DeliveryID: two, By: ByEnvelope}},
		"the Message-ID that it answers":      {[]string{"privacy@acme.example"}, Report{MessageID: two.String() + "@b.example"}, Clue{DeliveryID: two, By: ByMessageID}},
		"a forged one, and then nothing":      {[]string{mustAnswer(t, mailer.Tokens{Keys: mailer.NewKeyring()}, one)}, Report{MessageID: two.String() + "@b.example"}, Clue{Why: UnmatchedForged}},
		"a mailbox of ours, and nothing more": {[]string{"privacy@acme.example"}, Report{}, Clue{Why: UnmatchedNoClue}},
	} {
		if got := c.r.AnswerClue(tokens, c.sentTo); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestWhoseAnAnswerIsAndWhetherItsNoTakesEffect(t *testing.T) { // R4, R5
	ann, ben := mailer.NewID(time.Unix(1, 0)), mailer.NewID(time.Unix(2, 0))
	notice, other := mailer.NewID(time.Unix(3, 0)), mailer.NewID(time.Unix(4, 0))
	hash, strange := []byte("ann"), []byte("strange")
	delivered := AnswerTrail{Contact: ann, Delivery: notice, Addresses: [][]byte{hash}}
	alone := AnswerTrail{Holders: []Holder{{ann, other}}}
	for name, c := range map[string]struct {
		by     MatchedBy
		why    WhyUnmatched
		from   []byte
		own    bool
		trail  AnswerTrail
		whose  mailer.ID
		wantBy MatchedBy
		no     AnswerNo
	}{
		"the reply address proves it, whoever the author is":  {by: ByReply, from: strange, trail: delivered, whose: ann, wantBy: ByReply, no: NoPending},
		"so does the envelope sender":                         {by: ByEnvelope, trail: delivered, whose: ann, wantBy: ByEnvelope, no: NoPending},
		"a Message-ID with the person's address":              {by: ByMessageID, from: hash, trail: delivered, whose: ann, wantBy: ByAuthor, no: NoPending},
		"a Message-ID with another address tells whose it is": {by: ByMessageID, from: strange, trail: delivered, whose: ann, wantBy: ByMessageID, no: NoUnknown},
		"an address that one person has":                      {from: hash, trail: alone, whose: ann, wantBy: BySenderOnly, no: NoPending},
		"an address that two people share proves nothing":     {from: hash, trail: AnswerTrail{Holders: []Holder{{ann, other}, {ben, other}}}, no: NoUnknown},
		"somebody to whom no notice went":                     {from: hash, trail: AnswerTrail{Holders: []Holder{{ContactID: ann}}}, whose: ann, wantBy: BySenderOnly, no: NoUnknown},
		"a forged reply address, and nothing weaker is tried": {why: UnmatchedForged, from: hash, trail: alone, no: NoUnknown},
		"nobody":                             {from: strange, no: NoUnknown},
		"our own address, in whoever's mail": {by: ByReply, from: strange, own: true, trail: delivered, whose: ann, wantBy: ByReply, no: NoRight},
	} {
		f := AnswerFile{FromHash: c.from, Own: c.own, Clear: true, Report: ReportFile{Clue: Clue{By: c.by, Why: c.why}}}
		got := f.Resolve(c.trail)
		if got.ContactID != c.whose || got.By != c.wantBy || got.No != c.no || got.State != AnswerOpen {
			t.Errorf("%s: contact %v by %q, no %q", name, got.ContactID, got.By, got.No)
		}
		f.Clear = false
		if got := f.Resolve(c.trail); got.No != NoNone {
			t.Errorf("%s: without a clear no it is %q", name, got.No)
		}
	}
}

func TestOnlyTheAuthorsOwnSubjectCounts(t *testing.T) {
	for subject, want := range map[string]string{
		"STOP": "STOP", "Re: STOP": "", "RE: we hold your data": "", "AW: Widerspruch": "", "re[2]: x": "", "Antw: x": "", "Odp: x": "", "SV: x": "",
		"Objection: my data": "Objection: my data", "": "", "Fwd: stop": "",
	} {
		if got := ownSubject(subject); got != want {
			t.Errorf("%q is %q, want %q", subject, got, want)
		}
	}
}

func TestOurOwnAddressesNeverObject(t *testing.T) {
	c := mailer.Controller{Email: "privacy@acme.example", Mail: mailer.MailSettings{From: "notice@acme.example", BounceDomain: "bounces.acme.example", AnswerDomain: "answers.acme.example"}}
	for addr, want := range map[string]bool{"Privacy@ACME.example": true, "notice@acme.example": true, "b-x@bounces.acme.example": true, "a-x@Answers.acme.example": true,
		"ann@acme.example": false, "ann@example.org": false, "": false} {
		if got := ownAddress(c, addr); got != want {
			t.Errorf("%q is ours: %v", addr, got)
		}
	}
}

func TestWhatAStrangerWroteIsSafeToShow(t *testing.T) {
	for given, want := range map[string]string{
		"plain\r\ntext\rhere":                "plain\ntext\nhere",
		"red \x1b[31mtext\x1b[0m":            "red [U+001B][31mtext[U+001B][0m",
		"gpj.\u202eexe":                      "gpj.[U+202E]exe",
		"a\u2066b\u2069":                     "a[U+2066]b[U+2069]",
		"zero\u200bwidth\ufeff":              "zerowidth",
		"fam\u200dily \u200c":                "fam\u200dily \u200c",
		"\x00nul\x07":                        "[U+0000]nul[U+0007]",
		"c1 \u009b31m":                       "c1 [U+009B]31m",
		"\xff\xfe":                           "\uFFFD",
		"one\n\n\n\n\n\n\ntwo":               "one\n\ntwo",
		"tags\U000e0041\U000e0042":           "tags",
		"line\u2028separator\u2029paragraph": "line\nseparator\nparagraph",
		" \n\t ":                             "",
		strings.Repeat("é", 60):              strings.Repeat("é", 50) + "…",
	} {
		if got := SafeText(given, 50); got != want {
			t.Errorf("%q gives %q, want %q", given, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		got := SafeText(rapid.String().Draw(t, "text"), 200)
		if !utf8.ValidString(got) || utf8.RuneCountInString(got) > 200*8+1 {
			t.Fatalf("%q", got)
		}
		for _, r := range got {
			if unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.Is(unicode.Bidi_Control, r) {
				t.Fatalf("%q has U+%04X", got, r)
			}
		}
	})
}

func TestAttachmentsAreNamedByTypeAndSizeAlone(t *testing.T) {
	text := Said{From: "ann@example.org\nbcc: x", Subject: "a\r\nb", Text: "hello", Attachments: []Attachment{{"application/pdf", 12}, {"x/\x1b[31m", 1}, {strings.Repeat("a", 200), 2}}}.safe()
	if fmt.Sprint(text.Attachments) != "[{application/pdf 12} {unknown 1} {unknown 2}]" || text.From != "ann@example.org bcc: x" || text.Subject != "a b" {
		t.Errorf("%+v", text)
	}
}

func TestAComplaintStopsUseAndNeverFailsTheDuty(t *testing.T) { // R5, R9, E2
	v := Report{Kind: KindComplaint, Recipients: []RecipientReport{{Action: ActionFailed, Status: "5.1.1"}}}.Verdict()
	if v.Finding() != "complaint" || !v.Understood() {
		t.Fatalf("the verdict is %+v", v)
	}
	ids := []mailer.Identifier{{Kind: mailer.ByEmail, Hash: []byte("h"), KeyID: "a"}, {Kind: mailer.ByProfileURL, Hash: []byte("p"), KeyID: "a"}}
	for _, c := range []struct {
		state mailer.DeliveryState
		by    MatchedBy
		to    mailer.DeliveryState
		duty  mailer.DutyState
		no    bool
	}{
		{mailer.Relayed, ByEnvelope, mailer.Complained, "", true}, {mailer.Delivered, ByMessageID, "", "", true}, {mailer.Relayed, ByMessageID, "", "", true}, {mailer.Delivered, ByReply, mailer.Complained, "", true}, {mailer.Uncertain, ByEnvelope, mailer.Complained, mailer.DutyMet, true},
		{mailer.Uncertain, ByMessageID, "", "", false}, {mailer.Uncertain, ByReply, "", "", true}, {mailer.Bounced, ByEnvelope, "", "", true}, {mailer.Bounced, ByMessageID, "", "", false},
		{mailer.Queued, ByEnvelope, "", "", true}, {mailer.Deferred, ByReply, "", "", true}, {mailer.Complained, ByEnvelope, "", "", false}, {mailer.Rejected, ByEnvelope, "", "", false},
	} {
		got := v.Follows(c.by, ReportedDelivery{ContactID: mailer.ID{1}, ID: mailer.ID{2}, ActivityKey: "sales", Document: mailer.DocNotice, State: c.state, Attempts: 1, Identifiers: ids})
		if got.To != c.to || got.Duty != c.duty || got.Suppress != nil || got.Block {
			t.Errorf("%s, by %s: %+v", c.state, c.by, got)
		}
		if want := c.no; want != (got.Object != nil) || want != (len(got.StopUse) == 2) {
			t.Errorf("%s: object %v, suppressions %v", c.state, got.Object, got.StopUse)
		}
		for _, s := range got.StopUse {
			if s.Scope != mailer.SuppressUse { // an address that complains is alive, and owed its notices (R9)
				t.Errorf("%s suppresses %s", c.state, s.Scope)
			}
		}
	}
	if got := v.Follows(ByEnvelope, ReportedDelivery{State: mailer.Sending}); !got.Wait {
		t.Errorf("a delivery in somebody's hands: %+v", got)
	}
}

func TestAnAutomaticReplyDoesNothing(t *testing.T) { // RFC 3834
	v := Report{Kind: KindAutomatic}.Verdict()
	for _, state := range mailer.DeliveryStates {
		if got := v.Follows(ByReply, ReportedDelivery{State: state, Document: mailer.DocNotice}); fmt.Sprint(got) != fmt.Sprint(Consequence{}) {
			t.Errorf("%s: %+v", state, got)
		}
	}
	if v.Finding() != "automatic_reply" || !v.Understood() {
		t.Errorf("the verdict is %+v", v)
	}
}

func TestComplaintsAreAnAlertAboveWhatProvidersBear(t *testing.T) { // section 7 of the rules
	for _, c := range []struct {
		complained, of int64
		want           bool
	}{{1, 1, false}, {2, 100, false}, {3, 100, true}, {3, 3000, false}, {4, 3000, true}, {1000, 1_000_001, false}, {1001, 1_000_000, true}} {
		if got := ComplaintAlert(mailer.ID{1}, c.complained, c.of); (got != nil) != c.want {
			t.Errorf("%d of %d: %v", c.complained, c.of, got)
		}
	}
	for feedback, want := range map[string]bool{"abuse": true, "Fraud": true, "opt-out": true, "other": true, "not-spam": false, " Not-Spam ": false, "auth-failure": false} {
		if complains(feedback) != want {
			t.Errorf("%q complains: %v", feedback, !want)
		}
	}
}

func TestAMessageOfTheNullSenderIsNobodysAnswer(t *testing.T) { // RFC 3834, 2
	r := Reports{Read: func([]byte) Report { return Report{Kind: KindAnswer} }}
	for _, c := range []struct {
		in   Incoming
		want ReportKind
	}{
		{Incoming{Door: DoorSMTP}, KindAutomatic}, {Incoming{Door: DoorLMTP}, KindAutomatic},
		{Incoming{Door: DoorSMTP, MailFrom: "ann@example.org"}, KindAnswer}, {Incoming{Door: DoorPipe}, KindAnswer}, {Incoming{Door: DoorIMAP}, KindAnswer},
	} {
		if got := r.read(c.in).Kind; got != c.want {
			t.Errorf("%s from %q is %s", c.in.Door, c.in.MailFrom, got)
		}
	}
}

// TestNoTextWithANegationIsFiledAsAClearNo goes the whole way from bytes said to what is filed.
func TestNoTextWithANegationIsFiledAsAClearNo(t *testing.T) { // R5
	a := Answers{Keys: mailer.NewKeyring(), Company: mailer.Controller{Zone: time.UTC}}
	for text, clear := range map[string]bool{"STOP": true, "Please don't stop": false, "don\u200b't stop": false, "s\u200btop": true, "st\x00op": false, "\u202estop": false} {
		f := a.file(ReportFile{ReceivedAt: time.Unix(0, 0)}, Said{From: "ann@example.org", Subject: "Re: unsubscribe", Text: text})
		if f.Clear != clear {
			t.Errorf("%q is clear: %v", text, f.Clear)
		}
		if f.Clear && f.Item.Kind != wish.Objection || len(f.FromHash) == 0 {
			t.Errorf("%q: %+v", text, f)
		}
	}
	f := a.file(ReportFile{ReceivedAt: time.Date(2026, 1, 31, 23, 30, 0, 0, time.UTC)}, Said{})
	if want := time.Date(2026, 2, 28, 23, 59, 59, 0, time.UTC); f.Item.DueAt.Truncate(time.Second) != want { // D9
		t.Errorf("due at %v, want %v", f.Item.DueAt, want)
	}
	if f.FromHash != nil || f.Report.RawUntil.Sub(f.Report.ReceivedAt) != answerRawKept || f.Text.Until.Sub(f.Report.ReceivedAt) != answerTextKept { // T4
		t.Errorf("%+v", f)
	}
}

func TestAMonthFromReceiptEndsWithADayInTheControllersZone(t *testing.T) { // D9, D10, D2
	for _, c := range []struct{ zone, received, due string }{
		{"Europe/Paris", "2026-01-31T22:59:59Z", "2026-02-28T22:59:59Z"}, // the last second of January there
		{"Europe/Paris", "2026-01-31T23:00:00Z", "2026-03-01T22:59:59Z"}, // and the first of February
		{"Europe/Paris", "2024-01-31T12:00:00Z", "2024-02-29T22:59:59Z"},
		{"Europe/Paris", "2026-08-31T12:00:00Z", "2026-09-30T21:59:59Z"},
		{"Europe/Paris", "2026-12-31T12:00:00Z", "2027-01-31T22:59:59Z"}, // a Sunday: the raw end counts (D3)
		{"Europe/Paris", "2026-02-28T12:00:00Z", "2026-03-28T22:59:59Z"}, // a day before summer time
		{"Europe/Paris", "2026-03-01T12:00:00Z", "2026-04-01T21:59:59Z"},
		{"Europe/Paris", "2026-03-29T00:30:00Z", "2026-04-29T21:59:59Z"}, // half an hour before the clock goes on
		{"Europe/Paris", "2026-09-24T22:30:00Z", "2026-10-25T22:59:59Z"}, // to the day of 25 hours
		{"Europe/Paris", "2026-10-25T00:30:00Z", "2026-11-25T22:59:59Z"}, // the first half past two
		{"Europe/Paris", "2026-10-25T01:30:00Z", "2026-11-25T22:59:59Z"}, // and the second
		{"Asia/Beirut", "2026-02-28T12:00:00Z", "2026-03-28T21:59:59Z"},  // the next day begins at one
		{"Pacific/Auckland", "2026-01-31T11:00:00Z", "2026-03-01T10:59:59Z"},
		{"America/New_York", "2026-02-01T04:59:59Z", "2026-03-01T04:59:59Z"},
	} {
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		received, err := time.Parse(time.RFC3339, c.received)
		if err != nil {
			t.Fatal(err)
		}
		a := Answers{Keys: mailer.NewKeyring(), Company: mailer.Controller{Zone: zone}}
		for what, due := range map[string]time.Time{"a request": rights.RequestDue(received, zone), "an answer": a.file(ReportFile{ReceivedAt: received}, Said{}).Item.DueAt} {
			if got := due.Truncate(time.Second).Format(time.RFC3339); got != c.due {
				t.Errorf("%s received at %s in %s is due at %s, want %s", what, c.received, c.zone, got, c.due)
			}
			if due.Location() != time.UTC {
				t.Errorf("%s is not kept in UTC", what)
			}
		}
	}
}

func TestANoThatTookEffectForTheWrongPersonTakesEffectForTheRightOne(t *testing.T) { // R5
	wrong, right, notice := mailer.ID{1}, mailer.ID{2}, mailer.ID{3}
	for _, c := range []struct {
		was    AnswerNo
		to     mailer.ID
		notice mailer.ID
		want   AnswerNo
	}{
		{NoRecorded, right, notice, NoPending}, {NoRecorded, wrong, notice, NoRecorded}, {NoRecorded, right, mailer.ID{}, NoUnknown},
		{NoUnknown, right, notice, NoPending}, {NoUnknown, right, mailer.ID{}, NoUnknown}, {NoNone, right, notice, NoNone}, {NoRight, right, notice, NoRight},
	} {
		got := AnswerItem{ContactID: wrong, DeliveryID: mailer.ID{9}, No: c.was}.LinkedTo(c.to, c.notice)
		if got.No != c.want || got.ContactID != c.to || got.DeliveryID != c.notice || got.By != ByPerson {
			t.Errorf("%q, linked to %s with notice %s: %+v", c.was, c.to, c.notice, got)
		}
	}
}
