package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"article14/internal/ops"
	"article14/internal/postgres"
	"article14/internal/privatepg"
	"article14/mailer"
	"article14/mailer/deliver"
)

// operations waits until a process serves, and gives the address of its health.
func (p *program) operations(t *testing.T) (base string) {
	t.Helper()
	at := regexp.MustCompile(`operations=(127\.0\.0\.1:\d+)`)
	until(t, func() bool { return at.MatchString(p.log.String()) })
	return at.FindStringSubmatch(p.log.String())[1]
}

// stop ends a process as an orchestrator does, and wants status 0.
func (p *program) stop(t *testing.T) {
	t.Helper()
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := p.Wait(); err != nil {
		t.Fatalf("a graceful stop ended with %v: %s", err, p.log)
	}
}

// readiness asks for it and gives each part by name.
func readiness(t *testing.T, base string) (status int, parts map[string]string) {
	t.Helper()
	status, body := get(t, "http://"+base+"/readyz")
	if err := json.Unmarshal([]byte(body), &parts); err != nil {
		t.Fatal(err, body)
	}
	return status, parts
}

func TestARelayThatIsAwayIsNamedAndTakesOnlyTheWorkerOut(t *testing.T) {
	s := newStage(t, nil)
	both := s.workers(t)
	worker := s.program(t, s.url, s.keyFile, "work", "--relay-host", "127.0.0.1", "--relay-port", s.relayPort, "--ops-listen", "127.0.0.1:0")
	pages := s.program(t, s.url, s.keyFile, "serve", "--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0")
	at := []string{both.operations(t), worker.operations(t), pages.operations(t)}
	s.catcher.Close() // before anybody has asked: an answer lasts for a while
	for i, c := range []struct {
		who    string
		status int
		relay  string
	}{{"run", http.StatusOK, "failed"}, {"work", http.StatusServiceUnavailable, "failed"}, {"serve", http.StatusOK, ""}} {
		status, parts := readiness(t, at[i])
		if status != c.status || parts["relay"] != c.relay || parts["database"] != "ok" || parts["clock"] != "ok" || parts["instance"] != "ok" {
			t.Errorf("%s: %d %v", c.who, status, parts)
		}
		if status, _ := get(t, "http://"+at[i]+"/healthz"); status != http.StatusOK {
			t.Errorf("%s: health %d", c.who, status)
		}
	}
	for _, p := range []*program{both, worker, pages} {
		p.stop(t)
	}
}

// countedRelay counts the connections that it is asked for.
type countedRelay struct {
	deliver.Relay
	opened atomic.Int64
}

func (c *countedRelay) Open(ctx context.Context) (deliver.Session, error) {
	c.opened.Add(1)
	return c.Relay.Open(ctx)
}

