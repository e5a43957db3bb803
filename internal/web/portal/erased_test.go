package portal

import (
	"net/http/httptest"
	"testing"

	"article14/internal/calendar"
)

func TestTheLinksOfSomebodyWhoIsErasedSaySinceWhen(t *testing.T) { // R2, R3
	h := newHouse(t)
	h.rights.erased = &calendar.Date{Year: 2026, Month: 11, Day: 1}
	for l, day := range map[string]string{"en": "1 November 2026", "fr": "1er novembre 2026", "de": "1. November 2026"} {
		for _, w := range []*httptest.ResponseRecorder{
			h.get(h.rights.notice() + "?l=" + l), h.get(h.rights.objecting() + "?l=" + l), h.press(h.rights.objecting() + "?l=" + l),
		} {
			wantStatus(t, w, 200)
			wantIn(t, w, `lang="`+l+`"`, text(t, l, "page.erased.title"), text(t, l, "page.erased.body", "Date", day), nordlicht.Email)
			wantNotIn(t, w, "<button", "<form", text(t, l, "page.objected.title"))
		}
	}
	wantStatus(t, h.ask("POST", h.rights.objecting(), "List-Unsubscribe=One-Click", "Content-Type", formType), 200)
	wantStatus(t, h.press(h.rights.notice()+"/access"), 303) // back to the page that says it
}
