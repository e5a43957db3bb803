package compose

import (
	"strings"
	"testing"
	"time"

	"article14/mailer"
)

// forPurposes makes a notice one for somebody who was told before, and to whom it
// is owed that their data are to serve for more.
func forPurposes(keys ...string) func(*mailer.SlotInput, *mailer.Headers) {
	return func(in *mailer.SlotInput, _ *mailer.Headers) {
		due := mailer.Due{At: time.Date(2027, 2, 28, 22, 59, 59, 0, time.UTC), Rule: mailer.DueNewPurpose}
		in.Facts.Duties = nil
		for _, k := range keys {
			in.Facts.Duties = append(in.Facts.Duties, mailer.Duty{Cause: "purpose:" + k, Due: due})
		}
	}
}

func TestWhoWasToldBeforeReadsWhatIsNewInBothLayersAndWhyWeWrite(t *testing.T) { // Art. 14(4), C4, D5
	c := newComposer(t)
	for l, w := range map[string]struct{ first, whole, why, month string }{
		"en": {"New: one more use of your data. We check that the details are right. This use starts on 1 March 2027.",
			"This use starts on 1 March 2027. This use is new.", "about a new use of your data before it starts", "within one month."},
		"fr": {"une utilisation de plus de vos données. Nous vérifions que les coordonnées sont justes. Cette utilisation commence le 1er mars 2027.",
			"Cette utilisation commence le 1er mars 2027. Cette utilisation est nouvelle.", "avant son début", "dans un délai d’un mois"},
		"de": {"Neu: eine weitere Nutzung Ihrer Daten. Wir prüfen, ob die Daten stimmen. Diese Nutzung beginnt am 1. März 2027.",
			"Diese Nutzung beginnt am 1. März 2027. Diese Nutzung ist neu.", "bevor sie beginnt", "Artikel 14 DSGVO uns verpflichtet, Sie innerhalb eines Monats"},
	} {
		later := read(t, composed(t, c, notice(l, "whois"), forPurposes("quality"))).text
		first := read(t, composed(t, c, notice(l, "whois"), nil)).text
		for _, words := range []string{w.first, w.whole, w.why} {
			if strings.Count(later, words) != 1 {
				t.Errorf("%s: who was told before does not read %q once", l, words)
			}
			if strings.Contains(first, words) {
				t.Errorf("%s: who is told for the first time reads %q", l, words)
			}
		}
		if tail := later[strings.LastIndex(later, "\n13. "):]; strings.Contains(tail, w.month) || !strings.Contains(first, w.month) {
			t.Errorf("%s: a month is named to somebody to whom none applies, or not to others", l)
		}
	}
}

func TestOnlyThePurposesThatADutyNamesAreNew(t *testing.T) { // Art. 14(4)
	c := newComposer(t)
	for name, tt := range map[string]struct {
		change func(*mailer.SlotInput, *mailer.Headers)
		want   int
	}{
		"one":              {forPurposes("letter"), 1},
		"two, in one mail": {forPurposes("letter", "quality"), 2},
		"none beside data just found": {func(in *mailer.SlotInput, h *mailer.Headers) {
			found := in.Facts.Duties
			forPurposes("letter")(in, h)
			in.Facts.Duties = append(in.Facts.Duties, found...)
		}, 0},
	} {
		text := read(t, composed(t, c, notice("en", "whois"), tt.change)).text
		if n := strings.Count(text, "New: one more use"); n != tt.want || strings.Count(text, "This use is new.") != tt.want {
			t.Errorf("%s: %d uses stand there as new, want %d in each layer", name, n, tt.want)
		}
		if month := strings.Contains(text, "to tell you within one month"); month != (tt.want == 0) {
			t.Errorf("%s: the month of data just found stands there: %t", name, month)
		}
	}
}

func TestWithoutANameTheMailSaysWhoseDetailsTheseAre(t *testing.T) { // S4: an office's mailbox has many readers
	c := newComposer(t)
	for l, words := range map[string]string{
		"en": "the details that we hold with this e-mail address", "fr": "que nous détenons avec cette adresse e-mail", "de": "die wir zu dieser E-Mail-Adresse speichern",
	} {
		nobody := func(in *mailer.SlotInput, _ *mailer.Headers) { in.Facts.Contact.Name = "" }
		if text := read(t, composed(t, c, notice(l, "whois"), nobody)).text; !strings.Contains(text, words) {
			t.Errorf("%s: without a name nothing says whose details these are", l)
		}
		if text := read(t, composed(t, c, notice(l, "whois"), nil)).text; strings.Contains(text, words) {
			t.Errorf("%s: a person with a name is told that this is about an address", l)
		}
	}
}
