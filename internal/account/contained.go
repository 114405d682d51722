package account

import (
	"context"
	"errors"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/org"
	"sekisho/internal/ref"
)

// RemovedFor is how long an address that was removed can be put back.
const RemovedFor = 7 * 24 * time.Hour

// Contain notes that nobody enters the account until a recovery lifts it. What was
// added since an instant is doubted (zero: nothing is); lowered says that taking it
// back lowered what the recovery has to prove. The caller holds the account's row.
func Contain(ctx context.Context, tx db.Tx, a Account, since time.Time, lowered bool) error {
	if !a.Doubted.IsZero() && (since.IsZero() || a.Doubted.Before(since)) {
		since = a.Doubted
	}
	return tx.One(ctx, `UPDATE account SET contained = $2, doubted = $3, lowered = $4, turn = turn + 1 WHERE id = $1`,
		a.ID, tx.Now(), since, lowered || a.Lowered)
}

// Release lifts a containment; an account without one stays as it is.
func Release(ctx context.Context, tx db.Tx, id ref.Account) error {
	return tx.One(ctx, `UPDATE account SET contained = NULL, doubted = NULL, lowered = 0 WHERE id = $1`, id)
}

// Removed is a proved address that was removed.
type Removed struct {
	Address
	At time.Time
}

// keepRemoved remembers an address that is about to be removed. One that nobody
// proved is not worth it.
func keepRemoved(ctx context.Context, tx db.Tx, a ref.Account, x Address) error {
	if x.Confirmed.IsZero() {
		return nil
	}
	_, err := tx.Exec(ctx, `INSERT INTO address_removed (account, kind, norm, shown, main, hosted, shared, created, confirmed, removed)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (account, kind, norm) DO UPDATE SET main = excluded.main, created = excluded.created, confirmed = excluded.confirmed, removed = excluded.removed`,
		a, x.Kind, x.Norm, x.Shown, x.Main, x.Hosted, x.Shared, x.Created, x.Confirmed, tx.Now())
	return err
}

// TakeBack takes away the addresses and claims that an account got since an instant,
// and puts back those that were removed since, the last days at most, unless another
// account has proved them meanwhile. What the account was made with stays. db.ErrTaken
// when another account proves one at this very instant. The caller holds the
// account's row.
func TakeBack(ctx context.Context, tx db.Tx, a Account, since time.Time) (taken []Address, back []Removed, err error) {
	list, err := Addresses(ctx, tx, a.ID)
	if err != nil {
		return nil, nil, err
	}
	for _, x := range list {
		if x.Kind == Username || !x.Created.After(a.Created) || x.Created.Before(since) {
			continue
		}
		if err := tx.One(ctx, `DELETE FROM identifier WHERE account = $1 AND kind = $2 AND norm = $3`, a.ID, x.Kind, x.Norm); err != nil {
			return nil, nil, err
		}
		taken = append(taken, x)
	}
	if back, err = putBack(ctx, tx, a, since); err != nil {
		return nil, nil, err
	}
	return taken, back, settle(ctx, tx, a.ID, back)
}

func putBack(ctx context.Context, tx db.Tx, a Account, since time.Time) (back []Removed, err error) {
	least := tx.Now().Add(-RemovedFor)
	if since.After(least) {
		least = since
	}
	gone, err := db.List(ctx, tx, func(s db.Scanner) (r Removed, err error) {
		err = s.Scan(&r.Kind, &r.Norm, &r.Shown, db.Bool(&r.Main), db.Bool(&r.Hosted), db.Bool(&r.Shared), db.Time(&r.Created), db.Time(&r.Confirmed), db.Time(&r.At))
		return r, err
	}, `SELECT kind, norm, shown, main, hosted, shared, created, confirmed, removed FROM address_removed WHERE account = $1 AND removed >= $2 ORDER BY removed`, a.ID, least)
	if err != nil {
		return nil, err
	}
	for _, r := range gone {
		if r.Created.After(a.Created) && !r.Created.Before(since) {
			continue // added since as well
		}
		_, err := Owner(ctx, tx, r.Identifier)
		if err == nil {
			continue
		}
		if !errors.Is(err, db.ErrNone) {
			return nil, err
		}
		if err := put(ctx, tx, a.ID, r.Address); err != nil {
			return nil, err
		}
		back = append(back, r)
	}
	return back, nil
}

// Vouch gives an account an address whose owner somebody else has made sure of, as proved;
// the first of its kind becomes the primary one. ErrHeld,
// ErrFull; db.ErrTaken when another account has proved it. The caller holds the
// account's row.
func Vouch(ctx context.Context, tx db.Tx, a ref.Account, id Identifier) (Address, error) {
	list, err := Addresses(ctx, tx, a)
	if err != nil {
		return Address{}, err
	}
	has, others := among(list, id)
	switch {
	case !has.Confirmed.IsZero():
		return has, ErrHeld
	case others >= Most:
		return Address{}, ErrFull
	}
	owner, err := Owner(ctx, tx, id)
	if err == nil && owner != a {
		return Address{}, db.ErrTaken
	}
	if err != nil && !errors.Is(err, db.ErrNone) {
		return Address{}, err
	}
	x := Address{Identifier: id, Created: tx.Now(), Confirmed: tx.Now()}
	if err := put(ctx, tx, a, x); err != nil {
		return x, err
	}
	return x, settle(ctx, tx, a, nil)
}

// put gives an account a proved address as a further one.
func put(ctx context.Context, tx db.Tx, a ref.Account, x Address) error {
	for _, forget := range []string{`DELETE FROM identifier WHERE account = $1 AND kind = $2 AND norm = $3 AND confirmed IS NULL`,
		`DELETE FROM address_removed WHERE account = $1 AND kind = $2 AND norm = $3`} {
		if _, err := tx.Exec(ctx, forget, a, x.Kind, x.Norm); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, `INSERT INTO identifier (account, id, kind, norm, shown, main, hosted, shared, created, confirmed)
		VALUES ($1, $2, $3, $4, $5, 0, $6, $7, $8, $9)`, a, ref.NewAddress(tx.Now()), x.Kind, x.Norm, x.Shown, x.Hosted, x.Shared, x.Created, x.Confirmed)
	return err
}

// settle makes sure that of each kind one is the primary one: one that was so when it
// was removed, else whichever stands.
func settle(ctx context.Context, tx db.Tx, a ref.Account, back []Removed) error {
	list, err := Addresses(ctx, tx, a)
	if err != nil {
		return err
	}
	heirs := map[Kind]Address{}
	for _, x := range list {
		if _, is := heirs[x.Kind]; x.Kind != Username && !is && (x.Main || !x.Confirmed.IsZero() && !x.Shared) {
			heirs[x.Kind] = x
		}
		for _, r := range back {
			if r.Main && r.Kind == x.Kind && r.Norm == x.Norm {
				heirs[x.Kind] = x
			}
		}
	}
	for _, x := range heirs {
		if x.Main {
			continue
		}
		if _, err := tx.Exec(ctx, `UPDATE identifier SET main = 0 WHERE account = $1 AND kind = $2 AND main = 1`, a, x.Kind); err != nil {
			return err
		}
		if err := tx.One(ctx, `UPDATE identifier SET main = 1 WHERE account = $1 AND kind = $2 AND norm = $3`, a, x.Kind, x.Norm); err != nil {
			return err
		}
	}
	return org.Relist(ctx, tx, a)
}
