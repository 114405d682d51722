package command

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"sekisho/internal/app"
)

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
				err = pack(given[0], copied, conf.KeyFile())
			}
			if err = errors.Join(err, os.RemoveAll(dir)); err != nil {
				return err
			}
			return p.print(map[string]string{"file": given[0], "key": keyOf(conf)}, func(w io.Writer) {
				fmt.Fprintf(w, "wrote %s\n%s\n", given[0], keyOf(conf))
			})
		})
	}}
}

// keyOf says where the key is that opens the archive's database.
func keyOf(conf *app.Config) string {
	if conf.KeyFile() == "" {
		return "the setting keys is not in it: keep those keys yourself, nothing opens without them"
	}
	return "the secret key is in it: keep it as you keep the machine itself"
}

// pack writes the copy of the database and, when there is one, the key's file.
func pack(to, copied, key string) error {
	f, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	z := gzip.NewWriter(f)
	t := tar.NewWriter(z)
	err = add(t, "sekisho.db", copied)
	if err == nil && key != "" {
		err = add(t, "secret.key", key)
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

// restore unpacks an archive beside where it belongs, opens it there, and only then
// puts it into place: an archive that is cut or does not open leaves nothing behind
// that would be in the way of the next try.
func (p *program) restore() *cobra.Command {
	var keep bool
	cmd := &cobra.Command{Use: "restore FILE", Short: "Put the database and key of an archive where the configuration points and nothing is yet", Args: args(cobra.ExactArgs(1)), RunE: func(c *cobra.Command, given []string) error {
		conf, err := p.load(c)
		if err != nil {
			return err
		}
		n, err := nestOf(conf)
		if err != nil {
			return err
		}
		if err := n.empty(); err != nil {
			return err
		}
		n.keep = keep
		if err := n.fill(c.Context(), conf, given[0], app.Options{Log: p.err}); err != nil {
			return err
		}
		out := map[string]string{"database": n.database}
		if n.key != "" {
			out["key"] = n.key
		}
		return p.print(out, func(w io.Writer) {
			fmt.Fprintln(w, "restored into", n.database)
			if n.key == "" {
				fmt.Fprintln(w, "the keys are those of the setting keys")
			}
			if !keep {
				fmt.Fprintln(w, "everybody signs in again: sessions that ended since the backup would have come back")
			}
		})
	}}
	cmd.Flags().BoolVar(&keep, "keep-sessions", false, "let sessions, trusted browsers and codes of the backup live on")
	return cmd
}

// nest is where an archive belongs.
type nest struct {
	database string
	key      string // empty: the setting keys gives the key, and no file does
	keep     bool   // sessions live on
}

// nestOf is where the server that has this configuration will look.
func nestOf(conf *app.Config) (nest, error) {
	path, ok := strings.CutPrefix(conf.Database(), "sqlite:")
	if !ok {
		return nest{}, errors.New("the setting database is PostgreSQL: restore its dump with pg_restore into an empty database, and put the keys that were kept beside it into the setting keys or the data folder")
	}
	if _, err := conf.Data(); err != nil {
		return nest{}, err
	}
	return nest{database: path, key: conf.KeyFile()}, nil
}

// empty says whether there is room. What SQLite leaves beside a database counts:
// with another database's log a restored one would not be what was archived.
func (n nest) empty() error {
	for _, path := range []string{n.database, n.database + "-wal", n.database + "-shm", n.key} {
		if path != "" && exists(path) {
			return fmt.Errorf("%s is there already; restore fills an empty place only", path)
		}
	}
	return nil
}

func (n nest) fill(ctx context.Context, conf *app.Config, archive string, o app.Options) (err error) {
	if err := os.MkdirAll(filepath.Dir(n.database), 0o700); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(filepath.Dir(n.database), ".restore-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()
	if err := unpack(archive, tmp); err != nil {
		return err
	}
	copied, key := filepath.Join(tmp, "sekisho.db"), filepath.Join(tmp, "secret.key")
	if !exists(copied) {
		return fmt.Errorf("%s is not an archive of sekisho backup: it holds no sekisho.db", archive)
	}
	packed := exists(key)
	if !packed && n.key != "" {
		return fmt.Errorf("%s holds no key: set keys to those the database was made with", archive)
	}
	if err := n.try(ctx, conf, tmp, o); err != nil {
		return fmt.Errorf("%s does not open: %w", archive, err)
	}
	if n.key != "" {
		if err := put(key, n.key); err != nil {
			return err
		}
	}
	if err := os.Rename(copied, n.database); err != nil {
		if n.key != "" {
			err = errors.Join(err, os.Remove(n.key))
		}
		return err
	}
	return nil
}

// try opens what was unpacked as the server would, and reads all of it.
func (n nest) try(ctx context.Context, conf *app.Config, dir string, o app.Options) error {
	for key, v := range map[string]string{"data": dir, "database": "sqlite:" + filepath.Join(dir, "sekisho.db")} {
		if err := conf.Set(key, v, "restore"); err != nil {
			return err
		}
	}
	a, err := app.Open(ctx, conf, o)
	if err != nil {
		return err
	}
	err = a.DB.Check(ctx)
	if err == nil && !n.keep {
		err = a.Restored(ctx)
	}
	return errors.Join(err, a.Close())
}

// put copies a small file to where there is none, and all of it or nothing: the two
// places may be on different disks.
func put(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(to), ".restore-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), to)
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
			// The sum over the whole stands at the end of the stream.
			_, err := io.Copy(io.Discard, z)
			return cut(from, err)
		}
		if err != nil {
			return cut(from, err)
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
			return cut(from, err)
		}
	}
}

func cut(from string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s does not read to its end: %w", from, err)
}
