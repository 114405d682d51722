// Package hand is Tegata at the terminal: its commands, what they print, the screen,
// and with which code the program ends.
//
// What it knows it keeps in one pouch; with the server it speaks through package pass.
// No secret is taken from an argument, and none is printed but where it is asked for.
package hand

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"sekisho/internal/i18n"
	"sekisho/internal/pouch"
)

// Codes with which a command ends.
const (
	OK          = 0
	Refused     = 1 // by the server, or by the person at a question
	Usage       = 2 // the command line does not read
	NotThere    = 3 // what was named, or is needed, does not exist
	Sealed      = 4 // the pouch does not open
	Unreachable = 5 // the server does not answer
)

//go:embed messages.toml
var messages embed.FS

// Desk is where the program runs.
type Desk struct {
	Args    []string
	Environ []string
	In      io.Reader
	Out     io.Writer
	Err     io.Writer
	// Ask shows a question and reads a line, hidden or not. nil: nobody sits there.
	Ask func(ctx context.Context, question string, hidden bool) (string, error)
	// Screen says that whole screens can be shown.
	Screen bool
	// Wire is for tests; nil: the network.
	Wire http.RoundTripper
}

type program struct {
	Desk
	lang    i18n.Lang
	words   *i18n.Catalogue
	json    bool
	account string // which one is meant
	wordFD  int    // file descriptor with the passphrase; -1: none
	open    bool   // a new pouch shall have no passphrase

	pouch *pouch.Pouch
	typed bool // the passphrase was typed for this call
}

// Main runs one command and gives the code to end with.
func Main(ctx context.Context, d Desk) int {
	words, err := i18n.Load(messages)
	if err != nil {
		panic(err) // a test reads them
	}
	p := &program{Desk: d, words: words, wordFD: -1}
	p.lang = p.language()
	root := p.root()
	root.SetArgs(d.Args)
	root.SetOut(d.Out)
	root.SetErr(d.Err)
	return p.tell(root.ExecuteContext(ctx))
}

func (p *program) getenv(name string) string {
	for _, e := range p.Environ {
		if v, ok := strings.CutPrefix(e, name+"="); ok {
			return v
		}
	}
	return ""
}

// language is the terminal's (POSIX: LC_ALL before LC_MESSAGES before LANG).
func (p *program) language() i18n.Lang {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := p.getenv(name); v != "" {
			if strings.HasPrefix(v, "ja") {
				return i18n.Ja
			}
			break
		}
	}
	return i18n.En
}

// t is a text in the person's language.
func (p *program) t(key string, args ...any) string { return p.words.T(p.lang, key, args...) }

// path is where the pouch is.
func (p *program) path() (string, error) {
	dir := p.getenv("XDG_DATA_HOME")
	if dir == "" || !filepath.IsAbs(dir) { // XDG Base Directory: relative ones do not count
		home := p.getenv("HOME")
		if home == "" && runtime.GOOS == "windows" {
			home = p.getenv("USERPROFILE")
		}
		if home == "" {
			return "", p.refuse(Usage, "pouch.homeless")
		}
		dir = filepath.Join(home, ".local", "share")
	}
	return filepath.Join(dir, "tegata", "pouch"), nil
}

func (p *program) root() *cobra.Command {
	root := &cobra.Command{Use: "tegata", Short: p.t("cmd.tegata"), Long: p.t("cmd.tegata") + "\n\n" + p.t("cmd.tegata.long"), SilenceUsage: true, SilenceErrors: true, DisableFlagsInUseLine: true}
	root.Args, root.RunE = p.known, func(c *cobra.Command, _ []string) error {
		if !p.Screen || p.Ask == nil || p.json {
			return c.Help()
		}
		return p.screen(c.Context())
	}
	f := root.PersistentFlags()
	f.BoolP("help", "h", false, p.t("flag.help"))
	f.BoolVar(&p.json, "json", false, p.t("flag.json"))
	f.StringVar(&p.account, "account", "", p.t("flag.account"))
	f.IntVar(&p.wordFD, "passphrase-fd", -1, p.t("flag.passphrase_fd"))
	f.Lookup("passphrase-fd").DefValue = "0" // not shown: there is none
	f.BoolVar(&p.open, "no-passphrase", false, p.t("flag.no_passphrase"))
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return p.refuse(Usage, "usage", "error", err) })
	root.SetUsageFunc(p.usage)
	root.SetHelpCommand(&cobra.Command{Use: "help", Hidden: true, RunE: func(c *cobra.Command, a []string) error {
		of, _, err := c.Root().Find(a)
		if err != nil {
			return p.known(c.Root(), a)
		}
		return of.Help()
	}})
	root.AddCommand(p.enrol(), p.accounts(), p.requests(), p.approve(), p.deny(), p.cancel(), p.scan(), p.codes(), p.vault(), p.sessions(), p.end(),
		p.lock(), p.unlock(), p.refresh(), p.status(), p.promote(), p.retire(), p.passphrase(), p.version())
	root.CompletionOptions.DisableDefaultCmd = true
	return root
}

