package postgres

import (
	"crypto/sha256"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"article14/mailer"
	"article14/mailer/track"
)

// desk takes reports in at an instant that the test sets.
type desk struct {
	*house
	track.Reports
	at   time.Time
	next track.Report // what the reader finds in the next message
}

func newDesk(h *house) *desk {
	d := &desk{house: h, at: noon}
	d.Reports = track.Reports{Store: h.Store, Tokens: mailer.Tokens{Keys: mailer.NewKeyring()}, Controller: h.controller, Log: slog.New(slog.DiscardHandler),
		Now: func() time.Time { return d.at }, Read: func(raw []byte) track.Report {
			r := d.next
			sum := sha256.Sum256(raw)
			r.ExternalID = sum[:]
			return r
		}}
	return d
}

// classes are what internal/bounce makes of these.
var classes = map[string]mailer.ReplyClass{"5.1.1": mailer.ClassDeadAddress, "5.2.2": mailer.ClassMailboxFull, "5.7.1": mailer.ClassPolicy}

// failed is a report of a failure for an address.
func failed(address, status string) track.Report {
	return track.Report{Kind: track.KindDelivery, Recipients: []track.RecipientReport{{Recipient: address, Action: track.ActionFailed, Status: status, Code: 550,
		Class: classes[status], Diagnostic: "550 " + status + " <" + address + "> no"}}}
}

// take brings a report to the envelope sender of a delivery.
func (d *desk) take(r track.Report, delivery mailer.ID, raw string) track.ReportFate {
	d.t.Helper()
	d.next = r
	fate, _, err := d.Judge(d.ctx, track.Incoming{Door: track.DoorPipe, SentTo: []string{d.Tokens.EnvelopeFrom(delivery, "b.example")}, Raw: []byte(raw)})
	must(d.t, err)
	return fate
}

// relayed sends notices to n people and gives the attempts.
func (h *house) relayed(n int, dueAt time.Time) []mailer.Attempt {
	h.t.Helper()
	h.people(n, dueAt)
	h.running(fmt.Sprintf("c%d", h.next), 0)
	as := h.begin(noon, h.claim(n, noon)...)
	h.settle(mailer.Relayed, noon.Add(time.Minute), as...)
	return as
}

// addressAfter gives a contact one more address.
func (h *house) addressAfter(contact mailer.ID, number int) {
	h.t.Helper()
	i := address(number)
	_, err := h.db.ExecContext(h.ctx, `INSERT INTO identifier (contact_id, id, controller_id, kind, hash, key_id, value, added_at) VALUES ($1, $2, $3, 'email', $4, 'a', $5, $6)`,
		contact, i.ID, h.controller, i.Hash, i.Value, noon.Add(time.Second))
	must(h.t, err)
}

