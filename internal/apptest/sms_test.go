package apptest_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"sekisho/internal/app"
	"sekisho/internal/apptest"
	"sekisho/internal/command"
	"sekisho/internal/db"
	"sekisho/internal/i18n"
	"sekisho/internal/letter"
	"sekisho/internal/outbox"
	"sekisho/internal/ref"
)

const phone = "+819012345678"

// text puts an SMS with a code into the outbox.
func text(w *apptest.World, lives time.Duration) (id ref.Mail) {
	w.T.Helper()
	w.Update(func(tx db.Tx) (err error) {
		body := outbox.Text{To: phone, Text: letter.SMSCode(w.Entry.Sheet, i18n.Ja, "123456", 10)}
		id, err = w.Outbox.Put(context.Background(), tx, outbox.Item{Kind: outbox.SMS, Topic: "signin.sms", To: phone, Expires: tx.Now().Add(lives), Body: body})
		return err
	})
	return id
}

func row(w *apptest.World, id ref.Mail) (r outbox.Row) {
	w.T.Helper()
	w.View(func(tx db.ReadTx) (err error) {
		r, err = outbox.ByID(context.Background(), tx, id)
		return err
	})
	return r
}

// work lets nodes work as they do while they serve.
func work(t *testing.T, nodes ...*apptest.World) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	for _, w := range nodes {
		all.Go(func() { w.Work(ctx) })
	}
	stop = func() { cancel(); all.Wait() }
	t.Cleanup(stop)
	return stop
}

// settled waits until a row is no longer waiting, and says how long it took.
func settled(w *apptest.World, id ref.Mail) (outbox.Row, time.Duration) {
	w.T.Helper()
	began := time.Now()
	for time.Since(began) < 10*time.Second {
		if r := row(w, id); r.State != outbox.Waiting {
			return r, time.Since(began)
		}
		time.Sleep(5 * time.Millisecond)
	}
	w.T.Fatal("the SMS still waits")
	return outbox.Row{}, 0
}

func eachWithPhones(t *testing.T, test func(t *testing.T, w *apptest.World, p *apptest.Phones)) {
	t.Helper()
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			p := apptest.NewPhones(t)
			test(t, apptest.New(t, engine, "sms", p.Setting), p)
		})
	}
}

func TestSMSLeavesAtOnceAndOnceFromTwoNodes(t *testing.T) {
	eachWithPhones(t, func(t *testing.T, w *apptest.World, p *apptest.Phones) {
		work(t, w, w.Another())
		quickest := time.Hour // the best of some, as other tests run beside this one
		for range 5 {
			_, took := settled(w, text(w, time.Minute))
			quickest = min(quickest, took)
		}
		if quickest > 300*time.Millisecond {
			t.Errorf("an SMS left after %v, want 300 ms", quickest)
		}
		var ids []ref.Mail
		for range 30 {
			ids = append(ids, text(w, time.Minute))
		}
		for _, id := range ids {
			if r, _ := settled(w, id); r.State != outbox.Sent || r.HasBody() {
				t.Fatalf("got %s with body %v, want sent and emptied", r.State, r.HasBody())
			}
		}
		time.Sleep(250 * time.Millisecond)
		got := p.Texts(phone)
		if len(got) != 35 || p.Tries() != 35 {
			t.Errorf("got %d SMS in %d tries, want each of 35 once", len(got), p.Tries())
		}
		if want := "Sekishoのコード：123456（10分間有効）。人に教えないでください。\n@sekisho.test #123456"; got[0] != want || p.Code(phone) != "123456" {
			t.Errorf("got %q, want %q", got[0], want)
		}
	})
}

func TestGatewayThatFailsIsKnownWithinTwoSeconds(t *testing.T) {
	hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	status := func(n int) http.HandlerFunc { return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(n) } }
	eachWithPhones(t, func(t *testing.T, w *apptest.World, p *apptest.Phones) {
		work(t, w)
		for _, c := range []struct {
			name   string
			answer http.HandlerFunc
			tries  int
		}{{"hangs", hang, 1}, {"answers 503", status(503), 2}, {"answers 400", status(400), 1}} {
			p.Answer(c.answer)
			before := p.Tries()
			id := text(w, 10*time.Minute)
			r, took := settled(w, id)
			if r.State != outbox.Failed || r.HasBody() || took > outbox.Told || r.Stage(w.Clock.Now()) != outbox.NotSent {
				t.Errorf("%s: got %s after %v, body %v", c.name, r.State, took, r.HasBody())
			}
			if got := p.Tries() - before; got != c.tries {
				t.Errorf("%s: got %d tries, want %d", c.name, got, c.tries)
			}
			if strings.Contains(r.Error, "123456") || strings.Contains(r.Error, phone[1:]) || r.Error == "" {
				t.Errorf("%s: the error says %q", c.name, r.Error)
			}
		}
		// It is well again: what failed is not sent late, the next goes out.
		p.Answer(nil)
		if r, _ := settled(w, text(w, time.Minute)); r.State != outbox.Sent {
			t.Errorf("got %s, want sent", r.State)
		}
		time.Sleep(250 * time.Millisecond)
		if got := p.Texts(""); len(got) != 1 {
			t.Errorf("got %d SMS, want one and none late", len(got))
		}
	})
}

