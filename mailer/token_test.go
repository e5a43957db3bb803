package mailer

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func drawID(t *rapid.T, label string) ID {
	return ID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, label))
}

func TestATokenOpensItsOwnPurposeAndNoOther(t *testing.T) { // R3
	tokens := Tokens{NewKeyring()}
	rapid.Check(t, func(t *rapid.T) {
		l := Link{TokenNotice, drawID(t, "contact"), drawID(t, "delivery")}
		token := tokens.Make(l)
		if got, err := tokens.Open(token, TokenNotice); err != nil || got != l {
			t.Fatalf("opened %v, %v; want %v", got, err, l)
		}
		if _, err := tokens.Open(token, TokenObjection); err != ErrNoSuchLink {
			t.Fatalf("a notice token opened an objection: %v", err)
		}
		if len(token) > 100 || strings.ContainsAny(token, "+/=@ ") {
			t.Fatalf("token %q is not fit for an address", token)
		}
	})
}

func TestAChangedTokenOpensNothing(t *testing.T) { // R3
	tokens := Tokens{NewKeyring()}
	rapid.Check(t, func(t *rapid.T) {
		token := []byte(tokens.Make(Link{TokenObjection, drawID(t, "contact"), drawID(t, "delivery")}))
		at := rapid.IntRange(0, len(token)-1).Draw(t, "at")
		other := rapid.SampledFrom([]byte("abcABC019-_~é")).Draw(t, "other")
		if token[at] == other {
			return
		}
		token[at] = other
		if _, err := tokens.Open(string(token), TokenObjection); err != ErrNoSuchLink {
			t.Fatalf("a token with a changed character at %d was opened: %v", at, err)
		}
	})
}

func TestATokenWithALineBreakInItOpensNothing(t *testing.T) {
	tokens := Tokens{NewKeyring()}
	token := tokens.Make(Link{TokenNotice, NewID(time.Unix(1, 0)), NewID(time.Unix(2, 0))})
	for _, bad := range []string{token + "\n", token[:20] + "\r\n" + token[20:]} {
		if _, err := tokens.Open(bad, TokenNotice); err != ErrNoSuchLink {
			t.Errorf("%q was opened", bad)
		}
	}
}

func TestOldTokensAndEnvelopesOutliveARotation(t *testing.T) { // R3
	ring := NewKeyring()
	tokens := Tokens{ring}
	l := Link{TokenNotice, NewID(time.Unix(1, 0)), NewID(time.Unix(2, 0))}
	token, sender := tokens.Make(l), tokens.EnvelopeFrom(l.DeliveryID, "bounces.example")
	for _, p := range []KeyPurpose{TokenKey, EnvelopeKey} {
		if err := ring.Rotate(p); err != nil {
			t.Fatal(err)
		}
	}
	if tokens.Make(l) == token || tokens.EnvelopeFrom(l.DeliveryID, "bounces.example") == sender {
		t.Fatal("the newest key is not in use")
	}
	if got, err := tokens.Open(token, TokenNotice); err != nil || got != l {
		t.Fatalf("an old token gives %v, %v", got, err)
	}
	if got, err := tokens.OpenEnvelope(sender); err != nil || got != l.DeliveryID {
		t.Fatalf("an old envelope sender gives %v, %v", got, err)
	}
	if err := ring.Rotate(IdentityKey); err == nil {
		t.Fatal("the identity key was rotated: known people look like strangers")
	}
}

func TestAnEnvelopeSenderSurvivesFoldedCaseAndFitsItsLimit(t *testing.T) {
	tokens := Tokens{NewKeyring()}
	rapid.Check(t, func(t *rapid.T) {
		id := drawID(t, "delivery")
		sender := tokens.EnvelopeFrom(id, "bounces.example")
		local, _, _ := strings.Cut(sender, "@")
		if len(local) > 64 {
			t.Fatalf("the local part has %d octets, over the 64 of RFC 5321", len(local))
		}
		for _, s := range []string{sender, strings.ToUpper(sender)} {
			if got, err := tokens.OpenEnvelope(s); err != nil || got != id {
				t.Fatalf("%s gives %v, %v", s, got, err)
			}
		}
		if got, err := tokens.OpenEnvelope(EnvelopeID(sender)); err != nil || got != id { // as ENVID
			t.Fatalf("as ENVID it gives %v, %v", got, err)
		}
		forged := tokens.EnvelopeFrom(drawID(t, "another"), "bounces.example")
		mixed := local[:len(local)-12] + forged[len(local)-12:]
		if got, err := tokens.OpenEnvelope(mixed); err == nil && got == id && !strings.HasPrefix(forged, local) {
			t.Fatal("an envelope sender with another's MAC was opened")
		}
		if _, err := (Tokens{NewKeyring()}).OpenEnvelope(sender); !errors.Is(err, ErrForgedEnvelope) || !errors.Is(err, ErrNoSuchLink) {
			t.Fatalf("one that no key here made gives %v", err)
		}
		if _, err := tokens.OpenEnvelope(sender[:len(local)-3] + "@bounces.example"); err != ErrNoSuchLink {
			t.Fatalf("one that was cut off gives %v", err)
		}
	})
}

