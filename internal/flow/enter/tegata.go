package enter

import (
	"context"
	"errors"
	"slices"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/audit"
	"sekisho/internal/db"
	"sekisho/internal/device"
	"sekisho/internal/factor/push"
	"sekisho/internal/fault"
	"sekisho/internal/faults"
	"sekisho/internal/flow"
	"sekisho/internal/gate"
	"sekisho/internal/letter"
	"sekisho/internal/limit"
	"sekisho/internal/outbox"
	"sekisho/internal/ref"
	"sekisho/internal/session"
)

// Asking is an approval that a journey asks of Tegata.
type Asking struct {
	Visitor flow.Visitor
	Account account.Account // locked; zero where there is none
	Typed   account.Identifier
	Flow    ref.Flow
	Purpose push.Purpose
	App     string
	Proved  bool // who asks proved something of the account
}

func (e *Entry) ask(a Asking) push.Ask {
	app := a.App
	if app == "" {
		app = e.Sheet.Service
	}
	return push.Ask{Subject: Subject(a.Account, a.Typed), Account: a.Account.ID, Flow: a.Flow, Purpose: a.Purpose,
		App: app, Agent: a.Visitor.Program, Addr: a.Visitor.Addr.String(), Place: a.Visitor.Place, Browser: a.Visitor.Browser}
}

// Ask asks the account's installations for an approval and gives the number that the
// browser shows. Where there is nobody to ask a request that reaches no device makes
// the answer the same (SI-28); so does one by whom nobody is reached because others ask.
func (e *Entry) Ask(ctx context.Context, tx db.Tx, a Asking) (r push.Request, number string, f *fault.Fault, err error) {
	q := e.ask(a)
	if q.Known, err = e.Known(ctx, tx, a.Account, a.Visitor); err != nil {
		return r, "", nil, err
	}
	if !q.Known && !a.Proved {
		q.Subject = Subject(account.Account{}, a.Typed)
		// There is no account to hold for a name that nobody has.
		if _, err := limit.Turn.Of("push", "name", q.Subject).Fail(ctx, tx); err != nil {
			return r, "", nil, err
		}
	}
	r, number, wait, err := e.Pushes.Make(ctx, tx, q)
	switch {
	case err != nil:
		return r, "", nil, err
	case wait == nil && r.Account == "":
		return r, number, nil, e.wake(ctx, tx, account.Account{}, q.Purpose)
	case wait == nil:
		return r, number, nil, e.wake(ctx, tx, a.Account, q.Purpose)
	case !wait.Quiet:
		return r, "", faults.PushBusy.New("wait", wait.Until.Sub(tx.Now())).Until(wait.Until), nil
	}
	return r, "", faults.PushQuiet.New().Until(wait.Until), e.tellQuiet(ctx, tx, a)
}

// ScanCode makes the code that a page shows to be scanned (SI-09). With an identifier
// typed only installations of its account can use it.
func (e *Entry) ScanCode(ctx context.Context, tx db.Tx, a Asking) (string, error) {
	q := e.ask(a)
	if a.Typed.Norm != "" && q.Account == "" {
		q.Account = "nobody" // whose installations there are none of
	}
	code, err := push.NewScan(ctx, tx, q)
	return code.Reveal(), err
}

// wake wakes the account's installations that can be (OA-23): the primary one, and the
// others where it looks dead. What a push service is told names nobody and nothing.
// Where there is nobody to wake it does as much: who has Tegata is not to be timed.
func (e *Entry) wake(ctx context.Context, tx db.Tx, a account.Account, p push.Purpose) error {
	list, err := device.List(ctx, tx, a.ID)
	if err != nil {
		return err
	}
	dead, err := push.MainLooksDead(ctx, tx, a.ID)
	if err != nil {
		return err
	}
	list = slices.DeleteFunc(list, func(d device.Device) bool { return d.Endpoint == "" || d.Stale(a.Turn) && p != push.Regain })
	if len(list) == 0 {
		_, err := e.Outbox.Put(ctx, tx, outbox.Item{Kind: outbox.Nothing, Topic: "push.request", Expires: tx.Now().Add(push.Lives), Body: outbox.Wake{}})
		return err
	}
	for _, d := range list {
		after := tx.Now()
		if !d.Main && !dead {
			after = after.Add(push.WidenedIn)
		}
		if _, err := e.Outbox.Put(ctx, tx, outbox.Item{Kind: outbox.Push, Topic: "push.request", To: d.Name, Account: a.ID, After: after,
			Expires: tx.Now().Add(push.Lives), Body: outbox.Wake{Device: d.ID}}); err != nil {
			return err
		}
	}
	return nil
}

// AllStale says whether none of an account's installations may approve before its holder
// has confirmed the password there.
func AllStale(ctx context.Context, r db.Reader, id ref.Account) (bool, error) {
	a, err := account.Of(ctx, r, id)
	if errors.Is(err, db.ErrNone) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	list, err := device.List(ctx, r, id)
	return len(list) > 0 && !slices.ContainsFunc(list, func(d device.Device) bool { return !d.Stale(a.Turn) }), err
}