func TestNobodyWaitsBehindASlowSMS(t *testing.T) {
	eachWithPhones(t, func(t *testing.T, w *apptest.World, p *apptest.Phones) {
		work(t, w)
		p.Answer(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		for range 10 {
			text(w, time.Minute)
		}
		time.Sleep(300 * time.Millisecond)
		p.Answer(nil)
		if r, took := settled(w, text(w, time.Minute)); r.State != outbox.Sent || took > time.Second {
			t.Errorf("got %s after %v, want sent at once", r.State, took)
		}
	})
}

func TestSecondTryOfAnSMS(t *testing.T) {
	eachWithPhones(t, func(t *testing.T, w *apptest.World, p *apptest.Phones) {
		p.Answer(func(rw http.ResponseWriter, _ *http.Request) {
			p.Answer(nil)
			rw.WriteHeader(502)
		})
		id := text(w, time.Minute)
		if err := w.SendSMS(t.Context()); err != nil {
			t.Fatal(err)
		}
		if r := row(w, id); r.State != outbox.Sent || p.Tries() != 2 || len(p.Texts(phone)) != 1 {
			t.Errorf("got %s after %d tries, want sent after two", r.State, p.Tries())
		}
	})
}

func TestExpiredSMSIsDropped(t *testing.T) {
	eachWithPhones(t, func(t *testing.T, w *apptest.World, p *apptest.Phones) {
		id := text(w, 3*time.Second)
		w.Clock.Add(3 * time.Second)
		if err := w.SendSMS(t.Context()); err != nil {
			t.Fatal(err)
		}
		if r := row(w, id); r.State != outbox.Dropped || r.HasBody() || p.Tries() != 0 {
			t.Errorf("got %s after %d tries, want dropped and none", r.State, p.Tries())
		}
	})
}

func TestServerThatEndsFinishesItsSMS(t *testing.T) {
	eachWithPhones(t, func(t *testing.T, w *apptest.World, p *apptest.Phones) {
		asked := make(chan struct{}, 1)
		p.Answer(func(http.ResponseWriter, *http.Request) { asked <- struct{}{}; time.Sleep(500 * time.Millisecond) })
		stop := work(t, w)
		id := text(w, time.Minute)
		<-asked
		stop()
		if r := row(w, id); r.State != outbox.Sent {
			t.Errorf("got %s, want sent", r.State)
		}
	})
}

func TestSMSStayInTheOutboxToTryThings(t *testing.T) {
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			w := apptest.New(t, engine, "sms", "outbox:", "url", "http://localhost:8080", "smtp", "smtp+plain://127.0.0.1:9")
			if w.SMS == nil {
				t.Fatal("SMS are not offered")
			}
			id := text(w, time.Minute)
			if err := w.SendSMS(t.Context()); err != nil {
				t.Fatal(err)
			}
			if r := row(w, id); r.Stage(w.Clock.Now()) != outbox.Handed || !r.HasBody() {
				t.Errorf("got %s with body %v, want handed over and readable", r.Stage(w.Clock.Now()), r.HasBody())
			}
			p := w.Program("127.0.0.1")
			if a := p.Call("GET", "/outbox", nil).Want(200, ""); !strings.Contains(string(a.Body), "81901234") || strings.Contains(string(a.Body), "No mail server") {
				t.Errorf("the list says\n%s", a.Body)
			}
			if a := p.Call("GET", "/outbox/"+string(id), nil).Want(200, ""); !strings.Contains(string(a.Body), "コード：123456") {
				t.Errorf("the SMS says\n%s", a.Body)
			}
			w.Program("192.0.2.7").Call("GET", "/outbox/"+string(id), nil).Want(404, "")
		})
	}
}

func opened(t *testing.T, conf map[string]string) (*app.App, *app.Config, error) {
	t.Helper()
	c, err := app.LoadConfig("", false, nil)
	if err != nil {
		t.Fatal(err)
	}
	conf["data"] = t.TempDir()
	for k, v := range conf {
		if err := c.Set(k, v, "test"); err != nil {
			t.Fatal(err)
		}
	}
	a, err := app.Open(t.Context(), c, app.Options{Log: &bytes.Buffer{}})
	if err == nil {
		t.Cleanup(func() { a.Close() })
	}
	return a, c, err
}

