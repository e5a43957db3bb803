package plain

import (
	"slices"
	"strings"
)

var english = rulebook{
	lix:           40,
	abbreviations: strings.Fields("e.g i.e cf vs mr mrs ms dr"),
	beforeNumber:  strings.Fields("art arts no nos para paras p pp approx"),
	refused: slices.Concat(
		phrases(sayPeriod, `
			as long as necessary|needed|required
			as long as is|reasonably necessary|needed|required
			as long as it is necessary|needed|required
			as long as we need it|them
			for the time|period necessary|needed|required
			no longer than necessary|needed`),
		phrases(sayPurpose, `
			legitimate business purposes|purpose|reasons
			legitimate purposes|purpose
			business purposes|purpose
			various purposes`),
		[]phrase{
			{words: "partners|partner", instead: sayWho, bare: true},
			{words: "third parties|party", instead: sayWho, bare: true},
			{words: "affiliates", instead: sayWho, bare: true},
		},
		phrases(saySource, `
			publicly available|accessible sources
			public|open sources
			publicly available|accessible data|information`),
		phrases(sayLaw, `
			in accordance with applicable law|laws
			in accordance with the applicable law|laws
			under applicable law|laws
			as permitted|required by law`),
		phrases(sayOnly, "please note that"),
	),
	modals: []string{"may", "might", "could"},
	months: []string{"may"},
	vague: phrases(sayWhatHolds, `
		possible|possibly
		perhaps|maybe|probably|likely
		some|certain|various|relevant
		sometimes|often|occasionally|generally|usually|typically|normally
		from time to time
		where|when|if|as appropriate|applicable
		where|when|if necessary`),
	others: []string{"you", "they"},
	ours:   []string{"we"},
}
