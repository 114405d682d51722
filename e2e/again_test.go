package e2e

import (
	"fmt"
	"strings"
	"testing"
)

// A link that adds an account anew, and leads to nothing, costs nobody what was there.
func TestAddingAnAccountAnewKeepsTheOldOneUntilItCounts(t *testing.T) {
	s := Start(t)
	s.Settle("hana@example.com")
	x := open(t, "en", 390, false)
	x.app(s)
	token := x.enrolled(s, "hana@example.com", "Pixel 8")
	about := `(async () => { const m = await import("` + x.modules() + `accounts.js"), api = await import("` + x.modules() + `api.js");
		await m.load();
		return await Promise.all(m.list().map(async (a) => a.state + " " + a.device + " " + (await api.call(m.signer(a.id), "GET", "state")).device.name)).then((l) => l.join()); })()`
	was := eval[string](x, about)
	if !strings.HasPrefix(was, "active dev_") || !strings.HasSuffix(was, " Pixel 8") {
		t.Fatalf("got %q", was)
	}
	again := func() {
		link := fmt.Sprint(s.ask("POST", "/api/v1/me/tegata/ticket", token, map[string]any{})["uri"])
		eval[bool](x, fmt.Sprintf("location.hash = %q, true", link[strings.Index(link, "#"):]))
		x.put("f-name", "Again")
		x.tap("Add")
		x.until("document.querySelector('.number')")
	}
	again()
	again() // the one that waits is replaced, too
	x.tap("It differs")
	x.see("It was not added.")
	if got := eval[string](x, about); got != was {
		t.Errorf("got %q, want %q", got, was)
	}
	x.enrolled(s, "hana@example.com", "Second", token)
	got := eval[string](x, about)
	if !strings.HasSuffix(got, " Second") || strings.Contains(got, ",") {
		t.Errorf("got %q, want the new one alone", got)
	}
	if keys := eval[float64](x, `(async () => {
		const db = await new Promise((ok) => { const a = indexedDB.open("tegata"); a.onsuccess = () => ok(a.result); });
		return new Promise((ok) => { const r = db.transaction("keys").objectStore("keys").count(); r.onsuccess = () => ok(r.result); });
	})()`); keys != 2 {
		t.Errorf("got %v keys, want the safe's and one device's", keys)
	}
}
