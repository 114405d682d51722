package apptest_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha1" // RFC 6238, as every app has it
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sekisho/internal/apptest"
	"sekisho/internal/db"
	"sekisho/internal/outbox"
	"sekisho/internal/session"
)

// appCode is what an authenticator app with a key shows now.
func appCode(w *apptest.World, key string) string {
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ReplaceAll(key, " ", ""))
	if err != nil {
		w.T.Fatal(err)
	}
	var step [8]byte
	binary.BigEndian.PutUint64(step[:], uint64(w.Clock.Now().Unix()/30))
	h := hmac.New(sha1.New, raw)
	h.Write(step[:])
	sum := h.Sum(nil)
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[sum[19]&15:])&0x7fffffff%1000000)
}

var (
	keyShown = regexp.MustCompile(`<code class="key" id="secret">([A-Z2-7 ]+)</code>`)
	aCode    = regexp.MustCompile(`<li>(\d{4} \d{4} \d{4})</li>`)
)

// addApp sets up an authenticator app on the pages and gives its key.
func addApp(w *apptest.World, b *apptest.Browser, name string) string {
	w.T.Helper()
	b.Open("/me/factors/app").Want(200)
	m := keyShown.FindStringSubmatch(b.Body)
	if m == nil {
		w.T.Fatalf("no key on the page:\n%s", b.Text())
	}
	b.Fill("Name", name).Fill("Six digits", appCode(w, m[1])).Press("Confirm and add").Want(200)
	w.Clock.Add(30 * time.Second) // each code works once
	return m[1]
}

func backupCodes(b *apptest.Browser) (out []string) {
	for _, m := range aCode.FindAllStringSubmatch(b.Body, -1) {
		out = append(out, m[1])
	}
	return out
}

// signinWith signs in by password and a code of the app.
func signinWith(w *apptest.World, b *apptest.Browser, key string) *apptest.Browser {
	w.T.Helper()
	b.Signin(hana, apptest.Word).See("Code from the authenticator app")
	b.Fill("Six-digit code", appCode(w, key)).Press("Next").See("Hello Hana")
	w.Clock.Add(30 * time.Second)
	return b
}

// told says whether a mail has the words.
func told(w *apptest.World, words string) bool {
	return slices.ContainsFunc(w.Mails(), func(l outbox.Letter) bool { return strings.Contains(l.Text, words) })
}

func acrOf(w *apptest.World, b *apptest.Browser) string {
	var s session.Session
	w.View(func(tx db.ReadTx) (err error) {
		s, err = session.ByToken(context.Background(), tx, b.Cookie("sekisho"))
		return err
	})
	return s.ACR
}

func TestAnAppIsSetUpAndSignsIn(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		b := w.Browser("192.0.2.1")
		b.Signin(hana, apptest.Word)
		b.Open("/me/factors").See("Second factor Off", "Add an authenticator app", "this service cannot send SMS")
		b.Press("Add an authenticator app").See("Scan this", "Pixel 8")
		m := keyShown.FindStringSubmatch(b.Body)
		at := b.URL.RequestURI()
		before := b.Cookie("sekisho")

		qr := w.Browser("192.0.2.66").Open("/me/factors/app/qr?" + b.URL.RawQuery)
		if strings.Contains(qr.Body, "crispEdges") {
			t.Error("a stranger sees the QR code")
		}
		own := b.Open("/me/factors/app/qr?" + b.URL.RawQuery).Want(200)
		if own.Header.Get("Content-Type") != "image/svg+xml" || !strings.Contains(own.Body, "crispEdges") || own.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("got %s %q", own.Header, own.Body)
		}
		b.Open(at).Fill("Name", "Pixel 8").Fill("Six digits", "000000").Press("Confirm").Want(401).See("does not match", "the app shows now", "Scan this")
		if again := keyShown.FindStringSubmatch(b.Body); again == nil || again[1] != m[1] {
			t.Fatal("after a wrong code another key is shown than the one that was scanned")
		}
		b.Fill("Six digits", appCode(w, m[1])).Press("Confirm").Want(200).See("Keep these backup codes", "shown only now")
		if got := acrOf(w, b); got != session.ACRMulti || b.Cookie("sekisho") == before {
			t.Errorf("got %s with the same token: %v, want what was proved and another token", got, b.Cookie("sekisho") == before)
		}
		b.Press("I have kept them").See("Second factor On", "Pixel 8", "There is only one", "5 of 5 left")
		b.Open(at).Want(410).See("flow.expired") // the back button shows neither key nor codes

		w.Clock.Add(30 * time.Second)
		other := signinWith(w, w.Browser("192.0.2.2"), m[1])
		if got := acrOf(w, other); got != session.ACRMulti {
			t.Errorf("got %s, want %s", got, session.ACRMulti)
		}
		other.Open("/me/activity").See("A factor was added")
		if !told(w, "Added to the ways you sign in") {
			t.Error("no mail tells of it")
		}
	})
}

