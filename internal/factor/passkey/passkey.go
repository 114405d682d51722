// Package passkey owns security keys and passkeys as a proof (WebAuthn Level 3):
// the challenges, enrolling, checking, and the keys an account has.
//
// It counts no failures, sets no cookie and knows no page or order of steps: a
// journey hands out the options and hands in what the browser answered. What
// comes from outside is an Outcome, however broken it is; an error is the
// database's. It never asks a key who made it: attestation is not wanted.
package passkey

import (
	"context"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/protocol"

	"sekisho/internal/db"
	"sekisho/internal/ref"
	"sekisho/internal/secret"
)

// Migrations are the tables of this package.
//
//go:embed migrations/*.sql
var Migrations embed.FS

// Most is how many keys an account may have.
const Most = 20

// RP is the relying party, as WebAuthn calls whom a key proves something to.
type RP struct {
	ID      string   // the host of the public URL; a key works for no other
	Name    string   // shown by the browser
	Origins []string // scheme://host[:port] of the pages that may ask
}

// Keys enrols and checks keys for one relying party.
type Keys struct {
	Ring *secret.Ring
	RP   RP
}

// New checks what the operator set: browsers offer keys only to a host that has
// a name, over https or on localhost. An error says which of these is missing,
// and means that no key can be used here.
func New(ring *secret.Ring, rpID, rpName string, origins []string) (*Keys, error) {
	rp := RP{ID: strings.ToLower(rpID), Name: rpName}
	if err := protocol.ValidateRPID(rp.ID); err != nil {
		return nil, fmt.Errorf("passkeys need a public URL with a host name, not %q: %w", rpID, err)
	}
	if len(origins) == 0 {
		return nil, errors.New("passkeys need an origin")
	}
	for _, o := range origins {
		clean, err := origin(rp.ID, o)
		if err != nil {
			return nil, err
		}
		rp.Origins = append(rp.Origins, clean)
	}
	return &Keys{Ring: ring, RP: rp}, nil
}

// origin brings an origin into the one spelling that browsers use
// (HTML, "serialization of an origin").
func origin(rpID, raw string) (string, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("%q is not an origin", raw)
	}
	host := strings.ToLower(u.Hostname())
	local := host == "localhost" || strings.HasSuffix(host, ".localhost")
	switch {
	case u.Scheme != "https" && !(u.Scheme == "http" && local):
		return "", fmt.Errorf("browsers offer passkeys only over https or on localhost, not at %s", raw)
	case host != rpID && !strings.HasSuffix(host, "."+rpID):
		return "", fmt.Errorf("passkeys of %s cannot be used at %s", rpID, raw)
	}
	if port := u.Port(); port != "" && !(u.Scheme == "https" && port == "443") && !(u.Scheme == "http" && port == "80") {
		host += ":" + port
	}
	return u.Scheme + "://" + host, nil
}

// Outcome of an enrolment or a proof.
type Outcome int

// The outcomes there are.
const (
	Wrong    Outcome = iota // it proves nothing, whatever is wrong with it
	Right                   // it proves what was asked
	Expired                 // the page stood open for longer than Lives; asking again helps
	Replayed                // this very answer was given before
	Unknown                 // the key is none that is enrolled here (any more)
	Cloned                  // its counter went back: there may be a copy of the key
	Taken                   // the key is enrolled already
	Full                    // the account has Most keys
)

// Credential is a key as its owner sees it.
type Credential struct {
	ID         ref.Factor
	Name       string
	Created    time.Time
	LastUsed   time.Time // zero: never
	Synced     bool      // kept by a service beyond the one device
	UV         bool      // it verified its user before: by PIN, finger or face
	Transports []string
	AAGUID     string    // the model, as a UUID; empty where it is not told
	Cloned     time.Time // when its counter last went back; zero: never
}

const columns = `id, name, created, last_used, synced, verified, transports, aaguid, cloned`

func scan(s db.Scanner) (Credential, error) {
	var c Credential
	var transports string
	var aaguid []byte
	err := s.Scan(&c.ID, &c.Name, db.Time(&c.Created), db.Time(&c.LastUsed), db.Bool(&c.Synced), db.Bool(&c.UV), &transports, &aaguid, db.Time(&c.Cloned))
	c.Transports, c.AAGUID = strings.Fields(transports), uuid(aaguid)
	return c, err
}

func uuid(b []byte) string {
	if len(b) != 16 || [16]byte(b) == [16]byte{} {
		return ""
	}
	h := hex.EncodeToString(b)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// Held says, within a statement, whether the account m.account has one.
const Held = `EXISTS (SELECT 1 FROM passkey WHERE passkey.account = m.account)`

// List gives an account's keys, the oldest first.
func List(ctx context.Context, r db.Reader, a ref.Account) ([]Credential, error) {
	return db.List(ctx, r, scan, `SELECT `+columns+` FROM passkey WHERE account = $1 ORDER BY created, id`, a)
}

// Rename names a key; db.ErrNone when it is not the account's.
func Rename(ctx context.Context, tx db.Tx, a ref.Account, id ref.Factor, name string) error {
	return tx.One(ctx, `UPDATE passkey SET name = $3 WHERE account = $1 AND id = $2`, a, id, name)
}

// Remove removes a key; db.ErrNone when it is not the account's.
func Remove(ctx context.Context, tx db.Tx, a ref.Account, id ref.Factor) error {
	return tx.One(ctx, `DELETE FROM passkey WHERE account = $1 AND id = $2`, a, id)
}

// RemoveAll removes every key of an account.
func RemoveAll(ctx context.Context, tx db.Tx, a ref.Account) error {
	_, err := tx.Exec(ctx, `DELETE FROM passkey WHERE account = $1`, a)
	return err
}
