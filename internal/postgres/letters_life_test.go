package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"article14/internal/calendar"
	"article14/mailer"
	"article14/mailer/byhand"
	"article14/mailer/campaign"
)

// objects has a person say "no": their use stops by everything that they are known by.
func (p *post) objects(id mailer.ID) {
	p.t.Helper()
	var delivery mailer.ID
	must(p.t, p.db.GetContext(p.ctx, &delivery, `SELECT id FROM delivery WHERE contact_id = $1`, id))
	var use []mailer.Suppression
	for _, d := range p.channelsOf(id) {
		use = append(use, mailer.Suppression{Kind: d.Kind, Hash: d.Hash, KeyID: d.KeyID, Scope: mailer.SuppressUse, Reason: "objection"})
	}
	o := mailer.Objection{ID: mailer.NewID(p.at), ContactID: id, ActivityKey: "sales", Scope: mailer.ObjectToAll, Way: mailer.WayPage, MadeAt: p.at, DeliveryID: delivery}
	_, _, err := p.Object(p.ctx, p.controller, o, use, nil, p.at)
	must(p.t, err)
}

func (p *post) channelsOf(id mailer.ID) (out []mailer.Identifier) {
	p.t.Helper()
	rows, err := p.db.QueryContext(p.ctx, `SELECT kind, hash, key_id FROM identifier WHERE contact_id = $1`, id)
	must(p.t, err)
	defer rows.Close()
	for rows.Next() {
		var i mailer.Identifier
		must(p.t, rows.Scan(&i.Kind, &i.Hash, &i.KeyID))
		out = append(out, i)
	}
	must(p.t, rows.Err())
	return out
}

// moves gives somebody a second letter box, as a contact file does that knows a newer one.
func (p *post) moves(id mailer.ID, number int) {
	p.t.Helper()
	i := postal(number)
	_, err := p.db.ExecContext(p.ctx, `INSERT INTO identifier (contact_id, id, controller_id, kind, hash, key_id, value, added_at) VALUES ($1, $2, $3, 'postal', $4, 'a', $5, $6)`,
		id, i.ID, p.controller, i.Hash, i.Value, noon.Add(time.Second))
	must(p.t, err)
}

// attempted counts what is on record as sent by post.
func (p *post) attempted(id mailer.ID) int64 {
	p.t.Helper()
	return p.count(`SELECT count(*) FROM attempt a JOIN outcome o ON o.id = a.id WHERE a.contact_id = $1 AND o.outcome = 'relayed'`, id)
}

func TestWhoObjectsIsWrittenToAllTheSame(t *testing.T) { // R9: the notice is owed, whatever they say
	p := newPost(t)
	before, meanwhile := p.reached(1, noon.Add(day), postal)[0], p.reached(1, noon.Add(day), postal)[0]
	p.release("first")
	p.objects(before)
	var out tray
	b := p.batch(&out)
	equal(t, "letters", b.Letters, 2)
	p.at = noon.Add(time.Hour)
	p.objects(meanwhile)
	_, jobs, err := p.house.Store.LetterBatch(p.ctx, p.controller, b.ID, p.at)
	must(t, err)
	for _, j := range jobs {
		equal(t, "said of the one who did since it was made", inLine(j.Objected, j.PullOut), inLine(j.ContactID == meanwhile, ""))
	}
	p.posted(b)
	for _, id := range []mailer.ID{before, meanwhile} {
		equal(t, "the duty", p.dutyOf(id), mailer.DutyMet)
	}
	equal(t, "use stays stopped", p.count(`SELECT count(*) FROM suppression WHERE scope = 'use' AND kind = 'postal'`), 2)
	p.audited()
}

