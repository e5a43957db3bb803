package hooks

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const goodSecret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="

func write(t *testing.T, dir, name, body string) string {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestARecipientsFileIsReadWithSecretsOfItsOwnOrInFilesBesideIt(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "old.secret", goodSecret+"\n")
	file := write(t, dir, "recipients.yaml", `recipients:
  - key: crm
    url: https://crm.example.org/article14
    secrets: [`+goodSecret+`]
    secret_files: [old.secret]
    allow_networks: [10.20.0.0/16, 'fd00::/8']
  - key: dialler
    url: http://dialler.internal:8080/x
    allow_http: dialler.internal:8080
    secrets: [`+goodSecret+`]
`)
	list, err := ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 2 || len(list[0].keys) != 2 || len(list[0].networks) != 2 || list[1].url.Host != "dialler.internal:8080" {
		t.Errorf("read %d recipients: %d secrets, %d networks", len(list), len(list[0].keys), len(list[0].networks))
	}
	s, err := New(list, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(s.Recipients(), " "); got != "crm dialler" {
		t.Errorf("recipients: %s", got)
	}
}

func TestAFaultOfTheRecipientsFileIsNamedWithItsPlaceAndShowsNoSecret(t *testing.T) {
	const hush = "c2VjcmV0IHRoYXQgbm9ib2R5IG1heSBzZWUgYW55d2hlcmU"
	for name, c := range map[string]struct{ body, want string }{
		"no recipients":                 {"", ":1:1: "},
		"an unknown key":                {"recipients:\n  - key: crm\n    adress: x\n", "[3:5]"},
		"broken YAML":                   {"recipients:\n  - key: [crm\n    secrets: " + hush + "\n", "recipients.yaml: ["},
		"a bad key":                     {"recipients:\n  - key: C R M\n", ":2:10: recipients[0].key: "},
		"no address":                    {"recipients:\n  - key: crm\n    secrets: [" + hush + "]\n", "recipients[0].url: is no address"},
		"no TLS":                        {"recipients:\n  - key: crm\n    url: http://crm.example.org/\n", ":3:10: recipients[0].url: has no TLS"},
		"TLS left out for another host": {"recipients:\n  - key: crm\n    url: http://crm.example.org/\n    allow_http: old.example.org\n", ":3:10: recipients[0].url: has no TLS"},
		"a scheme of its own":           {"recipients:\n  - key: crm\n    url: ftp://crm.example.org/\n", ":3:10: recipients[0].url: is of the scheme"},
		"a password":                    {"recipients:\n  - key: crm\n    url: https://a:" + hush + "@crm.example.org/\n", ":3:10: recipients[0].url: has a name and password"},
		"no secret":                     {"recipients:\n  - key: crm\n    url: https://crm.example.org/\n", ":2:5: recipients[0]: recipient crm has no secret"},
		"a bare secret":                 {"recipients:\n  - key: crm\n    url: https://crm.example.org/\n    secrets:\n      - " + hush + "\n", ":5:9: recipients[0].secrets[0]: is not of the form"},
		"a short secret":                {"recipients:\n  - key: crm\n    url: https://crm.example.org/\n    secrets: [whsec_c2hvcnQ=]\n", ":4:15: recipients[0].secrets[0]: is not of the form"},
		"a file that is not there":      {"recipients:\n  - key: crm\n    url: https://crm.example.org/\n    secret_files: [nowhere]\n", ":4:20: recipients[0].secret_files[0]: open "},
		"an address for a network":      {"recipients:\n  - key: crm\n    url: https://crm.example.org/\n    secrets: [" + goodSecret + "]\n    allow_networks: [10.0.0.1/8]\n", ":5:22: recipients[0].allow_networks[0]: is no network"},
		"a key twice": {"recipients:\n  - key: crm\n    url: https://crm.example.org/\n    secrets: [" + goodSecret + "]\n  - key: crm\n    url: https://crm.example.org/\n    secrets: [" + goodSecret + "]\n",
			":5:10: recipients[1].key: the key \"crm\" stands there twice"},
	} {
		_, err := ReadFile(write(t, t.TempDir(), "recipients.yaml", c.body))
		switch {
		case err == nil:
			t.Errorf("%s: it is taken", name)
		case !strings.Contains(err.Error(), c.want):
			t.Errorf("%s: %v, want %s", name, err, c.want)
		case strings.Contains(err.Error(), hush), strings.Contains(err.Error(), "c2hvcnQ"):
			t.Errorf("%s: the error shows a secret", name)
		}
	}
}
