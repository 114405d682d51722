package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha1" // what every authenticator app reckons with
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/app"
	"sekisho/internal/db"
	"sekisho/internal/factor/backup"
	"sekisho/internal/factor/passkey"
	"sekisho/internal/factor/password"
	"sekisho/internal/factor/totp"
	"sekisho/internal/flow"
	"sekisho/internal/flow/signin"
	"sekisho/internal/gate"
	"sekisho/internal/i18n"
)

// waiting are sign-ins whose password was given and that wait for a second proof of
// one kind. Each is used once.
type waiting struct {
	kind gate.Kind
	list []held
	next atomic.Int64
}

// held is one of them, with what its owner holds.
type held struct {
	flow string
	key  []byte  // of the authenticator app
	code string  // on paper
	dev  *device // the passkey
	said string  // the passkey's answer
}

// seconds gives the second proof of one sign-in after another, while there are any.
func seconds(w *world, _ int) script {
	return func(reply) ([]byte, bool) {
		i := int(w.waiting.next.Add(1)) - 1
		if i >= len(w.waiting.list) {
			return nil, true
		}
		h := w.waiting.list[i]
		answer := h.code
		switch w.waiting.kind {
		case gate.TOTP:
			answer = appCode(h.key, time.Now())
		case gate.Passkey:
			answer = h.said
		}
		return prove(h.flow, w.waiting.kind, answer), true
	}
}

func prove(flow string, kind gate.Kind, answer string) []byte {
	at := fmt.Sprintf("X-Forwarded-For: 10.%d.%d.%d\r\n", rand.IntN(256), rand.IntN(256), rand.IntN(256))
	return request("POST", "/api/v1/signin/"+flow, at, fmt.Sprintf(`{"kind":%q,"answer":%q}`, kind, answer))
}

// appCode is the code of a moment (RFC 6238).
func appCode(key []byte, at time.Time) string {
	mac := hmac.New(sha1.New, key)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(at.Unix()/30)))
	sum := mac.Sum(nil)
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[sum[len(sum)-1]&15:])&0x7fffffff%1000000)
}

// stock makes as many sign-ins wait as a row can need with n connections, each of
// somebody new: a code is good once, and an app has a new one twice a minute.
func (w *world) stock(ctx context.Context, s *server, r row, n int, span time.Duration) error {
	if r.kind == "" {
		return nil
	}
	c, err := app.LoadConfig("", false, w.env)
	if err != nil {
		return err
	}
	a, err := app.Open(ctx, c, app.Options{Log: io.Discard})
	if err != nil {
		return err
	}
	defer a.Close()
	h := holding{App: a, world: w, kind: r.kind}
	if err := h.prepare(ctx); err != nil {
		return err
	}
	w.waiting = &waiting{kind: r.kind}
	for want := 2*n + int(float64(r.stock)*span.Seconds()); len(w.waiting.list) < want; {
		var more []held
		if err := a.DB.Update(ctx, func(tx db.Tx) (err error) {
			more, err = h.some(ctx, tx)
			return err
		}); err != nil {
			return err
		}
		w.waiting.list = append(w.waiting.list, more...)
		w.holders += len(more)
	}
	if r.kind != gate.Passkey {
		return nil
	}
	return w.askKeys(ctx, s)
}

// holding makes people who hold a second factor, each with a sign-in under way.
type holding struct {
	*app.App
	world   *world
	kind    gate.Kind
	word    string // the hash of everybody's password
	codes   backup.Set
	pattern account.Account // of the one sign-in that was made step by step
	state   json.RawMessage // its state; the others' differs only by whose it is
}

