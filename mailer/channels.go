package mailer

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"article14/internal/address"
	"article14/internal/identity"
)

// ChannelKind is by what a person is told.
type ChannelKind string

// Channels, in the order in which they are tried (E3).
const (
	ChannelMail   ChannelKind = "email"
	ChannelLetter ChannelKind = "letter"
	ChannelPhone  ChannelKind = "phone"
)

// ChannelKinds lists them.
var ChannelKinds = []ChannelKind{ChannelMail, ChannelLetter, ChannelPhone}

// Channel is an address at which a contact can be told: of mail, of post, or a
// telephone number.
type Channel struct {
	Identifier Identifier
	Suppressed bool // scope address, in force
	Shared     bool // another contact has it too; looked for where a contact has no name
	Full       bool // a notice of this campaign came back from it once, because its mailbox was full
}

// Kind is by what it is used.
func (c Channel) Kind() ChannelKind {
	switch c.Identifier.Kind {
	case ByPostal:
		return ChannelLetter
	case ByPhone:
		return ChannelPhone
	}
	return ChannelMail
}

// IsChannel tells whether a person can be told at identifiers of this kind.
func (k IdentifierKind) IsChannel() bool { return k == ByEmail || k == ByPostal || k == ByPhone }

// Recognises tells whether somebody is recognised by identifiers of this kind. Families
// and offices share a telephone and a front door.
func (k IdentifierKind) Recognises() bool { return k != ByPhone && k != ByPostal }

// Allowed are the channels beside mail that a register allows.
type Allowed struct {
	Letters, Calls bool
}

// Allowed are those of the register; nil allows none.
func (r *Register) Allowed() Allowed {
	if r == nil {
		return Allowed{}
	}
	return Allowed{Letters: r.Letters.Enabled, Calls: r.Calls}
}

// Open are the channels of a contact that are left, in the order in which they are
// tried: mail, then a letter, then a call; each kind in the order that it is given (E3).
func (w Allowed) Open(c Contact, all []Channel) []Channel {
	var out []Channel
	for _, kind := range ChannelKinds {
		for _, ch := range all {
			if ch.Kind() == kind && !ch.Suppressed && w.bars(kind, c) == "" && lacking(ch, c) == "" {
				out = append(out, ch)
			}
		}
	}
	return out
}

// bars says what keeps a contact from being told by a channel at all; "" nothing.
func (w Allowed) bars(kind ChannelKind, c Contact) string {
	switch {
	case kind == ChannelMail:
		return ""
	case kind == ChannelLetter && !w.Letters:
		return "the register allows none"
	case kind == ChannelPhone && !w.Calls:
		return "the register allows none"
	case !c.Named():
		return "no name says whom it is for"
	}
	return ""
}

// Missing says, for the person who decides, why neither letter nor call is left.
func (w Allowed) Missing(c Contact, all []Channel) string {
	say := func(kind ChannelKind, none string) string {
		if what := w.bars(kind, c); what != "" {
			return what
		}
		at := slices.IndexFunc(all, func(ch Channel) bool { return ch.Kind() == kind })
		if at < 0 {
			return none
		}
		return cmp.Or(lacking(all[at], c), "it failed")
	}
	return "letter: " + say(ChannelLetter, "there is no postal address") + "; call: " + say(ChannelPhone, "there is no number")
}

// postalValue is a postal address as an identifier keeps it.
type postalValue struct {
	Street   []string `json:"street"`
	Postcode string   `json:"postcode,omitempty"`
	Locality string   `json:"locality,omitempty"`
	Region   string   `json:"region,omitempty"`
	Country  string   `json:"country,omitempty"`
}

// Value is an address as an identifier keeps it. Its recipient is the contact, and is
// not part of it.
func (a PostalAddress) Value() string {
	b, _ := json.Marshal(postalValue{a.Street, a.Postcode, a.Locality, a.Region, a.Country}) // strings never fail
	return string(b)
}

// errPostalValue says that an identifier's value is no postal address.
var errPostalValue = errors.New("that is no postal address as identifiers keep it")

// ParsePostal reads what Value wrote.
func ParsePostal(value string) (PostalAddress, error) {
	var v postalValue
	if err := json.Unmarshal([]byte(value), &v); err != nil {
		return PostalAddress{}, errPostalValue // the decoder's own words quote the value
	}
	return PostalAddress{Street: v.Street, Postcode: v.Postcode, Locality: v.Locality, Region: v.Region, Country: v.Country}, nil
}

// Normal is an address's form for comparing, however its lines are cut and its words
// are spelt; "" where there is no street: a town alone is no address.
func (a PostalAddress) Normal() string {
	street := identity.FoldWords(strings.Join(a.Street, " "))
	if street == "" {
		return ""
	}
	code := strings.ReplaceAll(identity.FoldWords(a.Postcode), " ", "")
	return strings.Join([]string{street, code, identity.FoldWords(a.Locality), a.Country}, "\n")
}

