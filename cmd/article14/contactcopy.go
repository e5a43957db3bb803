package main

import (
	"cmp"
	"context"
	"fmt"

	"article14/mailer/access"
)

type contactCopyCmd struct {
	ID       string `arg:"" help:"The contact's id, or the code that a notice of theirs bears."`
	Language string `help:"The language of the texts; default theirs if the program has it, else English." placeholder:"CODE"`
}

func (a *app) copies() *access.Copies {
	return &access.Copies{Store: a.store, Sent: a.rights(), Registers: a.registers, Controller: a.controller, Key: a.key, Now: a.now}
}

// Run prints the copy of everything held about a person (Art. 15), for whoever answers a request
// by hand. It is for their eyes: make sure who asks before it is sent.
func (c *contactCopyCmd) Run(ctx context.Context, a *app, std streams) error {
	id, err := a.contact(ctx, c.ID)
	if err != nil {
		return err
	}
	language := c.Language
	if language == "" {
		r, err := a.store.ContactReport(ctx, a.controller, id)
		if err != nil {
			return err
		}
		language = "en"
		if a.texts.For(r.Contact.Language) != nil {
			language = cmp.Or(r.Contact.Language, language)
		}
	}
	out, err := a.copies().Of(ctx, id, language)
	if err != nil {
		return err
	}
	fmt.Fprintln(std.err, "This is all that is held about one person: make sure who asks before you send it (Article 12(6)).")
	return printJSON(std.out, out)
}
