package door

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"article14/mailer"
	"article14/mailer/track"
)

// taken is the keyword that a message has once it is kept, until it is gone.
const taken = imap.Flag("$Article14")

const (
	mailboxPoll  = time.Minute     // between looks, where the server does not tell of news, and after a failure
	mailboxLook  = 5 * time.Minute // between looks, where it does: one that comes as IDLE begins is not told of by every server
	dialWithin   = 30 * time.Second
	sweepWithin  = 10 * time.Minute // of one batch: a server that hangs is left
	sweepAtOnce  = 100              // messages in a batch
	sweepFailing = 5                // messages that could not be kept, after which the rest waits
)

// Mailbox is an IMAP mailbox that is emptied: each message is kept, marked with a
// keyword, and then deleted or moved, in this order. A crash anywhere between brings
// a message a second time at most, and it is known by its hash.
type Mailbox struct {
	House
	Address  string // host:port
	User     string
	Password string
	Folder   string      // INBOX
	MoveTo   string      // folder for what is kept; "" deletes
	Security Security    // of the connection
	TLS      *tls.Config // nil for the system's roots
	Keep     int         // octets of a message that are kept; 0 for those of DefaultLimits
	After    func(time.Duration) <-chan time.Time
}

// Security is how a connection is protected.
type Security string

// How connections are protected.
const (
	TLSFromTheStart Security = "tls"
	TLSBeforeLogin  Security = "starttls" // and no login without it
	TLSNone         Security = "none"     // to this machine alone
)

// errNoMailbox has no example that looks like an address: what is printed of errors has those masked.
var errNoMailbox = errors.New("give it as imaps://, a user, an @, a host, and a folder such as /INBOX; an @ of the user's name is written %40")

// ParseMailbox reads imaps://user@host[:port]/FOLDER (TLS), or imap://, which is STARTTLS,
// and to a loopback address nothing. A user name may have %40 for @.
func ParseMailbox(address string) (m Mailbox, err error) {
	u, err := url.Parse(address)
	if err != nil {
		return m, errNoMailbox
	}
	_, hasPassword := u.User.Password()
	m = Mailbox{User: u.User.Username(), Folder: strings.Trim(u.Path, "/")}
	ip := net.ParseIP(u.Hostname())
	port := "143"
	switch {
	case u.Scheme == "imaps":
		m.Security, port = TLSFromTheStart, "993"
	case u.Scheme == "imap" && ip != nil && ip.IsLoopback():
		m.Security = TLSNone
	case u.Scheme == "imap":
		m.Security = TLSBeforeLogin
	default:
		return m, errNoMailbox
	}
	switch {
	case hasPassword:
		return m, errors.New("the mailbox has a password in its address, where logs and process lists show it: put it into a file")
	case u.Hostname() == "" || m.User == "" || m.Folder == "" || u.RawQuery != "" || u.Fragment != "":
		return m, errNoMailbox
	}
	if u.Port() != "" {
		port = u.Port()
	}
	m.Address = net.JoinHostPort(u.Hostname(), port)
	return m, nil
}

// Run empties the mailbox until ctx ends. A server that fails is tried again.
func (m Mailbox) Run(ctx context.Context) error {
	if m.Keep <= 0 {
		m.Keep = DefaultLimits.Keep
	}
	var behind imap.UID
	for ctx.Err() == nil {
		var err error
		if behind, err = m.visit(ctx, behind); err != nil && ctx.Err() == nil {
			m.Log.Warn("the mailbox could not be emptied; it is tried again", "door", track.DoorIMAP, "error", mailer.MaskAddresses(err.Error()))
		}
		select {
		case <-ctx.Done():
		case <-m.After(mailboxPoll):
		}
	}
	return nil
}

// visit is one connection, for as long as it holds.
type visit struct {
	Mailbox
	client *imapclient.Client
	news   chan struct{} // something changed in the mailbox
	marks  bool          // it takes our keyword
	behind imap.UID      // the last that stayed: those behind it have their turn first
}

// visit begins behind a message that stayed the last time, and gives the one that did now: what
// cannot be had of a server must not keep it from what can.
func (m Mailbox) visit(ctx context.Context, behind imap.UID) (stayed imap.UID, err error) {
	v := visit{Mailbox: m, news: make(chan struct{}, 1), behind: behind}
	if err := v.dial(ctx); err != nil {
		return behind, err
	}
	defer v.client.Close()
	defer context.AfterFunc(ctx, func() { v.client.Close() })()
	if err := v.enter(); err != nil {
		return behind, err
	}
	for {
		if err := v.sweep(ctx); err != nil {
			return v.behind, err
		}
		if err := v.wait(ctx); err != nil || ctx.Err() != nil {
			return v.behind, err
		}
	}
}

