package bounce

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"article14/mailer"
	"article14/mailer/track"
)

// sesBounce is a notification as Amazon documents it.
const sesBounce = `{"notificationType":"Bounce","bounce":{"bounceType":"Permanent","bounceSubType":"General","bouncedRecipients":[
{"emailAddress":"ann@example.org","action":"failed","status":"5.1.1","diagnosticCode":"smtp; 550 5.1.1 user unknown"},{"emailAddress":"ben@example.org"}]},
"mail":{"source":"b-abcd@bounces.example","headers":[{"name":"Message-ID","value":"<` + ourMessageID + `>"}]}}`

// sesMail is what SNS makes a mail of.
var sesMail = mail("From: no-reply@sns.amazonaws.example\nSubject: AWS Notification Message", envelope(sesBounce))

func envelope(message string) string {
	b, _ := json.Marshal(map[string]string{"Type": "Notification", "Message": message})
	return string(b)
}

func TestAnEventOfAProviderIsRead(t *testing.T) {
	want := []track.RecipientReport{{Recipient: "ann@example.org", Action: track.ActionFailed, Status: "5.1.1", Code: 550, Class: mailer.ClassDeadAddress},
		{Recipient: "ben@example.org", Action: track.ActionFailed, Status: "5.0.0", Class: mailer.ClassRefused}}
	folded := strings.Replace(sesMail, `\"bounce\"`, "\n "+`\"bounce\"`, 1) // as SMTP breaks long lines
	for name, r := range map[string]track.Report{"by mail": Read([]byte(sesMail)), "by mail, folded": Read([]byte(folded)), "by web": viaWeb(t, envelope(sesBounce)), "raw": viaWeb(t, sesBounce)} {
		if diff := cmp.Diff(want, told(r)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if r.Kind != track.KindDelivery || r.MessageID != ourMessageID || r.Sender != ourSender {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

func viaWeb(t *testing.T, body string) (r track.Report) {
	t.Helper()
	if !readSES([]byte(body), &r) {
		t.Fatal("not read")
	}
	return r
}

func TestOtherEventsOfAProviderAreOfTheirKind(t *testing.T) {
	r := viaWeb(t, `{"eventType":"Complaint","complaint":{"complaintFeedbackType":"abuse","complainedRecipients":[{"emailAddress":"ann@example.org"}]}}`)
	if r.Kind != track.KindComplaint || r.Feedback != "abuse" || r.Recipients[0].Recipient != "ann@example.org" {
		t.Errorf("a complaint: %+v", r)
	}
	r = viaWeb(t, `{"notificationType":"Delivery","delivery":{"recipients":["ann@example.org"],"smtpResponse":"250 2.6.0 ok"}}`)
	if r.Kind != track.KindDelivery || r.Recipients[0].Action != track.ActionDelivered || r.Recipients[0].Class != "" {
		t.Errorf("a delivery: %+v", r)
	}
	for _, text := range []string{"", "{", "[]", `{"notificationType":"Open"}`, `{"Message":"{"}`, `{"Message":7}`, `{"notificationType":1}`} {
		if readSES([]byte(text), &track.Report{}) {
			t.Errorf("%q is taken for an event", text)
		}
	}
}

func TestWhatSESMakesItselfIsReadByMailAsAtItsDoor(t *testing.T) { // E2, E3
	for name, c := range map[string]struct {
		event string
		want  track.RecipientReport
	}{
		"an out-of-office answer is no failure": {`{"notificationType":"Bounce","bounce":{"bounceType":"Transient","bounceSubType":"General","bouncedRecipients":[{"emailAddress":"a@example.org"}]}}`,
			track.RecipientReport{Recipient: "a@example.org", Action: track.ActionDelayed, Status: "4.0.0"}},
		"a full mailbox": {`{"notificationType":"Bounce","bounce":{"bounceType":"Transient","bounceSubType":"MailboxFull","bouncedRecipients":[{"emailAddress":"a@example.org"}]}}`,
			track.RecipientReport{Recipient: "a@example.org", Action: track.ActionFailed, Status: "4.2.2", Class: mailer.ClassMailboxFull}},
		"an older complaint, by which nothing was sent": {`{"notificationType":"Complaint","complaint":{"complaintSubType":"OnAccountSuppressionList","complainedRecipients":[{"emailAddress":"a@example.org"}]}}`,
			track.RecipientReport{Recipient: "a@example.org", Action: track.ActionFailed, Status: "5.0.0", Class: mailer.ClassRefused}},
	} {
		r := viaWeb(t, c.event)
		if r.Kind != track.KindDelivery || len(r.Recipients) != 1 || r.Recipients[0].Action != c.want.Action || r.Recipients[0].Status != c.want.Status ||
			c.want.Action == track.ActionFailed && r.Recipients[0].Class != c.want.Class {
			t.Errorf("%s: %+v", name, r)
		}
	}
	r := viaWeb(t, `{"notificationType":"Complaint","complaint":{"complaintFeedbackType":"Not-Spam","complainedRecipients":[{"emailAddress":"a@example.org"}]}}`)
	if v := r.Verdict(); v.Kind != track.KindAutomatic {
		t.Errorf("what is no spam is taken for a complaint: %+v", v)
	}
}

func FuzzReadSES(f *testing.F) {
	f.Add([]byte(sesBounce))
	f.Add([]byte(envelope(sesBounce)))
	f.Add([]byte(`{"eventType":"Complaint","complaint":{"complainedRecipients":[{"emailAddress":"a\u0000\r\n@b"}]}}`))
	f.Add([]byte(`{"notificationType":"Delivery","delivery":{"recipients":["a@b"],"smtpResponse":"250"},"mail":{"source":"\ud800","headers":[{"name":"message-id","value":"<a"}]}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		r := track.Report{ExternalID: make([]byte, 32)}
		if readSES(raw, &r) {
			holds(t, r)
		}
	})
}
