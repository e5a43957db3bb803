package address_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"article14/internal/address"
)

func parse(t testing.TB, s string) address.Address {
	t.Helper()
	a, err := address.Parse(s)
	if err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return a
}

func TestHardAddressesAreRead(t *testing.T) {
	cases := []struct{ name, text, normal, displayed string }{
		{"a non-ASCII local part is kept", "pelé@example.com", "pelé@example.com", ""},
		{"an IDN domain becomes its A-label", "info@bücher.example", "info@xn--bcher-kva.example", ""},
		{"a domain in A-labels stays", "info@xn--bcher-kva.example", "info@xn--bcher-kva.example", ""},
		{"a sharp s is not two s", "info@straße.example", "info@xn--strae-oqa.example", ""},
		{"a tag is kept", "ann+lee@example.com", "ann+lee@example.com", ""},
		{"a quoted local part", `"john doe"@example.com`, `"john doe"@example.com`, ""},
		{"a quoted local part with an @", `"a@b"@example.com`, `"a@b"@example.com`, ""},
		{"a quoted local part with an escape", `"a\"b"@example.com`, `"a\"b"@example.com`, ""},
		{"the local part keeps its case, the domain does not", "MixedCase@EXAMPLE.com", "MixedCase@example.com", ""},
		{"a display name is set apart", "Jane Roe <jane@example.com>", "jane@example.com", "Jane Roe"},
		{"a quoted display name", `"Roe, Jane \"JR\"" <jane@example.com>`, "jane@example.com", `Roe, Jane "JR"`},
		{"a display name with a bare comma", "Roe, Jane <jane@example.com>", "jane@example.com", "Roe, Jane"},
		{"a display name with an at sign", "Jane @ Acme <jane@example.com>", "jane@example.com", "Jane @ Acme"},
		{"a display name that is the address", "jane@example.com <jane@example.com>", "jane@example.com", ""},
		{"a display name from right to left", "محمد عبد الله <rtl@example.com>", "rtl@example.com", "محمد عبد الله"},
		{"brackets alone", "<jane@example.com>", "jane@example.com", ""},
		{"space around is dropped", "  spaces@example.com  ", "spaces@example.com", ""},
		{"what spreadsheets leave is dropped", "\ufeff\tspaces@example.com\u00a0\u200b", "spaces@example.com", ""},
		{"every character that an atom may have", "!#$%&'*+-/=?^_`{|}~.a@example.com", "!#$%&'*+-/=?^_`{|}~.a@example.com", ""},
		{"full-width letters in the domain", "a@ｅｘａｍｐｌｅ.com", "a@example.com", ""},
		{"an ideographic full stop", "a@例え。jp", "a@xn--r8jz45g.jp", ""},
		{"64 octets before the @", strings.Repeat("a", 64) + "@example.com", strings.Repeat("a", 64) + "@example.com", ""},
		{"an address that cannot be reached is an address", "dead@nomail.invalid", "dead@nomail.invalid", ""},
		{"a formula for a name is a name", `=HYPERLINK("http://evil.example") <formula@example.com>`, "formula@example.com", `=HYPERLINK("http://evil.example")`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a := parse(t, c.text)
			if a.Normal() != c.normal || a.Name() != c.displayed {
				t.Errorf("got %q and name %q, want %q and %q", a.Normal(), a.Name(), c.normal, c.displayed)
			}
			if a.Local()+"@"+a.Domain() != a.Normal() {
				t.Errorf("parts %q and %q", a.Local(), a.Domain())
			}
		})
	}
}

