package apptest_test

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"sekisho/internal/allowed"
	"sekisho/internal/apptest"
	"sekisho/internal/db"
	"sekisho/internal/gate"
	"sekisho/internal/org"
	"sekisho/internal/policy"
	"sekisho/internal/ref"
)

// list reads a list that is right.
func list(t *testing.T, text string) policy.Address {
	t.Helper()
	a, flaw := policy.ParseAddresses(text)
	if flaw != nil {
		t.Fatal(flaw)
	}
	return a
}

type allowedBody struct {
	Entries []policy.Entry `json:"entries"`
	Version int64          `json:"version"`
	Pending *struct {
		Here bool `json:"here"`
	} `json:"pending,omitempty"`
}

const ownList = "/api/v1/me/allowed-addresses"

// allow sets the list of a program's account.
func allow(p *apptest.Program, text ...string) apptest.Answer {
	var now allowedBody
	p.Call("GET", ownList, nil).Want(200, "").Into(&now)
	now.Entries, now.Pending = []policy.Entry{}, nil
	for _, x := range text {
		now.Entries = append(now.Entries, policy.Entry{Address: x})
	}
	return p.Call("PUT", ownList, now)
}

func TestOnesOwnListHoldsAtEveryDoor(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		b, refresh, active := connect(t, w, hana) // a browser at 192.0.2.1
		inside, outside := w.Program("198.51.100.7"), w.Program("198.51.100.8")
		inside.Signin(hana, apptest.Word).Want(200, "")
		outside.Signin(hana, apptest.Word).Want(200, "")

		allow(inside, "198.51.100.7").Want(200, "")
		// Mid-session, on pages and in the API, on another node too; the address and whose
		// list it is are told.
		outside.Call("GET", "/api/v1/session", nil).Want(403, "signin.ip_not_allowed")
		outside.At(w.Another()).Call("GET", "/api/v1/session", nil).Want(403, "signin.ip_not_allowed")
		b.Open("/me").Want(403).See("signin.ip_not_allowed", "You have set which addresses may use it, and 192.0.2.1 is not one of them.", "Reset password")
		// Apps of a session that is outside.
		if active() {
			t.Error("a token of a session outside the list is active")
		}
		refresh().Want(400, "invalid_grant")
		// Sign-ins.
		w.Program("198.51.100.9").Signin(hana, apptest.Word).Want(403, "signin.ip_not_allowed")
		w.Browser("198.51.100.9").Signin(hana, apptest.Word).See("signin.ip_not_allowed", "198.51.100.9 is not one of them")
		w.Program("198.51.100.7").Signin(hana, apptest.Word).Want(200, "")
		inside.Call("GET", "/api/v1/session", nil).Want(200, "")
		// The same address in another form, and one that only says so.
		w.Program("[::ffff:198.51.100.7]").Signin(hana, apptest.Word).Want(200, "")
		if n := len(w.Mail(hana).Text); n == 0 {
			t.Error("no notice went out")
		}
		// Without a list all of it works again.
		allow(inside).Want(200, "")
		outside.Call("GET", "/api/v1/session", nil).Want(200, "")
		b.Open("/me").See("Hello")
		if !active() {
			t.Error("the token stays shut out")
		}
	})
}

