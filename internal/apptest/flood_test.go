package apptest_test

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"sekisho/internal/apptest"
	"sekisho/internal/gate"
)

// What is refused without being looked at is no failure, so that an account of one's own
// forgives no more than was failed there.
func TestRefusedAnswersAreNotForgivenAsFailures(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		var victims []string
		for i := range 2 {
			v := fmt.Sprintf("victim%d@example.com", i)
			w.Protect(w.Settle(v), gate.TOTP)
			victims = append(victims, v)
		}
		const own = "mallory@example.com"
		kit := w.Protect(w.Settle(own), gate.TOTP)
		b := w.Browser("203.0.113.66")
		b.Signin(victims[0], apptest.Word).See("authenticator")
		for range 10 {
			b.Fill("Six-digit", "000000").Press("Next").Want(401)
		}
		// One's own account: what is not asked for yet is refused.
		b.Open("/signin").Fill("E-mail", own).Press("Next")
		flow := "?" + b.URL.RawQuery
		for range 10 {
			b.Post("/signin/totp"+flow, url.Values{"code": {"000000"}}).Want(400).See("signin.method_not_offered")
		}
		b.Open("/signin/password"+flow).Fill("Password", apptest.Word).Press("Sign in").Fill("Six-digit", kit.App()).Press("Next").See("Hello")
		b.Press("Sign out").Press("Sign out")
		b.Signin(victims[1], apptest.Word).See("authenticator").Fill("Six-digit", "000000").Press("Next").Want(429).See("signin.too_many_attempts")
	})
}

// Many accounts together send no more codes to one phone than one does, and one network
// no more than sixty an hour to numbers that nobody has proved.
func TestManyAccountsDoNotFloodAPhone(t *testing.T) {
	eachWithPhones(t, func(t *testing.T, w *apptest.World, phones *apptest.Phones) {
		const victim = "+819055556666"
		sent := 0
		var last apptest.Answer
		ask := func(i int, from, number string) {
			who := fmt.Sprintf("many%d@example.com", i)
			w.Settle(who)
			if last = signed(w, who, from).Call("POST", "/api/v1/me/factors/smscode", map[string]any{"number": number}); last.Code() == "" {
				sent++
			}
		}
		for i := range 7 {
			ask(i, fmt.Sprintf("192.0.2.%d", i+1), victim)
		}
		if sent != 5 {
			t.Errorf("%d codes went to one phone, want 5", sent)
		}
		for i := range 62 {
			ask(100+i, "203.0.113.66", fmt.Sprintf("+8190%08d", i))
		}
		if sent != 65 {
			t.Errorf("%d codes went out, want 5 and 60", sent)
		}
		ask(200, "203.0.113.67", "+819077778888") // another network goes on
		last.Want(200, "")
	})
}

// A number that was confirmed in another tab meanwhile is told as taken, on both engines.
func TestANumberConfirmedTwiceIsTaken(t *testing.T) {
	eachWithPhones(t, func(t *testing.T, w *apptest.World, phones *apptest.Phones) {
		work(t, w)
		w.Settle(hana)
		p := signed(w, hana, "192.0.2.1")
		code := func(n int) string {
			eventually(t, func() bool { return len(phones.Texts(phone)) == n })
			return phones.Code(phone)
		}
		var one, two struct{ Flow string }
		p.Call("POST", "/api/v1/me/factors/smscode", map[string]any{"number": phone}).Want(200, "").Into(&one)
		code(1)
		w.Clock.Add(61 * time.Second)
		p.Call("POST", "/api/v1/me/factors/smscode", map[string]any{"number": phone}).Want(200, "").Into(&two)
		var done struct{ Token string }
		p.Call("POST", "/api/v1/me/factors/smscode/"+two.Flow, map[string]any{"code": code(2)}).Want(200, "").Into(&done)
		p.Token = done.Token
		w.Clock.Add(61 * time.Second)
		p.Call("POST", "/api/v1/me/factors/smscode/"+one.Flow, map[string]any{}).Want(200, "")
		p.Call("POST", "/api/v1/me/factors/smscode/"+one.Flow, map[string]any{"code": code(3)}).Want(409, "factor.already_added")
	})
}
