package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"article14/internal/register"
	"article14/internal/rig"
)

const (
	campaignKey = "chaos"
	activityKey = "directory"
	sourceKey   = "linkedin"
	by          = "chaos"
)

// hall is where trials take place: the program, a server, and a database with a
// campaign that is ready to start. Each trial gets a copy of that.
type hall struct {
	options
	folder   string
	server   *rig.Server
	disk     *disk  // what the server's folder is on; nil: whatever the machine has
	keys     string // the key file
	people   int    // approved in the prepared campaign
	progress io.Writer
}

// prepared is the database that trials get copies of.
const prepared = "prepared"

// settings make the server's log of changes small, so that it is written round and
// round within a trial, and on a small disk. Every commit is on the disk, as it is for users.
var settings = map[string]string{"max_wal_size": "64MB", "min_wal_size": "32MB", "shared_buffers": "64MB", "max_connections": "300"}

func newHall(ctx context.Context, o options, g *group, progress io.Writer) (h *hall, err error) {
	h = &hall{options: o, people: g.people, progress: progress}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.close())
		}
	}()
	if h.folder, err = os.MkdirTemp(o.folder, ""); err != nil {
		return h, err
	}
	if err := os.Chmod(h.folder, 0o711); err != nil { // the server's user has to pass through
		return h, err
	}
	h.keys = filepath.Join(h.folder, "keys.json")
	if g.disk {
		if h.disk, err = newDisk(filepath.Join(h.folder, "disk"), g.people); err != nil {
			return h, err
		}
	}
	return h, h.open(ctx)
}

// open starts the server and prepares the campaign.
func (h *hall) open(ctx context.Context) (err error) {
	place := h.folder
	if h.disk != nil {
		place = h.disk.folder
	}
	if h.server, err = rig.OpenServer(ctx, place, settings); err != nil {
		return err
	}
	if err := h.server.Create(ctx, prepared, "template0"); err != nil {
		return err
	}
	h.say("preparing a campaign of %d", h.people)
	file, reg := filepath.Join(h.folder, "people.csv"), filepath.Join(h.folder, "register.yaml")
	if err := errors.Join(rig.WritePeople(file, 0, h.people, 0), os.WriteFile(reg, register.Sample(), 0o600)); err != nil {
		return err
	}
	for _, args := range [][]string{
		{"migrate", "up", "--new-keys"},
		{"register", "apply", reg, "--by", by},
		{"import", file, "--source", sourceKey, "--activity", activityKey},
		{"campaign", "create", campaignKey, "--activity", activityKey, "--by", by},
		{"campaign", "approve", campaignKey, "--by", by},
	} {
		if _, err := h.article14(ctx, prepared, args...); err != nil {
			return err
		}
	}
	return h.server.SettleDown(ctx, prepared)
}

// program is where the program is built.
func (o options) program() string { return filepath.Join(o.folder, "article14") }

// build makes the program from this tree.
func (o options) build(ctx context.Context) error {
	out, err := exec.CommandContext(ctx, "go", "build", "-o", o.program(), "article14/cmd/article14").CombinedOutput()
	if err != nil {
		return fmt.Errorf("build article14: %w: %s", err, out)
	}
	return nil
}

// command is a call of the program with a database.
func (h *hall) command(ctx context.Context, database string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, h.program(), args...)
	cmd.Env = append(os.Environ(), "ARTICLE14_DATABASE_URL="+h.server.URL(database), "ARTICLE14_KEYS="+h.keys)
	return cmd
}

// article14 runs a command of the program to its end and gives what it printed.
func (h *hall) article14(ctx context.Context, database string, args ...string) ([]byte, error) {
	cmd := h.command(ctx, database, args...)
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("article14 %s: %w: %s", strings.Join(args, " "), err, said.String())
	}
	return out, nil
}

func (h *hall) say(format string, args ...any) { fmt.Fprintf(h.progress, format+"\n", args...) }

// close stops the server and removes what is left of it; the workers' logs lie in the
// folder.
func (h *hall) close() error {
	var err error
	if h.server != nil {
		err = h.server.Close()
	}
	if h.disk != nil {
		err = errors.Join(err, h.disk.close())
	}
	if h.keep {
		h.say("the workers' logs are in %s", h.folder)
		return err
	}
	return errors.Join(err, os.RemoveAll(h.folder))
}
