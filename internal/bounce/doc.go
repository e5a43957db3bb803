// Package bounce reads what mail systems send back: bytes in, a [mailer.Report]
// out. It knows no door, no database and no key: who brought the bytes, which
// delivery they are about and what follows is for others to say.
//
// Understood are delivery status notifications (RFC 3464, and RFC 6533 for
// addresses that are not ASCII) in a multipart/report (RFC 6522), or in any other
// multipart: some systems label it wrongly. Everything else gives a report without
// recipients.
//
// # Why it does not use a MIME library
//
// The input is hostile and broken: boundaries that never close, lines without
// end, headers with lines that are none, parts in parts. A reader that stops
// with an error at the first of these loses the one part that matters, which often
// stands before it. So headers and boundaries are read here, line by line, over
// bytes that are bounded before (MaxSize); types and encodings are the standard
// library's. Read takes time in proportion to its input, and has no error to give.
package bounce
