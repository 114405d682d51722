// Package access lists everything that has access to an account in one model:
// sessions, trusted browsers, ways to prove oneself, connected apps (SE-05).
//
// It only reads. What ends one of them stands in the journey that owns the act:
// change for sessions and apps, enrol for factors and trusted browsers.
package access

import (
	"context"
	"errors"
	"slices"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/db"
	"sekisho/internal/factor/backup"
	"sekisho/internal/factor/passphrase"
	"sekisho/internal/flow/enter"
	"sekisho/internal/gate"
	"sekisho/internal/grant"
	"sekisho/internal/ref"
	"sekisho/internal/session"
)

// Access reads the list.
type Access struct{ *enter.Entry }

// Kind of thing that has access. A factor's is that of its proof.
type Kind string

// The kinds there are beside the kinds of proof.
const (
	Session Kind = "session"
	Browser Kind = "browser" // trusted
	App     Kind = "app"     // connected
)

// Group is what a list is filtered by.
type Group string

// The groups there are.
const (
	Sessions Group = "sessions"
	Browsers Group = "browsers"
	Factors  Group = "factors"
	Apps     Group = "apps"
)

// Groups are in the order of the list.
var Groups = []Group{Sessions, Browsers, Factors, Apps}

// Group is which filter shows a kind.
func (k Kind) Group() Group {
	switch k {
	case Session:
		return Sessions
	case Browser:
		return Browsers
	case App:
		return Apps
	}
	return Factors
}

// Item is one thing that has access.
type Item struct {
	Kind      Kind
	ID        string   // empty where the account has at most one of the kind
	Name      string   // what its owner calls it; empty for browsers, which Agent tells
	Detail    []string // methods of a session, scopes of an app, "synced" of a passkey
	Agent     string   // the User-Agent header, cut
	Place     string
	Addr      string
	Since     time.Time
	LastUsed  time.Time // zero: never
	Until     time.Time // zero: no end of its own
	Left, Of  int       // backup codes
	Here      bool      // this very session or browser
	Revocable bool
}

// List reads all of it, group by group, the last used first.
func (x *Access) List(ctx context.Context, s session.Session) (out []Item, err error) {
	err = x.DB.View(ctx, func(tx db.ReadTx) error {
		out = nil
		a, err := account.Of(ctx, tx, s.Account)
		if err != nil {
			return err
		}
		for _, read := range []func(context.Context, db.Reader, account.Account, session.Session) ([]Item, error){x.sessions, x.browsers, x.factors, x.spares, x.apps} {
			list, err := read(ctx, tx, a, s)
			if err != nil {
				return err
			}
			out = append(out, list...)
		}
		return nil
	})
	return out, err
}

func (x *Access) sessions(ctx context.Context, r db.Reader, a account.Account, here session.Session) ([]Item, error) {
	list, err := x.Living(ctx, r, a.ID)
	var out []Item
	for _, s := range list {
		out = append(out, Item{Kind: Session, ID: string(s.ID), Detail: s.AMR, Agent: s.Agent, Place: s.Place, Addr: s.Addr,
			Since: s.Created, LastUsed: s.LastUsed, Until: s.Expires, Here: s.ID == here.ID, Revocable: true})
	}
	return out, err
}

func (x *Access) browsers(ctx context.Context, r db.Reader, a account.Account, here session.Session) ([]Item, error) {
	list, err := x.Trusts(ctx, r, a.ID)
	var out []Item
	for _, t := range list {
		out = append(out, Item{Kind: Browser, ID: string(t.ID), Agent: t.Agent, Place: t.Place, Addr: t.Addr,
			Since: t.Created, LastUsed: t.LastUsed, Until: t.Expires, Here: t.Browser == here.Browser, Revocable: true})
	}
	return out, err
}

// factors can be removed, but for the last one where the policy demands one.
func (x *Access) factors(ctx context.Context, r db.Reader, a account.Account, _ session.Session) ([]Item, error) {
	set, err := x.SetOf(ctx, r, a)
	if err != nil {
		return nil, err
	}
	free := !set.Rules.SecondFactor.Demanded || len(set.Apps)+len(set.Keys)+len(set.Numbers)+len(set.Devices) > 1
	var out []Item
	add := func(k gate.Kind, id ref.Factor, name string, since, used time.Time) {
		out = append(out, Item{Kind: Kind(k), ID: string(id), Name: name, Since: since, LastUsed: used, Revocable: free})
	}
	for _, d := range set.Devices {
		out = append(out, Item{Kind: Kind(gate.Tegata), ID: string(d.ID), Name: d.Name, Agent: d.Agent, Place: d.Place, Addr: d.Addr,
			Since: d.Created, LastUsed: d.LastSeen, Revocable: free})
	}
	for _, f := range set.Apps {
		add(gate.TOTP, f.ID, f.Name, f.Created, f.LastUsed)
	}
	for _, f := range set.Keys {
		add(gate.Passkey, f.ID, f.Name, f.Created, f.LastUsed)
		if f.Synced {
			out[len(out)-1].Detail = []string{"synced"}
		}
	}
	for _, f := range set.Numbers {
		add(gate.SMSCode, f.ID, account.Identifier{Kind: account.Mobile, Norm: f.Norm}.Masked(), f.Created, f.LastUsed)
	}
	slices.SortStableFunc(out, func(a, b Item) int { return b.LastUsed.Compare(a.LastUsed) })
	return out, nil
}

// spares are what stands in for a factor that is out of reach.
func (x *Access) spares(ctx context.Context, r db.Reader, a account.Account, _ session.Session) ([]Item, error) {
	var out []Item
	left, of, made, err := backup.Left(ctx, r, a.ID)
	if err != nil {
		return nil, err
	}
	if of > 0 {
		out = append(out, Item{Kind: Kind(gate.Backup), Since: made, Left: left, Of: of})
	}
	rec, err := passphrase.Of(ctx, r, a.ID)
	if errors.Is(err, db.ErrNone) {
		return out, nil
	}
	return append(out, Item{Kind: Kind(gate.Passphrase), Since: rec.SetAt, LastUsed: rec.LastUsed, Revocable: true}), err
}

func (x *Access) apps(ctx context.Context, r db.Reader, a account.Account, _ session.Session) ([]Item, error) {
	list, err := grant.Apps(ctx, r, a.ID)
	var out []Item
	for _, g := range list {
		out = append(out, Item{Kind: App, ID: string(g.Client), Name: g.Name, Detail: g.Scope, Since: g.Since, LastUsed: g.Used, Revocable: true})
	}
	return out, err
}