func TestABounceBlocksTheDutyAtOnceWhereNoAddressIsLeft(t *testing.T) { // E2, E3, D7
	h := newHouse(t)
	d := newDesk(h)
	a := h.relayed(1, noon.Add(-day))[0] // met late
	equal(t, "met late", h.figures(noon).MetLate, 1)
	d.at = noon.Add(time.Hour)
	fate := d.take(failed("person1@example.org", "5.1.1"), a.DeliveryID, "one")
	equal(t, "its delivery", fate.DeliveryID, a.DeliveryID)
	equal(t, "its duties", fate.Duty, mailer.DutyBlocked)
	equal(t, "the delivery", h.state(a.DeliveryID), mailer.Bounced)
	equal(t, "the duty", h.dutyOf(a.ContactID), mailer.DutyBlocked)
	equal(t, "blocked", h.count(`SELECT count(*) FROM duty WHERE contact_id = $1 AND reason = 'address_dead' AND met_at IS NULL AND delivery_id IS NOT NULL
		AND detail = 'letter: the register allows none; call: the register allows none'`, a.ContactID), 1)
	equal(t, "history", h.count(`SELECT count(*) FROM duty_history WHERE contact_id = $1 AND delivery_id = $2 AND reason = 'address_dead'
		AND (from_state, to_state) IN (('met', 'failed'), ('failed', 'blocked'))`, a.ContactID, a.DeliveryID), 2)
	equal(t, "suppressed", h.count(`SELECT count(*) FROM suppression WHERE scope = 'address' AND hash = $1`, address(1).Hash), 1)
	f := h.figures(d.at)
	equal(t, "met late", f.MetLate, 0)
	equal(t, "overdue", f.Overdue, 1)
	equal(t, "figures of bounces", f.Reports["dead_address"], 1)
	equal(t, "bytes that are kept", h.count(`SELECT count(*) FROM report_raw`), 0)
	equal(t, "addresses in the books", h.count(`SELECT count(*) FROM report WHERE diagnostic LIKE '%@%'`), 0)

	r, err := h.ContactReport(h.ctx, h.controller, a.ContactID)
	must(t, err)
	got := r.Deliveries[0].Reports[0]
	equal(t, "the record", fmt.Sprint(got.Finding, got.By, got.To, got.Reply), "dead_addressenvelopebounced{550 5.1.1 550 5.1.1 <[address]> no}")
}

func TestABounceLeavesTheDutyToTheNextAddress(t *testing.T) { // E3
	h := newHouse(t)
	d := newDesk(h)
	ids := h.people(1, noon.Add(day))
	h.addressAfter(ids[0], 900)
	first := h.running("first", 0)
	a := h.begin(noon, h.claim(1, noon)...)[0]
	h.settle(mailer.Relayed, noon, a)
	fate := d.take(failed("person1@example.org", "5.1.1"), a.DeliveryID, "one")
	equal(t, "its duties", fate.Duty, mailer.DutyFailed)

	// The running campaign takes it up, and does not end before.
	ended, err := h.FinishCampaigns(h.ctx, h.controller, noon)
	must(t, err)
	equal(t, "campaigns that ended", len(ended), 0)
	cs := h.candidates(first, true)
	equal(t, "candidates", len(cs), 1)
	cs[0].Addresses = slices.DeleteFunc(cs[0].Addresses, func(c mailer.Channel) bool { return c.Suppressed }) // as the Placer chooses
	must(t, h.Place(h.ctx, h.controller, first, []mailer.Placement{h.placement(cs[0])}, mailer.ID{}, noon))
	jobs := h.claim(1, noon)
	equal(t, "deliveries", len(jobs), 1)
	equal(t, "the address", jobs[0].To, "person900@example.org")

	// And a bounce there ends it: nothing is left.
	b := h.begin(noon, jobs...)[0]
	h.settle(mailer.Relayed, noon, b)
	fate = d.take(failed("person900@example.org", "5.1.1"), b.DeliveryID, "two")
	equal(t, "its duties then", fate.Duty, mailer.DutyBlocked)
}

func TestADutyFailedAfterItsCampaignIsForTheNextOne(t *testing.T) { // E3
	h := newHouse(t)
	d := newDesk(h)
	ids := h.people(1, noon.Add(day))
	h.addressAfter(ids[0], 900)
	h.running("first", 0)
	a := h.begin(noon, h.claim(1, noon)...)[0]
	h.settle(mailer.Relayed, noon, a)
	ended, err := h.FinishCampaigns(h.ctx, h.controller, noon)
	must(t, err)
	equal(t, "campaigns that ended", len(ended), 1)
	d.take(failed("person1@example.org", "5.1.1"), a.DeliveryID, "one")
	cs := h.candidates(h.approved("second", 0), false)
	equal(t, "candidates", len(cs), 1)
	equal(t, "dead addresses", fmt.Sprint(cs[0].Addresses[0].Suppressed, cs[0].Addresses[1].Suppressed), "true false")
}

