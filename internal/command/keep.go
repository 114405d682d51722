package command

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"sekisho/internal/app"
	"sekisho/internal/audit"
	"sekisho/internal/db"
	"sekisho/internal/outbox"
	"sekisho/internal/ref"
	"sekisho/internal/signkey"
	"sekisho/internal/sms"
)

func (p *program) outbox() *cobra.Command {
	return group("outbox", "Read what waits to be sent", p.outboxList(), p.outboxShow())
}

type shownMail struct {
	ID       ref.Mail  `json:"id"`
	Kind     string    `json:"kind"`
	Topic    string    `json:"topic"`
	To       string    `json:"to"`
	State    string    `json:"state"`
	Attempts int64     `json:"attempts"`
	Created  time.Time `json:"created_at"`
	Delivery sms.State `json:"delivery,omitempty"`
	Error    string    `json:"error,omitempty"`
	Subject  string    `json:"subject,omitempty"`
	Text     string    `json:"text,omitempty"`
}

func shown(r outbox.Row) shownMail {
	return shownMail{ID: r.ID, Kind: r.Kind, Topic: r.Topic, To: r.To, State: r.State, Attempts: r.Attempts, Created: r.Created.UTC(), Delivery: r.Delivery, Error: r.Error}
}

// read adds what a row says, while it can still be read.
func (m *shownMail) read(a *app.App, row outbox.Row) error {
	if !row.HasBody() {
		return nil
	}
	switch row.Kind {
	case outbox.Mail:
		var l outbox.Letter
		err := a.Outbox.Open(row, &l)
		m.Subject, m.Text = l.Subject, l.Text
		return err
	case outbox.SMS:
		var t outbox.Text
		err := a.Outbox.Open(row, &t)
		m.Text = t.Text
		return err
	}
	return nil
}

func (p *program) outboxList() *cobra.Command {
	return &cobra.Command{Use: "list", Short: "List mails, SMS and posts, newest first", Args: args(cobra.NoArgs), RunE: func(c *cobra.Command, _ []string) error {
		return p.with(c, func(ctx context.Context, a *app.App) error {
			out := []shownMail{}
			err := a.DB.View(ctx, func(tx db.ReadTx) error {
				rows, err := outbox.List(ctx, tx, 200)
				for _, r := range rows {
					if r.Kind != outbox.Nothing {
						out = append(out, shown(r))
					}
				}
				return err
			})
			if err != nil {
				return err
			}
			return p.print(out, func(w io.Writer) {
				for _, m := range out {
					state := m.State
					if m.Delivery != "" {
						state = string(m.Delivery)
					}
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", m.ID, m.Created.Format(time.RFC3339), state, m.Topic, m.To, m.Error)
				}
			})
		})
	}}
}

func (p *program) outboxShow() *cobra.Command {
	return &cobra.Command{Use: "show [MAIL]", Short: "Show a mail or an SMS; without a name, the newest that can be read", Args: args(cobra.MaximumNArgs(1)), RunE: func(c *cobra.Command, given []string) error {
		return p.with(c, func(ctx context.Context, a *app.App) error {
			var row outbox.Row
			err := a.DB.View(ctx, func(tx db.ReadTx) (err error) {
				if len(given) == 1 {
					row, err = outbox.ByID(ctx, tx, ref.Mail(given[0]))
					return err
				}
				rows, err := outbox.List(ctx, tx, 200)
				for _, r := range rows {
					if (r.Kind == outbox.Mail || r.Kind == outbox.SMS) && r.HasBody() {
						row = r
						return err
					}
				}
				return errors.Join(err, db.ErrNone)
			})
			if err != nil {
				return fmt.Errorf("no such mail: %w", err)
			}
			m := shown(row)
			if err := m.read(a, row); err != nil {
				return err
			}
			return p.print(m, func(w io.Writer) {
				fmt.Fprintf(w, "To: %s\n", m.To)
				if m.Kind == outbox.Mail {
					fmt.Fprintf(w, "Subject: %s\n", m.Subject)
				}
				fmt.Fprintf(w, "\n%s\n", m.Text)
			})
		})
	}}
}

func (p *program) audit() *cobra.Command {
	return group("audit", "Verify and export what happened", p.auditVerify(), p.auditExport(), p.auditFind())
}

