// Package door is where messages about our notices come in: delivery reports,
// complaints, people's answers. It knows how each is brought, how much of it may be
// brought, and when its bringer may be told that it is kept; what it means, mailer
// and internal/bounce find out.
//
//   - [Listener] speaks SMTP (RFC 5321) and LMTP (RFC 2033). It takes mail for our own
//     envelope senders and named mailboxes alone, relays nothing and answers nothing.
//   - [SES] takes Amazon SES's events, which SNS signs.
//   - [Events] takes any other provider's, signed as Standard Webhooks.
//   - [Mailbox] empties an IMAP mailbox (RFC 9051, RFC 3501).
//
// All of them hand on one thing, a [track.Incoming], and keep one promise: 250, 200 or
// an expunge only after [Take] has returned nil, which is after the commit. What fails
// before that is asked for again (451, 503, left where it is), so that a kill
// at any moment loses nothing; what comes twice is known by its hash or the provider's id.
//
// A provider's event is written as the report that a mail system would have sent, RFC 3464
// or RFC 5965, and goes the same way as those: there is one reader, one place where reports
// wait for their delivery, and a person who looks at one sees something readable.
//
// Memory is bounded by what is open at once: connections times [Limits.Keep], and for
// hooks requests times 256 KiB. Logs have doors, codes and counts; neither addresses nor texts.
package door
