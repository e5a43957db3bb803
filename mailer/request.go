package mailer

import (
	"time"
)

// Way is how something that a person says comes to us.
type Way string

// Ways.
const (
	WayPage     Way = "page"      // a button on a page of ours
	WayOneClick Way = "one_click" // the button of a mail program (R2)
	WayAnswer   Way = "answer"    // a mail that they wrote to us
	// WayComplaint is the button "this is spam", as a provider passes it on (RFC 5965).
	WayComplaint Way = "complaint"
)

// Ways lists them.
var Ways = []Way{WayPage, WayOneClick, WayAnswer, WayComplaint}

// ObjectionScope is what an objection is against.
type ObjectionScope string

// ObjectToAll is against all use for the activity (R5).
const ObjectToAll ObjectionScope = "all"

// RequestKind is what a person asks for.
type RequestKind string

// RequestAccess asks what is held about them (Art. 15).
const RequestAccess RequestKind = "access"

// Objection is a person's "no" (Art. 21).
type Objection struct {
	ID          ID
	ContactID   ID
	ActivityKey string
	Scope       ObjectionScope
	Way         Way
	MadeAt      time.Time
	DeliveryID  ID
	Tell        *Tidings // what recipients are told of it (R7); nil: nobody is
}

// Request is what a person asks for, with its own deadline (Art. 12(3), D9).
type Request struct {
	ID         ID
	ContactID  ID
	Kind       RequestKind
	Way        Way
	ReceivedAt time.Time
	DueAt      time.Time
	DeliveryID ID
}
