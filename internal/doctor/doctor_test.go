package doctor

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// zone is DNS in memory: by name, lines such as "TXT v=spf1 -all", "MX mail.example",
// "A 192.0.2.1", "PTR mail.example". A name that is not there does not exist; one with "FAIL" answers nobody.
type zone map[string][]string

func (z zone) of(name, kind string) (out []string, err error) {
	lines, there := z[strings.TrimSuffix(strings.ToLower(name), ".")]
	for _, l := range lines {
		if l == "FAIL" {
			return nil, &net.DNSError{Err: "server misbehaving", Name: name, IsTemporary: true}
		}
		if k, value, _ := strings.Cut(l, " "); k == kind {
			out = append(out, value)
		}
	}
	if !there || len(out) == 0 {
		return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
	}
	return out, nil
}

func (z zone) LookupTXT(_ context.Context, name string) ([]string, error) { return z.of(name, "TXT") }
func (z zone) LookupAddr(_ context.Context, addr string) ([]string, error) {
	return z.of(addr, "PTR")
}

func (z zone) LookupMX(_ context.Context, name string) (out []*net.MX, err error) {
	hosts, err := z.of(name, "MX")
	for _, h := range hosts {
		out = append(out, &net.MX{Host: h})
	}
	return out, err
}

func (z zone) LookupNetIP(_ context.Context, network, host string) (out []netip.Addr, err error) {
	addrs, err := z.of(host, "A")
	for _, a := range addrs {
		ip := netip.MustParseAddr(a)
		if network == "ip" || ip.Is4() == (network == "ip4") {
			out = append(out, ip)
		}
	}
	if err == nil && len(out) == 0 {
		err = &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return out, err
}

func TestSPFIsEvaluatedAsReceiversDo(t *testing.T) { // RFC 7208
	hosts := zone{
		"example.org":           {"A 192.0.2.10", "A 2001:db8::10", "MX mx1.example.org", "MX mx2.example.org"},
		"mx1.example.org":       {"A 192.0.2.20"},
		"mx2.example.org":       {"A 2001:db8::20"},
		"other.example":         {"A 198.51.100.7"},
		"_spf.provider.example": {"TXT v=spf1 ip4:203.0.113.0/24 ip6:2001:db8:5::/48 -all"},
		"none.example":          {"TXT hello"},
		"away.example":          {"FAIL"},
		"loop.example":          {"TXT v=spf1 include:loop.example -all"},
		"moved.example":         {"TXT v=spf1 redirect=_spf.provider.example"},
	}
	for _, c := range []struct {
		record, ip string
		want       spfResult
	}{
		{"v=spf1 -all", "192.0.2.1", spfFail},
		{"v=spf1 ~all", "192.0.2.1", spfSoft},
		{"v=spf1 ?all", "192.0.2.1", spfNeutral},
		{"v=spf1", "192.0.2.1", spfNeutral},
		{"V=SPF1 +ALL", "192.0.2.1", spfPass},
		{"v=spf1 ip4:192.0.2.1 -all", "192.0.2.1", spfPass},
		{"v=spf1 ip4:192.0.2.0/28 -all", "192.0.2.15", spfPass},
		{"v=spf1 ip4:192.0.2.0/28 -all", "192.0.2.16", spfFail},
		{"v=spf1 ip4:192.0.2.1 -all", "::ffff:192.0.2.1", spfPass},
		{"v=spf1 ip6:2001:db8::/32 -all", "2001:db8::5", spfPass},
		{"v=spf1 ip6:2001:db8::/32 -all", "192.0.2.1", spfFail},
		{"v=spf1 -ip4:192.0.2.1 +all", "192.0.2.1", spfFail},
		{"v=spf1 a -all", "192.0.2.10", spfPass},
		{"v=spf1 a -all", "2001:db8::10", spfPass},
		{"v=spf1 a/24 -all", "192.0.2.99", spfPass},
		{"v=spf1 a/24//64 -all", "2001:db8::99", spfPass},
		{"v=spf1 a/24 -all", "2001:db8::99", spfFail},
		{"v=spf1 a//64 -all", "2001:db8::99", spfPass},
		{"v=spf1 a//64 -all", "192.0.2.10", spfPass},
		{"v=spf1 a//64 -all", "192.0.2.11", spfFail},
		{"v=spf1 a:other.example -all", "198.51.100.7", spfPass},
		{"v=spf1 a:other.example/30 -all", "198.51.100.5", spfPass},
		{"v=spf1 mx -all", "192.0.2.20", spfPass},
		{"v=spf1 mx -all", "2001:db8::20", spfPass},
		{"v=spf1 mx -all", "192.0.2.10", spfFail},
		{"v=spf1 include:_spf.provider.example ~all", "203.0.113.9", spfPass},
		{"v=spf1 include:_spf.provider.example ~all", "192.0.2.9", spfSoft}, // the -all of an include is not ours
		{"v=spf1 include:moved.example ~all", "203.0.113.9", spfPass},
		{"v=spf1 redirect=_spf.provider.example", "192.0.2.9", spfFail},
		{"v=spf1 redirect=_spf.provider.example ip4:192.0.2.9", "192.0.2.9", spfPass},
		{"v=spf1 exists:other.example -all", "192.0.2.1", spfPass},
		{"v=spf1 ptr -all", "192.0.2.1", spfFail},
		{"v=spf1 exp=why.example unknown=x -all", "192.0.2.1", spfFail},
		{"v=spf1 include:none.example -all", "192.0.2.1", spfPermFail},
		{"v=spf1 include:loop.example -all", "192.0.2.1", spfPermFail},
		{"v=spf1 include: -all", "192.0.2.1", spfPermFail},
		{"v=spf1 ipv4:192.0.2.1 -all", "192.0.2.1", spfPermFail},
		{"v=spf1 ip4:192.0.2.300 -all", "192.0.2.1", spfPermFail},
		{"v=spf1 ip4:2001:db8:: -all", "192.0.2.1", spfPermFail},
		{"v=spf1 a/99 -all", "192.0.2.1", spfPermFail},
		{"v=spf1 a:x1.example a:x2.example a:x3.example -all", "192.0.2.1", spfPermFail}, // three voids
		{"v=spf1" + strings.Repeat(" a:other.example", 10) + " -all", "192.0.2.1", spfFail},
		{"v=spf1" + strings.Repeat(" a:other.example", 11) + " -all", "192.0.2.1", spfPermFail},
		{"v=spf1 include:away.example -all", "192.0.2.1", spfTempFail},
		{"v=spf1 include:%{d}.example -all", "192.0.2.1", ""},
	} {
		hosts["example.org"] = append(hosts["example.org"][:4:4], "TXT "+c.record)
		s := &spf{r: hosts, ip: netip.MustParseAddr(c.ip).Unmap()}
		got, err := s.check(t.Context(), "example.org")
		var fault *spfFault
		switch {
		case errors.As(err, &fault):
			got = fault.result
		case err != nil && !errors.Is(err, errMacro):
			t.Errorf("%q: %v", c.record, err)
		}
		if got != c.want {
			t.Errorf("%q for %s: %s (%v), want %s", c.record, c.ip, got, err, c.want)
		}
	}
}

func TestNoSPFRecordEndsTheCheckOrRunsForever(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		term := rapid.OneOf(rapid.SampledFrom([]string{"all", "-all", "a", "mx", "include:example.org", "redirect=example.org", "a/", "a//", "ip4:", "ip6:::/0", "/", ":", "=", "a:b/c//d", "exists:%{i}"}),
			rapid.StringMatching(`[-+~?]?[a-z4]{0,8}[:/=]{0,2}[a-z0-9./:%{}]{0,12}`))
		record := "v=spf1 " + strings.Join(rapid.SliceOfN(term, 0, 15).Draw(t, "terms"), " ")
		s := &spf{r: zone{"example.org": {"TXT " + record, "A 192.0.2.1"}}, ip: netip.MustParseAddr("192.0.2.9")}
		s.check(t.Context(), "example.org")
		if s.lookups > spfLookups+1 {
			t.Fatalf("%q: %d lookups", record, s.lookups)
		}
	})
}

