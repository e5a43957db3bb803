package main

import (
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"article14/internal/rig/browser"
)

// walk is a way through the pages, from the mail to its end. Each is gone in every
// language at phone and desk width with scripts, and in one after the other without.
type walk struct {
	name  string
	steps []step
}

// step is one thing that a visitor does, or sees.
type step func(v *visitor)

var walks = []walk{
	{"somebody reads their notice in every language", []step{
		followMail("/n/"), at("notice", "page.notice.title"), reads("page.objection.heading", "page.access.heading", "page.other.heading"),
		inEveryLanguage("page.notice.title")}},
	{"somebody says no on the notice's page", []step{ // R1, R2
		followMail("/n/"), press("page.objection.button"), at("objected", "page.objected.title"),
		followMail("/n/"), at("notice-objected", "page.notice.title"), lacks("page.objection.button")}},
	{"somebody says no by the link of their mail", []step{
		followMail("/o/"), at("objection", "page.objection.heading"), inEveryLanguage("page.objection.heading"),
		press("page.objection.button"), at("objected", "page.objected.title")}},
	{"somebody asks for their data", []step{ // R4
		followMail("/n/"), press("page.access.button"), at("notice-asked", "page.notice.title"),
		reads("page.access_received.title"), lacks("page.access.button")}},
	{"somebody looks what else they can ask", []step{ // R10
		followMail("/n/"), press("page.other.link"), at("rights", "page.rights.title"), inEveryLanguage("page.rights.title"),
		press("page.right.access.title"), at("right-access", "page.right.access.title"), press("page.right.others"),
		press("page.right.rectification.title"), at("right-rectification", "page.right.rectification.title"), press("page.right.others"),
		press("page.right.erasure.title"), at("right-erasure", "page.right.erasure.title"), reads("page.erase.goes", "page.erase.stays"),
		press("page.right.erasure.button"), at("right-erasure-proof", "page.right.erasure.title"), reads("page.proof.title")}},
	{"somebody doubts a mail and compares it", []step{ // C4
		goTo("/"), press("page.about.link"), at("about", "page.about.title"), inEveryLanguage("page.about.title")}},
	{"somebody types the code of their mail", []step{
		goTo("/"), at("home", "page.home.title"), fill("page.unknown.code_label", code), press("page.unknown.code_button"),
		at("notice", "page.notice.title")}},
	{"somebody mistypes the code and tries again", []step{
		goTo("/"), fill("page.unknown.code_label", wrongCode), press("page.unknown.code_button"),
		withStatus(http.StatusNotFound), at("code", "page.code.title"), reads("page.code.not_found"),
		fill("page.unknown.code_label", code), press("page.unknown.code_button"), at("notice", "page.notice.title")}},
	{"somebody follows a link that was cut off", []step{
		goTo("/n/cut-off"), withStatus(http.StatusNotFound), at("unknown", "page.unknown.title"),
		fill("page.unknown.code_label", code), press("page.unknown.code_button"), at("notice", "page.notice.title")}},
	{"somebody whose data were deleted follows their links", []step{ // R3
		erased, followMail("/n/"), at("erased", "page.erased.title"), followMail("/o/"), at("erased", "page.erased.title")}},
}

// followMail opens the visitor's mail and follows its link to a kind of page. The way
// from the mail is gone once in a walk; who comes again has the page's address.
func followMail(kind string) step {
	return func(v *visitor) {
		if v.followed {
			v.must(v.tab.Open(v.Context(), v.links(v.mail, strings.Trim(kind, "/"))[0]))
			return
		}
		v.followed = true
		v.must(v.tab.Open(v.Context(), v.mailAt(v.mail)))
		v.must(v.tab.Press(v.Context(), browser.LinkTo(v.web.URL+kind)))
	}
}

func goTo(path string) step {
	return func(v *visitor) { v.must(v.tab.Open(v.Context(), v.web.URL+path)) }
}

