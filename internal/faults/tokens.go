package faults

import "sekisho/internal/fault"

// What stops a program that shows a token of an organisation.
var (
	TokenRefused = define(fault.Entry{Code: "token.refused", Kind: fault.Unauthenticated, Topic: fault.Other, Lift: admins,
		Ja: fault.Text{What: "このトークンは使えません。", Why: "ないトークンか、期限が過ぎたか、取り消されたか、作った人が組織で働けなくなりました。", Fix: "組織の管理者に、新しいトークンを作ってもらってください。"},
		En: fault.Text{What: "This token does not count.", Why: "There is none such, its time has passed, it was revoked, or whoever made it can no longer act for the organisation.", Fix: "Ask an admin of the organisation for another one."}})

	TokenPlace = define(fault.Entry{Code: "token.elsewhere", Kind: fault.Forbidden, Topic: fault.Other, Lift: self,
		Ja: fault.Text{What: "このトークンは、ここでは使えません。", Why: "組織のトークンは /api/v1/org/ だけで使えます。人のアカウントを開くものではありません。", Fix: "人のアカウントには、その人のセッションを使ってください。"},
		En: fault.Text{What: "This token does not count here.", Why: "A token of an organisation is for /api/v1/org/ alone. It opens nobody's account.", Fix: "For somebody's account use a session of theirs."}})

	TokenPerson = define(fault.Entry{Code: "token.needs_person", Kind: fault.Forbidden, Topic: fault.Other, Lift: admins,
		Ja: fault.Text{What: "この操作は、人が行う必要があります。", Why: "アカウントを開いたり、全員の決まりや権限を変えたりする操作は、トークンではできません。", Fix: "サインインして、組織の管理のページから行ってください。"},
		En: fault.Text{What: "This takes a person.", Why: "What opens accounts, makes rules for everybody or gives power is not done with a token.", Fix: "Sign in and do it on the organisation's pages."}})

	TokenPermissions = define(fault.Entry{Code: "token.permissions", Kind: fault.Bad, Topic: fault.Other, Lift: self,
		Ja: fault.Text{What: "トークンの権限を選んでください。", Why: "権限が選ばれていないか、トークンには持たせられない権限です。", Fix: "一覧から1つ以上選んでください。"},
		En: fault.Text{What: "Choose what the token may do.", Why: "Nothing was chosen, or something that no token can carry.", Fix: "Choose at least one from the list."}})

	TokenExpires = define(fault.Entry{Code: "token.expires", Kind: fault.Bad, Topic: fault.Other, Lift: self,
		Ja: fault.Text{What: "この期限にはできません。", Why: "トークンの期限は、1日から365日までです。", Fix: "1から365までの日数を入力してください。"},
		En: fault.Text{What: "A token cannot live for so long, or so short.", Why: "It lives for one to 365 days.", Fix: "Enter a number of days from 1 to 365."}})

	TokenMost = define(fault.Entry{Code: "token.too_many", Kind: fault.Conflict, Topic: fault.Other, Lift: self,
		Ja: fault.Text{What: "トークンをこれ以上は増やせません。", Why: "1つの組織で50個までです。", Fix: "使っていないものを取り消してください。"},
		En: fault.Text{What: "There is no room for another token.", Why: "An organisation has at most fifty.", Fix: "Revoke one that is not used."}})
)
