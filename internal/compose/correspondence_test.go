package compose

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"article14/internal/plain"
	"article14/mailer"
)

// written are the documents that were added to the two receipts of a notice's content.
var written = []mailer.Document{mailer.DocCode, mailer.DocRequestReceipt, mailer.DocExtension, mailer.DocAnswer, mailer.DocRefusal,
	mailer.DocRestrictionEnd, mailer.DocObjectLink, mailer.DocTakebackReceipt, mailer.DocErasureReceipt, mailer.DocWeighingReceipt}

// teamsWords are such as a privacy team writes.
var teamsWords = map[string]string{
	"en": "Thank you for writing to us.\n\nWe have looked at two places:\n- the register of your town,\n- our list of customers.\n\nYour name stands in neither.",
	"fr": "Merci de nous avoir écrit.\n\nNous avons cherché à deux endroits :\n- le registre de votre ville,\n- notre liste de clients.\n\nVotre nom n’est dans aucun des deux.",
	"de": "Danke für Ihre Nachricht.\n\nWir haben an zwei Stellen gesucht:\n- im Register Ihrer Stadt,\n- in unserer Liste der Kunden.\n\nIhr Name steht in keiner von beiden.",
}

// sampleMatter is all that any document needs.
func sampleMatter(language string) *mailer.Matter {
	return &mailer.Matter{Kind: "erasure", At: noon, Due: time.Date(2027, 2, 21, 22, 59, 59, 0, time.UTC), FirstDue: time.Date(2026, 12, 21, 22, 59, 59, 0, time.UTC),
		Ground: mailer.GroundLegalClaims, Kept: []mailer.Kept{mailer.KeptByLaw}, Text: teamsWords[language]}
}

// corresponds makes a sample mail about a person's rights.
func corresponds(matter *mailer.Matter) func(*mailer.SlotInput, *mailer.Headers) {
	return func(in *mailer.SlotInput, h *mailer.Headers) {
		in.Matter = matter
		h.Tokens, h.ProofCode = mailer.LinkTokens{}, ""
		switch in.Key.Document {
		case mailer.DocCode:
			h.ProofCode = "048213"
		case mailer.DocObjectLink:
			h.Tokens = sampleHeaders().Tokens
		}
	}
}

// TestCorrespondenceReadsAsItWasReadAloud holds every mail about a person's rights against
// the one that a person has read.
func TestCorrespondenceReadsAsItWasReadAloud(t *testing.T) { // D9, R4, L4, L5
	c := newComposer(t)
	for _, l := range []string{"en", "fr", "de"} {
		for _, d := range written {
			golden(t, c, string(d)+"."+l, mailer.SkeletonKey{Document: d, Languages: l}, corresponds(sampleMatter(l)))
		}
	}
	golden(t, c, "request_receipt.fr+de", mailer.SkeletonKey{Document: mailer.DocRequestReceipt, Languages: "fr+de"}, corresponds(sampleMatter("fr")))
}

// variants are the matters that change what a document says.
func variants(d mailer.Document, language string) []*mailer.Matter {
	var out []*mailer.Matter
	for _, kind := range requestKinds {
		m := sampleMatter(language)
		m.Kind = kind
		out = append(out, m)
	}
	for _, ground := range mailer.Grounds {
		m := sampleMatter(language)
		m.Ground = ground
		if d == mailer.DocRefusal {
			out = append(out, m)
		}
	}
	return out
}

func TestCorrespondenceIsPlain(t *testing.T) { // P1, P2, P3
	c := newComposer(t)
	for _, l := range []string{"en", "fr", "de"} {
		for _, d := range mailer.Correspondences {
			for _, m := range variants(d, l) {
				text := read(t, composed(t, c, mailer.SkeletonKey{Document: d, Languages: l}, corresponds(m))).text
				f := plain.Measure(l, text)
				if m.Kind == "access" && m.Ground == mailer.GroundLegalClaims {
					t.Logf("%s %s: %d words, LIX %.1f, sentences of %.1f words, the longest %d", l, d, f.Words, f.LIX, f.MeanSentence, f.LongestSentence)
				}
				for _, found := range plain.Check(l, text) {
					t.Errorf("%s %s %s %s: %s %s: %q %s", l, d, m.Kind, m.Ground, found.Rule, found.Code, found.Text, found.Why)
				}
			}
		}
	}
}

