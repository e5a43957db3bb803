package portal

import (
	"fmt"
	"math"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"article14/mailer"
	"article14/mailer/rights"
	"article14/templates"
)

// everyPage gives each page in each of its states, in one language.
func everyPage(t *testing.T, lang string) map[string]*httptest.ResponseRecorder {
	fresh, done, away := newHouse(t), newHouse(t), newHouse(t)
	l := "?l=" + lang
	done.press(done.rights.objecting())
	done.press(done.rights.notice() + "/access")
	away.get("/")
	away.rights.fault = errAway
	pages := map[string]*httptest.ResponseRecorder{
		"the notice":                     fresh.get(fresh.rights.notice() + l),
		"the notice when all is asked":   done.get(done.rights.notice() + l),
		"the objection":                  fresh.get(fresh.rights.objecting() + l),
		"the objection after it is made": done.get(done.rights.objecting() + l),
		"the objection's confirmation":   done.press(done.rights.objecting() + l),
		"an objection without its field": fresh.ask("POST", fresh.rights.objecting()+l, ""),
		"home":                           fresh.get("/" + l),
		"an unknown link":                fresh.get("/n/x" + l),
		"a wrong code":                   fresh.ask("POST", "/code"+l, "code=x", "Content-Type", formType),
		"a store that is away":           away.get(away.rights.notice() + l),
	}
	rightsPages(t, pages, l)
	for range triesPerNetwork.burst + 1 {
		pages["too many tries"] = fresh.ask("POST", "/code"+l, "code=x", "Content-Type", formType)
	}
	return pages
}

// rightsPages adds the pages of rights: each right before and after it is asked, in each way of proof.
func rightsPages(t *testing.T, pages map[string]*httptest.ResponseRecorder, l string) {
	for _, way := range []rights.ProofWay{rights.ByMailbox, rights.ByLetter, rights.ByTeam} {
		h := newHouse(t)
		h.requests.way = way
		at := h.rights.notice() + "/rights"
		for _, kind := range mailer.RequestKinds {
			if kind == mailer.RequestObjection {
				continue
			}
			path := at + "/" + string(kind)
			pages["the right of "+string(kind)] = h.get(path + l)
			h.ask("POST", path, "from=page&words=Why%3F&field=name&value=Anna", "Content-Type", formType)
			pages["asked: "+string(kind)+" by "+string(way)] = h.get(path + l + "&sent")
			pages["a wrong code: "+string(kind)+" by "+string(way)] = h.ask("POST", path+"/code"+l, "from=page&code=000000", "Content-Type", formType)
		}
		pages["rights asked by "+string(way)] = h.get(at + l)
	}
	h := newHouse(t)
	cookie := "proof=" + h.requests.session()
	pages["rights"] = h.get(h.rights.notice() + "/rights" + l)
	pages["rights with a session"] = h.get(h.rights.notice()+"/rights"+l, "Cookie", cookie)
	pages["data"] = h.get(h.rights.notice()+"/data"+l, "Cookie", cookie)
	pages["data without a session"] = h.get(h.rights.notice() + "/data" + l)
	pages["an empty question"] = h.ask("POST", h.rights.notice()+"/rights/question"+l, "from=page&words=", "Content-Type", formType)
}

func TestEveryPageCanBeReadByEverybodyAndLoadsNothing(t *testing.T) { // C7, E7
	for _, lang := range []string{"en", "fr", "de"} {
		for name, w := range everyPage(t, lang) {
			t.Run(lang+" "+name, func(t *testing.T) {
				for _, fault := range inspect(t, w.Body.String(), lang) {
					t.Errorf("%s in:\n%s", fault, w.Body)
				}
			})
		}
	}
}

func TestTheInspectionSeesFaults(t *testing.T) {
	good := `<!doctype html><html lang="en" dir="ltr"><head><title>T</title><link rel="stylesheet" href="/style-1.css"></head>` +
		`<body><main><h1>H</h1><form method="post" action="/code"><label for="c">C</label><input id="c" name="c"><button>B</button></form></main></body></html>`
	if faults := inspect(t, good, "en"); len(faults) > 0 {
		t.Fatalf("a good page: %v", faults)
	}
	for _, c := range [][2]string{
		{`lang="en"`, ``}, {`<title>T</title>`, ``}, {`<h1>H</h1>`, `<h1>H</h1><h1>I</h1>`}, {`<h1>H</h1>`, `<h1>H</h1><h3>I</h3>`},
		{`for="c"`, `for="d"`}, {`<button>B`, `<button>`}, {`<button>`, `<button onclick="x()">`}, {`<h1>H</h1>`, `<h1>H</h1><script>x()</script>`},
		{`<h1>H</h1>`, `<h1 style="color:red">H</h1>`}, {`<h1>H</h1>`, `<h1>H</h1><img src="/a.png">`}, {`/style-1.css`, `https://cdn.example/style.css`},
		{`action="/code"`, `action="//evil.example/code"`}, {`method="post"`, `method="get"`}, {`name="c"`, `name="c" aria-describedby="d"`},
		{`<main>`, `<main id="c">`}, {`<main>`, `<div>`}, {`<h1>H</h1>`, `<h1>H</h1><a href="?l=en"></a>`},
	} {
		if faults := inspect(t, strings.Replace(good, c[0], c[1], 1), "en"); len(faults) == 0 {
			t.Errorf("%s in place of %s is not seen", c[1], c[0])
		}
	}
}

