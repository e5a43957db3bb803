package postgres

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"article14/mailer"
	"article14/mailer/campaign"
)

// Candidates gives the next contacts with duties that a campaign may place.
// Failed duties whose campaign has ended are among them: nobody else would take
// them up.
func (s *Store) Candidates(ctx context.Context, controller mailer.ID, c mailer.Campaign, failedOnly bool, after mailer.ID, limit int, now time.Time) (out []mailer.Candidate, err error) {
	err = s.read(ctx, func(t tx) error {
		var rows []struct {
			ContactID mailer.ID `db:"contact_id"`
			Duties    idList    `db:"duties"`
		}
		if failedOnly {
			err = t.all(ctx, &rows, "candidates_failed", controller, c.ActivityKey, after.String(), limit, c.ID)
		} else {
			err = t.all(ctx, &rows, "candidates", controller, c.ActivityKey, after.String(), limit, texts(mailer.BlocksThatMayBeGone),
				texts(c.Filter.Sources), texts(c.Filter.Countries), null(c.Filter.ObtainedFrom), null(c.Filter.ObtainedUntil))
		}
		if err != nil {
			return err
		}
		ids := make([]mailer.ID, len(rows))
		for i, r := range rows {
			ids[i] = r.ContactID
		}
		people, err := t.people(ctx, controller, ids)
		if err != nil {
			return err
		}
		dead, err := t.identifierSet(ctx, "dead_addresses", controller, uuids(ids), now)
		if err != nil {
			return err
		}
		spent, err := t.spentAt(ctx, c.ID, ids)
		if err != nil {
			return err
		}
		shared, err := t.identifierSet(ctx, "shared_addresses", controller, uuids(nameless(people)))
		if err != nil {
			return err
		}
		for _, r := range rows {
			out = append(out, people[r.ContactID].candidate(c.ActivityKey, r.Duties, dead, spent, shared))
		}
		return nil
	})
	return out, err
}

// candidate is a person with the given duties. An address that is alive and yet
// refused this campaign's notice is left out: the same campaign would go on
// writing to it for ever (E3). A mailbox that was full once is marked.
func (p *person) candidate(activity string, duties []mailer.ID, dead map[mailer.ID]bool, spent map[mailer.ID]spending, shared map[mailer.ID]bool) mailer.Candidate {
	c := mailer.Candidate{Contact: p.contact, Duties: p.dutiesIn(duties), Acquisitions: p.firstAcquisitions(activity)}
	for _, i := range p.identifiers {
		full := spent[i.ID] == spending{1, 1}
		if !i.Kind.IsChannel() || !dead[i.ID] && spent[i.ID].times > 0 && !full {
			continue
		}
		ch := mailer.Channel{Identifier: i, Suppressed: dead[i.ID], Shared: shared[i.ID], Full: full}
		if i.Kind == mailer.ByEmail {
			c.Addresses = append(c.Addresses, ch)
		} else {
			c.Others = append(c.Others, ch)
		}
	}
	return c
}

// spending is how often notices of one campaign failed at an address, and how often
// because its mailbox was full.
type spending struct{ times, full int }

// spentAt are the addresses of people at which a campaign's notices failed.
func (t tx) spentAt(ctx context.Context, campaign mailer.ID, contacts []mailer.ID) (map[mailer.ID]spending, error) {
	var rows []struct {
		ID    mailer.ID `db:"id"`
		Times int       `db:"times"`
		Full  int       `db:"full_times"`
	}
	err := t.all(ctx, &rows, "spent_addresses", campaign, uuids(contacts))
	out := make(map[mailer.ID]spending, len(rows))
	for _, r := range rows {
		out[r.ID] = spending{r.Times, r.Full}
	}
	return out, err
}

// nameless are those who can only be told by an address of their own (R4).
func nameless(people map[mailer.ID]*person) []mailer.ID {
	var ids []mailer.ID
	for id, p := range people {
		if p.contact.Name == "" {
			ids = append(ids, id)
		}
	}
	return ids
}

// identifierSet reads the ids of identifiers.
func (t tx) identifierSet(ctx context.Context, name string, args ...any) (map[mailer.ID]bool, error) {
	var ids []mailer.ID
	err := t.all(ctx, &ids, name, args...)
	set := make(map[mailer.ID]bool, len(ids))
	for _, id := range ids {
		set[id] = true
	}
	return set, err
}

