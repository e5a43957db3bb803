package language

import (
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
	"golang.org/x/text/unicode/norm"
)

// Normalise reads a language as people and programs write it: a BCP 47 tag in any case and with underscores ("en-us", "de_AT"), an
// ISO 639 code ("ger", "no"), or a name in English, in the language itself, or in one of the main languages of Europe ("German",
// "Deutsch", "allemand"). It returns the base language, such as "de"; Norwegian without more is "nb". What is no language, or none
// that CLDR has a name for, is not ok.
func Normalise(s string) (lang string, ok bool) {
	s = strings.TrimSpace(s)
	if len(s) < 2 || len(s) > maxName {
		return "", false
	}
	if lang, ok := fromTag(s); ok {
		return lang, true
	}
	if lang, ok := languageNames()[Fold(s)]; ok {
		return lang, true
	}
	// "English (United States)", "German - Germany": what comes first is the language.
	if head, _, found := strings.Cut(s, "("); found {
		return Normalise(head)
	}
	if head, _, found := strings.Cut(s, " - "); found {
		return Normalise(head)
	}
	if parts := strings.Split(s, "/"); len(parts) > 1 {
		return agreed(parts, Normalise) // Deutsch/German
	}
	return "", false
}

// maxName is longer than the name of any language or country; a longer text is something else.
const maxName = 80

// Country reads a country as people and programs write it: an ISO 3166-1 code of two or three letters in any case, UK and EL as the
// European institutions write them, an ISO 3166-2 code, or a name in English or in one of the languages of Europe, with its code or
// another name beside it. It returns the alpha-2 code;
// the user-assigned XK stands for Kosovo. What is no country, XX among it, is not ok.
func Country(s string) (code string, ok bool) {
	s = strings.TrimSpace(s)
	if len(s) < 2 || len(s) > maxName {
		return "", false
	}
	if code, ok = fromCountryName(s); ok {
		return code, true
	}
	if code, ok = ofSubdivision(s); ok {
		return code, true
	}
	return loosely(s, fromCountryName)
}

// fromCountryName reads a code or a name with nothing around it.
func fromCountryName(s string) (code string, ok bool) {
	if code, ok = fromCountryCode(s); ok {
		return code, true
	}
	name := Fold(s)
	if code, ok = countryNames()[name]; ok {
		return code, true
	}
	if name, found := withoutStateForm(name); found {
		code, ok = countryNames()[name]
	}
	return code, ok
}

func fromCountryCode(s string) (code string, ok bool) {
	code = strings.ToUpper(s)
	if alias, ok := countryCodes[code]; ok {
		return alias, true
	}
	if len(s) == 3 {
		if region, err := language.ParseRegion(s); err == nil {
			code = region.String()
		}
	}
	if _, ok := official()[code]; ok {
		return code, true
	}
	return "", false
}

// countryCodes are codes in use that ISO 3166-1 does not have, or has for the same country as another. XI is Northern Ireland in
// numbers for value added tax.
var countryCodes = map[string]string{"UK": "GB", "XI": "GB", "EL": "GR", "XKX": "XK", "KOS": "XK"}

// fromTag reads a BCP 47 tag, or a locale of POSIX such as fr_FR.UTF-8.
func fromTag(s string) (string, bool) {
	s, _, _ = strings.Cut(s, ".")
	s, _, _ = strings.Cut(s, "@")
	tag, err := language.Parse(strings.ReplaceAll(s, "_", "-"))
	if err != nil {
		return "", false
	}
	base, confidence := tag.Base()
	if confidence != language.Exact || !named(base) {
		return "", false
	}
	return baseCode(base), true
}

// named reports whether CLDR has an English name for a language. It leaves out codes for no language, for several, and thousands
// of codes of three letters that are rather a word such as "any" or "all".
func named(base language.Base) bool {
	switch base.String() {
	case "und", "mul", "mis", "zxx":
		return false
	}
	return display.English.Languages().Name(base) != ""
}

// baseCode writes a language as this product does: Norwegian is Bokmål unless it is said to be Nynorsk.
func baseCode(base language.Base) string {
	if code := base.String(); code != "no" {
		return code
	}
	return "nb"
}

// namers are the languages in which names of languages and countries are understood. Where a name means two things the earlier wins.
var namers = func() []language.Tag {
	var tags []language.Tag
	for _, code := range strings.Fields("en fr de es it nl pt pl sv da nb fi cs sk sl hr hu ro bg el et lv lt mt ga is" +
		" nn ca eu gl cy lb sr bs sq mk uk ru tr ar he zh ja") {
		tags = append(tags, language.MustParse(code))
	}
	return tags
}()

// dialects are languages that CLDR names with their country: "American English", "Flemish".
var dialects = strings.Fields("en-US en-GB en-AU en-CA de-AT de-CH fr-CA fr-CH es-419 es-ES es-MX pt-BR pt-PT nl-BE zh-Hans zh-Hant ro-MD")

// moreLanguageNames are names that CLDR does not give. Keys are folded.
var moreLanguageNames = map[string]string{
	"castilian": "es", "castellano": "es", "flamand": "nl", "vlaams": "nl", "flamisch": "nl", "gaelic": "ga", "norsk": "nb",
	"norwegian": "nb", "norwegisch": "nb", "norvegien": "nb", "moldovan": "ro", "moldavian": "ro", "farsi": "fa", "mandarin": "zh",
	"us english": "en", "uk english": "en", "letzeburgesch": "lb", "valencian": "ca", "modern greek": "el",
	"engl": "en", "franz": "fr", "ital": "it", "span": "es", "eesti keel": "et", "suomen kieli": "fi", "lingua italiana": "it", "langue francaise": "fr",
	"bokmal": "nb", "riksmal": "nb",
}

