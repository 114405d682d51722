package apptest_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"sekisho/internal/apptest"
	"sekisho/internal/gate"
)

// A session that proved a password only, of an account that has more by now, tries
// every route that changes what guards the account.
func TestALesserSessionChangesNothingThatGuardsTheAccount(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		a := w.Settle(hana)
		b := w.Browser("192.0.2.1").Signin(hana, apptest.Word).See("Hello")
		kit := w.Protect(a, gate.TOTP)
		p := w.Program("192.0.2.1")
		seen := 0
		for _, d := range w.Doors {
			for _, r := range d.Routes {
				if !strings.HasPrefix(r.Guard.Name, "fresh proof") {
					continue
				}
				path := strings.NewReplacer("{id}", "fac_01kf0e7st00000000000000001", "{flow}", "flw_01kf0e7st00000000000000001").Replace(r.Path)
				req, err := http.NewRequest(r.Method, w.Base+path, strings.NewReader(""))
				if err != nil {
					t.Fatal(err)
				}
				for _, c := range b.Cookies() {
					req.AddCookie(c)
				}
				req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				got := p.Do(req)
				away := got.Status == 303 && strings.HasPrefix(got.Header.Get("Location"), "/elevate?return=")
				if !away && (got.Status != 403 || !strings.Contains(string(got.Body), "session.fresh_required")) {
					t.Errorf("%s %s: got %d %s, want to be asked for all proofs", r.Method, r.Path, got.Status, got.Header.Get("Location"))
				}
				seen++
			}
		}
		if seen < 30 {
			t.Errorf("only %d routes were tried", seen)
		}
		// The password's own page has the current password for a proof; it is not enough.
		b.Post("/me/password", url.Values{"current": {apptest.Word}, "new": {newer}}).Want(403).See("session.fresh_required")
		// With all proofs the same session may.
		b.Open("/me/factors/backup").See("confirm once more").Fill("Password", apptest.Word).Press("Next").Fill("Six-digit", kit.App()).Press("Next")
		if got := b.URL.Path; got != "/me/factors/backup" {
			t.Errorf("got to %s, want back to what was begun", got)
		}
	})
}

// spelled are ways people type the same code, and others that are no code.
func spelled(code string) (same, other []string) {
	half := code[:3] + "%s" + code[3:]
	for _, between := range []string{"", " ", "  ", "\t", "\u3000", "\u00a0", "-", " - ", "\u2010", "\u2011", "\u2012", "\u2013", "\u2014", "\u2212", "ー"} {
		same = append(same, fmt.Sprintf(half, between))
	}
	wide := strings.Map(func(r rune) rune { return r - '0' + '０' }, code)
	same = append(same, " "+code+" ", code+"\n", wide, wide[:len(wide)/2]+"　"+wide[len(wide)/2:], strings.Join(strings.Split(code, ""), " "))
	for _, swap := range []func(r rune) rune{
		func(r rune) rune { return r - '0' + '٠' }, func(r rune) rune { return r - '0' + '०' }, func(r rune) rune { return r - '0' + '①' - 1 },
		func(r rune) rune { return r - '0' + '𝟎' },
	} {
		other = append(other, strings.Map(swap, code))
	}
	return same, append(other, code[:5], code+"0", "0"+code, code+".", "+"+code, "#"+code, code[:3]+"."+code[3:], code[:3]+","+code[3:], code[:3]+"_"+code[3:], code+"x", "'"+code, code+"\u200b")
}

func TestThirtySpellingsOfACode(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		kit := w.Protect(w.Settle(hana), gate.TOTP)
		try := func(i int, answer string) int {
			p, at := halfway(w, fmt.Sprintf("198.51.%d.7", i), hana)
			return p.Call("POST", at, map[string]any{"kind": "totp", "answer": answer}).Status
		}
		same, other := spelled("123456")
		if len(same)+len(other) < 30 {
			t.Fatalf("only %d spellings", len(same)+len(other))
		}
		n := 0
		for i := range other {
			w.Clock.Add(time.Hour) // no wait hides what is tried
			code := kit.App()
			_, wrong := spelled(code)
			if got := try(n, wrong[i]); got != 401 {
				t.Errorf("%q for %s: got %d, want 401", wrong[i], code, got)
			}
			n++
		}
		for i := range same {
			w.Clock.Add(time.Hour)
			code := kit.App()
			right, _ := spelled(code)
			if got := try(n, right[i]); got != 200 {
				t.Errorf("%q for %s: got %d, want 200", right[i], code, got)
			}
			n++
		}
	}, "daily_signins", "0")
}

// A code is good for what it was made for, and for nothing else.
func TestACodeOfAnotherPurposeAccountOrFlowIsWrong(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Protect(w.Settle(hana), gate.TOTP)
		w.Settle("ken@example.com")
		p := w.Program("192.0.2.1")
		begin := func(path, who string) string {
			var s apptest.Step
			p.Call("POST", path, map[string]any{"identifier": who}).Want(200, "").Into(&s)
			return path + "/" + s.Flow
		}
		send := func(flow, kind, who string) string {
			w.Clock.Add(2 * time.Minute)
			p.Call("POST", flow, map[string]any{"kind": kind}).Want(200, "")
			return w.Code(who)
		}
		hanas, kens, reset := begin("/api/v1/signin", hana), begin("/api/v1/signin", "ken@example.com"), begin("/api/v1/recover", hana)
		toReset := w.Code(hana)
		toEnter, other := send(hanas, "mailcode", hana), send(kens, "mailcode", "ken@example.com")
		for what, x := range map[string][3]string{
			"one to reset, at sign-in": {hanas, "mailcode", toReset}, "one to sign in, at a reset": {reset, "recovery_code", toEnter},
			"another account's": {hanas, "mailcode", other}, "as one of an app": {hanas, "totp", toEnter}, "as a backup code": {hanas, "backup", toEnter + toEnter},
		} {
			if a := p.Call("POST", x[0], map[string]any{"kind": x[1], "answer": x[2]}); a.Status == 200 {
				t.Errorf("%s: got 200, want it refused", what)
			}
		}
		// A second journey of the same person does not take the first one's.
		again := begin("/api/v1/signin", hana)
		p.Call("POST", again, map[string]any{"kind": "mailcode", "answer": toEnter}).Want(409, "")
		// The right one leads to the second proof, and the same inbox is no second proof.
		var s apptest.Step
		p.Call("POST", hanas, map[string]any{"kind": "mailcode", "answer": toEnter}).Want(200, "").Into(&s)
		for _, kind := range []string{"mailcode", "smscode", "password"} {
			if a := p.Call("POST", hanas, map[string]any{"kind": kind, "answer": toEnter}); a.Status == 200 {
				t.Errorf("%s as a second proof: got 200", kind)
			}
		}
		// Nor does it help to wait: the first proof is over after ten minutes.
		w.Clock.Add(11 * time.Minute)
		p.Call("POST", hanas, map[string]any{"kind": "totp", "answer": "000000"}).Want(410, "flow.expired")
	})
}