func TestBothListsMustAllow(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h := found(t, w, "Acme", "owner@example.com")
		h.member(hana, org.Plain)
		at := map[string]*apptest.Program{}
		for _, a := range []string{"192.0.2.1", "192.0.2.2", "198.51.100.1"} {
			at[a] = w.Program(a)
			at[a].Signin(hana, apptest.Word).Want(200, "")
		}
		both := list(t, "192.0.2.0/24 Head office")
		h.rule(policy.Policy{Name: "office", Address: &both})
		var told struct {
			Why          string
			Organisation string
		}
		at["198.51.100.1"].Call("GET", "/api/v1/session", nil).Want(403, "signin.ip_not_allowed").Into(&told)
		if told.Organisation != "Acme" || !strings.Contains(told.Why, "198.51.100.1") || !strings.Contains(told.Why, "organisation") {
			t.Errorf("got %+v", told)
		}
		allow(at["192.0.2.1"], "192.0.2.1", "198.51.100.1").Want(200, "")
		at["192.0.2.1"].Call("GET", "/api/v1/session", nil).Want(200, "")
		told.Organisation = ""
		at["192.0.2.2"].Call("GET", "/api/v1/session", nil).Want(403, "signin.ip_not_allowed").Into(&told)
		if told.Organisation != "" || !strings.Contains(told.Why, "You have set") {
			t.Errorf("one's own list refuses and it is told as %+v", told)
		}
		at["198.51.100.1"].Call("GET", "/api/v1/session", nil).Want(403, "signin.ip_not_allowed")
		// Where both are shown.
		b := w.Browser("192.0.2.1")
		b.Signin(hana, apptest.Word)
		b.Open("/me/allowed").See("192.0.2.1", "What Acme allows", "Head office")
		b.Open("/me/rules").See("192.0.2.0/24 Head office", "Addresses you allow yourself", "You set it yourself.")
	})
}

func TestAListThatShutsItsAuthorOutIsConfirmedElsewhereOrGoes(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		b := w.Browser("192.0.2.1")
		b.Signin(hana, apptest.Word)
		other := w.Program("198.51.100.1")
		other.Signin(hana, apptest.Word).Want(200, "")

		set := func() {
			t.Helper()
			b.Open("/me/allowed/edit").Fill("Addresses", "198.51.100.0/24 Phone\n").Uncheck("Allow 192.0.2.1 too").Press("Save").
				See("Saved. Now confirm it", "192.0.2.1")
		}
		set()
		b.Open("/me").See("signin.ip_not_allowed")
		// Its time is over, and no job ran: it is gone at that instant, on every node.
		w.Clock.Add(allowed.ConfirmWithin - time.Second)
		b.Open("/me").See("signin.ip_not_allowed")
		w.Clock.Add(time.Second)
		b.Open("/me").See("Hello")
		b.At(w.Another()).Open("/me").See("Hello")
		other.Call("POST", ownList+"/confirm", nil).Want(410, "rules.taken_back")
		// The job writes it down, once, and tells.
		for range 2 {
			if err := w.App.Purge(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if n := kinds(w, "allowed.reverted"); n != 1 {
			t.Errorf("it was taken back %d times", n)
		}
		if got := w.Mail(hana).Text; !strings.Contains(got, "went back to what it was") {
			t.Errorf("got %s", got)
		}
		b.Open("/me/allowed").See("There is no list")

		// Confirmed elsewhere it stands.
		b.Signin(hana, apptest.Word)
		other.Signin(hana, apptest.Word).Want(200, "")
		set()
		other.Call("POST", ownList+"/confirm", nil).Want(200, "")
		other.Call("POST", ownList+"/confirm", nil).Want(410, "rules.taken_back")
		w.Clock.Add(time.Hour)
		b.Open("/me").See("signin.ip_not_allowed")
		other.Call("GET", "/api/v1/session", nil).Want(200, "")
	})
}

func versionOf(w *apptest.World, a ref.Account) (v int64) {
	w.View(func(tx db.ReadTx) error {
		l, err := allowed.Of(w.T.Context(), tx, a)
		v = l.Version
		return err
	})
	return v
}

// kinds counts audit rows.
func kinds(w *apptest.World, kind string) (n int) {
	for _, r := range w.Audit() {
		if r.Kind == kind {
			n++
		}
	}
	return n
}

