package hooks

import (
	"net/netip"
	"testing"

	"pgregory.net/rapid"
)

func TestNoAddressThatIsNotPublicIsDialled(t *testing.T) { // R7
	for name, addresses := range map[string][]string{
		"private":            {"10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1"},
		"loopback":           {"127.0.0.1", "127.8.8.8", "::1"},
		"link-local":         {"169.254.0.1", "fe80::1", "fe80::1%eth0", "febf::1"},
		"metadata":           {"169.254.169.254", "169.254.170.2", "100.100.100.200", "192.0.0.192", "168.63.129.16", "fd00:ec2::254"},
		"shared by carriers": {"100.64.0.1", "100.127.255.255"},
		"this network":       {"0.0.0.0", "0.1.2.3", "::"},
		"multicast":          {"224.0.0.1", "239.255.255.255", "ff02::1", "ff0e::1"},
		"reserved":           {"240.0.0.1", "255.255.255.255"},
		"documentation":      {"192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1"},
		"benchmarks":         {"198.18.0.1", "198.19.255.255", "2001:2::1"},
		"IPv4-mapped":        {"::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254"},
		"IPv4-compatible":    {"::127.0.0.1", "::10.0.0.1"},
		"NAT64":              {"64:ff9b::10.0.0.1", "64:ff9b::8.8.8.8", "64:ff9b:1::1"},
		"6to4 and Teredo":    {"2002:7f00:1::1", "2002:a00:1::1", "2001::1", "192.88.99.1"},
		"unique-local":       {"fc00::1", "fd12:3456::1"},
		"site-local":         {"fec0::1"},
		"discard":            {"100::1"},
		"a zone":             {"2a00:1450::1%eth0"},
	} {
		for _, a := range addresses {
			if mayDial(netip.MustParseAddr(a), nil) {
				t.Errorf("%s: %s may be dialled", name, a)
			}
		}
	}
	for _, a := range []string{"8.8.8.8", "1.1.1.1", "11.0.0.1", "100.63.255.255", "100.128.0.1", "172.32.0.1", "169.253.0.1", "192.167.1.1", "223.255.255.255",
		"2a00:1450:4001::1", "2606:4700::1111", "::ffff:8.8.8.8"} {
		if !mayDial(netip.MustParseAddr(a), nil) {
			t.Errorf("%s is public, and is refused", a)
		}
	}
	if mayDial(netip.Addr{}, nil) {
		t.Error("no address at all may be dialled")
	}
}

func TestAnAllowedNetworkOpensItselfAlone(t *testing.T) {
	allowed := prefixes("10.20.0.0/16", "fd00:1::/32", "169.254.169.254/32")
	for a, want := range map[string]bool{"10.20.3.4": true, "::ffff:10.20.3.4": true, "10.21.0.1": false, "fd00:1::7": true, "fd00:2::7": false,
		"169.254.169.254": true, "169.254.169.253": false, "127.0.0.1": false, "64:ff9b::10.20.3.4": false} {
		if got := mayDial(netip.MustParseAddr(a), allowed); got != want {
			t.Errorf("%s: %v, want %v", a, got, want)
		}
	}
}

func TestAnIPv4AddressIsJudgedTheSameInEveryFormOfIPv6(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b [4]byte
		copy(b[:], rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "address"))
		plain := netip.AddrFrom4(b)
		mapped := netip.AddrFrom16(plain.As16())
		if mayDial(plain, nil) != mayDial(mapped, nil) {
			t.Fatalf("%s and %s differ", plain, mapped)
		}
		if plain.IsPrivate() && mayDial(plain, nil) || plain.IsLoopback() && mayDial(plain, nil) || plain.IsMulticast() && mayDial(plain, nil) {
			t.Fatalf("%s may be dialled", plain)
		}
		for _, within := range []netip.Addr{ // NAT64, 6to4, compatible
			netip.AddrFrom16([16]byte{0, 0x64, 0xff, 0x9b, 12: b[0], 13: b[1], 14: b[2], 15: b[3]}),
			netip.AddrFrom16([16]byte{0x20, 2, b[0], b[1], b[2], b[3], 15: 1}),
			netip.AddrFrom16([16]byte{12: b[0], 13: b[1], 14: b[2], 15: b[3]}),
		} {
			if mayDial(within, nil) {
				t.Fatalf("%s hides %s and may be dialled", within, plain)
			}
		}
	})
}
