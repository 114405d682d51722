package roster

import (
	"context"
	"strings"

	"sekisho/internal/account"
	"sekisho/internal/db"
	"sekisho/internal/org"
	"sekisho/internal/ref"
)

// Named finds a member by what was typed: an ID, or what Shown finds. db.ErrNone for
// everybody else.
func Named(ctx context.Context, r db.Reader, o ref.Org, typed string) (account.Account, error) {
	typed = strings.TrimSpace(typed)
	if a, is := ref.ParseAccount(typed); is {
		if _, err := org.MemberOf(ctx, r, o, a); err != nil {
			return account.Account{}, err
		}
		return account.Of(ctx, r, a)
	}
	id, err := account.Parse(typed)
	if err != nil {
		return account.Account{}, db.ErrNone
	}
	return Shown(ctx, r, o, id)
}

// Shown finds the member who is shown by an identifier. A further address or number is
// theirs and not the organisation's to know: by it nobody is found, as by a stranger's.
func Shown(ctx context.Context, r db.Reader, o ref.Org, id account.Identifier) (account.Account, error) {
	a, err := account.Find(ctx, r, id)
	if err == nil && !a.Shows(id) {
		err = db.ErrNone
	}
	if err == nil {
		_, err = org.MemberOf(ctx, r, o, a.ID)
	}
	if err != nil {
		return account.Account{}, err
	}
	return a, nil
}
