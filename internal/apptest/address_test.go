package apptest_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/apptest"
	"sekisho/internal/db"
	"sekisho/internal/ref"
)

const (
	second = "hana.sato@example.org"
	number = "+819011112222"
)

// signed is a program that is signed in.
func signed(w *apptest.World, who, from string) *apptest.Program {
	w.T.Helper()
	p := w.Program(from)
	p.Signin(who, apptest.Word).Want(200, "")
	return p
}

// claim adds an address and gives the flow in which it is proved.
func claim(p *apptest.Program, address string) string {
	var s apptest.Step
	a := p.Call("POST", "/api/v1/me/addresses", map[string]any{"address": address})
	a.Want(200, "").Into(&s)
	if s.Flow == "" || len(s.Next) != 1 || s.Next[0].Kind != "confirm_code" {
		a.T.Fatalf("got %s", a.Body)
	}
	return s.Flow
}

func prove(p *apptest.Program, flow, code string) apptest.Answer {
	return p.Call("POST", "/api/v1/me/addresses/"+flow, map[string]any{"answer": code})
}

type shown struct {
	ID        string `json:"id"`
	Kind      string `json:"kind"`
	Address   string `json:"address"`
	Primary   bool   `json:"primary"`
	Confirmed bool   `json:"confirmed"`
}

func listed(p *apptest.Program) map[string]shown {
	var list []shown
	p.Call("GET", "/api/v1/me/addresses", nil).Want(200, "").Into(&list)
	out := map[string]shown{}
	for _, x := range list {
		out[x.Address] = x
	}
	return out
}

// letters are the subjects and addresses of mails that say something.
func letters(w *apptest.World, words string) (to []string) {
	w.T.Helper()
	for _, l := range w.Mails() {
		if strings.Contains(l.Text, words) {
			to = append(to, l.To)
		}
	}
	return to
}

func TestAddressesAreAddedProvedPromotedAndRemovedOnPages(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana, "hana")
		b := w.Browser("192.0.2.1")
		b.Signin(hana, apptest.Word)
		b.Open("/me/addresses").See(hana, "primary", "User name", "hana").Press(hana).See("It cannot be removed").Miss("Make it primary")
		b.Open("/me/addresses").Press("Add one").Fill("E-mail address", second).Press("Send a code").See("Enter the code", second)
		at := b.URL.RequestURI()
		b.Fill("Code", "000000").Press("Confirm").Want(401).See("does not match")
		// It is no sign-in that was refused.
		b.Open("/me/activity").See("An address was not confirmed", "does not match").Miss("sign-in was refused")
		b.Open("/me/addresses").See(second, "not confirmed")
		b.Open(at).Fill("Code", w.Code(second)).Press("Confirm").Want(200).See("It can be used with this account", second, "for recovery")
		if got := letters(w, "Added to the account"); len(got) != 2 {
			t.Errorf("told %v, want both addresses", got)
		}
		b.Press(second).Press("Make it primary").See("Make it the primary one?", hana).Press("Make it primary").See("The primary one is changed")
		b.Press(hana).See("Signing in by this name").Press("Remove").See("Remove it from this account?").Press("Remove").See("Removed.").Miss(hana)
		if got := letters(w, "Removed from the account"); len(got) != 2 {
			t.Errorf("told %v, want both addresses", got)
		}
		b.Open("/me/activity?kind=address.").See("An address was added", "The primary address was changed", "An address was removed")
		b.Open("/me/addresses/one?id=adr_01kf0e7st00000000000000001").Want(404).See("address.unknown")
		w.Program("192.0.2.2").Signin(second, apptest.Word).Want(200, "")
		w.Program("192.0.2.2").Signin(hana, apptest.Word).Want(401, "signin.not_recognised")
	})
}

