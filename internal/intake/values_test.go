package intake_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"strings"
	"testing"
	"time"

	"article14/internal/calendar"
	"article14/internal/intake"
	"article14/mailer"
	"article14/mailer/accept"
)

func TestDatesAreReadInTheFormThatTheSourceNames(t *testing.T) {
	for _, c := range []struct{ form, text, want string }{
		{"", "2026-10-12T00:39:00Z", "2026-10-12T00:39:00Z"},
		{"", "2026-10-12t00:39:00.5+02:00", "2026-10-11T22:39:00.5Z"},
		{"", "2026-10-12", "2026-10-11T22:00:00Z"},
		{"", "2026-10-12 09:30", "2026-10-12T07:30:00Z"},
		{"", "2026-10-12T09:30:15", "2026-10-12T07:30:15Z"},
		{"YYYY-MM-DD hh:mm", "2026-10-27 05:03", "2026-10-27T04:03:00Z"},
		{"", "2026-10-24 23:00", "2026-10-24T21:00:00Z"}, // the clock is set back in that night
		{"", "2026-10-25 02:30", "2026-10-25T00:30:00Z"},
		{"", "2026-10-25 03:00", "2026-10-25T02:00:00Z"},
		{"", "2026-03-29 03:00", "2026-03-29T01:00:00Z"},
		{"DD.MM.YYYY", "31.10.2026", "2026-10-30T23:00:00Z"},
		{"DD.MM.YYYY", "1.3.2026", "2026-02-28T23:00:00Z"},
		{"DD/MM/YYYY", "03/04/2026", "2026-04-02T22:00:00Z"},
		{"MM/DD/YYYY", "03/04/2026", "2026-03-03T23:00:00Z"},
		{"DD/MM/YYYY hh:mm:ss", "03/04/2026 9:05:07", "2026-04-03T07:05:07Z"},
		{"D MMM YYYY", "29 Oct 2026", "2026-10-28T23:00:00Z"},
		{"DD MMMM YYYY", "05 October 2026", "2026-10-04T22:00:00Z"},
		{"YYYYMMDD", "20261012", "2026-10-11T22:00:00Z"},
		{"DDMMYYYY", "01022026", "2026-01-31T23:00:00Z"},
		{"dd/mm/yy", "", "error"},
		{"DD/MM/YY", "", "error"}, // a century is not guessed: it sets a deadline
		{"YYYY/MM/DDThh:mmZ", "2026/10/12T09:30+01:00", "2026-10-12T08:30:00Z"},
		{"DD.MM.YYYY", "2026-10-12", "2026-10-11T22:00:00Z"}, // year first is never in doubt
		{"DD.MM.YYYY", "10/12/2026", "refused"},
		{"DD.MM.YYYY", "31.02.2026", "refused"},
		{"", "03/04/2026", "refused"},
		{"", "12 Oct 2026", "refused"},
		{"", "yesterday", "refused"},
		{"", "1900-01-01", "refused"},
		{"", "1970-01-01", "refused"},
		{"Q YYYY", "", "error"},
		{"YYYY-MM", "", "error"},
		{"2006-01-02", "", "error"},
	} {
		s := settings(t)
		s.DateFormat = c.form
		if c.want == "error" {
			if _, err := intake.Open(strings.NewReader("name\nx\n"), s); err == nil {
				t.Errorf("a file is opened with the form %q", c.form)
			}
			continue
		}
		o := one(t, "name,obtained_at", "Roe,"+c.text, s)
		if c.want == "refused" {
			wantRefused(t, o, 2, "obtained_at", "date")
		} else if got := o.rec.ObtainedAt.Format(time.RFC3339Nano); o.refusal != nil || got != c.want {
			t.Errorf("%q as %q: %s, %+v; want %s", c.text, c.form, got, o.refusal, c.want)
		}
	}
}

func TestABareDateIsThatDateInTheControllersZoneWhateverItsClocksDo(t *testing.T) { // D1, D10
	firstDay := calendar.Date{Year: 2017, Month: 1, Day: 1}
	for _, name := range []string{"Europe/Paris", "America/Sao_Paulo", "Asia/Beirut", "Pacific/Apia", "UTC", "Africa/Cairo"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		s := settings(t)
		s.Zone = zone
		var file strings.Builder
		file.WriteString("name,obtained_at\n")
		for d := firstDay; d.Year < 2019; d = d.AddDays(1) {
			file.WriteString("Roe," + d.String() + "\n")
		}
		for i, o := range read(t, file.String(), s) {
			if got, want := calendar.DateOf(o.rec.ObtainedAt, zone), firstDay.AddDays(i); got != want {
				t.Errorf("%s in %s is taken for %s", want, name, got)
			}
		}
	}
}

