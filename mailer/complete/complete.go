package complete

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"article14/internal/language"
	"article14/mailer"
)

// Elements lists the elements of Article 14(1) and (2), by the keys of docs/rules.md.
var Elements = []string{"14.1.a", "14.1.b", "14.1.c", "14.1.d", "14.1.e", "14.1.f",
	"14.2.a", "14.2.b", "14.2.c", "14.2.d", "14.2.e", "14.2.f", "14.2.g"}

// Finding is something that a register lacks, or says in a way that it may not.
type Finding struct {
	Key      string // the element of Article 14, 14.1.a to 14.2.g; where there is none, the rule
	Rule     string // the rule that it breaks: C1, C2, C3, C6, S2, P1, P3, R10, ...
	Path     string // where in the register file: activities[0].purposes[1].interest
	Language string // of the text; "" where it is about no single language
	Message  string // what is missing or wrong, and what to do
	Warning  bool   // a person should look; notices can be written all the same
}

// Check names everything that keeps a register from being the ground of
// notices: elements of Article 14 that are neither filled nor marked as not
// applicable with a reason (C1), bases without their information (C2, C3),
// recipients and sources without a name (C6, S2, S3), rights (R10), texts in
// refused words (P1, P3) or without a translation (L4).
//
// languages are those that notices can be written in; nil stands for any. Every
// text must be there in each of them that the register uses anywhere.
func Check(reg *mailer.Register, languages []string) []Finding {
	c := &registerCheck{reg: reg, needed: neededLanguages(reg, languages)}
	c.languages(languages)
	c.controller(reg.Controller)
	c.sources()
	c.activities()
	return c.findings
}

// registerCheck walks a register and collects findings.
type registerCheck struct {
	reg      *mailer.Register
	needed   []string // every text is wanted in these
	findings []Finding
}

func (c *registerCheck) find(key, rule, path, format string, args ...any) {
	c.findings = append(c.findings, Finding{Key: key, Rule: rule, Path: path, Message: fmt.Sprintf(format, args...)})
}

func (c *registerCheck) warn(key, rule, path, format string, args ...any) {
	c.find(key, rule, path, format, args...)
	c.findings[len(c.findings)-1].Warning = true
}

// filled wants a value.
func (c *registerCheck) filled(value, key, rule, path, what string) {
	if strings.TrimSpace(value) == "" {
		c.find(key, rule, path, "%s is missing; write it", what)
	}
}

// unique wants keys that are there once.
func (c *registerCheck) unique(seen map[string]bool, value, key, path string) {
	c.filled(value, key, "C1", path+".key", "the key")
	if seen[value] && value != "" {
		c.find(key, "C1", path+".key", "the key %q stands for something else already; choose another", value)
	}
	seen[value] = true
}

// controller checks 14.1.a and 14.1.b, and what links and headers are made of.
func (c *registerCheck) controller(ct mailer.Controller) {
	const at = "controller"
	c.filled(ct.Key, "14.1.a", "C1", at+".key", "the controller's key")
	c.filled(ct.Name, "14.1.a", "C1", at+".name", "the controller's name")
	c.filled(ct.Address, "14.1.a", "C1", at+".address", "the controller's postal address")
	c.filled(ct.Email, "14.1.a", "C1", at+".email", "the address that people write to about their data")
	if ct.Zone == nil {
		c.find("D10", "D10", at+".time_zone", "the time zone is missing; it decides the date of every deadline")
	}
	c.authority(ct)
	if ct.Representative != nil {
		c.party(*ct.Representative, "14.1.a", at+".representative", "the representative")
	} else if ct.Country != "" && !inEEA(ct.Country) {
		c.warn("14.1.a", "C1", at+".representative",
			"the controller is outside the European Economic Area; if Article 27 applies, name the representative")
	}
	if ct.DPO != nil {
		c.party(*ct.DPO, "14.1.b", at+".data_protection_officer", "the data protection officer")
	}
	c.either(ct.DPO != nil, "14.1.b", at, at+".data_protection_officer", "the data protection officer", ct.NotApplicable)
	c.reasons(ct.NotApplicable, at, []string{"14.1.b"})
	c.mail(ct.Mail)
}

func (c *registerCheck) mail(m mailer.MailSettings) {
	const at = "controller.mail"
	c.filled(m.From, "14.1.a", "C1", at+".from", "the address that notices come from")
	c.filled(m.FromName, "14.1.a", "C1", at+".from_name", "the name that notices come from")
	c.filled(m.BounceDomain, "E3", "E3", at+".bounce_domain", "the domain that bounces come back to")
	c.filled(m.Links, "14.2.c", "C1", at+".links", "the address at which people use their rights")
	c.filled(m.ShownAs, "14.2.c", "C1", at+".shown_as", "the address as people type it")
}

