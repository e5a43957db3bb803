package hooks

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"article14/mailer/telling"
)

// Bounds of one request. Standard Webhooks 1.0.0 recommends 15 to 30 seconds.
const (
	requestTimeout = 15 * time.Second
	dialTimeout    = 10 * time.Second
	maxHeader      = 16 << 10
	maxAnswer      = 16 << 10 // read, so that the connection can be used again, and thrown away
)

// Sender tells recipients' systems. It is safe for concurrent use.
type Sender struct {
	systems map[string]*system
	now     func() time.Time
}

type system struct {
	Recipient
	client *http.Client
	signs  []*standardwebhooks.Webhook
}

var _ telling.Sender = (*Sender)(nil)

// Options are for tests; the zero value is what is used.
type Options struct {
	Resolver *net.Resolver
	Now      func() time.Time // reads dates of Retry-After; time.Now
	Timeout  time.Duration    // of one request; 15 s
}

// New makes a sender for the recipients of a file; it connects to nothing.
func New(recipients []Recipient, o Options) (*Sender, error) {
	s := &Sender{systems: map[string]*system{}, now: o.Now}
	if s.now == nil {
		s.now = time.Now
	}
	if o.Timeout == 0 {
		o.Timeout = requestTimeout
	}
	for _, r := range recipients {
		made, err := newSystem(r, o)
		if err != nil {
			return nil, fmt.Errorf("recipient %s: %w", r.Key, err)
		}
		s.systems[r.Key] = made
	}
	return s, nil
}

func newSystem(r Recipient, o Options) (*system, error) {
	s := &system{Recipient: r}
	for _, key := range r.keys {
		w, err := standardwebhooks.NewWebhookRaw(key)
		if err != nil {
			return nil, err
		}
		s.signs = append(s.signs, w)
	}
	trust := &tls.Config{MinVersion: tls.VersionTLS12}
	if r.roots != nil {
		trust.RootCAs = x509.NewCertPool()
		if !trust.RootCAs.AppendCertsFromPEM(r.roots) {
			return nil, errors.New("its ca_file holds no certificate in PEM")
		}
	}
	dialer := &net.Dialer{Timeout: min(dialTimeout, o.Timeout), Resolver: o.Resolver, Control: guard(r.networks)}
	s.client = &http.Client{
		Timeout:       o.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{ // no Proxy: one would resolve the name out of our sight
			DialContext:            dialer.DialContext,
			TLSClientConfig:        trust,
			TLSHandshakeTimeout:    min(dialTimeout, o.Timeout),
			ForceAttemptHTTP2:      true,
			MaxResponseHeaderBytes: maxHeader,
			DisableCompression:     true,
			MaxIdleConnsPerHost:    4,
			IdleConnTimeout:        30 * time.Second,
		},
	}
	return s, nil
}

// errAddress is the guard's refusal. It does not say which address: a name's owner learns nothing of our networks by our records.
var errAddress = errors.New("it resolves to an address that is not public: allow its network in the recipients file if that is meant")

// guard refuses a socket to an address that may not be dialled. It sees what was resolved.
func guard(allowed []netip.Prefix) func(network, address string, _ syscall.RawConn) error {
	return func(network, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil || !strings.HasPrefix(network, "tcp") || !mayDial(to.Addr(), allowed) {
			return errAddress
		}
		return nil
	}
}

// Recipients are the keys of the file, in their order.
func (s *Sender) Recipients() []string {
	keys := make([]string, 0, len(s.systems))
	for key := range s.systems {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// Send makes one request. It follows no redirect, so that the answer is that of the address in the file.
func (s *Sender) Send(ctx context.Context, recipient string, m telling.Message) telling.Answer {
	to, known := s.systems[recipient]
	if !known {
		return telling.Answer{Fault: telling.FaultUnknown}
	}
	req, err := to.request(ctx, m)
	if err != nil {
		return telling.Answer{Fault: telling.FaultOther}
	}
	res, err := to.client.Do(req)
	if err != nil {
		return telling.Answer{Fault: faultOf(err)}
	}
	defer res.Body.Close()
	io.CopyN(io.Discard, res.Body, maxAnswer) // what it says is nobody's business, and its status has come
	return telling.Answer{Status: res.StatusCode, RetryAfter: s.retryAfter(res)}
}

func (s *system) request(ctx context.Context, m telling.Message) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url.String(), bytes.NewReader(m.Body))
	if err != nil {
		return nil, err
	}
	var signatures []string
	for _, w := range s.signs {
		signature, err := w.Sign(m.ID.String(), m.At, m.Body)
		if err != nil {
			return nil, err
		}
		signatures = append(signatures, signature)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "article14")
	req.Header.Set(standardwebhooks.HeaderWebhookID, m.ID.String())
	req.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(m.At.Unix(), 10))
	req.Header.Set(standardwebhooks.HeaderWebhookSignature, strings.Join(signatures, " "))
	return req, nil
}

// retryAfter reads seconds or a date (RFC 9110, 10.2.3) where an answer asks for patience.
func (s *Sender) retryAfter(res *http.Response) time.Duration {
	if res.StatusCode != http.StatusTooManyRequests && res.StatusCode != http.StatusServiceUnavailable {
		return 0
	}
	given := strings.TrimSpace(res.Header.Get("Retry-After"))
	if seconds, err := strconv.ParseUint(given, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(given); err == nil {
		return max(0, at.Sub(s.now()))
	}
	return 0
}

// faultOf says in a bounded word why no answer came.
func faultOf(err error) telling.Fault {
	var (
		name        *net.DNSError
		certificate *tls.CertificateVerificationError
		notTLS      tls.RecordHeaderError
		alert       tls.AlertError
		wire        *net.OpError
		timeout     net.Error
	)
	switch {
	case errors.Is(err, errAddress):
		return telling.FaultAddress
	case errors.As(err, &name):
		return telling.FaultName
	case errors.As(err, &certificate), errors.As(err, &notTLS), errors.As(err, &alert), errors.Is(err, http.ErrSchemeMismatch):
		return telling.FaultTLS
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return telling.FaultTimeout
	case errors.As(err, &wire) && wire.Op == "dial":
		return telling.FaultConnect
	}
	return telling.FaultOther
}
