package portal

import (
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"article14/mailer"
	"article14/mailer/rights"
)

// post sends a form of ours.
func (h *house) post(path, form string, header ...string) *httptest.ResponseRecorder {
	return h.ask("POST", path, "from=page&"+form, append([]string{"Content-Type", formType}, header...)...)
}

func wantLocation(t *testing.T, w *httptest.ResponseRecorder, to string) {
	t.Helper()
	wantStatus(t, w, 303)
	if got := w.Header().Get("Location"); got != to {
		t.Errorf("leads to %q, want %q", got, to)
	}
}

func TestAccessIsAskedProvedShownAndClosed(t *testing.T) { // Art. 15, R4, R6
	h := newHouse(t)
	at := h.rights.notice()
	wantIn(t, h.get(at+"/rights?l=en"), at+"/rights/access?l=en")
	wantIn(t, h.get(at+"/rights/access?l=en"), text(t, "en", "page.right.access.what", "Due", "3 December 2026"), text(t, "en", "page.right.access.button"))
	wantLocation(t, h.post(at+"/rights/access?l=en", ""), at+"/rights/access?l=en&sent")
	wantIn(t, h.get(at+"/rights/access?l=en&sent"), text(t, "en", "page.proof.sent"), `autocomplete="one-time-code"`, `inputmode="numeric"`)
	w := h.post(at+"/rights/access/code?l=en", "code="+h.requests.code)
	wantLocation(t, w, at+"/data?l=en")
	set := w.Header().Get("Set-Cookie")
	for _, want := range []string{"proof=", "Path=" + at, "HttpOnly", "SameSite=Strict"} {
		if !strings.Contains(set, want) {
			t.Errorf("no %s in %q", want, set)
		}
	}
	if h.requests.given != 1 {
		t.Error("it is not on record that they got their copy")
	}
	cookie, _, _ := strings.Cut(set, ";")
	wantIn(t, h.get(at+"/data?l=en", "Cookie", cookie), h.requests.copy.Person.Name, text(t, "en", "page.data.end"))
	w = h.post(at+"/end?l=en", "", "Cookie", cookie)
	wantLocation(t, w, at+"/rights?l=en")
	if !strings.Contains(w.Header().Get("Set-Cookie"), "Max-Age=0") {
		t.Error("the cookie stays")
	}
	wantIn(t, h.get(at+"/rights?l=en"), text(t, "en", "page.asked.answered", "Received", "3 November 2026", "Ended", "3 November 2026"))
}

func TestOverTLSNobodyElseCanSetTheCookie(t *testing.T) { // RFC 6265bis, 4.1.3.2
	h := newHouse(t, "192.0.2.0/24")
	h.post(h.rights.notice()+"/rights/erasure", "")
	w := h.post(h.rights.notice()+"/rights/erasure/code", "code="+h.requests.code, "X-Forwarded-Proto", "https")
	set := w.Header().Get("Set-Cookie")
	for _, want := range []string{"__Host-proof=", "Path=/;", "Secure"} {
		if !strings.Contains(set, want) {
			t.Errorf("no %s in %q", want, set)
		}
	}
}

func TestACopyThatCannotBeMadeIsNotOnRecordAsGiven(t *testing.T) { // D9
	h := newHouse(t)
	h.requests.broken = errAway
	h.post(h.rights.notice()+"/rights/access", "")
	wantStatus(t, h.post(h.rights.notice()+"/rights/access/code", "code="+h.requests.code), 503)
	if h.requests.given > 0 {
		t.Error("it is on record as given")
	}
}

