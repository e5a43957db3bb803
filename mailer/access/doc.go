// Package access makes the copy of everything that is held about one person (Articles 15
// and 20 GDPR; docs/rules.md R6): each field, each obtaining with its actual source, page, day and
// method, what it is used for and on which ground, to whom it was passed on and when, until when
// it is kept, which rights there are, and each notice as it was sent.
//
// [Copy] is what a program reads (docs/copy.schema.json) and what the page is written from. It is
// about one person alone: who shares a mailbox with them does not stand in it, nor does who of the
// company did what. Whoever hands it out has made sure who asks (R4); this package does not.
package access
