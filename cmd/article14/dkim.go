package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"article14/internal/dkim"
	"article14/internal/relay"
	"article14/mailer"
)

// DKIMFlags are the keys by which we sign. Without one the relay signs, or nobody.
type DKIMFlags struct {
	DKIMKey    []string `name:"dkim-key" help:"Private key to sign notices with, under its selector: SELECTOR=FILE, or SELECTOR:2026-12-01=FILE for one that signs from that day on (UTC). Repeat it for RSA and Ed25519 side by side, and to change keys. Without one the relay signs." placeholder:"SELECTOR=FILE"`
	DKIMDomain string   `name:"dkim-domain" help:"Domain of the DKIM signatures (d=): that of the From address, which is the default, or one above it." placeholder:"DOMAIN"`
}

// signer reads the keys; nil where there is none.
func (f *DKIMFlags) signer() (*dkim.Signer, error) {
	if len(f.DKIMKey) == 0 {
		return nil, nil
	}
	var keys []dkim.Key
	for _, given := range f.DKIMKey {
		k, err := readDKIMKey(given)
		if err != nil {
			return nil, misuse{fmt.Errorf("--dkim-key: %w", err)}
		}
		keys = append(keys, k)
	}
	s, err := dkim.NewSigner(f.DKIMDomain, keys...)
	if err != nil {
		return nil, misuse{err}
	}
	return s, nil
}

// signerFor gives the keys of a relay in a list: its own, where it has any or says that
// it signs itself, else those of the flags.
func (f *DKIMFlags) signerFor(e relay.Entry) (*dkim.Signer, error) {
	own := *f
	if e.DKIMKeys != nil {
		own = DKIMFlags{DKIMKey: *e.DKIMKeys, DKIMDomain: e.DKIMDomain}
	}
	s, err := own.signer()
	if err != nil {
		return nil, fmt.Errorf("relay %s: %w", e.Name, err)
	}
	return s, nil
}

// readDKIMKey takes SELECTOR=FILE or SELECTOR:DAY=FILE.
func readDKIMKey(given string) (dkim.Key, error) {
	name, file, ok := strings.Cut(given, "=")
	if !ok || file == "" {
		return dkim.Key{}, errors.New("give the selector and the key's file: SELECTOR=FILE, or SELECTOR:2026-12-01=FILE")
	}
	selector, day, dated := strings.Cut(name, ":")
	var begins time.Time
	if dated {
		var err error
		if begins, err = time.Parse(time.DateOnly, day); err != nil {
			return dkim.Key{}, fmt.Errorf("selector %s: %q is no day: write it like 2026-12-01", selector, day)
		}
	}
	text, err := readPrivate(file)
	if err != nil {
		return dkim.Key{}, err
	}
	return dkim.ParseKey(selector, begins, text)
}

// maxKeyFile is far more than any key has.
const maxKeyFile = 64 << 10

// readPrivate reads a secret that everybody on the machine must not be able to read.
// Its group may: that is how systems hand secrets to a service.
func readPrivate(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o007 != 0 {
		return nil, fmt.Errorf("%s is open to everybody on this machine (%s), who could then sign as you: chmod 600 it, or 640 for a group, and if others were on the machine make a new key",
			file, info.Mode().Perm())
	}
	return io.ReadAll(io.LimitReader(f, maxKeyFile))
}

// maySign refuses keys whose signatures would count for nothing on the register's mail.
func maySign(s *dkim.Signer, reg *mailer.Register) error {
	if s == nil {
		return nil
	}
	if _, err := s.DomainFor(mailDomain(reg)); err != nil {
		return misuse{err}
	}
	return nil
}

// mailDomain is that of the From address.
func mailDomain(reg *mailer.Register) string {
	from := reg.Controller.Mail.From
	return from[strings.LastIndexByte(from, '@')+1:]
}

// selectors names the keys that sign now, for the log.
func selectors(s *dkim.Signer, now time.Time) string {
	if s == nil {
		return "none: the relay signs"
	}
	var names []string
	for _, k := range s.InForce(now) {
		names = append(names, k.Selector+" ("+string(k.Algorithm())+")")
	}
	return strings.Join(names, ", ")
}
