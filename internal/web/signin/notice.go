package signin

import (
	"context"
	"time"

	"sekisho/internal/cooling"
	"sekisho/internal/session"
	"sekisho/internal/web"
)

// Pages that a notice leads to.
type (
	// Notice asks whether a sign-in was one's own (SI-25).
	Notice struct {
		Token   string
		Name    string
		At      time.Time
		Session session.Session // zero once it has ended
		Handled bool
	}
	// Answered says what came of the answer.
	Answered struct{ Mine bool }
	// Cancel asks whether what waits is to be cancelled: a recovery, or a new Tegata.
	Cancel struct {
		Token    string
		Until    time.Time
		Replaces bool
	}
)

func (d *Door) cancel(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	w, f, err := d.Change.LookCancel(ctx, q["c"])
	if err != nil || f != nil {
		return refuse(f), err
	}
	return web.Show("signin/cancel", Cancel{q["c"], w.Ready, w.Purpose == cooling.Replace}), nil
}

func (d *Door) cancelNow(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	f, err := d.Change.Cancel(ctx, r.Describe(), form["c"])
	if err != nil || f != nil {
		return refuse(f), err
	}
	return web.Show("signin/answered", Answered{}), nil
}

func (d *Door) notice(ctx context.Context, r *web.Request) (web.Response, error) {
	q, err := r.Query()
	if err != nil {
		return web.Response{}, err
	}
	n, f, err := d.Change.ReadNotice(ctx, q["n"])
	if err != nil || f != nil {
		return refuse(f), err
	}
	return web.Show("signin/notice", Notice{q["n"], n.Account.Name, n.At, n.Session, n.Handled}), nil
}

func (d *Door) noticeAnswer(ctx context.Context, r *web.Request) (web.Response, error) {
	form, err := r.Form()
	if err != nil {
		return web.Response{}, err
	}
	mine := form["answer"] == "mine"
	act := d.Change.Contain
	if mine {
		act = d.Change.Confirm
	}
	f, err := act(ctx, r.Describe(), form["n"])
	if err != nil || f != nil {
		return refuse(f), err
	}
	return web.Show("signin/answered", Answered{mine}), nil
}
