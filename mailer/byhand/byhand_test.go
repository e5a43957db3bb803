package byhand

import (
	"strings"
	"testing"
	"time"

	"article14/internal/calendar"
	"article14/mailer"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func TestWhatFollowsFromACall(t *testing.T) { // E2, E3
	job := mailer.Job{ContactID: mailer.ID{1}, DeliveryID: mailer.ID{2}, AddressHash: []byte("h"), AddressKeyID: "k"}
	for name, c := range map[string]struct {
		result   CallResult
		number   int
		to       mailer.DeliveryState
		duty     mailer.DutyState
		reason   mailer.BlockReason
		again    time.Time
		suppress bool
	}{
		"told":                    {CallTold, 1, mailer.Relayed, mailer.DutyMet, "", time.Time{}, false},
		"refused":                 {CallRefused, 1, mailer.Rejected, mailer.DutyFailed, mailer.BlockRefused, time.Time{}, false},
		"a wrong number":          {CallWrongNumber, 1, mailer.Rejected, mailer.DutyFailed, mailer.BlockAddressDead, time.Time{}, true},
		"not reached":             {CallNotReached, callTries - 1, mailer.Deferred, "", "", noon.Add(callAgain), false},
		"not reached any more":    {CallNotReached, callTries, mailer.Rejected, mailer.DutyFailed, mailer.BlockNotReached, time.Time{}, false},
		"told at the last chance": {CallTold, callTries, mailer.Relayed, mailer.DutyMet, "", time.Time{}, false},
	} {
		got := CallLog{On: noon, Result: c.result, Note: "ring ann@example.org"}.settlement(job, mailer.Attempt{ID: mailer.ID{3}, Number: c.number})
		if got.To != c.to || got.Duty != c.duty || got.DutyReason != c.reason || !got.ReadyAt.Equal(c.again) || (got.Suppress != nil) != c.suppress {
			t.Errorf("%s: %+v", name, got)
		}
		if strings.Contains(got.Reply, "ann@") || !strings.HasPrefix(got.Reply, string(c.result)) || !got.ByHand || got.AttemptID != (mailer.ID{3}) {
			t.Errorf("%s is put on record as %+v", name, got)
		}
	}
}

func TestWhatIsSaidOfACallIsChecked(t *testing.T) {
	calls := Calls{Now: func() time.Time { return noon }}
	for name, c := range map[string]struct {
		log CallLog
		ok  bool
	}{
		"as it should be": {CallLog{By: "ann", On: noon, Note: strings.Repeat("é", maxNote)}, true},
		"nobody's":        {CallLog{By: " ", On: noon}, false},
		"ahead":           {CallLog{By: "ann", On: noon.Add(time.Second)}, false},
		"too long":        {CallLog{By: "ann", On: noon, Note: strings.Repeat("é", maxNote+1)}, false},
	} {
		if err := calls.check(c.log); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhatIsSaidOfAPostedBatchIsChecked(t *testing.T) { // E2, D7, D10
	letters := Letters{Zone: time.UTC, Now: func() time.Time { return noon }}
	day := func(n int) calendar.Date { return calendar.DateOf(noon.AddDate(0, 0, n), time.UTC) }
	for name, c := range map[string]struct {
		state LetterBatchState
		by    string
		on    calendar.Date
		at    time.Time // zero: it is refused
	}{
		"today: now counts":                   {BatchMade, "ann", day(0), noon},
		"yesterday: the end of that day does": {BatchMade, "ann", day(-1), day(-1).EndOf(time.UTC)},
		"the day on which it was made":        {BatchMade, "ann", day(-2), day(-2).EndOf(time.UTC)},
		"before it was made":                  {BatchMade, "ann", day(-3), time.Time{}},
		"ahead":                               {BatchMade, "ann", day(1), time.Time{}},
		"nobody's word":                       {BatchMade, " ", day(0), time.Time{}},
		"not finished":                        {BatchMaking, "ann", day(0), time.Time{}},
		"withdrawn":                           {BatchWithdrawn, "ann", day(0), time.Time{}},
		"posted on another day":               {BatchPosted, "ann", day(0), time.Time{}},
	} {
		p, err := letters.posting(LetterBatch{State: c.state, MadeAt: noon.AddDate(0, 0, -2)}, PostedOrder{On: c.on, By: c.by})
		if refused := c.at.IsZero(); (err != nil) != refused || !refused && !p.At.Equal(c.at) {
			t.Errorf("%s: counts at %v, %v", name, p.At, err)
		}
	}
}

func TestOnlyWhatIsFencedAndOutOfItsBatchIsWithdrawn(t *testing.T) { // E2
	job := func(n byte, code string) LetterJob {
		return LetterJob{Job: mailer.Job{DeliveryID: mailer.ID{n}, Code: code}}
	}
	going := []LetterJob{job(1, "one"), job(2, "two"), job(3, "three")}
	for name, c := range map[string]struct {
		fenced []mailer.ID
		now    []LetterJob
		want   string
	}{
		"nothing is fenced":            {nil, going, ""},
		"posted by another first":      {[]mailer.ID{{1}, {2}}, going, ""},
		"taken out":                    {[]mailer.ID{{2}}, []LetterJob{going[0], going[2]}, "two"},
		"one of each":                  {[]mailer.ID{{1}, {3}}, going[:2], "three"},
		"out of it, and settled by us": {nil, nil, ""},
	} {
		if got := strings.Join(withdrawn(going, c.fenced, c.now), " "); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestALetterIsReadOutWithoutItsSlip(t *testing.T) {
	run := func(s string) []LetterRun { return []LetterRun{{Text: s}} }
	text := LetterText{Subject: run("Notice"), Parts: []LetterPart{{Blocks: []LetterBlock{
		{Kind: LetterTitle, Runs: run("What we hold")}, {Kind: LetterList, Items: [][]LetterRun{run("your name"), run("your post")}},
		{Kind: LetterBox, Blocks: []LetterBlock{{Kind: LetterParagraph, Runs: run("You may object.")}}},
		{Kind: LetterSlip, Blocks: []LetterBlock{{Kind: LetterParagraph, Runs: run("cut here")}}}}}}}
	if got, want := text.Text(), "Notice\n\n# What we hold\n\n- your name\n\n- your post\n\nYou may object.\n"; got != want {
		t.Errorf("it is read out as %q, want %q", got, want)
	}
}
