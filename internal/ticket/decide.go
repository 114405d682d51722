package ticket

import (
	"context"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/i18n"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
)

// Check is one thing that the desk makes sure of.
type Check struct {
	Position int
	What     string
	By       string    // who ticked it; empty: nobody yet
	At       time.Time // when
	Note     string
}

// defaults are what a desk checks that has no list of its own. Nothing of it rests on
// what the ticket says: whoever wrote it may have written all of it.
var defaults = map[i18n.Lang][]string{
	i18n.En: {
		"I called back, on a number that our own records had before this ticket, not on one from the ticket.",
		"I saw the person, in the room or on video, and compared the face with a photo on record or an official ID.",
		"Somebody who works with the person, whom I reached myself, says that the person asks for help.",
	},
	i18n.Ja: {
		"このお問い合わせより前から記録にある番号へ、こちらから電話をかけ直した（お問い合わせに書かれた番号は使わない）。",
		"対面かビデオで本人の顔を見て、記録の写真か公的な身分証と見比べた。",
		"本人と一緒に働く人にこちらから連絡を取り、本人が助けを求めていることを確かめた。",
	},
}

// List is what a desk checks: its own list, or else the one that everybody has.
func List(ctx context.Context, r db.Reader, desk ref.Org, l i18n.Lang) (list []string, own bool, err error) {
	list, err = db.List(ctx, r, func(s db.Scanner) (what string, err error) {
		err = s.Scan(&what)
		return what, err
	}, `SELECT what FROM ticket_list WHERE desk = $1 ORDER BY position`, desk)
	if err != nil || len(list) > 0 {
		return list, true, err
	}
	return defaults[l], false, nil
}

// SetList gives a desk a list of its own; an empty one takes it away. The caller has read
// each line with ParseText.
func SetList(ctx context.Context, tx db.Tx, desk ref.Org, list []string) error {
	if _, err := tx.Exec(ctx, `DELETE FROM ticket_list WHERE desk = $1`, desk); err != nil {
		return err
	}
	for i, what := range list {
		if _, err := tx.Exec(ctx, `INSERT INTO ticket_list (desk, position, what) VALUES ($1, $2, $3)`, desk, i+1, what); err != nil {
			return err
		}
	}
	return nil
}

// TakeOn notes who checks, and the list of checks as it is now; db.ErrNone when somebody
// else was quicker, or its time is over.
func TakeOn(ctx context.Context, tx db.Tx, id ref.Ticket, who string, list []string) error {
	if err := tx.One(ctx, `UPDATE ticket SET state = 'checking', handler = $2 WHERE id = $1 AND state = 'open' AND told IS NOT NULL AND ends > $3`, id, who, tx.Now()); err != nil {
		return err
	}
	for i, what := range list {
		if _, err := tx.Exec(ctx, `INSERT INTO ticket_check (ticket, position, what, checker, note) VALUES ($1, $2, $3, '', '')`, id, i+1, what); err != nil {
			return err
		}
	}
	return nil
}

// Checks are the checks of a ticket that was taken on.
func Checks(ctx context.Context, r db.Reader, id ref.Ticket) ([]Check, error) {
	return db.List(ctx, r, func(s db.Scanner) (c Check, err error) {
		err = s.Scan(&c.Position, &c.What, &c.By, db.Time(&c.At), &c.Note)
		return c, err
	}, `SELECT position, what, checker, at, note FROM ticket_check WHERE ticket = $1 ORDER BY position`, id)
}

// Tick notes that something was checked, by whom and how; db.ErrNone when it was already,
// or the ticket is not being checked. The caller holds the ticket.
func Tick(ctx context.Context, tx db.Tx, id ref.Ticket, c Check) error {
	return tx.One(ctx, `UPDATE ticket_check SET checker = $3, at = $4, note = $5 WHERE ticket = $1 AND position = $2 AND at IS NULL
		AND (SELECT state FROM ticket WHERE id = $1) = 'checking'`, id, c.Position, c.By, tx.Now(), c.Note)
}

// Approve agrees, once, and gives the secret of the link by which what was asked for is
// taken from ready on; db.ErrNone when it was decided already, or something is unchecked.
func Approve(ctx context.Context, tx db.Tx, t Ticket, who string, ready time.Time) (secret.Text, error) {
	pickup := secret.Token()
	return pickup, tx.One(ctx, `UPDATE ticket SET state = 'approved', approver = $2, decided = $3, turn = $4, ready = $5, ends = $6, pickup = $7
		WHERE id = $1 AND state = 'checking' AND ends > $3 AND NOT EXISTS (SELECT 1 FROM ticket_check WHERE ticket = $1 AND at IS NULL)`,
		t.ID, who, tx.Now(), t.Turn, ready, ready.Add(TakeLives), secret.Hash(pickup.Reveal()))
}

