package browser

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
)

var (
	phone = View{Name: "phone", Width: 320, Height: 640, Scale: 2, Touch: true}
	desk  = View{Name: "desk", Width: 1280, Height: 800, Scale: 1}
)

// site has a page in order at /, and others each with one fault.
func site(t *testing.T) *httptest.Server {
	t.Helper()
	page := func(head, body string) string {
		return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A page</title>` +
			`<meta name="viewport" content="width=device-width, initial-scale=1">` + head + `</head><body><main>` + body + `</main></body></html>`
	}
	const form = `<h1>Hello</h1><form method="post" action="/thanks"><label for="a">Code</label><input id="a" name="a"><button>Send it</button></form>`
	pages := map[string]string{
		"/":         page("", form+`<p><a href="/thanks">Read on</a></p>`),
		"/thanks":   page("", `<h1>Thanks</h1>`),
		"/strict":   page(`<style>p { color: red }</style>`, `<h1>Hello</h1>`),
		"/abroad":   page("", `<h1>Hello</h1><img alt="" src="http://elsewhere.example/pixel.gif">`),
		"/missing":  page(`<link rel="stylesheet" href="/none.css">`, `<h1>Hello</h1>`),
		"/console":  page("", `<h1>Hello</h1><script>console.log("x")</script>`),
		"/throws":   page("", `<h1>Hello</h1><script>none()</script>`),
		"/wide":     page("", `<h1>Hello</h1><p style="width: 400px">x</p>`),
		"/cut":      page("", `<h1>Hello</h1><div style="overflow: hidden"><p style="width: 400px">x</p></div>`),
		"/nolabel":  page("", `<h1>Hello</h1><input>`),
		"/pale":     page("", `<h1>Hello</h1><p style="color: #bbb; background: #fff">x</p>`),
		"/paledark": page(`<style>@media (prefers-color-scheme: dark) { p { color: #333; background: #222 } }</style>`, `<h1>Hello</h1><p>x</p>`),
		"/nofocus":  page(`<style>:focus { outline: none }</style>`, form),
		"/covered":  page(`<style>body::after { content: ""; position: fixed; inset: 0 }</style>`, form),
		"/cookie":   page("", `<h1>Hello</h1>`),
		"/unheld":   page("", `<h1>Hello</h1><button tabindex="-1">Send it</button>`),
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, found := pages[r.URL.Path]
		if r.URL.Path == "/strict" {
			w.Header().Set("Content-Security-Policy", "default-src 'none'")
		}
		if r.URL.Path == "/cookie" {
			w.Header().Set("Set-Cookie", "a=b")
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if !found {
			w.WriteHeader(http.StatusNotFound)
			body = page("", `<h1>Not here</h1>`)
		}
		if r.URL.Path == "/thanks" {
			body = strings.ReplaceAll(body, "Thanks", "Thanks for "+r.FormValue("a")+" "+r.Header.Get("X-Reader"))
		}
		fmt.Fprint(w, body)
	}))
	t.Cleanup(srv.Close)
	return srv
}

// shared is the Chromium of all tests: starting one costs more than a test.
var shared *Browser

func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "browser")
	if err == nil {
		shared, err = Open(context.Background(), folder)
	}
	if err == nil {
		m.Run()
		err = errors.Join(shared.Close(), os.RemoveAll(folder))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func at(t *testing.T, view View, address string) *Tab {
	t.Helper()
	origin := address[:strings.LastIndex(address, "/")]
	tab, err := shared.Tab(view, origin)
	if err == nil {
		err = tab.Send(t.Context(), map[string]string{"X-Reader": "a reader"})
	}
	if err == nil {
		err = tab.Open(t.Context(), address)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tab.Close() })
	return tab
}

