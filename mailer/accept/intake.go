package accept

import (
	"context"
	"time"

	"article14/mailer"
)

// Record is one row of a contact file, read and normalised, not yet identified.
type Record struct {
	Line               int64
	Contact            mailer.Contact // ID is zero
	Emails             []Email
	Phone              string
	Postal             mailer.PostalAddress // without its recipient
	ProfileURL         string
	SourceRef          string
	Page               string
	ObtainedAt         time.Time            // zero: the row has none
	Basis              mailer.ObtainedBasis // of ObtainedAt; the importer settles it
	Visibility         mailer.Visibility
	FirstCommunication time.Time
	FirstDisclosure    time.Time
	ToldAt             time.Time // the person was told already, by another tool or at first contact (14(5)(a)); zero: not that we know
	ToldProof          string    // where the proof of that is: a reference, never a personal value
	Digest             []byte    // SHA-256 over all cells of the row, for rows without an identifier
	Row                string    // the row as it was read, for the rejects file only
}

// Email is an address as given, and its normal form for recognition.
type Email struct {
	Value  string
	Normal string
}

// Refusal is a row that was not taken, with what a person can do about it.
type Refusal struct {
	Line   int64
	Field  string
	Reason string // plain words, without the value
	Row    string // the row as it was read, for the rejects file only
}

// Rows gives the rows of a file in order: each is a record or a refusal. It
// ends with io.EOF. A file cut off in the middle ends with a refusal of its
// last row and then io.EOF.
type Rows interface {
	Next() (Record, *Refusal, error)
}

// Import is one reading of a file, with the position that lets a second run go on.
type Import struct {
	ID           mailer.ID
	SourceKey    string
	ActivityKey  string
	FileName     string
	FileHash     []byte
	SettingsHash []byte
	Basis        string // what a person stated about rows without a date, and who (D4)
	Position     int64  // rows done
	Finished     bool
	Counts       ImportCounts
}

// ImportCounts accounts for every row read: their sum is the rows read.
type ImportCounts struct {
	Accepted int64 `json:"accepted"` // a new person
	Merged   int64 `json:"merged"`   // a person already known (D5)
	Refused  int64 `json:"refused"`
	Already  bool  `json:"already,omitempty"` // an earlier run read the whole file: this one added nothing
}

// Merge is what one batch comes to.
type Merge struct {
	NewContacts  []mailer.Contact
	Updated      []mailer.Contact // fields filled in or newer; FirstObtainedAt only ever earlier (T1)
	Identifiers  map[mailer.ID][]mailer.Identifier
	Acquisitions map[mailer.ID][]mailer.Acquisition
	Duties       []mailer.Duty
	Shortened    []mailer.Duty  // known duties whose date moved forward (14(3)(b), (c)); never later
	Told         []PriorNotice  // evidence that people were told before; the store ends their duties as AfterTold says
	Quarantined  []mailer.Duty  // known duties that are blocked now: a later row says that the data are restricted (S4)
	Alerts       []mailer.Alert // rows whose identifiers belong to two contacts, or that restrict what was told already
	Counts       ImportCounts
	From         int64 // the position before this batch: the store refuses a batch that does not follow on
	Rows         int64 // rows that this batch accounts for
}

// BatchKeys are the hashes by which a batch looks for known contacts.
type BatchKeys map[mailer.IdentifierKind][][]byte

// ImportStore keeps contacts. Merge is one transaction with the import's position.
type ImportStore interface {
	// BeginImport finds the import of the same file and settings or makes it.
	BeginImport(ctx context.Context, controller mailer.ID, imp Import, now time.Time) (Import, error)
	// Merge locks the controller's intake, looks up the known contacts behind keys
	// (all identifiers, acquisitions and duties of each) and the suppressions of
	// scope use among them, lets decide work out what follows, and stores that
	// together with the position. decide may be called once only. The keys of
	// suppressed are hashes as strings. A Merge of no rows only looks: nothing is
	// stored, and the import may be finished or none.
	Merge(ctx context.Context, controller, importID mailer.ID, keys BatchKeys, now time.Time,
		decide func(known []mailer.Known, suppressed map[string]bool) Merge) error
	// FinishImport marks the file as read to its end.
	FinishImport(ctx context.Context, importID mailer.ID, now time.Time) error
}
