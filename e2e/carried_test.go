package e2e

import (
	"fmt"
	"image/color"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/serviceworker"
	"github.com/chromedp/chromedp"
	"rsc.io/qr"
)

// OA-01: what belongs to one account is shown with it alone.
func TestFiveAccountsInOneAppSeeNothingOfEachOther(t *testing.T) {
	s := Start(t)
	x := open(t, "en", 360, false)
	x.app(s)
	names := []string{"ume", "take", "matsu", "fuji", "kiku"}
	ids := map[string]string{}
	for _, n := range names {
		s.Settle(n + "@example.com")
		x.enrolled(s, n+"@example.com", "Phone of "+n)
		ids[n] = strings.TrimPrefix(eval[string](x, "location.hash"), "#/account/")
	}
	x.look("tg-five")
	x.at("account/" + ids["ume"] + "/settings")
	x.put("f-label", "Plum")
	x.tap("Save")
	x.see("Plum")
	for _, n := range names {
		for _, page := range []string{"", "/devices", "/sessions", "/settings"} {
			x.at("account/" + ids[n] + page)
			x.until("!document.querySelector('main [role=status].quiet')?.innerText")
			text := eval[string](x, "document.getElementById('main').innerText + [...document.querySelectorAll('main input')].map(i => i.value + i.placeholder).join()")
			for _, other := range names {
				if other != n && strings.Contains(text, other) {
					t.Errorf("%s%s tells of %s:\n%s", n, page, other, text)
				}
			}
			if (n == "ume") != strings.Contains(text, "Plum") {
				t.Errorf("%s%s: the name that ume has here: %v", n, page, n != "ume")
			}
		}
	}
	// A request says whose it is, and the others' keys sign nothing of it.
	x.at("")
	p := halfway(t, s, "fuji@example.com")
	x.until("document.querySelector('.request')")
	if who := eval[string](x, "document.querySelector('.request .who-for').innerText"); who != "fuji@example.com" {
		t.Errorf("the request is said to be for %q", who)
	}
	refused := inside[[]string](x, "accounts live api", fmt.Sprintf(`const r = m.live.waiting()[0].request, out = [];
		for (const a of m.accounts.list()) if (a.id !== %q) await m.live.answer(a.id, r, "approve", %q, true).then(() => out.push("approved"), (e) => out.push(e.code)); return out;`, ids["fuji"], p.number))
	for _, code := range refused {
		if code == "approved" {
			t.Errorf("another account's key approved: %v", refused)
		}
	}
	x.put("number", p.number)
	x.tap("Approve")
	x.see("Approved.")
}

// A number that is wrong ends the request; a link on the same phone needs none.
func TestTegataAnswersWrongNumbersAndLinks(t *testing.T) {
	s := Start(t)
	s.Settle("hana@example.com")
	x := open(t, "ja", 390, true)
	x.app(s)
	x.enrolled(s, "hana@example.com", "Pixel 8")
	x.at("")
	p := halfway(t, s, "hana@example.com")
	x.until("document.querySelector('.request')")
	wrong := "00"
	if p.number == wrong {
		wrong = "01"
	}
	x.put("number", wrong)
	x.tap(tegataWords["ja"]["approve"])
	x.see("番号が違いました")
	x.look("tg-request-wrong")
	x.until("!document.querySelector('.request')")

	at := s.ask("POST", "/api/v1/signin", "", map[string]any{"kind": "tegata"})
	path := "/api/v1/signin/" + fmt.Sprint(at["flow"])
	link := fmt.Sprint(s.ask("POST", path, "", map[string]any{"kind": "tegata", "answer": "scan"})["scan_uri"])
	eval[bool](x, fmt.Sprintf("location.hash = %q, true", link[strings.Index(link, "#"):]))
	x.until("document.querySelector('.request') && !document.getElementById('number')")
	if strings.Contains(eval[string](x, "location.href"), "signin=") {
		t.Error("the code stays in the address")
	}
	x.look("tg-request-scanned")
	x.tap(tegataWords["ja"]["approve"])
	x.see(tegataWords["ja"]["approved"])
	if status, _, err := call("POST", s.URL+path, "", map[string]any{"kind": "tegata", "answer": "done"}); err != nil || status != 200 {
		t.Errorf("after the approval: got %d %v, want 200", status, err)
	}
}

