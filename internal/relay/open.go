package relay

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"strconv"

	"github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"article14/internal/dkim"
	"article14/mailer"
	"article14/mailer/deliver"
)

// SMTP is a relay that speaks SMTP.
type SMTP struct {
	cfg  Config
	dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

var _ deliver.Relay = (*SMTP)(nil)

// New makes a relay from its configuration. Nothing is dialled yet.
func New(cfg Config) (*SMTP, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	if _, err := mail.NewClient(cfg.Host, cfg.options(nil)...); err != nil {
		return nil, fmt.Errorf("relay %s: %w", cfg.Host, err)
	}
	return &SMTP{cfg: cfg, dial: new(net.Dialer).DialContext}, nil
}

// Name is what attempts and figures call the relay.
func (r *SMTP) Name() string { return r.cfg.Name }

// Signer is what messages are signed with; nil if they are not.
func (r *SMTP) Signer() *dkim.Signer { return r.cfg.DKIM }

// Open dials, secures and authenticates. The context bounds all of it, and
// nothing after it.
func (r *SMTP) Open(ctx context.Context) (deliver.Session, error) {
	conn, _, client, err := r.call(ctx)
	if err != nil {
		return nil, err
	}
	return newSession(conn, client, r.cfg), nil
}

// call connects and greets, and gives the socket, what is spoken through, and who
// speaks. It leaves nothing open when it fails.
func (r *SMTP) call(ctx context.Context) (*guardedConn, net.Conn, *smtp.Client, error) {
	conn, secured, err := r.connect(ctx)
	if err != nil {
		return nil, nil, nil, connectError(ctx, err)
	}
	stopWatching := context.AfterFunc(ctx, func() { conn.Close() })
	client, err := r.greet(ctx, secured)
	if !stopWatching() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		// go-mail leaves the socket open when EHLO, STARTTLS or AUTH fails.
		conn.Close()
		return nil, nil, nil, connectError(ctx, err)
	}
	return conn, secured, client, nil
}

// connect dials. It gives the socket, and what to speak through: the same, or
// TLS over it where TLS comes first.
func (r *SMTP) connect(ctx context.Context) (*guardedConn, net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, r.cfg.Limits.Dial)
	defer cancel()
	// Not go-mail's address, which lacks the brackets of an IPv6 host.
	raw, err := r.dial(ctx, "tcp", net.JoinHostPort(r.cfg.Host, strconv.Itoa(r.cfg.Port)))
	if err != nil {
		return nil, nil, err
	}
	conn := &guardedConn{Conn: raw, allowance: maxBeforeSession}
	switch r.cfg.TLS {
	case TLSImplicit:
		over := tls.Client(conn, r.cfg.tls())
		if err := over.HandshakeContext(ctx); err != nil {
			conn.Close()
			return nil, nil, err
		}
		return conn, over, nil
	case TLSNone, TLSOpportunistic:
		if !isLocal(conn) {
			conn.Close()
			return nil, nil, errNotLocal
		}
	}
	return conn, conn, nil
}

var errNotLocal = errors.New("the relay's name is a loopback name and led to another machine: nothing is sent there in clear; mend the name's address, or set a TLS policy")

// greet has go-mail take the connection from the greeting to the end of authentication.
func (r *SMTP) greet(ctx context.Context, conn net.Conn) (*smtp.Client, error) {
	opening := func(context.Context, string, string) (net.Conn, error) { return conn, nil }
	client, err := mail.NewClient(r.cfg.Host, r.cfg.options(opening)...)
	if err != nil {
		return nil, err
	}
	return client.DialToSMTPClientWithContext(ctx)
}

// options says all this to go-mail. A client of its own for each connection
// costs little and shares nothing.
func (c Config) options(dial mail.DialContextFunc) []mail.Option {
	policy := map[TLS]mail.TLSPolicy{
		TLSMandatory:     mail.TLSMandatory,
		TLSOpportunistic: mail.TLSOpportunistic,
		TLSImplicit:      mail.NoTLS, // TLS is there already: no STARTTLS inside
		TLSNone:          mail.NoTLS,
	}[c.TLS]
	options := []mail.Option{
		mail.WithPort(c.Port),
		mail.WithTLSPolicy(policy),
		mail.WithTLSConfig(c.tls()),
		mail.WithTimeout(c.Limits.Greeting),
	}
	if dial != nil {
		options = append(options, mail.WithDialContextFunc(dial))
	}
	if c.HELO != "" {
		options = append(options, mail.WithHELO(c.HELO))
	}
	if c.Username != "" {
		options = append(options, mail.WithSMTPAuthCustom(&anyOf{cfg: c}))
	}
	return options
}

func (c Config) tls() *tls.Config {
	// Records of full size: a group then leaves in one write, and not in a dozen.
	return &tls.Config{ServerName: c.ServerName, RootCAs: c.RootCAs, MinVersion: tls.VersionTLS12, DynamicRecordSizingDisabled: true}
}

// connectError is what went wrong before there was a session. A server's own
// words go into the reply, stripped, and stay out of the cause.
func connectError(ctx context.Context, err error) *mailer.DeliveryError {
	failed := &mailer.DeliveryError{Stage: mailer.StageConnect}
	var answer *textproto.Error
	var babble textproto.ProtocolError
	switch {
	case ctx.Err() != nil:
		failed.Cause = ctx.Err()
	case errors.As(err, &answer) && answer.Code >= 400 && answer.Code <= 599:
		failed.Reply = newReply(answer.Code, []byte(answer.Msg), "")
	case errors.Is(err, errNoMechanism): // to which go-mail adds what was answered to its QUIT
		failed.Cause = errNoMechanism
	case errors.As(err, &answer), errors.As(err, &babble), errors.Is(err, smtp.ErrUnexpectedServerResponse):
		failed.Cause = errNonsense
	default:
		failed.Cause = err
	}
	return failed
}
