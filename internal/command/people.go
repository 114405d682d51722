package command

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"sekisho/internal/account"
	"sekisho/internal/app"
	"sekisho/internal/audit"
	"sekisho/internal/client"
	"sekisho/internal/db"
	"sekisho/internal/factor/password"
	"sekisho/internal/flow/join"
	"sekisho/internal/i18n"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
)

func (p *program) accounts() *cobra.Command {
	return group("account", "Make, list, close and open accounts",
		p.accountCreate(), p.accountList(),
		p.accountChange("disable", "Close an account; its sessions, apps and trusted browsers end", disable),
		p.accountChange("enable", "Open a disabled or deleted account again", enable),
		p.accountDelete(), p.accountAddress(), p.accountBackupCode(), p.accountUnlock())
}

type shownAccount struct {
	ID         ref.Account   `json:"id"`
	State      account.State `json:"state"`
	Name       string        `json:"name"`
	Email      string        `json:"email,omitempty"`
	Username   string        `json:"username,omitempty"`
	Created    time.Time     `json:"created_at"`
	LastSignin *time.Time    `json:"last_signin_at,omitempty"`
	Contained  *time.Time    `json:"contained_at,omitempty"` // until a recovery nobody signs in
	Password   string        `json:"password,omitempty"`
}

func show(a account.Account) shownAccount {
	s := shownAccount{ID: a.ID, State: a.State, Name: a.Name, Email: a.Email.Shown, Username: a.Username, Created: a.Created.UTC()}
	if !a.LastSignin.IsZero() {
		at := a.LastSignin.UTC()
		s.LastSignin = &at
	}
	if !a.Contained.IsZero() {
		at := a.Contained.UTC()
		s.Contained = &at
	}
	return s
}

func (p *program) accountCreate() *cobra.Command {
	var name, lang string
	var stdin, hosted, shared bool
	c := &cobra.Command{Use: "create IDENTIFIER…", Short: "Make an account; without --password-stdin one is made up and shown once", Args: args(cobra.MinimumNArgs(1))}
	c.Flags().StringVar(&name, "name", "", "name to show (else the first identifier)")
	c.Flags().StringVar(&lang, "lang", "en", "language of its mails: ja or en")
	c.Flags().BoolVar(&stdin, "password-stdin", false, "read the password from standard input")
	c.Flags().BoolVar(&hosted, "hosted", false, "its mailbox is opened by this account: no code to sign in is sent there")
	c.Flags().BoolVar(&shared, "shared", false, "its mailboxes are shared: no code to sign in or to reset the password is sent there")
	c.RunE = func(c *cobra.Command, given []string) error {
		n := account.New{Name: name, Hosted: hosted, Shared: shared, Confirmed: true}
		var ok bool
		if n.Lang, ok = i18n.Parse(lang); !ok {
			return ended{Usage, errors.New("--lang is ja or en")}
		}
		for _, raw := range given {
			id, err := account.Parse(raw)
			if err != nil {
				return ended{Usage, fmt.Errorf("%q: %w", raw, err)}
			}
			n.Identifiers = append(n.Identifiers, id)
		}
		if n.Name == "" {
			n.Name = n.Identifiers[0].Shown
		}
		word, made, err := newWord(c.InOrStdin(), stdin)
		if err != nil {
			return err
		}
		return p.with(c, func(ctx context.Context, a *app.App) error {
			out, err := createAccount(ctx, a, n, word, made)
			if err != nil {
				return err
			}
			return p.print(out, func(w io.Writer) {
				fmt.Fprintf(w, "%s\t%s\n", out.ID, out.Name)
				if made {
					fmt.Fprintf(w, "password (shown once; a new one is asked for at the first sign-in):\t%s\n", out.Password)
				}
			})
		})
	}
	return c
}

func newWord(in io.Reader, stdin bool) (word string, made bool, err error) {
	if !stdin {
		return secret.Token().Reveal()[:20], true, nil
	}
	line, err := bufio.NewReader(io.LimitReader(in, 4096)).ReadString('\n')
	if err != nil && err != io.EOF {
		return "", false, err
	}
	return strings.TrimRight(line, "\r\n"), false, nil
}

