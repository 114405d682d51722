package e2e

import (
	"encoding/base32"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"sekisho/internal/dbtest"
)

// shown is what oathtool shows for a key at a moment.
func shown(t testing.TB, key string, at time.Time) string {
	t.Helper()
	out, err := exec.Command(need(t, "oathtool"), "--totp", "-b", key, "-N", at.UTC().Format("2006-01-02 15:04:05 UTC")).CombinedOutput()
	if err != nil {
		t.Fatalf("oathtool: %v\n%s", err, out)
	}
	return strings.TrimSpace(string(out))
}

// scan reads the QR code on the page as a phone would: out of a picture of it.
func (x *tab) scan() string {
	x.t.Helper()
	shot, err := chromedp.Run(x.ctx, chromedp.FullScreenshot(100))
	x.must(err)
	file := filepath.Join(x.t.TempDir(), "page.png")
	x.must(os.WriteFile(file, shot, 0o600))
	out, err := exec.Command(need(x.t, "zbarimg"), "--quiet", "--raw", file).Output()
	if err != nil {
		x.t.Fatalf("zbarimg finds no code on the page: %v", err)
	}
	return strings.TrimSpace(string(out))
}

// follow clicks what the page calls so and waits for the next page.
func (x *tab) follow(selector string) {
	x.t.Helper()
	eval[bool](x, "window.before = true")
	eval[bool](x, fmt.Sprintf("document.querySelector(%q).click(), true", selector))
	for range 800 {
		if v, err := chromedp.Run(x.ctx, chromedp.Evaluate[bool]("document.readyState === 'complete' && !window.before")); err == nil && v {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	x.must(fmt.Errorf("nothing followed %s on %s:\n%s", selector, eval[string](x, "location.href"), x.text()))
}

var twelve = regexp.MustCompile(`\b\d{4} \d{4} \d{4}\b`)

// factorWords are what the pages of factors call things.
var factorWords = map[string]map[string]string{
	"en": {"code": "Code", "go": "Set up", "six": "Six-digit code", "next": "Next", "reach": "I can't reach my device", "backup": "Backup code", "twelve": "12-digit code", "again": "Set up your factors anew"},
	"ja": {"code": "コード", "go": "設定する", "six": "6桁のコード", "next": "次へ", "reach": "端末が手元にない", "backup": "バックアップコード", "twelve": "12桁のコード", "again": "確認方法を設定し直しましょう"},
}

// A person scans the code on the page with a phone, signs in with it, loses the
// phone and comes back with a backup code.
func TestAPhoneIsSetUpAndLost(t *testing.T) {
	for lang, wide := range map[string]int64{"ja": 360, "en": 1280} {
		t.Run(lang, func(t *testing.T) {
			s := Start(t)
			s.Settle("hana@example.com")
			w := factorWords[lang]
			x := open(t, lang, wide, lang == "ja")
			x.signin(s, "hana@example.com")
			x.see(words[lang]["hello"][:4])
			x.goTo(s.URL + "/me/factors")
			x.look("factors")
			x.goTo(s.URL + "/me/factors/app")
			x.look("factor-app")
			uri, err := url.Parse(x.scan())
			x.must(err)
			key := uri.Query().Get("secret")
			if _, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(key); uri.Scheme != "otpauth" || err != nil {
				t.Fatalf("scanned %q (%v), want an otpauth address", uri, err)
			}
			eval[bool](x, "document.getElementById('code').focus(), true")
			x.must(chromedp.Do(x.ctx, chromedp.KeyEvent(shown(t, key, time.Now()))))
			var codes []string
			for range 100 {
				if codes = twelve.FindAllString(x.text(), -1); len(codes) == 5 {
					break
				}
				time.Sleep(50 * time.Millisecond)
			}
			if len(codes) != 5 {
				t.Fatalf("got %d backup codes, want 5:\n%s", len(codes), x.text())
			}
			x.look("factor-codes")
			x.goTo(s.URL + "/me/factors")
			x.look("factors-on")
			x.goTo(s.URL + "/me")
			x.look("overview-on")

			// The code that enrolled it was used; the next one, half a minute ahead, is not yet.
			y := open(t, lang, wide, false)
			y.signin(s, "hana@example.com")
			y.see(w["six"])
			y.look("signin-totp")
			y.keyIn(w["six"], shown(t, key, time.Now().Add(5*time.Minute)))
			y.press(w["next"])
			y.see("code.clock_skew")
			y.look("signin-skew")
			eval[bool](y, "document.getElementById('code').select(), true")
			y.keyIn(w["six"], shown(t, key, time.Now().Add(30*time.Second)))
			y.press(w["next"])
			y.see(words[lang]["hello"][:4])

			// The phone is lost.
			z := open(t, lang, wide, false)
			z.signin(s, "hana@example.com")
			z.press(w["reach"])
			z.look("signin-reach")
			z.follow(`a[href^="/signin/backup"]`)
			z.look("signin-backup")
			z.keyIn(w["twelve"], codes[2])
			z.press(w["next"])
			z.see(w["again"])
			z.look("factors-anew")
			z.goTo(s.URL + "/me")
			z.see(words[lang]["hello"][:4])
		})
	}
}

// authenticator gives the browser a security key of its own.
func (x *tab) authenticator(resident, verifies bool) webauthn.AuthenticatorID {
	x.t.Helper()
	return x.plug(webauthn.AuthenticatorTransportUsb, resident, verifies)
}

// device gives the browser the machine's own authenticator. What it keeps is what
// browsers offer in a field by themselves.
func (x *tab) device() webauthn.AuthenticatorID {
	x.t.Helper()
	return x.plug(webauthn.AuthenticatorTransportInternal, true, true)
}

func (x *tab) plug(how webauthn.AuthenticatorTransport, resident, verifies bool) webauthn.AuthenticatorID {
	x.t.Helper()
	_, err := chromedp.Call(x.ctx, webauthn.Enable, webauthn.EnableParams{})
	x.must(err)
	a, err := chromedp.Call(x.ctx, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
		Protocol: webauthn.AuthenticatorProtocolCtap2, Ctap2version: webauthn.Ctap2versionCtap21, Transport: how,
		HasResidentKey: resident, HasUserVerification: verifies, IsUserVerified: verifies, AutomaticPresenceSimulation: true}})
	x.must(err)
	return a.AuthenticatorID
}

