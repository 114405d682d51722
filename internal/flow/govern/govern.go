// Package govern is what an organisation's admins do, and the operator for them:
// members and their roles and states, groups, policies.
//
// Each act is one transaction: it locks the organisation, looks at what its author
// may do, does it and writes the audit row. What may not be is an error, so that
// nothing of it stays. Nobody gives more than they hold, and the last owner stays,
// by any path (OR-16).
package govern

import (
	"context"
	"errors"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/audit"
	"sekisho/internal/browser"
	"sekisho/internal/db"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/flow"
	"sekisho/internal/flow/enter"
	"sekisho/internal/hook"
	"sekisho/internal/org"
	"sekisho/internal/policy"
	"sekisho/internal/ref"
	"sekisho/internal/session"
	"sekisho/internal/site"
	"sekisho/internal/token"
)

// Govern is the journey.
type Govern struct {
	*enter.Entry
	Sites *site.Checker // looks at domains
}

// By is who acts. The zero By may do nothing.
type By struct {
	Operator bool // who sits at the data: holds every permission, in every organisation
	// A member acts in a session, which gate is asked about in each act's transaction.
	Visitor flow.Visitor
	Session session.Session
	// A program acts with a token of the organisation, as far as its maker may.
	Token ref.Token
	maker ref.Account // of the token
}

func (b By) actor() string {
	if b.Operator {
		return "operator"
	}
	if b.Token != "" {
		return string(b.Token)
	}
	return string(b.Session.Account)
}

// account is whose name stands under it: a program acts for who made its token.
func (b By) account() ref.Account {
	if b.Token != "" {
		return b.maker
	}
	return b.Session.Account
}

// inviter is who stands for an invitation until it is answered: of a program whoever made
// its token, for only what a member may do now is looked at then.
func (b By) inviter() string {
	if b.Operator {
		return org.ByOperator
	}
	return string(b.account())
}

// What may not be.
var (
	ErrForbidden = errors.New("this needs a permission that the role does not have")
	ErrState     = errors.New("only an account that may sign in can be a member")
	ErrMember    = errors.New("the account is a member of an organisation already")
)

// Refused is an act that gate refuses: nothing of it stays.
type Refused struct{ Fault *fault.Fault }

func (r *Refused) Error() string { return r.Fault.Code() }

// Told is how a door tells an error of an act; nil where it is a fault of ours.
func Told(err error) *fault.Fault {
	var refused *Refused
	if errors.As(err, &refused) {
		return refused.Fault
	}
	for _, x := range tellings {
		if errors.Is(err, x.err) {
			return x.entry.New()
		}
	}
	return nil
}

var tellings = []struct {
	err   error
	entry *fault.Entry
}{
	{ErrForbidden, faults.OrgForbidden}, {ErrSelf, faults.MemberSelf}, {ErrRole, faults.OrgGone}, {ErrGroup, faults.OrgGone}, {ErrState, faults.OrgState}, {ErrMember, faults.OrgMember},
	{org.ErrLastOwner, faults.OrgLastOwner}, {org.ErrName, faults.OrgName}, {org.ErrPermission, faults.OrgPermission},
	{org.ErrMost, faults.OrgMost}, {org.ErrGroups, faults.OrgMost}, {org.ErrChanged, faults.OrgChanged},
	{hook.ErrMost, faults.HookMost}, {token.ErrMost, faults.TokenMost}, {token.ErrPermission, faults.TokenPermissions}, {token.ErrExpires, faults.TokenExpires},
	{org.ErrReserved, faults.OrgTaken}, {db.ErrTaken, faults.OrgTaken}, {db.ErrNone, faults.OrgGone},
}

// act is one act inside its transaction.
type act struct {
	*Govern
	by   By
	org  org.Org
	held []org.Permission

	before []org.Policy                      // the rules before a change of them; see reshape
	owners map[ref.Account]*policy.Effective // what held for owners before it, where its author is none
	what   string                            // which of them it changes
	back   bool                              // to what was confirmed before: it would come about by itself
}

// change runs an act that needs a permission. For who is no member of it the
// organisation is not there.
func (g *Govern) change(ctx context.Context, by By, o ref.Org, need org.Permission, do func(db.Tx, *act) error) error {
	return g.DB.Update(ctx, func(tx db.Tx) error {
		x := &act{Govern: g, by: by}
		// Whoever may not is not to hold the organisation's row.
		if err := x.may(ctx, tx, o, need); err != nil {
			return err
		}
		var err error
		if x.org, err = org.Change(ctx, tx, o); err != nil {
			return err
		}
		// What they may do is what they may do now that nobody else changes it.
		if err := x.may(ctx, tx, o, need); err != nil {
			return err
		}
		if err := x.proved(ctx, tx); err != nil {
			return err
		}
		if err := x.settle(ctx, tx); err != nil {
			return err
		}
		if err := do(tx, x); err != nil {
			return err
		}
		return x.stays(ctx, tx)
	})
}

