// Package ticket owns what people ask the support desk for when no way leads in: what
// they say happened, how to reach them, how far it has come, and what was checked.
//
// Every step is one conditional statement, so that of two who decide at once one does.
// Links are kept as hashes. It never decides who may handle or approve one, tells
// nobody and issues nothing.
package ticket

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"sekisho/internal/db"
	"sekisho/internal/i18n"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
)

// Migrations are the tables of this package.
//
//go:embed migrations/*.sql
var Migrations embed.FS

// State is how far a ticket has come.
type State string

// The states there are.
const (
	Waiting  State = "waiting"  // whoever asks has yet to confirm how to reach them; nobody is told
	Open     State = "open"     // it waits for the desk
	Checking State = "checking" // somebody checks who asks
	Approved State = "approved" // a second person agreed; what was asked for can be taken when it is ready
	Refused  State = "refused"  // the desk said no, or the account's owner stopped it
	Expired  State = "expired"  // its time was over
	Done     State = "done"     // what was asked for was taken
)

// Times of a ticket.
const (
	ConfirmLives = time.Hour           // for how long the code that confirms the address counts
	Lives        = 7 * 24 * time.Hour  // by when the desk decides
	TakeLives    = 3 * 24 * time.Hour  // for how long what was approved can be taken
	kept         = 90 * 24 * time.Hour // after it is over; the audit log keeps what happened
)

// What a ticket may hold, in characters.
const (
	MostWords = 2000
	MostNote  = 500
	MostCheck = 200
	MostList  = 12 // checks of a desk
	mostTries = 10 // wrong codes
)

// Ticket is one of them.
type Ticket struct {
	ID        ref.Ticket
	State     State
	Kind      string // of the identifier
	Norm      string
	Shown     string // as it was typed
	Contact   string // the address at which whoever asks is reached
	Lang      i18n.Lang
	Words     string
	Reference string // of a refusal; as whoever asks gave it
	Addr      string
	Agent     string
	Place     string
	Created   time.Time
	Opened    time.Time // the contact was confirmed
	Ends      time.Time
	Account   ref.Account // empty: there is none of that name, or nobody has looked yet
	Told      time.Time   // its owner and the desk
	Handler   string      // who took it on
	Approver  string
	Decided   time.Time
	Reason    string // what the desk says to a refusal
	Turn      int64  // the account's at the approval
	Ready     time.Time
	Closed    time.Time
}

// Living says whether something can still come of it.
func (t Ticket) Living() bool {
	return t.State == Open || t.State == Checking || t.State == Approved
}

// New is what a ticket begins with.
type New struct {
	Kind, Norm, Shown  string
	Contact            string
	Lang               i18n.Lang
	Words, Reference   string
	Addr, Agent, Place string
	Code               []byte // keyed hash of the code that confirms the contact
}

// ErrText is a text that is empty, too long, or cannot be shown.
var ErrText = errors.New("the text is empty, too long, or has characters that cannot be shown")

// ParseText reads what a person wrote, of at most so many characters. Lines stay.
func ParseText(raw string, most int) (string, error) {
	if len(raw) > 4*most+1000 || !utf8.ValidString(raw) {
		return "", ErrText
	}
	s := strings.TrimSpace(strings.ReplaceAll(raw, "\r\n", "\n"))
	if s == "" || utf8.RuneCountInString(s) > most || strings.ContainsFunc(s, func(r rune) bool {
		return r != '\n' && r != '\t' && unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == utf8.RuneError
	}) {
		return "", ErrText
	}
	return s, nil
}

// Begin keeps a ticket that nobody has confirmed, and gives the secret of its link.
func Begin(ctx context.Context, tx db.Tx, n New) (Ticket, secret.Text, error) {
	id, link := ref.NewTicket(tx.Now()), secret.Token()
	_, err := tx.Exec(ctx, `INSERT INTO ticket (id, state, link, code, tries, kind, norm, shown, contact, lang, words, reference, addr, agent, place, created, ends, handler, approver, reason, turn)
		VALUES ($1, 'waiting', $2, $3, 0, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, '', '', '', 0)`,
		id, secret.Hash(link.Reveal()), n.Code, n.Kind, n.Norm, n.Shown, n.Contact, n.Lang, n.Words, n.Reference, n.Addr, n.Agent, n.Place, tx.Now(), tx.Now().Add(ConfirmLives))
	if err != nil {
		return Ticket{}, "", fmt.Errorf("begin ticket: %w", err)
	}
	t, err := Of(ctx, tx, id)
	return t, link, err
}

