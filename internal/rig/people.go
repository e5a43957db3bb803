package rig

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"time"
)

// Invented people as the sample register's source "linkedin" lists them. The same
// number is always the same person, in reserved domains (RFC 2606).
var (
	givenNames  = []string{"Élodie", "Mathieu", "Jörg", "Ursula", "Harriet", "Callum", "Solène", "Björn", "Imogen", "Jean-Noël", "Käthe", "Rhys"}
	familyNames = []string{"Bérard", "Lefèvre", "Köhler", "Weiß", "Ashworth", "O'Neill", "Garnier", "von der Heide", "Patel", "d'Aubigné", "Jäger", "Byrne"}
	countries   = []string{"FR", "FR", "FR", "DE", "DE", "DE", "AT", "GB", "GB", "IE", "LI", "MC"}
	cities      = []string{"Lyon", "Lille", "Köln", "Kiel", "Leeds", "Cardiff", "Graz", "Liège", "Cork", "Basel"}
	jobs        = []string{"Head of Sales", "Ingénieure", "Buchhalter", "Purchasing manager", "Directrice financière"}
	employers   = []string{"Example Logistics", "Muster GmbH", "Société Exemple", "Sample & Sons"}
)

// WritePeople writes a file of n people, numbered from from on. The first known of
// them are people of lower numbers, spread over all of these.
func WritePeople(file string, from, n, known int) error {
	if known > 0 && from == 0 {
		return errors.New("nobody can be known in an empty database")
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	fmt.Fprintln(w, "Date added,First name,Last name,Job title,Company,LinkedIn URL,Work email,Personal email,Phone,City,Country,Email visibility")
	day := time.Now().UTC().Truncate(24 * time.Hour)
	for i := range n {
		number := from + i
		if i < known {
			number = i * (from / known)
		}
		writePerson(w, number, day)
	}
	return errors.Join(w.Flush(), f.Close())
}

// writePerson writes a row. One in six was obtained long ago and is overdue.
func writePerson(w *bufio.Writer, number int, day time.Time) {
	r := rand.New(rand.NewPCG(uint64(number), 14))
	pick := func(from []string) string { return from[r.IntN(len(from))] }
	ago := r.IntN(20)
	if r.IntN(6) == 0 {
		ago = 40 + r.IntN(500)
	}
	at := day.AddDate(0, 0, -ago).Add(-time.Duration(r.IntN(86_400)) * time.Second)
	phone := ""
	if r.IntN(3) == 0 {
		phone = fmt.Sprintf("+33 1 99 %02d %02d %02d", number/10_000%100, number/100%100, number%100)
	}
	fmt.Fprintf(w, "%s,%s,%s,%s,%s,https://www.linkedin.com/in/person-%d,person.%d@example.org,,%s,%s,%s,public\n",
		at.Format(time.RFC3339), pick(givenNames), pick(familyNames), pick(jobs), pick(employers), number, number, phone, pick(cities), pick(countries))
}
