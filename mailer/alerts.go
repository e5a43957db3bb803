package mailer

// AlertKinds says, for each kind of alert, what a person should do about it.
// docs/operations.md says more.
var AlertKinds = map[string]string{
	"retry_past_deadline": "see the replies with 'contact show', mend their cause, or tell them another way",
	"cannot_compose":      "see the log under the delivery's id, mend its cause, create a new campaign",
	"uncertain_held":      "ask the relay's log under the Message-ID whether they have it",
	"identity_conflict":   "look at the person with 'contact show': a row named two people",
	"told_while_sending":  "look at the person with 'contact show': they may have been told twice",
	"exemption_reviewed":  "weigh it again with 'contact exempt', or let the people be told",
	"bounced_policy":      "a relay refuses us, not the people: see what it says, and our records (SPF, DKIM, DMARC)",
	AlertQuarantine:       "decide before the date with 'contact tell ID' or 'contact erase ID'; 'alert list' names them",
	"restricted_later":    "decide about data that turned out to be restricted",
}
