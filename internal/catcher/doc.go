// Package catcher is an SMTP server that keeps what it gets, fails on order,
// and shows an inbox. The demo sends to it, previews are looked at in it, and
// the tests of the delivery pipeline speak to it over real sockets.
//
// It is kind by default: every mail is taken, whoever it is for, and kept in
// memory with its envelope as it came, its bytes unread. The newest mails are
// kept within a number and a total size ([Options]); nothing is written to
// disk and nothing is sent on.
//
// A [Script] makes it fail. It is asked at MAIL and at each RCPT, knows how
// often that address was tried, and answers with a [Verdict]: a reply, or a
// connection cut at a chosen [Step]. The step matters, because it decides what
// a sender can know: a connection lost before the final dot was certainly not
// a delivery; one lost after it may have been one. [ByLocalPart] is a ready
// script with its table.
//
// [Server.Handler] is the inbox: pages without script and with nothing loaded
// from elsewhere. A mail is shown inside a sandbox, because whoever wrote it is
// not to be trusted.
//
// Implemented here or by go-smtp beneath: RFC 5321 (SMTP), 1870 (SIZE), 2034
// and 3463 (enhanced codes), 2920 (PIPELINING, replies gathered per group), 3030
// (CHUNKING), 3207 (STARTTLS), 3461 (DSN), 4954 (AUTH PLAIN), 6152 (8BITMIME),
// 6531 (SMTPUTF8); for reading mails RFC 2045-2047, 3282 and 5322.
package catcher
