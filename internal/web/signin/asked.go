package signin

import (
	"context"

	"sekisho/internal/web"
)

// changePassword leads password managers to where a password is changed (W3C, A
// Well-Known URL for Changing Passwords).
func changePassword(context.Context, *web.Request) (web.Response, error) {
	return web.Go("/me/password"), nil
}

// icon is for programs that ask for it without having read a page.
func icon(_ context.Context, r *web.Request) (web.Response, error) {
	return web.Go(r.Asset("gate.svg")), nil
}

// robots find help here, and nothing else that they could read (RFC 9309).
func robots(context.Context, *web.Request) (web.Response, error) {
	return web.Response{Status: 200, Type: "text/plain; charset=utf-8", Body: []byte("User-agent: *\nAllow: /help\nDisallow: /\n")}, nil
}