func TestProbesDoNotKnockAtTheRelayEachTime(t *testing.T) {
	s := newStage(t, nil)
	r := &countedRelay{Relay: s.relay}
	now := time.Now()
	c := relayCheck(r, func() time.Time { return now })
	for range 5 {
		if err := c.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	now = now.Add(relayAnswerLasts)
	if err := c.Run(t.Context()); err != nil || r.opened.Load() != 2 {
		t.Errorf("six probes opened %d connections: %v", r.opened.Load(), err)
	}
}

// TestADatabaseThatStoppedIsToldFromAClockThatIsOff stops a real server under a
// running process, and starts it again.
func TestADatabaseThatStoppedIsToldFromAClockThatIsOff(t *testing.T) {
	dir := t.TempDir()
	for d := dir; d != os.TempDir() && d != "/"; d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o711); err != nil { // for root the server is another user, who has to pass through
			t.Fatal(err)
		}
	}
	start := func() *privatepg.Server {
		srv, err := privatepg.Open(t.Context(), filepath.Join(dir, "pg"), privatepg.Options{Settings: map[string]string{"fsync": "off"}, Elsewhere: "/tmp/article14-test"})
		if err != nil {
			t.Fatal(err)
		}
		return srv
	}
	srv := start()
	if err := migrate(t.Context(), srv.URL("")); err != nil {
		t.Fatal(err)
	}
	keys := filepath.Join(t.TempDir(), "keys.json")
	if _, err := makeKeys(keys); err != nil {
		t.Fatal(err)
	}
	a, err := open(t.Context(), &Settings{DatabaseURL: srv.URL(""), Keys: keys}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer a.close()
	h := ops.Handlers(prometheus.NewRegistry(), a.checks(), func(string, error) {})["GET /readyz"]
	look := func(status int, database, clock string) {
		t.Helper()
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/readyz", nil))
		var parts map[string]string
		if err := json.Unmarshal(rec.Body.Bytes(), &parts); err != nil {
			t.Fatal(err)
		}
		if rec.Code != status || parts["database"] != database || parts["clock"] != clock {
			t.Errorf("%d %v, want %d with the database %s and the clock %s", rec.Code, parts, status, database, clock)
		}
	}
	look(http.StatusOK, "ok", "ok")
	a.now = func() time.Time { return time.Now().Add(time.Minute) }
	look(http.StatusServiceUnavailable, "ok", "failed")
	a.now = time.Now
	readOnly(t, srv.URL(""), "on")
	until(t, func() bool { return a.store.Writable(t.Context()) != nil })
	look(http.StatusServiceUnavailable, "failed", "ok")
	readOnly(t, srv.URL(""), "off")
	until(t, func() bool { return a.store.Writable(t.Context()) == nil })
	if err := srv.Close(); err != nil {
		t.Fatal(err)
	}
	look(http.StatusServiceUnavailable, "failed", "unknown")
	srv = start()
	defer srv.Close()
	look(http.StatusOK, "ok", "ok")
}

// readOnly closes a database for writes, or opens it, and waits until its sessions know.
func readOnly(t *testing.T, url, value string) {
	t.Helper()
	db, err := sql.Open("postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, q := range []string{"ALTER SYSTEM SET default_transaction_read_only = " + value, "SELECT pg_reload_conf()"} {
		if _, err := db.Exec(q); err != nil {
			t.Fatal(err)
		}
	}
	until(t, func() bool {
		var now string
		return db.QueryRow("SHOW default_transaction_read_only").Scan(&now) == nil && now == value
	})
}

// TestStopsAndStartsUnderLoadLoseNobodyAndTellNobodyTwice stops workers in the
// middle of a campaign, again and again, each time with another one beside it.
func TestStopsAndStartsUnderLoadLoseNobodyAndTellNobodyTwice(t *testing.T) {
	s := newStage(t, nil)
	s.take(t, 800)
	s.release(t, "first")
	next := s.workers(t)
	midway := 0 // stops that found the campaign under way
	for round := 1; round <= 4; round++ {
		p := next
		p.operations(t)
		if err := s.catcher.Wait(t.Context(), 40*round); err != nil {
			t.Fatal(err)
		}
		if round%2 == 0 { // on even rounds another one is there already when this one stops
			next = s.workers(t)
			next.operations(t)
		}
		begun := time.Now()
		p.stop(t)
		if took := time.Since(begun); took > 30*time.Second {
			t.Errorf("the stop took %s", took)
		}
		if round%2 == 1 {
			c, counts := s.campaign(t, "first")
			if counts[mailer.Sending] != 0 || counts[mailer.Uncertain] != 0 {
				t.Fatalf("round %d left %v", round, counts)
			}
			if got, on := int64(s.catcher.Counts().Taken), counts[mailer.Relayed]; got != on {
				t.Fatalf("round %d: %d mails were taken and %d are on record", round, got, on)
			}
			if c.State != mailer.CampaignFinished {
				midway++
			}
			next = s.workers(t)
		}
	}
	if midway == 0 {
		t.Fatal("the campaign was over before any stop: nothing was tested")
	}
	next.operations(t)
	until(t, s.finished(t, "first"))
	next.stop(t)
	c, counts := s.campaign(t, "first")
	told := s.told(t)
	if int64(len(told)) != counts[mailer.Relayed] || counts[mailer.Relayed] != c.ApprovedPeople {
		t.Errorf("%d people were told, %d are on record, %d were approved", len(told), counts[mailer.Relayed], c.ApprovedPeople)
	}
	for id, n := range told {
		if n != 1 {
			t.Errorf("%s went out %d times", id, n)
		}
	}
	f, err := s.store.Figures(t.Context(), s.controller, s.now())
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Workers) != 0 || f.Attempts[mailer.Uncertain] != 0 {
		t.Errorf("after graceful stops %d workers are remembered, %d attempts are uncertain", len(f.Workers), f.Attempts[mailer.Uncertain])
	}
}

