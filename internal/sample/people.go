package sample

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// File is a contact file of one source of the sample register.
type File struct {
	Name   string
	Source string // key in the sample register
	Body   []byte
}

// failing are the local parts at which the catcher fails on order, see
// catcher.LocalParts, with how many people have them.
var failing = []struct {
	prefix string
	n      int
}{{"refuse", 12}, {"greylist", 25}, {"busy", 2}, {"full", 2}, {"reject-body", 2}, {"drop", 6}, {"drop-body", 4}, {"lost-answer", 4}}

// people is a source of invented people.
type people struct {
	rnd    *rand.Rand
	now    time.Time
	weight int
	n      int
	fails  []string // prefixes still to be given out
}

// invented is one person.
type invented struct {
	given, family, country, city, language, email, phone string
	n                                                    int
}

// fewest is how many people it takes for a file of each source, and for the
// rows among them that repeat others.
const fewest = 20

// Files invents n people, or 20 if n is less, who were known before now, over
// three sources.
func Files(n int, seed uint64, now time.Time) []File {
	n = max(n, fewest)
	p := &people{rnd: rand.New(rand.NewPCG(seed, 14)), now: now}
	for _, pl := range places {
		p.weight += pl.weight
	}
	for _, f := range failing {
		for range f.n * n / 1000 {
			p.fails = append(p.fails, f.prefix)
		}
	}
	leads, shared := p.leads(n * 55 / 100)
	registrants := p.registrants(n * 25 / 100)
	visitors := p.visitors(n*20/100, shared)
	return []File{
		{"leads.csv", "linkedin", leads},
		{"registrants.ndjson", "whois", registrants},
		{"visitors.csv", "trade_fair", visitors},
	}
}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

func (p *people) place() place {
	w := p.rnd.IntN(p.weight)
	for _, pl := range places {
		if w -= pl.weight; w < 0 {
			return pl
		}
	}
	return places[0]
}

func (p *people) person() invented {
	pl := p.place()
	v := invented{given: pick(p.rnd, pl.given), family: pick(p.rnd, pl.family), country: pl.country, city: pick(p.rnd, pl.cities),
		language: pick(p.rnd, pl.language), n: p.n}
	local := fmt.Sprintf("%s.%s%d", ascii(v.given), ascii(v.family), v.n)
	if len(p.fails) > 0 && p.rnd.IntN(8) == 0 {
		local, p.fails = fmt.Sprintf("%s-%d", p.fails[0], v.n), p.fails[1:]
	}
	v.email = local + "@" + pick(p.rnd, domains)
	if p.rnd.IntN(3) == 0 {
		v.phone = fmt.Sprintf("+33 1 99 00 %02d %02d", v.n/100%100, v.n%100)
	}
	p.n++
	return v
}

var asciiLetters = strings.NewReplacer("ß", "ss", "ø", "o", "ł", "l")

