package intake_test

import (
	"fmt"
	"strings"
	"testing"

	"article14/internal/intake"
	"article14/mailer"
)

func TestTheHeaderIsFoundBehindLinesOfExplanation(t *testing.T) {
	mapped := map[string]string{"given_name": "First Name", "email": "E-mail"}
	for name, c := range map[string]struct {
		file string
		line int64
	}{
		"at the top":              {"First Name,E-mail\nJane,j@example.com\n", 1},
		"behind a note":           {"Notes:\n\"Some, many; words | here\"\n\nFirst Name,E-mail\nJane,j@example.com\n", 4},
		"behind a broken quote":   {"Export \"all\"\nFirst Name,E-mail\nJane,j@example.com\n", 2},
		"behind another table":    {"Run by;On\nK;2026-11-01\n\nFirst Name;E-mail\nJane;j@example.com\n", 4},
		"a name in the notes":     {"E-mail export\nFirst Name\tE-mail\nJane\tj@example.com\n", 2},
		"a separator line":        {"sep=|\nFirst Name|E-mail\nJane|j@example.com\n", 2},
		"a quoted separator line": {"\"sep=;\"\r\nFirst Name;E-mail\r\nJane;j@example.com\r\n", 2},
		"with a line break":       {"Notes\n\"First Name\",\"Date\nof birth\",E-mail\nJane,,j@example.com\n", 2},
		"in capitals":             {"x\nFIRST NAME;e-mail\nJane;j@example.com\n", 2},
		"old Macintosh":           {"Notes\rFirst Name,E-mail\rJane,j@example.com\r", 2},
	} {
		s := settings(t)
		s.Source.Columns.Fields = mapped
		file, err := intake.Open(strings.NewReader(c.file), s)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		out := readAll(t, file)
		if len(out) != 1 || out[0].refusal != nil || out[0].rec.Contact.Name != "Jane" || len(out[0].rec.Emails) != 1 || file.Layout().HeaderLine != c.line {
			t.Errorf("%s: header on line %d, rows %+v", name, file.Layout().HeaderLine, out)
		}
	}
}

func TestTheHeaderCanBeNamedOrNone(t *testing.T) {
	const file = "name,city\n\nname,city\nRoe,Lyon\n"
	s := settings(t)
	s.HeaderLine = 3
	if out := read(t, file, s); len(out) != 1 || out[0].line() != 4 {
		t.Errorf("with the header on line 3: %+v", out)
	}
	s.HeaderLine = 9
	if _, err := intake.Open(strings.NewReader(file), s); err == nil || !strings.Contains(err.Error(), "no line 9 for a header") {
		t.Errorf("a line that there is not: %v", err)
	}
	s.HeaderLine = intake.NoHeader
	s.Mapping.Fields = map[string]string{"name": "#1", "city": "#2"}
	if out := read(t, "Roe,Lyon\nPoe,Nice\n", s); len(out) != 2 || out[0].line() != 1 || out[0].rec.Contact.City != "Lyon" {
		t.Errorf("without a header: %+v", out)
	}
	s.Mapping.Fields = map[string]string{"name": "#3"}
	if _, err := intake.Open(strings.NewReader("Roe,Lyon\n"), s); err == nil || !strings.Contains(err.Error(), "it has no header") {
		t.Errorf("a column that there is not: %v", err)
	}
	s.HeaderLine = 0
	s.Mapping.Fields = map[string]string{"name": "Name", "email": "Mail"}
	_, err := intake.Open(strings.NewReader("Jane Roe,jane@example.com\n"), s)
	if err == nil || strings.Contains(err.Error(), "jane") || !strings.Contains(err.Error(), "--header-line, or none") {
		t.Errorf("a row that is taken for the header: %v", err)
	}
}

func TestAColumnCanBeNamedByItsPlace(t *testing.T) {
	s := settings(t)
	s.Mapping.Fields = map[string]string{"name": "Name", "email": "#2", "email_2": "#3"}
	if o := one(t, "Name,Mail,Mail", "Roe,a@example.com,b@example.com", s); len(o.rec.Emails) != 2 || o.rec.Emails[1].Value != "b@example.com" {
		t.Errorf("%+v", o)
	}
}

