package postgres

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"article14/internal/pacing"
	"article14/mailer"
	"article14/mailer/accept"
	"article14/mailer/campaign"
)

// peopleAt moves in n people with addresses of a domain.
func (h *house) peopleAt(domain string, n int, dueAt time.Time) {
	h.t.Helper()
	var ms []accept.Merge
	for range n {
		h.next++
		m := h.newPerson(h.next, dueAt)
		for id, is := range m.Identifiers {
			is[0].Value = fmt.Sprintf("person%d@%s", h.next, domain)
			hash := sha256.Sum256([]byte(is[0].Value))
			is[0].Hash = hash[:]
			m.Identifiers[id] = is
		}
		ms = append(ms, m)
	}
	h.store(ms...)
}

// setClass makes a class, or changes it, as an operator does.
func (h *house) setClass(name string, perSecond, perDay int, domains ...string) {
	h.t.Helper()
	_, err := h.operator(noon).Set(h.ctx, campaign.ClassChange{Name: name, Domains: domains, PerSecond: &perSecond, PerDay: &perDay}, "ann")
	must(h.t, err)
}

func (h *house) operator(at time.Time) campaign.Classes {
	return campaign.Classes{Store: h.Store, Controller: h.controller, Zone: time.UTC, Now: func() time.Time { return at }}
}

// sorted has all that is queued follow the classes, and tells how many moved.
func (h *house) sorted() (moved int64) {
	h.t.Helper()
	moved, err := h.operator(noon).Follow(h.ctx, func(int64) {})
	must(h.t, err)
	return moved
}

// queuedIn counts what is queued in the lanes of each class, as status does, and holds
// that against the rows.
func (h *house) queuedIn() map[string]int64 {
	h.t.Helper()
	f, err := h.Figures(h.ctx, h.controller, noon)
	must(h.t, err)
	n := map[string]int64{}
	for _, l := range f.Lanes {
		n[l.Class] += l.Queued
	}
	for class, counted := range n {
		equal(h.t, "queued in "+class+" by rows", h.count(`SELECT count(*) FROM delivery d JOIN lane l ON l.id = d.lane WHERE l.domain_class = $1 AND d.state = 'queued'`, class), counted)
	}
	return n
}

// byDomain counts jobs by the domain of their address.
func byDomain(jobs []mailer.Job) map[string]int {
	n := map[string]int{}
	for _, j := range jobs {
		n[mailer.DomainOf(j.To)]++
	}
	return n
}

func TestAReleasePutsEachDeliveryIntoTheLaneOfItsClass(t *testing.T) {
	h := newHouse(t)
	h.setClass("big", 0, 0, "big.example", "BÜCHER.example ")
	h.setClass("tenants", 0, 0, "cloud.example")
	for domain, n := range map[string]int{"big.example": 4, "eu.big.example": 1, "xn--bcher-kva.example": 2, "acme.cloud.example": 3, "notbig.example": 5, "example": 1} {
		h.peopleAt(domain, n, noon.Add(day))
	}
	c := h.running("spring", 0)
	in := h.queuedIn()
	equal(t, "in the first class, with a subdomain and a name in another form", in["big"], 7)
	equal(t, "in the second, by the domain above theirs", in["tenants"], 3)
	equal(t, "in none", in[campaign.AnyClass], 6)
	equal(t, "lanes", h.count(`SELECT count(*) FROM lane WHERE campaign_id = $1 AND state = 'open'`, c.ID), 3)
	equal(t, "claimed", len(h.claim(100, noon)), 16)
	equal(t, "queued then", fmt.Sprint(h.queuedIn()), "map[any:0 big:0 tenants:0]")
}

func TestTwoWorkersTogetherKeepAClassToItsSecondAndDay(t *testing.T) {
	h, other := twoStores(t)
	h.setClass("big", 5, 12, "big.example")
	h.peopleAt("big.example", 40, noon.Add(day))
	h.peopleAt("small.example", 40, noon.Add(day))
	h.running("spring", 0)
	for i, want := range []int{5, 5, 2, 0} { // in each second; the others are told in the first
		at := noon.Add(time.Duration(i) * time.Second)
		got := byDomain(h.claimedBy(at, h.Store, other))
		equal(t, "of the class", got["big.example"], want)
		equal(t, "of the others", got["small.example"], map[int]int{0: 40}[i])
	}
	f, err := h.Figures(h.ctx, h.controller, noon)
	must(t, err)
	equal(t, "classes", len(f.Classes), 1)
	equal(t, "given on the day", f.Classes[0].OnDay, 12)
	equal(t, "used up since", f.Classes[0].FullAt, noon.Add(2*time.Second))
	equal(t, "held back", h.queuedIn()["big"], 28)

	must(t, h.RollDays(h.ctx, h.controller, midnight.Add(day)))
	equal(t, "on the next day", len(h.claimedBy(noon.Add(day), h.Store, other)), 5)
}