// NoteDevice writes down what became of an installation, and tells the owner.
func (e *Entry) NoteDevice(ctx context.Context, tx db.Tx, w Who, s ref.Session, kind, name string) error {
	if err := e.writeDevice(ctx, tx, w, s, kind, name); err != nil {
		return err
	}
	doubt, err := e.doubtOfSession(ctx, tx, w.Account.ID, s)
	if err != nil {
		return err
	}
	return e.Tell(ctx, tx, w.Account, kind, func(letter.To) letter.Change {
		return letter.Change{What: kind, Kind: string(gate.Tegata), Name: name, Link: doubt, From: e.From(w.Visitor, tx.Now())}
	})
}

// doubtOfSession is the link of a mail about what a session did, which is doubted since
// that session began; what nobody's session did, since now.
func (e *Entry) doubtOfSession(ctx context.Context, r db.Reader, a ref.Account, s ref.Session) (string, error) {
	if s == "" {
		return e.DoubtOf(a, r.Now()), nil
	}
	opened, err := session.ByID(ctx, r, s)
	if errors.Is(err, db.ErrNone) {
		return e.DoubtOf(a, r.Now()), nil
	}
	return e.Doubt(opened), err
}

const topicQuiet = "push.quiet"

// tellQuiet tells the owner, once a day, that somebody asks again and again.
func (e *Entry) tellQuiet(ctx context.Context, tx db.Tx, a Asking) error {
	if a.Account.State != account.Active {
		return nil
	}
	recent, err := outbox.Recent(ctx, tx, a.Account.ID, topicQuiet, tx.Now().Add(-24*time.Hour))
	if err != nil || recent {
		return err
	}
	if _, err := audit.Write(ctx, tx, audit.Event{Kind: topicQuiet, Account: a.Account.ID, Addr: a.Visitor.Addr.String(), Agent: a.Visitor.Program, Place: a.Visitor.Place}); err != nil {
		return err
	}
	return e.Tell(ctx, tx, a.Account, topicQuiet, func(letter.To) letter.Change {
		return letter.Change{What: topicQuiet, Kind: string(gate.Tegata), Link: e.DoubtOf(a.Account.ID, tx.Now()), From: e.From(a.Visitor, tx.Now())}
	})
}

// Answered says how the approval stands that a journey asked for: the fault is nil
// when it was given and can be taken. To a stranger who merely typed a name no answer but that
// looks like none: a name that nobody has gives none either (SI-28). Whoever scanned a code
// stood before the page.
func Answered(ctx context.Context, r db.Reader, id ref.Flow, own bool) (push.Request, *fault.Fault, error) {
	q, f, err := answered(ctx, r, id)
	if err == nil && f != nil && !own && q.Numbered {
		if f = faults.PushNoAnswer.New(); r.Now().Before(q.Expires) {
			f = faults.PushWaiting.New()
		}
	}
	return q, f, err
}

func answered(ctx context.Context, r db.Reader, id ref.Flow) (push.Request, *fault.Fault, error) {
	q, err := push.ByFlow(ctx, r, id)
	if err != nil && !errors.Is(err, db.ErrNone) {
		return q, nil, err
	}
	over := err != nil || !r.Now().Before(q.Expires) || !q.Spent.IsZero() || q.State == push.Over
	if over {
		// A code that is shown may still be scanned, whatever became of what was asked before.
		if shown, err := push.Scannable(ctx, r, id); err != nil || shown {
			return q, faults.PushWaiting.New(), err
		}
	}
	switch {
	case q.State == push.Cancelled:
		return q, faults.PushCancelled.New(), nil
	case q.State == push.Denied:
		return q, faults.PushDenied.New(), nil
	case q.State == push.Mistaken:
		return q, faults.PushMistaken.New(), nil
	case over && q.State == push.Live:
		return q, faults.PushNoAnswer.New(), nil
	case over:
		return q, faults.PushOver.New(), nil
	case q.State == push.Live:
		return q, faults.PushWaiting.New(), nil
	}
	return q, nil, nil
}

// Mine says whether who asks may go on with a journey, and may learn what is on file.
type Mine func(db.ReadTx) (own bool, f *fault.Fault, err error)

// Heard says how the approval stands that a journey asked for, to who may go on with the
// journey. The fault is nil when it was given; push.waiting when no answer has come.
func (e *Entry) Heard(ctx context.Context, id ref.Flow, mine Mine) (f *fault.Fault, err error) {
	err = e.DB.View(ctx, func(tx db.ReadTx) (err error) {
		own, f1, err := mine(tx)
		if f = f1; err != nil || f != nil {
			return err
		}
		_, f, err = Answered(ctx, tx, id, own)
		return err
	})
	return f, err
}

// Await waits until Tegata has answered a journey, at most as long as the context and
// the time given allow. mine says whether who waits may go on with the journey. The
// fault is nil when the approval was given; push.waiting when no answer has come.
func (e *Entry) Await(ctx context.Context, id ref.Flow, most time.Duration, mine Mine) (f *fault.Fault, err error) {
	end := time.NewTimer(most)
	defer end.Stop()
	for {
		woken, done := e.Hub.Wait(string(id))
		f, err = e.Heard(ctx, id, mine)
		if err != nil || f == nil || f.Code() != faults.PushWaiting.Code || e.Hub.Closed() {
			done()
			return f, err
		}
		over := false
		select {
		case <-woken:
		case <-end.C:
			over = true
		case <-ctx.Done():
			over = true
		}
		if done(); over {
			return f, nil
		}
	}
}
