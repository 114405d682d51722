package app

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/db"
	"sekisho/internal/flow"
	"sekisho/internal/flow/enrol"
	"sekisho/internal/flow/govern"
	"sekisho/internal/i18n"
	"sekisho/internal/org"
	"sekisho/internal/otp"
	"sekisho/internal/policy"
	"sekisho/internal/ref"
	"sekisho/internal/session"
)

const (
	staffSize = 120
	monthDays = 30
)

// The company's names, of which the rest of its people are put together.
var (
	families = []struct{ name, mail string }{{"青木", "aoki"}, {"石井", "ishii"}, {"上田", "ueda"}, {"遠藤", "endo"}, {"岡田", "okada"}, {"木村", "kimura"}, {"近藤", "kondo"}, {"斎藤", "saito"}, {"清水", "shimizu"}, {"長谷川", "hasegawa"}}
	givens   = []struct{ name, mail string }{{"愛", "ai"}, {"一輝", "kazuki"}, {"恵", "megumi"}, {"健太", "kenta"}, {"千夏", "chinatsu"}, {"直樹", "naoki"}, {"春香", "haruka"}, {"誠", "makoto"}, {"美穂", "miho"}, {"亮", "ryo"}}
)

// groups are the company's, with how many of its people are in each: the first ones.
var groups = []struct {
	name  string
	every int // each of so many is in it
}{{"営業", 3}, {"運行管理", 4}, {"情報システム", 12}, {"夜間当直", 9}}

// person is one of the company's people.
type person struct {
	account account.Account
	mail    string
	index   int
}

// staff makes the accounts.
func (s *stage) staff(ctx context.Context) ([]person, error) {
	var out []person
	for i := range staffSize {
		var name, mail string
		lang := i18n.Ja
		if i < len(people) {
			name, mail, lang = people[i].name, people[i].mail, people[i].lang
		} else {
			f, g := families[i%len(families)], givens[(i/len(families))%len(givens)]
			name, mail = f.name+" "+g.name, g.mail+"."+f.mail+"@example.com"
		}
		a, err := s.settle(ctx, name, mail, lang)
		if err != nil {
			return nil, err
		}
		out = append(out, person{a, mail, i})
	}
	return out, nil
}

// company makes the organisation, with roles, groups and policies.
func (s *stage) company(ctx context.Context, staff []person) error {
	g, by := &govern.Govern{Entry: s.Entry}, govern.By{Operator: true}
	o, err := g.Create(ctx, by, "関所運輸", staff[0].account.ID)
	if err != nil {
		return err
	}
	roles := map[int]string{1: org.Admin, 2: org.Security, 3: org.Desk, 4: org.Auditor}
	for _, p := range staff[1:] {
		role := roles[p.index]
		if role == "" {
			role = org.Plain
		}
		if err := g.Add(ctx, by, o.ID, p.account.ID, role); err != nil {
			return err
		}
	}
	for n, x := range groups {
		if _, err := g.AddGroup(ctx, by, o.ID, x.name); err != nil {
			return err
		}
		for _, p := range staff {
			if p.index%x.every != n%x.every {
				continue
			}
			if err := g.Put(ctx, by, o.ID, p.account.ID, x.name); err != nil {
				return err
			}
		}
	}
	return s.rules(ctx, g, o.ID)
}

// rules are three policies, the most particular first.
func (s *stage) rules(ctx context.Context, g *govern.Govern, o ref.Org) error {
	by := govern.By{Operator: true}
	const day = 24 * time.Hour
	for _, x := range []struct {
		policy policy.Policy
		aim    govern.Aim
	}{
		{policy.Policy{Name: "夜間当直", Address: &policy.Address{Allowed: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("2001:db8:77::/48")}}}, govern.Aim{Group: "夜間当直"}},
		{policy.Policy{Name: "情報システム", SecondFactor: &policy.SecondFactor{Demanded: true, TrustDays: 14, BackupCodes: true, GraceDays: 60},
			Session: &policy.Session{Lifetime: 7 * day, Concurrent: 5, DailySignins: 50}}, govern.Aim{Group: "情報システム"}},
		{policy.Policy{Name: "全社", Password: &policy.Password{MinLength: 8, MinLengthSingle: 15, Recent: 3}, Session: &policy.Session{Lifetime: 14 * day, Concurrent: 10, DailySignins: 50}}, govern.Aim{All: true}},
	} {
		if _, err := g.SetPolicy(ctx, by, o, x.policy, 0); err != nil {
			return err
		}
		if err := g.Assign(ctx, by, o, x.policy.Name, x.aim); err != nil {
			return err
		}
	}
	return nil
}

