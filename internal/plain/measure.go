package plain

// Figures are the measures of plain language (P2) for one text.
type Figures struct {
	Sentences       int
	Words           int
	LongWords       int     // of more than six letters
	LIX             float64 // words a sentence plus long words in a hundred; 30 to 40 is ordinary prose (in English)
	RIX             float64 // long words a sentence
	MeanSentence    float64 // words
	LongestSentence int     // words
	Longest         string  // the longest sentence, as it stands in the text
}

// longWord is the number of letters that a long word has more than (LIX and RIX).
const longWord = 6

// Measure returns the figures of a text in a language (a base language code, such as "fr"). A text without words has none.
func Measure(lang, text string) Figures {
	return measure(text, segment(lang, text))
}

func measure(text string, sentences []sentence) Figures {
	var f Figures
	for _, s := range sentences {
		f.Sentences++
		f.Words += len(s.words)
		for _, w := range s.words {
			if w.letters() > longWord {
				f.LongWords++
			}
		}
		if len(s.words) > f.LongestSentence {
			f.LongestSentence = len(s.words)
			f.Longest = trimmed(text, s)
		}
	}
	if f.Sentences == 0 {
		return f
	}
	f.MeanSentence = float64(f.Words) / float64(f.Sentences)
	f.RIX = float64(f.LongWords) / float64(f.Sentences)
	f.LIX = f.MeanSentence + 100*float64(f.LongWords)/float64(f.Words)
	return f
}

// Limits are the ceilings of docs/rules.md P2. A text may reach them and not pass them.
type Limits struct {
	LIX             float64
	MeanSentence    float64 // words
	LongestSentence int     // words
}

// Ceiling returns the limits of a language. LIX is not comparable between languages, so each has its own, set from notices that
// read well. It is not ok for a language that has no table here yet.
func Ceiling(lang string) (Limits, bool) {
	book, ok := rulebooks[lang]
	return Limits{LIX: book.lix, MeanSentence: meanCeiling, LongestSentence: longestCeiling}, ok
}

const (
	meanCeiling    = 18
	longestCeiling = 30
)
