package postgres

import (
	"context"
	"errors"
	"testing"
	"time"

	"article14/mailer"
)

var day1 = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func TestSmoke(t *testing.T) {
	ctx := t.Context()
	s := open(t)
	v, made, err := s.ApplyRegister(ctx, "acme", []byte("body"), []byte("h1"), "ann", day1)
	must(t, err)
	if !made || v.Version != 1 {
		t.Fatal(v, made)
	}
	v2, made, err := s.ApplyRegister(ctx, "acme", []byte("body"), []byte("h1"), "ann", day1)
	must(t, err)
	if made || v2.ID != v.ID {
		t.Fatal(v2, made)
	}
	cur, err := s.CurrentRegister(ctx, "")
	must(t, err)
	if cur.ID != v.ID {
		t.Fatal(cur)
	}
	imp, err := s.BeginImport(ctx, v.ControllerID, mailer.Import{SourceKey: "linkedin", ActivityKey: "sales", FileHash: []byte("f"), SettingsHash: []byte("s")}, day1)
	must(t, err)
	c := mailer.Contact{ID: mailer.NewID(day1), Name: "Jo"}
	m := mailer.Merge{
		NewContacts:  []mailer.Contact{c},
		Identifiers:  map[mailer.ID][]mailer.Identifier{c.ID: {{ID: mailer.NewID(day1), Kind: mailer.ByEmail, Hash: []byte{1}, KeyID: "a", Value: "x@y"}}},
		Acquisitions: map[mailer.ID][]mailer.Acquisition{c.ID: {{ID: mailer.NewID(day1), SourceKey: "linkedin", ActivityKey: "sales", Basis: "row", ObtainedAt: day1, Visibility: "public", ImportID: imp.ID, Line: 2}}},
		Duties:       []mailer.Duty{{ID: mailer.NewID(day1), ContactID: c.ID, ActivityKey: "sales", SourceKey: "linkedin", Cause: "acquisition", Due: mailer.Due{At: day1, Rule: mailer.DueMonth}, State: mailer.DutyOpen}},
		Rows:         1, Counts: mailer.ImportCounts{Accepted: 1},
	}
	keys := mailer.BatchKeys{mailer.ByEmail: {{1}}}
	for i := range 2 {
		must(t, s.Merge(ctx, v.ControllerID, imp.ID, keys, day1, func(k []mailer.Known, _ map[string]bool) mailer.Merge {
			if len(k) != i {
				t.Fatal(k)
			}
			return m
		}))
	}
	m.Shortened = []mailer.Duty{m.Duties[0]}
	m.Shortened[0].Due.At = day1.Add(-time.Hour * 24)
	must(t, s.Merge(ctx, v.ControllerID, imp.ID, keys, day1, func(k []mailer.Known, _ map[string]bool) mailer.Merge { return m }))
	var n []struct {
		What, State string
		N           int64
	}
	must(t, s.db.Select(&n, "select what,state,n from counter"))
	t.Log(n)
	cctx, cancel := context.WithCancel(ctx)
	err = s.Merge(cctx, v.ControllerID, imp.ID, keys, day1, func(k []mailer.Known, _ map[string]bool) mailer.Merge { cancel(); return m })
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	t.Log(err)
}
