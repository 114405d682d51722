package totp

import (
	"fmt"
	"strings"

	"rsc.io/qr"
)

// quiet is the empty margin a reader needs, in modules (ISO/IEC 18004).
const quiet = 4

// SVG draws text as a QR code: a picture that stands by itself, black on white
// with its margin, as sharp as the screen at any size. Whatever style surrounds
// it, dark ones too, it stays readable. An error when the text is too long for
// any QR code (2,331 bytes).
func SVG(text string) ([]byte, error) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return nil, fmt.Errorf("draw QR code: %w", err)
	}
	side := code.Size + 2*quiet
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" shape-rendering="crispEdges"><rect width="%d" height="%d" fill="#fff"/><path fill="#000" d="`,
		side, side, side, side)
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			from := x
			for x < code.Size && code.Black(x, y) {
				x++
			}
			if n := x - from; n > 0 {
				fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", from+quiet, y+quiet, n, n)
			}
		}
	}
	b.WriteString(`"/></svg>`)
	return []byte(b.String()), nil
}
