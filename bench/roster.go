package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/app"
	"sekisho/internal/db"
	"sekisho/internal/i18n"
	"sekisho/internal/org"
	"sekisho/internal/roster"
)

// members is how many are in the organisation whose list is measured.
const members = 100_000

// What they are called: names as they are, so that many begin alike.
var (
	surnames = []string{"Sato", "Suzuki", "Takahashi", "Tanaka", "Watanabe", "Ito", "Smith", "Johnson", "Williams", "Brown", "Garcia", "佐藤", "鈴木", "高橋", "田中", "渡辺", "伊藤", "山本", "中村", "小林"}
	givens   = []string{"Hana", "Ken", "Yui", "Sota", "Mei", "James", "Mary", "Robert", "Linda", "Ada", "花子", "太郎", "一郎", "美咲", "翔太", "陽菜", "蓮", "結衣", "大輔", "恵子"}
)

// roster measures how long the list of an organisation's members takes, in this process:
// the first page, pages further on, searches and filters among 100,000.
func (r *report) roster(ctx context.Context, p place) (err error) {
	if !strings.Contains("members", r.only) {
		return nil
	}
	url, err := p.database("roster")
	if err != nil {
		return err
	}
	c, err := app.LoadConfig("", false, []string{"SEKISHO_DATABASE=" + url, "SEKISHO_DATA=" + p.data, "SEKISHO_URL=http://localhost"})
	if err != nil {
		return err
	}
	a, err := app.Open(ctx, c, app.Options{Log: io.Discard})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	o, err := gathered(ctx, a)
	if err != nil {
		return err
	}
	r.say("\nAmong %s members of one organisation, one query after another (p99 must 50 ms):\n", groups(members))
	r.say("| | p50 | p99 | |\n|---|---|---|---|")
	pick := func(list []string) string { return list[rand.IntN(len(list))] }
	for _, x := range []struct {
		name  string
		query func() roster.Query
	}{
		{"first page", func() roster.Query { return roster.Query{} }},
		{"first page, by address", func() roster.Query { return roster.Query{Sort: roster.Address} }},
		{"first page, newest first", func() roster.Query { return roster.Query{Sort: roster.Newest} }},
		{"search, one letter", func() roster.Query { return roster.Query{Find: string([]rune(pick(givens))[:1])} }},
		{"search, a name", func() roster.Query { return roster.Query{Find: pick(surnames)} }},
		{"search, two names", func() roster.Query { return roster.Query{Find: pick(surnames) + " " + pick(givens)} }},
		{"search, an address", func() roster.Query { return roster.Query{Find: fmt.Sprintf("m%05d", rand.IntN(members))} }},
		{"search, nobody", func() roster.Query { return roster.Query{Find: "zzz" + pick(givens)} }},
		{"without a second factor", func() roster.Query { return roster.Query{Without: true} }},
		{"deactivated (a hundred)", func() roster.Query { return roster.Query{State: roster.Inactive} }},
		{"admins (ten)", func() roster.Query { return roster.Query{Role: org.Admin} }},
	} {
		var all []time.Duration
		for begun := time.Now(); len(all) < 200 || time.Since(begun) < r.span; {
			q := x.query()
			q.Org = o.ID
			at := time.Now()
			if err := a.DB.View(ctx, func(tx db.ReadTx) error { _, err := roster.List(ctx, tx, q); return err }); err != nil {
				return err
			}
			all = append(all, time.Since(at))
		}
		slices.Sort(all)
		p50, p99 := all[len(all)/2], all[len(all)*99/100]
		r.say("| %s | %s | %s | %s |", x.name, ms(p50), ms(p99), atMost(p99.Seconds()*1000, 50, 0))
	}
	return nil
}

// gathered makes the organisation.
func gathered(ctx context.Context, a *app.App) (o org.Org, err error) {
	if err := a.DB.Update(ctx, func(tx db.Tx) error { o, err = org.Create(ctx, tx, "Bench"); return err }); err != nil {
		return o, err
	}
	const batch = 20
	for from := 0; from < members; from += batch {
		err := a.DB.Update(ctx, func(tx db.Tx) error {
			for i := from; i < from+batch; i++ {
				id, err := account.ParseEmail(fmt.Sprintf("m%05d@example.com", i))
				if err != nil {
					return err
				}
				name := surnames[i%len(surnames)] + " " + givens[i/len(surnames)%len(givens)]
				one, err := account.Create(ctx, tx, account.New{Name: name, Lang: i18n.En, Identifiers: []account.Identifier{id}, Confirmed: true})
				if err != nil {
					return err
				}
				role := org.Plain
				if i%(members/10) == 0 {
					role = org.Admin
				}
				if err := org.Add(ctx, tx, o.ID, one.ID, role); err != nil {
					return err
				}
				if i%(members/100) == 7 {
					m, err := org.MemberOf(ctx, tx, o.ID, one.ID)
					if err == nil {
						err = org.SetInactive(ctx, tx, m, true)
					}
					if err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			return o, err
		}
	}
	return o, nil
}