func TestBackupCodesAreShownOnceAndUsedOnce(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		b := w.Browser("192.0.2.1")
		b.Signin(hana, apptest.Word)
		addApp(w, b, "Pixel 8")
		first := backupCodes(b)
		if len(first) != 5 {
			t.Fatalf("got %d codes with the first factor, want 5:\n%s", len(first), b.Text())
		}
		b.Open("/me/factors").Press("Backup codes").See("5 of 5 left")
		if len(backupCodes(b)) != 0 {
			t.Error("the codes are shown a second time")
		}
		with := func(from, code string, want int) *apptest.Browser {
			x := w.Browser(from)
			x.Signin(hana, apptest.Word).Press("I can't reach my device").Press("Backup code")
			return x.Fill("12-digit code", code).Press("Next").Want(want)
		}
		with("192.0.2.2", first[0], 200).Open("/me").See("Hello Hana")
		with("192.0.2.3", first[0], 401)
		b.Open("/me/factors").See("4 of 5 left")
		b.Press("Backup codes").Press("Make new codes").Want(200)
		second := backupCodes(b)
		if len(second) != 5 || second[0] == first[1] {
			t.Fatalf("got %v, want five others", second)
		}
		with("192.0.2.4", first[1], 401)
		with("192.0.2.5", second[4], 200).Open("/me/factors").See("4 of 5 left")
		b.Open("/me/activity").See("Backup codes were made")
	})
}

func TestForbiddenBackupCodesSaySoAndToWhom(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		b := w.Browser("192.0.2.1")
		b.Signin(hana, apptest.Word)
		addApp(w, b, "Pixel 8")
		b.Miss("Keep these backup codes").See("Second factor On", "turned off by the people who run this service. If nothing else works, ask them")
		b.Open("/me/factors/backup").Want(403).See("backup.not_allowed")
		b.Post("/me/factors/backup", url.Values{}).Want(403)
	}, "backup_codes", "false")
}

func TestPassphraseIsSetAndStandsIn(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		b := w.Browser("192.0.2.1")
		b.Signin(hana, apptest.Word)
		addApp(w, b, "Pixel 8")
		b.Open("/me/factors/passphrase").Want(200).Fill("Passphrase", "too short").Press("Set it").Want(400).See("passphrase.too_short")
		words := regexp.MustCompile(`<code class="key">([a-z ]+)</code>`).FindStringSubmatch(b.Body)
		if words == nil || len(strings.Fields(words[1])) != 5 {
			t.Fatalf("got no proposal: %v", words)
		}
		b.Fill("Passphrase", words[1]).Press("Set it").See("The recovery passphrase is set")
		x := w.Browser("192.0.2.2")
		x.Signin(hana, apptest.Word).Press("I can't reach my device").Press("Recovery passphrase")
		x.Fill("Passphrase", "nine other words that are wrong").Press("Next").Want(401).See("passphrase.wrong")
		x.Fill("Passphrase", "  "+strings.ReplaceAll(words[1], " ", "  ")).Press("Next").See("Set up your factors anew")
		b.Open("/me/factors/passphrase").Press("Remove").See("Remove the recovery passphrase?").Press("Remove").See("The recovery passphrase is removed")
		x = w.Browser("192.0.2.3")
		x.Signin(hana, apptest.Word).Press("I can't reach my device").Miss("Recovery passphrase")
	})
}

