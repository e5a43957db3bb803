package letter

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"article14/mailer"
	"article14/mailer/byhand"
)

// addresses that are hard to fit.
var addresses = map[string]mailer.PostalAddress{
	"short": {Recipient: []string{"Jo Li"}, Street: []string{"Au 1"}, Postcode: "10115", Locality: "Ulm", Country: "DE"},
	"six lines, abroad": {Recipient: []string{"Frau Dr. Konstanze von Hohenwaldau-Stein", "Einkauf und Warenwirtschaft Süd"},
		Street: []string{"Gebäude C, Aufgang 14, 3. Obergeschoss", "An der Alten Ziegelei 128 a"}, Postcode: "99998", Locality: "Weinbergen-Bollstedt", Country: "DE"},
	"in capitals": {Recipient: []string{"MADAME MARGUERITE DE LA BOURDONNAYE"}, Street: []string{"RESIDENCE LES GRANDS MARRONNIERS BAT C", "114 AVENUE DU GENERAL DE GAULLE"},
		Postcode: "97400", Locality: "SAINT-DENIS CEDEX 9", Country: "FR"},
	"Greek": {Recipient: []string{"Κωνσταντίνος Παπαδόπουλος"}, Street: []string{"Λεωφόρος Βασιλίσσης Σοφίας 112"}, Postcode: "115 27", Locality: "Αθήνα", Country: "GR"},
}

func TestTheAddressStandsInTheWindowHoweverTheSheetLies(t *testing.T) {
	b := newBench(t)
	french := b.letter(t, "fr", "Élodie Bérard")
	for side, w := range windows {
		for _, size := range []mailer.LetterSize{mailer.LetterNormal, mailer.LetterLarge} {
			for what, to := range addresses {
				t.Run(fmt.Sprintf("%s, %s, %s", side, size, what), func(t *testing.T) {
					l := french
					l.To, l.Window, l.Size = to, side, size
					lines, err := to.Lines("")
					if err != nil {
						t.Fatal(err)
					}
					want := map[string]int{}
					for _, line := range lines {
						for _, word := range strings.Fields(line.Text) {
							want[word]++
						}
					}
					for _, word := range b.print(t, l).words()[0] {
						if w.seen.holds(word.rectangle) {
							want[word.text]--
						} else if w.mayShow.touches(word.rectangle) {
							t.Errorf("%q stands at %.1f mm where the window can show it, and not where it always does", word.text, word.rectangle)
						}
					}
					for word, missing := range want {
						if missing > 0 {
							t.Errorf("%q is not in the window", word)
						}
					}
				})
			}
		}
	}
}

// TestNothingButTheAddressShowsInTheWindow counts the words that a passer-by can read.
func TestNothingButTheAddressShowsInTheWindow(t *testing.T) {
	b := newBench(t)
	for side, w := range windows {
		for _, size := range []mailer.LetterSize{mailer.LetterNormal, mailer.LetterLarge} {
			l := b.letter(t, "de", "Élodie Bérard")
			l.Window, l.Size = side, size
			var shown []string
			for _, word := range b.print(t, l).words()[0] {
				if w.mayShow.touches(word.rectangle) {
					shown = append(shown, word.text)
				}
			}
			const want = "Nordlicht Data SAS, 12 rue de l’Exemple, 69002 Lyon, France Élodie Bérard 27 rue des Trois-Exemples 69002 LYON"
			if got := strings.Join(shown, " "); got != want {
				t.Errorf("%s, %s: the window shows %q", side, size, got)
			}
		}
	}
}

func TestALongSenderHasTwoLinesInTheWindow(t *testing.T) {
	b := newBench(t)
	for side, w := range windows {
		l := b.letter(t, "en", "Ann Lee")
		l.Window, l.To = side, addresses["six lines, abroad"]
		l.Sender = mailer.LetterSender{Name: "Gesellschaft für Beispiele und Verzeichnisse mbH & Co. KG", Country: "DE",
			Address: "Friedrich-Musterstraße 128 a, 01234 Musterstadt, Deutschland"}
		found := 0
		for _, word := range b.print(t, l).words()[0] {
			if w.mayShow.touches(word.rectangle) {
				found++
				if !w.seen.holds(word.rectangle) {
					t.Errorf("%s: %q stands at %.1f mm, where the window does not always show it", side, word.text, word.rectangle)
				}
			}
		}
		if found < 25 {
			t.Errorf("%s: %d words in the window", side, found)
		}
	}
}

