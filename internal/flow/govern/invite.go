package govern

import (
	"context"
	"errors"
	"slices"

	"sekisho/internal/account"
	"sekisho/internal/audit"
	"sekisho/internal/db"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/flow/enter"
	"sekisho/internal/i18n"
	"sekisho/internal/letter"
	"sekisho/internal/limit"
	"sekisho/internal/org"
	"sekisho/internal/ref"
	"sekisho/internal/roster"
	"sekisho/internal/secret"
)

// InvitesAnHour is how many invitations one organisation sends in an hour of the clock.
// Mails to people who asked for none are what they would be worth to a spammer.
const InvitesAnHour = 200

// Asked is who is to be invited, and as what.
type Asked struct {
	Address string
	Role    string   // its name or ID; empty: member
	Groups  []string // their names or IDs
	Lang    i18n.Lang
}

// refused makes a fault the end of an act.
func refused(f *fault.Fault) error { return &Refused{f} }

// Invite asks the reader of an address to join. Whether an account has the address is
// not looked at, but for members of this very organisation: the answer tells an admin
// nothing of who is here (SI-28).
func (g *Govern) Invite(ctx context.Context, by By, o ref.Org, a Asked) (made org.Invitation, err error) {
	to, err := account.ParseEmail(a.Address)
	if err != nil {
		return made, refused(faults.IdentifierMalformed.New())
	}
	if f := g.Group(to); f != nil {
		return made, refused(f)
	}
	err = g.change(ctx, by, o, org.ManageMembers, func(tx db.Tx, x *act) error {
		made = org.Invitation{Org: o, Norm: to.Norm, Shown: to.Shown, Lang: enter.Spoken(a.Lang, x.by.Visitor.Lang), Inviter: x.by.inviter()}
		if _, ok := i18n.Parse(string(made.Lang)); !ok {
			made.Lang = i18n.En
		}
		var err error
		if made.Role, err = x.reaches(ctx, tx, roleOr(a.Role)); err != nil {
			return err
		}
		if made.Groups, err = x.groups(ctx, tx, a.Groups); err != nil {
			return err
		}
		if err := x.memberBy(ctx, tx, to); err != nil {
			return err
		}
		if err := x.spare(ctx, tx, to); err != nil {
			return err
		}
		var token secret.Text
		made, token, err = org.Invite(ctx, tx, made)
		switch {
		case errors.Is(err, db.ErrTaken):
			return refused(faults.InvitationOpen.New())
		case errors.Is(err, org.ErrInvitations):
			return refused(faults.InvitationFull.New())
		case err != nil:
			return err
		}
		return x.send(ctx, tx, made, token, "invitation.sent")
	})
	return made, err
}

func roleOr(role string) string {
	if role == "" {
		return org.Plain
	}
	return role
}

// groups finds the groups that somebody is invited into.
func (x *act) groups(ctx context.Context, tx db.Tx, names []string) (out []ref.Group, err error) {
	if len(names) > org.MostGroups {
		return nil, org.ErrGroups
	}
	if len(names) > 0 && !org.Within(x.held, []org.Permission{org.ManageGroups}) {
		return nil, ErrForbidden
	}
	for _, name := range names {
		found, err := org.GroupNamed(ctx, tx, x.org.ID, name)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(out, found.ID) {
			out = append(out, found.ID)
		}
	}
	return out, nil
}

// memberBy refuses an address by which a member is shown already.
func (x *act) memberBy(ctx context.Context, tx db.Tx, to account.Identifier) error {
	_, err := roster.Shown(ctx, tx, x.org.ID, to)
	switch {
	case err == nil:
		return refused(faults.InvitationMember.New())
	case errors.Is(err, db.ErrNone):
		return nil
	}
	return err
}

// spare counts an invitation against what one organisation sends and one inbox gets.
func (x *act) spare(ctx context.Context, tx db.Tx, to account.Identifier) error {
	q := limit.AnHour(InvitesAnHour, tx.Now(), "invitation", string(x.org.ID))
	full, err := q.Hold(ctx, tx)
	if err != nil {
		return err
	}
	if full {
		return refused(faults.InvitationLimit.New().Until(q.Ends))
	}
	f, err := enter.Bother(ctx, tx, to)
	if err != nil {
		return err
	}
	if f != nil {
		return refused(f)
	}
	return q.Use(ctx, tx)
}

