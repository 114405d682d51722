package enter

import (
	"context"
	"errors"
	"slices"

	"sekisho/internal/account"
	"sekisho/internal/db"
	"sekisho/internal/device"
	"sekisho/internal/factor/backup"
	"sekisho/internal/factor/passkey"
	"sekisho/internal/factor/passphrase"
	"sekisho/internal/factor/password"
	"sekisho/internal/factor/push"
	"sekisho/internal/factor/sentcode"
	"sekisho/internal/factor/smscode"
	"sekisho/internal/factor/totp"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/flow"
	"sekisho/internal/gate"
	"sekisho/internal/i18n"
	"sekisho/internal/limit"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
	"sekisho/internal/slowhash"
)

// Proving is one proof to be judged in a journey.
type Proving struct {
	Visitor flow.Visitor
	Account account.Account // locked; zero where there is none
	Typed   account.Identifier
	Kind    gate.Kind
	Class   Class // what the failure counts as; empty: the kind's own
	Act     Act   // what it is for; empty: a sign-in
	Offered bool
	Code    sentcode.For // for codes that were sent
	Guess   gate.Guess
	Ask     passkey.Purpose // for a passkey: what the challenge was made for
	Bound   string          // and what it is bound to
	Push    push.Purpose    // for an approval: what it was asked for
	Flow    ref.Flow        // and by which journey
	Answer  string
	Failed  int64 // how often this journey failed this class before
	Reckon  Reckoned
}

func (p Proving) class() Class {
	if p.Class != "" {
		return p.Class
	}
	return Class(p.Kind)
}

func (p Proving) attempt() Attempt {
	return Attempt{Visitor: p.Visitor, Account: p.Account, Typed: p.Typed, Kind: p.Kind, Class: p.class(), Act: p.Act, Offered: p.Offered, Guess: p.Guess}
}

// Judged is what came of it. Without Right the Fault tells why; Expired says
// that there was no living code to compare with, which is no failure.
type Judged struct {
	Right   bool
	Proof   gate.Proof
	Fault   *fault.Fault
	Expired bool
	Counted bool        // it was looked at, wrong, and counted as a failure
	Account ref.Account // whose passkey it was
}

// Slow says whether a kind is compared with a hash that takes a while, outside
// any transaction.
func Slow(k gate.Kind) bool { return k == gate.Password || k == gate.Backup || k == gate.Passphrase }

// Reckoned is the outcome of a slow comparison. It counts only if what it was
// compared with still stands when it is judged.
type Reckoned struct {
	hash  string // password, passphrase
	code  ref.Factor
	right bool
	// issued: the code is the one that support issued
	issued bool
	fresh  string // the same secret at today's cost
}

// Hashes are what a slow kind is compared with.
type Hashes struct {
	hash string
	hand backup.Hand
}

// HashesOf reads them; empty where the account has none.
func (e *Entry) HashesOf(ctx context.Context, r db.Reader, p Proving) (h Hashes, err error) {
	a := p.Account.ID
	switch p.Kind {
	case gate.Password:
		var rec password.Record
		rec, err = password.Of(ctx, r, a)
		h.hash = rec.PHC
	case gate.Passphrase:
		h.hash, err = passphraseHash(ctx, r, a)
	case gate.Backup:
		if h.hand, err = e.hand(ctx, r, a); err == nil && h.hand.Issued().Any() {
			var s limit.Standing
			if s, err = Factor(p.class(), a).Look(ctx, r); s.Failures >= p.class().stop() {
				h.hand = h.hand.Issued() // its own set stays stopped
			}
		}
	}
	if errors.Is(err, db.ErrNone) {
		err = nil
	}
	return h, err
}

func passphraseHash(ctx context.Context, r db.Reader, a ref.Account) (string, error) {
	rec, err := passphrase.Of(ctx, r, a)
	return rec.PHC, err
}

// Reckon compares, at the same cost whether or not there is anything to compare
// with; slowhash.ErrBusy when too many wait.
func (e *Entry) Reckon(ctx context.Context, k gate.Kind, answer string, h Hashes) (Reckoned, error) {
	if k == gate.Backup {
		id, ok, err := h.hand.Match(ctx, e.Hasher, answer)
		return Reckoned{code: id, right: ok, issued: h.hand.IsIssued(id)}, err
	}
	text, could := readSlow(k, answer)
	phc := h.hash
	if !could {
		phc = "" // what could never be set is wrong, at the same cost
	}
	right, err := e.Hasher.Verify(ctx, text, phc)
	out := Reckoned{hash: h.hash, right: right}
	if err != nil || !right || !e.Hasher.NeedsRehash(phc) {
		return out, err
	}
	out.fresh, err = e.Hasher.Hash(ctx, text)
	if errors.Is(err, slowhash.ErrBusy) {
		return out, nil // another time; the old hash still holds
	}
	return out, err
}

