package api

import (
	"context"
	"net/http"
	"slices"

	"sekisho/internal/db"
	"sekisho/internal/faults"
	"sekisho/internal/flow/explain"
	"sekisho/internal/org"
	"sekisho/internal/policy"
	"sekisho/internal/web"
)

func (d *Door) previewOperations() []operation {
	text, flag := map[string]any{"type": "string"}, map[string]any{"type": "boolean"}
	see := func(name string) map[string]any { return map[string]any{"$ref": "#/components/schemas/" + name} }
	target := object([]string{"whom"}, map[string]any{"whom": text, "exclude": flag})
	in := map[string]any{"name": text, "remove": flag, "targets": map[string]any{"type": "array", "items": target}, "password": see("PolicyPassword"), "second_factor": see("PolicySecondFactor"),
		"session": see("PolicySession"), "address": see("PolicyAddress")}
	return []operation{
		{"POST", "/api/v1/org/preview", web.May(org.ReadPolicies), d.orgPreview, "orgPreview", "What the sign-ins of the last 30 days would have come to under a changed, a new or without a policy; nothing is saved", in, []string{"name"}, "Preview", nil},
	}
}

func previewSchemas() map[string]any {
	text, number, flag := map[string]any{"type": "string"}, map[string]any{"type": "integer"}, map[string]any{"type": "boolean"}
	when := map[string]any{"type": "string", "format": "date-time"}
	list := func(of any) map[string]any { return map[string]any{"type": "array", "items": of} }
	tally := object([]string{"members", "signins"}, map[string]any{"members": number, "signins": number})
	return map[string]any{"Preview": object([]string{"since", "seen", "stops", "already", "frees", "asks", "no_factor", "grace", "you"}, map[string]any{"since": when, "seen": tally, "stops": tally, "already": tally, "frees": tally, "asks": tally,
		"no_factor": number, "grace": number, "you": flag, "more": number, "unread": number,
		"rules": list(object([]string{"rule", "code", "members", "signins"}, map[string]any{"rule": text, "code": text, "source": text, "members": number, "signins": number})),
		"who":   list(object([]string{"account", "reference", "at", "rule", "code", "signins"}, map[string]any{"account": text, "reference": text, "at": when, "rule": text, "code": text, "source": text, "signins": number}))})}
}

// orgPreview replays the last days under a policy as it is sent. Without targets it is for
// whom it is for now.
func (d *Door) orgPreview(ctx context.Context, r *web.Request) (web.Response, error) {
	var in struct {
		givenPolicy
		Remove  bool           `json:"remove"`
		Targets []policyTarget `json:"targets"`
	}
	if err := r.ReadJSON(&in); err != nil {
		return web.Response{}, err
	}
	if in.Name == "" || len(in.Targets) > org.MostTargets {
		return malformed("name, targets")
	}
	var list []org.Policy
	if err := d.Explain.DB.View(ctx, func(tx db.ReadTx) (err error) {
		list, err = org.Policies(ctx, tx, r.Console.Org)
		return err
	}); err != nil {
		return web.Response{}, err
	}
	i := slices.IndexFunc(list, func(p org.Policy) bool { return string(p.ID) == in.Name || p.Name == in.Name })
	var candidate []policy.Assigned
	if in.Remove {
		if i < 0 {
			return web.Refuse(faults.OrgGone.New()), nil
		}
		for _, p := range slices.Delete(list, i, i+1) {
			candidate = append(candidate, p.Assigned)
		}
	} else {
		was := policy.Policy{Name: in.Name}
		if i >= 0 {
			was = list[i].Policy
		}
		p, f := in.policy(r, was)
		if f != nil {
			return web.Refuse(f), nil
		}
		candidate = explain.Candidate(list, p)
		if in.Targets != nil {
			at := slices.IndexFunc(candidate, func(x policy.Assigned) bool { return x.Name == p.Name })
			candidate[at].Targets = nil
			for _, t := range in.Targets {
				candidate[at].Targets = append(candidate[at].Targets, policy.Target{Whom: t.Whom, Exclude: t.Exclude})
			}
		}
	}
	seen, err := d.Explain.Preview(ctx, asker(r), candidate)
	if err != nil {
		return told(err)
	}
	return web.JSON(http.StatusOK, seen), nil
}
