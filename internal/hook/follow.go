package hook

import (
	"context"

	"sekisho/internal/audit"
	"sekisho/internal/db"
	"sekisho/internal/outbox"
	"sekisho/internal/ref"
)

// batch is how many rows of the audit log are looked at in one transaction.
const batch = 200

// begin moves the place up to which the log was read to its end, where nobody has a hook:
// what was before is told to nobody.
func begin(ctx context.Context, tx db.Tx) error {
	_, err := tx.Exec(ctx, `UPDATE hook_cursor SET seq = (SELECT seq FROM audit_head WHERE id = 1) WHERE id = 1 AND NOT EXISTS (SELECT 1 FROM hook)`)
	return err
}

// Follow reads on in the audit log, in the order in which its rows were linked, and begins a
// delivery for each hook that wants one. A row is in the transaction of the act it tells of, so
// what was taken back is never told, and what was done always. Nodes may call it at once.
func Follow(ctx context.Context, d *db.DB, box *outbox.Outbox) error {
	for {
		more := false
		var behind int64
		err := d.View(ctx, func(tx db.ReadTx) error {
			return tx.QueryRow(ctx, `SELECT count(*) FROM hook_cursor c JOIN audit_head a ON a.id = 1 WHERE c.id = 1 AND c.seq < a.seq AND EXISTS (SELECT 1 FROM hook)`).Scan(&behind)
		})
		if err != nil || behind == 0 {
			return err
		}
		if err := d.Update(ctx, func(tx db.Tx) (err error) {
			more, err = follow(ctx, tx, box)
			return err
		}); err != nil || !more {
			return err
		}
	}
}

func follow(ctx context.Context, tx db.Tx, box *outbox.Outbox) (more bool, err error) {
	var seen int64
	// Taking the place first keeps a second node out until this one commits.
	if err := tx.QueryRow(ctx, `UPDATE hook_cursor SET seq = seq WHERE id = 1 RETURNING seq`).Scan(&seen); err != nil {
		return false, err
	}
	rows, err := audit.Linked(ctx, tx, seen, batch)
	if err != nil || len(rows) == 0 {
		return false, err
	}
	hooks := map[ref.Org][]Hook{}
	for _, row := range rows {
		o := row.Org
		if o == "" {
			continue
		}
		list, known := hooks[o]
		if !known {
			if list, err = List(ctx, tx, o); err != nil {
				return false, err
			}
			hooks[o] = list
		}
		for _, h := range list {
			if h.Wants(row.Kind) && row.At.After(h.Created) {
				if err := Put(ctx, tx, box, h, row); err != nil {
					return false, err
				}
			}
		}
	}
	return len(rows) == batch, tx.One(ctx, `UPDATE hook_cursor SET seq = $1 WHERE id = 1`, rows[len(rows)-1].Seq)
}
