package enter

import (
	"context"
	"slices"

	"sekisho/internal/db"
	"sekisho/internal/factor/passkey"
	"sekisho/internal/gate"
	"sekisho/internal/policy"
	"sekisho/internal/ref"
)

// NeedPasskey offers a passkey to whoever typed a password (SI-18). It is no need:
// "no thanks" ends it for good.
const NeedPasskey gate.Need = "passkey"

// OffersPasskeys says whether whoever this holds for can make passkeys here.
func (e *Entry) OffersPasskeys(p *policy.Effective) bool {
	return e.Keys != nil && gate.Permits(p, gate.Passkey)
}

// offer puts the offer on the page after a sign-in where nothing else is asked for:
// where a password was typed, in a browser the account knows, for a person and not for
// a program, and not where a session is only proved anew, which leads on with what was
// begun. Nobody is urged to leave a passkey in a browser they use for the first time.
func (e *Entry) offer(ctx context.Context, tx db.Tx, o *Opened, w Who, s seen) error {
	typed := slices.ContainsFunc(s.facts.Proofs, func(p gate.Proof) bool { return p.Kind == gate.Password })
	if o.Missing != gate.NeedNothing || !typed || len(s.set.Keys) > 0 || !e.OffersPasskeys(s.set.Rules) ||
		w.Visitor.Door != gate.Web || !w.Visitor.Proven || w.Reprove != "" || w.StepUp || w.Lost {
		return nil
	}
	may, err := passkey.Offer(ctx, tx, w.Account.ID)
	if may {
		o.Missing = NeedPasskey
	}
	return err
}

// NoPasskey ends the offers of a passkey to an account.
func (e *Entry) NoPasskey(ctx context.Context, a ref.Account) error {
	return e.DB.Update(ctx, func(tx db.Tx) error { return passkey.Decline(ctx, tx, a) })
}
