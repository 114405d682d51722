package app

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"sekisho/internal/account"
	"sekisho/internal/mail"
	"sekisho/internal/netx"
	"sekisho/internal/secret"
)

// Config is everything an operator can set, as text by key.
type Config struct {
	values map[string]Value
}

// Value is one setting and where it came from.
type Value struct {
	Key    string `json:"key"`
	Value  string `json:"value"`
	Source string `json:"source"` // "default", the file's path, or the environment's variable
}

// setting is one row of the table of settings: all there is to know about it.
type setting struct {
	key, standard, about string
	secret               bool
	check                func(string) error
}

// settings is the whole configuration. Lists are separated by commas.
var settings = []setting{
	{"listen", "localhost:8080", "address and port to listen on, or unix:/path", false, isListen},
	{"url", "", "public address, such as https://id.example.com; empty: made from listen", false, isURL},
	{"data", "./data", "folder for the database and the key", false, nil},
	{"database", "", "sqlite:/path/file.db or postgres://…; empty: SQLite in the data folder", true, isDatabase},
	{"keys", "", "keys in base64, separated by commas or blanks, newest first, instead of the data folder's key file; the same on every node", true, areKeys},
	{"service", "Sekisho", "the service's name on pages and in mails", false, nil},
	{"support", "", "whom people ask: an address, a number or a page", false, nil},
	{"zone", "", "time zone of pages and of the day's limits, such as Asia/Tokyo; empty: the system's", false, isZone},
	{"smtp", "", "mail server: smtp://user:password@host:587, smtps://host:465; empty: mail stays in the outbox", true, isMailServer},
	{"smtp_from", "", "sender of mails; empty: no-reply@ the public host", false, nil},
	{"sms", "", "SMS gateway: smpp://system_id:password@host:port?source=NAME, smpps://…, or https://user:password@host/path?to={to}&text={text}; outbox: (that word with its colon) keeps SMS to be read here, on loopback only; empty: no SMS", true, nil},
	{"sms_from", "", "sender of SMS: a number, or at most 11 letters and digits", false, isSender},
	{"sms_method", "", "method of an HTTP gateway; empty: GET, or POST where there is an sms_body", false, oneOf("GET", "POST", "PUT")},
	{"sms_body", "", "body for an HTTP gateway, JSON or form, with {to}, {digits}, {text}, {from} and {id} filled in", true, nil},
	{"sms_header", "", "headers for an HTTP gateway, such as Authorization: Bearer …; one a line", true, nil},
	{"trusted_proxies", "", "addresses and networks of proxies whose word about a client's address is believed", false, areNetworks},
	{"inner_networks", "127.0.0.0/8,::1/128,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7", "inner networks in which apps may be told of a sign-out", false, nil},
	{"hook_inner_networks", "", "inner networks in which webhooks of organisations may be; empty: none", false, areNetworks},
	{"ca_file", "", "a PEM file with certificates of authorities of your own, for apps and webhooks; empty: the system's", false, isFile},
	{"push_inner_networks", "", "inner networks in which push services for Tegata may be; empty: none", false, areNetworks},
	{"dns", "", "address and port of the DNS server that is asked about organisations' domains; empty: the system's", false, isServer},
	{"domain_inner_networks", "", "inner networks in which web sites may be that prove an organisation's domain; empty: none", false, areNetworks},
	{"geo", "", "an .mmdb file that knows places of addresses; empty: places are unknown", false, isFile},
	{"signup", "open", "open: people sign up by themselves; closed: only the operator makes accounts", false, oneOf("open", "closed")},
	{"disclose_accounts", "false", "true: strangers are told that an account does not exist", false, oneOf("true", "false")},
	{"hosted_domains", "", "domains of mailboxes that these accounts themselves open: no code is sent there to sign in", false, areDomains},
	{"code_digits", "6", "digits of a one-time code: 6 or 8", false, oneOf("6", "8")},
	{"hash_memory_kib", "19456", "memory of one Argon2id hash", false, number(8192, 4<<20)},
	{"hash_passes", "2", "passes of Argon2id", false, number(1, 100)},
	{"hash_threads", "1", "threads of Argon2id", false, number(1, 16)},
	{"hash_workers", "0", "hashes at once; 0: one a core", false, number(0, 1024)},
	{"session_lifetime", "720h", "how long a session lives, 24h to 720h", false, span(24*time.Hour, 720*time.Hour)},
	{"session_idle", "0s", "idle limit, 1m to 30m; 0s: off", false, idleSpan},
	{"session_limit", "50", "sessions of one account at once, 1 to 50", false, number(1, 50)},
	{"daily_signins", "50", "sign-ins of one account a day; 0: no limit", false, number(0, 100000)},
	{"password_min", "15", "characters of a password that is the only factor, 8 to 128", false, number(8, 128)},
	{"password_min_second_factor", "8", "characters of a password beside a second factor, 8 to 128; never more than password_min", false, number(8, 128)},
	{"password_max_age", "0s", "after how long a password must be changed; 0s: never", false, span(0, 10*365*24*time.Hour)},
	{"password_min_age", "0s", "how long a password must be kept; 0s: not at all", false, span(0, 365*24*time.Hour)},
	{"password_recent", "0", "former passwords that are refused, 0 to 24", false, number(0, 24)},
	{"second_factor", "optional", "optional: people decide; required: everybody sets up a second factor", false, oneOf("optional", "required")},
	{"second_factor_kinds", "", "kinds of second factor that are allowed: tegata, totp, passkey, smscode; empty: all", false, someOf("tegata", "totp", "passkey", "smscode")},
	{"delete_grace_days", "0", "days for which an account that its organisation's admins deleted can be taken back, before it is erased", false, number(0, 365)},
	{"second_factor_grace_days", "0", "days within which a required second factor may be put off, from when it is first required, or from sign-up", false, number(0, 365)},
	{"trust_days", "180", "days for which a browser may skip the second proof; 0: never", false, number(0, 180)},
	{"backup_codes", "true", "false: nobody makes or uses backup codes", false, oneOf("true", "false")},
	{"role_addresses", standardRoles, "first parts of shared mailboxes, which are nobody's own; empty: none", false, nil},
	{"log", "info", "debug, info, warn or error", false, oneOf("debug", "info", "warn", "error")},
	{"log_format", "text", "text or json", false, oneOf("text", "json")},
	{"drain", "15s", "how long requests may go on after SIGTERM", false, span(0, 10*time.Minute)},
	{"sqlite_max_pages", "0", "how large an SQLite file may grow, in pages of 4 KiB; 0: as the disk allows", false, number(0, 1<<32)},
}

