// Package policy owns the rules an organisation sets for its members: five
// parts (password, second factor, session, address, federation), what each is
// when nobody set it, and where each value came from.
//
// It never reads a database, a clock or a request: it is given parts and gives
// back the effective policy.
package policy

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
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
	AdminReset      bool          `json:"admin_reset"` // a forgotten one is reset by an admin's link alone (RC-06)
	Recent          int           `json:"recent"`      // how many former passwords are refused
	MinAge          time.Duration `json:"min_age"`     // 0: no minimum
	MaxAge          time.Duration `json:"max_age"`     // 0: never expires
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

// RangeError is a value that is out of its range.
type RangeError struct {
	Name      string // as Value has it
	Got       string
	Low, High string // as its author writes them
	Or        string // what else it can be
}

var rangeWords = map[string]string{"session.lifetime": "session lifetime", "session.idle": "idle limit", "session.concurrent": "concurrent sessions", "session.daily_signins": "daily sign-ins",
	"password.min": "password length", "password.min_single": "password length without a second factor", "password.recent": "recent passwords", "password.min_age": "the password's minimum age",
	"password.max_age": "the password's maximum age", "second_factor.trust_days": "days a browser is trusted", "second_factor.grace_days": "days of grace"}

// Error tells it to whoever writes policies at the terminal.
func (e *RangeError) Error() string {
	or := ""
	if e.Or != "" {
		or = e.Or + " or "
	}
	return fmt.Sprintf("%s %s is not %swithin %s to %s", rangeWords[e.Name], e.Got, or, e.Low, e.High)
}

// ErrAges are ages of a password that contradict each other.
var ErrAges = errors.New("the password's minimum age is not below its maximum age")

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
		if err := s.check(); err != nil {
			return err
		}
	}
	if a := p.Address; a != nil {
		return a.check()
	}
	return nil
}

// mostDaily is a number of sign-ins a day that bounds nobody.
const mostDaily = 100_000

func (s *Session) check() error {
	day := 24 * time.Hour
	if s.Lifetime != Shift && (s.Lifetime < day || s.Lifetime > 30*day) {
		return &RangeError{"session.lifetime", s.Lifetime.String(), "1", "30 days", "12h"}
	}
	if s.Idle != 0 && (s.Idle < time.Minute || s.Idle > 30*time.Minute) {
		return &RangeError{"session.idle", s.Idle.String(), "1", "30 minutes", "0"}
	}
	if err := within("session.concurrent", s.Concurrent, 1, 50); err != nil {
		return err
	}
	return within("session.daily_signins", s.DailySignins, 0, mostDaily)
}

// mostAge is the longest age of a password that a policy can name.
const mostAge = 3650 * 24 * time.Hour

func (w *Password) check() error {
	for _, x := range []struct {
		name           string
		got, low, high int
	}{{"password.min", w.MinLength, 8, 128}, {"password.min_single", w.MinLengthSingle, 8, 128}, {"password.recent", w.Recent, 0, 24}} {
		if err := within(x.name, x.got, x.low, x.high); err != nil {
			return err
		}
	}
	if w.MinAge < 0 || w.MinAge > mostAge {
		return &RangeError{"password.min_age", w.MinAge.String(), "0", "3650 days", ""}
	}
	// Shorter than a day, a new one would be asked for at each sign-in.
	if w.MaxAge != 0 && (w.MaxAge < 24*time.Hour || w.MaxAge > mostAge) {
		return &RangeError{"password.max_age", w.MaxAge.String(), "1", "3650 days", "0"}
	}
	if w.MaxAge > 0 && w.MinAge >= w.MaxAge {
		return ErrAges
	}
	return nil
}

// Kinds are what a policy may name as second factors.
var Kinds = []string{"tegata", "passkey", "totp", "smscode"}

// weak is the kind that an organisation has to choose.
const weak = "smscode"

func (s *SecondFactor) check() error {
	for i, k := range s.Kinds {
		if !slices.Contains(Kinds, k) {
			return fmt.Errorf("second factor %q is none of tegata, passkey, totp, smscode", k)
		}
		if slices.Contains(s.Kinds[:i], k) {
			return fmt.Errorf("second factor %q stands twice", k)
		}
	}
	if err := within("second_factor.trust_days", s.TrustDays, 0, 180); err != nil {
		return err
	}
	return within("second_factor.grace_days", s.GraceDays, 0, 365)
}

func within(name string, got, low, high int) error {
	if got < low || got > high {
		return &RangeError{name, strconv.Itoa(got), strconv.Itoa(low), strconv.Itoa(high), ""}
	}
	return nil
}
