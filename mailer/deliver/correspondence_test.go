package deliver

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"article14/mailer"
)

// planned makes the queue's first delivery a mail about somebody's rights.
func planned(q *memQueue, doc mailer.Document, values mailer.Slots) *memDelivery {
	d := q.rows[q.order[0]]
	d.Document, d.Values = doc, values
	return d
}

func TestCorrespondenceIsComposedFromWhatItWasPlannedWith(t *testing.T) { // E1
	synctest.Test(t, func(t *testing.T) {
		q := newMemQueue(t, 1)
		d := planned(q, mailer.DocAnswer, mailer.Slots{"text": "Yes."})
		during(t, q, &memRelay{}, time.Minute, nil)
		if d.state != mailer.Relayed || d.Slots["text"] != "Yes." || d.Slots["date"] != "" {
			t.Errorf("%s with %v", d.state, d.Slots)
		}
	})
}

func TestACodeIsTheSameInASecondAttemptThoughTheKeyWasRotatedAndIsNeverOnRecord(t *testing.T) { // R4, E1
	synctest.Test(t, func(t *testing.T) {
		q := newMemQueue(t, 1)
		key := q.ring.Newest(mailer.TokenKey).ID
		d := planned(q, mailer.DocCode, mailer.Slots{"name": "Élodie", mailer.SlotTokenKey: key})
		if err := q.ring.Rotate(mailer.TokenKey); err != nil {
			t.Fatal(err)
		}
		w := newRun(testWorker(q, &memRelay{}))
		job := d.Job
		first, record, err := w.compose(job, &mailer.Register{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		digits, _, err := mailer.Tokens{Keys: q.ring}.ProofCode(d.DeliveryID, key)
		if err != nil || !strings.Contains(string(first.Bytes), digits) {
			t.Fatalf("the mail has no code: %v", err)
		}
		for name, value := range record.Slots {
			if strings.Contains(value, digits) {
				t.Errorf("the value %s is on record with the code", name)
			}
		}
		if _, added := d.Values["answer_key"]; added || record.Slots[mailer.SlotTokenKey] != key {
			t.Errorf("planned %v, on record %v", d.Values, record.Slots)
		}
		job.Slots, job.Values, job.SHA256, job.ComposedAt = record.Slots, nil, record.SHA256, record.ComposedAt
		if again, _, err := w.compose(job, &mailer.Register{}, nil); err != nil || string(again.Bytes) != string(first.Bytes) {
			t.Errorf("the second attempt: %v", err)
		}
	})
}

func TestALinkThatWasAskedForCarriesItsTokenAndOtherCorrespondenceNone(t *testing.T) { // R3
	synctest.Test(t, func(t *testing.T) {
		q := newMemQueue(t, 1)
		w := newRun(testWorker(q, &memRelay{}))
		for doc, want := range map[mailer.Document]bool{mailer.DocObjectLink: true, mailer.DocAnswer: false, mailer.DocCode: false} {
			job := planned(q, doc, mailer.Slots{"name": "Élodie"}).Job
			m, _, err := w.compose(job, &mailer.Register{}, nil)
			if err != nil {
				t.Fatal(err)
			}
			token := mailer.Tokens{Keys: q.ring}.Notice(job.ContactID, job.DeliveryID).Objection
			if got := strings.Contains(string(m.Bytes), token); got != want {
				t.Errorf("%s carries a token: %v", doc, got)
			}
		}
	})
}
