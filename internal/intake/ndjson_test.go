package intake_test

import (
	"strings"
	"testing"

	"article14/internal/intake"
)

func TestEachFaultyLineOfNDJSONCostsItselfOnly(t *testing.T) {
	for name, c := range map[string]struct{ line, field, reason string }{
		"not JSON":                 {`{"name" "x"}`, "", "not JSON: a wrong character at position 9"},
		"no object":                {`["x"]`, "", "not a JSON object"},
		"null":                     {`null`, "", "not a JSON object"},
		"two objects":              {`{"name":"a"}{"name":"b"}`, "", "something stands behind the object, at position 13"},
		"an object over lines":     {`{"name":"a",`, "", "an object must stand on one line"},
		"a list for a value":       {`{"name":["a","b"]}`, "name", "a list or an object"},
		"a value beyond bounds":    {`{"name":"` + strings.Repeat("a", 70<<10) + `"}`, "name", "longer than 65536 bytes"},
		"a line beyond bounds":     {`{"name":"` + strings.Repeat("a", 2<<20) + `"}`, "", "the row is longer than 1048576 bytes"},
		"nested without end":       {strings.Repeat(`{"name":`, 20_000), "", "not JSON"},
		"nobody":                   {`{"city":"Lyon"}`, "", "nobody is in this row"},
		"a line break in the name": {`{"name":"a\nBcc: b"}`, "name", "a line break in the name"},
	} {
		out := read(t, "{\"name\":\"A\",\"city\":\"x\"}\n\n"+c.line+"\n{\"name\":\"B\"}", settings(t))
		if len(out) != 3 || out[0].refusal != nil || out[2].refusal != nil || out[2].line() != 4 {
			t.Errorf("%s: another row is lost: %+v", name, out)
			continue
		}
		wantRefused(t, out[1], 3, c.field, c.reason)
	}
}

func TestAPathFindsNestedValuesAndKeysWithDots(t *testing.T) {
	s := settings(t)
	s.Mapping.Fields = map[string]string{"name": "a.b.c", "source_ref": "id", "city": "flag"}
	for line, want := range map[string]string{
		`{"a":{"b":{"c":"x"}},"id":12345678901234567890,"flag":true}`: "x",
		`{"a.b":{"c":"x"},"id":1.50,"flag":null}`:                     "x",
		`{"a":{"b.c":"x"},"id":"1","flag":""}`:                        "x",
		`{"a.b.c":"x","a":{"b":{"c":"y"}},"id":1,"flag":1}`:           "x",
	} {
		rows := read(t, `{"a":{"b":{"c":1}},"id":1,"flag":1}`+"\n"+line, s)
		if o := rows[1]; o.refusal != nil || o.rec.Contact.Name != want {
			t.Errorf("%s: %+v", line, o)
		}
	}
	first := read(t, `{"a":{"b":{"c":"x"}},"id":12345678901234567890,"flag":true}`, s)[0].rec
	if first.SourceRef != "12345678901234567890" || first.Contact.City != "true" {
		t.Errorf("a long number or a truth value is lost: %+v", first)
	}
}

func TestAFieldThatFewRowsHaveMayLackInTheFirst(t *testing.T) {
	s := settings(t)
	s.Source.Columns.Fields = map[string]string{"name": "name", "first_disclosure": "passed_on"}
	out := read(t, "{\"name\":\"A\"}\n{\"name\":\"B\",\"passed_on\":\"2026-11-01\"}\n", s)
	if len(out) != 2 || out[1].rec.FirstDisclosure.IsZero() {
		t.Errorf("read as %+v", out)
	}
}

func TestAFormatThatThereIsNotIsRefused(t *testing.T) {
	s := settings(t)
	s.Format = "xml"
	if _, err := intake.Open(strings.NewReader("<a/>"), s); err == nil || !strings.Contains(err.Error(), "csv, ndjson or auto") {
		t.Errorf("%v", err)
	}
}
