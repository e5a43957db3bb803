package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"article14/mailer"
	"article14/mailer/gate"
)

// desk is a gate that answers by purpose, and remembers what it was asked.
type desk struct {
	asked []gate.Question
	uses  []gate.Use
	err   error
}

func (d *desk) Ask(_ context.Context, qs []gate.Question) ([]gate.Answer, error) {
	d.asked = append(d.asked, qs...)
	return make([]gate.Answer, len(qs)), d.err
}

func (d *desk) Confirm(_ context.Context, uses []gate.Use) ([]gate.Confirmed, error) {
	d.uses = append(d.uses, uses...)
	out := make([]gate.Confirmed, len(uses))
	for i := range out {
		out[i] = gate.Confirmed{Answer: gate.Answer{Verdict: gate.Verdict{Reason: gate.NotInformed, DueAt: time.Unix(0, 0).UTC()}, Contacts: []mailer.ID{{1}}}, Recorded: 1}
	}
	return out, d.err
}

// ring has one token, which may ask about offers alone.
type ring struct{}

func (ring) Open(_ context.Context, text string) (gate.Token, error) {
	switch text {
	case "good":
		return gate.Token{Name: "crm", Purposes: []string{"offers"}}, nil
	case "away":
		return gate.Token{}, errors.New("database: person@example.org is away")
	}
	return gate.Token{}, gate.ErrNoSuchToken
}

func call(t *testing.T, d *desk, method, path, token, body string) (int, http.Header, string) {
	t.Helper()
	srv := httptest.NewServer(New(Options{Gate: d, Tokens: ring{}, Version: "1", Log: slog.New(slog.DiscardHandler)}))
	defer srv.Close()
	r, err := http.NewRequestWithContext(t.Context(), method, srv.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := srv.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Header, string(b)
}

const one = `{"questions":[{"email":"person@example.org","purpose":"offers"}]}`

func TestEveryCallIsAnsweredAsItsTokenAndItsBodyDeserve(t *testing.T) { // D6
	for _, c := range []struct {
		name, token, body string
		err               error
		want              int
	}{
		{"a good question", "good", one, nil, 200},
		{"no token", "", one, nil, 401},
		{"a wrong token", "bad", one, nil, 401},
		{"a token that cannot be looked at is no yes", "away", one, nil, 503},
		{"a purpose that the token is not for", "good", strings.ReplaceAll(one, "offers", "fraud"), nil, 403},
		{"no JSON", "good", "{", nil, 400},
		{"no questions", "good", `{"questions":[]}`, nil, 422},
		{"a field that is not known", "good", `{"questions":[{"email":"person@example.org","purpose":"offers","nam":"x"}]}`, nil, 422},
		{"a contact that is no id", "good", `{"questions":[{"contact":"person@example.org","purpose":"offers"}]}`, nil, 422},
		{"a question that the gate does not understand", "good", one, &gate.QuestionError{Index: 0, What: "that is no e-mail address"}, 422},
		{"a store that is away is no yes", "good", one, errors.New("database: person@example.org"), 503},
	} {
		status, header, body := call(t, &desk{err: c.err}, "POST", "/api/v1/gate/ask", c.token, c.body)
		if status != c.want {
			t.Errorf("%s: %d %s, want %d", c.name, status, body, c.want)
		}
		if strings.Contains(body, "person@") {
			t.Errorf("%s: what the caller sent comes back: %s", c.name, body)
		}
		if status != 200 && header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %s is no problem (RFC 9457)", c.name, header.Get("Content-Type"))
		}
		if header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: an answer may be kept by others", c.name)
		}
	}
}

func TestTooLargeACallIsRefusedUnread(t *testing.T) {
	big := `{"questions":[` + strings.Repeat(`{"email":"person@example.org","purpose":"offers"},`, 10_000) + `{"email":"person@example.org","purpose":"offers"}]}`
	d := &desk{}
	if status, _, _ := call(t, d, "POST", "/api/v1/gate/ask", "good", big); status != 422 || len(d.asked) > 0 {
		t.Errorf("10,001 questions: %d, and the gate was asked %d", status, len(d.asked))
	}
	if status, _, _ := call(t, d, "POST", "/api/v1/gate/ask", "good", strings.Repeat(" ", maxBody+1)); status != 413 {
		t.Errorf("more than the bound of a body: %d", status)
	}
}

func TestAUseIsSignedWithTheTokensName(t *testing.T) {
	d := &desk{}
	status, _, body := call(t, d, "POST", "/api/v1/gate/uses", "good",
		`{"uses":[{"email":"person@example.org","purpose":"offers","kind":"disclosure","recipient":"Mailer Ltd","id":"list 1","at":"2026-03-01T10:00:00+01:00","recipient_reference":"case 17"}]}`)
	if status != 200 || len(d.uses) != 1 {
		t.Fatalf("%d %s", status, body)
	}
	want := gate.Use{Question: gate.Question{Who: gate.Who{Email: "person@example.org"}, Purpose: "offers"}, Kind: gate.Passing, Recipient: "Mailer Ltd",
		At: d.uses[0].At, Idempotency: "list 1", Theirs: "case 17", By: "crm"}
	if d.uses[0] != want || !want.At.Equal(time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)) {
		t.Errorf("got %+v", d.uses[0])
	}
	var got answering
	if err := json.Unmarshal([]byte(body), &got.Body); err != nil || len(got.Body.Answers) != 1 || got.Body.Answers[0].Reason != "not_informed" || *got.Body.Answers[0].Recorded != 1 {
		t.Errorf("%s: %v", body, err)
	}
}

func TestTheAPIDescribesItselfAndLoadsNothing(t *testing.T) {
	status, _, body := call(t, &desk{}, "GET", "/api/openapi.json", "", "")
	if status != 200 || !strings.Contains(body, `"openapi":"3.1.0"`) || !strings.Contains(body, "/api/v1/gate/uses") {
		t.Errorf("%d %.200s", status, body)
	}
	for _, path := range []string{"/docs", "/schemas/answer.json", "/"} {
		if status, _, _ := call(t, &desk{}, "GET", path, "", ""); status != 404 {
			t.Errorf("%s: %d", path, status)
		}
	}
}
