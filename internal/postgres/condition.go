package postgres

import (
	"context"
	"time"
)

// Condition is what a database server says of itself, cheaply.
type Condition struct {
	Version           string
	Autovacuum        bool
	Fsync             bool
	Bytes             int64
	Standby           bool      // it is read-only
	OldestTransaction time.Time // begun by another session; zero: none. An old one keeps dead rows, through which claims wade
	DeadRows          int64     // estimates
	LiveRows          int64
}

// Condition asks for it.
func (s *Store) Condition(ctx context.Context) (Condition, error) {
	var r struct {
		Version    string  `db:"version"`
		Autovacuum bool    `db:"autovacuum"`
		Fsync      bool    `db:"fsync"`
		Bytes      int64   `db:"bytes"`
		Standby    bool    `db:"standby"`
		Oldest     instant `db:"oldest_transaction"`
		Dead       int64   `db:"dead_rows"`
		Live       int64   `db:"live_rows"`
	}
	err := s.read(ctx, func(t tx) error {
		_, err := t.one(ctx, &r, "condition")
		return err
	})
	return Condition{r.Version, r.Autovacuum, r.Fsync, r.Bytes, r.Standby, r.Oldest.Time, r.Dead, r.Live}, err
}
