// Package ses reads what Amazon SES tells of a message: JSON as an identity's notification
// (notificationType) or as an event of a configuration set (eventType), with the envelope of SNS
// around it or without. The same JSON comes by webhook and by mail, and means the same. Who sent it
// is for the door to prove. What is not about a delivery's fate (sent, opened, clicked) has no
// outcomes: nobody is tracked here.
package ses

import (
	"cmp"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"time"
)

// Event is what became of one message. Its texts are as SES gave them: unbounded, and not proven.
type Event struct {
	Known     bool   // it is about a delivery's fate
	Complaint bool   // of a person; what SES makes itself of an older one is a failure
	Source    string // the envelope sender that we gave
	MessageID string // ours where SES shows it, else what it says to be the message's; brackets as they came
	Outcomes  []Outcome
}

// Outcome is what became of it for one recipient.
type Outcome struct {
	What       What
	Recipient  string
	Status     string // RFC 3463, of SES where the server gave none; "" of a complaint
	Diagnostic string // the last server's reply, without its type
	Feedback   string // type of a complaint (RFC 5965, 3.1); "" where it gave none
	At         time.Time
}

// What became of a message, in the words of RFC 3464 where it has one.
type What string

// The outcomes.
const (
	Failed     What = "failed"
	Delayed    What = "delayed"
	Delivered  What = "delivered"
	Complained What = "complained"
)

// ErrNoEvent is returned for what is no JSON of such an event.
var ErrNoEvent = errors.New("the message is no event of SES")

// event is the JSON, as far as we use it.
type event struct {
	NotificationType string `json:"notificationType"`
	EventType        string `json:"eventType"`
	Mail             struct {
		Source      string   `json:"source"`
		Timestamp   instant  `json:"timestamp"`
		Destination []string `json:"destination"`
		Headers     []struct {
			Name  string `json:"name"`
			Value string `json:"value"`
		} `json:"headers"`
		CommonHeaders struct {
			MessageID string `json:"messageId"`
		} `json:"commonHeaders"`
	} `json:"mail"`
	Bounce struct {
		Type       string      `json:"bounceType"`
		SubType    string      `json:"bounceSubType"`
		Recipients []recipient `json:"bouncedRecipients"`
		Timestamp  instant     `json:"timestamp"`
	} `json:"bounce"`
	Complaint struct {
		SubType    string      `json:"complaintSubType"`
		Feedback   string      `json:"complaintFeedbackType"`
		Recipients []recipient `json:"complainedRecipients"`
		Timestamp  instant     `json:"timestamp"`
	} `json:"complaint"`
	Delivery struct {
		Recipients []string `json:"recipients"`
		Response   string   `json:"smtpResponse"`
		Timestamp  instant  `json:"timestamp"`
	} `json:"delivery"`
	Delay struct {
		Recipients []recipient `json:"delayedRecipients"`
		Timestamp  instant     `json:"timestamp"`
	} `json:"deliveryDelay"`
}

type recipient struct {
	Address    string `json:"emailAddress"`
	Action     string `json:"action"`
	Status     string `json:"status"`
	Diagnostic string `json:"diagnosticCode"`
}

// instant is a time of SES; zero where it cannot be read: no event is lost for that.
type instant struct{ time.Time }

func (i *instant) UnmarshalJSON(b []byte) error {
	_ = i.Time.UnmarshalJSON(b)
	return nil
}

