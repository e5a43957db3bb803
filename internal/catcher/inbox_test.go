package catcher

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// filled is a server that holds these mails without a socket.
func filled(opts Options, mails ...Mail) *Server {
	s := New(opts)
	for _, m := range mails {
		if m.At.IsZero() {
			m.At = noon.Add(time.Duration(s.Count()) * time.Second)
		}
		s.box.put(m)
	}
	return s
}

func visit(t *testing.T, h http.Handler, method, path string) (*http.Response, string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, path, nil))
	resp := w.Result()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

func page(t *testing.T, h http.Handler, path string) string {
	t.Helper()
	resp, body := visit(t, h, http.MethodGet, path)
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: status %d", path, resp.StatusCode)
	}
	return body
}

func to(address string) []Recipient { return []Recipient{{Address: address}} }

// hostile is what somebody would write who wants to script the inbox.
const hostile = `"><script>alert(1)</script><img src=x onerror=alert(1)>`

func hostileMail() Mail {
	return Mail{
		From: hostile + "@example.org", Hello: hostile, User: hostile, EnvelopeID: hostile, Answered: true,
		To: []Recipient{{Address: hostile + "@example.org", Original: "rfc822;" + hostile}},
		Raw: crlf("Subject: " + hostile + "\nContent-Language: " + hostile + "\nX-" + "Odd: " + hostile +
			"\nDKIM-Signature: h=" + hostile + "\nContent-Type: multipart/alternative; boundary=b\n\n--b\n" +
			"Content-Disposition: inline; filename=\"</td><script>alert(1)</script>\"\n\n" + hostile + "</pre>\n--b\n" +
			"Content-Type: text/html\n\n<!DOCTYPE html><base target=_self><p>" + hostile + "<a href=\"javascript:alert(1)\">x</a>\n--b--\n"),
	}
}

func TestAHostileMailCannotScriptTheInbox(t *testing.T) {
	h := filled(Options{}, hostileMail()).Handler("/inbox")
	for _, path := range []string{"/inbox/", "/inbox/mails/1", "/inbox/?q=%22%3E%3Cscript%3Ealert%281%29"} {
		resp, body := visit(t, h, http.MethodGet, path)
		lower := strings.ToLower(body)
		if !strings.Contains(lower, "&lt;script&gt;alert(1)") {
			t.Errorf("%s does not show the hostile text, so this test says nothing", path)
		}
		for _, tag := range []string{"<script", "<img", "<base", `onerror="`, "javascript:"} {
			if strings.Contains(lower, tag) {
				t.Errorf("%s contains %s", path, tag)
			}
		}
		csp := resp.Header.Get("Content-Security-Policy")
		if !strings.HasPrefix(csp, "default-src 'none'; style-src 'self';") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s has the policy %q", path, csp)
		}
	}
}

func TestTheHTMLOfAMailLivesInASandbox(t *testing.T) {
	h := filled(Options{}, hostileMail()).Handler("/inbox")
	resp, body := visit(t, h, http.MethodGet, "/inbox/mails/1/html")
	csp := resp.Header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "sandbox", "base-uri 'none'", "form-action 'none'"} {
		if !strings.Contains(csp, want) {
			t.Errorf("the policy %q lacks %q", csp, want)
		}
	}
	for _, never := range []string{"allow-scripts", "allow-same-origin", "allow-top-navigation", "script-src", "img-src"} {
		if strings.Contains(csp, never) {
			t.Errorf("the policy %q has %q", csp, never)
		}
	}
	if !strings.HasPrefix(body, `<!DOCTYPE html><base target="_blank"><base target=_self>`) {
		t.Errorf("links do not open elsewhere: %.80q", body)
	}
	frame := page(t, h, "/inbox/mails/1")
	if !strings.Contains(frame, `<iframe src="/inbox/mails/1/html"`) || !strings.Contains(frame, `sandbox="allow-popups allow-popups-to-escape-sandbox"`) {
		t.Error("the page of the mail has no sandboxed frame")
	}
}

func TestLinksOpenElsewhereWhateverStandsInFront(t *testing.T) {
	const base = `<base target="_blank">`
	for in, want := range map[string]string{
		"<p>x":                  base + "<p>x",
		"<!doctype html>\n<p>x": "<!doctype html>" + base + "\n<p>x",
		" <!-- a -->\n<!DOCTYPE html PUBLIC \"a\"><p>": " <!-- a -->\n<!DOCTYPE html PUBLIC \"a\">" + base + "<p>",
		"<p><!doctype html>":                           base + "<p><!doctype html>",
	} {
		if got := openLinksElsewhere(in); got != want {
			t.Errorf("%q became %q", in, got)
		}
	}
}

