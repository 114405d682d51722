// Package allowed owns the lists of addresses from which accounts' owners let
// themselves in (PO-01), and the list before, while a new one waits to be confirmed
// (PO-17).
//
// Whoever changes a list holds the account's row. It never decides who enters, tells
// nobody and writes no audit row: that is the journeys' business.
package allowed

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/policy"
	"sekisho/internal/ref"
)

// Migrations are the tables of this package.
//
//go:embed migrations/*.sql
var Migrations embed.FS

// ConfirmWithin is how long a list that shuts its author out may stand unconfirmed.
const ConfirmWithin = 10 * time.Minute

// List is one account's. The zero List is none: in from anywhere.
type List struct {
	Account ref.Account
	policy.Address
	Version int64 // another after each change, and never one that was there before
	Changed time.Time
	Pending *Pending // it waits to be confirmed
}

// Pending is what a list that waits to be confirmed goes back to.
type Pending struct {
	Before  policy.Address
	Session ref.Session // of its author: it is confirmed in another
	Until   time.Time
}

// ErrChanged is a list that was changed since it was read.
var ErrChanged = errors.New("the list was changed meanwhile")

// Of reads an account's list as it holds now: one that was not confirmed in time is
// the one before it.
func Of(ctx context.Context, r db.Reader, a ref.Account) (List, error) {
	l := List{Account: a}
	var entries, before, session string
	var p Pending
	err := r.QueryRow(ctx, `SELECT version, changed, entries, before, session, until FROM allowed WHERE account = $1`, a).
		Scan(&l.Version, db.Time(&l.Changed), &entries, db.Null(&before), &session, db.Time(&p.Until))
	if errors.Is(err, db.ErrNone) {
		return l, nil
	}
	if err != nil {
		return l, err
	}
	if err := json.Unmarshal([]byte(entries), &l.Address); err != nil {
		return l, fmt.Errorf("allowed addresses: %w", err)
	}
	if p.Until.IsZero() {
		return l, nil
	}
	if err := json.Unmarshal([]byte(before), &p.Before); err != nil {
		return l, fmt.Errorf("allowed addresses: %w", err)
	}
	if !r.Now().Before(p.Until) {
		l.Address = p.Before
		return l, nil
	}
	p.Session = ref.Session(session)
	l.Pending = &p
	return l, nil
}

// Set puts a list in the place of one that was read; with by it has to be confirmed
// from outside that session, else it stands. An empty list is none.
func Set(ctx context.Context, tx db.Tx, was List, list policy.Address, by ref.Session) (List, error) {
	l := List{Account: was.Account, Address: list, Version: max(tx.Now().UnixMicro(), was.Version+1), Changed: tx.Now()}
	if by != "" {
		l.Pending = &Pending{Before: was.Address, Session: by, Until: tx.Now().Add(ConfirmWithin)}
		if was.Pending != nil {
			l.Pending.Before = was.Pending.Before // what nobody confirmed is nothing to go back to
		}
	}
	if len(list.Allowed) == 0 && by == "" {
		_, err := tx.Exec(ctx, `DELETE FROM allowed WHERE account = $1`, l.Account)
		return List{Account: l.Account}, err
	}
	entries, err := json.Marshal(l.Address)
	if err != nil {
		return l, err
	}
	var before any
	var until time.Time
	if p := l.Pending; p != nil {
		b, err := json.Marshal(p.Before)
		if err != nil {
			return l, err
		}
		before, until = string(b), p.Until
	}
	_, err = tx.Exec(ctx, `INSERT INTO allowed (account, version, changed, entries, holds, before, session, until) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (account) DO UPDATE SET version = excluded.version, changed = excluded.changed, entries = excluded.entries, holds = excluded.holds,
			before = excluded.before, session = excluded.session, until = excluded.until`,
		l.Account, l.Version, l.Changed, string(entries), l.holds(), before, by, until)
	return l, err
}

// Confirm lets a list that waits stand; db.ErrNone when there is none, its time is over,
// or it is its author's own session that asks.
func Confirm(ctx context.Context, tx db.Tx, l List, in ref.Session) error {
	l.Pending = nil
	return tx.One(ctx, `UPDATE allowed SET before = NULL, until = NULL, session = '', holds = $4 WHERE account = $1 AND version = $2 AND until > $3 AND session <> $5`,
		l.Account, l.Version, tx.Now(), l.holds(), in)
}

// Due lists accounts whose list was not confirmed in time, at most n.
func Due(ctx context.Context, r db.Reader, n int) ([]ref.Account, error) {
	return db.List(ctx, r, func(s db.Scanner) (a ref.Account, err error) { err = s.Scan(&a); return a, err },
		`SELECT account FROM allowed WHERE until <= $1 ORDER BY until LIMIT $2`, r.Now(), n)
}

// Settle writes down what holds since a list was not confirmed in time; db.ErrNone when
// there is no such list any more.
func Settle(ctx context.Context, tx db.Tx, a ref.Account) (List, error) {
	l, err := Of(ctx, tx, a)
	if err != nil {
		return l, err
	}
	// The row is what another node may have settled, or its owner set anew, meanwhile.
	if err := tx.One(ctx, `UPDATE allowed SET until = NULL WHERE account = $1 AND until <= $2`, a, tx.Now()); err != nil {
		return l, err
	}
	return Set(ctx, tx, l, l.Address, "")
}

// Join is what a read that begins from an account takes along, and Column what it gives:
// in one column, of who has no list one NULL.
func Join(account string) string { return ` LEFT JOIN allowed al ON al.account = ` + account + ` ` }

// Column is read by Parse.
const Column = `al.holds`

// holds is a list as a decision reads it.
func (l List) holds() string {
	now := words(l.Allowed)
	if l.Pending == nil {
		return now
	}
	return now + "|" + strconv.FormatInt(l.Pending.Until.UnixMicro(), 10) + "|" + words(l.Pending.Before.Allowed)
}

func words(list []netip.Prefix) string {
	out := make([]string, len(list))
	for i, p := range list {
		out[i] = p.String()
	}
	return strings.Join(out, " ")
}

// Parse reads what Column gives.
func Parse(text string) (k policy.Kept, err error) {
	now, rest, waits := strings.Cut(text, "|")
	if k.Address, err = networks(now); err != nil || !waits {
		return k, err
	}
	until, before, _ := strings.Cut(rest, "|")
	at, err := strconv.ParseInt(until, 10, 64)
	if err != nil {
		return k, fmt.Errorf("allowed addresses: %w", err)
	}
	k.Until = time.UnixMicro(at).UTC()
	k.Before, err = networks(before)
	return k, err
}

func networks(text string) (a policy.Address, err error) {
	for _, w := range strings.Fields(text) {
		p, err := netip.ParsePrefix(w)
		if err != nil {
			return a, fmt.Errorf("allowed addresses: %w", err)
		}
		a.Allowed = append(a.Allowed, p)
	}
	return policy.InOrder(a.Allowed), nil
}
