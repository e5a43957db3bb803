package main

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"

	"article14/mailer"
)

// weighFlood holds what was brought against the books.
func (s *scene) weighFlood(ctx context.Context) error {
	r, f := &s.result, s.result.Flood
	r.Mails, r.Fell = s.sink.takenUpToNow(), s.crew.fell
	if f.Unread {
		f.judge(r)
		return nil
	}
	rows, err := s.db.QueryContext(ctx, statement("flooded"))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id mailer.ID
		var e deliveryEnd
		if err := rows.Scan(&id, &e.state, &e.duty); err != nil {
			return err
		}
		f.add(id, e)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	var b reportBooks
	if err := s.db.QueryRowContext(ctx, statement("received")).Scan(&b.received, &b.nowhere, &b.counted, &b.suppressed, &b.unsent); err != nil {
		return err
	}
	f.weigh(b, r.Mails, r.Deliveries)
	f.judge(r)
	return nil
}

// add judges one delivery by what should have become of it.
func (f *flood) add(id mailer.ID, is deliveryEnd) {
	want, known := f.ends[id]
	delete(f.ends, id)
	switch {
	case !known:
		f.Answered++ // a delivery that nobody arranged
	case f.free[id]:
	case want == is && want != untouched:
		f.Bounced++
	case want == is:
	case want == untouched:
		f.Reopened++
	default:
		f.Missing++
	}
}

// reportBooks are figures of the books.
type reportBooks struct {
	received   int // messages taken in
	nowhere    int // of these, with no report, parked or not, and no answer's item
	counted    int // automatic replies that are no more than counted
	suppressed int // addresses
	unsent     int // mails that wait to be sent
}

// weigh judges the rest. mails went out, of which notices were arranged.
func (f *flood) weigh(b reportBooks, mails, notices int) {
	for _, want := range f.ends { // deliveries that are gone
		if want == untouched {
			f.Reopened++
		} else {
			f.Missing++
		}
	}
	f.Lost += max(0, f.Kept-b.received) + max(0, b.nowhere-b.counted)
	f.Invented += max(0, b.received-f.Kept-f.Left) + max(0, b.counted-b.nowhere) // one that is left may be committed, and the word of it lost
	f.Blamed += max(0, b.suppressed-f.dead)
	f.Answered += max(0, mails-notices) + b.unsent
}

// judge holds the flood against the goals.
func (f *flood) judge(r *result) {
	r.goal(f.Left == 0, "reports were never taken, since the database stayed away: their senders have them")
	r.goal(!f.Unread, "the database never came back: nobody can say what is in the books")
	if f.Unread {
		return
	}
	r.goal(f.Lost == 0, "taken, and not in the books")
	r.goal(f.Invented == 0, "in the books, and never taken")
	r.goal(f.Missing == 0, "a notice came back, and nothing followed")
	r.goal(f.Bounced > 0, "no notice came back")
	r.goal(f.Reopened == 0, "a duty was reopened by forgery")
	r.goal(f.Blamed == 0, "an address was suppressed by forgery")
	r.goal(f.Odd == 0, "the door had another last word than it should")
	r.goal(f.Answered == 0, "something was answered")
	r.goal(f.Peak <= memoryBound && f.First <= memoryBound, "more memory than the bound")
	r.goal(f.Peak <= f.First+memoryMore, "memory grows with what comes")
	r.goal(f.Away > 0 && r.Faults > 0, "nothing was broken")
	r.goal(r.Fell == 0, "a worker ended unasked")
	r.goal(f.Reports < 50_000 || float64(f.Reports)/f.Seconds >= pathologicalPace, "slower than 50,000 reports in ten minutes")
}

// printFloods prints a line for each flood.
func printFloods(w io.Writer, results []result) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, r := range results {
		if f := r.Flood; f != nil {
			fmt.Fprintln(t, "trial\treports\tkept\tsent away\tleft\tlost\tbounced\tmissing\treopened\todd\tanswered\tfirst MiB\tpeak MiB\tseconds\ta second\t")
			fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%.1f\t%.0f\t\n", r.Trial, f.Reports, f.Kept, f.Away, f.Left, f.Lost, f.Bounced, f.Missing,
				f.Reopened, f.Odd, f.Answered, f.First, f.Peak, f.Seconds, float64(f.Reports)/max(f.Seconds, 0.1))
		}
	}
	t.Flush()
}
