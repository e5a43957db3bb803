package postgres

import (
	"slices"
	"strings"
	"testing"

	"article14/mailer"
)

// TestTheDatabaseAllowsExactlyTheLegalMoves holds the triggers against mailer's
// tables, for every pair of states.
func TestTheDatabaseAllowsExactlyTheLegalMoves(t *testing.T) {
	h := newHouse(t)
	h.people(1, noon)
	h.running("spring", 0)
	t.Run("of deliveries", func(t *testing.T) {
		tried := tryMoves(t, h, "delivery", mailer.DeliveryStates, mailer.DeliveryMoves,
			`, claim_id = CASE WHEN $1 = 'sending' THEN gen_random_uuid() END`)
		equal(t, "pairs", tried, len(mailer.DeliveryStates)*(len(mailer.DeliveryStates)-1))
	})
	t.Run("of duties", func(t *testing.T) {
		tried := tryMoves(t, h, "duty", mailer.DutyStates, mailer.DutyMoves, ``)
		equal(t, "pairs", tried, len(mailer.DutyStates)*(len(mailer.DutyStates)-1))
	})
	h.settle(mailer.Relayed, noon, h.begin(noon, h.claim(1, noon)...)...)
	newRequestsOn(h).askFor(h.firstNotice(), mailer.RequestAccess, "")
	t.Run("of requests", func(t *testing.T) {
		tried := tryMoves(t, h, "request", mailer.RequestStates, mailer.RequestMoves,
			`, ended_at = CASE WHEN $1 IN ('answered', 'refused', 'withdrawn', 'lapsed') THEN received_at END, ground = CASE WHEN $1 = 'refused' THEN 'excessive' ELSE '' END`)
		equal(t, "pairs", tried, len(mailer.RequestStates)*(len(mailer.RequestStates)-1))
	})
}

func tryMoves[S ~string](t *testing.T, h *house, table string, states []S, legal map[S][]S, also string) (tried int) {
	for _, from := range states {
		for _, to := range states {
			if from == to {
				continue
			}
			tried++
			x, err := h.db.Beginx()
			must(t, err)
			for _, q := range []string{`ALTER TABLE ` + table + ` DISABLE TRIGGER USER`, `UPDATE ` + table + ` SET state = $1` + also, `ALTER TABLE ` + table + ` ENABLE TRIGGER USER`} {
				if strings.Contains(q, "$1") {
					_, err = x.Exec(q, string(from))
				} else {
					_, err = x.Exec(q)
				}
				must(t, err)
			}
			_, err = x.Exec(`UPDATE `+table+` SET state = $1`+also, string(to))
			must(t, x.Rollback())
			switch want := slices.Contains(legal[from], to); {
			case want && err != nil:
				t.Errorf("%s %s to %s is legal and refused: %v", table, from, to, err)
			case !want && err == nil:
				t.Errorf("%s %s to %s is illegal and allowed", table, from, to)
			case !want && !strings.Contains(err.Error(), "may not go from"):
				t.Errorf("%s %s to %s is refused for another reason: %v", table, from, to, err)
			}
		}
	}
	return tried
}

func TestHistoryIsAppendOnly(t *testing.T) { // S1, E1
	h := newHouse(t)
	h.people(2, noon)
	c := h.running("spring", 0)
	h.settle(mailer.Relayed, noon, h.begin(noon, h.claim(1, noon)...)...)
	newRequestsOn(h).askFor(h.firstNotice(), mailer.RequestAccess, "")
	must(t, h.Move(h.ctx, h.controller, c.ID, []mailer.CampaignState{mailer.CampaignRunning}, mailer.CampaignCancelled, "ben", noon))
	for _, q := range []string{
		`UPDATE acquisition SET page = 'x'`,
		`UPDATE duty_history SET reason = 'x'`,
		`UPDATE register_version SET body = 'x'`, `DELETE FROM register_version`,
		`UPDATE skeleton SET body = 'x'`, `DELETE FROM skeleton`,
		`UPDATE content_version SET hash = 'x'`, `DELETE FROM content_version`,
		`UPDATE request_event SET why = 'x'`, `DELETE FROM request_event`,
		`UPDATE audit SET actor = 'x'`, `DELETE FROM audit`,
	} {
		_, table, _ := strings.Cut(strings.NewReplacer("UPDATE ", "T ", "DELETE FROM ", "T ").Replace(q), "T ")
		table, _, _ = strings.Cut(table, " ")
		if h.count(`SELECT count(*) FROM `+table) == 0 {
			t.Fatalf("nothing in %s to be refused", table)
		}
		if _, err := h.db.Exec(q); err == nil || !strings.Contains(err.Error(), "append-only") {
			t.Errorf("%s: %v", q, err)
		}
	}
}

func TestADeadlineNeverMovesBack(t *testing.T) { // D1, D5
	h := newHouse(t)
	h.people(1, noon)
	if _, err := h.db.Exec(`UPDATE duty SET due_at = due_at + interval '1 second'`); err == nil {
		t.Error("a later date was taken")
	}
	if _, err := h.db.Exec(`UPDATE duty SET due_at = due_at - interval '1 second'`); err != nil {
		t.Error(err)
	}
}
