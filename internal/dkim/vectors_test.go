package dkim

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"
)

// dinner is the message of RFC 8463, appendix A.3, and its two signatures.
const dinner = `From: Joe SixPack <joe@football.example.com>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready?
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
Message-ID: <20030712040037.46341.5F8J@football.example.com>

Hi.

We lost the game.  Are you hungry yet?

Joe.
`

const dinnerSigned = `DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=brisbane; t=1528637909; h=from : to :
 subject : date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=`

const dinnerSignature = "/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11BusFa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw=="

// The secret and public keys of RFC 8463, appendix A.1 and A.2.
const (
	brisbaneSecret = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="
	brisbaneRecord = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
)

func brisbane(t *testing.T) Key {
	seed, err := base64.StdEncoding.DecodeString(brisbaneSecret)
	if err != nil {
		t.Fatal(err)
	}
	return Key{Selector: "brisbane", algorithm: Ed25519, private: ed25519.NewKeyFromSeed(seed)}
}

// The signature of RFC 8463's example comes out to the bit: canonical header and
// body, what is hashed, and what is signed are as the RFC has them.
func TestTheExampleOfRFC8463IsSignedAsThere(t *testing.T) {
	key := brisbane(t)
	if got := key.Record(); got != brisbaneRecord {
		t.Errorf("the record is %s", got)
	}
	fields, body := cutMessage([]byte(dinner))
	sum := sha256.Sum256(appendBody(nil, body))
	if got := base64.StdEncoding.EncodeToString(sum[:]); got != "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=" {
		t.Errorf("bh=%s", got)
	}
	var signed []byte
	for _, f := range fields { // once each; those named a second time are not there
		signed = appendField(signed, f.name, f.value)
	}
	name, value, _ := strings.Cut(dinnerSigned, ":")
	signed = bytes.TrimSuffix(appendField(signed, []byte(name), []byte(value)), []byte("\r\n"))
	hash := sha256.Sum256(signed)
	signature, err := key.sign(hash[:])
	if got := base64.StdEncoding.EncodeToString(signature); err != nil || got != dinnerSignature {
		t.Errorf("b=%s, %v", got, err)
	}
}

// The example of RFC 6376, 3.4.5.
func TestTheExampleOfRFC6376IsRelaxedAsThere(t *testing.T) {
	fields, body := cutMessage([]byte("A: X\r\nB : Y\t\r\n\tZ  \r\n\r\n C \r\nD \t E\r\n\r\n\r\n"))
	var header []byte
	for _, f := range fields {
		header = appendField(header, f.name, f.value)
	}
	if string(header) != "a:X\r\nb:Y Z\r\n" {
		t.Errorf("header %q", header)
	}
	if got := appendBody(nil, body); string(got) != " C\r\nD E\r\n" {
		t.Errorf("body %q", got)
	}
}

func TestABodyIsRelaxedAsRFC6376HasIt(t *testing.T) { // 3.4.3, 3.4.4
	for given, want := range map[string]string{
		"":                        "",
		"\r\n":                    "",
		"\r\n\r\n":                "",
		" \t \r\n":                "",
		"\n \n":                   "",
		"a":                       "a\r\n",
		"a\r\n":                   "a\r\n",
		"a\r\n\r\n\r\n":           "a\r\n",
		"\r\na\r\n":               "\r\na\r\n",
		"a \r\n\r\n":              "a\r\n",
		"a\n\nb\n\n \n":           "a\r\n\r\nb\r\n",
		"  a\t\tb  c \t\r\n":      " a b c\r\n",
		".\r\n..\r\n":             ".\r\n..\r\n",
		"caf\xc3\xa9  \xa0 \r\n":  "caf\xc3\xa9 \xa0\r\n",
		"x\x00y\x0b\r\n":          "x\x00y\x0b\r\n",
		"a\r\n\r\n\r\n\t\r\nb \n": "a\r\n\r\n\r\n\r\nb\r\n",
	} {
		if got := appendBody([]byte("before"), []byte(given)); string(got) != "before"+want {
			t.Errorf("%q became %q, want %q", given, got, want)
		}
		if got := relaxedBody([]byte(given)); string(got) != want {
			t.Errorf("%q is hashed as %q, want %q", given, got, want)
		}
	}
}
