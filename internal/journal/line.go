package journal

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"hash/crc32"
	"strconv"
	"time"

	"article14/mailer"
)

// format is the form of these pages; a program leaves those of another alone.
const format = 1

// line is one line of a page as it is read; one of its parts is set.
type line struct {
	Head    *head     `json:"head"`
	Claimed mailer.ID `json:"claimed"` // of this claim attempts may follow
	Ended   mailer.ID `json:"ended"`   // all of it is settled or released
	End     *end      `json:"end"`
}

// head is the first line of each page.
type head struct {
	Format int    `json:"format"`
	Page   int    `json:"page"`
	Boot   string `json:"boot"`
}

// end is a mailer.Settlement as lines carry it.
type end struct {
	Contact  mailer.ID            `json:"contact"`
	Delivery mailer.ID            `json:"delivery"`
	Claim    mailer.ID            `json:"claim"`
	Attempt  mailer.ID            `json:"attempt"`
	To       mailer.DeliveryState `json:"to"`
	At       time.Time            `json:"at"`
	ReadyAt  time.Time            `json:"ready"`
	Stage    mailer.Stage         `json:"stage"`
	Code     int                  `json:"code"`
	Enhanced string               `json:"enhanced"`
	Reply    string               `json:"reply"`
	Class    mailer.ReplyClass    `json:"class"`
	Duty     mailer.DutyState     `json:"duty"`
	Reason   mailer.BlockReason   `json:"reason"`
	Suppress *mailer.Suppression  `json:"suppress"`
	Alert    *mailer.Alert        `json:"alert"`
}

func (e *end) settlement() mailer.Settlement {
	return mailer.Settlement{ContactID: e.Contact, DeliveryID: e.Delivery, ClaimID: e.Claim, AttemptID: e.Attempt, To: e.To, At: e.At, ReadyAt: e.ReadyAt,
		Stage: e.Stage, Code: e.Code, Enhanced: e.Enhanced, Reply: e.Reply, Class: e.Class, Duty: e.Duty, DutyReason: e.Reason,
		Suppress: e.Suppress, Alert: e.Alert}
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sumSize is what stands before the text of a line: its checksum and a blank.
const sumSize = 9

// seal writes the checksum of the line that begins at from, and ends it.
func seal(dst []byte, from int) []byte {
	var sum [4]byte
	binary.BigEndian.PutUint32(sum[:], crc32.Checksum(dst[from+sumSize:], castagnoli))
	hex.Encode(dst[from:], sum[:])
	return append(dst, '\n')
}

const unsealed = "00000000 "

func appendHead(dst []byte, h head) []byte {
	from := len(dst)
	dst = append(dst, unsealed+`{"head":{"format":`...)
	dst = strconv.AppendInt(dst, int64(h.Format), 10)
	dst = append(dst, `,"page":`...)
	dst = strconv.AppendInt(dst, int64(h.Page), 10)
	return seal(append(appendText(dst, "boot", h.Boot), "}}"...), from)
}

// appendClaim says of a claim what: that it is "claimed", or has "ended".
func appendClaim(dst []byte, what string, claim mailer.ID) []byte {
	from := len(dst)
	dst = append(append(dst, unsealed+`{"`...), what...)
	dst = appendHex(append(dst, `":"`...), claim)
	return seal(append(dst, `"}`...), from)
}

// appendEnd writes what encoding/json would, in a third of the time; what is zero is left out.
func appendEnd(dst []byte, s *mailer.Settlement) []byte {
	from := len(dst)
	dst = append(dst, unsealed+`{"end":{"contact":"`...)
	dst = append(appendHex(dst, s.ContactID), '"')
	dst = appendID(dst, "delivery", s.DeliveryID)
	dst = appendID(dst, "claim", s.ClaimID)
	dst = appendID(dst, "attempt", s.AttemptID)
	dst = appendText(dst, "to", string(s.To))
	dst = appendTime(dst, "at", s.At)
	dst = appendTime(dst, "ready", s.ReadyAt)
	dst = appendText(dst, "stage", string(s.Stage))
	if s.Code != 0 {
		dst = strconv.AppendInt(append(dst, `,"code":`...), int64(s.Code), 10)
	}
	dst = appendText(dst, "enhanced", s.Enhanced)
	dst = appendText(dst, "reply", s.Reply)
	dst = appendText(dst, "class", string(s.Class))
	dst = appendText(dst, "duty", string(s.Duty))
	dst = appendText(dst, "reason", string(s.DutyReason))
	if s.Suppress != nil {
		dst = appendRare(dst, "suppress", s.Suppress)
	}
	if s.Alert != nil {
		dst = appendRare(dst, "alert", s.Alert)
	}
	return seal(append(dst, "}}"...), from)
}

func appendName(dst []byte, name string) []byte {
	return append(append(append(dst, `,"`...), name...), `":`...)
}

func appendID(dst []byte, name string, id mailer.ID) []byte {
	if id.IsZero() {
		return dst
	}
	return append(appendHex(append(appendName(dst, name), '"'), id), '"')
}

// appendHex is mailer.ID.String without its copy.
func appendHex(dst []byte, id mailer.ID) []byte {
	dst = hex.AppendEncode(dst, id[:4])
	for _, part := range [...][]byte{id[4:6], id[6:8], id[8:10], id[10:]} {
		dst = hex.AppendEncode(append(dst, '-'), part)
	}
	return dst
}

func appendTime(dst []byte, name string, at time.Time) []byte {
	if at.IsZero() {
		return dst
	}
	return append(at.UTC().AppendFormat(append(appendName(dst, name), '"'), time.RFC3339Nano), '"')
}

func appendText(dst []byte, name, value string) []byte {
	if value == "" {
		return dst
	}
	if !plain(value) {
		return appendRare(dst, name, value)
	}
	return append(append(append(appendName(dst, name), '"'), value...), '"')
}

// plain tells whether a text stands in JSON as it is.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// appendRare writes what is seldom there.
func appendRare(dst []byte, name string, value any) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		panic("journal: " + name + " cannot be written as JSON: " + err.Error()) // texts, numbers, bytes and instants of this age all can
	}
	return append(appendName(dst, name), text...)
}

// parse reads a line without its line feed; false is one that nobody wrote.
func parse(raw []byte) (l line, ok bool) {
	if len(raw) < sumSize || raw[sumSize-1] != ' ' {
		return line{}, false
	}
	var sum [4]byte
	if _, err := hex.Decode(sum[:], raw[:sumSize-1]); err != nil || binary.BigEndian.Uint32(sum[:]) != crc32.Checksum(raw[sumSize:], castagnoli) {
		return line{}, false
	}
	if bytes.IndexByte(raw, '\n') >= 0 || json.Unmarshal(raw[sumSize:], &l) != nil {
		return line{}, false
	}
	return l, l.Head != nil || !l.Claimed.IsZero() || !l.Ended.IsZero() || l.End != nil
}
