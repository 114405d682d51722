package audit

import (
	"context"
	"encoding/base64"
	"errors"
	"time"

	"sekisho/internal/db"
)

// Checked is where the chain ends, and what the last walk over all of it found.
type Checked struct {
	Seq     int64 // of the last row that is linked
	Hash    string
	Waiting int64     // rows not linked yet; counted to a thousand
	At      time.Time // zero: never
	Rows    int64
	Faults  int64
	Breaks  int64
}

// Whole says whether nothing was found that does not fit.
func (c Checked) Whole() bool { return c.Faults == 0 }

// Head says where the chain stands.
func Head(ctx context.Context, r db.Reader) (c Checked, err error) {
	var hash []byte
	if err = r.QueryRow(ctx, `SELECT h.seq, h.hash, c.at, c.walked, c.faults, c.breaks FROM audit_head h JOIN audit_checked c ON c.id = h.id WHERE h.id = 1`).
		Scan(&c.Seq, &hash, db.Time(&c.At), &c.Rows, &c.Faults, &c.Breaks); err != nil {
		return c, err
	}
	c.Hash = base64.StdEncoding.EncodeToString(hash)
	err = r.QueryRow(ctx, `SELECT count(*) FROM (SELECT 1 FROM audit WHERE seq IS NULL LIMIT 1000) x`).Scan(&c.Waiting)
	return c, err
}

// Keep writes down what a walk that began now found.
func (v Verified) Keep(ctx context.Context, tx db.Tx) error {
	return tx.One(ctx, `UPDATE audit_checked SET at = $1, began = $1, walked = $2, faults = $3, breaks = $4 WHERE id = 1`, tx.Now(), v.Rows, len(v.Faults), len(v.Breaks))
}

// every is how often the whole chain is walked by itself; one node does it.
const every = 24 * time.Hour

// Recheck walks the chain when that was done long enough ago, and keeps what it found.
func (c Chain) Recheck(ctx context.Context, d *db.DB) error {
	err := d.Update(ctx, func(tx db.Tx) error {
		return tx.One(ctx, `UPDATE audit_checked SET began = $1 WHERE id = 1 AND began < $2`, tx.Now(), tx.Now().Add(-every))
	})
	if errors.Is(err, db.ErrNone) {
		return nil
	}
	if err != nil {
		return err
	}
	v, err := c.Verify(ctx, d)
	if err != nil {
		return err
	}
	return d.Update(ctx, func(tx db.Tx) error { return v.Keep(ctx, tx) })
}
