package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"article14/mailer"
)

var (
	noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	key  = []byte("the identity key's fingerprint")
)

func open(t testing.TB, path string) *File {
	t.Helper()
	l, err := Open(path, key, noon)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func entry(n int) mailer.LedgerEntry {
	return mailer.LedgerEntry{Kind: mailer.LedgerErasure, At: noon.Add(time.Duration(n) * time.Second), Controller: mailer.ID{1}, Cause: "decided",
		Contacts:   []mailer.ID{mailer.NewID(noon)},
		Suppressed: []mailer.LedgerHash{{Kind: mailer.ByEmail, KeyID: "a", Hash: []byte{byte(n), '<', '>'}, Scope: mailer.SuppressUse, Reason: "erased"}}}
}

func add(t testing.TB, l *File, n int) mailer.LedgerPlace {
	t.Helper()
	places, err := l.Append([]mailer.LedgerEntry{entry(n)})
	if err != nil || len(places) != 1 {
		t.Fatalf("%v, %v", places, err)
	}
	return places[0]
}

// seconds are those of the entries behind a mark, in order.
func seconds(l *File, from Mark) (out []int, end Mark, err error) {
	end, err = l.Read(from, func(e mailer.LedgerEntry, _ Mark) error {
		out = append(out, int(e.At.Sub(noon)/time.Second))
		return nil
	})
	return out, end, err
}

func TestWhatIsAppendedIsReadAgainInOrderByWhoeverOpensIt(t *testing.T) { // R5
	path := filepath.Join(t.TempDir(), "new", "ledger")
	a := open(t, path)
	if p := add(t, a, 1); p.Line != 1 || p.Ledger != a.ID() {
		t.Errorf("%+v", p)
	}
	b := open(t, path) // another process
	if b.ID() != a.ID() {
		t.Fatal("opened again it is another ledger")
	}
	add(t, b, 2)
	if p := add(t, a, 3); p.Line != 3 { // it sees what the other has appended
		t.Errorf("%+v", p)
	}
	got, end, err := seconds(b, Mark{})
	if err != nil || !slices.Equal(got, []int{1, 2, 3}) {
		t.Fatalf("%v, %v", got, err)
	}
	add(t, b, 4)
	if got, _, err := seconds(a, end); err != nil || !slices.Equal(got, []int{4}) {
		t.Errorf("behind a mark: %v, %v", got, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("its mode is %v, %v", info.Mode(), err)
	}
}

func TestManyWritersOfSeveralProcessesLoseNothingAndTakeNoLineTwice(t *testing.T) { // invariant 1
	path := filepath.Join(t.TempDir(), "ledger")
	var wg sync.WaitGroup
	var mu sync.Mutex
	taken := map[int64]int{}
	for p := range 4 {
		l := open(t, path)
		for w := range 8 {
			wg.Go(func() {
				for i := range 5 {
					places, err := l.Append([]mailer.LedgerEntry{entry(p*1000 + w*10 + i), entry(p*1000 + w*10 + i)})
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					taken[places[0].Line]++
					taken[places[1].Line]++
					mu.Unlock()
				}
			})
		}
	}
	wg.Wait()
	got, end, err := seconds(open(t, path), Mark{})
	if err != nil || len(got) != 320 || len(taken) != 320 || end.Line != 320 {
		t.Errorf("%d lines read, %d places given, %v", len(got), len(taken), err)
	}
}

func TestALineThatWasBrokenOffIsCutOffAndNothingElse(t *testing.T) { // invariant 7
	path := filepath.Join(t.TempDir(), "ledger")
	l := open(t, path)
	add(t, l, 1)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	add(t, l, 2)
	both, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for cut := len(whole); cut < len(both); cut++ { // killed at any octet of the second line
		if err := os.WriteFile(path, both[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		again := open(t, path)
		if p := add(t, again, 3); p.Line != 2 {
			t.Fatalf("cut at %d: %+v", cut, p)
		}
		if got, _, err := seconds(again, Mark{}); err != nil || !slices.Equal(got, []int{1, 3}) {
			t.Fatalf("cut at %d: %v, %v", cut, got, err)
		}
	}
}

func TestAHeadThatWasBrokenOffIsWrittenAgain(t *testing.T) { // invariant 7
	path := filepath.Join(t.TempDir(), "ledger")
	if err := os.WriteFile(path, []byte(`{"ledger":"019`), 0o600); err != nil {
		t.Fatal(err)
	}
	add(t, open(t, path), 1)
}

// TestEveryChangeOfASoundLedgerIsFound changes one octet, leaves a line out, or puts one twice.
func TestEveryChangeOfASoundLedgerIsFound(t *testing.T) { // T4
	dir := t.TempDir()
	path := filepath.Join(dir, "ledger")
	l := open(t, path)
	for i := range 6 {
		add(t, l, i)
	}
	sound, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		lines := bytes.SplitAfter(bytes.Clone(sound), []byte("\n"))
		lines = lines[:len(lines)-1]
		i := rapid.IntRange(0, len(lines)-2).Draw(t, "line") // what is missing at the end, the database's mark tells
		switch rapid.SampledFrom([]string{"change", "leave out", "twice", "swap"}).Draw(t, "what") {
		case "change":
			at := rapid.IntRange(0, len(lines[i])-2).Draw(t, "at")
			lines[i][at] ^= byte(rapid.IntRange(1, 255).Draw(t, "by"))
		case "leave out":
			lines = slices.Delete(lines, i, i+1)
		case "twice":
			lines = slices.Insert(lines, i, lines[i])
		case "swap":
			lines[i], lines[i+1] = lines[i+1], lines[i]
		}
		n++
		path := filepath.Join(dir, fmt.Sprint("changed", n))
		if err := os.WriteFile(path, bytes.Join(lines, nil), 0o600); err != nil {
			t.Fatal(err)
		}
		l, err := Look(path)
		if err == nil {
			defer l.Close()
			_, _, err = seconds(l, Mark{})
		}
		var d *Damage
		if !errors.As(err, &d) || !strings.Contains(err.Error(), path) {
			t.Fatalf("not found: %v", err)
		}
	})
}

func TestALedgerThatEndsBeforeItsDatabaseIsDamaged(t *testing.T) { // T4
	path := filepath.Join(t.TempDir(), "ledger")
	l := open(t, path)
	add(t, l, 1)
	short, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	add(t, l, 2)
	_, end, err := seconds(l, Mark{})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, short, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := seconds(open(t, path), end); !errors.As(err, new(*Damage)) {
		t.Errorf("%v", err)
	}
}

func TestALedgerOfOtherKeysOrFormatIsRefused(t *testing.T) { // R5
	path := filepath.Join(t.TempDir(), "ledger")
	open(t, path)
	if _, err := Open(path, []byte("another"), noon); err == nil || !strings.Contains(err.Error(), "another identity key") {
		t.Errorf("%v", err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, bytes.Replace(b, []byte(`"format":1`), []byte(`"format":2`), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, key, noon); err == nil || !strings.Contains(err.Error(), "format 2") {
		t.Errorf("%v", err)
	}
}

func TestWhatTheDiskDidNotTakeIsNotBuiltUpon(t *testing.T) { // invariants 1, 7
	path := filepath.Join(t.TempDir(), "ledger")
	l := open(t, path)
	add(t, l, 1)
	full := errors.New("no space left on device")
	sync := l.sync
	l.sync = func() error { return full }
	if _, err := l.Append([]mailer.LedgerEntry{entry(2)}); !errors.Is(err, full) {
		t.Fatalf("%v", err)
	}
	l.sync = sync
	if p := add(t, l, 3); p.Line != 2 {
		t.Errorf("%+v", p)
	}
	if got, _, err := seconds(l, Mark{}); err != nil || !slices.Equal(got, []int{1, 3}) {
		t.Errorf("%v, %v", got, err)
	}
}

func TestALedgerThatIsTakenAwayTakesNothingMore(t *testing.T) { // R5
	for name, put := range map[string]bool{"away": false, "another in its place": true} {
		path := filepath.Join(t.TempDir(), "ledger")
		l := open(t, path)
		if err := os.Rename(path, path+".old"); err != nil {
			t.Fatal(err)
		}
		if put {
			open(t, path)
		}
		if _, err := l.Append([]mailer.LedgerEntry{entry(1)}); err == nil {
			t.Errorf("%s: an entry went into a file that nobody will find", name)
		}
	}
}