// Whoever set it does not confirm it, wherever they take the session; nor does somebody
// whom the list keeps out, nor anybody else's session.
func TestAListIsNotConfirmedByWhoeverSetIt(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		a := w.Settle(hana)
		w.Settle("ken@example.com")
		p, kept, ken := w.Program("192.0.2.1"), w.Program("192.0.2.2"), w.Program("198.51.100.1")
		p.Signin(hana, apptest.Word).Want(200, "")
		kept.Signin(hana, apptest.Word).Want(200, "")
		ken.Signin("ken@example.com", apptest.Word).Want(200, "")
		allow(p, "198.51.100.0/24").Want(200, "")
		p.Call("POST", ownList+"/confirm", nil).Want(403, "signin.ip_not_allowed")
		moved := w.Program("198.51.100.9")
		moved.Token = p.Token
		moved.Call("POST", ownList+"/confirm", nil).Want(403, "rules.confirm_elsewhere")
		kept.Call("POST", ownList+"/confirm", nil).Want(403, "signin.ip_not_allowed")
		ken.Call("POST", ownList+"/confirm", nil).Want(410, "rules.taken_back")
		// Taken back in the session that set it, from where the list allows it.
		moved.Call("POST", ownList+"/undo", nil).Want(200, "")
		p.Call("GET", "/api/v1/session", nil).Want(200, "")
		// A list that is set while one waits goes back to what stood before both.
		allow(p, "198.51.100.0/24").Want(200, "")
		allow(moved, "203.0.113.0/24").Want(200, "")
		w.Clock.Add(allowed.ConfirmWithin)
		w.View(func(tx db.ReadTx) error {
			l, err := allowed.Of(t.Context(), tx, a.ID)
			if len(l.Allowed) > 0 {
				t.Errorf("got %v", l.Allowed)
			}
			return err
		})
		p.Call("GET", "/api/v1/session", nil).Want(200, "")
	})
}

func TestTwoTabsDoNotOverwriteEachOthersList(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		b := w.Browser("192.0.2.1")
		b.Signin(hana, apptest.Word)
		tab := w.Program("192.0.2.1")
		tab.Signin(hana, apptest.Word).Want(200, "")
		b.Open("/me/allowed/edit").Fill("Addresses", "192.0.2.0/24 Mine")
		allow(tab, "192.0.2.1").Want(200, "")
		b.Press("Save").Want(409).See("rules.changed", "192.0.2.0/24 Mine", "What holds now", "192.0.2.1")
		b.Press("Save").See("Saved.", "Mine")
		// Made anew it is never the list that a tab still shows.
		var was allowedBody
		tab.Call("GET", ownList, nil).Into(&was)
		allow(tab).Want(200, "")
		allow(tab, "192.0.2.1").Want(200, "")
		was.Pending = nil
		tab.Call("PUT", ownList, was).Want(409, "rules.changed")
	})
}

func TestAMalformedListIsKeptOnThePage(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		b := w.Browser("192.0.2.1")
		b.Signin(hana, apptest.Word)
		b.Open("/me/allowed/edit").Fill("Addresses", "192.0.2.1 Here\n192.0.2.77/24 <script>alert(1)</script>").Press("Save").
			Want(400).See("list.malformed", "Line 2", "Write 192.0.2.0/24", "<script>alert(1)</script>")
		b.Fill("Addresses", strings.Repeat("192.0.2.1\n", 51)).Press("Save").Want(400).See("list.too_long")
		b.Fill("Addresses", "0.0.0.0/0").Press("Save").Want(400).See("leave the list empty")
		p := w.Program("192.0.2.1")
		p.Signin(hana, apptest.Word).Want(200, "")
		allow(p, strings.Split(strings.Repeat("192.0.2.1 ", 501), " ")[:501]...).Want(400, "list.malformed")
		allow(p, "fe80::1%eth0").Want(400, "list.malformed")
		allow(p, "").Want(400, "list.malformed")
	})
}

