package mailer

// LaneTurn is a lane during one claim.
type LaneTurn struct {
	Lane  int64
	Paced bool
	Room  int // how many it may still give in this claim
	Used  int // how many it gave

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

// Share divides what is left of a batch between lanes, in their order, and
// within each between the two streams (D7). Of an odd number the stream that
// onTimeFirst names gets the greater half; claims take turns in that, so that
// neither stream starves at a pace of one.
func Share(lanes []*LaneTurn, left int, onTimeFirst bool) []Portion {
	var able []*LaneTurn
	for _, l := range lanes {
		if l.Room > 0 && !(l.onTimeDry && l.lateDry) {
			able = append(able, l)
		}
	}
	var out []Portion
	for i, l := range able {
		others := len(able) - i
		part := min((left+others-1)/others, l.Room)
		if part == 0 {
			break
		}
		left -= part
		greater, lesser := (part+1)/2, part/2
		p := Portion{Lane: l.Lane, OnTime: lesser, Late: greater}
		switch {
		case l.onTimeDry:
			p.OnTime, p.Late = 0, part
		case l.lateDry:
			p.OnTime, p.Late = part, 0
		case onTimeFirst:
			p.OnTime, p.Late = greater, lesser
		}
		out = append(out, p)
	}
	return out
}

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
