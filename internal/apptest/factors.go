package apptest

import (
	"context"
	"crypto/hmac"
	"crypto/sha1" // what every authenticator app reckons with
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"

	"sekisho/internal/account"
	"sekisho/internal/db"
	"sekisho/internal/flow"
	"sekisho/internal/flow/enrol"
	"sekisho/internal/gate"
	"sekisho/internal/outbox"
	"sekisho/internal/ref"
	"sekisho/internal/session"
)

// Phrase is a recovery passphrase that every policy takes.
const Phrase = "nine copper bells under the snow"

// Kit is what an account's owner holds beside the password.
type Kit struct {
	w      *World
	phones *Phones
	number string
	key    []byte
	codes  []string
}

// Protect sets up second factors for an account of Settle, as its owner would in
// a session; kinds are those of gate but keys and SMS.
func (w *World) Protect(a account.Account, kinds ...gate.Kind) *Kit {
	w.T.Helper()
	return (&Kit{w: w}).add(a, kinds)
}

// ProtectWith is Protect with codes by SMS to a number, through a gateway.
func (w *World) ProtectWith(p *Phones, number string, a account.Account, kinds ...gate.Kind) *Kit {
	w.T.Helper()
	return (&Kit{w: w, phones: p, number: number}).add(a, kinds)
}

func (k *Kit) add(a account.Account, kinds []gate.Kind) *Kit {
	w, ctx := k.w, context.Background()
	who := a.Email.Shown
	if who == "" {
		who = a.Username
	}
	p := w.Program("192.0.2.200")
	var opened Step
	p.Signin(who, Word).Want(200, "").Into(&opened)
	var s session.Session
	w.View(func(tx db.ReadTx) (err error) {
		s, err = session.ByID(ctx, tx, ref.Session(opened.Session))
		return err
	})
	e, v := &enrol.Enrol{Entry: w.Entry}, flow.Visitor{Door: gate.API, Browser: s.Browser, Network: "192.0.2.200"}
	done := func(d enrol.Done, err error) {
		w.T.Helper()
		if err != nil || d.Fault != nil {
			w.T.Fatalf("enrol: %v %v", d.Fault, err)
		}
		for _, c := range d.Codes {
			k.codes = append(k.codes, c.Reveal())
		}
	}
	begun := func(view enrol.View, err error) ref.Flow {
		w.T.Helper()
		if err != nil || view.Fault != nil {
			w.T.Fatalf("enrol: %v %v", view.Fault, err)
		}
		id, sec, _ := flow.ParseHandle(view.Handle)
		v.Secret = sec
		if view.Key != "" {
			k.key, _ = base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(view.Key.Reveal())
		}
		return id
	}
	for _, kind := range kinds {
		switch kind {
		case gate.TOTP:
			id := begun(e.App(ctx, v, s))
			done(e.ConfirmApp(ctx, v, s, id, enrol.First{Name: "Pixel 8", Code: k.App()}))
		case gate.SMSCode:
			id := begun(e.Number(ctx, v, s, k.number))
			done(e.ConfirmNumber(ctx, v, s, id, k.SMS()))
		case gate.Backup:
			k.codes = nil
			done(e.Backup(ctx, v, s))
		case gate.Passphrase:
			done(e.Passphrase(ctx, v, s, Phrase))
		}
	}
	w.Clock.Add(time.Second) // what is sent next is the newest
	w.Update(func(tx db.Tx) error { return w.Grants.EndSessions(ctx, tx, s.ID) })
	return k
}

// App is a code of the authenticator app that was not used yet: the clock moves on
// to the next.
func (k *Kit) App() string {
	k.w.Clock.Add(30 * time.Second)
	return k.AppAt(k.w.Clock.Now())
}

// AppAt is the code of a moment (RFC 6238).
func (k *Kit) AppAt(at time.Time) string {
	mac := hmac.New(sha1.New, k.key)
	_ = binary.Write(mac, binary.BigEndian, at.Unix()/30)
	sum := mac.Sum(nil)
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[sum[len(sum)-1]&15:])&0x7fffffff%1000000)
}

// Spare is a backup code that was not given out yet.
func (k *Kit) Spare() string {
	k.w.T.Helper()
	if len(k.codes) == 0 {
		k.w.T.Fatal("no backup codes are left")
	}
	c := k.codes[0]
	k.codes = k.codes[1:]
	return c
}

// SMS is the code that came last, once none is on its way any more.
func (k *Kit) SMS() string {
	k.w.T.Helper()
	for range 400 {
		if err := k.w.SendSMS(context.Background()); err != nil {
			k.w.T.Fatal(err)
		}
		under := false
		k.w.View(func(tx db.ReadTx) error {
			rows, err := outbox.List(context.Background(), tx, 500)
			for _, r := range rows {
				under = under || r.Kind == outbox.SMS && r.State == outbox.Waiting
			}
			return err
		})
		if !under {
			return k.phones.Code(k.number)
		}
		time.Sleep(5 * time.Millisecond)
	}
	k.w.T.Fatal("an SMS is still on its way")
	return ""
}

// Carry has SMS carried to the gateway until the test ends, as a running server
// does.
func (w *World) Carry() *World {
	ctx, cancel := context.WithCancel(context.Background())
	var one sync.WaitGroup
	one.Go(func() {
		for ctx.Err() == nil {
			_ = w.SendSMS(ctx)
			time.Sleep(5 * time.Millisecond)
		}
	})
	w.T.Cleanup(func() { cancel(); one.Wait() })
	return w
}

// Again ends this Sekisho and opens it anew on the same database.
func (w *World) Again() *World {
	w.T.Helper()
	if err := w.Close(); err != nil {
		w.T.Fatal(err)
	}
	return open(w.T, w.conf, w.Clock)
}

// Places writes a file of places for the setting geo: networks and their cities.
func (w *World) places(towns map[string]string) string {
	w.T.Helper()
	tree, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: "City", IncludeReservedNetworks: true})
	if err != nil {
		w.T.Fatal(err)
	}
	for network, town := range towns {
		_, n, err := net.ParseCIDR(network)
		if err != nil {
			w.T.Fatal(err)
		}
		name := mmdbtype.Map{"names": mmdbtype.Map{"en": mmdbtype.String(town), "ja": mmdbtype.String(town + "市")}}
		if err := tree.Insert(n, mmdbtype.Map{"city": name}); err != nil {
			w.T.Fatal(err)
		}
	}
	var file strings.Builder
	if _, err := tree.WriteTo(&file); err != nil {
		w.T.Fatal(err)
	}
	path := filepath.Join(w.T.TempDir(), "places.mmdb")
	if err := os.WriteFile(path, []byte(file.String()), 0o600); err != nil {
		w.T.Fatal(err)
	}
	return path
}

// Somewhere is a node that knows places: networks and their towns.
func (w *World) Somewhere(towns map[string]string) *World {
	w.T.Helper()
	return w.Another("geo", w.places(towns))
}

// Last is the newest backup code that was not used; Drop says that it was.
func (k *Kit) Last() string {
	k.w.T.Helper()
	if len(k.codes) == 0 {
		k.w.T.Fatal("no backup codes are left")
	}
	return k.codes[len(k.codes)-1]
}

// Drop forgets the code of Last where it was a backup code.
func (k *Kit) Drop(kind string) {
	if kind == string(gate.Backup) {
		k.codes = k.codes[:len(k.codes)-1]
	}
}
