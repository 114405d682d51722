package org

import (
	"context"
	"fmt"
	"strings"

	"sekisho/internal/db"
	"sekisho/internal/ref"
)

// MostOfKind is how many groups, and how many roles of its own, an organisation has.
const MostOfKind = 500

// Renamed gives a group another name; db.ErrTaken when it is another's.
func Renamed(ctx context.Context, tx db.Tx, o ref.Org, g ref.Group, name string) error {
	return tx.One(ctx, `UPDATE org_group SET name = $3 WHERE org = $1 AND id = $2`, o, g, name)
}

// Sizes says how many members each group has; one without any is missing.
func Sizes(ctx context.Context, r db.Reader, o ref.Org) (map[ref.Group]int, error) {
	out := map[ref.Group]int{}
	// Members in the same groups are counted together: there are few such sets.
	_, err := db.List(ctx, r, func(s db.Scanner) (none struct{}, err error) {
		var groups string
		var n int64
		err = s.Scan(&groups, &n)
		for _, g := range split(groups) {
			out[g] += int(n)
		}
		return none, err
	}, `SELECT in_groups, count(*) FROM org_member WHERE org = $1 AND in_groups <> '' GROUP BY in_groups`, o)
	return out, err
}

// Person is a member as lists show one.
type Person struct {
	Account  ref.Account
	Name     string
	Email    string // the primary address; empty: none
	Role     string
	Inactive bool
}

// InGroup lists the members of a group by account, after the given one.
func InGroup(ctx context.Context, r db.Reader, o ref.Org, g ref.Group, after ref.Account) ([]Person, error) {
	return db.List(ctx, r, func(s db.Scanner) (p Person, err error) {
		err = s.Scan(&p.Account, &p.Name, db.Null(&p.Email), &p.Role, db.Bool(&p.Inactive))
		return p, err
	}, fmt.Sprintf(`SELECT m.account, a.name, i.shown, m.role, m.inactive FROM org_member m JOIN account a ON a.id = m.account
		LEFT JOIN identifier i ON i.account = m.account AND i.kind = 'email' AND i.main = 1
		WHERE m.org = $1 AND m.in_groups LIKE $2 AND m.account > $3 ORDER BY m.account LIMIT %d`, OnPage), o, "%"+string(g)+"%", after)
}

// RolesIn lists the roles that the members of a group carry, each once.
func RolesIn(ctx context.Context, r db.Reader, o ref.Org, g ref.Group) ([]string, error) {
	return db.List(ctx, r, func(s db.Scanner) (role string, err error) { err = s.Scan(&role); return role, err },
		`SELECT DISTINCT role FROM org_member WHERE org = $1 AND in_groups LIKE $2`, o, "%"+string(g)+"%")
}

// OnPage is how many rows a list shows at once.
const OnPage = 50

// Holders says how many members carry each role.
func Holders(ctx context.Context, r db.Reader, o ref.Org) (map[string]int, error) {
	out := map[string]int{}
	_, err := db.List(ctx, r, func(s db.Scanner) (none struct{}, err error) {
		var role string
		var n int64
		err = s.Scan(&role, &n)
		out[role] = int(n)
		return none, err
	}, `SELECT role, count(*) FROM org_member WHERE org = $1 GROUP BY role`, o)
	return out, err
}

// SetPermissions changes what a made role is called and holds; ErrChanged when it holds
// other than was seen. The caller looks at whether whoever changes it holds both.
func SetPermissions(ctx context.Context, tx db.Tx, o ref.Org, r Role, seen []Permission) error {
	if err := mayHold(r.Name, r.Permissions); err != nil {
		return err
	}
	if _, err := RoleCalled(ctx, tx, o, string(r.ID)); err != nil {
		return err
	}
	n, err := tx.Exec(ctx, `UPDATE org_role SET name = $3, permissions = $4 WHERE org = $1 AND id = $2 AND permissions = $5`,
		o, r.ID, r.Name, join(once(r.Permissions)), join(seen))
	if err == nil && n == 0 {
		err = ErrChanged
	}
	return err
}

// RemoveRole removes a made role that nobody carries; ErrCarried when somebody does.
func RemoveRole(ctx context.Context, tx db.Tx, o ref.Org, id ref.Role) error {
	var n int64
	if err := tx.QueryRow(ctx, `SELECT count(*) FROM org_member WHERE org = $1 AND role = $2`, o, id).Scan(&n); err != nil {
		return err
	}
	if n > 0 {
		return ErrCarried
	}
	return tx.One(ctx, `DELETE FROM org_role WHERE org = $1 AND id = $2`, o, id)
}

// Builtins are what the roles that every organisation has let their holders do.
func Builtins(role string) []Permission { return builtin[role] }

// Joined writes permissions as one word each.
func Joined(list []Permission) string { return join(list) }

// ParsePermissions reads what Joined wrote.
func ParsePermissions(s string) (out []Permission) {
	for _, p := range strings.Fields(s) {
		out = append(out, Permission(p))
	}
	return out
}
