package mailer

import (
	"crypto/hmac"
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// TokenPurpose is the one thing that a token's holder may do with it (R3).
type TokenPurpose byte

// Purposes of link tokens.
const (
	TokenNotice    TokenPurpose = 'n' // read the notice, ask for access
	TokenObjection TokenPurpose = 'o' // object
)

// ErrNoSuchLink is what every unknown, forged, foreign or mangled link or code
// gets: the same for all, so that none tells anything.
var ErrNoSuchLink = errors.New("no such link")

// Link is what a token stands for.
type Link struct {
	Purpose    TokenPurpose
	ContactID  ID
	DeliveryID ID
}

const tokenMAC = 16 // bytes: 128 bits of HMAC-SHA-256

// Tokens makes and opens link tokens and envelope senders. Both are derived
// from ids by MAC, so that nothing about them needs storing and a message can
// be made again byte for byte.
type Tokens struct {
	Keys *Keyring
}

// Make gives the token of a link: opaque, bound to one purpose, with the id of
// its key, without personal data. It lives as long as its key.
func (t Tokens) Make(l Link) string { return token(t.Keys.Newest(TokenKey), l) }

// Notice makes the tokens of a notice's links.
func (t Tokens) Notice(contact, delivery ID) LinkTokens {
	return noticeTokens(t.Keys.Newest(TokenKey), contact, delivery)
}

func noticeTokens(k Key, contact, delivery ID) LinkTokens {
	return LinkTokens{token(k, Link{TokenNotice, contact, delivery}), token(k, Link{TokenObjection, contact, delivery})}
}

// NoticeOf makes the tokens of a job's links, with the newest key on the first
// attempt, whose id is written into the values, and later with the same (E1).
func (t Tokens) NoticeOf(slots Slots, j Job) (LinkTokens, error) {
	if j.Slots == nil && slots[SlotTokenKey] == "" {
		slots[SlotTokenKey] = t.Keys.Newest(TokenKey).ID
	}
	k, err := t.linkKey(slots[SlotTokenKey]) // "": an older program stored the links themselves
	return noticeTokens(k, j.ContactID, j.DeliveryID), err
}

func token(k Key, l Link) string {
	body := tokenBody(l)
	text := append(make([]byte, 0, 100), k.ID...)
	return string(base64.RawURLEncoding.AppendEncode(text, append(body, tokenSum(k, body)...)))
}

// Open gives the link behind a token made for purpose, or ErrNoSuchLink.
func (t Tokens) Open(token string, purpose TokenPurpose) (Link, error) {
	if len(token) < 2 || len(token) > 100 || strings.ContainsAny(token, "\r\n") { // which base64 passes over
		return Link{}, ErrNoSuchLink
	}
	k, known := t.Keys.ByID(TokenKey, token[:1])
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token[1:])
	if !known || err != nil || len(raw) != 1+16+16+tokenMAC {
		return Link{}, ErrNoSuchLink
	}
	l := Link{Purpose: TokenPurpose(raw[0]), ContactID: ID(raw[1:17]), DeliveryID: ID(raw[17:33])}
	if !hmac.Equal(raw[33:], tokenSum(k, tokenBody(l))) || l.Purpose != purpose {
		return Link{}, ErrNoSuchLink
	}
	return l, nil
}

func tokenBody(l Link) []byte {
	b := make([]byte, 0, 1+16+16+tokenMAC)
	b = append(b, byte(l.Purpose))
	b = append(b, l.ContactID[:]...)
	return append(b, l.DeliveryID[:]...)
}

func tokenSum(k Key, body []byte) []byte { return k.MAC(linkPart, body)[:tokenMAC] }

// These keep the kinds of MACs apart.
var linkPart, envelopePart, answerPart = []byte("link"), []byte("envelope"), []byte("answer")

// lowerBase32 survives mail systems that fold the case of a local part.
var lowerBase32 = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// The letters that tell our addresses apart: where bounces go, and where answers do.
const (
	envelopePrefix = "b-"
	answerPrefix   = "a-"
)

// EnvelopeFrom is the envelope sender of a delivery: its id and a MAC, so that
// a bounce finds its delivery and a forged one does not. The local part is 47
// octets of lower-case base32, under the 64 of RFC 5321.
func (t Tokens) EnvelopeFrom(delivery ID, domain string) string {
	return sealed(t.Keys.Newest(EnvelopeKey), envelopePrefix, envelopePart, delivery, domain)
}

