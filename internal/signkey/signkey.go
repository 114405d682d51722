// Package signkey owns the keys that sign tokens: making, sealing, rotating and
// publishing them.
//
// A key is published as "next" before it signs, signs as "active", and stays
// published as "retired" until nothing it signed is believed any more; so keys
// change without anybody noticing. A copied one is revoked. It knows no token's content.
package signkey

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"sekisho/internal/audit"
	"sekisho/internal/db"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
)

// Migrations are the tables of this package.
//
//go:embed migrations/*.sql
var Migrations embed.FS

// Algs are the algorithms tokens are signed with (RFC 7518, RFC 8037).
var Algs = []jose.SignatureAlgorithm{jose.EdDSA, jose.ES256, jose.RS256}

const (
	next    = "next"
	active  = "active"
	retired = "retired"
)

// Times of a key.
const (
	RotateAfter = 90 * 24 * time.Hour
	retiredFor  = 7 * 24 * time.Hour
	reloadAfter = 10 * time.Second
)

// Keys signs and verifies with the keys in the database, read anew every few
// seconds so that every node follows a rotation.
type Keys struct {
	DB   *db.DB
	Ring *secret.Ring
	Log  *slog.Logger // told of keys that do not open

	mu     sync.RWMutex
	set    *set
	loaded time.Time
}

// set is the keys as they were read.
type set struct {
	typed  map[jose.SignatureAlgorithm]map[string]jose.Signer
	public map[string]jose.JSONWebKey
	jwks   []byte
}

// Info is what may be shown of a key.
type Info struct {
	ID      ref.Key   `json:"id"`
	Alg     string    `json:"alg"`
	State   string    `json:"state"`
	Created time.Time `json:"created"`
	Changed time.Time `json:"changed"`
}

type row struct {
	Info
	sealed []byte
}

func scan(s db.Scanner) (row, error) {
	var r row
	err := s.Scan(&r.ID, &r.Alg, &r.State, db.Time(&r.Created), db.Time(&r.Changed), &r.sealed)
	return r, err
}

const columns = `id, alg, state, created, changed, sealed`

// List reads all keys.
func List(ctx context.Context, r db.Reader) ([]Info, error) {
	rows, err := db.List(ctx, r, scan, `SELECT `+columns+` FROM signkey ORDER BY alg, created`)
	out := make([]Info, len(rows))
	for i := range rows {
		out[i] = rows[i].Info
	}
	return out, err
}

// Tend makes keys where some are missing, rotates those that are due (all of
// them with force), retires those that do not open, and forgets those retired for
// long. Every node may call it at any time.
func (k *Keys) Tend(ctx context.Context, force bool) error {
	return k.mend(func() error { return k.tend(ctx, force) })
}

// Revoke withdraws a key at once: it is published no more, and what it signed is
// no longer believed. One that signed is replaced by the one that waited. It is
// for a key that somebody may have copied; db.ErrNone when there is none.
func (k *Keys) Revoke(ctx context.Context, id ref.Key) error {
	return k.mend(func() error { return k.revoke(ctx, id) })
}

// errShort says that keys went while others were reckoned outside the transaction.
var errShort = errors.New("signing keys changed meanwhile")

func (k *Keys) mend(do func() error) error {
	var err error
	for range 3 {
		if err = do(); !errors.Is(err, errShort) {
			break
		}
	}
	k.mu.Lock()
	k.loaded = time.Time{}
	k.mu.Unlock()
	return err
}

