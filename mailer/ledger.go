package mailer

import "time"

// LedgerEntry is what must outlive the loss of the database: that somebody objected, or
// was erased. It holds ids, codes and keyed hashes, and nothing that says who it was.
type LedgerEntry struct {
	Kind       LedgerKind   `json:"kind"`
	At         time.Time    `json:"at"`
	Controller ID           `json:"controller"`
	Contacts   []ID         `json:"contacts,omitempty"`
	Cause      string       `json:"cause,omitempty"`     // why they were erased
	Objection  *LedgerNo    `json:"objection,omitempty"` // of an objection
	Suppressed []LedgerHash `json:"suppressed,omitempty"`
}

// LedgerKind is what an entry says.
type LedgerKind string

// Kinds of entries. Who adds one says in the store how it is applied again.
const (
	LedgerObjection   LedgerKind = "objection"
	LedgerErasure     LedgerKind = "erasure"
	LedgerSuppression LedgerKind = "suppression" // use stops by other ways than an objection
)

// LedgerNo is an objection without its person, who stands in the entry.
type LedgerNo struct {
	ID          ID             `json:"id"`
	ActivityKey string         `json:"activity"`
	Scope       ObjectionScope `json:"scope"`
	Way         Way            `json:"way"`
	DeliveryID  ID             `json:"delivery"`
}

// LedgerHash is a suppression: an identifier as its keyed hash.
type LedgerHash struct {
	Kind      IdentifierKind   `json:"kind"`
	KeyID     string           `json:"key"`
	Hash      []byte           `json:"hash"`
	Scope     SuppressionScope `json:"scope"`
	Reason    string           `json:"reason"`
	ExpiresAt time.Time        `json:"expires_at,omitzero"`
}

// LedgerHashes are suppressions as a ledger has them.
func LedgerHashes(ss []Suppression) []LedgerHash {
	out := make([]LedgerHash, len(ss))
	for i, s := range ss {
		out[i] = LedgerHash{s.Kind, s.KeyID, s.Hash, s.Scope, s.Reason, s.ExpiresAt}
	}
	return out
}

// Suppression is the hash as the store takes it.
func (h LedgerHash) Suppression() Suppression {
	return Suppression{Kind: h.Kind, Hash: h.Hash, KeyID: h.KeyID, Scope: h.Scope, Reason: h.Reason, ExpiresAt: h.ExpiresAt}
}

// Ledger is a record outside the database. An entry is on disk before the transaction
// that it tells of is committed, and so before anybody is told of it: a crash between the
// two leaves an entry too many, which is applied at the next start, and never one too few.
type Ledger interface {
	// Append gives each entry its place when all of them are on disk.
	Append(entries []LedgerEntry) ([]LedgerPlace, error)
}

// LedgerPlace is where an entry stands: in which ledger, and on which line, from 1.
type LedgerPlace struct {
	Ledger ID
	Line   int64
}
