package compose

import (
	"bytes"
	"strings"
	"testing"

	"article14/mailer"
)

func TestEachMailAsksToBeAnsweredAtAnAddressOfItsOwn(t *testing.T) { // E1
	c := newComposer(t)
	reg := sampleRegister(t)
	reg.Controller.Mail.AnswerDomain = "answers.nordlicht.example"
	for _, key := range []mailer.SkeletonKey{notice("fr", "linkedin"), notice("fr+de", "linkedin"), {Document: mailer.DocObjectionReceipt, Languages: "fr"}} {
		sks, err := c.Skeletons(reg, "directory", []mailer.SkeletonKey{key})
		if err != nil {
			t.Fatal(err)
		}
		slots, err := c.Slots(reg, sampleInput(key))
		if err != nil {
			t.Fatal(err)
		}
		h := sampleHeaders()
		if key.Document != mailer.DocNotice {
			h.Tokens = mailer.LinkTokens{}
		}
		if _, err := c.Compose(sks[0], slots, h); err == nil {
			t.Errorf("%s goes out without an address for answers", name(key))
		}
		h.AnswerTo = "a-elsewhere@other.example"
		if _, err := c.Compose(sks[0], slots, h); err == nil {
			t.Errorf("%s goes out with answers to a domain that nobody approved", name(key))
		}
		h.AnswerTo = "a-one@answers.nordlicht.example"
		one, err := c.Compose(sks[0], slots, h)
		if err != nil {
			t.Fatal(err)
		}
		again, err := c.Compose(sks[0], slots, h)
		if err != nil || !bytes.Equal(one.Bytes, again.Bytes) {
			t.Errorf("%s: a second attempt has other bytes, %v", name(key), err)
		}
		if got := read(t, one).header["Reply-To"]; len(got) != 1 || got[0] != "<a-one@answers.nordlicht.example>" {
			t.Errorf("%s: Reply-To is %q", name(key), got)
		}
		if strings.Contains(string(one.Bytes), "frame.invalid") {
			t.Errorf("%s: a mark was left", name(key))
		}
		h.AnswerTo = "a-two@answers.nordlicht.example\r\nBcc: x@y.example"
		if _, err := c.Compose(sks[0], slots, h); err == nil {
			t.Errorf("%s: the address starts a header", name(key))
		}
	}
}

func TestWithoutADomainForAnswersTheyGoToTheControllerAsBefore(t *testing.T) {
	m := composed(t, newComposer(t), notice("fr", "linkedin"), func(_ *mailer.SlotInput, h *mailer.Headers) { h.AnswerTo = "a-one@answers.nordlicht.example" })
	if strings.Contains(string(m.Bytes), "a-one@") {
		t.Error("a text that was approved without a domain for answers has an address there")
	}
}