func TestALetterGoesWhereItWasPrintedForAndTheNextToTheNewAddress(t *testing.T) { // D5, E3
	p := newPost(t)
	id := p.reached(1, noon.Add(day), postal)[0]
	c := p.release("first")
	var out tray
	b := p.batch(&out)
	ref := out.names[0]
	first := out.letters[ref]
	p.moves(id, 40)
	_, _, err := p.Resume(p.ctx, b.ID, out.open)
	must(t, err)
	equal(t, "the bytes, printed again", out.letters[ref], first) // E1
	p.posted(b)
	equal(t, "notices owed because they moved", p.count(`SELECT count(*) FROM duty WHERE state <> 'met'`), 0)

	fate, err := p.Returned(p.ctx, ref, mailer.ReturnMoved, today(p.at), "ben")
	must(t, err)
	equal(t, "its duty", fate.Duty, mailer.DutyFailed) // there is another letter box
	p.placeAll(c, true)
	second := p.batch(&out)
	equal(t, "to the new address", strings.Contains(out.letters[out.names[len(out.names)-1]], "40 High Street"), true)
	p.posted(second)
	equal(t, "the duty", p.dutyOf(id), mailer.DutyMet)
	equal(t, "letters sent", p.attempted(id), 2)
	again, err := p.Returned(p.ctx, ref, mailer.ReturnMoved, today(p.at), "ben")
	must(t, err)
	equal(t, "the first, said again", inLine(again.Replayed, p.dutyOf(id)), inLine(true, mailer.DutyMet))
	p.audited()
}

func TestStorageThatEndsWaitsForALetterInSomebodysHands(t *testing.T) { // T2, T3
	p := newPost(t)
	id := p.reached(1, noon.Add(day), postal)[0]
	p.release("first")
	var out tray
	b := p.batch(&out)
	after := noon.Add(2 * day) // thirty days behind the first obtaining
	equal(t, "erased while it lies there", p.pass(after).Contacts, 0)
	p.at = after
	p.posted(b)
	equal(t, "erased then", p.pass(after).Contacts, 1)
	equal(t, "on record as", p.count(`SELECT count(*) FROM duty WHERE contact_id = $1 AND state = 'erased' AND reason = 'informed' AND met_at > due_at`, id), 1)
	_, err := p.Returned(p.ctx, out.names[0], mailer.ReturnUnknown, today(p.at), "ben")
	must(t, err)
	equal(t, "on record then as", p.count(`SELECT count(*) FROM duty WHERE contact_id = $1 AND state = 'erased' AND reason = 'erased_before_informed'`, id), 1)
	p.audited()
}

func TestWhatComesBackOfABatchThatIsHalfPostedStaysBack(t *testing.T) { // E2, E3, invariant 7
	p := newPost(t)
	p.reached(60, noon.Add(day), postal)
	p.release("first")
	var out tray
	b := p.batch(&out)
	p.Letters.Queue = &dyingQueue{Queue: p.house.Store, after: 1}
	order := byhand.PostedOrder{Batch: b.ID, On: today(p.at), By: "ben"}
	_, err := p.Posted(p.ctx, order)
	equal(t, "the fault", err, errTray)
	p.Letters.Queue = p.house.Store
	returned, unposted := 0, 0
	for _, ref := range []string{out.names[0], out.names[1], out.names[59]} {
		if _, err := p.Returned(p.ctx, ref, mailer.ReturnUnknown, today(p.at), "ben"); err != nil {
			equal(t, "why not", strings.Contains(err.Error(), "not marked as posted"), true)
			unposted++
			continue
		}
		returned++
	}
	equal(t, "taken in, and refused", inLine(returned, unposted), "2 1")
	got, err := p.Posted(p.ctx, order)
	must(t, err)
	equal(t, "the batch", inLine(got.State, got.Posted, got.Returned), "posted 60 2")
	f := p.figures(noon)
	equal(t, "duties", inLine(f.Duties[mailer.DutyMet], f.Duties[mailer.DutyBlocked]), "58 2")
	_, err = p.Returned(p.ctx, out.names[59], mailer.ReturnUnknown, today(p.at), "ben")
	must(t, err)
	equal(t, "duties then", p.figures(noon).Duties[mailer.DutyBlocked], 3)
	p.audited()
}

