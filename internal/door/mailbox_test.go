package door

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"

	"article14/mailer"
	"article14/mailer/track"
)

// post office: an IMAP server with one user, who has an INBOX and a folder Done.
type office struct {
	t    testing.TB
	user *imapmemserver.User
	addr string
	// before is asked before a command of a session is carried out; an error refuses it.
	before func(command string) error
	// after is asked when it was, and before the client hears of it.
	after func(command string) error
	// changed is told of each message that was delivered, for IDLE.
	changed chan struct{}
}

func newOffice(t testing.TB, config *tls.Config, caps ...imap.Cap) *office {
	t.Helper()
	o := &office{t: t, user: imapmemserver.NewUser("bounces", "right"), before: func(string) error { return nil }, after: func(string) error { return nil }, changed: make(chan struct{}, 1000)}
	for _, name := range []string{"INBOX", "Done"} {
		if err := o.user.Create(name, nil); err != nil {
			t.Fatal(err)
		}
	}
	all := imap.CapSet{imap.CapIMAP4rev1: {}}
	for _, c := range caps {
		all[c] = struct{}{}
	}
	mem := imapmemserver.New()
	mem.AddUser(o.user)
	srv := imapserver.New(&imapserver.Options{Caps: all, InsecureAuth: config == nil, TLSConfig: config, Logger: log.New(io.Discard, "", 0),
		NewSession: func(c *imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return &watched{mem.NewSession().(imapserver.SessionIMAP4rev2), o, c.NetConn()}, nil, nil
		}})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o.addr = l.Addr().String()
	go srv.Serve(l)
	t.Cleanup(func() { srv.Close() })
	return o
}

// watched is a session whose commands may be refused.
type watched struct {
	imapserver.SessionIMAP4rev2
	office *office
	wire   net.Conn
}

// errCut breaks the connection off, as a kill of either side does.
var errCut = errors.New("cut")

// carry carries a command out, unless it is refused or cut off.
func (w *watched) carry(command string, out func() error) error {
	err := w.office.before(command)
	if err == nil {
		if err = out(); err == nil {
			err = w.office.after(command)
		}
	}
	if errors.Is(err, errCut) {
		w.wire.Close()
	}
	return err
}

func (w *watched) Fetch(fw *imapserver.FetchWriter, set imap.NumSet, opts *imap.FetchOptions) error {
	return w.carry("FETCH", func() error { return w.SessionIMAP4rev2.Fetch(fw, set, opts) })
}

func (w *watched) Store(fw *imapserver.FetchWriter, set imap.NumSet, flags *imap.StoreFlags, opts *imap.StoreOptions) error {
	return w.carry("STORE "+string(flags.Flags[0]), func() error { return w.SessionIMAP4rev2.Store(fw, set, flags, opts) })
}

func (w *watched) Expunge(ew *imapserver.ExpungeWriter, uids *imap.UIDSet) error {
	return w.carry("EXPUNGE", func() error { return w.SessionIMAP4rev2.Expunge(ew, uids) })
}

func (w *watched) Move(mw *imapserver.MoveWriter, set imap.NumSet, to string) error {
	return w.carry("MOVE", func() error { return w.SessionIMAP4rev2.(imapserver.SessionMove).Move(mw, set, to) })
}

// Idle tells of every message. The library's own passes over one that is delivered
// between its answer to IDLE and its first look.
func (w *watched) Idle(uw *imapserver.UpdateWriter, stop <-chan struct{}) error {
	for {
		select {
		case <-w.office.changed:
			if err := w.Poll(uw, true); err != nil {
				return err
			}
		case <-stop:
			return nil
		}
	}
}

type literal struct{ *strings.Reader }

func (l literal) Size() int64 { return int64(l.Len()) }

func (o *office) deliver(texts ...string) {
	o.t.Helper()
	for _, text := range texts {
		if _, err := o.user.Append("INBOX", literal{strings.NewReader(text)}, &imap.AppendOptions{}); err != nil {
			o.t.Fatal(err)
		}
		o.changed <- struct{}{}
	}
}

// client is another client of the same user.
func (o *office) client() *imapclient.Client {
	o.t.Helper()
	c, err := imapclient.DialInsecure(o.addr, nil)
	if err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(func() { c.Close() })
	if err := c.Login("bounces", "right").Wait(); err != nil {
		o.t.Fatal(err)
	}
	return c
}

func (o *office) count(folder string) uint32 {
	o.t.Helper()
	st, err := o.user.Status(folder, &imap.StatusOptions{NumMessages: true})
	if err != nil {
		o.t.Fatal(err)
	}
	return *st.NumMessages
}

func (o *office) mailbox(d *desk) Mailbox {
	return Mailbox{House: d.house(), Address: o.addr, User: "bounces", Password: "right", Folder: "INBOX", Security: TLSNone,
		Keep: 1000, After: func(time.Duration) <-chan time.Time { return nil }}
}

