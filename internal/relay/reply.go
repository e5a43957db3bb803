package relay

import (
	"bufio"
	"errors"
	"regexp"
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

// readReply reads one reply within the bounds. The text has addresses masked,
// and mentions of the given recipient.
func readReply(r *bufio.Reader, recipient string) (mailer.Reply, error) {
	var code, size int
	var texts []string
	for range maxReplyLines {
		line, err := r.ReadSlice('\n')
		if size += len(line); len(line) > maxReplyLine || size > maxReplySize || errors.Is(err, bufio.ErrBufferFull) {
			return mailer.Reply{}, errNonsense
		}
		if err != nil {
			return mailer.Reply{}, err
		}
		c, text, last, ok := parseLine(strings.TrimRight(string(line), "\r\n"))
		if !ok || code != 0 && c != code {
			return mailer.Reply{}, errNonsense
		}
		code, texts = c, append(texts, text)
		if last {
			return newReply(code, texts, recipient), nil
		}
	}
	return mailer.Reply{}, errNonsense
}

// parseLine takes "250-text", "250 text" and the bare "250" apart.
func parseLine(line string) (code int, text string, last, ok bool) {
	if len(line) < 3 {
		return 0, "", false, false
	}
	for _, c := range []byte(line[:3]) {
		if c < '0' || c > '9' {
			return 0, "", false, false
		}
		code = 10*code + int(c-'0')
	}
	if code < 200 || code > 599 {
		return 0, "", false, false
	}
	if len(line) == 3 {
		return code, "", true, true
	}
	return code, line[4:], line[3] == ' ', line[3] == ' ' || line[3] == '-'
}

// enhancedCode is that of RFC 3463 at the start of a line of text (RFC 2034).
var enhancedCode = regexp.MustCompile(`^([245])\.(?:0|[1-9][0-9]{0,2})\.(?:0|[1-9][0-9]{0,2})(?:\s+|$)`)

// newReply makes a reply that may be kept: without control characters,
// addresses and excess length. An enhanced code of another class than the
// reply's is not believed.
func newReply(code int, texts []string, recipient string) mailer.Reply {
	reply := mailer.Reply{Code: code}
	words := make([]string, 0, len(texts))
	for _, text := range texts {
		if m := enhancedCode.FindString(text); m != "" && int(m[0]-'0') == code/100 {
			if reply.Enhanced == "" {
				reply.Enhanced = strings.TrimSpace(m)
			}
			text = text[len(m):]
		}
		words = append(words, strings.Fields(printable(text))...)
	}
	text := mailer.MaskAddresses(strings.Join(maskMailbox(words, recipient), " "))
	if r := []rune(text); len(r) > maxReplyText {
		text = string(r[:maxReplyText])
	}
	reply.Text = text
	return reply
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
