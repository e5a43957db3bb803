package mailer

import (
	"slices"
	"strings"

	"article14/internal/calendar"
)

// Doubt is why data serve for the notice and for nothing else (S4). In a form it
// stands behind the key of its source: "linkedin?".
type Doubt string

// Doubts.
const (
	DoubtNone       Doubt = ""
	DoubtUnknown    Doubt = "?" // nobody knows whether their holder limited who can see them
	DoubtRestricted Doubt = "!" // their holder limited it, and a person decided to tell them all the same
)

// DoubtAbout is what stands against using data, given who could see them and
// what their source declares for unknown visibility; where it declares nothing,
// that is notice and objection only, and then erasure.
func DoubtAbout(v Visibility, s Source) Doubt {
	switch {
	case v == VisibleRestricted:
		return DoubtRestricted
	case v == VisibleUnknown && s.Unknown != UnknownIsPublic:
		return DoubtUnknown
	}
	return DoubtNone
}

// MayBeUsed tells whether anything obtained about a person may be used, and not for
// a notice alone: there is something of which no doubt is left (S4).
func MayBeUsed(reg *Register, acqs []Acquisition) bool {
	return slices.ContainsFunc(acqs, func(a Acquisition) bool {
		s, declared := reg.Source(a.SourceKey)
		return declared && DoubtAbout(a.Visibility, s) == DoubtNone
	})
}

// FormSource is a source of a form with the doubt about what it gave.
type FormSource struct {
	Key   string
	Doubt Doubt
}

// FormSources reads a form: "linkedin?+whois".
func FormSources(form string) []FormSource {
	var out []FormSource
	for part := range strings.SplitSeq(form, "+") {
		if part == "" {
			continue
		}
		key := strings.TrimRight(part, string(DoubtUnknown+DoubtRestricted))
		out = append(out, FormSource{key, Doubt(part[len(key):])})
	}
	return out
}

// FormOf writes sources as a form, sorted by key.
func FormOf(sources []FormSource) string {
	var parts []string
	for _, s := range sources {
		parts = append(parts, s.Key+string(s.Doubt))
	}
	slices.Sort(parts)
	return strings.Join(parts, "+")
}

// FormDoubt is the doubt about all that a form's sources gave, the stronger one of
// two; none where one of its sources is free of doubt. A form with a doubt is that
// of the narrow notice, which claims no other use than itself.
func FormDoubt(form string) Doubt {
	doubt := DoubtNone
	for _, s := range FormSources(form) {
		if s.Doubt == DoubtNone {
			return DoubtNone
		}
		if doubt != DoubtRestricted {
			doubt = s.Doubt
		}
	}
	return doubt
}

// NoticeOnlyPeriod is how long data that serve for the notice alone are held after
// it: time to read it, to object and to ask.
var NoticeOnlyPeriod = calendar.Period{Days: 30}

// NoticeOnlyEnd is the last day on which such data are held: the period after the
// day of the notice, or the end of storage if that is sooner (S4). The notice
// prints this day, and erasing acts on it (T2).
func NoticeOnlyEnd(notice, storageEnd calendar.Date) calendar.Date {
	if end := NoticeOnlyPeriod.AddTo(notice); end.Before(storageEnd) {
		return end
	}
	return storageEnd
}

// Quarantined tells whether data must not be used: their holder restricted who
// may see them, or the source declares that unknown visibility means that (S4).
func Quarantined(v Visibility, s Source) bool {
	return v == VisibleRestricted || v == VisibleUnknown && s.Unknown == UnknownIsRestricted
}