// Prefix of the environment's variables.
const Prefix = "SEKISHO_"

// LoadConfig reads a file (TOML; a missing file is fine unless it was named) and
// the environment, which wins. Unknown keys are refused, with what was perhaps
// meant.
func LoadConfig(file string, named bool, environ []string) (*Config, error) {
	c := &Config{values: map[string]Value{}}
	for _, s := range settings {
		c.values[s.key] = Value{s.key, s.standard, "default"}
	}
	if err := c.readFile(file, named); err != nil {
		return nil, err
	}
	for _, kv := range environ {
		name, v, _ := strings.Cut(kv, "=")
		key, ok := strings.CutPrefix(name, Prefix)
		if !ok {
			continue
		}
		if err := c.Set(strings.ToLower(key), v, name); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (c *Config) readFile(file string, named bool) error {
	raw := map[string]any{}
	_, err := toml.DecodeFile(file, &raw)
	if errors.Is(err, fs.ErrNotExist) && !named {
		return nil
	}
	var bad toml.ParseError
	if errors.As(err, &bad) {
		return fmt.Errorf("%s: line %d does not read: %s", file, bad.Position.Line, bad.Message)
	}
	if err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	keys := make([]string, 0, len(raw))
	for k := range raw {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	for _, k := range keys {
		v, err := plain(raw[k])
		if err != nil {
			return fmt.Errorf("%s: %s: %w", file, k, err)
		}
		if err := c.Set(k, v, file); err != nil {
			return err
		}
	}
	return nil
}

// plain writes a TOML value as the text the environment would have.
func plain(v any) (string, error) {
	switch x := v.(type) {
	case string:
		return x, nil
	case bool, int64, float64:
		return fmt.Sprint(x), nil
	case []any:
		var parts []string
		for _, e := range x {
			s, ok := e.(string)
			if !ok {
				return "", errors.New("a list holds texts")
			}
			parts = append(parts, s)
		}
		return strings.Join(parts, ","), nil
	default:
		return "", errors.New("a table has no place here; every key stands by itself")
	}
}

// Set gives one key a value.
func (c *Config) Set(key, v, source string) error {
	for _, s := range settings {
		if s.key != key {
			continue
		}
		// Empty stands for the standard value only where that is empty too: a variable
		// that a deployment forgot must not read as zero and switch a guard off.
		if s.check != nil && (v != "" || s.standard != "") {
			if err := s.check(v); err != nil {
				return fmt.Errorf("%s: %s: %w", source, key, err)
			}
		}
		c.values[key] = Value{key, v, source}
		return nil
	}
	return fmt.Errorf("%s: there is no setting %q%s", source, key, perhaps(key))
}

func perhaps(key string) string {
	best, at := "", 4
	for _, s := range settings {
		if d := distance(key, s.key); d < at {
			best, at = s.key, d
		}
	}
	if best == "" {
		return "; sekisho config lists all there are"
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// distance counts the edits between two words (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diag := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			next := min(row[j]+1, row[j-1]+1, diag+cost)
			diag, row[j] = row[j], next
		}
	}
	return row[len(b)]
}

// made is what stands in for a setting that is left empty.
func (c *Config) made(key string) string {
	u, err := c.URL()
	if err != nil {
		return ""
	}
	switch key {
	case "url":
		return u.String()
	case "database":
		return c.Database()
	case "smtp_from":
		return "no-reply@" + u.Hostname()
	case "hash_workers":
		return strconv.Itoa(runtime.NumCPU())
	}
	return ""
}

// Shown lists the effective values with their sources; secrets show as dots.
func (c *Config) Shown() []Value {
	out := make([]Value, 0, len(settings))
	for _, s := range settings {
		v := c.values[s.key]
		if v.Value == "" || s.key == "hash_workers" && v.Value == "0" {
			v.Value = c.made(s.key)
		}
		switch {
		case !s.secret || v.Value == "" || v.Value == keptSMS:
		case s.key == "sms_body" || s.key == "sms_header":
			v.Value = "•••" // templates are no addresses: any part may be the key
		default:
			v.Value = hidden(v.Value)
		}
		out = append(out, v)
	}
	return out
}

// hidden keeps of an address what is no secret: all but the password, wherever it
// stands. What does not read as an address is hidden whole.
func hidden(v string) string {
	u, err := url.Parse(v)
	if err != nil || u.Scheme == "" || u.Opaque != "" || u.Scheme != "sqlite" && u.Host == "" {
		return dots
	}
	// An SMS gateway's key may stand anywhere in its path or query.
	if u.Scheme == "http" || u.Scheme == "https" || strings.HasPrefix(u.Scheme, "smpp") {
		return u.Scheme + "://" + dots + "@" + u.Host
	}
	// A password with a / or a # that was not encoded reads as an address of another shape.
	if u.Scheme != "sqlite" && (u.Fragment != "" || strings.Contains(u.Path+u.RawQuery, "@")) {
		return dots
	}
	if _, ok := u.User.Password(); ok {
		// The first colon after the scheme's slashes begins it, the last @ before the host ends it.
		rest, _ := strings.CutPrefix(v, u.Scheme+"://")
		at := strings.LastIndexByte(strings.SplitN(rest, "/", 2)[0], '@')
		name, _, found := strings.Cut(rest, ":")
		if at < 0 || !found || len(name) > at {
			return dots
		}
		v = u.Scheme + "://" + name + ":" + dots + rest[at:]
	}
	head, query, ok := strings.Cut(v, "?")
	if !ok {
		return v
	}
	pairs := strings.Split(query, "&")
	for i, pair := range pairs {
		key, _, _ := strings.Cut(pair, "=")
		if name, err := url.QueryUnescape(key); err != nil || strings.Contains(strings.ToLower(name), "pass") {
			pairs[i] = key + "=" + dots
		}
	}
	return head + "?" + strings.Join(pairs, "&")
}

const dots = "•••"

func (c *Config) text(key string) string { return c.values[key].Value }
func (c *Config) on(key string) bool     { return c.text(key) == "true" }
func (c *Config) num(key string) int64 {
	n, _ := strconv.ParseInt(c.text(key), 10, 64) // checked when it was set
	return n
}

func (c *Config) span(key string) time.Duration {
	d, _ := time.ParseDuration(c.text(key)) // checked when it was set
	return d
}

func (c *Config) list(key string) []string { return split(c.text(key)) }

func split(list string) []string {
	var out []string
	for _, s := range strings.Split(list, ",") {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// domains is a list of domains in the form in which addresses are compared.
func (c *Config) domains(key string) []string {
	var out []string
	for _, d := range c.list(key) {
		id, _ := account.ParseEmail("x@" + d) // checked when it was set
		out = append(out, id.Domain())
	}
	return out
}

// Database is the address of the database.
func (c *Config) Database() string {
	if d := c.text("database"); d != "" {
		return d
	}
	dir, err := filepath.Abs(c.text("data"))
	if err != nil {
		dir = c.text("data")
	}
	return "sqlite:" + filepath.Join(dir, "sekisho.db")
}

// KeyFile is the file of the secret key; empty when the setting keys gives it.
func (c *Config) KeyFile() string {
	if c.text("keys") != "" {
		return ""
	}
	return filepath.Join(c.text("data"), "secret.key")
}

// URL is the public address.
func (c *Config) URL() (*url.URL, error) {
	raw := c.text("url")
	if raw == "" {
		listen := c.text("listen")
		if strings.HasPrefix(listen, "unix:") {
			return nil, errors.New("url: a public address is needed when listening on a socket")
		}
		if strings.HasPrefix(listen, ":") || strings.HasPrefix(listen, "0.0.0.0:") || strings.HasPrefix(listen, "[::]:") {
			listen = "localhost:" + listen[strings.LastIndexByte(listen, ':')+1:]
		}
		raw = "http://" + listen
	}
	return url.Parse(strings.TrimRight(raw, "/"))
}

// Data makes sure of the data folder and gives its path.
func (c *Config) Data() (string, error) {
	dir := c.text("data")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("data folder: %w", err)
	}
	return dir, nil
}

func isListen(v string) error {
	if path, ok := strings.CutPrefix(v, "unix:"); ok && path != "" {
		return nil
	}
	if _, port, err := net.SplitHostPort(v); err == nil && number(0, 65535)(port) == nil {
		return nil
	}
	return errors.New("is an address and port such as localhost:8080, or unix:/path")
}

func isServer(v string) error {
	if v == "" {
		return nil
	}
	if host, port, err := net.SplitHostPort(v); err == nil && host != "" && number(1, 65535)(port) == nil {
		return nil
	}
	return errors.New("is an address and port such as 192.0.2.53:53")
}

func isDatabase(v string) error {
	for _, scheme := range []string{"sqlite:", "postgres://", "postgresql://"} {
		if rest, ok := strings.CutPrefix(v, scheme); ok && rest != "" {
			return nil
		}
	}
	return errors.New("is sqlite:/path/file.db or postgres://…")
}

func areKeys(v string) error {
	_, err := secret.ParseKeys(v)
	return err
}

func isMailServer(v string) error {
	_, err := mail.Parse(v)
	return err
}

func areNetworks(v string) error {
	_, err := netx.ParseProxies(split(v))
	return err
}

func isFile(v string) error {
	if _, err := os.Stat(v); err != nil {
		return errors.New("is a file that can be read, and this is none")
	}
	return nil
}

func isURL(v string) error {
	u, err := url.Parse(v)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return errors.New("is an address such as https://id.example.com, without a path")
	}
	return nil
}

func areDomains(v string) error {
	for _, d := range strings.Split(v, ",") {
		if d = strings.TrimSpace(d); d == "" {
			continue
		}
		if _, err := account.ParseEmail("x@" + d); err != nil || strings.Contains(d, "@") {
			return fmt.Errorf("%q is not a domain such as example.com", d)
		}
	}
	return nil
}

var senders = regexp.MustCompile(`^(\+?[0-9]{1,15}|[A-Za-z0-9 ._-]{1,11})$`)

// isSender knows what phones show (3GPP TS 23.040 §9.1.2.5).
func isSender(v string) error {
	if !senders.MatchString(v) {
		return errors.New("is a number, or at most 11 letters and digits")
	}
	return nil
}

func isZone(v string) error {
	if _, err := time.LoadLocation(v); err != nil {
		return errors.New("is a name such as Asia/Tokyo")
	}
	return nil
}

func oneOf(list ...string) func(string) error {
	return func(v string) error {
		for _, x := range list {
			if v == x {
				return nil
			}
		}
		return fmt.Errorf("is one of %s", strings.Join(list, ", "))
	}
}

// standardRoles are the mailboxes of RFC 2142, and a few that companies share.
const standardRoles = "info,marketing,sales,support,abuse,noc,security,postmaster,hostmaster,usenet,news,webmaster,www,uucp,ftp,contact,office,help,billing,jobs,noreply,no-reply"

func someOf(list ...string) func(string) error {
	return func(v string) error {
		for part := range strings.SplitSeq(v, ",") {
			if err := oneOf(list...)(strings.TrimSpace(part)); err != nil {
				return err
			}
		}
		return nil
	}
}

func number(low, high int64) func(string) error {
	return func(v string) error {
		if n, err := strconv.ParseInt(v, 10, 64); err != nil || n < low || n > high {
			return fmt.Errorf("is a number from %d to %d", low, high)
		}
		return nil
	}
}

func span(low, high time.Duration) func(string) error {
	return func(v string) error {
		if d, err := time.ParseDuration(v); err != nil || d < low || d > high {
			return fmt.Errorf("is a time from %s to %s, such as 24h or 30m", low, high)
		}
		return nil
	}
}

func idleSpan(v string) error {
	if v == "0s" || v == "0" {
		return nil
	}
	return span(time.Minute, 30*time.Minute)(v)
}

// Example writes a configuration file with every setting, its meaning and its
// standard value.
func Example() string {
	var b strings.Builder
	b.WriteString("# Every setting, with its standard value. Each can also be given as " + Prefix + "KEY in the environment.\n")
	for _, s := range settings {
		fmt.Fprintf(&b, "\n# %s\n# %s = %q\n", s.about, s.key, s.standard)
	}
	return b.String()
}
