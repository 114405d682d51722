package tint

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"
)

func picture(w, h int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for i := range m.Pix {
		m.Pix[i] = byte(i * 7)
	}
	m.Set(0, 0, color.NRGBA{255, 0, 0, 255})
	return m
}

func TestALogoIsDrawnAnewAndFits(t *testing.T) {
	var p, j bytes.Buffer
	if err := errors.Join(png.Encode(&p, picture(900, 300)), jpeg.Encode(&j, picture(20, 10), nil)); err != nil {
		t.Fatal(err)
	}
	// What a file carries beside the picture is gone.
	secret := "GPSLatitude<script>alert(1)</script>"
	withText := append(bytes.Clone(p.Bytes()[:33]), chunk("tEXt", "Comment\x00"+secret)...)
	withText = append(append(withText, p.Bytes()[33:]...), secret...)
	for name, raw := range map[string][]byte{"png": p.Bytes(), "jpeg": j.Bytes(), "png with more": withText} {
		out, err := Logo(raw)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		m, err := png.Decode(bytes.NewReader(out))
		if err != nil || m.Bounds().Dx() > widest || m.Bounds().Dy() > highest || bytes.Contains(out, []byte("script")) {
			t.Errorf("%s: %v %v", name, m.Bounds(), err)
		}
	}
}

func chunk(kind, body string) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	out = append(out, kind+body...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE([]byte(kind+body)))
}

func TestWhatIsNoLogoIsRefused(t *testing.T) {
	huge := append([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", "\x00\x00\xff\xff\x00\x00\xff\xff\x08\x06\x00\x00\x00")...)
	for name, c := range map[string]struct {
		raw  []byte
		want error
	}{
		"nothing": {nil, ErrPicture}, "text": {[]byte("hello"), ErrPicture}, "svg": {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`), ErrPicture},
		"gif": {[]byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;"), ErrPicture}, "a bomb": {huge, ErrLarge}, "too many bytes": {[]byte(strings.Repeat("x", MostLogo+1)), ErrLarge},
		"cut short": {[]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"), ErrPicture}, "webp that is none": {[]byte("RIFF\x24\x00\x00\x00WEBPVP8 \x18\x00\x00\x00junkjunkjunkjunkjunkjunk"), ErrPicture},
	} {
		if _, err := Logo(c.raw); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}

func FuzzLogo(f *testing.F) {
	var p bytes.Buffer
	_ = png.Encode(&p, picture(9, 3))
	f.Add(p.Bytes())
	f.Fuzz(func(_ *testing.T, raw []byte) { _, _ = Logo(raw) })
}
