package postgres

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/lib/pq"

	"article14/mailer"
	"article14/mailer/retain"
	"article14/mailer/track"
)

var _ track.ReportStore = (*Store)(nil)

// States of a parked report.
const (
	parkedWaiting       = "waiting"
	parkedGivenUp       = "given_up"
	parkedNotUnderstood = "not_understood" // and without a delivery: nothing could follow from it
)

// FileReport takes a report in, once for its door and external id.
func (s *Store) FileReport(ctx context.Context, controller mailer.ID, f track.ReportFile, decide func(track.ReportedDelivery) track.Consequence) (fate track.ReportFate, err error) {
	err = s.write(ctx, func(t tx) error {
		fate = track.ReportFate{Replayed: true}
		n, err := t.exec(ctx, "report_receive", controller, f.Source(), f.ExternalID, f.ID, f.ReceivedAt)
		if err != nil || n == 0 {
			return err
		}
		c := filing{controller: controller, file: f, decide: decide, counts: tally{}}
		if fate, err = c.match(ctx, t); err != nil {
			return err
		}
		if err := c.unmatched(ctx, t, fate.Why); err != nil {
			return err
		}
		return c.counts.note(ctx, t, time.Time{})
	})
	return fate, err
}

// RefileReport tries one that is parked again.
func (s *Store) RefileReport(ctx context.Context, controller mailer.ID, f track.ReportFile, decide func(track.ReportedDelivery) track.Consequence) (fate track.ReportFate, err error) {
	err = s.write(ctx, func(t tx) error {
		fate = track.ReportFate{Replayed: true}
		var id mailer.ID
		found, err := t.one(ctx, &id, "report_waiting_lock", controller, f.ID, f.At)
		if err != nil || !found {
			return err
		}
		c := filing{controller: controller, file: f, decide: decide, counts: tally{}}
		if fate, err = c.match(ctx, t); err != nil {
			return err
		}
		if fate.Why != "" {
			err = c.waitOn(ctx, t, fate.Why)
		} else {
			c.counts.add(controller, mailer.ID{}, countUnmatched, parkedWaiting, "", 1)
			_, err = t.exec(ctx, "report_unpark", f.ID)
		}
		if err != nil {
			return err
		}
		return c.counts.note(ctx, t, time.Time{})
	})
	return fate, err
}

// PutOffReport has one that is parked wait, or gives it up.
func (s *Store) PutOffReport(ctx context.Context, controller mailer.ID, f track.ReportFile) error {
	return s.write(ctx, func(t tx) error {
		var id mailer.ID
		found, err := t.one(ctx, &id, "report_waiting_lock", controller, f.ID, f.At)
		if err != nil || !found {
			return err
		}
		state, next := parkedWaiting, f.NextTry
		if next.IsZero() {
			state, next = parkedGivenUp, f.At
		}
		if _, err := t.exec(ctx, "report_put_off", f.ID, state, next); err != nil {
			return err
		}
		counts := tally{}
		counts.add(controller, mailer.ID{}, countUnmatched, parkedWaiting, state, 1)
		return counts.note(ctx, t, time.Time{})
	})
}

// filing is one report on its way into the tables.
type filing struct {
	controller mailer.ID
	file       track.ReportFile
	decide     func(track.ReportedDelivery) track.Consequence
	counts     tally
	erased     bool // the person that it is about is
}

// reportedRow is the delivery that a report is about.
type reportedRow struct {
	deliveryMove
	IdentifierID mailer.ID `db:"identifier_id"`
	Attempts     int       `db:"attempts"`
	Activity     string    `db:"activity_key"`
	DueAt        instant   `db:"due_at"`
}

// match finds the delivery, locks it, asks what follows, and does that.
func (c *filing) match(ctx context.Context, t tx) (track.ReportFate, error) {
	clue := c.file.Clue
	if clue.DeliveryID.IsZero() {
		return track.ReportFate{Why: clue.Why}, nil
	}
	if c.file.Verdict.Kind == track.KindComplaint {
		if _, err := t.exec(ctx, "report_contact_lock", c.controller, clue.DeliveryID); err != nil {
			return track.ReportFate{}, err
		}
	}
	var row reportedRow
	if found, err := t.one(ctx, &row, "report_delivery", c.controller, clue.DeliveryID); err != nil || !found {
		return track.ReportFate{Why: track.UnmatchedUnknown}, err
	}
	d, err := t.reported(ctx, c.controller, row, c.file.At)
	if err != nil {
		return track.ReportFate{}, err
	}
	c.erased = d.To.ID.IsZero()
	c.file.Verdict = c.file.Verdict.About(d.To)
	what := c.decide(d)
	if what.Wait {
		return track.ReportFate{Why: track.UnmatchedUnsettled}, nil
	}
	fate := track.ReportFate{ContactID: row.ContactID, DeliveryID: row.ID, To: what.To}
	if what.To != "" {
		if fate.Duty, err = c.follow(ctx, t, row, what); err != nil {
			return fate, err
		}
	}
	if err := c.aside(ctx, t, what); err != nil {
		return fate, err
	}
	if what.To == mailer.Complained || len(what.StopUse) > 0 {
		if err := c.complaint(ctx, t, row, what); err != nil {
			return fate, err
		}
	}
	return fate, c.keep(ctx, t, fate)
}

