package portal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"article14/internal/calendar"
	"article14/locales"
	"article14/mailer"
	"article14/mailer/rights"
)

var _ Rights = (*rights.Rights)(nil)
var _ Registers = (*mailer.Registers)(nil)

var nordlicht = mailer.Controller{
	Key: "nordlicht", Name: "Nordlicht Data SAS", Address: "12 rue de l’Exemple, 69002 Lyon, France", Country: "FR",
	Email: "privacy@nordlicht.example", Phone: "+33 1 99 00 12 34",
}

var noticeHTML = map[string]string{
	"en": `<p><strong>We hold your work contact details.</strong></p><h2 id="en-whole">The whole notice</h2><h3 id="en-controller">Who is responsible</h3>`,
	"fr": `<p><strong>Nous détenons vos coordonnées.</strong></p><h2 id="fr-whole">La notice complète</h2><h3 id="fr-controller">Qui est responsable</h3>`,
	"de": `<p><strong>Wir haben Ihre Kontaktdaten.</strong></p><h2 id="de-whole">Die ganze Information</h2><h3 id="de-controller">Wer verantwortlich ist</h3>`,
}

// fakeRights is one notice in memory, with tokens and codes as they really are.
type fakeRights struct {
	tokens   mailer.Tokens
	link     mailer.Link
	code     string
	language string // of the mail
	today    calendar.Date

	mu        sync.Mutex
	fault     error
	objectsTo bool // R10 gives an objection
	objected  *calendar.Date
	byPost    bool // the notice was a letter
	accessDue *calendar.Date
	erased    *calendar.Date
	ways      []mailer.Way // of every call to Object
	requests  int          // calls to RequestAccess
	asked     int          // calls to ByCode
	ctx       context.Context
}

func newFakeRights(now time.Time) *fakeRights {
	return &fakeRights{
		tokens:    mailer.Tokens{Keys: mailer.NewKeyring()},
		link:      mailer.Link{Purpose: mailer.TokenNotice, ContactID: mailer.NewID(now), DeliveryID: mailer.NewID(now)},
		code:      mailer.NewCode(),
		language:  "fr",
		today:     calendar.DateOf(now, time.UTC),
		objectsTo: true,
	}
}

func (f *fakeRights) token(p mailer.TokenPurpose) string {
	l := f.link
	l.Purpose = p
	return f.tokens.Make(l)
}

func (f *fakeRights) notice() string    { return "/n/" + f.token(mailer.TokenNotice) }
func (f *fakeRights) objecting() string { return "/o/" + f.token(mailer.TokenObjection) }

// changes counts the calls that would have changed something.
func (f *fakeRights) changes() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.ways) + f.requests
}

func (f *fakeRights) open(token string, p mailer.TokenPurpose) error {
	l, err := f.tokens.Open(token, p)
	if err == nil && l.DeliveryID != f.link.DeliveryID {
		err = mailer.ErrNoSuchLink
	}
	return errors.Join(err, f.fault)
}

func (f *fakeRights) choose(wanted string) string {
	if _, ok := noticeHTML[wanted]; ok {
		return wanted
	}
	return f.language
}

func (f *fakeRights) view(token, wanted string) rights.NoticeView {
	lang := f.choose(wanted)
	v := rights.NoticeView{
		Page:       mailer.Page{Language: lang, Dir: "ltr", Title: "Nordlicht", HTML: noticeHTML[lang]},
		Languages:  []string{"de", "en", "fr"},
		Controller: nordlicht, Token: token, Objected: f.objected, AccessDue: f.accessDue, Confirmed: !f.byPost, Erased: f.erased,
	}
	if f.objectsTo {
		v.Objection = f.token(mailer.TokenObjection)
	}
	return v
}

func (f *fakeRights) Notice(_ context.Context, token, wanted string) (rights.NoticeView, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.open(token, mailer.TokenNotice); err != nil {
		return rights.NoticeView{}, err
	}
	return f.view(token, wanted), nil
}

func (f *fakeRights) ByCode(_ context.Context, typed string) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked++
	if code, ok := mailer.ReadCode(typed); !ok || code != f.code {
		return "", errors.Join(mailer.ErrNoSuchLink, f.fault)
	}
	return f.token(mailer.TokenNotice), f.fault
}

func (f *fakeRights) objectionView(token, wanted string) rights.ObjectionView {
	return rights.ObjectionView{Language: f.choose(wanted), Languages: []string{"de", "en", "fr"}, Controller: nordlicht, Token: token, Objected: f.objected, Confirmed: !f.byPost, Erased: f.erased}
}

