package join

import (
	"context"
	"encoding/base64"
	"errors"

	"sekisho/internal/account"
	"sekisho/internal/audit"
	"sekisho/internal/db"
	"sekisho/internal/factor/password"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/flow"
	"sekisho/internal/flow/enter"
	"sekisho/internal/gate"
	"sekisho/internal/secret"
)

// Owner is what the first account is made of.
type Owner struct {
	Key      string
	Name     string
	Email    string
	Password string
}

// NewOwnerKey is the key in the link that makes the first account. It is the
// same at every start, because it is good only until it was used.
func (j *Join) NewOwnerKey() string {
	return base64.RawURLEncoding.EncodeToString(j.Ring.MAC("owner"))
}

// OwnerKey says whether a key still makes the first account.
func (j *Join) OwnerKey(ctx context.Context, key string) (*fault.Fault, error) {
	if !secret.Equal(key, j.NewOwnerKey()) {
		return faults.SetupUsed.New(), nil
	}
	var over bool
	err := j.DB.View(ctx, func(tx db.ReadTx) (err error) {
		over, err = ownerKeyOver(ctx, tx)
		return err
	})
	if err == nil && over {
		return faults.SetupUsed.New(), nil
	}
	return nil, err
}

// ownerKeyOver says whether the link has ended. Sign-ups do not end it: whoever
// found the page before its owner would take the link away.
func ownerKeyOver(ctx context.Context, r db.Reader) (bool, error) {
	var n int64
	err := r.QueryRow(ctx, `SELECT count(*) FROM owner`).Scan(&n)
	return n > 0, err
}

// EndOwnerKey ends the link, because the operator made an account at the terminal
// and needs it no more: a link that nobody means to use must not stand in logs.
func EndOwnerKey(ctx context.Context, tx db.Tx) error {
	_, err := tx.Exec(ctx, `INSERT INTO owner (one, made) VALUES (1, $1) ON CONFLICT (one) DO NOTHING`, tx.Now())
	return err
}

// Owner makes the first account and signs it in. The row it takes can be taken
// once: of several who hold the link at the same instant, one wins.
func (j *Join) Owner(ctx context.Context, v flow.Visitor, o Owner) (View, error) {
	if f, err := j.OwnerKey(ctx, o.Key); err != nil || f != nil {
		return View{Fault: f}, err
	}
	name, err := account.ParseName(o.Name)
	if err != nil {
		return View{Fault: faults.NameMalformed.New()}, nil
	}
	email, err := account.ParseEmail(o.Email)
	if err != nil {
		return View{Fault: faults.IdentifierMalformed.New()}, nil
	}
	if f := j.Group(email); f != nil {
		return View{Fault: f}, nil
	}
	word, f, err := j.NewPassword(ctx, account.Account{Name: name, Email: account.Address{Identifier: email}}, o.Password)
	if err != nil || f != nil {
		return View{Fault: f}, err
	}
	var view View
	err = j.DB.Update(ctx, func(tx db.Tx) error {
		view = View{Step: Finished}
		over, err := ownerKeyOver(ctx, tx)
		if err != nil {
			return err
		}
		if over {
			view.Fault = faults.SetupUsed.New()
			return nil
		}
		// Somebody signed up with it before, and reads its mailbox. Who holds the link
		// runs this machine and may know; another account under it could not be found.
		_, err = account.Owner(ctx, tx, email)
		if err == nil {
			view.Fault = faults.AddressTaken.New()
			return nil
		}
		if !errors.Is(err, db.ErrNone) {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO owner (one, made) VALUES (1, $1)`, tx.Now()); err != nil {
			return err
		}
		// Whoever holds the link runs this machine; whether the address is theirs is
		// asked after the next sign-in. A slip of the finger must not open the
		// owner's account to a stranger's mailbox.
		a, err := account.Create(ctx, tx, account.New{Name: name, Lang: v.Lang, Identifiers: []account.Identifier{email}, Active: true})
		if err != nil {
			return err
		}
		if err := password.Set(ctx, tx, a.ID, word.Stored()); err != nil {
			return err
		}
		if _, err := audit.Write(ctx, tx, audit.Event{Kind: "account.created", Account: a.ID, Actor: "operator",
			Addr: v.Addr.String(), Agent: v.Program, Place: v.Place}); err != nil {
			return err
		}
		res, err := j.Enter(ctx, tx, enter.Who{Visitor: v, Account: a, Proofs: []gate.Proof{{Kind: gate.Password, At: tx.Now(), Turn: a.Turn}}})
		view.Opened, view.Fault = res.Opened, res.Fault
		return err
	})
	if errors.Is(err, db.ErrTaken) {
		return View{Fault: faults.SetupUsed.New()}, nil
	}
	return view, err
}
