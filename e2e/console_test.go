package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// The company of `sekisho demo`, looked at by its owner in a real browser, by keyboard:
// every room, and a member found from any page.
func TestTheConsoleOfTheDemo(t *testing.T) {
	dir := t.TempDir()
	c := exec.Command(binary, "demo")
	c.Env = append(os.Environ(), "SEKISHO_DATA="+dir)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("demo: %v\n%s", err, out)
	}
	s := Start(t, "SEKISHO_DATA="+dir)
	for _, x := range []struct {
		lang string
		wide int64
		dark bool
	}{{"ja", 360, true}, {"en", 1280, false}} {
		t.Run(fmt.Sprintf("%s-%d", x.lang, x.wide), func(t *testing.T) { console(t, s, open(t, x.lang, x.wide, x.dark)) })
	}
}

func console(t *testing.T, s *Server, x *tab) {
	w := words[x.lang]
	x.goTo(s.URL + "/signin")
	x.keyIn(w["identifier"], "hana@example.com")
	x.press(w["next"])
	x.keyIn(w["password"], "three paper cranes unfold")
	x.press(w["signin"])
	x.see("佐藤 花")
	for _, room := range []string{"", "/members", "/policies", "/audit", "/invitations", "/groups", "/roles", "/why", "/what-if", "/desk", "/domains", "/webhooks", "/tokens", "/settings"} {
		x.goTo(s.URL + "/admin" + room)
		x.see("関所運輸")
		x.look("console" + strings.ReplaceAll(room, "/", "-"))
	}
	x.goTo(s.URL + "/admin/settings")
	x.must(chromedp.Do(x.ctx, chromedp.KeyEvent("k", chromedp.KeyModifiers(chromedp.ModifierCtrl))))
	x.must(chromedp.Do(x.ctx, chromedp.KeyEvent("ichiro@")))
	for range 200 {
		if eval[string](x, `(document.querySelector("dialog.palette [aria-selected=true]") || {innerText: ""}).innerText`) != "" &&
			eval[bool](x, `document.querySelector("dialog.palette ul").innerText.includes("鈴木 一郎")`) {
			break
		}
	}
	x.axe("console-palette")
	x.must(chromedp.Do(x.ctx, chromedp.KeyEvent(kb.Enter)))
	x.see("ichiro@example.com")
	x.look("console-member")
}
