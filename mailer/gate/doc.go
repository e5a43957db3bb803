// Package gate answers the question that a CRM, a dialler or an export asks before it
// uses a person's data: may I contact this person, or pass their data on, for this
// purpose yet? (Article 14(3)(b) and (c) GDPR; docs/rules.md D6.)
//
// [Decide] is the whole rule, and it is pure: what is known of a person goes in, a
// [Verdict] comes out. A no has a reason and, where that can be known, says when it would
// be a yes. Asking changes nothing, so it may be asked as often as anybody likes.
//
// Whoever then uses the data says so with [Gate.Confirm]. That writes a disclosure: to
// whom, when, for what (Article 15(1)(c)); it is the record from which others are told
// later of an erasure or an objection (Article 19). A first use brings the date forward by
// which the person must have been told, and nothing ever moves it back. A use that the gate
// had refused is put on record like any other, because it happened, and raises an alert.
//
// Callers name people by what they have: our id, an address, a number, a source's
// reference. An address may belong to several people; the answer is then no unless it is yes
// for each of them.
package gate