// OA-18: two devices, one copy; what was swapped or set back is noticed.
func TestTegataKeepsACopyThatOnlyThePassphraseOpens(t *testing.T) {
	s := Start(t)
	for _, n := range []string{"hana", "ken"} {
		s.Settle(n + "@example.com")
	}
	x, y := open(t, "en", 390, false), open(t, "ja", 390, false)
	x.app(s)
	x.take("otpauth://totp/GitHub:hana?secret=JBSWY3DPEHPK3PXP&issuer=GitHub")
	token := x.enrolled(s, "hana@example.com", "One")
	keep := func(z *tab, word string) {
		z.at("settings/copy")
		z.put("f-word", word)
		z.put("f-again", word)
		eval[bool](z, "document.querySelector('input[type=checkbox]').checked = true, true")
		z.tap(tegataWords[z.lang]["copy"])
	}
	keep(x, "short")
	x.see("Choose 3 words or 12 characters or more")
	keep(x, "Paper cranes  unfold")
	x.until("location.hash === '#/settings'")
	x.at("settings/copy")
	x.look("tg-copy-kept")

	y.app(s)
	y.at("settings/restore")
	y.look("tg-restore-first")
	y.enrolled(s, "hana@example.com", "Two", token)
	y.at("")
	y.see("サーバーに、コードの控えがあります")
	y.look("tg-home-restore")
	y.at("settings/copy")
	y.see("サーバーに、コードの控えがあります")
	y.take("otpauth://totp/Bank:hana?secret=JBSWY3DPEHPK3PXQ&issuer=Bank")
	keep(y, "paper cranes unfold not")
	y.see("このパスフレーズでは開けません")
	y.look("tg-copy-wrong")
	// Who lost a device finds the way back under its name, and types the passphrase once.
	y.at("settings/restore")
	y.put("f-word", "paper cranes unfold not")
	y.tap("控えから戻す")
	y.see("このパスフレーズでは開けません")
	y.look("tg-restore-wrong")
	y.put("f-word", "Paper cranes unfold")
	y.tap("控えから戻す")
	y.until("location.hash === '#/'")
	names := `m.vault.entries().map(e => e.issuer).sort().join()`
	y.until(`import("` + y.modules() + `vault.js").then(v => v.entries().length === 2)`)
	x.slowly(`import("` + x.modules() + `vault.js").then(v => v.entries().length === 2)`)
	if got := inside[string](x, "vault", "return "+names); got != "Bank,GitHub" {
		t.Errorf("got %q on the first, want both", got)
	}
	// Nothing at the server can be read.
	sealed := inside[string](x, "api accounts vault", `const a = m.accounts.list()[0]; return (await m.api.call(m.accounts.signer(a.id), "GET", "vault")).sealed;`)
	for _, word := range []string{"GitHub", "JBSWY", "hana@"} {
		if strings.Contains(sealed, word) {
			t.Errorf("the copy tells %s", word)
		}
	}
	// What is taken out on one is out on the other.
	inside[bool](y, "vault", `await m.vault.remove(m.vault.entries().find(e => e.issuer === "Bank").id); return true;`)
	x.slowly(`import("` + x.modules() + `vault.js").then(v => v.entries().length === 1)`)

	// The server gives an older one under the newest number, then under its own.
	const put = `const a = m.accounts.list()[0], by = m.accounts.signer(a.id), now = await m.api.call(by, "GET", "vault");
		await m.api.call(by, "PUT", "vault", { version: now.version, sealed: %s }); return m.copy.follow().then(() => m.vault.copy().trouble ?? "none");`
	if got := inside[string](x, "api accounts copy vault", fmt.Sprintf(put, fmt.Sprintf("%q", sealed))); got != "old" {
		t.Errorf("set back: got %q, want it told", got)
	}
	x.at("settings/copy")
	x.look("tg-copy-old")
	x.see("was set back to an older one")
	// Another account's, made to say that it belongs here.
	forged := fmt.Sprintf(`JSON.stringify({ ...JSON.parse(%q), version: now.version + 1 })`, sealed)
	if got := inside[string](x, "api accounts copy vault", fmt.Sprintf(put, forged)); got != "swapped" {
		t.Errorf("forged: got %q, want it told", got)
	}
	other := fmt.Sprintf(`JSON.stringify({ ...JSON.parse(%q), version: now.version + 1, account: "acc_other" })`, sealed)
	if got := inside[string](x, "api accounts copy vault", fmt.Sprintf(put, other)); got != "swapped" {
		t.Errorf("another account's: got %q, want it told", got)
	}
	x.at("settings")
	x.at("settings/copy")
	x.see("is not yours")
	if n := inside[int](x, "vault", "return m.vault.entries().length"); n != 1 {
		t.Errorf("got %d codes, want them untouched", n)
	}
}

