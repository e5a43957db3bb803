package mailer

import (
	"time"

	"article14/internal/calendar"
)

// in writes a text in the languages of the complete register. The French one
// has no meaning to it; the check does not translate.
func in(english string) Texts { return Texts{"en": english, "fr": english} }

func day(s string) calendar.Date {
	d, err := calendar.Parse(s)
	if err != nil {
		panic(err)
	}
	return d
}

// complete is a register with every field filled as the law wants it, where
// fields do not exclude each other: the two activities take one side each.
func complete() *Register {
	weighed := func() *BalancingTest {
		return &BalancingTest{Reference: "LIA-1", Owner: "Legal", Date: day("2026-01-15")}
	}
	starts := day("2026-12-01")
	return &Register{
		Controller: Controller{
			Key: "nordlicht", Name: "Nordlicht Data SAS", Address: "12 rue de l'Exemple, 69002 Lyon, France",
			Email: "privacy@nordlicht.example", Phone: "+33 1 99 00 12 34", Country: "FR", Zone: time.UTC, ZoneName: "UTC",
			Representative: &Party{Name: "Office", Email: "eu@nordlicht.example"},
			DPO:            &Party{Name: "Officer", Email: "dpo@nordlicht.example"},
			Mail: MailSettings{From: "privacy@nordlicht.example", FromName: "Nordlicht", BounceDomain: "bounces.nordlicht.example",
				Links: "https://privacy.nordlicht.example", ShownAs: "privacy.nordlicht.example"},
		},
		Languages: LanguageRules{UnknownCountry: []string{"en", "fr"}},
		Sources: []Source{{
			Key: "linkedin", Names: in("LinkedIn"), Kind: KindSocialNetwork, Public: true, URL: "https://www.linkedin.com",
			Method: in("We read the profile page."), Unknown: UnknownNoticeOnly, Unnamed: "The file names no page.", DateFormat: "rfc3339",
			Columns: Mapping{Fields: map[string]string{"email": "E-mail", "obtained_at": "Added", "visibility": "Seen by"},
				Visibility: map[string]Visibility{"all": VisiblePublic}},
		}},
		Activities: []Activity{
			{
				Key: "directory", Names: in("Directory"), Holding: in("your work contact details"), Summary: in("We sell business contacts."),
				Purposes: []Purpose{
					{Key: "sell", Texts: in("We sell access to it."), Basis: LegitimateInterest, Interest: in("We earn our living."), Balancing: weighed()},
					{Key: "calls", Texts: in("Customers call you."), Basis: LegitimateInterest, Interest: in("They want to sell."), Balancing: weighed(),
						DirectMarketing: true, Starts: &starts},
				},
				Categories:  []Category{{Key: "name", Texts: in("your name")}},
				Recipients:  []Recipient{{Name: "Deskwell Inc.", Role: in("answers for us")}},
				Transfers:   []Transfer{{To: "Deskwell Inc.", Country: "US", Mechanism: StandardClauses, Link: "https://nordlicht.example/clauses"}},
				Retention:   Retention{Period: calendar.Period{Years: 2}},
				Automated:   &Automated{Logic: in("A score is counted."), Significance: in("It orders you."), Consequences: in("You get no offer.")},
				LateApology: in("We are sorry."),
			},
			{
				Key: "safety", Names: in("Safety"), Holding: in("your address"), Summary: in("We tell you of faults."),
				Purposes:   []Purpose{{Key: "faults", Texts: in("We tell you of faults."), Basis: Consent}},
				Categories: []Category{{Key: "address", Texts: in("your address")}},
				Recipients: []Recipient{{Activity: in("sales teams"), Industry: in("software"), Sector: in("accounts"), Place: in("France")}},
				Retention:  Retention{Event: in("the end of the year"), After: calendar.Period{Days: 30}, Limit: calendar.Period{Years: 5}},
				NotApplicable: Reasons{"14.1.f": "All data stay in France.", "14.2.g": "A person decides.",
					"14.2.b": "No purpose rests on a legitimate interest."},
			},
		},
		Waivers: []Waiver{{Words: "some text", Reason: "It is said about others."}},
	}
}
