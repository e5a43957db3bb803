package sample

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"article14/mailer"
)

// Day is the day before which everybody in the files of [Layouts] was found:
// read them with a clock that is not before it.
var Day = time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)

// Layout is a kind of contact file as a tool really writes it, with what a
// register has to say about its source so that it can be read.
type Layout struct {
	Name     string
	FileName string
	Source   mailer.Source

	write func(*sheet, *crowd, int)
}

// Expect is what must come of a file: each of its rows is refused as Faults
// says, or belongs to one of People. The others are merged.
type Expect struct {
	Rows    int     // that begin in the file, the refused ones included
	People  int     // different people in the rows that are not refused
	Undated int     // of those people the ones without a date: refused unless the import has a basis (D4)
	Faults  []Fault // in the order of the file
}

// Fault is a row that must be refused.
type Fault struct {
	Line  int64
	Field string // "" for a fault of the row as a whole
	Says  string // stands in the reason
}

// Layouts lists them. Nobody is in files of two of them.
func Layouts() []Layout {
	return []Layout{leadTool, socialNetwork, customerDatabase, frenchSpreadsheet, registryDump, brokerList, hardCases}
}

// Write invents a file with the given number of ordinary rows, but not fewer
// than its special rows need. The same seed gives the same bytes. Rows are
// written as they are made: a file may be of any size.
func (l Layout) Write(w io.Writer, seed int64, rows int) (Expect, error) {
	out := bufio.NewWriterSize(w, 64<<10)
	s := &sheet{w: out, comma: ",", end: "\r\n"}
	l.write(s, &crowd{rnd: rand.New(rand.NewPCG(uint64(seed), 14)), mark: l.Source.Key}, rows)
	if err := out.Flush(); err != nil {
		return Expect{}, fmt.Errorf("write %s: %w", l.FileName, err)
	}
	return s.expect, s.err
}

// named is a source as far as the reading of its files needs one.
func named(key, name string, kind mailer.SourceKind, dates string, columns map[string]string) mailer.Source {
	return mailer.Source{Key: key, Names: mailer.Texts{"en": name, "fr": name, "de": name}, Kind: kind, DateFormat: dates,
		Columns: mailer.Mapping{Fields: columns}}
}

// leadTool is a browser extension's list: two address columns, and who could
// see the address. At its end people are listed again: as they were, with
// another spelling of their domain, and one with another job and address. Two
// others share a mailbox.
var leadTool = func() Layout {
	source := named("lead_tool", "LinkedIn", mailer.KindSocialNetwork, "rfc3339", map[string]string{
		"obtained_at": "Date added", "given_name": "First name", "family_name": "Last name", "job_title": "Job title", "organisation": "Company",
		"profile_url": "LinkedIn URL", "email": "Work email", "email_2": "Personal email", "phone": "Phone", "city": "City", "country": "Country",
		"visibility": "Email visibility",
	})
	source.Columns.Visibility = map[string]mailer.Visibility{
		"public": mailer.VisiblePublic, "1st-degree connections": mailer.VisibleRestricted, "2nd-degree connections": mailer.VisibleRestricted,
		"unknown": mailer.VisibleUnknown, "": mailer.VisibleUnknown,
	}
	source.Unknown = mailer.UnknownNoticeOnly
	return Layout{Name: "lead tool", FileName: "leads.csv", Source: source, write: writeLeads}
}()

func writeLeads(s *sheet, c *crowd, rows int) {
	s.text("\ufeff")
	s.head("Date added", "First name", "Last name", "Job title", "Company", "LinkedIn URL", "Work email", "Personal email", "Phone", "City",
		"Country", "Email visibility")
	var first [][]string
	for range max(rows, 10) {
		row := c.lead(c.next())
		if len(first) < 10 {
			first = append(first, row)
		}
		s.person(row...)
	}
	for _, again := range first[:3] {
		s.again(again...)
	}
	for _, again := range first[3:5] {
		again[6] = upperDomain(again[6])
		s.again(again...)
	}
	changed := first[5]
	changed[0], changed[3], changed[4], changed[6] = c.stamp(), "Chief job changer", "NewCo", "changed.job@newco.example"
	s.again(changed...)
	for range 2 {
		sharer := c.lead(c.next())
		sharer[6], sharer[7] = "desk@shop.example", ""
		s.person(sharer...)
	}
}

