package language_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"article14/internal/language"
)

func offers(languages string) func(string) bool {
	have := strings.Fields(languages)
	return func(lang string) bool { return slices.Contains(have, lang) }
}

var choices = []struct {
	name    string
	in      language.Input
	offered string
	want    string // rule: languages / missing
}{
	{"L1: a stated preference that is offered comes first", language.Input{Preference: "English", Country: "FR"}, "en fr de", "preference: en"},
	{"L1: a preference in any spelling", language.Input{Preference: "de_AT", Country: "IT"}, "en fr de", "preference: de"},
	{"L1: a preference that is not offered gives way to the country", language.Input{Preference: "zh", Country: "FR"}, "en fr de", "country: fr"},
	{"L1: a preference that is no language gives way to the country", language.Input{Preference: "?", Country: "DE"}, "en fr de", "country: de"},
	{"L2: a missing language is reported and not replaced", language.Input{Country: "PL"}, "en fr de", "country: pl / pl"},
	{"L2: a preference that is not offered does not help either", language.Input{Preference: "pl", Country: "PL"}, "en fr de", "country: pl / pl"},
	{"L1: no is nb", language.Input{Preference: "no", Country: "NO"}, "en nb", "preference: nb"},
	{"L1: Norway", language.Input{Country: "NO"}, "en nb", "country: nb"},
	{"L1: English in Ireland", language.Input{Country: "IE"}, "en fr de", "country: en"},
	{"L1: Cyprus is Greek and not English", language.Input{Country: "CY"}, "en fr de el", "country: el"},
	{"L3: Luxembourg has two", language.Input{Country: "LU"}, "en fr de", "country: fr de"},
	{"L3: Malta has two, and both are needed", language.Input{Country: "MT"}, "en fr de", "country: mt en / mt"},
	{"L3: Belgium without a region has all three", language.Input{Country: "BE"}, "en nl fr de", "country: nl fr de"},
	{"L1: Flanders by name", language.Input{Country: "BE", Region: "Flanders"}, "nl fr", "region: nl"},
	{"L1: Flanders by ISO code", language.Input{Country: "BE", Region: "BE-VLG"}, "nl fr", "region: nl"},
	{"L1: Wallonia by postcode", language.Input{Country: "BE", Postcode: "5000"}, "nl fr", "region: fr"},
	{"L1: Brussels has both", language.Input{Country: "Belgique", City: "Brussel/Bruxelles"}, "nl fr", "region: nl fr"},
	{"L1: Brussels by postcode, one not offered", language.Input{Country: "BE", Postcode: "B-1000"}, "en fr de", "region: nl fr / nl"},
	{"L1: a German-speaking commune by town", language.Input{Country: "BE", City: "Eupen"}, "nl fr de", "region: de"},
	{"L1: a German-speaking commune by postcode, in a French-speaking province", language.Input{Country: "BE", Region: "Liège", Postcode: "4780"}, "fr de", "region: de"},
	{"L1: a postcode and a town that contradict each other decide nothing", language.Input{Country: "BE", Postcode: "1000", City: "Gent"}, "nl fr de", "country: nl fr de"},
	{"L1: a postcode of another country's form decides nothing", language.Input{Country: "BE", Postcode: "10115"}, "nl fr de", "country: nl fr de"},
	{"L3: Switzerland without a canton", language.Input{Country: "CH"}, "de fr it", "country: de fr it"},
	{"L1: Zürich", language.Input{Country: "CH", City: "Zürich"}, "de fr it", "region: de"},
	{"L1: Geneva by canton", language.Input{Country: "CH", Region: "CH-GE"}, "de fr it", "region: fr"},
	{"L1: Ticino", language.Input{Country: "CH", Region: "Ticino"}, "de fr it", "region: it"},
	{"L1: the bilingual canton of Bern", language.Input{Country: "CH", Region: "BE"}, "de fr it", "region: de fr"},
	{"L1: Lausanne by postcode", language.Input{Country: "CH", Postcode: "CH-1003"}, "de fr it", "region: fr"},
	{"L1: South Tyrol by town", language.Input{Country: "IT", City: "Bolzano/Bozen"}, "it de", "region: it de"},
	{"L1: South Tyrol by postcode", language.Input{Country: "IT", Postcode: "39100"}, "it de", "region: it de"},
	{"L1: the Aosta Valley", language.Input{Country: "IT", City: "Aosta"}, "it fr", "region: it fr"},
	{"L1: the rest of Italy", language.Input{Country: "IT", City: "Forlì", Region: "Emilia-Romagna"}, "it", "country: it"},
	{"L3: Finland", language.Input{Country: "FI", City: "Vaasa/Vasa"}, "fi sv", "country: fi sv"},
	{"L1: Åland by its own code", language.Input{Country: "AX"}, "fi sv", "region: sv"},
	{"L1: Åland as a part of Finland", language.Input{Country: "FI", Postcode: "22100"}, "fi sv", "region: sv"},
	{"L1: EL is Greece", language.Input{Country: "EL"}, "el", "country: el"},
	{"L1: UK is Great Britain", language.Input{Country: "UK"}, "en", "country: en"},
	{"L1: elsewhere the official language", language.Input{Country: "Brazil"}, "en fr de", "official: pt / pt"},
	{"L1: English where it is official", language.Input{Country: "US"}, "en fr de", "official: en"},
	{"L1: both official languages of Canada", language.Input{Country: "CA"}, "en fr de", "official: en fr"},
	{"L1: one official language that is offered is enough", language.Input{Country: "IN"}, "en fr de", "official: en"},
	{"L1: no English in Japan", language.Input{Country: "JP"}, "en fr de", "official: ja / ja"},
	{"L1: French overseas", language.Input{Country: "RE"}, "en fr de", "official: fr"},
	{"L1: an unknown country has the controller's rule", language.Input{Country: "XX", Fallback: []string{"EN", "fr", "en-GB"}}, "en fr de", "controller: en fr"},
	{"L2: the controller's rule may need what is not offered", language.Input{Fallback: []string{"es"}}, "en fr de", "controller: es / es"},
	{"L1: a country without people has the controller's rule", language.Input{Country: "AQ", Fallback: []string{"fr"}}, "en fr de", "controller: fr"},
}

