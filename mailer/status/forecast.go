package status

import (
	"time"

	"article14/internal/pacing"
	"article14/mailer"
)

// Forecast says whether what mail can meet will be done in time at today's rate. Of
// letters and calls it promises nothing: how fast people are is not known, so they
// stand beside it with their first date (D8).
type Forecast struct {
	Remaining     int64     `json:"remaining"`       // duties open, in flight or failed, without those by hand: what mail can still meet
	RatePerSecond float64   `json:"rate_per_second"` // mails handed over
	RateFrom      string    `json:"rate_from"`       // last_minute, last_hour, or none
	DoneInSeconds float64   `json:"done_in_seconds"` // 0 with no rate
	Need          float64   `json:"need"`            // the part of the rate that keeps on time all who are; more than 1 cannot be done, 0 with no rate
	InTime        bool      `json:"in_time"`         // every duty of Remaining that is still on time is handed over before its date
	FirstMissed   string    `json:"first_missed"`    // the window that will not be kept: "1d", ...; "" if in time or nothing is known
	ByHand        int64     `json:"by_hand"`         // letters and calls that people have still to carry out
	ByHandBy      time.Time `json:"by_hand_first_due,omitzero"`
}

// Windows are the spans to a deadline in which duties are counted, each with all that is due in the narrower ones.
var Windows = []struct {
	Name string
	Span time.Duration
}{{"1d", 24 * time.Hour}, {"3d", 3 * 24 * time.Hour}, {"7d", 7 * 24 * time.Hour}, {"30d", 31 * 24 * time.Hour}}

// Forecast looks ahead from the figures. Those still on time have all that they
// need of the rate, whatever the backlog (D7), so that NeedOf has the answer. A letter
// may stand for several duties and takes one off, so that mail is promised too little
// rather than too much.
func (f Figures) Forecast() Forecast {
	out := Forecast{ByHand: f.ByHand.Owed, ByHandBy: f.ByHand.OwedBy}
	out.Remaining = max(0, f.Duties[mailer.DutyOpen]+f.Duties[mailer.DutyInFlight]+f.Duties[mailer.DutyFailed]-out.ByHand)
	out.RatePerSecond, out.RateFrom = RateOf(f.RelayedLast)
	if out.Remaining == 0 {
		out.InTime = true
		return out
	}
	if out.RatePerSecond == 0 {
		out.FirstMissed = f.firstWindowOwed()
		return out
	}
	out.DoneInSeconds = float64(out.Remaining) / out.RatePerSecond
	owed := f.owing()
	for i, w := range Windows {
		if pacing.NeedOf(owed[:i+1], out.RatePerSecond, f.AsOf) > 1 && out.FirstMissed == "" {
			out.FirstMissed = w.Name
		}
	}
	out.Need = pacing.NeedOf(owed, out.RatePerSecond, f.AsOf)
	out.InTime = out.FirstMissed == ""
	return out
}

// owing is what is due in each window. What a window adds to the one before it is
// taken to be due at once where that one ends, and the first window's at its middle.
func (f Figures) owing() (owed []pacing.Owing) {
	begins, before := Windows[0].Span/2, int64(0)
	for _, w := range Windows {
		due := f.mailDue(w.Name)
		owed = append(owed, pacing.Owing{At: f.AsOf.Add(begins), N: due - before})
		begins, before = w.Span, due
	}
	return owed
}

// mailDue is what is due in a window and not in people's hands.
func (f Figures) mailDue(window string) int64 {
	return max(0, f.DueWithin[window]-f.ByHand.OwedWithin[window])
}

func (f Figures) firstWindowOwed() string {
	for _, w := range Windows {
		if f.mailDue(w.Name) > 0 {
			return w.Name
		}
	}
	return ""
}

// RateOf is how many notices were handed over in a second, from what was handed
// over in the last minute ("1m") and hour ("1h"); from says which it is:
// last_minute, last_hour, or none.
func RateOf(relayed map[string]int64) (perSecond float64, from string) {
	switch {
	case relayed["1m"] > 0:
		return float64(relayed["1m"]) / 60, "last_minute"
	case relayed["1h"] > 0:
		return float64(relayed["1h"]) / 3600, "last_hour"
	}
	return 0, "none"
}
