package govern

import (
	"context"
	"errors"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/allowed"
	"sekisho/internal/db"
	"sekisho/internal/factor/password"
	"sekisho/internal/factor/sentcode"
	"sekisho/internal/faults"
	"sekisho/internal/flow"
	"sekisho/internal/flow/enter"
	"sekisho/internal/org"
	"sekisho/internal/policy"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
)

// Step is one thing that a rescue did, or would do.
type Step string

// The steps there are, in the order in which they are taken.
const (
	StepEnable     Step = "the account is opened again"
	StepReactivate Step = "the member is let in again"
	StepOwner      Step = "the member is made an owner"
	StepLock       Step = "the sign-in lock is lifted"
	StepFactors    Step = "second factors, backup codes, trusted browsers and sessions end"
	StepPassword   Step = "the password opens nothing any more"
	StepStops      Step = "waits end, and what failures had stopped works again"
	StepRevert     Step = "a change of rules that nobody confirmed is taken back"
	StepRules      Step = "a policy of their own lets them in from any address"
	StepList       Step = "their own list of allowed addresses is lifted"
	StepLink       Step = "a link that leads to a new password, once within 24 hours"
)

// Rescued is what became of an owner.
type Rescued struct {
	Account account.Account
	Steps   []Step
	Link    secret.Text // empty where it was tried out only
	Until   time.Time
}

// Rescue is how an owner is let in again.
type Rescue struct {
	Dry  bool // it is told what would be done, and nothing is
	Keep bool // factors and password stay: something else is in the way
}

// ErrOwned is an owner who can sign in: they help, not the operator.
var ErrOwned = errors.New("the organisation has an owner who can sign in, and the member is none")

var errDry = errors.New("tried out")

// Rescue lets an organisation's owner in again who is shut out, by whatever it is (SU-04);
// where nobody who owns it can sign in it makes the given member an owner. Only who sits at
// the data does, after making sure who asks.
func (g *Govern) Rescue(ctx context.Context, o ref.Org, a ref.Account, w Rescue) (done Rescued, err error) {
	err = g.change(ctx, By{Operator: true}, o, org.Own, func(tx db.Tx, x *act) error {
		r := &rescue{act: x, want: w}
		if err := r.all(ctx, tx, a); err != nil {
			return err
		}
		done = r.done
		if w.Dry {
			done.Link = ""
			return errDry
		}
		return x.note(ctx, tx, "org.rescued", a, told{Parts: r.done.Steps})
	})
	if errors.Is(err, errDry) {
		err = nil
	}
	return done, err
}

// rescue is one under way.
type rescue struct {
	*act
	want Rescue
	aid  enter.Aid
	done Rescued
}

// took notes a step.
func (r *rescue) took(s Step) { r.done.Steps = append(r.done.Steps, s) }

func (r *rescue) all(ctx context.Context, tx db.Tx, a ref.Account) error {
	for _, do := range []func(context.Context, db.Tx, ref.Account) error{r.member, r.proofs, r.rules, r.link} {
		if err := do(ctx, tx, a); err != nil {
			return err
		}
	}
	return nil
}

// read reads the account anew, for whoever looks at it next.
func (r *rescue) read(ctx context.Context, tx db.Tx, a ref.Account) (err error) {
	if r.done.Account, err = account.Lock(ctx, tx, a); err != nil {
		return err
	}
	r.aid, err = r.aiding(ctx, tx, r.done.Account)
	return err
}

// member makes them an owner who may sign in.
func (r *rescue) member(ctx context.Context, tx db.Tx, a ref.Account) error {
	m, err := org.MemberOf(ctx, tx, r.org.ID, a)
	if err != nil {
		return err
	}
	if m.Role != org.Owner {
		if err := org.Owned(ctx, tx, r.org.ID); !errors.Is(err, org.ErrLastOwner) {
			return errors.Join(err, ErrOwned)
		}
	}
	if err := r.read(ctx, tx, a); err != nil {
		return err
	}
	if s := r.done.Account.State; s == account.Disabled || s == account.Deleted {
		if err := errors.Join(account.Enable(ctx, tx, a), org.SetErase(ctx, tx, m, nil)); err != nil {
			return err
		}
		r.took(StepEnable)
		if err := r.read(ctx, tx, a); err != nil {
			return err
		}
	}
	if r.done.Account.State != account.Active {
		return ErrState
	}
	if m.Inactive {
		if err := org.SetInactive(ctx, tx, m, false); err != nil {
			return err
		}
		r.took(StepReactivate)
	}
	if m.Role != org.Owner {
		if err := org.SetRole(ctx, tx, m, org.Owner); err != nil {
			return err
		}
		r.took(StepOwner)
	}
	return org.Owned(ctx, tx, r.org.ID)
}

