package complete

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"article14/mailer"
)

// activities checks 14.1.c to 14.2.g of each activity.
func (c *registerCheck) activities() {
	if len(c.reg.Activities) == 0 {
		c.find("14.1.c", "C1", "activities", "there is no activity; write what is done with the data")
	}
	seen := map[string]bool{}
	for i, a := range c.reg.Activities {
		at := fmt.Sprintf("activities[%d]", i)
		c.unique(seen, a.Key, "14.1.c", at)
		c.text(at+".name", "14.1.c", a.Names, "the activity's name")
		c.text(at+".holding", "14.1.d", a.Holding, "what is held, in a few words,")
		c.text(at+".summary", "14.1.c", a.Summary, "the summary, why the data are kept,")
		c.purposes(at, a)
		c.categories(at+".categories", a.Categories)
		c.channels(at+".categories", a.Categories)
		c.recipients(at, a)
		c.transfers(at, a)
		c.retention(at+".retention", a.Retention)
		c.automated(at, a)
		c.ifThere(at+".late_apology", "14.2.a", a.LateApology, "the sentence for late notices")
		c.reasons(a.NotApplicable, at, []string{"14.1.e", "14.1.f", "14.2.b", "14.2.d", "14.2.g"})
		c.contradictions(at+".not_applicable", a)
	}
}

func (c *registerCheck) purposes(at string, a mailer.Activity) {
	if len(a.Purposes) == 0 {
		c.find("14.1.c", "C1", at+".purposes", "there is no purpose; write each with its legal basis")
	}
	seen, allLater := map[string]bool{}, len(a.Purposes) > 0
	for i, p := range a.Purposes {
		path := fmt.Sprintf("%s.purposes[%d]", at, i)
		c.unique(seen, p.Key, "14.1.c", path)
		c.text(path+".text", "14.1.c", p.Texts, "the purpose")
		c.basis(path, p)
		c.starts(path, p)
		allLater = allLater && p.Starts != nil
	}
	if allLater {
		c.find("14.1.c", "D5", at+".purposes",
			"every purpose is one that starts later; take 'starts' from those that data are obtained for")
	}
}

// basis checks that a purpose has a basis, and with it what that basis calls for.
func (c *registerCheck) basis(at string, p mailer.Purpose) {
	if !slices.Contains(mailer.Bases, p.Basis) {
		c.find("14.1.c", "C3", at+".basis", "the purpose has no legal basis of its own; use one of %s", listed(mailer.Bases))
		return
	}
	if p.DirectMarketing && p.Basis != mailer.Consent && p.Basis != mailer.LegitimateInterest {
		c.warn("R10", "R10", at+".basis", "direct marketing rests on consent (6.1.a) or on a legitimate interest (6.1.f); look whether %s is meant", p.Basis)
	}
	if p.Basis != mailer.LegitimateInterest {
		if there(p.Interest) {
			c.find("14.2.b", "C2", at+".interest", "an interest is written, but the basis is %s; take the interest out, or set 6.1.f", p.Basis)
		}
		return
	}
	c.text(at+".interest", "14.2.b", p.Interest, "the legitimate interest pursued")
	c.balancing(at+".balancing_test", p.Balancing)
}

func (c *registerCheck) balancing(at string, b *mailer.BalancingTest) {
	if b == nil {
		c.find("14.2.b", "C2", at, "the balancing test behind 6.1.f is missing; write reference, owner and date")
		return
	}
	c.filled(b.Reference, "14.2.b", "C2", at+".reference", "where the balancing test is found")
	c.filled(b.Owner, "14.2.b", "C2", at+".owner", "who answers for the balancing test")
	if b.Date.IsZero() {
		c.find("14.2.b", "C2", at+".date", "the date of the balancing test is missing; write it as 2026-11-03")
	}
}

