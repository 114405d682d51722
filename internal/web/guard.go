package web

import (
	"context"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/gate"
	"sekisho/internal/policy"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
	"sekisho/internal/session"
	apitoken "sekisho/internal/token"
)

// Guards that every door can use.
var (
	// Nobody lets nobody in; it is also what a guard that was forgotten does.
	Nobody = Guard{}
	// Anyone lets everybody in.
	Anyone = Guard{"anyone", func(context.Context, *Request) (*Response, error) { return nil, nil }}
	// SignedIn lets in who holds a session that gate lets go on.
	SignedIn = Guard{"signed in", signedIn}
	// SettingUp lets in who holds such a session, or one that has yet to set up the
	// second factor that is demanded of it.
	SettingUp = Guard{"signed in or setting up", settingUp}
	// Fresh lets in who also proved themselves a short while ago, with all that the
	// account has (MF-17).
	Fresh = Guard{"fresh proof", fresh}
	// FreshSetup is Fresh for setting up what is demanded.
	FreshSetup = Guard{"fresh proof, setting up", freshSetup}
	// Local lets in who sits at this machine, without a proxy between.
	Local = Guard{"local", local}
)

func local(_ context.Context, r *Request) (*Response, error) {
	if r.Local() {
		return nil, nil
	}
	res := Refuse(faults.NotFound.New())
	return &res, nil
}

func signedIn(ctx context.Context, r *Request) (*Response, error) {
	f, err := r.Who(ctx)
	if err != nil || f == nil {
		return nil, err
	}
	if r.face == Page && r.reads() {
		switch f.Code() {
		case faults.SessionRequired.Code:
			res := Go(signinFor(r.HTTP.URL.RequestURI()))
			return &res, nil
		case faults.FactorRequired.Code:
			res := Go("/me/factors?return=" + url.QueryEscape(r.HTTP.URL.RequestURI()))
			return &res, nil
		}
	}
	res := Refuse(f)
	return &res, nil
}

// reads says whether the request only asks: HEAD is answered as GET (RFC 9110 §9.3.2).
func (r *Request) reads() bool { return r.HTTP.Method == "GET" || r.HTTP.Method == "HEAD" }

func settingUp(ctx context.Context, r *Request) (*Response, error) {
	res, err := signedIn(ctx, r)
	if r.pending.ID != "" {
		r.Session = r.pending
		return nil, err
	}
	return res, err
}

// SettingUp says whether the session is held until a second factor is set up.
func (r *Request) SettingUp() bool { return r.pending.ID != "" }

func fresh(ctx context.Context, r *Request) (*Response, error) {
	res, err := signedIn(ctx, r)
	if res != nil || err != nil {
		return res, err
	}
	return r.elevate(ctx)
}

func freshSetup(ctx context.Context, r *Request) (*Response, error) {
	res, err := settingUp(ctx, r)
	if res != nil || err != nil {
		return res, err
	}
	return r.elevate(ctx)
}

// elevate asks gate for a fresh proof and leads to where it is given.
func (r *Request) elevate(ctx context.Context) (*Response, error) {
	var f *fault.Fault
	err := r.frame.DB.View(ctx, func(tx db.ReadTx) (err error) {
		f, err = r.frame.MayChange(ctx, tx, r.Visitor, r.Session)
		return err
	})
	if err != nil || f == nil {
		return nil, err
	}
	if r.face == Page && r.reads() && f.Code() == faults.FreshRequired.Code {
		res := Go(elevateFor(r))
		return &res, nil
	}
	res := Refuse(f)
	return &res, nil
}

func elevateFor(r *Request) string {
	// What was posted is lost; the page that posted it stands under the same address.
	return "/elevate?return=" + url.QueryEscape(r.HTTP.URL.RequestURI())
}

func signinFor(path string) string {
	if path == "/me" {
		return "/signin"
	}
	return "/signin?return=" + url.QueryEscape(path)
}

