package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/spf13/cobra"

	"sekisho/internal/app"
	"sekisho/internal/db"
	"sekisho/internal/flow/govern"
	"sekisho/internal/org"
	"sekisho/internal/policy"
	"sekisho/internal/ref"
)

// length is a time as a policy file writes it: 24h, 30m, or days as 30d.
type length time.Duration

// UnmarshalText reads it.
func (l *length) UnmarshalText(b []byte) error {
	s := string(b)
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 14)
		if err == nil {
			*l = length(time.Duration(n) * 24 * time.Hour)
			return nil
		}
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		return fmt.Errorf("%q is no time such as 30d, 24h or 15m", s)
	}
	*l = length(d)
	return nil
}

// policyFile is a policy as its author writes it. A part that is left out is left
// unset; a key that is left out is as by default.
type policyFile struct {
	Name     string `toml:"name"`
	Password struct {
		Min        int    `toml:"min"`
		MinSingle  int    `toml:"min_single"`
		Upper      bool   `toml:"upper"`
		Lower      bool   `toml:"lower"`
		Digit      bool   `toml:"digit"`
		Special    bool   `toml:"special"`
		AdminReset bool   `toml:"admin_reset"`
		Recent     int    `toml:"recent"`
		MinAge     length `toml:"min_age"`
		MaxAge     length `toml:"max_age"`
	} `toml:"password"`
	SecondFactor struct {
		Demanded    bool     `toml:"demanded"`
		Kinds       []string `toml:"kinds"`
		TrustDays   int      `toml:"trust_days"`
		BackupCodes bool     `toml:"backup_codes"`
		GraceDays   int      `toml:"grace_days"`
	} `toml:"second_factor"`
	Session struct {
		Lifetime     length `toml:"lifetime"`
		Idle         length `toml:"idle"`
		Concurrent   int    `toml:"concurrent"`
		DailySignins int    `toml:"daily_signins"`
	} `toml:"session"`
	Address struct {
		Allowed []string `toml:"allowed"`
	} `toml:"address"`
	Federation struct {
		Forbidden bool     `toml:"forbidden"`
		Providers []string `toml:"providers"`
	} `toml:"federation"`
}

// readPolicy reads a policy file.
func readPolicy(text string) (policy.Policy, error) {
	var f policyFile
	d := policy.Default()
	f.Password.Min, f.Password.MinSingle = d.Password.MinLength, d.Password.MinLengthSingle
	f.SecondFactor.TrustDays, f.SecondFactor.BackupCodes = d.SecondFactor.TrustDays, d.SecondFactor.BackupCodes
	f.Session.Lifetime, f.Session.Concurrent, f.Session.DailySignins = length(d.Session.Lifetime), d.Session.Concurrent, d.Session.DailySignins
	meta, err := toml.Decode(text, &f)
	if err != nil {
		return policy.Policy{}, err
	}
	if more := meta.Undecoded(); len(more) > 0 {
		return policy.Policy{}, fmt.Errorf("%s is no key of a policy", more[0])
	}
	p := policy.Policy{Name: f.Name}
	if meta.IsDefined("password") {
		w := f.Password
		p.Password = &policy.Password{MinLength: w.Min, MinLengthSingle: w.MinSingle, Upper: w.Upper, Lower: w.Lower, Digit: w.Digit, Special: w.Special, AdminReset: w.AdminReset,
			Recent: w.Recent, MinAge: time.Duration(w.MinAge), MaxAge: time.Duration(w.MaxAge)}
	}
	if meta.IsDefined("second_factor") {
		s := f.SecondFactor
		p.SecondFactor = &policy.SecondFactor{Demanded: s.Demanded, Kinds: s.Kinds, TrustDays: s.TrustDays, BackupCodes: s.BackupCodes, GraceDays: s.GraceDays}
	}
	if meta.IsDefined("session") {
		s := f.Session
		p.Session = &policy.Session{Lifetime: time.Duration(s.Lifetime), Idle: time.Duration(s.Idle), Concurrent: s.Concurrent, DailySignins: s.DailySignins}
	}
	if meta.IsDefined("address") {
		list, flaw := policy.ParseAddresses(strings.Join(f.Address.Allowed, "\n"))
		if flaw != nil {
			return policy.Policy{}, flaw
		}
		p.Address = &list
	}
	if meta.IsDefined("federation") {
		p.Federation = &policy.Federation{Forbidden: f.Federation.Forbidden, Providers: f.Federation.Providers}
	}
	if p.Password == nil && p.SecondFactor == nil && p.Session == nil && p.Address == nil && p.Federation == nil {
		return p, errors.New("it sets nothing: [password], [second_factor], [session], [address] and [federation] are the parts it can set")
	}
	return p, p.Check()
}

