package intake

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"article14/internal/address"
	"article14/internal/calendar"
	"article14/internal/identity"
	"article14/internal/language"
	"article14/mailer"
	"article14/mailer/accept"
)

// keptOfRow bounds what a rejects file shows of a row, in bytes.
const keptOfRow = 16 << 10

// clockSlack is how far a source's clock may be ahead of ours: a day, since
// some give a date in a zone where the day has begun earlier.
const clockSlack = 24 * time.Hour

// noDateBefore is a time before any contact file: an earlier date is a sentinel
// of a program, such as 1 January 1970, and no obtaining.
var noDateBefore = time.Date(1971, 1, 1, 0, 0, 0, 0, time.UTC)

// builder makes records of rows in their fields.
type builder struct {
	settings      Settings
	form          calendar.Form
	latest        time.Time // an obtaining behind it lies in the future
	visibility    map[string]mailer.Visibility
	hasVisibility bool
	days          cache[time.Time]
	countries     cache[string]
	languages     cache[string]
	unread        dateTally
	names         nameTally
	seen          valueTally // of visibility
	digest        []byte     // room
}

func newBuilder(s Settings) (*builder, error) {
	if s.Zone == nil || s.Now == nil {
		return nil, errors.New("intake needs the controller's zone and a clock")
	}
	pattern := s.DateFormat
	if pattern == "" {
		pattern = s.Source.DateFormat
	}
	form, err := calendar.ParseForm(pattern)
	if err != nil {
		return nil, fmt.Errorf("the date form %q %w", clip(pattern, 80), err)
	}
	b := &builder{settings: s, form: form, latest: s.Now().Add(clockSlack), visibility: map[string]mailer.Visibility{}}
	for _, v := range []mailer.Visibility{mailer.VisiblePublic, mailer.VisibleRestricted, mailer.VisibleUnknown} {
		b.visibility[string(v)] = v // the words stand for themselves unless the table says otherwise
	}
	for _, m := range []mailer.Mapping{s.Source.Columns, s.Mapping} {
		for value, v := range m.Visibility {
			b.visibility[folded(value)] = v
		}
	}
	return b, nil
}

// mapped is told which fields the file has.
func (b *builder) mapped(has func(field) bool) { b.hasVisibility = has(fVisibility) }

func folded(s string) string { return strings.ToLower(oneLine(s)) }

// fault is what is wrong with a field.
type fault struct {
	field  field
	reason string
}

// record makes a record of a row's values, or says why it cannot. Of a row that
// nothing recognises again, all cells are needed, read or not.
func (b *builder) record(line int64, v *values, raw string, cells ...string) (accept.Record, *accept.Refusal) {
	rec := accept.Record{Line: line, Row: clip(raw, keptOfRow)}
	if f := b.fill(&rec, v); f != nil {
		return accept.Record{}, &accept.Refusal{Line: line, Field: f.field.String(), Reason: f.reason, Row: rec.Row}
	}
	if rec.Contact.Name == "" && len(rec.Emails) == 0 && rec.ProfileURL == "" && rec.SourceRef == "" && rec.Phone == "" {
		return accept.Record{}, &accept.Refusal{Line: line, Reason: "nobody is in this row, neither a name nor anything to recognise a person by: leave it out, or map the columns that tell", Row: rec.Row}
	}
	rec.Digest = b.digestOf(cells)
	return rec, nil
}

func (b *builder) fill(rec *accept.Record, v *values) *fault {
	if f := b.readName(rec, v); f != nil {
		return f
	}
	if f := b.readChannels(rec, v); f != nil {
		return f
	}
	if f := b.readProfile(rec, v); f != nil {
		return f
	}
	if f := b.readPlace(rec, v); f != nil {
		return f
	}
	if f := b.readDates(rec, v); f != nil {
		return f
	}
	b.readVisibility(rec, v)
	return nil
}

// readName joins a name in two columns. A line break in a name is refused: it
// could end a header of a mail, and no name has one.
func (b *builder) readName(rec *accept.Record, v *values) *fault {
	for _, f := range [...]field{fName, fGivenName, fFamilyName} {
		v[f] = trimmed(v[f])
		if what := breaks(v[f]); what != "" {
			return &fault{f, what + " in the name: remove it at the source"}
		}
		if utf8.RuneCountInString(v[f]) > maxText {
			return &fault{f, tooLong(maxText)}
		}
		v[f] = singleBlanks(v[f])
	}
	rec.Contact.Name = v[fName]
	if rec.Contact.Name == "" {
		rec.Contact.Name = strings.TrimSpace(v[fGivenName] + " " + v[fFamilyName])
	}
	return nil
}

// readChannels reads addresses and telephone. One address that is none refuses
// the row, even beside others: somebody meant to be told there.
func (b *builder) readChannels(rec *accept.Record, v *values) *fault {
	for _, f := range [...]field{fEmail, fEmail2} {
		if isNothing(v[f]) {
			continue
		}
		a, err := address.Parse(v[f])
		if err != nil {
			return &fault{f, plainReason(err)}
		}
		if rec.Contact.Name == "" {
			rec.Contact.Name = oneLine(a.Name())
		}
		if n := a.Normal(); len(rec.Emails) == 0 || rec.Emails[0].Normal != n {
			rec.Emails = append(rec.Emails, accept.Email{Value: n, Normal: n})
		}
	}
	return text(&rec.Phone, fPhone, v, maxText)
}

// plainReason is an address error without its code.
func plainReason(err error) string {
	var refused *address.Error
	if !errors.As(err, &refused) {
		return "not an address"
	}
	return strings.TrimPrefix(refused.Error(), "address: "+string(refused.Reason)+": ")
}