func TestEveryWrongCodeGetsTheSameAnswer(t *testing.T) { // R4
	first := ""
	for name, prepare := range map[string]func(*house) string{
		"far off":     func(*house) string { return "000000" },
		"nearly":      func(*house) string { return "204817" },
		"empty":       func(*house) string { return "" },
		"markup":      func(*house) string { return "%3Cscript%3E" },
		"very long":   func(*house) string { return strings.Repeat("2", 5000) },
		"a zero byte": func(*house) string { return "%00" },
	} {
		h := newHouse(t)
		h.post(h.rights.notice()+"/rights/erasure?l=en", "")
		w := h.post(h.rights.notice()+"/rights/erasure/code?l=en", "code="+prepare(h))
		wantStatus(t, w, 403)
		wantIn(t, w, text(t, "en", "page.proof.wrong"))
		body := strings.ReplaceAll(w.Body.String(), h.rights.token(mailer.TokenNotice), "TOKEN")
		body = strings.ReplaceAll(body, h.rights.token(mailer.TokenObjection), "TOKEN")
		if first == "" {
			first = body
		}
		if body != first {
			t.Errorf("%s: another page:\n%s", name, body)
		}
		if w.Header().Get("Set-Cookie") != "" {
			t.Errorf("%s: a cookie", name)
		}
	}
}

func TestTriesAtCodesAreCountedByNetwork(t *testing.T) { // R4
	h := newHouse(t)
	path := h.rights.notice() + "/rights/access/"
	for range triesPerNetwork.burst {
		h.post(path+"code", "code=1")
	}
	changes := len(h.requests.changes)
	wantStatus(t, h.post(path+"code", "code="+h.requests.code), 429)
	wantStatus(t, h.post(path+"send", ""), 429)
	if len(h.requests.changes) != changes {
		t.Error("it was tried all the same")
	}
}

func TestPressedTwiceARequestSendsOneCode(t *testing.T) { // R2: safe to replay
	h := newHouse(t)
	for range 3 {
		wantStatus(t, h.post(h.rights.notice()+"/rights/access", ""), 303)
	}
	if n := len(slices.DeleteFunc(slices.Clone(h.requests.changes), func(s string) bool { return s != "code" })); n != 1 {
		t.Errorf("%d codes", n)
	}
}

func TestAFormOfAnotherSiteDoesNothing(t *testing.T) {
	own := "http://example.com" // httptest's host
	for name, c := range map[string]struct {
		header []string
		status int
	}{
		"another site":               {[]string{"Sec-Fetch-Site", "cross-site"}, 403},
		"a neighbour":                {[]string{"Sec-Fetch-Site", "same-site"}, 403},
		"an older browser":           {[]string{"Origin", "https://evil.example"}, 403},
		"our page":                   {[]string{"Sec-Fetch-Site", "same-origin", "Origin", "null"}, 303},
		"our page, an older browser": {[]string{"Origin", own}, 303},
		"our page without referrer":  {[]string{"Origin", "null"}, 303},
		"a program":                  {nil, 303},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			at := h.rights.notice()
			for _, path := range []string{"/rights/restriction", "/rights/restriction/back", "/rights/access/send", "/end"} {
				wantStatus(t, h.post(at+path, "", c.header...), c.status)
			}
			if c.status == 403 && len(h.requests.changes) > 0 {
				t.Errorf("it did %v", h.requests.changes)
			}
		})
	}
}

func TestOnlyAButtonAsks(t *testing.T) { // R1
	h := newHouse(t)
	at := h.rights.notice()
	for _, path := range []string{"/rights", "/rights/erasure", "/rights/access", "/data", "/data.json"} {
		h.get(at + path + "?from=page&sent&code=" + h.requests.code)
		h.ask("HEAD", at+path, "")
	}
	for _, path := range []string{"/rights/erasure/code", "/rights/erasure/send", "/rights/erasure/back", "/end"} {
		wantStatus(t, h.get(at+path+"?from=page"), 405)
	}
	for _, body := range []string{"", "List-Unsubscribe=One-Click", "from=elsewhere", "words=x"} {
		wantStatus(t, h.ask("POST", at+"/rights/erasure?from=page", body, "Content-Type", formType), 400)
	}
	wantStatus(t, h.post(at+"/rights/question", "words="+strings.Repeat("%C3%A9", 12000)), 413)
	if len(h.requests.changes) > 0 {
		t.Errorf("it did %v", h.requests.changes)
	}
}

