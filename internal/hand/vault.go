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
	c.AddCommand(p.vaultList(), p.vaultAdd(), p.vaultTag(), p.vaultMove(), p.vaultRemove(), p.vaultImport(), p.vaultExport())
	return c
}

// stored is an entry without its secret.
type stored struct {
	ID        int      `json:"id"`
	Kind      string   `json:"kind"`
	Issuer    string   `json:"issuer"`
	Label     string   `json:"label"`
	Algorithm string   `json:"algorithm"`
	Digits    int      `json:"digits"`
	Period    int      `json:"period,omitempty"`
	Counter   uint64   `json:"counter,omitempty"`
	Tags      []string `json:"tags"`
}

func storedOf(e entry, k otp.Key) stored {
	s := stored{e.ID, string(k.Kind), k.Issuer, k.Label, k.Algorithm, k.Digits, k.Period, k.Counter, append([]string{}, e.Tags...)}
	if k.Kind == otp.HOTP {
		s.Period = 0
	}
	return s
}

func (p *program) vaultList() *cobra.Command {
	tag := ""
	c := p.command("list", "cmd.vault_list", takes{0, 0}, func(ctx context.Context, _ []string) error {
		k, err := p.unseal(ctx)
		if err != nil {
			return err
		}
		out, rows := []stored{}, [][]string{}
		for _, e := range k.Vault {
			if tag != "" && !slices.Contains(e.Tags, tag) {
				continue
			}
			key, err := otp.Parse(e.URI)
			if err != nil {
				return err
			}
			s := storedOf(e, key)
			out = append(out, s)
			beat := p.t("vault.every", "n", s.Period)
			if key.Kind == otp.HOTP {
				beat = p.t("vault.counter", "n", s.Counter)
			}
			rows = append(rows, []string{strconv.Itoa(s.ID), s.Kind, p.t("vault.digits", "n", s.Digits), s.Algorithm, beat, key.Name(), strings.Join(s.Tags, ", ")})
		}
		return p.print(out, func(w io.Writer) {
			writeTable(w, rows)
			if len(rows) == 0 {
				fmt.Fprintln(w, p.t("vault.none"))
			}
		})
	})
	c.Flags().StringVar(&tag, "tag", "", p.t("flag.tag"))
	return c
}

// Tags of an entry, and how long one is; what a file brings beyond is cut off.
const (
	mostTags   = 10
	longestTag = 40
)

// tags are tidy: each once, without what a terminal would obey.
func tags(list []string) (out []string) {
	for _, t := range list {
		if t = strings.TrimSpace(clean(t)); len([]rune(t)) > longestTag {
			t = string([]rune(t)[:longestTag])
		}
		if t != "" && !slices.Contains(out, t) && len(out) < mostTags {
			out = append(out, t)
		}
	}
	return out
}

// at is where an entry stands in the vault.
func (p *program) at(k *kept, id string) (int, error) {
	i := slices.IndexFunc(k.Vault, func(e entry) bool { return strconv.Itoa(e.ID) == id })
	if i < 0 {
		return 0, p.refuse(NotThere, "vault.unknown", "name", clean(id))
	}
	return i, nil
}

func (p *program) vaultTag() *cobra.Command {
	return p.command("tag ID [TAG…]", "cmd.vault_tag", takes{1, -1}, func(ctx context.Context, a []string) error {
		if _, err := p.unseal(ctx); err != nil {
			return err
		}
		set := tags(a[1:])
		_, err := p.keep(func(k *kept) error {
			i, err := p.at(k, a[0])
			if err == nil {
				k.Vault[i].Tags = set
			}
			return err
		})
		if err != nil {
			return err
		}
		return p.done(map[string]any{"tags": append([]string{}, set...)}, "vault.tagged", "n", len(set))
	})
}

// vaultMove puts an entry into another place, from 1.
func (p *program) vaultMove() *cobra.Command {
	return p.command("move ID PLACE", "cmd.vault_move", takes{2, 2}, func(ctx context.Context, a []string) error {
		place, err := strconv.Atoi(a[1])
		if err != nil || place < 1 {
			return p.refuse(Usage, "vault.place")
		}
		if _, err := p.unseal(ctx); err != nil {
			return err
		}
		_, err = p.keep(func(k *kept) error {
			i, err := p.at(k, a[0])
			if err != nil {
				return err
			}
			e := k.Vault[i]
			k.Vault = slices.Delete(k.Vault, i, i+1)
			place = min(place, len(k.Vault)+1)
			k.Vault = slices.Insert(k.Vault, place-1, e)
			return nil
		})
		if err != nil {
			return err
		}
		return p.done(map[string]int{"place": place}, "vault.moved", "n", place)
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
		return p.addAll(untagged(keys), 0)
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
func (p *program) addAll(keys []otp.Tagged, skipped int) error {
	var ids []int
	twice := 0
	if _, err := p.keep(func(k *kept) error { ids, twice = k.add(keys...); return nil }); err != nil {
		return err
	}
	out := map[string]any{"added": append([]int{}, ids...), "already": twice, "skipped": skipped}
	said := "vault.added"
	if skipped > 0 {
		said = "vault.added.skipped"
	}
	return p.done(out, said, "n", len(ids), "twice", twice, "skipped", skipped)
}

func untagged(keys []otp.Key) (out []otp.Tagged) {
	for _, k := range keys {
		out = append(out, otp.Tagged{Key: k})
	}
	return out
}

// fromAegis takes a file of Aegis in: what no code can be made of here is left out, and said.
func (p *program) fromAegis(ctx context.Context, file []byte, sealed bool) error {
	word := secret.Text("")
	if sealed {
		var err error
		if word, err = p.foreign(ctx, p.t("ask.import")); err != nil {
			return err
		}
	}
	keys, skipped, err := otp.Aegis(file, word)
	switch {
	case errors.Is(err, otp.ErrWord):
		return p.refuse(Sealed, "import.passphrase_wrong")
	case err != nil:
		return p.refuse(Refused, "import.damaged")
	case len(keys) == 0:
		return p.refuse(NotThere, "vault.empty")
	}
	for i := range keys {
		keys[i].Tags = tags(keys[i].Tags)
	}
	return p.addAll(keys, skipped)
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

// vaultImport reads otpauth lines and transfer codes, an export of tegata's own, or a file of
// Aegis. All of it is taken, or nothing; of Aegis, what codes can be made of.
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
		if is, sealed := otp.IsAegis(text); is {
			return p.fromAegis(ctx, text, sealed)
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
		return p.addAll(untagged(keys), 0)
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
