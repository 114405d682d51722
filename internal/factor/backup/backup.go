// Package backup owns backup codes as a proof: the set of five that an account
// makes, and the single one that support issues (BC-01, BC-06).
//
// A code works once; only slow hashes are kept, so what is lost cannot be shown
// again. It counts no failures, asks no policy whether codes may be made or used
// (BC-04), and tells nobody. Hashes are reckoned outside any transaction.
package backup

import (
	"context"
	"embed"
	"fmt"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
	"sekisho/internal/slowhash"
)

// Migrations are the tables of this package.
//
//go:embed migrations/*.sql
var Migrations embed.FS

// BC-01, BC-06.
const (
	Digits      = 12
	PerSet      = 5
	IssuedLives = 24 * time.Hour // for how long a code of support's is meant to live
)

const (
	issuedSlot = PerSet
	self       = "self"
)

// Set is a new set of codes, to be shown once and replaced by hashes.
type Set struct {
	Codes []secret.Text
	phcs  []string
}

// Groups reveals a code as people copy it: "1234 5678 9012".
func Groups(code secret.Text) string {
	c := code.Reveal()
	if len(c) != Digits {
		return c
	}
	return c[:4] + " " + c[4:8] + " " + c[8:]
}

// Make makes a set, outside any transaction; slowhash.ErrBusy when too many are
// waiting. The five share a salt, so that a check reckons once.
func Make(ctx context.Context, h *slowhash.Hasher) (Set, error) {
	var s Set
	seen := map[string]bool{}
	for len(s.Codes) < PerSet {
		if c := secret.Digits(Digits); !seen[c] {
			seen[c] = true
			s.Codes = append(s.Codes, secret.Text(c))
		}
	}
	var err error
	if s.phcs, err = h.HashSet(ctx, s.Codes...); err != nil {
		return Set{}, fmt.Errorf("make backup codes: %w", err)
	}
	return s, nil
}

// MakeOne makes the single code that support issues, and its hash for Issue;
// outside any transaction, errors as with Make.
func MakeOne(ctx context.Context, h *slowhash.Hasher) (code secret.Text, phc string, err error) {
	code = secret.Text(secret.Digits(Digits))
	if phc, err = h.Hash(ctx, code); err != nil {
		return "", "", fmt.Errorf("make backup code: %w", err)
	}
	return code, phc, nil
}

// Replace gives the account a new set, which voids the old one and the code that
// support issued: whoever makes a set needs it no more.
func Replace(ctx context.Context, tx db.Tx, a ref.Account, s Set) error {
	if len(s.phcs) != PerSet {
		return fmt.Errorf("a set has %d codes, not %d", PerSet, len(s.phcs))
	}
	for i, phc := range s.phcs {
		if err := put(ctx, tx, a, code{i, phc, self, time.Time{}}); err != nil {
			return fmt.Errorf("replace backup codes: %w", err)
		}
	}
	return VoidIssued(ctx, tx, a)
}

// Issue keeps the hash of a single code that somebody else made for the account
// after checking who asks; it voids the one issued before and leaves the set. by
// names who issued it.
func Issue(ctx context.Context, tx db.Tx, a ref.Account, phc, by string, expires time.Time) error {
	if err := put(ctx, tx, a, code{issuedSlot, phc, by, expires}); err != nil {
		return fmt.Errorf("issue backup code: %w", err)
	}
	return nil
}

type code struct {
	slot    int
	phc     string
	issuer  string
	expires time.Time
}

// put writes one slot. The new code has a new id, so that whoever is between Look
// and Spend with the old one comes too late.
func put(ctx context.Context, tx db.Tx, a ref.Account, c code) error {
	_, err := tx.Exec(ctx, `INSERT INTO backup_code (id, account, slot, phc, issuer, created, expires) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (account, slot) DO UPDATE SET id = excluded.id, phc = excluded.phc, issuer = excluded.issuer,
			created = excluded.created, expires = excluded.expires, used = NULL`,
		ref.NewFactor(tx.Now()), a, c.slot, c.phc, c.issuer, tx.Now(), c.expires)
	return err
}

// Hand is the hashes of an account's live codes, to be matched outside any
// transaction.
type Hand struct {
	ids    []ref.Factor
	phcs   []string
	issued ref.Factor // the one of them that support issued; empty: none
}

