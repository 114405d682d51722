// Package limit counts failures and says until when somebody waits.
//
// A counter is named by what is counted (a browser, an account, a network) and
// for what (password, code, recovery); the name is kept as a hash, so the table
// tells nobody who was attacked. It never decides: gate reads the waits.
package limit

import (
	"context"
	"crypto/sha256"
	"embed"
	"errors"
	"strconv"
	"strings"
	"time"

	"sekisho/internal/db"
)

// Migrations are the tables of this package.
//
//go:embed migrations/*.sql
var Migrations embed.FS

// Rule says how a counter grows into a wait.
type Rule struct {
	Free   int64         // failures that cost nothing
	First  time.Duration // the wait at the first failure after those
	Max    time.Duration // the wait doubles up to this
	Forget time.Duration // without a failure for so long, all is forgotten
	Kept   bool          // never purged: it must survive a slow attacker
	Steps  bool          // true: Free failures are free again after each wait; false: every further failure doubles
}

var (
	// Browser is ER-07: more than 10 failures, 15 minutes, doubling to 24 hours. What
	// is remembered outlives the longest wait, or each day would begin anew.
	Browser = Rule{Free: 10, First: 15 * time.Minute, Max: 24 * time.Hour, Forget: 48 * time.Hour, Steps: true}
	// Account delays strangers, a little more at each failure (ER-07).
	Account = Rule{Free: 10, First: time.Second, Max: 15 * time.Minute, Forget: 24 * time.Hour}
	// Network slows one network that fails at many accounts.
	Network = Rule{Free: 300, First: time.Minute, Max: time.Minute, Forget: 15 * time.Minute, Steps: true}
	// Inbox spares one mailbox or phone: five codes an hour, whoever asks for them.
	Inbox = Rule{Free: 4, First: time.Hour, Max: time.Hour, Forget: time.Hour, Steps: true}
	// Outgoing bounds what one network has sent by SMS to numbers that nobody has proved
	// yet: sixty codes an hour.
	Outgoing = Rule{Free: 59, First: time.Hour, Max: time.Hour, Forget: time.Hour, Steps: true}
	// Hour never waits; what counts at it within one hour of the clock is compared with
	// a most.
	Hour = Rule{Free: 1 << 40, Forget: 2 * time.Hour}
	// Turn never waits: of those who count at it, one is served after another.
	Turn = Rule{Free: 1 << 40, Forget: time.Hour}
	// Factor never waits; it counts consecutive failures up to Stop.
	Factor = Rule{Free: 1 << 40, Forget: 20 * 365 * 24 * time.Hour, Kept: true}
)

// Stop is how many consecutive failures end an authenticator until recovery
// (NIST SP 800-63B-4 §3.2.2).
const Stop = 100

// Counter names one counter.
type Counter struct {
	rule Rule
	id   [32]byte
}

// Of names the counter of what (such as "browser") in class (such as
// "password") for id.
func (r Rule) Of(what, class, id string) Counter {
	return Counter{rule: r, id: sha256.Sum256([]byte(what + "\x00" + class + "\x00" + id))}
}

// Quota is how often something may happen within an hour. A wait that begins when a
// counter is full would punish a large network that is never quiet for an hour; here what
// was used in the clock's last hour counts for the part of it that is within the last
// sixty minutes, so that the full hour gives nobody twice as much.
type Quota struct {
	counter, before Counter
	most            int64
	begin           time.Time
	Ends            time.Time // a minute into the clock's next hour: by then there is room again
}

// AnHour is how often a network may cause what is named so in the hour at now.
func AnHour(most int64, now time.Time, name, network string) Quota {
	begin := now.UTC().Truncate(time.Hour)
	of := func(begin time.Time) Counter {
		return Hour.Of("strangers", name, begin.Format(time.RFC3339)+"\x00"+network)
	}
	return Quota{of(begin), of(begin.Add(-time.Hour)), most, begin, begin.Add(61 * time.Minute)}
}

// full says whether what was used in this hour, and in the last sixty minutes before it,
// is the most.
func (q Quota) full(ctx context.Context, r db.Reader, here Standing) (bool, error) {
	before, err := q.before.Look(ctx, r)
	within := int64(float64(before.Failures) * q.begin.Add(time.Hour).Sub(r.Now()).Hours())
	return here.Failures+within >= q.most, err
}

// Full says whether it is used up.
func (q Quota) Full(ctx context.Context, r db.Reader) (bool, error) {
	s, err := q.counter.Look(ctx, r)
	if err != nil {
		return false, err
	}
	return q.full(ctx, r, s)
}

// Hold says whether it is used up, and keeps every other transaction from using it until
// this one ends.
func (q Quota) Hold(ctx context.Context, tx db.Tx) (full bool, err error) {
	if err := q.counter.begin(ctx, tx); err != nil {
		return false, err
	}
	s, err := q.counter.Hold(ctx, tx)
	if err != nil {
		return false, err
	}
	return q.full(ctx, tx, s)
}

// Use uses one. Hold has to come before it.
func (q Quota) Use(ctx context.Context, tx db.Tx) error {
	_, err := q.counter.Fail(ctx, tx)
	return err
}

// Standing is how a counter stands.
type Standing struct {
	Failures int64
	Until    time.Time // zero: no wait
	level    int64
	last     time.Time
}

