package gate

import (
	"slices"
	"time"

	"sekisho/internal/policy"
)

// Kind of proof.
type Kind string

// The kinds of proof there are.
const (
	Password   Kind = "password"
	MailCode   Kind = "mailcode"
	SMSCode    Kind = "smscode"
	TOTP       Kind = "totp"
	Passkey    Kind = "passkey"
	Backup     Kind = "backup"
	Passphrase Kind = "passphrase"
	Tegata     Kind = "tegata"     // an approval signed by an installation
	TegataCode Kind = "tegatacode" // a code that an installation shows, without a network
)

// firsts can begin a sign-in, seconds can complete it. A code by mail is never a
// second proof (NIST SP 800-63B-4 §3.1.3.1).
var (
	firsts  = []Kind{Password, MailCode, SMSCode, Passkey, Tegata, TegataCode}
	seconds = []Kind{Tegata, Passkey, TOTP, TegataCode, SMSCode, Backup, Passphrase}
)

// Switches says whether a kind, once set up, asks for a second proof at every
// sign-in. Backup codes and the passphrase only stand in for what is lost.
func Switches(k Kind) bool { return k == TOTP || k == SMSCode || k == Passkey || k == Tegata }

// Proof is one factor passed.
type Proof struct {
	Kind Kind      `json:"kind"`
	At   time.Time `json:"at,omitzero"`
	User bool      `json:"user,omitempty"` // the authenticator verified who held it
	Via  string    `json:"via,omitempty"`  // the inbox or number a code went to
	Hard bool      `json:"hard,omitempty"` // the key cannot leave its device
	Turn int64     `json:"turn,omitempty"` // the account's when it was made

	Issued bool `json:"issued,omitempty"` // a backup code that support issued after checking who asks
	Stale  bool `json:"stale,omitempty"`  // an installation gave it that has not confirmed the newest password
}

// Level is how much was proved.
type Level string

// The levels there are, the lowest first.
const (
	Single  Level = "single"
	Trusted Level = "trusted"
	Multi   Level = "multi"
)

// LevelOf says what proofs amount to: two of different kinds that no single
// inbox answers, or one key that verified its user, make Multi.
func LevelOf(proofs []Proof) Level {
	return levelOf(proofs, func(Proof) bool { return true })
}

func levelOf(proofs []Proof, counts func(Proof) bool) Level {
	for _, first := range proofs {
		switch {
		case first.alone() && counts(first):
			return Multi
		case first.Kind == Passkey && !first.User:
			continue // without its user's verification a key is a second proof only
		}
		for _, second := range proofs {
			if slices.Contains(firsts, first.Kind) && slices.Contains(seconds, second.Kind) && counts(second) && apart(first, second) && beside(first, second) {
				return Multi
			}
		}
	}
	return Single
}

// alone says whether a proof is two by itself: what somebody has, which verified who
// held it.
func (p Proof) alone() bool {
	return p.User && !p.Stale && (p.Kind == Passkey || p.Kind == Tegata || p.Kind == TegataCode)
}

// OnlySent says whether all that was proved is codes that were sent: whoever reads
// an inbox and the SMS of a stolen number has them.
func OnlySent(proofs []Proof) bool {
	return len(proofs) > 0 && !slices.ContainsFunc(proofs, func(p Proof) bool { return p.Kind != MailCode && p.Kind != SMSCode })
}

// sentAlone keeps whoever proved codes that were sent, and nothing else, from changing
// what guards an account that has a second factor and any other proof. A thief of the
// phone, whom a recovery makes wait for a day, would add an app of their own by way of a
// sign-in, and recover with that.
func sentAlone(f *Facts, p *policy.Effective) Decision {
	switch {
	case !f.on() || len(Unsent(f, p)) == 0:
		return pass
	case f.Act == Change && f.Sent:
		return prove(NeedFresh, "")
	case f.Act == Enter && f.sent():
		return prove(NeedSecond, "")
	}
	return pass
}

// sent says whether a fresh proof, asked for within a session, is of codes that were
// sent alone.
func (f *Facts) sent() bool { return f.StepUp && !f.Recovers && OnlySent(f.Proofs) }