func readSlow(k gate.Kind, answer string) (secret.Text, bool) {
	if k == gate.Passphrase {
		plain, problem := passphrase.Parse(answer)
		return plain.Text(), problem == nil
	}
	plain, problem := password.Parse(answer)
	return plain.Text(), problem == nil
}

// May asks gate whether the proof may be evaluated, holding its counters. The fault
// tells what stops it; the attempt is what is counted otherwise.
func (e *Entry) May(ctx context.Context, tx db.Tx, p Proving) (at Attempt, f *fault.Fault, err error) {
	at = p.attempt()
	if p.Kind == gate.Backup && p.Account.ID != "" {
		hand, err := backup.Look(ctx, tx, p.Account.ID)
		if err != nil {
			return at, nil, err
		}
		if hand.Issued().Any() {
			at.Class = ByIssued
		}
	}
	d, err := e.Try(ctx, tx, at)
	if err == nil && d.Verdict != gate.Admit {
		f, err = e.Refuse(ctx, tx, Refusal{Visitor: p.Visitor, Account: p.Account.ID, Decision: d, Class: at.Class, Act: p.Act})
	}
	return at, f, err
}

// Judge checks and spends a proof that may be evaluated, and counts what came of it.
func (e *Entry) Judge(ctx context.Context, tx db.Tx, p Proving) (Judged, error) {
	at, f, err := e.May(ctx, tx, p)
	if err != nil || f != nil {
		return Judged{Fault: f}, err
	}
	v, err := e.check(ctx, tx, p)
	switch {
	case err != nil:
		return Judged{}, err
	case v.expired:
		return Judged{Fault: faults.CodeExpired.New(), Expired: true}, nil
	case !v.right:
		at.Truth, at.Tell, at.Args = v.truth, v.tell, v.args
		if at.Class != p.class() { // the account's own set is counted all the same
			if _, err := Factor(p.class(), p.Account.ID).Fail(ctx, tx); err != nil {
				return Judged{}, err
			}
		}
		f, err := e.Fail(ctx, tx, at)
		return Judged{Fault: f, Counted: true}, err
	}
	if at.Account.ID != "" {
		err = e.Succeed(ctx, tx, at, p.Failed)
	}
	v.proof.Kind, v.proof.At, v.proof.Turn = p.Kind, tx.Now(), p.Account.Turn
	return Judged{Right: true, Proof: v.proof, Account: v.account}, err
}

// verdict is what one factor said.
type verdict struct {
	right   bool
	expired bool
	proof   gate.Proof
	account ref.Account
	truth   string
	tell    *fault.Entry
	args    map[string]any
}

func (e *Entry) check(ctx context.Context, tx db.Tx, p Proving) (verdict, error) {
	switch p.Kind {
	case gate.MailCode, gate.SMSCode:
		return e.checkSent(ctx, tx, p)
	case gate.TOTP:
		return e.checkTOTP(ctx, tx, p)
	case gate.Passkey:
		return e.checkPasskey(ctx, tx, p)
	case gate.Tegata:
		return checkTegata(ctx, tx, p)
	case gate.TegataCode:
		return e.checkTegataCode(ctx, tx, p)
	case gate.Backup:
		return checkBackup(ctx, tx, p)
	default:
		return e.checkWord(ctx, tx, p)
	}
}

func (e *Entry) checkSent(ctx context.Context, tx db.Tx, p Proving) (verdict, error) {
	got, err := e.Codes.Check(ctx, tx, p.Code, p.Answer)
	v := verdict{right: got == sentcode.Right && p.Account.ID != "", expired: got == sentcode.Expired, truth: "wrong code"}
	v.proof.Via = p.Code.Target
	if v.right && p.Kind == gate.SMSCode {
		err = errors.Join(err, smscode.Used(ctx, tx, p.Account.ID, p.Code.Target))
	}
	return v, err
}

// checkTegata spends the approval that the journey asked for. Who asks before it was
// given is turned away by Asked.
func checkTegata(ctx context.Context, tx db.Tx, p Proving) (verdict, error) {
	r, ok, err := push.Spend(ctx, tx, p.Flow, p.Push)
	if errors.Is(err, db.ErrNone) {
		err = nil
	}
	v := verdict{right: ok && (p.Account.ID == "" || p.Account.ID == r.Account), account: r.Account, truth: "no approval", tell: faults.PushOver}
	v.proof.User = r.Verified
	if err != nil || !v.right {
		return v, err
	}
	d, err := device.Of(ctx, tx, r.Device)
	if errors.Is(err, db.ErrNone) { // "this phone is gone", meanwhile
		v.right, err = false, nil
	}
	v.proof.Stale = p.Push == push.Regain && d.Stale(p.Account.Turn)
	return v, err
}

// checkTegataCode checks a code that an installation shows. Behind an app lock it was
// shown to nobody but its owner.
func (e *Entry) checkTegataCode(ctx context.Context, tx db.Tx, p Proving) (verdict, error) {
	got, err := e.Apps.CheckDevice(ctx, tx, p.Account.ID, p.Answer)
	v := timed(got)
	if err != nil || !v.right {
		return v, err
	}
	d, err := device.Of(ctx, tx, got.Device)
	if errors.Is(err, db.ErrNone) || err == nil && (d.State != device.Active || d.Stale(p.Account.Turn)) {
		v.right, v.truth, v.tell = false, "the device is stale", faults.DeviceStale
		return v, nil
	}
	v.proof.User = d.Guarded
	return v, err
}