var refusals = []struct {
	name, text string
	want       address.Reason
}{
	{"nothing", "", address.Empty},
	{"space", " \t\u00a0", address.Empty},
	{"an at sign in words", "john(at)example.com", address.Syntax},
	{"no domain", "john@", address.Syntax},
	{"no local part", "@example.com", address.LocalPart},
	{"two addresses with a comma", "a@example.com, b@example.com", address.Several},
	{"two addresses with a semicolon", "a@example.com;b@example.com", address.Several},
	{"two addresses with a space", "a@example.com b@example.com", address.Several},
	{"two addresses in brackets", "A <a@example.com>, B <b@example.com>", address.Several},
	{"another address in the name", "b@example.com <a@example.com>", address.Several},
	{"another address quoted in the name", `"Boss b@example.com" <a@example.com>`, address.Several},
	{"an address and then brackets", "<a@example.com> b@example.com", address.Several},
	{"a line break and a header", "a@example.com\r\nBcc: victim@example.com", address.Control},
	{"a line break at the end", "a@example.com\n", address.Control},
	{"a line break in the name", "Jane\nRoe <jane@example.com>", address.Control},
	{"NUL", "nul\x00@example.com", address.Control},
	{"a C1 control", "a\u0085b@example.com", address.Control},
	{"a line separator", "a\u2028@example.com", address.Control},
	{"an override of direction in the name", "Jane \u202egro.live <jane@example.com>", address.Control},
	{"an isolate of direction in the local part", "a\u2066b@example.com", address.Control},
	{"an invisible character in the local part", "a\u200bb@example.com", address.LocalPart},
	{"an invisible hyphen in the local part", "a\u00adb@example.com", address.LocalPart},
	{"a space in the local part", "john doe@example.com", address.LocalPart},
	{"two dots in the local part", "john..doe@example.com", address.LocalPart},
	{"a dot at the end of the local part", "john.@example.com", address.LocalPart},
	{"an open quote", `"john@example.com`, address.LocalPart},
	{"empty quotes", `""@example.com`, address.LocalPart},
	{"text behind the quotes", `"john"doe@example.com`, address.LocalPart},
	{"a link", "mailto:jane@example.com", address.LocalPart},
	{"an open bracket", "Jane <jane@example.com", address.Syntax},
	{"a stray bracket", "Jane > <jane@example.com>", address.Syntax},
	{"empty brackets", "Jane <>", address.Syntax},
	{"a domain of one label", "root@localhost", address.SingleName},
	{"an address literal", "a@[192.0.2.1]", address.Literal},
	{"an address literal of IPv6", "a@[IPv6:2001:db8::1]", address.Literal},
	{"an IP address without brackets", "a@192.0.2.1", address.Literal},
	{"an underscore in the domain", "a@b_c.example", address.Domain},
	{"a hyphen at the start of a label", "a@-b.example", address.Domain},
	{"two dots in the domain", "a@b..example", address.Domain},
	{"a dot at the end of the domain", "a@b.example.", address.Domain},
	{"a space in the domain", "a@exam ple.com", address.Domain},
	{"an A-label that decodes to nothing", "a@xn--a.example", address.Domain},
	{"a mixture of directions in the domain", "a@אabcא1x.example", address.Domain},
	{"65 octets before the @", strings.Repeat("a", 65) + "@example.com", address.TooLong},
	{"33 letters of two octets before the @", strings.Repeat("é", 33) + "@example.com", address.TooLong},
	{"over 254 octets", strings.Repeat("a", 60) + "@" + strings.Repeat(strings.Repeat("a", 63)+".", 3) + "example.com", address.TooLong},
	{"a label over 63 octets", "a@" + strings.Repeat("b", 64) + ".example", address.Domain},
	{"a whole page", strings.Repeat("x", 5000) + "@example.com", address.TooLong},
	{"bytes that are no UTF-8", "pel\xe9@example.com", address.Encoding},
	{"damage of an earlier conversion", "pel\ufffd@example.com", address.Encoding},
}

func TestWhatIsNoAddressIsRefusedWithItsReason(t *testing.T) {
	for _, c := range refusals {
		t.Run(c.name, func(t *testing.T) {
			a, err := address.Parse(c.text)
			var e *address.Error
			if !errors.As(err, &e) || e.Reason != c.want || !a.IsZero() || a.Normal() != "" {
				t.Errorf("got %q, %v, want %s", a.Normal(), err, c.want)
			}
		})
	}
}

// R5: one person's objection must not be another's.
func TestTwoPeopleNeverShareAForm(t *testing.T) {
	pairs := [][2]string{
		{"ann+lee@example.com", "ann@example.com"},
		{"ann.lee@example.com", "annlee@example.com"},
		{"Ann@example.com", "ann@example.com"},
		{"ann-lee@example.com", "ann-kim@example.com"},
		{`"ann lee"@example.com`, "annlee@example.com"},
		{"pelé@example.com", "pele@example.com"},
		{"a@straße.example", "a@strasse.example"},
	}
	for _, p := range pairs {
		if a, b := parse(t, p[0]), parse(t, p[1]); a.Normal() == b.Normal() {
			t.Errorf("%s and %s are one: %s", p[0], p[1], a.Normal())
		}
	}
}