func TestAddressesThroughTheAPI(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana, "hana")
		p := signed(w, hana, "192.0.2.1")
		p.Call("POST", "/api/v1/me/addresses", map[string]any{"address": "not an address"}).Want(400, "identifier.malformed")
		p.Call("POST", "/api/v1/me/addresses", map[string]any{"address": "hana2"}).Want(400, "identifier.malformed")
		p.Call("POST", "/api/v1/me/addresses", map[string]any{"address": number}).Want(400, "signin.method_not_offered")
		p.Call("POST", "/api/v1/me/addresses", map[string]any{"address": hana}).Want(409, "address.already_added")
		flow := claim(p, second)
		prove(p, flow, "").Want(429, "code.resend_early")
		waits := listed(p)[second]
		if waits.Confirmed || waits.Primary || !strings.HasPrefix(waits.ID, "adr_") {
			t.Errorf("got %+v", waits)
		}
		p.Call("PUT", "/api/v1/me/addresses/"+waits.ID+"/primary", nil).Want(409, "address.unconfirmed")
		w.Clock.Add(time.Minute)
		first := w.Code(second)
		prove(p, flow, "").Want(200, "")
		if again := w.Code(second); again != first {
			prove(p, flow, first).Want(401, "code.wrong")
		}
		var got shown
		prove(p, flow, w.Code(second)).Want(200, "").Into(&got)
		if !got.Confirmed || got.Primary || got.ID != waits.ID {
			t.Errorf("got %+v", got)
		}
		prove(p, flow, first).Want(410, "flow.expired")
		p.Call("PUT", "/api/v1/me/addresses/"+got.ID+"/primary", nil).Want(204, "")
		now := listed(p)
		if !now[second].Primary || now[hana].Primary {
			t.Errorf("got %+v", now)
		}
		name := now["hana"]
		p.Call("DELETE", "/api/v1/me/addresses/"+name.ID, nil).Want(404, "address.unknown")
		p.Call("DELETE", "/api/v1/me/addresses/"+now[second].ID, nil).Want(204, "")
		if now = listed(p); !now[hana].Primary || len(now) != 2 {
			t.Errorf("got %+v, want %s primary again", now, hana)
		}
		p.Call("DELETE", "/api/v1/me/addresses/"+now[hana].ID, nil).Want(409, "address.last")
		// Nothing of another account's can be named.
		w.Settle("ken@example.com")
		q := signed(w, "ken@example.com", "192.0.2.2")
		for _, path := range []string{now[hana].ID, now[hana].ID + "/primary"} {
			method := map[bool]string{true: "PUT", false: "DELETE"}[strings.Contains(path, "/")]
			q.Call(method, "/api/v1/me/addresses/"+path, nil).Want(404, "address.unknown")
		}
		for i := range account.Most - 1 {
			w.Clock.Add(21 * time.Minute) // five codes an hour
			p.Token = ""
			p.Signin(hana, apptest.Word).Want(200, "")
			claim(p, fmt.Sprintf("more%d@example.org", i))
		}
		p.Call("POST", "/api/v1/me/addresses", map[string]any{"address": "tenth@example.org"}).Want(409, "address.full")
	})
}

func TestAddressesWantAFreshProof(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		a := w.Settle(hana)
		p, b := signed(w, hana, "192.0.2.1"), w.Browser("192.0.2.2")
		b.Signin(hana, apptest.Word)
		flow := claim(p, second)
		w.Clock.Add(11 * time.Minute)
		id := listed(p)[hana].ID
		p.Call("POST", "/api/v1/me/addresses", map[string]any{"address": "more@example.org"}).Want(403, "session.fresh_required")
		prove(p, flow, "").Want(403, "session.fresh_required")
		p.Call("DELETE", "/api/v1/me/addresses/"+id, nil).Want(403, "session.fresh_required")
		p.Call("PUT", "/api/v1/me/addresses/"+id+"/primary", nil).Want(403, "session.fresh_required")
		b.Post("/me/addresses/new", form("", "address", "more@example.org")).Want(403).See("session.fresh_required")
		b.Post("/me/addresses/remove", form("", "id", id)).Want(403).See("session.fresh_required")
		b.Open("/me/addresses").Want(200).Press("Add one").Miss("E-mail address")
		b.Fill("Password", apptest.Word).Press("Next").See("Add an address").Fill("E-mail address", "more@example.org").Press("Send a code").See("Enter the code")
		w.View(func(tx db.ReadTx) error {
			list, err := account.Addresses(t.Context(), tx, a.ID)
			if len(list) != 3 {
				t.Errorf("got %d addresses, want 3", len(list))
			}
			return err
		})
	})
}

