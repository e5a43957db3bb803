package accept

import (
	"testing"
	"time"

	"article14/mailer"
)

func TestADutyThatWasErasedIsNotShortened(t *testing.T) {
	r := intakeRules{source: mailer.Source{Key: "linkedin"}, activity: "directory", zone: time.UTC, now: time.Unix(2e9, 0)}
	due := mailer.Due{At: time.Unix(1e9, 0)}
	d := &owed{Duty: mailer.Duty{State: mailer.DutyErased, Due: due}}
	p := &person{duties: map[dutyKey]*owed{{"directory", "linkedin", mailer.CauseAcquisition}: d}}
	r.owe(p, Record{ObtainedAt: time.Unix(5e8, 0)}, mailer.ID{})
	if d.shortened || !d.Due.At.Equal(due.At) {
		t.Errorf("%+v", d)
	}
}

func TestNobodyIsRecognisedByTheirFrontDoor(t *testing.T) { // R4
	rules := intakeRules{key: mailer.Key{ID: "a", Secret: []byte("k")}, source: mailer.Source{Key: "s"}}
	rec := Record{Contact: mailer.Contact{Name: "Alex"}, Emails: []Email{{"a@b.example", "a@b.example"}}, Postal: mailer.PostalAddress{Street: []string{"12 rue de l’Exemple"}, Postcode: "69002", Locality: "Lyon", Country: "FR"}, Phone: "+33 1 99 00 12 34"}
	ids := rules.identifiers(rec)
	if len(ids) != 3 || ids[2].Kind != mailer.ByPostal {
		t.Fatalf("%v", ids)
	}
	keys := batchKeys([]batchRow{{rec: rec, ids: ids}})
	if len(keys) != 1 || len(keys[mailer.ByEmail]) != 1 {
		t.Errorf("looked for by %v", keys)
	}
}
