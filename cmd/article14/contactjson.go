package main

import (
	"encoding/hex"
	"time"

	"article14/mailer"
	"article14/mailer/accept"
	"article14/mailer/exempt"
	"article14/mailer/gate"
	"article14/mailer/retain"
	"article14/mailer/status"
	"article14/mailer/track"
)

// contactJSON is a person's record for programs: what the page says, and the values
// that it leaves out. Hashes of identifiers stay out: they recognise people.
type contactJSON struct {
	ID              mailer.ID          `json:"id"`
	Name            string             `json:"name,omitempty"`
	Country         string             `json:"country,omitempty"`
	Region          string             `json:"region,omitempty"`
	City            string             `json:"city,omitempty"`
	PostalCode      string             `json:"postal_code,omitempty"`
	Language        string             `json:"language,omitempty"`
	Organisation    string             `json:"organisation,omitempty"`
	JobTitle        string             `json:"job_title,omitempty"`
	FirstObtainedAt time.Time          `json:"first_obtained_at,omitzero"`
	ObjectedAt      time.Time          `json:"objected_at,omitzero"`
	TellAt          time.Time          `json:"tell_at,omitzero"`
	ErasedAt        time.Time          `json:"erased_at,omitzero"`
	Zone            string             `json:"zone"`
	Identifiers     []identifierJSON   `json:"identifiers"`
	Acquisitions    []acquisitionJSON  `json:"acquisitions"`
	Duties          []dutyJSON         `json:"duties"`
	PriorNotices    []priorJSON        `json:"prior_notices"`
	Exemptions      []exempt.Exemption `json:"exemptions"`
	Deliveries      []deliveryJSON     `json:"deliveries"`
	Objections      []objectionJSON    `json:"objections"`
	Uses            []useJSON          `json:"uses"`
	Requests        []requestJSON      `json:"requests"`
	Answers         []answerJSON       `json:"answers"`
	Decisions       []decisionJSON     `json:"decisions"`
}

type identifierJSON struct {
	ID    mailer.ID             `json:"id"`
	Kind  mailer.IdentifierKind `json:"kind"`
	Value string                `json:"value"`
}

type acquisitionJSON struct {
	ID         mailer.ID            `json:"id"`
	Source     string               `json:"source"`
	Activity   string               `json:"activity"`
	ObtainedAt time.Time            `json:"obtained_at,omitzero"`
	Basis      mailer.ObtainedBasis `json:"basis"`
	Page       string               `json:"page,omitempty"`
	Visibility mailer.Visibility    `json:"visibility"`
	ImportID   mailer.ID            `json:"import_id"`
	Line       int64                `json:"line"`
}

type dutyJSON struct {
	ID            mailer.ID           `json:"id"`
	Activity      string              `json:"activity"`
	Source        string              `json:"source"`
	Cause         string              `json:"cause"`
	AcquisitionID mailer.ID           `json:"acquisition_id,omitzero"`
	ObtainedAt    time.Time           `json:"obtained_at,omitzero"`
	DueAt         time.Time           `json:"due_at"`
	Rule          mailer.DueRule      `json:"rule"`
	Inputs        mailer.DueInputs    `json:"inputs"`
	State         mailer.DutyState    `json:"state"`
	Reason        mailer.BlockReason  `json:"reason,omitempty"`
	Remedy        string              `json:"remedy,omitempty"`
	Excuse        mailer.ExcuseReason `json:"excuse,omitempty"`
	Detail        string              `json:"detail,omitempty"`
	LateDays      int                 `json:"late_days"`
	MetAt         time.Time           `json:"met_at,omitzero"`
	ToldAt        time.Time           `json:"told_at,omitzero"`
	ErasedAt      time.Time           `json:"erased_at,omitzero"`
	DeliveryID    mailer.ID           `json:"delivery_id,omitzero"`
	ExemptionID   mailer.ID           `json:"exemption_id,omitzero"`
}

type priorJSON struct {
	DutyID   mailer.ID `json:"duty_id"`
	ToldAt   time.Time `json:"told_at"`
	Proof    string    `json:"proof"`
	ImportID mailer.ID `json:"import_id"`
	Line     int64     `json:"line"`
}