// authority is 14.2.e: outside the table of authorities the controller's is shown (R8).
func (c *registerCheck) authority(ct mailer.Controller) {
	const at = "controller.country"
	c.filled(ct.Country, "14.2.e", "C1", at, "the controller's country, which decides the supervisory authority,")
	if _, known := language.AuthorityFor(ct.Country, ""); ct.Country != "" && !known {
		c.warn("14.2.e", "R8", at,
			"no supervisory authority is known for %s; people outside the European Economic Area, Switzerland and the United Kingdom cannot be told of one", ct.Country)
	}
}

func (c *registerCheck) party(p mailer.Party, key, at, who string) {
	if p.Email == "" && p.Phone == "" && p.Address == "" {
		c.find(key, "C1", at, "%s cannot be reached; write an e-mail address, a telephone number or a postal address", who)
	}
}

// either wants an element filled, or a reason why it does not apply, and not both.
func (c *registerCheck) either(there bool, key, at, path, what string, reasons mailer.Reasons) {
	_, excused := reasons[key]
	switch {
	case !there && !excused:
		c.find(key, "C1", path, "%s is missing; fill it in, or write under %s.not_applicable why %s does not apply", what, at, key)
	case there && excused:
		c.find(key, "C1", at+".not_applicable."+key, "%s is there and is marked as not applicable; keep one of the two", what)
	}
}

// reasons checks what is marked as not applicable: the element must be one that
// need not be there, and the reason must be one.
func (c *registerCheck) reasons(r mailer.Reasons, at string, admitted []string) {
	for _, key := range slices.Sorted(maps.Keys(r)) {
		path := at + ".not_applicable." + key
		switch {
		case !slices.Contains(Elements, key):
			c.find("C1", "C1", path, "%q is no element of Article 14; write one of %s", key, strings.Join(admitted, ", "))
		case !slices.Contains(admitted, key):
			c.find(key, "C1", path, "%s cannot be left out here; only %s can be marked as not applicable", key, strings.Join(admitted, ", "))
		case strings.TrimSpace(r[key]) == "":
			c.find(key, "C1", path, "the reason is missing; write why %s does not apply", key)
		}
	}
}

// sources checks 14.2.f.
func (c *registerCheck) sources() {
	const key = "14.2.f"
	if len(c.reg.Sources) == 0 {
		c.find(key, "C1", "sources", "there is no source; name each place from which data come")
	}
	seen := map[string]bool{}
	for i, s := range c.reg.Sources {
		at := fmt.Sprintf("sources[%d]", i)
		c.unique(seen, s.Key, key, at)
		c.text(at+".name", key, s.Names, "the source's name")
		c.generic(at+".name", s)
		if !slices.Contains(mailer.SourceKinds, s.Kind) {
			c.find(key, "C1", at+".kind", "what kind of source it is is missing; use one of %s", listed(mailer.SourceKinds))
		}
		c.text(at+".method", key, s.Method, "how the data are collected")
		c.files(at, s)
	}
}

// files checks that what a source's files hold can be told apart (D4, S4).
func (c *registerCheck) files(at string, s mailer.Source) {
	const key = "14.2.f"
	if s.Columns.Fields["visibility"] != "" && len(s.Columns.Visibility) == 0 {
		c.find(key, "S4", at+".visibility_values", "what the values of the visibility column mean is missing; write which are public and which are restricted")
	}
	if s.Columns.Fields["visibility"] == "" && len(s.Columns.Visibility) > 0 {
		c.find(key, "S4", at+".columns.visibility", "the values of visibility have a meaning, but the column is missing; name it")
	}
	dated := slices.ContainsFunc([]string{"obtained_at", "first_communication", "first_disclosure"},
		func(f string) bool { return s.Columns.Fields[f] != "" })
	if dated && s.DateFormat == "" {
		c.warn(key, "D4", at+".dates", "how dates are written in its files is missing, so only dates with the year first are read; write rfc3339, or a pattern such as DD/MM/YYYY")
	}
}

// inEEA reports whether no transfer to a third country takes place there.
func inEEA(country string) bool {
	return strings.Contains("AT BE BG HR CY CZ DK EE FI FR DE GR HU IS IE IT LV LI LT LU MT NL NO PL PT RO SK SI ES SE", country)
}

// listed prints the words that may be used.
func listed[T ~string](words []T) string {
	var list []string
	for _, w := range words {
		list = append(list, string(w))
	}
	return strings.Join(list, ", ")
}
