package ses

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// ofMail is what each event says of the message, as Amazon documents it.
const ofMail = `"mail":{"source":"b-ours@bounces.example","timestamp":"2031-05-06T11:58:00.000Z","destination":["ann@one.example"],` +
	`"headers":[{"name":"message-id","value":"<m1@x.example>"}],"commonHeaders":{"messageId":"<of-ses@email.example>"}}`

func at(minute int) time.Time { return time.Date(2031, 5, 6, 11, minute, 0, 0, time.UTC) }

func bounce(kind, sub, recipient string) string {
	return `{"notificationType":"Bounce",` + ofMail + `,"bounce":{"bounceType":"` + kind + `","bounceSubType":"` + sub +
		`","timestamp":"2031-05-06T11:59:00.000Z","bouncedRecipients":[{"emailAddress":"ann@one.example"` + recipient + `}]}}`
}

func complaint(subtype string) string {
	return `{"eventType":"Complaint",` + ofMail + `,"complaint":{"complaintSubType":` + subtype +
		`,"complaintFeedbackType":"fraud","timestamp":"2031-05-06T11:59:00.000Z","complainedRecipients":[{"emailAddress":"ann@one.example"}]}}`
}

func TestAnEventSaysWhatBecameOfAMessage(t *testing.T) { // E3
	failed := func(status, said string) Outcome {
		return Outcome{What: Failed, Recipient: "ann@one.example", Status: status, Diagnostic: said, At: at(59)}
	}
	for name, c := range map[string]struct {
		text string
		want Outcome
	}{
		"a server's reply":           {bounce("Permanent", "General", `,"action":"failed","status":"5.1.1","diagnosticCode":"smtp; 550 5.1.1 no; such user"`), failed("5.1.1", "550 5.1.1 no; such user")},
		"a reply of no known type":   {bounce("Permanent", "General", `,"status":"5.1.1","diagnosticCode":"Amazon; no"`), failed("5.1.1", "Amazon; no")},
		"a status that is none":      {bounce("Permanent", "NoEmail", `,"status":"dead"`), failed("5.1.1", "")},
		"permanent is not yet dead":  {bounce("Permanent", "General", ""), failed("5.0.0", "")},
		"a full mailbox":             {bounce("Transient", "MailboxFull", ""), failed("4.2.2", "")},
		"a kind that is new":         {bounce("Other", "Thing", ""), failed("5.0.0", "")},
		"an out-of-office answer":    {bounce("Transient", "General", ""), Outcome{What: Delayed, Recipient: "ann@one.example", Status: "4.0.0", At: at(59)}},
		"given up in the end":        {bounce("Transient", "General", `,"action":"failed","status":"4.4.7"`), failed("4.4.7", "")},
		"a delay":                    {`{"eventType":"DeliveryDelay",` + ofMail + `,"deliveryDelay":{"timestamp":"2031-05-06T11:59:00Z","delayedRecipients":[{"emailAddress":"ann@one.example","status":"4.4.1"}]}}`, Outcome{What: Delayed, Recipient: "ann@one.example", Status: "4.4.1", At: at(59)}},
		"delivered":                  {`{"notificationType":"Delivery",` + ofMail + `,"delivery":{"timestamp":"2031-05-06T11:59:00Z","recipients":["ann@one.example"],"smtpResponse":"250 taken"}}`, Outcome{What: Delivered, Recipient: "ann@one.example", Status: "2.0.0", Diagnostic: "250 taken", At: at(59)}},
		"SES would not send it":      {`{"eventType":"Reject",` + ofMail + `,"reject":{"reason":"Bad content"}}`, Outcome{What: Failed, Recipient: "ann@one.example", Status: "5.6.0", At: at(58)}},
		"a person's complaint":       {complaint("null"), Outcome{What: Complained, Recipient: "ann@one.example", Feedback: "fraud", At: at(59)}},
		"a complaint of before":      {complaint(`"OnAccountSuppressionList"`), failed("5.0.0", "")},
		"a time that cannot be read": {strings.ReplaceAll(bounce("Permanent", "General", ""), "2031-05-06T11:59:00.000Z", "yesterday"), Outcome{What: Failed, Recipient: "ann@one.example", Status: "5.0.0"}},
	} {
		wrapped, err := json.Marshal(map[string]string{"Type": "Notification", "Message": c.text})
		if err != nil {
			t.Fatal(err)
		}
		for way, text := range map[string][]byte{"bare": []byte(c.text), "from SNS": wrapped} {
			got, err := Read(text)
			if err != nil || !got.Known || got.Source != "b-ours@bounces.example" || got.MessageID != "<m1@x.example>" || got.Complaint != (c.want.What == Complained) {
				t.Errorf("%s, %s: %+v, %v", name, way, got, err)
			}
			if diff := cmp.Diff([]Outcome{c.want}, got.Outcomes); diff != "" {
				t.Errorf("%s, %s: %s", name, way, diff)
			}
		}
	}
}

func TestWhereSESDoesNotShowOurMessageIDItsOwnIsGiven(t *testing.T) {
	got, err := Read([]byte(strings.Replace(bounce("Permanent", "General", ""), `"message-id"`, `"Subject"`, 1)))
	if err != nil || got.MessageID != "<of-ses@email.example>" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestWhatTellsNothingOfAFateHasNoOutcome(t *testing.T) { // nobody is tracked
	for _, text := range []string{`{"eventType":"Open",` + ofMail + `,"open":{"ipAddress":"192.0.2.1"}}`, `{"eventType":"Click"}`, `{}`, `{"Message":"{}"}`} {
		if got, err := Read([]byte(text)); err != nil || got.Known || got.Outcomes != nil {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "{", "[]", `{"Message":"{"}`, `{"notificationType":1}`, "null x"} {
		if _, err := Read([]byte(text)); !errors.Is(err, ErrNoEvent) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