func TestNumberIsSetUpAndSignsIn(t *testing.T) {
	eachWithPhones(t, func(t *testing.T, w *apptest.World, p *apptest.Phones) {
		work(t, w)
		w.Settle(hana)
		b := w.Browser("192.0.2.1")
		b.Signin(hana, apptest.Word)
		b.Open("/me/factors").Press("Add codes by SMS").Fill("Mobile number", "not a number").Press("Send").Want(400).See("number.malformed")
		b.Fill("Mobile number", "090-1234-5678").Press("Send").Want(400).See("number.malformed", "+81 90 1234 5678")
		if !strings.Contains(b.Body, `value="090-1234-5678"`) {
			t.Error("what was typed is gone")
		}
		b.Fill("Mobile number", "+81 90-1234-5678").Press("Send the code").Want(200).See("The SMS was sent", "You can ask for another in")
		b.Fill("Code from the SMS", "000000").Press("Confirm").Want(401).See("does not match")
		b.Fill("Code from the SMS", p.Code(phone)).Press("Confirm").Want(200).See("Keep these backup codes")
		b.Open("/me/factors").See("Second factor On", "••••678").Miss("1234")
		b.Open("/me").See("A factor was not added").Miss("sign-in was refused")

		w.Clock.Add(2 * time.Minute)
		x := w.Browser("192.0.2.2")
		x.Signin(hana, apptest.Word).Press("Send the code").See("••••678")
		x.Fill("Code", p.Code(phone)).Press("Next").See("Hello Hana")
		if got := acrOf(w, x); got != session.ACRMulti {
			t.Errorf("got %s, want %s", got, session.ACRMulti)
		}
		w.Clock.Add(2 * time.Minute)
		x.Open("/me/factors/sms").Fill("Mobile number", "+81 90 1234 5678").Press("Send").Want(409).See("factor.already_added")
	})
}

func TestANumberThatGetsNothingIsToldOnThePage(t *testing.T) {
	eachWithPhones(t, func(t *testing.T, w *apptest.World, p *apptest.Phones) {
		work(t, w)
		p.Refuse(500)
		w.Settle(hana)
		b := w.Browser("192.0.2.1")
		b.Signin(hana, apptest.Word)
		b.Open("/me/factors/sms").Fill("Mobile number", "+81 90-1234-5678").Press("Send the code").Want(503).See("sms.not_sent", "Use another number")
		p.Answer(nil)
		w.Clock.Add(2 * time.Minute)
		b.Press("Send the code again").Want(200).See("The SMS was sent")
		b.Fill("Code from the SMS", p.Code(phone)).Press("Confirm").Want(200).See("Keep these backup codes")
	})
}

