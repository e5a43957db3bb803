package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"article14/internal/calendar"
	"article14/internal/journal"
	"article14/internal/pacing"
	"article14/internal/relay"
	"article14/mailer"
	"article14/mailer/deliver"
)

// Settings are the flags that every command has. Each has a twin in the
// environment: --database-url is ARTICLE14_DATABASE_URL. Secrets may stand in
// files instead, named by the same variable with _FILE.
type Settings struct {
	DatabaseURL string `help:"PostgreSQL to use (postgres://...); without one, a private server in the data folder. May stand in a file: ARTICLE14_DATABASE_URL_FILE." placeholder:"URL"`
	Data        string `help:"Folder for the private database and the keys." type:"path" placeholder:"DIR"`
	Keys        string `help:"Key file; default keys.json in the data folder." type:"path" placeholder:"FILE"`
	Controller  string `help:"Key of the controller, where an instance has several." placeholder:"KEY"`
	Instance    string `help:"What this copy of the database is called, such as production: a worker refuses to send from one of another name." placeholder:"NAME"`
	Ledger      string `help:"File outside the database that has each objection and erasure, and is applied again to a restored one; default ledger in the folder of --data or of the private database. none: do without." placeholder:"FILE"`
	LogFormat   string `help:"Form of the log on standard error: text or json." enum:"text,json" default:"text"`
	LogLevel    string `help:"Least level that is logged: debug, info, warn, error." enum:"debug,info,warn,error" default:"info"`
}

func (s *Settings) databaseURL() (string, error) {
	return secret(s.DatabaseURL, "ARTICLE14_DATABASE_URL_FILE")
}

// secret is a value, or the content of the file that an environment variable names.
func secret(value, fileVariable string) (string, error) {
	file := os.Getenv(fileVariable)
	if value != "" || file == "" {
		return value, nil
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("%s: %w", fileVariable, err)
	}
	return strings.TrimSpace(string(b)), nil
}

// dataFolder is the given one, or the user's usual place for data.
func (s *Settings) dataFolder() (string, error) {
	if s.Data != "" {
		return s.Data, nil
	}
	if d := os.Getenv("XDG_DATA_HOME"); d != "" {
		return filepath.Join(d, "article14"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", errors.New("there is no home folder to keep data in: name one with --data")
	}
	return filepath.Join(home, ".local", "share", "article14"), nil
}

// keyring reads the key file. Beside a private database a missing one is made; with
// somebody's own database that would be a trap, since another machine's keys
// would not fit what is stored, so there it must be made on purpose.
func (s *Settings) keyring(mayMake bool, log *slog.Logger) (*mailer.Keyring, error) {
	file := s.Keys
	if file == "" {
		dir, err := s.dataFolder()
		if err != nil {
			return nil, err
		}
		file = filepath.Join(dir, "keys.json")
	}
	b, err := os.ReadFile(file)
	if err == nil {
		warnOfReaders(file, log)
		return mailer.ReadKeyring(b)
	}
	if !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("read the key file: %w", err)
	}
	if !mayMake {
		return nil, fmt.Errorf("there is no key file %s: name the one that belongs to this database with --keys, or make the first one with 'article14 migrate up --new-keys'", file)
	}
	return makeKeys(file)
}

// warnOfReaders logs that others may read a secret. It is no error: a secret that
// is mounted into a container often comes with such a mode.
func warnOfReaders(file string, log *slog.Logger) {
	if info, err := os.Stat(file); err == nil && info.Mode().Perm()&0o077 != 0 {
		log.Warn("the key file can be read by others than its owner: whoever has it can make valid links; run chmod 600 on it",
			"file", file, "mode", info.Mode().Perm().String())
	}
}

// makeKeys writes a fresh ring for its owner's eyes, and never over another.
func makeKeys(file string) (*mailer.Keyring, error) {
	ring := mailer.NewKeyring()
	b, err := ring.MarshalJSON()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, fmt.Errorf("make a folder for the key file: %w", err)
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("make the key file: %w", err)
	}
	_, err = f.Write(append(b, '\n'))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, fmt.Errorf("write the key file: %w", err)
	}
	return ring, nil
}

