package compose

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"article14/internal/calendar"
	"article14/internal/plain"
	"article14/mailer"
)

func TestAnIncompleteRegisterGivesNoSkeletonAndNamesThePlace(t *testing.T) { // C1, C2, C3, C8, L2, P1, P3
	c := newComposer(t)
	for name, tc := range map[string]struct {
		change func(*mailer.Register, *mailer.Activity)
		want   string
	}{
		"a text in no language of the notice": {func(_ *mailer.Register, a *mailer.Activity) { delete(a.Summary, "en") }, "summary has no text in en"},
		"a purpose without a basis":           {func(_ *mailer.Register, a *mailer.Activity) { a.Purposes[0].Basis = "" }, `"" is no legal basis`},
		"an interest that is not told":        {func(_ *mailer.Register, a *mailer.Activity) { a.Purposes[0].Interest = nil }, "the interest of purpose sale has no text"},
		"no purpose":                          {func(_ *mailer.Register, a *mailer.Activity) { a.Purposes = nil }, "14.1.c"},
		"no category":                         {func(_ *mailer.Register, a *mailer.Activity) { a.Categories = nil }, "14.1.d"},
		"a transfer to no country":            {func(_ *mailer.Register, a *mailer.Activity) { a.Transfers[0].Country = "XX" }, `"XX" is no ISO 3166-1 code`},
		"a transfer by no mechanism":          {func(_ *mailer.Register, a *mailer.Activity) { a.Transfers[0].Mechanism = "trust" }, "whole.transfers.by.trust"},
		"a safeguard at no web address":       {func(_ *mailer.Register, a *mailer.Activity) { a.Transfers[0].Link = "javascript:x" }, "is no web address"},
		"a recipient with no place":           {func(_ *mailer.Register, a *mailer.Activity) { a.Recipients[2].Place = nil }, "a recipient's place has no text"},
		"a source of no kind":                 {func(r *mailer.Register, _ *mailer.Activity) { r.Sources[1].Kind = "rumour" }, "source.kind.rumour"},
		"a word of doubt":                     {func(_ *mailer.Register, a *mailer.Activity) { a.Summary["en"] = "We may sell your details." }, `P1: "may"`},
		"a phrase that says nothing":          {func(_ *mailer.Register, a *mailer.Activity) { a.Summary["en"] = "We give them to our partners." }, "P3"},
		"a slot in a register's text":         {func(_ *mailer.Register, a *mailer.Activity) { a.Summary["en"] = "We hold ⟪name⟫." }, "mark slots"},
		"a slot in the subject":               {func(r *mailer.Register, _ *mailer.Activity) { r.Controller.Name = "⟪?test⟫" }, "mark slots"},
		"no sender":                           {func(r *mailer.Register, _ *mailer.Activity) { r.Controller.Mail.From = "" }, "the sender's address"},
		"a header in the sender's name":       {func(r *mailer.Register, _ *mailer.Activity) { r.Controller.Mail.FromName = "A\r\nBcc: x@y.example" }, "control character"},
		"an interest of blanks":               {func(_ *mailer.Register, a *mailer.Activity) { a.Purposes[0].Interest["en"] = "  " }, "the interest of purpose sale has no text"},
	} {
		t.Run(name, func(t *testing.T) {
			reg := sampleRegister(t)
			tc.change(reg, &reg.Activities[0])
			out, err := c.Skeletons(reg, "directory", []mailer.SkeletonKey{notice("en", "whois")})
			if out != nil || err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), "notice in en for whois") {
				t.Errorf("%d skeletons, %v; want %q", len(out), err, tc.want)
			}
		})
	}
}

func TestAKeyThatNamesNothingIsRefused(t *testing.T) {
	c := newComposer(t)
	for want, key := range map[string]mailer.SkeletonKey{
		`no texts in "ga"`:     notice("ga", "whois"),
		`no texts in ""`:       {Document: mailer.DocNotice, Languages: "en+", Form: "whois"},
		"needs a language":     notice("", "whois"),
		`no source "rumour"`:   notice("en", "rumour"),
		"needs a source":       notice("en", ""),
		`no document "poster"`: {Document: "poster", Languages: "en"},
	} {
		if _, err := c.Skeletons(sampleRegister(t), "directory", []mailer.SkeletonKey{key}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", key, err, want)
		}
	}
	if _, err := c.Skeletons(sampleRegister(t), "nothing", nil); err == nil {
		t.Error("an activity that the register does not have")
	}
}

