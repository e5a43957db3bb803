package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"article14/internal/web"
	"article14/internal/web/api"
	"article14/internal/web/portal"
	"article14/locales"
	"article14/mailer"
	"article14/mailer/deliver"
	"article14/mailer/gate"
	"article14/mailer/rights"
)

// told is how many people have their notice before the doors of (k) open: theirs are the
// links that are followed.
const told = 2_000

// doors is what visitors need to know of a house that is open.
type doors struct {
	Pages   string   // the origin of the recipients' pages
	API     string   // the origin of the gate
	Token   string   // of a program
	Links   []string // paths of notices and objection forms
	Purpose string   // that the gate is asked for
}

// house is (k): pages, gate and worker in one process, as 'article14 run' has them, until
// its input ends. The worker keeps to the pace that it is given; 0: there is none.
func (s *stage) house() error {
	ctx, stop := context.WithCancel(s.ctx)
	defer stop()
	log, err := os.Create(filepath.Join(filepath.Dir(s.Keys), "house.log"))
	if err != nil {
		return err
	}
	defer log.Close()
	s.log = slog.New(slog.NewTextHandler(log, nil))
	srv, err := web.Listen(ctx, s.faces())
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return srv.Serve(ctx) })
	if s.Pace > 0 {
		w, book, err := s.worker(s.store)
		if err != nil {
			return err
		}
		w.Quotas, w.Options.Relay = s.store, deliver.RelayLimits{PerSecond: s.Pace}
		g.Go(func() error { return errors.Join(w.Run(ctx), book.Close()) })
	}
	if err := s.open(ctx, srv); err != nil {
		return err
	}
	c, err := s.start()
	if err != nil {
		return err
	}
	io.Copy(io.Discard, s.in)
	err = c.stop(0)
	stop()
	return errors.Join(err, g.Wait())
}

// faces are the pages and the gate, each on a port of its own.
func (s *stage) faces() web.Config {
	key := s.reg.Controller.Key
	r := &rights.Rights{Store: s.store, Skeletons: s.skeletons, Registers: s.registers, Composer: s.composer, Tokens: s.tokens(),
		Controller: s.controller, Key: key, Now: time.Now}
	return web.Config{Addr: "127.0.0.1:0", OperationsAddr: "127.0.0.1:0", APIAddr: "127.0.0.1:0", Log: s.log, Now: time.Now,
		Portal: portal.New(portal.Options{Rights: r, Registers: s.registers, Controller: key, Locales: s.texts, Now: time.Now, Log: s.log}),
		API: api.New(api.Options{Tokens: s.gateTokens(), Log: s.log,
			Gate: &gate.Gate{Store: s.store, Registers: s.registers, Keys: s.keys, Controller: s.controller, Key: key, Now: time.Now}})}
}

func (s *stage) gateTokens() gate.Tokens {
	return gate.Tokens{Store: s.store, Controller: s.controller, Now: time.Now}
}

// open writes down where the doors are.
func (s *stage) open(ctx context.Context, srv *web.Server) (err error) {
	d := doors{Pages: "http://" + srv.Addr().String(), API: "http://" + srv.APIAddr().String(), Purpose: activityKey}
	if d.Token, _, err = s.gateTokens().Make(ctx, "bench", nil, by); err != nil {
		return err
	}
	if d.Links, err = s.links(ctx); err != nil {
		return err
	}
	b, err := json.Marshal(d)
	if err != nil {
		return err
	}
	unready := doorsFile(s.Keys) + ".new"
	if err := os.WriteFile(unready, b, 0o600); err != nil {
		return err
	}
	return os.Rename(unready, doorsFile(s.Keys))
}

func doorsFile(keys string) string { return filepath.Join(filepath.Dir(keys), "doors.json") }

// links are those of notices that went out: of five, three open the notice in the mail's
// language, one in another, and one the form for a "no".
func (s *stage) links(ctx context.Context) (out []string, err error) {
	db, err := sql.Open("postgres", s.URL)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	rows, err := db.QueryContext(ctx, `SELECT contact_id, id, languages FROM delivery WHERE state = 'relayed' ORDER BY contact_id LIMIT $1`, told)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		l, language := mailer.Link{Purpose: mailer.TokenNotice}, ""
		if err := rows.Scan(&l.ContactID, &l.DeliveryID, &language); err != nil {
			return nil, err
		}
		path := "/n/"
		if len(out)%5 == 4 {
			path, l.Purpose = "/o/", mailer.TokenObjection
		}
		path += s.tokens().Make(l)
		if len(out)%5 == 3 {
			path += "?l=" + anotherThan(s.texts, language)
		}
		out = append(out, path)
	}
	if err := rows.Err(); err != nil || len(out) < told/2 {
		return nil, errors.Join(err, fmt.Errorf("%d notices have gone out", len(out)))
	}
	return out, nil
}

func anotherThan(texts *locales.Bundle, language string) string {
	for _, code := range texts.Languages() {
		if code != language {
			return code
		}
	}
	return language
}
