// Package session owns signed-in browsers, apps and devices.
//
// A session is found by the hash of its token (256 random bits), so that who
// reads the table cannot enter with it. It never decides whether a session may
// go on: gate does. Sessions are removed only through package grant, which ends
// what hangs on them.
package session

import (
	"context"
	"embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/gate"
	"sekisho/internal/org"
	"sekisho/internal/policy"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
)

// Migrations are the tables of this package.
//
//go:embed migrations/*.sql
var Migrations embed.FS

// Authentication context classes a session can carry, as proved and never
// more (OpenID Connect Core §2, acr).
const (
	ACRSingle  = "urn:sekisho:acr:single"
	ACRTrusted = "urn:sekisho:acr:trusted-browser"
	ACRMulti   = "urn:sekisho:acr:multi"
)

var acrs = map[gate.Level]string{gate.Single: ACRSingle, gate.Trusted: ACRTrusted, gate.Multi: ACRMulti}

// ACR is the class of a level.
func ACR(l gate.Level) string { return acrs[l] }

// Level is how much the session's holder proved.
func (s Session) Level() gate.Level { return LevelOf(s.ACR) }

// LevelOf is the level of a class; what is not known is the lowest.
func LevelOf(acr string) gate.Level {
	for l, a := range acrs {
		if a == acr {
			return l
		}
	}
	return gate.Single
}

// Session is one signed-in browser, app or device.
type Session struct {
	ID       ref.Session
	Account  ref.Account
	Browser  ref.Browser
	Door     string
	Created  time.Time
	AuthTime time.Time // when its holder last proved themselves
	LastUsed time.Time // to within TouchEvery
	Expires  time.Time
	ACR      string
	AMR      []string // RFC 8176's words; of a one-time code also which: otp.app
	Sent     bool     // all that was proved is codes that were sent
	Keep     bool     // outlives the browser's run
	Agent    string   // the User-Agent header, cut
	Addr     string
	Place    string
	Since    time.Time    // since when the account is there
	Stands   policy.Place // where the account stands now
}

// Methods are RFC 8176's words alone, as programs are told what was proved.
func Methods(amr []string) []string {
	var out []string
	for _, m := range amr {
		if m, _, _ = strings.Cut(m, "."); !slices.Contains(out, m) {
			out = append(out, m)
		}
	}
	return out
}

// New is what a session starts with.
type New struct {
	Account  ref.Account
	Browser  ref.Browser
	Door     string
	Lifetime time.Duration
	ACR      string
	AMR      []string
	Sent     bool // all that was proved is codes that were sent
	Keep     bool
	Agent    string
	Addr     string
	Place    string
	Since    time.Time // since when the account is there
}

