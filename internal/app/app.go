// Package app puts Sekisho together: configuration, wiring, jobs, life cycle. It
// is the only place that knows everything.
//
// Nothing decides here: what is wired is what the other packages made.
package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/allowed"
	"sekisho/internal/api"
	"sekisho/internal/audit"
	"sekisho/internal/browser"
	"sekisho/internal/client"
	"sekisho/internal/cooling"
	"sekisho/internal/db"
	"sekisho/internal/demand"
	"sekisho/internal/device"
	"sekisho/internal/factor/backup"
	"sekisho/internal/factor/passkey"
	"sekisho/internal/factor/passphrase"
	"sekisho/internal/factor/password"
	"sekisho/internal/factor/push"
	"sekisho/internal/factor/sentcode"
	"sekisho/internal/factor/smscode"
	"sekisho/internal/factor/totp"
	"sekisho/internal/flow"
	"sekisho/internal/flow/access"
	"sekisho/internal/flow/address"
	"sekisho/internal/flow/allow"
	"sekisho/internal/flow/change"
	"sekisho/internal/flow/consent"
	"sekisho/internal/flow/desk"
	"sekisho/internal/flow/enrol"
	"sekisho/internal/flow/enter"
	"sekisho/internal/flow/explain"
	"sekisho/internal/flow/govern"
	"sekisho/internal/flow/invite"
	"sekisho/internal/flow/join"
	"sekisho/internal/flow/recover"
	"sekisho/internal/flow/signin"
	"sekisho/internal/flow/tegata"
	"sekisho/internal/geo"
	"sekisho/internal/grant"
	"sekisho/internal/hook"
	"sekisho/internal/hub"
	"sekisho/internal/letter"
	"sekisho/internal/limit"
	"sekisho/internal/mail"
	"sekisho/internal/netx"
	"sekisho/internal/oidc"
	"sekisho/internal/org"
	"sekisho/internal/outbox"
	"sekisho/internal/policy"
	"sekisho/internal/secret"
	"sekisho/internal/session"
	"sekisho/internal/signkey"
	"sekisho/internal/site"
	"sekisho/internal/slowhash"
	"sekisho/internal/sms"
	"sekisho/internal/ticket"
	"sekisho/internal/token"
	"sekisho/internal/web"
	"sekisho/internal/web/admin"
	webdesk "sekisho/internal/web/desk"
	"sekisho/internal/web/help"
	webinvite "sekisho/internal/web/invite"
	"sekisho/internal/web/look"
	"sekisho/internal/web/mailbox"
	"sekisho/internal/web/me"
	websignin "sekisho/internal/web/signin"
	webtegata "sekisho/internal/web/tegata"
)

// Tables are the migrations of all packages that keep something.
var Tables = []fs.FS{audit.Migrations, outbox.Migrations, limit.Migrations, account.Migrations, session.Migrations, browser.Migrations, client.Migrations,
	signkey.Migrations, password.Migrations, sentcode.Migrations, totp.Migrations, backup.Migrations, passphrase.Migrations, passkey.Migrations,
	smscode.Migrations, grant.Migrations, flow.Migrations, cooling.Migrations, demand.Migrations, org.Migrations, device.Migrations, push.Migrations,
	explain.Migrations,
	ticket.Migrations,
	allowed.Migrations,
	hook.Migrations,
	token.Migrations,
}

// App is one running Sekisho.
type App struct {
	DB      *db.DB
	Ring    *secret.Ring
	Outbox  *outbox.Outbox
	Grants  *grant.Grants
	Keys    *signkey.Keys
	Entry   *enter.Entry
	Hub     *hub.Hub
	Join    *join.Join
	Govern  *govern.Govern
	Explain *explain.Explain
	Frame   *web.Frame
	Handler http.Handler
	Doors   []web.Door
	URL     *url.URL
	Log     *slog.Logger
	SMS     sms.Gateway // nil: none is set, and no SMS may be offered or put into the outbox

	config *Config
	clock  func() time.Time
	smtp   *mail.Server
	from   string
	posts  *http.Client
	hooks  *http.Client
	inner  netx.Proxies // in which webhooks may be
	spare  *spare
	waker  waker
}

