package sample

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"time"
)

var now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func TestTheSameSeedInventsTheSamePeople(t *testing.T) {
	a, b, other := Files(300, 1, now), Files(300, 1, now), Files(300, 2, now)
	for i := range a {
		if !bytes.Equal(a[i].Body, b[i].Body) {
			t.Errorf("%s differs between two runs", a[i].Name)
		}
		if bytes.Equal(a[i].Body, other[i].Body) {
			t.Errorf("%s is the same for another seed", a[i].Name)
		}
	}
}

func TestFewPeopleAreInventedToo(t *testing.T) {
	for n := -1; n <= 25; n++ {
		for _, f := range Files(n, 14, now) {
			if bytes.Count(f.Body, []byte("\n")) < 4 {
				t.Errorf("for %d people %s has no more than %q", n, f.Name, f.Body)
			}
		}
	}
}

func TestEveryAddressIsInAReservedDomain(t *testing.T) { // RFC 2606
	found := 0
	for _, f := range Files(1000, 14, now) {
		for _, address := range regexp.MustCompile(`@[\p{L}\d.-]+`).FindAllString(string(f.Body), -1) {
			found++
			if !strings.HasSuffix(address, ".example") && !regexp.MustCompile(`@example\.(com|org|net)$`).MatchString(address) {
				t.Errorf("%s holds an address at %s", f.Name, address)
			}
		}
	}
	if found < 900 {
		t.Fatalf("only %d addresses to look at", found)
	}
}

func TestTheSampleHasEveryCaseThatTheDemoShows(t *testing.T) {
	var all string
	for _, f := range Files(1000, 14, now) {
		all += string(f.Body)
	}
	for what, n := range map[string]int{
		"refuse-": 10, "greylist-": 20, "drop-": 5, "lost-answer-": 4, "1st-degree connections": 5, ",unknown\n": 5, "-partner": 1, "someone(at)": 1,
		",,,+33 1 99 00": 3, ",,,,,,": 3, "rue de l’Exemple": 50,
	} {
		if got := strings.Count(all, what); got < n {
			t.Errorf("%q stands %d times, want %d at least", what, got, n)
		}
	}
}