func TestANumberWhoseCodeHasToWaitIsNotToldThatOneWasSent(t *testing.T) {
	const other = "+819087654321"
	eachWithPhones(t, func(t *testing.T, w *apptest.World, p *apptest.Phones) {
		work(t, w)
		w.Settle(hana)
		b := w.Browser("192.0.2.1")
		b.Signin(hana, apptest.Word)
		b.Open("/me/factors/sms").Fill("Mobile number", phone).Press("Send the code").See("The SMS was")
		first := b.URL.RequestURI()
		b.Open("/me/factors/sms").Fill("Mobile number", other).Press("Send the code").Want(429)
		b.See("code.resend_early", other, "No code has been sent here yet", "You can send it in").Miss("The SMS was").Miss("on its way")
		if got := p.Texts(other); len(got) != 0 {
			t.Errorf("got %d SMS, want none yet", len(got))
		}
		w.Clock.Add(2 * time.Minute)
		b.Press("Send the code").Want(200).See("The SMS was", other)
		// The page of the first number says nothing of the second's SMS.
		b.Open(first).Want(200).See(phone).Miss("The SMS was")
		b.Open("/me/addresses/new").Fill("E-mail address or mobile", phone).Press("Send a code").See("The SMS was")
		b.Open("/me/addresses/new").Fill("E-mail address or mobile", other).Press("Send a code").Want(429)
		b.See("code.resend_early", "No code has been sent here yet").Miss("The SMS was")

		w.Clock.Add(2 * time.Minute)
		x := w.Program("192.0.2.2")
		x.Signin(hana, apptest.Word).Want(200, "")
		var s apptest.Step
		x.Call("POST", "/api/v1/me/factors/smscode", map[string]any{"number": phone}).Want(200, "")
		x.Call("POST", "/api/v1/me/factors/smscode", map[string]any{"number": other}).Want(429, "code.resend_early").Into(&s)
		if s.Flow == "" || len(s.Next) != 1 {
			t.Fatalf("got %+v, want to be told how to go on", s)
		}
		w.Clock.Add(2 * time.Minute)
		sent := len(p.Texts(other))
		x.Call("POST", "/api/v1/me/factors/smscode/"+s.Flow, map[string]any{}).Want(200, "")
		if got := len(p.Texts(other)); got != sent+1 {
			t.Errorf("got %d SMS, want one more than %d", got, sent)
		}
	})
}

func TestOffVoidsBackupCodesAndTrustedBrowsers(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		b := w.Browser("192.0.2.1")
		b.Signin(hana, apptest.Word)
		key := addApp(w, b, "Pixel 8")
		x := w.Browser("192.0.2.2")
		x.Signin(hana, apptest.Word).Check("Trust this browser").Fill("Six-digit code", appCode(w, key)).Press("Next").See("Hello")
		x.Open("/me/access").See("password, code from an app", "Authenticator app last used just now · added", "5 of 5 left made")
		x.Lang = "ja"
		x.Open("/me/sessions").See("パスワード、認証アプリのコード")
		x.Lang = "en"
		x.Open("/signout").Press("Sign out")
		b.Open("/me/factors").See("Browsers that skip the second factor: 1")
		b.Press("Switch the second factor off").See("All apps, keys and numbers are removed").Press("Switch it off").See("Second factor Off", "Backup codes and trusted browsers have ended too")
		b.See("None yet", "Browsers that skip the second factor: 0")
		for _, table := range []string{"totp", "backup_code", "trusted_browser"} {
			w.View(func(tx db.ReadTx) error {
				var n int64
				err := tx.QueryRow(t.Context(), `SELECT count(*) FROM `+table).Scan(&n)
				if n != 0 {
					t.Errorf("%s still has %d rows", table, n)
				}
				return err
			})
		}
		w.Browser("192.0.2.3").Signin(hana, apptest.Word).See("Hello Hana")
		b.Open("/me/activity").See("The second factor was switched off")
		if !told(w, "The second factor is off") {
			t.Error("no mail tells of it")
		}
	})
}

