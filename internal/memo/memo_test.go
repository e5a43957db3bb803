package memo_test

import (
	"errors"
	"strconv"
	"sync"
	"testing"

	"article14/internal/memo"
)

func TestWhatIsKeptIsWorkedOutOnce(t *testing.T) {
	m, worked := memo.New[int, string](10), 0
	for range 3 {
		got, err := m.Get(7, func() (string, error) { worked++; return "seven", nil })
		if err != nil || got != "seven" {
			t.Errorf("%q, %v", got, err)
		}
	}
	if worked != 1 {
		t.Errorf("it was worked out %d times", worked)
	}
}

func TestAFailureIsNotKept(t *testing.T) {
	m := memo.New[int, string](10)
	if _, err := m.Get(7, func() (string, error) { return "", errors.New("no") }); err == nil {
		t.Error("the failure is not told")
	}
	if got, err := m.Get(7, func() (string, error) { return "seven", nil }); err != nil || got != "seven" {
		t.Errorf("after a failure: %q, %v", got, err)
	}
}

func TestNoMoreIsKeptThanTheMemoWasMadeForAndNothingIsMixedUp(t *testing.T) {
	m := memo.New[int, string](5)
	var callers sync.WaitGroup
	for range 4 {
		callers.Go(func() {
			for i := range 1000 {
				n := i * 7 % 20
				if got, _ := m.Get(n, func() (string, error) { return strconv.Itoa(n), nil }); got != strconv.Itoa(n) {
					t.Errorf("asked for %d, got %q", n, got)
				}
			}
		})
	}
	callers.Wait()
	if n := m.Len(); n != 5 {
		t.Errorf("%d are kept", n)
	}
}
