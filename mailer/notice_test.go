package mailer

import (
	"encoding/json"
	"maps"
	"testing"

	"pgregory.net/rapid"
)

func TestValuesAsJSONAreReadBackAsTheyWere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringOfN(rapid.RuneFrom([]rune("\"\\\n\x00<>&{},:é😀\u2028")), 0, 8, -1))
		want := Slots(rapid.MapOfN(text, text, 0, 6).Draw(t, "values"))
		b := want.AppendJSON([]byte("before"))
		var got Slots
		if err := json.Unmarshal(b[len("before"):], &got); err != nil {
			t.Fatalf("%s: %v", b, err)
		}
		if !maps.Equal(got, want) {
			t.Fatalf("%q became %q by %s", want, got, b)
		}
	})
}
