// Package mailer is the domain: the nouns, rules, states and values by which a company
// tells people, as Article 14 GDPR asks, that it holds
// data which it did not get from them.
//
//	contact file ──► Importer ──► duty (due_at) ──► Releases ──► Worker ──► duty met
//	                    │             │            (Placer)        │
//	                 contact,      Registers     frozen audience,  attempt, message,
//	               acquisition                  approved content   reply
//	                                                               │
//	                        Rights (notice, objection, access) ◄───┘
//
// This package holds what all steps share: ids and keys (id.go, keys.go, token.go), where
// duties and deliveries stand and every legal move (state.go), what is known (register.go,
// contact.go, campaign.go), by when (due.go), what may be used (visibility.go), by mail,
// letter or call (channels.go), deliveries and what replies mean (delivery.go, reply.go,
// classify.go), what people ask for (request.go, rights_table.go), who else is told of it
// (tell.go), what a person must look at (alerts.go). Read these first. The steps are rooms
// below it, in the order of the way:
//
//	accept    contact files to people and duties
//	plan      how each person is told, or why not yet
//	campaign  releases by a person; complete: what a register lacks for one
//	deliver   the worker
//	track     what comes back; byhand: letters and calls
//	gate      may somebody be contacted or passed on, and what was done
//	rights    what the links do; access: the copy of all that is held
//	telling   the same to those who got the data
//	retain    what is erased when; exempt: who need not be told
//	assess    what a file would come to; status: where everybody stands
//
// A room knows this package and few of its sisters; this package knows none of them.
// None knows SQL, SMTP or HTML: what a room needs of these it declares as small interfaces
// where it uses them, one method for each step, so that each step is one transaction.
// Commands, worker and pages are faces of the same types; none has a rule of its own. Time
// comes in as a field.
//
// What must always hold:
//
//  1. Nothing is lost: each row read is accounted for, each claim ends in a state.
//  2. Nobody is told twice without a reason on record.
//  3. No notice leaves incomplete, in a language that was not chosen by rule, or
//     with a text that nobody approved.
//  4. No late notice is hidden, and no duty vanishes.
//  5. A link gives its holder only what it was made for.
//  6. Personal data stay out of logs, metrics, addresses and error texts.
//  7. Killing any process at any moment, and starting it again, keeps 1 to 6.
//
// Keys such as D5 or R10 name the rules of docs/rules.md. Implemented here, of the
// GDPR: Articles 12(3), 14(1) to (5), 15 (the request), 19, 21; of the RFCs: 9562 (ids),
// 3463 and 5321 (what replies mean), 3461 and 3464 (reports).
package mailer
