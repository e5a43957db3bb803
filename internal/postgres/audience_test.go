package postgres

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"article14/mailer"
)

var running = []mailer.CampaignState{mailer.CampaignRunning}

func TestPlacingTwicePlacesOnce(t *testing.T) {
	h := newHouse(t)
	ids := h.people(3, noon.Add(day))
	slices.SortFunc(ids, func(a, b mailer.ID) int { return slices.Compare(a[:], b[:]) })
	c := h.approved("spring", 0)
	var chunk []mailer.Placement
	for _, cand := range h.candidates(c, false) {
		chunk = append(chunk, h.placement(cand))
	}
	must(t, h.Place(h.ctx, h.controller, c, chunk, ids[2], noon))
	for i := range chunk {
		chunk[i].Delivery.ID, chunk[i].Delivery.Code = mailer.NewID(noon), mailer.NewCode()
	}
	must(t, h.Place(h.ctx, h.controller, c, chunk, ids[1], noon))
	equal(t, "deliveries", h.count(`SELECT count(*) FROM delivery`), 3)
	equal(t, "links to duties", h.count(`SELECT count(*) FROM delivery_duty`), 3)
	equal(t, "duties in flight", h.count(`SELECT count(*) FROM duty u JOIN delivery d ON d.id = u.delivery_id WHERE u.state = 'in_flight'`), 3)
	equal(t, "the position never goes back", h.campaign("spring").FrozenUntil, ids[2])
	equal(t, "candidates left", len(h.candidates(c, false)), 0)
}

func TestTwoCampaignsThatFreezeAtOnceTellNobodyTwice(t *testing.T) {
	h := newHouse(t)
	h.people(200, noon.Add(day))
	var both sync.WaitGroup
	for _, key := range []string{"one", "two", "three"} {
		c := h.approved(key, 0)
		both.Go(func() { h.place(c, false) })
	}
	both.Wait()
	equal(t, "deliveries", h.count(`SELECT count(*) FROM delivery`), 200)
	equal(t, "contacts told", h.count(`SELECT count(DISTINCT contact_id) FROM delivery`), 200)
}

func TestADeliveryBearsTheEarliestDateOfWhatItDischarges(t *testing.T) {
	h := newHouse(t)
	m := h.newPerson(1, noon.Add(9*day))
	second := m.Duties[0]
	second.ID, second.SourceKey, second.Due.At = mailer.NewID(noon), "whois", noon.Add(2*day)
	m.Duties = append(m.Duties, second)
	h.store(m)
	c := h.running("spring", 0)
	j := h.claim(1, noon)
	equal(t, "deliveries", len(j), 1)
	equal(t, "due", j[0].DueAt, noon.Add(2*day))
	equal(t, "duties", len(j[0].Facts.Duties), 2)
	h.settle(mailer.Relayed, noon, h.begin(noon, j...)...)
	equal(t, "met", h.count(`SELECT count(*) FROM duty WHERE state = 'met' AND met_at = $1`, noon), 2)
	equal(t, "candidates left", len(h.candidates(c, false)), 0)
}

func TestABlockSaysWhyAndIsLookedAtAgain(t *testing.T) {
	h := newHouse(t)
	ids := h.people(1, noon)
	c := h.approved("spring", 0)
	block := func(r mailer.BlockReason) {
		cand := h.candidates(c, false)
		equal(t, "candidates", len(cand), 1)
		p := h.placement(cand[0])
		p.Delivery, p.Block, p.Detail = nil, r, "nl"
		must(t, h.Place(h.ctx, h.controller, c, []mailer.Placement{p}, mailer.ID{}, noon))
	}
	block(mailer.BlockNoLanguage)
	block(mailer.BlockNoLanguage)
	equal(t, "history: the same block again is none", h.count(`SELECT count(*) FROM duty_history`), 1)
	block(mailer.BlockNoCountry)
	f := h.figures(noon)
	equal(t, "blocked for the language", f.Blocked[mailer.BlockNoLanguage], 0)
	equal(t, "blocked for the country", f.Blocked[mailer.BlockNoCountry], 1)
	equal(t, "detail", h.count(`SELECT count(*) FROM duty WHERE detail = 'nl'`), 1)
	h.place(c, false)
	equal(t, "placed in the end", h.dutyOf(ids[0]), mailer.DutyInFlight)
	equal(t, "reason taken away", h.count(`SELECT count(*) FROM duty WHERE reason = '' AND detail = ''`), 1)
	equal(t, "blocked", h.figures(noon).Duties[mailer.DutyBlocked], 0)
}

