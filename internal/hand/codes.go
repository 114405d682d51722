package hand

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"sekisho/internal/otp"
)

// code is one as it is shown.
type code struct {
	ID    int    `json:"id,omitempty"` // in the vault
	Own   bool   `json:"own"`          // of an account that is enrolled here
	Name  string `json:"name"`
	Kind  string `json:"kind"`
	Code  string `json:"code,omitempty"` // of a counter only when it is asked for
	Left  int    `json:"seconds_left,omitempty"`
	Every int    `json:"period,omitempty"`
	exact time.Duration
}

func (p *program) codeOf(id int, k otp.Key, now time.Time) code {
	c := code{ID: id, Name: k.Name(), Kind: string(k.Kind)}
	if k.Kind == otp.TOTP {
		c.Code, c.exact = k.Code(now)
		c.Left, c.Every = int((c.exact+time.Second-1)/time.Second), k.Period
	}
	return c
}

// allCodes are the accounts' own and the vault's.
func (p *program) allCodes(k kept, now time.Time) ([]code, error) {
	out := []code{}
	for _, h := range k.Accounts {
		if h.waiting() || h.Code == "" {
			continue
		}
		key, err := h.key()
		if err != nil {
			return nil, err
		}
		c := p.codeOf(0, key, now)
		c.Own = true
		out = append(out, c)
	}
	for _, e := range k.Vault {
		key, err := otp.Parse(e.URI)
		if err != nil {
			return nil, err
		}
		out = append(out, p.codeOf(e.ID, key, now))
	}
	return out, nil
}

func (c code) matches(word string) bool {
	return word == "" || word == strconv.Itoa(c.ID) || strings.Contains(strings.ToLower(c.Name), strings.ToLower(word))
}

// codes shows them without asking the server: it works offline.
func (p *program) codes() *cobra.Command {
	next := false
	c := p.command("codes [NAME]", "cmd.codes", takes{0, 1}, func(ctx context.Context, a []string) error {
		word := ""
		if len(a) == 1 {
			word = a[0]
		}
		k, err := p.unseal(ctx)
		if err != nil {
			return err
		}
		all, err := p.allCodes(k, time.Now())
		if err != nil {
			return err
		}
		out := slices.DeleteFunc(all, func(c code) bool { return !c.matches(word) })
		if len(out) == 0 && word != "" {
			return p.refuse(NotThere, "vault.unknown", "name", clean(word))
		}
		if next {
			return p.next(out)
		}
		return p.print(out, func(w io.Writer) { p.showCodes(w, out) })
	})
	c.Flags().BoolVar(&next, "next", false, p.t("flag.next"))
	return c
}

func (p *program) showCodes(w io.Writer, list []code) {
	if len(list) == 0 {
		fmt.Fprintln(w, p.t("codes.none"))
	}
	writeTable(w, p.codeRows(list))
}

func (p *program) codeRows(list []code) (rows [][]string) {
	for _, c := range list {
		shown, left, id := spaced(c.Code), p.t("codes.left", "n", c.Left), strconv.Itoa(c.ID)
		if c.Kind == string(otp.HOTP) {
			shown, left = "······", p.t("codes.counter")
		}
		if c.Own {
			id = "-"
		}
		rows = append(rows, []string{id, shown, left, c.Name})
	}
	return rows
}

// spaced parts the digits, so that they read out well.
func spaced(code string) string {
	half := (len(code) + 1) / 2
	return code[:half] + " " + code[half:]
}

// next gives the next code of a counter. The counter is written before the code is
// shown: one that was shown is never shown again.
func (p *program) next(list []code) error {
	if len(list) != 1 || list[0].Kind != string(otp.HOTP) {
		return p.refuse(Usage, "vault.next")
	}
	got := list[0]
	_, err := p.keep(func(k *kept) error {
		for i, e := range k.Vault {
			if e.ID != got.ID {
				continue
			}
			key, err := otp.Parse(e.URI)
			if err != nil {
				return err
			}
			got.Code = key.At(key.Counter)
			key.Counter++
			k.Vault[i].URI = key.URI().Reveal()
			return nil
		}
		return p.refuse(NotThere, "vault.unknown", "name", strconv.Itoa(got.ID))
	})
	if err != nil {
		return err
	}
	return p.print(got, func(w io.Writer) { writeTable(w, [][]string{{strconv.Itoa(got.ID), spaced(got.Code), got.Name}}) })
}
