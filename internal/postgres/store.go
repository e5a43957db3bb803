package postgres

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"article14/internal/memo"
	"article14/mailer"
	"article14/migrations"
)

// Store is a PostgreSQL database. It is safe for concurrent use.
type Store struct {
	db       *sqlx.DB
	needs    laneNeeds
	contents contentCache
	places   placeBook
	classes  classBooks

	// What never changes once it is stored.
	registers *memo.Memo[mailer.ID, mailer.RegisterVersion]
	skeletons *memo.Memo[mailer.ID, []mailer.SkeletonKeyHash] // of a content version
}

// versionsKept bounds each of what is kept in memory since it never changes: of
// registers and content versions few are in use at a time.
const versionsKept = 64

// Open connects to the database at url, a lib/pq address, and checks that it answers.
func Open(ctx context.Context, url string) (*Store, error) {
	cfg, err := pq.NewConfig(url)
	if err != nil {
		return nil, fmt.Errorf("connect to the database: read its address: %w", err)
	}
	cfg.BinaryParameters = true // []byte goes out as it is (columns.go), and a statement takes one round trip, not two
	db := sqlx.NewDb(sql.OpenDB(connector{cfg}), "postgres")
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("connect to the database: %w", err), db.Close())
	}
	db.SetMaxOpenConns(24)
	db.SetMaxIdleConns(24) // a new one costs the server a process: those of a rush serve the next
	db.SetConnMaxIdleTime(5 * time.Minute)
	return &Store{db: db, registers: memo.New[mailer.ID, mailer.RegisterVersion](versionsKept),
		skeletons: memo.New[mailer.ID, []mailer.SkeletonKeyHash](versionsKept)}, nil
}

// Close closes all connections.
func (s *Store) Close() error { return s.db.Close() }

// Migrate brings the schema up to date and returns its version.
func (s *Store) Migrate(ctx context.Context) (int64, error) {
	p, err := s.migrations()
	if err != nil {
		return 0, err
	}
	if _, err := p.Up(ctx); err != nil {
		return 0, fmt.Errorf("migrate the database: %w", err)
	}
	return p.GetDBVersion(ctx)
}

// SchemaVersions gives the version of the database and the newest that this program has.
// It waits for no migration that is under way: readiness asks every few seconds,
// and a lock that cannot be had (on a standby nothing can) is tried for for minutes.
func (s *Store) SchemaVersions(ctx context.Context) (have, want int64, err error) {
	p, err := s.migrations()
	if err != nil {
		return 0, 0, err
	}
	return p.GetVersions(ctx)
}

func (s *Store) migrations() (*goose.Provider, error) {
	// Two commands may find a new database at once. The lock stands in a table, for
	// a session's would not hold behind a transaction pooler. Who waits looks often, since
	// most migrations take a moment, and for five minutes, since some take longer.
	locker, err := lock.NewPostgresTableLocker(lock.WithTableLockTimeout(250*time.Millisecond, 1200))
	if err != nil {
		return nil, fmt.Errorf("lock the migrations: %w", err)
	}
	p, err := goose.NewProvider(goose.DialectPostgres, s.db.DB, migrations.FS, goose.WithDisableGlobalRegistry(true), goose.WithLocker(locker))
	if err != nil {
		return nil, fmt.Errorf("read the migrations: %w", err)
	}
	return p, nil
}

// ClockSkew is by how much the database's clock is ahead of ours (negative:
// behind). It is the only question about time that the database is asked.
func (s *Store) ClockSkew(ctx context.Context, now func() time.Time) (time.Duration, error) {
	before := now()
	var theirs float64
	if err := s.db.GetContext(ctx, &theirs, `SELECT extract(epoch FROM clock_timestamp())`); err != nil {
		return 0, fmt.Errorf("ask the database for its clock: %w", err)
	}
	ours := before.Add(now().Sub(before) / 2)
	sec, frac := math.Modf(theirs)
	return time.Unix(int64(sec), int64(frac*1e9)).Sub(ours), nil
}

// ErrReadOnly is a database that takes no writes: a standby, or one that an operator
// or a full disk has closed.
var ErrReadOnly = errors.New("the database takes no writes: it is a standby, or default_transaction_read_only is on")

// Writable tells whether the database takes writes; the error is ErrReadOnly if it answers that it does not.
func (s *Store) Writable(ctx context.Context) error {
	var closed bool
	err := s.db.GetContext(ctx, &closed, `SELECT pg_is_in_recovery() OR CAST(current_setting('default_transaction_read_only') AS boolean)`)
	if err != nil {
		return fmt.Errorf("ask the database whether it takes writes: %w", err)
	}
	if closed {
		return ErrReadOnly
	}
	return nil
}

// CheckKeys remembers the fingerprints of the keys in use and refuses a ring
// whose keys differ from those that wrote the hashes stored here.
func (s *Store) CheckKeys(ctx context.Context, ring *mailer.Keyring, now time.Time) error {
	return s.write(ctx, func(t tx) error {
		for _, p := range mailer.KeyPurposes {
			for _, k := range ring.All(p) {
				var stored []byte
				if _, err := t.one(ctx, &stored, "key_fingerprint", string(p), k.ID, k.Fingerprint(), now); err != nil {
					return err
				}
				if !bytes.Equal(stored, k.Fingerprint()) {
					return fmt.Errorf("the %s key %q is not the one that wrote this database; give the key file that belongs to it (--keys)", p, k.ID)
				}
			}
		}
		return nil
	})
}
