package plan

import (
	"context"
	"crypto/sha256"
	"errors"
	"strings"
	"testing"
	"time"

	"article14/internal/calendar"
	"article14/mailer"
	"article14/mailer/mailertest"
)

// purposeStore keeps versions and people in memory.
type purposeStore struct {
	mailer.RegisterStore
	versions []mailer.RegisterVersion
	people   []mailer.Known
	opened   []mailer.Duty
	through  map[mailer.ID]bool // versions whose duties are all open
	failAt   int                // the chunk at which OpenDuties fails once; 0: never
}

func (s *purposeStore) ApplyRegister(_ context.Context, _ string, body, hash []byte, by string, now time.Time) (mailer.RegisterVersion, bool, error) {
	if n := len(s.versions); n > 0 && string(s.versions[n-1].Hash) == string(hash) {
		return s.versions[n-1], false, nil
	}
	v := mailer.RegisterVersion{ID: mailer.NewID(now), Version: len(s.versions) + 1, Hash: hash, Body: body, AppliedAt: now, AppliedBy: by}
	s.versions = append(s.versions, v)
	return v, true, nil
}

func (s *purposeStore) CurrentRegister(context.Context, string) (mailer.RegisterVersion, error) {
	if len(s.versions) == 0 {
		return mailer.RegisterVersion{}, mailer.ErrNoRegister
	}
	return s.versions[len(s.versions)-1], nil
}

func (s *purposeStore) RegisterBefore(_ context.Context, v mailer.RegisterVersion) (mailer.RegisterVersion, error) {
	if v.Version < 2 {
		return mailer.RegisterVersion{}, mailer.ErrNoRegister
	}
	return s.versions[v.Version-2], nil
}

func (s *purposeStore) UnopenedRegisters(context.Context, mailer.ID) (vs []mailer.RegisterVersion, _ error) {
	for _, v := range s.versions {
		if !s.through[v.ID] {
			vs = append(vs, v)
		}
	}
	return vs, nil
}

func (s *purposeStore) RegisterOpened(_ context.Context, version mailer.ID, _ time.Time) error {
	if s.through == nil {
		s.through = map[mailer.ID]bool{}
	}
	s.through[version] = true
	return nil
}

func (s *purposeStore) OpenDuties(_ context.Context, _, _ mailer.ID, _ int, _ time.Time, decide func(mailer.Known) []mailer.Duty) (mailer.ID, int, error) {
	if s.failAt > 0 {
		s.failAt--
		return mailer.ID{}, 0, errors.New("the database is away")
	}
	n := 0
	for i := range s.people {
		ds := decide(s.people[i])
		s.people[i].Duties = append(s.people[i].Duties, ds...)
		s.opened = append(s.opened, ds...)
		n += len(ds)
	}
	return mailer.ID{}, n, nil
}

// purposes makes a register with one activity; a purpose after "@" has a day on which it starts.
func purposes(t *testing.T, list ...string) *mailer.Register {
	a := mailer.Activity{Key: "directory"}
	for _, p := range list {
		key, day, later := strings.Cut(p, "@")
		purpose := mailer.Purpose{Key: key}
		if later {
			d, err := calendar.Parse(day)
			if err != nil {
				t.Fatal(err)
			}
			purpose.Starts = &d
		}
		a.Purposes = append(a.Purposes, purpose)
	}
	return &mailer.Register{Controller: mailer.Controller{Key: "nordlicht", Zone: mailertest.Paris(t)}, Activities: []mailer.Activity{a}}
}

// heldSince is a person whose data are held for the activity since then.
func heldSince(at time.Time, quarantined bool) mailer.Known {
	id := mailer.NewID(at)
	d := mailer.Duty{ID: mailer.NewID(at), ContactID: id, ActivityKey: "directory", Cause: mailer.CauseAcquisition, State: mailer.DutyMet}
	if quarantined {
		d.State, d.Reason = mailer.DutyBlocked, mailer.BlockQuarantined
	}
	return mailer.Known{Contact: mailer.Contact{ID: id}, Duties: []mailer.Duty{d},
		Acquisitions: []mailer.Acquisition{{ID: mailer.NewID(at), SourceKey: "linkedin", ActivityKey: "directory", ObtainedAt: at}}}
}

