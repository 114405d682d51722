package tint

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // decoders of what may be given
	"image/png"

	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp"
)

// What may be given as a logo.
const (
	MostLogo   = 1 << 20 // bytes
	mostPixels = 4 << 20
	widest     = 400 // of what is kept
	highest    = 120
)

// Why a picture is not taken.
var (
	ErrPicture = errors.New("not a PNG, JPEG or WebP picture")
	ErrLarge   = errors.New("a logo has at most 1 MiB and 4 million pixels")
)

// Logo reads a picture and draws it anew, as a PNG that fits a page's head. What is kept
// is what was drawn and nothing else that the file held: no place where a photograph was
// taken, no script. SVG is not taken: it is a program.
func Logo(raw []byte) ([]byte, error) {
	if len(raw) > MostLogo {
		return nil, ErrLarge
	}
	conf, _, err := image.DecodeConfig(bytes.NewReader(raw))
	if err != nil {
		return nil, ErrPicture
	}
	// Looked at before a pixel is: a small file can claim to be a huge picture.
	if conf.Width <= 0 || conf.Height <= 0 || conf.Width > mostPixels || conf.Height > mostPixels || conf.Width*conf.Height > mostPixels {
		return nil, ErrLarge
	}
	img, err := decoded(raw)
	if err != nil {
		return nil, ErrPicture
	}
	b := img.Bounds()
	scale := min(1, float64(widest)/float64(b.Dx()), float64(highest)/float64(b.Dy()))
	out := image.NewNRGBA(image.Rect(0, 0, max(1, int(scale*float64(b.Dx()))), max(1, int(scale*float64(b.Dy())))))
	draw.CatmullRom.Scale(out, out.Bounds(), img, b, draw.Src, nil)
	var w bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&w, out); err != nil {
		return nil, fmt.Errorf("logo: %w", err)
	}
	return w.Bytes(), nil
}

// decoded keeps a decoder that panics at what somebody made up from doing more than
// refusing it.
func decoded(raw []byte) (img image.Image, err error) {
	defer func() {
		if recover() != nil {
			err = ErrPicture
		}
	}()
	img, _, err = image.Decode(bytes.NewReader(raw))
	return img, err
}