func (b *builder) readProfile(rec *accept.Record, v *values) *fault {
	rec.ProfileURL = trimmed(v[fProfileURL])
	if _, ok := identity.ProfileURL(rec.ProfileURL); rec.ProfileURL != "" && !ok {
		return &fault{fProfileURL, "not the web address of a person's page: correct it, or leave the cell empty"}
	}
	if trimmed(v[fPage]) == "" {
		v[fPage] = rec.ProfileURL // the page on which they were found, unless a column says otherwise (S1)
	}
	return firstFault(
		text(&rec.SourceRef, fSourceRef, v, maxText),
		text(&rec.Page, fPage, v, maxPage),
		text(&rec.Contact.Organisation, fOrganisation, v, maxText),
		text(&rec.Contact.JobTitle, fJobTitle, v, maxText),
	)
}

// readPlace reads what the language is chosen by. A country or language that
// is none is unknown; the controller's rule for that decides (L1). So is a
// language that the source's tool fills in by itself.
func (b *builder) readPlace(rec *accept.Record, v *values) *fault {
	rec.Contact.Country = b.countries.get(v[fCountry], b.country)
	rec.Contact.Language = b.languages.get(v[fLanguage], b.language)
	return firstFault(
		text(&rec.Contact.Region, fRegion, v, maxText),
		text(&rec.Contact.City, fCity, v, maxText),
		text(&rec.Contact.PostalCode, fPostalCode, v, maxText),
		b.readStreet(rec, v),
	)
}

// readStreet reads the lines before the town, of one column or several; a cell may hold
// some, one below the other. What is no street is no postal address: then town and
// country serve for the language alone.
func (b *builder) readStreet(rec *accept.Record, v *values) *fault {
	var lines []string
	for _, f := range [...]field{fStreet, fStreet2, fStreet3} {
		if isNothing(v[f]) {
			continue
		}
		if utf8.RuneCountInString(v[f]) > maxText {
			return &fault{f, tooLong(maxText)}
		}
		for _, line := range strings.FieldsFunc(v[f], func(r rune) bool { return r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029' || r == '\v' }) {
			if line = oneLine(line); line != "" && !slices.Contains(lines, line) {
				lines = append(lines, line)
			}
		}
	}
	if len(lines) == 0 {
		return nil
	}
	c := rec.Contact
	rec.Postal = mailer.PostalAddress{Street: lines, Postcode: c.PostalCode, Locality: c.City, Region: c.Region, Country: c.Country}
	return nil
}

func (b *builder) country(s string) string {
	code, ok := language.Country(oneLine(s))
	b.names.saw(fCountry, s, ok)
	return code
}

func (b *builder) language(s string) string {
	lang, ok := language.Normalise(oneLine(s))
	b.names.saw(fLanguage, s, ok)
	if slices.Contains(b.settings.Source.IgnoredLanguages, lang) {
		return ""
	}
	return lang
}

// readDates leaves a missing date zero: whether it may be missing is not for
// the file to say (D4). A first communication may lie ahead: it is planned then.
func (b *builder) readDates(rec *accept.Record, v *values) *fault {
	bad := firstFault(
		b.date(&rec.ObtainedAt, fObtainedAt, v),
		b.date(&rec.FirstCommunication, fFirstCommunication, v),
		b.date(&rec.FirstDisclosure, fFirstDisclosure, v),
		b.date(&rec.ToldAt, fToldAt, v),
		text(&rec.ToldProof, fToldProof, v, maxText),
	)
	if bad != nil {
		return bad
	}
	if rec.ObtainedAt.After(b.latest) {
		return &fault{fObtainedAt, "the date lies in the future, when nothing can have been obtained: correct it at the source"}
	}
	return nil
}

func (b *builder) date(to *time.Time, f field, v *values) *fault {
	s := oneLine(v[f])
	if isNothing(s) {
		return nil
	}
	at, reason := b.readDate(s)
	if reason != "" {
		return &fault{f, reason}
	}
	if at.Before(noDateBefore) {
		return &fault{f, "before 1971, when no such file existed: correct the date, or leave the cell empty"}
	}
	*to = at
	return nil
}

// readVisibility keeps what the file says; what unknown means is the source's
// rule (S4), and decided where duties are opened.
func (b *builder) readVisibility(rec *accept.Record, v *values) {
	switch meaning, known := b.visibility[folded(v[fVisibility])]; {
	case b.hasVisibility && known:
		rec.Visibility = meaning
	case !b.hasVisibility && b.settings.Source.Public:
		rec.Visibility = mailer.VisiblePublic
	default:
		rec.Visibility = mailer.VisibleUnknown
		if b.hasVisibility {
			b.seen.saw(v[fVisibility])
		}
	}
}

// text reads a field of one line.
func text(to *string, f field, v *values, most int) *fault {
	*to = oneLine(v[f])
	if utf8.RuneCountInString(*to) > most {
		return &fault{f, tooLong(most)}
	}
	return nil
}

func tooLong(most int) string {
	return fmt.Sprintf("longer than %d characters: is the right column mapped?", most)
}

func firstFault(faults ...*fault) *fault {
	for _, f := range faults {
		if f != nil {
			return f
		}
	}
	return nil
}

// digestOf is SHA-256 over all cells of a row, each with its length, so that a
// person without an identifier is recognised when the same row is read again,
// and only then. Cells that no field is read from count as well: two people of
// one name in one town may differ by their street alone, and are not one.
func (b *builder) digestOf(cells []string) []byte {
	d := b.digest[:0]
	for _, cell := range cells {
		cell = oneLine(cell)
		d = append(strconv.AppendInt(d, int64(len(cell)), 10), ':')
		d = append(d, cell...)
	}
	b.digest = d
	sum := sha256.Sum256(d)
	return sum[:]
}
