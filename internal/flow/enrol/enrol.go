// Package enrol owns setting up, naming and taking away the factors of an
// account, and what a signed-in person sees of them.
//
// Every act asks gate for a fresh proof in the transaction that does it, is
// written down and told to all of the account's addresses. It knows no page and
// no protocol.
package enrol

import (
	"context"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"sekisho/internal/account"
	"sekisho/internal/audit"
	"sekisho/internal/browser"
	"sekisho/internal/db"
	"sekisho/internal/device"
	"sekisho/internal/factor/backup"
	"sekisho/internal/factor/passkey"
	"sekisho/internal/factor/passphrase"
	"sekisho/internal/factor/password"
	"sekisho/internal/factor/smscode"
	"sekisho/internal/factor/totp"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/flow"
	"sekisho/internal/flow/enter"
	"sekisho/internal/gate"
	"sekisho/internal/letter"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
	"sekisho/internal/session"
)

// Enrol is the journey.
type Enrol struct{ *enter.Entry }

// Done is what came of an act.
type Done struct {
	Fault  *fault.Fault
	Factor ref.Factor
	Token  secret.Text   // the session's new token, where what it proved has risen
	Codes  []secret.Text // backup codes that were made with it, shown this once
}

// act is one act inside its transaction.
type act struct {
	*Enrol
	visitor flow.Visitor
	session session.Session
	account account.Account
	set     enter.Set
	done    Done
}

// change runs an act: the account's row is held, the session proved freshly.
func (e *Enrol) change(ctx context.Context, v flow.Visitor, s session.Session, do func(db.Tx, *act) error) (Done, error) {
	var out Done
	err := e.DB.Update(ctx, func(tx db.Tx) error {
		out = Done{}
		a, err := account.Lock(ctx, tx, s.Account)
		if err != nil {
			return err
		}
		if out.Fault, err = e.MayChange(ctx, tx, v, s); err != nil || out.Fault != nil {
			return err
		}
		x := &act{Enrol: e, visitor: v, session: s, account: a}
		if x.set, err = e.SetOf(ctx, tx, a); err != nil {
			return err
		}
		err = do(tx, x)
		out = x.done
		return err
	})
	return out, err
}

// forbids says whether the policy lets a kind not be set up, and tells it.
func (x *act) forbids(k gate.Kind) bool {
	if gate.Permits(x.set.Rules, k) {
		return false
	}
	x.done.Fault = faults.FactorNotAllowed.New().By(x.whose())
	return true
}

// demanded tells that the last second factor stays.
func (x *act) demanded() *fault.Fault { return faults.FactorRequired.New().By(x.whose()) }

func (x *act) whose() string { return x.set.Rules.Whose(x.set.Rules.Source.SecondFactor) }

// Name reads what somebody calls a factor; empty stands for the given default.
func Name(raw, standard string) (string, *fault.Fault) {
	if len(raw) > 500 || !utf8.ValidString(raw) {
		return "", faults.FactorName.New()
	}
	s := strings.Join(strings.Fields(norm.NFC.String(raw)), " ")
	if s == "" {
		return standard, nil
	}
	if utf8.RuneCountInString(s) > 50 || strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == utf8.RuneError
	}) {
		return "", faults.FactorName.New()
	}
	return s, nil
}

// note writes an act down and tells all of the account's addresses.
func (x *act) note(ctx context.Context, tx db.Tx, kind string, of gate.Kind, name string) error {
	_, err := audit.Write(ctx, tx, audit.Event{Kind: kind, Account: x.account.ID, Actor: string(x.account.ID), Session: x.session.ID,
		Addr: x.visitor.Addr.String(), Agent: x.visitor.Program, Place: x.visitor.Place, Detail: struct {
			Kind string `json:"kind"`
			Name string `json:"name,omitempty"`
		}{string(of), name}})
	if err != nil {
		return err
	}
	return x.Tell(ctx, tx, x.account, kind, func(to letter.To) letter.Change {
		return letter.Change{What: kind, Kind: string(of), Name: name, Link: x.Doubt(x.session), From: x.From(x.visitor, tx.Now())}
	})
}

