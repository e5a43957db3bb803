package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"article14/mailer"
	"article14/mailer/gate"
)

// Gate answers and records; *gate.Gate is one.
type Gate interface {
	Ask(ctx context.Context, qs []gate.Question) ([]gate.Answer, error)
	Confirm(ctx context.Context, uses []gate.Use) ([]gate.Confirmed, error)
}

// Tokens opens tokens; gate.Tokens is one.
type Tokens interface {
	Open(ctx context.Context, text string) (gate.Token, error)
}

// maxBody bounds a call of gate.MaxBatch questions.
const maxBody = 8 << 20

// Options are what the API needs; all of them must be set.
type Options struct {
	Gate    Gate
	Tokens  Tokens
	Version string
	Log     *slog.Logger
}

// New is the API as one handler.
func New(o Options) http.Handler {
	mux := http.NewServeMux()
	config := huma.DefaultConfig("article14", o.Version)
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "/api/openapi", "", ""
	config.CreateHooks = nil // no links to schemas in answers
	config.Transformers = []huma.Transformer{withoutValues}
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{"token": {Type: "http", Scheme: "bearer"}}
	a := humago.New(mux, config)
	s := &server{o}
	a.UseMiddleware(s.authorise(a))
	huma.Register(a, operation("ask", "/api/v1/gate/ask", "May these people be contacted, or their data passed on? Changes nothing."), s.ask)
	huma.Register(a, operation("confirm", "/api/v1/gate/uses", "Put on record what was done: who was contacted, or to whom data were passed on."), s.confirm)
	return guarded(mux)
}

// withoutValues takes out of a problem what the caller sent: it would end in the caller's logs.
func withoutValues(_ huma.Context, _ string, v any) (any, error) {
	if problem, ok := v.(*huma.ErrorModel); ok {
		for _, e := range problem.Errors {
			e.Value = nil
		}
	}
	return v, nil
}

func operation(id, path, summary string) huma.Operation {
	return huma.Operation{OperationID: id, Method: http.MethodPost, Path: path, Summary: summary, MaxBodyBytes: maxBody,
		Security: []map[string][]string{{"token": {}}}, Errors: []int{400, 401, 403, 413, 422, 503}}
}

// guarded sets what every answer carries.
func guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		next.ServeHTTP(w, r)
	})
}

type server struct{ Options }

// tokenKey is under what the caller's token stands in a call's context.
type tokenKey struct{}

func tokenOf(ctx context.Context) gate.Token { t, _ := ctx.Value(tokenKey{}).(gate.Token); return t }

// authorise lets nobody past without a token.
func (s *server) authorise(a huma.API) func(huma.Context, func(huma.Context)) {
	return func(c huma.Context, next func(huma.Context)) {
		scheme, text, _ := strings.Cut(c.Header("Authorization"), " ")
		if !strings.EqualFold(scheme, "Bearer") {
			text = ""
		}
		token, err := s.Tokens.Open(c.Context(), strings.TrimSpace(text))
		switch {
		case errors.Is(err, gate.ErrNoSuchToken):
			c.SetHeader("WWW-Authenticate", `Bearer realm="article14 gate"`)
			huma.WriteErr(a, c, http.StatusUnauthorized, "this needs a token that stands: make one with 'article14 token make'")
		case err != nil:
			s.Log.Error("a token could not be looked at", "error", mailer.MaskAddresses(err.Error()))
			huma.WriteErr(a, c, http.StatusServiceUnavailable, "the gate cannot answer now, so the answer is no: ask again")
		default:
			next(huma.WithValue(c, tokenKey{}, token))
		}
	}
}

// fail turns an error into a problem. What is not the caller's fault says no more than that; the
// log has the rest.
func (s *server) fail(err error) error {
	var q *gate.QuestionError
	switch {
	case errors.As(err, &q):
		return huma.Error422UnprocessableEntity(q.Error())
	case errors.Is(err, errNotYours):
		return huma.Error403Forbidden(err.Error())
	}
	s.Log.Error("the gate could not answer", "error", mailer.MaskAddresses(err.Error()))
	return huma.Error503ServiceUnavailable("the gate cannot answer now, so the answer is no: ask again")
}

// errNotYours is a purpose that the token is not for.
var errNotYours = errors.New("this token may not ask about one of these purposes")