// proofs takes away what is lost, and opens what is stopped.
func (r *rescue) proofs(ctx context.Context, tx db.Tx, a ref.Account) error {
	if r.done.Account.Locked(tx.Now()) {
		if err := r.Entry.LiftLock(ctx, tx, r.aid); err != nil {
			return err
		}
		r.took(StepLock)
		if err := r.read(ctx, tx, a); err != nil {
			return err
		}
	}
	if !r.want.Keep {
		_, _, f, err := r.Entry.ResetFactors(ctx, tx, r.aid)
		if f != nil {
			err = &Refused{f}
		}
		if err != nil {
			return err
		}
		r.took(StepFactors)
		// It may be what a thief has, and stood alone from now on.
		if err := password.Drop(ctx, tx, a); err != nil {
			return err
		}
		r.took(StepPassword)
	}
	r.took(StepStops)
	return r.Unstop(ctx, tx, r.aid)
}

// rules lifts the addresses that shut them out: the organisation's, by a policy for them
// alone that comes first, and their own.
func (r *rescue) rules(ctx context.Context, tx db.Tx, a ref.Account) error {
	err := r.revert(ctx, tx)
	if err == nil {
		r.took(StepRevert)
	} else if !errors.Is(err, db.ErrNone) {
		return err
	}
	held, err := r.Rules.Of(ctx, tx, a)
	if err != nil {
		return err
	}
	if len(held.Address.Allowed) > 0 {
		if err := r.letIn(ctx, tx, a); err != nil {
			return err
		}
		r.took(StepRules)
	}
	l, err := allowed.Of(ctx, tx, a)
	if err != nil || len(l.Allowed) == 0 {
		return err
	}
	r.took(StepList)
	return r.LiftAllowed(ctx, tx, enter.Who{Visitor: flow.Visitor{Program: "operator"}, Account: r.done.Account})
}

func (r *rescue) letIn(ctx context.Context, tx db.Tx, a ref.Account) error {
	p := policy.Policy{Name: "Rescue of " + string(a), Address: &policy.Address{}}
	set, err := org.SetPolicy(ctx, tx, r.org.ID, p, 0)
	if err != nil {
		return err
	}
	if err := org.Assign(ctx, tx, set, string(a), false); err != nil {
		return err
	}
	if err := org.Order(ctx, tx, r.org.ID, []ref.Policy{set.ID}); err != nil {
		return err
	}
	return r.note(ctx, tx, "policy.set", "", told{Policy: set.ID, Version: set.Version, What: set.Name, Whom: string(a), Parts: set.Policy})
}

// link makes what leads to a new password. It is read at the terminal and sent to nobody.
func (r *rescue) link(ctx context.Context, tx db.Tx, a ref.Account) error {
	sent, wait, err := r.Codes.Make(ctx, tx, sentcode.For{Purpose: sentcode.Reset, Subject: string(a), Flow: ref.NewFlow(tx.Now()), Target: r.done.Account.Email.Norm})
	if err != nil {
		return err
	}
	if wait != nil {
		return &Refused{faults.CodeResendEarly.New("wait", wait.Until.Sub(tx.Now())).Until(wait.Until)}
	}
	for _, p := range []sentcode.Purpose{sentcode.Reset, sentcode.Recover} {
		if err := sentcode.VoidBefore(ctx, tx, p, string(a), sent.Link); err != nil {
			return err
		}
	}
	r.took(StepLink)
	r.done.Link, r.done.Until = secret.Text(r.Sheet.URL+"/recover/link?c="+sent.Link.Reveal()), sent.Expires
	return nil
}