// RC-09: with what a reset asks for, and with nothing less.
func TestARecoveryLiftsOnesOwnList(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		a := w.Settle(hana)
		p := w.Program("192.0.2.1")
		p.Signin(hana, apptest.Word).Want(200, "")
		allow(p, "192.0.2.1").Want(200, "")

		b := w.Browser("203.0.113.9")
		b.Signin(hana, apptest.Word).Want(403).See("signin.ip_not_allowed")
		w.Clock.Add(time.Minute)
		b.Open("/recover").Fill("E-mail", hana).Press("Send the code").Fill("Code", w.Code(hana)).Press("Next")
		b.See("You are outside the addresses that you allow yourself")
		if versionOf(w, a.ID) == 0 {
			t.Fatal("the list went before anything was proved to the end")
		}
		b.Fill("New password", "a wholly new passphrase").Press("Next").See("Hello")
		if versionOf(w, a.ID) != 0 || kinds(w, "allowed.lifted") != 1 {
			t.Error("the list stays")
		}
		// Inside its list an owner keeps it.
		p.Signin(hana, "a wholly new passphrase").Want(200, "")
		allow(p, "192.0.2.1").Want(200, "")
		w.Clock.Add(time.Hour)
		in := w.Browser("192.0.2.1")
		in.Open("/recover").Fill("E-mail", hana).Press("Send the code").Fill("Code", w.Code(hana)).Press("Next").Miss("You are outside")
		in.Fill("New password", "another new passphrase").Press("Next")
		if versionOf(w, a.ID) == 0 {
			t.Error("a reset from an allowed address takes the list away")
		}
	})
}

// The organisation's list stops a recovery as well.
func TestARecoveryDoesNotLiftTheOrganisationsList(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h := found(t, w, "Acme", "owner@example.com")
		h.member(hana, org.Plain)
		office := list(t, "192.0.2.0/24")
		h.rule(policy.Policy{Name: "office", Address: &office})
		b := w.Browser("203.0.113.9")
		b.Open("/recover").Fill("E-mail", hana).Press("Send the code").Fill("Code", w.Code(hana)).Press("Next").
			See("signin.ip_not_allowed", "The administrators of Acme can lift it").Miss("New password")
	})
}

func TestContainmentTakesBackAListThatIsDoubted(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		a := w.Settle(hana)
		w.Browser("192.0.2.1").Signin(hana, apptest.Word)
		w.Clock.Add(time.Hour)
		thief := w.Program("203.0.113.66")
		thief.Signin(hana, apptest.Word).Want(200, "")
		link := w.Link(hana)
		allow(thief, "203.0.113.66").Want(200, "")
		b := w.Browser("192.0.2.1")
		b.Open(link).Press("No, it was not me")
		if versionOf(w, a.ID) != 0 {
			t.Error("the thief's list keeps the owner out")
		}
	})
}

func TestConfirmAndRevertOfOnesOwnListMeetOnce(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		a := w.Settle(hana)
		p := w.Program("192.0.2.1")
		p.Signin(hana, apptest.Word).Want(200, "")
		nodes := []*apptest.World{w, w.Another()}
		var others []*apptest.Program
		for i := range 8 {
			o := w.Program("198.51.100.1").At(nodes[i%2])
			o.Signin(hana, apptest.Word).Want(200, "")
			others = append(others, o)
		}
		allow(p, "198.51.100.0/24").Want(200, "")
		var all sync.WaitGroup
		statuses := make([]int, 16)
		for i := range 16 {
			path := "/confirm"
			if i%2 == 1 {
				path = "/undo"
			}
			all.Go(func() { statuses[i] = others[i/2].Call("POST", ownList+path, nil).Status })
		}
		all.Go(func() { _ = errors.Join(nodes[0].App.Purge(t.Context()), nodes[1].App.Purge(t.Context())) })
		all.Wait()
		won := 0
		for _, s := range statuses {
			if s == 200 {
				won++
			}
		}
		stays := versionOf(w, a.ID) != 0
		if won != 1 || kinds(w, "allowed.confirmed")+kinds(w, "allowed.reverted") != 1 || stays != (kinds(w, "allowed.confirmed") == 1) {
			t.Errorf("%d decisions stood, the list stays: %v", won, stays)
		}
	})
}

