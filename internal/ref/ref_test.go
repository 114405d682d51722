package ref

import (
	"sort"
	"testing"
	"time"
)

func TestIDsSortByTimeAndParse(t *testing.T) {
	at := time.Date(2026, 1, 15, 9, 0, 0, 0, time.UTC)
	var ids []string
	for i := range 100 {
		id := NewAccount(at.Add(time.Duration(i) * time.Millisecond))
		if _, ok := ParseAccount(string(id)); !ok {
			t.Fatalf("ParseAccount(%q): got false, want true", id)
		}
		ids = append(ids, string(id))
	}
	if !sort.StringsAreSorted(ids) {
		t.Errorf("IDs made later do not sort later: %v", ids[:3])
	}
	if _, ok := ParseSession(ids[0]); ok {
		t.Errorf("ParseSession accepted an account's ID %q", ids[0])
	}
	for _, s := range []string{"", "acc_", ids[0] + "0", ids[0][:len(ids[0])-1] + "U", "acc_" + ids[0]} {
		if _, ok := ParseAccount(s); ok {
			t.Errorf("ParseAccount(%q): got true, want false", s)
		}
	}
}

func TestIDsDoNotRepeat(t *testing.T) {
	at := time.Date(2026, 1, 15, 9, 0, 0, 0, time.UTC)
	seen := map[Session]bool{}
	for range 10000 {
		id := NewSession(at)
		if seen[id] {
			t.Fatalf("made %q twice", id)
		}
		seen[id] = true
	}
}
