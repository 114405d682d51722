package app

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/audit"
	"sekisho/internal/client"
	"sekisho/internal/db"
	"sekisho/internal/factor/password"
	"sekisho/internal/flow"
	"sekisho/internal/flow/change"
	"sekisho/internal/flow/consent"
	"sekisho/internal/flow/join"
	"sekisho/internal/flow/signin"
	"sekisho/internal/gate"
	"sekisho/internal/i18n"
	"sekisho/internal/netx"
	"sekisho/internal/otp"
	"sekisho/internal/ref"
	"sekisho/internal/session"
	"sekisho/internal/slowhash"
	"sekisho/internal/ua"
)

// DemoPassword opens every account that Demo makes.
const DemoPassword = "three paper cranes unfold"

// ErrNotFresh is a data folder that has accounts already.
var ErrNotFresh = errors.New("there are accounts in this data folder; demo fills a fresh one only")

// people are those whom others are told apart from.
var people = []struct {
	name, mail string
	lang       i18n.Lang
}{
	{"佐藤 花", "hana@example.com", i18n.Ja}, {"Tom Berger", "tom@example.com", i18n.En}, {"鈴木 一郎", "ichiro@example.com", i18n.Ja}, {"高橋 美咲", "misaki@example.com", i18n.Ja},
	{"田中 健", "ken@example.com", i18n.Ja}, {"Amélie Dubois", "amelie@example.com", i18n.En}, {"伊藤 さくら", "sakura@example.com", i18n.Ja}, {"渡辺 大輔", "daisuke@example.com", i18n.Ja},
	{"山本 結衣", "yui@example.com", i18n.Ja}, {"Priya Nair", "priya@example.com", i18n.En}, {"中村 翔", "sho@example.com", i18n.Ja}, {"小林 陽子", "yoko@example.com", i18n.Ja},
	{"加藤 蓮", "ren@example.com", i18n.Ja}, {"Lars Nygård", "lars@example.com", i18n.En}, {"吉田 葵", "aoi@example.com", i18n.Ja}, {"山田 太郎", "taro@example.com", i18n.Ja},
	{"佐々木 凛", "rin@example.com", i18n.Ja}, {"Zoë Okafor", "zoe@example.com", i18n.En}, {"山口 拓海", "takumi@example.com", i18n.Ja}, {"松本 七海", "nanami@example.com", i18n.Ja},
}

// machines are what they sit at.
var machines = []struct{ agent, addr, place string }{
	{"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0", "203.0.113.20", "東京都, 日本"},
	{"Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1", "198.51.100.7", "横浜市, 日本"},
	{"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Safari/605.1.15", "203.0.113.88", "大阪市, 日本"},
	{"Mozilla/5.0 (Linux; Android 16; Pixel 10) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36", "2001:db8:77::5", "京都市, 日本"},
	{"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36", "192.0.2.44", "Berlin, Germany"},
}

// stage makes things happen at chosen times, through the same journeys as life.
type stage struct {
	*App
	at     time.Time
	signin *signin.Signin
	change *change.Change
	apps   map[string]otp.Key // the authenticator app of an address
}

// Demo fills a fresh data folder with a company: its accounts and groups, three policies,
// a month of sign-ins and refusals, so that every page has life.
func Demo(ctx context.Context, c *Config, o Options) error {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	now := o.Clock()
	st := &stage{at: now.AddDate(0, 0, -monthDays-1)}
	o.Clock = func() time.Time { return st.at }
	a, err := Open(ctx, c, o)
	if err != nil {
		return err
	}
	st.App = a
	// Everybody knows the password. The first sign-in to the real program hashes it as it should be.
	a.Entry.Hasher = slowhash.NewHasher(slowhash.Cost{MemoryKiB: 64, Passes: 1, Threads: 1}, 0, 0)
	st.signin, st.change, st.apps = &signin.Signin{Entry: a.Entry}, &change.Change{Entry: a.Entry}, map[string]otp.Key{}
	return errors.Join(st.play(ctx, now), a.Close())
}

func (s *stage) play(ctx context.Context, now time.Time) error {
	var any bool
	if err := s.DB.View(ctx, func(tx db.ReadTx) (err error) { any, err = account.Any(ctx, tx); return err }); err != nil {
		return err
	}
	if any {
		return ErrNotFresh
	}
	staff, err := s.staff(ctx)
	if err != nil {
		return err
	}
	apps, err := s.register(ctx)
	if err != nil {
		return err
	}
	if err := s.company(ctx, staff); err != nil {
		return err
	}
	if err := s.month(ctx, staff, now); err != nil {
		return err
	}
	return s.hana(ctx, now, apps)
}

