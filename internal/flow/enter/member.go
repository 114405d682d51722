package enter

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/audit"
	"sekisho/internal/db"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/flow"
	"sekisho/internal/i18n"
	"sekisho/internal/letter"
	"sekisho/internal/limit"
	"sekisho/internal/org"
	"sekisho/internal/ref"
	"sekisho/internal/session"
)

// Joins is the act of becoming a member, as the audit row of a refusal says it.
const Joins Act = "member.refused"

// Joining is an account that answers an invitation. The caller holds the organisation,
// then the account, in this transaction.
type Joining struct {
	Visitor    flow.Visitor
	Account    account.Account
	Session    session.Session // zero: the account was made for it
	Invitation org.Invitation
}

// Joined makes the account a member as it was invited, once. Everything the invitation
// says is looked at again: who invited may have lost what they give, the role may hold
// more than it did (OR-16).
func (e *Entry) Joined(ctx context.Context, tx db.Tx, j Joining) (*fault.Fault, error) {
	why, err := e.mayJoin(ctx, tx, j)
	if err != nil {
		return nil, err
	}
	if why == nil {
		if err := org.Answer(ctx, tx, j.Invitation, org.Accepted, j.Account.ID); errors.Is(err, db.ErrNone) {
			why = faults.InvitationOver
		} else if err != nil {
			return nil, err
		}
	}
	if why != nil {
		return e.Refuse(ctx, tx, Refusal{Visitor: j.Visitor, Account: j.Account.ID, Act: Joins, Tell: why})
	}
	return nil, e.join(ctx, tx, j)
}

// mayJoin says what stands in the way.
func (e *Entry) mayJoin(ctx context.Context, tx db.Tx, j Joining) (*fault.Entry, error) {
	i := j.Invitation
	if !i.Stands(tx.Now()) {
		return faults.InvitationOver, nil
	}
	// An address is in one account (RC-21): where it is in another, that account is the
	// one that was invited, whoever holds the link.
	owner, err := account.Owner(ctx, tx, account.Identifier{Kind: account.Email, Norm: i.Norm})
	switch {
	case err == nil && owner != j.Account.ID:
		return faults.InvitationOther, nil
	case err != nil && !errors.Is(err, db.ErrNone):
		return nil, err
	}
	m, err := org.Anywhere(ctx, tx, j.Account.ID)
	switch {
	case err == nil && m.Org == i.Org:
		return faults.InvitationMember, nil
	case err == nil:
		return faults.InvitationElsewhere, nil
	case !errors.Is(err, db.ErrNone):
		return nil, err
	}
	holds, err := e.Holds(ctx, tx, i)
	if err == nil && holds && i.Inviter == org.ByDomain {
		out, err := e.PutOut(ctx, tx, i.Org, j.Account.ID)
		if err != nil || !out {
			return nil, err
		}
		holds = false
	}
	if err == nil && !holds {
		return faults.InvitationVoid, nil
	}
	return nil, err
}

// turns are the rows that tell how an organisation last let somebody in or put them out.
var turns = []string{"member.added", "member.joined", "member.reactivated", "member.removed", "member.deactivated"}

// PutOut says whether an organisation has removed or deactivated somebody since it last let
// them in: they come back by an invitation, and not by themselves.
func (e *Entry) PutOut(ctx context.Context, r db.Reader, o ref.Org, a ref.Account) (bool, error) {
	rows, err := audit.Search(ctx, r, o, audit.Query{Account: a, Kinds: turns, Limit: 1})
	return len(rows) == 1 && (rows[0].Kind == "member.removed" || rows[0].Kind == "member.deactivated"), err
}

