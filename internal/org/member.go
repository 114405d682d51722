package org

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"sekisho/internal/allowed"
	"sekisho/internal/db"
	"sekisho/internal/policy"
	"sekisho/internal/ref"
)

// Member is one account in its organisation.
type Member struct {
	Account  ref.Account
	Org      ref.Org
	Role     string // a built-in one, or the ID of one the organisation made
	Inactive bool
	Joined   time.Time
	Groups   []ref.Group
	EraseAt  time.Time // the organisation deleted the account; when it is erased
}

// ErrLastOwner is a change that would leave an organisation without an owner who can
// sign in (OR-16).
var ErrLastOwner = errors.New("the last owner of an organisation stays")

const memberColumns = `SELECT account, org, role, inactive, joined, in_groups, erase_at FROM org_member `

func scanMember(s db.Scanner) (m Member, err error) {
	var groups string
	err = s.Scan(&m.Account, &m.Org, &m.Role, db.Bool(&m.Inactive), db.Time(&m.Joined), &groups, db.Time(&m.EraseAt))
	m.Groups = split(groups)
	return m, err
}

func split(s string) (out []ref.Group) {
	for _, g := range strings.Fields(s) {
		out = append(out, ref.Group(g))
	}
	return out
}

// Add makes an account a member; db.ErrTaken when it is one already, here or elsewhere.
// The caller changes the organisation.
func Add(ctx context.Context, tx db.Tx, o ref.Org, a ref.Account, role string) error {
	_, err := tx.Exec(ctx, `INSERT INTO org_member (account, org, role, inactive, joined, in_groups) VALUES ($1, $2, $3, 0, $4, '')`, a, o, role, tx.Now())
	if err != nil {
		return err
	}
	return Relist(ctx, tx, a)
}

// MemberOf reads a member of this organisation; db.ErrNone where there is none, or
// where the account is another organisation's.
func MemberOf(ctx context.Context, r db.Reader, o ref.Org, a ref.Account) (Member, error) {
	return scanMember(r.QueryRow(ctx, memberColumns+`WHERE account = $1 AND org = $2`, a, o))
}

// Anywhere reads where an account is a member; db.ErrNone where it is nowhere.
func Anywhere(ctx context.Context, r db.Reader, a ref.Account) (Member, error) {
	return scanMember(r.QueryRow(ctx, memberColumns+`WHERE account = $1`, a))
}

// Members reads members by account, after the given one.
func Members(ctx context.Context, r db.Reader, o ref.Org, after ref.Account, limit int) ([]Member, error) {
	return db.List(ctx, r, scanMember, memberColumns+`WHERE org = $1 AND account > $2 ORDER BY account LIMIT $3`, o, after, limit)
}

// Leader is a member whom the others can ask.
type Leader struct{ Name, Role string }

// Leading are members who can help others, at most n; of roles that organisations made
// nothing is said.
func Leading(ctx context.Context, r db.Reader, o ref.Org, n int) ([]Leader, error) {
	return db.List(ctx, r, func(s db.Scanner) (h Leader, err error) {
		err = s.Scan(&h.Name, &h.Role)
		return h, err
	}, `SELECT a.name, m.role FROM org_member m JOIN account a ON a.id = m.account
		WHERE m.org = $1 AND m.role <> 'member' AND m.role IN ('owner', 'admin', 'security_admin', 'help_desk') AND m.inactive = 0 AND a.state = 'active'
		ORDER BY CASE m.role WHEN 'help_desk' THEN 0 WHEN 'admin' THEN 1 WHEN 'security_admin' THEN 2 ELSE 3 END, m.joined, m.account LIMIT $2`, o, n)
}

// SetRole gives a member a role; the caller looks at Owners afterwards.
func SetRole(ctx context.Context, tx db.Tx, m Member, role string) error {
	return tx.One(ctx, `UPDATE org_member SET role = $3 WHERE account = $1 AND org = $2`, m.Account, m.Org, role)
}