// prepare makes one of them by the journey itself. The password costs a hash, so the
// others' sign-ins are copies.
func (h *holding) prepare(ctx context.Context) error {
	hashed, f, err := h.Entry.NewPassword(ctx, account.Account{}, word)
	if err != nil || f != nil {
		return fmt.Errorf("password: %v %v", f, err)
	}
	h.word = hashed.Stored()
	if h.codes, err = backup.Make(ctx, h.Entry.Hasher); err != nil {
		return err
	}
	if err := h.DB.Update(ctx, func(tx db.Tx) (err error) {
		h.pattern, _, err = h.person(ctx, tx, h.world.holders)
		return err
	}); err != nil {
		return err
	}
	h.world.holders++
	in, v := &signin.Signin{Entry: h.Entry}, visitor()
	view, err := in.Start(ctx, v, signin.Ask{Identifier: h.pattern.Email.Shown})
	if err != nil {
		return err
	}
	_, v.Secret, _ = flow.ParseHandle(view.Handle)
	id := view.ID
	if view, err = in.Answer(ctx, v, id, signin.Answer{Kind: string(gate.Password), Value: word}); err != nil || view.Step != signin.Second {
		return fmt.Errorf("the sign-in that is copied: %q %v %v", view.Step, view.Fault, err)
	}
	return h.DB.View(ctx, func(tx db.ReadTx) (err error) {
		h.state, err = flow.Peek[json.RawMessage](ctx, tx, "signin", id)
		return err
	})
}

func visitor() flow.Visitor {
	return flow.Visitor{Door: gate.API, Browser: "b", Addr: netip.MustParseAddr("192.0.2.1"), Network: "192.0.2.1"}
}

// some makes a few.
func (h *holding) some(ctx context.Context, tx db.Tx) ([]held, error) {
	var out []held
	for i := range 50 {
		a, own, err := h.person(ctx, tx, h.world.holders+i)
		if err != nil {
			return nil, err
		}
		state := strings.NewReplacer(string(h.pattern.ID), string(a.ID), h.pattern.Email.Shown, a.Email.Shown).Replace(string(h.state))
		under, err := flow.Start(ctx, tx, "signin", visitor(), json.RawMessage(state))
		if err != nil {
			return nil, err
		}
		own.flow = under.Handle()
		out = append(out, own)
	}
	return out, nil
}

func (h *holding) person(ctx context.Context, tx db.Tx, i int) (account.Account, held, error) {
	var own held
	id, err := account.ParseEmail(fmt.Sprintf("holder%06d@example.com", i))
	if err != nil {
		return account.Account{}, own, err
	}
	a, err := account.Create(ctx, tx, account.New{Name: "Holder", Lang: i18n.En, Identifiers: []account.Identifier{id}, Confirmed: true})
	if err != nil {
		return a, own, err
	}
	a.Email.Identifier = id
	if err := password.Set(ctx, tx, a.ID, h.word); err != nil {
		return a, own, err
	}
	// Each has an app, because backup codes alone switch no second factor on.
	key := totp.NewKey()
	own.key, _ = base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(key.Reveal())
	if h.kind != gate.Passkey {
		// The step before this one, which the clock's window takes too, so that this one is not spent.
		_, got, err := h.Entry.Apps.Enrol(ctx, tx, a.ID, "Pixel 8", key, appCode(own.key, tx.Now().Add(-30*time.Second)))
		if err != nil || got.Outcome != totp.Right {
			return a, own, fmt.Errorf("enrol app: %d %v", got.Outcome, err)
		}
	}
	switch h.kind {
	case gate.Passkey:
		own.dev, err = h.enrolKey(ctx, tx, a)
	case gate.Backup:
		own.code = h.codes.Codes[i%len(h.codes.Codes)].Reveal()
		err = backup.Replace(ctx, tx, a.ID, h.codes)
	}
	return a, own, err
}

func (h *holding) enrolKey(ctx context.Context, tx db.Tx, a account.Account) (*device, error) {
	keys := h.Entry.Keys
	raw, err := keys.EnrolOptions(ctx, tx, passkey.About{Account: a.ID, Name: a.Name, Label: a.Email.Shown}, "bench")
	if err != nil {
		return nil, err
	}
	d := newDevice(keys.RP.Origins[0], keys.RP.ID)
	answer, err := d.create(raw)
	if err != nil {
		return nil, err
	}
	_, got, err := keys.Enrol(ctx, tx, a.ID, "YubiKey", "bench", answer)
	if err == nil && got != passkey.Right {
		err = fmt.Errorf("enrol passkey: outcome %d", got)
	}
	return d, err
}
