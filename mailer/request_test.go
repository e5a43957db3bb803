package mailer

import (
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestAMonthAndThreeMonthsFromReceiptEndWithADayInTheControllersZone(t *testing.T) { // D9, D10, D2
	for _, c := range []struct{ zone, received, due, extended string }{
		{"Europe/Paris", "2026-01-31T22:59:59Z", "2026-02-28T23:59:59+01:00", "2026-04-30T23:59:59+02:00"}, // the last second of January there
		{"Europe/Paris", "2026-01-31T23:00:00Z", "2026-03-01T23:59:59+01:00", "2026-05-01T23:59:59+02:00"}, // and the first of February
		{"Europe/Paris", "2024-01-31T12:00:00Z", "2024-02-29T23:59:59+01:00", "2024-04-30T23:59:59+02:00"}, // a leap year
		{"Europe/Paris", "2026-11-30T12:00:00Z", "2026-12-30T23:59:59+01:00", "2027-02-28T23:59:59+01:00"}, // from receipt: not from the end of the first
		{"Europe/Paris", "2026-01-29T12:00:00Z", "2026-02-28T23:59:59+01:00", "2026-04-29T23:59:59+02:00"},
		{"Europe/Paris", "2026-03-28T12:00:00Z", "2026-04-28T23:59:59+02:00", "2026-06-28T23:59:59+02:00"}, // over the beginning of summer time
		{"Europe/Paris", "2026-03-29T00:30:00Z", "2026-04-29T23:59:59+02:00", "2026-06-29T23:59:59+02:00"}, // half an hour before the clock goes on
		{"Europe/Paris", "2026-09-24T22:30:00Z", "2026-10-25T23:59:59+01:00", "2026-12-25T23:59:59+01:00"}, // to the day of 25 hours, and to Christmas (D3)
		{"Europe/Paris", "2026-10-25T00:30:00Z", "2026-11-25T23:59:59+01:00", "2027-01-25T23:59:59+01:00"}, // the first half past two
		{"Asia/Beirut", "2026-02-28T12:00:00Z", "2026-03-28T23:59:59+02:00", "2026-05-28T23:59:59+03:00"},  // the next day begins at one
		{"Pacific/Auckland", "2026-01-31T11:00:00Z", "2026-03-01T23:59:59+13:00", "2026-05-01T23:59:59+12:00"},
		{"America/New_York", "2026-02-01T04:59:59Z", "2026-02-28T23:59:59-05:00", "2026-04-30T23:59:59-04:00"},
	} {
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		received := at(t, c.received)
		for want, got := range map[string]time.Time{c.due: RequestDue(received, zone), c.extended: ExtendedDue(received, zone)} {
			if !got.Truncate(time.Second).Equal(at(t, want)) || got.Location() != time.UTC {
				t.Errorf("received %s in %s: due at %s, want %s", c.received, c.zone, got.In(zone).Format(time.RFC3339), want)
			}
		}
	}
}

func TestAnExtensionCountsFromWhatBecameOfItsNotice(t *testing.T) { // D9
	due, to := at(t, "2026-12-21T22:59:59Z"), at(t, "2027-02-21T22:59:59Z")
	mail := func(s DeliveryState, handed string) Handing {
		h := Handing{DeliveryID: ID{1}, State: s}
		if handed != "" {
			h.At = at(t, handed)
		}
		return h
	}
	for name, c := range map[string]struct {
		notice Handing
		now    string
		want   ExtensionStand
	}{
		"relayed in time":                    {mail(Relayed, "2026-12-01T12:00:00Z"), "2026-12-22T12:00:00Z", ExtensionHolds},
		"in its last second":                 {mail(Relayed, "2026-12-21T22:59:59Z"), "2026-12-22T12:00:00Z", ExtensionHolds},
		"a second late":                      {mail(Relayed, "2026-12-21T23:00:00Z"), "2026-12-22T12:00:00Z", ExtensionNotHeld},
		"delivered, a report says":           {mail(Delivered, "2026-12-01T12:00:00Z"), "2026-12-22T12:00:00Z", ExtensionHolds},
		"called spam: it was read":           {mail(Complained, "2026-12-01T12:00:00Z"), "2026-12-22T12:00:00Z", ExtensionHolds},
		"relayed in time, and bounced later": {mail(Bounced, "2026-12-01T12:00:00Z"), "2026-12-05T12:00:00Z", ExtensionNotHeld},
		"refused":                            {mail(Rejected, ""), "2026-12-05T12:00:00Z", ExtensionNotHeld},
		"its address must not be written to": {mail(Suppressed, ""), "2026-12-05T12:00:00Z", ExtensionNotHeld},
		"queued, while the month runs":       {mail(Queued, ""), "2026-12-21T22:59:59Z", ExtensionWaits},
		"queued, behind the month":           {mail(Queued, ""), "2026-12-21T23:00:00Z", ExtensionNotHeld},
		"it may have arrived, nobody knows":  {mail(Uncertain, ""), "2026-12-05T12:00:00Z", ExtensionWaits},
		"deferred, behind the month":         {mail(Deferred, ""), "2027-01-05T12:00:00Z", ExtensionNotHeld},
		"posted in time":                     {Handing{At: at(t, "2026-12-10T00:00:00Z")}, "2027-01-05T12:00:00Z", ExtensionHolds},
		"posted on a day behind the month":   {Handing{At: at(t, "2026-12-22T00:00:00Z")}, "2027-01-05T12:00:00Z", ExtensionNotHeld},
	} {
		q := Request{DueAt: due, Extension: Extension{MadeAt: at(t, "2026-11-25T12:00:00Z"), To: to, Reason: ExtendedComplex, Notice: c.notice}}
		got, stand := q.Clock(at(t, c.now))
		want := due
		if c.want == ExtensionHolds {
			want = to
		}
		if stand != c.want || !got.Equal(want) {
			t.Errorf("%s: %s, due at %s; want %s, %s", name, stand, got, c.want, want)
		}
	}
	if got, stand := (Request{DueAt: due}).Clock(to); stand != NotExtended || !got.Equal(due) {
		t.Errorf("without an extension: %s, %s", stand, got)
	}
}

func TestARestrictionEndsOnlyWhenThePersonWasTold(t *testing.T) { // Art. 18(3)
	lifted := at(t, "2026-12-01T12:00:00Z")
	for name, c := range map[string]struct {
		x    Restriction
		want bool
	}{
		"nobody lifted it":     {Restriction{}, true},
		"the mail waits":       {Restriction{LiftAt: lifted, Told: Handing{DeliveryID: ID{1}, State: Queued}}, true},
		"it was handed over":   {Restriction{LiftAt: lifted, Told: Handing{DeliveryID: ID{1}, State: Relayed, At: lifted}}, false},
		"it came back":         {Restriction{LiftAt: lifted, Told: Handing{DeliveryID: ID{1}, State: Bounced, At: lifted}}, true},
		"nobody says they are": {Restriction{LiftAt: lifted}, true},
		"told by post":         {Restriction{LiftAt: lifted, Told: Handing{At: lifted}}, false},
	} {
		if got := c.x.Stands(); got != c.want {
			t.Errorf("%s: stands %v", name, got)
		}
	}
	one := Restriction{ActivityKey: "sales", Purposes: []string{"letters"}}
	if !one.Stops("sales", "letters") || one.Stops("sales", "sell") || one.Stops("other", "letters") || !(Restriction{}).Stops("other", "sell") {
		t.Error("a restriction stops what it is not about, or does not stop what it is")
	}
}

func TestEachGroundHasItsArticleAndEachKindGroundsOfItsOwn(t *testing.T) { // Art. 12(4), 12(5)
	used := map[Ground]bool{}
	for _, k := range RequestKinds {
		for _, g := range RefusalGrounds(k) {
			used[g] = true
		}
	}
	for _, g := range Grounds {
		if g.Article() == "" || !used[g] {
			t.Errorf("%s: article %q, refuses something: %v", g, g.Article(), used[g])
		}
	}
	if slices.Contains(RefusalGrounds(RequestAccess), GroundCompelling) || !slices.Contains(RefusalGrounds(RequestObjection), GroundCompelling) {
		t.Error("compelling grounds outweigh an objection, and nothing else")
	}
}

func TestASessionOpensNothingButWhatItIsBoundTo(t *testing.T) { // R3, R4
	tokens := Tokens{Keys: NewKeyring()}
	until := at(t, "2026-11-22T12:30:00Z")
	s := Session{ContactID: ID{1}, DeliveryID: ID{2}, RequestID: ID{3}, Until: until}
	value := tokens.MakeSession(s)
	if got, err := tokens.OpenSession(value, until.Add(-time.Second)); err != nil || got != s {
		t.Fatalf("%+v, %v", got, err)
	}
	if _, err := tokens.OpenSession(value, until); !errors.Is(err, ErrNoSuchLink) {
		t.Errorf("over: %v", err)
	}
	for name, wrong := range map[string]string{"a link": tokens.Make(Link{TokenSession, ID{1}, ID{2}}), "nothing": "", "another ring's": Tokens{Keys: NewKeyring()}.MakeSession(s), "a line": value + "\n"} {
		if _, err := tokens.OpenSession(wrong, until.Add(-time.Second)); !errors.Is(err, ErrNoSuchLink) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, p := range []TokenPurpose{TokenNotice, TokenObjection, TokenSession} {
		if _, err := tokens.Open(value, p); !errors.Is(err, ErrNoSuchLink) {
			t.Errorf("a session is a link for %c", p)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		forged := []byte(value)
		i := rapid.IntRange(0, len(forged)-1).Draw(t, "place")
		forged[i] = rapid.SampledFrom([]byte("abcXYZ019-_")).Filter(func(c byte) bool { return c != forged[i] }).Draw(t, "sign")
		if _, err := tokens.OpenSession(string(forged), until.Add(-time.Second)); !errors.Is(err, ErrNoSuchLink) {
			t.Fatalf("changed at %d: %v", i, err)
		}
	})
}
