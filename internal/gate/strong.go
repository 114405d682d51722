package gate

import (
	"slices"

	"sekisho/internal/policy"
)

// strong are the proofs with which Tegata is replaced while the sign-in lock is on. What
// is sent to an inbox or number, and what may be guessed or was used elsewhere, is what
// the owner locks the account against.
var strong = []Kind{Passkey, TOTP, Passphrase, Backup}

// waits are those of them that begin the wait: what is kept apart from every device, and
// so is neither found with a phone nor lost with it.
var waits = []Kind{Passphrase, Backup}

func counts(p *policy.Effective, x Proof) bool {
	return slices.Contains(strong, x.Kind) && (x.Issued || Permits(p, x.Kind))
}

// Strong says which strong kinds are set up and were not proved yet. Two codes of one
// sheet, or two keys, are found together: one kind counts once.
func Strong(f *Facts, p *policy.Effective) (out []Kind) {
	for _, k := range strong {
		given := slices.ContainsFunc(Standing(f.Proofs, f.Turn), func(x Proof) bool { return x.Kind == k })
		if !given && slices.Contains(f.Set, k) && (Permits(p, k) || k == Backup && f.Issued) {
			out = append(out, k)
		}
	}
	return out
}

// MayWait says whether what was proved lets a wait stand in for the second strong proof.
func MayWait(f *Facts, p *policy.Effective) bool {
	return slices.ContainsFunc(Standing(f.Proofs, f.Turn), func(x Proof) bool { return counts(p, x) && slices.Contains(waits, x.Kind) })
}

// lockOn keeps the act for accounts that nobody gets into: anybody else sets up Tegata
// from a session.
func lockOn(f *Facts, _ *policy.Effective) Decision {
	if !f.Locked {
		return refuse("lock.not_on", "", "not locked")
	}
	return pass
}

// strongProof asks for two independent strong proofs, or for one and a wait that a
// passphrase or backup code began (RS-05). Whoever opens the link of a wait in another
// browser proves one of them there: the wait is not for who reads the mailbox.
func strongProof(f *Facts, p *policy.Effective) Decision {
	var given []Kind
	for _, x := range f.Proofs {
		if counts(p, x) && !slices.Contains(given, x.Kind) {
			given = append(given, x.Kind)
		}
	}
	left := Strong(f, p)
	switch {
	case len(given) > 1:
		return pass
	case len(given) == 1 && f.Waited:
		return Decision{Verdict: Admit, Trace: []Step{{Saw: "waited"}}}
	case MayWait(f, p) && len(left) == 0:
		return prove(NeedWait, "")
	case MayWait(f, p), f.Waited && len(left) > 0, len(given)+len(left) > 1,
		slices.ContainsFunc(left, func(k Kind) bool { return slices.Contains(waits, k) }):
		return prove(NeedStrong, "")
	}
	return refuse("lock.no_proofs", p.Source.SecondFactor, "strong proofs")
}
