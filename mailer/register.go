package mailer

import (
	"maps"
	"slices"
	"strings"
	"time"

	"article14/internal/calendar"
	"article14/internal/plain"
)

// Texts holds one text by base language code: {"en": "...", "fr": "..."}.
type Texts map[string]string

// In gives the text in a language; it never falls back (docs/rules.md L2).
func (t Texts) In(language string) (string, bool) {
	s, ok := t[language]
	return s, ok && s != ""
}

// Register is what a company declares about itself and its processing: the
// facts from which every notice is written. internal/register reads it from a file.
type Register struct {
	Controller Controller
	Languages  LanguageRules
	Sources    []Source
	Activities []Activity
	Waivers    []Waiver
	Letters    LetterRules
	Calls      bool // people with no other channel may be called
}

// Waiver lets words stand that the check takes for doubt about the controller's
// own acts, because a person has looked at them (P1).
type Waiver struct {
	Words  string // as they stand in the text, with as much of the sentence as is needed
	Reason string
}

// Source finds a source by key.
func (r *Register) Source(key string) (Source, bool) {
	for _, s := range r.Sources {
		if s.Key == key {
			return s, true
		}
	}
	return Source{}, false
}

// Activity finds an activity by key.
func (r *Register) Activity(key string) (Activity, bool) {
	for _, a := range r.Activities {
		if a.Key == key {
			return a, true
		}
	}
	return Activity{}, false
}

// Controller is the company that owes the notice (Art. 4(7), 14(1)(a)).
type Controller struct {
	Key            string
	Name           string
	Address        string // one line, with the country
	Email          string
	Phone          string
	Country        string         // ISO 3166-1 alpha-2
	Zone           *time.Location // decides the date (D10)
	ZoneName       string
	Representative *Party // Art. 27
	DPO            *Party // 14(1)(b)
	NotApplicable  Reasons
	Mail           MailSettings
}

// Party is somebody else who can be written to.
type Party struct {
	Name, Address, Email, Phone string
}

// MailSettings are what a notice's headers and links are made of. They belong
// to the register, because they are approved with it.
type MailSettings struct {
	From         string // the address that the notice comes from; replies reach people there
	FromName     string
	BounceDomain string // domain of the envelope sender
	AnswerDomain string // domain of Reply-To, an address for each mail; "": answers go to the controller's own
	Links        string // base of every link, https://privacy.example.org
	ShownAs      string // how that address is printed for people who type it, privacy.example.org
}

// LanguageRules say what happens where docs/rules.md L1 finds no language.
type LanguageRules struct {
	UnknownCountry []string // languages for people whose country is unknown; empty: their duty is blocked
}

// Reasons records, by Article 14 key, why an element does not apply (C1).
type Reasons map[string]string

// SourceKind is what a source is; it is printed in the notice.
type SourceKind string

// Kinds of sources.
const (
	KindSocialNetwork  SourceKind = "social_network"
	KindPublicRegistry SourceKind = "public_registry"
	KindBroker         SourceKind = "broker"
	KindEvent          SourceKind = "event"
	KindWebsite        SourceKind = "website"
	KindCompany        SourceKind = "company"
)

// SourceKinds lists them.
var SourceKinds = []SourceKind{KindSocialNetwork, KindPublicRegistry, KindBroker, KindEvent, KindWebsite, KindCompany}

// Visibility is who could see the data where they were taken.
type Visibility string

// Visibilities. What unknown means is the source's rule, see [UnknownRule].
const (
	VisiblePublic     Visibility = "public"
	VisibleRestricted Visibility = "restricted"
	VisibleUnknown    Visibility = "unknown"
)

// UnknownRule is what a source declares for data of unknown visibility (S4).
type UnknownRule string

// Rules for unknown visibility; the zero value means notice only, as S4 has it.
const (
	UnknownIsPublic     UnknownRule = "public"
	UnknownIsRestricted UnknownRule = "restricted"
	UnknownNoticeOnly   UnknownRule = "notice_only"
)

// Source is a named place from which data came (14(2)(f), S1, S2).
type Source struct {
	Key        string
	Names      Texts // "LinkedIn", in each language
	Kind       SourceKind
	Public     bool
	URL        string
	Method     Texts // how data are collected, a sentence
	Unknown    UnknownRule
	Unnamed    string // S3: the recorded reason why attribution is impossible, for a category in place of a name
	Columns    Mapping
	DateFormat string // Go layout words are not asked of people: see internal/calendar
	// IgnoredLanguages are those that the source's tool fills in by itself: its
	// language column says nothing where it holds one of them (L1).
	IgnoredLanguages []string
}

// Mapping says which column or JSON path of a source's files holds what.
// The keys are the field names of internal/intake.
type Mapping struct {
	Fields     map[string]string     // field -> column header, or dotted path in NDJSON
	Visibility map[string]Visibility // value as it stands in the file -> meaning
}

// Basis is a legal basis of Art. 6(1): "6.1.a" to "6.1.f".
type Basis string

// Legal bases.
const (
	Consent            Basis = "6.1.a"
	Contract           Basis = "6.1.b"
	LegalObligation    Basis = "6.1.c"
	VitalInterests     Basis = "6.1.d"
	PublicTask         Basis = "6.1.e"
	LegitimateInterest Basis = "6.1.f"
)

// Bases lists them.
var Bases = []Basis{Consent, Contract, LegalObligation, VitalInterests, PublicTask, LegitimateInterest}

