package pacing

// Standing is what the last attempts of a lane said of us, the oldest first: 0 for
// nothing, and for a refusal that is about us a mark of the recipient's domain, which says
// no more than whether two are of one domain.
type Standing []byte

// StandingLimit is how many of the last attempts may be such refusals: at Refused of
// the last Of something is wrong with us.
type StandingLimit struct{ Refused, Of int }

// DefaultStandingLimit is five of a hundred.
var DefaultStandingLimit = StandingLimit{Refused: 5, Of: 100}

// Add takes note of further attempts, and tells whether the limit was reached at
// any of them. One odd domain never reaches it by itself: the refusals come from
// two domains at least, or are half of all attempts that are looked at.
func (s Standing) Add(marks []byte, l StandingLimit) (after Standing, reached bool) {
	after = append(make(Standing, 0, len(s)+len(marks)), s...)
	for _, m := range marks {
		after = append(after, m)
		if m != 0 && after.last(l.Of).reach(l) {
			reached = true
		}
	}
	return after.last(l.Of), reached
}

// last are the last n.
func (s Standing) last(n int) Standing { return s[max(0, len(s)-n):] }

func (s Standing) reach(l StandingLimit) bool {
	refused, first, several := 0, byte(0), false
	for _, m := range s {
		if m == 0 {
			continue
		}
		refused++
		several = several || first != 0 && m != first
		first = m
	}
	return refused >= l.Refused && (several || 2*refused >= l.Of)
}
