// Package invite is the journey of who is asked to join an organisation: what the
// invitation says, accepting it with an account or with a new one, declining it; and
// leaving an organisation by oneself.
//
// The link out of the mail proves its address, and looking at it spends nothing. Whoever
// goes on does so in a journey bound to their browser. What an invitation gives is
// looked at again when it is used. It knows no page and no protocol.
package invite

import (
	"context"
	"errors"
	"slices"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/audit"
	"sekisho/internal/db"
	"sekisho/internal/factor/password"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/flow"
	"sekisho/internal/flow/enter"
	"sekisho/internal/gate"
	"sekisho/internal/org"
	"sekisho/internal/policy"
	"sekisho/internal/ref"
	"sekisho/internal/session"
)

// Invite is the journey.
type Invite struct{ *enter.Entry }

const kind = "invite"

// state is what a journey keeps: the key of what was opened. A link that was sent anew
// ends it.
type state struct {
	Key []byte `json:"key"`
}

// View is what an invitation says.
type View struct {
	Handle   string
	ID       ref.Flow
	Org      org.Org
	Look     policy.Look
	To       string // the address that was invited
	Inviter  string // what the one who invites is called; empty: those who run the service
	Role     string // a built-in one
	Named    string // a role that the organisation made
	Leads    bool   // the role has something to do in the organisation
	Groups   []string
	Domains  []string // that the organisation has proved
	ByDomain bool     // its reader asked for it: the organisation lets addresses of the domain join
	Until    time.Time
	Known    bool // an account has the address
	MinWord  int
	Fault    *fault.Fault
	place    policy.Place
	key      []byte
}

// Look says what a link out of a mail is good for. It spends nothing: mail programs open
// links on their own.
func (j *Invite) Look(ctx context.Context, token string) (View, error) {
	var view View
	err := j.DB.View(ctx, func(tx db.ReadTx) error {
		i, err := org.InvitationBy(ctx, tx, token)
		view, err = j.view(ctx, tx, i, err)
		return err
	})
	return view, err
}

// view reads what an invitation says; err is what came of reading it.
func (j *Invite) view(ctx context.Context, r db.Reader, i org.Invitation, err error) (View, error) {
	if errors.Is(err, db.ErrNone) || err == nil && !i.Stands(r.Now()) {
		return View{Fault: faults.InvitationOver.New()}, nil
	}
	if err != nil {
		return View{}, err
	}
	v := View{To: i.Shown, Until: i.Expires, key: i.Key()}
	if v.Org, err = org.Of(ctx, r, i.Org); err != nil {
		return v, err
	}
	if v.Look, err = org.LookOf(ctx, r, i.Org); err != nil {
		return v, err
	}
	holds, err := j.Holds(ctx, r, i)
	if err != nil || !holds {
		v.Fault = faults.InvitationVoid.New()
		return v, err
	}
	switch i.Inviter {
	case org.ByOperator:
	case org.ByDomain:
		v.ByDomain = true
	default:
		a, err := account.Of(ctx, r, ref.Account(i.Inviter))
		if err != nil {
			return v, err
		}
		v.Inviter = a.Name
	}
	if err := v.gives(ctx, r, i); err != nil {
		return v, err
	}
	v.place = policy.Place{Org: i.Org, Version: v.Org.Version, Joined: r.Now(), Role: i.Role, Groups: i.Groups}
	held, err := j.Rules.At(ctx, r, "", v.place)
	if err != nil {
		return v, err
	}
	v.MinWord = held.Password.MinLengthSingle
	domains, err := org.Domains(ctx, r, i.Org)
	if err != nil {
		return v, err
	}
	for _, d := range domains {
		if !d.Verified.IsZero() && d.Failing.IsZero() {
			v.Domains = append(v.Domains, d.Shown)
		}
	}
	_, err = account.Owner(ctx, r, account.Identifier{Kind: account.Email, Norm: i.Norm})
	if v.Known = err == nil; errors.Is(err, db.ErrNone) {
		err = nil
	}
	return v, err
}

// gives reads what the role and the groups are called.
func (v *View) gives(ctx context.Context, r db.Reader, i org.Invitation) error {
	_, held, err := org.RoleNamed(ctx, r, i.Org, i.Role)
	if err != nil {
		return err
	}
	v.Leads = len(held) > 0
	if v.Role = i.Role; !slices.Contains(org.Builtin, i.Role) {
		v.Role = ""
		if v.Named, err = org.RoleCalled(ctx, r, i.Org, i.Role); err != nil {
			return err
		}
	}
	if len(i.Groups) == 0 {
		return nil
	}
	groups, err := org.Groups(ctx, r, i.Org)
	for _, g := range groups {
		if slices.Contains(i.Groups, g.ID) {
			v.Groups = append(v.Groups, g.Name)
		}
	}
	return err
}

