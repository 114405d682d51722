package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/secret"
)

// rounds is how often the two databases are compared; the middle one counts.
const rounds = 5

// crowded compares the p99 with a thousand accounts and with a million. Both
// servers run side by side and are measured in turn, because a machine drifts
// more in a minute than the two differ.
func (r *report) crowded(ctx context.Context, p place, few *server, fw *world) (err error) {
	if r.rows == 0 || !strings.Contains("crowd", r.only) {
		return nil
	}
	many, mw, err := r.prepared(ctx, p, "crowd", r.rows)
	if many != nil {
		defer func() { err = errors.Join(err, many.stop()) }()
	}
	if err != nil {
		return err
	}
	r.say("\nWith %s accounts and sessions more (start then %v), asked at random over all of them; p99 against a thousand accounts, measured in turn %d times, the middle one (must 1.5, goal 1.2):\n",
		groups(float64(r.rows)), many.started.Round(time.Millisecond), rounds)
	r.say("| | thousand | million | ratio | |\n|---|---|---|---|---|")
	for _, page := range []struct {
		name string
		make func(*world) func(int) script
	}{
		{"session check", func(w *world) func(int) script { return func(int) script { return w.anybody } }},
		{"sign-in page", func(*world) func(int) script {
			return func(int) script { return again(request("GET", "/signin", "", "")) }
		}},
		{"identifier", func(w *world) func(int) script { return func(int) script { return w.identifier } }},
	} {
		var a, b []time.Duration
		var ratios []float64
		for range rounds {
			x, err := r.measure(ctx, few, 16, page.make(fw))
			if err != nil {
				return err
			}
			y, err := r.measure(ctx, many, 16, page.make(mw))
			if err != nil {
				return err
			}
			a, b, ratios = append(a, x.p99), append(b, y.p99), append(ratios, float64(y.p99)/float64(x.p99))
		}
		slices.Sort(a)
		slices.Sort(b)
		slices.Sort(ratios)
		r.say("| %s | %s | %s | %.2f (%.2f to %.2f) | %s |", page.name, ms(a[rounds/2]), ms(b[rounds/2]), ratios[rounds/2], ratios[0], ratios[rounds-1], atMost(ratios[rounds/2], 1.5, 1.2))
	}
	return nil
}

// anybody checks the session of somebody, each time of another.
func (w *world) anybody(reply) ([]byte, bool) {
	token := ""
	if i := rand.IntN(len(w.sessions) + w.crowded); i < len(w.sessions) {
		token = w.sessions[i]
	} else {
		token = crowdToken(i - len(w.sessions))
	}
	return request("GET", "/api/v1/session", bearer(token), ""), true
}

// identifier begins a sign-in of somebody.
func (w *world) identifier(reply) ([]byte, bool) {
	who := mail(rand.IntN(people))
	if i := rand.IntN(people + w.crowded); i >= people {
		who = fmt.Sprintf("crowd%d@example.com", i-people)
	}
	return request("POST", "/api/v1/signin", "X-Forwarded-For: 10.9.9.9\r\n", fmt.Sprintf(`{"identifier":%q}`, who)), true
}

func crowdToken(i int) string { return fmt.Sprintf("%043d", i) }

// step is how many are added in one transaction; the engine gives each 1.5 s.
const step = 2000

// crowd adds accounts, each with an address and a session, until there are n.
func (w *world) crowd(ctx context.Context, url string, n int) error {
	d, err := db.Open(ctx, url, db.Options{})
	if err != nil {
		return err
	}
	defer d.Close()
	const count = `WITH RECURSIVE n(i) AS (SELECT CAST($1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i + 1 < $2) `
	for from := 0; from < n; from += step {
		err := d.Update(ctx, func(tx db.Tx) error {
			now := tx.Now().UnixMicro()
			for _, stmt := range []string{
				`INSERT INTO account (id, state, name, lang, zone, created, changed, confirmed, signin_day, signins) SELECT 'acc_crowd' || i, 'active', 'Person', 'en', '', $3, $3, $3, 0, 0 FROM n`,
				`INSERT INTO identifier (account, kind, norm, shown, main, hosted, created, confirmed) SELECT 'acc_crowd' || i, 'email', 'crowd' || i || '@example.com', 'crowd' || i || '@example.com', 1, 0, $3, $3 FROM n`,
			} {
				if _, err := tx.Exec(ctx, count+stmt, from, from+step, now); err != nil {
					return err
				}
			}
			if d.Engine() == "postgres" {
				_, err := tx.Exec(ctx, count+`INSERT INTO session (`+sessionColumns+`) SELECT sha256(lpad(CAST(i AS TEXT), 43, '0')::bytea), 'ses_crowd' || i, 'acc_crowd' || i, `+sessionRest+` FROM n`,
					from, from+step, now, now+720*3600*1e6)
				return err
			}
			for i := from; i < from+step; i++ { // SQLite has no SHA-256 of its own
				if _, err := tx.Exec(ctx, `INSERT INTO session (`+sessionColumns+`) VALUES ($1, 'ses_crowd' || $2, 'acc_crowd' || $2, `+sessionRest+`)`,
					secret.Hash(crowdToken(i)), i, now, now+720*3600*1e6); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	w.crowded = n
	return nil
}

const (
	sessionColumns = `token, id, account, browser, door, created, auth_time, last_used, expires, acr, amr, keep, agent, addr, place`
	sessionRest    = `'b', 'web', $3, $3, $3, $4, 'urn:sekisho:acr:single', 'pwd', 0, 'Mozilla/5.0', '192.0.2.1', ''`
)
