// Package device owns the installations of Tegata: their keys, who they belong to,
// which of them is the primary one, and how one is taken in.
//
// It checks the signatures that installations make. It approves nothing (package
// factor/push does), sends nothing, knows no page and no protocol.
package device

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"embed"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/ref"
)

// Migrations are the tables of this package.
//
//go:embed migrations/*.sql
var Migrations embed.FS

// Most is how many installations one account can have.
const Most = 20

// Kind of program an installation is.
type Kind string

// The kinds there are.
const (
	App Kind = "app" // the web app
	CLI Kind = "cli" // the command line
)

// State of an installation.
type State string

// The states there are. One that is retired is no longer there.
const (
	Waiting State = "waiting" // its numbers were not compared on both sides yet
	Active  State = "active"
)

// Device is one installation.
type Device struct {
	ID       ref.Device
	Account  ref.Account
	Kind     Kind
	Name     string
	Point    []byte // the public key, as an uncompressed point of P-256
	State    State
	Main     bool  // the primary one: requests go there first (OA-04)
	Guarded  bool  // it says that an app lock stands before everything it shows (OA-20)
	Turn     int64 // the account's when it was last refreshed (OA-22)
	Created  time.Time
	LastSeen time.Time
	Agent    string
	Addr     string
	Place    string
	Endpoint string // where it is woken; empty: nowhere
	PushKeys []byte // sealed
}

// Stale says whether the account's doors were closed since the installation was
// taken in or refreshed: it approves nothing until it is (ER-12).
func (d Device) Stale(turn int64) bool { return d.Turn != turn }

const columns = `id, account, kind, name, point, state, main, guarded, turn, created, last_seen, agent, addr, place, endpoint, pushkeys`

func scan(s db.Scanner) (Device, error) {
	var d Device
	err := s.Scan(&d.ID, &d.Account, &d.Kind, &d.Name, &d.Point, &d.State, db.Bool(&d.Main), db.Bool(&d.Guarded), &d.Turn,
		db.Time(&d.Created), db.Time(&d.LastSeen), &d.Agent, &d.Addr, &d.Place, &d.Endpoint, &d.PushKeys)
	return d, err
}

// Of reads one installation; db.ErrNone when there is none.
func Of(ctx context.Context, r db.Reader, id ref.Device) (Device, error) {
	return scan(r.QueryRow(ctx, `SELECT `+columns+` FROM device WHERE id = $1`, id))
}

// Held says, within a statement, whether the account m.account has one.
const Held = `EXISTS (SELECT 1 FROM device WHERE device.account = m.account AND device.state = 'active')`

// List reads an account's installations that count, the primary one first.
func List(ctx context.Context, r db.Reader, a ref.Account) ([]Device, error) {
	return db.List(ctx, r, scan, `SELECT `+columns+` FROM device WHERE account = $1 AND state = 'active' ORDER BY main DESC, created, id`, a)
}

// Any says whether anybody has an installation.
func Any(ctx context.Context, r db.Reader) (bool, error) {
	var n int64
	err := r.QueryRow(ctx, `SELECT count(*) FROM (SELECT 1 FROM device WHERE state = 'active' LIMIT 1) one`).Scan(&n)
	return n > 0, err
}

// Rename gives an installation another name; db.ErrNone when it is not the account's.
func Rename(ctx context.Context, tx db.Tx, a ref.Account, id ref.Device, name string) error {
	return tx.One(ctx, `UPDATE device SET name = $3 WHERE account = $1 AND id = $2`, a, id, name)
}

// Promote makes an installation the primary one. The caller holds the account;
// db.ErrNone when it is not one of its own that counts.
func Promote(ctx context.Context, tx db.Tx, a ref.Account, id ref.Device) error {
	if _, err := tx.Exec(ctx, `UPDATE device SET main = 0 WHERE account = $1 AND main = 1 AND id <> $2`, a, id); err != nil {
		return err
	}
	return tx.One(ctx, `UPDATE device SET main = 1 WHERE account = $1 AND id = $2 AND state = 'active'`, a, id)
}

// Retire takes an installation away; its key is good for nothing from then on.
// Where it was the primary one, the oldest of the others becomes it. The caller
// holds the account; db.ErrNone when it is not the account's.
func Retire(ctx context.Context, tx db.Tx, a ref.Account, id ref.Device) error {
	if err := tx.One(ctx, `DELETE FROM device WHERE account = $1 AND id = $2`, a, id); err != nil {
		return err
	}
	return succeed(ctx, tx, a)
}

// RetireAll takes all installations of an account away.
func RetireAll(ctx context.Context, tx db.Tx, a ref.Account) error {
	_, err := tx.Exec(ctx, `DELETE FROM device WHERE account = $1`, a)
	return err
}

