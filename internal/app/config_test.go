package app

import (
	"strings"
	"testing"
)

// A variable that a deployment leaves empty must not switch a guard off: with no
// digits at all, every code of every account would be the same one.
func TestAnEmptyValueNeverStandsForNothing(t *testing.T) {
	for _, s := range settings {
		if s.check == nil || s.standard == "" {
			continue
		}
		env := Prefix + strings.ToUpper(s.key) + "="
		if _, err := LoadConfig("", false, []string{env}); err == nil {
			t.Errorf("%s was taken; want a refusal", env)
		}
	}
}

func TestDomainsAreComparedAsAddressesAre(t *testing.T) {
	c, err := LoadConfig("", false, []string{"SEKISHO_HOSTED_DOMAINS=Mail.Example.COM, 例え.jp"})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(c.domains("hosted_domains"), " "), "mail.example.com xn--r8jz45g.jp"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, bad := range []string{"@example.com", "*.example.com", "example", "https://example.com"} {
		if _, err := LoadConfig("", false, []string{"SEKISHO_HOSTED_DOMAINS=" + bad}); err == nil {
			t.Errorf("%q was taken as a domain; want a refusal", bad)
		}
	}
}
