package faults

import "sekisho/internal/fault"

var (
	toReplace = &fault.Action{Href: "/recover/replace", Ja: "Tegata をなくした", En: "I have lost Tegata"}
	toTegata  = &fault.Action{Href: "/help/guide/tegata", Ja: "Tegata の使い方を見る", En: "See how Tegata works"}
)

// What stops an approval in Tegata, and an installation of it.
var (
	LockedByOwner = define(fault.Entry{Code: "signin.locked_by_owner", Kind: fault.Forbidden, Topic: fault.Entering, Lift: []fault.Lifter{fault.Self, fault.Operator}, Action: toReplace,
		Ja: fault.Text{What: "このアカウントへのサインインは止められています。", Why: "持ち主が Tegata でサインインロックをかけています。正しく確認できても、解除するまで入れません。", Fix: "Tegata を開いて、サインインロックを解除してください。Tegata をなくしたときは、下のボタンから、新しい端末に登録し直せます。それもできないときは、管理者に参照番号を伝えてください。"},
		En: fault.Text{What: "Sign-in to this account is switched off.", Why: "Its owner set the sign-in lock in Tegata. Until it is lifted nobody gets in, however well they prove themselves.", Fix: "Open Tegata and lift the sign-in lock. If you have lost it, the button below leads to setting it up anew on another device. If you cannot do that either, tell the people who run this service and give them the reference."}})

	LockNotOn = define(fault.Entry{Code: "lock.not_on", Kind: fault.Conflict, Topic: fault.Entering, Lift: self, Action: toSignin,
		Ja: fault.Text{What: "サインインロックはかかっていません。", Why: "この手続きは、ロック中に Tegata をなくした人のためのものです。ロックがなければ必要ありません。", Fix: "いつもの方法でサインインして、アカウントのページで Tegata を登録してください。パスワードを忘れたときは、再設定できます。"},
		En: fault.Text{What: "The sign-in lock is not on.", Why: "This is for people who lost Tegata while sign-in was locked. Without the lock it is not needed.", Fix: "Sign in as usual and add Tegata on the account page. If you forgot the password, reset it."}})

	LockNoProofs = define(fault.Entry{Code: "lock.no_proofs", Kind: fault.Forbidden, Topic: fault.Entering, Lift: []fault.Lifter{fault.Operator}, Action: toSupport,
		Ja: fault.Text{What: "ここでは Tegata を登録し直せません。", Why: "パスキー、認証アプリのコード、復旧用のパスフレーズ、バックアップコードのうち2種類、またはパスフレーズかバックアップコードと24時間の待ち時間が必要です。このアカウントには足りません。", Fix: "管理者に連絡してください。本人と確かめたうえで、ロックを解除できます。下の参照番号を伝えてください。"},
		En: fault.Text{What: "Tegata cannot be set up anew here.", Why: "It takes two of passkey, authenticator app, passphrase and backup code, or a passphrase or backup code and a wait of 24 hours. This account does not have them.", Fix: "Tell the people who run this service and give them the reference below. Once they have checked who you are they can lift the lock."}})

	ChangeLocked = define(fault.Entry{Code: "change.locked_by_owner", Kind: fault.Forbidden, Topic: fault.Other, Lift: []fault.Lifter{fault.Self, fault.Operator}, Action: toReplace,
		Ja: fault.Text{What: "サインインロック中は変更できません。", Why: "持ち主が Tegata でサインインロックをかけています。解除するまで、パスワードや確認方法、アドレスは変えられません。セッションの終了はできます。", Fix: "Tegata を開いてサインインロックを解除し、変更してから、必要ならもう一度ロックしてください。Tegata をなくしたときは、下のボタンから登録し直せます。"},
		En: fault.Text{What: "Nothing can be changed while the sign-in lock is on.", Why: "The owner set the sign-in lock in Tegata. Until it is lifted, passwords, factors and addresses stay as they are. Sessions can still be ended.", Fix: "Open Tegata and lift the sign-in lock, make the change, and lock again if you want to. If you have lost it, the button below leads to setting it up anew."}})

	PushWaiting = define(fault.Entry{Code: "push.waiting", Kind: fault.Conflict, Topic: fault.Second, Lift: self,
		Ja: fault.Text{What: "まだ承認されていません。", Why: "Tegata からの答えがまだ届いていません。", Fix: "Tegata を開き、この画面の番号を入力して承認してください。"},
		En: fault.Text{What: "It is not approved yet.", Why: "No answer has come from Tegata.", Fix: "Open Tegata, enter the number that is shown here, and approve."}})

	PushBusy = define(fault.Entry{Code: "push.busy", Kind: fault.TooMany, Topic: fault.Second, Lift: wait,
		General: &[2]fault.Text{{Fix: "前の依頼の期限が切れるのを待つか、Tegata のコードやQRコードなど、別の方法を選んでください。"},
			{Fix: "Wait until the earlier request is over, or use another way, such as a code or a QR code from Tegata."}},
		Ja: fault.Text{What: "いまは承認を依頼できません。", Why: "このアカウントには、答えを待っている依頼がすでにあります。同時に1つだけ依頼できます。", Fix: "あと{wait}待つか、Tegata のコードやQRコードなど、別の方法を選んでください。"},
		En: fault.Text{What: "Another request is waiting.", Why: "One approval at a time can be asked for, and one has no answer yet.", Fix: "Wait {wait}, or use another way, such as a code or a QR code from Tegata."}})

	PushQuiet = define(fault.Entry{Code: "push.quiet", Kind: fault.TooMany, Topic: fault.Second, Lift: wait,
		General: &[2]fault.Text{{Fix: "しばらくすると、また依頼できます。急ぐときは、Tegata のコードやQRコードなど、別の方法を選んでください。"},
			{Fix: "You can ask again after a while. If it is urgent, use another way, such as a code or a QR code from Tegata."}},
		Ja: fault.Text{What: "承認の依頼が続いたため、しばらく止めています。", Why: "10分間に依頼できるのは5回までです。知らない依頼が何度も届くのを防いでいます。", Fix: "{retry_at} を過ぎたらまた依頼できます。急ぐときは、Tegata のコードやQRコードなど、別の方法を選んでください。"},
		En: fault.Text{What: "There were too many requests.", Why: "Five approvals in 10 minutes can be asked for. That keeps people from being pressed until they approve.", Fix: "You can ask again after {retry_at}. If it is urgent, use another way, such as a code or a QR code from Tegata."}})

	PushCancelled = define(fault.Entry{Code: "push.cancelled", Kind: fault.Unauthenticated, Topic: fault.Second, Lift: self,
		Ja: fault.Text{What: "Tegata で取り消されました。", Why: "「自分だが、取り消す」が選ばれました。", Fix: "続けるときは、もう一度依頼するか、別の方法を選んでください。"},
		En: fault.Text{What: "It was cancelled in Tegata.", Why: "“Cancel, it was me” was chosen there.", Fix: "To go on, ask again or use another way."}})

	PushDenied = define(fault.Entry{Code: "push.denied", Kind: fault.Forbidden, Topic: fault.Second, Lift: self, Action: toRecover,
		Ja: fault.Text{What: "Tegata で拒否されました。", Why: "「自分ではない」が選ばれたため、アカウントを守る手続きが始まりました。", Fix: "あなたが持ち主なら、パスワードを再設定すると、また入れます。"},
		En: fault.Text{What: "It was refused in Tegata.", Why: "“Not me” was chosen there, and the account is being protected.", Fix: "If it is yours, reset the password. That opens it again."}})

	PushMistaken = define(fault.Entry{Code: "push.wrong_number", Kind: fault.Unauthenticated, Topic: fault.Second, Lift: self,
		Ja: fault.Text{What: "Tegata に入力された番号が違いました。", Why: "番号は1回だけ確かめます。違っていた依頼は、もう承認できません。", Fix: "もう一度依頼して、画面に出る新しい番号を入力してください。"},
		En: fault.Text{What: "Another number was entered in Tegata.", Why: "A number is looked at once. This request can no longer be approved.", Fix: "Ask again and enter the new number that is shown."}})

	PushNoAnswer = define(fault.Entry{Code: "push.no_answer", Kind: fault.Unauthenticated, Topic: fault.Second, Lift: self, Action: toTegata,
		Ja: fault.Text{What: "Tegata から応答がありません。", Why: "2分のあいだ、どの端末からも答えがありませんでした。端末の電源が切れているか、ネットワークにつながっていないか、Tegata が削除されたのかもしれません。", Fix: "端末で Tegata を開いてもう一度依頼するか、ほかの方法を選んでください。Tegata の6桁のコードは、ネットワークがなくても使えます。端末が手元にないときは、「サインインできない場合」から進んでください。"},
		En: fault.Text{What: "The phone does not answer.", Why: "For two minutes no answer came from any device. The phone may be off or without a network, or Tegata may be gone from it.", Fix: "Open Tegata on the phone and ask again, or use another way. The six digits in Tegata work without a network. If you do not have the phone, go on with “Can't sign in?”."}})

	PushOver = define(fault.Entry{Code: "push.expired", Kind: fault.Unauthenticated, Topic: fault.Second, Lift: self,
		Ja: fault.Text{What: "承認の期限が切れました。", Why: "依頼と承認は2分間だけ有効です。ほかの依頼に替わったときや、承認した端末の登録が解除されたときも使えません。", Fix: "もう一度依頼するか、別の方法を選んでください。"},
		En: fault.Text{What: "The request is over.", Why: "A request and its approval count for two minutes, until another takes their place, and no longer than the device that approved is enrolled.", Fix: "Ask again or use another way."}})

	PushUnsigned = define(fault.Entry{Code: "push.bad_signature", Kind: fault.Bad, Topic: fault.Second, Lift: self,
		Ja: fault.Text{What: "答えの署名を確かめられません。", Why: "この端末の鍵で署名されていないか、別の依頼への答えです。", Fix: "Tegata を開き直して、もう一度答えてください。続くときは、この端末を登録し直してください。"},
		En: fault.Text{What: "The signature of the answer does not hold.", Why: "It was not made with this device's key, or it answers another request.", Fix: "Open Tegata again and answer once more. If it goes on, enrol the device anew."}})

	DeviceStale = define(fault.Entry{Code: "device.stale", Kind: fault.Forbidden, Topic: fault.Second, Lift: self,
		Ja: fault.Text{What: "この端末の Tegata は、確認が必要です。", Why: "パスワードが変わったため、この端末ではまだ承認できません。", Fix: "Tegata で新しいパスワードを確認すると、また使えます。忘れたときは、パスワードを再設定してください。サインインには別の方法も選べます。"},
		En: fault.Text{What: "Tegata on this device has to be refreshed.", Why: "The password was changed, and the device has not confirmed it since.", Fix: "Confirm the new password in Tegata, or reset it if you forgot it. Until then use another way to sign in."}})

	DeviceUnknown = define(fault.Entry{Code: "device.unknown", Kind: fault.Unauthenticated, Topic: fault.Second, Lift: self,
		Ja: fault.Text{What: "この端末は登録されていません。", Why: "登録が解除されたか、署名がこの端末の鍵のものではありません。", Fix: "アカウントのページの「サインインと確認方法」から、Tegata を登録し直してください。"},
		En: fault.Text{What: "This device is not enrolled.", Why: "It was retired, or the signature is not of its key.", Fix: "Enrol Tegata anew on the account page, under Sign-in & factors."}})

	DeviceReplayed = define(fault.Entry{Code: "device.replayed", Kind: fault.Conflict, Topic: fault.Second, Lift: self,
		Ja: fault.Text{What: "この操作はすでに受け付けました。", Why: "同じか、より古い時刻の操作が届きました。1つの操作は1回だけ数えます。", Fix: "画面を更新して、結果を確かめてください。"},
		En: fault.Text{What: "This was taken already.", Why: "A call with the same or an earlier time came before. Each counts once.", Fix: "Load again and see what came of it."}})

	DeviceFull = define(fault.Entry{Code: "device.full", Kind: fault.Conflict, Topic: fault.Second, Lift: self, Action: toFactors,
		General: &[2]fault.Text{{Why: "1つのアカウントに登録できる Tegata の数は決まっています。"}, {Why: "There is a limit to how many installations of Tegata an account has."}},
		Ja:      fault.Text{What: "これ以上は登録できません。", Why: "1つのアカウントに登録できる Tegata は{most}台までです。", Fix: "使わない端末の登録を解除してから、追加してください。"},
		En:      fault.Text{What: "No more devices can be added.", Why: "An account has at most {most} installations of Tegata.", Fix: "Retire one that is not used, then add this one."}})

	TicketOver = define(fault.Entry{Code: "device.ticket_over", Kind: fault.Gone, Topic: fault.Second, Lift: self,
		Ja: fault.Text{What: "この登録用のコードは使えません。", Why: "使えるのは10分間、1回だけです。すでに使われたか、新しいものに替わったか、期限が切れました。", Fix: "コードを表示したページを開き直して、新しいコードを読み取ってください。"},
		En: fault.Text{What: "This code to enrol is of no use.", Why: "It counts once, for ten minutes. It was used, replaced, or its time is over.", Fix: "Load the page that showed it again and scan the new code."}})

	DeviceKey = define(fault.Entry{Code: "device.key_malformed", Kind: fault.Bad, Topic: fault.Second, Lift: self,
		Ja: fault.Text{What: "端末の鍵が読めません。", Why: "鍵は P-256 の公開鍵（65バイト）で、その鍵の署名が必要です。", Fix: "Tegata を最新にして、登録し直してください。"},
		En: fault.Text{What: "The device's key does not read.", Why: "It has to be a public key of P-256 (65 bytes) with a signature made by it.", Fix: "Bring Tegata up to date and enrol again."}})

	ScanOver = define(fault.Entry{Code: "push.scan_over", Kind: fault.Gone, Topic: fault.Second, Lift: self,
		Ja: fault.Text{What: "このQRコードは使えません。", Why: "期限が切れたか、すでに読み取られたか、別のアカウントのサインインのものです。", Fix: "サインインのページを開き直して、新しいコードを読み取ってください。"},
		En: fault.Text{What: "This QR code is of no use.", Why: "Its time is over, it was scanned before, or it belongs to another account's sign-in.", Fix: "Load the sign-in page again and scan the new code."}})

	ScanElsewhere = define(fault.Entry{Code: "push.scan_elsewhere", Kind: fault.Forbidden, Topic: fault.Second, Lift: self, Action: toTegata,
		General: &[2]fault.Text{{Why: "リンクのもとになったサインインのページは、Tegata のある端末とは別のネットワークで開かれています。だれかが自分のサインインを承認させようとしているのかもしれません。"},
			{Why: "The sign-in page it comes from was opened in another network than the device with Tegata is in. Somebody may want you to approve a sign-in of theirs."}},
		Ja: fault.Text{What: "このリンクでは承認できません。", Why: "リンクのもとになったサインインのページは、この端末とは別のネットワーク（{addr}）で開かれています。だれかが自分のサインインを承認させようとしているのかもしれません。", Fix: "自分で開いたページなら、その画面のQRコードをカメラで読み取るか、番号での承認を選んでください。心当たりがなければ、何もしないでください。"},
		En: fault.Text{What: "This link cannot be approved.", Why: "The sign-in page it comes from was opened in another network ({addr}) than this device is in. Somebody may want you to approve a sign-in of theirs.", Fix: "If you opened that page, scan the code on its screen with the camera, or choose the approval by number. If you do not know it, do nothing."}})

	PushEndpoint = define(fault.Entry{Code: "push.endpoint_refused", Kind: fault.Bad, Topic: fault.Other, Lift: []fault.Lifter{fault.Self, fault.Operator},
		Ja: fault.Text{What: "この通知先は使えません。", Why: "通知サービスのアドレスか鍵の形式が違うか、内部のネットワークのものです。", Fix: "通知をいったん切り、もう一度入れてください。通知がなくても、Tegata を開けば依頼は届きます。"},
		En: fault.Text{What: "Notifications cannot be sent there.", Why: "The address or key of the push service does not read, or it is in an inner network.", Fix: "Switch notifications off and on again. Without them requests still arrive while Tegata is open."}})

	LockEnds = define(fault.Entry{Code: "signin.lock_ends_past", Kind: fault.Bad, Topic: fault.Other, Lift: self,
		Ja: fault.Text{What: "ロックの終わりの日時が過ぎています。", Why: "終わりの日時は、いまより先でなければなりません。", Fix: "先の日時を選ぶか、終わりを決めずにロックしてください。"},
		En: fault.Text{What: "The lock would end in the past.", Why: "The end has to be later than now.", Fix: "Choose a later time, or lock without an end."}})

	VaultBehind = define(fault.Entry{Code: "vault.behind", Kind: fault.Conflict, Topic: fault.Other, Lift: self,
		Ja: fault.Text{What: "別の端末で先に変更されました。", Why: "この端末が知っているものより新しい保管庫があります。", Fix: "新しいものを読み込んでから、もう一度保存してください。"},
		En: fault.Text{What: "Another device was quicker.", Why: "There is a newer vault than the one this device knows.", Fix: "Load the newer one, then save again."}})
)
