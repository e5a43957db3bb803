package bounce

import (
	"strings"

	"article14/internal/ses"
	"article14/mailer/track"
)

// event reads an event of Amazon SES that came by mail, as SNS writes such mails.
func (m message) event(r *track.Report) bool {
	text := strings.TrimSpace(m.text)
	if !strings.HasPrefix(text, "{") {
		return false
	}
	if end := strings.LastIndex(text, "}"); end >= 0 {
		text = text[:end+1]
	}
	for _, s := range []string{text, strings.ReplaceAll(strings.ReplaceAll(text, "\n ", ""), "\n", "")} {
		if readSES([]byte(s), r) {
			return true
		}
	}
	return false
}

// readSES reads an event of SES into a report; false if it is none.
func readSES(b []byte, r *track.Report) bool {
	e, err := ses.Read(b)
	if err != nil || !e.Known {
		return false
	}
	r.Kind = track.KindDelivery
	if e.Complaint {
		r.Kind = track.KindComplaint
	}
	for _, o := range e.Outcomes[:min(len(e.Outcomes), maxRecipients)] {
		rec := track.RecipientReport{Recipient: short(o.Recipient)}
		if e.Complaint {
			r.Feedback = strings.ToLower(short(o.Feedback))
		} else {
			rec.Action = action(string(o.What))
			rec.Status, rec.Code, rec.Diagnostic = reply(o.Status, short(o.Diagnostic))
		}
		if rec.Action == track.ActionFailed || rec.Action == track.ActionDelayed {
			rec.Class = Judge(rec)
		}
		r.Recipients = append(r.Recipients, rec)
	}
	if id := messageID(short(e.MessageID)); id != "" {
		r.MessageID = id
	}
	r.Sender = short(e.Source)
	return true
}

// short makes text of an event fit for keeping.
func short(s string) string { return clip(clean([]byte(s))) }
