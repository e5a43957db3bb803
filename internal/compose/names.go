package compose

import (
	"slices"
	"strings"

	"article14/mailer"
)

// newPurposeSlot goes before the key of a purpose in the name of the flag that it is
// new to a person (Art. 14(4)).
const newPurposeSlot = "new_purpose."

// Slots that are more than a name for a value.
const (
	versionSlot   = "version" // filled when the skeleton is made
	noticeURL     = "notice_url"
	objectURL     = "object_url"
	choicesURL    = "choices_url"
	testSlot      = "test" // filled by the message's own headers
	authoritySite = "authority_site"
	proofCode     = "proof_code"   // the six digits in two groups, of the message's own headers (R4)
	proofDigits   = "proof_digits" // the same one by one
	teamText      = "text"         // the team's own words: a block, and not a part of a line
)

// Flags of correspondence; what it is about follows.
const (
	kindSlot   = "kind."
	groundSlot = "ground."
	keptSlot   = "kept."
)

// plainSlots have one value for all languages. addressSlots are web addresses;
// flagSlots say whether a part stands, and have no text.
var (
	plainSlots   = []string{"name", "authority_address", "code", proofCode, proofDigits, teamText}
	addressSlots = []string{authoritySite, noticeURL, objectURL, choicesURL}
	flagSlots    = []string{testSlot, "no_name", "start_known", "start_unknown", "late_unknown", "why_month", "why_purpose"}
	localSlots   = []string{"retention_end", "notice_only_end", "authority", "date", "deadline", "due_date", "done", "answer_by", "first_due", "asked"}
	flagFamilies = []string{"obtained_unknown.", newPurposeSlot, kindSlot, groundSlot, keptSlot}
)

func isAddressSlot(name string) bool { return slices.Contains(addressSlots, name) }

func isFlag(name string) bool {
	return slices.Contains(flagSlots, name) || slices.ContainsFunc(flagFamilies, func(family string) bool { return strings.HasPrefix(name, family) })
}

// knownSlots tells which slots a skeleton may have: those above, for each of its
// sources the page and the day, and whether a purpose is new.
func knownSlots(key mailer.SkeletonKey) func(string) bool {
	known := map[string]bool{}
	for _, list := range [][]string{plainSlots, addressSlots, flagSlots} {
		for _, name := range list {
			known[name] = true
		}
	}
	for _, kind := range requestKinds {
		known[kindSlot+string(kind)] = true
	}
	for _, ground := range mailer.Grounds {
		known[groundSlot+string(ground)] = true
	}
	for _, kept := range keptKinds {
		known[keptSlot+string(kept)] = true
	}
	languages := languagesOf(key)
	for _, name := range localSlots {
		for _, l := range languages {
			known[name+"."+l] = true
		}
	}
	for _, source := range sourcesOf(key) {
		known["page."+source], known["obtained_unknown."+source] = true, true
		for _, l := range languages {
			known["obtained."+source+"."+l] = true
		}
	}
	return func(name string) bool {
		purpose, flag := strings.CutPrefix(name, newPurposeSlot)
		return known[name] || flag && purpose != ""
	}
}

// languagesOf splits "fr+de".
func languagesOf(key mailer.SkeletonKey) []string { return split(key.Languages) }

// sourcesOf gives the keys of "linkedin?+whois".
func sourcesOf(key mailer.SkeletonKey) []string {
	var out []string
	for _, s := range mailer.FormSources(key.Form) {
		out = append(out, s.Key)
	}
	return out
}

func split(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, "+")
}