// OA-04, OA-08, OA-22: a second device is made first, the first is gone; a new password
// is confirmed.
func TestTegataOnTwoDevices(t *testing.T) {
	s := Start(t)
	s.Settle("hana@example.com")
	x, y := open(t, "en", 390, true), open(t, "en", 1280, true)
	x.app(s)
	token := x.enrolled(s, "hana@example.com", "Old phone")
	y.app(s)
	token = y.enrolled(s, "hana@example.com", "New phone", token)
	account := strings.TrimPrefix(eval[string](y, "location.hash"), "#/account/")
	y.at("account/" + account + "/devices")
	y.see("Old phone")
	y.look("tg-devices-two")
	eval[bool](y, "[...document.querySelectorAll('.rows a')].find(a => a.innerText.includes('New phone')).click(), true")
	y.until("document.getElementById('f-name')?.value === 'New phone'")
	y.look("tg-device-second")
	// Only the first device hands on that it is.
	if eval[bool](y, "[...document.querySelectorAll('button')].some(b => b.innerText === 'Make it first')") || !eval[bool](y, "Boolean(document.querySelector('a[href^=\"/me/factors/device?id=\"]'))") {
		t.Error("got a button that always refuses, want the way to the account page")
	}
	y.put("f-name", "Pixel 9")
	y.tap("Save")
	y.see("Pixel 9")
	promote := fmt.Sprint(s.ask("GET", "/api/v1/me/tegata", token, nil))
	if !strings.Contains(promote, "Pixel 9") {
		t.Errorf("the server knows %s", promote)
	}
	eval[bool](y, "[...document.querySelectorAll('.rows a')].find(a => a.innerText.includes('Old phone')).click(), true")
	y.until("document.getElementById('f-name')?.value === 'Old phone'")
	y.tap("This phone is gone")
	y.look("tg-device-gone")
	y.tap("This phone is gone")
	// The second device may not take out the first; who proves it on the account page may.
	y.see("Change it on the account page")
	y.look("tg-fresh")
	for _, d := range s.ask("GET", "/api/v1/me/tegata", token, nil)["devices"].([]any) {
		if d := d.(map[string]any); d["name"] == "Pixel 9" {
			s.ask("POST", "/api/v1/me/tegata/"+fmt.Sprint(d["id"])+"/promote", token, map[string]any{})
		}
	}
	y.tap("This phone is gone")
	y.tap("This phone is gone")
	y.until("location.hash.endsWith('/devices')")
	y.until("!document.getElementById('main').innerText.includes('Old phone')")
	x.see("This device is not enrolled")
	x.look("tg-account-retired")
}