// Refuse closes a ticket, approved or not, with what is said to whoever asked; db.ErrNone
// when it is over already.
func Refuse(ctx context.Context, tx db.Tx, id ref.Ticket, who, reason string) error {
	return tx.One(ctx, `UPDATE ticket SET state = 'refused', approver = $2, reason = $3, closed = $4, decided = $4, pickup = NULL
		WHERE id = $1 AND state IN ('open', 'checking', 'approved') AND ends > $4`, id, who, reason, tx.Now())
}

// Take spends what was approved, once and not before it is ready; db.ErrNone otherwise.
func Take(ctx context.Context, tx db.Tx, id ref.Ticket) error {
	return tx.One(ctx, `UPDATE ticket SET state = 'done', closed = $2, pickup = NULL WHERE id = $1 AND state = 'approved' AND ready <= $2 AND ends > $2`, id, tx.Now())
}

// Over lists tickets whose time is over and that nobody has closed yet.
func Over(ctx context.Context, r db.Reader, n int) ([]Ticket, error) {
	return db.List(ctx, r, scan, `SELECT `+columns+` FROM ticket t WHERE t.ends <= $1 AND t.state IN ('open', 'checking', 'approved') ORDER BY t.ends LIMIT $2`, r.Now(), n)
}

// Expire closes a ticket whose time is over; db.ErrNone when it is closed.
func Expire(ctx context.Context, tx db.Tx, id ref.Ticket) error {
	return tx.One(ctx, `UPDATE ticket SET state = 'expired', closed = $2, pickup = NULL WHERE id = $1 AND state IN ('open', 'checking', 'approved') AND ends <= $2`, id, tx.Now())
}

// Purge removes tickets that were over long ago or never confirmed, at most n.
func Purge(ctx context.Context, tx db.Tx, n int) error {
	_, err := tx.Exec(ctx, `DELETE FROM ticket WHERE id IN (SELECT id FROM ticket WHERE ends < $1 AND (state = 'waiting' OR ends < $2) LIMIT $3)`,
		tx.Now(), tx.Now().Add(-kept), n)
	return err
}

// OfAccount lists an account's tickets, the newest first.
func OfAccount(ctx context.Context, r db.Reader, a ref.Account, n int) ([]Ticket, error) {
	return standing(r)(db.List(ctx, r, scan, `SELECT `+columns+` FROM ticket t WHERE t.account = $1 ORDER BY t.id DESC LIMIT $2`, a, n))
}

// Desk lists the tickets of an organisation's members, or of everybody else's with an
// empty one; the newest first, those under way or those that are over.
func Desk(ctx context.Context, r db.Reader, desk ref.Org, over bool, before ref.Ticket, n int) ([]Ticket, error) {
	states := `t.state IN ('open', 'checking', 'approved') AND t.ends > $2`
	if over {
		states = `(t.state IN ('refused', 'expired', 'done') OR t.ends <= $2) AND t.state <> 'waiting'`
	}
	// Whose desk it is follows from where the account stands now: who left is no business
	// of the organisation's any more.
	whose := `coalesce(m.org, '') = $1`
	return standing(r)(db.List(ctx, r, scan, `SELECT `+columns+` FROM ticket t LEFT JOIN org_member m ON m.account = t.account
		WHERE t.told IS NOT NULL AND `+whose+` AND `+states+` AND t.id < $3 ORDER BY t.id DESC LIMIT $4`, desk, r.Now(), before, n))
}

// standing reads many as they stand now.
func standing(r db.Reader) func([]Ticket, error) ([]Ticket, error) {
	return func(list []Ticket, err error) ([]Ticket, error) {
		for i := range list {
			list[i], _ = at(r, list[i], nil)
		}
		return list, err
	}
}

// EndEverybodys closes every ticket that was approved: it may have been taken since.
func EndEverybodys(ctx context.Context, tx db.Tx) error {
	_, err := tx.Exec(ctx, `UPDATE ticket SET state = 'expired', closed = $1, pickup = NULL WHERE state = 'approved'`, tx.Now())
	return err
}
