package postgres

import (
	"bytes"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"article14/internal/privatepg"
	"article14/internal/privatepg/pgtest"
	"article14/mailer"
	"article14/mailer/deliver"
)

// recognise is the instance of a store as it stands at noon.
func recognise(t *testing.T, s *Store) deliver.Instance {
	t.Helper()
	i, err := s.Recognise(t.Context(), noon)
	must(t, err)
	return i
}

// lodging is a house whose database can be copied: one that is running, with
// people in the queue, and that knows where it stands.
func lodging(t *testing.T) (h *house, url string) {
	t.Helper()
	url = pgtest.New(t, migrate)
	s, err := Open(t.Context(), url)
	must(t, err)
	t.Cleanup(func() { s.Close() })
	h = moveIn(t.Context(), t, s, "acme")
	h.people(3, noon.Add(day))
	h.running("spring", 0)
	equal(t, "held", recognise(t, s).Held(), false)
	return h, url
}

// copied opens the house again in a copy of its database.
func (h *house) copied(t *testing.T, url string) *house {
	t.Helper()
	s, err := Open(t.Context(), url)
	must(t, err)
	t.Cleanup(func() { s.Close() })
	c := *h
	c.Store, c.t = s, t
	return &c
}

// dumpInto copies a database into an empty one, as operators do.
func dumpInto(t *testing.T, from, to string) {
	t.Helper()
	b, err := privatepg.Find()
	must(t, err)
	dump, err := exec.CommandContext(t.Context(), filepath.Join(b.Dir, "pg_dump"), "--no-owner", from).Output()
	must(t, err)
	restore := exec.CommandContext(t.Context(), filepath.Join(b.Dir, "psql"), "--quiet", "--set=ON_ERROR_STOP=1", "--single-transaction", to)
	restore.Stdin = bytes.NewReader(dump)
	out, err := restore.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

func TestACopyOfADatabaseSendsNothingUntilItIsAdopted(t *testing.T) { // listmonk #1801
	for name, clone := range map[string]func(t *testing.T, h *house, url string) string{
		"by pg_dump": func(t *testing.T, _ *house, from string) string {
			to := pgtest.New(t, nil)
			dumpInto(t, from, to)
			return to
		},
		"by createdb --template": func(t *testing.T, h *house, from string) string {
			h.Close() // a template must have no sessions
			return cloneByTemplate(t, from)
		},
	} {
		t.Run(name, func(t *testing.T) {
			h, from := lodging(t)
			c := h.copied(t, clone(t, h, from))
			// Even before anybody looked: a running worker whose database was exchanged.
			equal(t, "claimed from a copy that nobody has looked at", len(c.claim(10, noon)), 0)
			i := recognise(t, c.Store)
			equal(t, "held", i.Held(), true)
			equal(t, "since", i.HeldAt, noon)
			if !strings.Contains(i.HeldReason, "within its server") {
				t.Errorf("the reason is %q", i.HeldReason)
			}
			equal(t, "claimed from a held copy", len(c.claim(10, noon)), 0)
			equal(t, "on record", c.count(`SELECT count(*) FROM audit WHERE action = 'instance.hold'`), 1)
			recognise(t, c.Store)
			equal(t, "on record once", c.count(`SELECT count(*) FROM audit WHERE action = 'instance.hold'`), 1)

			adopted, err := c.Adopt(c.ctx, "restored", "ann", "the old server is gone", noon)
			must(t, err)
			equal(t, "held", adopted.Held(), false)
			equal(t, "label", adopted.Label, "restored")
			if adopted.ID == i.ID {
				t.Error("two instances have one id")
			}
			equal(t, "on record", c.count(`SELECT count(*) FROM audit WHERE action = 'instance.adopt' AND actor = 'ann' AND detail->>'why' = 'the old server is gone'`), 1)
			equal(t, "claimed", len(c.claim(10, noon)), 3)
			equal(t, "held, asked again", recognise(t, c.Store).Held(), false)
		})
	}
}

func cloneByTemplate(t *testing.T, from string) string {
	t.Helper()
	u, err := url.Parse(from)
	must(t, err)
	template := strings.TrimPrefix(u.Path, "/")
	to := *u
	to.Path = "/copy_of_" + template
	admin := *u
	admin.Path = "/postgres"
	b, err := privatepg.Find()
	must(t, err)
	run := func(name string, args ...string) {
		out, err := exec.Command(filepath.Join(b.Dir, name), args...).CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v: %s", name, err, out)
		}
	}
	run("createdb", "--maintenance-db="+admin.String(), "--template="+template, "copy_of_"+template)
	t.Cleanup(func() { run("dropdb", "--force", "--maintenance-db="+admin.String(), "copy_of_"+template) })
	return to.String()
}

func TestTheOriginalGoesOnWhileItsCopyIsHeld(t *testing.T) {
	h, from := lodging(t)
	to := pgtest.New(t, nil)
	dumpInto(t, from, to)
	equal(t, "copy held", recognise(t, h.copied(t, to).Store).Held(), true)
	equal(t, "original held", recognise(t, h.Store).Held(), false)
	equal(t, "claimed from the original", len(h.claim(10, noon)), 3)
}

func TestCorrespondenceIsHeldToo(t *testing.T) {
	h, _ := lodging(t)
	_, err := h.db.Exec(`UPDATE lane SET campaign_id = NULL`)
	must(t, err)
	_, err = h.db.Exec(`UPDATE instance SET held_at = $1, held_reason = 'test'`, noon)
	must(t, err)
	equal(t, "claimed from the express lane", len(h.claim(10, noon)), 0)
	_, err = h.db.Exec(`UPDATE instance SET held_at = NULL`)
	must(t, err)
	equal(t, "claimed once it is no longer held", len(h.claim(10, noon)), 3)
}

