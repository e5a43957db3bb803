package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"article14/mailer/gate"
)

// tokenCmd keeps the tokens of programs that ask the gate.
type tokenCmd struct {
	Make   tokenMakeCmd   `cmd:"" help:"Make a token; its text is shown once."`
	List   tokenListCmd   `cmd:"" help:"Show all tokens, without their secrets."`
	Revoke tokenRevokeCmd `cmd:"" help:"End a token at once."`
}

func (a *app) apiTokens() gate.Tokens {
	return gate.Tokens{Store: a.store, Controller: a.controller, Now: a.now}
}

type tokenMakeCmd struct {
	Name     string   `arg:"" help:"Who will use it, crm say: uses are on record under this name."`
	Purposes []string `help:"The keys of the purposes that it may ask about; default all." placeholder:"KEY,..."`
	By       string   `help:"Who does it, for the record; default your user name." placeholder:"NAME"`
}

func (c *tokenMakeCmd) Run(ctx context.Context, a *app, std streams) error {
	for _, p := range c.Purposes {
		if !declaresPurpose(a, p) {
			return misuse{fmt.Errorf("the register declares no purpose %q", p)}
		}
	}
	text, _, err := a.apiTokens().Make(ctx, c.Name, c.Purposes, person(c.By))
	if err != nil {
		return err
	}
	fmt.Fprintln(std.err, "This is the only time that the token is shown; of its secret nothing but a hash is kept.")
	fmt.Fprintln(std.out, text)
	return nil
}

func declaresPurpose(a *app, key string) bool {
	for _, activity := range a.reg.Activities {
		for _, p := range activity.Purposes {
			if p.Key == key {
				return true
			}
		}
	}
	return false
}

type tokenListCmd struct {
	JSON bool `help:"Print JSON."`
}

// tokenJSON is a token as 'token list --json' prints it.
type tokenJSON struct {
	Name      string    `json:"name"`
	ID        string    `json:"id"`
	Purposes  []string  `json:"purposes"`
	CreatedAt time.Time `json:"created_at"`
	CreatedBy string    `json:"created_by"`
	UsedOn    string    `json:"used_on,omitempty"`
	RevokedAt time.Time `json:"revoked_at,omitzero"`
	RevokedBy string    `json:"revoked_by,omitempty"`
}

func (c *tokenListCmd) Run(ctx context.Context, a *app, std streams) error {
	tokens, err := a.apiTokens().List(ctx)
	if err != nil {
		return err
	}
	out := make([]tokenJSON, 0, len(tokens))
	rows := [][]string{{"NAME", "PURPOSES", "MADE", "BY", "LAST USED", "STATE"}}
	for _, t := range tokens {
		j := tokenJSON{Name: t.Name, ID: t.ID, Purposes: append([]string{}, t.Purposes...), CreatedAt: t.CreatedAt, CreatedBy: t.CreatedBy,
			RevokedAt: t.RevokedAt, RevokedBy: t.RevokedBy}
		state, used := "stands", "never"
		if !t.UsedOn.IsZero() {
			j.UsedOn = t.UsedOn.String()
			used = j.UsedOn
		}
		if !t.RevokedAt.IsZero() {
			state = "revoked " + whenIn(t.RevokedAt, a.reg.Controller.Zone) + " by " + t.RevokedBy
		}
		purposes := strings.Join(t.Purposes, ", ")
		if purposes == "" {
			purposes = "all"
		}
		out = append(out, j)
		rows = append(rows, []string{t.Name, purposes, whenIn(t.CreatedAt, a.reg.Controller.Zone), t.CreatedBy, used, state})
	}
	switch {
	case c.JSON:
		return printJSON(std.out, out)
	case len(tokens) == 0:
		fmt.Fprintln(std.out, "no tokens: 'article14 token make NAME' makes one")
	default:
		table(std.out, rows)
	}
	return nil
}

type tokenRevokeCmd struct {
	Name string `arg:"" help:"The token's name."`
	By   string `help:"Who does it, for the record; default your user name." placeholder:"NAME"`
}

func (c *tokenRevokeCmd) Run(ctx context.Context, a *app, std streams) error {
	if err := a.apiTokens().Revoke(ctx, c.Name, person(c.By)); err != nil {
		return err
	}
	fmt.Fprintf(std.out, "token %s is revoked: it opens nothing any more\n", c.Name)
	return nil
}
