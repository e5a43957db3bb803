package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// spfResult is how RFC 7208, section 2.6, names what came out.
type spfResult string

const (
	spfPass     spfResult = "pass"
	spfFail     spfResult = "fail"
	spfSoft     spfResult = "softfail"
	spfNeutral  spfResult = "neutral"
	spfNone     spfResult = "none"
	spfPermFail spfResult = "permerror"
	spfTempFail spfResult = "temperror"
)

var qualifiers = map[byte]spfResult{'+': spfPass, '-': spfFail, '~': spfSoft, '?': spfNeutral}

// Limits of RFC 7208, section 4.6.4.
const (
	spfLookups = 10 // mechanisms and modifiers that ask DNS
	spfVoids   = 2  // questions that are answered with nothing
	spfMX      = 10 // hosts of one mx
)

// spfFault is a record that receivers refuse to read, or a question nobody answered.
type spfFault struct {
	result spfResult
	why    string
}

func (f *spfFault) Error() string { return f.why }

func permerror(format string, args ...any) error {
	return &spfFault{spfPermFail, fmt.Sprintf(format, args...)}
}

// errMacro is a record that depends on the single mail; it is no fault.
var errMacro = errors.New("the record uses macros (RFC 7208, section 7), which are not evaluated here")

// spf evaluates a domain's record for one address, as check_host() does (RFC 7208, section 4).
type spf struct {
	r       Resolver
	ip      netip.Addr
	lookups int
	voids   int
}

// record finds the one SPF record of a domain.
func (s *spf) record(ctx context.Context, domain string) (string, error) {
	texts, err := s.r.LookupTXT(ctx, domain)
	if err != nil && !absent(err) {
		return "", &spfFault{spfTempFail, "DNS does not answer for " + domain}
	}
	var found []string
	for _, t := range texts {
		if v, _, _ := strings.Cut(t, " "); strings.EqualFold(v, "v=spf1") {
			found = append(found, t)
		}
	}
	switch len(found) {
	case 0:
		return "", &spfFault{spfNone, domain + " has no SPF record"}
	case 1:
		return found[0], nil
	}
	return "", permerror("%s has %d SPF records: receivers then read none", domain, len(found))
}

func (s *spf) check(ctx context.Context, domain string) (spfResult, error) {
	record, err := s.record(ctx, domain)
	if err != nil {
		return "", err
	}
	redirect := ""
	for _, term := range strings.Fields(record)[1:] {
		if name, value, ok := strings.Cut(term, "="); ok && !strings.ContainsAny(name, ":/") {
			if strings.EqualFold(name, "redirect") {
				redirect = value
			}
			continue // exp, and modifiers that nobody knows yet
		}
		result := spfPass
		if q, ok := qualifiers[term[0]]; ok {
			result, term = q, term[1:]
		}
		matches, err := s.mechanism(ctx, domain, term)
		if err != nil {
			return "", err
		}
		if matches {
			return result, nil
		}
	}
	if redirect == "" {
		return spfNeutral, nil
	}
	if strings.Contains(redirect, "%") {
		return "", errMacro
	}
	if err := s.asks(); err != nil {
		return "", err
	}
	result, err := s.check(ctx, redirect)
	return result, noneIsError(err, "redirect", redirect)
}

// noneIsError is section 5.2 and 6.1: a record that is pointed at must be there.
func noneIsError(err error, term, domain string) error {
	var fault *spfFault
	if errors.As(err, &fault) && fault.result == spfNone {
		return permerror("%s:%s points to a domain without SPF record", term, domain)
	}
	return err
}

// asks counts a term that asks DNS.
func (s *spf) asks() error {
	if s.lookups++; s.lookups > spfLookups {
		return permerror("it takes more than %d DNS lookups: receivers then read none of it", spfLookups)
	}
	return nil
}

// mechanism tells whether one matches.
func (s *spf) mechanism(ctx context.Context, domain, term string) (bool, error) {
	name, value, _ := strings.Cut(term, ":")
	name, bits, _ := strings.Cut(name, "/")
	name = strings.ToLower(name)
	target := domain
	if name != "ip4" && name != "ip6" {
		if before, after, ok := strings.Cut(value, "/"); ok {
			value, bits = before, after
		}
		if value != "" {
			target = value
		}
	}
	if strings.Contains(target, "%") {
		return false, errMacro
	}
	switch name {
	case "all":
		return true, nil
	case "ip4", "ip6":
		return s.inNetwork(name, value)
	case "include", "a", "mx", "exists", "ptr":
	default:
		return false, permerror("%q is no mechanism", term)
	}
	if (name == "include" || name == "exists") && value == "" {
		return false, permerror("%s names no domain", name)
	}
	if err := s.asks(); err != nil {
		return false, err
	}
	switch name {
	case "include":
		result, err := s.check(ctx, target)
		return result == spfPass, noneIsError(err, name, target)
	case "a":
		return s.hostHas(ctx, target, bits)
	case "mx":
		return s.mxHas(ctx, target, bits)
	case "exists":
		ips, err := s.ask(ctx, "ip4", target)
		return len(ips) > 0, err
	}
	return false, nil // ptr: deprecated by section 5.5, and never taken for a match here
}

