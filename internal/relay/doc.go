// Package relay hands messages to the company's mail relay: one SMTP
// transaction after the other over a connection that is kept open, with an answer
// that is exact about what the relay took.
//
// Where the relay offers PIPELINING (RFC 2920), and the caller says which message
// comes next, one write carries a message's body, its final dot and the envelope of
// the next, and one round trip brings all the answers:
//
//	we                                         the relay
//	MAIL 1, RCPT 1, DATA                  ──►
//	                                      ◄──  250, 250, 354
//	text 1, dot, MAIL 2, RCPT 2, DATA     ──►
//	                                      ◄──  250 (1 is taken), 250, 250, 354
//	text 2, dot                           ──►
//
// Send returns when its own dot is answered; the answers to the next envelope are
// read by the Send that they are about. So each message has a verdict of its own, and
// a connection that breaks leaves one in doubt at most: the one whose dot may have
// left and has no answer. How much of a group left is counted, since a write may break
// off in its middle. What stands behind the dot is an envelope without a text: of that
// nobody can deliver anything, and its message is untouched.
//
//   - An announced message that is not sent after all is taken back by hanging up. In
//     place of its text nothing else may be said: not QUIT, not a dot.
//   - Where the recipient is refused and the relay says 354 all the same, it gets the
//     lone dot that it waits for, and its answer to that accepts nothing. Where it
//     refused MAIL and yet took the recipient, a lone dot might deliver an empty
//     mail: there we hang up.
//   - 503 or 554 to what was asked along with a refused command is no second verdict.
//   - A refused dot leaves the next envelope alone. 421 ends the session, and what was
//     announced is untouched.
//   - More replies than commands end the session before anything else is said.
//   - The last block of a long text forms the group; the blocks before it go alone.
//
// Without PIPELINING, or with [Config].Stepwise, it is a command at a time.
//
// With [Config].DKIM a message is signed just before it leaves. What is on record,
// and has its hash there, is the message without its signature; that follows from
// the message and the key, so a second attempt has the same one.
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
// (SIZE), 2920 (PIPELINING), 3461 (ENVID, RET, NOTIFY, ORCPT), 3463 and 2034 (enhanced codes),
// 6152 (8BITMIME), 6531 (SMTPUTF8), 6533 (ORCPT of such addresses); by go-mail
// beneath: 3207 (STARTTLS), 4954 (AUTH), 4616, 5802 and 7677 (PLAIN, SCRAM).
package relay
