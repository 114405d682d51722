package policy

import "time"

// Preset is a policy to begin with.
type Preset string

// The presets there are (PO-16).
const (
	Mission Preset = "mission"
	AAL2    Preset = "aal2"
	AAL3    Preset = "aal3"
)

// Presets are all of them.
var Presets = []Preset{Mission, AAL2, AAL3}

// Shift is the longest session that NIST SP 800-63B-4 §2.3.3 lets AAL3 have, and the only
// lifetime below a day.
const Shift = 12 * time.Hour

// Parts are what a preset sets: password, second factor and session. From where people may
// enter, and through whom, no standard knows. Passwords are the same in all of them: 15
// characters alone, 8 beside another factor, no composition, no changing by the calendar
// (§3.1.1.2).
func (p Preset) Parts() Policy {
	out := Default()
	out.Name, out.Address, out.Federation = "", nil, nil
	s, f := out.Session, out.SecondFactor
	switch p {
	case AAL2:
		// §2.2.3: at most 24 hours, and an hour of idling; ours ends at 30 minutes. §3.1.3.3
		// restricts codes by SMS, so they are left out. A trusted browser is no authenticator.
		s.Lifetime, s.Idle = 24*time.Hour, 30*time.Minute
		f.Demanded, f.Kinds, f.TrustDays, f.GraceDays = true, []string{"tegata", "passkey", "totp"}, 0, 7
	case AAL3:
		// §2.3.3: 12 hours, 15 minutes. §2.3.1: phishing-resistant, with a key that cannot be
		// copied: a security key. Look-up secrets are neither.
		s.Lifetime, s.Idle = Shift, 15*time.Minute
		f.Demanded, f.Kinds, f.TrustDays, f.BackupCodes, f.GraceDays = true, []string{"passkey"}, 0, false, 7
	}
	return out
}

// Held is one of the five parts as it is shown: one policy gives it as a whole.
type Held struct {
	Name   string
	Source string // the policy's name; empty: it holds for everybody here
	List   []Value
}

// Group groups what holds by what gives it.
func Group(values []Value) (out []Held) {
	for _, v := range values {
		name := v.Part()
		if name == "federation" {
			continue // nobody signs in through other providers yet
		}
		if len(out) == 0 || out[len(out)-1].Name != name {
			p := Held{Name: name}
			if v.Org {
				p.Source = v.Source
			}
			out = append(out, p)
		}
		last := &out[len(out)-1]
		last.List = append(last.List, v)
	}
	return out
}

// Set are the parts that a policy sets, as they are shown.
func (p Policy) Set() []Held {
	e := Resolve(p)
	var mine []Value
	for _, v := range e.Values() {
		if v.Source == p.Name && p.Name != DefaultName {
			mine = append(mine, v)
		}
	}
	return Group(mine)
}