func TestTwoWhoSayAtOnceThatABatchIsPostedSayItOnce(t *testing.T) { // E2
	p := newPost(t)
	p.reached(30, noon.Add(day), postal)
	p.release("first")
	var out tray
	b := p.batch(&out)
	errs := make([]error, 4)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() {
			_, errs[i] = p.Posted(p.ctx, byhand.PostedOrder{Batch: b.ID, On: today(p.at), By: fmt.Sprint("clerk ", i)})
		})
	}
	all.Wait()
	must(t, errors.Join(errs...))
	equal(t, "outcomes", p.count(`SELECT count(*) FROM outcome`), 30)
	equal(t, "in the audit", p.count(`SELECT count(*) FROM audit WHERE action = 'letter.posted'`), 1)
	equal(t, "met", p.figures(noon).Duties[mailer.DutyMet], 30)
	p.audited()
}

func TestTheDayOnWhichLettersArePostedIsOneOfTheControllers(t *testing.T) { // D7, D10
	paris, err := time.LoadLocation("Europe/Paris")
	must(t, err)
	date := func(s string) calendar.Date {
		t.Helper()
		at, err := time.ParseInLocation(time.DateOnly, s, paris)
		must(t, err)
		return calendar.DateOf(at, paris)
	}
	p := newPost(t)
	p.Letters.Zone = paris
	made := time.Date(2026, 3, 28, 23, 30, 0, 0, time.UTC) // half past midnight of the 29th, which has 23 hours
	for name, c := range map[string]struct {
		on      string
		at      time.Time
		refused string
		met     time.Time // zero: refused
	}{
		"the day in UTC":       {"2026-03-28", made.Add(time.Hour), "made on 2026-03-29", time.Time{}},
		"tomorrow":             {"2026-03-30", time.Date(2026, 3, 29, 21, 59, 0, 0, time.UTC), "lies ahead", time.Time{}},
		"a day later, in UTC":  {"2026-03-30", time.Date(2026, 3, 29, 22, 0, 0, 0, time.UTC), "", time.Date(2026, 3, 29, 22, 0, 0, 0, time.UTC)},
		"today, so until now":  {"2026-03-29", made.Add(time.Hour), "", made.Add(time.Hour)},
		"the end of that day":  {"2026-03-29", made.Add(5 * day), "", time.Date(2026, 3, 29, 21, 59, 59, 0, time.UTC)},
		"the end of the other": {"2026-03-30", made.Add(5 * day), "", time.Date(2026, 3, 30, 21, 59, 59, 0, time.UTC)},
	} {
		p.at = made
		id := p.reached(1, made.Add(30*day), postal)[0]
		p.release(strings.ReplaceAll(strings.ReplaceAll(name, " ", "-"), ",", ""))
		var out tray
		b := p.batch(&out)
		p.at = c.at
		_, err := p.Posted(p.ctx, byhand.PostedOrder{Batch: b.ID, On: date(c.on), By: "ben"})
		if c.met.IsZero() {
			if err == nil || !strings.Contains(err.Error(), c.refused) {
				t.Errorf("%s: %v", name, err)
			}
			_, err := p.Withdraw(p.ctx, b.ID, nil, "ben", "for the next")
			must(t, err)
			_, err = p.db.Exec(`UPDATE lane SET state = 'closed' WHERE channel = 'letter'`)
			must(t, err)
			continue
		}
		must(t, err)
		equal(t, name+": met at", p.count(`SELECT count(*) FROM duty WHERE contact_id = $1 AND date_trunc('second', met_at) = $2`, id, c.met), 1)
		_, err = p.Returned(p.ctx, out.names[0], mailer.ReturnMoved, date(c.on).AddDays(-1), "ben")
		equal(t, name+": back before it went", err != nil && strings.Contains(err.Error(), "posted on "+c.on), true)
		_, err = p.Returned(p.ctx, out.names[0], mailer.ReturnMoved, calendar.DateOf(c.at, paris).AddDays(1), "ben")
		equal(t, name+": back tomorrow", err != nil, true)
		equal(t, name+": the duty", p.dutyOf(id), mailer.DutyMet)
	}
}

