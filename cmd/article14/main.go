// Command article14 tells people, as Article 14 GDPR asks, that a company holds
// their data: it finds contacts collected without notice, works out each
// deadline, writes each notice, sends it and keeps track of what became of it.
//
// The commands are faces of the types in package mailer; none has a rule of its
// own. See README.md for the way through, and "article14 --help" for the list.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"article14/mailer"
)

// Exit statuses.
const (
	exitFailed = 1
	exitMisuse = 2
)

// commands is the command line.
type commands struct {
	Settings

	Demo      demoCmd      `cmd:"" help:"Show the whole product on sample data: private database, invented people, a mail catcher with an inbox page."`
	Migrate   migrateCmd   `cmd:"" help:"Bring the database up to date, or show where it stands."`
	Register  registerCmd  `cmd:"" help:"Check, apply and show the register file; print its JSON Schema."`
	Assess    assessCmd    `cmd:"" help:"What a contact file, or all that is stored, would mean: owed, overdue, blocked, days at a pace. Changes nothing."`
	Import    importCmd    `cmd:"" help:"Take in a contact file."`
	Campaign  campaignCmd  `cmd:"" help:"Create, preview, test, approve, start, pause, resume, cancel and show campaigns."`
	Class     classCmd     `cmd:"" help:"Set, list and remove classes of recipient domains, and what each may be sent."`
	Work      workCmd      `cmd:"" help:"Deliver: the worker."`
	Serve     serveCmd     `cmd:"" help:"Serve the recipients' pages, metrics and health."`
	Run       runCmd       `cmd:"" help:"Worker, web server and doors in one process."`
	Receive   receiveCmd   `cmd:"" help:"Take reports and answers in: by SMTP, by LMTP, from a mailbox."`
	Status    statusCmd    `cmd:"" help:"Show what needs a person, backlog, deadlines, lanes, workers and forecast."`
	Instance  instanceCmd  `cmd:"" help:"Show which copy of the database this is; confirm that it is the one that sends."`
	Token     tokenCmd     `cmd:"" help:"Make, list and revoke the tokens with which programs ask the gate."`
	Doctor    doctorCmd    `cmd:"" help:"Check the set-up: database, keys, register, relay, DNS records, links."`
	Health    healthCmd    `cmd:"" help:"Ask a running process whether it is well: for a container's health check."`
	Catch     catchCmd     `cmd:"" help:"A mail relay for trying things out: shows what it gets in an inbox and passes nothing on."`
	Bounce    bounceCmd    `cmd:"" help:"Take in one report of a mail system on standard input."`
	Answer    answerCmd    `cmd:"" help:"What people wrote back: list, show, link to a person, close."`
	Request   requestCmd   `cmd:"" help:"What people ask for: list, show, add, prove, take, extend, answer, refuse, withdraw, lift."`
	Letter    letterCmd    `cmd:"" help:"List, print, show, withdraw letters; say that they were posted, or came back."`
	Call      callCmd      `cmd:"" help:"List who is to be called, show what to say, take down what came of it."`
	Telling   tellingCmd   `cmd:"" help:"What recipients of data are told of people's rights (Art. 19): list, show, retry, export, done."`
	Ledger    ledgerCmd    `cmd:"" name:"ledger" help:"The file outside the database: show, verify, apply it to a restored database."`
	Retention retentionCmd `cmd:"" help:"What the deletion job has erased, would erase on a day, or is told to erase now."`
	Hold      holdCmd      `cmd:"" help:"Legal holds: set, list and release what must not be erased."`
	Contact   contactCmd   `cmd:"" help:"Show, list, tell, exempt and erase people."`
	Alert     alertCmd     `cmd:"" help:"Show and settle alerts."`
	Help      helpCmd      `cmd:"" help:"Show this list, or the help of a command."`
	Licences  licencesCmd  `cmd:"" help:"The licences of the program, its libraries and its fonts."`
}

// helpCmd is answered in run: it says what --help behind the command does.
type helpCmd struct {
	Command []string `arg:"" optional:"" help:"The command; none: all of them."`
}

// io is what a command speaks through; tests give it buffers.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

func main() {
	os.Exit(run(os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr}))
}

// run is main without the process: it parses, runs, and turns errors into words
// and an exit status.
func run(args []string, std streams) int {
	// The first signal asks for a graceful stop; a second one ends at once.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	go func() { <-ctx.Done(); stop() }()

	var cmds commands
	status := -1
	parser, err := newParser(&cmds, std, func(code int) { status = code })
	if err != nil {
		fmt.Fprintln(std.err, "article14:", err)
		return exitFailed
	}
	k, err := parser.Parse(args)
	if err == nil && k.Selected().Name == "help" {
		k, err = parser.Parse(append(slices.Clone(cmds.Help.Command), "--help"))
	}
	if status >= 0 { // --help was answered
		return status
	}
	if err != nil {
		fmt.Fprintln(std.err, "article14:", err, "(article14 --help shows how)")
		return exitMisuse
	}
	k.BindTo(ctx, (*context.Context)(nil))
	var opened *app
	k.BindToProvider(func() (*app, error) { // only for commands that ask for it
		opened, err = openWithRegister(ctx, &cmds.Settings, cmds.Settings.logger(std.err))
		return opened, err
	})
	err = k.Run(&cmds.Settings, std)
	if opened != nil {
		opened.close()
	}
	if err != nil {
		if cmds.Settings.LogFormat == "json" { // who reads the log reads lines of JSON, the last one too
			std.err = logLines{cmds.Settings.logger(std.err)}
		}
		return report(err, std.err)
	}
	return 0
}

// logLines logs each line that is written.
type logLines struct{ log *slog.Logger }

func (l logLines) Write(p []byte) (int, error) {
	l.log.Error(strings.TrimPrefix(strings.TrimSpace(string(p)), "article14: "))
	return len(p), nil
}

// newParser makes the parser of the command line; exit hears of --help.
func newParser(cmds *commands, std streams, exit func(int)) (*kong.Kong, error) {
	return kong.New(cmds,
		kong.Name("article14"),
		kong.Description("Tells people that a company holds their data, as Article 14 GDPR asks."),
		kong.Writers(std.out, std.err),
		kong.Exit(exit),
		kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.DefaultEnvars("ARTICLE14"),
	)
}

// misuse is an error of the person at the keyboard.
type misuse struct{ error }

func report(err error, w io.Writer) int {
	if errors.As(err, new(tryAgain)) { // even if it was told to stop
		fmt.Fprintln(w, "article14:", mailer.MaskAddresses(err.Error()))
		return exitTempFail
	}
	if errors.Is(err, context.Canceled) {
		fmt.Fprintln(w, "article14: stopped")
		return exitFailed
	}
	fmt.Fprintln(w, "article14:", mailer.MaskAddresses(err.Error()))
	if errors.As(err, new(misuse)) {
		return exitMisuse
	}
	return exitFailed
}
