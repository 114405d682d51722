// Package push owns approvals in Tegata as a proof: asking for one, delivering the
// question to the account's installations, deciding it with a signature, and
// spending what was decided in the journey that asked.
//
// A request is bound to one journey, decided once and spent once. The number that
// the browser shows is never part of what a device gets. It knows no page, counts no
// failures, sends nothing and opens nothing.
package push

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"slices"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/device"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
)

// Migrations are the tables of this package.
//
//go:embed migrations/*.sql
var Migrations embed.FS

// Times and counts of a request (OA-04, SI-12).
const (
	Lives     = 2 * time.Minute
	WidenedIn = 20 * time.Second // without a receipt from the primary device all are asked
	Window    = 10 * time.Minute
	Most      = 5 // requests in a window; then it is quiet
	Digits    = 2 // of the number
)

// State of a request.
type State string

// The states there are. Each but Live is for ever.
const (
	Live      State = "live"
	Approved  State = "approved"
	Cancelled State = "cancelled" // it was its owner, who wants it to stop
	Denied    State = "denied"    // it was not its owner
	Mistaken  State = "mistaken"  // a wrong number was entered
	Over      State = "over"      // its time is over, or another took its place
)

// Decision is what a device says.
type Decision string

// The decisions there are.
const (
	Approve Decision = "approve"
	Cancel  Decision = "cancel"
	Deny    Decision = "deny"
)

// Purpose is what an approval is good for.
type Purpose string

// The purposes there are.
const (
	Signin  Purpose = "signin"
	StepUp  Purpose = "stepup"
	Recover Purpose = "recover"
	Regain  Purpose = "regain" // the same, where an installation that is stale may answer too (ER-12)
)

// Ask is what is asked for, and where it comes from.
type Ask struct {
	Subject string      // whose waits are told: the account, or to a stranger the name that was typed
	Account ref.Account // whom it is to reach; empty: nobody
	Flow    ref.Flow
	Purpose Purpose
	Known   bool        // the account knows the browser; such requests are counted apart
	Browser ref.Browser // what it asked for before gives way
	App     string
	Agent   string
	Addr    string
	Place   string
}

// Request is one request.
type Request struct {
	Ask
	ID       ref.Request
	State    State
	Numbered bool // the number in the browser has to be entered
	Created  time.Time
	Expires  time.Time
	Receipt  time.Time  // when a device said that it has it; zero: none did
	Device   ref.Device // that scanned it, or decided it
	Verified bool
	Spent    time.Time
	number   []byte
}

// Wait is why no request was made.
type Wait struct {
	Until time.Time
	Quiet bool // too many were made; otherwise another one waits for its answer
}

// Pushes asks and judges. The ring keys the numbers.
type Pushes struct{ Ring *secret.Ring }

func (p Pushes) mac(id ref.Request, number string) []byte {
	return p.Ring.MAC("push number", []byte(id), []byte(number))
}

// Make asks for an approval and gives the number that the browser shows. What this
// journey asked before is over. The caller holds the account, where there is one. A
// browser the account knows takes the place of a stranger's request; else one that
// waits for its answer keeps others from being asked.
//
// A stranger who merely typed a name is told of the requests made by that name alone. One
// that is not to reach the account, because it is asked by another way or name, is made
// all the same and reaches nobody: a wait would tell that two names are one person's, or
// that its owner signs in at this moment (SI-28). The caller keeps two that ask by one name
// apart.
func (p Pushes) Make(ctx context.Context, tx db.Tx, a Ask) (Request, string, *Wait, error) {
	wait, mute, err := waits(ctx, tx, a)
	if err != nil || wait != nil {
		return Request{}, "", wait, err
	}
	if mute {
		a.Account = ""
	}
	if err := over(ctx, tx, a.Subject, a.Account); err != nil {
		return Request{}, "", nil, err
	}
	number := secret.Digits(Digits)
	r := Request{Ask: a, ID: ref.NewRequest(tx.Now()), State: Live, Numbered: true, Created: tx.Now(), Expires: tx.Now().Add(Lives)}
	r.number = p.mac(r.ID, number)
	return r, number, nil, insert(ctx, tx, r)
}

// over ends what waits for an answer, by a name or of an account.
func over(ctx context.Context, tx db.Tx, subject string, a ref.Account) error {
	_, err := tx.Exec(ctx, `UPDATE push_request SET state = 'over', changed = $3 WHERE (subject = $1 OR account = $2) AND state = 'live'`, subject, a, tx.Now())
	return err
}

func insert(ctx context.Context, tx db.Tx, r Request) error {
	var owner any // NULL for nobody's
	if r.Account != "" {
		owner = r.Account
	}
	_, err := tx.Exec(ctx, `INSERT INTO push_request (id, subject, account, flow, purpose, known, app, agent, addr, place, number, state, created, expires, changed, receipt, device, browser)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $13, $15, $16, $17)`,
		r.ID, r.Subject, owner, r.Flow, r.Purpose, r.Known, r.App, r.Agent, r.Addr, r.Place, r.number, r.State, r.Created, r.Expires, r.Receipt, r.Device, r.Browser)
	return err
}

