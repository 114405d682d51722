// Package roster lists an organisation's members as its admins read them: filtered,
// found by the beginnings of words, sorted, page by page.
//
// It only reads, in one statement a page, and begins from the order in which the page
// stands, so that 100,000 members are no more work than fifty. It decides nothing.
package roster

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"strconv"
	"strings"
	"time"

	"sekisho/internal/account"
	"sekisho/internal/db"
	"sekisho/internal/device"
	"sekisho/internal/factor/passkey"
	"sekisho/internal/factor/smscode"
	"sekisho/internal/factor/totp"
	"sekisho/internal/org"
	"sekisho/internal/ref"
)

// State is how a member stands, as the list tells it.
type State string

// The states there are. Locked is by its owner; Contained is "this was not me".
const (
	Active    State = "active"
	Inactive  State = "inactive" // deactivated by the organisation
	Locked    State = "locked"
	Contained State = "contained"
	Disabled  State = "disabled" // closed by the operator
	Deleted   State = "deleted"  // by the organisation, or whoever else may
)

// States are those by which a list is filtered.
var States = []State{Active, Inactive, Locked, Contained, Disabled, Deleted}

// Sort is the order of a list.
type Sort string

// The orders there are.
const (
	Name    Sort = "name"
	Address Sort = "address"
	Newest  Sort = "newest" // who joined last comes first
)

// Sorts are all of them.
var Sorts = []Sort{Name, Address, Newest}

// PageRows is how many members a page has.
const PageRows = 50

// Query is which members, in which order. The zero Query of an organisation is all, by name.
type Query struct {
	Org     ref.Org
	Find    string // beginnings of words of names and addresses; they come in the order of what was found
	State   State
	Role    string
	Group   ref.Group
	Without bool   // those without a second factor
	Sort    Sort   // empty: Name
	After   string // Next of the page before
	Rows    int    // 0: PageRows
}

// Row is one member.
type Row struct {
	Account    ref.Account
	Name       string
	Email      string
	Role       string // a built-in one, or the ID of one the organisation made
	State      State
	Second     bool // a second factor is on
	Groups     []ref.Group
	Joined     time.Time
	LastSignin time.Time // zero: never
	EraseAt    time.Time // Deleted: when nothing is left
	at         []byte    // where it stands in the order
}

// Page is one page of a list.
type Page struct {
	List []Row
	Next string // Query.After of the page that follows; empty: there is none
}

// mostTyped is how much of what somebody types is looked at.
const mostTyped = 100

const second = `(` + device.Held + ` OR ` + totp.Held + ` OR ` + passkey.Held + ` OR ` + smscode.Held + `)`

// statement is a statement in the making.
type statement struct {
	where []string
	args  []any
}

func (s *statement) arg(a any) string {
	s.args = append(s.args, a)
	return "$" + strconv.Itoa(len(s.args))
}

func (s *statement) and(text string) { s.where = append(s.where, text) }

// List reads one page.
func List(ctx context.Context, r db.Reader, q Query) (p Page, err error) {
	rows := q.Rows
	if rows <= 0 {
		rows = PageRows
	}
	var s statement
	order, from := s.begin(q)
	s.filter(q, r.Now())
	list, err := db.List(ctx, r, func(sc db.Scanner) (Row, error) { return scan(sc, r.Now(), order.found) },
		`SELECT `+order.text+`m.account, m.role, m.inactive, m.joined, m.in_groups, a.name, a.state, a.last_signin, a.erase_at,
			a.contained, a.locked, a.lock_ends, e.shown, CASE WHEN `+second+` THEN 1 ELSE 0 END`+from+`
			LEFT JOIN identifier e ON e.account = a.id AND e.kind = 'email' AND e.main = 1
		WHERE `+strings.Join(s.where, ` AND `)+` ORDER BY `+order.by+` LIMIT `+strconv.Itoa(rows+1), s.args...)
	if err != nil {
		return p, err
	}
	if len(list) > rows {
		list = list[:rows]
		p.Next = list[rows-1].cursor()
	}
	p.List = list
	return p, nil
}

type order struct {
	text, by string
	found    bool // the text stands in the row
}

// begin says where the list begins: its order is that of an index.
func (s *statement) begin(q Query) (o order, from string) {
	at, after := q.after()
	if q.Sort == Newest && Words(q.Find) == nil {
		s.and(`m.org = ` + s.arg(q.Org))
		if len(at) == 8 {
			joined := s.arg(int64(binary.BigEndian.Uint64(at)))
			s.and(`(m.joined < ` + joined + ` OR m.joined = ` + joined + ` AND m.account < ` + s.arg(after) + `)`)
		}
		s.and(`a.id = m.account`)
		return order{by: `m.joined DESC, m.account DESC`}, ` FROM org_member m CROSS JOIN account a`
	}
	kind := org.ListName
	if q.Sort == Address {
		kind = org.ListAddress
	}
	found := Words(q.Find)
	if found != nil {
		kind = org.ListWord
	}
	s.and(`f.org = ` + s.arg(q.Org))
	s.and(`f.kind = ` + s.arg(kind))
	for i, w := range found {
		s.begins(w, i == 0)
	}
	if after != "" {
		s.and(`(f.text, f.account) > (` + s.arg(at) + `, ` + s.arg(after) + `)`)
	}
	s.and(`m.account = f.account`)
	s.and(`a.id = f.account`)
	from = ` FROM org_find f CROSS JOIN org_member m CROSS JOIN account a`
	// Few are deactivated or have something to do: they are looked up and sorted, for the
	// whole list would be walked until there are fifty of them.
	if found == nil && (q.State == Inactive || q.Role != "" && q.Role != org.Plain) {
		s.and(`m.org = f.org`)
		s.and(`m.org = ` + s.arg(q.Org))
		from = ` FROM org_member m CROSS JOIN org_find f CROSS JOIN account a`
		if q.Role != "" {
			s.and(`m.role <> '` + org.Plain + `'`) // what the index is of
		}
	}
	return order{`f.text, `, `f.text, f.account`, true}, from
}

