package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/lib/pq"

	"article14/mailer"
	"article14/mailer/accept"
	"article14/mailer/gate"
)

var _ gate.Store = (*Store)(nil)

// Lookup gives what is stored under each key at an instant.
func (s *Store) Lookup(ctx context.Context, controller mailer.ID, keys []gate.Key, now time.Time) ([]gate.Found, error) {
	out := make([]gate.Found, len(keys))
	kinds, hashes := make([]mailer.IdentifierKind, len(keys)), make([][]byte, len(keys))
	for i, k := range keys {
		kinds[i], hashes[i] = k.Kind, k.Hash
	}
	err := s.look(ctx, func(t tx) error {
		var rows []struct {
			N          int       `db:"n"`
			ContactID  mailer.ID `db:"contact_id"`
			Suppressed bool      `db:"suppressed"`
		}
		err := t.all(ctx, &rows, "gate_lookup", controller, texts(kinds), pq.ByteaArray(hashes), now)
		for _, r := range rows {
			f := &out[r.N-1]
			if r.Suppressed {
				f.Suppressed = true
				continue
			}
			f.Contacts = append(f.Contacts, r.ContactID)
		}
		return err
	})
	return out, err
}

// gateRow is a contact as the gate needs it.
type gateRow struct {
	ID              mailer.ID                   `db:"id"`
	FirstObtainedAt instant                     `db:"first_obtained_at"`
	ObjectedAt      instant                     `db:"objected_at"`
	ErasedAt        instant                     `db:"erased_at"`
	Acquisitions    document[[]gateAcquisition] `db:"acquisitions"`
	Duties          document[[]gateDuty]        `db:"duties"`
	Objections      document[[]gateObjection]   `db:"objections"`
}

type gateAcquisition struct {
	Activity   string            `json:"activity"`
	Source     string            `json:"source"`
	Visibility mailer.Visibility `json:"visibility"`
}

type gateDuty struct {
	ID       mailer.ID        `json:"id"`
	Activity string           `json:"activity"`
	Cause    string           `json:"cause"`
	State    mailer.DutyState `json:"state"`
	DueAt    time.Time        `json:"due_at"`
	Inputs   mailer.DueInputs `json:"inputs"`
}

type gateObjection struct {
	Activity string                `json:"activity"`
	Scope    mailer.ObjectionScope `json:"scope"`
}

func (r gateRow) facts() gate.Facts {
	f := gate.Facts{Known: mailer.Known{Contact: mailer.Contact{ID: r.ID, FirstObtainedAt: r.FirstObtainedAt.Time, ObjectedAt: r.ObjectedAt.Time, ErasedAt: r.ErasedAt.Time}}}
	for _, a := range r.Acquisitions.v {
		f.Acquisitions = append(f.Acquisitions, mailer.Acquisition{ActivityKey: a.Activity, SourceKey: a.Source, Visibility: a.Visibility})
	}
	for _, d := range r.Duties.v {
		f.Duties = append(f.Duties, mailer.Duty{ID: d.ID, ContactID: r.ID, ActivityKey: d.Activity, Cause: d.Cause, State: d.State,
			Due: mailer.Due{At: d.DueAt.UTC(), Inputs: d.Inputs}, ObtainedAt: d.Inputs.ObtainedAt})
	}
	for _, o := range r.Objections.v {
		f.Objections = append(f.Objections, mailer.Objection{ContactID: r.ID, ActivityKey: o.Activity, Scope: o.Scope})
	}
	return f
}

// Facts gives what the gate needs to know of some contacts.
func (s *Store) Facts(ctx context.Context, controller mailer.ID, contacts []mailer.ID) (out map[mailer.ID]gate.Facts, err error) {
	if len(contacts) == 0 {
		return nil, nil
	}
	err = s.look(ctx, func(t tx) error {
		out, err = t.gateFacts(ctx, controller, contacts)
		return err
	})
	return out, err
}

func (t tx) gateFacts(ctx context.Context, controller mailer.ID, contacts []mailer.ID) (map[mailer.ID]gate.Facts, error) {
	var rows []gateRow
	err := t.all(ctx, &rows, "gate_facts", controller, uuids(contacts))
	out := make(map[mailer.ID]gate.Facts, len(rows))
	for _, r := range rows {
		out[r.ID] = r.facts()
	}
	return out, err
}

// disclosureRow is a row of disclosure, with the recipient's reference beside it.
type disclosureRow struct {
	ContactID   mailer.ID   `db:"contact_id" json:"contact_id"`
	ID          mailer.ID   `db:"id" json:"id"`
	Activity    string      `db:"activity_key" json:"activity_key"`
	Purpose     string      `db:"purpose_key" json:"purpose_key"`
	Kind        gate.Kind   `db:"kind" json:"kind"`
	Recipient   string      `db:"recipient" json:"recipient"`
	At          time.Time   `db:"at" json:"at"`
	RecordedAt  time.Time   `db:"recorded_at" json:"recorded_at"`
	By          string      `db:"by" json:"by"`
	Allowed     bool        `db:"allowed" json:"allowed"`
	Reason      gate.Reason `db:"reason" json:"reason"`
	Idempotency []byte      `db:"idempotency" json:"-"`
	Once        *string     `db:"-" json:"idempotency"` // the same in hexadecimal
	Theirs      string      `db:"reference" json:"theirs"`
}

