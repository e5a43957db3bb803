package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"article14/internal/intake"
	"article14/mailer"
	"article14/mailer/accept"
)

// fileLook is what a dry run shows of a file: as what it is read, its first
// rows as they were understood, and why rows were refused. A nil one sees nothing.
type fileLook struct {
	Layout   intake.Layout `json:"layout"`
	First    []firstRow    `json:"first_rows"`
	Refusals []refusals    `json:"refusals"`

	// Visible counts the rows by who could see the data, as they are understood (S4).
	Visible map[mailer.Visibility]int64 `json:"visibility"`

	zone   *time.Location
	source mailer.Source
	file   *intake.File
}

// firstRow is a row as it was understood, for the eyes of the person at the
// terminal and nobody else's.
type firstRow struct {
	Line       int64    `json:"line"`
	Name       string   `json:"name,omitempty"`
	Emails     []string `json:"emails,omitempty"`
	Country    string   `json:"country,omitempty"`
	Language   string   `json:"language,omitempty"`
	Obtained   string   `json:"obtained,omitempty"`
	Visibility string   `json:"visibility,omitempty"`
	Refused    string   `json:"refused,omitempty"`
}

// refusals are rows that were refused for one reason.
type refusals struct {
	Field  string `json:"field,omitempty"`
	Reason string `json:"reason"`
	Rows   int64  `json:"rows"`
	Line   int64  `json:"first_line"`
}

const mostShown = 5 // first rows

// mostReasons bounds the reasons that are told apart; some name a position.
const mostReasons = 100

// reading takes note of the file whose rows are read, and of its source.
func (k *fileLook) reading(f *intake.File, source mailer.Source) {
	if k != nil {
		k.file, k.source, k.Visible = f, source, map[mailer.Visibility]int64{}
	}
}

// layout is asked for when the rows have been read: some of it shows only then.
func (k *fileLook) layout() {
	if k.file != nil {
		k.Layout = k.file.Layout()
	}
}

// watch gives the rows of a file, and keeps the first.
func (k *fileLook) watch(rows accept.Rows) accept.Rows {
	if k == nil {
		return rows
	}
	return watchedRows{rows, k}
}

type watchedRows struct {
	accept.Rows
	look *fileLook
}

func (w watchedRows) Next() (accept.Record, *accept.Refusal, error) {
	rec, refusal, err := w.Rows.Next()
	if err == nil && refusal == nil {
		w.look.Visible[rec.Visibility]++
	}
	if err == nil && len(w.look.First) < mostShown {
		w.look.First = append(w.look.First, w.look.first(rec, refusal))
	}
	return rec, refusal, err
}

func (k *fileLook) first(rec accept.Record, refusal *accept.Refusal) firstRow {
	if refusal != nil {
		return firstRow{Line: refusal.Line, Refused: strings.TrimPrefix(refusal.Field+": ", ": ") + refusal.Reason}
	}
	row := firstRow{Line: rec.Line, Name: rec.Contact.Name, Country: rec.Contact.Country, Language: rec.Contact.Language, Visibility: string(rec.Visibility)}
	for _, e := range rec.Emails {
		row.Emails = append(row.Emails, e.Value)
	}
	if !rec.ObtainedAt.IsZero() {
		row.Obtained = rec.ObtainedAt.In(k.zone).Format("2006-01-02 15:04 -07:00")
	}
	return row
}

func (k *fileLook) refused(r accept.Refusal) {
	if k == nil {
		return
	}
	i := slices.IndexFunc(k.Refusals, func(x refusals) bool { return x.Field == r.Field && x.Reason == r.Reason })
	switch {
	case i >= 0:
		k.Refusals[i].Rows++
	case len(k.Refusals) < mostReasons:
		k.Refusals = append(k.Refusals, refusals{r.Field, r.Reason, 1, r.Line})
	case len(k.Refusals) == mostReasons:
		k.Refusals = append(k.Refusals, refusals{"", "other reasons", 1, r.Line})
	default:
		k.Refusals[mostReasons].Rows++
	}
}

// withCounts is the whole for programs; failed is why the file cannot be read so.
func (k *fileLook) withCounts(counts accept.ImportCounts, failed string) any {
	k.layout()
	return struct {
		*fileLook
		accept.ImportCounts
		Error string `json:"error,omitempty"`
	}{k, counts, failed}
}

