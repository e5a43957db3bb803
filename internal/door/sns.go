package door

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"article14/mailer/track"
)

// How far an SNS message's time may be from our clock. It is signed once, and tried
// again for an hour by default and up to a day by policy; one that is brought by
// somebody else is known by its id and changes nothing.
const (
	snsOldest = 24 * time.Hour
	snsNewest = 5 * time.Minute
)

// snsMessage is what SNS posts, with the names that it signs.
type snsMessage struct {
	Type             string
	MessageID        string `json:"MessageId"`
	TopicArn         string
	Subject          *string
	Message          string
	Timestamp        string
	SignatureVersion string
	Signature        string
	SigningCertURL   string
	SubscribeURL     string
	Token            string
}

const (
	snsNotification = "Notification"
	snsSubscribe    = "SubscriptionConfirmation"
	snsUnsubscribe  = "UnsubscribeConfirmation"
)

// Topic is the SNS topic whose events SES sends us.
type Topic struct {
	ARN    string
	Client *http.Client // fetches certificates and confirms the subscription: NewClient
	Roots  Roots        // who may have signed the certificate; zero: the system's
	// Unsubscribed is told when the subscription has ended: no bounce will be heard of.
	Unsubscribed func(ctx context.Context) error
}

// topicARN is the form of a topic's name; FIFO topics do not serve HTTP.
var topicARN = regexp.MustCompile(`^arn:aws(-cn|-us-gov)?:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}$`)

// SES takes the events of Amazon SES that one SNS topic brings. Each message's
// signature is checked (versions 1 and 2), a subscription is confirmed by itself.
func SES(h House, t Topic) (http.Handler, error) {
	if !topicARN.MatchString(t.ARN) {
		return nil, fmt.Errorf("%q is not the ARN of an SNS topic, arn:aws:sns:REGION:ACCOUNT:NAME", t.ARN)
	}
	certs := &certificates{client: t.Client, roots: t.Roots, now: h.Now}
	return newHook(h, track.DoorSES, []string{"text/plain", "application/json"}, func(r *http.Request, body []byte) ([]track.Incoming, error) {
		m, err := readSNS(body, t.ARN, h.Now())
		if err != nil {
			return nil, err
		}
		if err := m.prove(r.Context(), certs); err != nil {
			return nil, err
		}
		switch m.Type {
		case snsNotification:
			return readSES(m.MessageID, []byte(m.Message))
		case snsSubscribe:
			return nil, t.confirm(r.Context(), h, m.SubscribeURL)
		}
		h.Log.Error("SNS has ended the subscription: no event of SES comes any more", "door", track.DoorSES)
		if err := t.Unsubscribed(r.Context()); err != nil {
			return nil, away("the end of the subscription could not be recorded")
		}
		return nil, nil
	}), nil
}

func away(why string) error {
	return &refusal{http.StatusServiceUnavailable, track.DoorAway, why + ": bring it again"}
}

// readSNS reads a message and looks at what costs nothing.
func readSNS(body []byte, topic string, now time.Time) (snsMessage, error) {
	var m snsMessage
	if err := json.Unmarshal(body, &m); err != nil {
		return m, malformed("the body is no message of SNS; is raw delivery on?")
	}
	switch m.Type {
	case snsNotification, snsSubscribe, snsUnsubscribe:
	default:
		return m, malformed("the type of the SNS message is not known")
	}
	if m.TopicArn != topic {
		return m, &refusal{http.StatusForbidden, track.DoorUnknown, "this topic is not configured here"}
	}
	at, err := time.Parse(time.RFC3339, m.Timestamp)
	if err != nil || now.Sub(at) > snsOldest || at.Sub(now) > snsNewest {
		return m, unproven("the time of the message is not right")
	}
	return m, nil
}

// signed is the text that SNS signs: names and values of some fields, a line each.
func (m snsMessage) signed() []byte {
	var b strings.Builder
	line := func(name, value string) { b.WriteString(name + "\n" + value + "\n") }
	line("Message", m.Message)
	line("MessageId", m.MessageID)
	if m.Type == snsNotification {
		if m.Subject != nil {
			line("Subject", *m.Subject)
		}
	} else {
		line("SubscribeURL", m.SubscribeURL)
	}
	line("Timestamp", m.Timestamp)
	if m.Type != snsNotification {
		line("Token", m.Token)
	}
	line("TopicArn", m.TopicArn)
	line("Type", m.Type)
	return []byte(b.String())
}

// prove checks the signature: version 1 is RSA over SHA-1, version 2 over SHA-256.
func (m snsMessage) prove(ctx context.Context, certs *certificates) error {
	signature, err := base64.StdEncoding.DecodeString(m.Signature)
	if err != nil {
		return unproven("the signature is not base64")
	}
	if !ofSNS(m.SigningCertURL, ".pem") {
		return unproven("the certificate is not SNS's own")
	}
	key, err := certs.key(ctx, m.SigningCertURL)
	if err != nil {
		return err
	}
	switch text := m.signed(); m.SignatureVersion {
	case "1":
		sum := sha1.Sum(text)
		err = rsa.VerifyPKCS1v15(key, crypto.SHA1, sum[:], signature)
	case "2":
		sum := sha256.Sum256(text)
		err = rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature)
	default:
		return unproven("the version of the signature is not known")
	}
	if err != nil {
		return unproven("the signature does not fit")
	}
	return nil
}

var snsHost = regexp.MustCompile(`^sns\.[a-z0-9-]+\.amazonaws\.com(\.cn)?$`)

// ofSNS tells whether an address is one of SNS itself, which alone is ever asked.
func ofSNS(address, ending string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "https" && u.User == nil && snsHost.MatchString(u.Host) && u.Fragment == "" &&
		strings.HasSuffix(u.Path, ending) && (ending == "" || u.RawQuery == "")
}

// confirm subscribes, as SNS asks before it sends anything.
func (t Topic) confirm(ctx context.Context, h House, address string) error {
	u, err := url.Parse(address)
	if err != nil || !ofSNS(address, "") || u.Query().Get("Action") != "ConfirmSubscription" || u.Query().Get("TopicArn") != t.ARN {
		return malformed("the address to confirm the subscription at is not SNS's own")
	}
	if _, err := fetch(ctx, t.Client, address); err != nil {
		h.Log.Error("the subscription to SNS could not be confirmed", "door", track.DoorSES)
		return away("the subscription could not be confirmed")
	}
	h.Log.Info("the subscription to SNS is confirmed", "door", track.DoorSES)
	return nil
}
