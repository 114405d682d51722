package faults

import "sekisho/internal/fault"

// What stops a domain from being an organisation's.
var (
	DomainMalformed = define(fault.Entry{Code: "domain.malformed", Kind: fault.Bad, Topic: fault.Other, Lift: self,
		Ja: fault.Text{What: "ドメインとして読めません。", Why: "example.com のような、メールアドレスの @ より後ろの部分を入力します。https:// やメールアドレス全体は入りません。", Fix: "ドメインだけを入力してください。"},
		En: fault.Text{What: "This does not read as a domain.", Why: "A domain is what stands after the @ of your addresses, such as example.com: no https://, no whole address.", Fix: "Enter the domain alone."}})

	DomainShared = define(fault.Entry{Code: "domain.shared", Kind: fault.Bad, Topic: fault.Other, Lift: self,
		Ja: fault.Text{What: "このドメインは、1つの組織のものになりません。", Why: "だれでも登録したり、アドレスを作ったりできるドメインです。", Fix: "組織だけが使っているドメインを入力してください。"},
		En: fault.Text{What: "This domain cannot be one organisation's.", Why: "Anybody can register under it or have an address in it.", Fix: "Enter a domain that your organisation alone uses."}})

	DomainFull = define(fault.Entry{Code: "domain.full", Kind: fault.Conflict, Topic: fault.Other, Lift: self,
		Ja: fault.Text{What: "ドメインはこれ以上増やせません。", Why: "1つの組織に登録できるのは30個までです。", Fix: "使わないものを外してください。"},
		En: fault.Text{What: "No more domains can be added.", Why: "An organisation has at most 30.", Fix: "Remove one that is not used."}})

	DomainHeld = define(fault.Entry{Code: "domain.already_added", Kind: fault.Conflict, Topic: fault.Other, Lift: self,
		Ja: fault.Text{What: "このドメインは、もう一覧にあります。", Why: "同じドメインは1回だけ登録します。", Fix: "一覧から開いてください。"},
		En: fault.Text{What: "This domain is in the list already.", Why: "Each is added once.", Fix: "Open it from the list."}})

	DomainTaken = define(fault.Entry{Code: "domain.taken", Kind: fault.Conflict, Topic: fault.Other, Lift: operator, Action: toSupport,
		Ja: fault.Text{What: "このドメインは、別の組織が確認済みです。", Why: "確認できたドメインは、1つの組織だけのものです。", Fix: "その組織に外してもらってください。確認用のレコードやファイルが7日間なくなると、ひとりでに外れます。"},
		En: fault.Text{What: "Another organisation has proved this domain.", Why: "A domain that is proved is one organisation's.", Fix: "Have it removed there. Where its record or file is gone for seven days, it goes by itself."}})

	DomainUnproved = define(fault.Entry{Code: "domain.unproved", Kind: fault.Conflict, Topic: fault.Other, Lift: self,
		Ja: fault.Text{What: "確認用の値が見つかりません。", Why: "レコードやファイルがまだないか、別の値が入っています。ファイルは、転送なしで直接返す必要があります。DNSの変更が行き渡るまで、時間がかかることもあります。", Fix: "値をそのまま写したか確かめて、しばらくしてからもう一度確認してください。"},
		En: fault.Text{What: "The value is not there.", Why: "The record or file does not exist yet, or says something else. A file has to be answered directly, without a redirect. Changes of DNS can take a while to spread.", Fix: "See that the value was copied as it is, wait a little and look again."}})

	DomainSilent = define(fault.Entry{Code: "domain.unreachable", Kind: fault.Conflict, Topic: fault.Other, Lift: both,
		Ja: fault.Text{What: "ドメインを調べられませんでした。", Why: "DNSサーバーかWebサイトが、5秒以内に答えませんでした。証明書に問題があることもあります。", Fix: "外からつながるか確かめて、もう一度確認してください。もう一方の方法も使えます。"},
		En: fault.Text{What: "The domain could not be looked at.", Why: "Its DNS server or web site did not answer within five seconds, or its certificate does not hold.", Fix: "See that it can be reached from outside, then look again. The other way may work."}})

	DomainInner = define(fault.Entry{Code: "domain.inner", Kind: fault.Forbidden, Topic: fault.Other, Lift: operator, Action: toSupport,
		Ja: fault.Text{What: "このWebサイトは、内側のネットワークにあります。", Why: "内側のネットワークには、このサーバーから接続しません。", Fix: "DNSのレコードで確認してください。"},
		En: fault.Text{What: "This web site is in an inner network.", Why: "This server does not connect to inner networks.", Fix: "Prove the domain by a DNS record."}})

	DomainLimit = define(fault.Entry{Code: "domain.limit", Kind: fault.TooMany, Topic: fault.Other, Lift: wait,
		General: &[2]fault.Text{{Fix: "少し待って、もう一度確認してください。"}, {Fix: "Wait for a while, then look again."}},
		Ja:      fault.Text{What: "いまは、これ以上確認できません。", Why: "ドメインを調べる回数には、1時間あたりの上限があります。", Fix: "{retry_at} を過ぎたら、もう一度確認できます。"},
		En:      fault.Text{What: "No more looking now.", Why: "There is a limit to how often domains are looked at in an hour.", Fix: "You can look again after {retry_at}."}})

	DomainClosed = define(fault.Entry{Code: "domain.closed", Kind: fault.Forbidden, Topic: fault.Other, Lift: admins, Action: toRules,
		Ja: fault.Text{What: "このアドレスでは、直接参加できません。", Why: "組織が直接の参加を止めたか、アドレスが確認されていないか、ドメインの確認が切れています。", Fix: "組織の管理者に、招待を頼んでください。"},
		En: fault.Text{What: "This address does not join directly.", Why: "The organisation has switched it off, the address is not confirmed, or the domain is not proved any more.", Fix: "Ask the organisation's administrators for an invitation."}})
)