func TestEveryMailAboutARightSaysWhoWritesWhereToComplainAndWhatIfItWasNotThem(t *testing.T) { // Art. 12(4), R8
	c := newComposer(t)
	notYou := map[string]string{"en": "Was it not you?", "fr": "Ce n’était pas vous", "de": "Waren das nicht Sie?"}
	for l, question := range notYou {
		for _, d := range mailer.Correspondences {
			r := read(t, composed(t, c, mailer.SkeletonKey{Document: d, Languages: l}, corresponds(sampleMatter(l))))
			for _, want := range []string{"Nordlicht Data SAS, 12 rue de l’Exemple", "privacy@nordlicht.example", "3 place de Fontenoy", "cnil.fr", question} {
				if !strings.Contains(r.text, want) {
					t.Errorf("%s in %s lacks %q:\n%s", d, l, want, r.text)
				}
			}
			for name, want := range map[string]string{"Auto-Submitted": "auto-generated", "List-Unsubscribe": "", "List-Unsubscribe-Post": "", "Content-Language": l,
				"Reply-To": "<privacy@nordlicht.example>"} {
				if got := r.header.Get(name); got != want {
					t.Errorf("%s in %s: %s is %q", d, l, name, got)
				}
			}
		}
	}
}

func TestARefusalTellsTheOneGroundItsReasonsAndBothWaysThatRemain(t *testing.T) { // Art. 12(4), 77, 79
	c := newComposer(t)
	articles := map[mailer.Ground]string{
		mailer.GroundUnfounded: "12(5)", mailer.GroundExcessive: "12(5)", mailer.GroundNotIdentified: "11(2) and 12(6)", mailer.GroundOthersRights: "15(4)", mailer.GroundCorrect: "Article 16",
		mailer.GroundStillNeeded: "17(1)", mailer.GroundExpression: "17(3)(a)", mailer.GroundLegalDuty: "17(3)(b)", mailer.GroundPublicHealth: "17(3)(c)", mailer.GroundArchive: "17(3)(d)",
		mailer.GroundLegalClaims: "17(3)(e)", mailer.GroundOthersProtect: "18(2)", mailer.GroundNoRestriction: "18(1)", mailer.GroundCompelling: "21(1)", mailer.GroundNoSuchRight: "7(3), 20(1) and 21(1)",
	}
	for _, ground := range mailer.Grounds {
		m := sampleMatter("en")
		m.Ground = ground
		text := read(t, composed(t, c, mailer.SkeletonKey{Document: mailer.DocRefusal, Languages: "en"}, corresponds(m))).text
		for _, want := range []string{articles[ground], "You can complain", "Article 77", "You can go to court", "Article 79", "- the register of your town,"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %q is missing in\n%s", ground, want, text)
			}
		}
		if n := strings.Count(text, "The ground."); n != 1 {
			t.Errorf("%s: there are %d grounds in\n%s", ground, n, text)
		}
	}
}

func TestACodeStandsInTheBodyAloneAndInNothingThatIsStored(t *testing.T) { // R4
	c := newComposer(t)
	for _, l := range []string{"en", "fr", "de", "fr+de"} {
		key := mailer.SkeletonKey{Document: mailer.DocCode, Languages: l}
		in, h := sampleInput(key), sampleHeaders()
		corresponds(&mailer.Matter{})(&in, &h)
		in.Matter = &mailer.Matter{}
		slots, err := c.Slots(sampleRegister(t), in)
		if err != nil {
			t.Fatal(err)
		}
		if stored := string(slots.AppendJSON(nil)); strings.Contains(stored, "048") || strings.Contains(stored, "0, 4, 8") {
			t.Errorf("%s: the values have the code: %s", l, stored)
		}
		s := skeletonOf(t, c, key)
		m, err := c.Compose(s, slots, h)
		if err != nil {
			t.Fatal(err)
		}
		head, _, _ := bytes.Cut(m.Bytes, []byte("\r\n\r\n"))
		if r := read(t, m); bytes.Contains(head, []byte("048")) || bytes.Contains(head, []byte("213")) ||
			!strings.Contains(r.text, "048\u00a0213") || !strings.Contains(r.html, "<strong><bdi>048\u00a0213</bdi></strong>") || !strings.Contains(r.text, "0, 4, 8, 2, 1, 3") {
			t.Errorf("%s: the head is\n%s\nand the text\n%s\n%s", l, head, r.text, r.html)
		}
		for _, code := range []string{"", "12345", "1234567", "12a456"} { // no hole and no other text is sent
			h.ProofCode = code
			if _, err := c.Compose(s, slots, h); err == nil {
				t.Errorf("a mail goes out with the code %q", code)
			}
		}
	}
}