func TestEveryAnswerIsPrivateAndSaysWhatItIs(t *testing.T) {
	h := filled(Options{}, Mail{To: to("b@example.org"), Raw: crlf(alternative), Answered: true}).Handler("/inbox")
	for path, kind := range map[string]string{
		"/inbox/":                 "text/html; charset=utf-8",
		"/inbox/mails/1":          "text/html; charset=utf-8",
		"/inbox/mails/1/html":     "text/html; charset=utf-8",
		"/inbox/mails/1/source":   "text/plain; charset=utf-8",
		"/inbox/mails/1/download": "message/rfc822",
		"/inbox/style.css":        "text/css; charset=utf-8",
		"/inbox/icon.svg":         "image/svg+xml",
	} {
		resp, body := visit(t, h, http.MethodGet, path)
		want := map[string]string{
			"Content-Type": kind, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
			"X-Content-Type-Options": "nosniff", "Content-Length": fmt.Sprint(len(body)),
		}
		for name, value := range want {
			if got := resp.Header.Get(name); resp.StatusCode != http.StatusOK || got != value {
				t.Errorf("%s: status %d, %s is %q; want %q", path, resp.StatusCode, name, got, value)
			}
		}
		if !strings.HasPrefix(resp.Header.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s has no strict policy", path)
		}
	}
}

