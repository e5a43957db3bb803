package accept_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"article14/mailer"
	"article14/mailer/accept"
)

// importNow is the instant at which the tests import.
var importNow = time.Date(2026, 11, 21, 20, 0, 0, 0, time.UTC)

// importKeys are made once: contacts are recognised only under the same key.
var importKeys = mailer.NewKeyring()

var errDatabaseAway = errors.New("the database is away")

// memory is an ImportStore that holds everything in memory and fails on order.
// It is stricter than a database: what a Merge must never ask for is a panic.
type memory struct {
	imports    map[string]*accept.Import
	contacts   map[mailer.ID]*mailer.Known
	suppressed map[string]bool
	told       map[mailer.ID][]string // evidence by duty
	alerts     []mailer.Alert
	keys       []accept.BatchKeys
	merges     int
	failAt     int  // fail the n-th Merge from now, counted from 1
	committed  bool // fail behind the commit, not before it
}

func newMemory() *memory {
	return &memory{told: map[mailer.ID][]string{}, imports: map[string]*accept.Import{}, contacts: map[mailer.ID]*mailer.Known{}, suppressed: map[string]bool{}}
}

func (m *memory) BeginImport(_ context.Context, _ mailer.ID, imp accept.Import, now time.Time) (accept.Import, error) {
	key := fmt.Sprint(imp.SourceKey, imp.ActivityKey, imp.FileHash, imp.SettingsHash)
	if m.imports[key] == nil {
		imp.ID = mailer.NewID(now)
		m.imports[key] = &imp
	}
	return *m.imports[key], nil
}

func (m *memory) FinishImport(_ context.Context, id mailer.ID, _ time.Time) error {
	m.byID(id).Finished = true
	return nil
}

func (m *memory) byID(id mailer.ID) *accept.Import {
	for _, imp := range m.imports {
		if imp.ID == id {
			return imp
		}
	}
	panic("there is no such import")
}

func (m *memory) Merge(ctx context.Context, _, importID mailer.ID, keys accept.BatchKeys, _ time.Time, decide func([]mailer.Known, map[string]bool) accept.Merge) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	m.merges++
	m.keys = append(m.keys, keys)
	fail := m.merges == m.failAt
	if fail && !m.committed {
		return errDatabaseAway
	}
	merge := decide(m.lookUp(keys))
	if merge.Rows > 0 {
		m.store(merge)
		imp := m.byID(importID)
		imp.Position += merge.Rows
		imp.Counts.Accepted += merge.Counts.Accepted
		imp.Counts.Merged += merge.Counts.Merged
		imp.Counts.Refused += merge.Counts.Refused
	}
	if fail {
		return errDatabaseAway
	}
	return nil
}

func (m *memory) lookUp(keys accept.BatchKeys) (known []mailer.Known, suppressed map[string]bool) {
	suppressed = map[string]bool{}
	asked := func(id mailer.Identifier) bool {
		return slices.ContainsFunc(keys[id.Kind], func(h []byte) bool { return bytes.Equal(h, id.Hash) })
	}
	for _, hashes := range keys {
		for _, h := range hashes {
			if m.suppressed[string(h)] {
				suppressed[string(h)] = true
			}
		}
	}
	for _, k := range m.contacts {
		if slices.ContainsFunc(k.Identifiers, asked) {
			known = append(known, mailer.Known{Contact: k.Contact, Identifiers: slices.Clone(k.Identifiers),
				Acquisitions: slices.Clone(k.Acquisitions), Duties: slices.Clone(k.Duties)})
		}
	}
	slices.SortFunc(known, func(a, b mailer.Known) int { return bytes.Compare(a.Contact.ID[:], b.Contact.ID[:]) })
	return known, suppressed
}

