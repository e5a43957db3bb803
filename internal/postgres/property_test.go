package postgres

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"article14/internal/pacing"
	"article14/mailer"
	"article14/mailer/accept"
	"article14/mailer/campaign"
	"article14/mailer/deliver"
	"article14/mailer/exempt"
	"article14/mailer/retain"
	"article14/mailer/track"
)

// TestCountersAreWhatACountWouldGive does things at random to a house, and
// after each run counts everything.
func TestCountersAreWhatACountWouldGive(t *testing.T) {
	s := open(t)
	runs := 0
	rapid.Check(t, func(rt *rapid.T) {
		runs++
		m := &mischief{house: moveIn(t.Context(), rt, s, fmt.Sprintf("house-%d", runs)), at: noon, clues: map[mailer.ID]track.Clue{}}
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
			"rule":     m.decideAboutOne,
			"see to":   m.seeToAlert,
			"move":     m.moveCampaign,
			"object":   m.object,
			"report":   m.reportSome,
			"rematch":  m.rematch,
			"erase":    m.eraseSome,
			"decide":   m.decideSome,
			"classes":  m.changeClasses,
			"sort":     m.sortSome,
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
	clues     map[mailer.ID]track.Clue
}

func (m *mischief) importPeople(t *rapid.T) {
	due := time.Duration(rapid.IntRange(-60, 60).Draw(t, "due in hours")) * time.Hour
	m.people(rapid.IntRange(1, 5).Draw(t, "people"), m.at.Add(due))
}

func (m *mischief) newCampaign(t *rapid.T) {
	c := m.running(fmt.Sprintf("c%d", len(m.campaigns)), rapid.IntRange(0, 3).Draw(t, "pace"))
	m.campaigns = append(m.campaigns, c)
}

// changeClasses puts the people's domain into a class with limits or without, or takes it out.
func (m *mischief) changeClasses(t *rapid.T) {
	name := rapid.SampledFrom([]string{"big", "small"}).Draw(t, "class")
	other := map[string]string{"big": "small", "small": "big"}[name]
	for _, gone := range []string{name, other}[rapid.IntRange(0, 1).Draw(t, "of them"):] {
		if err := m.RemoveClass(m.ctx, m.controller, gone, "ann", m.at); !errors.Is(err, campaign.ErrNoClass) {
			must(t, err)
		}
	}
	if rapid.Bool().Draw(t, "gone") {
		return
	}
	m.setClass(name, rapid.IntRange(0, 3).Draw(t, "a second"), rapid.IntRange(0, 20).Draw(t, "a day"), rapid.SampledFrom([]string{"example.org", "else.example"}).Draw(t, "domain"))
}

func (m *mischief) sortSome(t *rapid.T) {
	_, _, err := m.SortLanes(m.ctx, m.controller)
	must(t, err)
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
	restricted := accept.Merge{Rows: int64(len(rows)), Counts: accept.ImportCounts{Merged: int64(len(rows))}}
	for _, r := range rows {
		restricted.Quarantined = append(restricted.Quarantined, mailer.Duty{ID: r.ID, ContactID: r.ContactID, SourceKey: r.Source})
	}
	must(t, m.Merge(m.ctx, m.controller, m.imp.ID, nil, m.at, func([]mailer.Known, map[string]bool) accept.Merge { return restricted }))
}

// tellSome says of some that they were told before, whatever became of them.
func (m *mischief) tellSome(t *rapid.T) {
	var rows []dutyRow
	must(t, m.db.SelectContext(m.ctx, &rows, `SELECT contact_id, id FROM duty WHERE controller_id = $1 ORDER BY id LIMIT $2`,
		m.controller, rapid.IntRange(1, 4).Draw(t, "duties")))
	told := accept.Merge{Duties: []mailer.Duty{}}
	for _, r := range rows {
		told.Duties = append(told.Duties, mailer.Duty{ID: r.ID, ContactID: r.ContactID})
	}
	m.tell(m.at.Add(time.Duration(-rapid.IntRange(0, 90).Draw(t, "told hours ago"))*time.Hour), told)
}

// exemptSome excuses whoever can be, and may be killed before it is done.
func (m *mischief) exemptSome(t *rapid.T) {
	e := weighed(func(e *exempt.Exemption) {
		e.ID, e.State, e.ProposedAt = mailer.NewID(m.at), exempt.Excusing, m.at
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
	v := track.Ruling{DeliveryID: a.DeliveryID, To: rapid.SampledFrom([]mailer.DeliveryState{mailer.Relayed, mailer.Rejected}).Draw(t, "as"), By: "ann"}
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
			e.Alert = &mailer.Alert{Kind: mailer.AlertRetryPastDeadline, Subject: e.DeliveryID.String()}
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
	_, _, err := m.Rescue(m.ctx, m.controller, m.at, m.at.Add(time.Hour))
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
	if c.State == mailer.CampaignRunning && rapid.Bool().Draw(t, "refused for what we are") || c.State == mailer.CampaignRunning && to == c.State {
		paused, err := m.NoteStanding(m.ctx, m.controller, m.laneOf(c).ID, []byte{1, 2, 3, 4, 5}, pacing.DefaultStandingLimit, m.at)
		must(t, err)
		equal(t, "held", paused || m.laneOf(c).Reason == deliver.HeldByPolicy, true)
	}
	must(t, m.Move(m.ctx, m.controller, c.ID, []mailer.CampaignState{c.State}, to, "ben", m.at))
}

func (m *mischief) object(t *rapid.T) {
	if len(m.attempts) == 0 {
		t.Skip("nobody has a notice")
	}
	a := rapid.SampledFrom(m.attempts).Draw(t, "attempt")
	if m.count(`SELECT count(*) FROM contact WHERE id = $1 AND erased_at IS NOT NULL`, a.ContactID) > 0 {
		t.Skip("nobody is there to object")
	}
	receipt := &mailer.PlannedDelivery{ID: mailer.NewID(m.at), Document: mailer.DocObjectionReceipt, ContentID: m.content.ID, Identifier: m.addressOf(a.ContactID),
		Languages: "fr", SkeletonHash: m.skeleton(mailer.DocObjectionReceipt), Code: mailer.NewCode(), DueAt: m.at}
	o := mailer.Objection{ID: mailer.NewID(m.at), ContactID: a.ContactID, ActivityKey: "sales", Scope: "all", Way: "page", MadeAt: m.at, DeliveryID: a.DeliveryID}
	_, _, err := m.Object(m.ctx, m.controller, o, nil, receipt, m.at)
	must(t, err)
}

// reportSome brings a report about some delivery, or none; and now and then one again.
func (m *mischief) reportSome(t *rapid.T) {
	f := track.ReportFile{ID: mailer.NewID(m.at), Door: "pipe", ExternalID: []byte{byte(rapid.IntRange(0, 30).Draw(t, "external id"))}, ReceivedAt: m.at, At: m.at,
		Clue: track.Clue{Why: track.UnmatchedNoClue}, Raw: []byte("report"), RawUntil: m.at.Add(day), NextTry: m.at.Add(time.Hour)}
	if len(m.attempts) > 0 && rapid.IntRange(0, 5).Draw(t, "clue") > 0 {
		a := rapid.SampledFrom(m.attempts).Draw(t, "attempt")
		f.Clue = track.Clue{DeliveryID: a.DeliveryID, By: track.ByEnvelope}
		m.clues[f.ID] = f.Clue
	}
	f.Verdict = rapid.SampledFrom(verdicts).Draw(t, "verdict")
	_, err := m.FileReport(m.ctx, m.controller, f, func(d track.ReportedDelivery) track.Consequence { return f.Verdict.Follows(f.Clue.By, d) })
	must(t, err)
}

// rematch looks again at what is parked.
func (m *mischief) rematch(t *rapid.T) {
	parked, err := m.ParkedReports(m.ctx, m.controller, m.at, 10)
	must(t, err)
	for _, p := range parked {
		f := track.ReportFile{ID: p.ID, Door: p.Door, ReceivedAt: p.ReceivedAt, At: m.at, Clue: m.clues[p.ID], Raw: p.Raw, RawUntil: m.at.Add(day),
			Verdict: rapid.SampledFrom(verdicts).Draw(t, "verdict")}
		if f.Clue.DeliveryID.IsZero() {
			f.Clue.Why = track.UnmatchedNoClue
		}
		if rapid.Bool().Draw(t, "goes on") {
			f.NextTry = m.at.Add(time.Hour)
		}
		_, err := m.RefileReport(m.ctx, m.controller, f, func(d track.ReportedDelivery) track.Consequence { return f.Verdict.Follows(f.Clue.By, d) })
		must(t, err)
	}
}

// eraseSome has the hours pass that let storage end for some.
func (m *mischief) eraseSome(t *rapid.T) {
	_, err := m.eraser(m.at.Add(time.Duration(rapid.IntRange(0, 48).Draw(t, "hours")) * time.Hour)).Pass(m.ctx)
	must(t, err)
}

// decideSome decides about somebody: to tell, or to erase.
func (m *mischief) decideSome(t *rapid.T) {
	var ids []mailer.ID
	must(t, m.db.SelectContext(m.ctx, &ids, `SELECT id FROM contact WHERE controller_id = $1 AND erased_at IS NULL ORDER BY id`, m.controller))
	if len(ids) == 0 {
		t.Skip("nobody is there")
	}
	id, e := rapid.SampledFrom(ids).Draw(t, "contact"), m.eraser(m.at)
	if rapid.Bool().Draw(t, "tell") {
		_, err := e.Tell(m.ctx, id, "ann", "why")
		must(t, err)
		return
	}
	if err := e.Erase(m.ctx, id, "ann", "why"); !errors.Is(err, retain.ErrOnItsWay) {
		must(t, err)
	}
}

// verdicts are what reports come to.
var verdicts = []track.Verdict{
	{Action: track.ActionFailed, Class: mailer.ClassDeadAddress, Reply: mailer.Reply{Code: 550, Enhanced: "5.1.1"}},
	{Action: track.ActionFailed, Class: mailer.ClassPolicy, Reply: mailer.Reply{Code: 550, Enhanced: "5.7.1"}},
	{Action: track.ActionFailed, Class: mailer.ClassMailboxFull}, {Action: track.ActionDelivered}, {Action: track.ActionDelayed}, {},
	{Kind: track.KindComplaint},
}

func (m *mischief) addressOf(contact mailer.ID) (id mailer.ID) {
	must(m.t, m.db.GetContext(m.ctx, &id, `SELECT id FROM identifier WHERE contact_id = $1 AND kind = 'email' ORDER BY added_at, id LIMIT 1`, contact))
	return id
}

// truth is what the counters must agree with, counted row by row.
var truth = map[string]string{
	countContact: `SELECT CASE WHEN erased_at IS NULL THEN 'known' ELSE 'erased' END, count(*) FROM contact WHERE controller_id = $1 GROUP BY 1`,
	countDuty:    `SELECT state, count(*) FROM duty WHERE controller_id = $1 GROUP BY state`,
	countBlocked: `SELECT reason, count(*) FROM duty WHERE controller_id = $1 AND state = 'blocked' GROUP BY reason`,
	countOwed:    `SELECT to_char(due_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24'), count(*) FROM duty WHERE controller_id = $1 AND state IN ('open', 'in_flight', 'failed', 'blocked') GROUP BY 1`,
	countMetLate: `SELECT 'late', count(*) FROM duty WHERE controller_id = $1
		AND (state IN ('met', 'erased') AND met_at > due_at OR (state = 'excused' AND reason = 'told_before'
			OR state = 'erased' AND reason = 'informed' AND met_at IS NULL) AND told_at > due_at) HAVING count(*) > 0`,
	countDelivery:       `SELECT state, count(*) FROM delivery WHERE controller_id = $1 AND document = 'notice' GROUP BY state`,
	countCorrespondence: `SELECT state, count(*) FROM delivery WHERE controller_id = $1 AND document <> 'notice' GROUP BY state`,
	countLanguage:       `SELECT languages, count(*) FROM delivery WHERE controller_id = $1 AND document = 'notice' AND state IN ('relayed', 'delivered', 'bounced', 'complained') GROUP BY languages`,
	countAttempt: `SELECT a.outcome, count(*) FROM outcome a JOIN delivery d ON d.contact_id = a.contact_id AND d.id = a.delivery_id
		WHERE d.controller_id = $1 AND a.outcome IS NOT NULL GROUP BY a.outcome`,
	countObjection: `SELECT way, count(*) FROM objection WHERE controller_id = $1 GROUP BY way`,
	countAlert:     `SELECT kind, count(*) FROM alert WHERE controller_id = $1 AND settled_at IS NULL GROUP BY kind`,
	countReport: `SELECT x.outcome, count(*) FROM (SELECT outcome FROM report WHERE controller_id = $1 AND counted
		UNION ALL SELECT outcome FROM report_unmatched WHERE controller_id = $1 AND state = 'not_understood'
		UNION ALL SELECT 'answer' FROM answer WHERE controller_id = $1) x GROUP BY x.outcome`,
	countAnswer:    `SELECT kind, count(*) FROM answer WHERE controller_id = $1 AND state = 'open' GROUP BY kind`,
	countUnmatched: `SELECT state, count(*) FROM report_unmatched WHERE controller_id = $1 GROUP BY state`,
	countClass: `SELECT l.domain_class, count(*) FROM delivery d JOIN lane l ON l.id = d.lane
		WHERE d.controller_id = $1 AND d.state = 'queued' AND l.domain_class <> 'any' AND l.channel = 'email' GROUP BY l.domain_class`,
	countRequest: `SELECT kind || ':' || state, count(*) FROM request WHERE controller_id = $1 GROUP BY 1`,
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
	equal(m.t, "values of people who are erased", m.count(`
		SELECT count(*) FROM contact c WHERE c.controller_id = $1 AND c.erased_at IS NOT NULL AND (c.name <> '' OR c.country <> ''
			OR EXISTS (SELECT FROM identifier i WHERE i.contact_id = c.id) OR EXISTS (SELECT FROM acquisition a WHERE a.contact_id = c.id)
			OR EXISTS (SELECT FROM attempt v WHERE v.contact_id = c.id AND v.slots IS NOT NULL) OR EXISTS (SELECT FROM duty u WHERE u.contact_id = c.id AND u.state <> 'erased')
			OR EXISTS (SELECT FROM delivery d WHERE d.contact_id = c.id AND d.state IN ('queued', 'deferred', 'sending') AND NOT EXISTS (
				SELECT FROM outcome a WHERE a.contact_id = d.contact_id AND a.delivery_id = d.id AND a.outcome = 'uncertain')))`, m.controller), 0)
	m.sweep(2)
	equal(m.t, "people who were told before and are owed a notice", m.count(`
		SELECT count(*) FROM duty u LEFT JOIN delivery d ON d.contact_id = u.contact_id AND d.id = u.delivery_id
		WHERE u.controller_id = $1 AND u.told_at IS NOT NULL AND NOT (u.state = 'blocked' AND u.reason IN ('quarantined', 'expired'))
			AND (u.state IN ('open', 'failed', 'blocked') OR u.state = 'in_flight' AND d.state <> 'sending')`, m.controller), 0)
	equal(m.t, "claims that do not count what bears their id", m.count(`SELECT count(*) FROM claim c
		WHERE c.open <> (SELECT count(*) FROM delivery d WHERE d.claim_id = c.id) OR c.open = 0`), 0)
	equal(m.t, "deliveries without their claim", m.count(`SELECT count(*) FROM delivery d WHERE d.claim_id IS NOT NULL AND NOT EXISTS (
		SELECT FROM claim c WHERE c.id = d.claim_id)`), 0)
	for _, table := range []string{"identifier", "acquisition", "duty", "delivery"} {
		equal(m.t, table+" of nobody", m.count(`SELECT count(*) FROM `+table+` x WHERE NOT EXISTS (SELECT FROM contact c WHERE c.id = x.contact_id)`), 0)
	}
	equal(m.t, "people told twice", m.count(`
		SELECT count(*) FROM (SELECT contact_id FROM delivery WHERE controller_id = $1 AND document = 'notice' AND state IN ('relayed', 'delivered') GROUP BY contact_id HAVING count(*) > 1) x`, m.controller), 0)
}

func (m *house) countRows(query string) map[string]int64 {
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