func TestATimeThatTheClockSkipsStaysOnItsDate(t *testing.T) {
	for _, c := range []struct{ zone, text, want string }{
		{"Europe/Paris", "2026-03-29 02:30", "2026-03-29T01:30:00Z"},
		{"America/Sao_Paulo", "2017-10-15 00:30", "2017-10-15T03:30:00Z"},
	} {
		s := settings(t)
		s.Zone, _ = time.LoadLocation(c.zone)
		if got := one(t, "name,obtained_at", "Roe,"+c.text, s).rec.ObtainedAt.Format(time.RFC3339); got != c.want {
			t.Errorf("%s in %s: %s, want %s", c.text, c.zone, got, c.want)
		}
	}
}

func TestNothingIsObtainedInTheFuture(t *testing.T) {
	at := func(d time.Duration) string { return "Roe," + now.Add(d).Format(time.RFC3339) + "," }
	if o := one(t, "name,obtained_at,first_communication", at(23*time.Hour), settings(t)); o.refusal != nil {
		t.Errorf("a clock that is ahead by less than a day is refused: %s", o.refusal.Reason)
	}
	wantRefused(t, one(t, "name,obtained_at,first_communication", at(25*time.Hour), settings(t)), 2, "obtained_at", "in the future")
	if o := one(t, "name,obtained_at,first_communication", at(0)+"2026-12-24", settings(t)); o.refusal != nil || o.rec.FirstCommunication.IsZero() {
		t.Error("a communication that is planned is refused or lost")
	}
}

func TestARowWithoutADateIsReadWithNone(t *testing.T) { // D4
	if o := one(t, "name,obtained_at", "Roe, ", settings(t)); o.refusal != nil || !o.rec.ObtainedAt.IsZero() {
		t.Errorf("read as %+v", o)
	}
}

func TestVisibilityIsWhatTheSourcesTableSays(t *testing.T) { // S4
	table := map[string]mailer.Visibility{"Public": mailer.VisiblePublic, "1st-degree": mailer.VisibleRestricted, "": mailer.VisibleRestricted}
	for _, c := range []struct {
		header, value string
		public        bool
		table         map[string]mailer.Visibility
		want          mailer.Visibility
	}{
		{"visibility", " PUBLIC ", false, table, mailer.VisiblePublic},
		{"visibility", "1st-Degree", true, table, mailer.VisibleRestricted},
		{"visibility", "", true, table, mailer.VisibleRestricted},
		{"visibility", "friends", true, table, mailer.VisibleUnknown},
		{"visibility", "", true, nil, mailer.VisibleUnknown},
		{"visibility", "restricted", true, nil, mailer.VisibleRestricted},
		{"organisation", "x", true, table, mailer.VisiblePublic},
		{"organisation", "x", false, table, mailer.VisibleUnknown},
	} {
		s := settings(t)
		s.Source.Public, s.Source.Columns.Visibility = c.public, c.table
		if got := one(t, "name,"+c.header, "Roe,"+c.value, s).rec.Visibility; got != c.want {
			t.Errorf("%s %q of a source that is public %v: %q, want %q", c.header, c.value, c.public, got, c.want)
		}
	}
}

func TestTextIsCleanedOfWhatNobodySees(t *testing.T) {
	o := one(t, "name,city,organisation", "  J\u202eane\x00Roe\u00a0 ,Ly\u0308on\t Nord,می\u200cخواهم", settings(t))
	if c := o.rec.Contact; c.Name != "Jane Roe" || c.City != "Lÿon Nord" || c.Organisation != "می\u200cخواهم" {
		t.Errorf("read as %q, %q, %q", c.Name, c.City, c.Organisation)
	}
	for _, name := range []string{"a\nb", "a\rb", "a\tb", "a\u2028b", "a\u0085b"} {
		wantRefused(t, one(t, "name,given_name", "\""+name+"\",", settings(t)), 2, "name", "in the name")
		wantRefused(t, one(t, "name,given_name", ",\""+name+"\"", settings(t)), 2, "given_name", "in the name")
	}
}

func TestANameIsTakenFromItsPartsOrFromTheAddress(t *testing.T) {
	for row, want := range map[string]string{
		"Jane Roe,J,R,":                   "Jane Roe",
		",Jane,Roe,":                      "Jane Roe",
		",,Roe,":                          "Roe",
		",,,Jane Roe <jane@example.com>":  "Jane Roe",
		"J,,,Jane Roe <jane@example.com>": "J",
	} {
		if o := one(t, "name,given_name,family_name,email", row, settings(t)); o.rec.Contact.Name != want {
			t.Errorf("%q: %q, want %q", row, o.rec.Contact.Name, want)
		}
	}
}

