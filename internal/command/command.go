// Package command is the program at the terminal: what each command does, what it
// prints, and with which code it ends.
//
// It acts as the operator, who sits at the data; it still goes through the same
// journeys and writes the same audit rows.
package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"sekisho/internal/app"
	"sekisho/internal/db"
	"sekisho/internal/faults"
	"sekisho/internal/i18n"
	"sekisho/internal/web"
)

// Codes with which a command ends.
const (
	OK        = 0
	Failed    = 1 // it could not be done
	Usage     = 2 // the command line or the configuration does not read
	NotThere  = 3 // what was named does not exist
	Tampered  = 4 // audit verify or export found something
	Unhealthy = 5 // doctor found something
)

// ended is an error with a code of its own.
type ended struct {
	code int
	error
}

func (e ended) Unwrap() error { return e.error }

type program struct {
	config  string
	json    bool
	environ []string
	out     io.Writer
	err     io.Writer
}

// Main runs one command and gives the code to end with.
func Main(ctx context.Context, args, environ []string, out, errs io.Writer) int {
	p := &program{environ: environ, out: out, err: errs}
	root := p.root()
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(errs)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return OK
	}
	fmt.Fprintln(errs, "sekisho:", err)
	var e ended
	switch {
	case errors.As(err, &e):
		return e.code
	case errors.Is(err, db.ErrNone):
		return NotThere
	default:
		return Failed
	}
}

func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use: "sekisho", Short: "An accounts service: sign in, see and end sessions, let apps ask who somebody is",
		SilenceUsage: true, SilenceErrors: true,
		Long: "An accounts service: sign in, see and end sessions, let apps ask who somebody is.\n\n" +
			"A command ends with 0 when it is done, 1 when it could not be done, 2 when the command line or\n" +
			"the configuration does not read, 3 when what was named does not exist, 4 when audit verify\n" +
			"or export and 5 when doctor found something.",
	}
	root.Args, root.RunE = known, func(c *cobra.Command, _ []string) error { return c.Help() }
	root.PersistentFlags().StringVar(&p.config, "config", "sekisho.toml", "configuration file")
	root.PersistentFlags().BoolVar(&p.json, "json", false, "answer in JSON")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return ended{Usage, err} })
	root.AddCommand(p.serve(), p.demo(), p.showConfig(), p.doctor(), p.version(), p.accounts(), p.orgs(), p.desk(), p.admin(), p.clients(), p.outbox(), p.audit(), p.keys(), p.backup(), p.restore(), p.fault())
	root.CompletionOptions.DisableDefaultCmd = true
	return root
}

// args turns a complaint about arguments into one about usage.
func args(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(c *cobra.Command, a []string) error {
		if err := check(c, a); err != nil {
			return ended{Usage, err}
		}
		return nil
	}
}

// known refuses a word after sekisho, or after a group, that is no command, and
// says which one was perhaps meant.
func known(c *cobra.Command, a []string) error {
	if len(a) == 0 {
		return nil
	}
	said := fmt.Sprintf("unknown command %q for %q", a[0], c.CommandPath())
	if c.SuggestionsMinimumDistance <= 0 {
		c.SuggestionsMinimumDistance = 2
	}
	if near := c.SuggestionsFor(a[0]); len(near) > 0 {
		said += "; did you mean " + near[0] + "?"
	}
	return ended{Usage, errors.New(said)}
}

// none turns a row that is not there into words about what was named.
func none(err error, format string, a ...any) error {
	if errors.Is(err, db.ErrNone) {
		return ended{NotThere, fmt.Errorf(format, a...)}
	}
	return err
}

// group is a command that only holds others.
func group(use, short string, list ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Args: known, RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	c.AddCommand(list...)
	return c
}

func (p *program) load(c *cobra.Command) (*app.Config, error) {
	named := c.Flags().Changed("config")
	conf, err := app.LoadConfig(p.config, named, p.environ)
	if err != nil {
		return nil, ended{Usage, err}
	}
	return conf, nil
}

// with opens the app for one command and closes it again.
func (p *program) with(c *cobra.Command, do func(context.Context, *app.App) error) error {
	return p.open(c, app.Options{Log: p.err}, do)
}