func TestAReportThatIsFasterThanOurCommitIsMatchedLater(t *testing.T) {
	h := newHouse(t)
	d := newDesk(h)
	h.people(1, noon.Add(day))
	h.running("first", 0)
	a := h.begin(noon, h.claim(1, noon)...)[0]
	fate := d.take(failed("person1@example.org", "5.1.1"), a.DeliveryID, "one")
	equal(t, "why it waits", fate.Why, track.UnmatchedUnsettled)
	equal(t, "the delivery", h.state(a.DeliveryID), mailer.Sending)
	equal(t, "waiting", h.figures(noon).Unmatched["waiting"], 1)

	h.settle(mailer.Relayed, noon, a)
	d.at = noon.Add(59 * time.Second)
	reopened, err := d.Retry(h.ctx)
	must(t, err)
	equal(t, "reopened before its time", reopened, false)
	d.at = noon.Add(time.Minute)
	_, err = d.Retry(h.ctx)
	must(t, err)
	equal(t, "the delivery", h.state(a.DeliveryID), mailer.Bounced)
	equal(t, "the duty", h.dutyOf(a.ContactID), mailer.DutyBlocked)
	equal(t, "parked", h.count(`SELECT count(*) FROM report_unmatched`)+h.count(`SELECT count(*) FROM report_raw`), 0)
	equal(t, "waiting", h.figures(d.at).Unmatched["waiting"], 0)
	equal(t, "replayed", d.take(failed("person1@example.org", "5.1.1"), a.DeliveryID, "one").Replayed, true)
}

func TestWhatTheNullSenderSentIsNobodysAnswerWhenItIsTriedAgainEither(t *testing.T) { // RFC 3834, 2
	for path, want := range map[string]string{"Return-Path: <>\r\n": "automatic_reply", "Return-Path: <ann@example.org>\r\n": "answer"} {
		h := newHouse(t)
		d := newDesk(h)
		h.people(1, noon.Add(day))
		h.running("first", 0)
		a := h.begin(noon, h.claim(1, noon)...)[0]
		d.next = failed("person1@example.org", "5.1.1")
		_, _, err := d.Judge(h.ctx, track.Incoming{Door: track.DoorSMTP, SentTo: []string{d.Tokens.EnvelopeFrom(a.DeliveryID, "b.example")}, Raw: []byte(path + "x")})
		must(t, err)
		h.settle(mailer.Relayed, noon, a)
		d.next = track.Report{Kind: track.KindAnswer} // a newer program reads it so
		d.at = noon.Add(time.Minute)
		_, err = d.Retry(h.ctx)
		must(t, err)
		equal(t, path, h.count(`SELECT count(*) FROM report WHERE outcome = $1`, want), 1)
	}
}

func TestReportsThatCannotBeFiledDoNotStandInFrontOfOthers(t *testing.T) { // a whole round of them
	h := newHouse(t)
	d := newDesk(h)
	h.people(2, noon.Add(day))
	h.running("first", 0)
	as := h.begin(noon, h.claim(2, noon)...)
	for i := range 200 {
		d.take(failed("person1@example.org", "5.1.1"), as[0].DeliveryID, inLine("poison", i))
	}
	d.at = noon.Add(time.Second)
	d.take(failed("person2@example.org", "5.1.1"), as[1].DeliveryID, "fine")
	h.settle(mailer.Relayed, noon, as...)
	h.poison("report", as[0].ContactID)
	d.at = noon.Add(2 * time.Minute)
	_, err := d.Retry(h.ctx)
	if err == nil || !strings.Contains(err.Error(), "200 of 200 reports could not be filed") {
		t.Errorf("it says %v", err)
	}
	reopened, err := d.Retry(h.ctx)
	must(t, err)
	equal(t, "the one behind them", inLine(reopened, h.state(as[1].DeliveryID)), "false bounced")
	equal(t, "tries of each", h.count(`SELECT count(*) FROM report_unmatched WHERE tries = 1 AND state = 'waiting' AND next_try_at > $1`, d.at), 200)
	d.at = noon.Add(6 * day)
	_, err = d.Retry(h.ctx)
	equal(t, "they fail still", err != nil, true)
	equal(t, "given up", h.figures(d.at).Unmatched["given_up"], 200)
	h.audited()
}