func createAccount(ctx context.Context, a *app.App, n account.New, word string, must bool) (shownAccount, error) {
	for _, id := range n.Identifiers {
		if f := a.Entry.Group(id); f != nil && !n.Shared {
			t := f.Say(i18n.En, time.UTC)
			return shownAccount{}, fmt.Errorf("%s: %s (%s) %s To make the account all the same, add --shared", id.Shown, t.What, f.Code(), t.Why)
		}
	}
	about := account.Account{Name: n.Name, Email: account.Address{Identifier: n.Identifiers[0]}}
	hashed, f, err := a.Entry.NewPassword(ctx, about, word)
	if err != nil {
		return shownAccount{}, err
	}
	if f != nil {
		t := f.Say(i18n.En, time.UTC)
		return shownAccount{}, fmt.Errorf("%s (%s) %s", t.What, f.Code(), t.Why)
	}
	var made account.Account
	err = a.DB.Update(ctx, func(tx db.Tx) error {
		if made, err = account.Create(ctx, tx, n); err != nil {
			return err
		}
		if err := password.Set(ctx, tx, made.ID, hashed.Stored()); err != nil {
			return err
		}
		if err := join.EndOwnerKey(ctx, tx); err != nil {
			return err
		}
		if must {
			if err := password.Order(ctx, tx, made.ID); err != nil {
				return err
			}
		}
		_, err := audit.Write(ctx, tx, audit.Event{Kind: "account.created", Account: made.ID, Actor: "operator"})
		return err
	})
	if errors.Is(err, db.ErrTaken) {
		return shownAccount{}, errors.New("an identifier is another account's already")
	}
	out := show(made)
	if must {
		out.Password = word
	}
	return out, err
}

func (p *program) accountList() *cobra.Command {
	return &cobra.Command{Use: "list", Short: "List accounts", Args: args(cobra.NoArgs), RunE: func(c *cobra.Command, _ []string) error {
		return p.with(c, func(ctx context.Context, a *app.App) error {
			out := []shownAccount{}
			const page = 500
			for after := ref.Account(""); ; {
				var list []account.Account
				err := a.DB.View(ctx, func(tx db.ReadTx) (err error) {
					list, err = account.List(ctx, tx, after, page)
					return err
				})
				if err != nil {
					return err
				}
				for _, x := range list {
					out, after = append(out, show(x)), x.ID
				}
				if len(list) < page {
					break
				}
			}
			return p.print(out, func(w io.Writer) {
				for _, s := range out {
					fmt.Fprintf(w, "%s\t%s\t%s\t%s %s\n", s.ID, s.State, s.Name, s.Email, s.Username)
				}
			})
		})
	}}
}

// find reads an account by its name or by an identifier.
func find(ctx context.Context, r db.Reader, what string) (account.Account, error) {
	if id, ok := ref.ParseAccount(what); ok {
		return account.Of(ctx, r, id)
	}
	id, err := account.Parse(what)
	if err != nil {
		return account.Account{}, ended{Usage, fmt.Errorf("%q: %w", what, err)}
	}
	return account.Find(ctx, r, id)
}

type change func(ctx context.Context, tx db.Tx, a *app.App, id ref.Account) error

func disable(ctx context.Context, tx db.Tx, a *app.App, id ref.Account) error {
	return a.Entry.Disable(ctx, tx, id)
}

func enable(ctx context.Context, tx db.Tx, _ *app.App, id ref.Account) error {
	return account.Enable(ctx, tx, id)
}

func (p *program) accountChange(verb, short string, do change) *cobra.Command {
	return &cobra.Command{Use: verb + " ACCOUNT", Short: short, Args: args(cobra.ExactArgs(1)), RunE: func(c *cobra.Command, given []string) error {
		return p.changeAccount(c, given[0], "account."+verb+"d", do)
	}}
}

