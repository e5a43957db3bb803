// Package postfix runs private instances of Postfix on loopback, for tests that want
// a real mail system between the program and a mailbox: one that queues, defers,
// gives up, and writes delivery reports of its own.
//
// An instance has its configuration, queue, log and mailboxes in a folder of its own,
// and asks no name server. The machine's own Postfix, if it runs one, is not touched.
// Postfix has to be started by root, since its parts run as several users.
package postfix

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Settings are parameters of main.cf by name (postconf(5)).
type Settings map[string]string

// Server is a running instance.
type Server struct {
	Addr   string // where it takes mail: host:port
	folder string
}

// Start starts an instance in a folder that is there and empty; settings go over the
// defaults of this package. Stop ends it; the folder stays.
func Start(ctx context.Context, folder string, settings Settings) (*Server, error) {
	s := &Server{folder: folder}
	err := s.furnish(settings)
	if err == nil {
		err = s.postfix(ctx, "start")
	}
	if err != nil {
		log, _ := s.Log()
		return nil, fmt.Errorf("start a private Postfix in %s: %w\n%s", folder, err, log)
	}
	return s, nil
}

//go:embed master.cf
var masterCF string

// furnish writes the configuration and makes the folders that Postfix wants.
func (s *Server) furnish(settings Settings) error {
	var err error
	if s.Addr, err = freeAddress(); err != nil {
		return err
	}
	all := Settings{
		"compatibility_level":          "3.6",
		"queue_directory":              s.path("queue"),
		"data_directory":               s.path("data"),
		"maillog_file":                 s.path("log"),
		"maillog_file_prefixes":        s.folder,
		"inet_interfaces":              "loopback-only",
		"inet_protocols":               "ipv4",
		"mydestination":                "",
		"mynetworks":                   "127.0.0.0/8",
		"smtpd_relay_restrictions":     "permit_mynetworks, reject",
		"disable_dns_lookups":          "yes", // or a report for an unknown domain would ask the world
		"smtp_host_lookup":             "native",
		"default_transport":            "error:5.1.2 this domain does not exist here",
		"local_transport":              "error:5.1.1 nobody lives here",
		"alias_maps":                   "",
		"alias_database":               "",
		"smtpd_peername_lookup":        "no",
		"smtpd_client_auth_rate_limit": "0",
	}
	maps.Copy(all, settings)
	var main strings.Builder
	for _, name := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&main, "%s = %s\n", name, all[name])
	}
	for _, d := range []string{"", "etc", "queue", "data"} {
		if err := errors.Join(os.MkdirAll(s.path(d), 0o755), os.Chmod(s.path(d), 0o755)); err != nil {
			return err
		}
	}
	return errors.Join(
		os.WriteFile(s.path("etc/main.cf"), []byte(main.String()), 0o644),
		os.WriteFile(s.path("etc/master.cf"), []byte(strings.ReplaceAll(masterCF, "ADDRESS", s.Addr)), 0o644),
		os.WriteFile(s.path("log"), nil, 0o644),
		exec.Command("chown", "postfix", s.path("data")).Run())
}

func (s *Server) path(name string) string { return filepath.Join(s.folder, name) }

// freeAddress is one that nobody listens on. Somebody may take it before Postfix
// does; then that does not start.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// postfix runs a command of postfix(1).
func (s *Server) postfix(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, "postfix", append([]string{"-c", s.path("etc")}, args...)...)
	cmd.Env = append(os.Environ(), "PATH=/usr/sbin:/usr/bin:/sbin:/bin")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("postfix %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return nil
}

// Stop ends the instance.
func (s *Server) Stop() error { return s.postfix(context.Background(), "stop") }

// Flush tries what is deferred at once.
func (s *Server) Flush(ctx context.Context) error { return s.postfix(ctx, "flush") }

// Log is what the instance has logged so far.
func (s *Server) Log() (string, error) {
	b, err := os.ReadFile(s.path("log"))
	return string(b), err
}

// Queued is a mail that waits (postqueue -j).
type Queued struct {
	Name       string `json:"queue_name"`
	Sender     string `json:"sender"`
	Recipients []struct {
		Address string `json:"address"`
		Delay   string `json:"delay_reason"`
	} `json:"recipients"`
}

// Queue lists what waits.
func (s *Server) Queue(ctx context.Context) (waiting []Queued, err error) {
	out, err := exec.CommandContext(ctx, "postqueue", "-c", s.path("etc"), "-j").Output()
	if err != nil {
		return nil, fmt.Errorf("postqueue: %w", err)
	}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var q Queued
		if err := d.Decode(&q); errors.Is(err, io.EOF) {
			return waiting, nil
		} else if err != nil {
			return nil, err
		}
		waiting = append(waiting, q)
	}
}
