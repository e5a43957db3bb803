package locales

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/go-playground/locales"
	"github.com/go-playground/locales/bg"
	"github.com/go-playground/locales/cs"
	"github.com/go-playground/locales/da"
	"github.com/go-playground/locales/de"
	"github.com/go-playground/locales/de_AT"
	"github.com/go-playground/locales/el"
	"github.com/go-playground/locales/en_GB"
	"github.com/go-playground/locales/es"
	"github.com/go-playground/locales/et"
	"github.com/go-playground/locales/fi"
	"github.com/go-playground/locales/fr"
	"github.com/go-playground/locales/ga"
	"github.com/go-playground/locales/hr"
	"github.com/go-playground/locales/hu"
	"github.com/go-playground/locales/is"
	"github.com/go-playground/locales/it"
	"github.com/go-playground/locales/lt"
	"github.com/go-playground/locales/lv"
	"github.com/go-playground/locales/mt"
	"github.com/go-playground/locales/nb"
	"github.com/go-playground/locales/nl"
	"github.com/go-playground/locales/pl"
	"github.com/go-playground/locales/pt"
	"github.com/go-playground/locales/ro"
	"github.com/go-playground/locales/sk"
	"github.com/go-playground/locales/sl"
	"github.com/go-playground/locales/sv"

	"article14/internal/calendar"
)

// TestEveryMonthOfCLDRIsReadByTheCalendar compares the calendar's table with
// the data that it was made from: the calendar may not import them.
func TestEveryMonthOfCLDRIsReadByTheCalendar(t *testing.T) {
	all := map[string]locales.Translator{
		"bg": bg.New(), "cs": cs.New(), "da": da.New(), "de": de.New(), "el": el.New(), "en": en_GB.New(), "es": es.New(), "et": et.New(), "fi": fi.New(),
		"fr": fr.New(), "ga": ga.New(), "hr": hr.New(), "hu": hu.New(), "is": is.New(), "it": it.New(), "lt": lt.New(), "lv": lv.New(), "mt": mt.New(),
		"nb": nb.New(), "nl": nl.New(), "pl": pl.New(), "pt": pt.New(), "ro": ro.New(), "sk": sk.New(), "sl": sl.New(), "sv": sv.New(),
	}
	if len(all) != 26 {
		t.Fatalf("%d languages, want the 24 of the Union, Icelandic and Norwegian", len(all))
	}
	anyLanguage := form(t, "D MMMM YYYY")
	ambiguous := 0
	for code, l := range all {
		own := form(t, "D MMMM YYYY ["+code+"]")
		for _, names := range [][]string{l.MonthsWide(), l.MonthsAbbreviated()} {
			for i, name := range names {
				text := fmt.Sprintf("5 %s 2026", name)
				want := time.Date(2026, time.Month(i+1), 5, 0, 0, 0, 0, time.UTC)
				if at, err := own.Read(text, time.UTC); err != nil || !at.Equal(want) {
					t.Errorf("%s: %s is read as %v, %v", code, text, at, err)
				}
				if at, err := anyLanguage.Read(text, time.UTC); err == nil && !at.Equal(want) {
					t.Errorf("%s: %s is read as %v in no language", code, text, at)
				} else if err != nil {
					ambiguous++
				}
			}
		}
	}
	// Croatian shares lip, srp, lis and listopada with Czech and Polish; nothing else is in doubt.
	if ambiguous == 0 || ambiguous > 12 {
		t.Errorf("%d names of months mean two of them", ambiguous)
	}
	if names := de_AT.New().MonthsWide(); !slices.Contains(names, "Jänner") {
		t.Errorf("the months of Austria are %v", names)
	} else if _, err := anyLanguage.Read("5 Jänner 2026", time.UTC); err != nil {
		t.Errorf("Jänner: %v", err)
	}
}

func form(t *testing.T, pattern string) calendar.Form {
	t.Helper()
	f, err := calendar.ParseForm(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return f
}
