package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"sekisho/internal/apptest"
	"sekisho/internal/db"
	"sekisho/internal/dbtest"
	"sekisho/internal/i18n"
	"sekisho/internal/letter"
	"sekisho/internal/outbox"
	"sekisho/internal/ref"
	"sekisho/internal/sms"
)

// smscSays is a line that the SMSC prints.
type smscSays struct {
	Ready   bool
	Bound   string
	Refused string
	Unbound bool
	Closed  bool
	Error   string
	Receipt *int

	ID, To, From, Text, Validity string
	Coding, Wants                int
	Ton                          []int
}

// smsc starts an SMSC that others wrote, on a free port. end ends it.
func smsc(t *testing.T, port int, fate string) (says <-chan smscSays, end func()) {
	t.Helper()
	cmd := exec.Command(need(t, "node"), "smsc.mjs", fmt.Sprint(port), "sekisho", "s3cret", fate)
	cmd.Dir = "node"
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	end = func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }
	t.Cleanup(end)
	lines := make(chan smscSays, 64)
	go func() {
		defer close(lines)
		for in := bufio.NewScanner(out); in.Scan(); {
			var s smscSays
			if json.Unmarshal(in.Bytes(), &s) == nil {
				lines <- s
			}
		}
	}()
	until(t, lines, func(s smscSays) bool { return s.Ready })
	return lines, end
}

// until passes over lines to the first that is wanted.
func until(t *testing.T, says <-chan smscSays, want func(smscSays) bool) smscSays {
	t.Helper()
	late := time.After(20 * time.Second)
	for {
		select {
		case s, ok := <-says:
			if !ok || s.Error != "" {
				t.Fatalf("the SMSC failed: %s", s.Error)
			}
			if want(s) {
				return s
			}
		case <-late:
			t.Fatal("the SMSC does not say what is waited for")
		}
	}
}

const handy = "+819012345678"

// texting puts an SMS with a code into the outbox.
func texting(w *apptest.World, to string, lang i18n.Lang) (id ref.Mail) {
	w.T.Helper()
	w.Update(func(tx db.Tx) (err error) {
		body := outbox.Text{To: to, Text: letter.SMSCode(w.Entry.Sheet, lang, "123456", 10)}
		id, err = w.Outbox.Put(context.Background(), tx, outbox.Item{Kind: outbox.SMS, Topic: "signin.sms", To: to, Expires: tx.Now().Add(10 * time.Minute), Body: body})
		return err
	})
	return id
}

// stage waits until a row has come so far.
func stage(w *apptest.World, id ref.Mail, want outbox.Stage) outbox.Row {
	w.T.Helper()
	var r outbox.Row
	for range 400 {
		w.View(func(tx db.ReadTx) (err error) {
			r, err = outbox.ByID(context.Background(), tx, id)
			return err
		})
		if r.Stage(w.Clock.Now()) == want {
			return r
		}
		time.Sleep(10 * time.Millisecond)
	}
	w.T.Errorf("got %s (%s, %s), want %s", r.Stage(w.Clock.Now()), r.State, r.Error, want)
	return r
}

