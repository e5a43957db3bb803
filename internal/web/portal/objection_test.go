package portal

import (
	"bytes"
	"context"
	"mime/multipart"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestTheObjectionPageExplainsAndChangesNothing(t *testing.T) { // R1
	h := newHouse(t)
	w := h.get(h.rights.objecting())
	wantStatus(t, w, 200)
	wantIn(t, w, text(t, "fr", "page.objection.explain"), text(t, "fr", "page.objection.button"))
	if n := strings.Count(w.Body.String(), "<button"); n != 1 {
		t.Errorf("%d buttons", n)
	}
	if h.rights.changes() != 0 {
		t.Error("looking changed something")
	}
}

func TestOnlyWhoGotAMailIsPromisedAConfirmationByMail(t *testing.T) {
	for byPost, want := range map[bool]func(testing.TB, *httptest.ResponseRecorder, ...string){false: wantIn, true: wantNotIn} {
		h := newHouse(t)
		h.rights.byPost = byPost
		promise := text(t, "en", "page.confirmed.body")
		want(t, h.press(h.rights.objecting()+"?l=en"), promise)
		wantNotIn(t, h.get(h.rights.notice()+"?l=en"), promise)
		h.press(h.rights.notice() + "/access?l=en")
		want(t, h.get(h.rights.notice()+"?l=en"), promise)
	}
}

func TestTheButtonObjectsAndSaysSoAtOnce(t *testing.T) { // R5
	h := newHouse(t)
	w := h.press(h.rights.objecting() + "?l=en")
	wantStatus(t, w, 200)
	wantIn(t, w, text(t, "en", "page.objected.title"), text(t, "en", "page.objected.body", "Date", "3 November 2026"))
	if len(h.rights.ways) != 1 || h.rights.ways[0] != "page" {
		t.Errorf("ways: %v", h.rights.ways)
	}
	wantIn(t, h.get(h.rights.notice()), text(t, "fr", "page.already_objected", "Date", "3 novembre 2026"))
	wantNotIn(t, h.get(h.rights.notice()), `action="/o/`)
	wantNotIn(t, h.get(h.rights.objecting()), "<button")
}

func TestObjectingAgainShowsTheFirstDay(t *testing.T) { // R2: safe to replay
	h := newHouse(t)
	first := h.press(h.rights.objecting())
	h.rights.today.Day++
	for range 3 {
		if again := h.press(h.rights.objecting()); again.Body.String() != first.Body.String() || again.Code != 200 {
			t.Fatalf("another answer: %d %s", again.Code, again.Body)
		}
	}
}

func multipartBody(t *testing.T, name, value string) (body, contentType string) {
	t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	if err := m.WriteField(name, value); err != nil {
		t.Fatal(err)
	}
	m.Close()
	return b.String(), m.FormDataContentType()
}

func TestOneClickComesInEveryFormThatTheStandardAllows(t *testing.T) { // R2, RFC 8058
	parts, partsType := multipartBody(t, "List-Unsubscribe", "One-Click")
	for name, c := range map[string]struct{ body, kind string }{
		"a plain form":                      {"List-Unsubscribe=One-Click", formType},
		"a form with a charset":             {"List-Unsubscribe=One-Click", formType + "; charset=UTF-8"},
		"a multipart form":                  {parts, partsType},
		"a form without a type":             {"List-Unsubscribe=One-Click", ""},
		"a field in another case":           {"list-unsubscribe=one-click", formType},
		"a line end behind the field":       {"List-Unsubscribe=One-Click\r\n", formType},
		"the field among a sender's others": {"id=7&List-Unsubscribe=One-Click", formType},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			header := []string{"Origin", "https://mail.example", "Sec-Fetch-Site", "cross-site"}
			if c.kind != "" {
				header = append(header, "Content-Type", c.kind)
			}
			for range 2 {
				w := h.ask("POST", h.rights.objecting(), c.body, header...)
				wantStatus(t, w, 200)
				if w.Body.Len() > 100 || strings.Contains(w.Body.String(), "<") {
					t.Errorf("not a tiny text: %s", w.Body)
				}
				if w.Header().Get("Location") != "" || w.Header().Get("Set-Cookie") != "" {
					t.Errorf("a redirect or a cookie: %v", w.Header())
				}
			}
			if len(h.rights.ways) != 2 || h.rights.ways[0] != "one_click" {
				t.Errorf("ways: %v", h.rights.ways)
			}
		})
	}
}

