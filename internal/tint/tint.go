// Package tint owns colours that somebody chose: reading one, and the colours of a page
// made from it, in the light theme and the dark, with enough contrast to be read.
//
// It reckons in OKLCH, as the style sheet does: hue and colourfulness stay, and lightness
// moves as far as contrast asks. It knows no page.
package tint

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strings"
)

// RGB is a colour of a screen, each part 0 to 1.
type RGB struct{ R, G, B float64 }

// ErrColour is no colour.
var ErrColour = errors.New("a colour is written such as #2c4693")

var written = regexp.MustCompile(`^#?([0-9a-fA-F]{6}|[0-9a-fA-F]{3})$`)

// Parse reads a colour such as #2c4693 or #26a.
func Parse(raw string) (RGB, error) {
	m := written.FindStringSubmatch(strings.TrimSpace(raw))
	if m == nil {
		return RGB{}, ErrColour
	}
	s := m[1]
	if len(s) == 3 {
		s = string([]byte{s[0], s[0], s[1], s[1], s[2], s[2]})
	}
	b, err := hex.DecodeString(s)
	if err != nil {
		return RGB{}, ErrColour
	}
	return RGB{float64(b[0]) / 255, float64(b[1]) / 255, float64(b[2]) / 255}, nil
}

// String writes it as style sheets do.
func (c RGB) String() string {
	part := func(x float64) int { return int(math.Round(255 * min(1, max(0, x)))) }
	return fmt.Sprintf("#%02x%02x%02x", part(c.R), part(c.G), part(c.B))
}

func linear(x float64) float64 {
	if x <= .04045 {
		return x / 12.92
	}
	return math.Pow((x+.055)/1.055, 2.4)
}

func encoded(x float64) float64 {
	if x <= .0031308 {
		return 12.92 * x
	}
	return 1.055*math.Pow(x, 1/2.4) - .055
}

// Luminance is WCAG 2's relative luminance.
func (c RGB) Luminance() float64 {
	return .2126*linear(c.R) + .7152*linear(c.G) + .0722*linear(c.B)
}

// Contrast is WCAG 2's contrast ratio, 1 to 21.
func Contrast(a, b RGB) float64 {
	x, y := a.Luminance(), b.Luminance()
	return (max(x, y) + .05) / (min(x, y) + .05)
}

// LCH is a colour as a person sees it: lightness 0 to 1, chroma, hue in radians.
type LCH struct{ L, C, H float64 }

// LCH turns a colour into OKLCH (CSS Color 4 §9).
func (c RGB) LCH() LCH {
	r, g, b := linear(c.R), linear(c.G), linear(c.B)
	l := math.Cbrt(.4122214708*r + .5363325363*g + .0514459929*b)
	m := math.Cbrt(.2119034982*r + .6806995451*g + .1073969566*b)
	s := math.Cbrt(.0883024619*r + .2817188376*g + .6299787005*b)
	a := 1.9779984951*l - 2.4285922050*m + .4505937099*s
	bb := .0259040371*l + .7827717662*m - .8086757660*s
	return LCH{.2104542553*l + .7936177850*m - .0040720468*s, math.Hypot(a, bb), math.Atan2(bb, a)}
}

// RGB turns it back; ok is false where no screen can show it.
func (c LCH) RGB() (out RGB, ok bool) {
	a, b := c.C*math.Cos(c.H), c.C*math.Sin(c.H)
	l := c.L + .3963377774*a + .2158037573*b
	m := c.L - .1055613458*a - .0638541728*b
	s := c.L - .0894841775*a - 1.2914855480*b
	l, m, s = l*l*l, m*m*m, s*s*s
	out = RGB{encoded(4.0767416621*l - 3.3077115913*m + .2309699292*s), encoded(-1.2684380046*l + 2.6097574011*m - .3413193965*s), encoded(-.0041960863*l - .7034186147*m + 1.7076147010*s)}
	const slack = 1e-3
	in := func(x float64) bool { return x >= -slack && x <= 1+slack }
	return out, in(out.R) && in(out.G) && in(out.B)
}

// shown is the most colourful one of this lightness and hue that a screen can show, as it
// is written.
func (c LCH) shown() RGB {
	out, ok := c.RGB()
	for !ok && c.C > 1e-4 {
		c.C *= .97
		out, ok = c.RGB()
	}
	back, _ := Parse(out.String()) // what is judged is what is written
	return back
}

// Theme is what a page is painted with.
type Theme struct{ Primary, On, Tint RGB }

// Readable is the contrast of text that Themes keep: WCAG 2 asks for 4.5, and a button
// that is pointed at is drawn a little brighter.
const Readable = 5.5

// grounds are the darkest and the lightest a theme's text stands on, beside its tint.
var paper, night = RGB{1, 1, 1}, LCH{.23, .02, 260 * math.Pi / 180}.shown()

// Themes are the colours of the light and the dark theme that are made from one.
func Themes(c RGB) (light, dark Theme) {
	x := c.LCH()
	light.Tint = LCH{.955, min(.018, x.C), x.H}.shown()
	light.Primary = x.until(-.004, light.Tint, paper)
	light.On = paper
	dark.Tint = LCH{.29, min(.04, x.C), x.H}.shown()
	dark.Primary = LCH{x.L, min(x.C, .15), x.H}.until(.004, dark.Tint, night)
	dark.On = LCH{.18, min(.03, x.C), x.H}.shown()
	return light, dark
}

// until moves the lightness until the colour can be read on all of these.
func (c LCH) until(step float64, on ...RGB) RGB {
	for {
		out, least := c.shown(), 21.0
		for _, g := range on {
			least = min(least, Contrast(out, g))
		}
		if least >= Readable || step < 0 && c.L <= 0 || step > 0 && c.L >= 1 {
			return out
		}
		c.L = min(1, max(0, c.L+step))
	}
}

// Sheet is a style sheet that paints pages so.
func Sheet(c RGB) string {
	light, dark := Themes(c)
	rule := func(t Theme) string {
		return fmt.Sprintf("{--indigo:%s;--on-indigo:%s;--tint:%s}", t.Primary, t.On, t.Tint)
	}
	return ":root" + rule(light) + "\n@media (prefers-color-scheme:dark){:root:not([data-theme=\"light\"])" + rule(dark) + "}\n:root[data-theme=\"dark\"]" + rule(dark) + "\n"
}
