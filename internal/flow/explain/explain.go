// Package explain says why: what a decision was made on, what would be decided now, and
// what other rules would have decided.
//
// It asks gate with facts that were kept or gathered, and has no rule of its own. It
// reads, and writes nothing: no counter, no session, no audit row.
package explain

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"slices"
	"sync"

	"sekisho/internal/db"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/flow/enter"
	"sekisho/internal/org"
	"sekisho/internal/ref"
	"sekisho/internal/session"
	"sekisho/internal/slowhash"
)

// Migrations are the tables of this package.
//
//go:embed migrations/*.sql
var Migrations embed.FS

// Explain is the journey.
type Explain struct {
	*enter.Entry

	mu      sync.Mutex
	running int // previews
}

// atOnce is how many previews run side by side on a node: each takes a core for seconds.
const atOnce = 2

// errBusy is one too many: it is told as every full queue is.
var errBusy = fmt.Errorf("too many previews at once: %w", slowhash.ErrBusy)

// turn takes a turn for a preview; leave gives it back.
func (x *Explain) turn() (leave func(), err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.running >= atOnce {
		return nil, errBusy
	}
	x.running++
	return func() {
		x.mu.Lock()
		defer x.mu.Unlock()
		x.running--
	}, nil
}

// Asker is who wants to know: a member, of their own organisation. The operator sits at
// the data and may know all.
type Asker struct {
	Org      ref.Org
	Account  ref.Account
	Operator bool
	// A program asks with a token of the organisation, whose guard has just asked gate what
	// it may.
	Token ref.Token
	Held  []org.Permission // of the token
}

// ErrForbidden is an asker whose role does not let them know.
var ErrForbidden = errors.New("this needs a permission that the role does not have")

// Told is how a door tells an error of this journey; nil where it is a fault of ours.
func Told(err error) *fault.Fault {
	switch {
	case errors.Is(err, ErrForbidden):
		return faults.OrgForbidden.New()
	case errors.Is(err, db.ErrNone):
		return faults.OrgGone.New()
	}
	return nil
}

// may says what whoever asks is let know; ErrForbidden where it is not what is needed,
// db.ErrNone for who is no member.
func (q Asker) may(ctx context.Context, r db.Reader, need org.Permission) ([]org.Permission, error) {
	if q.Operator {
		return org.Permissions, nil
	}
	if q.Token != "" {
		if !org.Within(q.Held, []org.Permission{need}) {
			return q.Held, ErrForbidden
		}
		return q.Held, nil
	}
	m, err := org.MemberOf(ctx, r, q.Org, q.Account)
	if err != nil {
		return nil, err
	}
	_, held, err := org.RoleNamed(ctx, r, q.Org, m.Role)
	if err == nil && (m.Inactive || !org.Within(held, []org.Permission{need})) {
		err = ErrForbidden
	}
	return held, err
}

// helps says what whoever asks about members is let know: who helps them, and who reads
// what happened.
func (q Asker) helps(ctx context.Context, r db.Reader) ([]org.Permission, error) {
	held, err := q.may(ctx, r, org.AssistMembers)
	if errors.Is(err, ErrForbidden) {
		held, err = q.may(ctx, r, org.ReadAudit)
	}
	return held, err
}

// apart keeps where somebody is from who does not read the audit log: whoever helps
// members, or sees who they are, does not watch them.
func apart(held []org.Permission, where ...*string) {
	if slices.Contains(held, org.ReadAudit) {
		return
	}
	for _, w := range where {
		*w = ""
	}
}

// Sessions lists where a member is signed in, as whoever holds these permissions is shown
// it: when, and, who reads the audit log, from where and in what.
func (x *Explain) Sessions(ctx context.Context, r db.Reader, held []org.Permission, a ref.Account) ([]session.Session, error) {
	list, err := x.Living(ctx, r, a)
	for i := range list {
		apart(held, &list[i].Addr, &list[i].Agent, &list[i].Place)
	}
	return list, err
}
