package mailer

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"time"
)

var sessionPart = []byte("session")

// TokenSession is the purpose of a session: what somebody may do who has proved who they are.
const TokenSession TokenPurpose = 's'

// SessionTime is for how long somebody who has proved who they are is believed.
const SessionTime = 30 * time.Minute

// Session is that somebody has proved who they are, for one request of one notice's link.
type Session struct {
	ContactID  ID
	DeliveryID ID // the notice by whose link they came
	RequestID  ID
	Until      time.Time // to the second
}

const sessionBody = 1 + 16 + 16 + 16 + 8

// MakeSession gives the value of a session's cookie: a MAC over all that it is bound to, so
// that nothing of it is stored.
func (t Tokens) MakeSession(s Session) string {
	k, b := t.Keys.Newest(TokenKey), s.body()
	return k.ID + base64.RawURLEncoding.EncodeToString(append(b, sessionSum(k, b)...))
}

// OpenSession gives the session behind a cookie's value while it lasts, or ErrNoSuchLink.
func (t Tokens) OpenSession(value string, now time.Time) (Session, error) {
	if len(value) < 2 || len(value) > 150 || strings.ContainsAny(value, "\r\n") {
		return Session{}, ErrNoSuchLink
	}
	k, known := t.Keys.ByID(TokenKey, value[:1])
	raw, err := base64.RawURLEncoding.Strict().DecodeString(value[1:])
	if !known || err != nil || len(raw) != sessionBody+tokenMAC || !hmac.Equal(raw[sessionBody:], sessionSum(k, raw[:sessionBody])) || TokenPurpose(raw[0]) != TokenSession {
		return Session{}, ErrNoSuchLink
	}
	s := Session{ContactID: ID(raw[1:17]), DeliveryID: ID(raw[17:33]), RequestID: ID(raw[33:49]), Until: time.Unix(int64(binary.BigEndian.Uint64(raw[49:])), 0).UTC()}
	if !now.Before(s.Until) {
		return Session{}, ErrNoSuchLink
	}
	return s, nil
}

func (s Session) body() []byte {
	b := make([]byte, 0, sessionBody+tokenMAC)
	b = append(b, byte(TokenSession))
	b = append(b, s.ContactID[:]...)
	b = append(b, s.DeliveryID[:]...)
	b = append(b, s.RequestID[:]...)
	return binary.BigEndian.AppendUint64(b, uint64(s.Until.Unix()))
}

func sessionSum(k Key, body []byte) []byte { return k.MAC(sessionPart, body)[:tokenMAC] }
