package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/goccy/go-yaml"
)

// These tests hold what is in deploy/ and the Dockerfile against the program: an
// orchestrator that starts a command we do not have, or sets a variable that nobody
// reads, would be noticed by users only.

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile("../../" + file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// secretFiles are the variables that name a file with a secret.
var secretFiles = []string{"ARTICLE14_DATABASE_URL_FILE", "ARTICLE14_RELAY_PASSWORD_FILE",
	"ARTICLE14_DOOR_IMAP_PASSWORD_FILE", "ARTICLE14_HOOK_SECRET_FILE"}

// variables are those of the environment that some flag reads, and the secrets' files.
func variables(t *testing.T) []string {
	t.Helper()
	parser, err := newParser(new(commands), streams{out: io.Discard, err: io.Discard}, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, v := range secretFiles {
		seen[v] = true
	}
	err = kong.Visit(parser.Model, func(n kong.Visitable, next kong.Next) error {
		if f, ok := n.(*kong.Flag); ok {
			for _, v := range f.Envs {
				seen[v] = true
			}
		}
		return next(nil)
	})
	if err != nil || len(seen) < 20 {
		t.Fatalf("%d variables were found: %v", len(seen), err)
	}
	return slices.Sorted(maps.Keys(seen))
}

// parses says what is wrong with a command line in an environment, or nil.
func parses(t *testing.T, env map[string]string, args ...string) error {
	t.Helper()
	for name, value := range env {
		if !strings.HasPrefix(name, "ARTICLE14_") {
			continue
		}
		if !slices.Contains(variables(t), name) {
			return fmt.Errorf("nobody reads %s", name)
		}
		t.Setenv(name, value)
	}
	parser, err := newParser(new(commands), streams{out: io.Discard, err: io.Discard}, func(int) {})
	if err != nil {
		return err
	}
	_, err = parser.Parse(args)
	return err
}

func TestTheCheckOfCommandsAndVariablesCanFail(t *testing.T) {
	if err := parses(t, map[string]string{"ARTICLE14_RELAY_HOTS": "x"}, "work"); err == nil {
		t.Error("a variable that nobody reads was taken")
	}
	if err := parses(t, nil, "wrok"); err == nil {
		t.Error("a command that is not there was taken")
	}
}

// instructions are a Dockerfile's, with lines that go on joined.
func instructions(t *testing.T) (out [][2]string) {
	t.Helper()
	text := strings.ReplaceAll(regexp.MustCompile(`(?m)^#.*\n`).ReplaceAllString(read(t, "Dockerfile"), ""), "\\\n", " ")
	for line := range strings.Lines(text) {
		if word, rest, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			out = append(out, [2]string{word, strings.Join(strings.Fields(rest), " ")})
		}
	}
	if len(out) < 10 {
		t.Fatalf("only %d instructions were found", len(out))
	}
	return out
}

func TestTheImageIsTheBinaryOfMakeBuildWithoutShellOrRoot(t *testing.T) {
	last := map[string]string{} // of the last stage
	var stages, runs, copies []string
	env := map[string]string{}
	for _, i := range instructions(t) {
		switch word, rest := i[0], i[1]; word {
		case "FROM":
			stages, copies = append(stages, rest), nil
			clear(last)
		case "RUN":
			runs = append(runs, rest)
			last[word] = rest
		case "COPY":
			copies = append(copies, rest)
		case "ENV":
			for pair := range strings.FieldsSeq(rest) {
				name, value, _ := strings.Cut(pair, "=")
				env[name] = value
			}
		default:
			last[word] = rest
		}
	}
	if len(stages) != 2 || !strings.HasPrefix(stages[0], "golang:") || stages[1] != "scratch" || last["RUN"] != "" {
		t.Errorf("the stages are %v, and the last one runs %q", stages, last["RUN"])
	}
	goVersion := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(read(t, "go.mod"))[1]
	if !strings.HasPrefix(stages[0], "golang:"+goVersion+"-") {
		t.Errorf("it builds with %s, and go.mod asks for %s", stages[0], goVersion)
	}
	if !slices.Contains(runs, buildCommand(t)) {
		t.Errorf("it runs %q, and make build runs %q", runs, buildCommand(t))
	}
	if last["USER"] != "65532:65532" {
		t.Errorf("it runs as %q", last["USER"])
	}
	for _, c := range copies {
		if !strings.HasPrefix(c, "--from=build ") {
			t.Errorf("something of the context gets into the image: %s", c)
		}
	}
	var entry, cmd, probe []string
	health := last["HEALTHCHECK"]
	for part, into := range map[string]*[]string{last["ENTRYPOINT"]: &entry, last["CMD"]: &cmd, health[strings.Index(health, "["):]: &probe} {
		if err := json.Unmarshal([]byte(part), into); err != nil {
			t.Fatalf("%q is not of the form that needs no shell: %v", part, err)
		}
	}
	if !slices.Equal(entry, []string{"/article14"}) || probe[0] != "/article14" {
		t.Errorf("it starts %q and asks %q", entry, probe)
	}
	for _, args := range [][]string{cmd, probe[1:]} {
		if err := parses(t, env, args...); err != nil {
			t.Errorf("%q: %v", args, err)
		}
	}
	if err := parses(t, env); err == nil {
		t.Error("no command at all was taken")
	}
	if journal := env["ARTICLE14_JOURNAL"]; journal == "" || !slices.Contains(copies, "--from=build --chown=65532:65532 --chmod=0700 "+journal+" "+journal) {
		t.Errorf("the journal is at %q, and its user may not write there: %q", journal, copies)
	}
}

// buildCommand is what "make build" runs, as one line of a shell.
func buildCommand(t *testing.T) string {
	t.Helper()
	makefile := read(t, "Makefile")
	line := regexp.MustCompile(`(?m)^build:\n\t(.*)$`).FindStringSubmatch(makefile)
	flags := regexp.MustCompile(`(?m)^GOFLAGS \?= (.*)$`).FindStringSubmatch(makefile)
	if line == nil || flags == nil {
		t.Fatal("the Makefile has no build that this test can read")
	}
	return strings.Replace(line[1], "CGO_ENABLED=0 $(GO)", "CGO_ENABLED=0 GOFLAGS="+flags[1]+" go", 1)
}

// service is a part of a compose file.
type service struct {
	Image       string            `yaml:"image"`
	User        string            `yaml:"user"`
	Command     []string          `yaml:"command"`
	Environment map[string]string `yaml:"environment"`
	ReadOnly    bool              `yaml:"read_only"`
	CapDrop     []string          `yaml:"cap_drop"`
	SecurityOpt []string          `yaml:"security_opt"`
	Secrets     []string          `yaml:"secrets"`
	Volumes     []string          `yaml:"volumes"`
	Networks    []string          `yaml:"networks"`
	NetworkMode string            `yaml:"network_mode"`
	Ports       []string          `yaml:"ports"`
	DependsOn   map[string]any    `yaml:"depends_on"`
	MemLimit    string            `yaml:"mem_limit"`
	Grace       string            `yaml:"stop_grace_period"`
}

func TestTheComposeFileStartsCommandsThatAreThereWithFewRights(t *testing.T) {
	var file struct {
		Services map[string]service `yaml:"services"`
		Secrets  map[string]any     `yaml:"secrets"`
		Volumes  map[string]any     `yaml:"volumes"`
		Networks map[string]struct {
			Internal bool `yaml:"internal"`
		} `yaml:"networks"`
	}
	if err := yaml.Unmarshal([]byte(read(t, "deploy/compose.yaml")), &file); err != nil {
		t.Fatal(err)
	}
	if got := slices.Sorted(maps.Keys(file.Services)); !slices.Equal(got, []string{"db", "migrate", "relay", "serve", "work"}) {
		t.Fatalf("services %v", got)
	}
	for name, s := range file.Services {
		t.Run(name, func(t *testing.T) {
			if s.Image == "article14" {
				env := map[string]string{}
				for k, v := range s.Environment {
					env[k] = unset(v)
				}
				if err := parses(t, env, s.Command...); err != nil {
					t.Errorf("%q: %v", s.Command, err)
				}
				if s.User != "65532:65532" {
					t.Errorf("it runs as %q", s.User)
				}
			}
			if !s.ReadOnly || !slices.Equal(s.CapDrop, []string{"ALL"}) || !slices.Contains(s.SecurityOpt, "no-new-privileges:true") || s.MemLimit == "" {
				t.Errorf("it has more rights than it needs: %+v", s)
			}
			for _, secret := range s.Secrets {
				if _, there := file.Secrets[secret]; !there {
					t.Errorf("there is no secret %s", secret)
				}
			}
			for _, v := range s.Volumes {
				if volume, _, _ := strings.Cut(v, ":"); file.Volumes[volume] == nil && !mapHas(file.Volumes, volume) {
					t.Errorf("there is no volume %s", volume)
				}
			}
			for _, p := range s.Ports {
				if !strings.HasPrefix(p, "127.0.0.1:") {
					t.Errorf("%s is open to everybody", p)
				}
			}
			for other := range s.DependsOn {
				if _, there := file.Services[other]; !there {
					t.Errorf("it waits for %s, which is not there", other)
				}
			}
			for k, v := range s.Environment {
				if strings.Contains(strings.ToUpper(k), "PASSWORD") && !strings.HasSuffix(k, "_FILE") {
					t.Errorf("%s holds a secret: %q", k, v)
				}
			}
		})
	}
	if db := file.Services["db"]; !slices.Equal(db.Networks, []string{"inside"}) || !file.Networks["inside"].Internal {
		t.Error("the database can be reached from outside")
	}
	journal := regexp.MustCompile(`ARTICLE14_JOURNAL=(\S+)`).FindStringSubmatch(read(t, "Dockerfile"))
	if journal == nil || !slices.Contains(file.Services["work"].Volumes, "journal:"+journal[1]) {
		t.Errorf("the journal, at %v in the image, goes with the worker's container: its volumes are %q", journal, file.Services["work"].Volumes)
	}
	if file.Services["work"].Grace != "11m" {
		t.Errorf("a worker has %q to finish what is on the wire, and the final dot may take ten minutes", file.Services["work"].Grace)
	}
}

func mapHas[V any](m map[string]V, key string) bool { _, there := m[key]; return there }

var defaulted = regexp.MustCompile(`\$\{\w+:-([^}]*)\}`)

// unset is a value of a compose file where nothing is set.
func unset(v string) string { return defaulted.ReplaceAllString(v, "$1") }

func TestTheUnitStartsACommandThatIsThereAndConfinesIt(t *testing.T) {
	settings := map[string][]string{}
	for line := range strings.Lines(read(t, "deploy/systemd/article14.service")) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(name, "#") {
			settings[name] = append(settings[name], value)
		}
	}
	env := map[string]string{}
	for _, e := range settings["Environment"] {
		name, value, _ := strings.Cut(e, "=")
		env[name] = value
		if credential, ok := strings.CutPrefix(value, "%d/"); ok && !slices.ContainsFunc(settings["LoadCredential"], func(c string) bool { return strings.HasPrefix(c, credential+":") }) {
			t.Errorf("%s names %s, which is not loaded", name, credential)
		}
	}
	for line := range strings.Lines(read(t, "deploy/systemd/article14.conf")) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(name, "#") {
			env[name] = value
		}
	}
	args := strings.Fields(settings["ExecStart"][0])
	if args[0] != "/usr/bin/article14" {
		t.Errorf("it starts %s", args[0])
	}
	if err := parses(t, env, args[1:]...); err != nil {
		t.Error(err)
	}
	if folder := env["ARTICLE14_JOURNAL"]; folder == "" || len(settings["StateDirectory"]) != 1 || folder != "%S/"+settings["StateDirectory"][0] {
		t.Errorf("the journal is at %q, and it may write to %q", folder, settings["StateDirectory"])
	}
	for name, want := range map[string]string{"User": "article14", "NoNewPrivileges": "yes", "ProtectSystem": "strict", "CapabilityBoundingSet": "",
		"MemoryDenyWriteExecute": "yes", "TimeoutStopSec": "11min", "KillSignal": "SIGTERM"} {
		if got := settings[name]; len(got) != 1 || got[0] != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestTheAlertRulesAskForMetricsThatAreThere(t *testing.T) {
	var file struct {
		Groups []struct {
			Rules []struct {
				Alert, Expr string
				Annotations map[string]string
			}
		}
	}
	if err := yaml.Unmarshal([]byte(read(t, "deploy/prometheus/article14.rules.yml")), &file); err != nil {
		t.Fatal(err)
	}
	page := read(t, "docs/operations.md")
	n := 0
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			n++
			names := metricName.FindAllString(r.Expr, -1)
			if len(names) == 0 && !strings.HasPrefix(r.Expr, "up{") || r.Annotations["summary"] == "" || r.Annotations["action"] == "" {
				t.Errorf("%s asks for nothing, or says not what to do", r.Alert)
			}
			for _, name := range names {
				if !strings.Contains(page, "`"+name+"{") && !strings.Contains(page, "`"+name+"`") {
					t.Errorf("%s asks for %s, which is not there", r.Alert, name)
				}
			}
		}
	}
	if n < 10 {
		t.Errorf("only %d rules were found", n)
	}
}