func (p *program) orgPolicy() *cobra.Command {
	return group("policy", "Set, order and assign policies, and see what holds for somebody",
		p.policyList(), p.policySet(), p.policyEffective(),
		p.orgAct(verb{"order ORG POLICY…", "Put policies first, in this order; the first that sets a part gives it", "ordered", cobra.MinimumNArgs(2)}, func(ctx context.Context, x place, given []string) error {
			return x.Order(ctx, operator, x.org.ID, given)
		}),
		p.orgAct(verb{"remove ORG POLICY", "Remove a policy", "policy removed", cobra.ExactArgs(2)}, func(ctx context.Context, x place, given []string) error {
			return x.RemovePolicy(ctx, operator, x.org.ID, given[0])
		}),
		p.orgAct(verb{"confirm ORG", "Confirm a change that waits because it shuts its author out", "confirmed", cobra.ExactArgs(1)}, func(ctx context.Context, x place, _ []string) error {
			return x.Confirm(ctx, operator, x.org.ID)
		}),
		p.orgAct(verb{"revert ORG", "Take such a change back at once", "taken back", cobra.ExactArgs(1)}, func(ctx context.Context, x place, _ []string) error {
			return x.Revert(ctx, operator, x.org.ID)
		}),
		p.policyAim("assign", "Say for whom a policy is: --all, --group or --member; with --exclude, for whom it is not", func(ctx context.Context, x place, name string, aim govern.Aim) error {
			return x.Assign(ctx, operator, x.org.ID, name, aim)
		}),
		p.policyAim("unassign", "Take such a target away again", func(ctx context.Context, x place, name string, aim govern.Aim) error {
			return x.Unassign(ctx, operator, x.org.ID, name, aim)
		}))
}

func (p *program) policyAim(word, short string, do func(context.Context, place, string, govern.Aim) error) *cobra.Command {
	var aim govern.Aim
	member := ""
	c := p.orgAct(verb{word + " ORG POLICY", short, word + "ed", cobra.ExactArgs(2)}, func(ctx context.Context, x place, given []string) error {
		n := 0
		for _, is := range []bool{aim.All, aim.Group != "", member != ""} {
			if is {
				n++
			}
		}
		if n != 1 {
			return ended{Usage, errors.New("one of --all, --group and --member says for whom")}
		}
		if member != "" {
			a, err := x.account(ctx, member)
			if err != nil {
				return err
			}
			aim.Account = a.ID
		}
		return do(ctx, x, given[0], aim)
	})
	c.Flags().BoolVar(&aim.All, "all", false, "every member")
	c.Flags().StringVar(&aim.Group, "group", "", "the members of a group")
	c.Flags().StringVar(&member, "member", "", "one member")
	if word == "assign" {
		c.Flags().BoolVar(&aim.Exclude, "exclude", false, "the policy is not for them, whatever else names them")
	}
	return c
}

func (p *program) policySet() *cobra.Command {
	var seen int64
	c := &cobra.Command{Use: "set ORG FILE", Short: "Make a policy, or change the one of the same name; - reads standard input", Args: args(cobra.ExactArgs(2))}
	c.Flags().Int64Var(&seen, "version", 0, "change it only when it still has this version")
	c.RunE = func(c *cobra.Command, given []string) error {
		text, err := readFile(c.InOrStdin(), given[1])
		if err != nil {
			return ended{Usage, err}
		}
		set, err := readPolicy(text)
		if err != nil {
			return ended{Usage, fmt.Errorf("%s: %w", given[1], err)}
		}
		return p.in(c, given[0], func(ctx context.Context, x place) error {
			made, err := x.SetPolicy(ctx, operator, x.org.ID, set, seen)
			if err != nil {
				return said(err, "there is no organisation %s", given[0])
			}
			return p.print(map[string]any{"id": made.ID, "name": made.Name, "version": made.Version}, func(w io.Writer) {
				fmt.Fprintf(w, "%s\t%s\tversion %d\n", made.ID, made.Name, made.Version)
				if len(made.Targets) == 0 {
					fmt.Fprintln(w, "It is for nobody yet: sekisho org policy assign")
				}
			})
		})
	}
	return c
}

