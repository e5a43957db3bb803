package relay

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml"

	"article14/internal/dkim"
)

// Entry is a relay in a file of several.
type Entry struct {
	Name         string `yaml:"name"` // what attempts and figures call it; unique, and kept when its host changes
	Host         string `yaml:"host"`
	Port         int    `yaml:"port"`
	TLS          TLS    `yaml:"tls"`
	HELO         string `yaml:"helo"`
	Username     string `yaml:"username"`
	PasswordFile string `yaml:"password_file"` // relative to the folder of the list
	Pipelining   *bool  `yaml:"pipelining"`    // true if left out

	DKIMKeys   *[]string `yaml:"dkim_keys"`   // SELECTOR[:DAY]=FILE of each, files as password_file; nil: as the others, empty: it signs itself
	DKIMDomain string    `yaml:"dkim_domain"` // as in --dkim-domain

	Weight int    `yaml:"weight"` // its part of the connections; 1 if left out
	Rate   int    `yaml:"rate"`   // mails a second; 0: as it bears
	Daily  int    `yaml:"daily"`  // mails a day; 0: no limit
	Ramp   string `yaml:"ramp"`   // as in --relay-ramp
}

// entryName is what a relay may be called: it stands in records and figures.
var entryName = regexp.MustCompile(`^[a-z0-9_-]{1,40}$`)

// ReadList reads a file of relays. An error names the line, or the relay; it
// holds no password.
func ReadList(file string) ([]Entry, error) {
	body, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the list of relays: %w", err)
	}
	var list struct {
		Relays []Entry `yaml:"relays"`
	}
	if err := yaml.NewDecoder(bytes.NewReader(body), yaml.Strict()).Decode(&list); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read the list of relays %s: %s", file, yaml.FormatError(err, false, false))
	}
	if len(list.Relays) == 0 {
		return nil, fmt.Errorf("the list of relays %s names none: it has 'relays:', and below it '- name:' and 'host:' of each", file)
	}
	seen := map[string]bool{}
	for i := range list.Relays {
		e := &list.Relays[i]
		if err := e.check(); err != nil {
			return nil, fmt.Errorf("relay %d of %s: %w", i+1, file, err)
		}
		if seen[e.Name] {
			return nil, fmt.Errorf("relay %d of %s: the name %q stands there twice", i+1, file, e.Name)
		}
		seen[e.Name] = true
		e.PasswordFile = beside(file, e.PasswordFile)
		if e.DKIMKeys != nil {
			for k, given := range *e.DKIMKeys {
				selector, key, _ := strings.Cut(given, "=")
				(*e.DKIMKeys)[k] = selector + "=" + beside(file, key)
			}
		}
	}
	return list.Relays, nil
}

// beside is where a file lies that a list names: relative to the list's folder.
func beside(list, file string) string {
	if file == "" || filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(filepath.Dir(list), file)
}

func (e *Entry) check() error {
	switch {
	case !entryName.MatchString(e.Name):
		return fmt.Errorf("%q cannot be a name: use up to 40 small letters, digits, - and _", e.Name)
	case e.Host == "":
		return errors.New("it has no host")
	case e.Weight < 0 || e.Rate < 0 || e.Daily < 0:
		return errors.New("weight, rate and daily are numbers from 0 on")
	case e.Username != "" && e.PasswordFile == "":
		return errors.New("it has a username and no password_file")
	case e.DKIMDomain != "" && (e.DKIMKeys == nil || len(*e.DKIMKeys) == 0):
		return errors.New("it has a dkim_domain and no dkim_keys")
	}
	e.Weight = cmp.Or(e.Weight, 1)
	return nil
}

// Open makes the relay of an entry; it reads the password, and connects to nothing.
func (e Entry) Open(signer *dkim.Signer) (*SMTP, error) {
	c := Config{Name: e.Name, Host: e.Host, Port: e.Port, TLS: e.TLS, HELO: e.HELO, Username: e.Username,
		Stepwise: e.Pipelining != nil && !*e.Pipelining, DKIM: signer}
	if e.PasswordFile != "" {
		password, err := os.ReadFile(e.PasswordFile)
		if err != nil {
			return nil, fmt.Errorf("the password of relay %s: %w", e.Name, err)
		}
		c.Password = strings.TrimSpace(string(password))
	}
	r, err := New(c)
	if err != nil {
		return nil, fmt.Errorf("relay %s: %w", e.Name, err)
	}
	return r, nil
}
