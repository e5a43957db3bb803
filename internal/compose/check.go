package compose

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/net/html"

	"article14/internal/plain"
	"article14/mailer"
)

// check holds a skeleton against the rules that must hold for what goes out, and
// joins all that is wrong: with the language and the element of Article 14.
func check(reg *mailer.Register, act mailer.Activity, s skeleton, docs []document) error {
	var errs []error
	for _, d := range docs {
		found := append(checkPlaces(reg, act, s.key(), d), checkWords(reg, d)...)
		for _, err := range found {
			errs = append(errs, fmt.Errorf("%s: %w", d.language, err))
		}
	}
	errs = append(errs, checkSame(s), checkTags(s.HTML), checkLetter(s, docs))
	return errors.Join(errs...)
}

// checkPlaces looks at the document as each place has it: a mail, a page and a letter
// are each whole. What is wrong everywhere is said once.
func checkPlaces(reg *mailer.Register, act mailer.Activity, key mailer.SkeletonKey, d document) []error {
	var errs []error
	said := map[string]bool{}
	for _, place := range []places{inMail, inPage, inLetter} {
		there := d
		there.blocks = in(place, d.blocks)
		found := checkElements(reg, act, key, there)
		if key.Document == mailer.DocNotice && place != inPage { // whose form to object is the portal's own
			found = append(found, checkLayers(act, there)...)
		}
		for _, err := range found {
			if !said[err.Error()] {
				errs = append(errs, err)
			}
			said[err.Error()] = true
		}
	}
	return errs
}

// checkElements finds elements of Article 14 that are missing or empty (C1).
func checkElements(reg *mailer.Register, act mailer.Activity, key mailer.SkeletonKey, d document) []error {
	var errs []error
	if strings.TrimSpace(d.subject) == "" {
		errs = append(errs, errors.New("the subject is empty"))
	}
	given := map[string]bool{}
	for _, b := range d.blocks {
		if emptyBlock(b) {
			errs = append(errs, fmt.Errorf("%s: a block is empty", b.element))
			continue
		}
		if b.part == partWhole && b.kind != heading {
			given[b.element] = true
		}
	}
	if key.Document != mailer.DocNotice {
		return errs
	}
	for _, key := range neededElements(reg, act, mailer.FormDoubt(key.Form) != mailer.DoubtNone) {
		if !given[key] {
			errs = append(errs, fmt.Errorf("%s: the element is missing", key))
		}
	}
	return errs
}

// neededElements are those of Article 14(1) and (2) that a register calls for. No
// decision is taken about people whose data serve for their notice alone.
func neededElements(reg *mailer.Register, act mailer.Activity, narrow bool) []string {
	need := []string{"14.1.a", "14.1.c", "14.1.d", "14.2.a", "14.2.c", "14.2.e", "14.2.f"}
	for key, there := range map[string]bool{
		"14.1.b": reg.Controller.DPO != nil, "14.1.e": len(act.Recipients) > 0,
		"14.1.f": len(act.Transfers) > 0, "14.2.g": act.Automated != nil && !narrow,
	} {
		if there {
			need = append(need, key)
		}
	}
	for _, p := range act.Purposes {
		switch p.Basis {
		case mailer.LegitimateInterest:
			need = append(need, "14.2.b")
		case mailer.Consent:
			need = append(need, "14.2.d")
		}
	}
	slices.Sort(need)
	return slices.Compact(need)
}

func emptyBlock(b block) bool {
	switch b.kind {
	case rule:
		return false
	case callout:
		return len(b.children) == 0 || slices.ContainsFunc(b.children, emptyBlock)
	case list:
		return len(b.items) == 0 || slices.ContainsFunc(b.items, func(item []run) bool { return emptyRuns(item, false) })
	default:
		return emptyRuns(b.runs, b.element == "")
	}
}

