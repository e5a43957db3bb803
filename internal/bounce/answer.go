package bounce

import (
	"html"
	"mime"
	"net/mail"
	"regexp"
	"strings"

	"article14/mailer"
)

// maxWords is how much of an answer's text is looked at, in octets.
const maxWords = 64 << 10

// letter gathers what matters of a message that is no delivery report.
type letter struct {
	head     header
	words    []string // text parts
	markup   []string // HTML parts, as text
	files    []mailer.Attachment
	feedback header // of a complaint
	returned header
}

// part takes one part of the message in.
func (l *letter) part(p part) {
	named := strings.Contains(strings.ToLower(p.head.get("Content-Disposition")), "attachment")
	switch {
	case p.kind == "message/feedback-report":
		l.feedback, _ = readHeader(p.decoded())
	case named || p.kind != "" && !strings.HasPrefix(p.kind, "text/"):
		if len(l.files) < maxParts {
			l.files = append(l.files, mailer.Attachment{Type: p.kind, Size: len(p.body)})
		}
	case p.kind == "text/html":
		l.markup = append(l.markup, unmarked(string(p.decoded())))
	default:
		l.words = append(l.words, string(p.decoded()))
	}
}

// judge says what sort of message it is.
func (l *letter) judge(r *mailer.Report) {
	switch {
	case l.feedback != nil:
		l.complaint(r)
	case len(r.Recipients) > 0 || l.fromMailSystem():
		r.Kind = mailer.KindDelivery
		return
	case l.fromMachine():
		r.Kind = mailer.KindAutomatic
	default:
		r.Kind = mailer.KindAnswer
		r.Said = l.said()
	}
	if r.MessageID == "" {
		r.MessageID = ourID(l.head.get("In-Reply-To"))
	}
}

// complaint reads a feedback report (RFC 5965).
func (l *letter) complaint(r *mailer.Report) {
	r.Kind, r.Feedback = mailer.KindComplaint, strings.ToLower(l.feedback.get("Feedback-Type"))
	if !mailer.Complains(r.Feedback) {
		r.Kind = mailer.KindAutomatic
	}
	r.Sender = strings.Trim(l.feedback.get("Original-Mail-From"), "<> ")
	if r.Sender == "" {
		r.Sender = strings.Trim(l.returned.get("Return-Path"), "<> ")
	}
	if id := l.feedback.get("Original-Envelope-Id"); r.EnvelopeID == "" {
		r.EnvelopeID = unxtext(id)
	}
}

// fromMailSystem tells whether no person sent it, and no program of one either.
func (l *letter) fromMailSystem() bool {
	from := strings.ToLower(l.author())
	local, _, _ := strings.Cut(from, "@")
	kind, _ := mediaType(l.head)
	return from == "" || local == "mailer-daemon" || local == "postmaster" || local == "mail-daemon" || kind == "multipart/report" ||
		strings.TrimSpace(l.head.get("Return-Path")) == "<>" && !l.fromMachine()
}

// awayWords begin the subjects of automatic replies of programs that do not say so (RFC 3834).
var awayWords = regexp.MustCompile(`(?i)^(auto(matic|matische|matisch|matica|matyczna|mática)?[ -]?(reply|response|antwort|risposta|respuesta|resposta|odpowied)|out of (the )?office|abwesenheit|abwesend|absence|absent|réponse automatique|respuesta automática|risposta automatica|automatisch antwoord|resposta automática|automatyczna odpowiedź|vacation|urlaub)`)

// fromMachine tells whether a program wrote it: an automatic reply, a list (RFC 3834, 2; RFC 2919).
func (l *letter) fromMachine() bool {
	h := l.head
	if auto := strings.ToLower(strings.TrimSpace(h.get("Auto-Submitted"))); auto != "" && !strings.HasPrefix(auto, "no") {
		return true
	}
	for _, name := range []string{"X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Mail-Autoreply", "X-Auto-Response-From", "List-Id", "List-Unsubscribe", "List-Post", "X-Loop", "Feedback-ID"} {
		if h.get(name) != "" {
			return true
		}
	}
	switch strings.ToLower(strings.TrimSpace(h.get("Precedence"))) {
	case "bulk", "junk", "list", "auto_reply", "auto-reply":
		return true
	}
	return awayWords.MatchString(strings.TrimSpace(decodedWords(h.get("Subject"))))
}

