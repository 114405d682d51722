package account

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/org"
	"sekisho/internal/ref"
)

// Most is how many addresses, and how many numbers, an account has, claims among
// them.
const Most = 10

// ClaimedFor is how long an address waits to be proved.
const ClaimedFor = 30 * 24 * time.Hour

// Why an address is not taken, or not let go.
var (
	ErrHeld     = errors.New("the account has proved this address before")
	ErrFull     = errors.New("the account has as many of the kind as it may")
	ErrLast     = errors.New("without this address nobody could reach the account's owner")
	ErrUnproved = errors.New("nobody has proved this address")
	ErrShared   = errors.New("a mailbox that several people read")
)

// Shared says whether an address is a shared mailbox by its first part, such as
// info@ or sales+eu@ (RC-30).
func Shared(id Identifier, roles []string) bool {
	if id.Kind != Email {
		return false
	}
	local, _, _ := strings.Cut(id.Norm, "@")
	local, _, _ = strings.Cut(local, "+")
	return slices.ContainsFunc(roles, func(r string) bool { return strings.EqualFold(r, local) })
}

// Owner is the account that has proved an identifier; db.ErrNone when none has.
func Owner(ctx context.Context, r db.Reader, id Identifier) (a ref.Account, err error) {
	err = r.QueryRow(ctx, `SELECT account FROM identifier WHERE kind = $1 AND norm = $2 AND confirmed IS NOT NULL`, id.Kind, id.Norm).Scan(&a)
	return a, err
}

const addressColumns = `id, kind, norm, shown, main, hosted, shared, created, confirmed`

func scanAddress(s db.Scanner) (Address, error) {
	var a Address
	var id string
	err := s.Scan(db.Null(&id), &a.Kind, &a.Norm, &a.Shown, db.Bool(&a.Main), db.Bool(&a.Hosted), db.Bool(&a.Shared), db.Time(&a.Created), db.Time(&a.Confirmed))
	a.ID = ref.Address(id)
	return a, err
}

// Addresses lists all identifiers of an account: of each kind the main one first,
// then those that were proved.
func Addresses(ctx context.Context, r db.Reader, id ref.Account) ([]Address, error) {
	return db.List(ctx, r, scanAddress, `SELECT `+addressColumns+` FROM identifier WHERE account = $1
		ORDER BY kind, main DESC, CASE WHEN confirmed IS NULL THEN 1 ELSE 0 END, confirmed, created, norm`, id)
}

// AddressOf reads one address or number of an account; db.ErrNone when it is not
// the account's, or a user name.
func AddressOf(ctx context.Context, r db.Reader, a ref.Account, id ref.Address) (Address, error) {
	return scanAddress(r.QueryRow(ctx, `SELECT `+addressColumns+` FROM identifier WHERE account = $1 AND id = $2 AND kind <> 'username'`, a, id))
}

// among finds an identifier in an account's list, zero where it is not there, and counts
// the others of its kind.
func among(list []Address, id Identifier) (has Address, others int) {
	for _, x := range list {
		switch {
		case x.Kind != id.Kind:
		case x.Norm != id.Norm:
			others++
		default:
			has = x
		}
	}
	return has, others
}

// Claim notes that an account says an address is its own. A claim finds nobody and
// keeps nobody from the address: it only waits to be proved. It is ErrHeld when it
// was, ErrFull when there are too many. The caller holds the account's row.
func Claim(ctx context.Context, tx db.Tx, a ref.Account, id Identifier) (Address, error) {
	list, err := Addresses(ctx, tx, a)
	if err != nil {
		return Address{}, err
	}
	has, others := among(list, id)
	switch {
	case !has.Confirmed.IsZero():
		return has, ErrHeld
	case has.ID != "":
		return has, tx.One(ctx, `UPDATE identifier SET created = $3 WHERE account = $1 AND id = $2`, a, has.ID, tx.Now())
	case others >= Most:
		return Address{}, ErrFull
	}
	x := Address{ID: ref.NewAddress(tx.Now()), Identifier: id, Created: tx.Now()}
	_, err = tx.Exec(ctx, `INSERT INTO identifier (account, id, kind, norm, shown, main, hosted, created) VALUES ($1, $2, $3, $4, $5, 0, 0, $6)`,
		a, x.ID, id.Kind, id.Norm, id.Shown, tx.Now())
	return x, err
}

// Prove records that the account reads what is sent to an address; the first of its
// kind becomes the primary one. db.ErrTaken when another account was quicker,
// db.ErrNone when the claim is gone.
func Prove(ctx context.Context, tx db.Tx, a ref.Account, id ref.Address) (Address, error) {
	err := tx.One(ctx, `UPDATE identifier SET confirmed = $3, main = CASE WHEN EXISTS (SELECT 1 FROM identifier o
		WHERE o.account = identifier.account AND o.kind = identifier.kind AND o.main = 1 AND o.norm <> identifier.norm) THEN 0 ELSE 1 END
		WHERE account = $1 AND id = $2 AND confirmed IS NULL`, a, id, tx.Now())
	if err == nil {
		err = org.Relist(ctx, tx, a)
	}
	if err != nil {
		return Address{}, err
	}
	return AddressOf(ctx, tx, a, id)
}

