package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"article14/internal/dkim"
	"article14/internal/doctor"
	"article14/internal/relay"
	"article14/mailer"
	"article14/mailer/complete"
)

// doctorCmd looks at everything that must be well before people are told. It
// sends nothing; of the database it writes what every start writes: where it
// stands, and the fingerprints of keys.
type doctorCmd struct {
	RelayFlags
	DKIMSelector string        `name:"dkim-selector" help:"Selector of the relay's DKIM signatures, where the relay signs." placeholder:"NAME"`
	SendsFrom    []string      `help:"Addresses from which the relay sends into the world, where they are not those of its name." placeholder:"IP"`
	Resolver     string        `help:"DNS server to ask; default the system's." placeholder:"HOST:PORT"`
	Offline      bool          `help:"Ask nobody outside: no DNS, no links."`
	Timeout      time.Duration `help:"How long all of it may take." default:"1m"`
	JSON         bool          `help:"Print JSON."`

	dns doctor.Resolver   // tests have their own
	web http.RoundTripper // and their own way to the links
}

// errIll is a set-up with a problem.
var errIll = errors.New("there are problems: mend them before people are told")

func (c *doctorCmd) Run(ctx context.Context, s *Settings, std streams) error {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	from, err := addresses(c.SendsFrom)
	if err != nil {
		return misuse{fmt.Errorf("--sends-from: %w", err)}
	}
	v := &visit{cmd: c, settings: s, now: time.Now, from: from}
	v.database(ctx)
	defer v.leave()
	v.signing()
	v.relay(ctx)
	v.outside(ctx)
	if err := v.print(std.out); err != nil {
		return err
	}
	return v.verdict()
}

func addresses(given []string) (out []netip.Addr, err error) {
	for _, g := range given {
		ip, err := netip.ParseAddr(g)
		if err != nil {
			return nil, err
		}
		out = append(out, ip)
	}
	return out, nil
}

// visit is one look at everything.
type visit struct {
	cmd      *doctorCmd
	settings *Settings
	now      func() time.Time
	app      *app // nil where the database cannot be opened
	from     []netip.Addr
	signer   *dkim.Signer // nil: the relay signs, or nobody
	findings []doctor.Finding
}

func (v *visit) leave() {
	if v.app != nil {
		v.app.close()
	}
}

func (v *visit) say(about string, l doctor.Level, says, do string) {
	v.findings = append(v.findings, doctor.Finding{About: about, Level: l, Says: says, Do: do})
}

// judge says a fault as a problem, or what is well.
func (v *visit) judge(about string, err error, well, do string) bool {
	if err != nil {
		v.say(about, doctor.Problem, mailer.MaskAddresses(err.Error()), do)
		return false
	}
	v.say(about, doctor.OK, well, "")
	return true
}

// plainWords is what others say of themselves (DNS records, a relay's greeting) in a form
// that a terminal only shows: without control characters, and no longer than a few lines.
func plainWords(said string) string {
	said = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, said)
	const most = 500
	if r := []rune(said); len(r) > most {
		said = string(r[:most]) + " ..."
	}
	return said
}

func (v *visit) print(w io.Writer) error {
	for i := range v.findings {
		v.findings[i].Says = plainWords(v.findings[i].Says)
	}
	if v.cmd.JSON {
		return printJSON(w, v.findings)
	}
	for _, f := range v.findings {
		source := ""
		if f.Source != "" && f.Level != doctor.OK {
			source = " (" + f.Source + ")"
		}
		fmt.Fprintf(w, "%-8s %-12s %s%s\n", f.Level, f.About, f.Says, source)
		if f.Do != "" {
			fmt.Fprintf(w, "%-8s %-12s -> %s\n", "", "", f.Do)
		}
	}
	return nil
}

func (v *visit) verdict() error {
	for _, f := range v.findings {
		if f.Level == doctor.Problem {
			return errIll
		}
	}
	return nil
}

// signing reads the keys that we sign with, as a worker does.
func (v *visit) signing() {
	var err error
	if v.signer, err = v.cmd.signer(); err == nil && v.app != nil && v.app.reg != nil {
		err = maySign(v.signer, v.app.reg)
	}
	if err != nil || v.signer != nil {
		v.judge("DKIM", err, "notices are signed with "+selectors(v.signer, v.now()), "see --dkim-key and --dkim-domain")
	}
}

