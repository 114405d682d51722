package passkey

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"

	"sekisho/internal/db"
	"sekisho/internal/ref"
)

// About is whose key it is to be.
type About struct {
	Account ref.Account
	Name    string // as the person is called: Hana Sato
	Label   string // what tells this account from others: hana@example.com
}

// algorithms a key may sign with, the best known first. RS256 is for what signs
// with a TPM.
var algorithms = []protocol.CredentialParameter{
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgES256},
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgEdDSA},
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgRS256},
}

// timeout is how long the browser waits for the key, in milliseconds: what
// WebAuthn L3 §15.1 recommends at the least, and within Lives.
const timeout = 5 * 60 * 1000

const handleLen = 32

// EnrolOptions is the JSON for navigator.credentials.create. bound ties the
// answer to where it was asked for: Enrol must be given the same.
func (k *Keys) EnrolOptions(ctx context.Context, tx db.Tx, about About, bound string) ([]byte, error) {
	handle, err := ensureHandle(ctx, tx, about.Account)
	if err != nil {
		return nil, err
	}
	own, err := descriptors(ctx, tx, about.Account)
	if err != nil {
		return nil, err
	}
	return json.Marshal(protocol.PublicKeyCredentialCreationOptions{
		RelyingParty: protocol.RelyingPartyEntity{ID: k.RP.ID, CredentialEntity: protocol.CredentialEntity{Name: k.RP.Name}},
		User: protocol.UserEntity{ID: protocol.URLEncodedBase64(handle), DisplayName: about.Name,
			CredentialEntity: protocol.CredentialEntity{Name: about.Label}},
		Challenge:             k.challenge(tx.Now(), forWhat{Enrolling, bound, about.Account}),
		Parameters:            algorithms,
		Timeout:               timeout,
		CredentialExcludeList: own,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementPreferred, UserVerification: protocol.VerificationPreferred},
		Attestation: protocol.PreferNoAttestation,
	})
}

// ensureHandle gives what keys know the account by, random as WebAuthn L3
// §14.6.1 asks: whoever holds a key learns nothing of the account from it.
func ensureHandle(ctx context.Context, tx db.Tx, a ref.Account) ([]byte, error) {
	handle := make([]byte, handleLen)
	_, _ = rand.Read(handle) // never fails: crypto/rand ends the program instead
	_, err := tx.Exec(ctx, `INSERT INTO passkey_handle (account, handle) VALUES ($1, $2) ON CONFLICT (account) DO NOTHING`, a, handle)
	if err != nil {
		return nil, fmt.Errorf("user handle: %w", err)
	}
	err = tx.QueryRow(ctx, `SELECT handle FROM passkey_handle WHERE account = $1`, a).Scan(&handle)
	return handle, err
}

func descriptors(ctx context.Context, r db.Reader, a ref.Account) ([]protocol.CredentialDescriptor, error) {
	return db.List(ctx, r, func(s db.Scanner) (d protocol.CredentialDescriptor, err error) {
		var id []byte
		var transports string
		err = s.Scan(&id, &transports)
		d.Type, d.CredentialID = protocol.PublicKeyCredentialType, id
		for _, t := range strings.Fields(transports) {
			d.Transport = append(d.Transport, protocol.AuthenticatorTransport(t))
		}
		return d, err
	}, `SELECT credential, transports FROM passkey WHERE account = $1 ORDER BY created, id`, a)
}

// Enrol checks what navigator.credentials.create gave and keeps the key under a
// name. Only with Right is there a credential; the other outcomes are Wrong,
// Expired, Replayed, Taken and Full.
func (k *Keys) Enrol(ctx context.Context, tx db.Tx, a ref.Account, name, bound string, response []byte) (Credential, Outcome, error) {
	p := parseCreation(response)
	if p == nil {
		return Credential{}, Wrong, nil
	}
	challenge, o := k.judge(tx.Now(), p.Response.CollectedClientData.Challenge, forWhat{Enrolling, bound, a})
	if o != Right {
		return Credential{}, o, nil
	}
	if o, err := spend(ctx, tx, challenge); o != Right {
		return Credential{}, o, err
	}
	if !k.sound(p, challenge) {
		return Credential{}, Wrong, nil
	}
	if o, err := room(ctx, tx, a); o != Right {
		return Credential{}, o, err
	}
	return keep(ctx, tx, a, name, p)
}

// maxResponse turns a megabyte away before anything reads it. The longest
// answer asked for here, a credential ID of 1023 bytes and an RSA key of 4096
// bits, is a tenth of it.
const maxResponse = 64 << 10

func parseCreation(response []byte) *protocol.ParsedCredentialCreationData {
	if len(response) > maxResponse {
		return nil
	}
	p, err := protocol.ParseCredentialCreationResponseBytes(response)
	if err != nil {
		return nil
	}
	return p
}