// Look reads a counter.
func (c Counter) Look(ctx context.Context, r db.Reader) (Standing, error) {
	return c.standing(r.Now(), r.QueryRow(ctx, `SELECT failures, level, last, until FROM limit_counter WHERE id = $1`, c.id[:]))
}

// Hold reads a counter and keeps every other transaction from changing it
// until this one ends, so that parallel guesses are judged one after another.
func (c Counter) Hold(ctx context.Context, tx db.Tx) (Standing, error) {
	return c.standing(tx.Now(), tx.QueryRow(ctx, `UPDATE limit_counter SET failures = failures WHERE id = $1
		RETURNING failures, level, last, until`, c.id[:]))
}

// LookAll reads several counters at once.
func LookAll(ctx context.Context, r db.Reader, list ...Counter) ([]Standing, error) {
	out, _, err := stored(ctx, r, list)
	return out, err
}

// HoldAll is Hold for several, one after another in the order given. One that nobody
// failed at has no row to hold, and costs nothing.
func HoldAll(ctx context.Context, tx db.Tx, list ...Counter) ([]Standing, error) {
	out, there, err := stored(ctx, tx, list)
	for i := range list {
		if err == nil && there[i] {
			out[i], err = list[i].Hold(ctx, tx)
		}
	}
	return out, err
}

// stored reads counters and says which have a row.
func stored(ctx context.Context, r db.Reader, list []Counter) (out []Standing, there []bool, err error) {
	out, there = make([]Standing, len(list)), make([]bool, len(list))
	args, marks := make([]any, len(list)), make([]string, len(list))
	for i, c := range list {
		args[i], marks[i] = c.id[:], "$"+strconv.Itoa(i+1)
	}
	_, err = db.List(ctx, r, func(s db.Scanner) (none struct{}, err error) {
		var id []byte
		var x Standing
		err = s.Scan(&id, &x.Failures, &x.level, db.Time(&x.last), db.Time(&x.Until))
		for i, c := range list {
			if string(id) == string(c.id[:]) {
				out[i], there[i] = c.at(r.Now(), x), true
			}
		}
		return none, err
	}, `SELECT id, failures, level, last, until FROM limit_counter WHERE id IN (`+strings.Join(marks, ", ")+`)`, args...)
	return out, there, err
}

func (c Counter) standing(now time.Time, row db.Row) (Standing, error) {
	var s Standing
	err := row.Scan(&s.Failures, &s.level, db.Time(&s.last), db.Time(&s.Until))
	if errors.Is(err, db.ErrNone) {
		return Standing{}, nil
	}
	return c.at(now, s), err
}

// at forgets what is long ago.
func (c Counter) at(now time.Time, s Standing) Standing {
	if now.Sub(s.last) >= c.rule.Forget && !now.Before(s.Until) {
		return Standing{}
	}
	return s
}

// begin makes the row, so that it can be held: two first failures at the same instant
// then count as two.
func (c Counter) begin(ctx context.Context, tx db.Tx) error {
	_, err := tx.Exec(ctx, `INSERT INTO limit_counter (id, failures, level, last, until, kept) VALUES ($1, 0, 0, $2, NULL, $3)
		ON CONFLICT (id) DO NOTHING`, c.id[:], tx.Now(), c.rule.Kept)
	return err
}

// Fail counts one failure and says how the counter stands after it.
func (c Counter) Fail(ctx context.Context, tx db.Tx) (Standing, error) {
	if err := c.begin(ctx, tx); err != nil {
		return Standing{}, err
	}
	s, err := c.Hold(ctx, tx)
	if err != nil {
		return s, err
	}
	s.Failures++
	if s.Failures > c.rule.Free {
		s.Until = tx.Now().Add(c.wait(s.level))
		s.level++
		if c.rule.Steps {
			s.Failures = 0
		}
	}
	return s, tx.One(ctx, `UPDATE limit_counter SET failures = $2, level = $3, last = $4, until = $5 WHERE id = $1`,
		c.id[:], s.Failures, s.level, tx.Now(), s.Until)
}

func (c Counter) wait(level int64) time.Duration {
	w := c.rule.First
	for ; level > 0 && w < c.rule.Max; level-- {
		w *= 2
	}
	return min(w, c.rule.Max)
}

// Forgive takes back n failures, because who made them has proved to be the
// one they claimed to be. A wait already running goes on.
func (c Counter) Forgive(ctx context.Context, tx db.Tx, n int64) error {
	if n <= 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `UPDATE limit_counter SET failures = CASE WHEN failures > $2 THEN failures - $2 ELSE 0 END WHERE id = $1`, c.id[:], n)
	return err
}

// Clear forgets everything about a counter.
func (c Counter) Clear(ctx context.Context, tx db.Tx) error {
	_, err := tx.Exec(ctx, `DELETE FROM limit_counter WHERE id = $1`, c.id[:])
	return err
}

// ClearBoth is Clear for two.
func ClearBoth(ctx context.Context, tx db.Tx, a, b Counter) error {
	_, err := tx.Exec(ctx, `DELETE FROM limit_counter WHERE id IN ($1, $2)`, a.id[:], b.id[:])
	return err
}

// Purge removes counters that nobody needs any more, at most n at a time.
func Purge(ctx context.Context, tx db.Tx, n int) error {
	_, err := tx.Exec(ctx, `DELETE FROM limit_counter WHERE id IN (SELECT id FROM limit_counter
		WHERE last < $1 AND kept = 0 LIMIT $2)`, tx.Now().Add(-3*24*time.Hour), n)
	return err
}
