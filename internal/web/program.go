package web

import (
	"context"
	"errors"
	"slices"
	"strings"

	"sekisho/internal/db"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/org"
	"sekisho/internal/token"
)

// below is where a token of an organisation counts.
const below = "/api/v1/org/"

// program is the token of an organisation that a program shows, where one counts.
func (r *Request) program() (word string, is bool) {
	if r.face != API || !strings.HasPrefix(r.HTTP.URL.Path, below) {
		return "", false
	}
	given := r.given().Reveal()
	return given, r.Bearer && token.Is(given)
}

// acts finds the token and asks gate whether it counts, and whether it carries what the route
// needs. Whoever changes something is looked at again in the transaction that changes it.
func (r *Request) acts(ctx context.Context, word string, p org.Permission) (*Response, error) {
	refused := func(f *fault.Fault) (*Response, error) {
		res := Refuse(f)
		return &res, nil
	}
	var t token.Token
	var f *fault.Fault
	var standing Standing
	err := r.frame.DB.View(ctx, func(tx db.ReadTx) (err error) {
		if t, err = token.ByWord(ctx, tx, word); err != nil {
			return err
		}
		o, err := org.Of(ctx, tx, t.Org)
		if err != nil {
			return err
		}
		standing = Standing{Org: o.ID, Name: o.Name}
		standing.Held, f, err = r.frame.ActsAs(ctx, tx, r.Visitor, t)
		return err
	})
	switch {
	case errors.Is(err, db.ErrNone):
		return refused(faults.TokenRefused.New())
	case err != nil:
		return nil, err
	case f != nil:
		return refused(f)
	case p != "" && !slices.Contains(token.Carries, p):
		return refused(faults.TokenPerson.New())
	case !standing.May(p):
		return refused(faults.OrgForbidden.New().By(standing.Name))
	}
	r.Console, r.Acting = standing, t.ID
	r.Note("token", string(t.ID))
	if !t.Stale(r.Now) {
		return nil, nil
	}
	return nil, r.frame.DB.Update(ctx, func(tx db.Tx) error { return token.Touch(ctx, tx, t.ID, r.Visitor.Addr.String()) })
}