func TestTheQuarantinedAreNoCandidates(t *testing.T) { // S4
	h := newHouse(t)
	for i, reason := range []mailer.BlockReason{mailer.BlockQuarantined, mailer.BlockExpired, mailer.BlockNoChannel} {
		m := h.newPerson(i, noon)
		m.Duties[0].State, m.Duties[0].Reason = mailer.DutyBlocked, reason
		h.store(m)
	}
	equal(t, "candidates", len(h.candidates(h.approved("spring", 0), false)), 1)
}

func TestAFilterNarrowsDutiesAndContacts(t *testing.T) {
	h := newHouse(t)
	for i, c := range []struct {
		country, source string
		due             time.Time
	}{{"FR", "linkedin", noon}, {"DE", "linkedin", noon}, {"FR", "whois", noon}, {"FR", "linkedin", noon.Add(90 * day)}} {
		m := h.newPerson(i, c.due)
		m.NewContacts[0].Country, m.Duties[0].SourceKey = c.country, c.source
		h.store(m)
	}
	unknown := h.newPerson(9, noon)
	unknown.Duties[0].ObtainedAt = time.Time{}
	h.store(unknown)
	c := h.approved("spring", 0)
	for name, f := range map[string]struct {
		filter mailer.Filter
		want   int
	}{
		"nothing":            {mailer.Filter{}, 5},
		"a country":          {mailer.Filter{Countries: []string{"FR"}}, 4},
		"a source":           {mailer.Filter{Sources: []string{"whois", "x"}}, 1},
		"from an instant":    {mailer.Filter{ObtainedFrom: noon}, 1},
		"until an instant":   {mailer.Filter{ObtainedUntil: noon}, 3},
		"both and a country": {mailer.Filter{Countries: []string{"DE"}, ObtainedFrom: noon.Add(-300 * day), ObtainedUntil: noon}, 1},
	} {
		c.Filter = f.filter
		equal(t, name, len(h.candidates(c, false)), f.want)
	}
}

