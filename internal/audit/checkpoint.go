package audit

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"sekisho/internal/db"
	"sekisho/internal/ref"
)

// Checkpoint says where the chain stood at an instant. Signed with a published key and
// kept elsewhere, it shows whoever has no key of the server's that nothing before it was
// changed or cut since.
type Checkpoint struct {
	Issuer string `json:"iss"` // the server's address
	At     int64  `json:"iat"` // seconds since 1970
	Seq    int64  `json:"seq"` // rows that are linked
	Hash   string `json:"hash"`
}

// CheckpointType is the JWT type of a signed checkpoint (RFC 8725 §3.11).
const CheckpointType = "sekisho-audit-checkpoint+jwt"

// Checkpoint reads the head. It is ErrBroken when that is not signed by this server:
// nobody is to vouch for it.
func (c Chain) Checkpoint(ctx context.Context, r db.Reader, issuer string) (Checkpoint, error) {
	var seq int64
	var hash, mac []byte
	if err := r.QueryRow(ctx, `SELECT seq, hash, mac FROM audit_head WHERE id = 1`).Scan(&seq, &hash, &mac); err != nil {
		return Checkpoint{}, fmt.Errorf("audit head: %w", err)
	}
	if !c.holds(seq, hash, mac) {
		return Checkpoint{}, ErrBroken
	}
	return Checkpoint{issuer, r.Now().Unix(), seq, base64.StdEncoding.EncodeToString(hash)}, nil
}

// Chained is a row with all that its place in the chain is reckoned from.
type Chained struct {
	Row
	About     string `json:"about,omitempty"` // as it was hashed; empty once it was erased
	AboutHash []byte `json:"about_hash"`
}

// Chained gives a row with what its place in the chain is reckoned from.
func (r Row) Chained() Chained { return Chained{r, r.about, r.aboutHash} }

// Walked is how far an export holds.
type Walked struct {
	Rows   int64   `json:"rows"`
	Faults []Fault `json:"faults"`
}

// ErrCheckpoint is an export whose chain does not lead to a checkpoint.
var ErrCheckpoint = errors.New("the export does not lead to the checkpoint")

// Walk reckons the chain of an export anew, without a database or key, and looks whether
// it goes through the checkpoint. What is wrong stands in the faults.
func Walk(from io.Reader, to Checkpoint) (w Walked, err error) {
	lines := bufio.NewReader(from)
	var prev []byte
	met := to.Seq == 0
	for {
		line, err := lines.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			var r Chained
			if err := json.Unmarshal(line, &r); err != nil {
				return w, fmt.Errorf("row %d of the export: %w", w.Rows+1, err)
			}
			prev = w.step(prev, r)
			if r.Seq == to.Seq {
				met = r.Hash == to.Hash
			}
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return w, err
		}
	}
	if !met {
		w.fault(to.Seq, "", ErrCheckpoint.Error())
	}
	return w, nil
}

func (w *Walked) fault(seq int64, reference ref.Reference, what string) {
	w.Faults = noted(w.Faults, Fault{seq, reference, what})
}

// step holds one row against the one before it, and what it shows against what was hashed.
func (w *Walked) step(prev []byte, r Chained) []byte {
	if r.Seq != w.Rows+1 {
		w.fault(w.Rows+1, "", fmt.Sprintf("rows %d to %d are missing", w.Rows+1, r.Seq-1))
	}
	w.Rows = r.Seq
	r.aboutHash = r.AboutHash
	next := link(prev, r.Row)
	if base64.StdEncoding.EncodeToString(next) != r.Hash {
		w.fault(r.Seq, r.Reference, "the row does not fit the one before it")
		next, _ = base64.StdEncoding.DecodeString(r.Hash) // the rows after it may
	}
	if r.About == "" {
		return next // erased; its hash stays
	}
	sum := sha256.Sum256([]byte(r.About))
	var a about
	shown := json.Unmarshal([]byte(r.About), &a) == nil && a.Addr == r.Addr && a.Agent == r.Agent && a.Place == r.Place && sameJSON(a.Detail, r.Detail)
	if !bytes.Equal(sum[:], r.AboutHash) || !shown {
		w.fault(r.Seq, r.Reference, "what the row tells is not what was written")
	}
	return next
}

func sameJSON(a, b json.RawMessage) bool {
	var x, y bytes.Buffer
	if len(a) == 0 || len(b) == 0 {
		return len(a) == len(b)
	}
	return json.Compact(&x, a) == nil && json.Compact(&y, b) == nil && bytes.Equal(x.Bytes(), y.Bytes())
}
