package apptest_test

import (
	"errors"
	"testing"

	"sekisho/internal/apptest"
	"sekisho/internal/db"
	"sekisho/internal/flow/govern"
	"sekisho/internal/org"
	"sekisho/internal/policy"
)

// Whoever may make roles gives one the ID of a mightier role as its name: it must not be
// taken for that role.
func TestANameDoesNotTakeThePlaceOfAnID(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, ctx := found(t, w, "Acme", "owner@example.com"), t.Context()
		ken, rin := h.member("ken@example.com", org.Plain), h.member("rin@example.com", org.Plain)
		above, err := h.AddRole(ctx, operator, h.id, "watch", []org.Permission{org.ReadAudit, org.ReadMembers})
		h.must(err)
		_, err = h.AddRole(ctx, operator, h.id, "staff", []org.Permission{org.ManageMembers, org.ManageRoles, org.ManageGroups})
		h.must(err)
		h.must(h.SetRole(ctx, operator, h.id, rin.ID, "watch"))
		h.must(h.SetRole(ctx, operator, h.id, ken.ID, "staff"))
		by := h.by(ken)
		if err := h.Remove(ctx, by, h.id, rin.ID); !errors.Is(err, govern.ErrForbidden) {
			t.Fatalf("got %v", err)
		}
		_, err = h.AddRole(ctx, by, h.id, string(above.ID), nil)
		h.must(err)
		was := above.Permissions
		above.Name = "night watch"
		above.Permissions = []org.Permission{org.ReadAudit, org.ReadMembers, org.ReadPolicies}
		h.must(h.SetPermissions(ctx, operator, h.id, above, was))
		if err := h.Remove(ctx, by, h.id, rin.ID); !errors.Is(err, govern.ErrForbidden) {
			t.Errorf("whoever is above was removed: %v", err)
		}
		var held []org.Permission
		w.View(func(tx db.ReadTx) (err error) {
			_, held, err = org.RoleNamed(ctx, tx, h.id, string(above.ID))
			return err
		})
		if len(held) != 3 {
			t.Errorf("the role holds %v", held)
		}
		one, err := h.AddGroup(ctx, operator, h.id, "night")
		h.must(err)
		_, err = h.AddGroup(ctx, by, h.id, string(one.ID))
		h.must(err)
		w.View(func(tx db.ReadTx) error {
			g, err := org.GroupNamed(ctx, tx, h.id, string(one.ID))
			if g.ID != one.ID {
				t.Errorf("got group %+v", g)
			}
			return err
		})
		p, err := h.SetPolicy(ctx, operator, h.id, policy.Policy{Name: "hours", Session: sessions(1, day)}, 0)
		h.must(err)
		named, err := h.SetPolicy(ctx, operator, h.id, policy.Policy{Name: string(p.ID), Session: sessions(2, day)}, 0)
		h.must(err)
		h.must(h.Order(ctx, operator, h.id, []string{string(named.ID), "hours"}))
		w.View(func(tx db.ReadTx) error {
			got, err := org.PolicyNamed(ctx, tx, h.id, string(p.ID))
			if got.ID != p.ID {
				t.Errorf("got policy %+v", got)
			}
			return err
		})
	})
}

func TestAPermissionNamedTwiceIsHeldOnce(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h := found(t, w, "Acme", "owner@example.com")
		made, err := h.AddRole(t.Context(), operator, h.id, "Counter", []org.Permission{org.ReadMembers, org.ReadMembers})
		h.must(err)
		held := func() (list []org.Permission) {
			w.View(func(tx db.ReadTx) (err error) {
				_, list, err = org.RoleNamed(t.Context(), tx, h.id, string(made.ID))
				return err
			})
			return list
		}
		if len(made.Permissions) != 1 || len(held()) != 1 {
			t.Errorf("got %v, %v", made.Permissions, held())
		}
		seen := made.Permissions
		made.Permissions = []org.Permission{org.ReadAudit, org.ReadMembers, org.ReadAudit}
		h.must(h.SetPermissions(t.Context(), operator, h.id, made, seen))
		if len(held()) != 2 {
			t.Errorf("got %v", held())
		}
	})
}
