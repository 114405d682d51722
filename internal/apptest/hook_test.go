package apptest_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"sekisho/internal/apptest"
	"sekisho/internal/audit"
	"sekisho/internal/db"
	"sekisho/internal/dbtest"
	"sekisho/internal/flow/govern"
	"sekisho/internal/hook"
	"sekisho/internal/org"
	"sekisho/internal/ref"
)

// receiver is a program that is told, and checks what it is told with code of its own.
type receiver struct {
	*httptest.Server
	mu      sync.Mutex
	got     []*http.Request
	bodies  []string
	answers []int // what it answers, the last one again and again
	to      string
}

func receive(t *testing.T, answers ...int) *receiver {
	r := &receiver{answers: answers}
	r.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, h *http.Request) {
		r.mu.Lock()
		defer r.mu.Unlock()
		body, _ := io.ReadAll(h.Body)
		r.got, r.bodies = append(r.got, h), append(r.bodies, string(body))
		if r.to != "" {
			w.Header().Set("Location", r.to)
		}
		if len(r.answers) > 0 {
			w.WriteHeader(r.answers[min(len(r.got), len(r.answers))-1])
		}
	}))
	t.Cleanup(r.Close)
	return r
}

// listening opens a Sekisho that may reach such a program.
func listening(t *testing.T, engine string, r *receiver, inner string) *apptest.World {
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: r.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return apptest.New(t, engine, "ca_file", file, "hook_inner_networks", inner)
}

// tell has what happened sent.
func tell(w *apptest.World) {
	w.T.Helper()
	if _, err := (audit.Chain{Ring: w.Ring}).Seal(w.T.Context(), w.DB); err != nil {
		w.T.Fatal(err)
	}
	for range 5 {
		if err := w.TellHooks(w.T.Context()); err != nil {
			w.T.Fatal(err)
		}
	}
}

// genuine checks a message as the text of the Standard Webhooks specification says, with one
// of the secrets, and gives its id.
func genuine(t *testing.T, h *http.Request, body, word string) string {
	t.Helper()
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(word, "whsec_"))
	if err != nil || len(key) < 24 || len(key) > 64 || !strings.HasPrefix(word, "whsec_") {
		t.Fatalf("the secret is not one: %v", err)
	}
	id, at := h.Header.Get("webhook-id"), h.Header.Get("webhook-timestamp")
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + at + "." + body))
	want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	for _, given := range strings.Split(h.Header.Get("webhook-signature"), " ") {
		if hmac.Equal([]byte(given), []byte(want)) {
			if _, err := strconv.ParseInt(at, 10, 64); err != nil || id == "" || strings.Contains(id, ".") {
				t.Errorf("got id %q at %q", id, at)
			}
			return id
		}
	}
	return ""
}

func (h house) hooked(url string, kinds ...string) (hook.Hook, string) {
	h.t.Helper()
	made, word, err := h.AddHook(h.t.Context(), operator, h.id, govern.Wish{Name: "Monitoring", URL: url, Kinds: kinds})
	h.must(err)
	return made, word.Reveal()
}

func deliveries(w *apptest.World, id ref.Hook) (list []hook.Delivery) {
	w.T.Helper()
	w.View(func(tx db.ReadTx) (err error) {
		list, err = hook.Deliveries(w.T.Context(), tx, id, "~", 100)
		return err
	})
	return list
}

