package app

import (
	"encoding/base64"
	"strings"
	"testing"

	"sekisho/internal/secret"
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

func TestShownHidesThePasswordAndNothingElse(t *testing.T) {
	for given, want := range map[string]string{
		"postgres://sekisho@db/name?sslmode=disable":                    "postgres://sekisho@db/name?sslmode=disable",
		"postgres://sekisho:s3cret@db:5432/name?sslmode=disable":        "postgres://sekisho:•••@db:5432/name?sslmode=disable",
		"postgres://db/name?user=x&password=s3cret&sslmode=verify-full": "postgres://db/name?user=x&password=•••&sslmode=verify-full",
		"postgres://db/name?sslpassword=s3cret&sslmode=require":         "postgres://db/name?sslpassword=•••&sslmode=require",
		"postgres://db/name?PASSWORD=s3cret":                            "postgres://db/name?PASSWORD=•••",
		"postgres://db/name?p%61ssword=s3cret":                          "postgres://db/name?p%61ssword=•••",
		"postgres://u:s3%40cret@db/name":                                "postgres://u:•••@db/name",
		"postgres://u:s3/cret@db/name":                                  "•••",
		"postgres://u:123/cret@db/name":                                 "•••",
		"postgres://u:123#cret@db/name":                                 "•••",
		"postgres://u:123?cret@db/name":                                 "•••",
		"sqlite:/var/lib/sekisho/sekisho.db":                            "sqlite:/var/lib/sekisho/sekisho.db",
		"smtp://sekisho:s3cret@mail.example.com:587":                    "smtp://sekisho:•••@mail.example.com:587",
		"s3cret": "•••",
	} {
		if got := hidden(given); got != want {
			t.Errorf("%s: got %s, want %s", given, got, want)
		}
	}
}

func TestARangeIsTheSameInTheSettingAndInThePolicy(t *testing.T) {
	for n, ok := range map[string]bool{"0": true, "24": true, "25": false, "50": false} {
		c, err := LoadConfig("", false, []string{"SEKISHO_PASSWORD_RECENT=" + n})
		if (err == nil) != ok {
			t.Errorf("password_recent %s: got %v, want taken: %v", n, err, ok)
		}
		if err == nil {
			if _, err := (&App{config: c}).policy(); err != nil {
				t.Errorf("password_recent %s was taken by the setting and refused by the policy: %v", n, err)
			}
		}
	}
}

func TestKeysAreSeparatedByCommasOrBlanks(t *testing.T) {
	one, two := base64.StdEncoding.EncodeToString(secret.Hash("1")), base64.StdEncoding.EncodeToString(secret.Hash("2"))
	for _, given := range []string{one + " " + two, one + "," + two, one + ", " + two, one + "\n" + two + "\n"} {
		keys, err := secret.ParseKeys(given)
		if err != nil || len(keys) != 2 || string(keys[0]) != string(secret.Hash("1")) {
			t.Errorf("%q: got %d keys, %v", given, len(keys), err)
		}
	}
	if _, err := secret.ParseKeys(" , "); err == nil {
		t.Error("nothing at all was taken for keys")
	}
}

func TestNonsenseIsRefusedBeforeAnythingStarts(t *testing.T) {
	for _, kv := range []string{"LISTEN=nonsense", "LISTEN=5", "LISTEN=unix:", "TRUSTED_PROXIES=abc", "DATABASE=mysql://x", "KEYS=short", "SMTP=bogus", "GEO=/nowhere/at.mmdb", "URL=ftp://x"} {
		if _, err := LoadConfig("", false, []string{Prefix + kv}); err == nil {
			t.Errorf("%s was taken; want a refusal", kv)
		}
	}
	c, err := LoadConfig("", false, []string{"SEKISHO_LISTEN=127.0.0.1:9000"})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range c.Shown() {
		if v.Key == "url" && v.Value != "http://127.0.0.1:9000" || v.Key == "smtp_from" && v.Value != "no-reply@127.0.0.1" {
			t.Errorf("%s: got %q, want what holds", v.Key, v.Value)
		}
	}
}

func TestShownSaysWhatHolds(t *testing.T) {
	c, err := LoadConfig("", false, []string{"SEKISHO_DATA=" + t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range c.Shown() {
		switch v.Key {
		case "url", "database", "smtp_from":
			if v.Value == "" {
				t.Errorf("%s: got nothing, want what holds", v.Key)
			}
		case "hash_workers":
			if v.Value == "0" || v.Value == "" {
				t.Errorf("hash_workers: got %q, want how many there are", v.Value)
			}
		}
	}
}
