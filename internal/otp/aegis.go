package otp

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"

	"golang.org/x/crypto/scrypt"

	"sekisho/internal/secret"
)

// What can be wrong with a file of Aegis.
var (
	ErrAegis = errors.New("otp: no file of Aegis, or a damaged one")
	ErrWord  = errors.New("otp: the password does not open it")
)

// Tagged is a key with the groups that it was in.
type Tagged struct {
	Key
	Tags []string
}

// What a file may ask for: the key of a slot is made in 256 MiB at most (Aegis asks for 32),
// and a few are tried.
const (
	mostScrypt = 1 << 21 // N·r
	mostLanes  = 4
	mostSlots  = 8
	mostKeys   = 10_000
)

type aegisFile struct {
	Header *struct {
		Slots  []aegisSlot `json:"slots"`
		Params aegisBox    `json:"params"`
	} `json:"header"`
	DB json.RawMessage `json:"db"`
}

type aegisBox struct {
	Nonce string `json:"nonce"`
	Tag   string `json:"tag"`
}

type aegisSlot struct {
	Type   int      `json:"type"`
	Key    string   `json:"key"`
	Params aegisBox `json:"key_params"`
	N      int      `json:"n"`
	R      int      `json:"r"`
	P      int      `json:"p"`
	Salt   string   `json:"salt"`
}

type aegisDB struct {
	Groups []struct {
		UUID string `json:"uuid"`
		Name string `json:"name"`
	} `json:"groups"`
	Entries []struct {
		Type   string   `json:"type"`
		Name   string   `json:"name"`
		Issuer string   `json:"issuer"`
		Group  string   `json:"group"` // before version 3
		Groups []string `json:"groups"`
		Info   struct {
			Secret  secret.Text `json:"secret"`
			Algo    string      `json:"algo"`
			Digits  int         `json:"digits"`
			Period  int         `json:"period"`
			Counter uint64      `json:"counter"`
		} `json:"info"`
	} `json:"entries"`
}

// IsAegis says whether a file looks like one of Aegis, and whether it is sealed.
func IsAegis(file []byte) (is, sealed bool) {
	var f aegisFile
	if json.Unmarshal(file, &f) != nil || f.Header == nil || len(f.DB) == 0 {
		return false, false
	}
	return true, f.DB[0] == '"'
}

// Aegis reads a file of Aegis, with its password where it is sealed. Keys of kinds that no
// code can be made of here are skipped.
func Aegis(file []byte, word secret.Text) (out []Tagged, skipped int, err error) {
	var f aegisFile
	if json.Unmarshal(file, &f) != nil || f.Header == nil || len(f.DB) == 0 {
		return nil, 0, ErrAegis
	}
	plain := []byte(f.DB)
	if f.DB[0] == '"' {
		if plain, err = f.open(word); err != nil {
			return nil, 0, err
		}
	}
	var db aegisDB
	if json.Unmarshal(plain, &db) != nil || len(db.Entries) > mostKeys {
		return nil, 0, ErrAegis
	}
	name := map[string]string{}
	for _, g := range db.Groups {
		name[g.UUID] = g.Name
	}
	for _, e := range db.Entries {
		k, err := Key{Kind: Kind(e.Type), Issuer: e.Issuer, Label: e.Name, Secret: e.Info.Secret, Algorithm: e.Info.Algo, Digits: e.Info.Digits, Period: e.Info.Period, Counter: e.Info.Counter}.Check()
		if err != nil {
			skipped++
			continue
		}
		x := Tagged{Key: k}
		for _, g := range append(slices.Clone(e.Groups), e.Group) {
			if known, ok := name[g]; ok {
				g = known
			} else if g != e.Group {
				continue // of a group that is gone
			}
			if g != "" && !slices.Contains(x.Tags, g) {
				x.Tags = append(x.Tags, g)
			}
		}
		out = append(out, x)
	}
	return out, skipped, nil
}

// open opens what is sealed: a key that the password makes opens the file's own.
func (f *aegisFile) open(word secret.Text) ([]byte, error) {
	var text string
	if json.Unmarshal(f.DB, &text) != nil {
		return nil, ErrAegis
	}
	sealed, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, ErrAegis
	}
	tried := 0
	for _, s := range f.Header.Slots {
		if s.Type != 1 { // 1: a password
			continue
		}
		if tried++; tried > mostSlots || s.N < 2 || s.R < 1 || s.P < 1 || s.P > mostLanes || s.N > mostScrypt || s.R > mostScrypt/s.N {
			return nil, ErrAegis
		}
		salt, bad := hex.DecodeString(s.Salt)
		box, bad2 := hex.DecodeString(s.Key)
		if bad != nil || bad2 != nil {
			return nil, ErrAegis
		}
		key, err := scrypt.Key([]byte(word.Reveal()), salt, s.N, s.R, s.P, 32)
		if err != nil {
			return nil, ErrAegis
		}
		master, err := s.Params.open(key, box)
		if errors.Is(err, ErrWord) {
			continue
		}
		if err != nil {
			return nil, err
		}
		plain, err := f.Header.Params.open(master, sealed)
		if err != nil {
			return nil, ErrAegis // the password was right: the rest is damaged
		}
		return plain, nil
	}
	return nil, ErrWord
}

func (b aegisBox) open(key, sealed []byte) ([]byte, error) {
	nonce, bad := hex.DecodeString(b.Nonce)
	tag, bad2 := hex.DecodeString(b.Tag)
	block, bad3 := aes.NewCipher(key)
	if bad != nil || bad2 != nil || bad3 != nil || len(nonce) != 12 || len(tag) != 16 {
		return nil, ErrAegis
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, ErrAegis
	}
	plain, err := gcm.Open(nil, nonce, append(slices.Clone(sealed), tag...), nil)
	if err != nil {
		return nil, ErrWord
	}
	return plain, nil
}
