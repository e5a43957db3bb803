// Package compose writes what goes out: notices under Article 14 GDPR, and what
// people are written about their rights. It implements [mailer.Composer].
//
// # From a register to a mail
//
//	register + locales ──► document ──► text, HTML, page, letter ──► skeleton ──► stored, approved
//	                       (blocks)     with slots                                  │
//	one person's values ───────────────────────────────────────────────────────────┴──► mail, page, letter
//
// A document is a list of blocks, built once for each document, language and
// source form. The text part, the HTML part, the portal's page and the letter are written
// from the same blocks, so that none says what another does not (docs/rules.md C4, P4).
// A block says in which of them it stands: paper has neither buttons nor forms.
// What is not true for an activity is left out.
//
// [Composer.Skeletons] also checks what it made: every element of Article 14
// that the register calls for is there and not empty (C1), the first layer
// stands on top and objection in a block of its own (C4, C5), every slot is known
// and every optional part closed (C8), no word of doubt and no empty phrase is
// in it (P1, P3), and text and HTML have the same words (P4).
//
// # Skeletons as bytes
//
// A skeleton is JSON (see the type skeleton) whose strings hold slots:
//
//	⟪name⟫             a person's value, escaped for its place
//	⟪?name⟫ … ⟪/name⟫  a part that is left out where the person has no such value
//
// Parts do not nest. A skeleton is parsed once and kept under the hash that it was
// approved under, which its bytes must have; values are put in by one pass over its
// pieces and are never read for slots, so that nothing in a contact file can add a
// slot, a tag, a link or a header. One value is more than a part of a line: the team's own words
// (⟪text⟫) bring paragraphs and lists, and nothing else, with them. The six digits of a
// code are no value at all: they come with the headers, and are stored nowhere. What is the same for everybody with a skeleton's
// key (see the type plan) is worked out once as well.
//
// # Letters
//
// A notice's letter is stored as blocks of marked text. Marks are read once, when the
// skeleton is; a value that is put in later stands as it is, so that [Composer.Letter]
// gives a neutral document that internal/letter prints. It has no link and no token.
// Skeletons of version 1 have no letter ([byhand.ErrNoLetter]).
//
// # Mails
//
// Message headers and MIME parts are written by go-mail once for each skeleton,
// with marks where a message's own values go. The same input gives the same
// bytes: the boundary comes from the skeleton, Date and Message-ID
// from the delivery; the envelope id is the local part of the envelope sender. Fixed
// text is held in quoted-printable already, so that composing is copying. The links
// are made from the message's tokens and stored nowhere.
//
// Implemented: RFC 5322, RFC 2045 to 2047, RFC 2369 and 8058 (List-Unsubscribe,
// one-click), RFC 3282 (Content-Language), RFC 3834 (Auto-Submitted), RFC 6532
// (UTF-8 in headers, for addresses alone); Articles 12, 13(2), 14, 15 to 22 and 77
// GDPR as far as a notice tells of them.
package compose
