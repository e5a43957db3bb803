package compose

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"article14/internal/plain"
	"article14/mailer"
	"article14/mailer/byhand"
)

func TestLettersReadAsTheyWereReadAloud(t *testing.T) { // C4, C5, P4, L5
	c := newComposer(t)
	for _, l := range []string{"en", "fr", "de"} {
		goldenLetter(t, c, "letter."+l, notice(l, "linkedin+whois"), nil)
	}
	goldenLetter(t, c, "letter.fr+de", notice("fr+de", "whois"), nil)
	goldenLetter(t, c, "letter.unknown_day.fr", notice("fr", "whois"), unknownDay)
}

func goldenLetter(t *testing.T, c *Composer, name string, key mailer.SkeletonKey, change func(*mailer.SlotInput)) {
	t.Helper()
	got := letterWords(letterTo(t, c, key, change))
	file := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s: if the change is meant, read it aloud and run go test -update (-was +is):\n%s", name, diff)
	}
}

// letterTo is a sample person's letter.
func letterTo(t testing.TB, c *Composer, key mailer.SkeletonKey, change func(*mailer.SlotInput)) byhand.LetterText {
	t.Helper()
	in := sampleInput(key)
	if change != nil {
		change(&in)
	}
	slots, err := c.Slots(sampleRegister(t), in)
	if err != nil {
		t.Fatal(err)
	}
	l, err := c.Letter(skeletonOf(t, c, key), slots, false)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// letterWords is a letter as a person reads it, each block on a line.
func letterWords(l byhand.LetterText) string {
	var b strings.Builder
	line := func(before string, runs []byhand.LetterRun) {
		b.WriteString(before)
		for _, r := range runs {
			switch {
			case r.Strong:
				b.WriteString("**" + r.Text + "**")
			default:
				b.WriteString(r.Text)
			}
		}
		b.WriteString("\n")
	}
	b.WriteString(l.Sender.Name + "\n" + l.Sender.Address + "\n")
	line("", l.Reference)
	line("", l.Date)
	line("# ", l.Subject)
	var blocks func(indent string, all []byhand.LetterBlock)
	blocks = func(indent string, all []byhand.LetterBlock) {
		for _, block := range all {
			if block.Runs != nil || block.Kind == byhand.LetterRule {
				line("\n"+indent+string(block.Kind)+": ", block.Runs)
			}
			for _, item := range block.Items {
				line(indent+"- ", item)
			}
			blocks(indent+"| ", block.Blocks)
		}
	}
	for _, p := range l.Parts {
		b.WriteString("\n=== " + p.Language + " " + p.Dir + "\n")
		blocks("", p.Blocks)
	}
	b.WriteString("\n" + l.Pages + "\n")
	return b.String()
}

func TestALetterIsWholeWithoutAButtonALinkOrAToken(t *testing.T) { // C1, C4, R3
	c := newComposer(t)
	for _, l := range []string{"en", "fr", "de"} {
		words := letterWords(letterTo(t, c, notice(l, "linkedin+whois"), nil))
		for _, there := range []string{"privacy.nordlicht.example", "K7M2-9QXT-4HBD", "privacy@nordlicht.example", "12 rue de l’Exemple", "slip: ", "box"} {
			if there == "box" {
				there = "| paragraph: "
			}
			if !strings.Contains(words, there) {
				t.Errorf("%s: %q is not in the letter", l, there)
			}
		}
		page := regexp.MustCompile(`nordlicht\.example/[no]/|#choices|<https|\]\(|click|cliqu|klick`)
		if found := page.FindString(words); found != "" {
			t.Errorf("%s: %q stands in the letter, and nobody can press it", l, found)
		}
	}
}

func TestATextApprovedBeforeThereWereLettersHasNoneAndSaysWhatToDo(t *testing.T) { // E1
	c := newComposer(t)
	for _, skeleton := range []string{"notice.en", "notice.fr+de", "mixed.de", "access_receipt.fr"} {
		body, err := os.ReadFile(filepath.Join("testdata", "approved", skeleton+".json"))
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Letter(stored(body), mailer.Slots{}, false)
		if !errors.Is(err, byhand.ErrNoLetter) || !strings.Contains(err.Error(), "create a new campaign") {
			t.Errorf("%s: %v", skeleton, err)
		}
	}
	receipt := skeletonOf(t, c, mailer.SkeletonKey{Document: mailer.DocObjectionReceipt, Languages: "en"})
	if _, err := c.Letter(receipt, mailer.Slots{}, false); !errors.Is(err, byhand.ErrNoLetter) {
		t.Errorf("a receipt: %v", err)
	}
}

func TestAStoredLetterIsCheckedAgainWhenItIsRead(t *testing.T) { // C8
	c := newComposer(t)
	body := string(skeletonOf(t, c, notice("en", "whois")).Body)
	at := strings.Index(body, `"letter": {`)
	for what, pair := range map[string][2]string{
		"an unknown slot":                {"⟪code⟫", "⟪secret⟫"},
		"a link of the mail":             {"⟪code⟫", "⟪object_url⟫"},
		"a value of a flag":              {"⟪code⟫", "⟪no_name⟫"},
		"a link":                         {"Where we got it.", "[here](https://x.example)"},
		"strong words that do not end":   {"**Where we got it.**", "**Where we got it."},
		"a block that stands on no slot": {`"when": "name"`, `"when": "nobody"`},
		"a block of no kind":             {`"kind": "slip"`, `"kind": "poster"`},
		"a part that is not closed":      {"⟪/obtained.whois.en⟫", ""},
		"parts that cross":               {"⟪/obtained.whois.en⟫", "⟪?name⟫⟪/obtained.whois.en⟫⟪/name⟫"},
		"a button":                       {`"kind": "slip"`, `"kind": ""`},
	} {
		changed := body[:at] + strings.Replace(body[at:], pair[0], pair[1], 1)
		if changed == body {
			t.Fatalf("%s: nothing was changed", what)
		}
		if _, err := c.Letter(stored([]byte(changed)), nil, false); err == nil || !strings.Contains(err.Error(), "letter: ") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestALetterThatSaysSomethingElseThanTheMailIsFound(t *testing.T) { // P4
	c, reg := newComposer(t), sampleRegister(t)
	key := notice("fr+de", "linkedin+whois")
	docs, err := c.documents(reg, reg.Activities[0], key)
	if err != nil {
		t.Fatal(err)
	}
	fresh := func() skeleton {
		s := skeleton{Document: key.Document, Languages: key.Languages, Form: key.Form}
		if err := errors.Join(c.render(&s, docs), c.letterOf(&s, docs, reg)); err != nil {
			t.Fatal(err)
		}
		return s
	}
	if err := checkLetter(fresh(), docs); err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string]func(*skeleton){
		"a word less on paper":      func(s *skeleton) { edit(s, "un réseau social", "un réseau") },
		"a word more on paper":      func(s *skeleton) { edit(s, "un réseau social", "un grand réseau social") },
		"another value":             func(s *skeleton) { edit(s, "⟪code⟫", "⟪name⟫") },
		"a block less on paper":     func(s *skeleton) { s.Letter.Parts[2].Blocks = s.Letter.Parts[2].Blocks[1:] },
		"a layer less on paper":     func(s *skeleton) { s.Letter.Parts = s.Letter.Parts[:4] },
		"a word less in the mail":   func(s *skeleton) { s.Text = strings.Replace(s.Text, "un réseau social", "un réseau", 1) },
		"a block moved in the mail": func(s *skeleton) { s.Text = strings.Replace(s.Text, "LIA-7", "LIA-8", 1) },
		"no letter":                 func(s *skeleton) { s.Letter = nil },
	} {
		s := fresh()
		change(&s)
		if err := checkLetter(s, docs); err == nil {
			t.Errorf("%s is not found", what)
		}
	}
}

// edit changes the first text of a letter that has some words.
func edit(s *skeleton, from, to string) {
	done := false
	s.Letter.each(func(text *string) {
		if !done && strings.Contains(*text, from) && !strings.HasPrefix(*text, "Not") && !strings.HasPrefix(*text, "Unser") {
			*text, done = strings.Replace(*text, from, to, 1), true
		}
	})
}

func TestAValueIsNeverReadForMarksOnPaper(t *testing.T) {
	c := newComposer(t)
	for _, hostile := range []string{"**bold** ⟪code⟫", "[x](https://evil.example)", `a\*b ⟪?name⟫`, "A\x00B\u202eC\nD", strings.Repeat("N", 10_000)} {
		slots, err := c.Slots(sampleRegister(t), sampleInput(notice("en", "whois")))
		if err != nil {
			t.Fatal(err)
		}
		slots["page.whois"] = hostile // as it may lie in a store, whoever put it there
		l, err := c.Letter(skeletonOf(t, c, notice("en", "whois")), slots, false)
		if err != nil {
			t.Fatal(err)
		}
		want := clean(hostile, maxValue)
		values := 0
		for _, b := range allBlocks(l) {
			for _, runs := range append(b.Items, b.Runs) {
				for _, r := range runs {
					if r.Value && r.Text == want {
						values++
					}
					if strings.ContainsAny(r.Text, "\x00\n\u202e") || len(r.Text) > 4000 {
						t.Errorf("a run of %d bytes is not clean", len(r.Text))
					}
				}
			}
		}
		if values != 2 {
			t.Errorf("%.20q stands %d times in the letter as it is, not twice", hostile, values)
		}
	}
}

func allBlocks(l byhand.LetterText) []byhand.LetterBlock {
	var out []byhand.LetterBlock
	var add func([]byhand.LetterBlock)
	add = func(blocks []byhand.LetterBlock) {
		for _, b := range blocks {
			out = append(out, b)
			add(b.Blocks)
		}
	}
	for _, p := range l.Parts {
		add(p.Blocks)
	}
	return out
}

func TestATestLetterSaysSoAndAnotherDoesNot(t *testing.T) {
	c, key := newComposer(t), notice("de", "whois")
	slots, err := c.Slots(sampleRegister(t), sampleInput(key))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []bool{true, false} {
		l, err := c.Letter(skeletonOf(t, c, key), slots, test)
		if err != nil {
			t.Fatal(err)
		}
		words := letterWords(l)
		if strings.Contains(words, "# [Test] ") != test || strings.Contains(words, "Das ist eine Testnachricht.") != test {
			t.Errorf("test %v: %s", test, words[:300])
		}
	}
}

func TestALetterWithAValueMissingIsNotWritten(t *testing.T) { // C8
	c, key := newComposer(t), notice("en", "whois")
	slots, err := c.Slots(sampleRegister(t), sampleInput(key))
	if err != nil {
		t.Fatal(err)
	}
	for _, missing := range []string{"code", "date.en", "authority.en", "retention_end.en"} {
		there := slots[missing]
		delete(slots, missing)
		if _, err := c.Letter(skeletonOf(t, c, key), slots, false); err == nil || !strings.Contains(err.Error(), `"`+missing+`" has no value`) {
			t.Errorf("%s: %v", missing, err)
		}
		slots[missing] = there
	}
}

func TestLettersArePlain(t *testing.T) { // P1, P2, P3
	c := newComposer(t)
	for _, l := range []string{"en", "fr", "de"} {
		for _, form := range []string{"linkedin+whois", "linkedin?", "linkedin!+whois"} {
			words := strings.NewReplacer("**", "", "| ", "").Replace(letterWords(letterTo(t, c, notice(l, form), nil)))
			words = regexp.MustCompile(`(?m)^[a-z]+: `).ReplaceAllString(words, "")
			_, words, _ = strings.Cut(words, "=== "+l+" ltr")
			first, whole, found := strings.Cut(words, "\n1. ")
			if !found {
				t.Fatal("the letter has no whole notice")
			}
			for i, layer := range []string{first, whole} {
				f := plain.Measure(l, layer)
				t.Logf("%s %s layer %d: %d words, LIX %.1f, sentences of %.1f words, the longest %d", l, form, i+1, f.Words, f.LIX, f.MeanSentence, f.LongestSentence)
				for _, found := range plain.Check(l, layer) {
					t.Errorf("%s layer %d: %s %s: %q %s", l, i+1, found.Rule, found.Code, found.Text, found.Why)
				}
			}
		}
	}
}

func TestMarksThatAreMeantAsTheyStandSurviveTheStore(t *testing.T) {
	for _, text := range []string{`a * b [c] \d ** (e)`, "*", `\`, "[x](y)"} {
		runs, err := parseInline(marked([]run{{text: text}, {text: "strong " + text, strong: true}, {kind: slotRun, slot: "name"}}))
		if err != nil {
			t.Fatal(err)
		}
		var got strings.Builder
		for _, r := range runs {
			got.WriteString(r.text)
		}
		if got.String() != text+"strong "+text || runs[len(runs)-1].slot != "name" {
			t.Errorf("%q became %+v", text, runs)
		}
	}
}

func TestTheStoredLetterIsReadableJSON(t *testing.T) {
	var s skeleton
	if err := json.Unmarshal(skeletonOf(t, newComposer(t), notice("fr+de", "whois")).Body, &s); err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, p := range s.Letter.Parts {
		order = append(order, p.Language)
	}
	if got := strings.Join(order, " "); s.Version != 2 || got != "fr fr de fr de" { // what stands above, first layers, whole notices (L3)
		t.Errorf("version %d, parts in %s", s.Version, got)
	}
}
