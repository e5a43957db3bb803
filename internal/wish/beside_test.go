package wish

import (
	"slices"
	"strings"
	"testing"
)

// besides are questions as people write them, marked and not: "where did you get my
// address" and "who are you".
var besides = map[string][2]string{
	"en": {"Where did you find my address?", "Who are you"},
	"de": {"Woher kennen Sie meine Adresse?", "Wer sind Sie"},
	"fr": {"Où avez-vous pris mon adresse ?", "Qui êtes-vous"},
	"es": {"¿Dónde encontraron mi dirección?", "Quién es usted"},
	"it": {"Dove siete andati a prendere il mio indirizzo?", "Chi siete"},
	"nl": {"Waar komt mijn adres vandaan?", "Wie zijn jullie"},
	"pl": {"Skąd jest mój adres?", "Kto to pisze"},
	"pt": {"Onde encontraram o meu endereço?", "Quem são vocês"},
	"bg": {"Откъде имате адреса ми?", "Кои сте вие"},
	"cs": {"Odkud máte mou adresu?", "Kdo jste"},
	"da": {"Hvorfra har I min adresse?", "Hvem er I"},
	"el": {"Πού βρήκατε τη διεύθυνσή μου;", "Ποιοι είστε"},
	"et": {"Kust te mu aadressi saite?", "Kes te olete"},
	"fi": {"Mistä saitte osoitteeni?", "Keitä te olette"},
	"ga": {"Cá bhfuair sibh mo sheoladh?", "Cé sibh"},
	"hr": {"Odakle vam moja adresa?", "Tko ste vi"},
	"hu": {"Honnan van meg a címem?", "Kik önök"},
	"is": {"Hvar fenguð þið netfangið mitt?", "Hver eruð þið"},
	"lt": {"Iš kur turite mano adresą?", "Kas jūs esate"},
	"lv": {"Kur jūs dabūjāt manu adresi?", "Kas jūs esat"},
	"mt": {"Minn fejn ġibtu l-indirizz tiegħi?", "Kif sibtuni"},
	"no": {"Hvor har dere adressen min fra?", "Hvem er dere"},
	"ro": {"De unde aveți adresa mea?", "Cine sunteți"},
	"sk": {"Odkiaľ máte moju adresu?", "Kto ste"},
	"sl": {"Od kod imate moj naslov?", "Kdo ste"},
	"sv": {"Var hittade ni min adress?", "Vilka är ni"},
}

// TestAStopBesideAQuestionWaitsForAPerson: who asks is to be answered, and whether they
// would stop all the same is a person's to read.
func TestAStopBesideAQuestionWaitsForAPerson(t *testing.T) { // R5, D9
	for _, p := range slices.Concat(bares, saids) {
		if p.code == "" {
			p.code = "en"
		}
		asked, known := besides[p.code]
		if !known {
			t.Fatalf("there is no question in %q", p.code)
		}
		if alone := Read("", p.text); !alone.Objects || alone.Kind != Objection {
			t.Errorf("%q (%s) alone is %+v", p.text, p.code, alone)
		}
		for _, q := range asked {
			for _, text := range []string{p.text + ". " + q, q + "\n\n" + p.text, strings.ToUpper(p.text + "\n" + q)} {
				if w := Read("", text); w.Objects {
					t.Errorf("%q (%s) takes effect: %+v", text, p.code, w)
				}
			}
			if w := Read(p.text, q); w.Objects {
				t.Errorf("subject %q above %q takes effect", p.text, q)
			}
		}
	}
	for _, name := range []string{"Kim Jensen", "Mika Laine", "Care Team"} { // which begin like questions
		if w := Read("", "STOP\n\n"+name); !w.Objects {
			t.Errorf("signed by %s it is %+v", name, w)
		}
	}
	for code := range besides {
		if !slices.ContainsFunc(tongues, func(tg tongue) bool { return tg.code == code }) {
			t.Errorf("nobody writes %s", code)
		}
	}
}
