package api

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"sekisho/internal/audit"
	"sekisho/internal/db"
	"sekisho/internal/faults"
	"sekisho/internal/flow/explain"
	"sekisho/internal/gate"
	"sekisho/internal/org"
	"sekisho/internal/ref"
	"sekisho/internal/web"
)

func (d *Door) whyOperations() []operation {
	text := map[string]any{"type": "string"}
	names := func(list []string) map[string]any { return map[string]any{"type": "string", "enum": list} }
	in := map[string]any{"member": text, "from": text, "at": map[string]any{"type": "string", "format": "date-time"},
		"methods": map[string]any{"type": "array", "items": names(plain(explain.Methods))}, "browser": names(plain(explain.Browsers)), "door": names(plain(explain.Doors))}
	return []operation{
		{"GET", "/api/v1/org/audit", web.May(org.ReadAudit), d.orgAudit, "orgAudit", "What happened in the organisation, the newest first", nil, nil, "OrgAudit",
			[]string{"member", "by", "kind", "group", "code", "since", "before", "after", "limit"}},
		{"GET", "/api/v1/org/diagnosis", web.May(org.ReadMembers), d.orgDiagnosis, "orgDiagnosis", "Why it was decided so, by the reference that a refused person reads out, and what would be decided now", nil, nil, "Diagnosis", []string{"reference"}},
		{"GET", "/api/v1/org/diagnosis/member", web.May(org.ReadMembers), d.orgStanding, "orgStanding", "How a member stands, found by an address, number, user name or ID", nil, nil, "MemberStanding", []string{"member"}},
		{"POST", "/api/v1/org/what-if", web.May(org.ReadMembers), d.orgWhatIf, "orgWhatIf", "What would be decided of a sign-in that does not take place; nothing is counted or written down", in, []string{"member", "from"}, "WhatIf", nil},
	}
}

func plain[T ~string](list []T) (out []string) {
	for _, x := range list {
		out = append(out, string(x))
	}
	return out
}

func whySchemas() map[string]any {
	text, number, flag := map[string]any{"type": "string"}, map[string]any{"type": "integer"}, map[string]any{"type": "boolean"}
	when := map[string]any{"type": "string", "format": "date-time"}
	list := func(of any) map[string]any { return map[string]any{"type": "array", "items": of} }
	see := func(name string) map[string]any { return map[string]any{"$ref": "#/components/schemas/" + name} }
	answer := map[string]any{"verdict": text, "code": text, "need": text, "ways": list(text), "level": text, "retry_at": when, "whose": text, "steps": list(see("RuleStep")), "facts": see("Any"), "proof_only": flag}
	return map[string]any{
		"AuditRow": object([]string{"reference", "at", "kind"}, map[string]any{"reference": text, "at": when, "kind": text, "account": text, "organisation": text, "actor": text, "session": text, "client": text,
			"code": text, "address": text, "agent": text, "place": text, "detail": see("Any"), "erased": flag, "seq": number, "hash": text}),
		"OrgAudit":  object([]string{"rows"}, map[string]any{"rows": list(see("AuditRow")), "next": text}),
		"RuleStep":  object([]string{"act", "rule", "verdict"}, map[string]any{"act": text, "kind": text, "rule": text, "verdict": text, "source": text, "saw": text, "organisation": flag}),
		"WhatIf":    object([]string{"verdict", "steps"}, answer),
		"Diagnosis": object([]string{"row", "member", "steps", "rules_changed"}, map[string]any{"row": see("AuditRow"), "member": flag, "door": text, "kind": text, "untold": text, "proofs": list(text), "level": text, "steps": list(see("RuleStep")), "whose": text, "rules_changed": flag, "now": see("WhatIf")}),
		"MemberStanding": object([]string{"account", "name", "can", "sessions", "now", "latest"}, map[string]any{"account": text, "name": text, "can": list(text), "sessions": number, "now": see("WhatIf"),
			"latest": list(see("AuditRow"))}),
	}
}

func asker(r *web.Request) explain.Asker {
	if r.Acting != "" {
		return explain.Asker{Org: r.Console.Org, Token: r.Acting, Held: r.Console.Held}
	}
	return explain.Asker{Org: r.Console.Org, Account: r.Session.Account}
}

func told(err error) (web.Response, error) {
	if f := explain.Told(err); f != nil {
		return web.Refuse(f), nil
	}
	return web.Response{}, err
}

func malformed(where string) (web.Response, error) {
	return web.Refuse(faults.Malformed.New("where", where)), nil
}

