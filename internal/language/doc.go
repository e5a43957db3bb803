// Package language settles which language a person is written to in, and which supervisory authority is theirs.
//
// The rules are docs/rules.md L1 to L3 and R8; behind them stand Articles 12(1), 13(2)(d) and 14(2)(e) GDPR and WP260 rev.01, which asks
// for a translation wherever the controller addresses speakers of another language.
//
// [Choose] goes down one ladder, and says on which rung it stood and why:
//
//  1. preference: the person stated a language, and the controller offers it. A language that is not offered counts as not stated.
//  2. region: the part of the country has its own language (Belgium, Switzerland, South Tyrol, the Aosta Valley, Åland). The
//     postcode and the town decide, then the region; where postcode and town contradict each other, the country does.
//  3. country: the notice languages of the European Economic Area, Switzerland and the United Kingdom; several are sent in one mail.
//  4. official: elsewhere, the country's official languages as far as the controller offers them. One of them is enough, since it
//     is a language in which that state itself speaks to its people; if none is offered, all are missing.
//  5. controller: the country is unknown and the controller has laid down what then holds.
//
// English has no rung of its own. It comes out where it was preferred, where it is a notice language or an official one, or where the
// controller's rule names it; never because nothing else fitted.
//
// A language that is needed and not offered is reported as missing, and never replaced (L2).
//
// [Normalise] and [Country] read languages and countries as people write them. [AuthorityFor] finds the supervisory authority.
//
// # Where the facts come from
//
// data/authorities.csv: the authorities' own publications; a value that could not be confirmed is left empty rather than printed.
// data/official.csv: official and de facto official languages by Unicode CLDR 48 (supplemental territory information), largest
// share of the population first, without the purely spoken Swiss German, and with Ukrainian alone for Ukraine, whose constitution
// names no other. data/regions.csv and data/laender.csv: ISO 3166-2, the postal services' ranges, and the language laws of the
// countries. A range that crosses a language border is left out, so that the wider rule decides.
package language
