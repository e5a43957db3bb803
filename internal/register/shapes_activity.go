package register

import (
	"time"

	"github.com/goccy/go-yaml/ast"

	"article14/internal/calendar"
	"article14/mailer"
	"article14/mailer/complete"
)

var activityShape = object(
	field("key", slug, "Short name for commands and tables; it never changes.",
		func(a *mailer.Activity) *string { return &a.Key }).must(),
	field("name", texts, "What people call it.",
		func(a *mailer.Activity) *mailer.Texts { return &a.Names }),
	field("holding", texts, "What is held, for subject and opening: your work contact details.",
		func(a *mailer.Activity) *mailer.Texts { return &a.Holding }),
	field("summary", texts, "Why, in a sentence or two, with what people do with the data.",
		func(a *mailer.Activity) *mailer.Texts { return &a.Summary }),
	field("purposes", list(purposeShape), "Each purpose with its own legal basis (14(1)(c)).",
		func(a *mailer.Activity) *[]mailer.Purpose { return &a.Purposes }),
	field("categories", list(categoryShape), "The kinds of personal data (14(1)(d)).",
		func(a *mailer.Activity) *[]mailer.Category { return &a.Categories }),
	field("recipients", list(recipientShape), "Who receives the data (14(1)(e)): by name, or by activity, industry, sector and place.",
		func(a *mailer.Activity) *[]mailer.Recipient { return &a.Recipients }),
	field("transfers", list(transferShape), "Transfers to third countries (14(1)(f)).",
		func(a *mailer.Activity) *[]mailer.Transfer { return &a.Transfers }),
	field("retention", retentionShape, "How long the data are kept (14(2)(a)).",
		func(a *mailer.Activity) *mailer.Retention { return &a.Retention }),
	field("automated_decisions", automatedShape, "Automated decisions with legal or similar effect (14(2)(g)): none, or what they are.",
		func(a *mailer.Activity) **mailer.Automated { return &a.Automated }),
	field("late_apology", texts, "Sentence for notices that are late, if the team has approved one.",
		func(a *mailer.Activity) *mailer.Texts { return &a.LateApology }),
	field("not_applicable", reasons, "Elements of Article 14 that do not apply, each with the reason.",
		func(a *mailer.Activity) *mailer.Reasons { return &a.NotApplicable }),
)

// zoneOf is where a controller's time zone goes; Parse adds its name.
func zoneOf(c *mailer.Controller) **time.Location { return &c.Zone }

// reasons are by Article 14 key; which keys admit one is for package complete to say.
var reasons = named[mailer.Reasons](keyed(longText, "reasons by element, as {14.1.b: ...}", `^14\.[12]\.[a-g]$`, checkElement))

// checkElement says what is wrong with an element's key.
func checkElement(name string) string {
	for _, known := range complete.Elements {
		if known == name {
			return ""
		}
	}
	return "is no element of Article 14(1) and (2); write 14.1.a to 14.2.g"
}

// named gives a map its own type.
func named[M ~map[string]T, T any](of shape[map[string]T]) shape[M] {
	return shape[M]{
		schema: of.schema,
		read: func(r *reader, path string, n ast.Node) (M, bool) {
			m, ok := of.read(r, path, n)
			return M(m), ok
		},
	}
}

var purposeShape = object(
	field("key", slug, "Short name; gates and duties refer to it.",
		func(p *mailer.Purpose) *string { return &p.Key }).must(),
	field("text", texts, "What the data are used for.",
		func(p *mailer.Purpose) *mailer.Texts { return &p.Texts }),
	field("basis", oneOf("legal basis", mailer.Bases), "Its legal basis in Art. 6(1).",
		func(p *mailer.Purpose) *mailer.Basis { return &p.Basis }),
	field("interest", texts, "The legitimate interest pursued, for 6.1.f (14(2)(b)).",
		func(p *mailer.Purpose) *mailer.Texts { return &p.Interest }),
	field("balancing_test", optional(balancingShape), "The document that weighed the interest, for 6.1.f.",
		func(p *mailer.Purpose) **mailer.BalancingTest { return &p.Balancing }),
	field("direct_marketing", yesOrNo, "Whether it is direct marketing: objection is then absolute (Art. 21(2)-(3)).",
		func(p *mailer.Purpose) *bool { return &p.DirectMarketing }),
	field("starts", optional(day), "For a purpose added later: the day on which it begins; people are told before (14(4)).",
		func(p *mailer.Purpose) **calendar.Date { return &p.Starts }),
)

