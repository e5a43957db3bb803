package gate

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"article14/internal/calendar"
	"article14/mailer"
)

// Token is what a program shows to ask the gate. It opens nothing else. Of its secret there is
// a hash alone.
type Token struct {
	ID        string // not secret: it stands in the token's text and finds its row
	Hash      []byte // SHA-256 of the secret part, which has 256 random bits, so that no slower hash is needed
	Name      string // as what it writes is signed with
	Purposes  []string
	CreatedAt time.Time
	CreatedBy string
	RevokedAt time.Time
	RevokedBy string
	UsedOn    calendar.Date // the last day on which it was used; zero: never
}

// May tells whether a token may ask about a purpose: any, where none are named.
func (t Token) May(purpose string) bool {
	return len(t.Purposes) == 0 || slices.Contains(t.Purposes, purpose)
}

// ErrNoSuchToken is what every unknown, mangled or revoked token gets.
var ErrNoSuchToken = errors.New("no such token")

// TokenStore keeps tokens.
type TokenStore interface {
	// AddToken stores a token; made is false where one of its name is there already.
	AddToken(ctx context.Context, controller mailer.ID, t Token) (made bool, err error)
	// Token finds one by id, revoked ones too, or fails with ErrNoSuchToken.
	Token(ctx context.Context, controller mailer.ID, id string) (Token, error)
	Tokens(ctx context.Context, controller mailer.ID) ([]Token, error)
	// RevokeToken ends a token by name; done is false where none of that name stands.
	RevokeToken(ctx context.Context, controller mailer.ID, name, by string, now time.Time) (done bool, err error)
	// TokenUsed notes the last day of use.
	TokenUsed(ctx context.Context, id string, on calendar.Date) error
}

// Tokens makes, opens and ends tokens.
type Tokens struct {
	Store      TokenStore
	Controller mailer.ID
	Now        func() time.Time
}

// tokenPrefix lets people and secret scanners see what it is.
const tokenPrefix = "a14gate_"

var tokenText = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// Make stores a new token and gives its text, which is shown once and never again.
func (ts Tokens) Make(ctx context.Context, name string, purposes []string, by string) (text string, t Token, err error) {
	if name == "" || len(name) > 60 {
		return "", t, errors.New("a token needs a name of 60 characters at most: uses are on record under it")
	}
	id, secret := make([]byte, 10), make([]byte, 32)
	rand.Read(id)
	rand.Read(secret)
	sum := sha256.Sum256(secret)
	t = Token{ID: tokenText.EncodeToString(id), Hash: sum[:], Name: name, Purposes: purposes, CreatedAt: ts.Now(), CreatedBy: by}
	made, err := ts.Store.AddToken(ctx, ts.Controller, t)
	if err == nil && !made {
		err = fmt.Errorf("there is, or was, a token of the name %q, and uses are on record under it: take another name", name)
	}
	return tokenPrefix + t.ID + "_" + tokenText.EncodeToString(secret), t, err
}

// Open gives the token behind a text, or ErrNoSuchToken.
func (ts Tokens) Open(ctx context.Context, text string) (Token, error) {
	rest, ours := strings.CutPrefix(text, tokenPrefix)
	id, encoded, parted := strings.Cut(rest, "_")
	if !ours || !parted || len(id) != 16 || len(encoded) != 52 {
		return Token{}, ErrNoSuchToken
	}
	secret, err := tokenText.DecodeString(encoded)
	if err != nil || tokenText.EncodeToString(secret) != encoded { // one text for a secret, and no other
		return Token{}, ErrNoSuchToken
	}
	t, err := ts.Store.Token(ctx, ts.Controller, id)
	if err != nil {
		return Token{}, err
	}
	sum := sha256.Sum256(secret)
	if subtle.ConstantTimeCompare(sum[:], t.Hash) != 1 || !t.RevokedAt.IsZero() {
		return Token{}, ErrNoSuchToken
	}
	if today := calendar.DateOf(ts.Now(), time.UTC); t.UsedOn.Before(today) {
		err = ts.Store.TokenUsed(ctx, t.ID, today)
	}
	return t, err
}

// Revoke ends a token at once.
func (ts Tokens) Revoke(ctx context.Context, name, by string) error {
	done, err := ts.Store.RevokeToken(ctx, ts.Controller, name, by, ts.Now())
	if err == nil && !done {
		err = fmt.Errorf("no token of the name %q stands: 'token list' shows those that do", name)
	}
	return err
}

// List gives all tokens, the revoked too, the oldest first.
func (ts Tokens) List(ctx context.Context) ([]Token, error) {
	return ts.Store.Tokens(ctx, ts.Controller)
}