// film is a camera's picture of a QR code: a file of frames as chromium takes it.
func film(t *testing.T, text string) string {
	t.Helper()
	c, err := qr.Encode(text, qr.L)
	if err != nil {
		t.Fatal(err)
	}
	const wide, high = 640, 480
	scale := (high - 80) / (c.Size + 8)
	left, top := (wide-scale*c.Size)/2, (high-scale*c.Size)/2
	frame := make([]byte, 0, wide*high*3/2)
	for y := range high {
		for x := range wide {
			v := byte(235)
			if i, j := x-left, y-top; i >= 0 && j >= 0 && i/scale < c.Size && j/scale < c.Size && c.Black(i/scale, j/scale) {
				v = color.Gray{Y: 16}.Y
			}
			frame = append(frame, v)
		}
	}
	for range wide * high / 2 {
		frame = append(frame, 128)
	}
	body := []byte(fmt.Sprintf("YUV4MPEG2 W%d H%d F10:1 Ip A1:1 C420\n", wide, high))
	for range 3 {
		body = append(append(body, "FRAME\n"...), frame...)
	}
	file := filepath.Join(t.TempDir(), "film.y4m")
	if err := os.WriteFile(file, body, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// The camera sees the QR code of an account page.
func TestTegataEnrolsByItsCamera(t *testing.T) {
	s := Start(t)
	s.Settle("hana@example.com")
	token, _, err := enter(s.URL, "hana@example.com")
	if err != nil {
		t.Fatal(err)
	}
	link := fmt.Sprint(s.ask("POST", "/api/v1/me/tegata/ticket", token, map[string]any{})["uri"])
	x := open(t, "ja", 390, false, chromedp.Flag("use-fake-ui-for-media-stream", true), chromedp.Flag("use-fake-device-for-media-stream", true), chromedp.Flag("use-file-for-fake-video-capture", film(t, link)))
	x.app(s)
	x.at("scan")
	x.until("document.getElementById('f-name')")
	x.tap(tegataWords["ja"]["add"])
	x.until("document.querySelector('.number')")
}

// OA-23: a push wakes the worker, which shows a notification that names nothing, and
// tells the server that the device lives.
func TestAPushWakesTegata(t *testing.T) {
	s := Start(t)
	s.Settle("hana@example.com")
	x := open(t, "ja", 390, false)
	_, err := chromedp.Call(x.ctx, browser.SetPermission, browser.SetPermissionParams{Origin: s.URL, Setting: "granted", Permission: &browser.PermissionDescriptor{Name: "notifications"}})
	x.must(err)
	x.app(s)
	x.enrolled(s, "hana@example.com", "Pixel 8")
	x.until("navigator.serviceWorker.controller")
	got := make(chan serviceworker.RegistrationID, 4)
	x.must(chromedp.Listen(x.ctx, func(ev any) {
		if ev, ok := ev.(*serviceworker.EventWorkerRegistrationUpdated); ok {
			for _, r := range ev.Registrations {
				select {
				case got <- r.RegistrationID:
				default:
				}
			}
		}
	}))
	_, err = chromedp.Call(x.ctx, serviceworker.Enable, cdp.Empty{})
	x.must(err)
	var id serviceworker.RegistrationID
	select {
	case id = <-got:
	case <-time.After(5 * time.Second):
		t.Fatal("no worker is registered")
	}
	_, err = chromedp.Call(x.ctx, serviceworker.DeliverPushMessage, serviceworker.DeliverPushMessageParams{Origin: s.URL, RegistrationID: id, Data: `{"t":"request"}`})
	x.must(err)
	x.until(`navigator.serviceWorker.ready.then(r => r.getNotifications()).then(l => l.length === 1)`)
	text := eval[string](x, `navigator.serviceWorker.ready.then(r => r.getNotifications()).then(l => l[0].title + " " + l[0].body)`)
	if text != "サインインの確認 Tegata を開いて確かめてください。" {
		t.Errorf("the notification says %q", text)
	}

	// With no page of the app open, the worker alone tells the server that it lives.
	x.at("account/" + strings.TrimPrefix(eval[string](x, "location.hash"), "#/account/") + "/settings")
	x.look("tg-account-push")
	x.goTo(s.URL + "/help")
	halfway(t, s, "hana@example.com")
	if strings.Contains(s.Out.String(), "/receipt") {
		t.Error("somebody gave a receipt before")
	}
	_, err = chromedp.Call(x.ctx, serviceworker.DeliverPushMessage, serviceworker.DeliverPushMessageParams{Origin: s.URL, RegistrationID: id, Data: `{"t":"request"}`})
	x.must(err)
	for range 200 {
		if strings.Contains(s.Out.String(), "route=/api/v1/tegata/requests/{id}/receipt status=204") {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Error("the worker gave no receipt")
}

// OA-22, OA-25: a new password is confirmed in the app; a clock that is off is told and
// approves nothing; without a server codes go on.
func TestTegataTellsWhatKeepsItFromActing(t *testing.T) {
	s := Start(t)
	s.Settle("hana@example.com")
	x := open(t, "en", 360, true)
	x.app(s)
	token := x.enrolled(s, "hana@example.com", "Pixel 8")
	account := strings.TrimPrefix(eval[string](x, "location.hash"), "#/account/")
	const fresh = "seven gentle river stones"
	s.ask("POST", "/api/v1/me/password", token, map[string]any{"current": Word, "new": fresh})
	x.see("confirm the password")
	x.look("tg-stale")
	x.at("account/" + account + "/refresh")
	x.put("f-password", Word)
	x.tap("Confirm")
	x.see("That is not the password.")
	x.look("tg-refresh-wrong")
	x.put("f-password", fresh)
	x.tap("Confirm")
	x.until("location.hash === '#/account/" + account + "'")
	x.until("!document.getElementById('state').innerText.includes('confirm the password')")

	eval[bool](x, `(() => { const now = Date.now.bind(Date); Date.now = () => now() + 3_600_000; return true; })()`)
	x.at("account/" + account + "/sessions")
	x.see("The clock of this device is 60 minutes ahead")
	x.look("tg-clock")
	got := inside[string](x, "api accounts", fmt.Sprintf(`return m.api.call(m.accounts.signer(%q), "PUT", "lock", { on: true, end_sessions: false }).then(() => "done", (e) => e.code);`, account))
	if got != "device.clock" {
		t.Errorf("with a clock that is an hour ahead: got %s", got)
	}
	// Set right, it acts at once: what was signed ahead of time holds nothing up.
	eval[bool](x, `(() => { const now = Date.now.bind(Date); Date.now = () => now() - 3_600_000; return true; })()`)
	got = inside[string](x, "api accounts", fmt.Sprintf(`return m.api.call(m.accounts.signer(%q), "PUT", "lock", { on: false }).then(() => "done", (e) => e.code);`, account))
	if got != "done" {
		t.Errorf("with its clock right again: got %s", got)
	}
	x.app(s)
	s.Kill()
	x.see("You are offline. Codes work as they are.")
	x.look("tg-offline")
	x.at("")
	x.until(`/\d{3} \d{3}/.test(document.querySelector(".otp")?.textContent)`)
	x.look("tg-offline-codes")
}
