package deliver

import (
	"sync"

	"article14/mailer"
)

// wary knows deliveries that were announced behind another when a connection ended.
// One of them may be what ended it: a relay can stumble over a name. Announced again and
// again, it would each time make the letter before it uncertain, which is told twice
// then, and never be charged itself. So it goes alone next time.
type wary struct {
	mu  sync.Mutex
	ids map[mailer.ID]bool
}

// waryAtOnce bounds it; what is forgotten is announced once more.
const waryAtOnce = 1000

func (w *wary) add(delivery mailer.ID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ids == nil || len(w.ids) >= waryAtOnce {
		w.ids = map[mailer.ID]bool{}
	}
	w.ids[delivery] = true
}

// take tells whether a delivery is among them, and forgets it.
func (w *wary) take(delivery mailer.ID) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	known := w.ids[delivery]
	delete(w.ids, delivery)
	return known
}
