package hooks

import (
	"encoding/base64"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Recipient is a system of the recipients file. The register says whom to tell of what; this is
// an operator's: where, and with which secrets.
type Recipient struct {
	Key           string   `yaml:"key"`            // as in the register
	URL           string   `yaml:"url"`            // https://...
	Secrets       []string `yaml:"secrets"`        // whsec_ and base64 of 24 octets or more; several while one is replaced
	SecretFiles   []string `yaml:"secret_files"`   // the same, one in each file, relative to the folder of the list
	AllowNetworks []string `yaml:"allow_networks"` // that its name may resolve to though they are not public: 10.20.0.0/16
	AllowHTTP     string   `yaml:"allow_http"`     // the host of the url once more, where it may go without TLS
	CAFile        string   `yaml:"ca_file"`        // certificates of an authority of your own, in place of the system's

	url      *url.URL
	keys     [][]byte
	networks []netip.Prefix
	roots    []byte // PEM
}

// Bounds of the file and of the secrets, which Standard Webhooks 1.0.0 wants to have 24 to 64 octets.
const (
	maxFile              = 1 << 20
	minSecret, maxSecret = 24, 64
)

// keyPattern is what the register allows as a key.
var keyPattern = regexp.MustCompile(`^[a-z0-9_-]{1,40}$`)

// ReadFile reads a file of recipients. An error names file, line and column, and holds no secret.
func ReadFile(name string) ([]Recipient, error) {
	body, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read the recipients file: %w", err)
	}
	if len(body) > maxFile {
		return nil, fmt.Errorf("%s:1:1: the recipients file has more than %d bytes", name, maxFile)
	}
	parsed, err := parser.ParseBytes(body, 0)
	if err != nil {
		return nil, unreadable(name, err)
	}
	var list struct {
		Recipients []Recipient `yaml:"recipients"`
	}
	if len(parsed.Docs) > 0 && parsed.Docs[0].Body != nil {
		if err := yaml.NodeToValue(parsed.Docs[0].Body, &list, yaml.Strict()); err != nil {
			return nil, unreadable(name, err)
		}
	}
	f := file{name: name, root: parsed}
	if len(list.Recipients) == 0 {
		return nil, f.fault("$", "it names no recipient: it has 'recipients:', and below it '- key:', 'url:' and 'secrets:' of each")
	}
	seen := map[string]bool{}
	for i := range list.Recipients {
		r := &list.Recipients[i]
		at := fmt.Sprintf("$.recipients[%d]", i)
		if err := f.check(at, r); err != nil {
			return nil, err
		}
		if seen[r.Key] {
			return nil, f.fault(at+".key", "the key %q stands there twice", r.Key)
		}
		seen[r.Key] = true
	}
	return list.Recipients, nil
}

// unreadable shows where YAML is broken, without the lines at fault: there may be a secret in them.
func unreadable(name string, err error) error {
	return fmt.Errorf("%s: %s", name, yaml.FormatError(err, false, false))
}

// file knows where its values stand.
type file struct {
	name string
	root *ast.File
}

// fault is an error at a path such as $.recipients[0].url, or at what is around it.
func (f file) fault(path, format string, args ...any) error {
	line, column := 1, 1
	for at := path; at != "$"; at = at[:max(strings.LastIndexAny(at, ".["), 1)] {
		if p, err := yaml.PathString(at); err == nil {
			if n, err := p.FilterFile(f.root); err == nil && n != nil {
				pos := first(n).GetToken().Position
				line, column = pos.Line, pos.Column
				break
			}
		}
	}
	return fmt.Errorf("%s:%d:%d: %s: %s", f.name, line, column, strings.TrimPrefix(path, "$."), fmt.Sprintf(format, args...))
}

// first is where a value begins: a map at its first key.
func first(n ast.Node) ast.Node {
	if m, ok := n.(ast.MapNode); ok {
		if it := m.MapRange(); it.Next() {
			return it.Key()
		}
	}
	return n
}

func (f file) check(at string, r *Recipient) error {
	if !keyPattern.MatchString(r.Key) {
		return f.fault(at+".key", "%q is no key; write the one that the recipient has in the register", r.Key)
	}
	for _, check := range []func(string, *Recipient) error{f.address, f.secrets, f.networks, f.authority} {
		if err := check(at, r); err != nil {
			return err
		}
	}
	return nil
}

// address wants https, or http to a host that is named once more.
func (f file) address(at string, r *Recipient) error {
	u, err := url.Parse(r.URL)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "" || u.Opaque != "":
		return f.fault(at+".url", "is no address of a system; write one as https://crm.example.org/article14")
	case u.User != nil || u.Fragment != "":
		return f.fault(at+".url", "has a name and password or a fragment in it; take these out, the signature is proof enough")
	case u.Scheme == "http" && r.AllowHTTP != u.Host:
		return f.fault(at+".url", "has no TLS, and personal data would go in the clear; write https://, or allow_http: %s, if nobody else is on the way", u.Host)
	case u.Scheme != "https" && u.Scheme != "http":
		return f.fault(at+".url", "is of the scheme %q; write https://", u.Scheme)
	case r.AllowHTTP != "" && u.Scheme == "https":
		return f.fault(at+".allow_http", "allows what the url does not need; take it out")
	}
	r.url = u
	return nil
}

func (f file) secrets(at string, r *Recipient) error {
	for i, s := range r.Secrets {
		if err := r.add(s); err != nil {
			return f.fault(fmt.Sprintf("%s.secrets[%d]", at, i), "%v", err)
		}
	}
	for i, name := range r.SecretFiles {
		where := fmt.Sprintf("%s.secret_files[%d]", at, i)
		body, err := os.ReadFile(f.beside(name))
		if err != nil {
			return f.fault(where, "%v", err)
		}
		if err := r.add(strings.TrimSpace(string(body))); err != nil {
			return f.fault(where, "%v", err)
		}
	}
	if len(r.keys) == 0 {
		return f.fault(at, "recipient %s has no secret; make one with 'echo whsec_$(openssl rand -base64 32)', and give it to them", r.Key)
	}
	return nil
}

func (r *Recipient) add(secret string) error {
	encoded, marked := strings.CutPrefix(secret, "whsec_")
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if !marked || err != nil || len(raw) < minSecret || len(raw) > maxSecret {
		return fmt.Errorf("is not of the form whsec_ and base64 of %d to %d octets: make one with 'echo whsec_$(openssl rand -base64 32)'", minSecret, maxSecret)
	}
	r.keys = append(r.keys, raw)
	return nil
}

// networks must be written as networks, so that 10.20.0.1/16 is not taken for one machine.
func (f file) networks(at string, r *Recipient) error {
	for i, s := range r.AllowNetworks {
		p, err := netip.ParsePrefix(s)
		if err != nil || p != p.Masked() || p.Addr().Is4In6() {
			return f.fault(fmt.Sprintf("%s.allow_networks[%d]", at, i), "is no network; write one as 10.20.0.0/16, or a single address as 10.20.0.7/32")
		}
		r.networks = append(r.networks, p)
	}
	return nil
}

func (f file) authority(at string, r *Recipient) (err error) {
	if r.CAFile == "" {
		return nil
	}
	if r.roots, err = os.ReadFile(f.beside(r.CAFile)); err != nil {
		return f.fault(at+".ca_file", "%v", err)
	}
	return nil
}

// beside is where a file lies that this one names.
func (f file) beside(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(filepath.Dir(f.name), name)
}
