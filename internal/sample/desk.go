package sample

import (
	"time"

	"sekisho/internal/account"
	"sekisho/internal/faults"
	"sekisho/internal/flow/govern"
	"sekisho/internal/hook"
	"sekisho/internal/org"
	"sekisho/internal/ticket"
	"sekisho/internal/token"
	"sekisho/internal/web"
	"sekisho/internal/web/admin"
	"sekisho/internal/web/desk"
	"sekisho/internal/web/me"
)

const lost = "昨日の夜、電車に電話を置き忘れました。\n予備のコードの紙も、電話ケースの中でした。<b>明日の朝</b>までに入りたいです。"

func tickets() (open, checking, approved, refused ticket.Ticket) {
	open = ticket.Ticket{ID: "tic_01kf0e7st0000000000000000a", State: ticket.Open, Shown: hana, Contact: "hana.sato@example.org", Words: lost, Reference: "7K2M-9QXP",
		Addr: "203.0.113.7", Agent: "Firefox 143 on Windows", Place: "東京都", Created: At.Add(-50 * time.Minute), Opened: At.Add(-48 * time.Minute), Ends: At.Add(166 * time.Hour), Account: "acc_hana"}
	checking, approved, refused = open, open, open
	checking.State, checking.Handler = ticket.Checking, "acc_ken"
	approved.State, approved.Handler, approved.Approver, approved.Ready, approved.Ends = ticket.Approved, "acc_ken", "acc_mika", At.Add(23*time.Hour), At.Add(95*time.Hour)
	refused.State, refused.Handler, refused.Approver, refused.Reason = ticket.Refused, "acc_ken", "operator:naoki", "登録された番号に電話しましたが、本人は依頼していないとのことでした。"
	return open, checking, approved, refused
}

// deskPages are the support desk's for whoever asks.
func deskPages() []Page {
	open, _, approved, refused := tickets()
	waiting, done, expired := open, open, open
	waiting.State, done.State, expired.State = ticket.Waiting, ticket.Done, ticket.Expired
	const link = "link"
	show := func(name string, t ticket.Ticket) Page {
		return Page{Name: "desk-" + name, Response: web.Show("desk/ticket", desk.Ticket{Ticket: t, Link: link, Digits: 6})}
	}
	return []Page{
		{Name: "desk-ask", Response: web.Show("desk/ask", desk.Ask{Most: ticket.MostWords})},
		{Name: "desk-ask-filled", Response: web.Show("desk/ask", desk.Ask{Identifier: long, Contact: "hana@", Words: lost, Reference: "7K2M-9QXP", Most: ticket.MostWords}).With(faults.DeskContact.New())},
		show("waiting", waiting), show("open", open), show("approved", approved), show("refused", refused), show("done", done), show("expired", expired),
		{Name: "desk-waiting-wrong", Response: web.Show("desk/ticket", desk.Ticket{Ticket: waiting, Link: link, Digits: 8}).With(faults.DeskCode.New())},
		{Name: "desk-take", Response: web.Show("desk/take", desk.Take{Pickup: "pickup", Until: At.Add(70 * time.Hour)})},
		{Name: "desk-taken", Response: web.Show("desk/taken", desk.Taken{Code: "1234 5678 9012", Until: At.Add(24 * time.Hour)})},
		{Name: "desk-not-ready", Response: web.Refuse(faults.DeskNotReady.New().Until(At.Add(23 * time.Hour)))},
		{Name: "desk-stop", Response: web.Show("desk/stop", desk.Stop{Token: "token", Ticket: approved})},
		{Name: "desk-stopped", Response: web.Show("desk/stop", desk.Stop{Done: true})},
	}
}

// ownTickets are an owner's pages of tickets about their account.
func ownTickets() []Page {
	open, _, approved, _ := tickets()
	return []Page{
		{Name: "tickets", Response: web.Show("me/tickets", me.Tickets{List: []ticket.Ticket{open, approved}})},
		{Name: "tickets-none", Response: web.Show("me/tickets", me.Tickets{Stopped: true})},
		{Name: "overview-ticket", Response: web.Show("me/overview", me.Overview{Name: "佐藤 花", Password: true, Email: hana, Sessions: 1, Tickets: 1})},
	}
}