func (x *tab) enrolKey(s *Server, name string) {
	x.t.Helper()
	x.goTo(s.URL + "/me/factors/key")
	eval[bool](x, fmt.Sprintf("document.getElementById('name').value = %q, true", name))
	x.follow("form[data-passkey] button")
}

func TestPasskeysInARealBrowser(t *testing.T) {
	s := Start(t)
	s.Settle("hana@example.com")
	x := open(t, "en", 1280, false)
	id := x.authenticator(true, true)
	x.signin(s, "hana@example.com")
	x.see("Hello")
	x.goTo(s.URL + "/me/factors/key")
	x.look("factor-key")
	x.enrolKey(s, "laptop")
	x.see("backup codes")

	// A passkey that verified its user is both proofs; the button of the first page
	// asks for no name.
	x.goTo(s.URL + "/signout")
	x.follow("form button")
	creds, err := chromedp.Call(x.ctx, webauthn.GetCredentials, webauthn.GetCredentialsParams{AuthenticatorID: id})
	x.must(err)
	if len(creds.Credentials) != 1 || !creds.Credentials[0].IsResidentCredential {
		t.Fatalf("got %d credentials, want one that is discoverable", len(creds.Credentials))
	}
	x.goTo(s.URL + "/signin")
	// The browser offers it in the field by itself (conditional UI), and this one
	// takes the offer at once; else the button does.
	time.Sleep(500 * time.Millisecond)
	if strings.Contains(eval[string](x, "location.pathname"), "/signin") {
		x.follow(`form[data-passkey="signin"] button`)
	}
	x.see("Hello")
	if got := eval[string](x, `fetch("/api/v1/session").then(r => r.json()).then(s => s.acr + " " + s.amr.join(","))`); got != "urn:sekisho:acr:multi hwk,user,mfa" {
		t.Errorf("got %q, want multi by hwk, user, mfa", got)
	}

	// A copy of the key, whose counter is behind, is refused.
	type copied struct {
		CredentialID         []byte  `json:"credentialId"`
		IsResidentCredential bool    `json:"isResidentCredential"`
		RpID                 string  `json:"rpId"`
		PrivateKey           []byte  `json:"privateKey"`
		UserHandle           []byte  `json:"userHandle"`
		SignCount            float64 `json:"signCount"`
	}
	type add struct {
		AuthenticatorID webauthn.AuthenticatorID `json:"authenticatorId"`
		Credential      copied                   `json:"credential"`
	}
	c := creds.Credentials[0]
	_, err = chromedp.Call(x.ctx, webauthn.RemoveCredential, webauthn.RemoveCredentialParams{AuthenticatorID: id, CredentialID: c.CredentialID})
	x.must(err)
	_, err = chromedp.Call(x.ctx, cdp.Command[add, cdp.Empty]{Method: webauthn.CommandAddCredential},
		add{id, copied{c.CredentialID, true, c.RpID, c.PrivateKey, c.UserHandle, 1}})
	x.must(err)
	x.goTo(s.URL + "/signout")
	x.follow("form button")
	x.goTo(s.URL + "/signin")
	time.Sleep(500 * time.Millisecond)
	if !strings.Contains(x.text(), "key.copied") {
		x.follow(`form[data-passkey="signin"] button`)
	}
	x.see("key.copied")
	x.look("key-copied")
}