// emptyRuns tells whether a line says nothing. Strong words alone say enough
// where no element is given; the beginning of one ("Why.") does not.
func emptyRuns(runs []run, strongCounts bool) bool {
	words := 0
	for _, r := range runs {
		if r.kind == slotRun {
			return false
		}
		if !r.strong || strongCounts {
			words += len(wordsOf(r.text))
		}
	}
	return words == 0
}

// checkLayers finds a notice whose first layer is not whole and on top (C4), or
// where objection does not stand in one block of its own (C5).
func checkLayers(act mailer.Activity, d document) []error {
	var errs []error
	first, boxes := map[string]bool{}, 0
	part := partFirst
	for _, b := range d.blocks {
		if part == partWhole && b.part != partWhole {
			errs = append(errs, errors.New("a part of the first layer stands beneath the whole notice (C4)"))
		}
		part = b.part
		if b.part == partFirst {
			first[b.element] = true
		}
		if b.kind == callout {
			boxes++
		}
	}
	for _, key := range []string{"14.1.a", "14.1.c", "14.1.d", "14.2.a", "14.2.e", "14.2.f"} {
		if !first[key] {
			errs = append(errs, fmt.Errorf("%s: the first layer lacks it (C4)", key))
		}
	}
	want := 0
	if slices.ContainsFunc(mailer.RightsFor(act), func(r mailer.RightInfo) bool { return r.Right == mailer.RightObjection }) {
		want = 1
	}
	if boxes != want {
		errs = append(errs, fmt.Errorf("objection stands in %d blocks of its own, and there must be %d (C5)", boxes, want))
	}
	return errs
}

// checkWords finds words of doubt about our own acts (P1) and phrases that say
// nothing (P3). What the register waives with a reason stands.
func checkWords(reg *mailer.Register, d document) []error {
	var errs []error
	for _, b := range d.blocks {
		for _, line := range lines(b) {
			doubts := slices.DeleteFunc(plain.Doubt(d.language, line), func(f plain.Finding) bool {
				_, waived := reg.Waived(line, f)
				return waived
			})
			for _, f := range append(doubts, plain.Refused(d.language, line)...) {
				errs = append(errs, fmt.Errorf("%s: %s: %q in %q: %s", b.element, f.Rule, f.Text, clip(f.Sentence), f.Why))
			}
		}
	}
	return errs
}

// lines are a block's texts without a person's values.
func lines(b block) []string {
	var out []string
	for _, runs := range append(b.items, b.runs) {
		var line strings.Builder
		for _, r := range runs {
			line.WriteString(r.text)
		}
		out = append(out, line.String())
	}
	for _, child := range b.children {
		out = append(out, lines(child)...)
	}
	return out
}

// checkSame holds the text part against the HTML part, as a reader sees it: the
// same words in the same order (P4).
func checkSame(s skeleton) error {
	seen, err := visible(s.HTML)
	if err != nil {
		return err
	}
	a, b := wordsOf(s.Text), wordsOf(seen)
	for i := range max(len(a), len(b)) {
		if i >= len(a) || i >= len(b) || a[i] != b[i] {
			return fmt.Errorf("text and HTML part differ (P4): %q and %q", around(a, i), around(b, i))
		}
	}
	return nil
}

// checkLetter holds the stored letter against what was written: it has the words of each
// block that belongs on paper and no others, and what stands in mail and letter alike
// has the words of the text part, in its order (P4).
func checkLetter(s skeleton, docs []document) error {
	if s.Letter == nil {
		if s.Document == mailer.DocNotice {
			return errors.New("the notice has no letter")
		}
		return nil
	}
	var onPaper, want []string
	for _, part := range s.Letter.Parts[1:] { // the first stands above all languages
		eachOf(part.Blocks, func(text *string) { onPaper = append(onPaper, plainWords(*text)...) })
	}
	inText := plainWords(s.Text)
	for _, d := range layers(docs) {
		for _, b := range d.blocks {
			if b.places == 0 {
				at := indexOf(inText, blockWords(b))
				if at < 0 {
					return fmt.Errorf("text part and letter differ (P4): the text part has not, or not here: %q", clip(strings.Join(blockWords(b), " ")))
				}
				inText = inText[at:]
			}
			if b.places == 0 || b.places&inLetter != 0 {
				want = append(want, blockWords(b)...)
			}
		}
	}
	for i := range max(len(onPaper), len(want)) {
		if i >= len(onPaper) || i >= len(want) || onPaper[i] != want[i] {
			return fmt.Errorf("the letter differs from what was written (P4): %q and %q", around(onPaper, i), around(want, i))
		}
	}
	return nil
}

