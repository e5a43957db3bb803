package compose

import (
	"article14/mailer"
)

// requestKinds are what a person asks for, in the order in which they are written.
var requestKinds = []mailer.RequestKind{"access", "rectification", "erasure", "restriction", "withdrawal", "portability", "objection", "question"}

// keptKinds are why something stays after an erasure, beside what always does.
var keptKinds = []mailer.Kept{mailer.KeptByLaw, mailer.KeptForClaims}

// correspondence writes what goes to a person about their rights (Art. 12(3), 12(4), 18(3),
// 19). Each document says first what happened, then what follows, then what the person
// need do; and ends with who writes, where to complain, and what to do if it was not them.
func (w *writer) correspondence(d mailer.Document) {
	write, known := map[mailer.Document]func(){
		mailer.DocCode: w.codeMail, mailer.DocRequestReceipt: w.requestReceipt, mailer.DocExtension: w.extension, mailer.DocAnswer: w.answer,
		mailer.DocRefusal: w.refusal, mailer.DocRestrictionEnd: w.restrictionEnd, mailer.DocObjectLink: w.objectLink,
		mailer.DocTakebackReceipt: w.takebackReceipt, mailer.DocErasureReceipt: w.erasureReceipt, mailer.DocWeighingReceipt: w.weighingReceipt,
	}[d]
	if !known {
		w.fail("there is no document %q", d)
		return
	}
	w.doc.subject = w.plain("correspondence."+string(d)+".subject", nil)
	w.greeting()
	write()
}

// says adds a paragraph of a document.
func (w *writer) says(d mailer.Document, key string, v values) {
	w.para("", w.text("correspondence."+string(d)+"."+key, v))
}

// asked is the day on which something was asked, and what.
func (w *writer) asked() values {
	return values{"Date": w.date("done"), "Asked": w.date("asked"), "Due": w.date("answer_by"), "First": w.date("first_due")}
}

// teamText is the team's own words; without when they must be there.
func (w *writer) teamText(when string) {
	w.add(block{kind: prose, when: when, runs: []run{{kind: slotRun, slot: teamText}}})
}

// ends is what every mail about a right ends with; genuine is what to do if it was not them.
func (w *writer) ends(complaint, genuine string) {
	c := w.reg.Controller
	w.para("", w.text("receipt.contact", values{"Name": w.lit(c.Name), "Address": w.lit(c.Address), "Contact": w.contact(c.Email, c.Phone)}))
	if complaint != "" {
		w.para("", w.text(complaint, values{"Authority": w.authority()}))
	}
	w.para("", w.text(genuine, nil))
}

// codeMail has six digits that prove control of the mailbox (R4), in two groups to be
// read, and one by one for whoever has them read aloud.
func (w *writer) codeMail() {
	const d = mailer.DocCode
	w.says(d, "opening", nil)
	w.add(block{kind: bigDigits, runs: w.runs(w.text("correspondence.code.code", values{"Code": slot(proofCode)}))})
	w.says(d, "digits", values{"Digits": slot(proofDigits)})
	w.says(d, "expires", nil)
	w.says(d, "secret", values{"Site": w.lit(w.reg.Controller.Mail.ShownAs)})
	w.ends("receipt.complaint", "correspondence.code.genuine")
}

func (w *writer) requestReceipt() {
	const d = mailer.DocRequestReceipt
	w.says(d, "opening", w.asked())
	for _, kind := range requestKinds {
		w.paraWhen(kindSlot+string(kind), w.text("correspondence.request_receipt.follows."+string(kind), nil))
	}
	w.says(d, "later", w.asked())
	w.says(d, "next", nil)
	w.says(d, "cost", nil)
	w.ends("receipt.complaint", "receipt.genuine")
}

func (w *writer) extension() {
	const d = mailer.DocExtension
	w.says(d, "opening", w.asked())
	w.says(d, "reasons", nil)
	w.teamText("")
	w.says(d, "law", nil)
	w.says(d, "next", nil)
	w.ends("receipt.complaint", "receipt.genuine")
}

func (w *writer) answer() {
	const d = mailer.DocAnswer
	w.says(d, "opening", w.asked())
	w.teamText("")
	w.says(d, "more", nil)
	w.ends("receipt.complaint", "receipt.genuine")
}

// refusal tells the ground, the reasons, and the two ways that remain (Art. 12(4), 77, 79).
func (w *writer) refusal() {
	const d = mailer.DocRefusal
	w.says(d, "opening", w.asked())
	for _, ground := range mailer.Grounds {
		w.paraWhen(groundSlot+string(ground), w.text("correspondence.refusal.ground."+string(ground), nil))
	}
	w.says(d, "reasons", nil)
	w.teamText("")
	w.says(d, "again", nil)
	w.para("", w.text("correspondence.refusal.complaint", values{"Authority": w.authority()})+" "+w.text("correspondence.other_authority", nil))
	w.says(d, "court", nil)
	w.ends("", "receipt.genuine")
}

func (w *writer) restrictionEnd() {
	const d = mailer.DocRestrictionEnd
	w.says(d, "opening", w.asked())
	w.says(d, "reasons", nil)
	w.teamText("")
	w.says(d, "law", nil)
	w.says(d, "again", nil)
	w.ends("receipt.complaint", "receipt.genuine")
}

// objectLink is for somebody who has no mail of ours at hand; the link is one person's, and
// made anew for each mail.
func (w *writer) objectLink() {
	const d = mailer.DocObjectLink
	if !w.objectable() {
		w.fail("activity %q gives no right to object (R10), so there is no page to link to", w.act.Key)
		return
	}
	w.says(d, "opening", nil)
	w.add(block{kind: button, runs: w.runs(link(w.text("correspondence.object_link.button", nil), slot(objectURL)))})
	w.says(d, "after", nil)
	w.ends("receipt.complaint", "correspondence.object_link.genuine")
}

func (w *writer) takebackReceipt() {
	const d = mailer.DocTakebackReceipt
	w.says(d, "opening", w.asked())
	w.says(d, "again", nil)
	w.says(d, "next", nil)
	w.ends("receipt.complaint", "receipt.genuine")
}

// erasureReceipt says what goes, and of what stays, why (Art. 17(3), R5, T4).
func (w *writer) erasureReceipt() {
	const d, key = mailer.DocErasureReceipt, "correspondence.erasure_receipt."
	w.says(d, "opening", w.asked())
	w.says(d, "goes", nil)
	w.items("", []string{w.text(key+"goes_details", nil), w.text(key+"goes_sources", nil), w.text(key+"goes_messages", nil)})
	w.says(d, "stays", nil)
	w.items("", []string{w.text(key+"stays_mark", nil), w.text(key+"stays_record", nil)})
	for _, kept := range keptKinds {
		w.paraWhen(keptSlot+string(kept), w.text(key+string(kept), nil))
	}
	w.teamText(teamText)
	w.says(d, "others", nil)
	w.says(d, "keep", nil)
	w.ends("receipt.complaint", "receipt.genuine")
}

// weighingReceipt acknowledges an objection whose weighed part waits for a decision
// (Art. 21(1), R10).
func (w *writer) weighingReceipt() {
	const d = mailer.DocWeighingReceipt
	w.says(d, "opening", w.asked())
	w.says(d, "weigh", nil)
	for _, r := range w.rights {
		if r.Right == mailer.RightObjection && r.Absolute {
			w.says(d, "marketing", nil)
		}
	}
	w.says(d, "until", nil)
	w.says(d, "next", nil)
	w.ends("receipt.complaint", "receipt.genuine")
}
