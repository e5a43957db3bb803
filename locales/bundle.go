package locales

import (
	"embed"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed active.*.toml
var files embed.FS

// base is the language that the others are compared with.
const base = "en"

// Bundle holds the texts of all languages. It is safe for concurrent use.
type Bundle struct {
	localizers map[string]*Localizer
	languages  []string
}

// New reads the embedded texts. It fails if a language lacks a text, a plural
// form or a value that another language has, or if the product has no dates and
// lists for it.
func New() (*Bundle, error) {
	names, err := files.ReadDir(".")
	if err != nil {
		return nil, err
	}
	texts := map[string][]byte{}
	for _, n := range names {
		text, err := files.ReadFile(n.Name())
		if err != nil {
			return nil, err
		}
		texts[n.Name()] = text
	}
	return load(texts)
}

// load reads texts by file name.
func load(texts map[string][]byte) (*Bundle, error) {
	bundle := i18n.NewBundle(language.MustParse(base))
	bundle.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	messages := map[string][]*i18n.Message{}
	for name, text := range texts {
		file, err := bundle.ParseMessageFileBytes(text, name)
		if err != nil {
			return nil, fmt.Errorf("locales: %s: %w", path.Base(name), err)
		}
		messages[file.Tag.String()] = file.Messages
	}
	if err := compare(messages); err != nil {
		return nil, err
	}
	b := &Bundle{localizers: map[string]*Localizer{}}
	for code := range messages {
		conv, known := conventions[code]
		if !known {
			return nil, fmt.Errorf("locales: active.%s.toml: there are no dates and lists for %q; add them to conventions.go", code, code)
		}
		b.localizers[code] = newLocalizer(bundle, code, conv)
		b.languages = append(b.languages, code)
	}
	slices.Sort(b.languages)
	return b, nil
}

// Languages are the base codes of the languages that there are texts in, sorted.
func (b *Bundle) Languages() []string { return slices.Clone(b.languages) }

// For is the localizer of a language, by its base code; nil if there are no
// texts in it. It never falls back to another language (docs/rules.md L2).
func (b *Bundle) For(code string) *Localizer { return b.localizers[code] }

// compare holds every language against the base: the same texts, with the same
// values in them, and every plural form that the language needs.
func compare(messages map[string][]*i18n.Message) error {
	want := byID(messages[base])
	if len(want) == 0 {
		return fmt.Errorf("locales: active.%s.toml has no texts", base)
	}
	var faults []error
	fault := func(code, id, what string) {
		faults = append(faults, fmt.Errorf("locales: active.%s.toml: %s: %s", code, id, what))
	}
	for code, list := range messages {
		have := byID(list)
		for id, w := range want {
			h, there := have[id]
			switch {
			case !there:
				fault(code, id, "the text is missing")
			case !slices.Equal(values(h), values(w)):
				fault(code, id, fmt.Sprintf("its values %v differ from those of active.%s.toml, %v", values(h), base, values(w)))
			case (w.One != "") != (h.One != "") || h.Other == "":
				fault(code, id, "its plural forms differ from those of active."+base+".toml")
			}
		}
		for id := range have {
			if want[id] == nil {
				fault(code, id, "active."+base+".toml does not have this text")
			}
		}
	}
	slices.SortFunc(faults, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(faults...)
}

func byID(list []*i18n.Message) map[string]*i18n.Message {
	m := make(map[string]*i18n.Message, len(list))
	for _, msg := range list {
		m[msg.ID] = msg
	}
	return m
}

// values lists the values in a text, each once, sorted.
func values(m *i18n.Message) []string {
	var out []string
	for _, form := range []string{m.Zero, m.One, m.Two, m.Few, m.Many, m.Other} {
		for _, rest := range strings.Split(form, "{{.")[1:] {
			name, _, _ := strings.Cut(rest, "}}")
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
