package admin

import (
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/faults"
	"sekisho/internal/flow/govern"
	"sekisho/internal/org"
	"sekisho/internal/ref"
	"sekisho/internal/roster"
	"sekisho/internal/web"
)

// Pages of members in a table.
type (
	// ImportAsk takes a file.
	ImportAsk struct{}
	// ImportShow says line by line what a file would do, and what came of it.
	ImportShow struct {
		ID      ref.Import
		Foreign bool // it was Shift_JIS
		Change  int  // lines that would change a member
		Invite  int  // that would invite somebody
		Same    int
		Bad     int // that cannot be used
		Done    int
		Failed  int // of those that were applied
		List    []ImportRow
		Next    int // the line after which the next page begins; 0: there is none
		First   bool
		Applied bool // a moment ago
	}
	// ImportRow is one line.
	ImportRow struct {
		N       int
		Whom    string
		Account ref.Account
		Plan    string // same, change or invite; else Code says why not
		Code    string
		Outcome string // "": not applied, "done"; else Code
		Role    RoleName
		State   string // that it sets
		Groups  []string
		Sets    bool // it sets the groups
	}
)

// Left says how many lines wait to be applied.
func (p ImportShow) Left() int { return p.Change + p.Invite - p.Done - p.Failed }

// exportRows is how many members are read at once.
const exportRows = 500

// membersExport writes the members that the list shows as a table, as they are read.
func (d *Door) membersExport(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	var sought roster.Query
	groups := map[ref.Group]string{}
	roles := map[string]string{}
	err = d.view(ctx, func(tx db.ReadTx) error {
		p, s, err := d.asked(ctx, tx, r, q)
		sought = s
		for _, g := range p.Groups {
			groups[ref.Group(g.ID)] = g.Name.Named
		}
		for _, x := range p.Roles {
			roles[x.ID] = cmp.Or(x.Name.Builtin, x.Name.Named)
		}
		return err
	})
	if err != nil {
		return web.Response{}, err
	}
	sought.After, sought.Rows = "", exportRows
	return web.Response{Status: 200, Type: "text/csv; charset=utf-8", Header: map[string]string{"Content-Disposition": `attachment; filename="members.csv"`},
		Stream: func(ctx context.Context, w io.Writer) error { return d.table(ctx, w, sought, roles, groups) }}, nil
}

func (d *Door) table(ctx context.Context, w io.Writer, q roster.Query, roles map[string]string, groups map[ref.Group]string) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil { // spreadsheets then read it as UTF-8
		return err
	}
	c := csv.NewWriter(w)
	_ = c.Write([]string{"account", "address", "name", "role", "groups", "state", "second_factor", "joined", "last_signin"}) // Flush tells what went wrong
	for {
		var page roster.Page
		err := d.view(ctx, func(tx db.ReadTx) (err error) { page, err = roster.List(ctx, tx, q); return err })
		if err != nil {
			return err
		}
		for _, x := range page.List {
			_ = c.Write(Cells(x, roles, groups))
		}
		if c.Flush(); c.Error() != nil || page.Next == "" {
			return c.Error()
		}
		q.After = page.Next
	}
}

// Cells is a member as a line of a table. What a spreadsheet would run as a formula is
// plain text, and reads back as what it is.
func Cells(x roster.Row, roles map[string]string, groups map[ref.Group]string) []string {
	var in []string
	for _, g := range x.Groups {
		name := groups[g]
		if name == "" || strings.Contains(name, ";") {
			name = string(g)
		}
		in = append(in, name)
	}
	second, last := "no", ""
	if x.Second {
		second = "yes"
	}
	if !x.LastSignin.IsZero() {
		last = x.LastSignin.UTC().Format(time.RFC3339)
	}
	state := "active"
	if x.State != roster.Active {
		state = string(x.State)
	}
	cells := []string{string(x.Account), x.Email, x.Name, cmp.Or(roles[x.Role], x.Role), cmp.Or(strings.Join(in, "; "), "-"), state, second, x.Joined.UTC().Format(time.RFC3339), last}
	for i := range cells {
		cells[i] = web.Cell(cells[i])
	}
	if cells[4] == "'-" { // in no group
		cells[4] = "-"
	}
	return cells
}

func (d *Door) importAsk(context.Context, *web.Request) (web.Response, error) {
	return web.Show("admin/members-import", ImportAsk{}), nil
}