var balancingShape = object(
	field("reference", shortText, "Where the document is found.",
		func(b *mailer.BalancingTest) *string { return &b.Reference }),
	field("owner", shortText, "Who answers for it.",
		func(b *mailer.BalancingTest) *string { return &b.Owner }),
	field("date", day, "When the weighing was done.",
		func(b *mailer.BalancingTest) *calendar.Date { return &b.Date }),
)

var categoryShape = object(
	field("key", slug, "Short name.",
		func(c *mailer.Category) *string { return &c.Key }).must(),
	field("text", texts, "The kind of data, in each language.",
		func(c *mailer.Category) *mailer.Texts { return &c.Texts }),
)

var recipientShape = object(
	field("name", shortText, "The recipient's own name.",
		func(r *mailer.Recipient) *string { return &r.Name }),
	field("role", texts, "What they do for us, or with the data.",
		func(r *mailer.Recipient) *mailer.Texts { return &r.Role }),
	field("activity", texts, "Where there is no name: what such recipients do.",
		func(r *mailer.Recipient) *mailer.Texts { return &r.Activity }),
	field("industry", texts, "Where there is no name: their industry.",
		func(r *mailer.Recipient) *mailer.Texts { return &r.Industry }),
	field("sector", texts, "Where there is no name: their sector and sub-sector.",
		func(r *mailer.Recipient) *mailer.Texts { return &r.Sector }),
	field("place", texts, "Where there is no name: where they are.",
		func(r *mailer.Recipient) *mailer.Texts { return &r.Place }),
	field("key", slug, "Short name for disclosures, and for telling it of people's rights (Art. 19); it never changes.",
		func(r *mailer.Recipient) *string { return &r.Key }),
	field("system", yesOrNo, "Whether it is told of them by a webhook; otherwise a person passes a list on.",
		func(r *mailer.Recipient) *bool { return &r.System }),
	field("gets_all", yesOrNo, "Whether it gets everybody's data: then it is told of people without a disclosure on record, too.",
		func(r *mailer.Recipient) *bool { return &r.GetsAll }),
	field("not_told", longText, "Why telling it is impossible or would take a disproportionate effort (Art. 19); it stands in the record.",
		func(r *mailer.Recipient) *string { return &r.NotTold }),
)

var transferShape = object(
	field("to", shortText, "The recipient, by the name under recipients.",
		func(t *mailer.Transfer) *string { return &t.To }),
	field("country", country, "The third country.",
		func(t *mailer.Transfer) *string { return &t.Country }),
	field("mechanism", oneOf("mechanism", mailer.Mechanisms), "What allows the transfer (Art. 45 to 49).",
		func(t *mailer.Transfer) *mailer.Mechanism { return &t.Mechanism }),
	field("copy", webURL, "Where to get a copy of the safeguard.",
		func(t *mailer.Transfer) *string { return &t.Link }),
)

var retentionShape = object(
	field("period", period, "How long from the first obtaining, such as P2Y.",
		func(r *mailer.Retention) *calendar.Period { return &r.Period }),
	field("event", texts, "In place of a period: the event that ends the need (T1b).",
		func(r *mailer.Retention) *mailer.Texts { return &r.Event }),
	field("after", period, "How long after the event.",
		func(r *mailer.Retention) *calendar.Period { return &r.After }),
	field("limit", period, "The longest, from the first obtaining, if the event does not come.",
		func(r *mailer.Retention) *calendar.Period { return &r.Limit }),
)

// automatedShape is the word none, or what the decisions are.
var automatedShape = func() shape[*mailer.Automated] {
	described := optional(object(
		field("logic", texts, "How it is decided.",
			func(a *mailer.Automated) *mailer.Texts { return &a.Logic }),
		field("significance", texts, "What it matters to the person.",
			func(a *mailer.Automated) *mailer.Texts { return &a.Significance }),
		field("consequences", texts, "What follows for the person.",
			func(a *mailer.Automated) *mailer.Texts { return &a.Consequences }),
	))
	return shape[*mailer.Automated]{
		schema: schema{"oneOf": []schema{{"const": none}, described.schema}},
		read: func(r *reader, path string, n ast.Node) (*mailer.Automated, bool) {
			if text, ok := scalar(n); ok {
				if text != none {
					r.refuse(path, "%q is no answer; write none, or logic, significance and consequences", text)
				}
				return nil, text == none
			}
			return described.read(r, path, n)
		},
	}
}()

// none says outright that there are no automated decisions.
const none = "none"
