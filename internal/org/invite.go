package org

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/i18n"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
)

// What holds of an invitation (OR-07).
const (
	InvitationLives = 7 * 24 * time.Hour
	MostSends       = 4    // the first, and three more
	MostInvitations = 1000 // open at once in one organisation
)

// Invitation asks the reader of one address to join.
type Invitation struct {
	ID      ref.Invitation
	Org     ref.Org
	Norm    string // the address as it is compared
	Shown   string
	Lang    i18n.Lang
	Role    string // as a member carries it
	Groups  []ref.Group
	Inviter string // an account, ByOperator, or ByDomain
	State   string
	Account ref.Account // who accepted it
	Created time.Time
	Sent    time.Time // last
	Sends   int
	Expires time.Time
	Ended   time.Time
	secret  []byte
}

// Who invites besides members.
const (
	ByOperator = "operator"
	ByDomain   = "domain" // its domain lets addresses join by themselves
)

// The states of an invitation. One whose time is over stays Open until its address is
// invited anew.
const (
	Open     = "open"
	Accepted = "accepted"
	Declined = "declined"
	Revoked  = "revoked"
	Expired  = "expired"
)

// Why an invitation is not made, or not sent again.
var (
	ErrInvitations = errors.New("an organisation has at most 1000 open invitations")
	ErrSends       = errors.New("an invitation is sent at most four times")
)

// Stands says whether it can be accepted at an instant.
func (i Invitation) Stands(now time.Time) bool { return i.State == Open && now.Before(i.Expires) }

// Shows is its state as people see it.
func (i Invitation) Shows(now time.Time) string {
	if i.State == Open && !i.Stands(now) {
		return Expired
	}
	return i.State
}

const invitationColumns = `SELECT id, org, norm, shown, lang, role, in_groups, inviter, secret, state, account, created, sent, sends, expires, ended FROM org_invitation `

func scanInvitation(s db.Scanner) (i Invitation, err error) {
	var groups string
	var sends int64
	err = s.Scan(&i.ID, &i.Org, &i.Norm, &i.Shown, &i.Lang, &i.Role, &groups, &i.Inviter, &i.secret, &i.State, &i.Account,
		db.Time(&i.Created), db.Time(&i.Sent), &sends, db.Time(&i.Expires), db.Time(&i.Ended))
	i.Groups, i.Sends = split(groups), int(sends)
	return i, err
}

// Invite makes an invitation and gives its token, which nobody keeps; db.ErrTaken when
// the address has one that stands. The caller holds the organisation.
func Invite(ctx context.Context, tx db.Tx, i Invitation) (Invitation, secret.Text, error) {
	if _, err := tx.Exec(ctx, `UPDATE org_invitation SET state = 'expired', ended = expires WHERE org = $1 AND norm = $2 AND state = 'open' AND expires <= $3`,
		i.Org, i.Norm, tx.Now()); err != nil {
		return i, "", err
	}
	var open int64
	if err := tx.QueryRow(ctx, `SELECT count(*) FROM org_invitation WHERE org = $1 AND state = 'open' AND expires > $2`, i.Org, tx.Now()).Scan(&open); err != nil {
		return i, "", err
	}
	if open >= MostInvitations {
		return i, "", ErrInvitations
	}
	token := secret.Token()
	i.ID, i.State, i.secret = ref.NewInvitation(tx.Now()), Open, secret.Hash(token.Reveal())
	i.Created, i.Sent, i.Sends, i.Expires = tx.Now(), tx.Now(), 1, tx.Now().Add(InvitationLives)
	_, err := tx.Exec(ctx, `INSERT INTO org_invitation (id, org, norm, shown, lang, role, in_groups, inviter, secret, state, account, created, sent, sends, expires)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'open', '', $10, $10, 1, $11)`,
		i.ID, i.Org, i.Norm, i.Shown, i.Lang, i.Role, join(i.Groups), i.Inviter, i.secret, i.Created, i.Expires)
	if err != nil {
		return i, "", fmt.Errorf("invite: %w", err)
	}
	return i, token, nil
}

// Renew gives an invitation seven more days and a new token, and makes by the one who
// invites; the token before opens nothing any more. ErrSends when it was sent as often as it may be, db.ErrNone when it
// is none of this organisation's that is open.
func Renew(ctx context.Context, tx db.Tx, o ref.Org, id ref.Invitation, by string) (Invitation, secret.Text, error) {
	i, err := InvitationOf(ctx, tx, o, id)
	switch {
	case err != nil:
		return i, "", err
	case i.State != Open:
		return i, "", db.ErrNone
	case i.Sends >= MostSends:
		return i, "", ErrSends
	}
	token := secret.Token()
	i.secret, i.Sent, i.Expires = secret.Hash(token.Reveal()), tx.Now(), tx.Now().Add(InvitationLives)
	i.Sends, i.Inviter = i.Sends+1, by
	return i, token, tx.One(ctx, `UPDATE org_invitation SET secret = $3, sent = $4, sends = sends + 1, expires = $5, inviter = $7
		WHERE org = $1 AND id = $2 AND state = 'open' AND sends < $6`, o, id, i.secret, i.Sent, i.Expires, MostSends, by)
}

// InvitationOf reads an invitation of this organisation; db.ErrNone where it has none
// of that name.
func InvitationOf(ctx context.Context, r db.Reader, o ref.Org, id ref.Invitation) (Invitation, error) {
	return scanInvitation(r.QueryRow(ctx, invitationColumns+`WHERE org = $1 AND id = $2`, o, id))
}