// TestAServerRestoredOrPromotedIsHeld makes a server recover to the end of its
// log and begin a new timeline, as a restore to a point in time and the promotion of a standby do.
func TestAServerRestoredOrPromotedIsHeld(t *testing.T) {
	dir := t.TempDir()
	for d := dir; d != os.TempDir() && d != "/"; d = filepath.Dir(d) {
		must(t, os.Chmod(d, 0o711)) // for root the server is another user, who has to pass through
	}
	settings := map[string]string{"restore_command": "false", "hot_standby": "off", "fsync": "off"}
	run := func(fn func(*Store, *privatepg.Server)) {
		srv, err := privatepg.Open(t.Context(), dir, privatepg.Options{Settings: settings, Elsewhere: "/tmp/article14-test"})
		must(t, err)
		defer func() { must(t, srv.Close()) }()
		s, err := Open(t.Context(), srv.URL(""))
		must(t, err)
		defer s.Close()
		fn(s, srv)
	}
	home := ""
	run(func(s *Store, srv *privatepg.Server) {
		_, err := s.Migrate(t.Context())
		must(t, err)
		equal(t, "held", recognise(t, s).Held(), false)
		home = srv.Home()
	})
	run(func(s *Store, _ *privatepg.Server) { equal(t, "held after a restart", recognise(t, s).Held(), false) })
	must(t, os.WriteFile(filepath.Join(home, "data", "recovery.signal"), nil, 0o644))
	run(func(s *Store, _ *privatepg.Server) {
		i := recognise(t, s)
		if !i.Held() || !strings.Contains(i.HeldReason, "earlier point") {
			t.Errorf("held %v: %q, from %s to %s", i.Held(), i.HeldReason, i.Place, i.Here)
		}
	})
}

func TestAnOrdinaryRoleKnowsWhereItStandsAndOneThatMayNotAskStillTellsCopiesApart(t *testing.T) {
	h, _ := lodging(t)
	role := "role_" + strconv.FormatInt(int64(os.Getpid()), 10)
	for _, q := range []string{`CREATE ROLE ` + role, `GRANT USAGE ON SCHEMA public TO ` + role} {
		_, err := h.db.Exec(q)
		must(t, err)
	}
	t.Cleanup(func() { h.db.Exec(`DROP OWNED BY ` + role); h.db.Exec(`DROP ROLE ` + role) })
	as := func() (p deliver.Place) {
		x, err := h.db.Beginx()
		must(t, err)
		defer x.Rollback()
		_, err = x.Exec(`SET LOCAL ROLE ` + role)
		must(t, err)
		must(t, x.Get(&p, `SELECT instance_place()`))
		return p
	}
	if p := as(); !p.Known() {
		t.Errorf("an ordinary role sees %q", p)
	}
	_, err := h.db.Exec(`REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC`)
	must(t, err)
	defer h.db.Exec(`GRANT EXECUTE ON FUNCTION pg_control_system() TO PUBLIC`)
	p := as()
	if p.Known() || !strings.HasPrefix(string(p), "server=unknown database=") {
		t.Errorf("a role that may not ask sees %q", p)
	}
	equal(t, "moved by knowing less", recognise(t, h.Store).Place.Moved(p), "")
}

func TestAPlaceIsWrittenAnewWhenMoreOfItIsKnown(t *testing.T) {
	h, _ := lodging(t)
	i := recognise(t, h.Store)
	_, err := h.db.Exec(`UPDATE instance SET place = regexp_replace(place, 'server=\d+', 'server=unknown')`)
	must(t, err)
	again := recognise(t, h.Store)
	equal(t, "held", again.Held(), false)
	equal(t, "place", recognise(t, h.Store).Place, i.Place)
	equal(t, "claimed", len(h.claim(10, noon)), 3)
}

func TestALabelIsGivenOnce(t *testing.T) {
	h, _ := lodging(t)
	must(t, h.NameInstance(h.ctx, "production"))
	must(t, h.NameInstance(h.ctx, "test"))
	equal(t, "label", recognise(t, h.Store).Label, "production")
}

func TestWorkersAreSeenWhileTheyAreThereAndForgottenLater(t *testing.T) {
	h := newHouse(t)
	beat := func(id mailer.ID, at time.Time) deliver.Heartbeat {
		b := deliver.Heartbeat{Worker: id, Host: "h1", Relay: "default", RelayState: deliver.RelayAway, Connections: 3, Allowed: 4, InFlight: 2, StartedAt: noon, SeenAt: at}
		must(t, h.Beat(h.ctx, h.controller, b, at.Add(-day)))
		return b
	}
	a, b := mailer.NewID(noon), mailer.NewID(noon.Add(time.Second)) // those that began together stand in the order of their ids
	beat(a, noon)
	beat(b, noon)
	want := beat(a, noon.Add(time.Minute))
	ws := h.figures(noon.Add(time.Minute)).Workers
	equal(t, "workers", len(ws), 2)
	equal(t, "worker", ws[0], want)
	equal(t, "gone", ws[0].Gone(noon.Add(time.Minute)), false)
	equal(t, "gone", ws[1].Gone(noon.Add(time.Minute)), true)
	must(t, h.Leave(h.ctx, a))
	equal(t, "workers after one left", len(h.figures(noon).Workers), 1)
	beat(a, noon.Add(2*day))
	equal(t, "workers after a day of silence", len(h.figures(noon).Workers), 1)
}