// starts checks a purpose that was added later (14(4)).
func (c *registerCheck) starts(at string, p mailer.Purpose) {
	if p.Starts == nil {
		return
	}
	if p.Starts.IsZero() {
		c.find("14.1.c", "D5", at+".starts", "the day on which the purpose begins is missing; write it as 2026-11-03")
		return
	}
	if p.Balancing != nil && p.Balancing.Date.After(*p.Starts) {
		c.find("14.2.b", "C2", at+".balancing_test.date", "the interest was weighed after the purpose starts (%s); weigh it first", p.Starts)
	}
}

func (c *registerCheck) categories(at string, categories []mailer.Category) {
	if len(categories) == 0 {
		c.find("14.1.d", "C1", at, "the kinds of personal data are missing; write each")
	}
	seen := map[string]bool{}
	for i, k := range categories {
		path := fmt.Sprintf("%s[%d]", at, i)
		c.unique(seen, k.Key, "14.1.d", path)
		c.text(path+".text", "14.1.d", k.Texts, "the kind of data")
	}
}

// Words by which a category is known to name a postal address or a telephone number, in
// its key or in a text of any language; those of a language that is not here are known by the key.
var (
	postalWords = regexp.MustCompile(`postal|street|home address|mailing address|anschrift|straße|postadres|dirección|indirizzo|pocztow|morada`)
	phoneWords  = regexp.MustCompile(`phone|téléphone|telefo|teléfo|mobile number|móvil|handynummer|rufnummer|puhelin|τηλέφων`)
)

// channels warns where letters or calls are allowed and no category names what they
// need: whoever has no address of mail would be told of what we hold, and not of that.
func (c *registerCheck) channels(at string, categories []mailer.Category) {
	named := func(words *regexp.Regexp) bool {
		return slices.ContainsFunc(categories, func(k mailer.Category) bool {
			texts := strings.Join(slices.Collect(maps.Values(k.Texts)), "\n")
			return words.MatchString(strings.ToLower(k.Key + "\n" + texts))
		})
	}
	if allowed := c.reg.Allowed(); allowed.Letters && !named(postalWords) {
		c.warn("14.1.d", "C1", at, "letters are allowed, and no category names the postal address that they go to; name it in a text, or in a category with the key postal_address")
	}
	if allowed := c.reg.Allowed(); allowed.Calls && !named(phoneWords) {
		c.warn("14.1.d", "C1", at, "calls are allowed, and no category names the telephone number; name it in a text, or in a category with the key phone")
	}
}

func (c *registerCheck) recipients(at string, a mailer.Activity) {
	c.either(len(a.Recipients) > 0, "14.1.e", at, at+".recipients", "the recipients", a.NotApplicable)
	for i, r := range a.Recipients {
		path := fmt.Sprintf("%s.recipients[%d]", at, i)
		c.ifThere(path+".role", "14.1.e", r.Role, "what the recipient does")
		if strings.TrimSpace(r.Name) != "" {
			c.named(path+".name", r.Name)
		}
		c.described(path, r)
		c.told(path, r)
	}
}

// told wants a key of a recipient whose system is told of people's rights, and one way for each (Art. 19, R7).
func (c *registerCheck) told(at string, r mailer.Recipient) {
	switch {
	case r.System && r.Key == "":
		c.find("R7", "R7", at, "the recipient is told by its system and has no key; give it one, the same as in the recipients file")
	case r.System && r.NotTold != "":
		c.find("R7", "R7", at+".not_told", "the recipient is told by its system, and there is a reason why it is not told; take one of the two out")
	case r.GetsAll && r.Key == "" && r.Name == "":
		c.find("R7", "R7", at+".gets_all", "recipients that are only described cannot be told one by one; give each that gets everybody's data an entry of its own with its name or a key")
	}
}

// described wants all four descriptors of a recipient without a name (C6).
func (c *registerCheck) described(at string, r mailer.Recipient) {
	var missing []string
	for _, d := range []struct {
		key string
		t   mailer.Texts
	}{{"activity", r.Activity}, {"industry", r.Industry}, {"sector", r.Sector}, {"place", r.Place}} {
		c.ifThere(at+"."+d.key, "14.1.e", d.t, "the recipients' "+d.key)
		if !there(d.t) {
			missing = append(missing, d.key)
		}
	}
	if strings.TrimSpace(r.Name) == "" && len(missing) > 0 {
		c.find("14.1.e", "C6", at, "the recipient has no name, and lacks %s; write the name, or all of activity, industry, sector and place",
			strings.Join(missing, ", "))
	}
}