// waits says why no request is made; mute, that one is made which reaches nobody.
func waits(ctx context.Context, r db.Reader, a Ask) (wait *Wait, mute bool, err error) {
	made, err := db.List(ctx, r, scan, `SELECT `+columns+` FROM push_request WHERE (subject = $1 OR account = $3) AND created > $2 AND number IS NOT NULL
		ORDER BY created DESC LIMIT 50`, a.Subject, r.Now().Add(-Window), a.Account)
	if err != nil {
		return nil, false, err
	}
	told, reached, oldest := 0, 0, time.Time{}
	for _, x := range made {
		waiting := (x.living(r.Now()) || x.blurred(a, r.Now())) && x.Flow != a.Flow && x.Browser != a.Browser && (x.Known || !a.Known)
		theirs := a.Subject == string(a.Account) || x.Subject == a.Subject
		if waiting && theirs {
			return &Wait{Until: x.Expires}, false, nil
		}
		if x.Known == a.Known && theirs && told < Most {
			told, oldest = told+1, x.Created
		}
		if x.Account == "" || x.Account != a.Account {
			continue
		}
		if mute = mute || waiting; x.Known == a.Known {
			reached++
		}
	}
	if told >= Most {
		return &Wait{Until: oldest.Add(Window), Quiet: true}, false, nil
	}
	return nil, mute || reached >= Most, nil
}

const columns = `id, subject, account, flow, purpose, known, app, agent, addr, place, number, state, created, expires, receipt, device, verified, spent, browser`

func scan(s db.Scanner) (Request, error) {
	var r Request
	var owner string
	err := s.Scan(&r.ID, &r.Subject, db.Null(&owner), &r.Flow, &r.Purpose, db.Bool(&r.Known), &r.App, &r.Agent, &r.Addr, &r.Place, &r.number, &r.State,
		db.Time(&r.Created), db.Time(&r.Expires), db.Time(&r.Receipt), &r.Device, db.Bool(&r.Verified), db.Time(&r.Spent), &r.Browser)
	r.Account, r.Numbered = ref.Account(owner), len(r.number) > 0
	return r, err
}

// Of reads a request; db.ErrNone when there is none.
func Of(ctx context.Context, r db.Reader, id ref.Request) (Request, error) {
	return scan(r.QueryRow(ctx, `SELECT `+columns+` FROM push_request WHERE id = $1`, id))
}

// ByFlow reads what a journey asked last; db.ErrNone when it asked nothing.
func ByFlow(ctx context.Context, r db.Reader, f ref.Flow) (Request, error) {
	return scan(r.QueryRow(ctx, `SELECT `+columns+` FROM push_request WHERE flow = $1
		ORDER BY CASE WHEN state = 'over' THEN 1 ELSE 0 END, created DESC, id DESC LIMIT 1`, f))
}

// blurred says whether a request that was answered is, to a stranger who typed the same
// name, as one that waits still (SI-28).
func (r Request) blurred(a Ask, now time.Time) bool {
	answered := r.State == Cancelled || r.State == Denied || r.State == Mistaken
	return answered && r.Subject == a.Subject && a.Subject != string(a.Account) && !r.Known && now.Before(r.Expires)
}

// living says whether a request still waits for its answer.
func (r Request) living(now time.Time) bool { return r.State == Live && now.Before(r.Expires) }

// For lists the requests an installation is to be asked now: the primary one at once,
// the others where the primary did not say within WidenedIn that it has it, or looks
// dead (OA-04, OA-08); one that was scanned is the scanning one's alone. widens is when it is to look again; zero: when something changes.
func For(ctx context.Context, r db.Reader, d device.Device) (out []Request, widens time.Time, err error) {
	list, err := db.List(ctx, r, scan, `SELECT `+columns+` FROM push_request WHERE account = $1 AND state = 'live' AND expires > $2 AND (number IS NOT NULL OR device = $3)
		ORDER BY created`, d.Account, r.Now(), d.ID)
	if err != nil || len(list) == 0 || d.Main {
		return list, widens, err
	}
	dead, err := MainLooksDead(ctx, r, d.Account)
	if err != nil {
		return nil, widens, err
	}
	for _, x := range list {
		switch {
		case !x.Numbered, dead, x.Receipt.IsZero() && !r.Now().Before(x.Created.Add(WidenedIn)):
			out = append(out, x)
		case x.Receipt.IsZero():
			widens = x.Created.Add(WidenedIn)
		}
	}
	return out, widens, nil
}

// ForStale is For of an installation that is stale: it is asked of what it may answer.
func ForStale(ctx context.Context, r db.Reader, d device.Device) ([]Request, time.Time, error) {
	list, widens, err := For(ctx, r, d)
	return slices.DeleteFunc(list, func(x Request) bool { return x.Purpose != Regain }), widens, err
}