func TestWhatStandsUnderATableIsNobody(t *testing.T) {
	s := settings(t)
	for _, row := range []string{"Total,200,", "TOTAL:,,", ",Summe,1.234", "Grand total,\"1,208\",", "Total 200,,", "Total", "Celkem,3", "Yhteensä,,12 %", "Łącznie,3,"} {
		wantRefused(t, one(t, "name,city,region", row, s), 2, "", "a total line, not a person")
	}
	for _, row := range []string{"Total,Lyon,", "Anna Total,,", "Total Recall,,", "Sum,Lyon,x", "Summa,,+46 70 123", "Suma,,01 99 00 12 34"} {
		if o := one(t, "name,city,region", row, s); o.refusal != nil {
			t.Errorf("%q is refused: %s", row, o.refusal.Reason)
		}
	}
	out := read(t, "name,city\nRoe,Lyon\nname,city\nPoe,Nice\n", s)
	if len(out) != 3 || out[2].refusal != nil {
		t.Fatalf("%+v", out)
	}
	wantRefused(t, out[1], 3, "", "the header again, not a person")
}

func TestMoreColumnsThanAnyTableHasAreRefused(t *testing.T) {
	s := settings(t)
	_, err := intake.Open(strings.NewReader("name"+strings.Repeat(",x", 2001)+"\n"), s)
	if err == nil || !strings.Contains(err.Error(), "more than 2000 cells") {
		t.Errorf("a header: %v", err)
	}
	wantRefused(t, one(t, "name,city", "Roe"+strings.Repeat(",x", 2001), s), 2, "", "more than 2000 cells")
}

func TestColumnsThatNobodyMappedAreSuggestedAndNotRead(t *testing.T) {
	for header, want := range map[string]string{
		"Civilité;Nom;Prénom;Adresse électronique;Pays;Date de collecte":                    "family_name=Nom given_name=Prénom email=Adresse électronique country=Pays obtained_at=Date de collecte",
		"Vorname;Nachname;E-Mail-Adresse;Firma;Land":                                        "given_name=Vorname family_name=Nachname email=E-Mail-Adresse organisation=Firma country=Land",
		"First Name,Last Name,Email Address,Email 2,Country/Region,Preferred language":      "given_name=First Name family_name=Last Name email=Email Address email_2=Email 2 country=Country/Region language=Preferred language",
		"Nombre,Apellidos,Correo electrónico,País":                                          "given_name=Nombre family_name=Apellidos email=Correo electrónico country=País",
		"Име;Фамилия;Имейл;Дата":                                                            "given_name=Име family_name=Фамилия email=Имейл obtained_at=Дата",
		"Salutation;Title;First Name;Last Name;Job Title":                                   "given_name=First Name family_name=Last Name job_title=Job Title",
		"Given name;Surname;E-mail;E-mail;e-mail":                                           "given_name=Given name family_name=Surname email=#3 email_2=#4",
		"Person - Name;Person - Email - Work;Person - Email - Home;Person - Person created": "name=Person - Name email=Person - Email - Work email_2=Person - Email - Home obtained_at=Person - Person created",
		"Imię i nazwisko;Adres e-mail;Kraj;Stanowisko":                                      "name=Imię i nazwisko email=Adres e-mail country=Kraj job_title=Stanowisko",
		"Όνομα;Επώνυμο;Διεύθυνση email;Χώρα":                                                "given_name=Όνομα family_name=Επώνυμο email=Διεύθυνση email country=Χώρα",
		"Work email,Personal email,LinkedIn URL,Email visibility,Something,Other":           "email=Work email email_2=Personal email profile_url=LinkedIn URL visibility=Email visibility",
	} {
		file, err := intake.Open(strings.NewReader(header+"\n"), settings(t))
		if err == nil || file == nil {
			t.Errorf("%s: columns that nobody mapped are read, or the layout is lost: %v", header, err)
			continue
		}
		var got []string
		for _, u := range file.Layout().Suggested {
			got = append(got, u.Field+"="+u.Column)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: suggests %q, want %q", header, strings.Join(got, " "), want)
		}
	}
}