func TestTheWindowIsOnTheSideOfTheSendersEnvelopes(t *testing.T) {
	for country, want := range map[string]mailer.WindowSide{"FR": mailer.WindowRight, "DE": mailer.WindowLeft, "SE": mailer.WindowLeft, "": mailer.WindowLeft} {
		if got, err := windowFor("", country); err != nil || got != windows[want] {
			t.Errorf("%s: %+v, %v", country, got, err)
		}
	}
	if got, err := windowFor(mailer.WindowLeft, "FR"); err != nil || got != windows[mailer.WindowLeft] {
		t.Errorf("a side that was asked for: %+v, %v", got, err)
	}
}

func TestALetterHasTheWordsThatWereApproved(t *testing.T) { // P4
	b := newBench(t)
	for _, languages := range []string{"en", "fr", "de", "fr+de"} {
		for _, size := range []mailer.LetterSize{mailer.LetterNormal, mailer.LetterLarge} {
			l := b.letter(t, languages, "Élodie Bérard")
			l.Size = size
			got := squeezed(withoutFeet(b.print(t, l).text(), l.Text))
			for _, part := range l.Text.Parts {
				for _, text := range blockTexts(part.Blocks) {
					at := strings.Index(got, squeezed(text))
					if at < 0 {
						t.Fatalf("%s, %s: %q is not in the letter, or not in its place", languages, size, text)
					}
					got = got[at+len(squeezed(text)):]
				}
			}
			if got != "" {
				t.Errorf("%s, %s: the letter ends with %q, which nobody approved", languages, size, got)
			}
		}
	}
}

// blockTexts are those of blocks in their order.
func blockTexts(blocks []byhand.LetterBlock) []string {
	var out []string
	for _, b := range blocks {
		if len(b.Runs) > 0 {
			out = append(out, words(b.Runs))
		}
		for _, item := range b.Items {
			out = append(out, "•"+words(item))
		}
		out = append(out, blockTexts(b.Blocks)...)
	}
	return out
}

// squeezed leaves out blanks, which line breaks take the place of.
func squeezed(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
}

// withoutFeet takes away the last line of each page.
func withoutFeet(text string, l byhand.LetterText) string {
	number := regexp.QuoteMeta(squeezed(l.Pages))
	number = strings.NewReplacer(regexp.QuoteMeta(byhand.LetterPage), `\d+`, regexp.QuoteMeta(byhand.LetterPages), `\d+`).Replace(number)
	foot := regexp.MustCompile(`(` + regexp.QuoteMeta(squeezed(words(l.Reference))) + `)?` + number)
	var out strings.Builder
	for i, page := range strings.Split(text, "\f") {
		page = squeezed(page)
		if page == "" {
			continue
		}
		at := foot.FindAllStringIndex(page, -1)
		if at == nil {
			out.WriteString(fmt.Sprintf("(page %d has no number)", i+1))
			continue
		}
		last := at[len(at)-1]
		out.WriteString(page[:last[0]] + page[last[1]:])
	}
	return out.String()
}

func TestPagesAreNumberedInTheReadersLanguageWithTheReference(t *testing.T) { // L5
	b := newBench(t)
	for language, want := range map[string]string{"en": "Page %d of %d", "fr": "Page %d sur %d", "de": "Seite %d von %d"} {
		l := b.letter(t, language, "Élodie Bérard")
		pages := strings.Split(strings.TrimSuffix(b.print(t, l).text(), "\f"), "\f")
		if len(pages) < 2 {
			t.Fatalf("%s: %d pages", language, len(pages))
		}
		for i, page := range pages {
			if !strings.Contains(page, fmt.Sprintf(want, i+1, len(pages))) || !strings.Contains(page, "K7M2-9QXT-4HBD") {
				t.Errorf("%s: page %d has no number or no reference", language, i+1)
			}
		}
	}
}

