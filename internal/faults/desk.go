package faults

import "sekisho/internal/fault"

// What stops a ticket of the support desk.
var (
	toDesk = &fault.Action{Href: "/desk", Ja: "お問い合わせのページへ", En: "Ask for help"}

	DeskText = define(fault.Entry{Code: "desk.text", Kind: fault.Bad, Topic: fault.Other, Lift: self,
		General: &[2]fault.Text{{Why: "空のままか、長すぎるか、表示できない文字があります。"}, {Why: "A text is empty, too long, or has characters that cannot be shown."}},
		Ja:      fault.Text{What: "この文章は送れません。", Why: "空のままか、{most}文字より長いか、表示できない文字があります。", Fix: "何が起きたかを短く書いてください。"},
		En:      fault.Text{What: "This text cannot be sent.", Why: "It is empty, longer than {most} characters, or has characters that cannot be shown.", Fix: "Say in a few sentences what happened."}})

	DeskContact = define(fault.Entry{Code: "desk.contact", Kind: fault.Bad, Topic: fault.Other, Lift: self,
		Ja: fault.Text{What: "連絡先のメールアドレスが読めません。", Why: "返事を送れるメールアドレスが必要です。", Fix: "いま読めるメールアドレスを入力してください。アカウントに登録していないものでもかまいません。"},
		En: fault.Text{What: "The address to reach you does not read.", Why: "It takes an e-mail address to answer you.", Fix: "Enter one that you can read now. It need not be on the account."}})

	DeskCode = define(fault.Entry{Code: "desk.code_wrong", Kind: fault.Unauthenticated, Topic: fault.Other, Lift: self, Action: toDesk,
		Ja: fault.Text{What: "このコードでは確認できません。", Why: "コードが違うか、1時間が過ぎたか、何度も間違えたため使えなくなりました。", Fix: "メールのコードをもう一度確かめてください。使えなくなったときは、新しいお問い合わせを送ってください。"},
		En: fault.Text{What: "This code does not confirm the address.", Why: "It is another code, its hour has passed, or too many wrong ones were tried.", Fix: "Look at the mail again. If the code no longer works, send a new ticket."}})

	DeskUnknown = define(fault.Entry{Code: "desk.unknown", Kind: fault.NotFound, Topic: fault.Other, Lift: self, Action: toDesk,
		Ja: fault.Text{What: "このリンクのお問い合わせが見つかりません。", Why: "リンクが途中で切れているか、お問い合わせが終わって消されました。", Fix: "メールのリンクを最後まで選んで開いてください。"},
		En: fault.Text{What: "This link leads to no ticket.", Why: "A part of the link is missing, or the ticket ended and was removed.", Fix: "Open the whole link from the mail."}})

	DeskOver = define(fault.Entry{Code: "desk.over", Kind: fault.Gone, Topic: fault.Other, Lift: self, Action: toDesk,
		Ja: fault.Text{What: "このお問い合わせは、もう先へ進められません。", Why: "ほかの人が先に決めたか、使われたか、止められたか、期限が過ぎました。", Fix: "いまの状態を見直してください。まだ困っているときは、新しいお問い合わせを送ってください。"},
		En: fault.Text{What: "Nothing more can be done with this ticket.", Why: "Somebody decided before, it was used or stopped, or its time has passed.", Fix: "Look at how it stands now. If help is still needed, send a new one."}})

	DeskNotReady = define(fault.Entry{Code: "desk.not_ready", Kind: fault.Conflict, Topic: fault.Other, Lift: wait,
		General: &[2]fault.Text{{Fix: "決められた時刻を過ぎてから、もう一度開いてください。"}, {Fix: "Open it again after the time it names."}},
		Ja:      fault.Text{What: "まだ受け取れません。", Why: "持ち主が気づいて止められるように、待ち時間があります。", Fix: "{retry_at} を過ぎてから、もう一度開いてください。"},
		En:      fault.Text{What: "It is not ready yet.", Why: "There is a wait in which the owner can notice and stop it.", Fix: "Open it again after {retry_at}."}})

	DeskMany = define(fault.Entry{Code: "desk.many", Kind: fault.TooMany, Topic: fault.Other, Lift: []fault.Lifter{fault.Time, fault.Operator}, Action: toSupport,
		Ja: fault.Text{What: "この名前についてのお問い合わせが、すでにいくつもあります。", Why: "同じ名前のお問い合わせは、一度に5件までです。", Fix: "送ったお問い合わせの返事を待つか、問い合わせ先に直接連絡してください。"},
		En: fault.Text{What: "There are several tickets for this name already.", Why: "At most five for one name are looked at together.", Fix: "Wait for the answer to the one you sent, or reach the people who run this service directly."}})

	DeskNetworkLimit = define(fault.Entry{Code: "desk.network_limit", Kind: fault.TooMany, Topic: fault.Other, Lift: []fault.Lifter{fault.Time, fault.Operator}, Action: toSupport,
		General: &[2]fault.Text{{Fix: "しばらくたってから、もう一度送ってください。急ぐときは、問い合わせ先に直接連絡してください。"}, {Fix: "Send it again in an hour. If it is urgent, reach the people who run this service directly."}},
		Ja:      fault.Text{What: "このネットワークからのお問い合わせが多すぎます。", Why: "いたずらを防ぐため、1時間に送れる数に限りがあります。", Fix: "{retry_at} を過ぎてから、もう一度送ってください。急ぐときは、問い合わせ先に直接連絡してください。"},
		En:      fault.Text{What: "Too many tickets came from this network.", Why: "To keep the desk from being flooded, only so many are taken in an hour.", Fix: "Send it again after {retry_at}. If it is urgent, reach the people who run this service directly."}})

	DeskSamePerson = define(fault.Entry{Code: "desk.same_person", Kind: fault.Forbidden, Topic: fault.Other, Lift: []fault.Lifter{fault.Admin, fault.Operator},
		Ja: fault.Text{What: "別の人が承認する必要があります。", Why: "確かめた人と、承認する人は、同じではいけません。アカウントの持ち主本人も承認できません。", Fix: "同じ権限を持つ別の管理者に頼んでください。ほかにいないときは、このサービスの運用者が sekisho desk approve で承認できます。"},
		En: fault.Text{What: "Somebody else has to approve this.", Why: "Who checked cannot be who approves, and neither can the account's owner.", Fix: "Ask another admin with this permission. Where there is none, the people who run this service approve with sekisho desk approve."}})

	DeskUnchecked = define(fault.Entry{Code: "desk.unchecked", Kind: fault.Conflict, Topic: fault.Other, Lift: []fault.Lifter{fault.Admin, fault.Operator},
		Ja: fault.Text{What: "まだ確かめていない項目があります。", Why: "すべての項目に確認の記録がないと、承認できません。", Fix: "残りの項目を確かめ、どう確かめたかを書いてください。"},
		En: fault.Text{What: "Something has not been checked yet.", Why: "It can be approved once every check has been made and noted.", Fix: "Make the checks that are left, and note how."}})

	DeskNoFactor = define(fault.Entry{Code: "desk.no_factor", Kind: fault.Conflict, Topic: fault.Other, Lift: []fault.Lifter{fault.Admin, fault.Operator},
		Ja: fault.Text{What: "このアカウントでは、バックアップコードは役に立ちません。", Why: "2つ目の確認が設定されていないため、コードを使う場面がありません。", Fix: "パスワードの再設定か、アドレスの追加で助けてください。お問い合わせには、その理由を書いて閉じてください。"},
		En: fault.Text{What: "A backup code would open nothing here.", Why: "The account has no second factor, so nothing asks for such a code.", Fix: "Help by resetting the password or adding an address, and close the ticket with that as the answer."}})

	DeskChecks = define(fault.Entry{Code: "desk.checks", Kind: fault.Bad, Topic: fault.Other, Lift: self,
		General: &[2]fault.Text{{Why: "行が多すぎるか、長すぎる行があるか、表示できない文字があります。"}, {Why: "There are too many lines, one is too long, or one has characters that cannot be shown."}},
		Ja:      fault.Text{What: "この一覧は保存できません。", Why: "{lines}行までで、1行は{most}文字までです。表示できない文字も使えません。", Fix: "1行に1つずつ、短く書いてください。"},
		En:      fault.Text{What: "This list cannot be saved.", Why: "It can have {lines} lines of {most} characters, none of which cannot be shown.", Fix: "Write one check a line, in few words."}})
)
