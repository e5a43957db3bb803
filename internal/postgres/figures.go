package postgres

import (
	"context"
	"time"

	"article14/mailer"
	"article14/mailer/accept"
	"article14/mailer/status"
)

var _ status.FiguresStore = (*Store)(nil)

// Figures adds counters and what has not been folded into them yet, over one
// snapshot. What counters cannot say (how much of this hour's duties is due by
// this minute) comes from narrow index ranges.
func (s *Store) Figures(ctx context.Context, controller mailer.ID, now time.Time) (f status.Figures, err error) {
	err = s.read(ctx, func(t tx) error {
		counts, err := t.counts(ctx, controller)
		if err != nil {
			return err
		}
		f = counts.figures(now)
		if err := t.deadlines(ctx, controller, counts[countOwed], now, &f); err != nil {
			return err
		}
		if f.RelayedLast, err = t.rates(ctx, controller, now); err != nil {
			return err
		}
		if f.Lanes, err = t.laneFigures(ctx, controller); err != nil {
			return err
		}
		if f.Answers, err = t.answerFigures(ctx, controller, counts[countAnswer]); err != nil {
			return err
		}
		if f.Tellings, err = t.tellFigures(ctx, controller, counts[countTelling], counts[countTellingAttempt]); err != nil {
			return err
		}
		if f.Requests, err = t.requestFigures(ctx, controller, counts[countRequest], now); err != nil {
			return err
		}
		var oldest instant
		if _, err = t.one(ctx, &oldest, "figures_queue_oldest", controller); err != nil {
			return err
		}
		f.QueueOldest = oldest.Time
		return t.operation(ctx, controller, &f)
	})
	return f, err
}

// operation is what operators watch: who works here, on which copy, and what nobody cares for.
func (t tx) operation(ctx context.Context, controller mailer.ID, f *status.Figures) (err error) {
	if f.Workers, err = t.heartbeats(ctx, controller); err != nil {
		return err
	}
	if f.Relays, err = t.relayFigures(ctx, controller); err != nil {
		return err
	}
	if err := t.byHand(ctx, controller, f); err != nil {
		return err
	}
	if f.Classes, err = t.classFigures(ctx, controller); err != nil {
		return err
	}
	if _, err := t.one(ctx, &f.Exemptions, "figures_exemptions", controller, f.AsOf.Add(status.ReviewSoon)); err != nil {
		return err
	}
	if _, err := t.one(ctx, &f.HeldPast, "run_held", controller); err != nil {
		return err
	}
	if f.Instance, _, err = t.instance(ctx); err != nil || f.Duties[mailer.DutyFailed] == 0 {
		return err
	}
	_, err = t.one(ctx, &f.Stranded, "figures_stranded", controller, status.ManyStranded)
	return err
}

// handRow counts letters or calls with a date in the same window: 0 is overdue, 1 the
// first of status.Windows, and so on.
type handRow struct {
	CampaignID mailer.ID          `db:"campaign_id"`
	Channel    mailer.ChannelKind `db:"channel"`
	Lane       mailer.LaneState   `db:"lane_state"`
	Window     int                `db:"due_window"`
	N          int64              `db:"n"`
	Queued     int64              `db:"queued"`
	FirstDue   instant            `db:"first_due"`
}

// byHand is what waits for people. The counters of a campaign hold its letters and calls
// as well, so they are taken off what its lane of mail has.
func (t tx) byHand(ctx context.Context, controller mailer.ID, f *status.Figures) error {
	edges := []time.Time{f.AsOf}
	for _, w := range status.Windows {
		edges = append(edges, f.AsOf.Add(w.Span))
	}
	windows := timeColumn(edges, func(at time.Time) time.Time { return at })
	var waiting, printed []handRow
	if err := t.all(ctx, &waiting, "figures_by_hand", controller, status.ManyByHand, windows); err != nil {
		return err
	}
	if err := t.all(ctx, &printed, "figures_in_batches", controller, windows); err != nil {
		return err
	}
	h := &f.ByHand
	h.OwedWithin = map[string]int64{}
	for _, r := range waiting {
		r.wait(h)
		r.owe(h)
		for i, l := range f.Lanes {
			if l.CampaignID == r.CampaignID {
				f.Lanes[i].Queued -= min(r.Queued, l.Queued)
				break
			}
		}
	}
	for _, r := range printed {
		r.owe(h)
	}
	var letters struct {
		InBatches int64   `db:"in_batches"`
		Batches   int64   `db:"batches"`
		Oldest    instant `db:"oldest_batch"`
		Posted    int64   `db:"posted"`
		Returned  int64   `db:"returned"`
	}
	_, err := t.one(ctx, &letters, "figures_letters", controller)
	h.InBatches, h.Batches, h.Posted, h.Returned = letters.InBatches, letters.Batches, letters.Posted, letters.Returned
	h.OldestBatch = letters.Oldest.Time
	return err
}

// wait adds what can be carried out now, and what can when its lane is resumed. That of
// a closed lane waits for its campaign's start, or is over.
func (r handRow) wait(h *status.HandFigures) {
	n, by := &h.Letters, &h.LettersBy
	switch {
	case r.Lane == mailer.LaneClosed:
		return
	case r.Lane == mailer.LanePaused && r.Channel == mailer.ChannelLetter:
		n, by = &h.LettersPaused, &h.LettersPausedBy
	case r.Lane == mailer.LanePaused:
		n, by = &h.CallsPaused, &h.CallsPausedBy
	case r.Channel != mailer.ChannelLetter:
		n, by = &h.Calls, &h.CallsBy
	}
	*n += r.N
	earliest(by, r.FirstDue.Time)
}