func TestANewPurposeIsOwedToThoseWhoseDataWereHeldBeforeIt(t *testing.T) { // 14(4), D5, S4
	now := mailertest.At(t, "2026-11-21T12:00:00Z")
	s := &purposeStore{people: []mailer.Known{heldSince(now.Add(-time.Hour), false), heldSince(now.Add(-time.Hour), true), heldSince(now.Add(time.Hour), false)}}
	bodies := map[string]*mailer.Register{"1": purposes(t, "sell"), "2": purposes(t, "sell", "train@2026-12-10")}
	r := Registrar{Registers: &mailer.Registers{Store: s, Parse: func(b []byte) (*mailer.Register, error) { return bodies[string(b)], nil }}}
	if out, err := r.Apply(t.Context(), bodies["1"], []byte("1"), "ann", now.Add(-48*time.Hour)); err != nil || !out.Made || out.Opened != 0 {
		t.Fatalf("the first register: %+v, %v", out, err)
	}
	s.failAt = 1
	if _, err := r.Apply(t.Context(), bodies["2"], []byte("2"), "ann", now); err == nil || !strings.Contains(err.Error(), "run the same command again") {
		t.Fatalf("a database that went away: %v", err)
	}
	out, err := r.Apply(t.Context(), bodies["2"], []byte("2"), "ann", now.Add(2*time.Hour))
	if err != nil || out.Made || out.Opened != 2 || out.Purposes != 1 {
		t.Fatalf("run again: %+v, %v", out, err)
	}
	if got := s.opened[0]; got.State != mailer.DutyOpen || got.Cause != "purpose:train" || !got.Due.At.Equal(mailertest.At(t, "2026-12-09T23:59:59+01:00")) || got.Due.Rule != mailer.DueNewPurpose {
		t.Errorf("owed: %+v", got)
	}
	if got := s.opened[1]; got.State != mailer.DutyBlocked || got.Reason != mailer.BlockQuarantined {
		t.Errorf("what is quarantined is told of nothing: %+v", got)
	}
	if out, err := r.Apply(t.Context(), bodies["2"], []byte("2"), "ann", now.Add(3*time.Hour)); err != nil || out.Opened != 0 {
		t.Errorf("a third time: %+v, %v", out, err)
	}
}

func TestAPurposeWhoseVersionWasBrokenOffIsOwedWithTheNextVersion(t *testing.T) { // 14(4), E5
	now := mailertest.At(t, "2026-11-21T12:00:00Z")
	for name, c := range map[string]struct {
		third  []string
		opened int
	}{
		"it is declared still":               {[]string{"sell", "train@2026-12-10", "rank@2026-12-20"}, 4},
		"it was dropped before anybody knew": {[]string{"sell", "rank@2026-12-20"}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			s := &purposeStore{people: []mailer.Known{heldSince(now.Add(-time.Hour), false), heldSince(now.Add(-time.Hour), false)}}
			bodies := map[string]*mailer.Register{"1": purposes(t, "sell"), "2": purposes(t, "sell", "train@2026-12-10"), "3": purposes(t, c.third...)}
			r := Registrar{Registers: &mailer.Registers{Store: s, Parse: func(b []byte) (*mailer.Register, error) { return bodies[string(b)], nil }}}
			if _, err := r.Apply(t.Context(), bodies["1"], []byte("1"), "ann", now.Add(-48*time.Hour)); err != nil {
				t.Fatal(err)
			}
			s.failAt = 1
			if _, err := r.Apply(t.Context(), bodies["2"], []byte("2"), "ann", now); err == nil {
				t.Fatal("the database did not go away")
			}
			if out, err := r.Apply(t.Context(), bodies["3"], []byte("3"), "ann", now.Add(time.Hour)); err != nil || out.Opened != c.opened {
				t.Errorf("%d duties, %+v, %v; want %d", len(s.opened), out, err, c.opened)
			}
			if out, err := r.Apply(t.Context(), bodies["3"], []byte("3"), "ann", now.Add(time.Hour)); err != nil || out.Opened != 0 || out.Purposes != 0 {
				t.Errorf("again: %+v, %v", out, err)
			}
		})
	}
}

