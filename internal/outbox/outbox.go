// Package outbox keeps what has to leave the house (mail, SMS, posts to apps) in the
// transaction that wants it, and hands it to a sender afterwards.
//
// Each row is claimed for a while, tried with growing pauses (an SMS: at once or
// not at all), and dropped when its time is over: a code is never sent late. It never opens a connection and
// never writes a text; bodies are sealed at rest and emptied once they are sent.
package outbox

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
	"sekisho/internal/sms"
)

// Migrations are the tables of this package.
//
//go:embed migrations/*.sql
var Migrations embed.FS

// Kinds of item.
const (
	Mail = "mail"
	HTTP = "post"
	SMS  = "sms"
	Push = "push" // wakes an installation of Tegata
	Hook = "hook" // tells an organisation's endpoint of an event
	// Nothing is a row that goes nowhere: it makes an answer to a stranger cost
	// what an answer to an owner costs (SI-28).
	Nothing = "nothing"
)

// States of an item.
const (
	Waiting = "waiting"
	Sent    = "sent"    // handed over to the server or gateway
	Dropped = "dropped" // its time was over
	Failed  = "failed"  // refused for good, or an SMS that did not go out at once
)

// Item is one thing to send.
type Item struct {
	Kind    string
	Topic   string // what it is about, such as "signin.code"
	To      string // a person reads it in lists
	Account ref.Account
	After   time.Time // it counts as written then, and is not sent before; zero: at once
	Expires time.Time // zero: tried until it is given up
	Body    any       // JSON
}

// Letter is the body of a Mail.
type Letter struct {
	To      string `json:"to"`
	Lang    string `json:"lang"`
	Subject string `json:"subject"`
	Text    string `json:"text"`
	HTML    string `json:"html"`
}

// Post is the body of an HTTP item, sent as application/x-www-form-urlencoded.
type Post struct {
	URL  string            `json:"url"`
	Form map[string]string `json:"form"`
}

// Text is the body of an SMS.
type Text struct {
	To   string `json:"to"` // E.164
	Text string `json:"text"`
}

// Outbox puts and takes rows; the ring seals their bodies.
type Outbox struct{ Ring *secret.Ring }

// Put keeps an item to be sent after the transaction commits.
func (o *Outbox) Put(ctx context.Context, tx db.Tx, it Item) (ref.Mail, error) {
	id := ref.NewMail(tx.Now())
	plain, err := json.Marshal(it.Body)
	if err != nil {
		return "", fmt.Errorf("outbox body of %s: %w", it.Topic, err)
	}
	body, err := o.Ring.Seal(plain, string(id))
	if err != nil {
		return "", fmt.Errorf("outbox body of %s: %w", it.Topic, err)
	}
	at := tx.Now()
	if it.After.After(at) {
		at = it.After
	}
	_, err = tx.Exec(ctx, `INSERT INTO outbox (id, kind, topic, recipient, account, body, state, attempts, created, next_at, expires, error)
		VALUES ($1, $2, $3, $4, $5, $6, 'waiting', 0, $7, $7, $8, '')`,
		id, it.Kind, it.Topic, it.To, it.Account, body, at, it.Expires)
	if err != nil {
		return "", fmt.Errorf("outbox %s: %w", it.Topic, err)
	}
	return id, nil
}

// Row is an item as it was kept.
type Row struct {
	ID       ref.Mail
	Kind     string
	Topic    string
	To       string
	Account  ref.Account
	State    string
	Attempts int64
	Created  time.Time
	Next     time.Time
	Expires  time.Time
	Sent     time.Time
	Error    string
	Delivery sms.State     // what the gateway's receipt said; empty: nothing yet
	Pause    time.Duration // before Again, at least; who takes it has asked for that
	body     []byte
}

const columns = `id, kind, topic, recipient, account, body, state, attempts, created, next_at, expires, sent, error, delivery`

func scan(s db.Scanner) (Row, error) {
	var r Row
	err := s.Scan(&r.ID, &r.Kind, &r.Topic, &r.To, &r.Account, &r.body, &r.State, &r.Attempts,
		db.Time(&r.Created), db.Time(&r.Next), db.Time(&r.Expires), db.Time(&r.Sent), &r.Error, &r.Delivery)
	return r, err
}

// Open reads the sealed body of a row into v.
func (o *Outbox) Open(r Row, v any) error {
	plain, err := o.Ring.Open(r.body, string(r.ID))
	if err != nil {
		return fmt.Errorf("outbox row %s: %w", r.ID, err)
	}
	return json.Unmarshal(plain, v)
}

// Due says whether Claim would find something to do.
func Due(ctx context.Context, r db.ReadTx, kind string) (bool, error) {
	var n int64
	err := r.QueryRow(ctx, `SELECT count(*) FROM (SELECT 1 FROM outbox WHERE state = 'waiting' AND kind = $1 AND next_at <= $2 LIMIT 1) x`,
		kind, r.Now()).Scan(&n)
	return n > 0, err
}

// claimFor is how long a claimed row is left alone before another node may try
// it: longer than any one delivery may take.
const claimFor = 2 * time.Minute

