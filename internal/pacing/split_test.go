package pacing_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"article14/internal/pacing"
)

func TestConnectionsAreDividedByWeight(t *testing.T) {
	for _, c := range []struct {
		total         int
		weights, want []int
	}{
		{8, []int{1}, []int{8}},
		{8, []int{3, 1}, []int{6, 2}}, // one each, and of the other six 4.5 and 1.5
		{10, []int{3, 1}, []int{7, 3}},
		{1, []int{3, 1}, []int{1, 1}},
		{16, []int{0, 1}, []int{8, 8}},
	} {
		got := pacing.Split(c.total, c.weights)
		if !slices.Equal(got, c.want) {
			t.Errorf("%d by %v are %v, want %v", c.total, c.weights, got, c.want)
		}
	}
}

func TestASplitLeavesNothingOverAndNobodyOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		total := rapid.IntRange(0, 200).Draw(t, "total")
		weights := rapid.SliceOfN(rapid.IntRange(-1, 50), 1, 12).Draw(t, "weights")
		sum := 0
		for i, n := range pacing.Split(total, weights) {
			if n < 1 {
				t.Fatalf("nothing for number %d", i)
			}
			sum += n
		}
		if sum != max(total, len(weights)) {
			t.Fatalf("%d in all of %d for %d", sum, total, len(weights))
		}
	})
}
