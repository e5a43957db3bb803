package mailer_test

import (
	"strings"
	"testing"
	"time"

	"article14/internal/calendar"
	"article14/mailer"
)

const weighing = "The register of companies publishes these entries by law, names whom they concern, and tells every one of them of it on entry."

func TestAnExemptionThatArticle14DoesNotCarryIsRefused(t *testing.T) { // E4
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	// Late in the evening in UTC it is the next day in Paris (D10).
	now := time.Date(2026, 11, 21, 23, 30, 0, 0, time.UTC)
	law := func(e *mailer.Exemption) {}
	effort := func(fs ...mailer.Factor) func(*mailer.Exemption) {
		return func(e *mailer.Exemption) {
			e.Ground, e.Law, e.Because, e.PublicURL = mailer.GroundEffort, "", fs, "https://example.org/privacy"
		}
	}
	both := func(a, b func(*mailer.Exemption)) func(*mailer.Exemption) {
		return func(e *mailer.Exemption) { a(e); b(e) }
	}
	for name, c := range map[string]struct {
		change func(*mailer.Exemption)
		words  string // of the refusal; "" is taken
	}{
		"by law":                 {law, ""},
		"no author":              {func(e *mailer.Exemption) { e.ProposedBy = " " }, "--by"},
		"no ground":              {func(e *mailer.Exemption) { e.Ground = "" }, "--ground"},
		"no such ground":         {func(e *mailer.Exemption) { e.Ground, e.Law = "14.5.e", "" }, "--ground"},
		"no weighing":            {func(e *mailer.Exemption) { e.Weighing = "" }, "--weighing"},
		"a weighing of one word": {func(e *mailer.Exemption) { e.Weighing = strings.Repeat("because ", 40) }, "--weighing"},
		"an endless weighing":    {func(e *mailer.Exemption) { e.Weighing = strings.Repeat(weighing, 100) }, "sum it up"},
		"an address in it":       {func(e *mailer.Exemption) { e.Weighing += " Ask jane@example.org." }, "personal data"},
		"law without the law":    {func(e *mailer.Exemption) { e.Law = "law" }, "--law"},
		"secrecy without it":     {func(e *mailer.Exemption) { e.Ground, e.Law = mailer.GroundSecrecy, "" }, "--law"},
		"secrecy with it":        {func(e *mailer.Exemption) { e.Ground = mailer.GroundSecrecy }, ""},
		"has it already":         {func(e *mailer.Exemption) { e.Ground, e.Law = mailer.GroundHasIt, "" }, ""},
		"a law for nothing":      {func(e *mailer.Exemption) { e.Ground = mailer.GroundHasIt }, "--law does not belong"},
		"factors for nothing":    {func(e *mailer.Exemption) { e.Because = []mailer.Factor{mailer.FactorAge} }, "--because does not belong"},
		"cost alone":             {effort(mailer.FactorCost), "no ground"},
		"scale alone":            {effort(mailer.FactorScale), "no ground"},
		"cost and scale":         {effort(mailer.FactorCost, mailer.FactorScale), "no ground"},
		"no factor":              {effort(), "no ground"},
		"cost and no contact":    {effort(mailer.FactorCost, mailer.FactorNoContact), ""},
		"age":                    {effort(mailer.FactorAge), ""},
		"a factor of one's own":  {effort("tedium"), "no factor"},
		"effort and not public":  {both(effort(mailer.FactorAge), func(e *mailer.Exemption) { e.PublicURL = "" }), "--public"},
		"public without TLS":     {both(effort(mailer.FactorAge), func(e *mailer.Exemption) { e.PublicURL = "http://example.org" }), "--public"},
		"no review":              {func(e *mailer.Exemption) { e.ReviewOn = calendar.Date{} }, "--review"},
		"reviewed today":         {func(e *mailer.Exemption) { e.ReviewOn = calendar.Date{Year: 2026, Month: 11, Day: 22} }, "still to come"},
		"reviewed tomorrow":      {func(e *mailer.Exemption) { e.ReviewOn = calendar.Date{Year: 2026, Month: 11, Day: 23} }, ""},
		"after two years":        {func(e *mailer.Exemption) { e.ReviewOn = calendar.Date{Year: 2028, Month: 11, Day: 22} }, ""},
		"after more":             {func(e *mailer.Exemption) { e.ReviewOn = calendar.Date{Year: 2028, Month: 11, Day: 23} }, "2028-11-22 at the latest"},
	} {
		e := mailer.Exemption{Ground: mailer.GroundLaw, Law: "Code de commerce, art. L. 123-36", Weighing: weighing,
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
		if mailer.SamePerson(c.a, c.b) != c.same {
			t.Errorf("%q and %q: not %v", c.a, c.b, c.same)
		}
	}
}
