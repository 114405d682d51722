package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"
)

// sqliteEngine is one writer, which groups commits, beside a pool of readers.
type sqliteEngine struct {
	driver  driver.Driver
	dsn     string
	clock   func() time.Time
	crowded func()
	jobs    chan *job
	quit    chan struct{}
	ended   chan struct{}
	stop    sync.Once
	readers readers
}

// minSQLite is the first version without the WAL-reset corruption bug.
const minSQLite = 3051003

func openSQLite(ctx context.Context, path string, o Options) (engine, error) {
	if path == "" {
		return nil, errors.New("the SQLite database has no path")
	}
	if err := prepareFile(path); err != nil {
		return nil, err
	}
	// A page in the cache, with what SQLite keeps beside it, takes 8 KiB, because memory
	// is given out in powers of two: of 2 MiB come 4, for each connection. Twice as many
	// made a check among a million sessions no quicker.
	pragmas := url.Values{}
	for _, p := range []string{"busy_timeout(1500)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "cache_size(-2048)", "temp_store(MEMORY)"} {
		pragmas.Add("_pragma", p)
	}
	// The driver itself: database/sql's pool, with its locks and copies, costs as
	// much as a short read.
	pool, err := sql.Open("sqlite", "")
	if err != nil {
		return nil, err
	}
	e := &sqliteEngine{driver: pool.Driver(), dsn: "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + pragmas.Encode(), clock: o.Clock, crowded: o.Crowded,
		jobs: make(chan *job, 1024), quit: make(chan struct{}), ended: make(chan struct{}), readers: readers{places: make(chan struct{}, o.Readers)}}
	if err := pool.Close(); err != nil {
		return nil, err
	}
	writer, err := e.connect()
	if err != nil {
		return nil, err
	}
	if err := checkSQLite(ctx, writer, o.MaxPages); err != nil {
		return nil, errors.Join(err, writer.close())
	}
	for range o.Readers {
		r, err := e.connect()
		if err == nil {
			err = r.plain("PRAGMA query_only = 1")
		}
		if err != nil {
			for _, r := range e.readers.idle {
				err = errors.Join(err, r.close())
			}
			return nil, errors.Join(err, writer.close())
		}
		e.readers.idle = append(e.readers.idle, r)
	}
	go e.write(writer)
	return e, nil
}

// prepareFile makes the folder and the file readable by their owner alone.
func prepareFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("database file: %w", err)
	}
	return f.Close()
}

func checkSQLite(ctx context.Context, c *conn, maxPages int64) error {
	var version string
	if err := (ReadTx{run: c}).QueryRow(ctx, "SELECT sqlite_version()").Scan(&version); err != nil {
		return err
	}
	var major, minor, patch int
	if _, err := fmt.Sscanf(version, "%d.%d.%d", &major, &minor, &patch); err != nil || major*1000000+minor*1000+patch < minSQLite {
		return fmt.Errorf("SQLite %s is older than 3.51.3, which mended a loss of data", version)
	}
	if maxPages > 0 {
		return c.plain(fmt.Sprintf("PRAGMA max_page_count = %d", maxPages))
	}
	return nil
}

func (e *sqliteEngine) connect() (*conn, error) {
	c, err := e.driver.Open(e.dsn)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", translate(err))
	}
	return &conn{c: c, stmts: map[string]*stmt{}}, nil
}

func (e *sqliteEngine) name() string { return "sqlite" }

func (e *sqliteEngine) close() error {
	var errs []error
	e.stop.Do(func() {
		close(e.quit)
		<-e.ended
		for range cap(e.readers.places) {
			e.readers.places <- struct{}{}
		}
		for _, r := range e.readers.idle {
			// Whichever connection is the last to close brings the log into the file, and
			// one that may not write leaves it lying beside.
			_ = r.plain("PRAGMA query_only = 0")
			errs = append(errs, r.close())
		}
	})
	return errors.Join(errs...)
}

func (e *sqliteEngine) view(ctx context.Context, snapshot bool, fn func(ReadTx) error) error {
	if err := ctx.Err(); err != nil {
		return translate(err)
	}
	select {
	case e.readers.places <- struct{}{}: // without waiting; the other cases cost, even when they are not taken
	default:
		select {
		case e.readers.places <- struct{}{}:
		case <-ctx.Done():
			return translate(ctx.Err())
		case <-e.quit:
			return ErrUnavailable
		}
	}
	c := e.readers.take()
	defer e.readers.give(c)
	if snapshot {
		if err := c.plain("BEGIN"); err != nil {
			return err
		}
		defer func() { _ = c.plain("ROLLBACK") }() // a read has nothing to lose
	}
	return fn(ReadTx{run: c, now: e.clock()})
}

// readers are handed out first come, first served, and the one that was used last
// first: what it has read is still in its own cache, and of many, few grow one.
type readers struct {
	places chan struct{} // one for each reader that is in use
	mu     sync.Mutex
	idle   []*conn
}

// take gives a reader to whoever has a place.
func (r *readers) take() *conn {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := len(r.idle) - 1
	c := r.idle[last]
	r.idle = r.idle[:last]
	return c
}

// give takes it back, and the place.
func (r *readers) give(c *conn) {
	r.mu.Lock()
	r.idle = append(r.idle, c)
	r.mu.Unlock()
	<-r.places
}

// job is one closure waiting to be written.
type job struct {
	ctx   context.Context
	fn    func(Tx) error
	alone bool // not grouped: it changes the schema
	err   error
	panic any
	done  chan struct{}
}