// relay dials it as a worker does.
func (v *visit) relay(ctx context.Context) {
	if v.cmd.RelayHost == "" {
		v.say("relay", doctor.Unknown, "no relay is named", "name it with --relay-host to have it looked at")
		return
	}
	r, err := v.cmd.RelayFlags.open()
	if err == nil {
		var p relay.Probed
		if p, err = r.Probe(ctx); err == nil {
			v.probed(p)
			return
		}
	}
	v.judge("relay", err, "", "see its log, and the --relay flags")
}

// certificateSoon is how long before its end a certificate is warned of.
const certificateSoon = 21 * 24 * time.Hour

func (v *visit) probed(p relay.Probed) {
	where, as := "in the clear, on this machine", ""
	if p.TLS != 0 {
		where = "over " + tls.VersionName(p.TLS)
	}
	if p.Authenticated {
		as = ", authenticated"
	}
	v.say("relay", doctor.OK, "it answers "+where+as, "")
	switch left := p.Expires.Sub(v.now()); {
	case p.Expires.IsZero():
	case left < certificateSoon:
		v.say("relay", doctor.Warning, fmt.Sprintf("its certificate ends on %s: from then on nothing is sent", p.Expires.UTC().Format(time.DateOnly)), "have it renewed")
	default:
		v.say("relay", doctor.OK, "its certificate is valid until "+p.Expires.UTC().Format(time.DateOnly), "")
	}
	var offers, lacks []string
	for _, e := range relay.Extensions {
		if parameter, there := p.Extensions[e.Name]; there {
			offers = append(offers, strings.TrimSpace(e.Name+" "+parameter))
		} else {
			lacks = append(lacks, e.Name+": "+e.For)
		}
	}
	v.say("relay", doctor.OK, "it offers "+strings.Join(offers, ", "), "")
	if len(lacks) > 0 {
		v.say("relay", doctor.Warning, "it does not offer "+strings.Join(lacks, "; "), "switch them on if it has them; it works without")
	}
	if len(v.from) == 0 && !p.Local && p.Addr.IsGlobalUnicast() && !p.Addr.IsPrivate() {
		v.from = []netip.Addr{p.Addr}
	}
}

// outside asks DNS, and the links' host.
func (v *visit) outside(ctx context.Context) {
	switch {
	case v.cmd.Offline:
		v.say("DNS", doctor.Unknown, "not asked (--offline)", "")
		return
	case v.app == nil || v.app.reg == nil:
		v.say("DNS", doctor.Unknown, "there is no register that names domains", "apply one, then ask again")
		return
	}
	m := v.app.reg.Controller.Mail
	dns := v.cmd.resolver()
	v.findings = append(v.findings, doctor.Check(ctx, dns, doctor.Domains{From: mailDomain(v.app.reg), Bounce: m.BounceDomain, Answer: m.AnswerDomain, Links: m.Links,
		DKIMSelector: v.cmd.DKIMSelector, DKIMDomain: v.cmd.DKIMDomain, Signer: v.signer, Now: v.now(), SendsFrom: v.from})...)
	v.findings = append(v.findings, doctor.CheckReverse(ctx, dns, "", v.from)...)
	v.links(ctx, m.Links)
}

// resolver is the system's, or one that asks a server of choice.
func (c *doctorCmd) resolver() doctor.Resolver {
	if c.dns != nil {
		return c.dns
	}
	return c.server()
}

func (c *doctorCmd) server() *net.Resolver {
	if c.Resolver == "" {
		return net.DefaultResolver
	}
	at := c.Resolver
	if _, _, err := net.SplitHostPort(at); err != nil {
		at = net.JoinHostPort(at, "53")
	}
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, at)
	}}
}

// transport finds the links' host by the same resolver.
func (c *doctorCmd) transport() http.RoundTripper {
	if c.web != nil {
		return c.web
	}
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.DialContext = (&net.Dialer{Resolver: c.server()}).DialContext
	return t
}

