package mailer

import (
	"testing"
	"time"
)

func TestOfAnErasureThoseAreToldOfWhomNothingIsLeft(t *testing.T) { // R7, T3
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	reg := &Register{Controller: Controller{Key: "acme", Zone: time.UTC}, Activities: []Activity{
		{Key: "sales", Recipients: []Recipient{{Key: "crm", System: true}, {Key: "host", System: true, GetsAll: true}, {Key: "partner"}}},
		{Key: "whois", Recipients: []Recipient{{Key: "archive", GetsAll: true}}},
	}}
	k := Known{Contact: Contact{ID: NewID(now)}, Identifiers: []Identifier{{Kind: ByEmail, Value: "ada@example.org"}},
		Acquisitions: []Acquisition{{ActivityKey: "sales", SourceKey: "linkedin"}, {ActivityKey: "whois", SourceKey: "registry"}}}
	recipients := func(ts []Telling) (keys string) {
		for _, t := range ts {
			keys += t.RecipientKey + " " + t.ActivityKey + ", "
		}
		return keys
	}
	held := Held{Known: k, PassedOn: []PassedOn{{"crm", "sales", ""}, {"partner", "sales", ""}}}
	rules := eraseRules{now: now, current: reg}
	whole, err := rules.everything(held)
	if err != nil {
		t.Fatal(err)
	}
	if got := recipients(whole.Tell); got != "archive , crm , host , partner , " {
		t.Errorf("of everything: %s", got)
	}
	w := &erasing{rules: rules, held: held, gone: map[Origin]EraseCause{{"whois", "registry"}: EraseExpired}}
	part, err := w.work()
	if err != nil {
		t.Fatal(err)
	}
	if got := recipients(part.Tell); got != "archive whois, " {
		t.Errorf("of one activity: %s", got)
	}
}
