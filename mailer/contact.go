package mailer

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"article14/internal/address"
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
	TellAt          time.Time // a person decided to tell them, whatever holds that back (S4, R4); zero: no
	ErasedAt        time.Time // nothing but a proof is left; zero: no
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
	ByPostal     IdentifierKind = "postal"
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
	MetAt         time.Time // zero: not met
	DeliveryID    ID        // under way, or that met it
	ErasedAt      time.Time // its data are gone since; zero: they are not
	ToldAt        time.Time // the earliest prior notice (14(5)(a)), whatever the state; zero: none
	ExemptionID   ID        // while it stands excused by one
}

// DutyRef names a duty; the key of tables about people is in this order.
type DutyRef struct{ ContactID, ID ID }

// CauseAcquisition is the cause of duties that data opened.
const CauseAcquisition = "acquisition"

// CausePurpose goes before the key of a purpose that opened a duty.
const CausePurpose = "purpose:"

// FirstAcquisitions are the first from each source for an activity, ordered by
// source key; with an empty activity, for any. Each is as visible as the strictest
// from its source: a restriction learnt later holds for what was obtained before (S4).
func FirstAcquisitions(as []Acquisition, activity string) []Acquisition {
	as = slices.Clone(as)
	slices.SortStableFunc(as, func(a, b Acquisition) int {
		return cmp.Or(cmp.Compare(a.SourceKey, b.SourceKey), compareInstants(a.ObtainedAt, b.ObtainedAt), bytes.Compare(a.ID[:], b.ID[:]))
	})
	var first []Acquisition
	for _, a := range as {
		if activity != "" && a.ActivityKey != activity {
			continue
		}
		if n := len(first); n > 0 && first[n-1].SourceKey == a.SourceKey {
			first[n-1].Visibility = Stricter(first[n-1].Visibility, a.Visibility)
			continue
		}
		first = append(first, a)
	}
	return first
}

// compareInstants puts unknown ones last.
func compareInstants(a, b time.Time) int {
	switch {
	case a.IsZero() && !b.IsZero():
		return 1
	case b.IsZero() && !a.IsZero():
		return -1
	}
	return a.Compare(b)
}

// Stricter is the more restrictive of two visibilities. Unknown stands between
// the others, whatever the source's rule makes of it.
func Stricter(a, b Visibility) Visibility {
	order := []Visibility{VisiblePublic, VisibleUnknown, VisibleRestricted}
	if slices.Index(order, a) >= slices.Index(order, b) {
		return a
	}
	return b
}

// Known is a contact already stored that shares an identifier with a batch.
type Known struct {
	Contact      Contact
	Identifiers  []Identifier
	Acquisitions []Acquisition
	Duties       []Duty
}

// Named tells whether a contact has a person's name: Sales, or Role Account, finds nobody.
func (c Contact) Named() bool { return c.Name != "" && !address.IsOffice(c.Name) }
