package deliver

import (
	"errors"

	"article14/mailer"
)

// conclude says what an attempt came to and what follows from it.
func (r *run) conclude(j mailer.Job, a mailer.Attempt, reply mailer.Reply, err error) mailer.Settlement {
	end := j.Settlement(mailer.Relayed, mailer.ClassAccepted, r.Now())
	end.AttemptID, end.Stage = a.ID, mailer.StageDot
	if err != nil {
		var lost *mailer.DeliveryError
		if !errors.As(err, &lost) {
			lost = &mailer.DeliveryError{Stage: mailer.StageConnect, Cause: err}
		}
		end.Stage, reply = lost.Stage, lost.Reply
		end.Class = mailer.Classify(lost)
		end.To = mailer.Next(end.Class).To
	}
	end.Code, end.Enhanced, end.Reply = reply.Code, reply.Enhanced, reply.Text
	r.Log.Debug("attempt", "delivery", end.DeliveryID, "to", end.To, "class", end.Class, "stage", end.Stage,
		"code", end.Code, "enhanced", end.Enhanced, "reply", end.Reply)
	switch end.To {
	case mailer.Relayed:
		r.relayed(j, &end)
	case mailer.Deferred:
		r.deferred(j, a, &end)
	case mailer.Rejected:
		r.rejected(j, &end)
	case mailer.Uncertain:
		r.uncertain(j, a, &end)
	}
	return end
}

// uncertainTries is how many attempts a delivery may have had before one that
// ends uncertain is left to a person: its mailbox may hold several copies already.
const uncertainTries = 3

// uncertain waits longer each time before the same bytes go out again, and in the
// end for a person. A deadline does not pass in silence meanwhile (D8).
func (r *run) uncertain(j mailer.Job, a mailer.Attempt, end *mailer.Settlement) {
	end.ReadyAt = end.At.Add(r.opt.UncertainWait << min(a.Number-1, 10))
	alert := func(kind mailer.AlertKind) {
		end.Alert = &mailer.Alert{Kind: kind, Subject: j.DeliveryID.String(), Detail: string(end.Class)}
	}
	switch {
	case a.Number >= uncertainTries:
		end.ReadyAt = mailer.Never
		alert(mailer.AlertUncertainHeld)
	case end.ReadyAt.After(j.DueAt) && j.Document == mailer.DocNotice:
		alert(mailer.AlertRetryPastDeadline)
	}
}

// relayAway charges the relay's own trouble to nobody.
func (r *run) relayAway(end mailer.Settlement) {
	r.Log.Warn("the relay would not serve; the delivery goes back to the queue", "relay", r.Relay.Name(),
		"delivery", end.DeliveryID, "stage", end.Stage, "code", end.Code, "enhanced", end.Enhanced)
	r.Meter.RelayAway()
	r.breaker.failed()
}

// relayed discharges the duties (E2): it was handed over; a bounce reopens them.
func (r *run) relayed(j mailer.Job, end *mailer.Settlement) {
	if j.Document != mailer.DocNotice {
		return
	}
	end.Duty = mailer.DutyMet
	for _, d := range j.Facts.Duties {
		if !d.ObtainedAt.IsZero() {
			r.Meter.HandedOver(end.At.Sub(d.ObtainedAt), d.Due.At.Sub(end.At))
		}
	}
}

// deferred sets the next try, never past a deadline in silence (D8), or gives up.
func (r *run) deferred(j mailer.Job, a mailer.Attempt, end *mailer.Settlement) {
	first := j.ComposedAt
	if first.IsZero() {
		first = a.BegunAt
	}
	retry := r.opt.Retry
	if end.Class == mailer.ClassMailboxFull {
		retry = r.opt.FullMailbox.until(first, end.At, j.DueAt)
	}
	at, past, ok := retry.Next(a.Number, first, end.At, j.DueAt, r.Jitter())
	if past && j.Document == mailer.DocNotice {
		end.Alert = &mailer.Alert{Kind: mailer.AlertRetryPastDeadline, Subject: j.DeliveryID.String(), Detail: string(end.Class)}
	}
	if !ok {
		end.To = mailer.Rejected
		r.rejected(j, end)
		return
	}
	end.ReadyAt = at
}

// rejected fails the duties, so that the next channel is looked for (E3), and
// suppresses an address that is dead.
func (r *run) rejected(j mailer.Job, end *mailer.Settlement) {
	next := mailer.Next(end.Class)
	if j.Document == mailer.DocNotice {
		end.Duty, end.DutyReason = mailer.DutyFailed, next.Reason
		if end.DutyReason == "" { // deferred until it was given up
			end.DutyReason = mailer.BlockRefused
		}
	}
	if next.Suppress {
		end.Suppress = mailer.DeadAddress(mailer.ByEmail, j.AddressHash, j.AddressKeyID, string(end.Class), end.At)
	}
}
