package geo

import (
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
)

func TestPlacesComeFromTheOperatorsFile(t *testing.T) {
	tree, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: "City", IncludeReservedNetworks: true})
	if err != nil {
		t.Fatal(err)
	}
	_, network, _ := net.ParseCIDR("203.0.113.0/24")
	names := func(en, ja string) mmdbtype.Map {
		return mmdbtype.Map{"names": mmdbtype.Map{"en": mmdbtype.String(en), "ja": mmdbtype.String(ja)}}
	}
	if err := tree.Insert(network, mmdbtype.Map{"city": names("Osaka", "大阪市"), "country": names("Japan", "日本")}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "x.mmdb")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tree.WriteTo(f); err != nil {
		t.Fatal(err)
	}
	f.Close()
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	here := netip.MustParseAddr("203.0.113.9")
	for lang, want := range map[string]string{"en": "Osaka, Japan", "ja": "日本 大阪市"} {
		if got := d.Place(here, lang); got != want {
			t.Errorf("%s: got %q, want %q", lang, got, want)
		}
	}
	if got := d.Place(netip.MustParseAddr("192.0.2.1"), "en"); got != "" {
		t.Errorf("an address that is not in the file: got %q, want nothing", got)
	}
	none, err := Open("")
	if err != nil || none.Place(here, "en") != "" {
		t.Errorf("without a file: got %q (%v), want nothing", none.Place(here, "en"), err)
	}
	if _, err := Open("/nowhere.mmdb"); err == nil {
		t.Error("a file that is not there was opened")
	}
}
