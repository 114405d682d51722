// Package policy owns the rules an organisation sets for its members: five
// parts (password, second factor, session, address, federation), what each is
// when nobody set it, and where each value came from.
//
// It never reads a database, a clock or a request: it is given parts and gives
// back the effective policy.
package policy

import (
	"fmt"
	"slices"
	"time"

	"sekisho/internal/ref"
)

// What organisations set is kept as JSON: names of fields never change, times are in
// nanoseconds.

// Password rules what people may choose as a password (PO-07 to PO-09).
type Password struct {
	MinLength       int           `json:"min"`        // characters; with a second factor on file
	MinLengthSingle int           `json:"min_single"` // characters; while the password is the only factor (NIST SP 800-63B-4 §3.1.1.2)
	Upper           bool          `json:"upper"`
	Lower           bool          `json:"lower"`
	Digit           bool          `json:"digit"`
	Special         bool          `json:"special"`
	Recent          int           `json:"recent"`  // how many former passwords are refused
	MinAge          time.Duration `json:"min_age"` // 0: no minimum
	MaxAge          time.Duration `json:"max_age"` // 0: never expires
}

// SecondFactor rules the second proof (PO-03).
type SecondFactor struct {
	Demanded    bool      `json:"demanded"`
	Since       time.Time `json:"since,omitzero"`  // when this policy began to demand it; days of grace count from then
	Kinds       []string  `json:"kinds,omitempty"` // empty: all
	TrustDays   int       `json:"trust_days"`      // 0: browsers are never trusted
	BackupCodes bool      `json:"backup_codes"`
	GraceDays   int       `json:"grace_days"` // from the demand, or from the account's sign-up where that was later
}

// Narrows says whether kinds that counted before count no more: who has only these gets
// the days of grace anew, so that nobody, the owners among them, is held at once.
func (s SecondFactor) Narrows(before SecondFactor) bool {
	if len(s.Kinds) == 0 {
		return false
	}
	was := before.Kinds
	if len(was) == 0 {
		was = Kinds
	}
	return slices.ContainsFunc(was, func(k string) bool { return !slices.Contains(s.Kinds, k) })
}

// Session rules how long and how many (PO-13 to PO-15, ER-05).
type Session struct {
	Lifetime     time.Duration `json:"lifetime"`      // 1 to 30 days
	Idle         time.Duration `json:"idle"`          // 0: off; 1 to 30 minutes
	Concurrent   int           `json:"concurrent"`    // 1 to 50
	DailySignins int           `json:"daily_signins"` // 0: off
}

// Federation rules which providers may be used (FD-01).
type Federation struct {
	Forbidden bool     `json:"forbidden"`
	Providers []string `json:"providers,omitempty"` // empty: all that are configured
}

// Policy is one set of rules; a part that is nil is left unset and the next
// policy in order gives it (PO-00).
type Policy struct {
	Name         string        `json:"name"`
	Password     *Password     `json:"password,omitempty"`
	SecondFactor *SecondFactor `json:"second_factor,omitempty"`
	Session      *Session      `json:"session,omitempty"`
	Address      *Address      `json:"address,omitempty"`
	Federation   *Federation   `json:"federation,omitempty"`
}

// Effective is what holds for one account, part by part, with the name of the
// policy that set each part.
type Effective struct {
	Password     Password
	SecondFactor SecondFactor
	Session      Session
	Address      Address
	Federation   Federation
	Source       Source
	Org          Org
	Own          Own
}

// Org is the organisation whose member the account is; the zero Org is none.
type Org struct {
	ID       ref.Org
	Name     string
	Inactive bool  // its admins have deactivated the member (OR-02)
	Version  int64 // of its rules
	Look     Look
}

// Look is how an organisation's pages look.
type Look struct {
	Colour string // such as #2c4693; empty: the service's own
	Logo   string // the hash under which it stands; empty: none
}

// Own is what the account's owner decided for themselves.
type Own struct {
	Address Address   // from where they may enter; both lists must allow (PO-01)
	Until   time.Time // the list takes itself back then, unless it is confirmed; zero: it stands
}

// Source names the policy that set each part.
type Source struct {
	Password, SecondFactor, Session, Address, Federation string
}

// DefaultName is the policy that is last for everybody.
const DefaultName = "default"

// ByOrg is the source of what an organisation has decided about one member.
const ByOrg = "organisation"

// ByOwner is the source of what the account's owner decided.
const ByOwner = "own"

