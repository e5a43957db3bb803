package mailer

import (
	"time"
)

// Slots are one person's values by slot name, as plain text: they are escaped
// for their place when they are put into a skeleton. A slot that is absent
// drops the optional part of the skeleton that stands on it.
//
// Slot names: name, page.<source>, obtained.<source>, retention_end, authority,
// authority_site, code, notice_url, object_url, choices_url, date, due_date (only when late).
// Dates and lists are written in each language, so their names end in the
// language: "obtained.linkedin.fr".
type Slots map[string]string

// Headers of one message that are not in its skeleton.
type Headers struct {
	DeliveryID   ID
	To           string
	EnvelopeFrom string
	OneClickURL  string // RFC 8058; "" for correspondence
	Date         time.Time
	Test         bool // subject and body say that this is a test
}

// Message is what goes out.
type Message struct {
	EnvelopeFrom string
	To           string
	EnvelopeID   string // RFC 3461 ENVID
	Bytes        []byte
	SHA256       []byte
	UTF8         bool // an address needs SMTPUTF8 (RFC 6531)
}

// Skeleton is an approved text with slots, as stored bytes.
type Skeleton struct {
	Key  SkeletonKey
	Hash []byte // SHA-256 of Body
	Body []byte
}

// Page is a notice as the portal shows it: the same skeleton, the same values.
type Page struct {
	Language string // base code, for lang
	Dir      string // ltr or rtl
	Title    string
	HTML     string // escaped; safe to put into a page
}

// Composer writes texts. It is pure: the same input gives the same bytes.
type Composer interface {
	// Skeletons renders the skeletons for a register, one for each key, and checks
	// them (C1-C8, P4). links, mail settings and texts all come from the register.
	Skeletons(reg *Register, activity string, keys []SkeletonKey) ([]Skeleton, error)
	// Slots draws one person's values for a skeleton's languages.
	Slots(reg *Register, in SlotInput) (Slots, error)
	// Compose puts values into a skeleton and builds the mail.
	Compose(body []byte, slots Slots, h Headers) (Message, error)
	// Page renders a skeleton for the portal.
	Page(body []byte, slots Slots, language string) (Page, error)
	// Languages that the product can write in.
	Languages() []string
}

// SlotInput is what one person's values are drawn from.
type SlotInput struct {
	Key         SkeletonKey
	Facts       NoticeFacts
	ActivityKey string
	Now         time.Time // the date of the notice
	Code        string
	Tokens      LinkTokens
}

// LinkTokens are the tokens that a notice's links carry, one for each purpose.
type LinkTokens struct {
	Notice, Objection string
}

// SlotObjectURL is the slot of the objection link, which the header of RFC 8058 carries too.
const SlotObjectURL = "object_url"
