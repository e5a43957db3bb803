package register

import (
	"errors"
	"strings"

	"article14/internal/address"
	"article14/internal/language"
)

// checkEmail takes one plain address in ASCII: it stands in headers, on pages
// and in letters, and every reader of those can type it.
func checkEmail(s string) (string, error) {
	a, err := address.Parse(s)
	bare := strings.EqualFold(a.Local()+"@"+a.Domain(), s)
	if err != nil || !bare || a.NeedsSMTPUTF8() {
		return "", errors.New("is no e-mail address; write it as privacy@example.org")
	}
	return s, nil
}

func checkCountry(s string) (string, error) {
	if code, ok := language.Country(s); !ok || code != s {
		return "", errors.New("is no country code; write two capital letters (ISO 3166-1), such as FR")
	}
	return s, nil
}

func checkLanguage(s string) (string, error) {
	if code, ok := language.Normalise(s); !ok || code != s {
		return "", errors.New("is no language code; write it as en, fr or de")
	}
	return s, nil
}
