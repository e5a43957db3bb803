package catcher

import (
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
)

func TestLettersStandBesideTheMailsAndTheirReferencesInNoAddress(t *testing.T) { // DESIGN, rule 6
	h := filled(Options{Letters: fstest.MapFS{
		"batch-1/K7M2-9QXT-4HBD.pdf": {Data: []byte("%PDF-1.3 first")},
		"batch-1/batch.csv":          {Data: []byte("a table")},
		"batch-2/<b>.pdf":            {Data: []byte("%PDF-1.3 second")},
	}}).Handler("/inbox")
	if list := page(t, h, "/inbox/"); !strings.Contains(list, `<a href="/inbox/letters/">`) || !strings.Contains(list, "reaches: 2<") {
		t.Errorf("the list does not lead to two letters:\n%s", list)
	}
	letters := page(t, h, "/inbox/letters/")
	for _, want := range []string{`href="/inbox/letters/1"`, "K7M2-9QXT-4HBD", `href="/inbox/letters/2"`, "&lt;b&gt;"} {
		if !strings.Contains(letters, want) {
			t.Errorf("the page of letters lacks %q", want)
		}
	}
	if strings.Contains(letters, "batch.csv") || strings.Contains(letters, "letters/K7M2") {
		t.Error("a table is listed, or a reference stands in an address")
	}
	resp, body := visit(t, h, http.MethodGet, "/inbox/letters/2")
	if body != "%PDF-1.3 second" || resp.Header.Get("Content-Type") != "application/pdf" {
		t.Errorf("the second letter is %q, %s", body, resp.Header.Get("Content-Type"))
	}
	for _, path := range []string{"/inbox/letters/0", "/inbox/letters/3", "/inbox/letters/-1", "/inbox/letters/batch.csv", "/inbox/letters/..%2fx"} {
		if resp, _ := visit(t, h, http.MethodGet, path); resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, resp.StatusCode)
		}
	}
}

func TestAnInboxWithoutLettersSaysNothingOfThem(t *testing.T) {
	if list := page(t, filled(Options{}).Handler(""), "/"); strings.Contains(list, "etters") {
		t.Errorf("it speaks of letters:\n%s", list)
	}
}
