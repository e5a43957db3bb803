package telling

import (
	"strings"
	"testing"
	"time"

	"article14/mailer"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func TestWhatAnAnswerLeadsTo(t *testing.T) { // R7
	const never = time.Duration(0)
	for _, c := range []struct {
		what            string
		answer          Answer
		tries, failures int
		to              mailer.TellState
		in              time.Duration // until the next attempt
		quiet           time.Duration // of the system
		gone            bool
		alert           mailer.AlertKind
	}{
		{"taken", Answer{Status: 200}, 0, 0, mailer.TellTold, never, never, false, ""},
		{"taken in any way", Answer{Status: 204}, 9, 0, mailer.TellTold, never, never, false, ""},
		{"not understood: this one waits, the others go on", Answer{Status: 400}, 0, 0, mailer.TellWaiting, 5 * time.Second, never, false, ""},
		{"sent elsewhere", Answer{Status: 302}, 0, 0, mailer.TellWaiting, 5 * time.Second, never, false, ""},
		{"broken", Answer{Status: 500}, 1, 0, mailer.TellWaiting, 5 * time.Minute, firstQuiet, false, ""},
		{"broken for long", Answer{Status: 502}, 2, 4, mailer.TellWaiting, 30 * time.Minute, 80 * time.Second, false, ""},
		{"broken for very long", Answer{Fault: FaultTimeout}, 3, 4000, mailer.TellWaiting, 2 * time.Hour, longestQuiet, false, ""},
		{"overloaded, for a minute", Answer{Status: 429, RetryAfter: time.Minute}, 0, 0, mailer.TellWaiting, time.Minute, time.Minute, false, ""},
		{"overloaded, for less than we wait anyway", Answer{Status: 503, RetryAfter: time.Minute}, 4, 0, mailer.TellWaiting, 5 * time.Hour, time.Minute, false, ""},
		{"overloaded, for a year", Answer{Status: 503, RetryAfter: 365 * 24 * time.Hour}, 0, 0, mailer.TellWaiting, 24 * time.Hour, 24 * time.Hour, false, ""},
		{"the last attempt", Answer{Status: 404}, 9, 0, mailer.TellDead, never, never, false, mailer.AlertTellingDead},
		{"an attempt behind the last, after kills", Answer{Fault: FaultConnect}, 12, 0, mailer.TellDead, never, firstQuiet, false, mailer.AlertTellingDead},
		{"gone", Answer{Status: 410}, 0, 2, mailer.TellDead, never, never, true, mailer.AlertTellingGone},
	} {
		at := Attempt{Job: Job{Tries: c.tries, Failures: c.failures}}
		s := Standard.settle("crm", at, c.answer, noon, 0)
		in, quiet := never, never
		if !s.ReadyAt.IsZero() {
			in = s.ReadyAt.Sub(noon)
		}
		if s.System != nil && !s.System.QuietUntil.IsZero() {
			quiet = s.System.QuietUntil.Sub(noon)
		}
		var alert mailer.AlertKind
		if len(s.Alerts) > 0 {
			alert = s.Alerts[0].Kind
		}
		if s.To != c.to || in != c.in || quiet != c.quiet || (s.System != nil && s.System.Gone) != c.gone || alert != c.alert || len(s.Alerts) > 1 {
			t.Errorf("%s: %s in %s, quiet %s, %+v, alerts %v", c.what, s.To, in, quiet, s.System, s.Alerts)
		}
	}
	well := Standard.settle("crm", Attempt{Job: Job{Failures: 3}}, Answer{Status: 200}, noon, 0)
	if well.System == nil || well.System.Failures != 0 {
		t.Error("a system that takes again is not well again")
	}
}

func TestTheScheduleIsThatOfStandardWebhooks(t *testing.T) {
	var sum, spreadOut time.Duration
	for n := range Standard {
		a := Attempt{Job: Job{Tries: n}}
		sum += Standard.settle("crm", a, Answer{Status: 500}, noon, 0).ReadyAt.Sub(noon)
		spreadOut += Standard.settle("crm", a, Answer{Status: 500}, noon, 1).ReadyAt.Sub(noon)
	}
	if len(Standard)+1 != 10 || sum != 75*time.Hour+35*time.Minute+5*time.Second || spreadOut <= sum || spreadOut > sum*6/5+time.Second {
		t.Errorf("%d attempts over %s, with chance %s", len(Standard)+1, sum, spreadOut)
	}
}

func TestADeadOneIsTriedAgainUnlessSomethingLaterHasGotThrough(t *testing.T) { // R7
	id := mailer.NewID(noon)
	place := func(n int, s mailer.TellState) Place { return Place{mailer.NewID(noon), n, s} }
	for what, c := range map[string]struct {
		queue []Place
		want  error
	}{
		"alone":                       {[]Place{{id, 1, mailer.TellDead}}, nil},
		"behind what was told":        {[]Place{place(1, mailer.TellTold), {id, 2, mailer.TellDead}}, nil},
		"before what waits":           {[]Place{{id, 1, mailer.TellDead}, place(2, mailer.TellWaiting)}, nil},
		"before what is dead as well": {[]Place{{id, 1, mailer.TellDead}, place(2, mailer.TellDead)}, nil},
		"before what was excused":     {[]Place{{id, 1, mailer.TellDead}, place(2, mailer.TellExcused)}, nil},
		"before what is being sent":   {[]Place{{id, 1, mailer.TellDead}, place(2, mailer.TellSending)}, ErrOvertaken},
		"before what was told":        {[]Place{{id, 1, mailer.TellDead}, place(2, mailer.TellTold)}, ErrOvertaken},
		"before what was done":        {[]Place{{id, 1, mailer.TellDead}, place(2, mailer.TellDone)}, ErrOvertaken},
		"not dead":                    {[]Place{{id, 1, mailer.TellWaiting}}, ErrState},
		"not there":                   {nil, ErrState},
	} {
		if got := MayRetry(id, c.queue); got != c.want {
			t.Errorf("%s: %v", what, got)
		}
	}
}

func TestWhatAPersonToldIsDoneUnlessSomethingEarlierIsStillToCome(t *testing.T) { // R7
	id := mailer.NewID(noon)
	place := func(n int, s mailer.TellState) Place { return Place{mailer.NewID(noon), n, s} }
	for what, c := range map[string]struct {
		queue []Place
		want  error
	}{
		"waiting":                     {[]Place{{id, 1, mailer.TellWaiting}}, nil},
		"dead":                        {[]Place{{id, 1, mailer.TellDead}}, nil},
		"lapsed":                      {[]Place{{id, 1, mailer.TellLapsed}, place(2, mailer.TellWaiting)}, nil},
		"behind a dead one":           {[]Place{place(1, mailer.TellDead), {id, 2, mailer.TellWaiting}}, nil},
		"behind one that waits":       {[]Place{place(1, mailer.TellWaiting), {id, 2, mailer.TellWaiting}}, ErrEarlier},
		"behind one that is sent now": {[]Place{place(1, mailer.TellSending), {id, 2, mailer.TellDead}}, ErrEarlier},
		"told":                        {[]Place{{id, 1, mailer.TellTold}}, ErrState},
		"being sent":                  {[]Place{{id, 1, mailer.TellSending}}, ErrState},
		"not there":                   {nil, ErrState},
	} {
		if got := MayBeDone(id, c.queue); got != c.want {
			t.Errorf("%s: %v", what, got)
		}
	}
}

func TestADecisionHasANameAndAReason(t *testing.T) {
	d := &Desk{Now: func() time.Time { return noon }} // without a store: it must not be asked
	for _, o := range [][2]string{{"", "why"}, {"Ann", ""}, {" ", " "}} {
		for what, err := range map[string]error{
			"retry": d.Retry(t.Context(), mailer.ID{}, o[0], o[1]),
			"done":  d.Done(t.Context(), mailer.ID{}, o[0], o[1]),
		} {
			if err == nil || !strings.Contains(err.Error(), "--by") {
				t.Errorf("%s by %q: %v", what, o, err)
			}
		}
	}
	if _, err := d.Export(t.Context(), "crm", "", nil); err == nil {
		t.Error("exported by nobody")
	}
}
