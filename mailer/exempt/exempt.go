package exempt

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"article14/internal/calendar"
	"article14/internal/identity"
	"article14/mailer"
)

// Ground is a ground of Art. 14(5) on which a person need not be told.
type Ground string

// The grounds.
const (
	GroundHasIt   Ground = "14.5.a" // the person has the information already
	GroundEffort  Ground = "14.5.b" // impossible, disproportionate effort, or serious impairment
	GroundLaw     Ground = "14.5.c" // obtaining or disclosure is laid down by law
	GroundSecrecy Ground = "14.5.d" // professional secrecy
)

// What an exemption needs at least, and at most. An authority reads the weighing:
// a word or two weigh nothing.
const (
	minWeighing      = 80     // characters
	minWeighingWords = 10     // different ones
	maxWeighing      = 10_000 // characters
	minLaw           = 5      // characters
	maxYears         = 2      // to the review
)

// Factor is what speaks for GroundEffort. Cost and scale, alone or together, do
// not: Bisnode, upheld by the NSA on 19 September 2023 (E4).
type Factor string

// Factors, after Art. 14(5)(b) and recital 62.
const (
	FactorCost      Factor = "cost"
	FactorScale     Factor = "scale"
	FactorAge       Factor = "age_of_data"
	FactorNoContact Factor = "no_contact_details"
	FactorImpairs   Factor = "impairs_objectives"
	FactorArchiving Factor = "archiving_or_research"
)

const factorsThatCount = "age_of_data, no_contact_details, impairs_objectives or archiving_or_research"

// State is where an exemption stands:
//
//	proposed ──► excusing ──► in_force ──► ending ──► ended
//	    └────────────┴─ withdrawn ─────────────┘
//
// Excusing and ending go through people chunk by chunk, and go on after any stop.
type State string

// The states of an exemption.
const (
	Proposed State = "proposed" // by filter: waits for a second name
	Excusing State = "excusing"
	InForce  State = "in_force"
	Ending   State = "ending" // reviewed or withdrawn: its duties are being opened again
	Ended    State = "ended"
)

// Exemption is a reviewed decision not to tell somebody, or all whom a filter
// finds (E4): ground, weighing, author and review date.
type Exemption struct {
	ID          mailer.ID         `json:"id"`
	ContactID   mailer.ID         `json:"contact_id,omitzero"` // zero: whomever the filter finds
	Filter      mailer.DutyFilter `json:"filter"`
	Ground      Ground            `json:"ground"`
	Because     []Factor          `json:"because,omitempty"`
	Weighing    string            `json:"weighing"`
	PublicURL   string            `json:"public_url,omitempty"`
	Law         string            `json:"law,omitempty"`
	ReviewOn    calendar.Date     `json:"review_on"`
	ReviewAt    time.Time         `json:"review_at"` // the first instant of that day in the controller's zone (D10)
	State       State             `json:"state"`
	People      int64             `json:"people"` // as counted when it was proposed
	Duties      int64             `json:"duties"`
	Excused     int64             `json:"excused"` // duties, so far
	Position    mailer.ID         `json:"-"`       // the last contact gone through
	ProposedAt  time.Time         `json:"proposed_at"`
	ProposedBy  string            `json:"proposed_by"`
	ConfirmedAt time.Time         `json:"confirmed_at,omitzero"`
	ConfirmedBy string            `json:"confirmed_by,omitempty"`
	WithdrawnAt time.Time         `json:"withdrawn_at,omitzero"`
	WithdrawnBy string            `json:"withdrawn_by,omitempty"`
	EndedAt     time.Time         `json:"ended_at,omitzero"`
}

// Errors about exemptions.
var (
	ErrNoExemption = errors.New("no exemption or proposal has that id: 'article14 contact exempt --list' shows those there are")
	ErrState       = errors.New("the exemption is not in a state that allows that: 'article14 contact exempt --list' shows where it stands")
)

