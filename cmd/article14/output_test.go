package main

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"article14/internal/intake"
	"article14/internal/wish"
	"article14/mailer"
	"article14/mailer/byhand"
	"article14/mailer/status"
	"article14/mailer/track"
)

// fits wants a page that no terminal of a hundred columns breaks.
func fits(t *testing.T, page string) {
	t.Helper()
	for line := range strings.Lines(page) {
		line = strings.TrimSuffix(line, "\n")
		if n := utf8.RuneCountInString(line); n > pageWidth {
			t.Errorf("a line takes %d columns: %s", n, line)
		}
		if strings.HasSuffix(line, " ") {
			t.Errorf("a line ends with blanks: %q", line)
		}
	}
}

func TestATableKeepsToThePageAndItsColumns(t *testing.T) {
	var out bytes.Buffer
	long := strings.Repeat("Wörter ", 30)
	table(&out, [][]string{{"ID", "WHY"}, {"é1", strings.TrimSpace(long)}, {"  " + strings.TrimSpace(long)}, {"22", ""}, {}})
	lines := strings.Split(out.String(), "\n")
	fits(t, out.String())
	if lines[0] != "ID  WHY" || !strings.HasPrefix(lines[1], "é1  Wörter") || !strings.HasPrefix(lines[2], "    Wörter") {
		t.Errorf("the columns are not below each other:\n%s", &out)
	}
	if strings.Count(out.String(), "Wörter") != 60 {
		t.Errorf("words are lost:\n%s", &out)
	}
	if !strings.Contains(out.String(), "\n  Wörter") || strings.Contains(out.String(), "\nWörter") {
		t.Errorf("a line that goes on has lost its place:\n%s", &out)
	}
	if got := wrap("they fit it: --dates 'DD MMM YYYY', the file's own form's", 24); !slices.Equal(got, []string{"they fit it:", "--dates 'DD MMM YYYY',", "the file's own form's"}) {
		t.Errorf("what is to be pasted was broken: %q", got)
	}
	if url := strings.Repeat("x", 120); wrap(url, 40)[0] != url {
		t.Error("an address to copy was broken")
	}
}