// moreCountryNames are names that CLDR does not give, or no longer: x/text still says Turkey and Macedonia. Keys are folded.
var moreCountryNames = map[string]string{
	"turkiye": "TR", "republic of turkiye": "TR", "turkey": "TR",
	"macedonia del norte": "MK", "macedonia del nord": "MK", "noord macedonie": "MK", "nordmakedonien": "MK", "nord makedonia": "MK",
	"pohjois makedonia": "MK", "pohja makedoonia": "MK", "eszak macedonia": "MK", "macedonia de nord": "MK", "macedonia do norte": "MK",
	"severni makedonie": "MK", "severne macedonsko": "MK", "sjeverna makedonija": "MK", "ziemelmakedonija": "MK", "siaures makedonija": "MK",
	"βορεια μακεδονια": "MK", "северна македония": "MK", "an mhacadoin thuaidh": "MK", "nordur makedonia": "MK", "macedonia połnocna": "MK",
	"north macedonia": "MK", "severna makedonija": "MK", "macedoine du nord": "MK",
	"nordmazedonien": "MK", "macedonia": "MK", "северна македонија": "MK",
	"great britain": "GB", "britain": "GB", "england": "GB", "scotland": "GB", "wales": "GB", "northern ireland": "GB", "u k": "GB",
	"united kingdom of great britain and northern ireland": "GB", "grande bretagne": "GB", "grossbritannien": "GB", "angleterre": "GB",
	"u s a": "US", "u s": "US", "america": "US", "united states of america": "US", "etats unis d amerique": "US",
	"ceska republika": "CZ", "repubblica ceca": "CZ", "republica checa": "CZ", "republika czeska": "CZ", "tsjechische republiek": "CZ", "czech rep": "CZ",
	"cseh koztarsasag": "CZ", "slovenska republika": "SK", "republic of china": "TW", "polish republic": "PL", "suomen tasavalta": "FI",
	"holland": "NL", "the netherlands": "NL", "pays bas": "NL",
	"republic of ireland": "IE", "eire": "IE", "czech republic": "CZ", "czechia": "CZ", "republique tcheque": "CZ",
	"tschechische republik": "CZ", "slovak republic": "SK", "hellas": "GR", "hellenic republic": "GR", "bundesrepublik deutschland": "DE",
	"republique francaise": "FR", "brd": "DE", "confoederatio helvetica": "CH", "swiss confederation": "CH",
	"russian federation": "RU", "republic of moldova": "MD", "republic of korea": "KR", "korea": "KR", "viet nam": "VN",
	"ivory coast": "CI", "cape verde": "CV", "cabo verde": "CV", "swaziland": "SZ", "eswatini": "SZ", "burma": "MM", "myanmar": "MM",
	"syrian arab republic": "SY", "islamic republic of iran": "IR", "vatican": "VA", "holy see": "VA", "macau": "MO", "macao": "MO",
	"hong kong": "HK", "palestine": "PS", "kosovo": "XK",
}

// languageNames maps folded names to base languages.
var languageNames = sync.OnceValue(func() map[string]string {
	names := map[string]string{}
	tags := map[language.Tag]string{}
	for _, base := range display.Values.BaseLanguages() {
		if named(base) {
			tags[language.Make(base.String())] = baseCode(base)
		}
	}
	for _, dialect := range dialects {
		tag := language.MustParse(dialect)
		base, _ := tag.Base()
		tags[tag] = baseCode(base)
	}
	for name, lang := range moreLanguageNames {
		names[name] = lang
	}
	for _, in := range namers {
		namer := display.Languages(in)
		add(names, tags, func(tag language.Tag) string { return namer.Name(tag) })
	}
	add(names, tags, func(tag language.Tag) string { return display.Self.Name(tag) })
	return names
})

// countryNames maps folded names to alpha-2 codes.
var countryNames = sync.OnceValue(func() map[string]string {
	names := map[string]string{}
	regions := map[language.Region]string{}
	for code := range official() {
		regions[language.MustParseRegion(code)] = code
	}
	for name, code := range moreCountryNames {
		names[name] = code
	}
	for _, in := range namers {
		namer := display.Regions(in)
		add(names, regions, func(region language.Region) string { return namer.Name(region) })
		add(names, regions, func(region language.Region) string { return asTyped.Replace(namer.Name(region)) })
		if in == language.MustParse("mt") {
			add(names, regions, func(region language.Region) string { return withoutArticle(namer.Name(region)) })
		}
	}
	return names
})

// withoutArticle takes the article off a Maltese name: il-Ġermanja.
func withoutArticle(name string) string {
	if article, rest, found := strings.Cut(name, "-"); found && len(article) < 4 {
		return rest
	}
	return name
}

// add puts the names of a set of things into a map, where no earlier name stands. A name that two of the things share in one
// language names neither, whatever the order of the map.
func add[T comparable](names map[string]string, things map[T]string, name func(T) string) {
	fresh := map[string]string{}
	for thing, code := range things {
		key := Fold(name(thing))
		if other, twice := fresh[key]; twice && other != code {
			code = ""
		}
		fresh[key] = code
	}
	for key, code := range fresh {
		if _, taken := names[key]; !taken && key != "" && code != "" {
			names[key] = code
		}
	}
}

// Fold makes spellings of one name equal: case, accents, punctuation and spacing are dropped.
func Fold(s string) string {
	s = cases.Fold().String(norm.NFD.String(s))
	var b strings.Builder
	gap := false
	for _, r := range s {
		switch {
		case unicode.Is(unicode.Mn, r):
		case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r):
			if gap && b.Len() > 0 {
				b.WriteByte(' ')
			}
			gap = false
			b.WriteRune(r)
		default:
			gap = true
		}
	}
	return b.String()
}
