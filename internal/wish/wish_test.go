package wish

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestAClearNoTakesEffect(t *testing.T) { // R5
	for _, text := range []string{
		"STOP", "stop", "Stop!", "  stop.  ", "Unsubscribe", "UNSUBSCRIBE ME PLEASE", "please unsubscribe me", "Opt-out", "I object.",
		"Hello,\n\nplease take me off your list.\n\nAnna Keller", "Stop\n\nAnna Keller\nAcme GmbH\nMusterstraße 1, Berlin", "Dear Sir or Madam,\nunsubscribe\nThank you",
		"I hereby object to the processing of my personal data.", "Unsubscribe me from the newsletter",
		"Stopp", "Hiermit widerspreche ich der Verarbeitung meiner Daten.", "Ich widerspreche.\nMit freundlichen Grüßen\nBen Moser", "Widerspruch", "bitte abmelden",
		"Désabonnez-moi", "desabonnez moi svp", "Je m’oppose", "Bonjour,\nje m'oppose au traitement de mes données.\nCordialement", "ARRÊT",
		"Baja", "Por favor, denme de baja", "Me opongo al tratamiento de mis datos", "Mi oppongo", "Cancellatemi dalla lista, grazie",
		"Afmelden", "Meld mij af aub", "Ik maak bezwaar", "Wypisz mnie", "Zgłaszam sprzeciw", "zglaszam sprzeciw", "Oponho-me", "Retirem-me da lista, por favor",
		"Стоп", "Отпишете ме", "Odhlaste mě", "Prosím, odhlaste mě", "Odhlaste mě z newsletteru", "Afmeld mig", "Διαγραφή", "σταματηστε", "Loobun", "Lopeta", "Peruuta tilaus", "Stad", "Odjava",
		"Leiratkozás", "leiratkozom", "Hættið", "Atsisakau", "Atrakstīties", "Neħħuni", "nehhuni", "Meld meg av", "Dezabonare", "dezabonati-ma", "Odhláste ma", "Odjavite me", "Avregistrera mig",
	} {
		if w := Read("", text); !w.Objects || w.Kind != Objection {
			t.Errorf("%q is %+v", text, w)
		}
	}
	for subject, text := range map[string]string{"Unsubscribe": "", "STOP": "Anna Keller", "stop ": "Hello, as above please"} {
		if w := Read(subject, text); !w.Objects {
			t.Errorf("subject %q, text %q is %+v", subject, text, w)
		}
	}
}

func TestWhatIsNotClearNeverTakesEffect(t *testing.T) {
	for _, text := range []string{
		"Please don't stop", "Please don’t stop!", "do not unsubscribe me", "How do I stop this?", "how do i unsubscribe", "Should I unsubscribe?", "Unsubscribe?", "What happens if I object",
		"I never asked you to stop", "Unsubscribe me if you are not from Acme", "Stop, but only the calls", "Take me off your list unless you pay me",
		"My stop is the next one", "Stop by our booth on Monday", "He said stop", "The bus\nstop\nis near", "The bus\nstop\nlooks nice", "Pull out all the stops",
		"I unsubscribed last year", "Anna unsubscribe", "unsubscribe anna@example.org",
		"Bitte nicht abmelden", "Kein Widerspruch", "Wie kann ich mich abmelden?", "Abmelden, falls das Werbung ist", "Ich widerspreche nicht", "Ohne Widerspruch",
		"Ne me désabonnez pas", "Je ne m'oppose pas", "N'arrêtez jamais", "Comment me désabonner", "Me opongo a que no me escriban", "No me den de baja", "¿Cómo me doy de baja?",
		"Non mi oppongo", "Non cancellatemi dalla lista", "Niet afmelden", "Ik maak geen bezwaar", "Nie wypisujcie mnie", "Nie zgłaszam sprzeciwu", "Não me oponho",
		"Nechci odhlásit", "Neodhlašujte mě", "Nechci abyste mě. Odhlaste mě", "Ikke afmeld mig", "Avregistrera inte mig", "Älä peruuta tilausta", "En vastusta. Vastustan", "En tiedä. Vastustan tietojeni käyttöä", "Μην διαγράψτε με από", "Не отпишете ме",
		"Πώς σταματήστε;", "Nu mă opun", "Ne iratkoztassanak le",
		strings.Repeat("This is a long mail about what I did in my holidays. ", 6) + "Unsubscribe me.",
		"Unsubscribe me\n\uFFFD", "I object.\xff\xfe Ann",
		"Unsubscribe me\n" + strings.Repeat("word ", 60), "", " ", "\x00\x01", "?", "…",
	} {
		if w := Read("", text); w.Objects {
			t.Errorf("%q takes effect: %+v", text, w)
		}
	}
	for subject, text := range map[string]string{"STOP": "Please don't stop", "stop?": "", "Unsubscribe": "How does that work?", "Bus stop": ""} {
		if w := Read(subject, text); w.Objects {
			t.Errorf("subject %q, text %q takes effect", subject, text)
		}
	}
}

