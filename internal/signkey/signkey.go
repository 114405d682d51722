// Package signkey owns the keys that sign tokens: making, sealing, rotating and
// publishing them.
//
// A key is published as "next" before it signs, signs as "active", and stays
// published as "retired" until nothing it signed is believed any more; so keys
// change without anybody noticing. It knows no token's content.
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
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

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
// them with force), and forgets those retired for long. Every node may call it
// at any time.
func (k *Keys) Tend(ctx context.Context, force bool) error {
	fresh := map[jose.SignatureAlgorithm][]crypto.Signer{}
	for _, alg := range Algs {
		// Reckoned outside the transaction: an RSA key takes a while.
		need, err := k.missing(ctx, alg, force)
		if err != nil {
			return err
		}
		for range need {
			priv, err := generate(alg)
			if err != nil {
				return err
			}
			fresh[alg] = append(fresh[alg], priv)
		}
	}
	err := k.DB.Update(ctx, func(tx db.Tx) error {
		for _, alg := range Algs {
			if err := k.turn(ctx, tx, alg, fresh[alg], force); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, `DELETE FROM signkey WHERE state = 'retired' AND changed < $1`, tx.Now().Add(-retiredFor))
		return err
	})
	k.mu.Lock()
	k.loaded = time.Time{}
	k.mu.Unlock()
	return err
}

func (k *Keys) missing(ctx context.Context, alg jose.SignatureAlgorithm, force bool) (n int, err error) {
	err = k.DB.View(ctx, func(tx db.ReadTx) error {
		rows, err := db.List(ctx, tx, scan, `SELECT `+columns+` FROM signkey WHERE alg = $1 AND state <> 'retired'`, alg)
		n = 2 - len(rows)
		for _, r := range rows {
			if r.State == active && (force || tx.Now().Sub(r.Changed) >= RotateAfter) {
				n = 1
			}
		}
		return err
	})
	return n, err
}

// turn brings one algorithm to one active and one next key.
func (k *Keys) turn(ctx context.Context, tx db.Tx, alg jose.SignatureAlgorithm, fresh []crypto.Signer, force bool) error {
	var at time.Time
	err := tx.QueryRow(ctx, `UPDATE signkey SET changed = changed WHERE alg = $1 AND state = 'active' RETURNING changed`, alg).Scan(db.Time(&at))
	missing := errors.Is(err, db.ErrNone)
	if err != nil && !missing {
		return err
	}
	if len(fresh) == 0 {
		return nil
	}
	if !missing {
		if !force && tx.Now().Sub(at) < RotateAfter {
			return nil // another node was quicker
		}
		if err := tx.One(ctx, `UPDATE signkey SET state = 'retired', changed = $2 WHERE alg = $1 AND state = 'active'`, alg, tx.Now()); err != nil {
			return err
		}
		if err := tx.One(ctx, `UPDATE signkey SET state = 'active', changed = $2 WHERE alg = $1 AND state = 'next'`, alg, tx.Now()); err != nil {
			return err
		}
		return k.put(ctx, tx, alg, next, fresh[0])
	}
	for i, state := range []string{active, next} {
		if i < len(fresh) {
			if err := k.put(ctx, tx, alg, state, fresh[i]); err != nil {
				return err
			}
		}
	}
	return nil
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
		pub, err := k.read(s, r)
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
var types = []string{"JWT", "at+jwt", "logout+jwt"}

func (k *Keys) read(s *set, r row) (jose.JSONWebKey, error) {
	der, err := k.Ring.Open(r.sealed, string(r.ID))
	if err != nil {
		return jose.JSONWebKey{}, fmt.Errorf("signing key %s: %w; is the secret key the one the database was made with?", r.ID, err)
	}
	priv, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return jose.JSONWebKey{}, fmt.Errorf("signing key %s: %w", r.ID, err)
	}
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
	return jose.JSONWebKey{Key: priv.(crypto.Signer).Public(), KeyID: string(r.ID), Algorithm: r.Alg, Use: "sig"}, nil
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

// Verify gives the claims of a token that was signed here, with any key that
// is still published. Whether it is of the right type, and still good, is the
// caller's to say.
func (k *Keys) Verify(ctx context.Context, now time.Time, token, typ string) ([]byte, error) {
	parsed, err := jose.ParseSignedCompact(token, Algs)
	if err != nil || len(parsed.Signatures) != 1 {
		return nil, ErrNotOurs
	}
	h := parsed.Signatures[0].Protected
	if got, _ := h.ExtraHeaders[jose.HeaderType].(string); got != typ {
		return nil, ErrNotOurs
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
