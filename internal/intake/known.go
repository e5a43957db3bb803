package intake

import (
	"slices"
	"strings"
	"sync"

	"article14/internal/language"
)

// knownNames are what columns are called in the exports of tools and in the
// spreadsheets of Europe. They are for advice: a column that a person did not
// name is not read, since two columns may well be called like one field.
var knownNames = map[field]string{
	fGivenName: "first name,firstname,given name,givenname,forename,fname,prénom,prénoms,vorname,rufname,nombre de pila,voornaam,roepnaam,imię,fornavn,förnamn,etunimi," +
		"křestní jméno,krstné meno,keresztnév,utónév,prenume,όνομα,eesnimi,vārds,vardas,isem,céadainm,primeiro nome,ime,собствено име,eiginnafn",
	fFamilyName: "last name,lastname,surname,family name,lname,nom de famille,nachname,familienname,zuname,apellido,apellidos,cognome,achternaam,nazwisko,efternavn," +
		"efternamn,sukunimi,příjmení,priezvisko,vezetéknév,családnév,nume de familie,επώνυμο,perekonnanimi,uzvārds,pavardė,kunjom,sloinne,apelido,sobrenome,priimek," +
		"prezime,фамилия,etternavn,eftirnafn",
	fName: "name,full name,fullname,contact name,person,contact,nom,nom complet,nom et prénom,nombre,nombre completo,nome,nome completo,naam,volledige naam,imię i nazwisko," +
		"navn,namn,nimi,jméno,meno,név,teljes név,nume,ονοματεπώνυμο,vārds uzvārds,vardas pavardė,vollständiger name,име,nafn,registrant name,registrant.name",
	fEmail: "email,e mail,email address,e mail address,mail,email 1,e mail 1 value,work email,business email,primary email,adresse électronique,adresse email,adresse e mail,adresse mail,courriel," +
		"mél,mail adresse,e mail adresse,emailadresse,correo,correo electrónico,dirección de correo,posta elettronica,indirizzo email,indirizzo e mail,e mailadres," +
		"adres e mail,e postadress,e post,e postadresse,sähköposti,sähköpostiosoite,e mail cím,adresă de e mail,ηλεκτρονικό ταχυδρομείο,διεύθυνση email,e pasts,el paštas," +
		"e post aadress,имейл,електронна поща,e pošta,e naslov,ríomhphost,registrant.email,netfang,endereço de e mail,posta elettronika",
	fEmail2: "email 2,second email,secondary email,personal email,private email,other email,home email,e mail 2 value,email personnel,courriel personnel,private e mail,e mail privat",
	fPhone: "phone,phone number,telephone,tel,telephone number,mobile,mobile phone,mobile number,téléphone,numéro de téléphone,portable,telefon,telefonnummer,handy,teléfono,móvil,telefono,cellulare," +
		"telefoon,telefoonnummer,numer telefonu,puhelin,puhelinnumero,telefonszám,τηλέφωνο,tālrunis,telefonas,телефон,telefone,telemóvel,fón,sími",
	fProfileURL:         "url,profile url,linkedin url,linkedin,linkedin profile,profile,person linkedin url,profil,profil url,profile link",
	fSourceRef:          "id,record id,contact id,lead id,person id,customer id,external id,uuid,identifiant,kundennummer,kontakt id,object id,hs object id",
	fPage:               "page,source url,domain,domaine,website,site web,found on,source page",
	fCountry:            "country,country region,country code,country name,pays,land,país,paese,kraj,maa,země,krajina,ország,țară,χώρα,valsts,šalis,riik,държава,država,tír,pajjiż,registrant.country",
	fRegion:             "region,state,state region,province,county,région,département,bundesland,provincia,regione,regio,provincie,województwo,kanton,canton",
	fCity:               "city,town,location city,ville,commune,stadt,ort,wohnort,ciudad,localidad,città,comune,stad,woonplaats,plaats,miasto,by,ort stadt,kaupunki,město,mesto,város,oraș,πόλη,pilsēta,miestas,linn,град,cidade,grad,poststed",
	fPostalCode:         "postal code,postcode,zip,zip code,code postal,cp,plz,postleitzahl,código postal,cap,kod pocztowy,postnummer,postinumero,psč,irányítószám,cod poștal,ταχυδρομικός κώδικας,τκ,пощенски код,poštna številka,poštanski broj",
	fLanguage:           "language,preferred language,locale,lang,langue,langue préférée,sprache,bevorzugte sprache,korrespondenzsprache,idioma,lingua,taal,język,sprog,språk,kieli,jazyk,nyelv,limbă,γλώσσα,valoda,kalba,keel,език,jezik,teanga",
	fOrganisation:       "company,company name,organisation,organization,account name,employer,société,entreprise,raison sociale,organisme,firma,unternehmen,firmenname,empresa,azienda,società,bedrijf,bedrijfsnaam,firmanaam,przedsiębiorstwo,virksomhed,företag,yritys,společnost,spoločnosť,cég,companie,εταιρεία,uzņēmums,įmonė,ettevõte,фирма,podjetje,tvrtka,comhlacht",
	fJobTitle:           "job title,title,position,role,fonction,poste,intitulé de poste,position titel,funktion,berufsbezeichnung,cargo,puesto,ruolo,qualifica,functie,functietitel,stanowisko,stilling,befattning,titel,ammattinimike,pozice,pozícia,beosztás,funcție,θέση,amats,pareigos,длъжност,delovno mesto,radno mjesto",
	fObtainedAt:         "date added,obtained,obtained at,collected,collected at,create date,created,created at,created date,connected on,date collected,date of collection,retrieved,retrieved at,found on date,date de collecte,date d ajout,date de création,erhoben am,erfasst am,angelegt am,erstellt am,erstelldatum,fecha de alta,fecha de creación,data di raccolta,data raccolta,data di creazione,datum,data dodania,data utworzenia,oprettet,skapad,luotu,vytvořeno,létrehozva",
	fVisibility:         "visibility,email visibility,who can see,visibilité,sichtbarkeit,visibilidad,visibilità",
	fFirstCommunication: "first email send date,first contacted,first contact date,first mail,date du premier contact,date du premier e mail,erster kontakt,erstkontakt,primer contacto,primo contatto",
	fFirstDisclosure:    "first disclosure,disclosed on,first shared,passed on,date de première communication à un tiers",
	fToldAt:             "told at,informed on,notice sent,notice date,informé le,date d information,informiert am",
	fToldProof:          "told proof,notice reference,proof,preuve",
}

