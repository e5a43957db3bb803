package mailer

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestACodeIsTheSameForASecondAttemptAndAnotherForAnotherMail(t *testing.T) { // R4, E1
	tokens := Tokens{Keys: NewKeyring()}
	at := time.Unix(1_800_000_000, 0)
	mine, other := NewID(at), NewID(at)
	digits, key, err := tokens.ProofCode(mine, "")
	if err != nil || len(digits) != 6 || strings.Trim(digits, "0123456789") != "" {
		t.Fatalf("%q, %v", digits, err)
	}
	if err := tokens.Keys.Rotate(TokenKey); err != nil {
		t.Fatal(err)
	}
	again, sameKey, err := tokens.ProofCode(mine, key)
	if err != nil || again != digits || sameKey != key {
		t.Errorf("after a rotation the code is %q of key %q, and was %q of %q: %v", again, sameKey, digits, key, err)
	}
	if !tokens.CheckProofCode(mine, key, digits) {
		t.Error("a mail's own code does not fit")
	}
	others := 0
	for range 20 { // two may be the same, once in a million
		if d, _, _ := tokens.ProofCode(NewID(at), key); d != digits {
			others++
		}
	}
	theirs, _, _ := tokens.ProofCode(other, key)
	if others < 19 || theirs != digits && tokens.CheckProofCode(other, key, digits) {
		t.Error("another mail's code fits")
	}
	fresh, newest, _ := tokens.ProofCode(mine, "")
	if newest == key || fresh != digits && tokens.CheckProofCode(mine, newest, digits) {
		t.Error("another key's code fits")
	}
}

func TestWithoutItsKeyNoCodeIsMadeAndNoneFits(t *testing.T) { // R4
	tokens := Tokens{Keys: NewKeyring()}
	id := NewID(time.Unix(1, 0))
	if _, _, err := tokens.ProofCode(id, "z"); err == nil || !strings.Contains(err.Error(), "put it back") {
		t.Errorf("a key that is not there: %v", err)
	}
	for _, key := range []string{"z", ""} {
		if tokens.CheckProofCode(id, key, "000000") {
			t.Errorf("with the key %q a code fits", key)
		}
	}
}

func TestSixDigitsAreReadAsPeopleTypeThem(t *testing.T) { // R4
	for typed, want := range map[string]string{
		"123456": "123456", "123 456": "123456", " 12-34-56 ": "123456", "123\u00a0456": "123456", "123\u2011456\n": "123456", "123.456": "123456",
		"１２３ ４５６": "123456", "١٢٣٤٥٦": "123456", "۱۲۳ ۴۵۶": "123456", "१२३४५६": "123456", "\u200e012345\u200f": "012345", "𝟗𝟎𝟏𝟐𝟑𝟒": "901234",
		"": "", "12345": "", "1234567": "", "12345a": "", "K7M2-9QXT-4HBD": "", "①②③④⑤⑥": "", "123456 7": "", "½23456": "",
	} {
		if got, ok := ReadProofCode(typed); ok != (want != "") || ok && got != want {
			t.Errorf("%q is read as %q, %v; want %q", typed, got, ok, want)
		}
	}
}

func TestWhateverIsTypedIsSixDigitsOrNoCode(t *testing.T) { // R4
	rapid.Check(t, func(t *rapid.T) {
		got, ok := ReadProofCode(rapid.String().Draw(t, "typed"))
		if ok && (len(got) != 6 || strings.Trim(got, "0123456789") != "") {
			t.Errorf("%q is taken for six digits", got)
		}
	})
}
