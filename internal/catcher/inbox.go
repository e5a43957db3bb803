package catcher

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

//go:embed pages
var pages embed.FS

var pageTemplates = template.Must(template.ParseFS(pages, "pages/pages.gohtml"))

// Content security policies. Only the list has a form, the search; the HTML of a mail
// gets an origin of its own (sandbox), its inline styles, and links that open
// elsewhere, free of the sandbox, so that the page behind one works.
const (
	policyBase = "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'; " +
		"base-uri 'none'; frame-ancestors 'none'; form-action "
	policyList  = policyBase + "'self'"
	policyPage  = policyBase + "'none'"
	policyRaw   = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
	policyPaper = "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; base-uri 'none'; form-action 'none'; " +
		"frame-ancestors 'none'" // browsers' own viewers ask for style and object
	policyMail = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; " +
		"frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)

// inbox shows what a server keeps. It changes nothing.
type inbox struct {
	srv  *Server
	home string // the path of the list, ends in a slash
}

// Handler shows the inbox under a path prefix ("" or "/inbox"), which is part
// of the paths it is given. It answers GET and HEAD only.
//
//	/                      list, newest first; ?q= searches, ?page= turns pages
//	/mails/{no}            one mail
//	/mails/{no}/html       its HTML part, for the frame
//	/mails/{no}/source     its bytes as text
//	/mails/{no}/download   its bytes as an .eml file
//	/letters/              the letters, by name
//	/letters/{no}          one of them: names are references, which have no place in addresses
func (s *Server) Handler(prefix string) http.Handler {
	in := &inbox{srv: s, home: strings.TrimSuffix(prefix, "/") + "/"}
	mux := http.NewServeMux()
	mux.HandleFunc(in.home+"{$}", in.list)
	mux.HandleFunc(in.home+"style.css", in.file("pages/style.css", "text/css; charset=utf-8"))
	mux.HandleFunc(in.home+"icon.svg", in.file("pages/icon.svg", "image/svg+xml"))
	mux.HandleFunc(in.home+"mails/{no}", in.withMail(in.mail))
	mux.HandleFunc(in.home+"mails/{no}/html", in.withMail(in.html))
	mux.HandleFunc(in.home+"mails/{no}/source", in.withMail(in.source))
	mux.HandleFunc(in.home+"mails/{no}/download", in.withMail(in.download))
	mux.HandleFunc(in.home+"letters/{$}", in.letters)
	mux.HandleFunc(in.home+"letters/{no}", in.letter)
	mux.HandleFunc("/", in.missing)
	return in.guarded(mux)
}

// guarded sets what every answer carries, and lets only reading through.
func (in *inbox) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policyPage)
		h.Set("Cache-Control", "no-store")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			h.Set("Allow", "GET, HEAD")
			in.notice(w, http.StatusMethodNotAllowed, "Only for reading", "The inbox can be read, and nothing in it can be changed.")
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (in *inbox) list(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Security-Policy", policyList)
	in.render(w, http.StatusOK, "list", in.listView(r.FormValue("q"), r.FormValue("page")))
}

// withMail looks the mail up for a handler.
func (in *inbox) withMail(show func(http.ResponseWriter, *http.Request, *Mail)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		no, err := strconv.ParseUint(r.PathValue("no"), 10, 64)
		m, found := in.srv.box.find(no)
		if err != nil || !found {
			in.missing(w, r)
			return
		}
		show(w, r, m)
	}
}

func (in *inbox) mail(w http.ResponseWriter, _ *http.Request, m *Mail) {
	in.render(w, http.StatusOK, "mail", in.mailView(m))
}

func (in *inbox) html(w http.ResponseWriter, r *http.Request, m *Mail) {
	p, _ := m.Parse() // of a broken mail, what could be read is shown
	if p.HTML == "" {
		in.missing(w, r)
		return
	}
	w.Header().Set("Content-Security-Policy", policyMail)
	send(w, http.StatusOK, "text/html; charset=utf-8", []byte(openLinksElsewhere(p.HTML)))
}

func (in *inbox) source(w http.ResponseWriter, _ *http.Request, m *Mail) {
	w.Header().Set("Content-Security-Policy", policyRaw)
	send(w, http.StatusOK, "text/plain; charset=utf-8", m.Raw)
}

func (in *inbox) download(w http.ResponseWriter, _ *http.Request, m *Mail) {
	w.Header().Set("Content-Security-Policy", policyRaw)
	w.Header().Set("Content-Disposition", `attachment; filename="mail-`+strconv.FormatUint(m.Seq, 10)+`.eml"`)
	send(w, http.StatusOK, "message/rfc822", m.Raw)
}

func (in *inbox) missing(w http.ResponseWriter, _ *http.Request) {
	in.notice(w, http.StatusNotFound, "Not here", "There is no such page, or the mail had to make room for newer ones.")
}

func (in *inbox) notice(w http.ResponseWriter, status int, title, text string) {
	in.render(w, status, "notice", struct{ Title, Home, Text string }{title, in.home, text})
}

func (in *inbox) file(name, kind string) http.HandlerFunc {
	content, err := pages.ReadFile(name)
	if err != nil {
		panic(err) // a file embedded at build time
	}
	return func(w http.ResponseWriter, _ *http.Request) { send(w, http.StatusOK, kind, content) }
}

// render answers with a page, or, when a template fails, with nothing of it.
func (in *inbox) render(w http.ResponseWriter, status int, name string, view any) {
	var page bytes.Buffer
	if err := pageTemplates.ExecuteTemplate(&page, name, view); err != nil {
		in.srv.opts.Log.Error("inbox page not rendered", "page", name)
		send(w, http.StatusInternalServerError, "text/plain; charset=utf-8", []byte("The page could not be made.\n"))
		return
	}
	send(w, status, "text/html; charset=utf-8", page.Bytes())
}

// send answers GET and HEAD alike; net/http leaves the body away for HEAD.
func send(w http.ResponseWriter, status int, kind string, content []byte) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(content)))
	w.WriteHeader(status)
	w.Write(content)
}

// doctype is the document type, which must stay in front or browsers fall back
// to quirks mode.
var doctype = regexp.MustCompile(`(?is)^\x{FEFF}?\s*(?:<!--.*?-->\s*)*<!doctype[^>]*>`)

// openLinksElsewhere has links open in a new tab: inside the frame they would
// replace the mail, and most pages refuse to be framed. The first base element
// of a document counts, so that the mail cannot undo it.
func openLinksElsewhere(html string) string {
	at := len(doctype.FindString(html))
	return html[:at] + `<base target="_blank">` + html[at:]
}
