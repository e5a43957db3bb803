package door

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"

	"article14/mailer/track"
)

// What a hook may cost. SNS brings at most 256 KiB in one message, more by the
// escapes of JSON.
const (
	maxBody     = 512 << 10
	hooksAtOnce = 16  // requests whose bodies are in memory; more are told to come back
	maxEvents   = 500 // in one body
)

// refusal is an answer that says no: for good (4xx) or for now (5xx).
type refusal struct {
	status  int
	outcome track.DoorOutcome
	why     string // quotes nothing of what came
}

func (r *refusal) Error() string { return r.why }

func malformed(why string) error {
	return &refusal{http.StatusUnprocessableEntity, track.DoorMalformed, why}
}

func unproven(why string) error { return &refusal{http.StatusForbidden, track.DoorUnproven, why} }

// hook answers POSTs of one door: it bounds them, hands their body to read, keeps what
// that finds, and answers for the whole: 200 when all of it is kept.
type hook struct {
	House
	door  string
	types []string // of content
	read  func(r *http.Request, body []byte) ([]track.Incoming, error)
	slots chan struct{}
}

func newHook(h House, door string, types []string, read func(*http.Request, []byte) ([]track.Incoming, error)) *hook {
	return &hook{House: h, door: door, types: types, read: read, slots: make(chan struct{}, hooksAtOnce)}
}

// ServeHTTP answers one request.
func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	err := h.serve(w, r)
	var no *refusal
	switch {
	case err == nil:
		io.WriteString(w, "kept\n")
	case errors.As(err, &no):
		h.Meter.Came(h.door, no.outcome)
		h.Log.Info("a hook was refused", "door", h.door, "status", no.status, "why", no.why)
		http.Error(w, no.why, no.status)
	default: // it is counted and logged
		w.Header().Set("Retry-After", "60")
		http.Error(w, "it cannot be kept just now: bring it again", http.StatusServiceUnavailable)
	}
}

func (h *hook) serve(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return &refusal{http.StatusMethodNotAllowed, track.DoorMalformed, "only POST is answered here"}
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || !slices.Contains(h.types, kind) {
		return &refusal{http.StatusUnsupportedMediaType, track.DoorMalformed, "this content type is not taken"}
	}
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	default:
		w.Header().Set("Retry-After", "5")
		return &refusal{http.StatusServiceUnavailable, track.DoorLimited, "too many requests at once: bring it again"}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if errors.As(err, new(*http.MaxBytesError)) {
		return &refusal{http.StatusRequestEntityTooLarge, track.DoorLimited, "the body is too large"}
	}
	if err != nil {
		return &refusal{http.StatusBadRequest, track.DoorMalformed, "the body broke off"}
	}
	found, err := h.read(r, body)
	if err != nil {
		return err
	}
	for _, in := range found {
		if err := h.keep(r.Context(), in); err != nil {
			return err // those that are kept are known when they come again
		}
	}
	return nil
}
