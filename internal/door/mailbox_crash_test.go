package door

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"article14/mailer/track"
)

// kills cuts the connection at one moment of each message's way: "before" or "after" a
// command, or around its keeping. It does so the first time that the moment comes, and then at
// every so manieth.
type kills struct {
	mu     sync.Mutex
	moment string
	every  int
	seen   int
	done   int
}

func (k *kills) at(moment string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if moment != k.moment {
		return nil
	}
	if k.seen++; (k.seen-1)%k.every != 0 {
		return nil
	}
	k.done++
	return errCut
}

func (k *kills) times() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.done
}

// killed gives a visit of the mailbox with kills at a moment. A kill around the keeping ends
// the visit there: nothing is asked of the server any more.
func (o *office) killed(d *desk, k *kills, moveTo string) (visit func() error) {
	o.before = func(command string) error { return k.at("before " + command) }
	o.after = func(command string) error { return k.at("after " + command) }
	m := o.mailbox(d)
	m.MoveTo = moveTo
	var end context.CancelFunc
	m.Take = func(ctx context.Context, in track.Incoming) error {
		if k.at("fetched") != nil {
			end()
			return errCut
		}
		if err := d.Take(ctx, in); err != nil {
			return err
		}
		if k.at("kept") != nil {
			end()
			return errCut
		}
		return nil
	}
	return func() error {
		ctx, stop := context.WithCancel(o.t.Context())
		defer stop()
		end = stop
		return sweepOnce(ctx, m)
	}
}

// TestAKillAtAnyStepLosesNothing kills at each step of the order
// store, mark, delete: the first time and then again and again, until the mailbox is empty. One
// message is brought again at most, but before a move, when the marks are gone: then the batch is.
// One of the messages is larger than what is kept of it.
func TestAKillAtAnyStepLosesNothing(t *testing.T) { // E3, invariant 7
	const all = 25
	deleting := []string{"before FETCH", "after FETCH", "fetched", "kept", "before STORE $Article14", "after STORE $Article14",
		`before STORE \Deleted`, `after STORE \Deleted`, "before EXPUNGE", "after EXPUNGE"}
	moving := []string{"before FETCH", "fetched", "kept", "after STORE $Article14", "before MOVE", "after MOVE"}
	for moveTo, moments := range map[string][]string{"": deleting, "Done": moving} {
		for _, moment := range moments {
			t.Run(strings.TrimSpace(moment+" "+moveTo), func(t *testing.T) {
				d, o := newDesk(t), newOffice(t, nil, imap.CapUIDPlus, imap.CapMove)
				o.deliver(letters(all - 1)...)
				o.deliver("A: large\r\n\r\n" + strings.Repeat("x", 5000))
				k := &kills{moment: moment, every: 4}
				visits := o.until(t, o.killed(d, k, moveTo))
				again := k.times()
				if again == 0 || visits < 2 {
					t.Fatalf("killed %d times, in %d visits", again, visits)
				}
				if moment == "before MOVE" {
					again *= all
				}
				d.holdsOnce(t, all, again)
				if want := map[string]uint32{"Done": all}[moveTo]; o.count("Done") != want {
					t.Errorf("%d are moved", o.count("Done"))
				}
			})
		}
	}
}

// until visits the mailbox again and again until it is empty.
func (o *office) until(t *testing.T, visit func() error) (visits int) {
	t.Helper()
	for visits = 1; ; visits++ {
		err := visit()
		if err == nil && o.count("INBOX") == 0 {
			return visits
		}
		if visits > 1000 {
			t.Fatalf("%d are left: %v", o.count("INBOX"), err)
		}
	}
}

// holdsOnce tells whether so many different messages were taken, and how many of them
// again, which their hash tells.
func (d *desk) holdsOnce(t *testing.T, all, most int) {
	t.Helper()
	distinct := map[string]int{}
	for _, in := range d.all() {
		distinct[string(in.Raw)]++
	}
	if again := len(d.all()) - len(distinct); len(distinct) != all || again > most {
		t.Errorf("%d of %d are kept, and %d brought again, not %d at most", len(distinct), all, again, most)
	}
}

