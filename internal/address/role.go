package address

import (
	"strings"
	"unicode"
)

// IsRole reports whether the local part names an office and not a person: those of RFC 2142 and common ones in the languages of
// Europe. A tag after a plus sign, dots, hyphens and underscores do not hide it. It is a guess by name: a person may be called Post.
func (a Address) IsRole() bool {
	local, _, _ := strings.Cut(strings.ToLower(strings.Trim(a.local, `"`)), "+")
	_, ok := roles[separators.Replace(local)]
	return ok
}

// IsOffice reports whether a name is an office's and no person's: Sales, Role Account, Customer Service, Datenschutz-Team. Every word
// of it must be one for offices; a person called Post is taken for one only where that is all that is known of their name.
func IsOffice(name string) bool {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) })
	for _, w := range words {
		_, role := roles[w]
		_, beside := besideRoles[w]
		if !role && !beside {
			return false
		}
	}
	return len(words) > 0
}

// besideRoles are words that stand in the names of offices, and in no local part alone. Registries call such contacts roles.
var besideRoles = func() map[string]struct{} {
	set := map[string]struct{}{}
	for w := range strings.FieldsSeq("role account the of and for de du des la le les et und für an a y e di department dept desk group unit division customer " +
		"client clients general générale générales central national domain domains dns name registrar registration registrant agent agents officer manager service équipe equipe équipes " +
		"abteilung kunden stelle leitung servicio departamento equipo servizio reparto ufficio afdeling klanten zespół dział avdelning afdeling osasto tim odbor oddělení") {
		set[w] = struct{}{}
	}
	return set
}()

var separators = strings.NewReplacer(".", "", "-", "", "_", "")

// roles are written without separators.
var roles = func() map[string]struct{} {
	set := map[string]struct{}{}
	for _, names := range []string{
		// RFC 2142, and what mail systems send from.
		"abuse noc security postmaster hostmaster usenet news webmaster www uucp ftp info marketing sales support",
		"noreply donotreply mailerdaemon bounce bounces root nobody daemon listmaster owner",
		// English
		"contact contacts hello hi mail email office admin administrator administration billing accounts accounting finance invoice " +
			"invoices invoicing payments payroll careers career jobs job hr humanresources recruiting recruitment press media pr " +
			"legal compliance privacy dpo gdpr dataprotection help helpdesk service services customerservice customercare customersupport " +
			"enquiries enquiry inquiries inquiry orders order purchasing procurement reception team staff everyone all it ict itsupport " +
			"feedback newsletter events partners partnerships shop store booking bookings reservations reservation frontdesk secretary " +
			"secretariat headoffice management ceo cfo cto coo ciso board webshop tech technical engineering operations ops",
		// French
		"accueil bonjour commercial commerciale ventes vente comptabilite compta facturation factures facture recrutement emploi rh " +
			"ressourceshumaines direction secretaire presse juridique rgpd serviceclient serviceclients sav achats achat communication " +
			"bureau mairie contactez reclamation reclamations donneespersonnelles",
		// German
		"kontakt anfrage anfragen vertrieb verkauf einkauf buero büro zentrale empfang sekretariat verwaltung buchhaltung rechnung " +
			"rechnungen rechnungswesen personal personalabteilung bewerbung bewerbungen karriere presse recht datenschutz " +
			"datenschutzbeauftragter dsb kundenservice kundendienst kundenbetreuung bestellung bestellungen technik geschaeftsfuehrung " +
			"geschäftsführung gf poststelle post praxis kanzlei redaktion werbung",
		// Italian, Spanish, Portuguese, Romanian
		"informazioni amministrazione segreteria vendite assistenza acquisti ufficio ufficiostampa contabilita " +
			"contacto ventas administracion soporte recepcion facturacion atencionalcliente clientes compras prensa rrhh oficina pedidos " +
			"geral contato vendas suporte administracao faturacao apoio apoiocliente encomendas imprensa recursoshumanos " +
			"birou secretariatul vanzari contabilitate comenzi relatii office",
		// Dutch, Danish, Swedish, Norwegian, Finnish, Icelandic, Estonian, Latvian, Lithuanian
		"verkoop administratie receptie klantenservice boekhouding facturen inkoop vacatures pers " +
			"kundeservice salg bogholderi regnskab faktura ordre kontor kundtjanst kundtjänst forsaljning försäljning ekonomi fakturor " +
			"regnskap firmapost asiakaspalvelu myynti toimisto laskutus posti rekry tietosuoja sala bokhald " +
			"myyk müük raamatupidamine birojs gramatvediba pardavimai buhalterija biuras",
		// Polish, Czech, Slovak, Slovenian, Croatian, Hungarian, Greek in Latin letters
		"biuro sprzedaz ksiegowosc kadry obsluga zamowienia faktury iod rodo " +
			"podatelna obchod kancelar prodej ucetni objednavky predaj uctovnictvo " +
			"prodaja racunovodstvo tajnistvo ured narudzbe ugyfelszolgalat titkarsag iroda ertekesites konyveles penzugy " +
			"grammateia logistirio epikoinonia",
	} {
		for name := range strings.FieldsSeq(names) {
			set[name] = struct{}{}
		}
	}
	return set
}()
