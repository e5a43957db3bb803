// Package plain measures how plainly a text is written, and finds the words that a notice must not have.
//
// Article 12(1) GDPR asks for "concise, transparent, intelligible and easily accessible form, using clear and plain language"; WP260
// rev.01 says what that rules out. The rules are docs/rules.md P1 to P3, S2 and section 6:
//
//   - P1 [Doubt]: words of doubt about the controller's own acts ("we may share"). "You may object" is fine.
//   - P2 [Measure] and [Ceiling]: LIX and the length of sentences, with a ceiling for each language.
//   - P3 [Refused]: phrases that sound like information and hold none ("as long as necessary", "our partners").
//   - S2 [GenericSource]: names of sources that name nobody ("public sources").
//
// [Check] applies P1 to P3 together. A finding is a place in a text, and may be waived by a person with a reason; nothing here
// decides that.
//
// Texts are those that the controller wrote, with or without a person's values in them. Give them without the line breaks of
// wrapping: as in Unicode's rules for sentences, a line break ends one, which is right for headings and items of a list.
//
// Words and sentences are found by Unicode text segmentation (UAX #29), by way of github.com/rivo/uniseg, with three corrections:
// the full stop of a known abbreviation does not end a sentence ("Art. 6"), nor does that of an ordinal number where the language
// writes one ("3. November"), and an elided article is a word of its own where the language has them ("l'adresse" is two).
// Hyphens part words.
//
// # Adding a language
//
// What is known of a language stands in one table, in a file of its own (english.go, french.go, german.go), and is entered in
// rulebooks. Without a table a text can still be measured; it has no ceiling, and no words are found in it.
package plain
