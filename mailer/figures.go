package mailer

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Ages are how long duties have been overdue, the oldest first; each begins where
// the one before it ends.
var Ages = []struct {
	Name  string
	Words string
	Span  time.Duration // past for at least so long
}{
	{"over_1y", "by more than a year", 365 * 24 * time.Hour},
	{"90d_1y", "by 90 days to a year", 90 * 24 * time.Hour},
	{"30d_90d", "by 30 to 90 days", 30 * 24 * time.Hour},
	{"7d_30d", "by 7 to 30 days", 7 * 24 * time.Hour},
	{"under_7d", "by less than 7 days", 0},
}

// ManyStranded is where the count of stranded duties stops.
const ManyStranded = 10_000

// Task is something that needs a person today. Its words hold no personal data.
type Task struct {
	Code  string `json:"code"`  // bounded: what kind of thing it is
	Count int64  `json:"count"` // of what; 0 where it is one thing
	What  string `json:"what"`
	Do    string `json:"do"`
}

// soon is how near a date must be for a pause in its way to need a person.
const soon = 3 * 24 * time.Hour

// ReviewSoon is how long before its review date an exemption needs a person: a
// weighing takes time, and on the date its duties are open again.
const ReviewSoon = 30 * 24 * time.Hour

// manyDeferred is how many deferred notices, with none handed over for an hour, are
// no longer one receiver's mood.
const manyDeferred = 10

// Tasks are what needs a person today, the gravest first.
func (f Figures) Tasks() []Task {
	var out []Task
	add := func(n int64, code, what, do string) {
		if n > 0 {
			out = append(out, Task{code, n, what, do})
		}
	}
	if held := f.Instance.HeldError(); held != nil {
		out = append(out, Task{Code: "instance_held", What: "NOTHING IS SENT: this copy of the database is held, because " + f.Instance.HeldReason,
			Do: "if it is this copy that sends, and no other does: article14 instance adopt --by NAME --why TEXT"})
	}
	out = append(out, f.workerTasks()...)
	add(f.unreleased(), "unreleased", "duties are open in no campaign, while some are overdue", "create, approve and start a campaign")
	add(f.pausedNear(), "paused", "notices wait in paused campaigns, some due within three days or overdue", "article14 campaign resume KEY")
	h := f.ByHand
	add(h.Letters, "letters", "letters wait to be printed"+firstDue(h.LettersBy), "article14 letter batch --out DIR --by NAME")
	add(h.Batches, "batches", "batches of letters are not posted yet", "post them, then article14 letter posted BATCH --on DATE --by NAME")
	add(h.Calls, "calls", "people wait for a call"+firstDue(h.CallsBy), "article14 call list")
	add(f.Stranded, "stranded", "duties failed, and their campaign has ended", "create a campaign: it looks for their next channel")
	add(f.Blocked[BlockQuarantined], "quarantined", "duties wait for a decision about restricted data", BlockQuarantined.Remedy())
	add(f.Exemptions.ReviewSoon, "exemptions_review", "exemptions come to their review date within a month, when their duties are open again", "weigh them anew; article14 contact exempt --list shows them")
	add(f.Exemptions.Proposed, "exemptions_proposed", "proposed exemptions wait for somebody else", "article14 contact exempt --confirm PROPOSAL --by NAME")
	add(f.Requests, "requests", "requests of people are open", "answer them within a month of their receipt (Article 12(3))")
	add(f.Answers.count(), "answers", "answers of people are open", "article14 answer list --open shows them, the earliest date on top (Article 12(3))")
	add(f.Tellings.ToExport, "tellings", "rights of people wait for you to tell recipients of them (Article 19)", "article14 telling list --state waiting, then telling export --recipient KEY --out FILE --by NAME")
	for _, kind := range sortedKeys(f.Alerts) {
		add(f.Alerts[kind], "alert_"+string(kind), "alerts "+string(kind), cmp.Or(kind.Remedy(), "see docs/operations.md"))
	}
	add(f.Unmatched["given_up"], "reports_unmatched", "reports found no delivery: a bounce among them leaves a duty met though nobody was told",
		"article14 bounce --list says why")
	return out
}

// firstDue says by when the first of several is due, in UTC: the lists have the
// controller's own days.
func firstDue(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return ", the first due by " + at.UTC().Format("2006-01-02")
}

// workerTasks are about who should be sending.
func (f Figures) workerTasks() (out []Task) {
	alive, away, gone := 0, 0, int64(0)
	for _, h := range f.Workers {
		switch {
		case h.Gone(f.AsOf):
			gone++
		case h.RelayState == RelayUp:
			alive++
		default:
			alive, away = alive+1, away+1
		}
	}
	waiting := f.waiting()
	switch {
	case alive == 0 && waiting > 0:
		out = append(out, Task{"no_worker", waiting, "notices wait in open lanes, and no worker is there", "start one: article14 work"})
	case alive > 0 && away == alive:
		out = append(out, Task{"relay_away", waiting, "notices wait: no worker reaches the relay", "see the relay, and article14 doctor"})
	}
	if alive > away && f.RelayedLast["1h"] == 0 {
		if n := f.Deliveries[Deferred]; n >= manyDeferred {
			out = append(out, Task{"all_deferred", n, "notices are deferred, and none was handed over in the last hour: the relay refuses for now",
				"see what it says with 'contact show ID', and its log"})
		}
	}
	if gone > 0 {
		out = append(out, Task{"worker_gone", gone, "workers were lost without a stop", "see their logs; what they had is taken back when its lease has passed"})
	}
	return out
}

func (f AnswerFigures) count() (n int64) {
	for _, open := range f.Open {
		n += open
	}
	return n
}

// waiting is what is queued in open lanes.
func (f Figures) waiting() (n int64) {
	for _, l := range f.Lanes {
		if l.State == LaneOpen {
			n += l.Queued
		}
	}
	return n
}

// unreleased are open duties, if something is overdue and no campaign runs that
// could take them in.
func (f Figures) unreleased() int64 {
	for _, l := range f.Lanes {
		if !l.CampaignID.IsZero() && l.State == LaneOpen {
			return 0
		}
	}
	if f.Overdue == 0 {
		return 0
	}
	return f.Duties[DutyOpen]
}

// pausedNear is what is queued in paused lanes whose first date is near or past.
func (f Figures) pausedNear() (n int64) {
	for _, l := range f.Lanes {
		if l.State == LanePaused && l.Queued > 0 && l.EarliestDue.Before(f.AsOf.Add(soon)) {
			n += l.Queued
		}
	}
	return n
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
