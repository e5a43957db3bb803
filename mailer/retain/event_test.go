package retain

import (
	"testing"

	"article14/internal/calendar"
	"article14/mailer"
)

func TestAnEventEndsStorageSoonerAndNeverLaterThanWasPrinted(t *testing.T) { // T1b, T2
	for name, c := range map[string]struct {
		event string // "": it has not happened
		day   string
		goes  bool
	}{
		"no event, on the limit's last day":           {"", "2031-11-01T12:00:00Z", false},
		"no event, behind the limit":                  {"", "2031-11-02T12:00:00Z", true},
		"on the last day after the event":             {"2027-03-01", "2027-03-31T12:00:00Z", false},
		"behind it":                                   {"2027-03-01", "2027-04-01T12:00:00Z", true},
		"an event just before the limit, on its last": {"2031-10-20", "2031-11-01T12:00:00Z", false},
		"an event just before the limit, behind it":   {"2031-10-20", "2031-11-02T12:00:00Z", true},
	} {
		t.Run(name, func(t *testing.T) {
			r := rulesOn(t, c.day)
			r.current.Activities[0].Retention = mailer.Retention{Event: mailer.Texts{"en": "the contract's end"}, After: calendar.Period{Days: 30}, Limit: calendar.Period{Years: 5}}
			h := heldFrom(t, "linkedin", func(h *Held) {
				if c.event != "" {
					on, err := calendar.Parse(c.event)
					if err != nil {
						t.Fatal(err)
					}
					h.Events = map[string]calendar.Date{"directory": on}
				}
			})
			if e, err := r.ended(h); err != nil || e.Whole != c.goes {
				t.Errorf("%+v, %v", e, err)
			}
		})
	}
}

func TestAPeriodKnowsNoEvent(t *testing.T) { // T1, T2
	h := heldFrom(t, "linkedin", func(h *Held) { h.Events = map[string]calendar.Date{"directory": {}} })
	if e, err := rulesOn(t, "2027-06-01T12:00:00Z").ended(h); err != nil || !e.nothing() {
		t.Errorf("%+v, %v", e, err)
	}
}
