package bounce

import (
	"regexp"
	"slices"
	"strings"

	"article14/mailer/track"
)

// mention is a line of a report that is about one recipient.
type mention struct {
	line int
	addr string
}

const anAddress = `[^\s<>"'(),;:\[\]=*]{1,200}@[^\s<>"'(),;:\[\]]{1,250}|"[^"\r\n]{1,64}"@[^\s<>"'(),;:\[\]]{1,250}`

var (
	addressIn = regexp.MustCompile(`(?:` + anAddress + `)`)
	// listed is a line that begins with an address and is about it: "<ann@x>: host said",
	// "  ann@x", "* ann@x", "ann@x on 4/29/01", "550 <ann@x>... User unknown".
	listed = regexp.MustCompile(`^[\s>*•·|\-]*(?:[45]\d\d[ -](?:[45]\.\d{1,3}\.\d{1,3} )?)?(?:mailto:)?[<\["'(]*(` + anAddress + `)[>\]"')]*\s*(?:$|[:;,(\[<]|\.\.\.|-\s|on \d)`)
	// named is an address behind a word that says whose it is.
	named = regexp.MustCompile(`(?i)\b(?:rcpt to|recipients?|rejected recipient|failed recipients?|final-recipient|original-recipient|address|addresses|user|mailbox|account|to|for|at|destinataires?|empfänger|an|destinatari[oa]s?|para|odbiorca|получател\S*|宛先)\b\s*(?:[:=]|is|was)*\s*(?:rfc822;)?\s*[<\["'(]*(` + anAddress + `)`)
	// ours are addresses of the mail system, or of whoever helps with it.
	ours = regexp.MustCompile(`(?i)^(?:post[-_.]?master|mailer[-_.]?daemon|abuse|support|help(?:desk)?|hostmaster|noc|admin(?:istrator)?|webmaster|no-?reply|root)@`)
)

// inWords reads a delivery report that has no part for machines, or one that says
// nothing.
func (m message) inWords(r *track.Report) {
	if m.fieldsInText(r); len(r.Recipients) > 0 {
		return
	}
	about, action := m.recipients(r.SentTo), m.actionInWords()
	for _, addr := range about[:min(len(about), maxRecipients)] {
		rec := track.RecipientReport{Recipient: addr, Action: action}
		said := segment(m.lines, m.found, addr)
		if heard := transcript(m.lines, addr, len(about) == 1); heard != "" {
			said = heard
		}
		rec.Status, rec.Code, rec.Diagnostic = replyIn(said)
		if rec.Code == 0 && rec.Status == "" && len(about) == 1 {
			if status, code, text := replyIn(m.text); code != 0 || status != "" {
				rec.Status, rec.Code, rec.Diagnostic = status, code, text
			}
		}
		r.Recipients = append(r.Recipients, rec)
	}
}

// fieldsInText reads the fields of RFC 3464 where they stand among the words.
func (m message) fieldsInText(r *track.Report) {
	for i, line := range m.lines {
		switch fieldName(strings.TrimSpace(line)) {
		case "reporting-mta", "final-recipient", "original-recipient", "action":
			var fields strings.Builder
			for _, line := range m.lines[i:] {
				fields.WriteString(strings.TrimSpace(line) + "\n")
			}
			readStatus([]byte(fields.String()), r)
			return
		}
	}
}

// recipients are those that a report is about: by the field that names them (Exim,
// Gmail), by lines that begin with them, by words before them, by any address that
// is neither the mail system's nor ours, by the address of what it returns. With
// none of these the report is about somebody it does not name.
func (m message) recipients(sentTo []string) []string {
	var out []string
	add := func(addr string) {
		if !slices.ContainsFunc(out, func(a string) bool { return strings.EqualFold(a, addr) }) && len(out) < maxRecipients {
			out = append(out, addr)
		}
	}
	notAbout := func(addr string) bool {
		return ours.MatchString(addr) || slices.ContainsFunc(sentTo, func(a string) bool { return strings.EqualFold(a, addr) })
	}
	for _, f := range m.head {
		if strings.EqualFold(f.name, "X-Failed-Recipients") {
			for _, addr := range addressIn.FindAllString(f.value, maxRecipients) {
				add(addr)
			}
		}
	}
	if len(out) > 0 {
		return out
	}
	for _, f := range m.found {
		if !ours.MatchString(f.addr) {
			add(f.addr)
		}
	}
	for _, ways := range []*regexp.Regexp{named, addressIn} {
		for i := 0; i < len(m.lines) && len(out) == 0; i++ {
			if groups := ways.FindStringSubmatch(m.lines[i]); groups != nil {
				if addr := strings.Trim(groups[len(groups)-1], ".'"); !notAbout(addr) {
					add(addr)
				}
			}
		}
	}
	if len(out) == 0 {
		add(firstAddress(m.returned.get("To")))
	}
	return out
}

// mentions are the lines that begin with an address and are about it.
func mentions(lines []string) (out []mention) {
	for i, line := range lines {
		if !strings.Contains(line, "@") {
			continue
		}
		if groups := listed.FindStringSubmatch(line); groups != nil {
			out = append(out, mention{i, strings.TrimRight(groups[1], ".")})
		}
	}
	return out
}

// segment is what a report says of one recipient: from each line about them to
// the next line about somebody else.
func segment(lines []string, found []mention, recipient string) string {
	var out []string
	for i, f := range found {
		if !strings.EqualFold(f.addr, recipient) {
			continue
		}
		end := len(lines)
		if i+1 < len(found) {
			end = found[i+1].line
		}
		out = append(out, lines[f.line:end]...)
	}
	return strings.Join(out, "\n")
}

