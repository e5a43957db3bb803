// Package letter prints notices: a PDF that is ready for any printer, or for a company
// that prints. It implements [byhand.LetterPrinter].
//
//	byhand.LetterText ──► rows (lines of words) ──► pages ──► fpdf ──► PDF
//	mailer.PostalAddress ──► lines in the window ──────────────┘
//
// # The sheet
//
// A4. The address stands where the window of the envelope shows it however the sheet
// lies in there, and nothing else does (see [window]): left by DIN 5008 form B for an envelope
// DL (DIN 680), right for the French DL. Above it is the sender's return line. The
// text follows below, 11 point, or 16 for large print; a heading stays with what it
// is about, no page begins or ends with a line alone, the block of objection is kept
// whole, and no word is divided but an address on the web that is longer than a line.
//
// # Letters and scripts
//
// Liberation Sans has all letters of the Union's languages, Norwegian and Icelandic;
// DejaVu Sans has Armenian, Georgian and signs that it lacks. Both are built into the
// program, and each PDF carries the letters that it uses. Hebrew is set from the
// right. A script that needs more than letters in a row (Arabic, Devanagari) or that no
// font has (Chinese) is a [byhand.UnprintableError].
//
// # Bytes
//
// The same letter is the same bytes: the file's date is the letter's own. There is no
// script and no link in it.
package letter