// loading elements fetch what they name; of them a page has its stylesheet alone.
var loading = []atom.Atom{atom.Img, atom.Iframe, atom.Object, atom.Embed, atom.Audio, atom.Video, atom.Source, atom.Track,
	atom.Script, atom.Style, atom.Base, atom.Frame, atom.Picture, atom.Svg, atom.Math, atom.Template}

// inspection gathers what is wrong with a page, and what its parts refer to.
type inspection struct {
	faults  []string
	counts  map[atom.Atom]int
	ids     map[string]int
	refers  []string
	labels  map[string]bool
	inputs  []string
	heading int
}

func (i *inspection) fault(format string, args ...any) {
	i.faults = append(i.faults, fmt.Sprintf(format, args...))
}

func inspect(t *testing.T, page, lang string) []string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	i := &inspection{counts: map[atom.Atom]int{}, ids: map[string]int{}, labels: map[string]bool{}}
	for n := range root.Descendants() {
		if n.Type == html.ElementNode {
			i.element(n, lang)
		}
	}
	for _, once := range []atom.Atom{atom.H1, atom.Main, atom.Title} {
		if i.counts[once] != 1 {
			i.fault("%d times <%s>", i.counts[once], once)
		}
	}
	for _, id := range append(i.refers, i.inputs...) {
		if i.ids[id] != 1 {
			i.fault("id %q stands %d times", id, i.ids[id])
		}
	}
	for id, n := range i.ids {
		if n > 1 {
			i.fault("id %q stands %d times", id, n)
		}
	}
	for _, id := range i.inputs {
		if !i.labels[id] {
			i.fault("input %q has no label", id)
		}
	}
	if !strings.HasPrefix(page, "<!doctype html>") {
		i.fault("no doctype")
	}
	return i.faults
}

func (i *inspection) element(n *html.Node, lang string) {
	i.counts[n.DataAtom]++
	if id := attr(n, "id"); id != "" {
		i.ids[id]++
	}
	for _, a := range n.Attr {
		i.attribute(n, a)
	}
	switch n.DataAtom {
	case atom.Html:
		if attr(n, "lang") != lang || attr(n, "dir") == "" {
			i.fault("lang %q, dir %q", attr(n, "lang"), attr(n, "dir"))
		}
	case atom.H1, atom.H2, atom.H3, atom.H4:
		level := int(n.Data[1] - '0')
		if level > i.heading+1 {
			i.fault("h%d follows h%d", level, i.heading)
		}
		i.heading = level
	case atom.Input, atom.Select, atom.Textarea:
		i.inputs = append(i.inputs, attr(n, "id"))
	case atom.Label:
		i.labels[attr(n, "for")] = words(n) != ""
	case atom.Form:
		if attr(n, "method") != "post" || !ownPath(attr(n, "action")) {
			i.fault("a form leads to %s %q", attr(n, "method"), attr(n, "action"))
		}
	case atom.Link:
		if attr(n, "rel") != "stylesheet" || !ownPath(attr(n, "href")) {
			i.fault("a link to %q", attr(n, "href"))
		}
	}
	if slices.Contains([]atom.Atom{atom.Button, atom.A, atom.Title, atom.H1, atom.H2, atom.H3}, n.DataAtom) && words(n) == "" {
		i.fault("<%s> has no words", n.Data)
	}
	if slices.Contains(loading, n.DataAtom) {
		i.fault("<%s>", n.Data)
	}
}

func (i *inspection) attribute(n *html.Node, a html.Attribute) {
	switch {
	case strings.HasPrefix(a.Key, "on"), a.Key == "style", a.Key == "src", a.Key == "srcset", a.Key == "ping", a.Key == "http-equiv":
		i.fault("<%s> has %s", n.Data, a.Key)
	case a.Key == "href" && strings.HasPrefix(strings.ToLower(a.Val), "javascript:"):
		i.fault("a script in a link")
	case a.Key == "aria-labelledby", a.Key == "aria-describedby":
		i.refers = append(i.refers, strings.Fields(a.Val)...)
	}
}

