package letter

import (
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"article14/mailer"
	"article14/mailer/byhand"
)

func newSetter(t testing.TB) *setter {
	t.Helper()
	p := newBench(t).printer
	return &setter{regular: p.regular, strong: p.strong}
}

func TestNoLineIsWiderThanThePageAndNoLetterIsLost(t *testing.T) {
	shared := newSetter(t)
	rapid.Check(t, func(t *rapid.T) {
		s := &setter{regular: shared.regular, strong: shared.strong}
		word := rapid.OneOf(rapid.StringMatching(`[a-zé]{1,12}`), rapid.StringMatching(`https://[a-z.]{3,40}/[a-zA-Z0-9/?=&_-]{0,150}`), rapid.StringMatching(`W{1,200}`))
		var runs []byhand.LetterRun
		for range rapid.IntRange(0, 5).Draw(t, "runs") {
			text := strings.Join(rapid.SliceOfN(word, 0, 12).Draw(t, "words"), " ")
			runs = append(runs, byhand.LetterRun{Text: text + rapid.SampledFrom([]string{"", " "}).Draw(t, "end"), Strong: rapid.Bool().Draw(t, "strong")})
		}
		width := rapid.Float64Range(12, 170).Draw(t, "width")
		var got strings.Builder
		for _, line := range s.lines(s.words(runs, "x"), 11, width) {
			if wide := s.width(line, 11); wide > width+0.001 {
				t.Fatalf("a line is %.2f mm wide on %.2f", wide, width)
			}
			if len(line) == 0 || line[0].text == " " || line[len(line)-1].text == " " {
				t.Fatalf("a line begins or ends with nothing: %v", line)
			}
			for _, p := range line {
				got.WriteString(p.text)
			}
		}
		if want := squeezed(words(runs)); squeezed(got.String()) != want {
			t.Fatalf("%q became %q", want, squeezed(got.String()))
		}
	})
}

func TestAValueThatIsTurnedKeepsItsLetters(t *testing.T) { // UAX #9
	letters := rapid.StringOf(rapid.SampledFrom([]rune("abc אבגדה12.-,")))
	rapid.Check(t, func(t *rapid.T) {
		value := letters.Draw(t, "value")
		got, want := []rune(turned(value)), []rune(value)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("%q became %q", value, turned(value))
		}
		turned(rapid.String().Draw(t, "anything")) // does not panic
	})
}

func TestAWordIsDividedOnlyWhereALineIsTooShortForIt(t *testing.T) {
	s := newSetter(t)
	lines := func(text string, width float64) []string {
		var out []string
		for _, line := range s.lines(s.words([]byhand.LetterRun{{Text: text}}, "x"), 11, width) {
			var b strings.Builder
			for _, p := range line {
				b.WriteString(p.text)
			}
			out = append(out, b.String())
		}
		return out
	}
	for _, c := range []struct {
		text  string
		width float64
		want  string
	}{
		{"write to privacy@nordlicht.example now", 50, "write to|privacy@nordlicht.example|now"},
		{"see https://example.org/a/very/long/path/to-a-page now", 50, "see https://example.org/a/|very/long/path/to-a-page|now"},
		{"a very long beginning https://example.org/a/very/long/path", 45, "a very long beginning|https://example.org/a/|very/long/path"},
		{"K7M2-9QXT-4HBD K7M2-9QXT-4HBD", 50, "K7M2-9QXT-4HBD|K7M2-9QXT-4HBD"},
		{"+33\u00a01\u00a099 +33\u00a01\u00a099", 25, "+33\u00a01\u00a099|+33\u00a01\u00a099"},
		{"", 50, ""},
	} {
		if got := strings.Join(lines(c.text, c.width), "|"); got != c.want {
			t.Errorf("%q on %.0f mm: %q, not %q", c.text, c.width, got, c.want)
		}
	}
}

func TestPagesHoldEveryRowInOrderAndKeepTogetherWhatBelongsTogether(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		row := rapid.Custom(func(t *rapid.T) row {
			return row{height: rapid.Float64Range(1, 30).Draw(t, "height"), before: rapid.Float64Range(0, 10).Draw(t, "before"), keep: rapid.Bool().Draw(t, "keep")}
		})
		rows := rapid.SliceOf(row).Draw(t, "rows")
		for i := range rows {
			rows[i].x = float64(i) // tells them apart
		}
		const firstTop, top, bottom = 100, 20, 270
		seen := 0
		pages := paginate(rows, firstTop, top, bottom)
		for n, p := range pages {
			if len(p.rows) == 0 && len(rows) > 0 && n > 0 {
				t.Fatal("an empty page")
			}
			y := float64(top)
			if n == 0 {
				y = firstTop
			}
			for i, r := range p.rows {
				if int(r.x) != seen {
					t.Fatalf("row %d stands where %d must", int(r.x), seen)
				}
				seen++
				if i == 0 && r.top != y || r.top < y-0.001 || r.top+r.height > bottom+0.001 {
					t.Fatalf("a row at %.1f, %.1f high, below %.1f", r.top, r.height, y)
				}
				y = r.top + r.height
			}
			if n < len(pages)-1 && len(p.rows) > 0 && p.rows[len(p.rows)-1].keep && chain(rows, seen-1) <= bottom-top {
				t.Fatalf("page %d ends behind a row that belongs to the next", n+1)
			}
		}
		if seen != len(rows) {
			t.Fatalf("%d of %d rows", seen, len(rows))
		}
	})
}