// OneLine is an address for people to read, in the order of its parts.
func (a PostalAddress) OneLine() string {
	town := strings.TrimSpace(a.Postcode + " " + a.Locality)
	parts := slices.DeleteFunc(append(slices.Clone(a.Street), town, a.Region, a.Country), func(s string) bool { return s == "" })
	return strings.Join(parts, ", ")
}

// PostalOf is where a letter to a contact goes: their name, and the country that we
// know of them where the address names none.
func PostalOf(value string, c Contact) (PostalAddress, error) {
	a, err := ParsePostal(value)
	if err != nil {
		return a, err
	}
	a.Recipient = []string{c.Name}
	if a.Country == "" {
		a.Country = c.Country
	}
	return a, nil
}

// lacking says what a channel lacks to be used; "" nothing.
func lacking(ch Channel, c Contact) string {
	if ch.Kind() != ChannelLetter {
		return ""
	}
	a, err := PostalOf(ch.Identifier.Value, c)
	switch {
	case err != nil || len(a.Street) == 0:
		return "the postal address has no street"
	case a.Locality == "":
		return "the postal address has no town"
	case a.Country == "":
		return "the postal address has no country"
	}
	if _, err := a.Lines(""); err != nil {
		return "the postal address does not fit the window of an envelope"
	}
	return ""
}

// LetterRules are how a controller sends letters; the zero value sends none.
type LetterRules struct {
	Enabled  bool
	Window   WindowSide   // "": that of the controller's country
	Size     LetterSize   // "": LetterNormal
	Sender   LetterSender // fields that are empty: as approved
	LeadDays *int         // from the printer to the letter box; nil: DefaultLeadDays
}

// DefaultLeadDays are set aside for print, enclosing and the way to the letter box.
const DefaultLeadDays = 5

// Lead is by how much earlier than its date a letter is to be printed.
func (r LetterRules) Lead() time.Duration {
	days := DefaultLeadDays
	if r.LeadDays != nil {
		days = *r.LeadDays
	}
	return time.Duration(days) * 24 * time.Hour
}

// DeadAddressFor is how long an address that was refused, a letter box from which a
// letter came back, or a wrong number is left alone: mailboxes, homes and numbers are
// given to others and come back to life within a year or two, and a hash has a period
// like any other store about people (T4).
const DeadAddressFor = 365 * 24 * time.Hour

// DeadAddress is the suppression of an address at which nobody is told any more (E3).
func DeadAddress(kind IdentifierKind, hash []byte, keyID, reason string, at time.Time) *Suppression {
	return &Suppression{Kind: kind, Hash: hash, KeyID: keyID, Scope: SuppressAddress, Reason: reason, ExpiresAt: at.Add(DeadAddressFor)}
}

// LetterReturn is why a letter came back, as postmen write it on the envelope.
type LetterReturn string

// Why letters come back.
const (
	ReturnUnknown    LetterReturn = "unknown"    // nobody of that name there
	ReturnMoved      LetterReturn = "moved"      // to where nobody says
	ReturnRefused    LetterReturn = "refused"    // not accepted
	ReturnIncomplete LetterReturn = "incomplete" // the address was not enough
	ReturnUnclaimed  LetterReturn = "unclaimed"  // not fetched
	ReturnDeceased   LetterReturn = "deceased"
	ReturnOther      LetterReturn = "other"
)

// LetterReturns lists them.
var LetterReturns = []LetterReturn{ReturnUnknown, ReturnMoved, ReturnRefused, ReturnIncomplete, ReturnUnclaimed, ReturnDeceased, ReturnOther}

// CheckReturn refuses a reason that is none.
func CheckReturn(r LetterReturn) error {
	if slices.Contains(LetterReturns, r) {
		return nil
	}
	return fmt.Errorf("a letter is not returned for %q", r)
}

// FullMailboxWait is how long a mailbox from which a notice came back because it was full
// is left alone before it is tried once more (x.2.2).
const FullMailboxWait = 3 * 24 * time.Hour

// IsRole tells whether mail to it finds an office, and nobody by name.
func (ch Channel) IsRole() bool {
	a, err := address.Parse(ch.Identifier.Value)
	return err != nil || a.IsRole()
}

// WindowSide says where the window of the envelope is.
type WindowSide string

// Sides of windows. Left is DIN 5008 form B in an envelope DL (DIN 680), right is the
// French envelope DL.
const (
	WindowLeft  WindowSide = "left"
	WindowRight WindowSide = "right"
)

// LetterSize is how large a letter is printed.
type LetterSize string

// Sizes. Large is 16 point, for people who ask for it (Art. 12(1): easily accessible).
const (
	LetterNormal LetterSize = "normal"
	LetterLarge  LetterSize = "large"
)

// LetterSender is who writes, as approved.
type LetterSender struct {
	Name    string
	Address string // one line
	Country string // ISO 3166-1 alpha-2
}
