package register

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"article14/mailer"
	"article14/mailer/complete"
)

var update = flag.Bool("update", false, "write testdata/*.txt anew")

func readTestdata(t *testing.T, name string) []byte {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func parsed(t *testing.T, body []byte) (*mailer.Register, *Positions) {
	t.Helper()
	reg, positions, err := Parse("register.yaml", body)
	if err != nil {
		t.Fatal(err)
	}
	return reg, positions
}

func TestEveryFieldOfARegisterCanBeWritten(t *testing.T) {
	reg, _ := parsed(t, readTestdata(t, "everything.yaml"))
	var empty func(v reflect.Value, path string)
	empty = func(v reflect.Value, path string) {
		if v.IsZero() {
			t.Errorf("%s cannot be written: it is empty after reading every key", path)
		}
		switch v.Kind() {
		case reflect.Pointer:
			if strings.HasPrefix(v.Type().Elem().PkgPath(), "article14/mailer") {
				empty(v.Elem(), path)
			}
		case reflect.Slice:
			for i := range v.Len() {
				empty(v.Index(i), fmt.Sprintf("%s[%d]", path, i))
			}
		case reflect.Struct:
			for i := range v.NumField() {
				if v.Type().PkgPath() == "article14/mailer" {
					empty(v.Field(i), path+"."+v.Type().Field(i).Name)
				}
			}
		}
	}
	empty(reflect.ValueOf(reg).Elem(), "Register")
}

func TestValuesAreReadAsTheyAreWritten(t *testing.T) {
	reg, _ := parsed(t, readTestdata(t, "everything.yaml"))
	checks := map[string][2]string{
		"a phone number without quotes keeps its plus": {reg.Controller.Phone, "+33199001234"},
		"NO is a country":                 {reg.Controller.Country, "NO"},
		"an alias stands for its anchor":  {reg.Controller.Mail.FromName, "Name"},
		"a folded text is one paragraph":  {reg.Activities[0].Summary["en"], "A text in two lines."},
		"a zone is kept with its name":    {reg.Controller.ZoneName, "Europe/Oslo"},
		"a basis is no number":            {string(reg.Activities[0].Purposes[0].Basis), "6.1.f"},
		"a column may be named by number": {reg.Sources[0].Columns.Fields["page"], "9"},
		"values get their meaning":        {string(reg.Sources[0].Columns.Visibility["no"]), "restricted"},
		"a day is a day":                  {reg.Activities[0].Purposes[0].Starts.String(), "2026-12-01"},
		"a reason is found by element":    {reg.Activities[0].NotApplicable["14.2.d"], "reason"},
	}
	for name, c := range checks {
		if c[0] != c[1] {
			t.Errorf("%s: got %q, want %q", name, c[0], c[1])
		}
	}
}

func TestAllFaultsOfAFileAreShownAtOnceWithTheirLines(t *testing.T) {
	_, _, err := Parse("register.yaml", readTestdata(t, "broken.yaml"))
	if err == nil {
		t.Fatal("a broken register was read")
	}
	golden := filepath.Join("testdata", "broken.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(err.Error()+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want := string(readTestdata(t, "broken.txt")); err.Error()+"\n" != want {
		t.Errorf("got\n%v\n\nwant\n%s", err, want)
	}
}

// small is a register in which one value can be put anywhere.
func small(insert string) string { return "controller:\n  key: k\n" + insert + "\n" }

func TestWhatCannotBeReadIsRefusedWithItsPlaceAndReason(t *testing.T) {
	laughs := "waivers:\n  - &a {words: a, reason: b}\nsources: &b [" + strings.Repeat("*a, ", 400) + "]\nactivities:\n" +
		strings.Repeat("  - {key: a, purposes: *b, categories: *b, recipients: *b, transfers: *b}\n", 400)
	tests := map[string]struct {
		body string
		line int
		path string
		want string // a part of the message
	}{
		"an empty file":                {"", 1, "", "the file is empty"},
		"a file of comments":           {"# nothing\n", 1, "", "the file is empty"},
		"a file that is a list":        {"- a\n", 1, "", "must hold keys"},
		"a file without a controller":  {"sources: []\n", 1, "", `lacks the key "controller"`},
		"a file that is not YAML":      {"controller: {\n", 1, "", "this is not YAML"},
		"a file with a tab for indent": {"controller:\n\tkey: k\n", 2, "", "this is not YAML"},
		"two documents in a file":      {small("---\ncontroller: {key: l}"), 3, "", "a second document"},
		"bytes that are not UTF-8":     {small("  name: N\xf6rdlicht"), 3, "", "not in UTF-8"},
		"a file over its size":         {strings.Repeat("#", MaxSize+1), 1, "", "more than 1048576 bytes"},
		"more parts than are read":     {strings.Repeat("- a\n", maxTokens), 25001, "", "more than 50000 parts"},
		"brackets in brackets":         {strings.Repeat("[", 10000), 1, "", "too deep"},
		"dashes behind dashes":         {strings.Repeat("- ", 10000), 1, "", "too deep"},
		"question marks":               {strings.Repeat("? ", 10000), 1, "", "too deep"},
		"anchors on anchors":           {strings.Repeat("&a ", 10000), 1, "", "too deep"},
		"aliases on aliases":           {small(laughs), 0, "", "aliases counted each time"},
		"an alias to nothing":          {small("sources: *x"), 3, "sources", "nowhere above"},
		"an alias that is its own":     {small("  name: &x !t *x"), 3, "controller.name", "too many aliases"},
		"an alias to itself":           {small("sources: &x [*x]"), 3, "sources[0]", "must hold keys"},
		"an unknown key":               {small("  nmae: x"), 3, "controller.nmae", "the keys here are key, name"},
		"a key given twice":            {small("  key: l"), 3, "controller.key", "the first is on line 2"},
		"a merge key":                  {small("  <<: {name: x}"), 3, "controller.?", "merge keys"},
		"a key without a value":        {small("  name:"), 3, "controller.name", "is empty"},
		"a text of spaces":             {small(`  name: "  "`), 3, "controller.name", "is empty"},
		"a text that is too long":      {small("  name: " + strings.Repeat("x", maxLine+1)), 3, "controller.name", "301 characters"},
		"a line break in a header":     {small(`  name: "a\r\nBcc: b"`), 3, "controller.name", "line break"},
		"a NUL in a text":              {small(`  name: "a\0b"`), 3, "controller.name", "cannot be seen"},
		"a text turned backwards":      {small(`  name: "a\u202eb"`), 3, "controller.name", "cannot be seen"},
		"the mark of a slot":           {small(`  name: "a ⟪name⟫"`), 3, "controller.name", "mark a person's values"},
		"an unprotected link":          {small("  mail: {links: http://b.example}"), 3, "controller.mail.links", "https://"},
		"a link with a password":       {small("  mail: {links: 'https://a:b@b.example'}"), 3, "controller.mail.links", "no web address"},
		"a script for a link":          {small("  mail: {links: 'javascript:alert(1)'}"), 3, "controller.mail.links", "no web address"},
		"links below a path":           {small("  mail: {links: 'https://b.example/privacy'}"), 3, "controller.mail.links", "host alone"},
		"two addresses in one":         {small("  email: a@b.example, c@b.example"), 3, "controller.email", "no e-mail address"},
		"an address with a name":       {small("  email: N <a@b.example>"), 3, "controller.email", "no e-mail address"},
		"the zone of the machine":      {small("  time_zone: Local"), 3, "controller.time_zone", "no time zone"},
		"a country that is none":       {small("  country: XX"), 3, "controller.country", "no country code"},
		"a language that is none":      {small("languages: {unknown_country: [english]}"), 3, "languages.unknown_country[0]", "no language code"},
		"a text without its language":  {small("sources: [{key: s, name: LinkedIn}]"), 3, "sources[0].name", "a text for each language"},
		"a number for a yes":           {small("sources: [{key: s, public: 1}]"), 3, "sources[0].public", "true or false"},
		"a key with capitals":          {small("sources: [{key: S}]"), 3, "sources[0].key", "1 to 40"},
		"a pattern without a day":      {small("sources: [{key: s, dates: YYYY-MM}]"), 3, "sources[0].dates", "lacks the day"},
		"a pattern with two months":    {small("sources: [{key: s, dates: YYYY-MM-DD MM}]"), 3, "sources[0].dates", "more than once"},
		"a pattern with other words":   {small("sources: [{key: s, dates: YYYY-MM-DD ii}]"), 3, "sources[0].dates", `"ii"`},
		"a year of two digits":         {small("sources: [{key: s, dates: DD.MM.YY}]"), 3, "sources[0].dates", `"YY"`},
		"a pattern with other signs":   {small("sources: [{key: s, dates: YYYY_MM_DD}]"), 3, "sources[0].dates", `"_"`},
		"a list for a text":            {small("  name: [a]"), 3, "controller.name", "must be a text"},
		"a text for a list":            {small("sources: LinkedIn"), 3, "sources", "must be a list"},
		"a period in words":            {small("activities: [{key: a, retention: {period: two years}}]"), 3, "activities[0].retention.period", "P2Y"},
		"no decisions in other words":  {small("activities: [{key: a, automated_decisions: no}]"), 3, "activities[0].automated_decisions", "write none"},
		"a value with two meanings": {small("sources: [{key: s, visibility_values: {public: [a], restricted: [a]}}]"), 3,
			"sources[0].visibility_values.restricted[0]", "one meaning"},
		"a list that is too long": {small("sources: [" + strings.Repeat("{key: s}, ", maxItems+1) + "]"), 3, "sources", "501 values"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, _, err := Parse("r.yaml", []byte(tt.body))
			var all *Error
			if !errors.As(err, &all) {
				t.Fatalf("got %v, want an *Error", err)
			}
			f := all.Faults[0]
			for _, other := range all.Faults {
				if strings.Contains(other.Message, tt.want) {
					f = other
				}
			}
			if !strings.Contains(f.Message, tt.want) {
				t.Fatalf("the message lacks %q:\n%.500s", tt.want, err)
			}
			if tt.line > 0 && (f.Line != tt.line || f.Path != tt.path) {
				t.Errorf("found at line %d, path %q; want line %d, path %q", f.Line, f.Path, tt.line, tt.path)
			}
		})
	}
}

