package bounce

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"article14/mailer"
	"article14/mailer/track"
)

// corpusFolder is where real reports may lie, which have no place in a repository,
// with what is expected of them in expected.csv:
//
//	ARTICLE14_BOUNCE_CORPUS=<folder> go test ./internal/bounce -run Corpus -v
const corpusFolder = "ARTICLE14_BOUNCE_CORPUS"

// The verdicts that a score is about.
const (
	groupDead      = "dead"
	groupLater     = "later"
	groupPolicy    = "policy"
	groupComplaint = "complaint"
	groupNone      = "no failure"
)

// reasons are the words of expected.csv for them.
var reasons = map[string]string{}

func init() {
	for group, words := range map[string]string{
		groupDead:      "userunknown hostunknown hasmoved",
		groupLater:     "expired mailboxfull toomanyconn systemerror networkerror mailererror suspend onhold exceedlimit",
		groupPolicy:    "rejected filtered blocked policyviolation authfailure spamdetected securityerror badreputation requireptr norelaying notcompliantrfc mesgtoobig virusdetected contenterror syntaxerror notaccept",
		groupComplaint: "feedback",
		groupNone:      "delivered vacation notabounce",
	} {
		for _, word := range strings.Fields(words) {
			reasons[word] = group
		}
	}
}

// groupOf is what we say of the n-th recipient of a report; "" if nothing is said.
func groupOf(r track.Report, n int) string {
	switch {
	case r.Kind == track.KindComplaint:
		return groupComplaint
	case r.Kind != track.KindDelivery:
		return groupNone
	case n >= len(r.Recipients):
		return ""
	}
	rec := r.Recipients[n]
	switch rec.Class {
	case mailer.ClassDeadAddress:
		return groupDead
	case mailer.ClassMailboxFull, mailer.ClassTransient, mailer.ClassRefused: // refused: no reason was given (onhold)
		return groupLater
	case mailer.ClassTooLarge:
		if detail(rec.Status) == "2.3" { // a limit that the mailbox has, and not its system (exceedlimit)
			return groupLater
		}
		return groupPolicy
	case mailer.ClassPolicy, mailer.ClassContent:
		return groupPolicy
	}
	return groupNone
}

type expectation struct {
	file         string
	n            int
	reason       string
	hard, status string
}

// group is what the file's README says of the reason; an address that is dead for
// good is dead whatever its reason is called (a domain that takes no mail).
func (e expectation) group(strict bool) string {
	if e.hard == "true" && !strict {
		return groupDead
	}
	return reasons[e.reason]
}

// otherKind tells whether a report is none of a delivery, as it should be.
func (e expectation) otherKind(r track.Report) bool {
	group := e.group(true)
	return r.Kind != track.KindDelivery && (group == groupComplaint || group == groupNone)
}

func readExpectations(t *testing.T, folder string) (out []expectation) {
	f, err := os.Open(filepath.Join(folder, "expected.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		n, err := strconv.Atoi(row[1])
		if err != nil || len(row) != 6 || reasons[row[4]] == "" {
			t.Fatalf("%s: a row that nobody understands: %q", folder, row)
		}
		out = append(out, expectation{row[0], n - 1, row[4], row[5], row[2]})
	}
	return out
}

// score counts what agrees.
type score struct{ files, understood, recipients, found, agree, strict int }

func (s score) String() string {
	share := func(n, of int) string {
		return fmt.Sprintf("%d of %d (%.1f %%)", n, of, 100*float64(n)/float64(max(of, 1)))
	}
	return fmt.Sprintf("files understood %s, recipients found %s, verdicts that agree %s, by the reason's group alone %s",
		share(s.understood, s.files), share(s.found, s.recipients), share(s.agree, s.recipients), share(s.strict, s.recipients))
}

// scored reads the files of a folder, and holds them against what is expected.
func scored(t *testing.T, folder string, differs func(e expectation, r track.Report)) (s score) {
	reports := map[string]track.Report{}
	for _, e := range readExpectations(t, folder) {
		r, seen := reports[e.file]
		if !seen {
			raw, err := os.ReadFile(filepath.Join(folder, e.file))
			if err != nil {
				t.Fatal(err)
			}
			r = readAll(t, string(raw))
			reports[e.file] = r
			s.files++
			if r.Kind == track.KindDelivery && len(r.Recipients) > 0 || e.otherKind(r) {
				s.understood++
			}
		}
		s.recipients++
		if e.otherKind(r) || e.n < len(r.Recipients) && r.Recipients[e.n].Recipient != "" {
			s.found++
		}
		got := groupOf(r, e.n)
		if got == e.group(true) {
			s.strict++
		}
		if got == e.group(false) {
			s.agree++
		} else {
			differs(e, r)
		}
	}
	return s
}

var fromLine = regexp.MustCompile(`\nFrom \S+ +(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) .*\n`)

// readAll reads a file, which may hold several messages as mail systems keep them
// ("From " at the start of each), and gives them as one report.
func readAll(t *testing.T, text string) (all track.Report) {
	messages := []string{text}
	if strings.HasPrefix(text, "From ") {
		messages = fromLine.Split(text, -1)
	}
	for i, m := range messages {
		r := Read([]byte(m))
		holds(t, r)
		if i == 0 {
			all = r
			continue
		}
		all.Recipients = append(all.Recipients, r.Recipients...)
	}
	return all
}

// TestCorpus reads real reports, and our own where there are none, and tells how
// much of them is understood. Ours must be understood whole.
func TestCorpus(t *testing.T) {
	folder, real := os.Getenv(corpusFolder), true
	if folder == "" {
		folder, real = t.TempDir(), false
		writeOwnCorpus(t, folder)
	}
	var rows []string
	differs := func(e expectation, r track.Report) {
		row := fmt.Sprintf("%-30s %d wants %-10s (%s %s), got %-10s %s", e.file, e.n+1, e.group(false), e.reason, e.status, groupOf(r, e.n), r.Kind)
		if e.n < len(r.Recipients) {
			rec := r.Recipients[e.n]
			row += fmt.Sprintf(" %s %s %d %s %q", rec.Class, rec.Status, rec.Code, rec.Action, mailer.MaskAddresses(rec.Diagnostic))
		}
		rows = append(rows, row)
	}
	all := scored(t, folder, differs)
	t.Log(all)
	slices.Sort(rows)
	t.Logf("what differs:\n%s", strings.Join(rows, "\n"))
	if all.files == 0 {
		t.Fatalf("%s expects nothing", folder)
	}
	if !real && (all.agree != all.recipients || all.understood != all.files || all.found != all.recipients) {
		t.Errorf("of our own reports: %v", all)
	}
}
