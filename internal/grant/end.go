package grant

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"sekisho/internal/client"
	"sekisho/internal/db"
	"sekisho/internal/outbox"
	"sekisho/internal/ref"
	"sekisho/internal/session"
)

// EndSessions ends sessions and everything issued in them, and tells the apps
// that signed in through them.
func (g *Grants) EndSessions(ctx context.Context, tx db.Tx, ids ...ref.Session) error {
	for _, id := range ids {
		if err := g.tell(ctx, tx, id); err != nil {
			return err
		}
	}
	_, err := session.Remove(ctx, tx, ids...)
	return err
}

// EndAccount ends every session of an account but the excepted ones, and says
// how many there were.
func (g *Grants) EndAccount(ctx context.Context, tx db.Tx, a ref.Account, except ...ref.Session) (int, error) {
	ids, err := session.All(ctx, tx, a)
	if err != nil {
		return 0, err
	}
	ids = slices.DeleteFunc(ids, func(id ref.Session) bool { return slices.Contains(except, id) })
	if err := g.EndSessions(ctx, tx, ids...); err != nil {
		return 0, err
	}
	// A session that stays keeps itself alone: apps signed in through it are
	// ended too (SE-10).
	for _, id := range except {
		if err := g.tell(ctx, tx, id); err != nil {
			return 0, err
		}
	}
	if _, err := tx.Exec(ctx, `DELETE FROM app_grant WHERE account = $1`, a); err != nil {
		return 0, fmt.Errorf("end grants: %w", err)
	}
	return len(ids), nil
}

// logoutLives is how long an app is tried to be told.
const logoutLives = 10 * time.Minute

// tell queues a back-channel logout for every app that signed in through a
// session and has an address for it.
func (g *Grants) tell(ctx context.Context, tx db.Tx, s ref.Session) error {
	type told struct {
		client  ref.Client
		account ref.Account
	}
	list, err := db.List(ctx, tx, func(sc db.Scanner) (t told, err error) { err = sc.Scan(&t.client, &t.account); return },
		`SELECT DISTINCT client, account FROM app_grant WHERE session = $1`, s)
	if err != nil {
		return err
	}
	for _, t := range list {
		c, err := client.Of(ctx, tx, t.client)
		if err != nil {
			return err
		}
		if c.Backchannel == "" {
			continue
		}
		token, err := g.LogoutToken(ctx, tx.Now(), c, t.account, s)
		if err != nil {
			return err
		}
		_, err = g.Outbox.Put(ctx, tx, outbox.Item{Kind: outbox.HTTP, Topic: "backchannel.logout", To: c.Backchannel, Account: t.account,
			Expires: tx.Now().Add(logoutLives), Body: outbox.Post{URL: c.Backchannel, Form: map[string]string{"logout_token": token}}})
		if err != nil {
			return err
		}
	}
	return nil
}

// Consented says whether the account gave the app all of the scopes before.
func Consented(ctx context.Context, r db.Reader, a ref.Account, c ref.Client, scope []string) (bool, error) {
	var given string
	err := r.QueryRow(ctx, `SELECT scope FROM consent WHERE account = $1 AND client = $2`, a, c).Scan(&given)
	if err != nil {
		return false, ignoreNone(err)
	}
	have := strings.Fields(given)
	for _, s := range scope {
		if !slices.Contains(have, s) {
			return false, nil
		}
	}
	return true, nil
}

// Consent remembers what the account gave the app, beside what it gave before.
func Consent(ctx context.Context, tx db.Tx, a ref.Account, c ref.Client, scope []string) error {
	var given string
	err := tx.QueryRow(ctx, `SELECT scope FROM consent WHERE account = $1 AND client = $2`, a, c).Scan(&given)
	if ignoreNone(err) != nil {
		return err
	}
	all := strings.Fields(given)
	for _, s := range scope {
		if !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	_, err = tx.Exec(ctx, `INSERT INTO consent (account, client, scope, given) VALUES ($1, $2, $3, $4)
		ON CONFLICT (account, client) DO UPDATE SET scope = excluded.scope, given = excluded.given`, a, c, strings.Join(all, " "), tx.Now())
	return err
}

// App is one app an account is connected with.
type App struct {
	Client ref.Client
	Name   string
	Scope  []string
	Since  time.Time
	Used   time.Time
}

// Apps lists the apps an account is connected with (SE-05).
func Apps(ctx context.Context, r db.Reader, a ref.Account) ([]App, error) {
	return db.List(ctx, r, func(s db.Scanner) (App, error) {
		var app App
		var scope string
		err := s.Scan(&app.Client, &app.Name, &scope, db.Time(&app.Since), db.Time(&app.Used))
		app.Scope = strings.Fields(scope)
		return app, err
	}, `SELECT c.id, c.name, max(g.scope), min(g.created), max(g.used) FROM app_grant g JOIN client c ON c.id = g.client
		WHERE g.account = $1 GROUP BY c.id, c.name ORDER BY max(g.used) DESC`, a)
}

// Disconnect ends what an account gave an app, and forgets the consent.
func Disconnect(ctx context.Context, tx db.Tx, a ref.Account, c ref.Client) error {
	if _, err := tx.Exec(ctx, `DELETE FROM app_grant WHERE account = $1 AND client = $2`, a, c); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM consent WHERE account = $1 AND client = $2`, a, c)
	return err
}

// Purge removes what is over, at most n of each.
func Purge(ctx context.Context, tx db.Tx, n int) error {
	for _, stmt := range []string{
		`DELETE FROM auth_code WHERE hash IN (SELECT hash FROM auth_code WHERE expires < $1 LIMIT $2)`,
		`DELETE FROM access_token WHERE hash IN (SELECT hash FROM access_token WHERE expires < $1 LIMIT $2)`,
		`DELETE FROM refresh_token WHERE hash IN (SELECT hash FROM refresh_token WHERE expires < $1 LIMIT $2)`,
	} {
		if _, err := tx.Exec(ctx, stmt, tx.Now().Add(-time.Hour), n); err != nil {
			return err
		}
	}
	return nil
}

// EndEverybody ends every session, and everything issued in it, without telling the
// apps: they learn it when they come back.
func EndEverybody(ctx context.Context, tx db.Tx) (int64, error) {
	return session.RemoveEverybodys(ctx, tx)
}
