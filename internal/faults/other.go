package faults

import "sekisho/internal/fault"

// What stops a new password, and getting back in.
var (
	PasswordTooYoung = define(fault.Entry{Code: "password.too_young", Kind: fault.Conflict, Topic: fault.Forgotten, Lift: []fault.Lifter{fault.Time, fault.Operator},
		General: &[2]fault.Text{{Fix: "決まった時間が過ぎたら変更できます。だれかに知られたおそれがあるときは、すぐに「パスワードを忘れたとき」から再設定してください。"},
			{Fix: "You can change it when that time is over. If somebody may know it, reset it now through “Forgot password”."}},
		Ja: fault.Text{What: "パスワードはまだ変更できません。", Why: "前の変更から間もないため、決まりによりまだ変更できません。", Fix: "{retry_at} を過ぎたら変更できます。だれかに知られたおそれがあるときは、すぐに「パスワードを忘れた」から再設定できます。"},
		En: fault.Text{What: "The password cannot be changed yet.", Why: "It was changed a short while ago, and a rule asks for some time between changes.", Fix: "You can change it after {retry_at}. If somebody may know it, reset it now through “Forgot password”."}})

	PasswordExpired = define(fault.Entry{Code: "password.expired", Kind: fault.Forbidden, Topic: fault.Forgotten, Lift: self,
		Ja: fault.Text{What: "新しいパスワードを決めてください。", Why: "いまのパスワードは、決められた期間を過ぎたか、変更するよう求められています。", Fix: "新しいパスワードを入力すると、そのまま続けられます。"},
		En: fault.Text{What: "Choose a new password.", Why: "The one you have is older than is allowed, or you were asked to change it.", Fix: "Enter a new one and go on."}})

	PasswordTooShort = define(fault.Entry{Code: "password.too_short", Kind: fault.Bad, Topic: fault.Forgotten, Lift: self,
		General: &[2]fault.Text{{Why: "決められた文字数に足りません。長いほど、当てられにくくなります。"},
			{Why: "It has fewer characters than are asked for. Length is what makes it hard to guess."}},
		Ja: fault.Text{What: "パスワードが短すぎます。", Why: "{min}文字以上が必要です。長いほど、当てられにくくなります。", Fix: "いくつかの言葉をつなげると、長くて覚えやすくなります。"},
		En: fault.Text{What: "The password is too short.", Why: "It needs at least {min} characters. Length is what makes it hard to guess.", Fix: "Put several words together: long, and easy to remember."}})

	PasswordTooLong = define(fault.Entry{Code: "password.too_long", Kind: fault.Bad, Topic: fault.Forgotten, Lift: self,
		Ja: fault.Text{What: "パスワードが長すぎます。", Why: "128文字までです。", Fix: "短くしてください。"},
		En: fault.Text{What: "The password is too long.", Why: "It can have up to 128 characters.", Fix: "Make it shorter."}})

	PasswordNotText = define(fault.Entry{Code: "password.not_text", Kind: fault.Bad, Topic: fault.Forgotten, Lift: self,
		Ja: fault.Text{What: "このパスワードには使えない文字があります。", Why: "改行などの制御文字や、壊れた文字は使えません。それ以外は、どの言語の文字でも使えます。", Fix: "貼り付けたときは、手で入力してみてください。"},
		En: fault.Text{What: "This password has characters that cannot be used.", Why: "Control characters and broken text cannot be stored. Any letter of any language can.", Fix: "If you pasted it, type it by hand."}})

	PasswordCommon = define(fault.Entry{Code: "password.common", Kind: fault.Bad, Topic: fault.Forgotten, Lift: self,
		Ja: fault.Text{What: "このパスワードはよく知られています。", Why: "流出したパスワードの一覧にあるか、同じような作り方なので、最初に試されます。", Fix: "ほかのだれも使わない言葉の組み合わせにしてください。"},
		En: fault.Text{What: "This password is well known.", Why: "It is on lists of leaked passwords or made as those are, and is tried first.", Fix: "Choose words that nobody else puts together."}})

	PasswordHasName = define(fault.Entry{Code: "password.has_name", Kind: fault.Bad, Topic: fault.Forgotten, Lift: self,
		Ja: fault.Text{What: "パスワードに名前やアドレスが入っています。", Why: "あなたを知っている人に当てられやすくなります。", Fix: "名前やアドレスと関係のない言葉にしてください。"},
		En: fault.Text{What: "The password contains your name or address.", Why: "Whoever knows you tries that.", Fix: "Choose words that have nothing to do with either."}})

	PasswordReused = define(fault.Entry{Code: "password.reused", Kind: fault.Bad, Topic: fault.Forgotten, Lift: self,
		General: &[2]fault.Text{{Why: "最近使ったものは使えない決まりです。"},
			{Why: "A rule keeps passwords that you had lately from coming back."}},
		Ja: fault.Text{What: "以前に使ったパスワードです。", Why: "最近の{recent}個は使えない決まりです。", Fix: "新しいものにしてください。"},
		En: fault.Text{What: "This password was used before.", Why: "A rule keeps passwords that you had lately from coming back: the last {recent}.", Fix: "Choose a new one."}})

	PasswordNeedsKind = define(fault.Entry{Code: "password.needs_kind", Kind: fault.Bad, Topic: fault.Forgotten, Lift: self,
		Ja: fault.Text{What: "パスワードに必要な種類の文字がありません。", Why: "組織の決まりで、大文字・小文字・数字・記号のうち決められた種類が必要です。", Fix: "足りない種類の文字を加えてください。"},
		En: fault.Text{What: "The password lacks a kind of character.", Why: "A rule asks for some of: upper case, lower case, digits, signs.", Fix: "Add the kind that is missing."}})

	PasswordWrong = define(fault.Entry{Code: "password.wrong", Kind: fault.Unauthenticated, Topic: fault.Forgotten, Lift: self, Action: toRecover,
		Ja: fault.Text{What: "いまのパスワードが違います。", Why: "変更の前に、いまのパスワードを確かめています。", Fix: "もう一度入力してください。忘れたときは再設定できます。"},
		En: fault.Text{What: "The current password does not match.", Why: "It is asked for before anything changes.", Fix: "Enter it again. If it is forgotten, reset it."}})

	LinkExpired = define(fault.Entry{Code: "recovery.link_expired", Kind: fault.Gone, Topic: fault.Forgotten, Lift: self, Action: toRecover,
		Ja: fault.Text{What: "このリンクは使えません。", Why: "期限が過ぎたか、途中で切れています。", Fix: "新しいリンクを送ってください。メールのリンクは、最後まで選んで開いてください。"},
		En: fault.Text{What: "This link no longer works.", Why: "Its time has passed, or a part of it is missing.", Fix: "Ask for a new one. Open the whole link from the mail."}})

	LinkUsed = define(fault.Entry{Code: "recovery.link_used", Kind: fault.Gone, Topic: fault.Forgotten, Lift: self, Action: toRecover,
		Ja: fault.Text{What: "このリンクはもう使われています。", Why: "リンクは1回だけ使えます。新しいものを送ると、前のものは使えなくなります。", Fix: "もう一度必要なときは、新しいリンクを送ってください。"},
		En: fault.Text{What: "This link was used.", Why: "A link works once, and a newer one ends it.", Fix: "If you need it again, ask for a new one."}})

	ZoneUnknown = define(fault.Entry{Code: "profile.zone_unknown", Kind: fault.Bad, Topic: fault.Other, Lift: self,
		Ja: fault.Text{What: "このタイムゾーンは使えません。", Why: "Asia/Tokyo のような地域の名前が必要です。", Fix: "一覧から選ぶか、空にしてサーバーの時刻を使ってください。"},
		En: fault.Text{What: "This time zone is not known.", Why: "A zone has a name such as Europe/Paris.", Fix: "Choose one from the list, or leave it empty to use the server's time."}})

	SignupClosed = define(fault.Entry{Code: "signup.closed", Kind: fault.Forbidden, Topic: fault.Entering, Lift: operator, Action: toSignin,
		Ja: fault.Text{What: "新しい登録は受け付けていません。", Why: "このサービスでは、管理者だけがアカウントを作れます。", Fix: "アカウントが必要なときは、管理者に頼んでください。"},
		En: fault.Text{What: "Nobody can sign up here by themselves.", Why: "On this service only the people who run it make accounts.", Fix: "If you need an account, ask them."}})

	SetupUsed = define(fault.Entry{Code: "setup.link_used", Kind: fault.Gone, Topic: fault.Other, Lift: operator, Action: toSignin,
		Ja: fault.Text{What: "最初のアカウントはもう作られています。", Why: "このリンクは1回だけ使えます。ターミナルでアカウントを作ったあとは使えません。", Fix: "サインインしてください。ほかのアカウントは sekisho account create で作れます。"},
		En: fault.Text{What: "The first account has been made.", Why: "This link works once, and no more after an account was made at the terminal.", Fix: "Sign in. More accounts are made with sekisho account create."}})
)