func TestAMailThatWouldHaveAHoleIsRefusedWhereItIsPlanned(t *testing.T) { // C8, D9
	c := newComposer(t)
	for what, change := range map[string]struct {
		document mailer.Document
		spoil    func(*mailer.Matter)
	}{
		"no reasons":            {mailer.DocExtension, func(m *mailer.Matter) { m.Text = " \n- \n\n" }},
		"no answer":             {mailer.DocAnswer, func(m *mailer.Matter) { m.Text = "\u200b" }},
		"no kind":               {mailer.DocRequestReceipt, func(m *mailer.Matter) { m.Kind = "" }},
		"another kind":          {mailer.DocAnswer, func(m *mailer.Matter) { m.Kind = "wish" }},
		"no day":                {mailer.DocTakebackReceipt, func(m *mailer.Matter) { m.At = time.Time{} }},
		"no date of the answer": {mailer.DocWeighingReceipt, func(m *mailer.Matter) { m.Due = time.Time{} }},
		"no later date":         {mailer.DocExtension, func(m *mailer.Matter) { m.FirstDue = m.Due }},
		"no ground":             {mailer.DocRefusal, func(m *mailer.Matter) { m.Ground = "cost" }},
		"no reason to keep":     {mailer.DocErasureReceipt, func(m *mailer.Matter) { m.Kept = []mailer.Kept{"habit"} }},
		"too long":              {mailer.DocAnswer, func(m *mailer.Matter) { m.Text = strings.Repeat("é", mailer.MostText+1) }},
		"a slot":                {mailer.DocAnswer, func(m *mailer.Matter) { m.Text = "Dear ⟪name⟫" }},
	} {
		in := sampleInput(mailer.SkeletonKey{Document: change.document, Languages: "fr"})
		in.Matter = sampleMatter("fr")
		if _, err := c.Slots(sampleRegister(t), in); err != nil {
			t.Errorf("before it is spoilt: %v", err)
		}
		change.spoil(in.Matter)
		_, err := c.Slots(sampleRegister(t), in)
		if err == nil {
			t.Errorf("%s: the values are drawn", what)
		} else if strings.Contains(err.Error(), "Élodie") || strings.Contains(err.Error(), "ééé") {
			t.Errorf("%s: the error holds a value: %v", what, err)
		}
	}
	in := sampleInput(mailer.SkeletonKey{Document: mailer.DocRefusal, Languages: "fr"})
	if _, err := c.Slots(sampleRegister(t), in); err == nil || !strings.Contains(err.Error(), "Matter") {
		t.Errorf("without a matter: %v", err)
	}
}

func TestALinkToObjectIsWrittenWhereThereIsARightToObject(t *testing.T) { // R10, R3
	c := newComposer(t)
	key := mailer.SkeletonKey{Document: mailer.DocObjectLink, Languages: "en"}
	r := read(t, composed(t, c, key, corresponds(&mailer.Matter{})))
	if !strings.Contains(r.text, "<https://privacy.nordlicht.example/o/aObjectionToken>") || strings.Contains(r.text, "aNoticeToken") {
		t.Errorf("the link:\n%s", r.text)
	}
	reg := sampleRegister(t)
	reg.Activities[0].Purposes = reg.Activities[0].Purposes[2:] // consent alone
	if _, err := c.Skeletons(reg, "directory", []mailer.SkeletonKey{key}); err == nil || !strings.Contains(err.Error(), "R10") {
		t.Errorf("without a right to object: %v", err)
	}
}

func TestAnObjectionThatIsWeighedIsToldSoAndMarketingIsNot(t *testing.T) { // R10, Art. 21(1) to (3)
	c := newComposer(t)
	key := mailer.SkeletonKey{Document: mailer.DocWeighingReceipt, Languages: "en"}
	for marketing, want := range map[bool]bool{true: true, false: false} {
		reg := sampleRegister(t)
		reg.Activities[0].Purposes[0].DirectMarketing = marketing
		s, err := c.Skeletons(reg, "directory", []mailer.SkeletonKey{key})
		if err != nil {
			t.Fatal(err)
		}
		if got := bytes.Contains(s[0].Body, []byte("Direct marketing")); got != want {
			t.Errorf("with direct marketing %v it is told of %v", marketing, got)
		}
	}
}

