package bounce

import (
	"bytes"
	"cmp"
	"encoding/json"
	"strings"

	"article14/mailer"
	"article14/mailer/track"
)

// sesEvent is a notification of Amazon SES about a message, as SNS brings it, by
// mail or by web.
type sesEvent struct {
	NotificationType string `json:"notificationType"`
	EventType        string `json:"eventType"`
	Bounce           struct {
		BounceType        string `json:"bounceType"`
		BounceSubType     string `json:"bounceSubType"`
		BouncedRecipients []struct {
			EmailAddress   string `json:"emailAddress"`
			Action         string `json:"action"`
			Status         string `json:"status"`
			DiagnosticCode string `json:"diagnosticCode"`
		} `json:"bouncedRecipients"`
	} `json:"bounce"`
	Complaint struct {
		SubType              string         `json:"complaintSubType"`
		FeedbackType         string         `json:"complaintFeedbackType"`
		ComplainedRecipients []sesRecipient `json:"complainedRecipients"`
	} `json:"complaint"`
	Delivery struct {
		Recipients   []string `json:"recipients"`
		SMTPResponse string   `json:"smtpResponse"`
	} `json:"delivery"`
	Mail struct {
		Source  string `json:"source"`
		Headers []struct {
			Name  string `json:"name"`
			Value string `json:"value"`
		} `json:"headers"`
	} `json:"mail"`
}

type sesRecipient struct {
	EmailAddress string `json:"emailAddress"`
}

// event reads a provider's event that came by mail.
func (m message) event(r *track.Report) bool {
	text := strings.TrimSpace(m.text)
	if !strings.HasPrefix(text, "{") {
		return false
	}
	if end := strings.LastIndex(text, "}"); end >= 0 {
		text = text[:end+1]
	}
	for _, b := range [][]byte{[]byte(text), []byte(strings.ReplaceAll(strings.ReplaceAll(text, "\n ", ""), "\n", ""))} {
		if ReadSES(b, r) {
			return true
		}
	}
	return false
}

// ReadSES reads a notification of Amazon SES into a report, with or without the
// envelope of SNS around it; false if it is none. Who sent it is for the door to prove.
func ReadSES(b []byte, r *track.Report) bool {
	var envelope struct{ Message string }
	if json.Unmarshal(b, &envelope) == nil && envelope.Message != "" {
		b = []byte(envelope.Message)
	}
	var e sesEvent
	if json.Unmarshal(bytes.TrimSpace(b), &e) != nil {
		return false
	}
	switch e.NotificationType + e.EventType {
	case "Bounce":
		e.bounced(r)
	case "Complaint":
		e.complained(r)
	case "Delivery":
		e.delivered(r)
	default:
		return false
	}
	for _, h := range e.Mail.Headers {
		if strings.EqualFold(h.Name, "Message-ID") && len(h.Value) <= maxValue {
			r.MessageID = messageID(clean([]byte(h.Value)))
		}
	}
	r.Sender = short(e.Mail.Source)
	return true
}

func (e sesEvent) bounced(r *track.Report) {
	r.Kind = track.KindDelivery
	for _, b := range e.Bounce.BouncedRecipients[:min(len(e.Bounce.BouncedRecipients), maxRecipients)] {
		rec := track.RecipientReport{Recipient: short(b.EmailAddress), Action: action(b.Action)}
		if rec.Action == "" {
			rec.Action = track.ActionFailed
		}
		kind := e.Bounce.BounceType + "/" + e.Bounce.BounceSubType
		if kind == "Transient/General" && b.Action == "" && b.Status == "" && b.DiagnosticCode == "" {
			rec.Action = track.ActionDelayed // what SES makes of an out-of-office answer
		}
		rec.Status, rec.Code, rec.Diagnostic = reply(short(cmp.Or(b.Status, sesStatuses[kind])), short(b.DiagnosticCode))
		rec.Class = Judge(rec)
		if rec.Class == mailer.ClassRefused && e.Bounce.BounceType == "Transient" {
			rec.Class = mailer.ClassTransient
		}
		r.Recipients = append(r.Recipients, rec)
	}
}

// sesStatuses say what a bounce means where SES gives no status, by type and subtype,
// as at the door of its webhooks.
var sesStatuses = map[string]string{
	"Permanent/NoEmail": "5.1.1", "Permanent/Suppressed": "5.1.1",
	"Transient/MailboxFull": "4.2.2", "Transient/MessageTooLarge": "5.3.4",
	"Transient/ContentRejected": "5.6.0", "Transient/AttachmentRejected": "5.6.1",
}

// complained reads people's complaints. Those that SES makes itself, where it would not
// send because of an older one, are failures: nothing was delivered.
func (e sesEvent) complained(r *track.Report) {
	rec := track.RecipientReport{}
	r.Kind, r.Feedback = track.KindComplaint, strings.ToLower(short(e.Complaint.FeedbackType))
	if e.Complaint.SubType == "OnAccountSuppressionList" {
		r.Kind, r.Feedback = track.KindDelivery, ""
		rec = track.RecipientReport{Action: track.ActionFailed, Status: "5.0.0", Class: mailer.ClassRefused}
	}
	for _, c := range e.Complaint.ComplainedRecipients[:min(len(e.Complaint.ComplainedRecipients), maxRecipients)] {
		rec.Recipient = short(c.EmailAddress)
		r.Recipients = append(r.Recipients, rec)
	}
}

func (e sesEvent) delivered(r *track.Report) {
	r.Kind = track.KindDelivery
	for _, addr := range e.Delivery.Recipients[:min(len(e.Delivery.Recipients), maxRecipients)] {
		rec := track.RecipientReport{Recipient: short(addr), Action: track.ActionDelivered}
		rec.Status, rec.Code, rec.Diagnostic = reply("", short(e.Delivery.SMTPResponse))
		r.Recipients = append(r.Recipients, rec)
	}
}

// short makes text of an event fit for keeping.
func short(s string) string { return clip(clean([]byte(s))) }
