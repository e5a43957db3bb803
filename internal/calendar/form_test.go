package calendar_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"article14/internal/calendar"
)

func paris(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func TestADateIsReadInItsForm(t *testing.T) { // D10
	for _, c := range []struct{ form, text, want string }{
		{"DD/MM/YYYY", "03/10/2026", "2026-10-02T22:00:00Z"},
		{"MM/DD/YYYY", "03/10/2026", "2026-03-09T23:00:00Z"},
		{"DD.MM.YYYY", "3.11.2026", "2026-11-02T23:00:00Z"},
		{"DD.MM.YYYY hh:mm", "03.11.2026 08:05", "2026-11-03T07:05:00Z"},
		{"DD MMM YYYY", "07 Jun 2026", "2026-06-06T22:00:00Z"},
		{"DD MMM YYYY", "7 sept. 2026", "2026-09-06T22:00:00Z"},
		{"D. MMMM YYYY", "7. März 2026", "2026-03-06T23:00:00Z"},
		{"D. MMMM YYYY", "7. MAERZ 2026", "error"},
		{"D MMMM YYYY", "7 AOÛT 2026", "2026-08-06T22:00:00Z"},
		{"D MMMM YYYY", "7 aout 2026", "2026-08-06T22:00:00Z"},
		{"D MMMM YYYY", "5 Deireadh Fómhair 2026", "2026-10-04T22:00:00Z"},
		{"D MMMM YYYY", "5 ΟΚΤΩΒΡΊΟΥ 2026", "2026-10-04T22:00:00Z"},
		{"D MMMM YYYY", "5 Οκτώβριος 2026", "2026-10-04T22:00:00Z"},
		{"D 'de' MMMM 'de' YYYY", "5 de octubre de 2026", "2026-10-04T22:00:00Z"},
		{"YYYY. MMMM D.", "2026. október 5.", "2026-10-04T22:00:00Z"},
		{"D MMMM YYYY", "5 listopada 2026", "month"},
		{"D MMMM YYYY [hr]", "5 listopada 2026", "2026-10-04T22:00:00Z"},
		{"D MMMM YYYY [pl]", "5 listopada 2026", "2026-11-04T23:00:00Z"},
		{"D MMMM YYYY [pl]", "5 octobre 2026", "error"},
		{"MMM D, YYYY", "Oct 5, 2026", "2026-10-04T22:00:00Z"},
		{"MM/DD/YYYY hh:mm AM", "03/10/2026 12:05 AM", "2026-03-09T23:05:00Z"},
		{"MM/DD/YYYY hh:mm AM", "03/10/2026 1:05 pm", "2026-03-10T12:05:00Z"},
		{"MM/DD/YYYY hh:mm AM", "03/10/2026 13:05 PM", "day"},
		{"YYYYMMDDhhmm", "202610050930", "2026-10-05T07:30:00Z"},
		{"YYYY-MM-DD hh:mm:ss", "2026-10-05 09:30:01.25", "2026-10-05T07:30:01.25Z"},
		{"YYYY/MM/DD hh:mm Z", "2026/10/05 09:30 +0530", "2026-10-05T04:00:00Z"},
		{"YYYY/MM/DD hh:mm Z", "2026/10/05 09:30-03", "2026-10-05T12:30:00Z"},
		{"unix", "1790000000", "2026-09-21T14:13:20Z"},
		{"unix", "1790000000.5", "2026-09-21T14:13:20.5Z"},
		{"unix-ms", "1790000000500", "2026-09-21T14:13:20.5Z"},
		{"unix", "1790000000500", "error"},
		{"unix", "46000", "error"},
		{"DD/MM/YYYY", "03/10/26", "year"},
		{"DD/MM/YYYY", "31/02/2026", "day"},
		{"DD/MM/YYYY", "13/13/2026", "day"},
		{"DD/MM/YYYY", "00/10/2026", "day"},
		{"DD/MM/YYYY", "03/10/2026 09:00", "error"},
		{"DD/MM/YYYY", "03.10.2026", "error"},
		{"DD/MM/YYYY", "03/10/20266", "error"},
		{"", "2026-10-05T24:00", "day"},
		{"", "2026-10-05 09:30:61", "day"},
		{"", "2026-1-5", "error"},
		{"DD/MM/YYYY", "2026-10-05", "2026-10-04T22:00:00Z"}, // the year first is never in doubt
	} {
		f, err := calendar.ParseForm(c.form)
		if err != nil {
			t.Errorf("%s: %v", c.form, err)
			continue
		}
		at, err := f.Read(c.text, paris(t))
		got := at.Format(time.RFC3339Nano)
		switch {
		case errors.Is(err, calendar.ErrYear):
			got = "year"
		case errors.Is(err, calendar.ErrDay):
			got = "day"
		case errors.Is(err, calendar.ErrMonth):
			got = "month"
		case err != nil:
			got = "error"
		}
		if got != c.want {
			t.Errorf("%q as %q: %s (%v), want %s", c.text, c.form, got, err, c.want)
		}
	}
}

func TestAFormThatCannotBeReadSaysWhy(t *testing.T) {
	for form, want := range map[string]string{
		"DD/MM/YY":               `has "YY", a year of two digits`,
		"dd/mm/yyyy":             "MM is the month, mm the minute",
		"YYYY-MM":                "lacks the day",
		"YYYY-MM-DD MM":          "the month more than once",
		"YYYY-MM-DD MMM":         "the month more than once",
		"2006-01-02":             `has "2" in it`,
		"YYYY-MM-DD hh":          "half a time",
		"YYYY-MM-DD ss":          "half a time",
		"YYYY-MM-DD AM":          "half a time",
		"D MMMM YYYY [xx]":       `has "xx" in brackets`,
		"D MMMM YYYY [hr":        `has "hr" in brackets`,
		"D 'de MMMM YYYY":        `has "'" in it`,
		"YYYY-MM-DD\x00":         "in it",
		strings.Repeat("q", 500): "in it",
	} {
		if _, err := calendar.ParseForm(form); err == nil || !strings.Contains(err.Error(), want) || len(err.Error()) > 400 {
			t.Errorf("%q: %v, want %q", form, err, want)
		}
	}
}

func TestWhatAFormWritesItReads(t *testing.T) {
	zone := paris(t)
	forms := map[string]string{"DD/MM/YYYY hh:mm:ss": "02/01/2006 15:04:05", "YYYYMMDDhhmmss": "20060102150405", "MMM D, YYYY hh:mm:ss AM": "Jan 2, 2006 3:04:05 PM",
		"D.M.YYYY H:mm:ss Z": "2.1.2006 15:04:05 -07:00", "rfc3339": time.RFC3339, "DD MMMM YYYY hh:mm:ssZ": "02 January 2006 15:04:05Z07:00"}
	rapid.Check(t, func(rt *rapid.T) {
		at := time.Unix(rapid.Int64Range(40_000_000, 4_000_000_000).Draw(rt, "at"), 0).In(zone)
		for form, layout := range forms {
			f, err := calendar.ParseForm(form)
			if err != nil {
				rt.Fatal(err)
			}
			got, err := f.Read(at.Format(layout), zone)
			hasOffset := strings.Contains(form, "Z") || form == "rfc3339"
			// Without an offset an hour that the clock shows twice is its first.
			if err != nil || hasOffset && !got.Equal(at) || !hasOffset && got.In(zone).Format(layout) != at.Format(layout) || got.After(at) {
				rt.Fatalf("%s as %s: %v, %v", at.Format(layout), form, got, err)
			}
		}
	})
}

func FuzzAFormReadsOrRefuses(f *testing.F) {
	for _, s := range [][2]string{{"DD/MM/YYYY", "03/10/2026"}, {"D 'de' MMMM 'de' YYYY", "5 de mayo de 2026"}, {"unix-ms", "1790000000500"}, {"YYYY-MM-DDThh:mm:ssZ", "2026-10-05T09:30:00+02:00"},
		{"D MMMM YYYY [ga]", "5 Deireadh Fómhair 2026"}, {"MM/DD/YYYY hh:mm AM", "03/10/2026 12:05 AM"}} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		form, err := calendar.ParseForm(pattern)
		if err != nil {
			return
		}
		at, err := form.Read(text, time.UTC)
		if err == nil && (at.Year() < 0 || at.Year() > 9999+1 || at.Location() != time.UTC) {
			t.Fatalf("%q as %q is %v", text, pattern, at)
		}
		if form.Fits(text) && err != nil {
			t.Fatalf("%q fits %q and is not read: %v", text, pattern, err)
		}
	})
}