func (d *Door) importRead(ctx context.Context, r *web.Request) (web.Response, error) {
	_, raw, err := r.Upload("file")
	if err != nil {
		return web.Response{}, err
	}
	if len(raw) == 0 {
		return web.Show("admin/members-import", ImportAsk{}).With(faults.ImportHead.New()), nil
	}
	id, err := d.Govern.Import(ctx, by(r), r.Console.Org, raw)
	if err != nil {
		return told(web.Show("admin/members-import", ImportAsk{}), err)
	}
	return web.Go("/admin/imports/" + string(id)), nil
}

// importRows is how many lines a page shows.
const importRows = 100

// imported reads an import for its page.
func (d *Door) imported(ctx context.Context, r *web.Request, after int) (p ImportShow, err error) {
	id, ok := ref.ParseImport(r.HTTP.PathValue("import"))
	if !ok {
		return p, db.ErrNone
	}
	err = d.view(ctx, func(tx db.ReadTx) error {
		i, err := org.ImportOf(ctx, tx, r.Console.Org, r.Session.Account, id)
		if err != nil {
			return err
		}
		p = ImportShow{ID: i.ID, Foreign: i.Foreign, First: after == 0}
		name, _, err := d.named(ctx, tx, r.Console.Org)
		if err != nil {
			return err
		}
		counts, err := org.ImportCounts(ctx, tx, id)
		if err != nil {
			return err
		}
		for k, n := range counts {
			p.count(k[0], k[1], n)
		}
		list, err := org.ImportLines(ctx, tx, id, after, importRows+1, false)
		if len(list) > importRows {
			list = list[:importRows]
			p.Next = list[importRows-1].N
		}
		for _, l := range list {
			p.List = append(p.List, ImportRowOf(l, name))
		}
		return err
	})
	return p, err
}

func (p *ImportShow) count(plan, outcome string, n int) {
	switch plan {
	case org.PlanSame:
		p.Same += n
	case org.PlanChange:
		p.Change += n
	case org.PlanInvite:
		p.Invite += n
	default:
		p.Bad += n
	}
	switch outcome {
	case "":
	case org.ImportDone:
		p.Done += n
	default:
		p.Failed += n
	}
}

// ImportRowOf is a line as the page shows it.
func ImportRowOf(l org.ImportLine, name func(string) RoleName) ImportRow {
	x := ImportRow{N: l.N, Whom: l.Whom, Account: l.Account, Plan: l.Plan, Outcome: l.Outcome}
	if l.Plan != org.PlanSame && l.Plan != org.PlanChange && l.Plan != org.PlanInvite {
		x.Plan, x.Code = "", l.Plan
	}
	if l.Outcome != "" && l.Outcome != org.ImportDone {
		x.Code = l.Outcome
	}
	var e govern.Edit
	if json.Unmarshal([]byte(l.Edit), &e) != nil {
		return x
	}
	if e.Role != nil {
		if x.Role = (RoleName{Named: *e.Role}); slices.Contains(org.Builtin, *e.Role) {
			x.Role = name(*e.Role)
		}
	}
	if e.Active != nil {
		x.State = map[bool]string{true: "active", false: "inactive"}[*e.Active]
	}
	if e.Groups != nil {
		x.Groups, x.Sets = *e.Groups, true
	}
	return x
}

func (d *Door) importShow(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	after, _ := strconv.Atoi(q["after"])
	p, err := d.imported(ctx, r, max(0, after))
	p.Applied = q["applied"] == "1"
	if err != nil {
		return told(web.Response{}, err)
	}
	return web.Show("admin/members-imported", p), nil
}

// applyFor keeps a request well within its time; what is left waits for another.
const applyFor = 10 * time.Second

func (d *Door) importApply(ctx context.Context, r *web.Request) (web.Response, error) {
	if _, err := r.Form(); err != nil {
		return web.Response{}, err
	}
	id, ok := ref.ParseImport(r.HTTP.PathValue("import"))
	if !ok {
		return web.Refuse(faults.OrgGone.New()), nil
	}
	if _, err := d.Govern.Apply(ctx, by(r), r.Console.Org, id, applyFor); err != nil {
		if p, again := d.imported(ctx, r, 0); again == nil {
			return told(web.Show("admin/members-imported", p), err)
		}
		return told(web.Response{}, err)
	}
	return web.Go("/admin/imports/" + string(id) + "?applied=1"), nil
}
