package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/app"
	"sekisho/internal/audit"
	"sekisho/internal/db"
	"sekisho/internal/flow/enter"
	"sekisho/internal/flow/explain"
	"sekisho/internal/flow/govern"
	"sekisho/internal/gate"
	"sekisho/internal/policy"
	"sekisho/internal/ref"
)

// crew is how many members the organisation has whose log is searched.
const crew = 10_000

// why measures what admins wait for: a preview of other rules by replay of a month's
// sign-ins, and searches in ten times as many rows. It runs in this process.
func (r *report) why(ctx context.Context, p place) error {
	if r.rows == 0 || !strings.Contains("why", r.only) {
		return nil
	}
	url, err := p.database("why")
	if err != nil {
		return err
	}
	c, err := app.LoadConfig("", false, []string{"SEKISHO_DATA=" + filepath.Join(p.data, "why"), "SEKISHO_DATABASE=" + url})
	if err != nil {
		return err
	}
	a, err := app.Open(ctx, c, app.Options{Log: io.Discard})
	if err != nil {
		return err
	}
	defer a.Close()
	h := &history{App: a, place: p, rows: r.rows}
	if err := h.seed(ctx); err != nil {
		return err
	}
	took, peak, seen, err := h.preview(ctx)
	if err != nil {
		return err
	}
	r.say("\nAn organisation of %s members with %s rows in its log, of which %s are sign-ins of the last 30 days; in the load's process:\n", groups(crew), groups(float64(10*r.rows)), groups(float64(r.rows)))
	r.say("| | | must | |\n|---|---|---|---|")
	r.say("| preview of another policy by replay of %s sign-ins | %.1f s, %.0f MB | 10 s, 100 MB | %s, %s |", groups(float64(seen)), took.Seconds(), mb(int64(peak)), atMost(took.Seconds(), 10, 0), atMost(mb(int64(peak)), 100, 0))
	for _, q := range h.searches() {
		p99, err := h.search(ctx, q.make)
		if err != nil {
			return err
		}
		r.say("| audit search by %s, p99 | %s | 100 ms | %s |", q.name, ms(p99), atMost(p99.Seconds(), 0.1, 0))
	}
	return nil
}

// history is an organisation with a long past.
type history struct {
	*app.App
	place place
	rows  int
	org   ref.Org
	owner ref.Account
}

func (h *history) seed(ctx context.Context) error {
	by := govern.By{Operator: true}
	g := &govern.Govern{Entry: h.Entry}
	var made account.Account
	err := h.DB.Update(ctx, func(tx db.Tx) error {
		id, err := account.ParseEmail("owner@example.com")
		if err != nil {
			return err
		}
		made, err = account.Create(ctx, tx, account.New{Name: "Owner", Lang: "en", Identifiers: []account.Identifier{id}, Confirmed: true})
		return err
	})
	if err != nil {
		return err
	}
	o, err := g.Create(ctx, by, "Bench", made.ID)
	if err != nil {
		return err
	}
	h.org, h.owner = o.ID, made.ID
	for i := range 50 {
		name := fmt.Sprintf("policy %d", i)
		if _, err := g.SetPolicy(ctx, by, o.ID, policy.Policy{Name: name, Session: &policy.Session{Lifetime: 24 * time.Hour, Concurrent: 50}}, 0); err != nil {
			return err
		}
		if err := g.Assign(ctx, by, o.ID, name, govern.Aim{All: i == 49, Account: map[bool]ref.Account{false: made.ID}[i == 49]}); err != nil {
			return err
		}
	}
	about, err := aboutOf()
	if err != nil {
		return err
	}
	return h.fill(ctx, about)
}

