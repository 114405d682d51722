package audit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/ref"
)

// ByReference finds the row a refused person reads out.
func ByReference(ctx context.Context, r db.Reader, reference ref.Reference) (Row, error) {
	return scan(r.QueryRow(ctx, `SELECT `+columns+` FROM audit WHERE reference = $1`, reference))
}

// Filter says which rows of an account to read, newest first.
type Filter struct {
	Prefix string    // of the kind, such as "signin."; empty: all
	Since  time.Time // rows at or after
	Before time.Time // rows before; zero: no bound
	After  Cursor    // go on below this row
	Limit  int
}

// Cursor is a place in a list that does not move when rows are added.
type Cursor struct {
	At        time.Time
	Reference ref.Reference
}

// Of lists an account's rows (SE-06).
func Of(ctx context.Context, r db.Reader, a ref.Account, f Filter) ([]Row, error) {
	before, reference := f.Before, ref.Reference("~")
	if !f.After.At.IsZero() {
		before, reference = f.After.At, f.After.Reference
	}
	if before.IsZero() {
		before = r.Now().Add(time.Hour)
	}
	high := f.Prefix + "\x7f"
	return db.List(ctx, r, scan, `SELECT `+columns+` FROM audit
		WHERE account = $1 AND at >= $2 AND (at < $3 OR (at = $3 AND reference < $4)) AND kind >= $5 AND kind < $6
		ORDER BY at DESC, reference DESC LIMIT $7`, a, f.Since, before, reference, f.Prefix, high, f.Limit)
}

// Fault is what Verify found.
type Fault struct {
	Seq       int64         `json:"seq"`
	Reference ref.Reference `json:"reference,omitempty"`
	What      string        `json:"what"`
}

// Verified is the result of a verification.
type Verified struct {
	Rows    int64   `json:"rows"`
	Waiting int64   `json:"waiting"` // not linked yet
	Faults  []Fault `json:"faults"`
	Breaks  []Fault `json:"breaks,omitempty"` // where the operator went on over a head that did not hold

	erased map[ref.Account]bool
}

// Erased is the kind of row that says that an account's data was removed.
const Erased = "account.erased"

const maxFaults = 100

// Verify walks the whole chain and names every row that does not fit.
func (c Chain) Verify(ctx context.Context, d *db.DB) (Verified, error) {
	var v Verified
	err := d.Snapshot(ctx, func(r db.ReadTx) error {
		v = Verified{}
		prev, err := v.walk(ctx, r)
		if err != nil {
			return err
		}
		var seq int64
		var hash, mac []byte
		if err := r.QueryRow(ctx, `SELECT seq, hash, mac FROM audit_head WHERE id = 1`).Scan(&seq, &hash, &mac); err != nil {
			return fmt.Errorf("audit head: %w", err)
		}
		switch {
		case !c.holds(seq, hash, mac):
			v.fault(seq, "", "the head of the chain is not signed by this server: rows after this one may have been cut, and nothing is linked to it any more")
		case seq != v.Rows || !bytes.Equal(hash, prev):
			v.fault(seq, "", fmt.Sprintf("the head says %d rows, the chain ends at %d", seq, v.Rows))
		}
		// The chain is walked from its first row; one numbered below it would be read
		// out to its account and looked at by nobody.
		var beside int64
		if err := r.QueryRow(ctx, `SELECT count(*) FROM audit WHERE seq <= 0`).Scan(&beside); err != nil {
			return err
		}
		if beside > 0 {
			v.fault(0, "", fmt.Sprintf("%d rows stand beside the chain", beside))
		}
		return r.QueryRow(ctx, `SELECT count(*) FROM audit WHERE seq IS NULL`).Scan(&v.Waiting)
	})
	return v, err
}

func (v *Verified) fault(seq int64, reference ref.Reference, what string) {
	v.Faults = noted(v.Faults, Fault{seq, reference, what})
}

// noted adds a fault, up to as many as anybody reads.
func noted(list []Fault, f Fault) []Fault {
	if len(list) >= maxFaults {
		return list
	}
	return append(list, f)
}

func (v *Verified) walk(ctx context.Context, r db.Reader) (prev []byte, err error) {
	const page = 1000
	for last := int64(0); ; {
		rows, err := db.List(ctx, r, scan, `SELECT `+columns+` FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2`, last, page)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			if row.Seq != last+1 {
				v.fault(last+1, "", fmt.Sprintf("rows %d to %d are missing", last+1, row.Seq-1))
			}
			last = row.Seq
			v.Rows = last
			if row.Erased {
				if ok, err := v.mayBeEmpty(ctx, r, row.Account); err != nil {
					return nil, err
				} else if !ok {
					v.fault(row.Seq, row.Reference, "the row was emptied, but no account was erased")
				}
			} else {
				if got := sha256.Sum256([]byte(row.about)); !bytes.Equal(got[:], row.aboutHash) {
					v.fault(row.Seq, row.Reference, "the address, browser, place or detail was changed")
				}
			}
			if got := link(prev, row); !bytes.Equal(got, row.hash) {
				v.fault(row.Seq, row.Reference, "the row does not fit the one before it")
			}
			prev = row.hash
			if row.Kind == Rebased {
				v.Breaks = append(v.Breaks, Fault{row.Seq, row.Reference, whyRebased(row)})
			}
		}
		if len(rows) < page {
			return prev, nil
		}
	}
}

// mayBeEmpty says whether an account was erased: only then its rows lose what
// named a person.
func (v *Verified) mayBeEmpty(ctx context.Context, r db.Reader, a ref.Account) (bool, error) {
	if ok, known := v.erased[a]; known {
		return ok, nil
	}
	var n int64
	err := r.QueryRow(ctx, `SELECT count(*) FROM audit WHERE account = $1 AND kind = $2`, a, Erased).Scan(&n)
	if v.erased == nil {
		v.erased = map[ref.Account]bool{}
	}
	v.erased[a] = n > 0 && a != ""
	return v.erased[a], err
}

// Each reads all linked rows in order, for export; stop by returning an error.
func Each(ctx context.Context, d *db.DB, do func(Row) error) error {
	const page = 1000
	for last := int64(0); ; {
		var rows []Row
		err := d.View(ctx, func(r db.ReadTx) (err error) {
			rows, err = db.List(ctx, r, scan, `SELECT `+columns+` FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2`, last, page)
			return err
		})
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := do(row); err != nil {
				return err
			}
			last = row.Seq
		}
		if len(rows) < page {
			return nil
		}
	}
}

// Linked reads rows in the order in which they were linked, after the one of a number.
func Linked(ctx context.Context, r db.Reader, after int64, n int) ([]Row, error) {
	return db.List(ctx, r, scan, `SELECT `+columns+` FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2`, after, n)
}
