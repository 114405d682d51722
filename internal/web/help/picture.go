package help

import "html/template"

// Pictures of steps are drawn in lines, 240 by 104 units, and say nothing in words, so
// that one serves every language; what it shows is said beside it. They take the page's
// colours. The seal is where to press or look.

const (
	laptop = `<rect x="10" y="10" width="124" height="76" rx="5"/><path d="M2 94h140M10 22h124"/>`
	phone  = `<rect x="174" y="4" width="52" height="96" rx="8"/><path d="M194 10h12"/>`
	old    = `<rect x="28" y="4" width="52" height="96" rx="8"/><path d="M48 10h12"/>`
	code   = `<path d="M0 0h14v14H0zM22 0h14v14H22zM0 22h14v14H0zM5 5h4v4H5zM27 5h4v4h-4zM5 27h4v4H5zM22 22h5v5M36 22v6M22 36h6M33 33h3"/>`
	lock   = `<rect x="0" y="9" width="20" height="15" rx="3"/><path d="M4 9V6a6 6 0 0 1 12 0v3"/>`
	open   = `<rect x="0" y="9" width="20" height="15" rx="3"/><path d="M4 9V6a6 6 0 0 1 11.500-2.500"/>`
	tick   = `<path class="lead" d="m0 6 5 5L15 0"/>`
	cross  = `<path class="seal" d="m0 0 16 16M16 0 0 16"/>`
	arrow  = `<path class="lead" d="M144 52h18M156 46l6 6-6 6"/>`
	back   = `<path class="lead" d="M162 52h-18M150 46l-6 6 6 6"/>`
	sheet  = `<rect x="178" y="18" width="44" height="60" rx="3"/><path d="M186 30h28M186 39h28M186 48h28M186 57h28M186 66h16"/>`
	paper  = `<rect x="98" y="14" width="52" height="72" rx="3"/><path d="M108 28h32M108 39h32M108 50h32M108 61h32M108 72h18"/>`
	rows   = `<path d="M22 36h52M22 52h52M22 68h52"/>`
	moved  = `<path class="lead" d="M90 52h66M148 45l8 7-8 7"/>`
)

func move(x, y, what string) string {
	return `<g transform="translate(` + x + ` ` + y + `)">` + what + `</g>`
}

// button is one on a page or in the app.
func button(x, y, wide string) string {
	return `<rect class="lead" x="` + x + `" y="` + y + `" width="` + wide + `" height="12" rx="4"/>`
}

// seal is where to press.
func seal(x, y string) string {
	return `<circle class="seal" cx="` + x + `" cy="` + y + `" r="8"/><circle class="dot" cx="` + x + `" cy="` + y + `" r="3"/>`
}

func figure(x, y, what string) string {
	return `<text x="` + x + `" y="` + y + `">` + what + `</text>`
}