// aboutOf is what an audit row keeps of a sign-in, as one really is.
func aboutOf() (string, error) {
	f := gate.Facts{Door: gate.Web, Act: gate.Enter, Now: time.Now(), Account: gate.Active, From: netip.MustParseAddr("192.0.2.100"), Proofs: []gate.Proof{{Kind: gate.Password}, {Kind: gate.TOTP}},
		Set: []gate.Kind{gate.TOTP, gate.Backup}, OnFile: []gate.Kind{gate.Password, gate.MailCode, gate.Backup}, PasswordSet: time.Now().AddDate(0, -3, 0), Since: time.Now().AddDate(-1, 0, 0), SigninsToday: 2, Sessions: 3, KnownBrowser: true}
	e := policy.Resolve()
	d := gate.Decide(f, &e)
	b, err := json.Marshal(map[string]any{"salt": "AAAAAAAAAAAAAAAAAAAAAA", "addr": "192.0.2.100", "agent": "Firefox 145, Windows 10", "place": "東京都, 日本",
		"detail": enter.Told{Door: gate.Web, Proofs: []string{"pwd", "otp.app", "mfa"}, Level: d.Level, Facts: gate.Keep(f), Rules: 7, Trace: d.Trace}})
	return string(b), err
}

// fill writes members and rows by SQL: the last tenth of them are a month's sign-ins with
// all that is kept, the others are older and say little.
func (h *history) fill(ctx context.Context, about string) error {
	now := time.Now().UnixMicro()
	member := `'acc_crew' || substr('0000000' || (%s), -7)`
	if h.DB.Engine() == "postgres" {
		member = `'acc_crew' || lpad(CAST((%s) AS TEXT), 7, '0')`
	}
	who := func(i string) string { return fmt.Sprintf(member, i) }
	row := func(about string, from, back int64) string {
		return fmt.Sprintf(`INSERT INTO audit (reference, at, kind, account, actor, session, client, code, about, about_hash, seq, hash, org) /*n*/
			SELECT 'R' || i, %d - i * %d, CASE WHEN i %% 20 = 0 THEN 'signin.refused' WHEN i %% 1000 = 7 THEN 'policy.set' WHEN i %% 31 = 3 THEN 'session.ended' ELSE 'signin.succeeded' END,
				%s, CASE WHEN i %% 31 = 3 THEN %s ELSE %s END, '', '', CASE WHEN i %% 5000 = 0 THEN 'signin.daily_limit' WHEN i %% 20 = 0 THEN 'signin.not_recognised' ELSE '' END, %s, %s, i + 1, %s, '%s' FROM n`,
			from, back, who(`(i * 7919) % 10000`), who("1"), who(`(i * 7919) % 10000`), about, blob(h.DB.Engine()), blob(h.DB.Engine()), h.org)
	}
	month := int64(29 * 24 * 3600 * 1e6)
	full := `replace('` + about + `', '192.0.2.100', '192.0.2.' || (i % 250))`
	for _, x := range []struct {
		stmt     string
		from, to int
	}{
		{`INSERT INTO account (id, state, name, lang, zone, created, changed, confirmed, signin_day, signins) /*n*/ SELECT ` + who("i") + fmt.Sprintf(`, 'active', 'Person', 'en', '', %d, %d, %d, 0, 0 FROM n`, now, now, now), 0, crew},
		{fmt.Sprintf(`INSERT INTO org_member (account, org, role, inactive, joined, in_groups) /*n*/ SELECT %s, '%s', 'member', 0, 0, '' FROM n`, who("i"), h.org), 0, crew},
		{row(full, now, month/int64(h.rows)), 0, h.rows},
		{row(`'{"salt":"A","addr":"192.0.2.9"}'`, now-month, 1e6), h.rows, 10 * h.rows},
	} {
		const atOnce = 50_000
		for from := x.from; from < x.to; from += atOnce {
			if err := h.run(ctx, from, min(from+atOnce, x.to), x.stmt); err != nil {
				return err
			}
		}
	}
	if h.place.cluster != nil {
		return h.place.cluster.In("why", `ANALYZE`)
	}
	return h.run(ctx, 0, 1, `ANALYZE audit`)
}

func blob(engine string) string {
	if engine == "postgres" {
		return `'\x00'::bytea`
	}
	return `x'00'`
}

