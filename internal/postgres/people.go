package postgres

import (
	"context"
	"slices"

	"article14/mailer"
)

// person is a contact with all that hangs on it.
type person struct {
	contact      mailer.Contact
	identifiers  []mailer.Identifier  // in the order in which they were added
	acquisitions []mailer.Acquisition // by source, the first obtaining first, unknown dates last
	duties       []mailer.Duty        // the earliest deadline first
}

// known is the person as a decision needs it.
func (p *person) known() mailer.Known {
	return mailer.Known{Contact: p.contact, Identifiers: p.identifiers, Acquisitions: p.acquisitions, Duties: p.duties}
}

// people loads contacts by id. Those of another controller are left out.
func (t tx) people(ctx context.Context, controller mailer.ID, ids []mailer.ID) (map[mailer.ID]*person, error) {
	var (
		contacts     []contactRow
		identifiers  []identifierRow
		acquisitions []acquisitionRow
		duties       []dutyRow
	)
	if len(ids) == 0 {
		return nil, nil
	}
	for name, dst := range map[string]any{
		"people_contacts": &contacts, "people_identifiers": &identifiers,
		"people_acquisitions": &acquisitions, "people_duties": &duties,
	} {
		if err := t.all(ctx, dst, name, controller, uuids(ids)); err != nil {
			return nil, err
		}
	}
	out := make(map[mailer.ID]*person, len(contacts))
	for _, r := range contacts {
		out[r.ID] = &person{contact: r.contact()}
	}
	for _, r := range identifiers {
		out[r.ContactID].identifiers = append(out[r.ContactID].identifiers, r.identifier())
	}
	for _, r := range acquisitions {
		out[r.ContactID].acquisitions = append(out[r.ContactID].acquisitions, r.acquisition())
	}
	for _, r := range duties {
		out[r.ContactID].duties = append(out[r.ContactID].duties, r.duty())
	}
	return out, nil
}

// personRow is a contact with all that hangs on it in one row.
type personRow struct {
	contactRow
	Identifiers  document[[]identifierRow]  `db:"identifiers"`
	Acquisitions document[[]acquisitionRow] `db:"acquisitions"`
	Duties       document[[]dutyRow]        `db:"duties"`
}

// person is people for one contact, by one statement: each page that is opened asks for
// one. It is nil where there is none of the controller's.
func (t tx) person(ctx context.Context, controller, id mailer.ID) (*person, error) {
	var r personRow
	found, err := t.one(ctx, &r, "person", controller, id)
	if err != nil || !found {
		return nil, err
	}
	p := &person{contact: r.contact()}
	for _, i := range r.Identifiers.v {
		p.identifiers = append(p.identifiers, i.identifier())
	}
	for _, a := range r.Acquisitions.v {
		p.acquisitions = append(p.acquisitions, a.acquisition())
	}
	for _, d := range r.Duties.v {
		p.duties = append(p.duties, d.duty())
	}
	return p, nil
}

// firstAcquisitions are the first from each source for an activity.
func (p *person) firstAcquisitions(activity string) []mailer.Acquisition {
	return mailer.FirstAcquisitions(p.acquisitions, activity)
}

// dutiesIn picks duties by id, the earliest deadline first.
func (p *person) dutiesIn(ids []mailer.ID) []mailer.Duty {
	var out []mailer.Duty
	for _, d := range p.duties {
		if slices.Contains(ids, d.ID) {
			out = append(out, d)
		}
	}
	return out
}

// contactRow is a row of contact.
type contactRow struct {
	ID              mailer.ID `db:"id"`
	Name            string    `db:"name"`
	Country         string    `db:"country"`
	Region          string    `db:"region"`
	City            string    `db:"city"`
	PostalCode      string    `db:"postal_code"`
	Language        string    `db:"language"`
	Organisation    string    `db:"organisation"`
	JobTitle        string    `db:"job_title"`
	FirstObtainedAt instant   `db:"first_obtained_at"`
	ObjectedAt      instant   `db:"objected_at"`
	TellAt          instant   `db:"tell_at"`
	ErasedAt        instant   `db:"erased_at"`
}

func (r contactRow) contact() mailer.Contact {
	c := mailer.Contact{
		ID: r.ID, Name: r.Name, Country: r.Country, Region: r.Region, City: r.City, PostalCode: r.PostalCode,
		Language: r.Language, Organisation: r.Organisation, JobTitle: r.JobTitle,
		FirstObtainedAt: r.FirstObtainedAt.Time, ObjectedAt: r.ObjectedAt.Time,
		TellAt: r.TellAt.Time, ErasedAt: r.ErasedAt.Time,
	}
	return c
}

