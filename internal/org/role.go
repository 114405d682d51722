package org

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"sekisho/internal/db"
	"sekisho/internal/ref"
)

// Permission is one thing that a role lets its holders do.
type Permission string

// The permissions there are.
const (
	Own            Permission = "org.own" // make and unmake owners
	Settings       Permission = "org.settings"
	ReadMembers    Permission = "members.read"
	ManageMembers  Permission = "members.manage" // add, remove, give roles, deactivate
	AssistMembers  Permission = "members.assist" // reset, unlock, issue a code
	ManageGroups   Permission = "groups.manage"
	ManageRoles    Permission = "roles.manage"
	ReadPolicies   Permission = "policies.read"
	ManagePolicies Permission = "policies.manage"
	ReadAudit      Permission = "audit.read"
)

// Permissions are all of them.
var Permissions = []Permission{Own, Settings, ReadMembers, ManageMembers, AssistMembers, ManageGroups, ManageRoles, ReadPolicies, ManagePolicies, ReadAudit}

// The roles that every organisation has.
const (
	Owner    = "owner"
	Admin    = "admin"
	Security = "security_admin"
	Desk     = "help_desk"
	Auditor  = "auditor"
	Plain    = "member"
)

var builtin = map[string][]Permission{
	Owner:    Permissions,
	Admin:    {Settings, ReadMembers, ManageMembers, AssistMembers, ManageGroups, ManageRoles, ReadPolicies, ManagePolicies, ReadAudit},
	Security: {ReadMembers, AssistMembers, ManageGroups, ReadPolicies, ManagePolicies, ReadAudit},
	Desk:     {ReadMembers, AssistMembers, ReadPolicies},
	Auditor:  {ReadMembers, ReadPolicies, ReadAudit},
	Plain:    {},
}

// Builtin are the names of the roles that every organisation has, the mightiest first.
var Builtin = []string{Owner, Admin, Security, Desk, Auditor, Plain}

// Within says whether somebody who holds these may give, or take, what is wanted:
// nobody grants more than they hold (OR-16).
func Within(held, wanted []Permission) bool {
	return !slices.ContainsFunc(wanted, func(p Permission) bool { return !slices.Contains(held, p) })
}

// Role is a role that an organisation made itself.
type Role struct {
	ID          ref.Role
	Name        string
	Permissions []Permission
}

// ErrPermission is a permission that is none, or that no made role can carry.
var ErrPermission = errors.New("no such permission, or one that only owners have")

// NewRole makes a role; db.ErrTaken when the name is another's. What only owners have
// stays theirs: else there would be owners whom nothing counts.
func NewRole(ctx context.Context, tx db.Tx, o ref.Org, name string, list []Permission) (Role, error) {
	r := Role{ref.NewRole(tx.Now()), name, once(list)}
	if err := mayHold(name, list); err != nil {
		return r, err
	}
	var n int64
	if err := tx.QueryRow(ctx, `SELECT count(*) FROM org_role WHERE org = $1`, o).Scan(&n); err != nil {
		return r, err
	}
	if n >= MostOfKind {
		return r, ErrMost
	}
	_, err := tx.Exec(ctx, `INSERT INTO org_role (id, org, name, permissions) VALUES ($1, $2, $3, $4)`, r.ID, o, r.Name, join(r.Permissions))
	return r, err
}

// once leaves out what is named again.
func once(list []Permission) (out []Permission) {
	for _, p := range list {
		if !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}

// mayHold says whether a made role can be called so and hold these.
func mayHold(name string, list []Permission) error {
	for _, p := range list {
		if p == Own || !slices.Contains(Permissions, p) {
			return fmt.Errorf("%w: %s", ErrPermission, p)
		}
	}
	if slices.Contains(Builtin, name) {
		return db.ErrTaken
	}
	return nil
}

// ErrCarried is a role that members still carry.
var ErrCarried = errors.New("members carry this role")

// Roles are the roles that an organisation made itself.
func Roles(ctx context.Context, r db.Reader, o ref.Org) ([]Role, error) {
	return db.List(ctx, r, scanRole, `SELECT id, name, permissions FROM org_role WHERE org = $1 ORDER BY name`, o)
}

func scanRole(s db.Scanner) (r Role, err error) {
	var list string
	err = s.Scan(&r.ID, &r.Name, &list)
	for _, p := range strings.Fields(list) {
		r.Permissions = append(r.Permissions, Permission(p))
	}
	return r, err
}

// RoleNamed finds a role of the organisation by its name, or by its ID, and says how a
// member carries it and what it lets them do; db.ErrNone when there is none. An ID comes
// before a name: else whoever makes a role of that name weakens who carries the other.
func RoleNamed(ctx context.Context, r db.Reader, o ref.Org, what string) (carried string, held []Permission, err error) {
	if list, ok := builtin[what]; ok {
		return what, list, nil
	}
	x, err := scanRole(r.QueryRow(ctx, `SELECT id, name, permissions FROM org_role WHERE org = $1 AND (id = $2 OR name = $2)
		ORDER BY id = $2 DESC LIMIT 1`, o, what))
	return string(x.ID), x.Permissions, err
}

// RoleCalled is the name of a role that the organisation made; db.ErrNone when there is
// none.
func RoleCalled(ctx context.Context, r db.Reader, o ref.Org, id string) (name string, err error) {
	err = r.QueryRow(ctx, `SELECT name FROM org_role WHERE org = $1 AND id = $2`, o, id).Scan(&name)
	return name, err
}

// WhoMay are members who can act, by account, whose role holds a permission, at most n.
func WhoMay(ctx context.Context, r db.Reader, o ref.Org, p Permission, n int) ([]ref.Account, error) {
	args, marks := []any{o, n}, []string{}
	add := func(role string) {
		args = append(args, role)
		marks = append(marks, "$"+strconv.Itoa(len(args)))
	}
	for _, name := range Builtin {
		if slices.Contains(builtin[name], p) {
			add(name)
		}
	}
	made, err := Roles(ctx, r, o)
	if err != nil {
		return nil, err
	}
	for _, x := range made {
		if slices.Contains(x.Permissions, p) {
			add(string(x.ID))
		}
	}
	return db.List(ctx, r, func(s db.Scanner) (id ref.Account, err error) {
		err = s.Scan(&id)
		return id, err
	}, `SELECT account FROM org_member WHERE org = $1 AND inactive = 0 AND role IN (`+strings.Join(marks, ", ")+`) ORDER BY account LIMIT $2`, args...)
}

func join[T ~string](list []T) string {
	out := make([]string, len(list))
	for i, x := range list {
		out[i] = string(x)
	}
	return strings.Join(out, " ")
}

// Owning are the accounts that own an organisation, whether or not they can sign in.
func Owning(ctx context.Context, r db.Reader, o ref.Org) ([]ref.Account, error) {
	return db.List(ctx, r, func(s db.Scanner) (id ref.Account, err error) {
		err = s.Scan(&id)
		return id, err
	}, `SELECT account FROM org_member WHERE org = $1 AND role = 'owner' ORDER BY account`, o)
}