// Open begins to answer what a link leads to, in this browser (RC-05: confirmed anew by
// a button).
func (j *Invite) Open(ctx context.Context, v flow.Visitor, token string) (View, error) {
	var view View
	err := j.DB.Update(ctx, func(tx db.Tx) error {
		i, err := org.InvitationBy(ctx, tx, token)
		view, err = j.view(ctx, tx, i, err)
		if err != nil || view.Fault != nil {
			return err
		}
		s, err := flow.Start(ctx, tx, kind, v, state{Key: i.Key()})
		view.Handle, view.ID = s.Handle(), s.ID
		return err
	})
	return view, err
}

// Show reads a journey that was begun.
func (j *Invite) Show(ctx context.Context, v flow.Visitor, id ref.Flow) (View, error) {
	var view View
	err := j.DB.View(ctx, func(tx db.ReadTx) (err error) {
		_, view, err = j.load(ctx, tx, v, id)
		return err
	})
	return view, err
}

func (j *Invite) load(ctx context.Context, r db.Reader, v flow.Visitor, id ref.Flow) (org.Invitation, View, error) {
	s, f, err := flow.Load[state](ctx, r, kind, id, v)
	if err != nil || f != nil {
		return org.Invitation{}, View{Fault: f}, err
	}
	i, err := org.InvitationByKey(ctx, r, s.State.Key)
	view, err := j.view(ctx, r, i, err)
	view.Handle, view.ID = s.Handle(), s.ID
	return i, view, err
}

// answer runs one answer to an invitation. The organisation is held first, as everything
// that changes it does; what was read before is read again then.
func (j *Invite) answer(ctx context.Context, v flow.Visitor, id ref.Flow, do func(db.Tx, org.Invitation, *View) error) (View, error) {
	var view View
	err := j.DB.Update(ctx, func(tx db.Tx) error {
		i, seen, err := j.load(ctx, tx, v, id)
		if view = seen; err != nil || seen.Fault != nil {
			return err
		}
		if _, err := org.Change(ctx, tx, i.Org); err != nil {
			return err
		}
		if i, err = org.InvitationByKey(ctx, tx, i.Key()); errors.Is(err, db.ErrNone) {
			view.Fault = faults.InvitationOver.New()
			return nil
		}
		if err != nil {
			return err
		}
		if err := do(tx, i, &view); err != nil || view.Fault != nil {
			return err
		}
		return flow.End(ctx, tx, id)
	})
	return view, err
}

// Accept joins with the account of a session that was proved a moment ago: from now on
// others have power over it.
func (j *Invite) Accept(ctx context.Context, v flow.Visitor, s session.Session, id ref.Flow) (View, error) {
	return j.answer(ctx, v, id, func(tx db.Tx, i org.Invitation, view *View) error {
		a, err := account.Lock(ctx, tx, s.Account)
		if err != nil {
			return err
		}
		if view.Fault, err = j.MayChange(ctx, tx, v, s); err != nil || view.Fault != nil {
			return err
		}
		view.Fault, err = j.Joined(ctx, tx, enter.Joining{Visitor: v, Account: a, Session: s, Invitation: i})
		return err
	})
}

// Newcomer is who joins with a new account.
type Newcomer struct{ Name, Password string }

