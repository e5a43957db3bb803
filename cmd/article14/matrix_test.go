package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"article14/internal/register"
	"article14/internal/sample"
	"article14/mailer"
	"article14/mailer/accept"
)

// matrix reads contact files in every way into one database, each way for a
// controller of its own, and compares what is stored.
type matrix struct {
	*app
	db      *sql.DB
	dir     string
	sources []mailer.Source
	at      time.Time
	ways    int
}

func newMatrix(t *testing.T) *matrix {
	t.Helper()
	m := &matrix{dir: t.TempDir(), at: sample.Day.AddDate(0, 0, 10)}
	url, keys := migrated(t), filepath.Join(m.dir, "keys.json")
	if _, err := makeKeys(keys); err != nil {
		t.Fatal(err)
	}
	a, err := open(t.Context(), &Settings{DatabaseURL: url, Keys: keys}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.close)
	m.app = a
	// A clock that never stands still, as clocks are: what comes later is later.
	a.now = func() time.Time { m.at = m.at.Add(time.Millisecond); return m.at }
	if m.db, err = sql.Open("postgres", url); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.db.Close() })
	for _, l := range sample.Layouts() {
		m.sources = append(m.sources, l.Source)
	}
	return m
}

// failer is what both testing and rapid have.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
}

// way is one controller, into whose tables files are read in one way.
type way struct {
	*matrix
	app   *app
	t     failer
	ctx   context.Context
	batch int
	store accept.ImportStore
}

func (m *matrix) way(ctx context.Context, t failer, batch int) *way {
	t.Helper()
	m.ways++
	body := bytes.Replace(register.Sample(), []byte("key: nordlicht"), fmt.Appendf(nil, "key: way%d", m.ways), 1)
	reg, _, err := register.Parse("register.yaml", body)
	if err != nil {
		t.Fatalf("%v", err)
	}
	v, _, err := m.app.store.ApplyRegister(ctx, reg.Controller.Key, body, []byte(reg.Controller.Key), "test", m.now())
	if err != nil {
		t.Fatalf("%v", err)
	}
	reg.Sources = append(reg.Sources, m.sources...)
	a := *m.app
	a.controller, a.reg = v.ControllerID, reg
	return &way{matrix: m, app: &a, t: t, ctx: ctx, batch: batch, store: a.store}
}

// contacts is a contact file, and how it is read.
type contacts struct {
	path, source string
	basis        mailer.ObtainedBasis
}

// account is what came of one reading.
type account struct {
	counts   accept.ImportCounts
	refusals []accept.Refusal
}

// rows are all that the account accounts for.
func (a account) rows() int64 { return a.counts.Accepted + a.counts.Merged + a.counts.Refused }

// try reads a file once. Only the file's own faults are fatal.
func (w *way) try(f contacts) (account, error) {
	w.t.Helper()
	plan, file, err := importPlan{file: f.path, source: f.source, activity: demoActivity, basis: f.basis, said: "test"}.open(w.app.controller, w.app.reg, w.app.now)
	if err != nil {
		w.t.Fatalf("%v", err)
	}
	defer file.Close()
	var a account
	plan.OnRefusal = func(r accept.Refusal) error { a.refusals = append(a.refusals, r); return nil }
	im := accept.Importer{Store: w.store, Keys: w.app.keys, Now: w.app.now, Batch: w.batch}
	a.counts, err = im.Run(w.ctx, plan)
	return a, err
}

// read reads a file to its end, however often that is broken off, and gives the
// last account. Whatever was stored on the way is no more than was read.
func (w *way) read(f contacts) (a account, attempts int) {
	w.t.Helper()
	for {
		attempts++
		got, err := w.try(f)
		if err == nil {
			return got, attempts
		}
		if !errors.Is(err, errInjected) && !strings.Contains(err.Error(), "injected") {
			w.t.Fatalf("%s: %v", filepath.Base(f.path), err)
		}
		if attempts > 1000 {
			w.t.Fatalf("%s: never read to its end", filepath.Base(f.path))
		}
	}
}

func (w *way) dump() string {
	w.t.Helper()
	text, err := dump(w.ctx, w.db, w.app.controller)
	if err != nil {
		w.t.Fatalf("%v", err)
	}
	return text
}

// same compares what two ways have stored.
func same(t failer, what string, got, want string) {
	t.Helper()
	if got == want {
		return
	}
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	t.Errorf("%s: the tables differ: %d lines, want %d\nonly there: %s\nonly wanted: %s", what, len(g), len(w), missing(g, w), missing(w, g))
}