func TestPagesFitATerminalOfAHundredColumns(t *testing.T) {
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	var out bytes.Buffer
	printStatus(&out, busy(now), time.UTC)

	list := dutyPage{names: true, now: now, zone: time.UTC}
	for reason := range blockReasons(t) {
		d := status.ListedDuty{ContactID: mailer.NewID(now), ID: mailer.NewID(now), ActivityKey: "directory", SourceKey: "trade_fair", DueAt: now.AddDate(0, -3, 0),
			State: mailer.DutyBlocked, Reason: reason, Name: "Zoë Example", Address: "zoe@example.org"}
		if err := list.add(d); err != nil {
			t.Fatal(err)
		}
	}
	list.print(&out)

	printAlerts(&out, []status.OpenAlert{{ID: mailer.NewID(now), Kind: "quarantine_due", Subject: mailer.NewID(now).String(), ContactID: mailer.NewID(now), RaisedAt: now,
		Detail: "contact " + mailer.NewID(now).String() + ", due by 2026-03-01, is quarantined: tell or erase them"}}, nil, time.UTC)
	printLists(&out, now)

	at := status.AttemptReport{BegunAt: now, Outcome: mailer.Rejected, Stage: "rcpt", Relay: "default", Reply: mailer.Reply{Code: 550, Enhanced: "5.7.1", Text: strings.Repeat("refused by policy ", 9)}}
	printContact(&out, status.ContactReport{
		Contact:    mailer.Contact{ID: mailer.NewID(now), Name: "Zoë Example", Country: "FR"},
		Duties:     []mailer.Duty{{State: mailer.DutyBlocked, Reason: mailer.BlockQuarantined, Due: mailer.Due{At: now, Rule: "14.3.a"}, SourceKey: "trade_fair"}},
		Deliveries: []status.DeliveryReport{{ID: mailer.NewID(now), Document: "notice", State: mailer.Rejected, Languages: "fr", LanguageRule: "country: the notice languages of FR are fr", SHA256: make([]byte, 32), Attempts: []status.AttemptReport{at}}},
	}, &mailer.Register{Controller: mailer.Controller{Zone: time.UTC}}, now)

	for no := range answerNos {
		printAnswers(&out, []track.AnswerItem{{ID: mailer.NewID(now), ContactID: mailer.NewID(now), ReceivedAt: now, Kind: wish.Rectification, By: track.ByReply, DueAt: now.AddDate(0, -6, 0), State: track.AnswerOpen, No: no}}, now, time.UTC)
	}

	look := &fileLook{zone: time.UTC, source: mailer.Source{Unknown: mailer.UnknownIsPublic}, Visible: map[mailer.Visibility]int64{mailer.VisiblePublic: 1, mailer.VisibleUnknown: 1200},
		Refusals: []refusals{{"obtained_at", strings.Repeat("the form of the date is not known ", 5), 12, 4}}, First: []firstRow{{Line: 4, Refused: strings.Repeat("a long reason ", 12)}},
		Layout: intake.Layout{Encoding: "utf-8", Advice: []string{strings.Repeat("Look at the line. ", 12)}, Columns: []intake.ColumnUse{{Field: "visibility", Column: "Sichtbarkeit"}}}}
	look.print(&out)
	for _, want := range []string{"1 public, 1,200 unknown", "takes unknown for public", "visibility_values", "90 d", "blocked: no language"} {
		if !strings.Contains(strings.Join(strings.Fields(out.String()), " "), want) {
			t.Errorf("it does not say %q", want)
		}
	}
	fits(t, out.String())
	if t.Failed() {
		t.Log(out.String())
	}
}

// TestAnAnswerTakesALineForItsDateAndSaysWhatBecameOfAClearNo: a column that is too narrow for a date hides it (D7).
func TestAnAnswerTakesALineForItsDateAndSaysWhatBecameOfAClearNo(t *testing.T) {
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	item := track.AnswerItem{ID: mailer.NewID(now), ReceivedAt: now, Kind: wish.Objection, DueAt: now.AddDate(0, 0, -120), State: track.AnswerOpen, No: track.NoUnknown}
	var list, one bytes.Buffer
	printAnswers(&list, []track.AnswerItem{item}, now, time.UTC)
	for _, want := range []string{"  objection  answer by 2025-11-02, late by 120 days\n", "\n  it says a clear no that has NOT taken effect: "} {
		if !strings.Contains(list.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, &list)
		}
	}
	item.Why = []string{"access: article 15", "access: article 15"}
	printAnswer(&one, item, track.AnswerText{}, now, time.UTC)
	item.Why = nil
	printAnswer(&one, item, track.AnswerText{}, now, time.UTC)
	for _, want := range []string{"objection (access: article 15)\n", "objection (it is a clear no)\n", "a clear no that has NOT taken effect: "} {
		if !strings.Contains(one.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, &one)
		}
	}
}

// printLists prints what people carry out, with long names.
func printLists(w io.Writer, now time.Time) {
	long := strings.Repeat("Zoë ", 12) + "Example"
	late := now.AddDate(-2, 0, 0)
	printCalls(w, []byhand.WaitingCall{{ContactID: mailer.NewID(now), Name: long, Phone: "+33 1 99 00 00 33", Languages: "en+fr+de", DueAt: late, Tries: 2, NotBefore: now}}, now, time.UTC)
	batch := byhand.LetterBatch{ID: mailer.NewID(now), State: byhand.BatchWithdrawn, Letters: 1200, Posted: 1100, Returned: 100, MadeAt: now, MadeBy: long, PostedOn: "2026-03-01"}
	printBatches(w, []byhand.LetterBatch{batch}, time.UTC)
	letter := byhand.LetterJob{State: mailer.Sending, PullOut: "told_another_way"}
	letter.Code, letter.ContactID, letter.DueAt = "K7QM-2X4D-9RTA", mailer.NewID(now), late
	printBatch(w, batch, []byhand.LetterJob{letter}, now, time.UTC)
	var kinds []status.OpenAlert
	for _, k := range mailer.AlertKinds {
		kinds = append(kinds, status.OpenAlert{ID: mailer.NewID(now), Kind: k, Subject: mailer.NewID(now).String(), RaisedAt: now})
	}
	printAlerts(w, kinds, map[string]string{kinds[0].Subject: "november"}, time.UTC)
}