func (c *crowd) lead(v someone) []string {
	private := ""
	if c.rnd.IntN(5) == 0 {
		private = fmt.Sprintf("%s%d.home@example.net", v.plain, v.n)
	}
	url := fmt.Sprintf("https://www.linkedin.com/in/%s-%04x", v.plain, v.n)
	return []string{c.stamp(), v.given, v.family, pick(c.rnd, jobs), pick(c.rnd, employers), url, v.email, private, v.phone, v.city, v.country.code,
		pick(c.rnd, []string{"public", "public", "public", "public", "1st-degree connections", "2nd-degree connections", "unknown", ""})}
}

// socialNetwork is a network's own export: lines of explanation before the
// header, English dates, and hardly any addresses.
var socialNetwork = Layout{
	Name: "social network", FileName: "Connections.csv",
	Source: named("network", "LinkedIn", mailer.KindSocialNetwork, "DD MMM YYYY", map[string]string{
		"given_name": "First Name", "family_name": "Last Name", "profile_url": "URL", "email": "Email Address", "organisation": "Company",
		"job_title": "Position", "obtained_at": "Connected On",
	}),
	write: func(s *sheet, c *crowd, rows int) {
		s.text("Notes:\n")
		s.text("\"Addresses are missing from this list where their holders do not let connections have them, as most do not.\"\n")
		s.text("\n")
		s.head("First Name", "Last Name", "URL", "Email Address", "Company", "Position", "Connected On")
		for range rows {
			v := c.next()
			if c.rnd.IntN(10) < 8 {
				v.email = ""
			}
			s.person(v.given, v.family, fmt.Sprintf("https://www.linkedin.com/in/c%d", v.n), v.email, pick(c.rnd, employers), pick(c.rnd, jobs),
				c.found().Format("02 Jan 2006"))
		}
	},
}

// customerDatabase has everything in quotes, local times without a zone,
// languages in any spelling, and the date of the first mail that was sent.
var customerDatabase = func() Layout {
	source := named("crm", "Trade fair Hannover 2026", mailer.KindEvent, "YYYY-MM-DD hh:mm", map[string]string{
		"source_ref": "Record ID", "given_name": "First Name", "family_name": "Last Name", "email": "Email", "phone": "Phone Number",
		"country": "Country/Region", "language": "Preferred language", "obtained_at": "Create Date", "first_communication": "First Email Send Date",
	})
	return Layout{Name: "customer database", FileName: "crm-contacts.csv", Source: source, write: writeCustomers}
}()

func writeCustomers(s *sheet, c *crowd, rows int) {
	const local = "2006-01-02 15:04"
	s.quoted = true
	s.head("Record ID", "First Name", "Last Name", "Email", "Phone Number", "Country/Region", "Preferred language", "Create Date",
		"Original Source", "First Email Send Date")
	for range rows {
		v, found, first := c.next(), c.found(), ""
		if c.rnd.IntN(3) == 0 {
			first = found.Add(time.Duration(c.rnd.IntN(240)) * time.Hour).Format(local)
		}
		spelled := pick(c.rnd, []string{"English", "en-us", "EN", "", v.country.language, v.country.spelled})
		s.person(fmt.Sprint(90_000_000+v.n), v.given, v.family, v.email, "", v.country.code, spelled, found.Format(local),
			pick(c.rnd, []string{"Trade fair Hannover 2026", "Offline Sources", "Other Campaigns"}), first)
	}
}

// registryDump is nested JSON, an object a line, whose last line is cut off.
var registryDump = func() Layout {
	source := named("registry", "The registry of .example", mailer.KindPublicRegistry, "rfc3339", map[string]string{
		"name": "registrant.name", "email": "registrant.email", "country": "registrant.country", "city": "registrant.postal",
		"obtained_at": "retrieved", "page": "domain",
	})
	source.Public = true
	return Layout{Name: "registry dump", FileName: "registrants.ndjson", Source: source, write: func(s *sheet, c *crowd, rows int) {
		for range rows {
			v := c.next()
			s.count()
			s.expect.People++
			s.text(fmt.Sprintf(`{"domain": "site%d.example", "registrant": {"name": %s, "email": %s, "country": %q, "postal": %s}, "retrieved": %q, "registry": "whois.nic.example"}`+"\n",
				v.n, jsonText(v.given+" "+v.family), jsonText(v.email), v.country.code, jsonText("1 "+v.city),
				c.found().In(time.FixedZone("", 3600)).Format(time.RFC3339)))
		}
		s.fault("", "the file was cut off")
		s.text(`{"domain": "last.example", "registrant": {"name": "Half a`)
	}}
}()
