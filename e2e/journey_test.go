package e2e

import (
	"fmt"
	"strings"
	"testing"
)

// words are what the journey's fields and buttons are called.
var words = map[string]map[string]string{
	"en": {"create": "Create an account", "name": "Name to show", "mail": "E-mail address", "next": "Next", "new": "New password", "code": "Code from the mail", "hello": "Hello Hana",
		"identifier": "E-mail, mobile", "password": "Password", "signin": "Sign in", "sessions": "Sessions", "wide": " & access", "end": "End", "endgo": "End", "ended": "Done.", "limit": "End a session to go on",
		"limitgo": "End and go on", "out": "Sign out", "outgo": "Sign out", "outdone": "You are signed out", "here": "this browser", "accounts": "Switch", "activity": "Activity",
		"pw": "Password", "addresses": "Addresses", "apps": "Apps", "profile": "Profile", "help": "Help"},
	"ja": {"create": "アカウントを作る", "name": "表示する名前", "mail": "メールアドレス", "next": "次へ", "new": "新しいパスワード", "code": "メールに書かれたコード", "hello": "Hana さん",
		"identifier": "メールアドレス、携帯番号", "password": "パスワード", "signin": "サインインする", "sessions": "セッション", "wide": "とアクセス", "end": "終了する", "endgo": "終了する", "ended": "終了しました", "limit": "使っていないセッションを終了",
		"limitgo": "終了して続ける", "out": "サインアウト", "outgo": "サインアウトする", "outdone": "サインアウトしました", "here": "このブラウザー", "accounts": "切り替え", "activity": "アクティビティ",
		"pw": "パスワード", "addresses": "アドレス", "apps": "アプリ", "profile": "プロフィール", "help": "ヘルプ"},
}

func (x *tab) signin(s *Server, mail string) {
	x.t.Helper()
	w := words[x.lang]
	x.goTo(s.URL + "/signin")
	x.keyIn(w["identifier"], mail)
	x.press(w["next"])
	x.keyIn(w["password"], Word)
	x.press(w["signin"])
}

func TestJourneyByKeyboardInBothLanguagesAndWidths(t *testing.T) {
	for _, lang := range []string{"ja", "en"} {
		for _, wide := range []int64{360, 1280} {
			t.Run(fmt.Sprintf("%s-%d", lang, wide), func(t *testing.T) { journey(t, lang, wide) })
		}
	}
}

func journey(t *testing.T, lang string, wide int64) {
	s := Start(t, "SEKISHO_SESSION_LIMIT=2")
	w := words[lang]
	x := open(t, lang, wide, false)
	x.goTo(s.URL + "/")
	x.look("signin")
	x.press(w["create"])
	x.look("signup")
	x.keyIn(w["name"], "Hana")
	x.keyIn(w["mail"], "hana@example.com")
	x.press(w["next"])
	x.keyIn(w["new"], Word)
	x.look("signup-password")
	x.press(w["next"])
	x.look("signup-code")
	x.keyIn(w["code"], s.Code()) // six digits send the form by themselves
	x.see(w["hello"])
	x.look("overview")

	y := open(t, lang, wide, true)
	y.signin(s, "hana@example.com")
	y.see(w["hello"])
	y.look("overview")
	sessions := w["sessions"]
	if wide >= 800 {
		sessions += w["wide"]
	}
	y.press(sessions)
	y.look("access")
	for _, page := range []string{"activity", "pw", "addresses", "apps", "profile"} {
		y.press(w[page])
		y.look(page)
	}
	x.press(sessions)
	x.see(w["here"])
	x.press(w["end"])
	x.look("end")
	x.press(w["endgo"])
	x.see(w["ended"])
	x.look("sessions-ended")
	y.goTo(s.URL + "/me")
	y.see("session.ended")
	y.look("session-ended")

	y.signin(s, "hana@example.com")
	y.unoffered()
	y.see(w["hello"])
	z := open(t, lang, wide, false)
	z.signin(s, "hana@example.com")
	z.see(w["limit"])
	z.look("limit")
	eval[bool](z, "document.querySelector('input[name=session]').click(), true")
	z.press(w["limitgo"])
	z.see(w["hello"])
	z.press(w["accounts"])
	z.look("accounts")
	z.goTo(s.URL + "/me")
	z.press(w["out"])
	z.look("signout")
	z.press(w["outgo"])
	z.see(w["outdone"])
	z.look("signed-out")
	z.press(w["help"])
	z.look("help")
	if bytes := eval[float64](z, `fetch("/signin").then(r => r.text()).then(t => t.length)`); bytes > 60000 {
		t.Errorf("the sign-in page has %v bytes", bytes)
	}
	if text := z.text(); strings.Contains(text, "⟦") {
		t.Errorf("a text is missing:\n%s", text)
	}
}