func (p *program) open(c *cobra.Command, o app.Options, do func(context.Context, *app.App) error) error {
	conf, err := p.load(c)
	if err != nil {
		return err
	}
	a, err := app.Open(c.Context(), conf, o)
	if err != nil {
		return err
	}
	return errors.Join(do(c.Context(), a), a.Close())
}

// print writes v as JSON, or calls text.
func (p *program) print(v any, text func(io.Writer)) error {
	if p.json {
		e := json.NewEncoder(p.out)
		e.SetIndent("", "  ")
		return e.Encode(v)
	}
	w := tabwriter.NewWriter(p.out, 0, 4, 2, ' ', 0)
	text(w)
	return w.Flush()
}

func (p *program) serve() *cobra.Command {
	return &cobra.Command{Use: "serve", Short: "Answer requests until SIGTERM", Args: args(cobra.NoArgs), RunE: func(c *cobra.Command, _ []string) error {
		app.Tune()
		return p.open(c, app.Options{Log: p.err, Serves: true}, func(ctx context.Context, a *app.App) error {
			s, err := a.Listen()
			if err != nil {
				return err
			}
			if err := s.Greet(ctx, p.err); err != nil {
				return err
			}
			return s.Run(ctx)
		})
	}}
}

func (p *program) showConfig() *cobra.Command {
	example := false
	c := &cobra.Command{Use: "config", Short: "Show the effective settings and where each comes from", Args: args(cobra.NoArgs), RunE: func(c *cobra.Command, _ []string) error {
		if example {
			_, err := io.WriteString(p.out, app.Example())
			return err
		}
		conf, err := p.load(c)
		if err != nil {
			return err
		}
		return p.print(conf.Shown(), func(w io.Writer) {
			for _, v := range conf.Shown() {
				value := []rune(v.Value)
				if len(value) > 60 { // --json has all of it
					value = append(value[:59], '…')
				}
				fmt.Fprintf(w, "%s\t%q\t%s\n", v.Key, string(value), v.Source)
			}
		})
	}}
	c.Flags().BoolVar(&example, "example", false, "print a configuration file with every setting")
	return c
}

// release is set at build time by -ldflags "-X sekisho/internal/command.release=…".
var release = "dev"

func (p *program) version() *cobra.Command {
	return &cobra.Command{Use: "version", Short: "Say which version this is", Args: args(cobra.NoArgs), RunE: func(*cobra.Command, []string) error {
		v := struct {
			Version string `json:"version"`
			Commit  string `json:"commit,omitempty"`
			Go      string `json:"go"`
		}{release, "", runtime.Version()}
		if info, ok := debug.ReadBuildInfo(); ok {
			for _, s := range info.Settings {
				if s.Key == "vcs.revision" {
					v.Commit = s.Value
				}
			}
		}
		return p.print(v, func(w io.Writer) { fmt.Fprintln(w, "sekisho", v.Version, v.Commit, v.Go) })
	}}
}

// fault tells what a code means, for an operator who is read one on the phone.
func (p *program) fault() *cobra.Command {
	return &cobra.Command{Use: "fault CODE", Short: "Tell what a code means", Args: args(cobra.ExactArgs(1)), RunE: func(_ *cobra.Command, a []string) error {
		e, ok := faults.ByCode(a[0])
		if !ok {
			return none(db.ErrNone, "there is no code %s; /help lists all", a[0])
		}
		t := e.New().Say(i18n.En, time.UTC)
		return p.print(e.New().Problem(i18n.En, time.UTC, web.Status(e.Kind)), func(w io.Writer) { fmt.Fprintf(w, "%s\n%s\n%s\n", t.What, t.Why, t.Fix) })
	}}
}

func (p *program) demo() *cobra.Command {
	return &cobra.Command{Use: "demo", Short: "Fill a fresh data folder with a company of 120 people, its policies, and a month of sign-ins and refusals", Args: args(cobra.NoArgs), RunE: func(c *cobra.Command, _ []string) error {
		conf, err := p.load(c)
		if err != nil {
			return err
		}
		if err := app.Demo(c.Context(), conf, app.Options{Log: p.err}); err != nil {
			return err
		}
		out := map[string]string{"identifier": "hana@example.com", "password": app.DemoPassword}
		return p.print(out, func(w io.Writer) {
			fmt.Fprintf(w, "Sign in as\t%s\nwith\t%s\n", out["identifier"], out["password"])
		})
	}}
}
