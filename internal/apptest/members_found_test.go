package apptest_test

import (
	"net/url"
	"testing"

	"sekisho/internal/account"
	"sekisho/internal/apptest"
	"sekisho/internal/db"
	"sekisho/internal/faults"
	"sekisho/internal/flow/address"
	"sekisho/internal/flow/govern"
	"sekisho/internal/org"
	"sekisho/internal/policy"
)

// A further address or number is a member's own: nobody of the organisation finds them by
// it, in any room. By what they are shown by they are found, however it is written.
func TestAFurtherAddressFindsNobodyInTheConsole(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		h, ctx := found(t, w, "Acme", "owner@example.com"), t.Context()
		ken := w.Settle("ken@example.com", "Ken.Sato", "+819012345678")
		h.must(h.Add(ctx, operator, h.id, ken.ID, org.Plain))
		for _, further := range []string{"private@home.example", "+819087654321"} {
			id, err := account.Parse(further)
			h.must(err)
			h.must((&address.Address{Entry: w.Entry}).Vouch(ctx, ken.ID, id, "operator"))
		}
		_, err := h.AddGroup(ctx, operator, h.id, "Night")
		h.must(err)
		p := policy.Policy{Name: "strict", Session: sessions(2, day)}
		_, err = h.SetPolicy(ctx, operator, h.id, p, 0)
		h.must(err)
		w.Settle("stranger@example.com")
		b := w.Browser("192.0.2.1").Signin("owner@example.com", apptest.Word)
		var rule string
		w.View(func(tx db.ReadTx) error {
			list, err := org.Policies(ctx, tx, h.id)
			rule = string(list[0].ID)
			return err
		})
		for typed, found := range map[string]bool{"private@home.example": false, "Private@Home.Example": false, "+819087654321": false, "+81 90-8765-4321": false, "stranger@example.com": false,
			"KEN@example.com": true, "ken.sato": true, "KEN.SATO": true, "+81 90-1234-5678": true, string(ken.ID): true} {
			is := func(where string, got bool) {
				t.Helper()
				if got != found {
					t.Errorf("%s: %s finds somebody: %t, want %t", where, typed, got, found)
				}
			}
			is("why", b.Open("/admin/why?q="+url.QueryEscape(typed)).Status == 200)
			is("audit", b.Open("/admin/audit?member="+url.QueryEscape(typed)).Status == 200)
			is("what if", b.Open("/admin/what-if?member="+url.QueryEscape(typed)+"&from=192.0.2.1&method=password&browser=known&door=web").Status == 200)
			err := h.PutNamed(ctx, operator, h.id, typed, "Night")
			is("groups", err == nil)
			if err == nil {
				h.must(h.Take(ctx, operator, h.id, ken.ID, "Night"))
			}
			is("policies", b.Post("/admin/policies/aim", url.Values{"id": {rule}, "member": {typed}}).Status != 404)
		}
		// Inviting is no way round: only by what they are shown by are they told of.
		for to, want := range map[string]string{"private@home.example": "", "ken@example.com": faults.InvitationMember.Code} {
			if _, err := h.Invite(ctx, operator, h.id, govern.Asked{Address: to}); toldCode(err) != want {
				t.Errorf("inviting %s: got %v, want %q", to, err, want)
			}
		}
	})
}