// Place stores a chunk of placements and the position behind it.
func (s *Store) Place(ctx context.Context, controller mailer.ID, c mailer.Campaign, chunk []mailer.Placement, position mailer.ID, now time.Time) error {
	return s.write(ctx, func(t tx) error {
		state, err := t.lockCampaign(ctx, controller, c.ID)
		if err != nil {
			return err
		}
		if !slices.Contains([]mailer.CampaignState{mailer.CampaignFreezing, mailer.CampaignApproved, mailer.CampaignRunning, mailer.CampaignPaused}, state) {
			return mailer.ErrCampaignState
		}
		p := placing{controller: controller, campaign: c.ID, now: now, counts: tally{}}
		if p.book, err = s.classes.current(ctx, t, controller); err != nil {
			return err
		}
		if p.lanes, err = t.classLanes(ctx, c.ID, p.classesOf(chunk)); err != nil {
			return err
		}
		if p.byHand, err = t.handLanes(ctx, controller, c.ID, state, chunk); err != nil {
			return err
		}
		if err := p.run(ctx, t, chunk); err != nil {
			return err
		}
		if position.IsZero() {
			return nil
		}
		_, err = t.exec(ctx, "place_position", c.ID, position)
		return err
	})
}

// placing is one chunk on its way into the tables.
type placing struct {
	controller, campaign mailer.ID
	book                 campaign.ClassBook
	lanes                map[string]int64             // by class
	byHand               map[mailer.ChannelKind]int64 // of what no mail worker claims
	now                  time.Time

	deliveries        []queuedDelivery
	links             [][]any
	inFlight, blocked []placedDuty
	past              history
	counts            tally
}

// placedDuty is where a duty goes.
type placedDuty struct {
	ContactID  mailer.ID          `json:"contact_id"`
	ID         mailer.ID          `json:"id"`
	DeliveryID mailer.ID          `json:"delivery_id,omitzero"`
	Reason     mailer.BlockReason `json:"reason"`
	Detail     string             `json:"detail"`
}

// placeableDuty is a duty as it stands now, locked.
type placeableDuty struct {
	ContactID mailer.ID `db:"contact_id"`
	ID        mailer.ID `db:"id"`
	standRow
}

// run decides with what is still to be placed: a duty that somebody else has
// placed in the meantime is left to them, so nobody is told twice.
func (p *placing) run(ctx context.Context, t tx, chunk []mailer.Placement) error {
	var keys []placedDuty
	for _, pl := range chunk {
		for _, d := range pl.DutyIDs {
			keys = append(keys, placedDuty{ContactID: pl.ContactID, ID: d})
		}
	}
	if len(keys) == 0 {
		return nil
	}
	var rows []placeableDuty
	if err := t.all(ctx, &rows, "place_lock_duties", p.controller, records{keys}, texts(mailer.BlocksThatMayBeGone)); err != nil {
		return err
	}
	byContact := map[mailer.ID][]placeableDuty{}
	for _, r := range rows {
		byContact[r.ContactID] = append(byContact[r.ContactID], r)
	}
	chunk = slices.SortedFunc(slices.Values(chunk), func(a, b mailer.Placement) int { return slices.Compare(a.ContactID[:], b.ContactID[:]) })
	for _, pl := range chunk {
		var duties []placeableDuty
		for _, d := range byContact[pl.ContactID] {
			if slices.Contains(pl.DutyIDs, d.ID) {
				duties = append(duties, d)
			}
		}
		switch {
		case len(duties) == 0:
		case pl.Delivery != nil:
			p.deliver(pl, duties)
		default:
			p.block(pl, duties)
		}
	}
	return p.write(ctx, t)
}

// classesOf are the classes of the people of a chunk.
func (p *placing) classesOf(chunk []mailer.Placement) []string {
	classes := map[string]bool{}
	for _, pl := range chunk {
		if pl.Delivery != nil {
			classes[p.book.Of(pl.Delivery.Domain)] = true
		}
	}
	return slices.Sorted(maps.Keys(classes))
}

func (p *placing) deliver(pl mailer.Placement, duties []placeableDuty) {
	d := *pl.Delivery
	d.DueAt = duties[0].DueAt.Time
	for _, duty := range duties {
		if duty.DueAt.Before(d.DueAt) {
			d.DueAt = duty.DueAt.Time
		}
		p.links = append(p.links, []any{pl.ContactID, d.ID, duty.ID})
		p.inFlight = append(p.inFlight, placedDuty{ContactID: pl.ContactID, ID: duty.ID, DeliveryID: d.ID})
		p.counts.duty(p.controller, duty.stand(), dutyStand{mailer.DutyInFlight, "", duty.DueAt.Time})
		if duty.State != mailer.DutyOpen {
			p.past.add(pl.ContactID, duty.ID, p.now, duty.State, mailer.DutyInFlight, string(duty.Reason), d.ID)
		}
	}
	q := queuedDelivery{d, pl.ContactID, p.campaign, p.byHand[d.Channel]}
	move := deliveryMove{ControllerID: p.controller, CampaignID: p.campaign, Document: d.Document, To: q.state()}
	if q.lane == 0 { // mail
		move.Class = p.book.Of(d.Domain)
		q.lane = p.lanes[move.Class]
	}
	p.deliveries = append(p.deliveries, q)
	p.counts.delivery(move)
}

