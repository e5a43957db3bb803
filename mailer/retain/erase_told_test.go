package retain

import (
	"testing"
	"time"

	"article14/mailer"
)

func TestOfAnErasureThoseAreToldOfWhomNothingIsLeft(t *testing.T) { // R7, T3
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	reg := &mailer.Register{Controller: mailer.Controller{Key: "acme", Zone: time.UTC}, Activities: []mailer.Activity{
		{Key: "sales", Recipients: []mailer.Recipient{{Key: "crm", System: true}, {Key: "host", System: true, GetsAll: true}, {Key: "partner"}}},
		{Key: "whois", Recipients: []mailer.Recipient{{Key: "archive", GetsAll: true}}},
	}}
	k := mailer.Known{Contact: mailer.Contact{ID: mailer.NewID(now)}, Identifiers: []mailer.Identifier{{Kind: mailer.ByEmail, Value: "ada@example.org"}},
		Acquisitions: []mailer.Acquisition{{ActivityKey: "sales", SourceKey: "linkedin"}, {ActivityKey: "whois", SourceKey: "registry"}}}
	recipients := func(ts []mailer.Telling) (keys string) {
		for _, t := range ts {
			keys += t.RecipientKey + " " + t.ActivityKey + ", "
		}
		return keys
	}
	held := Held{Known: k, PassedOn: []mailer.PassedOn{{Recipient: "crm", ActivityKey: "sales"}, {Recipient: "partner", ActivityKey: "sales"}}}
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