// poison has every row about a contact refused by a table.
func (h *house) poison(table string, contacts ...mailer.ID) {
	h.t.Helper()
	for _, c := range contacts {
		name := table + "_" + strings.ReplaceAll(c.String(), "-", "")
		_, err := h.db.ExecContext(h.ctx, fmt.Sprintf(`CREATE FUNCTION poison_%[1]s() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'poison'; END$$;
			CREATE TRIGGER poison_%[1]s BEFORE INSERT ON %[2]s FOR EACH ROW WHEN (NEW.contact_id = '%[3]s') EXECUTE FUNCTION poison_%[1]s()`, name, table, c))
		must(h.t, err)
	}
}

// mended takes the poison of a contact out.
func (h *house) mended(table string, contact mailer.ID) {
	h.t.Helper()
	_, err := h.db.ExecContext(h.ctx, fmt.Sprintf(`DROP TRIGGER poison_%[1]s_%[2]s ON %[1]s`, table, strings.ReplaceAll(contact.String(), "-", "")))
	must(h.t, err)
}

func TestWhatFindsNoDeliveryIsTriedGivenUpAndForgotten(t *testing.T) { // T4
	h := newHouse(t)
	d := newDesk(h)
	d.next = failed("x@example.org", "5.1.1")
	fate, _, err := d.Judge(h.ctx, track.Incoming{Door: track.DoorPipe, Raw: []byte("lost")})
	must(t, err)
	equal(t, "why", fate.Why, track.UnmatchedNoClue)
	d.at = noon.Add(time.Second)
	unknown := d.take(failed("x@example.org", "5.1.1"), mailer.NewID(noon), "unknown")
	equal(t, "why", unknown.Why, track.UnmatchedUnknown)

	for ; d.at.Before(noon.Add(6 * day)); d.at = d.at.Add(30 * time.Minute) {
		_, err := d.Retry(h.ctx)
		must(t, err)
	}
	tries := h.count(`SELECT max(tries) FROM report_unmatched`)
	if tries < 6 || tries > 15 {
		t.Errorf("it was tried %d times in five days", tries)
	}
	f := h.figures(d.at)
	equal(t, "given up", f.Unmatched["given_up"], 2)
	equal(t, "waiting", f.Unmatched["waiting"], 0)
	us, err := h.UnmatchedReports(h.ctx, h.controller, 10)
	must(t, err)
	equal(t, "listed", len(us), 2)
	equal(t, "the newest", fmt.Sprint(us[0].Why, us[0].State, us[0].Finding, us[0].NextTryAt.IsZero()), "unknown_deliverygiven_updead_addresstrue")

	equal(t, "bytes that are kept", h.count(`SELECT count(*) FROM report_raw`), 2)
	raw, err := h.RawReport(h.ctx, h.controller, us[1].ID)
	must(t, err)
	equal(t, "the bytes", string(raw), "lost")
	d.at = noon.Add(30*day - time.Second)
	must(t, d.Forget(h.ctx))
	equal(t, "bytes that are kept still", h.count(`SELECT count(*) FROM report_raw`), 2)
	d.at = noon.Add(30*day + time.Second)
	must(t, d.Forget(h.ctx))
	equal(t, "bytes that are kept at the end", h.count(`SELECT count(*) FROM report_raw`), 0)
	_, err = h.RawReport(h.ctx, h.controller, us[1].ID)
	equal(t, "the bytes then", err, mailer.ErrNoReport)
}

