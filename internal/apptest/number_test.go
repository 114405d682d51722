package apptest_test

import (
	"bytes"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"sekisho/internal/apptest"
	"sekisho/internal/command"
)

// named hides what two journeys may differ in: the name that was typed, the flow and
// the moment.
func named(b *apptest.Browser, typed string) string {
	s := regexp.MustCompile(`flw_[0-9a-z]+`).ReplaceAllString(b.Body, "FLOW")
	s = regexp.MustCompile(`data-now="[0-9]+"`).ReplaceAllString(s, "NOW")
	s = strings.ReplaceAll(s, strings.ReplaceAll(typed, "+", "%2b"), "TYPED")
	s = strings.ReplaceAll(s, strings.ReplaceAll(typed, "+", "&#43;"), "TYPED")
	return strings.ReplaceAll(strings.ReplaceAll(s, strings.ReplaceAll(typed, "@", "%40"), "TYPED"), typed, "TYPED")
}

func TestNumberIsProvedAndSignsInByCode(t *testing.T) {
	eachWithPhones(t, func(t *testing.T, w *apptest.World, phones *apptest.Phones) {
		work(t, w)
		w.Settle(hana)
		b := w.Browser("192.0.2.1")
		b.Signin(hana, apptest.Word)
		b.Open("/me/addresses").Press("Add one").Fill("E-mail address or mobile", "090-1111-2222").Press("Send a code").Want(400).See("number.malformed", "+81 90 1234 5678")
		if !strings.Contains(b.Body, `value="090-1111-2222"`) {
			t.Error("what was typed is gone")
		}
		b.Fill("E-mail address or mobile", "+81 90 1111 2222").Press("Send a code").See("Enter the code", number, "The SMS was sent")
		// Until it is proved the number finds nobody and gets no code to sign in.
		sent := len(phones.Texts(number))
		x := w.Browser("192.0.2.2").Open("/signin").Fill("E-mail", number).Press("Next").Press("Another way").Press("Code by SMS").Want(200)
		time.Sleep(300 * time.Millisecond)
		if got := len(phones.Texts(number)); got != sent {
			t.Errorf("a claim got %d codes to sign in", got-sent)
		}
		b.Fill("Code", phones.Code(number)).Press("Confirm").See("It can be used", number, "primary")
		w.Clock.Add(2 * time.Minute)
		for i, typed := range []string{number, hana} {
			x = w.Browser([]string{"192.0.2.3", "192.0.2.4"}[i])
			x.Open("/signin").Fill("E-mail", typed).Press("Next").Press("Another way").Press("Code by SMS").Want(200).See("Enter the code")
			eventually(t, func() bool { return len(phones.Texts(number)) == sent+1+i })
			x.Fill("Code", phones.Code(number)).Press("Next").Want(200).See("Hello Hana")
			w.Clock.Add(2 * time.Minute)
		}
		// A number can be a way back, and be taken off again.
		r := w.Browser("192.0.2.5").Open("/recover").Fill("E-mail", number).Press("Send the code")
		eventually(t, func() bool { return len(phones.Texts(number)) == sent+3 })
		r.Fill("Code", phones.Code(number)).Press("Next").Fill("New password", newer).Press("Next").See("Hello Hana")
		r.Open("/me/addresses").Press(number).Press("Remove").Press("Remove").See("Removed.").Miss(number)
	})
}

