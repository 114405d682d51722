package govern

import (
	"context"
	"errors"
	"strings"

	"sekisho/internal/db"
	"sekisho/internal/faults"
	"sekisho/internal/org"
	"sekisho/internal/ref"
	"sekisho/internal/tint"
)

// Shown is how an organisation shows itself.
type Shown struct {
	Name   string
	Colour string // such as #2c4693; empty: the service's own
}

// Show gives an organisation another name or colour.
func (g *Govern) Show(ctx context.Context, by By, o ref.Org, s Shown) error {
	name, err := org.ParseName(s.Name)
	if err != nil {
		return err
	}
	if s.Colour = strings.TrimSpace(s.Colour); s.Colour != "" {
		c, err := tint.Parse(s.Colour)
		if err != nil {
			return refused(faults.LookColour.New())
		}
		s.Colour = c.String()
	}
	return g.change(ctx, by, o, org.Settings, func(tx db.Tx, x *act) error {
		look, err := org.LookOf(ctx, tx, o)
		if err != nil {
			return err
		}
		if name != x.org.Name {
			if err := org.Rename(ctx, tx, o, name); err != nil {
				return err
			}
			if err := x.note(ctx, tx, "org.renamed", "", told{What: name, Was: x.org.Name}); err != nil {
				return err
			}
		}
		if look.Colour == s.Colour {
			return nil
		}
		if err := org.SetColour(ctx, tx, o, s.Colour); err != nil {
			return err
		}
		return x.note(ctx, tx, "org.colour_changed", "", told{What: s.Colour, Was: look.Colour})
	})
}

// ShowLogo gives an organisation a logo; none takes it away. The picture is drawn anew,
// outside any transaction.
func (g *Govern) ShowLogo(ctx context.Context, by By, o ref.Org, raw []byte) error {
	var png []byte
	if len(raw) > 0 {
		var err error
		png, err = tint.Logo(raw)
		switch {
		case errors.Is(err, tint.ErrLarge):
			return refused(faults.LookLarge.New())
		case err != nil:
			return refused(faults.LookPicture.New())
		}
	}
	return g.change(ctx, by, o, org.Settings, func(tx db.Tx, x *act) error {
		if err := org.SetLogo(ctx, tx, o, png); err != nil {
			return err
		}
		kind := "org.logo_changed"
		if len(png) == 0 {
			kind = "org.logo_removed"
		}
		return x.note(ctx, tx, kind, "", told{})
	})
}