// MainLooksDead says whether the primary installation did not answer when it was
// asked last: it was not seen since, although WidenedIn is over. An account without one has
// nobody to wait for.
func MainLooksDead(ctx context.Context, r db.Reader, a ref.Account) (bool, error) {
	var seen, asked time.Time
	err := r.QueryRow(ctx, `SELECT last_seen FROM device WHERE account = $1 AND main = 1`, a).Scan(db.Time(&seen))
	if errors.Is(err, db.ErrNone) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	err = r.QueryRow(ctx, `SELECT max(created) FROM push_request WHERE account = $1 AND number IS NOT NULL AND created < $2`, a, r.Now().Add(-WidenedIn)).Scan(db.Time(&asked))
	return seen.Before(asked), err
}

// Receipt records that an installation has the request.
func Receipt(ctx context.Context, tx db.Tx, a ref.Account, id ref.Request) error {
	_, err := tx.Exec(ctx, `UPDATE push_request SET receipt = $3, changed = $3 WHERE id = $1 AND account = $2 AND receipt IS NULL`, id, a, tx.Now())
	return err
}

// Said is what a device says of a request.
type Said struct {
	Decision  Decision
	Number    string // as it was entered
	Verified  bool   // the app lock was passed for it
	Signature []byte
}

// Lines are what the signature of a decision is over.
func Lines(r Request, origin string, s Said) []string {
	verified := "false"
	if s.Verified {
		verified = "true"
	}
	return []string{"sekisho-approval-1", string(r.ID), string(r.Account), origin, s.Number, string(s.Decision), verified}
}

// Verdict of a decision.
type Verdict int

// The verdicts there are.
const (
	Late   Verdict = iota // its time is over, or it was decided before
	Wrong                 // the number is another, which ends the request
	Unsure                // the signature does not hold
	Done
)

// Decide takes what a device says. The caller holds the account and knows that the
// device is one of its own and may answer. It is decided once, whoever is quicker.
func (p Pushes) Decide(ctx context.Context, tx db.Tx, d device.Device, r Request, origin string, s Said) (Verdict, error) {
	if r.Account != d.Account || !r.living(tx.Now()) {
		return Late, nil
	}
	if !device.Signed(d.Point, s.Signature, Lines(r, origin, s)...) {
		return Unsure, nil
	}
	to, verdict := map[Decision]State{Approve: Approved, Cancel: Cancelled, Deny: Denied}[s.Decision], Done
	if to == "" {
		return Unsure, nil
	}
	if s.Decision == Approve && r.Numbered && !secret.Equal(string(p.mac(r.ID, secret.Clean(s.Number))), string(r.number)) {
		to, verdict = Mistaken, Wrong
	}
	err := tx.One(ctx, `UPDATE push_request SET state = $2, device = $3, verified = $4, signature = $5, decided = $6, changed = $6 WHERE id = $1 AND state = 'live'`,
		r.ID, to, d.ID, s.Verified, s.Signature, tx.Now())
	if errors.Is(err, db.ErrNone) {
		return Late, nil
	}
	return verdict, err
}

// Spend takes an approval in the journey that asked for it: once, within its time.
// It gives the request as it stands, and whether it was approved and is spent now.
func Spend(ctx context.Context, tx db.Tx, f ref.Flow, p Purpose) (Request, bool, error) {
	r, err := ByFlow(ctx, tx, f)
	if err != nil || r.State != Approved || r.Purpose != p || r.Account == "" || !tx.Now().Before(r.Expires) {
		return r, false, err
	}
	err = tx.One(ctx, `UPDATE push_request SET spent = $2 WHERE id = $1 AND spent IS NULL AND state = 'approved'`, r.ID, tx.Now())
	if errors.Is(err, db.ErrNone) {
		return r, false, nil
	}
	return r, err == nil, err
}

// Change is a request that was made or decided.
type Change struct {
	ID      ref.Request
	Account ref.Account
	Flow    ref.Flow
	At      time.Time
}

// Changes lists what changed since, for nodes on which it did not happen.
func Changes(ctx context.Context, r db.Reader, since time.Time) ([]Change, error) {
	return db.List(ctx, r, func(s db.Scanner) (c Change, err error) {
		var owner string
		err = s.Scan(&c.ID, db.Null(&owner), &c.Flow, db.Time(&c.At))
		c.Account = ref.Account(owner)
		return c, err
	}, `SELECT id, account, flow, changed FROM push_request WHERE changed > $1`, since)
}

// End ends what waits for an answer: the account's doors were closed, or the journey
// goes on without.
func End(ctx context.Context, tx db.Tx, a ref.Account) error {
	_, err := tx.Exec(ctx, `UPDATE push_request SET state = 'over', changed = $2 WHERE account = $1 AND (state = 'live' OR state = 'approved' AND spent IS NULL)`, a, tx.Now())
	return err
}

// Purge removes requests that are over for a day, and codes to scan, at most n each.
func Purge(ctx context.Context, tx db.Tx, n int) error {
	if _, err := tx.Exec(ctx, `DELETE FROM push_request WHERE id IN (SELECT id FROM push_request WHERE expires < $1 LIMIT $2)`, tx.Now().Add(-24*time.Hour), n); err != nil {
		return fmt.Errorf("purge requests: %w", err)
	}
	_, err := tx.Exec(ctx, `DELETE FROM push_scan WHERE id IN (SELECT id FROM push_scan WHERE expires < $1 LIMIT $2)`, tx.Now(), n)
	return err
}
