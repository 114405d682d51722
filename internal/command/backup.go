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