type deliveryJSON struct {
	ID           mailer.ID            `json:"id"`
	Campaign     string               `json:"campaign,omitempty"`
	Document     mailer.Document      `json:"document"`
	Channel      mailer.ChannelKind   `json:"channel"`
	State        mailer.DeliveryState `json:"state"`
	Languages    string               `json:"languages"`
	LanguageRule string               `json:"language_rule"`
	Form         string               `json:"form"`
	DueAt        time.Time            `json:"due_at,omitzero"`
	SHA256       string               `json:"sha256"`
	ComposedAt   time.Time            `json:"composed_at,omitzero"`
	Attempts     []attemptJSON        `json:"attempts"`
	Reports      []reportJSON         `json:"reports"`
}

type attemptJSON struct {
	Number  int                  `json:"number"`
	Relay   string               `json:"relay"`
	BegunAt time.Time            `json:"begun_at"`
	EndedAt time.Time            `json:"ended_at,omitzero"`
	Outcome mailer.DeliveryState `json:"outcome,omitempty"`
	Stage   mailer.Stage         `json:"stage,omitempty"`
	Reply   replyJSON            `json:"reply"`
}

type reportJSON struct {
	ReceivedAt time.Time            `json:"received_at"`
	Door       string               `json:"door"`
	MatchedBy  track.MatchedBy      `json:"matched_by"`
	Finding    string               `json:"finding"`
	To         mailer.DeliveryState `json:"delivery_state,omitempty"`
	Reply      replyJSON            `json:"reply"`
}

type replyJSON struct {
	Code     int    `json:"code,omitempty"`
	Enhanced string `json:"enhanced,omitempty"`
	Text     string `json:"text,omitempty"`
}

type useJSON struct {
	ID         mailer.ID   `json:"id"`
	At         time.Time   `json:"at"`
	Kind       gate.Kind   `json:"kind"`
	Recipient  string      `json:"recipient,omitempty"`
	Reference  string      `json:"recipient_reference,omitempty"`
	Activity   string      `json:"activity"`
	Purpose    string      `json:"purpose"`
	By         string      `json:"by"`
	RecordedAt time.Time   `json:"recorded_at"`
	Allowed    bool        `json:"allowed"`
	Reason     gate.Reason `json:"reason,omitempty"`
}

type objectionJSON struct {
	Activity   string                `json:"activity"`
	Scope      mailer.ObjectionScope `json:"scope"`
	Way        mailer.Way            `json:"way"`
	MadeAt     time.Time             `json:"made_at"`
	DeliveryID mailer.ID             `json:"delivery_id,omitzero"`
}

type requestJSON struct {
	ID         mailer.ID          `json:"id"`
	Kind       mailer.RequestKind `json:"kind"`
	Way        mailer.Way         `json:"way"`
	ReceivedAt time.Time          `json:"received_at"`
	DueAt      time.Time          `json:"due_at"`
	DeliveryID mailer.ID          `json:"delivery_id,omitzero"`
}

type decisionJSON struct {
	Kind retain.DecisionKind `json:"kind"`
	At   time.Time           `json:"at"`
	By   string              `json:"by"`
	Why  string              `json:"why"`
}

// each makes a list out of another; it is never null, so that a program can count it.
func each[A, B any](list []A, as func(A) B) []B {
	out := make([]B, len(list))
	for i, x := range list {
		out[i] = as(x)
	}
	return out
}

