package status

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"article14/internal/wish"
	"article14/mailer"
	"article14/mailer/accept"
	"article14/mailer/campaign"
	"article14/mailer/deliver"
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
	if held := f.Instance.HeldError(); held != nil {
		out = append(out, Task{Code: "instance_held", What: "NOTHING IS SENT: this copy of the database is held, because " + f.Instance.HeldReason,
			Do: "if it is this copy that sends, and no other does: article14 instance adopt --by NAME --why TEXT"})
	}
	out = append(out, f.workerTasks()...)
	add := func(n int64, code, one, many, do string) {
		if n > 0 {
			out = append(out, Task{code, n, either(n, one, many), do})
		}
	}
	add(f.unreleased(), "unreleased", "duty is open in no campaign, while some are overdue", "duties are open in no campaign, while some are overdue", "create, approve and start a campaign")
	add(f.pausedNear(), "paused", "notice waits in a paused campaign, due within three days or overdue",
		"notices wait in paused campaigns, some due within three days or overdue", "article14 campaign resume KEY")
	out = append(out, f.ByHand.tasks(f.AsOf)...)
	add(f.Stranded, "stranded", "duty failed, and its campaign has ended", "duties failed, and their campaign has ended", "create a campaign: it looks for their next channel")
	add(f.Blocked[mailer.BlockQuarantined], "quarantined", "duty waits for a decision about restricted data", "duties wait for a decision about restricted data", mailer.BlockQuarantined.Remedy())
	add(f.Exemptions.ReviewSoon, "exemptions_review", "exemption comes to its review date within a month, when its duties are open again",
		"exemptions come to their review date within a month, when their duties are open again", "weigh them anew; article14 contact exempt --list shows them")
	add(f.Exemptions.Proposed, "exemptions_proposed", "proposed exemption waits for somebody else", "proposed exemptions wait for somebody else",
		"article14 contact exempt --confirm PROPOSAL --by NAME")
	add(f.HeldPast, "held_past_date", "person is over their date, and a legal hold keeps their data", "people are over their date, and legal holds keep their data",
		"article14 hold list shows which; release what is no longer needed")
	add(f.Requests.Count(), "requests", "request of a person is open", "requests of people are open", "article14 request list --open (Article 12(3))")
	add(f.Answers.count(), "answers", "answer of a person is open", "answers of people are open", "article14 answer list --open shows them, the earliest date on top (Article 12(3))")
	add(f.Tellings.ToExport, "tellings", "right of a person waits for you to tell a recipient of it (Article 19)", "rights of people wait for you to tell recipients of them (Article 19)",
		"article14 telling list --state waiting, then telling export --recipient KEY --out FILE --by NAME")
	for _, kind := range sortedKeys(f.Alerts) {
		add(f.Alerts[kind], "alert_"+string(kind), "alert of the kind "+string(kind), "alerts of the kind "+string(kind), cmp.Or(kind.Remedy(), "see docs/operations.md"))
	}
	add(f.Unmatched["given_up"], "reports_unmatched", "report found no delivery: if it is a bounce, it leaves a duty met though nobody was told",
		"reports found no delivery: a bounce among them leaves a duty met though nobody was told", "article14 bounce --list says why")
	return out
}

// tasks are what people have to print, to post and to say. What is paused cannot be
// carried out: it is named apart, and only where a date is near, a letter's by as much
// earlier as printing takes.
func (h HandFigures) tasks(now time.Time) (out []Task) {
	add := func(n int64, code, what, do string) {
		if n > 0 {
			out = append(out, Task{code, n, what, do})
		}
	}
	add(h.Letters, "letters", either(h.Letters, "letter waits", "letters wait")+" to be printed"+firstDue(h.LettersBy), "article14 letter batch --out DIR --by NAME")
	if h.LettersPausedBy.Before(now.Add(soon + mailer.LetterRules{}.Lead())) {
		add(h.LettersPaused, "letters_paused", either(h.LettersPaused, "letter waits in a paused campaign", "letters wait in paused campaigns")+firstDue(h.LettersPausedBy),
			"article14 campaign resume KEY, then print: article14 letter list shows which")
	}
	add(h.Batches, "batches", either(h.Batches, "batch of letters is", "batches of letters are")+" not posted yet", "post them, then article14 letter posted BATCH --on DATE --by NAME")
	add(h.Calls, "calls", either(h.Calls, "person waits", "people wait")+" for a call"+firstDue(h.CallsBy), "article14 call list")
	if h.CallsPausedBy.Before(now.Add(soon)) {
		add(h.CallsPaused, "calls_paused", either(h.CallsPaused, "person waits for a call in a paused campaign", "people wait for a call in paused campaigns")+firstDue(h.CallsPausedBy),
			"article14 campaign resume KEY")
	}
	return out
}