// transcript is what a server said of a recipient, where the report shows the
// dialogue: ">>> RCPT To:<ann@x>" and the lines with <<< beneath. What was said to
// other commands counts where there was but one recipient, or only hers are at that host.
func transcript(lines []string, recipient string, alone bool) string {
	var about, rest []string
	command, theirs := "", alone
	for _, line := range lines {
		if host := talkingTo.FindStringSubmatch(line); host != nil {
			theirs = alone || atHost(recipient, host[1])
			continue
		}
		if word, sent, ok := strings.Cut(line, ">>>"); ok && len(word) < maxBeforeDialogue {
			command = strings.ToLower(sent)
			continue
		}
		word, reply, ok := strings.Cut(line, "<<<")
		if !ok || len(word) >= maxBeforeDialogue || !refusal.MatchString(reply) {
			continue
		}
		switch {
		case !strings.Contains(command, "rcpt") && theirs:
			rest = append(rest, strings.TrimSpace(reply))
		case recipient != "" && strings.Contains(command, strings.ToLower(recipient)):
			about = append(about, strings.TrimSpace(reply))
		}
	}
	if len(about) == 0 {
		about = rest
	}
	about = about[:min(len(about), maxReplyLines)]
	return strings.Join(about, "\n")
}

// talkingTo is how sendmail says whom a dialogue was with.
var talkingTo = regexp.MustCompile(`(?i)while talking to ([\w.-]+)`)

// atHost tells whether a host's name is that of an address's domain, or in it.
func atHost(addr, host string) bool {
	_, domain, _ := strings.Cut(strings.ToLower(addr), "@")
	host = strings.ToLower(strings.Trim(host, "."))
	return domain != "" && (host == domain || strings.HasSuffix(host, "."+domain))
}

// refusal is a reply that refuses. 503 follows from what was refused before.
var refusal = regexp.MustCompile(`^\s*(?:4\d\d|50[0-24-9]|5[1-9]\d)[ -]`)

const (
	maxReplyLines     = 8
	maxBeforeDialogue = 12 // octets before the marks: "Received <<< 550"
)

// codeLine is a line with a reply in it: a code as servers give it, or an enhanced
// code alone, as qmail writes it (#5.1.1).
var codeLine = regexp.MustCompile(`(?:^|[\s:;(\['"<>=,#])((?:4[2-7]\d|5[0-7]\d)[\s\-:.,'")\]]|[45]\.\d{1,3}\.\d{1,3}\b[^.]|[45]\.\d{1,3}\.\d{1,3}$)`)

// replyStart is a line that begins with a reply's code.
var replyStart = regexp.MustCompile(`^[\s<>]*([245]\d\d)[ -]`)

// another tells whether a line begins another reply than the one before it: with another code.
// The lines of one reply have the same (RFC 5321, 4.2.1).
func another(reply, next string) bool {
	m, first := replyStart.FindStringSubmatch(next), replyStart.FindStringSubmatch(reply)
	return m != nil && first != nil && m[1] != first[1]
}

// replyIn finds the reply of a server in what is said of a recipient.
func replyIn(said string) (status string, code int, diagnostic string) {
	lines := strings.Split(said, "\n")
	for i, line := range lines {
		at := codeLine.FindStringSubmatchIndex(line)
		if at == nil {
			continue
		}
		rest := []string{line[at[2]:]}
		for _, next := range lines[i+1 : min(len(lines), i+maxReplyLines)] {
			if strings.TrimSpace(next) == "" || another(line[at[2]:], next) {
				break
			}
			rest = append(rest, strings.TrimSpace(next))
		}
		text := strings.Join(rest, " ")
		status, code, diagnostic = reply("", text)
		if status == "" || code == 0 { // sendmail and qmail put the one in front and the other behind
			if all := enhanced.FindString(strings.Join(lines[max(0, i-2):min(len(lines), i+3)], " ")); status == "" && (code == 0 || all != "" && int(all[0]-'0') == code/100) {
				status = all
			}
		}
		return status, code, diagnostic
	}
	text := strings.Join(strings.Fields(said), " ")
	return "", 0, strings.ToValidUTF8(text[:min(len(text), maxDiagnostic)], "")
}

var (
	pending = []string{"warning message only", "this is a warning", "not need to resend", "not need to re-send", "not yet been delivered", "still being retried", "temporary failure report", "(delay)", "delivery delayed", "has been delayed", "is delayed for", "delayed mail", "delivery status notification: warning", "will keep trying", "will continue to try", "delivery * delayed", "delay notification", "warning: could not send"}
	arrived = []string{"successfully delivered", "(success)", "delivered successfully", "delivery was successful", "successfully relayed", "successful mail delivery", "delivery notification: delivered", "was delivered to", "has been delivered to", "were delivered"}
)

// actionInWords is what a report in words says was done.
func (m message) actionInWords() track.Action {
	text := plain(decodedWords(m.head.get("Subject")) + ". " + m.text)
	holds := func(phrases []string) bool {
		return slices.ContainsFunc(phrases, func(p string) bool { return says(text, p) })
	}
	switch {
	case holds(pending):
		return track.ActionDelayed
	case holds(arrived) && !holds(failing):
		return track.ActionDelivered
	}
	return track.ActionFailed
}

// firstAddress is the first address in a field's value; "" if it has none.
func firstAddress(value string) string {
	if _, inner, found := strings.Cut(value, "<"); found {
		if addr := addressIn.FindString(inner); addr != "" {
			return addr
		}
	}
	return addressIn.FindString(value)
}