// links asks whether the pages answer where the notices will say they are.
func (v *visit) links(ctx context.Context, base string) {
	u, err := url.Parse(base)
	if err != nil {
		return // said already
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.JoinPath("/").String(), nil)
	if err != nil {
		return
	}
	client := &http.Client{Transport: v.cmd.transport(), Timeout: 10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	const do = "run 'article14 serve' behind your reverse proxy at that address, with a certificate that verifies"
	if err != nil {
		var refused *url.Error
		if errors.As(err, &refused) {
			err = refused.Err
		}
		v.say("links", doctor.Problem, "the pages do not answer at "+u.Host+": "+err.Error(), do)
		return
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		v.say("links", doctor.Problem, fmt.Sprintf("the pages' home at %s answers with %d", u.Host, resp.StatusCode), do)
		return
	}
	v.say("links", doctor.OK, "the pages answer at "+u.Host, "")
}

// database opens it, and looks at what stands in it, as far as it gets.
func (v *visit) database(ctx context.Context) {
	a, err := connect(ctx, v.settings, slog.New(slog.DiscardHandler))
	if !v.judge("database", err, "it answers", "look at --database-url, the server's log and pg_hba.conf") {
		return
	}
	v.app = a
	v.condition(ctx)
	have, want, err := a.store.SchemaVersions(ctx)
	if err == nil && have != want {
		err = fmt.Errorf("it is at version %d, and this program needs %d", have, want)
	}
	if !v.judge("migrations", err, fmt.Sprintf("all %d are there", want), "run 'article14 migrate up'") {
		return
	}
	v.judge("clock", a.checkClock(ctx), "the database's agrees with this machine's", "")
	i, err := a.store.Recognise(ctx, a.now())
	if err == nil {
		err = i.HeldError()
	}
	if v.judge("instance", err, "this copy of the database is the one that sends", "") && !i.Here.Known() {
		v.say("instance", doctor.Warning, "the database's role may not ask where it stands: some copies will not be told apart",
			"GRANT EXECUTE ON FUNCTION pg_control_system() to the role, or name each copy with --instance")
	}
	current, reg, err := a.registers.Current(ctx, a.key)
	if errors.Is(err, mailer.ErrNoRegister) {
		err = errors.New("none has been applied")
	}
	if !v.judge("register", err, fmt.Sprintf("version %d is in force", current.Version), "run 'article14 register apply FILE'") {
		return
	}
	a.controller, a.key, a.reg = current.ControllerID, reg.Controller.Key, reg
	for _, f := range complete.Check(reg, nil) {
		if !f.Warning {
			v.say("register", doctor.Problem, "it is incomplete: "+f.Path+": "+f.Message, "mend the file and apply it again")
		}
	}
	v.keys(ctx)
}

func (v *visit) condition(ctx context.Context) {
	c, err := v.app.store.Condition(ctx)
	if !v.judge("database", err, fmt.Sprintf("PostgreSQL %s, %d MB", c.Version, c.Bytes>>20), "") {
		return
	}
	for _, bad := range []struct {
		is       bool
		level    doctor.Level
		says, do string
	}{
		{c.Standby, doctor.Problem, "it is a standby and takes no writes", "connect to the primary"},
		{!c.Fsync, doctor.Problem, "fsync is off: a power cut may lose who was told", "set fsync = on"},
		{!c.Autovacuum, doctor.Problem, "autovacuum is off: claims will wade through dead rows", "set autovacuum = on"},
		{!c.OldestTransaction.IsZero() && v.now().Sub(c.OldestTransaction) > time.Hour, doctor.Warning,
			"a transaction has been open for more than an hour: dead rows stay for it, and claims slow down", "end that session (pg_stat_activity)"},
		{c.DeadRows > 1_000_000 && c.DeadRows > c.LiveRows/2, doctor.Warning, "more than a third of the rows are dead", "see why autovacuum does not keep up"},
	} {
		if bad.is {
			v.say("database", bad.level, bad.says, bad.do)
		}
	}
}

// keys looks at the file, and whether its keys are those that wrote the database.
func (v *visit) keys(ctx context.Context) {
	ring, err := v.settings.keyring(false, slog.New(slog.DiscardHandler))
	if err == nil {
		err = v.app.store.CheckKeys(ctx, ring, v.app.now())
	}
	if !v.judge("keys", err, "they are those that wrote this database", "give the key file that belongs to it with --keys") {
		return
	}
	file := v.settings.Keys
	if file == "" {
		dir, err := v.settings.dataFolder()
		if err != nil {
			return
		}
		file = filepath.Join(dir, "keys.json")
	}
	if info, err := os.Stat(file); err == nil && info.Mode().Perm()&0o077 != 0 {
		v.say("keys", doctor.Warning, "others than its owner can read the key file ("+info.Mode().Perm().String()+")", "chmod 600 "+file)
	}
}
