package register

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/goccy/go-yaml/ast"

	"article14/mailer"
)

// The tables of the file's keys. docs/register.md explains each at length.

var registerShape = object(
	field("controller", controllerShape, "The company that owes the notice (Art. 4(7), 14(1)(a)).",
		func(r *mailer.Register) *mailer.Controller { return &r.Controller }).must(),
	field("languages", languagesShape, "Rules where a person's country tells no language.",
		func(r *mailer.Register) *mailer.LanguageRules { return &r.Languages }),
	field("sources", list(sourceShape), "Every place from which data come (14(2)(f)).",
		func(r *mailer.Register) *[]mailer.Source { return &r.Sources }),
	field("activities", list(activityShape), "What is done with the data.",
		func(r *mailer.Register) *[]mailer.Activity { return &r.Activities }),
	field("waivers", list(waiverShape), "Words of doubt that a person has looked at and lets stand.",
		func(r *mailer.Register) *[]mailer.Waiver { return &r.Waivers }),
	field("letters", lettersShape, "Letters, for people whom no mail reaches; left out, none are sent.",
		func(r *mailer.Register) *mailer.LetterRules { return &r.Letters }),
	field("calls", yesOrNo, "Whether people whom neither mail nor letter reaches are called.",
		func(r *mailer.Register) *bool { return &r.Calls }),
)

var controllerShape = object(
	field("key", slug, "Short name for commands and tables; it never changes.",
		func(c *mailer.Controller) *string { return &c.Key }).must(),
	field("name", shortText, "Registered name, as it is printed.",
		func(c *mailer.Controller) *string { return &c.Name }),
	field("address", shortText, "Postal address in one line, with the country.",
		func(c *mailer.Controller) *string { return &c.Address }),
	field("email", email, "Where people write to about their data.",
		func(c *mailer.Controller) *string { return &c.Email }),
	field("phone", phone, "Where people call about their data.",
		func(c *mailer.Controller) *string { return &c.Phone }),
	field("country", country, "ISO 3166-1 alpha-2; it decides the authority for people outside the table.",
		func(c *mailer.Controller) *string { return &c.Country }),
	field("time_zone", zone, "IANA time zone that decides dates, such as Europe/Paris.", zoneOf),
	field("representative", optional(partyShape), "Representative in the Union (Art. 27).",
		func(c *mailer.Controller) **mailer.Party { return &c.Representative }),
	field("data_protection_officer", optional(partyShape), "Data protection officer (14(1)(b)).",
		func(c *mailer.Controller) **mailer.Party { return &c.DPO }),
	field("not_applicable", reasons, "Element of Article 14 that does not apply, with the reason: 14.1.b.",
		func(c *mailer.Controller) *mailer.Reasons { return &c.NotApplicable }),
	field("mail", mailShape, "What headers and links of the notices are made of.",
		func(c *mailer.Controller) *mailer.MailSettings { return &c.Mail }),
)

var partyShape = object(
	field("name", shortText, "Name of the person, the firm or the office.",
		func(p *mailer.Party) *string { return &p.Name }),
	field("address", shortText, "Postal address in one line, with the country.",
		func(p *mailer.Party) *string { return &p.Address }),
	field("email", email, "E-mail address.", func(p *mailer.Party) *string { return &p.Email }),
	field("phone", phone, "Telephone number.", func(p *mailer.Party) *string { return &p.Phone }),
)

var mailShape = object(
	field("from", email, "Address that notices come from; replies to it reach people.",
		func(m *mailer.MailSettings) *string { return &m.From }),
	field("from_name", shortText, "Name that stands beside it.",
		func(m *mailer.MailSettings) *string { return &m.FromName }),
	field("bounce_domain", domain, "Domain of the envelope sender, where bounces arrive.",
		func(m *mailer.MailSettings) *string { return &m.BounceDomain }),
	field("answer_domain", domain, "Domain of the address that each mail asks to be answered at; left out, answers go to the controller's own address.",
		func(m *mailer.MailSettings) *string { return &m.AnswerDomain }),
	field("links", webRoot, "Address under which every link of a notice begins.",
		func(m *mailer.MailSettings) *string { return &m.Links }),
	field("shown_as", shortText, "The same address as it is printed for people who type it.",
		func(m *mailer.MailSettings) *string { return &m.ShownAs }),
)

var languagesShape = object(
	field("unknown_country", list(tongue), "Languages for people whose country is unknown, all in one mail.",
		func(l *mailer.LanguageRules) *[]string { return &l.UnknownCountry }),
)

var lettersShape = object(
	field("enabled", yesOrNo, "Whether letters are sent.",
		func(l *mailer.LetterRules) *bool { return &l.Enabled }).must(),
	field("window", oneOf("window side", []mailer.WindowSide{mailer.WindowLeft, mailer.WindowRight}), "Side of the envelope's window: left (DIN 5008) or right (French); by the controller's country if it is left out.",
		func(l *mailer.LetterRules) *mailer.WindowSide { return &l.Window }),
	field("size", oneOf("size of print", []mailer.LetterSize{mailer.LetterNormal, mailer.LetterLarge}), "How large letters are printed: normal, or large (16 point).",
		func(l *mailer.LetterRules) *mailer.LetterSize { return &l.Size }),
	field("sender", senderShape, "The line above the address, where it is not the controller's name and address.",
		func(l *mailer.LetterRules) *mailer.LetterSender { return &l.Sender }),
	field("lead_days", optional(leadDays), "Days from the printer to the letter box, 0 to 20; 5 if it is left out.",
		func(l *mailer.LetterRules) **int { return &l.LeadDays }),
)

