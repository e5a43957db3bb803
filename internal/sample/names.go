package sample

// place is where invented people live, with the share of them that do.
type place struct {
	country  string // as the file spells it
	cities   []string
	weight   int
	given    []string
	family   []string
	language []string // stated preferences; "" is none
}

var places = []place{
	{"FR", []string{"Lyon", "Lille", "Nantes", "Rennes"}, 21,
		[]string{"Élodie", "Mathieu", "Chloé", "Hervé", "Solène", "Jean-Noël", "Anaïs", "Gaëtan", "Maëlle", "Rémi"},
		[]string{"Bérard", "Lefèvre", "Garnier", "Le Goff", "Façon", "d'Aubigné", "Noël", "Martin-Roux", "Delaunay", "Perrin"}, []string{""}},
	{"DE", []string{"Görlitz", "Köln", "Kiel", "Freiburg"}, 20,
		[]string{"Jörg", "Ursula", "Käthe", "Björn", "Lieselotte", "Günter", "Annika", "Sören", "Mareike", "Thilo"},
		[]string{"Köhler", "Weiß", "Groß", "von der Heide", "Müller-Lüdenscheidt", "Straße", "Ackermann", "Brüggemann", "Öztürk", "Jäger"}, []string{""}},
	{"AT", []string{"Wien", "Graz", "Linz"}, 8,
		[]string{"Franziska", "Alois", "Resi", "Ferdl", "Veronika"}, []string{"Huber", "Gruber", "Wögerbauer", "Stöckl", "Pichler"}, []string{""}},
	{"GB", []string{"Leeds", "Cardiff", "Glasgow"}, 9,
		[]string{"Harriet", "Callum", "Imogen", "Rhys", "Priya"}, []string{"Ashworth", "O'Neill", "Featherstone", "Patel", "Llewellyn"}, []string{""}},
	{"IE", []string{"Cork", "Galway"}, 7,
		[]string{"Siobhán", "Éamon", "Niamh", "Oisín"}, []string{"Ó Briain", "Kelleher", "Ní Dhomhnaill", "Byrne"}, []string{""}},
	{"BE", []string{"Liège", "Namur", "Charleroi"}, 6,
		[]string{"Benoît", "Marie-Ange", "Thérèse"}, []string{"Dubois", "Van Hove", "Lambert"}, []string{""}},
	{"CH", []string{"Zürich", "Genève", "Basel"}, 5,
		[]string{"Urs", "Béatrice", "Reto"}, []string{"Zürcher", "Rochat", "Bünzli"}, []string{""}},
	{"LU", []string{"Esch-sur-Alzette", "Luxembourg"}, 4,
		[]string{"Luc", "Josée", "Fränk"}, []string{"Schmit", "Weber", "Reuter"}, []string{""}},
	{"LI", []string{"Vaduz"}, 1, []string{"Kathrin", "Noldi"}, []string{"Marxer", "Oehri"}, []string{""}},
	{"NL", []string{"Utrecht", "Delft"}, 4,
		[]string{"Jan-Willem", "Sjoukje", "Daniëlle"}, []string{"van 't Hoff", "de Graaf", "IJsselmuiden"}, []string{"en", "English", ""}},
	{"ES", []string{"Logroño", "Cádiz"}, 4,
		[]string{"Íñigo", "Begoña", "Jesús"}, []string{"Núñez", "Ibáñez", "de la Peña"}, []string{"FR", "en-us", ""}},
	{"IT", []string{"Forlì", "Cefalù"}, 3,
		[]string{"Niccolò", "Giosuè", "Lucia"}, []string{"Però", "D'Amico", "Cantù"}, []string{"Deutsch", ""}},
	{"PL", []string{"Łódź", "Kraków"}, 4,
		[]string{"Łukasz", "Żaneta", "Michał"}, []string{"Wiśniewski", "Dąbrowska", "Święty"}, []string{"EN", "de", ""}},
	{"", []string{""}, 2, []string{"Sam", "Robin", "Kim"}, []string{"Example", "Sample"}, []string{""}},
}

var employers = []string{"Globex", "Initech, S.A.", `"Umbrella" GmbH & Co. KG`, "Øre A/S", "Acme", "Vandelay Sàrl", "Žluťoučký kůň s.r.o."}

var jobs = []string{"Head of purchasing", "Responsable achats", "Einkaufsleiterin", "Product owner", "Directrice technique", "Buchhalter", "Freelance"}

var domains = []string{"example.com", "example.org", "example.net", "mail.example", "firma.example", "societe.example", "bücher.example"}
