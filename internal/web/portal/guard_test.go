package portal

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"article14/mailer"
	"article14/mailer/rights"
)

func TestEveryUnknownLinkGetsTheSamePage(t *testing.T) { // R3
	h := newHouse(t)
	foreign := newFakeRights(h.now)                                                                                                          // another instance's keys
	other := h.rights.tokens.Make(mailer.Link{Purpose: mailer.TokenNotice, ContactID: mailer.NewID(h.now), DeliveryID: mailer.NewID(h.now)}) // ours, but of nobody
	good := h.rights.notice()
	want := h.get("/n/x", "Accept-Language", "en")
	wantStatus(t, want, 404)
	wantIn(t, want, text(t, "en", "page.unknown.title"), text(t, "en", "page.unknown.body"), nordlicht.Email, nordlicht.Phone, `name="code"`)
	for name, path := range map[string]string{
		"a forged token":               good[:len(good)-2] + "AA",
		"a token cut off":              good[:len(good)-9],
		"a full stop behind the token": good + ".",
		"a slash behind the token":     good + "/",
		"a token of another purpose":   "/n/" + h.rights.token(mailer.TokenObjection),
		"a token of another instance":  foreign.notice(),
		"a notice that is gone":        "/n/" + other,
		"an objection that is none":    "/o/" + strings.Repeat("a", 67),
		"a very long token":            "/o/" + strings.Repeat("a", 5000),
		"no token":                     "/n/",
		"a path of nothing":            "/wp-login.php",
		"an old stylesheet":            "/style-0000000000000000.css",
		"a token with escapes":         "/n/%2e%2e%2fetc%00",
		"markup":                       "/n/%3Cscript%3E",
	} {
		t.Run(name, func(t *testing.T) {
			w := h.get(path, "Accept-Language", "en")
			if w.Code != 404 || w.Body.String() != want.Body.String() {
				t.Errorf("status %d, another page: %s", w.Code, w.Body)
			}
			for key := range want.Header() {
				if w.Header().Get(key) != want.Header().Get(key) {
					t.Errorf("%s: %q", key, w.Header().Get(key))
				}
			}
		})
	}
	if h.registers.asked != 1 {
		t.Errorf("the store was asked for the controller %d times", h.registers.asked)
	}
}

func TestLookingNeverChangesAnything(t *testing.T) { // R1
	t.Parallel()
	h := newHouse(t)
	paths := []string{h.rights.notice(), h.rights.objecting(), h.rights.notice() + "/access", "/code?code=" + h.rights.code,
		h.rights.objecting() + "?List-Unsubscribe=One-Click", h.rights.objecting() + "?from=page"}
	before := h.get(h.rights.notice()).Body.String()
	for i := range 10_000 {
		path := paths[i%len(paths)]
		h.ask([]string{"GET", "HEAD"}[i/len(paths)%2], path, "", "Sec-Purpose", "prefetch")
		if i%100 == 0 {
			h.ask("GET", path, "List-Unsubscribe=One-Click&from=page", "Content-Type", formType)
			h.ask("OPTIONS", path, "")
			h.ask("PUT", path, "from=page", "Content-Type", formType)
		}
	}
	if n := h.rights.changes(); n != 0 {
		t.Errorf("%d changes", n)
	}
	if after := h.get(h.rights.notice()).Body.String(); after != before {
		t.Error("the notice looks otherwise")
	}
}

func TestOtherMethodsAreRefusedWithThoseThereAre(t *testing.T) {
	h := newHouse(t)
	for _, c := range []struct{ method, path, allow string }{
		{"PUT", h.rights.notice(), "GET, HEAD, OPTIONS"},
		{"POST", h.rights.notice(), "GET, HEAD, OPTIONS"},
		{"DELETE", h.rights.objecting(), "GET, HEAD, POST, OPTIONS"},
		{"GET", h.rights.notice() + "/access", "POST, OPTIONS"},
		{"GET", "/code", "POST, OPTIONS"},
		{"POST", "/", "GET, HEAD, OPTIONS"},
		{"BREW", "/robots.txt", "GET, HEAD, OPTIONS"},
	} {
		w := h.ask(c.method, c.path, "from=page", "Content-Type", formType)
		if w.Code != 405 || w.Header().Get("Allow") != c.allow {
			t.Errorf("%s %s: %d, Allow %q", c.method, c.path, w.Code, w.Header().Get("Allow"))
		}
		w = h.ask("OPTIONS", c.path, "")
		if w.Code != 204 || w.Header().Get("Allow") != c.allow {
			t.Errorf("OPTIONS %s: %d, Allow %q", c.path, w.Code, w.Header().Get("Allow"))
		}
	}
	if h.rights.changes() != 0 {
		t.Error("something changed")
	}
}

