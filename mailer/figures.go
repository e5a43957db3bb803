package mailer

import "time"

// Ages are how long duties have been overdue, the oldest first; each begins where
// the one before it ends.
var Ages = []struct {
	Name  string
	Words string
	Span  time.Duration // past for at least so long
}{
	{"over_1y", "by more than a year", 365 * 24 * time.Hour},
	{"90d_1y", "by 90 days to a year", 90 * 24 * time.Hour},
	{"30d_90d", "by 30 to 90 days", 30 * 24 * time.Hour},
	{"7d_30d", "by 7 to 30 days", 7 * 24 * time.Hour},
	{"under_7d", "by less than 7 days", 0},
}

// ManyStranded is where the count of stranded duties stops.
const ManyStranded = 10_000
