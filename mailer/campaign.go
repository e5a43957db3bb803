package mailer

import (
	"time"
)

// CampaignState is where a release stands.
type CampaignState string

// States of a campaign.
const (
	CampaignDraft     CampaignState = "draft"
	CampaignFreezing  CampaignState = "freezing" // approved; its audience is being placed, chunk by chunk
	CampaignApproved  CampaignState = "approved"
	CampaignRunning   CampaignState = "running"
	CampaignPaused    CampaignState = "paused"
	CampaignFinished  CampaignState = "finished"
	CampaignCancelled CampaignState = "cancelled"
)

// LaneStates are what a campaign's lanes become with it; a state that is not named
// leaves them as they are.
var LaneStates = map[CampaignState]LaneState{
	CampaignRunning:   LaneOpen,
	CampaignPaused:    LanePaused,
	CampaignFinished:  LaneClosed,
	CampaignCancelled: LaneClosed,
}

// CampaignKind is once, or standing: a standing campaign takes in new duties as they come.
type CampaignKind string

// Kinds of campaigns.
const (
	Once     CampaignKind = "once"
	Standing CampaignKind = "standing"
)

// Campaign is a release of duties by a person.
type Campaign struct {
	ID               ID
	Key              string
	ActivityKey      string
	Kind             CampaignKind
	Filter           Filter
	State            CampaignState
	Pace             int // notices a second; 0: as the relay bears
	CreatedAt        time.Time
	CreatedBy        string
	ContentVersionID ID
	ApprovedAt       time.Time
	ApprovedBy       string
	ApprovedPeople   int64
	FrozenUntil      ID // the last contact placed: freezing goes on behind it
	StartedAt        time.Time
	EndedAt          time.Time
}

// Filter narrows a campaign's audience; empty fields do not.
type Filter struct {
	Sources       []string  `json:"sources,omitempty"`
	Countries     []string  `json:"countries,omitempty"`
	Languages     []string  `json:"languages,omitempty"` // chosen language, after L1
	ObtainedFrom  time.Time `json:"obtained_from,omitzero"`
	ObtainedUntil time.Time `json:"obtained_until,omitzero"`
}

// Candidate is a contact with duties that a campaign may place, and all that
// the decision needs.
type Candidate struct {
	Contact      Contact
	Duties       []Duty        // to be told in one mail: open, failed, or blocked for a reason that may be gone
	Acquisitions []Acquisition // the first from each source, for this activity, ordered by source key
	Addresses    []Channel     // of mail, in the order in which they were added
	Others       []Channel     // postal addresses and telephone numbers
}

// Placement is what was decided for a candidate: a delivery, or a block.
type Placement struct {
	ContactID ID
	DutyIDs   []ID
	Delivery  *PlannedDelivery
	Block     BlockReason
	Detail    string
}

// PlannedDelivery is a delivery about to be queued.
type PlannedDelivery struct {
	ID           ID
	Document     Document
	ContentID    ID // the content version that its skeleton belongs to
	Identifier   ID
	Domain       string      // of its address, if it is mail: it gives the class, and with that the lane
	Channel      ChannelKind // "": mail
	NotBefore    time.Time   // zero: at once
	Languages    string
	LanguageRule string
	Form         string
	SkeletonHash []byte
	Code         string
	DueAt        time.Time
	QuietSince   time.Time // of a receipt: not queued if its address got correspondence since; zero: always queued
	Values       Slots     // of correspondence: all that its first attempt puts in; nil: they are drawn then
}

// ContentVersion is the approved skeletons, bound at approval.
type ContentVersion struct {
	ID                ID
	Hash              []byte
	ActivityKey       string
	RegisterVersionID ID
	Skeletons         []Skeleton
}