// added does what follows every enrolment: the session that proved the new
// factor carries what it proved, and backup codes are there (MF-05).
func (x *act) added(ctx context.Context, tx db.Tx, p gate.Proof, name string, spare *backup.Set) error {
	if err := x.note(ctx, tx, "factor.added", p.Kind, name); err != nil {
		return err
	}
	if err := enter.Renew(ctx, tx, enter.Class(p.Kind), x.account.ID); err != nil {
		return err
	}
	if err := x.spares(ctx, tx, spare); err != nil {
		return err
	}
	return x.raise(ctx, tx, p)
}

// spares gives backup codes to an account that has none (MF-05).
func (x *act) spares(ctx context.Context, tx db.Tx, spare *backup.Set) error {
	// Codes from before the first factor stood in for nothing, and whoever came in then
	// may have made them.
	if spare == nil || x.set.BackupOf > 0 && x.set.On() || !x.set.Rules.SecondFactor.BackupCodes {
		return nil
	}
	x.done.Codes = spare.Codes
	return backup.Replace(ctx, tx, x.account.ID, *spare)
}

// raise proves the session with the new factor beside what it proved at most ten
// minutes ago. A code by SMS adds nothing where one opened the session.
func (x *act) raise(ctx context.Context, tx db.Tx, p gate.Proof) error {
	living, err := session.ByID(ctx, tx, x.session.ID)
	if err != nil {
		return err
	}
	methods := enter.Raised(living.AMR, p)
	if methods == nil || !gate.Permits(x.set.Rules, p.Kind) {
		return nil
	}
	living.Sent = living.Sent && p.Kind == gate.SMSCode
	_, x.done.Token, err = session.Prove(ctx, tx, living, session.ACRMulti, methods)
	return err
}

// spare makes backup codes for an account that has none, or is about to get its
// first factor; hashing them takes a while and belongs in no transaction.
func (e *Enrol) spare(ctx context.Context, s session.Session) (*backup.Set, error) {
	none := false
	err := e.DB.View(ctx, func(tx db.ReadTx) error {
		a, err := account.Of(ctx, tx, s.Account)
		if err != nil {
			return err
		}
		set, err := e.SetOf(ctx, tx, a)
		none = err == nil && set.Rules.SecondFactor.BackupCodes && (set.BackupOf == 0 || !set.On())
		return err
	})
	if err != nil || !none {
		return nil, err
	}
	set, err := backup.Make(ctx, e.Hasher)
	return &set, err
}

// Backup makes a new set of backup codes; the old one is void (BC-01).
func (e *Enrol) Backup(ctx context.Context, v flow.Visitor, s session.Session) (Done, error) {
	// Who may not is told before any work is done.
	forbidden := func(x *act) bool {
		if x.set.Rules.SecondFactor.BackupCodes {
			return false
		}
		x.done.Fault = faults.BackupForbidden.New().By(x.whose())
		return true
	}
	if d, err := e.change(ctx, v, s, func(_ db.Tx, x *act) error { forbidden(x); return nil }); err != nil || d.Fault != nil {
		return d, err
	}
	set, err := backup.Make(ctx, e.Hasher)
	if err != nil {
		return Done{}, err
	}
	return e.change(ctx, v, s, func(tx db.Tx, x *act) error {
		if forbidden(x) {
			return nil
		}
		if err := backup.Replace(ctx, tx, x.account.ID, set); err != nil {
			return err
		}
		if err := enter.Renew(ctx, tx, enter.ByBackup, x.account.ID); err != nil {
			return err
		}
		x.done.Codes = set.Codes
		return x.note(ctx, tx, "backup.made", gate.Backup, "")
	})
}

