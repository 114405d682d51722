// Package flow keeps the state of a journey between two pages: bound to one
// browser (or, for programs, to a secret handed out once), for half an hour.
//
// It knows no journey's content: each journey stores its own type. Two tabs, the
// back button and a second node all meet the same row; a version makes sure that
// only one of them moves it on.
package flow

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/gate"
	"sekisho/internal/i18n"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
)

// Migrations are the tables of this package.
//
//go:embed migrations/*.sql
var Migrations embed.FS

// Lives is how long a journey may take.
const Lives = 30 * time.Minute

// Visitor is who stands at the door: everything a journey knows of the other
// side that is not an answer.
type Visitor struct {
	Door    gate.Door
	Browser ref.Browser
	Proven  bool // the browser showed a cookie of ours; otherwise Browser is made of address and agent
	Secret  string
	Trust   []secret.Text // tokens of trusted browsers that it showed
	Addr    netip.Addr
	Network string // Addr as limits count it: an IPv4 address or an IPv6 /64
	Agent   string // the User-Agent header, cut
	Program string // browser and system as a person reads them
	Place   string // where Addr is, as a person reads it
	Where   string // the same in one language and for comparing; empty: nobody knows places here
	Lang    i18n.Lang
}

// Stored is the state of one journey.
type Stored[T any] struct {
	ID      ref.Flow
	Secret  secret.Text // only from Start, only for programs
	Created time.Time
	Expires time.Time
	State   T
	version int64
}

// Handle is what a program gives to go on: the name and, when it is bound by a
// secret, the secret.
func (s *Stored[T]) Handle() string {
	if s.Secret == "" {
		return string(s.ID)
	}
	return string(s.ID) + "." + s.Secret.Reveal()
}

// ParseHandle takes a handle apart.
func ParseHandle(h string) (id ref.Flow, sec string, ok bool) {
	name, sec, _ := strings.Cut(h, ".")
	id, ok = ref.ParseFlow(name)
	return id, sec, ok
}

// Start begins a journey. Pages are bound to the browser's cookie, programs to
// a secret.
func Start[T any](ctx context.Context, tx db.Tx, kind string, v Visitor, state T) (Stored[T], error) {
	s := Stored[T]{ID: ref.NewFlow(tx.Now()), Created: tx.Now(), Expires: tx.Now().Add(Lives), State: state}
	var hash []byte
	if v.Door == gate.API {
		s.Secret = secret.Token()
		hash = secret.Hash(s.Secret.Reveal())
	}
	text, err := json.Marshal(state)
	if err != nil {
		return s, fmt.Errorf("flow %s: %w", kind, err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO flow (id, kind, browser, secret, state, version, created, expires) VALUES ($1, $2, $3, $4, $5, 0, $6, $7)`,
		s.ID, kind, v.Browser, hash, string(text), s.Created, s.Expires)
	if err != nil {
		return s, fmt.Errorf("flow %s: %w", kind, err)
	}
	return s, nil
}

// Load reads a journey; in a transaction that writes it also keeps others from
// moving it on until this one ends. The fault is non-nil when it is over, was never begun,
// or belongs to another browser.
func Load[T any](ctx context.Context, r db.Reader, kind string, id ref.Flow, v Visitor) (Stored[T], *fault.Fault, error) {
	s := Stored[T]{ID: id}
	var browser ref.Browser
	var hash []byte
	var text string
	read := `SELECT browser, secret, state, version, created, expires FROM flow WHERE id = $1 AND kind = $2`
	if _, ok := r.(db.Tx); ok {
		read = `UPDATE flow SET version = version WHERE id = $1 AND kind = $2 RETURNING browser, secret, state, version, created, expires`
	}
	err := r.QueryRow(ctx, read, id, kind).
		Scan(&browser, &hash, &text, &s.version, db.Time(&s.Created), db.Time(&s.Expires))
	if errors.Is(err, db.ErrNone) {
		return s, faults.FlowExpired.New(), nil
	}
	if err != nil {
		return s, nil, fmt.Errorf("flow %s: %w", kind, err)
	}
	if !r.Now().Before(s.Expires) {
		return s, faults.FlowExpired.New(), nil
	}
	if !mine(v, browser, hash) {
		return s, faults.FlowOtherBrowser.New(), nil
	}
	if err := json.Unmarshal([]byte(text), &s.State); err != nil {
		return s, nil, fmt.Errorf("flow %s: %w", kind, err)
	}
	return s, nil, nil
}

// Peek reads a journey's state whoever asks. Nothing that a stranger may not
// know is done with it.
func Peek[T any](ctx context.Context, r db.Reader, kind string, id ref.Flow) (T, error) {
	var state T
	var text string
	err := r.QueryRow(ctx, `SELECT state FROM flow WHERE id = $1 AND kind = $2 AND expires > $3`, id, kind, r.Now()).Scan(&text)
	if err != nil {
		return state, err
	}
	return state, json.Unmarshal([]byte(text), &state)
}

func mine(v Visitor, browser ref.Browser, hash []byte) bool {
	if hash != nil {
		return secret.Equal(string(hash), string(secret.Hash(v.Secret)))
	}
	return v.Proven && secret.Equal(string(v.Browser), string(browser))
}

// Save writes the state back. The fault is non-nil when another tab, node or
// thread moved the journey on since it was loaded.
func (s *Stored[T]) Save(ctx context.Context, tx db.Tx) (*fault.Fault, error) {
	text, err := json.Marshal(s.State)
	if err != nil {
		return nil, fmt.Errorf("flow: %w", err)
	}
	err = tx.One(ctx, `UPDATE flow SET state = $2, version = version + 1 WHERE id = $1 AND version = $3`, s.ID, string(text), s.version)
	if errors.Is(err, db.ErrNone) {
		return faults.FlowOrder.New(), nil
	}
	s.version++
	return nil, err
}

// End removes a journey; db.ErrNone when another was quicker.
func End(ctx context.Context, tx db.Tx, id ref.Flow) error {
	return tx.One(ctx, `DELETE FROM flow WHERE id = $1`, id)
}

// Purge removes journeys that are over, at most n.
func Purge(ctx context.Context, tx db.Tx, n int) error {
	_, err := tx.Exec(ctx, `DELETE FROM flow WHERE id IN (SELECT id FROM flow WHERE expires < $1 LIMIT $2)`, tx.Now(), n)
	return err
}

// EndEverybodys removes every journey under way.
func EndEverybodys(ctx context.Context, tx db.Tx) error {
	_, err := tx.Exec(ctx, `DELETE FROM flow`)
	return err
}
