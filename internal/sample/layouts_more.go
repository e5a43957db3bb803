package sample

import (
	"fmt"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"article14/mailer"
)

// frenchSpreadsheet is in Windows-1252, parted by semicolons, with the day
// first, countries by their French names and a total line.
var frenchSpreadsheet = Layout{
	Name: "French spreadsheet", FileName: "tableur.csv",
	Source: named("tableur", "Annuaire Exemple", mailer.KindWebsite, "DD/MM/YYYY", map[string]string{
		"family_name": "Nom", "given_name": "Prénom", "organisation": "Société", "email": "Adresse électronique", "phone": "Téléphone",
		"postal_code": "Code postal", "city": "Ville", "country": "Pays", "obtained_at": "Date de collecte",
	}),
	write: func(s *sheet, c *crowd, rows int) {
		s.comma, s.encoding = ";", charmap.Windows1252
		s.head("Civilité", "Nom", "Prénom", "Société", "Adresse électronique", "Téléphone", "Code postal", "Ville", "Pays", "Date de collecte")
		for range rows {
			v := c.nextFrom(western)
			s.person(pick(c.rnd, []string{"M.", "Mme"}), v.family, v.given, pick(c.rnd, westernEmployers), v.email, "01 99 00 12 34",
				fmt.Sprintf("%05d", 1000+c.rnd.IntN(94000)), v.city, v.country.french, c.found().Format("02/01/2006"))
		}
		s.fault("", "a total line, not a person")
		s.line("Total", fmt.Sprint(rows), "", "", "", "", "", "", "", "")
	},
}

// brokerList is what a spreadsheet calls Unicode text: UTF-16 with its mark,
// tabs, and German dates. A third of its people have a street and no address.
var brokerList = Layout{
	Name: "broker list", FileName: "broker.txt",
	Source: named("broker", "Datenhaus Beispiel GmbH", mailer.KindBroker, "DD.MM.YYYY", map[string]string{
		"name": "name", "email": "email", "country": "country", "postal_code": "zip", "city": "city", "obtained_at": "obtained",
	}),
	write: func(s *sheet, c *crowd, rows int) {
		s.comma, s.encoding = "\t", unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
		s.text("\ufeff")
		s.head("name", "email", "country", "street", "zip", "city", "obtained")
		for range rows {
			v := c.next()
			if v.n%3 == 0 {
				v.email = ""
			}
			s.person(v.given+" "+v.family, v.email, pick(c.rnd, []string{v.country.code, v.country.german}), "Hauptstr. 1", "10115", v.city,
				c.found().Format("02.01.2006"))
		}
	},
}

// hardCases has one of each that a reader gets wrong, among ordinary people.
var hardCases = Layout{
	Name: "hard cases", FileName: "hard.csv",
	Source: named("hard", "A list of hard cases", mailer.KindCompany, "", map[string]string{
		"source_ref": "id", "name": "name", "email": "email", "country": "country", "language": "language", "obtained_at": "obtained",
		"profile_url": "url",
	}),
	write: func(s *sheet, c *crowd, rows int) {
		s.end = "\n"
		s.head("id", "name", "email", "country", "language", "obtained", "url", "note")
		day := c.found().Format("2006-01-02")
		for i, h := range hardRows {
			switch {
			case h.says != "":
				s.fault(h.field, h.says)
			case h.undated:
				s.expect.Undated++
				fallthrough
			default:
				s.count()
				s.expect.People++
			}
			obtained := day
			if h.obtained != "" || h.undated {
				obtained = h.obtained
			}
			s.line(fmt.Sprintf("k%02d", i), h.name, h.email, h.country, h.language, obtained, fmt.Sprintf("https://hard.example/%d", i), h.note)
		}
		for range rows - len(hardRows) {
			v := c.next()
			s.person(fmt.Sprintf("n%d", v.n), v.given+" "+v.family, v.email, v.country.code, "", c.found().Format("2006-01-02"),
				fmt.Sprintf("https://soft.example/%d", v.n), "")
		}
	},
}

