package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// postgresEngine has connections of their own for reads: a crowd whose transactions
// take all others never holds a session check up.
type postgresEngine struct {
	db        *sql.DB
	turns     turns // at db's connections
	reads     *sql.DB
	readTurns turns
	clock     func() time.Time
}

const (
	pgConnections = 16
	pgReads       = 8
	pgConnect     = time.Second
	// pgAnswer bounds one transaction, so that a database that is gone is told
	// to the person within two seconds.
	pgAnswer = 1500 * time.Millisecond
	pgTries  = 5
)

func openPostgres(url string, o Options) (engine, error) {
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		// The parser's own text may quote the URL with its password.
		return nil, errors.New("the database URL does not read as postgres://user:password@host/name")
	}
	cfg.ConnectTimeout = pgConnect
	if cfg.RuntimeParams == nil {
		cfg.RuntimeParams = map[string]string{}
	}
	if cfg.RuntimeParams["application_name"] == "" {
		cfg.RuntimeParams["application_name"] = "sekisho"
	}
	readers := max(pgReads, o.Readers)
	return &postgresEngine{db: pgPool(cfg, pgConnections), turns: make(turns, pgConnections),
		reads: pgPool(cfg, readers), readTurns: make(turns, readers), clock: o.Clock}, nil
}

// turns has a place for each connection of a pool; who comes first is served first.
// database/sql hands a free connection to anyone who waits: in a crowd some are passed
// over until their time is up.
type turns chan struct{}

func (t turns) take(ctx context.Context) (leave func(), err error) {
	select {
	case t <- struct{}{}:
		return func() { <-t }, nil
	case <-ctx.Done():
		return nil, translate(ctx.Err())
	}
}

func pgPool(cfg *pgx.ConnConfig, n int) *sql.DB {
	pool := stdlib.OpenDB(*cfg)
	pool.SetMaxOpenConns(n)
	pool.SetMaxIdleConns(n)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	return pool
}

func (e *postgresEngine) name() string { return "postgres" }

func (e *postgresEngine) close() error { return errors.Join(e.db.Close(), e.reads.Close()) }

type pgRunner interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// pgRun runs statements under the transaction's own deadline.
type pgRun struct {
	on  pgRunner
	ctx context.Context
}

func (r pgRun) exec(_ context.Context, query string, args []any) (int64, error) {
	res, err := r.on.ExecContext(r.ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func (r pgRun) query(_ context.Context, query string, args []any) (cursor, error) {
	rows, err := r.on.QueryContext(r.ctx, query, args...)
	if err != nil {
		return nil, err // not rows: a nil *sql.Rows is no nil cursor
	}
	return rows, nil
}

func (e *postgresEngine) view(ctx context.Context, snapshot bool, fn func(ReadTx) error) error {
	if !snapshot {
		ctx, stop := context.WithTimeout(ctx, pgAnswer)
		defer stop()
		leave, err := e.readTurns.take(ctx)
		if err != nil {
			return err
		}
		defer leave()
		return fn(ReadTx{run: pgRun{e.reads, ctx}, now: e.clock()})
	}
	tx, err := e.reads.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return translate(err)
	}
	defer func() { _ = tx.Rollback() }() // a read has nothing to lose
	return fn(ReadTx{run: pgRun{tx, ctx}, now: e.clock()})
}

func (e *postgresEngine) update(ctx context.Context, fn func(Tx) error) error {
	ctx, stop := context.WithTimeout(ctx, pgAnswer)
	defer stop()
	leave, err := e.turns.take(ctx)
	if err != nil {
		return err
	}
	defer leave()
	return e.transact(ctx, fn)
}

func (e *postgresEngine) transact(ctx context.Context, fn func(Tx) error) error {
	var err error
	for range pgTries {
		if err = e.once(ctx, fn); !errors.Is(err, errAgain) {
			return err
		}
	}
	return &problem{ErrUnavailable, "the transaction met another one each time"}
}

func (e *postgresEngine) once(ctx context.Context, fn func(Tx) error) error {
	tx, err := e.db.BeginTx(ctx, nil)
	if err != nil {
		return translate(err)
	}
	done := false
	defer func() {
		if !done {
			_ = tx.Rollback() // fn failed or panicked, which is what the caller hears of
		}
	}()
	if err := fn(Tx{ReadTx{run: pgRun{tx, ctx}, now: e.clock()}}); err != nil {
		return err
	}
	done = true
	return translate(tx.Commit())
}

// migrationLock keeps two nodes that start at once from migrating together.
const migrationLock = 0x73656b6973686f

func (e *postgresEngine) migrate(ctx context.Context, fn func(Tx) error) error {
	return e.transact(ctx, func(tx Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(migrationLock)); err != nil {
			return err
		}
		return fn(tx)
	})
}

func (e *postgresEngine) translate(ddl string) string { return ddl }

func (e *postgresEngine) backup(context.Context, string) error {
	return fmt.Errorf("this database is PostgreSQL: use pg_dump, which knows it best")
}
