package wish

// tongue is what people of one language write.
type tongue struct {
	code string
	bare string // each all that a sentence says, between commas
	said string // each a part of a short sentence, and cannot mean anything else
	more string // objections that say it with a negation, or may mean something else: never clear
	// What else is asked for; a suggestion only.
	access, erasure, rectification string
}

// tongues is the table of phrases. They are written as people write them; case, accents and hyphens do not matter.
var tongues = []tongue{
	{bare: "stop, unsubscribe, opt out, optout"}, // whatever else somebody speaks
	{code: "en",
		bare: "stop it, stop this, unsubscribe me, opt me out, remove me, i object, objection, i opt out, i unsubscribe",
		said: `unsubscribe me, remove me from your list, remove me from this list, remove me from your mailing list, remove me from the list,
			take me off your list, take me off this list, take me off your mailing list, take me off the list, stop sending me, stop using my data,
			stop using my personal data, stop processing my data, stop processing my personal data, stop contacting me, stop emailing me, stop writing to me,
			i object to the use of my, i object to your use of my, i object to the processing of my, i object to your processing, i object to this use,
			i object to this processing, i hereby object, opt me out`,
		more: `do not contact me, dont contact me, never contact me, do not call me, dont call me, never write to me, do not send me, dont send me,
			 do not write to me, dont write to me, do not email me, dont email me, do not use my data, dont use my data,
			no more mails, no more emails, unsubscribe, i object, object to, opt out, leave me alone, not interested`,
		access: `what data, which data, what information do you, what do you know about me, what do you have about me, data you hold about me, data you have about me, information you hold about me, copy of my data, access to my data,
			access to my personal data, access request, article 15, art 15, where did you get, where do you have my, how did you get my, how did you obtain,
			source of my data, who gave you my`,
		erasure: `delete my, delete everything, erase everything, remove everything, remove my, remove all, wipe my, wipe everything,
			 delete me, delete all, erase my, erase me, erase all, remove my data, remove all my data, remove my details, remove my information,
			right to erasure, right to be forgotten, article 17, art 17, destroy my data`,
		rectification: `correct my, correct the spelling, please correct, my name is spelled, wrong name, misspelled, is incorrect, is outdated, update my data,
			update my details, article 16, art 16, changed my name, no longer work, wrong person`},
	{code: "de",
		bare: "stopp, abmelden, abmeldung, abbestellen, austragen, widerspruch, ich widerspreche, hiermit widerspreche ich, bitte abmelden",
		said: `ich widerspreche der, ich widerspreche dieser, ich widerspreche hiermit, hiermit widerspreche ich, lege widerspruch ein, lege ich widerspruch ein,
			melden sie mich ab, tragen sie mich aus, streichen sie mich, nehmen sie mich von, stoppen sie die nutzung meiner daten, stoppen sie die verarbeitung`,
		more: `keine mails mehr, kontaktieren sie mich nicht, kontaktiert mich nicht, schreiben sie mir nicht, schreibt mir nicht, rufen sie mich nicht,
			 keine e mails mehr, keine weiteren mails, keine weiteren e mails, nicht mehr anschreiben, nicht mehr kontaktieren,
			widerspruch, widerspreche, kein interesse, abmelden`,
		access: `welche daten, auskunft, kopie meiner daten, artikel 15, art 15, woher haben sie, woher stammen, woher kommen meine, wer hat ihnen,
			was wissen sie über mich, was haben sie über mich`,
		erasure: `löschen sie, löscht meine, löscht alles, alles löschen, meinen namen löschen, meinen namen aus, entfernen sie meine, entfernen sie alle,
			meine daten entfernen, löschung, meine daten löschen, daten zu löschen, lösche meine, recht auf vergessenwerden, artikel 17, art 17, vernichten sie`,
		rectification: `berichtigen, berichtigung, korrigieren sie, ist falsch geschrieben, falscher name, ist nicht mehr aktuell, ist veraltet, artikel 16, art 16,
			arbeite nicht mehr, falsche person`},
	{code: "fr",
		bare: "arrêt, arrêtez, désabonnement, désabonner, désinscription, désinscrire, opposition, je m'oppose, désabonnez-moi, désinscrivez-moi, stop pub",
		said: `je m'oppose, j'exerce mon droit d'opposition, désabonnez-moi, désinscrivez-moi, me désabonner, me désinscrire, retirez-moi de votre liste,
			retirez-moi de vos listes, retirez-moi de cette liste, arrêtez de m'envoyer, cessez de m'envoyer, arrêtez d'utiliser mes données, cessez d'utiliser mes données,
			cessez de me contacter, arrêtez de me contacter`,
		more: `ne plus recevoir, ne me contactez jamais, ne m'écrivez jamais, ne m'appelez, ne m'envoyez, ne me contactez plus, ne m'écrivez plus, plus de mails, ne souhaite plus, droit d'opposition, m'opposer, laissez-moi tranquille,
			pas intéressé, pas intéressée, désabonnement`,
		access: `quelles données, quelles informations, copie de mes données, accès à mes données, droit d'accès, article 15, art 15, d'où viennent, d'où tenez-vous,
			comment avez-vous obtenu, comment avez-vous eu, où avez-vous trouvé, où avez-vous eu, qui vous a donné`,
		erasure: `supprimez, tout supprimer, supprimer mon, supprimer toutes, effacer mon, effacer toutes, tout effacer, retirez mon nom, enlevez mon nom, supprimer mes, effacez, effacer mes, suppression de mes, effacement de mes, droit à l'effacement, droit à l'oubli, article 17, art 17`,
		rectification: `rectifier, rectification, corrigez, corriger mes, mal orthographié, n'est plus à jour, est erroné, est erronée, article 16, art 16,
			ne travaille plus, mauvaise personne`},
	{code: "es",
		bare: "baja, dar de baja, darme de baja, me opongo, parar, detener, paren, oposición, cancelar suscripción, denme de baja",
		said: `me opongo al, me opongo a que, me opongo a la, denme de baja, deme de baja, quiero darme de baja, solicito la baja, dejen de enviarme, dejen de escribirme,
			dejen de usar mis datos, ejerzo mi derecho de oposición, quítenme de la lista, elimínenme de la lista`,
		more: `no me escriban, no me llamen, no vuelvan a, no me envíen, no deseo recibir, no quiero recibir, no me contacten, derecho de oposición, no estoy interesado, no estoy interesada, darme de baja`,
		access: `qué datos, copia de mis datos, acceso a mis datos, derecho de acceso, artículo 15, art 15, de dónde han, de dónde sacaron, cómo han obtenido,
			cómo obtuvieron, quién les dio`,
		erasure:       `borren mis, borren mi, borren todo, supriman mi, supriman todo, eliminen mi, eliminen todo, retiren mi nombre, borrar mis, supriman mis, suprimir mis, eliminen mis, eliminar mis datos, derecho de supresión, derecho al olvido, artículo 17, art 17`,
		rectification: `rectifiquen, rectificación, corrijan, corregir mis, está mal escrito, es incorrecto, artículo 16, art 16, ya no trabajo, persona equivocada`},
	{code: "it",
		bare: "disiscrivimi, disiscrivetemi, disiscrizione, cancellami, cancellatemi, basta, fermatevi, mi oppongo, opposizione, annulla iscrizione",
		said: `mi oppongo al, mi oppongo all, mi oppongo a, disiscrivetemi, cancellatemi dalla lista, rimuovetemi dalla lista, toglietemi dalla lista,
			cancellatemi dalla vostra lista, rimuovetemi dalla vostra lista, smettete di inviarmi, smettete di scrivermi, smettete di usare i miei dati,
			esercito il diritto di opposizione`,
		more: `non scrivetemi, non mi contattate, non mi scrivete, non mi chiamate, non chiamatemi, non inviatemi, non voglio ricevere, non desidero ricevere, non contattatemi, diritto di opposizione, non sono interessato, non sono interessata`,
		access: `quali dati, copia dei miei dati, accesso ai miei dati, diritto di accesso, articolo 15, art 15, come avete ottenuto, come avete avuto, dove avete,
			da dove provengono, chi vi ha dato`,
		erasure:       `cancellate i miei, cancellate il mio, cancellate tutto, eliminate il mio, eliminate tutto, rimuovete i miei, rimuovete il mio, cancellare i miei, eliminate i miei, eliminare i miei, cancellazione dei miei, diritto alla cancellazione, diritto all'oblio, articolo 17, art 17`,
		rectification: `rettificate, rettifica, correggete, correggere i miei, è scritto male, è sbagliato, articolo 16, art 16, non lavoro più, persona sbagliata`},
	{code: "nl",
		bare: "afmelden, uitschrijven, stoppen, stop ermee, bezwaar, ik maak bezwaar, meld mij af, meld me af, schrijf mij uit, schrijf me uit",
		said: `ik maak bezwaar tegen, hierbij maak ik bezwaar, meld mij af, meld me af, schrijf mij uit, schrijf me uit, haal mij van de lijst, haal me van de lijst,
			haal mij van uw lijst, haal me van jullie lijst, stop met mailen, stop met het gebruik van mijn gegevens, stop met het verwerken van mijn gegevens, wil me afmelden`,
		more: `geen mails meer, neem nooit, schrijf mij niet, schrijf me niet, bel mij niet, bel me niet, mail mij niet, mail me niet, geen e-mails meer, niet meer mailen, niet meer benaderen, neem geen contact, bezwaar, geen interesse, afmelden`,
		access: `welke gegevens, kopie van mijn gegevens, inzage, artikel 15, art 15, hoe komt u aan, hoe komen jullie aan, waar heeft u, waar hebben jullie, van wie heeft u,
			wat weten jullie over mij`,
		erasure:       `verwijder alles, verwijder al, wis alles, wis mijn, verwijder mijn, verwijder al mijn, wis mijn, mijn gegevens verwijderen, mijn gegevens te verwijderen, recht op vergetelheid, artikel 17, art 17`,
		rectification: `corrigeer, corrigeren, rectificatie, verkeerd gespeld, klopt niet, artikel 16, art 16, werk niet meer, verkeerde persoon`},
	{code: "pl",
		bare: "rezygnuję, wypisz, wypisz mnie, wypiszcie mnie, wypisuję się, sprzeciw, wyrażam sprzeciw, zgłaszam sprzeciw, wnoszę sprzeciw, przestańcie",
		said: `wyrażam sprzeciw, zgłaszam sprzeciw, wnoszę sprzeciw, wypiszcie mnie, wypisz mnie, proszę mnie wypisać, proszę o wypisanie, usuńcie mnie z listy,
			przestańcie wysyłać, przestańcie przetwarzać moje dane`,
		more: `nie chcę otrzymywać, nie piszcie, nie dzwońcie, nie wysyłajcie, proszę nie pisać, nie kontaktujcie się, nie życzę sobie, prawo do sprzeciwu, nie jestem zainteresowany, nie jestem zainteresowana, sprzeciw`,
		access: `jakie dane, kopię moich danych, kopii moich danych, dostęp do moich danych, dostępu do moich danych, prawo dostępu, artykuł 15, art 15, skąd macie,
			skąd państwo, kto przekazał`,
		erasure:       `usuńcie moje, usuńcie wszystko, usuńcie wszystkie, usunąć wszystkie, skasujcie wszystko, usunięcie moich, proszę usunąć moje, skasujcie moje, prawo do bycia zapomnianym, prawo do usunięcia, artykuł 17, art 17`,
		rectification: `sprostowanie, sprostujcie, poprawcie, proszę poprawić, błędne nazwisko, są nieaktualne, artykuł 16, art 16, już nie pracuję, zła osoba`},
	{code: "pt",
		bare: "parar, parem, pare, cancelar subscrição, cancelar inscrição, oponho-me, me oponho, oposição, descadastrar, remover",
		said: `oponho-me ao, oponho-me à, me oponho ao, me oponho à, retirem-me da lista, removam-me da lista, tirem-me da lista, retirem-me da vossa lista, parem de me enviar,
			deixem de me enviar, deixem de usar os meus dados, exerço o direito de oposição, exerço o meu direito de oposição`,
		more: `não me escrevam, não me liguem, não me contatem, nunca me contactem, não me enviem, não quero receber, não desejo receber, não me contactem, direito de oposição, não estou interessado, não estou interessada`,
		access: `que dados, quais dados, cópia dos meus dados, acesso aos meus dados, direito de acesso, artigo 15, art 15, como obtiveram, onde obtiveram, de onde vêm,
			quem vos deu, quem lhes deu`,
		erasure:       `apaguem os meus, apaguem o meu, apaguem tudo, eliminem o meu, eliminem tudo, removam os meus, removam o meu, excluam tudo, apagar os meus, eliminem os meus, eliminar os meus, excluam meus, apagamento dos meus, direito ao apagamento, direito ao esquecimento, artigo 17, art 17`,
		rectification: `retifiquem, retificação, corrijam, corrigir os meus, está errado, está incorreto, artigo 16, art 16, já não trabalho, pessoa errada`},
	{code: "bg", bare: "стоп, спрете, отпиши, отпишете, отпишете ме, отписване, възразявам, възражение", said: "отпишете ме, възразявам срещу"},
	{code: "cs", bare: "odhlásit, odhlaste, odhlaste mě, odhlásit odběr, odhlášení, vznáším námitku, námitka, přestaňte", said: "odhlaste mě, vznáším námitku, vznáším námitky"},
	{code: "da", bare: "afmeld, afmeld mig, frameld, frameld mig, afmelding, indsigelse, jeg gør indsigelse, stands", said: "afmeld mig, frameld mig, jeg gør indsigelse"},
	{code: "el", bare: "στοπ, σταματήστε, διαγραφή, διαγράψτε με, κατάργηση εγγραφής, αντιτίθεμαι, εναντίωση", said: "διαγράψτε με από, αντιτίθεμαι στην"},
	{code: "et", bare: "lõpeta, lõpetage, loobun, tühistan tellimuse, vastuväide, esitan vastuväite", said: "esitan vastuväite, eemaldage mind nimekirjast"},
	{code: "fi", bare: "lopeta, lopettakaa, peruuta, peru tilaus, peruuta tilaus, vastustan", said: "vastustan tietojeni, poistakaa minut listalta"},
	{code: "ga", bare: "stad, stadaigí, díliostáil, díliostáil mé, cuirim ina choinne", said: "díliostáil mé"},
	{code: "hr", bare: "odjava, odjavi, odjavi me, odjavite me, prestanite, prigovor, ulažem prigovor", said: "odjavite me, ulažem prigovor"},
	{code: "hu", bare: "leiratkozás, leiratkozom, leiratkozni, tiltakozom, tiltakozás, hagyják abba, állj", said: "tiltakozom az, vegyenek le a listáról"},
	{code: "is", bare: "hætta, hættið, afskrá, afskráning, ég andmæli, andmæli, skráið mig úr", said: "ég andmæli, skráið mig af"},
	{code: "lt", bare: "atsisakau, atsisakyti, atsisakau prenumeratos, prieštarauju, sustabdykite, liaukitės", said: "prieštarauju mano, išbraukite mane"},
	{code: "lv", bare: "atrakstīties, atrakstos, atrakstiet mani, iebilstu, pārtrauciet, pārstājiet", said: "iebilstu pret, atrakstiet mani"},
	{code: "mt", bare: "ieqaf, waqqfu, neħħuni, noġġezzjona, oġġezzjoni", said: "neħħuni mil-lista, noġġezzjona għall"},
	{code: "no", bare: "stopp, avmeld, avmeld meg, avmelding, meld meg av, innsigelse, jeg protesterer", said: "meld meg av, avmeld meg, jeg protesterer mot, jeg motsetter meg"},
	{code: "ro", bare: "dezabonare, dezabonați-mă, dezabonează-mă, mă opun, opriți, opoziție", said: "mă opun prelucrării, dezabonați-mă, scoateți-mă de pe listă"},
	{code: "sk", bare: "odhlásiť, odhláste, odhláste ma, odhlásenie, namietam, podávam námietku, námietka, prestaňte", said: "odhláste ma, podávam námietku, namietam proti"},
	{code: "sl", bare: "odjava, odjavite me, prenehajte, ugovarjam, vlagam ugovor", said: "odjavite me, ugovarjam obdelavi, vlagam ugovor"},
	{code: "sv", bare: "sluta, stoppa, avregistrera, avregistrera mig, avanmäl, avanmäl mig, avanmälan, invändning, jag invänder", said: "avregistrera mig, avanmäl mig, jag invänder mot, ta bort mig från listan"},
}

