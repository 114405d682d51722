package api

import (
	"context"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/faults"
	"sekisho/internal/org"
	"sekisho/internal/ref"
	"sekisho/internal/token"
	"sekisho/internal/web"
)

func (d *Door) tokenOperations() []operation {
	return []operation{
		{"GET", "/api/v1/org/token", web.May(""), d.orgToken, "orgToken", "Which token of the organisation this is, what it may do now, and until when", nil, nil, "OrgToken", nil},
	}
}

func tokenSchemas() map[string]any {
	text := map[string]any{"type": "string"}
	return map[string]any{"OrgToken": object([]string{"id", "organisation", "name", "permissions", "expires_at"}, map[string]any{"id": text, "organisation": text, "name": text,
		"permissions": map[string]any{"type": "array", "items": text}, "expires_at": map[string]any{"type": "string", "format": "date-time"}})}
}

// OrgToken is the token that a program shows.
type OrgToken struct {
	ID          ref.Token        `json:"id"`
	Org         ref.Org          `json:"organisation"`
	Name        string           `json:"name"`
	Permissions []org.Permission `json:"permissions"` // what it carries, as far as its maker holds it now
	Expires     time.Time        `json:"expires_at"`
}

func (d *Door) orgToken(ctx context.Context, r *web.Request) (web.Response, error) {
	if r.Acting == "" {
		return web.Refuse(faults.NotFound.New()), nil // a person is in a session
	}
	var t token.Token
	err := d.Govern.DB.View(ctx, func(tx db.ReadTx) (err error) {
		t, err = token.InOrg(ctx, tx, r.Console.Org, r.Acting)
		return err
	})
	return web.JSON(200, OrgToken{t.ID, t.Org, t.Name, r.Console.Held, t.Expires.UTC()}), err
}
