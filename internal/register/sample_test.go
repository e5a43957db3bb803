package register

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"article14/mailer/complete"
)

func TestTheSampleRegisterIsCompleteInEnglishFrenchAndGerman(t *testing.T) {
	reg, positions := parsed(t, Sample())
	if found := complete.Check(reg, []string{"en", "fr", "de"}); len(found) > 0 {
		t.Errorf("the sample has findings:\n%s", Report(found, positions))
	}
	if got := reg.LanguagesUsed(); !slices.Equal(got, []string{"de", "en", "fr"}) {
		t.Errorf("the sample is in %v", got)
	}
}

func TestTheSampleHasASourceForEachKindOfFileOfTheDemo(t *testing.T) {
	reg, _ := parsed(t, Sample())
	columns := map[string][]string{ // the header of each file
		"linkedin": {"Date added", "First name", "Last name", "Job title", "Company", "LinkedIn URL", "Work email", "Personal email",
			"Phone", "City", "Country", "Email visibility"},
		"whois": {"domain", "registrant.name", "registrant.email", "registrant.country", "registrant.postal", "retrieved", "registry"},
		"trade_fair": {"Record ID", "First Name", "Last Name", "Email", "Phone Number", "Country/Region", "Preferred language",
			"Create Date", "Original Source", "First Email Send Date"},
		"broker": {"name", "email", "country", "street", "zip", "city", "obtained"},
	}
	for key, header := range columns {
		s, ok := reg.Source(key)
		if !ok {
			t.Errorf("there is no source %q", key)
		}
		for field, column := range s.Columns.Fields {
			if !slices.Contains(header, column) {
				t.Errorf("%s: the files have no column %q for %s", key, column, field)
			}
		}
	}
}

func TestAReaderOfTheSampleCannotChangeIt(t *testing.T) {
	Sample()[0] = 'X'
	if Sample()[0] == 'X' {
		t.Error("the sample was changed")
	}
}

// validate checks a YAML file against the schema, as an editor does.
func validate(t *testing.T, body []byte) error {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(Schema())))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("register.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("register.schema.json")
	if err != nil {
		t.Fatalf("the schema is none: %v", err)
	}
	asJSON, err := yaml.YAMLToJSON(body)
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(string(asJSON)))
	if err != nil {
		t.Fatal(err)
	}
	return compiled.Validate(value)
}