func TestACanaryHoldsNoCampaignThatHasLettersAlone(t *testing.T) {
	p := newPost(t)
	p.reached(4, noon.Add(day), postal)
	c := p.approved("spring", 0)
	p.placeAll(c, false)
	must(t, p.Move(p.ctx, p.controller, c.ID, []mailer.CampaignState{mailer.CampaignFreezing}, mailer.CampaignApproved, "ben", noon))
	must(t, p.SetCanary(p.ctx, p.controller, c.ID, canaryOf(2)))
	must(t, p.Move(p.ctx, p.controller, c.ID, []mailer.CampaignState{mailer.CampaignApproved}, mailer.CampaignRunning, "ben", noon))
	equal(t, "mail", len(p.claim(10, noon)), 0)
	equal(t, "the canary, of which nobody is told by mail", p.canary(noon), campaign.CanarySending)
	var out tray
	b := p.batch(&out)
	equal(t, "letters", b.Letters, 4)
	equal(t, "while they lie about", p.canary(noon.Add(day)), campaign.CanarySending)
	p.posted(b)
	for _, ref := range out.names[:3] {
		_, err := p.Returned(p.ctx, ref, mailer.ReturnUnknown, today(p.at), "ben")
		must(t, err)
	}
	equal(t, "with letters that came back", p.canary(noon.Add(2*day)), campaign.CanarySending)
	ended, err := p.FinishCampaigns(p.ctx, p.controller, noon.Add(2*day))
	must(t, err)
	equal(t, "campaigns that ended", inLine(ended), "["+c.Key+"]")
	p.audited()
}

// hastyQueue has somebody else do something just before letters are settled.
type hastyQueue struct {
	byhand.LetterQueue
	first func()
}

func (q hastyQueue) Settle(ctx context.Context, ends []mailer.Settlement) ([]mailer.ID, error) {
	q.first()
	return q.LetterQueue.Settle(ctx, ends)
}

func TestWhatIsWithdrawnWhileItIsPostedWaitsAgainAndIsNamed(t *testing.T) { // E2, E3
	for name, some := range map[string]bool{"the whole batch": false, "one letter of it": true} {
		t.Run(name, func(t *testing.T) {
			p := newPost(t)
			p.reached(3, noon.Add(day), postal)
			p.release("first")
			var out tray
			b := p.batch(&out)
			gone := out.names
			var refs []string
			if some {
				gone, refs = out.names[:1], out.names[:1]
			}
			other := p.Letters
			p.Letters.Queue = hastyQueue{p.house.Store, func() {
				_, err := other.Withdraw(p.ctx, b.ID, refs, "ann", "the printer ate it")
				must(t, err)
			}}
			got, err := p.Posted(p.ctx, byhand.PostedOrder{Batch: b.ID, On: today(p.at), By: "ben"})
			var withdrawn *byhand.WithdrawnError
			if !errors.As(err, &withdrawn) {
				t.Fatalf("the one who posted is told %v", err)
			}
			equal(t, "those named", len(withdrawn.References), len(gone))
			for _, ref := range gone {
				if !strings.Contains(err.Error(), ref) {
					t.Errorf("%s is not named", ref)
				}
			}
			want := byhand.BatchWithdrawn
			if some {
				want = byhand.BatchPosted
			}
			equal(t, "the batch is", got.State, want)
			equal(t, "posted", got.Posted, 3-len(gone))
			equal(t, "met", p.figures(noon).Duties[mailer.DutyMet], int64(3-len(gone)))
			equal(t, "wait again", p.count(`SELECT count(*) FROM delivery WHERE state = 'queued'`), int64(len(gone)))
		})
	}
}
