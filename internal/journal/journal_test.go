package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"

	"article14/mailer"
	"article14/mailer/deliver"
)

func TestWhatAKilledWorkerHadWrittenIsFound(t *testing.T) { // E5
	folder := t.TempDir()
	j := opened(t, folder)
	must(t, j.Claimed(id(1)))
	for n := byte(10); n < 13; n++ {
		must(t, j.Note(sending(1, n)))
	}
	must(t, j.Note(answered(1, 11)))
	back := sending(1, 12)
	back.To = mailer.Queued
	must(t, j.Note(back))
	j.killed(t)
	want := []deliver.Leftover{{Claims: []mailer.ID{id(1)}, Ends: []mailer.Settlement{sending(1, 10), answered(1, 11), back}, Whole: true}}
	got := found(t, folder)
	want[0].Worker = got[0].Worker
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("found %+v\nwant  %+v", got, want)
	}
	if got := found(t, folder); len(got) != 0 || len(files(t, folder)) != 0 {
		t.Errorf("what was taken is still there: %v, %v", got, files(t, folder))
	}
}

func TestOfAClaimThatHasEndedNothingIsLeft(t *testing.T) {
	folder := t.TempDir()
	j := opened(t, folder)
	for claim := byte(1); claim <= 2; claim++ {
		must(t, j.Claimed(id(claim)))
		must(t, j.Note(answered(claim, 10+claim)))
	}
	j.Ended(id(1))
	must(t, j.Claimed(id(3))) // what has ended goes along with it
	j.killed(t)
	got := found(t, folder)
	if len(got) != 1 || len(got[0].Ends) != 1 || got[0].Ends[0].ClaimID != id(2) || len(got[0].Claims) != 2 {
		t.Errorf("found %+v", got)
	}
}

func TestAWorkerThatStopsLeavesNothing(t *testing.T) {
	folder := t.TempDir()
	j := opened(t, folder)
	must(t, j.Claimed(id(1)))
	must(t, j.Note(answered(1, 10)))
	j.Ended(id(1))
	must(t, j.Close())
	if got := files(t, folder); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

func TestAWorkerThatStopsWithAClaimOpenLeavesItsJournal(t *testing.T) {
	folder := t.TempDir()
	j := opened(t, folder)
	must(t, j.Claimed(id(1)))
	must(t, j.Close())
	if got := found(t, folder); len(got) != 1 || !reflect.DeepEqual(got[0].Claims, []mailer.ID{id(1)}) {
		t.Errorf("found %+v", got)
	}
}

func TestWhatAReplayFailedOnIsFoundAgain(t *testing.T) {
	folder := t.TempDir()
	j := opened(t, folder)
	must(t, j.Claimed(id(1)))
	j.killed(t)
	other := opened(t, folder)
	away := errors.New("the database is away")
	for range 2 {
		if err := other.Replay(func(deliver.Leftover) error { return away }); !errors.Is(err, away) {
			t.Fatalf("the replay ended with %v", err)
		}
	}
	must(t, other.Close())
	if got := found(t, folder); len(got) != 1 {
		t.Errorf("found %+v", got)
	}
}

func TestJournalsOfOtherControllersAreLeftAlone(t *testing.T) {
	folder := t.TempDir()
	j := opened(t, folder)
	must(t, j.Claimed(id(1)))
	j.killed(t)
	other, err := Open(folder, id(201), time.Now)
	must(t, err)
	must(t, other.Replay(func(l deliver.Leftover) error { t.Errorf("found %+v", l); return nil }))
	must(t, other.Close())
	if got := found(t, folder); len(got) != 1 {
		t.Errorf("found %+v", got)
	}
}

// TestACutJournalGivesWhatStandsBeforeTheCut cuts a journal at every octet, as a kill
// may cut its last line: what is read is what was written until then.
func TestACutJournalGivesWhatStandsBeforeTheCut(t *testing.T) { // E5
	root := t.TempDir()
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		folder := filepath.Join(root, fmt.Sprint(n))
		j, err := Open(folder, id(200), func() time.Time { return noon })
		if err != nil {
			rt.Fatal(err)
		}
		steps := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) step { return anyStep(t) }), 1, 5).Draw(rt, "steps")
		states := []state{{at: j.size}} // after each line
		for _, s := range steps {
			s.do(rt, j)
			states = append(states, states[len(states)-1].after(s, j.size))
		}
		page := j.pages[0].path
		whole, err := os.ReadFile(page)
		if err != nil {
			rt.Fatal(err)
		}
		j.file.Close()
		j.lock.Close()
		known := 0
		for cut := int64(len(whole)); cut >= 0; cut-- {
			for known = len(states) - 1; known > 0 && states[known].at > cut; known-- {
			}
			r := reading{boot: j.boot, ends: map[mailer.ID]mailer.Settlement{}, claims: map[mailer.ID]bool{}}
			if err := r.page(bytes.NewReader(whole[:cut]), 1, true); err != nil {
				rt.Fatal(err)
			}
			left := r.leftover(id(0))
			if cut >= states[0].at && !left.Whole || left.Damage != "" {
				rt.Fatalf("cut at %d of %d: whole %v, damage %q", cut, len(whole), left.Whole, left.Damage)
			}
			if got, want := fmt.Sprint(len(left.Claims), left.Ends), states[known].String(); got != want {
				rt.Fatalf("cut at %d of %d: read %s, written %s", cut, len(whole), got, want)
			}
		}
	})
}