// query reads what is asked of the audit log; bad names what does not read.
func (d *Door) query(ctx context.Context, r *web.Request, given web.Values) (q audit.Query, bad string, err error) {
	q.Limit, q.Code = 50, given["code"]
	if raw := given["limit"]; raw != "" {
		if q.Limit, err = strconv.Atoi(raw); err != nil || q.Limit < 1 || q.Limit > 500 {
			return q, "limit", nil
		}
	}
	if given["kind"] != "" {
		q.Kinds = []string{given["kind"]}
	} else if name := given["group"]; name != "" {
		i := slices.IndexFunc(explain.Groups, func(g explain.Group) bool { return g.Name == name })
		if i < 0 {
			return q, "group", nil
		}
		q.Kinds = explain.Groups[i].Kinds
	}
	for name, to := range map[string]*time.Time{"since": &q.Since, "before": &q.Before} {
		if given[name] == "" {
			continue
		}
		if *to, err = time.Parse(time.RFC3339, given[name]); err != nil || to.Year() < 1970 || to.Year() > 2999 {
			return q, name, nil
		}
	}
	if raw := given["after"]; raw != "" {
		at, reference, _ := strings.Cut(raw, "_")
		us, err := strconv.ParseInt(at, 10, 64)
		if err != nil || reference == "" {
			return q, "after", nil
		}
		q.After = audit.Cursor{At: time.UnixMicro(us), Reference: ref.Reference(reference)}
	}
	err = d.Explain.DB.View(ctx, func(tx db.ReadTx) (err error) {
		if what := given["member"]; what != "" {
			if q.Account, err = d.Explain.Whom(ctx, tx, asker(r), what); err != nil || q.Account == "" {
				bad = "member"
				return err
			}
		}
		if q.By = given["by"]; q.By != "" && q.By != "operator" {
			id, err := d.Explain.Whom(ctx, tx, asker(r), q.By)
			if q.By = string(id); id == "" {
				bad = "by"
			}
			return err
		}
		return nil
	})
	return q, bad, err
}

func (d *Door) orgAudit(ctx context.Context, r *web.Request) (web.Response, error) {
	given, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	q, bad, err := d.query(ctx, r, given)
	switch {
	case err != nil:
		return told(err)
	case bad != "":
		return malformed(bad)
	}
	page, err := d.Explain.Search(ctx, asker(r), q)
	if err != nil {
		return told(err)
	}
	out := struct {
		Rows []audit.Row `json:"rows"`
		Next string      `json:"next,omitempty"`
	}{Rows: append([]audit.Row{}, page.Rows...)}
	if page.More {
		last := page.Rows[len(page.Rows)-1]
		out.Next = strconv.FormatInt(last.At.UnixMicro(), 10) + "_" + string(last.Reference)
	}
	return web.JSON(http.StatusOK, out), nil
}

func (d *Door) orgDiagnosis(ctx context.Context, r *web.Request) (web.Response, error) {
	given, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	x, err := d.Explain.Reference(ctx, asker(r), given["reference"])
	if err != nil {
		return told(err)
	}
	return web.JSON(http.StatusOK, struct {
		Row     audit.Row       `json:"row"`
		Member  bool            `json:"member"`
		Door    gate.Door       `json:"door,omitempty"`
		Kind    string          `json:"kind,omitempty"`
		Untold  string          `json:"untold,omitempty"`
		Proofs  []string        `json:"proofs,omitempty"`
		Level   gate.Level      `json:"level,omitempty"`
		Steps   []explain.Step  `json:"steps"`
		Whose   string          `json:"whose,omitempty"`
		Changed bool            `json:"rules_changed"`
		Now     *explain.Answer `json:"now,omitempty"`
	}{x.Row, x.Member, x.Door, x.Kind, x.Truth, x.Proofs, x.Level, append([]explain.Step{}, x.Steps...), x.Whose, x.Changed, x.Now}), nil
}

func (d *Door) orgStanding(ctx context.Context, r *web.Request) (web.Response, error) {
	given, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	x, err := d.Explain.Of(ctx, asker(r), given["member"])
	if err != nil {
		return told(err)
	}
	return web.JSON(http.StatusOK, struct {
		Account  ref.Account    `json:"account"`
		Name     string         `json:"name"`
		Can      []gate.Kind    `json:"can"`
		Sessions int            `json:"sessions"`
		Now      explain.Answer `json:"now"`
		Latest   []audit.Row    `json:"latest"`
	}{x.Account.ID, x.Account.Name, append([]gate.Kind{}, x.Can...), x.Sessions, x.Now, append([]audit.Row{}, x.Latest...)}), nil
}

func (d *Door) orgWhatIf(ctx context.Context, r *web.Request) (web.Response, error) {
	var in struct {
		Member  string          `json:"member"`
		From    string          `json:"from"`
		At      time.Time       `json:"at"`
		Methods []gate.Kind     `json:"methods"`
		Browser explain.Browser `json:"browser"`
		Door    gate.Door       `json:"door"`
	}
	in.Browser, in.Door = explain.Known, gate.Web
	if err := r.ReadJSON(&in); err != nil {
		return web.Response{}, err
	}
	c := explain.Case{At: in.At, Methods: in.Methods, Browser: in.Browser, Door: in.Door}
	var err error
	if c.From, err = netip.ParseAddr(in.From); err != nil || c.From.Zone() != "" {
		return malformed("from")
	}
	c.From = c.From.Unmap()
	if bad := c.Bad(); bad != "" {
		return malformed(bad)
	}
	var of ref.Account
	if err := d.Explain.DB.View(ctx, func(tx db.ReadTx) (err error) {
		of, err = d.Explain.Find(ctx, tx, asker(r), in.Member)
		return err
	}); err != nil && !errors.Is(err, db.ErrNone) {
		return web.Response{}, err
	}
	a, err := d.Explain.WhatIf(ctx, asker(r), of, c) // of nobody it says that nobody is there, to who may ask
	if err != nil {
		return told(err)
	}
	return web.JSON(http.StatusOK, a), nil
}
