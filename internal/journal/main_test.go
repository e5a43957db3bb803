package journal

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"article14/mailer"
	"article14/mailer/deliver"
)

var noon = time.Date(2026, 3, 14, 12, 0, 0, 123_000_000, time.UTC)

func id(n byte) (id mailer.ID) {
	id[0], id[15] = 0x99, n
	return id
}

// opened is a journal in a folder of the test.
func opened(t *testing.T, folder string) *Journal {
	t.Helper()
	j, err := Open(folder, id(200), func() time.Time { return noon })
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// killed lets go of a journal as the kernel does for a process that ends.
func (j *Journal) killed(t *testing.T) {
	t.Helper()
	if j.file.Close() != nil || j.lock.Close() != nil {
		t.Fatal("it could not be let go of")
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// found is what a worker that looks finds.
func found(t *testing.T, folder string) (left []deliver.Leftover) {
	t.Helper()
	j := opened(t, folder)
	must(t, j.Replay(func(l deliver.Leftover) error { left = append(left, l); return nil }))
	must(t, j.Close())
	return left
}

// sending is what an attempt comes to if nothing is heard.
func sending(claim, attempt byte) mailer.Settlement {
	return mailer.Settlement{ContactID: id(attempt), DeliveryID: id(attempt), ClaimID: id(claim), AttemptID: id(attempt), To: mailer.Uncertain,
		At: noon, ReadyAt: noon.Add(time.Minute), Stage: mailer.StageDot, Class: mailer.ClassUncertain}
}

func answered(claim, attempt byte) mailer.Settlement {
	s := sending(claim, attempt)
	s.To, s.ReadyAt, s.Class, s.Code, s.Enhanced, s.Reply, s.Duty = mailer.Relayed, time.Time{}, mailer.ClassAccepted, 250, "2.0.0", "queued as 4F1A", mailer.DutyMet
	return s
}

// anySettlement has whatever a worker could come to write, and more.
var anySettlement = rapid.Custom(func(t *rapid.T) mailer.Settlement {
	anyID := rapid.Custom(func(t *rapid.T) (id mailer.ID) {
		copy(id[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		return id
	})
	text := rapid.String()
	at := func(name string) time.Time {
		return time.Unix(rapid.Int64Range(0, 1<<37).Draw(t, name), rapid.Int64Range(0, 999_999_999).Draw(t, name+"ns")).UTC()
	}
	s := mailer.Settlement{ContactID: anyID.Draw(t, "contact"), DeliveryID: anyID.Draw(t, "delivery"), ClaimID: anyID.Draw(t, "claim"), AttemptID: anyID.Draw(t, "attempt"),
		To: mailer.DeliveryState(text.Draw(t, "to")), At: at("at"), Stage: mailer.Stage(text.Draw(t, "stage")), Code: rapid.IntRange(0, 999).Draw(t, "code"),
		Enhanced: text.Draw(t, "enhanced"), Reply: text.Draw(t, "reply"), Class: mailer.ReplyClass(text.Draw(t, "class")),
		Duty: mailer.DutyState(text.Draw(t, "duty")), DutyReason: mailer.BlockReason(text.Draw(t, "reason"))}
	if rapid.Bool().Draw(t, "later") {
		s.ReadyAt = at("ready")
	}
	if rapid.Bool().Draw(t, "dead") {
		s.Suppress = &mailer.Suppression{Kind: mailer.ByEmail, Hash: rapid.SliceOfN(rapid.Byte(), 1, 32).Draw(t, "hash"), KeyID: "a", Scope: mailer.SuppressAddress, Reason: "dead_address"}
	}
	if rapid.Bool().Draw(t, "alarming") {
		s.Alert = &mailer.Alert{Kind: mailer.AlertRetryPastDeadline, Subject: text.Draw(t, "subject"), Detail: text.Draw(t, "detail")}
	}
	return s
})

func TestASettlementComesBackAsItWasWritten(t *testing.T) { // E5
	rapid.Check(t, func(t *rapid.T) {
		s := anySettlement.Draw(t, "s")
		raw := appendEnd(nil, &s)
		l, ok := parse(raw[:len(raw)-1])
		if !ok || l.End == nil || !reflect.DeepEqual(l.End.settlement(), s) {
			t.Fatalf("%+v came back as %+v from %s", s, l.End, raw)
		}
	})
}

// A field that a settlement gets later must not be lost on the way. ByHand is no worker's:
// what people carry out passes no journal.
func TestEachFieldOfASettlementIsWritten(t *testing.T) {
	for i := range reflect.TypeFor[mailer.Settlement]().NumField() {
		if reflect.TypeFor[mailer.Settlement]().Field(i).Name == "ByHand" {
			continue
		}
		var s mailer.Settlement
		f := reflect.ValueOf(&s).Elem().Field(i)
		switch v := f.Addr().Interface().(type) {
		case *mailer.ID:
			*v = id(7)
		case *time.Time:
			*v = noon
		case **mailer.Suppression:
			*v = &mailer.Suppression{Kind: mailer.ByEmail, Hash: []byte{1}, KeyID: "a", Scope: mailer.SuppressAddress, Reason: "r", ExpiresAt: noon}
		case **mailer.Alert:
			*v = &mailer.Alert{Kind: "k", Subject: "s", Detail: "d"}
		default:
			switch f.Kind() {
			case reflect.String:
				f.SetString("x")
			case reflect.Int:
				f.SetInt(7)
			default:
				t.Fatalf("give a value to %s here", reflect.TypeFor[mailer.Settlement]().Field(i).Name)
			}
		}
		raw := appendEnd(nil, &s)
		if l, ok := parse(raw[:len(raw)-1]); !ok || !reflect.DeepEqual(l.End.settlement(), s) {
			t.Errorf("%s is lost on the way: %s", reflect.TypeFor[mailer.Settlement]().Field(i).Name, raw)
		}
	}
}

func BenchmarkNotice(b *testing.B) {
	j, err := Open(b.TempDir(), id(200), func() time.Time { return noon })
	if err != nil {
		b.Fatal(err)
	}
	defer j.Close()
	before, after := sending(1, 1), answered(1, 1)
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		if n%800 == 0 {
			claim := mailer.NewID(noon)
			if err := j.Claimed(claim); err != nil {
				b.Fatal(err)
			}
			defer j.Ended(claim)
			j.Ended(before.ClaimID)
			before.ClaimID, after.ClaimID = claim, claim
		}
		if err := j.Note(before); err != nil {
			b.Fatal(err)
		}
		if err := j.Note(after); err != nil {
			b.Fatal(err)
		}
	}
}

// files are all that stands below a folder.
func files(t *testing.T, folder string) (all []string) {
	t.Helper()
	must(t, filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			all = append(all, path)
		}
		return err
	}))
	return all
}
