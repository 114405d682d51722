// Package dbtest runs a test on both engines: SQLite in a temporary file, and
// PostgreSQL in a throwaway cluster that the test's process starts on a unix
// socket and ends.
package dbtest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"sekisho/internal/db"
)

// Start is the instant at which every test's clock begins.
var Start = time.Date(2026, 1, 15, 9, 0, 0, 0, time.UTC)

// Clock is a clock that a test moves.
type Clock struct{ now atomic.Int64 }

// NewClock gives a clock that shows Start.
func NewClock() *Clock {
	c := &Clock{}
	c.Set(Start)
	return c
}

// Now reads the clock.
func (c *Clock) Now() time.Time { return time.UnixMicro(c.now.Load()).UTC() }

// Set sets the clock.
func (c *Clock) Set(t time.Time) { c.now.Store(t.UnixMicro()) }

// Add moves the clock.
func (c *Clock) Add(d time.Duration) { c.now.Add(d.Microseconds()) }

// Engines are the two engines every database test runs on.
var Engines = []string{"sqlite", "postgres"}

// Each runs test on both engines, with the tables of the given sets.
func Each(t *testing.T, sets []fs.FS, test func(t *testing.T, d *db.DB, clock *Clock)) {
	t.Helper()
	for _, engine := range Engines {
		t.Run(engine, func(t *testing.T) {
			d, clock, _ := Open(t, engine, sets)
			test(t, d, clock)
		})
	}
}

// Open gives an empty migrated database and the URL by which another node
// would open it.
func Open(t testing.TB, engine string, sets []fs.FS) (*db.DB, *Clock, string) {
	t.Helper()
	url := URL(t, engine)
	clock := NewClock()
	d := Reopen(t, url, clock)
	if err := d.Migrate(context.Background(), sets...); err != nil {
		t.Fatalf("migrate %s: %v", engine, err)
	}
	return d, clock, url
}