func readFile(in io.Reader, path string) (string, error) {
	if path == "-" {
		b, err := io.ReadAll(io.LimitReader(in, 1<<20))
		return string(b), err
	}
	b, err := os.ReadFile(path)
	return string(b), err
}

type shownPolicy struct {
	ID      ref.Policy `json:"id"`
	Name    string     `json:"name"`
	Version int64      `json:"version"`
	Sets    []string   `json:"sets"`
	For     []string   `json:"for"`
	Not     []string   `json:"not,omitempty"`
}

func (p *program) policyList() *cobra.Command {
	return &cobra.Command{Use: "list ORG", Short: "List policies in order, what they set and for whom", Args: args(cobra.ExactArgs(1)), RunE: func(c *cobra.Command, given []string) error {
		return p.in(c, given[0], func(ctx context.Context, x place) error {
			out := []shownPolicy{}
			err := x.app.DB.View(ctx, func(tx db.ReadTx) error {
				out = out[:0]
				called, _, _, err := names(ctx, tx, x.org.ID)
				if err != nil {
					return err
				}
				list, err := org.Policies(ctx, tx, x.org.ID)
				for _, y := range list {
					out = append(out, showPolicy(y, called))
				}
				return err
			})
			if err != nil {
				return err
			}
			return p.print(out, func(w io.Writer) {
				for _, y := range out {
					fmt.Fprintf(w, "%s\t%s\tversion %d\tsets %s\tfor %s", y.ID, y.Name, y.Version, strings.Join(y.Sets, ", "), strings.Join(append(y.For, []string{"nobody"}[min(len(y.For), 1):]...), ", "))
					if len(y.Not) > 0 {
						fmt.Fprintf(w, ", not %s", strings.Join(y.Not, ", "))
					}
					fmt.Fprintln(w)
				}
			})
		})
	}}
}

func showPolicy(y org.Policy, called map[string]string) shownPolicy {
	s := shownPolicy{ID: y.ID, Name: y.Name, Version: y.Version, Sets: []string{}, For: []string{}}
	for _, part := range []struct {
		name string
		is   bool
	}{{"password", y.Password != nil}, {"second_factor", y.SecondFactor != nil}, {"session", y.Session != nil}, {"address", y.Address != nil}, {"federation", y.Federation != nil}} {
		if part.is {
			s.Sets = append(s.Sets, part.name)
		}
	}
	for _, t := range y.Targets {
		whom := t.Whom
		if name := called[whom]; name != "" {
			whom = "group " + name
		}
		if t.Exclude {
			s.Not = append(s.Not, whom)
		} else {
			s.For = append(s.For, whom)
		}
	}
	return s
}

type shownValue struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Source string `json:"source"`
}

func (p *program) policyEffective() *cobra.Command {
	return &cobra.Command{Use: "effective ACCOUNT", Short: "Show what holds for an account, and which policy each value comes from", Args: args(cobra.ExactArgs(1)), RunE: func(c *cobra.Command, given []string) error {
		return p.with(c, func(ctx context.Context, a *app.App) error {
			out := []shownValue{}
			err := a.DB.View(ctx, func(tx db.ReadTx) error {
				found, err := find(ctx, tx, given[0])
				if err != nil {
					return none(err, "there is no account %s", given[0])
				}
				held, err := a.Entry.Rules.Of(ctx, tx, found.ID)
				if err != nil {
					return err
				}
				out = out[:0]
				for _, v := range held.Values() {
					out = append(out, shownValue{v.Name, v.Plain(), v.Source})
				}
				return nil
			})
			if err != nil {
				return err
			}
			return p.print(out, func(w io.Writer) {
				for _, v := range out {
					fmt.Fprintf(w, "%s\t%s\t%s\n", v.Name, v.Value, v.Source)
				}
			})
		})
	}}
}