func TestTheLanguageIsChosenByLaw(t *testing.T) {
	for _, c := range choices {
		t.Run(c.name, func(t *testing.T) {
			choice, err := language.Choose(c.in, offers(c.offered))
			if err != nil {
				t.Fatal(err)
			}
			got := string(choice.Rule) + ": " + strings.Join(choice.Languages, " ")
			if len(choice.Missing) > 0 {
				got += " / " + strings.Join(choice.Missing, " ")
			}
			if got != c.want {
				t.Errorf("chose %s (%s), want %s", got, choice.Why, c.want)
			}
			if choice.Why == "" {
				t.Error("no reason is given")
			}
		})
	}
}

// L1: an unknown country is not English in silence.
func TestAnUnknownCountryWithoutARuleIsAnError(t *testing.T) {
	for _, country := range []string{"", "XX", "AQ"} {
		choice, err := language.Choose(language.Input{Country: country, Preference: "zh"}, offers("en fr de"))
		var e *language.Error
		if !errors.As(err, &e) || e.Code != language.NoRule || len(choice.Languages) != 0 {
			t.Errorf("%q: %v, %v", country, choice, err)
		}
	}
	_, err := language.Choose(language.Input{Fallback: []string{"fr", "whatever"}}, offers("en fr de"))
	var e *language.Error
	if !errors.As(err, &e) || e.Code != language.BadRule {
		t.Errorf("a rule that is no language: %v", err)
	}
}

// E1: the reason is kept with the notice, and must say what was passed over.
func TestTheReasonSaysWhatWasPassedOver(t *testing.T) {
	choice, err := language.Choose(language.Input{Preference: "Chinese", Country: "BE", City: "Gent"}, offers("nl"))
	if err != nil {
		t.Fatal(err)
	}
	if want := "the stated preference zh is not offered; the city in BE speaks nl"; choice.Why != want {
		t.Errorf("reason %q, want %q", choice.Why, want)
	}
}