// Options are what a test sets beside the configuration.
type Options struct {
	Clock  func() time.Time
	Log    io.Writer
	Poster http.RoundTripper
	Serves bool // a server: what holds from its start on is written down. A command may have another configuration
}

// Open reads keys, opens and migrates the database and wires everything. It
// starts nothing.
func Open(ctx context.Context, c *Config, o Options) (*App, error) {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Log == nil {
		o.Log = os.Stderr
	}
	a := &App{config: c, clock: o.Clock, Log: logger(c, o.Log), spare: newSpare()}
	var err error
	if a.URL, err = c.URL(); err != nil {
		return nil, err
	}
	if a.Ring, err = ring(c); err != nil {
		return nil, err
	}
	if err := a.mailServer(); err != nil {
		return nil, err
	}
	if err := a.gateway(); err != nil {
		return nil, err
	}
	if a.DB, err = db.Open(ctx, c.Database(), db.Options{Clock: o.Clock, MaxPages: c.num("sqlite_max_pages"), Crowded: a.spare.lend}); err != nil {
		return nil, err
	}
	if err := a.wire(ctx, o); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// Close ends the connections to the SMS gateway and to the database.
func (a *App) Close() error {
	var err error
	if a.SMS != nil {
		err = a.SMS.Close() // it tells the database what became of messages
	}
	return errors.Join(err, a.DB.Close())
}

func logger(c *Config, w io.Writer) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.text("log"))) // checked when it was set
	opts := &slog.HandlerOptions{Level: level}
	if c.text("log_format") == "json" {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}

func ring(c *Config) (*secret.Ring, error) {
	if given := c.text("keys"); given != "" {
		keys, err := secret.ParseKeys(given)
		if err != nil {
			return nil, fmt.Errorf("keys: %w", err)
		}
		return secret.OpenRing(keys...)
	}
	dir, err := c.Data()
	if err != nil {
		return nil, err
	}
	keys, err := secret.LoadOrCreateKeyFile(filepath.Join(dir, "secret.key"))
	if err != nil {
		return nil, err
	}
	return secret.OpenRing(keys...)
}

func (a *App) mailServer() error {
	a.from = a.config.text("smtp_from")
	if a.from == "" {
		a.from = "no-reply@" + a.URL.Hostname()
	}
	raw := a.config.text("smtp")
	if raw == "" {
		return nil
	}
	s, err := mail.Parse(raw)
	a.smtp = &s
	return err
}

func (a *App) policy() (policy.Effective, error) {
	c := a.config
	p := policy.Default()
	p.Name = policy.DefaultName
	p.Session.Lifetime, p.Session.Idle = c.span("session_lifetime"), c.span("session_idle")
	p.Session.Concurrent, p.Session.DailySignins = int(c.num("session_limit")), int(c.num("daily_signins"))
	p.Password.MinLengthSingle = int(c.num("password_min"))
	p.Password.MinLength = min(int(c.num("password_min_second_factor")), p.Password.MinLengthSingle)
	p.Password.MaxAge, p.Password.MinAge = c.span("password_max_age"), c.span("password_min_age")
	p.Password.Recent = int(c.num("password_recent"))
	p.SecondFactor.Demanded, p.SecondFactor.GraceDays = c.text("second_factor") == "required", int(c.num("second_factor_grace_days"))
	p.SecondFactor.Kinds, p.SecondFactor.TrustDays, p.SecondFactor.BackupCodes = c.list("second_factor_kinds"), int(c.num("trust_days")), c.on("backup_codes")
	if err := p.Check(); err != nil {
		return policy.Effective{}, err
	}
	return policy.Resolve(p), nil
}

// demands finds out since when a second factor is demanded.
func (a *App) demands(ctx context.Context, p *policy.Effective) error {
	return a.DB.Update(ctx, func(tx db.Tx) (err error) {
		if !p.SecondFactor.Demanded {
			return demand.Fell(ctx, tx, p.Source.SecondFactor)
		}
		p.SecondFactor.Since, err = demand.Stands(ctx, tx, p.Source.SecondFactor)
		return err
	})
}

func (a *App) zone() (*time.Location, error) {
	if name := a.config.text("zone"); name != "" {
		return time.LoadLocation(name)
	}
	return time.Local, nil
}

