package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"article14/internal/compose"
	"article14/internal/register"
	"article14/mailer"
	"article14/mailer/byhand"
)

// Three people without an address of mail: two have a letter box, one a telephone. The
// first one's street would be a formula to a spreadsheet.
const threeAtHome = `Date added,First name,Last name,Job title,Company,LinkedIn URL,Work email,Personal email,Phone,Street,Address 2,Zip,City,Country,Email visibility
2026-01-12T00:39:00Z,Anna,Keller,Buyer,Acme,https://www.linkedin.com/in/anna-keller,,,,=1 rue du Test,Bâtiment B,69002,Lyon,FR,public
2026-01-13T00:39:00Z,Ben,Moreau,Buyer,Acme,https://www.linkedin.com/in/ben-moreau,,,,2 rue du Test,,69002,Lyon,FR,public
2026-01-14T00:39:00Z,Cleo,Petit,Buyer,Acme,https://www.linkedin.com/in/cleo-petit,,,+33 1 99 00 12 34,,,69002,Lyon,FR,public
`

// plainWriter writes letters of a line, in place of the composer's.
type plainWriter struct{ *compose.Composer }

func (plainWriter) Letter(_ mailer.Skeleton, slots mailer.Slots, _ bool) (byhand.LetterText, error) {
	return byhand.LetterText{Parts: []byhand.LetterPart{{Blocks: []byhand.LetterBlock{{Kind: byhand.LetterParagraph,
		Runs: []byhand.LetterRun{{Text: "Bonjour " + slots["name"] + ", code " + slots["code"]}}}}}}}, nil
}

// plainPrinter prints text. It fails from a letter on, if it is told to.
type plainPrinter struct{ left int }

var errPrinter = errors.New("the printer is on fire")

func (p *plainPrinter) Print(l byhand.Letter) (byhand.PrintedLetter, error) {
	if p.left--; p.left < 0 {
		return byhand.PrintedLetter{}, errPrinter
	}
	pdf := []byte(fmt.Sprint(l.Text.Text(), l.To, l.At.Unix()))
	sum := sha256.Sum256(pdf)
	return byhand.PrintedLetter{PDF: pdf, Pages: 2, SHA256: sum[:]}, nil
}

// postal is a stage whose register allows letters and calls, with three people at home.
func postal(t *testing.T) (*stage, *plainPrinter) {
	t.Helper()
	s := newStage(t, nil)
	body := append(bytes.ReplaceAll(register.Sample(), []byte("links: https://privacy.nordlicht.example"), []byte("links: "+s.web.URL)),
		"\nletters: {enabled: true, lead_days: 3}\ncalls: true\n"...)
	reg, _, err := register.Parse("register.yaml", body)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.applyRegister(t.Context(), reg, body, "test"); err != nil {
		t.Fatal(err)
	}
	printer := &plainPrinter{left: 1000}
	s.app.paper = paper{plainWriter{s.composer}, printer}
	file := filepath.Join(t.TempDir(), "home.csv")
	if err := os.WriteFile(file, []byte(threeAtHome), 0o600); err != nil {
		t.Fatal(err)
	}
	out, status := s.command(t, s.url, "import", file, "--source", "linkedin", "--activity", demoActivity,
		"--map", "street=Street", "--map", "street_2=Address 2", "--map", "postal_code=Zip")
	if status != 0 || !strings.Contains(out, "3 new people") {
		t.Fatalf("%d: %s", status, out)
	}
	s.release(t, "home")
	return s, printer
}

// says runs a command of letters or calls on the stage's own app, which has a printer.
func (s *stage) says(t *testing.T, cmd interface {
	Run(context.Context, *app, streams) error
}) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := cmd.Run(t.Context(), s.app, streams{out: &out, err: &out})
	return out.String(), err
}

