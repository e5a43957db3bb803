package postgres

import (
	"cmp"
	"context"
	"database/sql/driver"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lib/pq"
)

// connector makes connections that break off by hanging up. lib/pq asks the server to
// cancel what runs, by a second connection that is ahead or behind of the first one as it
// happens: behind a transaction pooler the session may be another client's by then, and
// PgBouncer 1.18 to 1.20 can crash of it (its issues 822 and 904). Whoever hangs up
// leaves nothing half done: the transaction is rolled back, by PostgreSQL or the pooler.
type connector struct{ cfg pq.Config }

// Connect opens a connection.
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	made, err := pq.NewConnectorConfig(c.cfg)
	if err != nil {
		return nil, err
	}
	line := &line{}
	made.Dialer(line)
	opened, err := made.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &connection{session: opened.(session), line: line}, nil
}

// Driver is lib/pq's.
func (c connector) Driver() driver.Driver { return &pq.Driver{} }

// line dials for one connection and keeps hold of what it is made of.
type line struct {
	net.Dialer
	net.Conn
}

// DialContext is what lib/pq calls.
func (l *line) DialContext(ctx context.Context, network, address string) (conn net.Conn, err error) {
	l.Conn, err = l.Dialer.DialContext(ctx, network, address)
	return l.Conn, err
}

// Dial is there since lib/pq asks for it.
func (l *line) Dial(network, address string) (net.Conn, error) {
	return l.DialContext(context.Background(), network, address)
}

// DialTimeout is there since lib/pq asks for it.
func (l *line) DialTimeout(network, address string, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return l.DialContext(ctx, network, address)
}

// session is what lib/pq's connection can.
type session interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.NamedValueChecker
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// connection is lib/pq's, that hears of no context: it would send for a cancellation.
type connection struct {
	session
	line   *line
	hungUp atomic.Bool
}

// watched hangs up when the context ends before stop is called. Behind stop it does
// not any more: who has the connection next is not hung up on.
func (c *connection) watched(ctx context.Context) (unwatched context.Context, stop func()) {
	hung := make(chan struct{})
	unwatch := context.AfterFunc(ctx, func() {
		defer close(hung)
		c.hungUp.Store(true)
		c.line.Close()
	})
	return context.WithoutCancel(ctx), sync.OnceFunc(func() {
		if !unwatch() {
			<-hung
		}
	})
}

// because gives the reason of an error that came of hanging up: the context's end.
func (c *connection) because(ctx context.Context, err error) error {
	if err != nil && c.hungUp.Load() {
		return cmp.Or(ctx.Err(), err)
	}
	return err
}

// IsValid tells whether it can be used again.
func (c *connection) IsValid() bool { return !c.hungUp.Load() && c.session.IsValid() }

// Close ends it; one that was hung up is at its end already.
func (c *connection) Close() error {
	err := c.session.Close()
	if c.hungUp.Load() {
		return nil
	}
	return err
}

// BeginTx begins a transaction, which ends with the context. A commit that has begun is
// waited for: nobody could tell what became of it otherwise.
func (c *connection) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	unwatched, stop := c.watched(ctx)
	t, err := c.session.BeginTx(unwatched, opts)
	if err != nil {
		stop()
		return nil, c.because(ctx, err)
	}
	return transaction{t, stop}, nil
}

// PrepareContext is for COPY.
func (c *connection) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	unwatched, stop := c.watched(ctx)
	defer stop()
	stmt, err := c.session.PrepareContext(unwatched, query)
	return stmt, c.because(ctx, err)
}

// ExecContext runs a statement.
func (c *connection) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	unwatched, stop := c.watched(ctx)
	defer stop()
	r, err := c.session.ExecContext(unwatched, query, args)
	return r, c.because(ctx, err)
}

// QueryContext asks. It is watched until the last row has come: a question may stand
// outside of a transaction (Store.look).
func (c *connection) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	unwatched, stop := c.watched(ctx)
	rows, err := c.session.QueryContext(unwatched, query, args)
	if err != nil {
		stop()
		return nil, c.because(ctx, err)
	}
	return watchedRows{rows, stop}, nil
}

// watchedRows are watched until they are closed.
type watchedRows struct {
	driver.Rows
	stop func()
}

func (r watchedRows) Close() error {
	defer r.stop()
	return r.Rows.Close()
}

// Ping asks whether it is there.
func (c *connection) Ping(ctx context.Context) error {
	unwatched, stop := c.watched(ctx)
	defer stop()
	return c.because(ctx, c.session.Ping(unwatched))
}

// transaction is watched until it ends.
type transaction struct {
	driver.Tx
	stop func()
}

func (t transaction) Commit() error {
	t.stop()
	return t.Tx.Commit()
}

func (t transaction) Rollback() error {
	defer t.stop() // the answer is nobody's concern any more
	return t.Tx.Rollback()
}
