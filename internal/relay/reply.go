package relay

import (
	"bufio"
	"bytes"
	"errors"
	"slices"
	"strings"
	"unicode"

	"article14/mailer"
)

// Bounds of a reply. RFC 5321 4.5.3.1.5 has 512 octets for a line; real servers
// say more.
const (
	maxReplyLine  = 2000 // octets, with CRLF
	maxReplyLines = 100
	maxReplySize  = 64 << 10
	maxReplyText  = 200 // characters that are kept
)

// errNonsense leaves out what was said: it may quote anybody.
var errNonsense = errors.New("the relay's answer is no SMTP reply (RFC 5321 4.2), or not one to what was asked")

// scanReply reads one reply within the bounds. Its text is appended to room, a
// line of it behind the other with a line feed between.
func scanReply(r *bufio.Reader, room []byte) (code int, text []byte, err error) {
	size := 0
	for range maxReplyLines {
		line, err := r.ReadSlice('\n')
		if size += len(line); len(line) > maxReplyLine || size > maxReplySize || errors.Is(err, bufio.ErrBufferFull) {
			return 0, room, errNonsense
		}
		if err != nil {
			return 0, room, err
		}
		c, words, last, ok := parseLine(bytes.TrimRight(line, "\r\n"))
		if !ok || code != 0 && c != code {
			return 0, room, errNonsense
		}
		if code != 0 {
			room = append(room, '\n')
		}
		code, room = c, append(room, words...)
		if last {
			return code, room, nil
		}
	}
	return 0, room, errNonsense
}

// parseLine takes "250-text", "250 text" and the bare "250" apart.
func parseLine(line []byte) (code int, text []byte, last, ok bool) {
	if len(line) < 3 {
		return 0, nil, false, false
	}
	for _, c := range line[:3] {
		if c < '0' || c > '9' {
			return 0, nil, false, false
		}
		code = 10*code + int(c-'0')
	}
	if code < 200 || code > 599 {
		return 0, nil, false, false
	}
	if len(line) == 3 {
		return code, nil, true, true
	}
	return code, line[4:], line[3] == ' ', line[3] == ' ' || line[3] == '-'
}

// newReply makes a reply that may be kept, from its lines with line feeds between:
// without control characters, addresses and excess length. An enhanced code of
// another class than the reply's is not believed.
func newReply(code int, said []byte, recipient string) mailer.Reply {
	text := string(said)
	if mayBeKept(text, recipient) {
		enhanced, rest := cutEnhanced(text, code)
		return mailer.Reply{Code: code, Enhanced: enhanced, Text: rest}
	}
	return cleaned(code, text, recipient)
}

// cleaned is newReply for texts that need it.
func cleaned(code int, text, recipient string) mailer.Reply {
	reply := mailer.Reply{Code: code}
	var words []string
	for line := range strings.SplitSeq(text, "\n") {
		enhanced, rest := cutEnhanced(line, code)
		if reply.Enhanced == "" {
			reply.Enhanced = enhanced
		}
		words = append(words, strings.Fields(printable(rest))...)
	}
	text = mailer.MaskAddresses(strings.Join(maskMailbox(words, recipient), " "))
	if r := []rune(text); len(r) > maxReplyText {
		text = string(r[:maxReplyText])
	}
	reply.Text = text
	return reply
}

// cutEnhanced takes off the enhanced code of RFC 3463 that a line of text begins
// with (RFC 2034), if it is of the reply's class: 2, 4 or 5.
func cutEnhanced(line string, code int) (enhanced, rest string) {
	end := strings.IndexAny(line, " \t\n\f\r")
	if end < 0 {
		end = len(line)
	}
	class, detail, ok := strings.Cut(line[:end], ".")
	subject, detail, both := strings.Cut(detail, ".")
	if !ok || !both || len(class) != 1 || class == "3" || int(class[0])-'0' != code/100 || !isPart(subject) || !isPart(detail) {
		return "", line
	}
	return line[:end], strings.TrimLeft(line[end:], " \t\n\f\r")
}

// isPart tells whether a subject or detail is a number of RFC 3463: 0 to 999
// without leading zeros.
func isPart(s string) bool {
	if len(s) < 1 || len(s) > 3 || s[0] == '0' && len(s) > 1 {
		return false
	}
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// mayBeKept tells whether nothing of a text would have to be changed, as is so of
// nearly every reply: it is short and on one line, printable ASCII with single
// blanks, and neither shows an address nor names the mailbox.
func mayBeKept(text, recipient string) bool {
	if len(text) > maxReplyText || strings.HasPrefix(text, " ") || strings.HasSuffix(text, " ") || strings.Contains(text, "  ") {
		return false
	}
	for _, c := range []byte(text) {
		if c < ' ' || c > '~' || c == '@' {
			return false
		}
	}
	name := recipient[:max(0, strings.LastIndexByte(recipient, '@'))]
	if strings.Trim(name, wordMarks) != name || strings.Contains(name, " ") {
		return false // a quoted name, or an odd one
	}
	for word := range strings.SplitSeq(text, " ") {
		if name != "" && strings.EqualFold(strings.Trim(word, wordMarks), name) {
			return false
		}
	}
	return true
}

// printable drops control characters and what is no UTF-8; white space becomes blanks.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case r == unicode.ReplacementChar || !unicode.IsPrint(r):
			return -1
		}
		return r
	}, s)
}

// wordMarks stand around a word without being part of it.
const wordMarks = `<>()[]"'.,:;!`

// maskMailbox masks the recipient's mailbox name where it stands as a word of
// its own: "550 5.1.1 ann.lee... User unknown" has no @ to be known by. Of a
// quoted name with blanks each word is masked.
func maskMailbox(words []string, recipient string) []string {
	at := strings.LastIndexByte(recipient, '@')
	if at < 1 {
		return words
	}
	names := strings.Fields(recipient[:at])
	for i := range names {
		names[i] = strings.Trim(names[i], wordMarks)
	}
	for i, w := range words {
		bare := strings.Trim(w, wordMarks)
		if bare != "" && slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(bare, name) }) {
			words[i] = strings.Replace(w, bare, "[address]", 1)
		}
	}
	return words
}