func TestAnAnswerOfAPersonIsKeptWithTheirsAndChangesNothing(t *testing.T) {
	h := newHouse(t)
	d := newDesk(h)
	a := h.relayed(1, noon.Add(day))[0]
	fate := d.take(track.Report{Kind: track.KindAnswer}, a.DeliveryID, "I object")
	equal(t, "its delivery", fate.DeliveryID, a.DeliveryID)
	equal(t, "the delivery", h.state(a.DeliveryID), mailer.Relayed)
	equal(t, "the duty", h.dutyOf(a.ContactID), mailer.DutyMet)
	equal(t, "answers", h.figures(noon).Reports[string(track.KindAnswer)], 1)
	equal(t, "its bytes, under the person's key", h.count(`SELECT count(*) FROM report_raw WHERE contact_id = $1 AND body = 'I object'`, a.ContactID), 1)
	d.next = track.Report{Kind: track.KindDelivery} // which names nobody
	_, _, err := d.Judge(h.ctx, track.Incoming{Door: track.DoorPipe, Raw: []byte("something failed")})
	must(t, err)
	f := h.figures(noon)
	equal(t, "not understood", f.Reports[track.NotUnderstood], 1)
	equal(t, "waiting", f.Unmatched["waiting"], 0)
}

func TestAComplaintWhereThereIsNoRightToObjectStopsUseAndIsForAPerson(t *testing.T) { // R5, R10
	for name, c := range map[string]struct {
		purpose    mailer.Purpose
		objections int64
		alerts     int64
	}{
		"direct marketing":    {mailer.Purpose{Key: "sell", Basis: mailer.LegitimateInterest, DirectMarketing: true}, 1, 0},
		"a weighed interest":  {mailer.Purpose{Key: "sell", Basis: mailer.LegitimateInterest}, 1, 0},
		"consent, which ends": {mailer.Purpose{Key: "sell", Basis: mailer.Consent}, 0, 1},
	} {
		h := newHouse(t)
		d := newDesk(h)
		reg := &mailer.Register{Activities: []mailer.Activity{{Key: "sales", Purposes: []mailer.Purpose{c.purpose}}}}
		d.Objectable = reg.Objectable
		a := h.relayed(1, noon.Add(day))[0]
		d.take(track.Report{Kind: track.KindComplaint, Feedback: "abuse"}, a.DeliveryID, "spam!")
		equal(t, name+": use has stopped", h.count(`SELECT count(*) FROM suppression WHERE scope = 'use'`)+h.count(`SELECT count(*) FROM contact WHERE objected_at = $1`, noon), 2)
		equal(t, name+": objections", h.count(`SELECT count(*) FROM objection WHERE way = 'complaint'`), c.objections)
		equal(t, name+": for a person", h.figures(noon).Alerts[mailer.AlertComplaintNoRight], c.alerts)
		equal(t, name+": the duty", h.dutyOf(a.ContactID), mailer.DutyMet)
		h.audited()
	}
}

func TestAComplaintIsOnRecordWithItsDeliveryAndTakesNoDutyBack(t *testing.T) { // E2
	h := newHouse(t)
	d := newDesk(h)
	a := h.relayed(1, noon.Add(day))[0]
	fate := d.take(track.Report{Kind: track.KindComplaint, Feedback: "abuse"}, a.DeliveryID, "spam!")
	equal(t, "its delivery", fate.DeliveryID, a.DeliveryID)
	equal(t, "the delivery", h.state(a.DeliveryID), mailer.Complained)
	equal(t, "the duty", h.dutyOf(a.ContactID), mailer.DutyMet)
	d.take(track.Report{Kind: track.KindAutomatic}, a.DeliveryID, "I am away")
	f := h.figures(noon)
	equal(t, "complaints", f.Reports[string(track.KindComplaint)], 1)
	equal(t, "automatic replies", f.Reports[string(track.KindAutomatic)], 1)
	equal(t, "bytes that are kept of what is understood", h.count(`SELECT count(*) FROM report_raw`), 0)
}