func ownPath(s string) bool { return strings.HasPrefix(s, "/") && !strings.HasPrefix(s, "//") }

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func words(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return strings.TrimSpace(b.String())
}

func TestTheStylesheetLoadsNothing(t *testing.T) {
	css := string(templates.PageStyle)
	for _, bad := range []string{"url(", "@import", "@font-face", "http"} {
		if strings.Contains(css, bad) {
			t.Errorf("%q", bad)
		}
	}
	if !strings.Contains(css, "prefers-color-scheme: dark") || !strings.Contains(css, "color-scheme: light dark") {
		t.Error("one of light and dark is missing")
	}
}

var colour = regexp.MustCompile(`--([a-z-]+): #([0-9a-f]{3,6});`)

// TestWordsStandOutFromTheirGround holds the contrast of WCAG 2.2, 1.4.3.
func TestWordsStandOutFromTheirGround(t *testing.T) {
	schemes := strings.SplitN(string(templates.PageStyle), "@media", 3)
	for i, scheme := range []string{"light", "dark"} {
		c := map[string]float64{}
		for _, m := range colour.FindAllStringSubmatch(schemes[i], -1) {
			c[m[1]] = luminance(m[2])
		}
		for _, pair := range [][2]string{
			{"ink", "ground"}, {"ink", "panel"}, {"ink", "good-ground"}, {"soft", "ground"}, {"soft", "panel"},
			{"link", "ground"}, {"link", "panel"}, {"on-act", "act"}, {"bad", "ground"},
		} {
			a, there := c[pair[0]]
			b, also := c[pair[1]]
			if ratio := (max(a, b) + .05) / (min(a, b) + .05); !there || !also || ratio < 4.5 {
				t.Errorf("%s: %s on %s: %.2f", scheme, pair[0], pair[1], ratio)
			}
		}
	}
}

// luminance is the relative luminance of WCAG for three or six hexadecimal digits.
func luminance(hex string) float64 {
	if len(hex) == 3 {
		hex = string([]byte{hex[0], hex[0], hex[1], hex[1], hex[2], hex[2]})
	}
	sum := 0.0
	for i, weight := range []float64{.2126, .7152, .0722} {
		n, _ := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
		c := float64(n) / 255
		if c <= .04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}

func TestTheLanguageOfAPageWithoutTokenFollowsTheReader(t *testing.T) { // RFC 9110, 12.5.4
	h := newHouse(t)
	for name, c := range map[string]struct{ query, accept, want string }{
		"a link beats the browser":               {"?l=de", "en", "de"},
		"the browser's first":                    {"", "en-GB,en;q=0.9,fr;q=0.8", "en"},
		"the browser's second":                   {"", "ja,de-AT;q=0.5", "de"},
		"by weight":                              {"", "en;q=0.2,de;q=0.7", "de"},
		"none that we have: the country's":       {"", "ja", "fr"},
		"none at all: the country's":             {"", "", "fr"},
		"rubbish":                                {"", ";;;===", "fr"},
		"a link to a language that is not there": {"?l=xx", "de", "de"},
	} {
		t.Run(name, func(t *testing.T) {
			wantIn(t, h.get("/"+c.query, "Accept-Language", c.accept), `<html lang="`+c.want+`"`)
		})
	}
}

func TestWhatTheRegisterSaysIsEscaped(t *testing.T) {
	h := newHouse(t)
	h.registers.controller.Name = `<script>alert(1)</script>`
	h.registers.controller.Email = `"><img src=x>@nordlicht.example`
	h.registers.controller.Phone = `javascript:1`
	w := h.get("/")
	wantStatus(t, w, 200)
	for _, bad := range []string{"<script", "<img", `"javascript:`} {
		if strings.Contains(w.Body.String(), bad) {
			t.Errorf("%q in %s", bad, w.Body)
		}
	}
}

func TestHowTheControllerIsReachedIsSaidWithWhatThereIs(t *testing.T) {
	for name, c := range map[string]struct{ email, phone, want string }{
		"both":     {"a@b.example", "+33 1", `Write to <a href="mailto:a@b.example">a@b.example</a> or call <a href="tel:+331">+33 1</a>.`},
		"an email": {"a@b.example", "", `Write to <a href="mailto:a@b.example">a@b.example</a>.`},
		"a phone":  {"", "+33 1", `Call <a href="tel:+331">+33 1</a>.`},
		"neither":  {"", "", `<p></p>`},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.registers.controller.Email, h.registers.controller.Phone = c.email, c.phone
			wantIn(t, h.get("/?l=en"), c.want)
		})
	}
}