func TestAClassIsLimitedOverAllCampaigns(t *testing.T) {
	h := newHouse(t)
	h.setClass("big", 0, 10, "big.example")
	for _, key := range []string{"first", "second", "third"} {
		h.peopleAt("big.example", 8, noon.Add(day))
		h.peopleAt("small.example", 8, noon.Add(day))
		h.running(key, 0)
	}
	campaigns := map[mailer.ID]int{}
	for range 20 {
		for _, j := range h.claim(6, noon) {
			if mailer.DomainOf(j.To) == "big.example" {
				campaigns[j.CampaignID]++
			}
		}
	}
	sum := 0
	for _, n := range campaigns {
		sum += n
	}
	equal(t, "of the class", sum, 10)
	equal(t, "campaigns that have a part of it", len(campaigns), 3)
}

func TestWhatIsGivenBackIsGivenToTheClassAgain(t *testing.T) {
	h := newHouse(t)
	h.setClass("big", 0, 6, "big.example")
	h.peopleAt("big.example", 20, noon.Add(day))
	h.running("spring", 0)
	jobs := h.claim(10, noon)
	equal(t, "claimed", len(jobs), 6)
	must(t, h.Release(h.ctx, jobs[0].ClaimID, []mailer.ID{jobs[0].DeliveryID, jobs[1].DeliveryID}))
	equal(t, "in place of those that were released", len(h.claim(10, noon)), 2)
	h.begin(noon, jobs[2:4]...) // two were on the wire when their worker died
	at := noon.Add(time.Hour)
	queued, uncertain, err := h.Rescue(h.ctx, h.controller, at, at)
	must(t, err)
	equal(t, "rescued", fmt.Sprint(queued, uncertain), "4 2")
	equal(t, "in place of those that were not begun", len(h.claim(10, at)), 4)
	must(t, h.RollDays(h.ctx, h.controller, midnight.Add(day)))
	must(t, h.Release(h.ctx, h.claim(6, noon.Add(day))[0].ClaimID, nil))
	equal(t, "the second attempt counts as well", len(h.claim(10, noon.Add(day))), 6)
}

func TestWhatIsQueuedFollowsChangedClassesChunkByChunk(t *testing.T) { // invariant 7: broken off, it goes on
	const chunk = 60
	h, other := twoStores(t)
	h.peopleAt("big.example", chunk, noon.Add(day))
	h.peopleAt("small.example", chunk/2, noon.Add(2*day))
	h.peopleAt("big.example", 20, noon.Add(3*day))
	c := h.running("spring", 0)
	equal(t, "in one lane", h.queuedIn()[campaign.AnyClass], chunk*3/2+20)
	h.setClass("big", 0, 0, "big.example")
	moved, left, err := h.sortLanes(h.ctx, h.controller, chunk)
	must(t, err)
	equal(t, "the first chunk", moved, chunk)
	equal(t, "there is more", left, true)
	moved, left, err = other.sortLanes(h.ctx, h.controller, chunk)
	must(t, err)
	equal(t, "the rest", moved, 20)
	equal(t, "there is no more", left, false)
	equal(t, "by class", fmt.Sprint(h.queuedIn()), fmt.Sprintf("map[any:%d big:%d]", chunk/2, chunk+20))

	h.setClass("big", 7, 0) // a limit moves nobody
	equal(t, "moved by a limit", h.sorted(), 0)
	h.setClass("big", 7, 0, "small.example")
	equal(t, "moved between two lanes", h.sorted(), chunk*3/2+20)
	equal(t, "by class then", fmt.Sprint(h.queuedIn()), fmt.Sprintf("map[any:%d big:%d]", chunk+20, chunk/2))
	must(t, h.operator(noon).Remove(h.ctx, "big", "ann"))
	equal(t, "moved back", h.sorted(), chunk/2)
	equal(t, "without classes", h.queuedIn()[campaign.AnyClass], chunk*3/2+20)
	equal(t, "deliveries", h.count(`SELECT count(*) FROM delivery WHERE campaign_id = $1`, c.ID), chunk*3/2+20)
	equal(t, "on record", h.count(`SELECT count(*) FROM audit WHERE action LIKE 'class.%' AND actor = 'ann'`), 4)
	if err := h.operator(noon).Remove(h.ctx, "big", "ann"); !errors.Is(err, campaign.ErrNoClass) {
		t.Errorf("removed twice: %v", err)
	}
}

