package main

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net"
	"net/mail"
	"net/smtp"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"article14/internal/catcher"
	"article14/internal/register"
	"article14/internal/relay"
	"article14/internal/rig/postfix"
	"article14/mailer"
	"article14/mailer/status"
)

// town is everybody of the test behind real mail systems: a relay of ours and the
// provider where all have their mailboxes, and what is arranged for each of them.
type town struct {
	*stage
	people          int
	boxes           postfix.Mailboxes
	relay, provider *postfix.Server
	grey            *postfix.Greylist
}

// fate is what is arranged for a person.
type fate int

const (
	reached fate = iota
	greyed       // turned away at first
	unknown      // the provider knows no such mailbox
	atHome       // the same, and there is a letter box
	late         // taken by the provider, and returned behind that
	objects      // writes back: a clear no
	asks         // writes back: a question
)

// fateOf arranges a tenth unknown, a twentieth greylisted, a fiftieth that comes back
// late, and a twentieth that write back.
func fateOf(i int) fate {
	switch {
	case i%20 == 3:
		return unknown
	case i%20 == 13:
		return atHome
	case i%20 == 5:
		return greyed
	case i%50 == 7:
		return late
	case i%40 == 1:
		return objects
	case i%40 == 2:
		return asks
	}
	return reached
}

func (f fate) gone() bool { return f == unknown || f == atHome || f == late }

const (
	peopleDomain = "people.example"
	goneDomain   = "gone.example" // where mailboxes were moved that are no more
)

// townPeople is how many live there: 2,000 when the whole is measured, fewer in the tests.
func townPeople(t *testing.T) int {
	n, err := strconv.Atoi(envOr("ARTICLE14_TOWN_PEOPLE", "200"))
	if err != nil || n < 50 {
		t.Fatal("ARTICLE14_TOWN_PEOPLE is a number of people, 50 or more")
	}
	return n
}

func envOr(name, other string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return other
}

func resident(i int) string { return fmt.Sprintf("u%05d", i) }

// TestEverybodyBehindARealMailSystemIsAccountedFor sends notices through two Postfixes,
// whose own reports come back to the door, and people's answers with them. At the end
// every duty is met, blocked with its reason, or waits for a letter, and the counts are
// those that were arranged.
func TestEverybodyBehindARealMailSystemIsAccountedFor(t *testing.T) { // E2, E3, R5
	if os.Geteuid() != 0 {
		t.Skip("Postfix has to be started by root: run the tests as root to see this one")
	}
	v := newTown(t, townPeople(t))
	arranged := map[fate]int{}
	for i := range v.people {
		arranged[fateOf(i)]++
	}
	v.release(t, "town")
	began := time.Now()
	stop := v.worker()
	defer func() { stop() }()
	v.settles(t, "all are handed over or came back", func(f status.Figures) bool {
		return f.Deliveries[mailer.Bounced] == int64(arranged[unknown]+arranged[atHome]+arranged[late]) && f.ByHand.Letters == int64(arranged[atHome])
	})
	v.settles(t, "every mailbox has its notice", func(status.Figures) bool { return v.delivered(t) })
	v.writeBack(t)
	v.settles(t, "the answers are taken up", func(f status.Figures) bool {
		open := int64(0)
		for _, n := range f.Answers.Open {
			open += n
		}
		return f.Objections["answer"] == int64(arranged[objects]) && open == int64(arranged[asks])
	})
	stop()
	stop = func() {}
	f := v.figuresNow(t)
	t.Logf("%d people in %s: %d duties met, %d blocked %v, %d letters wait; %d mails were greylisted; attempts %v, reports %v", v.people, time.Since(began).Round(time.Millisecond),
		f.Duties[mailer.DutyMet], f.Duties[mailer.DutyBlocked], f.Blocked, f.ByHand.Letters, v.grey.Deferred(), f.Attempts, f.Reports)

	gone := arranged[unknown] + arranged[late]
	for what, c := range map[string]struct{ got, want int64 }{
		"met":                        {f.Duties[mailer.DutyMet], int64(v.people - gone - arranged[atHome])},
		"waiting for a letter":       {f.Duties[mailer.DutyInFlight], int64(arranged[atHome])},
		"blocked":                    {f.Duties[mailer.DutyBlocked], int64(gone)},
		"blocked by a dead address":  {f.Blocked[mailer.BlockAddressDead], int64(gone)},
		"open, failed":               {f.Duties[mailer.DutyOpen] + f.Duties[mailer.DutyFailed], 0},
		"greylisted":                 {int64(v.grey.Deferred()), int64(arranged[greyed])},
		"reports without a delivery": {f.Unmatched["waiting"] + f.Unmatched["given_up"], 0},
	} {
		if c.got != c.want {
			t.Errorf("%s: %d, and %d were arranged", what, c.got, c.want)
		}
	}
	for i := range v.people {
		if want := map[bool]int{true: 0, false: 1}[fateOf(i).gone()]; v.notices(t, i) != want {
			t.Errorf("person %d (%d) has %d notices", i, fateOf(i), v.notices(t, i))
		}
	}
}