func TestAWebhookTellsWhatHappened(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			r := receive(t)
			w := listening(t, engine, r, "127.0.0.0/8")
			h, other, ctx := found(t, w, "Acme", "owner@example.com"), found(t, w, "Other", "else@example.com"), t.Context()
			h.member("before@example.com", org.Plain)
			made, word := h.hooked(r.URL+"/in?key=1", "member.*", "signin.refused")
			w.Clock.Add(time.Second)
			ken := h.member("ken@example.com", org.Plain)
			other.member("mika@example.com", org.Plain)
			_, err := h.AddGroup(ctx, operator, h.id, "Night shift") // not wanted
			h.must(err)
			w.Browser("192.0.2.1").Signin("ken@example.com", "a wrong password")
			if _, err := h.Deactivate(ctx, operator, h.id, ken.ID); err != nil {
				t.Fatal(err)
			}
			tell(w)
			kinds := map[string]string{}
			for i, b := range r.bodies {
				id := genuine(t, r.got[i], b, word)
				if id == "" {
					t.Errorf("the signature of %s does not fit", b)
				}
				var x struct {
					Type string    `json:"type"`
					At   time.Time `json:"timestamp"`
					Data struct {
						Reference, Organisation, Account, Code string
					}
				}
				if err := json.Unmarshal([]byte(b), &x); err != nil || x.At.IsZero() || x.Data.Organisation != string(h.id) || x.Data.Account != string(ken.ID) || id != "evt_"+x.Data.Reference {
					t.Errorf("got %s (%v)", b, err)
				}
				kinds[x.Type] = x.Data.Code
			}
			if len(kinds) != 3 || kinds["signin.refused"] == "" || len(r.bodies) != 3 {
				t.Errorf("told of %v in %d messages", kinds, len(r.bodies))
			}
			if all := strings.Join(r.bodies, ""); strings.Contains(all, "wrong password") || strings.Contains(all, "whsec_") {
				t.Error("a secret is sent")
			}
			// A replay has the same id, so that the receiver knows it again.
			d := deliveries(w, made.ID)[0]
			h.must(h.Replay(ctx, operator, h.id, d.ID))
			if got := codeOf(h.Replay(ctx, operator, h.id, d.ID)); got != "org.not_found" {
				t.Errorf("what waits is sent again: %q", got)
			}
			if got := codeOf(other.Replay(ctx, other.by(other.owner), other.id, d.ID)); got != "org.not_found" {
				t.Errorf("another organisation's is sent again: %q", got)
			}
			tell(w)
			if n := len(r.got); n != 4 || genuine(t, r.got[3], r.bodies[3], word) != "evt_"+string(d.Reference) {
				t.Errorf("%d messages, and the id is another", n)
			}
			// Of two secrets both sign for a day.
			fresh, err := h.RotateHook(ctx, operator, h.id, made.ID)
			h.must(err)
			h.must(h.TestHook(ctx, operator, h.id, made.ID))
			tell(w)
			last := len(r.got) - 1
			if genuine(t, r.got[last], r.bodies[last], word) == "" || genuine(t, r.got[last], r.bodies[last], fresh.Reveal()) == "" {
				t.Error("one of two secrets does not sign")
			}
			w.Clock.Add(24*time.Hour + time.Second)
			h.must(h.TestHook(ctx, operator, h.id, made.ID))
			tell(w)
			last = len(r.got) - 1
			if genuine(t, r.got[last], r.bodies[last], word) != "" || genuine(t, r.got[last], r.bodies[last], fresh.Reveal()) == "" {
				t.Error("the secret before signs for longer than a day, or the new one does not")
			}
			// A message that was caught is of no use with another body or time.
			if tampered := genuine(t, r.got[last], r.bodies[last]+" ", fresh.Reveal()); tampered != "" {
				t.Error("another body has the same signature")
			}
		})
	}
}

func TestAWebhookThatFailsIsTriedAgainAndRests(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			r := receive(t, 500, 400, 200)
			w := listening(t, engine, r, "127.0.0.0/8")
			h := found(t, w, "Acme", "owner@example.com")
			made, _ := h.hooked(r.URL, "*")
			w.Clock.Add(time.Second)
			h.member("ken@example.com", org.Plain)
			h.member("mika@example.com", org.Plain)
			tell(w)
			if n := len(r.got); n == 0 || n > 3 {
				t.Fatalf("%d tries at once", n)
			}
			tries := len(r.got)
			tell(w)
			if len(r.got) != tries {
				t.Error("it is tried again while it rests")
			}
			for range 6 {
				w.Clock.Add(3 * time.Minute)
				tell(w)
			}
			for _, d := range deliveries(w, made.ID) {
				if d.State != hook.Sent || d.Status != 200 {
					t.Errorf("got %+v", d)
				}
			}
			// The receiver that says that it is gone is left alone.
			r.answers = []int{410}
			h.member("aya@example.com", org.Plain)
			tell(w)
			n := len(r.got)
			h.member("naoki@example.com", org.Plain)
			tell(w)
			if len(r.got) != n {
				t.Error("it is told after it said that it is gone")
			}
			if got := codeOf(h.TestHook(t.Context(), operator, h.id, made.ID)); got != "hook.off" {
				t.Errorf("got %q", got)
			}
			// What is never taken is given up after three days, and can be sent again.
			r.answers = []int{503}
			h.must(h.SetHook(t.Context(), operator, h.id, made.ID, govern.Wish{Name: "M", URL: r.URL, Kinds: []string{"*"}}))
			h.member("sora@example.com", org.Plain)
			for range 80 {
				w.Clock.Add(time.Hour + time.Minute)
				tell(w)
			}
			d := deliveries(w, made.ID)[0]
			if d.State != hook.Failed || d.Tries < 20 || d.Tries > 90 {
				t.Errorf("got %+v", d)
			}
			r.answers = []int{204}
			h.must(h.Replay(t.Context(), operator, h.id, d.ID))
			w.Clock.Add(time.Hour)
			tell(w)
			if d := deliveries(w, made.ID); d[0].Kind != "hook.replayed" && d[0].State != hook.Sent {
				t.Errorf("got %+v", d[0])
			}
		})
	}
}