func (m *memory) store(merge accept.Merge) {
	for _, c := range merge.NewContacts {
		must(m.contacts[c.ID] == nil, "a new contact is known")
		m.contacts[c.ID] = &mailer.Known{Contact: c}
	}
	for _, c := range merge.Updated {
		was := m.contacts[c.ID].Contact.FirstObtainedAt
		must(was.IsZero() || !c.FirstObtainedAt.After(was), "first obtaining moved to a later day (T1)")
		m.contacts[c.ID].Contact = c
	}
	for contact, ids := range merge.Identifiers {
		k := m.contacts[contact]
		for _, id := range ids {
			must(!slices.ContainsFunc(k.Identifiers, func(o mailer.Identifier) bool { return bytes.Equal(o.Hash, id.Hash) }), "an identifier is added twice")
			k.Identifiers = append(k.Identifiers, id)
		}
	}
	for contact, as := range merge.Acquisitions {
		k := m.contacts[contact]
		for _, a := range as {
			must(!slices.ContainsFunc(k.Acquisitions, func(o mailer.Acquisition) bool {
				return o.SourceKey == a.SourceKey && o.ActivityKey == a.ActivityKey && o.ObtainedAt.Equal(a.ObtainedAt) && o.Page == a.Page && o.Visibility == a.Visibility
			}), "an acquisition is recorded twice")
			k.Acquisitions = append(k.Acquisitions, a)
		}
	}
	for _, d := range merge.Duties {
		k := m.contacts[d.ContactID]
		must(!slices.ContainsFunc(k.Duties, func(o mailer.Duty) bool {
			return o.SourceKey == d.SourceKey && o.ActivityKey == d.ActivityKey && o.Cause == d.Cause
		}), "a duty is opened twice (D5)")
		k.Duties = append(k.Duties, d)
	}
	for _, d := range merge.Shortened {
		k := m.contacts[d.ContactID]
		i := slices.IndexFunc(k.Duties, func(o mailer.Duty) bool { return o.ID == d.ID })
		must(d.Due.At.Before(k.Duties[i].Due.At), "a duty is not shortened but put off (D5)")
		k.Duties[i] = d
	}
	for _, d := range merge.Quarantined {
		k := m.contacts[d.ContactID]
		i := slices.IndexFunc(k.Duties, func(o mailer.Duty) bool { return o.ID == d.ID })
		must(k.Duties[i].Reason == mailer.BlockQuarantined || k.Duties[i].State == mailer.DutyOpen || k.Duties[i].State == mailer.DutyFailed ||
			k.Duties[i].State == mailer.DutyBlocked || k.Duties[i].State == mailer.DutyInFlight || k.Duties[i].Excuse == mailer.ToldBefore, "a duty is quarantined that is no longer open")
		k.Duties[i].State, k.Duties[i].Reason, k.Duties[i].Excuse = d.State, d.Reason, ""
	}
	m.tell(merge.Told)
	m.alerts = append(m.alerts, merge.Alerts...)
}

// tell keeps evidence once, and ends duties as AfterTold says. Nothing is under way here.
func (m *memory) tell(ns []accept.PriorNotice) {
	for _, n := range ns {
		k := m.contacts[n.ContactID]
		i := slices.IndexFunc(k.Duties, func(o mailer.Duty) bool { return o.ID == n.DutyID })
		must(i >= 0, "evidence about a duty that there is not")
		must(n.Proof != "" && !n.ToldAt.IsZero(), "evidence that proves nothing")
		evidence := fmt.Sprintf("%s %s", n.ToldAt.Format(time.RFC3339), n.Proof)
		if !slices.Contains(m.told[n.DutyID], evidence) {
			m.told[n.DutyID] = append(m.told[n.DutyID], evidence)
		}
		d := &k.Duties[i]
		if d.ToldAt.IsZero() || n.ToldAt.Before(d.ToldAt) {
			d.ToldAt = n.ToldAt
		}
		if to, ok := accept.AfterTold(d.State, d.Reason, ""); ok {
			d.State, d.Reason, d.Excuse = to, "", mailer.ToldBefore
		}
	}
}

func must(ok bool, what string) {
	if !ok {
		panic(what)
	}
}

