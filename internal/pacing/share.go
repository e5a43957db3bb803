package pacing

import (
	"math"
	"slices"
)

// LaneTurn is a lane during one claim.
type LaneTurn struct {
	Lane  int64
	Paced bool
	Room  int  // how many it may still give in this claim
	Used  int  // how many it gave
	Need  Need // what its people who are still on time need

	onTimeDry, lateDry bool // a stream that gave less than it was asked for
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
// its pace, and the backlog has what remains.
//
// toss is in [0, 1) and another one in each claim. It settles what cannot be
// divided: of seven, one and a half portions are two in half of the claims. It
// settles, too, with which lane the sharing out begins, so that where there are more
// lanes than deliveries to share out each has its turn.
func Share(lanes []*LaneTurn, left int, toss float64) []Portion {
	var able []*LaneTurn
	needed := 0.0
	for _, l := range lanes {
		if l.Room > 0 && !(l.onTimeDry && l.lateDry) {
			able = append(able, l)
			needed += l.reserve()
		}
	}
	able = inTurn(able, toss)
	aside := make([]int, len(able))
	batch, exact, given := float64(left), 0.0, 0
	for i, l := range able {
		exact += batch * l.reserve() / max(1, needed)
		aside[i] = min(whole(exact, toss)-given, l.Room, left)
		given = whole(exact, toss)
		left -= aside[i]
	}
	var out []Portion
	for i, l := range able {
		others := len(able) - i
		part := min((left+others-1)/others, l.Room-aside[i])
		left -= part
		if n := aside[i] + part; n > 0 {
			out = append(out, l.portion(n, aside[i], toss))
		}
	}
	return out
}

// inTurn gives the lanes from another one on in each claim. It goes by small digits of
// the toss, for the great ones settle which stream a lane's only delivery comes from:
// else it would be the same one whenever that lane is the first.
func inTurn(lanes []*LaneTurn, toss float64) []*LaneTurn {
	_, turn := math.Modf(toss * 256)
	first := int(turn * float64(len(lanes)))
	return slices.Concat(lanes[first:], lanes[:first])
}

// reserve is the part of a batch that is to be set aside for a lane's people who
// are still on time; where the lanes' parts are more than the batch, each is cut alike.
func (l *LaneTurn) reserve() float64 {
	if l.onTimeDry {
		return 0
	}
	return slackFactor * min(1, l.Need.OfAll)
}

// portion divides a lane's n between its streams.
func (l *LaneTurn) portion(n, aside int, toss float64) Portion {
	onTime := max(aside, whole(float64(n)*min(1, max(0.5, slackFactor*l.Need.OfOwn)), toss))
	switch {
	case l.onTimeDry:
		onTime = 0
	case l.lateDry:
		onTime = n
	}
	return Portion{Lane: l.Lane, OnTime: onTime, Late: n - onTime}
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
			l.Used += got.Sending
		}
	}
}