func press(key string) step {
	return func(v *visitor) { v.must(v.tab.Press(v.Context(), browser.Control(v.say(key)))) }
}

func fill(label string, with func(v *visitor) string) step {
	return func(v *visitor) { v.must(v.tab.Type(v.Context(), browser.Field(v.say(label)), with(v))) }
}

func code(v *visitor) string    { return strings.ToLower(noticeCode.FindString(v.mail.parsed.Text)) }
func wrongCode(*visitor) string { return "0000-0000-0000" }

// at says which page is open now, and looks at it.
func at(page, heading string) step {
	return func(v *visitor) {
		if sight := v.look(page); sight.Heading != v.say(heading) {
			v.Fatalf("the visitor is at %q, and not at the page %s, %q", sight.Heading, page, v.say(heading))
		}
	}
}

func withStatus(status int) step {
	return func(v *visitor) {
		if got := v.tab.Status(); got != status {
			v.Errorf("the status is %d, want %d", got, status)
		}
	}
}

func (v *visitor) text() string {
	sight, err := v.tab.Look(v.Context())
	v.must(err)
	return sight.Text
}

func reads(keys ...string) step {
	return func(v *visitor) {
		text := v.text()
		for _, key := range keys {
			if !strings.Contains(text, v.say(key)) {
				v.Errorf("the page does not say %q", v.say(key))
			}
		}
	}
}

func lacks(key string) step {
	return func(v *visitor) {
		if text := v.text(); len(text) < 200 || strings.Contains(text, v.say(key)) {
			v.Errorf("the page still says %q", v.say(key))
		}
	}
}

// inEveryLanguage goes round by the links to other languages, back to the first.
func inEveryLanguage(heading string) step {
	return func(v *visitor) {
		codes := append(v.texts.Languages(), v.texts.Languages()...)
		first := v.words
		for i, code := range codes {
			if code != v.words.Code() || i+1 == len(codes) {
				continue
			}
			v.words = v.texts.For(codes[i+1])
			v.must(v.tab.Press(v.Context(), browser.Control(v.words.LanguageName(codes[i+1]))))
			at("in-another-language", heading)(v)
			if v.words == first {
				return
			}
		}
		v.Error("the round of languages does not come to its end")
	}
}

// erased has the visitor's data deleted before they come.
func erased(v *visitor) {
	id, err := v.contact(v.Context(), code(v))
	v.must(err)
	c := contactEraseCmd{ID: id.String(), By: "Ann", Why: "asked by letter"}
	v.must(c.Run(v.Context(), v.app, streams{out: io.Discard, err: io.Discard}))
}