func (x *act) may(ctx context.Context, tx db.Tx, o ref.Org, need org.Permission) error {
	if x.by.Operator {
		x.held = org.Permissions
		return nil
	}
	if x.by.Token != "" {
		return x.program(ctx, tx, o, need)
	}
	m, err := org.MemberOf(ctx, tx, o, x.by.Session.Account)
	if err != nil {
		return err
	}
	if _, x.held, err = org.RoleNamed(ctx, tx, o, m.Role); err != nil {
		return err
	}
	if m.Inactive || !org.Within(x.held, []org.Permission{need}) {
		return ErrForbidden
	}
	return nil
}

// proved asks gate whether the session acts: whoever finds an open one cannot run an
// organisation with it, nor whoever came in under a lock.
func (x *act) proved(ctx context.Context, tx db.Tx) error {
	if x.by.Operator || x.by.Token != "" { // of a token gate was asked where it was looked at
		return nil
	}
	f, err := x.MayChange(ctx, tx, x.by.Visitor, x.by.Session)
	if err == nil && f != nil {
		err = &Refused{f}
	}
	return err
}

// reaches says whether whoever acts holds all that a role does.
func (x *act) reaches(ctx context.Context, tx db.Tx, role string) (carried string, err error) {
	carried, list, err := org.RoleNamed(ctx, tx, x.org.ID, role)
	if err == nil && !org.Within(x.held, list) {
		err = ErrForbidden
	}
	return carried, err
}

// told is what the audit row of an act says.
type told struct {
	Org     ref.Org    `json:"org"`
	Name    string     `json:"org_name"`
	Role    string     `json:"role,omitempty"`
	Was     string     `json:"was,omitempty"`
	Group   ref.Group  `json:"group,omitempty"`
	Policy  ref.Policy `json:"policy,omitempty"`
	Version int64      `json:"version,omitempty"` // of the policy
	What    string     `json:"what,omitempty"`    // what the group or policy is called
	Whom    string     `json:"whom,omitempty"`    // for whom a policy is
	Exclude bool       `json:"exclude,omitempty"`
	Order   []string   `json:"order,omitempty"`
	Ended   int        `json:"ended,omitempty"` // sessions
	Erase   *time.Time `json:"erase,omitempty"` // when nothing of an account is left
	Parts   any        `json:"parts,omitempty"`
	Before  any        `json:"before,omitempty"`
}

func (x *act) note(ctx context.Context, tx db.Tx, kind string, of ref.Account, t told) error {
	t.Org, t.Name = x.org.ID, x.org.Name
	_, err := audit.Write(ctx, tx, audit.Event{Kind: kind, Account: of, Org: x.org.ID, Actor: x.by.actor(), Detail: t})
	return err
}

// Create makes an organisation with its first owner. Only the operator does.
func (g *Govern) Create(ctx context.Context, by By, name string, owner ref.Account) (made org.Org, err error) {
	if !by.Operator {
		return made, ErrForbidden
	}
	if name, err = org.ParseName(name); err != nil {
		return made, err
	}
	err = g.DB.Update(ctx, func(tx db.Tx) (err error) {
		if made, err = org.Create(ctx, tx, name); err != nil {
			return err
		}
		x := &act{Govern: g, by: by, org: made, held: org.Permissions}
		if err := x.note(ctx, tx, "org.created", "", told{}); err != nil {
			return err
		}
		return x.add(ctx, tx, owner, org.Owner)
	})
	return made, err
}

// Add makes an account a member. Only the operator does: an admin invites, and the
// account's owner agrees (OR-15).
func (g *Govern) Add(ctx context.Context, by By, o ref.Org, a ref.Account, role string) error {
	if !by.Operator {
		return ErrForbidden
	}
	return g.change(ctx, by, o, org.ManageMembers, func(tx db.Tx, x *act) error { return x.add(ctx, tx, a, role) })
}

func (x *act) add(ctx context.Context, tx db.Tx, a ref.Account, role string) error {
	carried, err := x.reaches(ctx, tx, role)
	if err != nil {
		return err
	}
	found, err := account.Lock(ctx, tx, a)
	if err != nil {
		return err
	}
	if found.State != account.Active {
		return ErrState
	}
	err = org.Add(ctx, tx, x.org.ID, a, carried)
	if errors.Is(err, db.ErrTaken) {
		return ErrMember
	}
	if err != nil {
		return err
	}
	if err := x.tellAbout(ctx, tx, found, "member.added"); err != nil {
		return err
	}
	return x.note(ctx, tx, "member.added", a, told{Role: carried})
}

// member reads a member over whom whoever acts may decide.
func (x *act) member(ctx context.Context, tx db.Tx, a ref.Account) (org.Member, error) {
	m, err := org.MemberOf(ctx, tx, x.org.ID, a)
	if err != nil {
		return m, err
	}
	_, err = x.reaches(ctx, tx, m.Role)
	return m, err
}

// owned refuses what takes the last owner away.
func (x *act) owned(ctx context.Context, tx db.Tx, was org.Member) error {
	if was.Role != org.Owner {
		return nil
	}
	return org.Owned(ctx, tx, x.org.ID)
}

