package web

import (
	"cmp"
	"log"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// methods that are logged by name; a client can write anything there.
var methods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
	http.MethodDelete, http.MethodOptions, http.MethodConnect, http.MethodTrace,
}

// LogRequests writes a line for each request: route, method, status, size and
// time taken, and nothing that came from the client. The route is the pattern
// that the innermost ServeMux found, so next must hand on the request as it is.
func LogRequests(log *slog.Logger, now func() time.Time, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun := now()
		seen := &seenWriter{ResponseWriter: w}
		defer func() {
			log.LogAttrs(r.Context(), slog.LevelInfo, "request",
				slog.String("route", r.Pattern),
				slog.String("method", methodName(r.Method)),
				slog.Int("status", seen.status), // 0: the handler broke before it answered
				slog.Int64("bytes", seen.bytes),
				slog.Duration("took", now().Sub(begun)))
		}()
		next.ServeHTTP(seen, r)
		seen.status = cmp.Or(seen.status, http.StatusOK) // what net/http writes for a handler that writes nothing
	})
}

func methodName(method string) string {
	if slices.Contains(methods, method) {
		return method
	}
	return "other"
}

// seenWriter remembers what was answered.
type seenWriter struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (s *seenWriter) WriteHeader(status int) {
	if s.status == 0 {
		s.status = status
	}
	s.ResponseWriter.WriteHeader(status)
}

func (s *seenWriter) Write(b []byte) (int, error) {
	if s.status == 0 {
		s.status = http.StatusOK
	}
	n, err := s.ResponseWriter.Write(b)
	s.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (s *seenWriter) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// errorLog takes what net/http has to say, with the clients' addresses taken out.
func errorLog(l *slog.Logger) *log.Logger {
	return log.New(addressless{l}, "", 0)
}

type addressless struct{ log *slog.Logger }

func (a addressless) Write(b []byte) (int, error) {
	words := strings.Fields(string(b))
	for i, w := range words {
		if _, err := netip.ParseAddrPort(strings.TrimRight(w, ":,;.")); err == nil {
			words[i] = "[address]"
		}
	}
	a.log.Warn("the web server reports", "what", strings.Join(words, " "))
	return len(b), nil
}
