package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
)

// stored is everything that the app keeps, as somebody who has the device would read it
// with a script of the same origin.
const stored = `(async () => {
	const db = await new Promise((ok, no) => { const a = indexedDB.open("tegata"); a.onsuccess = () => ok(a.result); a.onerror = no; });
	const out = [], text = (v) => v instanceof ArrayBuffer || ArrayBuffer.isView(v) ? new TextDecoder("latin1").decode(v) : v instanceof CryptoKey ? "key" : typeof v === "object" && v ? Object.entries(v).map(([k, x]) => k + "=" + text(x)).join(" ") : String(v);
	for (const name of db.objectStoreNames) {
		const s = db.transaction(name).objectStore(name);
		const get = (r) => new Promise((ok) => { r.onsuccess = () => ok(r.result); });
		const keys = await get(s.getAllKeys()), values = await get(db.transaction(name).objectStore(name).getAll());
		keys.forEach((k, i) => out.push(name + " " + k + " " + text(values[i])));
	}
	return out.join("\n") + "\n" + JSON.stringify({ ...localStorage }) + document.cookie;
})()`

// readable says what of the secrets can be found.
func readable(x *tab) string {
	all := eval[string](x, stored)
	for _, word := range []string{"JBSWY3DPEHPK3PXP", "GitHub", "hana", "Pixel", "acc_", "123456"} {
		if strings.Contains(all, word) {
			return word + " in:\n" + all
		}
	}
	return ""
}

// OA-19, OA-20: the device's key cannot be read out; behind the app lock nothing can.
func TestTegataShowsNothingBeforeItsLockIsPassed(t *testing.T) {
	s := Start(t)
	s.Settle("hana@example.com")
	x := open(t, "en", 390, false)
	x.app(s)
	x.take(someCodes)
	x.enrolled(s, "hana@example.com", "Pixel 8")
	const keys = `(async () => {
		const db = await new Promise((ok) => { const a = indexedDB.open("tegata"); a.onsuccess = () => ok(a.result); });
		const all = await new Promise((ok) => { const r = db.transaction("keys").objectStore("keys").getAll(); r.onsuccess = () => ok(r.result); });
		const tries = [];
		for (const k of all) for (const f of ["raw", "pkcs8", "jwk", "spki"]) tries.push(await crypto.subtle.exportKey(f, k).then(() => k.algorithm.name + " as " + f, () => ""));
		return all.length + " " + tries.join("") + (all.some(k => k.extractable) ? "extractable" : "");
	})()`
	if got := eval[string](x, keys); got != "2 " {
		t.Errorf("got %q, want two keys that cannot be read out", got)
	}
	if what := readable(x); what != "" {
		t.Errorf("without a lock: %s", what)
	}

	x.at("settings/lock")
	x.put("f-pin", "12345")
	x.put("f-again", "12345")
	eval[bool](x, "document.querySelector('form.panel').noValidate = true, true")
	x.tap("Lock with the PIN")
	x.see("Choose 6 digits or more")
	x.put("f-pin", "123456")
	x.put("f-again", "123457")
	x.tap("Lock with the PIN")
	x.see("The two are not the same")
	x.look("tg-lock-differ")
	x.put("f-again", "123456")
	x.tap("Lock with the PIN")
	x.until("location.hash === '#/settings'")
	x.look("tg-settings-locked")
	x.tap("Lock now")
	x.see("Tegata is locked")
	x.look("tg-locked")
	for _, again := range []bool{false, true} {
		if again {
			x.app(s)
			x.see("Tegata is locked")
		}
		if all := eval[string](x, "document.documentElement.outerHTML"); strings.Contains(all, "GitHub") || strings.Contains(all, "hana") || strings.Contains(all, "JBSWY") {
			t.Errorf("behind the lock the page has:\n%s", all)
		}
		if what := readable(x); what != "" {
			t.Errorf("behind the lock: %s", what)
		}
	}
	if got := eval[string](x, keys); strings.Contains(got, "extractable") || strings.Contains(got, " as ") {
		t.Errorf("a key can be read out: %s", got)
	}
	// An address leads past nothing.
	eval[bool](x, "location.hash = '#/export', true")
	time.Sleep(300 * time.Millisecond)
	x.see("Tegata is locked")

	// Four failures cost nothing, the fifth half a minute, also after a reload.
	for i := range 5 {
		x.put("f-pin", fmt.Sprintf("00000%d", i))
		x.tap("Open")
		x.see("That is not the PIN")
		x.until("document.querySelector('.gate-low button:not([disabled])')?.innerText === 'Open'")
	}
	x.see("Wait")
	x.look("tg-locked-waits")
	x.app(s)
	x.put("f-pin", "123456")
	x.tap("Open")
	x.see("Wait")
	// Half a minute later.
	eval[bool](x, `(async () => { const db = await new Promise((ok) => { const a = indexedDB.open("tegata"); a.onsuccess = () => ok(a.result); });
		const tx = db.transaction("plain", "readwrite"), s = tx.objectStore("plain"), r = s.get("lock"); r.onsuccess = () => s.put({ ...r.result, last: r.result.last - 31000 }, "lock");
		await new Promise((ok) => { tx.oncomplete = ok; }); return true; })()`)
	x.app(s)
	x.put("f-pin", "123456")
	x.tap("Open")
	x.see("GitHub")

	// It falls when the app is put away.
	eval[bool](x, `Object.defineProperty(document, "visibilityState", {value: "hidden", configurable: true}), document.dispatchEvent(new Event("visibilitychange")), true`)
	x.see("Tegata is locked")
	eval[bool](x, `delete document.visibilityState, true`)
	x.put("f-pin", "123456")
	x.tap("Open")
	x.see("GitHub")
	x.at("settings/lock")
	x.look("tg-lock-set")
	x.tap("Take the app lock off")
	x.tap("Take the app lock off")
	x.until("location.hash === '#/settings'")
	x.app(s)
	x.see("GitHub")
}