// newTown builds it: relay, provider, mailboxes, the door for what comes back, and
// contacts for everybody.
func newTown(t *testing.T, people int) *town {
	t.Helper()
	v := &town{stage: newStage(t, func(e catcher.Envelope) catcher.Verdict {
		return catcher.Reply(catcher.AtRcpt, 550, catcher.Enhanced{5, 1, 1}, "nobody of that name")
	}), people: people}
	v.allowsLetters(t)
	back := v.opened(t, DoorFlags{DoorSMTP: "127.0.0.1:0"}).listening[0].Addr().String()
	v.openProvider(t, back)
	v.relay = private(t, postfix.Settings{
		"myhostname":     "relay.example",
		"relay_domains":  strings.Join([]string{peopleDomain, bounceDomain, answerDomain}, ", "),
		"transport_maps": hops(map[string]string{peopleDomain: v.provider.Addr, bounceDomain: back, answerDomain: back}),
	})
	host, port, _ := net.SplitHostPort(v.relay.Addr)
	number, _ := strconv.Atoi(port)
	var err error
	if v.stage.relay, err = relay.New(relay.Config{Name: "default", Host: host, Port: number, HELO: "test.example"}); err != nil {
		t.Fatal(err)
	}
	v.moveIn(t)
	return v
}

const (
	bounceDomain = "bounces.nordlicht.example"
	answerDomain = "answers.nordlicht.example"
)

// allowsLetters has the register name a domain for answers, and letters.
func (v *town) allowsLetters(t *testing.T) {
	body := append(bytes.ReplaceAll(register.Sample(), []byte("links: https://privacy.nordlicht.example"), []byte("links: "+v.web.URL+"\n    answer_domain: "+answerDomain)),
		"\nletters: {enabled: true}\n"...)
	reg, _, err := register.Parse("register.yaml", body)
	if err == nil {
		_, err = v.applyRegister(t.Context(), reg, body, "test")
	}
	if err != nil {
		t.Fatal(err)
	}
	v.reg = reg
}

// openProvider opens the other side: mailboxes, greylisting, and forwarding to
// mailboxes that are gone, which it learns when it has taken the mail.
func (v *town) openProvider(t *testing.T, back string) {
	var users, moved []string
	grey := map[string]bool{}
	for i := range v.people {
		switch fateOf(i) {
		case unknown, atHome:
		case late:
			moved = append(moved, resident(i)+"@"+peopleDomain+"="+resident(i)+"@"+goneDomain)
		case greyed:
			grey[resident(i)+"@"+peopleDomain] = true
			fallthrough
		default:
			users = append(users, resident(i))
		}
	}
	var err error
	if v.grey, err = postfix.OpenGreylist(func(recipient string) bool { return grey[recipient] }); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.grey.Close() })
	boxes, settings, err := postfix.MakeMailboxes(passable(t), peopleDomain, users)
	if err != nil {
		t.Fatal(err)
	}
	v.boxes = boxes
	settings["myhostname"] = "provider.example"
	settings["virtual_alias_maps"] = "inline:{ " + strings.Join(moved, ", ") + " }"
	settings["transport_maps"] = hops(map[string]string{goneDomain: net.JoinHostPort("127.0.0.1", v.relayPort), bounceDomain: back})
	settings["smtpd_recipient_restrictions"] = "reject_unlisted_recipient, " + v.grey.Restriction() + ", permit_mynetworks, reject"
	v.provider = private(t, settings)
}

