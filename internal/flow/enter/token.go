package enter

import (
	"context"
	"errors"
	"slices"

	"sekisho/internal/account"
	"sekisho/internal/audit"
	"sekisho/internal/db"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/flow"
	"sekisho/internal/gate"
	"sekisho/internal/org"
	"sekisho/internal/ref"
	"sekisho/internal/token"
)

// ActsAs asks gate whether a program acts with a token of an organisation, and says what it
// may do: what the token carries, of that what its maker may do now. A token counts as long
// as its maker is the member that made it: who leaves and comes back makes another.
func (e *Entry) ActsAs(ctx context.Context, r db.Reader, v flow.Visitor, t token.Token) (held []org.Permission, f *fault.Fault, err error) {
	m, err := org.MemberOf(ctx, r, t.Org, t.Maker)
	if errors.Is(err, db.ErrNone) || err == nil && m.Joined.After(t.Created) {
		return nil, faults.TokenRefused.New(), nil
	}
	if err != nil {
		return nil, nil, err
	}
	a, err := account.Of(ctx, r, t.Maker)
	if err != nil {
		return nil, nil, err
	}
	rules, err := e.Rules.Of(ctx, r, t.Maker)
	if err != nil {
		return nil, nil, err
	}
	d := gate.Decide(gate.Facts{Door: gate.API, Act: gate.Use, Now: r.Now(), Account: gate.State(a.State), From: v.Addr}, rules)
	switch {
	case !a.Contained.IsZero():
		return nil, faults.TokenRefused.New(), nil
	case d.Verdict == gate.Admit:
	case d.Code == faults.SigninIPNotAllowed.Code:
		return nil, faults.SigninIPNotAllowed.New(d.Args(rules)...).By(d.Whose(rules)), nil
	default: // whose account it is, and what became of it, is none of the program's business
		return nil, faults.TokenRefused.New(), nil
	}
	_, may, err := org.RoleNamed(ctx, r, t.Org, m.Role)
	if errors.Is(err, db.ErrNone) {
		err = nil // the role went, and what it held with it
	}
	for _, p := range t.Permissions {
		if slices.Contains(may, p) && slices.Contains(token.Carries, p) {
			held = append(held, p)
		}
	}
	return held, nil, err
}

// tokens ends what a session that is doubted made for programs.
func (u *undoing) tokens(ctx context.Context, tx db.Tx) error {
	list, err := token.TakeBack(ctx, tx, u.account.ID, u.since)
	for _, t := range list {
		_, failed := audit.Write(ctx, tx, audit.Event{Kind: "token.revoked", Account: u.account.ID, Org: t.Org, Actor: string(u.account.ID),
			Detail: struct {
				Token ref.Token `json:"token"`
				What  string    `json:"what"`
			}{t.ID, t.Name}})
		err = errors.Join(err, failed)
	}
	return err
}