var senderShape = object(
	field("name", shortText, "Who sends the letters.", func(s *mailer.LetterSender) *string { return &s.Name }),
	field("address", shortText, "Where letters come back to, in one line.", func(s *mailer.LetterSender) *string { return &s.Address }),
	field("country", country, "Its country: a letter to another one names that.", func(s *mailer.LetterSender) *string { return &s.Country }),
)

// leadDays is a small number of days.
var leadDays = word(2, schema{"type": []string{"integer", "string"}, "minimum": 0, "maximum": 20}, func(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > 20 {
		return 0, errors.New("is a number of days from 0 to 20")
	}
	return n, nil
})

var waiverShape = object(
	field("words", shortText, "The words, with as much of the sentence as shows that they may stand.",
		func(w *mailer.Waiver) *string { return &w.Words }).must(),
	field("reason", longText, "Why they are no doubt about the controller's own acts.",
		func(w *mailer.Waiver) *string { return &w.Reason }).must(),
)

var sourceShape = object(
	field("key", slug, "Short name for commands and tables; it never changes.",
		func(s *mailer.Source) *string { return &s.Key }).must(),
	field("name", texts, "The source by its own name, in each language.",
		func(s *mailer.Source) *mailer.Texts { return &s.Names }),
	field("kind", oneOf("kind of source", mailer.SourceKinds), "What the source is.",
		func(s *mailer.Source) *mailer.SourceKind { return &s.Kind }),
	field("public", yesOrNo, "Whether everybody can get at it.",
		func(s *mailer.Source) *bool { return &s.Public }),
	field("url", webURL, "Its address in the web.",
		func(s *mailer.Source) *string { return &s.URL }),
	field("method", texts, "How the data are collected, in a sentence.",
		func(s *mailer.Source) *mailer.Texts { return &s.Method }),
	field("unknown_visibility", oneOf("rule", unknownRules), "What holds where it is not known who could see the data; without it notice_only.",
		func(s *mailer.Source) *mailer.UnknownRule { return &s.Unknown }),
	field("unnamed", longText, "Why the data cannot be attributed to a named source, where the name is a category (WP260 para 60).",
		func(s *mailer.Source) *string { return &s.Unnamed }),
	field("columns", columnsShape, "Which column of its CSV files, or dotted path in its NDJSON files, holds what.",
		func(s *mailer.Source) *map[string]string { return &s.Columns.Fields }),
	field("visibility_values", visibilityShape, "What the values of the visibility column mean.",
		func(s *mailer.Source) *map[string]mailer.Visibility { return &s.Columns.Visibility }),
	field("dates", dates, "How dates are written in its files: rfc3339, unix, unix-ms, or a pattern of YYYY, MMMM, MMM, MM, M, DD, D, hh, mm, ss, AM, Z.",
		func(s *mailer.Source) *string { return &s.DateFormat }),
	field("ignored_languages", list(tongue), "Languages that its tool fills in by itself, and that therefore are nobody's stated preference.",
		func(s *mailer.Source) *[]string { return &s.IgnoredLanguages }),
)

var unknownRules = []mailer.UnknownRule{mailer.UnknownIsPublic, mailer.UnknownIsRestricted, mailer.UnknownNoticeOnly}

// columns are the fields that a contact file can fill.
var columns = []string{"name", "given_name", "family_name", "email", "email_2", "phone", "profile_url", "source_ref", "page",
	"country", "region", "city", "postal_code", "language", "organisation", "job_title", "obtained_at", "visibility",
	"first_communication", "first_disclosure", "told_at", "told_proof", "street", "street_2", "street_3"}

var columnsShape = words(columns)

// words is an object with a text for each of some keys.
func words(keys []string) shape[map[string]string] {
	var fields []key[map[string]string]
	for _, name := range keys {
		fields = append(fields, key[map[string]string]{
			name:   name,
			schema: scalarSchema(maxLine),
			read: func(r *reader, path string, n ast.Node, into *map[string]string) {
				if v, ok := read(r, shortText, path, n); ok {
					if *into == nil {
						*into = map[string]string{}
					}
					(*into)[name] = v
				}
			},
		})
	}
	return object(fields...)
}

// visibilityShape turns lists of values by meaning into meanings by value.
var visibilityShape = func() shape[map[string]mailer.Visibility] {
	type lists struct{ public, restricted, unknown []string }
	byMeaning := object(
		field("public", list(shortText), "Everybody could see the data.", func(l *lists) *[]string { return &l.public }),
		field("restricted", list(shortText), "Their holder had limited who could see them (S4).",
			func(l *lists) *[]string { return &l.restricted }),
		field("unknown", list(shortText), "Nobody can tell; unknown_visibility decides.",
			func(l *lists) *[]string { return &l.unknown }),
	)
	return shape[map[string]mailer.Visibility]{
		schema: byMeaning.schema,
		read: func(r *reader, path string, n ast.Node) (map[string]mailer.Visibility, bool) {
			l, ok := byMeaning.read(r, path, n)
			meanings := map[string]mailer.Visibility{}
			add := func(meaning mailer.Visibility, values []string) {
				for i, v := range values {
					if other, twice := meanings[v]; twice {
						at := fmt.Sprintf("%s.%s[%d]", path, meaning, i)
						r.refuse(at, "%q stands here and under %s; a value has one meaning", v, other)
					}
					meanings[v] = meaning
				}
			}
			add(mailer.VisiblePublic, l.public)
			add(mailer.VisibleRestricted, l.restricted)
			add(mailer.VisibleUnknown, l.unknown)
			return meanings, ok
		},
	}
}()