// Open makes a session and gives its token, which is stored nowhere. Who calls
// it has locked the account and asked gate in the same transaction.
func Open(ctx context.Context, tx db.Tx, n New) (Session, secret.Text, error) {
	token := secret.Token()
	s := Session{
		ID: ref.NewSession(tx.Now()), Account: n.Account, Browser: n.Browser, Door: n.Door,
		Created: tx.Now(), AuthTime: tx.Now(), LastUsed: tx.Now(), Expires: tx.Now().Add(n.Lifetime),
		ACR: n.ACR, AMR: n.AMR, Sent: n.Sent, Keep: n.Keep, Agent: n.Agent, Addr: n.Addr, Place: n.Place, Since: n.Since,
	}
	_, err := tx.Exec(ctx, `INSERT INTO session (token, id, account, browser, door, created, auth_time, last_used, expires, acr, amr, keep, agent, addr, place, since, sent)
		VALUES ($1, $2, $3, $4, $5, $6, $6, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
		secret.Hash(token.Reveal()), s.ID, s.Account, s.Browser, s.Door, s.Created, s.Expires, s.ACR, strings.Join(s.AMR, " "),
		s.Keep, s.Agent, s.Addr, s.Place, s.Since, s.Sent)
	if err != nil {
		return s, "", fmt.Errorf("open session: %w", err)
	}
	return s, token, nil
}

// Prove records a new proof in a living session and gives it a new token: the
// old one, which somebody may have planted, opens nothing any more. acr and amr
// say what was proved now; what was proved before counts no more. s.Keep and s.Sent are kept.
func Prove(ctx context.Context, tx db.Tx, s Session, acr string, amr []string) (Session, secret.Text, error) {
	token := secret.Token()
	s.ACR, s.AMR, s.AuthTime, s.LastUsed = acr, amr, tx.Now(), tx.Now()
	err := tx.One(ctx, `UPDATE session SET token = $2, auth_time = $3, last_used = $3, acr = $4, amr = $5, keep = $6, sent = $7 WHERE id = $1`,
		s.ID, secret.Hash(token.Reveal()), tx.Now(), s.ACR, strings.Join(s.AMR, " "), s.Keep, s.Sent)
	return s, token, err
}

// Turn gives a living session a new token and nothing else: what it proved stays as
// old as it was.
func Turn(ctx context.Context, tx db.Tx, s Session) (secret.Text, error) {
	token := secret.Token()
	return token, tx.One(ctx, `UPDATE session SET token = $2, last_used = $3 WHERE id = $1`, s.ID, secret.Hash(token.Reveal()), tx.Now())
}

// What is read of a session comes with where its account stands, in one statement: a
// change there reaches it at its next request.
const columns = `s.id, s.account, s.browser, s.door, s.created, s.auth_time, s.last_used, s.expires, s.acr, s.amr, s.keep, s.agent, s.addr, s.place, s.since, s.sent, ` + org.Column

var from = ` FROM session s` + org.Join("s.account")

func scan(r db.Scanner) (Session, error) {
	var s Session
	var amr string
	err := r.Scan(&s.ID, &s.Account, &s.Browser, &s.Door, db.Time(&s.Created), db.Time(&s.AuthTime), db.Time(&s.LastUsed), db.Time(&s.Expires),
		&s.ACR, &amr, db.Bool(&s.Keep), &s.Agent, &s.Addr, &s.Place, db.Time(&s.Since), db.Bool(&s.Sent), org.Dest(&s.Stands))
	s.AMR = strings.Fields(amr)
	return s, err
}

const tokenLen = 43 // 256 bits in base64url

// ByToken finds the session a token opens; db.ErrNone when there is none. The
// caller asks gate whether it may go on.
func ByToken(ctx context.Context, r db.Reader, token string) (Session, error) {
	if len(token) != tokenLen {
		return Session{}, db.ErrNone
	}
	return scan(r.QueryRow(ctx, `SELECT `+columns+from+`WHERE s.token = $1`, secret.Hash(token)))
}

// ByID finds a session by its name.
func ByID(ctx context.Context, r db.Reader, id ref.Session) (Session, error) {
	return scan(r.QueryRow(ctx, `SELECT `+columns+from+`WHERE s.id = $1`, id))
}

// Living bounds which sessions still count: neither expired nor, when the
// policy has an idle limit, idle for longer.
type Living struct {
	Lifetime time.Duration
	Idle     time.Duration // 0: off
}

func (l Living) bounds(now time.Time) (created, used time.Time) {
	if l.Idle > 0 {
		used = now.Add(-l.Idle)
	} else {
		used = time.UnixMicro(1)
	}
	return now.Add(-l.Lifetime), used
}

// Of lists an account's living sessions, the last used first.
func Of(ctx context.Context, r db.Reader, a ref.Account, l Living) ([]Session, error) {
	created, used := l.bounds(r.Now())
	return db.List(ctx, r, scan, `SELECT `+columns+from+`WHERE s.account = $1 AND s.expires > $2 AND s.created > $3 AND s.last_used > $4
		ORDER BY s.last_used DESC, s.id DESC`, a, r.Now(), created, used)
}

// Count says how many living sessions an account has.
func Count(ctx context.Context, r db.Reader, a ref.Account, l Living) (int, error) {
	created, used := l.bounds(r.Now())
	var n int64
	err := r.QueryRow(ctx, `SELECT count(*) FROM session WHERE account = $1 AND expires > $2 AND created > $3 AND last_used > $4`,
		a, r.Now(), created, used).Scan(&n)
	return int(n), err
}

// All lists every session row of an account, living or not.
func All(ctx context.Context, r db.Reader, a ref.Account) ([]ref.Session, error) {
	return db.List(ctx, r, scanID, `SELECT id FROM session WHERE account = $1`, a)
}

// Expired lists sessions past their end, at most n.
func Expired(ctx context.Context, r db.Reader, n int) ([]ref.Session, error) {
	return db.List(ctx, r, scanID, `SELECT id FROM session WHERE expires <= $1 LIMIT $2`, r.Now(), n)
}

func scanID(s db.Scanner) (id ref.Session, err error) {
	err = s.Scan(&id)
	return id, err
}

// Remove deletes sessions and says how many there were. Only package grant
// calls it: what hangs on a session ends with it.
func Remove(ctx context.Context, tx db.Tx, ids ...ref.Session) (int64, error) {
	var n int64
	for _, id := range ids {
		c, err := tx.Exec(ctx, `DELETE FROM session WHERE id = $1`, id)
		if err != nil {
			return n, fmt.Errorf("end session: %w", err)
		}
		n += c
	}
	return n, nil
}

// TouchEvery is how exact LastUsed is without an idle limit.
const TouchEvery = time.Minute

// Stale says whether a use at now is worth recording: every minute, or every
// twentieth of the idle limit so that the limit is exact enough.
func (s Session) Stale(now time.Time, idle time.Duration) bool {
	every := TouchEvery
	if idle > 0 {
		every = min(every, idle/20)
	}
	return now.Sub(s.LastUsed) >= every
}

// TouchAtOnce is how many Touch takes.
const TouchAtOnce = 100

var touchMany = `UPDATE session SET last_used = $1 WHERE last_used < $1 AND id IN ($2` + func() (rest string) {
	for i := range TouchAtOnce - 1 {
		rest += ", $" + strconv.Itoa(i+3)
	}
	return rest
}() + `)`

// Touch records that sessions were used, one to TouchAtOnce of them.
func Touch(ctx context.Context, tx db.Tx, at time.Time, ids ...ref.Session) error {
	if len(ids) == 1 {
		_, err := tx.Exec(ctx, `UPDATE session SET last_used = $2 WHERE id = $1 AND last_used < $2`, ids[0], at)
		return err
	}
	args := append(make([]any, 0, 1+TouchAtOnce), at)
	for i := range TouchAtOnce {
		args = append(args, ids[min(i, len(ids)-1)]) // one statement for any number
	}
	_, err := tx.Exec(ctx, touchMany, args...)
	return err
}

// RemoveEverybodys deletes every session there is. Only package grant calls it.
func RemoveEverybodys(ctx context.Context, tx db.Tx) (int64, error) {
	return tx.Exec(ctx, `DELETE FROM session`)
}
