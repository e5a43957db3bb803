package deliver

import (
	"time"
)

// batcher gathers what several goroutines send it into one flush: whatever is
// there at once, or what comes within a short while.
type batcher[T any] struct {
	in     chan T
	max    int
	within time.Duration
	after  func(time.Duration) <-chan time.Time
	flush  func([]T)
}

// run flushes until in is closed and empty.
func (b *batcher[T]) run() {
	for first := range b.in {
		b.flush(b.gather(first))
	}
}

func (b *batcher[T]) gather(first T) []T {
	batch := []T{first}
	late := b.after(b.within)
	for len(batch) < b.max {
		select {
		case x, ok := <-b.in:
			if !ok {
				return batch
			}
			batch = append(batch, x)
		case <-late:
			return batch
		}
	}
	return batch
}
