package db_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"sekisho/internal/db"
)

// An answer that names an instant before it was read back must name the one that is kept.
func TestAnInstantHasMicroseconds(t *testing.T) {
	odd := time.Date(2026, 1, 15, 9, 0, 0, 123456789, time.UTC)
	d, err := db.Open(context.Background(), "sqlite:"+filepath.Join(t.TempDir(), "x.db"), db.Options{Clock: func() time.Time { return odd }})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	check := func(got time.Time) {
		if want := odd.Truncate(time.Microsecond); !got.Equal(want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	if err := d.View(context.Background(), func(tx db.ReadTx) error { check(tx.Now()); return nil }); err != nil {
		t.Fatal(err)
	}
	if err := d.Update(context.Background(), func(tx db.Tx) error { check(tx.Now()); return nil }); err != nil {
		t.Fatal(err)
	}
}
