package exempt_test

import (
	"strings"
	"testing"
	"time"

	"article14/internal/calendar"
	"article14/mailer/exempt"
)

const weighing = "The register of companies publishes these entries by law, names whom they concern, and tells every one of them of it on entry."

func TestAnExemptionThatArticle14DoesNotCarryIsRefused(t *testing.T) { // E4
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	// Late in the evening in UTC it is the next day in Paris (D10).
	now := time.Date(2026, 11, 21, 23, 30, 0, 0, time.UTC)
	law := func(e *exempt.Exemption) {}
	effort := func(fs ...exempt.Factor) func(*exempt.Exemption) {
		return func(e *exempt.Exemption) {
			e.Ground, e.Law, e.Because, e.PublicURL = exempt.GroundEffort, "", fs, "https://example.org/privacy"
		}
	}
	both := func(a, b func(*exempt.Exemption)) func(*exempt.Exemption) {
		return func(e *exempt.Exemption) { a(e); b(e) }
	}
	for name, c := range map[string]struct {
		change func(*exempt.Exemption)
		words  string // of the refusal; "" is taken
	}{
		"by law":                 {law, ""},
		"no author":              {func(e *exempt.Exemption) { e.ProposedBy = " " }, "--by"},
		"no ground":              {func(e *exempt.Exemption) { e.Ground = "" }, "--ground"},
		"no such ground":         {func(e *exempt.Exemption) { e.Ground, e.Law = "14.5.e", "" }, "--ground"},
		"no weighing":            {func(e *exempt.Exemption) { e.Weighing = "" }, "--weighing"},
		"a weighing of one word": {func(e *exempt.Exemption) { e.Weighing = strings.Repeat("because ", 40) }, "--weighing"},
		"an endless weighing":    {func(e *exempt.Exemption) { e.Weighing = strings.Repeat(weighing, 100) }, "sum it up"},
		"an address in it":       {func(e *exempt.Exemption) { e.Weighing += " Ask jane@example.org." }, "personal data"},
		"law without the law":    {func(e *exempt.Exemption) { e.Law = "law" }, "--law"},
		"secrecy without it":     {func(e *exempt.Exemption) { e.Ground, e.Law = exempt.GroundSecrecy, "" }, "--law"},
		"secrecy with it":        {func(e *exempt.Exemption) { e.Ground = exempt.GroundSecrecy }, ""},
		"has it already":         {func(e *exempt.Exemption) { e.Ground, e.Law = exempt.GroundHasIt, "" }, ""},
		"a law for nothing":      {func(e *exempt.Exemption) { e.Ground = exempt.GroundHasIt }, "--law does not belong"},
		"factors for nothing":    {func(e *exempt.Exemption) { e.Because = []exempt.Factor{exempt.FactorAge} }, "--because does not belong"},
		"cost alone":             {effort(exempt.FactorCost), "no ground"},
		"scale alone":            {effort(exempt.FactorScale), "no ground"},
		"cost and scale":         {effort(exempt.FactorCost, exempt.FactorScale), "no ground"},
		"no factor":              {effort(), "no ground"},
		"cost and no contact":    {effort(exempt.FactorCost, exempt.FactorNoContact), ""},
		"age":                    {effort(exempt.FactorAge), ""},
		"a factor of one's own":  {effort("tedium"), "no factor"},
		"effort and not public":  {both(effort(exempt.FactorAge), func(e *exempt.Exemption) { e.PublicURL = "" }), "--public"},
		"public without TLS":     {both(effort(exempt.FactorAge), func(e *exempt.Exemption) { e.PublicURL = "http://example.org" }), "--public"},
		"no review":              {func(e *exempt.Exemption) { e.ReviewOn = calendar.Date{} }, "--review"},
		"reviewed today":         {func(e *exempt.Exemption) { e.ReviewOn = calendar.Date{Year: 2026, Month: 11, Day: 22} }, "still to come"},
		"reviewed tomorrow":      {func(e *exempt.Exemption) { e.ReviewOn = calendar.Date{Year: 2026, Month: 11, Day: 23} }, ""},
		"after two years":        {func(e *exempt.Exemption) { e.ReviewOn = calendar.Date{Year: 2028, Month: 11, Day: 22} }, ""},
		"after more":             {func(e *exempt.Exemption) { e.ReviewOn = calendar.Date{Year: 2028, Month: 11, Day: 23} }, "2028-11-22 at the latest"},
	} {
		e := exempt.Exemption{Ground: exempt.GroundLaw, Law: "Code de commerce, art. L. 123-36", Weighing: weighing,
			ReviewOn: calendar.Date{Year: 2027, Month: 11, Day: 1}, ProposedBy: "Ann"}
		c.change(&e)
		err := e.Check(now, paris)
		if c.words == "" && err != nil || c.words != "" && (err == nil || !strings.Contains(err.Error(), c.words)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestASecondNameIsAnotherPersons(t *testing.T) { // E4
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"Ann Roe", "ann roe", true}, {"Ann Roe", " Ann  Roe ", true}, {"Élodie", "elodie", true}, {"Roe, Ann", "Ann Roe", true},
		{"ann", "ben", false}, {"", " ", true}, {"!", "?", false}, {"Ann Roe", "Ann Doe", false},
	} {
		if exempt.SamePerson(c.a, c.b) != c.same {
			t.Errorf("%q and %q: not %v", c.a, c.b, c.same)
		}
	}
}