// sweepOnce makes one visit that ends when the mailbox has been gone through.
func sweepOnce(ctx context.Context, m Mailbox) error {
	v := visit{Mailbox: m, news: make(chan struct{}, 1)}
	if err := v.dial(ctx); err != nil {
		return err
	}
	defer v.client.Close()
	if err := v.enter(); err != nil {
		return err
	}
	return v.sweep(ctx)
}

func letters(n int) (out []string) {
	for i := range n {
		out = append(out, letter(i))
	}
	return out
}

func TestAMailboxIsEmptiedIntoTheBooks(t *testing.T) { // E3
	for _, c := range []struct {
		moveTo string
		done   uint32
	}{{"", 0}, {"Done", sweepAtOnce + 20}} {
		t.Run("to "+c.moveTo, func(t *testing.T) {
			d, o := newDesk(t), newOffice(t, nil, imap.CapUIDPlus, imap.CapMove)
			o.deliver(letters(sweepAtOnce + 20)...)
			m := o.mailbox(d)
			m.MoveTo = c.moveTo
			if err := sweepOnce(t.Context(), m); err != nil {
				t.Fatal(err)
			}
			kept := d.all()
			if len(kept) != sweepAtOnce+20 || string(kept[7].Raw) != letter(7) || kept[7].Door != track.DoorIMAP || kept[7].ExternalID != nil {
				t.Fatalf("%d kept", len(kept))
			}
			if o.count("INBOX") != 0 || o.count("Done") != c.done {
				t.Errorf("%d are left, %d are moved", o.count("INBOX"), o.count("Done"))
			}
		})
	}
}

func TestOfALargeMessageThePartThatCountsIsFetched(t *testing.T) {
	d, o := newDesk(t), newOffice(t, nil, imap.CapUIDPlus)
	o.deliver("A: b\r\n\r\n" + strings.Repeat("x", 5000))
	if err := sweepOnce(t.Context(), o.mailbox(d)); err != nil {
		t.Fatal(err)
	}
	if kept := d.all(); len(kept) != 1 || len(kept[0].Raw) != 1000 || o.count("INBOX") != 0 {
		t.Errorf("kept %d", len(kept))
	}
}

// TestACrashAnywhereLosesNothing refuses one command after another, as a connection
// that breaks there would, and comes again: each message is kept, and one that was
// marked is not even asked for a second time.
func TestACrashAnywhereLosesNothing(t *testing.T) {
	for _, moveTo := range []string{"", "Done"} {
		for at := 1; at <= 9; at++ {
			t.Run(fmt.Sprintf("to %q, at command %d", moveTo, at), func(t *testing.T) {
				d, o := newDesk(t), newOffice(t, nil, imap.CapUIDPlus, imap.CapMove)
				o.deliver(letters(3)...)
				n, refused := 0, 0
				o.before = func(command string) error {
					if n++; n >= at && n < at+5 {
						refused++
						return &imap.Error{Type: imap.StatusResponseTypeNo, Text: "not now: " + command}
					}
					return nil
				}
				m := o.mailbox(d)
				m.MoveTo = moveTo
				for try := 0; o.count("INBOX") > 0; try++ {
					if err := sweepOnce(t.Context(), m); err != nil && try > 5 {
						t.Fatal(err)
					}
				}
				distinct := map[string]int{}
				for _, in := range d.all() {
					distinct[string(in.Raw)]++
				}
				if len(distinct) != 3 {
					t.Errorf("%d of 3 are kept", len(distinct))
				}
				if refused == 0 && at < 4 {
					t.Error("nothing was refused")
				}
			})
		}
	}
}

func TestWhatCannotBeKeptStaysInTheMailbox(t *testing.T) {
	d, o := newDesk(t), newOffice(t, nil, imap.CapUIDPlus)
	o.deliver(letters(4)...)
	d.fail = func(in track.Incoming) error {
		if string(in.Raw) == letter(1) {
			return errAwayNow
		}
		return nil
	}
	if err := sweepOnce(t.Context(), o.mailbox(d)); err == nil {
		t.Error("nobody was told")
	}
	if o.count("INBOX") != 1 || len(d.all()) != 3 {
		t.Errorf("%d are left, %d kept", o.count("INBOX"), len(d.all()))
	}
	d.away(false)
	if err := sweepOnce(t.Context(), o.mailbox(d)); err != nil || o.count("INBOX") != 0 || len(d.all()) != 4 {
		t.Errorf("%v, %d are left, %d kept", err, o.count("INBOX"), len(d.all()))
	}
}

func TestWhatOthersHaveMarkedIsNotDeletedWithIt(t *testing.T) {
	d, o := newDesk(t), newOffice(t, nil, imap.CapUIDPlus)
	o.deliver(letters(3)...)
	other := o.client()
	if _, err := other.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	if err := other.Store(imap.SeqSetNum(2), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagDeleted}}, nil).Close(); err != nil {
		t.Fatal(err)
	}
	if err := sweepOnce(t.Context(), o.mailbox(d)); err != nil {
		t.Fatal(err)
	}
	if o.count("INBOX") != 1 || len(d.all()) != 2 {
		t.Errorf("%d are left, %d kept", o.count("INBOX"), len(d.all()))
	}
	bare := newOffice(t, nil)
	if err := sweepOnce(t.Context(), bare.mailbox(d)); err == nil || !strings.Contains(err.Error(), "UIDPLUS") {
		t.Errorf("a server that cannot tell them apart: %v", err)
	}
}