// fieldsByName are the fields that a folded name may be of.
var fieldsByName = sync.OnceValue(func() map[string][]field {
	byName := map[string][]field{}
	for f := range fieldCount {
		names := strings.Split(knownNames[f], ",")
		for _, name := range append(names, fieldNames[f]) {
			if key := language.Fold(name); !slices.Contains(byName[key], f) {
				byName[key] = append(byName[key], f)
			}
		}
	}
	return byName
})

func knownFields(column string) []field { return fieldsByName()[language.Fold(column)] }

// suggest says what columns seem to hold, by what they are called, for fields
// that are not read yet. Where a column is called name and another holds given
// names, the first holds family names: Nom, Prénom.
func suggest(columns []string, read func(field) bool) (uses []ColumnUse) {
	taken := map[field]bool{}
	add := func(f field, column string) bool {
		if taken[f] || read(f) {
			return false
		}
		taken[f] = true
		uses = append(uses, ColumnUse{Field: f.String(), Column: column, By: byItsName})
		return true
	}
	given := slices.ContainsFunc(columns, func(c string) bool { return slices.Contains(knownFields(c), fGivenName) })
	family := slices.ContainsFunc(columns, func(c string) bool { return slices.Contains(knownFields(c), fFamilyName) })
	for _, column := range columns {
		for _, f := range knownFields(column) {
			if f == fName && given && !family {
				f = fFamilyName
			}
			if add(f, column) || f == fEmail && add(fEmail2, column) {
				break
			}
		}
	}
	return uses
}
