package browser

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
)

// Trust is a browser in which an account skips the second proof until it
// expires (TB-01). It is bound to the account, to the browser's own cookie and
// to a token that changes at every use.
type Trust struct {
	ID       ref.Trust
	Account  ref.Account
	Browser  ref.Browser
	Created  time.Time
	LastUsed time.Time
	Expires  time.Time
	Agent    string
	Addr     string
	Place    string
}

// trustsKept is how many browsers one account trusts at once; the oldest makes
// room.
const trustsKept = 50

// NewTrust trusts a browser and gives the token that shows it. The trust this
// browser had before ends.
func NewTrust(ctx context.Context, tx db.Tx, t Trust) (secret.Text, error) {
	token := secret.Token()
	if _, err := tx.Exec(ctx, `DELETE FROM trusted_browser WHERE account = $1 AND (browser = $2 OR id IN (
		SELECT id FROM trusted_browser WHERE account = $1 ORDER BY last_used DESC LIMIT $4 OFFSET $3))`,
		t.Account, t.Browser, trustsKept-1, 1000); err != nil {
		return "", fmt.Errorf("trust: %w", err)
	}
	_, err := tx.Exec(ctx, `INSERT INTO trusted_browser (id, account, browser, token, created, last_used, expires, agent, addr, place)
		VALUES ($1, $2, $3, $4, $5, $5, $6, $7, $8, $9)`, ref.NewTrust(tx.Now()), t.Account, t.Browser,
		secret.Hash(token.Reveal()), tx.Now(), t.Expires, t.Agent, t.Addr, t.Place)
	return token, err
}

const trustColumns = `id, account, browser, created, last_used, expires, agent, addr, place`

func scanTrust(s db.Scanner) (Trust, error) {
	var t Trust
	err := s.Scan(&t.ID, &t.Account, &t.Browser, db.Time(&t.Created), db.Time(&t.LastUsed), db.Time(&t.Expires), &t.Agent, &t.Addr, &t.Place)
	return t, err
}

// ByTrust finds the living trust that one of the tokens shows for an account in
// a browser, and which of them it was; db.ErrNone when none does. A token that was replaced shows that
// there is a copy of it somewhere: it ends the trust.
func ByTrust(ctx context.Context, tx db.Tx, a ref.Account, b ref.Browser, tokens []secret.Text) (Trust, int, error) {
	for i, token := range tokens {
		hash := secret.Hash(token.Reveal())
		if _, err := tx.Exec(ctx, `DELETE FROM trusted_browser WHERE former = $1 AND account = $2`, hash, a); err != nil {
			return Trust{}, 0, err
		}
		t, err := scanTrust(tx.QueryRow(ctx, `SELECT `+trustColumns+` FROM trusted_browser
			WHERE token = $1 AND account = $2 AND browser = $3 AND expires > $4`, hash, a, b, tx.Now()))
		if !errors.Is(err, db.ErrNone) {
			return t, i, err
		}
	}
	return Trust{}, 0, db.ErrNone
}

// UseTrust records a use and gives the next token; the one shown works no more.
// db.ErrNone when another use was quicker.
func UseTrust(ctx context.Context, tx db.Tx, id ref.Trust, shown secret.Text) (secret.Text, error) {
	token := secret.Token()
	hash := secret.Hash(shown.Reveal())
	return token, tx.One(ctx, `UPDATE trusted_browser SET former = token, token = $3, last_used = $4 WHERE id = $1 AND token = $2`,
		id, hash, secret.Hash(token.Reveal()), tx.Now())
}

// Trusts lists the browsers an account trusts, the last used first.
func Trusts(ctx context.Context, r db.Reader, a ref.Account) ([]Trust, error) {
	return db.List(ctx, r, scanTrust, `SELECT `+trustColumns+` FROM trusted_browser WHERE account = $1 AND expires > $2 ORDER BY last_used DESC, id`, a, r.Now())
}

// EndTrust ends one trust of an account; db.ErrNone when there is none.
func EndTrust(ctx context.Context, tx db.Tx, a ref.Account, id ref.Trust) error {
	return tx.One(ctx, `DELETE FROM trusted_browser WHERE id = $1 AND account = $2`, id, a)
}

// EndTrusts ends every trust of an account and says how many there were.
func EndTrusts(ctx context.Context, tx db.Tx, a ref.Account) (int64, error) {
	return tx.Exec(ctx, `DELETE FROM trusted_browser WHERE account = $1`, a)
}

// PurgeTrusts removes trusts that are over, at most n.
func PurgeTrusts(ctx context.Context, tx db.Tx, n int) error {
	_, err := tx.Exec(ctx, `DELETE FROM trusted_browser WHERE id IN (SELECT id FROM trusted_browser WHERE expires < $1 LIMIT $2)`, tx.Now(), n)
	return err
}

// EndEverybodysTrusts makes every browser ask for all proofs again.
func EndEverybodysTrusts(ctx context.Context, tx db.Tx) error {
	_, err := tx.Exec(ctx, `DELETE FROM trusted_browser`)
	return err
}