func (p *program) auditVerify() *cobra.Command {
	return &cobra.Command{Use: "verify", Short: "Walk the hash chain; ends with 4 when a row was changed, removed or slipped in", Args: args(cobra.NoArgs), RunE: func(c *cobra.Command, _ []string) error {
		return p.with(c, func(ctx context.Context, a *app.App) error {
			chain := audit.Chain{Ring: a.Ring}
			if _, err := chain.Seal(ctx, a.DB); err != nil {
				return err
			}
			v, err := chain.Verify(ctx, a.DB)
			if err != nil {
				return err
			}
			if v.Faults == nil {
				v.Faults = []audit.Fault{}
			}
			err = p.print(v, func(w io.Writer) {
				fmt.Fprintf(w, "%d rows linked, %d waiting\n", v.Rows, v.Waiting)
				for _, f := range v.Faults {
					fmt.Fprintf(w, "row %d\t%s\t%s\n", f.Seq, f.Reference, f.What)
				}
			})
			if err == nil && len(v.Faults) > 0 {
				err = ended{Tampered, fmt.Errorf("the audit log does not fit in %d places", len(v.Faults))}
			}
			return err
		})
	}}
}

func (p *program) auditExport() *cobra.Command {
	return &cobra.Command{Use: "export", Short: "Write every row as a line of JSON", Args: args(cobra.NoArgs), RunE: func(c *cobra.Command, _ []string) error {
		return p.with(c, func(ctx context.Context, a *app.App) error {
			if _, err := (audit.Chain{Ring: a.Ring}).Seal(ctx, a.DB); err != nil {
				return err
			}
			e := json.NewEncoder(p.out)
			return audit.Each(ctx, a.DB, func(r audit.Row) error { return e.Encode(r) })
		})
	}}
}

func (p *program) auditFind() *cobra.Command {
	return &cobra.Command{Use: "find REFERENCE", Short: "Show the row a refused person reads out", Args: args(cobra.ExactArgs(1)), RunE: func(c *cobra.Command, given []string) error {
		return p.with(c, func(ctx context.Context, a *app.App) error {
			var row audit.Row
			err := a.DB.View(ctx, func(tx db.ReadTx) (err error) {
				row, err = audit.ByReference(ctx, tx, ref.Reference(strings.ToUpper(given[0])))
				return err
			})
			if err != nil {
				return fmt.Errorf("reference %s: %w", given[0], err)
			}
			p.json = true
			return p.print(row, nil)
		})
	}}
}

func (p *program) keys() *cobra.Command {
	rotate := &cobra.Command{Use: "rotate", Short: "Sign with new keys; the old ones stay published until nothing they signed counts", Args: args(cobra.NoArgs), RunE: func(c *cobra.Command, _ []string) error {
		return p.with(c, func(ctx context.Context, a *app.App) error {
			if err := a.Keys.Tend(ctx, true); err != nil {
				return err
			}
			err := a.DB.Update(ctx, func(tx db.Tx) error {
				_, err := audit.Write(ctx, tx, audit.Event{Kind: "key.rotated", Actor: "operator"})
				return err
			})
			if err != nil {
				return err
			}
			return p.listKeys(ctx, a)
		})
	}}
	list := &cobra.Command{Use: "list", Short: "List signing keys", Args: args(cobra.NoArgs), RunE: func(c *cobra.Command, _ []string) error {
		return p.with(c, p.listKeys)
	}}
	return group("key", "Signing keys", rotate, list)
}

