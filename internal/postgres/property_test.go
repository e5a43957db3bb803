package postgres

import (
	"context"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"article14/mailer"
)

// TestCountersAreWhatACountWouldGive does things at random to a house, and
// after each run counts everything.
func TestCountersAreWhatACountWouldGive(t *testing.T) {
	s := open(t)
	runs := 0
	rapid.Check(t, func(rt *rapid.T) {
		runs++
		m := &mischief{house: moveIn(t.Context(), rt, s, fmt.Sprintf("house-%d", runs)), at: noon}
		rt.Repeat(map[string]func(*rapid.T){
			"import":   m.importPeople,
			"campaign": m.newCampaign,
			"place":    m.placeAgain,
			"claim":    m.claimSome,
			"begin":    m.beginSome,
			"settle":   m.settleSome,
			"release":  m.releaseSome,
			"wait":     m.wait,
			"block":    m.blockSome,
			"restrict": m.restrictSome,
			"tell":     m.tellSome,
			"sweep":    func(*rapid.T) { m.sweep(2) },
			"exempt":   m.exemptSome,
			"review":   m.review,
			"decide":   m.decideAboutOne,
			"see to":   m.seeToAlert,
			"move":     m.moveCampaign,
			"object":   m.object,
			"fold":     func(*rapid.T) { must(rt, m.FoldCounters(m.ctx)) },
		})
		m.audit()
	})
}

// mischief is a house to which things happen.
type mischief struct {
	*house
	at        time.Time
	campaigns []mailer.Campaign
	jobs      []mailer.Job
	attempts  []mailer.Attempt
}

func (m *mischief) importPeople(t *rapid.T) {
	due := time.Duration(rapid.IntRange(-60, 60).Draw(t, "due in hours")) * time.Hour
	m.people(rapid.IntRange(1, 5).Draw(t, "people"), m.at.Add(due))
}

func (m *mischief) newCampaign(t *rapid.T) {
	c := m.running(fmt.Sprintf("c%d", len(m.campaigns)), rapid.IntRange(0, 3).Draw(t, "pace"))
	m.campaigns = append(m.campaigns, c)
}

func (m *mischief) pick(t *rapid.T) mailer.Campaign {
	if len(m.campaigns) == 0 {
		t.Skip("no campaign yet")
	}
	return m.campaign(rapid.SampledFrom(m.campaigns).Draw(t, "campaign").Key)
}

func (m *mischief) placeAgain(t *rapid.T) {
	c := m.pick(t)
	if c.State == mailer.CampaignRunning {
		m.place(c, rapid.Bool().Draw(t, "failed only"))
	}
}

func (m *mischief) blockSome(t *rapid.T) {
	c := m.pick(t)
	if c.State != mailer.CampaignRunning {
		t.Skip("not running")
	}
	var chunk []mailer.Placement
	for _, cand := range m.candidates(c, false) {
		p := m.placement(cand)
		p.Delivery, p.Block = nil, rapid.SampledFrom([]mailer.BlockReason{mailer.BlockNoLanguage, mailer.BlockNoCountry, mailer.BlockExpired}).Draw(t, "reason")
		chunk = append(chunk, p)
	}
	must(t, m.Place(m.ctx, m.controller, c, chunk, mailer.ID{}, m.at))
}

// restrictSome quarantines duties, whatever became of them.
func (m *mischief) restrictSome(t *rapid.T) {
	var rows []dutyRow
	must(t, m.db.SelectContext(m.ctx, &rows, `SELECT contact_id, id, source_key FROM duty WHERE controller_id = $1 ORDER BY id LIMIT $2`,
		m.controller, rapid.IntRange(1, 4).Draw(t, "duties")))
	restricted := mailer.Merge{Rows: int64(len(rows)), Counts: mailer.ImportCounts{Merged: int64(len(rows))}}
	for _, r := range rows {
		restricted.Quarantined = append(restricted.Quarantined, mailer.Duty{ID: r.ID, ContactID: r.ContactID, SourceKey: r.Source})
	}
	must(t, m.Merge(m.ctx, m.controller, m.imp.ID, nil, m.at, func([]mailer.Known, map[string]bool) mailer.Merge { return restricted }))
}

