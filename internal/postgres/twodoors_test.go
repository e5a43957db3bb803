package postgres

import (
	"log/slog"
	"slices"
	"sync"
	"testing"

	"article14/internal/bounce"
	"article14/mailer"
	"article14/mailer/track"
)

// through brings a message by a door to a desk that reads with internal/bounce.
func (d *desk) through(door string, sentTo []string, raw string) track.ReportFate {
	d.t.Helper()
	d.Read = bounce.Read
	in := track.Incoming{Door: door, MailFrom: "x@elsewhere.example", SentTo: sentTo, Raw: []byte(raw)}
	fate, _, err := d.Judge(d.ctx, in)
	must(d.t, err)
	return fate
}

const hop = "Received: from mx.example by imap.example; Tue, 6 May 2031 12:00:00 +0000\nX-Original-To: somebody@acme.example\n"

func TestAFailureToldByAProviderAndByMailCountsOnce(t *testing.T) { // E3
	for name, doors := range map[string][2]string{"webhook first": {track.DoorSES, track.DoorSMTP}, "mail first": {track.DoorIMAP, track.DoorEvents}} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			d := newDesk(h)
			a := h.relayed(1, noon.Add(day))[0]
			to := []string{d.Tokens.EnvelopeFrom(a.DeliveryID, "b.example")}
			for i, status := range []string{"5.1.1", "5.2.2"} { // and they judge it differently
				d.next = failed("person1@example.org", status)
				_, _, err := d.Judge(h.ctx, track.Incoming{Door: doors[i], SentTo: to, Raw: []byte("told by " + doors[i])})
				must(t, err)
			}
			f := h.figures(noon)
			equal(t, "figures", inLine(f.Reports["dead_address"], f.Reports["mailbox_full"], f.Deliveries[mailer.Bounced], f.Blocked[mailer.BlockAddressDead]), "1 0 1 1")
			equal(t, "both are on record", h.count(`SELECT count(*) FROM report WHERE contact_id = $1`, a.ContactID), 2)
			equal(t, "one counts", h.count(`SELECT count(*) FROM report WHERE counted`), 1)
			h.audited()
		})
	}
}

func TestAnAddressThatTheSecondDoorProvesToBeDeadIsSuppressed(t *testing.T) { // E3
	h := newHouse(t)
	d := newDesk(h)
	as := slices.Concat(h.relayed(1, noon.Add(day)), h.relayed(1, noon.Add(day)))
	d.next = failed("person1@example.org", "5.1.1") // a provider that keeps no envelope sender
	d.next.MessageID = as[0].DeliveryID.String() + "@b.example"
	fate, _, err := d.Judge(h.ctx, track.Incoming{Door: track.DoorEvents, Raw: []byte("by Message-ID")})
	must(t, err)
	equal(t, "by Message-ID", inLine(fate.To, fate.Duty), "bounced blocked")
	equal(t, "suppressed", h.count(`SELECT count(*) FROM suppression`), 0)
	d.take(failed("person2@example.org", "5.2.2"), as[1].DeliveryID, "full, says one")
	again := d.take(failed("person1@example.org", "5.1.1"), as[0].DeliveryID, "by its envelope sender")
	equal(t, "the delivery and its duty stay", inLine(again.To, again.Duty, h.dutyOf(as[0].ContactID)), "  blocked")
	d.take(failed("person2@example.org", "5.1.1"), as[1].DeliveryID, "dead, says another")
	equal(t, "suppressed", h.count(`SELECT count(*) FROM suppression WHERE scope = 'address' AND hash IN ($1, $2)`, address(1).Hash, address(2).Hash), 2)
	equal(t, "failures in figures", h.figures(noon).Reports["dead_address"]+h.figures(noon).Reports["mailbox_full"], 2)
	h.audited()
}

func TestAReportThatComesByTwoDoorsOfMailIsOne(t *testing.T) { // E3
	h := newHouse(t)
	d := newDesk(h)
	a := h.relayed(1, noon.Add(day))[0]
	to := d.Tokens.EnvelopeFrom(a.DeliveryID, "b.example")
	raw := "From: MAILER-DAEMON@mx.example\nTo: " + to + "\nMessage-ID: <r1@mx.example>\nSubject: failure notice\n\n<person1@example.org>: 550 no such user\n"
	equal(t, "by SMTP", d.through(track.DoorSMTP, []string{to}, raw).To, mailer.Bounced)
	equal(t, "by IMAP", d.through(track.DoorIMAP, nil, hop+raw).Replayed, true)
	equal(t, "reports", h.count(`SELECT count(*) FROM report`), 1)
}

