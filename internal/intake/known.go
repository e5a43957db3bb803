package intake

import (
	"cmp"
	"maps"
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
		"křestní jméno,krstné meno,keresztnév,utónév,prenume,όνομα,eesnimi,vārds,vardas,isem,céadainm,primeiro nome,ime,собствено име,eiginnafn,ad,contact first name",
	fFamilyName: "last name,lastname,surname,family name,lname,nom de famille,nachname,familienname,zuname,apellido,apellidos,cognome,achternaam,nazwisko,efternavn," +
		"efternamn,sukunimi,příjmení,priezvisko,vezetéknév,családnév,nume de familie,επώνυμο,perekonnanimi,uzvārds,pavardė,kunjom,sloinne,apelido,sobrenome,priimek," +
		"prezime,фамилия,etternavn,eftirnafn,soyad,contact last name",
	fName: "name,full name,fullname,contact name,person,contact,nom,nom complet,nom et prénom,nombre,nombre completo,nome,nome completo,naam,volledige naam,imię i nazwisko," +
		"navn,namn,nimi,jméno,meno,név,teljes név,nume,ονοματεπώνυμο,vārds uzvārds,vardas pavardė,vollständiger name,име,nafn,registrant name,registrant.name,person name,ad soyad,display name",
	fEmail: "email,e mail,email address,e mail address,mail,email 1,e mail 1 value,work email,business email,primary email,adresse électronique,adresse email,adresse e mail,adresse mail,courriel," +
		"mél,mail adresse,e mail adresse,emailadresse,correo,correo electrónico,dirección de correo,posta elettronica,indirizzo email,indirizzo e mail,e mailadres," +
		"adres e mail,e postadress,e post,e postadresse,sähköposti,sähköpostiosoite,e mail cím,adresă de e mail,ηλεκτρονικό ταχυδρομείο,διεύθυνση email,e pasts,el paštas," +
		"e post aadress,имейл,електронна поща,e pošta,e naslov,ríomhphost,registrant.email,netfang,endereço de e mail,posta elettronika,person email work,emails,e mail addresses",
	fEmail2: "email 2,second email,secondary email,personal email,private email,other email,home email,e mail 2 value,email personnel,courriel personnel,private e mail,e mail privat,person email home,e mail 2 address,e mail 2 adresse",
	fPhone: "phone,phone number,telephone,tel,telephone number,mobile,mobile phone,mobile number,téléphone,numéro de téléphone,portable,telefon,telefonnummer,handy,teléfono,móvil,telefono,cellulare," +
		"telefoon,telefoonnummer,numer telefonu,puhelin,puhelinnumero,telefonszám,τηλέφωνο,tālrunis,telefonas,телефон,telefone,telemóvel,fón,sími,phone 1 value,business phone,person phone work,telefon geschäftlich,mobiltelefon,phones",
	fProfileURL:         "url,profile url,linkedin url,linkedin,linkedin profile,profile,person linkedin url,profil,profil url,profile link",
	fSourceRef:          "id,record id,contact id,lead id,person id,customer id,external id,uuid,identifiant,kundennummer,kontakt id,object id,hs object id,contact id 18",
	fPage:               "page,source url,domain,domaine,website,site web,found on,source page",
	fCountry:            "country,country region,country code,country name,pays,land,país,paese,kraj,maa,země,krajina,ország,țară,χώρα,valsts,šalis,riik,държава,država,tír,pajjiż,registrant.country,business country region,mailing country,mailingcountry,address 1 country,land region geschäftlich,land region,person country,ülke,location country,home country region",
	fRegion:             "region,state,state region,province,county,région,département,bundesland,provincia,regione,regio,provincie,województwo,kanton,canton,business state,mailing state province,mailing state,mailingstate,address 1 region",
	fCity:               "city,town,location city,ville,commune,stadt,ort,wohnort,ciudad,localidad,città,comune,stad,woonplaats,plaats,miasto,by,ort stadt,kaupunki,město,mesto,város,oraș,πόλη,pilsēta,miestas,linn,град,cidade,grad,poststed,business city,mailing city,mailingcity,address 1 city,ort geschäftlich,home city,şehir",
	fPostalCode:         "postal code,postcode,zip,zip code,code postal,cp,plz,postleitzahl,código postal,cap,kod pocztowy,postnummer,postinumero,psč,irányítószám,cod poștal,ταχυδρομικός κώδικας,τκ,пощенски код,poštna številka,poštanski broj,business postal code,mailing zip postal code,mailing postal code,mailingpostalcode,address 1 postal code,postleitzahl geschäftlich",
	fLanguage:           "language,preferred language,locale,lang,langue,langue préférée,sprache,bevorzugte sprache,korrespondenzsprache,idioma,lingua,taal,język,sprog,språk,kieli,jazyk,nyelv,limbă,γλώσσα,valoda,kalba,keel,език,jezik,teanga",
	fOrganisation:       "company,company name,organisation,organization,account name,employer,société,entreprise,raison sociale,organisme,firma,unternehmen,firmenname,empresa,azienda,società,bedrijf,bedrijfsnaam,firmanaam,przedsiębiorstwo,virksomhed,företag,yritys,společnost,spoločnosť,cég,companie,εταιρεία,uzņēmums,įmonė,ettevõte,фирма,podjetje,tvrtka,comhlacht,organization name,organization 1 name,associated company,person organization,şirket",
	fJobTitle:           "job title,title,position,role,fonction,poste,intitulé de poste,position titel,funktion,berufsbezeichnung,cargo,puesto,ruolo,qualifica,functie,functietitel,stanowisko,stilling,befattning,titel,ammattinimike,pozice,pozícia,beosztás,funcție,θέση,amats,pareigos,длъжност,delovno mesto,radno mjesto,organization title,organization 1 title",
	fObtainedAt:         "date added,obtained,obtained at,collected,collected at,create date,created,created at,created date,connected on,date collected,date of collection,retrieved,retrieved at,found on date,date de collecte,date d ajout,date de création,erhoben am,erfasst am,angelegt am,erstellt am,erstelldatum,fecha de alta,fecha de creación,data di raccolta,data raccolta,data di creazione,datum,data dodania,data utworzenia,oprettet,skapad,luotu,vytvořeno,létrehozva,createddate,creation date,added on,added at,person person created,date,datums,data,fecha,dato,päivämäärä,kuupäev,дата,ημερομηνία,tarih",
	fVisibility:         "visibility,email visibility,who can see,visibilité,sichtbarkeit,visibilidad,visibilità",
	fFirstCommunication: "first email send date,first contacted,first contact date,first mail,date du premier contact,date du premier e mail,erster kontakt,erstkontakt,primer contacto,primo contatto",
	fFirstDisclosure:    "first disclosure,disclosed on,first shared,passed on,date de première communication à un tiers",
	fToldAt:             "told at,informed on,notice sent,notice date,informé le,date d information,informiert am",
	fStreet: "street,street address,street address 1,address,address 1,address line 1,address line1,mailing street,mailingstreet,business street,home street,adresse,adresse 1,adresse postale,adresse ligne 1,rue,n et rue,voie,numéro et voie," +
		"straße,strasse,straße und hausnummer,straße hausnummer,anschrift,adresszeile 1,adresse zeile 1,straße geschäftlich,dirección,calle,domicilio,indirizzo,via,adres,straat,straat en huisnummer,ulica,adresa,gade,vej,adress,gata,gatuadress,katuosoite,osoite,cím,utca,strada,διεύθυνση,οδός,adrese,iela,adresas,gatvė,aadress,tänav,адрес,улица,naslov,seoladh,indirizz,morada,endereço,rua,registrant.street,address 1 line 1,contact street",
	fStreet2:   "street 2,street address 2,address 2,address line 2,address line2,adresse 2,adresse ligne 2,complément d adresse,complément,bâtiment,lieu dit,boîte postale,adresszeile 2,adresszusatz,adresse zeile 2,zusatz,apartment,suite,unit,address 1 line 2,registrant.street2",
	fStreet3:   "street 3,street address 3,address 3,address line 3,adresse 3,adresse ligne 3,adresszeile 3,postfach,po box,address 1 line 3",
	fToldProof: "told proof,notice reference,proof,preuve",
}

