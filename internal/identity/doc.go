// Package identity brings what people are recognised by into forms that can be
// compared: names, profile addresses, telephone numbers.
//
// Two mistakes are possible, and they are not equally bad. To take one person
// for two means that they are told twice. To take two for one means that one
// of them is never told at all, and that a notice shows somebody else's data.
// So every form here folds only what is known to make no difference:
//
//   - names lose case, accents, order and punctuation, and count as compatible
//     where one is a shorter way of writing the other;
//   - profile addresses lose what the sites themselves ignore, site by site;
//   - telephone numbers (ITU-T E.164) identify only with their country code.
//
// Addresses of mailboxes are not folded here: see package address. A normal
// form is for hashing and comparing, never for showing or writing to.
//
// Article 14 GDPR is owed to each person, and so this package is part of how
// it is kept; the order in which forms are tried stands in package mailer.
package identity
