package hand

import (
	"context"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"sekisho/internal/otp"
	"sekisho/internal/pass"
	"sekisho/internal/pouch"
	"sekisho/internal/secret"
)

// kept is what the pouch holds. Only keep writes it, and nothing else prints it.
type kept struct {
	Accounts []holding `json:"accounts"`
	Vault    []entry   `json:"vault"`
	Next     int       `json:"next"` // number of the next entry; none is given twice
}

// holding is one account, at one server.
type holding struct {
	Origin  string     `json:"origin"`
	Service string     `json:"service"`
	Owner   pass.Owner `json:"account"`
	Device  string     `json:"device"`
	Name    string     `json:"name"` // of this installation
	Key     []byte     `json:"key"`  // PKCS #8
	Code    string     `json:"code"` // base 32: the secret of the account's own codes; empty: there is none
	// While it waits for both sides to agree.
	Number  string    `json:"number,omitempty"`
	Expires time.Time `json:"expires,omitzero"`
}

func (h holding) waiting() bool { return h.Number != "" }

func (h holding) same(o holding) bool { return h.Origin == o.Origin && h.Device == o.Device }

// label is how a person tells accounts apart.
func (h holding) label() string {
	if h.Owner.Identifier != "" {
		return h.Owner.Identifier
	}
	return h.Owner.ID
}

// key is that of the account's own codes: as every app makes them (factor/totp).
func (h holding) key() (otp.Key, error) {
	return otp.Key{Kind: otp.TOTP, Issuer: h.Service, Label: h.label(), Secret: secret.Text(h.Code)}.Check()
}

func (p *program) pass(h holding) (*pass.Pass, error) {
	k, err := x509.ParsePKCS8PrivateKey(h.Key)
	key, ok := k.(*ecdsa.PrivateKey)
	if err != nil || !ok {
		return nil, pouch.ErrDamaged
	}
	return &pass.Pass{Origin: h.Origin, Device: h.Device, Key: key, HTTP: p.client(), Lang: string(p.lang)}, nil
}

// entry is one of the vault's codes, as its otpauth address.
type entry struct {
	ID   int      `json:"id"`
	URI  string   `json:"uri"`
	Tags []string `json:"tags,omitempty"`
}

func (k *kept) add(keys ...otp.Tagged) (ids []int, twice int) {
	for _, x := range keys {
		uri := x.URI().Reveal()
		if slices.ContainsFunc(k.Vault, func(e entry) bool { return e.URI == uri }) {
			twice++
			continue
		}
		k.Next++
		k.Vault = append(k.Vault, entry{k.Next, uri, x.Tags})
		ids = append(ids, k.Next)
	}
	return ids, twice
}

// word asks for the passphrase where it is to be had: a file descriptor, a file, the
// person. Only the person's counts as the app lock.
func (p *program) word(ctx context.Context, question string) (secret.Text, error) {
	switch file := p.getenv("TEGATA_PASSPHRASE_FILE"); {
	case p.wordFD >= 0:
		f := os.NewFile(uintptr(p.wordFD), "passphrase")
		if f == nil {
			return "", p.refuse(Usage, "passphrase.fd")
		}
		return p.firstLine(f)
	case file != "":
		f, err := os.Open(file)
		if err != nil {
			return "", err
		}
		defer func() { _ = f.Close() }()
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0 {
			return "", p.refuse(Sealed, "passphrase.exposed", "path", file)
		}
		return p.firstLine(f)
	case p.Ask == nil:
		return "", p.refuse(Sealed, "passphrase.missing")
	}
	p.typed = true
	text, err := p.Ask(ctx, question+" ", true)
	return secret.Text(text), err
}

func (p *program) firstLine(r io.Reader) (secret.Text, error) {
	text, err := line(r)
	if err != nil || text == "" {
		return "", p.refuse(Sealed, "passphrase.unread")
	}
	return secret.Text(text), nil
}

// unseal opens the pouch. A person may mistype.
func (p *program) unseal(ctx context.Context) (k kept, err error) {
	path, err := p.path()
	if err != nil {
		return k, err
	}
	guarded, err := pouch.Guarded(path)
	if errors.Is(err, fs.ErrNotExist) {
		return k, p.refuse(NotThere, "pouch.none")
	}
	if err != nil {
		return k, err
	}
	var plain []byte
	for try := 1; ; try++ {
		word := secret.Text("")
		if guarded {
			if word, err = p.word(ctx, p.t("ask.passphrase")); err != nil {
				return k, err
			}
		}
		p.pouch, plain, err = pouch.Open(path, word)
		if !errors.Is(err, pouch.ErrWrong) || !p.typed || try == 3 {
			break
		}
		fmt.Fprintln(p.Err, p.t("ask.wrong"))
	}
	if err != nil {
		return k, err
	}
	return parseKept(plain)
}

