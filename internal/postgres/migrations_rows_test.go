package postgres

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pressly/goose/v3"

	"article14/internal/privatepg/pgtest"
	"article14/mailer"
	"article14/mailer/byhand"
	"article14/mailer/campaign"
	"article14/mailer/track"
)

// lifelike fills a house with all that letters, calls, answers and reports leave behind.
// What is open among it is given by name, to be ended before a schema is taken back.
type lifelike struct {
	*post
	*letterbox
	made byhand.LetterBatch // a batch in somebody's hands
	open track.AnswerItem   // a question that nobody has answered
}

func liveIn(h *house) *lifelike {
	l := &lifelike{post: newPostIn(h), letterbox: newLetterbox(h)}
	p, d := l.post, newDesk(h)
	d.Tokens = l.tokens
	p.reached(5, noon.Add(day), postal)
	called := p.reached(3, noon.Add(day), phone)
	p.people(6, noon.Add(day))
	p.release("spring")

	var out tray
	posted, _, err := p.Letters.Batch(p.ctx, byhand.BatchOrder{Limit: 2, By: "ann"}, out.open)
	must(h.t, err)
	p.posted(posted)
	_, err = p.Returned(p.ctx, out.names[0], mailer.ReturnMoved, today(p.at), "ben")
	must(h.t, err)
	withdrawn, _, err := p.Letters.Batch(p.ctx, byhand.BatchOrder{Limit: 1, By: "ann"}, out.open)
	must(h.t, err)
	_, err = p.Withdraw(p.ctx, withdrawn.ID, nil, "ben", "torn")
	must(h.t, err)
	l.made, _, err = p.Letters.Batch(p.ctx, byhand.BatchOrder{Limit: 1, By: "ann"}, out.open)
	must(h.t, err)
	for i, result := range []byhand.CallResult{byhand.CallTold, byhand.CallNotReached, byhand.CallWrongNumber} {
		_, err := p.calls().Log(p.ctx, byhand.CallLog{ContactID: called[i], On: p.at, Result: result, By: "ann"})
		must(h.t, err)
	}

	as := h.begin(noon, h.claim(6, noon)...)
	h.settle(mailer.Relayed, noon, as[:5]...)
	h.settle(mailer.Deferred, noon, as[5])
	l.write(as[0].DeliveryID, "STOP")
	l.open = l.write(as[1].DeliveryID, "What data do you have about me?")
	d.take(track.Report{Kind: track.KindComplaint, Feedback: "abuse"}, as[2].DeliveryID, "spam")
	d.take(failed("", "5.1.1"), as[3].DeliveryID, "dead")
	to, err := l.tokens.AnswerTo(as[4].DeliveryID, "answers.example", mailer.Slots{}, false)
	must(h.t, err)
	d.next = track.Report{Kind: track.KindAutomatic}
	_, _, err = d.Judge(h.ctx, track.Incoming{Door: track.DoorPipe, SentTo: []string{to}, Raw: []byte("away")})
	must(h.t, err)
	d.next = failed("x@example.org", "5.1.1")
	_, _, err = d.Judge(h.ctx, track.Incoming{Door: track.DoorPipe, Raw: []byte("whose is it?")})
	must(h.t, err)
	must(h.t, h.FoldCounters(h.ctx))
	return l
}

// rows are those of every table, each as text; values that were put into a message are
// the same in whatever order they stand.
func (h *house) rows() map[string][]string {
	h.t.Helper()
	var tables []string
	must(h.t, h.db.SelectContext(h.ctx, &tables, `SELECT table_name FROM information_schema.tables
		WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND table_name NOT LIKE 'goose%' ORDER BY 1`))
	out := map[string][]string{}
	for _, table := range tables {
		var rows []string
		must(h.t, h.db.SelectContext(h.ctx, &rows, `SELECT CAST(x.j || CASE WHEN x.j ? 'slots' THEN jsonb_build_object('slots', CAST(x.j ->> 'slots' AS jsonb)) ELSE '{}' END AS text)
			FROM (SELECT to_jsonb(t) AS j FROM `+table+` t) x ORDER BY 1`))
		out[table] = rows
	}
	return out
}

