// Package audit keeps what happened: append-only, typed rows written in the
// transaction of the act they tell of, linked into a hash chain by a sealer.
//
// It never decides anything and never holds a secret. Rows are linked a moment
// after they are written, in batches, so that parallel acts on several nodes do
// not wait for one another's commit; Verify finds any row that was changed,
// removed or slipped in since.
package audit

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
)

// Migrations are the tables of this package.
//
//go:embed migrations/*.sql
var Migrations embed.FS

// Event is one thing that happened.
type Event struct {
	Kind    string // such as "signin.succeeded"; never changes once used
	Account ref.Account
	Org     ref.Org // whose act it was; empty: the organisation of which the account is a member
	Actor   string  // acc_…, cli_…, "operator", or empty for a stranger
	Session ref.Session
	Client  ref.Client
	Code    string // the fault's code, when the event is a refusal
	Addr    string
	Agent   string // browser and system as a person reads them
	Place   string
	Detail  any // a small struct; no secrets
}

// Row is an event as it was kept.
type Row struct {
	Reference ref.Reference   `json:"reference"`
	At        time.Time       `json:"at"`
	Kind      string          `json:"kind"`
	Account   ref.Account     `json:"account,omitempty"`
	Org       ref.Org         `json:"organisation,omitempty"`
	Actor     string          `json:"actor,omitempty"`
	Session   ref.Session     `json:"session,omitempty"`
	Client    ref.Client      `json:"client,omitempty"`
	Code      string          `json:"code,omitempty"`
	Addr      string          `json:"address,omitempty"`
	Agent     string          `json:"agent,omitempty"`
	Place     string          `json:"place,omitempty"`
	Detail    json.RawMessage `json:"detail,omitempty"`
	Erased    bool            `json:"erased,omitempty"`
	Seq       int64           `json:"seq,omitempty"`
	Hash      string          `json:"hash,omitempty"` // base64
	hash      []byte
	aboutHash []byte
	about     string
}

// about is the part of a row that can name a person; erasing empties it.
type about struct {
	Salt   string          `json:"salt"`
	Addr   string          `json:"addr,omitempty"`
	Agent  string          `json:"agent,omitempty"`
	Place  string          `json:"place,omitempty"`
	Detail json.RawMessage `json:"detail,omitempty"`
}

// act bounds in microseconds how far the rows of one act lie apart.
const act = 1000 * time.Microsecond

// Write keeps an event and gives the reference by which it is found.
func Write(ctx context.Context, tx db.Tx, e Event) (ref.Reference, error) {
	var salt [16]byte
	_, _ = rand.Read(salt[:]) // never fails: crypto/rand ends the program instead
	a := about{Salt: base64.RawURLEncoding.EncodeToString(salt[:]), Addr: e.Addr, Agent: e.Agent, Place: e.Place}
	if e.Detail != nil {
		b, err := json.Marshal(e.Detail)
		if err != nil {
			return "", fmt.Errorf("audit detail of %s: %w", e.Kind, err)
		}
		a.Detail = b
	}
	text, err := json.Marshal(a)
	if err != nil {
		return "", fmt.Errorf("audit row of %s: %w", e.Kind, err)
	}
	hash := sha256.Sum256(text)
	reference := ref.Reference(secret.Human())
	// One act is one instant, and references are drawn: what an account did in it stands
	// a microsecond apart, so that it reads in the order in which it happened.
	// Whose row it is, is found in the statement that writes it: of a member who is moved at
	// this very moment no row falls between two organisations.
	_, err = tx.Exec(ctx, `INSERT INTO audit (reference, at, kind, account, actor, session, client, code, about, about_hash, org)
		VALUES ($1, (SELECT coalesce(max(at) + 1, $2) FROM audit WHERE account = $4 AND at >= $2 AND at < $11), $3, $4, $5, $6, $7, $8, $9, $10,
			coalesce((SELECT org FROM org_member WHERE account = $4), $12))`,
		reference, tx.Now(), e.Kind, e.Account, e.Actor, e.Session, e.Client, e.Code, string(text), hash[:], tx.Now().Add(act), e.Org)
	if err != nil {
		return "", fmt.Errorf("audit row of %s: %w", e.Kind, err)
	}
	return reference, nil
}

// Erase empties what names a person in the rows of an account; the rows and
// the chain stay (OR-03).
func Erase(ctx context.Context, tx db.Tx, a ref.Account) error {
	_, err := tx.Exec(ctx, `UPDATE audit SET about = NULL WHERE account = $1`, a)
	return err
}

// Chain seals and verifies; the ring signs the head so that a chain cut short
// is noticed.
type Chain struct{ Ring *secret.Ring }

const batch = 500

const takeHead = `UPDATE audit_head SET seq = seq WHERE id = 1 RETURNING seq, hash, mac`

