package door

import (
	"cmp"
	"encoding/json"
	"regexp"
	"strings"
	"time"

	"article14/mailer/track"
)

// sesEvent is what SES tells, as an identity's notification (notificationType) or as
// an event of a configuration set (eventType). Only what we use is named.
type sesEvent struct {
	NotificationType string `json:"notificationType"`
	EventType        string `json:"eventType"`
	Mail             struct {
		Source      string    `json:"source"` // the envelope sender that we gave
		Timestamp   time.Time `json:"timestamp"`
		Destination []string  `json:"destination"`
		Headers     []struct {
			Name  string `json:"name"`
			Value string `json:"value"`
		} `json:"headers"`
		CommonHeaders struct {
			MessageID string `json:"messageId"`
		} `json:"commonHeaders"`
	} `json:"mail"`
	Bounce struct {
		Type       string         `json:"bounceType"`
		SubType    string         `json:"bounceSubType"`
		Recipients []sesRecipient `json:"bouncedRecipients"`
		Timestamp  time.Time      `json:"timestamp"`
	} `json:"bounce"`
	Complaint struct {
		SubType    string         `json:"complaintSubType"`
		Feedback   string         `json:"complaintFeedbackType"`
		Recipients []sesRecipient `json:"complainedRecipients"`
		Timestamp  time.Time      `json:"timestamp"`
	} `json:"complaint"`
	Delivery struct {
		Recipients []string  `json:"recipients"`
		Response   string    `json:"smtpResponse"`
		Timestamp  time.Time `json:"timestamp"`
	} `json:"delivery"`
	Delay struct {
		Recipients []sesRecipient `json:"delayedRecipients"`
		Timestamp  time.Time      `json:"timestamp"`
	} `json:"deliveryDelay"`
}

type sesRecipient struct {
	Address    string `json:"emailAddress"`
	Action     string `json:"action"`
	Status     string `json:"status"`
	Diagnostic string `json:"diagnosticCode"`
}

// sesStatuses say what a bounce means where SES gives no status, by type and subtype.
// "Permanent" alone is no dead address: SES says so of whatever it will not try again.
var sesStatuses = map[string]string{
	"Permanent/NoEmail": "5.1.1", "Permanent/Suppressed": "5.1.1",
	"Transient/MailboxFull": "4.2.2", "Transient/MessageTooLarge": "5.3.4",
	"Transient/ContentRejected": "5.6.0", "Transient/AttachmentRejected": "5.6.1",
	"Permanent": "5.0.0", "Transient": "4.0.0", "Undetermined": "4.0.0",
}

// readSES makes messages of an event, one for each recipient. Events that say nothing
// of a delivery's fate (sent, opened, clicked) are none: nobody is tracked here.
func readSES(id string, text []byte) ([]track.Incoming, error) {
	var s sesEvent
	if err := json.Unmarshal(text, &s); err != nil {
		return nil, malformed("the message is no event of SES")
	}
	var found []event
	switch cmp.Or(s.EventType, s.NotificationType) {
	case "Bounce":
		found = s.bounces()
	case "Complaint":
		found = s.complaints()
	case "Delivery":
		for _, to := range s.Delivery.Recipients {
			found = append(found, event{What: eventDelivered, Recipient: to, Status: "2.0.0", Diagnostic: s.Delivery.Response, At: s.Delivery.Timestamp})
		}
	case "DeliveryDelay":
		for _, r := range s.Delay.Recipients {
			found = append(found, event{What: eventDelayed, Recipient: r.Address, Status: status(r.Status, "4.0.0"), Diagnostic: r.reply(), At: s.Delay.Timestamp})
		}
	case "Reject", "Rendering Failure": // SES would not send it at all
		for _, to := range s.Mail.Destination {
			found = append(found, event{What: eventFailed, Recipient: to, Status: "5.6.0", At: s.Mail.Timestamp})
		}
	}
	if len(found) > maxEvents {
		return nil, malformed("the event has too many recipients")
	}
	out := make([]track.Incoming, len(found))
	for i, e := range found {
		e.EnvelopeFrom, e.MessageID = s.Mail.Source, s.messageID()
		out[i] = e.incoming(track.DoorSES, id, strings.ToLower(e.Recipient))
	}
	return out, nil
}

// bounces are failures. One of the kind Transient/General without a word of the
// receiving server is what SES makes of an out-of-office answer: it is recorded as a delay.
func (s sesEvent) bounces() (out []event) {
	b := s.Bounce
	kind := b.Type + "/" + b.SubType
	for _, r := range b.Recipients {
		e := event{What: eventFailed, Recipient: r.Address, Diagnostic: r.reply(), At: b.Timestamp,
			Status: status(r.Status, cmp.Or(sesStatuses[kind], sesStatuses[b.Type], "5.0.0"))}
		if kind == "Transient/General" && r.Action == "" && r.Status == "" && r.Diagnostic == "" {
			e.What = eventDelayed
		}
		out = append(out, e)
	}
	return out
}

// complaints are people's, but for those that SES makes itself where it would not
// send because of an older one: then nothing was delivered.
func (s sesEvent) complaints() (out []event) {
	for _, r := range s.Complaint.Recipients {
		e := event{What: eventComplained, Recipient: r.Address, Feedback: s.Complaint.Feedback, At: s.Complaint.Timestamp}
		if s.Complaint.SubType == "OnAccountSuppressionList" {
			e.What, e.Status = eventFailed, "5.0.0"
		}
		out = append(out, e)
	}
	return out
}

// messageID is ours: SES puts one of its own into the mail, and shows ours among the
// headers if notifications are set to have them.
func (s sesEvent) messageID() string {
	for _, h := range s.Mail.Headers {
		if strings.EqualFold(h.Name, "Message-ID") {
			return h.Value
		}
	}
	return s.Mail.CommonHeaders.MessageID
}

var enhanced = regexp.MustCompile(`^[245]\.\d{1,3}\.\d{1,3}$`)

func status(given, otherwise string) string {
	if enhanced.MatchString(given) {
		return given
	}
	return otherwise
}

// reply is the diagnostic without its type ("smtp; 550 5.1.1 ...").
func (r sesRecipient) reply() string {
	kind, text, typed := strings.Cut(r.Diagnostic, ";")
	if typed && strings.EqualFold(strings.TrimSpace(kind), "smtp") {
		return text
	}
	return r.Diagnostic
}
