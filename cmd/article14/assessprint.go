package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"article14/mailer"
	"article14/mailer/assess"
)

// printAssessment prints one page to take into a meeting.
func printAssessment(w io.Writer, file string, a assess.Assessment) {
	of := "all that is stored"
	if file != "" {
		of = filepath.Base(file)
	}
	fmt.Fprintf(w, "What %s means, as of %s (%s). Nothing was changed.\n", of, a.AsOf.Format("2006-01-02 15:04"), a.Zone)
	figures(w, "", people(a))
	figures(w, "OVERDUE, by how long", spans(a.OverdueByAge))
	figures(w, "STILL ON TIME, by when they are due", weeks(a.DueByWeek))
	figures(w, "WHO CANNOT BE TOLD YET, and what it needs", blocked(a))
	figures(w, "TO KNOW", toKnow(a))
	if a.Rows != nil {
		figures(w, "ROWS REFUSED, the most frequent reasons", refusedFor(a.Refused))
	}
	printPlan(w, a.Plan, a.UnderWay)
}

// figure is a line of the page: how many, and of what.
type figure struct {
	n    int64
	what string
}

// figures prints numbers below each other, to the right, and what they are.
func figures(w io.Writer, title string, fs []figure) {
	if len(fs) == 0 {
		return
	}
	fmt.Fprintln(w)
	if title != "" {
		fmt.Fprintln(w, title)
	}
	for _, f := range fs {
		lines := wrap(f.what, 84)
		fmt.Fprintf(w, "%12s  %s\n", number(f.n), lines[0])
		for _, more := range lines[1:] {
			fmt.Fprintf(w, "%12s  %s\n", "", more)
		}
	}
}

func people(a assess.Assessment) []figure {
	var fs []figure
	if a.Rows != nil {
		fs = append(fs, figure{a.Rows.Accepted + a.Rows.Merged + a.Rows.Refused, fmt.Sprintf("rows read; %s refused, %s about people who came before",
			number(a.Rows.Refused), number(a.Rows.Merged))})
	}
	known := ""
	if a.Rows != nil && a.KnownBefore > 0 {
		known = fmt.Sprintf(", %s of them stored already", number(a.KnownBefore))
	}
	fs = append(fs, figure{a.People, "people" + known})
	fs = append(fs, figure{a.Owed, fmt.Sprintf("duties to inform are owed, %s of them overdue", number(a.Overdue))})
	fs = append(fs, figure{a.CanBeTold, "people can be told now"})
	if a.ByLetter > 0 {
		fs = append(fs, figure{a.ByLetter, "of them by letter: print them days ahead of their date"})
	}
	if a.ByCall > 0 {
		fs = append(fs, figure{a.ByCall, "of them by telephone alone"})
	}
	for _, s := range []struct {
		state mailer.DutyState
		what  string
	}{{mailer.DutyInFlight, "duties are in a campaign already"}, {mailer.DutyMet, "duties are met"}} {
		if n := a.Duties[s.state]; n > 0 {
			fs = append(fs, figure{n, s.what})
		}
	}
	return fs
}

func spans(ss []assess.Span) []figure {
	var fs []figure
	for _, s := range ss {
		fs = append(fs, figure{s.Duties, s.Name})
	}
	return fs
}

func weeks(ss []assess.Span) []figure {
	var fs []figure
	for _, s := range ss {
		fs = append(fs, figure{s.Duties, s.Name + ", from " + s.From.String()})
	}
	return fs
}

// most gives a map's entries, the greatest first.
func most[K ~string](m map[K]int64) []K {
	return slices.SortedFunc(maps.Keys(m), func(a, b K) int { return cmp.Or(cmp.Compare(m[b], m[a]), cmp.Compare(a, b)) })
}

func blocked(a assess.Assessment) (fs []figure) {
	for _, reason := range most(a.Blocked) {
		what := words(reason) + ": " + reason.Remedy()
		if reason == mailer.BlockNoLanguage {
			what += " (" + languages(a.MissingLanguages) + ")"
		}
		fs = append(fs, figure{a.Blocked[reason], what})
	}
	return fs
}

// languages lists the first missing ones with their numbers.
func languages(missing map[string]int64) string {
	const shown = 8
	var out []string
	rest := int64(0)
	for i, l := range most(missing) {
		if i < shown {
			out = append(out, l+" "+number(missing[l]))
		} else {
			rest += missing[l]
		}
	}
	if rest > 0 {
		out = append(out, "others "+number(rest))
	}
	return strings.Join(out, ", ")
}

