package apptest_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/apptest"
	"sekisho/internal/command"
	"sekisho/internal/db"
	"sekisho/internal/flow/govern"
	"sekisho/internal/gate"
	"sekisho/internal/org"
	"sekisho/internal/policy"
)

// An owner who has lost everything, and whom the rules and their own lock shut out, is let in
// again by who sits at the data.
func TestTheLastOwnerIsRescued(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, ctx := found(t, w, "Acme", "owner@example.com"), t.Context()
		w.Protect(h.owner, gate.TOTP)
		h.rule(policy.Policy{Name: "Office", Address: &policy.Address{Allowed: prefixes("192.0.2.0/24")}, Session: sessions(3, day)})
		w.Update(func(tx db.Tx) error { return account.SwitchOff(ctx, tx, h.owner.ID, time.Time{}) })
		w.Update(func(tx db.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE account SET state = 'disabled' WHERE id = $1`, h.owner.ID)
			return err
		})
		dry, err := h.Rescue(ctx, h.id, h.owner.ID, govern.Rescue{Dry: true})
		h.must(err)
		want := []govern.Step{govern.StepEnable, govern.StepLock, govern.StepFactors, govern.StepPassword, govern.StepStops, govern.StepRules, govern.StepLink}
		if !slices.Equal(dry.Steps, want) || dry.Link != "" {
			t.Errorf("got %v", dry.Steps)
		}
		if a := mustFind(w, "owner@example.com"); a.State != account.Disabled || !a.Locked(w.Clock.Now()) {
			t.Error("the dry run did something")
		}
		done, err := h.Rescue(ctx, h.id, h.owner.ID, govern.Rescue{})
		h.must(err)
		link := strings.TrimPrefix(done.Link.Reveal(), w.Base)
		b := w.Browser("203.0.113.9").Open(link).Press("Go on").Fill("New password", "seven wooden boats drift slowly").Press("Next")
		b.Open("/admin").See("Owner")
		w.Browser("203.0.113.9").Open(link).See("This link was used")
		w.Program("203.0.113.9").Signin("owner@example.com", apptest.Word).Want(401, "")
		kinds := map[string]bool{}
		for _, row := range w.Audit() {
			kinds[row.Kind] = kinds[row.Kind] || row.Org == h.id || row.Account == h.owner.ID
		}
		for _, k := range []string{"org.rescued", "factors.reset", "account.lock_lifted", "policy.set"} {
			if !kinds[k] {
				t.Errorf("no audit row tells of %s", k)
			}
		}
		// The others' rule stands, with the parts that are not about addresses.
		h.member("ken@example.com", org.Plain)
		w.Program("203.0.113.9").Signin("ken@example.com", apptest.Word).Want(403, "signin.ip_not_allowed")
	})
}

// Where an owner can sign in, nobody else is made one; where none can, a member is.
func TestARescueMakesAnOwnerOnlyWhereNoneCanSignIn(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, ctx := found(t, w, "Acme", "owner@example.com"), t.Context()
		ken, other := h.member("ken@example.com", org.Plain), w.Settle("else@example.com")
		if _, err := h.Rescue(ctx, h.id, ken.ID, govern.Rescue{}); !errors.Is(err, govern.ErrOwned) {
			t.Errorf("got %v", err)
		}
		if _, err := h.Rescue(ctx, h.id, other.ID, govern.Rescue{}); !errors.Is(err, db.ErrNone) {
			t.Errorf("somebody who is no member: %v", err)
		}
		w.Update(func(tx db.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE account SET state = 'disabled' WHERE id = $1`, h.owner.ID)
			return err
		})
		done, err := h.Rescue(ctx, h.id, ken.ID, govern.Rescue{Keep: true})
		h.must(err)
		if !slices.Contains(done.Steps, govern.StepOwner) || slices.Contains(done.Steps, govern.StepFactors) {
			t.Errorf("got %v", done.Steps)
		}
		w.Program("192.0.2.1").Signin("ken@example.com", apptest.Word).Want(200, "")
	})
}

func TestTheTerminalRescuesAnOwner(t *testing.T) {
	w := apptest.New(t, "sqlite")
	h := found(t, w, "Acme", "owner@example.com")
	run := func(want int, args ...string) string {
		t.Helper()
		var out, errs bytes.Buffer
		if got := command.Main(t.Context(), args, w.Environ(), &out, &errs); got != want {
			t.Fatalf("%v ended with %d, want %d: %s", args, got, want, &errs)
		}
		return out.String() + errs.String()
	}
	if got := run(0, "admin", "recover", "Acme", "--dry-run"); !strings.Contains(got, "would be done") || strings.Contains(got, "/recover/link") {
		t.Errorf("got %s", got)
	}
	var out struct {
		Account, Link string
		Steps         []string
	}
	if err := json.NewDecoder(strings.NewReader(run(0, "--json", "admin", "recover", "Acme"))).Decode(&out); err != nil || out.Account != string(h.owner.ID) || !strings.Contains(out.Link, "/recover/link?c=") || len(out.Steps) < 3 {
		t.Errorf("got %+v %v", out, err)
	}
	run(command.NotThere, "admin", "recover", "Nobody Inc")
	run(command.NotThere, "admin", "recover", "Acme", "nobody@example.com")
	h.member("ken@example.com", org.Plain)
	if got := run(command.Failed, "admin", "recover", "Acme", "ken@example.com"); !strings.Contains(got, "has an owner who can sign in") {
		t.Errorf("got %s", got)
	}
	h.member("mika@example.com", org.Owner)
	if got := run(command.Usage, "admin", "recover", "Acme"); !strings.Contains(got, "several owners") {
		t.Errorf("got %s", got)
	}
}
