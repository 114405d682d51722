package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// problem is an engine's error with the kind callers can tell apart. Its text
// names no value that was stored.
type problem struct {
	kind error
	text string
}

func (p *problem) Error() string { return p.kind.Error() + ": " + p.text }
func (p *problem) Unwrap() error { return p.kind }

// translate gives an engine's error its kind.
func translate(err error) error {
	if err == nil {
		return nil
	}
	var known *problem
	if errors.As(err, &known) || errors.Is(err, ErrNone) || errors.Is(err, ErrTaken) || errors.Is(err, ErrUnavailable) {
		return err
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return translateSQLite(lite, err)
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return translatePostgres(pg)
	}
	var network net.Error
	var connect *pgconn.ConnectError
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, driver.ErrBadConn), errors.Is(err, sql.ErrConnDone),
		errors.As(err, &network), errors.As(err, &connect), strings.Contains(err.Error(), "database is closed"),
		strings.Contains(err.Error(), "unexpected EOF"), strings.Contains(err.Error(), "conn closed"):
		return &problem{ErrUnavailable, firstLine(err)}
	}
	return err
}

func translateSQLite(lite *sqlite.Error, err error) error {
	switch code := lite.Code(); {
	case code == sqlite3.SQLITE_CONSTRAINT_UNIQUE, code == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return &problem{ErrTaken, afterLast(firstLine(err), "failed: ")}
	default:
		switch code & 0xff {
		case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_CANTOPEN,
			sqlite3.SQLITE_READONLY, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PROTOCOL:
			return &problem{ErrUnavailable, fmt.Sprintf("SQLite error %d", code)}
		}
	}
	return err
}

// Classes of SQLSTATE: PostgreSQL documentation, appendix A.
func translatePostgres(pg *pgconn.PgError) error {
	switch {
	case pg.Code == "23505":
		return &problem{ErrTaken, pg.ConstraintName}
	case strings.HasPrefix(pg.Code, "08"), strings.HasPrefix(pg.Code, "53"), strings.HasPrefix(pg.Code, "57"),
		strings.HasPrefix(pg.Code, "58"), pg.Code == "55P03", pg.Code == "25006":
		return &problem{ErrUnavailable, "SQLSTATE " + pg.Code}
	case pg.Code == "40001", pg.Code == "40P01":
		return &problem{errAgain, "SQLSTATE " + pg.Code}
	}
	return fmt.Errorf("db: SQLSTATE %s: %s", pg.Code, pg.Message)
}

// errAgain is a transaction that PostgreSQL wants to be run again.
var errAgain = errors.New("db: run again")

func firstLine(err error) string {
	s, _, _ := strings.Cut(err.Error(), "\n")
	return s
}

func afterLast(s, sep string) string {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[i+len(sep):]
	}
	return s
}
