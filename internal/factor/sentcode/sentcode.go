// Package sentcode owns one-time codes and links sent by mail or SMS: making,
// checking and spending them.
//
// A code is bound to its purpose, its way, its account and the flow of one
// browser; only a keyed hash is kept (SI-27, RC-05). It sends nothing, counts no
// failures and knows no page: the journey sends what it makes and counts what it
// refuses.
package sentcode

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"strconv"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
)

// Migrations are the tables of this package.
//
//go:embed migrations/*.sql
var Migrations embed.FS

// Purpose is what a code is good for, and nothing else.
type Purpose string

// The purposes there are.
const (
	Signin  Purpose = "signin"
	Confirm Purpose = "confirm"
	Recover Purpose = "recover"
	Replace Purpose = "replace" // Tegata is lost while the sign-in lock is on
	Second  Purpose = "second"  // a second proof
	Another Purpose = "another" // one more proof at an unusual sign-in (SI-19)
	Address Purpose = "address" // a further address of a signed-in person
	Enrol   Purpose = "enrol"   // a number that is to become a second factor
	Reset   Purpose = "reset"   // an admin had a link sent that leads to a new password
)

// Purposes lists all of them.
var Purposes = []Purpose{Signin, Confirm, Recover, Replace, Second, Another, Address, Enrol, Reset}

// Channel is the way a code goes.
type Channel string

// The channels there are.
const (
	Mail Channel = "mail"
	SMS  Channel = "sms"
)

// For is everything a code is bound to.
type For struct {
	Purpose Purpose
	Channel Channel // empty: Mail
	Subject string  // the account, or the address typed where there is no account
	Flow    ref.Flow
	Target  string // the address or number it goes to, where that is what is proved
	Known   bool   // a browser asks that the account knows; its sends are counted apart
	Long    bool   // LongDigits digits, beyond guessing
	Asked   string // by which way and name a stranger asked for it; empty: its owner did
	Phone   bool   // that way is the phone, wherever the code goes in the end
	Network string // from where
}

func (f For) channel() Channel {
	if f.Channel == "" {
		return Mail
	}
	return f.Channel
}

// Times of a code (SI-27, RC-05).
const (
	Lives        = 10 * time.Minute
	RecoverLives = 30 * time.Minute
	ResetLives   = 24 * time.Hour // its reader did not ask for it and may be asleep
	ResendAfter  = 60 * time.Second
	SendsAnHour  = 5
	PhoneAnHour  = 3 * SendsAnHour // to a phone, whichever networks ask
)

// LongDigits is how long a code is that nobody guesses, however often they may try.
const LongDigits = 16

// Links says whether a mail with such a code has a link that does the same.
func (p Purpose) Links() bool { return p == Recover || p == Replace || p == Reset }

func (p Purpose) lives() time.Duration {
	switch {
	case p == Reset:
		return ResetLives
	case p.Links():
		return RecoverLives
	}
	return Lives
}

// Codes makes and checks codes of Digits digits (6 or 8).
type Codes struct {
	Ring   *secret.Ring
	Digits int
}

// Sent is a code that was made. Code and Link are for the mail alone.
type Sent struct {
	Code    secret.Text
	Link    secret.Text // only where the purpose Links
	Expires time.Time
	Resend  time.Time // no other before
	Mute    bool      // not to be sent: another name of the account used the sends up
}

// Wait is why no code was made.
type Wait struct {
	Until time.Time
	Limit bool // the hour's sends are used up; otherwise it is too early for the next
}