// A key that does not verify its user is a second proof beside the password; a key
// that was taken away proves nothing.
func TestASecurityKeyIsASecondProof(t *testing.T) {
	s := Start(t)
	s.Settle("hana@example.com")
	x := open(t, "ja", 360, true)
	x.authenticator(false, false)
	x.signin(s, "hana@example.com")
	x.see("Hana")
	x.enrolKey(s, "青いキー")
	x.see("バックアップコード")
	x.goTo(s.URL + "/signout")
	x.follow("form button")
	x.signin(s, "hana@example.com")
	x.see("青いキー")
	x.look("signin-key")
	x.follow("form[data-passkey] button")
	x.see("Hana")
	if got := eval[string](x, `fetch("/api/v1/session").then(r => r.json()).then(s => s.acr)`); got != "urn:sekisho:acr:multi" {
		t.Errorf("got %q, want multi", got)
	}

	// Taken away at another place: it opens nothing any more.
	var list struct {
		Factors []struct{ ID string }
	}
	x.must(json.Unmarshal([]byte(eval[string](x, `fetch("/api/v1/me/factors").then(r => r.text())`)), &list))
	if len(list.Factors) != 1 {
		t.Fatalf("got %d factors, want 1", len(list.Factors))
	}
	eval[float64](x, fmt.Sprintf(`fetch("/api/v1/me/factors/%s", {method: "DELETE"}).then(r => r.status)`, list.Factors[0].ID))
	x.goTo(s.URL + "/signout")
	x.follow("form button")
	x.signin(s, "hana@example.com")
	x.see(offerWords["ja"]["offer"]) // there is none any more
	if got := eval[string](x, `fetch("/api/v1/session").then(r => r.json()).then(s => s.acr)`); got != "urn:sekisho:acr:single" {
		t.Errorf("got %q, want single: the second factor is off", got)
	}
}

// protected sets up an app and backup codes through the API.
func protected(t *testing.T, s *Server) (key string, codes []any) {
	t.Helper()
	token, status, err := enter(s.URL, "hana@example.com")
	if err != nil || status != 200 {
		t.Fatalf("sign in: %d %v", status, err)
	}
	_, begun, err := call("POST", s.URL+"/api/v1/me/factors/totp", token, map[string]any{})
	if err != nil {
		t.Fatal(err)
	}
	key = fmt.Sprint(begun["secret"])
	status, done, err := call("POST", s.URL+"/api/v1/me/factors/totp/"+fmt.Sprint(begun["flow"]), token, map[string]any{"name": "phone", "code": shown(t, key, time.Now())})
	if err != nil || status != 200 {
		t.Fatalf("enrol: %d %v %v", status, done, err)
	}
	codes, _ = done["codes"].([]any)
	return key, codes
}

