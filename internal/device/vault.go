package device

import (
	"context"
	"errors"

	"sekisho/internal/db"
	"sekisho/internal/ref"
)

// MostVault is how long a sealed vault may be, in bytes.
const MostVault = 1 << 20

// Vault is an account's sealed vault (OA-18). The server cannot open it.
type Vault struct {
	Version int64 // 0: there is none
	Sealed  string
}

// VaultOf reads it.
func VaultOf(ctx context.Context, r db.Reader, a ref.Account) (Vault, error) {
	var v Vault
	err := r.QueryRow(ctx, `SELECT version, sealed FROM device_vault WHERE account = $1`, a).Scan(&v.Version, &v.Sealed)
	if errors.Is(err, db.ErrNone) {
		err = nil
	}
	return v, err
}

// PutVault replaces the version given and gives the next one; db.ErrNone when another
// installation was quicker.
func PutVault(ctx context.Context, tx db.Tx, a ref.Account, v Vault) (int64, error) {
	err := tx.One(ctx, `INSERT INTO device_vault (account, version, sealed, changed) SELECT $1, 1, $3, $4 WHERE $2 = 0
		ON CONFLICT (account) DO NOTHING`, a, v.Version, v.Sealed, tx.Now())
	if v.Version > 0 {
		err = tx.One(ctx, `UPDATE device_vault SET version = version + 1, sealed = $3, changed = $4 WHERE account = $1 AND version = $2`, a, v.Version, v.Sealed, tx.Now())
	}
	return v.Version + 1, err
}
