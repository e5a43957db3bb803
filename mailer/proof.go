package mailer

import (
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"unicode"
)

// proofDigits is how many a code has. It is short enough to be read on one screen and
// typed on another; that it is tried five times and for an hour makes up for it.
const (
	proofDigits = 6
	proofMod    = 1_000_000
)

var proofPart = []byte("proof")

// ProofCode gives the six digits that prove control of the mailbox which a delivery went
// to (R4), and the id of the key that made them. They are derived, so that they are
// stored nowhere and a second attempt has the same (E1). With keyID "" the newest key
// makes them.
func (t Tokens) ProofCode(delivery ID, keyID string) (digits, madeBy string, err error) {
	k, err := t.linkKey(keyID)
	if err != nil {
		return "", "", err
	}
	return proofOf(k, delivery), k.ID, nil
}

// linkKey is a token key by its id; with "" the newest.
func (t Tokens) linkKey(id string) (Key, error) {
	if id == "" {
		return t.Keys.Newest(TokenKey), nil
	}
	k, known := t.Keys.ByID(TokenKey, id)
	if !known {
		return Key{}, fmt.Errorf("the token key %q, which made the links and the code of the first attempt, is not in the key file: put it back", id)
	}
	return k, nil
}

// proofOf takes 64 bits: what the remainder favours is less than one part in 10^13.
func proofOf(k Key, delivery ID) string {
	sum := k.MAC(proofPart, delivery[:])
	return fmt.Sprintf("%0*d", proofDigits, binary.BigEndian.Uint64(sum)%proofMod)
}

// CheckProofCode tells whether typed are the digits of a delivery's code, made with that
// key. It takes as long whatever they are. Whoever asks counts the tries.
func (t Tokens) CheckProofCode(delivery ID, keyID, typed string) bool {
	k, known := t.Keys.ByID(TokenKey, keyID)
	digits, read := ReadProofCode(typed)
	if !known || !read {
		return false
	}
	return subtle.ConstantTimeCompare([]byte(digits), []byte(proofOf(k, delivery))) == 1
}

// ReadProofCode brings six digits as people type them into one form: with blanks, hyphens
// or dots between them, full-width, or of any other script that has ten digits.
func ReadProofCode(typed string) (digits string, ok bool) {
	var out []byte
	for _, r := range typed {
		switch {
		case unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) || unicode.Is(unicode.Cf, r) || r == '.' || r == '\u00b7':
			continue
		case !unicode.IsDigit(r) || len(out) == proofDigits:
			return "", false
		}
		out = append(out, '0'+digitOf(r))
	}
	return string(out), len(out) == proofDigits
}

// digitOf is the worth of a decimal digit: those of a script stand in a row of ten, from
// zero on, and each range of the table begins with a zero (Unicode, 4.6).
func digitOf(r rune) byte {
	for _, ten := range unicode.Nd.R16 {
		if rune(ten.Lo) <= r && r <= rune(ten.Hi) {
			return byte((r - rune(ten.Lo)) % 10)
		}
	}
	for _, ten := range unicode.Nd.R32 {
		if rune(ten.Lo) <= r && r <= rune(ten.Hi) {
			return byte((r - rune(ten.Lo)) % 10)
		}
	}
	return 0
}
