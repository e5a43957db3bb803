package plan

import (
	"strings"
	"testing"
	"time"

	"article14/internal/calendar"
	"article14/mailer"
	"article14/mailer/mailertest"
)

// placerFor is a placer over three sources that writes English, French and German.
func placerFor(t *testing.T, content map[mailer.SkeletonKey][]byte) Placer {
	t.Helper()
	period, err := calendar.ParsePeriod("P2Y")
	if err != nil {
		t.Fatal(err)
	}
	activity := mailer.Activity{Key: "directory", Retention: mailer.Retention{Period: period}}
	return Placer{
		Register: &mailer.Register{Controller: mailer.Controller{Zone: mailertest.Paris(t)}, Activities: []mailer.Activity{activity},
			Sources: []mailer.Source{{Key: "linkedin"}, {Key: "whois"}, {Key: "broker", Unknown: mailer.UnknownIsRestricted}, {Key: "press", Unknown: mailer.UnknownIsPublic}}},
		Activity:  activity,
		Available: func(l string) bool { return l == "en" || l == "fr" || l == "de" },
		Content:   content,
		Now:       mailertest.At(t, "2026-11-21T12:00:00Z"),
	}
}

// someone is a person in France with one address, found on LinkedIn a week ago.
func someone(t *testing.T, change func(*mailer.Candidate)) mailer.Candidate {
	obtained := mailertest.At(t, "2026-11-14T12:00:00Z")
	c := mailer.Candidate{
		Contact:      mailer.Contact{ID: mailer.NewID(obtained), Name: "Alex Muster", Country: "FR", FirstObtainedAt: obtained},
		Duties:       []mailer.Duty{{ID: mailer.NewID(obtained), SourceKey: "linkedin", State: mailer.DutyOpen, Due: mailer.DueFor(mailer.DueInputs{ObtainedAt: obtained}, mailertest.Paris(t))}},
		Acquisitions: []mailer.Acquisition{{SourceKey: "linkedin", ObtainedAt: obtained, Visibility: mailer.VisiblePublic}},
		Addresses:    []mailer.Channel{{Identifier: mailer.Identifier{ID: mailer.NewID(obtained), Value: "alex@example.org"}}},
	}
	if change != nil {
		change(&c)
	}
	return c
}

func TestEverybodyIsToldInTheLanguageAndWithTheSourcesThatTheRulesGive(t *testing.T) { // L1, L3, S3, S4
	for name, c := range map[string]struct {
		change          func(*mailer.Candidate)
		languages, form string
	}{
		"in the language of the country":                    {nil, "fr", "linkedin"},
		"in the stated preference":                          {func(c *mailer.Candidate) { c.Contact.Language = "de" }, "de", "linkedin"},
		"in all languages of a country with several":        {func(c *mailer.Candidate) { c.Contact.Country = "LU" }, "fr+de", "linkedin"},
		"in that of the region where a country has several": {func(c *mailer.Candidate) { c.Contact.Country, c.Contact.City = "BE", "Liège" }, "fr", "linkedin"},
		"with all their sources, sorted": {func(c *mailer.Candidate) {
			c.Acquisitions = append([]mailer.Acquisition{{SourceKey: "whois", Visibility: mailer.VisiblePublic}}, c.Acquisitions...)
		}, "fr", "linkedin+whois"},
		"without a source that is quarantined": {func(c *mailer.Candidate) {
			c.Acquisitions = append(c.Acquisitions, mailer.Acquisition{SourceKey: "whois", Visibility: mailer.VisibleRestricted})
		}, "fr", "linkedin"},
		"without one whose unknown visibility means restricted": {func(c *mailer.Candidate) {
			c.Acquisitions = append(c.Acquisitions, mailer.Acquisition{SourceKey: "broker", Visibility: mailer.VisibleUnknown})
		}, "fr", "linkedin"},
		"narrowly where nobody knows who could see the data": {func(c *mailer.Candidate) { c.Acquisitions[0].Visibility = mailer.VisibleUnknown }, "fr", "linkedin?"},
		"as public where the source says that unknown means that": {func(c *mailer.Candidate) {
			c.Acquisitions[0] = mailer.Acquisition{SourceKey: "press", Visibility: mailer.VisibleUnknown}
		}, "fr", "press"},
		"with all sources, each with its doubt": {func(c *mailer.Candidate) {
			c.Acquisitions = append(c.Acquisitions, mailer.Acquisition{SourceKey: "whois", Visibility: mailer.VisibleUnknown})
		}, "fr", "linkedin+whois?"},
		"with what is quarantined, where a person decided so": {func(c *mailer.Candidate) {
			c.Contact.TellAt = c.Contact.FirstObtainedAt
			c.Acquisitions = append(c.Acquisitions, mailer.Acquisition{SourceKey: "whois", Visibility: mailer.VisibleRestricted}, mailer.Acquisition{SourceKey: "broker", Visibility: mailer.VisibleUnknown})
		}, "fr", "broker?+linkedin+whois!"},
		"by an office's mailbox, by name": {func(c *mailer.Candidate) { c.Addresses[0].Identifier.Value = "sales@example.com" }, "fr", "linkedin"},
		"by an office's mailbox without a name, where a person decided so": {func(c *mailer.Candidate) {
			c.Contact.Name, c.Contact.TellAt, c.Addresses[0].Identifier.Value = "", c.Contact.FirstObtainedAt, "sales@example.com"
		}, "fr", "linkedin"},
		"by a mailbox that others share, by name": {func(c *mailer.Candidate) { c.Addresses[0].Shared = true }, "fr", "linkedin"},
	} {
		t.Run(name, func(t *testing.T) {
			pl, key, ok := placerFor(t, nil).Decide(someone(t, c.change))
			if !ok || pl.Delivery == nil {
				t.Fatalf("not placed: %+v", pl)
			}
			if key != (mailer.SkeletonKey{Document: mailer.DocNotice, Languages: c.languages, Form: c.form}) || pl.Delivery.Languages != c.languages || pl.Delivery.Form != c.form {
				t.Errorf("told with %+v, want %s %s", key, c.languages, c.form)
			}
			if pl.Delivery.LanguageRule == "" || pl.Delivery.Code == "" || !pl.Delivery.DueAt.Equal(mailertest.At(t, "2026-12-14T23:59:59+01:00")) {
				t.Errorf("delivery %+v", pl.Delivery)
			}
		})
	}
}