// Claim takes rows that are due, at most n, and drops those whose time is
// over. kinds says which are wanted: while no mail server is set, mail stays.
func (o *Outbox) Claim(ctx context.Context, tx db.Tx, kind string, n int) ([]Row, error) {
	if _, err := tx.Exec(ctx, `UPDATE outbox SET state = 'dropped', body = NULL, error = 'its time was over before it could be sent'
		WHERE state = 'waiting' AND kind = $1 AND next_at <= $2 AND expires <= $2`, kind, tx.Now()); err != nil {
		return nil, fmt.Errorf("outbox: %w", err)
	}
	if kind == SMS {
		if err := dropOverdue(ctx, tx); err != nil {
			return nil, err
		}
	}
	return db.List(ctx, tx, scan, `UPDATE outbox SET next_at = $1, attempts = attempts + 1
		WHERE id IN (SELECT id FROM outbox WHERE state = 'waiting' AND kind = $2 AND next_at <= $3 ORDER BY next_at LIMIT $4)
		AND state = 'waiting' AND next_at <= $3 RETURNING `+columns, tx.Now().Add(claimFor), kind, tx.Now(), n)
}

// Done records that a row was sent and empties it.
func (o *Outbox) Done(ctx context.Context, tx db.Tx, id ref.Mail) error {
	_, err := tx.Exec(ctx, `UPDATE outbox SET state = 'sent', sent = $2, body = NULL, error = '' WHERE id = $1`, id, tx.Now())
	return err
}

// giveUp is how long an item without an end of its own is tried.
const giveUp = 3 * 24 * time.Hour

// Again records a failed try: permanent ones and those too old end here, the
// others wait 10 seconds, doubling to an hour.
func (o *Outbox) Again(ctx context.Context, tx db.Tx, r Row, permanent bool, why string) error {
	if permanent || tx.Now().Sub(r.Created) > giveUp {
		_, err := tx.Exec(ctx, `UPDATE outbox SET state = 'failed', body = NULL, error = $2 WHERE id = $1`, r.ID, why)
		return err
	}
	pause := 10 * time.Second << min(r.Attempts-1, 9)
	_, err := tx.Exec(ctx, `UPDATE outbox SET next_at = $2, error = $3 WHERE id = $1 AND state = 'waiting'`,
		r.ID, tx.Now().Add(max(min(pause, time.Hour), r.Pause)), why)
	return err
}

// Last says whether a failed try would be the last one.
func (r Row) Last(now time.Time) bool { return now.Sub(r.Created) > giveUp }

// List reads rows for a person, newest first; not those whose time has yet to come.
func List(ctx context.Context, r db.Reader, limit int) ([]Row, error) {
	return db.List(ctx, r, scan, `SELECT `+columns+` FROM outbox WHERE kind <> 'nothing' AND created <= $2 ORDER BY created DESC, id DESC LIMIT $1`, limit, r.Now())
}

// Older is List from the row on that stands behind another.
func Older(ctx context.Context, r db.Reader, than Row, limit int) ([]Row, error) {
	return db.List(ctx, r, scan, `SELECT `+columns+` FROM outbox WHERE kind <> 'nothing' AND (created < $2 OR created = $2 AND id < $3)
		ORDER BY created DESC, id DESC LIMIT $1`, limit, than.Created, than.ID)
}

// ByID reads one row.
func ByID(ctx context.Context, r db.Reader, id ref.Mail) (Row, error) {
	return scan(r.QueryRow(ctx, `SELECT `+columns+` FROM outbox WHERE id = $1`, id))
}

// HasBody says whether the row can still be read.
func (r Row) HasBody() bool { return len(r.body) > 0 }

// Withdraw drops what still waits for an account under a topic: a newer code
// makes the older one useless.
func (o *Outbox) Withdraw(ctx context.Context, tx db.Tx, a ref.Account, topic string) error {
	_, err := tx.Exec(ctx, `UPDATE outbox SET state = 'dropped', body = NULL, error = 'replaced by a newer one'
		WHERE state = 'waiting' AND account = $1 AND topic = $2`, a, topic)
	return err
}

// Erase removes an account's mails, sent or not. What apps are to be told stays.
func Erase(ctx context.Context, tx db.Tx, a ref.Account) error {
	_, err := tx.Exec(ctx, `DELETE FROM outbox WHERE account = $1 AND kind = 'mail'`, a)
	return err
}

// EraseTopic removes mails that are about one thing of nobody's account.
func EraseTopic(ctx context.Context, tx db.Tx, topic string) error {
	_, err := tx.Exec(ctx, `DELETE FROM outbox WHERE account = '' AND topic = $1 AND kind = 'mail'`, topic)
	return err
}

// Purge removes rows that ended before the given time and every row that goes
// nowhere, at most n at a time.
func Purge(ctx context.Context, tx db.Tx, before time.Time, n int) error {
	_, err := tx.Exec(ctx, `DELETE FROM outbox WHERE id IN (SELECT id FROM outbox
		WHERE (created < $1 AND state <> 'waiting') OR (kind = 'nothing' AND created < $2) LIMIT $3)`,
		before, tx.Now().Add(-time.Minute), n)
	return err
}

// Recent says whether something was put for an account under a topic since.
func Recent(ctx context.Context, r db.Reader, a ref.Account, topic string, since time.Time) (bool, error) {
	var n int64
	err := r.QueryRow(ctx, `SELECT count(*) FROM outbox WHERE account = $1 AND topic = $2 AND created > $3`, a, topic, since).Scan(&n)
	return n > 0, err
}