// event is one thing that somebody does.
type event struct {
	at      time.Time
	who     int
	machine int
	word    string
	enrols  bool
}

// month plays a month of office hours in order, so that limits and counters stand as in
// life.
func (s *stage) month(ctx context.Context, staff []person, now time.Time) error {
	luck := rand.New(rand.NewPCG(1603, 1869)) // the same month each time
	var all []event
	for _, p := range staff[1:] {
		own := p.index % len(machines)
		for range 4 + luck.IntN(12) {
			at := now.AddDate(0, 0, -1-luck.IntN(monthDays-1)).Truncate(24 * time.Hour).Add(time.Duration(luck.IntN(600)) * time.Minute) // 9 to 19 o'clock in Tokyo
			e := event{at: at, who: p.index, machine: own, word: DemoPassword}
			switch n := luck.IntN(100); {
			case n < 7:
				all = append(all, event{at: at.Add(-time.Minute), who: p.index, machine: own, word: "mistyped on a monday"})
			case n < 10:
				e.machine, e.word = luck.IntN(len(machines)), "wrong guess of a stranger"
			case n < 20:
				e.machine = luck.IntN(len(machines))
			}
			all = append(all, e)
		}
		if p.index%5 < 2 {
			all = append(all, event{at: now.AddDate(0, 0, -monthDays+p.index%20).Truncate(24 * time.Hour).Add(2 * time.Hour), who: p.index, machine: own, word: DemoPassword, enrols: true})
		}
	}
	slices.SortStableFunc(all, func(a, b event) int { return a.at.Compare(b.at) })
	open := map[int][]ref.Session{}
	for _, e := range all {
		if err := s.act(ctx, staff[e.who], e, open); err != nil {
			return err
		}
	}
	return nil
}

// act plays one event; whoever signs in has signed out elsewhere, but for some.
func (s *stage) act(ctx context.Context, p person, e event, open map[int][]ref.Session) error {
	s.at = e.at
	v := s.visitor(e.machine)
	v.Browser = ref.Browser(fmt.Sprintf("bro_demo%d_%d", p.index, e.machine))
	if before := open[p.index]; len(before) > 1 && p.index%17 != 0 {
		if err := s.DB.Update(ctx, func(tx db.Tx) error { return s.Grants.EndSessions(ctx, tx, before[0]) }); err != nil {
			return err
		}
		open[p.index] = before[1:]
	}
	here, err := s.enter(ctx, v, p.mail, e.word)
	if err != nil || here.ID == "" {
		return err
	}
	open[p.index] = append(open[p.index], here.ID)
	if _, has := s.apps[p.mail]; e.enrols && !has {
		return s.enrol(ctx, v, p.mail, here)
	}
	return nil
}

// enrol sets up an authenticator app.
func (s *stage) enrol(ctx context.Context, v flow.Visitor, mail string, here session.Session) error {
	e := &enrol.Enrol{Entry: s.Entry}
	view, err := e.App(ctx, v, here)
	if err != nil || view.Fault != nil {
		return errors.Join(err, fmt.Errorf("enrol %s: %v", mail, view.Fault))
	}
	id, sec, _ := flow.ParseHandle(view.Handle)
	v.Secret = sec
	key := otp.Key{Kind: otp.TOTP, Secret: view.Key, Algorithm: "SHA1", Digits: 6, Period: 30}
	code, _ := key.Code(s.at)
	done, err := e.ConfirmApp(ctx, v, here, id, enrol.First{Name: "認証アプリ", Code: code})
	if err != nil || done.Fault != nil {
		return errors.Join(err, fmt.Errorf("enrol %s: %v", mail, done.Fault))
	}
	s.apps[mail] = key
	return nil
}
