package bounce

import (
	"regexp"
	"strings"
)

var (
	// wrote is the line above a quotation: "On 3 May 2026, Us <us@x> wrote:".
	wrote = regexp.MustCompile(`(?i)(?:wrote|writes|schrieb|schreibt|a écrit|écrivait|escribió|ha scritto|scrisse|escreveu|schreef|het volgende geschreven|skrev|pisze|napisał\S*|napsal\S*|napísal\S*|írta|a scris|kirjoitti|написа\S+|пише|έγραψε|yazdı|napisao|je napisal\S*|rašė|rakstīja|kirjutas)(?:\s[^:]{0,120})?:\s*$`)
	// outlook is the first line of the block of fields with which others quote.
	outlook = regexp.MustCompile(`(?i)^\*?(?:from|von|de|da|van|od|fra|från|feladó|lähettäjä|от|від|από|kimden|nuo|no|kelleltä|saatja|šalje)\*?\s*:\*?\s.*\S`)
	label   = regexp.MustCompile(`^\*?[\pL][\pL .\-]{0,24}\*?\s?:\*?\s`)
	rule    = regexp.MustCompile(`(?i)^\s*(?:[-_=]{5,}\s*$|-{2,}\s*\S.{0,60}\S?\s*-{2,}\s*$)`)
)

// unquoted is what an answer says, without what it quotes of ours. Lines that
// begin with > go, wherever they stand; what is quoted whole beneath the answer is
// cut off. If nothing is left then all of it is given: a reader too many beats an
// objection lost.
func unquoted(text string) string {
	lines := strings.Split(text, "\n")
	var out []string
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		quoted := strings.HasPrefix(strings.TrimSpace(line), ">")
		switch {
		case quoted:
			continue
		case wrote.MatchString(line) && len(line) < 300:
			if quotedSoon(lines[i+1:]) {
				out = withoutStart(out, line)
				continue
			}
			if spoken(out) {
				return joined(out)
			}
		case spoken(out) && quotesBelow(lines[i:]):
			return joined(out)
		}
		out = append(out, line)
	}
	if !spoken(out) {
		return strings.TrimSpace(text)
	}
	return joined(out)
}

// withoutStart takes the first half away of such a line that was broken in two: it
// has the date, and the second half has none.
func withoutStart(out []string, second string) []string {
	n := len(out)
	if n == 0 || strings.ContainsAny(second, "0123456789") || !strings.ContainsAny(out[n-1], "0123456789") {
		return out
	}
	return out[:n-1]
}

// quotedSoon tells whether lines marked with > follow.
func quotedSoon(lines []string) bool {
	for _, line := range lines[:min(len(lines), 4)] {
		if strings.HasPrefix(strings.TrimSpace(line), ">") {
			return true
		}
	}
	return false
}

// quotesBelow tells whether a whole message is quoted from here: by three or more
// lines of fields, or a rule with such beneath.
func quotesBelow(lines []string) bool {
	if rule.MatchString(lines[0]) {
		lines = lines[1:]
		for len(lines) > 0 && strings.TrimSpace(lines[0]) == "" {
			lines = lines[1:]
		}
	}
	if len(lines) == 0 || !outlook.MatchString(lines[0]) {
		return false
	}
	fields := 0
	for _, line := range lines[:min(len(lines), 8)] {
		if label.MatchString(line) {
			fields++
		}
	}
	return fields >= 3
}

func spoken(lines []string) bool { return strings.TrimSpace(strings.Join(lines, "")) != "" }

func joined(lines []string) string { return strings.TrimSpace(strings.Join(lines, "\n")) }