func TestChangingAFactorNeedsAFreshProof(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		b := w.Browser("192.0.2.1")
		b.Signin(hana, apptest.Word)
		key := addApp(w, b, "Pixel 8")
		b.Open("/me/factors").Press("Pixel 8").See("Rename")
		id := b.URL.Query().Get("id")
		p := w.Program("192.0.2.1")
		p.Token = b.Cookie("sekisho")
		w.Clock.Add(11 * time.Minute)
		for path, form := range map[string]url.Values{
			"/me/factors/remove?id=" + id: {}, "/me/factors/off": {}, "/me/factors/one?id=" + id: {"name": {"Mine"}}, "/me/factors/backup": {}, "/me/factors/passphrase": {"passphrase": {"one two three four"}},
			"/me/factors/app": {"code": {"000000"}}, "/me/factors/key": {"response": {"{}"}}, "/me/factors/prefer": {"kind": {"totp"}}, "/me/factors/passphrase/remove": {},
		} {
			b.Post(path, form).Want(403).See("session.fresh_required", "Confirm it is you")
		}
		for _, x := range [][3]string{{"DELETE", "/api/v1/me/factors/" + id, ""}, {"DELETE", "/api/v1/me/factors", ""}, {"POST", "/api/v1/me/factors/totp", ""}, {"POST", "/api/v1/me/factors/backup", ""},
			{"POST", "/api/v1/me/factors/passphrase", `{"passphrase":"one two three four"}`}, {"PATCH", "/api/v1/me/factors/" + id, `{"name":"Mine"}`}} {
			p.Raw(x[0], x[1], "application/json", []byte(x[2])).Want(403, "session.fresh_required")
		}
		b.Open("/me/factors").See("Pixel 8", "5 of 5 left")

		// The password alone is not all that the account has.
		b.Open("/me/factors/remove?id="+id).See("Enter your password", "Before the change").Fill("Password", apptest.Word).Press("Next")
		b.See("Code from the authenticator app").Fill("Six-digit code", appCode(w, key)).Press("Next")
		b.See("Remove this authenticator app?", "This is the last one").Press("Remove").See("Removed.", "Second factor Off")
		b.Open("/me/activity").See("You confirmed once more", "A factor was removed")
	})
}

// What was posted with a proof that had grown old leads back to the very page.
func TestAStaleProofLeadsBackToWhatWasBegun(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		b := w.Browser("192.0.2.1")
		b.Signin(hana, apptest.Word)
		b.Open("/me/factors/app").Want(200)
		at, key := b.URL.RequestURI(), keyShown.FindStringSubmatch(b.Body)[1]
		w.Clock.Add(11 * time.Minute)
		b.Fill("Six digits", appCode(w, key)).Press("Confirm").Want(403).Press("Confirm it is you").Fill("Password", apptest.Word).Press("Next")
		if b.URL.RequestURI() != at || keyShown.FindStringSubmatch(b.Body)[1] != key {
			t.Errorf("got %s, want the key that was scanned at %s", b.URL, at)
		}
		b.Fill("Six digits", appCode(w, key)).Press("Confirm").Want(200).See("Keep these backup codes")
	})
}

func TestNamePreferAndSeveralFactors(t *testing.T) {
	eachWithPhones(t, func(t *testing.T, w *apptest.World, p *apptest.Phones) {
		work(t, w)
		w.Settle(hana)
		b := w.Browser("192.0.2.1")
		b.Signin(hana, apptest.Word)
		addApp(w, b, "Pixel 8")
		b.Open("/me/factors/sms").Fill("Mobile number", phone).Press("Send").Fill("Code from the SMS", p.Code(phone)).Press("Confirm").Want(200).See("Added", "asked first").Miss("There is only one")
		b.Open("/me/factors/prefer").See("Authenticator app", "Codes by SMS")
		b.Post("/me/factors/prefer", url.Values{"kind": {"passkey"}}).Want(404).See("factor.unknown")
		b.Post("/me/factors/prefer", url.Values{"kind": {"smscode"}}).Want(200).See("asked for first")
		w.Browser("192.0.2.2").Signin(hana, apptest.Word).See("••••678")
		b.Open("/me/factors").Press("Pixel 8").Fill("Name", "two\u202elines").Press("Rename").Want(400).See("factor.name_malformed")
		b.Fill("Name", "Old phone").Press("Rename").See("Renamed.", "Old phone")
		b.Press("Old phone").Press("Remove").Miss("This is the last one").Press("Remove").See("Removed.", "Second factor On", "5 of 5 left")
		// Another account's factor is none.
		w.Settle("ken@example.com")
		k := w.Browser("192.0.2.3")
		k.Signin("ken@example.com", apptest.Word)
		b.Press("••••678")
		k.Open("/me/factors/remove?id=" + b.URL.Query().Get("id")).See("Second factor Off").Miss("678")
		k.Post("/me/factors/remove?id="+b.URL.Query().Get("id"), url.Values{}).Want(404).See("factor.unknown")
	})
}