// succeed makes sure that where there are installations one of them is the primary.
func succeed(ctx context.Context, tx db.Tx, a ref.Account) error {
	_, err := tx.Exec(ctx, `UPDATE device SET main = 1 WHERE id = (SELECT id FROM device WHERE account = $1 AND state = 'active' ORDER BY created, id LIMIT 1)
		AND NOT EXISTS (SELECT 1 FROM device WHERE account = $1 AND main = 1)`, a)
	return err
}

// Refresh records that an installation was confirmed since the account's doors were
// closed (OA-22); db.ErrNone when it is not the account's.
func Refresh(ctx context.Context, tx db.Tx, a ref.Account, id ref.Device, turn int64) error {
	return tx.One(ctx, `UPDATE device SET turn = $3, outdated = NULL WHERE account = $1 AND id = $2`, a, id, turn)
}

// Outdate records that the installations that are fresh are stale from now on. The
// caller closes the account's doors.
func Outdate(ctx context.Context, tx db.Tx, a ref.Account, turn int64) error {
	_, err := tx.Exec(ctx, `UPDATE device SET outdated = $3 WHERE account = $1 AND turn = $2`, a, turn, tx.Now())
	return err
}

// Outdated says whether some were fresh at an instant and are stale since.
func Outdated(ctx context.Context, r db.Reader, a ref.Account, since time.Time) (bool, error) {
	var n int64
	err := r.QueryRow(ctx, `SELECT count(*) FROM device WHERE account = $1 AND outdated >= $2 AND created < $2`, a, since).Scan(&n)
	return n > 0, err
}

// Recall makes those fresh again that were so at an instant and are stale since.
func Recall(ctx context.Context, tx db.Tx, a ref.Account, since time.Time, turn int64) error {
	_, err := tx.Exec(ctx, `UPDATE device SET turn = $3, outdated = NULL WHERE account = $1 AND outdated >= $2 AND created < $2`, a, since, turn)
	return err
}

// Follow keeps the installations of an account that were fresh before its doors were
// closed from being stale after it.
func Follow(ctx context.Context, tx db.Tx, a ref.Account, from, to int64) error {
	_, err := tx.Exec(ctx, `UPDATE device SET turn = $3 WHERE account = $1 AND turn = $2`, a, from, to)
	return err
}

// Guard records whether an app lock stands before what an installation shows.
func Guard(ctx context.Context, tx db.Tx, id ref.Device, on bool) error {
	return tx.One(ctx, `UPDATE device SET guarded = $2 WHERE id = $1`, id, on)
}

// Wake records where an installation is woken; an empty endpoint: nowhere.
func Wake(ctx context.Context, tx db.Tx, id ref.Device, endpoint string, keys []byte) error {
	return tx.One(ctx, `UPDATE device SET endpoint = $2, pushkeys = $3 WHERE id = $1`, id, endpoint, keys)
}

// Unwake forgets an endpoint that is dead.
func Unwake(ctx context.Context, tx db.Tx, id ref.Device, endpoint string) error {
	_, err := tx.Exec(ctx, `UPDATE device SET endpoint = '', pushkeys = NULL WHERE id = $1 AND endpoint = $2`, id, endpoint)
	return err
}

// Seen records that an installation lives.
func Seen(ctx context.Context, tx db.Tx, id ref.Device) error {
	_, err := tx.Exec(ctx, `UPDATE device SET last_seen = $2 WHERE id = $1 AND last_seen < $2`, id, tx.Now())
	return err
}

// Step takes a call that changes something: at, in milliseconds, is later than that
// of every such call before. db.ErrNone when it is not: the call was sent twice, or
// another was quicker.
func Step(ctx context.Context, tx db.Tx, id ref.Device, at int64) error {
	return tx.One(ctx, `UPDATE device SET at = $2, last_seen = $3 WHERE id = $1 AND at < $2`, id, at, tx.Now())
}

// Signed says whether an installation's key made a signature over lines joined by
// "\n". The signature is r and s of 32 bytes each, as WebCrypto gives it (FIPS 186-5,
// SHA-256).
func Signed(point, signature []byte, lines ...string) bool {
	key, err := Key(point)
	if err != nil || len(signature) != 64 {
		return false
	}
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	return ecdsa.Verify(key, sum[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:]))
}

// ErrKey is a key that is no point of P-256.
var ErrKey = errors.New("device: the key is not an uncompressed point of P-256")

// Key reads a public key.
func Key(point []byte) (*ecdsa.PublicKey, error) {
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	return key, nil
}