// identifierRow is a row of identifier.
type identifierRow struct {
	ContactID mailer.ID             `db:"contact_id" json:"contact_id"`
	ID        mailer.ID             `db:"id" json:"id"`
	Kind      mailer.IdentifierKind `db:"kind" json:"kind"`
	Value     string                `db:"value" json:"value"`
	Hash      []byte                `db:"hash" json:"hash"`
	KeyID     string                `db:"key_id" json:"key_id"`
}

func (r identifierRow) identifier() mailer.Identifier {
	return mailer.Identifier{ID: r.ID, Kind: r.Kind, Value: r.Value, Hash: r.Hash, KeyID: r.KeyID}
}

// acquisitionRow is a row of acquisition.
type acquisitionRow struct {
	ContactID  mailer.ID            `db:"contact_id" json:"contact_id"`
	ID         mailer.ID            `db:"id" json:"id"`
	Source     string               `db:"source_key" json:"source_key"`
	Activity   string               `db:"activity_key" json:"activity_key"`
	ObtainedAt instant              `db:"obtained_at" json:"obtained_at"`
	Basis      mailer.ObtainedBasis `db:"obtained_basis" json:"obtained_basis"`
	Page       string               `db:"page" json:"page"`
	Visibility mailer.Visibility    `db:"visibility" json:"visibility"`
	ImportID   mailer.ID            `db:"import_id" json:"import_id"`
	Line       int64                `db:"line" json:"line"`
}

func (r acquisitionRow) acquisition() mailer.Acquisition {
	return mailer.Acquisition{
		ID: r.ID, SourceKey: r.Source, ActivityKey: r.Activity, ObtainedAt: r.ObtainedAt.Time, Basis: r.Basis,
		Page: r.Page, Visibility: r.Visibility, ImportID: r.ImportID, Line: r.Line,
	}
}

// dutyRow is a row of duty.
type dutyRow struct {
	ContactID     mailer.ID                  `db:"contact_id" json:"contact_id"`
	ID            mailer.ID                  `db:"id" json:"id"`
	Activity      string                     `db:"activity_key" json:"activity_key"`
	Source        string                     `db:"source_key" json:"source_key"`
	Cause         string                     `db:"cause" json:"cause"`
	AcquisitionID mailer.ID                  `db:"acquisition_id" json:"acquisition_id"`
	ObtainedAt    instant                    `db:"obtained_at" json:"obtained_at"`
	DueAt         instant                    `db:"due_at" json:"due_at"`
	Rule          mailer.DueRule             `db:"due_rule" json:"due_rule"`
	Inputs        document[mailer.DueInputs] `db:"due_inputs" json:"due_inputs"`
	State         mailer.DutyState           `db:"state" json:"state"`
	Reason        mailer.BlockReason         `db:"reason" json:"reason"`
	Detail        string                     `db:"detail" json:"detail"`
	MetAt         instant                    `db:"met_at" json:"met_at"`
	DeliveryID    mailer.ID                  `db:"delivery_id" json:"delivery_id"`
	ErasedAt      instant                    `db:"erased_at" json:"erased_at"`
	ToldAt        instant                    `db:"told_at" json:"told_at"`
	ExemptionID   mailer.ID                  `db:"exemption_id" json:"exemption_id"`
}

func (r dutyRow) duty() mailer.Duty {
	d := mailer.Duty{
		ID: r.ID, ContactID: r.ContactID, ActivityKey: r.Activity, SourceKey: r.Source, Cause: r.Cause,
		AcquisitionID: r.AcquisitionID, ObtainedAt: r.ObtainedAt.Time,
		Due:   mailer.Due{At: r.DueAt.Time, Rule: r.Rule, Inputs: r.Inputs.v},
		State: r.State, Reason: r.Reason, Detail: r.Detail, MetAt: r.MetAt.Time, DeliveryID: r.DeliveryID, ErasedAt: r.ErasedAt.Time,
		ToldAt: r.ToldAt.Time, ExemptionID: r.ExemptionID,
	}
	if d.State == mailer.DutyExcused { // one column holds both
		d.Excuse, d.Reason = mailer.ExcuseReason(r.Reason), ""
	}
	return d
}
