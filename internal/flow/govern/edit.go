package govern

import (
	"context"
	"errors"
	"slices"

	"sekisho/internal/db"
	"sekisho/internal/org"
	"sekisho/internal/ref"
)

// Edit is what a member is to be. What is nil stays as it is.
type Edit struct {
	Role   *string   `json:"role,omitempty"`   // its name or ID
	Active *bool     `json:"active,omitempty"` // false: deactivated
	Groups *[]string `json:"groups,omitempty"` // all that they are to be in, by name or ID
}

// Edit makes a member so, all of it or nothing; changed says whether anything was
// otherwise. Asked again it changes nothing.
func (g *Govern) Edit(ctx context.Context, by By, o ref.Org, a ref.Account, e Edit) (changed bool, err error) {
	err = g.change(ctx, by, o, org.ReadMembers, func(tx db.Tx, x *act) error {
		changed, err = x.edit(ctx, tx, a, e)
		return err
	})
	return changed, err
}

func (x *act) edit(ctx context.Context, tx db.Tx, a ref.Account, e Edit) (changed bool, err error) {
	if (e.Role != nil || e.Active != nil) && !org.Within(x.held, []org.Permission{org.ManageMembers}) ||
		e.Groups != nil && !org.Within(x.held, []org.Permission{org.ManageGroups}) {
		return false, ErrForbidden
	}
	d, err := x.differs(ctx, tx, a, e)
	if err != nil {
		return false, err
	}
	for _, g := range d.Leave {
		if err := x.move(ctx, tx, move{a, string(g), "member.group_left", org.Take}); err != nil {
			return false, err
		}
	}
	for _, g := range d.Enter {
		if err := x.move(ctx, tx, move{a, string(g), "member.group_joined", org.Put}); err != nil {
			return false, err
		}
	}
	if d.Role != "" {
		if err := x.setRole(ctx, tx, a, d.Role); err != nil {
			return false, err
		}
	}
	switch {
	case d.Deactivate:
		_, err = x.deactivate(ctx, tx, a)
	case d.Reactivate:
		err = x.reactivate(ctx, tx, a)
	}
	return d.Any(), err
}

// Difference is what an Edit would change.
type Difference struct {
	Role                   string // as a member carries it; empty: stays
	Was                    string // before
	Enter, Leave           []ref.Group
	Deactivate, Reactivate bool
}

// Any says whether it would change anything.
func (d Difference) Any() bool {
	return d.Role != "" || d.Deactivate || d.Reactivate || len(d.Enter)+len(d.Leave) > 0
}

// differs says what an edit changes of a member over whom whoever acts may decide.
func (x *act) differs(ctx context.Context, r db.Tx, a ref.Account, e Edit) (d Difference, err error) {
	m, err := x.member(ctx, r, a)
	if err != nil {
		return d, err
	}
	d.Was = m.Role
	if e.Role != nil {
		carried, err := x.reaches(ctx, r, *e.Role)
		if errors.Is(err, db.ErrNone) {
			err = ErrRole
		}
		if err != nil {
			return d, err
		}
		if carried != m.Role {
			d.Role = carried
		}
	}
	if e.Active != nil {
		d.Deactivate, d.Reactivate = !*e.Active && !m.Inactive, *e.Active && m.Inactive
		if d.Deactivate { // said where a table is read, not only where it is applied
			if err := x.others(a); err != nil {
				return d, err
			}
		}
	}
	if e.Groups == nil {
		return d, nil
	}
	var want []ref.Group
	for _, name := range *e.Groups {
		g, err := org.GroupNamed(ctx, r, x.org.ID, name)
		if errors.Is(err, db.ErrNone) {
			err = ErrGroup
		}
		if err != nil {
			return d, err
		}
		if want = append(want, g.ID); !slices.Contains(m.Groups, g.ID) && !slices.Contains(d.Enter, g.ID) {
			d.Enter = append(d.Enter, g.ID)
		}
	}
	for _, g := range m.Groups {
		if !slices.Contains(want, g) {
			d.Leave = append(d.Leave, g)
		}
	}
	return d, nil
}

// What an edit names and the organisation does not have.
var (
	ErrRole  = errors.New("the organisation has no such role")
	ErrGroup = errors.New("the organisation has no such group")
)
