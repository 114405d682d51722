package audit

import (
	"context"
	"strconv"
	"strings"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/ref"
)

// Query says which rows of an organisation to read, newest first. What is left empty
// holds for all.
type Query struct {
	Account ref.Account // whom it is about
	By      string      // who did it to somebody else, or to the organisation: acc_… or "operator"
	Kinds   []string
	Code    string
	Since   time.Time // rows at or after
	Before  time.Time // rows before
	After   Cursor    // go on below this row
	Limit   int
}

// statement is SQL that grows with its arguments.
type statement struct {
	strings.Builder
	args []any
}

// bind adds an argument and gives its placeholder.
func (s *statement) bind(a any) string {
	s.args = append(s.args, a)
	return "$" + strconv.Itoa(len(s.args))
}

// Search lists an organisation's rows. Each way to ask reads one index from its newest
// row on, however many rows there are: several kinds are as many walks, joined.
func Search(ctx context.Context, r db.Reader, o ref.Org, q Query) ([]Row, error) {
	var s statement
	where := q.where(&s, r.Now(), o)
	limit := s.bind(q.Limit)
	one := func(more string) string {
		return `SELECT ` + columns + ` FROM audit WHERE ` + where + more + ` ORDER BY at DESC, reference DESC LIMIT ` + limit
	}
	switch {
	case len(q.Kinds) == 0:
		s.WriteString(one(""))
	case len(q.Kinds) == 1 || q.Account != "" || q.Code != "" || q.By != "":
		var names []string
		for _, k := range q.Kinds {
			names = append(names, s.bind(k))
		}
		s.WriteString(one(` AND kind IN (` + strings.Join(names, ", ") + `)`))
	default:
		s.WriteString(`SELECT * FROM (`)
		for i, k := range q.Kinds {
			if i > 0 {
				s.WriteString(` UNION ALL `)
			}
			s.WriteString(`SELECT * FROM (` + one(` AND kind = `+s.bind(k)) + `) x` + strconv.Itoa(i))
		}
		s.WriteString(`) x ORDER BY at DESC, reference DESC LIMIT ` + limit)
	}
	return db.List(ctx, r, scan, s.String(), s.args...)
}

func (q Query) where(s *statement, now time.Time, o ref.Org) string {
	before, reference := q.Before, ref.Reference("")
	if before.IsZero() {
		before = now.Add(time.Hour)
	}
	if !q.After.At.IsZero() && q.After.At.Before(before) {
		before, reference = q.After.At, q.After.Reference
	}
	// org <> '' says to both planners that the partial indexes may be read.
	where := `org = ` + s.bind(o) + ` AND org <> '' AND (at, reference) < (` + s.bind(before) + `, ` + s.bind(reference) + `)`
	if !q.Since.IsZero() {
		where += ` AND at >= ` + s.bind(q.Since)
	}
	if q.Account != "" {
		where += ` AND account = ` + s.bind(q.Account)
	}
	if q.By != "" {
		where += ` AND actor = ` + s.bind(q.By) + ` AND actor <> account`
	}
	if q.Code != "" {
		where += ` AND code = ` + s.bind(q.Code) + ` AND code <> ''`
	}
	return where
}

// InOrg finds the row of a reference where it is this organisation's; db.ErrNone where
// there is none, or it is another's.
func InOrg(ctx context.Context, r db.Reader, o ref.Org, reference ref.Reference) (Row, error) {
	return scan(r.QueryRow(ctx, `SELECT `+columns+` FROM audit WHERE reference = $1 AND org = $2 AND org <> ''`, reference, o))
}

// The kinds of rows that tell of decisions about entering.
const (
	Succeeded = "signin.succeeded"
	Refused   = "signin.refused"
)

// Entrance is one sign-in as a replay reads it.
type Entrance struct {
	Account   ref.Account
	Reference ref.Reference
	At        time.Time
	Kind      string
	About     string // JSON; empty where the account was erased
}

// Asked is how many accounts Entrances takes at once: about as many as have the sign-ins of
// one page, for each page looks at all of theirs.
const Asked = 20