func TestAnUnprovedClaimOpensNothingAndGoesAfter30Days(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		p := signed(w, hana, "192.0.2.1")
		claim(p, second)
		before := len(w.Mails())
		w.Clock.Add(2 * time.Minute)
		// The name finds nobody, and no code that opens anything goes there.
		w.Program("192.0.2.3").Signin(second, apptest.Word).Want(401, "signin.not_recognised")
		x := w.Browser("192.0.2.3").Open("/signin").Fill("E-mail", second).Press("Next").Press("Another way").Press("Code by e-mail").Want(200)
		x.Open("/recover").Fill("E-mail", second).Press("Send the code").Want(200)
		if after := len(w.Mails()); after != before {
			t.Errorf("%d mails went out for an address that nobody proved", after-before)
		}
		// Whose it is can sign up with it; the claim does not stand in the way.
		o := w.Browser("192.0.2.4")
		o.Open("/signup").Fill("Name", "Owner").Fill("E-mail", second).Press("Next").Fill("New password", newer).Press("Next")
		o.Fill("Code", w.Code(second)).Press("Next").See("Hello Owner")
		if got := listed(p)[second]; got.ID == "" || got.Confirmed {
			t.Errorf("got %+v: the claim stays and tells nothing", got)
		}
		w.Clock.Add(account.ClaimedFor)
		if err := w.Purge(t.Context()); err != nil {
			t.Fatal(err)
		}
		p.Token = ""
		p.Signin(hana, apptest.Word).Want(200, "")
		if got := listed(p); got[second].ID != "" || !got[hana].Confirmed {
			t.Errorf("got %+v, want the claim gone", got)
		}
		w.Program("192.0.2.5").Signin(second, newer).Want(200, "")
	})
}

func TestOneOfTwoAccountsProvesAnAddress(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		w.Settle("ken@example.com")
		nodes := []*apptest.World{w, w.Another()}
		var programs []*apptest.Program
		var flows, codes []string
		for i, who := range []string{hana, "ken@example.com"} {
			p := signed(nodes[i], who, fmt.Sprintf("192.0.2.%d", i+1))
			programs = append(programs, p)
			flows = append(flows, claim(p, second))
			codes = append(codes, w.Code(second))
			w.Clock.Add(time.Second)
		}
		// A code of one account is none of the other's.
		if codes[0] != codes[1] {
			prove(programs[0], flows[0], codes[1]).Want(401, "code.wrong")
		}
		prove(programs[1], flows[0], codes[0]).Want(403, "flow.other_browser")
		got := make([]apptest.Answer, 2)
		var all sync.WaitGroup
		for i := range got {
			all.Go(func() { got[i] = prove(programs[i], flows[i], codes[i]) })
		}
		all.Wait()
		won := 0
		for i, a := range got {
			if a.Status == 200 {
				won++
				continue
			}
			a.Want(409, "account.address_taken")
			if x := listed(programs[i])[second]; x.ID != "" {
				t.Errorf("the loser still claims it: %+v", x)
			}
		}
		if won != 1 {
			t.Errorf("%d accounts have the address, want one", won)
		}
	})
}

func TestCodesOfAnAddressProveThatAddressAlone(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		p := signed(w, hana, "192.0.2.1")
		flow := claim(p, second)
		code := w.Code(second)
		// Another flow, another address.
		w.Clock.Add(time.Minute)
		other := claim(p, "third@example.org")
		if w.Code("third@example.org") != code {
			prove(p, other, code).Want(401, "code.wrong")
			prove(p, flow, w.Code("third@example.org")).Want(401, "code.wrong")
		}
		// Another purpose: a code to sign in.
		at := begun(w.Program("192.0.2.2"), hana)
		q := w.Program("192.0.2.2")
		q.Call("POST", "/api/v1/signin/"+at.Flow, map[string]any{"kind": "mailcode"}).Want(200, "")
		if w.Code(hana) != code {
			prove(p, flow, w.Code(hana)).Want(401, "code.wrong")
			q.Call("POST", "/api/v1/signin/"+at.Flow, map[string]any{"kind": "mailcode", "answer": code}).Want(401, "code.wrong")
		}
		prove(p, flow, code).Want(200, "")
	})
}

func TestRemovedAddressEndsWhatWasSentThereAndFindsNobody(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		p := signed(w, hana, "192.0.2.1")
		prove(p, claim(p, second), w.Code(second)).Want(200, "")
		w.Clock.Add(time.Second)
		// Somebody who reads the old mailbox waits with a proof, another with a code.
		thief := w.Browser("203.0.113.66").Open("/recover").Fill("E-mail", hana).Press("Send the code")
		thief.Fill("Code", w.Code(hana)).Press("Next").See("new password")
		w.Clock.Add(2 * time.Minute)
		late := w.Browser("203.0.113.67").Open("/recover").Fill("E-mail", hana).Press("Send the code")
		code := w.Code(hana)
		p.Call("DELETE", "/api/v1/me/addresses/"+listed(p)[hana].ID, nil).Want(204, "")
		thief.Fill("New password", newer).Press("Next").Miss("Hello Hana")
		late.Fill("Code", code).Press("Next").Miss("new password")
		w.Clock.Add(2 * time.Minute)
		before := len(w.Mails())
		w.Browser("203.0.113.68").Open("/recover").Fill("E-mail", hana).Press("Send the code").Want(200)
		w.Program("192.0.2.9").Signin(hana, apptest.Word).Want(401, "signin.not_recognised")
		if after := len(w.Mails()); after != before {
			t.Errorf("%d mails went to an address that was removed", after-before)
		}
		w.Program("192.0.2.9").Signin(second, apptest.Word).Want(200, "")
	})
}

