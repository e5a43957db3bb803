package main

import (
	"database/sql"
	"html"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// ownClock are the tables that a server writes while nobody asks it for anything.
var ownClock = map[string]string{
	"worker_heartbeat": "a worker says every five seconds that it is there",
	"relay_quota":      "a worker leases its pace in blocks of a second",
}

// checksums are those of all rows of every table, and of where each sequence stands.
func checksums(t *testing.T, db *sql.DB) map[string]string {
	t.Helper()
	tables := `SELECT c.relname, CAST(c.relkind AS text) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'm', 'S')`
	rows, err := db.QueryContext(t.Context(), tables)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	out := map[string]string{}
	for rows.Next() {
		var name, kind, sum string
		if err := rows.Scan(&name, &kind); err != nil {
			t.Fatal(err)
		}
		query := `SELECT md5(coalesce(string_agg(CAST(r AS text), E'\n' ORDER BY CAST(r AS text)), '')) FROM "` + name + `" r`
		if kind == "S" {
			query = `SELECT CAST(last_value AS text) FROM "` + name + `"`
		}
		if ownClock[name] != "" {
			continue
		}
		if err := db.QueryRowContext(t.Context(), query).Scan(&sum); err != nil {
			t.Fatal(err)
		}
		out[name] = sum
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if len(out) < 40 {
		t.Fatalf("only %d tables were looked at", len(out))
	}
	return out
}

// changed names the tables that are not as before.
func changed(before, after map[string]string) (names []string) {
	for name := range after {
		if before[name] != after[name] {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

var webAddress = regexp.MustCompile(`https?://[^\s<>"')\]]+`)

// addressesIn are all that a mail holds for a program that follows what it finds: in
// its header, its text, and its HTML.
func addressesIn(m noticeMail) []string {
	found := map[string]bool{}
	parts := []string{m.parsed.Text, html.UnescapeString(m.parsed.HTML)}
	for _, f := range m.parsed.Header {
		parts = append(parts, f.Value)
	}
	for _, part := range parts {
		for _, a := range webAddress.FindAllString(part, -1) {
			a, _, _ = strings.Cut(a, "#") // which stays with whoever asks
			found[strings.TrimRight(a, ".,;:")] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// caller is a program that asks for addresses which people did not follow.
type caller struct {
	method  string
	headers map[string]string
	want    int // status
}

// callers are, in turn, mail gateways, previews, prefetching browsers and the like.
var callers = []caller{
	{http.MethodHead, map[string]string{"User-Agent": "Mozilla/5.0 (compatible; SafeLinks)"}, http.StatusOK},
	{http.MethodGet, map[string]string{"Sec-Purpose": "prefetch;prerender", "Purpose": "prefetch", "User-Agent": "Mozilla/5.0 Chrome/148.0"}, http.StatusOK},
	{http.MethodGet, map[string]string{"X-Moz": "prefetch", "User-Agent": "Mozilla/5.0 Firefox/140.0"}, http.StatusOK},
	{http.MethodHead, map[string]string{"User-Agent": "curl/8.9"}, http.StatusOK},
	{http.MethodGet, map[string]string{"User-Agent": "Slackbot-LinkExpanding 1.0", "Range": "bytes=0-32768"}, http.StatusOK},
	{http.MethodGet, map[string]string{"User-Agent": "BarracudaCentral", "Content-Type": "application/x-www-form-urlencoded"}, http.StatusOK},
	{http.MethodGet, map[string]string{"User-Agent": "", "X-HTTP-Method-Override": "POST"}, http.StatusOK},
	{http.MethodOptions, map[string]string{"User-Agent": "Microsoft Office Protocol Discovery"}, http.StatusNoContent},
	{"PROPFIND", map[string]string{"User-Agent": "Microsoft-WebDAV-MiniRedir/10.0", "Depth": "0"}, http.StatusMethodNotAllowed},
}

// ask makes a request, and gives what was answered.
func ask(t *testing.T, c caller, address string) (status int, body string) {
	req, err := http.NewRequestWithContext(t.Context(), c.method, address, nil)
	if err != nil {
		t.Error(err)
		return
	}
	for name, value := range c.headers {
		req.Header.Set(name, value)
	}
	resp, err := calling.Do(req)
	if err != nil {
		t.Error(err)
		return
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Error(err)
	}
	return resp.StatusCode, string(b)
}

// calling keeps its connections, as a gateway does.
var calling = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: scanners}}

// scanners is how many call at a time.
const scanners = 8

// forEach calls do for every one of a list, some at a time.
func forEach[T any](list []T, do func(i int, one T)) {
	var all sync.WaitGroup
	for s := range scanners {
		all.Go(func() {
			for i := s; i < len(list); i += scanners {
				do(i, list[i])
			}
		})
	}
	all.Wait()
}

// TestLinksOpenForEverybodyAndLookingChangesNothing sends 1,000 notices, follows every
// link of each in every language that its page offers, has programs of all kinds
// follow them, and a browser with scripts open each kind of page. No row may change:
// who only looks has asked for nothing (R1).
func TestLinksOpenForEverybodyAndLookingChangesNothing(t *testing.T) {
	p := newPost(t)
	p.take(t, 1400) // of whom 1,000 can be told
	p.release(t, "first")
	until(t, p.finished(t, "first"))
	links := p.linksOf(t, p.notices(t))
	db, err := sql.Open("postgres", p.url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	before := checksums(t, db)
	until(t, func() bool { // what follows the last mail is booked
		last := before
		before = checksums(t, db)
		return len(changed(last, before)) == 0
	})

	asked := p.followInEveryLanguage(t, links)
	for i := 0; asked < 10_000; i++ {
		forEach(links, func(n int, link string) {
			c := callers[(i+n)%len(callers)]
			if status, _ := ask(t, c, link); status != c.want {
				t.Errorf("%s by %s gave %d", c.method, c.headers["User-Agent"], status)
			}
		})
		asked += len(links) * (len(callers) - 2) / len(callers) // that many were GET or HEAD
	}
	p.openInBrowser(t, links)
	if names := changed(before, checksums(t, db)); len(names) > 0 {
		t.Errorf("looking changed %q", names)
	}

	// One press is seen by the same sums.
	one := links[slices.IndexFunc(links, func(l string) bool { return strings.Contains(l, "/o/") })]
	resp, err := http.Post(one, "application/x-www-form-urlencoded", strings.NewReader("List-Unsubscribe=One-Click"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if names := changed(before, checksums(t, db)); !slices.Contains(names, "objection") {
		t.Errorf("an objection changed only %q", names)
	}
}

// linksOf gives the addresses of ours in the mails: two or more in each, in mails of
// every language.
func (p *post) linksOf(t *testing.T, mails []noticeMail) (links []string) {
	t.Helper()
	languages := map[string]int{}
	for _, m := range mails {
		languages[m.parsed.Language]++
		n := 0
		for _, a := range addressesIn(m) {
			if strings.HasPrefix(a, p.web.URL+"/") {
				links = append(links, a)
				n++
			}
		}
		if n < 2 {
			t.Fatalf("a notice has %d links", n)
		}
	}
	if len(mails) < 1000 {
		t.Fatalf("only %d notices went out", len(mails))
	}
	for _, code := range p.texts.Languages() {
		if languages[code] < 50 {
			t.Fatalf("notices by language: %v", languages)
		}
	}
	return links
}

var otherLanguage = regexp.MustCompile(`href="(\?l=[a-z]+)"`)

// followInEveryLanguage opens each link, and the same page in the languages that it
// offers, and counts the requests.
func (p *post) followInEveryLanguage(t *testing.T, links []string) (asked int) {
	var mu sync.Mutex
	others := len(p.texts.Languages()) - 1
	forEach(links, func(_ int, link string) {
		status, body := ask(t, caller{method: http.MethodGet}, link)
		offered := otherLanguage.FindAllStringSubmatch(body, -1)
		if status != http.StatusOK || strings.Contains(link, "/n/") && len(offered) != others {
			t.Errorf("a link gave %d and offers %d other languages", status, len(offered))
		}
		for _, o := range offered {
			if status, _ := ask(t, caller{method: http.MethodGet}, link+o[1]); status != http.StatusOK {
				t.Errorf("a link gave %d in another language", status)
			}
		}
		mu.Lock()
		defer mu.Unlock()
		asked += 1 + len(offered)
	})
	return asked
}

// openInBrowser has a browser with scripts open some pages of each kind, as programs
// do that look for traps, and touch nothing.
func (p *post) openInBrowser(t *testing.T, links []string) {
	t.Helper()
	const ofEachKind = 5
	tab := openTab(t, desk, p.web.URL)
	opened := map[string]int{}
	for _, link := range links {
		kind := strings.Split(strings.TrimPrefix(link, p.web.URL), "/")[1]
		if opened[kind]++; opened[kind] > ofEachKind {
			continue
		}
		if err := tab.Open(t.Context(), link); err != nil {
			t.Fatalf("a page of kind %s: %v", kind, err)
		}
		if _, err := tab.Look(t.Context()); err != nil {
			t.Fatal(err)
		}
		if faults := tab.Faults(); len(faults) > 0 || tab.Status() != http.StatusOK {
			t.Errorf("%d, %q", tab.Status(), faults)
		}
	}
	if len(opened) < 2 {
		t.Errorf("kinds of pages: %v", opened)
	}
}