func TestEveryFontIsEmbeddedAsTheTaggedPartThatIsUsed(t *testing.T) {
	b := newBench(t)
	l := b.letter(t, "fr", "Արամ Խաչատրյան")
	tags := map[string]string{}
	for what, letter := range map[string]byhand.Letter{"French": b.letter(t, "fr", "Élodie Bérard"), "Armenian": l} {
		r := b.print(t, letter)
		fonts := strings.Split(strings.TrimSpace(r.run("pdffonts")), "\n")[2:]
		if want := map[string]int{"French": 2, "Armenian": 3}[what]; len(fonts) != want {
			t.Fatalf("%s: %d fonts in place of %d", what, len(fonts), want)
		}
		for _, f := range fonts {
			if !regexp.MustCompile(`^[A-Z]{6}\+\S+ .* yes yes yes `).MatchString(f) {
				t.Errorf("%s: not embedded, not a tagged part, or without its letters' meaning: %s", what, f)
			}
			tag, name, _ := strings.Cut(strings.Fields(f)[0], "+")
			if before := tags[name]; name == "LiberationSans" && before == tag { // the name is in it
				t.Errorf("%s: %s has the tag of a part with other letters", what, name)
			}
			tags[name] = tag
		}
		if len(r.pdf) > 120_000 {
			t.Errorf("%s: %d bytes, as if a font was whole", what, len(r.pdf))
		}
	}
}

func TestTheSameLetterIsTheSameBytes(t *testing.T) { // E1
	b := newBench(t)
	l := b.letter(t, "de", "Jörg Արամ Köhler") // with three fonts
	first := b.print(t, l).pdf
	var wait sync.WaitGroup
	for range 12 { // side by side: the fonts are shared; and often: what has no order comes in another
		wait.Go(func() {
			if again, err := b.printer.Print(l); err != nil || !bytes.Equal(again.PDF, first) {
				t.Errorf("other bytes, %v", err)
			}
		})
	}
	wait.Wait()
	other, err := New(b.printer.locales)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := other.Print(l); err != nil || !bytes.Equal(again.PDF, first) {
		t.Errorf("another printer gives other bytes, %v", err)
	}
	l.At = l.At.Add(time.Second)
	if other := b.print(t, l).pdf; bytes.Equal(other, first) {
		t.Error("another instant gives the same bytes")
	}
}

func TestAFileSaysWhatItIsAndDoesNothing(t *testing.T) { // C7, E7
	r := newBench(t).print(t, newBench(t).letter(t, "fr", "Élodie Bérard"))
	info := r.run("pdfinfo", "-isodates")
	for _, want := range []string{"Title:           Nordlicht Data SAS détient vos coordonnées professionnelles", "Author:          Nordlicht Data SAS", "JavaScript:      no", "(A4)",
		"CreationDate:    2026-11-21T11:00:00Z", "ModDate:         2026-11-21T11:00:00Z"} {
		if !strings.Contains(info, want) {
			t.Errorf("%q is not in\n%s", want, info)
		}
	}
	if !bytes.Contains(r.pdf, []byte("/Lang (fr)")) {
		t.Error("the file does not say in which language it is (L5)")
	}
	for _, bad := range []string{"/JavaScript", "/URI", "/Annot", "/OpenAction", "/Launch", "http:"} {
		if bytes.Contains(r.pdf, []byte(bad)) {
			t.Errorf("%s is in the file", bad)
		}
	}
}

