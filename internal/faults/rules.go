package faults

import "sekisho/internal/fault"

// Refusals of whoever sets rules, for themselves or for an organisation.
var (
	ListMalformed = define(fault.Entry{Code: "list.malformed", Kind: fault.Bad, Topic: fault.Other, Lift: self,
		General: &[2]fault.Text{{Why: "一覧の1行が、アドレスとしても範囲としても読めません。"}, {Why: "A line of the list reads neither as an address nor as a range."}},
		Of: map[string]*[2]fault.Text{
			"host_bits": {{Why: "{line}行目の「{text}」は、範囲の先頭のアドレスではありません。", Fix: "範囲全体なら {want} と書いてください。1つのアドレスだけなら、/ から後ろを消してください。"},
				{Why: "Line {line}, “{text}”, does not begin where its network begins.", Fix: "Write {want} for the whole network, or leave out the slash and what follows for one address."}},
			"zone": {{Why: "{line}行目の「{text}」には、% に続くゾーンが付いています。ゾーンは、そのパソコンの中でしか意味を持ちません。", Fix: "% から後ろを消してください。"},
				{Why: "Line {line}, “{text}”, has a zone after the percent sign. A zone means something on one machine only.", Fix: "Leave out the percent sign and what follows."}},
			"backwards": {{Why: "{line}行目の「{text}」は、終わりのアドレスが始まりより前にあります。", Fix: "小さいアドレスから順に書いてください。"},
				{Why: "Line {line}, “{text}”, ends before it begins.", Fix: "Write the lower address first."}},
			"two_kinds": {{Why: "{line}行目の「{text}」は、IPv4 から IPv6 への範囲になっています。", Fix: "IPv4 と IPv6 を、別の行に分けてください。"},
				{Why: "Line {line}, “{text}”, goes from IPv4 to IPv6.", Fix: "Write one line for each."}},
			"long_name": {{Why: "{line}行目の名前が100文字を超えているか、表示できない文字を含んでいます。", Fix: "名前を短くするか、その文字を消してください。"},
				{Why: "The name on line {line} has more than 100 characters, or one that cannot be shown.", Fix: "Shorten it, or take that character out."}},
			"everywhere": {{Why: "この一覧は、すべてのアドレスを許可しています。", Fix: "どこからでも使えるようにするなら、一覧を空にしてください。"},
				{Why: "The list allows every address there is.", Fix: "To allow every place, leave the list empty."}},
			"too_many": {{Why: "一覧は{lines}行まで、範囲を分けた数で{networks}件までです。", Fix: "続いているアドレスを、1つの範囲にまとめてください。"},
				{Why: "A list has at most {lines} lines, which come to at most {networks} networks.", Fix: "Join addresses that follow each other into one range."}},
		},
		Ja: fault.Text{What: "一覧を読み取れません。", Why: "{line}行目の「{text}」が、アドレスとしても範囲としても読めません。",
			Fix: "192.0.2.7、192.0.2.0/24、192.0.2.1-192.0.2.9 のように書いてください。後ろに空白をあけて、名前を付けられます。"},
		En: fault.Text{What: "The list does not read.", Why: "Line {line}, “{text}”, is neither an address nor a range.",
			Fix: "Write 192.0.2.7, 192.0.2.0/24 or 192.0.2.1-192.0.2.9. A name may follow after a space."}})

	ListTooLong = define(fault.Entry{Code: "list.too_long", Kind: fault.Bad, Topic: fault.Other, Lift: self,
		General: &[2]fault.Text{{Why: "自分の一覧に書ける行数には、上限があります。"}, {Why: "A list of one's own has only so many lines."}},
		Ja:      fault.Text{What: "一覧が長すぎます。", Why: "自分の一覧は{lines}行まで、範囲を分けた数で{networks}件までです。", Fix: "続いているアドレスを、1つの範囲にまとめてください。"},
		En:      fault.Text{What: "The list is too long.", Why: "A list of your own has at most {lines} lines, which come to at most {networks} networks.", Fix: "Join addresses that follow each other into one range."}})

	RulesChanged = define(fault.Entry{Code: "rules.changed", Kind: fault.Conflict, Topic: fault.Other, Lift: self,
		Ja: fault.Text{What: "まだ保存していません。", Why: "このページを開いたあとに、ほかの画面かほかの人が内容を変えました。", Fix: "入力した内容は残っています。いまの内容と見くらべてから、もう一度保存してください。"},
		En: fault.Text{What: "Not saved yet.", Why: "Somebody else, or another page of yours, has changed this since you opened it.", Fix: "What you entered is still here. Compare it with what holds now, and save again."}})

	ConfirmElsewhere = define(fault.Entry{Code: "rules.confirm_elsewhere", Kind: fault.Forbidden, Topic: fault.Other, Lift: self,
		General: &[2]fault.Text{{Fix: "許可したアドレスにある別のブラウザーでサインインし、そこで確定してください。10分たつと、自動で元に戻ります。"},
			{Fix: "Sign in with another browser from an allowed address and confirm it there. After ten minutes it takes itself back."}},
		Ja: fault.Text{What: "このブラウザーでは確定できません。", Why: "変更したブラウザーの外からも入れることを確かめるためです。", Fix: "許可したアドレスにある別のブラウザーでサインインし、そこで確定してください。{until} になると、自動で元に戻ります。"},
		En: fault.Text{What: "It cannot be confirmed in this browser.", Why: "Confirming shows that somebody can get in from outside the browser that made the change.", Fix: "Sign in with another browser from an allowed address and confirm it there. At {until} it takes itself back."}})

	RulesTakenBack = define(fault.Entry{Code: "rules.taken_back", Kind: fault.Gone, Topic: fault.Other, Lift: self,
		Ja: fault.Text{What: "確定を待つ変更はありません。", Why: "すでに確定されたか、10分たって元に戻りました。", Fix: "いまの内容を見て、必要ならもう一度変更してください。"},
		En: fault.Text{What: "No change waits to be confirmed.", Why: "It was confirmed already, or ten minutes passed and it took itself back.", Fix: "See what holds now, and change it again if you need to."}})

	PolicyWaits = define(fault.Entry{Code: "policy.waits", Kind: fault.Conflict, Topic: fault.Other, Lift: []fault.Lifter{fault.Self, fault.Time},
		General: &[2]fault.Text{{Why: "前の変更が、確定されるのを待っています。", Fix: "許可したアドレスから確定するか、元に戻してから、もう一度変更してください。10分たつと、自動で元に戻ります。"},
			{Why: "A change before this one waits to be confirmed.", Fix: "Confirm it from an allowed address or take it back, then make your change. After ten minutes it takes itself back."}},
		Ja: fault.Text{What: "いまはポリシーを変えられません。", Why: "「{policy}」の変更が、確定されるのを待っています。", Fix: "それを確定するか元に戻してから、もう一度変更してください。{until} になると、自動で元に戻ります。"},
		En: fault.Text{What: "Policies cannot be changed just now.", Why: "A change of “{policy}” waits to be confirmed.", Fix: "Confirm it or take it back, then make your change. At {until} it takes itself back."}})

	PolicyShutsOut = define(fault.Entry{Code: "policy.shuts_out", Kind: fault.Conflict, Topic: fault.Other, Lift: both,
		General: &[2]fault.Text{{Why: "そのあとの決まりでは、いまのアドレスからは入れません。"}, {Why: "Under the rules that would hold afterwards you could not get in from where you are."}},
		Ja:      fault.Text{What: "自分を締め出すことになるため、止めました。", Why: "そのあとの決まりでは、いまのアドレス {address} からは入れません。", Fix: "先にアドレスの決まりを変えるか、ほかの管理者に頼んでください。"},
		En:      fault.Text{What: "This would shut you out, so it was not done.", Why: "Under the rules that would hold afterwards, {address} is not allowed.", Fix: "Change the address rule first, or ask another administrator to do it."}})

	PolicyShutsOwner = define(fault.Entry{Code: "policy.shuts_owner", Kind: fault.Conflict, Topic: fault.Other, Lift: []fault.Lifter{fault.Self, fault.Admin},
		Ja: fault.Text{What: "オーナーを締め出すことになるため、止めました。", Why: "そのあとの決まりでは、この30日間にサインインしたどのアドレスからも入れないオーナーがいます。", Fix: "オーナーが使うアドレスを加えるか、オーナーを対象から外してください。オーナー本人なら、このままでも変更できます。"},
		En: fault.Text{What: "This would shut an owner out, so it was not done.", Why: "Under the rules that would hold afterwards, an owner could not get in from any address they have signed in from in the last 30 days.", Fix: "Add an address that owners use, or leave owners out of the policy. An owner can make the change as it is."}})

	PolicyNoKind = define(fault.Entry{Code: "policy.no_kind", Kind: fault.Bad, Topic: fault.Other, Lift: both,
		Ja: fault.Text{What: "この確認方法だけにはできません。", Why: "選んだ方法は、このサービスではだれも登録できません。全員が入れなくなります。", Fix: "Tegata、認証アプリなど、使える方法を1つ以上加えてください。SMS やパスキーの設定は、運用者に頼んでください。"},
		En: fault.Text{What: "These ways alone will not do.", Why: "Nobody can set up any of them on this service, so everybody would be held.", Fix: "Add one that works here, such as Tegata or an authenticator app. Codes by SMS and passkeys depend on how the service is set up."}})

	PolicyRange = define(fault.Entry{Code: "policy.out_of_range", Kind: fault.Bad, Topic: fault.Other, Lift: self,
		General: &[2]fault.Text{{Why: "入力した値が、決められる範囲の外です。", Fix: "画面に出ている範囲の中の値にしてください。"}, {Why: "A value is outside of what can be set.", Fix: "Choose one within the range that the page shows."}},
		Ja:      fault.Text{What: "この値にはできません。", Why: "「{field}」に決められるのは、{low}から{high}までです。", Fix: "値を直して、もう一度保存してください。"},
		En:      fault.Text{What: "This value cannot be set.", Why: "“{field}” can be {low} to {high}.", Fix: "Change it and save again."}})

	PolicyAges = define(fault.Entry{Code: "policy.ages", Kind: fault.Bad, Topic: fault.Other, Lift: self,
		Ja: fault.Text{What: "この日数の組み合わせにはできません。", Why: "変更できるようになる前に、変更が必要になってしまいます。", Fix: "「次に変えられるまで」を「変えなければならなくなるまで」より短くしてください。"},
		En: fault.Text{What: "These two ages do not go together.", Why: "A password would have to be changed before it may be.", Fix: "Make the minimum age shorter than the maximum age."}})
)