// aside is what follows beside the delivery and its duties.
func (c *filing) aside(ctx context.Context, t tx, what track.Consequence) error {
	if what.Suppress != nil {
		if err := t.suppress(ctx, []suppressionRow{newSuppressionRow(c.controller, *what.Suppress, c.file.At)}); err != nil {
			return err
		}
	}
	return c.raise(ctx, t, what.Alert)
}

func (c *filing) raise(ctx context.Context, t tx, a *mailer.Alert) error {
	if a == nil {
		return nil
	}
	return t.raise(ctx, []alertRow{{mailer.NewID(c.file.At), c.controller, a.Kind, a.Subject, a.Detail, c.file.At}}, c.counts)
}

// complaint has use stop, and counts how many of a campaign's notices were called spam.
func (c *filing) complaint(ctx context.Context, t tx, row reportedRow, what track.Consequence) error {
	if o := what.Object; o != nil {
		n, err := t.exec(ctx, "objection_add", o.ContactID, c.file.ID, c.controller, o.ActivityKey, o.Scope, o.Way, o.MadeAt, o.DeliveryID)
		if err != nil {
			return err
		}
		c.counts.add(c.controller, mailer.ID{}, countObjection, "", string(o.Way), int(n))
		made := *o
		made.ID, made.MadeAt = c.file.ID, c.file.ReceivedAt
		t.remember(objected(c.controller, made, what.StopUse))
		if n == 1 {
			if err := t.tell(ctx, c.controller, o.Tell, c.file.At, c.counts); err != nil {
				return err
			}
		}
	}
	if len(what.StopUse) > 0 {
		if what.Object == nil {
			t.remember(mailer.LedgerEntry{Kind: mailer.LedgerSuppression, At: c.file.ReceivedAt, Controller: c.controller,
				Contacts: []mailer.ID{row.ContactID}, Suppressed: mailer.LedgerHashes(what.StopUse)})
		}
		if _, err := t.exec(ctx, "contact_objected", c.controller, row.ContactID, c.file.ReceivedAt); err != nil {
			return err
		}
		rows := make([]suppressionRow, len(what.StopUse))
		for i, s := range what.StopUse {
			rows[i] = newSuppressionRow(c.controller, s, c.file.At)
		}
		if err := t.suppress(ctx, rows); err != nil {
			return err
		}
	}
	if row.CampaignID.IsZero() || what.To != mailer.Complained {
		return nil
	}
	var n struct {
		Complained int64 `db:"complained"`
		HandedOver int64 `db:"handed_over"`
	}
	if _, err := t.one(ctx, &n, "report_campaign_counts", c.controller, row.CampaignID, texts(wentOut)); err != nil {
		return err
	}
	return c.raise(ctx, t, track.ComplaintAlert(row.CampaignID, n.Complained+1, max(n.HandedOver, 1))) // this one is counted with the transaction
}

// reported is a delivery with what a decision needs of its person.
func (t tx) reported(ctx context.Context, controller mailer.ID, r reportedRow, now time.Time) (track.ReportedDelivery, error) {
	d := track.ReportedDelivery{ContactID: r.ContactID, ID: r.ID, CampaignID: r.CampaignID, ActivityKey: r.Activity, Document: r.Document, State: r.From, Attempts: r.Attempts,
		DueAt: r.DueAt.Time, At: now}
	one := []mailer.ID{r.ContactID}
	people, err := t.people(ctx, controller, one)
	if err != nil || people[r.ContactID] == nil {
		return d, err
	}
	dead, err := t.identifierSet(ctx, "dead_addresses", controller, uuids(one), now)
	if err != nil {
		return d, err
	}
	spent, err := t.spentAt(ctx, r.CampaignID, one)
	if err != nil {
		return d, err
	}
	p := people[r.ContactID]
	if i := slices.IndexFunc(p.identifiers, func(i mailer.Identifier) bool { return i.ID == r.IdentifierID }); i >= 0 {
		d.To = p.identifiers[i]
	}
	can := p.candidate("", nil, dead, spent, nil)
	d.Contact, d.Channels, d.Identifiers = p.contact, slices.Concat(can.Addresses, can.Others), p.identifiers
	return d, nil
}

