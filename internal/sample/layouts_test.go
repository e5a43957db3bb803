package sample_test

import (
	"bytes"
	"errors"
	"testing"

	"article14/internal/sample"
)

func TestALayoutGivesTheSameBytesForTheSameSeedOnly(t *testing.T) {
	for _, l := range sample.Layouts() {
		write := func(seed int64) ([]byte, sample.Expect) {
			var b bytes.Buffer
			e, err := l.Write(&b, seed, 60)
			if err != nil {
				t.Fatalf("%s: %v", l.Name, err)
			}
			return b.Bytes(), e
		}
		first, expect := write(1)
		if again, _ := write(1); !bytes.Equal(first, again) {
			t.Errorf("%s: the same seed gives another file", l.Name)
		}
		if other, _ := write(2); bytes.Equal(first, other) {
			t.Errorf("%s: another seed gives the same file", l.Name)
		}
		if expect.Rows < 60 || expect.People > expect.Rows-len(expect.Faults) || expect.People < 50 {
			t.Errorf("%s: 60 rows of people are expected to come to %+v", l.Name, expect)
		}
	}
}

func TestALayoutThatCannotBeWrittenSaysSo(t *testing.T) {
	for _, l := range sample.Layouts() {
		if _, err := l.Write(fullDisk{}, 1, 2000); err == nil {
			t.Errorf("%s: a full disk goes unnoticed", l.Name)
		}
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }
