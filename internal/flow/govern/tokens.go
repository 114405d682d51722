package govern

import (
	"context"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/faults"
	"sekisho/internal/org"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
	"sekisho/internal/token"
)

// AddToken makes a token of permissions that whoever makes it holds. It is seen this once.
func (g *Govern) AddToken(ctx context.Context, by By, t token.Token) (made token.Token, word secret.Text, err error) {
	if by.Operator {
		return t, "", ErrForbidden // a token is its maker's: it does what they may do
	}
	if t.Name, err = org.ParseName(t.Name); err != nil {
		return t, "", err
	}
	err = g.change(ctx, by, t.Org, org.Settings, func(tx db.Tx, x *act) (err error) {
		if !org.Within(x.held, t.Permissions) {
			return ErrForbidden
		}
		t.Maker = by.Session.Account
		if made, word, err = token.Make(ctx, tx, t); err != nil {
			return err
		}
		return x.noteToken(ctx, tx, "token.added", made)
	})
	return made, word, err
}

// RevokeToken ends a token, whoever made it.
func (g *Govern) RevokeToken(ctx context.Context, by By, o ref.Org, id ref.Token) error {
	return g.change(ctx, by, o, org.Settings, func(tx db.Tx, x *act) error {
		t, err := token.InOrg(ctx, tx, o, id)
		if err != nil {
			return err
		}
		if err := token.Revoke(ctx, tx, o, id); err != nil {
			return err
		}
		return x.noteToken(ctx, tx, "token.revoked", t)
	})
}

func (x *act) noteToken(ctx context.Context, tx db.Tx, kind string, t token.Token) error {
	return x.note(ctx, tx, kind, "", told{What: t.Name, Whom: string(t.ID), Parts: struct {
		Permissions []org.Permission `json:"permissions"`
		Maker       ref.Account      `json:"maker"`
		Expires     time.Time        `json:"expires_at"`
	}{t.Permissions, t.Maker, t.Expires.UTC()}})
}

// program asks whether a token acts: in the transaction of the act, as of a member. What needs
// a person is refused whatever it carries.
func (x *act) program(ctx context.Context, tx db.Tx, o ref.Org, need org.Permission) error {
	t, err := token.Of(ctx, tx, x.by.Token)
	if err != nil || t.Org != o {
		return db.ErrNone
	}
	held, f, err := x.ActsAs(ctx, tx, x.by.Visitor, t)
	switch {
	case err != nil:
		return err
	case f != nil:
		return &Refused{f}
	case !org.Within(token.Carries, []org.Permission{need}):
		return &Refused{faults.TokenPerson.New()}
	case !org.Within(held, []org.Permission{need}):
		return ErrForbidden
	}
	x.held, x.by.maker = held, t.Maker
	return nil
}

// person refuses a program what only somebody who is there does, whatever it carries: what
// is erased does not come back.
func (x *act) person() error {
	if x.by.Token != "" {
		return &Refused{faults.TokenPerson.New()}
	}
	return nil
}
