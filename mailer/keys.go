package mailer

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"strconv"
	"sync"
)

// KeyPurpose is what a key is for; no key serves two.
type KeyPurpose string

// Purposes of keys. The identity key is never rotated: with another one, known
// people would look like strangers. The others are, newest first, and old ones
// go on opening what they made.
const (
	IdentityKey KeyPurpose = "identity" // identifiers, and the suppressions of them
	TokenKey    KeyPurpose = "token"
	EnvelopeKey KeyPurpose = "envelope"
)

// KeyPurposes lists them.
var KeyPurposes = []KeyPurpose{IdentityKey, TokenKey, EnvelopeKey}

// Key is a secret with the id that every hash and token made with it carries:
// one character of a-z or 2-7, so that it fits into any of them.
type Key struct {
	ID     string
	Secret []byte
	macs   *sync.Pool // of *macState, for a key of a ring
}

func newKey(id string, secret []byte) Key {
	return Key{ID: id, Secret: secret, macs: &sync.Pool{New: func() any { return newMACState(secret) }}}
}

// macState is a MAC that serves again and again: what depends on the key alone is
// worked out once.
type macState struct {
	hash.Hash
	length [20]byte
}

func newMACState(secret []byte) *macState { return &macState{Hash: hmac.New(sha256.New, secret)} }

// MAC is HMAC-SHA-256 over the parts, each with its length before it, so that
// no two lists of parts give the same input.
func (k Key) MAC(parts ...[]byte) []byte {
	var m *macState
	if k.macs == nil {
		m = newMACState(k.Secret)
	} else {
		m = k.macs.Get().(*macState)
		defer k.macs.Put(m)
		m.Reset()
	}
	for _, p := range parts {
		m.Write(append(strconv.AppendInt(m.length[:0], int64(len(p)), 10), ':'))
		m.Write(p)
	}
	return m.Sum(nil)
}

// Fingerprint tells keys apart without giving them away.
func (k Key) Fingerprint() []byte {
	return k.MAC([]byte("article14 key fingerprint"))[:16]
}

// Keyring holds the keys by purpose, the newest first.
type Keyring struct {
	keys map[KeyPurpose][]Key
}

// NewKeyring makes a ring of fresh random keys.
func NewKeyring() *Keyring {
	r := &Keyring{keys: map[KeyPurpose][]Key{}}
	for _, p := range KeyPurposes {
		r.keys[p] = []Key{newKey("a", newSecret())}
	}
	return r
}

// ReadKeyring reads the JSON that MarshalJSON writes.
func ReadKeyring(b []byte) (*Keyring, error) {
	var file map[KeyPurpose][]struct{ ID, Secret string }
	if err := json.Unmarshal(b, &file); err != nil {
		return nil, fmt.Errorf("the key file is not the JSON that article14 writes: %w", err)
	}
	r := &Keyring{keys: map[KeyPurpose][]Key{}}
	for _, p := range KeyPurposes {
		for _, k := range file[p] {
			secret, err := base64.StdEncoding.DecodeString(k.Secret)
			if err != nil || len(secret) < 32 {
				return nil, fmt.Errorf("the key file: key %q for %s is not base64 of at least 32 bytes", k.ID, p)
			}
			if len(k.ID) != 1 || !validKeyID(k.ID[0]) {
				return nil, fmt.Errorf("the key file: key id %q for %s is not one character of a-z or 2-7", k.ID, p)
			}
			r.keys[p] = append(r.keys[p], newKey(k.ID, secret))
		}
		if len(r.keys[p]) == 0 {
			return nil, fmt.Errorf("the key file has no key for %s", p)
		}
	}
	if len(r.keys[IdentityKey]) != 1 {
		return nil, errors.New("the key file has more than one identity key; identity keys are never rotated")
	}
	return r, nil
}

func validKeyID(c byte) bool { return c >= 'a' && c <= 'z' || c >= '2' && c <= '7' }

// MarshalJSON writes the ring to be kept in a file of mode 0600.
func (r *Keyring) MarshalJSON() ([]byte, error) {
	type key struct{ ID, Secret string }
	file := map[KeyPurpose][]key{}
	for p, ks := range r.keys {
		for _, k := range ks {
			file[p] = append(file[p], key{k.ID, base64.StdEncoding.EncodeToString(k.Secret)})
		}
	}
	return json.MarshalIndent(file, "", "  ")
}

// Newest is the key that makes new things for a purpose.
func (r *Keyring) Newest(p KeyPurpose) Key { return r.keys[p][0] }

// All gives every key of a purpose, the newest first.
func (r *Keyring) All(p KeyPurpose) []Key { return r.keys[p] }

// ByID finds the key that made something.
func (r *Keyring) ByID(p KeyPurpose, id string) (Key, bool) {
	for _, k := range r.keys[p] {
		if k.ID == id {
			return k, true
		}
	}
	return Key{}, false
}

// Rotate puts a fresh key in front for a purpose other than identity.
func (r *Keyring) Rotate(p KeyPurpose) error {
	if p == IdentityKey {
		return errors.New("identity keys are never rotated: known people would look like strangers")
	}
	const ids = "abcdefghijklmnopqrstuvwxyz234567"
	for i := range len(ids) {
		id := ids[i : i+1]
		if _, taken := r.ByID(p, id); taken {
			continue
		}
		r.keys[p] = append([]Key{newKey(id, newSecret())}, r.keys[p]...)
		return nil
	}
	return fmt.Errorf("all %d key ids for %s are in use", len(ids), p)
}

func newSecret() []byte {
	secret := make([]byte, 32)
	rand.Read(secret)
	return secret
}