// Remove takes a member out. The account stays, with what holds for everybody. Who wants
// to go themselves leaves: they are asked for what that needs.
func (g *Govern) Remove(ctx context.Context, by By, o ref.Org, a ref.Account) error {
	return g.change(ctx, by, o, org.ManageMembers, func(tx db.Tx, x *act) error {
		if err := x.others(a); err != nil {
			return err
		}
		m, err := x.member(ctx, tx, a)
		if err != nil {
			return err
		}
		found, err := account.Lock(ctx, tx, a)
		if err != nil {
			return err
		}
		if err := x.tellAbout(ctx, tx, found, "member.removed"); err != nil {
			return err
		}
		if err := org.Remove(ctx, tx, m); err != nil {
			return err
		}
		if err := x.note(ctx, tx, "member.removed", a, told{Was: m.Role}); err != nil {
			return err
		}
		return x.owned(ctx, tx, m)
	})
}

// SetRole gives a member another role.
func (g *Govern) SetRole(ctx context.Context, by By, o ref.Org, a ref.Account, role string) error {
	return g.change(ctx, by, o, org.ManageMembers, func(tx db.Tx, x *act) error { return x.setRole(ctx, tx, a, role) })
}

func (x *act) setRole(ctx context.Context, tx db.Tx, a ref.Account, role string) error {
	m, err := x.member(ctx, tx, a)
	if err != nil {
		return err
	}
	carried, err := x.reaches(ctx, tx, role)
	if err != nil {
		return err
	}
	if err := org.SetRole(ctx, tx, m, carried); err != nil {
		return err
	}
	found, err := account.Of(ctx, tx, a)
	if err != nil {
		return err
	}
	if err := x.tellAbout(ctx, tx, found, "member.role_changed"); err != nil {
		return err
	}
	if err := x.note(ctx, tx, "member.role_changed", a, told{Role: carried, Was: m.Role}); err != nil {
		return err
	}
	return x.owned(ctx, tx, m)
}

// Deactivate shuts a member out of every door (OR-02): gate refuses them from this
// commit on, on every node; what is open ends, and apps are told. What they have set
// up stays, and works again after Reactivate. db.ErrNone when they are so already.
func (g *Govern) Deactivate(ctx context.Context, by By, o ref.Org, a ref.Account) (ended int, err error) {
	err = g.change(ctx, by, o, org.ManageMembers, func(tx db.Tx, x *act) error {
		ended, err = x.deactivate(ctx, tx, a)
		return err
	})
	return ended, err
}

func (x *act) deactivate(ctx context.Context, tx db.Tx, a ref.Account) (ended int, err error) {
	if err := x.others(a); err != nil {
		return 0, err
	}
	m, err := x.member(ctx, tx, a)
	if err != nil {
		return 0, err
	}
	// A sign-in that was let in a moment ago holds the account: its session ends too.
	found, err := account.Lock(ctx, tx, a)
	if err != nil {
		return 0, err
	}
	if err := org.SetInactive(ctx, tx, m, true); err != nil {
		return 0, err
	}
	if ended, err = x.Grants.EndAccount(ctx, tx, a); err != nil {
		return 0, err
	}
	// What skips a proof is not set up, but won: whoever has a browser may not be the member.
	if _, err := browser.EndTrusts(ctx, tx, a); err != nil {
		return 0, err
	}
	if err := x.VoidCodes(ctx, tx, a); err != nil {
		return 0, err
	}
	if err := x.note(ctx, tx, "member.deactivated", a, told{Ended: ended}); err != nil {
		return 0, err
	}
	if err := x.tellAbout(ctx, tx, found, "member.deactivated"); err != nil {
		return 0, err
	}
	return ended, x.owned(ctx, tx, m)
}

// Reactivate lets a member in again. db.ErrNone when they are not deactivated.
func (g *Govern) Reactivate(ctx context.Context, by By, o ref.Org, a ref.Account) error {
	return g.change(ctx, by, o, org.ManageMembers, func(tx db.Tx, x *act) error { return x.reactivate(ctx, tx, a) })
}

func (x *act) reactivate(ctx context.Context, tx db.Tx, a ref.Account) error {
	m, err := x.member(ctx, tx, a)
	if err != nil {
		return err
	}
	if err := org.SetInactive(ctx, tx, m, false); err != nil {
		return err
	}
	found, err := account.Of(ctx, tx, a)
	if err != nil {
		return err
	}
	if err := x.tellAbout(ctx, tx, found, "member.reactivated"); err != nil {
		return err
	}
	return x.note(ctx, tx, "member.reactivated", a, told{})
}

// AddRole makes a role of permissions that whoever makes it holds.
func (g *Govern) AddRole(ctx context.Context, by By, o ref.Org, name string, list []org.Permission) (made org.Role, err error) {
	if name, err = org.ParseName(name); err != nil {
		return made, err
	}
	err = g.change(ctx, by, o, org.ManageRoles, func(tx db.Tx, x *act) (err error) {
		if !org.Within(x.held, list) {
			return ErrForbidden
		}
		if made, err = org.NewRole(ctx, tx, o, name, list); err != nil {
			return err
		}
		return x.note(ctx, tx, "org.role_added", "", told{Role: string(made.ID), What: name, Parts: list})
	})
	return made, err
}
