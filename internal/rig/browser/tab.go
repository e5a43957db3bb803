package browser

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience is how long one act in a tab may take on a busy machine.
const patience = 20 * time.Second

// View is how a reader looks at pages.
type View struct {
	Name          string
	Width, Height int     // in CSS pixels
	Scale         float64 // device pixels for one of these; at 400 % zoom four
	Touch         bool    // a phone: a finger, and the viewport that the page asks for; otherwise a keyboard alone
	NoScript      bool
}

// Tab is one reader's, who shares nothing with those of other tabs. It is for one
// goroutine.
type Tab struct {
	View
	ctx     context.Context
	origins []string // that may be asked: scheme and host

	mu     sync.Mutex
	asked  []string // every address that was asked for
	faults []string
	status int64 // of the last document
}

// Tab opens a tab that may ask the named origins ("http://127.0.0.1:8014") and no
// others. Close it.
func (b *Browser) Tab(view View, origins ...string) (*Tab, error) {
	t := &Tab{View: view, origins: origins}
	t.ctx, _ = chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext(), chromedp.WithListener(t.hear))
	if err := t.furnish(); err != nil {
		return nil, fmt.Errorf("open a tab: %w", err)
	}
	return t, nil
}

func (t *Tab) furnish() error {
	return chromedp.Do(t.ctx,
		call(log.Enable, cdp.Empty{}),
		call(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: t.NoScript}),
		call(emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: t.Touch}),
		call(emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}),
		t.size(t.Height),
	)
}

func (t *Tab) size(height int) chromedp.Action[chromedp.Void] {
	return call(emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: int64(t.Width), Height: int64(height), DeviceScaleFactor: t.Scale, Mobile: t.Touch})
}

// Close closes the tab.
func (t *Tab) Close() error { return chromedp.Cancel(t.ctx) }

// call is a command of the protocol whose answer nobody needs.
func call[P, R any](c cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, c, params)
		return err
	})
}

// within is the tab's context, ended by the caller's or by the tab's patience.
func (t *Tab) within(ctx context.Context) (context.Context, context.CancelFunc) {
	inner, cancel := context.WithTimeout(t.ctx, patience)
	stop := context.AfterFunc(ctx, cancel)
	return inner, func() { stop(); cancel() }
}

func evaluate[T any](ctx context.Context, t *Tab, expression string, options ...chromedp.EvaluateOption) (T, error) {
	ctx, done := t.within(ctx)
	defer done()
	return chromedp.Run(ctx, chromedp.Evaluate[T](expression, options...))
}

// Open goes to an address and waits until all of its page is there.
func (t *Tab) Open(ctx context.Context, address string) error {
	return t.load(ctx, call(page.Navigate, page.NavigateParams{URL: address}))
}

// load does what leads to another page, and waits until that is there.
func (t *Tab) load(ctx context.Context, act chromedp.Action[chromedp.Void]) error {
	ctx, done := t.within(ctx)
	defer done()
	_, err := chromedp.Run(ctx, chromedp.WaitEvent(page.LoadEventFired, nil, act))
	return err
}

// Send has these headers, and no earlier ones, go out with every request from now on.
func (t *Tab) Send(ctx context.Context, headers map[string]string) error {
	extra := network.Headers{}
	for name, value := range headers {
		extra[name] = value
	}
	ctx, done := t.within(ctx)
	defer done()
	return chromedp.Do(ctx, call(network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: extra}))
}

// Dark has the reader prefer dark colours, or light ones.
func (t *Tab) Dark(ctx context.Context, on bool) error {
	scheme := "light"
	if on {
		scheme = "dark"
	}
	ctx, done := t.within(ctx)
	defer done()
	return chromedp.Do(ctx, call(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}))
}

