package outbox

import (
	"context"
	"fmt"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/ref"
	"sekisho/internal/sms"
)

// Told is when a person who waits for an SMS is told that it could not be sent,
// counted from when it was put, and offered other ways.
const Told = 2 * time.Second

// overdue is when an SMS that nobody has claimed is dropped: every node was down
// or swamped, the person was told, and a code that comes then is late. It is longer
// than Told by what the clocks of two nodes may differ.
const overdue = 5 * time.Second

func dropOverdue(ctx context.Context, tx db.Tx) error {
	_, err := tx.Exec(ctx, `UPDATE outbox SET state = 'dropped', body = NULL, error = 'it could not be sent at once, and is not sent late'
		WHERE state = 'waiting' AND kind = 'sms' AND next_at <= $1 AND created <= $2`, tx.Now(), tx.Now().Add(-overdue))
	if err != nil {
		return fmt.Errorf("outbox: %w", err)
	}
	return nil
}

// HandedOver records that a gateway took an SMS, under its own name for it, and
// empties the row.
func (o *Outbox) HandedOver(ctx context.Context, tx db.Tx, id ref.Mail, receipt string) error {
	_, err := tx.Exec(ctx, `UPDATE outbox SET state = 'sent', sent = $2, body = NULL, error = '', receipt = $3 WHERE id = $1`, id, tx.Now(), receipt)
	return err
}

// Kept records that an SMS counts as handed over though there is no gateway: it
// stays to be read here.
func (o *Outbox) Kept(ctx context.Context, tx db.Tx, id ref.Mail) error {
	_, err := tx.Exec(ctx, `UPDATE outbox SET state = 'sent', sent = $2, error = '' WHERE id = $1`, id, tx.Now())
	return err
}

// Delivery records what became of the SMS that a gateway knows under receipt;
// db.ErrNone when there is none. A gateway may use a name again: the newest row is
// meant.
func Delivery(ctx context.Context, tx db.Tx, receipt string, state sms.State) error {
	if receipt == "" {
		return db.ErrNone
	}
	return tx.One(ctx, `UPDATE outbox SET delivery = $2 WHERE id = (SELECT id FROM outbox WHERE receipt = $1 AND receipt <> '' ORDER BY created DESC, id DESC LIMIT 1)`,
		receipt, state)
}

// Newest reads what was put last for an account under a topic; db.ErrNone when
// there is nothing.
func Newest(ctx context.Context, r db.Reader, a ref.Account, topic string) (Row, error) {
	return scan(r.QueryRow(ctx, `SELECT `+columns+` FROM outbox WHERE account = $1 AND topic = $2 ORDER BY created DESC, id DESC LIMIT 1`, a, topic))
}

// Stage is how far an SMS has come, for the page of the person who waits for it.
type Stage string

// The stages there are.
const (
	Underway Stage = "underway" // not with the gateway yet
	Handed   Stage = "handed"   // with the gateway; most say nothing more
	Arrived  Stage = "arrived"  // on the phone
	NotSent  Stage = "not_sent" // it did not go out, or the phone did not get it
)

// Stage says how far an SMS has come. One that still waits after Told will not be
// sent.
func (r Row) Stage(now time.Time) Stage {
	switch {
	case r.State == Failed, r.State == Dropped, r.Delivery == sms.Undeliverable, r.Delivery == sms.Expired:
		return NotSent
	case r.Delivery == sms.Delivered:
		return Arrived
	case r.State == Sent:
		return Handed
	case now.Sub(r.Created) > Told:
		return NotSent
	default:
		return Underway
	}
}

// Wake is the body of a row that wakes an installation of Tegata.
type Wake struct {
	Device ref.Device `json:"device"`
}
