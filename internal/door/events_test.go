package door

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"pgregory.net/rapid"

	"article14/internal/bounce"
	"article14/mailer"
	"article14/mailer/track"
)

func secretOf(letter string) string {
	return "whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat(letter, 32)))
}

// events serves the door of the generic webhooks with two secrets.
func (d *desk) events() (url string) {
	d.t.Helper()
	h, err := Events(d.house(), []string{secretOf("o"), secretOf("n")})
	if err != nil {
		d.t.Fatal(err)
	}
	srv := httptest.NewServer(h)
	d.t.Cleanup(srv.Close)
	return srv.URL
}

// signedEvents is a request as a sender with a secret makes it.
func signedEvents(t testing.TB, url, secret, id, body string, at time.Time) *http.Request {
	t.Helper()
	key, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	signature, err := key.Sign(id, at, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("webhook-id", id)
	req.Header.Set("webhook-timestamp", fmt.Sprint(at.Unix()))
	req.Header.Set("webhook-signature", "v1a,xxxx "+signature)
	return req
}

func answer(t testing.TB, req *http.Request) int {
	t.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

const twoEvents = `{"type":"mail.events","timestamp":"2031-05-06T12:00:00Z","data":{"events":[
 {"event":"failed","envelope_from":"b-ours@bounces.example","message_id":"<m1@x.example>","recipient":"anna+2B@one.example","status":"5.1.1","reply":"550 5.1.1 no\r\nAction: delivered\u0000","at":"2031-05-06T11:59:00Z"},
 {"event":"delivered","message_id":"m2@x.example","recipient":"jürgen@bücher.example","new":"field"}]}}`

func TestSignedEventsBecomeReports(t *testing.T) { // E3
	d := newDesk(t)
	url := d.events()
	if got := answer(t, signedEvents(t, url, secretOf("n"), "msg_1", twoEvents, noon)); got != http.StatusOK {
		t.Fatalf("answered %d", got)
	}
	kept := d.all()
	if len(kept) != 2 || kept[0].Door != track.DoorEvents || len(kept[0].SentTo) != 1 || kept[0].SentTo[0] != ours || kept[1].SentTo != nil {
		t.Fatalf("kept %+v", kept)
	}
	if strings.Contains(string(kept[0].Raw), "\x00") || strings.Contains(string(kept[0].Raw), "\nAction: delivered") {
		t.Errorf("what somebody wrote into a field stands as more than that:\n%q", kept[0].Raw)
	}
	first, second := bounce.Read(kept[0].Raw), bounce.Read(kept[1].Raw)
	if v := first.Verdict(); v.Action != track.ActionFailed || v.Class != mailer.ClassDeadAddress || v.Recipient != "anna+2B@one.example" || first.MessageID != "m1@x.example" {
		t.Errorf("the first is read as %+v of %q\n%s", v, first.MessageID, kept[0].Raw)
	}
	if v := second.Verdict(); v.Action != track.ActionDelivered || v.Recipient != "jürgen@bücher.example" || second.MessageID != "m2@x.example" {
		t.Errorf("the second is read as %+v of %q\n%s", v, second.MessageID, kept[1].Raw)
	}
}

func TestEventsThatComeAgainHaveTheSameIdAndOtherEventsAnother(t *testing.T) {
	d := newDesk(t)
	url := d.events()
	other := strings.Replace(twoEvents, "5.1.1", "5.2.2", 1)
	for _, x := range [][2]string{{"msg_1", twoEvents}, {"msg_1", twoEvents}, {"msg_2", twoEvents}, {"msg_1", other}} {
		answer(t, signedEvents(t, url, secretOf("o"), x[0], x[1], noon))
	}
	ids := map[string]int{}
	for _, in := range d.all() {
		ids[string(in.ExternalID)]++
	}
	if len(d.all()) != 8 || len(ids) != 5 {
		t.Errorf("%d events have %d ids", len(d.all()), len(ids))
	}
}

func TestEventsThatAreNotProvenOrNotRightAreRefusedForGood(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(r *http.Request)
		body   string
		at     time.Time
		want   int
	}{
		{"another's secret", func(r *http.Request) {
			r.Header.Set("webhook-signature", signedEvents(t, "http://x", secretOf("x"), "msg_1", twoEvents, noon).Header.Get("webhook-signature"))
		}, twoEvents, noon, 403},
		{"no signature", func(r *http.Request) { r.Header.Del("webhook-signature") }, twoEvents, noon, 403},
		{"another id", func(r *http.Request) { r.Header.Set("webhook-id", "msg_2") }, twoEvents, noon, 403},
		{"no id", func(r *http.Request) { r.Header.Del("webhook-id") }, twoEvents, noon, 403},
		{"too old", nil, twoEvents, noon.Add(-5*time.Minute - time.Second), 403},
		{"too new", nil, twoEvents, noon.Add(5*time.Minute + time.Second), 403},
		{"just old enough", nil, twoEvents, noon.Add(-5 * time.Minute), 200},
		{"no JSON", nil, "x", noon, 422},
		{"another type", nil, `{"type":"x","data":{"events":[{"event":"failed","message_id":"x"}]}}`, noon, 422},
		{"no events", nil, `{"type":"mail.events","data":{"events":[]}}`, noon, 422},
		{"an event of another kind", nil, `{"type":"mail.events","data":{"events":[{"event":"opened","message_id":"x"}]}}`, noon, 422},
		{"about nothing", nil, `{"type":"mail.events","data":{"events":[{"event":"failed"}]}}`, noon, 422},
		{"another status", nil, `{"type":"mail.events","data":{"events":[{"event":"failed","message_id":"x","status":"5.1"}]}}`, noon, 422},
		{"a time that is none", nil, `{"type":"mail.events","data":{"events":[{"event":"failed","message_id":"x","at":"today"}]}}`, noon, 422},
		{"another content type", func(r *http.Request) { r.Header.Set("Content-Type", "text/html") }, twoEvents, noon, 415},
		{"another method", func(r *http.Request) { r.Method = http.MethodPut }, twoEvents, noon, 405},
		{"too much", nil, strings.Repeat(" ", maxBody) + twoEvents, noon, 413},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDesk(t)
			req := signedEvents(t, d.events(), secretOf("n"), "msg_1", c.body, c.at)
			if c.change != nil {
				c.change(req)
			}
			if got := answer(t, req); got != c.want {
				t.Errorf("answered %d, want %d", got, c.want)
			}
			if kept := len(d.all()); kept != 0 && c.want != 200 {
				t.Errorf("%d kept", kept)
			}
			if strings.Contains(d.logged(), "@") {
				t.Errorf("the log has an address in it: %s", d.logged())
			}
		})
	}
}

