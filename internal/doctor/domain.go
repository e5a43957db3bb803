package doctor

import (
	"context"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"

	"article14/internal/dkim"
)

// Domains is what the register says of mail, and what only the operator knows.
type Domains struct {
	From         string       // domain of the From address
	Bounce       string       // domain of the envelope sender
	Answer       string       // domain of the addresses for answers; "": they go to the controller's own
	Links        string       // base of every link
	DKIMSelector string       // of the relay's signatures; "" not known
	DKIMDomain   string       // d= of signatures; From if empty
	Signer       *dkim.Signer // nil: the relay signs, or nobody
	Now          time.Time    // by which keys of the signer are in force
	SendsFrom    []netip.Addr // addresses from which the relay reaches the world; none: not known
}

// Check looks at all of it.
func Check(ctx context.Context, r Resolver, d Domains) []Finding {
	if d.DKIMDomain == "" {
		d.DKIMDomain = d.From
	}
	out := []Finding{checkMX(ctx, r, "bounces", d.Bounce)}
	if d.Answer != "" && d.Answer != d.Bounce {
		out = append(out, checkMX(ctx, r, "answers", d.Answer))
	}
	out = append(out, checkSPF(ctx, r, d.Bounce, d.SendsFrom)...)
	if d.Signer != nil {
		out = append(out, checkSigner(ctx, r, d)...)
	}
	if d.Signer == nil || d.DKIMSelector != "" {
		out = append(out, checkDKIM(ctx, r, d.DKIMSelector, d.DKIMDomain))
	}
	out = append(out, checkDMARC(ctx, r, d)...)
	return append(out, checkLinks(ctx, r, d)...)
}

// organisational is the domain that somebody registered (RFC 7489, section 3.2).
func organisational(domain string) string {
	domain = strings.ToLower(strings.TrimSuffix(domain, "."))
	if org, err := publicsuffix.EffectiveTLDPlusOne(domain); err == nil {
		return org
	}
	return domain
}

// checkMX asks where bounces go, or answers.
func checkMX(ctx context.Context, r Resolver, about, domain string) Finding {
	hosts, err := r.LookupMX(ctx, domain)
	switch {
	case err != nil && !absent(err):
		return Finding{about, Unknown, "DNS does not answer for " + domain, "ask again, or another DNS server (--resolver)", "RFC 5321, 5.1"}
	case len(hosts) == 1 && (hosts[0].Host == "." || hosts[0].Host == ""):
		return Finding{about, Problem, domain + " says that it takes no mail: " + about + " are lost, and receivers may refuse such a sender",
			"remove the null MX and let the domain's mail come to 'article14 bounce'", "RFC 7505"}
	case len(hosts) > 0:
		return Finding{about, OK, fmt.Sprintf("mail for %s goes to %s", domain, strings.TrimSuffix(hosts[0].Host, ".")), "", "RFC 5321, 5.1"}
	}
	if ips, err := r.LookupNetIP(ctx, "ip", domain); err == nil && len(ips) > 0 {
		return Finding{about, Warning, domain + " has no MX: " + about + " go to the host of that name", "publish an MX", "RFC 5321, 5.1"}
	}
	return Finding{about, Problem, domain + " has neither MX nor address: " + about + " are lost, and receivers may refuse such a sender",
		"publish an MX that leads to 'article14 bounce'", "RFC 5321, 5.1"}
}

// checkDMARC finds the policy for the From address, and whether SPF or DKIM can satisfy it.
func checkDMARC(ctx context.Context, r Resolver, d Domains) []Finding {
	const about, source = "DMARC", "RFC 7489"
	org := organisational(d.From)
	record, at, err := dmarcRecord(ctx, r, d.From, org)
	switch {
	case err != nil:
		return []Finding{{about, Unknown, "DNS does not answer for " + at, "ask again, or another DNS server (--resolver)", source}}
	case record == nil:
		return []Finding{{about, Warning, "no DMARC record is at " + at + ": large receivers ask bulk senders for one",
			"publish v=DMARC1; p=none with a rua address first, then quarantine or reject", source}}
	}
	policy := record["p"]
	if sub := record["sp"]; sub != "" && !strings.EqualFold(d.From, org) && at == "_dmarc."+org {
		policy = sub
	}
	out := Finding{about, OK, "the policy at " + at + " is " + policy, "", source}
	switch policy {
	case "reject", "quarantine":
	case "none":
		out.Level, out.Do = Warning, "p=none protects nobody from mail in your name: read the reports, then raise it"
	default:
		out.Level, out.Says, out.Do = Problem, fmt.Sprintf("the record at %s has no policy that receivers know (p=%q)", at, policy), "set p to none, quarantine or reject"
	}
	return []Finding{out, alignment(d, record)}
}

// dmarcRecord looks at the From domain, then at the organisational one (section 6.6.3).
// Of several records none counts.
func dmarcRecord(ctx context.Context, r Resolver, from, org string) (record map[string]string, at string, err error) {
	for _, domain := range []string{from, org} {
		at = "_dmarc." + domain
		texts, err := r.LookupTXT(ctx, at)
		if err != nil && !absent(err) {
			return nil, at, err
		}
		var found []map[string]string
		for _, t := range texts {
			if tag := tags(t); tag["v"] == "DMARC1" {
				found = append(found, tag)
			}
		}
		if len(found) == 1 {
			return found[0], at, nil
		}
	}
	return nil, at, nil
}