// Heir is what becomes the primary address when another goes, and whether the
// other may go: mail has to reach the owner, or failing mail, a number.
func Heir(list []Address, gone Address) (heir Address, err error) {
	if gone.Confirmed.IsZero() && !gone.Main {
		return Address{}, nil
	}
	left := 0
	for _, x := range list {
		if x.ID == gone.ID || x.Confirmed.IsZero() || x.Kind == Username || x.Shared {
			continue
		}
		if x.Kind == Email || gone.Kind == Mobile {
			left++
		}
		if x.Kind == gone.Kind && heir.ID == "" && gone.Main {
			heir = x
		}
	}
	if left == 0 {
		return Address{}, ErrLast
	}
	return heir, nil
}

// Remove takes an address from an account, which can be put back for some days (see
// TakeBack) and finds nobody meanwhile; the one proved first among the others of
// its kind becomes the primary one in its place. db.ErrNone, ErrLast. The caller
// holds the account's row.
func Remove(ctx context.Context, tx db.Tx, a ref.Account, id ref.Address) (gone Address, err error) {
	if gone, err = AddressOf(ctx, tx, a, id); err != nil {
		return gone, err
	}
	list, err := Addresses(ctx, tx, a)
	if err != nil {
		return gone, err
	}
	heir, err := Heir(list, gone)
	if err != nil {
		return gone, err
	}
	if err := keepRemoved(ctx, tx, a, gone); err != nil {
		return gone, err
	}
	if err := tx.One(ctx, `DELETE FROM identifier WHERE account = $1 AND id = $2`, a, id); err != nil {
		return gone, err
	}
	if heir.ID != "" {
		if err := tx.One(ctx, `UPDATE identifier SET main = 1 WHERE account = $1 AND id = $2`, a, heir.ID); err != nil {
			return gone, err
		}
	}
	return gone, org.Relist(ctx, tx, a)
}

// Promote makes an address the primary one of its kind. db.ErrNone, ErrUnproved,
// ErrShared. The caller holds the account's row.
func Promote(ctx context.Context, tx db.Tx, a ref.Account, id ref.Address) (Address, error) {
	x, err := AddressOf(ctx, tx, a, id)
	switch {
	case err != nil || x.Main:
		return x, err
	case x.Confirmed.IsZero():
		return x, ErrUnproved
	case x.Shared:
		return x, ErrShared
	}
	if _, err := tx.Exec(ctx, `UPDATE identifier SET main = 0 WHERE account = $1 AND kind = $2 AND main = 1`, a, x.Kind); err != nil {
		return x, err
	}
	if err := tx.One(ctx, `UPDATE identifier SET main = 1 WHERE account = $1 AND id = $2`, a, id); err != nil {
		return x, err
	}
	return x, org.Relist(ctx, tx, a)
}

// Drop takes back a claim that can never be proved.
func Drop(ctx context.Context, tx db.Tx, a ref.Account, id ref.Address) error {
	_, err := tx.Exec(ctx, `DELETE FROM identifier WHERE account = $1 AND id = $2 AND confirmed IS NULL AND main = 0`, a, id)
	return err
}

// Share says of a mailbox whether several people read it, wherever it stands; the
// accounts are those that have it. db.ErrNone when none does.
func Share(ctx context.Context, tx db.Tx, id Identifier, shared bool) ([]ref.Account, error) {
	list, err := db.List(ctx, tx, func(s db.Scanner) (a ref.Account, err error) { err = s.Scan(&a); return },
		`SELECT account FROM identifier WHERE kind = $1 AND norm = $2`, id.Kind, id.Norm)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, db.ErrNone
	}
	_, err = tx.Exec(ctx, `UPDATE identifier SET shared = $3 WHERE kind = $1 AND norm = $2`, id.Kind, id.Norm, shared)
	return list, err
}

// Tidy drops claims that nobody proved in time and addresses that were removed, and names what an older version
// added, at most n of each.
func Tidy(ctx context.Context, tx db.Tx, n int) error {
	if _, err := tx.Exec(ctx, `DELETE FROM identifier WHERE confirmed IS NULL AND main = 0 AND id IN (SELECT id FROM identifier
		WHERE confirmed IS NULL AND main = 0 AND created < $1 LIMIT $2)`, tx.Now().Add(-ClaimedFor), n); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM address_removed WHERE removed < $1`, tx.Now().Add(-RemovedFor)); err != nil {
		return err
	}
	type key struct {
		account ref.Account
		kind    Kind
		norm    string
	}
	list, err := db.List(ctx, tx, func(s db.Scanner) (k key, err error) { err = s.Scan(&k.account, &k.kind, &k.norm); return },
		`SELECT account, kind, norm FROM identifier WHERE id IS NULL LIMIT $1`, n)
	if err != nil {
		return err
	}
	for _, k := range list {
		if _, err := tx.Exec(ctx, `UPDATE identifier SET id = $4 WHERE account = $1 AND kind = $2 AND norm = $3 AND id IS NULL`,
			k.account, k.kind, k.norm, ref.NewAddress(tx.Now())); err != nil {
			return err
		}
	}
	return nil
}