func TestCandidatesComePageByPageInTheOrderOfTheirIDs(t *testing.T) {
	h := newHouse(t)
	want := h.people(7, noon)
	slices.SortFunc(want, func(a, b mailer.ID) int { return slices.Compare(a[:], b[:]) })
	c := h.approved("spring", 0)
	var got []mailer.ID
	var after mailer.ID
	for {
		page, err := h.Candidates(h.ctx, h.controller, c, false, after, 3, noon)
		must(t, err)
		if len(page) == 0 {
			break
		}
		for _, cand := range page {
			got = append(got, cand.Contact.ID)
		}
		after = got[len(got)-1]
	}
	if !slices.Equal(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
}

func TestAfterAFailureTheSameCampaignTakesAnotherAddress(t *testing.T) { // E3
	h := newHouse(t)
	m := h.newPerson(1, noon.Add(day))
	id := m.NewContacts[0].ID
	m.Identifiers[id] = append(m.Identifiers[id], address(2))
	h.store(m)
	c := h.running("spring", 0)
	h.settle(mailer.Rejected, noon, h.begin(noon, h.claim(1, noon)...)...)
	equal(t, "not among the others", len(h.candidates(c, false)), 0)
	cands := h.candidates(c, true)
	equal(t, "failed", len(cands), 1)
	equal(t, "addresses left", len(cands[0].Addresses), 1)
	h.place(c, true)
	j := h.claim(1, noon)
	equal(t, "to", j[0].To, "person2@example.org")
	h.settle(mailer.Rejected, noon, h.begin(noon, j...)...)
	equal(t, "addresses left in the end", len(h.candidates(c, true)[0].Addresses), 0)
}

func TestADeadAddressIsAmongACandidatesAndSaysSo(t *testing.T) { // E3
	h := newHouse(t)
	h.people(1, noon.Add(day))
	c := h.running("spring", 0)
	a := h.begin(noon, h.claim(1, noon)...)[0]
	e := end(a, mailer.Rejected, noon)
	e.Suppress = &mailer.Suppression{Kind: mailer.ByEmail, Hash: address(1).Hash, KeyID: "a", Scope: mailer.SuppressAddress, Reason: "dead_address"}
	_, err := h.Settle(h.ctx, []mailer.Settlement{e})
	must(t, err)
	cand := h.candidates(c, true)[0]
	equal(t, "addresses", len(cand.Addresses), 1)
	equal(t, "suppressed", cand.Addresses[0].Suppressed, true)
}

func TestFailedDutiesOfAnEndedCampaignAreTakenUpByTheNext(t *testing.T) {
	h := newHouse(t)
	h.people(1, noon.Add(day))
	c := h.running("spring", 0)
	h.settle(mailer.Rejected, noon, h.begin(noon, h.claim(1, noon)...)...)
	next := h.approved("summer", 0)
	equal(t, "while it runs", len(h.candidates(next, false)), 0)
	must(t, h.Move(h.ctx, h.controller, c.ID, running, mailer.CampaignCancelled, "ben", noon))
	equal(t, "when it has ended", len(h.candidates(next, false)), 1)
}

func TestACampaignMovesOnlyFromWhereItIs(t *testing.T) {
	h := newHouse(t)
	h.people(1, noon)
	c := h.approved("spring", 2)
	must(t, h.SetPace(h.ctx, h.controller, c.ID, 5))
	lanes, err := h.Lanes(h.ctx, h.controller)
	must(t, err)
	equal(t, "pace", lanes[0].Pace, 5)
	equal(t, "lane", lanes[0].State, mailer.LaneClosed)
	if err := h.Move(h.ctx, h.controller, c.ID, running, mailer.CampaignPaused, "ben", noon); !errors.Is(err, mailer.ErrCampaignState) {
		t.Fatalf("paused while freezing: %v", err)
	}
	if err := h.Approve(h.ctx, h.controller, c.ID, h.content.ID, 1, "ben", noon); !errors.Is(err, mailer.ErrCampaignState) {
		t.Fatalf("approved twice: %v", err)
	}
	if err := h.CreateCampaign(h.ctx, h.controller, mailer.Campaign{ID: mailer.NewID(noon), Key: "spring", Kind: mailer.Once, State: mailer.CampaignDraft, CreatedAt: noon}); err == nil || !strings.Contains(err.Error(), "spring") {
		t.Fatalf("made twice: %v", err)
	}
	must(t, h.Move(h.ctx, h.controller, c.ID, []mailer.CampaignState{mailer.CampaignFreezing}, mailer.CampaignRunning, "ben", noon))
	must(t, h.Move(h.ctx, h.controller, c.ID, running, mailer.CampaignCancelled, "ben", noon.Add(day)))
	c = h.campaign("spring")
	equal(t, "started", c.StartedAt, noon)
	equal(t, "ended", c.EndedAt, noon.Add(day))
	equal(t, "approved by", c.ApprovedBy, "ben")
	if err := h.Place(h.ctx, h.controller, c, nil, mailer.ID{}, noon); !errors.Is(err, mailer.ErrCampaignState) {
		t.Fatalf("placed into a cancelled campaign: %v", err)
	}
	equal(t, "on record", h.count(`SELECT count(*) FROM audit WHERE subject = 'spring' AND action LIKE 'campaign.%'`), 4)
}

func TestCancellingOpensTheDutiesOfWhatHasNotGoneOut(t *testing.T) {
	h := newHouse(t)
	h.people(cancelAtOnce+5, noon.Add(day))
	c := h.running("spring", 0)
	as := h.begin(noon, h.claim(3, noon)...)
	h.settle(mailer.Relayed, noon, as[0])
	h.settle(mailer.Deferred, noon, as[1])
	must(t, h.Move(h.ctx, h.controller, c.ID, running, mailer.CampaignCancelled, "ben", noon))
	counts, err := h.CampaignCounts(h.ctx, c.ID)
	must(t, err)
	equal(t, "cancelled", counts[mailer.Cancelled], cancelAtOnce+3)
	equal(t, "open", h.figures(noon).Duties[mailer.DutyOpen], cancelAtOnce+3)
	equal(t, "their delivery forgotten", h.count(`SELECT count(*) FROM duty WHERE state = 'open' AND delivery_id IS NOT NULL`), 0)

	h.settle(mailer.Deferred, noon, as[2])
	equal(t, "what a worker still had", h.state(as[2].DeliveryID), mailer.Deferred)
	keys, err := h.FinishCampaigns(h.ctx, h.controller, noon)
	must(t, err)
	equal(t, "finished", len(keys), 0)
	equal(t, "is cancelled with the next round", h.state(as[2].DeliveryID), mailer.Cancelled)
	equal(t, "and its duty open", h.dutyOf(as[2].ContactID), mailer.DutyOpen)
}

func TestWhatMayHaveArrivedIsNotOpenedByCancellingAndNobodyIsToldTwice(t *testing.T) { // E5
	later := noon.Add(2 * time.Hour)
	rescue := func(h *house, _ mailer.Attempt) {
		_, uncertain, err := h.Rescue(h.ctx, h.controller, later, later)
		must(t, err)
		equal(t, "uncertain", uncertain, 1)
	}
	wake := func(h *house) int {
		n, err := h.Wake(h.ctx, h.controller, later, true, 10)
		must(t, err)
		return n
	}
	for name, c := range map[string]struct {
		before func(*house, mailer.Attempt)
		state  mailer.DeliveryState
	}{
		"uncertain": {rescue, mailer.Uncertain},
		"uncertain and woken": {func(h *house, a mailer.Attempt) {
			rescue(h, a)
			equal(t, "woken", wake(h), 1)
		}, mailer.Queued},
		"deferred at the second attempt": {func(h *house, a mailer.Attempt) {
			rescue(h, a)
			wake(h)
			h.settle(mailer.Deferred, later, h.begin(later, h.claim(1, later)...)...)
		}, mailer.Deferred},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.people(1, noon.Add(day))
			spring := h.running("spring", 0)
			a := h.begin(noon, h.claim(1, noon)...)[0]
			c.before(h, a)
			untouched := h.people(1, noon.Add(day))[0]
			h.place(spring, false)
			must(t, h.Move(h.ctx, h.controller, spring.ID, running, mailer.CampaignCancelled, "ben", later))
			_, err := h.FinishCampaigns(h.ctx, h.controller, later)
			must(t, err)
			equal(t, "woken after the cancelling", wake(h), 0)
			equal(t, "delivery", h.state(a.DeliveryID), c.state)
			equal(t, "its duty", h.dutyOf(a.ContactID), mailer.DutyInFlight)
			cs := h.candidates(h.approved("summer", 0), false)
			equal(t, "people for the next campaign", len(cs), 1)
			equal(t, "the one who was never written to", cs[0].Contact.ID, untouched)
		})
	}
}

