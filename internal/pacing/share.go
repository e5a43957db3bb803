package pacing

import (
	"math"
	"slices"
)

// LaneTurn is a lane during one claim.
type LaneTurn struct {
	Lane     int64
	Room     int     // how many it may still give in this claim
	Campaign *Budget // of its campaign; nil: no limit
	Class    *Budget // of its class of recipient domains; nil: no limit
	Need     Need    // what its people who are still on time need

	onTimeDry, lateDry bool // a stream that gave less than it was asked for
}

// room is how many a lane could give if it were alone.
func (l *LaneTurn) room() int {
	n := l.Room
	for _, b := range []*Budget{l.Campaign, l.Class} {
		if b != nil {
			n = min(n, b.Left)
		}
	}
	return n
}

// Budget is what several lanes may give together in one claim: those of a campaign
// with a pace or a number a day, or those of a class of domains with limits.
type Budget struct {
	Left int // how many they may still give
	Used int // how many they gave
}

// Portion is what a lane is asked for: of those still on time, and of those overdue.
type Portion struct {
	Lane   int64 `json:"lane"`
	OnTime int   `json:"on_time"`
	Late   int   `json:"late"`
}

// Given is what it gave. What was suppressed is not sending.
type Given struct{ OnTime, Late, Sending int }

// Share divides what is left of a batch between lanes and, within each, between
// its two streams: those still on time, and the backlog (D7). What people who are
// still on time need is set aside first, in every lane, so that no lane's backlog
// makes another lane's people late. The rest goes to the lanes in equal parts;
// within a lane those still on time have half, or more where they need more of
// its pace, and the backlog has what remains. What lanes may give together is
// divided between them in the same manner before.
//
// toss is in [0, 1) and another one in each claim. It settles what cannot be
// divided: of seven, one and a half portions are two in half of the claims. It
// settles, too, with which lane the sharing out begins, so that where there are more
// lanes than deliveries to share out each has its turn.
func Share(lanes []*LaneTurn, left int, toss float64) []Portion {
	var turns []*turn
	for _, l := range lanes {
		if room := l.room(); room > 0 && !(l.onTimeDry && l.lateDry) {
			turns = append(turns, &turn{LaneTurn: l, room: room, own: slackFactor * max(l.Need.OfOwn, l.Need.OfClass)})
		}
	}
	turns = inTurn(turns, toss)
	// The classes first: what a class cannot take of a campaign's the others have.
	divideBudgets(turns, toss, func(l *turn) (*Budget, float64) { return l.Class, l.Need.OfClass })
	divideBudgets(turns, toss, func(l *turn) (*Budget, float64) { return l.Campaign, l.Need.OfOwn })
	turns = slices.DeleteFunc(turns, func(t *turn) bool { return t.room == 0 })
	var out []Portion
	for i, p := range divide(left, turns, toss, func(t *turn) float64 { return t.Need.OfAll }) {
		if p.n > 0 {
			out = append(out, turns[i].portion(p, toss))
		}
	}
	return out
}

// inTurn gives the lanes from another one on in each claim. It goes by small digits of
// the toss, for the great ones settle which stream a lane's only delivery comes from:
// else it would be the same one whenever that lane is the first.
func inTurn(turns []*turn, toss float64) []*turn {
	_, digits := math.Modf(toss * 256)
	first := int(digits * float64(len(turns)))
	return slices.Concat(turns[first:], turns[:first])
}

// turn is a lane while a batch is divided.
type turn struct {
	*LaneTurn
	room int     // how many it may give, with what it shares with others
	own  float64 // the part of what it gives that those still on time have
}

// divideBudgets gives each lane its part of the budget that it shares with others,
// and keeps for those still on time what they need of it.
func divideBudgets(turns []*turn, toss float64, of func(*turn) (*Budget, float64)) {
	members := map[*Budget][]*turn{}
	for _, t := range turns {
		if b, _ := of(t); b != nil {
			members[b] = append(members[b], t)
		}
	}
	for b, sharing := range members {
		parts := divide(b.Left, sharing, toss, func(t *turn) float64 { _, need := of(t); return need })
		for i, p := range parts {
			sharing[i].room = p.n
			if p.n > 0 {
				sharing[i].own = max(sharing[i].own, float64(p.aside)/float64(p.n))
			}
		}
	}
}

// part is what a lane has of something divided: n, of which some was set aside for
// those still on time.
type part struct{ aside, n int }

// divide shares a number between lanes that have room: first what is needed, and
// where that is more than there is each part is cut alike; then the rest in equal parts.
// Nothing is set aside that a lane has no room for: the others' people would lack it.
func divide(left int, turns []*turn, toss float64, need func(*turn) float64) []part {
	parts := make([]part, len(turns))
	if left <= 0 {
		return parts
	}
	needed, reserved := 0.0, make([]float64, len(turns))
	for i, t := range turns {
		if !t.onTimeDry {
			reserved[i] = slackFactor * min(1, need(t))
			needed += reserved[i]
		}
	}
	all, bounded := float64(left), 0.0
	for i, t := range turns {
		reserved[i] = min(reserved[i], max(1, needed)*float64(t.room)/all)
		bounded += reserved[i]
	}
	exact, given := 0.0, 0
	for i, t := range turns {
		exact += all * reserved[i] / max(1, bounded)
		parts[i].aside = min(whole(exact, toss)-given, t.room, left)
		given = whole(exact, toss)
		left -= parts[i].aside
	}
	for i, t := range turns {
		others := len(turns) - i
		more := min((left+others-1)/others, t.room-parts[i].aside)
		left -= more
		parts[i].n = parts[i].aside + more
	}
	return parts
}

// portion divides a lane's part between its streams.
func (t *turn) portion(p part, toss float64) Portion {
	onTime := max(p.aside, whole(float64(p.n)*min(1, max(0.5, t.own)), toss))
	switch {
	case t.onTimeDry:
		onTime = 0
	case t.lateDry:
		onTime = p.n
	}
	return Portion{Lane: t.Lane, OnTime: onTime, Late: p.n - onTime}
}

// whole makes a portion a number: over many claims it comes to the portion.
func whole(portion, toss float64) int { return int(portion + toss) }

// Served takes note of what a lane gave of what it was asked for: a stream that
// gave less is dry.
func (l *LaneTurn) Served(asked []Portion, got Given) {
	for _, a := range asked {
		if a.Lane == l.Lane {
			l.onTimeDry = l.onTimeDry || got.OnTime < a.OnTime
			l.lateDry = l.lateDry || got.Late < a.Late
			l.Room -= got.Sending
			for _, b := range []*Budget{l.Campaign, l.Class} {
				if b != nil {
					b.Left, b.Used = b.Left-got.Sending, b.Used+got.Sending
				}
			}
		}
	}
}
