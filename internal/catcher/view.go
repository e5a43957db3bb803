package catcher

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	pageSize  = 50  // mails on a page of the list
	maxSearch = 200 // bytes of a search that are looked at
)

// listView is what the list shows.
type listView struct {
	Title, Home, Query string
	Rows               []row
	Page, Pages, Found int
	Newer, Older       string // links; empty at the ends
	Counts             Counts
	Letters            int
}

// row is one mail in the list, or the head of its page.
type row struct {
	*Mail
	Link, Subject, Language string
	Instant, Arrived, Size  string
}

// mailView is what the page of a mail shows.
type mailView struct {
	row
	Title, Home  string
	Newer, Older string // links; empty at the ends
	Parsed       Parsed
	Fault        string // what could not be read
	Trust        []trust
}

// trust is a header that a receiving system looks at.
type trust struct {
	Name, Value string
	Present     bool
	DKIM        string // one of the words below; empty where neither fits
}

const (
	wordSigned   = "signed"
	wordUnsigned = "not signed"
)

// trustHeaders are shown even where they are missing, because that is news.
var trustHeaders = []string{
	"From", "Sender", "Reply-To", "To", "Subject", "Date", "Message-ID", "Auto-Submitted",
	"List-Unsubscribe", "List-Unsubscribe-Post", "DKIM-Signature",
}

func (in *inbox) listView(query, page string) listView {
	query = strings.TrimSpace(query[:min(len(query), maxSearch)])
	query = strings.ToValidUTF8(query, "")
	mails := in.srv.box.snapshot()
	slices.Reverse(mails)
	if query != "" {
		mails = slices.DeleteFunc(mails, func(m *Mail) bool { return !matches(m, strings.ToLower(query)) })
	}
	v := listView{
		Title: "Caught mail", Home: in.home, Query: query, Found: len(mails),
		Pages: max(1, (len(mails)+pageSize-1)/pageSize), Counts: in.srv.Counts(), Letters: len(in.papers()),
	}
	number, _ := strconv.Atoi(page) // anything odd is the first page
	v.Page = min(max(number, 1), v.Pages)
	if v.Page > 1 {
		v.Newer = in.pageLink(query, v.Page-1)
	}
	if v.Page < v.Pages {
		v.Older = in.pageLink(query, v.Page+1)
	}
	from := (v.Page - 1) * pageSize
	for _, m := range mails[from:min(from+pageSize, len(mails))] {
		head, _, _ := m.parseHeader() // a broken header is shown as far as it goes
		v.Rows = append(v.Rows, in.row(m, head))
	}
	return v
}

func (in *inbox) pageLink(query string, page int) string {
	values := url.Values{"page": {strconv.Itoa(page)}}
	if query != "" {
		values.Set("q", query)
	}
	return in.home + "?" + values.Encode()
}

// matches looks for a text, given in lower case, in the addresses and the subject.
func matches(m *Mail, text string) bool {
	has := func(s string) bool { return strings.Contains(strings.ToLower(s), text) }
	if has(m.From) || slices.ContainsFunc(m.To, func(r Recipient) bool { return has(r.Address) }) {
		return true
	}
	head, _, _ := m.parseHeader()
	return has(head.Subject)
}

func (in *inbox) row(m *Mail, p Parsed) row {
	at := m.At.UTC()
	return row{
		Mail: m, Link: in.mailLink(m.Seq), Subject: p.Subject, Language: p.Language,
		Instant: at.Format(time.RFC3339), Arrived: at.Format("2006-01-02 15:04:05 UTC"), Size: size(len(m.Raw)),
	}
}

func (in *inbox) mailLink(seq uint64) string {
	return in.home + "mails/" + strconv.FormatUint(seq, 10)
}

func (in *inbox) mailView(m *Mail) mailView {
	p, err := m.Parse()
	v := mailView{
		row: in.row(m, p), Title: fmt.Sprintf("Mail %d", m.Seq), Home: in.home,
		Parsed: p, Trust: trusted(p),
	}
	if err != nil {
		v.Fault = strings.TrimPrefix(err.Error(), fmt.Sprintf("catcher: mail %d: ", m.Seq))
	}
	if _, ok := in.srv.box.find(m.Seq + 1); ok {
		v.Newer = in.mailLink(m.Seq + 1)
	}
	if _, ok := in.srv.box.find(m.Seq - 1); ok {
		v.Older = in.mailLink(m.Seq - 1)
	}
	return v
}

// trusted lists the headers that matter to a receiver, with those that a
// DKIM-Signature names in its h= tag (RFC 6376 section 3.5).
func trusted(p Parsed) []trust {
	signed := make(map[string]bool)
	for _, f := range p.Header {
		if strings.EqualFold(f.Name, "DKIM-Signature") {
			for _, name := range signedHeaders(f.Value) {
				signed[name] = true
			}
		}
	}
	var list []trust
	for _, name := range trustHeaders {
		word := wordUnsigned
		switch {
		case name == "DKIM-Signature": // does not sign itself
			word = ""
		case signed[strings.ToLower(name)]:
			word = wordSigned
		}
		before := len(list)
		for _, f := range p.Header {
			if strings.EqualFold(f.Name, name) {
				list = append(list, trust{Name: name, Value: f.Value, Present: true, DKIM: word})
			}
		}
		if len(list) == before {
			list = append(list, trust{Name: name})
		}
	}
	return list
}

// signedHeaders reads the h= tag of a DKIM-Signature, in lower case.
func signedHeaders(signature string) []string {
	for tag := range strings.SplitSeq(signature, ";") {
		key, value, _ := strings.Cut(tag, "=")
		if strings.TrimSpace(key) != "h" {
			continue
		}
		names := strings.Split(strings.ToLower(value), ":")
		for i := range names {
			names[i] = strings.TrimSpace(names[i])
		}
		return names
	}
	return nil
}

func size(n int) string {
	if n < 1000 {
		return strconv.Itoa(n) + " B"
	}
	return fmt.Sprintf("%.1f kB", float64(n)/1000)
}
