package admin

import (
	"context"

	"sekisho/internal/db"
	"sekisho/internal/flow/govern"
	"sekisho/internal/org"
	"sekisho/internal/policy"
	"sekisho/internal/tint"
	"sekisho/internal/web"
)

// Settings shows and changes how an organisation shows itself.
type Settings struct {
	Name, Colour string
	Look         policy.Look
	Light, Dark  tint.Theme // what is made of the colour
	Done         string     // what was just done: saved, logo or nologo
}

// Logo is where the logo is; empty: there is none.
func (s Settings) Logo() string { return web.Brand{Look: s.Look}.Logo() }

func (d *Door) settingRoutes() []web.Route {
	logo := do("/admin/settings/logo", org.Settings, d.settingsLogo)
	logo.Limit = tint.MostLogo + 64<<10
	return []web.Route{see("/admin/settings", org.Settings, d.settings), do("/admin/settings", org.Settings, d.settingsSave), logo}
}

func (d *Door) settingsPage(ctx context.Context, r *web.Request, p Settings) (web.Response, error) {
	err := d.view(ctx, func(tx db.ReadTx) (err error) {
		p.Look, err = org.LookOf(ctx, tx, r.Console.Org)
		return err
	})
	if c, err := tint.Parse(p.Look.Colour); err == nil {
		p.Light, p.Dark = tint.Themes(c)
	}
	return web.Show("admin/settings", p), err
}

func (d *Door) settings(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	p := Settings{Name: r.Console.Name, Colour: r.Rules().Org.Look.Colour}
	switch q["done"] {
	case "saved", "logo", "nologo":
		p.Done = q["done"]
	}
	return d.settingsPage(ctx, r, p)
}

func (d *Door) settingsSave(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	err = d.Govern.Show(ctx, by(r), r.Console.Org, govern.Shown{Name: form["name"], Colour: form["colour"]})
	if err == nil {
		return web.Go("/admin/settings?done=saved"), nil
	}
	page, err2 := d.settingsPage(ctx, r, Settings{Name: form["name"], Colour: form["colour"]})
	if err2 != nil {
		return web.Response{}, err2
	}
	return told(page, err)
}

func (d *Door) settingsLogo(ctx context.Context, r *web.Request) (web.Response, error) {
	form, raw, err := r.Upload("logo")
	if err != nil {
		return web.Response{}, err
	}
	done := "logo"
	if form["act"] == "nologo" {
		raw, done = nil, "nologo"
	} else if len(raw) == 0 {
		return web.Go("/admin/settings"), nil // none was chosen
	}
	err = d.Govern.ShowLogo(ctx, by(r), r.Console.Org, raw)
	if err == nil {
		return web.Go("/admin/settings?done=" + done), nil
	}
	page, err2 := d.settingsPage(ctx, r, Settings{Name: r.Console.Name, Colour: r.Rules().Org.Look.Colour})
	if err2 != nil {
		return web.Response{}, err2
	}
	return told(page, err)
}
