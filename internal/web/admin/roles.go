package admin

import (
	"context"
	"errors"
	"slices"

	"sekisho/internal/db"
	"sekisho/internal/org"
	"sekisho/internal/ref"
	"sekisho/internal/web"
)

// Pages of roles.
type (
	// Roles lists them.
	Roles struct {
		Builtin []Role
		Own     []Role
		May     bool // whoever looks can make some
	}
	// Role is one.
	Role struct {
		ID          string
		Name        RoleName
		Permissions []org.Permission
		Holders     int
		Within      bool // whoever looks holds all of it, and may change it
	}
	// RoleEdit makes a role, or changes one.
	RoleEdit struct {
		ID   string // empty: a new one
		Name string
		Seen string // what it held when it was read
		List []Permission
	}
	// Permission is one that a role can hold.
	Permission struct {
		Name   org.Permission
		Chosen bool
		Held   bool // by whoever makes the role
	}
	// RoleRemove asks once.
	RoleRemove struct{ Role }
)

func (d *Door) roleRoutes() []web.Route {
	return []web.Route{
		see("/admin/roles", org.ReadMembers, d.roles),
		ask("/admin/roles/edit", org.ManageRoles, d.roleEdit), do("/admin/roles/edit", org.ManageRoles, d.roleSave),
		ask("/admin/roles/remove", org.ManageRoles, d.roleAsk), do("/admin/roles/remove", org.ManageRoles, d.roleRemove),
	}
}

func (d *Door) readRoles(ctx context.Context, r *web.Request) (p Roles, err error) {
	p.May = r.Console.May(org.ManageRoles)
	err = d.view(ctx, func(tx db.ReadTx) error {
		p.Builtin, p.Own = nil, nil
		holders, err := org.Holders(ctx, tx, r.Console.Org)
		if err != nil {
			return err
		}
		for _, b := range org.Builtin {
			p.Builtin = append(p.Builtin, Role{b, RoleName{Builtin: b}, org.Builtins(b), holders[b], false})
		}
		own, err := org.Roles(ctx, tx, r.Console.Org)
		for _, x := range own {
			p.Own = append(p.Own, Role{string(x.ID), RoleName{Named: x.Name}, x.Permissions, holders[string(x.ID)], p.May && org.Within(r.Console.Held, x.Permissions)})
		}
		return err
	})
	return p, err
}

func (d *Door) roles(ctx context.Context, r *web.Request) (web.Response, error) {
	p, err := d.readRoles(ctx, r)
	return web.Show("admin/roles", p), err
}

// role is the made role that is named; db.ErrNone when there is none.
func (d *Door) role(ctx context.Context, r *web.Request, id string) (Role, error) {
	p, err := d.readRoles(ctx, r)
	if err != nil {
		return Role{}, err
	}
	for _, x := range p.Own {
		if x.ID == id {
			return x, nil
		}
	}
	return Role{}, db.ErrNone
}

func (r *RoleEdit) choose(held, chosen []org.Permission) {
	for _, p := range org.Permissions {
		if p != org.Own {
			r.List = append(r.List, Permission{p, slices.Contains(chosen, p), slices.Contains(held, p)})
		}
	}
}

func (d *Door) roleEdit(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	p := RoleEdit{ID: q["id"]}
	var holds []org.Permission
	if p.ID != "" {
		x, err := d.role(ctx, r, p.ID)
		if err != nil {
			return told(web.Response{}, err)
		}
		p.Name, p.Seen, holds = x.Name.Named, org.Joined(x.Permissions), x.Permissions
	}
	p.choose(r.Console.Held, holds)
	return web.Show("admin/roles-edit", p), nil
}

func (d *Door) roleSave(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form("may")
	if err != nil {
		return web.Response{}, err
	}
	var list []org.Permission
	for _, m := range r.Many("may") {
		list = append(list, org.Permission(m))
	}
	p := RoleEdit{ID: form["id"], Name: form["name"], Seen: form["seen"]}
	if p.ID == "" {
		_, err = d.Govern.AddRole(ctx, by(r), r.Console.Org, p.Name, list)
	} else {
		err = d.Govern.SetPermissions(ctx, by(r), r.Console.Org, org.Role{ID: ref.Role(p.ID), Name: p.Name, Permissions: list}, org.ParsePermissions(p.Seen))
	}
	if err == nil {
		return web.Go("/admin/roles"), nil
	}
	if errors.Is(err, org.ErrChanged) { // to go on from what it is now
		x, err2 := d.role(ctx, r, p.ID)
		if err2 != nil {
			return told(web.Response{}, err2)
		}
		p.Name, p.Seen, list = x.Name.Named, org.Joined(x.Permissions), x.Permissions
	}
	p.choose(r.Console.Held, list)
	return told(web.Show("admin/roles-edit", p), err)
}

func (d *Door) roleAsk(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	x, err := d.role(ctx, r, q["id"])
	if err != nil {
		return told(web.Response{}, err)
	}
	return web.Show("admin/roles-remove", RoleRemove{x}), nil
}

func (d *Door) roleRemove(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	return told(web.Go("/admin/roles"), d.Govern.RemoveRole(ctx, by(r), r.Console.Org, ref.Role(form["id"])))
}