func TestWhatIsNoRightHasNoPage(t *testing.T) { // R10
	h := newHouse(t)
	for _, kind := range []string{"objection", "complaint", "x", "%00", "ACCESS"} {
		wantStatus(t, h.get(h.rights.notice()+"/rights/"+kind+"?l=en"), 404)
	}
	wantStatus(t, h.get("/n/x/rights"), 404)
	wantStatus(t, h.get("/n/"+h.rights.token(mailer.TokenObjection)+"/data"), 404)
	wantStatus(t, h.post(h.rights.notice()+"/rights/objection", ""), 404)
}

func TestWordsAndValuesAreTakenAndWhatIsTooMuchIsSaid(t *testing.T) { // Art. 16
	h := newHouse(t)
	at := h.rights.notice() + "/rights/"
	wantStatus(t, h.post(at+"rectification?l=en", "field=name&value=Anna+%3Cb%3E&words=Please"), 303)
	if got := h.requests.asks[0]; got.Wanted["name"] != "Anna <b>" || got.Words != "Please" {
		t.Errorf("%+v", got)
	}
	w := h.post(at+"question?l=en", "words=")
	wantStatus(t, w, 422)
	wantIn(t, w, text(t, "en", "page.right.nothing"))
	w = h.post(at+"question?l=en", "words="+strings.Repeat("x", rights.MostWords+1))
	wantStatus(t, w, 422)
	wantIn(t, w, text(t, "en", "page.right.too_long"))
}

func TestWhatStopsUseNeedsNoProof(t *testing.T) { // Art. 18, 7(3)
	h := newHouse(t)
	for _, kind := range []string{"restriction", "withdrawal"} {
		path := h.rights.notice() + "/rights/" + kind + "?l=en"
		wantLocation(t, h.post(path, ""), path)
		w := h.get(path)
		wantIn(t, w, text(t, "en", "page.asked.stopped", "Received", "3 November 2026"))
		wantNotIn(t, w, `name="code"`)
	}
}

func TestASharedMailboxGetsNoCodeAndALetterItsOwn(t *testing.T) { // R4
	for way, c := range map[rights.ProofWay]struct{ there, missing string }{
		rights.ByTeam:   {"page.proof.team", `name="code"`},
		rights.ByLetter: {"page.proof.letter", "/send?"},
	} {
		h := newHouse(t)
		h.requests.way = way
		path := h.rights.notice() + "/rights/access?l=en"
		wantLocation(t, h.post(path, ""), path)
		w := h.get(path)
		wantIn(t, w, text(t, "en", c.there))
		wantNotIn(t, w, c.missing)
		if slices.Contains(h.requests.changes, "code") {
			t.Errorf("%s: a code was sent", way)
		}
	}
}

func TestOnlyWhoHasProvedTakesBackWhatWasProved(t *testing.T) { // R4
	h := newHouse(t)
	at := h.rights.notice() + "/rights/erasure"
	wantIn(t, h.get(at+"?l=en"), text(t, "en", "page.erase.stays_mark"))
	h.post(at, "")
	cookie, _, _ := strings.Cut(h.post(at+"/code", "code="+h.requests.code).Header().Get("Set-Cookie"), ";")
	wantNotIn(t, h.get(at+"?l=en"), text(t, "en", "page.right.back_button"))
	w := h.post(at+"/back?l=en", "")
	wantStatus(t, w, 403)
	wantIn(t, w, text(t, "en", "page.right.prove_first"))
	wantStatus(t, h.post(at+"/back?l=en", "", "Cookie", cookie), 303)
	wantIn(t, h.get(at+"?l=en"), text(t, "en", "page.asked.withdrawn", "Received", "3 November 2026", "Ended", "3 November 2026"))
}
