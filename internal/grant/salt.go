package grant

import (
	"context"
	"errors"

	"sekisho/internal/db"
	"sekisho/internal/secret"
)

// Salt is what pairwise subjects are made with. It is kept with the data, not
// with the keys, because a subject must never change (OpenID Connect Core §8.1).
func Salt(ctx context.Context, d *db.DB) ([]byte, error) {
	var salt []byte
	read := func(r db.Reader) error {
		return r.QueryRow(ctx, `SELECT salt FROM pairwise_salt WHERE one = 1`).Scan(&salt)
	}
	err := d.View(ctx, func(tx db.ReadTx) error { return read(tx) })
	if !errors.Is(err, db.ErrNone) {
		return salt, err
	}
	err = d.Update(ctx, func(tx db.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO pairwise_salt (one, salt) VALUES (1, $1) ON CONFLICT (one) DO NOTHING`, secret.Hash(secret.Token().Reveal()))
		if err != nil {
			return err
		}
		return read(tx)
	})
	return salt, err
}