// Of a hundred that give the same code at the same instant, on two processes over
// PostgreSQL, one passes.
func TestOneOfAHundredPassesOnTwoNodes(t *testing.T) {
	db := dbtest.URL(t, "postgres")
	keys := "SEKISHO_KEYS=" + "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
	a := Start(t, "SEKISHO_DATABASE="+db, keys, "SEKISHO_DAILY_SIGNINS=0")
	b := Start(t, "SEKISHO_DATABASE="+db, keys, "SEKISHO_DAILY_SIGNINS=0", "SEKISHO_URL="+a.URL)
	nodes := []string{a.URL, b.URL}
	a.Settle("hana@example.com")
	key, codes := protected(t, a)
	if len(codes) != 5 {
		t.Fatalf("got %d backup codes, want 5", len(codes))
	}
	race := func(what string, n int, answer map[string]any, begin func(i int) string) {
		t.Helper()
		flows := make([]string, n)
		for i := range flows {
			flows[i] = begin(i)
		}
		var mu sync.Mutex
		got := map[int]int{}
		var all sync.WaitGroup
		for i, flow := range flows {
			all.Go(func() {
				status, _, err := call("POST", nodes[i%2]+flow, "", answer)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				got[status]++
			})
		}
		all.Wait()
		if got[200] != 1 {
			t.Errorf("%s: got %v, want 200 once", what, got)
		}
	}
	second := func(i int) string {
		_, at, err := call("POST", nodes[i%2]+"/api/v1/signin", "", map[string]any{"identifier": "hana@example.com"})
		if err != nil {
			t.Fatal(err)
		}
		path := "/api/v1/signin/" + fmt.Sprint(at["flow"])
		if status, at, err := call("POST", nodes[i%2]+path, "", map[string]any{"kind": "password", "answer": Word}); err != nil || status != 200 || at["step"] != "second" {
			t.Fatalf("password: got %d %v %v, want the second step", status, at, err)
		}
		return path
	}
	race("authenticator app", 100, map[string]any{"kind": "totp", "answer": shown(t, key, time.Now().Add(30*time.Second))}, second)
	// The failures of the others made this network wait; another account is none of theirs.
	a.Settle("ken@example.com")
	one := func(path string, body map[string]any) func(int) string {
		_, at, err := call("POST", a.URL+path, "", body)
		if err != nil {
			t.Fatal(err)
		}
		flow := path + "/" + fmt.Sprint(at["flow"])
		return func(int) string { return flow }
	}
	mail := one("/api/v1/signin", map[string]any{"identifier": "ken@example.com"})
	if status, _, err := call("POST", a.URL+mail(0), "", map[string]any{"kind": "mailcode"}); err != nil || status != 200 {
		t.Fatalf("send: %d %v", status, err)
	}
	race("code by mail", 100, map[string]any{"kind": "mailcode", "answer": a.Code()}, mail)
	back := one("/api/v1/recover", map[string]any{"identifier": "ken@example.com"})
	race("code to reset the password", 100, map[string]any{"kind": "recovery_code", "answer": a.Code()}, back)
}

func TestABackupCodePassesOnceOnTwoNodes(t *testing.T) {
	db := dbtest.URL(t, "postgres")
	keys := "SEKISHO_KEYS=" + "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
	a := Start(t, "SEKISHO_DATABASE="+db, keys, "SEKISHO_DAILY_SIGNINS=0")
	b := Start(t, "SEKISHO_DATABASE="+db, keys, "SEKISHO_DAILY_SIGNINS=0", "SEKISHO_URL="+a.URL)
	a.Settle("hana@example.com")
	_, codes := protected(t, a)
	var all sync.WaitGroup
	var mu sync.Mutex
	got := map[int]int{}
	flows := make([]string, 100)
	for i := range flows {
		node := []string{a.URL, b.URL}[i%2]
		_, at, err := call("POST", node+"/api/v1/signin", "", map[string]any{"identifier": "hana@example.com"})
		if err != nil {
			t.Fatal(err)
		}
		flows[i] = node + "/api/v1/signin/" + fmt.Sprint(at["flow"])
		if status, _, err := call("POST", flows[i], "", map[string]any{"kind": "password", "answer": Word}); err != nil || status != 200 {
			t.Fatalf("password: %d %v", status, err)
		}
	}
	for _, flow := range flows {
		all.Go(func() {
			status, _, err := call("POST", flow, "", map[string]any{"kind": "backup", "answer": codes[0]})
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			got[status]++
		})
	}
	all.Wait()
	if got[200] != 1 {
		t.Errorf("got %v, want 200 once", got)
	}
}