func TestSMSSettings(t *testing.T) {
	for _, c := range []struct {
		conf map[string]string
		want string // of the error
	}{
		{map[string]string{"sms": "outbox:", "url": "https://id.example.com"}, "this very machine"},
		{map[string]string{"sms": "outbox"}, "is written"},
		{map[string]string{"sms": "https://u:s3cret@host/{text}"}, "{to}"},
		{map[string]string{"sms_body": "s3cret"}, "sms is not"},
		{map[string]string{"sms": "smpp://u:s3cret@host:1", "sms_header": "A: b"}, "over HTTP"},
	} {
		if _, _, err := opened(t, c.conf); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%v: got %v, want %q", c.conf, err, c.want)
		}
	}
	a, _, err := opened(t, map[string]string{})
	if err != nil || a.SMS != nil {
		t.Fatalf("got %v %v, want no gateway", a.SMS, err)
	}
	if err := a.SendSMS(t.Context()); err != nil {
		t.Error(err)
	}
	for from, ok := range map[string]bool{"Sekisho": true, "+81312345678": true, "12345": true, "TwelveLetter": false, "a\nb": false, "山": false} {
		c, _ := app.LoadConfig("", false, nil)
		if err := c.Set("sms_from", from, "test"); (err == nil) != ok {
			t.Errorf("sender %q: got %v", from, err)
		}
	}
}

func TestSMSSecretsAreNotShown(t *testing.T) {
	for sms, want := range map[string]string{
		"https://u:s3cret@host/s3cret/send?to={to}&text={text}&key=s3cret": "https://•••@host",
		"smpp://u:s3cret@host:2775?source=A":                               "smpp://•••@host:2775",
		"outbox:":                                                          "outbox:",
	} {
		conf := map[string]string{"sms": sms, "sms_header": "Authorization: Bearer s3cret", "sms_body": `{"key":"s3cret","text":"{text}"}`}
		if !strings.HasPrefix(sms, "http") {
			delete(conf, "sms_header")
			delete(conf, "sms_body")
		}
		_, c, err := opened(t, conf)
		if err != nil {
			t.Fatal(err)
		}
		all := fmt.Sprint(c.Shown())
		if strings.Contains(all, "s3cret") || !strings.Contains(all, want) {
			t.Errorf("got %s, want %s and no secret", all, want)
		}
	}
}

func TestDoctorLooksAtTheSMSGateway(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	there := l.Addr().String()
	for setting, want := range map[string]string{"": "not set", "outbox:": "stay in the outbox", "http://" + there + "/{to}{text}": "answers", "http://127.0.0.1:9/{to}{text}": "no SMS goes out"} {
		a, _, err := opened(t, map[string]string{"sms": setting})
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, x := range a.Examine(t.Context()) {
			if x.What == "sms" {
				found = strings.Contains(x.Say(), want) && (x.Err != nil) == (want == "no SMS goes out")
			}
		}
		if !found {
			t.Errorf("%q: doctor does not say %q", setting, want)
		}
	}
	l.Close()
}

func TestTerminalShowsSMS(t *testing.T) {
	data := t.TempDir()
	a, _, err := openedIn(t, data)
	if err != nil {
		t.Fatal(err)
	}
	id := text(&apptest.World{App: a, T: t}, time.Minute)
	run := func(args ...string) string {
		var out, errs bytes.Buffer
		if code := command.Main(t.Context(), args, []string{"SEKISHO_DATA=" + data}, &out, &errs); code != 0 {
			t.Fatalf("%v ended with %d: %s", args, code, &errs)
		}
		return out.String()
	}
	if got := run("outbox", "list"); !strings.Contains(got, phone) || !strings.Contains(got, "waiting") {
		t.Errorf("got %s", got)
	}
	if got := run("outbox", "show", string(id)); !strings.Contains(got, "123456") || strings.Contains(got, "Subject") {
		t.Errorf("got %s", got)
	}
	if got := run("--json", "outbox", "show"); !strings.Contains(got, `"kind": "sms"`) || !strings.Contains(got, "123456") {
		t.Errorf("got %s", got)
	}
}

func openedIn(t *testing.T, data string) (*app.App, *app.Config, error) {
	t.Helper()
	c, err := app.LoadConfig("", false, []string{"SEKISHO_DATA=" + data})
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.Open(t.Context(), c, app.Options{Log: &bytes.Buffer{}})
	if err == nil {
		t.Cleanup(func() { a.Close() })
	}
	return a, c, err
}