func newContactJSON(r status.ContactReport, now time.Time, zone *time.Location) contactJSON {
	c := r.Contact
	return contactJSON{ID: c.ID, Name: c.Name, Country: c.Country, Region: c.Region, City: c.City, PostalCode: c.PostalCode, Language: c.Language,
		Organisation: c.Organisation, JobTitle: c.JobTitle, FirstObtainedAt: c.FirstObtainedAt, ObjectedAt: c.ObjectedAt, TellAt: c.TellAt,
		ErasedAt: c.ErasedAt, Zone: zone.String(),
		Identifiers: each(r.Identifiers, func(i mailer.Identifier) identifierJSON { return newIdentifierJSON(i) }),
		Acquisitions: each(r.Acquisitions, func(a mailer.Acquisition) acquisitionJSON {
			return acquisitionJSON{a.ID, a.SourceKey, a.ActivityKey, a.ObtainedAt, a.Basis, a.Page, a.Visibility, a.ImportID, a.Line}
		}),
		Duties: each(r.Duties, func(d mailer.Duty) dutyJSON { return newDutyJSON(d, now, zone) }),
		PriorNotices: each(r.PriorNotices, func(n accept.PriorNotice) priorJSON {
			return priorJSON{n.DutyID, n.ToldAt, n.Proof, n.ImportID, n.Line}
		}),
		Exemptions: append([]exempt.Exemption{}, r.Exemptions...),
		Deliveries: each(r.Deliveries, newDeliveryJSON),
		Uses: each(r.Disclosures, func(d gate.Disclosure) useJSON {
			return useJSON{d.ID, d.At, d.Kind, d.Recipient, d.Theirs, d.ActivityKey, d.PurposeKey, d.By, d.RecordedAt, d.Allowed, d.Reason}
		}),
		Objections: each(r.Objections, func(o mailer.Objection) objectionJSON {
			return objectionJSON{o.ActivityKey, o.Scope, o.Way, o.MadeAt, o.DeliveryID}
		}),
		Answers: newAnswersJSON(r.Answers),
		Requests: each(r.Requests, func(q mailer.Request) requestJSON {
			return requestJSON{q.ID, q.Kind, q.Way, q.ReceivedAt, q.DueAt, q.DeliveryID}
		}),
		Decisions: each(r.Decisions, func(d retain.Decision) decisionJSON { return decisionJSON{d.Kind, d.At, d.By, d.Why} }),
	}
}

func newDutyJSON(d mailer.Duty, now time.Time, zone *time.Location) dutyJSON {
	return dutyJSON{ID: d.ID, Activity: d.ActivityKey, Source: d.SourceKey, Cause: d.Cause, AcquisitionID: d.AcquisitionID, ObtainedAt: d.ObtainedAt,
		DueAt: d.Due.At, Rule: d.Due.Rule, Inputs: d.Due.Inputs, State: d.State, Reason: d.Reason, Remedy: d.Reason.Remedy(), Excuse: d.Excuse, Detail: d.Detail,
		LateDays: lateDays(d, now, zone), MetAt: d.MetAt, ToldAt: d.ToldAt, ErasedAt: d.ErasedAt, DeliveryID: d.DeliveryID, ExemptionID: d.ExemptionID}
}

func newDeliveryJSON(d status.DeliveryReport) deliveryJSON {
	return deliveryJSON{ID: d.ID, Campaign: d.CampaignKey, Document: d.Document, Channel: d.Channel, State: d.State, Languages: d.Languages, LanguageRule: d.LanguageRule,
		Form: d.Form, DueAt: d.DueAt, SHA256: hex.EncodeToString(d.SHA256), ComposedAt: d.ComposedAt,
		Attempts: each(d.Attempts, func(a status.AttemptReport) attemptJSON {
			return attemptJSON{a.Number, a.Relay, a.BegunAt, a.EndedAt, a.Outcome, a.Stage, replyJSON(a.Reply)}
		}),
		Reports: each(d.Reports, func(r track.ReportEntry) reportJSON {
			return reportJSON{r.ReceivedAt, r.Door, r.By, r.Finding, r.To, replyJSON(r.Reply)}
		}),
	}
}

// lateDays is by how many days a duty was met, or ended, or is by now, behind its date.
func lateDays(d mailer.Duty, now time.Time, zone *time.Location) int {
	switch {
	case d.State == mailer.DutyMet:
		now = d.MetAt
	case d.State == mailer.DutyErased:
		now = d.ErasedAt
	case d.State == mailer.DutyExcused && !d.ToldAt.IsZero():
		now = d.ToldAt
	case d.State == mailer.DutyExcused:
		return 0
	}
	return mailer.LateDays(d.Due.At, now, zone)
}

// newIdentifierJSON has a postal address as people write it.
func newIdentifierJSON(i mailer.Identifier) identifierJSON {
	if i.Kind == mailer.ByPostal {
		i.Value = postalWords(i.Value)
	}
	return identifierJSON{i.ID, i.Kind, i.Value}
}
