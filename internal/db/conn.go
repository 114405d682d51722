package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"reflect"
)

// conn is one SQLite connection with its prepared statements, used by one
// goroutine at a time.
type conn struct {
	c     driver.Conn
	stmts map[string]*stmt
}

// stmt is a prepared statement with what its runs use again and again.
type stmt struct {
	s     driver.Stmt
	args  []driver.NamedValue
	row   []driver.Value
	open  bool // its rows are being read
	extra bool // not kept: it ends with its rows
}

// maxStatements bounds the cache; all SQL is constant, so it is never reached.
const maxStatements = 1000

func (c *conn) prepared(query string) (*stmt, error) {
	kept := c.stmts[query]
	if kept != nil && !kept.open {
		return kept, nil
	}
	s, err := c.prepare(query)
	if err != nil {
		return nil, err
	}
	// A second run while the first is still read needs a statement of its own.
	if s.extra = kept != nil || len(c.stmts) >= maxStatements; !s.extra {
		c.stmts[query] = s
	}
	return s, nil
}

func (c *conn) prepare(query string) (*stmt, error) {
	s, err := c.c.Prepare(query)
	if err != nil {
		return nil, err
	}
	return &stmt{s: s}, nil
}

func (c *conn) close() error {
	var errs []error
	for _, s := range c.stmts {
		errs = append(errs, s.s.Close())
	}
	return errors.Join(append(errs, c.c.Close())...)
}

// Statements run without the caller's context: the driver would start a
// goroutine for each, and a statement on a local file does not wait for anyone.
func (c *conn) exec(_ context.Context, query string, args []any) (int64, error) {
	s, err := c.prepared(query)
	if err != nil {
		return 0, err
	}
	n, err := s.exec(context.Background(), args)
	if e := s.end(); err == nil {
		err = e
	}
	return n, err
}

func (c *conn) query(_ context.Context, query string, args []any) (cursor, error) {
	s, err := c.prepared(query)
	if err != nil {
		return nil, err
	}
	from, err := s.s.(driver.StmtQueryContext).QueryContext(context.Background(), s.named(args))
	if err != nil {
		return nil, errors.Join(err, s.end())
	}
	s.open = true
	if s.row == nil {
		s.row = make([]driver.Value, len(from.Columns()))
	}
	return &answer{of: s, from: from}, nil
}

func (c *conn) plain(query string) error {
	_, err := c.exec(context.Background(), query, nil)
	return translate(err)
}

func (s *stmt) exec(ctx context.Context, args []any) (int64, error) {
	res, err := s.s.(driver.StmtExecContext).ExecContext(ctx, s.named(args))
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// named gives arguments as the driver takes them; they are bound before it returns.
func (s *stmt) named(args []any) []driver.NamedValue {
	s.args = s.args[:0]
	for i, a := range args {
		s.args = append(s.args, driver.NamedValue{Ordinal: i + 1, Value: a})
	}
	return s.args
}

// end closes a statement that is not kept, and forgets the arguments of one that is:
// some are secrets.
func (s *stmt) end() error {
	clear(s.args)
	if s.extra {
		return s.s.Close()
	}
	return nil
}

// answer is the rows of a statement.
type answer struct {
	of   *stmt
	from driver.Rows // nil: closed
	err  error
}

// Next goes to the next row.
func (a *answer) Next() bool {
	if a.from == nil || a.err != nil {
		return false
	}
	if a.err = a.from.Next(a.of.row); a.err != nil {
		if a.err == io.EOF {
			a.err = nil
		}
		if err := a.Close(); a.err == nil {
			a.err = err
		}
		return false
	}
	return true
}

// Err is what stopped Next, other than the end.
func (a *answer) Err() error { return a.err }

// Close lets the statement run again.
func (a *answer) Close() error {
	if a.from == nil {
		return nil
	}
	err := a.from.Close()
	a.from, a.of.open = nil, false
	clear(a.of.row)
	if e := a.of.end(); err == nil {
		err = e
	}
	return err
}

// Scan reads the row.
func (a *answer) Scan(dest ...any) error {
	if len(dest) != len(a.of.row) {
		return fmt.Errorf("%d columns are read into %d", len(a.of.row), len(dest))
	}
	for i, d := range dest {
		if err := assign(d, a.of.row[i]); err != nil {
			return fmt.Errorf("column %d: %w", i, err)
		}
	}
	return nil
}

// assign puts one of the values a strict table can hold into dest.
func assign(dest any, v driver.Value) error {
	switch d := dest.(type) {
	case sql.Scanner:
		return d.Scan(v)
	case *string:
		if s, ok := v.(string); ok {
			*d = s
			return nil
		}
	case *int64:
		if n, ok := v.(int64); ok {
			*d = n
			return nil
		}
	case *[]byte:
		switch b := v.(type) {
		case nil:
			*d = nil
			return nil
		case []byte: // the driver made it for this row alone
			*d = b
			return nil
		}
	default:
		p := reflect.ValueOf(dest)
		if p.Kind() != reflect.Pointer || p.IsNil() {
			break
		}
		switch to := p.Elem(); x := v.(type) {
		case string:
			if to.Kind() == reflect.String {
				to.SetString(x)
				return nil
			}
		case int64:
			if to.CanInt() && !to.OverflowInt(x) {
				to.SetInt(x)
				return nil
			}
		}
	}
	return fmt.Errorf("a %T does not go into a %T", v, dest)
}
