package compose

import (
	"crypto/sha256"
	"testing"
	"time"

	"article14/internal/calendar"
	"article14/locales"
	"article14/mailer"
)

// en, fr and de give a text in the three languages.
func three(en, fr, de string) mailer.Texts { return mailer.Texts{"en": en, "fr": fr, "de": de} }

func date(y int, m time.Month, d int) calendar.Date {
	return calendar.Date{Year: y, Month: m, Day: d}
}

// sampleRegister is complete: every element of Article 14 is in it.
func sampleRegister(t testing.TB) *mailer.Register {
	t.Helper()
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	return &mailer.Register{
		Controller: mailer.Controller{
			Key: "nordlicht", Name: "Nordlicht Data SAS", Address: "12 rue de l’Exemple, 69002 Lyon, France",
			Email: "privacy@nordlicht.example", Phone: "+33 1 99 00 12 34", Country: "FR", Zone: paris, ZoneName: "Europe/Paris",
			DPO: &mailer.Party{Name: "Ada Exemple", Email: "dpo@nordlicht.example"},
			Mail: mailer.MailSettings{
				From: "notice@nordlicht.example", FromName: "Nordlicht Données", BounceDomain: "bounce.nordlicht.example",
				Links: "https://privacy.nordlicht.example", ShownAs: "privacy.nordlicht.example",
			},
		},
		Sources: []mailer.Source{
			{Key: "linkedin", Names: three("LinkedIn", "LinkedIn", "LinkedIn"), Kind: mailer.KindSocialNetwork, URL: "https://www.linkedin.com/",
				Method: three("We read the public page of your profile.", "Nous avons lu la page publique de votre profil.", "Wir haben die öffentliche Seite Ihres Profils gelesen.")},
			{Key: "whois", Names: three("the WHOIS directory of AFNIC", "l’annuaire WHOIS de l’AFNIC", "das WHOIS-Verzeichnis der AFNIC"), Kind: mailer.KindPublicRegistry, Public: true,
				Method: three("We read the entry of your domain name.", "Nous avons lu la fiche de votre nom de domaine.", "Wir haben den Eintrag Ihrer Domain gelesen.")},
		},
		Activities: []mailer.Activity{sampleActivity()},
	}
}

func sampleActivity() mailer.Activity {
	starts := date(2027, 3, 1)
	return mailer.Activity{
		Key:     "directory",
		Names:   three("Business directory", "Annuaire professionnel", "Firmenverzeichnis"),
		Holding: three("your work contact details", "vos coordonnées professionnelles", "Ihre beruflichen Kontaktdaten"),
		Summary: three("We sell business contacts to sales teams. They write to people about products for their work.",
			"Nous vendons des contacts professionnels à des équipes commerciales. Elles écrivent à ces personnes au sujet de produits pour leur travail.",
			"Wir verkaufen geschäftliche Kontakte an Vertriebsteams. Diese schreiben den Menschen über Produkte für ihre Arbeit."),
		Purposes: []mailer.Purpose{
			{Key: "sale", Texts: three("We sell your work contact details to sales teams", "Nous vendons vos coordonnées professionnelles à des équipes commerciales", "Wir verkaufen Ihre beruflichen Kontaktdaten an Vertriebsteams"),
				Basis: mailer.LegitimateInterest, Interest: three("We earn our living with this directory", "Nous vivons de cet annuaire", "Von diesem Verzeichnis leben wir"),
				Balancing: &mailer.BalancingTest{Reference: "LIA-7", Owner: "Ada Exemple", Date: date(2026, 3, 1)}, DirectMarketing: true},
			{Key: "quality", Texts: three("We check that the details are right", "Nous vérifions que les coordonnées sont justes", "Wir prüfen, ob die Daten stimmen"),
				Basis: mailer.LegitimateInterest, Interest: three("Our customers need details that are right", "Nos clients ont besoin de coordonnées justes", "Unsere Kunden brauchen richtige Daten"), Starts: &starts},
			{Key: "letter", Texts: three("We send our newsletter", "Nous envoyons notre lettre d’information", "Wir versenden unseren Newsletter"), Basis: mailer.Consent},
		},
		Categories: []mailer.Category{
			{Key: "name", Texts: three("name", "nom", "Name")}, {Key: "job", Texts: three("job title", "fonction", "Funktion")},
			{Key: "mail", Texts: three("work e-mail address", "adresse e-mail professionnelle", "berufliche E-Mail-Adresse")},
		},
		Recipients: []mailer.Recipient{
			{Name: "Acme GmbH, Vienna", Role: three("writes to people in your role", "écrit aux personnes de votre métier", "schreibt an Menschen in Ihrem Beruf")},
			{Name: "OVH SAS, Roubaix", Role: three("stores the data for us", "stocke les données pour nous", "speichert die Daten für uns")},
			{Activity: three("Companies that sell software", "Entreprises qui vendent des logiciels", "Firmen, die Software verkaufen"), Industry: three("software", "logiciels", "Software"),
				Sector: three("sales tools", "outils de vente", "Vertriebswerkzeuge"), Place: three("France and Austria", "France et Autriche", "Frankreich und Österreich")},
		},
		Transfers: []mailer.Transfer{{To: "Example Cloud Inc.", Country: "US", Mechanism: mailer.StandardClauses, Link: "https://privacy.nordlicht.example/clauses"}},
		Retention: mailer.Retention{Period: calendar.Period{Years: 2}},
		Automated: &mailer.Automated{
			Logic:        three("a program sorts contacts by job title", "un programme trie les contacts par fonction", "ein Programm sortiert Kontakte nach Funktion"),
			Significance: three("it decides which customer sees you", "il décide quel client vous voit", "es entscheidet, welcher Kunde Sie sieht"),
			Consequences: three("you get more or fewer messages", "vous recevez plus ou moins de messages", "Sie bekommen mehr oder weniger Nachrichten"),
		},
		LateApology: three("We are sorry that this comes late.", "Nous regrettons ce retard.", "Das tut uns leid."),
	}
}

