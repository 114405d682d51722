package passkey

import (
	"context"
	"fmt"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/ref"
)

// OfferedEvery is how long an account is left in peace after an offer (SI-18).
const OfferedEvery = 30 * 24 * time.Hour

// Offer says whether an account may be offered a passkey now, and counts the offer: on
// all nodes at most one in OfferedEvery, and none after Decline.
func Offer(ctx context.Context, tx db.Tx, a ref.Account) (bool, error) {
	n, err := tx.Exec(ctx, `INSERT INTO passkey_offer (account, at) VALUES ($1, $2)
		ON CONFLICT (account) DO UPDATE SET at = excluded.at WHERE passkey_offer.declined IS NULL AND passkey_offer.at <= $3`,
		a, tx.Now(), tx.Now().Add(-OfferedEvery))
	if err != nil {
		return false, fmt.Errorf("offer a passkey: %w", err)
	}
	return n > 0, nil
}

// Decline ends the offers for good.
func Decline(ctx context.Context, tx db.Tx, a ref.Account) error {
	_, err := tx.Exec(ctx, `INSERT INTO passkey_offer (account, at, declined) VALUES ($1, $2, $2)
		ON CONFLICT (account) DO UPDATE SET declined = excluded.declined`, a, tx.Now())
	return err
}