// tellSome says of some that they were told before, whatever became of them.
func (m *mischief) tellSome(t *rapid.T) {
	var rows []dutyRow
	must(t, m.db.SelectContext(m.ctx, &rows, `SELECT contact_id, id FROM duty WHERE controller_id = $1 ORDER BY id LIMIT $2`,
		m.controller, rapid.IntRange(1, 4).Draw(t, "duties")))
	told := mailer.Merge{Duties: []mailer.Duty{}}
	for _, r := range rows {
		told.Duties = append(told.Duties, mailer.Duty{ID: r.ID, ContactID: r.ContactID})
	}
	m.tell(m.at.Add(time.Duration(-rapid.IntRange(0, 90).Draw(t, "told hours ago"))*time.Hour), told)
}

// exemptSome excuses whoever can be, and may be killed before it is done.
func (m *mischief) exemptSome(t *rapid.T) {
	e := weighed(func(e *mailer.Exemption) {
		e.ID, e.State, e.ProposedAt = mailer.NewID(m.at), mailer.ExemptionExcusing, m.at
		e.ReviewAt = m.at.Add(time.Duration(rapid.IntRange(1, 200).Draw(t, "minutes to the review")) * time.Minute)
	})
	must(t, m.AddExemption(m.ctx, m.controller, e))
	for range rapid.IntRange(0, 3).Draw(t, "chunks") {
		_, err := m.ExcuseSome(m.ctx, m.controller, e.ID, 2, m.at)
		must(t, err)
	}
}

// review keeps house about exemptions.
func (m *mischief) review(t *rapid.T) {
	must(t, m.exempting(&m.at).KeepHouse(m.ctx))
}

// decideAboutOne has a person settle a delivery; most are none to be settled.
func (m *mischief) decideAboutOne(t *rapid.T) {
	if len(m.attempts) == 0 {
		t.Skip("nothing begun")
	}
	a := rapid.SampledFrom(m.attempts).Draw(t, "attempt")
	v := mailer.Verdict{DeliveryID: a.DeliveryID, To: rapid.SampledFrom([]mailer.DeliveryState{mailer.Relayed, mailer.Rejected}).Draw(t, "as"), By: "ann"}
	was := m.state(a.DeliveryID)
	if err := m.SettleUncertain(m.ctx, m.controller, v, m.at); err != nil && was == mailer.Uncertain {
		t.Fatal(err)
	}
}

// seeToAlert settles the oldest alert.
func (m *mischief) seeToAlert(t *rapid.T) {
	as, err := m.Alerts(m.ctx, m.controller, "", mailer.ID{}, 1)
	must(t, err)
	for _, a := range as {
		must(t, m.SettleAlert(m.ctx, m.controller, a.ID, "ann", m.at))
	}
}

func (m *mischief) claimSome(t *rapid.T) {
	m.jobs = append(m.jobs, m.claim(rapid.IntRange(1, 6).Draw(t, "batch"), m.at)...)
}

func (m *mischief) beginSome(t *rapid.T) {
	n := rapid.IntRange(0, len(m.jobs)).Draw(t, "attempts")
	m.attempts = append(m.attempts, m.begin(m.at, m.jobs[:n]...)...)
	m.jobs = m.jobs[n:]
}

