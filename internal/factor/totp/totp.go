// Package totp owns authenticator apps as a proof: their secrets, the QR code
// that brings one into an app, and checking and spending codes (RFC 6238 over
// RFC 4226; SHA-1, 6 digits, 30 s; MF-09, ER-21).
//
// A code works once, and one that fits another moment never does: the result
// only says by how much the clock is off. It counts no failures, knows no page
// and does not decide whether a code is asked for.
package totp

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
)

// Migrations are the tables of this package.
//
//go:embed migrations/*.sql
var Migrations embed.FS

// Most is how many authenticators an account can have.
const Most = 10

// Codes enrols authenticators and checks their codes. The ring seals the secrets.
type Codes struct{ Ring *secret.Ring }

// Outcome of an enrolment or a check.
type Outcome int

// The outcomes there are. Only Right lets pass.
const (
	Wrong  Outcome = iota
	Skewed         // fits another moment within ±15 min
	Used           // fits now, but it or a later one was used; at Enrol also: the key is enrolled already
	Right
	Full // only at Enrol: the account has Most of them
)

// Result of an enrolment or a check.
type Result struct {
	Outcome Outcome
	Factor  ref.Factor    // which authenticator it is about; empty where none
	Skew    time.Duration // at Skewed, to 30 s: positive where the device's clock is ahead
	Device  ref.Device    // whose code it is, from CheckDevice
}

// Enrol checks that the app has the key, and adds it to the account with the
// code already spent. Unless the outcome is Right nothing was stored. The caller
// made the key with NewKey, kept it secret, and holds the name to 1 to 50
// characters.
func (c Codes) Enrol(ctx context.Context, tx db.Tx, a ref.Account, name string, key secret.Text, answer string) (ref.Factor, Result, error) {
	raw, err := parseKey(key)
	if err != nil {
		return "", Result{}, err
	}
	now := stepAt(tx.Now())
	outcome, step := judge(fits(raw, now, readAnswer(answer)), now, spent{-1, -1})
	if outcome != Right {
		return "", result(outcome, "", step, now), nil
	}
	id := ref.NewFactor(tx.Now())
	sealed, err := c.Ring.Seal(raw, about(a, id))
	if err != nil {
		return "", Result{}, fmt.Errorf("enrol authenticator: %w", err)
	}
	// The mark keeps one key from being enrolled twice, for then each of its codes
	// would work twice. The slot keeps the cap without a lock: when another took
	// it meanwhile, no row is written and the next free one is looked for.
	mark := c.Ring.MAC("totp key", []byte(a), raw)
	for range Most + 1 {
		slot, known, err := free(ctx, tx, a, mark)
		switch {
		case err != nil:
			return "", Result{}, fmt.Errorf("enrol authenticator: %w", err)
		case known:
			return "", Result{Outcome: Used}, nil
		case slot == Most:
			return "", Result{Outcome: Full}, nil
		}
		n, err := tx.Exec(ctx, `INSERT INTO totp (id, account, slot, mark, name, sealed, step, barred, created) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8)
			ON CONFLICT DO NOTHING`, id, a, slot, mark, name, sealed, step, tx.Now())
		if err != nil {
			return "", Result{}, fmt.Errorf("enrol authenticator: %w", err)
		}
		if n == 1 {
			return id, Result{Outcome: Right, Factor: id}, nil
		}
	}
	return "", Result{}, fmt.Errorf("enrol authenticator: %w", db.ErrUnavailable)
}

// free finds the first free slot, Most when there is none, and whether the key
// with this mark is there already.
func free(ctx context.Context, r db.Reader, a ref.Account, mark []byte) (slot int, known bool, err error) {
	taken, err := db.List(ctx, r, func(s db.Scanner) (slot int, err error) {
		var m []byte
		err = s.Scan(&slot, &m)
		known = known || string(m) == string(mark)
		return
	}, `SELECT slot, mark FROM totp WHERE account = $1 AND device = '' ORDER BY slot`, a)
	for slot < len(taken) && taken[slot] == slot {
		slot++
	}
	return slot, known, err
}

// about names the place a secret is sealed for: this row of this account.
func about(a ref.Account, id ref.Factor) string { return "totp " + string(a) + " " + string(id) }

func result(o Outcome, id ref.Factor, step, now int64) Result {
	r := Result{Outcome: o}
	switch o {
	case Wrong:
		return r
	case Skewed:
		r.Skew = time.Duration(step-now) * period * time.Second
	}
	r.Factor = id
	return r
}

// row is one authenticator as Check needs it.
type row struct {
	id     ref.Factor
	device ref.Device
	sealed []byte
	spent  spent
}

// Check tries an answer at all authenticators of the account and spends the code
// it fits. It is right once, for one caller, however many ask at the same
// instant (RFC 6238 §5.2). The work is the same whether or not it fits, and for
// the empty account, which is always wrong. secret.ErrSealed when a secret was
// not sealed for its row: then none is tried, or guesses would go uncounted.
func (c Codes) Check(ctx context.Context, tx db.Tx, a ref.Account, answer string) (Result, error) {
	return c.check(ctx, tx, a, answer, `device = ''`)
}

// CheckDevice is Check for the codes that installations of Tegata show. The result's
// Device says which one did.
func (c Codes) CheckDevice(ctx context.Context, tx db.Tx, a ref.Account, answer string) (Result, error) {
	return c.check(ctx, tx, a, answer, `device <> ''`)
}

