package org

import (
	"context"
	"errors"
	"sync"

	"sekisho/internal/db"
	"sekisho/internal/policy"
	"sekisho/internal/ref"
)

// Book says what holds for whom. The rules of organisations are kept in memory, each
// for the version at which they were read: every read that asks for somebody brings
// the version that is true now, so that a change reaches everybody at their next
// request, on every node.
type Book struct {
	// Everybody is what holds for who is no member, and where no policy of an
	// organisation sets a part.
	Everybody policy.Effective

	mu    sync.RWMutex
	rules map[ref.Org]policy.Rules
	order []ref.Org // in which they came; the oldest goes
}

// kept is how many organisations' rules stay in memory.
const kept = 1000

// Default is what holds as long as nobody is known: strangers are shown nothing of an
// organisation's (SI-28).
func (b *Book) Default() *policy.Effective { return &b.Everybody }

// Of says what holds for an account, known or not: one read, and another when its
// organisation's rules are not at hand.
func (b *Book) Of(ctx context.Context, r db.Reader, a ref.Account) (*policy.Effective, error) {
	p, err := PlaceOf(ctx, r, a)
	if err != nil {
		return nil, err
	}
	return b.At(ctx, r, a, p)
}

// At says what holds for an account whose place was read just now.
func (b *Book) At(ctx context.Context, r db.Reader, a ref.Account, p policy.Place) (*policy.Effective, error) {
	own := p.Own.At(r.Now())
	if p.Org == "" {
		if len(own.Address.Allowed) == 0 {
			return &b.Everybody, nil
		}
		e := b.Everybody
		e.Own = own
		return &e, nil
	}
	rules, err := b.of(ctx, r, p)
	if err != nil {
		return nil, err
	}
	e := rules.At(r.Now()).Of(a, p, b.Everybody)
	e.Own = own
	return &e, nil
}

// Several says what holds for members of an organisation, whose rules are read once, as
// they stand in this transaction.
func (b *Book) Several(ctx context.Context, tx db.Tx, o ref.Org, list []ref.Account) (map[ref.Account]*policy.Effective, error) {
	k, err := readAll(ctx, tx, o)
	if err != nil {
		return nil, err
	}
	rules, out := k.rules().At(tx.Now()), map[ref.Account]*policy.Effective{}
	for _, a := range list {
		p, err := PlaceOf(ctx, tx, a)
		if err != nil {
			return nil, err
		}
		e := rules.Of(a, p, b.Everybody)
		e.Own = p.Own.At(tx.Now())
		out[a] = &e
	}
	return out, nil
}

func (b *Book) of(ctx context.Context, r db.Reader, p policy.Place) (policy.Rules, error) {
	b.mu.RLock()
	rules, ok := b.rules[p.Org]
	b.mu.RUnlock()
	if ok && rules.Version == p.Version {
		return rules, nil
	}
	k, err := readAll(ctx, r, p.Org)
	if errors.Is(err, db.ErrNone) {
		// The organisation went between two statements: nothing of it holds any more.
		return policy.Rules{Org: p.Org}, nil
	}
	if err != nil {
		return rules, err
	}
	rules = k.rules()
	// A transaction that writes may have changed the organisation itself, and may yet be
	// taken back: what it reads is for nobody else.
	if _, writes := r.(db.Tx); !writes {
		b.keep(rules)
	}
	return rules, nil
}

// keep keeps rules in memory.
func (b *Book) keep(rules policy.Rules) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.rules == nil {
		b.rules = map[ref.Org]policy.Rules{}
	}
	if _, is := b.rules[rules.Org]; !is {
		if len(b.order) >= kept {
			delete(b.rules, b.order[0])
			b.order = b.order[1:]
		}
		b.order = append(b.order, rules.Org)
	}
	b.rules[rules.Org] = rules
}

// rules are what to select from: what stands, and with it what was before.
func (k known) rules() policy.Rules {
	of := policy.Rules{Org: k.org.ID, Name: k.org.Name, Look: k.look, Version: k.org.Version}
	if !k.until.IsZero() {
		before := policy.NewRules(of, assigned(k.before))
		of.Until, of.Before = k.until, &before
	}
	return policy.NewRules(of, assigned(k.list))
}

func assigned(list []Policy) []policy.Assigned {
	out := make([]policy.Assigned, len(list))
	for i, x := range list {
		out[i] = x.Assigned
	}
	return out
}
