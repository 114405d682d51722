package apptest_test

import (
	"fmt"
	"net/url"
	"strings"
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

// Two names of one account share a mailbox, and no wait: else anybody learns that they
// belong together, and that both are somebody's.
func TestTheWaitBetweenSendsTiesNoTwoNamesTogether(t *testing.T) {
	eachWithPhones(t, func(t *testing.T, w *apptest.World, phones *apptest.Phones) {
		w.Carry().Settle(hana, number, "hana")
		from := 0
		ask := func(who, kind string) string {
			from++
			p := w.Program(fmt.Sprintf("203.0.113.%d", from))
			if kind == "recover" {
				return p.Call("POST", "/api/v1/recover", map[string]any{"identifier": who}).Code()
			}
			return p.Call("POST", "/api/v1/signin/"+begun(p, who).Flow, map[string]any{"kind": kind}).Code()
		}
		const nobody, unknown = "nobody@example.com", "+819099998888"
		mailed := func(subject string) (n int) {
			for _, l := range w.Mails() {
				if l.To == hana && strings.Contains(l.Text, subject) {
					n++
				}
			}
			return n
		}
		for _, names := range [][2]string{{hana, number}, {nobody, unknown}} {
			for _, x := range []struct{ who, kind, want string }{
				{names[0], "mailcode", ""}, {names[0], "mailcode", "code.resend_early"},
				{names[1], "mailcode", ""}, {names[1], "mailcode", "code.resend_early"},
				{names[0], "smscode", ""}, {names[1], "smscode", ""},
				{names[0], "recover", ""}, {names[1], "recover", ""}, {names[0], "recover", "code.resend_early"},
			} {
				if got := ask(x.who, x.kind); got != x.want {
					t.Errorf("%s for %s: got %q, want %q", x.kind, x.who, got, x.want)
				}
			}
		}
		if n := mailed("on the sign-in page"); n != 1 {
			t.Errorf("%d mails with a code to sign in went out at once, want 1", n)
		}
		// A minute later the other name gets its own.
		was := w.Code(hana)
		w.Clock.Add(61 * time.Second)
		if got := ask(number, "mailcode"); got != "" || w.Code(hana) == was {
			t.Errorf("got %q and no other code, want one", got)
		}
	})
}

// An SMS has no link beside its code. Wishes from elsewhere must leave some to the owner
// in a new browser.
func TestWishesFromElsewhereLeaveTheOwnerCodesBySMS(t *testing.T) {
	eachWithPhones(t, func(t *testing.T, w *apptest.World, phones *apptest.Phones) {
		w.Carry().Settle(number)
		for _, who := range []string{number, "+819099998888"} { // strangers cannot tell the two apart
			wish := func(from string) (one, two string) {
				p := w.Program(from)
				one = p.Call("POST", "/api/v1/signin/"+begun(p, who).Flow, map[string]any{"kind": "smscode"}).Code()
				return one, p.Call("POST", "/api/v1/recover", map[string]any{"identifier": who}).Code()
			}
			for i := range 5 {
				if one, two := wish("203.0.113.66"); one+two != "" {
					t.Fatalf("wish %d: %s %s", i, one, two)
				}
				w.Clock.Add(61 * time.Second)
			}
			if one, two := wish("203.0.113.66"); one != "code.send_limit" || two != one {
				t.Errorf("the sixth wish: got %q %q, want code.send_limit", one, two)
			}
			for i := range 10 { // from many places: a phone is not flooded
				if one, two := wish(fmt.Sprintf("198.51.100.%d", i)); one+two != "" {
					t.Errorf("from elsewhere: got %q %q, want none", one, two)
				}
			}
			if one, two := wish("198.51.100.99"); one != "code.send_limit" || two != one {
				t.Errorf("the sixteenth wish: got %q %q, want code.send_limit", one, two)
			}
			w.Clock.Add(time.Hour)
		}
		if n := len(phones.Texts(number)); n > 2*15 {
			t.Errorf("%d SMS went out, want no more than 30", n)
		}
	})
}

// A stranger's wish takes no SMS away that is on its way to the owner.
func TestAStrangersWishTakesNoSMSAway(t *testing.T) {
	eachWithPhones(t, func(t *testing.T, w *apptest.World, phones *apptest.Phones) {
		w.Settle(hana, number)
		owner := w.Browser("192.0.2.1").Signin(hana, apptest.Word).See("Hello")
		owner.Press("Sign out").Press("Sign out")
		owner.Open("/signin").Fill("E-mail", hana).Press("Next")
		flow := "?" + owner.URL.RawQuery
		owner.Post("/signin/sms/send"+flow, nil)
		w.Clock.Add(time.Second) // the gateway is slow
		p := w.Program("203.0.113.66")
		p.Call("POST", "/api/v1/signin/"+begun(p, hana).Flow, map[string]any{"kind": "smscode"}).Want(200, "")
		eventually(t, func() bool {
			if err := w.SendSMS(t.Context()); err != nil {
				t.Fatal(err)
			}
			return len(phones.Texts(number)) == 2
		})
		for _, text := range phones.Texts(number) {
			if strings.Contains(owner.Text(), "Hello") {
				break
			}
			_, code, _ := strings.Cut(text, "#")
			owner.Post("/signin/sms"+flow, url.Values{"code": {strings.TrimSpace(code)}})
		}
		owner.See("Hello")
	})
}
