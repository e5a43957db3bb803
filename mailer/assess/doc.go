// Package assess says what a contact file, or all that is stored, would come to: how many
// are owed a notice, how many late and by how much, who cannot be told yet and why, how
// many days it takes at a pace. It changes nothing.
//
// It goes the very way of an import (package accept) and of a campaign (package plan),
// over a store of its own in memory (assess_scratch.go, assess_pack.go), so that what it
// says is what would happen.
package assess
