package deliver

import (
	"context"

	"article14/mailer"
)

// Relay opens sessions with the company's relay.
type Relay interface {
	// Name is what attempts and figures call it.
	Name() string
	// Open dials, secures and authenticates. An error is a *DeliveryError at StageConnect.
	Open(ctx context.Context) (Session, error)
}

// Session is one connection, kept open over many messages. It is not for
// concurrent use, but for Close.
type Session interface {
	// Send makes one transaction: MAIL, RCPT, DATA, body, dot. A nil error means
	// that the relay took the message (2yz to the dot), and nothing else does;
	// otherwise the error is a *DeliveryError. A context that has ended before MAIL
	// leaves the wire untouched. One that ends later leaves what comes before the dot
	// a few seconds, since hanging up there loses nothing; from the dot on, Send waits for
	// the answer to its own time limit, so that a graceful stop makes nothing uncertain.
	//
	// next, if not nil, announces the message after this one. Where the relay takes
	// commands in groups (RFC 2920), the envelope of next leaves with the body of m:
	// a steady stream costs one round trip a message. Send returns when m is answered
	// for; what the relay says to the envelope of next is for the Send of next.
	//
	// To announce is to promise: only next may be sent now, or the session closed.
	// Another message, or a context that has ended, gives an error at StageConnect and
	// ends the session. Whatever ended it, of what was announced and not sent the relay
	// can have taken nothing.
	Send(ctx context.Context, m mailer.Message, next *mailer.Message) (mailer.Reply, error)
	// Alive tells whether another Send may be tried on this connection: not after
	// 421, a lost connection or nonsense.
	Alive() bool
	// Close says QUIT and hangs up, within seconds; with a message announced it hangs
	// up at once. While a Send is under way on another goroutine it does so too, and
	// that Send reports what is true.
	Close() error
}
