package sample

import (
	"time"

	"sekisho/internal/faults"
	"sekisho/internal/org"
	"sekisho/internal/policy"
	"sekisho/internal/web"
	"sekisho/internal/web/invite"
	"sekisho/internal/web/me"
)

// invitations are the pages of who is asked to join an organisation, and leaves one.
func invitations() []Page {
	until := At.Add(7 * 24 * time.Hour)
	some := invite.Invited{Org: "関所運輸", To: hana, Inviter: "山田 太郎", Role: org.Plain, Domains: []string{"sekisho.example"}, Until: until}
	much := invite.Invited{Org: "株式会社 関所運輸 東日本支社 情報システム部", To: long, Inviter: "Wolfeschlegelsteinhausenbergerdorff", Named: "Front desk of the night shift and its logistics", Leads: true,
		Groups: []string{"営業", "Night shift operations and logistics"}, Domains: []string{"sekisho.example", "関所.example"}, Until: until}
	byOperator := some
	byOperator.Inviter, byOperator.Domains = "", nil
	pages := []Page{
		{Name: "invite", Response: web.Show("invite/ask", invite.Ask{Invited: some, Token: "token"})},
		{Name: "invite-known", Response: web.Show("invite/ask", invite.Ask{Invited: much, Token: "token", Known: true})},
		{Name: "invite-operator", Response: web.Show("invite/ask", invite.Ask{Invited: byOperator, Token: "token"})},
		{Name: "invite-accept", Signed: true, Response: web.Show("invite/accept", invite.Accept{Invited: some, Flow: flow, Name: "佐藤 花", Email: hana})},
		{Name: "invite-accept-long", Signed: true, Response: web.Show("invite/accept", invite.Accept{Invited: much, Flow: flow, Name: "佐藤 花", Email: long})},
		{Name: "invite-new", Response: web.Show("invite/new", invite.New{Invited: some, Flow: flow, Min: 15})},
		{Name: "invite-new-short", Response: web.Show("invite/new", invite.New{Invited: much, Flow: flow, Name: "佐藤 花", Min: 40}).With(faults.PasswordTooShort.New("min", 40))},
		{Name: "invite-decline", Response: web.Show("invite/decline", invite.Decline{Invited: some, Flow: flow})},
		{Name: "invite-declined", Response: web.Show("invite/declined", invite.Declined{})},
		{Name: "invite-domain", Signed: true, Response: web.Show("invite/domain", invite.Domain{Org: much.Org, To: long, Direct: true, Return: "/me"})},
		{Name: "invite-domain-link", Signed: true, Response: web.Show("invite/domain", invite.Domain{Org: "関所運輸", To: hana, Return: "/me"})},
		{Name: "invite-domain-sent", Signed: true, Response: web.Show("invite/domain-sent", invite.DomainSent{Org: "関所運輸", To: hana})},
		{Name: "rules-offer", Signed: true, Response: web.Show("me/rules", me.Rules{Offer: much.Org, Parts: policy.Parts(everybody.Values())})},
		{Name: "invite-elsewhere", Response: web.Refuse(faults.InvitationElsewhere.New())},
		{Name: "invite-over", Response: web.Refuse(faults.InvitationOver.New())},
		{Name: "rules-leave", Signed: true, Response: web.Show("me/rules-leave", me.Leave{Org: much.Org})},
		{Name: "rules-left", Signed: true, Response: web.Show("me/rules", me.Rules{Left: true, Parts: policy.Parts(everybody.Values())})},
	}
	return pages
}
