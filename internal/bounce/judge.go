package bounce

import (
	"regexp"
	"strconv"
	"strings"

	"article14/mailer"
	"article14/mailer/track"
)

// maxSaid is how many octets of a text are held against the phrases.
const maxSaid = 4000

// Judge says what a failure or a delay means, from what a report gives of one
// recipient and from further words about them. In this order:
//
//  1. phrases that are sure, in the diagnostic;
//  2. the enhanced code, where it says something (RFC 3463, RFC 5248);
//  3. phrases that are sure, in the further words: these are often of the system
//     that reports, and not of the one that refused;
//  4. the SMTP code, where it says something (RFC 5321);
//  5. vague phrases;
//  6. temporary codes and delays; else refused: for a reason that it does not say.
//
// An address is dead only where nothing speaks against it. Words around the reply do that say the
// mailbox to be full or asleep. A reply of class 4 does,
// unless it is 4.1.1 with the words, and was tried to the end. So does a server that
// gives 5.7.z with its words: it may only say so to us; and one that calls the mailbox
// disabled (x.2.1) and unknown at once, unless it answered RCPT. And so does the place of the
// reply: before RCPT it is about us, and a server that had taken the recipient,
// and calls the user unknown when it has seen the message, has the mailbox. Whoever
// is wrongly held to be dead is a person who is never told.
func Judge(r track.RecipientReport, further ...string) mailer.ReplyClass {
	return judge(r, false, further)
}

// judge is Judge; others are those whom the further words may be about.
func judge(r track.RecipientReport, others bool, further []string) mailer.ReplyClass {
	e := evidence{others: others, temporary: r.Action == track.ActionDelayed, detail: detail(r.Status), code: r.Code}
	class := byte('5')
	switch {
	case r.Code/100 == 4 || r.Code/100 == 5:
		class = byte('0' + r.Code/100)
	case r.Status != "":
		class = r.Status[0]
	}
	e.temporary = e.temporary || class == '4'
	e.there = func() bool {
		said := detail(saidFirst(r.Diagnostic))
		return said == "2.1" && !atRCPT.MatchString(r.Diagnostic+"\n"+strings.Join(further, "\n")) || strings.HasPrefix(said, "7.") || notAboutMailbox(r.Diagnostic, further)
	}
	e.lasting = r.Action == track.ActionFailed && e.detail == "1.1"
	return e.judge(plain(r.Diagnostic), further)
}

var (
	// early and late are the words of relays for a reply before RCPT, and behind DATA.
	early = regexp.MustCompile(`(?i)after (?:pipelined )?(?:mail from|helo|ehlo|initial connection)|in reply to (?:mail from|helo|ehlo)|>>> mail from[^\n]*\s+<<< 5|like our (?:mail from|ehlo|helo)|refused to talk to me`)
	late  = regexp.MustCompile(`(?i)in reply to end of data|after end of data|after i sent the message|like our final data|>>> data\s+<<< 5|smtp command\s+data\b|5\.3\.0 - other mail system problem`)
	// atRCPT is said of a reply to the recipient's address.
	atRCPT = regexp.MustCompile(`(?i)\brcpt\b`)
	// pipelined are the words that follow where DATA was refused for want of recipients;
	// Yahoo's servers look for the mailbox only then, and say that delivery failed.
	pipelined = regexp.MustCompile(`(?i)need rcpt|no valid recipients|no recipients|valid rcpt|delivery error`)
)

// notAboutMailbox tells whether the place of a reply says that it is about us, or
// about the message.
func notAboutMailbox(diagnostic string, further []string) bool {
	text := diagnostic + "\n" + strings.Join(further, "\n")
	text = text[:min(len(text), 2*maxSaid)]
	return early.MatchString(text) || late.MatchString(text) && !pipelined.MatchString(text)
}

