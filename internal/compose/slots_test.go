package compose

import (
	"errors"
	"strings"
	"testing"
	"time"

	"article14/mailer"
)

// slotsOf draws slots for a changed sample person.
func slotsOf(t *testing.T, languages string, change func(*mailer.SlotInput)) (mailer.Slots, error) {
	t.Helper()
	in := sampleInput(notice(languages, "whois"))
	change(&in)
	return newComposer(t).Slots(sampleRegister(t), in)
}

func TestAPageInAnotherLanguageOutlivesWhatWasErasedOfItsSources(t *testing.T) { // R3, S4
	c := newComposer(t)
	key := notice("de", "linkedin?+whois")
	in := sampleInput(key)
	in.Facts.Acquisitions = in.Facts.Acquisitions[1:] // linkedin's went on the day that was printed
	if _, err := c.Slots(sampleRegister(t), in); err == nil {
		t.Error("a notice is written that names a source from which nothing was obtained")
	}
	in.Again = true
	slots, err := c.Slots(sampleRegister(t), in)
	if err != nil {
		t.Fatal(err)
	}
	page, err := c.Page(skeletonOf(t, c, key), slots, "de")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"LinkedIn, ein soziales Netzwerk. Wir wissen nicht", "<bdi>whois.example/in/elodie-berard</bdi>"} {
		if !strings.Contains(page.HTML, want) {
			t.Errorf("%q is not in the page", want)
		}
	}
	if strings.Contains(page.HTML, "linkedin.example") {
		t.Error("the page of an erased entry is still shown")
	}
}

func TestDatesAreThoseOfTheControllersZone(t *testing.T) { // D10, L5
	s, err := slotsOf(t, "fr+de", func(in *mailer.SlotInput) {
		at := time.Date(2026, 10, 31, 23, 30, 0, 0, time.UTC) // already November in Paris
		in.Facts.Acquisitions[0].ObtainedAt, in.Facts.Contact.FirstObtainedAt = at, at
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"obtained.whois.fr": "1er novembre 2026", "obtained.whois.de": "1. November 2026",
		"retention_end.fr": "1er novembre 2028", "retention_end.de": "1. November 2028",
		"date.fr": "21 novembre 2026", "deadline.de": "4. Dezember 2026",
	} {
		if s[name] != want {
			t.Errorf("%s is %q, want %q", name, s[name], want)
		}
	}
}

func TestALateNoticeSaysSinceWhenAndAnUnknownDayIsLate(t *testing.T) { // D4, D7
	s, err := slotsOf(t, "en", func(in *mailer.SlotInput) { in.Now = in.Now.AddDate(1, 0, 0) })
	if err != nil || s["due_date.en"] != "4 December 2026" || s["deadline.en"] != "" || s["late_unknown"] != "" {
		t.Errorf("late: %v, %v", s, err)
	}
	s, err = slotsOf(t, "en", unknownDay)
	if err != nil || s["late_unknown"] != on || s["due_date.en"] != "" || s["obtained.whois.en"] != "" || s["obtained_unknown.whois"] != on {
		t.Errorf("unknown: %v, %v", s, err)
	}
	if s["start_unknown"] != on || s["start_known"] != "" || s["retention_end.en"] != "19 November 2028" {
		t.Errorf("storage counts from the reading: %v", s)
	}
}

func TestTheEarliestDeadlineIsTheOneThatIsTold(t *testing.T) {
	s, err := slotsOf(t, "en", func(in *mailer.SlotInput) {
		sooner := mailer.Duty{Due: mailer.Due{At: noon.Add(24 * time.Hour), Rule: mailer.DueDisclosure}}
		in.Facts.Duties = append(in.Facts.Duties, sooner)
	})
	if err != nil || s["deadline.en"] != "22 November 2026" {
		t.Errorf("%v, %v", s["deadline.en"], err)
	}
}

func TestWhatEveryNoticeNeedsMustBeKnown(t *testing.T) { // C8, T3
	for name, change := range map[string]func(*mailer.SlotInput){
		"no duty":                      func(in *mailer.SlotInput) { in.Facts.Duties = nil },
		"no day to count storage from": func(in *mailer.SlotInput) { in.Facts.Contact.FirstObtainedAt = time.Time{} },
		"a source without acquisition": func(in *mailer.SlotInput) { in.Facts.Acquisitions = nil },
		"another activity":             func(in *mailer.SlotInput) { in.ActivityKey = "other" },
		"another language":             func(in *mailer.SlotInput) { in.Key.Languages = "ga" },
		"storage that has ended":       func(in *mailer.SlotInput) { in.Now = in.Now.AddDate(3, 0, 0) },
		"a receipt of nothing": func(in *mailer.SlotInput) {
			in.Key.Document, in.CreatedAt = mailer.DocAccessReceipt, time.Time{}
		},
	} {
		_, err := slotsOf(t, "en", change)
		if err == nil {
			t.Errorf("%s: no error", name)
		}
		if ended := errors.Is(err, mailer.ErrStorageEnded); ended != (name == "storage that has ended") {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), "Bérard") {
			t.Errorf("%s: the error names the person: %v", name, err)
		}
	}
}

