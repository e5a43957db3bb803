package hooks

import (
	"net/netip"
	"slices"
)

// special are the networks of the IANA registries of special-purpose addresses (RFC 6890 and its
// updates) that no recipient's system has in the open, and addresses at which clouds answer the machines within.
var special = prefixes(
	"0.0.0.0/8",         // this network
	"10.0.0.0/8",        // private (RFC 1918)
	"100.64.0.0/10",     // shared by carriers (RFC 6598), with the metadata of one cloud in it
	"127.0.0.0/8",       // loopback
	"168.63.129.16/32",  // a cloud's own, in a public range
	"169.254.0.0/16",    // link-local, with the metadata of most clouds
	"172.16.0.0/12",     // private
	"192.0.0.0/24",      // protocol assignments, with the metadata of one cloud
	"192.0.2.0/24",      // documentation
	"192.31.196.0/24",   // AS112
	"192.52.193.0/24",   // AMT
	"192.88.99.0/24",    // 6to4 relays
	"192.168.0.0/16",    // private
	"192.175.48.0/24",   // AS112
	"198.18.0.0/15",     // benchmarks
	"198.51.100.0/24",   // documentation
	"203.0.113.0/24",    // documentation
	"224.0.0.0/4",       // multicast
	"240.0.0.0/4",       // reserved, with broadcast
	"2001::/23",         // protocol assignments, with Teredo, ORCHID and benchmarks
	"2001:db8::/32",     // documentation
	"2002::/16",         // 6to4: an IPv4 address within
	"2620:4f:8000::/48", // AS112
	"3fff::/20",         // documentation
)

// global is where IPv6 has its public addresses. Loopback, mapped and compatible IPv4, NAT64
// (64:ff9b::/96, 64:ff9b:1::/48), unique-local, link-local, site-local and multicast lie outside.
var global = netip.MustParsePrefix("2000::/3")

func prefixes(all ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(all))
	for i, p := range all {
		out[i] = netip.MustParsePrefix(p)
	}
	return out
}

// mayDial tells whether an address may be spoken to: a public one, or one in a network that is
// allowed. An IPv4 address within an IPv6 one (::ffff:10.0.0.1) is the IPv4 address.
func mayDial(a netip.Addr, allowed []netip.Prefix) bool {
	a = a.Unmap()
	in := func(p netip.Prefix) bool { return p.Contains(a.WithZone("")) }
	switch {
	case !a.IsValid():
		return false
	case slices.ContainsFunc(allowed, in):
		return true
	case a.Zone() != "", a.Is6() && !global.Contains(a):
		return false
	}
	return !slices.ContainsFunc(special, in)
}
