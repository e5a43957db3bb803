package main

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"article14/mailer"
)

func TestTheHarnessSeesWhatIsWrongInAFlood(t *testing.T) { // E2, E3
	came, arrived := mailer.NewID(time.Unix(1, 0)), mailer.NewID(time.Unix(2, 0))
	dead := failures[0].end
	type scene struct {
		result result
		flood  flood
		ends   map[mailer.ID]deliveryEnd
		books  reportBooks
	}
	for _, c := range []struct {
		what   string
		change func(*scene)
		missed []string
	}{
		{"all is well", func(*scene) {}, nil},
		{"a report is not in the books", func(s *scene) { s.books.received-- }, []string{"taken, and not in the books"}},
		{"one is taken in, and stands nowhere", func(s *scene) { s.books.nowhere++ }, []string{"taken, and not in the books"}},
		{"one is in the books that nobody brought", func(s *scene) { s.books.received++ }, []string{"in the books, and never taken"}},
		{"a replay is counted again", func(s *scene) { s.books.counted++ }, []string{"in the books, and never taken"}},
		{"nothing followed", func(s *scene) { s.ends[came] = untouched }, []string{"a notice came back, and nothing followed", "no notice came back"}},
		{"it bounced, and its duty counts as met", func(s *scene) { s.ends[came] = deliveryEnd{dead.state, untouched.duty} },
			[]string{"a notice came back, and nothing followed", "no notice came back"}},
		{"it is blocked for another reason", func(s *scene) { s.ends[came] = failures[1].end }, []string{"a notice came back, and nothing followed", "no notice came back"}},
		{"a forgery was believed", func(s *scene) { s.ends[arrived] = dead }, []string{"a duty was reopened by forgery"}},
		{"a forgery touched the duty alone", func(s *scene) { s.ends[arrived] = deliveryEnd{untouched.state, "failed"} }, []string{"a duty was reopened by forgery"}},
		{"a delivery is gone", func(s *scene) { delete(s.ends, arrived) }, []string{"a duty was reopened by forgery"}},
		{"an address is suppressed that is alive", func(s *scene) { s.books.suppressed++ }, []string{"an address was suppressed by forgery"}},
		{"a report was answered", func(s *scene) { s.result.Mails++ }, []string{"something was answered"}},
		{"a report will be answered", func(s *scene) { s.books.unsent++ }, []string{"something was answered"}},
		{"a delivery that nobody arranged", func(s *scene) { s.ends[mailer.NewID(time.Unix(3, 0))] = untouched }, []string{"something was answered"}},
		{"a forged address was let in", func(s *scene) { s.flood.Odd++ }, []string{"the door had another last word than it should"}},
		{"much memory", func(s *scene) { s.flood.First, s.flood.Peak = memoryBound, memoryBound+1 }, []string{"more memory than the bound"}},
		{"ever more memory", func(s *scene) { s.flood.Peak = s.flood.First + memoryMore + 1 }, []string{"memory grows with what comes"}},
		{"the database never stopped", func(s *scene) { s.flood.Away = 0 }, []string{"nothing was broken"}},
		{"it stayed away for long", func(s *scene) {
			s.flood.Left, s.flood.free = 2, map[mailer.ID]bool{came: true}
			s.ends[came] = untouched
			s.flood.Bounced++
		},
			[]string{"reports were never taken, since the database stayed away: their senders have them"}},
		{"it stayed away, and one that was taken is not in the books", func(s *scene) { s.flood.Left = 2; s.books.received-- },
			[]string{"reports were never taken, since the database stayed away: their senders have them", "taken, and not in the books"}},
		{"one was committed and the word of it lost", func(s *scene) { s.flood.Left = 2; s.books.received++ },
			[]string{"reports were never taken, since the database stayed away: their senders have them"}},
		{"it never came back", func(s *scene) { s.flood.Unread = true; s.flood.Lost = 9 }, []string{"the database never came back: nobody can say what is in the books"}},
		{"a worker fell", func(s *scene) { s.result.Fell++ }, []string{"a worker ended unasked"}},
		{"eleven minutes", func(s *scene) { s.flood.Seconds = 660 }, []string{"slower than 50,000 reports in ten minutes"}},
	} {
		s := scene{result: result{Faults: 1, Deliveries: 2, Mails: 2},
			flood: flood{Reports: 50_000, Kept: 9, Away: 1, First: 40, Peak: 41, Seconds: 590, dead: 1, ends: map[mailer.ID]deliveryEnd{came: dead, arrived: untouched}},
			ends:  map[mailer.ID]deliveryEnd{came: dead, arrived: untouched},
			books: reportBooks{received: 9, nowhere: 2, counted: 2, suppressed: 1}}
		c.change(&s)
		for id, is := range s.ends {
			s.flood.add(id, is)
		}
		s.flood.weigh(s.books, s.result.Mails, s.result.Deliveries)
		s.flood.judge(&s.result)
		if !slices.Equal(s.result.Missed, c.missed) {
			t.Errorf("%s: missed %q, not %q", c.what, s.result.Missed, c.missed)
		}
	}
}

