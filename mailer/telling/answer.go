package telling

import (
	"context"
	"net/http"
	"time"

	"article14/mailer"
)

// Message is one request to a recipient's system.
type Message struct {
	ID   mailer.ID // stable over attempts: by it the recipient knows what it has already
	At   time.Time // when this attempt is made
	Body []byte
}

// Answer is what came back.
type Answer struct {
	Status     int           // of HTTP; 0: no answer came
	Fault      Fault         // why none did
	RetryAfter time.Duration // as its header says; 0: it does not
}

// Fault is why no answer came.
type Fault string

// Faults. None says more than its kind: the address and what came from there stay out of the record.
const (
	FaultName    Fault = "name"    // the name does not resolve
	FaultAddress Fault = "address" // it resolves to an address that we may not speak to
	FaultConnect Fault = "connect" // nobody listens there
	FaultTLS     Fault = "tls"     // the certificate is not valid, or there is no TLS
	FaultTimeout Fault = "timeout" // it took too long
	FaultOther   Fault = "other"
	FaultUnknown Fault = "unknown" // the recipient is not in the recipients file
)

// Sender makes one request, and never follows a redirect.
type Sender interface {
	// Recipients are the keys of those that it can reach.
	Recipients() []string
	Send(ctx context.Context, recipient string, m Message) Answer
}

// Taken tells whether the recipient has it (Standard Webhooks: any 2xx).
func (a Answer) Taken() bool { return a.Status >= 200 && a.Status < 300 }

// gone tells whether the address is to be used no more.
func (a Answer) gone() bool { return a.Status == http.StatusGone }

// aboutSystem tells whether others would fare no better now: nobody answers, or who answers
// is overloaded or broken.
func (a Answer) aboutSystem() bool {
	return a.Status == 0 || a.Status == http.StatusTooManyRequests || a.Status >= 500
}

// Result is the word of [mailer.TellResults] under which it is counted.
func (a Answer) Result() string {
	switch {
	case a.Taken():
		return "taken"
	case a.Status > 0:
		return "refused"
	}
	return "failed"
}
