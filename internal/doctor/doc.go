// Package doctor looks at what mail needs outside of this program: the names and
// keys in DNS by which a receiver decides whether a notice is the company's own.
//
//	SPF    RFC 7208   who may send for the envelope's domain
//	DKIM   RFC 6376   the key that signatures are checked with; RFC 8301 and 8463 on its strength
//	DMARC  RFC 7489   what a receiver does when neither fits the From address
//	MX     RFC 5321   where bounces go; RFC 7505 on domains that take none
//
// All network goes through [Resolver], which tests replace. Nothing
// is changed anywhere, and no mail is sent.
package doctor

import (
	"context"
	"errors"
	"net"
	"net/netip"
)

// Level is how well something stands.
type Level string

// Levels. Unknown is what cannot be seen from here, and is no reproach.
const (
	OK      Level = "ok"
	Warning Level = "warning"
	Problem Level = "problem"
	Unknown Level = "unknown"
)

// Finding is one thing that was looked at.
type Finding struct {
	About  string `json:"about"` // a few words: "SPF", "relay"
	Level  Level  `json:"level"`
	Says   string `json:"says"`             // what is the case
	Do     string `json:"do,omitempty"`     // what to do about it
	Source string `json:"source,omitempty"` // the standard behind it
}

// Resolver asks DNS; *net.Resolver does.
type Resolver interface {
	LookupTXT(ctx context.Context, name string) ([]string, error)
	LookupMX(ctx context.Context, name string) ([]*net.MX, error)
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
	LookupAddr(ctx context.Context, addr string) ([]string, error)
}

// absent tells that a name is not there from that nobody answered.
func absent(err error) bool {
	var dns *net.DNSError
	return errors.As(err, &dns) && dns.IsNotFound
}
