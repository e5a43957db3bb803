package intake

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"article14/mailer"
)

// cache keeps what texts were read as: the same countries, languages and days
// come again and again. It is emptied when it is full.
type cache[T any] struct{ of map[string]T }

const mostCached = 4096

func (c *cache[T]) put(key string, value T) {
	if c.of == nil || len(c.of) >= mostCached {
		c.of = map[string]T{}
	}
	c.of[strings.Clone(key)] = value // a part of a row would keep the whole row
}

func (c *cache[T]) get(key string, read func(string) T) T {
	if value, known := c.of[key]; known {
		return value
	}
	value := read(key)
	if len(key) <= 100 {
		c.put(key, value)
	}
	return value
}

// nameTally keeps some of the countries and languages that were not understood.
type nameTally struct{ strange [fieldCount][]string }

func (t *nameTally) saw(f field, s string, understood bool) {
	const most = 10
	if s = oneLine(s); understood || s == "" || len(t.strange[f]) >= most {
		return
	}
	for _, other := range t.strange[f] {
		if other == s {
			return
		}
	}
	t.strange[f] = append(t.strange[f], clip(s, 40))
}

// valueTally counts the values of a column that nobody gave a meaning.
type valueTally struct {
	rows map[string]int64 // by value, as many as are told apart
	rest int64
}

func (t *valueTally) saw(value string) {
	const most = 20
	value = clip(oneLine(value), 40)
	if _, seen := t.rows[value]; !seen && len(t.rows) >= most {
		t.rest++
		return
	}
	if t.rows == nil {
		t.rows = map[string]int64{}
	}
	t.rows[value]++
}

// advice names the values, the most frequent first, with their rows. Who could see
// the data decides whether somebody may be told at all (S4): a value that means
// restricted and is not known as that would pass for unknown in silence.
func (t *valueTally) advice(source mailer.Source) []string {
	if _, empty := t.rows[""]; len(t.rows) == 0 || len(t.rows) == 1 && empty {
		return nil // an empty cell is unknown, and needs no meaning
	}
	values := slices.SortedFunc(maps.Keys(t.rows), func(a, b string) int { return cmp.Or(cmp.Compare(t.rows[b], t.rows[a]), cmp.Compare(a, b)) })
	var named []string
	for _, v := range values {
		quoted := strconv.Quote(v)
		if v == "" {
			quoted = "empty"
		}
		named = append(named, fmt.Sprintf("%s (%d)", quoted, t.rows[v]))
	}
	if t.rest > 0 {
		named = append(named, fmt.Sprintf("others (%d)", t.rest))
	}
	rule := source.Unknown
	if rule == "" {
		rule = mailer.UnknownNoticeOnly
	}
	return []string{fmt.Sprintf("Values of visibility without a meaning, with their rows: %s. They count as unknown, which source %s takes for %s. "+
		"Say in the register, under visibility_values of the source, which of them mean public, restricted or unknown.",
		strings.Join(named, ", "), source.Key, rule)}
}

// advice is what the rows that were read so far say about the settings.
func (b *builder) advice() []string {
	out := append(b.unread.advice(b.form), b.seen.advice(b.settings.Source)...)
	for _, f := range []field{fCountry, fLanguage} {
		if names := b.names.strange[f]; len(names) > 0 {
			out = append(out, fmt.Sprintf("Not understood as a %s, and so unknown: %s.", f, quoteAll(names)))
		}
	}
	return out
}