// consoleDesk are the support desk's pages for those who run an organisation.
func consoleDesk() []Page {
	open, checking, approved, refused := tickets()
	stranger := open
	stranger.Shown = long
	names := map[string]string{"acc_ken": "木村 健", "acc_mika": "Wolfeschlegelsteinhausenbergerdorff"}
	checks := []ticket.Check{
		{Position: 1, What: "記録にある番号へ、こちらから電話をかけ直した。", By: "acc_ken", At: At.Add(-30 * time.Minute), Note: "人事の名簿の携帯番号にかけ、生年月日と社員番号を確かめた。"},
		{Position: 2, What: "対面かビデオで本人の顔を見て、記録の写真と見比べた。"},
	}
	whole := []ticket.Check{checks[0], {Position: 2, What: checks[1].What, By: "acc_ken", At: At.Add(-20 * time.Minute), Note: "ビデオ通話で社員証の写真と見比べた。"}}
	page := func(name string, p admin.DeskTicket) Page {
		p.Account, p.Names = account.Account{ID: "acc_hana", Name: "佐藤 花"}, names
		return Page{Name: "admin-desk-" + name, Response: web.Show("admin/desk-ticket", p)}
	}
	of := func(t ticket.Ticket, list []ticket.Check, me string) admin.DeskTicket {
		p := admin.DeskTicket{Case: govern.Case{Ticket: t, Checks: list, Same: true}}
		p.Me = account.Account{ID: "acc_ken"}.ID
		if me != "" {
			p.Me = account.Account{ID: "acc_mika"}.ID
		}
		return p
	}
	out := of(approved, whole, "")
	out.Code, out.Until = "1234 5678 9012", At.Add(24*time.Hour)
	stuck := page("stuck", of(checking, whole, ""))
	stuck.Response = stuck.Response.With(faults.DeskSamePerson.New())
	return []Page{
		{Name: "admin-desk", Response: web.Show("admin/desk", admin.Desk{List: []ticket.Ticket{open, checking, approved, stranger}, Next: "tic_1"})},
		{Name: "admin-desk-none", Response: web.Show("admin/desk", admin.Desk{Over: true})},
		page("open", of(open, nil, "")), page("checking", of(checking, checks, "")), page("approve", of(checking, whole, "mika")), stuck,
		page("approved", of(approved, whole, "")), page("code", out), page("refused", of(refused, checks, "")),
		{Name: "admin-desk-checks", Response: web.Show("admin/desk-checks", admin.DeskChecks{Text: checks[0].What + "\n" + checks[1].What, Own: true, Most: ticket.MostList, Saved: true})},
		{Name: "admin-desk-checks-bad", Response: web.Show("admin/desk-checks", admin.DeskChecks{Text: "x", Most: ticket.MostList}).With(faults.DeskChecks.New("most", ticket.MostCheck, "lines", ticket.MostList))},
	}
}