// step is one call of a worker: a claim is made, one ends, or an attempt is noted.
type step struct {
	claim, attempt byte
	what           string
	to             mailer.DeliveryState
}

func anyStep(t *rapid.T) step {
	return step{claim: rapid.ByteRange(1, 3).Draw(t, "claim"), attempt: rapid.ByteRange(10, 13).Draw(t, "attempt"),
		what: rapid.SampledFrom([]string{"claim", "note", "note", "note", "end"}).Draw(t, "what"),
		to:   rapid.SampledFrom([]mailer.DeliveryState{mailer.Uncertain, mailer.Relayed, mailer.Queued}).Draw(t, "to")}
}

func (s step) settlement() mailer.Settlement {
	e := sending(s.claim, s.claim*50+s.attempt) // an attempt is made under one claim
	e.To = s.to
	return e
}

func (s step) do(t *rapid.T, j *Journal) {
	var err error
	switch s.what {
	case "claim":
		err = j.Claimed(id(s.claim))
	case "note":
		err = j.Note(s.settlement())
	case "end":
		j.Ended(id(s.claim))
		err = j.write(0) // it would go along with the next line
	}
	if err != nil {
		t.Fatal(err)
	}
}

// state is what a journal says up to an octet, worked out in the plainest way.
type state struct {
	at     int64
	claims []byte
	ends   []mailer.Settlement
}

func (s state) after(do step, at int64) state {
	next := state{at: at}
	open := bytes.IndexByte(s.claims, do.claim) >= 0
	for _, c := range s.claims {
		if c != do.claim || do.what != "end" {
			next.claims = append(next.claims, c)
		}
	}
	if do.what == "claim" && !open {
		next.claims = append(next.claims, do.claim)
	}
	said := do.what == "note" && open
	for _, e := range s.ends {
		if said && e.AttemptID == do.settlement().AttemptID {
			e, said = do.settlement(), false
		}
		next.ends = append(next.ends, e)
	}
	if said {
		next.ends = append(next.ends, do.settlement())
	}
	return next
}

func (s state) String() string {
	var open []mailer.Settlement
	for _, e := range s.ends {
		for _, c := range s.claims {
			if e.ClaimID == id(c) {
				open = append(open, e)
			}
		}
	}
	return fmt.Sprint(len(s.claims), open)
}

