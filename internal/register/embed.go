package register

import (
	"bytes"
	_ "embed"
)

//go:embed sample.yaml
var sample []byte

// Sample is the register of an invented company: the demo runs on it, and a
// privacy team can start its own from it. It is complete in English, French
// and German.
func Sample() []byte { return bytes.Clone(sample) }
