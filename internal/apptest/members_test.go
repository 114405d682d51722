package apptest_test

import (
	"errors"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/apptest"
	"sekisho/internal/db"
	"sekisho/internal/faults"
	"sekisho/internal/flow/enter"
	"sekisho/internal/flow/govern"
	"sekisho/internal/gate"
	"sekisho/internal/limit"
	"sekisho/internal/org"
	"sekisho/internal/ref"
)

// toldCode is by which code a door tells an error of an act.
func toldCode(err error) string {
	if f := govern.Told(err); f != nil {
		return f.Code()
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// OR-04: a temporary password lets in once, to choose another; nothing else goes on.
func TestATemporaryPasswordHasToBeChangedAndIsOverInADay(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, ctx := found(t, w, "Acme", "owner@example.com"), t.Context()
		a := h.member(hana, org.Plain)
		desk := h.by(h.member("desk@example.com", org.Desk))
		p := w.Program("192.0.2.1")
		p.Signin(hana, apptest.Word).Want(200, "")
		word, until, err := h.SetTemporary(ctx, desk, h.id, a.ID, true)
		h.must(err)
		if want := w.Clock.Now().Add(24 * time.Hour); until.Sub(want).Abs() > time.Minute {
			t.Errorf("it ends at %s, want about %s", until, want)
		}
		p.Call("GET", "/api/v1/session", nil).Want(401, "session.ended")
		w.Program("192.0.2.2").Signin(hana, apptest.Word).Want(401, "signin.not_recognised")
		if !told(w, "(Acme) set a temporary password") || told(w, word.Reveal()) {
			t.Error("the owner is not told who did it, or the mail has the password")
		}
		b := w.Browser("192.0.2.3").Signin(hana, word.Reveal())
		b.See("new password")
		b.Fill("New password", "a wholly other word 77").Press("Next").See("Hello")
		w.Browser("192.0.2.4").Signin(hana, word.Reveal()).Want(401)
		w.Browser("192.0.2.5").Signin(hana, "a wholly other word 77").See("Hello")
		// One that nobody used is over in a day, and is no first proof any more.
		word, _, err = h.SetTemporary(ctx, desk, h.id, a.ID, false)
		h.must(err)
		w.Clock.Add(24*time.Hour + time.Second)
		w.Browser("192.0.2.6").Signin(hana, word.Reveal()).Want(401).See("signin.not_recognised")
	})
}

// OR-04: the link works once; a newer one, and a temporary password, end it.
func TestALinkToANewPasswordWorksOnceAndTheNewestAlone(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, ctx := found(t, w, "Acme", "owner@example.com"), t.Context()
		a := h.member(hana, org.Plain)
		desk := h.by(h.member("desk@example.com", org.Desk))
		send := func() string {
			t.Helper()
			w.Clock.Add(2 * time.Minute)
			_, err := h.SendReset(ctx, desk, h.id, a.ID, false)
			h.must(err)
			return w.Link(hana)
		}
		first, second := send(), send()
		w.Browser("192.0.2.1").Open(first).See("recovery.link_used")
		// Who was asked keeps the password until another is chosen.
		w.Program("192.0.2.2").Signin(hana, apptest.Word).Want(200, "")
		other := w.Another()
		var all sync.WaitGroup
		var mu sync.Mutex
		through := 0
		var opened []*apptest.Browser
		for i := range 8 {
			opened = append(opened, []*apptest.World{w, other}[i%2].Browser("192.0.2.3").Open(second).See("An administrator of your organisation sent it"))
		}
		for _, b := range opened {
			all.Go(func() {
				if b.Press("Go on"); strings.Contains(b.Text(), "New password") {
					mu.Lock()
					through++
					mu.Unlock()
				}
			})
		}
		all.Wait()
		if through != 1 {
			t.Errorf("the link led on %d times, want once", through)
		}
		third := send()
		b := w.Browser("192.0.2.4").Open(third).Press("Go on")
		b.Fill("New password", "a wholly other word 77").Press("Next").See("Hello")
		w.Program("192.0.2.5").Signin(hana, apptest.Word).Want(401, "signin.not_recognised")
		fourth := send()
		_, _, err := h.SetTemporary(ctx, desk, h.id, a.ID, false)
		h.must(err)
		w.Browser("192.0.2.6").Open(fourth).See("recovery.link_used")
		// Six in an hour are a flood, whoever sends them.
		var last error
		for range 6 { // by the operator: the desk's proof is stale by now
			w.Clock.Add(2 * time.Minute)
			_, last = h.SendReset(ctx, operator, h.id, a.ID, false)
		}
		if toldCode(last) != faults.CodeSendLimit.Code {
			t.Errorf("got %v after many links, want %s", last, faults.CodeSendLimit.Code)
		}
	})
}

