package mailer

import (
	"time"
)

// Forecast says whether what is owed will be done in time at today's rate.
type Forecast struct {
	Remaining     int64   `json:"remaining"`       // duties open, in flight or failed: what sending can still meet
	RatePerSecond float64 `json:"rate_per_second"` // notices handed over
	RateFrom      string  `json:"rate_from"`       // last_minute, last_hour, or none
	DoneInSeconds float64 `json:"done_in_seconds"` // 0 with no rate
	InTime        bool    `json:"in_time"`         // every duty that is still on time is handed over before its date
	FirstMissed   string  `json:"first_missed"`    // the window that will not be kept: "1d", ...; "" if in time or nothing is known
}

// Windows are the spans to a deadline in which duties are counted, each with all that is due in the narrower ones.
var Windows = []struct {
	Name string
	Span time.Duration
}{{"1d", 24 * time.Hour}, {"3d", 3 * 24 * time.Hour}, {"7d", 7 * 24 * time.Hour}, {"30d", 31 * 24 * time.Hour}}

// Forecast looks ahead from the figures. Half of the rate counts for what is
// still on time, since the backlog has the other half (D7), unless there is no backlog.
func (f Figures) Forecast() Forecast {
	out := Forecast{Remaining: f.Duties[DutyOpen] + f.Duties[DutyInFlight] + f.Duties[DutyFailed], RateFrom: "none"}
	switch {
	case f.RelayedLast["1m"] > 0:
		out.RatePerSecond, out.RateFrom = float64(f.RelayedLast["1m"])/60, "last_minute"
	case f.RelayedLast["1h"] > 0:
		out.RatePerSecond, out.RateFrom = float64(f.RelayedLast["1h"])/3600, "last_hour"
	}
	if out.Remaining == 0 {
		out.InTime = true
		return out
	}
	if out.RatePerSecond == 0 {
		out.FirstMissed = f.firstWindowOwed()
		return out
	}
	out.DoneInSeconds = float64(out.Remaining) / out.RatePerSecond
	share := out.RatePerSecond
	if f.Overdue > 0 {
		share /= 2
	}
	// What a window adds to the one before it is taken to be due at once where that one ends.
	begins := Windows[0].Span / 2
	for _, w := range Windows {
		if owed := f.DueWithin[w.Name]; float64(owed) > share*begins.Seconds() {
			out.FirstMissed = w.Name
			return out
		}
		begins = w.Span
	}
	out.InTime = true
	return out
}

func (f Figures) firstWindowOwed() string {
	for _, w := range Windows {
		if f.DueWithin[w.Name] > 0 {
			return w.Name
		}
	}
	return ""
}
