package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"sort"
	"strconv"
	"strings"
	"sync"
)

//go:embed static/*
var files embed.FS

// Pack serves scripts, styles and icons under one path that names their content, so
// that browsers keep them for ever and modules import each other.
type Pack struct {
	Prefix string // "/static/0123456789ab/"
	base   string
	plain  map[string][]byte
	packed map[string]func() []byte // made when it is first asked for: all of them take longer than the rest of a start
}

// types are said by us: a machine's own table may know no ".js".
var types = map[string]string{".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml", ".png": "image/png", ".txt": "text/plain; charset=utf-8"}

func loadStatic() (*Pack, error) {
	sub, err := fs.Sub(files, "static")
	if err != nil {
		return nil, err
	}
	return NewPack("/static/", sub, nil)
}

// NewPack takes every file of a folder, and more that were made. A kind of file whose
// type is not known is an error.
func NewPack(base string, files fs.FS, more map[string][]byte) (*Pack, error) {
	p := &Pack{base: base, plain: map[string][]byte{}, packed: map[string]func() []byte{}}
	for name, body := range more {
		p.plain[name] = body
	}
	err := fs.WalkDir(files, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		p.plain[name], err = fs.ReadFile(files, name)
		return err
	})
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	for _, name := range p.Names() {
		body := p.plain[name]
		if types[path.Ext(name)] == "" {
			return nil, fmt.Errorf("%s: what type is it?", name)
		}
		fmt.Fprintf(sum, "%s %d\n", name, len(body))
		sum.Write(body)
		p.packed[name] = sync.OnceValue(func() []byte { return pack(body) })
	}
	p.Prefix = base + hex.EncodeToString(sum.Sum(nil))[:12] + "/"
	return p, nil
}

// pack is a body in gzip; as it is where that is no smaller.
func pack(body []byte) []byte {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // there is that level
	_, err := z.Write(body)
	if err = errors.Join(err, z.Close()); err != nil || b.Len() >= len(body) {
		return body
	}
	return b.Bytes()
}

// Names lists the files, sorted.
func (p *Pack) Names() []string {
	var out []string
	for name := range p.plain {
		out = append(out, name)
	}
	sort.Strings(out)
	return out
}

func (p *Pack) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, ok := strings.CutPrefix(r.URL.Path, p.Prefix)
	body, found := p.plain[name]
	if !ok || !found {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Vary", "Accept-Encoding")
	h.Set("Content-Type", types[path.Ext(name)])
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		if packed := p.packed[name](); len(packed) < len(body) {
			h.Set("Content-Encoding", "gzip")
			body = packed
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body)
}

// Asset is the address of one of the frame's own files, for a door with a layout of
// its own.
func (r *Request) Asset(name string) string { return r.frame.static.Prefix + name }