// TestServeFinishesWhatItIsAnswering stops the server while a request is under
// way: its head has come and its body has not.
func TestServeFinishesWhatItIsAnswering(t *testing.T) {
	s := newStage(t, nil)
	p := s.program(t, s.url, s.keyFile, "serve", "--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0")
	p.operations(t)
	pages := regexp.MustCompile(`pages=(127\.0\.0\.1:\d+)`).FindStringSubmatch(p.log.String())[1]
	body, write := io.Pipe()
	reading := make(chan struct{})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+pages+"/code", body)
	if err != nil {
		t.Fatal(err)
	}
	req.ContentLength = int64(len("code=0123-4567-89AB"))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Expect", "100-continue") // the answer to which says that the server has begun
	answered := make(chan *http.Response, 1)
	failed := make(chan error, 1)
	go func() {
		resp, err := (&http.Client{Transport: &http.Transport{ExpectContinueTimeout: time.Minute}}).Do(req)
		if err != nil {
			failed <- err
			return
		}
		answered <- resp
	}()
	go func() {
		io.WriteString(write, "code=") // is taken once the server asked for the body
		close(reading)
	}()
	select {
	case <-reading:
	case err := <-failed:
		t.Fatal(err)
	case resp := <-answered:
		t.Fatalf("it answered %d without the body", resp.StatusCode)
	}
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	until(t, func() bool { // the listener is closed: the stop has begun
		resp, err := http.Get("http://" + pages + "/")
		if err == nil {
			resp.Body.Close()
		}
		return err != nil
	})
	io.WriteString(write, "0123-4567-89AB")
	write.Close()
	select {
	case resp := <-answered:
		resp.Body.Close()
		if resp.StatusCode != http.StatusNotFound { // no notice bears that code
			t.Errorf("it was answered with %d", resp.StatusCode)
		}
	case err := <-failed:
		t.Errorf("the request was cut off by the stop: %v", err)
	}
	if err := p.Wait(); err != nil {
		t.Errorf("%v: %s", err, p.log)
	}
}

// command runs the program to its end.
func (s *stage) command(t *testing.T, url string, args ...string) (out string, status int) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), self, args...)
	c.Args[0] = "article14"
	c.Env = append(os.Environ(), "ARTICLE14_DATABASE_URL="+url, "ARTICLE14_KEYS="+s.keyFile)
	b, err := c.CombinedOutput()
	if err != nil && c.ProcessState == nil {
		t.Fatal(err)
	}
	return string(b), c.ProcessState.ExitCode()
}

