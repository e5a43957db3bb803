package plain_test

import (
	"strings"
	"testing"

	"article14/internal/plain"
)

// texts lists what was found, in order.
func texts(found []plain.Finding) string {
	var list []string
	for _, f := range found {
		list = append(list, f.Text)
	}
	return strings.Join(list, " | ")
}

// P1: words of doubt about the controller's own acts.
func TestDoubtAboutTheControllersActsIsFound(t *testing.T) {
	cases := []struct{ lang, text, want string }{
		{"en", "We may share your data with Acme.", "may"},
		{"en", "Your data may be shared.", "may"},
		{"en", "Nordlicht may contact you.", "may"},
		{"en", "You agree that we may share it.", "may"},
		{"en", "If you object, we might keep some of it.", "might | some"},
		{"en", "We often use it, possibly abroad.", "often | possibly"},
		{"en", "May we use it? MAY WE?", "May | MAY"},
		{"en", "We keep it where appropriate, from time to time.", "where appropriate | from time to time"},
		{"en", "We send you some offers.", "some"},
		{"en", "We answer as soon as possible.", "possible"},
		{"fr", "Nous pouvons transmettre vos données.", "pouvons"},
		{"fr", "Vos données peuvent être transmises.", "peuvent"},
		{"fr", "Acme peut vous écrire, éventuellement souvent.", "peut | éventuellement | souvent"},
		{"fr", "Nous vous écrivons parfois, le cas échéant.", "parfois | le cas échéant"},
		{"fr", "Nous gardons certaines données, peut-être.", "certaines | peut-être"},
		{"de", "Wir können Ihre Daten weitergeben.", "können"},
		{"de", "Ihre Daten können weitergegeben werden.", "können"},
		{"de", "Ihre Daten können wir weitergeben.", "können"},
		{"de", "Nordlicht kann Sie anschreiben.", "kann"},
		{"de", "Wenn Sie widersprechen, können wir einige behalten.", "können | einige"},
		{"de", "Wir nutzen sie gegebenenfalls und in der Regel oft.", "gegebenenfalls | in der Regel | oft"},
		{"de", "Wir speichern möglicherweise bestimmte Daten.", "möglicherweise | bestimmte"},
	}
	for _, c := range cases {
		t.Run(c.text, func(t *testing.T) {
			found := plain.Doubt(c.lang, c.text)
			if got := texts(found); got != c.want {
				t.Errorf("found %q, want %q", got, c.want)
			}
			for _, f := range found {
				if f.Rule != "P1" || f.Code != "doubt" || f.Why == "" {
					t.Errorf("%+v", f)
				}
			}
		})
	}
}

// P1: "you may object" is fine.
func TestWhatThePersonMayDoIsNoDoubt(t *testing.T) {
	cases := []struct{ lang, text string }{
		{"en", "You may object at any time."},
		{"en", "At any time, you may also object."},
		{"en", "We tell you what you may do."},
		{"en", "They may write to you about products for your work."},
		{"en", "You can ask us for some of it."},
		{"en", "We got it in May 2026."},
		{"en", "May 2026 was the month."},
		{"en", "We delete it. You can say no."},
		{"fr", "Vous pouvez vous opposer à tout moment."},
		{"fr", "Nous vous disons ce que vous pouvez faire."},
		{"fr", "Pouvez-vous nous écrire ? Vous recevez parfois un message."},
		{"fr", "Ils peuvent vous écrire."},
		{"de", "Sie können jederzeit widersprechen."},
		{"de", "Jederzeit können Sie widersprechen."},
		{"de", "Wir sagen Ihnen, was Sie tun können."},
		{"de", "Wenn Sie das nicht wollen, können Sie widersprechen."},
	}
	for _, c := range cases {
		t.Run(c.text, func(t *testing.T) {
			if found := plain.Doubt(c.lang, c.text); len(found) != 0 {
				t.Errorf("found %q", texts(found))
			}
		})
	}
}

