// Package grant owns what accounts give apps, and everything issued under it:
// codes, access tokens, refresh tokens, remembered consent.
//
// Tokens are random, kept as hashes, and hang on a grant, which hangs on a
// session: ending the session ends them in the same statement. Sessions are
// ended through this package alone, so that apps are told. It speaks no protocol.
package grant

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"sekisho/internal/client"
	"sekisho/internal/db"
	"sekisho/internal/org"
	"sekisho/internal/outbox"
	"sekisho/internal/policy"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
)

// Migrations are the tables of this package.
//
//go:embed migrations/*.sql
var Migrations embed.FS

// Lifetimes of what is issued.
const (
	CodeLives    = 60 * time.Second
	AccessLives  = time.Hour
	RefreshLives = 30 * 24 * time.Hour
)

// Grants ends sessions and tells apps.
type Grants struct {
	Outbox *outbox.Outbox
	// LogoutToken makes the token that tells an app of a session's end
	// (OpenID Connect Back-Channel Logout §2.4); the app's wiring sets it.
	LogoutToken func(ctx context.Context, now time.Time, c client.Client, a ref.Account, s ref.Session) (string, error)
}

// Grant is what one account gave one app in one session.
type Grant struct {
	ID       ref.Grant
	Account  ref.Account
	Client   ref.Client
	Session  ref.Session
	Scope    []string
	Nonce    string
	AuthTime time.Time
	ACR      string
	AMR      []string
	Created  time.Time
}

// Allowed says whether a scope was given.
func (g Grant) Allowed(scope string) bool { return slices.Contains(g.Scope, scope) }

// New makes a grant in a living session and the code that redeems it.
func New(ctx context.Context, tx db.Tx, g Grant, redirect, challenge string) (secret.Text, error) {
	g.ID = ref.NewGrant(tx.Now())
	_, err := tx.Exec(ctx, `INSERT INTO app_grant (id, account, client, session, scope, nonce, auth_time, acr, amr, created, used)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)`,
		g.ID, g.Account, g.Client, g.Session, strings.Join(g.Scope, " "), g.Nonce, g.AuthTime, g.ACR, strings.Join(g.AMR, " "), tx.Now())
	if err != nil {
		return "", fmt.Errorf("grant: %w", err)
	}
	code := secret.Token()
	_, err = tx.Exec(ctx, `INSERT INTO auth_code (hash, grant_id, client, redirect, challenge, expires) VALUES ($1, $2, $3, $4, $5, $6)`,
		secret.Hash(code.Reveal()), g.ID, g.Client, redirect, challenge, tx.Now().Add(CodeLives))
	return code, err
}

const grantColumns = `g.id, g.account, g.client, g.session, g.scope, g.nonce, g.auth_time, g.acr, g.amr, g.created`

func (g *Grant) dest(scope, amr *string) []any {
	return []any{&g.ID, &g.Account, &g.Client, &g.Session, scope, &g.Nonce, db.Time(&g.AuthTime), &g.ACR, amr, db.Time(&g.Created)}
}

// Code is a code as it was issued.
type Code struct {
	Redirect  string
	Challenge string
	Client    ref.Client
	grant     ref.Grant
	used      bool
	expired   bool
}

// LookCode reads a code without spending it; db.ErrNone when it was never made.
func LookCode(ctx context.Context, r db.Reader, code string) (Code, error) {
	var c Code
	var used, expires time.Time
	err := r.QueryRow(ctx, `SELECT client, redirect, challenge, grant_id, used, expires FROM auth_code WHERE hash = $1`, secret.Hash(code)).
		Scan(&c.Client, &c.Redirect, &c.Challenge, &c.grant, db.Time(&used), db.Time(&expires))
	c.used, c.expired = !used.IsZero(), !r.Now().Before(expires)
	return c, err
}

// ErrSpent is a code that was used before: its grant is gone now, and whoever
// holds tokens of it holds nothing (RFC 6749 §4.1.2).
var ErrSpent = errors.New("grant: the code was used before")