// SetInactive deactivates a member, or takes it back; db.ErrNone when it is so already.
func SetInactive(ctx context.Context, tx db.Tx, m Member, inactive bool) error {
	return tx.One(ctx, `UPDATE org_member SET inactive = $3 WHERE account = $1 AND org = $2 AND inactive <> $3`, m.Account, m.Org, inactive)
}

// Remove takes a member out, and what was set for them alone.
func Remove(ctx context.Context, tx db.Tx, m Member) error {
	if err := tx.One(ctx, `DELETE FROM org_member WHERE account = $1 AND org = $2`, m.Account, m.Org); err != nil {
		return err
	}
	return untarget(ctx, tx, m.Org, string(m.Account))
}

// Owned says that somebody who can sign in owns the organisation; else the error is
// ErrLastOwner and the transaction is taken back. Whoever takes an owner away in any
// way asks it last, holding the organisation: of two owners who remove each other at
// once the second one is refused.
func Owned(ctx context.Context, tx db.Tx, o ref.Org) error {
	var n int64
	err := tx.QueryRow(ctx, `SELECT count(*) FROM org_member m JOIN account a ON a.id = m.account
		WHERE m.org = $1 AND m.role <> 'member' AND m.role = 'owner' AND m.inactive = 0 AND a.state = 'active'`, o).Scan(&n)
	if err == nil && n == 0 {
		err = ErrLastOwner
	}
	return err
}

// Owners are the accounts that own an organisation and can sign in, at most n.
func Owners(ctx context.Context, r db.Reader, o ref.Org, n int) ([]ref.Account, error) {
	return db.List(ctx, r, func(s db.Scanner) (a ref.Account, err error) { err = s.Scan(&a); return a, err },
		`SELECT m.account FROM org_member m JOIN account a ON a.id = m.account WHERE m.org = $1 AND m.role <> 'member' AND m.role = 'owner' AND m.inactive = 0 AND a.state = 'active' ORDER BY m.account LIMIT $2`, o, n)
}

// Held locks the organisation of which an account is a member, before the account is
// locked, for a change of the account itself. db.ErrNone where it is nowhere.
func Held(ctx context.Context, tx db.Tx, a ref.Account) (Member, error) {
	m, err := Anywhere(ctx, tx, a)
	if err != nil {
		return m, err
	}
	if _, err := Change(ctx, tx, m.Org); err != nil {
		return m, err
	}
	return Anywhere(ctx, tx, a) // it may have left while this waited
}

// Join is what a read that begins from an account takes along to learn where it
// stands, in the same statement: Column behind its own, and Place's Dest.
func Join(account string) string {
	return ` LEFT JOIN org_member om ON om.account = ` + account + ` LEFT JOIN org oo ON oo.id = om.org` + allowed.Join(account)
}

// Column is what Join gives, in one column: the check of a session reads it each time.
// Its owner's own list stands before the place in an organisation.
const Column = `coalesce(` + allowed.Column + ` || ';', '') || coalesce(om.org || ' ' || oo.version || ' ' || om.inactive || ' ' || om.joined || ' ' || om.role || ' ' || om.in_groups, '')`

// Dest is where Column is read to.
func Dest(p *policy.Place) any { return dest{p} }

type dest struct{ place *policy.Place }

// Scan takes a place apart.
func (d dest) Scan(src any) error {
	*d.place = policy.Place{}
	var text string
	switch s := src.(type) {
	case nil: // what the account belongs to is not there
	case string:
		text = s
	case []byte:
		text = string(s)
	}
	if own, rest, is := strings.Cut(text, ";"); is {
		var err error
		if d.place.Own, err = allowed.Parse(own); err != nil {
			return err
		}
		text = rest
	}
	if text == "" {
		return nil
	}
	words := strings.Fields(text)
	if len(words) < 5 {
		return fmt.Errorf("a place in an organisation has five words and its groups, not %q", text)
	}
	version, err1 := strconv.ParseInt(words[1], 10, 64)
	joined, err2 := strconv.ParseInt(words[3], 10, 64)
	p := d.place
	p.Org, p.Version, p.Inactive, p.Joined, p.Role = ref.Org(words[0]), version, words[2] != "0", time.UnixMicro(joined).UTC(), words[4]
	for _, g := range words[5:] {
		p.Groups = append(p.Groups, ref.Group(g))
	}
	return errors.Join(err1, err2)
}