// OR-05: everything that stands for the second factor goes, and where a policy demands one
// it is set up anew.
func TestResettingSecondFactorsTakesAllOfThem(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, ctx := found(t, w, "Acme", "owner@example.com"), t.Context()
		a := h.member(hana, org.Plain)
		desk := h.by(h.member("desk@example.com", org.Desk))
		p := w.Program("192.0.2.1")
		p.Signin(hana, apptest.Word).Want(200, "")
		w.Hold(p, a, "Pixel 8")
		n, err := h.ResetFactors(ctx, desk, h.id, a.ID)
		h.must(err)
		if n != 1 {
			t.Errorf("%d factors went, want 1", n)
		}
		p.Call("GET", "/api/v1/session", nil).Want(401, "session.ended")
		w.View(func(tx db.ReadTx) error {
			found, err := account.Of(ctx, tx, a.ID)
			if err != nil {
				return err
			}
			s, err := w.Entry.SetOf(ctx, tx, found)
			if s.On() || s.Spare || s.Passphrase || len(s.Seconds()) > 0 {
				t.Errorf("left: %v", s.Seconds())
			}
			return err
		})
		w.Browser("192.0.2.2").Signin(hana, apptest.Word).See("Hello")
		if !told(w, "removed all your second factors") {
			t.Error("the owner is not told")
		}
		// Under the owner's lock nothing is taken: nobody could lift it any more.
		w.Update(func(tx db.Tx) error { return account.SwitchOff(ctx, tx, a.ID, time.Time{}) })
		if _, err := h.ResetFactors(ctx, desk, h.id, a.ID); toldCode(err) != faults.MemberLocked.Code {
			t.Errorf("got %v under the lock", err)
		}
		h.must(h.LiftLock(ctx, desk, h.id, a.ID))
		if err := h.LiftLock(ctx, desk, h.id, a.ID); toldCode(err) != faults.MemberStands.Code {
			t.Errorf("got %v for a lock that is not on", err)
		}
		if _, err := h.ResetFactors(ctx, desk, h.id, a.ID); err != nil {
			t.Error(err)
		}
	})
}

// OR-12, SE-11, ER-05, ER-07.
func TestHelpingAMemberIn(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, ctx := found(t, w, "Acme", "owner@example.com"), t.Context()
		a := h.member(hana, org.Plain)
		desk := h.by(h.member("desk@example.com", org.Desk))
		if _, _, err := h.IssueCode(ctx, desk, h.id, a.ID); toldCode(err) != faults.MemberNoFactor.Code {
			t.Errorf("got %v for a code that would open nothing", err)
		}
		p, q := w.Program("192.0.2.1"), w.Program("192.0.2.2")
		var first struct{ Session ref.Session }
		p.Signin(hana, apptest.Word).Want(200, "")
		p.Call("GET", "/api/v1/session", nil).Want(200, "").Into(&first)
		q.Signin(hana, apptest.Word).Want(200, "")
		if n, err := h.EndSessions(ctx, desk, h.id, a.ID, first.Session); err != nil || n != 1 {
			t.Errorf("got %d, %v", n, err)
		}
		if _, err := h.EndSessions(ctx, desk, h.id, a.ID, desk.Session.ID); !errors.Is(err, db.ErrNone) {
			t.Errorf("another's session: %v", err)
		}
		p.Call("GET", "/api/v1/session", nil).Want(401, "session.ended")
		q.Call("GET", "/api/v1/session", nil).Want(200, "")
		_, err := h.EndSessions(ctx, desk, h.id, a.ID)
		h.must(err)
		q.Call("GET", "/api/v1/session", nil).Want(401, "session.ended")

		w.Update(func(tx db.Tx) error {
			for range limit.Stop {
				if _, err := enter.Factor(enter.ByPassword, a.ID).Fail(ctx, tx); err != nil {
					return err
				}
			}
			return nil
		})
		w.Program("192.0.2.3").Signin(hana, apptest.Word).Want(403, "factor.disabled")
		h.must(h.Unlock(ctx, desk, h.id, a.ID))
		w.Program("192.0.2.3").Signin(hana, apptest.Word).Want(200, "")

		w.Carry().Protect(a, gate.TOTP)
		code, _, err := h.IssueCode(ctx, desk, h.id, a.ID)
		h.must(err)
		byBackup(w, "192.0.2.4", code.Reveal()).See("Set up your factors anew")
	})
}

