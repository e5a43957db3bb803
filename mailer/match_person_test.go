package mailer

import (
	"testing"
	"time"
)

func TestADutyThatWasErasedIsNotShortened(t *testing.T) {
	r := intakeRules{source: Source{Key: "linkedin"}, activity: "directory", zone: time.UTC, now: time.Unix(2e9, 0)}
	due := Due{At: time.Unix(1e9, 0)}
	d := &owed{Duty: Duty{State: DutyErased, Due: due}}
	p := &person{duties: map[dutyKey]*owed{{"directory", "linkedin", CauseAcquisition}: d}}
	r.owe(p, Record{ObtainedAt: time.Unix(5e8, 0)}, ID{})
	if d.shortened || !d.Due.At.Equal(due.At) {
		t.Errorf("%+v", d)
	}
}

func TestNobodyIsRecognisedByTheirFrontDoor(t *testing.T) { // R4
	rules := intakeRules{key: Key{ID: "a", Secret: []byte("k")}, source: Source{Key: "s"}}
	rec := Record{Contact: Contact{Name: "Alex"}, Emails: []Email{{"a@b.example", "a@b.example"}}, Postal: PostalAddress{Street: []string{"12 rue de l’Exemple"}, Postcode: "69002", Locality: "Lyon", Country: "FR"}, Phone: "+33 1 99 00 12 34"}
	ids := rules.identifiers(rec)
	if len(ids) != 3 || ids[2].Kind != ByPostal {
		t.Fatalf("%v", ids)
	}
	keys := batchKeys([]batchRow{{rec: rec, ids: ids}})
	if len(keys) != 1 || len(keys[ByEmail]) != 1 {
		t.Errorf("looked for by %v", keys)
	}
}
