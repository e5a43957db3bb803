package postgres

import (
	"context"
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"article14/internal/calendar"
	"article14/internal/privatepg/pgtest"
	"article14/internal/rig"
	"article14/mailer"
	"article14/mailer/accept"
)

func TestMain(m *testing.M) {
	flag.Parse()
	if !slices.ContainsFunc(os.Args, func(a string) bool { return strings.Contains(a, "rapid.checks") }) {
		// Each check is dozens of transactions; 40 see every pair of actions.
		if err := flag.Set("rapid.checks", "40"); err != nil {
			panic(err)
		}
	}
	pgtest.Main(m)
	if err := shared.close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// sessions are what all clients of a test's database share behind the pooler: enough for
// the transactions that a test has open at once, too few for one to each connection.
const sessions = 8

// shared is the pooler of this test binary.
var shared pooler

type pooler struct {
	once sync.Once
	*rig.Pooler
	err error
}

// before gives the address of a database by way of the pooler.
func (p *pooler) before(t testing.TB, url string) string {
	t.Helper()
	// It outlives the test that happens to be the first.
	p.once.Do(func() {
		p.Pooler, p.err = rig.OpenPooler(context.WithoutCancel(t.Context()), url, sessions, rig.GoRound)
	})
	must(t, p.err)
	return p.Through(url)
}

func (p *pooler) close() error {
	if p.Pooler == nil {
		return nil
	}
	return p.Pooler.Close()
}

func migrate(ctx context.Context, url string) error {
	s, err := Open(ctx, url)
	if err != nil {
		return err
	}
	defer s.Close()
	_, err = s.Migrate(ctx)
	return err
}

// open gives a store on a database of the test's own. It is behind a transaction pooler,
// and so is every test that uses it: nothing may depend on the session of a connection.
func open(t testing.TB) *Store {
	t.Helper()
	s, err := Open(t.Context(), shared.before(t, pgtest.New(t, migrate)))
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	return s
}

// fataler is what both testing and rapid have.
type fataler interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

func must(t fataler, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// noon is the instant from which the tests count.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

// house is a controller with a register, an import under way and approved content.
type house struct {
	*Store
	ctx        context.Context
	t          fataler
	controller mailer.ID
	imp        accept.Import
	content    mailer.ContentVersion
	key        string
	retention  calendar.Period // zero: thirty days
	next       int             // numbers the people
}

func newHouse(t testing.TB) *house { return moveIn(t.Context(), t, open(t), "acme") }

// moveIn makes a house for one more controller of a database.
func moveIn(ctx context.Context, t fataler, s *Store, key string) *house {
	t.Helper()
	h := &house{Store: s, ctx: ctx, t: t, key: key}
	v, _, err := s.ApplyRegister(ctx, key, []byte("register of "+key), []byte(key), "ann", noon)
	must(t, err)
	h.controller = v.ControllerID
	h.imp, err = s.BeginImport(ctx, h.controller, accept.Import{SourceKey: "linkedin", ActivityKey: "sales", FileName: "f.csv", FileHash: []byte("file"), SettingsHash: []byte("settings")}, noon)
	must(t, err)
	body := []byte("Hello")
	hash := sha256.Sum256(body)
	h.content, err = s.SaveContent(ctx, h.controller, mailer.ContentVersion{
		ID: mailer.NewID(noon), Hash: []byte("content of " + key), ActivityKey: "sales", RegisterVersionID: v.ID,
		Skeletons: []mailer.Skeleton{
			{Key: mailer.SkeletonKey{Document: mailer.DocNotice, Languages: "fr", Form: "linkedin"}, Hash: hash[:], Body: body},
			{Key: mailer.SkeletonKey{Document: mailer.DocObjectionReceipt, Languages: "fr"}, Hash: hash[:], Body: body},
		},
	}, noon)
	must(t, err)
	return h
}

// newPerson is somebody with one address and one open duty, due at dueAt. The
// address follows from the number.
func (h *house) newPerson(number int, dueAt time.Time) accept.Merge {
	c := mailer.Contact{ID: mailer.NewID(noon), Name: fmt.Sprintf("Person %d", number), Country: "FR", FirstObtainedAt: dueAt.Add(-30 * day)}
	a := mailer.Acquisition{ID: mailer.NewID(noon), SourceKey: "linkedin", ActivityKey: "sales", ObtainedAt: dueAt.Add(-30 * day),
		Basis: mailer.ObtainedFromRow, Visibility: mailer.VisiblePublic, ImportID: h.imp.ID, Line: int64(number)}
	d := mailer.Duty{ID: mailer.NewID(noon), ContactID: c.ID, ActivityKey: "sales", SourceKey: "linkedin", Cause: mailer.CauseAcquisition,
		AcquisitionID: a.ID, ObtainedAt: a.ObtainedAt, Due: mailer.Due{At: dueAt, Rule: mailer.DueMonth, Inputs: mailer.DueInputs{ObtainedAt: a.ObtainedAt, Zone: "Europe/Paris"}}, State: mailer.DutyOpen}
	return accept.Merge{
		NewContacts:  []mailer.Contact{c},
		Identifiers:  map[mailer.ID][]mailer.Identifier{c.ID: {address(number)}},
		Acquisitions: map[mailer.ID][]mailer.Acquisition{c.ID: {a}},
		Duties:       []mailer.Duty{d},
		Counts:       accept.ImportCounts{Accepted: 1},
		Rows:         1,
	}
}

func address(number int) mailer.Identifier {
	value := fmt.Sprintf("person%d@example.org", number)
	hash := sha256.Sum256([]byte(value))
	return mailer.Identifier{ID: mailer.NewID(noon), Kind: mailer.ByEmail, Value: value, Hash: hash[:], KeyID: "a"}
}

// store merges people as one batch.
func (h *house) store(ms ...accept.Merge) {
	h.t.Helper()
	all := accept.Merge{Identifiers: map[mailer.ID][]mailer.Identifier{}, Acquisitions: map[mailer.ID][]mailer.Acquisition{}}
	for _, m := range ms {
		all.NewContacts = append(all.NewContacts, m.NewContacts...)
		all.Duties = append(all.Duties, m.Duties...)
		all.Shortened = append(all.Shortened, m.Shortened...)
		for id, is := range m.Identifiers {
			all.Identifiers[id] = is
		}
		for id, as := range m.Acquisitions {
			all.Acquisitions[id] = as
		}
		all.Counts.Accepted += m.Counts.Accepted
		all.Rows += m.Rows
	}
	must(h.t, h.Merge(h.ctx, h.controller, h.imp.ID, nil, noon, func([]mailer.Known, map[string]bool) accept.Merge { return all }))
}

// move in n people whose duties are due at dueAt.
func (h *house) people(n int, dueAt time.Time) []mailer.ID {
	h.t.Helper()
	var ms []accept.Merge
	var ids []mailer.ID
	for range n {
		h.next++
		m := h.newPerson(h.next, dueAt)
		ms = append(ms, m)
		ids = append(ids, m.NewContacts[0].ID)
	}
	h.store(ms...)
	return ids
}

// Merge stores a batch that follows on where the import stands.
func (h *house) Merge(ctx context.Context, controller, importID mailer.ID, keys accept.BatchKeys, now time.Time,
	decide func([]mailer.Known, map[string]bool) accept.Merge) error {
	return h.Store.Merge(ctx, controller, importID, keys, now, func(known []mailer.Known, suppressed map[string]bool) accept.Merge {
		m := decide(known, suppressed)
		m.From = int64(h.count(`SELECT position FROM import WHERE id = $1`, importID))
		return m
	})
}

// approved makes a campaign that is being frozen.
func (h *house) approved(key string, pace int) mailer.Campaign {
	h.t.Helper()
	c := mailer.Campaign{ID: mailer.NewID(noon), Key: key, ActivityKey: "sales", Kind: mailer.Once, State: mailer.CampaignDraft, Pace: pace, CreatedAt: noon, CreatedBy: "ann"}
	must(h.t, h.CreateCampaign(h.ctx, h.controller, c))
	must(h.t, h.Approve(h.ctx, h.controller, c.ID, h.content.ID, 1, "ben", noon))
	return h.campaign(key)
}

func (h *house) campaign(key string) mailer.Campaign {
	h.t.Helper()
	c, err := h.Campaign(h.ctx, h.controller, key)
	must(h.t, err)
	return c
}

// candidates are all of a campaign's.
func (h *house) candidates(c mailer.Campaign, failedOnly bool) []mailer.Candidate {
	h.t.Helper()
	cs, err := h.Candidates(h.ctx, h.controller, c, failedOnly, mailer.ID{}, 10_000, noon)
	must(h.t, err)
	return cs
}

// placement plans a notice to a candidate's first address, if there is one.
func (h *house) placement(c mailer.Candidate) mailer.Placement {
	p := mailer.Placement{ContactID: c.Contact.ID}
	for _, d := range c.Duties {
		p.DutyIDs = append(p.DutyIDs, d.ID)
	}
	if len(c.Addresses) == 0 {
		p.Block = mailer.BlockNoChannel
		return p
	}
	p.Delivery = &mailer.PlannedDelivery{
		ID: mailer.NewID(noon), Document: mailer.DocNotice, ContentID: h.content.ID, Languages: "fr", LanguageRule: "country", Form: "linkedin",
		Identifier: c.Addresses[0].Identifier.ID, Domain: mailer.DomainOf(c.Addresses[0].Identifier.Value), SkeletonHash: h.skeleton(mailer.DocNotice), Code: mailer.NewCode(), DueAt: c.Duties[0].Due.At,
	}
	return p
}

// skeleton is the hash of the text for a document.
func (h *house) skeleton(d mailer.Document) []byte {
	for _, s := range h.content.Skeletons {
		if s.Key.Document == d {
			return s.Hash
		}
	}
	return nil
}

// place queues a notice for every candidate.
func (h *house) place(c mailer.Campaign, failedOnly bool) int {
	h.t.Helper()
	var chunk []mailer.Placement
	for _, cand := range h.candidates(c, failedOnly) {
		chunk = append(chunk, h.placement(cand))
	}
	must(h.t, h.Place(h.ctx, h.controller, c, chunk, mailer.ID{}, noon))
	return len(chunk)
}

// running makes a campaign of everybody who is owed a notice, and starts it.
func (h *house) running(key string, pace int) mailer.Campaign {
	h.t.Helper()
	c := h.approved(key, pace)
	h.place(c, false)
	must(h.t, h.Move(h.ctx, h.controller, c.ID, []mailer.CampaignState{mailer.CampaignFreezing}, mailer.CampaignApproved, "ben", noon))
	must(h.t, h.Move(h.ctx, h.controller, c.ID, []mailer.CampaignState{mailer.CampaignApproved}, mailer.CampaignRunning, "ben", noon))
	return h.campaign(key)
}

// claim takes up to n deliveries at an instant.
func (h *house) claim(n int, at time.Time) []mailer.Job {
	h.t.Helper()
	jobs, err := h.Claim(h.ctx, h.controller, mailer.NewID(at), n, at, time.Minute)
	must(h.t, err)
	return jobs
}

// begin puts first attempts of jobs on record.
func (h *house) begin(at time.Time, jobs ...mailer.Job) []mailer.Attempt {
	h.t.Helper()
	var as []mailer.Attempt
	for _, j := range jobs {
		a := mailer.Attempt{ID: mailer.NewID(at), ContactID: j.ContactID, DeliveryID: j.DeliveryID, ClaimID: j.ClaimID, Number: j.Attempts + 1, Relay: "relay", BegunAt: at}
		if j.Slots == nil {
			a.Message = &mailer.MessageRecord{SHA256: []byte("sum"), Size: 5, ComposedAt: at, Slots: mailer.Slots{"name": "Person"}}
		}
		as = append(as, a)
	}
	_, err := h.Begin(h.ctx, as, at.Add(time.Minute))
	must(h.t, err)
	return as
}

// end is how an attempt ends.
func end(a mailer.Attempt, to mailer.DeliveryState, at time.Time) mailer.Settlement {
	s := mailer.Settlement{ContactID: a.ContactID, DeliveryID: a.DeliveryID, ClaimID: a.ClaimID, AttemptID: a.ID, To: to, At: at, Stage: mailer.StageDot, Code: 250}
	switch to {
	case mailer.Relayed:
		s.Duty = mailer.DutyMet
	case mailer.Rejected:
		s.Duty, s.DutyReason = mailer.DutyFailed, mailer.BlockAddressDead
	case mailer.Deferred, mailer.Uncertain:
		s.ReadyAt = at.Add(time.Hour)
	}
	return s
}

// settle ends attempts in one state.
func (h *house) settle(to mailer.DeliveryState, at time.Time, as ...mailer.Attempt) (fenced []mailer.ID) {
	h.t.Helper()
	var batch []mailer.Settlement
	for _, a := range as {
		batch = append(batch, end(a, to, at))
	}
	fenced, err := h.Settle(h.ctx, batch)
	must(h.t, err)
	return fenced
}

// count runs a query for one number.
func (h *house) count(query string, args ...any) (n int64) {
	h.t.Helper()
	must(h.t, h.db.GetContext(h.ctx, &n, query, args...))
	return n
}

// state of a delivery.
func (h *house) state(delivery mailer.ID) (s mailer.DeliveryState) {
	h.t.Helper()
	must(h.t, h.db.GetContext(h.ctx, &s, `SELECT state FROM delivery WHERE id = $1`, delivery))
	return s
}

// dutyOf is the state of a contact's only duty.
func (h *house) dutyOf(contact mailer.ID) (s mailer.DutyState) {
	h.t.Helper()
	must(h.t, h.db.GetContext(h.ctx, &s, `SELECT state FROM duty WHERE contact_id = $1`, contact))
	return s
}

func equal[T comparable](t fataler, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}