func (a *App) wire(ctx context.Context, o Options) error {
	c := a.config
	if err := a.DB.Migrate(ctx, Tables...); err != nil {
		return err
	}
	effective, err := a.policy()
	if err != nil {
		return err
	}
	if o.Serves {
		if err := a.demands(ctx, &effective); err != nil {
			return err
		}
	}
	zone, err := a.zone()
	if err != nil {
		return err
	}
	places, err := geo.Open(c.text("geo"))
	if err != nil {
		return err
	}
	proxies, err := netx.ParseProxies(c.list("trusted_proxies"))
	if err != nil {
		return fmt.Errorf("trusted_proxies: %w", err)
	}
	if err := errors.Join(a.poster(o.Poster), a.hooker(o.Poster)); err != nil {
		return err
	}
	a.Outbox = &outbox.Outbox{Ring: a.Ring}
	a.Grants = &grant.Grants{Outbox: a.Outbox}
	a.Keys = &signkey.Keys{DB: a.DB, Ring: a.Ring, Log: a.Log}
	if err := a.beginAudit(ctx); err != nil {
		return err
	}
	if err := a.Keys.Tend(ctx, false); err != nil {
		return err
	}
	salt, err := grant.Salt(ctx, a.DB)
	if err != nil {
		return err
	}
	issuer := strings.TrimRight(a.URL.String(), "/")
	keys, err := passkey.New(a.Ring, a.URL.Hostname(), c.text("service"), []string{issuer})
	if err != nil {
		a.Log.Info("no passkeys", "why", err.Error()) // everything else works at such an address
		keys = nil
	}
	cost := slowhash.Cost{MemoryKiB: uint32(c.num("hash_memory_kib")), Passes: uint32(c.num("hash_passes")), Threads: uint8(c.num("hash_threads"))}
	a.Hub = &hub.Hub{}
	a.Entry = &enter.Entry{
		Pushes: push.Pushes{Ring: a.Ring}, Hub: a.Hub,
		DB: a.DB, Ring: a.Ring, Outbox: a.Outbox, Grants: a.Grants, Hasher: slowhash.NewHasher(cost, int(c.num("hash_workers")), 0),
		Codes: sentcode.Codes{Ring: a.Ring, Digits: int(c.num("code_digits"))}, Rules: &org.Book{Everybody: effective}, Zone: zone,
		Apps: totp.Codes{Ring: a.Ring}, Keys: keys, SMS: a.SMS != nil,
		Sheet:         letter.Sheet{Service: c.text("service"), URL: issuer, Support: c.text("support")},
		HostedDomains: c.domains("hosted_domains"), Roles: c.list("role_addresses"), Disclose: c.on("disclose_accounts"), HookNetworks: a.inner,
		Grace: time.Duration(c.num("delete_grace_days")) * 24 * time.Hour,
	}
	a.Entry.Hasher.Begin = a.spare.lend
	a.Frame = &web.Frame{DB: a.DB, Ring: a.Ring, Rules: a.Entry.Rules, Proxies: proxies, Geo: places, Clock: a.clock, URL: a.URL,
		Service: c.text("service"), Support: c.text("support"), Zone: zone, Log: a.Log, Open: c.text("signup") == "open",
		Mailbox: a.mailbox(), MayChange: a.Entry.MayChange, ActsAs: a.Entry.ActsAs}
	return a.doors(issuer, salt)
}

// beginAudit signs the head of a fresh database's log. Where there are accounts
// there were rows: an unsigned head was put there by somebody else.
func (a *App) beginAudit(ctx context.Context) error {
	var any bool
	err := a.DB.View(ctx, func(tx db.ReadTx) (err error) {
		any, err = account.Any(ctx, tx)
		return err
	})
	if err != nil || any {
		return err
	}
	return audit.Chain{Ring: a.Ring}.Begin(ctx, a.DB)
}

