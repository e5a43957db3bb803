package compose

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"article14/mailer"
)

// TestAnApprovedTextGivesTheBytesThatItAlwaysGave composes stored skeletons with
// stored values and holds every message against the hash of the bytes that an
// earlier version of this program made of them. A second attempt is refused where
// its bytes differ from the first one's, which an older program may have made: so
// bytes.sums is never written anew. A new line is added from what the test prints.
func TestAnApprovedTextGivesTheBytesThatItAlwaysGave(t *testing.T) { // E1, C8
	want := sumsIn(t, "bytes.sums")
	c := newComposer(t)
	seen := 0
	for _, skeleton := range []string{"notice.en", "notice.fr+de", "mixed.de", "access_receipt.fr", "answer.de", "code.fr"} {
		body, err := os.ReadFile(filepath.Join("testdata", "approved", skeleton+".json"))
		if err != nil {
			t.Fatal(err)
		}
		for what, slots := range storedSlots() {
			for _, variant := range []string{"plain", "one click", "test"} {
				h := sampleHeaders()
				h.Test, h.Tokens, h.ProofCode = variant == "test", mailer.LinkTokens{}, "048213"
				if variant == "one click" {
					h.Tokens = mailer.LinkTokens{Notice: storedToken, Objection: storedToken}
				}
				name := fmt.Sprintf("%s, %s, %s", skeleton, what, variant)
				seen++
				if got := sumOf(t, c, body, slots, h); got != want[name] {
					t.Errorf("other bytes than ever before; a new line would be\n%s %s", got, name)
				}
				if variant == "one click" && sumOf(t, c, body, withoutLinks(slots), h) != want[name] {
					t.Errorf("%s: links that are made again are others than those that were stored", name)
				}
			}
		}
	}
	if seen != len(want) {
		t.Errorf("there are %d messages and %d sums", seen, len(want))
	}
}

// sumsIn gives the hashes of a file by what they are of, as sha256sum writes them.
func sumsIn(t *testing.T, name string) map[string]string {
	t.Helper()
	file, err := os.ReadFile(filepath.Join("testdata", "approved", name))
	if err != nil {
		t.Fatal(err)
	}
	sums := map[string]string{}
	for line := range strings.Lines(string(file)) {
		sum, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		sums[name] = sum
	}
	return sums
}

// sumOf hashes a message with its envelope, and the pages that show the same values.
func sumOf(t *testing.T, c *Composer, body []byte, slots mailer.Slots, h mailer.Headers) string {
	t.Helper()
	m, err := c.Compose(stored(body), slots, h)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.New()
	fmt.Fprintf(sum, "%s\n%s\n%s\n%v\n%s", m.EnvelopeFrom, m.To, m.EnvelopeID, m.UTF8, m.Bytes)
	for _, language := range []string{"en", "fr", "de"} {
		if page, err := c.Page(stored(body), slots, language); err == nil {
			fmt.Fprintf(sum, "\n%s\n%s\n%s", page.Dir, page.Title, page.HTML)
		}
	}
	return fmt.Sprintf("%x", sum.Sum(nil))
}

