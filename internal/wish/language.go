package wish

// profiles are the commonest small words of each language that few others have.
var profiles = map[string]string{
	"bg": "и на не да се от за че съм ми вие вашата моля имате как какво данни моите",
	"cs": "jsem jste prosím není mám můj moje vaše které jak že nebo jsou bych údaje",
	"da": "jeg ikke af og det har til min mine jeres hvordan dig mig vil være oplysninger",
	"de": "ich nicht und der die das ist sie haben mein meine meinen ihre ihnen bitte wie mit von daten für",
	"el": "και το τα να δεν είναι με για που από σας μου τις θέλω παρακαλώ δεδομένα",
	"en": "the and you my your is are this have from please what how with that of do data i to",
	"es": "el los las mis sus usted por favor que qué cómo tienen datos una para con están de y me",
	"et": "ja ei on mina minu teie kuidas palun mis see et olen andmed mind kas",
	"fi": "ja ei on minun teidän tietoni olen miten mitä että haluan voitte tietoja minua kiitos",
	"fr": "je vous mes vos est les des une pas que avez mon votre comment merci de la le données et",
	"ga": "tá mé agus na níl mo bhur conas cad é sibh sonraí le do thoil ar atá",
	"hr": "ja sam nije što kako moje vaše molim imate jeste podatke podaci koje li ste biti",
	"hu": "és nem az hogy egy van vagyok kérem önök adataim hogyan milyen adatokat a én",
	"is": "ég ekki og það er þið mínar hvernig vinsamlegast hafið um mig upplýsingar að þér",
	"it": "il lo gli che non sono miei vostri avete come dati per favore una della di mi quali grazie",
	"lt": "aš ne ir yra mano jūsų kaip prašau kokie duomenys turite kad man apie esu",
	"lv": "es ne un ir mani manus jūsu kā lūdzu kādi dati jums ka man par esmu",
	"mt": "jien mhux u hija tiegħi tagħkom kif jekk jogħġbok x'inhi għandkom li dwar minn data",
	"nl": "ik niet de het een en mijn uw jullie hebt heeft hoe wat van graag gegevens ben kunt",
	"no": "jeg ikke og det har til min mine deres hvordan meg dere vil være opplysninger av",
	"pl": "nie jest mam moje moich państwo proszę jak że się czy dane danych skąd na z i jestem",
	"pt": "não os as meus vossos tem têm como dados por favor uma para com que eu você estão de e",
	"ro": "nu este am mele dumneavoastră vă rog cum ce și aveți datele despre mine sunt să",
	"sk": "som nie je mám moje vaše prosím ako aké údaje ste že alebo máte by sú",
	"sl": "sem ni je moje vaše prosim kako kateri podatki imate da ali ste bi podatke",
	"sv": "jag inte och det har till min mina era hur mig ni vill vara uppgifter av är",
}

var profileWords = func() map[string]map[string]bool {
	out := map[string]map[string]bool{}
	for code, words := range profiles {
		out[code] = set(words)
	}
	return out
}()

// fewestWords and lead are how much of a language a text must have, and by how many words more than of any other.
const (
	fewestWords = 3
	lead        = 1
)

// Language is the language of a text by its small words, as a base code, or "" where that does not settle it: a text
// of a few words, or one in two languages.
func Language(text string) string {
	words := fold(text)
	if len(words) > 400 {
		words = words[:400]
	}
	best, most, second := "", 0, 0
	for code, profile := range profileWords {
		n := 0
		for _, w := range words {
			if profile[w] {
				n++
			}
		}
		switch {
		case n > most:
			best, most, second = code, n, most
		case n > second:
			second = n
		}
	}
	if most < fewestWords || most-second < lead {
		return ""
	}
	return best
}