func TestWhoCannotBeToldIsBlockedWithTheReason(t *testing.T) {
	approved := map[mailer.SkeletonKey][]byte{{Document: mailer.DocNotice, Languages: "fr", Form: "linkedin"}: {1}}
	for name, c := range map[string]struct {
		change func(*mailer.Candidate)
		want   mailer.BlockReason
		detail string
	}{
		"L2: a translation is missing, and English is no way out":   {func(c *mailer.Candidate) { c.Contact.Country = "PL" }, mailer.BlockNoLanguage, "pl"},
		"L2, L3: one of two languages is missing":                   {func(c *mailer.Candidate) { c.Contact.Country = "BE" }, mailer.BlockNoLanguage, "nl"},
		"L1: the country is unknown, and there is no rule for that": {func(c *mailer.Candidate) { c.Contact.Country = "" }, mailer.BlockNoCountry, ""},
		"E3: no address":               {func(c *mailer.Candidate) { c.Addresses = nil }, mailer.BlockNoChannel, ""},
		"E3: the only address is dead": {func(c *mailer.Candidate) { c.Addresses[0].Suppressed = true }, mailer.BlockAddressDead, ""},
		"E3: what the last channel failed by": {func(c *mailer.Candidate) {
			c.Addresses, c.Duties[0].State, c.Duties[0].Reason = nil, mailer.DutyFailed, mailer.BlockRefused
		}, mailer.BlockRefused, ""},
		"an office and its name": {func(c *mailer.Candidate) {
			c.Contact.Name, c.Addresses[0].Identifier.Value = "Role Account", "abuse@example.com"
		}, mailer.BlockRoleMailbox, ""},
		"an office and no name": {func(c *mailer.Candidate) { c.Contact.Name, c.Addresses[0].Identifier.Value = "", "abuse@example.com" }, mailer.BlockRoleMailbox, ""},
		"R4: others share the address, and no name says whom it is for": {func(c *mailer.Candidate) { c.Contact.Name, c.Addresses[0].Shared = "", true }, mailer.BlockSharedMailbox, ""},
		"S4: all of it is quarantined":                                  {func(c *mailer.Candidate) { c.Acquisitions[0].Visibility = mailer.VisibleRestricted }, mailer.BlockQuarantined, ""},
		"T3: storage has ended":                                         {func(c *mailer.Candidate) { c.Contact.FirstObtainedAt = mailertest.At(t, "2024-11-19T12:00:00Z") }, mailer.BlockExpired, ""},
		"a source that is no longer declared":                           {func(c *mailer.Candidate) { c.Acquisitions[0].SourceKey = "gone" }, mailer.BlockUnknownSource, "gone"},
		"a combination that nobody approved":                            {func(c *mailer.Candidate) { c.Acquisitions[0].SourceKey = "whois" }, mailer.BlockNotApproved, "fr whois"},
	} {
		t.Run(name, func(t *testing.T) {
			pl, _, ok := placerFor(t, approved).Decide(someone(t, c.change))
			if !ok || pl.Delivery != nil || pl.Block != c.want || !strings.Contains(pl.Detail, c.detail) {
				t.Errorf("%+v, want %s (%s)", pl, c.want, c.detail)
			}
			if pl.Block.Remedy() == "" {
				t.Errorf("%s has no remedy", pl.Block)
			}
		})
	}
}

