package privatepg

import (
	"fmt"
	"log/slog"
	"maps"
	"regexp"
	"slices"
)

// Options says how to run the server. The zero value is right for the commands.
// Those who join a running server take it as it was started.
type Options struct {
	// User names the superuser, and the database that is made with the folder.
	// "article14" if empty. It belongs to the folder: a cluster made for one user
	// cannot be opened for another.
	User string

	// Settings are put over the defaults of this package, by PostgreSQL's own names.
	Settings map[string]string

	// Elsewhere is where the data go if root asks for a folder that the server's
	// user cannot enter. "/var/lib/article14" if empty.
	Elsewhere string

	// Log hears of start and stop. Nil is silence.
	Log *slog.Logger
}

// defaults suit a database that shares a machine with the program it serves.
// Durability is PostgreSQL's own: fsync, full pages and synchronous commit.
var defaults = map[string]string{
	"shared_buffers":     "256MB",
	"max_wal_size":       "4GB",
	"checkpoint_timeout": "15min", // a page is logged whole on its first change after each
	"max_connections":    "50",
	"timezone":           "UTC",
	"log_timezone":       "UTC",

	// Our statements take hundreds of rows by their keys, and the tables at work are in
	// memory: compiling such plans takes longer than running them, and at a disk's price for
	// a random page the planner reads whole tables instead.
	"jit":              "off",
	"random_page_cost": "1.1",

	// In the server's log LOG ranks above ERROR: this keeps what the server says
	// of itself and drops errors of statements, whose texts quote values ("invalid
	// input syntax for type date: ..."). The others hold should somebody lower it.
	"log_min_messages":                  "log",
	"log_min_error_statement":           "panic",
	"log_error_verbosity":               "terse",
	"log_parameter_max_length":          "0",
	"log_parameter_max_length_on_error": "0",
	"log_statement":                     "none",
	"log_min_duration_statement":        "-1",
	"log_checkpoints":                   "off",
}

var plainName = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,62}$`)

// complete fills in what was left empty.
func (o Options) complete() (Options, error) {
	if o.User == "" {
		o.User = "article14"
	}
	if !plainName.MatchString(o.User) {
		return o, fmt.Errorf("privatepg: user %q: use lower-case letters, digits and underscores", o.User)
	}
	if o.Elsewhere == "" {
		o.Elsewhere = "/var/lib/article14"
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	settings := maps.Clone(defaults)
	maps.Copy(settings, o.Settings)
	o.Settings = settings
	return o, nil
}

// arguments are the settings as arguments of postgres, in a fixed order.
func (o Options) arguments() []string {
	var args []string
	for _, name := range slices.Sorted(maps.Keys(o.Settings)) {
		args = append(args, "-c", name+"="+o.Settings[name])
	}
	return args
}