// evidence is what there is beside the words.
type evidence struct {
	others    bool        // the further words may be about another recipient
	temporary bool        // the codes, or the action, leave hope
	there     func() bool // by its code or its place in the dialogue it need not be about the mailbox
	lasting   bool        // it was temporary by its code, was about the mailbox, and has been given up
	detail    string      // of the enhanced code, without its class: "1.1"
	code      int         // SMTP
}

func (e evidence) judge(diagnostic string, further []string) mailer.ReplyClass {
	if m := meant(sure, diagnostic); m != nil {
		if m.definite {
			return m.class
		}
		return e.unless(further, e.weigh(m.class), m.class)
	}
	if class := e.byDetail(); class != "" {
		return e.unless(further, class, details[e.detail])
	}
	for _, words := range further {
		if m := meant(sure, plain(words)); m != nil && m.definite && !e.others {
			return m.class
		} else if m != nil {
			return e.weigh(m.class)
		}
	}
	if class := e.byCode(); class != "" {
		return class
	}
	for _, words := range append([]string{diagnostic}, further...) {
		// Postfix puts these two words before any reason: alone they say nothing.
		if m := meant(vague, strings.ReplaceAll(plain(words), "address rejected:", "")); m != nil {
			return e.weigh(m.class)
		}
	}
	if e.temporary {
		return mailer.ClassTransient
	}
	return mailer.ClassRefused
}

// unless takes back what is said of a dead address, where the words around it say that the mailbox
// is there: full, or asleep.
func (e evidence) unless(further []string, class, said mailer.ReplyClass) mailer.ReplyClass {
	if said != mailer.ClassDeadAddress || e.others {
		return class
	}
	for _, words := range further {
		if m := meant(sure, plain(words)); m != nil && m.alive {
			return m.class
		}
	}
	return class
}

// weigh holds a class that words say against the codes.
func (e evidence) weigh(class mailer.ReplyClass) mailer.ReplyClass {
	switch {
	case class != mailer.ClassDeadAddress:
		return class
	case e.temporary && !e.lasting:
		return mailer.ClassTransient
	case e.there():
		return mailer.ClassPolicy
	}
	return class
}

// details are the enhanced codes that say something by themselves (RFC 3463, the
// registry of RFC 5248). Those that many systems use for anything (x.0.0, x.2.0,
// x.3.0, x.5.0, ...) are not among them; of x.4.z all but 5.4.4, which many give for a domain
// that does not exist, are about the way there. A disabled mailbox (x.2.1, x.7.13) may be
// there again tomorrow.
var details = map[string]mailer.ReplyClass{
	"1.1": mailer.ClassDeadAddress, "1.2": mailer.ClassDeadAddress, "1.3": mailer.ClassDeadAddress, "1.6": mailer.ClassDeadAddress, "1.10": mailer.ClassDeadAddress,
	"1.7": mailer.ClassPolicy, "1.8": mailer.ClassPolicy, "1.9": mailer.ClassPolicy,
	"2.1": mailer.ClassTransient, "2.2": mailer.ClassMailboxFull, "2.3": mailer.ClassTooLarge, "2.4": mailer.ClassTransient,
	"3.1": mailer.ClassTransient, "3.2": mailer.ClassTransient, "3.4": mailer.ClassTooLarge, "3.5": mailer.ClassTransient,
	"4.4":  mailer.ClassDeadAddress,
	"5.3":  mailer.ClassTransient,
	"7.13": mailer.ClassTransient, "7.17": mailer.ClassDeadAddress,
}

func (e evidence) byDetail() mailer.ReplyClass {
	switch class, known := details[e.detail]; {
	case known && e.temporary && class == mailer.ClassDeadAddress: // without words it may be a check that found no answer
		return mailer.ClassTransient
	case known:
		return e.weigh(class)
	case strings.HasPrefix(e.detail, "4."): // among them those of Microsoft, 5.4.3xx
		return mailer.ClassTransient
	case strings.HasPrefix(e.detail, "6."):
		return mailer.ClassContent
	case e.detail == "7.1" && e.temporary: // greylisted: a first try is put off, whoever it is from
		return mailer.ClassTransient
	case strings.HasPrefix(e.detail, "7."):
		return mailer.ClassPolicy
	}
	return ""
}

