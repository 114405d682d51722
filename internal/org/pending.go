package org

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/policy"
	"sekisho/internal/ref"
)

// ConfirmWithin is how long a change that shuts its author out may stand unconfirmed.
const ConfirmWithin = 10 * time.Minute

// Pending is a change of rules that waits to be confirmed. Its time over, what held
// before holds again, whether or not somebody has written that down.
type Pending struct {
	Org     ref.Org
	Account ref.Account // its author
	Session ref.Session // of its author: it is confirmed in another
	What    string      // what was changed: a policy's name
	Begun   time.Time
	Until   time.Time
}

// Over says whether it has taken itself back.
func (p Pending) Over(now time.Time) bool { return !now.Before(p.Until) }

// keptPolicy is a policy as it stood before.
type keptPolicy struct {
	ID       ref.Policy      `json:"id"`
	Position int64           `json:"position"`
	Version  int64           `json:"version"`
	Policy   policy.Policy   `json:"policy"`
	Targets  []policy.Target `json:"targets"`
}

// Stand lets a change stand until it is confirmed, and keeps what was before it. The
// caller changes the organisation.
func Stand(ctx context.Context, tx db.Tx, p Pending, before []Policy) (Pending, error) {
	list := make([]keptPolicy, len(before))
	for i, x := range before {
		list[i] = keptPolicy{x.ID, x.Position, x.Version, x.Policy, x.Targets}
	}
	text, err := json.Marshal(list)
	if err != nil {
		return p, fmt.Errorf("policies before a change: %w", err)
	}
	p.Begun, p.Until = tx.Now(), tx.Now().Add(ConfirmWithin)
	_, err = tx.Exec(ctx, `INSERT INTO org_pending (org, account, session, what, begun, until, before) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		p.Org, p.Account, p.Session, p.What, p.Begun, p.Until, string(text))
	return p, err
}

// PendingOf reads the change that waits, or that nobody has taken back yet; db.ErrNone
// when there is none.
func PendingOf(ctx context.Context, r db.Reader, o ref.Org) (p Pending, err error) {
	err = r.QueryRow(ctx, `SELECT org, account, session, what, begun, until FROM org_pending WHERE org = $1`, o).
		Scan(&p.Org, &p.Account, &p.Session, &p.What, db.Time(&p.Begun), db.Time(&p.Until))
	return p, err
}

// beforeOf reads what was before a change that has to be confirmed until then;
// db.ErrNone when it was decided on meanwhile.
func beforeOf(ctx context.Context, r db.Reader, o ref.Org, until time.Time) ([]Policy, error) {
	var text string
	if err := r.QueryRow(ctx, `SELECT before FROM org_pending WHERE org = $1 AND until = $2`, o, until).Scan(&text); err != nil {
		return nil, err
	}
	var list []keptPolicy
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return nil, fmt.Errorf("policies before a change: %w", err)
	}
	out := make([]Policy, len(list))
	for i, x := range list {
		out[i] = Policy{Assigned: policy.Assigned{Policy: x.Policy, ID: x.ID, Targets: x.Targets}, Position: x.Position, Version: x.Version}
	}
	return out, nil
}

// Confirm lets a change stand for good; db.ErrNone when its time is over, or it is its
// author's own session that asks. The caller changes the organisation.
func Confirm(ctx context.Context, tx db.Tx, o ref.Org, in ref.Session) error {
	return tx.One(ctx, `DELETE FROM org_pending WHERE org = $1 AND until > $2 AND session <> $3`, o, tx.Now(), in)
}

// Revert puts the policies back as they were before the change that waits; db.ErrNone
// when none does. The caller changes the organisation. Groups and members that went
// meanwhile stay away.
func Revert(ctx context.Context, tx db.Tx, o ref.Org) (Pending, error) {
	p, err := PendingOf(ctx, tx, o)
	if err != nil {
		return p, err
	}
	before, err := beforeOf(ctx, tx, o, p.Until)
	if err != nil {
		return p, err
	}
	if err := tx.One(ctx, `DELETE FROM org_pending WHERE org = $1`, o); err != nil {
		return p, err
	}
	now, err := Policies(ctx, tx, o)
	if err != nil {
		return p, err
	}
	for _, x := range now {
		if !slices.ContainsFunc(before, func(y Policy) bool { return y.ID == x.ID }) {
			if err := RemovePolicy(ctx, tx, o, x.ID); err != nil {
				return p, err
			}
		}
	}
	for _, x := range before {
		i := slices.IndexFunc(now, func(y Policy) bool { return y.ID == x.ID })
		if i >= 0 {
			x.Version = now[i].Version
			if reflect.DeepEqual(now[i], x) {
				continue
			}
		}
		x.Version++ // who edits what was taken back is told
		if err := putBack(ctx, tx, o, x); err != nil {
			return p, err
		}
	}
	return p, nil
}

func putBack(ctx context.Context, tx db.Tx, o ref.Org, x Policy) error {
	parts, err := columnsOf(x.Policy)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO org_policy (id, org, position, name, version, password, second_factor, session, address, federation) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (id) DO UPDATE SET position = excluded.position, name = excluded.name, version = excluded.version, password = excluded.password, second_factor = excluded.second_factor,
			session = excluded.session, address = excluded.address, federation = excluded.federation`,
		append([]any{x.ID, o, x.Position, x.Name, x.Version}, parts...)...)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM org_policy_target WHERE policy = $1`, x.ID); err != nil {
		return err
	}
	for _, t := range x.Targets {
		_, err := tx.Exec(ctx, `INSERT INTO org_policy_target (policy, whom, exclude, since) SELECT CAST($1 AS TEXT), whom, CAST($3 AS BIGINT), CAST($4 AS BIGINT) FROM (SELECT CAST($2 AS TEXT) AS whom) w
			WHERE whom = 'all' OR EXISTS (SELECT 1 FROM org_group WHERE id = whom AND org = $5) OR EXISTS (SELECT 1 FROM org_member WHERE account = whom AND org = $5)`,
			x.ID, t.Whom, t.Exclude, t.Since, o)
		if err != nil {
			return err
		}
	}
	return nil
}

// Overdue lists organisations whose change was not confirmed in time, at most n.
func Overdue(ctx context.Context, r db.Reader, n int) ([]ref.Org, error) {
	return db.List(ctx, r, func(s db.Scanner) (o ref.Org, err error) { err = s.Scan(&o); return o, err },
		`SELECT org FROM org_pending WHERE until <= $1 ORDER BY until LIMIT $2`, r.Now(), n)
}

// known are an organisation's rules as they stand, and what was before a change that
// waits to be confirmed.
type known struct {
	org    Org
	look   policy.Look
	list   []Policy
	until  time.Time
	before []Policy
}

// readAll reads both. Between two statements the change may have been decided on: it is
// read again.
func readAll(ctx context.Context, r db.Reader, o ref.Org) (k known, err error) {
	for range 5 {
		if k, err = read(ctx, r, o); err != nil || k.until.IsZero() {
			return k, err
		}
		k.before, err = beforeOf(ctx, r, o, k.until)
		if !errors.Is(err, db.ErrNone) {
			return k, err
		}
	}
	return k, err
}