func (k *Keys) tend(ctx context.Context, force bool) error {
	var lost []row
	fresh := map[jose.SignatureAlgorithm][]crypto.Signer{}
	for _, alg := range Algs {
		need, gone, err := k.missing(ctx, alg, force)
		if err != nil {
			return err
		}
		lost = append(lost, gone...)
		// Reckoned outside the transaction: an RSA key takes a while.
		if fresh[alg], err = several(alg, need); err != nil {
			return err
		}
	}
	err := k.DB.Update(ctx, func(tx db.Tx) error {
		for _, r := range lost {
			if _, err := tx.Exec(ctx, `UPDATE signkey SET state = 'retired', changed = $2 WHERE id = $1 AND state <> 'retired'`, r.ID, tx.Now()); err != nil {
				return err
			}
		}
		for _, alg := range Algs {
			if err := k.turn(ctx, tx, alg, fresh[alg], force); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, `DELETE FROM signkey WHERE state = 'retired' AND changed < $1`, tx.Now().Add(-retiredFor))
		return err
	})
	if err == nil {
		for _, r := range lost {
			k.Log.Error("signing key retired: it does not open with this secret key; another signs", "key", string(r.ID), "alg", r.Alg)
		}
	}
	return err
}

// missing says how many keys are to be made, and which of those there are do not open.
func (k *Keys) missing(ctx context.Context, alg jose.SignatureAlgorithm, force bool) (n int, lost []row, err error) {
	err = k.DB.View(ctx, func(tx db.ReadTx) error {
		n, lost = 2, nil
		rows, err := db.List(ctx, tx, scan, `SELECT `+columns+` FROM signkey WHERE alg = $1 AND state <> 'retired'`, alg)
		for _, r := range rows {
			switch _, err := k.open(r); {
			case err != nil:
				lost = append(lost, r)
			case r.State == active && (force || tx.Now().Sub(r.Changed) >= RotateAfter):
			default:
				n--
			}
		}
		return err
	})
	return n, lost, err
}

func (k *Keys) revoke(ctx context.Context, id ref.Key) error {
	var r row
	err := k.DB.View(ctx, func(tx db.ReadTx) (err error) {
		r, err = scan(tx.QueryRow(ctx, `SELECT `+columns+` FROM signkey WHERE id = $1`, id))
		return err
	})
	if err != nil {
		return err
	}
	alg := jose.SignatureAlgorithm(r.Alg)
	fresh, err := several(alg, 2)
	if err != nil {
		return err
	}
	return k.DB.Update(ctx, func(tx db.Tx) error {
		if err := tx.One(ctx, `DELETE FROM signkey WHERE id = $1`, id); err != nil {
			return err
		}
		return k.turn(ctx, tx, alg, fresh, false)
	})
}

// Lost lists keys that do not open with this secret key, whatever their state.
func (k *Keys) Lost(ctx context.Context) ([]ref.Key, error) {
	var lost []ref.Key
	err := k.DB.View(ctx, func(tx db.ReadTx) error {
		rows, err := db.List(ctx, tx, scan, `SELECT `+columns+` FROM signkey ORDER BY created`)
		lost = nil
		for _, r := range rows {
			if _, err := k.open(r); err != nil {
				lost = append(lost, r.ID)
			}
		}
		return err
	})
	return lost, err
}

// turn brings one algorithm to one active and one next key.
func (k *Keys) turn(ctx context.Context, tx db.Tx, alg jose.SignatureAlgorithm, fresh []crypto.Signer, force bool) error {
	var at time.Time
	err := tx.QueryRow(ctx, `UPDATE signkey SET changed = changed WHERE alg = $1 AND state = 'active' RETURNING changed`, alg).Scan(db.Time(&at))
	missing := errors.Is(err, db.ErrNone)
	if err != nil && !missing {
		return err
	}
	// Without a fresh one it was not due a moment ago: another node was quicker.
	if !missing && len(fresh) > 0 && (force || tx.Now().Sub(at) >= RotateAfter) {
		if err := tx.One(ctx, `UPDATE signkey SET state = 'retired', changed = $2 WHERE alg = $1 AND state = 'active'`, alg, tx.Now()); err != nil {
			return err
		}
		missing = true
	}
	if missing {
		n, err := tx.Exec(ctx, `UPDATE signkey SET state = 'active', changed = $2 WHERE id = (SELECT id FROM signkey WHERE alg = $1 AND state = 'next'
			ORDER BY created, id LIMIT 1)`, alg, tx.Now())
		if err != nil {
			return err
		}
		if n == 0 {
			if fresh, err = k.putFirst(ctx, tx, alg, active, fresh); err != nil {
				return err
			}
		}
	}
	var waiting int64
	if err := tx.QueryRow(ctx, `SELECT count(*) FROM signkey WHERE alg = $1 AND state = 'next'`, alg).Scan(&waiting); err != nil || waiting > 0 {
		return err
	}
	_, err = k.putFirst(ctx, tx, alg, next, fresh)
	return err
}

