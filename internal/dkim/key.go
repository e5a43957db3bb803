package dkim

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Algorithm is how a key signs, as a= of a signature names it.
type Algorithm string

// Algorithms.
const (
	RSA     Algorithm = "rsa-sha256"
	Ed25519 Algorithm = "ed25519-sha256"
)

// Strength of RSA. A receiver need not check signatures of longer keys (RFC 8301, 3.2),
// and each of them costs eight times as much.
const (
	minRSABits = 2048
	maxRSABits = 4096
)

// Key is a private key under the selector that its public half is published by.
type Key struct {
	Selector  string
	Begins    time.Time // what is dated before is not signed with it; zero: always
	algorithm Algorithm
	private   crypto.Signer
}

// ParseKey reads a private key: PEM of PKCS #8 or PKCS #1, as openssl writes it.
// Errors hold nothing of the key.
func ParseKey(selector string, begins time.Time, text []byte) (Key, error) {
	if !validDomain(selector) {
		return Key{}, fmt.Errorf("the selector %q cannot stand in DNS: letters, digits and hyphens, parted by dots", selector)
	}
	private, err := parsePrivate(text)
	if err != nil {
		return Key{}, fmt.Errorf("the DKIM key of selector %s: %w", selector, err)
	}
	k := Key{Selector: selector, Begins: begins, algorithm: Ed25519, private: private}
	if key, ok := private.(*rsa.PrivateKey); ok {
		k.algorithm = RSA
		if bits := key.N.BitLen(); bits < minRSABits || bits > maxRSABits {
			return Key{}, fmt.Errorf("the DKIM key of selector %s is RSA of %d bits: make one of %d to %d (RFC 8301)", selector, bits, minRSABits, maxRSABits)
		}
	}
	return k, nil
}

var errOtherKind = errors.New("DKIM knows RSA and Ed25519 (RFC 6376, 8463), and this key is neither")

func parsePrivate(text []byte) (crypto.Signer, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("the file has no key in PEM form: make one with 'openssl genpkey'")
	}
	switch block.Type {
	case "RSA PRIVATE KEY":
		key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
		if err != nil {
			return nil, errors.New("the RSA key cannot be read; with a password it cannot be used")
		}
		return key, nil
	case "PRIVATE KEY":
		key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			return nil, errors.New("the key cannot be read")
		}
		switch key := key.(type) {
		case *rsa.PrivateKey:
			return key, nil
		case ed25519.PrivateKey:
			return key, nil
		}
		return nil, errOtherKind
	case "ENCRYPTED PRIVATE KEY":
		return nil, errors.New("the key has a password: store it without one, in a file that only the service can read")
	}
	if strings.HasSuffix(block.Type, " PRIVATE KEY") {
		return nil, errOtherKind
	}
	return nil, fmt.Errorf("the file has %q, and no private key", block.Type)
}

// Algorithm is what the key signs by.
func (k Key) Algorithm() Algorithm { return k.algorithm }

// Name is where the public key is looked up in DNS (RFC 6376, 3.6.2.1).
func (k Key) Name(domain string) string { return k.Selector + "._domainkey." + domain }

// Record is the TXT record to publish (RFC 6376, 3.6.1; RFC 8463, 4).
func (k Key) Record() string {
	kind, public := "rsa", []byte(nil)
	switch key := k.private.Public().(type) {
	case ed25519.PublicKey:
		kind, public = "ed25519", key
	case *rsa.PublicKey:
		public, _ = x509.MarshalPKIXPublicKey(key) // it fails for kinds of key that it does not know alone
	}
	return "v=DKIM1; k=" + kind + "; p=" + base64.StdEncoding.EncodeToString(public)
}

// Matches tells whether a published key, the octets of p=, is the public half.
func (k Key) Matches(published []byte) bool {
	switch own := k.private.Public().(type) {
	case ed25519.PublicKey:
		return own.Equal(ed25519.PublicKey(published))
	case *rsa.PublicKey:
		if key, err := x509.ParsePKIXPublicKey(published); err == nil {
			return own.Equal(key)
		}
		key, err := x509.ParsePKCS1PublicKey(published) // RFC 6376, erratum 3017
		return err == nil && own.Equal(key)
	}
	return false
}

// sign signs a SHA-256 hash (RFC 6376, 3.3.2; RFC 8463, 3). The same hash gives the
// same signature.
func (k Key) sign(hash []byte) ([]byte, error) {
	if key, ok := k.private.(*rsa.PrivateKey); ok {
		return rsa.SignPKCS1v15(nil, key, crypto.SHA256, hash)
	}
	return ed25519.Sign(k.private.(ed25519.PrivateKey), hash), nil // ParseKey makes no other
}

// validDomain tells whether a name can stand in d= and s= (RFC 6376, 3.5): as DNS
// has it, in ASCII.
func validDomain(name string) bool {
	if len(name) > 253 {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if len(label) < 1 || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, c := range []byte(label) {
			if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' {
				return false
			}
		}
	}
	return true
}
