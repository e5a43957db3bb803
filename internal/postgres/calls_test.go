package postgres

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"article14/mailer"
	"article14/mailer/byhand"
	"article14/mailer/campaign"
)

// calls is a post whose people have telephones.
func (p *post) calls() *byhand.Calls {
	return &byhand.Calls{Store: p.house.Store, Composer: paperWriter{}, Skeletons: p.house.Store, Registers: p.Letters.Registers, Tokens: p.Letters.Tokens,
		Controller: p.controller, Now: func() time.Time { return p.at }}
}

func TestACallThatToldSomebodyMeetsTheDuty(t *testing.T) { // E1, E2
	p := newPost(t)
	id := p.reached(1, noon.Add(day), phone)[0]
	p.release("first")
	waiting, err := p.WaitingCalls(p.ctx, p.controller, 10, noon)
	must(t, err)
	equal(t, "who is to be called", fmt.Sprint(len(waiting), waiting[0].ContactID == id, waiting[0].Phone), "1 true+33199001201")
	equal(t, "calls that wait", p.figures(noon).ByHand.Calls, 1)
	s, err := p.calls().Script(p.ctx, id)
	must(t, err)
	equal(t, "the words", strings.Contains(s.Text, "Person 1"), true)
	p.at = noon.Add(time.Hour)
	log := byhand.CallLog{ContactID: id, On: p.at, Result: byhand.CallTold, By: "ann", Note: "wrote to a@b.example"}
	_, err = p.calls().Log(p.ctx, log)
	must(t, err)
	equal(t, "the duty", p.dutyOf(id), mailer.DutyMet)
	for range 2 {
		f := p.figures(p.at.Add(time.Second))
		equal(t, "it makes no rate of mail", inLine(f.RelayedLast["1m"], f.RelayedLast["1h"], f.Deliveries[mailer.Relayed]), "0 0 1") // D8
		must(t, p.FoldCounters(p.ctx))
	}
	equal(t, "on record", p.count(`SELECT count(*) FROM attempt a JOIN outcome o ON o.id = a.id
		WHERE a.contact_id = $1 AND a.relay = 'phone' AND length(a.sha256) = 32 AND a.slots <> '' AND o.outcome = 'relayed' AND o.reply = 'told wrote to [address]'`, id), 1)
	_, err = p.calls().Log(p.ctx, log)
	equal(t, "said again", err, byhand.ErrNoCall)
}

func TestSomebodyWhoIsNotReachedThriceWaitsForADecision(t *testing.T) { // E3
	p := newPost(t)
	id := p.reached(1, noon.Add(day), phone)[0]
	c := p.release("first")
	for try := 1; try <= 3; try++ {
		p.at = noon.Add(time.Duration(try) * time.Hour)
		fate, err := p.calls().Log(p.ctx, byhand.CallLog{ContactID: id, On: p.at, Result: byhand.CallNotReached, By: "ann"})
		must(t, err)
		equal(t, "again", fate.Again.IsZero(), try == 3)
		waiting, err := p.WaitingCalls(p.ctx, p.controller, 10, p.at)
		must(t, err)
		equal(t, "to be called", len(waiting) == 1, try < 3)
	}
	equal(t, "the first words", p.count(`SELECT count(*) FROM attempt WHERE contact_id = $1 AND sha256 IS NOT NULL`, id), 1)
	pls := p.placeAll(c, true)
	equal(t, "blocked", pls[0].Block, mailer.BlockNotReached)
	equal(t, "suppressed", p.count(`SELECT count(*) FROM suppression`), 0)
}

func TestAWrongNumberIsSuppressed(t *testing.T) { // E3
	p := newPost(t)
	id := p.reached(1, noon.Add(day), phone)[0]
	c := p.release("first")
	_, err := p.calls().Log(p.ctx, byhand.CallLog{ContactID: id, On: noon, Result: byhand.CallWrongNumber, By: "ann"})
	must(t, err)
	equal(t, "suppressed", p.count(`SELECT count(*) FROM suppression WHERE kind = 'phone' AND scope = 'address' AND hash = $1 AND expires_at IS NOT NULL`, phone(1).Hash), 1)
	pls := p.placeAll(c, true)
	equal(t, "blocked", pls[0].Block, mailer.BlockAddressDead)
	equal(t, "what is missing", strings.Contains(pls[0].Detail, "call: it failed"), true)
}

func TestACallThatFailsSaysNothingAgainstACanaryOfMail(t *testing.T) { // E3
	p := newPost(t)
	p.people(1, noon.Add(day))
	called := p.reached(2, noon.Add(day), phone)
	c := p.approved("spring", 0)
	p.placeAll(c, false)
	must(t, p.Move(p.ctx, p.controller, c.ID, []mailer.CampaignState{mailer.CampaignFreezing}, mailer.CampaignApproved, "ben", noon))
	must(t, p.SetCanary(p.ctx, p.controller, c.ID, canaryOf(1)))
	must(t, p.Move(p.ctx, p.controller, c.ID, []mailer.CampaignState{mailer.CampaignApproved}, mailer.CampaignRunning, "ben", noon))
	for i, id := range called {
		p.at = noon.Add(time.Minute)
		_, err := p.calls().Log(p.ctx, byhand.CallLog{ContactID: id, On: p.at, Result: []byhand.CallResult{byhand.CallWrongNumber, byhand.CallRefused}[i], By: "ann"})
		must(t, err)
	}
	p.settle(mailer.Relayed, p.at, p.begin(p.at, p.claim(5, p.at)...)...)
	equal(t, "its people are told", p.canary(p.at), campaign.CanaryWaiting)
	for range 2 {
		equal(t, "the calls are counted", p.figures(p.at).Deliveries[mailer.Rejected], 2)
		equal(t, "and not held against it", p.canary(p.at.Add(time.Hour)), campaign.CanaryWaiting)
		must(t, p.FoldCounters(p.ctx))
	}
	equal(t, "then", p.canary(p.at.Add(2*day)), campaign.CanaryPassed)
}
