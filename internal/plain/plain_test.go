package plain_test

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"article14/internal/plain"
)

func near(a, b float64) bool { return math.Abs(a-b) < 0.005 }

// The figures were counted by hand; long words are marked in the names.
func TestFiguresAreThoseCountedByHand(t *testing.T) {
	cases := []struct {
		name, lang, text string
		want             plain.Figures
	}{
		{"two short sentences, long: contact, details", "en", "We hold your work contact details. You can say no.",
			plain.Figures{Sentences: 2, Words: 10, LongWords: 2, LIX: 25, RIX: 1, MeanSentence: 5, LongestSentence: 6}},
		{"a word of six letters is not long", "en", "Ground letter people. Grounds.",
			plain.Figures{Sentences: 2, Words: 4, LongWords: 1, LIX: 27, RIX: 0.5, MeanSentence: 2, LongestSentence: 3}},
		{"an apostrophe does not part an English word", "en", "It isn't ours.",
			plain.Figures{Sentences: 1, Words: 3, LIX: 3, MeanSentence: 3, LongestSentence: 3}},
		{"an elided article is a French word, long: intérêt, adresse", "fr", "L’intérêt de l'adresse. C'est tout.",
			plain.Figures{Sentences: 2, Words: 8, LongWords: 2, LIX: 29, RIX: 1, MeanSentence: 4, LongestSentence: 5}},
		{"today is one word in French, and long", "fr", "Aujourd'hui.",
			plain.Figures{Sentences: 1, Words: 1, LongWords: 1, LIX: 101, RIX: 1, MeanSentence: 1, LongestSentence: 1}},
		{"an ordinal number does not end a German sentence, long: löschen, November", "de", "Am 3. November löschen wir sie. Das gilt.",
			plain.Figures{Sentences: 2, Words: 8, LongWords: 2, LIX: 29, RIX: 1, MeanSentence: 4, LongestSentence: 6}},
		{"a year ends a German sentence", "de", "Bis zum Jahr 2028. Dann nicht mehr.",
			plain.Figures{Sentences: 2, Words: 7, LIX: 3.5, MeanSentence: 3.5, LongestSentence: 4}},
		{"a number ends an English sentence", "en", "We ask for all 14. Then we stop.",
			plain.Figures{Sentences: 2, Words: 8, LIX: 4, MeanSentence: 4, LongestSentence: 5}},
		{"an abbreviation does not end a sentence", "en", "See Art. 6 GDPR, e.g. Acme.",
			plain.Figures{Sentences: 1, Words: 6, LIX: 6, MeanSentence: 6, LongestSentence: 6}},
		{"no ends one all the same", "en", "You can say no. You can see it.",
			plain.Figures{Sentences: 2, Words: 8, LIX: 4, MeanSentence: 4, LongestSentence: 4}},
		{"a German abbreviation in two parts, long: Adresse", "de", "Wir haben z. B. Ihre Adresse.",
			plain.Figures{Sentences: 1, Words: 6, LongWords: 1, LIX: 6 + 100.0/6, RIX: 1, MeanSentence: 6, LongestSentence: 6}},
		{"a heading and the items of a list are sentences", "en", "Your rights\n\n- see it\n- stop it\n",
			plain.Figures{Sentences: 3, Words: 6, LIX: 2, MeanSentence: 2, LongestSentence: 2}},
		{"marks alone are nothing", "en", " … — !? \n * \n", plain.Figures{}},
		{"nothing is nothing", "en", "", plain.Figures{}},
		{"letters are counted, not bytes, long: öffnète", "xx", "éèêëîï öffnète",
			plain.Figures{Sentences: 1, Words: 2, LongWords: 1, LIX: 52, RIX: 1, MeanSentence: 2, LongestSentence: 2}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := plain.Measure(c.lang, c.text)
			if !near(got.LIX, c.want.LIX) || !near(got.RIX, c.want.RIX) || !near(got.MeanSentence, c.want.MeanSentence) {
				t.Errorf("LIX %.3f RIX %.3f mean %.3f, want %.3f %.3f %.3f",
					got.LIX, got.RIX, got.MeanSentence, c.want.LIX, c.want.RIX, c.want.MeanSentence)
			}
			if got.Sentences != c.want.Sentences || got.Words != c.want.Words || got.LongWords != c.want.LongWords ||
				got.LongestSentence != c.want.LongestSentence {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
			if !strings.Contains(c.text, got.Longest) || (got.Longest == "") != (got.Words == 0) {
				t.Errorf("longest sentence %q", got.Longest)
			}
		})
	}
}