// Passphrase sets the recovery passphrase (PR-01).
func (e *Enrol) Passphrase(ctx context.Context, v flow.Visitor, s session.Session, raw string) (Done, error) {
	d, err := e.change(ctx, v, s, func(db.Tx, *act) error { return nil })
	if err != nil || d.Fault != nil {
		return d, err
	}
	var a account.Account
	if err := e.DB.View(ctx, func(tx db.ReadTx) (err error) { a, err = account.Of(ctx, tx, s.Account); return err }); err != nil {
		return Done{}, err
	}
	plain, problem := passphrase.Parse(raw)
	if problem != nil || len(passphrase.Check(plain, passphrase.About{Name: a.Name, Identifiers: []string{a.Email.Norm, a.Username}})) > 0 {
		return Done{Fault: faults.PassphraseShort.New()}, nil
	}
	phc, err := e.Hasher.Hash(ctx, plain.Text())
	if err != nil {
		return Done{}, err
	}
	return e.change(ctx, v, s, func(tx db.Tx, x *act) error {
		if err := passphrase.Set(ctx, tx, x.account.ID, phc); err != nil {
			return err
		}
		if err := enter.Renew(ctx, tx, enter.ByPassphrase, x.account.ID); err != nil {
			return err
		}
		if x.set.Passphrase { // the old one is taken away
			if err := x.distrust(ctx, tx); err != nil {
				return err
			}
		}
		return x.note(ctx, tx, "passphrase.set", gate.Passphrase, "")
	})
}

// Prefer sets which second proof is asked for first.
func (e *Enrol) Prefer(ctx context.Context, v flow.Visitor, s session.Session, k gate.Kind) (Done, error) {
	return e.change(ctx, v, s, func(tx db.Tx, x *act) error {
		for _, has := range x.set.Seconds() {
			if has == k && gate.Switches(k) {
				return account.Prefer(ctx, tx, x.account.ID, string(k))
			}
		}
		x.done.Fault = faults.FactorUnknown.New()
		return nil
	})
}

// Rename changes what a factor is called.
func (e *Enrol) Rename(ctx context.Context, v flow.Visitor, s session.Session, id ref.Factor, raw string) (Done, error) {
	name, f := Name(raw, "")
	if f != nil || name == "" {
		return Done{Fault: faults.FactorName.New()}, nil
	}
	return e.change(ctx, v, s, func(tx db.Tx, x *act) error {
		i, ok := x.find(id)
		if !ok {
			x.done.Fault = faults.FactorUnknown.New()
			return nil
		}
		if i.kind == gate.TOTP {
			return totp.Rename(ctx, tx, x.account.ID, id, name)
		}
		if i.kind == gate.Passkey {
			return passkey.Rename(ctx, tx, x.account.ID, id, name)
		}
		return nil // a number is called by itself
	})
}

// item is one factor that has a name of its own.
type item struct {
	kind gate.Kind
	name string
}

func (x *act) find(id ref.Factor) (item, bool) {
	for _, f := range x.set.Apps {
		if f.ID == id {
			return item{gate.TOTP, f.Name}, true
		}
	}
	for _, f := range x.set.Keys {
		if f.ID == id {
			return item{gate.Passkey, f.Name}, true
		}
	}
	for _, f := range x.set.Numbers {
		if f.ID == id {
			return item{gate.SMSCode, account.Identifier{Kind: account.Mobile, Norm: f.Norm}.Masked()}, true
		}
	}
	return item{}, false
}

// Remove takes one factor away. With the last one the second factor is off.
func (e *Enrol) Remove(ctx context.Context, v flow.Visitor, s session.Session, id ref.Factor) (Done, error) {
	return e.change(ctx, v, s, func(tx db.Tx, x *act) error {
		i, ok := x.find(id)
		if !ok {
			x.done.Fault = faults.FactorUnknown.New()
			return nil
		}
		last := x.factors() == 1
		if last && x.set.Rules.SecondFactor.Demanded {
			x.done.Fault = x.demanded()
			return nil
		}
		remove := map[gate.Kind]func(context.Context, db.Tx, ref.Account, ref.Factor) error{
			gate.TOTP: totp.Remove, gate.Passkey: passkey.Remove, gate.SMSCode: smscode.Remove}[i.kind]
		if err := remove(ctx, tx, x.account.ID, id); err != nil {
			return err
		}
		if err := x.note(ctx, tx, "factor.removed", i.kind, i.name); err != nil {
			return err
		}
		if !last {
			return x.distrust(ctx, tx)
		}
		return x.off(ctx, tx)
	})
}

