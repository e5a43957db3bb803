package sample

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// land is where people of the layouts live.
type land struct {
	code, french, german string // the country in files of each kind
	language             string // its first language by code, in capitals as tools write it
	spelled              string // the same by its name
	cities               []string
	given, family        []string
}

// western are countries whose names a Windows-1252 file can hold.
var western = []land{
	{"FR", "France", "Frankreich", "FR", "français", []string{"Lyon", "Nîmes", "Besançon"}, []string{"Hélène", "Benoît", "Maëva", "Loïc"}, []string{"Ferré", "Lebœuf", "Gaçon"}},
	{"BE", "Belgique", "Belgien", "NL", "Nederlands", []string{"Namur", "Gent", "Liège"}, []string{"Jef", "Marie-Ève"}, []string{"Peeters", "Dewaële"}},
	{"DE", "Allemagne", "Deutschland", "DE", "German", []string{"Köln", "Görlitz"}, []string{"Jürgen", "Käthe", "Sören"}, []string{"Weiß", "Groß", "Müller"}},
	{"ES", "Espagne", "Spanien", "ES", "español", []string{"Logroño", "Cádiz"}, []string{"Íñigo", "Begoña"}, []string{"Núñez", "Ibáñez"}},
	{"IE", "Irlande", "Irland", "GA", "English", []string{"Cork", "Galway"}, []string{"Siobhán", "Oisín"}, []string{"Ó Briain", "Byrne"}},
	{"SE", "Suède", "Schweden", "SV", "svenska", []string{"Göteborg", "Malmö"}, []string{"Märta", "Åke"}, []string{"Sjöberg", "Öst"}},
	{"CH", "Suisse", "Schweiz", "DE", "Deutsch", []string{"Genève", "Zürich"}, []string{"Reto", "Béatrice"}, []string{"Bünzli", "Rochat"}},
	{"PT", "Portugal", "Portugal", "PT", "português", []string{"Guimarães", "Évora"}, []string{"Conceição", "João"}, []string{"Simões", "Falcão"}},
	{"IS", "Islande", "Island", "IS", "íslenska", []string{"Akureyri"}, []string{"Þóra", "Ægir"}, []string{"Jónsdóttir", "Þórsson"}},
}

// everywhere adds those that it cannot hold.
var everywhere = append([]land{
	{"PL", "Pologne", "Polen", "PL", "polski", []string{"Łódź", "Kraków"}, []string{"Łucja", "Świętosław"}, []string{"Wójcik", "Żak"}},
	{"CZ", "Tchéquie", "Tschechien", "CS", "čeština", []string{"Ústí nad Labem", "Brno"}, []string{"Řehoř", "Zdeněk"}, []string{"Šťastná", "Dvořák"}},
	{"SK", "Slovaquie", "Slowakei", "SK", "slovenčina", []string{"Žilina"}, []string{"Ľubica", "Števo"}, []string{"Kováč", "Hruška"}},
	{"HU", "Hongrie", "Ungarn", "HU", "magyar", []string{"Győr", "Pécs"}, []string{"Ágota", "Örs"}, []string{"Szőke", "Űri"}},
	{"RO", "Roumanie", "Rumänien", "RO", "română", []string{"București", "Iași"}, []string{"Țuca", "Ștefan"}, []string{"Brâncoveanu", "Țepeneag"}},
	{"BG", "Bulgarie", "Bulgarien", "BG", "български", []string{"Пловдив"}, []string{"Йордан", "Мария"}, []string{"Димитров", "Иванова"}},
	{"GR", "Grèce", "Griechenland", "EL", "Ελληνικά", []string{"Αθήνα"}, []string{"Άννα", "Γιώργος"}, []string{"Ιωάννου", "Χρίστου"}},
	{"HR", "Croatie", "Kroatien", "HR", "hrvatski", []string{"Split"}, []string{"Đurđica", "Željko"}, []string{"Kovačić", "Žunić"}},
	{"LV", "Lettonie", "Lettland", "LV", "latviešu", []string{"Rīga"}, []string{"Ņina", "Jānis"}, []string{"Bērziņš", "Kalniņa"}},
	{"LT", "Lituanie", "Litauen", "LT", "lietuvių", []string{"Šiauliai"}, []string{"Eglė", "Žydrūnas"}, []string{"Šimkutė", "Kazlauskas"}},
	{"MT", "Malte", "Malta", "MT", "Malti", []string{"Żabbar"}, []string{"Ċensa", "Ġorġ"}, []string{"Żammit", "Għawdxi"}},
	{"TR", "Turquie", "Türkei", "TR", "Türkçe", []string{"İzmir"}, []string{"Çiğdem", "Işık"}, []string{"Öztürk", "Şahin"}},
}, western...)

var westernEmployers = []string{"Globex", "Initech; S.A.", `"Umbrella" GmbH & Co. KG`, "Øre A/S", "Vandelay Sàrl"}

// crowd invents different people, as many as are asked for.
type crowd struct {
	rnd  *rand.Rand
	mark string // in their addresses: it tells the people of one file from those of another
	n    int
}

// someone is one of them.
type someone struct {
	given, family, city, email, phone string
	plain                             string // the name as addresses have it
	country                           land
	n                                 int
}

func (c *crowd) next() someone { return c.nextFrom(everywhere) }

func (c *crowd) nextFrom(lands []land) someone {
	l := pick(c.rnd, lands)
	v := someone{given: pick(c.rnd, l.given), family: pick(c.rnd, l.family), city: pick(c.rnd, l.cities), country: l, n: c.n}
	c.n++
	v.plain = strings.Trim(ascii(v.given)+"."+ascii(v.family), ".")
	if v.plain == "" {
		v.plain = "user"
	}
	v.email = fmt.Sprintf("%s.%s%d@%s", v.plain, c.mark, v.n, pick(c.rnd, domains))
	if c.rnd.IntN(3) == 0 {
		v.phone = fmt.Sprintf("+33 199%08d", v.n)
	}
	return v
}

// found is when somebody was found: in the six weeks before [Day].
func (c *crowd) found() time.Time {
	return Day.Add(-time.Duration(1+c.rnd.IntN(42*24*60)) * time.Minute)
}

func (c *crowd) stamp() string { return c.found().Format(time.RFC3339) }

func upperDomain(email string) string {
	local, domain, _ := strings.Cut(email, "@")
	return local + "@" + strings.ToUpper(domain)
}

func jsonText(s string) string {
	b, _ := json.Marshal(s) // a text always marshals
	return string(b)
}
