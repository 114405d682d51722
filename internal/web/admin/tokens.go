package admin

import (
	"context"
	"slices"
	"strconv"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/db"
	"sekisho/internal/faults"
	"sekisho/internal/org"
	"sekisho/internal/ref"
	"sekisho/internal/token"
	"sekisho/internal/web"
)

// Pages of API tokens.
type (
	// Tokens lists an organisation's.
	Tokens struct {
		List   []TokenLine
		Secret string // of the one that was made now; shown once
		Done   string
	}
	// TokenLine is one of them.
	TokenLine struct {
		token.Token
		By   string // who made it
		Gone bool   // who made it is no member, or has been away since
	}
	// TokenForm makes one; what was typed stays.
	TokenForm struct {
		Name string
		Days string
		Can  []TokenPower
	}
	// TokenPower is a permission that can be chosen.
	TokenPower struct {
		Name org.Permission
		On   bool
	}
	// TokenAsk asks once before one ends.
	TokenAsk struct{ TokenLine }
)

func (d *Door) tokenRoutes() []web.Route {
	const p = org.Settings
	return []web.Route{
		see("/admin/tokens", p, d.tokens), ask("/admin/tokens/new", p, d.tokenNew), do("/admin/tokens/new", p, d.tokenAdd),
		ask("/admin/tokens/revoke", p, d.tokenAsk), do("/admin/tokens/revoke", p, d.tokenRevoke),
	}
}

func (d *Door) tokens(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	return d.tokensPage(ctx, r, Tokens{Done: q["done"]})
}

func (d *Door) tokensPage(ctx context.Context, r *web.Request, p Tokens) (web.Response, error) {
	err := d.view(ctx, func(tx db.ReadTx) error {
		p.List = nil
		list, err := token.List(ctx, tx, r.Console.Org)
		if err != nil {
			return err
		}
		for _, t := range list {
			line, err := lineOf(ctx, tx, t)
			if err != nil {
				return err
			}
			p.List = append(p.List, line)
		}
		return nil
	})
	return web.Show("admin/tokens", p), err
}

func lineOf(ctx context.Context, r db.Reader, t token.Token) (TokenLine, error) {
	line := TokenLine{Token: t}
	a, err := account.Of(ctx, r, t.Maker)
	if err != nil {
		return line, err
	}
	line.By = a.Name
	m, err := org.Anywhere(ctx, r, t.Maker)
	line.Gone = err != nil || m.Org != t.Org || m.Inactive || m.Joined.After(t.Created) || a.State != account.Active
	return line, none(err)
}

// none takes what is not there for nothing.
func none(err error) error {
	if err == db.ErrNone {
		return nil
	}
	return err
}

// tokenForm is the form with what whoever makes a token can give it.
func tokenForm(r *web.Request, chosen []string) TokenForm {
	p := TokenForm{Days: "90"}
	for _, x := range token.Carries {
		if r.Console.May(x) {
			p.Can = append(p.Can, TokenPower{x, slices.Contains(chosen, string(x))})
		}
	}
	return p
}

func (d *Door) tokenNew(_ context.Context, r *web.Request) (web.Response, error) {
	return web.Show("admin/tokens-new", tokenForm(r, nil)), nil
}

func (d *Door) tokenAdd(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form("can")
	if err != nil {
		return web.Response{}, err
	}
	p := tokenForm(r, r.Many("can"))
	p.Name, p.Days = form["name"], form["days"]
	days, err := strconv.Atoi(form["days"])
	if err != nil || days < 1 || days > 365 {
		return web.Show("admin/tokens-new", p).With(faults.TokenExpires.New()), nil
	}
	t := token.Token{Org: r.Console.Org, Name: p.Name, Expires: r.Now.Add(time.Duration(days) * 24 * time.Hour)}
	for _, x := range r.Many("can") {
		t.Permissions = append(t.Permissions, org.Permission(x))
	}
	_, word, err := d.Govern.AddToken(ctx, by(r), t)
	if err != nil {
		return told(web.Show("admin/tokens-new", p), err)
	}
	return d.tokensPage(ctx, r, Tokens{Secret: word.Reveal()})
}

func (d *Door) tokenAsk(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	var p TokenAsk
	err = d.view(ctx, func(tx db.ReadTx) error {
		t, err := token.InOrg(ctx, tx, r.Console.Org, ref.Token(q["id"]))
		if err != nil {
			return err
		}
		p.TokenLine, err = lineOf(ctx, tx, t)
		return err
	})
	return told(web.Show("admin/tokens-revoke", p), err)
}

func (d *Door) tokenRevoke(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	return told(web.Go("/admin/tokens?done=revoked"), d.Govern.RevokeToken(ctx, by(r), r.Console.Org, ref.Token(form["id"])))
}