func TestAPurposeThatSlippedInWithoutADayIsOwedFromItsVersionOn(t *testing.T) { // 14(4), D7
	now := mailertest.At(t, "2026-11-21T12:00:00Z")
	bodies := map[string]*mailer.Register{"1": purposes(t, "sell"), "2": purposes(t, "sell", "train")}
	s := &purposeStore{people: []mailer.Known{heldSince(now.Add(-time.Hour), false)}}
	for _, body := range []string{"1", "2"} { // as two who apply at once may leave it
		hash := sha256.Sum256([]byte(body))
		if _, _, err := s.ApplyRegister(t.Context(), "", []byte(body), hash[:], "ann", now); err != nil {
			t.Fatal(err)
		}
	}
	r := Registrar{Registers: &mailer.Registers{Store: s, Parse: func(b []byte) (*mailer.Register, error) { return bodies[string(b)], nil }}}
	out, err := r.Apply(t.Context(), bodies["2"], []byte("2"), "ann", now)
	if err != nil || out.Opened != 1 || !s.opened[0].Due.At.Equal(mailertest.At(t, "2026-11-20T23:59:59+01:00")) {
		t.Errorf("%+v, %v: %+v", out, err, s.opened)
	}
}

func TestANewPurposeMustSayADayThatIsStillToCome(t *testing.T) { // 14(4)
	now := mailertest.At(t, "2026-11-21T12:00:00Z")
	for name, list := range map[string][]string{
		"no day":        {"sell", "train"},
		"today":         {"sell", "train@2026-11-21"},
		"a day gone by": {"sell", "train@2026-01-01"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &purposeStore{}
			bodies := map[string]*mailer.Register{"1": purposes(t, "sell"), "2": purposes(t, list...)}
			r := Registrar{Registers: &mailer.Registers{Store: s, Parse: func(b []byte) (*mailer.Register, error) { return bodies[string(b)], nil }}}
			if _, err := r.Apply(t.Context(), bodies["1"], []byte("1"), "ann", now); err != nil {
				t.Fatal(err)
			}
			_, err := r.Apply(t.Context(), bodies["2"], []byte("2"), "ann", now)
			if err == nil || !strings.Contains(err.Error(), "directory.train") || len(s.versions) != 1 {
				t.Errorf("%d versions, %v", len(s.versions), err)
			}
		})
	}
}

func TestStorageCountsForANewPurposeFromTheReadingWhereNoDayIsKnown(t *testing.T) { // 14(4), T1, T2
	read, applied := mailertest.At(t, "2026-11-01T12:00:00Z"), mailertest.At(t, "2026-11-10T12:00:00Z")
	k := mailer.Known{Contact: mailer.Contact{ID: mailer.NewID(read)}, Acquisitions: []mailer.Acquisition{{ID: mailer.NewID(read), ActivityKey: "sales", SourceKey: "linkedin"}},
		Duties: []mailer.Duty{{ActivityKey: "sales", SourceKey: "linkedin", Cause: mailer.CauseAcquisition, State: mailer.DutyMet, Due: mailer.Due{Inputs: mailer.DueInputs{ReadAt: read}}}}}
	opened := purposeDuty(k, NewPurpose{mailer.Purpose{Key: "newsletter"}, "sales"}, mailer.Due{At: applied}, applied, applied)
	if len(opened) != 1 || !(mailer.NoticeFacts{Contact: k.Contact, Duties: opened}).StorageStart().Equal(read) {
		t.Errorf("%+v", opened)
	}
}