func TestTheTeamsWordsAreParagraphsAndListsAndNothingElse(t *testing.T) { // C8, P4
	for text, want := range map[string][2]string{
		"One.\nGoes on.\n\n\n\nTwo.":         {"One. Goes on.\n\nTwo.", `<p dir="auto">One. Goes on.</p>|<p dir="auto">Two.</p>`},
		"See:\r\n- a\r\n  more\r\n* b\r\n•c": {"See:\n\n- a more\n- b •c", `<p dir="auto">See:</p>|<ul>|<li dir="auto">a more</li>|<li dir="auto">b •c</li>|</ul>`},
		"- a\n\n- b\n\nEnd":                  {"- a\n- b\n\nEnd", `<ul>|<li dir="auto">a</li>|<li dir="auto">b</li>|</ul>|<p dir="auto">End</p>`},
		"<b>x</b> & [y](https://z) **w**":    {"<b>x</b> & [y](https://z) **w**", `<p dir="auto">&lt;b&gt;x&lt;/b&gt; &amp; [y](https://z) **w**</p>`},
		"\u202eturned\u202c\x00 \x1b[31mred": {"turned [31mred", `<p dir="auto">turned [31mred</p>`},
		"\n \n\t\n":                          {"", ""},
	} {
		plainText, page := string(appendProse(nil, text, plainPlace)), string(appendProse(nil, text, htmlPlace))
		if plainText != want[0] || page != strings.ReplaceAll(want[1], "|", "\n") {
			t.Errorf("%q is\n%q\n%q", text, plainText, page)
		}
	}
}

// TestWhateverTheTeamWritesStaysInItsPlace: nothing in an answer adds a tag, a header or a
// part, and text and HTML say the same.
func TestWhateverTheTeamWritesStaysInItsPlace(t *testing.T) { // C8, P4
	c := newComposer(t)
	key := mailer.SkeletonKey{Document: mailer.DocAnswer, Languages: "en"}
	s, reg := skeletonOf(t, c, key), sampleRegister(t)
	tags := func(page string) int { return strings.Count(page, "<") }
	pieces := []string{"<script>", "\r\n\r\n", "\n", "- ", "--article14-", "From ", ".", "&amp;", "⟩", "</p>", "\u202e", "a", "é", "مرحبا", "=\r\n", "Subject: x", strings.Repeat("x", 90)}
	rapid.Check(t, func(rt *rapid.T) {
		text := "x" + strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 40).Draw(rt, "pieces"), "")
		in, h := sampleInput(key), sampleHeaders()
		corresponds(&mailer.Matter{Kind: "question", At: noon, Text: text})(&in, &h)
		slots, err := c.Slots(reg, in)
		if err != nil {
			rt.Fatal(err)
		}
		m, err := c.Compose(s, slots, h)
		if err != nil {
			rt.Fatal(err)
		}
		r := read(t, m)
		seen, err := visible(r.html)
		if err != nil {
			rt.Fatal(err)
		}
		if a, b := wordsOf(r.text), wordsOf(seen); !slices.Equal(a, b) {
			rt.Errorf("text and HTML differ:\n%s\n%s", a, b)
		}
		if err := checkTags(r.html); err != nil {
			rt.Error(err)
		}
		ours := strings.Count(string(appendProse(nil, text, htmlPlace)), "<")
		in.Matter.Text = "x"
		other, err := c.Slots(reg, in)
		if err != nil {
			rt.Fatal(err)
		}
		bare, err := c.Compose(s, other, h)
		if err != nil {
			rt.Fatal(err)
		}
		if n := tags(r.html) - tags(read(t, bare).html) + 2; n != ours {
			rt.Errorf("%d tags more than there are paragraphs and items: %s", n-ours, r.html)
		}
	})
}

func TestTheSameMailIsMadeOfTheSameValuesAgain(t *testing.T) { // E1
	c := newComposer(t)
	for _, d := range written {
		key := mailer.SkeletonKey{Document: d, Languages: "de"}
		a, b := composed(t, c, key, corresponds(sampleMatter("de"))), composed(t, newComposer(t), key, corresponds(sampleMatter("de")))
		if !bytes.Equal(a.SHA256, b.SHA256) {
			t.Errorf("%s: other bytes", d)
		}
	}
}