func TestACampaignEndsWhenNothingIsLeftToSendOrToPlaceAgain(t *testing.T) {
	h := newHouse(t)
	h.people(2, noon.Add(day))
	c := h.running("spring", 0)
	finish := func() int {
		keys, err := h.FinishCampaigns(h.ctx, h.controller, noon)
		must(t, err)
		return len(keys)
	}
	equal(t, "with a queue", finish(), 0)
	as := h.begin(noon, h.claim(2, noon)...)
	h.settle(mailer.Relayed, noon, as[0])
	equal(t, "with one sending", finish(), 0)
	h.settle(mailer.Rejected, noon, as[1])
	equal(t, "with one failed", finish(), 0)
	h.place(c, true)
	equal(t, "with all done", finish(), 1)
	equal(t, "state", h.campaign("spring").State, mailer.CampaignFinished)
	lanes, err := h.Lanes(h.ctx, h.controller)
	must(t, err)
	equal(t, "lane", lanes[0].State, mailer.LaneClosed)
	equal(t, "a second time", finish(), 0)
}

func TestContentIsStoredOnceByItsHash(t *testing.T) {
	h := newHouse(t)
	again := h.content
	again.ID = mailer.NewID(noon)
	saved, err := h.SaveContent(h.ctx, h.controller, again, noon)
	must(t, err)
	equal(t, "version", saved.ID, h.content.ID)
	equal(t, "skeletons", len(saved.Skeletons), 2)
	body, err := h.Skeleton(h.ctx, h.skeleton(mailer.DocNotice))
	must(t, err)
	equal(t, "body", string(body), "Hello")
	if _, err := h.Skeleton(h.ctx, []byte("x")); err == nil {
		t.Error("found a skeleton that is not there")
	}
}

// TestCandidatesWalkTheNarrowIndex holds that a page ends after as many people as
// it may hold, whatever the number of those who are not candidates.
func TestCandidatesWalkTheNarrowIndex(t *testing.T) {
	h := newHouse(t)
	h.people(1, noon)
	for _, q := range []string{
		`INSERT INTO contact (id, controller_id, created_at, updated_at)
		 SELECT gen_random_uuid(), controller_id, created_at, updated_at FROM contact, generate_series(1, 20000)`,
		`INSERT INTO duty (contact_id, id, controller_id, activity_key, source_key, cause, due_at, due_rule, due_inputs, state, opened_at)
		 SELECT c.id, gen_random_uuid(), c.controller_id, d.activity_key, d.source_key, n::text, d.due_at, d.due_rule, d.due_inputs,
			CASE n WHEN 1 THEN 'open' ELSE 'met' END, d.opened_at
		 FROM contact c, duty d, generate_series(1, 2) n`,
		`ANALYZE`,
	} {
		_, err := h.db.Exec(q)
		must(t, err)
	}
	var lines []string
	must(t, h.read(h.ctx, func(x tx) error {
		return x.SelectContext(h.ctx, &lines, "EXPLAIN "+statement("candidates"), h.controller, "sales", mailer.ID{}.String(), 100, texts(mailer.BlocksThatMayBeGone),
			texts([]string{}), texts([]string{}), nil, nil)
	}))
	if plan := strings.Join(lines, "\n"); !strings.Contains(plan, "Index Scan using duty_to_plan") || strings.Contains(plan, "Sort") || strings.Contains(plan, "Seq Scan on duty") {
		t.Fatalf("a page reads more than it holds:\n%s", plan)
	}
}