func TestAPolicyBounceBlamesNobodyAndAlertsOnceForItsCampaign(t *testing.T) { // docs/states.md
	h := newHouse(t)
	d := newDesk(h)
	as := h.relayed(2, noon.Add(day))
	for i, a := range as {
		d.take(failed("", "5.7.1"), a.DeliveryID, fmt.Sprint(i))
		equal(t, "the duty", h.dutyOf(a.ContactID), mailer.DutyBlocked)
	}
	equal(t, "suppressed", h.count(`SELECT count(*) FROM suppression`), 0)
	f := h.figures(noon)
	equal(t, "alerts", f.Alerts["bounced_policy"], 1)
	equal(t, "blocked", f.Blocked[mailer.BlockPolicy], 2)
	equal(t, "figures of bounces", f.Reports["policy"], 2)
}

func TestABounceOfWhatWaitsToBeSentAgainStopsIt(t *testing.T) { // E3
	h := newHouse(t)
	d := newDesk(h)
	h.people(1, noon.Add(day))
	h.running("first", 0)
	a := h.begin(noon, h.claim(1, noon)...)[0]
	h.settle(mailer.Uncertain, noon, a)
	n, err := h.Wake(h.ctx, h.controller, noon.Add(2*time.Hour), true, 10)
	must(t, err)
	equal(t, "woken", n, 1)
	d.take(failed("person1@example.org", "5.1.1"), a.DeliveryID, "one")
	equal(t, "jobs", len(h.claim(1, noon.Add(2*time.Hour))), 0)
	equal(t, "the delivery", h.state(a.DeliveryID), mailer.Suppressed)
	equal(t, "the duty", h.dutyOf(a.ContactID), mailer.DutyFailed)
}

func TestABounceOfAReceiptTouchesNoDuty(t *testing.T) {
	h := newHouse(t)
	d := newDesk(h)
	a := h.relayed(1, noon.Add(day))[0]
	receipt := &mailer.PlannedDelivery{ID: mailer.NewID(noon), Document: mailer.DocObjectionReceipt, ContentID: h.content.ID, Languages: "fr",
		SkeletonHash: h.skeleton(mailer.DocObjectionReceipt), Code: mailer.NewCode(), DueAt: noon}
	must(t, h.db.GetContext(h.ctx, &receipt.Identifier, `SELECT id FROM identifier WHERE contact_id = $1`, a.ContactID))
	o := mailer.Objection{ID: mailer.NewID(noon), ContactID: a.ContactID, ActivityKey: "sales", Scope: "all", Way: "page", MadeAt: noon, DeliveryID: a.DeliveryID}
	_, _, err := h.Object(h.ctx, h.controller, o, nil, receipt, noon)
	must(t, err)
	b := h.begin(noon, h.claim(1, noon)...)[0]
	equal(t, "the receipt", b.DeliveryID, receipt.ID)
	h.settle(mailer.Relayed, noon, b)
	fate := d.take(failed("person1@example.org", "5.2.2"), receipt.ID, "one")
	equal(t, "the receipt", fate.To, mailer.Bounced)
	equal(t, "the duty", h.dutyOf(a.ContactID), mailer.DutyMet)
	equal(t, "the notice", h.state(a.DeliveryID), mailer.Relayed)
}

func TestOneReportBroughtByManyAtOnceCountsOnce(t *testing.T) {
	h := newHouse(t)
	d := newDesk(h)
	a := h.relayed(1, noon.Add(day))[0]
	d.next = failed("person1@example.org", "5.1.1")
	to := []string{d.Tokens.EnvelopeFrom(a.DeliveryID, "b.example")}
	var fates [8]track.ReportFate
	var errs [8]error
	var all sync.WaitGroup
	for i := range fates {
		all.Go(func() {
			fates[i], _, errs[i] = d.Judge(h.ctx, track.Incoming{Door: track.DoorPipe, SentTo: to, Raw: []byte("one")})
		})
	}
	all.Wait()
	first := 0
	for i, f := range fates {
		must(t, errs[i])
		if !f.Replayed {
			first++
		}
	}
	equal(t, "taken in", first, 1)
	equal(t, "figures of bounces", h.figures(noon).Reports["dead_address"], 1)
	equal(t, "duties blocked", h.figures(noon).Blocked[mailer.BlockAddressDead], 1)
}

