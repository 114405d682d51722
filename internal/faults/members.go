package faults

import "sekisho/internal/fault"

var toMembers = &fault.Action{Href: "/admin/members", Ja: "メンバーの一覧へ", En: "Go to the members"}

// What stops an act on a member.
var (
	MemberSelf = define(fault.Entry{Code: "member.self", Kind: fault.Forbidden, Topic: fault.Other, Lift: both, Action: toOwn,
		Ja: fault.Text{What: "自分のアカウントには、この操作はできません。", Why: "ほかの人を手伝うための操作です。自分に使うと、決められた本人確認を飛ばせてしまいます。", Fix: "自分のアカウントのページで変更するか、ほかの管理者に頼んでください。"},
		En: fault.Text{What: "This cannot be done to your own account.", Why: "It is for helping others. On yourself it would pass over the proofs that are asked for.", Fix: "Use your own account's pages, or ask another admin."}})

	MemberNoInbox = define(fault.Entry{Code: "member.no_inbox", Kind: fault.Conflict, Topic: fault.Other, Lift: admins, Action: toMembers,
		Ja: fault.Text{What: "このメンバーにはリンクを送れません。", Why: "メインのアドレスが確認されていないか、複数の人が読むか、このアカウント自身で開くメールボックスです。", Fix: "本人であることを確かめてから、仮のパスワードを渡してください。"},
		En: fault.Text{What: "No link can be sent to this member.", Why: "The primary address is not confirmed, is read by several people, or is opened with this very account.", Fix: "Make sure who asks, then hand over a temporary password."}})

	MemberLocked = define(fault.Entry{Code: "member.locked", Kind: fault.Conflict, Topic: fault.Other, Lift: []fault.Lifter{fault.Self, fault.Admin}, Action: toMembers,
		Ja: fault.Text{What: "持ち主がサインインロックをかけています。", Why: "いま確認方法を外すと、ロックを解除できる端末がなくなります。", Fix: "本人に Tegata で解除してもらってください。端末をなくしたときは、先にサインインロックを解除してから、もう一度外してください。"},
		En: fault.Text{What: "Its owner has locked sign-in.", Why: "Without a second factor there would be no device left that lifts the lock.", Fix: "Ask the owner to lift it in Tegata. If the device is lost, lift the sign-in lock first and then do this again."}})

	MemberNoFactor = define(fault.Entry{Code: "member.no_factor", Kind: fault.Conflict, Topic: fault.Other, Lift: admins, Action: toMembers,
		Ja: fault.Text{What: "このメンバーには、2つ目の確認がありません。", Why: "バックアップコードは、2つ目の確認の代わりに使うものです。いま発行しても、何も開けません。", Fix: "パスワードを忘れているときは、パスワードを再設定してください。"},
		En: fault.Text{What: "This member has no second factor.", Why: "A backup code stands in for a second factor. It would open nothing.", Fix: "If the password is lost, reset it instead."}})

	MemberConfirm = define(fault.Entry{Code: "member.not_confirmed", Kind: fault.Bad, Topic: fault.Other, Lift: self,
		Ja: fault.Text{What: "入力が、このメンバーと一致しません。", Why: "取り違えて削除しないように、表示されている文字をそのまま入力してもらっています。", Fix: "表示されている文字を、そのまま入力してください。"},
		En: fault.Text{What: "What you typed is not this member.", Why: "To keep the wrong account from being deleted, the text shown has to be typed.", Fix: "Type it as it is shown."}})

	MemberStands = define(fault.Entry{Code: "member.stands", Kind: fault.Conflict, Topic: fault.Other, Lift: self, Action: toMembers,
		Ja: fault.Text{What: "すでにその状態です。", Why: "同じ操作が、先に行われています。", Fix: "メンバーのページで、いまの状態を確かめてください。"},
		En: fault.Text{What: "It is so already.", Why: "The same was done before.", Fix: "Look at the member's page to see how things stand."}})
)
