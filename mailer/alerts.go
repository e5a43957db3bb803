package mailer

// AlertKind is what an alert is about. docs/operations.md says more of each.
type AlertKind string

// The kinds of alerts.
const (
	AlertRetryPastDeadline AlertKind = "retry_past_deadline" // the next try lies behind the notice's date (D8)
	AlertCannotCompose     AlertKind = "cannot_compose"      // the approved text and the values do not make a notice (C8)
	AlertUncertainHeld     AlertKind = "uncertain_held"      // it may have arrived, and is not sent again (E5)
	AlertIdentityConflict  AlertKind = "identity_conflict"   // a row has identifiers of two people
	AlertToldWhileSending  AlertKind = "told_while_sending"  // told before, and a notice is in a worker's hands (14(5)(a))
	AlertExemptionReviewed AlertKind = "exemption_reviewed"  // its review has come, and its duties are open again (E4)
	AlertBouncedPolicy     AlertKind = "bounced_policy"      // a notice came back because of our standing (E2)
	AlertRestrictedLater   AlertKind = "restricted_later"    // data turned out to be restricted once a notice was under way (S4)
	AlertQuarantineDue     AlertKind = "quarantine_due"      // quarantined, and its date is near or past (S4, D8)
	AlertCanaryFailed      AlertKind = "canary_failed"       // too much came back of a campaign's first notices
	AlertLanePaused        AlertKind = "lane_paused"         // too many attempts were refused for what we are
	AlertDoorClosed        AlertKind = "door_closed"         // a provider tells us of no bounce any more
	AlertAnswerDue         AlertKind = "answer_due"          // a person's answer is open, and its date is near or past (D8, D9)
	AlertComplaints        AlertKind = "complaints"          // more of a campaign's notices were called spam than providers bear
	AlertComplaintNoRight  AlertKind = "complaint_no_right"  // a complaint where there is no right to object: use has stopped, a person decides (R10)
	AlertLettersUnposted   AlertKind = "letters_unposted"    // a batch of letters lies about
	AlertLettersDue        AlertKind = "letters_due"         // letters wait to be printed, and a date is near (D8)
	AlertErasedUninformed  AlertKind = "erased_uninformed"   // data went before anybody told the person (T3)
	AlertHoldReview        AlertKind = "hold_review"         // a legal hold is to be looked at again (T4)
	AlertUsedAnyway        AlertKind = "used_anyway"         // a person's data were used although the gate refuses it (D6)
)

// AlertKinds lists them.
var AlertKinds = []AlertKind{AlertRetryPastDeadline, AlertCannotCompose, AlertUncertainHeld, AlertIdentityConflict, AlertToldWhileSending,
	AlertExemptionReviewed, AlertBouncedPolicy, AlertRestrictedLater, AlertQuarantineDue, AlertCanaryFailed, AlertLanePaused, AlertDoorClosed,
	AlertAnswerDue, AlertComplaints, AlertComplaintNoRight, AlertLettersUnposted, AlertLettersDue, AlertErasedUninformed, AlertHoldReview, AlertUsedAnyway}

// Remedy says what a person should do about an alert; "" for a kind that is not known.
func (k AlertKind) Remedy() string {
	return map[AlertKind]string{
		AlertRetryPastDeadline: "see the replies with 'contact show', mend their cause, or tell them another way",
		AlertCannotCompose:     "see the log under the delivery's id, mend its cause, create a new campaign",
		AlertUncertainHeld:     "ask the relay's log under the Message-ID whether they have it",
		AlertIdentityConflict:  "look at the person with 'contact show': a row named two people",
		AlertToldWhileSending:  "look at the person with 'contact show': they may have been told twice",
		AlertExemptionReviewed: "weigh it again with 'contact exempt', or let the people be told",
		AlertBouncedPolicy:     "a relay refuses us, not the people: see what it says, and our records (SPF, DKIM, DMARC)",
		AlertRestrictedLater:   "decide about data that turned out to be restricted",
		AlertQuarantineDue:     "decide before the date, with 'contact tell ID' or 'contact erase ID'",
		AlertCanaryFailed:      "see what came back with 'contact show', mend it, then 'campaign resume KEY' or 'campaign cancel KEY'",
		AlertLanePaused:        "relays refuse us, not the people: see what they say with 'contact show', mend it, then 'campaign resume KEY'",
		AlertDoorClosed:        "subscribe the SNS topic to /hooks/ses/NAME again: until then bounces go unheard",
		AlertAnswerDue:         "answer them before the date, then 'answer close ID'; 'answer show ID' has what they wrote",
		AlertComplaints:        "see whom it goes to and how it reads; 'campaign pause KEY' before providers refuse you",
		AlertComplaintNoRight:  "use has stopped: look with 'contact show' on what it rests, and whether they withdraw their consent, then 'alert settle'",
		AlertLettersUnposted:   "post it and say so with 'letter posted', or put it back with 'letter withdraw'",
		AlertErasedUninformed:  "see 'retention report' how late it was, and what had held the notices back; then 'alert settle'",
		AlertHoldReview:        "see whether it is still needed: 'hold release ID', or set another one and then release it",
		AlertUsedAnyway:        "see what was done with 'contact show', stop whoever does it, and tell the person now",
		AlertLettersDue:        "print them with 'letter batch', post them, and say so with 'letter posted'",
	}[k]
}
