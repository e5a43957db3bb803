package register

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// shape is one kind of value in the file: how it is read, and how an editor is
// told of it. read reports false where it has said what is wrong.
type shape[T any] struct {
	schema schema
	read   func(r *reader, path string, n ast.Node) (T, bool)
}

// key is one key of an object S.
type key[S any] struct {
	name     string
	required bool
	schema   schema
	read     func(r *reader, path string, n ast.Node, into *S)
}

// field is a key whose value goes to one place of S.
func field[S, T any](name string, of shape[T], about string, at func(*S) *T) key[S] {
	return key[S]{
		name:   name,
		schema: of.schema.with("description", about),
		read: func(r *reader, path string, n ast.Node, into *S) {
			if v, ok := read(r, of, path, n); ok {
				*at(into) = v
			}
		},
	}
}

// must marks a key without which the rest cannot be read. Keys that the law
// wants are not marked: complete.Check names those with their article.
func (k key[S]) must() key[S] {
	k.required = true
	return k
}

// read settles a value's place and its aliases, and has its shape read it.
func read[T any](r *reader, of shape[T], path string, n ast.Node) (T, bool) {
	n, ok := r.settle(path, n)
	if !ok {
		var zero T
		return zero, false
	}
	return of.read(r, path, n)
}

// object is a map with these keys and no others.
func object[S any](keys ...key[S]) shape[S] {
	return shape[S]{
		schema: objectSchema(keys),
		read: func(r *reader, path string, n ast.Node) (S, bool) {
			var s S
			entries, ok := r.entries(path, n, "keys with values, a line for each")
			if !ok {
				return s, false
			}
			for _, e := range entries {
				i := slices.IndexFunc(keys, func(k key[S]) bool { return k.name == e.name })
				if i < 0 {
					r.refuse(e.path, "is no key here; the keys here are %s", strings.Join(names(keys), ", "))
					continue
				}
				keys[i].read(r, e.path, e.value, &s)
			}
			requireKeys(r, path, keys, entries)
			return s, true
		},
	}
}

func requireKeys[S any](r *reader, path string, keys []key[S], entries []entry) {
	for _, k := range keys {
		given := slices.ContainsFunc(entries, func(e entry) bool { return e.name == k.name })
		if k.required && !given {
			r.refuse(path, "lacks the key %q", k.name)
		}
	}
}

func names[S any](keys []key[S]) []string {
	list := make([]string, len(keys))
	for i, k := range keys {
		list[i] = k.name
	}
	return list
}

func objectSchema[S any](keys []key[S]) schema {
	properties, required := schema{}, []string{}
	for _, k := range keys {
		properties[k.name] = k.schema
		if k.required {
			required = append(required, k.name)
		}
	}
	s := schema{"type": "object", "additionalProperties": false, "properties": properties}
	if len(required) > 0 {
		s["required"] = required
	}
	return s
}

// maxItems bounds a list. No register has so many of anything; a notice with
// that many lines would not be read.
const maxItems = 500

// list is a list of values of one shape. Values that cannot be read are left
// out; by then their fault is on record.
func list[T any](of shape[T]) shape[[]T] {
	return shape[[]T]{
		schema: schema{"type": "array", "maxItems": maxItems, "items": of.schema},
		read: func(r *reader, path string, n ast.Node) ([]T, bool) {
			seq, ok := n.(*ast.SequenceNode)
			if !ok {
				r.refuse(path, "must be a list, a line with a dash for each of its values")
				return nil, false
			}
			if len(seq.Values) > maxItems {
				r.refuse(path, "has %d values; at most %d are read", len(seq.Values), maxItems)
				return nil, false
			}
			items := make([]T, 0, len(seq.Values))
			for i, value := range seq.Values {
				if item, ok := read(r, of, fmt.Sprintf("%s[%d]", path, i), value); ok {
					items = append(items, item)
				}
			}
			return items, true
		},
	}
}

// optional is a value that is absent where its key is.
func optional[T any](of shape[T]) shape[*T] {
	return shape[*T]{
		schema: of.schema,
		read: func(r *reader, path string, n ast.Node) (*T, bool) {
			v, ok := of.read(r, path, n)
			return &v, ok
		},
	}
}

// keyed is a map from keys that people choose to values of one shape. want says
// what such a map is; name says what is wrong with a key, "" for nothing, and
// pattern says the same to editors.
func keyed[T any](of shape[T], want, pattern string, name func(string) string) shape[map[string]T] {
	return shape[map[string]T]{
		schema: schema{"type": "object", "additionalProperties": false,
			"patternProperties": schema{pattern: of.schema}},
		read: func(r *reader, path string, n ast.Node) (map[string]T, bool) {
			entries, ok := r.entries(path, n, want)
			if !ok {
				return nil, false
			}
			values := make(map[string]T, len(entries))
			for _, e := range entries {
				if fault := name(e.name); fault != "" {
					r.refuse(e.path, "%s", fault)
					continue
				}
				if v, ok := read(r, of, e.path, e.value); ok {
					values[e.name] = v
				}
			}
			return values, true
		},
	}
}