// Redeem spends a code: one statement, in the transaction that issues the
// tokens, decides who of several wins. After a replay the transaction must
// still be committed, because it ended the grant.
func Redeem(ctx context.Context, tx db.Tx, code string) (Grant, error) {
	var id ref.Grant
	err := tx.QueryRow(ctx, `UPDATE auth_code SET used = $2 WHERE hash = $1 AND used IS NULL AND expires > $2 RETURNING grant_id`,
		secret.Hash(code), tx.Now()).Scan(&id)
	if errors.Is(err, db.ErrNone) {
		c, err := LookCode(ctx, tx, code)
		if err != nil || !c.used {
			return Grant{}, errors.Join(db.ErrNone, ignoreNone(err))
		}
		if _, err := tx.Exec(ctx, `DELETE FROM app_grant WHERE id = $1`, c.grant); err != nil {
			return Grant{}, err
		}
		return Grant{ID: c.grant}, ErrSpent
	}
	if err != nil {
		return Grant{}, err
	}
	return of(ctx, tx, id)
}

func ignoreNone(err error) error {
	if errors.Is(err, db.ErrNone) {
		return nil
	}
	return err
}

func of(ctx context.Context, r db.Reader, id ref.Grant) (Grant, error) {
	var g Grant
	var scope, amr string
	err := r.QueryRow(ctx, `SELECT `+grantColumns+` FROM app_grant g WHERE g.id = $1`, id).Scan(g.dest(&scope, &amr)...)
	g.Scope, g.AMR = strings.Fields(scope), strings.Fields(amr)
	return g, err
}

// Issued is an access token that was made.
type Issued struct {
	Token   secret.Text
	Expires time.Time
}

// Access issues an opaque access token; with an empty grant it is the client's
// own. until bounds it, where something it hangs on ends sooner.
func Access(ctx context.Context, tx db.Tx, c ref.Client, g ref.Grant, scope []string, until time.Time) (Issued, error) {
	i := Issued{Token: secret.Token(), Expires: tx.Now().Add(AccessLives)}
	if !until.IsZero() && until.Before(i.Expires) {
		i.Expires = until
	}
	var grant any
	if g != "" {
		grant = g
	}
	_, err := tx.Exec(ctx, `INSERT INTO access_token (hash, grant_id, client, scope, created, expires) VALUES ($1, $2, $3, $4, $5, $6)`,
		secret.Hash(i.Token.Reveal()), grant, c, strings.Join(scope, " "), tx.Now(), i.Expires)
	return i, err
}

// Refresh issues a refresh token.
func Refresh(ctx context.Context, tx db.Tx, g ref.Grant) (secret.Text, error) {
	t := secret.Token()
	_, err := tx.Exec(ctx, `INSERT INTO refresh_token (hash, grant_id, expires) VALUES ($1, $2, $3)`,
		secret.Hash(t.Reveal()), g, tx.Now().Add(RefreshLives))
	return t, err
}

// Rotate spends a refresh token of an app and issues the next. One that was
// spent before ends the whole grant (RFC 9700 §4.14.2): either its owner or a
// thief holds a copy, and nobody can tell which. Then the error is ErrSpent,
// and the transaction must still be committed.
func Rotate(ctx context.Context, tx db.Tx, token string, c ref.Client) (Grant, secret.Text, error) {
	var id ref.Grant
	hash := secret.Hash(token)
	// EXISTS looks up one grant by its key; IN would first list all of the app's.
	err := tx.QueryRow(ctx, `UPDATE refresh_token SET used = $2 WHERE hash = $1 AND used IS NULL AND expires > $2
		AND EXISTS (SELECT 1 FROM app_grant g WHERE g.id = refresh_token.grant_id AND g.client = $3) RETURNING grant_id`, hash, tx.Now(), c).Scan(&id)
	if errors.Is(err, db.ErrNone) {
		return replayed(ctx, tx, hash, c)
	}
	if err != nil {
		return Grant{}, "", err
	}
	g, err := of(ctx, tx, id)
	if err != nil {
		return g, "", err
	}
	if _, err := tx.Exec(ctx, `UPDATE app_grant SET used = $2 WHERE id = $1`, id, tx.Now()); err != nil {
		return g, "", err
	}
	next, err := Refresh(ctx, tx, id)
	return g, next, err
}

