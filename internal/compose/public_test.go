package compose

import (
	"regexp"
	"strings"
	"testing"

	"article14/internal/calendar"
	"article14/mailer"
)

func TestThePublicNoticeHasEveryElementAndNobodysValues(t *testing.T) { // C1, C4, 14(5)(b)
	c, reg := newComposer(t), sampleRegister(t)
	for language, want := range map[string][]string{
		"en": {"Nordlicht Data SAS", "Ada Exemple", "We sell your work contact details", "LIA-7", "LinkedIn", "WHOIS", "For 2 years", "Commission", "Object to the use", "never extend"},
		"fr": {"Pendant 2 ans", "Nous vendons vos coordonnées professionnelles", "L’annuaire WHOIS", "CNIL"},
		"de": {"Für 2 Jahre", "Wir verkaufen Ihre beruflichen Kontaktdaten", "Artikel 77"},
	} {
		page, err := c.Public(reg, "directory", language)
		if err != nil {
			t.Fatalf("%s: %v", language, err)
		}
		html := strings.ReplaceAll(page.HTML, "\u00a0", " ")
		for _, text := range want {
			if !strings.Contains(html, text) {
				t.Errorf("%s: it does not say %q:\n%s", language, text, page.HTML)
			}
		}
		if got := len(regexp.MustCompile(`<h2 id="`+language+`-`).FindAllString(page.HTML, -1)); got < 10 {
			t.Errorf("%s: only %d headings", language, got)
		}
		if strings.Contains(page.HTML, slotOpen) || page.Language != language || page.Title == "" {
			t.Errorf("%s: %q with title %q", language, page.Language, page.Title)
		}
	}
}

func TestThePublicNoticeSaysHowLongByEventsToo(t *testing.T) { // T1b
	reg := sampleRegister(t)
	r := &reg.Activities[0].Retention
	*r = mailer.Retention{Event: three("your contract ends", "votre contrat prend fin", "Ihr Vertrag endet"), Limit: calendar.Period{Years: 5}}
	for _, after := range []calendar.Period{{}, {Months: 3}} {
		r.After = after
		page, err := newComposer(t).Public(reg, "directory", "en")
		if err != nil || !strings.Contains(page.HTML, "your contract ends") || !strings.Contains(page.HTML, "5 years") || strings.Contains(page.HTML, "3 months") == after.IsZero() {
			t.Errorf("after %v: %v %s", after, err, page.HTML)
		}
	}
}

func TestWhatIsNotDeclaredHasNoPublicNotice(t *testing.T) { // L2
	c, reg := newComposer(t), sampleRegister(t)
	if _, err := c.Public(reg, "nothing", "en"); err == nil {
		t.Error("an activity that is not declared has one")
	}
	if _, err := c.Public(reg, "directory", "xx"); err == nil {
		t.Error("a language without texts has one")
	}
	delete(reg.Activities[0].Purposes[0].Texts, "fr")
	if _, err := c.Public(reg, "directory", "fr"); err == nil {
		t.Error("a text that is missing in a language is left out in silence")
	}
}
