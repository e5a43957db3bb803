package door

import (
	"strings"

	"article14/internal/ses"
	"article14/mailer/track"
)

// readSES makes messages of an event of SES, one for each recipient.
func readSES(id string, text []byte) ([]track.Incoming, error) {
	told, err := ses.Read(text)
	if err != nil {
		return nil, malformed(err.Error())
	}
	if len(told.Outcomes) > maxEvents {
		return nil, malformed("the event has too many recipients")
	}
	out := make([]track.Incoming, len(told.Outcomes))
	for i, o := range told.Outcomes {
		e := event{What: string(o.What), EnvelopeFrom: told.Source, MessageID: told.MessageID, Recipient: o.Recipient,
			Status: o.Status, Diagnostic: o.Diagnostic, Feedback: o.Feedback, At: o.At}
		out[i] = e.incoming(track.DoorSES, id, strings.ToLower(o.Recipient))
	}
	return out, nil
}
