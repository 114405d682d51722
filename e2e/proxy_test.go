package e2e

import (
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// What a proxy says for a server that is away is no answer: the page goes on waiting, and
// goes on by itself once Tegata has answered.
func TestAProxysErrorDoesNotEndTheWait(t *testing.T) {
	s := Start(t)
	s.Settle("hana@example.com")
	phone := open(t, "en", 390, false)
	phone.app(s)
	phone.enrolled(s, "hana@example.com", "Pixel 8")
	x := open(t, "en", 1280, false)
	_, err := chromedp.Call(x.ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: `(() => {
		const real = window.fetch, says = [[502, "<h1>Bad gateway</h1>"], [200, "<h1>Sign in to the network</h1>"], [503, JSON.stringify({ code: "server.unavailable" })]];
		window.tried = 0;
		window.fetch = (at, o) => String(at).includes("/tegata/state") && says[window.tried++] ? Promise.resolve(new Response(says[window.tried - 1][1], { status: says[window.tried - 1][0] })) : real(at, o);
	})()`})
	x.must(err)
	x.goTo(s.URL + "/signin")
	x.keyIn("E-mail", "hana@example.com")
	x.press("Next")
	x.keyIn("Password", Word)
	x.press("Sign in")
	x.until("document.querySelector('.number')")
	number := eval[string](x, "document.querySelector('.number').textContent")
	x.until("window.tried >= 4")
	time.Sleep(300 * time.Millisecond)
	if now := eval[string](x, "document.querySelector('.number')?.textContent ?? ''"); now != number {
		t.Fatalf("the page stopped waiting: its number was %s and is %q", number, now)
	}
	phone.at("")
	phone.until("document.querySelector('.request')")
	phone.put("number", number)
	phone.tap(tegataWords["en"]["approve"])
	x.until("location.pathname.startsWith('/me')")
}