func TestAThousandMessagesAreTakenWhateverIsKilled(t *testing.T) { // E3, invariant 7
	d, o := newDesk(t), newOffice(t, nil, imap.CapUIDPlus)
	for i := range 1000 {
		if _, err := o.user.Append("INBOX", literal{strings.NewReader(letter(i))}, &imap.AppendOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	k := &kills{moment: "kept", every: 137}
	o.until(t, o.killed(d, k, ""))
	if k.times() != 8 {
		t.Errorf("killed %d times", k.times())
	}
	d.holdsOnce(t, 1000, k.times())
}

// A mailbox that was deleted and put back has other UIDs under another UIDVALIDITY (RFC
// 9051, 2.3.1.1), and none of our marks. What it brings again is the same to the octet.
func TestAMailboxThatIsPutBackBringsNothingNew(t *testing.T) { // E3
	d, o := newDesk(t), newOffice(t, nil, imap.CapUIDPlus)
	o.deliver(letters(10)...)
	k := &kills{moment: "before EXPUNGE", every: 2}
	visit := o.killed(d, k, "")
	if err := visit(); err == nil || len(d.all()) != 10 {
		t.Fatalf("%v, %d kept", err, len(d.all()))
	}
	before := o.validity()
	if err := o.user.Delete("INBOX"); err != nil {
		t.Fatal(err)
	}
	if err := o.user.Create("INBOX", nil); err != nil {
		t.Fatal(err)
	}
	if o.validity() == before {
		t.Fatal("the mailbox is the one that it was")
	}
	o.deliver(letters(12)...) // and two have come since
	o.until(t, visit)
	distinct := map[string]bool{}
	for _, in := range d.all() {
		distinct[string(in.Raw)] = true
		if in.ExternalID != nil { // it is the message's own hash then
			t.Error("a message is known by what the mailbox calls it")
		}
	}
	if len(distinct) != 12 || len(d.all()) != 22 {
		t.Errorf("%d messages came in %d", len(distinct), len(d.all()))
	}
}

func (o *office) validity() uint32 {
	o.t.Helper()
	st, err := o.user.Status("INBOX", &imap.StatusOptions{UIDValidity: true})
	if err != nil {
		o.t.Fatal(err)
	}
	return st.UIDValidity
}

// TestWhatAServerGivesNothingOfStays has servers that list a message, and then break off in
// the middle of it, or give nothing: no such message may be marked or deleted.
func TestWhatAServerGivesNothingOfStays(t *testing.T) { // E3
	for name, answer := range map[string]string{
		"it breaks off":   "* 1 FETCH (UID 7 BODY[]<0> {1000}\r\nFrom: <>\r\nhalf of it",
		"NIL":             "* 1 FETCH (UID 7 BODY[]<0> NIL)\r\n",
		"an empty one":    "* 1 FETCH (UID 7 BODY[]<0> {0}\r\n)\r\n",
		"another item":    "* 1 FETCH (UID 7 FLAGS ())\r\n",
		"it is gone":      "",
		"it is not given": "NO",
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			s := newScripted(t, answer)
			m := (&office{addr: s.addr}).mailbox(d)
			err := sweepOnce(t.Context(), m)
			if quiet := name == "another item" || name == "it is gone"; (err == nil) != quiet {
				t.Errorf("the visit ended with: %v", err)
			}
			if said := s.said(); len(d.all()) != 0 || !strings.Contains(said, "FETCH") || strings.Contains(said, "STORE") || strings.Contains(said, "EXPUNGE") {
				t.Errorf("%d are kept, and it was told\n%s", len(d.all()), said)
			}
		})
	}
}

func TestWhatCannotBeKeptKeepsNothingElseWaiting(t *testing.T) { // E3
	const bad = 2 * sweepFailing
	d, o := newDesk(t), newOffice(t, nil, imap.CapUIDPlus)
	o.deliver(letters(bad + 3)...)
	d.fail = func(in track.Incoming) error {
		for i := range bad {
			if string(in.Raw) == letter(i) {
				return errAwayNow
			}
		}
		return nil
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	m, visits := o.mailbox(d), 0
	m.After = func(time.Duration) <-chan time.Time {
		if visits++; len(d.all()) == 3 || visits > 4*bad {
			stop()
		}
		now := make(chan time.Time, 1)
		now <- time.Time{}
		return now
	}
	if err := m.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if len(d.all()) != 3 || o.count("INBOX") != bad {
		t.Errorf("after %d visits %d are kept, and %d are left", visits, len(d.all()), o.count("INBOX"))
	}
}

// scripted is a mailbox with one message, UID 7, whose FETCH is answered as it is told.
type scripted struct {
	addr string
	mu   sync.Mutex
	log  strings.Builder
}

func newScripted(t *testing.T, fetch string) *scripted {
	t.Helper()
	nl, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nl.Close() })
	s := &scripted{addr: nl.Addr().String()}
	go func() {
		c, err := nl.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		io.WriteString(c, "* OK [CAPABILITY IMAP4rev1 UIDPLUS] ready\r\n")
		for in := bufio.NewScanner(c); in.Scan(); {
			s.mu.Lock()
			s.log.WriteString(in.Text() + "\n")
			s.mu.Unlock()
			tag, command, _ := strings.Cut(in.Text(), " ")
			untagged, end := s.answer(command, fetch)
			if io.WriteString(c, untagged); end == "" {
				return
			}
			fmt.Fprintf(c, "%s %s\r\n", tag, end)
		}
	}()
	return s
}

func (s *scripted) answer(command, fetch string) (untagged, end string) {
	switch {
	case strings.HasPrefix(command, "CAPABILITY"):
		return "* CAPABILITY IMAP4rev1 UIDPLUS\r\n", "OK"
	case strings.HasPrefix(command, "SELECT"):
		return "* 1 EXISTS\r\n* FLAGS (\\Deleted)\r\n* OK [PERMANENTFLAGS (\\Deleted \\*)] limited\r\n* OK [UIDVALIDITY 1] ok\r\n* OK [UIDNEXT 8] ok\r\n", "OK [READ-WRITE] ok"
	case strings.HasPrefix(command, "UID SEARCH") && strings.Contains(command, "NOT"), strings.HasPrefix(command, "UID SEARCH") && strings.Contains(command, "UNKEYWORD"):
		return "* SEARCH 7\r\n", "OK"
	case strings.HasPrefix(command, "UID SEARCH"):
		return "* SEARCH\r\n", "OK"
	case strings.HasPrefix(command, "UID FETCH") && fetch == "NO":
		return "", "NO not now"
	case strings.HasPrefix(command, "UID FETCH") && strings.HasSuffix(fetch, "half of it"):
		return fetch, ""
	case strings.HasPrefix(command, "UID FETCH"):
		return fetch, "OK"
	}
	return "", "OK"
}

func (s *scripted) said() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.String()
}