// dial connects within dialWithin: a server that says nothing is left, and so is one
// that does at a stop.
func (v *visit) dial(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, dialWithin)
	defer cancel()
	nc, err := (&net.Dialer{}).DialContext(ctx, "tcp", v.Address)
	if err != nil {
		return fmt.Errorf("connect to the mailbox: %w", err)
	}
	defer context.AfterFunc(ctx, func() { nc.Close() })()
	if v.client, err = v.greet(ctx, nc); err != nil {
		nc.Close()
		return fmt.Errorf("connect to the mailbox: %w", err)
	}
	return nil
}

func (v *visit) greet(ctx context.Context, nc net.Conn) (*imapclient.Client, error) {
	opts := &imapclient.Options{TLSConfig: v.tlsConfig(), UnilateralDataHandler: &imapclient.UnilateralDataHandler{Mailbox: v.hear}}
	switch v.Security {
	case TLSFromTheStart:
		secure := tls.Client(nc, opts.TLSConfig)
		if err := secure.HandshakeContext(ctx); err != nil {
			return nil, err
		}
		return imapclient.New(secure, opts), nil
	case TLSBeforeLogin:
		return imapclient.NewStartTLS(nc, opts)
	case TLSNone:
		return imapclient.New(nc, opts), nil
	}
	return nil, fmt.Errorf("%q is no way of protection", v.Security)
}

func (v *visit) tlsConfig() *tls.Config {
	config := v.TLS.Clone()
	if config == nil {
		config = &tls.Config{}
	}
	if config.ServerName == "" {
		config.ServerName, _, _ = net.SplitHostPort(v.Address)
	}
	config.MinVersion = tls.VersionTLS12
	return config
}

// hear notes that messages have come.
func (v *visit) hear(data *imapclient.UnilateralDataMailbox) {
	if data.NumMessages == nil {
		return
	}
	select {
	case v.news <- struct{}{}:
	default:
	}
}

// within bounds what follows in time: a server that hangs is left.
func (v *visit) within() (done func()) {
	timer := time.AfterFunc(sweepWithin, func() { v.client.Close() })
	return func() { timer.Stop() }
}

func (v *visit) enter() error {
	defer v.within()()
	if err := v.client.Login(v.User, v.Password).Wait(); err != nil {
		return fmt.Errorf("sign in at the mailbox: %w", err)
	}
	caps := v.client.Caps()
	if !caps.Has(imap.CapUIDPlus) && !(v.MoveTo != "" && caps.Has(imap.CapMove)) {
		return errors.New("the mail server has not UIDPLUS (RFC 4315): what others have marked would be deleted with what is kept")
	}
	box, err := v.client.Select(v.Folder, nil).Wait()
	if err != nil {
		return fmt.Errorf("open the mailbox: %w", err)
	}
	v.marks = slices.Contains(box.PermanentFlags, imap.FlagWildcard) || slices.Contains(box.PermanentFlags, taken)
	return nil
}

// sweep empties the mailbox: first what was kept before and is there still.
func (v *visit) sweep(ctx context.Context) error {
	for ctx.Err() == nil {
		more, err := v.batch(ctx)
		if err != nil || !more {
			return err
		}
	}
	return nil
}

func (v *visit) batch(ctx context.Context) (more bool, err error) {
	defer v.within()()
	if v.marks {
		left, err := v.search(imap.SearchCriteria{Flag: []imap.Flag{taken}})
		if err == nil {
			err = v.finish(left)
		}
		if err != nil {
			return false, err
		}
	}
	uids, err := v.search(imap.SearchCriteria{NotFlag: []imap.Flag{taken, imap.FlagDeleted}})
	if err != nil || len(uids) == 0 {
		return false, err
	}
	var kept, stayed []imap.UID
	var failed error
	failures := 0
	for _, uid := range v.inTurn(uids) {
		is, err := v.take(ctx, uid)
		if is {
			kept = append(kept, uid)
		} else {
			stayed = append(stayed, uid)
		}
		if err != nil {
			failed = err
			if failures++; failures == sweepFailing || ctx.Err() != nil {
				break
			}
		}
	}
	if len(stayed) > 0 { // the first: what came behind it may have failed with it
		v.behind = stayed[0]
	}
	if err := v.finish(kept); err != nil {
		return false, err
	}
	return failed == nil && len(kept) > 0, failed
}

// inTurn is a batch of messages: those behind the one that stayed last, and then the others.
func (v *visit) inTurn(sorted []imap.UID) []imap.UID {
	at, _ := slices.BinarySearch(sorted, v.behind+1)
	return slices.Concat(sorted[at:], sorted[:at])[:min(len(sorted), sweepAtOnce)]
}