// hana is the account to look at: three sessions, two apps, a few refusals, a
// changed name.
func (s *stage) hana(ctx context.Context, now time.Time, apps []client.Client) error {
	mail := people[0].mail
	var here session.Session
	for _, x := range []struct {
		ago     time.Duration
		machine int
		word    string
	}{{100 * time.Hour, 2, DemoPassword}, {75 * time.Hour, 4, "wrong guess of a stranger"}, {74 * time.Hour, 4, "another guess"}, {26 * time.Hour, 1, DemoPassword},
		{3 * time.Hour, 0, "mistyped on a monday"}, {3*time.Hour - time.Minute, 0, DemoPassword}} {
		s.at = now.Add(-x.ago)
		o, err := s.enter(ctx, s.visitor(x.machine), mail, x.word)
		if err != nil {
			return err
		}
		if o.ID != "" {
			here = o
		}
	}
	for i, app := range apps {
		s.at = now.Add(-time.Duration(150-i*25) * time.Minute)
		if err := s.connect(ctx, here, app); err != nil {
			return err
		}
	}
	s.at = now.Add(-40 * time.Minute)
	_, err := s.change.Profile(ctx, s.visitor(0), here, change.Profile{Name: people[0].name, Lang: i18n.Ja, Zone: "Asia/Tokyo"})
	if err != nil {
		return err
	}
	s.at = now
	_, err = audit.Chain{Ring: s.Ring}.Seal(ctx, s.DB)
	return err
}

func (s *stage) settle(ctx context.Context, name, mail string, lang i18n.Lang) (made account.Account, err error) {
	id, err := account.ParseEmail(mail)
	if err != nil {
		return made, err
	}
	word, f, err := s.Entry.NewPassword(ctx, account.Account{Name: name}, DemoPassword)
	if err != nil || f != nil {
		return made, fmt.Errorf("demo password: %v %w", f, err)
	}
	err = s.DB.Update(ctx, func(tx db.Tx) (err error) {
		made, err = account.Create(ctx, tx, account.New{Name: name, Lang: lang, Identifiers: []account.Identifier{id}, Confirmed: true})
		if err != nil {
			return err
		}
		if err := errors.Join(password.Set(ctx, tx, made.ID, word.Stored()), join.EndOwnerKey(ctx, tx)); err != nil {
			return err
		}
		_, err = audit.Write(ctx, tx, audit.Event{Kind: "account.created", Account: made.ID, Actor: "operator"})
		return err
	})
	return made, err
}

func (s *stage) visitor(machine int) flow.Visitor {
	m := machines[machine]
	addr := netip.MustParseAddr(m.addr)
	return flow.Visitor{Door: gate.Web, Browser: ref.Browser(fmt.Sprintf("bro_demo%d", machine)), Proven: true, Addr: addr, Network: netx.Bucket(addr),
		Agent: m.agent, Program: ua.Parse(m.agent).String(), Place: m.place, Lang: i18n.Ja}
}

// enter signs in with a password, and with a code of the app where there is one; the
// zero session where it was refused.
func (s *stage) enter(ctx context.Context, v flow.Visitor, mail, word string) (session.Session, error) {
	view, err := s.signin.Start(ctx, v, signin.Ask{Identifier: mail})
	if err != nil {
		return session.Session{}, err
	}
	id := view.ID
	view, err = s.signin.Answer(ctx, v, id, signin.Answer{Kind: "password", Value: word, Keep: true})
	if err == nil && view.Step == signin.Second {
		code, _ := s.apps[mail].Code(s.at)
		view, err = s.signin.Answer(ctx, v, id, signin.Answer{Kind: "totp", Value: code, Keep: true})
	}
	if err != nil || view.Opened == nil {
		return session.Session{}, err
	}
	return view.Opened.Session, nil
}

func (s *stage) register(ctx context.Context) ([]client.Client, error) {
	var out []client.Client
	err := s.DB.Update(ctx, func(tx db.Tx) error {
		out = nil
		for _, name := range []string{"Wiki", "写真アルバム"} {
			c, _, err := client.Create(ctx, tx, client.Client{Name: name, Confidential: true, Redirects: []string{"https://app.example.com/callback"},
				Scopes: client.Scopes, Grants: []string{client.Code, client.Refresh}, Alg: "ES256"})
			if err != nil {
				return err
			}
			out = append(out, c)
		}
		return nil
	})
	return out, err
}

func (s *stage) connect(ctx context.Context, here session.Session, app client.Client) error {
	c := &consent.Consent{Entry: s.Entry}
	v := s.visitor(0)
	id, err := c.Start(ctx, v, consent.Ask{Client: app.ID, Redirect: app.Redirects[0], Scope: []string{"openid", "profile", "email"}})
	if err != nil {
		return err
	}
	got, err := c.Next(ctx, v, id, here, consent.Choice{Agreed: true, As: here.Account})
	if err == nil && got.Step != consent.Granted {
		err = fmt.Errorf("connect %s: it stopped at %q", app.Name, got.Step)
	}
	return err
}
