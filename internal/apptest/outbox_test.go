package apptest_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sekisho/internal/apptest"
	"sekisho/internal/command"
	"sekisho/internal/db"
	"sekisho/internal/outbox"
)

func TestTerminalListsTheWholeOutboxPageByPage(t *testing.T) {
	data := t.TempDir()
	run := terminal(t, data)
	a, _, err := openedIn(t, data)
	if err != nil {
		t.Fatal(err)
	}
	w := &apptest.World{App: a, T: t}
	w.Update(func(tx db.Tx) error { // some at the same instant
		for i := range 7 {
			if _, err := w.Outbox.Put(t.Context(), tx, outbox.Item{Kind: outbox.Mail, Topic: "confirm.code", To: fmt.Sprintf("hana%d@example.com", i),
				Expires: tx.Now().Add(time.Hour), Body: outbox.Letter{}}); err != nil {
				return err
			}
		}
		return nil
	})
	const more = "for older ones: sekisho outbox list --before "
	if got := run(0, "outbox", "list"); strings.Count(got, "hana") != 7 || strings.Contains(got, more) {
		t.Errorf("got %s, want all seven and no more", got)
	}
	seen, before := map[string]bool{}, ""
	for _, want := range []int{3, 3, 1} {
		line := []string{"outbox", "list", "--limit", "3"}
		if before != "" {
			line = append(line, "--before", before)
		}
		got := run(0, line...)
		if strings.Count(got, "hana") != want || strings.Contains(got, more) != (want == 3) {
			t.Errorf("got %s, want %d", got, want)
		}
		var list []struct{ ID, To string }
		text := run(0, slices.Concat([]string{"--json"}, line)...)
		text, _, _ = strings.Cut(text, "3 are shown")
		if err := json.Unmarshal([]byte(text), &list); err != nil || len(list) != want {
			t.Fatalf("got %s (%v), want %d as JSON", text, err, want)
		}
		for _, m := range list {
			seen[m.To] = true
			before = m.ID
		}
	}
	if len(seen) != 7 {
		t.Errorf("got %d of 7 on the pages", len(seen))
	}
	run(command.NotThere, "outbox", "list", "--before", "mai_01m88cqzb4rkahqd5prr54kcq9")
	run(command.Usage, "outbox", "list", "--limit", "0")
}