func TestAStoredSkeletonIsCheckedAgainWhenItIsRead(t *testing.T) { // C8
	c := newComposer(t)
	body := skeletonOf(t, c, notice("en", "whois")).Body
	for name, change := range map[string]func(string) string{
		"an unknown slot":           func(s string) string { return strings.Replace(s, "⟪code⟫", "⟪secret⟫", 1) },
		"a part that is not closed": func(s string) string { return strings.Replace(s, "⟪/no_name⟫", "", 1) },
		"a slot in the subject":     func(s string) string { return strings.Replace(s, `"subject": "`, `"subject": "⟪name⟫ `, 1) },
		"another version":           func(s string) string { return strings.Replace(s, `"version": 2`, `"version": 3`, 1) },
		"an unknown key":            func(s string) string { return strings.Replace(s, `"version": 2`, `"version": 2, "x": 2`, 1) },
		"not JSON":                  func(string) string { return "hello" },
	} {
		changed := change(string(body))
		if changed == string(body) {
			t.Fatalf("%s: nothing was changed", name)
		}
		if _, err := c.Compose(stored([]byte(changed)), nil, sampleHeaders()); err == nil || strings.Contains(err.Error(), "has no value") {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := c.Page(stored([]byte(changed)), nil, "en"); err == nil || strings.Contains(err.Error(), "has no value") {
			t.Errorf("%s, as a page: %v", name, err)
		}
	}
}

func TestTextAndHTMLThatDifferAreFound(t *testing.T) { // P4
	c := newComposer(t)
	var s skeleton
	if err := json.Unmarshal(skeletonOf(t, c, notice("fr+de", "linkedin+whois")).Body, &s); err != nil {
		t.Fatal(err)
	}
	if err := checkSame(s); err != nil {
		t.Fatal(err)
	}
	for what, pair := range map[string][2]string{
		"a word":     {"un réseau social", "un réseau"},
		"a link":     {`href="https://privacy.nordlicht.example/clauses"`, `href="https://other.example"`},
		"a slot":     {"⟪code⟫", "⟪name⟫"},
		"an element": {"Wie lange", ""},
	} {
		changed := s
		changed.HTML = strings.Replace(s.HTML, pair[0], pair[1], 1)
		if changed.HTML == s.HTML {
			t.Fatalf("%s: nothing was changed", what)
		}
		if err := checkSame(changed); err == nil || !strings.Contains(err.Error(), "P4") {
			t.Errorf("%s differs and is not found: %v", what, err)
		}
	}
}

func TestLayersThatAreNotInOrderAreFound(t *testing.T) { // C4, C5
	reg := sampleRegister(t)
	docs, err := newComposer(t).documents(reg, reg.Activities[0], notice("en", "whois"))
	if err != nil {
		t.Fatal(err)
	}
	good := in(inMail, docs[0].blocks)
	for _, place := range []places{inMail, inLetter} {
		there := docs[0]
		there.blocks = in(place, there.blocks)
		if errs := checkLayers(reg.Activities[0], there); errs != nil {
			t.Fatal(errs)
		}
	}
	for want, blocks := range map[string][]block{
		"beneath the whole notice": append(append([]block{}, good[len(good)-1]), good...),
		"in 0 blocks":              withoutBlock(good, func(b block) bool { return b.kind == callout }),
		"in 2 blocks":              append([]block{{kind: callout, children: []block{{runs: []run{{text: "x"}}}}}}, good...),
		"14.2.a: the first layer":  withoutBlock(good, func(b block) bool { return b.part == partFirst && b.element == "14.2.a" }),
	} {
		if got := fmt.Sprint(checkLayers(reg.Activities[0], document{language: "en", blocks: blocks})); !strings.Contains(got, want) {
			t.Errorf("%s: %s", want, got)
		}
	}
	noSource := document{subject: "x", blocks: withoutBlock(good, func(b block) bool { return b.part == partWhole && b.element == "14.2.f" })}
	if got := fmt.Sprint(checkElements(reg, reg.Activities[0], notice("en", "linkedin+whois"), noSource)); !strings.Contains(got, "14.2.f: the element is missing") {
		t.Errorf("a notice without its source: %s", got)
	}
}

func withoutBlock(blocks []block, drop func(block) bool) []block {
	var out []block
	for _, b := range blocks {
		if !drop(b) {
			out = append(out, b)
		}
	}
	return out
}

func TestTagsThatAnOptionalPartTearsApartAreFound(t *testing.T) {
	for page, ok := range map[string]bool{
		"<p>a⟪?name⟫<b>b</b>⟪/name⟫</p>": true,
		"<p>⟪?name⟫a⟪/name⟫</p><hr>":     true,
		"<p>⟪?name⟫</p>⟪/name⟫":          false,
		"⟪?name⟫<p>⟪/name⟫</p>":          false,
		"<p><b></p></b>":                 false,
		"<p>":                            false,
	} {
		if err := checkTags(page); (err == nil) != ok {
			t.Errorf("%s: %v", page, err)
		}
	}
}

func TestWhatIsNotTrueIsLeftOut(t *testing.T) { // C1
	reg := sampleRegister(t)
	a := &reg.Activities[0]
	a.Automated, a.Transfers, a.Recipients, reg.Controller.DPO, a.LateApology = nil, nil, nil, nil, nil
	a.Purposes = a.Purposes[:1]
	out, err := newComposer(t).Skeletons(reg, "directory", []mailer.SkeletonKey{notice("en", "whois")})
	if err != nil {
		t.Fatal(err)
	}
	body := string(out[0].Body)
	for _, gone := range []string{"en-automated", "en-transfers", "en-recipients", "en-dpo", "Take back your consent", "Take your data with you", "Say no to other uses", "sorry"} {
		if strings.Contains(body, gone) {
			t.Errorf("%q is in the notice", gone)
		}
	}
	for _, there := range []string{"1. Who is responsible", "2. What we use", "9. This notice", "Say no to direct marketing"} {
		if !strings.Contains(body, there) {
			t.Errorf("%q is not in the notice", there)
		}
	}
}

func TestRetentionByEventSaysWhatHappensAndTheLongestLimit(t *testing.T) { // T1b
	reg := sampleRegister(t)
	reg.Activities[0].Retention = mailer.Retention{Event: three("you leave your job", "vous quittez votre poste", "Sie wechseln die Stelle"),
		After: calendar.Period{Months: 6}, Limit: calendar.Period{Years: 3}}
	c := newComposer(t)
	for l, want := range map[string]string{
		"en": "We delete your data 6 months after this event: you leave your job. In any case we delete your data by 3 November 2029.",
		"fr": "Nous effaçons ces données 6 mois après cet événement\u00a0: vous quittez votre poste. Dans tous les cas, nous les effaçons le 3 novembre 2029 au plus tard.",
		"de": "Wir löschen diese Daten 6 Monate nach diesem Ereignis: Sie wechseln die Stelle. In jedem Fall löschen wir sie spätestens am 3. November 2029.",
	} {
		out, err := c.Skeletons(reg, "directory", []mailer.SkeletonKey{notice(l, "whois")})
		if err != nil {
			t.Fatal(err)
		}
		slots, err := c.Slots(reg, sampleInput(notice(l, "whois")))
		if err != nil {
			t.Fatal(err)
		}
		m, err := c.Compose(out[0], slots, sampleHeaders())
		if err != nil {
			t.Fatal(err)
		}
		if got := read(t, m).text; strings.Count(got, want) != 2 {
			t.Errorf("%s: %q is not twice in\n%s", l, want, got)
		}
	}
}

// TestNoticesArePlain holds sample notices against the ceilings of P2, and prints
// the figures (go test -v).
func TestNoticesArePlain(t *testing.T) { // P1, P2, P3
	c := newComposer(t)
	for _, n := range []mailer.SkeletonKey{
		notice("en", "linkedin+whois"), notice("fr", "linkedin+whois"), notice("de", "linkedin+whois"),
		notice("en", "linkedin?"), notice("fr", "linkedin?"), notice("de", "linkedin?"),
		notice("en", "linkedin!+whois"), notice("fr", "linkedin!+whois"), notice("de", "linkedin!+whois"),
	} {
		l := n.Languages
		text := read(t, composed(t, c, n, nil)).text
		whole := strings.Index(text, "\n1. ")
		limits, _ := plain.Ceiling(l)
		for i, layer := range []string{text[:whole], text[whole:]} {
			f := plain.Measure(l, layer)
			t.Logf("%s %s layer %d: %d words, LIX %.1f (at most %.0f), sentences of %.1f words, the longest %d", l, n.Form, i+1, f.Words, f.LIX, limits.LIX, f.MeanSentence, f.LongestSentence)
			for _, found := range plain.Check(l, layer) {
				t.Errorf("%s layer %d: %s %s: %q %s", l, i+1, found.Rule, found.Code, found.Text, found.Why)
			}
		}
	}
	if found := plain.Check("en", "We may keep it as long as necessary."); len(found) < 2 {
		t.Errorf("the check finds nothing: %v", found)
	}
}

func TestTheCacheIsBoundedAndNeverMixesSkeletons(t *testing.T) {
	c := newComposer(t)
	body := skeletonOf(t, c, notice("en", "whois")).Body
	for i := range mostKept + 20 {
		other := bytes.Replace(body, []byte("We hold"), fmt.Appendf(nil, "We %d hold", i), 1)
		p, err := c.ready(stored(other))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(p.Text, fmt.Sprintf("We %d hold", i)) {
			t.Fatalf("asked for %d, got another", i)
		}
	}
	if n := c.parsed.Len(); n != mostKept {
		t.Errorf("%d skeletons are kept", n)
	}
}
