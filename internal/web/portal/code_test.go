package portal

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestTheHomePageSaysWhoseItIsAndAsksForTheCode(t *testing.T) {
	h := newHouse(t)
	w := h.get("/", "Accept-Language", "en")
	wantStatus(t, w, 200)
	wantIn(t, w, nordlicht.Name, nordlicht.Address, nordlicht.Email, `href="tel:+33199001234"`, `action="/code?l=en"`, text(t, "en", "page.home.explain"))
}

func TestACodeLeadsToItsNoticeHoweverItIsTyped(t *testing.T) {
	h := newHouse(t)
	for _, typed := range []string{h.rights.code, strings.ToLower(h.rights.code), strings.ReplaceAll(h.rights.code, "-", " ")} {
		w := h.type_(url.QueryEscape(typed))
		wantStatus(t, w, 303)
		if to := w.Header().Get("Location"); to != h.rights.notice() {
			t.Errorf("leads to %q", to)
		}
	}
}

func TestEveryWrongCodeGetsTheSameAnswerWithoutWhatWasTyped(t *testing.T) {
	h := newHouse(t)
	want := h.type_("0000-0000-0000", "Accept-Language", "de")
	wantStatus(t, want, 404)
	wantIn(t, want, text(t, "de", "page.code.not_found"), nordlicht.Email,
		`aria-describedby="code-hint code-fault" aria-invalid="true" autofocus`) // where reading goes on, with the fault
	wantNotIn(t, h.get("/"), "autofocus")
	for _, typed := range []string{"", "x", "ZZZZ-ZZZZ-ZZZZ", "%22%3E%3Cscript%3E", strings.Repeat("A", 4000)} {
		if w := h.type_(typed, "Accept-Language", "de"); w.Body.String() != want.Body.String() || w.Code != want.Code {
			t.Errorf("%.20q is answered otherwise", typed)
		}
	}
}

func TestANetworkHasTenTriesInTenMinutes(t *testing.T) {
	h := newHouse(t, "192.0.2.0/24") // httptest's clients
	try := func(from string) int { return h.type_("0000-0000-0000", "X-Forwarded-For", from).Code }
	for i := range triesPerNetwork.burst {
		if status := try("198.51.100.7"); status != 404 {
			t.Fatalf("try %d: %d", i+1, status)
		}
	}
	asked := h.rights.asked
	w := h.type_(h.rights.code, "X-Forwarded-For", "198.51.100.7", "Accept-Language", "en")
	wantStatus(t, w, 429)
	wantIn(t, w, text(t, "en", "page.too_many.body"), nordlicht.Email)
	if w.Header().Get("Retry-After") != "600" || h.rights.asked != asked {
		t.Errorf("Retry-After %q; the store was asked %d times more", w.Header().Get("Retry-After"), h.rights.asked-asked)
	}
	if status := try("198.51.100.8"); status != 404 {
		t.Errorf("a neighbour is held up: %d", status)
	}
	h.now = h.now.Add(retryAfter)
	for range triesPerNetwork.burst {
		if status := try("198.51.100.7"); status != 404 {
			t.Fatalf("after ten minutes: %d", status)
		}
	}
}

func TestAHouseholdOfIPv6IsOneNetwork(t *testing.T) {
	h := newHouse(t, "192.0.2.0/24")
	last := 0
	for i := range triesPerNetwork.burst + 1 {
		last = h.type_("x", "X-Forwarded-For", "2001:db8:1:2::"+string(rune('a'+i%6))).Code
	}
	if last != 429 {
		t.Errorf("the last try: %d", last)
	}
	if status := h.type_("x", "X-Forwarded-For", "2001:db8:1:3::a").Code; status != 404 {
		t.Errorf("the next household: %d", status)
	}
}

func TestAForgedForwardingHeaderGivesNobodyMoreTries(t *testing.T) {
	for name, proxies := range map[string][]string{"without proxies": nil, "behind others' proxies": {"203.0.113.0/24"}} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, proxies...)
			last := 0
			for i := range triesPerNetwork.burst + 1 {
				last = h.type_("x", "X-Forwarded-For", "198.51.100."+string(rune('0'+i%10))).Code
			}
			if last != 429 {
				t.Errorf("the last try: %d", last)
			}
		})
	}
}

func TestReadingIsNeverLimited(t *testing.T) {
	h := newHouse(t)
	for range triesPerNetwork.burst + 1 {
		h.type_("x")
	}
	wantStatus(t, h.get(h.rights.notice()), 200)
	wantStatus(t, h.press(h.rights.objecting()), 200)
}

func TestAllNetworksTogetherHaveABound(t *testing.T) {
	l := newLimiter(allowance{1, 1}, allowance{1, 3}, 100)
	now := time.Date(2026, 11, 3, 9, 0, 0, 0, time.UTC)
	passed := 0
	for i := range 10 {
		if l.allow(networkNo(i), now) {
			passed++
		}
	}
	if passed != 3 {
		t.Errorf("%d passed", passed)
	}
}

func TestANetworkThatIsRefusedTakesNothingFromTheOthers(t *testing.T) {
	l := newLimiter(allowance{0, 1}, allowance{0, 2}, 100)
	now := time.Date(2026, 11, 3, 9, 0, 0, 0, time.UTC)
	for range 10 {
		l.allow(networkNo(0), now)
	}
	if !l.allow(networkNo(1), now) {
		t.Error("the second network is refused")
	}
}

func TestTheLimiterForgetsTheNetworkSeenLongestAgo(t *testing.T) {
	l := newLimiter(allowance{0, 1}, allowance{1, 1000}, 2)
	now := time.Date(2026, 11, 3, 9, 0, 0, 0, time.UTC)
	l.allow(networkNo(0), now)
	l.allow(networkNo(1), now)
	l.allow(networkNo(0), now) // refused, but seen
	l.allow(networkNo(2), now) // 1 has to go
	if l.allow(networkNo(0), now) {
		t.Error("the one seen lately was forgotten")
	}
	if !l.allow(networkNo(1), now) {
		t.Error("the one seen longest ago is still known")
	}
	if len(l.by) != 2 || l.recent.Len() != 2 {
		t.Errorf("%d networks are held, %d in order", len(l.by), l.recent.Len())
	}
}