func TestARecoveryAddressLeadsBack(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		p := signed(w, hana, "192.0.2.1")
		prove(p, claim(p, second), w.Code(second)).Want(200, "")
		w.Clock.Add(2 * time.Minute)
		b := w.Browser("192.0.2.2").Open("/recover").Fill("E-mail", second).Press("Send the code").Fill("Code", w.Code(second)).Press("Next")
		b.Fill("New password", newer).Press("Next").See("Hello Hana")
	})
}

func TestManyAccountsDoNotFloodAMailbox(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		for i := range 6 {
			who := fmt.Sprintf("many%d@example.com", i)
			w.Settle(who)
			a := signed(w, who, fmt.Sprintf("192.0.2.%d", i+1)).Call("POST", "/api/v1/me/addresses", map[string]any{"address": second})
			if i < 5 {
				a.Want(200, "")
				continue
			}
			a.Want(429, "code.send_limit")
		}
	})
}

func TestOwnersFirstAddressCanBeExchanged(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		link, err := w.OwnerLink(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		b := w.Browser("192.0.2.1").Open(link[len(w.Base):])
		b.Fill("Name to show", "Hana").Fill("E-mail", "mistyped@example.com").Fill("New password", apptest.Word).Press("Create").Press("Later").See("Hello Hana")
		b.Open("/me/addresses").Press("mistyped@").See("It cannot be removed").Press("Send a code and confirm").See("mistyped@example.com")
		b.Open("/me/addresses").Press("Add one").Fill("E-mail address", hana).Press("Send a code").Fill("Code", w.Code(hana)).Press("Confirm").See("Confirmed.")
		b.Press("mistyped@").Press("Remove").See(hana+" becomes the primary one").Press("Remove").See("Removed.", "primary").Miss("mistyped@")
		w.Program("192.0.2.2").Signin(hana, apptest.Word).Want(200, "")
	})
}

func TestRecoveryThroughAnotherAddressDoesNotConfirmThePrimaryOne(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		link, err := w.OwnerLink(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		b := w.Browser("192.0.2.1").Open(link[len(w.Base):])
		b.Fill("Name to show", "Hana").Fill("E-mail", "mistyped@example.com").Fill("New password", apptest.Word).Press("Create").Press("Later")
		b.Open("/me/addresses/new").Fill("E-mail address", hana).Press("Send a code").Fill("Code", w.Code(hana)).Press("Confirm").See("Confirmed.")
		w.Clock.Add(2 * time.Minute)
		r := w.Browser("192.0.2.2").Open("/recover").Fill("E-mail", hana).Press("Send the code").Fill("Code", w.Code(hana)).Press("Next")
		r.Fill("New password", newer).Press("Next").See("Confirm your address?", "mistyped@example.com")
		r.Open("/me/addresses").See("not confirmed")
	})
}

// shareOf marks an address as the operator does.
func shareOf(w *apptest.World, raw string) {
	w.T.Helper()
	id, err := account.Parse(raw)
	if err != nil {
		w.T.Fatal(err)
	}
	w.Update(func(tx db.Tx) error { _, err := account.Share(context.Background(), tx, id, true); return err })
}

func addressesOf(w *apptest.World, id ref.Account) (list []account.Address) {
	w.T.Helper()
	w.View(func(tx db.ReadTx) (err error) {
		list, err = account.Addresses(context.Background(), tx, id)
		return err
	})
	return list
}

func TestAChangedAddressLeavesTegataAlone(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		a := w.Settle(hana, "second@example.com")
		p := inside(w)
		h := w.Hold(p, a, "Pixel 8")
		p.Call("PUT", "/api/v1/me/addresses/"+listed(p)["second@example.com"].ID+"/primary", nil).Want(204, "")
		if err := h.Lock(t.Context(), time.Time{}, false); err != nil {
			t.Errorf("got %v", err)
		}
	})
}
