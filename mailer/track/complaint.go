package track

import (
	"fmt"
	"strings"

	"article14/mailer"
)

// A complaint (RFC 5965) is the button "this is spam" of a mail program, as the provider of the
// mailbox passes it on. The notice has arrived, so the duty is not touched: it was given (E2). But
// whoever presses that button does not want to be used for more, so use stops at once
// (R5, R9). What it means beyond that is the table's (R10): an objection where the activity
// gives that right, absolute against direct marketing, and with use restricted while it is
// weighed elsewhere; where there is none, such as with consent, a person decides. Nothing is sent to acknowledge it: they have asked for less mail, and did not
// write to us. A wrong one, of a filter that learns by itself, does its subject no harm.
//
// One that nothing proves ends use all the same, but leaves the delivery where it is: else whoever
// knows a Message-ID could have a bounce come too late, and somebody count as told.

// complained is what follows from a complaint.
func complained(by MatchedBy, d ReportedDelivery) Consequence {
	var c Consequence
	switch {
	case d.State == mailer.Relayed, d.State == mailer.Delivered:
		if by.Proven() || by == ByReply {
			c.To = mailer.Complained
		}
	case d.State == mailer.Uncertain && by.Proven(): // that it arrived is news, and has to be proven
		if c.To = mailer.Complained; d.Document == mailer.DocNotice {
			c.Duty = mailer.DutyMet
		}
	case (by.Proven() || by == ByReply) && d.mayHaveArrived(): // whatever becomes of the delivery, they said no
	default:
		return Consequence{}
	}
	if len(d.Identifiers) > 0 { // else they are erased
		c.StopUse = mailer.StopUse(d.Identifiers, "complaint")
		if d.NoObjection {
			c.Alert = &mailer.Alert{Kind: mailer.AlertComplaintNoRight, Subject: d.ContactID.String(), Detail: d.ActivityKey}
		} else {
			c.Object = &mailer.Objection{ContactID: d.ContactID, ActivityKey: d.ActivityKey, Scope: mailer.ObjectToAll, Way: mailer.WayComplaint, DeliveryID: d.ID}
		}
	}
	return c
}

// mayHaveArrived tells whether an attempt may have come through, though the delivery
// counts as on its way or as lost.
func (d ReportedDelivery) mayHaveArrived() bool {
	return d.State == mailer.Uncertain || d.State == mailer.Bounced || (d.State == mailer.Queued || d.State == mailer.Deferred) && d.Attempts > 0
}

// notSpam are the types of feedback that take a complaint back (RFC 5965, 7.3), or say that a
// message did not pass a check (RFC 6591).
var notSpam = []string{"not-spam", "auth-failure"}

// complains tells whether a report of feedback is a complaint.
func complains(feedbackType string) bool {
	for _, t := range notSpam {
		if strings.EqualFold(strings.TrimSpace(feedbackType), t) {
			return false
		}
	}
	return true
}

const (
	// complaintShare is what large providers bear of a sender (law.md section 7): above it they
	// refuse mail to everybody.
	complaintShare = 0.001
	// fewestComplaints is from how many on a share says something.
	fewestComplaints = 3
)

// ComplaintAlert is the alert that so many complaints of so many notices handed over are, or nil.
func ComplaintAlert(campaign mailer.ID, complained, handedOver int64) *mailer.Alert {
	if complained < fewestComplaints || float64(complained) <= complaintShare*float64(handedOver) {
		return nil
	}
	return &mailer.Alert{Kind: mailer.AlertComplaints, Subject: campaign.String(), Detail: fmt.Sprintf("%d of %d notices", complained, handedOver)}
}
