package faults

import "sekisho/internal/fault"

var (
	toRules = &fault.Action{Href: "/me/rules", Ja: "組織と決まりを見る", En: "See your organisation and its rules"}
	toOther = &fault.Action{Href: "/accounts", Ja: "アカウントを切り替える", En: "Switch accounts"}
)

// What stops somebody from joining an organisation, and an admin from inviting.
var (
	InvitationOver = define(fault.Entry{Code: "invitation.over", Kind: fault.Gone, Topic: fault.Other, Lift: admins,
		Ja: fault.Text{What: "この招待は使えません。", Why: "招待は7日間、1回だけ使えます。期限が過ぎたか、もう使われたか、取り消されたか、新しい招待が届いています。", Fix: "いちばん新しい招待のメールを開いてください。届いていないときは、招待した人に送り直してもらえます。"},
		En: fault.Text{What: "This invitation no longer works.", Why: "An invitation works once, for seven days. Its time has passed, it was answered or withdrawn, or a newer one was sent.", Fix: "Open the newest invitation you have. If there is none, ask whoever invited you to send another."}})

	InvitationVoid = define(fault.Entry{Code: "invitation.void", Kind: fault.Forbidden, Topic: fault.Other, Lift: admins,
		Ja: fault.Text{What: "この招待では参加できなくなりました。", Why: "招待した人が組織を離れたか、その役割を渡せなくなったか、役割そのものがなくなりました。", Fix: "組織のほかの管理者に、招待し直してもらってください。"},
		En: fault.Text{What: "Nobody can join with this invitation any more.", Why: "Whoever sent it has left the organisation, may not give this role now, or the role itself is gone.", Fix: "Ask another administrator of the organisation to invite you."}})

	InvitationOther = define(fault.Entry{Code: "invitation.other_account", Kind: fault.Conflict, Topic: fault.Other, Lift: self, Action: toOther,
		Ja: fault.Text{What: "この招待は、別のアカウントあてです。", Why: "招待されたメールアドレスは、ほかのアカウントに登録されています。", Fix: "そのアカウントに切り替えてから、招待のメールをもう一度開いてください。"},
		En: fault.Text{What: "This invitation is for another account.", Why: "The address that was invited belongs to a different account.", Fix: "Switch to that account, then open the invitation again."}})

	InvitationMember = define(fault.Entry{Code: "invitation.already_member", Kind: fault.Conflict, Topic: fault.Other, Lift: self, Action: toRules,
		Ja: fault.Text{What: "もうこの組織のメンバーです。", Why: "1つのアカウントが、同じ組織に2回参加することはありません。", Fix: "そのまま使えます。役割やグループを変えたいときは、組織の管理者に頼んでください。"},
		En: fault.Text{What: "This account is a member already.", Why: "An account joins an organisation once.", Fix: "There is nothing to do. To change a role or group, ask the organisation's administrators."}})

	InvitationElsewhere = define(fault.Entry{Code: "invitation.member_elsewhere", Kind: fault.Conflict, Topic: fault.Other, Lift: self, Action: toRules,
		Ja: fault.Text{What: "このアカウントは、別の組織のメンバーです。", Why: "決まりが食い違わないように、アカウントが参加できる組織は1つだけです。", Fix: "いまの組織を抜けてから参加するか、別のアカウントで参加してください。"},
		En: fault.Text{What: "This account is a member of another organisation.", Why: "An account is in one organisation at most, so that two sets of rules never contradict.", Fix: "Leave the other organisation first, or join with a different account."}})

	InvitationOpen = define(fault.Entry{Code: "invitation.open", Kind: fault.Conflict, Topic: fault.Other, Lift: self,
		Ja: fault.Text{What: "このアドレスには、もう招待を送っています。", Why: "1つのアドレスに、有効な招待は1つだけです。", Fix: "一覧から送り直すか、取り消してから招待し直してください。"},
		En: fault.Text{What: "This address has an invitation already.", Why: "An address has one open invitation at a time.", Fix: "Send that one again from the list, or withdraw it and invite anew."}})

	InvitationWaits = define(fault.Entry{Code: "invitation.waits", Kind: fault.Conflict, Topic: fault.Other, Lift: self,
		Ja: fault.Text{What: "このアドレスには、もう招待が届いています。", Why: "参加するためのリンクは、先にメールで送られています。", Fix: "受信箱と迷惑メールで、いちばん新しい招待を探して開いてください。"},
		En: fault.Text{What: "This address has an invitation already.", Why: "A link to join was mailed to it before.", Fix: "Look for the newest invitation in the inbox, and among the spam, and open it."}})

	InvitationSends = define(fault.Entry{Code: "invitation.sends", Kind: fault.Conflict, Topic: fault.Other, Lift: self,
		Ja: fault.Text{What: "この招待は、これ以上送れません。", Why: "送り直せるのは3回までです。相手の受信箱をあふれさせないためです。", Fix: "アドレスが正しいか、迷惑メールに入っていないかを、相手に確かめてください。"},
		En: fault.Text{What: "This invitation cannot be sent again.", Why: "It can be sent again three times, so that nobody's inbox is flooded.", Fix: "Ask whether the address is right, and whether the mail is among the spam."}})

	InvitationLimit = define(fault.Entry{Code: "invitation.limit", Kind: fault.TooMany, Topic: fault.Other, Lift: wait,
		General: &[2]fault.Text{{Why: "1つの組織が1時間に送れる招待と、1つのアドレスが1日に受け取る招待の数には、上限があります。", Fix: "時間をおいて、続きを送ってください。"},
			{Why: "There is a limit to what an organisation sends in an hour, and to what one address is sent in a day.", Fix: "Wait for a while and go on then."}},
		Ja: fault.Text{What: "招待をこれ以上送れません。", Why: "1つの組織が1時間に送れる招待と、1つのアドレスが1日に受け取る招待の数には、上限があります。", Fix: "{retry_at} を過ぎたら、続きを送れます。"},
		En: fault.Text{What: "No more invitations can be sent now.", Why: "There is a limit to what an organisation sends in an hour, and to what one address is sent in a day.", Fix: "You can go on after {retry_at}."}})

	InvitationFull = define(fault.Entry{Code: "invitation.full", Kind: fault.Conflict, Topic: fault.Other, Lift: self,
		Ja: fault.Text{What: "これ以上は招待できません。", Why: "有効な招待は、1つの組織に1000件までです。", Fix: "使われていない招待を取り消してください。"},
		En: fault.Text{What: "No more people can be invited.", Why: "An organisation has at most 1000 open invitations.", Fix: "Withdraw some that nobody uses."}})

	InvitationMany = define(fault.Entry{Code: "invitation.many", Kind: fault.TooLarge, Topic: fault.Other, Lift: self,
		General: &[2]fault.Text{{Why: "1回に招待できる数には、上限があります。"}, {Why: "There is a limit to how many are invited at once."}},
		Ja:      fault.Text{What: "1回に招待するには多すぎます。", Why: "1回に招待できるのは{most}件までです。", Fix: "残りは、もう一度に分けて招待してください。"},
		En:      fault.Text{What: "These are too many at once.", Why: "At most {most} people are invited at once.", Fix: "Invite the rest with the next form."}})

	RoleCarried = define(fault.Entry{Code: "role.carried", Kind: fault.Conflict, Topic: fault.Other, Lift: self,
		Ja: fault.Text{What: "この役割は、まだ使われています。", Why: "この役割を持つメンバーがいます。削除すると、その人たちが何をできるのか分からなくなります。", Fix: "先に、そのメンバーに別の役割を付けてください。"},
		En: fault.Text{What: "This role is in use.", Why: "Members carry it. Without it nobody could say what they may do.", Fix: "Give those members another role first."}})
)