func TestNothingGoesOutUnderTheLimitsThatItsDomainHadBefore(t *testing.T) {
	h := newHouse(t)
	h.peopleAt("big.example", 20, noon.Add(day))
	h.peopleAt("small.example", 5, noon.Add(2*day))
	h.running("spring", 0)
	held := h.claim(8, noon)
	deferred := h.begin(noon, held[:2]...)
	h.settle(mailer.Deferred, noon, deferred...)
	h.setClass("big", 0, 3, "big.example")

	// Nobody has sorted the queue: what is claimed from it goes home first.
	jobs := h.claim(100, noon)
	equal(t, "of the others", byDomain(jobs)["small.example"], 5)
	equal(t, "of the class, whose lane is not made yet", byDomain(jobs)["big.example"], 0)
	equal(t, "queued", h.sorted(), 12)
	// What a worker held, and what was to be tried again, comes back to its old lane.
	must(t, h.Release(h.ctx, held[2].ClaimID, nil))
	_, err := h.Wake(h.ctx, h.controller, noon.Add(2*time.Hour), true, 10)
	must(t, err)
	equal(t, "in the lane of no class", h.queuedIn()[campaign.AnyClass], 8)
	at := noon.Add(2 * time.Hour)
	equal(t, "in all", len(h.claim(100, at))+len(h.claim(100, at)), 3)
	equal(t, "gone home", fmt.Sprint(h.queuedIn()), "map[any:0 big:17]")
}

func TestAThrottledClassLeavesTheOthersTheirTurnAndTheirOrder(t *testing.T) { // D7
	h := newHouse(t)
	h.setClass("big", 1, 0, "big.example")
	h.peopleAt("big.example", 200, noon.Add(time.Hour)) // due first, and far more than one a second can tell
	h.peopleAt("small.example", 100, noon.Add(2*day))
	h.peopleAt("small.example", 100, noon.Add(day))
	h.running("spring", 0)
	for i := range 5 {
		at := noon.Add(time.Duration(i) * 15 * time.Second)
		jobs := h.claim(40, at)
		n := byDomain(jobs)
		equal(t, "claimed", len(jobs), 40)
		equal(t, "of the throttled class", n["big.example"], 1)
		for _, j := range jobs {
			if i < 2 && mailer.DomainOf(j.To) == "small.example" && !j.DueAt.Equal(noon.Add(day)) {
				t.Fatalf("claim %d has somebody due at %s while others are due before", i, j.DueAt)
			}
		}
	}
}

func TestACampaignsPaceDayAndCanaryAreOneOverItsClasses(t *testing.T) {
	h, other := twoStores(t)
	h.setClass("big", 0, 0, "big.example")
	h.setClass("medium", 0, 0, "medium.example")
	for _, d := range []string{"big.example", "medium.example", "small.example"} {
		h.peopleAt(d, 30, noon.Add(day))
	}
	c := h.begins(0, canaryOf(10), 0)
	at := noon
	jobs := h.claimedBy(at, h.Store, other)
	equal(t, "the canary", len(jobs), 10)
	equal(t, "of how many classes", len(byDomain(jobs)), 3)
	h.settle(mailer.Relayed, at, h.begin(at, jobs...)...)
	equal(t, "when all are told", h.canary(at), campaign.CanaryWaiting)
	equal(t, "lanes held", h.count(`SELECT count(*) FROM lane WHERE campaign_id = $1 AND state = 'paused' AND reason = 'canary'`, c.ID), 3)
	if _, err := h.OpenLane(h.ctx, h.controller, c.ID, "big", "ann", at); !errors.Is(err, campaign.ErrCanaryHolds) {
		t.Errorf("a lane was opened behind the canary's back: %v", err)
	}
	equal(t, "behind the wait", h.canary(at.Add(day)), campaign.CanaryPassed)

	at = noon.Add(day)
	must(t, h.RollDays(h.ctx, h.controller, midnight.Add(day)))
	must(t, h.SetDaily(h.ctx, h.controller, c.ID, 20, midnight.Add(day)))
	must(t, h.SetPace(h.ctx, h.controller, c.ID, 7))
	for i, want := range []int{7, 7, 6, 0} {
		equal(t, "in a second of the day", len(h.claimedBy(at.Add(time.Duration(i)*time.Second), h.Store, other)), want)
	}
	must(t, h.SetDaily(h.ctx, h.controller, c.ID, 0, midnight.Add(day)))
	// Held for the domains of no class, the pace is still one for the two others.
	_, err := h.NoteStanding(h.ctx, h.controller, h.laneOf(c).ID, []byte{1, 2, 3, 4, 5}, pacing.DefaultStandingLimit, at)
	must(t, err)
	got := byDomain(h.claimedBy(at.Add(10*time.Second), h.Store, other))
	equal(t, "in a second, of the lane that is held", got["small.example"], 0)
	equal(t, "of the two others", got["big.example"]+got["medium.example"], 7)
	must(t, h.Move(h.ctx, h.controller, c.ID, []mailer.CampaignState{mailer.CampaignRunning}, mailer.CampaignPaused, "ann", at))
	equal(t, "paused", len(h.claim(100, at.Add(20*time.Second))), 0)
}

