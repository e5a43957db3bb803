package portal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// maxBody bounds what is posted: our forms and one-click requests need some dozens of bytes.
const maxBody = 8 << 10

// errBody is a body that is broken, cut off, too slow or too large: a program's
// doing, never a reader's.
type errBody struct {
	status int
	cause  error
}

func (e *errBody) Error() string {
	return fmt.Sprintf("the body of the request cannot be read: %v", e.cause)
}

func (e *errBody) Unwrap() error { return e.cause }

// readForm reads the fields of a posted form in either of the forms that RFC 8058
// allows. It looks at the body only, so that no address, which anything may
// follow, holds a field. The whole body must have come: half a form is none.
func readForm(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	return readFormOf(w, r, maxBody)
}

// readFormOf does so for a body of at most so many bytes.
func readFormOf(w http.ResponseWriter, r *http.Request, most int64) (url.Values, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	if err != nil {
		return nil, &errBody{bodyStatus(err), err}
	}
	form, err := parseForm(r.Header.Get("Content-Type"), body)
	if err != nil {
		return nil, &errBody{http.StatusBadRequest, err}
	}
	return form, nil
}

func bodyStatus(err error) int {
	large := (*http.MaxBytesError)(nil)
	switch {
	case errors.As(err, &large):
		return http.StatusRequestEntityTooLarge
	case errors.Is(err, os.ErrDeadlineExceeded):
		return http.StatusRequestTimeout
	}
	return http.StatusBadRequest
}

// parseForm takes a body without a type for a plain form: some senders of
// one-click requests forget to name it.
func parseForm(contentType string, body []byte) (url.Values, error) {
	kind, params, err := mime.ParseMediaType(contentType)
	switch {
	case contentType == "", kind == "application/x-www-form-urlencoded":
		return url.ParseQuery(string(body))
	case kind == "multipart/form-data" && err == nil:
		form, err := multipart.NewReader(bytes.NewReader(body), params["boundary"]).ReadForm(maxBody)
		if err != nil {
			return nil, err
		}
		return form.Value, form.RemoveAll()
	}
	return nil, nil
}

// oneClick tells whether a form is that of RFC 8058, section 3.2.
func oneClick(form url.Values) bool {
	for name, values := range form {
		if strings.EqualFold(name, "List-Unsubscribe") && len(values) == 1 && strings.EqualFold(strings.TrimSpace(values[0]), "One-Click") {
			return true
		}
	}
	return false
}

// fromPage tells whether one of our buttons was pressed.
func fromPage(form url.Values) bool { return form.Get("from") == "page" }

// writeWithin is the patience with a store that is asked to write.
const writeWithin = 15 * time.Second

// toTheEnd is the context for what a person has asked for in full: it is done
// even if they close the page, or their mail program the connection, meanwhile (R5).
func toTheEnd(r *http.Request) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(r.Context()), writeWithin)
}