// handLanes are a campaign's lanes for the letters and calls of a chunk, made with the
// first of each.
func (t tx) handLanes(ctx context.Context, controller, campaign mailer.ID, state mailer.CampaignState, chunk []mailer.Placement) (map[mailer.ChannelKind]int64, error) {
	lanes := map[mailer.ChannelKind]int64{}
	for _, pl := range chunk {
		if pl.Delivery == nil || pl.Delivery.Channel == "" || pl.Delivery.Channel == mailer.ChannelMail || lanes[pl.Delivery.Channel] != 0 {
			continue
		}
		var id int64
		open := cmp.Or(mailer.LaneStates[state], mailer.LaneClosed)
		if _, err := t.one(ctx, &id, "place_hand_lane", controller, campaign, string(pl.Delivery.Channel), string(open)); err != nil {
			return nil, err
		}
		lanes[pl.Delivery.Channel] = id
	}
	return lanes, nil
}

// queuedDelivery is a planned delivery on its way into the tables.
type queuedDelivery struct {
	mailer.PlannedDelivery
	contact, campaign mailer.ID
	lane              int64
}

// state is that in which it begins: one that is not to go at once waits for its time.
func (q queuedDelivery) state() mailer.DeliveryState {
	if q.NotBefore.IsZero() {
		return mailer.Queued
	}
	return mailer.Deferred
}

// enqueue makes deliveries, and what they are found by.
func (t tx) enqueue(ctx context.Context, controller mailer.ID, ds []queuedDelivery, now time.Time) error {
	rows, refs := make([][]any, len(ds)), make([][]any, len(ds))
	var planned [][]any
	for i, d := range ds {
		ready := now
		if !d.NotBefore.IsZero() {
			ready = d.NotBefore
		}
		rows[i] = []any{d.contact, d.ID, controller, d.campaign, d.ContentID, d.lane, string(d.Document), string(cmp.Or(d.Channel, mailer.ChannelMail)), d.Identifier,
			d.Languages, d.LanguageRule, d.Form, d.SkeletonHash, d.Code, string(d.state()), d.DueAt, ready, now}
		refs[i] = []any{d.ID, controller, d.contact, d.Code}
		if d.Values != nil {
			planned = append(planned, plannedRow(d))
		}
	}
	err := t.copyIn(ctx, "delivery", `contact_id, id, controller_id, campaign_id, content_version_id, lane, document, channel, identifier_id,
		languages, language_rule, form, skeleton_hash, code, state, due_at, ready_at, created_at`, rows)
	if err != nil {
		return err
	}
	if err := t.copyIn(ctx, "delivery_ref", "delivery_id, controller_id, contact_id, code", refs); err != nil {
		return err
	}
	return t.copyIn(ctx, "planned_values", "contact_id, delivery_id, slots", planned)
}

func (p *placing) block(pl mailer.Placement, duties []placeableDuty) {
	for _, duty := range duties {
		if duty.State == mailer.DutyBlocked && duty.Reason == pl.Block {
			continue
		}
		p.blocked = append(p.blocked, placedDuty{ContactID: pl.ContactID, ID: duty.ID, Reason: pl.Block, Detail: pl.Detail})
		p.counts.duty(p.controller, duty.stand(), dutyStand{mailer.DutyBlocked, pl.Block, duty.DueAt.Time})
		p.past.add(pl.ContactID, duty.ID, p.now, duty.State, mailer.DutyBlocked, string(pl.Block), mailer.ID{})
	}
}

func (p *placing) write(ctx context.Context, t tx) error {
	if err := t.enqueue(ctx, p.controller, p.deliveries, p.now); err != nil {
		return err
	}
	if err := t.copyIn(ctx, "delivery_duty", "contact_id, delivery_id, duty_id", p.links); err != nil {
		return err
	}
	// Blocked duties are opened first: there is no way from blocked to in flight.
	for _, step := range []struct {
		statement string
		duties    []placedDuty
	}{{"place_unblock", p.inFlight}, {"place_in_flight", p.inFlight}, {"place_block", p.blocked}} {
		if len(step.duties) == 0 {
			continue
		}
		if _, err := t.exec(ctx, step.statement, records{step.duties}); err != nil {
			return err
		}
	}
	if err := p.past.write(ctx, t); err != nil {
		return err
	}
	return p.counts.note(ctx, t, time.Time{})
}
