package relay

import (
	"cmp"
	"crypto/x509"
	"fmt"
	"net"
	"net/netip"
	"time"

	"article14/internal/dkim"
)

// TLS is how a connection is secured. Certificates are always verified.
type TLS string

// Policies. Whatever the policy, nothing is sent in clear to another machine: the
// last two are refused for a host that is not a loopback address, because
// "where offered" is what an attacker on the way takes away first.
const (
	TLSDefault       TLS = ""              // TLSMandatory, but TLSNone for a loopback host
	TLSMandatory     TLS = "mandatory"     // STARTTLS (RFC 3207) or no mail
	TLSImplicit      TLS = "implicit"      // TLS from the first byte (RFC 8314, port 465)
	TLSOpportunistic TLS = "opportunistic" // STARTTLS where offered; loopback only
	TLSNone          TLS = "none"          // loopback only
)

// Config says where a relay is and how to speak to it.
type Config struct {
	Name     string // what attempts and figures call it; the host if empty
	Host     string
	Port     int // 0: 465 for TLSImplicit, 587 with a user name, else 25
	TLS      TLS
	HELO     string // our name (RFC 5321 4.1.1.1); the machine's own if empty
	Username string // empty: no authentication
	Password string
	Stepwise bool // one command at a time, whatever the relay says of PIPELINING
	Limits   Limits
	DKIM     *dkim.Signer // nil: the relay signs, or nobody

	ServerName string         // in the certificate; Host if empty
	RootCAs    *x509.CertPool // nil: the system's
}

// Limits is how long each answer is waited for. A zero takes the value of
// [DefaultLimits].
type Limits struct {
	Dial     time.Duration // to connect, and for an implicit TLS handshake
	Greeting time.Duration // for the greeting, and again for all from EHLO to the end of authentication
	Mail     time.Duration
	Rcpt     time.Duration
	Data     time.Duration // for the answer to DATA
	Block    time.Duration // for each block of the body to leave
	Dot      time.Duration // for the answer to the final dot
	Reset    time.Duration
	Quit     time.Duration
	Stop     time.Duration // for all that is left before the dot, once the sender is told to stop
}

// DefaultLimits are those of RFC 5321 4.5.3.2, which asks for patience above
// all after the final dot: who hangs up too early there sends everything twice.
// It has none for RSET and QUIT, where nothing is at stake.
var DefaultLimits = Limits{
	Dial:     30 * time.Second,
	Greeting: 5 * time.Minute,
	Mail:     5 * time.Minute,
	Rcpt:     5 * time.Minute,
	Data:     2 * time.Minute,
	Block:    3 * time.Minute,
	Dot:      10 * time.Minute,
	Reset:    30 * time.Second,
	Quit:     5 * time.Second,
	Stop:     10 * time.Second,
}

// withDefaults fills in what is left empty.
func (l Limits) withDefaults() Limits {
	d := DefaultLimits
	return Limits{
		Dial:     cmp.Or(l.Dial, d.Dial),
		Greeting: cmp.Or(l.Greeting, d.Greeting),
		Mail:     cmp.Or(l.Mail, d.Mail),
		Rcpt:     cmp.Or(l.Rcpt, d.Rcpt),
		Data:     cmp.Or(l.Data, d.Data),
		Block:    cmp.Or(l.Block, d.Block),
		Dot:      cmp.Or(l.Dot, d.Dot),
		Reset:    cmp.Or(l.Reset, d.Reset),
		Quit:     cmp.Or(l.Quit, d.Quit),
		Stop:     cmp.Or(l.Stop, d.Stop),
	}
}

// withDefaults fills in what is left empty and refuses what cannot be meant.
func (c Config) withDefaults() (Config, error) {
	if c.Host == "" {
		return c, fmt.Errorf("relay: no host is given: set the name or address of the company's mail relay")
	}
	local := isLoopback(c.Host)
	if c.TLS == TLSDefault {
		c.TLS = TLSMandatory
		if local {
			c.TLS = TLSNone
		}
	}
	switch c.TLS {
	case TLSMandatory, TLSImplicit:
	case TLSOpportunistic, TLSNone:
		if !local {
			return c, fmt.Errorf("relay %s: TLS policy %q would send people's data in clear to another machine: use %q or %q", c.Host, c.TLS, TLSMandatory, TLSImplicit)
		}
	default:
		return c, fmt.Errorf("relay %s: there is no TLS policy %q: use %q or %q", c.Host, c.TLS, TLSMandatory, TLSImplicit)
	}
	if c.Password != "" && c.Username == "" {
		return c, fmt.Errorf("relay %s: a password is given and no user name: give both or neither", c.Host)
	}
	c.Port = cmp.Or(c.Port, c.usualPort())
	c.Name = cmp.Or(c.Name, c.Host)
	c.ServerName = cmp.Or(c.ServerName, c.Host)
	c.Limits = c.Limits.withDefaults()
	return c, nil
}

func (c Config) usualPort() int {
	switch {
	case c.TLS == TLSImplicit:
		return 465
	case c.Username != "":
		return 587
	}
	return 25
}

// isLoopback tells whether host means this machine by its own words. What a
// name resolves to is looked at again once it is connected.
func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.Unmap().IsLoopback()
}

// isLocal tells whether the other end of a connection is on this machine.
func isLocal(conn net.Conn) bool {
	addr, ok := conn.RemoteAddr().(*net.TCPAddr)
	return ok && addr.IP.IsLoopback()
}
