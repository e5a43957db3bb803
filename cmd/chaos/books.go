package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"strings"
	"time"

	"article14/mailer"
)

//go:embed books.sql
var booksSQL string

// statement is one of books.sql.
func statement(name string) string {
	_, rest, found := strings.Cut(booksSQL, "-- name: "+name+"\n")
	if !found {
		panic("books.sql has no statement " + name)
	}
	text, _, _ := strings.Cut(rest, "\n-- name: ")
	return text
}

// unsettled counts what may yet be sent by itself. What is behind the next hour waits
// for a person.
func (s *scene) unsettled(ctx context.Context) (n int, err error) {
	err = s.db.QueryRowContext(ctx, statement("unsettled"), s.crew.policy == hold, time.Now().Add(time.Hour)).Scan(&n)
	return n, err
}

// hurry lets what was refused for now be tried at once.
func (s *scene) hurry(ctx context.Context) error {
	_, err := s.db.ExecContext(ctx, statement("hurry"), time.Now())
	return err
}

// outcomes counts the attempts that ended relayed, and those that ended uncertain.
func (s *scene) outcomes(ctx context.Context) (relayed, uncertain int, err error) {
	err = s.db.QueryRowContext(ctx, statement("outcomes")).Scan(&relayed, &uncertain)
	return relayed, uncertain, err
}

// entry is what the books have of one delivery.
type entry struct {
	id                                  mailer.ID
	state                               mailer.DeliveryState
	met                                 bool // all its duties are
	attempts, ended, relayed, uncertain int  // attempts, of these with an outcome, by outcome
	sha256                              []byte
}

func (s *scene) entries(ctx context.Context, each func(entry)) error {
	rows, err := s.db.QueryContext(ctx, statement("deliveries"))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var e entry
		if err := rows.Scan(&e.id, &e.state, &e.met, &e.attempts, &e.ended, &e.relayed, &e.uncertain, &e.sha256); err != nil {
			return err
		}
		each(e)
	}
	return rows.Err()
}

// weigh holds the sink and the books against each other, delivery by delivery, and
// then the result against the goals.
func (s *scene) weigh(ctx context.Context, t trial) error {
	r := &s.result
	rows := map[mailer.DeliveryState]int{}
	s.sink.mu.Lock()
	defer s.sink.mu.Unlock()
	known := 0
	err := s.entries(ctx, func(e entry) {
		rows[e.state]++
		m := s.sink.mails[e.id]
		if m == nil {
			m = &mail{}
		} else {
			known++
		}
		r.add(e, m, t.policy)
	})
	if err != nil {
		return err
	}
	r.Mails, r.Fell = s.sink.taken, s.crew.fell
	r.OffRecord += s.sink.nameless + len(s.sink.mails) - known
	shown, err := s.shown(ctx)
	if err != nil {
		return err
	}
	for _, state := range mailer.DeliveryStates {
		r.Miscounted += abs(rows[state] - shown[state])
	}
	r.judge(t)
	return nil
}

// shown is what the program shows people of the campaign.
func (s *scene) shown(ctx context.Context) (map[mailer.DeliveryState]int, error) {
	out, err := s.article14(ctx, s.database, "campaign", "show", campaignKey, "--json")
	if err != nil {
		return nil, err
	}
	var report struct {
		Deliveries map[mailer.DeliveryState]int `json:"deliveries"`
	}
	return report.Deliveries, json.Unmarshal(out, &report)
}

func abs(n int) int { return max(n, -n) }

// add judges one delivery by what the sink has of it.
func (r *result) add(e entry, m *mail, policy string) {
	held := e.state == mailer.Uncertain && (policy == hold || e.attempts > 1)
	switch {
	case e.state == mailer.Relayed && m.times == 0, e.state == mailer.Relayed && !e.met, e.state != mailer.Relayed && !held:
		r.Lost++
	case held:
		r.Held++
	}
	r.ToldTwice += max(0, m.times-1)
	r.Uncertain += e.uncertain
	r.OffRecord += max(0, m.times-e.relayed-e.uncertain) + e.attempts - e.ended
	if m.changed || m.times > 0 && !bytes.Equal(m.sum[:], e.sha256) {
		r.OtherBytes++
	}
	if m.times > 0 && e.relayed == 0 {
		r.Unsure++
	}
}
