package hand

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"sekisho/internal/otp"
	"sekisho/internal/pouch"
	"sekisho/internal/secret"
)

func (p *program) vault() *cobra.Command {
	c := p.command("vault", "cmd.vault", takes{0, -1}, nil)
	c.Args, c.RunE = p.known, func(c *cobra.Command, _ []string) error { return c.Help() }
	c.AddCommand(p.vaultList(), p.vaultAdd(), p.vaultRemove(), p.vaultImport(), p.vaultExport())
	return c
}

// stored is an entry without its secret.
type stored struct {
	ID        int    `json:"id"`
	Kind      string `json:"kind"`
	Issuer    string `json:"issuer"`
	Label     string `json:"label"`
	Algorithm string `json:"algorithm"`
	Digits    int    `json:"digits"`
	Period    int    `json:"period,omitempty"`
	Counter   uint64 `json:"counter,omitempty"`
}

func storedOf(id int, k otp.Key) stored {
	s := stored{id, string(k.Kind), k.Issuer, k.Label, k.Algorithm, k.Digits, k.Period, k.Counter}
	if k.Kind == otp.HOTP {
		s.Period = 0
	}
	return s
}

func (p *program) vaultList() *cobra.Command {
	return p.command("list", "cmd.vault_list", takes{0, 0}, func(ctx context.Context, _ []string) error {
		k, err := p.unseal(ctx)
		if err != nil {
			return err
		}
		out, rows := []stored{}, [][]string{}
		for _, e := range k.Vault {
			key, err := otp.Parse(e.URI)
			if err != nil {
				return err
			}
			s := storedOf(e.ID, key)
			out = append(out, s)
			beat := p.t("vault.every", "n", s.Period)
			if key.Kind == otp.HOTP {
				beat = p.t("vault.counter", "n", s.Counter)
			}
			rows = append(rows, []string{strconv.Itoa(s.ID), s.Kind, p.t("vault.digits", "n", s.Digits), s.Algorithm, beat, key.Name()})
		}
		return p.print(out, func(w io.Writer) {
			writeTable(w, rows)
			if len(rows) == 0 {
				fmt.Fprintln(w, p.t("vault.none"))
			}
		})
	})
}

// vaultAdd takes the secret from the person or the input, never from an argument,
// which every process of the machine can read.
func (p *program) vaultAdd() *cobra.Command {
	var k otp.Key
	kind := ""
	c := p.command("add", "cmd.vault_add", takes{0, -1}, func(ctx context.Context, a []string) error {
		if len(a) > 0 {
			return p.refuse(Usage, "vault.argument")
		}
		if _, err := p.unsealOrMake(ctx); err != nil {
			return err
		}
		typed, err := p.hidden(ctx, p.t("ask.key"))
		if err != nil {
			return err
		}
		keys, err := readKey(k, kind, typed)
		if err != nil {
			return err
		}
		return p.addAll(keys)
	})
	f := c.Flags()
	f.StringVar(&k.Issuer, "issuer", "", p.t("flag.issuer"))
	f.StringVar(&k.Label, "label", "", p.t("flag.label"))
	f.StringVar(&kind, "kind", "totp", p.t("flag.kind"))
	f.StringVar(&k.Algorithm, "algorithm", "SHA1", p.t("flag.algorithm"))
	f.IntVar(&k.Digits, "digits", 6, p.t("flag.digits"))
	f.IntVar(&k.Period, "period", 30, p.t("flag.period"))
	f.Uint64Var(&k.Counter, "counter", 0, p.t("flag.counter"))
	return c
}

// readKey is an otpauth address or a transfer code, or else the secret of what the
// flags describe.
func readKey(k otp.Key, kind string, given secret.Text) ([]otp.Key, error) {
	if strings.HasPrefix(strings.TrimSpace(given.Reveal()), "otpauth") {
		keys, err := otp.Read(given.Reveal())
		if len(keys) == 1 { // a name that is given goes before its own
			keys[0].Issuer, keys[0].Label = cmp.Or(k.Issuer, keys[0].Issuer), cmp.Or(k.Label, keys[0].Label)
			keys[0], err = keys[0].Check()
		}
		return keys, err
	}
	switch {
	case k.Digits == 0:
		return nil, &otp.Error{Part: "digits"}
	case k.Period == 0:
		return nil, &otp.Error{Part: "period"}
	}
	k.Kind, k.Secret = otp.Kind(strings.ToLower(kind)), given
	k, err := k.Check()
	return []otp.Key{k}, err
}

// addAll puts keys into the vault; those that are there already are passed over.
func (p *program) addAll(keys []otp.Key) error {
	var ids []int
	twice := 0
	if _, err := p.keep(func(k *kept) error { ids, twice = k.add(keys...); return nil }); err != nil {
		return err
	}
	out := map[string]any{"added": append([]int{}, ids...), "already": twice}
	return p.done(out, "vault.added", "n", len(ids), "twice", twice)
}

