package plain

import "strings"

// GenericSource reports whether the name of a source names nobody: "public sources", "the internet", "our partners" (docs/rules.md S2).
// Kaspr's "publicly accessible sources" was no answer to where data came from. A name is generic when every word of it is, in
// English, French or German, whichever language the name claims to be in; an empty name is generic too.
func GenericSource(name string) bool {
	for _, s := range segment("fr", name) { // French, so that "l'internet" is two words
		for _, w := range s.words {
			if !genericWord(w.text) {
				return false
			}
		}
	}
	return true
}

func genericWord(text string) bool {
	for _, pattern := range genericWords {
		if fits(pattern, text) {
			return true
		}
	}
	return false
}

// genericWords are the words of which generic names are made; a "*" stands for any ending.
var genericWords = strings.Fields(
	// English
	"a|an|the|our|other|others|various|several|different|many|some|all|any|and|or|of|from|on|in|for|to|by|via|through|with|which|are|is" +
		" public|publicly|available|accessible|open|free|freely|online|web|website|websites|site|sites|page|pages|internet|www|net|world|wide" +
		" source|sources|data|information|database|databases|dataset|datasets|list|lists|register|registers|registry|registries|record|records" +
		" partner|partners|third|party|parties|provider|providers|supplier|suppliers|vendor|vendors|broker|brokers|affiliate|affiliates" +
		" business|commercial|professional|social|media|network|networks|directory|directories|platform|platforms|company|companies" +
		" customer|customers|client|clients|contact|contacts|external|internal|search|engine|engines|research|unknown|misc|miscellaneous|none|n" +
		// French
		" le|la|les|l'|un|une|des|de|du|d'|nos|notre|autre|autres|divers|diverses|différents|différentes|plusieurs|et|ou|au|aux|sur|en|par|à|via" +
		" public|publics|publique|publiques|publiquement|accessible*|disponible*|librement|libre|ouvert|ouverts|ouverte|ouvertes|ligne|toile" +
		" donnée*|information*|base|bases|liste*|registre*|partenaire*|tiers|tierce*|fournisseur*|prestataire*|courtier*|entreprise*|société*" +
		" réseau|réseaux|social|sociaux|média|médias|annuaire*|professionnel*|commerciaux|commerciale*|plateforme*|moteur*|recherche*|inconnu*|sites|client*" +
		// German
		" der|die|das|den|dem|ein|eine|einer|einem|unser|unsere|unseren|unserer|andere|anderen|anderer|verschiedene*|diverse*|sonstige*|mehrere*" +
		" und|oder|aus|im|von|vom|über|öffentlich*|zugänglich*|verfügbar*|frei|offen*|allgemein*|netz|webseite*|website*|internetseite*|seite*" +
		" quelle*|daten|datenbank*|datenquelle*|information*|liste*|verzeichnis*|register*|partner*|geschäftspartner*|dritte|dritten|dritter|drittanbieter*" +
		" anbieter*|datenanbieter*|lieferant*|dienstleister*|händler*|adresshändler*|soziale*|medien|netzwerk*|plattform*|suchmaschine*" +
		" recherche*|unbekannt*|unternehmen|firma|firmen|kunde*|kontakt*|extern*|intern*|beruflich*",
)