const columns = `t.id, t.state, t.kind, t.norm, t.shown, t.contact, t.lang, t.words, t.reference, t.addr, t.agent, t.place, t.created, t.opened, t.ends, t.account, t.told,
	t.handler, t.approver, t.decided, t.reason, t.turn, t.ready, t.closed`

func scan(s db.Scanner) (t Ticket, err error) {
	err = s.Scan(&t.ID, &t.State, &t.Kind, &t.Norm, &t.Shown, &t.Contact, &t.Lang, &t.Words, &t.Reference, &t.Addr, &t.Agent, &t.Place,
		db.Time(&t.Created), db.Time(&t.Opened), db.Time(&t.Ends), db.Null(&t.Account), db.Time(&t.Told),
		&t.Handler, &t.Approver, db.Time(&t.Decided), &t.Reason, &t.Turn, db.Time(&t.Ready), db.Time(&t.Closed))
	return t, err
}

// at reads a ticket as it stands now: one whose time is over counts as expired before
// a job has written it down.
func at(r db.Reader, t Ticket, err error) (Ticket, error) {
	if err == nil && (t.Living() || t.State == Waiting) && !r.Now().Before(t.Ends) {
		t.State = Expired
	}
	return t, err
}

// Of reads a ticket; db.ErrNone when there is none.
func Of(ctx context.Context, r db.Reader, id ref.Ticket) (Ticket, error) {
	t, err := scan(r.QueryRow(ctx, `SELECT `+columns+` FROM ticket t WHERE t.id = $1`, id))
	return at(r, t, err)
}

// ByLink reads the ticket of a status link; db.ErrNone when there is none.
func ByLink(ctx context.Context, r db.Reader, link string) (Ticket, error) {
	t, err := scan(r.QueryRow(ctx, `SELECT `+columns+` FROM ticket t WHERE t.link = $1`, secret.Hash(link)))
	return at(r, t, err)
}

// ByPickup reads the ticket of a link by which what was approved is taken; db.ErrNone
// when there is none.
func ByPickup(ctx context.Context, r db.Reader, pickup string) (Ticket, error) {
	t, err := scan(r.QueryRow(ctx, `SELECT `+columns+` FROM ticket t WHERE t.pickup = $1`, secret.Hash(pickup)))
	return at(r, t, err)
}

// Lock reads a ticket and keeps others from changing it until the transaction ends.
func Lock(ctx context.Context, tx db.Tx, id ref.Ticket) (Ticket, error) {
	if err := tx.One(ctx, `UPDATE ticket SET state = state WHERE id = $1`, id); err != nil {
		return Ticket{}, err
	}
	return Of(ctx, tx, id)
}

// Wrong counts a wrong code.
func Wrong(ctx context.Context, tx db.Tx, link string) error {
	_, err := tx.Exec(ctx, `UPDATE ticket SET tries = tries + 1 WHERE link = $1 AND state = 'waiting'`, secret.Hash(link))
	return err
}

// Confirm opens a ticket for the desk, once; db.ErrNone when the code is another, was
// guessed at too often, or its time is over.
func Confirm(ctx context.Context, tx db.Tx, link string, code []byte) error {
	return tx.One(ctx, `UPDATE ticket SET state = 'open', opened = $3, ends = $4 WHERE link = $1 AND code = $2 AND state = 'waiting' AND ends > $3 AND tries < $5`,
		secret.Hash(link), code, tx.Now(), tx.Now().Add(Lives), mostTries)
}

// Standing counts the tickets under way that name the same account, by what was typed.
func Standing(ctx context.Context, r db.Reader, norm string) (n int64, err error) {
	err = r.QueryRow(ctx, `SELECT count(*) FROM ticket WHERE norm = $1 AND state IN ('open', 'checking', 'approved') AND ends > $2`, norm, r.Now()).Scan(&n)
	return n, err
}

// Untold lists tickets of which nobody was told yet.
func Untold(ctx context.Context, r db.Reader, n int) ([]ref.Ticket, error) {
	return db.List(ctx, r, scanID, `SELECT id FROM ticket WHERE told IS NULL AND state = 'open' ORDER BY id LIMIT $1`, n)
}

func scanID(s db.Scanner) (id ref.Ticket, err error) {
	err = s.Scan(&id)
	return id, err
}

// Tell notes whose ticket it is, and that they are told; db.ErrNone when another node
// was quicker.
func Tell(ctx context.Context, tx db.Tx, id ref.Ticket, a ref.Account) error {
	var whose *ref.Account
	if a != "" {
		whose = &a
	}
	return tx.One(ctx, `UPDATE ticket SET told = $2, account = $3 WHERE id = $1 AND told IS NULL AND state = 'open'`, id, tx.Now(), whose)
}