// byCode knows the SMTP codes that say something by themselves: storage (552, which
// RFC 5321 4.5.3.1.10 has treated as 452), a host that takes no mail (556, RFC
// 7504), and those that are about our conversation.
func (e evidence) byCode() mailer.ReplyClass {
	switch e.code {
	case 552:
		return mailer.ClassMailboxFull
	case 556:
		return e.weigh(mailer.ClassDeadAddress)
	case 500, 502, 503, 504, 521, 530, 534, 535, 538, 541, 555, 571:
		return mailer.ClassPolicy
	}
	return ""
}

// detail is an enhanced code without its class; "" where it is none.
func detail(status string) string {
	if len(status) < 5 {
		return ""
	}
	return status[2:]
}

var (
	enhanced = regexp.MustCompile(`\b([245])\.(\d{1,3})\.(\d{1,3})\b`)
	// replyCode is a code that stands where replies stand: followed by a blank, a
	// hyphen, a colon or the end, and not part of a longer number or a word.
	replyCode = regexp.MustCompile(`(?:^|[\s:;(\['"<>=,])((?:4[2-7]|5[0-7]|2[125])\d)(?:[\s\-:.,'")\]]|$)`)
)

// reply brings together what a status and a diagnostic say. The diagnostic is what
// the last server said, and the status what another one made of it, often by the
// first digit alone: sendmail calls any 550 a 5.1.1, and that would bury an
// address for a block that is about us. So the enhanced code of a diagnostic wins,
// where it is of the same class.
func reply(status, diagnostic string) (enh string, code int, text string) {
	kind, text, typed := strings.Cut(diagnostic, ";")
	if !typed || strings.ContainsAny(strings.TrimSpace(kind), " <@") {
		typed, text = false, diagnostic
	}
	text = strings.TrimSpace(text)
	if m := wrapped.FindStringSubmatch(text); m != nil {
		text = m[1] + " " + m[2]
	}
	enh = enhanced.FindString(status)
	if said := saidFirst(text); said != "" && !strings.HasSuffix(said, ".0.0") && (enh == "" || said[0] == enh[0]) {
		enh = said
	}
	if !typed || strings.EqualFold(strings.TrimSpace(kind), "smtp") {
		code = codeIn(text)
	}
	if len(text) > maxDiagnostic {
		text = strings.ToValidUTF8(text[:maxDiagnostic], "")
	}
	return enh, code, text
}

// wrapped is how Cisco's gateways give the reply of another server: behind a status
// and words of their own, "5.1.0 - Unknown address error 550-'5.7.1 Access denied'".
var wrapped = regexp.MustCompile(`^[245]\.\d{1,3}\.\d{1,3} - [A-Za-z ]{3,80} ([245]\d\d)-'(.*)`)

// codeIn is the SMTP code of a reply, near its start; 0 if there is none.
func codeIn(text string) int {
	m := replyCode.FindStringSubmatch(text[:min(len(text), 200)])
	if m == nil {
		return 0
	}
	code, _ := strconv.Atoi(m[1])
	return code
}

// maxDiagnostic is how many octets of a diagnostic are kept.
const maxDiagnostic = 500

// saidFirst is the enhanced code near the start of a reply: what stands further
// behind may be a version, or an address of the internet.
func saidFirst(text string) string {
	text = text[:min(len(text), 100)]
	for _, at := range enhanced.FindAllStringIndex(text, -1) {
		after := text[at[1]:]
		before := text[:at[0]]
		if !strings.HasPrefix(after, ".") && !strings.HasSuffix(before, ".") { // 5.1.2.3 is a host
			return text[at[0]:at[1]]
		}
	}
	return ""
}
