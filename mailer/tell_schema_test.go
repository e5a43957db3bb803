package mailer

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"
)

// TestWhatRecipientsGetIsAsTheSchemaSays makes bodies of every kind, and some that the schema
// must refuse.
func TestWhatRecipientsGetIsAsTheSchemaSays(t *testing.T) { // R7
	raw, err := os.ReadFile("../docs/telling.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(raw)))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("telling.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("telling.json")
	if err != nil {
		t.Fatal(err)
	}
	valid := func(body string) error {
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(body))
		if err != nil {
			return err
		}
		return schema.Validate(v)
	}
	reg := tellRegister()
	rapid.Check(t, func(rt *rapid.T) {
		k := somebody()
		k.Identifiers = k.Identifiers[rapid.IntRange(0, 3).Draw(rt, "left out"):]
		tidings := reg.Tidings(rapid.SampledFrom(TellEvents).Draw(rt, "event"), k.Contact.ID, rapid.SampledFrom([]string{"", "sales"}).Draw(rt, "activity"), time.Unix(rapid.Int64Range(0, 4e9).Draw(rt, "at"), 0))
		tidings.Scope = rapid.SampledFrom([]ObjectionScope{"", ObjectToAll, "marketing"}).Draw(rt, "scope")
		if rapid.Bool().Draw(rt, "changes") {
			tidings.Changes = []Change{{"name", "Ada King"}, {"job_title", ""}}
		}
		var passed []PassedOn
		for range rapid.IntRange(0, 3).Draw(rt, "disclosures") {
			passed = append(passed, PassedOn{"crm", "sales", rapid.SampledFrom([]string{"", "A1", "B2"}).Draw(rt, "reference")})
		}
		for _, n := range tidings.For(k, passed, time.Unix(5, 0)) {
			if n.State != TellWaiting || n.By != TellSystem {
				continue
			}
			body, err := n.Body.JSON()
			if err == nil {
				err = valid(string(body))
			}
			if err != nil {
				rt.Fatal(err)
			}
		}
	})
	for what, body := range map[string]string{
		"an event that is none": `{"type":"contact.sold","timestamp":"2026-03-02T12:00:00Z","data":{"controller":"acme","references":["a"]}}`,
		"of nobody":             `{"type":"contact.erased","timestamp":"2026-03-02T12:00:00Z","data":{"controller":"acme"}}`,
		"more than is needed":   `{"type":"contact.erased","timestamp":"2026-03-02T12:00:00Z","data":{"controller":"acme","references":["a"],"name":"Ada"}}`,
		"something of its own":  `{"type":"contact.erased","timestamp":"2026-03-02T12:00:00Z","data":{"controller":"acme","references":["a"],"country":"FR"}}`,
	} {
		if valid(body) == nil {
			t.Errorf("%s is taken", what)
		}
	}
}