// A first layer as it should read, in three languages; the ceilings are set from texts like these.
var notices = map[string]string{
	"en": `We hold your work contact details. You did not give them to us. So we must tell you, and you can say no.
Who we are. Nordlicht Data SAS, 12 rue de l'Exemple, 69002 Lyon, France. Write to us or call us.
What we hold. Your name, job title, employer, work e-mail address, and the link to your profile.
Where we got it. From your public LinkedIn profile, on 3 November 2026.
Why. We sell business contacts to sales teams. They may write to you about products for your work. Our ground is our legitimate interest in running this business (Article 6(1)(f) GDPR).
Who gets it. Customers who look for people in your role. Today: Acme GmbH, Vienna. OVH SAS in Roubaix stores it for us.
How long. Until 3 November 2028. Then we delete it. We never extend this.
You may object at any time, without a reason, and it costs nothing. We stop at once.
You can also see what we hold, correct it, have it deleted, or limit how we use it. We answer within one month.`,
	"fr": `Nous avons vos coordonnées professionnelles. Vous ne nous les avez pas données. Nous devons donc vous le dire, et vous pouvez dire non.
Qui nous sommes. Nordlicht Data SAS, 12 rue de l'Exemple, 69002 Lyon, France. Écrivez-nous ou appelez-nous.
Ce que nous avons. Votre nom, votre métier, votre employeur, votre adresse électronique au travail et le lien vers votre profil.
D'où cela vient. De votre profil public sur LinkedIn, le 3 novembre 2026.
Pourquoi. Nous vendons des contacts professionnels à des équipes de vente. Elles vous écrivent au sujet de produits pour votre travail. Nous le faisons sur la base de notre intérêt légitime à mener cette activité (article 6, paragraphe 1, point f, du RGPD).
Qui les reçoit. Des clients qui cherchent des personnes de votre métier. À ce jour : Acme GmbH, à Vienne. OVH SAS, à Roubaix, les stocke pour nous.
Combien de temps. Jusqu'au 3 novembre 2028. Ensuite, nous les effaçons. Nous ne prolongeons jamais ce délai.
Vous pouvez vous opposer à tout moment, sans donner de raison et sans frais. Nous arrêtons aussitôt.
Vous pouvez aussi voir ce que nous avons, le corriger, le faire effacer ou en limiter l'usage. Nous répondons en un mois.`,
	"de": `Wir haben Ihre beruflichen Kontaktdaten. Sie haben sie uns nicht gegeben. Deshalb müssen wir es Ihnen sagen, und Sie können Nein sagen.
Wer wir sind. Nordlicht Data SAS, 12 rue de l'Exemple, 69002 Lyon, Frankreich. Schreiben Sie uns oder rufen Sie an.
Was wir haben. Ihren Namen, Ihren Beruf, Ihren Arbeitgeber, Ihre berufliche E-Mail-Adresse und den Link zu Ihrem Profil.
Woher wir sie haben. Aus Ihrem öffentlichen Profil bei LinkedIn, am 3. November 2026.
Warum. Wir verkaufen berufliche Kontakte an Verkaufsteams. Diese schreiben Ihnen über Produkte für Ihre Arbeit. Unser Grund ist unser berechtigtes Interesse an diesem Geschäft (Artikel 6 Absatz 1 Buchstabe f DSGVO).
Wer sie bekommt. Kunden, die Menschen mit Ihrem Beruf suchen. Bis heute: Acme GmbH, Wien. OVH SAS in Roubaix speichert sie für uns.
Wie lange. Bis zum 3. November 2028. Dann löschen wir sie. Wir verlängern diese Frist nie.
Sie können jederzeit widersprechen, ohne Grund und ohne Kosten. Wir hören dann sofort auf.
Sie können auch sehen, was wir haben, es berichtigen oder löschen lassen oder einschränken, wie wir es nutzen. Wir antworten binnen eines Monats.`,
}

