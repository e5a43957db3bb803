package relay

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"
)

// TestWhatGoesAsItIsIsWhatTheWireNeeds holds the short way of onWire against its
// result: it may be taken exactly where the long one would change nothing.
func TestWhatGoesAsItIsIsWhatTheWireNeeds(t *testing.T) {
	taken := 0
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(rapid.SampledFrom([]string{"\r\n", "\r\n", "\n", "\r", ".", "a", "é", "longer than a word"}), 0, 12).Draw(t, "parts")
		var b []byte
		for _, p := range parts {
			b = append(b, p...)
		}
		if !asItGoes(b) {
			return
		}
		taken++
		// With a line before it that must be changed, the long way is gone.
		long, err := onWire(append([]byte(".\r\n"), b...))
		if err != nil || !bytes.Equal(long.data, append([]byte("..\r\n"), b...)) {
			t.Fatalf("%q would go as it is, and must not: %q, %v", b, long.data, err)
		}
		short, err := onWire(b)
		if err != nil || !bytes.Equal(short.data, b) || short.size != int64(len(b)) || short.eightBit != bytes.ContainsRune(b, 'é') {
			t.Fatalf("%q became %q, size %d, eight bits %v, %v", b, short.data, short.size, short.eightBit, err)
		}
	})
	if taken == 0 {
		t.Fatal("no message took the short way")
	}
}