// Make makes a code, and voids the one made before in the same flow. The wait
// is non-nil, and nothing was made, when the last one is too recent or the
// hour's sends are used up. Make is called for unknown people as well: it
// costs and answers the same.
//
// What a stranger learns of waits comes of the name they asked with alone. Where another
// name of the same account used the sends up, the code is made and muted: a wait would
// tell that the two names are one person's, and that there is one (SI-28).
func (c Codes) Make(ctx context.Context, tx db.Tx, f For) (Sent, *Wait, error) {
	wait, mute, err := c.wait(ctx, tx, f)
	if err != nil || wait != nil {
		return Sent{}, wait, err
	}
	if _, err := tx.Exec(ctx, `UPDATE mailcode SET used = $2 WHERE flow = $1 AND used IS NULL`, f.Flow, tx.Now()); err != nil {
		return Sent{}, nil, fmt.Errorf("void codes: %w", err)
	}
	s := Sent{Code: secret.Text(secret.Digits(c.digits(f))), Expires: tx.Now().Add(f.Purpose.lives()), Resend: tx.Now().Add(ResendAfter), Mute: mute}
	var link []byte
	if f.Purpose.Links() {
		s.Link = secret.Token()
		link = secret.Hash(s.Link.Reveal())
	}
	_, err = tx.Exec(ctx, `INSERT INTO mailcode (id, purpose, channel, subject, flow, mac, link, sent, expires, known, asked, network, target, mute)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
		ref.NewCode(tx.Now()), f.Purpose, f.channel(), f.Subject, f.Flow, c.mac(f, s.Code.Reveal()), link, tx.Now(), s.Expires, f.Known, c.name(f.Asked), c.name(f.Network), c.name(f.Target), mute)
	if err != nil {
		return Sent{}, nil, fmt.Errorf("make code: %w", err)
	}
	return s, nil, nil
}

// made is a code that was made within the hour.
type made struct {
	at                     time.Time
	channel                Channel
	asked, network, target []byte
	mute                   bool
}

// wait counts what was sent for browsers the account knows apart from what was
// sent for strangers: else anybody who asks five times an hour keeps the owner from
// getting a code.
func (c Codes) wait(ctx context.Context, r db.Reader, f For) (wait *Wait, mute bool, err error) {
	list, err := db.List(ctx, r, func(s db.Scanner) (m made, err error) {
		err = s.Scan(db.Time(&m.at), &m.channel, &m.asked, &m.network, &m.target, db.Bool(&m.mute))
		return
	}, `SELECT sent, channel, asked, network, target, mute FROM mailcode WHERE subject = $1 AND purpose = $2 AND sent > $3 AND known = $4 ORDER BY sent DESC`,
		f.Subject, f.Purpose, r.Now().Add(-time.Hour), f.Known)
	if err != nil || len(list) == 0 {
		return nil, false, err
	}
	asked, network := c.name(f.Asked), c.name(f.Network)
	// A mail with a code to reset the password has a link that helps whoever asked for
	// it; an SMS has none. Its sends are counted by network as well: one that uses its
	// own up leaves some to the owner's.
	count := func(wide bool, counts func(made) bool) *Wait {
		var all, near []time.Time
		for _, m := range list {
			if !counts(m) {
				continue
			}
			all = append(all, m.at)
			if !wide || bytes.Equal(m.network, network) {
				near = append(near, m.at)
			}
		}
		switch {
		case wide && len(all) >= PhoneAnHour:
			return &Wait{Until: all[PhoneAnHour-1].Add(time.Hour), Limit: true}
		case len(near) >= SendsAnHour:
			return &Wait{Until: near[SendsAnHour-1].Add(time.Hour), Limit: true}
		case len(near) > 0 && r.Now().Before(near[0].Add(ResendAfter)):
			return &Wait{Until: near[0].Add(ResendAfter)}
		}
		return nil
	}
	if f.Asked == "" || f.Known {
		return count(false, func(m made) bool { return m.channel == f.channel() }), false, nil
	}
	if wait := count(f.Phone, func(m made) bool { return bytes.Equal(m.asked, asked) }); wait != nil {
		return wait, false, nil
	}
	target := c.name(f.Target)
	full := count(f.channel() == SMS, func(m made) bool { return !m.mute && m.channel == f.channel() && bytes.Equal(m.target, target) })
	return nil, full != nil, nil
}

// name keeps what was typed, and from where, as something that can only be compared.
func (c Codes) name(s string) []byte { return c.Ring.MAC("sentcode.asked", []byte(s))[:16] }

// digits is how long a code is.
func (c Codes) digits(f For) int {
	if f.Long {
		return LongDigits
	}
	return c.Digits
}

func (c Codes) mac(f For, code string) []byte {
	return c.Ring.MAC("sentcode", []byte(f.Purpose), []byte(f.channel()), []byte(f.Subject), []byte(f.Flow), []byte(f.Target), []byte(strconv.FormatBool(f.Long)), []byte(code))
}

// Outcome of a check.
type Outcome int

// The outcomes there are.
const (
	Wrong Outcome = iota
	Right
	Expired // there was a code in this flow, and its time is over
)

// Check spends a code. It is right once, for one caller, however many ask at
// the same instant.
func (c Codes) Check(ctx context.Context, tx db.Tx, f For, answer string) (Outcome, error) {
	err := tx.One(ctx, `UPDATE mailcode SET used = $3 WHERE flow = $1 AND mac = $2 AND used IS NULL AND expires > $3`,
		f.Flow, c.mac(f, secret.Clean(answer)), tx.Now())
	if err == nil {
		return Right, Void(ctx, tx, f.Purpose, f.Subject)
	}
	if !errors.Is(err, db.ErrNone) {
		return Wrong, fmt.Errorf("check code: %w", err)
	}
	var live int64
	err = tx.QueryRow(ctx, `SELECT count(*) FROM mailcode WHERE flow = $1 AND used IS NULL AND expires > $2`, f.Flow, tx.Now()).Scan(&live)
	if err != nil {
		return Wrong, fmt.Errorf("check code: %w", err)
	}
	if live == 0 {
		return Expired, nil
	}
	return Wrong, nil
}

// Link is what an opened link leads to.
type Link struct {
	Flow    ref.Flow
	Purpose Purpose
	Subject string
	Used    bool
	Expired bool
}

// ByLink reads what a link leads to without spending it; db.ErrNone when it
// was never made.
func ByLink(ctx context.Context, r db.Reader, token string) (Link, error) {
	var l Link
	var used, expires time.Time
	err := r.QueryRow(ctx, `SELECT flow, purpose, subject, used, expires FROM mailcode WHERE link = $1`, secret.Hash(token)).
		Scan(&l.Flow, &l.Purpose, &l.Subject, db.Time(&used), db.Time(&expires))
	l.Used, l.Expired = !used.IsZero(), !r.Now().Before(expires)
	return l, err
}

// SpendLink spends a link, and its code with it; db.ErrNone when another was
// quicker or its time is over.
func SpendLink(ctx context.Context, tx db.Tx, p Purpose, token string) error {
	var subject string
	err := tx.QueryRow(ctx, `UPDATE mailcode SET used = $2 WHERE link = $1 AND purpose = $3 AND used IS NULL AND expires > $2 RETURNING subject`,
		secret.Hash(token), tx.Now(), p).Scan(&subject)
	if err != nil {
		return err
	}
	return Void(ctx, tx, p, subject)
}

// Void ends every code and link of a purpose that is still out: at use of one,
// all others die (RC-05).
func Void(ctx context.Context, tx db.Tx, p Purpose, subject string) error {
	_, err := tx.Exec(ctx, `UPDATE mailcode SET used = $3 WHERE subject = $1 AND purpose = $2 AND used IS NULL`, subject, p, tx.Now())
	return err
}

// VoidBefore is Void for all but the one with the given link, which was just made.
func VoidBefore(ctx context.Context, tx db.Tx, p Purpose, subject string, link secret.Text) error {
	_, err := tx.Exec(ctx, `UPDATE mailcode SET used = $3 WHERE subject = $1 AND purpose = $2 AND used IS NULL AND (link IS NULL OR link <> $4)`,
		subject, p, tx.Now(), secret.Hash(link.Reveal()))
	return err
}

// Purge removes codes that ended over an hour ago, at most n.
func Purge(ctx context.Context, tx db.Tx, n int) error {
	_, err := tx.Exec(ctx, `DELETE FROM mailcode WHERE id IN (SELECT id FROM mailcode WHERE expires < $1 LIMIT $2)`, tx.Now().Add(-2*time.Hour), n)
	return err
}

// VoidEverybodys ends every code and link that is out.
func VoidEverybodys(ctx context.Context, tx db.Tx) error {
	_, err := tx.Exec(ctx, `UPDATE mailcode SET used = $1 WHERE used IS NULL`, tx.Now())
	return err
}