func TestASPFRecordMustBeOneAndEndWell(t *testing.T) {
	for records, want := range map[string]Level{
		"v=spf1 ip4:192.0.2.1 -all":                           OK,
		"v=spf1 ip4:192.0.2.1 ~all":                           OK,
		"v=spf1 redirect=_spf.example":                        OK,
		"v=spf1 ip4:192.0.2.1":                                Warning,
		"v=spf1 ip4:192.0.2.1 ?all":                           Warning,
		"v=spf1 +all":                                         Problem,
		"something else":                                      Problem,
		"v=spf1 ip4:192.0.2.1 -all|v=spf1 ip4:192.0.2.2 -all": Problem,
	} {
		z := zone{"b.example": nil}
		for r := range strings.SplitSeq(records, "|") {
			z["b.example"] = append(z["b.example"], "TXT "+r)
		}
		if fs := checkSPF(t.Context(), z, "b.example", nil); fs[0].Level != want {
			t.Errorf("%q: %+v, want %s", records, fs[0], want)
		}
	}
	if fs := checkSPF(t.Context(), zone{"b.example": {"FAIL"}}, "b.example", nil); fs[0].Level != Unknown {
		t.Errorf("DNS that does not answer is a reproach: %+v", fs)
	}
	from := []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")}
	fs := checkSPF(t.Context(), zone{"b.example": {"TXT v=spf1 ip4:192.0.2.1 -all"}}, "b.example", from)
	if len(fs) != 3 || fs[1].Level != OK || fs[2].Level != Problem || !strings.Contains(fs[2].Says, "fail") {
		t.Errorf("each address the relay sends from is looked at: %+v", fs)
	}
}