// P3: phrases that hold no information.
func TestRefusedPhrasesAreFound(t *testing.T) {
	cases := []struct{ lang, text, want string }{
		{"en", "Kept as long as necessary for our legitimate business purposes.", "as long as necessary | legitimate business purposes"},
		{"en", "Kept AS LONG AS IS NECESSARY.", "AS LONG AS IS NECESSARY"},
		{"en", "We share it with our partners and third parties.", "partners | third parties"},
		{"en", "A partner, or a third-party.", "partner | third-party"},
		{"en", "We got it from publicly available sources.", "publicly available sources"},
		{"en", "Publicly accessible sources", "Publicly accessible sources"},
		{"en", "Please note that we act in accordance with applicable law.", "Please note that | in accordance with applicable law"},
		{"fr", "Conservées aussi longtemps que nécessaire à nos fins commerciales légitimes.", "aussi longtemps que nécessaire | fins commerciales légitimes"},
		{"fr", "Aussi longtemps qu’il est nécessaire", "Aussi longtemps qu’il est nécessaire"},
		{"fr", "Transmises à nos partenaires et à des tiers.", "partenaires | tiers"},
		{"fr", "Tirées de sources accessibles au public.", "sources accessibles au public"},
		{"fr", "Conformément à la législation en vigueur, veuillez noter que", "Conformément à la législation en vigueur | veuillez noter que"},
		{"de", "Gespeichert, solange es erforderlich ist, für unsere berechtigten Geschäftszwecke.", "solange es erforderlich ist | berechtigten Geschäftszwecke"},
		{"de", "So lange wie nötig.", "So lange wie nötig"},
		{"de", "An unsere Partner und an Dritte.", "Partner | Dritte"},
		{"de", "Aus öffentlich zugänglichen Quellen.", "öffentlich zugänglichen Quellen"},
		{"de", "Bitte beachten Sie: gemäß geltendem Recht.", "Bitte beachten Sie | gemäß geltendem Recht"},
	}
	for _, c := range cases {
		t.Run(c.text, func(t *testing.T) {
			found := plain.Refused(c.lang, c.text)
			if got := texts(found); got != c.want {
				t.Errorf("found %q, want %q", got, c.want)
			}
			for _, f := range found {
				if f.Rule != "P3" || f.Code != "refused" || f.Why == "" {
					t.Errorf("%+v", f)
				}
			}
		})
	}
}

// P3 refuses the bare words.
func TestAPhraseThatSaysWhoOrWhatIsNotRefused(t *testing.T) {
	cases := []struct{ lang, text string }{
		{"en", "We share it with two partners: Acme GmbH and OVH SAS."},
		{"en", "We share it with a partner (Acme GmbH)."},
		{"en", "LinkedIn is a publicly accessible source."},
		{"en", "It is a partnership."},
		{"en", "We keep it for two years, as long as you do not object."},
		{"fr", "Nos deux partenaires : Acme et OVH."},
		{"fr", "Les États-Unis sont un pays tiers."},
		{"fr", "LinkedIn est une source accessible au public."},
		{"de", "Unsere Partner (Acme und OVH)."},
		{"de", "Das ist das dritte Mal."},
		{"de", "Die Schweiz ist ein Drittland."},
	}
	for _, c := range cases {
		t.Run(c.text, func(t *testing.T) {
			if found := plain.Refused(c.lang, c.text); len(found) != 0 {
				t.Errorf("found %q", texts(found))
			}
		})
	}
}

func TestAFindingCarriesItsSentence(t *testing.T) {
	found := plain.Check("en", "All is well. We may share it with partners. Good.")
	if len(found) != 2 || found[0].Text != "may" || found[1].Text != "partners" {
		t.Fatalf("found %+v", found)
	}
	for _, f := range found {
		if f.Sentence != "We may share it with partners." {
			t.Errorf("sentence %q", f.Sentence)
		}
	}
}

// S2: generic names are refused.
func TestASourceThatNamesNobodyIsGeneric(t *testing.T) {
	for _, name := range []string{"", " ", "public sources", "Public Sources", "the internet", "Internet", "the web", "partners", "Our partners",
		"publicly available sources", "publicly accessible data from the internet", "third parties", "social networks", "data brokers",
		"various online directories", "n/a", "unknown", "Web", "World Wide Web", "business partners", "open data",
		"sources publiques", "sources accessibles au public", "l’internet", "nos partenaires", "réseaux sociaux", "annuaires professionnels", "tiers",
		"öffentliche Quellen", "öffentlich zugängliche Quellen", "das Internet", "unsere Geschäftspartner", "soziale Netzwerke", "Dritte", "im Netz"} {
		if !plain.GenericSource(name) {
			t.Errorf("%q passes for a name", name)
		}
	}
}

func TestASourceWithANameIsNotGeneric(t *testing.T) {
	for _, name := range []string{"LinkedIn", "WHOIS", "GitHub", "social networks such as LinkedIn", "Nordlicht Partners GmbH", "AFNIC public registry",
		"Trade fair Hannover 2026", "Companies House", "Handelsregister", "registre du commerce de Lyon", "Acme data broker", "Xing", "Datatilsynet",
		"Business card of the stand at Paris"} {
		if plain.GenericSource(name) {
			t.Errorf("%q passes for nobody", name)
		}
	}
}
