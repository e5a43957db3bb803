package door

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// Limits bound what clients of a [Listener] may cost. A zero field has the value of
// DefaultLimits.
type Limits struct {
	Size        int64         // octets of a message (RFC 1870); a larger one is refused with 552
	Keep        int           // octets of a message that are kept; the rest is read and let go
	Recipients  int           // of a transaction; further ones are asked for again with 452
	Line        int           // octets of a line, of commands and of text
	Fields      int           // header fields of a message
	Hops        int           // Received fields of a message (RFC 5321, 6.3)
	Commands    int           // of a connection
	Refusals    int           // recipients refused on a connection before it is ended
	Connections int           // open at once
	PerClient   int           // open at once from one network: an IPv4 address or an IPv6 /64
	PerMinute   int           // messages from one network
	Idle        time.Duration // for a command, and for the whole of a message's text
	Total       time.Duration // of a connection
	Drain       time.Duration // for what is under way when the process stops
}

// DefaultLimits suit a listener that its own mail system and the world speak to: the pace of
// 50,000 reports in ten minutes is 5,000 a minute.
var DefaultLimits = Limits{
	Size: 25 << 20, Keep: 256 << 10, Recipients: 50, Line: 64 << 10, Fields: 1000, Hops: 50, Commands: 1000, Refusals: 20,
	Connections: 100, PerClient: 20, PerMinute: 6000, Idle: 2 * time.Minute, Total: 10 * time.Minute, Drain: 20 * time.Second,
}

func (l Limits) withDefaults() Limits {
	d := DefaultLimits
	for _, f := range []struct{ have, want *int }{
		{&l.Keep, &d.Keep}, {&l.Recipients, &d.Recipients}, {&l.Line, &d.Line}, {&l.Fields, &d.Fields}, {&l.Hops, &d.Hops},
		{&l.Commands, &d.Commands}, {&l.Refusals, &d.Refusals}, {&l.Connections, &d.Connections}, {&l.PerClient, &d.PerClient}, {&l.PerMinute, &d.PerMinute},
	} {
		if *f.have <= 0 {
			*f.have = *f.want
		}
	}
	for _, f := range []struct{ have, want *time.Duration }{{&l.Idle, &d.Idle}, {&l.Total, &d.Total}, {&l.Drain, &d.Drain}} {
		if *f.have <= 0 {
			*f.have = *f.want
		}
	}
	if l.Size <= 0 {
		l.Size = d.Size
	}
	return l
}

// clientsKnown bounds how many networks are told apart within a minute. Beyond
// that, strangers share one account: nobody can fill memory by coming from everywhere.
const clientsKnown = 20_000

// clients counts what the networks of clients have open, and what they brought in the
// current minute.
type clients struct {
	limits Limits
	now    func() time.Time

	mu      sync.Mutex
	all     int
	open    map[netip.Prefix]int
	minute  time.Time
	brought map[netip.Prefix]int
}

func newClients(l Limits, now func() time.Time) *clients {
	return &clients{limits: l, now: now, open: map[netip.Prefix]int{}, brought: map[netip.Prefix]int{}}
}

// enter admits a connection, or not.
func (c *clients) enter(who netip.Prefix) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all >= c.limits.Connections || who.IsValid() && c.open[who] >= c.limits.PerClient {
		return false
	}
	c.all++
	c.open[who]++
	return true
}

func (c *clients) leave(who netip.Prefix) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all--
	if c.open[who]--; c.open[who] == 0 {
		delete(c.open, who)
	}
}

// bring admits one more message, or not. Who comes over a Unix socket is of the house.
func (c *clients) bring(who netip.Prefix) bool {
	if !who.IsValid() {
		return true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if m := c.now().Truncate(time.Minute); !m.Equal(c.minute) {
		c.minute = m
		clear(c.brought)
	}
	if _, known := c.brought[who]; !known && len(c.brought) >= clientsKnown {
		who = netip.Prefix{}
	}
	if c.brought[who] >= c.limits.PerMinute {
		return false
	}
	c.brought[who]++
	return true
}

// networkOf is the network that a client counts as: nobody has fewer addresses of
// IPv6 than a /64. It is no prefix for a Unix socket.
func networkOf(a net.Addr) netip.Prefix {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.Prefix{}
	}
	ip := tcp.AddrPort().Addr().Unmap().WithZone("")
	bits := 32
	if ip.Is6() {
		bits = 64
	}
	p, _ := ip.Prefix(bits)
	return p
}