func TestWhatRefusesUsInOneClassHoldsItsLaneAlone(t *testing.T) {
	h := newHouse(t)
	h.setClass("big", 0, 0, "big.example")
	h.peopleAt("big.example", 10, noon.Add(day))
	h.peopleAt("small.example", 10, noon.Add(day))
	c := h.running("spring", 0)
	lanes := map[string]int64{}
	open := func() (out string) {
		t.Helper()
		ls, err := h.Lanes(h.ctx, h.controller)
		must(t, err)
		for _, l := range ls {
			lanes[l.Class] = l.ID
			out += l.Class + " " + string(l.State) + " " + l.Reason + ";"
		}
		return out
	}
	equal(t, "at first", open(), "any open ;big open ;")
	refused := func() {
		t.Helper()
		paused, err := h.NoteStanding(h.ctx, h.controller, lanes["big"], []byte{1, 2, 3, 4, 5}, pacing.DefaultStandingLimit, noon)
		must(t, err)
		equal(t, "paused", paused, true)
		equal(t, "then", open(), "any open ;big paused policy;")
	}
	refused()
	equal(t, "claimed", byDomain(h.claim(100, noon))["small.example"], 10)
	alerts, err := h.Alerts(h.ctx, h.controller, mailer.AlertLanePaused, mailer.ID{}, 10)
	must(t, err)
	equal(t, "alert", alerts[0].Subject+" "+alerts[0].Detail, c.ID.String()+" 5 of 100 to big")
	must(t, h.resume(c, noon))
	equal(t, "resumed with its campaign", open(), "any open ;big open ;")

	refused()
	opened, err := h.OpenLane(h.ctx, h.controller, c.ID, campaign.AnyClass, "ann", noon)
	must(t, err)
	equal(t, "opened one that is not held", opened, false)
	opened, err = h.OpenLane(h.ctx, h.controller, c.ID, "big", "ann", noon)
	must(t, err)
	equal(t, "opened", opened, true)
	equal(t, "resumed alone", open(), "any open ;big open ;")
	equal(t, "what was said before counts no more", h.count(`SELECT count(*) FROM lane_standing`), 0)
	equal(t, "claimed of the class", len(h.claim(100, noon)), 10)
}

func TestANewClassesLaneBeginsAsItsCampaignStands(t *testing.T) {
	h := newHouse(t)
	h.peopleAt("big.example", 3, noon.Add(day))
	c := h.running("spring", 4)
	must(t, h.Move(h.ctx, h.controller, c.ID, []mailer.CampaignState{mailer.CampaignRunning}, mailer.CampaignPaused, "ann", noon))
	h.setClass("big", 0, 0, "big.example")
	equal(t, "moved", h.sorted(), 3)
	equal(t, "claimed while it is paused", len(h.claim(10, noon)), 0)
	must(t, h.resume(c, noon))
	equal(t, "claimed at its pace", len(h.claim(10, noon.Add(time.Second))), 3)
}

// TestALaneThatIsMadeWhileItsCampaignIsPausedIsPaused holds the locks around new lanes.
func TestALaneThatIsMadeWhileItsCampaignIsPausedIsPaused(t *testing.T) {
	h, other := twoStores(t)
	h.peopleAt("big.example", 5, noon.Add(day))
	c := h.running("spring", 0)
	h.setClass("big", 0, 0, "big.example")
	sorted := make(chan error, 1)
	must(t, h.write(h.ctx, func(x tx) error {
		if err := x.moveCampaign(h.ctx, h.controller, c.ID, []mailer.CampaignState{mailer.CampaignRunning}, mailer.CampaignPaused, "ann", noon); err != nil {
			return err
		}
		go func() {
			_, _, err := other.SortLanes(h.ctx, h.controller)
			sorted <- err
		}()
		for { // until it waits for us
			if len(sorted) > 0 {
				t.Error("a lane was made while its campaign was on its way to another state")
				return nil
			}
			if h.count(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) > 0 {
				return nil
			}
		}
	}))
	must(t, <-sorted)
	equal(t, "lanes open while the campaign is paused", h.count(`SELECT count(*) FROM lane WHERE campaign_id = $1 AND state <> 'paused'`, c.ID), 0)
	equal(t, "lanes", h.count(`SELECT count(*) FROM lane WHERE campaign_id = $1`, c.ID), 2)
}