func TestAKindIsSuggestedByTheGravestThatIsAskedFor(t *testing.T) { // D9
	for text, want := range map[string]Kind{
		"What data do you have about me, and where did you get it?": Access, "Please send me a copy of all data you hold about me.": Access, "Woher haben Sie meine Adresse?": Access, "Quelles données avez-vous sur moi ?": Access,
		"Solicito acceso a mis datos": Access, "Quali dati avete su di me?": Access, "Welke gegevens hebben jullie van mij?": Access, "Skąd macie mój adres?": Access, "Quais dados têm?": Access,
		"Delete all my data.": Erasure, "Bitte löschen Sie alles.": Erasure, "Supprimez mes données": Erasure, "Borren mis datos": Erasure, "Cancellate i miei dati": Erasure,
		"Verwijder mijn gegevens": Erasure, "Proszę usunąć moje dane": Erasure, "Apaguem os meus dados": Erasure,
		"My name is spelled with a y.": Rectification, "Mein Name ist falsch geschrieben": Rectification, "Please do not contact me again.": Objection,
		"Ne me contactez plus": Objection, "Keine Mails mehr!": Objection, "Nie chcę otrzymywać takich wiadomości": Objection, "Who is your boss?": Question, "Wer sind Sie": Question, "Thanks, received.": Other,
		"Delete my data. What data do you have?": Access, "": Other,
		"Do not ever contact me, delete everything.": Erasure, "Do not ever contact me.": Objection, "Please do not ever again write to me": Objection, "Do you not delete it": Question, "Do not you have a boss": Question,
		"Remove my name from your database": Erasure, "delete everything": Erasure, "Entfernen Sie bitte meine Daten": Erasure, "Supprimer mon nom": Erasure, "Eliminen todo": Erasure,
		"Cancellate tutto": Erasure, "Verwijder alles": Erasure, "Usuńcie wszystko": Erasure, "Apaguem tudo": Erasure,
		"Kontaktieren Sie mich nicht mehr": Objection, "Schreiben Sie mir bitte nicht mehr": Objection, "Ne m'appelez plus": Objection, "No me llamen": Objection,
		"Non mi contattate": Objection, "Bel me niet": Objection, "Nie dzwońcie": Objection, "Não me liguem": Objection,
	} {
		if w := Read("", text); w.Kind != want || w.Objects {
			t.Errorf("%q is %+v, want %s", text, w, want)
		}
	}
	w := Read("", "STOP. Delete my data at once.")
	if !w.Objects || w.Kind != Erasure {
		t.Errorf("what asks for more is clear still, and stays for a person: %+v", w)
	}
	if !slices.Equal(Read("", "Delete my data.").Why, []string{"erasure: delete my"}) {
		t.Errorf("the reason is %v", Read("", "Delete my data.").Why)
	}
	if got := Read("", "By art 15 GDPR").Why; !slices.Equal(got, []string{"access: art 15"}) {
		t.Errorf("a phrase of several languages is named %v", got)
	}
}