// missing gives the first lines of a that are not in b.
func missing(a, b []string) string {
	in := map[string]int{}
	for _, l := range b {
		in[l]++
	}
	var out []string
	for _, l := range a {
		if in[l]--; in[l] < 0 && len(out) < 3 {
			out = append(out, l)
		}
	}
	return strings.Join(out, "\n")
}

func sameRefusals(t failer, what string, got, want []accept.Refusal) {
	t.Helper()
	if g, w := listed(got), listed(want); g != w {
		t.Errorf("%s: refused\n%s\nwant\n%s", what, g, w)
	}
}

// listed are refusals without their rows, one a line.
func listed(rs []accept.Refusal) string {
	var b strings.Builder
	for _, r := range rs {
		fmt.Fprintf(&b, "%d %s: %s\n", r.Line, r.Field, r.Reason)
	}
	return b.String()
}

// accounted holds what must be true of every account: each row read ended as one
// thing, and each refusal has its line and a reason to act on.
func accounted(t failer, a account) {
	t.Helper()
	if int64(len(a.refusals)) != a.counts.Refused {
		t.Errorf("%d rows count as refused, and %d were reported", a.counts.Refused, len(a.refusals))
	}
	last := int64(0)
	for _, r := range a.refusals {
		if r.Line <= last {
			t.Errorf("line %d is refused behind line %d", r.Line, last)
		}
		last = r.Line
		if what, remedy, _ := strings.Cut(strings.Replace(r.Reason, "; ", ": ", 1), ": "); what == "" || remedy == "" {
			t.Errorf("line %d is refused with %q, which tells nobody what to do", r.Line, r.Reason)
		}
	}
}

// layoutFiles writes a file of every layout.
func layoutFiles(t *testing.T, dir string, seed int64, rows int) (files []contacts, expects []sample.Expect) {
	t.Helper()
	for _, l := range sample.Layouts() {
		f, err := os.Create(filepath.Join(dir, fmt.Sprintf("%d-%s", seed, l.FileName)))
		if err != nil {
			t.Fatal(err)
		}
		e, err := l.Write(f, seed, rows)
		if err := errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
		files, expects = append(files, contacts{path: f.Name(), source: l.Source.Key}), append(expects, e)
	}
	return files, expects
}

// sampleFolders is where more contact files may lie: real ones, which have no
// place in a repository. Files called like those of the layouts are read as those.
const sampleFolders = "ARTICLE14_SAMPLES"

// realNames are other names of files in our layouts.
var realNames = map[string]string{"lead-tool-export.csv": "lead_tool", "tableur-fr.csv": "tableur", "whois-registrants.ndjson": "registry",
	"broker-unicode.txt": "broker", "hard-cases.csv": "hard"}

// extraFiles are those in the folders of [sampleFolders], if there are any.
func extraFiles(t *testing.T) (files []contacts) {
	t.Helper()
	for _, dir := range filepath.SplitList(os.Getenv(sampleFolders)) {
		found, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		before := len(files)
		for _, f := range found {
			source := realNames[f.Name()]
			for _, l := range sample.Layouts() {
				if l.FileName == f.Name() {
					source = l.Source.Key
				}
			}
			if source != "" {
				files = append(files, contacts{path: filepath.Join(dir, f.Name()), source: source})
			}
		}
		if len(files) == before {
			t.Fatalf("%s holds no file whose layout its name tells", dir)
		}
	}
	return files
}

// TestEveryRowOfEveryLayoutIsAccountedFor reads a file of each layout, and holds
// its account against what the file is known to hold.
func TestEveryRowOfEveryLayoutIsAccountedFor(t *testing.T) { // L1, S1, D4
	m := newMatrix(t)
	files, expects := layoutFiles(t, m.dir, 1, 150)
	w := m.way(t.Context(), t, 0)
	for i, f := range files {
		a, _ := w.read(f)
		accounted(t, a)
		e := expects[i]
		name := filepath.Base(f.path)
		if a.rows() != int64(e.Rows) || a.counts.Accepted != int64(e.People-e.Undated) || a.counts.Refused != int64(len(e.Faults)+e.Undated) {
			t.Errorf("%s: %+v, want %d rows, %d people, %d without a date, and %d at fault; refused:\n%s", name, a.counts, e.Rows, e.People, e.Undated,
				len(e.Faults), listed(a.refusals))
		}
		refused := map[int64]accept.Refusal{}
		for _, r := range a.refusals {
			refused[r.Line] = r
		}
		for _, want := range e.Faults {
			if r := refused[want.Line]; r.Field != want.Field || !strings.Contains(r.Reason, want.Says) {
				t.Errorf("%s: line %d is refused for %q: %q; want %q: %q", name, want.Line, r.Field, r.Reason, want.Field, want.Says)
			}
		}
	}
}