// AnswerTo is the Reply-To of a delivery, of the same form: whoever answers it is
// known to have had it. It is made with the key that the first attempt was, whose id
// stands in the values: a second attempt has the same bytes (E1). slots of a first attempt
// (again is false) are given the newest key's. It is "" without a domain.
func (t Tokens) AnswerTo(delivery ID, domain string, slots Slots, again bool) (string, error) {
	if domain == "" {
		return "", nil
	}
	if !again {
		slots[SlotAnswerKey] = t.Keys.Newest(EnvelopeKey).ID
	}
	k, known := t.Keys.ByID(EnvelopeKey, slots[SlotAnswerKey])
	if !known {
		return "", fmt.Errorf("the envelope key %q, which made the reply address of the first attempt, is not in the key file: put it back", slots[SlotAnswerKey])
	}
	return sealed(k, answerPrefix, answerPart, delivery, domain), nil
}

// sealed is an address whose local part is a delivery's id with a MAC.
func sealed(k Key, prefix string, part []byte, delivery ID, domain string) string {
	address := make([]byte, 0, 128)
	address = append(append(address, prefix...), k.ID...)
	address = lowerBase32.AppendEncode(address, append(delivery[:], sealedSum(k, part, delivery)...))
	return string(append(append(address, '@'), domain...))
}

// EnvelopeID is what the relay is told as ENVID (RFC 3461): the local part of
// the envelope sender, so that a report that quotes it proves as much as one that
// was sent to it.
func EnvelopeID(envelopeFrom string) string {
	local, _, _ := strings.Cut(envelopeFrom, "@")
	return local
}

// ErrForgedEnvelope says that something looks like an envelope sender of ours and
// its MAC is not: forged, mangled, or made with a key that is gone.
var ErrForgedEnvelope = fmt.Errorf("%w: it has the form of an envelope sender or a reply address, and no key here made it", ErrNoSuchLink)

// OpenEnvelope gives the delivery behind an envelope sender or an ENVID, in
// whatever case it came back; or ErrNoSuchLink, as ErrForgedEnvelope if it has
// the form of one.
func (t Tokens) OpenEnvelope(addr string) (ID, error) {
	return t.unseal(addr, envelopePrefix, envelopePart)
}

// OpenAnswer does the same for the address of an answer.
func (t Tokens) OpenAnswer(addr string) (ID, error) { return t.unseal(addr, answerPrefix, answerPart) }

func (t Tokens) unseal(addr, prefix string, part []byte) (ID, error) {
	body, ours := strings.CutPrefix(strings.ToLower(EnvelopeID(addr)), prefix)
	if !ours || len(body) < 2 || len(body) > 64 {
		return ID{}, ErrNoSuchLink
	}
	raw, err := lowerBase32.DecodeString(body[1:])
	if err != nil || len(raw) != 16+envelopeMAC {
		return ID{}, ErrNoSuchLink
	}
	k, known := t.Keys.ByID(EnvelopeKey, body[:1])
	id := ID(raw[:16])
	if !known || !hmac.Equal(raw[16:], sealedSum(k, part, id)) {
		return ID{}, ErrForgedEnvelope
	}
	return id, nil
}

const envelopeMAC = 11

func sealedSum(k Key, part []byte, delivery ID) []byte {
	return k.MAC(part, delivery[:])[:envelopeMAC]
}

// codeAlphabet has no letter that is taken for a digit or another letter
// (Crockford's base 32).
const codeAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// NewCode makes the short code that a reader types instead of clicking: twelve
// characters, 60 bits, in groups of four. Guessing it is as hopeless as the
// portal's rate limit is low.
func NewCode() string {
	b := make([]byte, 12)
	rand.Read(b)
	for i, c := range b {
		b[i] = codeAlphabet[c&31]
	}
	return string(b[:4]) + "-" + string(b[4:8]) + "-" + string(b[8:])
}

// ReadCode brings a code as people type it into the form of NewCode: any case,
// with or without hyphens and blanks, O for 0, I and L for 1.
func ReadCode(typed string) (string, bool) {
	var out []byte
	for _, r := range strings.ToUpper(strings.TrimSpace(typed)) {
		switch {
		case r == '-' || r == ' ' || r == '–':
			continue
		case r == 'O':
			r = '0'
		case r == 'I' || r == 'L':
			r = '1'
		}
		if r > 127 || !strings.ContainsRune(codeAlphabet, r) || len(out) == 12 {
			return "", false
		}
		out = append(out, byte(r))
	}
	if len(out) != 12 {
		return "", false
	}
	return string(out[:4]) + "-" + string(out[4:8]) + "-" + string(out[8:]), true
}
