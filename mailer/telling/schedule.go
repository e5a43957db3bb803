package telling

import (
	"fmt"
	"time"

	"article14/mailer"
)

// Schedule is how long to wait after each attempt that was not taken. After the last the telling is dead.
type Schedule []time.Duration

// Standard is the schedule that Standard Webhooks 1.0.0 recommends: ten attempts over a little
// more than three days.
var Standard = Schedule{5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour,
	10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour}

const (
	// spread is the part of a wait that chance adds to it, so that what failed together does not come back together.
	spread = 0.2
	// longestRetryAfter is as far as a Retry-After is heeded.
	longestRetryAfter = 24 * time.Hour
	// firstQuiet and longestQuiet bound how long a system is left alone that fails for all; it doubles with each failure.
	firstQuiet   = 5 * time.Second
	longestQuiet = 5 * time.Minute
)

// settle says what follows from an answer. chance is in [0, 1).
func (s Schedule) settle(recipient string, at Attempt, a Answer, now time.Time, chance float64) Settlement {
	out := Settlement{Attempt: at, Recipient: recipient, Answer: a, At: now, To: mailer.TellTold}
	if a.Taken() {
		if at.Job.Failures > 0 {
			out.System = &System{}
		}
		return out
	}
	wait := min(a.RetryAfter, longestRetryAfter)
	if n := at.Job.Tries; n < len(s) {
		out.To = mailer.TellWaiting
		out.ReadyAt = now.Add(max(time.Duration(float64(s[n])*(1+spread*chance)), wait))
	} else {
		out.To = mailer.TellDead
	}
	switch {
	case a.gone():
		out.To, out.ReadyAt = mailer.TellDead, time.Time{}
		out.System = &System{Failures: at.Job.Failures, Gone: true}
		out.alert(mailer.AlertTellingGone, "the system of recipient %s answered 410, gone: nothing is sent to it", recipient)
	case a.aboutSystem():
		quiet := min(firstQuiet<<min(at.Job.Failures, 10), longestQuiet)
		out.System = &System{Failures: at.Job.Failures + 1, QuietUntil: now.Add(max(quiet, wait))}
	}
	if out.To == mailer.TellDead && !a.gone() {
		out.alert(mailer.AlertTellingDead, "recipient %s did not take what it must be told: the last answer was %s", recipient, a.words())
	}
	return out
}

func (s *Settlement) alert(kind mailer.AlertKind, format string, args ...any) {
	s.Alerts = append(s.Alerts, mailer.Alert{Kind: kind, Subject: s.Recipient, Detail: fmt.Sprintf(format, args...)})
}

func (a Answer) words() string {
	if a.Status > 0 {
		return fmt.Sprintf("%d", a.Status)
	}
	return "none (" + string(a.Fault) + ")"
}
