// Package mailertest holds what the tests of several rooms of the domain begin with: a
// register in which nothing is missing, a person, and instants as they are written down.
// Nothing but tests imports it.
package mailertest

import (
	"testing"
	"time"

	"article14/mailer"
)

// Paris is the zone of most controllers in tests: far enough from UTC to tell the days
// of both apart.
func Paris(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// At reads an instant (RFC 3339).
func At(t testing.TB, s string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Someone is a person in France with one address, found on LinkedIn a week before
// 21 November 2026; change, where it is not nil, makes them another.
func Someone(t testing.TB, change func(*mailer.Candidate)) mailer.Candidate {
	obtained := At(t, "2026-11-14T12:00:00Z")
	c := mailer.Candidate{
		Contact: mailer.Contact{ID: mailer.NewID(obtained), Name: "Alex Muster", Country: "FR", FirstObtainedAt: obtained},
		Duties: []mailer.Duty{{ID: mailer.NewID(obtained), SourceKey: "linkedin", State: mailer.DutyOpen,
			Due: mailer.DueFor(mailer.DueInputs{ObtainedAt: obtained}, Paris(t))}},
		Acquisitions: []mailer.Acquisition{{SourceKey: "linkedin", ObtainedAt: obtained, Visibility: mailer.VisiblePublic}},
		Addresses:    []mailer.Channel{{Identifier: mailer.Identifier{ID: mailer.NewID(obtained), Value: "alex@example.org"}}},
	}
	if change != nil {
		change(&c)
	}
	return c
}
