package faults

import "sekisho/internal/fault"

// What stops a person who is signing in.
var (
	SigninNotRecognised = define(fault.Entry{Code: "signin.not_recognised", Kind: fault.Unauthenticated, Topic: fault.Entering, Lift: self, Action: toRecover,
		Ja: fault.Text{What: "サインインできませんでした。", Why: "入力した名前とパスワードの組み合わせが見つかりません。安全のため、どちらが違うかは表示していません。",
			Fix:   "つづりと大文字・小文字を確かめて、もう一度入力してください。パスワードを忘れたときは再設定できます。",
			Steps: []string{"メールアドレスのつづりを確かめます。", "Caps Lock と日本語入力がオフになっているか確かめます。", "パスワードを表示して、入力した文字を確かめます。", "それでも入れないときは、パスワードを再設定します。", "アカウントがまだないときは、新しく登録します。"}},
		En: fault.Text{What: "The sign-in did not work.", Why: "No account matches this name and password together. To protect accounts, this page does not say which of the two is different.",
			Fix:   "Check the spelling and upper or lower case, and try again. If the password is forgotten, reset it.",
			Steps: []string{"Check the spelling of the e-mail address.", "Check that Caps Lock is off and the keyboard layout is yours.", "Show the password and read what was typed.", "If it still does not match, reset the password.", "If there is no account yet, sign up."}},
		Disclosed: &[2]fault.Text{
			{What: "このアカウントはありません。", Why: "入力した名前で登録されたアカウントが見つかりません。", Fix: "つづりを確かめてください。はじめてのときは新しく登録してください。わからないときは管理者に聞いてください。"},
			{What: "There is no such account.", Why: "Nobody has signed up here with this name.", Fix: "Check the spelling, sign up, or ask the people who run this service."}}})

	SigninTooManyAttempts = define(fault.Entry{Code: "signin.too_many_attempts", Kind: fault.TooMany, Topic: fault.Entering, Lift: []fault.Lifter{fault.Time, fault.Self}, Action: toRecover,
		General: &[2]fault.Text{{Fix: "画面に出る時刻を過ぎたら、もう一度試してください。急ぐときは、ふだん使っているブラウザーで試すか、パスワードを再設定してください。"},
			{Fix: "Try again after the time that the refusal names. If it is urgent, use a browser you have signed in with before, or reset the password."}},
		Ja: fault.Text{What: "しばらくサインインを待ってください。", Why: "間違いが続いたため、アカウントを守るために試行を止めています。正しいパスワードでも、この間は確かめません。",
			Fix:   "{retry_at} を過ぎたら（あと{wait}）もう一度試してください。急ぐときは、ふだん使っているブラウザーで試すか、パスワードを再設定してください。",
			Steps: []string{"表示された時刻まで待ちます。待つあいだに試しても、待ち時間は短くなりません。", "ふだんサインインしているブラウザーがあれば、そちらで試します。", "パスワードに自信がなければ、待たずに再設定します。", "心当たりがないときは、だれかが試しているかもしれません。サインインしたあと「アクティビティ」を見てください。"}},
		En: fault.Text{What: "Wait a while before you sign in.", Why: "There were too many failed attempts, so attempts are stopped to protect the account. Until then even a right password is not looked at.",
			Fix:   "Try again after {retry_at} (in {wait}). If it is urgent, use a browser you have signed in with before, or reset the password.",
			Steps: []string{"Wait until the time shown. Trying earlier does not make it shorter.", "If you have a browser that you usually sign in with, use that one.", "If you are not sure of the password, reset it without waiting.", "If it was not you who tried, somebody else may have. Look at Activity after you sign in."}}})

	SigninDailyLimit = define(fault.Entry{Code: "signin.daily_limit", Kind: fault.TooMany, Topic: fault.Entering, Lift: []fault.Lifter{fault.Time, fault.Operator}, Action: toSupport,
		General: &[2]fault.Text{{Why: "このアカウントは、1日にサインインできる回数に達しました。", Fix: "日付が変わると、またサインインできます。いま開いているセッションはそのまま使えます。"},
			{Why: "This account has reached the number of sign-ins allowed in a day.", Fix: "You can sign in again when the day ends. Sessions that are open now keep working."}},
		Ja: fault.Text{What: "今日はもうサインインできません。", Why: "このアカウントは、1日にサインインできる回数（{limit}回）に達しました。",
			Fix:   "{ends} に日付が変わると、またサインインできます。いま開いているセッションはそのまま使えます。",
			Steps: []string{"すでにサインインしているブラウザーを使います。", "日付が変わるまで待ちます。", "プログラムが何度もサインインしていないか確かめます。", "回数を増やしたいときは、管理者に頼みます。"}},
		En: fault.Text{What: "No more sign-ins today.", Why: "This account has reached the number of sign-ins allowed in a day ({limit}).",
			Fix:   "You can sign in again when the day ends, at {ends}. Sessions that are open now keep working.",
			Steps: []string{"Use a browser that is signed in already.", "Wait until the day ends.", "Check whether a program signs in again and again.", "Ask the people who run this service for a higher number."}}})

	SigninIPNotAllowed = define(fault.Entry{Code: "signin.ip_not_allowed", Kind: fault.Forbidden, Topic: fault.Entering, Lift: both, Action: toSupport,
		ActionOf: map[string]*fault.Action{"own": toRecover},
		General: &[2]fault.Text{{Why: "組織が許可したアドレスか、自分で許可したアドレスの外からのアクセスです。画面の文に、どちらなのかと、いまのアドレスが出ています。",
			Fix: "VPN を使っているときは切るか、組織の VPN につないでください。自分の一覧なら、許可した場所から直すか、パスワードを再設定すると外れます。組織の一覧なら、管理者に頼んでください。"},
			{Why: "The request comes from outside the addresses that the organisation, or the person themselves, allows. The message says which of the two, and the address that was seen.",
				Fix: "If a VPN is on, leave it, or join the organisation’s own. Your own list you can change from an allowed place, and a reset of the password takes it away. An organisation’s list is changed by its administrators."}},
		Of: map[string]*[2]fault.Text{"own": {
			{What: "ここからは使えません。", Why: "自分で決めた許可アドレスの外からのアクセスです。いまのアドレスは {address} です。",
				Fix: "VPN を使っているときは切ってください。許可した場所からサインインすれば、一覧を直せます。行けないときは、パスワードを再設定すると一覧も外れます。"},
			{What: "This account cannot be used from here.", Why: "You have set which addresses may use it, and {address} is not one of them.",
				Fix: "If a VPN is on, leave it. From an allowed place you can sign in and change your list. If you cannot get to one, reset the password: that takes the list away too."}}},
		Ja: fault.Text{What: "ここからは使えません。", Why: "組織が許可したアドレスの外からのアクセスです。いまのアドレスは {address} です。", Fix: "VPN を使っているときは切るか、組織の VPN につないでください。職場など、許可された場所から試すか、管理者に頼んでください。",
			Steps: []string{"VPN やプロキシを使っているか確かめます。切ってから、もう一度試します。", "組織に VPN があれば、つないでから試します。", "職場など、許可された場所から試します。", "どれもできないときは、画面に出ているアドレスを管理者に伝えます。", "自分で決めた一覧のときは、パスワードを再設定すると外れます。"}},
		En: fault.Text{What: "This account cannot be used from here.", Why: "The organisation allows certain addresses only, and {address} is not one of them.", Fix: "If a VPN is on, leave it, or join the organisation’s own. Try from an allowed place, such as the office, or ask the administrator.",
			Steps: []string{"See whether a VPN or proxy is on. Leave it and try again.", "If the organisation has a VPN, join it and try again.", "Try from an allowed place, such as the office.", "If none of these is possible, tell the administrator the address that the page shows.", "If it is your own list, a reset of the password takes it away."}}})

	SessionLimit = define(fault.Entry{Code: "session.limit", Kind: fault.Conflict, Topic: fault.Entering, Lift: self,
		General: &[2]fault.Text{{Why: "このアカウントで同時に使えるセッションの数には上限があり、いまその数だけ開いています。"},
			{Why: "An account may have only so many sessions at once, and that many are open now."}},
		Ja: fault.Text{What: "同時に使えるセッションの数に達しました。", Why: "このアカウントでは {limit} 個まで同時にサインインできます。いま {count} 個あります。",
			Fix:   "下の一覧から、使っていないものを1つ以上選んで終了してください。そのままサインインします。",
			Steps: []string{"サインインのページで、名前とパスワードを入力します。", "表示された一覧から、終了するセッションを選びます。", "「終了して続ける」を押します。1つ空けば入れます。"}},
		En: fault.Text{What: "Too many sessions are open.", Why: "Sessions this account may have at once: {limit}. Open now: {count}.",
			Fix:   "Choose one or more below that you do not use and end them. You are signed in right after.",
			Steps: []string{"Enter name and password on the sign-in page.", "Choose which sessions to end from the list.", "Press “End and go on”. One free place is enough."}}})

	DeviceClock = define(fault.Entry{Code: "device.clock", Kind: fault.Bad, Topic: fault.Entering, Lift: self,
		Ja: fault.Text{What: "この端末の時計がずれています。", Why: "端末の時計とサーバーの時刻が2分以上ずれていると、確認コードや期限が正しく働きません。",
			Fix: "端末の日付と時刻を自動に設定してから、もう一度試してください。",
			Steps: []string{"Windows：「設定」→「時刻と言語」→「日付と時刻」→「時刻を自動的に設定する」をオンにして「今すぐ同期」を押します。",
				"macOS：「システム設定」→「一般」→「日付と時刻」→「日付と時刻を自動的に設定」をオンにします。",
				"iPhone・iPad：「設定」→「一般」→「日付と時刻」→「自動設定」をオンにします。",
				"Android：「設定」→「システム」→「日付と時刻」→「日付と時刻の自動設定」をオンにします。",
				"Linux：端末で timedatectl set-ntp true を実行します。"}},
		En: fault.Text{What: "The clock of this device is off.", Why: "When device and server differ by more than two minutes, codes and time limits do not work as they should.",
			Fix: "Let the device set its date and time by itself, and try again.",
			Steps: []string{"Windows: Settings → Time & language → Date & time → turn on “Set time automatically” and press “Sync now”.",
				"macOS: System Settings → General → Date & Time → turn on “Set time and date automatically”.",
				"iPhone and iPad: Settings → General → Date & Time → turn on “Set Automatically”.",
				"Android: Settings → System → Date & time → turn on “Set time automatically”.",
				"Linux: run timedatectl set-ntp true in a terminal."}}})

	AddressTaken = define(fault.Entry{Code: "account.address_taken", Kind: fault.Conflict, Topic: fault.Entering, Lift: self, Action: toSignin,
		Ja: fault.Text{What: "このアドレスは、すでに別のアカウントで使われています。", Why: "1つのアドレスは1つのアカウントだけで使えます。このアドレスは以前に登録されています。",
			Fix: "そのアカウントでサインインしてください。パスワードを忘れたときは再設定できます。"},
		En: fault.Text{What: "This address belongs to another account already.", Why: "One address is never in two accounts, and this one was signed up before.",
			Fix: "Sign in with that account. If its password is forgotten, reset it."}})

	GroupAddress = define(fault.Entry{Code: "account.group_address", Kind: fault.Bad, Topic: fault.Entering, Lift: both, Action: toSupport,
		Ja: fault.Text{What: "共用のメールボックスは使えません。", Why: "info@ や sales@ のようなアドレスは何人もが読むため、だれか1人の確認には使えません。コードもそこには送りません。",
			Fix:   "自分だけが読むメールアドレスを入力してください。ほかにないときは、管理者に相談してください。",
			Steps: []string{"自分だけが読むメールアドレスを使います。", "アカウントに別のアドレスや携帯番号があれば、そちらを入力します。", "自分専用のアドレスなのにこうなるときは、管理者に知らせます。設定で直せます。"}},
		En: fault.Text{What: "A shared mailbox cannot be used here.", Why: "Several people read an address such as info@ or sales@, so it does not show who one of them is. No code is sent there.",
			Fix:   "Enter an address that only you read. If you have none, ask the people who run this service.",
			Steps: []string{"Use an address that only you read.", "If the account has another address or a mobile number, enter that one.", "If the address is yours alone and still refused, tell the people who run this service. They can change it."}}})

	AccountDisabled = define(fault.Entry{Code: "account.disabled", Kind: fault.Forbidden, Topic: fault.Entering, Lift: operator, Action: toSupport,
		Ja: fault.Text{What: "このアカウントは停止されています。", Why: "管理者がこのアカウントを止めました。データは残っています。", Fix: "管理者に、アカウントを再開するよう頼んでください。下の参照番号を伝えると早く調べられます。"},
		En: fault.Text{What: "This account is disabled.", Why: "The people who run this service have closed it for now. Its data is kept.", Fix: "Ask them to enable it again. The reference below helps them find out why."}})

	AccountDeactivated = define(fault.Entry{Code: "account.deactivated", Kind: fault.Forbidden, Topic: fault.Entering, Lift: []fault.Lifter{fault.Admin}, Action: toSupport,
		General: &[2]fault.Text{{Why: "所属する組織の管理者が、このアカウントの利用を止めました。データと、登録した方法は残っています。", Fix: "組織の管理者に、利用を再開するよう頼んでください。下の参照番号を伝えると早く調べられます。"},
			{Why: "The administrators of the organisation it belongs to have deactivated it. Its data and everything set up in it are kept.", Fix: "Ask the administrators of the organisation to reactivate it. The reference shown with the refusal helps them find it."}},
		Ja: fault.Text{What: "このアカウントは利用を止められています。", Why: "{org} の管理者が、このアカウントの利用を止めました。データと、登録した方法は残っています。", Fix: "{org} の管理者に、利用を再開するよう頼んでください。下の参照番号を伝えると早く調べられます。"},
		En: fault.Text{What: "This account is deactivated.", Why: "The administrators of {org} have deactivated it. Its data and everything set up in it are kept.", Fix: "Ask the administrators of {org} to reactivate it. The reference below helps them find it."}})

	AccountDeleted = define(fault.Entry{Code: "account.deleted", Kind: fault.Forbidden, Topic: fault.Entering, Lift: operator, Action: toSupport,
		Ja: fault.Text{What: "このアカウントは削除されました。", Why: "削除の手続きが済み、データの消去を待っています。", Fix: "間違いのときは、消去される前に管理者に連絡してください。下の参照番号を伝えてください。"},
		En: fault.Text{What: "This account was deleted.", Why: "It is closed and waits for its data to be erased.", Fix: "If that is a mistake, tell the people who run this service before the data is gone. Give them the reference below."}})

	AccountContained = define(fault.Entry{Code: "account.contained", Kind: fault.Forbidden, Topic: fault.Entering, Lift: both, Action: toRecover,
		Ja: fault.Text{What: "このアカウントは、守るために閉じています。", Why: "持ち主が「自分ではない」と知らせたため、新しいパスワードを決めるまで、だれもサインインできません。", Fix: "パスワードを再設定すると、また使えるようになります。登録したアドレスがどれも読めないときは、管理者に頼んでください。"},
		En: fault.Text{What: "This account is closed to protect it.", Why: "Its owner answered “this was not me”. Until a new password is set nobody can sign in.", Fix: "Reset the password. That opens it again. If you can read none of its addresses, ask the people who run this service."}})

	FactorDisabled = define(fault.Entry{Code: "factor.disabled", Kind: fault.Forbidden, Topic: fault.Entering, Lift: []fault.Lifter{fault.Self, fault.Operator}, Action: toRecover,
		Ja: fault.Text{What: "この方法はいま使えません。", Why: "間違いが何度も続いたため、この方法を止めています。", Fix: "パスワードを再設定すると、また使えるようになります。再設定の途中でこう表示されたときは、別の方法を選んでください。コードを受け取れないときやほかに方法がないときは、管理者に頼むと再開できます。"},
		En: fault.Text{What: "This way in is stopped.", Why: "It failed too many times in a row.", Fix: "Reset the password. That opens it again. If you are doing so now, choose another way. Where no code reaches you, or there is no other way, the people who run this service can open it."}})

	CodeTooShort = define(fault.Entry{Code: "code.too_short", Kind: fault.Forbidden, Topic: fault.Forgotten, Lift: self,
		Ja: fault.Text{What: "いまは、長いコードが必要です。", Why: "このアカウントのコードが何度も間違って入力されました。守るために、短いコードは確かめません。", Fix: "「コードをもう一度送る」を押してください。届いた16桁のコードで続けられます。"},
		En: fault.Text{What: "A longer code is needed now.", Why: "Codes for this account were entered wrongly many times. To protect it, short ones are not looked at.", Fix: "Send the code again. The next one has 16 digits and lets you go on."}})

	MethodNotOffered = define(fault.Entry{Code: "signin.method_not_offered", Kind: fault.Bad, Topic: fault.Entering, Lift: self, Action: toAgain,
		Ja: fault.Text{What: "この方法では進めません。", Why: "ここで選べる方法ではありません。", Fix: "表示されている方法から選んでください。"},
		En: fault.Text{What: "This way is not offered here.", Why: "It is not one of the ways that can be used at this step.", Fix: "Choose one of the ways shown."}})

	CodeWrong = define(fault.Entry{Code: "code.wrong", Kind: fault.Unauthenticated, Topic: fault.Entering, Lift: self,
		General: &[2]fault.Text{{Fix: "届いたコードはいちばん新しいもの、認証アプリのコードはいま出ているもの、バックアップコードはまだ使っていないものを入力してください。"},
			{Fix: "Of codes that were sent, enter the newest; of an authenticator app, the one it shows now; of backup codes, one that is not used yet."}},
		Of: map[string]*[2]fault.Text{
			"totp": {{Why: "認証アプリのコードは30秒ごとに変わり、1回だけ使えます。", Fix: "アプリにいま出ているコードを入力してください。使ったばかりのときは、次のコードを待ってください。"},
				{Why: "The app shows another code every 30 seconds, and each works once.", Fix: "Enter the one that the app shows now. If you have just used it, wait for the next."}},
			"backup": {{Why: "バックアップコードは12桁で、1つにつき1回だけ使えます。新しく作ると、前のものは使えなくなります。", Fix: "控えを見て、まだ使っていないものを入力してください。"},
				{Why: "A backup code has 12 digits and works once. New codes end the ones before.", Fix: "Look at what you kept and enter one that is not used yet."}},
		},
		Ja: fault.Text{What: "コードが違います。", Why: "入力したコードが一致しません。コードは1回だけ使えます。新しいコードを送ると、前のコードは使えなくなります。", Fix: "いちばん新しいコードを入力してください。届かないときは、もう一度送れます。"},
		En: fault.Text{What: "The code does not match.", Why: "It differs from the one that was sent. A code works once, and each new one ends the one before it.", Fix: "Enter the newest code. If none has come, send another."}})

	CodeExpired = define(fault.Entry{Code: "code.expired", Kind: fault.Gone, Topic: fault.Entering, Lift: self,
		Ja: fault.Text{What: "このコードはもう使えません。", Why: "期限が過ぎたか、すでに使われました。", Fix: "新しいコードを送ってください。"},
		En: fault.Text{What: "This code no longer works.", Why: "Its time has passed, or it was used.", Fix: "Send a new one."}})

	CodeResendEarly = define(fault.Entry{Code: "code.resend_early", Kind: fault.TooMany, Topic: fault.Entering, Lift: wait,
		General: &[2]fault.Text{{Fix: "少し待ってから送ってください。メールで届くはずのときは、迷惑メールのフォルダーも見てください。"},
			{Fix: "Wait a little and send again. If it should come by mail, look in the spam folder too."}},
		Ja: fault.Text{What: "コードはいま送ったばかりです。", Why: "届くまで少しかかることがあります。宛先を変えても、送れるのは60秒に1回です。", Fix: "あと{wait}待ってから送ってください。メールで届くはずのときは、迷惑メールのフォルダーも見てください。"},
		En: fault.Text{What: "A code was sent a moment ago.", Why: "It can take a little while to arrive. Another can be sent once in 60 seconds, wherever it goes.", Fix: "Wait {wait} and send again. If it should come by mail, look in the spam folder too."}})

	CodeSendLimit = define(fault.Entry{Code: "code.send_limit", Kind: fault.TooMany, Topic: fault.Entering, Lift: wait,
		General: &[2]fault.Text{{Fix: "しばらくすると、また送れます。それまでは、届いているいちばん新しいコードを使うか、別の方法を選んでください。"},
			{Fix: "You can send again after a while. Until then use the newest code you have, or another way."}},
		Ja: fault.Text{What: "コードをこれ以上送れません。", Why: "1時間に送れる数には限りがあります。1つの宛先には5回までです。", Fix: "{retry_at} を過ぎたら送れます。それまでは、届いているいちばん新しいコードを使うか、別の方法を選んでください。"},
		En: fault.Text{What: "No more codes for now.", Why: "Only so many codes can be sent in an hour: five to one address or number.", Fix: "You can send again after {retry_at}. Until then use the newest code you have, or another way."}})

	CodeNetworkLimit = define(fault.Entry{Code: "code.network_limit", Kind: fault.TooMany, Topic: fault.Entering, Lift: wait,
		General: &[2]fault.Text{{Fix: "しばらくすると、また送れます。急ぐときは、パスワードやパスキーを使うか、以前サインインしたことのあるブラウザーか、別のネットワークから試してください。"},
			{Fix: "Codes can be sent again after a while. If it is urgent, use the password or a passkey, a browser in which you signed in before, or another network."}},
		Ja: fault.Text{What: "このネットワークからは、いまはコードを送れません。", Why: "同じネットワークから、コードの送信が1時間に300回求められました。知らない人あてにメールが大量に送られるのを防いでいます。以前サインインしたことのあるブラウザーは、これに数えません。", Fix: "{retry_at} を過ぎたら、また送れます。急ぐときは、パスワードやパスキーを使うか、以前サインインしたことのあるブラウザーか、別のネットワークから試してください。"},
		En: fault.Text{What: "No more codes can be sent from this network for now.", Why: "300 codes were asked for from it within an hour. That keeps people from getting floods of mail that they did not ask for. Browsers in which you signed in before are not counted.", Fix: "Codes can be sent again after {retry_at}. If it is urgent, use the password or a passkey, a browser in which you signed in before, or another network."}})

	SignupNetworkLimit = define(fault.Entry{Code: "signup.network_limit", Kind: fault.TooMany, Topic: fault.Entering, Lift: wait,
		General: &[2]fault.Text{{Fix: "しばらくすると、また登録できます。急ぐときは、別のネットワークから登録するか、管理者にアカウントの作成を頼んでください。"},
			{Fix: "Sign up again after a while. If it is urgent, use another network or ask the people who run this service to make the account."}},
		Ja: fault.Text{What: "このネットワークからは、いまは登録できません。", Why: "同じネットワークから、1時間に100件の登録がありました。知らない人あてにメールが大量に送られるのを防いでいます。", Fix: "{retry_at} を過ぎたら、また登録できます。急ぐときは、別のネットワークから登録するか、管理者にアカウントの作成を頼んでください。"},
		En: fault.Text{What: "Nobody can sign up from this network for now.", Why: "100 people signed up from it within an hour. That keeps others from getting floods of mail that they did not ask for.", Fix: "Sign up after {retry_at}. If it is urgent, use another network or ask the people who run this service to make the account."}})

	FlowExpired = define(fault.Entry{Code: "flow.expired", Kind: fault.Gone, Topic: fault.Entering, Lift: self, Action: toAgain,
		Ja: fault.Text{What: "この手続きは終わっています。", Why: "30分以上たったか、ほかのタブですでに済ませました。", Fix: "はじめからやり直してください。"},
		En: fault.Text{What: "This attempt has ended.", Why: "More than 30 minutes have passed, or it was finished in another tab.", Fix: "Start again."}})

	FlowOtherBrowser = define(fault.Entry{Code: "flow.other_browser", Kind: fault.Forbidden, Topic: fault.Entering, Lift: self, Action: toAgain,
		Ja: fault.Text{What: "この手続きは別のブラウザーで始められました。", Why: "手続きは、始めたブラウザーだけで続けられます。Cookie を受け付けない設定でもこうなります。", Fix: "始めたブラウザーで続けるか、ここではじめからやり直してください。Cookie を受け付ける設定にしてください。"},
		En: fault.Text{What: "This was begun in another browser.", Why: "An attempt goes on only in the browser that began it. A browser that refuses cookies looks like another one.", Fix: "Go on in the first browser, or start again here. Let this site set cookies."}})

	FlowOrder = define(fault.Entry{Code: "flow.out_of_order", Kind: fault.Conflict, Topic: fault.Entering, Lift: self, Action: toAgain,
		Ja: fault.Text{What: "この手順はもう進んでいます。", Why: "戻るボタンや別のタブで、前の手順をもう一度送ったようです。", Fix: "表示されている手順から続けてください。"},
		En: fault.Text{What: "This step has been passed.", Why: "It was sent again from another tab or with the back button.", Fix: "Go on from the step that is shown."}})

	IdentifierMalformed = define(fault.Entry{Code: "identifier.malformed", Kind: fault.Bad, Topic: fault.Entering, Lift: self,
		Ja: fault.Text{What: "この名前は使えません。", Why: "メールアドレス、国番号から始まる携帯電話番号（+81…）、ユーザー名のどれとしても読めません。", Fix: "つづりを確かめて、もう一度入力してください。見えない文字がまぎれていないか確かめてください。"},
		En: fault.Text{What: "This does not look like an address or name.", Why: "It does not read as an e-mail address, a mobile number with its country (+81…), or a user name.", Fix: "Check the spelling and enter it again. A hidden character may have been pasted with it."}})

	NumberMalformed = define(fault.Entry{Code: "number.malformed", Kind: fault.Bad, Topic: fault.Entering, Lift: self,
		Ja: fault.Text{What: "携帯番号として読めません。", Why: "番号は国番号（+81 など）から始まります。国番号がないと、どの国の電話かわかりません。", Fix: "日本の 090-1234-5678 なら、最初の0を取って +81 90 1234 5678 と入力してください。"},
		En: fault.Text{What: "This does not read as a mobile number.", Why: "A number begins with its country (+…). Without it the same digits are a phone in many countries.", Fix: "Leave out the first 0 and put the country before it. In Japan, 090-1234-5678 is +81 90 1234 5678."}})

	NameMalformed = define(fault.Entry{Code: "name.malformed", Kind: fault.Bad, Topic: fault.Other, Lift: self,
		Ja: fault.Text{What: "この表示名は使えません。", Why: "表示名は1文字から100文字で、見えない文字は使えません。", Fix: "短くするか、見えない文字を消してください。"},
		En: fault.Text{What: "This name cannot be shown.", Why: "A name has 1 to 100 characters and no hidden ones.", Fix: "Make it shorter, or remove hidden characters."}})

	SessionRequired = define(fault.Entry{Code: "session.required", Kind: fault.Unauthenticated, Topic: fault.Entering, Lift: self, Action: toSignin,
		Ja: fault.Text{What: "サインインが必要です。", Why: "このページは、サインインした人だけが見られます。", Fix: "サインインしてください。"},
		En: fault.Text{What: "Sign in first.", Why: "This page is for people who are signed in.", Fix: "Sign in and come back."}})

	SessionEnded = define(fault.Entry{Code: "session.ended", Kind: fault.Unauthenticated, Topic: fault.Entering, Lift: self, Action: toSignin,
		Ja: fault.Text{What: "このセッションは終わりました。", Why: "期限が来たか、パスワードの変更や別の場所からの操作で終了しました。", Fix: "もう一度サインインしてください。心当たりがないときは「アクティビティ」を見てください。"},
		En: fault.Text{What: "This session has ended.", Why: "Its time was over, or it was ended from elsewhere or by a password change.", Fix: "Sign in again. If you did not expect it, look at Activity."}})

	SessionIdle = define(fault.Entry{Code: "session.idle", Kind: fault.Unauthenticated, Topic: fault.Entering, Lift: self, Action: toSignin,
		Ja: fault.Text{What: "しばらく操作がなかったため、サインアウトしました。", Why: "操作のない時間が、決められた長さを超えました。", Fix: "もう一度サインインしてください。"},
		En: fault.Text{What: "You were signed out because nothing happened for a while.", Why: "The session was idle for longer than is allowed.", Fix: "Sign in again."}})

	SessionCookieMissing = define(fault.Entry{Code: "session.cookie_missing", Kind: fault.Unauthenticated, Topic: fault.Entering, Lift: self, Action: toSignin,
		Ja: fault.Text{What: "サインインしたままにする設定でしたが、サインインの情報が残っていません。", Why: "プライベートウィンドウを使ったか、Cookie が消されたか、ブラウザーや組織の設定で消えるようになっています。",
			Fix:   "もう一度サインインしてください。続くときは、ブラウザーの設定で、このサイトの Cookie を残すようにしてください。",
			Steps: []string{"プライベート（シークレット）ウィンドウではなく、ふつうのウィンドウを使います。", "「終了時に Cookie を削除する」設定をオフにするか、このサイトを例外に加えます。", "掃除アプリや拡張機能が Cookie を消していないか確かめます。", "会社の端末では、管理者の設定で消えることがあります。"}},
		En: fault.Text{What: "You chose to stay signed in, but this browser has lost the sign-in.", Why: "A private window, cleared cookies, or a rule of the browser or organisation removes it.",
			Fix:   "Sign in again. If it keeps happening, let the browser keep this site's cookies.",
			Steps: []string{"Use an ordinary window, not a private one.", "Turn off “clear cookies on exit”, or make an exception for this site.", "Check whether a cleaning program or extension removes cookies.", "On a company's device its administrator may have set it so."}}})
)
