package api

import (
	"context"
	"encoding/base64"

	"sekisho/internal/db"
	"sekisho/internal/faults"
	"sekisho/internal/flow/govern"
	"sekisho/internal/org"
	"sekisho/internal/ref"
	"sekisho/internal/tint"
	"sekisho/internal/web"
)

// logoPath takes larger bodies than the others: a picture in base64.
const logoPath = "/api/v1/org/settings/logo"

func (d *Door) settingsOperations() []operation {
	text := map[string]any{"type": "string"}
	act := web.MayDo(org.Settings)
	return []operation{
		{"GET", "/api/v1/org/settings", web.May(org.Settings), d.orgSettings, "orgSettings", "Name, colour and logo of the organisation", nil, nil, "OrgSettings", nil},
		{"PUT", "/api/v1/org/settings", act, d.orgSetSettings, "orgSetSettings", "Change name and colour; an empty colour is the service's own", map[string]any{"name": text, "colour": text}, []string{"name", "colour"}, "", nil},
		{"PUT", logoPath, act, d.orgSetLogo, "orgSetLogo", "Change the logo: a PNG, JPEG or WebP picture in base64", map[string]any{"picture": text}, []string{"picture"}, "", nil},
		{"DELETE", logoPath, act, d.orgRemoveLogo, "orgRemoveLogo", "Remove the logo", nil, nil, "", nil},
	}
}

func settingsSchemas() map[string]any {
	text := map[string]any{"type": "string"}
	return map[string]any{"OrgSettings": object([]string{"id", "name", "colour", "logo"}, map[string]any{"id": text, "name": text, "colour": text, "logo": text})}
}

// OrgSettings is how an organisation shows itself.
type OrgSettings struct {
	ID     ref.Org `json:"id"`
	Name   string  `json:"name"`
	Colour string  `json:"colour"` // empty: the service's own
	Logo   string  `json:"logo"`   // where it is; empty: none
}

func (d *Door) orgSettings(ctx context.Context, r *web.Request) (web.Response, error) {
	var out OrgSettings
	err := d.Govern.DB.View(ctx, func(tx db.ReadTx) error {
		o, err := org.Of(ctx, tx, r.Console.Org)
		if err != nil {
			return err
		}
		l, err := org.LookOf(ctx, tx, o.ID)
		out = OrgSettings{o.ID, o.Name, l.Colour, web.Brand{Look: l}.Logo()}
		return err
	})
	return web.JSON(200, out), err
}

func (d *Door) orgSetSettings(ctx context.Context, r *web.Request) (web.Response, error) {
	var in struct {
		Name   string `json:"name"`
		Colour string `json:"colour"`
	}
	if err := r.ReadJSON(&in); err != nil {
		return web.Response{}, err
	}
	return acted(d.Govern.Show(ctx, by(r), r.Console.Org, govern.Shown{Name: in.Name, Colour: in.Colour}))
}

func (d *Door) orgSetLogo(ctx context.Context, r *web.Request) (web.Response, error) {
	var in struct {
		Picture string `json:"picture"`
	}
	if err := r.ReadJSON(&in); err != nil {
		return web.Response{}, err
	}
	raw, err := base64.StdEncoding.DecodeString(in.Picture)
	if err != nil || len(raw) == 0 || len(raw) > tint.MostLogo {
		return web.Refuse(faults.LookPicture.New()), nil
	}
	return acted(d.Govern.ShowLogo(ctx, by(r), r.Console.Org, raw))
}

func (d *Door) orgRemoveLogo(ctx context.Context, r *web.Request) (web.Response, error) {
	return acted(d.Govern.ShowLogo(ctx, by(r), r.Console.Org, nil))
}
