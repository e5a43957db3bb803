package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"article14/internal/relay"
	"article14/mailer"
	"article14/mailer/deliver"
)

// jobsAtHand is how many deliveries (a) goes round and round over.
const jobsAtHand = 2000

// stepwise is (a), pipelined is (b).
func (s *stage) stepwise() error  { return s.loop(true) }
func (s *stage) pipelined() error { return s.loop(false) }

// loop composes and sends, one after the other on each connection, and does
// nothing else: what (c) would be if the books cost nothing.
func (s *stage) loop(stepwise bool) error {
	jobs, err := s.claimSome(jobsAtHand)
	if err != nil {
		return err
	}
	w, err := s.newWriter(jobs)
	if err != nil {
		return err
	}
	before := ownCPU()
	for i := range s.N {
		if _, err := w.write(jobs[i%len(jobs)]); err != nil {
			return err
		}
	}
	s.result.Compose = ownCPU() - before
	r, err := s.relay(stepwise)
	if err != nil {
		return err
	}
	c, err := s.start()
	if err != nil {
		return err
	}
	if err := s.sendAll(r, w, jobs); err != nil {
		return err
	}
	return c.stop(s.N)
}

// sendAll writes and sends over all connections at once.
func (s *stage) sendAll(r deliver.Relay, w *writer, jobs []mailer.Job) error {
	var next atomic.Int64
	var wait sync.WaitGroup
	failed := make(chan error, s.Connections)
	compose := func() (*mailer.Message, error) {
		i := next.Add(1)
		if i > int64(s.N) {
			return nil, nil
		}
		m, err := w.write(jobs[int(i)%len(jobs)])
		return &m, err
	}
	for range s.Connections {
		wait.Go(func() { failed <- s.sendOver(r, compose) })
	}
	wait.Wait()
	close(failed)
	var errs []error
	for err := range failed {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// sendOver sends over one connection until there is no more to send. Each message
// is announced with the one before it; over a stepwise relay that says nothing.
func (s *stage) sendOver(r deliver.Relay, compose func() (*mailer.Message, error)) error {
	session, err := r.Open(s.ctx)
	if err != nil {
		return err
	}
	m, err := compose()
	for m != nil && err == nil {
		var next *mailer.Message
		if next, err = compose(); err != nil {
			break
		}
		_, err = session.Send(s.ctx, *m, next)
		m = next
	}
	return errors.Join(err, session.Close())
}

// relay leads to the sink.
func (s *stage) relay(stepwise bool) (*relay.SMTP, error) {
	cfg := relay.Config{Name: "default", Host: "127.0.0.1", Port: s.SinkPort, HELO: "localhost.localdomain", Stepwise: stepwise}
	if s.Way == overTLS {
		cfg.TLS, cfg.ServerName, cfg.RootCAs = relay.TLSImplicit, sinkName, x509.NewCertPool()
		certificate, err := x509.ParseCertificate(s.Certificate)
		if err != nil {
			return nil, err
		}
		cfg.RootCAs.AddCert(certificate)
	}
	var err error
	if cfg.DKIM, err = newSigner(s.DKIM); err != nil {
		return nil, err
	}
	return relay.New(cfg)
}

// claimSome starts the campaign and claims from it.
func (s *stage) claimSome(n int) ([]mailer.Job, error) {
	if err := s.releases().Start(s.ctx, campaignKey, by); err != nil {
		return nil, err
	}
	now := time.Now()
	jobs, err := s.store.Claim(s.ctx, s.controller, mailer.NewID(now), n, now, time.Hour)
	if err == nil && len(jobs) == 0 {
		err = errors.New("nothing is queued")
	}
	return jobs, err
}

// writer composes as the worker does, for first attempts.
type writer struct {
	composer  mailer.Composer
	tokens    mailer.Tokens
	register  *mailer.Register
	skeletons map[string][]byte
}

func (s *stage) newWriter(jobs []mailer.Job) (*writer, error) {
	w := &writer{composer: s.composer, tokens: s.tokens(), register: s.reg, skeletons: map[string][]byte{}}
	for _, j := range jobs {
		if _, known := w.skeletons[string(j.SkeletonHash)]; known {
			continue
		}
		body, err := s.store.Skeleton(s.ctx, j.SkeletonHash)
		if err != nil {
			return nil, err
		}
		w.skeletons[string(j.SkeletonHash)] = body
	}
	return w, nil
}

func (w *writer) write(j mailer.Job) (mailer.Message, error) {
	m, _, err := w.record(j)
	return m, err
}

func (w *writer) record(j mailer.Job) (mailer.Message, *mailer.MessageRecord, error) {
	date := time.Now().Truncate(time.Second)
	slots, err := w.composer.Slots(w.register, mailer.SlotInput{
		Key: mailer.SkeletonKey{Document: j.Document, Languages: j.Languages, Form: j.Form}, Facts: j.Facts, ActivityKey: j.ActivityKey,
		Now: date, CreatedAt: j.CreatedAt, Code: j.Code,
	})
	if err != nil {
		return mailer.Message{}, nil, fmt.Errorf("delivery %s: %w", j.DeliveryID, err)
	}
	m, err := w.composer.Compose(mailer.Skeleton{Hash: j.SkeletonHash, Body: w.skeletons[string(j.SkeletonHash)]}, slots, mailer.Headers{DeliveryID: j.DeliveryID, To: j.To, Date: date,
		EnvelopeFrom: w.tokens.EnvelopeFrom(j.DeliveryID, w.register.Controller.Mail.BounceDomain), Tokens: w.tokens.Notice(j.ContactID, j.DeliveryID)})
	return m, &mailer.MessageRecord{SHA256: m.SHA256, Size: len(m.Bytes), ComposedAt: date, Slots: slots}, err
}

// ownCPU is what this process has used of the processors, in seconds.
func ownCPU() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0 // it fails for no reason that can occur: who and where are right
	}
	return (time.Duration(u.Utime.Nano()) + time.Duration(u.Stime.Nano())).Seconds()
}
