package bounce

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"article14/mailer/track"
)

var (
	// systems are names under which mail systems write.
	systems = regexp.MustCompile(`(?i)mailer[-_. ]?d(?:a?emon|eamon)|post[-_. ]?master|mail[-_. ]?deliver|delivery[-_. ]?(?:sub|system|status|service|agent)|mail[-_. ]?(?:system|administrator|server|daemon|gateway|service)|(?:system|server)[-_. ]?administrator|smtp[-_. ]?(?:daemon|gateway|server)|mdaemon|post[-_ ]?office|microsoft exchange|mmdf|bounce|@sns\.|returned? mail`)
	// failed are subjects of reports.
	failed = regexp.MustCompile(`(?i)undeliver|delivery (?:status|fail|problem|error|report|notification|has)|deliver(?:y|ed)? (?:delayed|failed)|failure notice|mail(?:ing)? failure|returned? (?:mail|to sender|message)|mail (?:delivery|system error|could not|status)|message (?:status|not delivered|delivery|undeliverable|could not|you sent)|not delivered|could not (?:be delivered|send)|cannot be delivered|error sending|delayed mail|failed mail|rejected|non[- ]?deliver|nondeliverable|permanent delivery|warning: (?:could not|message)|bounced|loop alert|loop back|unix from loop|security alert|not member|non-member|ignored a message|reject mail|could not be sent|mail delivery|delivery failure|transport failure|\bndn\b|\bdsn\b|` +
		`unzustellbar|zustell|nicht (?:zugestellt|übermittelt)|non[- ](?:remis|distribu|délivr)|échec de (?:la )?(?:remise|distribution|livraison)|impossible de (?:remettre|distribuer)|no se (?:pudo|puede|ha podido) entregar|no entregado|error de entrega|mancato recapito|non recapitabile|impossibile (?:recapitare|consegnare)|não (?:foi )?(?:entregue|pôde)|falha na entrega|onbestelbaar|niet (?:bezorgd|afgeleverd)|niedostarcz|nie (?:można|dostarczono)|zwrot|nedoručiteln|nedoručen|kunde inte levereras|olever|kunne ikke leveres|ikke leveret|toimitus epäonnistui|ei voitu toimittaa|nem kézbesíthető|kézbesítés|nelivrat|недоставлен|не доставлено|не может быть доставлен|αδυναμία παράδοσης|teslim edilemedi|配信不能|配送失敗|送信できません`)
	// away are subjects of automatic replies, at their start.
	away = regexp.MustCompile(`(?i)^\s*(?:(?:re|aw|sv|antw|odp|vs|ynt)\s*:\s*)?(?:out[- ]of[- ](?:the[- ])?office|auto(?:mat(?:ic|ed))?[-: ]{0,2}(?:reply|response|answer)|auto(?:reply|responder)|\(?auto(?:matic)?\)?:|vacation (?:reply|message|notice)|i am (?:away|out of|on)|away from|abwesenheit|automatische (?:antwort|abwesenheit)|abwesend|réponse automatique|absence (?:du|de|au)|message d'absence|absent|respuesta automática|fuera de (?:la )?oficina|ausente|risposta automatica|fuori (?:sede|ufficio)|assente|resposta automática|ausência|fora do escritório|automatisch antwoord|afwezig|autosvar|automatiskt svar|automatisk svar|frånvaro|fravær|ikke på kontoret|automaattinen vastaus|poissa|autoodpowiedź|automatyczna odpowiedź|odpowiedź automatyczna|nieobecn|automatická odpověď|mimo kancelář|automatická odpoveď|automatikus válasz|házon kívül|răspuns automat|автоматич\S+ (?:ответ|отговор|відповідь)|автоответ|αυτόματη απάντηση|otomatik yanıt|automatinis atsakymas|automātiskā atbilde|automaatvastus|automatski odgovor|samodejni odgovor|freagra uathoibríoch|risposta awtomatika|自動(?:返信|応答))`)
)

// failing are words by which reports in plain words say that something failed.
var failing = []string{"not be delivered", "not delivered", "undeliver", "delivery failed", "delivery has failed", "delivery * failed", "deliver * failed", "delivery failure", "delivery error", "delivery aborted", "did not reach", "not be reached", "could not be sent", "could not deliver", "cannot deliver", "unable to deliver", "wasn't able to deliver", "was not able to deliver", "weren't able to deliver", "were unable to deliver", "trouble delivering", "error * delivering", "problem delivering", "error sending", "returned to sender", "returned to you", "permanent error", "permanent failure", "fatal error", "was aborted", "was rejected", "rejected recipient", "rcpt to", "has been rejected", "not yet been delivered", "has been delayed", "is delayed", "failed recipient", "could not post", "bounced", "non delivery", "non-delivery", "failed to deliver", "failed to send", "error message below", "mail could not",
	"zugestellt werden", "unzustellbar", "n'a pas pu", "n'ont pas pu", "non remis", "n'a pu etre", "no se pudo", "no se ha podido", "no ha podido", "no pudo ser", "impossibile recapitare", "non e stato possibile", "non e stato recapitato", "nao foi entregue", "nao pode ser", "nao foi possivel", "niet worden", "niet afgeleverd", "nie mogla", "nie moze", "nie zostala", "kunde inte", "kunne ikke", "ei voitu", "nem sikerult", "nem lehet", "nu a putut", "nelze dorucit", "nebylo mozne", "не может быть", "не удалось", "не доставлен", "δεν ηταν δυνατη", "teslim edilemedi", "aucune remise", "できませんでした"}