// Read reads an event; ErrNoEvent if it is none. One that says nothing of a
// delivery's fate is not Known.
func Read(text []byte) (Event, error) {
	var envelope struct{ Message string }
	if json.Unmarshal(text, &envelope) == nil && envelope.Message != "" {
		text = []byte(envelope.Message)
	}
	var e event
	if json.Unmarshal(text, &e) != nil {
		return Event{}, ErrNoEvent
	}
	out := Event{Known: true, Source: e.Mail.Source, MessageID: e.messageID()}
	switch cmp.Or(e.EventType, e.NotificationType) {
	case "Bounce":
		out.Outcomes = e.bounces()
	case "Complaint":
		out.Complaint = e.Complaint.SubType != suppressed
		out.Outcomes = e.complaints()
	case "Delivery":
		for _, to := range e.Delivery.Recipients {
			out.Outcomes = append(out.Outcomes, Outcome{What: Delivered, Recipient: to, Status: "2.0.0", Diagnostic: e.Delivery.Response, At: e.Delivery.Timestamp.Time})
		}
	case "DeliveryDelay":
		for _, r := range e.Delay.Recipients {
			out.Outcomes = append(out.Outcomes, Outcome{What: Delayed, Recipient: r.Address, Status: status(r.Status, "4.0.0"), Diagnostic: r.reply(), At: e.Delay.Timestamp.Time})
		}
	case "Reject", "Rendering Failure": // SES would not send it at all
		for _, to := range e.Mail.Destination {
			out.Outcomes = append(out.Outcomes, Outcome{What: Failed, Recipient: to, Status: "5.6.0", At: e.Mail.Timestamp.Time})
		}
	default:
		return Event{}, nil
	}
	return out, nil
}

// statuses say what a bounce means where SES gives no status, by type and subtype.
// "Permanent" alone is no dead address: SES says so of whatever it will not try again.
var statuses = map[string]string{
	"Permanent/NoEmail": "5.1.1", "Permanent/Suppressed": "5.1.1",
	"Transient/MailboxFull": "4.2.2", "Transient/MessageTooLarge": "5.3.4",
	"Transient/ContentRejected": "5.6.0", "Transient/AttachmentRejected": "5.6.1",
	"Permanent": "5.0.0", "Transient": "4.0.0", "Undetermined": "4.0.0",
}

// bounces are failures. One of the kind Transient/General without a word of the
// receiving server is what SES makes of an out-of-office answer: it is a delay.
func (e event) bounces() (out []Outcome) {
	b := e.Bounce
	kind := b.Type + "/" + b.SubType
	for _, r := range b.Recipients {
		o := Outcome{What: Failed, Recipient: r.Address, Diagnostic: r.reply(), At: b.Timestamp.Time,
			Status: status(r.Status, cmp.Or(statuses[kind], statuses[b.Type], "5.0.0"))}
		nothing := r.Action == "" && r.Status == "" && r.Diagnostic == ""
		if kind == "Transient/General" && nothing || strings.EqualFold(r.Action, string(Delayed)) {
			o.What = Delayed
		}
		out = append(out, o)
	}
	return out
}

// suppressed is the subtype of a complaint that nobody made: SES would not send because of an
// older one, so that nothing was delivered.
const suppressed = "OnAccountSuppressionList"

func (e event) complaints() (out []Outcome) {
	for _, r := range e.Complaint.Recipients {
		o := Outcome{What: Complained, Recipient: r.Address, Feedback: e.Complaint.Feedback, At: e.Complaint.Timestamp.Time}
		if e.Complaint.SubType == suppressed {
			o.What, o.Status, o.Feedback = Failed, "5.0.0", ""
		}
		out = append(out, o)
	}
	return out
}

// messageID is ours: SES puts one of its own into the mail, and shows ours among the
// headers if notifications are set to have them.
func (e event) messageID() string {
	for _, h := range e.Mail.Headers {
		if strings.EqualFold(h.Name, "Message-ID") {
			return h.Value
		}
	}
	return e.Mail.CommonHeaders.MessageID
}

var enhanced = regexp.MustCompile(`^[245]\.\d{1,3}\.\d{1,3}$`)

func status(given, otherwise string) string {
	if enhanced.MatchString(given) {
		return given
	}
	return otherwise
}

// reply is the diagnostic without its type ("smtp; 550 5.1.1 ...").
func (r recipient) reply() string {
	kind, text, typed := strings.Cut(r.Diagnostic, ";")
	if typed && strings.EqualFold(strings.TrimSpace(kind), "smtp") {
		return strings.TrimSpace(text)
	}
	return r.Diagnostic
}