func TestADryRunAdvisesTheFormOfDates(t *testing.T) {
	for name, c := range map[string]struct{ named, dates, want string }{
		"one that the days tell":    {"", "03/10/2026 14/11/2026", "all of them fit DD/MM/YYYY"},
		"months first":              {"", "03/10/2026 11/14/2026", "all of them fit MM/DD/YYYY"},
		"none that the days tell":   {"", "03/10/2026 04/11/2026", "they fit DD/MM/YYYY and MM/DD/YYYY alike"},
		"with points":               {"", "03.10.2026 14.11.2026", "all of them fit DD.MM.YYYY:"},
		"with weekdays":             {"", "Tue,·03·Nov·2026·10:00:00·+0100 Wed,·04·Nov·2026·10:00:00·GMT", "all of them fit EEE, D MMM YYYY hh:mm:ss Z"},
		"with blanks":               {"", "3.·11.·2026 13.·11.·2026", "all of them fit DD. MM. YYYY"},
		"of Hungary":                {"", "2026.11.03. 2026.11.13.", "all of them fit YYYY.MM.DD."},
		"of Bulgaria":               {"", "3·ноември·2026·г. 13·ноември·2026·г.", "--dates \"D MMM YYYY 'г.'\", or"},
		"two in one file":           {"", "13/10/2026 10/13/2026 14/10/2026", "2 of them fit DD/MM/YYYY and the others do not"},
		"names":                     {"", "3_Okt_2026 7_Mai_2026", "no usual form fits"},
		"names with blanks":         {"", "3·Okt·2026 7·Mai·2026", "all of them fit D MMM YYYY"},
		"seconds":                   {"", "1790000000 1790000001", "all of them fit unix:"},
		"against the one named":     {"DD/MM/YYYY", "03/10/2026 11/14/2026", "Those that DD/MM/YYYY did read may be wrong"},
		"nothing where all is read": {"DD/MM/YYYY", "03/10/2026 14/11/2026", ""},
	} {
		s := settings(t)
		s.DateFormat = c.named
		rows := strings.ReplaceAll("Roe;"+strings.ReplaceAll(c.dates, " ", "\nRoe;"), "·", " ")
		file, err := intake.Open(strings.NewReader("name;obtained_at\n"+rows+"\n"), s)
		if err != nil {
			t.Fatal(err)
		}
		readAll(t, file)
		advice := strings.Join(file.Layout().Advice, "\n")
		if c.want == "" && advice != "" || !strings.Contains(advice, c.want) {
			t.Errorf("%s: %q, want %q", name, advice, c.want)
		}
	}
}

func TestADateThatIsNotReadSaysWhatToDo(t *testing.T) {
	for text, c := range map[string]struct{ form, want string }{
		"03/10/26":   {"DD/MM/YYYY", "the year has two digits"},
		"3.11.26":    {"", "the year has two digits"},
		"31/02/2026": {"DD/MM/YYYY", "there is no such day"},
		"46000":      {"DD/MM/YYYY", "as spreadsheets keep dates inside"},
		"46000.75":   {"", "as spreadsheets keep dates inside"},
		"1790000000": {"", "name unix or unix-ms"},
		"5 lipca":    {"D MMM YYYY", "not of the form"},
		"5 lis 2026": {"D MMM YYYY", "end the date form with the language"},
	} {
		s := settings(t)
		s.DateFormat = c.form
		wantRefused(t, one(t, "name,obtained_at", "Roe,"+text, s), 2, "obtained_at", c.want)
	}
}