// TestALetterThatWasPostedIsLateByThatDay: the days late of a duty that is met grow no more (D7).
func TestALetterThatWasPostedIsLateByThatDay(t *testing.T) {
	now := time.Date(2026, 3, 12, 8, 0, 0, 0, time.UTC)
	due := time.Date(2026, 3, 1, 23, 59, 59, 0, time.UTC)
	for state, want := range map[mailer.DeliveryState]string{
		mailer.Relayed: "posted  2026-03-01, late by 2 days\n", mailer.Bounced: "returned  2026-03-01, late by 11 days\n", mailer.Sending: "in the batch  2026-03-01, late by 11 days\n"} {
		letter := byhand.LetterJob{State: state}
		letter.DueAt = due
		var out bytes.Buffer
		printBatch(&out, byhand.LetterBatch{State: byhand.BatchPosted, PostedOn: "2026-03-03", MadeAt: due}, []byhand.LetterJob{letter}, now, time.UTC)
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s: it does not say %q:\n%s", state, want, &out)
		}
	}
}

func TestAReplyIsSaidWithItsCodesOnce(t *testing.T) {
	for want, r := range map[string]mailer.Reply{
		"550 5.1.1 no such user":        {Code: 550, Enhanced: "5.1.1", Text: "550 5.1.1 no such user"}, // as a report quotes it
		"550 5.1.1 no such user there":  {Code: 550, Enhanced: "5.1.1", Text: "no such user there"},
		"550 5.1.10 no such host":       {Code: 550, Text: "550 5.1.10 no such host"},
		"550 5.1.1 550 5.1.10 no match": {Code: 550, Enhanced: "5.1.1", Text: "550 5.1.10 no match"},
		"posted on 2026-03-03":          {Text: "posted on 2026-03-03"},
		"5.7.1":                         {Enhanced: "5.7.1"},
	} {
		if got := replyWords(r); got != want {
			t.Errorf("%+v is %q, want %q", r, got, want)
		}
	}
}

// TestAnAlertSaysWhichCampaignAndWhatToDo: commands take a campaign by its key, and no id of it.
func TestAnAlertSaysWhichCampaignAndWhatToDo(t *testing.T) {
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	id := mailer.NewID(now)
	var out bytes.Buffer
	printAlerts(&out, []status.OpenAlert{{ID: mailer.NewID(now), Kind: mailer.AlertLanePaused, Subject: id.String(), RaisedAt: now}}, map[string]string{id.String(): "november"}, time.UTC)
	said := strings.Join(strings.Fields(out.String()), " ")
	for _, want := range []string{" campaign november ", "lane_paused 1 " + mailer.AlertLanePaused.Remedy()} {
		if !strings.Contains(said, want) {
			t.Errorf("it does not say %q:\n%s", want, &out)
		}
	}
}

// blockReasons are those that a person may have to unblock.
func blockReasons(t *testing.T) map[mailer.BlockReason]bool {
	t.Helper()
	out := map[mailer.BlockReason]bool{mailer.BlockQuarantined: true, mailer.BlockNoLanguage: true}
	for _, r := range mailer.BlocksThatMayBeGone {
		out[r] = true
	}
	return out
}