func (s *spf) inNetwork(name, value string) (bool, error) {
	if !strings.Contains(value, "/") {
		if addr, err := netip.ParseAddr(value); err == nil {
			value += "/" + strconv.Itoa(addr.BitLen())
		}
	}
	network, err := netip.ParsePrefix(value)
	if err != nil || network.Addr().Is4() != (name == "ip4") {
		return false, permerror("%q is no network for %s", value, name)
	}
	return network.Contains(s.ip), nil
}

// ask gives a host's addresses, and counts answers that hold nothing.
func (s *spf) ask(ctx context.Context, network, host string) ([]netip.Addr, error) {
	ips, err := s.r.LookupNetIP(ctx, network, host)
	if err != nil && !absent(err) {
		return nil, &spfFault{spfTempFail, "DNS does not answer for " + host}
	}
	if len(ips) == 0 {
		if s.voids++; s.voids > spfVoids {
			return nil, permerror("more than %d of its names do not exist: receivers then read none of it", spfVoids)
		}
	}
	return ips, nil
}

// hostHas tells whether a host's addresses, widened to networks of so many bits, hold ours.
func (s *spf) hostHas(ctx context.Context, host, bits string) (bool, error) {
	network, own := "ip4", s.ip.BitLen()
	length, six, _ := strings.Cut(bits, "//") // a/24//64: for IPv4, and for IPv6
	if only, ok := strings.CutPrefix(bits, "/"); ok {
		length, six = "", only // a//64
	}
	if !s.ip.Is4() {
		network, length = "ip6", six
	}
	if length != "" {
		n, err := strconv.Atoi(length)
		if err != nil || n < 0 || n > own {
			return false, permerror("/%s is no length of a network", bits)
		}
		own = n
	}
	ips, err := s.ask(ctx, network, host)
	for _, ip := range ips {
		if p, err := ip.Unmap().Prefix(own); err == nil && p.Contains(s.ip) {
			return true, nil
		}
	}
	return false, err
}

func (s *spf) mxHas(ctx context.Context, domain, bits string) (bool, error) {
	hosts, err := s.r.LookupMX(ctx, domain)
	if err != nil && !absent(err) {
		return false, &spfFault{spfTempFail, "DNS does not answer for " + domain}
	}
	if len(hosts) > spfMX {
		return false, permerror("mx:%s has more than %d hosts", domain, spfMX)
	}
	for _, h := range hosts {
		if has, err := s.hostHas(ctx, h.Host, bits); has || err != nil {
			return has, err
		}
	}
	return false, nil
}

// checkSPF says what receivers make of a domain's record, for each address that
// the relay sends from.
func checkSPF(ctx context.Context, r Resolver, domain string, from []netip.Addr) []Finding {
	const about, source = "SPF", "RFC 7208"
	finding := func(l Level, says, do string) Finding { return Finding{about, l, says, do, source} }
	record, err := (&spf{r: r}).record(ctx, domain)
	var fault *spfFault
	if errors.As(err, &fault) {
		if fault.result == spfTempFail {
			return []Finding{finding(Unknown, fault.why, "ask again, or another DNS server (--resolver)")}
		}
		return []Finding{finding(Problem, fault.why, "publish one TXT record on "+domain+" that names the relay's addresses and ends in -all or ~all")}
	}
	out := []Finding{endOf(record, domain, finding)}
	if len(from) == 0 {
		return append(out, finding(Unknown, "the addresses that the relay sends from are not known", "name them with --sends-from"))
	}
	for _, ip := range from {
		s := &spf{r: r, ip: ip.Unmap()}
		result, err := s.check(ctx, domain)
		out = append(out, judgeSPF(ip, domain, result, err, finding))
	}
	return out
}

// endOf looks at what a record says of everybody else.
func endOf(record, domain string, finding func(Level, string, string) Finding) Finding {
	terms := strings.Fields(strings.ToLower(record))
	switch last := terms[len(terms)-1]; {
	case last == "-all", last == "~all":
		return finding(OK, domain+" has one SPF record, which ends in "+last, "")
	case strings.HasPrefix(last, "redirect="):
		return finding(OK, domain+" has one SPF record, which goes on at "+strings.TrimPrefix(last, "redirect="), "")
	case last == "+all", last == "all":
		return finding(Problem, "the SPF record of "+domain+" allows everybody ("+last+")", "end it in -all or ~all")
	}
	return finding(Warning, "the SPF record of "+domain+" says nothing of other senders", "end it in -all or ~all")
}

func judgeSPF(ip netip.Addr, domain string, result spfResult, err error, finding func(Level, string, string) Finding) Finding {
	var fault *spfFault
	switch {
	case errors.As(err, &fault) && fault.result == spfTempFail:
		return finding(Unknown, fault.why, "ask again, or another DNS server (--resolver)")
	case errors.As(err, &fault):
		return finding(Problem, fmt.Sprintf("receivers cannot read the SPF record of %s: %s", domain, fault.why), "mend the record")
	case err != nil:
		return finding(Unknown, err.Error(), "look at a bounce's Authentication-Results")
	case result == spfPass:
		return finding(OK, fmt.Sprintf("%s may send for %s", ip, domain), "")
	}
	return finding(Problem, fmt.Sprintf("%s may not send for %s: SPF says %s", ip, domain, result),
		"add the relay's address to the record, or name the addresses that it really sends from with --sends-from")
}
