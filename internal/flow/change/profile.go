package change

import (
	"context"

	"sekisho/internal/account"
	"sekisho/internal/audit"
	"sekisho/internal/db"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/flow"
	"sekisho/internal/grant"
	"sekisho/internal/i18n"
	"sekisho/internal/ref"
	"sekisho/internal/session"
	"time"
)

// Profile is what a person may change about how they are shown.
type Profile struct {
	Name string
	Lang i18n.Lang
	Zone string // IANA name; empty: the server's
}

// Profile changes it.
func (c *Change) Profile(ctx context.Context, v flow.Visitor, s session.Session, p Profile) (*fault.Fault, error) {
	name, err := account.ParseName(p.Name)
	if err != nil {
		return faults.NameMalformed.New(), nil
	}
	if _, err := time.LoadLocation(p.Zone); err != nil || len(p.Zone) > 60 {
		return faults.ZoneUnknown.New(), nil
	}
	return nil, c.DB.Update(ctx, func(tx db.Tx) error {
		a, err := account.Lock(ctx, tx, s.Account)
		if err != nil {
			return err
		}
		a.Name, a.Lang, a.Zone = name, p.Lang, p.Zone
		if err := account.Profile(ctx, tx, a); err != nil {
			return err
		}
		return note(ctx, tx, "profile.changed", v, s, "")
	})
}

// Disconnect ends what the account gave an app.
func (c *Change) Disconnect(ctx context.Context, v flow.Visitor, s session.Session, app ref.Client) error {
	return c.DB.Update(ctx, func(tx db.Tx) error {
		if err := grant.Disconnect(ctx, tx, s.Account, app); err != nil {
			return err
		}
		return note(ctx, tx, "app.disconnected", v, s, app)
	})
}

func note(ctx context.Context, tx db.Tx, kind string, v flow.Visitor, s session.Session, app ref.Client) error {
	_, err := audit.Write(ctx, tx, audit.Event{Kind: kind, Account: s.Account, Actor: string(s.Account), Session: s.ID, Client: app,
		Addr: v.Addr.String(), Agent: v.Program, Place: v.Place})
	return err
}