// either is one when there is one only, else many.
func either(n int64, one, many string) string {
	if n == 1 {
		return one
	}
	return many
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
		case h.RelayState == deliver.RelayUp:
			alive++
		default:
			alive, away = alive+1, away+1
		}
	}
	waiting := f.waiting()
	switch {
	case alive == 0 && waiting > 0:
		out = append(out, Task{"no_worker", waiting, either(waiting, "notice waits in an open lane", "notices wait in open lanes") + ", and no worker is there", "start one: article14 work"})
	case alive > 0 && away == alive:
		out = append(out, Task{"relay_away", waiting, either(waiting, "notice waits", "notices wait") + ": no worker reaches the relay", "see the relay, and article14 doctor"})
	}
	if alive > away && f.RelayedLast["1h"] == 0 {
		if n := f.Deliveries[mailer.Deferred]; n >= manyDeferred {
			out = append(out, Task{"all_deferred", n, "notices are deferred, and none was handed over in the last hour: the relay refuses for now",
				"see what it says with 'contact show ID', and its log"})
		}
	}
	if gone > 0 {
		out = append(out, Task{"worker_gone", gone, either(gone, "worker was", "workers were") + " lost without a stop", "see their logs; what they had is taken back when its lease has passed"})
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
		if l.State == mailer.LaneOpen {
			n += l.Queued
		}
	}
	return n
}

// unreleased are open duties, if something is overdue and no campaign runs that
// could take them in.
func (f Figures) unreleased() int64 {
	for _, l := range f.Lanes {
		if !l.CampaignID.IsZero() && l.State == mailer.LaneOpen {
			return 0
		}
	}
	if f.Overdue == 0 {
		return 0
	}
	return f.Duties[mailer.DutyOpen]
}