func TestEveryAnswerIsStrictAndKeepsItsAddressToItself(t *testing.T) {
	h := newHouse(t)
	for _, w := range []struct{ method, path string }{
		{"GET", "/"}, {"GET", h.rights.notice()}, {"GET", h.rights.objecting()}, {"POST", h.rights.objecting()}, {"GET", "/n/x"},
		{"PUT", "/n/x"}, {"GET", "/robots.txt"}, {"GET", "/favicon.ico"}, {"POST", "/code"}, {"GET", "/a//b"},
	} {
		got := h.ask(w.method, w.path, "").Header()
		for name, part := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
			"Referrer-Policy":         "no-referrer", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
			"X-Robots-Tag": "noindex, nofollow, noarchive", "Cross-Origin-Opener-Policy": "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin", "Permissions-Policy": "browsing-topics=(), camera=(), geolocation=(), microphone=(), payment=(), usb=()",
		} {
			if got.Get(name) != part {
				t.Errorf("%s %s: %s is %q", w.method, w.path, name, got.Get(name))
			}
		}
		if len(got.Values("Set-Cookie")) > 0 {
			t.Errorf("%s %s sets a cookie", w.method, w.path)
		}
	}
}

func TestTheSmallFilesAreThere(t *testing.T) {
	h := newHouse(t)
	home := h.get("/").Body.String()
	path := home[strings.Index(home, "/style-"):]
	path = path[:strings.IndexByte(path, '"')]
	w := h.get(path)
	wantStatus(t, w, 200)
	if w.Header().Get("Cache-Control") != "public, max-age=31536000, immutable" || w.Header().Get("Content-Type") != "text/css; charset=utf-8" {
		t.Errorf("the stylesheet: %v", w.Header())
	}
	if w := h.get("/robots.txt"); w.Body.String() != "User-agent: *\nDisallow: /\n" {
		t.Errorf("robots.txt: %q", w.Body)
	}
	wantStatus(t, h.get("/favicon.ico"), 204)
}

func TestAStoreThatIsAwayGetsAKindPageAndALogWithoutSecrets(t *testing.T) {
	h := newHouse(t)
	h.get("/") // the controller is known
	h.rights.fault, h.registers.fault = errAway, errAway
	h.now = h.now.Add(time.Hour)
	secrets := []string{h.rights.token(mailer.TokenNotice), h.rights.token(mailer.TokenObjection), h.rights.code, "elodie@"}
	for _, w := range []*struct{ method, path, body string }{
		{"GET", h.rights.notice(), ""}, {"GET", h.rights.objecting(), ""}, {"POST", h.rights.objecting(), "List-Unsubscribe=One-Click"},
		{"POST", h.rights.notice() + "/access", "from=page"}, {"POST", "/code", "code=" + h.rights.code},
	} {
		got := h.ask(w.method, w.path, w.body, "Content-Type", formType, "Accept-Language", "en")
		if w.path == "/code" || strings.HasPrefix(w.path, "/n/") || strings.HasPrefix(w.path, "/o/") {
			wantStatus(t, got, 503)
		}
		wantIn(t, got, text(t, "en", "page.error.title"), nordlicht.Email)
		if got.Header().Get("Retry-After") == "" {
			t.Error("no word on when to come again")
		}
		wantNotIn(t, got, secrets...)
	}
	log := h.log.String()
	for _, route := range []string{"GET /n/{token}", "GET /o/{token}", "POST /o/{token}", "POST /n/{token}/access", "POST /code"} {
		if !strings.Contains(log, route) {
			t.Errorf("the log does not tell of %s", route)
		}
	}
	for _, s := range secrets {
		if strings.Contains(log, s) {
			t.Errorf("the log holds %q", s)
		}
	}
}

func TestAStoreThatNeverAnsweredStillGetsAPage(t *testing.T) {
	h := newHouse(t)
	h.rights.fault, h.registers.fault = errAway, errAway
	for path, status := range map[string]int{"/": 503, "/n/x": 404, h.rights.notice(): 503} {
		w := h.get(path)
		wantStatus(t, w, status)
		wantIn(t, w, "<h1>")
	}
}

func TestTheControllerIsAskedForOnceAMinute(t *testing.T) {
	h := newHouse(t)
	for range 5 {
		h.get("/")
	}
	h.now = h.now.Add(controllerAge)
	h.get("/")
	h.get("/")
	if h.registers.asked != 2 {
		t.Errorf("asked %d times", h.registers.asked)
	}
}

// brokenRights panics with a person's address.
type brokenRights struct{ Rights }

func (brokenRights) Notice(context.Context, string, string) (rights.NoticeView, error) {
	panic("elodie@acme.example")
}

func (brokenRights) Objection(context.Context, string, string) (rights.ObjectionView, error) {
	return rights.ObjectionView{}, []error{}[len("elodie")]
}

func TestABreakdownIsAPageAndItsLogTellsOfNobody(t *testing.T) {
	h := newHouse(t)
	p := newHouseOver(t, h, brokenRights{h.rights})
	for _, path := range []string{h.rights.notice(), h.rights.objecting()} {
		w := p.get(path, "Accept-Language", "en")
		wantStatus(t, w, http.StatusInternalServerError)
		wantIn(t, w, text(t, "en", "page.error.title"))
		if strings.Contains(p.log.String(), path) {
			t.Error("the log holds the path")
		}
	}
	if log := p.log.String(); strings.Contains(log, "elodie@") || !strings.Contains(log, "index out of range") || !strings.Contains(log, "GET /n/{token}") {
		t.Errorf("the log: %s", log)
	}
}