// Join makes an account of which the link has proved the address, makes it a member and
// opens its first session, all at once. Where sign-up is closed an invitation opens it.
func (j *Invite) Join(ctx context.Context, v flow.Visitor, id ref.Flow, n Newcomer) (View, *enter.Opened, error) {
	view, err := j.Show(ctx, v, id)
	if err != nil || view.Fault != nil {
		return view, nil, err
	}
	name, err := account.ParseName(n.Name)
	if err != nil {
		view.Fault = faults.NameMalformed.New()
		return view, nil, nil
	}
	email, err := account.ParseEmail(view.To)
	if err != nil {
		return view, nil, err
	}
	about := account.Account{Name: name, Email: account.Address{Identifier: email}}
	word, f, err := j.FirstPassword(ctx, about, view.place, n.Password)
	if err != nil || f != nil {
		view.Fault = f
		return view, nil, err
	}
	var opened *enter.Opened
	view, err = j.answer(ctx, v, id, func(tx db.Tx, i org.Invitation, view *View) error {
		opened = nil
		made := account.New{Name: name, Lang: v.Lang, Identifiers: []account.Identifier{email}, Confirmed: true}
		a, f, err := j.begin(ctx, tx, v, made)
		if err != nil || f != nil {
			view.Fault = f
			return err
		}
		if err := password.Set(ctx, tx, a.ID, word.Stored()); err != nil {
			return err
		}
		if f, err = j.Joined(ctx, tx, enter.Joining{Visitor: v, Account: a, Invitation: i}); err != nil {
			return err
		}
		if f != nil {
			return &undone{f} // nothing of the account stays
		}
		res, err := j.Enter(ctx, tx, enter.Who{Visitor: v, Account: a, Proofs: []gate.Proof{{Kind: gate.Password, At: tx.Now(), Turn: a.Turn}}})
		// Rules of the organisation may let it in from elsewhere only: it stays, and is told.
		opened, view.Fault = res.Opened, res.Fault
		return err
	})
	if gone := (*undone)(nil); errors.As(err, &gone) {
		view.Fault, err = gone.fault, nil
	}
	if errors.Is(err, db.ErrTaken) {
		view.Fault, err = faults.AddressTaken.New(), nil
	}
	return view, opened, err
}

// undone takes an account back that could not join.
type undone struct{ fault *fault.Fault }

func (u *undone) Error() string { return u.fault.Code() }

// begin makes the account. What others only claim of its address ends; who has proved it
// is told of to nobody but its reader (ER-23).
func (j *Invite) begin(ctx context.Context, tx db.Tx, v flow.Visitor, n account.New) (account.Account, *fault.Fault, error) {
	email := n.Identifiers[0]
	owner, err := account.Owner(ctx, tx, email)
	if err == nil {
		f, err := j.Refuse(ctx, tx, enter.Refusal{Visitor: v, Account: owner, Act: enter.Joins, Tell: faults.AddressTaken})
		return account.Account{}, f, err
	}
	if !errors.Is(err, db.ErrNone) {
		return account.Account{}, nil, err
	}
	a, err := account.Create(ctx, tx, n)
	if err != nil {
		return a, nil, err
	}
	if err := j.DropClaims(ctx, tx, email, a.ID); err != nil {
		return a, nil, err
	}
	_, err = audit.Write(ctx, tx, audit.Event{Kind: "account.created", Account: a.ID, Actor: string(a.ID), Addr: v.Addr.String(), Agent: v.Program, Place: v.Place})
	return a, nil, err
}

// Decline answers no. The address can be invited anew; nobody learns whether an account
// has it.
func (j *Invite) Decline(ctx context.Context, v flow.Visitor, id ref.Flow) (View, error) {
	return j.answer(ctx, v, id, func(tx db.Tx, i org.Invitation, view *View) error {
		err := org.Answer(ctx, tx, i, org.Declined, "")
		if errors.Is(err, db.ErrNone) {
			view.Fault = faults.InvitationOver.New()
			return nil
		}
		if err != nil {
			return err
		}
		_, err = audit.Write(ctx, tx, audit.Event{Kind: "invitation.declined", Org: i.Org, Detail: enter.Membership{Org: i.Org, Name: view.Org.Name, Role: i.Role, Invitation: i.ID, Inviter: i.Inviter}})
		return err
	})
}

// Leave ends a membership by the member's own will. The last owner stays (OR-16).
func (j *Invite) Leave(ctx context.Context, v flow.Visitor, s session.Session) (*fault.Fault, error) {
	var f *fault.Fault
	err := j.DB.Update(ctx, func(tx db.Tx) error {
		m, err := org.Held(ctx, tx, s.Account)
		if errors.Is(err, db.ErrNone) {
			f = faults.OrgNone.New()
			return nil
		}
		if err != nil {
			return err
		}
		a, err := account.Lock(ctx, tx, s.Account)
		if err != nil {
			return err
		}
		if f, err = j.MayChange(ctx, tx, v, s); err != nil || f != nil {
			return err
		}
		return j.Left(ctx, tx, enter.Joining{Visitor: v, Account: a, Session: s}, m)
	})
	if errors.Is(err, org.ErrLastOwner) {
		return faults.OrgLastOwner.New(), nil
	}
	return f, err
}