// follow moves the delivery and its duties. Duties that some other delivery has
// taken up since are not its own any more.
func (c *filing) follow(ctx context.Context, t tx, row reportedRow, what track.Consequence) (mailer.DutyState, error) {
	row.To = what.To
	c.counts.delivery(row.deliveryMove)
	if row.From == mailer.Uncertain && row.Document == mailer.DocNotice { // whatever came of it, it was handed over
		c.counts.add(c.controller, mailer.ID{}, countLanguage, "", row.Languages, 1)
	}
	if _, err := t.exec(ctx, "report_move_delivery", row.ContactID, row.ID, string(what.To), c.file.At, string(c.file.Verdict.Class)); err != nil {
		return "", err
	}
	switch what.Duty {
	case mailer.DutyMet:
		return mailer.DutyMet, t.endDuties(ctx, []dutyEnd{{ContactID: row.ContactID, DeliveryID: row.ID, To: mailer.DutyMet, At: c.file.At}}, c.counts)
	case mailer.DutyFailed:
		if err := c.unsay(ctx, t, row, what); err != nil {
			return "", err
		}
		return c.reopen(ctx, t, row, what)
	}
	return "", nil
}

// unsay corrects what stands of duties that were erased as informed by a notice
// which came back after that (T3). Nobody is left to be told.
func (c *filing) unsay(ctx context.Context, t tx, row reportedRow, what track.Consequence) error {
	var duties []struct {
		ContactID mailer.ID                  `db:"contact_id"`
		ID        mailer.ID                  `db:"id"`
		DueAt     instant                    `db:"due_at"`
		Inputs    document[mailer.DueInputs] `db:"due_inputs"`
		MetAt     instant                    `db:"met_at"`
		ErasedAt  instant                    `db:"erased_at"`
	}
	if err := t.all(ctx, &duties, "report_erased_duties", row.ContactID, row.ID, string(retain.ErasedInformed)); err != nil {
		return err
	}
	var past history
	for _, d := range duties {
		detail := retain.UninformedAfterAll(d.DueAt.Time, d.ErasedAt.Time, d.Inputs.v)
		if _, err := t.exec(ctx, "report_unsay", d.ContactID, d.ID, string(retain.ErasedUninformed), detail); err != nil {
			return err
		}
		c.counts.late(c.controller, d.MetAt.After(d.DueAt.Time), false)
		past.add(d.ContactID, d.ID, c.file.At, mailer.DutyErased, mailer.DutyErased, string(what.Reason), row.ID)
	}
	return past.write(ctx, t)
}

// reopen fails the duties, and blocks them where no other address is left (E3).
func (c *filing) reopen(ctx context.Context, t tx, row reportedRow, what track.Consequence) (mailer.DutyState, error) {
	var duties []struct {
		ContactID mailer.ID `db:"contact_id"`
		ID        mailer.ID `db:"id"`
		standRow
		MetAt instant `db:"met_at"`
	}
	if err := t.all(ctx, &duties, "report_duties", row.ContactID, row.ID); err != nil || len(duties) == 0 {
		return "", err
	}
	states := []mailer.DutyState{mailer.DutyFailed}
	if what.Block {
		states = append(states, mailer.DutyBlocked)
	}
	var past history
	ids := make([]mailer.ID, len(duties))
	for i, d := range duties {
		ids[i] = d.ID
		if d.State == mailer.DutyMet && d.MetAt.After(d.DueAt.Time) { // it was not met after all
			c.counts.add(c.controller, mailer.ID{}, countMetLate, "late", "", 1)
		}
		stand := d.stand()
		for _, to := range states {
			next := dutyStand{to, what.Reason, d.DueAt.Time}
			c.counts.duty(c.controller, stand, next)
			past.add(d.ContactID, d.ID, c.file.At, stand.State, to, string(what.Reason), row.ID)
			stand = next
		}
	}
	for _, to := range states {
		if _, err := t.exec(ctx, "report_move_duties", row.ContactID, uuids(ids), string(to), string(what.Reason), what.Detail); err != nil {
			return "", err
		}
	}
	return states[len(states)-1], past.write(ctx, t)
}