// takenBack are the tables whose rows do not come back from a schema that is older than
// the version: it had no room for them.
var takenBack = []struct {
	version int64
	tables  []string
}{
	{17, []string{"answer", "answer_text"}},
	{5, []string{"report", "report_raw", "report_received", "report_unmatched"}},
}

// rowsLeft are the rows as they are to be when the schema went back to a version and forth.
func (h *house) rowsLeft(version int64) map[string][]string {
	h.t.Helper()
	rows := h.rows()
	for _, gone := range takenBack {
		for _, table := range gone.tables {
			if version < gone.version {
				rows[table] = nil
			}
		}
	}
	return rows
}

// migrant is a house whose schema goes back and forth, on connections of its own: others
// have seen another shape of the tables.
type migrant struct {
	*house
	url string
	p   *goose.Provider
}

func newMigrant(t *testing.T) *migrant {
	t.Helper()
	url := pgtest.New(t, migrate)
	other, err := Open(t.Context(), url)
	must(t, err)
	t.Cleanup(func() { must(t, other.Close()) })
	p, err := other.migrations()
	must(t, err)
	s, err := Open(t.Context(), url)
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	h := moveIn(t.Context(), t, s, "acme")
	recognise(t, s)
	return &migrant{h, url, p}
}

// downTo takes the schema back, and says what it was told where that is refused.
func (m *migrant) downTo(version int64) string {
	m.t.Helper()
	if _, err := m.p.DownTo(m.ctx, version); err != nil {
		m.up()
		return err.Error()
	}
	return ""
}

// up brings it to the newest version.
func (m *migrant) up() {
	m.t.Helper()
	_, err := m.p.Up(m.ctx)
	must(m.t, err)
	must(m.t, m.db.Close())
	again, err := Open(m.ctx, m.url)
	must(m.t, err)
	m.db = again.db
}

// TestRowsComeThroughEverySchemaAndBack takes the schema back to each version and up again,
// over rows of all that letters, calls, answers and reports leave behind.
func TestRowsComeThroughEverySchemaAndBack(t *testing.T) { // invariants 1 and 7, E1
	m := newMigrant(t)
	l := liveIn(m.house)
	for _, c := range []struct {
		version, reached int64
		refused          string
		end              func() error
	}{
		{17, 18, "letters lie in batches", func() error {
			_, err := l.post.Withdraw(t.Context(), l.made.ID, nil, "ben", "the program goes back")
			return err
		}},
		{14, 17, "answers are open", func() error { return l.Close(t.Context(), l.open.ID, track.EndAnswered, "Ann", "told them") }},
		{3, 5, "reports wait", func() error {
			_, err := m.db.Exec(`UPDATE report_unmatched SET state = 'given_up'`)
			return err
		}},
	} {
		want := m.rowsLeft(c.reached)
		if refused := m.downTo(c.version); !strings.Contains(refused, c.refused) {
			t.Fatalf("to %d it was refused by %q, and not because %s", c.version, refused, c.refused)
		}
		equal(t, "changed by what was refused", cmp.Diff(want, m.rows()), "")
		must(t, c.end())
	}
	sources := m.p.ListSources()
	for _, src := range slices.Backward(sources[:len(sources)-1]) {
		want := m.rowsLeft(src.Version)
		equal(t, "refused", m.downTo(src.Version), "")
		m.asAnOlderProgramWould(src.Version)
		m.up()
		if diff := cmp.Diff(want, m.rows()); diff != "" {
			t.Fatalf("to version %d and back: %s", src.Version, diff)
		}
	}
}

