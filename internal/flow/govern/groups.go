package govern

import (
	"context"
	"errors"
	"slices"

	"sekisho/internal/account"
	"sekisho/internal/db"
	"sekisho/internal/faults"
	"sekisho/internal/org"
	"sekisho/internal/ref"
	"sekisho/internal/roster"
)

// RenameGroup gives a group another name.
func (g *Govern) RenameGroup(ctx context.Context, by By, o ref.Org, what, name string) error {
	name, err := org.ParseName(name)
	if err != nil {
		return err
	}
	return g.change(ctx, by, o, org.ManageGroups, func(tx db.Tx, x *act) error {
		found, err := org.GroupNamed(ctx, tx, o, what)
		if err != nil {
			return err
		}
		if err := org.Renamed(ctx, tx, o, found.ID, name); err != nil {
			return err
		}
		return x.note(ctx, tx, "group.renamed", "", told{Group: found.ID, What: name, Was: found.Name})
	})
}

// PutNamed puts the member who is shown by an address, number or user name, or whom an ID
// names, into a group. Whoever is found by none of these is not there.
func (g *Govern) PutNamed(ctx context.Context, by By, o ref.Org, typed, group string) error {
	var a account.Account
	err := g.DB.View(ctx, func(tx db.ReadTx) (err error) {
		a, err = roster.Named(ctx, tx, o, typed)
		return err
	})
	if err != nil {
		return err
	}
	return g.Put(ctx, by, o, a.ID, group)
}

// SetPermissions changes a role that the organisation made. Whoever does holds what it
// held and what it is to hold: those who carry it have it from this commit on.
func (g *Govern) SetPermissions(ctx context.Context, by By, o ref.Org, r org.Role, seen []org.Permission) error {
	name, err := org.ParseName(r.Name)
	if err != nil {
		return err
	}
	r.Name = name
	return g.change(ctx, by, o, org.ManageRoles, func(tx db.Tx, x *act) error {
		_, before, err := org.RoleNamed(ctx, tx, o, string(r.ID))
		if err != nil {
			return err
		}
		if !org.Within(x.held, slices.Concat(before, r.Permissions)) {
			return ErrForbidden
		}
		if err := org.SetPermissions(ctx, tx, o, r, seen); err != nil {
			return err
		}
		return x.note(ctx, tx, "org.role_changed", "", told{Role: string(r.ID), What: name, Before: before, Parts: r.Permissions})
	})
}

// RemoveRole removes a role that the organisation made and nobody carries.
func (g *Govern) RemoveRole(ctx context.Context, by By, o ref.Org, id ref.Role) error {
	return g.change(ctx, by, o, org.ManageRoles, func(tx db.Tx, x *act) error {
		if slices.Contains(org.Builtin, string(id)) {
			return db.ErrNone
		}
		_, held, err := org.RoleNamed(ctx, tx, o, string(id))
		if err != nil {
			return err
		}
		if !org.Within(x.held, held) {
			return ErrForbidden
		}
		err = org.RemoveRole(ctx, tx, o, id)
		if errors.Is(err, org.ErrCarried) {
			return refused(faults.RoleCarried.New())
		}
		if err != nil {
			return err
		}
		return x.note(ctx, tx, "org.role_removed", "", told{Role: string(id), Before: held})
	})
}