func TestANoticeAsItShouldReadHasNoFindings(t *testing.T) {
	for lang, text := range notices {
		for _, f := range plain.Check(lang, text) {
			t.Errorf("%s: %+v", lang, f)
		}
		limits, ok := plain.Ceiling(lang)
		got := plain.Measure(lang, text)
		if !ok || limits.MeanSentence != 18 || limits.LongestSentence != 30 {
			t.Errorf("%s: limits %+v, %v", lang, limits, ok)
		}
		t.Logf("%s: LIX %.1f of %.0f, mean %.1f, longest %d", lang, got.LIX, limits.LIX, got.MeanSentence, got.LongestSentence)
	}
}

// P2, with the kind of prose that the ceilings are there to stop.
func TestLegaleseFailsTheCeilings(t *testing.T) {
	texts := map[string]string{
		"en": `The processing of personal data relating to identified individuals is undertaken pursuant to the legitimate interests of the controller, notwithstanding the fundamental rights of the individuals concerned, insofar as the aforementioned interests prevail following the balancing assessment conducted beforehand.`,
		"fr": `Le traitement des données à caractère personnel relatives aux personnes concernées est effectué conformément aux intérêts légitimes poursuivis par le responsable du traitement, nonobstant les libertés fondamentales desdites personnes, dans la mesure où les intérêts susmentionnés prévalent à l'issue de la mise en balance préalablement réalisée.`,
		"de": `Die Verarbeitung personenbezogener Daten identifizierter Personen erfolgt aufgrund berechtigter Interessen des Verantwortlichen ungeachtet der Grundrechte der betroffenen Personen, insoweit vorgenannte Interessen infolge der vorab durchgeführten Interessenabwägung überwiegen und keine schutzwürdigen Belange der Betroffenen entgegenstehen oder andere Vorschriften.`,
	}
	for lang, text := range texts {
		codes := map[string]bool{}
		for _, f := range plain.Plainness(lang, text) {
			codes[f.Code] = true
			if f.Rule != "P2" || f.Why == "" {
				t.Errorf("%s: %+v", lang, f)
			}
		}
		for _, code := range []string{"lix", "mean_sentence", "longest_sentence"} {
			if !codes[code] {
				t.Errorf("%s: no finding %s: %+v", lang, code, plain.Measure(lang, text))
			}
		}
	}
}

func TestALanguageWithoutATableHasNoCeilingAndNoFindings(t *testing.T) {
	if _, ok := plain.Ceiling("pl"); ok {
		t.Error("a ceiling for pl")
	}
	if found := plain.Check("pl", strings.Repeat("may partners ", 50)); len(found) != 0 {
		t.Errorf("findings for pl: %+v", found)
	}
}

func TestEveryFindingIsAPlaceInItsText(t *testing.T) {
	words := rapid.SampledFrom(strings.Fields("We we you may can some partners (Acme) l’adresse peut-être Dritte Wir können Sie . ! \n İstanbul ’ ' L' " +
		"as long necessary öffentlich zugängliche Quellen z. B. 3. tiers pays May 2026 : , — é é \xff"))
	rapid.Check(t, func(rt *rapid.T) {
		text := strings.Join(rapid.SliceOf(words).Draw(rt, "words"), rapid.SampledFrom([]string{" ", ""}).Draw(rt, "between"))
		lang := rapid.SampledFrom([]string{"en", "fr", "de", "xx"}).Draw(rt, "lang")
		for _, f := range plain.Check(lang, text) {
			if f.Rule != "P2" && f.Text == "" || f.Offset < 0 || !strings.HasPrefix(text[f.Offset:], f.Text) || !strings.Contains(f.Sentence, f.Text) {
				rt.Fatalf("%q: %+v", text, f)
			}
		}
		m := plain.Measure(lang, text)
		if m.LongWords > m.Words || m.LongestSentence > m.Words || m.Sentences > m.Words || math.IsNaN(m.LIX) {
			rt.Fatalf("%q: %+v", text, m)
		}
	})
}