// TestADamagedJournalSaysSo changes octets: whatever is read was written, and a
// journal that was read to its end says the same as before.
func TestADamagedJournalSaysSo(t *testing.T) {
	folder := t.TempDir()
	j := opened(t, folder)
	must(t, j.Claimed(id(1)))
	for n := byte(10); n < 14; n++ {
		must(t, j.Note(answered(1, n)))
	}
	page, boot := j.pages[0].path, j.boot
	must(t, j.Close())
	whole, err := os.ReadFile(page)
	must(t, err)
	for at := range whole {
		for _, change := range []byte{1, 0x80, whole[at], whole[at] ^ '\n'} { // to 0, and to a line feed
			damaged := bytes.Clone(whole)
			damaged[at] ^= change
			r := reading{boot: boot, ends: map[mailer.ID]mailer.Settlement{}, claims: map[mailer.ID]bool{}}
			err := r.page(bytes.NewReader(damaged), 1, true)
			left := r.leftover(id(0))
			lastLineTorn := at == len(whole)-1 // as a kill tears it
			if err == nil && left.Whole && !lastLineTorn && change != 0 {
				t.Fatalf("octet %d: the damage was not seen: %+v", at, left)
			}
			for i, e := range left.Ends {
				if !reflect.DeepEqual(e, answered(1, 10+byte(i))) {
					t.Fatalf("octet %d: read what was never written: %+v", at, e)
				}
			}
		}
	}
}

func TestAfterTheMachineWentDownTheEndMayBeMissing(t *testing.T) {
	folder := t.TempDir()
	j := opened(t, folder)
	j.boot = "another"
	must(t, j.turn())
	must(t, j.Claimed(id(1)))
	must(t, j.Note(answered(1, 10)))
	j.killed(t)
	got := found(t, folder)
	if len(got) != 1 || got[0].Whole || len(got[0].Ends) != 1 {
		t.Errorf("found %+v; want what was answered, and no word on the rest", got)
	}
}

func TestAMissingPageIsDamage(t *testing.T) {
	folder := t.TempDir()
	j := opened(t, folder)
	must(t, j.Claimed(id(1)))
	for range 2 {
		must(t, j.turn())
	}
	must(t, j.Note(answered(1, 10)))
	must(t, os.Remove(j.pages[1].path))
	j.killed(t)
	if got := found(t, folder); len(got) != 1 || got[0].Whole || !strings.Contains(got[0].Damage, "page 2") {
		t.Errorf("found %+v", got)
	}
}

func TestPagesOfANewerProgramAreLeftAlone(t *testing.T) {
	folder := t.TempDir()
	j := opened(t, folder)
	page := j.pages[0].path
	must(t, os.WriteFile(page, appendHead(nil, head{Format: format + 1, Page: 1, Boot: j.boot}), 0o600))
	j.killed(t)
	other := opened(t, folder)
	err := other.Replay(func(l deliver.Leftover) error { t.Errorf("found %+v", l); return nil })
	if !errors.Is(err, errNewer) || len(files(t, folder)) != 2 {
		t.Errorf("%v, %v", err, files(t, folder))
	}
	must(t, other.Close())
}

func TestPagesGoWhenTheirClaimsHaveEnded(t *testing.T) {
	folder := t.TempDir()
	j := opened(t, folder)
	for claim := byte(1); claim < 100; claim++ {
		must(t, j.Claimed(id(claim)))
		for range 400 {
			must(t, j.Note(answered(claim, claim)))
		}
		j.size += pageSize / 2 // as if so much were written
		if claim > 1 {
			j.Ended(id(claim - 1))
		}
	}
	if got := files(t, folder); len(got) > 3 {
		t.Errorf("%d pages are left with one claim open: %v", len(got), got)
	}
	j.killed(t)
	if got := found(t, folder); len(got) != 1 || !got[0].Whole || len(got[0].Claims) > 2 {
		t.Errorf("found %+v", got)
	}
}