// TestASecondImportAddsNothing holds for the same file, which is known by its
// bytes, and for the same rows under other bytes, which are known one by one.
func TestASecondImportAddsNothing(t *testing.T) { // D5
	m := newMatrix(t)
	files, _ := layoutFiles(t, m.dir, 2, 60)
	for _, f := range append(files, extraFiles(t)...) {
		f.basis = mailer.ObtainedUnknown
		w := m.way(t.Context(), t, 16)
		first, _ := w.read(f)
		accounted(t, first)
		before := w.dump()
		again, _ := w.read(f)
		if want := first.counts; !again.counts.Already || again.rows() != first.rows() || again.counts.Accepted != want.Accepted {
			t.Errorf("%s: the same file again gives %+v, want %+v, already", filepath.Base(f.path), again.counts, want)
		}
		sameRefusals(t, "the same file again", again.refusals, first.refusals)
		same(t, filepath.Base(f.path)+" again", w.dump(), before)

		// Other settings make the same bytes another import.
		people := w.people()
		plan, file, err := importPlan{file: f.path, source: f.source, activity: demoActivity, basis: f.basis, said: "another"}.open(w.app.controller, w.app.reg, w.app.now)
		if err != nil {
			t.Fatal(err)
		}
		plan.Import.SettingsHash = []byte("other settings")
		im := accept.Importer{Store: w.store, Keys: w.app.keys, Now: w.app.now, Batch: 7}
		counts, err := im.Run(w.ctx, plan)
		file.Close()
		if err != nil {
			t.Fatal(err)
		}
		if counts.Accepted != 0 || counts.Merged != first.counts.Accepted+first.counts.Merged || counts.Refused != first.counts.Refused {
			t.Errorf("%s: its rows again give %+v, after %+v", filepath.Base(f.path), counts, first.counts)
		}
		same(t, filepath.Base(f.path)+", its people after its rows came again", w.people(), people)
	}
}

// people is the part of the dump that is about people.
func (w *way) people() string {
	var out []string
	for l := range strings.SplitSeq(w.dump(), "\n") {
		if strings.HasPrefix(l, `["contact"`) {
			out = append(out, l)
		}
	}
	return strings.Join(out, "\n")
}

