package command

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"sekisho/internal/db"
	"sekisho/internal/org"
	"sekisho/internal/site"
)

type shownDomain struct {
	Domain string `json:"domain"`
	State  string `json:"state"` // claimed, proved or missing
	Joins  bool   `json:"joins"`
	Record string `json:"record"`
	File   string `json:"file"`
	Value  string `json:"value"`
}

func domainOf(d org.Domain) shownDomain {
	s := shownDomain{d.Name, "claimed", d.Joins, site.Label + d.Name, "https://" + d.Name + site.Path, site.Proof(d.Token)}
	switch {
	case !d.Failing.IsZero():
		s.State = "missing"
	case !d.Verified.IsZero():
		s.State = "proved"
	}
	return s
}

func (p *program) orgDomain() *cobra.Command {
	file := false
	prove := p.orgAct(verb{"prove ORG DOMAIN", "Look for the proof now: a TXT record, or with --file a file", "proved", cobra.ExactArgs(2)}, func(ctx context.Context, x place, given []string) error {
		how := site.DNS
		if file {
			how = site.File
		}
		_, err := x.ProveDomain(ctx, operator, x.org.ID, given[0], how)
		return err
	})
	prove.Flags().BoolVar(&file, "file", false, "look for the file on the web site")
	return group("domain", "Domains of an organisation", p.domainAdd(), p.domainList(), prove,
		p.orgAct(verb{"open ORG DOMAIN", "Let people with a proved address in a domain join", "opened", cobra.ExactArgs(2)}, func(ctx context.Context, x place, given []string) error {
			return x.OpenDomain(ctx, operator, x.org.ID, given[0], true)
		}),
		p.orgAct(verb{"close ORG DOMAIN", "Let nobody join by a domain any more", "closed", cobra.ExactArgs(2)}, func(ctx context.Context, x place, given []string) error {
			return x.OpenDomain(ctx, operator, x.org.ID, given[0], false)
		}),
		p.orgAct(verb{"remove ORG DOMAIN", "Let a domain go", "removed", cobra.ExactArgs(2)}, func(ctx context.Context, x place, given []string) error {
			return x.RemoveDomain(ctx, operator, x.org.ID, given[0])
		}))
}

func (p *program) domainAdd() *cobra.Command {
	return &cobra.Command{Use: "add ORG DOMAIN", Short: "Claim a domain, and say what proves it", Args: args(cobra.ExactArgs(2)), RunE: func(c *cobra.Command, given []string) error {
		return p.in(c, given[0], func(ctx context.Context, x place) error {
			d, err := x.AddDomain(ctx, operator, x.org.ID, given[1])
			if err != nil {
				return said(err, "%s has no %s", x.org.Name, given[1])
			}
			s := domainOf(d)
			return p.print(s, func(w io.Writer) {
				fmt.Fprintf(w, "TXT record\t%s\t%s\nor file\t%s\t%s\n", s.Record, s.Value, s.File, s.Value)
			})
		})
	}}
}

func (p *program) domainList() *cobra.Command {
	return &cobra.Command{Use: "list ORG", Short: "List domains, claimed and proved", Args: args(cobra.ExactArgs(1)), RunE: func(c *cobra.Command, given []string) error {
		return p.in(c, given[0], func(ctx context.Context, x place) error {
			out := []shownDomain{}
			err := x.app.DB.View(ctx, func(tx db.ReadTx) error {
				out = out[:0]
				list, err := org.Domains(ctx, tx, x.org.ID)
				for _, d := range list {
					out = append(out, domainOf(d))
				}
				return err
			})
			if err != nil {
				return err
			}
			return p.print(out, func(w io.Writer) {
				for _, s := range out {
					joins := ""
					if s.Joins {
						joins = "people join by it"
					}
					fmt.Fprintf(w, "%s\t%s\t%s\n", s.Domain, s.State, joins)
				}
			})
		})
	}}
}
