package portal

import (
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"runtime/debug"
	"strconv"

	"article14/mailer"
)

// headers that every answer carries.
var headers = map[string]string{
	"Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'none'; form-action 'self'; " +
		"frame-ancestors 'none'; base-uri 'none'",
	"Referrer-Policy":              "no-referrer", // the address holds a token
	"Cache-Control":                "no-store",
	"X-Robots-Tag":                 "noindex, nofollow, noarchive",
	"X-Content-Type-Options":       "nosniff",
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Cross-Origin-Embedder-Policy": "require-corp",
	"Permissions-Policy":           "browsing-topics=(), camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}

// strictTransport is for two years (RFC 6797); subdomains are not ours to speak for.
const strictTransport = "max-age=63072000"

// guarded sets the headers before anything else happens.
func (p *portal) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		for name, value := range headers {
			h.Set(name, value)
		}
		p.warnOfStranger(r)
		if p.proxies.secure(r) {
			h.Set("Strict-Transport-Security", strictTransport)
		}
		next.ServeHTTP(w, r)
	})
}

// warnOfStranger says once that somebody forwards requests who is not trusted to.
// If that is our own proxy, all the world is one network to us, and its readers
// soon have no tries left. Anybody can write the header, so once is enough; it
// says no address, for it may be a reader's.
func (p *portal) warnOfStranger(r *http.Request) {
	if len(r.Header.Values("X-Forwarded-For")) == 0 || p.proxies.trust(peer(r)) {
		return
	}
	p.stranger.Do(func() {
		p.Log.Warn("X-Forwarded-For came from a peer that is no trusted proxy, and is ignored; " +
			"if a proxy of yours stands before the portal, name its network with --proxies (ARTICLE14_PROXIES)")
	})
}

// errTooMany is the rate limit's answer.
var errTooMany = errors.New("too many tries")

// answer runs an action and turns its error, or its panic, into a page. This is
// the one place where errors become statuses.
func (p *portal) answer(do action) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		defer p.recovered(w, r)
		if err := do(w, r); err != nil {
			p.fail(w, r, err)
		}
	}
}

func (p *portal) fail(w http.ResponseWriter, r *http.Request, err error) {
	bad := (*errBody)(nil)
	switch {
	case errors.Is(err, mailer.ErrNoSuchLink):
		p.message(w, r, http.StatusNotFound, "page.unknown")
	case errors.Is(err, errTooMany):
		w.Header().Set("Retry-After", strconv.Itoa(int(retryAfter.Seconds())))
		p.message(w, r, http.StatusTooManyRequests, "page.too_many")
	case errors.As(err, &bad):
		w.Header().Set("Connection", "close") // what is left of the body is not waited for
		plain(w, bad.status)
	case r.Context().Err() != nil:
		// The reader is gone; nobody is there to be told.
	default:
		p.Log.Error("a page could not be shown", "route", r.Pattern, "error", mailer.MaskAddresses(err.Error()))
		w.Header().Set("Retry-After", "120") // senders of one-click requests come again
		p.message(w, r, http.StatusServiceUnavailable, "page.error")
	}
}

// recovered keeps a fault of ours from cutting the connection. What a panic says
// could hold anything, so only the runtime's own words are logged.
func (p *portal) recovered(w http.ResponseWriter, r *http.Request) {
	cause := recover()
	if cause == nil {
		return
	}
	what := fmt.Sprintf("%T", cause)
	if fault, ok := cause.(runtime.Error); ok {
		what = fault.Error()
	}
	p.Log.Error("a page broke", "route", r.Pattern, "fault", what, "stack", string(debug.Stack()))
	p.message(w, r, http.StatusInternalServerError, "page.error")
}

// message is a page that says what is the matter, how the controller is reached,
// and, for unknown links, asks for the code. It goes without the controller's
// name if the store has never given it.
func (p *portal) message(w http.ResponseWriter, r *http.Request, status int, key string) {
	pg, err := p.newPage(r)
	if err != nil {
		p.Log.Error("the controller is not known", "error", mailer.MaskAddresses(err.Error()))
	}
	pg.ContactAbove, pg.AskCode = true, status == http.StatusNotFound
	if err := p.titled(w, status, "message", pg, key+".title", key+".body"); err != nil {
		p.Log.Error("a message could not be shown", "message", key, "error", err.Error())
		plain(w, status)
	}
}
