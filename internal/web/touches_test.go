package web

import (
	"fmt"
	"testing"
	"time"

	"sekisho/internal/ref"
	"sekisho/internal/session"
)

func TestACrowdsLastUsesAreBoundedUnlessTheirSessionsEndWithoutThem(t *testing.T) {
	var touches Touches
	at := time.Unix(1e9, 0)
	for i := range mostTouches + 10 {
		touches.add(ref.Session(fmt.Sprint("ses_", i)), at, false)
	}
	if got, want := len(touches.at), mostTouches; got != want {
		t.Errorf("%d are written, want %d", got, want)
	}
	touches.add("ses_idle", at, true)
	if got := touches.last(session.Session{ID: "ses_idle"}); !got.Equal(at) {
		t.Errorf("a session with an idle limit was used last at %v, want %v", got, at)
	}
}
