package e2e

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
)

// out signs the browser out.
func (x *tab) out(s *Server) {
	x.t.Helper()
	x.goTo(s.URL + "/signout")
	x.follow("form button")
}

// shows is the session that the browser holds, as its own API tells it.
func (x *tab) shows() string {
	x.t.Helper()
	return eval[string](x, `fetch("/api/v1/session").then(async r => r.ok ? (s => s.acr + " " + s.amr.join(","))(await r.json()) : String(r.status))`)
}

// addApp sets up an authenticator app in the browser's session and gives its key.
func (x *tab) addApp() string {
	x.t.Helper()
	post := func(path string, body any) (out map[string]any) {
		b, err := json.Marshal(body)
		x.must(err)
		x.must(json.Unmarshal([]byte(eval[string](x, fmt.Sprintf(
			`fetch(%q, {method: "POST", headers: {"Content-Type": "application/json"}, body: %q}).then(r => r.text())`, path, b))), &out))
		return out
	}
	begun := post("/api/v1/me/factors/totp", map[string]any{})
	key := fmt.Sprint(begun["secret"])
	done := post("/api/v1/me/factors/totp/"+fmt.Sprint(begun["flow"]), map[string]any{"name": "phone", "code": shown(x.t, key, time.Now())})
	if done["code"] != nil {
		x.t.Fatalf("the app was not set up: %v", done)
	}
	return key
}

// Where only authenticator apps count, a passkey that verified its user leads to the
// app that is set up, and not past it.
func TestAForbiddenPasskeyDoesNotSignInPastTheApp(t *testing.T) {
	s := Start(t)
	s.Settle("hana@example.com")
	x := open(t, "en", 1280, false)
	x.device()
	x.signin(s, "hana@example.com")
	x.see("Hello")
	x.enrolKey(s, "laptop")
	x.see("backup codes")
	key := x.addApp()
	x.out(s)
	x.goTo(s.URL + "/signin")
	x.see("Hello") // as long as it counts
	if got := x.shows(); got != "urn:sekisho:acr:multi hwk,user,mfa" {
		t.Errorf("got %q, want multi by hwk, user, mfa", got)
	}
	x.out(s)

	if err := s.Term(); err != nil {
		t.Fatal(err)
	}
	s.Env = append(s.Env, "SEKISHO_SECOND_FACTOR_KINDS=totp")
	s.Run()
	x.goTo(s.URL + "/signin")
	x.see("Six-digit code")
	x.look("signin-after-passkey")
	if got := x.shows(); got != "401" {
		t.Errorf("got session %q before the app's code, want none", got)
	}
	for _, path := range []string{"/me", "/me/factors", "/me/sessions"} {
		if got := eval[string](x, fmt.Sprintf(`fetch(%q).then(r => new URL(r.url).pathname)`, path)); got != "/signin" {
			t.Errorf("%s: got to %s before the app's code, want to sign in", path, got)
		}
	}
	x.keyIn("Six-digit code", "000000")
	x.press("Next")
	x.see("code.wrong")
	eval[bool](x, "document.getElementById('code').select(), true")
	x.keyIn("Six-digit code", shown(t, key, time.Now().Add(30*time.Second)))
	x.press("Next")
	x.see("Hello")
	if got := x.shows(); got != "urn:sekisho:acr:multi hwk,user,otp,mfa" {
		t.Errorf("got %q, want multi by what was proved", got)
	}

	// Nor is it a second proof beside the password: the app alone is asked for.
	y := open(t, "en", 1280, false)
	y.signin(s, "hana@example.com")
	y.see("Six-digit code")
	if eval[bool](y, `!!document.querySelector("a[href^='/signin/other']")`) {
		y.follow("a[href^='/signin/other']")
		if eval[bool](y, `!!document.querySelector("a[href^='/signin/key']")`) {
			t.Error("the passkey is offered as a second proof")
		}
	}
}

// A reset of the password whose second proof is a passkey, to the end.
func TestARecoveryIsProvedWithAPasskey(t *testing.T) {
	s := Start(t)
	s.Settle("hana@example.com")
	x := open(t, "en", 360, true)
	x.authenticator(true, true)
	x.signin(s, "hana@example.com")
	x.see("Hello")
	x.enrolKey(s, "laptop")
	x.see("backup codes")
	old := open(t, "en", 1280, false) // has nothing but the password, and a mailbox that others may read
	begin := func(x *tab) {
		x.goTo(s.URL + "/recover")
		x.keyIn("E-mail, mobile", "hana@example.com")
		x.press("Send the code")
		x.keyIn("Code from the mail", s.Code()) // six digits send the form by themselves
		x.see("laptop")
	}
	begin(old)
	old.authenticator(true, true) // a key, but not hana's
	eval[bool](old, `document.querySelector("form[data-passkey] button").click(), true`)
	old.see("That did not work")
	begin(x)
	x.look("recover-key")
	x.follow("form[data-passkey] button")
	const newer = "seven brass lanterns drift"
	x.keyIn("New password", newer)
	x.press("Next")
	x.see("Hello")
	if got := x.shows(); got == "401" {
		t.Error("got no session after the reset")
	}
	x.out(s)
	y := open(t, "en", 1280, false)
	y.goTo(s.URL + "/signin")
	y.keyIn("E-mail, mobile", "hana@example.com")
	y.press("Next")
	y.keyIn("Password", Word)
	y.press("Sign in")
	y.see("signin.not_recognised")
	y.keyIn("Password", newer)
	y.press("Sign in")
	y.see("laptop") // the second factor stays on
}