func TestAFontHasEveryLetterOfEuropesLanguages(t *testing.T) { // L1
	b := newBench(t)
	alphabets := map[string]string{
		"bg": "абвгдежзийклмнопрстуфхцчшщъьюяѝ", "cs": "áčďéěíňóřšťúůýž", "da": "æøåé", "de": "äöüß", "el": "αάβγδεέζηήθιίϊΐκλμνξοόπρσςτυύϋΰφχψωώ",
		"en": "abcdefghijklmnopqrstuvwxyzéïô", "es": "áéíñóúü¿¡ªº", "et": "äõöüšž", "fi": "äöåšž", "fr": "àâæçéèêëîïôœùûüÿ", "ga": "áéíóúḃċḋḟġṁṗṡṫ",
		"hr": "čćđšž", "hu": "áéíóöőúüű", "is": "áðéíóúýþæö", "it": "àèéìîòóùú", "lt": "ąčęėįšųūž", "lv": "āčēģīķļņšūž", "mt": "ċġħżàèìòù",
		"nb": "æøåéèêóòôü", "nl": "áéëïíóöúüĳèê", "pl": "ąćęłńóśźż", "pt": "áâãàçéêíóôõú", "ro": "ăâîșț", "sk": "áäčďéíĺľňóôŕšťúýž", "sl": "čšž", "sv": "åäöéà",
	}
	if len(alphabets) != 26 {
		t.Fatalf("%d languages, want the 24 of the Union, Norwegian and Icelandic", len(alphabets))
	}
	first := faces{b.printer.regular[0]}
	firstStrong := faces{b.printer.strong[0]}
	for language, letters := range alphabets {
		for _, r := range letters + strings.ToUpper(letters) + "ẞ0123456789.,;:?!–—‘’“”„‚«»‹›()[]/@&%€§•…\u00a0\u202f+-_=#*" {
			if first.of(r) == nil || firstStrong.of(r) == nil {
				t.Errorf("%s: the font lacks %c (%U)", language, r, r)
			}
		}
	}
	if first.of('中') != nil {
		t.Error("the test finds letters that are not there")
	}
}

func TestANameInAnotherScriptIsPrintedOrRefusedButNeverBoxes(t *testing.T) {
	b := newBench(t)
	for name, script := range map[string]string{
		"Élodie Bérard": "", "Ștefan Țuțuianu": "", "Γιώργος Ψαρράς": "", "Любомѝр Щърбанов": "", "დავით აღმაშენებელი": "", "Արամ Խաչատրյան": "",
		"E\u0301lodie": "", "Sean\u200cO’Neill": "", "דוד כהן": "",
		"محمد علي": "Arabic", "王小明": "Han", "राम कुमार": "Devanagari", "สมชาย": "Thai", "김민준": "Hangul",
	} {
		l := b.letter(t, "en", name)
		p, err := b.printer.Print(l)
		var refused *byhand.UnprintableError
		switch {
		case script == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case script == "" && len(p.PDF) == 0:
			t.Errorf("%s: no PDF", name)
		case script != "" && (!errors.As(err, &refused) || refused.Script != script):
			t.Errorf("%s: %v, want the script %s", name, err, script)
		case script != "" && strings.Contains(err.Error(), name):
			t.Errorf("the error holds the name: %v", err)
		}
	}
	if text := b.print(t, b.letter(t, "en", "E\u0301lodie")).text(); !strings.Contains(text, "Dear Élodie,") { // UAX #15
		t.Error("a letter and its accent are set apart")
	}
	l := b.letter(t, "en", "Ann 😀 Lee")
	var refused *byhand.UnprintableError
	if _, err := b.printer.Print(l); !errors.As(err, &refused) || refused.Where != "the address" {
		t.Errorf("a sign that no font has: %v", err)
	}
}

func TestANameFromTheRightStandsAsItIsReadAndTurnsNothingElse(t *testing.T) { // UAX #9
	b := newBench(t)
	r := b.print(t, b.letter(t, "en", "דוד כהן"))
	text := r.text()
	if !strings.Contains(text, "27 rue des Trois-Exemples") || !strings.Contains(text, "Our reference: K7M2-9QXT-4HBD") {
		t.Error("a name from the right has turned what stands around it")
	}
	var name []seen
	for _, w := range r.words()[0] {
		if fromRight(w.text) && w.bottom < firstTop {
			name = append(name, w)
		}
	}
	// Word by word, poppler gives the letters as they stand from the left.
	if len(name) != 2 || name[0].text != "ןהכ" || name[1].text != "דוד" || name[0].left > name[1].left {
		t.Errorf("the name stands as %+v", name)
	}
	for value, want := range map[string]string{
		"כהן":       "ןהכ",
		"דוד 12 אב": "בא 12 דוד",
		"Ann דוד":   "Ann דוד",
		"Ann":       "Ann",
	} {
		if got := turned(value); got != want {
			t.Errorf("%q is set as %q, not %q", value, got, want)
		}
	}
}

