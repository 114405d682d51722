package org

import (
	"context"
	"encoding/hex"
	"errors"

	"sekisho/internal/db"
	"sekisho/internal/policy"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
)

// LookOf reads how an organisation's pages look; the zero Look where nothing was chosen.
func LookOf(ctx context.Context, r db.Reader, o ref.Org) (l policy.Look, err error) {
	err = r.QueryRow(ctx, `SELECT colour, logo_hash FROM org_look WHERE org = $1`, o).Scan(&l.Colour, &l.Logo)
	if errors.Is(err, db.ErrNone) {
		return policy.Look{}, nil
	}
	return l, err
}

// Logo reads a logo by its hash; db.ErrNone where it is nobody's any more.
func Logo(ctx context.Context, r db.Reader, hash string) (png []byte, err error) {
	err = r.QueryRow(ctx, `SELECT logo FROM org_look WHERE logo_hash = $1 LIMIT 1`, hash).Scan(&png)
	return png, err
}

// SetColour keeps the colour of an organisation's pages; empty: the service's own. The
// caller changes the organisation.
func SetColour(ctx context.Context, tx db.Tx, o ref.Org, colour string) error {
	_, err := tx.Exec(ctx, `INSERT INTO org_look (org, colour, logo_hash, changed) VALUES ($1, $2, '', $3)
		ON CONFLICT (org) DO UPDATE SET colour = $2, changed = $3`, o, colour, tx.Now())
	return err
}

// SetLogo keeps a picture as an organisation's logo; none takes it away. The caller
// changes the organisation.
func SetLogo(ctx context.Context, tx db.Tx, o ref.Org, png []byte) error {
	hash := ""
	if len(png) > 0 {
		hash = hex.EncodeToString(secret.Hash(string(png))[:16])
	}
	_, err := tx.Exec(ctx, `INSERT INTO org_look (org, colour, logo, logo_hash, changed) VALUES ($1, '', $2, $3, $4)
		ON CONFLICT (org) DO UPDATE SET logo = $2, logo_hash = $3, changed = $4`, o, png, hash, tx.Now())
	return err
}

// Rename gives an organisation another name; db.ErrTaken when it is another's. The caller
// changes the organisation.
func Rename(ctx context.Context, tx db.Tx, o ref.Org, name string) error {
	return tx.One(ctx, `UPDATE org SET name = $2 WHERE id = $1`, o, name)
}
