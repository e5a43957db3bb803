package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"article14/internal/catcher"
	"article14/internal/ops"
	"article14/internal/register"
	"article14/internal/relay"
	"article14/internal/sample"
	"article14/mailer"
	"article14/mailer/accept"
)

func writeSample(dir string) error {
	other := bytes.Replace(register.Sample(), []byte("key: nordlicht"), []byte("key: suedlicht"), 1)
	return errors.Join(os.WriteFile(filepath.Join(dir, "register.yaml"), register.Sample(), 0o600),
		os.WriteFile(filepath.Join(dir, "other.yaml"), other, 0o600))
}

// stage is the whole product over real parts: PostgreSQL, SMTP over sockets, HTTP.
type stage struct {
	*app
	url, keyFile, relayPort string
	journal                 string // where its processes keep theirs

	log     *lockedBuffer
	catcher *catcher.Server
	relay   *relay.SMTP
	web     *httptest.Server
	worker  func() (stop func())
	files   []sample.File
}

// lockedBuffer keeps what was logged.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newStage(t *testing.T, script catcher.Script) *stage {
	t.Helper()
	return newStageAt(t, migrated(t), script)
}

// newStageAt is newStage on a database that has its tables.
func newStageAt(t *testing.T, url string, script catcher.Script) *stage {
	t.Helper()
	ctx := t.Context()
	dir := t.TempDir()
	s := &stage{log: &lockedBuffer{}, url: url, keyFile: filepath.Join(dir, "keys.json"), journal: filepath.Join(dir, "journal")}
	log := slog.New(slog.NewJSONHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	if _, err := makeKeys(s.keyFile); err != nil {
		t.Fatal(err)
	}
	a, err := open(ctx, &Settings{DatabaseURL: s.url, Keys: s.keyFile}, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.close)
	s.app = a
	s.openCatcher(t, script)
	s.web = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { a.portal(nil).ServeHTTP(w, r) }))
	t.Cleanup(s.web.Close)
	s.applySample(t)
	s.worker = func() func() { return s.work(t) }
	return s
}

func (s *stage) openCatcher(t *testing.T, script catcher.Script) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.catcher = catcher.New(catcher.Options{Script: script})
	go s.catcher.Serve(l)
	t.Cleanup(s.catcher.Close)
	port := l.Addr().(*net.TCPAddr).Port
	s.relayPort = strconv.Itoa(port)
	s.relay, err = relay.New(relay.Config{Name: "default", Host: "127.0.0.1", Port: port, HELO: "test.example"})
	if err != nil {
		t.Fatal(err)
	}
}

func (s *stage) applySample(t *testing.T) {
	body := bytes.ReplaceAll(register.Sample(), []byte("links: https://privacy.nordlicht.example"), []byte("links: "+s.web.URL))
	reg, _, err := register.Parse("register.yaml", body)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.applyRegister(t.Context(), reg, body, "test"); err != nil {
		t.Fatal(err)
	}
}

// work runs a worker until stop is called.
func (s *stage) work(t *testing.T) (stop func()) {
	_, meter := s.metrics()
	return s.workWith(t, meter)
}

func (s *stage) workWith(t *testing.T, m meter) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.app.worker(s.relay, demoOptions, m).Run(ctx) }()
	return func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// take imports n invented people.