// PlaceOf says where an account stands; the zero place when it is nowhere, or when
// there is no such account: both cost one read.
func PlaceOf(ctx context.Context, r db.Reader, a ref.Account) (p policy.Place, err error) {
	err = r.QueryRow(ctx, `SELECT `+Column+` FROM (SELECT CAST($1 AS TEXT) AS id) who`+Join("who.id"), a).Scan(Dest(&p))
	return p, err
}

// Group is one group of an organisation's members.
type Group struct {
	ID      ref.Group
	Name    string
	Created time.Time
}

func scanGroup(s db.Scanner) (g Group, err error) {
	err = s.Scan(&g.ID, &g.Name, db.Time(&g.Created))
	return g, err
}

// MostGroups is how many groups one member can be in.
const MostGroups = 200

// ErrGroups is a member in too many groups.
var ErrGroups = errors.New("a member is in at most 200 groups")

// NewGroup makes a group; db.ErrTaken when the name is another's.
func NewGroup(ctx context.Context, tx db.Tx, o ref.Org, name string) (Group, error) {
	g := Group{ref.NewGroup(tx.Now()), name, tx.Now()}
	var n int64
	if err := tx.QueryRow(ctx, `SELECT count(*) FROM org_group WHERE org = $1`, o).Scan(&n); err != nil {
		return g, err
	}
	if n >= MostOfKind {
		return g, ErrMost
	}
	_, err := tx.Exec(ctx, `INSERT INTO org_group (id, org, name, created) VALUES ($1, $2, $3, $4)`, g.ID, o, g.Name, g.Created)
	return g, err
}

// Groups are the groups of an organisation, by name.
func Groups(ctx context.Context, r db.Reader, o ref.Org) ([]Group, error) {
	return db.List(ctx, r, scanGroup, `SELECT id, name, created FROM org_group WHERE org = $1 ORDER BY name`, o)
}

// GroupNamed finds a group of this organisation by its ID, else by its name.
func GroupNamed(ctx context.Context, r db.Reader, o ref.Org, what string) (Group, error) {
	return scanGroup(r.QueryRow(ctx, `SELECT id, name, created FROM org_group WHERE org = $1 AND (id = $2 OR name = $2)
		ORDER BY id = $2 DESC LIMIT 1`, o, what))
}

// Put puts a member into a group; db.ErrNone when they are in it already.
func Put(ctx context.Context, tx db.Tx, m Member, g ref.Group) error {
	if slices.Contains(m.Groups, g) {
		return db.ErrNone
	}
	if len(m.Groups) >= MostGroups {
		return ErrGroups
	}
	return regroup(ctx, tx, m, append(slices.Clone(m.Groups), g))
}

// Take takes a member out of a group; db.ErrNone when they are not in it.
func Take(ctx context.Context, tx db.Tx, m Member, g ref.Group) error {
	if !slices.Contains(m.Groups, g) {
		return db.ErrNone
	}
	return regroup(ctx, tx, m, slices.DeleteFunc(slices.Clone(m.Groups), func(x ref.Group) bool { return x == g }))
}

func regroup(ctx context.Context, tx db.Tx, m Member, groups []ref.Group) error {
	return tx.One(ctx, `UPDATE org_member SET in_groups = $3 WHERE account = $1 AND org = $2`, m.Account, m.Org, join(groups))
}

// RemoveGroup removes a group, its members' places in it, and what was set for it.
func RemoveGroup(ctx context.Context, tx db.Tx, o ref.Org, g ref.Group) error {
	list, err := db.List(ctx, tx, scanMember, memberColumns+`WHERE org = $1 AND in_groups LIKE $2`, o, "%"+string(g)+"%")
	if err != nil {
		return err
	}
	for _, m := range list {
		if err := Take(ctx, tx, m, g); err != nil {
			return err
		}
	}
	if err := tx.One(ctx, `DELETE FROM org_group WHERE id = $1 AND org = $2`, g, o); err != nil {
		return err
	}
	return untarget(ctx, tx, o, string(g))
}
