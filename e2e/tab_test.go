package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"sekisho/internal/dbtest"
)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "sekisho-e2e-")
	if err == nil {
		err = Build(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := dbtest.Run(m)
	os.RemoveAll(dir)
	os.Exit(code)
}

// tab is one tab of a real browser.
type tab struct {
	t    testing.TB
	ctx  context.Context
	lang string
	wide int64
	dark bool
}

// open starts chromium with an empty profile, and more flags where they are given.
func open(t testing.TB, lang string, wide int64, dark bool, more ...chromedp.ExecAllocatorOption) *tab {
	t.Helper()
	path := need(t, "chromium", "chromium-browser", "google-chrome")
	flags := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("lang", lang))
	actx, stop := chromedp.NewExecAllocator(within(t, 8*time.Minute), append(flags, more...)...)
	t.Cleanup(stop)
	ctx, stop2 := chromedp.NewContext(actx)
	t.Cleanup(stop2)
	x := &tab{t: t, ctx: ctx, lang: lang, wide: wide, dark: dark}
	high := int64(800)
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	x.must(chromedp.Do(ctx, chromedp.EmulateViewport(wide, high)))
	_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
	x.must(err)
	_, err = chromedp.Call(ctx, network.Enable, network.EnableParams{})
	x.must(err)
	_, err = chromedp.Call(ctx, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": lang}})
	x.must(err)
	return x
}

func (x *tab) must(err error) {
	x.t.Helper()
	if err != nil {
		shot, _ := chromedp.Run(x.ctx, chromedp.CaptureScreenshot())
		x.save("failed", shot)
		x.t.Fatal(err)
	}
}

func (x *tab) goTo(url string) {
	x.t.Helper()
	x.must(chromedp.Do(x.ctx, chromedp.Navigate(url)))
}

func eval[T any](x *tab, js string) T {
	x.t.Helper()
	v, err := chromedp.Run(x.ctx, chromedp.Evaluate[T](js, chromedp.EvalAwaitPromise))
	x.must(err)
	return v
}

// text is what the page says.
func (x *tab) text() string {
	return eval[string](x, "document.body ? document.body.innerText : ''")
}

// see waits until the page says something.
func (x *tab) see(want string) {
	x.t.Helper()
	for range 400 {
		if v, err := chromedp.Run(x.ctx, chromedp.Evaluate[string]("document.body ? document.body.innerText : ''")); err == nil && strings.Contains(v, want) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	x.must(fmt.Errorf("page %s does not say %q:\n%s", eval[string](x, "location.href"), want, x.text()))
}

// name is the accessible name of what has the focus, as far as these pages need.
const focused = `(() => { const e = document.activeElement; if (!e || e === document.body) return "";
  const l = e.labels && e.labels[0] ? e.labels[0].innerText : ""; return (e.getAttribute("aria-label") || l || e.innerText || e.value || e.tagName).trim(); })()`

// reach moves the focus with the Tab key until it is on the named thing.
func (x *tab) reach(name string, whole bool) {
	x.t.Helper()
	// A field that takes the focus by itself does so a moment after the page is there;
	// a Tab before that would go past it.
	for range 80 {
		if eval[bool](x, "!document.querySelector('[autofocus]') || document.activeElement !== document.body") {
			break
		}
		time.Sleep(25 * time.Millisecond)
	}
	for range 80 {
		if got := eval[string](x, focused); got == name || !whole && strings.Contains(got, name) {
			return
		}
		x.must(chromedp.Do(x.ctx, chromedp.KeyEvent(kb.Tab)))
	}
	x.must(fmt.Errorf("the Tab key does not reach %q on %s:\n%s", name, eval[string](x, "location.href"), x.text()))
}

// keyIn types into a field that the Tab key reaches.
func (x *tab) keyIn(label, text string) {
	x.t.Helper()
	x.reach(label, false)
	x.must(chromedp.Do(x.ctx, chromedp.KeyEvent(text)))
}

// press presses the Enter key on a button or link that the Tab key reaches, and
// waits for the next page.
func (x *tab) press(name string) {
	x.t.Helper()
	x.reach(name, true)
	eval[bool](x, "window.before = true")
	x.must(chromedp.Do(x.ctx, chromedp.KeyEvent(kb.Enter)))
	for range 800 {
		if v, err := chromedp.Run(x.ctx, chromedp.Evaluate[bool]("document.readyState === 'complete' && !window.before")); err == nil && v {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	x.must(fmt.Errorf("nothing followed %q on %s", name, eval[string](x, "location.href")))
}

// save writes a screenshot into the ignored folder.
func (x *tab) save(name string, png []byte) {
	theme := "light"
	if x.dark {
		theme = "dark"
	}
	dir := filepath.Join("..", "out", "screens")
	if err := os.MkdirAll(dir, 0o755); err == nil {
		_ = os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s-%s-%d-%s.png", name, x.lang, x.wide, theme)), png, 0o644)
	}
}

// look takes a screenshot and lets axe-core look at the page; it also sees to it
// that nothing stands out to the side.
func (x *tab) look(name string) {
	x.t.Helper()
	shot, err := chromedp.Run(x.ctx, chromedp.FullScreenshot(100))
	x.must(err)
	x.save(name, shot)
	if eval[bool](x, "document.documentElement.scrollWidth > document.documentElement.clientWidth + 1") {
		x.t.Errorf("%s: %s at %d: the page is wider than the window", name, x.lang, x.wide)
	}
	if got := eval[string](x, "document.documentElement.lang"); got != x.lang {
		x.t.Errorf("%s: got lang %q, want %q", name, got, x.lang)
	}
	x.axe(name)
}

func (x *tab) axe(name string) {
	x.t.Helper()
	src, err := os.ReadFile(filepath.Join("node", "node_modules", "axe-core", "axe.min.js"))
	x.must(err)
	eval[bool](x, string(src)+"; true")
	var found []struct {
		ID    string
		Help  string
		Nodes []struct{ HTML, FailureSummary string }
	}
	raw := eval[string](x, `axe.run({resultTypes: ["violations"]}).then(r => JSON.stringify(r.violations.map(v => ({id: v.id, help: v.help, nodes: v.nodes.map(n => ({html: n.html, failureSummary: n.failureSummary}))}))))`)
	x.must(json.Unmarshal([]byte(raw), &found))
	for _, v := range found {
		x.t.Errorf("%s (%s, %d, dark %v): axe %s: %s\n%s\n%s", name, x.lang, x.wide, x.dark, v.ID, v.Help, v.Nodes[0].HTML, v.Nodes[0].FailureSummary)
	}
}
