package policy

import (
	"slices"
	"testing"
	"time"
)

// NIST SP 800-63B-4 §2.2.3, §2.3.3, §3.1.1.2.
func TestPresetsAreWhatTheStandardSays(t *testing.T) {
	for p, c := range map[Preset]struct {
		lifetime, idle time.Duration
		demanded       bool
		kinds          []string
		trust          int
		codes          bool
	}{
		Mission: {30 * 24 * time.Hour, 0, false, nil, 180, true},
		AAL2:    {24 * time.Hour, 30 * time.Minute, true, []string{"tegata", "passkey", "totp"}, 0, true},
		AAL3:    {12 * time.Hour, 15 * time.Minute, true, []string{"passkey"}, 0, false},
	} {
		got := p.Parts()
		s, f, w := got.Session, got.SecondFactor, got.Password
		if s.Lifetime != c.lifetime || s.Idle != c.idle || f.Demanded != c.demanded || !slices.Equal(f.Kinds, c.kinds) || f.TrustDays != c.trust || f.BackupCodes != c.codes {
			t.Errorf("%s: got %+v %+v", p, s, f)
		}
		if w.MinLengthSingle != 15 || w.MinLength != 8 || w.Upper || w.Lower || w.Digit || w.Special || w.MaxAge != 0 {
			t.Errorf("%s: got %+v", p, w)
		}
		if got.Address != nil || got.Federation != nil {
			t.Errorf("%s says from where and through whom people may enter", p)
		}
		if err := got.Check(); err != nil {
			t.Errorf("%s: %v", p, err)
		}
	}
}
