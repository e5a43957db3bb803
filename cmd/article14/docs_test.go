package main

import (
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"article14/mailer"
	"article14/mailer/retain"
)

// TestTheDocsHaveEveryWord holds the tables of the docs against those of the code.
func TestTheDocsHaveEveryWord(t *testing.T) {
	states := page(t, "states.md")
	wordsAre(t, "alerts in operations.md", firstColumn(t, page(t, "operations.md"), "| kind | it is about |"), plain(mailer.AlertKinds))
	wordsAre(t, "states of a duty", firstColumn(t, states, "| state | meaning |\n|---|---|\n| open |"), plain(mailer.DutyStates))
	wordsAre(t, "states of a delivery", firstColumn(t, states, "| state | meaning |\n|---|---|\n| queued |"), plain(mailer.DeliveryStates))
	wordsAre(t, "reasons of blocked duties", firstColumn(t, states, "| reason | meaning | remedy |"),
		plain(slices.Concat(mailer.BlocksThatMayBeGone, mailer.BlocksAboutData)))
	wordsAre(t, "reasons of excused duties", firstColumn(t, states, "| reason | meaning | ends |"), plain([]mailer.ExcuseReason{mailer.ToldBefore, mailer.Exempted}))
	wordsAre(t, "reasons of erased duties", firstColumn(t, states, "| reason | meaning |\n|---|---|\n| informed |"),
		plain([]mailer.BlockReason{retain.ErasedInformed, retain.ErasedUnsure, retain.ErasedExcused, retain.ErasedUninformed}))
}

func TestTheDocsHaveEveryRoom(t *testing.T) {
	house := page(t, "architecture.md")
	for room := range imports(t, "../..") {
		name := strings.TrimPrefix(strings.TrimPrefix(roomOf(room), "internal/"), "mailer/") // a room's own parts are its own matter
		if !regexp.MustCompile(`(?m)^ *` + regexp.QuoteMeta(name) + `/ `).MatchString(house) {
			t.Errorf("docs/architecture.md does not say what %s is", room)
		}
	}
}

// TestTheDocsHaveEveryLibrary holds docs/dependencies.md against go.mod: whoever
// looks for licences finds all that we chose.
func TestTheDocsHaveEveryLibrary(t *testing.T) {
	mod, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	direct := regexp.MustCompile(`(?m)^(?:\t|tool )([a-z][^ \n]*\.[^ \n]+)(?: v[^ \n]+)?$`).FindAllStringSubmatch(string(mod), -1)
	if len(direct) < 20 {
		t.Fatalf("only %d requirements were found", len(direct))
	}
	libraries := page(t, "dependencies.md")
	for _, d := range direct {
		name := path.Base(regexp.MustCompile(`(/v\d+|/cmd/staticcheck)$`).ReplaceAllString(d[1], ""))
		if !regexp.MustCompile(`(?m)^\|[^|]*[ /]` + regexp.QuoteMeta(name) + `[ ,]`).MatchString(libraries) { // in the first column
			t.Errorf("docs/dependencies.md does not name %s, with why and its licence", d[1])
		}
	}
}

// TestEveryHomeIsLivedIn keeps the list of homes from outliving its libraries.
func TestEveryHomeIsLivedIn(t *testing.T) {
	arrows := imports(t, "../..")
	for library, rooms := range homes {
		for _, room := range rooms {
			if !slices.ContainsFunc(arrows[room], func(to string) bool { return to == library || strings.HasPrefix(to, library+"/") }) {
				t.Errorf("%s has a home in %s, which does not import it", library, room)
			}
		}
	}
}

func page(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile("../../docs/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// firstColumn gives the words in the first column of the table that begins so.
func firstColumn(t *testing.T, page, begins string) (words []string) {
	t.Helper()
	at := strings.Index(page, begins)
	if at < 0 {
		t.Fatalf("no table begins with %q", begins)
	}
	for i, line := range strings.Split(page[at:], "\n") {
		if !strings.HasPrefix(line, "|") {
			break
		}
		if i < 2 { // the heading and the line under it
			continue
		}
		for word := range strings.SplitSeq(strings.Split(line, "|")[1], ",") {
			words = append(words, strings.Trim(word, " `"))
		}
	}
	return words
}

func plain[S ~string](words []S) (out []string) {
	for _, w := range words {
		out = append(out, string(w))
	}
	return out
}

func wordsAre(t *testing.T, what string, documented, declared []string) {
	t.Helper()
	slices.Sort(documented)
	slices.Sort(declared)
	if len(declared) == 0 || !slices.Equal(documented, declared) {
		t.Errorf("%s: the docs have %q, the code %q", what, documented, declared)
	}
}
