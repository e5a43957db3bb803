package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"time"

	"article14/mailer"
	"article14/mailer/status"
)

// demoReport is what came of the demo. Mails are counted by the state that they ended
// in, so relayed, deferred, rejected, bounced and uncertain add up to notices; letters and
// calls stand beside them. Attempts tells what happened on the way. A duty whose letter
// is not posted, or whose call is not made, is open.
type demoReport struct {
	Contacts    int64                          `json:"contacts"`
	Rows        int64                          `json:"rows"`
	Merged      int64                          `json:"merged"`
	Refused     int64                          `json:"refused"`
	Duties      int64                          `json:"duties"`
	Notices     int64                          `json:"notices"`
	Relayed     int64                          `json:"relayed"`
	Deferred    int64                          `json:"deferred"`
	Rejected    int64                          `json:"rejected"`
	Bounced     int64                          `json:"bounced"`
	Uncertain   int64                          `json:"uncertain"`
	Blocked     int64                          `json:"blocked"`
	Quarantined int64                          `json:"quarantined"`
	Late        int64                          `json:"late"`
	Languages   map[string]int64               `json:"languages"`
	Met         int64                          `json:"met"`
	Open        int64                          `json:"open"`
	Attempts    map[mailer.DeliveryState]int64 `json:"attempts"`
	BlockedBy   map[mailer.BlockReason]int64   `json:"blocked_by"`
	Letters     int64                          `json:"letters"`             // printed, and not posted
	Unprinted   int64                          `json:"letters_unprintable"` // left out of the batch
	Calls       int64                          `json:"calls"`               // to be made
	ByHand      int64                          `json:"open_by_hand"`        // duties of these letters and calls
	ElapsedMS   int64                          `json:"elapsed_ms"`

	accepted int64
	tasks    []status.Task
}

func (d *demo) report(ctx context.Context, unprinted int64) (demoReport, error) {
	f, err := d.store.Figures(ctx, d.controller, d.now())
	if err != nil {
		return demoReport{}, err
	}
	c, err := d.store.Campaign(ctx, d.controller, demoCampaign)
	if err != nil {
		return demoReport{}, err
	}
	notices, err := d.store.CampaignCounts(ctx, c.ID)
	if err != nil {
		return demoReport{}, err
	}
	r := demoReport{
		Contacts: f.Contacts, Rows: f.Imports.Accepted + f.Imports.Merged + f.Imports.Refused, Merged: f.Imports.Merged,
		Refused: f.Imports.Refused, Relayed: notices[mailer.Relayed], Deferred: notices[mailer.Deferred],
		Rejected: notices[mailer.Rejected], Bounced: notices[mailer.Bounced], Uncertain: notices[mailer.Uncertain],
		Quarantined: f.Blocked[mailer.BlockQuarantined], Late: f.MetLate + f.Overdue, Languages: f.ByLanguages,
		Met: f.Duties[mailer.DutyMet], Open: f.Duties[mailer.DutyOpen] + f.Duties[mailer.DutyInFlight] + f.Duties[mailer.DutyFailed],
		Attempts: f.Attempts, BlockedBy: f.Blocked, accepted: f.Imports.Accepted,
		Letters: f.ByHand.InBatches, Unprinted: unprinted, Calls: f.ByHand.Calls, ByHand: f.Duties[mailer.DutyInFlight], tasks: f.Tasks(),
	}
	r.Blocked = f.Duties[mailer.DutyBlocked] - r.Quarantined
	for _, n := range f.Duties {
		r.Duties += n
	}
	for _, n := range notices {
		r.Notices += n
	}
	r.Notices -= r.Letters + r.Unprinted + r.Calls
	r.Rejected -= r.Unprinted // as which a letter without a sheet ends
	return r, nil
}