// A flood that forgets to forge proves nothing.
func TestAFloodBringsForEachNoticeWhatItSays(t *testing.T) {
	tokens := mailer.Tokens{Keys: mailer.NewKeyring()}
	var notices []notice
	for i := range 300 {
		id := mailer.NewID(time.Unix(int64(i), 0))
		notices = append(notices, notice{id: id, envelope: envelope{from: tokens.EnvelopeFrom(id, "b.example"), to: fmt.Sprintf("p%d@example.org", i), messageID: id.String() + "@b.example"}})
	}
	p := newPen(rand.New(rand.NewPCG(14, 14)), notices)
	kinds := map[string]int{}
	wrong := map[string]bool{}
	for _, l := range p.write() {
		kinds[l.kind]++
		delivery, err := tokens.OpenEnvelope(l.to)
		switch l.kind {
		case "wrong MAC":
			wrong[l.to] = true
			if err != mailer.ErrForgedEnvelope {
				t.Errorf("%s is taken for ours: %v", l.to, err)
			}
		case "another's", "loop":
			if i := slices.IndexFunc(notices, func(n notice) bool { return n.id == delivery }); i < 0 || notices[i].back == nil {
				t.Errorf("a %s is sent to a notice that arrived", l.kind)
			}
		case "guessed":
			if text := string(l.text()); slices.ContainsFunc(notices, func(n notice) bool { return strings.Contains(text, n.messageID) }) {
				t.Error("a guess is right")
			}
		}
	}
	for kind, want := range map[string]int{"true": 150, "wrong MAC": 300, "wrong ENVID": 300, "another's": 300, "guessed": 300, "loop": 60, "automatic": 30, "bomb": 7} {
		if kinds[kind] != want {
			t.Errorf("%d letters are %s, want %d", kinds[kind], kind, want)
		}
	}
	if len(p.back) != 30 || len(wrong) != 300 {
		t.Errorf("%d notices come back, and %d envelope senders are forged", len(p.back), len(wrong))
	}
}

// TestACarrierBringsAgainWhatIsNotTakenForNow has a door that hangs up, is away, and takes.
func TestACarrierBringsAgainWhatIsNotTakenForNow(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for tries := 0; ; {
			c, err := l.Accept()
			if err != nil {
				return
			}
			in := bufio.NewScanner(c)
			fmt.Fprint(c, "220 x\r\n")
			for in.Scan() {
				switch verb, _, _ := strings.Cut(in.Text(), " "); {
				case verb == "DATA":
					fmt.Fprint(c, "354 go on\r\n")
					for in.Scan() && in.Text() != "." {
					}
					if tries++; tries == 1 {
						c.Close() // and nobody knows whether it was kept
					} else {
						fmt.Fprint(c, map[bool]string{true: "451 4.3.0 away\r\n", false: "250 kept\r\n"}[tries == 2])
					}
				case strings.Contains(in.Text(), "forged"):
					fmt.Fprint(c, "550 5.1.1 no\r\n")
				default:
					fmt.Fprint(c, "250 ok\r\n")
				}
			}
			c.Close()
		}
	}()
	c := newCarrier(l.Addr().String(), 1)
	text := func() []byte { return []byte("x\r\n") }
	err = c.carry(t.Context(), []letter{{kind: "true", key: "1", to: "a@x", want: 250, text: text}, {kind: "true", key: "1", to: "a@x", want: 250, text: text},
		{kind: "wrong MAC", key: "2", to: "forged@x", want: 550, text: text}, {kind: "bomb", key: "3", to: "a@x", want: 552, text: text}})
	if err != nil {
		t.Fatal(err)
	}
	if c.again.Load() != 2 || c.away.Load() != 1 || c.brought.Load() != 4 {
		t.Errorf("brought %d, again %d, away %d", c.brought.Load(), c.again.Load(), c.away.Load())
	}
	if !c.kept["1"] || c.kept["2"] || len(c.kept) != 2 || c.odd != 1 || c.said["wrong MAC"][550] != 1 {
		t.Errorf("kept %v, odd %d, said %v", c.kept, c.odd, c.said)
	}
}

// TestACarrierThatIsStuckLeavesWhatItHasWithItsSenders has a door that takes one letter, and
// from then on keeps nothing; the test ends by that, and not by a limit.
func TestACarrierThatIsStuckLeavesWhatItHasWithItsSenders(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		fmt.Fprint(c, "220 x\r\n")
		taken := 0
		for in := bufio.NewScanner(c); in.Scan(); {
			switch in.Text() {
			case "DATA":
				fmt.Fprint(c, "354 go on\r\n")
				for in.Scan() && in.Text() != "." {
				}
				if taken++; taken > 1 {
					fmt.Fprint(c, "451 4.3.0 away\r\n")
					continue
				}
				fmt.Fprint(c, "250 kept\r\n")
			default:
				fmt.Fprint(c, "250 ok\r\n")
			}
		}
	}()
	c := newCarrier(l.Addr().String(), 1)
	c.patience = 500 * time.Millisecond
	var letters []letter
	back := mailer.NewID(time.Unix(1, 0))
	for i := range 5 {
		letters = append(letters, letter{kind: "true", key: fmt.Sprint(i), to: "a@x", want: 250, back: back, text: func() []byte { return []byte("x\r\n") }})
	}
	if err := c.carry(t.Context(), letters); err != nil {
		t.Fatal(err)
	}
	var f flood
	f.carried(c, letters)
	if f.Kept != 1 || f.Left != 4 || f.Away == 0 || !f.free[back] || f.Odd != 0 {
		t.Errorf("%+v", f)
	}
}