func TestAComplaintThatNothingProvesMasksNoBounce(t *testing.T) { // E2, E3, R5
	h := newHouse(t)
	d := newDesk(h)
	as := h.relayed(2, noon.Add(day))
	feedback := func(delivery mailer.ID, more string) string {
		return "From: fbl@provider.example\nMessage-ID: <c1@provider.example>\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=feedback-report; boundary=b\n\n--b\n\na complaint\n\n" +
			"--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nVersion: 1\n\n" + more +
			"--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <" + delivery.String() + "@b.example>\n\n--b--\n"
	}
	unproven := d.through(track.DoorSMTP, nil, feedback(as[0].DeliveryID, ""))
	equal(t, "it finds its delivery, and leaves it", inLine(unproven.DeliveryID == as[0].DeliveryID, unproven.To), "true ")
	equal(t, "but use stops", h.count(`SELECT count(*) FROM objection WHERE contact_id = $1`, as[0].ContactID), 1)
	bounced := d.through(track.DoorSMTP, []string{d.Tokens.EnvelopeFrom(as[0].DeliveryID, "b.example")}, "From: MAILER-DAEMON@mx.example\nSubject: failure notice\n\n<person1@example.org>: 550 no such user\n")
	equal(t, "the bounce", bounced.To, mailer.Bounced)
	equal(t, "the duty", h.dutyOf(as[0].ContactID), mailer.DutyBlocked)

	forged := newDesk(h).Tokens.EnvelopeFrom(as[1].DeliveryID, "b.example") // by other keys
	equal(t, "a forged one", d.through(track.DoorSMTP, []string{forged}, feedback(as[1].DeliveryID, "")).Why, track.UnmatchedForged)
	both := "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; person2@example.org\nAction: failed\nStatus: 5.1.1\n\n"
	same := d.through(track.DoorSMTP, []string{d.Tokens.EnvelopeFrom(as[1].DeliveryID, "b.example")}, feedback(as[1].DeliveryID, both))
	equal(t, "a failure beside a complaint", same.To, mailer.Bounced)
	h.audited()
}

// answering is a desk of p that reads with internal/bounce.
func (p *letterbox) answering() *desk {
	return &desk{house: p.house, at: noon, Reports: track.Reports{Store: p.house.Store, Answers: &p.Answers, Tokens: p.tokens, Controller: p.controller,
		Now: p.Answers.Now, Log: slog.New(slog.DiscardHandler)}}
}

const written = "From: Ann <ann@elsewhere.example>\nMessage-ID: <a1@elsewhere.example>\nSubject: your mail\n\nWhere did you get my address?\n"

func TestAnAnswerThatComesByTwoDoorsIsOneItem(t *testing.T) { // D8, D9
	h, a := told(t)
	p := newLetterbox(h)
	d := p.answering()
	to, err := p.tokens.AnswerTo(a.DeliveryID, "answers.example", mailer.Slots{}, false)
	must(t, err)
	first := d.through(track.DoorSMTP, []string{to}, written)
	equal(t, "by its reply address", first.Answer.By, track.ByReply)
	equal(t, "by a mailbox that does not know whom it was for", d.through(track.DoorIMAP, nil, hop+written).Replayed, true)
	equal(t, "by a mailbox that does", d.through(track.DoorIMAP, []string{to}, hop+written).Replayed, true)
	equal(t, "items", h.count(`SELECT count(*) FROM answer`), 1)
	equal(t, "figures", h.figures(noon).Reports["answer"], 1)

	equal(t, "the same id over other words", d.through(track.DoorIMAP, []string{to}, written+"And stop.\n").Replayed, false)
	equal(t, "the same id of another author", d.through(track.DoorIMAP, []string{to}, "X: y\n"+"From: Ben <ben@elsewhere.example>\n"+written[len("From: Ann <ann@elsewhere.example>\n"):]).Replayed, false)
	equal(t, "items", h.count(`SELECT count(*) FROM answer`), 3)
	h.audited()
}

func TestAnAnswerThatTwoDoorsBringAtOnceIsOneItem(t *testing.T) { // D8
	h, a := told(t)
	p := newLetterbox(h)
	to, err := p.tokens.AnswerTo(a.DeliveryID, "answers.example", mailer.Slots{}, false)
	must(t, err)
	d := p.answering()
	d.Read = bounce.Read
	var all sync.WaitGroup
	var errs [8]error
	for i := range errs {
		in := track.Incoming{Door: []string{track.DoorSMTP, track.DoorIMAP}[i%2], MailFrom: "x@elsewhere.example", SentTo: []string{to}, Raw: []byte([]string{written, hop + written}[i%2])}
		all.Go(func() { _, _, errs[i] = d.Judge(h.ctx, in) })
	}
	all.Wait()
	for _, err := range errs {
		must(t, err)
	}
	equal(t, "items", h.count(`SELECT count(*) FROM answer`), 1)
}

func TestOneAnswerToTwoNoticesIsTwoItems(t *testing.T) { // R5: a no to both is one to both
	h := newHouse(t)
	as := h.relayed(2, noon.Add(day))
	p := newLetterbox(h)
	d := p.answering()
	for _, a := range as {
		to, err := p.tokens.AnswerTo(a.DeliveryID, "answers.example", mailer.Slots{}, false)
		must(t, err)
		equal(t, "replayed", d.through(track.DoorSMTP, []string{to}, written).Replayed, false)
	}
	equal(t, "items", h.count(`SELECT count(*) FROM answer`), 2)
}