// Holds says whether who invited may still give what the invitation gives.
func (e *Entry) Holds(ctx context.Context, r db.Reader, i org.Invitation) (bool, error) {
	_, gives, err := org.RoleNamed(ctx, r, i.Org, i.Role)
	if errors.Is(err, db.ErrNone) {
		return false, nil // the role went
	}
	if err != nil {
		return false, err
	}
	switch i.Inviter {
	case org.ByOperator:
		return true, nil
	case org.ByDomain:
		_, domain, _ := strings.Cut(i.Norm, "@")
		d, err := org.DomainOwner(ctx, r, domain)
		if errors.Is(err, db.ErrNone) {
			return false, nil
		}
		return d.Org == i.Org && d.Opens() && len(gives) == 0 && len(i.Groups) == 0, err
	}
	m, err := org.MemberOf(ctx, r, i.Org, ref.Account(i.Inviter))
	if errors.Is(err, db.ErrNone) || err == nil && m.Inactive {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	a, err := account.Of(ctx, r, m.Account)
	if err != nil || a.State != account.Active || !a.Contained.IsZero() {
		return false, err
	}
	_, held, err := org.RoleNamed(ctx, r, i.Org, m.Role)
	if errors.Is(err, db.ErrNone) {
		return false, nil
	}
	return org.Within(held, append(slices.Clone(gives), org.InviteNeeds(i.Groups)...)), err
}

// invitations ends what a session that is doubted sent: whoever it went to would be in as
// what the account may give.
func (u *undoing) invitations(ctx context.Context, tx db.Tx) error {
	list, err := org.TakeBack(ctx, tx, u.account.ID, u.since)
	for _, i := range list {
		_, failed := audit.Write(ctx, tx, audit.Event{Kind: "invitation.revoked", Org: i.Org, Actor: string(u.account.ID),
			Detail: Membership{Org: i.Org, Role: i.Role, Invitation: i.ID, Inviter: i.Inviter, Groups: i.Groups}})
		err = errors.Join(err, failed, u.Outbox.Withdraw(ctx, tx, "", i.Topic()))
	}
	return err
}

func (e *Entry) join(ctx context.Context, tx db.Tx, j Joining) error {
	i := j.Invitation
	if err := org.Add(ctx, tx, i.Org, j.Account.ID, i.Role); err != nil {
		return err
	}
	if err := putAll(ctx, tx, i, j.Account.ID); err != nil {
		return err
	}
	o, err := org.Of(ctx, tx, i.Org)
	if err != nil {
		return err
	}
	_, err = audit.Write(ctx, tx, audit.Event{Kind: "member.joined", Account: j.Account.ID, Org: o.ID, Actor: string(j.Account.ID), Session: j.Session.ID,
		Addr: j.Visitor.Addr.String(), Agent: j.Visitor.Program, Place: j.Visitor.Place,
		Detail: Membership{Org: o.ID, Name: o.Name, Role: i.Role, Invitation: i.ID, Inviter: i.Inviter, Groups: i.Groups}})
	if err != nil {
		return err
	}
	return e.tellJoined(ctx, tx, j, o)
}

// Membership is what an audit row says of one that begins or ends.
type Membership struct {
	Org        ref.Org        `json:"org"`
	Name       string         `json:"org_name"`
	Role       string         `json:"role,omitempty"`
	Was        string         `json:"was,omitempty"`
	Invitation ref.Invitation `json:"invitation,omitempty"`
	Inviter    string         `json:"inviter,omitempty"`
	Groups     []ref.Group    `json:"groups,omitempty"`
}

// putAll puts a new member into the groups that are still there.
func putAll(ctx context.Context, tx db.Tx, i org.Invitation, a ref.Account) error {
	for _, g := range i.Groups {
		found, err := org.GroupNamed(ctx, tx, i.Org, string(g))
		if errors.Is(err, db.ErrNone) {
			continue
		}
		m, err2 := org.MemberOf(ctx, tx, i.Org, a)
		if err := errors.Join(err, err2); err != nil {
			return err
		}
		if err := org.Put(ctx, tx, m, found.ID); err != nil {
			return err
		}
	}
	return nil
}

// tellJoined tells the account's owner, who may not be who holds the session, and the
// address that was invited, where the account does not have it: whoever it was forwarded to
// has taken its place.
func (e *Entry) tellJoined(ctx context.Context, tx db.Tx, j Joining, o org.Org) error {
	from := e.From(j.Visitor, tx.Now())
	if j.Session.ID != "" {
		err := e.Tell(ctx, tx, j.Account, "org.joined", func(letter.To) letter.Change {
			return letter.Change{What: "org.joined", Name: o.Name, Link: e.Doubt(j.Session), From: from}
		})
		if err != nil {
			return err
		}
	}
	owner, err := account.Owner(ctx, tx, account.Identifier{Kind: account.Email, Norm: j.Invitation.Norm})
	if err == nil && owner == j.Account.ID {
		return nil
	}
	if err != nil && !errors.Is(err, db.ErrNone) {
		return err
	}
	to := letter.To{Lang: j.Invitation.Lang, Address: Mailbox(j.Invitation)}
	return e.Mail(ctx, tx, "org.taken", j.Account.ID, letter.InvitationTaken(e.Sheet, to, letter.Invited{Org: o.Name, From: from}), time.Time{})
}

// Mailbox is the address that an invitation goes to, as mail is handed over with it.
func Mailbox(i org.Invitation) string {
	return account.Identifier{Kind: account.Email, Norm: i.Norm, Shown: i.Shown}.Mailbox()
}

// Left ends a membership by the member's own will. The caller holds the organisation,
// then the account.
func (e *Entry) Left(ctx context.Context, tx db.Tx, j Joining, m org.Member) error {
	o, err := org.Of(ctx, tx, m.Org)
	if err != nil {
		return err
	}
	if err := org.Remove(ctx, tx, m); err != nil {
		return err
	}
	_, err = audit.Write(ctx, tx, audit.Event{Kind: "member.left", Account: j.Account.ID, Org: o.ID, Actor: string(j.Account.ID), Session: j.Session.ID,
		Addr: j.Visitor.Addr.String(), Agent: j.Visitor.Program, Place: j.Visitor.Place, Detail: Membership{Org: o.ID, Name: o.Name, Was: m.Role}})
	if err != nil {
		return err
	}
	err = e.Tell(ctx, tx, j.Account, "org.left", func(letter.To) letter.Change {
		return letter.Change{What: "org.left", Name: o.Name, Link: e.Doubt(j.Session), From: e.From(j.Visitor, tx.Now())}
	})
	if err != nil || m.Role != org.Owner {
		return err
	}
	return org.Owned(ctx, tx, m.Org)
}

// Spoken is the language an invitation is written in.
func Spoken(l, own i18n.Lang) i18n.Lang {
	if _, ok := i18n.Parse(string(l)); ok {
		return l
	}
	return own
}

// bothered spares one address: ten invitations a day, whoever sends them.
var bothered = limit.Rule{Free: 9, First: 24 * time.Hour, Max: 24 * time.Hour, Forget: 24 * time.Hour, Steps: true}

// Bother counts an invitation to an address, or says that it got as many as it may.
func Bother(ctx context.Context, tx db.Tx, to account.Identifier) (*fault.Fault, error) {
	inbox := bothered.Of("invited", "email", to.Norm)
	stands, err := inbox.Hold(ctx, tx)
	if err != nil || tx.Now().Before(stands.Until) {
		return faults.InvitationLimit.New().Until(stands.Until), err
	}
	_, err = inbox.Fail(ctx, tx)
	return nil, err
}