func TestHostileValuesAreBounded(t *testing.T) {
	b := newBench(t)
	for what, value := range map[string]string{
		"ten thousand letters": strings.Repeat("N", 10_000), "marks": "e" + strings.Repeat("\u0301", 5000), "turned": "evil\u202egnp.exe", "NUL": "A\x00B",
		"PDF": ") Tj ET (x) /JS (y)", "braces": "{page} \\( \\) % \r\n endobj",
	} {
		l := b.letter(t, "en", "Ann Lee")
		l.Text.Parts[0].Blocks[0].Runs = append(l.Text.Parts[0].Blocks[0].Runs, byhand.LetterRun{Text: value, Value: true})
		p, err := b.printer.Print(l)
		var refused *byhand.UnprintableError
		if errors.As(err, &refused) {
			continue // with a reason, and no box
		}
		if err != nil || p.Pages > 10 {
			t.Errorf("%s: %d pages, %v", what, p.Pages, err)
			continue
		}
		text := b.print(t, l).text()
		if !strings.Contains(squeezed(text), "DearAnnLee") || what == "PDF" && !strings.Contains(text, value) {
			t.Errorf("%s: the letter is torn", what)
		}
	}
	long := b.letter(t, "en", "Ann Lee")
	for range 3000 {
		long.Text.Parts[0].Blocks = append(long.Text.Parts[0].Blocks, byhand.LetterBlock{Kind: byhand.LetterParagraph, Runs: []byhand.LetterRun{{Text: "x"}}})
	}
	if _, err := b.printer.Print(long); !errors.Is(err, errLong) {
		t.Errorf("a letter without an end: %v", err)
	}
}

func TestALetterThatCannotBePrintedSaysWhy(t *testing.T) {
	b := newBench(t)
	good := b.letter(t, "en", "Ann Lee")
	for what, c := range map[string]struct {
		change func(*byhand.Letter)
		want   string
	}{
		"no date":               {func(l *byhand.Letter) { l.At = time.Time{} }, "its date"},
		"no text":               {func(l *byhand.Letter) { l.Text.Parts = nil }, "no text"},
		"no such window":        {func(l *byhand.Letter) { l.Window = "top" }, "left or right"},
		"no such size":          {func(l *byhand.Letter) { l.Size = "tiny" }, "normal or large"},
		"no country":            {func(l *byhand.Letter) { l.To.Country = "" }, "country"},
		"a country of no world": {func(l *byhand.Letter) { l.To.Country = "XX" }, "country"},
		"a line that is wide":   {func(l *byhand.Letter) { l.To.Street = []string{strings.Repeat("W", 40)} }, "street 1: it is wider than the window"},
		"a long sender": {func(l *byhand.Letter) {
			l.Sender = mailer.LetterSender{Name: strings.Repeat("Wide ", 40), Country: "FR"}
		}, "in the register"},
	} {
		l := good
		c.change(&l)
		if p, err := b.printer.Print(l); p.PDF != nil || err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "Ann") {
			t.Errorf("%s: %v, want %q", what, err, c.want)
		}
	}
}

func TestALetterAbroadNamesTheCountryInALanguageOfTheWay(t *testing.T) { // UPU
	b := newBench(t)
	for what, c := range map[string]struct{ from, to, want string }{
		"from France": {"FR", "DE", "ALLEMAGNE"}, "from Germany": {"DE", "FR", "FRANCE"}, "to Greece": {"DE", "GR", "GREECE"}, "at home": {"FR", "FR", ""},
	} {
		l := b.letter(t, "en", "Ann Lee")
		l.Sender = l.Text.Sender
		l.Sender.Country, l.To.Country, l.Window = c.from, c.to, mailer.WindowLeft
		address := ""
		for _, w := range b.print(t, l).words()[0] {
			if windows[mailer.WindowLeft].seen.holds(w.rectangle) {
				address += " " + w.text
			}
		}
		town := "Lyon"
		if c.to == "FR" {
			town = "LYON" // as its post asks for
		}
		if want := strings.TrimSpace("27 rue des Trois-Exemples 69002 " + town + " " + c.want); !strings.HasSuffix(address, want) {
			t.Errorf("%s: the window shows %q", what, address)
		}
	}
}