// OR-03: typed, within the grace taken back, by the organisation what is its own.
func TestDeletingAMemberIsTypedAndTakenBackWithinTheGrace(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w = w.Another("delete_grace_days", "7")
		h, ctx := found(t, w, "Acme", "owner@example.com"), t.Context()
		a := h.member(hana, org.Plain)
		boss := h.by(h.member("boss@example.com", org.Admin))
		if _, err := h.Delete(ctx, boss, h.id, a.ID, "ken@example.com"); toldCode(err) != faults.MemberConfirm.Code {
			t.Errorf("got %v for another's address", err)
		}
		p := w.Program("192.0.2.1")
		p.Signin(hana, apptest.Word).Want(200, "")
		_, err := h.Delete(ctx, boss, h.id, a.ID, strings.ToUpper(hana))
		h.must(err)
		p.Call("GET", "/api/v1/session", nil).Want(401, "session.ended")
		w.Program("192.0.2.2").Signin(hana, apptest.Word).Want(403, "account.deleted")
		if _, err := h.Delete(ctx, boss, h.id, a.ID, hana); toldCode(err) != faults.MemberStands.Code {
			t.Errorf("deleted twice: %v", err)
		}
		h.must(h.Restore(ctx, boss, h.id, a.ID))
		w.Program("192.0.2.2").Signin(hana, apptest.Word).Want(200, "")
		// What the operator deleted is not the organisation's to take back.
		w.Update(func(tx db.Tx) error { return w.Entry.Delete(ctx, tx, a.ID, tx.Now().Add(7*day)) })
		if err := h.Restore(ctx, boss, h.id, a.ID); !errors.Is(err, db.ErrNone) {
			t.Errorf("the operator's deletion: %v", err)
		}
		w.Update(func(tx db.Tx) error { return account.Enable(ctx, tx, a.ID) })
		_, err = h.Delete(ctx, boss, h.id, a.ID, hana)
		h.must(err)
		w.Clock.Add(7*day + time.Minute)
		boss = h.by(h.member("boss2@example.com", org.Admin))
		if err := h.Restore(ctx, boss, h.id, a.ID); !errors.Is(err, db.ErrNone) {
			t.Errorf("after the grace: %v", err)
		}
		h.must(w.App.Purge(ctx))
		w.View(func(tx db.ReadTx) error {
			if _, err := account.Of(ctx, tx, a.ID); !errors.Is(err, db.ErrNone) {
				t.Errorf("the account is there: %v", err)
			}
			return nil
		})
		if !told(w, "deleted your account") {
			t.Error("the owner is not told")
		}
	})
}

// Never over somebody who holds more, in another organisation, to oneself, without the
// permission, after a deactivation, or with a proof that is stale.
func TestActsOnMembersStopAtWhoMayNot(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, ctx := found(t, w, "Acme", "owner@example.com"), t.Context()
		other := found(t, w, "Other", "other@example.com")
		a := h.member(hana, org.Plain)
		boss := h.member("boss@example.com", org.Admin)
		desk := h.member("desk@example.com", org.Desk)
		theirs := other.member("ken@example.com", org.Plain)
		deskBy, bossBy, plainBy, foreign := h.by(desk), h.by(boss), h.by(a), other.by(other.owner)
		acts := map[string]func(by govern.By, a ref.Account) error{
			"link": func(by govern.By, a ref.Account) error { _, err := h.SendReset(ctx, by, h.id, a, true); return err },
			"word": func(by govern.By, a ref.Account) error {
				_, _, err := h.SetTemporary(ctx, by, h.id, a, true)
				return err
			},
			"reset":  func(by govern.By, a ref.Account) error { _, err := h.ResetFactors(ctx, by, h.id, a); return err },
			"code":   func(by govern.By, a ref.Account) error { _, _, err := h.IssueCode(ctx, by, h.id, a); return err },
			"unlock": func(by govern.By, a ref.Account) error { return h.Unlock(ctx, by, h.id, a) },
			"lift":   func(by govern.By, a ref.Account) error { return h.LiftLock(ctx, by, h.id, a) },
			"end":    func(by govern.By, a ref.Account) error { _, err := h.EndSessions(ctx, by, h.id, a); return err },
			"delete": func(by govern.By, a ref.Account) error { _, err := h.Delete(ctx, by, h.id, a, hana); return err },
		}
		for name, act := range acts {
			for _, c := range []struct {
				what string
				by   govern.By
				on   ref.Account
				want string
			}{
				{"above oneself", deskBy, boss.ID, "org.forbidden"},
				{"the owner, by an admin", bossBy, h.owner.ID, "org.forbidden"},
				{"oneself", bossBy, boss.ID, "member.self"},
				{"by a plain member", plainBy, desk.ID, "org.forbidden"},
				{"another organisation's member", bossBy, theirs.ID, "org.not_found"},
				{"by another organisation's owner", foreign, a.ID, "org.not_found"},
				{"nobody", bossBy, "acc_none", "org.not_found"},
				{"by nobody", govern.By{}, a.ID, "org.not_found"},
			} {
				if got := toldCode(act(c.by, c.on)); got != c.want {
					t.Errorf("%s, %s: got %q, want %q", name, c.what, got, c.want)
				}
			}
		}
		if err := acts["delete"](deskBy, a.ID); toldCode(err) != "org.forbidden" {
			t.Errorf("the help desk deletes: %v", err)
		}
		// An admin who was deactivated a moment ago, and a proof that is stale.
		_, err := h.Deactivate(ctx, operator, h.id, desk.ID)
		h.must(err)
		w.Clock.Add(11 * time.Minute)
		for name, act := range acts {
			if got := toldCode(act(deskBy, a.ID)); got != "org.forbidden" {
				t.Errorf("%s by who was deactivated: got %q", name, got)
			}
			if got := toldCode(act(bossBy, a.ID)); got != faults.FreshRequired.Code {
				t.Errorf("%s with a stale proof: got %q", name, got)
			}
		}
		w.Program("192.0.2.1").Signin(hana, apptest.Word).Want(200, "")
	})
}