func newComposer(t testing.TB) *Composer {
	t.Helper()
	l, err := locales.New()
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(l)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// noon is the day of the sample notices.
var noon = time.Date(2026, 11, 21, 11, 0, 0, 0, time.UTC)

// sampleInput is a person in Lyon with data from both sources, on time.
func sampleInput(key mailer.SkeletonKey) mailer.SlotInput {
	obtained := time.Date(2026, 11, 3, 22, 30, 0, 0, time.UTC)
	in := mailer.SlotInput{
		Key: key, ActivityKey: "directory", Now: noon, CreatedAt: noon, Code: "K7M2-9QXT-4HBD",
		Facts: mailer.NoticeFacts{
			Contact: mailer.Contact{Name: "Élodie Bérard", Country: "FR", FirstObtainedAt: obtained},
			Duties:  []mailer.Duty{{Due: mailer.Due{At: time.Date(2026, 12, 4, 22, 59, 59, 0, time.UTC), Rule: mailer.DueMonth}}},
		},
	}
	for _, s := range sourcesOf(key) {
		in.Facts.Acquisitions = append(in.Facts.Acquisitions, mailer.Acquisition{
			SourceKey: s, ObtainedAt: obtained, Basis: mailer.ObtainedFromRow, Page: "https://" + s + ".example/in/elodie-berard/"})
	}
	return in
}

func sampleHeaders() mailer.Headers {
	id, _ := mailer.ParseID("0192f0c1-2345-7000-8000-000000000001")
	return mailer.Headers{DeliveryID: id, To: "elodie@bücher.example", EnvelopeFrom: "b-abc@bounce.nordlicht.example",
		Tokens: mailer.LinkTokens{Notice: "aNoticeToken", Objection: "aObjectionToken"}, Date: noon}
}

func notice(languages, form string) mailer.SkeletonKey {
	return mailer.SkeletonKey{Document: mailer.DocNotice, Languages: languages, Form: form}
}

// skeletonOf renders one skeleton.
func skeletonOf(t testing.TB, c *Composer, key mailer.SkeletonKey) mailer.Skeleton {
	t.Helper()
	out, err := c.Skeletons(sampleRegister(t), "directory", []mailer.SkeletonKey{key})
	if err != nil {
		t.Fatal(err)
	}
	return out[0]
}

// stored is a skeleton as it is read back: its bytes under their hash.
func stored(body []byte) mailer.Skeleton {
	hash := sha256.Sum256(body)
	return mailer.Skeleton{Hash: hash[:], Body: body}
}

// composed is one sample mail.
func composed(t testing.TB, c *Composer, key mailer.SkeletonKey, change func(*mailer.SlotInput, *mailer.Headers)) mailer.Message {
	t.Helper()
	in, h := sampleInput(key), sampleHeaders()
	if change != nil {
		change(&in, &h)
	}
	slots, err := c.Slots(sampleRegister(t), in)
	if err != nil {
		t.Fatal(err)
	}
	m, err := c.Compose(skeletonOf(t, c, key), slots, h)
	if err != nil {
		t.Fatal(err)
	}
	return m
}