// chain is the height of the rows that are kept together with one, with the space above
// each as where they follow others.
func chain(rows []row, i int) float64 {
	from, to := i, i
	for from > 0 && rows[from-1].keep {
		from--
	}
	for rows[to].keep && to+1 < len(rows) {
		to++
	}
	sum := 0.0
	for _, r := range rows[from : to+1] {
		sum += r.before + r.height
	}
	return sum
}

func TestALineOfAParagraphStandsNeverAlone(t *testing.T) {
	l := &layout{setter: newSetter(t), measures: sizes[mailer.LetterNormal], width: 40}
	for lines := 1; lines <= 6; lines++ {
		l.rows = nil
		l.text([]byhand.LetterRun{{Text: strings.TrimSpace(strings.Repeat("Donaudampfschifffahrt ", lines))}}, 11, 0, false, "x")
		var kept []string
		for _, r := range l.rows {
			kept = append(kept, map[bool]string{true: "+", false: "|"}[r.keep])
		}
		want := []string{"|", "+|", "++|", "+|+|", "+||+|", "+|||+|"}[lines-1]
		if got := strings.Join(kept, ""); got != want {
			t.Errorf("%d lines may be parted as %s, not %s", lines, got, want)
		}
	}
}

func TestTheBlockOfObjectionIsWholeOnItsPage(t *testing.T) { // C5
	b := newBench(t)
	for _, size := range []mailer.LetterSize{mailer.LetterNormal, mailer.LetterLarge} {
		l := b.letter(t, "fr+de", "Élodie Bérard")
		l.Size = size
		d, err := b.printer.set(l)
		if err != nil {
			t.Fatal(err)
		}
		on := map[int]map[int]bool{}
		for n, p := range d.pages {
			for _, r := range p.rows {
				if r.box > 0 {
					if on[r.box] == nil {
						on[r.box] = map[int]bool{}
					}
					on[r.box][n] = true
				}
			}
		}
		if len(on) != 2 {
			t.Fatalf("%d blocks of objection in two languages", len(on))
		}
		for box, pages := range on {
			if len(pages) != 1 {
				t.Errorf("%s: block %d is parted over %d pages", size, box, len(pages))
			}
		}
	}
}

func TestAHeadingStandsNeverAloneAtTheFootOfAPage(t *testing.T) {
	b := newBench(t)
	d, err := b.printer.set(b.letter(t, "de", "Élodie Bérard"))
	if err != nil {
		t.Fatal(err)
	}
	for n, p := range d.pages[:len(d.pages)-1] {
		last := p.rows[len(p.rows)-1]
		if last.size > d.m.body || last.line != noLine || math.Abs(last.top-textBottom) > 60 {
			t.Errorf("page %d ends at %.0f mm with a row of %.1f points", n+1, last.top, last.size)
		}
	}
}

func TestNoLineEndsBetweenANumberAndWhatItCounts(t *testing.T) {
	for text, want := range map[string]string{
		"on 3 November 2026":                             "on|3_November|2026",
		"am 3. November 2026":                            "am|3._November|2026",
		"(Article 21(2) and (3) GDPR)":                   "(Article_21(2)|and|(3)|GDPR)",
		"Artikel 6 Absatz 1 Buchstabe f DSGVO":           "Artikel_6_Absatz_1_Buchstabe_f|DSGVO",
		"les articles 15 et 16 du RGPD":                  "les|articles_15_et|16_du|RGPD",
		"75334 Paris Cedex 07, France":                   "75334|Paris|Cedex|07,|France",
		"article14 and particle 3 are no articles of it": "article14|and|particle|3_are|no|articles|of|it",
	} {
		s := &setter{regular: newBench(t).printer.regular, strong: newBench(t).printer.strong}
		var got []string
		for _, w := range s.words(held([]byhand.LetterRun{{Text: text}}), "x") {
			got = append(got, strings.ReplaceAll(w[0].text, "\u00a0", "_"))
		}
		if line := strings.Join(got, "|"); line != want {
			t.Errorf("%q breaks as %q, not %q", text, line, want)
		}
	}
}