// Neither what is typed nor where a name or an answer leads gets a webhook inside.
func TestAWebhookReachesNothingInside(t *testing.T) {
	r := receive(t)
	w := listening(t, "sqlite", r, "")
	h, ctx := found(t, w, "Acme", "owner@example.com"), t.Context()
	port := r.URL[strings.LastIndexByte(r.URL, ':'):]
	for _, url := range []string{
		r.URL, "https://127.0.0.1" + port, "https://[::1]" + port, "https://localhost" + port, "https://LOCALHOST." + port, "https://169.254.169.254/latest/meta-data", "https://2130706433" + port, "https://0x7f000001" + port,
		"https://0x7f.1" + port, "https://127.1" + port, "https://0177.0.0.1" + port, "https://[::ffff:127.0.0.1]" + port, "https://[::ffff:7f00:1]" + port, "https://[64:ff9b::7f00:1]" + port, "https://10.0.0.1", "https://192.168.1.1", "https://172.16.0.1",
		"https://100.64.0.1", "https://0.0.0.0" + port, "https://[fe80::1%25lo]" + port, "https://[fd00::1]", "http://example.com", "ftp://example.com", "https://user:word@example.com", "https://example.com#x", "https://", "//example.com", "javascript:alert(1)",
		"https://exa mple.com", "https://example.com\r\nX: y", "https://例え.jp", "https://" + strings.Repeat("a", 600) + ".example", "https://nothing.invalid", "",
	} {
		_, _, err := h.AddHook(ctx, operator, h.id, govern.Wish{Name: "x", URL: url, Kinds: []string{"*"}})
		if got := codeOf(err); !strings.HasPrefix(got, "hook.") {
			t.Errorf("%q: got %q", url, got)
		}
	}
	// A name that led outside when it was typed leads inside when it is used; and what answers
	// outside sends inside.
	w.Update(func(tx db.Tx) error {
		_, _, err := hook.Add(ctx, tx, w.Ring, hook.Hook{Org: h.id, Name: "rebound", URL: "https://localhost" + port, Kinds: []string{"*"}})
		return err
	})
	w.Clock.Add(time.Second)
	h.member("ken@example.com", org.Plain)
	tell(w)
	if len(r.got) != 0 {
		t.Error("an inner address was reached")
	}
	w.View(func(tx db.ReadTx) error {
		list, err := hook.List(ctx, tx, h.id)
		if err != nil {
			return err
		}
		if d := deliveries(w, list[0].ID); len(d) != 1 || d[0].State != hook.Failed || d[0].Why != "the address is an inner one" {
			t.Errorf("got %+v", d)
		}
		return nil
	})
	inside := receive(t)
	away := receive(t, 307)
	away.to = inside.URL
	x := listening(t, "sqlite", away, "127.0.0.0/8")
	h = found(t, x, "Acme", "owner@example.com")
	h.hooked(away.URL, "*")
	x.Clock.Add(time.Second)
	h.member("ken@example.com", org.Plain)
	tell(x)
	if len(away.got) == 0 || len(inside.got) != 0 {
		t.Errorf("asked %d, and inside %d", len(away.got), len(inside.got))
	}
}

