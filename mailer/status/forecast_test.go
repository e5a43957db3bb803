package status_test

import (
	"testing"
	"time"

	"article14/mailer"
	"article14/mailer/status"
)

func TestTheForecastSaysWhichWindowWillNotBeKept(t *testing.T) { // D7
	// A notice a second does 43,200 in the half day that the first window gives.
	const aSecond = 60
	within := func(d1, d3, d7, d30 int64) map[string]int64 {
		return map[string]int64{"1d": d1, "3d": d3, "7d": d7, "30d": d30}
	}
	for name, c := range map[string]struct {
		relayed map[string]int64
		due     map[string]int64
		open    int64
		overdue int64
		want    status.Forecast
	}{
		"nothing is left": {nil, nil, 0, 0,
			status.Forecast{RateFrom: "none", InTime: true}},
		"no rate, and nothing can be said but what comes first": {nil, within(0, 2, 2, 9), 9, 0,
			status.Forecast{Remaining: 9, RateFrom: "none", FirstMissed: "3d"}},
		"no rate, and all is overdue": {nil, within(0, 0, 0, 0), 9, 9,
			status.Forecast{Remaining: 9, RateFrom: "none"}},
		"in time": {map[string]int64{"1m": aSecond}, within(43_200, 86_400, 86_400, 86_400), 86_400, 0,
			status.Forecast{Remaining: 86_400, RatePerSecond: 1, RateFrom: "last_minute", DoneInSeconds: 86_400, Need: 1, InTime: true}},
		"too late for the first day": {map[string]int64{"1m": aSecond}, within(43_201, 43_201, 43_201, 43_201), 43_201, 0,
			status.Forecast{Remaining: 43_201, RatePerSecond: 1, RateFrom: "last_minute", DoneInSeconds: 43_201, Need: 43_201.0 / 43_200, FirstMissed: "1d"}},
		"what is due on the first day is not counted again on the third": {map[string]int64{"1m": aSecond}, within(43_200, 43_201, 43_201, 43_201), 43_201, 0,
			status.Forecast{Remaining: 43_201, RatePerSecond: 1, RateFrom: "last_minute", DoneInSeconds: 43_201, Need: 1, InTime: true}},
		"a backlog takes nothing of what is needed": {map[string]int64{"1m": aSecond}, within(21_600, 21_600, 21_600, 21_600), 2_000_000, 1_978_400,
			status.Forecast{Remaining: 2_000_000, RatePerSecond: 1, RateFrom: "last_minute", DoneInSeconds: 2_000_000, Need: 0.5, InTime: true}},
		"a later window may be the tightest": {map[string]int64{"1m": aSecond}, within(10, 10, 10, 604_801), 604_801, 0,
			status.Forecast{Remaining: 604_801, RatePerSecond: 1, RateFrom: "last_minute", DoneInSeconds: 604_801, Need: 604_801.0 / 604_800, FirstMissed: "30d"}},
		"a quiet minute leaves the rate of the hour": {map[string]int64{"1h": 7200}, within(1, 1, 1, 1), 10, 0,
			status.Forecast{Remaining: 10, RatePerSecond: 2, RateFrom: "last_hour", DoneInSeconds: 5, Need: 1.0 / (2 * 43_200), InTime: true}},
	} {
		t.Run(name, func(t *testing.T) {
			f := status.Figures{RelayedLast: c.relayed, DueWithin: c.due, Overdue: c.overdue, Duties: map[mailer.DutyState]int64{mailer.DutyOpen: c.open}}
			if got := f.Forecast(); got != c.want {
				t.Errorf("%+v\nwant %+v", got, c.want)
			}
		})
	}
}

func TestTheForecastHoldsForMailAlone(t *testing.T) { // D8: people print and call, and not at the pace of mail
	at := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	f := status.Figures{AsOf: at, RelayedLast: map[string]int64{"1m": 60}, Overdue: 1,
		Duties:    map[mailer.DutyState]int64{mailer.DutyOpen: 10, mailer.DutyInFlight: 43_301},
		DueWithin: map[string]int64{"1d": 43_300, "3d": 43_300, "7d": 43_300, "30d": 43_310},
		ByHand:    status.HandFigures{Owed: 111, OwedBy: at, OwedWithin: map[string]int64{"1d": 100, "3d": 100, "7d": 100, "30d": 110}}}
	want := status.Forecast{Remaining: 43_200, RatePerSecond: 1, RateFrom: "last_minute", DoneInSeconds: 43_200, Need: 1, InTime: true, ByHand: 111, ByHandBy: at}
	if got := f.Forecast(); got != want {
		t.Errorf("%+v\nwant %+v", got, want)
	}
	f = status.Figures{AsOf: at, Duties: map[mailer.DutyState]int64{mailer.DutyInFlight: 3}, DueWithin: map[string]int64{"1d": 3, "3d": 3, "7d": 3, "30d": 3},
		ByHand: status.HandFigures{Owed: 3, OwedBy: at, OwedWithin: map[string]int64{"1d": 3, "3d": 3, "7d": 3, "30d": 3}}}
	if got, want := f.Forecast(), (status.Forecast{RateFrom: "none", InTime: true, ByHand: 3, ByHandBy: at}); got != want {
		t.Errorf("letters alone: %+v\nwant %+v", got, want)
	}
}
