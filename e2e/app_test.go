package e2e

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/chromedp/chromedp"
)

// ready waits until the app stands.
func (x *tab) ready() {
	x.t.Helper()
	x.until("'ready' in document.documentElement.dataset")
}

// until waits for something to be true in the page.
func (x *tab) until(js string) {
	x.t.Helper()
	x.times(400, js)
}

// slowly waits for what may take as long as a held call does.
func (x *tab) slowly(js string) {
	x.t.Helper()
	x.times(1600, js)
}

func (x *tab) times(n int, js string) {
	x.t.Helper()
	for range n {
		if v, err := chromedp.Run(x.ctx, chromedp.Evaluate[bool]("Promise.resolve("+js+").then(Boolean)", chromedp.EvalAwaitPromise)); err == nil && v {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	x.must(fmt.Errorf("never came true: %s\n%s", js, x.text()))
}

// app opens the app in a tab.
func (x *tab) app(s *Server) {
	x.t.Helper()
	x.goTo(s.URL + "/tegata/")
	x.ready()
}

// at goes to a page of the app.
func (x *tab) at(page string) {
	x.t.Helper()
	eval[bool](x, fmt.Sprintf("document.querySelector('h1').dataset.old = '', location.hash === %[1]q ? dispatchEvent(new HashChangeEvent('hashchange')) : location.hash = %[1]q, true", "#/"+page))
	x.until("document.querySelector('h1') && !('old' in document.querySelector('h1').dataset)")
	if text := x.text(); strings.Contains(text, "⟦") {
		x.t.Errorf("%s: a text is missing:\n%s", page, text)
	}
}

// put fills a field of the app, as typing would.
func (x *tab) put(id, text string) {
	x.t.Helper()
	x.until(fmt.Sprintf("document.getElementById(%q)", id))
	eval[bool](x, fmt.Sprintf("(f => { f.value = %q; f.dispatchEvent(new Event('input', {bubbles: true})); f.dispatchEvent(new Event('change', {bubbles: true})); return true; })(document.getElementById(%q))", text, id))
}

// tap clicks the button or link that is called so and can be seen; the one that was
// opened last comes first.
func (x *tab) tap(name string) {
	x.t.Helper()
	js := fmt.Sprintf(`(() => { const all = [...document.querySelectorAll("dialog[open] button, dialog[open] a"), ...document.querySelectorAll("button, a, summary")];
		const e = all.find(b => b.checkVisibility() && !b.disabled && (b.innerText.trim() === %[1]q || b.getAttribute("aria-label") === %[1]q || b.innerText.trim().split("\n")[0] === %[1]q)); if (e) e.click(); return Boolean(e); })()`, name)
	x.until(js)
}

var folder = regexp.MustCompile(`/tegata/a/[0-9a-f]{12}/`)

// modules is where the app's modules lie, to be used as the app uses them.
func (x *tab) modules() string {
	x.t.Helper()
	return folder.FindString(eval[string](x, "document.querySelector('script[type=module]').src"))
}

// ask is a call as a signed-in person's program makes it.
func (s *Server) ask(method, path, token string, body any) map[string]any {
	s.t.Helper()
	status, got, err := call(method, s.URL+path, token, body)
	if err != nil || status/100 != 2 {
		s.t.Fatalf("%s %s: %d %v %v", method, path, status, err, got)
	}
	return got
}

// enrolled adds the account to the app of a tab, whose owner compares the numbers. The
// session is a new one, or that of the token.
func (x *tab) enrolled(s *Server, who, name string, in ...string) (token string) {
	x.t.Helper()
	token = strings.Join(in, "")
	if token == "" {
		var status int
		var err error
		if token, status, err = enter(s.URL, who); err != nil || status != 200 {
			x.t.Fatalf("sign in: %d %v", status, err)
		}
	}
	ticket := s.ask("POST", "/api/v1/me/tegata/ticket", token, map[string]any{})
	link := fmt.Sprint(ticket["uri"])
	eval[bool](x, fmt.Sprintf("location.hash = %q, true", link[strings.Index(link, "#"):]))
	x.put("f-name", name)
	x.look("tg-enrol-name")
	x.tap(tegataWords[x.lang]["add"])
	number := ""
	x.until("document.querySelector('.number')")
	number = eval[string](x, "document.querySelector('.number').innerText")
	x.look("tg-enrol-number")
	// On one phone the page with the other number opens beside, and this one stays.
	x.until("document.querySelector('main a[href=\"/me/factors/tegata\"][target=_blank]')")
	if got := fmt.Sprint(s.ask("GET", "/api/v1/me/tegata/ticket", token, nil)["number"]); got != number {
		x.t.Errorf("the app shows %q, the page %q", number, got)
	}
	x.tap(tegataWords[x.lang]["same"])
	x.see(tegataWords[x.lang]["other"])
	x.look("tg-enrol-waits")
	done := s.ask("POST", "/api/v1/me/tegata/ticket/agree", token, map[string]any{})
	if next := fmt.Sprint(done["token"]); next != "" && done["token"] != nil {
		token = next
	}
	x.until("location.hash.startsWith('#/account/')")
	x.see(tegataWords[x.lang]["lock"])
	return token
}

// tegataWords are what the app calls things.
var tegataWords = map[string]map[string]string{
	"en": {"add": "Add", "same": "It is the same", "other": "Waiting for the other screen", "lock": "Sign-in lock is off", "approve": "Approve", "number": "Number shown in the browser", "approved": "Approved.", "deny": "Not me", "denied": "Refused.", "lockgo": "Lock sign-in",
		"locked": "Sign-in lock is on", "unlock": "Take the lock off", "all": "End all", "end": "End", "pin": "Lock with the PIN", "open": "Open", "wrong": "That is not the PIN", "import": "Bring in", "use": "Use it", "copy": "Keep a copy", "device": "Lock with the device", "opendevice": "Open with the device", "away": "Put this away"},
	"ja": {"add": "追加する", "same": "同じ番号です", "other": "もう一方の画面を待っています", "lock": "サインインロック：オフ", "approve": "承認する", "number": "ブラウザーに出ている番号", "approved": "承認しました。", "deny": "自分ではない", "denied": "断りました。", "lockgo": "ロックする",
		"locked": "サインインロック：オン", "unlock": "解除する", "all": "すべて終了", "end": "終了する", "pin": "PIN でロックする", "open": "開く", "wrong": "PIN が違います", "import": "取り込む", "use": "使う", "copy": "控えを置く", "device": "端末で確かめる", "opendevice": "端末で開く", "away": "閉じる"},
}

// take brings a list of codes into the vault.
func (x *tab) take(list string) {
	x.t.Helper()
	x.at("import")
	eval[bool](x, "document.querySelector('details').open = true")
	x.put("f-list", list)
	x.tap(tegataWords[x.lang]["import"])
	x.until("document.querySelector('.alert')")
}

// inside runs a module's function in the page: body may use m, the app's modules by name.
func inside[T any](x *tab, names, body string) T {
	x.t.Helper()
	raw := eval[string](x, fmt.Sprintf(`(async () => { const m = {}; for (const n of %q.split(" ")) m[n] = await import(%q + n + ".js"); return JSON.stringify(await (async () => { %s })() ?? null); })()`, names, x.modules(), body))
	var out T
	x.must(json.Unmarshal([]byte(raw), &out))
	return out
}