func (e *sqliteEngine) update(ctx context.Context, fn func(Tx) error) error {
	return e.enqueue(&job{ctx: ctx, fn: fn, done: make(chan struct{})})
}

func (e *sqliteEngine) migrate(ctx context.Context, fn func(Tx) error) error {
	return e.enqueue(&job{ctx: ctx, fn: fn, alone: true, done: make(chan struct{})})
}

func (e *sqliteEngine) enqueue(j *job) error {
	if err := j.ctx.Err(); err != nil {
		return translate(err)
	}
	select {
	case <-e.quit:
		return ErrUnavailable
	default:
	}
	select {
	case e.jobs <- j: // without waiting
	default:
		select {
		case e.jobs <- j:
		case <-j.ctx.Done():
			return translate(j.ctx.Err())
		case <-e.quit:
			return ErrUnavailable
		}
	}
	select {
	case <-j.done:
	case <-e.ended:
		// The writer may have finished this very job as its last.
		select {
		case <-j.done:
		default:
			return ErrUnavailable
		}
	}
	if j.panic != nil {
		panic(j.panic)
	}
	return j.err
}

// maxBatch bounds how many closures share one commit, and so how long the
// first of them waits for the last.
const maxBatch = 128

func (e *sqliteEngine) write(c *conn) {
	defer close(e.ended)
	defer func() { _ = c.close() }() // what was acknowledged is on disk
	for {
		select {
		case j := <-e.jobs:
			e.commit(c, e.batch(j))
		case <-e.quit:
			for {
				select {
				case j := <-e.jobs:
					e.commit(c, e.batch(j))
				default:
					return
				}
			}
		}
	}
}

// batch takes what is waiting. It never waits for more: alone, a write is as
// quick as it can be; under load, others have queued while the last commit ran.
func (e *sqliteEngine) batch(first *job) []*job {
	jobs := []*job{first}
	if first.alone {
		return jobs
	}
	for len(jobs) < maxBatch {
		select {
		case j := <-e.jobs:
			jobs = append(jobs, j)
			if j.alone {
				return jobs
			}
		default:
			return jobs
		}
	}
	return jobs
}

// commit runs closures, each in its own savepoint, and commits them together.
func (e *sqliteEngine) commit(c *conn, jobs []*job) {
	defer func() {
		for _, j := range jobs {
			close(j.done)
		}
	}()
	if len(jobs) > 1 {
		e.crowded()
	}
	if err := c.plain("BEGIN IMMEDIATE"); err != nil {
		failAll(jobs, err)
		return
	}
	for i, j := range jobs {
		if err := j.ctx.Err(); err != nil {
			j.err = translate(err)
			continue
		}
		if err := e.one(c, j); err != nil {
			// The transaction itself is lost: nobody in it may believe they were served.
			failAll(jobs[:i+1], err)
			failAll(jobs[i+1:], ErrUnavailable)
			_ = c.plain("ROLLBACK") // it may be gone already
			return
		}
	}
	if err := c.plain("COMMIT"); err != nil {
		failAll(jobs, err)
		_ = c.plain("ROLLBACK") // it may be gone already
	}
}

func failAll(jobs []*job, err error) {
	for _, j := range jobs {
		j.err = &problem{ErrUnavailable, firstLine(err)}
	}
}

// one runs a closure in a savepoint. The error is non-nil only when the whole
// transaction is lost.
func (e *sqliteEngine) one(c *conn, j *job) error {
	if err := c.plain("SAVEPOINT one"); err != nil {
		return err
	}
	ok := false
	func() {
		defer func() {
			if !ok {
				if p := recover(); p != nil {
					j.panic = p
				} else if j.err == nil {
					// runtime.Goexit: a test that gave up inside a closure.
					j.err = errors.New("db: the closure did not return")
				}
			}
		}()
		j.err = j.fn(Tx{ReadTx{run: c, now: e.clock()}})
		ok = true
	}()
	if ok && j.err == nil {
		return c.plain("RELEASE one")
	}
	// A full disk can end the whole transaction from within; then this fails too.
	if err := c.plain("ROLLBACK TO one"); err != nil {
		return err
	}
	return c.plain("RELEASE one")
}

var closing = regexp.MustCompile(`(?m)^\)( /\*keyed\*/)?;?\s*$`)

// translate turns the common column types and table ends into SQLite's strict
// tables; a keyed table is stored in its primary key.
func (e *sqliteEngine) translate(ddl string) string {
	ddl = strings.NewReplacer("BIGINT", "INTEGER", "BYTEA", "BLOB").Replace(ddl)
	return closing.ReplaceAllStringFunc(ddl, func(s string) string {
		if strings.Contains(s, "keyed") {
			return ") STRICT, WITHOUT ROWID"
		}
		return ") STRICT"
	})
}

func (e *sqliteEngine) backup(ctx context.Context, path string) error {
	if _, err := os.Stat(path); err == nil {
		return fmt.Errorf("%s exists already", path)
	}
	c, err := e.connect()
	if err != nil {
		return err
	}
	defer func() { _ = c.close() }() // it only read
	s, err := c.prepare("VACUUM INTO $1")
	if err != nil {
		return translate(err)
	}
	if _, err := s.exec(ctx, []any{path}); err != nil {
		return translate(err)
	}
	return os.Chmod(path, 0o600)
}