// settleSome ends attempts, some of them twice or after their claim has passed.
func (m *mischief) settleSome(t *rapid.T) {
	if len(m.attempts) == 0 {
		t.Skip("nothing begun")
	}
	var batch []mailer.Settlement
	for range rapid.IntRange(1, 4).Draw(t, "batch") {
		a := rapid.SampledFrom(m.attempts).Draw(t, "attempt")
		e := end(a, rapid.SampledFrom([]mailer.DeliveryState{mailer.Relayed, mailer.Deferred, mailer.Rejected, mailer.Uncertain}).Draw(t, "to"), m.at)
		if e.To == mailer.Rejected && rapid.Bool().Draw(t, "dead") {
			hash := address(rapid.IntRange(1, 5).Draw(t, "whose")).Hash
			e.Suppress = &mailer.Suppression{Kind: mailer.ByEmail, Hash: hash, KeyID: "a", Scope: mailer.SuppressAddress, Reason: "dead_address"}
			e.Alert = &mailer.Alert{Kind: "retry_past_deadline", Subject: e.DeliveryID.String()}
		}
		batch = append(batch, e)
	}
	_, err := m.Settle(m.ctx, batch)
	must(t, err)
}

func (m *mischief) releaseSome(t *rapid.T) {
	if len(m.attempts) == 0 {
		t.Skip("nothing begun")
	}
	a := rapid.SampledFrom(m.attempts).Draw(t, "attempt")
	must(t, m.Release(m.ctx, a.ClaimID, []mailer.ID{a.DeliveryID}))
}

func (m *mischief) wait(t *rapid.T) {
	m.at = m.at.Add(time.Duration(rapid.IntRange(1, 120).Draw(t, "minutes")) * time.Minute)
	_, _, err := m.Rescue(m.ctx, m.controller, m.at, m.at.Add(time.Hour), rapid.IntRange(1, 5).Draw(t, "limit"))
	must(t, err)
	_, err = m.Wake(m.ctx, m.controller, m.at, rapid.Bool().Draw(t, "resend"), rapid.IntRange(1, 5).Draw(t, "limit"))
	must(t, err)
	_, err = m.FinishCampaigns(m.ctx, m.controller, m.at)
	must(t, err)
}

func (m *mischief) moveCampaign(t *rapid.T) {
	c := m.pick(t)
	to := rapid.SampledFrom([]mailer.CampaignState{mailer.CampaignRunning, mailer.CampaignPaused, mailer.CampaignRunning, mailer.CampaignPaused, mailer.CampaignCancelled}).Draw(t, "to")
	if c.State != mailer.CampaignRunning && c.State != mailer.CampaignPaused {
		t.Skip("ended")
	}
	must(t, m.Move(m.ctx, m.controller, c.ID, []mailer.CampaignState{c.State}, to, "ben", m.at))
}

func (m *mischief) object(t *rapid.T) {
	if len(m.attempts) == 0 {
		t.Skip("nobody has a notice")
	}
	a := rapid.SampledFrom(m.attempts).Draw(t, "attempt")
	receipt := &mailer.PlannedDelivery{ID: mailer.NewID(m.at), Document: mailer.DocObjectionReceipt, ContentID: m.content.ID, Identifier: m.addressOf(a.ContactID),
		Languages: "fr", SkeletonHash: m.skeleton(mailer.DocObjectionReceipt), Code: mailer.NewCode(), DueAt: m.at}
	o := mailer.Objection{ID: mailer.NewID(m.at), ContactID: a.ContactID, ActivityKey: "sales", Scope: "all", Way: "page", MadeAt: m.at, DeliveryID: a.DeliveryID}
	_, _, err := m.Object(m.ctx, m.controller, o, nil, receipt, m.at)
	must(t, err)
}

func (m *mischief) addressOf(contact mailer.ID) (id mailer.ID) {
	must(m.t, m.db.GetContext(m.ctx, &id, `SELECT id FROM identifier WHERE contact_id = $1 AND kind = 'email' ORDER BY added_at, id LIMIT 1`, contact))
	return id
}