func TestStorageEndsOnTheDayThatTheNoticePrints(t *testing.T) { // T1, T2
	p := placerFor(t, nil)
	lastDay := someone(t, func(c *mailer.Candidate) { c.Contact.FirstObtainedAt = mailertest.At(t, "2024-11-21T12:00:00Z") })
	if pl, _, _ := p.Decide(lastDay); pl.Delivery == nil {
		t.Errorf("on the last day of storage: %+v", pl)
	}
	p.Now = p.Now.Add(24 * time.Hour)
	if pl, _, _ := p.Decide(lastDay); pl.Block != mailer.BlockExpired {
		t.Errorf("a day later: %+v", pl)
	}
}

func TestTheFirstAddressThatIsAliveIsWrittenTo(t *testing.T) { // E3
	c := someone(t, func(c *mailer.Candidate) {
		c.Addresses[0].Suppressed = true
		c.Addresses = append(c.Addresses, mailer.Channel{Identifier: mailer.Identifier{ID: mailer.NewID(time.Unix(5, 0)), Value: "home@example.net"}})
	})
	pl, _, _ := placerFor(t, nil).Decide(c)
	if pl.Delivery == nil || pl.Delivery.Identifier != c.Addresses[1].Identifier.ID {
		t.Errorf("%+v", pl)
	}
}

func TestOneMailDischargesAllDutiesByTheEarliestDate(t *testing.T) { // D1
	c := someone(t, func(c *mailer.Candidate) {
		c.Duties = append(c.Duties, mailer.Duty{ID: mailer.NewID(time.Unix(9, 0)), State: mailer.DutyOpen, Due: mailer.Due{At: mailertest.At(t, "2026-11-30T00:00:00Z")}})
	})
	pl, _, _ := placerFor(t, nil).Decide(c)
	if len(pl.DutyIDs) != 2 || !pl.Delivery.DueAt.Equal(mailertest.At(t, "2026-11-30T00:00:00Z")) {
		t.Errorf("%d duties by %s", len(pl.DutyIDs), pl.Delivery.DueAt)
	}
}

func TestACampaignForALanguageLeavesTheOthersOut(t *testing.T) {
	p := placerFor(t, nil)
	p.Filter.Languages = []string{"de", "pl"}
	for country, want := range map[string]bool{"FR": false, "AT": true, "LU": true, "PL": true} {
		if _, _, ok := p.Decide(someone(t, func(c *mailer.Candidate) { c.Contact.Country = country })); ok != want {
			t.Errorf("%s is in: %v, want %v", country, ok, want)
		}
	}
}

func TestADutyForAPurposeThatTheTextLeavesOutWaits(t *testing.T) { // 14(4), C1
	p := placerFor(t, nil)
	p.Activity.Purposes = []mailer.Purpose{{Key: "sell"}}
	told := someone(t, func(c *mailer.Candidate) {
		c.Duties = append(c.Duties, mailer.Duty{ID: mailer.NewID(time.Unix(9, 0)), Cause: "purpose:train", State: mailer.DutyOpen})
	})
	if pl, _, ok := p.Decide(told); !ok || len(pl.DutyIDs) != 1 || pl.DutyIDs[0] != told.Duties[0].ID {
		t.Errorf("the rest is told, and nothing more: %+v", pl)
	}
	only := someone(t, func(c *mailer.Candidate) { c.Duties[0].Cause = "purpose:train" })
	if pl, _, ok := p.Decide(only); ok {
		t.Errorf("told of a purpose by a text that leaves it out: %+v", pl)
	}
	p.Activity.Purposes = append(p.Activity.Purposes, mailer.Purpose{Key: "train"})
	if pl, _, _ := p.Decide(told); len(pl.DutyIDs) != 2 {
		t.Errorf("a text that has it tells of it: %+v", pl)
	}
}

func TestADateThatBecomesKnownLaterNeverRenewsStorage(t *testing.T) { // T1
	read := mailertest.At(t, "2026-01-10T12:00:00Z")
	f := mailer.NoticeFacts{Contact: mailer.Contact{FirstObtainedAt: mailertest.At(t, "2026-11-20T12:00:00Z")}, Duties: []mailer.Duty{{Due: mailer.Due{Inputs: mailer.DueInputs{ReadAt: read}}}}}
	if got := f.StorageStart(); !got.Equal(read) {
		t.Errorf("storage counts from %s, want the first reading", got)
	}
}
