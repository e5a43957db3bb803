// Package memo keeps what is dear to work out and does not change. It knows nothing
// of the house.
package memo

import "sync"

// Memo keeps values by what they are worked out from, and no more of them than it
// was made for. It is safe for concurrent use.
type Memo[K comparable, V any] struct {
	most int
	mu   sync.RWMutex
	kept map[K]V
}

// New makes a memo of at most so many values.
func New[K comparable, V any](most int) *Memo[K, V] {
	return &Memo[K, V]{most: most, kept: map[K]V{}}
}

// Get gives what is kept under a key; or works it out and, unless that fails, keeps
// it. Two callers may work out the same at one time; either result serves.
func (m *Memo[K, V]) Get(key K, work func() (V, error)) (V, error) {
	m.mu.RLock()
	v, found := m.kept[key]
	m.mu.RUnlock()
	if found {
		return v, nil
	}
	v, err := work()
	if err != nil {
		return v, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, found := m.kept[key]; !found && len(m.kept) >= m.most {
		for any := range m.kept { // one or another: the next to ask for it works it out again
			delete(m.kept, any)
			break
		}
	}
	m.kept[key] = v
	return v, nil
}

// Len is how many values are kept.
func (m *Memo[K, V]) Len() int {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return len(m.kept)
}