// said is what a person wrote, without what they quote.
func (l *letter) said() mailer.Said {
	words := strings.Join(l.words, "\n\n")
	if strings.TrimSpace(words) == "" {
		words = strings.Join(l.markup, "\n\n")
	}
	if len(words) > maxWords {
		words = words[:maxWords]
	}
	return mailer.Said{From: l.author(), Subject: decodedWords(l.head.get("Subject")), Text: unquoted(strings.ToValidUTF8(words, "\uFFFD")), Attachments: l.files}
}

// author is the address of From, or "".
func (l *letter) author() string {
	list, err := mail.ParseAddressList(l.head.get("From"))
	if err != nil || len(list) == 0 {
		found := looseAddress.FindString(l.head.get("From"))
		return found
	}
	return list[0].Address
}

var looseAddress = regexp.MustCompile(`[^\s<>"(),;:]{1,64}@[^\s<>"(),;:]{1,255}`)

var wordDecoder = mime.WordDecoder{}

// decodedWords undoes RFC 2047, as far as it holds good.
func decodedWords(value string) string {
	if decoded, err := wordDecoder.DecodeHeader(value); err == nil {
		return decoded
	}
	return value
}

// ourID is the first Message-ID of a field, without brackets.
func ourID(value string) string {
	value, _, _ = strings.Cut(strings.TrimSpace(value), ">")
	return strings.Trim(value, "<> ")
}

var (
	hiddenMarkup = regexp.MustCompile(`(?is)<(style|script|head|blockquote)\b.*?</(style|script|head|blockquote)\s*>`)
	breakMarkup  = regexp.MustCompile(`(?i)<(br|/p|/div|/tr|/li|/h[1-6])\b[^>]*>`)
	anyMarkup    = regexp.MustCompile(`<[^>]*>`)
)

// unmarked makes text of HTML, without what it quotes.
func unmarked(s string) string {
	if len(s) > 4*maxWords {
		s = s[:4*maxWords]
	}
	s = strings.Join(strings.Fields(hiddenMarkup.ReplaceAllString(s, " ")), " ")
	return html.UnescapeString(anyMarkup.ReplaceAllString(breakMarkup.ReplaceAllString(s, "\n"), ""))
}

var (
	// introduces is the line that stands above what is quoted: somebody, some day, wrote.
	introduces = regexp.MustCompile(`(?i)^(on|am|le|el|il|op|em|w dniu|dnia|den|på|den|kl)\b.{3,300}(wrote|schrieb|a écrit|escribió|ha scritto|schreef|escreveu|napisał\(?a?\)?|pisze|skrev|napsal\(?a?\)?|kirjoitti)(\s*:?|.{0,150}:)\s*$`)
	// original is where mail programs put what they answer beneath.
	original = regexp.MustCompile(`(?i)^(-{2,}|_{5,})\s*(original message|original appointment|ursprüngliche nachricht|message d'origine|message original|mensaje original|messaggio originale|oorspronkelijk bericht|mensagem original|wiadomość oryginalna)?\s*(-{2,}|_{5,})?$`)
	// fields is the header that others put there.
	fields = regexp.MustCompile(`(?i)^\*?(from|von|de|da|van|od|fra|från|lähettäjä)\s?:\*?\s.*@`)
)

// unquoted is a text up to what it quotes, to a signature, or to the mail that stands beneath.
func unquoted(text string) string {
	var out []string
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for i, line := range lines {
		trimmed := strings.TrimSpace(line)
		both := trimmed
		if i+1 < len(lines) { // the introduction is often folded
			both += " " + strings.TrimSpace(lines[i+1])
		}
		if line == "-- " || line == "--" || original.MatchString(trimmed) || fields.MatchString(trimmed) || introduces.MatchString(trimmed) || introduces.MatchString(both) {
			break
		}
		if !strings.HasPrefix(trimmed, ">") {
			out = append(out, line)
		}
	}
	return strings.TrimSpace(strings.Join(out, "\n"))
}