// sound is WebAuthn L3 §7.1 as far as it needs no database.
func (k *Keys) sound(p *protocol.ParsedCredentialCreationData, challenge []byte) bool {
	att := p.Response.AttestationObject
	if !k.asked(p.Response.CollectedClientData) || !plain(att) {
		return false
	}
	// Steps 7 to 17 and 20 to 22: type, challenge, origin, crossOrigin, rpIdHash, UP, algorithm, attStmt.
	_, err := p.Verify(protocol.URLEncodedBase64(challenge).String(), k.RP.ID, k.RP.Origins, nil, nil, protocol.TopOriginExplicitVerificationMode,
		false, false, true, nil, algorithms, protocol.AttestationPolicy{}, protocol.SignaturePolicy{})
	if err != nil || !backup(att.AuthData.Flags) {
		return false
	}
	return usable(att.AuthData.AttData.CredentialPublicKey)
}

// asked compares the origin letter for letter, which the library does not: it
// reads a path or a user's name over (WebAuthn L3 §13.4.9).
func (k *Keys) asked(c protocol.CollectedClientData) bool {
	return slices.Contains(k.RP.Origins, c.Origin)
}

// plain says whether the statement is one of the two that a browser may send
// when none is asked for: none, or a key that vouches for itself (WebAuthn L3
// §5.1.3, "none"). All others would have us read certificates for nothing.
func plain(att protocol.AttestationObject) bool {
	switch protocol.AttestationFormat(att.Format) {
	case protocol.AttestationFormatNone:
		return true
	case protocol.AttestationFormatPacked:
		_, alg := att.AttStatement["alg"]
		_, sig := att.AttStatement["sig"]
		return alg && sig && len(att.AttStatement) == 2
	}
	return false
}

// backup refuses a key that is kept elsewhere and cannot be (WebAuthn L3 §7.1
// step 18, §7.2 step 18).
func backup(f protocol.AuthenticatorFlags) bool { return f.HasBackupEligible() || !f.HasBackupState() }

// usable says whether a public key can be used at all. Without a statement
// nothing was signed yet, so a point off the curve or a key of gigantic numbers
// would only be met at the next sign-in (WebAuthn L3 §7.1 step 20).
func usable(public []byte) bool {
	key, err := webauthncose.ParsePublicKey(public)
	if err != nil {
		return false
	}
	switch key := key.(type) {
	case webauthncose.EC2PublicKeyData:
		return key.Algorithm == int64(webauthncose.AlgES256)
	case webauthncose.OKPPublicKeyData:
		return key.Algorithm == int64(webauthncose.AlgEdDSA)
	case webauthncose.RSAPublicKeyData:
		bits := new(big.Int).SetBytes(key.Modulus).BitLen()
		return key.Algorithm == int64(webauthncose.AlgRS256) && bits >= 2048 && bits <= 4096 && len(key.Exponent) <= 4
	}
	return false
}

// room counts the account's keys while nobody else adds one: the handle's row
// is written first, which makes others wait on both engines.
func room(ctx context.Context, tx db.Tx, a ref.Account) (Outcome, error) {
	err := tx.One(ctx, `UPDATE passkey_handle SET handle = handle WHERE account = $1`, a)
	if errors.Is(err, db.ErrNone) {
		return Wrong, nil // the account went since it was asked
	}
	if err != nil {
		return Wrong, fmt.Errorf("count keys: %w", err)
	}
	var n int64
	if err := tx.QueryRow(ctx, `SELECT count(*) FROM passkey WHERE account = $1`, a).Scan(&n); err != nil {
		return Wrong, fmt.Errorf("count keys: %w", err)
	}
	if n >= Most {
		return Full, nil
	}
	return Right, nil
}

// keep writes the row, unless the credential stands in another, whoever's it
// is: two accounts must not be proved by one (WebAuthn L3 §7.1 step 26).
func keep(ctx context.Context, tx db.Tx, a ref.Account, name string, p *protocol.ParsedCredentialCreationData) (Credential, Outcome, error) {
	data := p.Response.AttestationObject.AuthData
	c := Credential{ID: ref.NewFactor(tx.Now()), Name: name, Created: tx.Now(), Synced: data.Flags.HasBackupState(), UV: data.Flags.HasUserVerified(),
		Transports: transports(p.Response.Transports), AAGUID: uuid(data.AttData.AAGUID)}
	err := tx.One(ctx, `INSERT INTO passkey (id, account, name, credential, public_key, sign_count, eligible, synced, verified, transports, aaguid, created)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (credential) DO NOTHING`,
		c.ID, a, name, data.AttData.CredentialID, data.AttData.CredentialPublicKey, data.Counter, data.Flags.HasBackupEligible(), c.Synced, c.UV,
		strings.Join(c.Transports, " "), bytes.Clone(data.AttData.AAGUID), tx.Now())
	if errors.Is(err, db.ErrNone) {
		return Credential{}, Taken, nil
	}
	if err != nil {
		return Credential{}, Wrong, fmt.Errorf("keep key: %w", err)
	}
	return c, Right, nil
}

// known are the transports that mean something to browsers (WebAuthn L3 §5.8.4).
var known = []protocol.AuthenticatorTransport{protocol.BLE, protocol.Hybrid, protocol.Internal, protocol.NFC, protocol.SmartCard, protocol.USB}

// transports drops what is not known: the browser's word is not signed.
func transports(list []protocol.AuthenticatorTransport) []string {
	var out []string
	for _, t := range known {
		if slices.Contains(list, t) {
			out = append(out, string(t))
		}
	}
	return out
}