// run runs a statement over the numbers from one to another. What fills a database takes
// longer than a transaction of the program may.
func (h *history) run(ctx context.Context, from, to int, stmt string) error {
	stmt = strings.Replace(stmt, "/*n*/", fmt.Sprintf(`WITH RECURSIVE n(i) AS (SELECT CAST(%d AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i + 1 < %d)`, from, to), 1)
	if h.place.cluster != nil {
		return h.place.cluster.In("why", stmt)
	}
	return h.DB.Update(ctx, func(tx db.Tx) error { _, err := tx.Exec(ctx, stmt); return err })
}

// preview replays the month under an address rule, and says how long it took and how much
// memory it took at most.
func (h *history) preview(ctx context.Context) (took time.Duration, peak uint64, seen int, err error) {
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	var most atomic.Uint64
	over := make(chan struct{})
	go func() {
		for {
			select {
			case <-over:
				return
			case <-time.After(50 * time.Millisecond):
				var now runtime.MemStats
				runtime.ReadMemStats(&now)
				most.Store(max(most.Load(), now.HeapInuse-min(now.HeapInuse, before.HeapInuse)))
			}
		}
	}()
	office := policy.InOrder([]netip.Prefix{netip.MustParsePrefix("192.0.2.0/25")})
	began := time.Now()
	x := &explain.Explain{Entry: h.Entry}
	rules := []policy.Assigned{{Policy: policy.Policy{Name: "office", Address: &office}, Targets: []policy.Target{{Whom: policy.All}}}}
	seenOf, err := x.Preview(ctx, explain.Asker{Org: h.org, Operator: true}, rules)
	took = time.Since(began)
	close(over)
	if err == nil && seenOf.Stops.Signins == 0 {
		err = fmt.Errorf("the preview stopped nobody: it measured nothing")
	}
	return took, most.Load(), seenOf.Seen.Signins, err
}

type asked struct {
	name string
	make func() audit.Query
}

func (h *history) searches() []asked {
	someone := func() ref.Account { return ref.Account(fmt.Sprintf("acc_crew%07d", rand.IntN(crew))) }
	back := func() time.Time { return time.Now().Add(-time.Duration(rand.Int64N(int64(90 * 24 * time.Hour)))) }
	return []asked{
		{"nothing, the newest", func() audit.Query { return audit.Query{} }},
		{"member", func() audit.Query { return audit.Query{Account: someone()} }},
		{"member and code", func() audit.Query { return audit.Query{Account: someone(), Code: "signin.not_recognised"} }},
		{"a rare code", func() audit.Query { return audit.Query{Code: "signin.daily_limit", Before: back()} }},
		{"a code that is not there", func() audit.Query { return audit.Query{Code: "none." + fmt.Sprint(rand.IntN(1000))} }},
		{"a group of kinds", func() audit.Query {
			return audit.Query{Kinds: explain.Groups[rand.IntN(len(explain.Groups))].Kinds, Before: back()}
		}},
		{"who did it", func() audit.Query { return audit.Query{By: "acc_crew0000001", Before: back()} }},
		{"time", func() audit.Query { return audit.Query{Before: back()} }},
		{"a day", func() audit.Query {
			b := back()
			return audit.Query{Since: b.Add(-24 * time.Hour), Before: b, Kinds: []string{"policy.set"}}
		}},
	}
}

// search asks again and again, and gives the p99.
func (h *history) search(ctx context.Context, make func() audit.Query) (time.Duration, error) {
	x, who := &explain.Explain{Entry: h.Entry}, explain.Asker{Org: h.org, Operator: true}
	var all []time.Duration
	for range 300 {
		q := make()
		q.Limit = 50
		began := time.Now()
		if _, err := x.Search(ctx, who, q); err != nil {
			return 0, err
		}
		all = append(all, time.Since(began))
	}
	slices.Sort(all)
	return all[len(all)*99/100], nil
}