// TestARestoredDatabaseSaysSoEverywhereAndGoesOnWhenAdopted restores a dump, as
// docs/backup.md has it, and starts a worker on it.
func TestARestoredDatabaseSaysSoEverywhereAndGoesOnWhenAdopted(t *testing.T) { // listmonk #1801
	s := newStage(t, nil)
	s.take(t, 60)
	s.release(t, "first")
	copied := restored(t, s.url)
	p := s.program(t, copied, s.keyFile, "run", "--relay-host", "127.0.0.1", "--relay-port", s.relayPort, "--listen", "127.0.0.1:0",
		"--ops-listen", "127.0.0.1:0", "--connections", "2")
	base := p.operations(t)
	if status, parts := readiness(t, base); status != http.StatusOK || parts["instance"] != "failed" {
		t.Errorf("readiness: %d %v", status, parts)
	}
	if _, body := get(t, "http://"+base+"/metrics"); !strings.Contains(body, "\narticle14_instance_held 1\n") {
		t.Error("the metrics do not say that it is held")
	}
	until(t, func() bool { // it has looked into the queue, and found nothing there for it
		_, body := get(t, "http://"+base+"/metrics")
		return regexp.MustCompile(`article14_waiting_seconds_total\{for="work"\} [1-9]`).MatchString(body)
	})
	if n := s.catcher.Counts().Taken; n != 0 {
		t.Fatalf("a restored copy told %d people", n)
	}
	if !strings.Contains(p.log.String(), "nothing is sent") {
		t.Errorf("the log does not say so: %s", p.log)
	}
	for _, args := range [][]string{{"status"}, {"instance", "show"}} {
		if out, status := s.command(t, copied, args...); status != 0 || !strings.Contains(out, "instance adopt") {
			t.Errorf("%v ended with %d: %s", args, status, out)
		}
	}
	if out, status := s.command(t, copied, "instance", "adopt", "--by", " ", "--why", "x"); status != exitMisuse {
		t.Errorf("adopted by nobody: %d %s", status, out)
	}
	if out, status := s.command(t, copied, "--instance", "spare", "instance", "adopt", "--by", "Test", "--why", "the old server burnt"); status != 0 {
		t.Fatalf("adopt: %d %s", status, out)
	}
	// The worker that waits goes on by itself.
	if err := s.catcher.Wait(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	p.stop(t)
	// From now on it has a name, and a worker for another one is refused.
	if out, status := s.command(t, copied, "--instance", "test", "work", "--relay-host", "127.0.0.1", "--ops-listen", ""); status != exitFailed || !strings.Contains(out, `is the instance "spare"`) {
		t.Errorf("a worker for another instance: %d %s", status, out)
	}
}

// restored is a new database with the dump of another.
func restored(t *testing.T, from string) (to string) {
	t.Helper()
	b, err := privatepg.Find()
	if err != nil {
		t.Fatal(err)
	}
	to = empty(t)
	dump := filepath.Join(t.TempDir(), "article14.dump")
	for _, c := range [][]string{{"pg_dump", "--format=custom", "--no-owner", "--file=" + dump, from}, {"pg_restore", "--no-owner", "--exit-on-error", "--dbname=" + to, dump}} {
		if out, err := exec.CommandContext(t.Context(), filepath.Join(b.Dir, c[0]), c[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", c[0], err, out)
		}
	}
	return to
}

func TestHealthAsksTheProcessOfThisMachine(t *testing.T) {
	s := newStage(t, nil)
	p := s.workers(t)
	base := p.operations(t)
	port := base[strings.LastIndex(base, ":"):]
	for _, listen := range []string{base, "0.0.0.0" + port, port} {
		if out, status := s.command(t, "", "health", "--ops-listen", listen); status != 0 || strings.TrimSpace(out) != "ok" {
			t.Errorf("%s: %d %s", listen, status, out)
		}
	}
	if out, status := s.command(t, "", "health", "--ready", "--ops-listen", base); status != 0 || !strings.Contains(out, "ready clock ok, database ok, instance ok, journal ok, relay ok") {
		t.Errorf("ready: %d %s", status, out)
	}
	p.stop(t)
	if out, status := s.command(t, "", "health", "--ops-listen", base); status != exitFailed || !strings.Contains(out, "nobody answers") {
		t.Errorf("after the stop: %d %s", status, out)
	}
	if out, status := s.command(t, "", "health", "--ops-listen", "nonsense"); status != exitMisuse {
		t.Errorf("no address: %d %s", status, out)
	}
}

func TestHealthTellsAnIllProcessFromAnotherProgram(t *testing.T) {
	answer, code := "", 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		io.WriteString(w, answer)
	}))
	defer srv.Close()
	for _, c := range []struct {
		code         int
		answer, want string
	}{
		{http.StatusServiceUnavailable, `{"status":"not ready","database":"failed","clock":"unknown"}`, "not ready: clock unknown, database failed"},
		{http.StatusOK, "<html>", "is not article14"},
	} {
		answer, code = c.answer, c.code
		err := (&healthCmd{OpsListen: strings.TrimPrefix(srv.URL, "http://"), Timeout: time.Minute}).Run(t.Context(), streams{out: io.Discard})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%d %s: %v", c.code, c.answer, err)
		}
	}
}