// keep records a report that found its delivery. Its bytes are kept for somebody
// to read only where no program has understood them, and these and its text only
// while the person is known: of who was erased before it came, nothing comes back.
// What another one has told of the delivery is not counted again.
func (c *filing) keep(ctx context.Context, t tx, fate track.ReportFate) error {
	f, v := c.file, c.file.Verdict
	if c.erased {
		v.Reply.Text = ""
	}
	var told bool
	if same := v.Same(); len(same) > 0 {
		if _, err := t.one(ctx, &told, "report_told", fate.ContactID, fate.DeliveryID, pq.StringArray(same)); err != nil {
			return err
		}
	}
	_, err := t.exec(ctx, "report_keep", fate.ContactID, f.ID, c.controller, fate.DeliveryID, f.Door, f.ReceivedAt, string(f.Clue.By),
		v.Finding(), v.Reply.Enhanced, v.Reply.Code, strings.ReplaceAll(v.Reply.Text, "\x00", ""), string(fate.To), !told)
	if err != nil {
		return err
	}
	if !told {
		c.counts.add(c.controller, mailer.ID{}, countReport, "", v.Finding(), 1)
	}
	if v.Understood() || c.erased {
		_, err = t.exec(ctx, "report_raw_drop", f.ID)
		return err
	}
	return c.keepRaw(ctx, t, fate.ContactID)
}

func (c *filing) keepRaw(ctx context.Context, t tx, contact mailer.ID) error {
	f := c.file
	sentTo := f.SentTo
	if sentTo == nil {
		sentTo = []string{}
	}
	_, err := t.exec(ctx, "report_raw_keep", f.ID, c.controller, contact, texts(sentTo), f.Raw, f.RawUntil)
	return err
}

// parked is the state in which a report that found no delivery is left. One that
// says nothing and is faster than our own commit waits for the person to be known.
func (c *filing) parked(why track.WhyUnmatched) (state string, next time.Time) {
	switch {
	case !c.file.Verdict.Understood() && why != track.UnmatchedUnsettled:
		return parkedNotUnderstood, c.file.At
	case c.file.NextTry.IsZero():
		return parkedGivenUp, c.file.At
	}
	return parkedWaiting, c.file.NextTry
}

// unmatched keeps what found no delivery. An automatic reply means nothing: it is counted, and gone.
func (c *filing) unmatched(ctx context.Context, t tx, why track.WhyUnmatched) error {
	switch {
	case why == "":
		return nil
	case c.file.Verdict.Kind == track.KindAutomatic:
		c.counts.add(c.controller, mailer.ID{}, countReport, "", c.file.Verdict.Finding(), 1)
		return nil
	}
	return c.park(ctx, t, why)
}

func (c *filing) park(ctx context.Context, t tx, why track.WhyUnmatched) error {
	f, v := c.file, c.file.Verdict
	state, next := c.parked(why)
	c.countParked("", state)
	if _, err := t.exec(ctx, "report_park", f.ID, c.controller, f.Door, f.ReceivedAt, v.Finding(), v.Reply.Enhanced, string(why), state, next); err != nil {
		return err
	}
	return c.keepRaw(ctx, t, mailer.ID{})
}

func (c *filing) waitOn(ctx context.Context, t tx, why track.WhyUnmatched) error {
	v := c.file.Verdict
	state, next := c.parked(why)
	c.countParked(parkedWaiting, state)
	_, err := t.exec(ctx, "report_wait_on", c.file.ID, v.Finding(), v.Reply.Enhanced, string(why), state, next)
	return err
}

func (c *filing) countParked(from, to string) {
	c.counts.add(c.controller, mailer.ID{}, countUnmatched, from, to, 1)
	if to == parkedNotUnderstood {
		c.counts.add(c.controller, mailer.ID{}, countReport, "", c.file.Verdict.Finding(), 1)
	}
}

// ParkedReports are those to be tried again by now.
func (s *Store) ParkedReports(ctx context.Context, controller mailer.ID, now time.Time, limit int) (out []track.ParkedReport, err error) {
	err = s.read(ctx, func(t tx) error {
		var rows []struct {
			ID         mailer.ID      `db:"id"`
			Door       string         `db:"door"`
			ReceivedAt instant        `db:"received_at"`
			Tries      int            `db:"tries"`
			SentTo     pq.StringArray `db:"sent_to"`
			Raw        []byte         `db:"body"`
		}
		err := t.all(ctx, &rows, "report_waiting", controller, now, limit)
		for _, r := range rows {
			out = append(out, track.ParkedReport{ID: r.ID, Door: r.Door, ReceivedAt: r.ReceivedAt.Time, Tries: r.Tries, SentTo: r.SentTo, Raw: r.Raw})
		}
		return err
	})
	return out, err
}