func (s *stage) take(t *testing.T, n int) (counts accept.ImportCounts) {
	t.Helper()
	s.files = sample.Files(n, 7, s.now())
	for _, f := range s.files {
		path := filepath.Join(t.TempDir(), f.Name)
		if err := os.WriteFile(path, f.Body, 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := s.importFile(t.Context(), importPlan{file: path, source: f.Source, activity: demoActivity})
		if err != nil {
			t.Fatal(err)
		}
		counts.Accepted += c.Accepted
		counts.Merged += c.Merged
		counts.Refused += c.Refused
	}
	return counts
}

// release creates, approves and starts a campaign.
func (s *stage) release(t *testing.T, key string) {
	t.Helper()
	r := s.releases()
	ctx := t.Context()
	if _, err := r.Create(ctx, mailer.Campaign{Key: key, ActivityKey: demoActivity, CreatedBy: "test"}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Approve(ctx, key, "test", nil, nil); err != nil {
		t.Fatal(err)
	}
	if err := r.Start(ctx, key, "test"); err != nil {
		t.Fatal(err)
	}
}

// until polls a condition, for a minute at most.
func until(t *testing.T, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range 3000 {
		if ok() {
			return
		}
		<-tick.C
	}
	t.Fatal("it did not come to that within a minute")
}

func (s *stage) finished(t *testing.T, key string) func() bool {
	return func() bool {
		c, err := s.store.Campaign(t.Context(), s.controller, key)
		if err != nil {
			t.Fatal(err)
		}
		return c.State == mailer.CampaignFinished
	}
}

func TestFromAContactFileToATrackedNotice(t *testing.T) {
	s := newStage(t, catcher.ByLocalPart())
	counts := s.take(t, 200)
	s.release(t, "first")
	stop := s.worker()
	until(t, s.finished(t, "first"))

	t.Run("every person and every duty is accounted for", func(t *testing.T) {
		f, err := s.store.Figures(t.Context(), s.controller, s.now())
		if err != nil {
			t.Fatal(err)
		}
		if f.Contacts != counts.Accepted {
			t.Errorf("%d people for %d accepted rows", f.Contacts, counts.Accepted)
		}
		for _, st := range []mailer.DutyState{mailer.DutyOpen, mailer.DutyInFlight, mailer.DutyFailed} {
			if f.Duties[st] != 0 {
				t.Errorf("%d duties are %s at the end", f.Duties[st], st)
			}
		}
		if f.Duties[mailer.DutyMet] == 0 || f.Blocked[mailer.BlockQuarantined] == 0 || f.Blocked[mailer.BlockNoLanguage] == 0 || f.MetLate == 0 {
			t.Errorf("the sample lost its cases: %v, blocked %v, %d met late", f.Duties, f.Blocked, f.MetLate)
		}
	})

	mails := s.notices(t)
	t.Run("nobody is told twice, but for answers that were lost", func(t *testing.T) { // E5
		seen := map[string]string{}
		for _, m := range mails {
			id := m.parsed.MessageID
			if earlier, again := seen[id]; again && earlier != string(m.Raw) {
				t.Error("a mail was sent again with other bytes")
			}
			seen[id] = string(m.Raw)
			if m.EnvelopeID == "" || m.Return != "HDRS" {
				t.Errorf("a mail without ENVID or RET: %q %q", m.EnvelopeID, m.Return)
			}
		}
		if len(seen) < 100 {
			t.Fatalf("only %d notices to look at", len(seen))
		}
	})
	t.Run("every link of a notice leads to its page, and looking changes nothing", func(t *testing.T) { // R1, C4
		s.lookAtLinks(t, mails)
	})
	t.Run("the code that a notice bears leads to its person's record", func(t *testing.T) { // E6
		s.findByCode(t, mails[0])
	})
	t.Run("an objection stops use, once, and is acknowledged", func(t *testing.T) { // R2, R5
		s.objectAs(t, mails[0])
	})
	stop()
	t.Run("no personal data stands in logs, metrics or status", func(t *testing.T) {
		s.noPersonalData(t)
	})
}

type noticeMail struct {
	catcher.Mail
	parsed catcher.Parsed
}

func (s *stage) notices(t *testing.T) (out []noticeMail) {
	for _, m := range s.catcher.Mails() {
		p, err := m.Parse()
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, noticeMail{m, p})
	}
	return out
}

func (s *stage) links(m noticeMail, kind string) []string {
	return regexp.MustCompile(regexp.QuoteMeta(s.web.URL)+"/"+kind+"/[A-Za-z0-9_-]+").FindAllString(m.parsed.Text, -1)
}

func (s *stage) lookAtLinks(t *testing.T, mails []noticeMail) {
	before := s.acts(t)
	for _, m := range mails[:20] {
		all := append(s.links(m, "n"), s.links(m, "o")...)
		if len(all) < 2 {
			t.Fatalf("a notice with %d links", len(all))
		}
		for _, link := range all {
			for _, method := range []string{http.MethodGet, http.MethodHead} {
				req, _ := http.NewRequestWithContext(t.Context(), method, link, nil)
				resp, err := http.DefaultClient.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
				if resp.StatusCode != http.StatusOK {
					t.Errorf("%s of a link gave %d", method, resp.StatusCode)
				}
			}
		}
	}
	if after := s.acts(t); after != before {
		t.Errorf("looking changed %s into %s", before, after)
	}
}

// acts is what people have done, in one line.
func (s *stage) acts(t *testing.T) string {
	f, err := s.store.Figures(t.Context(), s.controller, s.now())
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal([]any{f.Objections, f.Requests.Count()})
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func (s *stage) findByCode(t *testing.T, m noticeMail) {
	code := regexp.MustCompile(`\b[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}\b`).FindString(m.parsed.Text)
	id, err := s.contact(t.Context(), strings.ToLower(code))
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.store.ContactReport(t.Context(), s.controller, id)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(r.Identifiers, func(i mailer.Identifier) bool { return i.Value == m.To[0].Address }) {
		t.Error("the code leads to somebody whom this notice did not go to")
	}
}

func (s *stage) objectAs(t *testing.T, m noticeMail) {
	header := m.parsed.Get("List-Unsubscribe")
	link := strings.Trim(strings.TrimSpace(header), "<>")
	if m.parsed.Get("List-Unsubscribe-Post") != "List-Unsubscribe=One-Click" || !strings.HasPrefix(link, s.web.URL+"/o/") {
		t.Fatalf("no one-click header: %q", header)
	}
	told := s.catcher.Counts().Taken
	for range 3 {
		resp, err := http.Post(link, "application/x-www-form-urlencoded", strings.NewReader("List-Unsubscribe=One-Click"))
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK || len(resp.Cookies()) != 0 {
			t.Errorf("one-click gave %d with %d cookies", resp.StatusCode, len(resp.Cookies()))
		}
	}
	if got := s.acts(t); got != `[{"one_click":1},0]` {
		t.Errorf("three clicks of one person are on record as %s", got)
	}
	if err := s.catcher.Wait(t.Context(), told+1); err != nil {
		t.Fatal(err)
	}
	all := s.notices(t)
	receipt := all[len(all)-1]
	if receipt.To[0].Address != m.To[0].Address || receipt.parsed.Get("List-Unsubscribe") != "" {
		t.Errorf("the acknowledgement went elsewhere, or asks for another objection")
	}
}

// noPersonalData looks for every imported address and name in all that the
// product says of itself.
func (s *stage) noPersonalData(t *testing.T) {
	registry, _ := s.metrics()
	rec := httptest.NewRecorder()
	ops.Handlers(registry, nil, nil)["GET /metrics"].ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	f, err := s.store.Figures(t.Context(), s.controller, s.now())
	if err != nil {
		t.Fatal(err)
	}
	var status bytes.Buffer
	printStatus(&status, f, time.UTC)
	if err := printJSON(&status, statusReport(f, time.UTC)); err != nil {
		t.Fatal(err)
	}
	said := s.log.String() + rec.Body.String() + status.String()
	if len(s.log.String()) < 1000 || !strings.Contains(said, "article14_duties") {
		t.Fatalf("there is nothing to look through: %d bytes of log", len(s.log.String()))
	}
	if found := personalData(said, s.files); len(found) > 0 {
		t.Errorf("personal data were said: %d values", len(found))
	}
	// The search itself can find something.
	if found := personalData(said+` addressed to "Elodie.Berard@Example.org"`, []sample.File{{Body: []byte("elodie.berard@example.org")}}); len(found) != 1 {
		t.Error("the search for personal data finds nothing even where there are some")
	}
}

var addressIn = regexp.MustCompile(`[\p{L}\d.'_-]+@[\p{L}\d.-]+`)
var nameIn = regexp.MustCompile(`"name":"([^"]+)"`)

// personalData gives the addresses and names of the files that stand in text.
func personalData(text string, files []sample.File) (found []string) {
	text = strings.ToLower(text)
	for _, f := range files {
		values := addressIn.FindAllString(string(f.Body), -1)
		for _, m := range nameIn.FindAllStringSubmatch(string(f.Body), -1) {
			values = append(values, m[1])
		}
		for _, v := range values {
			if strings.Contains(text, strings.ToLower(v)) {
				found = append(found, v)
			}
		}
	}
	return found
}