func TestALanguageThatTheToolFillsInIsNobodysPreference(t *testing.T) { // L1
	s := settings(t)
	s.Source.IgnoredLanguages = []string{"en"}
	for text, want := range map[string]string{"English": "", "en-us": "", "EN": "", "Deutsch": "de", "": ""} {
		if got := one(t, "name,language", "Roe,"+text, s).rec.Contact.Language; got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	s.Source.IgnoredLanguages = nil
	if got := one(t, "name,language", "Roe,English", s).rec.Contact.Language; got != "en" {
		t.Errorf("a preference that a source means is lost: %q", got)
	}
}

func TestAListInNDJSONIsReadByPlaces(t *testing.T) {
	s := settings(t)
	s.Mapping.Fields = map[string]string{"name": "who.0.name", "email": "mails.0", "email_2": "mails.1"}
	out := read(t, `{"who":[{"name":"Roe"}],"mails":["a@example.com","b@example.com"]}`+"\n"+`{"who":[{"name":"Poe"}],"mails":["c@example.com"]}`+"\n"+
		`{"who":{"0":{"name":"Coe"}},"mails":[]}`, s)
	if len(out) != 3 || len(out[0].rec.Emails) != 2 || len(out[1].rec.Emails) != 1 || out[2].rec.Contact.Name != "Coe" || len(out[2].rec.Emails) != 0 {
		t.Errorf("%+v", out)
	}
}

func TestValuesOfVisibilityWithoutAMeaningAreNamed(t *testing.T) { // S4
	s := settings(t)
	s.Source.Unknown = mailer.UnknownIsPublic
	advice := func(values string) string {
		file, err := intake.Open(strings.NewReader("name,visibility\nRoe,"+strings.ReplaceAll(values, "|", "\nRoe,")+"\n"), s)
		if err != nil {
			t.Fatal(err)
		}
		readAll(t, file)
		return strings.Join(file.Layout().Advice, "\n")
	}
	got := advice("public|1st-degree connections||1st-degree connections|Friends|unknown")
	for _, want := range []string{`"1st-degree connections" (2), empty (1), "Friends" (1).`, "source fair takes for public", "visibility_values"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q does not say %q", got, want)
		}
	}
	if got := advice("public||unknown|restricted"); got != "" {
		t.Errorf("nothing is to be said of values with a meaning: %q", got)
	}
	s.Source.Columns.Visibility = map[string]mailer.Visibility{"1st-degree connections": mailer.VisibleRestricted, "friends": mailer.VisibleRestricted}
	if got := advice("public|1st-degree connections|Friends"); got != "" {
		t.Errorf("the register gives these a meaning: %q", got)
	}
}

func TestPathsOfNDJSONAreSuggestedByTheirKeys(t *testing.T) {
	file, err := intake.Open(strings.NewReader(`{"who":{"email":"a@example.com","name":"Roe"},"emails":["b@example.com"],"firm":{"name":"Acme"},"tags":["x"]}`+"\n"), settings(t))
	if err == nil || file == nil {
		t.Fatalf("paths that nobody mapped are read, or the layout is lost: %v", err)
	}
	got := fmt.Sprint(file.Layout().Suggested)
	if !strings.Contains(got, "{email emails.0 ") || !strings.Contains(got, "{email_2 who.email ") || strings.Contains(got, "firm.name") {
		t.Errorf("suggests %s", got)
	}
}

func TestTwoColumnsCalledLikeOneFieldAreNeverBothLeftOutInSilence(t *testing.T) {
	_, err := intake.Open(strings.NewReader("name,email,Email\nRoe,a@example.com,b@example.com\n"), settings(t))
	if err == nil || !strings.Contains(err.Error(), "--map email=#2") {
		t.Errorf("the file goes in without its addresses: %v", err)
	}
	s := settings(t)
	s.Mapping.Fields = map[string]string{"email": "#2", "email_2": "#3"}
	if o := read(t, "name,email,Email\nRoe,a@example.com,b@example.com\n", s)[0]; len(o.rec.Emails) != 2 {
		t.Errorf("%+v", o)
	}
}
