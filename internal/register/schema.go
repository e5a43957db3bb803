package register

import (
	"encoding/json"
	"maps"
)

// schema is a JSON Schema, or a part of one.
type schema map[string]any

// with gives a copy with one more keyword.
func (s schema) with(keyword string, value any) schema {
	c := maps.Clone(s)
	c[keyword] = value
	return c
}

// Schema describes the register file to editors as a JSON Schema of draft
// 2020-12. An editor that knows it offers the keys and marks the plain slips;
// what [Parse] and [complete.Check] say is what counts.
func Schema() []byte {
	s := registerShape.schema.
		with("$schema", "https://json-schema.org/draft/2020-12/schema").
		with("title", "Register of article14").
		with("description", "What a company declares about itself and its processing; every notice under Article 14 GDPR is written from it.")
	body, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		panic("register: the schema is made of maps, lists and words: " + err.Error())
	}
	return append(body, '\n')
}