var hardRows = []struct {
	name, email, country, language, obtained, note string
	undated                                        bool
	field, says                                    string // of rows that must be refused
}{
	{name: "Günther Maß", email: "günther@example.com", country: "DE", language: "de", note: "needs SMTPUTF8"},
	{name: "Domain", email: "desk@brücke.example", country: "DE", note: "IDN"},
	{name: "Tagged", email: "joan+may@example.com", country: "IE", note: "not the next person"},
	{name: "Untagged", email: "joan@example.com", country: "IE"},
	{name: "Quoted", email: `"mary ann"@example.com`, country: "UK", note: "a quoted local part; UK is GB"},
	{name: "Case", email: "KeepsIts@CASE.example", country: "NL"},
	{name: "No address", email: "mary(at)example.com", country: "FR", field: "email", says: "local-part@domain"},
	{name: "Two addresses", email: "x@example.com; y@example.com", country: "FR", field: "email", says: "one address"},
	{name: "Display", email: "Dis Play <display@example.com>", country: "FR"},
	{name: "Header\nCc: other@example.com", email: "header@example.com", country: "FR", field: "name", says: "a line break in the name"},
	{name: `=WEBSERVICE("http://formula.example")`, email: "sheet@example.com", country: "FR", note: "a formula"},
	{name: "<img src=x onerror=alert(1)>", email: "markup@example.com", country: "FR"},
	{name: "{{.Keys}} $HOME %d", email: "slots@example.com", country: "FR"},
	{name: "فاطمة بنت أحمد", email: "right@example.com", country: "FR", note: "right to left"},
	{name: strings.Repeat("M", 300), email: "long@example.com", country: "FR"},
	{name: "Undated", email: "undated@example.com", country: "FR", undated: true},
	{name: "Not yet", email: "notyet@example.com", country: "FR", obtained: "2041-01-01", field: "obtained_at", says: "in the future"},
	{name: "Long ago", email: "ago@example.com", country: "FR", obtained: "2021-02-28"},
	{name: "Hellas", email: "hellas@example.com", country: "EL", note: "EL is GR"},
	{name: "Nowhere", email: "nowhere@example.com", country: "XX"},
	{name: "By region", email: "region@example.com", country: "BE"},
	{name: "No mail", country: "PL", note: "another channel"},
	{name: "Nul\x00inside", email: "nul@example.com", country: "FR", note: "cleaned"},
	{name: "Turned \u202egnol\u202c", email: "turned@example.com", country: "FR", note: "direction marks are taken out"},
	{name: "Office", email: "abuse@office.example", country: "FR", note: "a role address"},
	{name: "Blanks", email: "  blanks@example.com  ", country: "FR"},
	{name: "Norwegian", email: "norwegian@example.com", country: "NO", language: "no", note: "no is nb"},
	{name: "Chinese", email: "chinese@example.com", country: "FR", language: "zh"},
}

// sheet writes rows, and keeps the account of what must come of them.
type sheet struct {
	w        interface{ WriteString(string) (int, error) }
	comma    string
	end      string
	quoted   bool              // every cell
	encoding encoding.Encoding // nil: UTF-8
	encoder  *encoding.Encoder
	lines    int64
	expect   Expect
	err      error
}

// text writes what is no row.
func (s *sheet) text(text string) {
	s.lines += int64(strings.Count(text, "\n"))
	if s.encoding != nil && s.encoder == nil {
		s.encoder = s.encoding.NewEncoder()
	}
	if s.encoder != nil {
		coded, err := s.encoder.String(text)
		if err != nil && s.err == nil {
			s.err = fmt.Errorf("line %d cannot be written in the file's encoding: %w", s.lines, err)
		}
		text = coded
	}
	s.w.WriteString(text) // a bufio.Writer keeps its error until it is flushed
}

func (s *sheet) head(cells ...string) { s.line(cells...) }

// person writes a row with somebody who is not in the file yet.
func (s *sheet) person(cells ...string) {
	s.expect.People++
	s.again(cells...)
}

// again writes a row with somebody who is.
func (s *sheet) again(cells ...string) {
	s.count()
	s.line(cells...)
}

func (s *sheet) count() { s.expect.Rows++ }

// fault announces that the next row must be refused.
func (s *sheet) fault(field, says string) {
	s.count()
	s.expect.Faults = append(s.expect.Faults, Fault{Line: s.lines + 1, Field: field, Says: says})
}

func (s *sheet) line(cells ...string) {
	var b strings.Builder
	for i, cell := range cells {
		if i > 0 {
			b.WriteString(s.comma)
		}
		if s.quoted || strings.ContainsAny(cell, s.comma+"\"\r\n") {
			cell = `"` + strings.ReplaceAll(cell, `"`, `""`) + `"`
		}
		b.WriteString(cell)
	}
	b.WriteString(s.end)
	s.text(b.String())
}
