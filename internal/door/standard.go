package door

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"article14/mailer/track"
)

// eventsTolerance is how far a webhook's timestamp may be from our clock
// (Standard Webhooks 1.0.0, "Timestamp"). Senders sign each try anew.
const eventsTolerance = 5 * time.Minute

// minSecret is what the specification asks of a secret at least, in octets.
const minSecret = 24

// enhanced is a status (RFC 3463).
var enhanced = regexp.MustCompile(`^[245]\.\d{1,3}\.\d{1,3}$`)

// Events takes events of any provider that are signed as Standard Webhooks 1.0.0
// and have the body that docs/events.schema.json describes. A webhook is taken if any
// of the secrets signed it, so that one can be replaced while both are in use.
func Events(h House, secrets []string) (http.Handler, error) {
	keys := make([]*standardwebhooks.Webhook, 0, len(secrets))
	for i, s := range secrets {
		raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(s, "whsec_"))
		if err != nil || len(raw) < minSecret {
			return nil, fmt.Errorf("secret %d for events is not of the form whsec_ and base64 of %d octets or more: make one with 'openssl rand -base64 32'", i+1, minSecret)
		}
		key, err := standardwebhooks.NewWebhookRaw(raw)
		if err != nil {
			return nil, fmt.Errorf("secret %d for events: %w", i+1, err)
		}
		keys = append(keys, key)
	}
	return newHook(h, track.DoorEvents, []string{"application/json"}, func(r *http.Request, body []byte) ([]track.Incoming, error) {
		id := r.Header.Get(standardwebhooks.HeaderWebhookID)
		if err := signedBy(keys, r.Header, body, h.Now()); err != nil {
			return nil, err
		}
		return readEvents(id, body)
	}), nil
}

func signedBy(keys []*standardwebhooks.Webhook, header http.Header, body []byte, now time.Time) error {
	seconds, err := strconv.ParseInt(header.Get(standardwebhooks.HeaderWebhookTimestamp), 10, 64)
	if err != nil || now.Sub(time.Unix(seconds, 0)).Abs() > eventsTolerance {
		return unproven("the timestamp is missing, or more than five minutes from our clock")
	}
	for _, key := range keys {
		if key.VerifyIgnoringTimestamp(body, header) == nil { // looked at above, by our own clock
			return nil
		}
	}
	return unproven("no secret of ours made the signature")
}

// eventBody is docs/events.schema.json.
type eventBody struct {
	Type string `json:"type"`
	Data struct {
		Events []eventItem `json:"events"`
	} `json:"data"`
}

type eventItem struct {
	Event        string    `json:"event"`
	EnvelopeFrom string    `json:"envelope_from"`
	MessageID    string    `json:"message_id"`
	Recipient    string    `json:"recipient"`
	Status       string    `json:"status"`
	Reply        string    `json:"reply"`
	At           time.Time `json:"at"`
}

// eventsType is the only type of body.
const eventsType = "mail.events"

func readEvents(id string, body []byte) ([]track.Incoming, error) {
	var b eventBody
	if err := json.Unmarshal(body, &b); err != nil {
		return nil, malformed("the body is not of the form of docs/events.schema.json")
	}
	switch n := len(b.Data.Events); {
	case b.Type != eventsType:
		return nil, malformed("the type is not " + eventsType)
	case n == 0 || n > maxEvents:
		return nil, malformed(fmt.Sprintf("the body has %d events; 1 to %d may be", n, maxEvents))
	}
	out := make([]track.Incoming, len(b.Data.Events))
	for i, e := range b.Data.Events {
		switch e.Event {
		case eventFailed, eventDelayed, eventDelivered, eventComplained:
		default:
			return nil, malformed(fmt.Sprintf("event %d is none of failed, delayed, delivered, complained", i))
		}
		if e.EnvelopeFrom == "" && e.MessageID == "" {
			return nil, malformed(fmt.Sprintf("event %d has neither envelope_from nor message_id: nothing says which message it is about", i))
		}
		if e.Status != "" && !enhanced.MatchString(e.Status) {
			return nil, malformed(fmt.Sprintf("the status of event %d is not of the form 5.1.1", i))
		}
		out[i] = event{What: e.Event, EnvelopeFrom: e.EnvelopeFrom, MessageID: e.MessageID, Recipient: e.Recipient,
			Status: e.Status, Diagnostic: e.Reply, At: e.At}.incoming(track.DoorEvents, id, strconv.Itoa(i), e.Event, e.EnvelopeFrom, e.MessageID, e.Recipient, e.Status)
	}
	return out, nil
}
