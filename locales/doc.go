// Package locales holds the product's texts in every language that it can
// write in, and puts dates, lists and names into words.
//
// It is the one place that knows go-i18n, CLDR dates and the display names of
// x/text. The texts stand in active.<language>.toml beside this file and are
// built into the program. English is the base; [New] compares every other
// language with it and fails when a text, a plural form or a value is missing
// or left over, because a missing translation must block and never fall back
// (docs/rules.md L2, C8).
//
// A comment at the head of each file says who has reviewed it (L6).
//
// Texts below "page" are plain. The others carry light marks, **strong** and
// [label](address), which internal/compose reads.
package locales
