package mailer

import "errors"

// Errors that stores give and faces turn into words.
var (
	ErrNoRegister    = errors.New("no register has been applied: run 'article14 register apply FILE' first")
	ErrNoCampaign    = errors.New("no campaign has that key: 'article14 campaign list' shows those there are")
	ErrCampaignState = errors.New("its state does not allow that")
	ErrNoReport      = errors.New("no bytes are kept of that report: it was understood, or its time is over")
	ErrNoContact     = errors.New("no contact has that id")
	ErrNoDuty        = errors.New("no duty has that id: begin with the first page again")
	ErrNoAlert       = errors.New("no open alert has that id: 'article14 alert list' shows those there are")
)

// Remedy says in a few plain words what a campaign's state allows next.
func (s CampaignState) Remedy() string {
	return map[CampaignState]string{
		CampaignDraft:     "preview it, then approve it",
		CampaignFreezing:  "its approval has not come to its end: approve it again, and it goes on, or cancel it",
		CampaignApproved:  "start it or cancel it",
		CampaignRunning:   "pause it or cancel it",
		CampaignPaused:    "resume it or cancel it",
		CampaignFinished:  "it has come to its end: create a new campaign for what is owed still",
		CampaignCancelled: "it was ended for good: create a new campaign for what is owed still",
	}[s]
}
