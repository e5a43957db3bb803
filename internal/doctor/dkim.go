package doctor

import (
	"context"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"strings"
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
	name := selector + "._domainkey." + domain
	texts, err := r.LookupTXT(ctx, name)
	switch {
	case err != nil && !absent(err):
		return Finding{about, Unknown, "DNS does not answer for " + name, "ask again, or another DNS server (--resolver)", source}
	case len(texts) == 0:
		return Finding{about, Problem, "there is no key at " + name, "publish the relay's public key there, or give its true selector", source}
	case len(texts) > 1:
		return Finding{about, Problem, fmt.Sprintf("there are %d records at %s: receivers may take any of them", len(texts), name), "leave one", source}
	}
	level, says, do, standard := judgeKey(tags(texts[0]))
	return Finding{about, level, name + ": " + says, do, standard}
}

// judgeKey is the key record of RFC 6376, section 3.6.1.
func judgeKey(t map[string]string) (level Level, says, do, source string) {
	const renew = "make the relay a new key of RSA-2048 and publish it under a new selector"
	source = "RFC 6376"
	if v, there := t["v"]; there && v != "DKIM1" {
		return Problem, "it is no DKIM key (v=" + v + ")", "publish the record as the relay gives it", source
	}
	key, there := t["p"]
	der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(key), ""))
	switch {
	case !there || err != nil:
		return Problem, "the key cannot be read", "publish the record as the relay gives it, in one piece", source
	case key == "":
		return Problem, "the key was revoked (an empty p=)", "publish the key that the relay signs with", source
	}
	if t["k"] == "ed25519" {
		if len(der) != ed25519.PublicKeySize {
			return Problem, "the Ed25519 key has not 32 bytes", "publish the record as the relay gives it", "RFC 8463"
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
		return Problem, "the RSA key cannot be read", "publish the record as the relay gives it, in one piece", source
	case rsaKey.N.BitLen() < 1024:
		return Problem, fmt.Sprintf("RSA of %d bits, which receivers refuse", rsaKey.N.BitLen()), renew, "RFC 8301"
	case rsaKey.N.BitLen() < 2048:
		return Warning, fmt.Sprintf("RSA of %d bits", rsaKey.N.BitLen()), renew, "RFC 8301"
	case strings.Contains(t["t"], "y"):
		return Warning, "the key is marked as a trial (t=y): receivers may ignore signatures", "remove t=y", source
	}
	return OK, fmt.Sprintf("RSA of %d bits", rsaKey.N.BitLen()), "", source
}