// usage is cobra's own in the person's language.
func (p *program) usage(c *cobra.Command) error {
	w := c.OutOrStdout()
	fmt.Fprintln(w, p.t("help.usage"))
	if !c.HasParent() || !c.HasAvailableSubCommands() {
		fmt.Fprintln(w, "  "+c.UseLine())
	}
	if c.HasAvailableSubCommands() {
		fmt.Fprintf(w, "  %s %s\n\n%s\n", c.CommandPath(), p.t("help.command"), p.t("help.commands"))
		var rows [][]string
		for _, x := range c.Commands() {
			if x.IsAvailableCommand() {
				rows = append(rows, []string{"  " + x.Name(), x.Short})
			}
		}
		writeTable(w, rows)
	}
	if c.HasAvailableLocalFlags() {
		fmt.Fprintf(w, "\n%s\n%s", p.t("help.flags"), c.LocalFlags().FlagUsages())
	}
	if c.HasAvailableInheritedFlags() {
		fmt.Fprintf(w, "\n%s\n%s", p.t("help.global"), c.InheritedFlags().FlagUsages())
	}
	return nil
}

// known refuses a word that is no command, and says which one was perhaps meant.
func (p *program) known(c *cobra.Command, a []string) error {
	if len(a) == 0 {
		return nil
	}
	said := p.t("usage.unknown", "word", clean(a[0]), "of", c.CommandPath())
	c.SuggestionsMinimumDistance = 2
	if near := c.SuggestionsFor(a[0]); len(near) > 0 {
		said += p.t("usage.perhaps", "word", near[0])
	}
	return p.refuse(Usage, "usage", "error", said)
}

// takes is how many arguments a command has; most below zero: any number.
type takes struct{ least, most int }

// command makes one.
func (p *program) command(use, short string, n takes, run func(context.Context, []string) error) *cobra.Command {
	return &cobra.Command{Use: use, Short: p.t(short), DisableFlagsInUseLine: true,
		Args: func(c *cobra.Command, a []string) error {
			if len(a) < n.least || n.most >= 0 && len(a) > n.most {
				return p.refuse(Usage, "usage", "error", p.t("usage.form", "form", c.CommandPath()+strings.TrimPrefix(use, c.Name())))
			}
			return nil
		},
		RunE: func(c *cobra.Command, a []string) error { return run(c.Context(), a) }}
}

// print writes v as JSON, or calls text.
func (p *program) print(v any, text func(io.Writer)) error {
	if p.json {
		e := json.NewEncoder(p.Out)
		e.SetIndent("", "  ")
		return e.Encode(v)
	}
	text(p.Out)
	return nil
}

// done says that something was done, as JSON or as a sentence.
func (p *program) done(v any, key string, args ...any) error {
	return p.print(v, func(w io.Writer) { fmt.Fprintln(w, p.t(key, args...)) })
}

// sure asks before something that is hard to take back. Where nobody sits, --yes has to
// have been said.
func (p *program) sure(ctx context.Context, yes bool, key string, args ...any) error {
	if yes {
		return nil
	}
	if p.Ask == nil {
		return p.refuse(Usage, "usage.unattended")
	}
	answer, err := p.Ask(ctx, p.t(key, args...)+" "+p.t("ask.yesno")+" ", false)
	if err != nil {
		return err
	}
	if !affirmed(answer) {
		return p.refuse(Refused, "stopped")
	}
	return nil
}

func affirmed(answer string) bool {
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes", "ｙ", "はい":
		return true
	}
	return false
}

// release is set at build time by -ldflags "-X sekisho/internal/hand.release=…".
var release = "dev"

func (p *program) version() *cobra.Command {
	return p.command("version", "cmd.version", takes{0, 0}, func(context.Context, []string) error {
		return p.print(map[string]string{"version": release, "go": runtime.Version()}, func(w io.Writer) { fmt.Fprintln(w, "tegata", release, runtime.Version()) })
	})
}

// line reads one line from a stream that holds a link or a secret.
func line(r io.Reader) (string, error) {
	b, err := io.ReadAll(io.LimitReader(r, mostLine))
	if err != nil {
		return "", err
	}
	first, _, _ := strings.Cut(string(b), "\n")
	return strings.TrimRight(first, "\r"), nil
}

const mostLine = 8 << 10

// client speaks with servers. A signed call is for the address that was signed: it is
// not sent on to another.
func (p *program) client() *http.Client {
	return &http.Client{Transport: p.Wire, Timeout: 40 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func hostname() string {
	h, err := os.Hostname()
	if err != nil || h == "" {
		return "tegata"
	}
	return h
}