// ErrBroken is a head that this server did not sign: somebody cut the log, set it
// back, or took the key away. Nothing is linked to it, because a signature over
// what is left would make the cut look whole.
var ErrBroken = errors.New("the head of the audit log is not signed by this server, so nothing is linked to it any more; " +
	"run sekisho audit verify, and after an accident sekisho audit rebase")

// Begin signs the head of a log that has no row yet. It is called for a fresh
// database only: an unsigned head of any other was put there by somebody else.
func (c Chain) Begin(ctx context.Context, d *db.DB) error {
	return d.Update(ctx, func(tx db.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE audit_head SET mac = $1 WHERE id = 1 AND seq = 0 AND hash IS NULL AND mac IS NULL`, c.mac(0, nil))
		return err
	})
}

// Seal links the rows that are waiting and says how many it linked. Nodes may
// call it at the same time: the head's row lets one through at a time.
func (c Chain) Seal(ctx context.Context, d *db.DB) (int, error) {
	total := 0
	for {
		n, err := c.sealBatch(ctx, d)
		if total += n; err != nil || n < batch {
			return total, err
		}
	}
}

func (c Chain) sealBatch(ctx context.Context, d *db.DB) (int, error) {
	// An idle server writes nothing.
	var waiting int64
	if err := d.View(ctx, func(tx db.ReadTx) error {
		return tx.QueryRow(ctx, `SELECT count(*) FROM (SELECT 1 FROM audit WHERE seq IS NULL LIMIT 1) x`).Scan(&waiting)
	}); err != nil || waiting == 0 {
		return 0, err
	}
	linked := 0
	err := d.Update(ctx, func(tx db.Tx) error {
		linked = 0
		var seq int64
		var prev, mac []byte
		// Taking the head's row first keeps a second node out until we commit.
		err := tx.QueryRow(ctx, takeHead).Scan(&seq, &prev, &mac)
		if err != nil {
			return fmt.Errorf("audit head: %w", err)
		}
		if !c.holds(seq, prev, mac) {
			return ErrBroken
		}
		rows, err := db.List(ctx, tx, scan, `SELECT `+columns+` FROM audit WHERE seq IS NULL ORDER BY at, reference LIMIT $1`, batch)
		if err != nil || len(rows) == 0 {
			return err
		}
		for i := range rows {
			seq++
			rows[i].Seq = seq
			prev = link(prev, rows[i])
			if err := tx.One(ctx, `UPDATE audit SET seq = $1, hash = $2 WHERE reference = $3 AND seq IS NULL`, seq, prev, rows[i].Reference); err != nil {
				return fmt.Errorf("audit link: %w", err)
			}
		}
		if err := count(ctx, tx, rows); err != nil {
			return err
		}
		linked = len(rows)
		return tx.One(ctx, `UPDATE audit_head SET seq = $1, hash = $2, mac = $3 WHERE id = 1`, seq, prev, c.mac(seq, prev))
	})
	return linked, err
}

func (c Chain) holds(seq int64, hash, mac []byte) bool {
	return secret.Equal(string(mac), string(c.mac(seq, hash)))
}

func (c Chain) mac(seq int64, hash []byte) []byte {
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(seq))
	return c.Ring.MAC("audit head", n[:], hash)
}

// link hashes a row onto the one before it: every field with its length, so
// that no two different rows have the same bytes.
func link(prev []byte, r Row) []byte {
	h := sha256.New()
	put := func(b []byte) {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(b)))
		h.Write(n[:])
		h.Write(b)
	}
	put(prev)
	put(binary.BigEndian.AppendUint64(nil, uint64(r.Seq)))
	put(binary.BigEndian.AppendUint64(nil, uint64(r.At.UnixMicro())))
	for _, s := range []string{string(r.Reference), r.Kind, string(r.Account), r.Actor, string(r.Session), string(r.Client), r.Code} {
		put([]byte(s))
	}
	put(r.aboutHash)
	return h.Sum(nil)
}

const columns = `reference, at, kind, account, actor, session, client, code, about, about_hash, seq, hash, org`

func scan(s db.Scanner) (Row, error) {
	var r Row
	err := s.Scan(&r.Reference, db.Time(&r.At), &r.Kind, &r.Account, &r.Actor, &r.Session, &r.Client, &r.Code,
		db.Null(&r.about), &r.aboutHash, db.Null(&r.Seq), &r.hash, &r.Org)
	if err != nil {
		return r, err
	}
	r.Hash = base64.StdEncoding.EncodeToString(r.hash)
	if r.about == "" {
		r.Erased = true
		return r, nil
	}
	var a about
	if err := json.Unmarshal([]byte(r.about), &a); err != nil {
		// A row edited by hand must not stop the reading of the others; Verify names it.
		return r, nil
	}
	r.Addr, r.Agent, r.Place, r.Detail = a.Addr, a.Agent, a.Place, a.Detail
	return r, nil
}
