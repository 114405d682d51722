package faults

import "sekisho/internal/fault"

// What stops an organisation's look.
var (
	LookColour = define(fault.Entry{Code: "look.colour", Kind: fault.Bad, Topic: fault.Other, Lift: self,
		Ja: fault.Text{What: "色として読めません。", Why: "色は #2c4693 のように、# と6桁の英数字で書きます。", Fix: "組織の色の値を、デザインを担当する人に聞いて入力してください。空にすると、このサービスの色になります。"},
		En: fault.Text{What: "This does not read as a colour.", Why: "A colour is written as # and six digits, such as #2c4693.", Fix: "Ask who keeps your organisation's design for the value. Left empty, the service's own colour is used."}})

	LookPicture = define(fault.Entry{Code: "look.picture", Kind: fault.Bad, Topic: fault.Other, Lift: self,
		Ja: fault.Text{What: "この画像は使えません。", Why: "ロゴに使えるのは PNG、JPEG、WebP の画像です。SVG は中にプログラムを含められるため使えません。", Fix: "PNG で書き出してから、もう一度選んでください。"},
		En: fault.Text{What: "This picture cannot be used.", Why: "A logo is a PNG, JPEG or WebP picture. SVG can carry a program, so it is not taken.", Fix: "Export it as PNG and choose that."}})

	LookLarge = define(fault.Entry{Code: "look.too_large", Kind: fault.TooLarge, Topic: fault.Other, Lift: self,
		Ja: fault.Text{What: "この画像は大きすぎます。", Why: "ロゴは1 MiB、400万画素までです。ページでは、横400、縦120ピクセル以内に縮めて表示します。", Fix: "小さくしてから、もう一度選んでください。"},
		En: fault.Text{What: "This picture is too large.", Why: "A logo has at most 1 MiB and 4 million pixels. Pages show it within 400 by 120 pixels.", Fix: "Make it smaller and choose it again."}})
)