func TestACodeIsReadAsPeopleTypeIt(t *testing.T) {
	code := NewCode()
	for _, typed := range []string{code, strings.ToLower(code), strings.ReplaceAll(code, "-", ""), " " + strings.ReplaceAll(code, "-", " ") + " ",
		strings.NewReplacer("0", "o", "1", "l").Replace(code)} {
		if got, ok := ReadCode(typed); !ok || got != code {
			t.Errorf("%q is read as %q, %v; want %q", typed, got, ok, code)
		}
	}
	for _, bad := range []string{"", "K7M2", code + "0", "K7M2-9QXT-4HB!", "K7M2-9QXT-4HBü", strings.Repeat("-", 500)} {
		if got, ok := ReadCode(bad); ok {
			t.Errorf("%q is read as %q", bad, got)
		}
	}
}

func TestAKeyringSurvivesItsFile(t *testing.T) {
	ring := NewKeyring()
	if err := ring.Rotate(TokenKey); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(ring)
	if err != nil {
		t.Fatal(err)
	}
	again, err := ReadKeyring(b)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range KeyPurposes {
		if len(again.All(p)) != len(ring.All(p)) || string(again.Newest(p).Secret) != string(ring.Newest(p).Secret) || again.Newest(p).ID != ring.Newest(p).ID {
			t.Errorf("the keys for %s changed", p)
		}
	}
}

func TestABrokenKeyFileIsRefusedWithItsReason(t *testing.T) {
	for name, c := range map[string]struct{ body, want string }{
		"not JSON":              {"keys!", "not the JSON"},
		"a short key":           {`{"identity":[{"ID":"a","Secret":"QUJD"}]}`, "at least 32 bytes"},
		"a key id of two":       {`{"identity":[{"ID":"ab","Secret":"MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMw=="}]}`, "one character"},
		"a purpose without key": {`{"identity":[{"ID":"a","Secret":"MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMw=="}]}`, "no key for"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := ReadKeyring([]byte(c.body)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want a word of %q", err, c.want)
			}
		})
	}
}

func TestPartsOfAMACCannotBeShifted(t *testing.T) {
	k := NewKeyring().Newest(IdentityKey)
	if string(k.MAC([]byte("ab"), []byte("c"))) == string(k.MAC([]byte("a"), []byte("bc"))) {
		t.Fatal("two lists of parts have one MAC")
	}
}

func TestIDsSortByTheirTimeAndSurviveTheirText(t *testing.T) {
	a, b := NewID(time.UnixMilli(1000)), NewID(time.UnixMilli(2000))
	if a.String() >= b.String() {
		t.Fatalf("%s is not before %s", a, b)
	}
	got, err := ParseID(a.String())
	if err != nil || got != a {
		t.Fatalf("%v, %v", got, err)
	}
	for _, bad := range []string{"", "x", strings.Repeat("z", 36), a.String() + "0"} {
		if _, err := ParseID(bad); err == nil {
			t.Errorf("%q was taken for an id", bad)
		}
	}
}

func TestAKeyOfARingGivesTheMACsOfItsSecretHoweverOftenItIsAsked(t *testing.T) {
	ring := NewKeyring()
	k := ring.Newest(TokenKey)
	var askers sync.WaitGroup
	for a := range 4 {
		askers.Go(func() {
			for i := range 300 {
				parts := [][]byte{{byte(a)}, []byte(strconv.Itoa(i)), make([]byte, i%130)}
				fresh := hmac.New(sha256.New, k.Secret)
				for _, p := range parts {
					fmt.Fprintf(fresh, "%d:%s", len(p), p)
				}
				if got := k.MAC(parts...); !bytes.Equal(got, fresh.Sum(nil)) || !bytes.Equal(got, Key{ID: k.ID, Secret: k.Secret}.MAC(parts...)) {
					t.Errorf("asker %d, the %d. MAC is another one", a, i)
				}
			}
		})
	}
	askers.Wait()
}

func TestACodeThatIsCutShortIsNone(t *testing.T) {
	code := NewCode()
	if _, ok := ReadCode(code[:len(code)-1]); ok {
		t.Error("eleven characters were taken for twelve")
	}
}
