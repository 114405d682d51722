package enter

import (
	"context"
	"errors"
	"slices"
	"time"

	"sekisho/internal/account"
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
	"sekisho/internal/gate"
	"sekisho/internal/policy"
	"sekisho/internal/ref"
)

// Set is everything an account can prove itself with.
type Set struct {
	Record     password.Record // empty PHC: no password
	Mail       bool            // its address is proved, and its mailbox is neither opened by this very account nor shared
	Mobile     bool            // its number is proved, and codes can be sent there
	Apps       []totp.Factor
	Numbers    []smscode.Number
	Keys       []passkey.Credential
	Devices    []device.Device // of Tegata, those that count
	Backup     int             // codes left of the account's own set
	BackupOf   int
	Spare      bool // there is a backup code that may be used, of the set or issued by support
	Issued     bool // there is one that support issued
	Passphrase bool
	Rules      *policy.Effective // what holds for the account
}

// SetOf reads what an account can prove itself with.
func (e *Entry) SetOf(ctx context.Context, r db.Reader, a account.Account) (s Set, err error) {
	if s.Rules = e.Rules.Default(); a.ID == "" {
		return s, nil
	}
	if s.Rules, err = e.Rules.Of(ctx, r, a.ID); err != nil {
		return s, err
	}
	s.Mail = !a.Email.Confirmed.IsZero() && !e.hosted(a.Email) && !e.shared(a.Email)
	s.Mobile = e.SMS && !a.Mobile.Confirmed.IsZero()
	if s.Record, err = password.Of(ctx, r, a.ID); err != nil && !errors.Is(err, db.ErrNone) {
		return s, err
	}
	if s.Apps, err = totp.List(ctx, r, a.ID); err != nil {
		return s, err
	}
	if s.Numbers, err = smscode.List(ctx, r, a.ID); err != nil {
		return s, err
	}
	if s.Keys, err = passkey.List(ctx, r, a.ID); err != nil {
		return s, err
	}
	if s.Devices, err = device.List(ctx, r, a.ID); err != nil {
		return s, err
	}
	hand, left, of, err := backup.Stand(ctx, r, a.ID)
	if err != nil {
		return s, err
	}
	hand = permitted(hand, s.Rules)
	s.Backup, s.BackupOf, s.Spare, s.Issued = left, of, hand.Any(), hand.Issued().Any()
	_, err = passphrase.Of(ctx, r, a.ID)
	if s.Passphrase = err == nil; errors.Is(err, db.ErrNone) {
		err = nil
	}
	return s, err
}

// hand is the backup codes that may be used: where the policy forbids them, the one
// that support issued (BC-04, BC-06).
func (e *Entry) hand(ctx context.Context, r db.Reader, a ref.Account) (backup.Hand, error) {
	rules, err := e.Rules.Of(ctx, r, a)
	if err != nil {
		return backup.Hand{}, err
	}
	h, err := backup.Look(ctx, r, a)
	return permitted(h, rules), err
}

func permitted(h backup.Hand, p *policy.Effective) backup.Hand {
	if !p.SecondFactor.BackupCodes {
		return h.Issued()
	}
	return h
}

// hosted says whether a mailbox is opened by the account itself: a code sent
// there proves nothing (SI-05).
func (e *Entry) hosted(a account.Address) bool {
	return a.Hosted || slices.Contains(e.HostedDomains, a.Domain())
}

// shared says whether several people read a mailbox: a code sent there proves
// nothing of one of them (RC-30).
func (e *Entry) shared(a account.Address) bool {
	return a.Shared || account.Shared(a.Identifier, e.Roles)
}

// Group says whether what was typed is a shared mailbox by its first part; the
// fault tells it. It looks at nothing else: a stranger learns no more than they
// typed (SI-28).
func (e *Entry) Group(typed account.Identifier) *fault.Fault {
	if !account.Shared(typed, e.Roles) {
		return nil
	}
	return faults.GroupAddress.New()
}

// Seconds lists the kinds that can be a second proof.
func (s Set) Seconds() []gate.Kind {
	var out []gate.Kind
	for _, x := range []struct {
		kind gate.Kind
		is   bool
	}{
		{gate.Tegata, len(s.Devices) > 0}, {gate.TegataCode, len(s.Devices) > 0},
		{gate.TOTP, len(s.Apps) > 0}, {gate.SMSCode, len(s.Numbers) > 0}, {gate.Passkey, len(s.Keys) > 0},
		{gate.Backup, s.Spare}, {gate.Passphrase, s.Passphrase},
	} {
		if x.is {
			out = append(out, x.kind)
		}
	}
	return out
}

// On says whether a second factor is on.
func (s Set) On() bool { return slices.ContainsFunc(s.Seconds(), gate.Switches) }