// RemovePassphrase takes the passphrase away.
func (e *Enrol) RemovePassphrase(ctx context.Context, v flow.Visitor, s session.Session) (Done, error) {
	return e.change(ctx, v, s, func(tx db.Tx, x *act) error {
		if !x.set.Passphrase {
			x.done.Fault = faults.FactorUnknown.New()
			return nil
		}
		if err := passphrase.Drop(ctx, tx, x.account.ID); err != nil {
			return err
		}
		if err := x.distrust(ctx, tx); err != nil {
			return err
		}
		return x.note(ctx, tx, "passphrase.removed", gate.Passphrase, "")
	})
}

// Off switches the second factor off: every factor goes, and with them backup
// codes and trusted browsers (MF-17).
func (e *Enrol) Off(ctx context.Context, v flow.Visitor, s session.Session) (Done, error) {
	return e.change(ctx, v, s, func(tx db.Tx, x *act) error {
		if x.set.Rules.SecondFactor.Demanded {
			x.done.Fault = x.demanded()
			return nil
		}
		for _, remove := range []func(context.Context, db.Tx, ref.Account) error{totp.RemoveAll, smscode.RemoveAll, passkey.RemoveAll, device.RetireAll} {
			if err := remove(ctx, tx, x.account.ID); err != nil {
				return err
			}
		}
		if err := x.note(ctx, tx, "factor.off", "", ""); err != nil {
			return err
		}
		return x.off(ctx, tx)
	})
}

func (x *act) off(ctx context.Context, tx db.Tx) error {
	if err := backup.Void(ctx, tx, x.account.ID); err != nil {
		return err
	}
	if err := account.Prefer(ctx, tx, x.account.ID, ""); err != nil {
		return err
	}
	if x.set.Record.Short { // it is the only factor from now on
		if err := password.Order(ctx, tx, x.account.ID); err != nil {
			return err
		}
	}
	return x.distrust(ctx, tx)
}

// distrust ends trusted browsers where a proof is taken away: whoever found the phone
// may have won the trust of theirs with it (TB-01).
func (x *act) distrust(ctx context.Context, tx db.Tx) error {
	_, err := browser.EndTrusts(ctx, tx, x.account.ID)
	return err
}

// EndTrust makes a trusted browser a stranger again; db.ErrNone when it is none of
// the account's. That takes no fresh proof: it only adds to what is asked there.
func (e *Enrol) EndTrust(ctx context.Context, v flow.Visitor, s session.Session, id ref.Trust) error {
	return e.DB.Update(ctx, func(tx db.Tx) error {
		if err := browser.EndTrust(ctx, tx, s.Account, id); err != nil {
			return err
		}
		_, err := audit.Write(ctx, tx, audit.Event{Kind: "browser.untrusted", Account: s.Account, Actor: string(s.Account), Session: s.ID,
			Addr: v.Addr.String(), Agent: v.Program, Place: v.Place})
		return err
	})
}

// Held is what an account can prove itself with, and since when.
type Held struct {
	Set     enter.Set
	Account account.Account
	Trusts  []browser.Trust
	Made    time.Time // when the backup codes were made
}

// Held reads it.
func (e *Enrol) Held(ctx context.Context, s session.Session) (h Held, err error) {
	err = e.DB.View(ctx, func(tx db.ReadTx) (err error) {
		if h.Account, err = account.Of(ctx, tx, s.Account); err != nil {
			return err
		}
		if h.Set, err = e.SetOf(ctx, tx, h.Account); err != nil {
			return err
		}
		if _, _, h.Made, err = backup.Left(ctx, tx, s.Account); err != nil {
			return err
		}
		h.Trusts, err = e.Trusts(ctx, tx, s.Account)
		return err
	})
	return h, err
}
