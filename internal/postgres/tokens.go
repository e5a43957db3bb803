package postgres

import (
	"context"
	"time"

	"github.com/lib/pq"

	"article14/internal/calendar"
	"article14/mailer"
	"article14/mailer/gate"
)

var _ gate.TokenStore = (*Store)(nil)

// tokenRow is a row of api_token.
type tokenRow struct {
	ID        string         `db:"id"`
	Hash      []byte         `db:"hash"`
	Name      string         `db:"name"`
	Purposes  pq.StringArray `db:"purposes"`
	CreatedAt instant        `db:"created_at"`
	CreatedBy string         `db:"created_by"`
	RevokedAt instant        `db:"revoked_at"`
	RevokedBy string         `db:"revoked_by"`
	UsedOn    instant        `db:"used_on"`
}

func (r tokenRow) token() gate.Token {
	t := gate.Token{ID: r.ID, Hash: r.Hash, Name: r.Name, Purposes: r.Purposes, CreatedAt: r.CreatedAt.Time, CreatedBy: r.CreatedBy,
		RevokedAt: r.RevokedAt.Time, RevokedBy: r.RevokedBy}
	if !r.UsedOn.IsZero() {
		t.UsedOn = calendar.DateOf(r.UsedOn.Time, time.UTC)
	}
	return t
}

// AddToken stores a token.
func (s *Store) AddToken(ctx context.Context, controller mailer.ID, k gate.Token) (made bool, err error) {
	err = s.write(ctx, func(t tx) error {
		n, err := t.exec(ctx, "api_token_add", controller, k.ID, k.Hash, k.Name, texts(k.Purposes), k.CreatedAt, k.CreatedBy)
		made = n == 1
		if err != nil || !made {
			return err
		}
		return t.audit(ctx, entry{controller, k.CreatedAt, k.CreatedBy, "token.make", k.Name, map[string]any{"purposes": k.Purposes}})
	})
	return made, err
}

// Token finds a token by id.
func (s *Store) Token(ctx context.Context, controller mailer.ID, id string) (k gate.Token, err error) {
	err = s.look(ctx, func(t tx) error {
		var r tokenRow
		found, err := t.one(ctx, &r, "api_token", controller, id)
		if err == nil && !found {
			err = gate.ErrNoSuchToken
		}
		k = r.token()
		return err
	})
	return k, err
}

// Tokens gives all tokens, the oldest first.
func (s *Store) Tokens(ctx context.Context, controller mailer.ID) (out []gate.Token, err error) {
	err = s.read(ctx, func(t tx) error {
		var rows []tokenRow
		err := t.all(ctx, &rows, "api_tokens", controller)
		for _, r := range rows {
			out = append(out, r.token())
		}
		return err
	})
	return out, err
}

// RevokeToken ends a token.
func (s *Store) RevokeToken(ctx context.Context, controller mailer.ID, name, by string, now time.Time) (done bool, err error) {
	err = s.write(ctx, func(t tx) error {
		n, err := t.exec(ctx, "api_token_revoke", controller, name, now, by)
		done = n == 1
		if err != nil || !done {
			return err
		}
		return t.audit(ctx, entry{controller, now, by, "token.revoke", name, nil})
	})
	return done, err
}

// TokenUsed notes the last day on which a token was used.
func (s *Store) TokenUsed(ctx context.Context, id string, on calendar.Date) error {
	return s.write(ctx, func(t tx) error {
		_, err := t.exec(ctx, "api_token_used", id, on.String())
		return err
	})
}