func replayed(ctx context.Context, tx db.Tx, hash []byte, c ref.Client) (Grant, secret.Text, error) {
	var id ref.Grant
	err := tx.QueryRow(ctx, `SELECT r.grant_id FROM refresh_token r JOIN app_grant g ON g.id = r.grant_id
		WHERE r.hash = $1 AND r.used IS NOT NULL AND g.client = $2`, hash, c).Scan(&id)
	if err != nil {
		return Grant{}, "", err
	}
	g, err := of(ctx, tx, id)
	if err != nil {
		return g, "", err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM app_grant WHERE id = $1`, id); err != nil {
		return g, "", err
	}
	return g, "", ErrSpent
}

// Token is an access token as it was issued.
type Token struct {
	Grant   Grant // empty ID: the client's own
	Client  ref.Client
	Scope   []string
	Created time.Time
	Expires time.Time
	Session Session // zero with the client's own
}

// Session is what the one decision needs to know of the session that a token
// hangs on; it comes with the token in one read.
type Session struct {
	Since   time.Time
	Ends    time.Time
	Addr    string
	ACR     string
	AMR     []string
	Account time.Time // since when the account is there
	Stands  policy.Place
}

// ByAccess reads a living access token; db.ErrNone when there is none.
func ByAccess(ctx context.Context, r db.Reader, token string) (Token, error) {
	var t Token
	var scope, methods string
	var g struct{ id, account, session, acr, amr, nonce, scope string }
	err := r.QueryRow(ctx, `SELECT t.client, t.scope, t.created, t.expires, g.id, g.account, g.session, g.scope, g.acr, g.amr, g.auth_time, s.created, s.expires, s.addr, s.acr, s.amr, s.since, `+org.Column+`
		FROM access_token t LEFT JOIN app_grant g ON g.id = t.grant_id LEFT JOIN session s ON s.id = g.session`+org.Join("s.account")+`
		WHERE t.hash = $1 AND t.expires > $2`, secret.Hash(token), r.Now()).
		Scan(&t.Client, &scope, db.Time(&t.Created), db.Time(&t.Expires), db.Null(&g.id), db.Null(&g.account), db.Null(&g.session), db.Null(&g.scope),
			db.Null(&g.acr), db.Null(&g.amr), db.Time(&t.Grant.AuthTime), db.Time(&t.Session.Since), db.Time(&t.Session.Ends), db.Null(&t.Session.Addr),
			db.Null(&t.Session.ACR), db.Null(&methods), db.Time(&t.Session.Account), org.Dest(&t.Session.Stands))
	t.Scope, t.Session.AMR = strings.Fields(scope), strings.Fields(methods)
	t.Grant.ID, t.Grant.Account, t.Grant.Session, t.Grant.Client = ref.Grant(g.id), ref.Account(g.account), ref.Session(g.session), t.Client
	t.Grant.ACR, t.Grant.AMR, t.Grant.Scope = g.acr, strings.Fields(g.amr), strings.Fields(g.scope)
	return t, err
}

// ByRefresh reads a refresh token that is not spent; db.ErrNone otherwise.
func ByRefresh(ctx context.Context, r db.Reader, token string) (Token, error) {
	var t Token
	var scope, amr, methods string
	dest := append(t.Grant.dest(&scope, &amr), db.Time(&t.Expires), db.Time(&t.Session.Since), db.Time(&t.Session.Ends), &t.Session.Addr, &t.Session.ACR, &methods, db.Time(&t.Session.Account), org.Dest(&t.Session.Stands))
	err := r.QueryRow(ctx, `SELECT `+grantColumns+`, r.expires, s.created, s.expires, s.addr, s.acr, s.amr, s.since, `+org.Column+`
		FROM refresh_token r JOIN app_grant g ON g.id = r.grant_id JOIN session s ON s.id = g.session`+org.Join("s.account")+`
		WHERE r.hash = $1 AND r.used IS NULL AND r.expires > $2`, secret.Hash(token), r.Now()).Scan(dest...)
	t.Grant.Scope, t.Grant.AMR = strings.Fields(scope), strings.Fields(amr)
	t.Session.AMR = strings.Fields(methods)
	t.Client, t.Scope, t.Created = t.Grant.Client, t.Grant.Scope, t.Grant.Created
	return t, err
}

// Revoke ends one access token, or, for a refresh token, the whole grant
// (RFC 7009 §2.1). Tokens of other apps are left alone.
func Revoke(ctx context.Context, tx db.Tx, token string, c ref.Client) error {
	hash := secret.Hash(token)
	if _, err := tx.Exec(ctx, `DELETE FROM app_grant WHERE client = $2 AND id IN (SELECT grant_id FROM refresh_token WHERE hash = $1)`, hash, c); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM access_token WHERE hash = $1 AND client = $2`, hash, c)
	return err
}