// moveIn imports everybody; who is at home has a letter box.
func (v *town) moveIn(t *testing.T) {
	rows := []string{"Date added,First name,Last name,Job title,Company,LinkedIn URL,Work email,Personal email,Phone,Street,Zip,City,Country,Email visibility"}
	for i := range v.people {
		street, zip := "", ""
		if fateOf(i) == atHome {
			street, zip = fmt.Sprint(i, " rue du Test"), "69002"
		}
		rows = append(rows, fmt.Sprintf("%s,Anna,Moreau%d,Buyer,Acme,https://www.linkedin.com/in/anna-%d,%s@%s,,,%s,%s,Lyon,FR,public",
			v.now().AddDate(0, 0, -20).Format(time.RFC3339), i, i, resident(i), peopleDomain, street, zip))
	}
	file := filepath.Join(t.TempDir(), "town.csv")
	if err := os.WriteFile(file, []byte(strings.Join(rows, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, status := v.command(t, v.url, "import", file, "--source", "linkedin", "--activity", demoActivity, "--map", "street=Street", "--map", "postal_code=Zip"); status != 0 {
		t.Fatalf("%d: %s", status, out)
	}
}

// release starts a standing campaign: one that is there still when reports come.
func (v *town) release(t *testing.T, key string) {
	t.Helper()
	r := v.releases()
	_, err := r.Create(t.Context(), mailer.Campaign{Key: key, ActivityKey: demoActivity, CreatedBy: "test", Kind: mailer.Standing})
	if err == nil {
		_, err = r.Approve(t.Context(), key, "test", nil, nil)
	}
	if err == nil {
		err = r.Start(t.Context(), key, "test")
	}
	if err != nil {
		t.Fatal(err)
	}
}

// settles waits until the books say so, and shows what the mail systems say if they never do.
func (v *town) settles(t *testing.T, what string, come func(status.Figures) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute+time.Duration(v.people)*100*time.Millisecond)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		f := v.figuresNow(t)
		if come(f) {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("it never came to: %s\nduties %v, blocked %v, deliveries %v, reports %v, unmatched %v, by hand %+v, answers %+v, objections %v\nrelay: %s\nprovider: %s", what,
				f.Duties, f.Blocked, f.Deliveries, f.Reports, f.Unmatched, f.ByHand, f.Answers, f.Objections, end(v.relay), end(v.provider))
		}
	}
}

// end is the end of a mail system's log.
func end(s *postfix.Server) string {
	log, _ := s.Log()
	return log[max(0, len(log)-3000):]
}

// notices are how many of a person's mails are notices.
func (v *town) notices(t *testing.T, i int) (n int) {
	t.Helper()
	for _, m := range v.mails(t, i) {
		if m.Header.Get("List-Unsubscribe") != "" {
			n++
		}
	}
	return n
}

func (v *town) mails(t *testing.T, i int) (out []*mail.Message) {
	t.Helper()
	raw, err := v.boxes.Mails(resident(i))
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range raw {
		m, err := mail.ReadMessage(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, m)
	}
	return out
}

// delivered tells whether everybody who can be reached was.
func (v *town) delivered(t *testing.T) bool {
	for i := range v.people {
		if !fateOf(i).gone() && len(v.mails(t, i)) == 0 {
			return false
		}
	}
	return true
}

// writeBack has people answer their notice, as their mail programs do.
func (v *town) writeBack(t *testing.T) {
	words := map[fate]string{objects: "Stop", asks: "Hello, where is your office, and who is your boss?"}
	for i := range v.people {
		text, writes := words[fateOf(i)]
		if !writes {
			continue
		}
		notice := v.mails(t, i)[0]
		to, err := mail.ParseAddress(notice.Header.Get("Reply-To"))
		if err != nil {
			t.Fatal(err)
		}
		from := resident(i) + "@" + peopleDomain
		answer := fmt.Sprintf("From: %s\r\nTo: %s\r\nSubject: Re: %s\r\nMessage-ID: <%d@%s>\r\nIn-Reply-To: %s\r\n\r\n%s\r\n", from, to.Address, notice.Header.Get("Subject"), i, peopleDomain, notice.Header.Get("Message-ID"), text)
		if err := smtp.SendMail(v.relay.Addr, nil, from, []string{to.Address}, []byte(answer)); err != nil {
			t.Fatal(err)
		}
	}
}

// private starts a Postfix that ends with the test. It tries again soon what was deferred.
func private(t *testing.T, settings postfix.Settings) *postfix.Server {
	t.Helper()
	all := postfix.Settings{"minimal_backoff_time": "1s", "queue_run_delay": "1s", "default_destination_concurrency_limit": "20", "in_flow_delay": "0s"}
	maps.Copy(all, settings)
	s, err := postfix.Start(t.Context(), passable(t), all)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// passable is a folder that the parts of Postfix can reach, whoever they run as.
func passable(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o711); err != nil {
		t.Fatal(err)
	}
	return dir
}

// hops are the next hops by domain, as a table of Postfix.
func hops(byDomain map[string]string) string {
	var out []string
	for _, domain := range slices.Sorted(maps.Keys(byDomain)) {
		host, port, _ := net.SplitHostPort(byDomain[domain])
		out = append(out, domain+"=smtp:["+host+"]:"+port)
	}
	return "inline:{ " + strings.Join(out, ", ") + " }"
}