// Unsent says what an account can prove that is not sent to anybody.
func Unsent(f *Facts, p *policy.Effective) (out []Kind) {
	if slices.Contains(f.OnFile, Password) {
		out = append(out, Password)
	}
	for _, k := range seconds {
		if k != SMSCode && slices.Contains(f.Set, k) && (Permits(p, k) || k == Backup && f.Issued) {
			out = append(out, k)
		}
	}
	return out
}

// apart says whether two proofs are two: not the same kind, and not through the
// same inbox (OA-15).
func apart(a, b Proof) bool {
	return a.Kind.thing() != b.Kind.thing() && (a.Via == "" || a.Via != b.Via)
}

// beside says whether a second proof counts beside a first. An installation that is stale
// is a phone in whoever's hand: it counts beside a code by mail alone, not beside what is
// sent to that very phone.
func beside(first, second Proof) bool {
	return !first.Stale && (!second.Stale || first.Kind == MailCode)
}

// thing is what a kind is proved with: an installation of Tegata approves and shows
// codes, and is one thing.
func (k Kind) thing() Kind {
	if k == TegataCode {
		return Tegata
	}
	return k
}

// Ways says which of the kinds that are set up may be used as a second proof
// now. What the policy does not allow is offered only where nothing else is
// left, and then raises nothing: it leads to where another is set up.
func Ways(f *Facts, p *policy.Effective) []Kind {
	if f.sent() && LevelOf(f.Proofs) == Multi {
		return Unsent(f, p) // one more, that is not sent
	}
	var allowed, rest []Kind
	if f.completes() {
		allowed = append(allowed, Password)
	}
	for _, k := range seconds {
		if !slices.Contains(f.Set, k) || !slices.ContainsFunc(f.Proofs, func(x Proof) bool { return apart(x, Proof{Kind: k, Via: f.via(k)}) }) {
			continue
		}
		if Permits(p, k) || k == Backup && f.Issued {
			allowed = append(allowed, k)
		} else if Switches(k.thing()) {
			rest = append(rest, k)
		}
	}
	if len(allowed) > 0 {
		return allowed
	}
	return rest
}

// completes says whether the password is what is missing: who began with a Tegata that
// verified nobody proved the second of the two first.
func (f *Facts) completes() bool {
	return f.Act == Enter && !f.StepUp && slices.Contains(f.OnFile, Password) && len(f.Proofs) > 0 &&
		!slices.ContainsFunc(f.Proofs, func(x Proof) bool { return x.Kind.thing() != Tegata })
}

func (f *Facts) via(k Kind) string {
	if k == SMSCode {
		return f.SecondVia
	}
	return ""
}

// Permits says whether the policy lets a kind be used as a second proof. A backup
// code that support issued counts under every policy: it is the way in that is left
// where people make none of their own (BC-04, BC-06).
func Permits(p *policy.Effective, k Kind) bool {
	switch k {
	case Backup:
		return p.SecondFactor.BackupCodes
	case Passphrase:
		return true
	}
	return len(p.SecondFactor.Kinds) == 0 || slices.Contains(p.SecondFactor.Kinds, string(k.thing()))
}

// on says whether the account has a second factor.
func (f *Facts) on() bool { return slices.ContainsFunc(f.Set, Switches) }

// level is what the proofs amount to as far as the policy lets them count.
func (f *Facts) level(p *policy.Effective) Level {
	return levelOf(f.Proofs, func(x Proof) bool { return x.Issued || Permits(p, x.Kind) })
}

// secondProof asks for the second proof wherever a second factor is set up. A
// trusted browser stands in for it, but never where a fresh proof is asked for
// (TB-01).
func secondProof(f *Facts, p *policy.Effective) Decision {
	switch {
	case f.level(p) == Multi, !f.on():
		return pass
	case LevelOf(f.Proofs) == Multi && !f.better(p):
		return pass // what counts no more leads in at the lower level
	case f.Trusted && !f.StepUp && p.SecondFactor.TrustDays > 0:
		return Decision{Verdict: Admit, Trace: []Step{{Source: p.Source.SecondFactor, Saw: "trusted browser"}}}
	}
	return prove(NeedSecond, p.Source.SecondFactor)
}

