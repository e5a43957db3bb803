package main

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

func TestTheProgramPrintsTheTermsOfAllItIsMadeOf(t *testing.T) {
	says := func(args ...string) string {
		var out bytes.Buffer
		if status := run(append([]string{"licences"}, args...), streams{out: &out, err: io.Discard}); status != 0 {
			t.Fatalf("licences %v: status %d", args, status)
		}
		return out.String()
	}
	full := says()
	for _, want := range []string{"==== article14 ", "Apache License", "SIL OPEN FONT LICENSE Version 1.1", "Bitstream Vera Fonts Copyright",
		"UNICODE LICENSE V3", "==== go go1", "==== github.com/lib/pq "} {
		if !strings.Contains(full, want) {
			t.Errorf("%q is not in it", want)
		}
	}
	if !strings.HasPrefix(full, "==== article14 ") {
		t.Error("the program's own terms do not come first")
	}
	list := says("--list")
	if !strings.Contains(list, "LICENSE-SIL") || len(list) > len(full)/10 {
		t.Error("the list is no list")
	}
	if j := says("--json", "--list"); !strings.Contains(j, `"licence": "OFL-1.1"`) || strings.Contains(j, `"text"`) {
		t.Error("the list as JSON lacks the fonts, or has texts")
	}
}
