package web

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"
)

// Half a download must not be taken for all of it.
func TestAStreamThatFailsIsCutOff(t *testing.T) {
	f := &Frame{Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Clock: time.Now, Zone: time.UTC, URL: &url.URL{Scheme: "http", Host: "sekisho.test"}, origin: http.NewCrossOriginProtection()}
	for name, fail := range map[string]error{"whole": nil, "torn": errors.New("the database went")} {
		s := httptest.NewServer(f.serve(&Route{Method: "GET", Path: "/x", Guard: Anyone, Face: API, Handle: func(context.Context, *Request) (Response, error) {
			return Response{Status: 200, Type: "text/csv", Stream: func(_ context.Context, w io.Writer) error {
				for range 5000 {
					if _, err := io.WriteString(w, "a,b,c\n"); err != nil {
						return err
					}
				}
				return fail
			}}, nil
		}}))
		res, err := http.Get(s.URL + "/x")
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		s.Close()
		if (err != nil) != (fail != nil) || fail == nil && len(body) != 30000 {
			t.Errorf("%s: got %d bytes and %v", name, len(body), err)
		}
	}
}

func TestACellIsNoFormula(t *testing.T) {
	for given, want := range map[string]string{"": "", "Firefox": "Firefox", "=1+1": "'=1+1", "  =1": "'  =1", "＝1": "'＝1", "\t1": "'\t1", "-1": "'-1", "@x": "'@x", "\u3000+1": "'\u3000+1", "1-1": "1-1", "2001:db8::1": "2001:db8::1"} {
		if got := Cell(given); got != want {
			t.Errorf("%q: got %q, want %q", given, got, want)
		}
	}
}
