package db

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// migration is one numbered step forward.
type migration struct {
	version int64
	name    string
	text    string
	sum     string
}

const bookkeeping = `CREATE TABLE IF NOT EXISTS schema_migration (
  version BIGINT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  checksum TEXT NOT NULL,
  applied BIGINT NOT NULL
);`

// Migrate brings the schema forward: every step that is new, in the order of
// its number over all sets, all in one transaction. A step that was changed
// after it ran, or a database newer than this program, is an error and nothing
// is done.
func (d *DB) Migrate(ctx context.Context, sets ...fs.FS) error {
	steps, err := read(sets)
	if err != nil {
		return err
	}
	return d.engine.migrate(ctx, func(tx Tx) error {
		if _, err := tx.Exec(ctx, d.engine.translate(bookkeeping)); err != nil {
			return fmt.Errorf("migrations: %w", err)
		}
		done, err := applied(ctx, tx)
		if err != nil {
			return err
		}
		for _, m := range steps {
			sum, ok := done[m.version]
			delete(done, m.version)
			if ok && sum != m.sum {
				return fmt.Errorf("migration %s was changed after it ran here", m.name)
			}
			if ok {
				continue
			}
			if err := d.apply(ctx, tx, m); err != nil {
				return err
			}
		}
		for version := range done {
			return fmt.Errorf("the database has migration %04d, which this program does not know: it is older than the database", version)
		}
		return nil
	})
}

func applied(ctx context.Context, tx Tx) (map[int64]string, error) {
	type row struct {
		version int64
		sum     string
	}
	rows, err := List(ctx, tx, func(s Scanner) (r row, err error) { err = s.Scan(&r.version, &r.sum); return },
		`SELECT version, checksum FROM schema_migration`)
	if err != nil {
		return nil, fmt.Errorf("migrations: %w", err)
	}
	out := map[int64]string{}
	for _, r := range rows {
		out[r.version] = r.sum
	}
	return out, nil
}

func (d *DB) apply(ctx context.Context, tx Tx, m migration) error {
	for _, stmt := range split(m.text) {
		if _, err := tx.Exec(ctx, d.engine.translate(stmt)); err != nil {
			return fmt.Errorf("migration %s: %w", m.name, err)
		}
	}
	_, err := tx.Exec(ctx, `INSERT INTO schema_migration (version, name, checksum, applied) VALUES ($1, $2, $3, $4)`,
		m.version, m.name, m.sum, time.Time(tx.Now()))
	return err
}

func read(sets []fs.FS) ([]migration, error) {
	var out []migration
	seen := map[int64]string{}
	for _, set := range sets {
		err := fs.WalkDir(set, ".", func(p string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() || path.Ext(p) != ".sql" {
				return err
			}
			name := strings.TrimSuffix(path.Base(p), ".sql")
			number, _, _ := strings.Cut(name, "_")
			version, err := strconv.ParseInt(number, 10, 64)
			if err != nil {
				return fmt.Errorf("migration %s does not begin with its number", name)
			}
			if other, ok := seen[version]; ok {
				return fmt.Errorf("migrations %s and %s have the same number", other, name)
			}
			seen[version] = name
			text, err := fs.ReadFile(set, p)
			sum := sha256.Sum256(text)
			out = append(out, migration{version, name, string(text), hex.EncodeToString(sum[:])})
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if len(out) == 0 {
		return nil, errors.New("there are no migrations")
	}
	slices.SortFunc(out, func(a, b migration) int { return cmp.Compare(a.version, b.version) })
	return out, nil
}

// split takes a script apart at semicolons that stand outside quotes and
// comments; comments between statements are dropped.
func split(script string) []string {
	var out []string
	var b strings.Builder
	flush := func() {
		if s := strings.TrimSpace(b.String()); s != "" {
			out = append(out, s)
		}
		b.Reset()
	}
	for i := 0; i < len(script); i++ {
		switch c := script[i]; {
		case c == '-' && strings.HasPrefix(script[i:], "--"):
			end := strings.IndexByte(script[i:], '\n')
			if end < 0 {
				flush()
				return out
			}
			i += end
			b.WriteByte('\n')
		case c == '\'' || c == '"':
			end := strings.IndexByte(script[i+1:], c)
			if end < 0 {
				end = len(script) - i - 2
			}
			b.WriteString(script[i : i+end+2])
			i += end + 1
		case c == ';':
			flush()
		default:
			b.WriteByte(c)
		}
	}
	flush()
	return out
}
