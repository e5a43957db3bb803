package main

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// result is what came of a trial.
type result struct {
	Trial      string   `json:"trial"`
	Deliveries int      `json:"deliveries"`
	Fault      string   `json:"fault"` // what Faults counts
	Faults     int      `json:"faults"`
	Mails      int      `json:"mails"`      // that the sink took
	Lost       int      `json:"lost"`       // deliveries that the sink has not and the books say relayed, or that are in no end
	ToldTwice  int      `json:"told_twice"` // mails beyond the first of a delivery
	Allowed    int      `json:"allowed"`    // how many of these the faults explain
	Uncertain  int      `json:"uncertain"`  // attempts that ended so, and are on record as that
	Held       int      `json:"held"`       // deliveries that wait for a person
	Unsure     int      `json:"unsure"`     // deliveries that arrived, and of which the books know no more than that they may have
	Fenced     int      `json:"fenced"`     // times a worker was told that its claim had passed
	OffRecord  int      `json:"off_record"` // mails without an attempt on record, and attempts without an end
	OtherBytes int      `json:"other_bytes"`
	Miscounted int      `json:"miscounted"` // deliveries that the program shows in another state
	Fell       int      `json:"fell"`       // workers that ended unasked
	Seconds    float64  `json:"seconds"`
	Flood      *flood   `json:"flood,omitempty"`
	Note       string   `json:"note,omitempty"`
	Missed     []string `json:"missed,omitempty"`
}

// goal notes one that was missed.
func (r *result) goal(met bool, missed string) {
	if !met {
		r.Missed = append(r.Missed, missed)
	}
}

// judge holds the result against the goals.
func (r *result) judge(t trial) {
	r.goal(r.Lost == 0, "lost")
	r.goal(r.OtherBytes == 0, "other bytes")
	r.goal(r.OffRecord == 0, "off the record")
	r.goal(r.Miscounted == 0, "shown in another state")
	r.goal(r.Fell == 0, "a worker ended unasked")
	r.goal(r.Faults > 0, "nothing was broken")
	r.goal(r.ToldTwice <= r.Allowed, "told twice")
	if t.policy == hold {
		r.goal(r.ToldTwice == 0, "sent again although held")
	}
	if t.frozen {
		r.goal(r.Unsure == 0, "a mail that went out is not recorded")
	}
	if t.frozen && t.policy == resend {
		r.goal(r.Fenced > 0, "nothing was fenced")
	}
}

func printResults(w io.Writer, results []result) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "trial\tdeliveries\tfaults\tmails\tlost\ttold twice\tallowed\tuncertain\theld\tfenced\tseconds\t")
	for _, r := range results {
		if r.Flood != nil {
			continue
		}
		fmt.Fprintf(t, "%s\t%d\t%d %s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%.1f\t\n", r.Trial, r.Deliveries, r.Faults, r.Fault, r.Mails, r.Lost,
			r.ToldTwice, r.Allowed, r.Uncertain, r.Held, r.Fenced, r.Seconds)
	}
	t.Flush()
	printFloods(w, results)
	for _, r := range results {
		if r.Note != "" {
			fmt.Fprintf(w, "%s: %s\n", r.Trial, r.Note)
		}
		for _, m := range r.Missed {
			fmt.Fprintf(w, "%s: MISSED: %s\n", r.Trial, m)
		}
	}
}
