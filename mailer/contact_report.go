package mailer

import (
	"context"
	"time"
)

// ContactStore answers for one person.
type ContactStore interface {
	// ContactReport gives everything about a contact, or ErrNoContact.
	ContactReport(ctx context.Context, controller, contact ID) (ContactReport, error)
}

// ContactReport is one person's record: who was told what, when, and why then (E6).
type ContactReport struct {
	Contact      Contact
	Identifiers  []Identifier
	Acquisitions []Acquisition
	Duties       []Duty
	Deliveries   []DeliveryReport
	Objections   []Objection
	Requests     []Request
	Answers      []AnswerItem
	Decisions    []Decision
	PriorNotices []PriorNotice
	Exemptions   []Exemption // that have excused duties of theirs, ended ones too
}

// DeliveryReport is a delivery with its attempts.
type DeliveryReport struct {
	ID           ID
	CampaignKey  string
	Document     Document
	State        DeliveryState
	Languages    string
	LanguageRule string
	Form         string
	DueAt        time.Time
	SHA256       []byte
	ComposedAt   time.Time
	Attempts     []AttemptReport
	Reports      []ReportEntry
}

// AttemptReport is an attempt with its outcome.
type AttemptReport struct {
	Number           int
	Relay            string
	BegunAt, EndedAt time.Time
	Outcome          DeliveryState // "" not settled
	Stage            Stage
	Reply            Reply
}