func words[S ~string](code S) string { return strings.ReplaceAll(string(code), "_", " ") }

func toKnow(a assess.Assessment) (fs []figure) {
	add := func(n int64, what string) {
		if n > 0 {
			fs = append(fs, figure{n, what})
		}
	}
	for _, reason := range most(a.Excused) {
		add(a.Excused[reason], "duties excused: "+words(reason))
	}
	add(a.ToldLate, "of them told before, but behind their date: late, and on record as that")
	add(a.Restricted, "people whose data were restricted by their holder: kept in quarantine, with their date running")
	for _, rule := range most(a.Unknown) {
		add(a.Unknown[rule], "people whose data may have been restricted: the source's rule takes them for "+words(rule))
	}
	add(a.NoAddress, "people without any e-mail address, also where something else stands in the way above")
	add(a.SharedMailboxes, "addresses that several people have: each who has a name is told by it")
	add(a.RoleMailboxes, "people with an office's address only (info@, sales@)")
	return fs
}

func refusedFor(rs []assess.ReasonCount) (fs []figure) {
	for _, r := range rs {
		what := r.Reason
		if r.Field != "" {
			what = r.Field + ": " + what
		}
		fs = append(fs, figure{r.Rows, what})
	}
	return fs
}

func printPlan(w io.Writer, p assess.Plan, underWay int64) {
	if p.Notices == 0 && p.NewPerDay == 0 {
		return
	}
	also := ""
	if underWay > 0 {
		also = " or are in a campaign already"
	}
	fmt.Fprintf(w, "\nPLAN for the %s who can be told now%s\n", number(p.Notices), also)
	for _, sentence := range outcome(p) {
		for _, line := range wrap(sentence, pageWidth) {
			fmt.Fprintln(w, line)
		}
	}
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "week from\tin time\tbacklog\tbecame late\twaiting after it\t")
	const shown = 5
	for i, k := range p.Weeks {
		if i < shown || i == len(p.Weeks)-1 {
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t\n", k.From, number(k.OnTime), number(k.Backlog), number(k.BecameLate), number(k.Waiting))
		}
		if i == shown && i < len(p.Weeks)-1 {
			fmt.Fprintln(t, "...\t\t\t\t\t")
		}
	}
	t.Flush()
}

func paceOf(p assess.Plan) string {
	out := "At " + number(int64(p.Pace.Start)) + " a day"
	switch {
	case p.Pace.Growth > 0:
		out += fmt.Sprintf(", growing by %d%% a day to %s", int(p.Pace.Growth*100+0.5), number(int64(p.Pace.Max)))
	case p.Pace.Step > 0:
		out += fmt.Sprintf(", %s more each day up to %s", number(int64(p.Pace.Step)), number(int64(p.Pace.Max)))
	case p.Suggested:
		out += " (suggested; yours with --pace or --ramp)"
	}
	if p.NewPerDay > 0 {
		out += ", with " + number(int64(p.NewPerDay)) + " new people a day"
	}
	return out
}

// outcome says plainly how it ends, in sentences.
func outcome(p assess.Plan) []string {
	var end string
	switch {
	case p.Days < 0:
		end = "people are still overdue after two years."
	case p.NewPerDay > 0:
		end = fmt.Sprintf("nobody is overdue any more in %s, on %s.", counted(int64(p.Days), "day", "days"), p.Done)
	default:
		end = fmt.Sprintf("all are told in %s, on %s.", counted(int64(p.Days), "day", "days"), p.Done)
	}
	out := []string{paceOf(p) + ": " + end}
	if p.BecameLate == 0 {
		return append(out, "Nobody who is still on time becomes late: the oldest of the backlog have what is left over.")
	}
	out = append(out, fmt.Sprintf("THE PACE DOES NOT SUFFICE: from %s on, %s who are still on time become late.", p.FirstLate, number(p.BecameLate)))
	if enough := math.Ceil(p.Need * float64(p.Pace.PerDay(0))); p.Need > 1 && enough < math.MaxInt32 {
		out = append(out, fmt.Sprintf("To tell all in time who wait now, it has to be %s a day from today.", number(int64(enough))))
	}
	return out
}