func (p *program) changeAccount(c *cobra.Command, what, kind string, do change) error {
	return p.with(c, func(ctx context.Context, a *app.App) error {
		var found account.Account
		already := false
		err := a.DB.Update(ctx, func(tx db.Tx) (err error) {
			if found, err = find(ctx, tx, what); err != nil {
				return none(err, "there is no account %s", what)
			}
			if err := do(ctx, tx, a, found.ID); err != nil {
				// What a script asked for twice is so, and nothing to complain about.
				already = errors.Is(err, db.ErrNone) && stands(kind, found.State)
				switch {
				case already:
					return nil
				case errors.Is(err, db.ErrNone):
					return fmt.Errorf("the account is %s", found.State)
				}
				return err
			}
			if _, err = audit.Write(ctx, tx, audit.Event{Kind: kind, Account: found.ID, Actor: "operator"}); err != nil {
				return err
			}
			found, err = account.Of(ctx, tx, found.ID)
			return err
		})
		if err != nil {
			return err
		}
		return p.print(show(found), func(w io.Writer) {
			said := string(found.State)
			if already {
				said += " already"
			}
			fmt.Fprintf(w, "%s\t%s\n", found.ID, said)
		})
	})
}

// stands says whether a state is what a change leads to.
func stands(kind string, s account.State) bool {
	switch kind {
	case "account.disabled":
		return s == account.Disabled
	case "account.enabled":
		return s == account.Active || s == account.Unconfirmed
	}
	return false
}

func (p *program) accountDelete() *cobra.Command {
	days := 30
	c := &cobra.Command{Use: "delete ACCOUNT", Short: "Close an account now and erase it later; enable takes it back until then", Args: args(cobra.ExactArgs(1))}
	c.Flags().IntVar(&days, "after", 30, "days until it is erased")
	c.RunE = func(c *cobra.Command, given []string) error {
		if days < 0 || days > 3650 {
			return ended{Usage, errors.New("--after is 0 to 3650 days")}
		}
		return p.changeAccount(c, given[0], "account.deleted", func(ctx context.Context, tx db.Tx, a *app.App, id ref.Account) error {
			return a.Entry.Delete(ctx, tx, id, tx.Now().AddDate(0, 0, days))
		})
	}
	return c
}

func (p *program) clients() *cobra.Command {
	return group("client", "Register apps that sign people in", p.clientCreate(), p.clientList(), p.clientRotate(), p.clientDelete())
}

type withSecret struct {
	client.Client
	Secret string `json:"client_secret,omitempty"`
}

func (p *program) clientCreate() *cobra.Command {
	var x client.Client
	var public bool
	c := &cobra.Command{Use: "create NAME", Short: "Register an app; its secret is shown once", Args: args(cobra.ExactArgs(1))}
	f := c.Flags()
	f.BoolVar(&public, "public", false, "an app that cannot keep a secret: in a browser or on a phone")
	f.StringSliceVar(&x.Redirects, "redirect", nil, "address the app may be sent back to, letter for letter (repeat)")
	f.StringSliceVar(&x.Logouts, "logout-redirect", nil, "address to return to after signing out (repeat)")
	f.StringVar(&x.Backchannel, "backchannel", "", "address told of a session's end")
	f.StringSliceVar(&x.Scopes, "scope", client.Scopes, "scopes the app may ask for")
	f.StringSliceVar(&x.Grants, "grant", []string{client.Code, client.Refresh}, "grant types: authorization_code, refresh_token, client_credentials")
	f.StringVar(&x.Alg, "alg", "EdDSA", "algorithm of its ID tokens: EdDSA, ES256 or RS256")
	f.BoolVar(&x.JWT, "jwt", false, "client credentials give JWT access tokens (RFC 9068)")
	f.BoolVar(&x.Pairwise, "pairwise", false, "its subjects are unlike every other sector's")
	f.StringVar(&x.Sector, "sector", "", "sector of pairwise subjects; empty: the redirect's host")
	f.BoolVar(&x.FirstParty, "first-party", false, "the operator's own: people are not asked for consent")
	f.BoolVar(&x.Resource, "resource", false, "may introspect every app's tokens")
	c.RunE = func(c *cobra.Command, given []string) error {
		x.Name, x.Confidential = given[0], !public
		return p.with(c, func(ctx context.Context, a *app.App) error {
			if err := x.Check(); err != nil {
				return ended{Usage, err}
			}
			var out withSecret
			err := a.DB.Update(ctx, func(tx db.Tx) error {
				made, word, err := client.Create(ctx, tx, x)
				if err != nil {
					return err
				}
				out = withSecret{made, word.Reveal()}
				_, err = audit.Write(ctx, tx, audit.Event{Kind: "client.created", Actor: "operator", Client: made.ID})
				return err
			})
			if err != nil {
				return err
			}
			return p.print(out, func(w io.Writer) {
				fmt.Fprintf(w, "client_id\t%s\n", out.ID)
				if out.Secret != "" {
					fmt.Fprintf(w, "client_secret (shown once)\t%s\n", out.Secret)
				}
				fmt.Fprintf(w, "issuer\t%s\n", a.URL)
			})
		})
	}
	return c
}

