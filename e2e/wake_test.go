package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"
)

// fakeService stands in for the browser's push service, which no browser of a test has:
// it gives what a subscription is made of.
const fakeService = `(async () => {
	const pair = await crypto.subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, true, ["deriveBits"]), point = await crypto.subtle.exportKey("raw", pair.publicKey);
	let now = null;
	window.made = [];
	PushManager.prototype.getSubscription = async () => now;
	PushManager.prototype.subscribe = async ({ applicationServerKey }) => {
		window.made.push(applicationServerKey);
		const key = new Uint8Array(applicationServerKey).buffer;
		return now = { endpoint: "https://push.example.com/" + window.made.length, options: { applicationServerKey: key }, getKey: (name) => name === "auth" ? new ArrayBuffer(16) : point, unsubscribe: async () => { now = null; return true; } };
	};
	return true;
})()`

// OA-23: the server's key for push services turns, and every account of the app
// subscribes anew with it, once.
func TestTegataSubscribesAnewWhenTheKeyTurns(t *testing.T) {
	s := Start(t)
	x := open(t, "en", 390, false)
	_, err := chromedp.Call(x.ctx, browser.SetPermission, browser.SetPermissionParams{Origin: s.URL, Setting: "granted", Permission: &browser.PermissionDescriptor{Name: "notifications"}})
	x.must(err)
	x.app(s)
	for _, who := range []string{"hana@example.com", "ken@example.com"} {
		s.Settle(who)
		x.enrolled(s, who, "Pixel 8")
	}
	x.until("navigator.serviceWorker.controller")
	eval[bool](x, fakeService)
	const state = `const out = [window.made.length]; for (const a of m.accounts.list()) out.push((await m.api.call(m.accounts.signer(a.id), "GET", "push/key")).subscribed); return out.join();`
	after := func(what string) string {
		return inside[string](x, "push accounts api", what+state)
	}
	if got := after(`for (const a of m.accounts.list()) await m.push.on(a.id);`); got != "1,true,true" {
		t.Errorf("switched on: got %s", got)
	}
	if got := after(`await m.push.renew();`); got != "1,true,true" {
		t.Errorf("nothing has turned: got %s", got)
	}
	for i, args := range [][]string{{"key", "push"}, {"key", "push", "--withdraw"}} {
		if out := s.Do(args...); !strings.Contains(out, "another key") {
			t.Errorf("it said %q", out)
		}
		if got, want := after(""), fmt.Sprintf("%d,false,false", i+1); got != want {
			t.Errorf("after %v: got %s, want %s", args, got, want)
		}
		if got, want := after(`await m.push.renew(); await m.push.renew();`), fmt.Sprintf("%d,true,true", i+2); got != want {
			t.Errorf("renewed after %v: got %s, want %s", args, got, want)
		}
	}
}
