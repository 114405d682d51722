package explain

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/audit"
	"sekisho/internal/db"
	"sekisho/internal/gate"
	"sekisho/internal/org"
	"sekisho/internal/ready"
	"sekisho/internal/ref"
)

// Figures are how the members of an organisation stand. Who is deactivated, or may not
// sign in, is counted as that alone.
type Figures struct {
	At       time.Time          `json:"at"`
	Members  int                `json:"members"`
	Out      int                `json:"out"`      // deactivated, or may not sign in
	Second   int                `json:"second"`   // have a second factor
	Kinds    map[gate.Kind]int  `json:"kinds"`    // how many have which
	Demanded int                `json:"demanded"` // of whom one is demanded
	Missing  int                `json:"missing"`  // of those, who have none that counts
	Safe     int                `json:"safe"`     // get back in, whatever one thing they lose
	Losses   map[ready.Loss]int `json:"losses"`   // whom each loss would lock out
	Owners   int                `json:"owners"`   // who can sign in
	Quiet    int                `json:"quiet"`    // have not signed in for ninety days
}

// Active are those who can sign in.
func (f Figures) Active() int { return f.Members - f.Out }

// few is up to how many members are counted when a page asks; more of them are counted
// once a day.
const few = 150

// Count counts members, a few at a time.
func (x *Explain) Count(ctx context.Context, o ref.Org) (Figures, error) {
	f := Figures{Kinds: map[gate.Kind]int{}, Losses: map[ready.Loss]int{}}
	for last := ref.Account(""); ; {
		var list []org.Member
		page := Figures{Kinds: map[gate.Kind]int{}, Losses: map[ready.Loss]int{}}
		err := x.DB.View(ctx, func(r db.ReadTx) (err error) {
			f.At = r.Now()
			if list, err = org.Members(ctx, r, o, last, 20); err != nil {
				return err
			}
			for _, m := range list {
				if err := x.countOne(ctx, r, m, &page); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || len(list) == 0 {
			return f, err
		}
		f.add(page)
		last = list[len(list)-1].Account
	}
}

func (f *Figures) add(o Figures) {
	f.Members, f.Out, f.Second, f.Demanded, f.Missing = f.Members+o.Members, f.Out+o.Out, f.Second+o.Second, f.Demanded+o.Demanded, f.Missing+o.Missing
	f.Safe, f.Owners, f.Quiet = f.Safe+o.Safe, f.Owners+o.Owners, f.Quiet+o.Quiet
	for k, n := range o.Kinds {
		f.Kinds[k] += n
	}
	for l, n := range o.Losses {
		f.Losses[l] += n
	}
}

func (x *Explain) countOne(ctx context.Context, r db.Reader, m org.Member, f *Figures) error {
	a, err := account.Of(ctx, r, m.Account)
	if errors.Is(err, db.ErrNone) {
		return nil
	}
	if err != nil {
		return err
	}
	f.Members++
	if m.Inactive || a.State != account.Active {
		f.Out++
		return nil
	}
	set, err := x.SetOf(ctx, r, a)
	if err != nil {
		return err
	}
	if m.Role == org.Owner {
		f.Owners++
	}
	if a.LastSignin.Before(r.Now().AddDate(0, 0, -90)) && m.Joined.Before(r.Now().AddDate(0, 0, -90)) {
		f.Quiet++
	}
	if set.On() {
		f.Second++
	}
	has := set.Seconds()
	for _, k := range has {
		f.Kinds[k]++
	}
	if set.Rules.SecondFactor.Demanded {
		f.Demanded++
		if !slices.ContainsFunc(has, func(k gate.Kind) bool { return gate.Switches(k) && gate.Permits(set.Rules, k) }) {
			f.Missing++
		}
	}
	report := x.Ready(a, set)
	if report.Whole() {
		f.Safe++
	}
	for _, fate := range report.Fates {
		if fate.Outcome == ready.Locked {
			f.Losses[fate.Loss]++
		}
	}
	return nil
}

// FiguresOf are an organisation's: counted now where its members are few, else those of
// the last count; nil when there was none yet.
func (x *Explain) FiguresOf(ctx context.Context, o ref.Org) (*Figures, error) {
	many := false
	var body string
	err := x.DB.View(ctx, func(r db.ReadTx) (err error) {
		if many, err = crowded(ctx, r, o); err != nil || !many {
			return err
		}
		err = r.QueryRow(ctx, `SELECT body FROM org_figures WHERE org = $1`, o).Scan(&body)
		if errors.Is(err, db.ErrNone) {
			err = nil
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if !many {
		f, err := x.Count(ctx, o)
		return &f, err
	}
	if body == "" {
		return nil, nil
	}
	var f Figures
	return &f, json.Unmarshal([]byte(body), &f)
}

func crowded(ctx context.Context, r db.Reader, o ref.Org) (bool, error) {
	var n int64
	err := r.QueryRow(ctx, `SELECT count(*) FROM (SELECT 1 FROM org_member WHERE org = $1 LIMIT $2) x`, o, few+1).Scan(&n)
	return n > few, err
}

// daily is how often an organisation of many is counted; one node does it.
const daily = 24 * time.Hour

// Recount counts the organisations of many members whose day is over.
func (x *Explain) Recount(ctx context.Context) error {
	var due []ref.Org
	err := x.DB.View(ctx, func(r db.ReadTx) (err error) {
		due, err = db.List(ctx, r, func(s db.Scanner) (o ref.Org, err error) { err = s.Scan(&o); return o, err },
			`SELECT o.id FROM org o LEFT JOIN org_figures f ON f.org = o.id WHERE (f.began IS NULL OR f.began < $1)
			AND (SELECT count(*) FROM (SELECT 1 FROM org_member m WHERE m.org = o.id LIMIT $2) x) > $3 LIMIT 100`, r.Now().Add(-daily), few+1, few)
		return err
	})
	if err != nil {
		return err
	}
	for _, o := range due {
		err := x.DB.Update(ctx, func(tx db.Tx) error {
			return tx.One(ctx, `INSERT INTO org_figures (org, began, body) VALUES ($1, $2, '') ON CONFLICT (org) DO UPDATE SET began = excluded.began WHERE org_figures.began < $3`,
				o, tx.Now(), tx.Now().Add(-daily))
		})
		if errors.Is(err, db.ErrNone) {
			continue // another node counts it
		}
		if err != nil {
			return err
		}
		f, err := x.Count(ctx, o)
		if err != nil {
			return err
		}
		body, err := json.Marshal(f)
		if err != nil {
			return err
		}
		if err := x.DB.Update(ctx, func(tx db.Tx) error {
			return tx.One(ctx, `UPDATE org_figures SET body = $2 WHERE org = $1`, o, string(body))
		}); err != nil && !errors.Is(err, db.ErrNone) {
			return err
		}
	}
	return nil
}

// Month is the sign-ins of the last thirty days.
type Month struct {
	Days  []Day
	Codes []Coded // refusals, the most frequent first
	In    int64
	Out   int64
}

// Day is one of them.
type Day struct {
	Begins  time.Time
	In, Out int64
}

// Coded is how often something was refused.
type Coded struct {
	Code string
	N    int64
}

const monthDays = 30

// MonthOf counts the sign-ins of an organisation by the day, where the server lives.
func (x *Explain) MonthOf(ctx context.Context, o ref.Org) (m Month, err error) {
	err = x.DB.View(ctx, func(r db.ReadTx) error {
		m = Month{}
		today := x.Day(r.Now())
		for i := monthDays - 1; i >= 0; i-- {
			m.Days = append(m.Days, Day{Begins: today.AddDate(0, 0, -i)})
		}
		counts, err := audit.Counts(ctx, r, o, m.Days[0].Begins)
		codes := map[string]int64{}
		for _, c := range counts {
			i := monthDays - 1
			for i > 0 && c.Hour.Before(m.Days[i].Begins) {
				i--
			}
			switch {
			case c.Kind == audit.Succeeded:
				m.Days[i].In += c.N
				m.In += c.N
			case c.Code != "":
				m.Days[i].Out += c.N
				m.Out += c.N
				codes[c.Code] += c.N
			}
		}
		for code, n := range codes {
			m.Codes = append(m.Codes, Coded{code, n})
		}
		slices.SortFunc(m.Codes, func(a, b Coded) int {
			if a.N != b.N {
				return int(b.N - a.N)
			}
			if a.Code < b.Code {
				return -1
			}
			return 1
		})
		return err
	})
	return m, err
}