// negations, in any language: where one of them stands, nothing is clear. Those that are common words elsewhere count
// with phrases of their own language alone (negationsOf).
const negations = `no not nor none never neither cannot cant dont doesnt didnt wont wouldnt shouldnt isnt arent wasnt without nothing
	nicht kein keine keinen keiner keinem keines nie niemals nein ohne nichts weder
	ne pas jamais non aucun aucune sans rien ni plus
	nunca jamas sin nada ninguno ninguna tampoco nao sem nem
	mai senza nessun nessuna nessuno niente
	niet geen nooit nee zonder niets nie nigdy bez nic
	ikke aldrig aldri ingen intet nej nei uden uten inte inga inget ej utan ekki aldrei enginn engin engan
	ei mitte kunagi pole ala alkaa koskaan ilman eivat nem soha nincs sem nelkul
	nikdy neni nikoli nikad nikada nije brez nemoj nemojte nav nu niciodata fara nici
	mhux qatt xejn minghajr
	не никога без няма нито недейте δεν μην μη οχι ποτε χωρις κανενα`

var negationsOf = map[string]string{"fi": "en et emme ette", "ga": "na ni nil nach gan nior", "mt": "ma la", "et": "ara arge", "lt": "be"}

// prefixed are the languages that say no in front of the verb, in one word.
var prefixed = map[string]string{"cs": "ne", "sk": "ne", "sl": "ne", "hr": "ne", "lt": "ne", "lv": "ne", "bg": "не"}