// ascii writes a name as people write addresses: without marks and blanks.
func ascii(s string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(asciiLetters.Replace(s))) {
		if r < unicode.MaxASCII && unicode.IsLetter(r) {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// obtained is when a person's data were taken: mostly in the last month, for one
// in six long ago, so that the demo has people who are late.
func (p *people) obtained() time.Time {
	days := p.rnd.IntN(27)
	if p.rnd.IntN(6) == 0 {
		days = 40 + p.rnd.IntN(500)
	}
	return p.now.Add(-time.Duration(days)*24*time.Hour - time.Duration(p.rnd.IntN(86400))*time.Second).Truncate(time.Second)
}

// visibility is who could see the address: mostly everybody.
func (p *people) visibility() string {
	switch p.rnd.IntN(20) {
	case 0:
		return pick(p.rnd, []string{"1st-degree connections", "2nd-degree connections"})
	case 1:
		return pick(p.rnd, []string{"unknown", ""})
	}
	return "public"
}

// leads is a browser extension's export: a list with faults, two people on one
// mailbox, and one person listed twice. It also gives people whom another source has as well.
func (p *people) leads(n int) (body []byte, shared []invented) {
	rows := [][]string{{"Date added", "First name", "Last name", "Job title", "Company", "LinkedIn URL", "Work email", "Personal email",
		"Phone", "Street", "Postal code", "City", "Country", "Email visibility"}}
	for i := range n {
		v := p.person()
		row := p.lead(v)
		switch {
		case i%40 == 7:
			p.unmailable(row, v, i/40)
		case i%60 == 11:
			row[7] = fmt.Sprintf("%s%d.home@example.net", ascii(v.given), v.n) // a second address
		case i%25 == 3:
			shared = append(shared, v)
		}
		rows = append(rows, row)
	}
	rows = append(rows, p.faults(rows)...)
	return csvBytes(rows), shared
}

func (p *people) lead(v invented) []string {
	url := fmt.Sprintf("https://www.linkedin.com/in/%s-%s-%04d", ascii(v.given), ascii(v.family), v.n)
	street, code := "", ""
	if v.n%2 == 0 { // half of the tool's profiles show one, among them people whose mailbox is dead
		street, code = v.home()
	}
	return []string{p.obtained().UTC().Format(time.RFC3339), v.given, v.family, pick(p.rnd, jobs), pick(p.rnd, employers), url, v.email, "",
		v.phone, street, code, v.city, v.country, p.visibility()}
}

// unmailable takes the address of mail from a row: in turns, the person has a postal
// address alone, a telephone alone, or nothing at all. The duty stands.
func (p *people) unmailable(row []string, v invented, turn int) {
	const email, phone, street, code = 6, 8, 9, 10
	row[email], row[phone], row[street], row[code] = "", "", "", ""
	switch turn % 3 {
	case 0:
		row[street], row[code] = v.home()
	case 1:
		row[phone] = fmt.Sprintf("+33 1 99 00 %02d %02d", v.n/100%100, v.n%100)
	}
}

// home is a street that is nowhere, with a code that no post has given out.
func (v invented) home() (street, code string) {
	code = "00" + strconv.Itoa(100+v.n%900)
	switch v.country {
	case "FR", "BE", "CH", "LU":
		return fmt.Sprintf("%d rue de l’Exemple", v.n+1), code
	case "DE", "AT", "LI":
		return fmt.Sprintf("Beispielstraße %d", v.n+1), code
	}
	return fmt.Sprintf("%d Sample Street", v.n+1), code
}

// faults are rows that a careful import must treat on purpose.
func (p *people) faults(rows [][]string) [][]string {
	again := append([]string(nil), rows[1]...)
	again[3] = "Directrice générale" // the same person with a new job: merged
	family := p.lead(p.person())
	partner := append([]string(nil), family...)
	partner[1], partner[5] = "Dominique", family[5]+"-partner" // two people on one mailbox
	notAnAddress := p.lead(p.person())
	notAnAddress[6] = "someone(at)example.com"
	future := p.lead(p.person())
	future[0] = p.now.AddDate(5, 0, 0).Format(time.RFC3339)
	undated := p.lead(p.person())
	undated[0] = ""
	hostile := p.lead(p.person())
	hostile[1], hostile[2] = "<script>alert(1)</script>", "{{.Env}} ${PATH} %s"
	far := p.lead(p.person())
	far[1], far[2], far[6], far[8], far[11], far[12] = "小明", "王", "", "", "Lyon", "FR" // a letter that no font here prints
	far[9], far[10] = invented{country: "FR", n: 7}.home()
	office := p.lead(p.person())
	office[1], office[2], office[6] = "", "", "abuse@example.com"
	return [][]string{rows[2], rows[3], again, family, partner, notAnAddress, future, undated, hostile, far, office}
}

// registrants is a registry's dump.
func (p *people) registrants(n int) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	type registrant struct {
		Name    string `json:"name"`
		Email   string `json:"email,omitempty"`
		Country string `json:"country"`
	}
	zone := time.FixedZone("", 3600)
	for range n {
		v := p.person()
		e.Encode(struct {
			Domain     string     `json:"domain"`
			Registrant registrant `json:"registrant"`
			Retrieved  string     `json:"retrieved"`
		}{fmt.Sprintf("site%d.example", v.n), registrant{v.given + " " + v.family, v.email, v.country}, p.obtained().In(zone).Format(time.RFC3339)})
	}
	return b.Bytes()
}

// visitors is a customer database's export, with local times and languages in
// any spelling. Some of its people are known from elsewhere: one mail names both sources.
func (p *people) visitors(n int, shared []invented) []byte {
	rows := [][]string{{"Record ID", "First Name", "Last Name", "Email", "Phone Number", "Country/Region", "Preferred language", "Create Date",
		"First Email Send Date"}}
	for i := range n {
		var v invented
		if i < len(shared) {
			v = shared[i]
		} else {
			v = p.person()
		}
		rows = append(rows, []string{fmt.Sprintf("%d", 90000000+i), v.given, v.family, v.email, v.phone, v.country, v.language,
			p.obtained().Format("2006-01-02 15:04"), ""})
	}
	return csvBytes(rows)
}

func csvBytes(rows [][]string) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.WriteAll(rows) // a buffer takes everything
	return b.Bytes()
}
