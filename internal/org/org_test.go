package org_test

import (
	"io/fs"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/db"
	"sekisho/internal/dbtest"
	"sekisho/internal/org"
	"sekisho/internal/policy"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// A policy comes back as it was set, and a demand keeps the instant at which it began.
func TestAPolicyIsKeptWhole(t *testing.T) {
	dbtest.Each(t, []fs.FS{account.Migrations, org.Migrations}, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		ctx := t.Context()
		set := func(o org.Org, p policy.Policy) (got org.Policy) {
			t.Helper()
			err := d.Update(ctx, func(tx db.Tx) (err error) {
				if _, err = org.SetPolicy(ctx, tx, o.ID, p, 0); err == nil {
					got, err = org.PolicyNamed(ctx, tx, o.ID, p.Name)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		var o org.Org
		if err := d.Update(ctx, func(tx db.Tx) (err error) { o, err = org.Create(ctx, tx, "Acme"); return err }); err != nil {
			t.Fatal(err)
		}
		p := policy.Policy{Name: "all parts",
			Password:     &policy.Password{MinLength: 9, MinLengthSingle: 16, Upper: true, Lower: true, Digit: true, Special: true, Recent: 3, MinAge: time.Hour, MaxAge: 90 * 24 * time.Hour},
			SecondFactor: &policy.SecondFactor{Demanded: true, Kinds: []string{"tegata"}, TrustDays: 5, GraceDays: 7},
			Session:      &policy.Session{Lifetime: 25 * time.Hour, Idle: 5 * time.Minute, Concurrent: 2},
			Address:      &policy.Address{Allowed: []netip.Prefix{netip.MustParsePrefix("2001:db8::/32")}},
			Federation:   &policy.Federation{Forbidden: true, Providers: []string{"x"}}}
		*p.Address = p.Address.Tidy()
		began := clock.Now()
		got := set(o, p)
		if since := got.SecondFactor.Since; since.Sub(began).Abs() > time.Second {
			t.Errorf("the demand began at %s, want %s", since, began)
		}
		first := got.SecondFactor.Since
		clock.Add(time.Hour)
		got = set(o, p)
		if !got.SecondFactor.Since.Equal(first) {
			t.Errorf("the demand begins anew with every change: %s, want %s", got.SecondFactor.Since, first)
		}
		got.SecondFactor.Since = time.Time{}
		if !reflect.DeepEqual(got.Policy, p) {
			t.Errorf("got %+v, want %+v", got.Policy, p)
		}
		if got := set(o, policy.Policy{Name: "one part", Session: p.Session}); got.Password != nil || got.SecondFactor != nil || got.Address != nil || got.Federation != nil {
			t.Errorf("parts that were left unset are set: %+v", got.Policy)
		}
		off := *p.SecondFactor
		off.Demanded = false
		set(o, policy.Policy{Name: "all parts", SecondFactor: &off})
		clock.Add(time.Hour)
		if got := set(o, policy.Policy{Name: "all parts", SecondFactor: p.SecondFactor}); !got.SecondFactor.Since.After(first) {
			t.Error("a demand that had ended began where it began before")
		}
	})
}