// namesOf are the folded names of a field's columns, the plainest first.
func namesOf(f field) []string {
	var names []string
	for _, name := range append(strings.Split(knownNames[f], ","), fieldNames[f]) {
		names = append(names, language.Fold(name))
	}
	return names
}

// fieldsByName are the fields that a folded name may be of.
var fieldsByName = sync.OnceValue(func() map[string][]field {
	byName := map[string][]field{}
	for f := range fieldCount {
		for _, key := range namesOf(f) {
			if !slices.Contains(byName[key], f) {
				byName[key] = append(byName[key], f)
			}
		}
	}
	return byName
})

// knownFields are the fields that a column may be of, by its name; of a path in
// NDJSON also by its last key, and by the list in which it stands: emails.0 is of email.
func knownFields(column string) []field {
	key := language.Fold(column)
	if fields := fieldsByName()[key]; fields != nil || !strings.Contains(column, ".") {
		return fields
	}
	path := strings.Split(column, ".")
	for len(path) > 1 && strings.Trim(path[len(path)-1], "0123456789") == "" {
		path = path[:len(path)-1]
	}
	fields := fieldsByName()[language.Fold(path[len(path)-1])]
	if len(path) == 1 {
		return fields
	}
	// The key alone does not tell whose name, number or page it is: company.name.
	return slices.DeleteFunc(slices.Clone(fields), func(f field) bool {
		return f != fGivenName && f != fFamilyName && f != fEmail && f != fPhone && f != fCountry && f != fCity && f != fPostalCode
	})
}