func (v *visit) search(what imap.SearchCriteria) ([]imap.UID, error) {
	found, err := v.client.UIDSearch(&what, nil).Wait()
	if err != nil {
		return nil, fmt.Errorf("search the mailbox: %w", err)
	}
	uids := found.AllUIDs()
	slices.Sort(uids)
	return uids, nil
}

// take keeps one message and marks it. What is not kept must never be finished: one that
// somebody else took away is nobody's business here.
func (v *visit) take(ctx context.Context, uid imap.UID) (kept bool, err error) {
	raw, found, err := v.fetch(uid)
	if err != nil || !found {
		return false, err
	}
	if err := v.keep(ctx, track.Incoming{Door: track.DoorIMAP, Raw: raw}); err != nil {
		return false, err
	}
	if !v.marks {
		return true, nil
	}
	return true, v.flag(imap.UIDSetNum(uid), taken)
}

// errNothing is a message that is there, and of which the server gives nothing: it stays.
var errNothing = errors.New("the mail server gave nothing of it")

// fetch reads the part of a message that is kept, and leaves it unseen.
func (v *visit) fetch(uid imap.UID) (raw []byte, found bool, err error) {
	cmd := v.client.Fetch(imap.UIDSetNum(uid), &imap.FetchOptions{UID: true,
		BodySection: []*imap.FetchItemBodySection{{Peek: true, Partial: &imap.SectionPartial{Offset: 0, Size: int64(v.Keep)}}}})
	for msg := cmd.Next(); msg != nil; msg = cmd.Next() {
		for item := msg.Next(); item != nil; item = msg.Next() {
			body, ok := item.(imapclient.FetchItemDataBodySection)
			if !ok {
				continue
			}
			if body.Literal == nil {
				err = errNothing
				continue
			}
			raw, err = io.ReadAll(io.LimitReader(body.Literal, int64(v.Keep))) // a server may send more than it was asked for
			if err != nil || int64(len(raw)) < min(body.Literal.Size(), int64(v.Keep)) {
				v.client.Close() // and ask for nothing more: the library reads on there itself
				return nil, false, fmt.Errorf("fetch a message: %w", errors.Join(io.ErrUnexpectedEOF, err))
			}
			if len(raw) == v.Keep {
				_, err = io.Copy(io.Discard, body.Literal)
			}
			if err == nil && len(raw) == 0 {
				err = errNothing
			}
			found = true
		}
	}
	if err = errors.Join(err, cmd.Close()); err != nil {
		return nil, false, fmt.Errorf("fetch a message: %w", err)
	}
	return raw, found, nil
}

// finish takes away what is kept.
func (v *visit) finish(uids []imap.UID) error {
	if len(uids) == 0 {
		return nil
	}
	set := imap.UIDSetNum(uids...)
	if v.MoveTo != "" {
		if v.marks { // in the other folder it is a message like others
			if err := v.store(set, imap.StoreFlagsDel, taken); err != nil {
				return err
			}
		}
		if _, err := v.client.Move(set, v.MoveTo).Wait(); err != nil {
			return fmt.Errorf("move what is kept: %w", err)
		}
		return nil
	}
	if err := v.flag(set, imap.FlagDeleted); err != nil {
		return err
	}
	if err := v.client.UIDExpunge(set).Close(); err != nil {
		return fmt.Errorf("delete what is kept: %w", err)
	}
	return nil
}

func (v *visit) flag(set imap.UIDSet, flag imap.Flag) error {
	return v.store(set, imap.StoreFlagsAdd, flag)
}

func (v *visit) store(set imap.UIDSet, op imap.StoreFlagsOp, flag imap.Flag) error {
	if err := v.client.Store(set, &imap.StoreFlags{Op: op, Silent: true, Flags: []imap.Flag{flag}}, nil).Close(); err != nil {
		return fmt.Errorf("mark what is kept: %w", err)
	}
	return nil
}

// wait returns when there may be news.
func (v *visit) wait(ctx context.Context) error {
	if !v.client.Caps().Has(imap.CapIdle) {
		select {
		case <-ctx.Done():
		case <-v.client.Closed():
			return errors.New("the mail server ended the connection")
		case <-v.After(mailboxPoll):
		}
		return nil
	}
	idle, err := v.client.Idle()
	if err != nil {
		return fmt.Errorf("wait for news of the mailbox: %w", err)
	}
	select {
	case <-ctx.Done():
	case <-v.client.Closed():
	case <-v.news:
	case <-v.After(mailboxLook):
	}
	defer v.within()()
	if err := errors.Join(idle.Close(), idle.Wait()); err != nil && ctx.Err() == nil {
		return fmt.Errorf("wait for news of the mailbox: %w", err)
	}
	return nil
}