// TestWhatIsWrongWithAPageIsFound shows each instrument a page that it must complain
// of, and all of them one that is in order.
func TestWhatIsWrongWithAPageIsFound(t *testing.T) {
	srv := site(t)
	for _, c := range []struct{ path, fault, axe, wide string }{
		{path: "/"},
		{path: "/strict", fault: "security error: Applying inline style violates"},
		{path: "/abroad", fault: "asked for http://elsewhere.example/pixel.gif"},
		{path: "/missing", fault: "got 404 for"},
		{path: "/console", fault: "console.log"},
		{path: "/throws", fault: "a script failed"},
		{path: "/cookie", fault: "set a cookie"},
		{path: "/wide", wide: "400px"},
		{path: "/cut", wide: "400px"},
		{path: "/nolabel", axe: "label"},
		{path: "/pale", axe: "color-contrast"},
		{path: "/paledark", axe: "color-contrast"},
	} {
		t.Run(c.path, func(t *testing.T) {
			tab := at(t, phone, srv.URL+c.path)
			faults := strings.Join(tab.Faults(), "; ")
			if (c.fault == "") != (faults == "") || !strings.Contains(faults, c.fault) {
				t.Errorf("faults %q, want %q", faults, c.fault)
			}
			sight, err := tab.Look(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if (c.wide == "") != (sight.Wide == 0) || !strings.Contains(sight.Widest, c.wide) {
				t.Errorf("%d pixels too wide: %s", sight.Wide, sight.Widest)
			}
			if found := tab.rules(t, c.path == "/paledark"); found != c.axe {
				t.Errorf("axe finds %q, want %q", found, c.axe)
			}
			if c.path == "/paledark" {
				if found := tab.rules(t, false); found != "" {
					t.Errorf("in light colours axe finds %q", found)
				}
			}
		})
	}
}

// rules are the names of what axe-core finds.
func (t *Tab) rules(tt *testing.T, dark bool) string {
	tt.Helper()
	if err := t.Dark(tt.Context(), dark); err != nil {
		tt.Fatal(err)
	}
	audit := func(ctx context.Context) ([]Finding, error) { return t.Axe(ctx) }
	if dark { // as a page is looked at that was found in order in light
		audit = t.AxeColours
	}
	found, err := audit(tt.Context())
	if err != nil {
		tt.Fatal(err)
	}
	var rules []string
	for _, f := range found {
		rules = append(rules, f.Rule)
	}
	return strings.Join(rules, " ")
}

func TestAReaderFillsInAFormByFingerAndByKeyboardWithScriptsAndWithout(t *testing.T) {
	srv := site(t)
	for _, view := range []View{phone, desk} {
		for _, view.NoScript = range []bool{false, true} {
			tab := at(t, view, srv.URL+"/")
			if err := tab.Type(t.Context(), Field("Code"), "K7M2"); err != nil {
				t.Fatal(err)
			}
			if err := tab.Press(t.Context(), Control("Send it")); err != nil {
				t.Fatal(err)
			}
			sight, err := tab.Look(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if sight.Heading != "Thanks for K7M2 a reader" || sight.Address != srv.URL+"/thanks" || sight.Language != "en" || tab.Status() != 200 {
				t.Errorf("%+v: %+v, %d", view, sight, tab.Status())
			}
			if asked := tab.Asked(); !slices.Contains(asked, srv.URL+"/") || !slices.Contains(asked, srv.URL+"/thanks") {
				t.Errorf("asked for %q", asked)
			}
		}
	}
}

func TestWithScriptsOffNoneRuns(t *testing.T) {
	srv := site(t)
	view := desk
	view.NoScript = true
	if faults := at(t, view, srv.URL+"/throws").Faults(); len(faults) > 0 {
		t.Errorf("a script ran: %q", faults)
	}
}

func TestWhatAReaderCannotUseIsSaid(t *testing.T) {
	srv := site(t)
	for _, c := range []struct {
		view       View
		path, want string
	}{
		{desk, "/nofocus", "nobody sees that the focus is on"},
		{desk, "/unheld", "the Tab key does not get there"},
		{phone, "/covered", "something else lies over it"},
		{phone, "/thanks", "it is not on the page"},
	} {
		err := at(t, c.view, srv.URL+c.path).Press(t.Context(), Control("Send it"))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.path, err)
		}
	}
}

func TestAnUnknownPageHasItsStatus(t *testing.T) {
	srv := site(t)
	if status := at(t, desk, srv.URL+"/nowhere").Status(); status != 404 {
		t.Errorf("%d", status)
	}
}

func TestAPictureShowsTheWholePage(t *testing.T) {
	srv := site(t)
	for _, c := range []struct {
		view View
		w, h int
	}{{desk, 1280, 800}, {phone, 640, 1280}} {
		picture, err := at(t, c.view, srv.URL+"/").Picture(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		size, err := png.DecodeConfig(bytes.NewReader(picture))
		if err != nil || size.Width != c.w || size.Height != c.h {
			t.Errorf("%d by %d, %v", size.Width, size.Height, err)
		}
	}
}

func TestAnotherAxeThanOursIsRefused(t *testing.T) {
	if _, err := unpack([]byte("x"), "sha512-y"); err == nil || !strings.Contains(err.Error(), "not those that we know") {
		t.Errorf("%v", err)
	}
}