func parseKept(plain []byte) (k kept, err error) {
	if json.Unmarshal(plain, &k) != nil {
		return k, pouch.ErrDamaged
	}
	return k, nil
}

const shortest = 8 // characters of a new passphrase

// newWord asks for a passphrase to seal with; empty only when that was asked for.
func (p *program) newWord(ctx context.Context) (secret.Text, error) {
	if p.open {
		return "", nil
	}
	word, err := p.word(ctx, p.t("ask.newpassphrase"))
	if err != nil {
		return "", err
	}
	if utf8.RuneCountInString(word.Reveal()) < shortest {
		return "", p.refuse(Refused, "passphrase.short", "least", shortest)
	}
	if !p.typed {
		return word, nil
	}
	again, err := p.Ask(ctx, p.t("ask.again")+" ", true)
	if err == nil && !secret.Equal(again, word.Reveal()) {
		err = p.refuse(Refused, "passphrase.differs")
	}
	return word, err
}

// unsealOrMake opens the pouch, and makes it where there is none.
func (p *program) unsealOrMake(ctx context.Context) (k kept, err error) {
	path, err := p.path()
	if err != nil {
		return k, err
	}
	if _, err := pouch.Guarded(path); !errors.Is(err, fs.ErrNotExist) {
		return p.unseal(ctx)
	}
	fmt.Fprintln(p.Err, p.t("pouch.new", "path", path))
	word, err := p.newWord(ctx)
	if err != nil {
		return k, err
	}
	plain, err := json.Marshal(k)
	if err != nil {
		return k, err
	}
	p.pouch, err = pouch.Create(path, word, plain)
	if errors.Is(err, pouch.ErrThere) { // another process was quicker
		p.typed = false
		return p.unseal(ctx)
	}
	return k, err
}

// keep changes what the pouch holds, on top of what other processes wrote meanwhile.
func (p *program) keep(change func(*kept) error) (k kept, err error) {
	err = p.pouch.Change(func(plain []byte) ([]byte, error) {
		if k, err = parseKept(plain); err != nil {
			return nil, err
		}
		if err := change(&k); err != nil {
			return nil, err
		}
		return json.Marshal(k)
	})
	return k, err
}

// chosen is the account that is meant: the one that --account names, or the only one.
func (p *program) chosen(k kept) (holding, error) {
	var fit []holding
	n := 0
	for _, h := range k.Accounts {
		if h.waiting() {
			continue
		}
		n++
		if p.account == "" || p.account == strconv.Itoa(n) || strings.EqualFold(p.account, h.Owner.Identifier) || p.account == h.Owner.ID || p.account == h.Device ||
			strings.EqualFold(p.account, h.label()+"@"+host(h.Origin)) {
			fit = append(fit, h)
		}
	}
	switch {
	case n == 0:
		return holding{}, p.refuse(NotThere, "account.none")
	case len(fit) == 0:
		return holding{}, p.refuse(NotThere, "account.unknown", "name", p.account)
	case len(fit) > 1:
		return holding{}, p.refuse(Usage, "account.several", "n", len(fit))
	}
	return fit[0], nil
}

// with opens the pouch and speaks for the account that is meant.
func (p *program) with(ctx context.Context, do func(*pass.Pass, holding) error) error {
	k, err := p.unseal(ctx)
	if err != nil {
		return err
	}
	h, err := p.chosen(k)
	if err != nil {
		return err
	}
	x, err := p.pass(h)
	if err != nil {
		return err
	}
	return do(x, h)
}

// forget takes an account out of the pouch.
func (p *program) forget(h holding) error {
	_, err := p.keep(func(k *kept) error {
		k.Accounts = slices.DeleteFunc(k.Accounts, h.same)
		return nil
	})
	return err
}

// linkOf is a link: the argument, or with "-" the first line of the input.
func (p *program) linkOf(arg string) (string, error) {
	if arg != "-" {
		return arg, nil
	}
	return line(p.In)
}

// sound refuses a link that leads over the open network without TLS.
func (p *program) sound(link, what string) (origin string, err error) {
	origin, _, err = pass.ParseLink(link, what)
	if err != nil {
		return "", p.refuse(Usage, "link."+what)
	}
	u, err := url.Parse(origin)
	if err != nil {
		return "", p.refuse(Usage, "link."+what)
	}
	ip := net.ParseIP(u.Hostname())
	if u.Scheme != "https" && u.Hostname() != "localhost" && !(ip != nil && ip.IsLoopback()) {
		return "", p.refuse(Refused, "link.insecure", "origin", origin)
	}
	return origin, nil
}

// hidden reads a secret that is not to stand among the arguments: from the person, or
// the input.
func (p *program) hidden(ctx context.Context, question string) (secret.Text, error) {
	if p.Ask != nil {
		text, err := p.Ask(ctx, question+" ", true)
		return secret.Text(strings.TrimSpace(text)), err
	}
	text, err := line(p.In)
	return secret.Text(text), err
}