// TestBatchesAndStopsMakeNoDifference reads all layouts one after the other: at
// once, in batches of several sizes, and broken off at every statement that
// stores something, at every commit, and behind commits whose answers were lost.
func TestBatchesAndStopsMakeNoDifference(t *testing.T) {
	m := newMatrix(t)
	files, _ := layoutFiles(t, m.dir, 3, 40)
	more, _ := layoutFiles(t, m.dir, 3, 25) // the same people, fewer of them, and faults on other lines
	for i := range more {
		more[i].basis = mailer.ObtainedUnknown
	}
	files = append(append(files, more...), extraFiles(t)...)
	whole := m.way(t.Context(), t, 0)
	var accounts []account
	for _, f := range files {
		a, _ := whole.read(f)
		accounts = append(accounts, a)
	}
	want := whole.dump()
	if len(want) < 100_000 {
		t.Fatalf("there is nothing to compare: %d bytes", len(want))
	}
	compare := func(name string, w *way) (attempts int) {
		for i, f := range files {
			a, n := w.read(f)
			attempts += n
			if a.counts != accounts[i].counts {
				t.Errorf("%s, %s: %+v, want %+v", name, filepath.Base(f.path), a.counts, accounts[i].counts)
			}
			sameRefusals(t, name, a.refusals, accounts[i].refusals)
		}
		same(t, name, w.dump(), want)
		return attempts
	}
	for _, batch := range []int{3, 17, 64} {
		compare(fmt.Sprintf("in batches of %d", batch), m.way(t.Context(), t, batch))
	}
	for _, after := range []bool{false, true} {
		w := m.way(t.Context(), t, 16)
		w.store = &lossy{ImportStore: w.app.store, after: after, lost: map[string]bool{}}
		if n := compare(fmt.Sprintf("answers lost, committed %v", after), w); n < 2*len(files) {
			t.Errorf("answers were lost %d times only", n-len(files))
		}
	}
	for name, install := range faults {
		w := m.way(t.Context(), t, 24)
		if _, err := m.db.ExecContext(t.Context(), fmt.Sprintf(install, w.app.controller)); err != nil {
			t.Fatal(err)
		}
		if n := compare(name, w); n < 2*len(files) {
			t.Errorf("%s: broken off %d times only", name, n-len(files))
		}
		if _, err := m.db.ExecContext(t.Context(), `DROP FUNCTION injected() CASCADE; DROP SEQUENCE injected_at`); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTwoFilesAtOnceAreTheSamePeople imports files about the same people side by
// side: nobody becomes two, and every obtaining is on record.
func TestTwoFilesAtOnceAreTheSamePeople(t *testing.T) { // D5
	m := newMatrix(t)
	files, _ := layoutFiles(t, m.dir, 4, 60)
	more, _ := layoutFiles(t, t.TempDir(), 4, 61) // the same people and one more
	clock := m.now
	var tick sync.Mutex
	m.now = func() time.Time { tick.Lock(); defer tick.Unlock(); return clock() }
	for i := range files {
		one, two := m.way(t.Context(), t, 8), m.way(t.Context(), t, 8)
		one.read(files[i])
		one.read(more[i])
		var both sync.WaitGroup
		for _, f := range []contacts{files[i], more[i]} {
			both.Go(func() {
				if a, err := two.try(f); err != nil {
					t.Errorf("%s: %v", filepath.Base(f.path), err)
				} else {
					accounted(t, a)
				}
			})
		}
		both.Wait()
		for _, table := range []string{"contact", "identifier", "acquisition", "duty"} {
			if got, want := two.rowsOf(table), one.rowsOf(table); got != want || want < 50 {
				t.Errorf("%s: %d rows of %s, one after the other %d", filepath.Base(files[i].path), got, table, want)
			}
		}
	}
}

func (w *way) rowsOf(table string) (n int64) {
	w.t.Helper()
	if err := w.db.QueryRowContext(w.ctx, `SELECT count(*) FROM `+table+` WHERE controller_id = $1`, w.app.controller).Scan(&n); err != nil {
		w.t.Fatalf("%v", err)
	}
	return n
}

// errInjected is an error on order.
var errInjected = errors.New("injected")

// lossy loses the answer about each batch once: before anything of it is
// stored, or after all of it was.
type lossy struct {
	accept.ImportStore
	after bool
	lost  map[string]bool // batches
}

func (l *lossy) Merge(ctx context.Context, controller, imp mailer.ID, keys accept.BatchKeys, now time.Time, decide func([]mailer.Known, map[string]bool) accept.Merge) error {
	lose := false
	err := l.ImportStore.Merge(ctx, controller, imp, keys, now, func(known []mailer.Known, suppressed map[string]bool) accept.Merge {
		m := decide(known, suppressed)
		batch := fmt.Sprint(imp, m.From)
		if lose = m.Rows > 0 && !l.lost[batch]; lose {
			l.lost[batch] = true
			if !l.after {
				return accept.Merge{}
			}
		}
		return m
	})
	if lose {
		return errors.Join(err, errInjected)
	}
	return err
}

// faults make PostgreSQL refuse: the nth statement that stores something, for each n
// in turn with some that pass between, and commits. A sequence counts, since a
// transaction that is rolled back does not take back what it drew from it.
var faults = map[string]string{
	"a statement fails": `
		CREATE SEQUENCE injected_at;
		CREATE FUNCTION injected() RETURNS trigger LANGUAGE plpgsql AS $$
		DECLARE n bigint := nextval('injected_at'); -- of %[1]s
		BEGIN
			IF n %% 13 = 0 THEN RAISE EXCEPTION 'injected'; END IF;
			RETURN NULL;
		END $$;
		CREATE TRIGGER injected AFTER INSERT OR UPDATE ON contact FOR EACH STATEMENT EXECUTE FUNCTION injected();
		CREATE TRIGGER injected AFTER INSERT ON identifier FOR EACH STATEMENT EXECUTE FUNCTION injected();
		CREATE TRIGGER injected AFTER INSERT ON acquisition FOR EACH STATEMENT EXECUTE FUNCTION injected();
		CREATE TRIGGER injected AFTER INSERT OR UPDATE ON duty FOR EACH STATEMENT EXECUTE FUNCTION injected();
		CREATE TRIGGER injected AFTER INSERT ON counter FOR EACH STATEMENT EXECUTE FUNCTION injected();
		CREATE TRIGGER injected AFTER UPDATE ON import FOR EACH STATEMENT EXECUTE FUNCTION injected()`,
	"a commit fails": `
		CREATE SEQUENCE injected_at;
		CREATE FUNCTION injected() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN
			IF NEW.controller_id = '%[1]s' AND nextval('injected_at') %% 3 = 1 THEN RAISE EXCEPTION 'injected'; END IF;
			RETURN NULL;
		END $$;
		CREATE CONSTRAINT TRIGGER injected AFTER UPDATE ON import DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION injected()`,
}
