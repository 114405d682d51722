// Package db owns the two engines, SQLite and PostgreSQL, behind one SQL text:
// transactions, prepared statements, migrations, and the errors that callers
// may tell apart.
//
// It knows no table and no word of what is stored. Only it imports
// database/sql. Times are kept as microseconds since 1970, UTC.
package db

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

var (
	// ErrNone is a row that is not there, or a condition that no row met.
	ErrNone = errors.New("db: no such row")
	// ErrTaken is a value that must be unique and is another row's already.
	ErrTaken = errors.New("db: taken")
	// ErrUnavailable is a database that cannot be reached, is full, or did not
	// answer in time. Nothing was written.
	ErrUnavailable = errors.New("db: unavailable")
)

// Options of a database.
type Options struct {
	Clock    func() time.Time // nil: the system's
	Readers  int              // connections for reading; 0: 4
	MaxPages int64            // SQLite: how large the file may grow, in pages; 0: the disk's limit
	Crowded  func()           // SQLite: called when several writes share a commit; nil: nothing
}

// engine is what differs between the two databases.
type engine interface {
	name() string
	view(ctx context.Context, snapshot bool, fn func(ReadTx) error) error
	update(ctx context.Context, fn func(Tx) error) error
	migrate(ctx context.Context, fn func(Tx) error) error
	translate(ddl string) string
	backup(ctx context.Context, path string) error
	close() error
}

// DB is one database.
type DB struct {
	engine engine
	clock  func() time.Time
}

// Open opens "sqlite:/path/file.db" or "postgres://…".
func Open(ctx context.Context, url string, o Options) (*DB, error) {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Readers <= 0 {
		o.Readers = 4
	}
	if o.Crowded == nil {
		o.Crowded = func() {}
	}
	// What is kept has microseconds: an instant that is handed out before it was read
	// back must be the same.
	clock := o.Clock
	o.Clock = func() time.Time { return clock().Truncate(time.Microsecond) }
	d := &DB{clock: o.Clock}
	var err error
	switch {
	case strings.HasPrefix(url, "sqlite:"):
		d.engine, err = openSQLite(ctx, strings.TrimPrefix(url, "sqlite:"), o)
	case strings.HasPrefix(url, "postgres://"), strings.HasPrefix(url, "postgresql://"):
		d.engine, err = openPostgres(url, o)
	default:
		return nil, errors.New(`a database is "sqlite:" and a path, or a "postgres://" URL`)
	}
	if err != nil {
		return nil, err
	}
	return d, nil
}

// Engine is "sqlite" or "postgres".
func (d *DB) Engine() string { return d.engine.name() }

// Close ends all connections; what was acknowledged is on disk.
func (d *DB) Close() error { return d.engine.close() }

// View runs reads. Each statement sees what is committed when it runs; where
// several must agree with each other, use Snapshot.
func (d *DB) View(ctx context.Context, fn func(ReadTx) error) error {
	return d.engine.view(ctx, false, fn)
}

// Snapshot runs reads that all see the same moment.
func (d *DB) Snapshot(ctx context.Context, fn func(ReadTx) error) error {
	return d.engine.view(ctx, true, fn)
}

// Update runs fn in a transaction and returns once it is durable. An error or a
// panic takes back what fn did. fn may run again and has no effect outside tx.
func (d *DB) Update(ctx context.Context, fn func(Tx) error) error {
	return d.engine.update(ctx, fn)
}

// Ping says whether the database answers.
func (d *DB) Ping(ctx context.Context) error {
	return d.View(ctx, func(tx ReadTx) error {
		var one int64
		return tx.QueryRow(ctx, `SELECT 1`).Scan(&one)
	})
}

// Backup writes a consistent copy of an SQLite database to a new file.
func (d *DB) Backup(ctx context.Context, path string) error { return d.engine.backup(ctx, path) }

// Check reads the whole of an SQLite file and says whether it is in order. Of
// PostgreSQL it asks nothing: that has tools of its own.
func (d *DB) Check(ctx context.Context) error {
	if d.Engine() != "sqlite" {
		return nil
	}
	var said string
	err := d.View(ctx, func(tx ReadTx) error { return tx.QueryRow(ctx, `PRAGMA integrity_check(1)`).Scan(&said) })
	if err == nil && said != "ok" {
		err = fmt.Errorf("the database file is damaged: %s", said)
	}
	return err
}

// Reader is what both kinds of transaction can do.
type Reader interface {
	Now() time.Time
	QueryRow(ctx context.Context, query string, args ...any) Row
	Query(ctx context.Context, query string, args ...any) (*Rows, error)
	sealed()
}

// runner is a connection with its prepared statements, or a transaction.
type runner interface {
	exec(ctx context.Context, query string, args []any) (changed int64, err error)
	query(ctx context.Context, query string, args []any) (cursor, error)
}

// cursor is an answer, read row by row.
type cursor interface {
	Next() bool
	Scan(dest ...any) error
	Err() error
	Close() error
}

// ReadTx reads.
type ReadTx struct {
	run runner
	now time.Time
}

// Tx reads and writes.
type Tx struct{ ReadTx }

func (ReadTx) sealed() {}

// Now is the one instant of this transaction.
func (t ReadTx) Now() time.Time { return t.now }

// Row is the first row of an answer.
type Row struct {
	rows cursor
	err  error
}

// Scan reads the row; ErrNone when there is none.
func (r Row) Scan(dest ...any) error {
	if r.err != nil {
		return r.err
	}
	defer r.rows.Close()
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return translate(err)
		}
		return ErrNone
	}
	if err := r.rows.Scan(dest...); err != nil {
		return fmt.Errorf("db: scan: %w", err)
	}
	return translate(r.rows.Close())
}

// QueryRow asks for one row.
func (t ReadTx) QueryRow(ctx context.Context, query string, args ...any) Row {
	rows, err := t.run.query(ctx, query, normal(args))
	return Row{rows: rows, err: translate(err)}
}

// Rows is an answer of many rows; it must be closed.
type Rows struct{ cursor }

// Query asks for many rows.
func (t ReadTx) Query(ctx context.Context, query string, args ...any) (*Rows, error) {
	rows, err := t.run.query(ctx, query, normal(args))
	if err != nil {
		return nil, translate(err)
	}
	return &Rows{rows}, nil
}

// Exec writes and says how many rows it changed.
func (t Tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	n, err := t.run.exec(ctx, query, normal(args))
	return n, translate(err)
}

// One writes to exactly one row: ErrNone when the condition met none. This is
// how a thing is spent once.
func (t Tx) One(ctx context.Context, query string, args ...any) error {
	n, err := t.Exec(ctx, query, args...)
	if err != nil {
		return err
	}
	if n == 0 {
		return ErrNone
	}
	if n != 1 {
		return fmt.Errorf("db: changed %d rows where one was meant", n)
	}
	return nil
}

// Scanner reads the columns of one row.
type Scanner interface{ Scan(dest ...any) error }

// List asks for many rows and reads each with scan.
func List[T any](ctx context.Context, r Reader, scan func(Scanner) (T, error), query string, args ...any) ([]T, error) {
	rows, err := r.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("db: scan: %w", err)
		}
		out = append(out, v)
	}
	return out, translate(rows.Err())
}
