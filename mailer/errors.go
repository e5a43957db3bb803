package mailer

import "errors"

// Errors that stores give and faces turn into words.
var (
	ErrNoRegister    = errors.New("no register has been applied: run 'article14 register apply FILE' first")
	ErrNoCampaign    = errors.New("no campaign has that key: 'article14 campaign list' shows those there are")
	ErrCampaignState = errors.New("the campaign is in another state")
	ErrNoContact     = errors.New("no contact has that id")
)
