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
	AlertUsedAnyway        AlertKind = "used_anyway"         // a person's data were used although the gate refuses it (D6)
	AlertTellingDead       AlertKind = "telling_dead"        // a recipient did not take what it must be told (R7)
	AlertTellingGone       AlertKind = "telling_gone"        // a recipient's system said that its address is gone for good (410)
	AlertTellingWaits      AlertKind = "telling_waits"       // a recipient has not been told for days (R7)
	AlertTellingLapsed     AlertKind = "telling_lapsed"      // nobody told a recipient, and it is too late now (R7, T4)
)

// AlertKinds lists them.
var AlertKinds = []AlertKind{AlertRetryPastDeadline, AlertCannotCompose, AlertUncertainHeld, AlertIdentityConflict, AlertToldWhileSending,
	AlertExemptionReviewed, AlertBouncedPolicy, AlertRestrictedLater, AlertQuarantineDue, AlertCanaryFailed, AlertLanePaused, AlertDoorClosed,
	AlertAnswerDue, AlertComplaints, AlertComplaintNoRight, AlertLettersUnposted, AlertLettersDue, AlertUsedAnyway,
	AlertTellingDead, AlertTellingGone, AlertTellingWaits, AlertTellingLapsed}

// Remedy says what a person should do about an alert; "" for a kind that is not known.
func (k AlertKind) Remedy() string {
	return map[AlertKind]string{
		AlertRetryPastDeadline: "see the replies with 'contact show', mend their cause, or tell them another way",
		AlertCannotCompose:     "see the log under the delivery's id, mend its cause, create a new campaign",
		AlertUncertainHeld:     "ask the relay's log under the Message-ID whether they have it",
		AlertIdentityConflict:  "look at the person with 'contact show': a row named two people",
		AlertToldWhileSending:  "look at the person with 'contact show': they may have been told twice",
		AlertExemptionReviewed: "weigh it again with 'contact exempt', or let the people be told",
		AlertBouncedPolicy:     "a relay refuses us, not the people: 'bounce --list' counts it; check our records (SPF, DKIM, DMARC) with 'doctor'",
		AlertRestrictedLater:   "decide about data that turned out to be restricted",
		AlertQuarantineDue:     "decide before the date, with 'contact tell ID' or 'contact erase ID'",
		AlertCanaryFailed:      "see what came back with 'contact show', mend it, then 'campaign resume KEY' or 'campaign cancel KEY'",
		AlertLanePaused:        "relays refuse us, not the people: see what they say with 'contact show', mend it, then 'campaign resume KEY'",
		AlertDoorClosed:        "subscribe the SNS topic to /hooks/ses/NAME again: until then bounces go unheard",
		AlertAnswerDue:         "answer them before the date, then 'answer close ID'; 'answer show ID' has what they wrote",
		AlertComplaints:        "see whom it goes to and how it reads; 'campaign pause KEY' before providers refuse you",
		AlertComplaintNoRight:  "use has stopped: look with 'contact show' on what it rests, and whether they withdraw their consent, then 'alert settle'",
		AlertLettersUnposted:   "post it and say so with 'letter posted', or put it back with 'letter withdraw'",
		AlertUsedAnyway:        "see what was done with 'contact show', stop whoever does it, and tell the person now",
		AlertLettersDue:        "print them with 'letter batch', post them, and say so with 'letter posted'",
		AlertTellingDead:       "see what its system answers with 'telling list --state dead', mend it, then 'telling retry --recipient KEY'; or 'telling export'",
		AlertTellingGone:       "ask the recipient for its new address, put it into the recipients file, restart, then 'telling retry --recipient KEY'",
		AlertTellingWaits:      "'telling export' for a recipient without a system; for one with, see its address in the recipients file and whether it answers",
		AlertTellingLapsed:     "ask the recipient what it still holds; 'telling list --state lapsed' shows which rights it was not told of",
	}[k]
}