// TestWhatCameOfADutyIsSaidWithTheDaysLate: none of them is hidden (D7).
func TestWhatCameOfADutyIsSaidWithTheDaysLate(t *testing.T) {
	due := time.Date(2026, 3, 1, 23, 59, 59, 0, time.UTC)
	now := due.AddDate(0, 0, 10)
	for want, d := range map[string]mailer.Duty{
		"on 2026-03-01, in time":        {State: mailer.DutyMet, MetAt: due.Add(-time.Hour)},
		"on 2026-03-03, late by 2 days": {State: mailer.DutyMet, MetAt: due.AddDate(0, 0, 2)},
		"late by 10 days":               {State: mailer.DutyOpen},
		"told before, late by 1 day":    {State: mailer.DutyExcused, Excuse: "told_before", ToldAt: due.AddDate(0, 0, 1)},
		"exempted":                      {State: mailer.DutyExcused, Excuse: "exempted"},
		"late by 10 days; " + mailer.BlockNoChannel.Remedy(): {State: mailer.DutyBlocked, Reason: mailer.BlockNoChannel},
	} {
		d.Due.At = due
		if got := dutyWords(d, now, time.UTC); got != want {
			t.Errorf("it reads %q, want %q", got, want)
		}
	}
}

func TestAPersonsRecordForProgramsHasTheNamesOfTheOthersAndNoNull(t *testing.T) {
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	r := status.ContactReport{Contact: mailer.Contact{ID: mailer.NewID(now)},
		Identifiers: []mailer.Identifier{{ID: mailer.NewID(now), Kind: "email", Value: "zoe@example.org", Hash: []byte("0123456789"), KeyID: "a"}},
		Duties:      []mailer.Duty{{ID: mailer.NewID(now), State: mailer.DutyBlocked, Reason: mailer.BlockNoChannel, Due: mailer.Due{At: now.AddDate(0, 0, -3)}}}}
	b, err := json.Marshal(newContactJSON(r, now, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	said := string(b)
	for _, want := range []string{`"late_days":3`, `"remedy":"`, `"value":"zoe@example.org"`, `"deliveries":[]`, `"zone":"UTC"`} {
		if !strings.Contains(said, want) {
			t.Errorf("no %s in %s", want, said)
		}
	}
	for _, unwanted := range []string{"null", "0001-01-01", "00000000-0000", "Hash", "hash", `"ID"`} {
		if strings.Contains(said, unwanted) {
			t.Errorf("%s in %s", unwanted, said)
		}
	}
}

func TestTheForecastSaysWhatItDoesNotHoldForAndInWhichUnit(t *testing.T) {
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	f := status.Figures{AsOf: now, Duties: map[mailer.DutyState]int64{mailer.DutyOpen: 9, mailer.DutyInFlight: 91}, RelayedLast: map[string]int64{"1h": 36}}
	for _, c := range []struct {
		hour int64
		want string
	}{
		{36, "forecast: 100 duties can be met by mail, 9 of them in no campaign yet; at 36.0 an hour, as in the last hour, that takes 2h46m40s"},
		{1, "at 1.0 an hour, as in the last hour, that takes 5 days"},
		{7200, "at 2.0 a second, as in the last hour, that takes 50s"},
		{0, "no mail was handed over in the last hour, so there is no rate to go by"},
	} {
		f.RelayedLast["1h"] = c.hour
		if got := forecastWords(f, time.UTC); !strings.Contains(got, c.want) {
			t.Errorf("%d an hour: %q does not say %q", c.hour, got, c.want)
		}
	}
	f.ByHand = status.HandFigures{Owed: 12, OwedBy: now.Add(-48 * time.Hour)}
	if got, want := forecastWords(f, time.UTC), "88 duties can be met by mail, 9 of them in no campaign yet; no mail was handed over in the last hour, so there is no rate to go by; "+
		"by hand: 12 letters and calls, the first due by 2026-02-28, late by 2 days"; !strings.HasSuffix(got, want) {
		t.Errorf("with letters: %q, want %q", got, want)
	}
}
