// Package bounce reads what mail systems send back: bytes in, a [track.Report]
// out. It knows no door, no database and no key: who brought the bytes, which
// delivery they are about and what follows is for others to say.
//
// Understood are delivery status notifications (RFC 3464, and RFC 6533 for
// addresses that are not ASCII) in a multipart/report (RFC 6522), or in any other
// multipart, since some systems label it wrongly; delivery reports in plain words;
// complaints (RFC 5965); automatic replies (RFC 3834); receipts (RFC 8098);
// notifications of Amazon SES. What is left is an answer.
//
// Read it in this order: read.go (one message, its kind), status.go (fields of RFC
// 3464), words.go (recipients and replies in plain words), original.go (where the
// words end and the returned message begins), kind.go (who wrote it), judge.go and
// phrases.go (what a failure means), answer.go (what a person says), event.go.
//
// # Why it does not use a MIME library
//
// The input is hostile and broken: boundaries that never close, lines without
// end, headers with lines that are none, parts in parts. A reader that stops
// with an error at the first of these loses the one part that matters, which often
// stands before it. So headers and boundaries are read here, line by line, over
// bytes that are bounded before (MaxSize); base64 and quoted-printable are undone as
// far as they hold good. Media types are the standard library's, charsets those of
// x/text. Read takes time in proportion to its input, and has no error to give.
package bounce