// With the sign-in lock on there is no reset, so the way to a new Tegata takes the list
// away: else an owner whose addresses are gone for good is out for good.
func TestANewTegataUnderTheLockLiftsOnesOwnList(t *testing.T) {
	lockedUp(t, []gate.Kind{gate.TOTP, gate.Passphrase}, func(t *testing.T, l *locked) {
		l.Update(func(tx db.Tx) error {
			was, err := allowed.Of(t.Context(), tx, l.account.ID)
			if err == nil {
				_, err = allowed.Set(t.Context(), tx, was, list(t, "198.18.0.1"), "")
			}
			return err
		})
		b := l.by(l.asks(l.Browser("192.0.2.1")), gate.TOTP).Want(200)
		if versionOf(l.World, l.account.ID) == 0 {
			t.Fatal("the list went before everything was proved")
		}
		l.takes(t, l.by(b, gate.Passphrase))
		if versionOf(l.World, l.account.ID) != 0 || kinds(l.World, "allowed.lifted") != 1 {
			t.Error("the list stays")
		}
	})
}

// A header says where somebody is when a proxy that is named wrote it, in whichever
// spelling; from anybody else it says nothing.
func TestAListIsNotPassedByAHeader(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		at := func(from, name, value string) int {
			p := w.Program(from)
			p.Token = ""
			in := w.Program("192.0.2.1")
			in.Signin(hana, apptest.Word).Want(200, "")
			req, err := http.NewRequest("GET", w.Base+"/api/v1/session", nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer "+in.Token)
			if name != "" {
				req.Header.Set(name, value)
			}
			return p.Do(req).Status
		}
		p := w.Program("192.0.2.1")
		p.Signin(hana, apptest.Word).Want(200, "")
		allow(p, "192.0.2.0/24", "2001:db8::/64").Want(200, "")
		for _, c := range []struct {
			from, name, value string
			want              int
		}{
			{"192.0.2.1", "", "", 200}, {"203.0.113.9", "", "", 403},
			{"203.0.113.9", "X-Forwarded-For", "192.0.2.1", 403}, {"203.0.113.9", "Forwarded", "for=192.0.2.1", 403}, {"203.0.113.9", "X-Real-Ip", "192.0.2.1", 403},
			{"10.0.0.5", "X-Forwarded-For", "192.0.2.1", 200}, {"10.0.0.5", "X-Forwarded-For", "::ffff:192.0.2.1", 200}, {"10.0.0.5", "X-Forwarded-For", "192.0.2.1, 203.0.113.9", 403},
			{"10.0.0.5", "X-Forwarded-For", "203.0.113.9, 192.0.2.1", 200}, {"10.0.0.5", "Forwarded", `for="[2001:DB8::7]:99"`, 200}, {"10.0.0.5", "Forwarded", `for="[2001:db8:0:1::7]"`, 403},
			{"10.0.0.5", "X-Forwarded-For", "2001:db8::7%eth0", 200}, {"10.0.0.5", "X-Forwarded-For", "192.0.2.01", 403}, {"10.0.0.5", "X-Forwarded-For", "3221225985", 403},
			{"10.0.0.5", "X-Forwarded-For", "0xC0.0.2.1", 403}, {"10.0.0.5", "X-Forwarded-For", "", 403},
		} {
			if got := at(c.from, c.name, c.value); got != c.want {
				t.Errorf("from %s with %s %q: got %d, want %d", c.from, c.name, c.value, got, c.want)
			}
		}
	}, "trusted_proxies", "10.0.0.0/8")
}

// An installation of Tegata is asked from where it is.
func TestOnesOwnListHoldsForTegata(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		a := w.Settle(hana)
		p := w.Program("192.0.2.1")
		p.Signin(hana, apptest.Word).Want(200, "")
		h := w.Hold(p, a, "Pixel 8") // at 198.51.100.200
		if _, err := h.State(t.Context()); err != nil {
			t.Fatal(err)
		}
		allow(p, "192.0.2.1").Want(200, "")
		if _, err := h.State(t.Context()); err == nil || !strings.Contains(err.Error(), "signin.ip_not_allowed") {
			t.Errorf("outside the list it is answered: %v", err)
		}
		allow(p, "192.0.2.1", "198.51.100.192-198.51.100.201").Want(200, "")
		if _, err := h.State(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
