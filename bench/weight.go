package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
)

var (
	named    = regexp.MustCompile(`(?:src|href)="(/static/[^"]+)"`)
	imported = regexp.MustCompile(`from "\./([^"]+)"`)
	folder   = regexp.MustCompile(`^.*/`)
)

// weight is how many bytes a page has, and with all that a browser loads for it.
func weight(ctx context.Context, s *server, path string) (page, all int, err error) {
	seen := map[string]bool{path: true}
	for queue := []string{path}; len(queue) > 0; queue = queue[1:] {
		body, err := fetch(ctx, s, queue[0])
		if err != nil {
			return 0, 0, err
		}
		if all += len(body); queue[0] == path {
			page = len(body)
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

func fetch(ctx context.Context, s *server, path string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.address+path, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept-Encoding", "identity")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", path, res.Status)
	}
	return body, err
}
