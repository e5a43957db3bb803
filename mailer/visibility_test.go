package mailer

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"article14/internal/calendar"
)

func TestWhatAFormSaysIsReadBackAsItWas(t *testing.T) { // S3, S4
	rapid.Check(t, func(t *rapid.T) {
		sources := rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) FormSource {
			return FormSource{rapid.StringMatching(`[a-z0-9][a-z0-9_-]{0,39}`).Draw(t, "key"),
				rapid.SampledFrom([]Doubt{DoubtNone, DoubtUnknown, DoubtRestricted}).Draw(t, "doubt")}
		}), 0, 5, func(s FormSource) string { return s.Key }).Draw(t, "sources")
		read := FormSources(FormOf(sources))
		for _, s := range sources {
			if !slices.Contains(read, s) {
				t.Fatalf("%v is lost in %q", s, FormOf(sources))
			}
		}
		if len(read) != len(sources) {
			t.Fatalf("%d sources became %d", len(sources), len(read))
		}
	})
}

func TestANoticeIsNarrowOnlyWhereEverySourceIsInDoubt(t *testing.T) { // S4
	for form, want := range map[string]Doubt{
		"linkedin": DoubtNone, "": DoubtNone, "linkedin?": DoubtUnknown, "linkedin!": DoubtRestricted, "linkedin?+whois": DoubtNone,
		"a!+b?": DoubtRestricted, "a?+b!": DoubtRestricted, "a?+b?": DoubtUnknown,
	} {
		if got := FormDoubt(form); got != want {
			t.Errorf("%q: %q, want %q", form, got, want)
		}
	}
}

func TestDataAreUsedOnlyWhereTheirVisibilityAllowsIt(t *testing.T) { // S4
	reg := &Register{Sources: []Source{{Key: "silent"}, {Key: "only", Unknown: UnknownNoticeOnly}, {Key: "open", Unknown: UnknownIsPublic}, {Key: "closed", Unknown: UnknownIsRestricted}}}
	for _, c := range []struct {
		source  string
		visible Visibility
		want    bool
	}{
		{"silent", VisiblePublic, true}, {"silent", VisibleUnknown, false}, {"silent", VisibleRestricted, false},
		{"only", VisibleUnknown, false}, {"open", VisibleUnknown, true}, {"open", VisibleRestricted, false},
		{"closed", VisibleUnknown, false}, {"closed", VisiblePublic, true}, {"gone", VisiblePublic, false},
	} {
		acqs := []Acquisition{{SourceKey: c.source, Visibility: c.visible}}
		if MayBeUsed(reg, acqs) != c.want {
			t.Errorf("%s from %s: want %v", c.visible, c.source, c.want)
		}
	}
}

func TestThirtyDaysCountFromTheDayOfTheNotice(t *testing.T) { // S4, T2
	day := func(s string) calendar.Date {
		d, err := calendar.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	if got := NoticeOnlyEnd(day("2026-11-21"), day("2028-11-03")); got != day("2026-12-21") {
		t.Errorf("got %s", got)
	}
	if got := NoticeOnlyEnd(day("2026-11-21"), day("2026-12-01")); got != day("2026-12-01") {
		t.Errorf("storage ends sooner: got %s", got)
	}
}
