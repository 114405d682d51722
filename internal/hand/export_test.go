package hand

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"sekisho/internal/i18n"
)

// OpenScreen is the screen without a terminal.
func OpenScreen(ctx context.Context, d Desk) (tea.Model, func(), error) {
	words, err := i18n.Load(messages)
	if err != nil {
		return nil, nil, err
	}
	p := &program{Desk: d, words: words, wordFD: -1}
	p.lang = p.language()
	k, err := p.unseal(ctx)
	if err != nil {
		return nil, nil, err
	}
	s := newScreen(ctx, p, k)
	return s, func() { s.stop() }, nil
}
