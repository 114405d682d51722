// Package account owns people's identities: their state, their name and the
// identifiers that find them.
//
// An address belongs to the account that proved it, and to no other (RC-21).
// It knows no password, no session and no page; it never decides who enters.
package account

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"sekisho/internal/db"
	"sekisho/internal/i18n"
	"sekisho/internal/org"
	"sekisho/internal/ref"
)

// Migrations are the tables of this package.
//
//go:embed migrations/*.sql
var Migrations embed.FS

// State of an account.
type State string

// The states an account can be in.
const (
	Unconfirmed State = "unconfirmed" // its address is not proved yet (SI-24)
	Active      State = "active"
	Disabled    State = "disabled"
	Deleted     State = "deleted" // waits to be erased
)

// UnconfirmedFor is how long an unconfirmed account is kept (SI-24).
const UnconfirmedFor = 30 * 24 * time.Hour

// Account is one person's identity.
type Account struct {
	ID         ref.Account
	State      State
	Name       string
	Lang       i18n.Lang
	Zone       string // IANA name; empty: the server's
	Created    time.Time
	Changed    time.Time
	Confirmed  time.Time
	LastSignin time.Time
	EraseAt    time.Time
	Turn       int64     // how often its doors were closed on everybody; see Close
	Email      Address   // the primary one; empty Norm when there is none
	Mobile     Address   // the primary one; empty Norm when there is none
	Username   string    // as shown; empty when there is none
	Preferred  string    // kind of the second proof that is asked for first; empty: the strongest
	Contained  time.Time // when its owner said "this was not me": nobody enters until a recovery lifts it
	Doubted    time.Time // Contained: since when what was added is doubted; zero: nothing is
	Lowered    bool      // Contained: what was taken back had stood for so long that a recovery by codes that are sent waits
	LockedAt   time.Time // since when its owner has switched sign-in off; see Locked
	LockEnds   time.Time // zero: not by itself
	signinDay  time.Time
	signins    int
}

// Address is one identifier of an account.
type Address struct {
	Identifier
	ID        ref.Address // only from Addresses, AddressOf and what changes one
	Main      bool
	Hosted    bool // its mailbox is opened by this very account (SI-05)
	Shared    bool // several people read its mailbox (RC-30)
	Created   time.Time
	Confirmed time.Time
}

// New is what a new account starts with.
type New struct {
	Name        string
	Lang        i18n.Lang
	Zone        string
	Identifiers []Identifier
	Hosted      bool
	Shared      bool // several people read its mailboxes (RC-30)
	Confirmed   bool // the operator vouches for the identifiers
	Active      bool // it may sign in, although nobody vouches for its identifiers yet
}

// ErrName is a name that cannot be shown.
var ErrName = errors.New("a name has 1 to 100 characters and no control characters")

// ParseName reads a display name.
func ParseName(raw string) (string, error) {
	if len(raw) > 1000 || !utf8.ValidString(raw) {
		return "", ErrName
	}
	s := strings.Join(strings.Fields(norm.NFC.String(raw)), " ")
	if n := utf8.RuneCountInString(s); n < 1 || n > 100 || strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == utf8.RuneError
	}) {
		return "", ErrName
	}
	return s, nil
}