func rsaRecord(t *testing.T, bits int) string {
	t.Helper()
	t.Setenv("GODEBUG", "rsa1024min=0") // short keys are what is looked for
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(der)
}

func TestADKIMKeyIsThereReadableAndStrong(t *testing.T) { // RFC 6376, 8301, 8463
	strong, weak, broken := rsaRecord(t, 2048), rsaRecord(t, 1024), rsaRecord(t, 768)
	ed, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for record, want := range map[string]Level{
		"v=DKIM1; k=rsa; p=" + strong:            OK,
		"p=" + strong[:100] + " " + strong[100:]: OK,
		"v=DKIM1; t=y; p=" + strong:              Warning,
		"v=DKIM1; p=" + weak:                     Warning,
		"v=DKIM1; p=" + broken:                   Problem,
		"v=DKIM1; p=":                            Problem,
		"v=DKIM1; k=rsa":                         Problem,
		"v=DKIM1; p=!!!":                         Problem,
		"v=DKIM1; p=" + strong[:100]:             Problem,
		"v=DKIM2; p=" + strong:                   Problem,
		"v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(ed):         Warning,
		"v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(ed[:31]):    Problem,
		"v=DKIM1; p=" + base64.StdEncoding.EncodeToString([]byte("no key here")): Problem,
	} {
		f := checkDKIM(t.Context(), zone{"s1._domainkey.example.org": {"TXT " + record}}, "s1", "example.org")
		if f.Level != want {
			t.Errorf("%.40s: %+v, want %s", record, f, want)
		}
	}
	for what, c := range map[string]struct {
		z        zone
		selector string
		want     Level
	}{
		"no selector is given": {nil, "", Unknown},
		"no key is there":      {nil, "s1", Problem},
		"two keys are there":   {zone{"s1._domainkey.example.org": {"TXT p=" + strong, "TXT p=" + weak}}, "s1", Problem},
		"nobody answers":       {zone{"s1._domainkey.example.org": {"FAIL"}}, "s1", Unknown},
	} {
		if f := checkDKIM(t.Context(), c.z, c.selector, "example.org"); f.Level != c.want {
			t.Errorf("%s: %+v", what, f)
		}
	}
}

func TestDMARCIsFoundAndSPFOrDKIMMustVouchForTheFromDomain(t *testing.T) { // RFC 7489
	for _, c := range []struct {
		what            string
		z               zone
		bounce, signs   string
		policy, aligned Level // aligned "" where there is no policy
	}{
		{"none", zone{}, "b.example.co.uk", "mail.example.co.uk", Warning, ""},
		{"two records count as none", zone{"_dmarc.example.co.uk": {"TXT v=DMARC1; p=reject", "TXT v=DMARC1; p=none"}}, "b.example.co.uk", "mail.example.co.uk", Warning, ""},
		{"at the organisational domain", zone{"_dmarc.example.co.uk": {"TXT v=DMARC1; p=reject"}}, "b.example.co.uk", "example.co.uk", OK, OK},
		{"the subdomain's policy", zone{"_dmarc.example.co.uk": {"TXT v=DMARC1; p=reject; sp=none"}}, "b.example.co.uk", "example.co.uk", Warning, OK},
		{"its own record comes first", zone{"_dmarc.mail.example.co.uk": {"TXT v=DMARC1; p=quarantine; sp=none"}, "_dmarc.example.co.uk": {"TXT v=DMARC1; p=none"}},
			"b.example.co.uk", "example.co.uk", OK, OK},
		{"no policy", zone{"_dmarc.example.co.uk": {"TXT v=DMARC1; p=maybe"}}, "b.example.co.uk", "example.co.uk", Problem, OK},
		{"strict SPF", zone{"_dmarc.example.co.uk": {"TXT v=DMARC1; p=reject; aspf=s"}}, "b.example.co.uk", "example.co.uk", OK, Warning},
		{"strict both", zone{"_dmarc.example.co.uk": {"TXT v=DMARC1; p=reject; aspf=s; adkim=s"}}, "b.example.co.uk", "example.co.uk", OK, Problem},
		{"the provider's own domains", zone{"_dmarc.example.co.uk": {"TXT v=DMARC1; p=reject"}}, "bounces.provider.example", "provider.example", OK, Problem},
		{"another company under the same suffix", zone{"_dmarc.example.co.uk": {"TXT v=DMARC1; p=reject"}}, "b.other.co.uk", "other.co.uk", OK, Problem},
		{"nobody answers", zone{"_dmarc.mail.example.co.uk": {"FAIL"}}, "b.example.co.uk", "example.co.uk", Unknown, ""},
	} {
		fs := checkDMARC(t.Context(), c.z, Domains{From: "mail.example.co.uk", Bounce: c.bounce, DKIMDomain: c.signs})
		if fs[0].Level != c.policy || (len(fs) == 2) != (c.aligned != "") || len(fs) == 2 && fs[1].Level != c.aligned {
			t.Errorf("%s: %+v", c.what, fs)
		}
	}
}

