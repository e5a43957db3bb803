package mailertest

import (
	"time"

	"article14/internal/calendar"
	"article14/mailer"
)

// In writes a text in the languages of the complete register. The French one
// has no meaning to it; the check does not translate.
func In(english string) mailer.Texts { return mailer.Texts{"en": english, "fr": english} }

// Day reads a date.
func Day(s string) calendar.Date {
	d, err := calendar.Parse(s)
	if err != nil {
		panic(err)
	}
	return d
}

// Register is one with every field filled as the law wants it, where
// fields do not exclude each other: the two activities take one side each.
func Register() *mailer.Register {
	weighed := func() *mailer.BalancingTest {
		return &mailer.BalancingTest{Reference: "LIA-1", Owner: "Legal", Date: Day("2026-01-15")}
	}
	starts := Day("2026-12-01")
	return &mailer.Register{
		Controller: mailer.Controller{
			Key: "nordlicht", Name: "Nordlicht Data SAS", Address: "12 rue de l'Exemple, 69002 Lyon, France",
			Email: "privacy@nordlicht.example", Phone: "+33 1 99 00 12 34", Country: "FR", Zone: time.UTC, ZoneName: "UTC",
			Representative: &mailer.Party{Name: "Office", Email: "eu@nordlicht.example"},
			DPO:            &mailer.Party{Name: "Officer", Email: "dpo@nordlicht.example"},
			Mail: mailer.MailSettings{From: "privacy@nordlicht.example", FromName: "Nordlicht", BounceDomain: "bounces.nordlicht.example",
				Links: "https://privacy.nordlicht.example", ShownAs: "privacy.nordlicht.example"},
		},
		Languages: mailer.LanguageRules{UnknownCountry: []string{"en", "fr"}},
		Sources: []mailer.Source{{
			Key: "linkedin", Names: In("LinkedIn"), Kind: mailer.KindSocialNetwork, Public: true, URL: "https://www.linkedin.com",
			Method: In("We read the profile page."), Unknown: mailer.UnknownNoticeOnly, Unnamed: "The file names no page.", DateFormat: "rfc3339",
			Columns: mailer.Mapping{Fields: map[string]string{"email": "E-mail", "obtained_at": "Added", "visibility": "Seen by"},
				Visibility: map[string]mailer.Visibility{"all": mailer.VisiblePublic}},
		}},
		Activities: []mailer.Activity{
			{
				Key: "directory", Names: In("Directory"), Holding: In("your work contact details"), Summary: In("We sell business contacts."),
				Purposes: []mailer.Purpose{
					{Key: "sell", Texts: In("We sell access to it."), Basis: mailer.LegitimateInterest, Interest: In("We earn our living."), Balancing: weighed()},
					{Key: "calls", Texts: In("Customers call you."), Basis: mailer.LegitimateInterest, Interest: In("They want to sell."), Balancing: weighed(),
						DirectMarketing: true, Starts: &starts},
				},
				Categories:  []mailer.Category{{Key: "name", Texts: In("your name")}},
				Recipients:  []mailer.Recipient{{Name: "Deskwell Inc.", Role: In("answers for us")}},
				Transfers:   []mailer.Transfer{{To: "Deskwell Inc.", Country: "US", Mechanism: mailer.StandardClauses, Link: "https://nordlicht.example/clauses"}},
				Retention:   mailer.Retention{Period: calendar.Period{Years: 2}},
				Automated:   &mailer.Automated{Logic: In("A score is counted."), Significance: In("It orders you."), Consequences: In("You get no offer.")},
				LateApology: In("We are sorry."),
			},
			{
				Key: "safety", Names: In("Safety"), Holding: In("your address"), Summary: In("We tell you of faults."),
				Purposes:   []mailer.Purpose{{Key: "faults", Texts: In("We tell you of faults."), Basis: mailer.Consent}},
				Categories: []mailer.Category{{Key: "address", Texts: In("your address")}},
				Recipients: []mailer.Recipient{{Activity: In("sales teams"), Industry: In("software"), Sector: In("accounts"), Place: In("France")}},
				Retention:  mailer.Retention{Event: In("the end of the year"), After: calendar.Period{Days: 30}, Limit: calendar.Period{Years: 5}},
				NotApplicable: mailer.Reasons{"14.1.f": "All data stay in France.", "14.2.g": "A person decides.",
					"14.2.b": "No purpose rests on a legitimate interest."},
			},
		},
		Waivers: []mailer.Waiver{{Words: "some text", Reason: "It is said about others."}},
	}
}