// ForgetReports deletes bytes whose time has come (T4), and gives up first what waits
// with them: where no worker ran for so long, it was tried too seldom.
func (s *Store) ForgetReports(ctx context.Context, controller mailer.ID, now time.Time, limit int) (n int, err error) {
	err = s.write(ctx, func(t tx) error {
		givenUp, err := t.exec(ctx, "report_outlived", controller, now, limit, parkedGivenUp)
		if err != nil {
			return err
		}
		counts := tally{}
		counts.add(controller, mailer.ID{}, countUnmatched, parkedWaiting, parkedGivenUp, int(givenUp))
		deleted, err := t.exec(ctx, "report_forget", controller, now, limit)
		if n = int(deleted); err != nil {
			return err
		}
		return counts.note(ctx, t, time.Time{})
	})
	return n, err
}

// ForgetSuppressions deletes suppressions whose time has passed (T4).
func (s *Store) ForgetSuppressions(ctx context.Context, controller mailer.ID, now time.Time, limit int) (n int, err error) {
	err = s.write(ctx, func(t tx) error {
		deleted, err := t.exec(ctx, "suppression_forget", controller, now, limit)
		n = int(deleted)
		return err
	})
	return n, err
}

// UnmatchedReports are the newest that found no delivery.
func (s *Store) UnmatchedReports(ctx context.Context, controller mailer.ID, limit int) (out []track.UnmatchedReport, err error) {
	err = s.read(ctx, func(t tx) error {
		var rows []struct {
			ID         mailer.ID          `db:"id"`
			Door       string             `db:"door"`
			ReceivedAt instant            `db:"received_at"`
			Finding    string             `db:"outcome"`
			Status     string             `db:"status"`
			Why        track.WhyUnmatched `db:"why"`
			State      string             `db:"state"`
			Tries      int                `db:"tries"`
			NextTryAt  instant            `db:"next_try_at"`
		}
		err := t.all(ctx, &rows, "report_unmatched", controller, limit)
		for _, r := range rows {
			u := track.UnmatchedReport{ID: r.ID, Door: r.Door, ReceivedAt: r.ReceivedAt.Time, Finding: r.Finding, Status: r.Status, Why: r.Why, State: r.State, Tries: r.Tries}
			if r.State == parkedWaiting {
				u.NextTryAt = r.NextTryAt.Time
			}
			out = append(out, u)
		}
		return err
	})
	return out, err
}

// RawReport gives the bytes of a report that was not matched or not understood,
// or ErrNoReport.
func (s *Store) RawReport(ctx context.Context, controller, id mailer.ID) (raw []byte, err error) {
	err = s.read(ctx, func(t tx) error {
		found, err := t.one(ctx, &raw, "report_raw", controller, id)
		if err == nil && !found {
			err = mailer.ErrNoReport
		}
		return err
	})
	return raw, err
}

// reportEntries are a contact's reports by delivery, in the order of their coming.
func (t tx) reportEntries(ctx context.Context, contact mailer.ID) (map[mailer.ID][]track.ReportEntry, error) {
	var rows []struct {
		DeliveryID mailer.ID            `db:"delivery_id"`
		ReceivedAt instant              `db:"received_at"`
		Door       string               `db:"door"`
		By         track.MatchedBy      `db:"matched_by"`
		Finding    string               `db:"outcome"`
		Enhanced   string               `db:"status"`
		Code       int                  `db:"code"`
		Text       string               `db:"diagnostic"`
		To         mailer.DeliveryState `db:"moved_to"`
	}
	err := t.all(ctx, &rows, "contact_reports", contact)
	out := map[mailer.ID][]track.ReportEntry{}
	for _, r := range rows {
		out[r.DeliveryID] = append(out[r.DeliveryID], track.ReportEntry{ReceivedAt: r.ReceivedAt.Time, Door: r.Door, By: r.By, Finding: r.Finding,
			Reply: mailer.Reply{Code: r.Code, Enhanced: r.Enhanced, Text: r.Text}, To: r.To})
	}
	return out, err
}