// Create makes an account. With Confirmed, an identifier that is somebody
// else's gives db.ErrTaken.
func Create(ctx context.Context, tx db.Tx, n New) (Account, error) {
	a := Account{ID: ref.NewAccount(tx.Now()), State: Unconfirmed, Name: n.Name, Lang: n.Lang, Zone: n.Zone, Created: tx.Now()}
	var confirmed time.Time
	if n.Active {
		a.State, a.Confirmed = Active, tx.Now()
	}
	if n.Confirmed {
		a.State, confirmed, a.Confirmed = Active, tx.Now(), tx.Now()
	}
	_, err := tx.Exec(ctx, `INSERT INTO account (id, state, name, lang, zone, created, changed, confirmed, signin_day, signins)
		VALUES ($1, $2, $3, $4, $5, $6, $6, $7, 0, 0)`, a.ID, a.State, a.Name, a.Lang, a.Zone, a.Created, a.Confirmed)
	if err != nil {
		return a, fmt.Errorf("create account: %w", err)
	}
	seen := map[Kind]bool{}
	for _, id := range n.Identifiers {
		main := !seen[id.Kind]
		seen[id.Kind] = true
		_, err := tx.Exec(ctx, `INSERT INTO identifier (account, id, kind, norm, shown, main, hosted, shared, created, confirmed)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, a.ID, ref.NewAddress(tx.Now()), id.Kind, id.Norm, id.Shown, main,
			n.Hosted && id.Kind == Email, n.Shared && id.Kind == Email, tx.Now(), confirmed)
		if err != nil {
			return a, fmt.Errorf("create account: %w", err)
		}
		if main && id.Kind == Email {
			a.Email = Address{Identifier: id, Main: true, Hosted: n.Hosted, Shared: n.Shared, Created: tx.Now(), Confirmed: confirmed}
		}
		if main && id.Kind == Username {
			a.Username = id.Shown
		}
	}
	return a, nil
}

const columns = `a.id, a.state, a.name, a.lang, a.zone, a.created, a.changed, a.confirmed, a.last_signin, a.erase_at, a.signin_day, a.signins, a.turn, a.preferred, a.contained, a.doubted, a.lowered, a.locked, a.lock_ends,
	e.kind, e.norm, e.shown, e.hosted, e.shared, e.created, e.confirmed, u.shown, m.norm, m.shown, m.created, m.confirmed`

const from = ` FROM account a
	LEFT JOIN identifier e ON e.account = a.id AND e.kind = 'email' AND e.main = 1
	LEFT JOIN identifier u ON u.account = a.id AND u.kind = 'username' AND u.main = 1
	LEFT JOIN identifier m ON m.account = a.id AND m.kind = 'mobile' AND m.main = 1 `

func scan(s db.Scanner) (Account, error) {
	var a Account
	var signins int64
	var kind, normal, shown string
	err := s.Scan(&a.ID, &a.State, &a.Name, &a.Lang, &a.Zone, db.Time(&a.Created), db.Time(&a.Changed), db.Time(&a.Confirmed),
		db.Time(&a.LastSignin), db.Time(&a.EraseAt), db.Time(&a.signinDay), &signins, &a.Turn, &a.Preferred, db.Time(&a.Contained), db.Time(&a.Doubted), db.Bool(&a.Lowered),
		db.Time(&a.LockedAt), db.Time(&a.LockEnds),
		db.Null(&kind), db.Null(&normal), db.Null(&shown), db.Bool(&a.Email.Hosted), db.Bool(&a.Email.Shared),
		db.Time(&a.Email.Created), db.Time(&a.Email.Confirmed), db.Null(&a.Username),
		db.Null(&a.Mobile.Norm), db.Null(&a.Mobile.Shown), db.Time(&a.Mobile.Created), db.Time(&a.Mobile.Confirmed))
	if a.Mobile.Norm != "" {
		a.Mobile.Kind, a.Mobile.Main = Mobile, true
	}
	a.Email.Identifier = Identifier{Kind: Kind(kind), Norm: normal, Shown: shown}
	a.Email.Main = kind != ""
	a.signins = int(signins)
	return a, err
}

// Of reads an account; db.ErrNone when there is none.
func Of(ctx context.Context, r db.Reader, id ref.Account) (Account, error) {
	return scan(r.QueryRow(ctx, `SELECT `+columns+from+`WHERE a.id = $1`, id))
}

// Names reads what an account is called: user name and primary address as shown,
// empty where there is none. It is the least that an app which asks often needs.
func Names(ctx context.Context, r db.Reader, id ref.Account) (username, email string, err error) {
	_, err = db.List(ctx, r, func(s db.Scanner) (none struct{}, err error) {
		var kind Kind
		var shown string
		if err = s.Scan(&kind, &shown); kind == Username {
			username = shown
		} else {
			email = shown
		}
		return none, err
	}, `SELECT kind, shown FROM identifier WHERE account = $1 AND main = 1 AND kind IN ('email', 'username')`, id)
	return username, email, err
}

// Find reads the account an identifier leads to: the one that proved it, else one
// that already stands (the first owner's, before the address is proved), else the
// newest sign-up that claims it. A stranger's sign-up must not take an account's
// own name away from it, and a further address that an account only claims finds
// nobody. db.ErrNone when there is none.
func Find(ctx context.Context, r db.Reader, id Identifier) (Account, error) {
	return scan(r.QueryRow(ctx, `SELECT `+columns+from+`WHERE a.id = (SELECT i.account FROM identifier i JOIN account o ON o.id = i.account
		WHERE i.kind = $1 AND i.norm = $2 AND (i.confirmed IS NOT NULL OR i.main = 1)
		ORDER BY CASE WHEN i.confirmed IS NOT NULL THEN 0 WHEN o.state <> 'unconfirmed' THEN 1 ELSE 2 END, i.created DESC, i.account DESC LIMIT 1)`, id.Kind, id.Norm))
}

// Shows says whether an identifier is one by which others are shown the account: its
// primary address or number, or its user name.
func (a Account) Shows(id Identifier) bool {
	switch id.Kind {
	case Email:
		return a.Email.Norm != "" && a.Email.Norm == id.Norm
	case Mobile:
		return a.Mobile.Norm != "" && a.Mobile.Norm == id.Norm
	}
	name, err := Parse(a.Username)
	return err == nil && name.Kind == id.Kind && name.Norm == id.Norm
}

// Lock reads an account and keeps every other transaction from changing it, or
// from counting its sessions under the same lock, until this one ends.
func Lock(ctx context.Context, tx db.Tx, id ref.Account) (Account, error) {
	if err := tx.One(ctx, `UPDATE account SET changed = changed WHERE id = $1`, id); err != nil {
		return Account{}, err
	}
	return Of(ctx, tx, id)
}

// Confirm records that the account proved its primary e-mail address, and
// makes an unconfirmed account active. db.ErrTaken when another account proved
// the address before.
func Confirm(ctx context.Context, tx db.Tx, id ref.Account) error {
	if _, err := tx.Exec(ctx, `UPDATE identifier SET confirmed = $2 WHERE account = $1 AND kind IN ('email', 'username') AND main = 1 AND confirmed IS NULL`,
		id, tx.Now()); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE account SET state = 'active', confirmed = $2, changed = $2 WHERE id = $1 AND state = 'unconfirmed'`, id, tx.Now())
	return err
}

// Claims lists unconfirmed accounts that claim an identifier, without one.
func Claims(ctx context.Context, r db.Reader, id Identifier, but ref.Account) ([]ref.Account, error) {
	return db.List(ctx, r, scanID, `SELECT id FROM account WHERE state = 'unconfirmed' AND id <> $3
		AND id IN (SELECT account FROM identifier WHERE kind = $1 AND norm = $2 AND confirmed IS NULL AND main = 1) ORDER BY id`, id.Kind, id.Norm, but)
}

func scanID(s db.Scanner) (id ref.Account, err error) {
	err = s.Scan(&id)
	return id, err
}

// SigninsSince says how many sign-ins were counted since the day began.
func (a Account) SigninsSince(day time.Time) int {
	if a.signinDay.Before(day) {
		return 0
	}
	return a.signins
}

// CountSignin counts a successful sign-in on the day that began at day.
func CountSignin(ctx context.Context, tx db.Tx, id ref.Account, day time.Time) error {
	return tx.One(ctx, `UPDATE account SET signins = CASE WHEN signin_day = $2 THEN signins + 1 ELSE 1 END, signin_day = $2, last_signin = $3
		WHERE id = $1`, id, day, tx.Now())
}

// ForgetSignins begins the count of the day's sign-ins anew.
func ForgetSignins(ctx context.Context, tx db.Tx, id ref.Account) error {
	return tx.One(ctx, `UPDATE account SET signins = 0 WHERE id = $1`, id)
}

// Close voids every proof that somebody has made and not yet entered with: who
// waits at a later step of a journey begins anew. A count and not a time, so that
// the clocks of several nodes need not agree.
func Close(ctx context.Context, tx db.Tx, id ref.Account) error {
	return tx.One(ctx, `UPDATE account SET turn = turn + 1 WHERE id = $1`, id)
}

// Locked says whether the owner has switched sign-in off (RS-01).
func (a Account) Locked(now time.Time) bool {
	return !a.LockedAt.IsZero() && (a.LockEnds.IsZero() || now.Before(a.LockEnds))
}

// SwitchOff lets nobody sign in until ends, or until SwitchOn where ends is zero. The
// caller holds the account. Asked again it moves the end; a lock that was over, or ends
// at another time, is another one, which may be another's.
func SwitchOff(ctx context.Context, tx db.Tx, id ref.Account, ends time.Time) error {
	return tx.One(ctx, `UPDATE account SET lock_ends = $3,
		locked = CASE WHEN locked IS NULL OR lock_ends <= $2 OR lock_ends IS DISTINCT FROM $3 THEN $2 ELSE locked END WHERE id = $1`, id, tx.Now(), ends)
}

// SwitchOn lets sign-ins go on.
func SwitchOn(ctx context.Context, tx db.Tx, id ref.Account) error {
	return tx.One(ctx, `UPDATE account SET locked = NULL, lock_ends = NULL WHERE id = $1`, id)
}

// Disable closes an account; who calls it ends its sessions in the same
// transaction. db.ErrNone when it is not active.
func Disable(ctx context.Context, tx db.Tx, id ref.Account) error {
	return tx.One(ctx, `UPDATE account SET state = 'disabled', disabled = $2, changed = $2, turn = turn + 1 WHERE id = $1 AND state IN ('active', 'unconfirmed')`, id, tx.Now())
}

// Enable opens a disabled or deleted account that was not erased yet.
func Enable(ctx context.Context, tx db.Tx, id ref.Account) error {
	return tx.One(ctx, `UPDATE account SET state = CASE WHEN confirmed IS NULL THEN 'unconfirmed' ELSE 'active' END,
		disabled = NULL, erase_at = NULL, changed = $2 WHERE id = $1 AND state IN ('disabled', 'deleted')`, id, tx.Now())
}

// Restore takes a deletion back: the account is as it was before, disabled where it was.
// db.ErrNone when it is not deleted.
func Restore(ctx context.Context, tx db.Tx, id ref.Account) error {
	return tx.One(ctx, `UPDATE account SET state = CASE WHEN disabled IS NOT NULL THEN 'disabled' WHEN confirmed IS NULL THEN 'unconfirmed' ELSE 'active' END,
		erase_at = NULL, changed = $2 WHERE id = $1 AND state = 'deleted'`, id, tx.Now())
}

// Delete marks an account to be erased at the given time.
func Delete(ctx context.Context, tx db.Tx, id ref.Account, eraseAt time.Time) error {
	return tx.One(ctx, `UPDATE account SET state = 'deleted', erase_at = $2, changed = $3, turn = turn + 1 WHERE id = $1`, id, eraseAt, tx.Now())
}

// Erase removes an account and, by the tables' own rules, all that hangs on it.
// Only enter.EraseAccount calls it: what names a person stands elsewhere too.
func Erase(ctx context.Context, tx db.Tx, id ref.Account) error {
	return tx.One(ctx, `DELETE FROM account WHERE id = $1`, id)
}

// Due lists accounts whose time is over: unconfirmed for 30 days, or deleted
// with the grace period past.
func Due(ctx context.Context, r db.Reader, limit int) ([]ref.Account, error) {
	return db.List(ctx, r, scanID, `
		SELECT id FROM account WHERE state = 'unconfirmed' AND created < $1
		UNION ALL SELECT id FROM account WHERE state = 'deleted' AND erase_at <= $2 LIMIT $3`,
		r.Now().Add(-UnconfirmedFor), r.Now(), limit)
}

// Profile changes what a person may change about how they are shown.
func Profile(ctx context.Context, tx db.Tx, a Account) error {
	if err := tx.One(ctx, `UPDATE account SET name = $2, lang = $3, zone = $4, changed = $5 WHERE id = $1`, a.ID, a.Name, a.Lang, a.Zone, tx.Now()); err != nil {
		return err
	}
	return org.Relist(ctx, tx, a.ID)
}

// Prefer sets the kind of second proof that is asked for first.
func Prefer(ctx context.Context, tx db.Tx, id ref.Account, kind string) error {
	return tx.One(ctx, `UPDATE account SET preferred = $2, changed = $3 WHERE id = $1`, id, kind, tx.Now())
}

// List reads accounts in the order they were made, after the given one.
func List(ctx context.Context, r db.Reader, after ref.Account, limit int) ([]Account, error) {
	return db.List(ctx, r, scan, `SELECT `+columns+from+`WHERE a.id > $1 ORDER BY a.id LIMIT $2`, after, limit)
}

// Any says whether there is any account that stands. A sign-up that nobody confirmed
// is none: it must not void the link that makes the first.
func Any(ctx context.Context, r db.Reader) (bool, error) {
	var id ref.Account
	err := r.QueryRow(ctx, `SELECT id FROM account WHERE state <> 'unconfirmed' LIMIT 1`).Scan(&id)
	if errors.Is(err, db.ErrNone) {
		return false, nil
	}
	return err == nil, err
}

// named is how many NamesIn asks for at once.
const named = 100

// NamesIn are the names of those of some accounts that are members of an organisation.
func NamesIn(ctx context.Context, r db.Reader, o ref.Org, ids []ref.Account) (map[ref.Account]string, error) {
	out := make(map[ref.Account]string, len(ids))
	for some := range slices.Chunk(ids, named) {
		args := make([]any, 0, named+1)
		args = append(args, o)
		holes := make([]string, named)
		for i := range holes {
			id := ref.Account("") // always as many, so that the statement is always the same
			if i < len(some) {
				id = some[i]
			}
			args = append(args, id)
			holes[i] = "$" + strconv.Itoa(i+2)
		}
		_, err := db.List(ctx, r, func(s db.Scanner) (none struct{}, err error) {
			var id ref.Account
			var name string
			if err = s.Scan(&id, &name); err == nil {
				out[id] = name
			}
			return none, err
		}, `SELECT a.id, a.name FROM account a JOIN org_member m ON m.account = a.id WHERE m.org = $1 AND a.id IN (`+strings.Join(holes, ", ")+`)`, args...)
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}
