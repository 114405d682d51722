package audit

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"sekisho/internal/db"
)

// Rebased is the kind of row that says that the operator went on over a head that
// did not hold. Verify shows each for ever.
const Rebased = "audit.rebased"

// ErrWhole is an attempt to go on over a head that holds.
var ErrWhole = errors.New("the head of the audit log holds: there is nothing to rebase")

// broke is what the row of a break says.
type broke struct {
	Reason string `json:"reason"`
	Seq    int64  `json:"head_seq"`            // where the head said that the log ended
	Hash   string `json:"head_hash,omitempty"` // base64
}

// Rebase goes on from the last row that is there although the head does not hold:
// after a key was changed, or a database restored in part. The first row of what
// follows tells of the break and why, and is linked in the same transaction, so
// that no other row can come to stand before it.
func (c Chain) Rebase(ctx context.Context, d *db.DB, reason string) (Row, error) {
	var row Row
	err := d.Update(ctx, func(tx db.Tx) error {
		var seq int64
		var hash, mac []byte
		if err := tx.QueryRow(ctx, takeHead).Scan(&seq, &hash, &mac); err != nil {
			return fmt.Errorf("audit head: %w", err)
		}
		if c.holds(seq, hash, mac) {
			return ErrWhole
		}
		said := broke{reason, seq, base64.StdEncoding.EncodeToString(hash)}
		var prev []byte
		last, err := scan(tx.QueryRow(ctx, `SELECT `+columns+` FROM audit WHERE seq IS NOT NULL ORDER BY seq DESC LIMIT 1`))
		if err != nil && !errors.Is(err, db.ErrNone) {
			return err
		}
		seq, prev = last.Seq+1, last.hash
		reference, err := Write(ctx, tx, Event{Kind: Rebased, Actor: "operator", Detail: said})
		if err != nil {
			return err
		}
		if row, err = ByReference(ctx, tx, reference); err != nil {
			return err
		}
		row.Seq = seq
		row.hash = link(prev, row)
		row.Hash = base64.StdEncoding.EncodeToString(row.hash)
		if err := tx.One(ctx, `UPDATE audit SET seq = $1, hash = $2 WHERE reference = $3 AND seq IS NULL`, seq, row.hash, reference); err != nil {
			return fmt.Errorf("audit link: %w", err)
		}
		return tx.One(ctx, `UPDATE audit_head SET seq = $1, hash = $2, mac = $3 WHERE id = 1`, seq, row.hash, c.mac(seq, row.hash))
	})
	return row, err
}

func whyRebased(r Row) string {
	var b broke
	if err := json.Unmarshal(r.Detail, &b); err != nil {
		return "the operator went on after a break here, for a reason that does not read any more"
	}
	return fmt.Sprintf("the head (row %d) did not hold; the operator went on from here: %s", b.Seq, b.Reason)
}
