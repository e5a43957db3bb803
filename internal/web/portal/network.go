package portal

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// proxies are the networks whose forwarding headers are believed. Anybody can
// write such a header, so from anybody else it is ignored.
type proxies []netip.Prefix

func (p proxies) trust(a netip.Addr) bool {
	return slices.ContainsFunc(p, func(n netip.Prefix) bool { return n.Contains(a) })
}

// network is what tries are counted by: one IPv4 address, or the /64 that a
// household has of IPv6. An unknown client, on a Unix socket say, is the zero one.
func (p proxies) network(r *http.Request) netip.Prefix {
	a := p.client(r)
	bits := 64
	if a.Is4() {
		bits = 32
	}
	n, _ := a.Prefix(bits)
	return n
}

// client walks X-Forwarded-For from its end, where our own proxies write, up to
// the first address that is none of them.
func (p proxies) client(r *http.Request) netip.Addr {
	client := peer(r)
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		if !p.trust(client) {
			break
		}
		a, ok := address(strings.TrimSpace(hop))
		if !ok {
			break
		}
		client = a
	}
	return client
}

// secure tells whether the reader's connection is encrypted.
func (p proxies) secure(r *http.Request) bool {
	if r.TLS != nil {
		return true
	}
	return p.trust(peer(r)) && strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
}

func peer(r *http.Request) netip.Addr {
	a, _ := address(r.RemoteAddr)
	return a
}

// address reads an address with or without a port.
func address(s string) (netip.Addr, bool) {
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap().WithZone(""), true
	}
	a, err := netip.ParseAddr(strings.Trim(s, "[]"))
	return a.Unmap().WithZone(""), err == nil
}