func (c *registerCheck) transfers(at string, a mailer.Activity) {
	const key = "14.1.f"
	c.either(len(a.Transfers) > 0, key, at, at+".transfers", "the transfers to third countries", a.NotApplicable)
	for i, t := range a.Transfers {
		path := fmt.Sprintf("%s.transfers[%d]", at, i)
		c.filled(t.To, key, "C2", path+".to", "who receives the transfer")
		named := slices.ContainsFunc(a.Recipients, func(r mailer.Recipient) bool { return r.Name == t.To })
		if t.To != "" && !named {
			c.find(key, "C2", path+".to", "no recipient of this activity has that name; add it under recipients")
		}
		c.filled(t.Country, key, "C2", path+".country", "the country of the transfer")
		if t.Country != "" && inEEA(t.Country) {
			c.find(key, "C2", path+".country", "%s is no third country; take the transfer out", t.Country)
		}
		if !slices.Contains(mailer.Mechanisms, t.Mechanism) {
			c.find(key, "C2", path+".mechanism", "what allows the transfer is missing; use one of %s", listed(mailer.Mechanisms))
		}
		c.filled(t.Link, key, "C2", path+".copy", "where to get a copy of what allows the transfer")
	}
}

// retention wants a period, or an event with a duration and a limit (T1b).
func (c *registerCheck) retention(at string, r mailer.Retention) {
	const key = "14.2.a"
	event := there(r.Event)
	if r.Period.IsZero() && !event {
		c.find(key, "C1", at, "how long the data are kept is missing; write a period such as P2Y, or an event with after and limit")
		return
	}
	if !r.Period.IsZero() && (event || !r.After.IsZero() || !r.Limit.IsZero()) {
		c.find(key, "T1b", at, "there is a period and an event; keep one of the two")
		return
	}
	if event && r.After.IsZero() {
		c.find(key, "T1b", at+".after", "how long after the event is missing; write it as P30D")
	}
	if event && r.Limit.IsZero() {
		c.find(key, "T1b", at+".limit", "the longest time is missing; write how long at most, as P5Y, if the event does not come")
	}
	c.ifThere(at+".event", key, r.Event, "the event that ends the storage")
}

func (c *registerCheck) automated(at string, a mailer.Activity) {
	const key = "14.2.g"
	path := at + ".automated_decisions"
	c.either(a.Automated != nil, key, at, path, "whether there are automated decisions", a.NotApplicable)
	if a.Automated == nil {
		return
	}
	c.text(path+".logic", key, a.Automated.Logic, "how it is decided")
	c.text(path+".significance", key, a.Automated.Significance, "what the decision matters to the person")
	c.text(path+".consequences", key, a.Automated.Consequences, "what follows for the person")
}

// contradictions finds elements that are marked as not applicable although a
// purpose calls for them.
func (c *registerCheck) contradictions(at string, a mailer.Activity) {
	if _, excused := a.NotApplicable["14.2.b"]; excused {
		for _, p := range a.Purposes {
			if p.Basis == mailer.LegitimateInterest {
				c.find("14.2.b", "C2", at+".14.2.b", "the purpose %q rests on a legitimate interest; take the mark out", p.Key)
				break
			}
		}
	}
	withdrawal := slices.ContainsFunc(mailer.RightsFor(a), func(i mailer.RightInfo) bool { return i.Right == mailer.RightWithdrawal })
	if _, excused := a.NotApplicable["14.2.d"]; excused && withdrawal {
		c.find("14.2.d", "R10", at+".14.2.d", "a purpose rests on consent, which can be withdrawn; take the mark out")
	}
}