func TestHEADAnswersLikeGETWithoutABodyAndNothingCanBeChanged(t *testing.T) {
	s := filled(Options{}, Mail{To: to("b@example.org"), Raw: crlf(alternative)})
	web := httptest.NewServer(s.Handler("/inbox"))
	defer web.Close()
	for _, path := range []string{"/inbox/", "/inbox/mails/1", "/inbox/mails/1/source", "/inbox/nowhere"} {
		get, err := http.Get(web.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		get.Body.Close()
		head, err := http.Head(web.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		if body, _ := io.ReadAll(head.Body); len(body) != 0 || head.StatusCode != get.StatusCode ||
			head.ContentLength != get.ContentLength || head.ContentLength <= 0 {
			t.Errorf("%s: HEAD %d with %d of %d bytes, GET %d", path, head.StatusCode, len(body), head.ContentLength, get.StatusCode)
		}
	}
	for _, method := range []string{http.MethodPost, http.MethodDelete, http.MethodPut} {
		resp, _ := visit(t, s.Handler("/inbox"), method, "/inbox/mails/1")
		if resp.StatusCode != http.StatusMethodNotAllowed || resp.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: status %d", method, resp.StatusCode)
		}
	}
}

func TestWhatIsNotThereGetsAPageThatSaysSo(t *testing.T) {
	h := filled(Options{Max: 1}, Mail{Raw: crlf("Subject: x\n\ny\n")}, Mail{Raw: crlf("Subject: x\n\ny\n")}).Handler("")
	for _, path := range []string{"/x", "/mails/", "/mails/1", "/mails/3", "/mails/x", "/mails/-1", "/mails/2/html", "/mails/2/other"} {
		resp, body := visit(t, h, http.MethodGet, path)
		if resp.StatusCode != http.StatusNotFound || !strings.Contains(body, "<h1>Not here</h1>") {
			t.Errorf("%s: status %d", path, resp.StatusCode)
		}
	}
	if body := page(t, h, "/mails/2"); !strings.Contains(body, `href="/style.css"`) {
		t.Error("without a prefix the links are wrong")
	}
}

func TestTheListShowsTheNewestFirstInPages(t *testing.T) {
	var mails []Mail
	for i := range 120 {
		mails = append(mails, Mail{To: to(fmt.Sprintf("r%03d@example.org", i+1)), Answered: i != 119,
			Raw: crlf(fmt.Sprintf("Subject: =?utf-8?q?Num=C3=A9ro_%d?=\nContent-Language: fr\n\nx\n", i+1))})
	}
	h := filled(Options{}, mails...).Handler("/inbox/")
	first, last := page(t, h, "/inbox/"), page(t, h, "/inbox/?page=3")
	if strings.Count(first, "<tr>") != 51 || strings.Count(last, "<tr>") != 21 {
		t.Errorf("%d and %d rows with their heads", strings.Count(first, "<tr>"), strings.Count(last, "<tr>"))
	}
	if a, b := strings.Index(first, "r120@"), strings.Index(first, "r119@"); a < 0 || b < a {
		t.Error("the newest does not come first")
	}
	for _, want := range []string{"Numéro 120", ">fr<", "2031-05-06 12:01:59 UTC", "answer lost", "Page 1 of 3", `href="/inbox/?page=2"`} {
		if !strings.Contains(first, want) {
			t.Errorf("the first page lacks %q", want)
		}
	}
	if strings.Contains(first, `rel="prev"`) || strings.Contains(last, `rel="next"`) {
		t.Error("a page beyond the ends is linked")
	}
	for _, odd := range []string{"99", "-1", "x"} {
		page(t, h, "/inbox/?page="+odd)
	}
}

func TestTheSearchFindsAddressesAndSubjectsInAnyCase(t *testing.T) {
	h := filled(Options{},
		Mail{To: to("anna@example.org"), From: "bounce-1@example.org", Raw: crlf("Subject: =?utf-8?q?=C3=89t=C3=A9?=\n\nx\n")},
		Mail{To: to("bert@example.org"), From: "bounce-2@example.org", Raw: crlf("Subject: Winter\n\nanna in the text\n")},
	).Handler("/inbox")
	for query, want := range map[string]string{
		"ANNA@": "1", "%C3%A9T%C3%A9": "1", "bounce-2": "2", "winter": "2", "example.org": "2 1", "nobody": "", "+": "2 1",
	} {
		var found []string
		body := page(t, h, "/inbox/?q="+query)
		for _, no := range []string{"2", "1"} {
			if strings.Contains(body, `href="/inbox/mails/`+no+`"`) {
				found = append(found, no)
			}
		}
		if got := strings.Join(found, " "); got != want {
			t.Errorf("%q finds %q; want %q", query, got, want)
		}
	}
	if !strings.Contains(page(t, h, "/inbox/?q=nobody"), "No mail kept here has that") {
		t.Error("a search without result says nothing")
	}
	if !strings.Contains(page(t, filled(Options{}).Handler("/inbox"), "/inbox/"), "No mail has come yet") {
		t.Error("an empty inbox says nothing")
	}
}

func TestThePageOfAMailShowsEnvelopeAuthenticationAndSource(t *testing.T) {
	raw := "DKIM-Signature: v=1; d=example.org; h=From:Subject:\n List-Unsubscribe; b=x\n" + alternative
	s := filled(Options{}, Mail{}, Mail{
		From: "b-1@bounce.example", To: []Recipient{{Address: "anna@example.org", Notify: []string{"FAILURE", "DELAY"}, Original: "rfc822;an@example.org"}},
		EnvelopeID: "env-1", Return: "HDRS", TLS: "TLS 1.3", Hello: "mx.example", Answered: true, Raw: crlf(raw),
	}, Mail{})
	h := s.Handler("/inbox")
	body := page(t, h, "/inbox/mails/2")
	for _, want := range []string{
		"b-1@bounce.example", "anna@example.org", "NOTIFY: FAILURE, DELAY", "ORCPT: <bdi>rfc822;an@example.org</bdi>",
		"env-1", "HDRS", "TLS 1.3; nobody signed in", "Taken and answered.", `<pre dir="auto">été</pre>`,
		`<th scope="row">Received</th><td><bdi>two</bdi>`, `href="/inbox/mails/3" rel="prev"`, `href="/inbox/mails/1" rel="next"`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	p, err := s.Mails()[1].Parse()
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for _, tr := range trusted(p) {
		words = append(words, fmt.Sprintf("%s:%v:%s", tr.Name, tr.Present, tr.DKIM))
	}
	got := strings.Join(words, " ")
	for _, want := range []string{"From:true:signed", "Message-ID:true:not signed", "List-Unsubscribe:false:", "DKIM-Signature:true:"} {
		if !strings.Contains(got+" ", want+" ") {
			t.Errorf("%s lacks %s", got, want)
		}
	}
	if source := page(t, h, "/inbox/mails/2/source"); source != string(crlf(raw)) {
		t.Error("the source is not the bytes of the mail")
	}
	resp, _ := visit(t, h, http.MethodGet, "/inbox/mails/2/download")
	if got := resp.Header.Get("Content-Disposition"); got != `attachment; filename="mail-2.eml"` {
		t.Errorf("the download is named by %q", got)
	}
}

func TestABrokenMailStillHasAPage(t *testing.T) {
	h := filled(Options{}, Mail{Raw: []byte(strings.TrimSuffix(alternative, "--b1--\n"))}, Mail{Raw: []byte("no header at all")}).Handler("")
	if body := page(t, h, "/mails/1"); !strings.Contains(body, "Not all of it could be read: its parts are malformed") || !strings.Contains(body, "été") {
		t.Error("a mail cut off in a part does not show what it has")
	}
	if body := page(t, h, "/mails/2"); !strings.Contains(body, "its header is malformed") {
		t.Error("a mail without a header does not say so")
	}
	page(t, h, "/")
}
