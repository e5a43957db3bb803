package catcher

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // so that old charsets can be read
	"github.com/emersion/go-message/textproto"
)

// Bounds for hostile mails: nested parts are read through each other, so that
// depth costs time.
const (
	maxHeaderBytes = 1 << 20
	maxDepth       = 16
	maxParts       = 1000
)

var (
	errHeader = errors.New("its header is malformed (RFC 5322)")
	errParts  = errors.New("its parts are malformed, cut off, or too many (RFC 2046)")
)

// Parsed is a mail read as a person's mail program would read it. Texts are in
// UTF-8 and have the line ends of the mail.
type Parsed struct {
	Subject   string  // decoded (RFC 2047)
	Language  string  // Content-Language (RFC 3282)
	MessageID string  // without angle brackets
	Header    []Field // all fields of the mail itself, in order
	Text      string  // the first text/plain part that is no attachment
	HTML      string  // the first text/html part that is no attachment
	Boundary  string  // of the outermost multipart; empty without one
	Parts     []Part  // all parts that are no multipart, in order
}

// Field is one header field.
type Field struct {
	Name  string
	Value string // unfolded and decoded (RFC 2047)
	Raw   string // as it stands in the mail, folded, without its name and final line end
}

// Part is one leaf of the tree of parts.
type Part struct {
	Type     string // media type in lower case
	Charset  string
	Encoding string // Content-Transfer-Encoding as it stands
	Filename string
	Size     int // decoded bytes
}

// Get gives the decoded value of the first field of that name, in any case.
func (p Parsed) Get(name string) string {
	for _, f := range p.Header {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// Parse reads the mail. What could be read stands in the result even with an
// error; the error names the mail by its number and quotes nothing of it.
func (m Mail) Parse() (Parsed, error) {
	p, body, err := m.parseHeader()
	if err != nil {
		return p, err
	}
	root, err := message.New(body.header, body.rest)
	if _, params, perr := body.header.ContentType(); perr == nil {
		p.Boundary = params["boundary"]
	}
	if err != nil && !message.IsUnknownCharset(err) && !message.IsUnknownEncoding(err) {
		return p, fmt.Errorf("catcher: mail %d: %w", m.Seq, errParts)
	}
	if err := root.Walk(p.visit); err != nil {
		return p, fmt.Errorf("catcher: mail %d: %w", m.Seq, errParts)
	}
	return p, nil
}

// unread is a mail of which only the header was read.
type unread struct {
	header message.Header
	rest   io.Reader
}

// parseHeader reads no further than the header; the list needs no more.
func (m Mail) parseHeader() (Parsed, unread, error) {
	raw := bytes.NewReader(m.Raw)
	limited := &io.LimitedReader{R: raw, N: maxHeaderBytes}
	br := bufio.NewReader(limited)
	th, err := textproto.ReadHeader(br)
	h := message.Header{Header: th}
	p := Parsed{Header: fields(h)}
	p.Subject, p.Language = p.Get("Subject"), p.Get("Content-Language")
	p.MessageID = strings.Trim(p.Get("Message-ID"), "<> ")
	cutOff := limited.N <= 0 && br.Buffered() == 0 // the bound ended it, not the blank line
	if err != nil || cutOff {
		return p, unread{}, fmt.Errorf("catcher: mail %d: %w", m.Seq, errHeader)
	}
	limited.N = int64(len(m.Raw))
	return p, unread{h, br}, nil
}

func fields(h message.Header) []Field {
	var list []Field
	for it := h.Fields(); it.Next(); {
		value, err := it.Text()
		if err != nil {
			value = it.Value() // undecodable: shown as it stands
		}
		raw, _ := it.Raw() // fails only for fields made by a program
		_, folded, _ := bytes.Cut(raw, []byte(":"))
		list = append(list, Field{
			Name:  it.Key(),
			Value: strings.ToValidUTF8(value, "\uFFFD"),
			Raw:   strings.Trim(string(folded), " \t\r\n"),
		})
	}
	return list
}

// visit is called for every entity of the tree.
func (p *Parsed) visit(path []int, e *message.Entity, _ error) error {
	if len(path) > maxDepth || len(p.Parts) >= maxParts {
		return errParts
	}
	kind, params, _ := e.Header.ContentType()
	kind = strings.ToLower(kind)
	if strings.HasPrefix(kind, "multipart/") {
		return nil
	}
	content, err := io.ReadAll(e.Body)
	disposition, dispParams, _ := e.Header.ContentDisposition()
	p.Parts = append(p.Parts, Part{
		Type: kind, Charset: params["charset"], Encoding: e.Header.Get("Content-Transfer-Encoding"),
		Filename: dispParams["filename"], Size: len(content),
	})
	if !strings.EqualFold(disposition, "attachment") {
		p.keep(kind, content)
	}
	return err
}

func (p *Parsed) keep(kind string, content []byte) {
	text := strings.ToValidUTF8(string(content), "\uFFFD")
	switch {
	case kind == "text/plain" && p.Text == "":
		p.Text = text
	case kind == "text/html" && p.HTML == "":
		p.HTML = text
	}
}