// InvitationBy reads the invitation that a token opens, however it stands; db.ErrNone
// when there is none.
func InvitationBy(ctx context.Context, r db.Reader, token string) (Invitation, error) {
	return scanInvitation(r.QueryRow(ctx, invitationColumns+`WHERE secret = $1`, secret.Hash(token)))
}

// InvitationByKey reads the invitation that somebody opened before; db.ErrNone when its
// token was made anew since.
func InvitationByKey(ctx context.Context, r db.Reader, key []byte) (Invitation, error) {
	return scanInvitation(r.QueryRow(ctx, invitationColumns+`WHERE secret = $1`, key))
}

// Key names what a token opened, for who goes on with it.
func (i Invitation) Key() []byte { return i.secret }

// InvitationTo reads the invitation to an address that stands; db.ErrNone where there is
// none.
func InvitationTo(ctx context.Context, r db.Reader, o ref.Org, address string) (Invitation, error) {
	return scanInvitation(r.QueryRow(ctx, invitationColumns+`WHERE org = $1 AND norm = $2 AND state = 'open' AND expires > $3`, o, address, r.Now()))
}

// Answer spends an invitation that stands: Accepted by an account, or Declined. Of
// several who answer it at once one is first; for the others it is db.ErrNone.
func Answer(ctx context.Context, tx db.Tx, i Invitation, state string, by ref.Account) error {
	return tx.One(ctx, `UPDATE org_invitation SET state = $3, account = $4, ended = $5 WHERE id = $1 AND secret = $2 AND state = 'open' AND expires > $5`,
		i.ID, i.secret, state, by, tx.Now())
}

// Revoke ends an invitation that is open; db.ErrNone where there is none.
func Revoke(ctx context.Context, tx db.Tx, o ref.Org, id ref.Invitation) error {
	return tx.One(ctx, `UPDATE org_invitation SET state = 'revoked', ended = $3 WHERE org = $1 AND id = $2 AND state = 'open'`, o, id, tx.Now())
}

// TakeBack ends the open invitations that an account has sent, or sent again, since an
// instant, and says which.
func TakeBack(ctx context.Context, tx db.Tx, inviter ref.Account, since time.Time) ([]Invitation, error) {
	list, err := db.List(ctx, tx, scanInvitation, invitationColumns+`WHERE inviter = $1 AND state = 'open' AND sent >= $2`, inviter, since)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	_, err = tx.Exec(ctx, `UPDATE org_invitation SET state = 'revoked', ended = $3 WHERE inviter = $1 AND state = 'open' AND sent >= $2`, inviter, since, tx.Now())
	return list, err
}

// Sought is which invitations are looked for.
type Sought struct {
	State string // as Shows tells it; empty: all
	Text  string // a part of the address
	After Invitation
	Limit int
}

// Invitations lists invitations, the newest first.
func Invitations(ctx context.Context, r db.Reader, o ref.Org, s Sought) ([]Invitation, error) {
	args := []any{o, like(s.Text), s.Limit}
	where := `WHERE org = $1 AND norm LIKE $2 ESCAPE '\' `
	switch s.State {
	case "":
	case Open:
		where += `AND state = 'open' AND expires > $4 `
		args = append(args, r.Now())
	case Expired:
		where += `AND (state = 'expired' OR state = 'open' AND expires <= $4) `
		args = append(args, r.Now())
	default:
		where += `AND state = $4 `
		args = append(args, s.State)
	}
	if s.After.ID != "" {
		n := len(args)
		where += fmt.Sprintf(`AND (created < $%d OR created = $%d AND id < $%d) `, n+1, n+1, n+2)
		args = append(args, s.After.Created, s.After.ID)
	}
	return db.List(ctx, r, scanInvitation, invitationColumns+where+`ORDER BY created DESC, id DESC LIMIT $3`, args...)
}

// keptFor is how long an invitation that ended is shown: its address is somebody's who
// never became a member.
const keptFor = 30 * 24 * time.Hour

// PurgeInvitations removes invitations that ended long ago, at most n.
func PurgeInvitations(ctx context.Context, tx db.Tx, n int) error {
	_, err := tx.Exec(ctx, `DELETE FROM org_invitation WHERE id IN (SELECT id FROM org_invitation WHERE expires < $1 LIMIT $2)`, tx.Now().Add(-keptFor), n)
	return err
}

// Topic is under what an invitation's mail stands in the outbox: nobody's account has it.
func (i Invitation) Topic() string { return "invitation." + string(i.ID) }

// EraseInvitations removes what names the holder of an account that goes: invitations that
// it accepted, and those to addresses that it has proved. It gives their topics.
func EraseInvitations(ctx context.Context, tx db.Tx, a ref.Account) ([]string, error) {
	return db.List(ctx, tx, func(s db.Scanner) (topic string, err error) {
		var i Invitation
		err = s.Scan(&i.ID)
		return i.Topic(), err
	}, `DELETE FROM org_invitation WHERE account = $1 OR norm IN (SELECT norm FROM identifier WHERE account = $1 AND kind = 'email' AND confirmed IS NOT NULL) RETURNING id`, a)
}

// EndInvitations ends all that are open: an older copy of the database brings back those
// that were answered or withdrawn since.
func EndInvitations(ctx context.Context, tx db.Tx) error {
	_, err := tx.Exec(ctx, `UPDATE org_invitation SET state = 'revoked', ended = $1 WHERE state = 'open'`, tx.Now())
	return err
}

// InviteNeeds is what somebody needs to invite into groups, beside what the role holds.
func InviteNeeds(groups []ref.Group) []Permission {
	if len(groups) == 0 {
		return []Permission{ManageMembers}
	}
	return []Permission{ManageMembers, ManageGroups}
}
