package identity

import (
	"regexp"
	"strings"

	"golang.org/x/text/unicode/norm"
)

var (
	trunkZero = regexp.MustCompile(`\(\s*0\s*\)`) // +44 (0)20: the zero is dialled at home only
	extension = regexp.MustCompile(`(?i)\s*(ext|extension|x|#|;).*$`)
)

// Phone is a telephone number's form for comparing: a plus sign and its digits
// (ITU-T E.164), 00 in front being a plus sign as well. An extension is left
// out, for it is the switchboard's. Without a country code the digits come back and ok
// is false: they are somebody else's number in the next country.
func Phone(s string) (normal string, ok bool) {
	s = extension.ReplaceAllString(norm.NFKC.String(strings.TrimSpace(s)), "")
	s = strings.TrimPrefix(strings.TrimPrefix(s, "tel:"), "(")
	international := strings.HasPrefix(s, "+")
	if international || strings.HasPrefix(s, "00") {
		s = trunkZero.ReplaceAllString(s, "")
	}
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
	if rest, found := strings.CutPrefix(digits, "00"); found && !international {
		digits, international = rest, true
	}
	if !international || digits == "" {
		return digits, false
	}
	return "+" + digits, len(digits) >= 7 && len(digits) <= 15 && digits[0] != '0'
}
