package passkey

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/go-webauthn/webauthn/protocol"

	"sekisho/internal/db"
	"sekisho/internal/ref"
)

// ProveOptions is the JSON for navigator.credentials.get where the account is
// known and one of its keys is asked for; db.ErrNone when it has none.
func (k *Keys) ProveOptions(ctx context.Context, r db.Reader, a ref.Account, bound string) ([]byte, error) {
	own, err := descriptors(ctx, r, a)
	if err != nil {
		return nil, err
	}
	if len(own) == 0 {
		return nil, db.ErrNone // an empty list would ask for anybody's
	}
	return k.request(r.Now(), forWhat{Proving, bound, a}, own)
}

// SigninOptions is the JSON for navigator.credentials.get where no account is
// known: any passkey of this place, and its user verified. It is the same for
// everybody and reads nothing but the clock.
func (k *Keys) SigninOptions(now time.Time, bound string) ([]byte, error) {
	return k.request(now, forWhat{Signin, bound, ""}, nil)
}

func (k *Keys) request(now time.Time, w forWhat, own []protocol.CredentialDescriptor) ([]byte, error) {
	verify := protocol.VerificationPreferred
	if w.purpose == Signin {
		verify = protocol.VerificationRequired
	}
	return json.Marshal(protocol.PublicKeyCredentialRequestOptions{
		Challenge: k.challenge(now, w), Timeout: timeout, RelyingPartyID: k.RP.ID, AllowedCredentials: own, UserVerification: verify,
	})
}

// Ceremony is one answer of navigator.credentials.get.
type Ceremony struct {
	Purpose  Purpose     // Proving or Signin
	Bound    string      // as it was given to the options
	Account  ref.Account // whose key it must be; empty for Signin: the key says whose
	Response []byte
}

// Result of a proof. Account and the rest are told with Right and Cloned only:
// before that, nothing is proved.
type Result struct {
	Outcome Outcome
	Account ref.Account
	Factor  ref.Factor
	Name    string
	// UserVerified says that PIN, finger or face of the owner was checked, so
	// that this counts as two proofs. It stays false while the key first shows
	// that it can: see proven.
	UserVerified bool
	Synced       bool
}

// row is a key with what is needed to check it.
type row struct {
	id       ref.Factor
	account  ref.Account
	name     string
	public   []byte
	handle   []byte
	eligible bool
	verified bool
}

// Prove checks an answer and uses its challenge up. Signin gives Right only for
// a key that verified its user in this answer.
func (k *Keys) Prove(ctx context.Context, tx db.Tx, c Ceremony) (Result, error) {
	no := func(o Outcome, err error) (Result, error) { return Result{Outcome: o}, err }
	if c.Purpose == Enrolling || (c.Account == "") != (c.Purpose == Signin) {
		return no(Wrong, nil)
	}
	p := parseAssertion(c.Response)
	if p == nil {
		return no(Wrong, nil)
	}
	challenge, o := k.judge(tx.Now(), p.Response.CollectedClientData.Challenge, forWhat{c.Purpose, c.Bound, c.Account})
	if o != Right {
		return no(o, nil)
	}
	if o, err := spend(ctx, tx, challenge); o != Right {
		return no(o, err)
	}
	known, err := find(ctx, tx, p.RawID)
	if errors.Is(err, db.ErrNone) {
		return no(Unknown, nil)
	}
	if err != nil {
		return no(Wrong, fmt.Errorf("find key: %w", err))
	}
	if !owned(c, known, p.Response.UserHandle) || !k.signed(c.Purpose, p, challenge, known) {
		return no(Wrong, nil)
	}
	return known.use(ctx, tx, c.Purpose, p.Response.AuthenticatorData)
}

func parseAssertion(response []byte) *protocol.ParsedCredentialAssertionData {
	if len(response) > maxResponse {
		return nil
	}
	p, err := protocol.ParseCredentialRequestResponseBytes(response)
	if err != nil {
		return nil
	}
	return p
}

func find(ctx context.Context, r db.Reader, credential []byte) (row, error) {
	var f row
	err := r.QueryRow(ctx, `SELECT p.id, p.account, p.name, p.public_key, p.eligible, p.verified, h.handle
		FROM passkey p JOIN passkey_handle h ON h.account = p.account WHERE p.credential = $1`, credential).
		Scan(&f.id, &f.account, &f.name, &f.public, db.Bool(&f.eligible), db.Bool(&f.verified), &f.handle)
	return f, err
}

// owned is WebAuthn L3 §7.2 step 6: an account that is known must own the
// credential, and a user handle, where there is one, must be its; where no
// account is known there must be one.
func owned(c Ceremony, known row, handle []byte) bool {
	if c.Account == "" {
		return bytes.Equal(handle, known.handle)
	}
	return known.account == c.Account && (len(handle) == 0 || bytes.Equal(handle, known.handle))
}

// signed is WebAuthn L3 §7.2 steps 10 to 21: type, challenge, origin,
// crossOrigin, rpIdHash, UP and UV, the backup flags, the signature.
func (k *Keys) signed(purpose Purpose, p *protocol.ParsedCredentialAssertionData, challenge []byte, known row) bool {
	flags := p.Response.AuthenticatorData.Flags
	if !k.asked(p.Response.CollectedClientData) || !backup(flags) || flags.HasBackupEligible() != known.eligible {
		return false
	}
	return p.Verify(protocol.URLEncodedBase64(challenge).String(), k.RP.ID, "", k.RP.Origins, nil, nil, protocol.TopOriginExplicitVerificationMode,
		false, purpose == Signin, false, known.public, protocol.SignaturePolicy{}) == nil
}

// use counts the signature (WebAuthn L3 §7.2 steps 22 and 24). That the counter
// grew is the condition of the statement that writes it: two copies of a key
// that answer at the same instant are told apart as well.
func (f row) use(ctx context.Context, tx db.Tx, purpose Purpose, data protocol.AuthenticatorData) (Result, error) {
	r := Result{Outcome: Right, Account: f.account, Factor: f.id, Name: f.name, Synced: data.Flags.HasBackupState(),
		UserVerified: f.verified && data.Flags.HasUserVerified()}
	err := tx.One(ctx, `UPDATE passkey SET sign_count = $2, synced = $3, verified = $4, last_used = $5
		WHERE id = $1 AND (sign_count < $2 OR sign_count = 0 AND $2 = 0)`,
		f.id, data.Counter, r.Synced, f.proven(purpose, data.Flags), tx.Now())
	if err == nil {
		return r, nil
	}
	if errors.Is(err, db.ErrNone) {
		r.Outcome, r.UserVerified = Cloned, false
		err = tx.One(ctx, `UPDATE passkey SET cloned = $2 WHERE id = $1`, f.id, tx.Now())
	}
	if errors.Is(err, db.ErrNone) {
		return Result{Outcome: Unknown}, nil // removed at this instant
	}
	if err != nil {
		return Result{}, fmt.Errorf("use key: %w", err)
	}
	return r, nil
}

// proven says whether the key counts as one that verifies its owner. Who finds
// a key that has no PIN can give it one: so a key enrolled without must first
// verify its user beside another proof, which Proving is (WebAuthn L3 §7.2 step
// 24, uvInitialized).
func (f row) proven(purpose Purpose, flags protocol.AuthenticatorFlags) bool {
	return f.verified || purpose == Proving && flags.HasUserVerified()
}