// hear keeps what a test wants to know of what happens in the tab.
func (t *Tab) hear(event any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		t.asked = append(t.asked, e.Request.URL)
		if u, err := url.Parse(e.Request.URL); err != nil || !slices.Contains(t.origins, u.Scheme+"://"+u.Host) {
			t.fault("asked for %s", e.Request.URL)
		}
	case *network.EventResponseReceived:
		if e.Type == network.ResourceTypeDocument {
			t.status = e.Response.Status
		} else if e.Response.Status >= 400 {
			t.fault("got %d for %s", e.Response.Status, e.Response.URL)
		}
	case *network.EventResponseReceivedExtraInfo:
		for name := range e.Headers {
			if strings.EqualFold(name, "Set-Cookie") {
				t.fault("set a cookie")
			}
		}
	case *network.EventLoadingFailed:
		t.fault("%s was not loaded: %s %s", e.Type, e.ErrorText, e.BlockedReason)
	case *log.EventEntryAdded:
		if e.Entry.Source != log.EntrySourceNetwork { // heard of above
			t.fault("%s %s: %s", e.Entry.Source, e.Entry.Level, e.Entry.Text)
		}
	case *runtime.EventConsoleAPICalled:
		t.fault("console.%s was called", e.Type)
	case *runtime.EventExceptionThrown:
		t.fault("a script failed: %s", e.ExceptionDetails.Text)
	}
}

func (t *Tab) fault(format string, values ...any) {
	t.faults = append(t.faults, fmt.Sprintf(format, values...))
}

// Faults are what must not happen and did since they were last asked for: requests
// to other origins, what a policy forbids, parts that did not load, cookies, words
// on the console.
func (t *Tab) Faults() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := t.faults
	t.faults = nil
	return out
}

// Asked are the addresses of all requests.
func (t *Tab) Asked() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.asked)
}

// Status is the HTTP status of the page that is open.
func (t *Tab) Status() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return int(t.status)
}

// Sight is a page as it lies before the reader.
type Sight struct {
	Address  string `json:"address"`
	Language string `json:"language"` // of the page, its lang attribute
	Title    string `json:"title"`
	Heading  string `json:"heading"` // its first one
	Text     string `json:"text"`    // all that can be read, white space folded
	Wide     int    `json:"wide"`    // CSS pixels by which it is wider than the screen
	Widest   string `json:"widest"`  // the tag that stands out farthest, if any does
	Scripts  int    `json:"scripts"`
}

const look = `(() => {
  const root = document.documentElement, width = Math.min(innerWidth, %d);
  const folded = e => e ? e.innerText.replace(/\s+/g, " ").trim() : "";
  let widest = "", edge = width + 1;
  for (const e of document.body.querySelectorAll("*")) {
    const right = e.getBoundingClientRect().right;
    if (right > edge) { edge = right; widest = e.cloneNode().outerHTML; }
  }
  return {address: location.href, language: root.lang, title: document.title, heading: folded(document.querySelector("h1, h2")),
    text: folded(document.body), wide: Math.max(root.scrollWidth - width, Math.floor(edge - width - 1)), widest,
    scripts: document.querySelectorAll("script").length};
})()`

// Look reads the page that is open.
func (t *Tab) Look(ctx context.Context) (Sight, error) {
	s, err := evaluate[Sight](ctx, t, fmt.Sprintf(look, t.Width))
	s.Text = strings.ReplaceAll(s.Text, "\u00a0", " ")
	return s, err
}

// maxPicture is the height of the tallest picture, in CSS pixels.
const maxPicture = 12_000

// Picture is the whole page as a PNG.
func (t *Tab) Picture(ctx context.Context) ([]byte, error) {
	height, err := evaluate[int](ctx, t, `Math.ceil(Math.max(document.documentElement.scrollHeight, innerHeight))`)
	if err != nil {
		return nil, err
	}
	ctx, done := t.within(ctx)
	defer done()
	if err := chromedp.Do(ctx, t.size(min(height, maxPicture))); err != nil { // so that what sticks to the screen stands where it belongs
		return nil, err
	}
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		return nil, err
	}
	return png, chromedp.Do(ctx, t.size(t.Height), chromedp.Evaluate[chromedp.Void](`document.activeElement.scrollIntoView({block: "nearest"})`))
}