func TestTakingADeletionBackDoesNotEnableWhatTheOperatorDisabled(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w = w.Another("delete_grace_days", "7")
		h, ctx := found(t, w, "Acme", "owner@example.com"), t.Context()
		a := h.member(hana, org.Plain)
		boss := h.by(h.member("boss@example.com", org.Admin))
		w.Disable(a.ID)
		_, err := h.Delete(ctx, boss, h.id, a.ID, hana)
		h.must(err)
		h.must(h.Restore(ctx, boss, h.id, a.ID))
		w.Program("192.0.2.2").Signin(hana, apptest.Word).Want(403, "account.disabled")
		w.Update(func(tx db.Tx) error { return account.Enable(ctx, tx, a.ID) })
		w.Program("192.0.2.2").Signin(hana, apptest.Word).Want(200, "")
	})
}

// What is no business of the organisation's, or not of everybody who helps in it.
func TestAMembersPageShowsWhatIsTheOrganisations(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, ctx := found(t, w, "Acme", "owner@example.com"), t.Context()
		a := w.Settle(hana)
		p := w.Program("198.51.100.7")
		p.Signin(hana, apptest.Word).Want(200, "")
		before := ""
		for _, row := range w.Audit() {
			if row.Account == a.ID && row.Kind == "signin.succeeded" {
				before = string(row.Reference)
			}
		}
		if before == "" {
			t.Fatal("no row of the sign-in")
		}
		w.Clock.Add(time.Minute)
		h.must(h.Add(ctx, operator, h.id, a.ID, org.Plain))
		w.Program("198.51.100.7").Signin(hana, apptest.Word).Want(200, "")
		allow(p, "198.51.100.0/24", "203.0.113.77").Want(200, "")
		h.member("desk@example.com", org.Desk)
		h.member("eye@example.com", org.Auditor)
		w.Program("198.51.100.8").Signin(hana, apptest.Word).Want(200, "")
		inside := ""
		for _, row := range w.Audit() {
			if row.Account == a.ID && row.Kind == "signin.succeeded" && row.Addr == "198.51.100.8" {
				inside = string(row.Reference)
			}
		}
		path := "/admin/members/" + string(a.ID)
		eye, desk := h.signedIn("eye@example.com"), h.signedIn("desk@example.com")
		eye.Open(path).See("Hana Sato", "198.51.100.7").Miss(before).Miss("203.0.113.77")
		desk.Open(path).See("Hana Sato").Miss("198.51.100.7").Miss("203.0.113.77").Miss(before)
		for who, sees := range map[string]bool{"desk@example.com": false, "eye@example.com": true} {
			q := w.Program("192.0.2.1")
			q.Signin(who, apptest.Word).Want(200, "")
			x := q.Call("GET", "/api/v1/org/members/"+string(a.ID), nil).Want(200, "")
			if got := strings.Contains(string(x.Body), "198.51.100.7"); got != sees {
				t.Errorf("programs of %s read %s", who, x.Body)
			}
			// A what-if says nothing of the member's own list, and a row to the desk neither.
			said := string(q.Call("POST", "/api/v1/org/what-if", map[string]any{"member": hana, "from": "192.0.2.1", "methods": []string{"password"}}).Want(200, "").Body)
			if !sees {
				said += string(q.Call("GET", "/api/v1/org/diagnosis/member?member="+url.QueryEscape(hana), nil).Want(200, "").Body)
				said += string(q.Call("GET", "/api/v1/org/diagnosis?reference="+inside, nil).Want(200, "").Body)
			}
			if strings.Contains(said, "198.51.100.") || strings.Contains(said, "203.0.113.77") {
				t.Errorf("%s is told %s", who, said)
			}
		}
	})
}
