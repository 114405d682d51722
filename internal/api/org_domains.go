package api

import (
	"context"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/faults"
	"sekisho/internal/org"
	"sekisho/internal/ref"
	"sekisho/internal/site"
	"sekisho/internal/web"
)

func (d *Door) domainOperations() []operation {
	text, flag := map[string]any{"type": "string"}, map[string]any{"type": "boolean"}
	may, act := web.May(org.Settings), web.MayDo(org.Settings)
	return []operation{
		{"GET", "/api/v1/org/domains", may, d.orgDomains, "orgDomains", "Domains of the organisation, claimed and proved", nil, nil, "OrgDomains", nil},
		{"POST", "/api/v1/org/domains", act, d.orgAddDomain, "orgAddDomain", "Claim a domain", map[string]any{"domain": text}, []string{"domain"}, "OrgDomain", nil},
		{"POST", "/api/v1/org/domains/{id}/prove", act, d.orgProveDomain, "orgProveDomain", "Look for the proof now, by dns or file", map[string]any{"how": map[string]any{"type": "string", "enum": []string{"dns", "file"}}}, []string{"how"}, "OrgDomain", nil},
		{"PUT", "/api/v1/org/domains/{id}", act, d.orgOpenDomain, "orgOpenDomain", "Let people with a proved address in it join, or not", map[string]any{"joins": flag}, []string{"joins"}, "", nil},
		{"DELETE", "/api/v1/org/domains/{id}", act, d.orgRemoveDomain, "orgRemoveDomain", "Let a domain go", nil, nil, "", nil},
	}
}

func domainSchemas() map[string]any {
	text, when, flag := map[string]any{"type": "string"}, map[string]any{"type": "string", "format": "date-time"}, map[string]any{"type": "boolean"}
	return map[string]any{
		"OrgDomain": object([]string{"id", "domain", "name", "verified", "joins", "record", "file", "value"}, map[string]any{"id": text, "domain": text, "name": text, "verified": flag, "joins": flag, "record": text, "file": text, "value": text,
			"verified_at": when, "checked_at": when, "missing_since": when}),
		"OrgDomains": map[string]any{"type": "array", "items": map[string]any{"$ref": "#/components/schemas/OrgDomain"}},
	}
}

// OrgDomain is a domain and what proves it.
type OrgDomain struct {
	ID         ref.Domain `json:"id"`
	Domain     string     `json:"domain"` // in ASCII
	Name       string     `json:"name"`   // as it is shown
	Verified   bool       `json:"verified"`
	Joins      bool       `json:"joins"`
	Record     string     `json:"record"`
	File       string     `json:"file"`
	Value      string     `json:"value"`
	VerifiedAt *time.Time `json:"verified_at,omitempty"`
	CheckedAt  *time.Time `json:"checked_at,omitempty"`
	Missing    *time.Time `json:"missing_since,omitempty"`
}

func orgDomain(d org.Domain) OrgDomain {
	return OrgDomain{d.ID, d.Name, d.Shown, !d.Verified.IsZero(), d.Joins, site.Label + d.Name, "https://" + d.Name + site.Path, site.Proof(d.Token), at(d.Verified), at(d.Checked), at(d.Failing)}
}

func (d *Door) orgDomains(ctx context.Context, r *web.Request) (web.Response, error) {
	out := []OrgDomain{}
	err := d.Govern.DB.View(ctx, func(tx db.ReadTx) error {
		out = out[:0]
		list, err := org.Domains(ctx, tx, r.Console.Org)
		for _, x := range list {
			out = append(out, orgDomain(x))
		}
		return err
	})
	return web.JSON(200, out), err
}

func (d *Door) orgAddDomain(ctx context.Context, r *web.Request) (web.Response, error) {
	var in struct {
		Domain string `json:"domain"`
	}
	if err := r.ReadJSON(&in); err != nil {
		return web.Response{}, err
	}
	made, err := d.Govern.AddDomain(ctx, by(r), r.Console.Org, in.Domain)
	if err != nil {
		return acted(err)
	}
	return web.JSON(200, orgDomain(made)), nil
}

func (d *Door) orgProveDomain(ctx context.Context, r *web.Request) (web.Response, error) {
	var in struct {
		How site.How `json:"how"`
	}
	if err := r.ReadJSON(&in); err != nil {
		return web.Response{}, err
	}
	if in.How != site.DNS && in.How != site.File {
		return web.Refuse(faults.Malformed.New("where", "how")), nil
	}
	x, err := d.Govern.ProveDomain(ctx, by(r), r.Console.Org, r.HTTP.PathValue("id"), in.How)
	if err != nil {
		return acted(err)
	}
	return web.JSON(200, orgDomain(x)), nil
}

func (d *Door) orgOpenDomain(ctx context.Context, r *web.Request) (web.Response, error) {
	var in struct {
		Joins bool `json:"joins"`
	}
	if err := r.ReadJSON(&in); err != nil {
		return web.Response{}, err
	}
	return acted(d.Govern.OpenDomain(ctx, by(r), r.Console.Org, r.HTTP.PathValue("id"), in.Joins))
}

func (d *Door) orgRemoveDomain(ctx context.Context, r *web.Request) (web.Response, error) {
	return acted(d.Govern.RemoveDomain(ctx, by(r), r.Console.Org, r.HTTP.PathValue("id")))
}