// fromMailSystem tells whether a message is a mail system's report in words, or one
// whose part for machines says nothing. A person may write about a failure too, and
// a machine may answer with such words in its quotes: so two signs are asked for,
// or one that none but mail systems give.
func (m message) fromMailSystem() bool {
	subject := decodedWords(m.head.get("Subject"))
	if away.MatchString(subject) {
		return false
	}
	if m.report == "delivery-status" || m.head.get("X-Failed-Recipients") != "" {
		return true
	}
	from := decodedWords(m.head.get("From"))
	system := systems.MatchString(from) || from == "" && strings.TrimSpace(m.head.get("Return-Path")) == "<>"
	system = system || m.head.get("X-MLServer") != "" // alerts of list servers
	subjectSays := failed.MatchString(subject)
	text := plain(m.text)
	textSays := slices.ContainsFunc(failing, func(p string) bool { return says(text, p) })
	switch {
	case system && (subjectSays || textSays):
		return true
	case subjectSays && textSays, textSays && m.returned != nil && !m.quotes():
		return true
	case system:
		_, code, _ := replyIn(m.text)
		return code != 0 || meant(sure[:len(sure)-1], text) != nil && strings.Contains(text, "@")
	}
	return false
}

// quotes tells whether the message answers another, as programs of people do.
func (m message) quotes() bool {
	return m.head.get("References") != "" || m.head.get("In-Reply-To") != ""
}

// fromMachine tells whether a message is an automatic reply (RFC 3834, 2 and 5), or
// of a list. A person's answer that is taken for one is an objection lost, so that
// a subject alone must begin with the words of such replies.
func (m message) fromMachine() bool {
	if v := strings.ToLower(m.head.get("Auto-Submitted")); v != "" && !strings.HasPrefix(v, "no") {
		return true
	}
	for _, name := range []string{"X-Autoreply", "X-Auto-Reply", "X-Autorespond", "X-AutoReply-From", "X-Mail-Autoreply", "X-Autogenerated", "X-Vacation", "X-Autoresponder", "X-FC-Autoreply", "List-Id"} {
		if v := strings.ToLower(m.head.get(name)); v != "" && v != "no" && v != "false" {
			return true
		}
	}
	switch strings.ToLower(m.head.get("Precedence")) {
	case "bulk", "junk", "auto_reply", "auto-reply", "list":
		return true
	}
	return strings.TrimSpace(m.head.get("Return-Path")) == "<>" || away.MatchString(decodedWords(m.head.get("Subject")))
}

// complaint reads a feedback report (RFC 5965), those of Hotmail that are none, and
// the mails by which programs unsubscribe for their users (RFC 2369).
func (m message) complaint(r *track.Report) bool {
	switch {
	case m.fails(): // whoever complains of what failed as well masks no failure
		return false
	case m.feedback != nil:
		m.readFeedback(r)
	case m.returned.get("X-HmXmrOriginalRecipient") != "" || m.head.get("X-HmXmrOriginalRecipient") != "":
		r.Feedback = "abuse"
		r.Recipients = []track.RecipientReport{{Recipient: firstAddress(m.returned.get("X-HmXmrOriginalRecipient") + m.head.get("X-HmXmrOriginalRecipient"))}}
	case m.fromMachine() && !m.fromMailSystem() && strings.EqualFold(strings.TrimSpace(decodedWords(m.head.get("Subject"))), "unsubscribe"):
		r.Feedback = "opt-out"
		r.Recipients = []track.RecipientReport{{Recipient: firstAddress(m.head.get("From"))}}
	default:
		return false
	}
	r.Kind = track.KindComplaint
	return true
}

// fails tells whether the parts for machines say that something failed.
func (m message) fails() bool {
	var r track.Report
	for _, status := range m.status {
		readStatus(status, &r)
	}
	return slices.ContainsFunc(r.Recipients, func(rec track.RecipientReport) bool { return rec.Action == track.ActionFailed })
}

// readFeedback reads the fields of RFC 5965, 3. Recipients may be left out, or blacked.
func (m message) readFeedback(r *track.Report) {
	fields, _ := readHeader(bytes.TrimLeft(m.feedback, "\r\n"))
	kind, _, _ := strings.Cut(strings.ToLower(fields.get("Feedback-Type")), ";")
	r.Feedback = strings.TrimSpace(kind)
	if r.Sender == "" {
		r.Sender = firstAddress(fields.get("Original-Mail-From"))
	}
	if id := fields.get("Original-Envelope-Id"); id != "" {
		r.EnvelopeID = unxtext(id)
	}
	for _, f := range fields {
		switch strings.ToLower(f.name) {
		case "original-rcpt-to", "removal-recipient", "redacted-address":
			addr := firstAddress(f.value)
			if addr != "" && len(r.Recipients) < maxRecipients && !slices.ContainsFunc(r.Recipients, func(x track.RecipientReport) bool { return strings.EqualFold(x.Recipient, addr) }) {
				r.Recipients = append(r.Recipients, track.RecipientReport{Recipient: addr})
			}
		}
	}
	if len(r.Recipients) == 0 {
		if addr := firstAddress(m.returned.get("To")); addr != "" {
			r.Recipients = []track.RecipientReport{{Recipient: addr}}
		}
	}
}
