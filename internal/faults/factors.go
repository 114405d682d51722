package faults

import "sekisho/internal/fault"

var (
	toFactors = &fault.Action{Href: "/me/factors", Ja: "確認方法を設定する", En: "Set up a second factor"}
	toElevate = &fault.Action{Href: "/elevate", Ja: "本人確認をする", En: "Confirm it is you"}
)

// What stops a second proof, and changing what guards the account.
var (
	FreshRequired = define(fault.Entry{Code: "session.fresh_required", Kind: fault.Forbidden, Topic: fault.Second, Lift: self, Action: toElevate,
		Ja: fault.Text{What: "先に本人確認をしてください。", Why: "サインインの方法や連絡先を変える前に、いま操作しているのがあなた自身かを確かめます。確認は10分間有効です。", Fix: "サインインと同じ方法で確認してから、もう一度操作してください。"},
		En: fault.Text{What: "Confirm it is you first.", Why: "Before anything that guards the account changes, it has to be clear that you are the one asking. A confirmation counts for 10 minutes.", Fix: "Prove yourself as at sign-in, then do it again."}})

	FactorRequired = define(fault.Entry{Code: "factor.required", Kind: fault.Forbidden, Topic: fault.Second, Lift: []fault.Lifter{fault.Self, fault.Operator}, Action: toFactors,
		Ja: fault.Text{What: "2つ目の確認方法の設定が必要です。", Why: "このサービスでは、パスワードのほかにもう1つ、本人を確かめる方法が必要です。", Fix: "認証アプリやセキュリティキーを設定すると、続けられます。設定できないときは、管理者に相談してください。"},
		En: fault.Text{What: "A second factor has to be set up.", Why: "This service asks for one more way to prove who you are, beside the first.", Fix: "Set up an authenticator app or a security key and go on. If you cannot, ask the people who run this service."}})

	FactorNotAllowed = define(fault.Entry{Code: "factor.not_allowed", Kind: fault.Forbidden, Topic: fault.Second, Lift: operator, Action: toFactors,
		Ja: fault.Text{What: "この確認方法は使えません。", Why: "このアカウントに適用される決まりで、使える方法に入っていません。", Fix: "ほかの方法を設定してください。どれが使えるかは、設定のページに表示されます。"},
		En: fault.Text{What: "This kind of factor is not allowed.", Why: "It is not among those that the rules for this account allow.", Fix: "Set up another kind. The page shows which ones can be used."}})

	FactorNoOtherWay = define(fault.Entry{Code: "factor.no_other_way", Kind: fault.Forbidden, Topic: fault.Second, Lift: both, Action: toSupport,
		Ja: fault.Text{What: "2つ目の確認ができません。", Why: "最初の確認と2つ目の確認は、別の方法でなければなりません。いま使える別の方法がありません。", Fix: "はじめからやり直し、最初にパスワードなど別の方法を使ってください。それもできないときは、問い合わせてください。"},
		En: fault.Text{What: "There is no second way to prove yourself.", Why: "The second proof has to be another way than the first, and none is left that can be used now.", Fix: "Start again with another first way, such as the password. If there is none, ask for help."}})

	FactorUnknown = define(fault.Entry{Code: "factor.unknown", Kind: fault.NotFound, Topic: fault.Second, Lift: self, Action: toFactors,
		Ja: fault.Text{What: "この確認方法はもうありません。", Why: "すでに削除されたか、ほかのアカウントのものです。", Fix: "一覧を開き直してください。"},
		En: fault.Text{What: "This factor is not there.", Why: "It was removed, or it is not of this account.", Fix: "Load the list again."}})

	FactorFull = define(fault.Entry{Code: "factor.full", Kind: fault.Conflict, Topic: fault.Second, Lift: self, Action: toFactors,
		Ja: fault.Text{What: "これ以上は追加できません。", Why: "同じ種類の確認方法は、登録できる数が決まっています。", Fix: "使わないものを削除してから、追加してください。"},
		En: fault.Text{What: "No more of this kind can be added.", Why: "There is a limit to how many of one kind an account has.", Fix: "Remove one that is not used, then add this one."}})

	FactorName = define(fault.Entry{Code: "factor.name_malformed", Kind: fault.Bad, Topic: fault.Second, Lift: self,
		Ja: fault.Text{What: "この名前は使えません。", Why: "名前は1文字から50文字までで、制御文字は使えません。", Fix: "「青いキー」「自宅のスマホ」のような短い名前にしてください。"},
		En: fault.Text{What: "This name cannot be used.", Why: "A name has 1 to 50 characters and no control characters.", Fix: "Choose a short one, such as “blue key” or “phone at home”."}})

	FactorTaken = define(fault.Entry{Code: "factor.already_added", Kind: fault.Conflict, Topic: fault.Second, Lift: self, Action: toFactors,
		Ja: fault.Text{What: "これはすでに登録されています。", Why: "同じキーや番号は、1回だけ登録できます。", Fix: "一覧にあるものをそのまま使ってください。"},
		En: fault.Text{What: "This one was added before.", Why: "A key or number can be added once.", Fix: "Use the one in the list."}})

	CodeClockSkew = define(fault.Entry{Code: "code.clock_skew", Kind: fault.Unauthenticated, Topic: fault.Second, Lift: self,
		General: &[2]fault.Text{{Why: "コードを表示した端末の時計がずれています。"},
			{Why: "The clock of the device that showed it is fast or slow."}},
		Ja: fault.Text{What: "コードが、いまの時刻のものではありません。", Why: "コードを表示した端末の時計が、約{drift}います。", Fix: "端末の時刻を自動設定にしてから、新しく表示されたコードを入力してください。",
			Steps: []string{"iPhone：設定 → 一般 → 日付と時刻 → 「自動設定」をオンにします。", "Android：設定 → システム → 日付と時刻 → 「日付と時刻を自動的に設定」をオンにします。", "時刻が直ったら、認証アプリを開き直し、新しいコードを待って入力します。"}},
		En: fault.Text{What: "The code is of another moment.", Why: "The clock of the device that showed it is about {drift}.", Fix: "Let the device set its time by itself, then enter the code it shows next.",
			Steps: []string{"iPhone: Settings → General → Date & Time → turn on “Set Automatically”.", "Android: Settings → System → Date & time → turn on “Set time automatically”.", "Open the authenticator app again, wait for a new code and enter it."}}})

	KeyNotWorking = define(fault.Entry{Code: "key.not_working", Kind: fault.Unauthenticated, Topic: fault.Second, Lift: self,
		Ja: fault.Text{What: "セキュリティキーで確認できませんでした。", Why: "キーから正しい応答が返りませんでした。時間が過ぎたか、別のキーか、接続がうまくいっていません。", Fix: "キーを挿し直して、もう一度試してください。だめなときは、ほかの方法を使えます。",
			Steps: []string{"キーを差し込み、ランプが点滅するか見ます。点滅しているときは、触れます。", "ランプがつかないときは、表裏を逆にして挿します。", "いったん抜いて、5秒待ってから挿し直します。別の差し込み口も試します。", "Windows：デバイス マネージャーの「ヒューマン インターフェイス デバイス」に出るか見ます。", "macOS：「このMacについて」→「システムレポート」→「USB」に出るか見ます。", "Linux：lsusb に出るか、udev の規則があるか見ます。", "スマホでは、キーを背面の上のほうに、動かさずに当てます。"}},
		En: fault.Text{What: "The security key did not prove it.", Why: "No answer that holds came back: time ran out, it is another key, or it is not connected well.", Fix: "Put the key in again and try once more. Another way is there if it stays silent.",
			Steps: []string{"Insert the key and look at its light. If it blinks, touch it.", "If it stays dark, turn the key over.", "Pull it out, wait five seconds and insert it again. Try another port.", "Windows: look for it in Device Manager under “Human Interface Devices”.", "macOS: look in About This Mac → System Report → USB.", "Linux: look whether lsusb shows it and whether its udev rule is installed.", "On a phone, hold the key still against the upper back."}}})

	KeyNeedsScript = define(fault.Entry{Code: "key.needs_script", Kind: fault.Bad, Topic: fault.Second, Lift: self,
		Ja: fault.Text{What: "このブラウザーではパスキーを使えません。", Why: "パスキーを読み取るにはスクリプトが必要ですが、動いていません。", Fix: "メールアドレスなどを入力して、ほかの方法でサインインしてください。"},
		En: fault.Text{What: "Passkeys cannot be used in this browser.", Why: "Reading one takes a script, and scripts do not run here.", Fix: "Enter your address and sign in another way."}})

	KeyCloned = define(fault.Entry{Code: "key.copied", Kind: fault.Unauthenticated, Topic: fault.Second, Lift: both, Action: toSupport,
		Ja: fault.Text{What: "このセキュリティキーは使えません。", Why: "キーの使用回数が前より少なくなっています。キーが複製されたおそれがあります。", Fix: "ほかの方法で入り、このキーを削除してから登録し直してください。"},
		En: fault.Text{What: "This security key cannot be used.", Why: "Its counter is lower than before: somebody may have made a copy of it.", Fix: "Get in another way, remove this key and add it anew."}})

	KeyUnknown = define(fault.Entry{Code: "key.unknown", Kind: fault.Unauthenticated, Topic: fault.Second, Lift: self,
		Ja: fault.Text{What: "このパスキーは登録されていません。", Why: "ほかのサービスのものか、すでに削除されています。", Fix: "メールアドレスなどを入力して、ほかの方法でサインインしてください。"},
		En: fault.Text{What: "No account has this passkey.", Why: "It belongs elsewhere, or it was removed.", Fix: "Enter your address and sign in another way."}})

	PassphraseWrong = define(fault.Entry{Code: "passphrase.wrong", Kind: fault.Unauthenticated, Topic: fault.Second, Lift: self,
		Ja: fault.Text{What: "パスフレーズが違います。", Why: "登録したものと一致しません。言葉の順番と、大文字・小文字も確かめています。", Fix: "控えを見ながら、もう一度入力してください。"},
		En: fault.Text{What: "The passphrase does not match.", Why: "It differs from the one that was set. The order of the words and upper and lower case count.", Fix: "Look at what you wrote down and enter it again."}})

	PassphraseShort = define(fault.Entry{Code: "passphrase.too_short", Kind: fault.Bad, Topic: fault.Second, Lift: self,
		Ja: fault.Text{What: "パスフレーズが短すぎるか、簡単すぎます。", Why: "3つ以上の言葉か、12文字以上が必要です。名前やアドレス、同じ文字のくり返しは使えません。", Fix: "つながりのない言葉を、空白で区切って並べてください。"},
		En: fault.Text{What: "The passphrase is too short or too plain.", Why: "It needs three words or 12 characters, and no name, address or repetition.", Fix: "Put words together that have nothing to do with each other."}})

	BackupForbidden = define(fault.Entry{Code: "backup.not_allowed", Kind: fault.Forbidden, Topic: fault.Second, Lift: operator,
		Ja: fault.Text{What: "バックアップコードは使えません。", Why: "このアカウントに適用される決まりで、バックアップコードの利用が止められています。", Fix: "ほかの方法で確認できないときは、管理者に頼んでください。"},
		En: fault.Text{What: "Backup codes cannot be used here.", Why: "The rules for this account do not allow them.", Fix: "If no other way works, ask the administrator to let you in."}})

	SMSFailed = define(fault.Entry{Code: "sms.not_sent", Kind: fault.Unavailable, Topic: fault.Second, Lift: []fault.Lifter{fault.Self, fault.Time},
		Ja: fault.Text{What: "SMSを送れませんでした。", Why: "SMSを届けるサービスが応答しないか、この番号に送れません。あとから届くことはありません。", Fix: "ほかの方法を使うか、少し待ってから送り直してください。"},
		En: fault.Text{What: "The SMS could not be sent.", Why: "The service that carries it does not answer, or cannot reach this number. It will not come later.", Fix: "Use another way, or wait a little and send again."}})
)
