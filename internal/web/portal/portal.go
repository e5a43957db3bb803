package portal

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"article14/locales"
	"article14/mailer"
	"article14/mailer/rights"
	"article14/templates"
)

// Rights is what a recipient can do; *rights.Rights is one. Its errors are
// mailer.ErrNoSuchLink, or a store that is away.
type Rights interface {
	Notice(ctx context.Context, token, wanted string) (rights.NoticeView, error)
	ByCode(ctx context.Context, typed string) (token string, err error)
	Objection(ctx context.Context, token, wanted string) (rights.ObjectionView, error)
	Object(ctx context.Context, token string, way mailer.Way, wanted string) (rights.ObjectionView, error)
	RequestAccess(ctx context.Context, token, wanted string) (rights.NoticeView, error)
}

// Registers tells whose portal this is on pages that no token opened;
// *mailer.Registers is one.
type Registers interface {
	Current(ctx context.Context, controllerKey string) (mailer.RegisterVersion, *mailer.Register, error)
}

// Options are what the portal needs. All fields but Controller and
// TrustedProxies must be set.
type Options struct {
	Rights     Rights
	Public     Public
	Registers  Registers
	Controller string // its key in the register; "" for the only one
	Locales    *locales.Bundle
	// TrustedProxies are the networks whose X-Forwarded-For and X-Forwarded-Proto
	// are believed. Without any, the peer of the connection is the client.
	TrustedProxies []netip.Prefix
	Now            func() time.Time
	Log            *slog.Logger
}

// New is the recipient's pages as one handler. It answers every path.
func New(o Options) http.Handler {
	sum := sha256.Sum256(templates.PageStyle)
	p := &portal{
		Options:    o,
		style:      "/style-" + hex.EncodeToString(sum[:8]) + ".css",
		controller: controllerSource{registers: o.Registers, key: o.Controller, now: o.Now},
		choice:     newLanguageChoice(o.Locales),
		tries:      newLimiter(triesPerNetwork, triesInAll, maxNetworks),
		proxies:    proxies(o.TrustedProxies),
	}
	return p.guarded(p.routes())
}

type portal struct {
	Options
	style      string // path of the stylesheet, which names its content
	controller controllerSource
	choice     *languageChoice
	tries      *limiter
	proxies    proxies
	stranger   sync.Once // of the warning about a proxy that is not trusted
}

// action answers a request, or says why it cannot.
type action func(w http.ResponseWriter, r *http.Request) error

// routes has a row for each path. What a path does not answer gets 405 with the
// methods that it does; every other path gets the page for unknown links.
func (p *portal) routes() *http.ServeMux {
	mux := http.NewServeMux()
	for _, route := range []struct {
		path      string
		get, post action
	}{
		{path: "/{$}", get: p.home},
		{path: "/code", post: p.code},
		{path: "/about", get: p.about},
		{path: "/about/{activity}", get: p.activity},
		{path: "/about/{activity}/part", get: p.part},
		{path: "/n/{token}", get: p.notice},
		{path: "/n/{token}/access", post: p.access},
		{path: "/o/{token}", get: p.objection, post: p.object},
		{path: p.style, get: p.stylesheet},
		{path: "/robots.txt", get: robots},
		{path: "/favicon.ico", get: noIcon},
	} {
		allow := "OPTIONS"
		if route.post != nil {
			mux.Handle("POST "+route.path, p.answer(route.post))
			allow = "POST, " + allow
		}
		if route.get != nil {
			mux.Handle("GET "+route.path, p.answer(route.get)) // HEAD too
			allow = "GET, HEAD, " + allow
		}
		mux.Handle(route.path, otherMethods(allow))
	}
	mux.Handle("/", p.answer(func(http.ResponseWriter, *http.Request) error { return mailer.ErrNoSuchLink }))
	return mux
}

func otherMethods(allow string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Allow", allow)
		if r.Method == http.MethodOptions {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		plain(w, http.StatusMethodNotAllowed)
	}
}

func (p *portal) stylesheet(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	send(w, http.StatusOK, "text/css; charset=utf-8", templates.PageStyle)
	return nil
}

func robots(w http.ResponseWriter, _ *http.Request) error {
	send(w, http.StatusOK, "text/plain; charset=utf-8", []byte("User-agent: *\nDisallow: /\n"))
	return nil
}

func noIcon(w http.ResponseWriter, _ *http.Request) error {
	w.WriteHeader(http.StatusNoContent)
	return nil
}
