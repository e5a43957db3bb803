package mailer

import (
	"time"
)

// DutyFilter narrows duties; empty fields do not.
type DutyFilter struct {
	Activity      string        `json:"activity,omitempty"`
	Sources       []string      `json:"sources,omitempty"`
	Countries     []string      `json:"countries,omitempty"`
	States        []DutyState   `json:"states,omitempty"`
	Reasons       []BlockReason `json:"reasons,omitempty"` // of blocked duties
	ObtainedFrom  time.Time     `json:"obtained_from,omitzero"`
	ObtainedUntil time.Time     `json:"obtained_until,omitzero"` // the first instant behind it
	DueBefore     time.Time     `json:"due_before,omitzero"`
}