// begins asks for a word that begins so. The list stands in the order of the first, which
// is the longest; who is found by two of their words is shown at the first.
func (s *statement) begins(prefix []byte, first bool) {
	within := func(table string) string {
		text := table + `.text >= ` + s.arg(prefix)
		if end := org.After(prefix); end != nil {
			text += ` AND ` + table + `.text < ` + s.arg(end)
		}
		return text
	}
	other := `SELECT 1 FROM org_find g WHERE g.account = f.account AND g.kind = ` + s.arg(org.ListWord) + ` AND ` + within("g")
	if !first {
		s.and(`EXISTS (` + other + `)`)
		return
	}
	s.and(within("f"))
	s.and(`NOT EXISTS (` + other + ` AND g.text < f.text)`)
}

// Words are the beginnings that somebody typed, the longest first; nil where there are none.
func Words(typed string) (out [][]byte) {
	if len(typed) > mostTyped {
		typed = strings.ToValidUTF8(typed[:mostTyped], "")
	}
	for _, w := range strings.Fields(org.Fold(typed)) {
		i := 0
		for i < len(out) && len(out[i]) >= len(w) {
			i++
		}
		out = append(out[:i], append([][]byte{[]byte(w)}, out[i:]...)...)
	}
	return out[:min(len(out), 5)]
}

func (s *statement) filter(q Query, now time.Time) {
	if q.Role != "" {
		s.and(`m.role = ` + s.arg(q.Role))
	}
	if q.Group != "" {
		s.and(`m.in_groups LIKE ` + s.arg("%"+string(q.Group)+"%"))
	}
	if q.Without {
		s.and(`NOT ` + second)
	}
	locked := func() string {
		return `(a.locked IS NOT NULL AND (a.lock_ends IS NULL OR a.lock_ends > ` + s.arg(now) + `))`
	}
	switch q.State {
	case "":
	case Inactive:
		s.and(`m.inactive = 1`)
	case Locked:
		s.and(locked())
	case Contained:
		s.and(`a.contained IS NOT NULL`)
	case Active:
		s.and(`m.inactive = 0 AND a.state = 'active' AND a.contained IS NULL AND NOT ` + locked())
	default:
		s.and(`a.state = ` + s.arg(string(q.State)))
	}
}

func scan(s db.Scanner, now time.Time, found bool) (r Row, err error) {
	var a account.Account
	var inactive, has bool
	var groups, shown string
	dest := []any{&r.Account, &r.Role, db.Bool(&inactive), db.Time(&r.Joined), &groups, &a.Name, &a.State, db.Time(&r.LastSignin), db.Time(&r.EraseAt),
		db.Time(&a.Contained), db.Time(&a.LockedAt), db.Time(&a.LockEnds), db.Null(&shown), db.Bool(&has)}
	if found {
		dest = append([]any{&r.at}, dest...)
	}
	err = s.Scan(dest...)
	r.Name, r.Email, r.Second = a.Name, shown, has
	for _, g := range strings.Fields(groups) {
		r.Groups = append(r.Groups, ref.Group(g))
	}
	r.State = StateOf(a, inactive, now)
	if !found {
		r.at = binary.BigEndian.AppendUint64(nil, uint64(r.Joined.UnixMicro()))
	}
	return r, err
}

// StateOf is how a member stands. What shuts them out most comes first.
func StateOf(a account.Account, inactive bool, now time.Time) State {
	switch {
	case a.State == account.Deleted:
		return Deleted
	case a.State == account.Disabled:
		return Disabled
	case inactive:
		return Inactive
	case !a.Contained.IsZero():
		return Contained
	case a.Locked(now):
		return Locked
	}
	return Active
}

// cursor names the place behind a row.
func (r Row) cursor() string {
	return base64.RawURLEncoding.EncodeToString(append(append([]byte(r.Account), 0), r.at...))
}

func (q Query) after() (at []byte, a ref.Account) {
	if len(q.After) > 4096 {
		return nil, ""
	}
	b, err := base64.RawURLEncoding.DecodeString(q.After)
	if err != nil {
		return nil, ""
	}
	id, at, ok := bytes.Cut(b, []byte{0})
	if !ok {
		return nil, ""
	}
	return at, ref.Account(id)
}

// Names reads what members are called; who is none of the organisation's is left out.
func Names(ctx context.Context, r db.Reader, o ref.Org, ids []string) ([]string, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	s := statement{}
	here := s.arg(o)
	var marks []string
	for _, id := range ids {
		marks = append(marks, s.arg(id))
	}
	return db.List(ctx, r, func(sc db.Scanner) (name string, err error) { err = sc.Scan(&name); return name, err },
		`SELECT a.name FROM org_member m JOIN account a ON a.id = m.account WHERE m.org = `+here+` AND m.account IN (`+strings.Join(marks, ", ")+`) ORDER BY a.name`, s.args...)
}
