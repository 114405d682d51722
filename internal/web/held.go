package web

import (
	"context"
	"errors"

	"sekisho/internal/account"
	"sekisho/internal/db"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
	"sekisho/internal/session"
)

// Held is one account this browser is signed in to.
type Held struct {
	Slot    int
	Here    bool
	Session session.Session
	Account account.Account
}

// Held reads the accounts this browser is signed in to (SI-29). Cookies that
// open nothing any more are taken away.
func (r *Request) Held(ctx context.Context) ([]Held, error) {
	var out []Held
	var gone []int
	err := r.frame.DB.View(ctx, func(tx db.ReadTx) error {
		out, gone = nil, nil
		for _, slot := range r.Slots() {
			s, err := session.ByToken(ctx, tx, slot.Token.Reveal())
			if errors.Is(err, db.ErrNone) {
				gone = append(gone, slot.N)
				continue
			}
			if err != nil {
				return err
			}
			a, err := account.Of(ctx, tx, s.Account)
			if err != nil {
				return err
			}
			out = append(out, Held{slot.N, slot.Here, s, a})
		}
		return nil
	})
	for _, n := range gone {
		r.Drop(n)
	}
	return out, err
}

// Account reads the account of the request's session.
func (r *Request) Account(ctx context.Context) (a account.Account, err error) {
	err = r.frame.DB.View(ctx, func(tx db.ReadTx) (err error) {
		a, err = account.Of(ctx, tx, r.Session.Account)
		return err
	})
	return a, err
}

// Renew keeps the new token of the session in use, where it came with a cookie.
func (r *Request) Renew(token secret.Text) {
	if token == "" || r.Bearer {
		return
	}
	for _, s := range r.Slots() {
		if s.Here {
			r.Keep(r.Session, token, s.N)
		}
	}
}

// Admit puts a session that a journey opened into this browser, in the slot of
// the same account, else a free one. It names the session it pushed out, which
// the door ends.
func (r *Request) Admit(ctx context.Context, s session.Session, token secret.Text) (pushed ref.Session, err error) {
	held, err := r.Held(ctx)
	if err != nil {
		return "", err
	}
	slot := r.FreeSlot()
	for _, h := range held {
		if h.Account.ID == s.Account {
			slot = h.Slot
		}
	}
	for _, h := range held {
		if h.Slot == slot && h.Session.ID != s.ID {
			pushed = h.Session.ID
		}
	}
	r.Keep(s, token, slot)
	return pushed, nil
}
