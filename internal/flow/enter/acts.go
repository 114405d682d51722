package enter

import (
	"context"
	"errors"
	"slices"
	"unicode/utf8"

	"sekisho/internal/account"
	"sekisho/internal/audit"
	"sekisho/internal/browser"
	"sekisho/internal/db"
	"sekisho/internal/device"
	"sekisho/internal/factor/backup"
	"sekisho/internal/factor/password"
	"sekisho/internal/factor/push"
	"sekisho/internal/factor/sentcode"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/flow"
	"sekisho/internal/gate"
	"sekisho/internal/letter"
	"sekisho/internal/outbox"
	"sekisho/internal/policy"
	"sekisho/internal/ref"
	"sekisho/internal/session"
	"sekisho/internal/slowhash"
)

// Unread tells why what was typed is no address, number or name.
func Unread(err error) *fault.Fault {
	if errors.Is(err, account.ErrNumber) {
		return faults.NumberMalformed.New()
	}
	return faults.IdentifierMalformed.New()
}

// Attempt is one try at one proof.
type Attempt struct {
	Visitor flow.Visitor
	Account account.Account // zero where there is none
	Typed   account.Identifier
	Kind    gate.Kind
	Class   Class
	Act     Act // what is tried; empty: a sign-in
	Offered bool
	Guess   gate.Guess
	Truth   string         // what the audit row says of a failure
	Tell    *fault.Entry   // what is said of a failure; nil: the class's own
	Args    map[string]any // for Tell
}

func (a Attempt) counters() Counters {
	return CountersOf(a.Class, Subject(a.Account, a.Typed), a.Visitor)
}

// Try asks gate whether the proof may be evaluated, holding its counters.
func (e *Entry) Try(ctx context.Context, tx db.Tx, a Attempt) (gate.Decision, error) {
	friend, err := e.Known(ctx, tx, a.Account, a.Visitor)
	if err != nil {
		return gate.Decision{}, err
	}
	f := gate.Facts{Kind: a.Kind, Offered: a.Offered, KnownBrowser: friend, Guess: a.Guess}
	d, _, err := a.counters().Try(ctx, tx, a.Visitor, f, e.Rules.Default())
	if err != nil || !friend || d.Code != faults.FactorDisabled.Code {
		return d, err
	}
	back, err := e.wayBack(ctx, tx, a.Account)
	if err != nil || back {
		return d, err
	}
	f.NoWayBack = true
	d, _, err = a.counters().Try(ctx, tx, a.Visitor, f, e.Rules.Default())
	return d, err
}

// codes that tell a failure, by what failed.
var failures = map[Class]*fault.Entry{
	ByPassword: faults.SigninNotRecognised, ByPassphrase: faults.PassphraseWrong, ByPasskey: faults.KeyNotWorking,
	ByMailCode: faults.CodeWrong, BySMSCode: faults.CodeWrong, ByTOTP: faults.CodeWrong, ByBackup: faults.CodeWrong, ByRecovery: faults.CodeWrong,
	ByAddress: faults.CodeWrong, ByIssued: faults.CodeWrong, ByTegata: faults.PushOver, ByTegataCode: faults.CodeWrong,
}

// Fail counts a failure, writes it down, and gives the fault that tells it: the
// wait, when one began with this failure. The owner is warned.
func (e *Entry) Fail(ctx context.Context, tx db.Tx, a Attempt) (*fault.Fault, error) {
	until, began, err := a.counters().Fail(ctx, tx)
	if err != nil {
		return nil, err
	}
	r := Refusal{Visitor: a.Visitor, Account: a.Account.ID, Class: a.Class, Act: a.Act, Truth: a.Truth, Tell: failures[a.Class.kind()], Args: map[string]any{"kind": string(a.Class.kind())}}
	if a.Tell != nil {
		r.Tell, r.Args = a.Tell, a.Args
	}
	if err := e.warn(ctx, tx, a, began); err != nil {
		return nil, err
	}
	if began {
		r.Tell, r.Decision = faults.SigninTooManyAttempts, gate.Decision{RetryAt: until}
	}
	return e.Refuse(ctx, tx, r)
}

// Succeed forgives what the journey failed before and ends the row of
// consecutive failures.
func (e *Entry) Succeed(ctx context.Context, tx db.Tx, a Attempt, failed int64) error {
	return a.counters().Succeed(ctx, tx, failed)
}