func TestTheSecondAddressIsASecondChannelOnlyIfItIsAnother(t *testing.T) {
	if o := one(t, "email,email_2", "jane@EXAMPLE.com,jane@example.COM", settings(t)); len(o.rec.Emails) != 1 {
		t.Errorf("the same address twice gives %d channels", len(o.rec.Emails))
	}
	if o := one(t, "email,email_2", "jane@example.com,Jane@example.com", settings(t)); len(o.rec.Emails) != 2 {
		t.Error("addresses that differ before the @ are taken for one")
	}
	if o := one(t, "email,email_2", ",jane@example.com", settings(t)); len(o.rec.Emails) != 1 {
		t.Error("a second address without a first is lost")
	}
	wantRefused(t, one(t, "email,email_2,source_ref", "jane@example.com,none,7", settings(t)), 2, "email_2", "local-part@domain")
}

func TestADigestTellsRowsApartByWhatTheyHold(t *testing.T) {
	const header = "name,city,obtained_at,job_title"
	base := one(t, header, "Roe,Lyon,2026-11-01,x", settings(t)).rec.Digest
	if again := one(t, header, " Roe ,Lyon,2026-11-01,x", settings(t)).rec.Digest; !bytes.Equal(base, again) {
		t.Error("the same row read again has another digest")
	}
	for _, row := range []string{"Roe,Lyon,2026-11-02,x", "Roe,Lyo,2026-11-01,nx", "Roe,Lyon,2026-11-01,", "Roe,,2026-11-01,Lyonx"} {
		if bytes.Equal(base, one(t, header, row, settings(t)).rec.Digest) {
			t.Errorf("%q has the digest of another row", row)
		}
	}
}

func TestTwoPeopleWhoDifferInAColumnThatIsNotReadAreNotOne(t *testing.T) {
	const header = "name,city,obtained_at,street"
	first := one(t, header, "Luc Weber,Luxembourg,2026-11-01,Rue A 1", settings(t)).rec.Digest
	if bytes.Equal(first, one(t, header, "Luc Weber,Luxembourg,2026-11-01,Rue B 2", settings(t)).rec.Digest) {
		t.Error("a person is lost: nothing but the street tells the two apart")
	}
	s := settings(t)
	s.Mapping.Fields = map[string]string{"city": ""}
	if !bytes.Equal(first, one(t, header, "Luc Weber,Luxembourg,2026-11-01,Rue A 1", s).rec.Digest) {
		t.Error("the same row under another mapping is somebody else")
	}
	json := func(street string) []byte {
		return read(t, `{"name":"Luc Weber","obtained_at":"2026-11-01","at":{"street":"`+street+`"}}`, settings(t))[0].rec.Digest
	}
	if bytes.Equal(json("Rue A 1"), json("Rue B 2")) || !bytes.Equal(json("Rue A 1"), json("Rue A 1")) {
		t.Error("NDJSON: the digest does not tell the same row from another")
	}
}

func TestARejectsFileHoldsNoFormula(t *testing.T) {
	var out bytes.Buffer
	r, err := intake.NewRejects(&out)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []string{"=1+1", "+1", "-1", "@x", "\tx", "\rx", "plain,\"=1\"", ""} {
		if err := r.Add(accept.Refusal{Line: 7, Field: "email", Reason: "why", Row: row}); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := csv.NewReader(&out).ReadAll()
	if err != nil || len(rows) != 9 || strings.Join(rows[0], ",") != "line,field,reason,row" {
		t.Fatalf("%v: %q", err, rows)
	}
	for i, row := range rows[1:7] {
		if row[3][0] != '\'' {
			t.Errorf("row %d begins like a formula: %q", i, row[3])
		}
	}
	if rows[7][3] != "plain,\"=1\"" || rows[1][0] != "7" {
		t.Errorf("a harmless row is changed: %q", rows[7])
	}
	if r, err := intake.NewRejects(fullDisk{}); err == nil || r.Add(accept.Refusal{}) == nil {
		t.Error("a full disk goes unnoticed")
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestWhatProgramsWriteIntoEmptyCellsIsNoAddressAndNoDate(t *testing.T) {
	for _, word := range []string{"NULL", "\\N", "n/a", "#N/A", "-", " null "} {
		o := one(t, "name,email,email_2,obtained_at,told_at", "Null,"+word+",jane@example.com,2026-11-01,"+word, settings(t))
		if o.refusal != nil || len(o.rec.Emails) != 1 || !o.rec.ToldAt.IsZero() || o.rec.Contact.Name != "Null" {
			t.Errorf("%q: %+v %+v", word, o.rec, o.refusal)
		}
	}
}
