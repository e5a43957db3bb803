package intake

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"article14/mailer/accept"
)

// jsonRows reads a file with a JSON object on each line.
type jsonRows struct {
	lines *lineReader
	cols  columns
	build *builder
}

// openNDJSON checks the mapping against the rows of the sample: a path that
// none of them has is taken for a mistake, unless it is of a field that most
// rows of a good file lack.
func openNDJSON(lines *lineReader, sample []byte, b *builder, l *Layout) (accept.Rows, error) {
	m, err := effective(b.settings.Source.Columns, b.settings.Mapping)
	if err != nil {
		return nil, err
	}
	there := samplePaths(sample)
	var missing error
	for f := range fieldCount {
		if _, ok := there[fieldNames[f]]; m.columns[f] == "" && m.own && !m.left[f] && ok {
			m.columns[f], m.by[f] = fieldNames[f], byItsName
		}
		path := m.columns[f]
		if _, ok := there[path]; path != "" && !ok && !rare[f] && len(there) > 0 && missing == nil {
			missing = fmt.Errorf("the mapping reads %s from %q, which none of the file's first rows has; they have %s. Correct it with --map %s=PATH, or leave the field out with --map %s=",
				f, path, quoteAll(slices.Sorted(maps.Keys(there))), f, f)
		}
	}
	paths := slices.Sorted(maps.Keys(there))
	l.uses(paths[:min(len(paths), 100)], func(f field) string { return m.columns[f] }, func(f field) string { return m.by[f] })
	j := &jsonRows{lines: lines, cols: m.columns, build: b}
	b.mapped(func(f field) bool { return m.columns[f] != "" })
	if missing != nil {
		return j, missing
	}
	return j, nothingMapped(m.columns[:], func(path string) bool { return path != "" }, paths)
}

// rare fields stand in few rows of a good file.
var rare = [fieldCount]bool{fEmail2: true, fPhone: true, fRegion: true, fFirstCommunication: true, fFirstDisclosure: true, fToldAt: true, fToldProof: true, fStreet2: true, fStreet3: true}

// samplePaths are the paths to values in the whole lines of a sample.
func samplePaths(sample []byte) map[string]struct{} {
	there := map[string]struct{}{}
	for text := range bytes.Lines(sample) {
		if object, reason := parseObject(string(bytes.TrimSpace(text))); reason == "" {
			addPaths(there, "", object)
		}
	}
	return there
}

// mostPaths bounds what a file of ever new keys can fill.
const mostPaths = 10000

func addPaths(there map[string]struct{}, prefix string, object map[string]any) {
	for key, value := range object {
		switch inner := value.(type) {
		case map[string]any:
			addPaths(there, prefix+key+".", inner)
		case []any:
			addList(there, prefix+key, inner)
		default:
			if len(there) < mostPaths {
				there[prefix+key] = struct{}{}
			}
		}
	}
}

// addList names the values of a list by their places: emails.0.
func addList(there map[string]struct{}, prefix string, list []any) {
	if len(there) < mostPaths {
		there[prefix] = struct{}{}
	}
	byPlace := map[string]any{}
	for i, value := range list[:min(len(list), 3)] {
		byPlace[strconv.Itoa(i)] = value
	}
	addPaths(there, prefix+".", byPlace)
}

// Next implements accept.Rows.
func (j *jsonRows) Next() (accept.Record, *accept.Refusal, error) {
	l, err := j.lines.next()
	for err == nil && strings.TrimSpace(l.text) == "" && !l.long && !l.cut && l.bad == 0 {
		l, err = j.lines.next()
	}
	if err != nil {
		return accept.Record{}, nil, err
	}
	refuse := func(field, reason string) (accept.Record, *accept.Refusal, error) {
		return accept.Record{}, &accept.Refusal{Line: l.number, Field: field, Reason: reason, Row: clip(l.text, keptOfRow)}, nil
	}
	if reason := j.lines.foreign(l); reason != "" {
		return refuse("", reason)
	}
	if l.long {
		return refuse("", fmt.Sprintf("the row is longer than %d bytes: an object must stand on one line, and be shorter", j.lines.max))
	}
	object, reason := parseObject(l.text)
	switch {
	case l.cut, reason == endsEarly && l.last:
		return refuse("", cutOff)
	case reason != "":
		return refuse("", reason)
	}
	var v values
	for f, path := range j.cols {
		if path == "" {
			continue
		}
		if v[f], reason = scalar(find(object, path), j.build.settings.MaxField); reason != "" {
			return refuse(fieldNames[f], reason)
		}
	}
	rec, refusal := j.build.record(l.number, &v, l.text, l.text)
	return rec, refusal, nil
}

const endsEarly = "the line ends in the middle of its object: an object must stand on one line"

// parseObject reads a line as one JSON object, or says why it is none, without
// anything of its content.
func parseObject(text string) (map[string]any, string) {
	in := json.NewDecoder(strings.NewReader(text))
	in.UseNumber()
	var object map[string]any
	err := in.Decode(&object)
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return nil, endsEarly
	case errors.As(err, &syntax):
		return nil, fmt.Sprintf("not JSON: a wrong character at position %d; correct it at the source", syntax.Offset)
	case err != nil || object == nil:
		return nil, "not a JSON object: each line must be one person as an object"
	}
	if strings.TrimSpace(text[in.InputOffset():]) != "" {
		return nil, fmt.Sprintf("something stands behind the object, at position %d: an object must have its line for itself", in.InputOffset()+1)
	}
	return object, ""
}

// find gives the value at a path. A key may have dots itself: the longest goes
// first. The values of a list are found by their places, from 0.
func find(object map[string]any, path string) any {
	if value, ok := object[path]; ok {
		return value
	}
	for cut := strings.LastIndexByte(path, '.'); cut > 0; cut = strings.LastIndexByte(path[:cut], '.') {
		if value := findIn(object[path[:cut]], path[cut+1:]); value != nil {
			return value
		}
	}
	return nil
}

func findIn(value any, path string) any {
	switch inner := value.(type) {
	case map[string]any:
		return find(inner, path)
	case []any:
		first, rest, more := strings.Cut(path, ".")
		i, err := strconv.Atoi(first)
		if err != nil || i < 0 || i >= len(inner) {
			return nil
		}
		if !more {
			return inner[i]
		}
		return findIn(inner[i], rest)
	}
	return nil
}

// scalar is a single value as text.
func scalar(value any, most int) (text, reason string) {
	switch v := value.(type) {
	case nil:
	case string:
		text = v
	case json.Number:
		text = v.String()
	case bool:
		text = strconv.FormatBool(v)
	default:
		return "", "a list or an object where one value is expected: map the field to a path that ends in a value"
	}
	if len(text) > most {
		return "", fmt.Sprintf("longer than %d bytes: is the right path mapped?", most)
	}
	return text, ""
}