// asAnOlderProgramWould touches every row as it stands: it is never refused, and what
// mail workers claim from holds no letters and no calls.
func (m *migrant) asAnOlderProgramWould(version int64) {
	m.t.Helper()
	tables := map[string]string{"delivery": "ready_at", "identifier": "value", "objection": "way"}
	if version >= 5 {
		tables["report"] = "matched_by"
	}
	for table, column := range tables {
		res, err := m.db.ExecContext(m.ctx, `UPDATE `+table+` SET `+column+` = `+column)
		must(m.t, err)
		n, err := res.RowsAffected()
		must(m.t, err)
		if n == 0 {
			m.t.Fatalf("no %s at version %d", table, version)
		}
	}
	equal(m.t, "ways to object", m.count(`SELECT count(*) FROM objection WHERE way IN ('answer', 'complaint')`), 2)
	if version < 18 {
		equal(m.t, "open lanes of letters and calls", m.count(`SELECT count(*) FROM lane WHERE relay IN ('letter', 'phone') AND state = 'open'`), 0)
	}
}

func TestALetterOfASchemaThatWasTakenBackMayStillComeBack(t *testing.T) { // E2, E3
	m := newMigrant(t)
	p := newPostIn(m.house)
	p.reached(60, noon.Add(day), postal)
	p.release("spring")
	var out tray
	b := p.batch(&out)
	p.Letters.Queue = &dyingQueue{Queue: m.Store, after: 1}
	_, err := p.Posted(p.ctx, byhand.PostedOrder{Batch: b.ID, On: today(p.at), By: "ben"})
	equal(t, "the fault", err, errTray)
	p.Letters.Queue = m.Store
	_, err = p.Withdraw(p.ctx, b.ID, nil, "ben", "nobody knows what went")
	must(t, err)
	p.at = noon.Add(time.Hour)
	second := p.batch(&out)
	p.posted(second)
	for version, ref := range map[int64]string{17: out.names[0], 1: out.names[len(out.names)-1]} { // one of each batch
		equal(t, "refused", m.downTo(version), "")
		m.up()
		fate, err := p.Returned(p.ctx, ref, mailer.ReturnMoved, today(p.at), "ben")
		must(t, err)
		equal(t, "reopened", fate.To, mailer.Bounced)
	}
	got, _, err := p.house.Store.LetterBatch(p.ctx, p.controller, second.ID, p.at)
	must(t, err)
	equal(t, "the batch", inLine(got.State, got.PostedOn, got.Posted, got.Returned, got.MadeBy, got.EndedBy, got.MadeAt.Equal(p.at)), "posted 2026-03-02 10 1 ann ben true")
}

func TestLettersWaitForTheirCanaryInASchemaThatIsHereAgain(t *testing.T) {
	m := newMigrant(t)
	p := newPostIn(m.house)
	p.reached(2, noon.Add(day), postal)
	p.people(3, noon.Add(day))
	c := p.approved("spring", 0)
	p.placeAll(c, false)
	must(t, p.Move(p.ctx, p.controller, c.ID, []mailer.CampaignState{mailer.CampaignFreezing}, mailer.CampaignApproved, "ben", noon))
	must(t, p.SetCanary(p.ctx, p.controller, c.ID, canaryOf(2)))
	must(t, p.Move(p.ctx, p.controller, c.ID, []mailer.CampaignState{mailer.CampaignApproved}, mailer.CampaignRunning, "ben", noon))
	p.settle(mailer.Relayed, noon, p.begin(noon, p.claim(10, noon)...)...)
	equal(t, "when its people are told", p.canary(noon), campaign.CanaryWaiting)
	equal(t, "refused", m.downTo(17), "")
	m.up()
	var out tray
	_, _, err := p.Letters.Batch(p.ctx, byhand.BatchOrder{Limit: 10, By: "ann"}, out.open)
	equal(t, "letters while it waits", err, byhand.ErrNothingWaits)
	equal(t, "behind the wait", p.canary(noon.Add(day)), campaign.CanaryPassed)
	equal(t, "letters then", p.batch(&out).Letters, 2)
}