// Any says whether there is a code to match: one of the set or an issued one.
func (h Hand) Any() bool { return len(h.ids) > 0 }

// Issued is the hand without the account's own set.
func (h Hand) Issued() Hand {
	if h.issued == "" {
		return Hand{}
	}
	last := len(h.ids) - 1 // its slot comes after those of the set
	return Hand{h.ids[last:], h.phcs[last:], h.issued}
}

// IsIssued says whether a code is the one that support issued.
func (h Hand) IsIssued(id ref.Factor) bool { return id != "" && id == h.issued }

// Look reads the hashes of the codes that are neither used nor expired; none for
// an account that has none or is not known.
func Look(ctx context.Context, r db.Reader, a ref.Account) (Hand, error) {
	h, _, _, err := Stand(ctx, r, a)
	return h, err
}

// Stand is Look and, in the same read, the first two of Left.
func Stand(ctx context.Context, r db.Reader, a ref.Account) (h Hand, left, of int, err error) {
	// In the order of slots those that share a salt stand together, as Match needs it.
	_, err = db.List(ctx, r, func(s db.Scanner) (none struct{}, err error) {
		var id ref.Factor
		var phc string
		var slot int
		var expires, used time.Time
		if err = s.Scan(&id, &phc, &slot, db.Time(&expires), db.Time(&used)); err != nil {
			return
		}
		if slot < issuedSlot {
			of++
		}
		if !used.IsZero() {
			return
		}
		if slot < issuedSlot {
			left++
		}
		if !expires.IsZero() && !expires.After(r.Now()) {
			return
		}
		h.ids, h.phcs = append(h.ids, id), append(h.phcs, phc)
		if slot == issuedSlot {
			h.issued = id
		}
		return
	}, `SELECT id, phc, slot, expires, used FROM backup_code WHERE account = $1 ORDER BY slot`, a)
	if err != nil {
		return Hand{}, 0, 0, fmt.Errorf("look up backup codes: %w", err)
	}
	return h, left, of, nil
}

// Match says which live code an answer is, outside any transaction; it spends
// nothing. An empty hand and an answer that can be no code cost as much as a
// wrong one; an issued code beside a set costs one hash more. slowhash.ErrBusy
// when too many are waiting.
func (h Hand) Match(ctx context.Context, hasher *slowhash.Hasher, answer string) (ref.Factor, bool, error) {
	i, err := hasher.Match(ctx, secret.Text(secret.Clean(answer)), h.phcs...)
	if err != nil || i < 0 {
		return "", false, err
	}
	return h.ids[i], true, nil
}

// Spend uses up the code that Match found; db.ErrNone when another was quicker,
// or it was voided, replaced or has expired since.
func Spend(ctx context.Context, tx db.Tx, a ref.Account, id ref.Factor) error {
	return tx.One(ctx, `UPDATE backup_code SET used = $3 WHERE id = $1 AND account = $2 AND used IS NULL AND (expires IS NULL OR expires > $3)`,
		id, a, tx.Now())
}

// Left says how many codes of the account's own set are left, of how many, and
// when it was made; zeros when there is none. An issued code does not count.
func Left(ctx context.Context, r db.Reader, a ref.Account) (left, of int, made time.Time, err error) {
	err = r.QueryRow(ctx, `SELECT count(*) - count(used), count(*), max(created) FROM backup_code WHERE account = $1 AND slot < $2`, a, issuedSlot).
		Scan(&left, &of, db.Time(&made))
	return left, of, made, err
}

// Void removes all codes of the account, issued ones too (MF-17).
func Void(ctx context.Context, tx db.Tx, a ref.Account) error {
	_, err := tx.Exec(ctx, `DELETE FROM backup_code WHERE account = $1`, a)
	return err
}

// VoidIssued removes the code that support issued, if there is one.
func VoidIssued(ctx context.Context, tx db.Tx, a ref.Account) error {
	_, err := tx.Exec(ctx, `DELETE FROM backup_code WHERE account = $1 AND slot = $2`, a, issuedSlot)
	return err
}

// VoidSet removes the account's own set.
func VoidSet(ctx context.Context, tx db.Tx, a ref.Account) error {
	_, err := tx.Exec(ctx, `DELETE FROM backup_code WHERE account = $1 AND slot < $2`, a, issuedSlot)
	return err
}