// alone says whether one factor is all there is: with it, every way in is lost.
func (s Set) alone() bool {
	return s.On() && len(s.Apps)+len(s.Numbers)+len(s.Keys)+len(s.Devices) == 1 && !s.Spare && !s.Passphrase
}

// Trusts lists the browsers an account trusts, the last used first. A policy
// tightened later shortens trusts given under the looser one.
func (e *Entry) Trusts(ctx context.Context, r db.Reader, a ref.Account) ([]browser.Trust, error) {
	rules, err := e.Rules.Of(ctx, r, a)
	if err != nil {
		return nil, err
	}
	list, err := browser.Trusts(ctx, r, a)
	return slices.DeleteFunc(list, func(t browser.Trust) bool { return !trusts(rules, r.Now(), t) }), err
}

func trusts(p *policy.Effective, now time.Time, t browser.Trust) bool {
	return now.Before(t.Created.AddDate(0, 0, p.SecondFactor.TrustDays))
}

// onFile lists what an account without a second factor can prove beside what it
// proved already (SI-19).
func (s Set) onFile() []gate.Kind {
	var out []gate.Kind
	for _, x := range []struct {
		kind gate.Kind
		is   bool
	}{
		{gate.Password, s.Record.PHC != ""}, {gate.MailCode, s.Mail}, {gate.SMSCode, s.Mobile},
		{gate.Backup, s.Spare}, {gate.Passphrase, s.Passphrase},
	} {
		if x.is {
			out = append(out, x.kind)
		}
	}
	return out
}

// Number is where a code by SMS goes: the number that is a second factor, or the
// one on file. db.ErrNone when there is none.
func (e *Entry) Number(ctx context.Context, r db.Reader, a account.Account, second bool) (account.Identifier, error) {
	s, err := e.SetOf(ctx, r, a)
	switch {
	case err != nil:
		return account.Identifier{}, err
	case second && len(s.Numbers) > 0:
		return account.Identifier{Kind: account.Mobile, Norm: s.number().Norm, Shown: s.number().Shown}, nil
	case !second && s.Mobile:
		return a.Mobile.Identifier, nil
	}
	return account.Identifier{}, db.ErrNone
}

// Firsts lists an account's own first proofs, by the names its owner knows them
// by.
func (e *Entry) Firsts(ctx context.Context, r db.Reader, a account.Account) ([]Way, error) {
	s, err := e.SetOf(ctx, r, a)
	if err != nil {
		return nil, err
	}
	var kinds []gate.Kind
	for _, x := range []struct {
		kind gate.Kind
		is   bool
	}{
		{gate.Password, s.Record.PHC != ""}, {gate.Passkey, len(s.Keys) > 0},
		{gate.Tegata, len(s.Devices) > 0}, {gate.TegataCode, len(s.Devices) > 0}, {gate.MailCode, s.Mail}, {gate.SMSCode, s.Mobile},
	} {
		if x.is {
			kinds = append(kinds, x.kind)
		}
	}
	if a.Preferred != string(gate.Tegata) { // who prefers it signs in without a password (SI-07)
		a.Preferred = ""
	}
	s.Numbers = nil // a first proof goes to the number on file
	return e.ways(kinds, s, a), nil
}

// number is where codes of the second factor go.
func (s Set) number() smscode.Number {
	if len(s.Numbers) == 0 {
		return smscode.Number{}
	}
	return s.Numbers[0]
}

// Way is one way to go on, with the name its owner knows it by.
type Way struct {
	Kind  string   `json:"kind"`
	Names []string `json:"names,omitempty"`
	To    string   `json:"-"` // where a code would go, masked
}

// ways names the kinds as a page lists them: the preferred one first.
func (e *Entry) ways(kinds []gate.Kind, s Set, a account.Account) []Way {
	var out []Way
	for _, k := range kinds {
		if k == gate.SMSCode && !e.SMS || k == gate.Passkey && e.Keys == nil {
			continue
		}
		w := Way{Kind: string(k)}
		switch k {
		case gate.Tegata, gate.TegataCode:
			for _, x := range s.Devices {
				w.Names = append(w.Names, x.Name)
			}
		case gate.TOTP:
			for _, x := range s.Apps {
				w.Names = append(w.Names, x.Name)
			}
		case gate.Passkey:
			for _, x := range s.Keys {
				w.Names = append(w.Names, x.Name)
			}
		case gate.SMSCode:
			w.Names = []string{account.Identifier{Kind: account.Mobile, Norm: s.number().Norm}.Masked()}
			if len(s.Numbers) == 0 {
				w.Names = []string{a.Mobile.Masked()}
			}
		case gate.MailCode:
			w.Names = []string{a.Email.Masked()}
		}
		if w.Kind == a.Preferred {
			out = slices.Insert(out, 0, w)
			continue
		}
		out = append(out, w)
	}
	return out
}
