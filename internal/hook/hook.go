// Package hook owns webhooks: an organisation's endpoints, which events each wants, the
// secrets that sign what is sent, and what became of every delivery.
//
// What is sent is made from the audit row when it is sent, in the form of the Standard
// Webhooks specification. It opens no connection, writes no audit row and decides
// nothing; the outbox tries again.
package hook

import (
	"context"
	"embed"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
)

// Migrations are the tables of this package.
//
//go:embed migrations/*.sql
var Migrations embed.FS

// Limits of an organisation.
const (
	Most      = 10             // hooks
	mostKinds = 30             // of one hook
	Overlap   = 24 * time.Hour // for how long the secret before still signs after another was made
	kept      = 30 * 24 * time.Hour
)

// Hook is one endpoint.
type Hook struct {
	ID          ref.Hook
	Org         ref.Org
	Name        string
	URL         string
	Kinds       []string // "*", "member.*" or "member.added"
	Disabled    bool
	Why         string // it was switched off by itself
	Failing     int64  // tries in a row that failed
	Rests       time.Time
	FormerUntil time.Time // the secret before signs as well until then
	Created     time.Time
	secret      []byte
	former      []byte
}

// Host is whom it speaks to, for lists.
func (h Hook) Host() string {
	host, _, _ := strings.Cut(strings.TrimPrefix(h.URL, "https://"), "/")
	return host
}

// Wants says whether a hook is told of a kind of event.
func (h Hook) Wants(kind string) bool {
	group, _, _ := strings.Cut(kind, ".")
	return !h.Disabled && (slices.Contains(h.Kinds, "*") || slices.Contains(h.Kinds, group+".*") || slices.Contains(h.Kinds, kind))
}

// Groups are the kinds of event there are, by their first word.
var Groups = []string{"member", "signin", "session", "policy", "org", "group", "role", "invitation", "domain", "ticket", "hook", "token", "password", "factor", "backup", "passphrase",
	"device", "browser", "address", "account", "app", "profile"}

var pattern = regexp.MustCompile(`^(\*|[a-z_]{1,40}\.(\*|[a-z_]{1,60}))$`)

// ErrKinds is a list of events that does not read.
var ErrKinds = errors.New("events are named as member.added, member.* or *, at most 30")

// ParseKinds reads which events a hook is told of, each once.
func ParseKinds(raw []string) (out []string, err error) {
	for _, k := range raw {
		k = strings.TrimSpace(k)
		if k == "" || slices.Contains(out, k) {
			continue
		}
		if group, _, _ := strings.Cut(k, "."); !pattern.MatchString(k) || k != "*" && !slices.Contains(Groups, group) {
			return nil, ErrKinds
		}
		out = append(out, k)
	}
	if len(out) == 0 || len(out) > mostKinds {
		return nil, ErrKinds
	}
	return out, nil
}

const columns = `id, org, name, url, kinds, secret, former, former_until, disabled, why, failing, rests, created`

func scan(s db.Scanner) (h Hook, err error) {
	var kinds string
	err = s.Scan(&h.ID, &h.Org, &h.Name, &h.URL, &kinds, &h.secret, &h.former, db.Time(&h.FormerUntil), db.Bool(&h.Disabled), &h.Why, &h.Failing, db.Time(&h.Rests), db.Time(&h.Created))
	h.Kinds = strings.Fields(kinds)
	return h, err
}

// List reads an organisation's hooks.
func List(ctx context.Context, r db.Reader, o ref.Org) ([]Hook, error) {
	return db.List(ctx, r, scan, `SELECT `+columns+` FROM hook WHERE org = $1 ORDER BY created, id`, o)
}

// Of reads a hook of an organisation; db.ErrNone when it has none of that name.
func Of(ctx context.Context, r db.Reader, o ref.Org, id ref.Hook) (Hook, error) {
	return scan(r.QueryRow(ctx, `SELECT `+columns+` FROM hook WHERE id = $1 AND org = $2`, id, o))
}

// ErrMost is one hook too many.
var ErrMost = errors.New("an organisation has at most 10 webhooks")

// Add makes a hook and its secret, which is seen this once. It is told of what happens
// from now on.
func Add(ctx context.Context, tx db.Tx, ring *secret.Ring, h Hook) (Hook, secret.Text, error) {
	list, err := List(ctx, tx, h.Org)
	if err != nil {
		return h, "", err
	}
	if len(list) >= Most {
		return h, "", ErrMost
	}
	if err := begin(ctx, tx); err != nil {
		return h, "", err
	}
	h.ID, h.Created = ref.NewHook(tx.Now()), tx.Now()
	word, sealed, err := newSecret(ring, h.ID)
	if err != nil {
		return h, "", err
	}
	_, err = tx.Exec(ctx, `INSERT INTO hook (id, org, name, url, kinds, secret, disabled, why, failing, created) VALUES ($1, $2, $3, $4, $5, $6, 0, '', 0, $7)`,
		h.ID, h.Org, h.Name, h.URL, strings.Join(h.Kinds, " "), sealed, h.Created)
	return h, word, err
}

// prefix marks a secret, as the specification has it.
const prefix = "whsec_"

func newSecret(ring *secret.Ring, id ref.Hook) (word secret.Text, sealed []byte, err error) {
	raw, err := base64.RawURLEncoding.DecodeString(secret.Token().Reveal())
	if err != nil {
		return "", nil, err
	}
	if sealed, err = ring.Seal(raw, string(id)); err != nil {
		return "", nil, fmt.Errorf("secret of a hook: %w", err)
	}
	return secret.Text(prefix + base64.StdEncoding.EncodeToString(raw)), sealed, nil
}

// Set changes what a hook is called, where it is and what it is told of, or switches it
// off and on.
func Set(ctx context.Context, tx db.Tx, h Hook) error {
	return tx.One(ctx, `UPDATE hook SET name = $3, url = $4, kinds = $5, disabled = $6, why = '', failing = 0, rests = NULL WHERE id = $1 AND org = $2`,
		h.ID, h.Org, h.Name, h.URL, strings.Join(h.Kinds, " "), h.Disabled)
}

// Rotate makes another secret. The one before signs beside it for Overlap.
func Rotate(ctx context.Context, tx db.Tx, ring *secret.Ring, h Hook) (secret.Text, error) {
	word, sealed, err := newSecret(ring, h.ID)
	if err != nil {
		return "", err
	}
	return word, tx.One(ctx, `UPDATE hook SET former = secret, former_until = $3, secret = $4 WHERE id = $1 AND org = $2`, h.ID, h.Org, tx.Now().Add(Overlap), sealed)
}

// Remove removes a hook and what it was told; db.ErrNone when it is gone.
func Remove(ctx context.Context, tx db.Tx, o ref.Org, id ref.Hook) error {
	return tx.One(ctx, `DELETE FROM hook WHERE id = $1 AND org = $2`, id, o)
}

// Off switches a hook off by itself, with the reason; db.ErrNone when it is off.
func Off(ctx context.Context, tx db.Tx, id ref.Hook, why string) error {
	return tx.One(ctx, `UPDATE hook SET disabled = 1, why = $2 WHERE id = $1 AND disabled = 0`, id, why)
}