// conditions make a "no" one that holds for some cases alone.
const conditions = `if unless until except but only instead wenn falls aber ausser außer nur sondern solange mais sauf seulement excepté jusqu
	pero salvo excepto solamente tranne eccetto soltanto però tenzij maar alleen tylko jeśli jeżeli chyba ale porém exceto apenas
	pokud jestli pouze iba len jedine kun jos vain om-inte men endast hvis bara csak kivéve dacă doar μόνο αλλά αν само ако но samo ako`

// interrogatives begin a question, whether it ends in its mark or not. Those that are first
// names elsewhere (Kim, Mika) are left out: a name stands beneath a mail in a line of its own.
const interrogatives = `how what why when where who which whose can could may do does is are will would should wie was warum wann wo wer kann können darf
	comment pourquoi quand qui est puis pouvez cómo cuándo dónde quién puedo pueden come perché quando posso hoe waarom wanneer waar kan jak dlaczego czy kiedy
	porque posso proč ako prečo kako zakaj zašto hvordan hvorfor hur varför hvernig miten kuinka miksi kuidas miks hogyan miért cum πώς γιατί как защо kaip kodėl kāpēc
	woher wem wessen welche welcher welches où quel quelle quels quelles qué cuál chi quale quali wat welke wiens onde qual quais quem skąd kto jaki jakie czyj
	kdo odkud jaké která odkiaľ kde kdy aké kdaj odkod odakle tko koje katere hvem hvad hvorfra hvor hvornår vem vad vilka vilken varifrån hva hvilke hver hvað hvar hvaðan
	kuka ketkä keitä keneltä mistä mitä kes kust keda mida millal ki kik honnan milyen mikor cine unde kas kur kokius kada kādi kad kurš
	ποιος ποια ποιοι πού πότε τι кой коя кои кого какво откъде къде кога conas cá cén cé cathain kif għaliex liema fejn`

// fillers are small words that people put into a phrase, and that change nothing in it.
const fillers = `ever again just simply please kindly bitte jemals einfach svp por favor per aub alstublieft graag proszę`

// courtesy is what a sentence may say beside its point, and how a mail begins and ends.
const courtesy = `please pls thanks thank you kindly hello hi dear sir madam team regards best sincerely now immediately today
	bitte danke vielen dank hallo guten tag sehr geehrte geehrter damen und herren sofort gruss grüsse mit freundlichen grüßen
	merci svp sil vous plaît bonjour madame monsieur cordialement immédiatement
	por favor gracias hola saludos per favore grazie buongiorno salve saluti alstublieft aub graag bedankt dank goedendag groet groeten
	proszę dziękuję dzień dobry pozdrawiam obrigado obrigada olá cumprimentos tak tack takk venligst vennligst vänligen kiitos hei hej ole hyvä
	palun aitäh tere lūdzu paldies prašau ačiū prosím děkuji ďakujem hvala molim mulțumesc vă rog köszönöm kérem παρακαλώ ευχαριστώ моля благодаря
	vinsamlegast jekk jogħġbok grazzi`
