package compose

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"article14/mailer"
)

// skeletonVersion is the form of the JSON below. A program that changes it goes
// on reading the older ones: approved texts outlive it.
//
//	1  subject, text, HTML, pages
//	2  notices have a letter as well
const (
	skeletonVersion = 2
	oldestVersion   = 1
)

// skeleton is an approved text as it is stored. Its strings hold slots; see the
// package comment. The same skeleton is always the same bytes.
type skeleton struct {
	Version   int                 `json:"version"`
	Document  mailer.Document     `json:"document"`
	Languages string              `json:"languages"`
	Form      string              `json:"form"`
	Mail      mailFacts           `json:"mail"`
	Subject   string              `json:"subject"`
	Text      string              `json:"text"`
	HTML      string              `json:"html"`
	Pages     map[string]pageText `json:"page,omitempty"`   // notices only, by language
	Letter    *letterText         `json:"letter,omitempty"` // notices only, from version 2 on
}

// mailFacts is what the headers are made of besides the subject.
type mailFacts struct {
	From         string `json:"from"`
	FromName     string `json:"from_name"`
	ReplyTo      string `json:"reply_to,omitempty"`      // where it is another address than From
	AnswerDomain string `json:"answer_domain,omitempty"` // Reply-To is an address of each mail's own there
	Domain       string `json:"domain"`                  // of the Message-ID
	Links        string `json:"links"`                   // base of our own links, without a slash at the end
	OneClick     bool   `json:"one_click"`               // R10 gives a right to object
}

// pageText is a notice as the portal shows it.
type pageText struct {
	Dir   string `json:"dir"`
	Title string `json:"title"`
	HTML  string `json:"html"`
}

func (s skeleton) key() mailer.SkeletonKey {
	return mailer.SkeletonKey{Document: s.Document, Languages: s.Languages, Form: s.Form}
}

// marshal gives the stored bytes. Nothing is escaped for HTML, so that a person
// can read what was approved.
func (s skeleton) marshal() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	err := e.Encode(s)
	return b.Bytes(), err
}

// parsed is a skeleton ready to be filled.
type parsed struct {
	skeleton
	text, html program
	pages      map[string]program
	letter     *parsedLetter // nil where there is none
	frames     map[frameKind]frame
}

// parseSkeleton reads stored bytes and checks them again (docs/rules.md C8).
func parseSkeleton(body []byte) (*parsed, error) {
	p := &parsed{pages: map[string]program{}}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&p.skeleton); err != nil {
		return nil, fmt.Errorf("compose: the skeleton is not the JSON that article14 stores: %w", err)
	}
	if p.Version < oldestVersion || p.Version > skeletonVersion {
		return nil, fmt.Errorf("compose: the skeleton has version %d and this program reads versions %d to %d", p.Version, oldestVersion, skeletonVersion)
	}
	known := knownSlots(p.key())
	var err error
	if p.text, err = parseProgram(p.Text, plainPlace, known); err != nil {
		return nil, fmt.Errorf("compose: skeleton %s, text: %w", name(p.key()), err)
	}
	if p.html, err = parseProgram(p.HTML, htmlPlace, known); err != nil {
		return nil, fmt.Errorf("compose: skeleton %s, html: %w", name(p.key()), err)
	}
	for language, page := range p.Pages {
		if p.pages[language], err = parseProgram(page.HTML, htmlPlace, known); err != nil {
			return nil, fmt.Errorf("compose: skeleton %s, page in %s: %w", name(p.key()), language, err)
		}
	}
	if p.Letter != nil {
		if p.letter, err = p.Letter.parse(known); err != nil {
			return nil, fmt.Errorf("compose: skeleton %s, letter: %w", name(p.key()), err)
		}
	}
	if p.frames, err = makeFrames(p.skeleton, sha256.Sum256(body)); err != nil {
		return nil, fmt.Errorf("compose: skeleton %s: %w", name(p.key()), err)
	}
	return p, nil
}

// name says in errors which skeleton it is about.
func name(k mailer.SkeletonKey) string {
	s := string(k.Document) + " in " + k.Languages
	if k.Form != "" {
		s += " for " + k.Form
	}
	return s
}
