package identity

import (
	"net/url"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// maxURL bounds an address, in bytes; browsers stop near it as well.
const maxURL = 2048

// ProfileURL is the form for comparing of the address of a page about one
// person. Scheme, "www." and a trailing slash make no difference anywhere. On
// the sites of profileHosts neither do the country before the name, the query,
// the letters' case and what follows the person's own part of the path.
// Elsewhere the path keeps its case, and the query stays but for what only
// tells where a visitor came from: it may be all that tells two people apart.
//
// It is not ok for what is no web address, and for a known site's own pages.
func ProfileURL(s string) (normal string, ok bool) {
	u, ok := parseWeb(s)
	if !ok {
		return "", false
	}
	host, site, known := profileHost(u)
	segments, ok := pathSegments(u)
	if !ok {
		return "", false
	}
	if !known {
		return join(host, segments) + ownQuery(u), true
	}
	return site.person(u, segments)
}

// person is the address of a person's page on a known site.
func (site profileSite) person(u *url.URL, segments []string) (normal string, ok bool) {
	if id := u.Query().Get("id"); site.byID != "" && strings.EqualFold(strings.Join(segments, "/"), site.byID) {
		return join(site.host, []string{site.byID}) + "?id=" + url.QueryEscape(id), id != ""
	}
	if site.under != "" && (len(segments) == 0 || !strings.EqualFold(segments[0], site.under)) {
		return "", false
	}
	if len(segments) < site.segments {
		return "", false
	}
	segments = segments[:site.segments]
	for i := range segments {
		segments[i] = lower(segments[i])
	}
	return join(site.host, segments), true
}

// profileSite says which part of a site's paths names a person. The letters'
// case makes no difference on any of them.
type profileSite struct {
	host     string // what it is called now
	under    string // first segment of the pages of people
	segments int    // that name a person
	byID     string // path whose query names the person instead
}

var profileHosts = map[string]profileSite{
	"linkedin.com":  {host: "linkedin.com", under: "in", segments: 2},
	"xing.com":      {host: "xing.com", under: "profile", segments: 2},
	"github.com":    {host: "github.com", segments: 1},
	"gitlab.com":    {host: "gitlab.com", segments: 1},
	"x.com":         {host: "x.com", segments: 1},
	"twitter.com":   {host: "x.com", segments: 1},
	"instagram.com": {host: "instagram.com", segments: 1},
	"facebook.com":  {host: "facebook.com", segments: 1, byID: "profile.php"},
}

// frontDoors are the subdomains, besides those of countries, that show the same pages.
var frontDoors = map[string]bool{"www": true, "m": true, "mobile": true}

// lower keeps ß and ss apart, as names in the DNS (RFC 5891) and paths do.
func lower(s string) string { return norm.NFC.String(strings.ToLower(norm.NFC.String(s))) }

// parseWeb reads an http or https address, with or without its scheme.
func parseWeb(s string) (*url.URL, bool) {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > maxURL || strings.ContainsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
		return nil, false
	}
	if !strings.Contains(s, "://") {
		s = "https://" + strings.TrimPrefix(s, "//")
	}
	u, err := url.Parse(s)
	if err != nil || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
		return nil, false
	}
	return u, validHost(u.Hostname())
}

// validHost asks for a name of at least two parts without characters that no
// name has.
func validHost(host string) bool {
	labels := strings.Split(strings.TrimSuffix(host, "."), ".")
	for _, l := range labels {
		if l == "" || len(l) > 63 || strings.ContainsFunc(l, func(r rune) bool {
			return r != '-' && r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
		}) {
			return false
		}
	}
	return len(labels) > 1
}

// profileHost is the host without what makes no difference, and what is known of it.
func profileHost(u *url.URL) (string, profileSite, bool) {
	host := lower(strings.TrimSuffix(u.Hostname(), "."))
	if site, known := profileHosts[host]; known {
		return site.host, site, true
	}
	if label, rest, _ := strings.Cut(host, "."); frontDoors[label] || len(label) == 2 {
		if site, known := profileHosts[rest]; known {
			return site.host, site, true
		}
	}
	if bare, found := strings.CutPrefix(host, "www."); found && strings.Contains(bare, ".") && !strings.HasPrefix(bare, "www.") {
		host = bare
	}
	if port := u.Port(); port != "" && port != "80" && port != "443" {
		host += ":" + port
	}
	return host, profileSite{}, false
}

// pathSegments are a path's parts, decoded, without empty ones.
func pathSegments(u *url.URL) ([]string, bool) {
	var out []string
	for part := range strings.SplitSeq(u.EscapedPath(), "/") {
		decoded, err := url.PathUnescape(part)
		if err != nil {
			return nil, false
		}
		if decoded != "" {
			out = append(out, norm.NFC.String(decoded))
		}
	}
	return out, true
}

// ownQuery is the query with its keys sorted, without those of advertisers,
// and the fragment where it is a route inside the page.
func ownQuery(u *url.URL) string {
	var route string
	if strings.HasPrefix(u.Fragment, "/") || strings.HasPrefix(u.Fragment, "!") {
		route = "#" + u.EscapedFragment()
	}
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return "?" + u.RawQuery + route
	}
	for key := range q {
		switch folded := strings.ToLower(key); {
		case strings.HasPrefix(folded, "utm_"), folded == "fbclid", folded == "gclid":
			q.Del(key)
		}
	}
	if len(q) == 0 {
		return route
	}
	return "?" + q.Encode() + route
}

func join(host string, segments []string) string {
	var b strings.Builder
	b.WriteString("https://" + host)
	for _, s := range segments {
		b.WriteString("/" + url.PathEscape(s))
	}
	return b.String()
}
