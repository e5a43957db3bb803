package pacing

import "math"

// Split divides a number by weights as evenly as whole numbers go: at least one for
// each, and so more than the number in all where it is less than they are. A weight of less than
// one counts as one.
func Split(total int, weights []int) []int {
	out := make([]int, len(weights))
	sum := 0
	for _, w := range weights {
		sum += max(1, w)
	}
	exact, given := 0.0, 0
	spare := max(0, total-len(weights)) // behind the one that each has
	for i, w := range weights {
		exact += float64(spare) * float64(max(1, w)) / float64(sum)
		out[i] = 1 + int(math.Round(exact)) - given
		given = int(math.Round(exact))
	}
	return out
}
