package org

import (
	"context"
	"strconv"
	"strings"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/ref"
)

// ImportLives is how long a table that was handed in is held.
const ImportLives = 24 * time.Hour

// Import is a table of members that somebody handed in.
type Import struct {
	ID      ref.Import
	Org     ref.Org
	Account ref.Account // who handed it in; nobody else applies it
	Created time.Time
	Foreign bool // it was no UTF-8
}

// What a line is to do.
const (
	PlanSame   = "same"
	PlanChange = "change"
	PlanInvite = "invite"
)

// ImportDone is the outcome of a line that was applied; else it is a fault's code.
const ImportDone = "done"

// ImportLine is one line of it.
type ImportLine struct {
	N       int
	Whom    string      // as it stood there
	Account ref.Account // empty: no member
	Edit    string      // what they are to be, as JSON
	Plan    string      // PlanSame, PlanChange, PlanInvite, or a fault's code
	Outcome string      // empty: not applied yet
}

// Meant says whether it waits to be applied.
func (l ImportLine) Meant() bool {
	return l.Outcome == "" && (l.Plan == PlanChange || l.Plan == PlanInvite)
}

// MostImports is how many tables are held of one person; the oldest goes.
const MostImports = 5

// NewImport begins to hold a table. The caller changes the organisation.
func NewImport(ctx context.Context, tx db.Tx, o ref.Org, a ref.Account, foreign bool) (Import, error) {
	i := Import{ref.NewImport(tx.Now()), o, a, tx.Now(), foreign}
	_, err := tx.Exec(ctx, `INSERT INTO org_import (id, org, account, created, foreign_text) VALUES ($1, $2, $3, $4, $5)`, i.ID, i.Org, i.Account, i.Created, i.Foreign)
	if err == nil {
		_, err = tx.Exec(ctx, `DELETE FROM org_import WHERE org = $1 AND account = $2 AND id <> $3 AND id NOT IN
			(SELECT id FROM org_import WHERE org = $1 AND account = $2 AND id <> $3 ORDER BY created DESC, id DESC LIMIT $4)`, o, a, i.ID, MostImports-1)
	}
	return i, err
}

// HoldLines keeps lines of it.
func HoldLines(ctx context.Context, tx db.Tx, id ref.Import, list []ImportLine) error {
	if len(list) == 0 {
		return nil
	}
	args, marks := []any{id}, []string{}
	for _, l := range list {
		args = append(args, l.N, l.Whom, l.Account, l.Edit, l.Plan)
		n := len(args)
		var m []string
		for i := n - 4; i <= n; i++ {
			m = append(m, "$"+strconv.Itoa(i))
		}
		marks = append(marks, "($1, "+strings.Join(m, ", ")+", '')")
	}
	_, err := tx.Exec(ctx, `INSERT INTO org_import_line (import, n, whom, account, edit, plan, outcome) VALUES `+strings.Join(marks, ", "), args...)
	return err
}

// ImportOf reads what somebody handed in; db.ErrNone for what is another's, or over.
func ImportOf(ctx context.Context, r db.Reader, o ref.Org, a ref.Account, id ref.Import) (i Import, err error) {
	err = r.QueryRow(ctx, `SELECT id, org, account, created, foreign_text FROM org_import WHERE id = $1 AND org = $2 AND account = $3 AND created > $4`,
		id, o, a, r.Now().Add(-ImportLives)).Scan(&i.ID, &i.Org, &i.Account, db.Time(&i.Created), db.Bool(&i.Foreign))
	return i, err
}

// ImportLines reads lines after one, at most n; only those that wait to be applied where
// meant is set.
func ImportLines(ctx context.Context, r db.Reader, id ref.Import, after, n int, meant bool) ([]ImportLine, error) {
	only := ""
	if meant {
		only = ` AND outcome = '' AND plan IN ('change', 'invite')`
	}
	return db.List(ctx, r, func(s db.Scanner) (l ImportLine, err error) {
		var at int64
		err = s.Scan(&at, &l.Whom, &l.Account, &l.Edit, &l.Plan, &l.Outcome)
		l.N = int(at)
		return l, err
	}, `SELECT n, whom, account, edit, plan, outcome FROM org_import_line WHERE import = $1 AND n > $2`+only+` ORDER BY n LIMIT $3`, id, after, n)
}

// ImportCounts says how many lines have which plan and outcome, as "plan outcome".
func ImportCounts(ctx context.Context, r db.Reader, id ref.Import) (map[[2]string]int, error) {
	out := map[[2]string]int{}
	_, err := db.List(ctx, r, func(s db.Scanner) (none struct{}, err error) {
		var k [2]string
		var n int64
		err = s.Scan(&k[0], &k[1], &n)
		out[k] = int(n)
		return none, err
	}, `SELECT plan, outcome, count(*) FROM org_import_line WHERE import = $1 GROUP BY plan, outcome`, id)
	return out, err
}

// SettleLine writes down what came of a line, once; db.ErrNone when it was written before.
func SettleLine(ctx context.Context, tx db.Tx, id ref.Import, n int, outcome string) error {
	return tx.One(ctx, `UPDATE org_import_line SET outcome = $3 WHERE import = $1 AND n = $2 AND outcome = ''`, id, n, outcome)
}

// PurgeImports forgets what was handed in over a day ago, at most n.
func PurgeImports(ctx context.Context, tx db.Tx, n int) error {
	_, err := tx.Exec(ctx, `DELETE FROM org_import WHERE id IN (SELECT id FROM org_import WHERE created < $1 LIMIT $2)`, tx.Now().Add(-ImportLives), n)
	return err
}
