package command_test

import (
	"os"
	"path/filepath"
	"testing"
)

func TestOrganisationsFromTheTerminal(t *testing.T) {
	d := sit(t)
	for _, who := range []string{"hana", "ken", "mika"} {
		d.run("account", "create", who+"@example.com", who).want(0)
	}
	d.run("org", "create", "Acme").want(2, "--owner")
	d.run("org", "create", "Acme", "--owner", "nobody@example.com").want(3, "there is no account nobody@example.com")
	d.run("org", "create", "Acme", "--owner", "hana").want(0, "Acme")
	d.run("org", "create", "Acme", "--owner", "ken").want(1, "has this name already")
	d.run("org", "list").want(0, "Acme")
	d.run("org", "show", "Bolt").want(3, "there is no organisation Bolt")
	d.run("org", "member", "add", "Acme", "ken", "--role", "king").want(3, "ken")
	d.run("org", "member", "add", "Acme", "ken").want(0, "member added")
	d.run("org", "member", "add", "Acme", "ken").want(1, "a member of an organisation already")
	d.run("org", "member", "role", "Acme", "hana", "admin").want(1, "the last owner", "make another member an owner first")
	d.run("account", "disable", "hana").want(1, "the last owner")
	d.run("org", "group", "add", "Acme", "Sales").want(0, "group made")
	d.run("org", "group", "add", "Acme", "Sales").want(1, "has one of this name already")
	d.run("org", "group", "put", "Acme", "ken", "Sales").want(0)
	d.run("org", "group", "put", "Acme", "mika", "Sales").want(3, "mika")
	d.run("org", "role", "add", "Acme", "front desk", "members.read", "org.own").want(2, "org.own")
	d.run("org", "role", "add", "Acme", "front desk", "members.read").want(0)
	d.run("org", "member", "role", "Acme", "ken", "front desk").want(0)

	file := func(text string) string {
		path := filepath.Join(t.TempDir(), "policy.toml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	strict := file("name = \"night shift\"\n[session]\nlifetime = \"3d\"\nidle = \"15m\"\nconcurrent = 2\n[second_factor]\ndemanded = true\nkinds = [\"tegata\"]\ngrace_days = 7\n[address]\nallowed = [\"192.0.2.7\", \"2001:db8::/32\"]\n")
	d.run("org", "policy", "set", "Acme", file("name = \"operator\"\n[session]\nconcurrent = 2\n")).want(1, "cannot be called")
	d.run("org", "policy", "set", "Acme", strict).want(0, "night shift", "version 1", "for nobody yet")
	d.run("org", "policy", "set", "Acme", strict, "--version", "1").want(0, "version 2")
	d.run("org", "policy", "set", "Acme", strict, "--version", "1").want(1, "somebody else has changed")
	d.run("org", "policy", "assign", "Acme", "night shift").want(2, "--all, --group and --member")
	d.run("org", "policy", "assign", "Acme", "night shift", "--group", "Sales").want(0)
	d.run("org", "policy", "assign", "Acme", "night shift", "--member", "mika").want(3)
	d.run("org", "policy", "list", "Acme").want(0, "sets second_factor, session, address", "for group Sales")
	d.run("org", "policy", "effective", "ken").want(0, "session.lifetime", "3d", "night shift", "192.0.2.7, 2001:db8::/32")
	d.run("org", "policy", "effective", "hana").want(0, "30d").miss("night shift")
	d.run("org", "policy", "assign", "Acme", "night shift", "--member", "ken", "--exclude").want(0)
	d.run("org", "policy", "effective", "ken").want(0).miss("night shift")
	d.run("org", "policy", "unassign", "Acme", "night shift", "--member", "ken").want(0)
	d.run("org", "policy", "order", "Acme", "night shift").want(0)
	d.run("org", "policy", "remove", "Acme", "night shift").want(0)
	d.run("org", "policy", "remove", "Acme", "night shift").want(3, "Acme has no night shift")

	d.run("org", "member", "deactivate", "Acme", "ken").want(0, "deactivated")
	d.run("org", "show", "Acme").want(0, "inactive", "front desk", "Sales")
	d.run("org", "member", "reactivate", "Acme", "ken").want(0)
	d.run("org", "member", "remove", "Acme", "ken").want(0)
	d.run("org", "policy", "revert", "Acme").want(1, "No change waits to be confirmed.")
	d.run("org", "policy", "confirm", "Acme").want(1, "No change waits to be confirmed.")
	d.run("org", "group", "take", "Acme", "ken", "Sales").want(3)
	d.run("org", "group", "remove", "Acme", "Sales").want(0)
	d.run("audit", "export").want(0, "org.created", "member.deactivated", "policy.set", "policy.assigned")
}

func TestAPolicyFileThatDoesNotReadSaysWhy(t *testing.T) {
	d := sit(t)
	d.run("account", "create", "hana@example.com", "hana").want(0)
	d.run("org", "create", "Acme", "--owner", "hana").want(0)
	for text, want := range map[string]string{
		"name = \"x\"": "it sets nothing",
		"name = \"x\"\n[session]\nlifetime = \"31d\"":                         "not 12h or within 1 to 30 days",
		"name = \"x\"\n[session]\nlifetime = \"soon\"":                        "no time such as 30d",
		"name = \"x\"\n[session]\nidle = \"10s\"":                             "not 0 or within 1 to 30 minutes",
		"name = \"x\"\n[session]\nconcurrent = 51":                            "51 is not within 1 to 50",
		"name = \"x\"\n[session]\nlifetme = \"1d\"":                           "session.lifetme is no key",
		"name = \"x\"\n[password]\nmin = 7":                                   "7 is not within 8 to 128",
		"name = \"x\"\n[second_factor]\nkinds = [\"otp\"]":                    "is none of tegata",
		"name = \"x\"\n[second_factor]\ntrust_days = 181":                     "181 is not within 0 to 180",
		"name = \"x\"\n[address]\nallowed = [\"192.0.2.1/24\"]":               "is an address inside a network; the network is 192.0.2.0/24",
		"name = \"x\"\n[session\n":                                            "expected",
		"name = \"x\"\n[password]\nmin_age = \"2d\"\nmax_age = \"1d\"\nmin=8": "not below its maximum age",
	} {
		path := filepath.Join(t.TempDir(), "policy.toml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		d.run("org", "policy", "set", "Acme", path).want(2, want)
	}
}

func TestTheDemoIsACompany(t *testing.T) {
	d := sit(t)
	d.run("demo").want(0, "hana@example.com")
	d.run("org", "policy", "list", "関所運輸").want(0, "夜間当直", "情報システム", "全社")
	d.run("org", "show", "関所運輸").want(0, "佐藤 花", "owner", "営業")
	d.run("audit", "export").want(0, "signin.ip_not_allowed", "signin.not_recognised", "factor.added")
	d.run("audit", "verify").want(0)
	d.run("demo").want(1, "a fresh one only")
}

func TestInvitationsFromTheTerminal(t *testing.T) {
	d := sit(t)
	d.run("account", "create", "hana@example.com", "hana").want(0)
	d.run("org", "create", "Acme", "--owner", "hana").want(0)
	d.run("org", "group", "add", "Acme", "Sales").want(0)
	d.run("org", "invite", "add", "Acme", "ken@example.net", "--role", "king").want(3, "king")
	d.run("org", "invite", "add", "Acme", "ken@example.net", "--group", "Nobody").want(3, "Nobody")
	d.run("org", "invite", "add", "Acme", "ken@example.net", "--lang", "fr").want(2, "--lang")
	d.run("org", "invite", "add", "Acme", "info@example.net").want(1, "account.group_address")
	d.run("org", "invite", "add", "Acme", "ken@example.net", "--role", "auditor", "--group", "Sales").want(0, "ken@example.net", "auditor", "open")
	d.run("org", "invite", "add", "Acme", "KEN@example.net").want(1, "invitation.open")
	d.run("org", "invite", "add", "Acme", "hana@example.com").want(1, "invitation.already_member")
	d.run("org", "invite", "list", "Acme").want(0, "ken@example.net", "auditor")
	d.run("org", "invite", "revoke", "Acme", "inv_none").want(3)
	d.run("org", "invite", "list", "Acme", "--state", "all").want(0, "open")
}

func TestDomainsFromTheTerminal(t *testing.T) {
	d := sit(t)
	d.run("account", "create", "hana@example.com", "hana").want(0)
	d.run("org", "create", "Acme", "--owner", "hana").want(0)
	d.run("org", "domain", "add", "Acme", "gmail.com").want(1, "domain.shared")
	d.run("org", "domain", "add", "Acme", "acme.invalid").want(0, "_sekisho-challenge.acme.invalid", "sekisho-domain-verification=")
	d.run("org", "domain", "add", "Acme", "acme.invalid").want(1, "domain.already_added")
	d.run("org", "domain", "list", "Acme").want(0, "acme.invalid", "claimed")
	d.run("org", "domain", "open", "Acme", "acme.invalid").want(3)
	d.run("org", "domain", "prove", "Acme", "other.invalid").want(3, "other.invalid")
	d.run("org", "domain", "remove", "Acme", "acme.invalid").want(0, "removed")
}
