package mailer

import (
	"context"
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

// countedSkeletons gives texts, and counts how often it is asked.
type countedSkeletons struct{ asked int }

func (c *countedSkeletons) Skeleton(_ context.Context, hash []byte) ([]byte, error) {
	c.asked++
	return append([]byte("the text of "), hash...), nil
}

func TestATextThatIsKeptIsAskedForOnceAndNotMixedUpWithAnother(t *testing.T) {
	store := &countedSkeletons{}
	kept := KeepSkeletons(store)
	for range 3 {
		for _, hash := range []string{"a", "b"} {
			body, err := kept.Skeleton(t.Context(), []byte(hash))
			if err != nil || string(body) != "the text of "+hash {
				t.Errorf("%s: %q, %v", hash, body, err)
			}
		}
	}
	if store.asked != 2 {
		t.Errorf("the store was asked %d times for two texts", store.asked)
	}
}
