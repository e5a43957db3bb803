package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"article14/internal/bounce"
	"article14/internal/door"
	"article14/internal/ops"
	"article14/internal/web"
	"article14/mailer"
	"article14/mailer/track"
)

// DoorFlags say where messages about our notices come in. docs/doors.md tells how
// to set each up.
type DoorFlags struct {
	DoorSMTP    string   `name:"door-smtp" help:"Address to take reports on by SMTP, such as :2525." placeholder:"HOST:PORT"`
	DoorLMTP    string   `name:"door-lmtp" help:"The same by LMTP, from a mail system of the house: an address, or the path of a Unix socket." placeholder:"HOST:PORT|PATH"`
	DoorName    string   `help:"Our name in the greeting; default this machine's." placeholder:"NAME"`
	DoorMailbox []string `help:"Address that mail is taken for beside our envelope senders, such as the one that people answer to." placeholder:"ADDRESS"`
	DoorCert    string   `help:"Certificate with its chain, for STARTTLS; read anew when it changes." type:"path" placeholder:"FILE"`
	DoorKey     string   `help:"Its private key." type:"path" placeholder:"FILE"`

	DoorSize        int64 `help:"Octets of a message; larger ones are refused." default:"26214400"`
	DoorConnections int   `help:"Connections open at once." default:"100"`
	DoorPerClient   int   `help:"Of them from one network: an IPv4 address or an IPv6 /64." default:"20"`
	DoorPerMinute   int   `help:"Messages a minute from one network." default:"6000"`

	DoorIMAP         string `name:"door-imap" help:"Mailbox to empty, such as imaps://user@host/INBOX. What is kept is deleted there." placeholder:"URL"`
	DoorIMAPMove     string `name:"door-imap-move" help:"Folder to move it to instead." placeholder:"FOLDER"`
	DoorIMAPPassword string `name:"door-imap-password" help:"Its password. Better in a file: ARTICLE14_DOOR_IMAP_PASSWORD_FILE." placeholder:"PASSWORD"`
}

// HookFlags are the doors on the web server.
type HookFlags struct {
	HookSES    []string `name:"hook-ses" help:"Take Amazon SES's events at /hooks/ses/NAME, from this SNS topic alone." placeholder:"NAME=ARN"`
	HookSecret string   `help:"Take events at /hooks/events, signed as Standard Webhooks with this secret (whsec_...); several with blanks between, to replace one. Better in a file: ARTICLE14_HOOK_SECRET_FILE." placeholder:"SECRET"`
}

// receiveCmd is the doors in a process of their own.
type receiveCmd struct {
	DoorFlags
	OpsListen string `help:"Address of metrics and health; empty: none." default:"127.0.0.1:9116"`
}

// Help says where the rest is told.
func (c *receiveCmd) Help() string {
	return `Takes mail for our own envelope senders and the named mailboxes alone, and empties a mailbox. Nothing is relayed, and nothing is answered. A message is confirmed when it is in the books, never before. docs/doors.md shows how to set each door up.`
}

// Run opens the doors until it is told to stop.
func (c *receiveCmd) Run(ctx context.Context, s *Settings, std streams) error {
	if !c.DoorFlags.any() {
		return misuse{errors.New("there is no door to open: give --door-smtp, --door-lmtp or --door-imap")}
	}
	log := s.logger(std.err)
	a, stopped, err := starting(ctx, s, log)
	if err != nil || stopped {
		return err
	}
	defer a.close()
	registry, meter := a.metrics()
	doors, err := a.doors(ctx, c.DoorFlags, meter)
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	if c.OpsListen != "" {
		srv, err := listen(ctx, web.Config{OperationsAddr: c.OpsListen, Log: log, Now: a.now, Operations: ops.Handlers(registry, a.checks(), checkFailed(log))})
		if err != nil {
			doors.close()
			return err
		}
		g.Go(func() error { return srv.Serve(ctx) })
	}
	doors.serve(ctx, g)
	return g.Wait()
}

func (f DoorFlags) any() bool { return f.DoorSMTP != "" || f.DoorLMTP != "" || f.DoorIMAP != "" }

// openDoors are doors whose addresses are taken, and who wait to be served.
type openDoors struct {
	listening []listening
	mailbox   *door.Mailbox
}

type listening struct {
	net.Listener
	door *door.Listener
}

func (o *openDoors) close() {
	for _, l := range o.listening {
		l.Close()
	}
}

func (o *openDoors) serve(ctx context.Context, g *errgroup.Group) {
	for _, l := range o.listening {
		g.Go(func() error { return l.door.Serve(ctx, l.Listener) })
	}
	if o.mailbox != nil {
		g.Go(func() error { return o.mailbox.Run(ctx) })
	}
}

func (a *app) doorHouse(meter *ops.Meter) door.House {
	return door.House{Take: a.reports().Take, Now: a.now, Log: a.log, Meter: meter}
}

