package mailer

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"article14/internal/memo"
)

// Slots are one person's values by slot name, as plain text: they are escaped
// for their place when they are put into a skeleton. A slot that is absent
// drops the optional part of the skeleton that stands on it.
//
// Slot names: name or no_name; page.<source>; obtained.<source> or
// obtained_unknown.<source>; retention_end with start_known or start_unknown;
// authority, authority_address, authority_site; code; date; deadline, or due_date or late_unknown when late; why_month, or
// why_purpose with new_purpose.<key> of each that is new; notice_only_end; in
// correspondence done, answer_by, first_due, asked, kind.<kind>, ground.<ground>,
// kept.<reason> and text, the team's own words, which may have more than one line. Dates,
// the authority and asked are written in each language, so their names end in the
// language: "obtained.linkedin.fr". Some only say whether a part stands (no_name,
// *_known, *_unknown, why_*, new_purpose.*, kind.*, ground.*, kept.*); their text is not printed.
//
// The links of a notice (notice_url, choices_url, object_url) are slots of a skeleton,
// and are not among these values: they are derived from the tokens in Headers, so
// that no token lies in a store (R3). SlotTokenKey has the id of the key that makes
// the same tokens again.
type Slots map[string]string

// AppendJSON appends the values as a JSON object, in no order that means anything.
// Each notice is stored with them: it costs a tenth of what reflection does.
func (s Slots) AppendJSON(dst []byte) []byte {
	between := byte('{')
	for name, value := range s {
		dst = appendQuoted(append(appendQuoted(append(dst, between), name), ':'), value)
		between = ','
	}
	if between == '{' {
		dst = append(dst, '{')
	}
	return append(dst, '}')
}

// appendQuoted appends a JSON string (RFC 8259, 7); what is no UTF-8 is replaced.
func appendQuoted(dst []byte, s string) []byte {
	plain := utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == '"' || r == '\\' })
	if plain {
		return append(append(append(dst, '"'), s...), '"')
	}
	b, _ := json.Marshal(s) // a string never fails
	return append(dst, b...)
}

// Headers of one message that are not in its skeleton.
type Headers struct {
	DeliveryID   ID
	To           string
	EnvelopeFrom string
	AnswerTo     string     // Reply-To, where the register has a domain for answers; "" else
	Tokens       LinkTokens // of a notice, or of a link that was asked for; RFC 8058's header of a notice carries the link of objection too
	ProofCode    string     // the six digits, of a mail that carries them; they are no value, so that they are stored nowhere (R4)
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

// MailHead is what a reader sees of a mail before opening it.
type MailHead struct{ From, FromName, Subject string }

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
	// Compose puts values into a skeleton and builds the mail. Of the skeleton it
	// needs hash and body; a body that does not have the hash is refused.
	Compose(s Skeleton, slots Slots, h Headers) (Message, error)
	// Page renders a skeleton for the portal, of which it needs the same.
	Page(s Skeleton, slots Slots, language string) (Page, error)
	// Languages that the product can write in.
	Languages() []string
}

// SlotInput is what one person's values are drawn from.
type SlotInput struct {
	Key         SkeletonKey
	Facts       NoticeFacts
	ActivityKey string
	Now         time.Time // the date of the notice
	CreatedAt   time.Time // of the delivery; a receipt's: the instant of what it confirms
	Code        string
	Matter      *Matter // of correspondence that was planned with one; a receipt of a notice's own content needs none
	Again       bool    // for the page of a notice that was given: what was erased since is not there
}

// LinkTokens are the tokens that a notice's links carry, one for each purpose. A
// receipt has none.
type LinkTokens struct {
	Notice, Objection string
}

// SlotTokenKey is the value that has the id of the key of a notice's links. It is
// not printed.
const SlotTokenKey = "token_key"

// SlotAnswerKey is the value that has the id of the key of its Reply-To, where it has
// one of its own (Headers.AnswerTo). It is not printed.
const SlotAnswerKey = "answer_key"

// ErrStorageEnded says that a person's data should have been deleted by now:
// what has expired is deleted and not notified (T3).
var ErrStorageEnded = errors.New("the storage period has ended: delete the data instead of sending a notice")

// StorageStart is the instant from which storage counts (T1): the earliest of the
// first obtaining and the reading of the file, the last instant at which the data
// can have been obtained. A date that becomes known later never renews it. It is
// zero where neither is known. What a notice prints and what deletion acts on
// both come from here (T2).
func (f NoticeFacts) StorageStart() time.Time {
	start := f.Contact.FirstObtainedAt
	for _, d := range f.Duties {
		if at := d.Due.Inputs.ReadAt; !at.IsZero() && (start.IsZero() || at.Before(start)) {
			start = at
		}
	}
	return start
}

// SkeletonKeyHash names a stored skeleton.
type SkeletonKeyHash struct {
	Key  SkeletonKey
	Hash []byte
}

// SkeletonStore gives stored skeletons by hash.
type SkeletonStore interface {
	Skeleton(ctx context.Context, hash []byte) ([]byte, error)
}

// skeletonsKept bounds what KeepSkeletons keeps; campaigns rarely have as many texts.
const skeletonsKept = 256

// KeepSkeletons gives skeletons out of memory after the first time, so that neither a
// notice that goes out nor a page that is opened costs a look into the store: what has a
// hash never changes. Whoever fills them holds them against it.
func KeepSkeletons(store SkeletonStore) SkeletonStore {
	return keptSkeletons{store, memo.New[string, []byte](skeletonsKept)}
}

type keptSkeletons struct {
	store SkeletonStore
	kept  *memo.Memo[string, []byte]
}

func (k keptSkeletons) Skeleton(ctx context.Context, hash []byte) ([]byte, error) {
	return k.kept.Get(string(hash), func() ([]byte, error) { return k.store.Skeleton(ctx, hash) })
}