func newDisclosureRow(d gate.Disclosure) disclosureRow {
	r := disclosureRow{ContactID: d.ContactID, ID: d.ID, Activity: d.ActivityKey, Purpose: d.PurposeKey, Kind: d.Kind, Recipient: d.Recipient,
		At: d.At, RecordedAt: d.RecordedAt, By: d.By, Allowed: d.Allowed, Reason: d.Reason, Theirs: d.Theirs}
	if d.Idempotency != "" {
		sum := sha256.Sum256([]byte(d.Idempotency))
		once := hex.EncodeToString(sum[:])
		r.Idempotency, r.Once = sum[:], &once
	}
	return r
}

func (r disclosureRow) disclosure() gate.Disclosure {
	return gate.Disclosure{ID: r.ID, ContactID: r.ContactID, ActivityKey: r.Activity, PurposeKey: r.Purpose, Kind: r.Kind, Recipient: r.Recipient,
		At: r.At.UTC(), RecordedAt: r.RecordedAt.UTC(), By: r.By, Allowed: r.Allowed, Reason: r.Reason, Theirs: r.Theirs}
}

// once is what tells a use from the same one said again.
type once struct {
	contact mailer.ID
	by, key string
}

func (r disclosureRow) once() once { return once{r.ContactID, r.By, string(r.Idempotency)} }

// Record locks contacts, and writes what decide says of each.
func (s *Store) Record(ctx context.Context, controller mailer.ID, contacts []mailer.ID, now time.Time, decide func(gate.Facts) []gate.Record) (out []gate.Disclosure, err error) {
	if len(contacts) == 0 {
		return nil, nil
	}
	err = s.write(ctx, func(t tx) error {
		var ids []mailer.ID
		if err := t.all(ctx, &ids, "gate_lock", controller, uuids(contacts)); err != nil {
			return err
		}
		facts, err := t.gateFacts(ctx, controller, ids)
		if err != nil {
			return err
		}
		var found []gate.Record
		for _, id := range ids {
			found = append(found, decide(facts[id])...)
		}
		out, err = t.disclose(ctx, controller, found, now)
		return err
	})
	return out, err
}

// disclose writes uses that are new, with what follows from them, and gives all as they stand.
func (t tx) disclose(ctx context.Context, controller mailer.ID, rs []gate.Record, now time.Time) ([]gate.Disclosure, error) {
	rows := make([]disclosureRow, len(rs))
	for i, r := range rs {
		rows[i] = newDisclosureRow(r.Disclosure)
	}
	var added []linkRow
	if err := t.all(ctx, &added, "disclosure_add", controller, records{rows}); err != nil {
		return nil, err
	}
	isNew := map[mailer.ID]bool{}
	for _, a := range added {
		isNew[a.ID] = true
	}
	var (
		theirs []disclosureRow
		sooner []mailer.Duty
		alerts []mailer.Alert
		counts = tally{}
	)
	for i, r := range rs {
		if !isNew[rows[i].ID] {
			continue
		}
		theirs, sooner = append(theirs, rows[i]), append(sooner, r.Sooner...)
		if r.Alert != nil {
			alerts = append(alerts, *r.Alert)
			counts.add(controller, mailer.ID{}, countDisclosure, "", "beside_gate", 1)
		}
		counts.add(controller, mailer.ID{}, countDisclosure, "", string(rows[i].Kind), 1)
	}
	if len(theirs) > 0 {
		if _, err := t.exec(ctx, "disclosure_reference_add", records{theirs}); err != nil {
			return nil, err
		}
	}
	if _, err := t.changeDuties(ctx, controller, accept.Merge{Shortened: sooner}, now, counts); err != nil {
		return nil, err
	}
	if err := t.raiseFound(ctx, controller, alerts, now, counts); err != nil {
		return nil, err
	}
	if err := counts.note(ctx, t, time.Time{}); err != nil {
		return nil, err
	}
	return t.disclosed(ctx, rows, isNew)
}

// disclosed gives uses as they stand: those that are new, and for the others what was written before.
func (t tx) disclosed(ctx context.Context, rows []disclosureRow, isNew map[mailer.ID]bool) ([]gate.Disclosure, error) {
	same := map[once]disclosureRow{}
	if len(isNew) < len(rows) {
		var before []disclosureRow
		if err := t.all(ctx, &before, "disclosure_same", records{rows}); err != nil {
			return nil, err
		}
		for _, r := range before {
			same[r.once()] = r
		}
	}
	out := make([]gate.Disclosure, len(rows))
	for i, r := range rows {
		if !isNew[r.ID] {
			r = same[r.once()]
		}
		out[i] = r.disclosure()
	}
	return out, nil
}

// disclosures gives the uses of a person's data, the oldest first (Art. 15(1)(c)).
func (t tx) disclosures(ctx context.Context, contact mailer.ID) ([]gate.Disclosure, error) {
	var rows []disclosureRow
	err := t.all(ctx, &rows, "disclosures_of", contact)
	out := make([]gate.Disclosure, len(rows))
	for i, r := range rows {
		out[i] = r.disclosure()
	}
	return out, err
}