// Activity is a processing activity, as the notice tells of it.
type Activity struct {
	Key           string
	Names         Texts
	Holding       Texts // what is held, for subject and opening: "your work contact details"
	Summary       Texts // the first layer's "why", in a sentence or two, what people do with the data included
	Purposes      []Purpose
	Categories    []Category
	Recipients    []Recipient
	Transfers     []Transfer
	Retention     Retention
	Automated     *Automated
	LateApology   Texts // printed where a notice is late, if the team approved it
	NotApplicable Reasons
}

// Purpose is one purpose with its own basis (14(1)(c), C3).
type Purpose struct {
	Key             string
	Texts           Texts
	Basis           Basis
	Interest        Texts // 14(2)(b), for 6.1.f
	Balancing       *BalancingTest
	DirectMarketing bool           // objection is absolute (Art. 21(2)-(3))
	Starts          *calendar.Date // for a purpose added later: told before that day (14(4))
}

// BalancingTest refers to the document that weighed the interest.
type BalancingTest struct {
	Reference string
	Owner     string
	Date      calendar.Date
}

// Category is a kind of personal data (14(1)(d)).
type Category struct {
	Key   string
	Texts Texts
}

// Recipient is named, or described by all four of activity, industry, sector
// and place (14(1)(e), C6).
type Recipient struct {
	Name                              string
	Role                              Texts // what they do for us or with the data
	Activity, Industry, Sector, Place Texts

	Key     string // names it in disclosures, and when it is told of people's rights (Art. 19); "": its name does
	System  bool   // it is told by a webhook; otherwise by a list that a person passes on
	GetsAll bool   // it gets everybody's data: it is told of people of whom no disclosure is on record, too
	NotTold string // why telling it is impossible or would take a disproportionate effort (Art. 19); "": it is told
}

// Transfer is one to a third country (14(1)(f), C2).
type Transfer struct {
	To        string // recipient
	Country   string
	Mechanism Mechanism
	Link      string // where to get a copy of the safeguard
}

// Mechanism is what allows a transfer.
type Mechanism string

// Mechanisms of Chapter V.
const (
	Adequacy        Mechanism = "adequacy"              // Art. 45
	StandardClauses Mechanism = "standard_clauses"      // Art. 46(2)(c)
	BindingRules    Mechanism = "binding_rules"         // Art. 47
	Derogation      Mechanism = "compelling_legitimate" // Art. 49(1), second subparagraph
	ExplicitConsent Mechanism = "explicit_consent"      // Art. 49(1)(a)
)

// Mechanisms lists them.
var Mechanisms = []Mechanism{Adequacy, StandardClauses, BindingRules, Derogation, ExplicitConsent}

// Retention is a period from the first obtaining, or an event with a duration
// after it and a longest limit (14(2)(a), T1, T1b).
type Retention struct {
	Period calendar.Period
	Event  Texts
	After  calendar.Period
	Limit  calendar.Period
}

// End is the last day of storage: fixed from the first obtaining, never
// renewed (T1). For an event it is the longest limit.
func (r Retention) End(firstObtained calendar.Date) calendar.Date {
	if !r.Period.IsZero() {
		return r.Period.AddTo(firstObtained)
	}
	return r.Limit.AddTo(firstObtained)
}

// EndAfter is the last day of storage once the event has happened: so long after it, and
// no later than what was printed (T1b, T2). A period knows no event.
func (r Retention) EndAfter(event, printed calendar.Date) calendar.Date {
	if !r.Period.IsZero() {
		return printed
	}
	if end := r.After.AddTo(event); end.Before(printed) {
		return end
	}
	return printed
}

// Automated is an automated decision with legal or similar effect (14(2)(g)).
type Automated struct {
	Logic, Significance, Consequences Texts
}

// RegisterVersion is a stored, immutable version of the register.
type RegisterVersion struct {
	ID           ID
	ControllerID ID
	Version      int
	Hash         []byte
	Body         []byte
	AppliedAt    time.Time
	AppliedBy    string
}

// LanguagesUsed lists the languages that a register has any text in, sorted.
func (r *Register) LanguagesUsed() []string {
	used := map[string]bool{}
	r.EachText(func(t Texts) {
		for l, text := range t {
			if text != "" {
				used[l] = true
			}
		}
	})
	return slices.Sorted(maps.Keys(used))
}

// EachText visits every text of a register.
func (r *Register) EachText(visit func(Texts)) {
	all := func(texts ...Texts) {
		for _, t := range texts {
			visit(t)
		}
	}
	for _, s := range r.Sources {
		all(s.Names, s.Method)
	}
	for _, a := range r.Activities {
		all(a.Names, a.Holding, a.Summary, a.LateApology, a.Retention.Event)
		for _, p := range a.Purposes {
			all(p.Texts, p.Interest)
		}
		for _, k := range a.Categories {
			all(k.Texts)
		}
		for _, t := range a.Recipients {
			all(t.Role, t.Activity, t.Industry, t.Sector, t.Place)
		}
		if a.Automated != nil {
			all(a.Automated.Logic, a.Automated.Significance, a.Automated.Consequences)
		}
	}
}

// Waived finds the waiver whose words cover a word of doubt where it stands (P1).
func (reg *Register) Waived(text string, f plain.Finding) (Waiver, bool) {
	i := slices.IndexFunc(reg.Waivers, func(w Waiver) bool {
		return strings.TrimSpace(w.Reason) != "" && covers(text, w.Words, f.Offset, f.Offset+len(f.Text))
	})
	if i < 0 {
		return Waiver{}, false
	}
	return reg.Waivers[i], true
}

// covers reports whether words stand in text so that they span from start to end.
func covers(text, words string, start, end int) bool {
	for from := 0; words != ""; {
		i := strings.Index(text[from:], words)
		if i < 0 || from+i > start {
			return false
		}
		if from+i+len(words) >= end {
			return true
		}
		from += i + 1
	}
	return false
}