// owe adds what is no mail's to meet.
func (r handRow) owe(h *status.HandFigures) {
	h.Owed += r.N
	earliest(&h.OwedBy, r.FirstDue.Time)
	for i, w := range status.Windows {
		if 1 <= r.Window && r.Window <= i+1 {
			h.OwedWithin[w.Name] += r.N
		}
	}
}

func earliest(to *time.Time, at time.Time) {
	if to.IsZero() || at.Before(*to) {
		*to = at
	}
}

// countsBy holds counters by what is counted and by state.
type countsBy map[string]map[string]int64

func (t tx) counts(ctx context.Context, controller mailer.ID) (countsBy, error) {
	var rows []struct {
		What  string `db:"what"`
		State string `db:"state"`
		N     int64  `db:"n"`
	}
	err := t.all(ctx, &rows, "figures_counts", controller)
	out := countsBy{}
	for _, r := range rows {
		if out[r.What] == nil {
			out[r.What] = map[string]int64{}
		}
		out[r.What][r.State] = r.N
	}
	return out, err
}

func (c countsBy) figures(now time.Time) status.Figures {
	return status.Figures{
		AsOf:        now,
		Contacts:    c[countContact]["known"],
		Duties:      named[mailer.DutyState](c[countDuty]),
		Blocked:     named[mailer.BlockReason](c[countBlocked]),
		MetLate:     c[countMetLate]["late"],
		Deliveries:  named[mailer.DeliveryState](c[countDelivery]),
		Attempts:    named[mailer.DeliveryState](c[countAttempt]),
		ByLanguages: named[string](c[countLanguage]),
		Imports: accept.ImportCounts{
			Accepted: c[countImport]["accepted"], Merged: c[countImport]["merged"], Refused: c[countImport]["refused"],
		},
		Objections: named[mailer.Way](c[countObjection]),
		Alerts:     named[mailer.AlertKind](c[countAlert]),
		Reports:    named[string](c[countReport]),
		Unmatched:  named[string](c[countUnmatched]),
	}
}

// named gives counters the names of their states.
func named[S ~string](c map[string]int64) map[S]int64 {
	out := make(map[S]int64, len(c))
	for state, n := range c {
		out[S(state)] = n
	}
	return out
}

// deadlines counts what is owed by when: whole hours from their counters, the
// hour that an edge falls into from the index.
func (t tx) deadlines(ctx context.Context, controller mailer.ID, hours map[string]int64, now time.Time, f *status.Figures) error {
	type edge struct {
		N    int       `json:"n"`
		Hour time.Time `json:"hour"`
		At   time.Time `json:"at"`
	}
	var edges []edge
	add := func(at time.Time) { edges = append(edges, edge{len(edges), at.UTC().Truncate(time.Hour), at}) }
	add(now)
	for _, w := range status.Windows {
		add(now.Add(w.Span))
	}
	for _, a := range status.Ages {
		add(now.Add(-a.Span))
	}
	var inHour []int64
	if err := t.all(ctx, &inHour, "figures_owed_in_hour", controller, records{edges}); err != nil {
		return err
	}
	before := make([]int64, len(edges)) // owed before each edge
	for i, e := range edges {
		before[i] = inHour[i]
		for hour, n := range hours {
			if hour < e.Hour.Format(dueHour) {
				before[i] += n
			}
		}
	}
	f.Overdue = before[0]
	f.DueWithin = map[string]int64{}
	for i, w := range status.Windows {
		f.DueWithin[w.Name] = before[i+1] - before[0]
	}
	f.OverdueBy = map[string]int64{}
	for i, a := range status.Ages {
		at := 1 + len(status.Windows) + i
		older := int64(0)
		if i > 0 {
			older = before[at-1]
		}
		f.OverdueBy[a.Name] = before[at] - older
	}
	var oldest instant
	_, err := t.one(ctx, &oldest, "figures_oldest_due", controller)
	f.OldestDueAt = oldest.Time
	return err
}

// rates are the mails handed over in the last minute and hour.
func (t tx) rates(ctx context.Context, controller mailer.ID, now time.Time) (map[string]int64, error) {
	out := map[string]int64{}
	for name, span := range map[string]time.Duration{"1m": time.Minute, "1h": time.Hour} {
		var n int64
		if _, err := t.one(ctx, &n, "figures_handed_over", controller, now.Add(-span)); err != nil {
			return nil, err
		}
		out[name] = n
	}
	return out, nil
}

func (t tx) laneFigures(ctx context.Context, controller mailer.ID) ([]status.LaneFigures, error) {
	var rows []struct {
		laneRow
		CampaignKey string  `db:"campaign_key"`
		Queued      int64   `db:"queued"`
		EarliestDue instant `db:"earliest_due"`
	}
	err := t.all(ctx, &rows, "figures_lanes", controller)
	out := make([]status.LaneFigures, len(rows))
	for i, r := range rows {
		out[i] = status.LaneFigures{Lane: r.lane(), CampaignKey: r.CampaignKey, Queued: r.Queued, EarliestDue: r.EarliestDue.Time}
	}
	return out, err
}
