package relay

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func writeList(t *testing.T, body string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "relays.yaml")
	if err := os.WriteFile(file, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestAListOfRelays(t *testing.T) {
	file := writeList(t, `relays:
  - {name: first, host: smtp.example.org, username: notices, password_file: first.secret, weight: 3, rate: 50, daily: 20000, ramp: "2026-12-01:500"}
  - {name: second, host: 127.0.0.1, port: 2525, tls: none, pipelining: false}
`)
	if err := os.WriteFile(filepath.Join(filepath.Dir(file), "first.secret"), []byte("hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	list, err := ReadList(file)
	if err != nil || len(list) != 2 {
		t.Fatalf("%d relays, %v", len(list), err)
	}
	first, err := list[0].Open(nil)
	if err != nil || first.Name() != "first" || first.cfg.Password != "hunter2" || first.cfg.Stepwise {
		t.Errorf("%+v, %v", first, err)
	}
	second, err := list[1].Open(nil)
	if err != nil || !second.cfg.Stepwise || second.cfg.Port != 2525 || list[1].Weight != 1 {
		t.Errorf("%+v, %v", second, err)
	}
}

func TestAListOfRelaysThatIsWrongIsRefusedWithThePlace(t *testing.T) {
	for name, c := range map[string]struct{ body, want string }{
		"nothing":                 {"", "names none"},
		"a key that is not known": {"relays:\n  - name: a\n    host: h\n    wieght: 3\n", "[4:5]"},
		"no YAML":                 {"relays: [", "read the list of relays"},
		"no host":                 {"relays: [{name: a}]", "relay 1"},
		"a name in capitals":      {"relays: [{name: A, host: h}]", `"A" cannot be a name`},
		"a name twice":            {"relays: [{name: a, host: h}, {name: a, host: i}]", "relay 2"},
		"a user without password": {"relays: [{name: a, host: h, username: u}]", "password_file"},
		"less than nothing":       {"relays: [{name: a, host: h, rate: -1}]", "from 0 on"},
		"a domain without keys":   {"relays: [{name: a, host: h, dkim_domain: example.org}]", "no dkim_keys"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := ReadList(writeList(t, c.body)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q in it", err, c.want)
			}
		})
	}
	if _, err := (Entry{Name: "a", Host: "smtp.example.org", TLS: "none"}).Open(nil); err == nil || !strings.Contains(err.Error(), "relay a") {
		t.Errorf("%v: no TLS to another machine is refused, with the relay's name", err)
	}
}
