package compose

import (
	"strings"
	"testing"

	"article14/mailer"
)

// claims are words of the sample register that say what is done with data.
var claims = map[string][]string{
	"en": {"They write to people about products", "A program takes decisions", "This use starts"},
	"fr": {"Elles écrivent à ces personnes", "Un programme prend des décisions", "Cette utilisation commence"},
	"de": {"Diese schreiben den Menschen", "Ein Programm trifft", "Diese Nutzung beginnt"},
}

func TestANarrowNoticeClaimsNoUseButItself(t *testing.T) { // S4, C4
	c := newComposer(t)
	for l, words := range claims {
		ordinary := read(t, composed(t, c, notice(l, "linkedin"), nil)).text
		narrow := read(t, composed(t, c, notice(l, "linkedin?"), nil)).text
		found := 0
		for _, w := range words {
			if strings.Contains(ordinary, w) {
				found++
			}
			if strings.Contains(narrow, w) {
				t.Errorf("%s: a narrow notice says %q", l, w)
			}
		}
		if found < 2 {
			t.Errorf("%s: the ordinary notice has %d of the words that are looked for", l, found)
		}
	}
}

func TestEveryLayerOfANarrowNoticePrintsTheDayOnWhichDataGo(t *testing.T) { // T2, S4
	c := newComposer(t)
	for _, k := range []struct {
		key      mailer.SkeletonKey
		day      string
		want     int
		ordinary int // how often the end of the ordinary storage period stands there
	}{
		{notice("en", "linkedin?"), "21 December 2026", 3, 0},
		{notice("fr", "linkedin!+whois?"), "21 décembre 2026", 3, 0},
		{notice("de", "linkedin?+whois"), "21. Dezember 2026", 4, 2}, // with source and storage, in both layers
	} {
		text := read(t, composed(t, c, k.key, nil)).text
		if got := strings.Count(text, k.day); got != k.want {
			t.Errorf("%s %s: %s stands there %d times, want %d", k.key.Languages, k.key.Form, k.day, got, k.want)
		}
		if got := strings.Count(text, "2028"); got != k.ordinary {
			t.Errorf("%s %s: the ordinary end of storage stands there %d times, want %d", k.key.Languages, k.key.Form, got, k.ordinary)
		}
	}
}

func TestDataThatServeForTheNoticeAloneGoWithTheStoragePeriodIfThatEndsSooner(t *testing.T) { // S4, T1
	in := sampleInput(notice("en", "whois?"))
	in.Now = in.Facts.Contact.FirstObtainedAt.AddDate(2, 0, -10)
	s, err := newComposer(t).Slots(sampleRegister(t), in)
	if err != nil || s["notice_only_end.en"] != "3 November 2028" || s["retention_end.en"] != s["notice_only_end.en"] {
		t.Errorf("%v, %v", s, err)
	}
}

func TestBothLayersOfANarrowNoticeSayWhoGetsDataWhereTheRegisterNamesNobody(t *testing.T) { // C4, S4
	reg := sampleRegister(t)
	reg.Activities[0].Recipients = nil
	c := newComposer(t)
	s, err := c.Skeletons(reg, "directory", []mailer.SkeletonKey{notice("en", "linkedin?"), notice("en", "linkedin")})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct{ first, whole bool }{{true, true}, {false, false}} {
		parsed, err := parseSkeleton(s[i].Body)
		if err != nil {
			t.Fatal(err)
		}
		page := parsed.Pages["en"].HTML
		if got := strings.Contains(page, "Who gets it."); got != want.first {
			t.Errorf("%s: the first layer says who gets data: %t", s[i].Key.Form, got)
		}
		if got := strings.Contains(page, "From now on, nobody gets your data"); got != want.whole {
			t.Errorf("%s: the whole notice says who gets data: %t", s[i].Key.Form, got)
		}
		if strings.Contains(page, "recipients below") {
			t.Errorf("%s: it announces recipients that it does not name", s[i].Key.Form)
		}
	}
}

func TestTheRightToObjectOfANarrowNoticeIsThatOfItsFirstLayer(t *testing.T) { // C4, R10
	c := newComposer(t)
	for l, w := range map[string]struct{ then, elsewhere string }{
		"en": {"We then lock your data until we delete them", "rests on our legitimate interest"},
		"fr": {"Nous bloquons alors vos données jusqu’à leur effacement", "fondée sur notre intérêt légitime"},
		"de": {"Wir sperren Ihre Daten dann, bis wir sie löschen", "auf unserem berechtigten Interesse"},
	} {
		narrow := read(t, composed(t, c, notice(l, "linkedin?"), nil)).text
		if n := strings.Count(narrow, w.then); n != 2 {
			t.Errorf("%s: what objection comes to stands there %d times, want once in each layer", l, n)
		}
		if strings.Contains(narrow, w.elsewhere) {
			t.Errorf("%s: objection is tied to a ground that nothing rests on here", l)
		}
		if !strings.Contains(read(t, composed(t, c, notice(l, "linkedin"), nil)).text, w.elsewhere) {
			t.Errorf("%s: the ordinary notice does not have the words that are looked for", l)
		}
	}
}

func TestTheDoubtIsSaidAsItIs(t *testing.T) { // S4
	c := newComposer(t)
	for form, want := range map[string]string{
		"linkedin?":        "We do not know whether you had limited who can see this information.",
		"linkedin!":        "You had limited who can see at least part of this information.",
		"linkedin!+whois?": "You had limited who can see at least part of this information.",
		"linkedin!+whois":  "You had limited who can see this entry. So we do not use it, and after 21 December 2026 we delete it.",
	} {
		if text := read(t, composed(t, c, notice("en", form), nil)).text; !strings.Contains(text, want) {
			t.Errorf("%s does not say %q", form, want)
		}
	}
}