func TestBouncesMustHaveSomewhereToGo(t *testing.T) {
	for lines, want := range map[string]Level{"MX mail.example.": OK, "MX .": Problem, "A 192.0.2.1": Warning, "TXT x": Problem, "FAIL": Unknown} {
		if f := checkMX(t.Context(), zone{"b.example": {lines}}, "bounces", "b.example"); f.Level != want {
			t.Errorf("%s: %+v", lines, f)
		}
	}
}

func TestAnswersMustHaveSomewhereToGoWhereTheyHaveADomain(t *testing.T) {
	z := zone{"b.example": {"MX mail.example."}}
	for answer, want := range map[string]string{"": "", "b.example": "", "a.example": "a.example has neither MX nor address: answers are lost, and receivers may refuse such a sender"} {
		got := ""
		for _, f := range Check(t.Context(), z, Domains{From: "example.org", Bounce: "b.example", Answer: answer, Links: "https://x.example.org"}) {
			if f.About == "answers" {
				got = f.Says
			}
		}
		if got != want {
			t.Errorf("%q: %q, want %q", answer, got, want)
		}
	}
}

func TestLinksAreOfTheSendersDomainAndLeadSomewhere(t *testing.T) {
	z := zone{"privacy.example.co.uk": {"A 192.0.2.1"}, "privacy.other.co.uk": {"A 192.0.2.1"}}
	for _, c := range []struct {
		links string
		want  []Level
	}{
		{"https://privacy.example.co.uk", []Level{OK, OK}},
		{"https://privacy.other.co.uk", []Level{Warning, OK}},
		{"https://gone.example.co.uk", []Level{OK, Problem}},
		{"http://privacy.example.co.uk", []Level{Problem, OK, OK}},
		{"https://192.0.2.1/x", []Level{Warning}},
		{"nothing", []Level{Problem}},
	} {
		var got []Level
		for _, f := range checkLinks(t.Context(), z, Domains{From: "mail.example.co.uk", Links: c.links}) {
			got = append(got, f.Level)
		}
		if fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s: %v, want %v", c.links, got, c.want)
		}
	}
}

func TestAnAddressHasANameThatLeadsBack(t *testing.T) {
	z := zone{"192.0.2.1": {"PTR mail.example."}, "mail.example": {"A 192.0.2.1"}, "192.0.2.2": {"PTR lost.example."}, "192.0.2.4": {"FAIL"}}
	for ip, want := range map[string]Level{"192.0.2.1": OK, "192.0.2.2": Problem, "192.0.2.3": Problem, "192.0.2.4": Unknown} {
		fs := CheckReverse(t.Context(), z, "mail.example", []netip.Addr{netip.MustParseAddr(ip)})
		if len(fs) != 1 || fs[0].Level != want {
			t.Errorf("%s: %+v, want %s", ip, fs, want)
		}
	}
	if fs := CheckReverse(t.Context(), z, "other.example", []netip.Addr{netip.MustParseAddr("192.0.2.1")}); fs[0].Level != Warning {
		t.Errorf("another HELO: %+v", fs)
	}
}

func TestEverythingThatIsNotWellSaysWhatToDo(t *testing.T) {
	for _, z := range []zone{{}, {"b.example": {"FAIL"}, "example.org": {"FAIL"}}} {
		fs := Check(t.Context(), z, Domains{From: "example.org", Bounce: "b.example", Links: "http://x.example", DKIMSelector: "s",
			SendsFrom: []netip.Addr{netip.MustParseAddr("192.0.2.1")}})
		if len(fs) < 5 {
			t.Fatalf("only %d findings", len(fs))
		}
		for _, f := range fs {
			if f.Level != OK && f.Do == "" || f.About == "" || f.Says == "" {
				t.Errorf("%+v", f)
			}
		}
	}
}
