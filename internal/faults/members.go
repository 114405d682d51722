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

	ImportSize = define(fault.Entry{Code: "import.size", Kind: fault.TooLarge, Topic: fault.Other, Lift: self,
		Ja: fault.Text{What: "ファイルが大きすぎます。", Why: "一度に読み込めるのは、5 MB、10,000行までです。", Fix: "ファイルを分けて、順に読み込んでください。"},
		En: fault.Text{What: "The file is too large.", Why: "Up to 5 MB and 10,000 lines are read at once.", Fix: "Split it and import the parts one after another."}})

	ImportText = define(fault.Entry{Code: "import.text", Kind: fault.Bad, Topic: fault.Other, Lift: self,
		Ja: fault.Text{What: "ファイルを読めませんでした。", Why: "UTF-8 か Shift_JIS の CSV ではないようです。", Fix: "表計算ソフトで「CSV UTF-8」として保存し直してください。"},
		En: fault.Text{What: "The file cannot be read.", Why: "It is no CSV in UTF-8 or Shift_JIS.", Fix: "Save it as “CSV UTF-8” in the spreadsheet and choose it again."}})

	ImportHead = define(fault.Entry{Code: "import.head", Kind: fault.Bad, Topic: fault.Other, Lift: self,
		Ja: fault.Text{What: "1行目の見出しが分かりません。", Why: "1行目に account か address の列が1つずつあり、2行目からメンバーが並んでいる必要があります。", Fix: "メンバーを書き出したファイルを手本にして、見出しを直してください。"},
		En: fault.Text{What: "The first line names no columns.", Why: "It has to name account or address, each column once, with a member on each line below.", Fix: "Export the members and use that file as the pattern."}})

	ImportLine = define(fault.Entry{Code: "import.line", Kind: fault.Bad, Topic: fault.Other, Lift: self,
		Ja: fault.Text{What: "この行は読めません。", Why: "だれのことか書かれていないか、引用符が閉じていないか、長すぎます。", Fix: "この行を直して、読み込み直してください。"},
		En: fault.Text{What: "This line cannot be read.", Why: "It names nobody, has a quote that does not close, or is too long.", Fix: "Correct the line and import it again."}})

	ImportState = define(fault.Entry{Code: "import.state", Kind: fault.Bad, Topic: fault.Other, Lift: self,
		Ja: fault.Text{What: "状態を表す言葉が分かりません。", Why: "状態には active（利用中）か inactive（利用停止）を書きます。", Fix: "この行を直して、読み込み直してください。"},
		En: fault.Text{What: "The state is not known.", Why: "A state is active or inactive.", Fix: "Correct the line and import it again."}})

	ImportTwice = define(fault.Entry{Code: "import.twice", Kind: fault.Conflict, Topic: fault.Other, Lift: self,
		Ja: fault.Text{What: "同じ人の行が、前にもあります。", Why: "どちらの行が正しいか分からないので、後の行は使いません。", Fix: "1人につき1行にしてください。"},
		En: fault.Text{What: "An earlier line is about the same member.", Why: "Which of them is meant is not known, so the later one is left out.", Fix: "Keep one line for each member."}})

	ImportUnknown = define(fault.Entry{Code: "import.unknown", Kind: fault.NotFound, Topic: fault.Other, Lift: self,
		Ja: fault.Text{What: "この組織のメンバーではありません。", Why: "この ID かアドレスのメンバーは、この組織にいません。", Fix: "アドレスを確かめてください。新しい人を招待するときは、状態を空にします。"},
		En: fault.Text{What: "This is no member of the organisation.", Why: "Nobody here has this ID or address.", Fix: "Check the address. To invite somebody new, leave the state empty."}})
)