func (s *stage) must(t *testing.T, cmd interface {
	Run(context.Context, *app, streams) error
}) string {
	t.Helper()
	out, err := s.says(t, cmd)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

type batchMade struct {
	ID      string `json:"id"`
	Folder  string `json:"folder"`
	Letters int    `json:"letters"`
}

func (s *stage) batch(t *testing.T, dir string) (b batchMade) {
	t.Helper()
	out := s.must(t, &letterBatchCmd{Out: dir, Limit: 10, By: "Ann", JSON: true})
	if err := json.Unmarshal([]byte(out), &b); err != nil {
		t.Fatal(err)
	}
	return b
}

// TestLettersFromTheQueueToThePost goes the way of letters as people go it.
func TestLettersFromTheQueueToThePost(t *testing.T) {
	s, _ := postal(t)
	if out := s.must(t, &letterListCmd{}); strings.Count(out, "late by") != 2 || strings.Contains(out, "Anna") {
		t.Errorf("the list:\n%s", out)
	}
	dir := filepath.Join(t.TempDir(), "print")
	b := s.batch(t, dir)
	if b.Letters != 2 {
		t.Fatalf("%+v", b)
	}
	rows := readBatch(t, b.Folder)
	if _, err := s.says(t, &letterBatchCmd{Out: dir, Resume: b.ID}); err == nil || !strings.Contains(err.Error(), "not written over") {
		t.Errorf("it was written over itself: %v", err)
	}
	today := s.now().In(s.reg.Controller.Zone).Format("2006-01-02")
	if out := s.must(t, &letterPostedCmd{Batch: b.ID, On: today, By: "Ben"}); !strings.Contains(out, "2 letters posted") {
		t.Error(out)
	}
	if out := s.must(t, &letterReturnedCmd{Reference: strings.ToLower(rows[1][0]), Reason: "moved", On: today, By: "Ben"}); !strings.Contains(out, "its duties are blocked") {
		t.Error(out)
	}
	if out := s.must(t, &contactShowCmd{ID: rows[1][0]}); !strings.Contains(out, " by letter of campaign ") {
		t.Errorf("nobody sees that it was a letter:\n%s", out)
	}
	if out := s.must(t, &letterShowCmd{Batch: b.ID}); !strings.Contains(out, "posted") || !strings.Contains(out, "returned") {
		t.Errorf("the batch:\n%s", out)
	}
	out, _ := s.command(t, s.url, "status")
	if !strings.Contains(out, "2 posted, 1 returned; calls: 1") || !strings.Contains(out, "article14 call list") {
		t.Errorf("the status:\n%s", out)
	}
}

// readBatch looks at everything in a batch's folder.
func readBatch(t *testing.T, folder string) [][]string {
	t.Helper()
	info, err := os.Stat(folder)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Fatalf("the folder: %v (%v)", info.Mode(), err)
	}
	files, err := os.ReadDir(folder)
	if err != nil || len(files) != 4 {
		t.Fatalf("files: %v (%v)", files, err)
	}
	sums := map[string]string{}
	for _, f := range files {
		info, _ := f.Info()
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s can be read by others: %v", f.Name(), info.Mode())
		}
		body, err := os.ReadFile(filepath.Join(folder, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		sums[f.Name()] = fmt.Sprintf("%x", sha256.Sum256(body))
	}
	table, _ := os.ReadFile(filepath.Join(folder, "batch.csv"))
	rows, err := csv.NewReader(bytes.NewReader(table)).ReadAll()
	if err != nil || len(rows) != 3 {
		t.Fatalf("%v (%v)", rows, err)
	}
	if got := strings.Join(rows[0], ","); got != "reference,name,line_1,line_2,line_3,line_4,line_5,country,language,file,pages,sha256" {
		t.Error(got)
	}
	if got := strings.Join(rows[1][1:5], "|"); got != "Anna Keller|'=1 rue du Test|Bâtiment B|69002 LYON" {
		t.Errorf("the first row: %s", got)
	}
	for _, r := range rows[1:] {
		if r[9] != r[0]+".pdf" || r[10] != "2" || sums[r[9]] != r[11] {
			t.Errorf("%v does not fit its file (%s)", r, sums[r[9]])
		}
	}
	var m manifest
	body, _ := os.ReadFile(filepath.Join(folder, "manifest.json"))
	if err := json.Unmarshal(body, &m); err != nil || m.Letters != 2 || m.Pages != 4 || len(m.Files) != 3 {
		t.Fatalf("%+v (%v)", m, err)
	}
	for _, f := range m.Files {
		if sums[f.File] != f.SHA256 {
			t.Errorf("the manifest has another hash of %s", f.File)
		}
	}
	return rows
}

func TestABatchThatBreaksOffLeavesNoFolderAndIsResumed(t *testing.T) { // E5
	s, printer := postal(t)
	printer.left = 1
	dir := t.TempDir()
	_, err := s.says(t, &letterBatchCmd{Out: dir, Limit: 10, By: "Ann"})
	if !errors.Is(err, errPrinter) || !strings.Contains(err.Error(), "--resume") {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("half a batch lies about: %v", left)
	}
	printer.left = 1000
	_, id, _ := strings.Cut(err.Error(), "--resume ")
	id, _, _ = strings.Cut(id, "'")
	// What a killed run leaves behind is cleared away.
	killed := filepath.Join(dir, ".batch-"+id+"-123")
	if err := os.MkdirAll(killed, 0o700); err != nil {
		t.Fatal(err)
	}
	s.must(t, &letterBatchCmd{Out: dir, Resume: id})
	entries, _ := os.ReadDir(dir)
	if len(entries) != 1 || entries[0].Name() != "batch-"+id {
		t.Fatalf("%v", entries)
	}
	readBatch(t, filepath.Join(dir, "batch-"+id))
}

func TestACallFromTheListToTheRecord(t *testing.T) {
	s, _ := postal(t)
	out := s.must(t, &callListCmd{JSON: true})
	var calls []byhand.WaitingCall
	if err := json.Unmarshal([]byte(out), &calls); err != nil || len(calls) != 1 || calls[0].Phone != "+33 1 99 00 12 34" {
		t.Fatalf("%s (%v)", out, err)
	}
	contact := calls[0].ContactID.String()
	script := s.must(t, &callScriptCmd{Contact: contact})
	if !strings.Contains(script, "Bonjour Cleo Petit") || !strings.Contains(script, "the code: ") || !strings.Contains(script, s.reg.Controller.Mail.ShownAs) {
		t.Error(script)
	}
	minute := func(in time.Duration) string {
		return s.now().Add(in).In(s.reg.Controller.Zone).Format("2006-01-02 15:04")
	}
	for _, wrong := range []string{minute(-time.Hour), minute(2 * time.Minute), "yesterday"} { // before there was a campaign, ahead, no time
		if _, err := s.says(t, &callLogCmd{Contact: contact, On: wrong, Result: "told", By: "Ann"}); err == nil {
			t.Errorf("a call at %s was taken down", wrong)
		}
	}
	if out := s.must(t, &callLogCmd{Contact: contact, On: minute(0), Result: "told", By: "Ann", Note: "asked for a copy"}); !strings.Contains(out, "duties are met") {
		t.Error(out)
	}
	if out := s.must(t, &contactShowCmd{ID: contact}); !strings.Contains(out, "relayed, phone") || !strings.Contains(out, " by telephone of campaign ") || !strings.Contains(out, "told asked for a copy") {
		t.Errorf("the record:\n%s", out)
	}
}

func TestAFolderThatCannotBeWrittenToLeavesTheQueueAlone(t *testing.T) {
	s, _ := postal(t)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.says(t, &letterBatchCmd{Out: filepath.Join(file, "print"), Limit: 10, By: "Ann"}); err == nil || !strings.Contains(err.Error(), "cannot be written to") {
		t.Error(err)
	}
	if f := s.figuresNow(t); f.ByHand.Letters != 2 || f.ByHand.Batches != 0 {
		t.Errorf("%+v", f.ByHand)
	}
}