// TestAFullDiskIsToldAndWhatWasWrittenStays writes to a device that is always full,
// and then to the page again.
func TestAFailedWriteIsToldAndLeavesNoTornLineBehind(t *testing.T) {
	folder := t.TempDir()
	j := opened(t, folder)
	must(t, j.Claimed(id(1)))
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	must(t, err)
	page := j.file
	j.file = full
	if err := j.Note(sending(1, 10)); !errors.Is(err, syscall.ENOSPC) || j.Check(t.Context()) == nil {
		t.Fatalf("a full disk gave %v", err)
	}
	j.file = page
	_, err = page.WriteString("half of a li") // and this is what a write leaves for which there was not room enough
	must(t, err)
	j.torn = true
	must(t, j.Note(sending(1, 11)))
	must(t, j.Check(t.Context()))
	must(t, full.Close())
	j.killed(t)
	if got := found(t, folder); len(got) != 1 || !got[0].Whole || len(got[0].Ends) != 1 || got[0].Ends[0].AttemptID != id(11) {
		t.Errorf("found %+v", got)
	}
}

// A disk that fails can keep what is to be removed, too.
func TestAPageThatCouldNotBeBegunIsBegunAgain(t *testing.T) {
	folder := t.TempDir()
	j := opened(t, folder)
	must(t, j.Claimed(id(1)))
	must(t, os.WriteFile(filepath.Join(j.own, "000002"), []byte("half of a he"), 0o600))
	j.size = pageSize
	must(t, j.Note(sending(1, 11)))
	j.killed(t)
	if got := found(t, folder); len(got) != 1 || !got[0].Whole || len(got[0].Ends) != 1 || got[0].Ends[0].AttemptID != id(11) {
		t.Errorf("found %+v", got)
	}
}

func TestAJournalWhoseFolderIsRemovedBeginsAnew(t *testing.T) {
	folder := t.TempDir()
	j := opened(t, folder)
	must(t, j.Claimed(id(1)))
	must(t, os.RemoveAll(folder))
	must(t, j.Replay(func(deliver.Leftover) error { return nil }))
	if err := j.Note(sending(1, 10)); !errors.Is(err, errGone) {
		t.Fatalf("a line that nobody will find was written: %v", err)
	}
	j.Ended(id(1))
	must(t, j.Claimed(id(2)))
	j.killed(t)
	if got := found(t, folder); len(got) != 1 || !reflect.DeepEqual(got[0].Claims, []mailer.ID{id(2)}) {
		t.Errorf("found %+v", got)
	}
}

func TestOnlyItsOwnerCanReadAJournal(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "journal")
	j := opened(t, folder)
	for path, want := range map[string]os.FileMode{folder: 0o700, j.folder: 0o700, j.own: 0o700, j.pages[0].path: 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v; want %v", path, info.Mode(), err, want)
		}
	}
	must(t, j.Close())
}

// TestTheLockOfAWorkerEndsWithItsProcess has a process of its own hold a journal.
func TestTheLockOfAWorkerEndsWithItsProcess(t *testing.T) {
	if folder := os.Getenv("JOURNAL_TEST_HOLDS"); folder != "" {
		j := opened(t, folder)
		must(t, j.Claimed(id(1)))
		fmt.Println("held")
		io.Copy(io.Discard, os.Stdin) // until it is killed
	}
	folder := t.TempDir()
	self, err := os.Executable()
	must(t, err)
	cmd := exec.CommandContext(t.Context(), self, "-test.run", "^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), "JOURNAL_TEST_HOLDS="+folder)
	in, err := cmd.StdinPipe()
	must(t, err)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	if _, err := io.ReadFull(out, make([]byte, len("held\n"))); err != nil {
		t.Fatal(err)
	}
	if got := found(t, folder); len(got) != 0 {
		t.Fatalf("the journal of a living worker was taken: %+v", got)
	}
	must(t, cmd.Process.Kill())
	cmd.Wait()
	in.Close()
	if got := found(t, folder); len(got) != 1 || !got[0].Whole {
		t.Errorf("found %+v", got)
	}
}
