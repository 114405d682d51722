package app

import (
	"context"
	"time"

	"sekisho/internal/db"
	"sekisho/internal/factor/push"
	"sekisho/internal/ref"
)

// watched is what a node has woken somebody for.
type watched map[ref.Request]time.Time

// skew is how far the clocks of two nodes may differ.
const skew = 10 * time.Second

// watch wakes who waits on this node for an approval that changed on another.
func (a *App) watch(ctx context.Context, seen *watched) error {
	if !a.Hub.Any() {
		return nil
	}
	var news []push.Change
	err := a.DB.View(ctx, func(tx db.ReadTx) (err error) {
		news, err = push.Changes(ctx, tx, tx.Now().Add(-skew))
		return err
	})
	if err != nil {
		return err
	}
	now := make(watched, len(news))
	for _, c := range news {
		if now[c.ID] = c.At; !(*seen)[c.ID].Equal(c.At) {
			a.Hub.Wake(string(c.Account))
			a.Hub.Wake(string(c.Flow))
		}
	}
	*seen = now
	return nil
}
