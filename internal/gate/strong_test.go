package gate

import (
	"testing"

	"sekisho/internal/policy"
)

func TestReplacingTegataTakesTwoStrongProofsOrOneAndAWait(t *testing.T) {
	all := []Kind{Tegata, Passkey, TOTP, TegataCode, SMSCode, Backup, Passphrase}
	mail, sms, word := Proof{Kind: MailCode}, Proof{Kind: SMSCode}, Proof{Kind: Password}
	of := func(kinds ...Kind) (out []Proof) {
		for _, k := range kinds {
			out = append(out, Proof{Kind: k})
		}
		return out
	}
	for _, c := range []struct {
		name    string
		proofs  []Proof
		set     []Kind
		facts   func(*Facts)
		policy  func(*policy.Effective)
		verdict Verdict
		code    string
		need    Need
	}{
		{name: "two of different kinds", proofs: of(MailCode, TOTP, Passphrase), set: all, verdict: Admit},
		{name: "a key and a backup code", proofs: of(Passkey, Backup), set: all, verdict: Admit},
		{name: "two backup codes are of one sheet", proofs: of(Backup, Backup), set: all, verdict: Prove, need: NeedStrong},
		{name: "two keys are of one kind", proofs: []Proof{{Kind: Passkey, User: true}, {Kind: Passkey, User: true, Hard: true}}, set: all, verdict: Prove, need: NeedStrong},
		{name: "a key that verified its user is one all the same", proofs: []Proof{{Kind: Passkey, User: true, Hard: true}}, set: all, verdict: Prove, need: NeedStrong},
		{name: "nothing strong", proofs: []Proof{mail, sms, word}, set: all, verdict: Prove, need: NeedStrong},
		{name: "nor is Tegata: it is lost", proofs: of(MailCode, Tegata, TegataCode), set: all, verdict: Prove, need: NeedStrong},
		{name: "one, and others to give", proofs: of(TOTP), set: all, verdict: Prove, need: NeedStrong},
		{name: "an app alone never does", proofs: of(MailCode, TOTP), set: []Kind{Tegata, TOTP, SMSCode}, verdict: Refuse, code: "lock.no_proofs"},
		{name: "and is not asked for in vain", proofs: of(MailCode), set: []Kind{Tegata, TOTP, SMSCode}, verdict: Refuse, code: "lock.no_proofs"},
		{name: "however long it waited", proofs: of(MailCode, SMSCode, Password), set: []Kind{Tegata, SMSCode}, facts: func(f *Facts) { f.Waited = true }, verdict: Refuse, code: "lock.no_proofs"},
		{name: "a passphrase alone waits", proofs: of(MailCode, Passphrase), set: []Kind{Tegata, Passphrase}, verdict: Prove, need: NeedWait},
		{name: "a backup code alone waits, with more on the sheet", proofs: of(Backup), set: []Kind{Tegata, Backup}, verdict: Prove, need: NeedWait},
		{name: "with another way there it is asked for first", proofs: of(Passphrase), set: []Kind{TOTP, Passphrase}, verdict: Prove, need: NeedStrong},
		{name: "a passphrase that waited", proofs: of(Passphrase), set: []Kind{TOTP, Passphrase}, facts: func(f *Facts) { f.Waited = true }, verdict: Admit},
		{name: "in another browser any strong one", proofs: of(TOTP), set: []Kind{TOTP, Backup}, facts: func(f *Facts) { f.Waited = true }, verdict: Admit},
		{name: "but not the mailbox alone", proofs: of(MailCode), set: []Kind{TOTP, Passphrase}, facts: func(f *Facts) { f.Waited = true }, verdict: Prove, need: NeedStrong},
		{name: "what was proved before the doors were closed", proofs: of(TOTP, Passphrase), set: all, facts: func(f *Facts) { f.Turn = 1 }, verdict: Prove, need: NeedStrong},
		{name: "what the policy does not allow", proofs: of(TOTP, Passphrase), set: []Kind{TOTP, Passphrase}, policy: func(p *policy.Effective) { p.SecondFactor.Kinds = []string{"passkey"} }, verdict: Prove, need: NeedWait},
		{name: "backup codes that are forbidden", proofs: of(MailCode, Backup), set: []Kind{Backup, TOTP}, policy: func(p *policy.Effective) { p.SecondFactor.BackupCodes = false }, verdict: Refuse, code: "lock.no_proofs"},
		{name: "but the one that support issued", proofs: []Proof{{Kind: Backup, Issued: true}, {Kind: TOTP}}, set: []Kind{TOTP}, policy: func(p *policy.Effective) { p.SecondFactor.BackupCodes = false }, verdict: Admit},
		{name: "no lock", proofs: of(TOTP, Passphrase), set: all, facts: func(f *Facts) { f.Locked = false }, verdict: Refuse, code: "lock.not_on"},
		{name: "a contained account: neither waits for the other", proofs: of(TOTP, Passphrase), set: all, facts: func(f *Facts) { f.Contained = true }, verdict: Admit},
		{name: "no account", proofs: of(TOTP, Passphrase), facts: func(f *Facts) { f.Account = Unknown }, verdict: Refuse, code: "signin.not_recognised"},
		{name: "a disabled one", proofs: of(TOTP, Passphrase), facts: func(f *Facts) { f.Account = Disabled }, verdict: Refuse, code: "account.disabled"},
		{name: "an address that the owner does not allow: neither waits for the other", proofs: of(TOTP, Passphrase), set: all, policy: own, verdict: Admit},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, p := good(Replace), policy.Resolve()
			f.Locked, f.Proofs, f.Set = true, c.proofs, c.set
			if c.facts != nil {
				c.facts(&f)
			}
			if c.policy != nil {
				c.policy(&p)
			}
			if d := Decide(f, &p); d.Verdict != c.verdict || d.Code != c.code || d.Need != c.need {
				t.Errorf("got %s %s %s, want %s %s %s\n%+v", d.Verdict, d.Code, d.Need, c.verdict, c.code, c.need, d.Trace)
			}
		})
	}
}