func (c Codes) check(ctx context.Context, tx db.Tx, a ref.Account, answer, which string) (Result, error) {
	rows, err := db.List(ctx, tx, func(s db.Scanner) (r row, err error) {
		err = s.Scan(&r.id, &r.device, &r.sealed, &r.spent.step, &r.spent.barred)
		return
	},
		`SELECT id, device, sealed, step, barred FROM totp WHERE account = $1 AND `+which+` ORDER BY id`, a)
	if err != nil {
		return Result{}, fmt.Errorf("check authenticator: %w", err)
	}
	now, code := stepAt(tx.Now()), readAnswer(answer)
	if len(rows) == 0 {
		_ = fits(make([]byte, keyLen), now, code) // the same work for nobody
		return Result{}, nil
	}
	best, at, found := Wrong, int64(0), row{}
	keys := make([][]byte, len(rows))
	for i, r := range rows {
		if keys[i], err = c.Ring.Open(r.sealed, about(a, r.id)); err != nil {
			return Result{}, fmt.Errorf("check authenticator %s: %w", r.id, err)
		}
	}
	for i, r := range rows {
		if o, step := judge(fits(keys[i], now, code), now, r.spent); o > best {
			best, at, found = o, step, r
		}
	}
	switch {
	case best == Right:
		err = tx.One(ctx, `UPDATE totp SET step = $2, last_used = $3 WHERE id = $1 AND step < $2 AND barred <> $2`, found.id, at, tx.Now())
		if errors.Is(err, db.ErrNone) { // another was quicker
			best, err = Used, nil
		}
	case best == Skewed && at > now:
		// Whoever was told that a guess fits a moment to come could wait for it.
		_, err = tx.Exec(ctx, `UPDATE totp SET barred = $2 WHERE id = $1`, found.id, at)
	}
	if err != nil {
		return Result{}, fmt.Errorf("check authenticator: %w", err)
	}
	out := result(best, found.id, at, now)
	out.Device = found.device
	return out, nil
}

// Factor is one authenticator as its owner sees it.
type Factor struct {
	ID       ref.Factor
	Name     string
	Created  time.Time
	LastUsed time.Time // zero: not since it was enrolled
}

// Held says, within a statement, whether the account m.account has one.
const Held = `EXISTS (SELECT 1 FROM totp WHERE totp.account = m.account AND totp.device = '')`

// List reads an account's authenticators, the oldest first.
func List(ctx context.Context, r db.Reader, a ref.Account) ([]Factor, error) {
	return db.List(ctx, r, func(s db.Scanner) (f Factor, err error) {
		err = s.Scan(&f.ID, &f.Name, db.Time(&f.Created), db.Time(&f.LastUsed))
		return
	}, `SELECT id, name, created, last_used FROM totp WHERE account = $1 AND device = '' ORDER BY created, id`, a)
}

// Rename gives an authenticator another name, of 1 to 50 characters; db.ErrNone
// when it is not the account's.
func Rename(ctx context.Context, tx db.Tx, a ref.Account, id ref.Factor, name string) error {
	return tx.One(ctx, `UPDATE totp SET name = $3 WHERE account = $1 AND id = $2`, a, id, name)
}

// Remove removes one authenticator; db.ErrNone when it is not the account's.
func Remove(ctx context.Context, tx db.Tx, a ref.Account, id ref.Factor) error {
	return tx.One(ctx, `DELETE FROM totp WHERE account = $1 AND id = $2`, a, id)
}

// RemoveAll removes all authenticators of an account, and the codes of its installations.
func RemoveAll(ctx context.Context, tx db.Tx, a ref.Account) error {
	_, err := tx.Exec(ctx, `DELETE FROM totp WHERE account = $1`, a)
	return err
}

// EnrolDevice makes the secret of the codes that an installation of Tegata shows for
// its account, in base 32 as apps take it. It is given to that installation once.
func (c Codes) EnrolDevice(ctx context.Context, tx db.Tx, a ref.Account, d ref.Device) (secret.Text, error) {
	key := NewKey()
	raw, err := parseKey(key)
	if err != nil {
		return "", err
	}
	id := ref.NewFactor(tx.Now())
	sealed, err := c.Ring.Seal(raw, about(a, id))
	if err != nil {
		return "", fmt.Errorf("enrol device: %w", err)
	}
	var slot int64 // far from those that were set up by hand
	if err := tx.QueryRow(ctx, `SELECT coalesce(max(slot), 0) + 1 FROM totp WHERE account = $1 AND slot >= $2`, a, deviceSlots).Scan(&slot); err != nil {
		return "", fmt.Errorf("enrol device: %w", err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO totp (id, account, slot, mark, name, sealed, step, barred, created, device) VALUES ($1, $2, $3, $4, '', $5, $6, 0, $7, $8)`,
		id, a, max(slot, deviceSlots), c.Ring.MAC("totp key", []byte(a), raw), sealed, stepAt(tx.Now())-window-1, tx.Now(), d)
	return key, err
}

// deviceSlots is where the slots of installations begin.
const deviceSlots = 1000

// RemoveDevice removes what an installation had.
func RemoveDevice(ctx context.Context, tx db.Tx, a ref.Account, d ref.Device) error {
	_, err := tx.Exec(ctx, `DELETE FROM totp WHERE account = $1 AND device = $2`, a, d)
	return err
}