// Reserved are the sources that are no organisation's policy, which cannot have such a
// name.
var Reserved = []string{DefaultName, ByOwner, "owner", "operator", ByOrg}

// Whose names the organisation that set what has this source; empty where it was
// nobody's.
func (e *Effective) Whose(source string) string {
	if source == "" || source != ByOrg && slices.Contains(Reserved, source) {
		return ""
	}
	return e.Org.Name
}

// Default is the policy for all when nobody set anything.
func Default() Policy {
	return Policy{
		Name:         DefaultName,
		Password:     &Password{MinLength: 8, MinLengthSingle: 15},
		SecondFactor: &SecondFactor{TrustDays: 180, BackupCodes: true},
		Session:      &Session{Lifetime: 30 * 24 * time.Hour, Concurrent: 50, DailySignins: 50},
		Address:      &Address{},
		Federation:   &Federation{},
	}
}

// Resolve gives what holds: for every part the first policy in order that sets
// it, and the built-in default where none does.
func Resolve(ordered ...Policy) Effective {
	var e Effective
	for _, p := range append(ordered[:len(ordered):len(ordered)], Default()) {
		take(&e.Password, &e.Source.Password, p.Password, p.Name)
		take(&e.SecondFactor, &e.Source.SecondFactor, p.SecondFactor, p.Name)
		take(&e.Session, &e.Source.Session, p.Session, p.Name)
		take(&e.Address, &e.Source.Address, p.Address, p.Name)
		take(&e.Federation, &e.Source.Federation, p.Federation, p.Name)
	}
	return e
}

func take[T any](into *T, source *string, part *T, name string) {
	if *source != "" || part == nil {
		return
	}
	*into, *source = *part, name
}

// Check says what is out of range in a policy, in words for its author.
func (p Policy) Check() error {
	if w := p.Password; w != nil {
		if err := w.check(); err != nil {
			return err
		}
	}
	if s := p.SecondFactor; s != nil {
		if err := s.check(); err != nil {
			return err
		}
	}
	if s := p.Session; s != nil {
		day := 24 * time.Hour
		if s.Lifetime < day || s.Lifetime > 30*day {
			return fmt.Errorf("session lifetime %v is not within 1 to 30 days", s.Lifetime)
		}
		if s.Idle != 0 && (s.Idle < time.Minute || s.Idle > 30*time.Minute) {
			return fmt.Errorf("idle limit %v is not 0 or within 1 to 30 minutes", s.Idle)
		}
		if err := within("concurrent sessions", s.Concurrent, 1, 50); err != nil {
			return err
		}
		if s.DailySignins < 0 {
			return fmt.Errorf("daily sign-ins %d is below 0", s.DailySignins)
		}
	}
	if a := p.Address; a != nil {
		return a.check()
	}
	return nil
}

func (w *Password) check() error {
	if err := within("password length", w.MinLength, 8, 128); err != nil {
		return err
	}
	if err := within("password length without a second factor", w.MinLengthSingle, 8, 128); err != nil {
		return err
	}
	if err := within("recent passwords", w.Recent, 0, 24); err != nil {
		return err
	}
	if w.MinAge < 0 || w.MaxAge < 0 {
		return fmt.Errorf("the password's ages %v and %v are not 0 or above", w.MinAge, w.MaxAge)
	}
	if w.MaxAge > 0 && w.MinAge >= w.MaxAge {
		return fmt.Errorf("the password's minimum age %v is not below its maximum age %v", w.MinAge, w.MaxAge)
	}
	return nil
}

// weak is the kind that an organisation has to choose.
const weak = "smscode"

// Kinds are what a policy may name as second factors.
var Kinds = []string{"tegata", "passkey", "totp", "smscode"}

func (s *SecondFactor) check() error {
	for i, k := range s.Kinds {
		if !slices.Contains(Kinds, k) {
			return fmt.Errorf("second factor %q is none of tegata, passkey, totp, smscode", k)
		}
		if slices.Contains(s.Kinds[:i], k) {
			return fmt.Errorf("second factor %q stands twice", k)
		}
	}
	if err := within("days a browser is trusted", s.TrustDays, 0, 180); err != nil {
		return err
	}
	return within("days of grace", s.GraceDays, 0, 365)
}

func within(what string, got, low, high int) error {
	if got < low || got > high {
		return fmt.Errorf("%s %d is not within %d to %d", what, got, low, high)
	}
	return nil
}