func TestTheAuthorityIsThatOfThePersonsCountry(t *testing.T) { // R8
	for _, c := range []struct{ country, region, language, want, site string }{
		{"FR", "", "fr", "CNIL", "https://www.cnil.fr/fr/plaintes"},
		{"FR", "", "en", "French Data Protection Authority", "https://www.cnil.fr/fr/plaintes"},
		{"DE", "Bayern", "de", "BayLDA", "https://www.lda.bayern.de/"},
		{"DE", "", "fr", "Land allemand", "https://www.bfdi.bund.de/"},
		{"US", "", "fr", "CNIL", "https://www.cnil.fr/fr/plaintes"}, // the controller's
		{"", "", "de", "CNIL", "https://www.cnil.fr/fr/plaintes"},
	} {
		s, err := slotsOf(t, c.language, func(in *mailer.SlotInput) { in.Facts.Contact.Country, in.Facts.Contact.Region = c.country, c.region })
		if err != nil || !strings.Contains(s["authority."+c.language], c.want) || !strings.HasPrefix(s["authority_site"], c.site) {
			t.Errorf("%+v: %q %q, %v", c, s["authority."+c.language], s["authority_site"], err)
		}
	}
}

func TestAReceiptOfARequestNamesTheLastDayOfTheAnswer(t *testing.T) { // D9
	s, err := slotsOf(t, "fr", func(in *mailer.SlotInput) {
		in.Key = mailer.SkeletonKey{Document: mailer.DocAccessReceipt, Languages: "fr"}
		in.CreatedAt = time.Date(2027, 1, 30, 23, 30, 0, 0, time.UTC) // 31 January in Paris
		in.Now = in.CreatedAt.AddDate(0, 0, 3)                        // sent later: the days stay
	})
	if err != nil || s["done.fr"] != "31 janvier 2027" || s["answer_by.fr"] != "28 février 2027" {
		t.Errorf("%v, %v", s, err)
	}
}

func TestThePageSaysWhatTheMailSays(t *testing.T) { // C4
	c := newComposer(t)
	key := notice("fr+de", "linkedin+whois")
	skeleton := skeletonOf(t, c, key)
	slots, err := c.Slots(sampleRegister(t), sampleInput(key))
	if err != nil {
		t.Fatal(err)
	}
	mail := read(t, composed(t, c, key, nil))
	for _, l := range []string{"fr", "de"} {
		p, err := c.Page(skeleton, slots, l)
		if err != nil {
			t.Fatal(err)
		}
		if p.Language != l || p.Dir != "ltr" || !strings.HasPrefix(p.Title, "Nordlicht Data SAS ") {
			t.Errorf("%+v", p)
		}
		if err := checkTags(p.HTML); err != nil {
			t.Error(err)
		}
		for _, element := range strings.Split(p.HTML, "\n") {
			if strings.HasPrefix(element, "<") && !strings.Contains(mail.html, element) && !strings.Contains(element, "Article 12") &&
				!strings.Contains(element, "article 12 ") && !strings.Contains(element, "Artikel 12 ") {
				t.Errorf("%s: only on the page: %s", l, element)
			}
		}
		for _, gone := range []string{"Bérard", "K7M2", "/o/", "/n/", "class=", "⟪", "authentique", "Nachricht echt", "Guten Tag"} {
			if strings.Contains(p.HTML, gone) {
				t.Errorf("%s: %q is on the page", l, gone)
			}
		}
	}
	if _, err := c.Page(skeleton, slots, "en"); err == nil {
		t.Error("a page in a language that the skeleton does not have")
	}
	receipt := skeletonOf(t, c, mailer.SkeletonKey{Document: mailer.DocObjectionReceipt, Languages: "fr"})
	if _, err := c.Page(receipt, slots, "fr"); err == nil {
		t.Error("a receipt as a page")
	}
}
