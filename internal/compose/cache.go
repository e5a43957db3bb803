package compose

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"sync"

	"article14/mailer"
)

// cacheSize bounds the skeletons that are kept ready. A campaign has one for each
// languages and source form.
const cacheSize = 256

// cache keeps parsed skeletons by the hash of their bytes, which is what they were
// approved and stored under. It is safe for concurrent use.
type cache struct {
	mu   sync.RWMutex
	kept map[[sha256.Size]byte]*parsed
}

func newCache() *cache { return &cache{kept: map[[sha256.Size]byte]*parsed{}} }

var errOtherText = errors.New("compose: the skeleton is not the text that was approved: its bytes do not have the hash that it is stored under")

// get gives a skeleton ready to be filled. Bytes are held against their hash when
// they are read, once and not for each notice: nothing that has another hash than
// the text that was approved is ever kept or sent.
func (c *cache) get(s mailer.Skeleton) (*parsed, error) {
	if len(s.Hash) != sha256.Size {
		return nil, errOtherText
	}
	hash := [sha256.Size]byte(s.Hash)
	c.mu.RLock()
	p := c.kept[hash]
	c.mu.RUnlock()
	if p != nil {
		return p, nil
	}
	if sum := sha256.Sum256(s.Body); !bytes.Equal(sum[:], s.Hash) {
		return nil, errOtherText
	}
	p, err := parseSkeleton(s.Body)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.kept) >= cacheSize {
		for any := range c.kept { // one or another: the next use parses it again
			delete(c.kept, any)
			break
		}
	}
	c.kept[hash] = p
	return p, nil
}
