package pacing_test

import (
	"bytes"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"article14/internal/pacing"
)

func TestRefusalsAboutUsReachTheLimit(t *testing.T) {
	fine := func(n int) []byte { return make([]byte, n) }
	for name, c := range map[string]struct {
		marks []byte
		want  bool
	}{
		"five of the first five, of two domains":     {[]byte{1, 1, 2, 1, 1}, true},
		"four":                                       {[]byte{1, 2, 3, 4}, false},
		"five within a hundred":                      {slices.Concat([]byte{1, 2, 3, 4}, fine(95), []byte{5}), true},
		"five in more than a hundred":                {slices.Concat([]byte{1, 2, 3, 4}, fine(96), []byte{5}), false},
		"reached in between, and all well since":     {slices.Concat([]byte{1, 2, 3, 4, 5}, fine(500)), true},
		"one odd domain":                             {bytes.Repeat(slices.Concat([]byte{7}, fine(2)), 40), false},
		"one domain, that nearly all are written to": {bytes.Repeat([]byte{7, 7, 7, 0}, 20), true},
	} {
		t.Run(name, func(t *testing.T) {
			if _, got := pacing.Standing(nil).Add(c.marks, pacing.DefaultStandingLimit); got != c.want {
				t.Errorf("reached: %t, want %t", got, c.want)
			}
		})
	}
}

// TestStandingIsTheSameInWhateverPartsItIsNoted holds that workers may note their
// attempts one by one or by the thousand.
func TestStandingIsTheSameInWhateverPartsItIsNoted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := pacing.StandingLimit{Refused: rapid.IntRange(1, 8).Draw(t, "refused"), Of: rapid.IntRange(8, 40).Draw(t, "of")}
		marks := rapid.SliceOfN(rapid.SampledFrom([]byte{0, 0, 0, 0, 0, 0, 1, 2}), 0, 200).Draw(t, "marks")
		whole, reached := pacing.Standing(nil).Add(marks, limit)
		var parts pacing.Standing
		some := false
		for rest := marks; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "part")
			var now bool
			parts, now = parts.Add(rest[:n], limit)
			some, rest = some || now, rest[n:]
		}
		if some != reached || !bytes.Equal(parts, whole) || len(parts) != min(len(marks), limit.Of) {
			t.Fatalf("in parts %v, %t; at once %v, %t", parts, some, whole, reached)
		}
	})
}