// The browser offers a passkey in the field of the first page by itself (conditional
// UI): nothing is typed and nothing is pressed.
func TestAPasskeyIsOfferedInTheFieldOfTheFirstPage(t *testing.T) {
	s := Start(t)
	s.Settle("hana@example.com")
	x := open(t, "en", 1280, false)
	id := x.device()
	x.signin(s, "hana@example.com")
	x.see("Hello")
	x.enrolKey(s, "laptop")
	x.see("backup codes")
	x.out(s)
	// While its holder does not confirm, the page stands as it is and can be used.
	_, err := chromedp.Call(x.ctx, webauthn.SetAutomaticPresenceSimulation, webauthn.SetAutomaticPresenceSimulationParams{AuthenticatorID: id, Enabled: false})
	x.must(err)
	x.goTo(s.URL + "/signin")
	time.Sleep(500 * time.Millisecond)
	if got := eval[string](x, `location.pathname + " " + document.getElementById("identifier").autocomplete`); got != "/signin username webauthn" {
		t.Errorf("got %q, want the first page with a field that offers passkeys", got)
	}
	x.keyIn("E-mail, mobile", "hana@example.com")
	x.press("Next")
	x.see("Password")
	_, err = chromedp.Call(x.ctx, webauthn.SetAutomaticPresenceSimulation, webauthn.SetAutomaticPresenceSimulationParams{AuthenticatorID: id, Enabled: true})
	x.must(err)
	x.goTo(s.URL + "/signin")
	x.see("Hello")
	if got := x.shows(); got != "urn:sekisho:acr:multi hwk,user,mfa" {
		t.Errorf("got %q, want multi by hwk, user, mfa", got)
	}
}

// offerWords are what the offer's pages call things.
var offerWords = map[string]map[string]string{
	"en": {"offer": "without the password next time?", "later": "Later", "no": "No thanks, do not ask again", "back": "Go on to where you were"},
	"ja": {"offer": "次は、パスワードなしで", "later": "あとにする", "no": "作らない。もう聞かない", "back": "もとのページへ進む"},
}

// unoffered says "later" where a passkey is offered, and goes on to where it was going.
func (x *tab) unoffered() {
	x.t.Helper()
	x.see(offerWords[x.lang]["offer"])
	x.press(offerWords[x.lang]["later"])
}

// From a password to a passkey: the offer after the second sign-in in a browser is
// taken, and from then on nothing is typed. Who wants none is asked once.
func TestAPasskeyIsMadeFromTheOffer(t *testing.T) {
	for lang, wide := range map[string]int64{"ja": 360, "en": 1280} {
		t.Run(lang, func(t *testing.T) {
			s := Start(t)
			w := offerWords[lang]
			s.Settle("hana@example.com")
			x := open(t, lang, wide, lang == "ja")
			x.signin(s, "hana@example.com")
			x.see(words[lang]["hello"][:4])
			x.look("overview-no-passkey")
			x.out(s)
			x.signin(s, "hana@example.com")
			x.see(w["offer"])
			x.look("offer")
			x.device()
			x.follow(`a[href^="/me/factors/key"]`)
			x.follow("form[data-passkey] button")
			if got := len(twelve.FindAllString(x.text(), -1)); got != 5 {
				t.Fatalf("got %d backup codes, want 5:\n%s", got, x.text())
			}
			x.follow(`main a.button`)
			x.see(w["back"])
			x.follow(`a[href="/me"]`)
			x.see(words[lang]["hello"][:4])
			x.out(s)
			x.goTo(s.URL + "/signin")
			x.see(words[lang]["hello"][:4])

			s.Settle("ken@example.com")
			y := open(t, lang, wide, false)
			y.signin(s, "ken@example.com")
			y.see("Hana") // everybody here is called so
			y.out(s)
			y.signin(s, "ken@example.com")
			y.see(w["offer"])
			y.press(w["no"])
			y.see("Hana")
			y.out(s)
			y.signin(s, "ken@example.com")
			y.see("Hana")
		})
	}
}
