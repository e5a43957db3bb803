package intake_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"article14/internal/intake"
	"article14/mailer"
	"article14/mailer/accept"
)

func openFile(t *testing.T, name string, s intake.Settings) []outcome {
	t.Helper()
	f, err := os.Open("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := intake.Open(f, s)
	if err != nil {
		t.Fatal(err)
	}
	return readAll(t, rows)
}

func TestALeadToolsExportIsReadWithItsVisibilities(t *testing.T) {
	s := settings(t)
	s.Source.Unknown = mailer.UnknownNoticeOnly
	s.Source.Columns = mailer.Mapping{
		Fields: map[string]string{
			"obtained_at": "Date added", "given_name": "First name", "family_name": "Last name", "job_title": "Job title", "organisation": "Company",
			"profile_url": "LinkedIn URL", "email": "Work email", "email_2": "Personal email", "phone": "Phone", "city": "City",
			"country": "Country", "visibility": "Email visibility",
		},
		Visibility: map[string]mailer.Visibility{"public": mailer.VisiblePublic, "1st-degree connections": mailer.VisibleRestricted},
	}
	out := openFile(t, "leads.csv", s)
	if len(out) != 6 {
		t.Fatalf("%d rows, want 6", len(out))
	}
	for i, want := range []mailer.Visibility{mailer.VisiblePublic, mailer.VisibleRestricted, mailer.VisibleUnknown, mailer.VisibleRestricted, mailer.VisibleUnknown, mailer.VisiblePublic} {
		if got := out[i].rec.Visibility; got != want {
			t.Errorf("line %d: visibility %q, want %q", out[i].line(), got, want)
		}
	}
	first := out[0].rec
	if first.Contact.Name != "Aurèle Quillfeather" || first.Contact.Organisation != "Hollow & Finch, S.A." || first.Contact.Country != "FR" || first.Page != first.ProfileURL {
		t.Errorf("the first row reads %+v", first)
	}
	if second := out[1].rec; second.Contact.Organisation != `"Parasol" GmbH` || len(second.Emails) != 2 || second.Emails[0].Normal != "cira@xn--brcke-lva.example" {
		t.Errorf("the second row reads %+v", second)
	}
	if out[1].rec.Emails[0].Normal != out[3].rec.Emails[0].Normal {
		t.Error("a domain in other letters is another address")
	}
}

func TestACRMsLocalTimesAreReadInTheControllersZone(t *testing.T) { // D10
	s := settings(t)
	s.Source.DateFormat = "YYYY-MM-DD hh:mm"
	s.Source.Columns.Fields = map[string]string{
		"source_ref": "Record ID", "given_name": "First Name", "family_name": "Last Name", "email": "Email", "phone": "Phone Number", "country": "Country/Region",
		"language": "Preferred language", "obtained_at": "Create Date", "first_communication": "First Email Send Date",
	}
	out := openFile(t, "crm.csv", s)
	if len(out) != 3 {
		t.Fatalf("%d rows, want 3", len(out))
	}
	if got, want := out[0].rec.ObtainedAt, time.Date(2026, 10, 27, 4, 3, 0, 0, time.UTC); !got.Equal(want) {
		t.Errorf("obtained at %v, want %v", got, want)
	}
	if got, want := out[2].rec.ObtainedAt, time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC); !got.Equal(want) {
		t.Errorf("02:30 on the night with two of them was read as %v, want the earlier, %v", got, want)
	}
	for i, want := range []string{"sv", "en", "en"} {
		if got := out[i].rec.Contact.Language; got != want {
			t.Errorf("line %d: language %q, want %q", out[i].line(), got, want)
		}
	}
	if out[1].rec.SourceRef != "7002" || !out[2].rec.FirstCommunication.IsZero() || out[1].rec.FirstCommunication.IsZero() {
		t.Errorf("reference or first communication are lost: %+v", out[1].rec)
	}
}

func TestARegistryDumpCutOffInTheMiddleKeepsTheRowsBefore(t *testing.T) {
	s := settings(t)
	s.Source.Public = true
	s.Source.Columns.Fields = map[string]string{
		"name": "registrant.name", "email": "registrant.email", "country": "registrant.country", "city": "registrant.postal", "obtained_at": "retrieved", "page": "domain",
	}
	out := openFile(t, "whois.ndjson", s)
	if len(out) != 4 {
		t.Fatalf("%d rows, want 4", len(out))
	}
	if got := out[0].rec; got.Contact.Name != "Črt Novosel" || got.Line != 1 || got.Visibility != mailer.VisiblePublic || got.Page != "site1.example" {
		t.Errorf("the first row reads %+v", got)
	}
	if got := out[1].rec; got.Line != 3 || len(got.Emails) != 0 || !got.ObtainedAt.Equal(time.Date(2026, 11, 19, 22, 51, 0, 0, time.UTC)) {
		t.Errorf("the second row reads %+v", got)
	}
	wantRefused(t, out[2], 4, "name", "a list or an object")
	wantRefused(t, out[3], 5, "", "the line ends in the middle: the file was cut off")
}

func TestEachHardCaseEndsAsItsRowSays(t *testing.T) {
	s := settings(t)
	s.Source.Columns.Fields = map[string]string{
		"name": "name", "email": "email", "country": "country", "language": "language", "obtained_at": "obtained", "profile_url": "url",
		"organisation": "wanted", // brings the expectation along
	}
	out := openFile(t, "hard.csv", s)
	if len(out) != 20 {
		t.Fatalf("%d rows, want 20", len(out))
	}
	for _, o := range out {
		if o.refusal != nil {
			if !strings.HasSuffix(o.refusal.Row, "refuse "+o.refusal.Field) {
				t.Errorf("line %d: refused for %s: %s, against its note", o.refusal.Line, o.refusal.Field, o.refusal.Reason)
			}
			continue
		}
		var got string
		for _, e := range o.rec.Emails {
			got = e.Value
		}
		if got != o.rec.Contact.Organisation {
			t.Errorf("line %d: the address is read as %q, its note says %q", o.rec.Line, got, o.rec.Contact.Organisation)
		}
	}
	byLine := map[int64]accept.Record{}
	for _, o := range out {
		byLine[o.line()] = o.rec
	}
	for line, want := range map[int64]mailer.Contact{5: {Country: "GB"}, 6: {Country: "GR"}, 16: {}, 19: {Country: "NO", Language: "nb"}} {
		if got := byLine[line].Contact; got.Name == "" || got.Country != want.Country || got.Language != want.Language {
			t.Errorf("line %d: country %q, language %q; want %q, %q", line, got.Country, got.Language, want.Country, want.Language)
		}
	}
}