func TestTwoWorkersThatLookAgainMatchAReportOnce(t *testing.T) {
	h := newHouse(t)
	d := newDesk(h)
	h.people(1, noon.Add(day))
	h.running("first", 0)
	a := h.begin(noon, h.claim(1, noon)...)[0]
	d.take(failed("person1@example.org", "5.1.1"), a.DeliveryID, "one")
	h.settle(mailer.Relayed, noon, a)
	d.at = noon.Add(time.Hour)
	var errs [6]error
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() { _, errs[i] = d.Retry(h.ctx) })
	}
	all.Wait()
	for _, err := range errs {
		must(t, err)
	}
	equal(t, "figures of bounces", h.figures(d.at).Reports["dead_address"], 1)
	equal(t, "reports", h.count(`SELECT count(*) FROM report`), 1)
}

func TestReportsOfAnotherControllersDeliveriesFindNothing(t *testing.T) {
	h := newHouse(t)
	a := h.relayed(1, noon.Add(day))[0]
	d := newDesk(moveIn(t.Context(), t, h.Store, "other"))
	fate := d.take(failed("person1@example.org", "5.1.1"), a.DeliveryID, "one")
	equal(t, "why", fate.Why, track.UnmatchedUnknown)
	equal(t, "the delivery", h.state(a.DeliveryID), mailer.Relayed)
}

func TestAReportSettlesWhatWasUncertain(t *testing.T) { // E2, E5
	h := newHouse(t)
	d := newDesk(h)
	h.people(2, noon.Add(day))
	h.running("first", 0)
	as := h.begin(noon, h.claim(2, noon)...)
	h.settle(mailer.Uncertain, noon, as...)
	d.at = noon.Add(2 * day)
	fate := d.take(track.Report{Kind: track.KindDelivery, Recipients: []track.RecipientReport{{Action: track.ActionDelivered}}}, as[0].DeliveryID, "one")
	equal(t, "its duties", fate.Duty, mailer.DutyMet)
	fate = d.take(failed("", "5.1.1"), as[1].DeliveryID, "two")
	equal(t, "its duties", fate.Duty, mailer.DutyBlocked)
	f := h.figures(d.at)
	equal(t, "handed over", f.ByLanguages["fr"], 2)
	equal(t, "met", f.Duties[mailer.DutyMet], 1)
	equal(t, "met late", f.MetLate, 1)
	equal(t, "in flight", f.Duties[mailer.DutyInFlight], 0)
	n, err := h.Wake(h.ctx, h.controller, noon.Add(9*day), true, 10)
	must(t, err)
	equal(t, "sent again", n, 0)
}

func TestWhatWaitedForLongerThanItsBytesAreKeptIsGivenUp(t *testing.T) { // T4: no worker ran for a month
	h := newHouse(t)
	d := newDesk(h)
	d.next = failed("x@example.org", "5.1.1")
	_, _, err := d.Judge(h.ctx, track.Incoming{Door: track.DoorPipe, Raw: []byte("lost")})
	must(t, err)
	equal(t, "waiting", h.figures(d.at).Unmatched["waiting"], 1)
	d.at = noon.Add(31 * day)
	must(t, d.Forget(h.ctx))
	f := h.figures(d.at)
	equal(t, "waiting for ever", f.Unmatched["waiting"], 0)
	equal(t, "given up", f.Unmatched["given_up"], 1)
	us, err := h.UnmatchedReports(h.ctx, h.controller, 10)
	must(t, err)
	equal(t, "listed", inLine(len(us), us[0].State, us[0].NextTryAt.IsZero()), "1 given_up true")
	equal(t, "bytes", h.count(`SELECT count(*) FROM report_raw`), 0)
}