// Span says which sign-ins to read: of at most Asked accounts, since an instant, after the
// last one read.
type Span struct {
	Of    []ref.Account
	Since time.Time
	Last  Entrance
	Limit int
}

// Entrances reads sign-ins of an organisation's members, let in or refused, by account and
// time: of each only what happened while they were its member.
func Entrances(ctx context.Context, r db.Reader, o ref.Org, q Span) ([]Entrance, error) {
	var s statement
	for i := range Asked { // always as many, so that the statement is always the same
		a := ref.Account("")
		if i < len(q.Of) {
			a = q.Of[i]
		}
		s.bind(a)
	}
	holes := make([]string, Asked)
	for i := range holes {
		holes[i] = "$" + strconv.Itoa(i+1)
	}
	s.WriteString(`SELECT account, reference, at, kind, about FROM audit WHERE account IN (` + strings.Join(holes, ", ") + `) AND at >= ` + s.bind(q.Since) +
		` AND org = ` + s.bind(o) + ` AND kind IN ('` + Succeeded + `', '` + Refused + `')
		AND (account > ` + s.bind(q.Last.Account) + ` OR account = ` + s.bind(q.Last.Account) + ` AND (at, reference) > (` + s.bind(after(q.Last.At)) + `, ` + s.bind(q.Last.Reference) + `))
		ORDER BY account, at, reference LIMIT ` + s.bind(q.Limit))
	return db.List(ctx, r, func(row db.Scanner) (e Entrance, err error) {
		err = row.Scan(&e.Account, &e.Reference, db.Time(&e.At), &e.Kind, db.Null(&e.About))
		return e, err
	}, s.String(), s.args...)
}

func after(at time.Time) int64 {
	if at.IsZero() {
		return 0
	}
	return at.UnixMicro()
}

// hour is what rows are counted by.
type hour struct {
	org        ref.Org
	hour       int64
	kind, code string
}

// count adds the sign-ins among rows that are being linked to what was counted.
func count(ctx context.Context, tx db.Tx, rows []Row) error {
	n := map[hour]int64{}
	for _, r := range rows {
		if r.Org != "" && strings.HasPrefix(r.Kind, "signin.") {
			n[hour{r.Org, r.At.Unix() / 3600, r.Kind, r.Code}]++
		}
	}
	for h, k := range n {
		if _, err := tx.Exec(ctx, `INSERT INTO audit_hour (org, hour, kind, code, n) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (org, hour, kind, code) DO UPDATE SET n = audit_hour.n + excluded.n`, h.org, h.hour, h.kind, h.code, k); err != nil {
			return err
		}
	}
	return nil
}

// Counted is how many rows of one kind there were in an hour.
type Counted struct {
	Hour       time.Time
	Kind, Code string
	N          int64
}

// Counts are an organisation's sign-ins and refusals by the hour. What waits to be
// linked, about a second, is not counted yet.
func Counts(ctx context.Context, r db.Reader, o ref.Org, since time.Time) ([]Counted, error) {
	return db.List(ctx, r, func(s db.Scanner) (c Counted, err error) {
		var h int64
		err = s.Scan(&h, &c.Kind, &c.Code, &c.N)
		c.Hour = time.Unix(h*3600, 0).UTC()
		return c, err
	}, `SELECT hour, kind, code, n FROM audit_hour WHERE org = $1 AND hour >= $2 ORDER BY hour, kind, code`, o, since.Unix()/3600)
}

// Part finds one member of the row's JSON by its name, and is what stands behind it to the
// row's end; empty where there is none, as where the account was erased. A million rows are
// read so: what is not looked at is not taken apart. A name in quotes with a colon stands
// nowhere but as a name, for within texts quotes are escaped.
func (e Entrance) Part(name string) string {
	_, rest, _ := strings.Cut(e.About, `"`+name+`":`)
	return rest
}

// Word is a member that is a text without escapes.
func (e Entrance) Word(name string) string {
	word, _, ok := strings.Cut(strings.TrimPrefix(e.Part(name), `"`), `"`)
	if !ok || strings.Contains(word, `\`) {
		return ""
	}
	return word
}