// What stops a request, whoever makes it.
var (
	Forbidden = define(fault.Entry{Code: "request.forbidden", Kind: fault.Forbidden, Topic: fault.Other, Lift: operator, Action: toHome,
		Ja: fault.Text{What: "この操作はできません。", Why: "このアカウント、またはこの場所からは許されていません。", Fix: "必要なときは、管理者に頼んでください。"},
		En: fault.Text{What: "This is not allowed.", Why: "This account, or this place, may not do it.", Fix: "If you need it, ask the people who run this service."}})

	NotFound = define(fault.Entry{Code: "request.not_found", Kind: fault.NotFound, Topic: fault.Other, Lift: self, Action: toHome,
		Ja: fault.Text{What: "ページが見つかりません。", Why: "アドレスが違うか、もうありません。", Fix: "アドレスを確かめるか、最初のページから進んでください。"},
		En: fault.Text{What: "There is nothing here.", Why: "The address is different, or what was here is gone.", Fix: "Check the address, or start from the first page."}})

	MethodNotAllowed = define(fault.Entry{Code: "request.method_not_allowed", Kind: fault.Bad, Topic: fault.Other, Lift: self, Action: toHome,
		Ja: fault.Text{What: "この送り方はできません。", Why: "このアドレスは、この種類のリクエストを受け付けません。", Fix: "ページの中のリンクから進んでください。プログラムのときは、Allow ヘッダーにある送り方を使ってください。"},
		En: fault.Text{What: "This cannot be asked this way.", Why: "The address does not take this kind of request.", Fix: "Follow the links of the page. For a program, the Allow header names what the address takes."}})

	MethodUnknown = define(fault.Entry{Code: "request.method_unknown", Kind: fault.Unknown, Topic: fault.Other, Lift: self, Action: toHome,
		Ja: fault.Text{What: "この送り方は知られていません。", Why: "このサービスにない種類のリクエストが送られました。", Fix: "ページの中のリンクから進んでください。プログラムのときは、GET や POST など、API の説明にある送り方を使ってください。"},
		En: fault.Text{What: "This way of asking is not known here.", Why: "The request is of a kind that nothing in this service takes.", Fix: "Follow the links of the page. A program uses GET, POST or what else the description of the API names."}})

	TooLarge = define(fault.Entry{Code: "request.too_large", Kind: fault.TooLarge, Topic: fault.Other, Lift: self,
		General: &[2]fault.Text{{Why: "ページごとに、受け取れる大きさが決まっています。"},
			{Why: "Every page takes only so much at once."}},
		Ja: fault.Text{What: "送られた内容が大きすぎます。", Why: "このページが受け取れる大きさは {limit} までです。", Fix: "短くしてから送ってください。"},
		En: fault.Text{What: "Too much was sent.", Why: "This page takes up to {limit}.", Fix: "Make it shorter and send again."}})

	Malformed = define(fault.Entry{Code: "request.malformed", Kind: fault.Bad, Topic: fault.Other, Lift: self,
		General: &[2]fault.Text{{Why: "形式が決まりと違います。"},
			{Why: "Its form is different from what is expected."}},
		Ja: fault.Text{What: "送られた内容が読めません。", Why: "形式が決まりと違います：{where}", Fix: "ページを開き直して、もう一度送ってください。プログラムのときは、API の説明を見てください。"},
		En: fault.Text{What: "What was sent does not read.", Why: "Its form is different from what is expected: {where}", Fix: "Load the page again and send it once more. For a program, see the API's description."}})

	DuplicateParameter = define(fault.Entry{Code: "request.duplicate_parameter", Kind: fault.Bad, Topic: fault.Other, Lift: self,
		General: &[2]fault.Text{{Why: "同じ名前のものが2つ以上あり、どちらを使うか決められません。"},
			{Why: "One name is there more than once, and only one can count."}},
		Ja: fault.Text{What: "同じ項目が2回送られました。", Why: "「{name}」が2つ以上あり、どちらを使うか決められません。", Fix: "1つにしてから送ってください。"},
		En: fault.Text{What: "The same thing was sent twice.", Why: "“{name}” is there more than once, and only one can count.", Fix: "Send it once."}})

	Unsupported = define(fault.Entry{Code: "request.unsupported_media_type", Kind: fault.Unsupported, Topic: fault.Other, Lift: self,
		Ja: fault.Text{What: "この形式では受け取れません。", Why: "本文の Content-Type が決まりと違います。", Fix: "ページでは application/x-www-form-urlencoded、API では application/json で送ってください。"},
		En: fault.Text{What: "This form of content is not taken.", Why: "The Content-Type of the body is not the expected one.", Fix: "Send application/x-www-form-urlencoded to pages and application/json to the API."}})

	CrossOrigin = define(fault.Entry{Code: "request.cross_origin", Kind: fault.Forbidden, Topic: fault.Other, Lift: self, Action: toHome,
		Ja: fault.Text{What: "ほかのサイトから送られたため、受け付けませんでした。", Why: "このサイト以外のページから操作が送られました。あなたの知らない操作かもしれません。", Fix: "このサイトのページから、もう一度操作してください。"},
		En: fault.Text{What: "This came from another site and was not done.", Why: "A page elsewhere sent it in your name, perhaps without your knowledge.", Fix: "Do it again from a page of this site."}})

	Unavailable = define(fault.Entry{Code: "server.unavailable", Kind: fault.Unavailable, Topic: fault.Other, Lift: []fault.Lifter{fault.Time, fault.Operator},
		Ja: fault.Text{What: "いまは使えません。", Why: "データベースに届きません。入力した内容は保存されていません。", Fix: "少し待ってから、もう一度試してください。直ると自動で使えるようになります。"},
		En: fault.Text{What: "The service cannot answer now.", Why: "Its database is out of reach. Nothing of what you sent was stored.", Fix: "Wait a little and try again. It comes back by itself."}})

	Busy = define(fault.Entry{Code: "server.busy", Kind: fault.Unavailable, Topic: fault.Other, Lift: wait,
		Ja: fault.Text{What: "混み合っています。", Why: "同時にサインインする人が多く、順番を待ちきれませんでした。", Fix: "数秒待ってから、もう一度試してください。"},
		En: fault.Text{What: "Many people are signing in right now.", Why: "Your turn did not come in time.", Fix: "Wait a few seconds and try again."}})

	ServerError = define(fault.Entry{Code: "server.error", Kind: fault.Internal, Topic: fault.Other, Lift: operator, Action: toHome,
		Ja: fault.Text{What: "こちらの不具合で、できませんでした。", Why: "予期しないことが起きました。内容は記録されています。", Fix: "もう一度試してください。続くときは、下の参照番号を管理者に伝えてください。"},
		En: fault.Text{What: "Something went wrong on our side.", Why: "It was not expected, and it has been written down.", Fix: "Try again. If it happens again, give the reference below to the people who run this service."}})

	Support = define(fault.Entry{Code: "support", Kind: fault.Bad, Topic: fault.Other, Lift: operator,
		Ja: fault.Text{What: "ほかの方法で入れないとき", Why: "本人の確認は、このサービスを運営する人だけができます。", Fix: "参照番号（あれば）と、いつ・どのブラウザーで起きたかを伝えてください。パスワードやコードは、だれにも伝えないでください。"},
		En: fault.Text{What: "When no other way leads in", Why: "Only the people who run this service can check who you are.", Fix: "Tell them the reference, if you have one, and when and in which browser it happened. Never tell anybody a password or a code."}})

	AppUnknown = define(fault.Entry{Code: "app.unknown", Kind: fault.Bad, Topic: fault.Other, Lift: operator,
		Ja: fault.Text{What: "このアプリは登録されていません。", Why: "アプリが伝えてきた名前（client_id）が見つからないか、止められています。", Fix: "アプリの管理者に知らせてください。"},
		En: fault.Text{What: "This app is not registered here.", Why: "The name it gave (client_id) is not known, or it was disabled.", Fix: "Tell the people who run the app."}})

	AppRedirect = define(fault.Entry{Code: "app.redirect_mismatch", Kind: fault.Bad, Topic: fault.Other, Lift: operator,
		Ja: fault.Text{What: "アプリの戻り先が登録と違います。", Why: "安全のため、戻り先（redirect_uri）は登録されたものと1文字も違わないときだけ使います。", Fix: "アプリの管理者に知らせてください。"},
		En: fault.Text{What: "The app's return address is not the registered one.", Why: "To keep you safe, a redirect_uri is used only when it matches the registered one letter for letter.", Fix: "Tell the people who run the app."}})
)