// Confirm records that the account's owner reads its mailbox. The fault tells
// that another account proved the address before (ER-23); it is told only now,
// to somebody who owns the mailbox.
func (e *Entry) Confirm(ctx context.Context, tx db.Tx, a *account.Account, v flow.Visitor) (*fault.Fault, error) {
	owner, err := account.Owner(ctx, tx, a.Email.Identifier)
	if err == nil && owner != a.ID {
		if a.State == account.Unconfirmed {
			if err := e.EraseAccount(ctx, tx, a.ID, string(owner)); err != nil {
				return nil, err
			}
		}
		return e.Refuse(ctx, tx, Refusal{Visitor: v, Account: owner, Act: Address, Tell: faults.AddressTaken})
	}
	if err != nil && !errors.Is(err, db.ErrNone) {
		return nil, err
	}
	// Two that confirm the same address at the same instant meet at the unique
	// index; the later one comes back as db.ErrTaken and tries again from above.
	if err := account.Confirm(ctx, tx, a.ID); err != nil {
		return nil, err
	}
	if err := e.DropClaims(ctx, tx, a.Email.Identifier, a.ID); err != nil {
		return nil, err
	}
	if _, err := audit.Write(ctx, tx, audit.Event{Kind: "address.confirmed", Account: a.ID, Actor: string(a.ID),
		Addr: v.Addr.String(), Agent: v.Program, Place: v.Place}); err != nil {
		return nil, err
	}
	*a, err = account.Of(ctx, tx, a.ID)
	return nil, err
}

// Word is a new password, checked and hashed.
type Word struct {
	phc   string
	short bool // long enough only beside a second factor
}

// Stored is the word as it is kept.
func (w Word) Stored() string { return w.phc }

// NewPassword checks a new password against the policy and hashes it, outside
// any transaction. Everything that is wrong with it is found at once; the first
// is told.
func (e *Entry) NewPassword(ctx context.Context, a account.Account, raw string) (Word, *fault.Fault, error) {
	held, least, err := e.leastOf(ctx, a.ID)
	if err != nil {
		return Word{}, nil, err
	}
	return e.newPassword(ctx, a, raw, asked{held.Password, least})
}

// FirstPassword is NewPassword for an account that begins its life as a member: what its
// organisation asks of a password holds for the first one too.
func (e *Entry) FirstPassword(ctx context.Context, a account.Account, at policy.Place, raw string) (w Word, f *fault.Fault, err error) {
	var held *policy.Effective
	err = e.DB.View(ctx, func(tx db.ReadTx) (err error) {
		held, err = e.Rules.At(ctx, tx, a.ID, at)
		return err
	})
	if err != nil {
		return w, nil, err
	}
	return e.newPassword(ctx, a, raw, asked{held.Password, held.Password.MinLengthSingle})
}

// asked is what is asked of a new password.
type asked struct {
	rules policy.Password
	least int
}

func (e *Entry) newPassword(ctx context.Context, a account.Account, raw string, ask asked) (Word, *fault.Fault, error) {
	rules, least := ask.rules, ask.least
	plain, problem := password.Parse(raw)
	if problem != nil {
		return Word{}, tellProblem(*problem, rules.MinLengthSingle), nil
	}
	about := password.About{Name: a.Name, Identifiers: []string{a.Email.Norm, a.Username}, Service: e.Sheet.Service}
	problems := password.Check(plain, password.Rules{
		Min: least, Upper: rules.Upper, Lower: rules.Lower, Digit: rules.Digit, Special: rules.Special,
	}, about)
	if len(problems) > 0 {
		return Word{}, tellProblem(problems[0], least), nil
	}
	if a.ID != "" {
		// The one that holds now is refused by every policy: a change that was ordered,
		// or that follows "this was not me", must be one.
		recent := max(1, rules.Recent)
		used, err := e.usedBefore(ctx, a.ID, plain, recent)
		if errors.Is(err, slowhash.ErrBusy) {
			return Word{}, faults.Busy.New(), nil
		}
		if err != nil {
			return Word{}, nil, err
		}
		if used {
			return Word{}, faults.PasswordReused.New("recent", recent), nil
		}
	}
	phc, err := e.Hasher.Hash(ctx, plain.Text())
	if errors.Is(err, slowhash.ErrBusy) {
		return Word{}, faults.Busy.New(), nil
	}
	short := utf8.RuneCountInString(plain.Text().Reveal()) < rules.MinLengthSingle
	return Word{phc, short}, nil, err
}

// Least is how many characters a new password must have (spec section 11): fewer
// beside a second factor (NIST SP 800-63B-4 §3.1.1.2).
func (e *Entry) Least(s Set) int {
	if s.On() {
		return s.Rules.Password.MinLength
	}
	return s.Rules.Password.MinLengthSingle
}

func (e *Entry) leastOf(ctx context.Context, id ref.Account) (rules *policy.Effective, least int, err error) {
	rules = e.Rules.Default()
	if least = rules.Password.MinLengthSingle; id == "" {
		return rules, least, nil
	}
	err = e.DB.View(ctx, func(tx db.ReadTx) error {
		a, err := account.Of(ctx, tx, id)
		if err != nil {
			return err
		}
		s, err := e.SetOf(ctx, tx, a)
		if err == nil {
			rules, least = s.Rules, e.Least(s)
		}
		return err
	})
	return rules, least, err
}

// mark notes a short password. Where the second factor was switched off since it was
// checked, another is asked for at the next sign-in.
func (e *Entry) mark(ctx context.Context, tx db.Tx, a account.Account, word Word) error {
	if !word.short {
		return nil
	}
	if err := password.Mark(ctx, tx, a.ID); err != nil {
		return err
	}
	s, err := e.SetOf(ctx, tx, a)
	if err != nil || s.On() {
		return err
	}
	return password.Order(ctx, tx, a.ID)
}