// Who may not read the audit log has it sent nowhere, and one event is told once, whichever
// nodes look.
func TestWebhooksAreForWhoMayReadTheLogAndTellOnce(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			r := receive(t)
			w := listening(t, engine, r, "127.0.0.0/8")
			h, ctx := found(t, w, "Acme", "owner@example.com"), t.Context()
			_, err := h.AddRole(ctx, operator, h.id, "Decorator", []org.Permission{org.Settings})
			h.must(err)
			for who, role := range map[string]string{"deco@example.com": "Decorator", "help@example.com": org.Desk} {
				_, _, err := h.AddHook(ctx, h.by(h.member(who, role)), h.id, govern.Wish{Name: "x", URL: r.URL, Kinds: []string{"*"}})
				if got := codeOf(err); got != "org.forbidden" {
					t.Errorf("%s: got %q", role, got)
				}
			}
			made, _ := h.hooked(r.URL, "member.added")
			w.Clock.Add(time.Second)
			for _, who := range []string{"a@example.com", "b@example.com", "c@example.com"} {
				h.member(who, org.Plain)
			}
			if _, err := (audit.Chain{Ring: w.Ring}).Seal(ctx, w.DB); err != nil {
				t.Fatal(err)
			}
			nodes := [2]*apptest.World{w, w.Another()}
			crowd(8, func(i int) {
				if err := nodes[i%2].TellHooks(ctx); err != nil {
					t.Error(err)
				}
			})
			tell(w)
			if len(r.got) != 3 || len(deliveries(w, made.ID)) != 3 {
				t.Errorf("three events were told in %d messages", len(r.got))
			}
			d := deliveries(w, made.ID)[0]
			once(t, "replayed", nodes, func(at *apptest.World, _ int) bool {
				return (&govern.Govern{Entry: at.Entry}).Replay(ctx, operator, h.id, d.ID) == nil
			})
			tell(w)
			if len(r.got) != 4 {
				t.Errorf("a replay gave %d messages", len(r.got)-3)
			}
		})
	}
}

func TestTheConsoleShowsWebhooks(t *testing.T) {
	r := receive(t)
	w := listening(t, "sqlite", r, "127.0.0.0/8")
	h := found(t, w, "Acme", "owner@example.com")
	b := w.Browser("192.0.2.1")
	b.Signin("owner@example.com", apptest.Word)
	b.Open("/admin/webhooks").See("There is no webhook yet").Open("/admin/webhooks/new")
	b.Fill("Name", "Monitoring").Fill("Address", "https://127.0.0.1/x@y z").Check("Members").Press("Make it").Want(400).See("Nothing can be sent to this address")
	b.Fill("Address", r.URL).Press("Make it").See("Secret for signatures", "whsec_")
	_, word, _ := strings.Cut(b.Text(), "whsec_")
	w.Clock.Add(time.Second)
	h.member("ken@example.com", org.Plain)
	b.Open("/admin/webhooks").Open("/admin/webhooks/one?id=" + string(onlyHook(w, h.id).ID)).Miss("whsec_").Press("Send a test").See("A test is on its way")
	tell(w)
	b.Open(b.URL.RequestURI()).See("hook.tested", "member.added", "Sent", "HTTP 200").Press("Send again").See("It is sent again")
	tell(w)
	if len(r.got) != 3 {
		t.Errorf("%d messages: %v", len(r.got), r.bodies)
	}
	if genuine(t, r.got[0], r.bodies[0], "whsec_"+strings.Fields(word)[0]) == "" {
		t.Error("the secret that was shown does not sign")
	}
	b.Press("Make another").See("whsec_").Open("/admin/webhooks/remove?id=" + string(onlyHook(w, h.id).ID)).Press("Remove it").See("Removed")
	b.Open("/admin/webhooks").See("There is no webhook yet")
}

