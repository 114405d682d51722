package policy

import (
	"testing"
	"time"
)

func TestFirstPolicyThatSetsAPartGivesIt(t *testing.T) {
	strict := Policy{Name: "strict", Session: &Session{Lifetime: 24 * time.Hour, Concurrent: 1}}
	loose := Policy{Name: "loose", Session: &Session{Lifetime: 48 * time.Hour, Concurrent: 9}, Password: &Password{MinLength: 20, MinLengthSingle: 20}}
	e := Resolve(strict, loose)
	if got, want := e.Session.Concurrent, 1; got != want {
		t.Errorf("concurrent sessions: got %d, want %d", got, want)
	}
	if got, want := e.Source.Session, "strict"; got != want {
		t.Errorf("source of the session part: got %q, want %q", got, want)
	}
	if got, want := e.Source.Password, "loose"; got != want {
		t.Errorf("source of the password part: got %q, want %q", got, want)
	}
	if got, want := e.Source.Address, DefaultName; got != want {
		t.Errorf("source of the address part: got %q, want %q", got, want)
	}
}

func TestDefaultsAreTheMissions(t *testing.T) {
	e := Resolve()
	if got, want := e.Session, (Session{Lifetime: 720 * time.Hour, Concurrent: 50, DailySignins: 50}); got != want {
		t.Errorf("session part: got %+v, want %+v", got, want)
	}
	if got, want := e.Password.MinLength, 8; got != want {
		t.Errorf("length with a second factor: got %d, want %d", got, want)
	}
	if got, want := e.Password.MinLengthSingle, 15; got != want {
		t.Errorf("length without: got %d, want %d", got, want)
	}
	if err := Default().Check(); err != nil {
		t.Errorf("the default policy does not pass its own check: %v", err)
	}
}

func TestRangesAreHeld(t *testing.T) {
	day := 24 * time.Hour
	for _, c := range []struct {
		name string
		p    Policy
		ok   bool
	}{
		{"lifetime below a day", Policy{Session: &Session{Lifetime: day - 1, Concurrent: 1}}, false},
		{"lifetime of a day", Policy{Session: &Session{Lifetime: day, Concurrent: 1}}, true},
		{"lifetime over 30 days", Policy{Session: &Session{Lifetime: 30*day + 1, Concurrent: 1}}, false},
		{"idle under a minute", Policy{Session: &Session{Lifetime: day, Concurrent: 1, Idle: time.Second}}, false},
		{"idle of 30 minutes", Policy{Session: &Session{Lifetime: day, Concurrent: 1, Idle: 30 * time.Minute}}, true},
		{"idle over 30 minutes", Policy{Session: &Session{Lifetime: day, Concurrent: 1, Idle: 31 * time.Minute}}, false},
		{"no session at all", Policy{Session: &Session{Lifetime: day}}, false},
		{"51 sessions", Policy{Session: &Session{Lifetime: day, Concurrent: 51}}, false},
		{"password of 7", Policy{Password: &Password{MinLength: 7, MinLengthSingle: 15}}, false},
		{"password of 129", Policy{Password: &Password{MinLength: 129, MinLengthSingle: 15}}, false},
		{"a maximum age of an instant", Policy{Password: &Password{MinLength: 8, MinLengthSingle: 8, MaxAge: 1}}, false},
		{"a maximum age of a day", Policy{Password: &Password{MinLength: 8, MinLengthSingle: 8, MaxAge: day}}, true},
		{"a maximum age of eleven years", Policy{Password: &Password{MinLength: 8, MinLengthSingle: 8, MaxAge: 4000 * day}}, false},
		{"a minimum age of a century", Policy{Password: &Password{MinLength: 8, MinLengthSingle: 8, MinAge: 36500 * day}}, false},
		{"sign-ins without end", Policy{Session: &Session{Lifetime: day, Concurrent: 1, DailySignins: 1_000_000}}, false},
		{"minimum age over maximum age", Policy{Password: &Password{MinLength: 8, MinLengthSingle: 8, MinAge: 2 * day, MaxAge: day}}, false},
	} {
		if got := c.p.Check() == nil; got != c.ok {
			t.Errorf("%s: got ok=%v, want %v", c.name, got, c.ok)
		}
	}
}