// Who finds the session of a request and asks gate whether it goes on: one read,
// which brings where the account stands, and one pure decision. The fault is nil when it does.
func (r *Request) Who(ctx context.Context) (*fault.Fault, error) {
	token := r.given()
	switch {
	case token == "":
		return r.nobody(), nil
	case r.Bearer && apitoken.Is(token.Reveal()):
		return faults.TokenPlace.New(), nil // an organisation's opens nobody's account
	}
	var s session.Session
	err := r.frame.DB.View(ctx, func(tx db.ReadTx) (err error) {
		if s, err = session.ByToken(ctx, tx, token.Reveal()); err != nil {
			return err
		}
		r.rules, err = r.frame.Rules.At(ctx, tx, s.Account, s.Stands)
		return err
	})
	if errors.Is(err, db.ErrNone) {
		r.dropSlot()
		return faults.SessionEnded.New(), nil
	}
	if err != nil {
		return nil, err
	}
	// The session's row is proof of the account's state: whoever disables or
	// deletes an account ends its sessions in the same transaction.
	d := gate.Decide(gate.Facts{
		Door: r.Visitor.Door, Act: gate.Continue, Now: r.Now, Account: gate.Active, From: r.Visitor.Addr,
		SessionEnds: s.Expires, LastUsed: r.frame.Touches.last(s), SignedInSince: s.Created, Level: s.Level(), Methods: s.AMR, Since: s.Since,
	}, r.rules)
	if d.Need == gate.NeedFactor {
		r.pending, r.Token = s, token
		return faults.FactorRequired.New().By(d.Whose(r.rules)), nil
	}
	if d.Verdict != gate.Admit {
		e, ok := faults.ByCode(d.Code)
		if !ok {
			e = faults.SessionEnded
		}
		return e.New(d.Args(r.rules)...).Until(d.RetryAt).By(d.Whose(r.rules)), nil
	}
	r.Session, r.Token = s, token
	r.Console = Standing{Org: r.rules.Org.ID, Name: r.rules.Org.Name, Role: s.Stands.Role}
	if s.Stale(r.Now, r.rules.Session.Idle) {
		r.frame.Touches.add(s.ID, r.Now, r.rules.Session.Idle > 0)
	}
	return nil, nil
}

// Rules is what holds for whose session it is; without one, what holds for everybody.
func (r *Request) Rules() *policy.Effective {
	if r.rules == nil {
		return r.frame.Rules.Default()
	}
	return r.rules
}

// given is the session token the request carries.
func (r *Request) given() secret.Text {
	if r.face != Page {
		if kind, token, ok := strings.Cut(r.HTTP.Header.Get("Authorization"), " "); ok && strings.EqualFold(kind, "Bearer") {
			r.Bearer = true
			return secret.Text(strings.TrimSpace(token))
		}
	}
	return r.slots.token()
}

// nobody tells somebody without a session: who asked to be kept signed in here
// learns why that can fail (SI-21).
func (r *Request) nobody() *fault.Fault {
	if r.slots.kept && r.face == Page {
		return faults.SessionCookieMissing.New()
	}
	return faults.SessionRequired.New()
}

// Touches collects when sessions were used, to be written together.
type Touches struct {
	mu sync.Mutex
	at map[ref.Session]time.Time
}

// mostTouches are written in one flush where nothing hangs on them. With more sessions
// in use than that each second, their last use is less exact than a minute, and who asks
// has the core that writing it down would take.
const mostTouches = 2000

// add records a use. needed says that the session would end without it (PO-14).
func (t *Touches) add(id ref.Session, at time.Time, needed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !needed && len(t.at) >= mostTouches {
		return
	}
	if t.at == nil {
		t.at = map[ref.Session]time.Time{}
	}
	t.at[id] = at
}

// last is when a session was used last, including what is not written yet.
func (t *Touches) last(s session.Session) time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	if at := t.at[s.ID]; at.After(s.LastUsed) {
		return at
	}
	return s.LastUsed
}

// Flush writes what was collected, a few at a time: a million sessions in use must not
// keep everybody who writes waiting for a second. What cannot be written now is kept for
// the next time.
func (t *Touches) Flush(ctx context.Context, d *db.DB) error {
	t.mu.Lock()
	batch := t.at
	t.at = nil
	t.mu.Unlock()
	order := slices.SortedFunc(maps.Keys(batch), func(a, b ref.Session) int { return batch[a].Compare(batch[b]) })
	for some := range slices.Chunk(order, session.TouchAtOnce) {
		// All of them were used by then, and within a moment of it.
		err := d.Update(ctx, func(tx db.Tx) error { return session.Touch(ctx, tx, batch[some[0]], some...) })
		if err != nil {
			t.restore(batch)
			return err
		}
		for _, id := range some {
			delete(batch, id)
		}
	}
	return nil
}

func (t *Touches) restore(batch map[ref.Session]time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.at == nil {
		t.at = batch
		return
	}
	for id, at := range batch {
		if at.After(t.at[id]) {
			t.at[id] = at
		}
	}
}
