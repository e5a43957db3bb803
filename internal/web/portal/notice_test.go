package portal

import (
	"strings"
	"testing"

	"article14/mailer"
)

func TestANoticeIsShownWholeInTheLanguageOfItsMail(t *testing.T) { // C4
	h := newHouse(t)
	w := h.get(h.rights.notice(), "Accept-Language", "de")
	wantStatus(t, w, 200)
	wantIn(t, w, `<html lang="fr" dir="ltr">`, "Nous détenons vos coordonnées.", "La notice complète")
}

func TestAnotherLanguageIsOneLinkAway(t *testing.T) {
	h := newHouse(t)
	wantIn(t, h.get(h.rights.notice()), `href="?l=de" lang="de" hreflang="de"`, "Deutsch", `href="?l=en"`)
	w := h.get(h.rights.notice()+"?l=de", "Accept-Language", "en")
	wantIn(t, w, `<html lang="de"`, "Wir haben Ihre Kontaktdaten.", text(t, "de", "page.notice.title"))
	wantNotIn(t, w, `href="?l=de"`)
}

func TestObjectionStandsInABlockOfItsOwnBetweenTheLayers(t *testing.T) { // C5, Art. 21(4)
	h := newHouse(t)
	page := h.get(h.rights.notice()).Body.String()
	first := strings.Index(page, "Nous détenons vos coordonnées.")
	form := strings.Index(page, `action="`+h.rights.objecting())
	whole := strings.Index(page, "La notice complète")
	if first < 0 || form < first || whole < form {
		t.Errorf("first layer at %d, objection at %d, whole notice at %d", first, form, whole)
	}
	block := page[strings.LastIndex(page[:form], "<section"):]
	block = block[:strings.Index(block, "</section>")]
	if strings.Count(block, "<button") != 1 || strings.Contains(block, "/access") {
		t.Errorf("the block holds more than the objection: %s", block)
	}
}

func TestNoObjectionIsOfferedWhereNoneApplies(t *testing.T) { // R10
	h := newHouse(t)
	h.rights.objectsTo = false
	w := h.get(h.rights.notice())
	wantStatus(t, w, 200)
	wantNotIn(t, w, `action="/o/`, text(t, "fr", "page.objection.heading"))
}

func TestTheOtherRightsAreNamedInEveryStateOfTheNotice(t *testing.T) { // R10: Art. 16 to 18
	h := newHouse(t)
	check := func(state string) {
		t.Helper()
		w := h.get(h.rights.notice() + "?l=en")
		page := w.Body.String()
		_, choices, found := strings.Cut(page, `id="choices"`)
		choices, _, _ = strings.Cut(choices, "</div>")
		for _, want := range []string{text(t, "en", "page.other.heading"), text(t, "en", "page.other.explain"), `href="` + h.rights.notice() + `/rights?l=en"`} {
			if !found || !strings.Contains(choices, want) {
				t.Errorf("%s: no %q among the choices: %s", state, want, choices)
			}
		}
	}
	check("fresh")
	h.press(h.rights.objecting())
	check("objected")
	h.press(h.rights.notice() + "/access")
	check("objected, and access asked for")
	h.rights.objectsTo = false
	check("nothing to press")
}

func TestANoticeWithoutHeadingsIsShownWithItsButtonsLast(t *testing.T) {
	first, whole := layers("<p>All in one.</p>")
	if first != "<p>All in one.</p>" || whole != "" {
		t.Errorf("first %q, whole %q", first, whole)
	}
}

func TestARequestForAccessIsRecordedAndThenSeenOnTheNotice(t *testing.T) { // Art. 15, D9
	h := newHouse(t)
	w := h.press(h.rights.notice() + "/access?l=en")
	wantStatus(t, w, 303)
	if to := w.Header().Get("Location"); to != h.rights.notice()+"?l=en" {
		t.Errorf("leads to %q", to)
	}
	if w.Body.Len() > 0 {
		t.Errorf("the redirect shows %q", w.Body)
	}
	w = h.get(w.Header().Get("Location"))
	wantIn(t, w, text(t, "en", "page.access_received.title"), text(t, "en", "page.access_received.body", "Date", "3 December 2026"))
	wantNotIn(t, w, h.rights.notice()+"/access?l=")
	wantIn(t, w, h.rights.notice()+"/rights/access?l=en")
	if h.rights.requests != 1 {
		t.Errorf("%d requests", h.rights.requests)
	}
}

func TestAnAccessRequestNeedsTheButtonOfThePage(t *testing.T) { // R1
	h := newHouse(t)
	for _, body := range []string{"", "List-Unsubscribe=One-Click", "from=elsewhere"} {
		wantStatus(t, h.ask("POST", h.rights.notice()+"/access", body, "Content-Type", formType), 400)
	}
	wantStatus(t, h.ask("POST", h.rights.notice()+"/access?from=page", "", "Content-Type", formType), 400)
	if n := h.rights.changes(); n != 0 {
		t.Errorf("%d changes", n)
	}
}

func TestATokenDoesNothingButWhatItWasMadeFor(t *testing.T) { // R3
	h := newHouse(t)
	n, o := h.rights.token(mailer.TokenNotice), h.rights.token(mailer.TokenObjection)
	wantStatus(t, h.get("/n/"+o), 404)
	wantStatus(t, h.get("/o/"+n), 404)
	wantStatus(t, h.press("/o/"+n), 404)
	wantStatus(t, h.press("/n/"+o+"/access"), 404)
	if c := h.rights.changes(); c != 0 {
		t.Errorf("%d changes", c)
	}
}

func TestANoticeInALanguageThatTheProgramLacksIsOurFault(t *testing.T) { // L2
	h := newHouse(t)
	h.rights.language = "ga"
	wantStatus(t, h.get(h.rights.notice()), 503)
}