// putFirst keeps the first of the fresh keys and gives the others.
func (k *Keys) putFirst(ctx context.Context, tx db.Tx, alg jose.SignatureAlgorithm, state string, fresh []crypto.Signer) ([]crypto.Signer, error) {
	if len(fresh) == 0 {
		return nil, errShort
	}
	return fresh[1:], k.put(ctx, tx, alg, state, fresh[0])
}

func (k *Keys) put(ctx context.Context, tx db.Tx, alg jose.SignatureAlgorithm, state string, priv crypto.Signer) error {
	der, err := x509.MarshalPKCS8PrivateKey(priv)
	if err != nil {
		return fmt.Errorf("signing key: %w", err)
	}
	id := ref.NewKey(tx.Now())
	sealed, err := k.Ring.Seal(der, string(id))
	if err != nil {
		return fmt.Errorf("signing key: %w", err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO signkey (id, alg, sealed, state, created, changed) VALUES ($1, $2, $3, $4, $5, $5)`, id, alg, sealed, state, tx.Now())
	return err
}

func several(alg jose.SignatureAlgorithm, n int) ([]crypto.Signer, error) {
	var out []crypto.Signer
	for range n {
		priv, err := generate(alg)
		if err != nil {
			return nil, fmt.Errorf("signing key: %w", err)
		}
		out = append(out, priv)
	}
	return out, nil
}

func generate(alg jose.SignatureAlgorithm) (crypto.Signer, error) {
	switch alg {
	case jose.EdDSA:
		_, priv, err := ed25519.GenerateKey(rand.Reader)
		return priv, err
	case jose.ES256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	default:
		return rsa.GenerateKey(rand.Reader, 2048)
	}
}

func (k *Keys) current(ctx context.Context, now time.Time) (*set, error) {
	k.mu.RLock()
	s, fresh := k.set, now.Sub(k.loaded) < reloadAfter
	k.mu.RUnlock()
	if s != nil && fresh {
		return s, nil
	}
	return k.load(ctx, now)
}

func (k *Keys) load(ctx context.Context, now time.Time) (*set, error) {
	var rows []row
	err := k.DB.View(ctx, func(tx db.ReadTx) (err error) {
		rows, err = db.List(ctx, tx, scan, `SELECT `+columns+` FROM signkey ORDER BY created`)
		return err
	})
	if err != nil {
		return nil, err
	}
	s := &set{typed: map[jose.SignatureAlgorithm]map[string]jose.Signer{}, public: map[string]jose.JSONWebKey{}}
	var list jose.JSONWebKeySet
	for _, r := range rows {
		// One that does not open says nothing about the others; Tend retires it.
		priv, err := k.open(r)
		if err != nil {
			continue
		}
		pub, err := k.read(s, r, priv)
		if err != nil {
			return nil, err
		}
		s.public[string(r.ID)] = pub
		list.Keys = append(list.Keys, pub)
	}
	if s.jwks, err = json.Marshal(list); err != nil {
		return nil, err
	}
	k.mu.Lock()
	k.set, k.loaded = s, now
	k.mu.Unlock()
	return s, nil
}

// types are the typ headers tokens carry: ID tokens none but JWT, access tokens
// RFC 9068 §2.1, logout tokens OpenID Connect Back-Channel Logout §2.4.
var types = []string{"JWT", "at+jwt", "logout+jwt", audit.CheckpointType}

// open gives the private key of a row.
func (k *Keys) open(r row) (crypto.Signer, error) {
	der, err := k.Ring.Open(r.sealed, string(r.ID))
	if err != nil {
		return nil, fmt.Errorf("signing key %s: %w; is the secret key the one the database was made with?", r.ID, err)
	}
	priv, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("signing key %s: %w", r.ID, err)
	}
	signer, ok := priv.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("signing key %s does not sign", r.ID)
	}
	return signer, nil
}

func (k *Keys) read(s *set, r row, priv crypto.Signer) (jose.JSONWebKey, error) {
	alg := jose.SignatureAlgorithm(r.Alg)
	if r.State == active {
		s.typed[alg] = map[string]jose.Signer{}
		for _, typ := range types {
			opts := (&jose.SignerOptions{}).WithType(jose.ContentType(typ)).WithHeader("kid", string(r.ID))
			signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: priv}, opts)
			if err != nil {
				return jose.JSONWebKey{}, fmt.Errorf("signing key %s: %w", r.ID, err)
			}
			s.typed[alg][typ] = signer
		}
	}
	return jose.JSONWebKey{Key: priv.Public(), KeyID: string(r.ID), Algorithm: r.Alg, Use: "sig"}, nil
}

// JWKS is the document that publishes the public keys (RFC 7517 §5).
func (k *Keys) JWKS(ctx context.Context, now time.Time) ([]byte, error) {
	s, err := k.current(ctx, now)
	if err != nil {
		return nil, err
	}
	return s.jwks, nil
}

// Sign makes a compact JWT of the given type.
func (k *Keys) Sign(ctx context.Context, now time.Time, alg jose.SignatureAlgorithm, typ string, claims any) (string, error) {
	s, err := k.current(ctx, now)
	if err != nil {
		return "", err
	}
	signer, ok := s.typed[alg][typ]
	if !ok {
		return "", fmt.Errorf("there is no active key for %s", alg)
	}
	body, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	signed, err := signer.Sign(body)
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	return signed.CompactSerialize()
}

// ErrNotOurs is a token that no key of ours signed.
var ErrNotOurs = errors.New("the token was not signed here")

// parse takes a token of a type apart; nothing of it is believed yet.
func parse(token, typ string) (*jose.JSONWebSignature, jose.Header, error) {
	parsed, err := jose.ParseSignedCompact(token, Algs)
	if err != nil || len(parsed.Signatures) != 1 {
		return nil, jose.Header{}, ErrNotOurs
	}
	h := parsed.Signatures[0].Protected
	if got, _ := h.ExtraHeaders[jose.HeaderType].(string); got != typ {
		return nil, h, ErrNotOurs
	}
	return parsed, h, nil
}

// VerifyWith gives the claims of a token of the given type that one of these keys signed.
func VerifyWith(keys jose.JSONWebKeySet, token, typ string) ([]byte, error) {
	parsed, h, err := parse(token, typ)
	if err != nil {
		return nil, err
	}
	for _, key := range keys.Key(h.KeyID) {
		if key.Algorithm != h.Algorithm {
			continue
		}
		if body, err := parsed.Verify(key.Key); err == nil {
			return body, nil
		}
	}
	return nil, ErrNotOurs
}

// Verify gives the claims of a token that was signed here, with any key that
// is still published. Whether it is of the right type, and still good, is the
// caller's to say.
func (k *Keys) Verify(ctx context.Context, now time.Time, token, typ string) ([]byte, error) {
	parsed, h, err := parse(token, typ)
	if err != nil {
		return nil, err
	}
	s, err := k.current(ctx, now)
	if err != nil {
		return nil, err
	}
	key, ok := s.public[h.KeyID]
	if !ok || key.Algorithm != h.Algorithm {
		return nil, ErrNotOurs
	}
	body, err := parsed.Verify(key.Key)
	if err != nil {
		return nil, ErrNotOurs
	}
	return body, nil
}
