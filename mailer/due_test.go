package mailer

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"article14/internal/calendar"
)

func paris(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func at(t testing.TB, s string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestADeadlineIsTheEarliestOfThreeLimits(t *testing.T) { // D1, D3, D4, D10
	zone := paris(t)
	for name, c := range map[string]struct {
		in   DueInputs
		want string
		rule DueRule
	}{
		"one month to the last second of its day in the controller's zone": {
			DueInputs{ObtainedAt: at(t, "2026-10-12T09:00:00Z")}, "2026-11-12T23:59:59+01:00", DueMonth},
		"half past ten in the evening UTC is the next day in Paris": {
			DueInputs{ObtainedAt: at(t, "2026-06-14T22:30:00Z")}, "2026-07-15T23:59:59+02:00", DueMonth},
		"the last day of a shorter month": {
			DueInputs{ObtainedAt: at(t, "2026-01-31T12:00:00+01:00")}, "2026-02-28T23:59:59+01:00", DueMonth},
		"a weekend moves nothing": {
			DueInputs{ObtainedAt: at(t, "2025-12-31T12:00:00+01:00")}, "2026-01-31T23:59:59+01:00", DueMonth},
		"the first communication shortens it": {
			DueInputs{ObtainedAt: at(t, "2026-10-12T09:00:00Z"), FirstCommunication: at(t, "2026-10-20T08:00:00Z")}, "2026-10-20T08:00:00Z", DueCommunication},
		"the first disclosure shortens it further": {
			DueInputs{ObtainedAt: at(t, "2026-10-12T09:00:00Z"), FirstCommunication: at(t, "2026-10-20T08:00:00Z"), FirstDisclosure: at(t, "2026-10-15T08:00:00Z")},
			"2026-10-15T08:00:00Z", DueDisclosure},
		"a communication after the month extends nothing": {
			DueInputs{ObtainedAt: at(t, "2026-10-12T09:00:00Z"), FirstCommunication: at(t, "2026-12-20T08:00:00Z")}, "2026-11-12T23:59:59+01:00", DueMonth},
		"a communication before the obtaining was not one with these data": {
			DueInputs{ObtainedAt: at(t, "2026-10-12T09:00:00Z"), FirstCommunication: at(t, "2026-10-01T08:00:00Z")}, "2026-11-12T23:59:59+01:00", DueMonth},
		"an unknown obtaining is overdue from the moment that it is read": {
			DueInputs{ReadAt: at(t, "2026-11-21T10:00:00Z"), Basis: ObtainedUnknown}, "2026-11-21T10:00:00Z", DueUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			got := DueFor(c.in, zone)
			if !got.At.Equal(at(t, c.want)) || got.Rule != c.rule {
				t.Errorf("due %s by %s, want %s by %s", got.At.In(zone), got.Rule, c.want, c.rule)
			}
		})
	}
}

func TestADeadlineIsNeverAfterAnyOfItsLimits(t *testing.T) { // D1
	zones := []string{"Europe/Paris", "UTC", "America/St_Johns", "Pacific/Kiritimati", "Europe/Lisbon"}
	instant := rapid.Int64Range(0, 4e9)
	rapid.Check(t, func(t *rapid.T) {
		zone, err := time.LoadLocation(rapid.SampledFrom(zones).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		obtained := time.Unix(instant.Draw(t, "obtained"), 0)
		first := time.Unix(instant.Draw(t, "communication"), 0)
		disclosed := time.Unix(instant.Draw(t, "disclosure"), 0)
		due := DueFor(DueInputs{ObtainedAt: obtained, FirstCommunication: first, FirstDisclosure: disclosed}, zone).At
		day, last := calendar.DateOf(obtained, zone), calendar.DateOf(due, zone)
		if next := day.AddMonths(1); last.After(next) {
			t.Fatalf("due on %s, after %s", last, next)
		}
		if !first.Before(obtained) && due.After(first) || !disclosed.Before(obtained) && due.After(disclosed) {
			t.Fatal("due after a communication or disclosure")
		}
		if due.Before(obtained) {
			t.Fatal("due before the data were obtained")
		}
	})
}

func TestLatenessIsCountedInTheControllersDays(t *testing.T) { // D7, D10
	zone := paris(t)
	due := at(t, "2026-11-12T23:59:59+01:00")
	for now, want := range map[string]int{
		"2026-11-12T22:59:59Z": 0, // the last second
		"2026-11-12T23:00:00Z": 1, // already the 13th in Paris
		"2026-11-13T22:59:00Z": 1,
		"2026-11-14T00:00:00Z": 2,
		"2027-11-12T12:00:00Z": 365,
	} {
		if got := LateDays(due, at(t, now), zone); got != want {
			t.Errorf("at %s late by %d days, want %d", now, got, want)
		}
	}
}

func TestLateDaysAreThoseOfTheControllersZone(t *testing.T) { // D7, D10
	due, now := at(t, "2026-03-31T23:59:59+02:00"), at(t, "2026-04-02T00:30:00+02:00")
	if got := LateDays(due, now, paris(t)); got != 2 {
		t.Errorf("%d days late, want 2", got)
	}
}
