// Package telling passes people's rights on to those who got their data (Art. 19, rule R7).
//
//	a right takes effect ──► telling rows ──► Teller ──► the recipient's system (2xx: told)
//	(mailer.Tidings says     one for each      │ claim, begin, send, settle
//	 whom and what)          recipient         └──► later ──► dead, for a person
//	                            │
//	                            └──► Desk: a list for those without a system; done by other means
//
// The rows are made by the store in the transaction of the right itself ([mailer.Tidings.For]
// says which), so that neither is there without the other. From then on:
//
//  1. Each is told at least once: an attempt is on record before it is made, and one that was
//     broken off is made again, under the same id.
//  2. A recipient is told of one person's rights in their order. What was given up blocks nothing
//     behind it, and is not tried again once something behind it has got through.
//  3. What is told, or done by a person, is never sent again.
//  4. Values are kept until their recipient is told, and [mailer.KeepTellings] at most.
//
// What it needs of the database and of the wire it declares as [Store] and [Sender].
package telling