func TestWorkersAreShownWhileTheyAreThere(t *testing.T) {
	s := newStage(t, nil)
	p := s.workers(t)
	workers := func() (out struct{ Workers []workerJSON }) {
		said, status := s.command(t, s.url, "status", "--json")
		if err := json.Unmarshal([]byte(said), &out); err != nil || status != 0 {
			t.Fatal(err, said)
		}
		return out
	}
	until(t, func() bool { return len(workers().Workers) == 1 })
	w := workers().Workers[0]
	if w.Gone || w.Relay != "default" || w.RelayState != deliver.RelayUp || w.Host != hostname() {
		t.Errorf("%+v", w)
	}
	p.stop(t)
	if n := len(workers().Workers); n != 0 {
		t.Errorf("after a graceful stop there are %d", n)
	}
}

// sql runs a statement on the stage's database.
func (s *stage) sql(t *testing.T, statement string) {
	t.Helper()
	b, err := privatepg.Find()
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), filepath.Join(b.Dir, "psql"), "--quiet", "--set=ON_ERROR_STOP=1", "--command="+statement, s.url).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// TestAStopWhileAProcessStartsIsACleanEnd stops it while it waits for a database that takes
// connections and says nothing, as one does that is itself just starting.
func TestAStopWhileAProcessStartsIsACleanEnd(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s := &stage{}
	silent := "postgres://article14@" + l.Addr().String() + "/article14?sslmode=disable"
	for _, args := range [][]string{{"run", "--relay-host", "127.0.0.1"}, {"work", "--relay-host", "127.0.0.1"}, {"serve"}} {
		p := s.program(t, silent, "none", args...)
		conn, err := l.Accept() // it is in the middle of its start
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		p.stop(t)
		if said := p.log.String(); !strings.Contains(said, "stopped while it was starting") {
			t.Errorf("%v does not say why it ended: %s", args, said)
		}
	}
}

// TestReadinessWritesNothing asks a database that takes no writes, as a standby does not: what
// readiness asks every few seconds must not wait for a lock.
func TestReadinessWritesNothing(t *testing.T) {
	s := newStage(t, nil)
	at, err := postgres.Open(t.Context(), s.url+"&default_transaction_read_only=on")
	if err != nil {
		t.Fatal(err)
	}
	defer at.Close()
	if have, want, err := at.SchemaVersions(t.Context()); err != nil || have != want || want == 0 {
		t.Errorf("%d of %d: %v", have, want, err)
	}
}

func TestErrorsOfTheDatabaseHoldNoPassword(t *testing.T) {
	for _, address := range []string{"postgres://u:geheim@127.0.0.1:port x/db", "postgres://u:ge%zzheim@127.0.0.1/db", "mysql://u:geheim@h/db"} {
		var said lockedBuffer
		if status := run([]string{"--database-url", address, "--keys", "none", "instance", "show"}, streams{nil, io.Discard, &said}); status != exitFailed {
			t.Errorf("%s: status %d", address, status)
		}
		if strings.Contains(said.String(), "heim") || !strings.Contains(said.String(), "connect to the database") {
			t.Errorf("it says %s", said.String())
		}
	}
}
