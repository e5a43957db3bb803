package mailer

import (
	"time"
)

// Contact is a data subject as we know them. Its ID is given at first sight
// and never changes.
type Contact struct {
	ID              ID
	Name            string
	Country         string // ISO 3166-1 alpha-2, "" unknown
	Region          string
	City            string
	PostalCode      string
	Language        string // stated preference, a base code, "" unknown
	Organisation    string
	JobTitle        string
	FirstObtainedAt time.Time // retention counts from here (T1); zero: unknown
	ObjectedAt      time.Time // zero: no objection
}

// IdentifierKind is what we recognise a contact by.
type IdentifierKind string

// Kinds of identifiers in the order in which they match; a row digest
// recognises a person without any other identifier when their file is read again.
const (
	BySourceRef  IdentifierKind = "source_ref"
	ByProfileURL IdentifierKind = "profile_url"
	ByEmail      IdentifierKind = "email"
	ByPhone      IdentifierKind = "phone"
	ByRow        IdentifierKind = "row"
)

// Identifier is a value that recognises a contact, with its keyed hash.
type Identifier struct {
	ID    ID
	Kind  IdentifierKind
	Value string // as it is written to or shown
	Hash  []byte // HMAC-SHA-256 of the normal form
	KeyID string
}

// ObtainedBasis says how we know when data were obtained (D4).
type ObtainedBasis string

// Bases of an obtaining date. A statement is a person's, given for a whole file.
const (
	ObtainedFromRow       ObtainedBasis = "row"
	ObtainedFromStatement ObtainedBasis = "statement"
	ObtainedUnknown       ObtainedBasis = "unknown" // treated as overdue
)

// Acquisition is one obtaining of a contact's data from one source for one
// activity (S1). It is never changed.
type Acquisition struct {
	ID          ID
	SourceKey   string
	ActivityKey string
	ObtainedAt  time.Time // zero: unknown
	Basis       ObtainedBasis
	Page        string
	Visibility  Visibility
	ImportID    ID
	Line        int64
}

// Duty is to inform one contact of one activity by DueAt.
type Duty struct {
	ID            ID
	ContactID     ID
	ActivityKey   string
	SourceKey     string
	Cause         string // CauseAcquisition, or "purpose:<key>" (14(4))
	AcquisitionID ID
	ObtainedAt    time.Time
	Due           Due
	State         DutyState
	Reason        BlockReason // of a blocked or failed one
	Excuse        ExcuseReason
	Detail        string
	ToldAt        time.Time // the earliest prior notice (14(5)(a)), whatever the state; zero: none
	ExemptionID   ID        // while it stands excused by one
}

// DutyRef names a duty; the key of tables about people is in this order.
type DutyRef struct{ ContactID, ID ID }

// CauseAcquisition is the cause of duties that data opened.
const CauseAcquisition = "acquisition"

// causePurpose goes before the key of a purpose that opened a duty.
const causePurpose = "purpose:"