func TestAByteOrderMarkAndWindowsLineEndsAreRead(t *testing.T) {
	body := "\uFEFF" + strings.ReplaceAll(string(Sample()), "\n", "\r\n")
	want, _ := parsed(t, Sample())
	got, positions := parsed(t, []byte(body))
	if !reflect.DeepEqual(got, want) {
		t.Error("the same register reads otherwise")
	}
	if _, _, excerpt := positions.Find("controller.name"); strings.ContainsAny(excerpt, "\r\uFEFF\uFFFD") {
		t.Errorf("the excerpt shows them: %q", excerpt)
	}
}

func TestDatePatternsAreReadAsPeopleWriteThem(t *testing.T) {
	for _, pattern := range []string{"rfc3339", "YYYY-MM-DD", "YYYY-MM-DD hh:mm", "DD.MM.YYYY HH:mm", "D/M/YYYY", "DD MMM YYYY",
		"MMMM D, YYYY", "YYYY-MM-DDThh:mm:ssZ"} {
		if got, err := checkDates(pattern); err != nil || got != pattern {
			t.Errorf("%s: %q, %v", pattern, got, err)
		}
	}
}

func TestAnErrorEndsAfterTheFirstFaults(t *testing.T) {
	_, _, err := Parse("r.yaml", []byte(small("sources: ["+strings.Repeat("{key: A}, ", 100)+"]")))
	if err == nil || !strings.HasSuffix(err.Error(), "and 50 more") {
		t.Errorf("got %v", err)
	}
}

// FuzzParse holds that no file, however odd, does harm, and that what is read
// is safe to print: it says where each fault is, within the file.
func FuzzParse(f *testing.F) {
	f.Add(Sample())
	for _, name := range []string{"everything.yaml", "broken.yaml"} {
		body, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Add([]byte("a: &a [*a]\n? {b: c}\n: !!x - |\n  d\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		reg, positions, err := Parse("r.yaml", body)
		if err == nil {
			Report(complete.Check(reg, nil), positions)
			return
		}
		var all *Error
		if !errors.As(err, &all) || len(all.Faults) == 0 {
			t.Fatalf("an error without faults: %v", err)
		}
		for _, fault := range all.Faults {
			if fault.Line < 1 || fault.Column < 0 || fault.Message == "" {
				t.Errorf("a fault without a place: %+v", fault)
			}
			if strings.ContainsFunc(strings.ReplaceAll(fault.Excerpt, "\n", ""), unprintable) {
				t.Errorf("an excerpt that moves the cursor: %q", fault.Excerpt)
			}
		}
	})
}
