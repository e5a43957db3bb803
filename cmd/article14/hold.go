package main

import (
	"context"
	"errors"
	"fmt"

	"article14/internal/calendar"
	"article14/mailer/retain"
)

type holdCmd struct {
	Set     holdSetCmd     `cmd:"" help:"Keep what would be erased: of a person, an activity, a source, or of everybody."`
	List    holdListCmd    `cmd:"" help:"Show the holds in force."`
	Release holdReleaseCmd `cmd:"" help:"End a hold: what is over its date is erased by the next pass."`
}

type holdSetCmd struct {
	Contact  string `help:"Of this person: their id, or the code of a notice." placeholder:"ID"`
	Activity string `help:"Of this activity." placeholder:"KEY"`
	Source   string `help:"From this source." placeholder:"KEY"`
	All      bool   `help:"Of everybody."`
	Why      string `help:"Why, such as the lawsuit's number; name nobody in it." required:"" placeholder:"TEXT"`
	By       string `help:"Who decides this." required:"" placeholder:"NAME"`
	Review   string `help:"The day on which it is looked at again, within two years." required:"" placeholder:"YYYY-MM-DD"`
}

func (c *holdSetCmd) Run(ctx context.Context, a *app, std streams) error {
	if none := c.Contact == "" && c.Activity == "" && c.Source == ""; none != c.All {
		return misuse{errors.New("say what is held: --contact, --activity, --source, or --all alone")}
	}
	h := retain.Hold{ActivityKey: c.Activity, SourceKey: c.Source, Reason: c.Why, SetBy: c.By}
	var err error
	if h.ReviewOn, err = calendar.Parse(c.Review); err != nil {
		return misuse{fmt.Errorf("--review: %w", err)}
	}
	if c.Contact != "" {
		if h.ContactID, err = a.contact(ctx, c.Contact); err != nil {
			return err
		}
	}
	if h, err = a.holds().Set(ctx, h); err != nil {
		return err
	}
	fmt.Fprintf(std.out, "hold %s is in force on %s until somebody releases it; it is to be looked at on %s\n", h.ID, h.About(), h.ReviewOn)
	return nil
}

type holdListCmd struct {
	Released bool `help:"Those that were released, too."`
	JSON     bool `help:"Print JSON."`
}

func (c *holdListCmd) Run(ctx context.Context, a *app, std streams) error {
	holds, err := a.store.Holds(ctx, a.controller, c.Released)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(std.out, append([]retain.Hold{}, holds...))
	}
	if len(holds) == 0 {
		fmt.Fprintln(std.out, "none")
		return nil
	}
	zone := a.reg.Controller.Zone
	rows := [][]string{{"HOLD", "REVIEW", "ON WHAT, BY WHOM AND WHY"}}
	for _, h := range holds {
		words := fmt.Sprintf("%s; by %s on %s: %s", h.About(), visible(h.SetBy), calendar.DateOf(h.SetAt, zone), visible(h.Reason))
		if !h.ReleasedAt.IsZero() {
			words += fmt.Sprintf("; released by %s on %s: %s", visible(h.ReleasedBy), calendar.DateOf(h.ReleasedAt, zone), visible(h.ReleasedWhy))
		}
		rows = append(rows, []string{h.ID.String(), h.ReviewOn.String(), words})
	}
	table(std.out, rows)
	return nil
}

type holdReleaseCmd struct {
	ID  string `arg:"" help:"The hold's id."`
	By  string `help:"Who decides this." required:"" placeholder:"NAME"`
	Why string `help:"Why it is no longer needed." required:"" placeholder:"TEXT"`
}

func (c *holdReleaseCmd) Run(ctx context.Context, a *app, std streams) error {
	id, err := optionalID("the hold", c.ID)
	if err != nil {
		return err
	}
	if err := a.holds().Release(ctx, id, c.By, c.Why); err != nil {
		return err
	}
	fmt.Fprintf(std.out, "hold %s is released; what it kept beyond its date goes with the next pass of a worker, or with 'retention run'\n", id)
	return nil
}