// pausedNear is what is queued in paused lanes whose first date is near or past.
func (f Figures) pausedNear() (n int64) {
	for _, l := range f.Lanes {
		if l.State == mailer.LanePaused && l.Queued > 0 && l.EarliestDue.Before(f.AsOf.Add(soon)) {
			n += l.Queued
		}
	}
	return n
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// Figures is what status, metrics and demo are made of, from counters and
// narrow indexes.
type Figures struct {
	AsOf        time.Time
	Contacts    int64
	Duties      map[mailer.DutyState]int64
	Blocked     map[mailer.BlockReason]int64
	Overdue     int64            // not met and past due_at
	DueWithin   map[string]int64 // "1d", "3d", "7d", "30d": not met, still on time, and due within; a wider window holds the narrower ones
	OldestDueAt time.Time        // of duties not met
	MetLate     int64
	Deliveries  map[mailer.DeliveryState]int64 // notices
	Attempts    map[mailer.DeliveryState]int64 // by outcome
	ByLanguages map[string]int64               // notices handed over
	Imports     accept.ImportCounts
	Objections  map[mailer.Way]int64
	Requests    RequestFigures
	Alerts      map[mailer.AlertKind]int64 // open
	Reports     map[string]int64           // what came back, by finding: a class of bounce, delayed, ..., not_understood
	Unmatched   map[string]int64           // reports that found no delivery: waiting, given_up, not_understood
	QueueOldest time.Time                  // created_at of the oldest queued delivery in an open lane
	RelayedLast map[string]int64           // "1m", "1h": mails handed over in the last minute, hour
	Lanes       []LaneFigures
	OverdueBy   map[string]int64 // overdue, by the names of Ages; they add up
	Stranded    int64            // failed duties whose campaign has ended, so that nobody looks for their next address; ManyStranded at most
	Workers     []deliver.Heartbeat
	Relays      []deliver.RelayFigures  // those with limits
	Classes     []campaign.ClassFigures // of recipient domains, those on record
	Instance    deliver.Instance
	Exemptions  ExemptionFigures
	HeldPast    int64 // people over their date of whom a legal hold keeps something, as the last run found it (T4)
	Answers     AnswerFigures
	ByHand      HandFigures
	Tellings    mailer.TellFigures
}

// RequestFigures are what people asked that is open.
type RequestFigures struct {
	Open     map[mailer.RequestKind]map[mailer.RequestState]int64 `json:"open_by_kind"`
	Extended int64                                                `json:"extended"` // of them, by an extension that counts
	Oldest   time.Time                                            `json:"oldest,omitzero"`
	DueAt    time.Time                                            `json:"first_due,omitzero"` // the earliest date (D9)
}

// Count is how many are open.
func (f RequestFigures) Count() (n int64) {
	for _, states := range f.Open {
		for _, open := range states {
			n += open
		}
	}
	return n
}

// AnswerFigures are people's answers that nobody has closed.
type AnswerFigures struct {
	Open   map[wish.Kind]int64 `json:"open_by_kind"` // by the kind that words suggest
	Oldest time.Time           `json:"oldest,omitzero"`
	DueAt  time.Time           `json:"first_due,omitzero"` // the earliest date (D9)
}

// ManyByHand is where the count of what waits for people stops.
const ManyByHand = 100_000

// HandFigures are letters and calls: what people carry out. Of what is in the queue
// ManyByHand at most are counted.
type HandFigures struct {
	Letters         int64            `json:"letters"` // in open lanes, to be printed
	LettersBy       time.Time        `json:"letters_first_due,omitzero"`
	LettersPaused   int64            `json:"letters_paused"` // in paused lanes
	LettersPausedBy time.Time        `json:"letters_paused_first_due,omitzero"`
	InBatches       int64            `json:"in_batches"` // printed, or about to be, and not posted
	Batches         int64            `json:"batches"`    // that are not posted
	Posted          int64            `json:"posted"`
	Returned        int64            `json:"returned"`
	Calls           int64            `json:"calls"` // in open lanes, to be made
	CallsBy         time.Time        `json:"calls_first_due,omitzero"`
	CallsPaused     int64            `json:"calls_paused"` // in paused lanes
	CallsPausedBy   time.Time        `json:"calls_paused_first_due,omitzero"`
	Owed            int64            `json:"owed"` // that people have still to carry out: in lanes of any state, and in batches
	OwedBy          time.Time        `json:"owed_first_due,omitzero"`
	OwedWithin      map[string]int64 `json:"owed_within"`           // of them, as Figures.DueWithin
	OldestBatch     time.Time        `json:"oldest_batch,omitzero"` // when the oldest batch that is not posted was made
}

// Any tells whether there is, or was, anything for people to carry out.
func (h HandFigures) Any() bool { return h.Owed+h.Posted+h.Returned+h.Batches > 0 }

// ExemptionFigures are exemptions that wait for a person.
type ExemptionFigures struct {
	Proposed   int64 `db:"proposed" json:"proposed"`       // for somebody else to confirm them
	ReviewSoon int64 `db:"review_soon" json:"review_soon"` // in force, with a review date within ReviewSoon
}

// LaneFigures is a lane with its backlog.
type LaneFigures struct {
	mailer.Lane
	CampaignKey string
	Queued      int64
	EarliestDue time.Time
}

// FiguresStore gives the figures.
type FiguresStore interface {
	Figures(ctx context.Context, controller mailer.ID, now time.Time) (Figures, error)
}

// QueuedIn is what is queued in the lanes of a class, of all campaigns.
func (f Figures) QueuedIn(class string) (n int64) {
	for _, l := range f.Lanes {
		if l.Class == class && !l.CampaignID.IsZero() {
			n += l.Queued
		}
	}
	return n
}
