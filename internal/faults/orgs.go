package faults

import "sekisho/internal/fault"

var (
	admins    = []fault.Lifter{fault.Admin}
	toConsole = &fault.Action{Href: "/admin", Ja: "組織の管理へ", En: "Go to the organisation's pages"}
	toOwn     = &fault.Action{Href: "/me", Ja: "自分のアカウントへ", En: "Go to your account"}
)

// What stops an act on an organisation.
var (
	OrgNone = define(fault.Entry{Code: "org.none", Kind: fault.Forbidden, Topic: fault.Other, Lift: operator, Action: toOwn,
		Ja: fault.Text{What: "組織に所属していません。", Why: "このページは、組織の管理をする人のためのものです。このアカウントは、どの組織のメンバーでもありません。", Fix: "別のアカウントで管理しているときは、「切り替え」からアカウントを選んでください。組織に入るには、管理者から招待を受けてください。"},
		En: fault.Text{What: "You are in no organisation.", Why: "This page is for people who run an organisation, and this account is a member of none.", Fix: "If you run one with another account, choose it under “Switch”. To join one, ask its admins for an invitation."}})

	OrgForbidden = define(fault.Entry{Code: "org.forbidden", Kind: fault.Forbidden, Topic: fault.Other, Lift: admins, Action: toOwn,
		Ja: fault.Text{What: "この操作をする権限がありません。", Why: "組織でのあなたの役割では許されていません。自分より多くの権限を持つ人に対する操作や、自分にない権限を与える操作もできません。", Fix: "必要なときは、組織のオーナーか管理者に、役割の変更を頼んでください。"},
		En: fault.Text{What: "Your role does not allow this.", Why: "It needs a permission that your role in the organisation does not have. Nobody acts on people who hold more than they do, or gives what they do not hold.", Fix: "If you need it, ask an owner or admin of the organisation for another role."}})

	OrgGone = define(fault.Entry{Code: "org.not_found", Kind: fault.NotFound, Topic: fault.Other, Lift: self, Action: toConsole,
		Ja: fault.Text{What: "見つかりません。", Why: "指定されたメンバーや項目は、この組織にはありません。すでに削除されたか、変更されたのかもしれません。", Fix: "一覧を開き直して、選び直してください。"},
		En: fault.Text{What: "It is not there.", Why: "This organisation has no such member or item. It may have been removed or changed a moment ago.", Fix: "Open the list again and choose from there."}})

	OrgTaken = define(fault.Entry{Code: "org.name_taken", Kind: fault.Conflict, Topic: fault.Other, Lift: self,
		Ja: fault.Text{What: "その名前はもう使われています。", Why: "同じ名前のものがあると、区別できません。", Fix: "別の名前にしてください。"},
		En: fault.Text{What: "That name is in use.", Why: "Two of the same name could not be told apart.", Fix: "Choose another one."}})

	OrgName = define(fault.Entry{Code: "org.name", Kind: fault.Bad, Topic: fault.Other, Lift: self,
		Ja: fault.Text{What: "この名前は使えません。", Why: "名前は1文字から100文字までで、改行などの制御文字は使えません。", Fix: "短い、読める名前を入力してください。"},
		En: fault.Text{What: "This name cannot be used.", Why: "A name has 1 to 100 characters and no control characters.", Fix: "Enter a short name that can be read."}})

	OrgLastOwner = define(fault.Entry{Code: "org.last_owner", Kind: fault.Conflict, Topic: fault.Other, Lift: []fault.Lifter{fault.Admin, fault.Operator},
		Ja: fault.Text{What: "最後のオーナーは外せません。", Why: "サインインできるオーナーがひとりもいなくなると、だれも組織を管理できなくなります。", Fix: "先に、別のメンバーをオーナーにしてください。"},
		En: fault.Text{What: "The last owner stays.", Why: "Without an owner who can sign in, nobody could run the organisation.", Fix: "Make another member an owner first."}})

	OrgMember = define(fault.Entry{Code: "org.member_already", Kind: fault.Conflict, Topic: fault.Other, Lift: self,
		Ja: fault.Text{What: "このアカウントはすでに組織のメンバーです。", Why: "1つのアカウントが入れる組織は1つだけです。決まりが食い違わないようにするためです。", Fix: "先にいまの組織を抜けるか、別のアカウントを使ってください。"},
		En: fault.Text{What: "This account is a member of an organisation already.", Why: "An account is in one organisation at most, so that rules never contradict each other.", Fix: "Leave the other organisation first, or use another account."}})

	OrgState = define(fault.Entry{Code: "org.account_state", Kind: fault.Conflict, Topic: fault.Other, Lift: operator, Action: toSupport,
		Ja: fault.Text{What: "いまの状態のアカウントには、この操作はできません。", Why: "アカウントが停止または削除されているか、アドレスの確認が済んでいません。", Fix: "このサービスの運用者に問い合わせてください。"},
		En: fault.Text{What: "The account is not in a state for this.", Why: "It is disabled or deleted, or its address is not confirmed.", Fix: "Ask the people who run this service."}})

	OrgChanged = define(fault.Entry{Code: "org.changed", Kind: fault.Conflict, Topic: fault.Other, Lift: self,
		Ja: fault.Text{What: "ほかの人が先に変更しました。", Why: "このページを開いたあとに、同じものが変更されました。上書きしないように、保存を止めました。", Fix: "いまの内容を確かめて、もう一度変更してください。"},
		En: fault.Text{What: "Somebody else changed it first.", Why: "It was changed after this page was opened. To keep their work, yours was not saved.", Fix: "Look at how it is now and make your change again."}})

	OrgMost = define(fault.Entry{Code: "org.too_many", Kind: fault.Conflict, Topic: fault.Other, Lift: self,
		Ja: fault.Text{What: "これ以上は増やせません。", Why: "1つの組織のポリシーは200個、グループと役割はそれぞれ500個、1つのポリシーの対象は500件、ひとりが入れるグループは200個までです。", Fix: "使っていないものを減らしてください。"},
		En: fault.Text{What: "There is no room for more.", Why: "An organisation has at most 200 policies, 500 groups and 500 roles of its own, a policy at most 500 targets, and a member is in at most 200 groups.", Fix: "Remove what is not used."}})

	OrgPermission = define(fault.Entry{Code: "org.permission", Kind: fault.Bad, Topic: fault.Other, Lift: self,
		Ja: fault.Text{What: "その権限は、役割に入れられません。", Why: "ない権限か、オーナーだけが持てる権限です。", Fix: "一覧にある権限から選んでください。"},
		En: fault.Text{What: "A role cannot carry that permission.", Why: "There is none of that name, or only owners have it.", Fix: "Choose from the permissions that are listed."}})

	ResetForbidden = define(fault.Entry{Code: "recovery.forbidden", Kind: fault.Forbidden, Topic: fault.Forgotten, Lift: admins, Action: &fault.Action{Href: "/desk", Ja: "サポートに助けを求める", En: "Ask the support desk"},
		Ja: fault.Text{What: "自分ではパスワードを再設定できません。", Why: "所属する組織の決まりで、忘れたパスワードは、組織の管理者だけが再設定できます。", Fix: "組織の管理者に、再設定のリンクを送ってもらってください。連絡先がわからないときは、下のボタンから依頼できます。"},
		En: fault.Text{What: "You cannot reset the password yourself.", Why: "By a rule of your organisation, only its admins have a forgotten password reset.", Fix: "Ask an admin of the organisation to send you a link to reset it. If you do not know whom to ask, the button below reaches them."}})
)