// account checks that everybody is accounted for.
func (r demoReport) account() error {
	for _, sum := range []struct {
		what        string
		have, parts int64
	}{
		{"people and accepted rows", r.Contacts, r.accepted},
		{"rows and what became of them", r.Rows, r.accepted + r.Merged + r.Refused},
		{"duties and their states", r.Duties, r.Met + r.Open + r.Blocked + r.Quarantined},
		{"notices and their states", r.Notices, r.Relayed + r.Deferred + r.Rejected + r.Bounced + r.Uncertain},
		{"notices handed over and their languages", r.Relayed, total(r.Languages)},
	} {
		if sum.have != sum.parts {
			return fmt.Errorf("not everybody is accounted for: %s do not add up (%d and %d)", sum.what, sum.have, sum.parts)
		}
	}
	if r.Open != r.ByHand {
		return fmt.Errorf("%d duties are still open at the end of the campaign, and wait for neither letter nor call", r.Open-r.ByHand)
	}
	if (r.ByHand == 0) != (r.Letters+r.Calls == 0) {
		return fmt.Errorf("%d duties wait for %d letters and %d calls", r.ByHand, r.Letters, r.Calls)
	}
	return nil
}

func total(m map[string]int64) (n int64) {
	for _, v := range m {
		n += v
	}
	return n
}

func (r demoReport) print(w io.Writer) {
	n := func(v int64) string { return strconv.FormatInt(v, 10) }
	table(w, [][]string{
		{"", ""},
		{"ROWS READ", n(r.Rows)}, {"  new people", n(r.Contacts)}, {"  people known already", n(r.Merged)}, {"  refused, with line and reason", n(r.Refused)},
		{"DUTIES TO INFORM", n(r.Duties)}, {"  met", n(r.Met)}, {"  blocked until something is mended", n(r.Blocked)},
		{"  quarantined: their holder restricted who may see them", n(r.Quarantined)}, {"  open: for a person to post or to call", n(r.Open)},
		{"  late, met or not", n(r.Late)},
		{"NOTICES BY MAIL", n(r.Notices)}, {"  relayed", n(r.Relayed)}, {"  rejected for good", n(r.Rejected)}, {"  deferred", n(r.Deferred)},
		{"  bounced", n(r.Bounced)}, {"  uncertain", n(r.Uncertain)},
		{"LETTERS", n(r.Letters + r.Unprinted)}, {"  printed, to be posted", n(r.Letters)}, {"  that cannot be printed", n(r.Unprinted)},
		{"CALLS to be made", n(r.Calls)},
	})
	rows := [][]string{{"ON THE WAY", "ATTEMPTS"}}
	for _, s := range slices.Sorted(maps.Keys(r.Attempts)) {
		rows = append(rows, []string{"  ended " + string(s), n(r.Attempts[s])})
	}
	rows = append(rows, []string{"LANGUAGES", "NOTICES"})
	for _, l := range slices.Sorted(maps.Keys(r.Languages)) {
		rows = append(rows, []string{"  " + l, n(r.Languages[l])})
	}
	table(w, rows)
	printBlocked(w, "DUTIES", r.BlockedBy)
	fmt.Fprintln(w)
	printTasks(w, r.tasks)
	fmt.Fprintf(w, "in %s\n", (time.Duration(r.ElapsedMS) * time.Millisecond).Round(100*time.Millisecond))
}

// invite says where to look.
func (d *demo) invite(w io.Writer) error {
	person, err := d.onePage()
	if err != nil {
		return err
	}
	fmt.Fprintln(w)
	table(w, [][]string{
		{"every mail, as HTML, text and source", d.base() + "/inbox/"},
		{"letters, as they are printed", d.base() + "/inbox/letters/"},
		{"one recipient's page", person},
		{"where people type their code", d.base() + "/"},
		{"metrics", d.base() + "/metrics"},
		{"ready or not", d.base() + "/readyz"},
	})
	fmt.Fprintf(w, "\nThe commands above, and all others, work on these people from another terminal with\n  --data %s\n\nserving until Ctrl-C\n", filepath.Join(d.folder, "data"))
	return nil
}

var noticeLink = regexp.MustCompile(`http://[^\s/]+/n/[\w-]+`)

// onePage is the notice page of the last person who was told, as their mail links it.
func (d *demo) onePage() (string, error) {
	mails := d.catcher.Mails()
	for i := len(mails) - 1; i >= 0; i-- {
		parsed, err := mails[i].Parse()
		if err != nil {
			return "", err
		}
		if link := noticeLink.FindString(parsed.Text); link != "" {
			return link, nil
		}
	}
	return "", fmt.Errorf("no mail in the inbox has a link to a notice")
}