func TestSMSCGetsCodesAndTellsWhatBecameOfThem(t *testing.T) {
	for _, engine := range dbtest.Engines {
		for _, fate := range []string{"DELIVRD", "UNDELIV"} {
			t.Run(engine+"-"+fate, func(t *testing.T) {
				port := Port(t)
				says, _ := smsc(t, port, fate)
				w := apptest.New(t, engine, "sms", fmt.Sprintf("smpp://sekisho:s3cret@127.0.0.1:%d", port), "sms_from", "Sekisho")
				for _, c := range []struct {
					lang   i18n.Lang
					coding int
					text   string
				}{
					{i18n.Ja, 8, "Sekishoのコード：123456（10分間有効）。人に教えないでください。\n@sekisho.test #123456"},
					{i18n.En, 0, "123456 is your code for Sekisho. It works once, for 10 min. Tell nobody.\n@sekisho.test #123456"},
				} {
					id := texting(w, handy, c.lang)
					if err := w.SendSMS(t.Context()); err != nil {
						t.Fatal(err)
					}
					got := until(t, says, func(s smscSays) bool { return s.ID != "" })
					if got.Text != c.text || got.Coding != c.coding || got.To != handy[1:] || got.From != "Sekisho" || got.Wants != 1 || fmt.Sprint(got.Ton) != "[5 1]" || got.Validity == "" {
						t.Errorf("got %+v, want %q in coding %d", got, c.text, c.coding)
					}
					until(t, says, func(s smscSays) bool { return s.Receipt != nil && *s.Receipt == 0 })
					stage(w, id, map[string]outbox.Stage{"DELIVRD": outbox.Arrived, "UNDELIV": outbox.NotSent}[fate])
				}
				// The number is refused for good.
				id := texting(w, "+819012345699", i18n.Ja)
				if err := w.SendSMS(t.Context()); err != nil {
					t.Fatal(err)
				}
				if r := stage(w, id, outbox.NotSent); r.State != outbox.Failed {
					t.Errorf("got %s, want failed", r.State)
				}
				if err := w.SMS.Close(); err != nil {
					t.Error(err)
				}
				until(t, says, func(s smscSays) bool { return s.Unbound })
			})
		}
	}
}

func TestSMSCThatDropsOutIsBoundAgain(t *testing.T) {
	port := Port(t)
	says, end := smsc(t, port, "DELIVRD")
	w := apptest.New(t, "sqlite", "sms", fmt.Sprintf("smpp://sekisho:s3cret@127.0.0.1:%d?source=32665", port))
	send := func(to string) outbox.Row {
		t.Helper()
		id := texting(w, to, i18n.En)
		began := time.Now()
		if err := w.SendSMS(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took > outbox.Told {
			t.Errorf("it took %v to know", took)
		}
		var r outbox.Row
		w.View(func(tx db.ReadTx) (err error) {
			r, err = outbox.ByID(context.Background(), tx, id)
			return err
		})
		return r
	}
	// It hangs up under the first message: the second try binds anew.
	if r := send("+819012345677"); r.State != outbox.Sent {
		t.Fatalf("got %s %s, want sent at the second try", r.State, r.Error)
	}
	until(t, says, func(s smscSays) bool { return s.To == "819012345677" && s.From == "32665" })
	// It is gone, and comes back.
	end()
	if r := send(handy); r.State != outbox.Failed {
		t.Errorf("got %s, want failed while there is no SMSC", r.State)
	}
	again, _ := smsc(t, port, "DELIVRD")
	if r := send(handy); r.State != outbox.Sent {
		t.Errorf("got %s %s, want sent once it is back", r.State, r.Error)
	}
	until(t, again, func(s smscSays) bool { return s.To == handy[1:] })
	select {
	case s := <-again:
		if s.ID != "" {
			t.Errorf("what had failed was sent late: %+v", s)
		}
	case <-time.After(300 * time.Millisecond):
	}
}

func TestSMSCRefusesAWrongPassword(t *testing.T) {
	port := Port(t)
	smsc(t, port, "DELIVRD")
	g, err := sms.Parse(fmt.Sprintf("smpp://sekisho:wr0ng@127.0.0.1:%d", port), sms.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	if err := g.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "password") || strings.Contains(err.Error(), "wr0ng") {
		t.Errorf("got %v, want the password named and not told", err)
	}
	// The released program says so too.
	s := &Server{t: t, Env: []string{"SEKISHO_DATA=" + t.TempDir(), fmt.Sprintf("SEKISHO_SMS=smpp://sekisho:wr0ng@127.0.0.1:%d", port)}}
	out, err := s.Try("", "doctor")
	if err == nil || !strings.Contains(out, "no SMS goes out") || !strings.Contains(out, "password") || strings.Contains(out, "wr0ng") {
		t.Errorf("got %v\n%s", err, out)
	}
}
