package org

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/policy"
	"sekisho/internal/ref"
)

// Policy is a policy of an organisation as it stands there.
type Policy struct {
	policy.Assigned
	Position int64
	Version  int64 // each change of its parts raises it
}

// MostPolicies is how many policies an organisation can have, and MostTargets how
// many targets one of them: every resolution looks at all of them.
const (
	MostPolicies = 200
	MostTargets  = 500
)

// OnlyNew is the version of what must not be there yet.
const OnlyNew = -1

var (
	// ErrMost is a policy or target too many.
	ErrMost = errors.New("an organisation has at most 200 policies, and a policy at most 500 targets")
	// ErrReserved is a name that is no policy's.
	ErrReserved = errors.New("the server calls something else so")
	// ErrChanged is a policy that somebody else changed since it was read.
	ErrChanged = errors.New("somebody else has changed the policy meanwhile")
)

// column is a part as it is kept: NULL where it is unset.
func column[T any](part *T) (any, error) {
	if part == nil {
		return nil, nil
	}
	b, err := json.Marshal(part)
	return string(b), err
}

// part reads one back. What a part of an older version does not name is as by default.
func part[T any](text string, standard T) (*T, error) {
	if text == "" {
		return nil, nil
	}
	err := json.Unmarshal([]byte(text), &standard)
	return &standard, err
}

func columnsOf(p policy.Policy) ([]any, error) {
	a, err1 := column(p.Password)
	b, err2 := column(p.SecondFactor)
	c, err3 := column(p.Session)
	d, err4 := column(p.Address)
	e, err5 := column(p.Federation)
	return []any{a, b, c, d, e}, errors.Join(err1, err2, err3, err4, err5)
}