// A device that asks for face or finger gives a key where it can; where it cannot, that
// is said.
func TestTegataIsLockedByTheDevice(t *testing.T) {
	for _, prf := range []bool{true, false} {
		t.Run(fmt.Sprintf("prf-%v", prf), func(t *testing.T) {
			s := Start(t)
			x := open(t, "ja", 390, true)
			_, err := chromedp.Call(x.ctx, webauthn.Enable, webauthn.EnableParams{})
			x.must(err)
			_, err = chromedp.Call(x.ctx, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
				Protocol: webauthn.AuthenticatorProtocolCtap2, Ctap2version: webauthn.Ctap2versionCtap21, Transport: webauthn.AuthenticatorTransportInternal,
				HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, HasPrf: prf, AutomaticPresenceSimulation: true}})
			x.must(err)
			x.app(s)
			x.take(someCodes)
			x.at("settings/lock")
			x.tap(tegataWords["ja"]["device"])
			if prf {
				x.until("location.hash === '#/settings'")
			} else {
				x.see("鍵そのものは守られません")
				x.look("tg-lock-released")
			}
			x.app(s)
			x.see("ロックされています")
			x.look("tg-locked-device")
			if what := readable(x); what != "" {
				t.Errorf("behind the lock: %s", what)
			}
			x.tap(tegataWords["ja"]["opendevice"])
			x.see("GitHub")
		})
	}
}

// The first load, and the start without a network on a processor four times slower.
func TestTegataIsSmallAndStartsOffline(t *testing.T) {
	s := Start(t)
	x := open(t, "ja", 390, false)
	x.app(s)
	x.until("(async () => navigator.serviceWorker.controller && (await caches.keys()).length)()")
	sum := eval[float64](x, `performance.getEntriesByType("navigation")[0].transferSize + performance.getEntriesByType("resource").reduce((n, r) => n + r.transferSize, 0)`)
	t.Logf("the first load takes %.0f bytes", sum)
	if sum > 150_000 {
		t.Errorf("the first load takes %.0f bytes, more than 150 kB", sum)
	}
	x.take(someCodes)
	x.until("(async () => (await (await caches.open((await caches.keys())[0])).keys()).some(r => r.url.includes('noble-hashes/utils')))()")
	s.Kill()
	_, err := chromedp.Call(x.ctx, emulation.SetCPUThrottlingRate, emulation.SetCPUThrottlingRateParams{Rate: 4})
	x.must(err)
	best := 1e9
	for range 3 { // others use the machine too
		x.app(s)
		x.until("document.querySelector('.otp') && /\\d/.test(document.querySelector('.otp').textContent)")
		best = min(best, eval[float64](x, `performance.getEntriesByName("ready")[0].startTime`))
	}
	t.Logf("it stands offline after %.0f ms on a processor four times slower", best)
	if best > 1000 {
		t.Error("that is more than a second")
	}
	_, err = chromedp.Call(x.ctx, emulation.SetCPUThrottlingRate, emulation.SetCPUThrottlingRateParams{Rate: 1})
	x.must(err)
	// What came later works too: the decoder and the functions that derive keys.
	x.at("scan")
	x.give(picture(t, "otpauth://totp/Late:hana?secret=JBSWY3DPEHPK3PXP&issuer=Late"))
	x.see("Late")
	x.at("settings/lock")
	x.put("f-pin", "123456")
	x.put("f-again", "123456")
	x.tap(tegataWords["ja"]["pin"])
	x.until("location.hash === '#/settings'")
	x.app(s)
	x.put("f-pin", "123456")
	x.tap(tegataWords["ja"]["open"])
	x.see("Late")
}

// OA-17: a thousand codes stay quick.
func TestTegataWithAThousandCodes(t *testing.T) {
	s := Start(t)
	x := open(t, "en", 390, false)
	x.app(s)
	var list strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&list, "otpauth://totp/Service%%20%d:hana%d?secret=JBSWY3DPEHPK3PXP&issuer=Service%%20%d\n", i, i, i)
	}
	x.take(list.String())
	x.see("1000 codes were brought in.")
	for _, act := range [][2]string{
		{"drawing", `(async () => { const a = performance.now(); location.hash = "#/"; while (!document.querySelector(".code-row .otp")?.textContent.match(/\d/)) await new Promise(requestAnimationFrame); return performance.now() - a; })()`},
		{"searching", `(async () => { const a = performance.now(), f = document.querySelector(".search"); f.value = "service 77"; f.dispatchEvent(new Event("input")); await new Promise(requestAnimationFrame); await new Promise(r => setTimeout(r)); return performance.now() - a; })()`},
	} {
		what := act[0]
		if took := eval[float64](x, act[1]); took > 700 {
			t.Errorf("%s took %.0f ms", what, took)
		} else {
			t.Logf("%s took %.0f ms", what, took)
		}
	}
	x.see("19 found")
	x.look("tg-thousand")
	began := time.Now()
	x.goTo(s.URL + "/tegata/")
	x.until(`document.querySelector(".code-row .otp")?.textContent.match(/\d/)`)
	t.Logf("opened in %v", time.Since(began))
}
