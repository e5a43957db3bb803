// Package relay hands messages to the company's mail relay: one SMTP
// transaction at a time over a connection that is kept open, with an answer
// that is exact about what the relay took.
//
// go-mail dials, secures and authenticates. From there on the dialogue is our
// own, because three things must be known to the byte that a mail library does
// not tell: whether the final dot was handed to the wire (before it a lost
// connection is certainly no delivery, after it may be one), what was answered
// at which stage, and that a trouble after the relay's 2yz is no failure. Every
// outcome is nil or a *mailer.DeliveryError; [mailer.Classify] says what it means.
//
// The other side is not trusted: replies are bounded in lines and bytes, before
// and after authentication; nonsense counts as a lost connection; reply texts
// are stripped of control characters, of addresses and of length before anybody
// keeps them. Nor are callers: an address or a body that would break the
// dialogue is refused before the wire is touched.
//
// People's data and credentials go over TLS with a verified certificate, or to
// this machine itself, and nowhere else ([TLS]).
//
// Implemented here: RFC 5321 (transaction, time limits of 4.5.3.2), 1870
// (SIZE), 3461 (ENVID, RET, NOTIFY, ORCPT), 3463 and 2034 (enhanced codes),
// 6152 (8BITMIME), 6531 (SMTPUTF8), 6533 (ORCPT of such addresses); by go-mail
// beneath: 3207 (STARTTLS), 4954 (AUTH), 4616, 5802 and 7677 (PLAIN, SCRAM).
package relay
