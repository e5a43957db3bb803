package intake

import (
	"fmt"
	"strings"
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

// advice is what the rows that were read so far say about the settings.
func (b *builder) advice() []string {
	out := b.unread.advice(b.form)
	for _, f := range []field{fCountry, fLanguage} {
		if names := b.names.strange[f]; len(names) > 0 {
			out = append(out, fmt.Sprintf("Not understood as a %s, and so unknown: %s.", f, quoteAll(names)))
		}
	}
	return out
}