// send puts the mail into the outbox and writes it down. The audit row does not name who
// was invited in full: they may never have an account here, which could be erased.
func (x *act) send(ctx context.Context, tx db.Tx, i org.Invitation, token secret.Text, kind string) error {
	role, err := x.called(ctx, tx, i)
	if err != nil {
		return err
	}
	l := letter.Invited{Org: x.org.Name, Role: role, Until: i.Expires, Zone: x.Zone, Link: x.Sheet.URL + "/invite?c=" + token.Reveal()}
	if !x.by.Operator {
		a, err := account.Of(ctx, tx, x.by.account())
		if err != nil {
			return err
		}
		l.By = a.Name
	}
	to := letter.To{Lang: i.Lang, Address: enter.Mailbox(i)}
	if err := x.Mail(ctx, tx, i.Topic(), "", letter.Invitation(x.Sheet, to, l), i.Expires); err != nil {
		return err
	}
	return x.noteInvitation(ctx, tx, kind, i)
}

// called is what an invitation's role is called where it is read.
func (x *act) called(ctx context.Context, r db.Reader, i org.Invitation) (string, error) {
	if slices.Contains(org.Builtin, i.Role) {
		return letter.Role(i.Lang, i.Role), nil
	}
	return org.RoleCalled(ctx, r, x.org.ID, i.Role)
}

// toldInvitation is what the audit row of an invitation says.
type toldInvitation struct {
	Org        ref.Org        `json:"org"`
	Name       string         `json:"org_name"`
	Invitation ref.Invitation `json:"invitation"`
	To         string         `json:"to"`
	Role       string         `json:"role"`
	Groups     []ref.Group    `json:"groups,omitempty"`
	Sends      int            `json:"sends"`
}

func (x *act) noteInvitation(ctx context.Context, tx db.Tx, kind string, i org.Invitation) error {
	masked := account.Identifier{Kind: account.Email, Norm: i.Norm, Shown: i.Shown}.Masked()
	_, err := audit.Write(ctx, tx, audit.Event{Kind: kind, Org: x.org.ID, Actor: x.by.actor(), Detail: toldInvitation{x.org.ID, x.org.Name, i.ID, masked, i.Role, i.Groups, i.Sends}})
	return err
}

// Reinvite sends an invitation once more, with seven more days and a new link; the one
// before opens nothing any more. Whoever sends it has to hold what it gives, and is the
// one who invites from now on.
func (g *Govern) Reinvite(ctx context.Context, by By, o ref.Org, id ref.Invitation) (made org.Invitation, err error) {
	err = g.change(ctx, by, o, org.ManageMembers, func(tx db.Tx, x *act) error {
		i, err := org.InvitationOf(ctx, tx, o, id)
		if err != nil {
			return err
		}
		if _, err := x.reaches(ctx, tx, i.Role); err != nil {
			return err
		}
		if !org.Within(x.held, org.InviteNeeds(i.Groups)) {
			return ErrForbidden
		}
		if err := x.spare(ctx, tx, account.Identifier{Kind: account.Email, Norm: i.Norm}); err != nil {
			return err
		}
		var token secret.Text
		made, token, err = org.Renew(ctx, tx, o, id, x.by.inviter())
		if errors.Is(err, org.ErrSends) {
			return refused(faults.InvitationSends.New())
		}
		if err != nil {
			return err
		}
		if err := x.Outbox.Withdraw(ctx, tx, "", i.Topic()); err != nil {
			return err
		}
		return x.send(ctx, tx, made, token, "invitation.resent")
	})
	return made, err
}

// Revoke ends an invitation that is open; a mail that waits is not sent.
func (g *Govern) Revoke(ctx context.Context, by By, o ref.Org, id ref.Invitation) error {
	return g.change(ctx, by, o, org.ManageMembers, func(tx db.Tx, x *act) error {
		i, err := org.InvitationOf(ctx, tx, o, id)
		if err != nil {
			return err
		}
		if err := org.Revoke(ctx, tx, o, id); err != nil {
			return err
		}
		if err := x.Outbox.Withdraw(ctx, tx, "", i.Topic()); err != nil {
			return err
		}
		return x.noteInvitation(ctx, tx, "invitation.revoked", i)
	})
}
