package faults

import "sekisho/internal/fault"

var toAddresses = &fault.Action{Href: "/me/addresses", Ja: "アドレスの一覧へ", En: "See the addresses"}

// What stops a change of the addresses of an account.
var (
	AddressHeld = define(fault.Entry{Code: "address.already_added", Kind: fault.Conflict, Topic: fault.Other, Lift: self, Action: toAddresses,
		Ja: fault.Text{What: "これはすでに登録されています。", Why: "このアドレスや番号は、あなたのアカウントで確認が済んでいます。", Fix: "一覧にあるものをそのまま使ってください。"},
		En: fault.Text{What: "This one is on the account already.", Why: "You added and confirmed it before.", Fix: "Use the one in the list."}})

	AddressFull = define(fault.Entry{Code: "address.full", Kind: fault.Conflict, Topic: fault.Other, Lift: self, Action: toAddresses,
		General: &[2]fault.Text{{Why: "メールアドレスにも携帯番号にも、登録できる数の上限があります。確認を待っているものも数えます。"},
			{Why: "An account has room for a number of e-mail addresses and as many mobile numbers. Those that wait to be confirmed count."}},
		Ja: fault.Text{What: "これ以上は追加できません。", Why: "メールアドレスも携帯番号も、登録できるのは{most}個までです。確認を待っているものも数えます。", Fix: "使わないものを削除してから、追加してください。"},
		En: fault.Text{What: "No more can be added.", Why: "An account has at most {most} e-mail addresses and as many mobile numbers, those that wait to be confirmed among them.", Fix: "Remove one that is not used, then add this one."}})

	AddressLast = define(fault.Entry{Code: "address.last", Kind: fault.Conflict, Topic: fault.Other, Lift: self, Action: toAddresses,
		Ja: fault.Text{What: "このアドレスは削除できません。", Why: "確認済みの連絡先がほかにありません。削除すると、パスワードを忘れたときに戻れず、大切なお知らせも届かなくなります。", Fix: "先に別のメールアドレスを追加して確認してから、削除してください。"},
		En: fault.Text{What: "This address has to stay.", Why: "No other confirmed address is left. Without it you could not get back in after losing the password, and notices would reach nobody.", Fix: "Add and confirm another e-mail address first, then remove this one."}})

	AddressUnknown = define(fault.Entry{Code: "address.unknown", Kind: fault.NotFound, Topic: fault.Other, Lift: self, Action: toAddresses,
		Ja: fault.Text{What: "このアドレスはもうありません。", Why: "すでに削除されたか、30日のあいだ確認されなかったか、ほかのアカウントのものです。", Fix: "一覧を開き直してください。"},
		En: fault.Text{What: "This address is not there.", Why: "It was removed, waited 30 days without being confirmed, or is not of this account.", Fix: "Load the list again."}})

	AddressUnproved = define(fault.Entry{Code: "address.unconfirmed", Kind: fault.Conflict, Topic: fault.Other, Lift: self, Action: toAddresses,
		Ja: fault.Text{What: "先に確認してください。", Why: "メインにできるのは、あなたのものだと確認できたアドレスだけです。", Fix: "一覧から、このアドレスにコードを送って確認してください。"},
		En: fault.Text{What: "Confirm it first.", Why: "Only an address that is known to be yours can be the primary one.", Fix: "Send a code to it from the list and enter the code."}})
)