// TestPeopleWalkThroughMailsAndPages goes every walk on every screen; what the mails are like, and what a
// browser without pictures makes of the pages, is seen on the way.
func TestPeopleWalkThroughMailsAndPages(t *testing.T) {
	p := newPost(t)
	countries := map[string]string{"en": "GB", "fr": "FR", "de": "DE"}
	if len(countries) != len(p.texts.Languages()) {
		t.Fatalf("there are texts in %q: name a country for each", p.texts.Languages())
	}
	languages := p.texts.Languages()
	all := func(int) []string { return languages }
	readers := []struct {
		browser.View
		languages func(walk int) []string
	}{
		{smallPhone, all}, {desk, all},
		{plainPhone, func(i int) []string { return languages[i%len(languages):][:1] }}, // so that no language goes without
		{plainDesk, func(i int) []string { return map[int][]string{1: {"en"}}[i] }},    // one with a form: what differs from the phone is the layout
		{zoomed, func(int) []string { return []string{"de"} }},                         // of our languages German has the longest words
	}
	reader := func(i int, view browser.View, code string) string {
		return fmt.Sprintf("reader-%d-%s-%s", i, view.Name, code)
	}
	var rows []string
	for i := range walks {
		for _, r := range readers {
			for _, code := range r.languages(i) {
				rows = append(rows, p.lead(reader(i, r.View, code), countries[code], "public", 5))
			}
		}
	}
	p.takeRows(t, rows...)
	p.release(t, "first")
	until(t, p.finished(t, "first"))
	mails := map[string]noticeMail{}
	for _, m := range p.notices(t) {
		who, _, _ := strings.Cut(m.To[0].Address, "@")
		mails[who] = m
	}

	t.Run("walks", func(t *testing.T) {
		for _, r := range readers {
			t.Run(r.Name, func(t *testing.T) {
				t.Parallel()
				tab := openTab(t, r.View, p.web.URL, p.mails.URL)
				for i, w := range walks {
					for _, code := range r.languages(i) {
						t.Run(w.name+"/"+code, func(t *testing.T) {
							v := p.visitor(t, tab, code, mails[reader(i, r.View, code)])
							for _, do := range w.steps {
								do(v)
							}
						})
					}
				}
			})
		}
	})
	t.Run("mails", func(t *testing.T) {
		for _, view := range []browser.View{smallPhone, plainPhone, desk} {
			t.Run(view.Name, func(t *testing.T) {
				t.Parallel()
				p.lookAtMails(t, openTab(t, view, p.mails.URL))
			})
		}
	})
	t.Run("a text browser", func(t *testing.T) {
		for _, code := range languages {
			t.Run(code, func(t *testing.T) { p.dumps(t, code, mails[reader(0, desk, code)]) })
		}
	})
}

// lookAtMails looks at one mail of each kind and language: those of one kind have one
// subject.
func (p *post) lookAtMails(t *testing.T, tab *browser.Tab) {
	seen := map[string]int{}
	for _, m := range p.notices(t) {
		code := m.parsed.Language
		if seen[m.parsed.Subject]++; seen[m.parsed.Subject] > 1 {
			continue
		}
		kind := "mail-receipt"
		if m.parsed.Get("List-Unsubscribe") != "" {
			kind = "mail-notice"
		}
		t.Run(kind+"/"+code, func(t *testing.T) {
			v := p.visitor(t, tab, code, m)
			v.must(tab.Open(t.Context(), p.mailAt(m)))
			// A mail is no page of a site: its title stands in the subject, above it.
			v.look(kind, "page-has-heading-one")
		})
	}
	if len(seen) < 2*len(p.texts.Languages()) {
		t.Errorf("only %d kinds of mails were seen: %v", len(seen), seen)
	}
}

// dumps reads a notice as w3m does: a browser without pictures, styles and scripts.
// What stands above must be read first.
func (p *post) dumps(t *testing.T, code string, m noticeMail) {
	v := &visitor{T: t, post: p, words: p.texts.For(code), mail: m}
	for _, page := range []struct {
		address string
		keys    []string
	}{
		{p.links(m, "n")[0], []string{"page.notice.title", "page.objection.heading", "page.objection.button", "page.access.button", "page.other.heading", "whole.title"}},
		{p.links(m, "o")[0], []string{"page.objection.heading", "page.objection.explain", "page.objection.button"}},
		{p.web.URL + "/?l=" + code, []string{"page.home.title", "page.home.explain", "page.unknown.code_label", "page.unknown.code_hint", "page.unknown.code_button"}},
	} {
		cmd := exec.CommandContext(t.Context(), "w3m", "-dump", "-cols", "80", "-no-proxy", "-O", "UTF-8", page.address)
		cmd.Env = append(cmd.Environ(), "HOME="+t.TempDir(), "LC_ALL=C.UTF-8")
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("w3m: %v; without it run make need-browser", err)
		}
		text := strings.Join(strings.Fields(string(out)), " ")
		for _, key := range page.keys {
			_, after, found := strings.Cut(text, strings.Join(strings.Fields(v.say(key)), " "))
			if !found {
				t.Fatalf("%s does not come in its turn in\n%s", key, out)
			}
			text = after
		}
	}
}