func (e *Entry) usedBefore(ctx context.Context, id ref.Account, plain password.Plain, recent int) (bool, error) {
	var rec password.Record
	err := e.DB.View(ctx, func(tx db.ReadTx) (err error) {
		rec, err = password.Of(ctx, tx, id)
		return err
	})
	if errors.Is(err, db.ErrNone) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	old := rec.History
	if rec.PHC != "" {
		old = append([]string{rec.PHC}, old...)
	}
	for _, phc := range old[:min(len(old), recent)] {
		if ok, err := e.Hasher.Verify(ctx, plain.Text(), phc); err != nil || ok {
			return ok, err
		}
	}
	return false, nil
}

// SetPassword sets a new password, ends every other session and app (SE-10),
// voids what is still out, and tells the owner. It lifts what the old password
// had stopped.
func (e *Entry) SetPassword(ctx context.Context, tx db.Tx, w Who, word Word) error {
	id := w.Account.ID
	if err := password.Set(ctx, tx, id, word.phc); err != nil {
		return err
	}
	if err := e.mark(ctx, tx, w.Account, word); err != nil {
		return err
	}
	if err := device.Outdate(ctx, tx, id, w.Account.Turn); err != nil {
		return err
	}
	if err := account.Close(ctx, tx, id); err != nil {
		return err
	}
	var keep []ref.Session
	if w.Reprove != "" {
		keep = append(keep, w.Reprove)
	}
	if _, err := e.Grants.EndAccount(ctx, tx, id, keep...); err != nil {
		return err
	}
	if err := e.VoidCodes(ctx, tx, id); err != nil {
		return err
	}
	// What support issued led to this password at best; at worst an impostor has it.
	if err := backup.VoidIssued(ctx, tx, id); err != nil {
		return err
	}
	if _, err := browser.EndTrusts(ctx, tx, id); err != nil {
		return err
	}
	if err := e.EndCooling(ctx, tx, id, w.Visitor); err != nil {
		return err
	}
	if err := Factor(ByPassword, id).Clear(ctx, tx); err != nil {
		return err
	}
	if _, err := audit.Write(ctx, tx, audit.Event{Kind: "password.changed", Account: id, Actor: string(id), Session: w.Reprove,
		Addr: w.Visitor.Addr.String(), Agent: w.Visitor.Program, Place: w.Visitor.Place}); err != nil {
		return err
	}
	// Whoever changed it may not be its owner: the link closes the doors.
	link := e.DoubtOf(id, tx.Now())
	if w.Reprove != "" {
		s, err := session.ByID(ctx, tx, w.Reprove)
		if err != nil {
			return err
		}
		link = e.Doubt(s)
	}
	return e.TellAll(ctx, tx, w.Account, "password.changed", func(to letter.To) outbox.Letter {
		return letter.PasswordChanged(e.Sheet, to, link, e.From(w.Visitor, tx.Now()))
	})
}

// VoidCodes ends every code and link that is out for an account.
func (e *Entry) VoidCodes(ctx context.Context, tx db.Tx, id ref.Account) error {
	for _, p := range sentcode.Purposes {
		if err := sentcode.Void(ctx, tx, p, string(id)); err != nil {
			return err
		}
	}
	return push.End(ctx, tx, id)
}

// Living lists the sessions of an account that still count.
func (e *Entry) Living(ctx context.Context, r db.Reader, a ref.Account) ([]session.Session, error) {
	rules, err := e.Rules.Of(ctx, r, a)
	if err != nil {
		return nil, err
	}
	return session.Of(ctx, r, a, living(rules))
}

// EndChosen ends those of the given sessions that are the account's own, and
// no others, and says how many there were.
func (e *Entry) EndChosen(ctx context.Context, tx db.Tx, w Who, ids []ref.Session) (ended int, err error) {
	own, err := session.All(ctx, tx, w.Account.ID)
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		if !slices.Contains(own, id) {
			continue
		}
		if err := e.Grants.EndSessions(ctx, tx, id); err != nil {
			return ended, err
		}
		ended++
		if _, err := audit.Write(ctx, tx, audit.Event{Kind: "session.ended", Account: w.Account.ID, Actor: string(w.Account.ID), Session: id,
			Addr: w.Visitor.Addr.String(), Agent: w.Visitor.Program, Place: w.Visitor.Place}); err != nil {
			return ended, err
		}
	}
	return ended, nil
}

// tellProblem gives the fault for what is wrong with a new password.
func tellProblem(p password.Problem, least int) *fault.Fault {
	switch p {
	case password.TooShort:
		return faults.PasswordTooShort.New("min", least)
	case password.TooLong:
		return faults.PasswordTooLong.New()
	case password.NeedsKind:
		return faults.PasswordNeedsKind.New()
	case password.HasName:
		return faults.PasswordHasName.New()
	case password.Common:
		return faults.PasswordCommon.New()
	default:
		return faults.PasswordNotText.New()
	}
}