func (e *Entry) checkTOTP(ctx context.Context, tx db.Tx, p Proving) (verdict, error) {
	got, err := e.Apps.Check(ctx, tx, p.Account.ID, p.Answer)
	return timed(got), err
}

// timed is what a code says that a clock shows, in an app or in Tegata.
func timed(got totp.Result) verdict {
	v := verdict{right: got.Outcome == totp.Right, truth: "wrong code"}
	switch got.Outcome {
	case totp.Used:
		v.truth = "a code used before"
	case totp.Skewed:
		// ER-21: say by how much, and let nobody pass.
		v.truth, v.tell, v.args = "another moment's code", faults.CodeClockSkew, map[string]any{"drift": Drift(got)}
	}
	return v
}

func (e *Entry) checkPasskey(ctx context.Context, tx db.Tx, p Proving) (verdict, error) {
	got, err := e.Keys.Prove(ctx, tx, passkey.Ceremony{Purpose: p.Ask, Bound: p.Bound, Account: p.Account.ID, Response: []byte(p.Answer)})
	v := verdict{right: got.Outcome == passkey.Right, account: got.Account, tell: faults.KeyNotWorking, truth: "the key's answer does not hold"}
	switch got.Outcome {
	case passkey.Cloned:
		v.truth, v.tell = "the key's counter went backwards", faults.KeyCloned
	case passkey.Replayed:
		v.truth = "an answer given before"
	case passkey.Unknown:
		v.truth, v.tell = "a key that no account has", faults.KeyUnknown
	}
	v.proof.User, v.proof.Hard = got.UserVerified, !got.Synced
	return v, err
}

// Drift says by how much the clock that showed a code is off.
func Drift(got totp.Result) i18n.Words { return i18n.Drift(got.Skew) }

func checkBackup(ctx context.Context, tx db.Tx, p Proving) (verdict, error) {
	v := verdict{right: p.Reckon.right && p.Account.ID != "", truth: "wrong code"}
	if !v.right {
		return v, nil
	}
	v.proof.Issued = p.Reckon.issued
	err := backup.Spend(ctx, tx, p.Account.ID, p.Reckon.code)
	if errors.Is(err, db.ErrNone) {
		v.right, v.truth = false, "a code used before"
		return v, nil
	}
	return v, err
}

// checkWord judges a password or passphrase. One that was changed while we
// reckoned is another one.
func (e *Entry) checkWord(ctx context.Context, tx db.Tx, p Proving) (verdict, error) {
	now, err := e.HashesOf(ctx, tx, p)
	if err != nil {
		return verdict{}, err
	}
	v := verdict{right: p.Reckon.right && now.hash == p.Reckon.hash && p.Account.ID != "", truth: truth(p.Account, now.hash)}
	if !v.right {
		return v, nil
	}
	if p.Kind == gate.Passphrase {
		if err := passphrase.Used(ctx, tx, p.Account.ID, now.hash); err != nil {
			return v, err
		}
	}
	if p.Reckon.fresh == "" {
		return v, nil
	}
	if p.Kind == gate.Passphrase {
		return v, passphrase.Rehash(ctx, tx, p.Account.ID, now.hash, p.Reckon.fresh)
	}
	return v, password.Rehash(ctx, tx, p.Account.ID, now.hash, p.Reckon.fresh)
}

func truth(a account.Account, hash string) string {
	switch {
	case a.ID == "":
		return "no account"
	case hash == "":
		return "none set"
	case a.State != account.Active:
		return "wrong, and the account is " + string(a.State)
	default:
		return "wrong"
	}
}

// amr says in RFC 8176's words what was proved.
func amr(proofs []gate.Proof) []string {
	var out []string
	add := func(m string) {
		if !slices.Contains(out, m) {
			out = append(out, m)
		}
	}
	for _, p := range proofs {
		add(p.Word())
		if p.User {
			add("user")
		}
	}
	if gate.LevelOf(proofs) == gate.Multi {
		add("mfa")
	}
	return out
}

// Raised says what a session has proved once a new factor is proved beside what
// opened it; nil when the two are one: a code by SMS beside a code by SMS.
func Raised(before []string, p gate.Proof) []string {
	if p.Kind == gate.SMSCode && !slices.ContainsFunc(before, func(m string) bool { return m != "sms" }) {
		return nil
	}
	return With(before, append(amr([]gate.Proof{p}), "mfa")...)
}

// With adds methods to a list in which each stands once.
func With(list []string, methods ...string) []string {
	out := slices.Clone(list)
	for _, m := range methods {
		if !slices.Contains(out, m) {
			out = append(out, m)
		}
	}
	return out
}
