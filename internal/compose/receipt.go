package compose

// objectionReceipt confirms an objection: what happened, what remains, what follows.
func (w *writer) objectionReceipt() {
	w.doc.subject = w.plain("receipt.objection.subject", nil)
	w.greeting()
	w.para("", w.text("receipt.objection.opening", values{"Date": w.date("done")}))
	w.para("", w.text("receipt.objection.remains", nil))
	w.para("", w.text("receipt.objection.next", nil))
	w.receiptEnd()
}

// accessReceipt confirms a request for access, with the day by which it is
// answered (Art. 12(3), docs/rules.md D9).
func (w *writer) accessReceipt() {
	w.doc.subject = w.plain("receipt.access.subject", nil)
	w.greeting()
	due := w.date("answer_by")
	w.para("", w.text("receipt.access.opening", values{"Date": w.date("done"), "Due": due}))
	w.para("", w.text("receipt.access.content", nil))
	w.para("", w.text("receipt.access.later", values{"Due": due}))
	w.para("", w.text("receipt.access.next", nil))
	w.receiptEnd()
}

func (w *writer) receiptEnd() {
	c := w.reg.Controller
	w.para("", w.text("receipt.contact", values{"Name": w.lit(c.Name), "Address": w.lit(c.Address), "Contact": w.contact(c.Email, c.Phone)}))
	w.para("", w.text("receipt.complaint", values{"Authority": w.authority()}))
	w.para("", w.text("receipt.genuine", nil))
}