// alignment is section 3.1: the domain that SPF or DKIM vouches for has to be that of the From address.
func alignment(d Domains, record map[string]string) Finding {
	aligned := func(domain, mode string) bool {
		if mode == "s" {
			return strings.EqualFold(domain, d.From)
		}
		return organisational(domain) == organisational(d.From)
	}
	bySPF, byDKIM := aligned(d.Bounce, record["aspf"]), aligned(d.DKIMDomain, record["adkim"])
	f := Finding{About: "alignment", Source: "RFC 7489, 3.1"}
	switch {
	case bySPF && byDKIM:
		f.Level, f.Says = OK, fmt.Sprintf("SPF (%s) and DKIM (%s) both vouch for the From domain %s", d.Bounce, d.DKIMDomain, d.From)
	case bySPF || byDKIM:
		f.Level, f.Says = Warning, fmt.Sprintf("of SPF (%s) and DKIM (%s) only one vouches for the From domain %s", d.Bounce, d.DKIMDomain, d.From)
		f.Do = "let bounce domain and signature both be of the From address's domain: one of them breaks when mail is forwarded"
	default:
		f.Level, f.Says = Problem, fmt.Sprintf("neither SPF (%s) nor DKIM (%s) vouches for the From domain %s", d.Bounce, d.DKIMDomain, d.From)
		f.Do = "choose a bounce domain under the From address's domain, or have the relay sign with it"
	}
	return f
}

// checkLinks holds the links against the From address, and asks whether their host is there.
func checkLinks(ctx context.Context, r Resolver, d Domains) []Finding {
	const about = "links"
	u, err := url.Parse(d.Links)
	if err != nil || u.Hostname() == "" {
		return []Finding{{about, Problem, "mail.links in the register is no address", "set it to https:// and a host", ""}}
	}
	host := u.Hostname()
	var out []Finding
	if u.Scheme != "https" {
		out = append(out, Finding{about, Problem, "links begin with " + u.Scheme + "://: whoever is on the way reads what people do there", "set mail.links to an https address", "RFC 8058, 3.1 for one-click"})
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return append(out, Finding{about, Warning, "links lead to a bare address", "use a name under the From address's domain", ""})
	}
	if organisational(host) == organisational(d.From) {
		out = append(out, Finding{about, OK, fmt.Sprintf("links (%s) and From (%s) are of one domain", host, d.From), "", ""})
	} else {
		out = append(out, Finding{about, Warning, fmt.Sprintf("links lead to %s, and the From address is of %s: readers and filters take that for phishing", host, d.From),
			"serve the pages under a name of the From address's domain", ""})
	}
	ips, err := r.LookupNetIP(ctx, "ip", host)
	switch {
	case err != nil && !absent(err):
		out = append(out, Finding{about, Unknown, "DNS does not answer for " + host, "ask again, or another DNS server (--resolver)", ""})
	case len(ips) == 0:
		out = append(out, Finding{about, Problem, host + " does not exist: every link in a notice leads nowhere", "publish its address before the first campaign", ""})
	default:
		out = append(out, Finding{about, OK, host + " has an address", "", ""})
	}
	return out
}

// CheckReverse holds the address of a relay against its name, as receivers do.
// It is worth asking only of the addresses that the relay sends from.
func CheckReverse(ctx context.Context, r Resolver, helo string, from []netip.Addr) []Finding {
	const about, source = "reverse DNS", "RFC 1912, 2.1"
	var out []Finding
	for _, ip := range from {
		names, err := r.LookupAddr(ctx, ip.String())
		if len(names) == 0 {
			if err != nil && !absent(err) {
				out = append(out, Finding{about, Unknown, "DNS does not answer for " + ip.String(), "ask again, or another DNS server (--resolver)", source})
				continue
			}
			out = append(out, Finding{about, Problem, ip.String() + " has no name: many receivers refuse mail from there", "have its owner publish a PTR", source})
			continue
		}
		name := strings.TrimSuffix(names[0], ".")
		back, err := r.LookupNetIP(ctx, "ip", name)
		if err != nil || !contains(back, ip) {
			out = append(out, Finding{about, Problem, fmt.Sprintf("%s is called %s, and that name does not lead back", ip, name), "publish an address for the name", source})
			continue
		}
		says := fmt.Sprintf("%s is called %s, and that leads back", ip, name)
		if helo != "" && !strings.EqualFold(helo, name) {
			out = append(out, Finding{about, Warning, says + "; the relay says HELO " + helo, "let it say the name of its address", "RFC 5321, 4.1.4"})
			continue
		}
		out = append(out, Finding{about, OK, says, "", source})
	}
	return out
}

func contains(ips []netip.Addr, ip netip.Addr) bool {
	for _, i := range ips {
		if i.Unmap() == ip.Unmap() {
			return true
		}
	}
	return false
}