func (s *Settings) logger(w io.Writer) *slog.Logger {
	var level slog.Level
	level.UnmarshalText([]byte(s.LogLevel)) // the enum of the flag leaves no other
	opts := &slog.HandlerOptions{Level: level}
	if s.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}

// RelayFlags say where the company's relay is.
type RelayFlags struct {
	RelayHost     string `help:"Host of the mail relay." placeholder:"HOST"`
	RelayPort     int    `help:"Port of the mail relay; default 587 with a user name, 465 with implicit TLS, else 25." placeholder:"PORT"`
	RelayTLS      string `name:"relay-tls" help:"mandatory, implicit, opportunistic or none; none and opportunistic only to this machine. Default: mandatory, and none to this machine." enum:"default,mandatory,implicit,opportunistic,none" default:"default"`
	RelayUser     string `help:"User name at the relay." placeholder:"NAME"`
	RelayPassword string `help:"Password at the relay. Better in a file: ARTICLE14_RELAY_PASSWORD_FILE." placeholder:"PASSWORD"`
	RelayHELO     string `name:"relay-helo" help:"Our name for the relay; default this machine's." placeholder:"NAME"`

	RelayPipelining string `help:"on: commands go in groups where the relay offers PIPELINING, one round trip a mail. off: one at a time, for a relay that offers it and gets it wrong." enum:"on,off" default:"on"`
	DKIMFlags
}

func (f *RelayFlags) open() (*relay.SMTP, error) {
	if f.RelayHost == "" {
		return nil, misuse{errors.New("no mail relay is configured: name one with --relay-host or ARTICLE14_RELAY_HOST")}
	}
	password, err := secret(f.RelayPassword, "ARTICLE14_RELAY_PASSWORD_FILE")
	if err != nil {
		return nil, err
	}
	signer, err := f.signer()
	if err != nil {
		return nil, err
	}
	tls := relay.TLS(f.RelayTLS)
	if f.RelayTLS == "default" {
		tls = relay.TLSDefault
	}
	return relay.New(relay.Config{Name: "default", Host: f.RelayHost, Port: f.RelayPort, TLS: tls,
		HELO: f.RelayHELO, Username: f.RelayUser, Password: password, Stepwise: f.RelayPipelining == "off", DKIM: signer})
}

// WorkerFlags are a worker's settings.
type WorkerFlags struct {
	Connections int    `help:"Connections open at once to the relay." default:"8"`
	Uncertain   string `help:"What becomes of a notice whose final dot was not answered: resend (same bytes, same Message-ID) or hold." enum:"resend,hold" default:"resend"`
	Recipients  string `help:"File of the systems that are told of people's rights (Art. 19): addresses and secrets; docs/telling.md has its form." type:"path" placeholder:"FILE"`
	Relays      string `help:"File of several relays, instead of the flags of one; docs/operations.md has its form." type:"path" placeholder:"FILE"`
	LimitFlags
	PolicyPause string        `help:"Pause a campaign's lane when so many of its last attempts were refused for what we are (5.7.x), or off." default:"5/100" placeholder:"N/OF"`
	TakeIn      time.Duration `help:"How often standing campaigns look for new people." default:"1m"`
	Journal     string        `help:"Folder on a disk of this machine for what a kill must not take along; default journal in the data folder. none: after a kill, whatever was on record is uncertain." placeholder:"DIR"`

	// For trials of crashes, which have no quarter of an hour: cmd/chaos. A lease has to outlive the ten
	// minutes that a relay may take for its answer to the final dot.
	Lease         time.Duration `hidden:"" default:"15m"`
	UncertainWait time.Duration `hidden:"" default:"10m"`
}

// noJournal is what --journal says to do without one.
const noJournal = "none"

// journals are those of a process's workers; none writes nothing and is well.
type journals []*journal.Journal