// consoleHooks are the pages of webhooks.
func consoleHooks() []Page {
	well := hook.Hook{ID: "hok_01kf0e7st0000000000000000a", Name: "人事システム", URL: "https://hooks.example.com/sekisho/in?tenant=kanto", Kinds: []string{"member.*", "signin.refused"}, Created: At.Add(-900 * time.Hour)}
	failing, off := well, well
	failing.Name, failing.URL, failing.Failing, failing.Rests = "Monitoring of the night shift operations and logistics", "https://a-very-long-host-name-of-a-receiver.operations.example.com/in", 7, At.Add(12*time.Minute)
	failing.FormerUntil = At.Add(20 * time.Hour)
	off.Disabled, off.Why = true, "gone"
	told := []hook.Delivery{
		{ID: "dlv_3", Reference: "7K2M-9QXP", Kind: "member.deactivated", At: At.Add(-2 * time.Minute), State: hook.Waiting},
		{ID: "dlv_2", Reference: "7K2M-9QXQ", Kind: "signin.refused", At: At.Add(-20 * time.Minute), State: hook.Sent, Tries: 2, Status: 204},
		{ID: "dlv_1", Reference: "7K2M-9QXR", Kind: "member.group_joined", At: At.Add(-90 * time.Hour), State: hook.Failed, Tries: 61, Status: 503, Why: "answered with status 503"},
	}
	form := admin.WebhookForm{Name: "人事", URL: "http://10.0.0.5/in", More: "signin.refused", Groups: []admin.WebhookGroup{{Name: "member", On: true}, {Name: "policy"}, {Name: "ticket"}}}
	change := form
	change.ID, change.Disabled = well.ID, true
	return []Page{
		{Name: "admin-webhooks", Response: web.Show("admin/webhooks", admin.Webhooks{List: []hook.Hook{well, failing, off}})},
		{Name: "admin-webhooks-none", Response: web.Show("admin/webhooks", admin.Webhooks{Done: "removed"})},
		{Name: "admin-webhooks-form", Response: web.Show("admin/webhooks-form", form).With(faults.HookInner.New())},
		{Name: "admin-webhooks-edit", Response: web.Show("admin/webhooks-form", change)},
		{Name: "admin-webhooks-one", Response: web.Show("admin/webhooks-one", admin.Webhook{Hook: failing, Deliveries: told, Next: "dlv_1", Done: "replayed"})},
		{Name: "admin-webhooks-secret", Response: web.Show("admin/webhooks-one", admin.Webhook{Hook: well, Secret: "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDmGlE6kKmLmM="})},
		{Name: "admin-webhooks-off", Response: web.Show("admin/webhooks-one", admin.Webhook{Hook: off, Deliveries: told[1:]})},
		{Name: "admin-webhooks-remove", Response: web.Show("admin/webhooks-remove", admin.WebhookAsk{Hook: failing})},
	}
}

// consoleTokens are the pages of API tokens.
func consoleTokens() []Page {
	line := func(name string, used time.Time, gone bool) admin.TokenLine {
		return admin.TokenLine{Token: token.Token{ID: "tok_01kf0e7st0000000000000000a", Name: name, Permissions: []org.Permission{org.ReadMembers, org.ManageGroups}, Created: At.Add(-900 * time.Hour),
			Expires: At.Add(1200 * time.Hour), Used: used, From: "203.0.113.44"}, By: "佐藤 花", Gone: gone}
	}
	list := []admin.TokenLine{line("人事システムとの連携", At.Add(-3*time.Minute), false), line("Directory of the night shift operations and logistics", time.Time{}, true)}
	over := line("古い連携", At.Add(-2000*time.Hour), false)
	over.Expires = At.Add(-time.Hour)
	form := admin.TokenForm{Name: "人事", Days: "400"}
	for _, x := range token.Carries {
		form.Can = append(form.Can, admin.TokenPower{Name: x, On: x == org.ReadMembers})
	}
	return []Page{
		{Name: "admin-tokens", Response: web.Show("admin/tokens", admin.Tokens{List: append(list, over)})},
		{Name: "admin-tokens-none", Response: web.Show("admin/tokens", admin.Tokens{Done: "revoked"})},
		{Name: "admin-tokens-secret", Response: web.Show("admin/tokens", admin.Tokens{List: list[1:], Secret: "skt_Xv1V3rT0kLmNp9QwErTyUiOpAsDfGhJkLzXcVbNmQwE"})},
		{Name: "admin-tokens-new", Response: web.Show("admin/tokens-new", form).With(faults.TokenExpires.New())},
		{Name: "admin-tokens-cannot", Response: web.Show("admin/tokens-new", admin.TokenForm{})},
		{Name: "admin-tokens-revoke", Response: web.Show("admin/tokens-revoke", admin.TokenAsk{TokenLine: list[0]})},
	}
}
