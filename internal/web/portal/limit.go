package portal

import (
	"container/list"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// A code has 60 bits. With 160 million notices one guess in 7,000 million hits,
// so that ten guesses a second from all the world, which is ample for honest
// readers, find a notice in about 23 years. The counts are those of one process.
var (
	triesPerNetwork = allowance{rate.Every(time.Minute), 10}
	triesInAll      = allowance{10, 100}
)

// retryAfter is what page.too_many says: by then a network has all its tries again.
const retryAfter = 10 * time.Minute

// maxNetworks bounds the memory: about 2 MB.
const maxNetworks = 10_000

// allowance is a token bucket's measure.
type allowance struct {
	each  rate.Limit // a second
	burst int
}

func (a allowance) bucket() *rate.Limiter { return rate.NewLimiter(a.each, a.burst) }

// limiter counts tries by network and in all. Of networks beyond its size the
// one seen longest ago is forgotten; whoever has enough networks to profit from
// that still meets the bucket for all.
type limiter struct {
	per allowance
	max int

	mu     sync.Mutex
	all    *rate.Limiter
	by     map[netip.Prefix]*list.Element
	recent *list.List // of *tries, the latest in front
}

type tries struct {
	network netip.Prefix
	bucket  *rate.Limiter
}

func newLimiter(per, all allowance, size int) *limiter {
	return &limiter{per: per, max: size, all: all.bucket(), by: map[netip.Prefix]*list.Element{}, recent: list.New()}
}

// allow tells whether a network may try now. The network is asked first, so that
// one that has used up its tries takes none from the others.
func (l *limiter) allow(network netip.Prefix, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.bucket(network).AllowN(now, 1) && l.all.AllowN(now, 1)
}

func (l *limiter) bucket(network netip.Prefix) *rate.Limiter {
	if e, known := l.by[network]; known {
		l.recent.MoveToFront(e)
		return e.Value.(*tries).bucket
	}
	if l.recent.Len() >= l.max {
		oldest := l.recent.Remove(l.recent.Back()).(*tries)
		delete(l.by, oldest.network)
	}
	t := &tries{network, l.per.bucket()}
	l.by[network] = l.recent.PushFront(t)
	return t.bucket
}