// journals gives each worker a journal of its own, unless there are to be none.
func (f *WorkerFlags) journals(s *Settings, workers []*deliver.Worker) (js journals, err error) {
	folder := f.Journal
	if folder == noJournal {
		workers[0].Log.Warn("there is no journal: if this process is killed, all that it has on record is uncertain, and may go out twice")
		return nil, nil
	}
	if folder == "" {
		data, err := s.dataFolder()
		if err != nil {
			return nil, fmt.Errorf("%w, or a folder for the journal with --journal", err)
		}
		folder = filepath.Join(data, "journal")
	}
	for _, w := range workers {
		j, err := journal.Open(folder, w.Controller, w.Now)
		if err != nil {
			return nil, errors.Join(err, js.Close())
		}
		w.Journal, js = j, append(js, j)
	}
	return js, nil
}

// Close closes all of them.
func (js journals) Close() error {
	var errs []error
	for _, j := range js {
		errs = append(errs, j.Close())
	}
	return errors.Join(errs...)
}

// Check tells whether all can be written.
func (js journals) Check(ctx context.Context) error {
	var errs []error
	for _, j := range js {
		errs = append(errs, j.Check(ctx))
	}
	return errors.Join(errs...)
}

func (f *WorkerFlags) options() (deliver.Options, error) {
	limits, err := f.LimitFlags.limits()
	if err != nil {
		return deliver.Options{}, err
	}
	standing, err := standingLimit(f.PolicyPause)
	return deliver.Options{Connections: f.Connections, Uncertain: deliver.UncertainPolicy(f.Uncertain), TakeInEvery: f.TakeIn,
		Relay: limits, Standing: standing, Lease: f.Lease, UncertainWait: f.UncertainWait}, err
}

// standingLimit reads "5/100" and "off".
func standingLimit(given string) (l pacing.StandingLimit, err error) {
	if given == "off" {
		return pacing.StandingLimit{Refused: -1}, nil
	}
	refused, of, _ := strings.Cut(given, "/")
	l.Refused, err = strconv.Atoi(refused)
	if err == nil {
		l.Of, err = strconv.Atoi(of)
	}
	if err != nil || l.Refused < 1 || l.Of < l.Refused || l.Of > 10_000 {
		return l, misuse{fmt.Errorf("--policy-pause: %q is no share: write how many of how many attempts, at most 10000, as in 5/100, or off", given)}
	}
	return l, nil
}

// LimitFlags are what the relay may be given by all workers together.
type LimitFlags struct {
	RelayRate  int    `help:"Mails a second that the relay is given by all workers together; 0: as it bears." default:"0"`
	RelayDaily int    `help:"Mails a day; 0: no limit." default:"0"`
	RelayRamp  string `help:"Mails on each day from a first one on, for a sender whom nobody knows yet: 2026-12-01:500,1000,2000. Before that day nothing goes out." placeholder:"DAY:N,N,..."`
}

func (f *LimitFlags) limits() (l deliver.RelayLimits, err error) {
	if f.RelayRate < 0 || f.RelayDaily < 0 {
		return l, misuse{errors.New("--relay-rate and --relay-daily are numbers of mails, 0 for no limit")}
	}
	l = deliver.RelayLimits{PerSecond: f.RelayRate, PerDay: f.RelayDaily}
	if f.RelayRamp == "" {
		return l, nil
	}
	first, days, _ := strings.Cut(f.RelayRamp, ":")
	if l.RampFrom, err = calendar.Parse(first); err != nil {
		return l, misuse{fmt.Errorf("--relay-ramp: %w", err)}
	}
	for _, given := range strings.Split(days, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(given))
		if err != nil || n < 0 {
			return l, misuse{fmt.Errorf("--relay-ramp: %q is no number of mails a day: write the first day, a colon, and a number for each day, as in 2026-12-01:500,1000,2000", given)}
		}
		l.Ramp = append(l.Ramp, n)
	}
	return l, nil
}