func TestTheTimesOfMailAndOfServersAreRead(t *testing.T) {
	zone := time.FixedZone("there", 5*3600)
	for form, texts := range map[string][]string{
		"EEE, D MMM YYYY hh:mm:ss Z": {"Tue, 03 Nov 2026 10:00:00 +0100", "Tue, 3 Nov 2026 09:00:00 GMT", "mar., 3 nov. 2026 09:00:00 Z"},
		"EEE MMM D YYYY hh:mm:ss Z":  {"Tue Nov 03 2026 10:00:00 GMT+0100"},
		"D MMMM YYYY hh:mm Z":        {"3 Kasım 2026 09:00 Z", "3 kasim 2026 09:00 UTC", "3 KAS 2026 10:00 +01:00"},
		"EEE MMM D hh:mm:ss YYYY":    {"Tue Nov  3 14:00:00 2026"},
		"":                           {"2026-11-03 09:00:00 UTC", "2026-11-03T10:00:00 +0100", "2026-11-03 09:00:00utc"},
	} {
		f, err := calendar.ParseForm(form)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range texts {
			text = strings.Join(strings.Fields(text), " ") // as intake gives it
			if at, err := f.Read(text, zone); err != nil || !at.Equal(time.Date(2026, 11, 3, 9, 0, 0, 0, time.UTC)) {
				t.Errorf("%q by %q: %v %v", text, form, at, err)
			}
		}
	}
	f, err := calendar.ParseForm("EEE D MMM YYYY")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"3 Nov 2026", " 3 Nov 2026", "2026-11-03 09:00 UTCx", "2026-11-03 09:00 EST"} {
		if at, err := f.Read(text, zone); err == nil {
			t.Errorf("%q is read as %v", text, at)
		}
	}
}
