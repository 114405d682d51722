package main

import (
	"context"
	"fmt"
	"io"

	"sekisho/internal/account"
	"sekisho/internal/app"
	"sekisho/internal/client"
	"sekisho/internal/db"
	"sekisho/internal/factor/password"
	"sekisho/internal/grant"
	"sekisho/internal/i18n"
	"sekisho/internal/session"
)

const (
	word     = "four paper cranes unfold"
	people   = 1000
	entered  = 2000 // sessions whose tokens are known
	families = 1024 // apps' refresh tokens
)

// world is what the database holds that the load programs know of.
type world struct {
	sessions, access, refresh []string
	client, clientWord        string
	jwt, jwtWord              string
	crowded                   int // people beside them

	env     []string // of the server
	waiting *waiting // sign-ins that wait for their second proof
	holders int      // people who have a second factor
}

func mail(i int) string { return fmt.Sprintf("person%04d@example.com", i) }

// seed fills a migrated database with people, sessions and apps.
func seed(ctx context.Context, env []string) (*world, error) {
	c, err := app.LoadConfig("", false, env)
	if err != nil {
		return nil, err
	}
	a, err := app.Open(ctx, c, app.Options{Log: io.Discard})
	if err != nil {
		return nil, err
	}
	defer a.Close()
	hashed, f, err := a.Entry.NewPassword(ctx, account.Account{}, word)
	if err != nil || f != nil {
		return nil, fmt.Errorf("password: %v %v", f, err)
	}
	w := &world{env: env}
	var accounts []account.Account
	for from := 0; from < people; from += 100 {
		var batch []account.Account
		err := a.DB.Update(ctx, func(tx db.Tx) error {
			batch = nil
			for i := from; i < from+100; i++ {
				id, err := account.ParseEmail(mail(i))
				if err != nil {
					return err
				}
				one, err := account.Create(ctx, tx, account.New{Name: "Person", Lang: i18n.En, Identifiers: []account.Identifier{id}, Confirmed: true})
				if err != nil {
					return err
				}
				batch = append(batch, one)
				if err := password.Set(ctx, tx, one.ID, hashed.Stored()); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		accounts = append(accounts, batch...)
	}
	for from := 0; from < entered; from += 100 {
		if err := a.DB.Update(ctx, func(tx db.Tx) error { return w.enter(ctx, tx, accounts, from) }); err != nil {
			return nil, err
		}
	}
	return w, a.DB.Update(ctx, func(tx db.Tx) error { return w.apps(ctx, tx, accounts) })
}

func (w *world) enter(ctx context.Context, tx db.Tx, accounts []account.Account, from int) error {
	w.sessions = w.sessions[:from]
	for i := from; i < from+100; i++ {
		_, token, err := session.Open(ctx, tx, session.New{Account: accounts[i%people].ID, Browser: "b", Door: "web", Lifetime: 720 * 3600e9, ACR: session.ACRSingle,
			AMR: []string{"pwd"}, Agent: "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", Addr: "192.0.2.1"})
		if err != nil {
			return err
		}
		w.sessions = append(w.sessions, token.Reveal())
	}
	return nil
}

func (w *world) apps(ctx context.Context, tx db.Tx, accounts []account.Account) error {
	w.access, w.refresh = nil, nil
	app, secret, err := client.Create(ctx, tx, client.Client{Name: "Bench", Confidential: true, FirstParty: true, Redirects: []string{"https://app.example.com/cb"},
		Scopes: client.Scopes, Grants: []string{client.Code, client.Refresh, client.Credentials}, Alg: "EdDSA", Resource: true})
	if err != nil {
		return err
	}
	w.client, w.clientWord = string(app.ID), secret.Reveal()
	robot, secret, err := client.Create(ctx, tx, client.Client{Name: "Robot", Confidential: true, Grants: []string{client.Credentials}, Alg: "EdDSA", JWT: true, Scopes: client.Scopes})
	if err != nil {
		return err
	}
	w.jwt, w.jwtWord = string(robot.ID), secret.Reveal()
	for i := range families {
		one := accounts[i%people]
		list, err := session.All(ctx, tx, one.ID)
		if err != nil {
			return err
		}
		scope := []string{"openid", "profile", "email", "offline_access"}
		code, err := grant.New(ctx, tx, grant.Grant{Account: one.ID, Client: app.ID, Session: list[0], Scope: scope, AuthTime: tx.Now(), ACR: session.ACRSingle, AMR: []string{"pwd"}}, app.Redirects[0], "")
		if err != nil {
			return err
		}
		g, err := grant.Redeem(ctx, tx, code.Reveal())
		if err != nil {
			return err
		}
		access, err := grant.Access(ctx, tx, app.ID, g.ID, scope, g.AuthTime.AddDate(0, 0, 1))
		if err != nil {
			return err
		}
		refresh, err := grant.Refresh(ctx, tx, g.ID)
		if err != nil {
			return err
		}
		w.access, w.refresh = append(w.access, access.Token.Reveal()), append(w.refresh, refresh.Reveal())
	}
	return nil
}