func (p *program) vaultRemove() *cobra.Command {
	yes := false
	c := p.command("remove ID…", "cmd.vault_remove", takes{1, -1}, func(ctx context.Context, a []string) error {
		k, err := p.unseal(ctx)
		if err != nil {
			return err
		}
		var names []string
		for _, id := range a {
			i := slices.IndexFunc(k.Vault, func(e entry) bool { return strconv.Itoa(e.ID) == id })
			if i < 0 {
				return p.refuse(NotThere, "vault.unknown", "name", clean(id))
			}
			if key, err := otp.Parse(k.Vault[i].URI); err == nil {
				names = append(names, clean(key.Name()))
			}
		}
		if err := p.sure(ctx, yes, "ask.remove", "names", strings.Join(names, ", ")); err != nil {
			return err
		}
		_, err = p.keep(func(k *kept) error {
			k.Vault = slices.DeleteFunc(k.Vault, func(e entry) bool { return slices.Contains(a, strconv.Itoa(e.ID)) })
			return nil
		})
		if err != nil {
			return err
		}
		return p.done(map[string]int{"removed": len(names)}, "vault.removed", "n", len(names))
	})
	c.Flags().BoolVar(&yes, "yes", false, p.t("flag.yes"))
	return c
}

// mostImport is how large a file may be; a thousand codes take a tenth of it.
const mostImport = 2 << 20

// vaultImport reads otpauth lines and transfer codes, or an export of tegata's own. All
// of it is taken, or nothing.
func (p *program) vaultImport() *cobra.Command {
	return p.command("import FILE", "cmd.vault_import", takes{1, 1}, func(ctx context.Context, a []string) error {
		text, err := p.readFile(a[0])
		if err != nil {
			return err
		}
		if _, err := p.unsealOrMake(ctx); err != nil {
			return err
		}
		if sealed, guarded := pouch.Sealed(text); sealed {
			word := secret.Text("")
			if guarded {
				if word, err = p.foreign(ctx, p.t("ask.import")); err != nil {
					return err
				}
			}
			if text, err = pouch.Unseal(text, word); errors.Is(err, pouch.ErrWrong) {
				return p.refuse(Sealed, "import.passphrase_wrong")
			}
			if err != nil {
				return err
			}
		}
		var keys []otp.Key
		for i, l := range strings.Split(strings.TrimPrefix(string(text), "\ufeff"), "\n") {
			if l = strings.TrimSpace(l); l == "" || strings.HasPrefix(l, "#") {
				continue
			}
			got, err := otp.Read(l)
			var bad *otp.Error
			if errors.As(err, &bad) {
				return p.refuse(Refused, "vault.line", "n", i+1, "part", p.t("part."+bad.Part))
			}
			keys = append(keys, got...)
		}
		if len(keys) == 0 {
			return p.refuse(NotThere, "vault.empty")
		}
		return p.addAll(keys)
	})
}

// foreign asks for another passphrase than the pouch's. It does not count as the lock.
func (p *program) foreign(ctx context.Context, question string) (secret.Text, error) {
	if p.Ask == nil {
		return p.word(ctx, question)
	}
	text, err := p.Ask(ctx, question+" ", true)
	return secret.Text(text), err
}

func (p *program) readFile(path string) ([]byte, error) {
	in := p.In
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	b, err := io.ReadAll(io.LimitReader(in, mostImport+1))
	if err == nil && len(b) > mostImport {
		err = p.refuse(Refused, "vault.large")
	}
	return b, err
}

// vaultExport seals with the passphrase of the pouch, or writes otpauth lines.
func (p *program) vaultExport() *cobra.Command {
	plain, yes := false, false
	c := p.command("export FILE", "cmd.vault_export", takes{1, 1}, func(ctx context.Context, a []string) error {
		if _, err := os.Lstat(a[0]); err == nil {
			return p.refuse(Refused, "file.there", "path", a[0])
		}
		k, err := p.unseal(ctx)
		if err != nil {
			return err
		}
		var b strings.Builder
		for _, e := range k.Vault {
			b.WriteString(e.URI + "\n")
		}
		out := []byte(b.String())
		if plain {
			err = p.sure(ctx, yes, "ask.plain")
		} else {
			out, err = p.sealed(ctx, out)
		}
		if err != nil {
			return err
		}
		if err := pouch.Write(a[0], out); err != nil {
			return err
		}
		return p.done(map[string]any{"written": len(k.Vault), "sealed": !plain}, "vault.written", "n", len(k.Vault), "path", a[0])
	})
	c.Flags().BoolVar(&plain, "plain", false, p.t("flag.plain"))
	c.Flags().BoolVar(&yes, "yes", false, p.t("flag.yes"))
	return c
}

// sealed seals an export with a passphrase that is given for it.
func (p *program) sealed(ctx context.Context, plain []byte) ([]byte, error) {
	word, err := p.foreign(ctx, p.t("ask.export"))
	if err != nil {
		return nil, err
	}
	if len([]rune(word.Reveal())) < shortest {
		return nil, p.refuse(Refused, "passphrase.short", "least", shortest)
	}
	if p.Ask != nil {
		again, err := p.foreign(ctx, p.t("ask.again"))
		if err != nil {
			return nil, err
		}
		if !secret.Equal(again.Reveal(), word.Reveal()) {
			return nil, p.refuse(Refused, "passphrase.differs")
		}
	}
	return pouch.Seal(plain, word)
}