func TestOnlyALocalPartOutsideASCIINeedsSMTPUTF8(t *testing.T) {
	for text, want := range map[string]bool{
		"pelé@example.com": true, "info@bücher.example": false, "ann@example.com": false, "用户@例え.jp": true,
	} {
		if got := parse(t, text).NeedsSMTPUTF8(); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}

func TestADomainIsShownAsPeopleReadIt(t *testing.T) {
	if got := parse(t, "info@XN--BCHER-KVA.example").UnicodeDomain(); got != "bücher.example" {
		t.Errorf("got %s", got)
	}
}

func TestAnOfficeIsToldFromAPerson(t *testing.T) {
	for text, want := range map[string]bool{
		"abuse@example.com": true, "Postmaster@example.com": true, "info@example.com": true, "SALES@example.com": true,
		"info+x@example.com": true, "no-reply@example.com": true, "service.client@example.com": true, "kontakt@example.com": true,
		"büro@example.com": true, "ventas@example.com": true, `"contact"@example.com`: true, "asiakaspalvelu@example.com": true,
		"jane.roe@example.com": false, "information.officer.jane@example.com": false, "sally@example.com": false, "i@example.com": false,
		"ann+info@example.com": false,
	} {
		if got := parse(t, text).IsRole(); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}

func TestAnAddressDoesNotShowInLogsOrErrors(t *testing.T) {
	a := parse(t, "Élodie <elodie@secret.example>")
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("sent", "to", a)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("sent", "to", a)
	fmt.Fprintf(&log, "%v %+v %#v %s %q", a, a, a, a, a)
	_, err := address.Parse("Élodie <elodie@secret..example>")
	if err == nil {
		t.Fatal("no error")
	}
	log.WriteString(err.Error())
	for _, secret := range []string{"elodie", "secret", "lodie"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("%q in %s", secret, log.String())
		}
	}
}

func TestTheNormalFormIsItsOwnNormalForm(t *testing.T) {
	label := rapid.StringMatching(`[a-zA-ZäöüßÉñ0-9]{1,12}`)
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.StringMatching(`[a-zA-Z0-9é+_-]{1,20}(\.[a-z0-9]{1,8})?`).Draw(rt, "local") + "@" +
			label.Draw(rt, "label") + ".example"
		a, err := address.Parse(text)
		if err != nil {
			rt.Fatalf("%q: %v", text, err)
		}
		b, err := address.Parse(a.Normal())
		if err != nil || b != a {
			rt.Fatalf("%q gives %q, and that %q, %v", text, a.Normal(), b.Normal(), err)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"pelé@example.com", `"john doe"@example.com`, "Jane Roe <jane@example.com>", "a@example.com, b@example.com",
		"john(at)example.com", "<<a@b.c>>", `"\`, "a@[1.2.3.4]", "a@xn--0.example", "\ufeffa@b.example\u200b", `"a" <"b\"c"@d.example>`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := address.Parse(s)
		if err != nil {
			var e *address.Error
			if !errors.As(err, &e) || !a.IsZero() {
				t.Fatalf("%q: %v with %q", s, err, a.Normal())
			}
			return
		}
		normal := a.Normal()
		if strings.ContainsAny(normal+a.Name(), "\r\n\x00") {
			t.Fatalf("%q: a control character came through", s)
		}
		if len(normal) > 254 || len(a.Local()) > 64 || !strings.Contains(a.Domain(), ".") {
			t.Fatalf("%q: %q is out of bounds", s, normal)
		}
		b, err := address.Parse(normal)
		if err != nil || b.Normal() != normal {
			t.Fatalf("%q gives %q, and that %q, %v", s, normal, b.Normal(), err)
		}
	})
}

func TestAnOfficesNameIsNoPersons(t *testing.T) {
	for name, want := range map[string]bool{
		"Role": true, "Role Account": true, "SALES": true, "Customer Service": true, "Datenschutz-Team": true, "Service client": true, "Domain Administrator": true,
		"IT Department": true, "Büro": true, "": false, "-": false, "Ann Lee": false, "Frau Post": false, "Jobs, Steve": false, "Marketa Info": false, "Role Acme": false,
	} {
		if got := address.IsOffice(name); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
}