func eventually(t *testing.T, is func() bool) {
	t.Helper()
	for range 400 {
		if is() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("it did not come to be within 4 s")
}

func TestWithoutANumberTheCodeGoesByMailWithoutAsking(t *testing.T) {
	eachWithPhones(t, func(t *testing.T, w *apptest.World, phones *apptest.Phones) {
		work(t, w)
		w.Settle(hana)
		b := w.Browser("192.0.2.1").Open("/signin").Fill("E-mail", hana).Press("Next").Press("Another way").Press("Code by SMS").Want(200)
		b.Fill("Code", w.Code(hana)).Press("Next").See("Hello Hana")
		if got := phones.Texts(""); len(got) != 0 {
			t.Errorf("got %d SMS, want none", len(got))
		}
	})
}

func TestStrangersCannotTellWhoHasANumber(t *testing.T) {
	eachWithPhones(t, func(t *testing.T, w *apptest.World, _ *apptest.Phones) {
		work(t, w)
		w.Settle(hana, number)
		w.Settle("ken@example.com")
		w.Settle("team@example.com")
		shareOf(w, "team@example.com")
		// What was typed, an address or a number, may change what a page says; what is on
		// file may not.
		first := map[bool][]string{}
		for i, typed := range []string{"nobody@example.com", hana, "ken@example.com", "team@example.com", number, "+819099998888"} {
			w.Clock.Add(2 * time.Minute) // two of them lead to one account
			b := w.Browser("192.0.2."+string(rune('1'+i))).Open("/signin").Fill("E-mail", typed).Press("Next")
			got := []string{named(b, typed)}
			got = append(got, named(b.Press("Another way"), typed), named(b.Press("Code by SMS"), typed))
			got = append(got, named(b.Fill("Code", "000000").Press("Next"), typed))
			r := w.Browser("192.0.3."+string(rune('1'+i))).Open("/recover").Fill("E-mail", typed).Press("Send the code")
			got = append(got, named(r, typed))
			want := first[typed[0] == '+']
			for j := range want {
				if reference.ReplaceAllString(got[j], "REF") != want[j] {
					t.Errorf("%s, page %d differs:\n%s\n\nwant\n%s", typed, j, got[j], want[j])
				}
			}
			if want == nil {
				for _, s := range got {
					want = append(want, reference.ReplaceAllString(s, "REF"))
				}
				first[typed[0] == '+'] = want
			}
		}
	})
}

var reference = regexp.MustCompile(`[0-9A-Z]{4}-[0-9A-Z]{4}`)

func TestGatewayThatFailsIsToldWhereANumberIsAdded(t *testing.T) {
	eachWithPhones(t, func(t *testing.T, w *apptest.World, phones *apptest.Phones) {
		work(t, w)
		w.Settle(hana)
		phones.Refuse(http.StatusBadRequest)
		p := signed(w, hana, "192.0.2.1")
		p.Call("POST", "/api/v1/me/addresses", map[string]any{"address": number}).Want(503, "sms.not_sent")
		b := w.Browser("192.0.2.2")
		b.Signin(hana, apptest.Word)
		w.Clock.Add(2 * time.Minute)
		b.Open("/me/addresses/new").Fill("E-mail address or mobile", number).Press("Send a code").See("sms.not_sent", "Enter the code")
	})
}

func TestSharedMailboxesAreRefusedByTheTextAlone(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		w.Settle(hana)
		w.Settle("info@example.com") // there before the rule, or made by the operator all the same
		before := len(w.Mails())
		for _, typed := range []string{"info@example.com", "INFO@example.net", "sales+eu@example.com", "No-Reply@example.org"} {
			w.Program("192.0.2.1").Call("POST", "/api/v1/signup", map[string]any{"name": "X", "email": typed}).Want(400, "account.group_address")
			w.Program("192.0.2.1").Call("POST", "/api/v1/recover", map[string]any{"identifier": typed}).Want(400, "account.group_address")
			w.Browser("192.0.2.2").Open("/recover").Fill("E-mail", typed).Press("Send the code").Want(400).See("A shared mailbox cannot be used here")
			signed(w, hana, "192.0.2.3").Call("POST", "/api/v1/me/addresses", map[string]any{"address": typed}).Want(400, "account.group_address")
			var s apptest.Step
			w.Program("192.0.2.4").Call("POST", "/api/v1/signin", map[string]any{"identifier": typed}).Want(200, "").Into(&s)
			for _, x := range s.Next {
				if x.Kind == "mailcode" {
					t.Errorf("a code by mail is offered for %s", typed)
				}
			}
		}
		for _, typed := range []string{"information@example.com", "hana.info@example.com"} {
			w.Program("192.0.2.5").Call("POST", "/api/v1/recover", map[string]any{"identifier": typed}).Want(200, "")
		}
		if after := len(w.Mails()); after != before {
			t.Errorf("%d mails went to a shared mailbox", after-before)
		}
		open := w.Another("role_addresses", "")
		open.Program("192.0.2.6").Call("POST", "/api/v1/recover", map[string]any{"identifier": "info@example.com"}).Want(200, "")
		if after := len(w.Mails()); after != before+1 {
			t.Error("with no rule the address is like any other")
		}
	})
}

