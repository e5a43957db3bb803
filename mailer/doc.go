// Package mailer is the domain and the pipeline: the nouns, rules, states and
// steps by which a company tells people, as Article 14 GDPR asks, that it holds
// data which it did not get from them.
//
//	contact file ──► Importer ──► duty (due_at) ──► Releases ──► Worker ──► duty met
//	                    │             │            (Placer)        │
//	                 contact,      Registers     frozen audience,  attempt, message,
//	               acquisition                  approved content   reply
//	                                                               │
//	                        Rights (notice, objection, access) ◄───┘
//
// Read it in this order: state.go (where duties and deliveries stand, and every
// legal move), register.go and contact.go (what is known), due.go (by when),
// match.go (who is who), match_told.go and exempt.go (who need not be told),
// visibility.go (what may be used), place.go (how each person is told, or why not
// yet), channels.go (by mail, letter or call), release.go and freeze.go (campaigns),
// assess.go (what all of that comes to), internal/pacing (the two streams), worker.go,
// writer.go, sender.go, conclude.go and journal.go (delivery), seats.go, lanepace.go,
// quota.go, class.go, standing.go and canary.go (what holds it back), retry.go and
// classify.go (what a reply means), incoming.go, reports.go, report.go and answers.go (what
// comes back), letters.go, letters_end.go and calls.go (what people carry out),
// letter.go and postal.go (notices on paper), rights.go (what the links do), erase.go
// and eraser.go (what goes when, and what stays), tell.go and package telling (who else is told).
//
// It knows no SQL, no SMTP and no HTML. What it needs of these it declares as small
// interfaces (stores.go, relay.go, notice.go), one method for each step, so that
// each step is one transaction. Commands, worker and pages are faces of the same
// types; none has a rule of its own. Time comes in as a field.
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