// truth is what the counters must agree with, counted row by row.
var truth = map[string]string{
	countContact: `SELECT 'known', count(*) FROM contact WHERE controller_id = $1 HAVING count(*) > 0`,
	countDuty:    `SELECT state, count(*) FROM duty WHERE controller_id = $1 GROUP BY state`,
	countBlocked: `SELECT reason, count(*) FROM duty WHERE controller_id = $1 AND state = 'blocked' GROUP BY reason`,
	countOwed:    `SELECT to_char(due_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24'), count(*) FROM duty WHERE controller_id = $1 AND state IN ('open', 'in_flight', 'failed', 'blocked') GROUP BY 1`,
	countMetLate: `SELECT 'late', count(*) FROM duty WHERE controller_id = $1
		AND (state = 'met' AND met_at > due_at OR state = 'excused' AND reason = 'told_before' AND told_at > due_at) HAVING count(*) > 0`,
	countDelivery:       `SELECT state, count(*) FROM delivery WHERE controller_id = $1 AND document = 'notice' GROUP BY state`,
	countCorrespondence: `SELECT state, count(*) FROM delivery WHERE controller_id = $1 AND document <> 'notice' GROUP BY state`,
	countLanguage:       `SELECT languages, count(*) FROM delivery WHERE controller_id = $1 AND document = 'notice' AND state = 'relayed' GROUP BY languages`,
	countAttempt: `SELECT a.outcome, count(*) FROM attempt a JOIN delivery d ON d.contact_id = a.contact_id AND d.id = a.delivery_id
		WHERE d.controller_id = $1 AND a.outcome IS NOT NULL GROUP BY a.outcome`,
	countObjection: `SELECT way, count(*) FROM objection WHERE controller_id = $1 GROUP BY way`,
	countAlert:     `SELECT kind, count(*) FROM alert WHERE controller_id = $1 AND settled_at IS NULL GROUP BY kind`,
	countRequest:   `SELECT state, count(*) FROM request WHERE controller_id = $1 GROUP BY state`,
	countImport: `SELECT x.state, sum(x.n) FROM import i CROSS JOIN LATERAL (VALUES ('accepted', accepted), ('merged', merged), ('refused', refused)) x(state, n)
		WHERE i.controller_id = $1 AND x.n <> 0 GROUP BY x.state`,
}

func (m *mischief) audit() {
	var counted countsBy
	must(m.t, m.read(m.ctx, func(x tx) (err error) {
		counted, err = x.counts(m.ctx, m.controller)
		return err
	}))
	for what, query := range truth {
		got, want := counted[what], m.countRows(query)
		for state := range want {
			equal(m.t, what+" "+state, got[state], want[state])
		}
		equal(m.t, what+" states", len(got), len(want))
	}
	equal(m.t, "duties in flight without a delivery under way", m.count(`
		SELECT count(*) FROM duty u JOIN delivery d ON d.contact_id = u.contact_id AND d.id = u.delivery_id
		WHERE u.controller_id = $1 AND u.state = 'in_flight' AND d.state NOT IN ('queued', 'sending', 'deferred', 'uncertain')`, m.controller), 0)
	m.sweep(2)
	equal(m.t, "people who were told before and are owed a notice", m.count(`
		SELECT count(*) FROM duty u LEFT JOIN delivery d ON d.contact_id = u.contact_id AND d.id = u.delivery_id
		WHERE u.controller_id = $1 AND u.told_at IS NOT NULL AND NOT (u.state = 'blocked' AND u.reason IN ('quarantined', 'expired'))
			AND (u.state IN ('open', 'failed', 'blocked') OR u.state = 'in_flight' AND d.state <> 'sending')`, m.controller), 0)
	equal(m.t, "people told twice", m.count(`
		SELECT count(*) FROM (SELECT contact_id FROM delivery WHERE controller_id = $1 AND document = 'notice' AND state = 'relayed' GROUP BY contact_id HAVING count(*) > 1) x`, m.controller), 0)
}

func (m *mischief) countRows(query string) map[string]int64 {
	rows, err := m.db.QueryContext(context.WithoutCancel(m.ctx), query, m.controller)
	must(m.t, err)
	defer rows.Close()
	out := map[string]int64{}
	for rows.Next() {
		var state string
		var n int64
		must(m.t, rows.Scan(&state, &n))
		out[state] = n
	}
	must(m.t, rows.Err())
	return out
}
