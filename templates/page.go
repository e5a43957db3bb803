package templates

import (
	"embed"
	"html/template"
	"io"
)

//go:embed page/*.gohtml
var pageFiles embed.FS

var pages = template.Must(template.New("pages").Option("missingkey=error").ParseFS(pageFiles, "page/*.gohtml"))

// PageStyle is the one stylesheet of the recipient's pages.
//
//go:embed page/style.css
var PageStyle []byte

// WritePage writes one of the recipient's pages: "notice", "objection",
// "objected", "rights", "right", "data", "locked", "home", "code" or "message". The data are internal/web/portal's;
// what they hold is escaped for its place.
func WritePage(w io.Writer, name string, data any) error {
	return pages.ExecuteTemplate(w, name, data)
}