// dump tells everything that is stored but ids, in an order of its own.
func (m *memory) dump() string {
	var people []string
	for _, k := range m.contacts {
		c := k.Contact
		parts := []string{fmt.Sprintf("%q %q %q %q %q %q %q %q first %s", c.Name, c.Country, c.Region, c.City, c.PostalCode, c.Language,
			c.Organisation, c.JobTitle, c.FirstObtainedAt.Format(time.RFC3339))}
		for _, id := range k.Identifiers {
			parts = append(parts, fmt.Sprintf("identifier %s %q %x", id.Kind, id.Value, id.Hash))
		}
		for _, a := range k.Acquisitions {
			parts = append(parts, fmt.Sprintf("acquisition %s %s %s %s %q %s %d", a.SourceKey, a.ActivityKey, a.ObtainedAt.Format(time.RFC3339), a.Basis, a.Page, a.Visibility, a.Line))
		}
		for _, d := range k.Duties {
			parts = append(parts, fmt.Sprintf("duty %s %s %s %s %s %s%s told %s %s", d.SourceKey, d.ActivityKey, d.Due.At.Format(time.RFC3339), d.Due.Rule, d.State,
				d.Reason, d.Excuse, d.ToldAt.Format(time.RFC3339), slices.Sorted(slices.Values(m.told[d.ID]))))
		}
		people = append(people, strings.Join(parts, "\n\t"))
	}
	slices.Sort(people)
	return strings.Join(people, "\n")
}

// rowList gives rows that stand in a list, and then an error or io.EOF.
type rowList struct {
	rows []any // mailer.Record or mailer.Refusal
	err  error
}

func (l *rowList) Next() (accept.Record, *accept.Refusal, error) {
	if len(l.rows) == 0 {
		if l.err != nil {
			return accept.Record{}, nil, l.err
		}
		return accept.Record{}, nil, io.EOF
	}
	row := l.rows[0]
	l.rows = l.rows[1:]
	if refusal, ok := row.(accept.Refusal); ok {
		return accept.Record{}, &refusal, nil
	}
	return row.(accept.Record), nil, nil
}

func importRegister() *mailer.Register {
	zone, err := time.LoadLocation("Europe/Paris")
	must(err == nil, "no zone database")
	return &mailer.Register{
		Controller: mailer.Controller{Key: "acme", Zone: zone},
		Sources:    []mailer.Source{{Key: "fair", Public: true}, {Key: "whois"}, {Key: "strict", Unknown: mailer.UnknownIsRestricted}},
		Activities: []mailer.Activity{{Key: "directory"}, {Key: "news"}},
	}
}

// planOf reads rows from a source as a file of that name.
func planOf(source, file string, rows ...any) accept.ImportPlan {
	reg := importRegister()
	s, _ := reg.Source(source)
	return accept.ImportPlan{Register: reg, Source: s, ActivityKey: "directory", Import: accept.Import{FileName: file, FileHash: []byte(file)},
		Rows: &rowList{rows: rows}}
}

func importerFor(m *memory, batch int) *accept.Importer {
	return &accept.Importer{Store: m, Keys: importKeys, Now: func() time.Time { return importNow }, Batch: batch}
}

// imports runs a plan that must succeed.
func imports(t testing.TB, m *memory, p accept.ImportPlan) accept.ImportCounts {
	t.Helper()
	counts, err := importerFor(m, 0).Run(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return counts
}

// rec makes a record with a date, for tests to change.
func rec(line int64, change func(*accept.Record)) accept.Record {
	r := accept.Record{Line: line, ObtainedAt: importNow.AddDate(0, 0, -10), Visibility: mailer.VisiblePublic, Digest: fmt.Append(nil, "row", line), Row: fmt.Sprint("row ", line)}
	change(&r)
	return r
}

func email(s string) []accept.Email { return []accept.Email{{Value: s, Normal: s}} }

func (m *memory) only(t testing.TB) *mailer.Known {
	t.Helper()
	if len(m.contacts) != 1 {
		t.Fatalf("%d contacts are stored, want one:\n%s", len(m.contacts), m.dump())
	}
	for _, k := range m.contacts {
		return k
	}
	return nil
}
