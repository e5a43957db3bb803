package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"article14/internal/rig/browser"
	"article14/locales"
)

var shots = flag.String("shots", "", "folder for a picture of every page and mail that the tests see")

// How people look at pages. At 400 % zoom a desk of 1280 pixels is as narrow as a
// small phone (WCAG 1.4.10), and is walked by keyboard.
var (
	smallPhone = browser.View{Name: "phone-320", Width: 320, Height: 568, Scale: 2, Touch: true}
	plainPhone = browser.View{Name: "phone-390-noscript", Width: 390, Height: 844, Scale: 2, Touch: true, NoScript: true}
	plainDesk  = browser.View{Name: "desk-1280-noscript", Width: 1280, Height: 900, Scale: 1, NoScript: true}
	desk       = browser.View{Name: "desk-1280", Width: 1280, Height: 900, Scale: 1}
	zoomed     = browser.View{Name: "zoom-400", Width: 320, Height: 225, Scale: 4}
)

// audited are the views in which axe-core looks: what it finds follows from the
// layout, and there are two.
var audited = []string{smallPhone.Name, desk.Name}

// chromium is shared by all tests: starting it costs more than a walk.
var chromium struct {
	once   sync.Once
	folder string
	*browser.Browser
	err error
}

// openTab opens a tab of the tests' Chromium, which may ask the named origins alone.
func openTab(t *testing.T, view browser.View, origins ...string) *browser.Tab {
	t.Helper()
	chromium.once.Do(func() {
		if chromium.folder, chromium.err = os.MkdirTemp("", "chromium"); chromium.err == nil {
			chromium.Browser, chromium.err = browser.Open(context.Background(), chromium.folder)
		}
	})
	if chromium.err != nil {
		t.Fatal(chromium.err)
	}
	tab, err := chromium.Tab(view, origins...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tab.Close(); err != nil {
			t.Error(err)
		}
	})
	return tab
}

func closeChromium() {
	if chromium.Browser == nil {
		return
	}
	if err := errors.Join(chromium.Close(), os.RemoveAll(chromium.folder)); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

// post is a stage whose pages and worker are a process, as operators run them, and
// whose mails can be opened in a browser.
type post struct {
	*stage
	mails     *httptest.Server // shows the HTML of a mail by its number: /7
	strangers atomic.Int32     // whoever visits comes from a network of their own
	looked    sync.Map         // what axe-core has seen, and whose picture is there
}

var servingPages = regexp.MustCompile(`msg=serving pages=(\S+)`)

func newPost(t *testing.T) *post {
	t.Helper()
	p := &post{stage: newStage(t, nil)}
	process := p.workers(t, "--proxies", "127.0.0.0/8")
	t.Cleanup(func() { process.Wait() }) // it ends with the test's context
	var at []string
	until(t, func() bool { at = servingPages.FindStringSubmatch(process.log.String()); return at != nil })
	p.web.URL = "http://" + at[1]
	p.applySample(t) // so that links lead to the process
	p.mails = httptest.NewServer(http.HandlerFunc(p.showMail))
	t.Cleanup(p.mails.Close)
	return p
}

// showMail shows the HTML of a mail as a careful program does: its own styles, and
// nothing else.
func (p *post) showMail(w http.ResponseWriter, r *http.Request) {
	no, err := strconv.ParseUint(strings.TrimPrefix(r.URL.Path, "/"), 10, 64)
	for _, m := range p.catcher.Mails() {
		if err != nil || m.Seq != no {
			continue
		}
		if parsed, broken := m.Parse(); broken == nil {
			w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, parsed.HTML)
			return
		}
	}
	w.WriteHeader(http.StatusNotFound)
}

func (p *post) mailAt(m noticeMail) string { return fmt.Sprintf("%s/%d", p.mails.URL, m.Seq) }

// visitor is somebody before pages or mails, in a tab.
type visitor struct {
	*testing.T
	*post
	tab   *browser.Tab
	words *locales.Localizer // in the language that they read
	mail  noticeMail         // what they got

	followed bool // a link of the mail
}

func (p *post) visitor(t *testing.T, tab *browser.Tab, code string, m noticeMail) *visitor {
	t.Helper()
	v := &visitor{T: t, post: p, tab: tab, words: p.texts.For(code), mail: m}
	n := p.strangers.Add(1)
	v.must(tab.Send(t.Context(), map[string]string{"Accept-Language": code, "X-Forwarded-For": fmt.Sprintf("198.18.%d.%d", n>>8, n&255)}))
	v.must(tab.Dark(t.Context(), false))
	return v
}

func (v *visitor) must(err error) {
	v.Helper()
	if err != nil {
		v.Fatal(err)
	}
}

// say is a text in the visitor's language.
func (v *visitor) say(key string) string {
	v.Helper()
	s, err := v.words.Text(key, nil)
	v.must(err)
	return s
}

// look looks at what is open, which is called name among the pictures: nothing went
// wrong on the way to it, it is as wide as the screen, it is in the visitor's
// language, it has no scripts, and axe-core finds nothing in light and dark, but for
// rules that are no matter of this page.
func (v *visitor) look(name string, without ...string) browser.Sight {
	v.Helper()
	sight, err := v.tab.Look(v.Context())
	v.must(err)
	if faults := v.tab.Faults(); len(faults) > 0 {
		v.Errorf("%s: %s", name, strings.Join(faults, "; "))
	}
	if sight.Wide > 0 {
		v.Errorf("%s has to be scrolled sideways, %d pixels, for %s", name, sight.Wide, sight.Widest)
	}
	if sight.Language != v.words.Code() || sight.Title == "" || sight.Scripts > 0 {
		v.Errorf("%s is in %q, called %q, and has %d scripts", name, sight.Language, sight.Title, sight.Scripts)
	}
	if _, again := v.looked.LoadOrStore(name+v.words.Code()+v.tab.Name, true); again {
		return sight
	}
	for _, dark := range []bool{true, false} {
		v.must(v.tab.Dark(v.Context(), dark))
		if slices.Contains(audited, v.tab.Name) {
			found, err := v.audit(dark, without)
			v.must(err)
			for _, f := range found {
				v.Errorf("%s, dark %t: %s", name, dark, f)
			}
		}
		v.shoot(name, dark)
	}
	return sight
}

// audit has axe-core look for everything in light, and in dark for what follows from colours.
func (v *visitor) audit(dark bool, without []string) ([]browser.Finding, error) {
	if dark {
		return v.tab.AxeColours(v.Context())
	}
	return v.tab.Axe(v.Context(), without...)
}

// shoot takes a picture, if pictures are asked for.
func (v *visitor) shoot(name string, dark bool) {
	if *shots == "" {
		return
	}
	picture, err := v.tab.Picture(v.Context())
	v.must(err)
	scheme := map[bool]string{false: "light", true: "dark"}[dark]
	v.must(os.MkdirAll(*shots, 0o755))
	v.must(os.WriteFile(filepath.Join(*shots, fmt.Sprintf("%s.%s.%s.%s.png", name, v.words.Code(), v.tab.Name, scheme)), picture, 0o644))
}