func TestNewsComeWithoutAskingAndAStopEndsTheVisit(t *testing.T) {
	d, o := newDesk(t), newOffice(t, nil, imap.CapUIDPlus, imap.CapIdle)
	looked := make(chan struct{}, 100)
	m := o.mailbox(d)
	m.After = func(wait time.Duration) <-chan time.Time {
		if wait == mailboxLook {
			looked <- struct{}{}
		}
		return nil
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- m.Run(ctx) }()
	kept := make(chan struct{}, 10)
	d.mu.Lock()
	d.fail = func(track.Incoming) error { kept <- struct{}{}; return nil }
	d.mu.Unlock()
	for i := range 3 {
		<-looked // it has gone through the mailbox and waits
		o.deliver(letter(i))
		<-kept
	}
	<-looked
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if o.count("INBOX") != 0 {
		t.Errorf("%d are left", o.count("INBOX"))
	}
}

func TestAPasswordTravelsUnderTLSAlone(t *testing.T) {
	config, pool := certificate(t)
	d, o := newDesk(t), newOffice(t, config, imap.CapUIDPlus)
	o.deliver(letters(1)...)
	m := o.mailbox(d)
	m.Security, m.TLS = TLSBeforeLogin, &tls.Config{RootCAs: pool, ServerName: "127.0.0.1"}
	if err := sweepOnce(t.Context(), m); err != nil || len(d.all()) != 1 {
		t.Errorf("under STARTTLS: %v, %d kept", err, len(d.all()))
	}
	m.TLS = nil
	if err := sweepOnce(t.Context(), m); err == nil {
		t.Error("a certificate of nobody was believed")
	}
	plain := newOffice(t, nil, imap.CapUIDPlus)
	m.Address, m.TLS = plain.addr, &tls.Config{RootCAs: pool, ServerName: "127.0.0.1"}
	if err := sweepOnce(t.Context(), m); err == nil {
		t.Error("it signed in without TLS")
	}
}

// TestAMailServerThatSaysNothingDoesNotHoldUpAStop connects to a server that never answers.
func TestAMailServerThatSaysNothingDoesNotHoldUpAStop(t *testing.T) {
	for _, security := range []Security{TLSFromTheStart, TLSBeforeLogin, TLSNone} {
		for _, greeting := range []string{"", "* OK [CAPABILITY IMAP4rev1 STARTTLS] hello\r\n"} {
			nl, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer nl.Close()
			ctx, stop := context.WithCancel(t.Context())
			go func() {
				c, err := nl.Accept()
				if err != nil {
					return
				}
				defer c.Close()
				io.WriteString(c, greeting)
				if security != TLSNone || greeting != "" { // it has begun to speak
					c.Read(make([]byte, 1))
				}
				stop()
				io.Copy(io.Discard, c)
			}()
			d := newDesk(t)
			m := (&office{addr: nl.Addr().String()}).mailbox(d)
			m.Security = security
			if err := m.Run(ctx); err != nil {
				t.Error(err)
			}
			stop()
		}
	}
}

func TestTheAddressOfAMailboxSaysHowItIsProtected(t *testing.T) {
	for address, want := range map[string]Mailbox{
		"imaps://bounces@mail.example/INBOX":                  {Address: "mail.example:993", User: "bounces", Folder: "INBOX", Security: TLSFromTheStart},
		"imaps://bounces%40x.example@mail.example:9993/A/B":   {Address: "mail.example:9993", User: "bounces@x.example", Folder: "A/B", Security: TLSFromTheStart},
		"imap://bounces@mail.example/INBOX":                   {Address: "mail.example:143", User: "bounces", Folder: "INBOX", Security: TLSBeforeLogin},
		"imap://bounces@127.0.0.1:1143/INBOX":                 {Address: "127.0.0.1:1143", User: "bounces", Folder: "INBOX", Security: TLSNone},
		"imap://bounces@localhost/INBOX":                      {Address: "localhost:143", User: "bounces", Folder: "INBOX", Security: TLSBeforeLogin},
		"http://bounces@mail.example/INBOX":                   {},
		"imaps://bounces:secret@mail.example/INBOX":           {},
		"imaps://mail.example/INBOX":                          {},
		"imaps://bounces@mail.example":                        {},
		"imaps://bounces@mail.example/INBOX?password=secret1": {},
	} {
		m, err := ParseMailbox(address)
		got := []any{m.Address, m.User, m.Folder, m.Security}
		if want.Address == "" {
			if err == nil || strings.Contains(err.Error(), "secret") || mailer.MaskAddresses(err.Error()) != err.Error() {
				t.Errorf("%s: %v", address, err)
			}
		} else if err != nil || !slices.Equal(got, []any{want.Address, want.User, want.Folder, want.Security}) {
			t.Errorf("%s: %v, %v", address, got, err)
		}
	}
}