func TestALanguageIsKnownByItsSmallWords(t *testing.T) {
	for want, text := range map[string]string{
		"en": "Please tell me what you have about me and how I can see it.", "de": "Ich möchte wissen, welche Daten Sie von mir haben und woher die sind.",
		"fr": "Je vous prie de me dire quelles données vous avez et d'où elles viennent.", "es": "Quiero saber qué datos tienen de mí y para qué los usan.",
		"it": "Vorrei sapere quali dati avete e come li avete avuti, grazie.", "nl": "Ik wil graag weten welke gegevens u van mij hebt en wat het doel is.",
		"pl": "Proszę mi powiedzieć, skąd państwo mają moje dane i że są bezpieczne.", "pt": "Quero saber que dados os senhores têm e para que os meus dados são usados, por favor.",
		"sv": "Jag vill veta hur ni har fått mina uppgifter och till vad.", "da": "Jeg vil vide, hvordan I har mine oplysninger, og til hvad.", "fi": "Haluan tietää, mitä tietoja minun tiedoissa on ja miten voitte poistaa.",
		"bg": "Моля кажете какво имате за мен и как сте го получили.", "el": "Θέλω να μάθω τι δεδομένα έχετε για μένα και από πού.",
		"": "Anna Keller", "-": "ok",
	} {
		if got := Language(text); got != strings.Trim(want, "-") {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

func TestEveryLanguageOfTheUnionHasItsOwnWordsForNo(t *testing.T) { // R5
	union := strings.Fields("bg cs da de el en es et fi fr ga hr hu is it lt lv mt nl no pl pt ro sk sl sv")
	for _, code := range union {
		if !slices.ContainsFunc(bares, func(p phrase) bool { return p.code == code }) || !slices.ContainsFunc(saids, func(p phrase) bool { return p.code == code }) {
			t.Errorf("there is no phrase in %s", code)
		}
		if profileWords[code] == nil {
			t.Errorf("nobody knows the small words of %s", code)
		}
	}
	for _, code := range strings.Fields("en fr de es it nl pl pt") {
		for _, kind := range []Kind{Access, Erasure, Rectification} {
			if !slices.ContainsFunc(table, func(p phrase) bool { return p.code == code && p.kind == kind }) {
				t.Errorf("there is no phrase for %s in %s", kind, code)
			}
		}
	}
	for _, p := range slices.Concat(bares, saids) {
		if (sentence{words: p.words}).turned("") || (sentence{words: p.words}).turned(p.code) || (sentence{words: p.words}).question() {
			t.Errorf("%q (%s) has a negation or a question in it: it can never be clear", p.text, p.code)
		}
	}
}

func drawWords(t *rapid.T) []string {
	var words []string
	all := slices.Concat(bares, saids, table)
	for range rapid.IntRange(1, 4).Draw(t, "parts") {
		switch rapid.IntRange(0, 2).Draw(t, "part") {
		case 0:
			words = append(words, rapid.SampledFrom(all).Draw(t, "phrase").text)
		case 1:
			words = append(words, rapid.StringMatching(`[a-zé]{1,8}[.!,\n]?`).Draw(t, "word"))
		default:
			words = append(words, rapid.SampledFrom(strings.Fields(courtesy)).Draw(t, "courtesy"))
		}
	}
	return words
}

func TestATextWithANegationNeverObjects(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := drawWords(t)
		no := rapid.SampledFrom(strings.Fields(negations)).Draw(t, "negation")
		at := rapid.IntRange(0, len(words)).Draw(t, "at")
		text := strings.Join(slices.Insert(words, at, " "+no+" "), " ")
		if rapid.Bool().Draw(t, "shouted") {
			text = strings.ToUpper(text)
		}
		if w := Read("", text); w.Objects {
			t.Fatalf("%q objects: %+v", text, w)
		}
		if w := Read("STOP", text); w.Objects {
			t.Fatalf("STOP above %q objects: %+v", text, w)
		}
	})
}

func TestAQuestionNeverObjects(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		if text := strings.Join(drawWords(t), " ") + " ?"; Read("", text).Objects {
			t.Fatalf("%q objects", text)
		}
	})
}

func FuzzRead(f *testing.F) {
	f.Add("Re: STOP", "stop\n\n> I object")
	f.Add("", strings.Repeat("stop. ", 5000))
	f.Add("\xff", "\xff\xfe?\u202e pots")
	f.Fuzz(func(t *testing.T, subject, text string) {
		w := Read(subject, text)
		if !slices.Contains(Kinds, w.Kind) || len(w.Why) > mostReasons {
			t.Fatalf("%+v", w)
		}
		for _, why := range w.Why {
			if !utf8.ValidString(why) || len(why) > 100 {
				t.Fatalf("the reason is %q", why)
			}
		}
	})
}
