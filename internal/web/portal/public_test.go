package portal

import (
	"context"
	"errors"
	"strings"
	"testing"

	"article14/internal/calendar"
	"article14/mailer"
	"article14/mailer/rights"
)

var _ Public = (*rights.Public)(nil)

// noticeboard has one activity.
type noticeboard struct{ fault error }

func (n noticeboard) Activities(context.Context, string) ([]rights.PublicActivity, error) {
	return []rights.PublicActivity{{Key: "directory", Name: "Business <directory>"}}, n.fault
}

func (n noticeboard) Activity(_ context.Context, key, language string) (rights.PublicView, error) {
	if key != "directory" {
		return rights.PublicView{}, mailer.ErrNoSuchLink
	}
	until := calendar.Date{Year: 2026, Month: 4, Day: 1}
	return rights.PublicView{Page: mailer.Page{Language: language, Title: "Our notice", HTML: "<p>what we hold</p>"}, Mails: []rights.PublicMail{
		{From: calendar.Date{Year: 2026, Month: 5, Day: 1}, Sender: "notice@nordlicht.example", Name: "Nordlicht", Subject: "We <hold> it"},
		{From: calendar.Date{Year: 2026, Month: 3, Day: 2}, Until: &until, Sender: "notice@nordlicht.example", Name: "Nordlicht", Subject: "Before"},
	}}, n.fault
}

func TestEverybodyCanReadTheNoticeAndCompareTheMailsWithoutALink(t *testing.T) { // C4, 14(5)(b)
	h := newHouse(t)
	for path, want := range map[string][]string{
		"/about?l=en":                {`<a href="/about/directory?l=en">Business &lt;directory&gt;</a>`},
		"/about/directory?l=en":      {"<p>what we hold</p>", "Since 1 May 2026", "From 2 March 2026 to 1 April 2026", "We &lt;hold&gt; it", "notice@nordlicht.example"},
		"/about/directory?l=de":      {"Nachrichten, die wir wirklich verschickt haben", `<html lang="de"`, `hreflang="fr"`},
		"/about/directory/part?l=fr": {"<p>what we hold</p>", `lang="fr"`},
	} {
		w := h.ask("GET", path, "")
		if w.Code != 200 {
			t.Errorf("%s: %d", path, w.Code)
		}
		for _, text := range want {
			if !strings.Contains(w.Body.String(), text) {
				t.Errorf("%s does not say %q:\n%s", path, text, w.Body)
			}
		}
		if strings.Contains(path, "/part") == strings.Contains(w.Body.String(), "<html") {
			t.Errorf("%s: a part has no frame, and a page has one", path)
		}
	}
	if w := h.ask("GET", "/about/nothing", ""); w.Code != 404 {
		t.Errorf("an activity that is not there: %d", w.Code)
	}
	if w := h.ask("POST", "/about/directory", "x=1"); w.Code != 405 {
		t.Errorf("posted to: %d", w.Code)
	}
	if home := h.ask("GET", "/?l=en", ""); !strings.Contains(home.Body.String(), `href="/about?l=en"`) {
		t.Error("the first page does not lead there")
	}
	h.public.fault = errors.New("the store is away")
	if w := h.ask("GET", "/about/directory", ""); w.Code != 503 {
		t.Errorf("without a store: %d", w.Code)
	}
}