func (p *program) listKeys(ctx context.Context, a *app.App) error {
	var list []signkey.Info
	err := a.DB.View(ctx, func(tx db.ReadTx) (err error) {
		list, err = signkey.List(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	return p.print(list, func(w io.Writer) {
		for _, k := range list {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", k.ID, k.Alg, k.State, k.Created.UTC().Format(time.RFC3339))
		}
	})
}

// backup writes the database and the key into one archive that only its owner can
// read: without the key the data cannot be opened.
func (p *program) backup() *cobra.Command {
	return &cobra.Command{Use: "backup FILE", Short: "Write database and key into one archive, while the server runs (SQLite; for PostgreSQL use pg_dump)", Args: args(cobra.ExactArgs(1)), RunE: func(c *cobra.Command, given []string) error {
		conf, err := p.load(c)
		if err != nil {
			return err
		}
		return p.with(c, func(ctx context.Context, a *app.App) error {
			if a.DB.Engine() != "sqlite" {
				return errors.New("this database is PostgreSQL: back it up with pg_dump, and keep the keys beside it")
			}
			if exists(given[0]) {
				return fmt.Errorf("%s is there already", given[0])
			}
			dir, err := os.MkdirTemp(filepath.Dir(given[0]), ".backup-")
			if err != nil {
				return err
			}
			copied := filepath.Join(dir, "sekisho.db")
			err = a.DB.Backup(ctx, copied)
			if err == nil {
				data, e := conf.Data()
				err = errors.Join(e, pack(given[0], map[string]string{"sekisho.db": copied, "secret.key": filepath.Join(data, "secret.key")}))
			}
			if err = errors.Join(err, os.RemoveAll(dir)); err != nil {
				return err
			}
			return p.print(map[string]string{"file": given[0]}, func(w io.Writer) { fmt.Fprintln(w, "wrote", given[0]) })
		})
	}}
}

func pack(to string, files map[string]string) error {
	f, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	z := gzip.NewWriter(f)
	t := tar.NewWriter(z)
	for _, name := range []string{"sekisho.db", "secret.key"} {
		if !exists(files[name]) {
			continue // keys given by the environment are the operator's to keep
		}
		if err = add(t, name, files[name]); err != nil {
			break
		}
	}
	return errors.Join(err, t.Close(), z.Close(), f.Sync(), f.Close())
}

func add(t *tar.Writer, name, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if err := t.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: info.Size(), ModTime: info.ModTime()}); err != nil {
		return err
	}
	_, err = io.Copy(t, f)
	return err
}

// restore unpacks an archive into an empty data folder, and then opens it, so
// that an archive that does not open is noticed now.
func (p *program) restore() *cobra.Command {
	return &cobra.Command{Use: "restore FILE", Short: "Fill an empty data folder from an archive", Args: args(cobra.ExactArgs(1)), RunE: func(c *cobra.Command, given []string) error {
		conf, err := p.load(c)
		if err != nil {
			return err
		}
		dir, err := conf.Data()
		if err != nil {
			return err
		}
		for _, name := range []string{"sekisho.db", "secret.key"} {
			if exists(filepath.Join(dir, name)) {
				return fmt.Errorf("%s has a %s already; restore fills an empty folder only", dir, name)
			}
		}
		if err := unpack(given[0], dir); err != nil {
			return err
		}
		return p.with(c, func(ctx context.Context, a *app.App) error {
			if err := a.DB.Ping(ctx); err != nil {
				return err
			}
			return p.print(map[string]string{"data": dir}, func(w io.Writer) { fmt.Fprintln(w, "restored into", dir) })
		})
	}}
}

func unpack(from, dir string) error {
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return fmt.Errorf("%s is not an archive of sekisho backup: %w", from, err)
	}
	t := tar.NewReader(z)
	for {
		h, err := t.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if h.Name != "sekisho.db" && h.Name != "secret.key" {
			return fmt.Errorf("%s is not an archive of sekisho backup: it holds %q", from, h.Name)
		}
		out, err := os.OpenFile(filepath.Join(dir, h.Name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		_, err = io.Copy(out, t)
		if err = errors.Join(err, out.Sync(), out.Close()); err != nil {
			return err
		}
	}
}

// finding is one thing doctor looked at.
type finding struct {
	What string `json:"what"`
	OK   bool   `json:"ok"`
	Say  string `json:"say"`
}

func (p *program) doctor() *cobra.Command {
	return &cobra.Command{Use: "doctor", Short: "Look at the configuration, the database, the keys, the mail server and the SMS gateway", Args: args(cobra.NoArgs), RunE: func(c *cobra.Command, _ []string) error {
		conf, err := p.load(c)
		if err != nil {
			return err
		}
		var list []finding
		a, err := app.Open(c.Context(), conf, app.Options{Log: io.Discard})
		if err != nil {
			list = append(list, finding{"start", false, err.Error()})
		} else {
			for _, x := range a.Examine(c.Context()) {
				list = append(list, finding{x.What, x.Err == nil, x.Say()})
			}
			if err := a.Close(); err != nil {
				list = append(list, finding{"close", false, err.Error()})
			}
		}
		bad := 0
		for _, f := range list {
			if !f.OK {
				bad++
			}
		}
		err = p.print(list, func(w io.Writer) {
			for _, f := range list {
				mark := "ok"
				if !f.OK {
					mark = "LOOK"
				}
				fmt.Fprintf(w, "%s\t%s\t%s\n", mark, f.What, f.Say)
			}
		})
		if err == nil && bad > 0 {
			err = ended{Unhealthy, fmt.Errorf("%d of %d need a look", bad, len(list))}
		}
		return err
	}}
}
