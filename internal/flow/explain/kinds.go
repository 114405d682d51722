package explain

import (
	"context"
	"errors"
	"slices"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/audit"
	"sekisho/internal/db"
	"sekisho/internal/org"
	"sekisho/internal/ref"
)

// Group is what is looked at together in the audit log.
type Group struct {
	Name  string
	Kinds []string
}

// Groups are the groups there are. A kind that stands in none is found under all.
var Groups = []Group{
	{"signin", []string{audit.Succeeded, audit.Refused, "signin.recognised", "signin.locked", "signin.unlocked", "session.proved", "session.ended", "push.mistaken"}},
	{"refused", []string{audit.Refused, "address.refused", "factor.refused", "password.refused", "account.recovery_refused", "device.replace_refused"}},
	{"guard", []string{"password.changed", "factor.added", "factor.removed", "factor.off", "factor.taken_back", "backup.made", "backup.used", "backup.issued", "passphrase.set", "passphrase.removed",
		"device.added", "device.promoted", "device.refreshed", "device.replaced", "device.retired", "browser.trusted", "browser.untrusted", "address.added", "address.confirmed", "address.primary", "address.removed",
		"factors.reset", "password.temporary", "password.reset_sent", "sessions.ended", "address.shared", "address.unshared", "address.put_back", "address.taken_back",
		"allowed.set", "allowed.waits", "allowed.confirmed", "allowed.removed", "allowed.lifted", "allowed.reverted"}},
	{"account", []string{"account.created", "account.disabled", "account.enabled", "account.deleted", "account.erased", "account.contained", "account.recovered", "account.recovery_waits", "account.recovery_ended", "account.lock_lifted", "account.unlocked", "profile.changed"}},
	{"member", []string{"member.added", "member.removed", "member.role_changed", "member.deactivated", "member.reactivated", "member.group_joined", "member.group_left", "member.joined", "member.left", "member.taken_back", "invitation.sent", "invitation.resent", "invitation.revoked", "invitation.declined", "invitation.asked",
		"member.deleted", "member.restored", "member.refused", "ticket.opened", "ticket.taken", "ticket.taken_on", "ticket.checked", "ticket.approved", "ticket.refused", "ticket.closed", "ticket.stopped", "ticket.expired"}},
	{"rules", []string{"org.created", "org.role_added", "org.role_changed", "org.role_removed", "group.added", "group.renamed", "group.removed", "policy.set", "policy.removed", "policy.ordered", "policy.assigned", "policy.unassigned",
		"policy.waits", "policy.confirmed", "policy.reverted", "org.renamed", "org.colour_changed", "org.logo_changed", "org.logo_removed", "org.checks_set", "org.rescued",
		"domain.claimed", "domain.proved", "domain.missing", "domain.lost", "domain.opened", "domain.closed", "domain.removed"}},
	{"app", []string{"app.connected", "app.disconnected", "app.code_reused", "app.token_reused",
		"hook.added", "hook.changed", "hook.removed", "hook.rotated", "hook.stopped", "hook.tested", "hook.replayed", "token.issued", "token.added", "token.revoked"}},
}

// Log is a page of an organisation's audit log.
type Log struct {
	Rows  []audit.Row
	Names map[ref.Account]string // of those in it who are members
	More  bool
}

// most bounds a page of the log.
const most = 1000

// Search reads a page of the organisation's audit log (OR-20), newest first.
func (x *Explain) Search(ctx context.Context, who Asker, q audit.Query) (out Log, err error) {
	if q.Limit <= 0 || q.Limit > most {
		return out, errors.New("a page of the audit log has 1 to 1000 rows")
	}
	q.Limit++
	err = x.DB.View(ctx, func(r db.ReadTx) error {
		out = Log{}
		if _, err := who.may(ctx, r, org.ReadAudit); err != nil {
			return err
		}
		var err error
		if out.Rows, err = audit.Search(ctx, r, who.Org, q); err != nil {
			return err
		}
		if out.More = len(out.Rows) == q.Limit; out.More {
			out.Rows = out.Rows[:q.Limit-1]
		}
		out.Names, err = names(ctx, r, who.Org, out.Rows)
		return err
	})
	return out, err
}

func names(ctx context.Context, r db.Reader, o ref.Org, rows []audit.Row) (map[ref.Account]string, error) {
	var ids []ref.Account
	add := func(id ref.Account) {
		if id != "" && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	for _, x := range rows {
		add(x.Account)
		if id, ok := ref.ParseAccount(x.Actor); ok {
			add(id)
		}
	}
	return account.NamesIn(ctx, r, o, ids)
}

// MostExported is how many rows one export has.
const MostExported = 100_000

// Export hands on the rows that a search finds, a page at a time, newest first, at most
// MostExported of them.
func (x *Explain) Export(ctx context.Context, who Asker, q audit.Query, do func(audit.Row) error) error {
	for n := 0; n < MostExported; {
		q.Limit = most
		page, err := x.Search(ctx, who, q)
		if err != nil {
			return err
		}
		for _, row := range page.Rows {
			if err := do(row); err != nil {
				return err
			}
		}
		if n += len(page.Rows); !page.More {
			return nil
		}
		last := page.Rows[len(page.Rows)-1]
		q.After = audit.Cursor{At: last.At, Reference: last.Reference}
	}
	return nil
}

// Head says where the chain of the whole installation stands.
func (x *Explain) Head(ctx context.Context, who Asker) (c audit.Checked, err error) {
	err = x.DB.View(ctx, func(r db.ReadTx) error {
		if _, err := who.may(ctx, r, org.ReadAudit); err != nil {
			return err
		}
		c, err = audit.Head(ctx, r)
		return err
	})
	return c, err
}

// Since is the beginning of the day, where the server lives, so many days ago.
func (x *Explain) Since(now time.Time, days int) time.Time { return x.Day(now).AddDate(0, 0, -days) }

// Whom finds whom somebody who reads the audit log asks for: a member by an address,
// number, user name or ID, and by their ID also somebody who has left, whose rows are still
// the organisation's; empty where there is nobody.
func (x *Explain) Whom(ctx context.Context, r db.Reader, who Asker, what string) (ref.Account, error) {
	if id, ok := ref.ParseAccount(what); ok {
		return id, nil
	}
	id, err := x.Find(ctx, r, who, what)
	if errors.Is(err, db.ErrNone) {
		return "", nil
	}
	return id, err
}