// doors puts the journeys behind the doors.
func (a *App) doors(issuer string, salt []byte) error {
	in := &signin.Signin{Entry: a.Entry}
	back, anew := &recover.Recover{Entry: a.Entry}, &recover.Recover{Entry: a.Entry, Tegata: true}
	ch := &change.Change{Entry: a.Entry}
	adr := &address.Address{Entry: a.Entry}
	en := &enrol.Enrol{Entry: a.Entry}
	teg := &tegata.Tegata{Entry: a.Entry, Origin: issuer, Wakers: a.wakers()}
	list := &access.Access{Entry: a.Entry}
	inv := &invite.Invite{Entry: a.Entry}
	a.Govern = &govern.Govern{Entry: a.Entry, Sites: a.sites()}
	a.Explain = &explain.Explain{Entry: a.Entry}
	own := &allow.Allow{Entry: a.Entry}
	a.Join = &join.Join{Entry: a.Entry}
	open := a.Frame.Open
	provider := &oidc.Door{DB: a.DB, Keys: a.Keys, Rules: a.Entry.Rules, Consent: &consent.Consent{Entry: a.Entry}, Change: ch, Issuer: issuer, Salt: salt}
	a.Grants.LogoutToken = provider.LogoutToken
	a.Frame.Leads = provider.Leads
	guides, err := help.Door()
	if err != nil {
		return err
	}
	a.Doors = []web.Door{
		(&websignin.Door{Signin: in, Join: a.Join, Recover: back, Replace: anew, Change: ch, Tegata: teg, Invite: inv, Open: open, Digits: a.Entry.Codes.Digits}).Door(),
		(&admin.Door{
			Govern:     a.Govern,
			Explain:    a.Explain,
			Checkpoint: a.Checkpoint,
		}).Door(),
		(&me.Door{
			Change: ch, Address: adr, Enrol: en, Tegata: teg, Access: list,
			Invite: inv,
			Allow:  own,
		}).Door(),
		(&webinvite.Door{Invite: inv, Change: ch}).Door(),
		(&look.Door{DB: a.DB}).Door(),
		guides,
		(&webdesk.Door{Desk: &desk.Desk{Entry: a.Entry}, Digits: a.Entry.Codes.Digits}).Door(),
		provider.Door(),
		(&api.Door{
			Signin: in, Join: a.Join, Recover: back, Replace: anew, Change: ch, Address: adr, Enrol: en, Access: list, Tegata: teg, Open: open, Issuer: issuer, Cookie: a.Frame.SessionCookie(),
			Govern: a.Govern, Invite: inv,
			Explain: a.Explain,
			Allow:   own,
		}).Door(),
		{Name: "ready", Routes: []web.Route{{Method: "GET", Path: "/ready", Guard: web.Anyone, Face: web.API, Handle: a.ready}}},
	}
	app, err := (&webtegata.Door{Service: a.config.text("service")}).Door()
	if err != nil {
		return err
	}
	a.Doors = append(a.Doors, app)
	if a.mailbox() {
		a.Doors = append(a.Doors, (&mailbox.Door{DB: a.DB, Outbox: a.Outbox, Kinds: a.kept()}).Door())
	}
	a.Handler, err = a.Frame.Handler(a.Doors...)
	return err
}

// sites looks at organisations' domains. Networks that do not read were refused when they
// were set.
func (a *App) sites() *site.Checker {
	inner, _ := netx.ParseProxies(a.config.list("domain_inner_networks"))
	return site.New(site.Options{Server: a.config.text("dns"), Inner: inner})
}

// mailbox says whether the page that shows mail exists. With a public address
// there may be a proxy that says nothing of itself, and the page would be everybody's.
func (a *App) mailbox() bool { return len(a.kept()) > 0 && netx.Loopback(a.URL.Hostname()) }

// ready says whether this node can answer, for balancers.
func (a *App) ready(ctx context.Context, _ *web.Request) (web.Response, error) {
	return web.JSON(http.StatusOK, map[string]string{"status": "ready"}), a.DB.Ping(ctx)
}

// OwnerLink is the one-time link that makes the first account; empty once it has
// ended.
func (a *App) OwnerLink(ctx context.Context) (string, error) {
	key := a.Join.NewOwnerKey()
	if over, err := a.Join.OwnerKey(ctx, key); err != nil || over != nil {
		return "", err
	}
	return a.Entry.Sheet.URL + "/setup?key=" + key, nil
}
