package main

import (
	"bytes"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"article14/mailer"
	"article14/mailer/status"
)

func TestADemoKeepsEverythingInAFolderThatGoesWithIt(t *testing.T) {
	cmd := &demoCmd{People: fewestPeople, Listen: "127.0.0.1:0"}
	d, err := cmd.open(t.Context(), &Settings{LogLevel: "error"}, streams{out: io.Discard, err: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	info, err := os.Stat(d.folder)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o711 {
		t.Errorf("another user, who runs PostgreSQL for root, cannot pass through the folder: its mode is %o", mode)
	}
	if to, err := os.Readlink(filepath.Join(d.folder, "data", "pg", "home")); err == nil {
		t.Errorf("the data are in %s, where they outlive the demo", to)
	}
	d.close()
	if _, err := os.Stat(d.folder); !os.IsNotExist(err) {
		t.Errorf("the folder is there still: %v", err)
	}
}

func TestPlainProgressEndsWithTheLastFigure(t *testing.T) {
	for _, c := range []struct {
		max  int64
		set  []int64
		want string
	}{
		{9, []int64{0, 4, 9}, "sending: 0 of 9\nsending: 9 of 9\n"},
		{-1, []int64{2000, 2345}, "sending: 2000\nsending: 2345\n"},
		{9, []int64{9}, "sending: 9 of 9\n"},
		{9, nil, ""},
	} {
		var out bytes.Buffer
		p := newProgress(&out, "sending", c.max)
		for _, n := range c.set {
			p.set(n)
		}
		p.done()
		if out.String() != c.want {
			t.Errorf("%v of %d reads %q, want %q", c.set, c.max, out.String(), c.want)
		}
	}
}

func TestAKeyFileThatOthersMayReadIsWarnedOf(t *testing.T) {
	file := filepath.Join(t.TempDir(), "keys.json")
	if _, err := makeKeys(file); err != nil {
		t.Fatal(err)
	}
	for mode, warnings := range map[os.FileMode]int{0o600: 0, 0o400: 0, 0o640: 1, 0o604: 1} {
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		var log bytes.Buffer
		if _, err := (&Settings{Keys: file}).keyring(false, slog.New(slog.NewTextHandler(&log, nil))); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(log.String(), "level=WARN"); n != warnings {
			t.Errorf("mode %o gave %d warnings: %s", mode, n, &log)
		}
	}
}

func TestARejectsFileThatWasThereAlreadyIsForItsOwnerOnly(t *testing.T) {
	file := filepath.Join(t.TempDir(), "refused.csv")
	if err := os.WriteFile(file, []byte("older"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	r, err := openRejects(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.close(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("its mode is %o", mode)
	}
}

// TestAPersonsRecordSaysInstantsInTheControllersZone prints an instant that is
// another day in UTC than where the controller is, whose day counts (D10).
func TestAPersonsRecordSaysInstantsInTheControllersZone(t *testing.T) {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	reg := &mailer.Register{Controller: mailer.Controller{Zone: paris}}
	at := time.Date(2026, 1, 11, 23, 39, 0, 0, time.UTC)
	r := status.ContactReport{
		Acquisitions: []mailer.Acquisition{{SourceKey: "linkedin", ObtainedAt: at}, {SourceKey: "broker"}},
		Duties:       []mailer.Duty{{Due: mailer.Due{At: at}}},
		Deliveries: []status.DeliveryReport{{Attempts: []status.AttemptReport{
			{Reply: mailer.Reply{Code: 554, Enhanced: "5.6.0", Text: "message content\n refused"}},
			{Reply: mailer.Reply{Text: "not sent: the relay has no SMTPUTF8"}},
		}}},
	}
	var out bytes.Buffer
	printContact(&out, r, reg, at)
	for _, want := range []string{"OBTAINED (Europe/Paris)", "2026-01-12 00:39:00 CET  linkedin", "unknown", "DUTY DUE (Europe/Paris)",
		"554 5.6.0 message content refused", "  not sent: the relay has no SMTPUTF8"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, &out)
		}
	}
}
