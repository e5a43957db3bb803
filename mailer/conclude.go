package mailer

import (
	"errors"
)

// conclude says what an attempt came to and what follows from it.
func (r *run) conclude(j Job, a Attempt, reply Reply, err error) Settlement {
	end := j.Settlement(Relayed, ClassAccepted, r.Now())
	end.AttemptID, end.Stage = a.ID, StageDot
	if err != nil {
		var lost *DeliveryError
		if !errors.As(err, &lost) {
			lost = &DeliveryError{Stage: StageConnect, Cause: err}
		}
		end.Stage, reply = lost.Stage, lost.Reply
		end.Class = Classify(lost)
		end.To = Next(end.Class).To
	}
	end.Code, end.Enhanced, end.Reply = reply.Code, reply.Enhanced, reply.Text
	r.Log.Debug("attempt", "delivery", end.DeliveryID, "to", end.To, "class", end.Class, "stage", end.Stage,
		"code", end.Code, "enhanced", end.Enhanced, "reply", end.Reply)
	switch end.To {
	case Relayed:
		r.relayed(j, &end)
	case Deferred:
		r.deferred(j, a, &end)
	case Rejected:
		r.rejected(j, &end)
	case Uncertain:
		r.uncertain(j, a, &end)
	}
	return end
}

// uncertainTries is how many attempts a delivery may have had before one that
// ends uncertain is left to a person: its mailbox may hold several copies already.
const uncertainTries = 3

// uncertain waits longer each time before the same bytes go out again, and in the
// end for a person. A deadline does not pass in silence meanwhile (D8).
func (r *run) uncertain(j Job, a Attempt, end *Settlement) {
	end.ReadyAt = end.At.Add(r.opt.UncertainWait << min(a.Number-1, 10))
	alert := func(kind AlertKind) {
		end.Alert = &Alert{Kind: kind, Subject: j.DeliveryID.String(), Detail: string(end.Class)}
	}
	switch {
	case a.Number >= uncertainTries:
		end.ReadyAt = Never
		alert(AlertUncertainHeld)
	case end.ReadyAt.After(j.DueAt) && j.Document == DocNotice:
		alert(AlertRetryPastDeadline)
	}
}

// relayAway charges the relay's own trouble to nobody.
func (r *run) relayAway(end Settlement) {
	r.Log.Warn("the relay would not serve; the delivery goes back to the queue", "relay", r.Relay.Name(),
		"delivery", end.DeliveryID, "stage", end.Stage, "code", end.Code, "enhanced", end.Enhanced)
	r.Meter.RelayAway()
	r.breaker.failed()
}

// relayed discharges the duties (E2): it was handed over; a bounce reopens them.
func (r *run) relayed(j Job, end *Settlement) {
	if j.Document != DocNotice {
		return
	}
	end.Duty = DutyMet
	for _, d := range j.Facts.Duties {
		if !d.ObtainedAt.IsZero() {
			r.Meter.HandedOver(end.At.Sub(d.ObtainedAt), d.Due.At.Sub(end.At))
		}
	}
}

// deferred sets the next try, never past a deadline in silence (D8), or gives up.
func (r *run) deferred(j Job, a Attempt, end *Settlement) {
	first := j.ComposedAt
	if first.IsZero() {
		first = a.BegunAt
	}
	retry := r.opt.Retry
	if end.Class == ClassMailboxFull {
		retry = r.opt.FullMailbox.until(first, end.At, j.DueAt)
	}
	at, past, ok := retry.Next(a.Number, first, end.At, j.DueAt, r.Jitter())
	if past && j.Document == DocNotice {
		end.Alert = &Alert{Kind: AlertRetryPastDeadline, Subject: j.DeliveryID.String(), Detail: string(end.Class)}
	}
	if !ok {
		end.To = Rejected
		r.rejected(j, end)
		return
	}
	end.ReadyAt = at
}

// rejected fails the duties, so that the next channel is looked for (E3), and
// suppresses an address that is dead.
func (r *run) rejected(j Job, end *Settlement) {
	next := Next(end.Class)
	if j.Document == DocNotice {
		end.Duty, end.DutyReason = DutyFailed, next.Reason
		if end.DutyReason == "" { // deferred until it was given up
			end.DutyReason = BlockRefused
		}
	}
	if next.Suppress {
		end.Suppress = DeadAddress(ByEmail, j.AddressHash, j.AddressKeyID, string(end.Class), end.At)
	}
}
