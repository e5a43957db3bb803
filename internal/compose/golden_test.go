package compose

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"article14/mailer"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestNoticesAndReceiptsReadAsTheyWereReadAloud holds every mail against the one
// that a person has read: headers, text and HTML.
func TestNoticesAndReceiptsReadAsTheyWereReadAloud(t *testing.T) { // C4, L4, L5
	c := newComposer(t)
	for _, l := range []string{"en", "fr", "de"} {
		golden(t, c, "notice."+l, notice(l, "linkedin+whois"), nil)
		golden(t, c, "late."+l, notice(l, "whois"), func(in *mailer.SlotInput, _ *mailer.Headers) {
			in.Now = in.Now.AddDate(0, 1, 0)
		})
		for _, d := range []mailer.Document{mailer.DocObjectionReceipt, mailer.DocAccessReceipt} {
			golden(t, c, string(d)+"."+l, mailer.SkeletonKey{Document: d, Languages: l}, func(_ *mailer.SlotInput, h *mailer.Headers) { h.Tokens = mailer.LinkTokens{} })
		}
	}
	for _, l := range []string{"en", "fr", "de"} { // S4
		golden(t, c, "narrow."+l, notice(l, "linkedin?"), nil)
		golden(t, c, "mixed."+l, notice(l, "linkedin?+whois"), nil)
		golden(t, c, "restricted."+l, notice(l, "linkedin!+whois?"), nil)
	}
	for _, l := range []string{"en", "fr", "de"} { // Art. 14(4)
		golden(t, c, "purpose."+l, notice(l, "whois"), forPurposes("quality"))
	}
	golden(t, c, "notice.fr+de", notice("fr+de", "whois"), nil)
	golden(t, c, "test.de", notice("de", "whois"), func(_ *mailer.SlotInput, h *mailer.Headers) { h.Test = true })
	golden(t, c, "unknown_day.fr", notice("fr", "whois"), func(in *mailer.SlotInput, _ *mailer.Headers) { unknownDay(in) })
}

// unknownDay takes away every record of the day of obtaining (D4).
func unknownDay(in *mailer.SlotInput) {
	read := noon.Add(-48 * time.Hour)
	in.Facts.Contact.FirstObtainedAt, in.Facts.Contact.Name = time.Time{}, ""
	in.Facts.Acquisitions[0].ObtainedAt, in.Facts.Acquisitions[0].Basis = time.Time{}, mailer.ObtainedUnknown
	in.Facts.Acquisitions[0].Page = ""
	in.Facts.Duties[0].Due = mailer.Due{At: read, Rule: mailer.DueUnknown, Inputs: mailer.DueInputs{ReadAt: read}}
}

func golden(t *testing.T, c *Composer, name string, key mailer.SkeletonKey, change func(*mailer.SlotInput, *mailer.Headers)) {
	t.Helper()
	m := read(t, composed(t, c, key, change))
	var b strings.Builder
	var names []string
	for n := range m.header {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		fmt.Fprintf(&b, "%s: %s\n", n, m.header.Get(n))
	}
	fmt.Fprintf(&b, "\n%s\n\n=== text\n\n%s\n=== html\n\n%s", m.subject, m.text, m.html)
	file := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("%s: if the change is meant, read it aloud and run go test -update (-was +is):\n%s", name, diff)
	}
}
