package dkim

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"strings"
	"testing"
	"time"
)

func block(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func TestAKeyIsReadInTheFormsThatOpenSSLWrites(t *testing.T) {
	m := made()
	for what, c := range map[string]struct {
		text []byte
		want Algorithm
	}{
		"PKCS #8 RSA":                {pkcs8(t, m.rsa), RSA},
		"PKCS #1 RSA":                {block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(m.rsa.(*rsa.PrivateKey))), RSA},
		"PKCS #8 Ed25519":            {pkcs8(t, m.ed), Ed25519},
		"with words before and line": {append([]byte("Bag Attributes\n"), pkcs8(t, m.ed)...), Ed25519},
	} {
		if k, err := ParseKey("s1", time.Time{}, c.text); err != nil || k.Algorithm() != c.want || k.Name("x.example") != "s1._domainkey.x.example" {
			t.Errorf("%s: %v, %v", what, k.Algorithm(), err)
		}
	}
}

func TestAKeyThatNobodyShouldSignWithIsRefused(t *testing.T) { // RFC 8301
	t.Setenv("GODEBUG", "rsa1024min=0")
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := pkcs8(t, made().ed)
	for what, c := range map[string]struct {
		selector string
		text     []byte
		says     string
	}{
		"RSA of 1024 bits":                 {"s1", pkcs8(t, weak), "1024 bits"},
		"an elliptic curve":                {"s1", pkcs8(t, curve), "neither"},
		"one as openssl ecparam writes it": {"s1", block("EC PRIVATE KEY", []byte("x")), "neither"},
		"nothing":                          {"s1", nil, "PEM"},
		"a public key":                     {"s1", block("PUBLIC KEY", []byte("x")), "no private key"},
		"a key with password":              {"s1", block("ENCRYPTED PRIVATE KEY", []byte("x")), "password"},
		"broken PKCS #8":                   {"s1", block("PRIVATE KEY", []byte("x")), "cannot be read"},
		"broken PKCS #1":                   {"s1", block("RSA PRIVATE KEY", []byte("x")), "cannot be read"},
		"no selector":                      {"", good, "selector"},
		"a selector with tags":             {"s1; l=0", good, "selector"},
		"a selector with dots":             {"s1..x", good, "selector"},
		"a long selector":                  {strings.Repeat("s", 64), good, "selector"},
		"a selector with line":             {"s1\r\nX", good, "selector"},
	} {
		_, err := ParseKey(c.selector, time.Time{}, c.text)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestARecordIsOfTheKeyAndOfNoOther(t *testing.T) {
	m := made()
	public := func(k Key) []byte {
		_, p, _ := strings.Cut(k.Record(), "; p=")
		der, err := base64.StdEncoding.DecodeString(p)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	keys := []Key{key(t, "r1", "", m.rsa), key(t, "r2", "", m.rsa2), key(t, "e1", "", m.ed), key(t, "e2", "", m.ed2)}
	for i, k := range keys {
		for j, other := range keys {
			if k.Matches(public(other)) != (i == j) {
				t.Errorf("%s and the record of %s: %v", k.Selector, other.Selector, i != j)
			}
		}
		if k.Matches(nil) || k.Matches([]byte("x")) {
			t.Errorf("%s matches nothing at all", k.Selector)
		}
	}
	if bare := x509.MarshalPKCS1PublicKey(m.rsa.Public().(*rsa.PublicKey)); !keys[0].Matches(bare) || keys[1].Matches(bare) {
		t.Error("a record in the form of erratum 3017 is not read")
	}
	if len(m.ed.Public().(ed25519.PublicKey)) != len(public(keys[2])) {
		t.Error("the record of Ed25519 is not the bare key (RFC 8463, 4)")
	}
}
