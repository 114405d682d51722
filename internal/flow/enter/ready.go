package enter

import (
	"slices"

	"sekisho/internal/account"
	"sekisho/internal/gate"
	"sekisho/internal/ready"
)

// Ready reckons what a loss would mean to the owner of an account (MF-05).
func (e *Entry) Ready(a account.Account, set Set) ready.Report {
	return ready.Of(e.stands(a, set))
}

// stands tells package ready what an account has. What the policy lets count no
// more is not counted.
func (e *Entry) stands(a account.Account, set Set) ready.Stands {
	permits := func(k gate.Kind) bool { return gate.Permits(set.Rules, k) }
	s := ready.Stands{Password: set.Record.PHC != "", Mail: set.Mail, MailWaits: a.Email.Norm != "" && a.Email.Confirmed.IsZero(), Mobile: set.Mobile,
		Passphrase: set.Passphrase, On: set.On(),
		Can: ready.Can{App: permits(gate.TOTP), SMS: permits(gate.SMSCode) && e.SMS, Key: permits(gate.Passkey) && e.Keys != nil, Backup: permits(gate.Backup)}}
	if permits(gate.TOTP) {
		s.Apps = len(set.Apps)
	}
	if permits(gate.Tegata) {
		s.Apps += len(set.Devices)
	}
	if s.Can.SMS {
		s.Numbers = len(set.Numbers)
	}
	if s.Can.Backup {
		s.Backup = set.Backup
	}
	if !s.Can.Key {
		return s
	}
	for _, k := range set.Keys {
		switch {
		case !k.UV: // it proves nothing by itself
			s.Keys++
		case k.Synced:
			s.Synced++
		case slices.Contains(k.Transports, "internal") || slices.Contains(k.Transports, "hybrid"):
			s.Bound++
		default:
			s.Keys++
			s.Sure++
		}
	}
	return s
}