// SetPolicy makes a policy, or changes the parts of the one of that name. seen is the
// version that its author read: ErrChanged when it is another by now; 0: any; OnlyNew:
// none, db.ErrTaken when there is one. A new one
// comes after the others and is for nobody yet.
func SetPolicy(ctx context.Context, tx db.Tx, o ref.Org, p policy.Policy, seen int64) (Policy, error) {
	if err := p.Check(); err != nil {
		return Policy{}, err
	}
	if slices.Contains(policy.Reserved, p.Name) {
		return Policy{}, fmt.Errorf("a policy cannot be called %q: %w", p.Name, ErrReserved)
	}
	all, err := Policies(ctx, tx, o)
	if err != nil {
		return Policy{}, err
	}
	i := slices.IndexFunc(all, func(x Policy) bool { return x.Name == p.Name })
	if seen == OnlyNew {
		if i >= 0 {
			return Policy{}, db.ErrTaken
		}
		seen = 0
	}
	if i < 0 && seen != 0 || i >= 0 && seen != 0 && seen != all[i].Version {
		return Policy{}, ErrChanged
	}
	var before *policy.SecondFactor
	if i >= 0 {
		before = all[i].SecondFactor
	}
	p = written(p, before, tx.Now())
	parts, err := columnsOf(p)
	if err != nil {
		return Policy{}, fmt.Errorf("policy %s: %w", p.Name, err)
	}
	if i >= 0 {
		out := all[i]
		out.Policy, out.Version = p, out.Version+1
		return out, tx.One(ctx, `UPDATE org_policy SET version = $2, password = $3, second_factor = $4, session = $5, address = $6, federation = $7 WHERE id = $1`,
			append([]any{out.ID, out.Version}, parts...)...)
	}
	if len(all) >= MostPolicies {
		return Policy{}, ErrMost
	}
	out := Policy{Assigned: policy.Assigned{Policy: p, ID: ref.NewPolicy(tx.Now())}, Position: 1, Version: 1}
	if len(all) > 0 {
		out.Position = all[len(all)-1].Position + 1
	}
	_, err = tx.Exec(ctx, `INSERT INTO org_policy (id, org, position, name, version, password, second_factor, session, address, federation)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, append([]any{out.ID, o, out.Position, p.Name, out.Version}, parts...)...)
	return out, err
}

// written is a policy as it is kept: its list in order, and since when it demands a
// second factor.
func written(p policy.Policy, before *policy.SecondFactor, now time.Time) policy.Policy {
	if p.Address != nil {
		list := p.Address.Tidy()
		p.Address = &list
	}
	if p.SecondFactor == nil {
		return p
	}
	s := *p.SecondFactor
	s.Since = time.Time{}
	if s.Demanded {
		s.Since = now
		if before != nil && before.Demanded && !s.Narrows(*before) {
			s.Since = before.Since // it has been demanded since then
		}
	}
	p.SecondFactor = &s
	return p
}

// RemovePolicy removes a policy; what it gave comes from the next in order.
func RemovePolicy(ctx context.Context, tx db.Tx, o ref.Org, id ref.Policy) error {
	return tx.One(ctx, `DELETE FROM org_policy WHERE id = $1 AND org = $2`, id, o)
}

// Order puts policies into an order: the named ones first, as they stand.
func Order(ctx context.Context, tx db.Tx, o ref.Org, first []ref.Policy) error {
	all, err := Policies(ctx, tx, o)
	if err != nil {
		return err
	}
	order := slices.Clone(first)
	for _, p := range all {
		if !slices.Contains(first, p.ID) {
			order = append(order, p.ID)
		}
	}
	for i, id := range order {
		if err := tx.One(ctx, `UPDATE org_policy SET position = $3 WHERE id = $1 AND org = $2`, id, o, i+1); err != nil {
			return err
		}
	}
	return nil
}

// Assign says for whom a policy is, or is not. The caller has made sure that whom it
// names is the organisation's own.
func Assign(ctx context.Context, tx db.Tx, p Policy, whom string, exclude bool) error {
	if len(p.Targets) >= MostTargets {
		return ErrMost
	}
	_, err := tx.Exec(ctx, `INSERT INTO org_policy_target (policy, whom, exclude, since) VALUES ($1, $2, $3, $4)
		ON CONFLICT (policy, whom) DO UPDATE SET exclude = excluded.exclude, since = CASE WHEN org_policy_target.exclude = excluded.exclude THEN org_policy_target.since ELSE excluded.since END`,
		p.ID, whom, exclude, tx.Now())
	return err
}

// Unassign takes a target away; db.ErrNone when it was none.
func Unassign(ctx context.Context, tx db.Tx, p Policy, whom string) error {
	return tx.One(ctx, `DELETE FROM org_policy_target WHERE policy = $1 AND whom = $2`, p.ID, whom)
}

// untarget takes away what was set for somebody who is no longer there.
func untarget(ctx context.Context, tx db.Tx, o ref.Org, whom string) error {
	_, err := tx.Exec(ctx, `DELETE FROM org_policy_target WHERE whom = $1 AND policy IN (SELECT id FROM org_policy WHERE org = $2)`, whom, o)
	return err
}

// Policies are an organisation's, in order, with their targets, as they hold now: a
// change that was not confirmed in time is none.
func Policies(ctx context.Context, r db.Reader, o ref.Org) ([]Policy, error) {
	k, err := readAll(ctx, r, o)
	if !k.until.IsZero() && !r.Now().Before(k.until) {
		return k.before, err
	}
	return k.list, err
}

// PolicyNamed finds a policy of this organisation by its ID, else by its name; db.ErrNone
// when there is none.
func PolicyNamed(ctx context.Context, r db.Reader, o ref.Org, what string) (Policy, error) {
	list, err := Policies(ctx, r, o)
	if err != nil {
		return Policy{}, err
	}
	i := slices.IndexFunc(list, func(p Policy) bool { return string(p.ID) == what })
	if i < 0 {
		i = slices.IndexFunc(list, func(p Policy) bool { return p.Name == what })
	}
	if i < 0 {
		return Policy{}, db.ErrNone
	}
	return list[i], nil
}

// row is what one row of read tells.
type row struct {
	org    Org
	policy Policy
	target policy.Target
	look   policy.Look
	until  time.Time
	is     bool // there is a policy
	aimed  bool // there is a target
}

// read reads an organisation and its rules in one statement, so that the version is
// that of the rules. db.ErrNone when there is no such organisation.
func read(ctx context.Context, r db.Reader, o ref.Org) (known, error) {
	rows, err := db.List(ctx, r, scanRow, `SELECT o.id, o.name, o.created, o.version, p.id, p.position, p.name, p.version,
			p.password, p.second_factor, p.session, p.address, p.federation, t.whom, t.exclude, t.since, pe.until, l.colour, l.logo_hash
		FROM org o LEFT JOIN org_pending pe ON pe.org = o.id LEFT JOIN org_look l ON l.org = o.id LEFT JOIN org_policy p ON p.org = o.id LEFT JOIN org_policy_target t ON t.policy = p.id
		WHERE o.id = $1 ORDER BY p.position, p.id, t.whom`, o)
	if err != nil {
		return known{}, err
	}
	if len(rows) == 0 {
		return known{}, db.ErrNone
	}
	var list []Policy
	for _, x := range rows {
		if x.is && (len(list) == 0 || list[len(list)-1].ID != x.policy.ID) {
			list = append(list, x.policy)
		}
		if x.aimed {
			last := &list[len(list)-1]
			last.Targets = append(last.Targets, x.target)
		}
	}
	return known{org: rows[0].org, look: rows[0].look, list: list, until: rows[0].until}, nil
}

func scanRow(s db.Scanner) (x row, err error) {
	var id, name, whom, password, second, session, address, federation string
	p := &x.policy
	err = s.Scan(&x.org.ID, &x.org.Name, db.Time(&x.org.Created), &x.org.Version, db.Null(&id), db.Null(&p.Position), db.Null(&name), db.Null(&p.Version),
		db.Null(&password), db.Null(&second), db.Null(&session), db.Null(&address), db.Null(&federation),
		db.Null(&whom), db.Bool(&x.target.Exclude), db.Time(&x.target.Since), db.Time(&x.until), db.Null(&x.look.Colour), db.Null(&x.look.Logo))
	if err != nil {
		return x, err
	}
	p.ID, p.Name, x.target.Whom = ref.Policy(id), name, whom
	x.is, x.aimed = id != "", whom != ""
	standard := policy.Default()
	var errs [5]error
	p.Password, errs[0] = part(password, *standard.Password)
	p.SecondFactor, errs[1] = part(second, *standard.SecondFactor)
	p.Session, errs[2] = part(session, *standard.Session)
	p.Address, errs[3] = part(address, *standard.Address)
	p.Federation, errs[4] = part(federation, *standard.Federation)
	return x, errors.Join(errs[:]...)
}
