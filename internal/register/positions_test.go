package register

import (
	"strings"
	"testing"

	"article14/mailer/complete"
)

const placed = `controller:
  key: k
activities:
  - key: a
    purposes:
      - key: p
        basis: 6.1.f
        text: {en: Text}
    retention:
      period: P2Y
`

func TestAPathIsFoundWhereItsValueStandsOrWouldStand(t *testing.T) {
	_, p := parsed(t, []byte(placed))
	tests := map[string]struct {
		path         string
		line, column int
	}{
		"a value":                       {"activities[0].purposes[0].basis", 7, 16},
		"a value in a line with others": {"activities[0].purposes[0].text.en", 8, 20},
		"a list is found at its key":    {"activities[0].purposes", 5, 5},
		"a map is found at its key":     {"activities[0].retention", 9, 5},
		"a map in a list at its first":  {"activities[0].purposes[0]", 6, 9},
		"what is missing, around it":    {"activities[0].retention.limit", 9, 5},
		"and further around it":         {"activities[0].purposes[0].balancing_test.owner", 6, 9},
		"a key with dots in it":         {"controller.not_applicable.14.1.b", 1, 1},
		"a list that is missing":        {"sources[3].name.en", 1, 1},
		"nothing at all":                {"", 1, 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			line, column, excerpt := p.Find(tt.path)
			if line != tt.line || column != tt.column {
				t.Errorf("found at %d:%d, want %d:%d", line, column, tt.line, tt.column)
			}
			lines := strings.Split(placed, "\n")
			if !strings.Contains(excerpt, "| "+lines[tt.line-1]+"\n") {
				t.Errorf("the excerpt lacks the line:\n%s", excerpt)
			}
		})
	}
}

func TestAReportShowsFindingsAtTheirPlacesInTheOrderOfTheFile(t *testing.T) {
	_, p := parsed(t, []byte(placed))
	got := Report([]complete.Finding{
		{Key: "14.2.a", Rule: "T1b", Path: "activities[0].retention.limit", Message: "the limit is missing"},
		{Key: "14.1.c", Rule: "P1", Path: "activities[0].purposes[0].text.en", Language: "en", Message: "in doubt", Warning: true},
		{Key: "D10", Rule: "D10", Path: "controller.time_zone", Message: "the zone is missing"},
	}, p)
	want := `register.yaml:1:1: controller.time_zone: D10: the zone is missing
>    1 | controller:
       | ^
register.yaml:8:20: activities[0].purposes[0].text.en: warning, 14.1.c (P1), en: in doubt
     6 |       - key: p
     7 |         basis: 6.1.f
>    8 |         text: {en: Text}
       |                    ^
register.yaml:9:5: activities[0].retention.limit: 14.2.a (T1b): the limit is missing
     7 |         basis: 6.1.f
     8 |         text: {en: Text}
>    9 |     retention:
       |     ^
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestAnExcerptIsShortAndMovesNoCursor(t *testing.T) {
	_, _, err := Parse("r.yaml", []byte(small("  name: \"\x1b[31m"+strings.Repeat("x", 1000)+"\"")))
	if err == nil || strings.Contains(err.Error(), "\x1b") || len(err.Error()) > 600 ||
		!strings.Contains(err.Error(), "x...\n") {
		t.Errorf("got %q", err)
	}
}
