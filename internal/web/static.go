package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
)

//go:embed static/*
var files embed.FS

// static serves the scripts, styles and icons under one path that names their
// content, so that browsers keep them for ever and modules import each other.
type static struct {
	prefix string
	plain  map[string][]byte
	packed map[string][]byte
}

// types are said by us: a machine's own table may know no ".js".
var types = map[string]string{".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}

func loadStatic() (*static, error) {
	s := &static{plain: map[string][]byte{}, packed: map[string][]byte{}}
	sum := sha256.New()
	err := fs.WalkDir(files, "static", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		body, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		fmt.Fprintf(sum, "%s %d\n", name, len(body))
		sum.Write(body)
		short := strings.TrimPrefix(name, "static/")
		s.plain[short] = body
		var b bytes.Buffer
		z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
		_, _ = z.Write(body)
		if err := z.Close(); err != nil {
			return err
		}
		s.packed[short] = b.Bytes()
		return nil
	})
	s.prefix = "/static/" + hex.EncodeToString(sum.Sum(nil))[:12] + "/"
	return s, err
}

func (s *static) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, ok := strings.CutPrefix(r.URL.Path, s.prefix)
	body, found := s.plain[name]
	if !ok || !found {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Vary", "Accept-Encoding")
	h.Set("Content-Type", types[path.Ext(name)])
	if packed := s.packed[name]; len(packed) < len(body) && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = packed
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body)
}