// Check refuses an exemption that Art. 14(5) does not carry (E4), with what is
// missing. now and zone say which day it is.
func (e Exemption) Check(now time.Time, zone *time.Location) error {
	if strings.TrimSpace(e.ProposedBy) == "" {
		return errors.New("E4: an exemption has an author: name one with --by")
	}
	if err := e.checkWeighing(); err != nil {
		return err
	}
	if err := e.checkGround(); err != nil {
		return err
	}
	today := calendar.DateOf(now, zone)
	switch last := today.AddYears(maxYears); {
	case e.ReviewOn.IsZero():
		return errors.New("E4: an exemption has a day of review: name one with --review YYYY-MM-DD")
	case !e.ReviewOn.After(today):
		return errors.New("E4: the day of review must be still to come")
	case e.ReviewOn.After(last):
		return fmt.Errorf("E4: review it by %s at the latest: circumstances change, and nobody is excused for ever", last)
	}
	return nil
}

func (e Exemption) checkWeighing() error {
	words := map[string]bool{}
	for _, w := range strings.Fields(strings.ToLower(e.Weighing)) {
		words[w] = true
	}
	switch n := utf8.RuneCountInString(strings.TrimSpace(e.Weighing)); {
	case n < minWeighing || len(words) < minWeighingWords:
		return fmt.Errorf("E4: --weighing says why the person's interest in being told weighs less here, in %d characters and %d different words at least: an authority will read it", minWeighing, minWeighingWords)
	case n > maxWeighing:
		return fmt.Errorf("E4: --weighing is longer than %d characters: sum it up", maxWeighing)
	case mailer.MaskAddresses(e.Weighing) != e.Weighing:
		return errors.New("E4: --weighing holds an address: it is shown in lists, so write it without personal data")
	}
	return nil
}

// checkGround holds what each ground needs beside the weighing.
func (e Exemption) checkGround() error {
	if !slices.Contains([]Ground{GroundHasIt, GroundEffort, GroundLaw, GroundSecrecy}, e.Ground) {
		return errors.New("E4: name a ground of Article 14(5) with --ground: 14.5.a (has it already), 14.5.b (effort), 14.5.c (law) or 14.5.d (secrecy)")
	}
	onlyWith := func(given bool, flag string, grounds ...Ground) error {
		if given && !slices.Contains(grounds, e.Ground) {
			return fmt.Errorf("E4: %s does not belong to ground %s", flag, e.Ground)
		}
		return nil
	}
	if err := errors.Join(onlyWith(len(e.Because) > 0, "--because", GroundEffort), onlyWith(e.PublicURL != "", "--public", GroundEffort),
		onlyWith(e.Law != "", "--law", GroundLaw, GroundSecrecy)); err != nil {
		return err
	}
	switch {
	case e.Ground == GroundEffort:
		return e.checkEffort()
	case e.Ground != GroundHasIt && utf8.RuneCountInString(strings.TrimSpace(e.Law)) < minLaw:
		return fmt.Errorf("E4: ground %s needs the law that lays it down, with its article: name it with --law", e.Ground)
	}
	return nil
}

func (e Exemption) checkEffort() error {
	counts := false
	for _, f := range e.Because {
		switch f {
		case FactorCost, FactorScale:
		case FactorAge, FactorNoContact, FactorImpairs, FactorArchiving:
			counts = true
		default:
			return fmt.Errorf("E4: %q is no factor: use cost, scale, %s", f, factorsThatCount)
		}
	}
	if !counts {
		return fmt.Errorf("E4: cost and scale are no ground, alone or together (Bisnode): --because needs %s as well, or tell the people", factorsThatCount)
	}
	u, err := url.Parse(e.PublicURL)
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return errors.New("E4: ground 14.5.b needs protective measures, which include making the information public: say where with --public and an https address")
	}
	return nil
}

// SamePerson compares two names as an exemption needs it: who proposed it cannot
// confirm it by writing their name another way.
func SamePerson(a, b string) bool {
	if fa, fb := identity.FoldName(a), identity.FoldName(b); fa != "" || fb != "" {
		return fa == fb
	}
	return strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b))
}