func TestABatchIsAnsweredAsAWhole(t *testing.T) {
	d := newDesk(t)
	url := d.events()
	n := 0
	d.fail = func(track.Incoming) error {
		if n++; n == 2 {
			return errAwayNow
		}
		return nil
	}
	for try, want := range []int{503, 200} {
		if got := answer(t, signedEvents(t, url, secretOf("n"), "msg_1", twoEvents, noon)); got != want {
			t.Errorf("try %d is answered %d, want %d", try, got, want)
		}
	}
	if kept := d.all(); len(kept) != 3 || string(kept[0].ExternalID) != string(kept[1].ExternalID) {
		t.Errorf("%d kept", len(kept))
	}
}

func TestSecretsThatAreTooShortAreNotTaken(t *testing.T) {
	for _, s := range []string{"", "whsec_", "whsec_!!", "whsec_" + base64.StdEncoding.EncodeToString(make([]byte, 23))} {
		if _, err := Events(House{}, []string{secretOf("a"), s}); err == nil || !strings.Contains(err.Error(), "secret 2") {
			t.Errorf("%q: %v", s, err)
		}
	}
}

// TestTheSchemaSaysWhatIsTaken makes bodies that the schema takes, or not, and asks
// the reader for the same.
func TestTheSchemaSaysWhatIsTaken(t *testing.T) {
	raw, err := os.ReadFile("../../docs/events.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(raw)))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("events.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("events.json")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[bool]int{}
	rapid.Check(t, func(rt *rapid.T) {
		item := map[string]any{}
		for name, values := range map[string][]any{
			"event": {"failed", "delayed", "delivered", "complained", "opened", 1}, "envelope_from": {"b-x@y.example", "", 1}, "message_id": {"x@y", "", nil},
			"status": {"5.1.1", "", "4.2.2", "5.1", "9.1.1"}, "at": {"2031-05-06T12:00:00Z", "2031-05-06T12:00:00.5+02:00", "noon"}, "reply": {"550 no", 7},
		} {
			if rapid.IntRange(0, 3).Draw(rt, "has "+name) > 0 {
				i := min(rapid.IntRange(0, len(values)+5).Draw(rt, name), len(values)*2) % len(values)
				item[name] = values[i]
			}
		}
		body := map[string]any{"type": rapid.SampledFrom([]string{"mail.events", "mail.events", "mail.events", "x"}).Draw(rt, "type"),
			"data": map[string]any{"events": []any{item}}}
		text, err := json.Marshal(body)
		if err != nil {
			rt.Fatal(err)
		}
		instance, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
		if err != nil {
			rt.Fatal(err)
		}
		_, refused := readEvents("id", text)
		bySchema := schema.Validate(instance)
		if id, there := item["message_id"]; there && id == nil && bySchema != nil { // null is no string to the schema, and nothing to the reader
			return
		}
		seen[refused == nil]++
		if (refused == nil) != (bySchema == nil) {
			rt.Fatalf("%s: the reader says %v, the schema %v", text, refused, bySchema)
		}
	})
	if seen[true] == 0 || seen[false] == 0 {
		t.Errorf("taken and refused: %v", seen)
	}
}

func TestTheExampleInTheDocsIsTaken(t *testing.T) {
	page, err := os.ReadFile("../../docs/doors.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, found := strings.Cut(string(page), "```json\n")
	example, _, _ = strings.Cut(example, "```")
	if in, err := readEvents("id", []byte(example)); !found || err != nil || len(in) != 1 {
		t.Errorf("%d events, %v", len(in), err)
	}
}

// TestOnlySoManyBodiesAreInMemoryAtOnce holds requests in their keeping, and asks once more.
func TestOnlySoManyBodiesAreInMemoryAtOnce(t *testing.T) {
	d := newDesk(t)
	inside, on := make(chan struct{}), make(chan struct{})
	h := d.house()
	h.Take = func(context.Context, track.Incoming) error { inside <- struct{}{}; <-on; return nil }
	door, err := Events(h, []string{secretOf("n")})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(door)
	defer srv.Close()
	url := srv.URL
	one := strings.Replace(twoEvents, `,
 {"event":"delivered","message_id":"m2@x.example","recipient":"jürgen@bücher.example","new":"field"}`, "", 1)
	answers := make(chan int, hooksAtOnce)
	for i := range hooksAtOnce {
		req := signedEvents(t, url, secretOf("n"), fmt.Sprint(i), one, noon)
		go func() { answers <- answer(t, req) }()
	}
	for range hooksAtOnce {
		<-inside
	}
	if got := answer(t, signedEvents(t, url, secretOf("n"), "more", one, noon)); got != http.StatusServiceUnavailable || d.count("events limited") != 1 {
		t.Errorf("one more is answered %d, counted %v", got, d.came)
	}
	close(on)
	for range hooksAtOnce {
		if got := <-answers; got != http.StatusOK {
			t.Errorf("answered %d", got)
		}
	}
}

func FuzzEvents(f *testing.F) {
	f.Add([]byte(twoEvents))
	f.Add([]byte(`{"type":"mail.events","data":{"events":[{"event":"complained","message_id":"\r\n\r\n--event--"}]}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		found, err := readEvents("id", body)
		if (err == nil) == (len(found) == 0) {
			t.Fatalf("%d events, %v", len(found), err)
		}
		for _, in := range found {
			wholeEvent(t, in)
		}
	})
}

// wholeEvent checks that an event is one report about one recipient, whatever
// somebody wrote into its fields.
func wholeEvent(t *testing.T, in track.Incoming) {
	t.Helper()
	if r := bounce.Read(in.Raw); len(r.Recipients) > 1 || len(in.Raw) > 8<<10 {
		t.Fatalf("%d recipients in %d octets:\n%s", len(r.Recipients), len(in.Raw), in.Raw)
	}
	if n := strings.Count(string(in.Raw), "\n--"+eventBoundary); n != 4 {
		t.Fatalf("%d boundaries:\n%s", n, in.Raw)
	}
}