// doors opens what the flags say.
func (a *app) doors(ctx context.Context, f DoorFlags, meter *ops.Meter) (*openDoors, error) {
	out := &openDoors{}
	house := a.doorHouse(meter)
	reports := a.reports()
	mail := door.Mail{House: house, Hostname: f.DoorName, Accepts: func(addr string) bool { return reports.Accepts(addr, f.DoorMailbox) },
		Limits: door.Limits{Size: f.DoorSize, Keep: bounce.MaxSize, Connections: f.DoorConnections, PerClient: f.DoorPerClient, PerMinute: f.DoorPerMinute}}
	if mail.Hostname == "" {
		mail.Hostname = hostname()
	}
	var err error
	if mail.TLS, err = f.tls(a); err != nil {
		return nil, err
	}
	for _, want := range []struct {
		addr string
		make func(door.Mail) *door.Listener
		name string
	}{{f.DoorSMTP, door.NewSMTP, track.DoorSMTP}, {f.DoorLMTP, door.NewLMTP, track.DoorLMTP}} {
		if want.addr == "" {
			continue
		}
		if err := doorAddress("--door-"+want.name, want.addr); err != nil {
			out.close()
			return nil, err
		}
		l, err := listenForMail(ctx, want.addr)
		if err != nil {
			out.close()
			return nil, fmt.Errorf("open the %s door: %w", want.name, err)
		}
		a.log.Info("the door is open", "door", want.name, "address", l.Addr().String())
		out.listening = append(out.listening, listening{l, want.make(mail)})
	}
	if f.DoorIMAP != "" {
		if out.mailbox, err = f.mailbox(house); err != nil {
			out.close()
			return nil, err
		}
	}
	return out, nil
}

// doorAddress tells what is written wrong from what cannot be had. What has a slash is the path of a socket.
func doorAddress(flag, addr string) error {
	if strings.Contains(addr, "/") {
		return nil
	}
	if _, port, err := net.SplitHostPort(addr); err != nil || port == "" {
		return misuse{fmt.Errorf("%s: %q is no address to listen on: write HOST:PORT, or :PORT for every network of this machine", flag, addr)}
	}
	return nil
}

func (f DoorFlags) tls(a *app) (*tls.Config, error) {
	switch {
	case f.DoorCert == "" && f.DoorKey == "":
		return nil, nil
	case f.DoorCert == "" || f.DoorKey == "":
		return nil, misuse{errors.New("--door-cert and --door-key go together")}
	}
	cert, err := door.ReadCertificate(f.DoorCert, f.DoorKey, a.log)
	if err != nil {
		return nil, err
	}
	return cert.Config(), nil
}

func (f DoorFlags) mailbox(house door.House) (*door.Mailbox, error) {
	m, err := door.ParseMailbox(f.DoorIMAP)
	if err != nil {
		return nil, misuse{fmt.Errorf("--door-imap: %w", err)}
	}
	if m.Password, err = secret(f.DoorIMAPPassword, "ARTICLE14_DOOR_IMAP_PASSWORD_FILE"); err != nil {
		return nil, err
	}
	m.House, m.MoveTo, m.Keep, m.After = house, f.DoorIMAPMove, bounce.MaxSize, time.After
	return &m, nil
}

// listenForMail listens on a port, or on a Unix socket that its group may write to. A
// socket that a killed process left behind is in nobody's use.
func listenForMail(ctx context.Context, addr string) (net.Listener, error) {
	if !strings.Contains(addr, "/") {
		return (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	}
	if info, err := os.Lstat(addr); err == nil && info.Mode().Type() == os.ModeSocket {
		if c, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "unix", addr); err == nil {
			c.Close()
			return nil, fmt.Errorf("another process listens on %s", addr)
		}
		if err := os.Remove(addr); err != nil {
			return nil, err
		}
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "unix", addr)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(addr, 0o660); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// hooks are the doors on the web server, by pattern.
func (a *app) hooks(f HookFlags, meter *ops.Meter) (map[string]http.Handler, error) {
	house, out := a.doorHouse(meter), map[string]http.Handler{}
	for _, topic := range f.HookSES {
		name, arn, ok := strings.Cut(topic, "=")
		if !ok || name == "" || strings.ContainsAny(name, "/{} ") {
			return nil, misuse{fmt.Errorf("--hook-ses is NAME=ARN, not %q", topic)}
		}
		h, err := door.SES(house, door.Topic{ARN: arn, Client: door.NewClient(), Unsubscribed: func(ctx context.Context) error {
			return a.store.Raise(ctx, a.controller, []mailer.Alert{{Kind: mailer.AlertDoorClosed, Subject: name}}, a.now())
		}})
		if err != nil {
			return nil, misuse{fmt.Errorf("--hook-ses: %w", err)}
		}
		out["/hooks/ses/"+name] = h
	}
	text, err := secret(f.HookSecret, "ARTICLE14_HOOK_SECRET_FILE")
	if err != nil {
		return nil, err
	}
	if secrets := strings.Fields(text); len(secrets) > 0 {
		if out["/hooks/events"], err = door.Events(house, secrets); err != nil {
			return nil, misuse{fmt.Errorf("--hook-secret: %w", err)}
		}
	}
	return out, nil
}