// suggest says what columns seem to hold, by what they are called, for fields
// that are not read yet. Of two columns for one field the one whose name comes
// first among its names is meant: Job title before Title, which may be Dr. A column
// that is called name beside one of given names holds family names (Nom, Prénom),
// and beside one of family names given names (Nombre, Apellidos): read as the
// whole name it would lose half of it. Called is what a mapping calls a column.
func suggest(columns []string, called func(i int) string, read func(field) bool) (uses []ColumnUse) {
	has := func(f field) bool {
		return slices.ContainsFunc(columns, func(c string) bool { return slices.Contains(knownFields(c), f) })
	}
	given, family := has(fGivenName), has(fFamilyName)
	type match struct {
		field       field
		column, fit int
	}
	var matches []match
	for i, column := range columns {
		if slices.Contains(columns, column+".0") {
			continue // a list, which is no value
		}
		for _, f := range knownFields(column) {
			m := match{f, i, slices.Index(namesOf(f), language.Fold(column))}
			if m.fit < 0 {
				m.fit = 500 // a path, by its last key
			}
			switch {
			case f == fName && given && !family:
				m.field = fFamilyName
			case f == fName && family && !given:
				m.field = fGivenName
			}
			if matches = append(matches, m); f == fEmail {
				matches = append(matches, match{fEmail2, i, 1000 + m.fit}) // where the first is of another column
			}
		}
	}
	slices.SortStableFunc(matches, func(a, b match) int { return cmp.Compare(a.fit, b.fit) })
	taken, of := map[field]bool{}, map[int]field{}
	for _, m := range matches {
		if _, used := of[m.column]; !used && !taken[m.field] && !read(m.field) {
			taken[m.field], of[m.column] = true, m.field
		}
	}
	for _, i := range slices.Sorted(maps.Keys(of)) {
		uses = append(uses, ColumnUse{Field: of[i].String(), Column: called(i), By: byItsName})
	}
	return uses
}
