package mailer

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// tellRegister declares recipients of every kind over two activities.
func tellRegister() *Register {
	return &Register{Controller: Controller{Key: "acme", Zone: time.UTC}, Activities: []Activity{
		{Key: "sales", Recipients: []Recipient{
			{Name: "CRM", Key: "crm", System: true},
			{Name: "Host", Key: "host", System: true, GetsAll: true},
			{Name: "Partner", Key: "partner"},
			{Name: "Old list", Key: "old", NotTold: "it was dissolved in 2024"},
			{Name: "Nobody"},
		}},
		{Key: "whois", Recipients: []Recipient{{Name: "CRM", Key: "crm"}, {Name: "Archive", Key: "archive", GetsAll: true}}},
	}}
}

func somebody() Known {
	id := NewID(time.Unix(1, 0))
	return Known{Contact: Contact{ID: id, Name: "Ada Byron"}, Acquisitions: []Acquisition{{ActivityKey: "sales", SourceKey: "linkedin"}},
		Identifiers: []Identifier{{Kind: BySourceRef, Value: "li-1"}, {Kind: ByEmail, Value: "ada@example.org"}, {Kind: ByRow, Value: ""},
			{Kind: ByPostal, Value: "1 Rue X"}, {Kind: ByPhone, Value: "+331"}}}
}

func recipientsOf(ts []Telling) string {
	var out []string
	for _, t := range ts {
		out = append(out, fmt.Sprintf("%s/%s/%s", t.RecipientKey, t.By, t.State))
	}
	return strings.Join(out, " ")
}

func TestThoseAreToldToWhomThePersonsDataWerePassedOn(t *testing.T) { // R7
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	k := somebody()
	for _, c := range []struct {
		what, activity string
		passed         []PassedOn
		want           string
	}{
		{"nobody but who gets all", "sales", nil, "host/system/waiting"},
		{"who got them", "sales", []PassedOn{{"crm", "sales", ""}, {"crm", "sales", "A1"}, {"partner", "sales", ""}}, "crm/system/waiting host/system/waiting partner/list/waiting"},
		{"not who got them for something else", "sales", []PassedOn{{"crm", "whois", ""}}, "host/system/waiting"},
		{"all of them when all goes", "", []PassedOn{{"crm", "whois", ""}, {"partner", "sales", ""}}, "crm/system/waiting host/system/waiting partner/list/waiting"},
		{"nobody gets all of an activity that the person is not held for", "whois", nil, ""},
		{"with the reason where that is impossible", "sales", []PassedOn{{"old", "sales", ""}}, "host/system/waiting old/list/excused"},
		{"under its key, though the disclosure has its name", "sales", []PassedOn{{"CRM", "sales", ""}}, "crm/system/waiting host/system/waiting"},
		{"under its name where it has no key", "sales", []PassedOn{{"Nobody", "sales", ""}}, "Nobody/list/waiting host/system/waiting"},
		{"a person sees to who is declared no more", "sales", []PassedOn{{"gone", "sales", ""}}, "gone/list/waiting host/system/waiting"},
	} {
		ts := tellRegister().Tidings(TellErased, k.Contact.ID, c.activity, now).For(k, c.passed, now)
		if got := recipientsOf(ts); got != c.want {
			t.Errorf("%s: %s, want %s", c.what, got, c.want)
		}
		for _, n := range ts {
			if !n.KeepUntil.Equal(now.Add(KeepTellings)) || n.ContactID != k.Contact.ID || n.ID.IsZero() {
				t.Errorf("%s: %+v", c.what, n.ID)
			}
			if (n.State == TellExcused) != (n.Why != "") {
				t.Errorf("%s: %s is %s, because of %q", c.what, n.RecipientKey, n.State, n.Why)
			}
		}
	}
}

func TestARecipientGetsWhatItNeedsToFindThePersonAndNoMore(t *testing.T) { // R7
	now := time.Date(2026, 3, 2, 12, 0, 0, 123456789, time.UTC)
	for _, c := range []struct {
		what   string
		known  func(*Known)
		passed []PassedOn
		want   string
	}{
		{"its own references are enough", func(*Known) {}, []PassedOn{{"crm", "sales", "B2"}, {"crm", "sales", "A1"}, {"crm", "sales", "A1"}, {"crm", "sales", ""}},
			`{"type":"contact.objected","timestamp":"2026-03-02T12:00:00.123Z","data":{"controller":"acme","activity":"sales","scope":"all","references":["A1","B2"]}}`},
		{"without any, what it knows them by", func(*Known) {}, []PassedOn{{"crm", "sales", ""}},
			`{"type":"contact.objected","timestamp":"2026-03-02T12:00:00.123Z","data":{"controller":"acme","activity":"sales","scope":"all","name":"Ada Byron","identifiers":[{"kind":"email","value":"ada@example.org"},{"kind":"phone","value":"+331"}]}}`},
		{"a source's reference where there is nothing else", func(k *Known) { k.Identifiers = k.Identifiers[:1] }, []PassedOn{{"crm", "sales", ""}},
			`{"type":"contact.objected","timestamp":"2026-03-02T12:00:00.123Z","data":{"controller":"acme","activity":"sales","scope":"all","name":"Ada Byron","identifiers":[{"kind":"source_ref","value":"li-1"}]}}`},
	} {
		k := somebody()
		c.known(&k)
		tidings := tellRegister().Tidings(TellObjected, k.Contact.ID, "sales", now)
		tidings.Scope = ObjectToAll
		ts := tidings.For(k, c.passed, now)
		i := slices.IndexFunc(ts, func(t Telling) bool { return t.RecipientKey == "crm" })
		body, err := ts[i].Body.JSON()
		if err != nil || string(body) != c.want {
			t.Errorf("%s: %v\n%s\n%s", c.what, err, body, c.want)
		}
		if said := fmt.Sprint(ts[i].Body); strings.Contains(said, "ada") || strings.Contains(said, "A1") {
			t.Errorf("%s: printed it is %s", c.what, said)
		}
	}
}

func TestAPersonSeesToWhatNothingIdentifies(t *testing.T) { // R7
	k := somebody()
	k.Identifiers = []Identifier{{Kind: ByRow}}
	ts := tellRegister().Tidings(TellErased, k.Contact.ID, "", time.Unix(5, 0)).For(k, nil, time.Unix(5, 0))
	if got := recipientsOf(ts); got != "host/list/waiting" {
		t.Errorf("%s", got)
	}
}

func TestEndedTellingsNeverMoveButToSayThatALapsedOneIsDone(t *testing.T) {
	for _, s := range []TellState{TellTold, TellDone, TellExcused} {
		if len(TellMoves[s]) > 0 {
			t.Errorf("%s may go to %v", s, TellMoves[s])
		}
	}
	if !slices.Equal(TellMoves[TellLapsed], []TellState{TellDone}) {
		t.Errorf("lapsed may go to %v", TellMoves[TellLapsed])
	}
}
