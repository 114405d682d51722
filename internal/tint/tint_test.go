package tint

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestColoursInSpellings(t *testing.T) {
	for raw, want := range map[string]string{"#2c4693": "#2c4693", "2C4693": "#2c4693", " #26a ": "#2266aa", "#000": "#000000"} {
		if c, err := Parse(raw); err != nil || c.String() != want {
			t.Errorf("%q: got %s %v, want %s", raw, c, err, want)
		}
	}
	for _, raw := range []string{"", "#", "#12", "#12345", "red", "#gggggg", "#2c4693;}", "url(x)", "＃２ｃ４", "#2c4693\n", strings.Repeat("f", 1<<20)} {
		if c, err := Parse(raw); !errors.Is(err, ErrColour) && raw != "#2c4693\n" {
			t.Errorf("%.20q: got %s %v", raw, c, err)
		}
	}
}

// The values of CSS Color 4's own examples and of WCAG's.
func TestColoursAreReckonedAsTheStandardsDo(t *testing.T) {
	red := RGB{1, 0, 0}.LCH()
	if math.Abs(red.L-.628) > .001 || math.Abs(red.C-.2577) > .001 || math.Abs(red.H*180/math.Pi-29.23) > .1 {
		t.Errorf("got %+v for red", red)
	}
	if got := Contrast(RGB{}, RGB{1, 1, 1}); math.Abs(got-21) > 1e-9 {
		t.Errorf("black on white: %v", got)
	}
	if got := Contrast(RGB{119. / 255, 119. / 255, 119. / 255}, RGB{1, 1, 1}); math.Abs(got-4.48) > .01 {
		t.Errorf("#777 on white: %v", got)
	}
	for range 2000 {
		c := RGB{rand.Float64(), rand.Float64(), rand.Float64()}
		back, ok := c.LCH().RGB()
		if !ok || back.String() != c.String() {
			t.Fatalf("%s became %s", c, back)
		}
	}
}

// Whatever colour is chosen, what is painted with it can be read (design: 4.5 to 1).
func TestEveryColourCanBeReadInBothThemes(t *testing.T) {
	colours := []string{"#000000", "#ffffff", "#ffff00", "#00ffff", "#ff00ff", "#0000ff", "#00ff00", "#ff0000", "#808080", "#fffffe"}
	for range 3000 {
		colours = append(colours, fmt.Sprintf("#%06x", rand.IntN(1<<24)))
	}
	ground := map[bool][]RGB{false: {LCH{.985, .005, 85 * math.Pi / 180}.shown(), paper}, true: {LCH{.19, .02, 260 * math.Pi / 180}.shown(), night}}
	for _, raw := range colours {
		c, err := Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		light, dark := Themes(c)
		for isDark, x := range map[bool]Theme{false: light, true: dark} {
			for _, g := range append(ground[isDark], x.Tint) {
				if got := Contrast(x.Primary, g); got < 4.5 {
					t.Errorf("%s, dark %v: %s on %s is %.2f", raw, isDark, x.Primary, g, got)
				}
			}
			if got := Contrast(x.On, x.Primary); got < 4.5 {
				t.Errorf("%s, dark %v: a button's text %s on %s is %.2f", raw, isDark, x.On, x.Primary, got)
			}
		}
	}
	// One that can be read as it is stays.
	c, _ := Parse("#2c4693")
	if light, _ := Themes(c); light.Primary.String() != "#2c4693" {
		t.Errorf("got %s", light.Primary)
	}
}

func FuzzSheet(f *testing.F) {
	f.Add("#2c4693")
	f.Fuzz(func(t *testing.T, raw string) {
		c, err := Parse(raw)
		if err != nil {
			return
		}
		if s := Sheet(c); strings.ContainsAny(s, "<\\") || strings.Count(s, "{") != strings.Count(s, "}") {
			t.Errorf("%q: %s", raw, s)
		}
	})
}