// blockWords are those of a block and what stands in it.
func blockWords(b block) []string {
	words := plainWords(marked(b.runs))
	for _, item := range b.items {
		words = append(words, plainWords(marked(item))...)
	}
	for _, child := range b.children {
		words = append(words, blockWords(child)...)
	}
	return words
}

// optionalMarks begin and end optional parts; they are no words.
var optionalMarks = regexp.MustCompile(slotOpen + `[?/][^` + slotClose + `]*` + slotClose)

func plainWords(marked string) []string { return wordsOf(optionalMarks.ReplaceAllString(marked, " ")) }

// indexOf finds words in a row, and gives where they begin or -1.
func indexOf(words, row []string) int {
	for i := range len(words) - len(row) + 1 {
		if slices.Equal(words[i:i+len(row)], row) {
			return i
		}
	}
	return -1
}

func around(words []string, i int) string {
	return strings.Join(words[min(max(0, i-3), len(words)):min(i+4, len(words))], " ")
}

// visible is what a reader of the HTML sees, with the address after the label of
// each link that does not show it.
func visible(page string) (string, error) {
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		return "", err
	}
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		switch {
		case n.Type == html.TextNode:
			b.WriteString(n.Data)
		case n.Type == html.ElementNode && n.Data == "head":
			return
		}
		var label strings.Builder
		for child := range n.ChildNodes() {
			if child.Type == html.TextNode {
				label.WriteString(child.Data)
			}
			walk(child)
		}
		if n.Type != html.ElementNode {
			return
		}
		if n.Data != "bdi" && n.Data != "strong" && n.Data != "a" {
			b.WriteByte('\n') // blocks part words; what stands on a line does not
		}
		for _, a := range n.Attr {
			if a.Key == "href" && !showsItself(label.String(), a.Val) {
				b.WriteString(" " + a.Val)
			}
		}
	}
	walk(root)
	return b.String(), nil
}

// wordsOf splits a text at everything that is neither letter nor digit.
func wordsOf(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// voidTags have no end.
var voidTags = []string{"meta", "hr", "br"}

// checkTags finds tags that are not closed in order: with or without each
// optional part the page must hold together.
func checkTags(page string) error {
	var open []string
	part := 0 // how many tags were open where the optional part began
	z := html.NewTokenizer(strings.NewReader(page))
	for {
		switch t := z.Next(); t {
		case html.ErrorToken:
			if len(open) > 0 {
				return fmt.Errorf("the tags %v are not closed", open)
			}
			return nil
		case html.TextToken:
			for _, mark := range strings.Split(string(z.Raw()), slotOpen)[1:] {
				if mark[0] == '?' {
					part = len(open)
				}
				if mark[0] == '/' && len(open) != part {
					return errors.New("an optional part opens or closes a tag that the rest needs")
				}
			}
		case html.StartTagToken, html.EndTagToken:
			raw, _ := z.TagName()
			tag := string(raw)
			switch {
			case slices.Contains(voidTags, tag):
			case t == html.StartTagToken:
				open = append(open, tag)
			case len(open) == 0 || open[len(open)-1] != tag:
				return fmt.Errorf("</%s> closes what is not open", tag)
			default:
				open = open[:len(open)-1]
			}
		}
	}
}