func TestAPostWithoutEitherFieldChangesNothingAndShowsTheButton(t *testing.T) { // R1
	parts, partsType := multipartBody(t, "other", "One-Click")
	for name, c := range map[string]struct{ query, body, kind string }{
		"an empty body":                 {"", "", formType},
		"another value":                 {"", "List-Unsubscribe=Two-Clicks", formType},
		"the field twice":               {"", "List-Unsubscribe=One-Click&List-Unsubscribe=x", formType},
		"the field in the address only": {"?List-Unsubscribe=One-Click&from=page", "", formType},
		"another multipart field":       {"", parts, partsType},
		"a body of another type":        {"", `{"List-Unsubscribe":"One-Click"}`, "application/json"},
		"a file of text":                {"", "List-Unsubscribe=One-Click", "text/plain"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			w := h.ask("POST", h.rights.objecting()+c.query, c.body, "Content-Type", c.kind)
			wantStatus(t, w, 400)
			wantIn(t, w, text(t, "fr", "page.objection.button"))
			if h.rights.changes() != 0 {
				t.Error("it objected")
			}
		})
	}
}

func TestABrokenBodyIsRefusedAndChangesNothing(t *testing.T) {
	for name, c := range map[string]struct {
		body, kind string
		status     int
	}{
		"larger than a form needs to be": {"List-Unsubscribe=One-Click&x=" + strings.Repeat("x", maxBody), formType, 413},
		"a broken escape":                {"List-Unsubscribe=One-Click&x=%zz", formType, 400},
		"multipart without a boundary":   {"List-Unsubscribe=One-Click", "multipart/form-data", 400},
		"multipart cut off":              {"--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Cl", "multipart/form-data; boundary=b", 400},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			wantStatus(t, h.ask("POST", h.rights.objecting(), c.body, "Content-Type", c.kind), c.status)
			if h.rights.changes() != 0 {
				t.Error("it objected")
			}
		})
	}
}

func TestAnObjectionIsRecordedEvenIfTheReaderLeaves(t *testing.T) { // R5
	h := newHouse(t)
	ctx, leave := context.WithCancel(context.Background())
	r := httptest.NewRequest("POST", h.rights.objecting(), strings.NewReader("from=page")).WithContext(ctx)
	r.Header.Set("Content-Type", formType)
	leave()
	h.ServeHTTP(httptest.NewRecorder(), r)
	if h.rights.changes() != 1 {
		t.Fatal("the objection is lost")
	}
	if _, bounded := h.rights.ctx.Deadline(); !bounded {
		t.Error("the store may hang for ever")
	}
}

func FuzzABodyNeverObjectsWithoutTheField(f *testing.F) {
	f.Add(formType, "List-Unsubscribe=One-Click")
	f.Add("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--\r\n")
	f.Add("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=x; filename=y\r\n\r\nz\r\n--b--\r\n")
	f.Add("", "from=page")
	f.Fuzz(func(t *testing.T, kind, body string) {
		form, err := parseForm(kind, []byte(body))
		if err != nil {
			return
		}
		seen := strings.ToLower(strings.NewReplacer("%", "", "+", "").Replace(body))
		if oneClick(form) && !strings.Contains(body, "%") && !strings.Contains(seen, "list-unsubscribe") {
			t.Errorf("%q of type %q is taken for one-click", body, kind)
		}
	})
}