// storedSlots are values as they may lie in a database: everybody's, somebody's of
// whom little is known, and the hard cases in every place that takes a text.
//
// The links are among them, as programs did it that stored tokens.
func storedSlots() map[string]mailer.Slots {
	const base = "https://privacy.nordlicht.example"
	links := mailer.Slots{
		"code": "K7M2-9QXT-4HBD", noticeURL: base + "/n/" + storedToken, choicesURL: base + "/n/" + storedToken + "#choices",
		objectURL: base + "/o/" + storedToken, "authority_site": "https://www.cnil.example/fr?a=1&b=2", "authority_address": "3 place de Fontenoy, 75334 Paris",
	}
	texts := mailer.Slots{"name": "Élodie Bérard"}
	for _, l := range []string{"en", "fr", "de"} {
		maps.Copy(texts, mailer.Slots{
			"authority." + l: "Commission Nationale de l’Informatique et des Libertés", "date." + l: "21 novembre 2026", "done." + l: "1er novembre 2026",
			"answer_by." + l: "1er décembre 2026", "retention_end." + l: "3 November 2028", "notice_only_end." + l: "21. Dezember 2026",
			"obtained.whois." + l: "3 November 2026", "obtained.linkedin." + l: "3. November 2026",
		})
	}
	texts[teamText], texts["asked.de"] = teamsWords["de"], "eine Frage zu beantworten"
	texts["page.whois"], texts["page.linkedin"] = "whois.example/in/elodie-berard", "linkedin.example/in/elodie-berard"
	onTime := mailer.Slots{"deadline.en": "4 December 2026", "deadline.fr": "4 décembre 2026", "deadline.de": "4. Dezember 2026", "start_known": on, "why_month": on}
	late := mailer.Slots{"due_date.en": "4 December 2025", "due_date.fr": "4 décembre 2025", "due_date.de": "4. Dezember 2025",
		"start_unknown": on, "why_purpose": on, "new_purpose.quality": on}

	out := map[string]mailer.Slots{"everybody": joined(links, texts, onTime), "late, for a purpose": joined(links, texts, late)}
	unknown := joined(links, texts, mailer.Slots{"no_name": on, "obtained_unknown.whois": on, "obtained_unknown.linkedin": on, "late_unknown": on, "start_unknown": on})
	maps.DeleteFunc(unknown, func(name, _ string) bool {
		return name == "name" || strings.HasPrefix(name, "page.") || strings.HasPrefix(name, "obtained.") || name == "authority_address" || name == authoritySite
	})
	out["little is known"] = unknown
	for what, value := range hardNames {
		hard := maps.Clone(texts)
		for name := range hard {
			hard[name] = value
		}
		out[what] = joined(links, hard, onTime)
	}
	for _, n := range slices.Concat([]int{1, 2, 3}, []int{70, 71, 72, 73, 74, 75, 76, 77, 150, 199, 200, 201}) { // about the ends of lines and of values
		out[fmt.Sprintf("%d letters", n)] = joined(links, texts, onTime, mailer.Slots{"name": strings.Repeat("N", n), "page.whois": strings.Repeat("é.", n)})
	}
	return out
}

const storedToken = "abgGS8MEjRXAAgAAAAAAAAAABktLwwSNFcACAAAAAAAAAAGVfQ3ZpYmxlLXNlY3JldC1tYWMt-_9"

// withoutLinks are the values as they are stored now.
func withoutLinks(slots mailer.Slots) mailer.Slots {
	slots = maps.Clone(slots)
	for _, name := range []string{noticeURL, choicesURL, objectURL} {
		delete(slots, name)
	}
	return slots
}

func joined(all ...mailer.Slots) mailer.Slots {
	out := mailer.Slots{}
	for _, s := range all {
		maps.Copy(out, s)
	}
	return out
}

// TestAnApprovedLetterSaysWhatItAlwaysSaid does the same for letters: every word, its place,
// and which are strong. The stored skeleton was approved by the
// first program that wrote letters.
func TestAnApprovedLetterSaysWhatItAlwaysSaid(t *testing.T) { // E1, C8
	body, err := os.ReadFile(filepath.Join("testdata", "approved", "letter.fr+de.json"))
	if err != nil {
		t.Fatal(err)
	}
	want := sumsIn(t, "letters.sums")
	c, seen := newComposer(t), 0
	for what, slots := range storedSlots() {
		for _, test := range []bool{false, true} {
			l, err := c.Letter(stored(body), slots, test)
			if err != nil {
				t.Fatal(err)
			}
			name := fmt.Sprintf("letter.fr+de, %s, test %v", what, test)
			seen++
			if got := fmt.Sprintf("%x", sha256.Sum256([]byte(letterWords(l)))); got != want[name] {
				t.Errorf("other words than ever before; a new line would be\n%s %s", got, name)
			}
		}
	}
	if seen != len(want) {
		t.Errorf("there are %d letters and %d sums", seen, len(want))
	}
}
