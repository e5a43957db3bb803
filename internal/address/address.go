package address

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// Address is one mailbox. The zero value is none. Addresses compare with ==, but then by their display names too; two addresses are
// the same mailbox when their [Address.Normal] forms are equal.
type Address struct {
	local  string // as it was written, with its quotes if it has any
	domain string // lower case, A-labels
	name   string // display name, unquoted
}

// Limits of RFC 5321, section 4.5.3.1; a path of 256 octets has its brackets.
const (
	maxLocal = 64
	maxTotal = 254
	maxText  = 2000 // an address with a display name; a longer text is not worth reading
)

// Parse reads one address, such as jane@example.com or Jane Roe <jane@example.com>. Space around it is dropped. The error is always
// an *Error.
func Parse(s string) (Address, error) {
	if !utf8.ValidString(s) || strings.ContainsRune(s, utf8.RuneError) {
		return refuse(Encoding)
	}
	s = strings.TrimFunc(s, isPadding)
	switch {
	case s == "":
		return refuse(Empty)
	case len(s) > maxText:
		return refuse(TooLong)
	case strings.ContainsFunc(s, isControl):
		return refuse(Control)
	}
	name, spec, reason := split(s)
	if reason != "" {
		return refuse(reason)
	}
	a, reason := parseSpec(spec)
	if reason != "" {
		return refuse(reason)
	}
	switch {
	case name == spec:
		name = "" // some programs write the address in place of a name that they lack
	case hidesAnother(name, a):
		return refuse(Several)
	}
	a.name = name
	return a, nil
}

// Normal returns the address in the form by which it is recognised and written to: the local part as it was given, the domain in
// lower case and A-labels.
func (a Address) Normal() string {
	if a.IsZero() {
		return ""
	}
	return a.local + "@" + a.domain
}

// ParseDomain reads the domain of addresses, such as example.com, and returns it as [Address.Domain] has it. The error is always an
// *Error.
func ParseDomain(s string) (string, error) {
	domain, reason := normalDomain(strings.TrimSpace(s))
	if reason != "" {
		return "", &Error{reason}
	}
	return domain, nil
}

// IsZero reports whether a is no address.
func (a Address) IsZero() bool { return a.domain == "" }

// Local returns the part before the @ as it was given, in its quotes if it had them.
func (a Address) Local() string { return a.local }

// Domain returns the domain in lower case, as A-labels (RFC 5890).
func (a Address) Domain() string { return a.domain }

// UnicodeDomain returns the domain as people read it, as U-labels. It is for display and for nothing else.
func (a Address) UnicodeDomain() string {
	shown, err := profile.ToUnicode(a.domain)
	if err != nil {
		return a.domain
	}
	return shown
}

// Name returns the display name that stood before the address, without its quotes, or nothing.
func (a Address) Name() string { return a.name }

// NeedsSMTPUTF8 reports whether the address can only be written to through relays that offer SMTPUTF8 (RFC 6531). A domain never
// needs it.
func (a Address) NeedsSMTPUTF8() bool { return !isASCII(a.local) }

// String keeps an address that is printed by accident out of logs (it is personal data); ask for Normal where it is meant.
func (a Address) String() string { return "[address]" }

// GoString does for %#v what String does for the other verbs.
func (a Address) GoString() string { return a.String() }

// profile maps and checks domains as for a lookup: non-transitional UTS #46, letters, digits and hyphens only, lengths of the DNS.
var profile = idna.New(
	idna.MapForLookup(),
	idna.Transitional(false),
	idna.BidiRule(),
	idna.ValidateLabels(true),
	idna.CheckHyphens(true),
	idna.CheckJoiners(true),
	idna.StrictDomainName(true),
	idna.VerifyDNSLength(true),
)

// hidesAnother reports whether a display name has an address in it other than the one that it stands before: a second recipient, or
// a deception.
func hidesAnother(name string, a Address) bool {
	for word := range strings.FieldsFuncSeq(name, func(r rune) bool { return strings.ContainsRune(" ,;<>()", r) }) {
		if other, reason := parseSpec(word); reason == "" && other.Normal() != a.Normal() {
			return true
		}
	}
	return false
}

// parseSpec reads local-part@domain.
func parseSpec(s string) (Address, Reason) {
	local, rest, reason := scanLocal(s)
	if reason != "" {
		return Address{}, reason
	}
	domain, reason := normalDomain(rest)
	if reason != "" {
		return Address{}, reason
	}
	if len(local) > maxLocal || len(local)+1+len(domain) > maxTotal {
		return Address{}, TooLong
	}
	return Address{local: local, domain: domain}, ""
}

// normalDomain folds a domain's case and IDN form, or says why it is none.
func normalDomain(s string) (string, Reason) {
	switch {
	case s == "":
		return "", Syntax
	case strings.HasPrefix(s, "["):
		return "", Literal
	case strings.Contains(s, "@"):
		return "", Several
	}
	domain, err := profile.ToASCII(s)
	if err != nil || !isASCII(domain) || strings.HasSuffix(domain, ".") {
		return "", Domain
	}
	dot := strings.LastIndexByte(domain, '.')
	if dot < 0 {
		return "", SingleName
	}
	if strings.Trim(domain[dot+1:], "0123456789") == "" {
		// No top-level domain is a number (RFC 3696, section 2): this is an IP address without its brackets.
		return "", Literal
	}
	return domain, ""
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII })
}