// pictures are those of a guide's steps.
var pictures = map[string][]string{
	"tegata": {
		move("48", "0", laptop+rows+button("86", "62", "36")+seal("104", "68")),
		laptop + move("54", "34", code) + arrow + phone + `<path class="lead" d="M182 38v-6h6M218 38v-6h-6M182 60v6h6M218 60v6h-6"/>` + move("191", "40", `<g transform="scale(.5)">`+code+`</g>`),
		laptop + figure("72", "54", "42") + button("54", "64", "36") + phone + figure("200", "50", "42") + button("182", "68", "36") + seal("72", "70") + seal("200", "74"),
		move("-80", "0", phone+move("182", "22", `<path d="M0 10h12M2 10V6a4 4 0 0 1 8 0v4M18 6h18"/>`)+move("182", "44", `<g transform="scale(.62)">`+lock+`</g><path d="M18 8h18"/>`)+move("182", "68", `<path d="M0 7 6 1l6 6M2 6v8h8V6M18 8h18"/>`)+seal("210", "52")),
		move("-120", "0", phone) + move("-40", "0", phone) + figure("80", "60", "1") + figure("160", "60", "2") + `<path class="lead" d="M112 52h16M120 44v16"/>`,
	},
	"tegata-approve": {
		laptop + figure("72", "60", "42") + arrow + phone + `<rect x="180" y="20" width="40" height="30" rx="4"/><path d="M187 29h26M187 38h16"/>` + seal("216", "20"),
		laptop + figure("72", "60", "42") + phone + `<path d="M182 22h36M182 31h24M182 40h30"/><rect x="182" y="48" width="36" height="18" rx="4"/>` + `<text class="small" x="200" y="62">42</text>` + button("182", "74", "36") + seal("200", "80"),
		laptop + move("54", "34", code) + arrow + phone + `<path class="lead" d="M182 38v-6h6M218 38v-6h-6M182 60v6h6M218 60v6h-6"/>` + move("191", "40", `<g transform="scale(.5)">`+code+`</g>`) + seal("200", "88"),
		laptop + `<rect x="34" y="42" width="76" height="20" rx="4"/><text class="small" x="72" y="57">204 815</text>` + back + phone + `<text class="tiny" x="200" y="46">204 815</text><circle cx="200" cy="66" r="8"/><path class="lead" d="M200 58a8 8 0 0 1 8 8"/>` + seal("110", "52"),
		phone + `<path d="M182 22h36M182 31h24M182 40h30"/>` + `<rect x="180" y="70" width="18" height="12" rx="4"/><rect x="202" y="70" width="18" height="12" rx="4"/>` + seal("211", "76") +
			laptop + move("64", "44", cross),
	},
	"sign-in-lock": {
		move("-80", "0", phone+move("190", "24", lock)+`<path d="M182 58h36"/>`+button("182", "72", "36")+seal("200", "78")),
		phone + `<rect x="182" y="20" width="36" height="16" rx="4"/><path d="M212 20v16M186 28h16M182 52h8v8h-8zM196 56h22"/>` + button("182", "74", "36") + seal("186", "56") + laptop + `<path class="lead" d="M52 52h28M72 44l8 8-8 8M88 36h10v32H88"/>`,
		phone + move("190", "24", open) + button("182", "72", "36") + seal("200", "78") + laptop + move("64", "46", tick),
	},
	"phone-gone": {
		laptop + `<rect x="34" y="34" width="76" height="14" rx="4"/><path d="M46 66h52"/>` + seal("72", "66") + `<g class="away">` + phone + `</g>`,
		laptop + `<rect x="30" y="42" width="84" height="20" rx="4"/><path d="M38 55h10M54 55h10M70 55h10"/>` + sheet + back + seal("104", "52"),
		move("48", "0", laptop+rows+button("96", "30", "26")+button("96", "46", "26")+seal("109", "52")),
		laptop + rows + `<g class="away">` + phone + `</g>` + move("192", "44", cross) + button("96", "62", "26") + seal("109", "68"),
		paper + move("156", "64", tick),
	},
	"tegata-again": {
		laptop + `<rect x="34" y="34" width="76" height="14" rx="4"/><path d="M46 66h52"/>` + seal("72", "66") + phone + `<path class="lead" d="M200 36v24M191 52l9 9 9-9M186 74h28"/>`,
		laptop + `<rect x="30" y="42" width="84" height="20" rx="4"/><path d="M38 55h10M54 55h10M70 55h10"/>` + sheet + back + seal("104", "52"),
		laptop + move("54", "34", code) + arrow + phone + `<path class="lead" d="M182 38v-6h6M218 38v-6h-6M182 60v6h6M218 60v6h-6"/>` + move("191", "40", `<g transform="scale(.5)">`+code+`</g>`),
		laptop + `<circle cx="30" cy="40" r="5"/><path d="M42 40h60"/><circle class="lead" cx="30" cy="58" r="5"/><path d="M42 58h60"/>` + seal("30", "58") + phone + figure("200", "60", "1"),
	},
	"new-phone": {
		old + move("44", "30", `<path class="lead" d="M10 0v18M3 12l7 7 7-7"/>`) + `<path d="M38 60h32"/>` + seal("54", "78") + `<path class="lead" d="M90 52h30M112 45l8 7-8 7"/><rect x="134" y="28" width="60" height="20" rx="4"/><rect x="134" y="54" width="60" height="20" rx="4"/><path d="M142 38h.01M142 64h.01M152 38h30M152 64h30"/>`,
		laptop + move("54", "34", code) + arrow + phone + `<path class="lead" d="M182 38v-6h6M218 38v-6h-6M182 60v6h6M218 60v6h-6"/>` + move("191", "40", `<g transform="scale(.5)">`+code+`</g>`),
		laptop + `<circle cx="30" cy="40" r="5"/><path d="M42 40h60"/><circle class="lead" cx="30" cy="58" r="5"/><path d="M42 58h60"/>` + seal("30", "58") + phone + figure("200", "60", "1"),
		old + `<path d="M38 32h32M38 46h32M38 60h32"/>` + moved + phone + `<path d="M184 32h32M184 46h32M184 60h32"/>` + seal("200", "80"),
	},
}

// picture is that of a step of a guide; empty: it has none.
func picture(guide string, n int) template.HTML {
	list := pictures[guide]
	if n > len(list) {
		return ""
	}
	return template.HTML(list[n-1]) //nolint:gosec // drawn above
}
