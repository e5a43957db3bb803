package mailer

import "context"

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
	Send(ctx context.Context, m Message) (Reply, error)
	// Alive tells whether another Send may be tried on this connection: not after
	// 421, a lost connection or nonsense.
	Alive() bool
	// Close says QUIT and hangs up, within seconds. While a Send is under way on
	// another goroutine it hangs up at once, and that Send reports what is true.
	Close() error
}
