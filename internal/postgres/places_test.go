package postgres

import (
	"encoding/hex"
	"strconv"
	"testing"
	"time"

	"github.com/lib/pq"
	"pgregory.net/rapid"

	"article14/mailer"
)

// moveRows puts deliveries and duties elsewhere, as VACUUM FULL does.
func (h *house) moveRows() {
	h.t.Helper()
	for _, q := range []string{`UPDATE duty SET opened_at = opened_at WHERE contact_id IN (SELECT contact_id FROM duty ORDER BY id LIMIT 20)`, `VACUUM FULL delivery`, `VACUUM FULL duty`} {
		_, err := h.db.Exec(q)
		must(h.t, err)
	}
}

func TestRowsThatMovedSinceTheirClaimAreFoundByKey(t *testing.T) { // E2, E5
	h := newHouse(t)
	ids := h.people(40, noon.Add(-time.Hour))
	h.running("spring", 0)
	h.claim(3, noon) // these leave room behind them, so that the others change places
	jobs := h.claim(37, noon)
	h.moveRows()
	as := h.begin(noon, jobs...)
	equal(t, "attempts on record", h.count(`SELECT count(*) FROM attempt`), 37)
	equal(t, "fenced", len(h.settle(mailer.Relayed, noon, as...)), 0)
	equal(t, "relayed", h.count(`SELECT count(*) FROM delivery WHERE state = 'relayed' AND attempts = 1`), 37)
	equal(t, "met", h.count(`SELECT count(*) FROM duty WHERE state = 'met'`), 37)
	equal(t, "counted once", int(h.figures(noon).Duties[mailer.DutyMet]), 37)
	equal(t, "people", len(ids), 40)
}

func TestWhatIsNotAtItsPlaceIsNeverTakenForAnother(t *testing.T) { // E5
	h := newHouse(t)
	h.people(3, noon.Add(day))
	h.running("spring", 0)
	jobs := h.claim(3, noon)
	mixed := map[mailer.ID]rowPlaces{}
	for i, j := range jobs { // each has the places of the next
		mixed[j.DeliveryID] = h.places.of(jobs[(i+1)%3].DeliveryID)
	}
	h.places.note(mixed)
	a := h.begin(noon, jobs[0])
	equal(t, "fenced", len(h.settle(mailer.Relayed, noon, a...)), 0)
	equal(t, "relayed", h.count(`SELECT count(*) FROM delivery WHERE state = 'relayed' AND id = $1`, jobs[0].DeliveryID), 1)
	equal(t, "in all", h.count(`SELECT count(*) FROM delivery WHERE state = 'relayed'`), 1)
	equal(t, "met", h.count(`SELECT count(*) FROM duty WHERE state = 'met' AND delivery_id = $1`, jobs[0].DeliveryID), 1)
	equal(t, "met in all", h.count(`SELECT count(*) FROM duty WHERE state = 'met'`), 1)
}

func TestAClaimOfWhichAPartWasTakenAwayStandsNoMore(t *testing.T) { // E5
	h := newHouse(t)
	h.people(2, noon.Add(day))
	h.running("spring", 0)
	jobs := h.claim(2, noon)
	late := noon.Add(2 * time.Minute)
	held, err := h.db.Begin() // somebody settles the second at this moment
	must(t, err)
	_, err = held.Exec(`SELECT FROM delivery WHERE id = $1 FOR UPDATE`, jobs[1].DeliveryID)
	must(t, err)
	queued, _, err := h.Rescue(h.ctx, h.controller, late, late)
	must(t, err)
	equal(t, "taken away", queued, 1)
	stands, err := h.Begin(h.ctx, []mailer.Attempt{
		{ID: mailer.NewID(late), ContactID: jobs[1].ContactID, DeliveryID: jobs[1].DeliveryID, ClaimID: jobs[1].ClaimID, Number: 1, Relay: "relay", BegunAt: late},
	}, late.Add(time.Hour))
	must(t, err)
	equal(t, "may be sent", len(stands), 0)
	must(t, h.Renew(h.ctx, []mailer.ID{jobs[1].ClaimID}, late.Add(time.Hour)))
	must(t, held.Rollback())
	queued, _, err = h.Rescue(h.ctx, h.controller, late, late)
	must(t, err)
	equal(t, "taken away behind it, renewed or not", queued, 1)
	equal(t, "claims", h.count(`SELECT count(*) FROM claim`), 0)
}

func TestASettlementThatIsAskedForTwiceIsBookedOnce(t *testing.T) { // E5: the answer to the first was lost
	h := newHouse(t)
	h.people(2, noon.Add(-time.Hour))
	h.running("spring", 0)
	as := h.begin(noon, h.claim(2, noon)...)
	equal(t, "fenced", len(h.settle(mailer.Relayed, noon, as[0])), 0)
	equal(t, "fenced, of both", len(h.settle(mailer.Relayed, noon, as...)), 1)
	equal(t, "outcomes", h.count(`SELECT count(*) FROM outcome WHERE outcome = 'relayed'`), 2)
	equal(t, "met late", h.figures(noon).MetLate, 2)
	equal(t, "claims", h.count(`SELECT count(*) FROM claim`), 0)
}

func TestColumnsOfABatchArriveAsTheyWereSent(t *testing.T) {
	h := newHouse(t)
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(0, 20).Draw(r, "rows")
		ids, ats := make([]mailer.ID, n), make([]time.Time, n)
		words, sums, numbers := make([]string, n), make([][]byte, n), make([]int, n)
		for i := range n {
			ids[i] = mailer.NewID(noon)
			ats[i] = time.UnixMicro(rapid.Int64Range(-62_000_000_000_000_000, 250_000_000_000_000_000).Draw(r, "at")).UTC()
			words[i] = rapid.StringOf(rapid.Rune().Filter(func(c rune) bool { return c != 0 })).Draw(r, "text")
			sums[i] = rapid.SliceOf(rapid.Byte()).Draw(r, "bytes")
			numbers[i] = rapid.Int().Draw(r, "number")
		}
		var got struct {
			IDs     idList         `db:"ids"`
			Ats     pq.StringArray `db:"ats"`
			Words   pq.StringArray `db:"words"`
			Sums    pq.StringArray `db:"sums"`
			Numbers pq.Int64Array  `db:"numbers"`
		}
		must(t, h.read(h.ctx, func(x tx) error {
			return x.GetContext(h.ctx, &got, `SELECT CAST($1 AS uuid[]) AS ids, ARRAY(SELECT CAST(extract(epoch FROM v) * 1000000 AS bigint)::text FROM unnest(CAST($2 AS timestamptz[])) v) AS ats,
				CAST($3 AS text[]) AS words, ARRAY(SELECT encode(v, 'hex') FROM unnest(CAST($4 AS bytea[])) v) AS sums, CAST($5 AS bigint[]) AS numbers`,
				uuids(ids), timeColumn(ats, func(v time.Time) time.Time { return v }), texts(words), bytesColumn(sums, func(v []byte) []byte { return v }),
				intColumn(numbers, func(v int) int { return v }))
		}))
		equal(r, "rows", len(got.IDs)+len(got.Ats)+len(got.Words)+len(got.Sums)+len(got.Numbers), 5*n)
		for i := range n {
			equal(r, "id", got.IDs[i], ids[i])
			equal(r, "instant", got.Ats[i], strconv.FormatInt(ats[i].UnixMicro(), 10))
			equal(r, "text", got.Words[i], words[i])
			equal(r, "bytes", got.Sums[i], hex.EncodeToString(sums[i]))
			equal(r, "number", got.Numbers[i], int64(numbers[i]))
		}
	})
}