func TestWhatComesBackToALaneThatWasSortedFollowsToo(t *testing.T) {
	h := newHouse(t)
	h.peopleAt("big.example", 5, noon.Add(day))
	h.running("spring", 0)
	held := h.claim(10, noon)
	h.setClass("big", 0, 2, "big.example")
	equal(t, "moved while a worker has all", h.sorted(), 0)
	must(t, h.Release(h.ctx, held[0].ClaimID, nil))
	equal(t, "claimed while the class has no lane", len(h.claim(10, noon)), 0)
	equal(t, "moved then", h.sorted(), 5)
	equal(t, "claimed", len(h.claim(10, noon)), 2)
}

func TestCorrespondenceNeitherWaitsForAClassNorCountsForIt(t *testing.T) {
	h := newHouse(t)
	h.setClass("big", 0, 1, "big.example")
	h.peopleAt("big.example", 3, noon.Add(day))
	h.running("spring", 0)
	told := h.claim(10, noon)
	equal(t, "told on the day", len(told), 1)
	h.settle(mailer.Relayed, noon, h.begin(noon, told...)...)
	receipt := &mailer.PlannedDelivery{ID: mailer.NewID(noon), Document: mailer.DocObjectionReceipt, ContentID: h.content.ID, Languages: "fr",
		Identifier: (&mischief{house: h}).addressOf(told[0].ContactID), SkeletonHash: h.skeleton(mailer.DocObjectionReceipt), Code: mailer.NewCode(), DueAt: noon}
	o := mailer.Objection{ID: mailer.NewID(noon), ContactID: told[0].ContactID, ActivityKey: "sales", Scope: "all", Way: "page", MadeAt: noon, DeliveryID: told[0].DeliveryID}
	_, _, err := h.Object(h.ctx, h.controller, o, nil, receipt, noon)
	must(t, err)
	jobs := h.claim(10, noon)
	equal(t, "receipts", len(jobs), 1)
	equal(t, "of the express lane", jobs[0].CampaignID.IsZero(), true)
	fs, err := h.Classes(h.ctx, h.controller)
	must(t, err)
	equal(t, "given on the day", fs[0].OnDay, 1)
}

func TestADomainIsInOneClassAndAChangeThatIsRefusedChangesNothing(t *testing.T) {
	h := newHouse(t)
	h.setClass("big", 5, 100, "big.example")
	one := 1
	for why, c := range map[string]campaign.ClassChange{
		"is in the class big":       {Name: "other", Domains: []string{"else.example", "BIG.example"}},
		"cannot be a class's name":  {Name: "any", Domains: []string{"else.example"}},
		"cannot be a class's name ": {Name: "Große", Domains: []string{"else.example"}},
		"is no domain":              {Name: "other", Domains: []string{"someone@else.example"}},
		"needs domains":             {Name: "other", PerSecond: &one},
		"needs domains ":            {Name: "big", Domains: []string{}},
		"is no limit":               {Name: "big", PerDay: func() *int { n := -1; return &n }()},
	} {
		if _, err := h.operator(noon).Set(h.ctx, c, "ann"); err == nil || !strings.Contains(err.Error(), strings.TrimSpace(why)) {
			t.Errorf("%+v: %v, want %q", c, err, why)
		}
	}
	_, err := h.operator(noon).Set(h.ctx, campaign.ClassChange{Name: "big", PerSecond: &one}, "")
	equal(t, "without a name", err != nil, true)
	_, err = h.operator(noon).Set(h.ctx, campaign.ClassChange{Name: "big", PerSecond: &one}, "ann")
	must(t, err)
	cs, err := h.Classes(h.ctx, h.controller)
	must(t, err)
	equal(t, "classes", len(cs), 1)
	equal(t, "limits", cs[0].Caps, pacing.Caps{PerSecond: 1, PerDay: 100})
	equal(t, "domains", strings.Join(cs[0].Domains, " "), "big.example")
	for i := range campaign.MostClasses - 1 {
		h.setClass(fmt.Sprint("class-", i), 0, 0, fmt.Sprintf("d%d.example", i))
	}
	if _, err := h.operator(noon).Set(h.ctx, campaign.ClassChange{Name: "one-more", Domains: []string{"more.example"}}, "ann"); err == nil {
		t.Error("more classes than metrics may have")
	}
}
