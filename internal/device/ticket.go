package device

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
)

// TicketLives is how long an installation can be taken in with a ticket.
const TicketLives = 10 * time.Minute

// Ticket is how far taking in an installation has come.
type Ticket struct {
	Account  ref.Account
	Holder   Holder
	Turn     int64      // the account's that it ends with; AnyTurn: with none
	Replaces ref.Device // Everyone: all there are; empty: none
	Created  time.Time
	Expires  time.Time
	Device   ref.Device // empty: nobody has used it yet
	Number   string     // four digits that both sides show
	Here     bool       // the person said in the browser that it is the same
	There    bool       // and on the installation
	Finished bool       // the session that agreed was given what the installation proves
	Handed   bool       // the installation was given the secret of its codes
}

// Ready says whether both sides have shown the same number.
func (t Ticket) Ready() bool { return t.Here && t.There }

// Holder is who made a ticket and agrees to what comes with it: a session, or a journey
// of somebody who has none.
type Holder string

// Session is the session that holds a ticket; empty where a journey does.
func (h Holder) Session() ref.Session {
	if _, is := ref.ParseFlow(string(h)); is {
		return ""
	}
	return ref.Session(h)
}

const (
	// AnyTurn is the turn of a ticket that its session alone ends.
	AnyTurn = -1
	// Everyone stands for all installations there are.
	Everyone ref.Device = "*"
)

// New is a ticket to be made.
type New struct {
	Account  ref.Account
	Holder   Holder
	Turn     int64
	Replaces ref.Device
	Until    time.Time // not longer than; zero: as long as any
}

