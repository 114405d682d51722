package faults

import "sekisho/internal/fault"

// What stops a webhook.
var (
	HookURL = define(fault.Entry{Code: "hook.url", Kind: fault.Bad, Topic: fault.Other, Lift: self,
		Ja: fault.Text{What: "このアドレスには送れません。", Why: "https:// で始まるアドレスが必要です。ユーザー名やパスワード、# のあとの部分、数字だけで書いたホスト名は使えません。", Fix: "https://hooks.example.com/sekisho のように入力してください。"},
		En: fault.Text{What: "Nothing can be sent to this address.", Why: "It has to begin with https:// and have no user name, password or part after #, and no host written as a number.", Fix: "Enter it as https://hooks.example.com/sekisho."}})

	HookInner = define(fault.Entry{Code: "hook.inner", Kind: fault.Forbidden, Topic: fault.Other, Lift: operator,
		Ja: fault.Text{What: "内部のネットワークには送れません。", Why: "このアドレスは、サービスが動いているネットワークの内側を指しています。外から届かないものに、ここから届いてはいけません。", Fix: "外から届くアドレスを使ってください。必要なときは、運用者が hook_inner_networks で許可できます。"},
		En: fault.Text{What: "Nothing is sent into inner networks.", Why: "The address leads inside the network in which this service runs. What cannot be reached from outside is not to be reached through it.", Fix: "Use an address that can be reached from outside. Where it has to be, the people who run this service allow it with hook_inner_networks."}})

	HookHost = define(fault.Entry{Code: "hook.host", Kind: fault.Bad, Topic: fault.Other, Lift: self,
		General: &[2]fault.Text{{Why: "ホスト名のアドレスが見つかりません。"}, {Why: "No address is known for the host's name."}},
		Ja:      fault.Text{What: "このホストが見つかりません。", Why: "{host} のアドレスが見つかりません。", Fix: "つづりを確かめるか、DNS に登録されてからもう一度試してください。"},
		En:      fault.Text{What: "This host is not found.", Why: "No address is known for {host}.", Fix: "Check how it is spelt, or try again once it is in the DNS."}})

	HookKinds = define(fault.Entry{Code: "hook.kinds", Kind: fault.Bad, Topic: fault.Other, Lift: self,
		Ja: fault.Text{What: "知らせるできごとを選んでください。", Why: "できごとは member.added、member.*、* のように30個まで指定します。", Fix: "一覧から1つ以上選んでください。"},
		En: fault.Text{What: "Choose what to be told of.", Why: "Events are named as member.added, member.* or *, and there can be 30 of them.", Fix: "Choose at least one from the list."}})

	HookMost = define(fault.Entry{Code: "hook.too_many", Kind: fault.Conflict, Topic: fault.Other, Lift: self,
		Ja: fault.Text{What: "Webhook をこれ以上は増やせません。", Why: "1つの組織で10個までです。", Fix: "使っていないものを削除してください。"},
		En: fault.Text{What: "There is no room for another webhook.", Why: "An organisation has at most ten.", Fix: "Remove one that is not used."}})

	HookOff = define(fault.Entry{Code: "hook.off", Kind: fault.Conflict, Topic: fault.Other, Lift: self,
		Ja: fault.Text{What: "この Webhook は止まっています。", Why: "止まっているあいだは、何も送られません。", Fix: "先に動かしてください。"},
		En: fault.Text{What: "This webhook is switched off.", Why: "Nothing is sent while it is.", Fix: "Switch it on first."}})

	HookReplays = define(fault.Entry{Code: "hook.replays", Kind: fault.TooMany, Topic: fault.Other, Lift: wait,
		General: &[2]fault.Text{{Fix: "しばらくたってから、もう一度試してください。"}, {Fix: "Try again in an hour."}},
		Ja:      fault.Text{What: "送り直しが多すぎます。", Why: "手で送れる数は、組織ごとに1時間200回までです。", Fix: "{retry_at} を過ぎてから、もう一度試してください。"},
		En:      fault.Text{What: "Too much was sent again.", Why: "An organisation may have 200 deliveries an hour sent by hand.", Fix: "Try again after {retry_at}."}})
)