// visibility says who could see the data, and what the source makes of those of whom
// the file does not tell: a value that nobody declared would pass for anything else (S4).
func (k *fileLook) visibility(w io.Writer) {
	if len(k.Visible) == 0 {
		return
	}
	var parts []string
	for _, v := range []mailer.Visibility{mailer.VisiblePublic, mailer.VisibleRestricted, mailer.VisibleUnknown} {
		if n := k.Visible[v]; n > 0 {
			parts = append(parts, number(n)+" "+string(v))
		}
	}
	text := "Who could see the data: " + strings.Join(parts, ", ") + "."
	if k.Visible[mailer.VisibleUnknown] > 0 {
		text += " The source takes unknown for " + words(cmp.Or(k.source.Unknown, mailer.UnknownNoticeOnly)) + "."
		if slices.ContainsFunc(k.Layout.Columns, func(c intake.ColumnUse) bool { return c.Field == "visibility" }) {
			text += " If the column of visibility says more, write what its values mean under visibility_values of the source in the register."
		}
	}
	fmt.Fprintln(w)
	sentences(w, "", text)
}

func (k *fileLook) print(w io.Writer) {
	k.layout()
	if k.Layout.Encoding == "" {
		return // it was not understood at all
	}
	k.printLayout(w)
	k.printColumns(w)
	if len(k.First) > 0 {
		fmt.Fprintln(w, "\nThe first rows, as they are understood:")
		rows := [][]string{{"LINE", "NAME", "ADDRESSES", "COUNTRY", "LANGUAGE", "OBTAINED", "VISIBILITY"}}
		for _, r := range k.First {
			if r.Refused != "" {
				rows = append(rows, []string{strconv.FormatInt(r.Line, 10), "refused: " + visible(r.Refused)})
				continue
			}
			rows = append(rows, []string{strconv.FormatInt(r.Line, 10), cut(visible(r.Name)), cut(visible(strings.Join(r.Emails, " "))), orDash(r.Country), orDash(r.Language),
				orDash(r.Obtained), r.Visibility})
		}
		table(w, rows)
	}
	if len(k.Refusals) > 0 {
		fmt.Fprintln(w, "\nRefused:")
		for _, r := range k.Refusals {
			sentences(w, "  ", fmt.Sprintf("%s, first on line %d: %s%s", counted(r.Rows, "row", "rows"), r.Line, strings.TrimPrefix(r.Field+": ", ": "), r.Reason))
		}
	}
	k.visibility(w)
	fmt.Fprintln(w)
	k.advise(w)
}

// advise prints what the file's reader says to whoever reads it in.
func (k *fileLook) advise(w io.Writer) {
	k.layout()
	for _, advice := range k.Layout.Advice {
		sentences(w, "", visible(advice))
		fmt.Fprintln(w)
	}
}

func (k *fileLook) printLayout(w io.Writer) {
	l := k.Layout
	rows := [][]string{
		{"format", string(l.Format), "--format"},
		{"encoding", l.Encoding + " (" + l.EncodingBy + ")", "--encoding"},
	}
	if l.Shows != nil {
		rows = append(rows, []string{"", fmt.Sprintf("line %d reads: %s", l.Shows.Line, visible(l.Shows.Text))})
	}
	if l.Format == intake.CSV {
		header := "none"
		if l.HeaderLine > 0 {
			header = fmt.Sprintf("line %d", l.HeaderLine)
		}
		rows = append(rows, []string{"delimiter", visible(l.Delimiter), "--delimiter"}, []string{"header", header, "--header-line"})
	}
	rows = append(rows,
		[]string{"lines", fmt.Sprintf("%d, ends: %s", l.Lines, l.LineEnds)},
		[]string{"dates", l.Dates + " (by " + l.DatesBy + ")", "--dates"},
	)
	table(w, rows)
}

func (k *fileLook) printColumns(w io.Writer) {
	fmt.Fprintln(w)
	rows := [][]string{{"FIELD", "COLUMN", "BY"}}
	for _, c := range k.Layout.Columns {
		rows = append(rows, []string{c.Field, visible(c.Column), c.By})
	}
	table(w, rows)
	if len(k.Layout.Unread) > 0 {
		sentences(w, "", "not read: "+visible(some(k.Layout.Unread, 40)))
	}
	if len(k.Layout.Suggested) == 0 {
		return
	}
	fmt.Fprintln(w, "\nSome columns that are not read are called like fields. If they are, add:")
	var flags []string
	for _, c := range k.Layout.Suggested {
		flags = append(flags, "--map "+c.Field+"="+shellQuoted(visible(c.Column)))
	}
	fmt.Fprintf(w, "  %s\nor to the source in the register:\n  columns:\n", strings.Join(flags, " "))
	for _, c := range k.Layout.Suggested {
		fmt.Fprintf(w, "    %s: %s\n", c.Field, strconv.Quote(visible(c.Column)))
	}
}

// some lists the first of many names.
func some(names []string, most int) string {
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

func shellQuoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// cut keeps a value from taking a terminal's line for itself.
func cut(s string) string {
	const most = 40
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

// visible is a text that changes nothing on a terminal but the place it stands in.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) {
			return '·'
		}
		return r
	}, s)
}
