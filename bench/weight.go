package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
)

var (
	named    = regexp.MustCompile(`(?:src|href)="(/(?:static|tegata/a)/[^"]+|/tegata/[a-z]+\.webmanifest)"`)
	imported = regexp.MustCompile(`from "\./([^"]+)"`)
	folder   = regexp.MustCompile(`^.*/`)
)

// weight is how many bytes a page has, and with all that a browser loads for it, as
// they are sent in an encoding (RFC 9110 §8.4.1).
func weight(ctx context.Context, s *server, path, encoding string) (page, all int, err error) {
	seen := map[string]bool{path: true}
	for queue := []string{path}; len(queue) > 0; queue = queue[1:] {
		body, sent, err := fetch(ctx, s, queue[0], encoding)
		if err != nil {
			return 0, 0, err
		}
		if all += sent; queue[0] == path {
			page = sent
		}
		var more []string
		for _, m := range named.FindAllSubmatch(body, -1) {
			more = append(more, string(m[1]))
		}
		for _, m := range imported.FindAllSubmatch(body, -1) {
			more = append(more, folder.FindString(queue[0])+string(m[1]))
		}
		for _, p := range more {
			if !seen[p] {
				seen[p] = true
				queue = append(queue, p)
			}
		}
	}
	return page, all, nil
}

// fetch gives a body, and how many bytes it was on the wire.
func fetch(ctx context.Context, s *server, path, encoding string) (body []byte, sent int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.address+path, nil)
	if err != nil {
		return nil, 0, err
	}
	req.Header.Set("Accept-Encoding", encoding)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, 0, err
	}
	defer res.Body.Close()
	if body, err = io.ReadAll(res.Body); err != nil {
		return nil, 0, err
	}
	if res.StatusCode != http.StatusOK {
		return nil, 0, fmt.Errorf("%s: %s", path, res.Status)
	}
	if sent = len(body); res.Header.Get("Content-Encoding") != "gzip" {
		return body, sent, nil
	}
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, 0, err
	}
	body, err = io.ReadAll(z)
	return body, sent, err
}