func TestNeitherReasonNorErrorRepeatsWhatWasTyped(t *testing.T) {
	const secret = "Élodie Bérard"
	in := language.Input{Preference: secret, Country: secret, Region: secret, Postcode: secret, City: secret}
	_, err := language.Choose(in, offers("en"))
	if err == nil || strings.Contains(err.Error(), secret) {
		t.Errorf("error: %v", err)
	}
	in.Fallback = []string{"en"}
	choice, err := language.Choose(in, offers("en"))
	if err != nil || choice.Why == "" || strings.Contains(choice.Why, secret) {
		t.Errorf("reason: %q, %v", choice.Why, err)
	}
	in.Fallback = []string{secret}
	if _, err = language.Choose(in, offers("en")); err == nil || strings.Contains(err.Error(), secret) {
		t.Errorf("error: %v", err)
	}
}

var anyCountry = rapid.OneOf(
	rapid.SampledFrom(strings.Fields("AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE IS LI NO CH GB"+
		" US CA BR JP IN ZA CN UA RU TR AQ AX RE PR KE XX EL UK")),
	rapid.StringMatching(`[A-Z]{2}`),
)

// english holds where L1 lets English be the language without anybody asking for it: the notice languages of IE, MT and GB, and
// CLDR's official languages elsewhere.
var english = map[string]bool{}

func init() {
	for _, code := range strings.Fields("IE MT GB AG AI AS AU BB BI BM BS BW BZ CA CC CK CM CX DM ER FJ FK FM GD GG GH GI GM GS GU GY HK IM IN" +
		" IO JE JM KE KI KN KY LC LR LS MG MH MP MS MU MW NA NF NG NR NU NZ PG PH PK PN PR PW RW SB SC SD SG SH SL SS SX SZ TC TK TO TT TV TZ" +
		" UG UM US VC VG VI VU WS ZA ZM ZW") {
		english[code] = true
	}
}

// L1: never English as a silent default.
func TestEnglishIsChosenOnlyWhereItIsPreferredOrOfficialOrTheControllersRule(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		in := language.Input{
			Preference: rapid.SampledFrom([]string{"", "zh", "fr", "en", "English", "??", "no"}).Draw(rt, "preference"),
			Country:    anyCountry.Draw(rt, "country"),
			Region:     rapid.SampledFrom([]string{"", "BE", "Flanders", "ZH", "England"}).Draw(rt, "region"),
			Postcode:   rapid.StringMatching(`[0-9]{0,5}`).Draw(rt, "postcode"),
			City:       rapid.SampledFrom([]string{"", "Eupen", "Gent", "Bozen", "London"}).Draw(rt, "city"),
			Fallback:   rapid.SampledFrom([][]string{nil, {"fr"}, {"en"}}).Draw(rt, "fallback"),
		}
		have := rapid.SliceOf(rapid.SampledFrom(strings.Fields("en fr de nl it"))).Draw(rt, "offered")
		choice, err := language.Choose(in, func(lang string) bool { return slices.Contains(have, lang) })
		if err != nil {
			if in.Fallback != nil {
				rt.Fatalf("an error in spite of a rule: %v", err)
			}
			return
		}
		if len(choice.Languages) == 0 || choice.Why == "" || choice.Rule == "" {
			rt.Fatalf("a choice of nothing: %+v", choice)
		}
		for _, lang := range choice.Languages {
			if slices.Contains(have, lang) == slices.Contains(choice.Missing, lang) {
				rt.Fatalf("%s is offered and missing, or neither: %+v", lang, choice)
			}
		}
		if !slices.Contains(choice.Languages, "en") {
			return
		}
		asked, _ := language.Normalise(in.Preference)
		country, _ := language.Country(in.Country)
		switch {
		case choice.Rule == language.RulePreference && asked == "en":
		case choice.Rule == language.RuleController && slices.Contains(in.Fallback, "en"):
		case english[country]:
		default:
			rt.Fatalf("English for no reason: %+v gives %+v", in, choice)
		}
	})
}
