package mailer

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
)

// TellEvent is what a person's right has brought about, as those are told of it to whom
// their data were passed on (Art. 19, R7).
type TellEvent string

// Events. docs/telling.schema.json has the form in which a system gets them.
const (
	TellObjected           TellEvent = "contact.objected"             // Art. 21
	TellObjectionTakenBack TellEvent = "contact.objection_taken_back" // by the person
	TellErased             TellEvent = "contact.erased"               // Art. 17(1), its end of storage too
	TellRectified          TellEvent = "contact.rectified"            // Art. 16
	TellRestricted         TellEvent = "contact.restricted"           // Art. 18
	TellRestrictionLifted  TellEvent = "contact.restriction_lifted"   // Art. 18(3)
)

// TellEvents lists them.
var TellEvents = []TellEvent{TellObjected, TellObjectionTakenBack, TellErased, TellRectified, TellRestricted, TellRestrictionLifted}

// TellWay is how a recipient is told.
type TellWay string

// Ways. What goes by list waits for a person, who exports it and passes it on.
const (
	TellSystem TellWay = "system" // by a signed webhook
	TellList   TellWay = "list"
)

// TellState is where a telling stands.
type TellState string

// States of a telling. mailer/telling moves it; docs/telling.md has the picture.
const (
	TellWaiting TellState = "waiting" // to be sent, now or later, or to be exported
	TellSending TellState = "sending" // in a worker's hands, under a lease
	TellTold    TellState = "told"    // the system took it, or a person was given it in a list
	TellDead    TellState = "dead"    // given up by the worker; a person decides
	TellDone    TellState = "done"    // a person told the recipient by other means, and says so
	TellExcused TellState = "excused" // the register says why this recipient is not told (Art. 19)
	TellLapsed  TellState = "lapsed"  // nobody was told in time, and the values are gone (T4)
)

// TellStates lists them.
var TellStates = []TellState{TellWaiting, TellSending, TellTold, TellDead, TellDone, TellExcused, TellLapsed}

// TellMoves are the legal ones; the database refuses all others.
var TellMoves = map[TellState][]TellState{
	TellWaiting: {TellSending, TellTold, TellDone, TellLapsed},
	TellSending: {TellWaiting, TellTold, TellDead},
	TellDead:    {TellWaiting, TellTold, TellDone, TellLapsed},
	TellLapsed:  {TellDone},
}

// KeepTellings is how long the values of a telling are kept at most, from its making: until
// then it can be sent again or exported, even if the person's own rows are gone. Afterwards
// nobody could say any more of whom to tell, so that is the end of it (T4).
const KeepTellings = 90 * 24 * time.Hour

// Tidings is what the recipients of one contact's data are to be told.
type Tidings struct {
	Event       TellEvent
	Controller  string // the key
	ContactID   ID
	ActivityKey string         // which it is about; "": all that is done with their data
	Scope       ObjectionScope // of an objection
	Changes     []Change       // of a rectification
	At          time.Time      // when it took effect
	To          []ToTell       // whom the register declares
}

// Change is a corrected field with its new value.
type Change struct {
	Field string `json:"field"`
	Value string `json:"value"`
}

// ToTell is a recipient that the register declares, over all activities that name it.
type ToTell struct {
	Key     string
	Names   []string // under which disclosures may have it as well
	By      TellWay
	GetsAll []string // activities of which it gets everybody's data
	Excused string   // why telling it is impossible or disproportionate (Art. 19); "": it is told
}

// PassedOn is one recipient of a contact's data, as the disclosures on record have it.
type PassedOn struct {
	Recipient   string // its key in the register, or its name
	ActivityKey string
	Reference   string // under which the recipient knows the person; "": none is on record
}

// Telling is one recipient's part of tidings.
type Telling struct {
	ID           ID
	ContactID    ID
	RecipientKey string
	Event        TellEvent
	ActivityKey  string
	By           TellWay
	State        TellState // waiting or excused
	Why          string    // of one that is excused
	MadeAt       time.Time
	KeepUntil    time.Time
	Body         TidingsBody
}

// TidingsBody is what a recipient gets: docs/telling.schema.json. It has what finds the
// person in the recipient's own data, and nothing that it does not have already but for
// corrections, which are what it is told.
type TidingsBody struct {
	Type      TellEvent   `json:"type"`
	Timestamp time.Time   `json:"timestamp"`
	Data      TidingsData `json:"data"`
}

// TidingsData is of whom and what.
type TidingsData struct {
	Controller  string             `json:"controller"`
	Activity    string             `json:"activity,omitempty"`
	Scope       ObjectionScope     `json:"scope,omitempty"`
	References  []string           `json:"references,omitempty"` // the recipient's own; then it needs no more
	Name        string             `json:"name,omitempty"`       // two people may share a mailbox
	Identifiers []TidingIdentifier `json:"identifiers,omitempty"`
	Changes     []Change           `json:"changes,omitempty"`
}

// TidingIdentifier is a value under which the recipient may have the person.
type TidingIdentifier struct {
	Kind  IdentifierKind `json:"kind"`
	Value string         `json:"value"`
}

// String keeps a person's values out of logs and error texts.
func (b TidingsBody) String() string { return fmt.Sprintf("%s with values", b.Type) }

// JSON is the body as it is signed and sent: the same bytes for the same values.
func (b TidingsBody) JSON() ([]byte, error) { return json.Marshal(b) }