// NewTicket makes a ticket; the ones its holder had made and nobody used are void,
// and so is what one of them had let in to wait.
func NewTicket(ctx context.Context, tx db.Tx, n New) (secret.Text, time.Time, error) {
	if err := DropTickets(ctx, tx, n.Account, n.Holder); err != nil {
		return "", time.Time{}, err
	}
	token, expires := secret.Token(), tx.Now().Add(TicketLives)
	if !n.Until.IsZero() && n.Until.Before(expires) {
		expires = n.Until
	}
	_, err := tx.Exec(ctx, `INSERT INTO device_ticket (id, account, session, created, expires, turn, replaces) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		secret.Hash(token.Reveal()), n.Account, n.Holder, tx.Now(), expires, n.Turn, n.Replaces)
	return token, expires, err
}

// Replace records what the installation that came with a ticket takes the place of;
// db.ErrNone when none has come.
func Replace(ctx context.Context, tx db.Tx, id, old ref.Device) error {
	return tx.One(ctx, `UPDATE device_ticket SET replaces = $2 WHERE device = $1`, id, old)
}

// DropTickets voids the tickets of a holder, and what waits on one.
func DropTickets(ctx context.Context, tx db.Tx, a ref.Account, s Holder) error {
	if _, err := tx.Exec(ctx, `DELETE FROM device WHERE state = 'waiting' AND id IN (SELECT device FROM device_ticket WHERE account = $1 AND session = $2)`, a, s); err != nil {
		return fmt.Errorf("drop tickets: %w", err)
	}
	_, err := tx.Exec(ctx, `DELETE FROM device_ticket WHERE account = $1 AND session = $2`, a, s)
	return err
}

// DropWaiting voids all tickets of an account, and takes away what waits on one.
func DropWaiting(ctx context.Context, tx db.Tx, a ref.Account) error {
	if _, err := tx.Exec(ctx, `DELETE FROM device WHERE account = $1 AND state = 'waiting'`, a); err != nil {
		return fmt.Errorf("drop what waits: %w", err)
	}
	_, err := tx.Exec(ctx, `DELETE FROM device_ticket WHERE account = $1`, a)
	return err
}

const ticketColumns = `account, session, turn, replaces, created, expires, device, number, here, there, finished, handed`

func scanTicket(s db.Scanner) (Ticket, error) {
	var t Ticket
	var device string
	err := s.Scan(&t.Account, &t.Holder, &t.Turn, &t.Replaces, db.Time(&t.Created), db.Time(&t.Expires), db.Null(&device), &t.Number, db.Bool(&t.Here), db.Bool(&t.There), db.Bool(&t.Finished), db.Bool(&t.Handed))
	t.Device = ref.Device(device)
	return t, err
}

// ByToken reads the ticket that a token shows; db.ErrNone when there is none, or its
// time is over.
func ByToken(ctx context.Context, r db.Reader, token string) (Ticket, error) {
	return scanTicket(r.QueryRow(ctx, `SELECT `+ticketColumns+` FROM device_ticket WHERE id = $1 AND expires > $2`, secret.Hash(token), r.Now()))
}

// ByHolder reads the living ticket of a holder; db.ErrNone when it has none.
func ByHolder(ctx context.Context, r db.Reader, a ref.Account, s Holder) (Ticket, error) {
	return scanTicket(r.QueryRow(ctx, `SELECT `+ticketColumns+` FROM device_ticket WHERE account = $1 AND session = $2 AND expires > $3`, a, s, r.Now()))
}

// ByDevice reads the ticket an installation was let in with; db.ErrNone when it is
// gone.
func ByDevice(ctx context.Context, r db.Reader, id ref.Device) (Ticket, error) {
	return scanTicket(r.QueryRow(ctx, `SELECT `+ticketColumns+` FROM device_ticket WHERE device = $1 AND expires > $2`, id, r.Now()))
}

// Claim lets an installation wait with a ticket that nobody used before; db.ErrNone
// when another was quicker or its time is over, db.ErrTaken when the key is known.
func Claim(ctx context.Context, tx db.Tx, token string, d Device) (Device, string, error) {
	d.ID, d.State, d.Created, d.LastSeen = ref.NewDevice(tx.Now()), Waiting, tx.Now(), tx.Now()
	_, err := tx.Exec(ctx, `INSERT INTO device (id, account, kind, name, point, state, turn, created, last_seen, agent, addr, place)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10, $11)`, d.ID, d.Account, d.Kind, d.Name, d.Point, d.State, d.Turn, d.Created, d.Agent, d.Addr, d.Place)
	if err != nil {
		return d, "", err
	}
	number := secret.Digits(4)
	return d, number, tx.One(ctx, `UPDATE device_ticket SET device = $2, number = $3 WHERE id = $1 AND device IS NULL AND expires > $4 AND account = $5`,
		secret.Hash(token), d.ID, number, tx.Now(), d.Account)
}

// ErrFull says that an account has Most installations.
var ErrFull = errors.New("device: the account has as many as it can")

// Agree records that the person saw the same number on one side, and makes the
// installation count once both are. The caller holds the account; db.ErrNone when
// there is nothing to agree to. It gives the ticket as it stands then.
func Agree(ctx context.Context, tx db.Tx, id ref.Device, there bool) (Ticket, error) {
	column := "here"
	if there {
		column = "there"
	}
	if err := tx.One(ctx, `UPDATE device_ticket SET `+column+` = 1 WHERE device = $1 AND expires > $2`, id, tx.Now()); err != nil {
		return Ticket{}, err
	}
	t, err := ByDevice(ctx, tx, id)
	if err != nil || !t.Ready() {
		return t, err
	}
	var have int64
	if err := tx.QueryRow(ctx, `SELECT count(*) FROM device WHERE account = $1 AND state = 'active' AND id <> $2 AND id <> $3 AND $3 <> '*'`, t.Account, id, t.Replaces).Scan(&have); err != nil {
		return t, err
	}
	if have >= Most {
		return t, ErrFull
	}
	if _, err := tx.Exec(ctx, `UPDATE device SET state = 'active' WHERE id = $1 AND state = 'waiting'`, id); err != nil {
		return t, err
	}
	return t, succeed(ctx, tx, t.Account)
}

// Finish records that the session which agreed was given what the installation proves,
// once; db.ErrNone when it was.
func Finish(ctx context.Context, tx db.Tx, id ref.Device) error {
	return tx.One(ctx, `UPDATE device_ticket SET finished = 1 WHERE device = $1 AND finished = 0 AND here = 1`, id)
}

// Hand records that an installation was given the secret of its codes, once;
// db.ErrNone when it was.
func Hand(ctx context.Context, tx db.Tx, id ref.Device) error {
	return tx.One(ctx, `UPDATE device_ticket SET handed = 1 WHERE device = $1 AND handed = 0`, id)
}

// Purge removes tickets whose time is over, and what waited on one, at most n each.
func Purge(ctx context.Context, tx db.Tx, n int) error {
	if _, err := tx.Exec(ctx, `DELETE FROM device WHERE id IN (SELECT d.id FROM device d WHERE d.state = 'waiting' AND d.created < $1 LIMIT $2)`,
		tx.Now().Add(-TicketLives), n); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM device_ticket WHERE id IN (SELECT id FROM device_ticket WHERE expires < $1 LIMIT $2)`, tx.Now(), n)
	return err
}