func (f *fakeRights) Objection(_ context.Context, token, wanted string) (rights.ObjectionView, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.open(token, mailer.TokenObjection); err != nil {
		return rights.ObjectionView{}, err
	}
	return f.objectionView(token, wanted), nil
}

func (f *fakeRights) Object(ctx context.Context, token string, way mailer.Way, wanted string) (rights.ObjectionView, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := errors.Join(ctx.Err(), f.open(token, mailer.TokenObjection)); err != nil {
		return rights.ObjectionView{}, err
	}
	f.ways, f.ctx = append(f.ways, way), ctx
	if f.objected == nil && f.erased == nil {
		day := f.today
		f.objected = &day
	}
	return f.objectionView(token, wanted), nil
}

func (f *fakeRights) RequestAccess(_ context.Context, token, wanted string) (rights.NoticeView, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.open(token, mailer.TokenNotice); err != nil {
		return rights.NoticeView{}, err
	}
	f.requests++
	due := f.today
	due.Month++
	f.accessDue = &due
	return f.view(token, wanted), nil
}

// fakeRegisters is a register store that can go away.
type fakeRegisters struct {
	mu         sync.Mutex
	controller mailer.Controller
	fault      error
	asked      int
}

func (f *fakeRegisters) Current(context.Context, string) (mailer.RegisterVersion, *mailer.Register, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked++
	return mailer.RegisterVersion{}, &mailer.Register{Controller: f.controller}, f.fault
}

// house is a portal over the fakes.
type house struct {
	public *noticeboard
	http.Handler
	rights    *fakeRights
	registers *fakeRegisters
	log       *bytes.Buffer
	now       time.Time
}

func newHouse(t testing.TB, proxies ...string) *house {
	t.Helper()
	h := &house{now: time.Date(2026, 11, 3, 9, 0, 0, 0, time.UTC)}
	h.rights = newFakeRights(h.now)
	h.build(t, h.rights, proxies)
	return h
}

// newHouseOver is a portal over other rights.
func newHouseOver(t testing.TB, like *house, r Rights) *house {
	t.Helper()
	h := &house{now: like.now, rights: like.rights}
	h.build(t, r, nil)
	return h
}

func (h *house) build(t testing.TB, r Rights, proxies []string) {
	t.Helper()
	bundle, err := locales.New()
	if err != nil {
		t.Fatal(err)
	}
	var trusted []netip.Prefix
	for _, p := range proxies {
		trusted = append(trusted, netip.MustParsePrefix(p))
	}
	h.registers, h.log = &fakeRegisters{controller: nordlicht}, &bytes.Buffer{}
	h.public = &noticeboard{}
	h.Handler = New(Options{Rights: r, Public: h.public, Registers: h.registers, Locales: bundle, TrustedProxies: trusted,
		Now: func() time.Time { return h.now }, Log: slog.New(slog.NewTextHandler(h.log, nil))})
}

const formType = "application/x-www-form-urlencoded"

// ask sends a request; header pairs follow the body.
func (h *house) ask(method, path, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func (h *house) get(path string, header ...string) *httptest.ResponseRecorder {
	return h.ask("GET", path, "", header...)
}

// press posts what one of the page's buttons posts.
func (h *house) press(path string) *httptest.ResponseRecorder {
	return h.ask("POST", path, "from=page", "Content-Type", formType)
}

func (h *house) type_(code string, header ...string) *httptest.ResponseRecorder {
	return h.ask("POST", "/code", "code="+code, append([]string{"Content-Type", formType}, header...)...)
}

// text is a text of the locales as it stands in a page.
func text(t testing.TB, lang, key string, pairs ...any) string {
	t.Helper()
	bundle, err := locales.New()
	if err != nil {
		t.Fatal(err)
	}
	s, err := (&page{words: bundle.For(lang)}).T(key, pairs...)
	if err != nil {
		t.Fatal(err)
	}
	return html.EscapeString(s)
}

func wantStatus(t testing.TB, w *httptest.ResponseRecorder, status int) {
	t.Helper()
	if w.Code != status {
		t.Fatalf("status %d, want %d; body: %.200s", w.Code, status, w.Body)
	}
}

func wantIn(t testing.TB, w *httptest.ResponseRecorder, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(html.UnescapeString(w.Body.String()), html.UnescapeString(p)) {
			t.Errorf("%q is not in the page:\n%s", p, w.Body)
		}
	}
}

func wantNotIn(t testing.TB, w *httptest.ResponseRecorder, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if p == "" || strings.Contains(html.UnescapeString(w.Body.String()), html.UnescapeString(p)) {
			t.Errorf("%q is in the page", p)
		}
	}
}

var errAway = fmt.Errorf("postgres: the connection of elodie@acme.example was refused")