func TestMailboxMarkedAsSharedGetsNoCodeThatOpensAnything(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		a := w.Settle(hana)
		p := signed(w, hana, "192.0.2.1")
		prove(p, claim(p, second), w.Code(second)).Want(200, "")
		late := w.Browser("203.0.113.67").Open("/recover").Fill("E-mail", second)
		w.Clock.Add(2 * time.Minute)
		shareOf(w, second)
		before := len(w.Mails())
		late.Press("Send the code").Want(200)
		p.Call("PUT", "/api/v1/me/addresses/"+listed(p)[second].ID+"/primary", nil).Want(400, "account.group_address")
		if after := len(w.Mails()); after != before {
			t.Errorf("%d mails went to a shared mailbox", after-before)
		}
		// It stays on file, is no way to keep the account by, and still finds it.
		p.Call("DELETE", "/api/v1/me/addresses/"+listed(p)[hana].ID, nil).Want(409, "address.last")
		w.Program("192.0.2.2").Signin(second, apptest.Word).Want(200, "")
		// As the primary one it gets no code to sign in either.
		shareOf(w, hana)
		w.Clock.Add(2 * time.Minute)
		before = len(w.Mails())
		x := w.Program("192.0.2.3")
		at := begun(x, hana)
		x.Call("POST", "/api/v1/signin/"+at.Flow, map[string]any{"kind": "mailcode"}).Want(200, "")
		if after := len(w.Mails()); after != before {
			t.Errorf("%d codes to sign in went to a shared mailbox", after-before)
		}
		if list := addressesOf(w, a.ID); len(list) != 2 || !list[0].Shared {
			t.Errorf("got %+v", list)
		}
	})
}

func TestCodeBySMSThatFallsBackSparesAHostedMailbox(t *testing.T) {
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			w := apptest.New(t, engine, "sms", apptest.NewPhones(t).Setting, "hosted_domains", "example.com")
			w.Settle(hana)
			p := w.Program("192.0.2.1")
			at := begun(p, hana)
			p.Call("POST", "/api/v1/signin/"+at.Flow, map[string]any{"kind": "smscode"})
			if got := len(w.Mails()); got != 0 {
				t.Errorf("%d codes went to a mailbox that the account opens", got)
			}
		})
	}
}

func TestTerminalMakesAndMarksSharedMailboxes(t *testing.T) {
	data := t.TempDir()
	run := func(want int, args ...string) string {
		t.Helper()
		var out, errs bytes.Buffer
		if code := command.Main(t.Context(), args, []string{"SEKISHO_DATA=" + data}, &out, &errs); code != want {
			t.Fatalf("%v ended with %d, want %d: %s", args, code, want, &errs)
		}
		return out.String() + errs.String()
	}
	if got := run(command.Failed, "account", "create", "sales@example.com"); !strings.Contains(got, "account.group_address") || !strings.Contains(got, "--shared") {
		t.Errorf("got %s", got)
	}
	run(0, "account", "create", "sales@example.com", "--shared")
	run(0, "account", "create", "team@example.com")
	if got := run(0, "--json", "account", "address", "shared", "team@example.com"); !strings.Contains(got, `"shared": true`) || !strings.Contains(got, "acc_") {
		t.Errorf("got %s", got)
	}
	run(0, "account", "address", "shared", "team@example.com", "--off")
	run(command.NotThere, "account", "address", "shared", "nobody@example.com")
	run(command.Usage, "account", "address", "shared", "+819011112222")
}
