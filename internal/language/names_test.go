package language_test

import (
	"testing"

	"article14/internal/language"
)

func TestALanguageIsUnderstoodAsPeopleWriteIt(t *testing.T) {
	cases := map[string][]string{
		"en": {"en", "EN", "en-us", "en_GB", "English", " english ", "ENGLISH", "anglais", "Englisch", "English (United States)", "American English", "inglés"},
		"fr": {"fr", "FR", "fr-FR", "fr_BE.UTF-8", "French", "français", "Francais", "Französisch", "fra", "fre", "French - France"},
		"de": {"de", "de_AT", "de-CH", "German", "Deutsch", "allemand", "ger", "deu", "Deutsch (Österreich)", "Austrian German", "Deutsch/German"},
		"nb": {"no", "NO", "nb", "nb-NO", "nob", "Norwegian", "norsk", "norsk bokmål", "Norwegian Bokmål"},
		"nn": {"nn", "nynorsk", "Norwegian Nynorsk"},
		"el": {"el", "EL", "el-GR", "Greek", "Ελληνικά", "ελληνικα", "Griechisch", "gre"},
		"pt": {"pt-BR", "Portuguese", "português", "Brazilian Portuguese"},
		"nl": {"nl", "Dutch", "Nederlands", "Flemish", "Vlaams", "néerlandais"},
		"cs": {"CS", "Czech", "čeština", "cestina", "tchèque"},
		"et": {"ET", "Estonian", "eesti"},
		"sl": {"SL", "Slovenian", "slovenščina"},
		"mt": {"MT", "Maltese", "Malti"},
		"is": {"IS", "Icelandic", "íslenska"},
		"ga": {"ga", "Irish", "Gaeilge"},
		"bg": {"bg", "български", "Bulgarian"},
		"zh": {"zh", "zh-Hant-TW", "Chinese", "中文", "Simplified Chinese"},
		"ar": {"ar", "العربية"},
		"es": {"es", "es-419", "Español", "Castilian", "castellano"},
		"uk": {"uk", "UK", "Ukrainian"},
	}
	for want, spellings := range cases {
		for _, s := range spellings {
			if got, ok := language.Normalise(s); !ok || got != want {
				t.Errorf("Normalise(%q) = %q, %v, want %q", s, got, ok, want)
			}
		}
	}
}

func TestWhatIsNoLanguageIsNotGuessed(t *testing.T) {
	for _, s := range []string{"", " ", "-", "x", "xx", "XX", "zz", "und", "mul", "zxx", "mis", "root", "none", "n/a", "any", "all", "unknown",
		"gr", "dk", "Klingonish", "English, French", "en;fr", "french/english", "x-private", "()", "en\x00", "1", "\xff\xfe", "日本"} {
		if got, ok := language.Normalise(s); ok || got != "" {
			t.Errorf("Normalise(%q) = %q", s, got)
		}
	}
}

func TestACountryIsUnderstoodAsPeopleWriteIt(t *testing.T) {
	cases := map[string][]string{
		"GB": {"GB", "UK", "uk", "gbr", "United Kingdom", "Great Britain", "U.K.", "Royaume-Uni", "Vereinigtes Königreich", "England", "Scotland", "XI", "GB-SCT", "gb-eng",
			"United Kingdom (UK)", "UK (Scotland)", "Ireland (Northern)", "Reino Unido", "Storbritannien"},
		"GR": {"GR", "EL", "el", "GRC", "Greece", "Ελλάδα", "Grèce", "Griechenland"},
		"FR": {"FR", "fr", "FRA", "France", "FRANCE", "Frankreich", "Francia"},
		"DE": {"de", "DEU", "Germany", "Deutschland", "Allemagne", "Germany (DE)", "DE - Germany", "Germany/Deutschland",
			"Federal Republic of Germany", "Γερμανία", "ΓΕΡΜΑΝΙΑ", "Németország", "Þýskaland", "Ġermanja", "il-Ġermanja", "276"},
		"AT": {"Austria", "Österreich", "Osterreich", "Oesterreich", "Autriche", "Østrig", "Itävalta"},
		"KR": {"Korea, Republic of", "Korea (South)", "South Korea"},
		"KP": {"Korea (North)"},
		"MD": {"Moldova, Republic of"},
		"TW": {"Republic of China"},
		"SK": {"Slovakia (Slovak Republic)", "Slovensko"},
		"TR": {"TR", "Turkey", "Türkiye", "Turkiye", "Turquie"},
		"MK": {"MK", "North Macedonia", "Macedonia", "Macédoine du Nord", "Северна Македонија"},
		"CZ": {"CZ", "Czechia", "Czech Republic", "The Czech Republic", "Česká republika", "Česko", "République tchèque"},
		"NL": {"NL", "Netherlands", "The Netherlands", "Pays-Bas", "Holland", "Netherlands, The"},
		"CH": {"CH", "Switzerland", "Schweiz", "Suisse", "Svizzera"},
		"US": {"US", "USA", "United States", "U.S.A.", "États-Unis"},
		"IE": {"IE", "Ireland", "Éire", "Irlande"},
		"CI": {"Ivory Coast", "Côte d’Ivoire", "Côte d'Ivoire"},
		"AX": {"AX", "Åland Islands"},
		"XK": {"XK", "Kosovo"},
		"BE": {"Belgium", "België", "Belgique", "Belgien"},
	}
	for want, spellings := range cases {
		for _, s := range spellings {
			if got, ok := language.Country(s); !ok || got != want {
				t.Errorf("Country(%q) = %q, %v, want %q", s, got, ok, want)
			}
		}
	}
}

func TestWhatIsNoCountryIsNotGuessed(t *testing.T) {
	for _, s := range []string{"", " ", "XX", "xx", "ZZ", "QQ", "EU", "SU", "DD", "YU", "Europe", "Utopia", "1", "000", "001", "150", "n/a", "FR\x00", "\xff\xff",
		"Georgia (USA)", "Georgia, USA", "Paris, France", "France/Germany", "DE - France", "CH-8000", "ZZ-AB", "D", "(", " - ", "/"} {
		if got, ok := language.Country(s); ok || got != "" {
			t.Errorf("Country(%q) = %q", s, got)
		}
	}
}

func FuzzNames(f *testing.F) {
	for _, s := range []string{"en-us", "English (US)", "UK", "((", "de_AT.UTF-8@euro", "x-y-z", "\xff", "français", "A - B - C"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if lang, ok := language.Normalise(s); ok {
			if again, ok := language.Normalise(lang); !ok || again != lang {
				t.Fatalf("%q was read as %q, and that as %q", s, lang, again)
			}
		}
		if code, ok := language.Country(s); ok {
			if again, ok := language.Country(code); !ok || again != code {
				t.Fatalf("%q was read as %q, and that as %q", s, code, again)
			}
		}
	})
}