// Reopen opens a database once more, as another node would.
func Reopen(t testing.TB, url string, clock *Clock) *db.DB {
	t.Helper()
	d, err := db.Open(context.Background(), url, db.Options{Clock: clock.Now})
	if err != nil {
		t.Fatalf("open %s: %v", url, err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

var numbers atomic.Int64

// URL gives the URL of an empty database that ends with the test.
func URL(t testing.TB, engine string) string {
	t.Helper()
	if engine == "sqlite" {
		return "sqlite:" + filepath.Join(t.TempDir(), "sekisho.db")
	}
	c, err := shared()
	if err != nil {
		t.Fatalf("%v", err)
	}
	return c.make(t, "")
}

// make makes a database as another one is; "": empty.
func (c *Cluster) make(t testing.TB, like string) string {
	t.Helper()
	name := fmt.Sprintf("t%d", numbers.Add(1))
	made := "CREATE DATABASE " + name
	if like != "" {
		made += " TEMPLATE " + like
	}
	if err := c.SQL(made); err != nil {
		t.Fatalf("create database: %v", err)
	}
	t.Cleanup(func() { _ = c.SQL("DROP DATABASE " + name + " WITH (FORCE)") })
	return c.URL(name)
}

// Pattern is a database with tables and nothing in them, of which tests get copies:
// making the tables anew for each would take most of a short test's time.
type Pattern struct {
	Sets   []fs.FS
	sqlite func() ([]byte, error)
	server func() (string, error)
	once   sync.Once
}

// URL gives the URL of a copy that ends with the test.
func (p *Pattern) URL(t testing.TB, engine string) string {
	t.Helper()
	p.once.Do(func() { p.sqlite, p.server = sync.OnceValues(p.file), sync.OnceValues(p.database) })
	if engine == "sqlite" {
		whole, err := p.sqlite()
		if err != nil {
			t.Fatalf("pattern: %v", err)
		}
		path := filepath.Join(t.TempDir(), "sekisho.db")
		if err := os.WriteFile(path, whole, 0o600); err != nil {
			t.Fatal(err)
		}
		return "sqlite:" + path
	}
	c, err := shared()
	if err != nil {
		t.Fatalf("%v", err)
	}
	like, err := p.server()
	if err != nil {
		t.Fatalf("pattern: %v", err)
	}
	return c.make(t, like)
}

func (p *Pattern) file() ([]byte, error) {
	dir, err := os.MkdirTemp("", "pattern")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "sekisho.db")
	if err := p.fill("sqlite:" + path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

func (p *Pattern) database() (string, error) {
	c, err := shared()
	if err != nil {
		return "", err
	}
	if err := c.SQL("CREATE DATABASE pattern"); err != nil {
		return "", err
	}
	return "pattern", p.fill(c.URL("pattern"))
}

// fill makes the tables. A clean close brings all of SQLite's into the one file, and
// nobody may be connected to what PostgreSQL copies.
func (p *Pattern) fill(url string) error {
	d, err := db.Open(context.Background(), url, db.Options{Clock: NewClock().Now})
	if err != nil {
		return err
	}
	return errors.Join(d.Migrate(context.Background(), p.Sets...), d.Close())
}

// Cluster is one PostgreSQL server of our own.
type Cluster struct {
	dir     string
	bin     string
	durable bool
	cred    *syscall.SysProcAttr
	cmd     *exec.Cmd
	sql     sync.Mutex
}

var shared = sync.OnceValues(func() (*Cluster, error) { return StartCluster(false) })

// Main runs a package's tests and ends what they started. Every package that
// uses PostgreSQL calls it from TestMain.
func Main(m *testing.M) { os.Exit(Run(m)) }

// Run is Main for a package that has more to end.
func Run(m *testing.M) int {
	defer End()
	return m.Run()
}

// End ends every server that was started.
func End() { endAll() }

var (
	clusters   []*Cluster
	clustersMu sync.Mutex
)

func endAll() {
	clustersMu.Lock()
	defer clustersMu.Unlock()
	for _, c := range clusters {
		c.end(syscall.SIGQUIT)
		os.RemoveAll(c.dir)
	}
}

// StartCluster makes and starts a server. It dies with this process, however
// that ends. A durable one waits for the disk at each commit, as in real use.
func StartCluster(durable bool) (*Cluster, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "pg")
	if err != nil {
		return nil, err
	}
	c := &Cluster{dir: dir, bin: bin, durable: durable, cred: &syscall.SysProcAttr{Pdeathsig: syscall.SIGQUIT}}
	if os.Getuid() == 0 {
		if err := c.asPostgres(); err != nil {
			return nil, err
		}
	}
	init := exec.Command(filepath.Join(bin, "initdb"), "-D", c.data(), "--auth=trust", "--no-sync", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8")
	init.SysProcAttr, init.Dir = c.cred, dir
	if out, err := init.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %v\n%s", err, out)
	}
	clustersMu.Lock()
	clusters = append(clusters, c)
	clustersMu.Unlock()
	return c, c.Start()
}

func (c *Cluster) data() string { return filepath.Join(c.dir, "d") }

// PostgreSQL refuses to run as root.
func (c *Cluster) asPostgres() error {
	u, err := user.Lookup("postgres")
	if err != nil {
		return fmt.Errorf("there is no user postgres: run make test as root, or install postgresql")
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	c.cred.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return os.Chown(c.dir, uid, gid)
}

func binaries() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) > 0 {
		sort.Strings(found)
		return filepath.Dir(found[len(found)-1]), nil
	}
	p, err := exec.LookPath("initdb")
	if err != nil {
		return "", fmt.Errorf("PostgreSQL is missing: run make test as root, or install postgresql")
	}
	return filepath.Dir(p), nil
}

// Start starts the server and waits until it answers.
func (c *Cluster) Start() error {
	args := []string{"-D", c.data(), "-c", "listen_addresses=", "-c", "unix_socket_directories=" + c.dir, "-c", "max_connections=200"}
	if c.durable {
		args = append(args, "-c", "shared_buffers=256MB", "-c", "max_wal_size=4GB")
	} else {
		args = append(args, "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off", "-c", "shared_buffers=32MB")
	}
	c.cmd = exec.Command(filepath.Join(c.bin, "postgres"), args...)
	c.cmd.SysProcAttr, c.cmd.Dir = c.cred, c.dir
	if err := c.cmd.Start(); err != nil {
		return fmt.Errorf("postgres: %w", err)
	}
	var err error
	for range 200 {
		if err = c.SQL("SELECT 1"); err == nil {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return fmt.Errorf("postgres does not answer: %w", err)
}

// Stop ends the server; what was committed is there after the next Start.
func (c *Cluster) Stop() { c.end(syscall.SIGINT) }

func (c *Cluster) end(sig syscall.Signal) {
	if c.cmd == nil || c.cmd.Process == nil {
		return
	}
	_ = c.cmd.Process.Signal(sig)
	_ = c.cmd.Wait()
	c.cmd = nil
}

// URL is how a database of the cluster is opened.
func (c *Cluster) URL(name string) string {
	return "postgres:///" + name + "?host=" + c.dir + "&user=postgres"
}

// SQL runs one statement as the server's owner.
func (c *Cluster) SQL(stmt string) error { return c.In("postgres", stmt) }

// In runs one statement in one of its databases, as the server's owner.
func (c *Cluster) In(name, stmt string) error {
	c.sql.Lock()
	defer c.sql.Unlock()
	out, err := exec.Command(filepath.Join(c.bin, "psql"), "-h", c.dir, "-U", "postgres", "-q", "-X", "-c", stmt, name).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %s", err, strings.TrimSpace(string(out)))
	}
	return nil
}
