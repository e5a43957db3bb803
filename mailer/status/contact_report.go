package status

import (
	"context"
	"time"

	"article14/mailer"
	"article14/mailer/accept"
	"article14/mailer/exempt"
	"article14/mailer/gate"
	"article14/mailer/retain"
	"article14/mailer/track"
)

// ContactStore answers for one person.
type ContactStore interface {
	// ContactReport gives everything about a contact, or ErrNoContact.
	ContactReport(ctx context.Context, controller, contact mailer.ID) (ContactReport, error)
}

// ContactReport is one person's record: who was told what, when, and why then (E6).
type ContactReport struct {
	Contact      mailer.Contact
	Identifiers  []mailer.Identifier
	Acquisitions []mailer.Acquisition
	Duties       []mailer.Duty
	Deliveries   []DeliveryReport
	Objections   []mailer.Objection
	Requests     []mailer.Request
	Answers      []track.AnswerItem
	Decisions    []retain.Decision
	PriorNotices []accept.PriorNotice
	Disclosures  []gate.Disclosure  // what was done with their data (Art. 15(1)(c))
	Exemptions   []exempt.Exemption // that have excused duties of theirs, ended ones too
}

// DeliveryReport is a delivery with its attempts.
type DeliveryReport struct {
	ID           mailer.ID
	CampaignKey  string
	Document     mailer.Document
	Channel      mailer.ChannelKind
	State        mailer.DeliveryState
	Languages    string
	LanguageRule string
	Form         string
	DueAt        time.Time
	SHA256       []byte
	ComposedAt   time.Time
	Attempts     []AttemptReport
	Reports      []track.ReportEntry
}

// AttemptReport is an attempt with its outcome.
type AttemptReport struct {
	Number           int
	Relay            string
	BegunAt, EndedAt time.Time
	Outcome          mailer.DeliveryState // "" not settled
	Stage            mailer.Stage
	Reply            mailer.Reply
}