func TestRegistersThatCanBeReadAreValidToAnEditor(t *testing.T) {
	for name, body := range map[string][]byte{
		"the sample": Sample(), "every key": readTestdata(t, "everything.yaml"), "a register with places": []byte(placed),
	} {
		if err := validate(t, body); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnEditorMarksPlainSlips(t *testing.T) {
	for name, body := range map[string]string{
		"an unknown key":            small("  nmae: x"),
		"a basis that is none":      small("activities: [{key: a, purposes: [{key: p, basis: 6.1.g}]}]"),
		"a missing key":             small("sources: [{kind: broker}]"),
		"a list of nothing":         small("sources: 1"),
		"no decisions in no words":  small("activities: [{key: a, automated_decisions: no}]"),
		"a language that is none":   small("sources: [{key: s, name: {English: x}}]"),
		"an element that is none":   small("  not_applicable: {14.3.a: x}"),
		"a day that is no date":     small("activities: [{key: a, purposes: [{key: p, starts: soon}]}]"),
		"no controller in the file": "sources: []",
	} {
		if validate(t, []byte(body)) == nil {
			t.Errorf("%s is valid", name)
		}
	}
}

// schemaKeys visits every key of the schema with its path, indexes left out.
func schemaKeys(s map[string]any, path string, visit func(path string, of map[string]any)) {
	if items, ok := s["items"].(map[string]any); ok {
		schemaKeys(items, path+"[]", visit)
	}
	if either, ok := s["oneOf"].([]any); ok {
		for _, one := range either {
			schemaKeys(one.(map[string]any), path, visit)
		}
	}
	properties, _ := s["properties"].(map[string]any)
	for name, of := range properties {
		visit(join(path, name), of.(map[string]any))
		schemaKeys(of.(map[string]any), join(path, name), visit)
	}
}

func allSchemaKeys(t *testing.T) map[string]map[string]any {
	t.Helper()
	var s map[string]any
	if err := json.Unmarshal(Schema(), &s); err != nil {
		t.Fatal(err)
	}
	if s["$schema"] != "https://json-schema.org/draft/2020-12/schema" {
		t.Errorf("the schema is of draft %v", s["$schema"])
	}
	keys := map[string]map[string]any{}
	schemaKeys(s, "", func(path string, of map[string]any) { keys[path] = of })
	if len(keys) < 80 {
		t.Fatalf("the schema has only %d keys", len(keys))
	}
	return keys
}

func TestEachKeyIsExplainedToTheEditorAndInTheReference(t *testing.T) {
	reference, err := os.ReadFile("../../docs/register.md")
	if err != nil {
		t.Fatal(err)
	}
	for path, of := range allSchemaKeys(t) {
		name := path[strings.LastIndex(path, ".")+1:]
		if of["description"] == nil && !strings.Contains(path, ".columns.") {
			t.Errorf("%s has no description", path)
		}
		if !strings.Contains(string(reference), "`"+name+"`") {
			t.Errorf("docs/register.md has no word on %s", path)
		}
	}
}

// The paths of findings are those of the file: mailer knows the file's keys,
// though not the file.
func TestEachFindingNamesAPlaceThatTheFileCanHave(t *testing.T) {
	keys := allSchemaKeys(t)
	checked := 0
	for _, body := range [][]byte{Sample(), readTestdata(t, "everything.yaml")} {
		for i := 0; ; i++ {
			reg, _ := parsed(t, body)
			n := i
			if !loseField(reflect.ValueOf(reg).Elem(), &n) {
				break
			}
			for _, f := range complete.Check(reg, []string{"en", "fr", "de"}) {
				checked++
				if !known(keys, f.Path) {
					t.Errorf("the file has no place %q (%s)", f.Path, f.Message)
				}
			}
		}
	}
	if checked < 100 {
		t.Errorf("only %d findings were looked at", checked)
	}
}

// known reports whether a path is one of a key, of a language's text or of a reason.
func known(keys map[string]map[string]any, path string) bool {
	var b strings.Builder
	depth := 0
	for _, c := range path {
		switch {
		case c == '[':
			depth++
			b.WriteString("[]")
		case c == ']':
			depth--
		case depth == 0:
			b.WriteRune(c)
		}
	}
	for at := b.String(); at != ""; at = parent(at) {
		rest := strings.TrimPrefix(b.String(), at)
		of, ok := keys[at]
		if !ok {
			continue
		}
		return rest == "" || rest == "[]" || of["patternProperties"] != nil
	}
	return false
}

// loseField empties the n-th field of a register, and reports whether it has so many.
func loseField(v reflect.Value, n *int) bool {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return false
		}
		return loseField(v.Elem(), n)
	case reflect.Slice:
		for i := range v.Len() {
			if loseField(v.Index(i), n) {
				return true
			}
		}
	case reflect.Struct:
		if v.Type().PkgPath() != "article14/mailer" {
			return false
		}
		for i := range v.NumField() {
			if *n == 0 {
				v.Field(i).SetZero()
				return true
			}
			*n--
			if loseField(v.Field(i), n) {
				return true
			}
		}
	}
	return false
}

func TestTheExamplesOfTheReferenceAreYAML(t *testing.T) {
	reference, err := os.ReadFile("../../docs/register.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := strings.Split(string(reference), "\n```yaml\n")[1:]
	if len(examples) < 8 {
		t.Fatalf("only %d examples", len(examples))
	}
	for _, example := range examples {
		body, _, _ := strings.Cut(example, "\n```")
		if _, fault := parseYAML([]byte(body + "\n")); fault != nil && !strings.HasPrefix(body, "# yaml-language-server") {
			t.Errorf("%s at line %d of\n%s", fault.Message, fault.Line, body)
		}
	}
}