// What a webhook was told is read out of the audit log: so it is for who may read that.
func TestWebhooksAreSeenByWhoMayReadTheLog(t *testing.T) {
	r := receive(t)
	w := listening(t, "sqlite", r, "127.0.0.0/8")
	h := found(t, w, "Acme", "owner@example.com")
	made, _ := h.hooked(r.URL, "member.*")
	h.made("deco@example.com", org.Settings)
	h.made("log@example.com", org.ReadAudit)
	h.made("both@example.com", org.Settings, org.ReadAudit)
	for who, want := range map[string]int{"deco@example.com": 403, "log@example.com": 403, "both@example.com": 200} {
		b, p := w.Browser("192.0.2.1").Signin(who, apptest.Word), w.Program("192.0.2.2")
		p.Signin(who, apptest.Word).Want(200, "")
		for _, path := range []string{"/admin/webhooks", "/admin/webhooks/one?id=" + string(made.ID)} {
			if b.Open(path); b.Status != want {
				t.Errorf("%s at %s: %d", who, path, b.Status)
			}
		}
		if b.Open("/admin"); strings.Contains(b.Body, `href="/admin/webhooks"`) != (want == 200) {
			t.Errorf("%s: the rail", who)
		}
		for _, path := range []string{"", "/" + string(made.ID) + "/deliveries"} {
			if got := p.Call("GET", "/api/v1/org/webhooks"+path, nil).Status; got != want {
				t.Errorf("%s at the API %q: %d", who, path, got)
			}
		}
	}
}

func onlyHook(w *apptest.World, o ref.Org) (h hook.Hook) {
	w.T.Helper()
	w.View(func(tx db.ReadTx) error {
		list, err := hook.List(w.T.Context(), tx, o)
		if err == nil && len(list) == 1 {
			h = list[0]
		}
		return err
	})
	return h
}

// The same for programs, in a session of somebody who may: no token carries it.
func TestTheAPIKeepsWebhooks(t *testing.T) {
	r := receive(t)
	w := listening(t, "sqlite", r, "127.0.0.0/8")
	h := found(t, w, "Acme", "owner@example.com")
	found(t, w, "Other", "else@example.com")
	p, q := w.Program("192.0.2.1"), w.Program("192.0.2.2")
	p.Signin("owner@example.com", apptest.Word).Want(200, "")
	q.Signin("else@example.com", apptest.Word).Want(200, "")
	var made struct{ ID, Secret string }
	p.Call("POST", "/api/v1/org/webhooks", map[string]any{"name": "Monitoring", "url": "https://10.0.0.1/", "kinds": []string{"*"}}).Want(403, "hook.inner")
	p.Call("POST", "/api/v1/org/webhooks", map[string]any{"name": "Monitoring", "url": r.URL, "kinds": []string{"member.*"}}).Want(200, "").Into(&made)
	if made.Secret == "" || strings.Contains(string(p.Call("GET", "/api/v1/org/webhooks", nil).Want(200, "").Body), "whsec_") {
		t.Error("the secret is not shown once")
	}
	at := "/api/v1/org/webhooks/" + made.ID
	p.Call("POST", at+"/test", nil).Want(204, "")
	tell(w)
	var list struct {
		Deliveries []struct{ ID, Kind, State string }
	}
	p.Call("GET", at+"/deliveries", nil).Want(200, "").Into(&list)
	if len(list.Deliveries) != 1 || list.Deliveries[0].Kind != "hook.tested" || list.Deliveries[0].State != "sent" {
		t.Fatalf("got %+v", list)
	}
	replay := "/api/v1/org/deliveries/" + list.Deliveries[0].ID + "/replay"
	for _, path := range []string{at + "/test", at + "/secret", replay} {
		q.Call("POST", path, nil).Want(404, "org.not_found")
	}
	q.Call("GET", at+"/deliveries", nil).Want(404, "org.not_found")
	q.Call("DELETE", at, nil).Want(404, "org.not_found")
	p.Call("POST", replay, nil).Want(204, "")
	p.Call("PUT", at, map[string]any{"name": "M", "url": r.URL, "kinds": []string{"*"}, "disabled": true}).Want(204, "")
	p.Call("POST", at+"/test", nil).Want(409, "hook.off")
	p.Call("POST", at+"/secret", nil).Want(200, "").Into(&made)
	_, program := h.tokened(h.owner, org.ReadAudit)
	program.Call("GET", "/api/v1/org/webhooks", nil).Want(403, "token.needs_person")
	p.Call("DELETE", at, nil).Want(204, "")
	p.Call("DELETE", at, nil).Want(404, "org.not_found")
}