// Tidings is what the recipients that a register declares are told of a contact.
// An empty activity means all of them.
func (r *Register) Tidings(event TellEvent, contact ID, activity string, at time.Time) Tidings {
	return Tidings{Event: event, Controller: r.Controller.Key, ContactID: contact, ActivityKey: activity, At: at, To: r.toTell()}
}

// Objected is what they are told of an objection.
func (r *Register) Objected(o Objection) *Tidings {
	t := r.Tidings(TellObjected, o.ContactID, o.ActivityKey, o.MadeAt)
	t.Scope = o.Scope
	return &t
}

// toTell are the declared recipients by their keys, or by their names where they have none. One that
// several activities name is told unless each of them says why not.
func (r *Register) toTell() []ToTell {
	found := map[string]*ToTell{}
	for _, a := range r.Activities {
		for _, rec := range a.Recipients {
			key := cmp.Or(rec.Key, rec.Name)
			if key == "" { // described, not named: disclosures have who it was
				continue
			}
			to, again := found[key]
			if !again {
				to = &ToTell{Key: key, By: TellList, Excused: rec.NotTold}
				found[key] = to
			}
			to.Names = append(to.Names, rec.Name)
			if rec.System {
				to.By = TellSystem
			}
			if rec.GetsAll {
				to.GetsAll = append(to.GetsAll, a.Key)
			}
			if rec.NotTold == "" {
				to.Excused = ""
			}
		}
	}
	out := make([]ToTell, 0, len(found))
	for _, key := range slices.Sorted(maps.Keys(found)) {
		out = append(out, *found[key])
	}
	return out
}

// keyOf is the key of a recipient that a disclosure has under its key or its name.
func (t Tidings) keyOf(recipient string) string {
	for _, to := range t.To {
		if to.Key == recipient || slices.Contains(to.Names, recipient) {
			return to.Key
		}
	}
	return recipient
}

// For says who is told: each recipient to whom data of this person were passed on for the
// activity, and each that gets everybody's of an activity for which the person is held. A
// recipient that no register declares any more is told by a list, so that nobody is left out
// in silence.
func (t Tidings) For(k Known, passed []PassedOn, now time.Time) []Telling {
	references := map[string][]string{} // of everybody to tell
	for _, p := range passed {
		if t.ActivityKey != "" && p.ActivityKey != t.ActivityKey {
			continue
		}
		key := t.keyOf(p.Recipient)
		references[key] = append(references[key], p.Reference)
	}
	declared := map[string]ToTell{}
	for _, to := range t.To {
		declared[to.Key] = to
		if slices.ContainsFunc(to.GetsAll, func(a string) bool { return t.concerns(k, a) }) {
			references[to.Key] = append(references[to.Key], "")
		}
	}
	var out []Telling
	for _, key := range slices.Sorted(maps.Keys(references)) {
		to, known := declared[key]
		if !known {
			to = ToTell{Key: key, By: TellList}
		}
		out = append(out, t.telling(to, k, references[key], now))
	}
	return out
}

// concerns tells whether the tidings are about an activity for which the person is held.
func (t Tidings) concerns(k Known, activity string) bool {
	return (t.ActivityKey == "" || t.ActivityKey == activity) &&
		slices.ContainsFunc(k.Acquisitions, func(a Acquisition) bool { return a.ActivityKey == activity })
}

func (t Tidings) telling(to ToTell, k Known, references []string, now time.Time) Telling {
	out := Telling{ID: NewID(now), ContactID: t.ContactID, RecipientKey: to.Key, Event: t.Event, ActivityKey: t.ActivityKey, By: to.By,
		State: TellWaiting, MadeAt: now, KeepUntil: now.Add(KeepTellings)}
	if to.Excused != "" {
		out.State, out.Why = TellExcused, to.Excused
		return out
	}
	d := TidingsData{Controller: t.Controller, Activity: t.ActivityKey, Scope: t.Scope, Changes: t.Changes}
	slices.Sort(references)
	d.References = slices.DeleteFunc(slices.Compact(references), func(s string) bool { return s == "" })
	if len(d.References) == 0 {
		d.Name, d.Identifiers = k.Contact.Name, foundBy(k.Identifiers)
	}
	if len(d.References)+len(d.Identifiers) == 0 { // a program would not know whom: a person may
		out.By = TellList
	}
	out.Body = TidingsBody{Type: t.Event, Timestamp: t.At.UTC().Truncate(time.Millisecond), Data: d}
	return out
}

// foundBy are the identifiers by which others find a person: addresses, profiles and numbers;
// a source's reference or a postal address only where there are none of these.
func foundBy(ids []Identifier) []TidingIdentifier {
	for _, kinds := range [][]IdentifierKind{{ByEmail, ByProfileURL, ByPhone}, {BySourceRef}, {ByPostal}} {
		var out []TidingIdentifier
		for _, id := range ids {
			if slices.Contains(kinds, id.Kind) {
				out = append(out, TidingIdentifier{id.Kind, id.Value})
			}
		}
		if out != nil {
			return out
		}
	}
	return nil
}

// TellResults are the words under which requests to recipients' systems are counted.
var TellResults = []string{"taken", "refused", "failed"}

// TellFigures are tellings as status and metrics show them.
type TellFigures struct {
	States   map[TellState]int64 `json:"states"`
	ToExport int64               `json:"to_export"`               // of those that wait: by list
	Attempts map[string]int64    `json:"attempts"`                // by result: taken, refused, failed
	Oldest   time.Time           `json:"oldest_waiting,omitzero"` // made_at of the oldest that nobody was told of
}