func (p *program) clientList() *cobra.Command {
	return &cobra.Command{Use: "list", Short: "List apps", Args: args(cobra.NoArgs), RunE: func(c *cobra.Command, _ []string) error {
		return p.with(c, func(ctx context.Context, a *app.App) error {
			list := []client.Client{}
			err := a.DB.View(ctx, func(tx db.ReadTx) error {
				found, err := client.List(ctx, tx)
				list = append(list, found...)
				return err
			})
			if err != nil {
				return err
			}
			return p.print(list, func(w io.Writer) {
				for _, x := range list {
					fmt.Fprintf(w, "%s\t%s\t%s\n", x.ID, x.Name, strings.Join(x.Redirects, " "))
				}
			})
		})
	}}
}

func (p *program) clientRotate() *cobra.Command {
	now := false
	c := &cobra.Command{Use: "rotate CLIENT", Short: "Make a new secret; the old one holds for a day", Args: args(cobra.ExactArgs(1))}
	c.Flags().BoolVar(&now, "now", false, "the old secret ends at once")
	c.RunE = func(c *cobra.Command, given []string) error {
		overlap := client.Overlap
		if now {
			overlap = 0
		}
		return p.with(c, func(ctx context.Context, a *app.App) error {
			var word secret.Text
			err := a.DB.Update(ctx, func(tx db.Tx) (err error) {
				if word, err = client.Rotate(ctx, tx, ref.Client(given[0]), overlap); err != nil {
					return err
				}
				_, err = audit.Write(ctx, tx, audit.Event{Kind: "client.rotated", Actor: "operator", Client: ref.Client(given[0])})
				return err
			})
			if err != nil {
				return none(err, "there is no app %s; sekisho client list names them", given[0])
			}
			return p.print(map[string]string{"client_id": given[0], "client_secret": word.Reveal()}, func(w io.Writer) {
				fmt.Fprintf(w, "client_secret (shown once)\t%s\n", word.Reveal())
			})
		})
	}
	return c
}

func (p *program) clientDelete() *cobra.Command {
	return &cobra.Command{Use: "delete CLIENT", Short: "Remove an app and everything issued to it", Args: args(cobra.ExactArgs(1)), RunE: func(c *cobra.Command, given []string) error {
		return p.with(c, func(ctx context.Context, a *app.App) error {
			err := a.DB.Update(ctx, func(tx db.Tx) error {
				if err := client.Delete(ctx, tx, ref.Client(given[0])); err != nil {
					return err
				}
				_, err := audit.Write(ctx, tx, audit.Event{Kind: "client.deleted", Actor: "operator", Client: ref.Client(given[0])})
				return err
			})
			if err != nil {
				return none(err, "there is no app %s; sekisho client list names them", given[0])
			}
			return p.print(map[string]string{"client_id": given[0]}, func(w io.Writer) { fmt.Fprintln(w, "removed", given[0]) })
		})
	}}
}

// exists says whether a file is there.
func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