// better says whether somebody who signed in with what the policy lets count no more
// has an authenticator that does. An SMS may find no gateway, and a spare is not to be
// spent for this.
func (f *Facts) better(p *policy.Effective) bool {
	return slices.ContainsFunc([]Kind{TOTP, TegataCode}, func(k Kind) bool {
		return slices.Contains(f.Set, k) && Permits(p, k) && !slices.ContainsFunc(f.Proofs, func(x Proof) bool { return x.Kind.thing() == k.thing() })
	})
}

// anotherProof asks for one more proof where a browser and a place are both new
// and the account has no second factor (SI-19). Who has nothing else on file is
// not locked out: the owner is told of the sign-in.
func anotherProof(f *Facts, _ *policy.Effective) Decision {
	if !f.Unusual || LevelOf(f.Proofs) == Multi || several(f.Proofs) || len(Others(f)) == 0 {
		return pass
	}
	return prove(NeedAnother, "")
}

func several(proofs []Proof) bool {
	return slices.ContainsFunc(proofs, func(x Proof) bool { return apart(proofs[0], x) })
}

// Others says what else an account without a second factor can prove.
func Others(f *Facts) []Kind {
	var out []Kind
	for _, k := range f.OnFile {
		if slices.ContainsFunc(f.Proofs, func(x Proof) bool { return x.Kind == k }) {
			continue
		}
		out = append(out, k)
	}
	return out
}

// words are RFC 8176's for each kind, with which one-time code or key it was.
var words = map[Kind]string{Password: "pwd", MailCode: "otp.mail", SMSCode: "sms", TOTP: "otp.app", Backup: "otp.backup", Passphrase: "kba",
	Tegata: "swk.tegata", TegataCode: "otp.tegata", Passkey: "swk"}

// Word is RFC 8176's for a proof, with which one-time code or key it was.
func (p Proof) Word() string {
	if p.Kind == Passkey && p.Hard {
		return "hwk"
	}
	return words[p.Kind]
}

// stands says whether what a session proved is still two proofs that the policy lets
// count: kinds may have been forbidden since (PO-16). A spare that was used may be one
// that support issued, which counts under every policy.
func (f *Facts) stands(p *policy.Effective) bool {
	if len(p.SecondFactor.Kinds) == 0 || len(f.Methods) == 0 {
		return true
	}
	var proofs []Proof
	for k, w := range words {
		if slices.Contains(f.Methods, w) || k == Passkey && slices.Contains(f.Methods, "hwk") {
			proofs = append(proofs, Proof{Kind: k, User: slices.Contains(f.Methods, "user"), Issued: k == Backup})
		}
	}
	return levelOf(proofs, func(x Proof) bool { return x.Issued || Permits(p, x.Kind) }) == Multi
}

// factorDemanded keeps a session that proved less than the policy demands from
// everything but setting up a second factor (PO-03, factor.required).
// Who was there before the demand has as many days as who came after it.
func factorDemanded(f *Facts, p *policy.Effective) Decision {
	s := &p.SecondFactor
	begun := s.Since
	if f.Since.After(begun) {
		begun = f.Since
	}
	switch {
	case !s.Demanded, f.Level == Multi && f.stands(p), f.Level == Trusted && s.TrustDays > 0:
		return pass
	case s.GraceDays > 0 && !begun.IsZero() && f.Now.Before(begun.AddDate(0, 0, s.GraceDays)):
		return Decision{Verdict: Admit, Trace: []Step{{Source: p.Source.SecondFactor, Saw: "grace"}}}
	}
	return prove(NeedFactor, p.Source.SecondFactor)
}

// changeLevel asks a session for all that its account can prove before anything
// that guards the account is changed (MF-17). Two proofs are enough also where the
// policy lets one of them count no more: else who has only such a factor could
// never set up another.
func changeLevel(f *Facts, p *policy.Effective) Decision {
	if f.on() && f.Level != Multi && !f.Both {
		return prove(NeedFresh, p.Source.SecondFactor)
	}
	return pass
}
