package doctor

import (
	"context"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"article14/internal/dkim"
)

// tags reads the tag-list of RFC 6376, section 3.2, which DMARC uses too.
func tags(record string) map[string]string {
	out := map[string]string{}
	for part := range strings.SplitSeq(record, ";") {
		if name, value, ok := strings.Cut(part, "="); ok {
			out[strings.TrimSpace(name)] = strings.TrimSpace(value)
		}
	}
	return out
}

// checkDKIM looks at the key that signatures are checked with. Whether the relay
// signs cannot be seen from here.
func checkDKIM(ctx context.Context, r Resolver, selector, domain string) Finding {
	const about, source = "DKIM", "RFC 6376"
	if selector == "" {
		return Finding{about, Unknown, "the relay signs, or nobody does: that cannot be seen from here",
			"give the relay's selector with --dkim-selector, and look at Authentication-Results in a test notice", source}
	}
	f, _ := checkKey(ctx, r, selector+"._domainkey."+domain, "publish the relay's public key there, or give its true selector")
	return f
}

// checkKey looks at the key record of a name, and gives its p= where it can be read.
func checkKey(ctx context.Context, r Resolver, name, publish string) (Finding, []byte) {
	const about, source = "DKIM", "RFC 6376"
	texts, err := r.LookupTXT(ctx, name)
	switch {
	case err != nil && !absent(err):
		return Finding{about, Unknown, "DNS does not answer for " + name, "ask again, or another DNS server (--resolver)", source}, nil
	case len(texts) == 0:
		return Finding{about, Problem, "there is no key at " + name, publish, source}, nil
	case len(texts) > 1:
		return Finding{about, Problem, fmt.Sprintf("there are %d records at %s: receivers may take any of them", len(texts), name), "leave one", source}, nil
	}
	record := tags(texts[0])
	level, says, do, standard := judgeKey(record)
	key, _ := publicKey(record)
	return Finding{about, level, name + ": " + says, do, standard}, key
}

// checkSigner holds the keys that we sign with against what is published. What is
// not in force yet, or no more, is no problem today: it signs what is dated later, or a
// second attempt of what is dated before.
func checkSigner(ctx context.Context, r Resolver, d Domains) (out []Finding) {
	inForce := map[string]bool{}
	hasRSA := false
	for _, k := range d.Signer.InForce(d.Now) {
		inForce[k.Selector] = true
		hasRSA = hasRSA || k.Algorithm() == dkim.RSA
	}
	for _, k := range d.Signer.Keys() {
		f := checkOwnKey(ctx, r, k, d.DKIMDomain, hasRSA)
		if f.Level == Problem && !inForce[k.Selector] {
			f.Level = Warning
			if k.Begins.After(d.Now) {
				f.Says += "; notices are signed with this key from " + k.Begins.UTC().Format(time.DateOnly) + " on"
			} else {
				f.Says += "; a second attempt of an older notice is signed with this key while it is named"
			}
		}
		out = append(out, f)
	}
	return out
}

func checkOwnKey(ctx context.Context, r Resolver, k dkim.Key, domain string, hasRSA bool) Finding {
	name := k.Name(domain)
	publish := "publish there as TXT: " + k.Record()
	f, published := checkKey(ctx, r, name, publish)
	switch {
	case f.Level == Problem || f.Level == Unknown:
		return f
	case !k.Matches(published):
		return Finding{f.About, Problem, "the key at " + name + " is not the one that we sign with: no signature verifies", publish, f.Source}
	}
	if k.Algorithm() == dkim.Ed25519 && hasRSA {
		f.Level, f.Do = OK, ""
		f.Says = name + ": an Ed25519 key, beside one of RSA for those who cannot check it"
	}
	f.Says += ", and the one that we sign with"
	return f
}

// publicKey is what stands in p=.
func publicKey(t map[string]string) ([]byte, error) {
	return base64.StdEncoding.DecodeString(strings.Join(strings.Fields(t["p"]), ""))
}

// judgeKey is the key record of RFC 6376, section 3.6.1.
func judgeKey(t map[string]string) (level Level, says, do, source string) {
	const renew = "make a new key of RSA-2048 and publish it under a new selector"
	source = "RFC 6376"
	if v, there := t["v"]; there && v != "DKIM1" {
		return Problem, "it is no DKIM key (v=" + v + ")", "publish the record as it is given", source
	}
	key, there := t["p"]
	der, err := publicKey(t)
	switch {
	case !there || err != nil:
		return Problem, "the key cannot be read", "publish the record as it is given, in one piece", source
	case key == "":
		return Problem, "the key was revoked (an empty p=)", "publish the key that notices are signed with", source
	case !allows(t["h"], "sha256"), !allows(t["s"], "email"):
		return Problem, "the record forbids our signatures (h=" + t["h"] + "; s=" + t["s"] + ")", "leave h= and s= out", source
	}
	if t["k"] == "ed25519" {
		if len(der) != ed25519.PublicKeySize {
			return Problem, "the Ed25519 key has not 32 bytes", "publish the record as it is given", "RFC 8463"
		}
		return Warning, "an Ed25519 key, which many receivers cannot check", "sign with RSA-2048 as well", "RFC 8463"
	}
	public, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		public, err = x509.ParsePKCS1PublicKey(der) // section 3.6.1, erratum 3017
	}
	rsaKey, ok := public.(*rsa.PublicKey)
	switch {
	case err != nil || !ok:
		return Problem, "the RSA key cannot be read", "publish the record as it is given, in one piece", source
	case rsaKey.N.BitLen() < 1024:
		return Problem, fmt.Sprintf("RSA of %d bits, which receivers refuse", rsaKey.N.BitLen()), renew, "RFC 8301"
	case rsaKey.N.BitLen() < 2048:
		return Warning, fmt.Sprintf("RSA of %d bits", rsaKey.N.BitLen()), renew, "RFC 8301"
	case strings.Contains(t["t"], "y"):
		return Warning, "the key is marked as a trial (t=y): receivers may ignore signatures", "remove t=y", source
	}
	return OK, fmt.Sprintf("RSA of %d bits", rsaKey.N.BitLen()), "", source
}

// allows tells whether a list that may be left out (RFC 6376, 3.6.1) has a word.
func allows(list, word string) bool {
	for w := range strings.SplitSeq(list, ":") {
		if w = strings.TrimSpace(w); w == word || w == "*" || list == "" {
			return true
		}
	}
	return false
}
